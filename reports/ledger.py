"""Blocks of trials as a run is read: columns of numbers, a part at a time.

A run may have a million blocks. What is shown of a block is its interval of trials, its failures
and its counts of ratios, so that only these are kept, some two hundred bytes a block, and the
record itself is forgotten.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Final, TypeAlias

from lemmata.harness.schema import Block

MOST: Final = 10**15
"""More trials in a block than anybody draws: such a record is wrong."""

_SIXTEEN = re.compile("[0-9a-f]{16}")

Draw: TypeAlias = tuple[str, int, str, str, str]
"""Generation, entropy, stream, layers and dtype: what trials of one instance may differ in."""


class Ledger:
    """The blocks of one part or twin in one run, in the order of writing; `odd` counts those whose
    numbers cannot be, which are left out.
    """

    __slots__ = (
        "_draws", "bins", "counts", "doubtful", "draw", "ends", "failures", "first", "grid",
        "odd", "place", "trials",
    )  # fmt: skip

    def __init__(self) -> None:
        self._draws: dict[Draw, int] = {}
        self.odd = 0
        self.place, self.draw = array("Q"), array("L")
        self.first, self.trials = array("q"), array("q")
        self.failures, self.doubtful, self.grid = array("q"), array("q"), array("b")
        self.bins, self.counts, self.ends = array("h"), array("q"), array("q")

    def __len__(self) -> int:
        return len(self.first)

    @property
    def draws(self) -> list[Draw]:
        """The kinds of draws, by their numbers in `draw`."""
        return list(self._draws)

    @property
    def generation(self) -> str:
        """Of the first block."""
        return next(iter(self._draws), ("",))[0]

    def add(self, block: Block) -> None:
        """Keep a block, unless its numbers cannot be."""
        kind = (block.generation, block.entropy, block.stream, block.layers, block.dtype)
        number = self._draws.setdefault(kind, len(self._draws))
        if not (0 <= block.first < MOST and 0 < block.trials < MOST):
            self.odd += 1
            return
        self.place.append(number_of(block.place.hash))
        self.draw.append(number)
        self.first.append(block.first)
        self.trials.append(block.trials)
        self.failures.append(min(max(block.failures, 0), MOST))
        self.doubtful.append(min(max(block.doubtful, 0), MOST))
        self.grid.append(block.role == "grid")
        for name, value in block.histogram.items():
            if len(name) < 6 and name.lstrip("-").isdecimal() and 0 < value < MOST:
                bin_ = int(name)
                if -(2**15) <= bin_ < 2**15:
                    self.bins.append(bin_)
                    self.counts.append(value)
        self.ends.append(len(self.bins))

    def extend(self, other: Ledger) -> None:
        """Add the blocks of another ledger behind one's own."""
        numbers = [self._draws.setdefault(kind, len(self._draws)) for kind in other.draws]
        behind = len(self.bins)
        self.odd += other.odd
        self.draw.extend(numbers[number] for number in other.draw)
        self.ends.extend(behind + end for end in other.ends)
        for name in ("place", "first", "trials", "failures", "doubtful", "grid", "bins", "counts"):
            getattr(self, name).extend(getattr(other, name))

    def ratios(self, row: int) -> Iterator[tuple[int, int]]:
        """Give the bins of a block's ratios with their counts."""
        start, end = (self.ends[row - 1] if row else 0), self.ends[row]
        return zip(self.bins[start:end], self.counts[start:end], strict=True)


def ledger_of(blocks: Iterable[Block]) -> Ledger:
    """Make the ledger of some blocks of one part."""
    ledger = Ledger()
    for block in blocks:
        ledger.add(block)
    return ledger


def number_of(place: str) -> int:
    """Turn an instance's hash into a number of 64 bits: that which sixteen digits write, or one
    that nothing else is likely to have.

    >>> number_of("00000000000000ff")
    255
    """
    if _SIXTEEN.fullmatch(place):
        return int(place, 16)
    return int.from_bytes(blake2b(place.encode(errors="replace"), digest_size=8).digest())
