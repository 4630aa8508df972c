"""Regime maps, recorded: what the trials of each cell came to, and where the conclusion begins.

A cell *holds* where the 95 % Clopper–Pearson interval of its pass rate lies at or above the level,
*fails* where it lies below, and is *not resolved* where it straddles it. How many trials a cell
gets is settled by their price before any of them is counted, so that the interval is what it says,
cell by cell; there is no correction for the number of cells.

Along a row the conclusion *begins* at the smallest size from which on every larger cell that was
tried holds. These are the records' own types and what they mean: harness and reports share them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from lemmata.harness.evidence import clopper_pearson

CellVerdict = Literal["holds", "fails", "not resolved", "claims nothing", "error", "not tried"]

MEANINGS: Mapping[CellVerdict, str] = {
    "holds": "the 95 % interval of the pass rate lies at or above the level",
    "fails": "the 95 % interval of the pass rate lies below the level",
    "not resolved": "the 95 % interval of the pass rate straddles the level",
    "claims nothing": "the claimed failure probability is 1 or more, or the bound is infinite",
    "error": "a trial measured NaN, or the statement raised",
    "not tried": "the work or time of the map was spent",
}
USUAL_FAILURE = 1.0 / 20.0
"""The level is 1 - max(p, 1/20): trials as few as these say nothing of rarer failures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The trials of one cell of a regime map.

    Attributes:
        x, y: the two sizes.
        hash: of the instance; words: the instance for people.
        trials: how many; passes: in how many the conclusion holds, to rounding.
        level: the pass rate that counts as holding; None where nothing is known of it.
        random: whether trials draw anything; where they do not, the rate is exact.
        surviving: the ratio over the threshold that a share ``level`` of the trials stays below.
        silent: why nothing is claimed; failure: what broke; skipped: why it was not tried.
        token: replays the trial that measured NaN, or else the worst of those that fail.
    """

    x: float
    y: float
    hash: str
    words: str
    trials: int = 0
    passes: int = 0
    level: float | None = None
    random: bool = True
    surviving: float | None = None
    silent: str = ""
    failure: str = ""
    skipped: str = ""
    token: str = ""

    @property
    def rate(self) -> float | None:
        """The pass rate; None where there are no trials."""
        return self.passes / self.trials if self.trials else None

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the pass rate, exact where nothing is random."""
        if not 0 <= self.passes <= self.trials or not self.trials:
            return 0.0, 1.0
        if not self.random:
            return self.passes / self.trials, self.passes / self.trials
        return clopper_pearson(self.passes, self.trials)

    @property
    def verdict(self) -> CellVerdict:
        """What the trials say of the cell; NaN and what raised never pass."""
        if self.failure:
            return "error"
        if self.silent:
            return "claims nothing"
        if self.skipped or not self.trials or self.level is None:
            return "not tried"
        low, high = self.interval
        return "holds" if low >= self.level else "fails" if high < self.level else "not resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Where the paper's hypothesis starts in a row of a regime map.

    Attributes:
        y: the row; digits: the decimal logarithm of the size from which on the hypothesis is met;
            None where that is not known.
    """

    y: float
    digits: float | None


@dataclass(frozen=True, slots=True)
class Row:
    """Where the conclusion begins to hold in one row.

    Attributes:
        y: the row.
        begins: the smallest x from which on all that was tried holds; None where there is none.
        after: the largest x below it that fails; None where none was resolved to fail.
        words: that, in words.
    """

    y: float
    begins: float | None
    after: float | None
    words: str


@dataclass(frozen=True, kw_only=True)
class RegimeMap:
    """Where the conclusion of a part begins to hold, over two sizes; no part of its verdict.

    Attributes:
        part: its id; generation: hash of the code and constants behind the trials.
        x, y: names of the two sizes; fixed: the sizes that stay, by name, as text.
        hypothesis: the paper's own, in words and LaTeX; asked: where it starts, row by row.
        constant: the declared constant that the bound carries; None where it carries none.
        cells: what was tried; attacked: whether an adversary searched in every trial, so that one
            passes where it found nothing.
        entropy, layers, device, dtype: of the draws, in the stream "regime" from trial 0 on.
        trials: in all; work: that was counted; seconds: that it took.
        said: where the conclusion begins to hold, as the terminal says it.
    """

    kind: Literal["regime"] = "regime"
    part: str
    generation: str
    x: str
    y: str
    fixed: Mapping[str, str]
    hypothesis: str
    asked: Sequence[Asked]
    constant: float | None
    cells: Sequence[Cell]
    entropy: int
    layers: str
    device: str
    dtype: str
    trials: int = 0
    work: float = 0.0
    seconds: float = 0.0
    said: str = ""
    attacked: bool = False

    @cached_property
    def xs(self) -> list[float]:
        """The columns."""
        return sorted({cell.x for cell in self.cells})

    @cached_property
    def ys(self) -> list[float]:
        """The rows."""
        return sorted({cell.y for cell in self.cells})

    @cached_property
    def rows(self) -> list[Row]:
        """Where the conclusion begins, row by row."""
        return [
            row_of(self.x, sorted((c for c in self.cells if c.y == y), key=lambda c: c.x))
            for y in self.ys
        ]

    @property
    def measured(self) -> str:
        """The level and the trials of a cell, in words."""
        said = [c for c in self.cells if c.verdict in ("holds", "fails", "not resolved")]
        levels = sorted({cell.level for cell in said if cell.level is not None})
        counts = sorted({cell.trials for cell in said})
        if not levels or not counts:
            return "nothing was tried"
        span = number(counts[0]) + (f"…{number(counts[-1])}" if len(counts) > 1 else "")
        level = f"{levels[0]:.4g}" + (f"…{levels[-1]:.4g}" if len(levels) > 1 else "")
        against = " against the attacks tried" if self.attacked else ""
        return f"pass rate ≥ {level}{against}, {span} trials a cell"

    @property
    def words(self) -> str:
        """Where the conclusion begins to hold, in one line."""
        alike: dict[str, list[str]] = {}
        for row in self.rows:
            alike.setdefault(row.words, []).append(number(row.y))
        said = [f"{words} for {self.y} = {', '.join(ys)}" for words, ys in alike.items()]
        return f"{'; '.join(said) or 'nothing was tried'} ({self.measured})"

    @property
    def hypothesis_words(self) -> str:
        """Where the hypothesis starts, in numbers: on the chart, below it, or off it."""
        known = [(one.y, one.digits) for one in self.asked if one.digits is not None]
        if not known or not self.cells:
            return "names no number to compare with"
        ends = known if len(known) < 3 else [known[0], known[-1]]
        said = " … ".join(f"{self.x} = {power(d)} at {self.y} = {number(y)}" for y, d in ends)
        if len({digits for _, digits in known}) == 1:
            said = f"{self.x} = {power(known[0][1])} for every {self.y}"
        right, left = math.log10(self.xs[-1]), math.log10(self.xs[0])
        off = sum(digits > right for _, digits in known)
        below = sum(digits < left for _, digits in known)
        where = "off the chart" if off == len(known) else "partly off the chart" if off else ""
        where = where or ("below the chart" if below == len(known) else "on the chart")
        return f"starts at {said}: {where}"


def row_of(x: str, cells: Sequence[Cell]) -> Row:
    """Return where the conclusion begins in a row of cells, by rising x."""
    y = cells[0].y if cells else math.nan
    speaking = [cell for cell in cells if cell.verdict not in ("not tried", "claims nothing")]
    if not speaking:
        silent = any(cell.verdict == "claims nothing" for cell in cells)
        return Row(y, None, None, "nothing is claimed" if silent else "not tried")
    found = [cell.verdict for cell in speaking]
    last = speaking[-1]
    if found[-1] != "holds":
        return Row(y, None, None, _without_beginning(x, found, last.x))
    start = len(found)
    while start and found[start - 1] == "holds":
        start -= 1
    begins = speaking[start].x
    failing = [cell.x for cell in speaking[:start] if cell.verdict == "fails"]
    after = failing[-1] if failing else None
    if not start:
        smallest = "the smallest tried" if speaking[0] is cells[0] else "where it begins to claim"
        words = f"holds from {x} = {number(begins)}, {smallest}, on"
    elif found[start - 1] == "fails":
        words = f"begins to hold at {x} ≈ {number(begins)}"
    elif found[start - 1] == "error":
        words = f"holds from {x} = {number(begins)} on, after an error below"
    elif after is not None:
        words = f"begins to hold between {x} = {number(after)} and {number(begins)}"
    else:
        words = f"holds from {x} = {number(begins)} on, not resolved below"
    return Row(y, begins, after, words)


def _without_beginning(x: str, found: Sequence[CellVerdict], largest: float) -> str:
    if found[-1] == "error":
        return f"error at {x} = {number(largest)}, the largest tried"
    if found[-1] == "not resolved":
        return f"not resolved at {x} = {number(largest)}, the largest tried"
    if "holds" in found:
        return f"fails at {x} = {number(largest)}, the largest tried, though it holds below"
    return f"not within {x} ≤ {number(largest)}"


def joined(maps: Iterable[RegimeMap]) -> RegimeMap | None:
    """Add up maps of one part from several runs, the latest first; None where there are none.

    Only those of the latest one's code, sizes and hypothesis count. Trials of one entropy are the
    same trials: the longer run of them counts. An error stays one. A map whose sizes are no
    positive numbers, as only damaged records have them, is left out.
    """
    found = [one for one in maps if one.cells and all(map(_is_sound, one.cells))]
    if not found:
        return None
    head = found[0]

    def key(one: RegimeMap) -> tuple[object, ...]:
        fixed = tuple(sorted(one.fixed.items()))
        return one.generation, one.x, one.y, fixed, one.hypothesis, one.layers, one.dtype

    alike = [one for one in found if key(one) == key(head)]
    together: dict[tuple[float, float, str], dict[int, Cell]] = {}
    for one in alike:
        for cell in one.cells:
            draws = together.setdefault((cell.x, cell.y, cell.hash), {})
            draws[one.entropy] = _fuller(draws.get(one.entropy), cell)
    cells = [_sum(list(draws.values())) for draws in together.values()]
    asked = {entry.y: entry for one in reversed(alike) for entry in one.asked}
    whole = replace(
        head,
        cells=sorted(cells, key=lambda cell: (cell.y, cell.x)),
        asked=[asked[y] for y in sorted(asked)],
        trials=sum(cell.trials for cell in cells),
        attacked=any(one.attacked for one in alike),
        work=sum(one.work for one in alike),
        seconds=sum(one.seconds for one in alike),
    )
    return replace(whole, said=whole.words)


def _is_sound(cell: Cell) -> bool:
    sizes = all(math.isfinite(size) and size > 0 for size in (cell.x, cell.y))
    level = cell.level is None or 0.0 <= cell.level <= 1.0
    return sizes and level and 0 <= cell.passes <= cell.trials < 2**53


def _fuller(known: Cell | None, cell: Cell) -> Cell:
    if known is None:
        return cell
    rank = max((known, cell), key=lambda one: (bool(one.failure), one.trials))
    return rank if rank is not known else known


def _sum(cells: Sequence[Cell]) -> Cell:
    broken = next((cell for cell in cells if cell.failure), None)
    fullest = max(cells, key=lambda cell: cell.trials)
    trials, passes = sum(c.trials for c in cells), sum(c.passes for c in cells)
    if not fullest.random:  # the same trial again
        trials, passes = fullest.trials, fullest.passes
    shown = broken or fullest
    return replace(
        shown,
        trials=trials,
        passes=passes,
        skipped="" if trials else fullest.skipped,
        token=shown.token or next((cell.token for cell in cells if cell.token), ""),
    )


def number(value: float) -> str:
    """Write a size.

    >>> number(4096.0), number(0.03), number(1e12)
    ('4096', '0.03', '10^12')
    """
    if value == int(value) and abs(value) < 1e7:
        return str(int(value))
    return power(math.log10(value)) if value >= 1e7 else f"{value:.3g}"


def power(digits: float) -> str:
    """Write the size of a decimal logarithm.

    >>> power(2.0), power(40.7), power(-1.5)
    ('100', '10^40.7', '0.0316')
    """
    if -3 <= digits < 7:
        value = 10.0**digits
        return f"{value:.3g}" if value < 1000 else str(round(value))
    return "10^" + (f"{digits:.1f}".removesuffix(".0") if abs(digits) < 1e6 else f"{digits:.3g}")


def one_line(found: RegimeMap) -> str:
    """Return the line of a map for the terminal."""
    return f"{found.words}; the paper's hypothesis {found.hypothesis_words}"
