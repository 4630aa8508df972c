"""The command line: the one place that knows theorems, harness and reports together.

lemmata list [--json]           what there is
lemmata show ID                 the mathematics of a statement
lemmata check [ID... | FILE]    judge statements without pytest
lemmata replay TOKEN            draw one trial again
lemmata report                  records to HTML
lemmata tightness               claimed against measured exponents and constants
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import pkgutil
import secrets
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from lemmata.harness.schema import DeclaredStatement
    from lemmata.harness.statements import Part, Statement, Twin

app = typer.Typer(
    help="Theorems about over-parameterised networks as properties that a computer tries to break.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_RECORDS = Path("build/records")
_COLOURS = {
    "holds": "green",
    "refuted": "red",
    "error": "magenta",
    "undecided": "yellow",
    "underpowered": "yellow",
    "vacuous": "bright_black",
    "untested": "bright_black",
}


def fail(sentence: str) -> NoReturn:
    """Say what is wrong and how to mend it, and end with status 2."""
    Console(stderr=True).print(
        f"lemmata: {sentence}", style="red", highlight=False, markup=False, soft_wrap=True
    )
    raise typer.Exit(2)


def load_theorems() -> list[Statement]:
    """Import every module of `lemmata.theorems`, and return its statements in the order of the
    papers.
    """
    import lemmata.theorems
    from lemmata.harness.registry import complaints, registered
    from lemmata.harness.statements import StatementError

    try:
        for module in pkgutil.walk_packages(lemmata.theorems.__path__, "lemmata.theorems."):
            importlib.import_module(module.name)
    except StatementError as problem:
        fail(str(problem))
    folders = [Path(folder).resolve() for folder in lemmata.theorems.__path__]
    ours = [made for made in registered() if any(made.file.is_relative_to(f) for f in folders)]
    if wrong := complaints(ours):
        fail("; ".join(wrong))
    return ours


def load_file(path: Path) -> list[Statement]:
    """Import a user's file and return the statements that it registers."""
    from lemmata.harness.registry import complaints, registered
    from lemmata.harness.statements import StatementError

    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        fail(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    sys.path.insert(0, str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
    except StatementError as problem:
        fail(str(problem))
    except Exception as problem:
        fail(f"{path} cannot be imported: {type(problem).__name__}: {problem}")
    found = [made for made in registered() if made.file == path.resolve()]
    if wrong := complaints(found):
        fail("; ".join(wrong))
    if not found:
        fail(
            f"{path} declares no statement: decorate a function with @statement(...) of "
            "lemmata.harness"
        )
    return found


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
) -> None:
    """Show a statement's mathematics as readable text."""
    from lemmata.harness.statements import Part, Twin
    from lemmata.harness.wording import readable

    load_theorems()
    found = _find(id)
    part = found.part if isinstance(found, Twin) else found
    made = part.statement if isinstance(part, Part) else part
    console = Console(highlight=False)
    console.print(f"[bold]{made.id}  {made.title}[/bold]")
    console.print(
        f"{made.source}" + (f" ({made.provenance})" if made.provenance else ""),
        style="dim",
        markup=False,
    )
    console.print(readable(made.says), markup=False)
    if made.uses:
        console.print(f"uses {', '.join(made.uses)}", style="dim")
    for one in [part] if isinstance(part, Part) else made.parts:
        _show_part(console, one)
    if not made.parts:
        console.print(f"untested: {made.why_untested}", style="yellow", markup=False)
    console.print(f"{made.file}:{made.line}", style="dim", markup=False)


def _show_part(console: Console, part: Part[..., Any]) -> None:
    from lemmata.harness.wording import readable, readable_formula

    console.print(f"\n[bold]{part.id}[/bold]  {part.title}  [dim]{part.kind}[/dim]")
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
    for twin in part.twins:
        console.print(f"  twin {twin.id}: {readable(twin.says)}", style="dim", markup=False)


@app.command()
def check(
    what: Annotated[
        list[str] | None, typer.Argument(help="ids, or Python files; everything by default")
    ] = None,
    budget: Annotated[
        str | None, typer.Option(help="time to spend in all, as in 30s or 5m")
    ] = None,
    profile: Annotated[str, typer.Option(help="quick, default or nightly")] = "default",
    device: Annotated[str, typer.Option(help="cpu, cuda or cuda:N")] = "cpu",
    dtype: Annotated[str, typer.Option(help="float64 or float32")] = "float64",
    layers: Annotated[
        str | None, typer.Option(help="dense or matrix-free, where a statement has the choice")
    ] = None,
    entropy: Annotated[
        int | None, typer.Option(help="of the run; equal entropies draw equal trials")
    ] = None,
    records: Annotated[Path, typer.Option(help="folder for records")] = _RECORDS,
) -> None:
    """Judge statements, parts or files without pytest's ceremony.

    Ends with status 1 where a verdict is not as expected.
    """
    from lemmata.harness.parts import judge_subject
    from lemmata.harness.profiles import PROFILES
    from lemmata.harness.records import Recorder, RecordsError, new_run
    from lemmata.harness.run import Run, RunError, device_named, dtype_named

    if profile not in PROFILES:
        fail(f"{profile!r} is no profile: name {', '.join(PROFILES)}")
    if layers not in (None, "dense", "matrix-free"):
        fail(f"{layers!r} is no kind of layers: name dense or matrix-free")
    subjects = _subjects(what or [])
    seconds = _seconds(budget) / len(subjects) if budget else None
    chosen = PROFILES[profile]
    if entropy is None:
        entropy = secrets.randbits(62) if chosen.entropy == "fresh" else 0
    name = new_run()
    try:
        run = Run(
            profile=chosen,
            entropy=entropy,
            device=device_named(device),
            dtype=dtype_named(dtype),
            layers=layers,  # type: ignore[arg-type]
            recorder=Recorder(records / name, run=name),
            seconds=seconds,
        )
    except (RunError, RecordsError) as problem:
        fail(str(problem).replace("--lemmata-", "--"))
    console = Console(highlight=False)
    wrong = 0
    with _manifest(
        records / name, profile=profile, entropy=entropy, device=device, dtype=dtype, layers=layers
    ):
        for subject in subjects:
            wrong += _print_outcome(console, subject, judge_subject(run, subject))
    console.print(
        f"records in {records / name}; `lemmata report` makes them pages",
        style="dim",
        markup=False,
        soft_wrap=True,
    )
    raise typer.Exit(1 if wrong else 0)


@contextlib.contextmanager
def _manifest(folder: Path, **settings: Any) -> Iterator[None]:
    from lemmata.harness.records import finish_manifest
    from lemmata.harness.session import write_manifest

    write_manifest(
        folder,
        started=time.time(),
        finished=None,
        interrupted=None,
        command=" ".join(["lemmata", *sys.argv[1:]]),
        **settings,
    )
    reason = None
    try:
        yield
    except KeyboardInterrupt:
        reason = "interrupted by Ctrl-C"
        raise
    finally:
        finish_manifest(folder, finished=time.time(), interrupted=reason)


def _print_outcome(console: Console, subject: Part[..., Any] | Twin, outcome: Any) -> bool:
    from lemmata.harness.explanation import explain
    from lemmata.harness.statements import Twin

    good = outcome.as_expected
    colour = "green" if good else _COLOURS[outcome.verdict]
    declared = good and outcome.verdict == "refuted" and not isinstance(subject, Twin)
    basis = f" ({outcome.basis})" if outcome.basis else ", as declared" if declared else ""
    title = f"falsified: {subject.says}" if isinstance(subject, Twin) else subject.title
    console.print(
        f"{subject.id:<14} [{colour}]{outcome.verdict + basis:<22}[/{colour}] "
        f"{outcome.trials:>7,} trials {outcome.seconds:>6.1f} s  ",
        end="",
        soft_wrap=True,
    )
    console.print(title, markup=False, soft_wrap=True)
    if outcome.resolution:
        console.print(
            f"               {outcome.resolution}", style="dim", markup=False, soft_wrap=True
        )
    if not good and (text := explain(subject, outcome)):
        console.print(text, markup=False, soft_wrap=True)
    return bool(outcome.verdict in ("refuted", "error", "holds") and not good) or (
        isinstance(subject, Twin) and not good
    )


@app.command()
def replay(
    token: Annotated[str | None, typer.Argument(help="the token that a failure prints")] = None,
    last_failure: Annotated[
        bool, typer.Option("--last-failure", help="the newest refutation or error in the records")
    ] = False,
    export: Annotated[
        Path | None, typer.Option(help="save the counterexample's arrays to this .npz file")
    ] = None,
    file: Annotated[
        list[Path] | None, typer.Option("--from", help="a file of statements that are not ours")
    ] = None,
    records: Annotated[Path, typer.Option(help="folder of records, for --last-failure")] = _RECORDS,
) -> None:
    """Draw one trial again, alone and on the CPU, and print both sides of its claim."""
    from lemmata.harness.instances import InstanceError
    from lemmata.harness.records import RecordsError
    from lemmata.harness.replay import ReplayError, last_failure_in, replay_trial
    from lemmata.harness.statements import StatementError
    from lemmata.harness.tokens import TokenError, read_token

    if (token is None) == (not last_failure):
        fail("name a token, or ask for --last-failure")
    try:
        text, origin = last_failure_in(records) if token is None else (token, None)
        wanted = read_token(text)
        load_theorems()
        for path in file or ([origin] if origin and not _is_ours(origin) else []):
            load_file(path)
        replayed = replay_trial(wanted)
        if export is not None:
            replayed.export(export)
    except (TokenError, ReplayError, RecordsError, StatementError, InstanceError) as problem:
        fail(str(problem))
    console = Console(highlight=False)
    for line in replayed.lines():
        console.print(line, markup=False, soft_wrap=True)
    if export is not None:
        console.print(f"arrays in {export}", style="dim", markup=False)


@app.command()
def report(
    records: Annotated[
        Path, typer.Option(help="folder of records: of one run, or of several")
    ] = _RECORDS,
    out: Annotated[Path, typer.Option(help="where the pages go")] = Path("build/report"),
    every: Annotated[
        bool,
        typer.Option("--all-runs", help="the history of all runs in place of the latest run alone"),
    ] = False,
) -> None:
    """Turn records into HTML pages that open without a server."""
    from lemmata.harness.records import RecordsError, runs_in

    try:
        from lemmata.reports import ReportError, build_report
    except ImportError as problem:
        fail(f"the report needs {problem.name}: pip install 'lemmata[report]'")
    try:
        runs = runs_in(records)
        index = build_report(runs if every else runs[-1:], out)
    except (RecordsError, ReportError) as problem:
        fail(str(problem))
    sys.stdout.write(f"{index.resolve()}\n")


@app.command()
def tightness(
    paper: Annotated[str, typer.Option(help="of one paper alone, as in ZGJ21")] = "",
    as_csv: Annotated[bool, typer.Option("--csv", help="every row, for spreadsheets")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="every row, for programs")] = False,
    records: Annotated[Path, typer.Option(help="folder of records: of one run, or of several")] = (
        _RECORDS
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


def _subjects(what: Sequence[str]) -> list[Part[..., Any] | Twin]:
    from lemmata.harness.registry import registered
    from lemmata.harness.statements import Part, Statement

    chosen: list[Statement | Part[..., Any] | Twin] = []
    ids = [name for name in what if not name.endswith(".py")]
    if ids or not what:
        load_theorems()
    for name in what:
        if name.endswith(".py"):
            if not Path(name).is_file():
                fail(f"there is no file {name}")
            chosen += load_file(Path(name))
        else:
            chosen.append(_find(name))
    subjects: list[Part[..., Any] | Twin] = []
    for thing in chosen if what else registered():
        for one in thing.parts if isinstance(thing, Statement) else [thing]:
            subjects += [one, *one.twins] if isinstance(one, Part) else [one]
    if not subjects:
        fail(f"{', '.join(what) or 'the package'} holds nothing that is tested yet")
    return subjects


def _find(id: str) -> Statement | Part[..., Any] | Twin:
    from lemmata.harness.registry import find
    from lemmata.harness.statements import StatementError

    try:
        return find(id)
    except StatementError as problem:
        fail(str(problem))


def _is_ours(path: Path) -> bool:
    import lemmata.theorems

    return any(
        Path(folder).resolve() in path.resolve().parents for folder in lemmata.theorems.__path__
    )


def _seconds(text: str) -> float:
    from lemmata.harness.durations import seconds_in

    try:
        return seconds_in(text)
    except ValueError as problem:
        fail(str(problem))
