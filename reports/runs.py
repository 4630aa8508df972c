"""Runs: what was run, when, on what, and what of it was lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lemmata.harness.records import RecordsError, RunRecords, read_run, runs_in
from lemmata.reports import fields
from lemmata.reports.fields import Record
from lemmata.reports.numerals import counted, duration, moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run, with its records by kind.

    Attributes:
        name: as in the manifest; the folder's name where there is none.
        started: Unix time, from the manifest or the first record.
        finished: Unix time, or None where the run did not finish.
        seconds: from the start to the end, or to the last record.
        manifest: as recorded.
        statements: as recorded, in the order of declaration.
        by_kind: the records of each kind, in the order of writing.
        warnings: what went wrong, in sentences.
    """

    name: str
    started: float
    finished: float | None
    seconds: float | None
    manifest: Record
    statements: tuple[Record, ...]
    by_kind: Mapping[str, tuple[Record, ...]]
    warnings: tuple[str, ...]

    @property
    def when(self) -> str:
        """The start as a date."""
        return moment(self.started or None)

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Settings, device and versions by name, for the reader who wants to run it again."""
        machine, versions = (
            fields.mapping(self.manifest, "machine"),
            fields.mapping(self.manifest, "versions"),
        )
        cores = fields.count(machine, "cores")
        hardware = [
            fields.text(machine, "platform"),
            counted(cores, "core") if cores else "",
            fields.text(machine, "gpu"),
        ]
        layers = ", ".join(fields.texts(self.manifest, "layers"))
        rows = [
            ("run", self.name),
            ("started", self.when),
            (
                "duration",
                duration(self.seconds)
                + ("" if self.finished is not None else ", then it ended without finishing"),
            ),
            ("profile", fields.text(self.manifest, "profile")),
            ("entropy", fields.text(self.manifest, "entropy")),
            (
                "device",
                ", ".join(
                    filter(
                        None,
                        (fields.text(self.manifest, "device"), fields.text(self.manifest, "dtype")),
                    )
                ),
            ),
            ("layers", layers),
            ("machine", ", ".join(filter(None, hardware))),
            (
                "versions",
                ", ".join(f"{name} {fields.text(versions, name)}" for name in map(str, versions)),
            ),
            (
                "command",
                fields.text(self.manifest, "command")
                or " ".join(fields.texts(self.manifest, "command")),
            ),
        ]
        return [(name, value) for name, value in rows if value]


def read_runs(folders: list[Path]) -> list[Run]:
    """Read all runs in the folders, the latest first; a run that is in two of them counts once.

    Raises:
        RecordsError: a folder has no records.
    """
    found = {path.resolve(): path for folder in folders for path in runs_in(folder)}
    if not found:
        raise RecordsError("no folder of records was named: name the folder with --records")
    return sorted(
        (_run(read_run(path)) for path in found.values()),
        key=lambda run: (run.started, run.name),
        reverse=True,
    )


def _run(read: RunRecords) -> Run:
    manifest = read.manifest if isinstance(read.manifest, Mapping) else {}
    listed = read.statements if isinstance(read.statements, list) else []
    statements = tuple(statement for statement in listed if isinstance(statement, Mapping))
    by_kind: dict[str, list[Record]] = {}
    for record in read.records:
        by_kind.setdefault(fields.text(record, "kind"), []).append(record)
    times = [time for record in read.records if (time := fields.moment(record, "time")) is not None]
    started, finished = fields.moment(manifest, "started"), fields.moment(manifest, "finished")
    start = started if started is not None else min(times, default=0.0)
    end = finished if finished is not None else max(times, default=None)
    return Run(
        name=fields.text(manifest, "run") or read.folder.name,
        started=start,
        finished=finished,
        seconds=None if end is None or not start else max(0.0, end - start),
        manifest=manifest,
        statements=statements,
        by_kind={kind: tuple(records) for kind, records in by_kind.items()},
        warnings=tuple(_warnings(read, manifest, statements, by_kind)),
    )


def _warnings(
    read: RunRecords,
    manifest: Record,
    statements: tuple[Record, ...],
    by_kind: Mapping[str, list[Record]],
) -> list[str]:
    said = []
    if not manifest:
        said.append(
            "The run's manifest is missing or unreadable, so its settings and versions are unknown."
        )
    elif sentence := fields.text(manifest, "interrupted"):
        said.append(f"The run was interrupted: {sentence}")
    elif fields.moment(manifest, "finished") is None:
        said.append(
            "The run did not finish: it is still running, or it was killed. Parts without a verdict "
            "are shown as such."
        )
    if not statements:
        said.append("The list of statements is missing or unreadable, so only ids can be shown.")
    if read.torn:
        was = "was" if read.torn == 1 else "were"
        said.append(
            f"{counted(read.torn, 'line')} of the records could not be read and {was} skipped."
        )
    for record in by_kind.get("lost", []):
        what, where, trials = (
            fields.text(record, "what").rstrip("."),
            fields.text(record, "part"),
            fields.count(record, "trials"),
        )
        lost = f" ({counted(trials, 'trial')})" if trials else ""
        said.append(
            f"Lost{f' in {where}' if where else ''}: {what or 'evidence that did not arrive'}{lost}."
        )
    return said
