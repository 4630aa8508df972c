"""Refutations in words, each kind with the evidence of its own.

A bound has failures and an e-value, a mean or law a p-value, an exponent an error probability.
"""

from __future__ import annotations

from lemmata.harness.verdicts import (
    BoundRefutation,
    LawRefutation,
    MeanRefutation,
    Outcome,
    Refutation,
    SlopeRefutation,
)
from lemmata.reports.exponents import claim_words
from lemmata.reports.levels import Levels
from lemmata.reports.numerals import (
    counted,
    figure,
    listed,
    p_value,
    power_of_ten,
    sentence,
    share,
    signed,
)
from lemmata.reports.words import role_phrase

_CLAIMED = {
    "at most": "at most",
    "at least": "at least",
    "less than": "less than",
    "more than": "more than",
    "equal": "exactly",
}
_LONGEST = 60


def refutation_sentences(outcome: Outcome, levels: Levels) -> list[str]:
    """Say what was found, where, and how sure it is; nothing where nothing was refuted."""
    found = outcome.refutation
    if found is None:
        return []
    said = [measured_words(found), evidence_words(found, levels), where_words(outcome)]
    if isinstance(found, BoundRefutation) and found.attack:
        said.append(f"it was found by the attack {found.attack.replace('_', ' ')}")
    return [sentence(words) for words in said if words]


def replay_command(token: str, explanation: str) -> str:
    """Return the command that draws a trial again, as the terminal printed it: it knows the file of
    a statement that is not ours, and what to do where a token is too long for a line.
    """
    for line in explanation.splitlines():
        label, command, rest = line.partition("lemmata replay ")
        if label.strip() == "replay":
            return command + rest
    return f"lemmata replay {token}" if token else ""


def measured_words(found: Refutation) -> str:
    """Say what was measured, against what was claimed."""
    if isinstance(found, MeanRefutation):
        return (
            f"the mean of {counted(found.samples, 'sample')} is {figure(found.measured, 6)}, where "
            f"the claim is {_CLAIMED[found.side]} {figure(found.expected, 6)}"
        )
    if isinstance(found, LawRefutation):
        share_below = f"{figure(found.share_below, 4)} of {counted(found.samples, 'sample')}"
        return (
            f"a share of {share_below} is at most {figure(found.where, 4)}, where the law claims "
            f"{figure(found.claimed_below, 4)}: there the distribution functions differ most, by "
            f"{figure(found.distance)}"
        )
    if isinstance(found, SlopeRefutation):
        whose = "ratio" if found.of == "ratio" else "scaled quantity"
        which = "median" if found.quantile == 0.5 else f"{figure(found.quantile)} quantile"
        return (
            f"the {which} of the {whose} has the exponent {signed(found.exponent, 3)} "
            f"[{signed(found.low, 3)}, {signed(found.high, 3)}] in {found.variable}, where the "
            f"claim is {claim_words(found)}"
        )
    sides = found.sides
    member = f" ({sides.member})" if sides.member else ""
    constant = f", times the constant {figure(found.threshold)}" if found.threshold != 1.0 else ""
    relation = _CLAIMED.get(sides.direction, sides.direction)
    # Of an identity the ratio is that of the difference to what rounding may do.
    apart = (
        f"they differ by {figure(sides.ratio, 4)} times what rounding may do"
        if sides.direction == "equal"
        else f"the ratio of the two sides is {figure(sides.ratio, 4)}"
    )
    return (
        f"in trial {sides.trial} of the stream “{found.at.stream}” the measured side is "
        f"{figure(sides.measured, 6)}, where the claim is {relation} {figure(sides.bound, 6)}"
        f"{constant}{member}: {apart}"
    )


def evidence_words(found: Refutation, levels: Levels) -> str:
    """Say how strong the evidence is, in its own terms."""
    judged = f"judged at {levels.at_alpha}"
    if isinstance(found, MeanRefutation):
        return f"the p-value of the claim is {p_value(found.p_value)}, {judged}"
    if isinstance(found, LawRefutation):
        by = f"by the {found.method} test"
        return f"the p-value of the claim is {p_value(found.p_value)} {by}, {judged}"
    if isinstance(found, SlopeRefutation):
        sizes = listed([figure(size) for size in found.sizes])
        return (
            f"over the sizes {sizes} and over the upper half of them it lies beyond the claim, "
            f"with error probability {p_value(found.level)}, in {counted(found.trials, 'trial')}"
        )
    failed = f"{share(found.failures, found.trials)} trials of this instance fail"
    if found.claimed is None:
        return f"{failed}, where none may"
    return (
        f"{failed}, where a share of {figure(found.claimed)} may: the evidence against the claim "
        f"is an e-value of {power_of_ten(found.log_e)}, {judged}"
    )


def where_words(outcome: Outcome) -> str:
    """Say on what sort of instance it was found."""
    found = outcome.refutation
    if found is None:
        return ""
    where = role_phrase(found.at.role, automatic=outcome.how == "search")
    small = ", which is as small as shrinking could make it" if found.at.shrunk else ""
    return f"it was found {where}{small}" if where else ""


def which_trial(found: Refutation) -> str:
    """Name the trial that stands for the refutation: the one that is drawn again."""
    if isinstance(found, MeanRefutation | LawRefutation):
        return "the first of these trials"
    return "a trial of the largest size" if isinstance(found, SlopeRefutation) else "this trial"


def drawn_lines(found: Refutation) -> list[str]:
    """Write the tensors that the trial drew, a line each."""
    return [f"{name} = {_numbers(values)}" for name, values in found.at.drawn.items()]


def _numbers(values: object) -> str:
    if isinstance(values, list | tuple):
        shown = [_numbers(value) for value in values[:_LONGEST]]
        return f"({', '.join([*shown, '…'] if len(values) > _LONGEST else shown)})"
    if isinstance(values, float):
        return figure(values, 6)
    return str(values)[:_LONGEST]
