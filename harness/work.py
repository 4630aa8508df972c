"""Work: what a statement's trials cost, and what a run knows of it.

The unit is an element of an operation, as `lemmata.harness.counting` counts it: the same on every
machine, so that budgets are reproducible.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

from lemmata.harness.counting import Footprint
from lemmata.harness.journal import Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a trial of an instance costs.

    Attributes:
        work: of one trial, in a batch as large as a block or larger.
        overhead: of a batch, however large; ``work`` has its share of a block's.
        bytes: of one trial; 0 where unknown.
        terms: elements of the largest tensor of a trial.
    """

    work: float = 1.0
    overhead: float = 0.0
    bytes: float = 0.0
    terms: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LastTrials:
    """What is kept of an evaluation of a few trials.

    Attributes:
        of: the instance's hash and the stream.
        first: index of the first trial; count: how many.
        journal: what they drew.
        places: where they are worst, and what searches found.
    """

    of: tuple[str, str]
    first: int
    count: int
    journal: Journal
    places: list[Tensor]


@dataclass(slots=True)
class Prices:
    """What is known of the costs of instances, of the batch that fits, and of the last trials.

    Attributes:
        known: by part or twin and instance.
        batches: how many trials fit at once, by the same.
        asked: the names of what its trials draw, by the same; none where nothing is random.
        last: the last evaluation of a few trials.
    """

    known: dict[tuple[str, str], Price] = field(default_factory=dict)
    batches: dict[tuple[str, str], int] = field(default_factory=dict)
    asked: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    last: LastTrials | None = None


def price(footprint: Footprint, trials: int, cost: float) -> Price:
    """Return the price of a trial, from what ``trials`` of them took in one batch."""
    work = (footprint.elements + footprint.overhead) / trials
    return Price(
        work=max(1.0, cost * work),
        overhead=cost * footprint.overhead,
        bytes=footprint.bytes / trials,
        terms=max(1.0, footprint.longest / trials),
    )
