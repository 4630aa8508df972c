"""Drawings of what grows and moves.

Ratios along a grid of sizes, quantities along a trajectory; None where there is nothing to draw.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from lemmata.harness.verdicts import Curve, Fit, Point, SlopeVerdict
from lemmata.reports.exponents import claim_words, fitted_words, is_exponential
from lemmata.reports.figures import (
    CLAIM,
    FAIL,
    SERIES,
    Plot,
    canvas,
    few_ticks,
    label_text,
    legend_above,
    ticks_of_powers,
)
from lemmata.reports.numerals import figure, listed, sentence, signed, span

_LARGEST, _SMALLEST = 1e30, 1e-30
_MARKS: dict[str, tuple[str, str, str, Callable[[Point], float]]] = {
    "worst": ("x", FAIL, "worst", lambda point: point.worst),
    "upper": ("^", SERIES[1], ".9 quantile", lambda point: point.upper),
    "median": ("o", SERIES[0], "median", lambda point: point.median),
}


def scaling(key: str, slope: SlopeVerdict) -> Plot | None:
    """Draw median, .9 quantile and worst of what was fitted against a size, with the fit and what
    the claim allows.
    """
    columns = {name: _column(slope, mark[3]) for name, mark in _MARKS.items()}
    exponential, grid = is_exponential(slope.grid), slope.grid
    sizes = sorted({size for column in columns.values() for size, _ in column})
    if len(sizes) < 2 or not columns["median"]:
        return None
    drawn = canvas(3.0, top=0.42)
    axes, fit = drawn.axes, slope.median
    # An exponential law is a straight line over the size itself, a power over its logarithm.
    place = float if exponential else math.log10
    steep = math.log10(math.e) if exponential else 1.0
    ends = (place(sizes[0]), place(sizes[-1]))
    values = [value for column in columns.values() for _, value in column]
    low, high = min(values) / 1.3, max(values) * 1.3
    centre = _mean([(place(size), math.log10(value)) for size, value in columns["median"]])
    start = (ends[0], _line(steep * fit.exponent, centre, ends)[0])
    claims = [
        end for end in (grid.at_least, grid.at_most) if end is not None and math.isfinite(end)
    ]
    if claims:
        floor = (
            _line(steep * claims[0], start, ends)
            if grid.at_least in claims
            else (math.log10(low),) * 2
        )
        ceiling = (
            _line(steep * claims[-1], start, ends)
            if grid.at_most in claims
            else (math.log10(high),) * 2
        )
        axes.fill_between(ends, floor, ceiling, color=CLAIM, alpha=0.12, linewidth=0)
    named = "rate" if exponential else "slope"
    for claimed in dict.fromkeys(claims):
        line = _line(steep * claimed, start, ends)
        axes.plot(
            ends,
            line,
            color=CLAIM,
            linewidth=1.2,
            linestyle=(0, (4, 2)),
            label=f"claim: {named} {signed(claimed)}",
        )
    lower, upper = (_line(steep * end, centre, ends) for end in (fit.low, fit.high))
    axes.fill_between(ends, lower, upper, color=SERIES[0], alpha=0.18, linewidth=0)
    axes.plot(
        ends,
        _line(steep * fit.exponent, centre, ends),
        color=SERIES[0],
        linewidth=1.0,
        label=f"fit: {named} {signed(fit.exponent)}",
    )
    for name, (marker, colour, label, _) in _MARKS.items():
        points = [(place(size), math.log10(value)) for size, value in columns[name]]
        if points:
            axes.plot(*zip(*points, strict=True), marker, color=colour, markersize=4, label=label)
    margin = 0.05 if not exponential else 0.03 * (ends[1] - ends[0])
    axes.set(xlim=(ends[0] - margin, ends[1] + margin), ylim=(math.log10(low), math.log10(high)))
    if exponential:
        few_ticks(axes.xaxis)
    else:
        ticks_of_powers(axes.xaxis, sizes[0] / 1.12, sizes[-1] * 1.12)
    ticks_of_powers(axes.yaxis, low, high)
    axes.set_xlabel(label_text(grid.variable))
    axes.set_ylabel(fitted_words(slope))
    legend_above(axes)
    title = f"How the {fitted_words(slope)} scales with {grid.variable}"
    return drawn.finish(key, title, scaling_sentence(slope, sizes))


def scaling_sentence(slope: SlopeVerdict, sizes: Sequence[float]) -> str:
    """Say what was measured along a grid and how it compares with the claim."""
    named = "exponentially, at the rate" if is_exponential(slope.grid) else "with the exponent"
    return (
        f"Over {slope.grid.variable} = {span(list(sizes))} the median {fitted_words(slope)} scales "
        f"{named} {_fitted(slope.median)} and its .9 quantile with {_fitted(slope.upper)}; the "
        f"claim is {claim_words(slope.grid)}: {slope.verdict}."
    )


def trajectory(key: str, name: str, curve: Curve) -> Plot | None:
    """Draw the median, a band and the worst of a quantity along the steps of a trajectory."""
    lines = {
        "median": _points(curve.steps, curve.median),
        "low": _points(curve.steps, curve.low),
        "high": _points(curve.steps, curve.high),
        "worst": _points(curve.steps, curve.worst),
    }
    run = {line: (points[0][1], points[-1][1]) for line, points in lines.items() if points}
    values = [value for points in lines.values() for _, value in points]
    if not values or max(len(points) for points in lines.values()) < 2:
        return None
    last = max(step for points in lines.values() for step, _ in points)
    drawn = canvas(2.5, top=0.28)
    if log := min(values) > _SMALLEST:
        lines = {
            line: [(step, math.log10(value)) for step, value in points]
            for line, points in lines.items()
        }
        low, high = min(values), max(values) if max(values) > min(values) else min(values) * 2
        ticks_of_powers(drawn.axes.yaxis, low * 0.99, high * 1.01, most=5)
    few_ticks(drawn.axes.xaxis)
    if not log:
        few_ticks(drawn.axes.yaxis)
    band = dict(lines["low"])
    both = [(step, band[step], value) for step, value in lines["high"] if step in band]
    if both:
        steps, lows, highs = zip(*both, strict=True)
        drawn.axes.fill_between(steps, lows, highs, color=SERIES[0], alpha=0.2, linewidth=0)
    for line, colour, dashes in (("median", SERIES[0], "-"), ("worst", FAIL, (0, (3, 2)))):
        if lines[line]:
            drawn.axes.plot(
                *zip(*lines[line], strict=True),
                color=colour,
                linewidth=1.3,
                linestyle=dashes,
                label=line,
            )
    drawn.axes.set_xlabel("step")
    drawn.axes.set_ylabel(label_text(name))
    if lines["median"] and lines["worst"]:
        legend_above(drawn.axes)
    told = [
        f"the {line} goes from {figure(run[line][0])} to {figure(run[line][1])}"
        for line in ("median", "worst")
        if line in run
    ]
    over = f"up to step {figure(last)}"
    said = f"{over} {listed(told)}" if told else f"a band {over}"
    band_said = "The band holds the trials between the quantiles .1 and .9." if both else ""
    return drawn.finish(key, f"Along the trajectory: {name}", f"{sentence(said)} {band_said}")


def _line(
    slope: float, through: tuple[float, float], ends: tuple[float, float]
) -> tuple[float, float]:
    """The line of that slope through a point, at the two ends, all in decimal logarithms.

    Cut off far outside of any drawing.
    """
    first, last = (max(-80.0, min(80.0, through[1] + slope * (end - through[0]))) for end in ends)
    return first, last


def _mean(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)


def _fitted(fit: Fit) -> str:
    return f"{signed(fit.exponent)} (95 % interval {signed(fit.low)} to {signed(fit.high)})"


def _column(slope: SlopeVerdict, side: Callable[[Point], float]) -> list[tuple[float, float]]:
    read = [(point.size, side(point)) for point in slope.points]
    return sorted(
        (size, value)
        for size, value in read
        if _SMALLEST < size < _LARGEST and _SMALLEST < value < _LARGEST
    )


def _points(steps: Sequence[float], values: Sequence[float]) -> list[tuple[float, float]]:
    return [
        (step, value)
        for step, value in zip(steps, values, strict=False)
        if abs(step) < _LARGEST and abs(value) < _LARGEST
    ]
