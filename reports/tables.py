"""Tables of a statement's page. A column in which nothing was recorded is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lemmata.reports.numerals import ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Heads and rows of plain text; the first column is the row's name.

    Attributes:
        caption: what the table shows, for those who do not see its place.
        heads: of the columns.
        rows: as wide as the heads.
        notes: a line below a row's name, by row; empty for none.
    """

    caption: str
    heads: list[str]
    rows: list[list[str]]
    notes: list[str]


def table(
    caption: str,
    names: Sequence[str],
    notes: Sequence[str],
    columns: Mapping[str, Sequence[str]],
) -> Table | None:
    """Lay out columns by their heads; None where there is no row."""
    kept = {head: cells for head, cells in columns.items() if any(cell != ABSENT for cell in cells)}
    if not names:
        return None
    rows = [[name, *(cells[row] for cells in kept.values())] for row, name in enumerate(names)]
    return Table(caption=caption, heads=["", *kept], rows=rows, notes=list(notes))
