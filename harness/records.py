"""Records: what a run found, as JSON lines that survive a crash.

A run is a folder: ``manifest.json`` (versions, settings, when), ``statements.json`` (every
statement as text, so that a report needs no code), and one ``*.jsonl`` a worker, written line by
line. A crash loses at most the line being written; a reader skips a torn last line and counts it.
No NaN literals: numbers that are not finite are written as the texts "nan", "inf" and "-inf".

Kinds of records: ``block`` (trials of one instance), ``verdict`` (of a part), ``twin`` (its
verdict), ``lost`` (trials or items lost to a crash). docs/records.md names their fields.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA = 1


class RecordsError(Exception):
    """A records folder that cannot be written or read, in one sentence."""


def plain(value: Any) -> Any:
    """Replace numbers that JSON has no literal for by texts, all the way down."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    return value


def write_json(path: Path, value: Any) -> None:
    """Write a small JSON file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(plain(value), indent=1, allow_nan=False) + "\n")
    beside.replace(path)


def finish_manifest(folder: Path, *, finished: float, interrupted: str | None) -> None:
    """Note in a run's manifest when it ended, and why where that was early."""
    manifest = _side_file(folder / "manifest.json") or {"schema": SCHEMA, "run": folder.name}
    write_json(
        folder / "manifest.json", {**manifest, "finished": finished, "interrupted": interrupted}
    )


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
                raise RecordsError(
                    f"records cannot be written to {folder}: {problem.strerror}; name another folder with --lemmata-records"
                ) from problem

    def write(self, kind: str, **fields: Any) -> None:
        """Append one record; it is on its way to the disk when this returns."""
        if self._path is None:
            return
        record = {
            "schema": SCHEMA,
            "kind": kind,
            "run": self.run,
            "worker": self.worker,
            "time": round(time.time(), 3),
            **fields,
        }
        line = json.dumps(plain(record), separators=(",", ":"), allow_nan=False) + "\n"
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecords:
    """One run, read back.

    Attributes:
        folder: where it lies.
        manifest: versions, settings and times; empty where it is missing.
        statements: every statement as text.
        records: all records, worker by worker, in the order of writing.
        torn: how many lines could not be read.
    """

    folder: Path
    manifest: Mapping[str, Any]
    statements: list[Mapping[str, Any]]
    records: list[Mapping[str, Any]]
    torn: int


def read_run(folder: Path) -> RunRecords:
    """Read one run's folder; torn lines and unreadable side files are skipped and counted.

    Raises:
        RecordsError: there is no such folder.
    """
    if not folder.is_dir():
        raise RecordsError(
            f"there are no records in {folder}: run `pytest` or `lemmata check` first, or name the folder with --records"
        )
    records, torn = [], 0
    for path in sorted(folder.glob("*.jsonl")):
        for record in _lines(path):
            if record is None:
                torn += 1
            else:
                records.append(record)
    manifest, statements = (
        _side_file(folder / "manifest.json"),
        _side_file(folder / "statements.json"),
    )
    torn += (manifest is None and (folder / "manifest.json").exists()) + (
        statements is None and (folder / "statements.json").exists()
    )
    return RunRecords(
        folder=folder,
        manifest=manifest or {},
        statements=statements or [],
        records=records,
        torn=torn,
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
    raise RecordsError(
        f"there are no records in {folder}: run `pytest` or `lemmata check` first, or name the folder with --records"
    )


def _lines(path: Path) -> Iterator[Mapping[str, Any] | None]:
    for line in path.read_bytes().splitlines():
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError:
            yield None
        else:
            yield record if isinstance(record, dict) and "kind" in record else None


def _side_file(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def _end_torn_line(path: Path) -> None:
    if path.exists() and path.stat().st_size:
        with path.open("rb+") as file:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
