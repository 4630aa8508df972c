"""`lemmata report`: records to HTML, JSON, CSV or Markdown."""

from __future__ import annotations

import enum
import sys
from pathlib import Path
from typing import Annotated

import typer

from lemmata.checking import RECORDS
from lemmata.loading import fail


class Form(enum.StrEnum):
    """What a report is written as."""

    HTML = "html"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


def report(
    records: Annotated[
        Path, typer.Option(help="folder of records: of one run, or of several")
    ] = RECORDS,
    out: Annotated[Path, typer.Option(help="where the pages go")] = Path("build/report"),
    every: Annotated[
        bool,
        typer.Option("--all-runs", help="the history of all runs in place of the latest run alone"),
    ] = False,
    compare: Annotated[
        Path | None,
        typer.Option(
            help="an earlier run to compare with; by default the one before of its profile"
        ),
    ] = None,
    form: Annotated[
        Form,
        typer.Option(
            "--format",
            help="pages, or, to the standard output, a row a part or a summary for a comment",
        ),
    ] = Form.HTML,
    open_it: Annotated[bool, typer.Option("--open", help="show it in a browser")] = False,
    serve_it: Annotated[
        bool, typer.Option("--serve", help="serve it on this machine's own address until Ctrl-C")
    ] = False,
    port: Annotated[int, typer.Option(help="of --serve; 0 for any that is free")] = 0,
) -> None:
    """Turn records into HTML pages that open without a server."""
    from lemmata.harness.records import RecordsError, runs_in

    try:
        from lemmata.reports import ReportError, build_report, written_report
    except ImportError as problem:
        fail(f"the report needs {problem.name}: pip install 'lemmata[report]'")
    if form is not Form.HTML and (open_it or serve_it):
        fail(f"--open and --serve show pages: leave out --format {form.value}")
    try:
        runs = runs_in(records)
        earlier = compare or run_before(runs)
        chosen = runs if every else runs[-1:]
        if form is not Form.HTML:
            sys.stdout.write(written_report(chosen, form.value, earlier))
            return
        index = build_report(chosen, out, earlier).resolve()
    except (RecordsError, ReportError) as problem:
        fail(str(problem))
    sys.stdout.write(f"{index}\n")
    if serve_it:
        _serve(index.parent, port, open_it)
    elif open_it:
        typer.launch(index.as_uri())


def run_before(runs: list[Path]) -> Path | None:
    """The latest earlier run of the same profile; None where there is none that can be read."""
    from lemmata.harness.records import RecordsError, read_manifest

    profiles = []
    for folder in reversed(runs):
        try:
            manifest = read_manifest(folder)
        except RecordsError:
            manifest = None
        profiles.append((folder, manifest.profile if manifest else None))
    (_, latest), *others = profiles
    return next((folder for folder, profile in others if profile and profile == latest), None)


def _serve(folder: Path, port: int, open_it: bool) -> None:
    from lemmata.reports.serving import ServingError, serve

    def say(address: str) -> None:
        sys.stdout.write(f"served at {address} until Ctrl-C\n")
        sys.stdout.flush()
        if open_it:
            typer.launch(address)

    try:
        serve(folder, port, say)
    except ServingError as problem:
        fail(str(problem))
