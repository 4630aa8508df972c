"""Runs: what was run, when, on what, and what of it was lost."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from lemmata.harness.records import (
    Lines,
    RecordsError,
    RunRecords,
    Stretch,
    read_stretch,
    run_of,
    runs_in,
    stretches,
)
from lemmata.harness.schema import Lost, Manifest, Recorded
from lemmata.reports.ledger import Ledger
from lemmata.reports.levels import Levels, levels_of
from lemmata.reports.numerals import counted, duration, moment
from lemmata.reports.processes import each
from lemmata.reports.source import commit_words

_STRETCH, _FEWEST = 2**23, 4
"""Files of records are read in stretches of eight million bytes, four or more of them by several
processes.
"""

T = TypeVar("T", bound=Recorded)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run, read back.

    Attributes:
        read: its records, without the blocks.
        blocks: the blocks by part or twin.
        started: Unix seconds, from the manifest or the first record; 0 where unknown.
        seconds: from the start to the end, or to the last record.
    """

    read: RunRecords
    blocks: Mapping[str, Ledger]
    started: float
    seconds: float | None

    @property
    def manifest(self) -> Manifest:
        """What the run was."""
        return self.read.manifest

    @property
    def name(self) -> str:
        """Its id; the folder's name where it has none."""
        return self.manifest.run or self.read.folder.name

    @property
    def when(self) -> str:
        """The start as a date."""
        return moment(self.started or None)

    @cached_property
    def levels(self) -> Levels:
        """α, β and resolutions, as the run itself recorded them."""
        return levels_of(self.manifest)

    def each(self, kind: type[T]) -> Iterator[T]:
        """Give the records of one kind, in the order of writing."""
        return (record.value for record in self.read.records if isinstance(record.value, kind))

    @property
    def short_facts(self) -> str:
        """What a run can be trusted by, in a line: versions, device, profile and entropy."""
        said = self.manifest
        versions = {name: said.versions.get(name) for name in ("lemmata", "python", "torch")}
        shown = [
            ", ".join(f"{name} {one}" for name, one in versions.items() if one),
            " ".join(filter(None, (said.device, said.dtype))),
            f"profile {said.profile}" if said.profile else "",
            f"entropy {said.entropy}" if said.profile else "",
        ]
        return " · ".join(filter(None, shown))

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Settings, device and versions by name, for the reader who wants to run it again."""
        said, machine = self.manifest, self.manifest.machine
        cores = machine.get("cores")
        hardware = [
            machine.get("platform"),
            counted(cores, "core") if isinstance(cores, int) and 0 < cores < 10**6 else "",
            machine.get("gpu"),
        ]
        ended = "" if said.finished is not None else ", then it ended without finishing"
        rows = [
            ("run", self.name),
            ("started", self.when),
            ("duration", duration(self.seconds) + ended),
            ("profile", said.profile),
            ("entropy", str(said.entropy)),
            ("seed", str(said.seed) if said.seed else ""),
            ("device", ", ".join(filter(None, (said.device, said.dtype)))),
            ("layers", said.layers or ""),
            ("commit", commit_words(said.checkout) if said.checkout else ""),
            ("machine", ", ".join(one for one in hardware if isinstance(one, str) and one)),
            ("versions", ", ".join(f"{name} {one}" for name, one in said.versions.items())),
            ("command", said.command),
        ]
        return [(name, value) for name, value in rows if value]

    @cached_property
    def warnings(self) -> list[str]:
        """What went wrong, in sentences."""
        said = []
        if not self.manifest.profile and not self.manifest.versions:
            said.append(
                "The run's manifest is missing or unreadable, so its settings and versions are "
                "unknown."
            )
        elif self.manifest.interrupted:
            said.append(f"The run was interrupted: {self.manifest.interrupted}")
        elif self.manifest.finished is None:
            said.append(
                "The run did not finish: it is still running, or it was killed. Parts without a "
                "verdict are shown as such."
            )
        if not self.read.statements:
            said.append(
                "The list of statements is missing or unreadable, so only ids can be shown."
            )
        if torn := self.read.torn:
            was = "was" if torn == 1 else "were"
            said.append(
                f"{counted(torn, 'line')} of the records could not be read and {was} skipped."
            )
        return [*said, *map(_of_loss, self.each(Lost))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """Runs, the latest first, and sentences on those that could not be read."""

    runs: Sequence[Run]
    left_out: Sequence[str]


def read_runs(folders: Sequence[Path]) -> Runs:
    """Read all runs in the folders; a run that is in two of them counts once.

    A run that an older or newer Lemmata recorded is left out.

    Raises:
        RecordsError: a folder has no records, or no run is readable.
    """
    found = {path.resolve(): path for folder in folders for path in runs_in(folder)}
    if not found:
        raise RecordsError("no folder of records was named: name the folder with --records")
    runs, left_out = [], []
    for path in found.values():
        try:
            runs.append(_run(path))
        except RecordsError as problem:
            left_out.append(str(problem))
    if not runs:
        raise RecordsError("; ".join(left_out))
    return Runs(
        runs=sorted(runs, key=lambda run: (run.started, run.name), reverse=True), left_out=left_out
    )


def _run(folder: Path) -> Run:
    blocks: dict[str, Ledger] = {}
    lines: list[Lines] = []

    def read_one(stretch: Stretch) -> tuple[Lines, dict[str, Ledger]]:
        kept: dict[str, Ledger] = defaultdict(Ledger)
        return read_stretch(stretch, folder, lambda block: kept[block.part].add(block)), dict(kept)

    for some, kept in each(read_one, stretches(folder, _STRETCH), fewest=_FEWEST):
        lines.append(some)
        for part, ledger in kept.items():
            if (known := blocks.setdefault(part, ledger)) is not ledger:
                known.extend(ledger)
    read = run_of(folder, lines)
    started, finished = read.manifest.started, read.manifest.finished
    start = started if _is_time(started) else read.first
    end = finished if _is_time(finished) else read.last
    seconds = None if end is None or not start else max(0.0, end - (start or 0.0))
    return Run(read=read, blocks=blocks, started=start or 0.0, seconds=seconds)


def _is_time(seconds: float | None) -> bool:
    return seconds is not None and math.isfinite(seconds) and 0 < seconds < 2**36


def _of_loss(lost: Lost) -> str:
    trials = f" ({counted(lost.trials, 'trial')})" if lost.trials else ""
    where = f" in {lost.part}" if lost.part else ""
    return f"Lost{where}: {lost.what.rstrip('.') or 'evidence that did not arrive'}{trials}."
