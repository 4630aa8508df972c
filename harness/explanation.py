"""Explanations: a verdict in words, for a terminal.

A refutation says what was claimed, on which instance, what was measured against which bound, how
often it failed, and how to see it again.
"""

from __future__ import annotations

import math

from lemmata.harness.instances import describe
from lemmata.harness.levels import ALPHA
from lemmata.harness.statements import Subject, part_of
from lemmata.harness.verdicts import Outcome, Refutation
from lemmata.harness.wording import readable


def explain(subject: Subject, outcome: Outcome) -> str:
    """Say in a few lines what a verdict rests on; empty for a part that holds as it should."""
    if outcome.failure is not None:
        return _failed(subject, outcome)
    if outcome.refutation is not None:
        return _refuted(subject, outcome, outcome.refutation)
    if outcome.verdict == "holds":
        return (
            ""
            if outcome.expect == "holds"
            else f"{subject.id} should be refuted and is not: {_headline(subject)}"
        )
    return f"{subject.id} is {outcome.verdict}: {_headline(subject)}\n{_line('reason', reason(outcome))}"


def reason(outcome: Outcome) -> str:
    """Say in one sentence why a verdict is neither "holds" nor "refuted"."""
    if outcome.words:
        return " ".join(outcome.words)
    tried = [found for found in outcome.specimens if found.verdict == outcome.verdict]
    if not tried:
        return "No instance was tried."
    found = tried[0]
    where = describe(found.instance)
    if outcome.verdict == "vacuous":
        return f"The claim says nothing at {where}: its failure probability is 1 or more."
    if outcome.verdict == "underpowered":
        return (
            f"{found.trials} trials at {where} could not tell a claimed failure probability of {found.claimed:.3g} from a gross violation: "
            "use a larger profile."
        )
    if found.claimed is None:
        return f"The worst ratio at {where} is {found.worst_ratio}."
    return f"{found.failures} of {found.trials} trials failed at {where}, claimed at most {found.claimed:.3g}: a larger profile decides."


def _failed(subject: Subject, outcome: Outcome) -> str:
    assert outcome.failure is not None
    lines = [
        f"{subject.id} is in error: {_headline(subject)}",
        _line("problem", outcome.failure.text),
    ]
    if outcome.failure.instance is not None:
        lines.append(_line("instance", describe(outcome.failure.instance)))
    if outcome.failure.token:
        lines.append(_line("replay", f"lemmata replay {outcome.failure.token}"))
    return "\n".join(lines)


def _refuted(subject: Subject, outcome: Outcome, found: Refutation) -> str:
    part = part_of(subject)
    lines = [f"{subject.id} is refuted: {_headline(subject)}"]
    if part.says:
        lines.append(_line("says", " ".join(readable(part.says).split())))
    lines.append(
        _line(
            "instance",
            describe(found.instance) + (" (as small as shrinking made it)" if found.shrunk else ""),
        )
    )
    lines.append(_line("measured", _measured(found)))
    lines.append(_line("evidence", _evidence(found, outcome)))
    if found.attack:
        lines.append(_line("attack", f"found by {found.attack}"))
    lines.append(_line("replay", f"lemmata replay {found.token}"))
    return "\n".join(lines)


def _measured(found: Refutation) -> str:
    if found.direction == "law":
        return "samples that do not follow the claimed law"
    if found.direction == "mean":
        return f"mean {found.measured:.6g}, claimed {found.bound:.6g}"
    relation = {
        "at most": "claimed at most",
        "at least": "claimed at least",
        "equal": "claimed to equal",
    }.get(found.direction, "bound")
    return f"{found.measured:.6g}, {relation} {found.bound:.6g} (ratio {found.ratio:.4g}, trial {found.trial} of stream {found.stream})"


def _evidence(found: Refutation, outcome: Outcome) -> str:
    if found.direction == "slope":
        slope = next(slope for slope in outcome.slopes if slope.judgement.outcome == "refuted")
        low, high = slope.judgement.interval
        claim = slope.judgement.claim
        limits = " and ".join(
            f"{word} {limit:+.2f}"
            for word, limit in (("at most", claim.at_most), ("at least", claim.at_least))
            if limit is not None
        )
        sizes = ", ".join(f"{point.size:g}" for point in slope.points)
        measured = f"{slope.judgement.measured:+.2f} [{low:+.2f}, {high:+.2f}]"
        return f"the ratio's exponent in {slope.along.variable} is {measured}, claimed {limits}, over {sizes}"
    if found.direction in ("law", "mean"):
        return f"p-value 10^{-found.log_e / math.log(10):.1f} on {found.trials} samples (refuted below {ALPHA:g})"
    if found.claimed is None:
        return f"{found.failures} of {found.trials} trials fail; the claim admits none"
    strength = "infinite" if math.isinf(found.log_e) else f"10^{found.log_e / math.log(10):.1f}"
    failed = f"{found.failures} of {found.trials} fresh trials fail, claimed at most {found.claimed:.3g} of them"
    return f"{failed}; e-value {strength} (refuted from 10^{-math.log10(ALPHA):.0f} on)"


def _headline(subject: Subject) -> str:
    part = getattr(subject, "part", None)
    return subject.title if part is None else f"{part.title}, falsified: {subject.says}"  # type: ignore[union-attr]


def _line(label: str, text: str) -> str:
    return f"  {label:<9} {text}"
