"""Write docs/power.md: what each profile notices of falsehood that grows in steps.

    PYTHONPATH=tests python tests/planted/power.py docs/power.md --entropies 10

Budgets are counted work, so that the tables are the same on every machine, but for what shrinking
takes, which is switched off.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from errata import ERRATA
from ladders import LADDERS, QUALITY, Ladder, profiles
from rows import ROWS
from scipy import stats
from support import outcome_of, statements_of_their_own

from lemmata.harness import Part
from lemmata.harness.levels import ALPHA, BETA
from lemmata.harness.profiles import PROFILES, Profile
from lemmata.harness.verdicts import Outcome

INTRODUCTION = """# What is noticed

Written by `make power`; do not edit. Each statement below is false by a known amount and is judged
under {entropies} entropies with each profile; *random* is the default profile with the search's
sources but random drawing switched off. A cell says in how many runs the statement is refuted (at
α = {alpha:g}), stays undecided, or holds, and within which resolution at worst: what "holds" then
leaves open. The truth is in the same unit. Budgets are counted work, so that the tables do not
depend on the machine.
"""


def judged(part: Part, profile: Profile, entropies: int) -> list[Outcome]:
    """Judge a part under so many entropies, without shrinking."""
    spent = replace(profile, shrink=0.0)
    return [outcome_of(part, entropy=entropy, profile=spent) for entropy in range(entropies)]


def cell(outcomes: Sequence[Outcome], reached: Callable[[Outcome], float] | None = None) -> str:
    """Say what the runs of one statement came to."""
    counts = Counter(outcome.verdict for outcome in outcomes)
    said = []
    for verdict, count in sorted(counts.items(), key=lambda pair: -pair[1]):
        share = verdict if count == len(outcomes) else f"{verdict} {count}"
        if verdict == "holds" and reached is not None:
            coarsest = max(reached(one) for one in outcomes if one.verdict == "holds")
            share += f" (within {coarsest:.2g})"
        said.append(share)
    return ", ".join(said)


def ladder_lines(ladder: Ladder, entropies: int, tally: Counter[str]) -> Iterator[str]:
    """Write one ladder's table; count the runs, and what was said outside the resolution."""
    names = [profile.name for profile in profiles()]
    yield f"\n## {ladder.kind[0].upper()}{ladder.kind[1:]} …\n"
    yield "| … | truth | " + " | ".join(names) + " |"
    yield "| --- " * (2 + len(names)) + "|"
    for step in ladder.steps:
        part, cells = ladder.make(step), []
        for profile in profiles():
            outcomes = judged(part, profile, entropies)
            cells.append(cell(outcomes, ladder.reached))
            if ladder.reached is not None:
                tally["runs"] += len(outcomes)
                tally["outside"] += sum(ladder.dishonest(step, one) for one in outcomes)
        truth = f"{ladder.truth(step):.3g}" if ladder.reached else ""
        yield f"| {step:g} | {truth} | " + " | ".join(cells) + " |"


def table(title: str, parts: dict[str, Callable[[], Part]], entropies: int) -> Iterator[str]:
    """Write a table of single statements."""
    names = [profile.name for profile in profiles()]
    yield f"\n## {title}\n"
    yield "| false statement | " + " | ".join(names) + " |"
    yield "| --- " * (1 + len(names)) + "|"
    for name, make in parts.items():
        part = make()
        cells = [cell(judged(part, profile, entropies)) for profile in profiles()]
        yield f"| {name} | " + " | ".join(cells) + " |"


def errata_lines(entropies: int) -> Iterator[str]:
    """Write what became of the errata and of their corrected forms."""
    yield "\n## Statements that are taught and false, and their corrected forms\n"
    yield f"With the default profile; entropies each: {entropies}.\n"
    yield "| false form | it | its corrected form |"
    yield "| --- | --- | --- |"
    for erratum in ERRATA:
        found = [
            cell(judged(part, PROFILES["default"], entropies))
            for part in (erratum.false, erratum.true)
        ]
        yield f"| {erratum.name} | " + " | ".join(found) + " |"


def main() -> None:
    """Run all ladders and write the file."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("out", type=Path)
    asked.add_argument("--entropies", type=int, default=5)
    asked.add_argument("--errata", type=int, default=1, help="entropies for the errata")
    options = asked.parse_args()
    torch.set_num_threads(1)
    tally: Counter[str] = Counter()
    lines = [INTRODUCTION.format(entropies=options.entropies, alpha=ALPHA)]
    with statements_of_their_own():
        quality = dict(QUALITY)
        rows = {row.name: row.make for row in ROWS}
        lines += table("What has to be noticed", quality, options.entropies)
        lines += table("What once was said to hold", rows, options.entropies)
        for ladder in LADDERS:
            print(ladder.kind, flush=True)
            lines += ladder_lines(ladder, options.entropies, tally)
        lines += errata_lines(options.errata)
    chance = stats.binom.sf(tally["outside"] - 1, tally["runs"], BETA)
    lines.append(
        f"\n## The resolution is kept to\n\nIn {tally['outside']} of {tally['runs']:,} runs of the "
        'ladders "holds" is said although the truth lies outside of what is printed. That error '
        f"is granted the probability β = {BETA:g} a run; as many or more have the probability "
        f"{chance:.2g}."
    )
    options.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
