"""Drawings of failures and ratios, each with a caption that says the numbers in words.

None where there is nothing to draw.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from lemmata.harness.histogram import BINS_PER_DECADE
from lemmata.reports.blocks import SEARCHED, Ratios
from lemmata.reports.evidence import Specimen
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


def failures(key: str, specimens: Sequence[tuple[str, Specimen, bool]]) -> Plot | None:
    """Draw how often trials failed, with 95 % intervals, against the claimed probability.

    Args:
        key: unique on the page.
        specimens: a label, the specimen, and whether it belongs to a twin.
    """
    rows = [
        (label, one, twin)
        for label, one, twin in specimens
        if one.trials and one.failures is not None and one.interval
    ]
    if not any(one.claimed is not None for _, one, twin in rows if not twin):
        return None
    drawn = canvas(0.62 + 0.25 * len(rows), left=0.95)
    axes, said = drawn.axes, []
    largest = 0.0
    for height, (_, one, twin) in enumerate(reversed(rows)):
        assert one.trials and one.failures is not None and one.interval  # noqa: PT018 - the rows were chosen so
        rate, colour = one.failures / one.trials, SEARCH if twin else SERIES[0]
        axes.plot(
            one.interval, [height, height], color=colour, linewidth=1.6, solid_capstyle="butt"
        )
        axes.plot(
            [rate],
            [height],
            "o",
            color=colour,
            markersize=4.5,
            fillstyle="none" if twin else "full",
        )
        largest = max(largest, one.interval[1], one.claimed or 0.0)
        if one.claimed is not None and math.isfinite(one.claimed):
            axes.plot([one.claimed] * 2, [height - 0.36, height + 0.36], color=CLAIM, linewidth=1.6)
        if one.level is not None and math.isfinite(one.level):
            axes.plot(
                [one.level] * 2,
                [height - 0.36, height + 0.36],
                color=CLAIM,
                linewidth=0.9,
                linestyle=(0, (2, 2)),
            )
            largest = max(largest, one.level)
    for label, one, twin in rows:
        if not twin and one.interval:
            bounds = f"{figure(one.interval[0], 2)} to {figure(one.interval[1], 2)}"
            failed = share(one.failures or 0, one.trials or 0)
            said.append(
                f"{label} failed in {failed} trials (95 % interval {bounds}, claimed {figure(one.claimed)})"
            )
    few_ticks(axes.xaxis)
    axes.set_yticks(range(len(rows)), [label for label, _, _ in reversed(rows)])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlim(-0.02 * min(1.0, largest), min(1.02, max(largest * 1.08, 1e-6)))
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("probability that a trial fails")
    marks = "Upright strokes mark what is claimed, dashed ones what was certified; hollow points "
    "are twins, which have to fail."
    return drawn.finish(key, "How often trials failed", f"{sentence('; '.join(said))} {marks}")


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
        where = f"between {figure(_edge(min(one.counts)), 2)} and {figure(_edge(max(one.counts) + 1), 2)}"
        said.append(
            f"{one.label}: {counted(total, 'ratio')} {where}, {counted(one.failures, 'failing trial')}"
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
