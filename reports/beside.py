"""What several parts measured along the same variable, on one drawing.

Each with its fitted exponent and interval.

A grid names the drawing that it belongs to. Drawn is the measured side itself, with its own fit, so
that different claims can be compared; a power is a straight line, an exponential law bends.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lemmata.harness.verdicts import Fit, SlopeVerdict
from lemmata.reports.exponents import is_exponential
from lemmata.reports.model import Part, Statement
from lemmata.reports.numerals import sentence, signed, span

if TYPE_CHECKING:
    from lemmata.reports.figures import Plot

_MARKERS = ("o", "s", "^", "D", "v", "P")
_SMALLEST, _LARGEST = 1e-60, 1e60
_CURVE, _STEEPEST = 60, 1e6


def groups(statements: Sequence[Statement]) -> Mapping[str, list[tuple[Part, SlopeVerdict]]]:
    """Collect the grids that are drawn together, by the drawing's title, in the order of the
    statements; two at least make a drawing.
    """
    found: dict[str, list[tuple[Part, SlopeVerdict]]] = {}
    for part in (part for statement in statements for part in statement.parts):
        for slope in part.slopes:
            if slope.grid.together and slope.measured and len(_points(slope)) >= 2:
                found.setdefault(slope.grid.together, []).append((part, slope))
    return {title: members for title, members in found.items() if len(members) >= 2}


def drawing(key: str, title: str, members: Sequence[tuple[Part, SlopeVerdict]]) -> Plot:
    """Draw the members of a group on logarithmic axes.

    Args:
        key: unique on the page.
        title: of the drawing.
        members: parts and their grids, all with a measured exponent.
    """
    from lemmata.reports.figures import SERIES, canvas, label_text, legend_above, ticks_of_powers

    drawn, said = canvas(3.6, width=6.4, top=0.2 + 0.17 * len(members)), []
    axes = drawn.axes
    everything = [point for _, slope in members for point in _points(slope)]
    for number, (part, slope) in enumerate(members):
        points, fit, grid = _points(slope), slope.measured, slope.grid
        assert fit is not None
        colour, marker = SERIES[number % len(SERIES)], _MARKERS[number % len(_MARKERS)]
        law = _law(slope, fit)
        sizes, lows = _fitted(points, slope, fit.low)
        _, highs = _fitted(points, slope, fit.high)
        axes.fill_between(sizes, lows, highs, color=colour, alpha=0.2, linewidth=0)
        axes.plot(*_fitted(points, slope, fit.exponent), color=colour, linewidth=1.1)
        logarithms = [(math.log10(size), math.log10(value)) for size, value in points]
        axes.plot(
            *zip(*logarithms, strict=True),
            marker,
            color=colour,
            markersize=4.5,
            label=label_text(f"{grid.label or part.id}: {law}", 90),
        )
        over = f"{grid.variable} = {span([size for size, _ in points])}"
        named = f"{grid.label} ({part.id})" if grid.label else part.id
        said.append(f"{named}, {part.title}: {law} over {over}")
    for axis, column in ((axes.xaxis, 0), (axes.yaxis, 1)):
        values = [point[column] for point in everything]
        ticks_of_powers(axis, min(values) / 1.3, max(values) * 1.3)
    values = [value for _, value in everything]
    axes.set_ylim(math.log10(min(values)) - 0.3, math.log10(max(values)) + 0.3)
    axes.set_xlabel(label_text(members[0][1].grid.variable))
    axes.set_ylabel(
        label_text(
            next(
                (slope.grid.measures for _, slope in members if slope.grid.measures),
                "measured side",
            )
        )
    )
    legend_above(axes, columns=1)
    words = (
        "Points are medians of trials, lines the fitted laws with 95 % intervals of the exponents"
    )
    return drawn.finish(key, title, f"{sentence('; '.join(said))} {sentence(words)}")


def _law(slope: SlopeVerdict, fit: Fit) -> str:
    written = f"{signed(fit.exponent, 3)} [{signed(fit.low, 3)}, {signed(fit.high, 3)}]"
    if is_exponential(slope.grid):
        return f"exp({written} · {slope.grid.variable})"
    return f"exponent {written}"


def _points(slope: SlopeVerdict) -> list[tuple[float, float]]:
    """The sizes and the measured side's medians."""
    return sorted(
        (point.size, point.measured)
        for point in slope.points
        if _SMALLEST < point.size < _LARGEST and _SMALLEST < point.measured < _LARGEST
    )


def _fitted(
    points: Sequence[tuple[float, float]], slope: SlopeVerdict, exponent: float
) -> tuple[list[float], list[float]]:
    """The fitted law through the points' centre, in decimal logarithms."""
    place = float if is_exponential(slope.grid) else math.log
    centre = sum(place(size) for size, _ in points) / len(points)
    height = sum(math.log(value) for _, value in points) / len(points)
    first, last = math.log(points[0][0]), math.log(points[-1][0])
    sizes = [math.exp(first + (last - first) * step / _CURVE) for step in range(_CURVE + 1)]
    steep = max(-_STEEPEST, min(_STEEPEST, exponent))
    return [math.log10(size) for size in sizes], [
        (height + steep * (place(size) - centre)) / math.log(10) for size in sizes
    ]
