"""Judging from a notebook or a prompt: ``lemmata.judge(part)`` returns what shows itself."""

from __future__ import annotations

import html
from typing import Any

from lemmata.harness.explanation import evidence_phrase, measured_phrase
from lemmata.harness.parts import judge_subject
from lemmata.harness.profiles import PROFILES
from lemmata.harness.registry import OnePart, find
from lemmata.harness.run import Run, device_named, dtype_named
from lemmata.harness.statements import Part, Statement, StatementError, Twin
from lemmata.harness.verdicts import BoundVerdict, Outcome

_COLOURS = {"holds": "#1a7f37", "refuted": "#b42318", "error": "#8250df"}
_WIDTH, _HEIGHT, _MARGIN = 460, 120, 34


def judge(
    what: Part[..., Any] | Twin | Statement | OnePart,
    profile: str = "quick",
    *,
    entropy: int = 0,
    device: str = "cpu",
    dtype: str = "float64",
) -> Outcome:
    """Judge a part or a twin, or the only part of a statement; nothing is recorded.

    Args:
        what: as the decorators return it.
        profile: "quick", "default" or "nightly".
        entropy: equal ones draw equal instances and trials.
        device: as in "cpu" or "cuda:0".
        dtype: "float64" or "float32".

    Returns:
        The outcome, which prints itself as a line, and in a notebook with the formula, the
        resolution and a plot of the ratios.

    Raises:
        StatementError: it is a statement of several parts, or the profile is unknown.
        RunError: there is no such device or dtype.
    """
    if isinstance(what, OnePart):
        what = what.statement
    if isinstance(what, Statement):
        if len(what.parts) != 1:
            names = ", ".join(part.id for part in what.parts) or "it has none yet"
            raise StatementError(f"{what.id} is judged part by part: {names}")
        what = what.parts[0]
    if profile not in PROFILES:
        raise StatementError(f"{profile!r} is no profile: name {', '.join(PROFILES)}")
    run = Run(
        profile=PROFILES[profile],
        entropy=entropy,
        device=device_named(device),
        dtype=dtype_named(dtype),
    )
    return judge_subject(run, what)


def as_html(outcome: Outcome) -> str:
    """Return an outcome as a piece of HTML: formula, verdict, resolution, ratios."""
    colour = _COLOURS.get(outcome.verdict, "#6e7781")
    basis = f" ({outcome.basis})" if outcome.basis else ""
    lines = [
        (
            f"<strong>{html.escape(outcome.subject)}</strong> "
            f'<span style="color:{colour}"><strong>{outcome.verdict}</strong>{basis}</span>'
        )
    ]
    lines += [html.escape(says)] if (says := _says(outcome.subject)) else []
    lines += [html.escape(outcome.resolution)] if outcome.resolution else []
    if outcome.refutation is not None:
        lines.append(html.escape(f"at {outcome.refutation.at.place.words}"))
        lines.append(html.escape(measured_phrase(outcome.refutation)))
        lines.append(html.escape(evidence_phrase(outcome.refutation)))
    if outcome.failure is not None:
        lines.append(html.escape(outcome.failure.text))
    lines += [html.escape(words) for words in (*outcome.words, outcome.begins) if words]
    return f"<div>{'<br>'.join(lines)}{_ratios(outcome)}</div>"


def _says(subject: str) -> str:
    try:
        found = find(subject)
    except StatementError:
        return ""
    return found.says


def _ratios(outcome: Outcome) -> str:
    """Draw the median and the worst ratio of each instance against the threshold, as SVG."""
    bounds = [one for one in outcome.specimens if isinstance(one, BoundVerdict)]
    if not bounds:
        return ""
    ends = [(one.median_ratio / one.threshold, one.worst.ratio / one.threshold) for one in bounds]
    top = max(1.1, *(min(worst, 10.0) for _, worst in ends))
    step = (_WIDTH - 2 * _MARGIN) / len(ends)

    def y(ratio: float) -> float:
        return _HEIGHT - _MARGIN / 2 - (_HEIGHT - _MARGIN) * min(max(ratio, 0.0), top) / top

    pieces = [
        (
            f'<line x1="{_MARGIN}" x2="{_WIDTH - _MARGIN}" y1="{y(1):.1f}" y2="{y(1):.1f}" '
            'stroke="#b42318" stroke-dasharray="4 3"/>'
        ),
        f'<text x="2" y="{y(1) + 4:.1f}" font-size="11">claim</text>',
    ]
    for place, (median, worst) in enumerate(ends):
        x = _MARGIN + (place + 0.5) * step
        pieces.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y(median):.1f}" y2="{y(worst):.1f}" '
            f'stroke="#57606a" stroke-width="6"><title>median {median:.3g}, worst {worst:.3g}'
            "</title></line>"
        )
    label = "ratios of measured to claimed, median to worst, for each instance"
    return (
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" role="img" aria-label="{label}">'
        f"{''.join(pieces)}</svg>"
    )
