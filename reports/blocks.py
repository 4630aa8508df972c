"""Blocks of trials of one part, added up over runs.

A trial counts once. Blocks of equal key are one block, however many runs and replays recorded it;
of blocks that overlap, as where one run drew its trials in blocks of another length, those are kept
that cover most without overlapping.
"""

from __future__ import annotations

import bisect
import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lemmata.reports.ledger import Draw, Ledger, number_of

SEARCHED = "instances from the search"


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


def add_up(
    recorded: Iterable[tuple[str, Ledger]], names: Mapping[str, str], generation: str
) -> Blocks:
    """Add blocks up.

    Args:
        recorded: blocks of one part, each ledger with the name of its run.
        names: a short name by instance hash; instances without one count as drawn by searching,
            grids are left out of the ratios.
        generation: of the code; blocks of another are left out.
    """
    ledgers = list(recorded)
    kept = _kept([ledger for _, ledger in ledgers], generation)
    labels = {number_of(place): label for place, label in names.items()}
    sums: dict[str, list[int]] = {}
    ratios: dict[str, Counter[int]] = {}
    for which, row in kept:
        ledger = ledgers[which][1]
        label = labels.get(ledger.place[row]) or ("" if ledger.grid[row] else SEARCHED)
        total = sums.setdefault(label, [0, 0, 0])
        total[0] += ledger.trials[row]
        total[1] += ledger.failures[row]
        total[2] += ledger.doubtful[row]
        counts = ratios.setdefault(label, Counter())
        for place, count in ledger.ratios(row):
            counts[place] += count
    trials, failures, doubtful = (sum(each) for each in zip([0, 0, 0], *sums.values(), strict=True))
    return Blocks(
        number=len(kept),
        runs=len({which for which, _ in kept}),
        trials=trials,
        failures=failures,
        doubtful=doubtful,
        ratios=[
            Ratios(
                label=label,
                counts=dict(sorted(ratios[label].items())),
                trials=sums[label][0],
                failures=sums[label][1],
            )
            for label in sorted(sums, key=lambda label: (label == SEARCHED, label))
            if label and ratios[label]
        ],
    )


def _kept(ledgers: Sequence[Ledger], generation: str) -> list[tuple[int, int]]:
    """Choose, in each stream of trials, the blocks that cover most without overlapping; give the
    number of the ledger and the row.
    """
    draws: dict[Draw, int] = {}
    streams: dict[tuple[int, int], dict[tuple[int, int], tuple[int, int]]] = {}
    for which, ledger in enumerate(ledgers):
        numbers = [
            draws.setdefault(draw, len(draws)) if draw[0] == generation else -1
            for draw in ledger.draws
        ]
        for row, (place, draw) in enumerate(zip(ledger.place, ledger.draw, strict=True)):
            if numbers[draw] >= 0:
                interval = (ledger.first[row], ledger.trials[row])
                stream = streams.setdefault((numbers[draw], place), {})
                stream.setdefault(interval, (which, row))
    chosen = (
        stream.values()
        if len(stream) == 1
        else [stream[interval] for interval in covering(list(stream))]
        for stream in streams.values()
    )
    return list(itertools.chain.from_iterable(chosen))


def covering(intervals: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Choose intervals, each a start and a length, that cover most without overlapping: the best
    of the first so many, by their ends.

    >>> covering([(0, 16), (8, 64), (16, 16), (72, 8)])
    [(8, 64), (72, 8)]
    """
    ordered = sorted(intervals, key=lambda one: (one[0] + one[1], -one[1]))
    ends = [first + trials for first, trials in ordered]
    best = [0]
    before = []
    for place, (first, trials) in enumerate(ordered):
        before.append(bisect.bisect_right(ends, first, hi=place))
        best.append(max(best[place], best[before[place]] + trials))
    chosen: list[tuple[int, int]] = []
    place = len(ordered)
    while place:
        if best[place] == best[place - 1]:
            place -= 1
        else:
            chosen.append(ordered[place - 1])
            place = before[place - 1]
    return chosen[::-1]
