"""``lemmata replay``: draw the trial of a failure again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from lemmata.checking import RECORDS
from lemmata.harness.wording import printable
from lemmata.loading import fail, is_ours, load_file, load_theorems


def replay(
    token: Annotated[
        str | None,
        typer.Argument(help="the token that a failure prints, or an id beside --last-failure"),
    ] = None,
    last_failure: Annotated[
        bool, typer.Option("--last-failure", help="the newest refutation or error in the records")
    ] = False,
    export: Annotated[
        Path | None, typer.Option(help="save the counterexample's arrays to this .npz file")
    ] = None,
    file: Annotated[
        list[Path] | None, typer.Option("--from", help="a file of statements that are not ours")
    ] = None,
    large: Annotated[
        bool, typer.Option(help="also where one draw takes more than a quarter of the memory")
    ] = False,
    records: Annotated[Path, typer.Option(help="folder of records, for --last-failure")] = RECORDS,
) -> None:
    """Draw one trial again, alone and on the CPU, and print both sides of its claim."""
    from lemmata.harness.instances import InstanceError
    from lemmata.harness.records import RecordsError
    from lemmata.harness.replay import ReplayError, last_failure_in, replay_trial
    from lemmata.harness.run import RunError
    from lemmata.harness.statements import StatementError
    from lemmata.harness.tokens import TokenError, read_token

    if token is None and not last_failure:
        fail("name a token, or ask for --last-failure")
    try:
        text, origin = last_failure_in(records, token) if last_failure else (str(token), None)
        wanted = read_token(text, recorded=last_failure)
        load_theorems()
        for path in file or _named_by_records(origin):
            load_file(path)
        replayed = replay_trial(wanted, large=large)
        if export is not None:
            replayed.export(export)
    except (
        TokenError,
        ReplayError,
        RecordsError,
        StatementError,
        InstanceError,
        RunError,
    ) as problem:
        fail(str(problem))
    console = Console(highlight=False)
    for line in replayed.lines():
        console.print(printable(line), markup=False, soft_wrap=True)
    if export is not None:
        console.print(f"arrays in {export}", style="dim", markup=False)


def _named_by_records(origin: Path | None) -> list[Path]:
    """The file that records name, where it lies under the project at hand: records are data, and
    a file that somebody else's name is not run.
    """
    if origin is None or is_ours(origin):
        return []
    if not origin.resolve().is_relative_to(Path.cwd()):
        fail(
            f"the records name {origin}, which is not under {Path.cwd()}: it is run only where you "
            f"name it yourself, with --from {origin}"
        )
    Console(stderr=True).print(
        printable(f"statements of {origin.resolve().relative_to(Path.cwd())}"),
        style="dim",
        markup=False,
    )
    return [origin]
