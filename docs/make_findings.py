"""The page of findings, written from what the statements declare.

    python docs/make_findings.py        # part of make docs

docs/findings.md is made of every part that carries a `Finding`, of our own parts that are declared
false, and of the claims that statements have withdrawn. tests/docs/test_pages.py compares it with
what stands, and runs the lines of each finding.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

from lemmata.command_line import load_theorems
from lemmata.harness import Part, Statement
from lemmata.harness.registry import find

HERE = Path(__file__).resolve().parent
_WIDTH = 100

_INTRODUCTION = """\
# Findings

This page is written by `python docs/make_findings.py` (`make docs`) from the statements; change
them there.

What stands here does not hold, or does not follow, as it is printed. Each finding names the place,
what is concerned (a statement, a constant, a step of a proof, an example, a formula) and what
survives, gives an instance that can be checked by hand and a few lines of Python that show it, and
names the form that holds in its place. Every one was computed twice, by different means. Each is
also a statement of this project: `lemmata check` refutes it and prints the counterexample.
"""
_OURS = """\
## Ours, declared false

Simpler or stronger forms that we tried and that fail; no paper claims them. The statement says what
holds instead.
"""
_WITHDRAWN = """\
## Ours, withdrawn

Claims that we made in earlier versions and that fell.
"""


def page() -> str:
    """Write docs/findings.md."""
    statements = load_theorems()
    parts = [part for made in statements for part in made.parts]
    pieces = [_INTRODUCTION]
    for paper in dict.fromkeys(part.statement.paper for part in parts if part.finding):
        pieces.append(f"## {paper}\n")
        pieces += [_told(p) for p in parts if p.finding and p.statement.paper == paper]
    false = [part for part in parts if part.expect == "refuted" and not part.finding]
    if false:
        pieces.append(_OURS)
        pieces += [_item(f"**{part.id}**, {part.title}: {part.says}") for part in false]
        pieces.append("")
    if withdrawn := list(_withdrawn(statements)):
        pieces += [_WITHDRAWN, *withdrawn, ""]
    return "\n".join(pieces).rstrip("\n") + "\n"


def _told(part: Part) -> str:
    finding = part.finding
    repairs = [find(repair) for repair in finding.repairs]
    blocks = [
        f"### {part.id}: {finding.place}",
        _paragraph(f"*Concerns: {finding.concerns}.* {part.says}"),
        _paragraph(f"**Instance.** {finding.counterexample}"),
        f"```python\n{finding.check.strip()}\n```",
        _paragraph(f"**Cause.** {finding.cause}"),
        "\n".join(_item(f"**Holds instead**, {held.id}: {held.says}") for held in repairs),
        _paragraph(f"**What survives.** {finding.survives}"),
        _paragraph(f"**Computed twice.** The trials of this statement, and {finding.verified}"),
        f"Counterexample: `lemmata check '{part.id}'`",
    ]
    return "\n\n".join(blocks) + "\n"


def _withdrawn(statements: list[Statement]) -> Iterator[str]:
    for made in statements:
        yield from (_item(f"**{made.id}**: {sentence}") for sentence in made.withdrawn)


def _paragraph(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _item(text: str) -> str:
    return textwrap.indent(_paragraph(text), "  ").replace("  ", "- ", 1)


if __name__ == "__main__":
    (HERE / "findings.md").write_text(page(), encoding="utf-8")
