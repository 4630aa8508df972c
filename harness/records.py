"""Records: what a run found, as JSON lines that survive a crash.

A run is a folder: ``manifest.json`` (versions, settings, when), ``statements.json`` (every
statement as text, so that a report needs no code), and one ``*.jsonl`` a worker, written line by
line. A crash loses at most the line being written; a reader skips a torn last line and counts it.
No NaN literals: numbers that are not finite are written as the texts "nan", "inf" and "-inf".

Kinds of records: ``block`` (trials of one instance), ``verdict`` (of a part), ``twin`` (its
verdict), ``regime`` (where a part's conclusion begins to hold), ``lost`` (trials or items lost to a
crash). docs/records.md names their fields.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shlex
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lemmata.harness.codec import CodecError, from_plain, to_plain
from lemmata.harness.schema import SCHEMA, Block, DeclaredStatement, Manifest, Record, Recorded
from lemmata.harness.wording import printable

_NOTHING = (
    "there are no records in {}: run `pytest` or `lemmata check` first, or name the folder with "
    "--records"
)
_LATEST = 2.0**36


class RecordsError(Exception):
    """A records folder that cannot be written or read, in one sentence."""


def new_run() -> str:
    """Return an id for a run that begins now, which no two machines share."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) + f"-{secrets.token_hex(6)}"


def report_command(records: Path, here: Path) -> str:
    """Return the command that makes pages of the records, for somebody who stands in ``here``."""
    full, here = records.resolve(), here.resolve()
    if full == here / "build" / "records":
        return "lemmata report"
    near = full.relative_to(here) if full.is_relative_to(here) else full
    return f"lemmata report --records {shlex.quote(str(near))}"


def write_json(path: Path, value: Any) -> None:
    """Write a small JSON file whole or not at all.

    Raises:
        RecordsError: the disk is full, or the folder is gone or may not be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(json.dumps(to_plain(value), indent=1, allow_nan=False) + "\n")
        beside.replace(path)
    except OSError as problem:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise _unwritable(path.parent, problem) from problem


def finish_manifest(folder: Path, *, finished: float, interrupted: str | None) -> None:
    """Note in a run's manifest when it ended, and why where that was early."""
    manifest = read_manifest(folder) or Manifest(schema=SCHEMA, run=folder.name)
    ended = replace(manifest, finished=finished, interrupted=interrupted)
    write_json(folder / "manifest.json", to_plain(ended))


class Recorder:
    """Appends records to one worker's file; a recorder without a folder records nothing."""

    def __init__(self, folder: Path | None, *, run: str = "", worker: str = "main") -> None:
        self.folder, self.run, self.worker = folder, run, worker
        self._path = None if folder is None else folder / f"{worker}.jsonl"
        if self._path is not None:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                _end_torn_line(self._path)
            except OSError as problem:
                raise _unwritable(self._path.parent, problem) from problem

    def write(self, fields: Mapping[str, Any]) -> None:
        """Append one record; it is on its way to the disk when this returns.

        Raises:
            RecordsError: the disk is full, or the folder is gone or may not be written.
        """
        if self._path is None:
            return
        record = {
            "schema": SCHEMA,
            "run": self.run,
            "worker": self.worker,
            "time": round(time.time(), 3),
            **fields,
        }
        line = json.dumps(to_plain(record), separators=(",", ":"), allow_nan=False) + "\n"
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError as problem:
            raise _unwritable(self._path.parent, problem) from problem


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecords:
    """One run, read back.

    Attributes:
        folder: where it lies.
        manifest: what it was; of its folder's name alone where the file is missing.
        statements: every statement as text.
        records: all records, worker by worker, in the order of writing.
        first, last: Unix seconds of the earliest and the latest record that says them; None where
            none does.
        torn: how many lines and files could not be read, or do not fit the schema.
    """

    folder: Path
    manifest: Manifest
    statements: Sequence[DeclaredStatement]
    records: Sequence[Record]
    torn: int
    first: float | None = None
    last: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """The lines of a worker's file that begin within some of its bytes.

    Attributes:
        path: of the file; start, stop: of the bytes; no `stop` is the end of the file.
    """

    path: Path
    start: int = 0
    stop: int | None = None


@dataclass(slots=True, kw_only=True)
class Lines:
    """What stands in a stretch; the fields are those of `RunRecords`."""

    records: list[Record] = field(default_factory=list)
    torn: int = 0
    first: float | None = None
    last: float | None = None


def read_run(folder: Path) -> RunRecords:
    """Read one run's folder; what is torn or does not fit the schema is skipped and counted.

    Raises:
        RecordsError: there is no such folder, or an older Lemmata wrote it.
    """
    return run_of(folder, [read_stretch(stretch, folder) for stretch in stretches(folder)])


def stretches(folder: Path, length: int | None = None) -> list[Stretch]:
    """Return the files of a run's workers, those that are longer than a length in pieces of it.

    Raises:
        RecordsError: there is no such folder.
    """
    if not folder.is_dir():
        raise RecordsError(_NOTHING.format(folder))
    found = []
    for path in sorted(folder.glob("*.jsonl")):
        size = path.stat().st_size if length and path.is_file() else 0
        starts = range(0, max(size, 1), length or 1)
        found += [
            Stretch(path=path, start=start, stop=start + length if length else None)
            for start in starts[:-1]
        ]
        found.append(Stretch(path=path, start=starts[-1]))  # what is written meanwhile is read too
    return found


