"""Phrases: what a verdict has seen, in words that say no more than was measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from lemmata.harness.levels import BETA
from lemmata.harness.profiles import BLOCK
from lemmata.harness.statements import Part
from lemmata.harness.verdicts import (
    BoundVerdict,
    LawVerdict,
    MeanVerdict,
    Outcome,
    SearchVerdict,
    Silence,
    SlopeVerdict,
)


def resolution_of(outcome: Outcome) -> str:
    """Say within what a "holds" is said: what would have been noticed, at error β.

    >>> from lemmata.harness.verdicts import Outcome
    >>> resolution_of(Outcome(subject="X-1", verdict="holds", expect="holds"))
    ''
    """
    said: list[str] = []
    bounds = [one for one in outcome.specimens if isinstance(one, BoundVerdict)]
    if chance := [one for one in bounds if one.level is not None and one.claimed is not None]:
        coarsest = max(chance, key=lambda one: (one.level or 0.0) - (one.claimed or 0.0))
        said.append(
            f"fails at most {coarsest.level:.2g} of the time, claimed {coarsest.claimed:.2g}"
        )
    means = [one for one in outcome.specimens if isinstance(one, MeanVerdict)]
    if means:
        said.append(mean_phrase(max(means, key=lambda one: one.resolution / (one.limit or 1.0))))
    laws = [one for one in outcome.specimens if isinstance(one, LawVerdict)]
    if laws:
        worst = max(one.resolution for one in laws)
        said.append(f"distribution functions within {worst:.2g}")
    if outcome.slopes:
        said.append(_exponents(outcome.slopes))
    if bounds and not chance:
        said.append(search_phrase(outcome.search, bounds))
    if said and outcome.out_of_time:
        said.append("its time ended first")
    return "; ".join(said)


def mean_phrase(found: MeanVerdict) -> str:
    """Say how far from the claim a mean may lie."""
    where = {"equal": "within", "at most": "above by at most", "at least": "below by at most"}
    reached = found.resolution
    if reached == 0.0:
        return "on the claimed side, at that error"
    parts = []
    if found.expected:
        parts.append(f"{100 * reached / abs(found.expected):.2g} %")
    if found.deviation > 0.0:
        parts.append(f"{reached / found.deviation:.2g} standard deviations")
    size = " or ".join(parts) if parts else f"{reached:.2g}"
    return f"{where[found.side]} {size}"


def search_phrase(search: SearchVerdict | None, bounds: Sequence[BoundVerdict]) -> str:
    """Say what a search has left unseen, of the instances and of the trials of each."""
    drawn = [one.trials for one in bounds if one.trials > BLOCK]  # else nothing is random
    trials = min(drawn, default=sum(one.trials for one in bounds))
    rare = _share(1.0 - BETA ** (1.0 / trials) if trials else 1.0)
    if search is None or not search.instances:
        return f"{_count(trials, 'trial')}: what fails in under {rare} of them is not seen"
    number = search.instances - search.vacuous
    tried = f"{_count(number, 'instance')}, worst ratio {search.worst_ratio:.3g}"
    among = f"; nor what fails in under {rare} of the trials" if drawn else ""
    if search.exhausted:
        among = among.replace("nor what", "what") + " is not seen" if drawn else ""
        return f"all of the {tried}{among}"
    if search.unseen > 0.5:
        return f"{tried}: nothing is said of others{among}"
    return f"{tried}; what fails on under {_share(search.unseen)} of them is not seen{among}"


def words_of(part: Part[..., Any], outcome: Outcome) -> list[str]:
    """Say what else there is to say of a verdict."""
    words = []
    inside = [one.inside for one in outcome.specimens if not isinstance(one, Silence)]
    known = [one for one in inside if one is not None]
    if known and part.requires and part.requires.paper:
        where = "inside" if all(known) else "below" if not any(known) else "partly below"
        words.append(f"The specimens lie {where} the paper's hypothesis: {part.requires.paper}.")
    words += undecided_exponents(outcome.slopes)
    words += _without_the_largest(outcome.slopes)
    words += _undecided(outcome)
    search = outcome.search
    if search:
        words += _of_search(search)
    elif outcome.specimens and outcome.verdict in ("holds", "undecided", "underpowered"):
        words.append("Not searched: a look at one instance costs more than this profile gives.")
    if outcome.verdict == "vacuous":
        words += _why_vacuous(outcome)
    if outcome.verdict == "untested":
        words.append(
            "No instance was judged: the time ended before. Give it more."
            if outcome.out_of_time
            else "No instance was tried: give the part a specimen."
        )
    doubtful = sum(one.doubtful for one in outcome.specimens if isinstance(one, BoundVerdict))
    if doubtful:
        words.append(
            f"In {_count(doubtful, 'trial')} rounding decides whether the bound is exceeded: they "
            "count neither for it nor against it."
        )
    return words


def undecided_exponents(slopes: Sequence[SlopeVerdict]) -> list[str]:
    """Say which exponents are undecided, and by how much."""
    return [
        f"The exponent in {one.grid.variable} is undecided: measured {one.median.exponent:+.3f} "
        f"[{one.median.low:+.3f}, {one.median.high:+.3f}]; at error {BETA:g} it may exceed the "
        f"claim by {one.excess:.2g}, where {one.limit:.2g} is granted."
        for one in slopes
        if one.verdict == "undecided"
    ]


def _without_the_largest(slopes: Sequence[SlopeVerdict]) -> list[str]:
    """Say where a grid's largest size was not needed."""
    said = []
    for one in slopes:
        largest, tried = max(one.grid.sizes), max(point.size for point in one.points)
        if tried < largest:
            name = one.grid.variable
            said.append(
                f"The exponent in {name} was decided up to {name} = {tried:g}: the grid's last "
                f"size, {largest:g}, was not drawn."
            )
    return said


