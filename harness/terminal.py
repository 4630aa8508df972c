"""The terminal summary: verdicts by paper, as lines of text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lemmata.harness.schema import DeclaredStatement

VERDICTS = ("holds", "refuted", "undecided", "underpowered", "vacuous", "untested", "error")
NO_VERDICT = "no verdict"


def summary(
    lines: Sequence[Mapping[str, Any]], statements: Iterable[DeclaredStatement]
) -> list[str]:
    """Lay out a table with a row a paper.

    Args:
        lines: of each judged part and twin its subject, paper, verdict, whether it is as expected,
            trials and seconds.
        statements: the recorded statements, for those that are not tested.
    """
    untested = Counter(made.paper for made in statements if not made.tested)
    papers = list(dict.fromkeys([line["paper"] for line in lines] + list(untested)))
    # Skipped, out of time, or its process died: what was collected and has no verdict.
    lost = [NO_VERDICT] if any(not line["verdict"] and not line["twin"] for line in lines) else []
    columns = [*VERDICTS, *lost]
    header = ["", "parts", *columns, "as expected", "twins refuted", "trials", "seconds"]
    rows = [
        _row(paper, [line for line in lines if line["paper"] == paper], untested[paper], columns)
        for paper in papers
    ]
    return _laid_out([header, *rows])


def _row(
    paper: str, lines: Sequence[Mapping[str, Any]], untested: int, columns: Sequence[str]
) -> list[str]:
    parts = [line for line in lines if not line["twin"]]
    twins = [line for line in lines if line["twin"]]
    counts = Counter(line["verdict"] or NO_VERDICT for line in parts)
    counts["untested"] += untested
    return [
        paper,
        str(len(parts)),
        *(str(counts[verdict] or ".") for verdict in columns),
        f"{sum(line['as_expected'] for line in parts)}/{len(parts)}",
        f"{sum(line['verdict'] == 'refuted' for line in twins)}/{len(twins)}",
        f"{sum(line['trials'] for line in lines):,}",
        f"{sum(line['seconds'] for line in lines):.1f}",
    ]


def _laid_out(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True)),
            ]
        )
        for row in rows
    ]
