"""Profiles: how much work a run spends on a statement.

A profile is a share of instances, trials and time. A statement's cost lowers its share, never below
one specimen and its twins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BLOCK = 16
"""Trials come in blocks of this size, whatever the batch.

Evidence is recorded and looked at block by block.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How much work a run spends.

    Attributes:
        name: as given to ``--lemmata-profile``.
        instances: how many instances Hypothesis draws for a part.
        explore: trials for each of them.
        cap: trials after which confirming on one instance stops, undecided.
        stretch: how far above the cap a plan for a certificate may go where a trial is cheap.
        grid: share of the trials that a part asks for at each size of a grid.
        shrink: seconds for shrinking a nominated instance.
        entropy: "fixed" (every run the same) or "fresh".
    """

    name: str
    instances: int
    explore: int
    cap: int
    stretch: int
    grid: float
    shrink: float
    entropy: Literal["fixed", "fresh"]

    def instances_for(self, cost: float) -> int:
        """Instances to draw for a part of that cost."""
        return max(1 if cost <= 8 else 0, round(self.instances / max(1.0, cost)))

    def explore_for(self, cost: float) -> int:
        """Trials for a drawn instance of a part of that cost."""
        return max(4, round(self.explore / max(1.0, cost) ** 0.5))

    def cap_for(self, cost: float, planned: int) -> int:
        """Trials after which confirming stops.

        Twice what a certificate of clean trials would take, where that is cheap.
        """
        reach = self.cap * self.stretch if cost <= 1 else self.cap
        return (
            -(
                -max(min(2 * planned, reach), round(self.cap / max(1.0, cost) ** 0.5), BLOCK)
                // BLOCK
            )
            * BLOCK
        )


PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            name="quick",
            instances=4,
            explore=8,
            cap=64,
            stretch=8,
            grid=0.5,
            shrink=0.0,
            entropy="fixed",
        ),
        Profile(
            name="default",
            instances=12,
            explore=16,
            cap=128,
            stretch=4,
            grid=1.0,
            shrink=5.0,
            entropy="fixed",
        ),
        Profile(
            name="nightly",
            instances=200,
            explore=64,
            cap=4096,
            stretch=2,
            grid=4.0,
            shrink=60.0,
            entropy="fresh",
        ),
    )
}
