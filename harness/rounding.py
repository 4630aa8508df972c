"""Rounding: whether a violation is larger than what rounding alone would do to its two sides.

A bound without chance is refuted by one trial, so that no accusation may rest on the last digits.
Ratios close to the threshold are settled by an allowance (`lemmata.harness.thresholds`), but where
a side is a difference that cancels, an eigenvalue of a singular matrix, or 0, no ratio tells. There
the trial is evaluated again in stochastic arithmetic (`lemmata.harness.stochastic`), at the entry
and the points where it was worst. The violation counts where it is there in all of 32 repetitions,
so that the sign of what is 0 but for rounding, which is there in every second, has a chance of
2⁻³² (2e-10), and where its mean is 4 of its spreads from 0, or it comes back nearly as it was.

A twin's refutation accuses nobody. There two repetitions do where Student's t gives a centre of 0 a
chance of 1e-8, or one in single precision or with errors 2¹² times as large: a violation that
rounding made would be elsewhere. What is only counted, and so comes back exactly, takes twelve.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import numpy as np
import torch
from jaxtyping import Bool, Float, Int64
from scipy import stats
from torch import Tensor

from lemmata.harness.draw import Draw
from lemmata.harness.evaluation import (
    Bounds,
    BrokenStatement,
    Discarded,
    MemoryRanOut,
    OutOfTime,
    bounds_of,
    places_of,
)
from lemmata.harness.places import PlacesError, followed, noted
from lemmata.harness.profiles import BLOCK
from lemmata.harness.statements import Twin
from lemmata.harness.stochastic import StochasticArithmetic
from lemmata.harness.thresholds import Threshold, failing

Again = Callable[[int, int], Bounds]
"""Evaluates some trials, by the first and their number, once more."""

Places = Callable[[int, int], list[Tensor]]
"""Says of some trials, by the first and their number, where they are worst."""

_REPETITIONS: Final = 32
_REPETITIONS_OF_A_TWIN: Final = 12
_FEWEST_OF_A_TWIN, _BACK_OF_A_TWIN = 2, 4
_SPREADS: Final = 4.0
_CHANCE: Final = 1.3e-8
"""That rounding alone brings a violation so many spreads away from 0: four, of twelve."""
_BROKEN: Final = 8
_BLOCKS: Final = 4
_NEAR = 0.25
_COARSER: Final = 2.0**12
_SAME: Final = 0.1


def granted(
    draw: Draw,
    bounds: Bounds,
    threshold: Threshold,
    again: Again | None = None,
    *,
    deadline: float = math.inf,
) -> Bounds:
    """Take back the violations of a bound without chance that rounding explains.

    Args:
        draw: what the trials are of.
        bounds: what they measured.
        threshold: from which they fail.
        again: evaluates some of them once more; by default the draw's own trials.
        deadline: on the monotonic clock.

    Returns:
        The same with such trials at their threshold, where rounding decides. Looked at are the
        worst trials, group by group, until a violation stands; if none does, none counts.

    Raises:
        OutOfTime: the deadline passed before it was settled what rounding explains.
    """
    failed = failing(bounds, threshold)
    suspects = failed & bounds.unsaid & ~bounds.worst_is(lambda member: member.exact)
    if not threshold.deterministic or not suspects.any() or (failed & ~suspects).any():
        return bounds
    evaluated, places = again or _again(draw), _places(draw, again)
    coarsely = _coarsely(draw, evaluated, places, moved=again is not None)
    evaluated = _SamePlaces(places, evaluated, draw.run.dtype, or_freely=True)
    explained = np.zeros_like(suspects)
    order = np.argsort(-np.where(suspects, bounds.ratio, -np.inf), kind="stable")
    for start, end in _groups(order[: suspects.sum()], len(bounds), one_first=not coarsely):
        where = _between(bounds, start, end)
        stands = _stands(evaluated, where, threshold, deadline, coarsely)
        explained[start:end] = suspects[start:end] & ~stands
        if (suspects[start:end] & stands).any():
            break
    else:
        explained = suspects
    at_threshold = threshold.value * (1.0 + 0.5 * np.minimum(bounds.allowance, 1.0))
    return replace(bounds, ratio=np.where(explained, at_threshold, bounds.ratio))


def _groups(
    worst: Int64[np.ndarray, " n"], trials: int, *, one_first: bool
) -> Iterator[tuple[int, int]]:
    """Yield which trials to look at together: the worst one, then the blocks of the worst."""
    if one_first:
        yield int(worst[0]), int(worst[0]) + 1
    for block in list(dict.fromkeys((worst // BLOCK).tolist()))[:_BLOCKS]:
        yield block * BLOCK, min((block + 1) * BLOCK, trials)


def _again(draw: Draw) -> Again:
    return lambda first, count: bounds_of(draw, draw.trials(first, count))


def _places(draw: Draw, again: Again | None) -> Places:
    """Return what says where trials are worst, in the usual arithmetic."""
    if again is None:
        return lambda first, count: places_of(draw, first, count)

    @cache
    def there(first: int, count: int) -> list[Tensor]:
        with noted() as places:
            again(first, count)
        return places

    return there


def _coarsely(draw: Draw, again: Again, places: Places, *, moved: bool) -> tuple[Again, ...]:
    """Return in which coarser arithmetics a twin's trials can be looked at, the cheapest first."""
    if not isinstance(draw.subject, Twin):
        return ()

    def in_coarser_errors(first: int, count: int) -> Bounds:
        with StochasticArithmetic(0, coarser=_COARSER):
            return again(first, count)

    usual = _SamePlaces(places, in_coarser_errors, draw.run.dtype)
    if moved or draw.run.dtype != torch.float64:
        return (usual,)
    single = replace(draw, run=replace(draw.run, dtype=torch.float32))
    return _SamePlaces(places, _again(single), torch.float32), usual


