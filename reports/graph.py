"""A drawing of the proof.

Every statement a box below what its proof uses, green only where all that it rests on holds too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from markupsafe import Markup

from lemmata.reports.layout import layered
from lemmata.reports.model import Statement
from lemmata.reports.proof import reduced

_WIDTH, _HEIGHT, _STEP, _LEVEL, _MARGIN = 84, 28, 98, 58, 8


def ancestors(made: Statement, everything: Mapping[str, Statement]) -> Markup:
    """Draw what a statement rests on, down to itself; nothing where it rests on nothing."""
    if not made.rests_on:
        return Markup("")
    above = [everything[name] for name in made.rests_on if name in everything]
    return drawing([*above, made], everything, link="", paper=made.paper, at=made.id)


def drawing(
    statements: Sequence[Statement],
    everything: Mapping[str, Statement],
    *,
    link: str,
    paper: str,
    at: str = "",
) -> Markup:
    """Draw statements and what they use as SVG.

    Args:
        statements: to draw; what they use is drawn too.
        everything: all statements by id.
        link: what stands before the name of a statement's page.
        paper: whose statements are at home; others are dashed.
        at: the statement that the drawing is of, which is marked.
    """
    here = {statement.id: statement for statement in statements}
    uses: dict[str, list[str]] = {
        name: [] for statement in statements for name in statement.uses if name not in here
    }
    uses |= {
        statement.id: [name for name in statement.uses if name != statement.id]
        for statement in statements
    }
    layout = layered(reduced(uses))
    lines = [_line(points, layout.places[used][1]) for (used, _), points in layout.lines.items()]
    boxes = [
        _box(name, place, everything.get(name), paper, link, at)
        for name, place in layout.places.items()
    ]
    across = [
        0.0,
        *(x for x, _ in layout.places.values()),
        *(x for points in layout.lines.values() for x in points),
    ]
    width = max(across) * _STEP + _WIDTH + 2 * _MARGIN
    height = (
        max((row for _, row in layout.places.values()), default=0) * _LEVEL + _HEIGHT + 2 * _MARGIN
    )
    label = f"A graph of {len(boxes)} statements, each below what its proof uses"
    start = Markup(
        '<svg class="proof" role="group" aria-label="{}" viewBox="0 0 {:.0f} {:.0f}" '
        'width="{:.0f}" height="{:.0f}">'
    )
    return Markup("").join(
        [start.format(label, width, height, width, height), *lines, *boxes, Markup("</svg>")]
    )


def _x(across: float) -> float:
    return _MARGIN + _WIDTH / 2 + across * _STEP


def _line(points: Sequence[float], row: int) -> Markup:
    """Draw a line from row to row.

    A curve between two rows, straight past the boxes of those between.
    """
    bottom, half = _MARGIN + row * _LEVEL + _HEIGHT, (_LEVEL - _HEIGHT) / 2
    path = f"M{_x(points[0]):.1f} {bottom}"
    for passed, (start, end) in enumerate(pairwise(points)):
        y = bottom + passed * _LEVEL
        path += f"C{_x(start):.1f} {y + half} {_x(end):.1f} {y + half} {_x(end):.1f} {y + 2 * half}"
        path += f"V{y + _LEVEL}" if passed < len(points) - 2 else ""
    return Markup('<path class="edge" d="{}"/>').format(path)


def _box(
    name: str,
    place: tuple[float, int],
    statement: Statement | None,
    paper: str,
    link: str,
    at: str,
) -> Markup:
    x, y = _x(place[0]), _MARGIN + place[1] * _LEVEL + _HEIGHT / 2
    verdict = statement.verdict.replace(" ", "-") if statement else "unknown"
    classes = (
        f"node {verdict}"
        + (" stands" if statement and statement.stands else "")
        + ("" if statement and statement.paper == paper else " elsewhere")
        + (" at" if name == at else "")
    )
    said = (
        f"{name}: {statement.title} ({statement.verdict})"
        if statement
        else f"{name}: no such statement was recorded"
    )
    short = name if len(name) <= 11 else name[:10] + "…"
    shape = Markup(
        '<title>{}</title><rect x="{:.1f}" y="{:.1f}" width="{}" height="{}" rx="5"/>'
        '<text x="{:.1f}" y="{:.1f}">{}</text>'
    ).format(said, x - _WIDTH / 2, y - _HEIGHT / 2, _WIDTH, _HEIGHT, x, y + 4, short)
    group = Markup('<g class="{}">{}</g>').format(classes, shape)
    return (
        Markup('<a href="{}{}.html" aria-label="{}">{}</a>').format(
            link, statement.page, said, group
        )
        if statement
        else group
    )
