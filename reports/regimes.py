"""Regime maps: where conclusions begin to hold, as drawings, tables and sentences.

A cell says its pass rate as a number and its verdict as a sign, its colour is the rate once more.
The contour runs between neighbours of which one holds and the other fails, and nowhere else.
"""

from __future__ import annotations

import math
import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from lemmata.harness.regime_cells import MEANINGS, Cell, RegimeMap, number, power
from lemmata.reports.figures import CLAIM, FAIL, FAINT, INK, SERIES, Plot, canvas, label_text
from lemmata.reports.model import Library, Part, Statement
from lemmata.reports.numerals import ABSENT, counted, figure, sentence
from lemmata.reports.tables import Table, table

SIGNS = {
    "holds": "✓",
    "fails": "✗",
    "not resolved": "?",
    "claims nothing": "–",
    "error": "!",
    "not tried": "",
}
_DEEPEST = 0.5
"""Opacity of a cell in which all trials pass: its number stays readable in both schemes."""

_WIDE = 9
"""With more columns than that, cells show their sign alone."""

_GREEK = {"delta": "δ", "omega": "ω", "epsilon": "ε", "sigma": "σ"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """A part that has a regime map, with its drawing."""

    statement: Statement
    part: Part
    found: RegimeMap
    plot: Plot


def mapped(library: Library) -> list[Mapped]:
    """Draw the maps of all parts that have one, in the library's order."""
    return [
        Mapped(
            statement=made, part=part, found=part.regime, plot=drawing(f"map-{place}", part.regime)
        )
        for place, (made, part) in enumerate(
            (made, part) for made in library.statements for part in made.parts
        )
        if part.regime is not None
    ]


def over(found: RegimeMap) -> str:
    """Say over which sizes the map is, and which stay."""
    fixed = ", ".join(f"{_GREEK.get(name, name)} = {value}" for name, value in found.fixed.items())
    return f"{found.x} and {found.y}" + (f", at {fixed}" if fixed else "")


def sentences(found: RegimeMap) -> list[str]:
    """Say what the map shows and what it does not."""
    constant = (
        f", with its constant {figure(found.constant)} and not the paper’s hidden one"
        if found.constant is not None
        else ""
    )
    tries = (
        f"It tries the conclusion as this part states it{constant}, over {over(found)}, also where "
        "the hypothesis or our own gate is not met; the verdict does not depend on it."
    )
    attacked = (
        "A trial passes where the adversary, who searches what the claim says “for all” about, "
        "finds no violation: a better one may find more."
    )
    said = [
        sentence(found.words),
        tries,
        *([attacked] if found.attacked else []),
        f"The paper’s hypothesis {raised(found.hypothesis_words)}.",
    ]
    if open_cells := sum(cell.verdict == "not tried" for cell in found.cells):
        said.append(f"Not tried for want of work or time: {counted(open_cells, 'cell')}.")
    said += [
        f"Error at {found.x} = {number(cell.x)}, {found.y} = {number(cell.y)}: {cell.failure}"
        for cell in found.cells
        if cell.verdict == "error"
    ]
    return said


def to_replay(found: RegimeMap) -> list[tuple[str, str]]:
    """Return, row by row, the last cell in which trials break or fail, and the token of a trial."""
    shown = []
    for y in found.ys:
        row = [c for c in found.cells if c.y == y and c.token and c.verdict in ("fails", "error")]
        if row:
            cell = max(row, key=lambda one: one.x)
            failed = f"fails in {cell.trials - cell.passes} of {counted(cell.trials, 'trial')}"
            what = "breaks" if cell.verdict == "error" else failed
            place = f"{found.x} = {number(cell.x)}, {found.y} = {number(cell.y)}"
            shown.append((f"At {place} it {what}; one of them again:", cell.token))
    return shown


def compared(found: RegimeMap) -> bool:
    """Whether the hypothesis names a number, so that its start is drawn or named."""
    return any(one.digits is not None for one in found.asked)


def numbers(found: RegimeMap) -> Table | None:
    """Lay out every cell: its verdict, pass rate, interval and level."""
    cells = sorted(found.cells, key=lambda cell: (cell.y, cell.x))
    return table(
        f"Cells over {found.x} and {found.y}",
        [f"{found.x} = {number(cell.x)}, {found.y} = {number(cell.y)}" for cell in cells],
        [""] * len(cells),
        {
            "found": [cell.verdict for cell in cells],
            "pass rate": [figure(cell.rate) for cell in cells],
            "passes": [
                f"{cell.passes} of {cell.trials}" if cell.trials else ABSENT for cell in cells
            ],
            "95 % interval": [_interval(cell) for cell in cells],
            "level": [figure(cell.level) for cell in cells],
            "ratio that survives": [figure(cell.surviving) for cell in cells],
        },
    )


def legend() -> list[tuple[str, str]]:
    """Say what the signs mean."""
    return [(f"{SIGNS[name]} {name}".strip(), means) for name, means in MEANINGS.items()]


def _interval(cell: Cell) -> str:
    if not cell.trials:
        return ABSENT
    low, high = cell.interval
    return f"{low:.3f} to {high:.3f}"


def drawing(key: str, found: RegimeMap) -> Plot:
    """Draw the map: x to the right, y upwards, each tried size one column or row."""
    xs, ys = found.xs, found.ys
    starts = {one.y: one.digits for one in found.asked if one.digits is not None}
    top = 0.3 if starts else 0.1
    width = max(5.2, 1.0 + 0.55 * min(len(xs), _WIDE))
    drawn = canvas(0.45 + top + 0.3 * len(ys), width=width, left=0.75, top=top)
    axes = drawn.axes
    cells = {(cell.x, cell.y): cell for cell in found.cells}
    for column, x in enumerate(xs):
        for row, y in enumerate(ys):
            _cell(axes, column, row, cells.get((x, y)), signs_only=len(xs) > _WIDE)
    for line in contour(found):
        axes.plot(*zip(*line, strict=True), color=INK, linewidth=2.4, solid_capstyle="projecting")
    right = len(xs) - 0.5
    if starts:
        axes.text(right + 0.12, len(ys) - 0.35, "hypothesis", color=CLAIM, fontsize=8)
    for row, y in enumerate(ys):
        if (digits := starts.get(y)) is not None:
            place = _place(digits, xs)
            off = "→ " if place is None and digits > math.log10(xs[-1]) else ""
            label = off + raised(power(digits))
            axes.text(right + 0.12, row, label, color=CLAIM, va="center", fontsize=8)
            if place is not None:
                ends = [row - 0.5, row + 0.5]
                axes.plot([place] * 2, ends, color=CLAIM, linewidth=2, linestyle=(0, (2, 1)))
    axes.set_xticks(range(len(xs)), [raised(number(x)) for x in xs])
    axes.set_yticks(range(len(ys)), [raised(number(y)) for y in ys])
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_xlim(-0.5, right + (0.24 * len(xs) if starts else 0.0))
    axes.set_ylim(-0.5, len(ys) - 0.5)
    axes.set_xlabel(label_text(found.x))
    axes.set_ylabel(label_text(found.y))
    caption = (
        f"{sentence(found.words)} Each cell shows its pass rate: ✓ holds, ✗ fails, ? is not "
        "resolved, – claims nothing, ! is an error. The thick line parts cells that hold from "
        f"those that fail. The paper’s hypothesis {found.hypothesis_words}"
    )
    title = f"Where the conclusion begins to hold, over {found.x} and {found.y}"
    return drawn.finish(key, title, sentence(caption))


def _cell(axes: Axes, column: int, row: int, cell: Cell | None, *, signs_only: bool) -> None:
    verdict = cell.verdict if cell else "not tried"
    rate = cell.rate if cell and verdict in ("holds", "fails", "not resolved") else None
    axes.add_patch(
        Rectangle(
            (column - 0.47, row - 0.46), 0.94, 0.92, linewidth=0.6,
            facecolor="none" if rate is None else SERIES[0],
            edgecolor=FAIL if verdict == "error" else FAINT,
            alpha=1.0 if rate is None else 0.06 + (_DEEPEST - 0.06) * rate**3,
            linestyle=(0, (1, 2)) if verdict in ("not tried", "claims nothing") else "solid",
        )
    )  # fmt: skip
    shown = SIGNS[verdict]
    if rate is not None and not signs_only:
        shown = f"{shown} {rate:.2f}"
    if shown:
        colour = FAIL if verdict == "error" else INK
        axes.text(column, row, shown, ha="center", va="center", color=colour, fontsize=8)


def contour(found: RegimeMap) -> Iterator[list[tuple[float, float]]]:
    """Give the edges between neighbouring cells of which one holds and the other fails."""
    xs, ys = found.xs, found.ys
    verdicts = {(xs.index(c.x), ys.index(c.y)): c.verdict for c in found.cells}
    for (column, row), verdict in sorted(verdicts.items()):
        if verdict not in ("holds", "fails"):
            continue
        other = "fails" if verdict == "holds" else "holds"
        if verdicts.get((column + 1, row)) == other:
            yield [(column + 0.5, row - 0.5), (column + 0.5, row + 0.5)]
        if verdicts.get((column, row + 1)) == other:
            yield [(column - 0.5, row + 0.5), (column + 0.5, row + 0.5)]


def _place(digits: float, xs: Sequence[float]) -> float | None:
    """Return where a size lies among the columns, by its logarithm; None off the chart."""
    logs = [math.log10(x) for x in xs]
    if not logs[0] <= digits <= logs[-1]:
        return None
    after = min(max(bisect(logs, digits), 1), len(logs) - 1)
    return after - 1 + (digits - logs[after - 1]) / (logs[after] - logs[after - 1])


def raised(text: str) -> str:
    """Write 10^41.5 with its exponent raised.

    >>> raised("m = 10^41.5 at n = 2")
    'm = 10⁴¹·⁵ at n = 2'
    """
    small = str.maketrans("-0123456789.", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹·")
    return re.sub(r"\^(-?\d+(?:\.\d+)?)", lambda found: found[1].translate(small), text)