def _undecided(outcome: Outcome) -> list[str]:
    words = []
    for one in outcome.specimens:
        if one.verdict not in ("undecided", "underpowered"):
            continue
        if isinstance(one, MeanVerdict):
            words.append(
                f"At {one.place.words} the mean is {mean_phrase(one)} only, where {one.limit:.3g} "
                f"is granted; p-value {one.p_value:.2g} on {_count(one.samples, 'sample')}."
            )
        elif isinstance(one, LawVerdict):
            words.append(
                f"At {one.place.words} the distribution functions are within {one.resolution:.2g} "
                f"only, where {one.limit:.2g} is granted; p-value {one.p_value:.2g}."
            )
        elif isinstance(one, BoundVerdict) and one.claimed is None:
            words.append(
                f"At {one.place.words} the bound is met to rounding (ratio "
                f"{one.worst.ratio / one.threshold:.12g}): undecided, numerically."
            )
        elif isinstance(one, BoundVerdict):
            level = "nothing" if one.level is None else f"at most {one.level:.2g}"
            words.append(
                f"At {one.place.words} {one.failures} of {one.trials} trials fail, claimed "
                f"{one.claimed:.3g}: {level} is certified, where {one.limit:.2g} is granted."
            )
    return words


def _of_search(search: SearchVerdict) -> list[str]:
    words = []
    drawn = search.instances + search.discarded
    if drawn and search.vacuous + search.discarded > drawn / 3:
        words.append(
            f"Of {drawn} instances drawn, the claim says nothing on {search.vacuous} and "
            f"{search.discarded} were discarded: draw what meets the assumptions by construction."
        )
    if search.tied:
        words.append(
            f"On {_count(search.tied, 'instance')} the bound is met to rounding, where nothing is "
            "decided."
        )
    if search.stopped == "time":
        words.append("The time ended before the search did.")
    if search.shrink_cut:
        words.append("Shrinking was cut short: a smaller instance may exist.")
    return words


def _why_vacuous(outcome: Outcome) -> list[str]:
    reasons = dict.fromkeys(one.why for one in outcome.specimens if isinstance(one, Silence))
    words = [f"Nothing is claimed: {why}." for why in reasons]
    search = outcome.search
    if search and search.discarded and not search.instances:
        words.append(
            f"All {search.discarded} instances drawn were assumed away or filtered out: draw what "
            "meets the assumption by construction, or assume less."
        )
    elif search and search.instances and search.vacuous == search.instances:
        words.append(
            f"On all {search.instances} instances the claimed failure probability is 1 or more, or "
            "the bound is infinite: draw sizes at which the claim bites."
        )
    elif not reasons:
        words.append("No instance could be drawn: the strategies reject everything.")
    return words


def _exponents(slopes: Sequence[SlopeVerdict]) -> str:
    excess = max(one.excess for one in slopes)
    which = "exponent" if len(slopes) == 1 else f"{len(slopes)} exponents"
    if excess == 0.0:
        return f"{which} on the claimed side"
    return f"{which} beyond the claim by at most {excess:.2g}"


def _share(share: float) -> str:
    return f"{100 * share:.2g} %"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def power_of_ten(log: float) -> str:
    """Write e^log as a power of ten."""
    return "infinite" if math.isinf(log) else f"10^{log / math.log(10):.1f}"
