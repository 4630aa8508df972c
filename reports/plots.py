"""Drawings of failures and ratios, each with a caption that says the numbers in words.

None where there is nothing to draw.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes

from lemmata.harness.histogram import BINS_PER_DECADE
from lemmata.harness.verdicts import BoundVerdict
from lemmata.reports.blocks import SEARCHED, Ratios
from lemmata.reports.figures import (
    CLAIM,
    FAIL,
    SEARCH,
    SERIES,
    Plot,
    canvas,
    few_ticks,
    legend_above,
    ticks_of_powers,
)
from lemmata.reports.numerals import counted, figure, sentence, share

_LARGEST = 1e30


def failures(key: str, bounds: Sequence[tuple[str, BoundVerdict, bool]]) -> Plot | None:
    """Draw how often trials failed, with 95 % intervals, against the claimed probability.

    Args:
        key: unique on the page.
        bounds: a label, the verdict, and whether it belongs to a twin.
    """
    rows = [row for row in bounds if row[1].trials > 0 and row[1].claimed is not None]
    if not any(not twin for _, _, twin in rows):
        return None
    drawn = canvas(0.62 + 0.25 * len(rows), left=1.35)
    axes, said = drawn.axes, []
    largest = 0.0
    for height, (label, one, twin) in enumerate(reversed(rows)):
        rate, colour = one.failures / one.trials, SEARCH if twin else SERIES[0]
        reach = (one.low, one.high)
        claimed = one.claimed or 0.0
        axes.plot(reach, [height, height], color=colour, linewidth=1.6, solid_capstyle="butt")
        axes.plot(
            [rate],
            [height],
            "o",
            color=colour,
            markersize=4.5,
            fillstyle="none" if twin else "full",
        )
        _stroke(axes, claimed, height, linewidth=1.6)
        if one.level is not None:
            _stroke(axes, one.level, height, linewidth=0.9, linestyle=(0, (2, 2)))
        largest = max(largest, *filter(math.isfinite, (one.high, claimed, one.level or 0.0)))
        if not twin:
            bounds_said = f"{figure(one.low, 2)} to {figure(one.high, 2)}"
            certified = f", at most {figure(one.level)} certified" if one.level is not None else ""
            said.append(
                f"{label} failed in {share(one.failures, one.trials)} trials (95 % interval "
                f"{bounds_said}, claimed {figure(claimed)}{certified})"
            )
    few_ticks(axes.xaxis)
    axes.set_yticks(range(len(rows)), [label for label, _, _ in reversed(rows)])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlim(-0.02 * min(1.0, largest), min(1.02, max(largest * 1.08, 1e-6)))
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("probability that a trial fails")
    marks = "Upright strokes mark what is claimed, dashed ones what was certified; hollow points "
    marks += "are twins, which have to fail."
    said.reverse()
    return drawn.finish(key, "How often trials failed", f"{sentence('; '.join(said))} {marks}")


def _stroke(axes: Axes, place: float, height: float, **style: Any) -> None:
    if math.isfinite(place):
        axes.plot([place] * 2, [height - 0.36, height + 0.36], color=CLAIM, **style)


def ratios(key: str, distributions: Sequence[Ratios], threshold: float | None) -> Plot | None:
    """Draw the ratios' distributions in the records' own bins, with the threshold."""
    shown = [one for one in distributions if one.counts][-4:]
    if not shown:
        return None
    limit = threshold if threshold is not None and 0 < threshold < _LARGEST else 1.0
    bins = [index for one in shown for index in one.counts if -390 < index < 390]
    edge = math.floor(BINS_PER_DECADE * math.log10(limit))
    low, high = max(min([*bins, edge]) - 2, edge - 400), max([*bins, edge]) + 3
    edges = [index / BINS_PER_DECADE for index in range(low, high + 1)]
    drawn = canvas(2.5, top=0.42 if len(shown) > 1 else 0.14)
    colours, said = iter(SERIES * 2), []
    for one in shown:
        total, searched = sum(one.counts.values()), one.label == SEARCHED
        heights = [one.counts.get(index, 0) / total for index in range(low, high)]
        colour = SEARCH if searched else next(colours)
        drawn.axes.stairs(heights, edges, color=colour, fill=True, alpha=0.10 if searched else 0.22)
        drawn.axes.stairs(heights, edges, color=colour, linewidth=1.0, label=one.label)
        low_said, high_said = _edge(min(one.counts)), _edge(max(one.counts) + 1)
        if not one.failures:  # the last bin reaches beyond what was met
            high_said = min(high_said, limit)
        said.append(
            f"{one.label}: {counted(total, 'ratio')} between {figure(low_said, 2)} and "
            f"{figure(high_said, 2)}, {counted(one.failures, 'failing trial')}"
        )
    drawn.axes.axvline(math.log10(limit), color=FAIL, linewidth=1.0, linestyle=(0, (4, 2)))
    drawn.axes.set_xlim(edges[0], edges[-1])
    ticks_of_powers(drawn.axes.xaxis, _edge(low), _edge(high))
    few_ticks(drawn.axes.yaxis)
    drawn.axes.set_xlabel(f"ratio; a trial fails to the right of {figure(limit)}")
    drawn.axes.set_ylabel("share of trials")
    if len(shown) > 1:
        legend_above(drawn.axes)
    return drawn.finish(
        key, "How the ratio of the two sides is distributed", sentence("; ".join(said))
    )


def _edge(index: int) -> float:
    return float(10.0 ** (index / BINS_PER_DECADE))