@dataclass(frozen=True, slots=True)
class _SamePlaces:
    """Evaluates trials in another way, at the places where they are worst in the usual one; or
    freely, where the statement's code goes another way there.
    """

    places: Places
    other: Again
    dtype: torch.dtype
    or_freely: bool = False

    def __call__(self, first: int, count: int) -> Bounds:
        try:
            with followed(self.places(first, count), self.dtype):
                return self.other(first, count)
        except BrokenStatement as problem:
            if not self.or_freely or not isinstance(problem.__cause__, PlacesError):
                raise
        return self.other(first, count)


def _between(bounds: Bounds, start: int, end: int) -> Bounds:
    """Return some of the trials, with what gaps are made of."""
    columns = ("ratio", "measured", "bound", "member")
    cut = {name: getattr(bounds, name)[start:end] for name in columns}
    return replace(bounds, first=bounds.first + start, **cut)


def _stands(
    again: Again,
    bounds: Bounds,
    threshold: Threshold,
    deadline: float,
    coarsely: tuple[Again, ...] = (),
) -> Bool[np.ndarray, " n"]:
    """Say for each trial whether its violation is large against what rounding does to it."""
    first = _gap(bounds, threshold)
    for coarser in coarsely:
        if (same := _withstands(coarser, bounds, threshold, first)).any():
            return same
    of_a_twin = bool(coarsely)
    gaps: list[Float[np.ndarray, " n"]] = []
    there, broken = first > 0.0, 0
    wanted = _REPETITIONS_OF_A_TWIN if of_a_twin else _REPETITIONS
    while len(gaps) < wanted:
        if time.monotonic() > deadline:
            raise OutOfTime
        try:
            with StochasticArithmetic(len(gaps) + broken):
                gaps.append(_gap(again(bounds.first, len(bounds)), threshold))
        except (BrokenStatement, Discarded, MemoryRanOut):
            broken += 1
            if broken == _BROKEN:  # what is computed exactly or not at all is taken as it was
                return there & (not gaps)
            continue
        there = there & (gaps[-1] > 0.0)
        if not there.any():
            return there
        if of_a_twin and len(gaps) >= _FEWEST_OF_A_TWIN and (large := _larger(gaps)).any():
            return large
        if of_a_twin and len(gaps) == _BACK_OF_A_TWIN:
            back = there & _comes_back(gaps, first) & ~_is_counted(gaps)
            if back.any():
                return back
    return there & (_larger(gaps) | _comes_back(gaps, first))


