"""What it would take: why a twin survived, and where or with how many trials it would not."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lemmata.harness.evidence import trials_to_refute
from lemmata.harness.levels import ALPHA, ALPHA_OF_A_TWIN, BETA
from lemmata.harness.means import samples_for_law, samples_for_mean
from lemmata.harness.verdicts import (
    BoundVerdict,
    LawVerdict,
    MeanVerdict,
    Outcome,
    SlopeVerdict,
)

_SIGNIFICANT = 3.0


def what_would_tell(outcome: Outcome) -> list[str]:
    """Say of a twin that survived what would tell it apart, or that nothing will."""
    words = []
    judged = [*outcome.specimens, *outcome.nominees]
    bounds = [one for one in judged if isinstance(one, BoundVerdict)]
    chance = [one for one in bounds if one.claimed is not None]
    certain = [one for one in bounds if one.claimed is None]
    if chance:
        words.append(_of_chance(max(chance, key=_excess)))
    elif certain:
        words.append(_of_ratio(max(certain, key=_relative)))
    if len(bounds) > 1:
        words += _of_growth(bounds)
    words += [_of_mean(one) for one in judged if isinstance(one, MeanVerdict)][:1]
    words += [_of_law(one) for one in judged if isinstance(one, LawVerdict)][:1]
    words += [_of_slope(one) for one in outcome.slopes]
    if not words and outcome.search is not None:
        search = outcome.search
        if search.vacuous == search.instances:
            words.append(
                "The falsified claim says nothing on any instance: give the twin specimens at "
                "which it bites."
            )
        else:
            words.append(
                f"Of {search.instances} instances drawn none looked like a violation; the worst "
                f"ratio is {search.worst_ratio:.3g}. Give the twin specimens where it fails."
            )
    return words


def _excess(found: BoundVerdict) -> float:
    """By how much the failures exceed the claim, where much is allowed and where little is."""
    return found.failures / found.trials - (found.claimed or 0.0)


def _relative(found: BoundVerdict) -> float:
    return found.worst.ratio / found.threshold


def _of_chance(found: BoundVerdict) -> str:
    share, claimed = found.failures / found.trials, found.claimed or 0.0
    where = f"At {found.place.words} {found.failures} of {found.trials} trials fail"
    needed = trials_to_refute(share, claimed, ALPHA_OF_A_TWIN)
    if needed is None:
        return (
            f"{where}, no more than the claimed {claimed:.3g}: no number of trials will tell it "
            "apart there. Falsify it further, or choose a specimen where it fails."
        )
    if share > claimed + 2.0 * math.sqrt(share * (1 - share) / found.trials):
        return (
            f"{where}, claimed {claimed:.3g}: at that rate about {needed:,} trials tell it apart. "
            "Choose a specimen where it fails more often, or a larger profile."
        )
    return (
        f"{where}, claimed {claimed:.3g}: no more than chance explains. If that is its rate, about "
        f"{needed:,} trials tell it apart; else falsify it further."
    )


def _of_ratio(found: BoundVerdict) -> str:
    ratio = _relative(found)
    return (
        f"At {found.place.words} the worst ratio is {ratio:.3g}: the falsified bound is not "
        f"violated, and no number of trials will tell it apart there. Falsify it by more than a "
        f"factor {1 / ratio:.3g}, or choose a specimen where the bound is nearly attained."
        if ratio > 0
        else f"At {found.place.words} the ratio is 0: the falsified bound cannot fail there."
    )


def _of_growth(found: Sequence[BoundVerdict]) -> list[str]:
    """Say at which size a ratio that grows with one would pass its threshold."""
    words = []
    names = set.intersection(*(set(one.place.sizes) for one in found))
    for name in sorted(names):
        points = sorted({(one.place.sizes[name], _relative(one)) for one in found})
        (low, first), (high, last) = points[0], points[-1]
        if not (0 < low < high and 0 < first < last < 1.0):
            continue
        power = math.log(last / first) / math.log(high / low)
        size = high * (1.0 / last) ** (1.0 / power)
        if size < 1e6 * high:
            words.append(
                f"The worst ratio grows from {first:.3g} to {last:.3g} as {name} grows from "
                f"{low:g} to {high:g}: at that rate it passes 1 at {name} ≈ {size:.2g}."
            )
    return words[:1]


def _of_mean(found: MeanVerdict) -> str:
    effect = abs(found.measured - found.expected)
    error = found.deviation / math.sqrt(found.samples)
    if found.deviation == 0.0 or effect < _SIGNIFICANT * error:
        return (
            f"At {found.place.words} the mean {found.measured:.6g} is within chance of "
            f"{found.expected:.6g}: what is falsified is too small to be seen with "
            f"{found.samples:,} samples. Falsify it further."
        )
    needed = samples_for_mean(effect / found.deviation, ALPHA, BETA)
    return (
        f"At {found.place.words} the mean is {found.measured:.6g}, claimed {found.expected:.6g}: "
        f"about {needed:,} samples tell it apart, where there were {found.samples:,}."
    )


def _of_law(found: LawVerdict) -> str:
    needed = samples_for_law(max(found.distance, 1e-9), ALPHA, BETA)
    return (
        f"At {found.place.words} the distribution functions differ by {found.distance:.2g} on "
        f"{found.samples:,} samples (p = {found.p_value:.2g}): if that is their distance, about "
        f"{needed:,} samples tell them apart."
    )


def _of_slope(found: SlopeVerdict) -> str:
    grid, slope = found.grid, found.median
    beyond = max(
        slope.exponent - grid.at_most if grid.at_most is not None else -math.inf,
        grid.at_least - slope.exponent if grid.at_least is not None else -math.inf,
    )
    measured = f"The exponent in {grid.variable} is {slope.exponent:+.3f}"
    if beyond <= 0:
        return (
            f"{measured}, within the claim: no number of trials will tell the twin apart along "
            "this grid. Falsify the exponent further, or move the grid to where it shows."
        )
    half = max((slope.high - slope.low) / 2.0, 1e-12)
    factor = max(1.0, (3.2 * half / beyond) ** 2)
    return (
        f"{measured} [{slope.low:+.3f}, {slope.high:+.3f}], {beyond:.2g} beyond the claim: about "
        f"{factor:.1f} times as many trials, or a longer grid, tell it apart."
    )
