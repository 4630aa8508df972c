"""Drawings of what grows and moves.

Ratios along a grid of sizes, quantities along a trajectory; None where there is nothing to draw.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from lemmata.reports import fields
from lemmata.reports.evidence import Curve, Exponent, Fit, signed
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
from lemmata.reports.numerals import counted, figure, listed, sentence, span

_LARGEST, _SMALLEST = 1e30, 1e-30
_MARKS = {
    "worst": ("x", FAIL, "worst"),
    "upper": ("^", SERIES[1], ".9 quantile"),
    "median": ("o", SERIES[0], "median"),
}
_OUTCOMES = {
    "consistent": "consistent with it",
    "refuted": "against it",
    "undecided": "not decisive",
}


def scaling(key: str, exponent: Exponent) -> Plot | None:
    """Draw median, .9 quantile and worst ratio against a size, with the fitted slope and what
    the claim allows.
    """
    columns = {name: _column(exponent, name) for name in _MARKS}
    sizes = sorted({size for column in columns.values() for size, _ in column})
    if len(sizes) < 2 or not columns["median"]:
        return None
    drawn = canvas(3.0, top=0.42)
    axes, fit = drawn.axes, exponent.median
    # An exponential law is a straight line over the size itself, a power over its logarithm.
    place = float if exponent.exponential else math.log10
    steep = math.log10(math.e) if exponent.exponential else 1.0
    ends = (place(sizes[0]), place(sizes[-1]))
    values = [value for column in columns.values() for _, value in column]
    low, high = min(values) / 1.3, max(values) * 1.3
    centre = _mean([(place(size), math.log10(value)) for size, value in columns["median"]])
    start = (ends[0], _line(steep * fit.slope if fit else 0.0, centre, ends)[0])
    claims = [
        slope
        for slope in (exponent.at_least, exponent.at_most)
        if slope is not None and math.isfinite(slope)
    ]
    if claims:
        floor = (
            _line(steep * claims[0], start, ends)
            if exponent.at_least in claims
            else (math.log10(low),) * 2
        )
        ceiling = (
            _line(steep * claims[-1], start, ends)
            if exponent.at_most in claims
            else (math.log10(high),) * 2
        )
        axes.fill_between(ends, floor, ceiling, color=CLAIM, alpha=0.12, linewidth=0)
    named = "rate" if exponent.exponential else "slope"
    for slope in dict.fromkeys(claims):
        line = _line(steep * slope, start, ends)
        axes.plot(
            ends,
            line,
            color=CLAIM,
            linewidth=1.2,
            linestyle=(0, (4, 2)),
            label=f"claim: {named} {signed(slope)}",
        )
    if fit:
        if fit.low is not None and fit.high is not None:
            lower, upper = (_line(steep * slope, centre, ends) for slope in (fit.low, fit.high))
            axes.fill_between(ends, lower, upper, color=SERIES[0], alpha=0.18, linewidth=0)
        axes.plot(
            ends,
            _line(steep * fit.slope, centre, ends),
            color=SERIES[0],
            linewidth=1.0,
            label=f"fit: {named} {signed(fit.slope)}",
        )
    for name, (marker, colour, label) in _MARKS.items():
        points = [(place(size), math.log10(value)) for size, value in columns[name]]
        if points:
            axes.plot(*zip(*points, strict=True), marker, color=colour, markersize=4, label=label)
    margin = 0.05 if not exponent.exponential else 0.03 * (ends[1] - ends[0])
    axes.set(xlim=(ends[0] - margin, ends[1] + margin), ylim=(math.log10(low), math.log10(high)))
    if exponent.exponential:
        few_ticks(axes.xaxis)
    else:
        ticks_of_powers(axes.xaxis, sizes[0] / 1.12, sizes[-1] * 1.12)
    ticks_of_powers(axes.yaxis, low, high)
    axes.set_xlabel(label_text(exponent.variable))
    axes.set_ylabel(exponent.quantity)
    legend_above(axes)
    return drawn.finish(
        key, f"How the ratio scales with {exponent.variable}", scaling_sentence(exponent, sizes)
    )


def scaling_sentence(exponent: Exponent, sizes: Sequence[float]) -> str:
    """Say what was measured along a grid and how it compares with the claim."""
    over = f"over {exponent.variable} = {span(list(sizes))}" if sizes else "along the grid"
    named = "exponentially, at the rate" if exponent.exponential else "with the exponent"
    said = f"{over[0].upper()}{over[1:]} the median {exponent.quantity} scales {named} {_fitted(exponent.median)}"
    said += f" and its .9 quantile with {_fitted(exponent.upper)}" if exponent.upper else ""
    outcome = _OUTCOMES.get(exponent.outcome, exponent.outcome)
    return f"{said}; the claim allows {exponent.allowed}" + (f": {outcome}." if outcome else ".")


def trajectory(key: str, name: str, curve: Curve) -> Plot | None:
    """Draw the median, a band and the worst of a quantity along the steps of a trajectory."""
    lines = {line: _steps(curve.get(line, ())) for line in ("median", "low", "high", "worst")}
    values = [value for points in lines.values() for _, value in points]
    if not values or max(len(points) for points in lines.values()) < 2:
        return None
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
    run = {line: _ends(curve.get(line, ())) for line in ("median", "worst")}
    told = [
        f"the {line} goes from {figure(ends[0])} to {figure(ends[1])}"
        for line, ends in run.items()
        if ends
    ]
    steps_said = counted(max(step for points in lines.values() for step, _ in points), "step")
    said = f"in {steps_said} {listed(told)}" if told else f"a band over {steps_said}"
    return drawn.finish(key, f"Along the trajectory: {name}", sentence(said))


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


def _ends(values: Iterable[float]) -> tuple[float, float] | None:
    points = _steps(values)
    return (points[0][1], points[-1][1]) if points else None


def _fitted(fit: Fit | None) -> str:
    if fit is None:
        return "not fitted"
    return signed(fit.slope) + (
        f" (95 % interval {signed(fit.low)} to {signed(fit.high)})" if fit.low is not None else ""
    )


def _column(exponent: Exponent, name: str) -> list[tuple[float, float]]:
    read = [(fields.number(point, "size"), fields.number(point, name)) for point in exponent.points]
    return sorted(
        (size, value)
        for size, value in read
        if size and value and _SMALLEST < size < _LARGEST and _SMALLEST < value < _LARGEST
    )


def _steps(values: Iterable[float]) -> list[tuple[int, float]]:
    return [(step, value) for step, value in enumerate(values) if abs(value) < _LARGEST]
