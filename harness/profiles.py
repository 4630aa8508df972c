"""Profiles: how much work a run spends on a statement.

Budgets are counted work, never time: a run is the same on every machine. The unit is one element
of one operation, as seen by torch's dispatch on the first block of an instance; see
`lemmata.harness.work`. On one core of 2026, 10⁹ units take about a second, often less. Cheap
statements get thousands of trials and hundreds of instances for it, dear ones a few.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from lemmata.harness.levels import EXPONENT

BLOCK = 16
"""Trials come in blocks of this size, whatever the batch: evidence is recorded block by block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How much work a run spends.

    Attributes:
        name: as given to ``--lemmata-profile``.
        confirm: work for confirming on one instance.
        explore: work for the whole search over instances.
        instances: most instances that a search looks at, and fewest, whatever they cost; where that
            is none, a part is searched only if it has no specimen or the budget pays for a look.
        trials: most trials for confirming on one instance, and fewest, whatever they cost.
        dear: work of a block from which on it is dear, and its price is counted no further.
        certify: whether the certificate of what is dear goes on to the target of
            `lemmata.harness.levels`, or stops at the limit, which is what a "holds" takes.
        beyond: how far beyond a claimed failure probability that limit lies.
        grid: shares of the trials that a part asks for at each size of a grid: what is drawn first,
            and, one after the other, what is drawn where that leaves the exponent undecided,
            whatever it costs; of cheap ones ``grid_stretch`` times as many in the end.
        largest_last: whether the largest size of a grid of four and more is drawn only where the
            others leave the exponent undecided.
        exponents: the resolution of an exponent whose part asks for none.
        grid_fewest: trials at each size of a grid, whatever the part asks for.
        grid_stretch: see ``grid``.
        ascents: on how many instances a deterministic claim's draws are ascended.
        climbs: on how many instances the numbers of an instance are climbed.
        small: how many instances of a small scope are enumerated.
        shrink: seconds for shrinking a nominated instance.
        map_work: work for the regime map of a part that has one; none where it is 0.
        map_trials: most trials for a cell of it.
        map_finer: whether it has further columns between those that are declared.
        every_specimen: whether dear parts, too, are judged on all their specimens.
        entropy: "fixed" (every run the same) or "fresh".
    """

    name: str
    confirm: float
    explore: float
    instances: tuple[int, int]
    trials: tuple[int, int]
    dear: float
    certify: Literal["limit", "target"]
    beyond: float
    grid: tuple[float, ...]
    largest_last: bool
    exponents: float
    grid_fewest: int
    grid_stretch: float
    ascents: int
    climbs: int
    small: int
    shrink: float
    map_work: float
    map_trials: int
    map_finer: bool
    every_specimen: bool
    entropy: Literal["fixed", "fresh"]

    @property
    def most_work(self) -> float:
        """What a block costs beyond this decides nothing: the largest budget, or what is dear to a
        run that gives no more than the fewest trials to it.
        """
        largest = max(self.confirm, self.explore, self.map_work)
        return min(largest, self.dear) if self.certify == "limit" else largest

    def stops_early(self, work: float) -> bool:
        """Say whether trials of that work are so dear that a limit, and no target, is aimed at."""
        return self.certify == "limit" and work * BLOCK >= self.dear

    def trials_for(self, work: float, share: float = 1.0, fewest: int | None = None) -> int:
        """Return how many trials of that work the budget pays for: 16 times a power of two."""
        most, least = self.trials
        least = least if fewest is None else fewest
        paid = max(min(share * self.confirm / max(work, 1.0), most), least, BLOCK)
        return BLOCK << int(math.log2(paid / BLOCK))


def blocks(trials: float) -> int:
    """Round a number of trials up to whole blocks."""
    return max(1, -int(-trials // BLOCK)) * BLOCK


PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            name="quick",
            confirm=1e7,
            explore=3e6,
            instances=(24, 0),
            trials=(4096, 128),
            dear=1e6,
            certify="limit",
            beyond=0.35,
            grid=(0.0, 0.5, 1.0, 4.0),
            largest_last=True,
            exponents=0.1,
            grid_fewest=16,
            grid_stretch=4.0,
            ascents=0,
            climbs=1,
            small=12,
            shrink=1.0,
            map_work=0.0,
            map_trials=0,
            map_finer=False,
            every_specimen=False,
            entropy="fixed",
        ),
        Profile(
            name="default",
            confirm=2e8,
            explore=1.5e8,
            instances=(400, 4),
            trials=(65_536, 128),
            dear=5e7,
            certify="target",
            beyond=0.1,
            grid=(1.0, 4.0),
            largest_last=False,
            exponents=EXPONENT.limit,
            grid_fewest=32,
            grid_stretch=8.0,
            ascents=3,
            climbs=3,
            small=90,
            shrink=5.0,
            map_work=1.5e9,
            map_trials=256,
            map_finer=False,
            every_specimen=False,
            entropy="fixed",
        ),
        Profile(
            name="nightly",
            confirm=1e10,
            explore=1e10,
            instances=(4000, 50),
            trials=(1 << 20, 4096),
            dear=5e7,
            certify="target",
            beyond=0.1,
            grid=(4.0, 8.0),
            largest_last=False,
            exponents=EXPONENT.limit,
            grid_fewest=32,
            grid_stretch=16.0,
            ascents=20,
            climbs=10,
            small=400,
            shrink=60.0,
            map_work=4e10,
            map_trials=4096,
            map_finer=True,
            every_specimen=True,
            entropy="fresh",
        ),
    )
}
