"""``lemmata check``: judge statements without pytest, one after another or in several processes."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import secrets
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from lemmata.harness.wording import printable
from lemmata.loading import fail, subjects_of

if TYPE_CHECKING:
    from lemmata.harness.run import Run
    from lemmata.harness.statements import Subject
    from lemmata.harness.verdicts import Outcome

RECORDS = Path("build/records")
_COLOURS = {
    "holds": "green",
    "refuted": "red",
    "error": "magenta",
    "undecided": "yellow",
    "underpowered": "yellow",
    "vacuous": "bright_black",
    "untested": "bright_black",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a run is made of, as text and numbers that another process understands."""

    what: tuple[str, ...]
    profile: str
    entropy: int
    seed: int
    device: str
    dtype: str
    layers: str | None
    folder: Path
    threads: int | None = None

    def run(self, worker: str = "main") -> Run:
        """Make the run, with records of this worker's.

        Raises:
            RunError, RecordsError: it cannot be made.
        """
        from lemmata.harness.memory import keep_freed_memory
        from lemmata.harness.profiles import PROFILES
        from lemmata.harness.records import Recorder
        from lemmata.harness.run import Run, device_named, dtype_named
        from lemmata.harness.session import set_threads

        if self.threads is not None:
            set_threads(self.threads)
        keep_freed_memory()
        return Run(
            profile=PROFILES[self.profile],
            entropy=self.entropy,
            seed=self.seed,
            device=device_named(self.device),
            dtype=dtype_named(self.dtype),
            layers=self.layers,  # type: ignore[arg-type]
            recorder=Recorder(self.folder, run=self.folder.name, worker=worker),
        )


def check(
    what: Annotated[
        list[str] | None,
        typer.Argument(help="ids, or Python files; ids beside files choose within them"),
    ] = None,
    keyword: Annotated[
        str, typer.Option("-k", help="only parts and twins whose id or title has this text")
    ] = "",
    only_changed: Annotated[
        bool,
        typer.Option("--changed", help="only what no earlier run judged as expected as it is now"),
    ] = False,
    stop_first: Annotated[
        bool, typer.Option("-x", "--stop-first", help="stop at the first that is not as expected")
    ] = False,
    processes: Annotated[
        int, typer.Option("-n", min=1, help="judge in so many processes at a time")
    ] = 1,
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
    seed: Annotated[
        int, typer.Option("--hypothesis-seed", help="varies the instances beside the entropy")
    ] = 0,
    records: Annotated[Path, typer.Option(help="folder for records")] = RECORDS,
) -> None:
    """Judge statements, parts or files without pytest's ceremony.

    Ends with status 1 where a verdict is not as expected, with 3 where records cannot be written.
    """
    from lemmata.harness.profiles import PROFILES
    from lemmata.harness.records import RecordsError, new_run, report_command
    from lemmata.harness.run import RunError
    from lemmata.harness.session import warm_up

    if profile not in PROFILES:
        fail(f"{profile!r} is no profile: name {', '.join(PROFILES)}")
    if layers not in (None, "dense", "matrix-free"):
        fail(f"{layers!r} is no kind of layers: name dense or matrix-free")
    seconds = _seconds(budget) if budget else None
    subjects = subjects_of(what or [])
    if keyword:
        subjects = [one for one in subjects if keyword.lower() in _words(one).lower()]
        if not subjects:
            fail(f"nothing that was named has {keyword!r} in its id or title")
    if only_changed:
        from lemmata.harness.unchanged import changed, generations_as_expected

        known = generations_as_expected(records, profile=profile, device=device, dtype=dtype)
        named, subjects = len(subjects), changed(subjects, known)
        Console().print(
            f"{named - len(subjects)} of {named} left out: earlier runs judged them as expected, "
            "with the same code",
            style="dim",
        )
        if not subjects:
            raise typer.Exit(0)
    if entropy is None:
        entropy = secrets.randbits(62) if PROFILES[profile].entropy == "fresh" else 0
    # A statement may change the working directory: the folder is named in full.
    folder = records.resolve() / new_run()
    command = report_command(folder.parent, Path.cwd())
    settings = Settings(
        what=tuple(what or ()), profile=profile, entropy=entropy, seed=seed, device=device,
        dtype=dtype, layers=layers, folder=folder,
    )  # fmt: skip
    try:
        run = settings.run()
        console, wrong, left = Console(highlight=False), 0, 0
        if seconds is not None:
            warm_up()
        with _manifest(settings), _bar(console, len(subjects)) as advance:
            judged = (
                _one_by_one(run, subjects, seconds)
                if processes == 1
                else _side_by_side(settings, subjects, seconds, processes)
            )
            for subject, outcome in judged:
                advance()
                if outcome is None:
                    left += 1
                    continue
                wrong += _print_outcome(console, subject, outcome)
                if wrong and stop_first:
                    break
        if left:
            console.print(
                f"{left} of {len(subjects)} were not judged: the budget of {budget} is spent",
                style="yellow",
            )
    except (RunError, RecordsError) as problem:
        if isinstance(problem, RecordsError) and folder.exists():
            said = printable(f"lemmata: {problem}")
            Console(stderr=True).print(said, style="red", markup=False, soft_wrap=True)
            raise typer.Exit(3) from None
        fail(str(problem).replace("--lemmata-", "--"))
    console.print(
        f"records in {folder}; `{command}` makes them pages",
        style="dim",
        markup=False,
        soft_wrap=True,
    )
    raise typer.Exit(1 if wrong else 0)


