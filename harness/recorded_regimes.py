"""The newest recorded regime map of a part, found without reading the rest of the records."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from lemmata.harness.codec import CodecError, from_plain
from lemmata.harness.records import RecordsError, runs_in
from lemmata.harness.regime_cells import RegimeMap, joined
from lemmata.harness.schema import SCHEMA

_KIND = b'"kind":"regime"'


def newest_regime(records: Path, part: str) -> RegimeMap | None:
    """Return the map of the latest run below ``records`` that has one of the part; None where there
    is none.
    """
    try:
        folders = runs_in(records)
    except RecordsError:
        return None
    for folder in reversed(folders):
        if found := joined(_maps_in(folder, part)):
            return found
    return None


def _maps_in(folder: Path, part: str) -> Iterator[RegimeMap]:
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_bytes().splitlines() if path.is_file() else ():
            if _KIND not in line:
                continue
            try:
                plain = json.loads(line)
                if plain["schema"] == SCHEMA and plain["part"] == part:
                    yield from_plain(plain, RegimeMap)
            except (ValueError, KeyError, TypeError, RecursionError, CodecError):
                continue
