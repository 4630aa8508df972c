"""Blocks of trials of one part, added up.

Each block counts once, however many runs and replays recorded it.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lemmata.reports import fields
from lemmata.reports.evidence import Curve, read_curves
from lemmata.reports.fields import Record

SEARCHED = "instances from the search"
_KEY = ("part", "generation", "instance_hash", "entropy", "stream", "layers", "first")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratios:
    """Counts of ratios by log-spaced bin, for one specimen or for all that searching drew."""

    label: str
    counts: Mapping[int, int]
    trials: int
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """What blocks of trials add up to.

    Attributes:
        number: how many blocks, each counted once.
        runs: how many runs they come from.
        trials: in all, failures: among them, near: within rounding of the threshold.
        threshold: 1 or the declared constant, as recorded last.
        seconds: spent on them.
        ratios: counts by specimen, those of the search last.
        curves: trajectories of the first block that has any.
    """

    number: int = 0
    runs: int = 0
    trials: int = 0
    failures: int = 0
    near: int = 0
    threshold: float | None = None
    seconds: float = 0.0
    ratios: tuple[Ratios, ...] = ()
    curves: Mapping[str, Curve] = field(default_factory=dict)


def block_key(block: Record) -> str:
    """Return what identifies a block in the ledger of all trials ever recorded."""
    return json.dumps([block.get(name) for name in _KEY], sort_keys=True, default=str)


def add_up(records: Iterable[Record], names: Mapping[str, str]) -> Blocks:
    """Add blocks up.

    Args:
        records: block records of one part, perhaps some of them twice.
        names: a short name by instance hash; instances without one count as drawn by searching,
            grids are left out of the ratios.
    """
    blocks = list({block_key(record): record for record in records}.values())
    histograms: dict[str, Counter[int]] = {}
    trials: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    for block in blocks:
        label = names.get(fields.text(block, "instance_hash")) or _label_of_role(
            fields.text(block, "role")
        )
        if label:
            histograms.setdefault(label, Counter()).update(_counts(block))
            trials[label] += fields.count(block, "trials") or 0
            failures[label] += fields.count(block, "failures") or 0
    thresholds = [
        threshold
        for block in blocks
        if (threshold := fields.number(block, "threshold")) is not None
    ]
    return Blocks(
        number=len(blocks),
        runs=len({fields.text(block, "run") for block in blocks}),
        trials=_total(blocks, "trials"),
        failures=_total(blocks, "failures"),
        near=_total(blocks, "near"),
        threshold=thresholds[-1] if thresholds else None,
        seconds=sum(
            value
            for block in blocks
            if (value := fields.number(block, "seconds")) is not None and 0 < value < math.inf
        ),
        ratios=tuple(
            Ratios(
                label=label,
                counts=dict(sorted(histograms[label].items())),
                trials=trials[label],
                failures=failures[label],
            )
            for label in sorted(histograms, key=lambda label: (label == SEARCHED, label))
            if histograms[label]
        ),
        curves=next((curves for block in blocks if (curves := read_curves(block))), {}),
    )


def _label_of_role(role: str) -> str:
    return {"specimen": "a specimen", "grid": ""}.get(role, SEARCHED)


def _total(blocks: list[Record], name: str) -> int:
    return sum(fields.count(block, name) or 0 for block in blocks)


def _counts(block: Record) -> Counter[int]:
    counts: Counter[int] = Counter()
    for name, value in fields.named_numbers(block, "histogram").items():
        if name.lstrip("-").isdecimal() and len(name) < 6 and 0 < value < 1e15:
            counts[int(name)] += int(value)
    return counts