def _one_by_one(
    run: Run, subjects: Sequence[Subject], seconds: float | None
) -> Iterator[tuple[Subject, Outcome | None]]:
    """Judge here; each gets its share of what is left of a budget: what one leaves, others get."""
    from lemmata.harness.parts import judge_subject
    from lemmata.harness.sharing import share_of

    end = None if seconds is None else time.monotonic() + seconds
    for number, subject in enumerate(subjects):
        if end is not None:
            left = end - time.monotonic()
            if left <= 0.0:
                yield subject, None
                continue
            run = replace(run, seconds=left * share_of(subject, subjects[number:]))
        yield subject, judge_subject(run, subject)


_HERE: dict[str, Any] = {}


def _begin(settings: Settings, number: Any) -> None:
    """Set a process up: its statements, and its run with records of its own."""
    from lemmata.harness.session import warm_up

    with number.get_lock():
        number.value += 1
        worker = f"p{number.value}"
    subjects = subjects_of(list(settings.what))
    _HERE["run"] = settings.run(worker)
    _HERE["subjects"] = {subject.id: subject for subject in subjects}
    warm_up()


def _judge_there(id: str, budget: float | None, share: float) -> Outcome | None:
    """Judge in a process of its own, whose budget begins with the first that it judges."""
    from lemmata.harness.parts import judge_subject

    seconds = None
    if budget is not None:
        now = time.monotonic()
        left = _HERE.setdefault("end", now + budget) - now
        if left <= 0.0:
            return None
        seconds = min(share * budget, left)
    return judge_subject(replace(_HERE["run"], seconds=seconds), _HERE["subjects"][id])


def _side_by_side(
    settings: Settings, subjects: Sequence[Subject], seconds: float | None, processes: int
) -> Iterator[tuple[Subject, Outcome | None]]:
    """Judge in processes of their own; verdicts come in the order of the subjects."""
    from lemmata.harness.sharing import share_of

    settings = replace(settings, threads=max(1, (os.cpu_count() or 1) // processes))
    context = multiprocessing.get_context("spawn")
    number = context.Value("i", 0)
    shares = {one.id: min(1.0, processes * share_of(one, subjects)) for one in subjects}
    with ProcessPoolExecutor(
        processes, mp_context=context, initializer=_begin, initargs=(settings, number)
    ) as pool:
        waiting = {
            pool.submit(_judge_there, one.id, seconds, shares[one.id]): one for one in subjects
        }
        try:
            for future, subject in waiting.items():
                yield subject, future.result()
        finally:
            pool.shutdown(cancel_futures=True)


@contextlib.contextmanager
def _bar(console: Console, total: int) -> Iterator[Any]:
    """Show how many are judged, below the verdicts, where a person looks on."""
    if not console.is_terminal or total < 2:
        yield lambda: None
        return
    columns = (TextColumn("judged"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda: progress.advance(task)


@contextlib.contextmanager
def _manifest(settings: Settings) -> Iterator[None]:
    """Keep the manifest true to how the run ended, whatever ended it."""
    from lemmata.harness.records import finish_manifest
    from lemmata.harness.session import write_manifest

    write_manifest(
        settings.folder,
        started=time.time(),
        finished=None,
        interrupted=None,
        command=" ".join(["lemmata", *sys.argv[1:]]),
        profile=settings.profile,
        entropy=settings.entropy,
        seed=settings.seed,
        device=settings.device,
        dtype=settings.dtype,
        layers=settings.layers,
    )
    reason = None
    try:
        yield
    except KeyboardInterrupt:
        reason = "interrupted by Ctrl-C"
        raise
    except BaseException as problem:
        reason = f"ended by {type(problem).__name__}: {problem}".rstrip(": ")
        if isinstance(problem.__context__ or problem, BrokenPipeError):  # rich makes it an exit
            reason = "ended by what read its output, which closed the pipe"
        raise
    finally:
        finish_manifest(settings.folder, finished=time.time(), interrupted=reason)


def _print_outcome(console: Console, subject: Subject, outcome: Outcome) -> bool:
    from lemmata.harness.explanation import explain
    from lemmata.harness.statements import Twin

    good = outcome.as_expected
    twin = isinstance(subject, Twin)
    colour = "green" if good else _COLOURS[outcome.verdict]
    declared = good and outcome.verdict == "refuted" and not twin
    basis = f" ({outcome.basis})" if outcome.basis else ", as declared" if declared else ""
    name = "  twin" if twin else subject.id
    title = f"falsified: {subject.says}" if isinstance(subject, Twin) else subject.title
    console.print(
        f"{name:<14} [{colour}]{outcome.verdict + basis:<22}[/{colour}] "
        f"{outcome.trials:>7,} trials {outcome.seconds:>6.1f} s  ",
        end="",
        soft_wrap=True,
    )
    console.print(printable(title), markup=False, soft_wrap=True)
    if outcome.resolution:
        console.print(
            f"               {outcome.resolution}", style="dim", markup=False, soft_wrap=True
        )
    if outcome.begins:
        console.print(f"               {outcome.begins}", style="dim", markup=False, soft_wrap=True)
    if not good and (text := explain(subject, outcome)):
        console.print(printable(text), markup=False, soft_wrap=True)
    return not good and (
        outcome.verdict in ("refuted", "error", "holds") or (twin and not outcome.out_of_time)
    )


def _words(subject: Subject) -> str:
    from lemmata.harness.statements import part_of

    return f"{subject.id} {part_of(subject).title} {part_of(subject).statement.title}"


def _seconds(text: str) -> float:
    from lemmata.harness.durations import seconds_in

    try:
        return seconds_in(text)
    except ValueError as problem:
        fail(str(problem))
