"""What a statement's page shows, as values that can be compared: the key to drawing it again."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from lemmata.reports.model import Part, Statement
from lemmata.reports.pages import Context


def shown_on(statement: Statement, context: Context) -> Any:
    """Collect all that a statement's page shows: where none of it changed, the page is the same."""
    near = {*statement.uses, *statement.used_by, *statement.rests_on}
    own = {part.id for part in statement.parts}
    return {
        "statement": _fields(statement, without={"parts"}),
        "parts": [
            {
                "part": _fields(part, without={"run", "history"}),
                "run": (part.run.name, part.run.when, part.levels) if part.run else None,
                "past": [
                    (past.run.name, past.run.when, past.same_code, past.verdict.outcome.verdict,
                     past.verdict.outcome.basis, past.verdict.outcome.resolution)
                    for past in part.history
                ],
            }
            for part in statement.parts
        ],
        "near": [
            (one.id, one.page, one.title, one.verdict, one.paper, one.uses, one.stands)
            for one in map(context.everything.get, sorted(near)) if one
        ],
        "context": (context.paper_pages, context.levels, context.history),
        "together": [
            (title, [(part.id, part.title, slope) for part, slope in members])
            for title, members in context.beside.items()
            if any(part.id in own for part, _ in members)
        ],
    }  # fmt: skip


def _fields(value: Statement | Part, without: set[str]) -> dict[str, Any]:
    return {f.name: getattr(value, f.name) for f in fields(value) if f.name not in without}
