"""Small drawings in a line of text: a ratio as a bar, a series of runs as a line."""

from __future__ import annotations

import math

from markupsafe import Markup

from lemmata.reports.history import Series
from lemmata.reports.numerals import counted, figure

_DECADES_BELOW, _DECADES_ABOVE = 3, 1
_WIDTH, _HEIGHT, _MARGIN = 96.0, 18.0, 3.0


def tightness(ratio: float | None) -> Markup:
    """Draw a ratio over its threshold as a bar on a logarithmic scale from 1/1000 to 10, with a
    stroke at the threshold.
    """
    if ratio is None or math.isnan(ratio):
        return Markup('<span class="none">–</span>')
    width, decades = 96.0, _DECADES_BELOW + _DECADES_ABOVE
    threshold = width * _DECADES_BELOW / decades
    logarithm = math.log10(ratio) if 0 < ratio < math.inf else math.inf if ratio > 0 else -math.inf
    end = width * min(1.0, max(0.01, (logarithm + _DECADES_BELOW) / decades))
    bars = [
        Markup('<rect class="within" x="0" y="3" width="{:.1f}" height="6"/>').format(
            min(end, threshold)
        )
    ]
    if end > threshold:
        bars.append(
            Markup('<rect class="beyond" x="{:.1f}" y="3" width="{:.1f}" height="6"/>').format(
                threshold, end - threshold
            )
        )
    said = f"worst ratio {figure(ratio)} of the threshold"
    return Markup(
        '<span class="tightness"><svg viewBox="0 0 96 12" width="96" height="12" role="img" '
        'aria-label="{}"><title>{}</title>{}'
        '<path class="limit" d="M{:.1f} 0V12"/></svg> <span>{}</span></span>'
    ).format(said, said, Markup("").join(bars), threshold, figure(ratio, 2))


def sparkline(series: Series | None) -> Markup:
    """Draw the worst ratios of a part over its runs, on a logarithmic scale, with a stroke at the
    threshold where it is in sight and a dot at each change of verdict; nothing for fewer than two.
    """
    if series is None or len(series.seen) < 2 or not series.ratios:
        return Markup("")
    heights = [
        math.log10(one.ratio) if one.ratio and math.isfinite(one.ratio) else None
        for one in series.seen
    ]
    known = [height for height in heights if height is not None]
    low, high = min(known), max(known)
    middle, half = (low + high) / 2, max((high - low) / 2, 0.05)
    step = (_WIDTH - 2 * _MARGIN) / (len(heights) - 1)

    def across(place: int) -> float:
        return _MARGIN + place * step

    def down(height: float) -> float:
        return _HEIGHT / 2 - (height - middle) / half * (_HEIGHT / 2 - _MARGIN)

    path = " ".join(
        f"{across(place):.1f},{down(height):.1f}"
        for place, height in enumerate(heights)
        if height is not None
    )
    turned = {id(new) for _, new in series.turns}
    dots = [
        Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="2.4"/>').format(
            one.verdict.replace(" ", "-"), across(place), down(middle if height is None else height)
        )
        for place, (one, height) in enumerate(zip(series.seen, heights, strict=True))
        if id(one) in turned or place == len(heights) - 1
    ]
    limit = (
        Markup('<path class="limit" d="M0 {:.1f}H{}"/>').format(down(0.0), _WIDTH)
        if middle - half <= 0.0 <= middle + half
        else Markup("")
    )
    turns = len(series.turns)
    said = f"{counted(len(series.seen), 'run')}, worst ratio {series.words}" + (
        f"; the verdict changed {counted(turns, 'time')}" if turns else ""
    )
    return Markup(
        '<svg class="spark" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" '
        'aria-label="{2}"><title>{2}</title>{3}<polyline points="{4}"/>{5}</svg>'
    ).format(f"{_WIDTH:.0f}", f"{_HEIGHT:.0f}", said, limit, path, Markup("").join(dots))
