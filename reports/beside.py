"""What several parts measured along the same variable, on one drawing.

Each with its fitted exponent and interval.

A grid names the drawing that it belongs to. Drawn is the measured side itself, size^claimed times
the ratio's median (or over it, for a lower bound), so that different claims can be compared; a
power is a straight line, an exponential law bends.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lemmata.reports import fields
from lemmata.reports.evidence import Exponent, Fit
from lemmata.reports.model import Part, Statement
from lemmata.reports.numerals import sentence, span

if TYPE_CHECKING:
    from lemmata.reports.figures import Plot

_MARKERS = ("o", "s", "^", "D", "v", "P")
_SMALLEST, _LARGEST = 1e-60, 1e60
_CURVE = 60


def groups(statements: Sequence[Statement]) -> Mapping[str, list[tuple[Part, Exponent]]]:
    """Collect the grids that are drawn together, by the drawing's title, in the order of the
    statements; two at least make a drawing.
    """
    found: dict[str, list[tuple[Part, Exponent]]] = {}
    for part in (part for statement in statements for part in statement.parts):
        for exponent in part.slopes:
            if exponent.together and exponent.measured and len(_points(exponent)) >= 2:
                found.setdefault(exponent.together, []).append((part, exponent))
    return {title: members for title, members in found.items() if len(members) >= 2}


def drawing(key: str, title: str, members: Sequence[tuple[Part, Exponent]]) -> Plot:
    """Draw the members of a group on logarithmic axes.

    Args:
        key: unique on the page.
        title: of the drawing.
        members: parts and their grids, all with a measured exponent.
    """
    from lemmata.reports.figures import SERIES, canvas, label_text, legend_above, ticks_of_powers

    drawn, said = canvas(3.6, width=6.4, top=0.2 + 0.17 * len(members)), []
    axes = drawn.axes
    everything = [point for _, exponent in members for point in _points(exponent)]
    for number, (part, exponent) in enumerate(members):
        points, fit = _points(exponent), exponent.measured
        assert fit is not None
        colour, marker = SERIES[number % len(SERIES)], _MARKERS[number % len(_MARKERS)]
        law = _law(exponent, fit)
        if fit.low is not None and fit.high is not None:
            sizes, lows = _fitted(points, exponent, fit.low)
            _, highs = _fitted(points, exponent, fit.high)
            axes.fill_between(sizes, lows, highs, color=colour, alpha=0.2, linewidth=0)
        axes.plot(*_fitted(points, exponent, fit.slope), color=colour, linewidth=1.1)
        logarithms = [(math.log10(size), math.log10(value)) for size, value in points]
        axes.plot(
            *zip(*logarithms, strict=True),
            marker,
            color=colour,
            markersize=4.5,
            label=label_text(f"{exponent.label or part.id}: {law}", 90),
        )
        over = f"{exponent.variable} = {span([size for size, _ in points])}"
        named = f"{exponent.label} ({part.id})" if exponent.label else part.id
        said.append(f"{named}, {(part.title or part.name).replace('_', ' ')}: {law} over {over}")
    for axis, column in ((axes.xaxis, 0), (axes.yaxis, 1)):
        values = [point[column] for point in everything]
        ticks_of_powers(axis, min(values) / 1.3, max(values) * 1.3)
    values = [value for _, value in everything]
    axes.set_ylim(math.log10(min(values)) - 0.3, math.log10(max(values)) + 0.3)
    axes.set_xlabel(label_text(members[0][1].variable))
    axes.set_ylabel(
        label_text(
            next(
                (exponent.measures for _, exponent in members if exponent.measures), "measured side"
            )
        )
    )
    legend_above(axes, columns=1)
    words = (
        "Points are medians of trials, lines the fitted laws with 95 % intervals of the exponents"
    )
    return drawn.finish(key, title, f"{sentence('; '.join(said))} {sentence(words)}")


def _law(exponent: Exponent, fit: Fit) -> str:
    interval = (
        f" [{fit.low:.3f}, {fit.high:.3f}]".replace("-", "−")
        if fit.low is not None and fit.high is not None
        else ""
    )
    slope = f"{fit.slope:.3f}".replace("-", "−")
    return (
        f"exp({slope}{interval} · {exponent.variable})"
        if exponent.exponential
        else f"exponent {slope}{interval}"
    )


def _points(exponent: Exponent) -> list[tuple[float, float]]:
    """The sizes and the measured side's medians."""
    found = []
    for point in exponent.points:
        size, median = fields.number(point, "size"), fields.number(point, "median")
        if not size or not median or size <= 0 or median <= 0 or exponent.claimed is None:
            continue
        logarithm = exponent.claimed * (size if exponent.exponential else math.log(size))
        logarithm += -math.log(median) if exponent.inverted else math.log(median)
        if math.log(_SMALLEST) < logarithm < math.log(_LARGEST):
            found.append((size, math.exp(logarithm)))
    return sorted(found)


def _fitted(
    points: Sequence[tuple[float, float]], exponent: Exponent, slope: float
) -> tuple[list[float], list[float]]:
    """The fitted law through the points' centre, in decimal logarithms."""
    place = float if exponent.exponential else math.log
    centre = sum(place(size) for size, _ in points) / len(points)
    height = sum(math.log(value) for _, value in points) / len(points)
    first, last = math.log(points[0][0]), math.log(points[-1][0])
    sizes = [math.exp(first + (last - first) * step / _CURVE) for step in range(_CURVE + 1)]
    return [math.log10(size) for size in sizes], [
        (height + slope * (place(size) - centre)) / math.log(10) for size in sizes
    ]
