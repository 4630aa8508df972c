"""What earlier runs have judged already: the same code, as thoroughly, and as expected.

A pre-commit check need not judge again what nothing has changed: a verdict belongs to a generation,
the hash of the code and constants behind it, and is found again by that.
"""

from __future__ import annotations

import contextlib
import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from lemmata.harness.generation import generation_of
from lemmata.harness.profiles import PROFILES
from lemmata.harness.records import RecordsError, read_manifest, runs_in
from lemmata.harness.statements import Subject

S = TypeVar("S", bound=Subject)

_VERDICTS = (b'"kind":"verdict"', b'"kind":"twin"')


def generations_as_expected(
    records: Path, *, profile: str, device: str, dtype: str
) -> dict[str, set[str]]:
    """Return, by part or twin, the generations that were judged as expected.

    Only runs of that device and dtype count, with that profile or a more thorough one.
    """
    names = list(PROFILES)
    enough = set(names[names.index(profile) :])
    found: dict[str, set[str]] = defaultdict(set)
    try:
        folders = runs_in(records)
    except RecordsError:
        return found
    for folder in folders:
        manifest = None
        with contextlib.suppress(RecordsError):
            manifest = read_manifest(folder)
        if manifest is None or manifest.profile not in enough:
            continue
        if (manifest.device, manifest.dtype) != (device, dtype):
            continue
        for path in folder.glob("*.jsonl"):
            for line in path.read_bytes().splitlines() if path.is_file() else ():
                if any(kind in line for kind in _VERDICTS):
                    _note(line, found)
    return found


def changed(subjects: Iterable[S], known: dict[str, set[str]]) -> list[S]:
    """Return the parts and twins whose code no earlier run has judged as expected."""
    return [
        subject for subject in subjects if generation_of(subject) not in known.get(subject.id, ())
    ]


def _note(line: bytes, found: dict[str, set[str]]) -> None:
    try:
        record = json.loads(line)
        if record["as_expected"] is True and not record["outcome"].get("out_of_time"):
            found[str(record.get("twin") or record["part"])].add(str(record["generation"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return
