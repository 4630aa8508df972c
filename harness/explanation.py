"""Explanations: a verdict in words, for a terminal.

A refutation says what was claimed, on which instance, what was measured against which bound, how
often it failed, and how to see it again.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from lemmata.harness.levels import ALPHA
from lemmata.harness.phrases import power_of_ten
from lemmata.harness.statements import Subject, Twin, part_of
from lemmata.harness.tokens import is_short
from lemmata.harness.verdicts import (
    BoundRefutation,
    LawRefutation,
    MeanRefutation,
    Outcome,
    Refutation,
    SlopeRefutation,
)
from lemmata.harness.wording import readable

_BEGUN_IN = Path.cwd()
"""Where the user stands: a statement may change the working directory."""

_RELATION = {
    "at most": "claimed at most",
    "at least": "claimed at least",
    "less than": "claimed less than",
    "more than": "claimed more than",
    "equal": "claimed to equal",
}


def explain(subject: Subject, outcome: Outcome) -> str:
    """Say in a few lines what a verdict rests on; empty for a part that holds as it should."""
    if outcome.failure is not None:
        return _failed(subject, outcome)
    if outcome.refutation is not None:
        return _refuted(subject, outcome.refutation)
    if outcome.verdict == "holds" and outcome.expect == "holds":
        return ""
    if outcome.expect == "refuted":
        found = "holds" if outcome.verdict == "holds" else f"is {outcome.verdict}"
        head = f"{subject.id} should be refuted but {found}: {headline(subject)}"
    else:
        head = f"{subject.id} is {outcome.verdict}: {headline(subject)}"
    return f"{head}\n{_line('reason', reason(outcome))}"


def told(subject: Subject, outcome: Outcome) -> str:
    """Say in a few lines what any verdict rests on, for reports that show passed tests too."""
    if text := explain(subject, outcome):
        return text
    basis = f" ({outcome.basis})" if outcome.basis else ""
    lines = [f"{subject.id} {outcome.verdict}{basis}: {headline(subject)}"]
    if says := part_of(subject).says:
        lines.append(_line("says", " ".join(readable(says).split())))
    if outcome.resolution:
        lines.append(_line("seen", outcome.resolution))
    if outcome.words:
        lines.append(_line("remark", " ".join(outcome.words)))
    return "\n".join(lines)


def reason(outcome: Outcome) -> str:
    """Say in a sentence or two why a verdict is neither "holds" nor "refuted"."""
    if outcome.words:
        return " ".join(outcome.words)
    return outcome.resolution or "Nothing was tried."


def headline(subject: Subject) -> str:
    """The title, and for a twin what was falsified."""
    if isinstance(subject, Twin):
        return f"{subject.part.title}, falsified: {subject.says}"
    return subject.title


def measured_phrase(found: Refutation) -> str:
    """Say what was measured, against what was claimed."""
    if isinstance(found, LawRefutation):
        return (
            f"a share {found.share_below:.4g} of the samples is at most {found.where:.4g}, where "
            f"the law claims {found.claimed_below:.4g}"
        )
    if isinstance(found, MeanRefutation):
        relation = {
            "equal": "claimed",
            "at most": "claimed at most",
            "at least": "claimed at least",
        }
        return f"mean {found.measured:.6g}, {relation[found.side]} {found.expected:.6g}"
    if isinstance(found, SlopeRefutation):
        limits = " and ".join(
            f"{word} {limit:+.3g}"
            for word, limit in (("at most", found.at_most), ("at least", found.at_least))
            if limit is not None
        )
        whose = "the ratio's" if found.of == "ratio" else "the scaled quantity's"
        return (
            f"{whose} exponent in {found.variable} is {found.exponent:+.3f} [{found.low:+.3f}, "
            f"{found.high:+.3f}], claimed {limits}"
        )
    sides = found.sides
    member = f" ({sides.member})" if sides.member else ""
    threshold = "" if found.threshold == 1.0 else f" times the constant {found.threshold:g}"
    return (
        f"{sides.measured:.6g}, {_RELATION[sides.direction]} {sides.bound:.6g}{threshold}{member} "
        f"(ratio {sides.ratio:.4g}, trial {sides.trial} of stream {found.at.stream})"
    )


def evidence_phrase(found: Refutation) -> str:
    """Say how strong the evidence is, in its own terms."""
    if isinstance(found, LawRefutation | MeanRefutation):
        return (
            f"p-value {found.p_value:.1g} by {method_of(found)} on {found.samples:,} samples "
            f"(refuted below {ALPHA:g})"
        )
    if isinstance(found, SlopeRefutation):
        sizes = ", ".join(f"{size:g}" for size in found.sizes)
        return (
            f"beyond the claim over the whole grid {sizes} and over its upper half, with error "
            f"probability {found.level:.1g}; {found.trials:,} trials"
        )
    if found.claimed is None:
        return f"{found.failures} of {found.trials} trials fail; the claim admits none"
    failed = f"{found.failures} of {found.trials} fresh trials fail"
    strength = power_of_ten(found.log_e or 0.0)
    return (
        f"{failed}, claimed at most {found.claimed:.3g} of them; e-value {strength} (refuted from "
        "10^9 on)"
    )


def method_of(found: LawRefutation | MeanRefutation) -> str:
    """The name of the test."""
    return found.method if isinstance(found, LawRefutation) else "a test of the mean"


def _failed(subject: Subject, outcome: Outcome) -> str:
    assert outcome.failure is not None
    lines = [
        f"{subject.id} raises an error: {headline(subject)}",
        _line("problem", outcome.failure.text),
    ]
    if outcome.failure.place is not None:
        lines.append(_line("instance", outcome.failure.place.words))
    if outcome.failure.token:
        lines.append(_line("replay", replay_line(subject, outcome.failure.token)))
    return "\n".join(lines)


def token_of(outcome: Outcome) -> str:
    """The token that draws an outcome's counterexample or error again; empty where there is
    none.
    """
    if outcome.refutation is not None:
        return outcome.refutation.at.token
    return outcome.failure.token if outcome.failure is not None else ""


def replay_line(subject: Subject, token: str) -> str:
    """The command that draws the trial again; a statement of another's file is named with it.

    A token that is too long for a line is read from the records.
    """
    if not is_short(token):
        return (
            f"lemmata replay --last-failure {shlex.quote(subject.id)}  # from the records: its "
            "instance is too large for a line"
        )
    module = part_of(subject).test.__module__
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is None or module.startswith("lemmata."):
        return f"lemmata replay {token}"
    path = Path(file)
    near = path.relative_to(_BEGUN_IN) if path.is_relative_to(_BEGUN_IN) else path
    return f"lemmata replay --from {shlex.quote(str(near))} {token}"


def _refuted(subject: Subject, found: Refutation) -> str:
    part = part_of(subject)
    lines = [f"{subject.id} is refuted: {headline(subject)}"]
    if part.says:
        lines.append(_line("says", " ".join(readable(part.says).split())))
    smallest = " (as small as shrinking made it)" if found.at.shrunk else ""
    lines.append(_line("instance", found.at.place.words + smallest))
    for name, values in found.at.drawn.items():
        lines.append(_line("drawn", f"{name} = {_numbers(values)}"))
    lines.append(_line("measured", measured_phrase(found)))
    lines.append(_line("evidence", evidence_phrase(found)))
    if isinstance(found, BoundRefutation) and found.attack:
        lines.append(_line("attack", f"found by {found.attack}"))
    lines.append(_line("replay", replay_line(subject, found.at.token)))
    return "\n".join(lines)


def _numbers(values: object) -> str:
    if isinstance(values, list | tuple):
        return f"({', '.join(map(_numbers, values))})"
    return f"{values:.6g}" if isinstance(values, float) else str(values)


def _line(label: str, text: str) -> str:
    return f"  {label:<9} {text}"
