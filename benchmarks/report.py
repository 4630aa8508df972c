"""What a report of many records costs: a run of a million blocks, written and reported on.

    python benchmarks/report.py [--blocks 1000000] [--statements 500] [--folder build/many]

The blocks are those of statements that are all alike, spread over instances as a search and its
specimens spread them, with numbers that a fixed generator draws: they mean nothing, but have the
size and the shape of real ones. Prints, for each step, seconds and the largest memory; each step is
a process of its own, so that the memory is that of the step.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lemmata.harness.codec import to_plain
from lemmata.harness.schema import SCHEMA, DeclaredPart, DeclaredStatement, Manifest, PartVerdict
from lemmata.harness.verdicts import BoundVerdict, Outcome, Place, Sides

_PER_INSTANCE = 4
_START = 1_763_776_000.0


def statements(count: int) -> list[DeclaredStatement]:
    """Declare statements that are all alike, each of which uses two before it."""
    return [
        DeclaredStatement(
            id=f"MANY-{number:03}", paper=f"P{number // 100}", place="", source="made up",
            title="A norm stays near one", section=f"Section {number // 10}", provenance="ours",
            note="", says=r"$\|h\|\le 1+\varepsilon$", tested=True, why_untested="",
            uses=[f"MANY-{number - step:03}" for step in (1, 7) if number >= step],
            file="/somewhere/many.py", line=number + 1, claims="probability",
            parts=[
                DeclaredPart(
                    id=f"MANY-{number:03}", letter="", name="norms", title="norms", source="",
                    claim="probability", says="", quantifiers=[r"\forall m"], constant=None,
                    requires="", tried="", along=(), expect="holds", layers=("dense",),
                    provenance="ours", note="", resolution=None, twins=(),
                )
            ],
        )
        for number in range(count)
    ]  # fmt: skip


def block_lines(count: int, ids: list[str]) -> Iterator[str]:
    """Write blocks, first those of one statement, then those of the next."""
    draw = random.Random(0)
    for number in range(count):
        part = ids[number * len(ids) // count]
        instance, position = divmod(number, _PER_INSTANCE)
        width, depth = draw.choice((64, 256, 1024)), draw.randint(1, 9)
        place = {
            "data": {"width": width, "depth": depth, "epsilon": draw.random()},
            "hash": f"{instance * 0x9E3779B97F4A7C15 % 2**64:016x}",
            "words": f"width = {width}, depth = {depth}",
            "sizes": {"width": width, "depth": depth},
        }
        counts = {str(place): draw.randint(1, 4) for place in range(-12, 0)}
        trials = sum(counts.values())
        record = {
            "schema": SCHEMA, "run": "many", "worker": "main", "time": _START + number * 1e-3,
            "kind": "block", "part": part, "generation": "g", "place": place, "role": "explore",
            "entropy": 0, "stream": "explore", "layers": "dense", "device": "cpu",
            "dtype": "float64", "first": 64 * position, "trials": trials, "failures": 0,
            "doubtful": 0, "silent": 0, "claimed": 0.05, "threshold": 1.0, "histogram": counts,
            "worst_ratio": draw.random(), "worst_trial": 64 * position, "attack": None,
            "attacks": {}, "seconds": 0.001,
        }  # fmt: skip
        yield json.dumps(record, separators=(",", ":")) + "\n"


def verdict_line(part: str) -> str:
    """Write a verdict that holds on one specimen."""
    place = Place(data={"width": 64}, hash="0" * 16, words="width = 64", sizes={"width": 64.0})
    specimen = BoundVerdict(
        place=place, role="specimen", stream="confirm", verdict="holds", trials=4096, failures=2,
        doubtful=0, silent=0, claimed=0.05, threshold=1.0, allowance=0.0, level=0.004, limit=0.07,
        log_e_refute=-3.0, log_e_certify=9.0, low=1e-4, high=1.8e-3, median_ratio=0.4,
        worst=Sides(direction="at most", member="", ratio=1.1, measured=1.1, bound=1.0, trial=7),
        surviving=0.9, inside=None, attack=None, attacks={}, reports={}, curves={}, seconds=0.5,
    )  # fmt: skip
    outcome = Outcome(
        subject=part, verdict="holds", expect="holds", basis="certified",
        resolution="fails at most 0.004 of the time, claimed 0.05", specimens=[specimen],
        trials=4096, seconds=0.5,
    )  # fmt: skip
    verdict = PartVerdict(
        part=part, generation="g", outcome=outcome, worst_ratio=1.1, attacks={}, explanation=""
    )
    lead = {"schema": SCHEMA, "run": "many", "worker": "main", "time": _START}
    return json.dumps({**lead, **to_plain(verdict)}) + "\n"


def write(folder: Path, blocks: int, made: int) -> None:
    """Write the run."""
    folder.mkdir(parents=True, exist_ok=True)
    declared = statements(made)
    (folder / "statements.json").write_text(json.dumps(to_plain(declared)))
    manifest = Manifest(
        schema=SCHEMA, run="many", started=_START, finished=_START + 3600, profile="made up"
    )
    (folder / "manifest.json").write_text(json.dumps(to_plain(manifest)))
    ids = [one.id for one in declared]
    with (folder / "main.jsonl").open("w") as file:
        file.writelines(block_lines(blocks, ids))
        file.writelines(map(verdict_line, ids))


def cost(command: list[str]) -> dict[str, Any]:
    """Run a command; return its seconds, its processor's seconds and its largest memory in MB."""
    start = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "seconds": round(time.perf_counter() - start, 1),
        "processor": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
        "megabytes": round(used.ru_maxrss / 1024),
    }


def main() -> None:
    """Write the run where it is not there yet, and build its report twice."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--blocks", type=int, default=1_000_000)
    parser.add_argument("--statements", type=int, default=500)
    parser.add_argument("--folder", type=Path, default=Path("build/many"))
    asked = parser.parse_args()
    records, out = asked.folder / f"{asked.blocks}-{asked.statements}", asked.folder / "report"
    if not (records / "manifest.json").exists():
        write(records, asked.blocks, asked.statements)
    size = sum(path.stat().st_size for path in records.iterdir())
    print(f"{asked.blocks} blocks of {asked.statements} statements, {size / 1e6:.0f} MB")
    report = [sys.executable, "-m", "lemmata", "report", "--records", str(records)]
    for step in ("first", "again"):
        print(step, cost([*report, "--out", str(out)]))
    print(f"index.html {(out / 'index.html').stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
