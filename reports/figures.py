"""From a matplotlib figure to an SVG that is part of the page.

Its text is text, its colours are the page's, its ids are nobody else's.
"""

from __future__ import annotations

import io
import math
import re
from dataclasses import dataclass
from typing import Any, Final

import matplotlib as mpl
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

INK: Final = "#010101"
FAINT: Final = "#020202"
CLAIM: Final = "#030303"
SERIES: Final = ("#040404", "#050505", "#060606")
SEARCH: Final = "#070707"
FAIL: Final = "#080808"
_VARIABLES = {INK: "ink", FAINT: "faint", CLAIM: "claim", SEARCH: "search", FAIL: "refuted"} | {
    colour: f"series-{number}" for number, colour in enumerate(SERIES, 1)
}
_STYLE: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",
    "font.size": 8.5,
    "text.color": INK,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.color": FAINT,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "path.simplify": True,
}

_STEPS = ((1,), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 7), tuple(step / 10 for step in range(10, 100)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A drawing ready for the page.

    Attributes:
        title: what it shows.
        caption: what it says, with the numbers, in words.
        svg: the drawing.
    """

    title: str
    caption: str
    svg: Markup


@dataclass(frozen=True, slots=True)
class Canvas:
    """A figure of one axes that is being drawn."""

    figure: Figure
    axes: Axes

    def finish(self, key: str, title: str, caption: str) -> Plot:
        """Turn the figure into a plot.

        Args:
            key: unique on its page; becomes a part of ids.
            title: what it shows.
            caption: what it says.
        """
        with mpl.rc_context({**_STYLE, "svg.hashsalt": key}):
            written = io.StringIO()
            self.figure.savefig(written, format="svg", transparent=True, metadata={"Date": None})
        return Plot(
            title=title,
            caption=caption,
            svg=_for_the_page(written.getvalue(), key, f"{title}. {caption}"),
        )


def canvas(
    height: float = 2.5,
    *,
    width: float = 5.2,
    left: float = 0.62,
    bottom: float = 0.46,
    top: float = 0.14,
) -> Canvas:
    """Start a figure; sizes and margins in inches."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, height))
        axes = figure.add_axes(
            (left / width, bottom / height, 1 - (left + 0.12) / width, 1 - (bottom + top) / height)
        )
    return Canvas(figure, axes)


def legend_above(axes: Axes, columns: int | None = None) -> None:
    """Put the legend above the axes, where it covers no data.

    Leave 0.34 inches for it, or 0.17 a row.
    """
    entries = len(axes.get_legend_handles_labels()[1])
    columns = columns or (3 if entries in {3, 5, 6} else 2 if entries < 5 else 4)
    axes.legend(
        frameon=False, fontsize=8, labelcolor=INK, ncols=columns, loc="lower left",
        bbox_to_anchor=(0, 1), borderaxespad=0.2, handlelength=1.6, columnspacing=1.4,
        labelspacing=0.25, borderpad=0,
    )  # fmt: skip


def ticks_of_powers(axis: Axis, low: float, high: float, *, most: int = 6) -> None:
    """Put ticks at powers of ten, or at round multiples of them where the range is short.

    Logarithmic axes are linear ones on which decimal logarithms are drawn: matplotlib's own take
    twice the time.

    Args:
        axis: on which decimal logarithms are drawn.
        low: the smallest value shown, not its logarithm.
        high: the largest.
        most: how many ticks at most.
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks: list[float] = []
    for steps in _STEPS:
        ticks = [
            step * 10.0**power
            for power in powers
            for step in steps
            if low <= step * 10.0**power <= high
        ]
        if len(ticks) >= 3:
            break
    ticks = ticks[:: max(1, math.ceil(len(ticks) / most))]
    axis.set_ticks([math.log10(tick) for tick in ticks], [_tick(tick) for tick in ticks])


def few_ticks(axis: Axis) -> None:
    """Put four or five ticks on a linear axis."""
    axis.set_major_locator(MaxNLocator(4))


def label_text(words: str, most: int = 40) -> str:
    """Shorten a name for an axis or a legend, drop what cannot be printed, and keep matplotlib
    from reading formulas in it.
    """
    return "".join(filter(str.isprintable, words))[:most].replace("$", r"\$")


def _tick(value: float) -> str:
    power = round(math.log10(value), 9)
    if power == int(power) and not -3 <= power <= 4:
        return "10" + str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{value:.12g}" if -3 <= power <= 5 else f"{value:.0e}"


def _for_the_page(svg: str, key: str, label: str) -> Markup:
    svg = svg[svg.index("<svg") :]
    svg = re.sub(
        r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>|<!--.*?-->", "", svg, flags=re.DOTALL
    )
    svg = re.sub(r"<defs>\s*</defs>", "", svg)
    used = set(re.findall(r"[\"(]#([\w-]+)[\")]", svg))
    prefix = re.sub(r"\W+", "-", key)
    svg = re.sub(
        r' id="([^"]*)"',
        lambda found: f' id="{prefix}-{found[1]}"' if found[1] in used else "",
        svg,
    )
    svg = re.sub(
        r"([\"(])#([\w-]+)([\")])",
        lambda found: f"{found[1]}#{prefix}-{found[2]}{found[3]}" if found[2] in used else found[0],
        svg,
    )
    for colour, name in _VARIABLES.items():
        svg = svg.replace(colour, f"var(--{name})")
    svg = re.sub(r"font: ([\d.]+px)[^;\"]*", r"font-size: \1", svg)
    svg = re.sub(r"font-family: [^;\"]*;? ?", "", svg)
    svg = re.sub(r"\s*\n\s*", " ", svg)
    opening = re.match(r"<svg[^>]*?viewBox=\"([^\"]*)\"[^>]*>", svg)
    box = opening[1] if opening else "0 0 374 180"
    width = box.split()[2]
    start = (
        f'<svg class="plot" role="img" aria-label="{escape(label)}" viewBox="{box}" '
        f'width="{width}" xmlns:xlink="http://www.w3.org/1999/xlink">'
    )
    return Markup(start + svg[opening.end() if opening else 4 :])  # noqa: S704 - matplotlib escapes its texts
