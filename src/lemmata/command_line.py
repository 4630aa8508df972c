"""The command line: the one place that knows theorems, harness and reports together.

lemmata list [--json]           what there is
lemmata show ID                 the mathematics of a statement
lemmata check [FILE...] [ID...] judge statements without pytest
lemmata replay TOKEN            draw one trial again
lemmata new ID                  the skeleton of a statement with its twin
lemmata report                  records to HTML, JSON, CSV or Markdown
lemmata tightness               claimed against measured exponents and constants
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

import lemmata
from lemmata.checking import RECORDS, check
from lemmata.loading import fail, find, load_file, load_theorems
from lemmata.replaying import replay
from lemmata.reporting import report
from lemmata.skeleton import new

if TYPE_CHECKING:
    from lemmata.harness.schema import DeclaredStatement
    from lemmata.harness.statements import Part

__all__ = ["app", "load_file", "load_theorems"]

app = typer.Typer(
    name="lemmata",
    pretty_exceptions_enable=False,
)
app.command()(check)
app.command()(replay)
app.command()(new)
app.command()(report)


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="print the version and end")] = False,
) -> None:
    """Theorems about over-parameterised networks as properties that a computer tries to break."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show every sign shows a question mark in its place.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    if version:
        sys.stdout.write(f"lemmata {lemmata.__version__}\n")
        raise typer.Exit
    if context.invoked_subcommand is None:
        sys.stdout.write(context.get_help() + "\n")
        raise typer.Exit(2)


@app.command("list")
def list_statements(
    as_json: Annotated[bool, typer.Option("--json", help="a JSON list, for programs")] = False,
) -> None:
    """List every statement: id, source, title, and whether it is tested."""
    from lemmata.harness.recording import declared
    from lemmata.harness.registry import registered

    load_theorems()
    if as_json:
        rows = [_row(declared(made)) for made in registered()]
        sys.stdout.write(json.dumps(rows, indent=1) + "\n")
        return
    table = Table("id", "source", "title", "parts", "twins", "kind", box=None, pad_edge=False)
    for made in registered():
        count = sum(len(part.twins) for part in made.parts)
        table.add_row(
            made.id,
            made.source,
            made.title,
            str(len(made.parts)) if made.parts else "untested",
            str(count or ""),
            made.kind,
        )
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def _row(made: DeclaredStatement) -> dict[str, Any]:
    return {
        "id": made.id,
        "paper": made.paper,
        "source": made.source,
        "title": made.title,
        "kind": made.claims,
        "tested": made.tested,
        "uses": list(made.uses),
        "file": made.file,
        "line": made.line,
        "parts": [part.id for part in made.parts],
        "twins": [twin.id for part in made.parts for twin in part.twins],
    }


@app.command()
def show(
    id: Annotated[str, typer.Argument(help="a statement, part or twin, as in ALS-04 or ALS-04(a)")],
    records: Annotated[
        Path, typer.Option(help="folder of records, for where a conclusion begins to hold")
    ] = RECORDS,
) -> None:
    """Show a statement's mathematics as readable text."""
    from lemmata.harness.statements import Part, Twin
    from lemmata.harness.wording import readable

    load_theorems()
    found = find(id)
    part = found.part if isinstance(found, Twin) else found
    made = part.statement if isinstance(part, Part) else part
    console = Console(highlight=False)
    console.print(f"[bold]{made.id}  {made.title}[/bold]")
    console.print(
        f"{made.source}" + (f" ({made.provenance})" if made.provenance else ""),
        style="dim",
        markup=False,
    )
    if made.note:
        console.print(readable(made.note), style="dim", markup=False)
    console.print(readable(made.says), markup=False)
    if made.uses:
        console.print(f"uses {', '.join(made.uses)}", style="dim")
    for one in [part] if isinstance(part, Part) else made.parts:
        _show_part(console, one)
        _show_regime(console, one, records)
    if not made.parts:
        console.print(f"untested: {made.why_untested}", style="yellow", markup=False)
    console.print(f"{made.file}:{made.line}", style="dim", markup=False)


