"""Building the report.

Read the records, render the pages, write them into a folder that opens from a file manager.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from lemmata.harness.codec import to_plain
from lemmata.harness.records import RecordsError
from lemmata.reports import looseness, outputs
from lemmata.reports.assembly import assemble
from lemmata.reports.changes import Changes, changes
from lemmata.reports.markdown import as_markdown
from lemmata.reports.model import Library, Statement
from lemmata.reports.pages import (
    STYLE_SHEET,
    Context,
    findings_page,
    history_page,
    index_page,
    looseness_page,
    paper_page,
    regimes_page,
    statement_page,
)
from lemmata.reports.rendering import Page, write, write_changed
from lemmata.reports.runs import read_runs
from lemmata.reports.shown import shown_on


class ReportError(Exception):
    """A report that cannot be built, in one sentence."""


def build_report(records: Path | list[Path], out: Path, before: Path | None = None) -> Path:
    """Build the report of one run or several and return its first page.

    Args:
        records: a run's folder, a folder of runs, or several of either.
        out: the folder to write; pages of the same name are replaced, nothing else there is
            touched.
        before: the folder of an earlier run, which the latest is compared with.

    Raises:
        ReportError: there are no records, nothing in them can be shown, or the folder cannot be
            written.
    """
    library, since = _read(records, before)
    context = Context.of(library)
    try:
        for folder in (out / "statements", out / "papers"):
            folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(STYLE_SHEET, out / "report.css")
        write_changed([_page(statement, context) for statement in library.statements], out)
        for paper in library.papers:
            _write(out / "papers" / f"{paper.page}.html", paper_page(paper, library))
        _write(out / "findings.html", findings_page(library))
        _write(out / "looseness.html", looseness_page(library))
        _write(out / "regimes.html", regimes_page(library))
        if context.history:
            _write(out / "history.html", history_page(library))
        losses = [*looseness.exponents(library), *looseness.constants(library)]
        _write(out / "looseness.csv", looseness.as_csv(losses))
        rows = json.dumps(to_plain([loss.row() for loss in losses]), indent=1, ensure_ascii=False)
        _write(out / "looseness.json", rows + "\n")
        return _write(out / "index.html", index_page(library, since))
    except ModuleNotFoundError as problem:
        raise ReportError(
            f"the drawings need {problem.name}: pip install 'lemmata[report]'"
        ) from problem
    except OSError as problem:
        raise ReportError(
            f"the report cannot be written to {out}: {problem.strerror}; name another folder"
        ) from problem


def written_report(
    records: Path | list[Path],
    form: str,
    before: Path | None = None,
) -> str:
    """Give the report of one run or several as text.

    Args:
        records, before: as of `build_report`.
        form: a row a part ("json", "csv"), or a summary that fits a comment ("markdown").

    Raises:
        ReportError: there are no records, nothing in them can be shown, or there is no such form.
    """
    library, since = _read(records, before)
    if form == "json":
        return outputs.as_json(library, since)
    if form == "csv":
        return outputs.as_csv(library)
    if form == "markdown":
        return as_markdown(library, since)
    raise ReportError(f"there is no form {form!r}: json, csv and markdown are")


def _read(records: Path | list[Path], before: Path | None) -> tuple[Library, Changes | None]:
    try:
        read = read_runs([records] if isinstance(records, Path) else list(records))
        earlier = read_runs([before]).runs[0] if before else None
    except RecordsError as problem:
        raise ReportError(str(problem)) from problem
    library = assemble(read)
    if not library.statements:
        names = ", ".join(run.name for run in read.runs)
        raise ReportError(
            f"there is nothing to show: the runs {names} recorded no statement, block or verdict; "
            "run `lemmata check` again"
        )
    return library, changes(library, earlier) if earlier else None


def _page(statement: Statement, context: Context) -> Page:
    return Page(
        name=f"statements/{statement.page}.html",
        shows=shown_on(statement, context),
        make=lambda: statement_page(statement, context),
    )


def _write(path: Path, page: str) -> Path:
    write(path, page)
    return path