def _withstands(
    coarser: Again, bounds: Bounds, threshold: Threshold, first: Float[np.ndarray, " n"]
) -> Bool[np.ndarray, " n"]:
    """Say for each trial whether coarser arithmetic leaves its violation as it is, to a tenth.

    Had rounding brought a gap 5.5 spreads away from 0, a spread 2¹² times as large would leave it
    there with a chance of 1e-4; that of single precision is 2²⁹ times as large. Noise that looks
    the same on every scale would in 10 % of trials, so that half of the violations have to stay,
    of up to four all. What is only counted may come back as it was, and is not settled here.
    """
    try:
        gap = _gap(coarser(bounds.first, len(bounds)), threshold)
    except (BrokenStatement, Discarded, MemoryRanOut):
        return np.zeros(len(bounds), dtype=bool)
    with np.errstate(invalid="ignore"):
        moved = np.abs(gap - first)
        same = (first > 0.0) & (moved > 0.0) & (moved <= _SAME * first)
    failed = int((first > 0.0).sum())
    return same if same.sum() >= max(failed / 2, min(failed, 4)) else np.zeros_like(same)


def _larger(gaps: list[Float[np.ndarray, " n"]]) -> Bool[np.ndarray, " n"]:
    """Say for each trial whether the gap's mean is further from 0 than its spread explains."""
    excess = np.stack(gaps)
    with np.errstate(invalid="ignore"):
        centre, spread = excess.mean(axis=0), excess.std(axis=0, ddof=1)
        infinite = np.isposinf(excess).all(axis=0)
        # Where all are equal there is no spread to compare with: what is counted comes back.
        far = (centre > 0.0) & (centre > _spreads(len(gaps)) * spread) & (spread > 0.0)
        return np.asarray(infinite | far)


def _is_counted(gaps: list[Float[np.ndarray, " n"]]) -> Bool[np.ndarray, " n"]:
    """Say for each trial whether all gaps are exactly the same."""
    return np.asarray((np.stack(gaps) == gaps[0]).all(axis=0))


@cache
def _spreads(repetitions: int) -> float:
    derived = float(stats.t.isf(_CHANCE, repetitions - 1)) / math.sqrt(repetitions)
    return max(derived, _SPREADS)


def _comes_back(
    gaps: list[Float[np.ndarray, " n"]], first: Float[np.ndarray, " n"]
) -> Bool[np.ndarray, " n"]:
    """Say for each trial whether the gap is nearly the same in all repetitions.

    One that is nothing but noise about 0 comes back in 12 % of repetitions at most: in the four
    that do for a twin with a chance of 2e-4. What is counted may come back in every second.
    """
    with np.errstate(invalid="ignore"):
        return np.asarray((np.abs(np.stack(gaps) - first) <= _NEAR * first).all(axis=0))


def _gap(bounds: Bounds, threshold: Threshold) -> Float[np.ndarray, " n"]:
    """By how much a trial's worst entry lies beyond its bound."""
    at_most = bounds.worst_is(lambda member: member.direction in ("at most", "less than"))
    equal = bounds.worst_is(lambda member: member.direction == "equal")
    with np.errstate(invalid="ignore"):
        above = bounds.measured - threshold.value * bounds.bound
        below = bounds.bound - threshold.value * bounds.measured
    apart = np.abs(bounds.measured - bounds.bound)
    return np.where(equal, apart, np.where(at_most, above, below))
