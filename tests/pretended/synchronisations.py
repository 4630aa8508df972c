"""Print how often each part makes a GPU and Python wait for each other: `make synchronisations`.

    python tests/pretended/synchronisations.py [ID ...]

A row is one batch of two trials of the part's first instance, on the pretended device: how many
operations wait, of which kind, and the line that waits most.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import torch
from accelerator import counting_waits, install
from rich.console import Console
from rich.table import Table
from specimens import (
    claim_of,
    every_subject,
    first_instance,
    kinds_of_layers,
    part_of,
    words_from_numpy,
)

ROOT = Path(__file__).resolve().parents[2]


def main(ids: list[str]) -> None:
    device = install()
    torch.set_num_threads(1)
    rows = []
    for part in every_subject():
        if part is not part_of(part) or (ids and not {part.id, part.statement.id} & set(ids)):
            continue
        instance = first_instance(part)
        for kind in kinds_of_layers(part):
            with counting_waits() as waits, words_from_numpy():
                claim_of(part, instance, layers=kind, device=device)
            rows.append((part.id, kind, Counter(waits)))
    table = Table("part", "layers", "waits", "of which", "most at", box=None, pad_edge=False)
    for name, kind, waits in sorted(rows, key=lambda row: -row[2].total()):
        by_kind: Counter[str] = Counter()
        for (what, _), count in waits.items():
            by_kind[what] += count
        ((_, place), most) = waits.most_common(1)[0] if waits else (("", ""), 0)
        kinds = ", ".join(f"{count} {what}" for what, count in by_kind.most_common(3))
        where = f"{place.removeprefix(f'{ROOT}/')} ({most})" if waits else ""
        table.add_row(name, kind, str(waits.total()), kinds, where)
    Console(width=None if sys.stdout.isatty() else 170).print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
