"""Placing a graph without cycles in rows, so that what is used stands above what uses it and few
lines
cross (Sugiyama's method).

Names get rows by the longest path, then sink towards their users. Lines that pass a row get a point
there, so that they go around boxes. Rows are ordered by the barycentres of their neighbours, a few
sweeps down and up, and places in a row are chosen by least squares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from lemmata.reports.proof import foundations_first

WIDEST_ROW: Final = 10
"""A row with more boxes is broken into several."""

_SWEEPS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where everything stands.

    Attributes:
        places: by name, the centre across in units of a box and the row.
        lines: for each line from used to user, the centres across of its points, row by row.
    """

    places: Mapping[str, tuple[float, int]]
    lines: Mapping[tuple[str, str], list[float]]


def layered(uses: Mapping[str, Sequence[str]], *, bend: float = 0.35) -> Layout:
    """Lay a graph out; names that neither use nor are used by another come last.

    Args:
        uses: what every name uses; names that are no keys are left out, and cycles are cut.
        bend: the room that a passing line takes, in units of a box.

    >>> layered({"fact": [], "lemma": ["fact"]}).places
    {'fact': (0.0, 0), 'lemma': (0.0, 1)}
    """
    order = foundations_first(uses)
    position = {name: place for place, name in enumerate(order)}
    down = {
        name: [
            used
            for used in dict.fromkeys(uses[name])
            if used in position and position[used] < position[name]
        ]
        for name in order
    }
    users: dict[str, list[str]] = {name: [] for name in order}
    for name in order:
        for used in down[name]:
            users[used].append(name)
    linked = [name for name in order if down[name] or users[name]]
    rows = _rows(linked, down, users)
    row_of = {name: number for number, row in enumerate(rows) for name in row}
    chains = {(used, name): _chain(used, name, row_of) for name in linked for used in down[name]}
    above: dict[str, list[str]] = {name: [] for row in rows for name in row}
    for chain in chains.values():
        for number, point in enumerate(chain[1:-1], row_of[chain[0]] + 1):
            rows[number].append(point)
        for upper, lower in pairwise(chain):
            above.setdefault(lower, []).append(upper)
    width = {point: 1.0 if point in row_of else bend for row in rows for point in row}
    across = _across(rows, above, width)
    left = min(across.values(), default=0.0)
    alone = [name for name in uses if name not in row_of]
    for number in range(0, len(alone), WIDEST_ROW):
        rows.append(alone[number : number + WIDEST_ROW])
        across |= {name: left + place for place, name in enumerate(rows[-1])}
    return Layout(
        places={
            name: (across[name] - left, number)
            for number, row in enumerate(rows)
            for name in row
            if name in uses
        },
        lines={ends: [across[point] - left for point in chain] for ends, chain in chains.items()},
    )


def _rows(
    linked: Sequence[str], down: Mapping[str, Sequence[str]], users: Mapping[str, Sequence[str]]
) -> list[list[str]]:
    depth: dict[str, int] = {}
    for name in linked:
        depth[name] = 1 + max((depth[used] for used in down[name]), default=-1)
    for name in reversed(linked):
        if users[name]:
            depth[name] = min(depth[user] for user in users[name]) - 1
    rows = []
    for level in sorted(set(depth.values())):
        row = [name for name in linked if depth[name] == level]
        pieces = -(-len(row) // WIDEST_ROW)
        rows += [row[piece::pieces] for piece in range(pieces)]
    return rows


def _chain(used: str, name: str, row_of: Mapping[str, int]) -> list[str]:
    """The points of a line: its ends, and one in every row that it passes."""
    return [
        used,
        *(f"{used}\0{name}\0{row}" for row in range(row_of[used] + 1, row_of[name])),
        name,
    ]


def _across(
    rows: Sequence[list[str]], above: Mapping[str, Sequence[str]], width: Mapping[str, float]
) -> dict[str, float]:
    below: dict[str, list[str]] = {}
    for lower, uppers in above.items():
        for upper in uppers:
            below.setdefault(upper, []).append(lower)
    across = {
        point: place
        for row in rows
        for point, place in zip(row, _spread(row, [0.0] * len(row), width), strict=True)
    }
    for sweep in range(_SWEEPS):
        downwards = sweep % 2 == 0
        neighbours = above if downwards else below
        for row in rows if downwards else reversed(rows):
            wish = {
                point: _mean([across[other] for other in neighbours.get(point, ())], across[point])
                for point in row
            }
            row.sort(key=lambda point: wish[point])
            across |= dict(
                zip(row, _spread(row, [wish[point] for point in row], width), strict=True)
            )
    return across


def _spread(row: Sequence[str], wishes: Sequence[float], width: Mapping[str, float]) -> list[float]:
    """The places nearest to the wishes, in the least-squares sense, that keep the order and the
    room between neighbours.
    """
    offsets = [0.0]
    for left, right in pairwise(row):
        offsets.append(offsets[-1] + (width[left] + width[right]) / 2)
    pools: list[tuple[float, int]] = []
    for wish, offset in zip(wishes, offsets, strict=False):
        pools.append((wish - offset, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (second, many), (first, few) = pools.pop(), pools.pop()
            pools.append(((first * few + second * many) / (few + many), few + many))
    return [
        value + offset
        for value, offset in zip(
            (value for value, size in pools for _ in range(size)), offsets, strict=False
        )
    ]


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
