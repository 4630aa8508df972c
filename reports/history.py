"""What many runs say of a part: its verdicts, its worst ratio and the constant that survives.

Compared are runs of one profile, that of the latest run: another profile looks at more or fewer
trials, and its worst ratio is another. Runs of equal code and entropy draw equal trials; a series
that does not move says no more than one run.

From ten runs on, a part's worst ratios are searched for one step. The statistic is that of Pettitt:
over all ways to cut the series into an earlier and a later piece of two runs or more each, the
largest |U|, where U counts the pairs of an earlier and a later run in which the later ratio is
larger, less those in which it is smaller. Its p-value is exact: the share, among the observed
order and 1,999 others that a fixed generator draws, of the orders whose statistic is as large. A
step is told where it is at most 1 %, so that of a part whose runs might as well have come in any
other order it is told with probability at most 1 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np

from lemmata.harness.schema import PartVerdict
from lemmata.harness.verdicts import BoundVerdict
from lemmata.reports.model import Library, Part, Statement
from lemmata.reports.numerals import figure
from lemmata.reports.runs import Run

FEWEST: Final = 10
LEVEL: Final = 0.01
_ORDERS: Final = 1_999
_PIECE: Final = 2
_DRIFT: Final = 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one run said of a part.

    Attributes:
        run: that run; verdict: of the part.
        ratio: the worst, over the threshold; None where none was met.
        surviving: the smallest constant that survives on every specimen; None where there is none.
    """

    run: Run
    verdict: str
    ratio: float | None
    surviving: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What the runs said of a part, the oldest first."""

    statement: Statement
    part: Part
    seen: Sequence[Seen]

    @property
    def turns(self) -> list[tuple[Seen, Seen]]:
        """The runs between which the verdict changed."""
        return [(old, new) for old, new in pairwise(self.seen) if old.verdict != new.verdict]

    @property
    def ratios(self) -> list[float]:
        """The worst ratios that are numbers."""
        return [one.ratio for one in self.seen if one.ratio and math.isfinite(one.ratio)]

    @property
    def constants(self) -> list[float]:
        """The surviving constants that are numbers."""
        return [one.surviving for one in self.seen if one.surviving]

    @property
    def drift(self) -> float:
        """The factor between the largest and the smallest worst ratio, or surviving constant."""
        return max(_spread(self.ratios), _spread(self.constants))

    @property
    def moved(self) -> bool:
        """Whether it is worth telling."""
        return self.drift >= _DRIFT

    @property
    def step(self) -> tuple[Seen, float] | None:
        """The run with which the worst ratio began to be another, and the p-value; None where
        there are too few runs, or nothing that order alone does not explain.
        """
        known = [one for one in self.seen if one.ratio and math.isfinite(one.ratio)]
        if len(known) < FEWEST:
            return None
        place, p_value = step_in(tuple(float(one.ratio or 0.0) for one in known))
        return (known[place], p_value) if p_value <= LEVEL else None

    @property
    def words(self) -> str:
        """The worst ratios, first and last, smallest and largest."""
        known = self.ratios
        if not known:
            return "–"
        ends = f"{figure(known[0])} first, {figure(known[-1])} last"
        return f"{ends}, between {figure(min(known))} and {figure(max(known))}"


def series_of(library: Library) -> list[Series]:
    """Return what the runs of the latest run's profile said, part by part."""
    profile = library.runs[0].manifest.profile
    return [
        Series(statement=made, part=part, seen=seen_in(part, profile))
        for made in library.statements
        for part in made.parts
    ]


def seen_in(part: Part, profile: str) -> list[Seen]:
    """Return what each run of a profile said of a part, the oldest first."""
    latest = [(part.run, part.judged)] if part.run and part.judged else []
    every = [*latest, *((past.run, past.verdict) for past in part.history)]
    return [_seen(run, judged) for run, judged in every[::-1] if run.manifest.profile == profile]


@lru_cache(maxsize=4096)
def step_in(values: tuple[float, ...]) -> tuple[int, float]:
    """Find the likeliest step of a series.

    Returns:
        The place with which the later piece begins, and the p-value: 1 for a series that stands
        still.

    >>> step_in((1.0,) * 5 + (2.0,) * 5)[0]
    5
    """
    own = np.array(values)
    # What the runs before a cut add up to is U of that cut: pairs among themselves cancel.
    below = np.sign(own[None, :] - own[:, None]).sum(axis=1)
    cuts = range(_PIECE, len(own) - _PIECE + 1)
    if not below.any() or not cuts:
        return 0, 1.0
    observed = np.abs(below.cumsum())[_PIECE - 1 : cuts[-1]]
    generator = np.random.default_rng(len(own))
    orders = np.argsort(generator.random((_ORDERS, len(own))), axis=1)
    others = np.abs(below[orders].cumsum(axis=1))[:, _PIECE - 1 : cuts[-1]].max(axis=1)
    p_value = (1 + int((others >= observed.max()).sum())) / (1 + _ORDERS)
    return cuts[int(observed.argmax())], p_value


def _seen(run: Run, judged: PartVerdict) -> Seen:
    known = [
        one.surviving
        for one in judged.outcome.specimens
        if isinstance(one, BoundVerdict) and math.isfinite(one.surviving) and one.surviving > 0
    ]
    return Seen(
        run=run,
        verdict=judged.outcome.verdict,
        ratio=judged.worst_ratio,
        surviving=max(known, default=None),
    )


def _spread(values: Sequence[float]) -> float:
    return max(values) / min(values) if values else 1.0
