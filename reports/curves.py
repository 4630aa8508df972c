"""Drawings of what grows and moves: ratios along a grid of sizes, quantities along a trajectory; None where there is nothing to draw."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from lemmata.reports import fields
from lemmata.reports.evidence import Curve, Exponent, Fit, signed
from lemmata.reports.figures import CLAIM, FAIL, INK, SERIES, Plot, canvas, label_text, ticks_of_powers
from lemmata.reports.numerals import counted, figure, listed, sentence, span

_LARGEST, _SMALLEST = 1e30, 1e-30
_MARKS = {"worst": ("x", FAIL, "worst"), "upper": ("^", SERIES[1], ".9 quantile"), "median": ("o", SERIES[0], "median")}
_OUTCOMES = {"consistent": "consistent with it", "refuted": "against it", "undecided": "not decisive"}


def scaling(key: str, exponent: Exponent) -> Plot | None:
    """Draw median, .9 quantile and worst ratio against a size, with the fitted slope and what the claim allows."""
    columns = {name: _column(exponent, name) for name in _MARKS}
    sizes = sorted({size for column in columns.values() for size, _ in column})
    if len(sizes) < 2 or not columns["median"]:
        return None
    drawn = canvas(2.7)
    axes = drawn.axes
    centre_x = math.exp(sum(math.log(size) for size, _ in columns["median"]) / len(columns["median"]))
    centre_y = math.exp(sum(math.log(value) for _, value in columns["median"]) / len(columns["median"]))
    ends = [sizes[0], sizes[-1]]

    def line(slope: float) -> list[float]:
        return [centre_y * (size / centre_x) ** slope for size in ends]

    lowest, highest = (exponent.at_least, exponent.at_most)
    if lowest is not None and highest is not None and math.isfinite(lowest + highest):
        axes.fill_between(ends, line(lowest), line(highest), color=CLAIM, alpha=0.16, linewidth=0)
    for bound in {lowest, highest} - {None}:
        if bound is not None and math.isfinite(bound):
            axes.plot(ends, line(bound), color=CLAIM, linewidth=1.2, linestyle=(0, (4, 2)), label=f"claim: slope {signed(bound)}")
    fit = exponent.median
    if fit:
        if fit.low is not None and fit.high is not None:
            axes.fill_between(ends, line(fit.low), line(fit.high), color=SERIES[0], alpha=0.18, linewidth=0)
        axes.plot(ends, line(fit.slope), color=SERIES[0], linewidth=1.0, label=f"fit: slope {signed(fit.slope)}")
    for name, (marker, colour, label) in _MARKS.items():
        if columns[name]:
            axes.plot(*zip(*columns[name], strict=True), marker, color=colour, markersize=4, label=label)
    values = [value for column in columns.values() for _, value in column]
    for axis, low, high in ((axes.xaxis, sizes[0] / 1.12, sizes[-1] * 1.12), (axes.yaxis, min(values) / 1.3, max(values) * 1.3)):
        axis.axes.set(**{f"{axis.axis_name}scale": "log", f"{axis.axis_name}lim": (low, high)})
        ticks_of_powers(axis, low, high)
    axes.set_xlabel(label_text(exponent.variable))
    axes.set_ylabel("ratio")
    axes.legend(frameon=False, fontsize=7.5, labelcolor=INK, ncols=2)
    return drawn.finish(key, f"How the ratio scales with {exponent.variable}", scalingsentence(exponent, sizes))


def scalingsentence(exponent: Exponent, sizes: Sequence[float]) -> str:
    """Say what was measured along a grid and how it compares with the claim."""
    over = f"over {exponent.variable} = {span(list(sizes))}" if sizes else "along the grid"
    said = f"{over[0].upper()}{over[1:]} the median ratio scales with the exponent {_fitted(exponent.median)}"
    said += f" and its .9 quantile with {_fitted(exponent.upper)}" if exponent.upper else ""
    outcome = _OUTCOMES.get(exponent.outcome, exponent.outcome)
    return f"{said}; the claim allows {exponent.allowed}" + (f": {outcome}." if outcome else ".")


def trajectory(key: str, name: str, curve: Curve) -> Plot | None:
    """Draw the median, a band and the worst of a quantity along the steps of a trajectory."""
    lines = {line: _steps(curve.get(line, ())) for line in ("median", "low", "high", "worst")}
    values = [value for points in lines.values() for _, value in points]
    if not values or max(len(points) for points in lines.values()) < 2:
        return None
    drawn = canvas(2.3)
    log = min(values) > 0
    band = dict(lines["low"])
    both = [(step, band[step], value) for step, value in lines["high"] if step in band]
    if both:
        steps, lows, highs = zip(*both, strict=True)
        drawn.axes.fill_between(steps, lows, highs, color=SERIES[0], alpha=0.2, linewidth=0)
    for line, colour, dashes in (("median", SERIES[0], "-"), ("worst", FAIL, (0, (3, 2)))):
        if lines[line]:
            drawn.axes.plot(*zip(*lines[line], strict=True), color=colour, linewidth=1.3, linestyle=dashes, label=line)
    if log:
        drawn.axes.set_yscale("log")
        low, high = min(values), max(values) if max(values) > min(values) else min(values) * 2
        ticks_of_powers(drawn.axes.yaxis, low * 0.99, high * 1.01, most=5)
    drawn.axes.set_xlabel("step")
    drawn.axes.set_ylabel(label_text(name))
    if lines["median"] and lines["worst"]:
        drawn.axes.legend(frameon=False, fontsize=8, labelcolor=INK)
    told = [
        f"the {line} goes from {figure(lines[line][0][1])} to {figure(lines[line][-1][1])}" for line in ("median", "worst") if lines[line]
    ]
    steps_said = counted(max(step for points in lines.values() for step, _ in points), "step")
    said = f"in {steps_said} {listed(told)}" if told else f"a band over {steps_said}"
    return drawn.finish(key, f"Along the trajectory: {name}", sentence(said))


def _fitted(fit: Fit | None) -> str:
    if fit is None:
        return "not fitted"
    return signed(fit.slope) + (f" (95 % interval {signed(fit.low)} to {signed(fit.high)})" if fit.low is not None else "")


def _column(exponent: Exponent, name: str) -> list[tuple[float, float]]:
    read = [(fields.number(point, "size"), fields.number(point, name)) for point in exponent.points]
    return sorted((size, value) for size, value in read if size and value and _SMALLEST < size < _LARGEST and _SMALLEST < value < _LARGEST)


def _steps(values: Iterable[float]) -> list[tuple[int, float]]:
    return [(step, value) for step, value in enumerate(values) if abs(value) < _LARGEST]
