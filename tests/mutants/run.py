"""Apply the declared mutations in copies, and say which statements caught them.

``python tests/mutants/run.py [--only TEXT] [--share K/N] [--jobs N] [--seconds S]``: every mutation
is written into a copy of the package, and the statements that it names are judged there with the
quick profile, then with the default one, until one is refuted or in error. A mutation that nothing
catches is a survivor; one that is declared equivalent says why. Ends with status 1 where there is
an unexplained survivor.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(_ROOT / "tests"))

import mutants  # noqa: E402 - found beside this script
from mutants import Mutation  # noqa: E402

_PARTS = ("harness", "strategies", "theorems", "reports")
_JUDGE = """
import json, sys
sys.path.insert(0, sys.argv[1])
import lemmata
assert lemmata.__file__.startswith(sys.argv[1]), lemmata.__file__
from lemmata.command_line import load_theorems
from lemmata.harness.parts import judge_part
from lemmata.harness.profiles import PROFILES
from lemmata.harness.registry import find
from lemmata.harness.run import Run
import torch
torch.set_num_threads(1)
load_theorems()
for profile in ("quick", "default"):
    for part in (part for name in sys.argv[2:] for part in find(name).parts):
        verdict = judge_part(Run(profile=PROFILES[profile]), part).verdict
        if verdict == "error" or (verdict == "refuted") != (part.expect == "refuted"):
            print(json.dumps([part.id, verdict]))
            sys.exit()
print(json.dumps(None))
"""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a mutation: the part that caught it with its verdict, or None."""

    mutation: Mutation
    caught: tuple[str, str] | None
    problem: str
    seconds: float


def declared() -> list[Mutation]:
    """Collect the mutations of all lists beside this script."""
    found: list[Mutation] = []
    for module in pkgutil.iter_modules(mutants.__path__):
        if module.name != "run":
            found += importlib.import_module(f"mutants.{module.name}").MUTATIONS
    return found


def laid_out(folder: Path) -> Path:
    """Copy the package as it is installed."""
    package = folder / "lemmata"
    shutil.copytree(_ROOT / "src" / "lemmata", package)
    for part in _PARTS:
        shutil.copytree(_ROOT / part, package / part)
    return folder


def apply(mutation: Mutation, folder: Path, seconds: float) -> Fate:
    """Write a mutation into a copy, judge there, and take it back."""
    begin = time.monotonic()
    path = folder / "lemmata" / mutation.file
    text = path.read_text()
    if text.count(mutation.before) != 1:
        count = text.count(mutation.before)
        return Fate(mutation, None, f"its text stands {count} times in {mutation.file}", 0.0)
    path.write_text(text.replace(mutation.before, mutation.after))
    try:
        done = subprocess.run(
            [sys.executable, "-c", _JUDGE, str(folder), *mutation.statements],
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        lines = done.stdout.strip().splitlines()
        if done.returncode or not lines:  # the mutant cannot even be imported
            last = done.stderr.strip().splitlines()[-1:] or ["it ended without a word"]
            return Fate(mutation, ("import", last[0][:80]), "", time.monotonic() - begin)
        caught = json.loads(lines[-1])
        return Fate(mutation, tuple(caught) if caught else None, "", time.monotonic() - begin)
    except subprocess.TimeoutExpired:
        return Fate(mutation, None, f"no verdict within {seconds:g} s", seconds)
    finally:
        path.write_text(text)


def fates(mutations: list[Mutation], jobs: int, seconds: float) -> Iterator[Fate]:
    """Apply the mutations, several at a time, each job in a copy of its own."""
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(jobs) as pool:
        copies = [laid_out(Path(temporary) / str(job)) for job in range(jobs)]

        def of_job(job: int) -> list[Fate]:
            found = []
            for mutation in mutations[job::jobs]:
                fate = apply(mutation, copies[job], seconds)
                print(line_of(fate), flush=True)
                found.append(fate)
            return found

        for done in pool.map(of_job, range(jobs)):
            yield from done


def line_of(fate: Fate) -> str:
    """Say in a line what became of a mutation."""
    what = f"{fate.mutation.file}: {fate.mutation.before} -> {fate.mutation.after}"
    what = " ".join(what.split())[:150]
    if fate.caught:
        return f"caught    {fate.caught[0]:<12} {fate.caught[1]:<8} {fate.seconds:5.0f} s  {what}"
    if fate.mutation.equivalent:
        return f"equal     {fate.mutation.equivalent}  {what}"
    return f"SURVIVED  {fate.problem or ', '.join(fate.mutation.statements)}  {what}"


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="", help="mutations whose file or text contains this")
    parser.add_argument("--share", default="0/1", help="K/N: every N-th of them, from the K-th on")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time")
    parser.add_argument("--seconds", type=float, default=240.0, help="for one mutation")
    chosen = parser.parse_args()
    start, step = (int(number) for number in chosen.share.split("/"))
    mutations = [one for one in declared() if chosen.only in f"{one.file} {one.before}"]
    mutations = mutations[start % step :: step]
    found = list(fates(mutations, chosen.jobs, chosen.seconds))
    caught = sum(fate.caught is not None for fate in found)
    equal = sum(fate.caught is None and bool(fate.mutation.equivalent) for fate in found)
    survived = len(found) - caught - equal
    print(f"{len(found)} mutations: {caught} caught, {equal} equivalent, {survived} survived")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
