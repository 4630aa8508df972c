"""A drawing of the proof: every statement a node below what its proof uses, green only where all that it rests on holds too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from lemmata.reports.model import Statement
from lemmata.reports.proof import foundations_first

_WIDTH, _HEIGHT, _GAP, _LEVEL, _MARGIN = 86, 28, 14, 62, 10
_WIDEST_ROW = 11


@dataclass(frozen=True, slots=True)
class Node:
    """A statement in the drawing, by its centre."""

    name: str
    x: float
    y: float


def layered(uses: Mapping[str, Sequence[str]]) -> list[Node]:
    """Place every name below what it uses, near it; names without neighbours come last.

    >>> [(node.name, node.y < 40) for node in layered({"fact": [], "lemma": ["fact"]})]
    [('fact', True), ('lemma', False)]
    """
    used = {other for others in uses.values() for other in others if other in uses}
    linked = [name for name in uses if name in used or any(other in uses for other in uses[name])]
    depth: dict[str, int] = {}
    for name in foundations_first({name: uses[name] for name in linked}):
        depth[name] = 1 + max((depth[other] for other in uses[name] if other in depth), default=-1)
    rows = [[name for name in linked if depth[name] == level] for level in sorted(set(depth.values()))]
    place = _ordered(rows, uses)
    rows = [sorted(row, key=lambda name: place[name]) for row in rows] + [[name for name in uses if name not in depth]]
    rows = [piece for row in rows for piece in _broken(row)]
    widest = max(map(len, rows), default=0)
    nodes = []
    for level, row in enumerate(rows):
        start = _MARGIN + (widest - len(row)) * (_WIDTH + _GAP) / 2 + _WIDTH / 2
        nodes += [Node(name, start + column * (_WIDTH + _GAP), _MARGIN + _HEIGHT / 2 + level * _LEVEL) for column, name in enumerate(row)]
    return nodes


def drawing(statements: Sequence[Statement], everything: Mapping[str, Statement], *, link: str) -> Markup:
    """Draw the proof of a paper as SVG.

    Args:
        statements: of the paper; what they use from elsewhere is drawn too, dashed.
        everything: all statements by id.
        link: what stands before the name of a statement's page.
    """
    here = {statement.id: statement for statement in statements}
    uses: dict[str, list[str]] = {name: [] for statement in statements for name in statement.uses if name not in here}
    uses |= {statement.id: [name for name in statement.uses if name != statement.id] for statement in statements}
    nodes = {node.name: node for node in layered(uses)}
    width = max((node.x for node in nodes.values()), default=0) + _WIDTH / 2 + _MARGIN
    height = max((node.y for node in nodes.values()), default=0) + _HEIGHT / 2 + _MARGIN
    edges = [_edge(nodes[used], nodes[user]) for user, needed in _reduced(uses).items() for used in needed]
    boxes = [_box(node, everything.get(node.name), node.name in here, link) for node in nodes.values()]
    start = Markup('<svg class="proof" role="img" aria-label="{}" viewBox="0 0 {:.0f} {:.0f}" width="{:.0f}" height="{:.0f}">')
    label = f"The proof as a graph of {len(nodes)} statements; the same links stand in the table of statements"
    return Markup("").join([start.format(label, width, height, width, height), *edges, *boxes, Markup("</svg>")])


def _ordered(rows: list[list[str]], uses: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Give every name a place in its row near the places of its neighbours (barycentres, a few sweeps down and up)."""
    users: dict[str, list[str]] = {name: [user for user in uses if name in uses[user]] for row in rows for name in row}
    place = {name: (position + 0.5) / len(row) for row in rows for position, name in enumerate(row)}
    for sweep in range(6):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            neighbours = {
                name: [place[other] for other in (uses[name] if sweep % 2 == 0 else users[name]) if other in place] for name in row
            }
            wish = {name: sum(found) / len(found) if found else place[name] for name, found in neighbours.items()}
            place |= {name: (position + 0.5) / len(row) for position, name in enumerate(sorted(row, key=lambda name: wish[name]))}
    return place


def _broken(row: list[str]) -> list[list[str]]:
    pieces = -(-len(row) // _WIDEST_ROW)
    length = -(-len(row) // pieces) if pieces else 0
    return [row[piece * length : (piece + 1) * length] for piece in range(pieces)]


def _reduced(uses: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Leave out what is used through something else anyway, so that the drawing stays legible."""
    below: dict[str, set[str]] = {}
    for name in foundations_first(uses):
        below[name] = {name}.union(*(below.get(used, {used}) for used in uses[name]))
    return {
        name: [used for used in needed if not any(other != used and used in below.get(other, set()) for other in needed)]
        for name, needed in uses.items()
    }


def _edge(used: Node, user: Node) -> Markup:
    start, end = used.y + _HEIGHT / 2, user.y - _HEIGHT / 2
    bend = max(18.0, abs(end - start) * 0.45)
    path = f"M{used.x:.1f} {start:.1f}C{used.x:.1f} {start + bend:.1f} {user.x:.1f} {end - bend:.1f} {user.x:.1f} {end:.1f}"
    return Markup('<path class="edge" d="{}"/>').format(path)


def _box(node: Node, statement: Statement | None, own: bool, link: str) -> Markup:
    verdict = statement.verdict.replace(" ", "-") if statement else "unknown"
    classes = f"node {verdict}" + (" stands" if statement and statement.stands else "") + ("" if own else " elsewhere")
    said = f"{node.name}: {statement.title} ({statement.verdict})" if statement else f"{node.name}: no such statement was recorded"
    name = node.name if len(node.name) <= 12 else node.name[:11] + "…"
    shape = Markup(
        '<title>{}</title><rect x="{:.1f}" y="{:.1f}" width="{}" height="{}" rx="5"/><text x="{:.1f}" y="{:.1f}">{}</text>'
    ).format(said, node.x - _WIDTH / 2, node.y - _HEIGHT / 2, _WIDTH, _HEIGHT, node.x, node.y + 4, name)
    group = Markup('<g class="{}">{}</g>').format(classes, shape)
    return Markup('<a href="{}{}.html">{}</a>').format(link, statement.page, group) if statement else group