def _show_part(console: Console, part: Part[..., Any]) -> None:
    from lemmata.harness.wording import readable, readable_formula

    console.print(f"\n[bold]{part.id}[/bold]  {part.title}  [dim]{part.kind}[/dim]")
    where = ", ".join(filter(None, (part.source, part.provenance, part.proof)))
    if part.source or part.provenance != part.statement.provenance:
        console.print(f"  {where}", style="dim", markup=False)
    if part.said.note and part.said.note != part.statement.note:
        console.print(f"  {readable(part.said.note)}", style="dim", markup=False)
    if part.says != part.statement.says:
        console.print(readable(part.says), markup=False)
    if part.quantifiers:
        console.print(
            "  " + "  ·  ".join(readable_formula(quantifier) for quantifier in part.quantifiers),
            markup=False,
        )
    if part.constant:
        console.print(
            f"  hidden constant {part.constant.value:g} (measured on "
            f"{readable(part.constant.measured_on)})",
            markup=False,
        )
    if part.requires and part.requires.paper:
        console.print(f"  the paper asks for {readable(part.requires.paper)}", markup=False)
    if part.requires and part.requires.ours:
        console.print(f"  tried where {readable(part.requires.ours)}", markup=False)
    if part.finding:
        console.print(f"  does not stand as printed: {part.finding.place}", markup=False)
    for twin in part.twins:
        console.print(f"  twin {twin.id}: {readable(twin.says)}", style="dim", markup=False)


def _show_regime(console: Console, part: Part[..., Any], records: Path) -> None:
    """Say over which sizes the part has a map, and what the newest one recorded came to."""
    from lemmata.harness.recorded_regimes import newest_regime
    from lemmata.harness.regime_cells import number, one_line
    from lemmata.harness.wording import readable

    if (made := part.regime_map) is None:
        return
    axes = " and ".join(
        f"{name} = {number(sizes[0])}…{number(sizes[-1])}"
        for name, sizes in ((made.x, made.xs), (made.y, made.ys))
    )
    found = newest_regime(records, part.id)
    said = one_line(found) if found else f"no map recorded in {records}: lemmata check {part.id}"
    console.print(f"  where it begins to hold, over {axes}: {said}", markup=False)
    console.print(f"  its hypothesis: {readable(made.hypothesis.says)}", style="dim", markup=False)


@app.command()
def tightness(
    paper: Annotated[str, typer.Option(help="of one paper alone, as in ZGJ21")] = "",
    as_csv: Annotated[bool, typer.Option("--csv", help="every row, for spreadsheets")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="every row, for programs")] = False,
    records: Annotated[Path, typer.Option(help="folder of records: of one run, or of several")] = (
        RECORDS
    ),
) -> None:
    """Compare claimed and measured exponents and constants of the latest run, the loosest first."""
    from lemmata.harness.records import RecordsError, runs_in
    from lemmata.reports import looseness
    from lemmata.reports.assembly import assemble
    from lemmata.reports.exponents import fit_words
    from lemmata.reports.numerals import figure, signed
    from lemmata.reports.runs import read_runs

    try:
        library = assemble(read_runs(runs_in(records)[-1:]))
    except RecordsError as problem:
        fail(str(problem))
    if paper and paper not in (names := [one.name for one in library.papers]):
        fail(f"the latest run has no paper {paper!r}; it has {', '.join(names)}")
    exponents = looseness.exponents(library, paper)
    constants = looseness.constants(library, paper)
    if as_json:
        rows = [loss.row() for loss in (*exponents, *constants)]
        sys.stdout.write(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
        return
    if as_csv:
        sys.stdout.write(looseness.as_csv([*exponents, *constants]))
        return
    console = Console(width=None if sys.stdout.isatty() else 160)
    heads = ("exponents", "from", "in", "claimed", "measured [95 %]", "lost", "within", "proof")
    table = Table(*heads, box=None, pad_edge=False)
    for loss in exponents:
        slope, declared = loss.slope, loss.part.declared
        assert slope is not None
        claimed = signed(slope.bound.exponent) if slope.bound else "–"
        cells = (claimed, fit_words(slope.measured), loss.words, f"±{figure(loss.resolution, 2)}")
        table.add_row(
            loss.part.id, declared.provenance, slope.grid.variable, *cells, declared.proof
        )
    console.print(table)
    table = Table("constants", "from", "declared", "worst ratio", "lost", "proof",
                  box=None, pad_edge=False)  # fmt: skip
    for loss in constants:
        declared = loss.part.declared
        value = figure(declared.constant.value) if declared.constant else "–"
        met = figure(loss.part.worst_ratio)
        table.add_row(loss.part.id, declared.provenance, value, met, loss.words, declared.proof)
    console.print()
    console.print(table)
    console.print(
        "lost: by which power or factor the bound exceeds what these trials measured; within: half "
        "the 95 % interval of the ratio's exponent; a worst ratio is over the declared constant",
        style="dim",
    )


@app.command("check-formulas", hidden=True)
def check_formulas() -> None:
    """Convert every formula of every statement to MathML; for `make lint`."""
    from lemmata.harness.recording import declared
    from lemmata.harness.registry import registered
    from lemmata.reports import check_formulas as check_all

    load_theorems()
    if wrong := check_all([declared(made) for made in registered()]):
        fail("\n".join(wrong))
