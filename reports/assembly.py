"""From the records of one run or several to what the report shows.

The latest run that has a verdict for a part decides the verdict that is shown; older ones become
its history. Blocks of trials of the same code add up over all runs. What only records mention is
shown under its id.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lemmata.harness.regime_cells import RegimeMap
from lemmata.harness.regime_cells import joined as joined_maps
from lemmata.harness.schema import (
    DeclaredPart,
    DeclaredStatement,
    DeclaredTwin,
    PartVerdict,
    TwinVerdict,
)
from lemmata.reports.blocks import add_up
from lemmata.reports.ledger import Ledger
from lemmata.reports.model import Library, Paper, Part, Past, Statement, Twin, labels_of
from lemmata.reports.proof import joined
from lemmata.reports.runs import Run, Runs
from lemmata.reports.source import source_of

_PART_OF_STATEMENT = re.compile(r"(?P<statement>.+?)(\((?P<letter>\w+)\))?", re.DOTALL)
_UNKNOWN_PAPER = "paper not recorded"


@dataclass(frozen=True, slots=True)
class _Found:
    """Records by the part or twin that they are about, the latest run first."""

    verdicts: dict[str, list[tuple[Run, PartVerdict]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    twins: dict[str, dict[str, TwinVerdict]] = field(default_factory=lambda: defaultdict(dict))
    blocks: dict[str, list[tuple[str, Ledger]]] = field(default_factory=lambda: defaultdict(list))
    maps: dict[str, list[RegimeMap]] = field(default_factory=lambda: defaultdict(list))


def assemble(read: Runs) -> Library:
    """Make the library of a report out of runs, the latest first."""
    found = _sorted_out(read.runs)
    listed = _listed(read.runs)
    mentioned = _mentioned(found, listed)
    pages: set[str] = set()
    statements = joined(
        [
            _statement(*one, found, pages)
            for one in [*listed.values(), *((m, None) for m in mentioned)]
        ]
    )
    names = dict.fromkeys(statement.paper for statement in statements)
    taken: set[str] = set()
    papers = [
        Paper(
            name=name,
            page=page_name(name, taken),
            statements=[statement for statement in statements if statement.paper == name],
        )
        for name in names
    ]
    return Library(runs=read.runs, papers=papers, left_out=read.left_out)


def page_name(name: str, taken: set[str]) -> str:
    """Turn an id into the name of a file that no other id has, and remember it."""
    name = re.sub(r"[^A-Za-z0-9-]+", "-", name).strip("-")[:80] or "unnamed"
    while name.lower() in taken:
        name += "-"
    taken.add(name.lower())
    return name


def _sorted_out(runs: Sequence[Run]) -> _Found:
    found = _Found()
    for run in runs:
        for part, verdict in {one.part: one for one in run.each(PartVerdict)}.items():
            found.verdicts[part].append((run, verdict))
        for twin in {one.twin: one for one in run.each(TwinVerdict)}.values():
            found.twins[twin.part].setdefault(twin.twin, twin)
        for made in run.each(RegimeMap):
            found.maps[made.part].append(made)
        for part, ledger in run.blocks.items():
            found.blocks[part].append((run.name, ledger))
    return found


def _listed(runs: Sequence[Run]) -> dict[str, tuple[DeclaredStatement, Run | None]]:
    """Statements by id as the latest run tells them, with that run, each paper in the order of the
    run that lists most of it.
    """
    latest: dict[str, tuple[DeclaredStatement, Run | None]] = {}
    orders: dict[str, list[str]] = {}
    for run in runs:
        here: dict[str, list[str]] = defaultdict(list)
        for declared in run.read.statements:
            latest.setdefault(declared.id, (declared, run))
            here[_paper(latest[declared.id][0])].append(declared.id)
        for paper, ids in here.items():
            if len(ids) > len(orders.get(paper, [])):
                orders[paper] = ids
    ordered = dict.fromkeys(name for ids in orders.values() for name in ids)
    return {name: latest[name] for name in dict.fromkeys([*ordered, *latest])}


def _mentioned(
    found: _Found, listed: Mapping[str, tuple[DeclaredStatement, Run | None]]
) -> list[DeclaredStatement]:
    """Statements that only verdicts, twins and blocks mention, under their ids."""
    known = {part.id for declared, _ in listed.values() for part in declared.parts}
    parts: dict[str, dict[str, DeclaredPart]] = {}
    for name in [*found.verdicts, *found.twins, *found.blocks]:
        part = name.split("~")[0]
        read = _PART_OF_STATEMENT.fullmatch(part)
        if part not in known and read:
            letter = read["letter"] or ""
            parts.setdefault(read["statement"], {})[part] = _undeclared_part(part, letter)
    return [_undeclared(name, list(entries.values())) for name, entries in parts.items()]


def _undeclared(name: str, parts: Sequence[DeclaredPart]) -> DeclaredStatement:
    return DeclaredStatement(
        id=name, paper="", place="", source="", title="", section="", provenance="", note="",
        says="", uses=(), tested=True, why_untested="", file="", line=0, claims="", parts=parts,
    )  # fmt: skip


def _undeclared_part(name: str, letter: str) -> DeclaredPart:
    return DeclaredPart(
        id=name, letter=letter, name="", title="", claim="", says="", source="", quantifiers=(),
        constant=None, requires="", tried="", along=(), expect="holds", layers=(), provenance="",
        note="", resolution=None, twins=(),
    )  # fmt: skip


def _paper(declared: DeclaredStatement) -> str:
    return declared.paper or declared.source.split(",")[0].strip() or _UNKNOWN_PAPER


def _statement(
    declared: DeclaredStatement, run: Run | None, found: _Found, pages: set[str]
) -> Statement:
    return Statement(
        declared=declared,
        source=source_of(declared, run.manifest if run else None),
        paper=_paper(declared),
        page=page_name(declared.id, pages),
        parts=[_part(part, found) for part in declared.parts],
    )


def _part(declared: DeclaredPart, found: _Found) -> Part:
    judged = found.verdicts.get(declared.id, [])
    run, verdict = judged[0] if judged else (None, None)
    blocks = found.blocks.get(declared.id, [])
    generation = verdict.generation if verdict else blocks[0][1].generation if blocks else ""
    names: dict[str, str] = {}
    if verdict:
        labels = labels_of(verdict.outcome)
        for label, one in zip(labels, verdict.outcome.specimens, strict=True):
            names.setdefault(one.place.hash, label)
    return Part(
        declared=declared,
        judged=verdict,
        run=run,
        recorded=bool(blocks),
        twins=_twins(declared, found),
        blocks=add_up(blocks, names, generation),
        history=[
            Past(run=past, verdict=old, same_code=old.generation == generation)
            for past, old in judged[1:]
        ],
        regime=joined_maps(found.maps.get(declared.id, [])),
    )


def _twins(declared: DeclaredPart, found: _Found) -> list[Twin]:
    recorded = found.twins.get(declared.id, {})
    listed = {twin.id: twin for twin in declared.twins}
    for name, verdict in recorded.items():
        listed.setdefault(
            name, DeclaredTwin(id=name, name=name.split("~")[-1], says=verdict.says, knobs={})
        )
    return [Twin(declared=twin, judged=recorded.get(name)) for name, twin in listed.items()]
