"""Rounding: whether a violation is larger than what rounding alone would do to its two sides.

A bound without chance is refuted by one trial, so that no accusation may rest on the last digits.
Ratios close to the threshold are settled by an allowance (`lemmata.harness.thresholds`), but where
a side is a difference that cancels, an eigenvalue of a singular matrix, or 0, no ratio tells. There
the trial is evaluated again in stochastic arithmetic (`lemmata.harness.stochastic`). The violation
counts where it is on average so much larger than its spread over the repetitions that Student's t
gives a centre of 0 a chance of 1e-8: 4 spreads of twelve repetitions, 219 of four. For a twin,
whose refutation accuses nobody, two repetitions may do, or one in single precision or with errors
2¹² times as large: a violation that rounding made would be elsewhere.
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
from lemmata.harness.places import followed, noted
from lemmata.harness.profiles import BLOCK
from lemmata.harness.statements import Twin
from lemmata.harness.stochastic import StochasticArithmetic
from lemmata.harness.thresholds import Threshold, failing

Again = Callable[[int, int], Bounds]
"""Evaluates some trials, by the first and their number, once more."""

Places = Callable[[int, int], list[Tensor]]
"""Says of some trials, by the first and their number, where they are worst."""

_REPETITIONS: Final = 12
_FEWEST, _FEWEST_OF_A_TWIN, _BACK_OF_A_TWIN = 4, 2, 4
_CHANCE: Final = 1.3e-8
"""That rounding alone brings a violation so many spreads away from 0: four, of twelve."""
_GROUP: Final = 4
_BLOCKS: Final = 4
_NEAR, _TINY = 0.25, 1e-3
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
    if coarsely:
        evaluated = _SamePlaces(places, evaluated, draw.run.dtype)
    explained = np.zeros_like(suspects)
    order = np.argsort(-np.where(suspects, bounds.ratio, -np.inf), kind="stable")
    for start, end in _groups(order[: suspects.sum()], len(bounds), few_first=not coarsely):
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
    worst: Int64[np.ndarray, " n"], trials: int, *, few_first: bool
) -> Iterator[tuple[int, int]]:
    """Yield which trials to look at together: a few around the worst one, then the worst blocks."""
    for size, most in ((_GROUP, int(few_first)), (BLOCK, _BLOCKS)):
        for group in list(dict.fromkeys((worst // size).tolist()))[:most]:
            yield group * size, min((group + 1) * size, trials)


def _again(draw: Draw) -> Again:
    return lambda first, count: bounds_of(draw, draw.trials(first, count))


def _places(draw: Draw, again: Again | None) -> Places:
    """Return what says where a twin's trials are worst, in the usual arithmetic."""
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
    """Evaluates trials in another way, at the places where they are worst in the usual one."""

    places: Places
    other: Again
    dtype: torch.dtype

    def __call__(self, first: int, count: int) -> Bounds:
        with followed(self.places(first, count), self.dtype):
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
    fewest = _FEWEST_OF_A_TWIN if of_a_twin else _FEWEST
    gaps: list[Float[np.ndarray, " n"]] = []
    for repetition in range(_REPETITIONS):
        if time.monotonic() > deadline:
            raise OutOfTime
        try:
            with StochasticArithmetic(repetition):
                gaps.append(_gap(again(bounds.first, len(bounds)), threshold))
        except (BrokenStatement, Discarded, MemoryRanOut):
            # What cannot be computed otherwise than exactly is taken as it was.
            return np.ones(len(bounds), dtype=bool)
        if len(gaps) >= fewest and (large := _larger(gaps)).any():
            return large
        if of_a_twin and len(gaps) == _BACK_OF_A_TWIN and (back := _apart(gaps, first)).any():
            return back
    return _apart(gaps, first)


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
        # Two or three that are equal are no measurement of a spread: what is counted comes back.
        measured = (spread > 0.0) | (len(gaps) >= _FEWEST)
        far = (centre > 0.0) & (centre > _spreads(len(gaps)) * spread) & measured
        return np.asarray(infinite | far)


@cache
def _spreads(repetitions: int) -> float:
    return float(stats.t.isf(_CHANCE, repetitions - 1)) / math.sqrt(repetitions)


def _apart(
    gaps: list[Float[np.ndarray, " n"]], first: Float[np.ndarray, " n"]
) -> Bool[np.ndarray, " n"]:
    """Say for each trial whether its gap comes back nearly, and is else a thousandth or less.

    A trial's worst entry may be another one in a repetition: one that is 0 but for rounding, whose
    ratio is infinite. A gap that is nothing but noise about 0 does so in 12 % of repetitions at
    most: in all twelve with a chance of 1e-11, in the four that do for a twin with 2e-4.
    """
    excess = np.stack(gaps)
    with np.errstate(invalid="ignore"):
        again = np.abs(excess - first) <= _NEAR * first
        tiny = np.abs(excess) <= _TINY * first
    return np.asarray((again | tiny).all(axis=0) & (again.sum(axis=0) >= 2))


def _gap(bounds: Bounds, threshold: Threshold) -> Float[np.ndarray, " n"]:
    """By how much a trial's worst entry lies beyond its bound."""
    at_most = bounds.worst_is(lambda member: member.direction in ("at most", "less than"))
    equal = bounds.worst_is(lambda member: member.direction == "equal")
    with np.errstate(invalid="ignore"):
        above = bounds.measured - threshold.value * bounds.bound
        below = bounds.bound - threshold.value * bounds.measured
    apart = np.abs(bounds.measured - bounds.bound)
    return np.where(equal, apart, np.where(at_most, above, below))
