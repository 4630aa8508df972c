"""The report in other forms: a row a part as JSON or CSV, for programs."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from lemmata.harness.codec import to_plain
from lemmata.reports import rows, summary
from lemmata.reports.changes import Changes
from lemmata.reports.model import Library, Part, Statement


def part_row(made: Statement, part: Part) -> dict[str, Any]:
    """Write what is known of a part as plain data; what does not apply is None."""
    outcome, failing = part.outcome, rows.failing([part])
    refutation = outcome.refutation if outcome else None
    return {
        "statement": made.id,
        "part": part.id,
        "paper": made.paper,
        "place": part.declared.source or made.declared.place,
        "title": part.title,
        "kind": part.declared.claim,
        "provenance": part.declared.provenance,
        "verdict": part.verdict,
        "expect": part.declared.expect,
        "as_declared": part.judged is not None and part.verdict == part.declared.expect,
        "basis": part.basis or None,
        "resolution": part.resolution or None,
        "inside_hypothesis": sorted({one for one in part.inside if one is not None}),
        "trials": outcome.trials if outcome else None,
        "failures": failing.failures if failing else None,
        "failures_of": failing.trials if failing else None,
        "claimed_failure": failing.claimed if failing else None,
        "failure_below": failing.bound if failing else None,
        "worst_ratio": part.worst_ratio,
        "exponents": [
            {
                "variable": slope.grid.variable,
                "growth": slope.grid.growth,
                "claimed": slope.bound.exponent if slope.bound else None,
                "measured": slope.measured.exponent if slope.measured else None,
                "ratio": slope.median.exponent,
            }
            for slope in part.slopes
        ],
        "twins": len(part.twins),
        "twins_refuted": sum(twin.refuted for twin in part.twins),
        "rests_on_unsettled": [name for name, _ in made.unsettled],
        "seconds": outcome.seconds if outcome else None,
        "replay": f"lemmata replay {refutation.at.token}"
        if refutation and refutation.at.token
        else None,
        "code": made.source.words if made.source else None,
    }


def as_json(library: Library, since: Changes | None = None) -> str:
    """Write the run, what changed, and a row a part as one JSON object."""
    run = library.runs[0]
    changed = {
        "before": since.before.name,
        "compared": since.compared,
        "verdicts": since.verdicts,
        "drifted": since.drifted,
        "appeared": since.appeared,
        "gone": since.gone,
    } if since else None  # fmt: skip
    untested = [made.id for made in library.statements if not made.parts]
    whole = {
        "run": {"name": run.name, **dict(summary.trust(library))},
        "warnings": summary.warnings(library),
        "since": changed,
        "parts": [part_row(made, part) for made in library.statements for part in made.parts],
        "untested": untested,
    }
    return json.dumps(to_plain(whole), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def as_csv(library: Library) -> str:
    """Write a row a part as CSV with a head: lists are separated by spaces, None is empty."""
    found = [part_row(made, part) for made in library.statements for part in made.parts]
    if not found:
        return ""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(found[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in found)
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return " ".join(map(_cell, value))
    if isinstance(value, dict):
        return f"{value['variable']}:{value['claimed']}:{value['measured']}:{value['ratio']}"
    return str(value) if isinstance(value, bool) else value