def read_stretch(
    stretch: Stretch, folder: Path, blocks: Callable[[Block], object] | None = None
) -> Lines:
    """Read some lines of a run.

    Args:
        stretch: which ones.
        folder: of the run.
        blocks: what takes the blocks one by one, in place of the list: a run may have a million.

    Raises:
        RecordsError: another Lemmata wrote them.
    """
    read = Lines()
    for line in _lines(stretch):
        record = _record(line, folder)
        if record is None:
            read.torn += 1
            continue
        if 0 < record.time < _LATEST:
            read.first = record.time if read.first is None else min(read.first, record.time)
            read.last = record.time if read.last is None else max(read.last, record.time)
        if blocks is not None and isinstance(record.value, Block):
            blocks(record.value)
        else:
            read.records.append(record)
    return read


def run_of(folder: Path, read: Sequence[Lines]) -> RunRecords:
    """Put a run together from its lines, its manifest and its statements.

    Raises:
        RecordsError: another Lemmata wrote it.
    """
    manifest = read_manifest(folder)
    torn = manifest is None and (folder / "manifest.json").exists()
    statements, bad = _statements(folder / "statements.json")
    return RunRecords(
        folder=folder,
        manifest=manifest or Manifest(schema=SCHEMA, run=folder.name),
        statements=statements,
        records=[record for lines in read for record in lines.records],
        torn=torn + bad + sum(lines.torn for lines in read),
        first=min((lines.first for lines in read if lines.first is not None), default=None),
        last=max((lines.last for lines in read if lines.last is not None), default=None),
    )


def runs_in(folder: Path) -> list[Path]:
    """Return the folders of the runs below ``folder``, or the folder itself if it is one, oldest
    first.

    Raises:
        RecordsError: there is none.
    """
    if folder.is_dir():
        if (folder / "manifest.json").exists() or list(folder.glob("*.jsonl")):
            return [folder]
        if found := sorted(
            path
            for path in folder.iterdir()
            if path.is_dir() and ((path / "manifest.json").exists() or list(path.glob("*.jsonl")))
        ):
            return found
    raise RecordsError(_NOTHING.format(folder))


def _unwritable(folder: Path, problem: OSError) -> RecordsError:
    return RecordsError(
        f"records cannot be written to {folder}: {problem.strerror}; what was written before is "
        "readable; name another folder with --lemmata-records"
    )


def _lines(stretch: Stretch) -> Iterator[bytes]:
    """Give lines of a file of records; one unreadable line for what is no readable file."""
    if not stretch.path.is_file():  # a folder, a dangling link, a pipe that would never end
        yield b"{"
        return
    try:
        with stretch.path.open("rb") as file:
            place = stretch.start
            if place:  # a line that began before belongs to the stretch before
                file.seek(place - 1)
                place += len(file.readline()) - 1
            for line in file:
                if stretch.stop is not None and place >= stretch.stop:
                    return
                place += len(line)
                if line.strip():
                    yield line
    except OSError:
        yield b"{"


def _record(line: bytes, folder: Path) -> Record | None:
    try:
        plain = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(plain, dict):
        return None
    _refuse_other_schema(plain.get("schema"), folder)
    try:
        # Most lines are blocks without a sign that could not be shown.
        odd = b"\\u" in line or b"\x7f" in line or not line.isascii()
        value: Any = from_plain(_shown(plain) if odd else plain, Recorded)  # type: ignore[arg-type]
        time, worker = plain.get("time", 0.0), plain.get("worker", "")
        if not isinstance(time, int | float) or not isinstance(worker, str):
            return None
        return Record(value=value, time=float(time), worker=worker)
    except (CodecError, RecursionError, OverflowError):
        return None


def read_manifest(folder: Path) -> Manifest | None:
    """Read what a run was; None where the file is missing or does not fit.

    Raises:
        RecordsError: another Lemmata wrote it.
    """
    plain = _side_file(folder / "manifest.json")
    if not isinstance(plain, dict):
        return None
    _refuse_other_schema(plain.get("schema"), folder)
    try:
        return from_plain(_shown(plain), Manifest)
    except (CodecError, RecursionError):
        return None


def _statements(path: Path) -> tuple[list[DeclaredStatement], int]:
    plain = _side_file(path)
    if plain is None:
        return [], int(path.exists())
    if not isinstance(plain, list):
        return [], 1
    read, bad = [], 0
    for one in plain:
        try:
            read.append(from_plain(_shown(one), DeclaredStatement))
        except (CodecError, RecursionError):
            bad += 1
    return read, bad


def _shown(plain: Any) -> Any:
    """Return the same data with signs that no page or terminal can show written as codes."""
    if isinstance(plain, str):
        return printable(plain)
    if isinstance(plain, list):
        return [_shown(entry) for entry in plain]
    if isinstance(plain, dict):
        return {key: _shown(entry) for key, entry in plain.items()}
    return plain


def _refuse_other_schema(schema: object, folder: Path) -> None:
    if isinstance(schema, int) and not isinstance(schema, bool) and schema != SCHEMA:
        which = "an older" if schema < SCHEMA else "a newer"
        raise RecordsError(
            f"{folder} was recorded by {which} Lemmata (schema {schema}, this one reads {SCHEMA}): "
            "run the statements again, or read it with that version"
        )


def _side_file(path: Path) -> Any:
    if not path.is_file():
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def _end_torn_line(path: Path) -> None:
    if path.exists() and path.stat().st_size:
        with path.open("rb+") as file:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
