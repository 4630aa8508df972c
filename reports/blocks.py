"""Blocks of trials of one part, added up over runs.

A trial counts once. Blocks of equal key are one block, however many runs and replays recorded it;
of blocks that overlap, as where one run drew its trials in blocks of another length, those are kept
that cover most without overlapping.
"""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lemmata.harness.schema import Block

SEARCHED = "instances from the search"
_MOST = 10**15


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratios:
    """Counts of ratios by log-spaced bin, for one specimen or for all that searching drew."""

    label: str
    counts: Mapping[int, int]
    trials: int
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """What blocks of trials add up to.

    Attributes:
        number: how many blocks, each counted once.
        runs: how many runs they come from.
        trials: in all; failures: among them; doubtful: that rounding decides.
        ratios: counts by specimen, those of the search last.
    """

    number: int = 0
    runs: int = 0
    trials: int = 0
    failures: int = 0
    doubtful: int = 0
    ratios: Sequence[Ratios] = ()


def add_up(recorded: Iterable[tuple[str, Block]], names: Mapping[str, str]) -> Blocks:
    """Add blocks up.

    Args:
        recorded: blocks of one part, each with the name of its run, perhaps some of them twice.
        names: a short name by instance hash; instances without one count as drawn by searching,
            grids are left out of the ratios.
    """
    first: dict[tuple[object, ...], tuple[str, Block]] = {}
    for run, block in recorded:
        first.setdefault(block.key, (run, block))
    kept = without_overlap([block for _, block in first.values()])
    labelled: dict[str, list[Block]] = {}
    for block in kept:
        label = names.get(block.place.hash) or ("" if block.role == "grid" else SEARCHED)
        labelled.setdefault(label, []).append(block)
    return Blocks(
        number=len(kept),
        runs=len({first[block.key][0] for block in kept}),
        trials=sum(block.trials for block in kept),
        failures=sum(block.failures for block in kept),
        doubtful=sum(block.doubtful for block in kept),
        ratios=[
            Ratios(
                label=label,
                counts=counts,
                trials=sum(block.trials for block in labelled[label]),
                failures=sum(block.failures for block in labelled[label]),
            )
            for label in sorted(labelled, key=lambda label: (label == SEARCHED, label))
            if label and (counts := _counts(labelled[label]))
        ],
    )


def without_overlap(blocks: Iterable[Block]) -> list[Block]:
    """Choose, in each stream of trials, the blocks that cover most without overlapping."""
    streams: dict[tuple[object, ...], list[Block]] = {}
    for block in blocks:
        if block.first >= 0 and 0 < block.trials < _MOST:
            streams.setdefault(block.key[:-2], []).append(block)
    return [block for stream in streams.values() for block in _covering(stream)]


def _covering(stream: Sequence[Block]) -> list[Block]:
    """Choose intervals of largest total length: the best of the first so many, by their ends."""
    ordered = sorted(stream, key=lambda block: (block.first + block.trials, -block.trials))
    ends = [block.first + block.trials for block in ordered]
    best = [0]
    before = []
    for place, block in enumerate(ordered):
        before.append(bisect.bisect_right(ends, block.first, hi=place))
        best.append(max(best[place], best[before[place]] + block.trials))
    chosen: list[Block] = []
    place = len(ordered)
    while place:
        if best[place] == best[place - 1]:
            place -= 1
        else:
            chosen.append(ordered[place - 1])
            place = before[place - 1]
    return chosen[::-1]


def _counts(blocks: Sequence[Block]) -> dict[int, int]:
    counts: Counter[int] = Counter()
    for block in blocks:
        for name, value in block.histogram.items():
            if name.lstrip("-").isdecimal() and len(name) < 6 and 0 < value < _MOST:
                counts[int(name)] += value
    return dict(sorted(counts.items()))
