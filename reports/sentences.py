"""What the report says in words about a part and its twins: words come before numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lemmata.harness.schema import DeclaredConstant
from lemmata.harness.verdicts import MEANS
from lemmata.reports.exponents import claim_words, fit_words, fitted_words
from lemmata.reports.model import Part, Twin
from lemmata.reports.numerals import counted, duration, figure, listed, sentence, span
from lemmata.reports.refutations import refutation_sentences
from lemmata.reports.words import basis_sentence, meaning


def verdict_sentences(part: Part) -> list[str]:
    """Say what the verdict means, what it rests on and what the harness adds."""
    said = [meaning(part.verdict, part.levels)]
    if part.basis:
        said = [basis_sentence(part.basis)]
    if part.resolution:
        said.append(f"At {part.levels.at_beta}: {part.resolution}")
    if part.declared.expect == "refuted":
        said.append(
            "This part was declared false, and it was refuted."
            if part.verdict == "refuted"
            else "The part was declared false, so anything but a refutation is a failure of the "
            "check or news about the statement."
        )
    words = part.outcome.words if part.outcome else ()
    return [sentence(one) for one in [*said, *words] if one]


def reach_sentences(part: Part) -> list[str]:
    """Say where the part was judged, against the paper's hypothesis, and at which sizes."""
    said = []
    if part.declared.requires and (inside := part.inside):
        counts = [
            (inside.count(True), "inside the paper’s hypothesis"),
            (inside.count(False), "outside of it"),
            (inside.count(None), "of which it cannot be said, as it names no constant"),
        ]
        said.append(
            listed([f"{counted(number, 'specimen')} {words}" for number, words in counts if number])
        )
    if sizes := part.sizes:
        said.append(
            "judged at " + listed([f"{name} = {span(known)}" for name, known in sizes.items()])
        )
    return [sentence(words) for words in said]


def reach_in_brief(part: Part) -> str:
    """Say in a word or two whether the part was judged inside the paper's hypothesis."""
    inside = set(part.inside) if part.declared.requires else set()
    if {True, False} <= inside:
        return "inside and outside"
    if True in inside:
        return "inside"
    if False in inside:
        return "outside"
    return "not known" if None in inside else ""


def constant_sentence(constant: DeclaredConstant | None) -> str:
    """Say which value stands for the hidden constant."""
    if constant is None:
        return ""
    on = f", measured on {constant.measured_on}" if constant.measured_on else ""
    exceeds = (
        f"the ratio may exceed it with probability at most {figure(constant.failure)}"
        if constant.failure
        else "the ratio may never exceed it"
    )
    return f"The hidden constant is declared as {figure(constant.value)}{on}; {exceeds}."


def resolution_sentence(part: Part) -> str:
    """Say at which resolution a "holds" is said; empty where it is the harness' own."""
    declared = part.declared.resolution
    if declared is None:
        return ""
    return f"This part counts as holding within {figure(declared)}, as its author declared."


def effort_sentence(part: Part) -> str:
    """Say how many trials stand behind the part."""
    outcome, blocks = part.outcome, part.blocks
    said = []
    if outcome:
        seconds = f" in {duration(outcome.seconds)}" if math.isfinite(outcome.seconds) else ""
        said.append(f"The verdict took {counted(outcome.trials, 'trial')}{seconds}.")
    if blocks.number:
        runs = f" of {counted(blocks.runs, 'run')}" if blocks.runs > 1 else ""
        rounding = (
            f"; in {figure(blocks.doubtful)} of them rounding decides" if blocks.doubtful else ""
        )
        said.append(
            f"{sentence(counted(blocks.trials, 'trial'))[:-1]} in "
            f"{counted(blocks.number, 'block')}{runs} were recorded for this code, each counted "
            f"once{rounding}."
        )
    return " ".join(said) or "No trials were recorded."


def twin_sentences(twin: Twin, part: Part) -> list[str]:
    """Say whether the falsified copy was refuted, how and with what evidence."""
    outcome = twin.outcome
    if outcome is None:
        return ["It was not tried in the runs shown."]
    if not twin.refuted:
        survived = f"It was not refuted ({twin.verdict})"
        said = [f"{survived}, so the check of this part has not shown that it can fail."]
        said += [
            f"The exponent of the {fitted_words(slope)} in {slope.grid.variable} is "
            f"{fit_words(slope.median)}, where the falsified claim is {claim_words(slope.grid)}."
            for slope in outcome.slopes
        ]
        return [*said, *map(sentence, outcome.words)]
    where = outcome.refutation.at.place.words if outcome.refutation else ""
    on = f" on {where}" if where else ""
    return [f"Refuted{on}.", *refutation_sentences(outcome, part.levels)]


def knobs_words(twin: Twin) -> str:
    """Say which constants were changed to which values; empty where the copy has a body."""
    return listed([f"{name} = {value}" for name, value in twin.declared.knobs.items()])


def reaches_in_brief(parts: Sequence[Part]) -> str:
    """Say it for several parts at once."""
    return ", ".join(dict.fromkeys(filter(None, map(reach_in_brief, parts))))


def bases() -> dict[str, str]:
    """Say what a "holds" of each basis rests on."""
    return {basis: sentence(means) for basis, means in MEANS.items()}
