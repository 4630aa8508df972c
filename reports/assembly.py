"""From the records of one run or several to what the report shows.

The latest run that has a verdict for a part decides the verdict that is shown; older ones become
its history. Blocks of trials of the same code add up over all runs. What a record lacks stays
empty, and what only records mention is shown under its id.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lemmata.reports import fields
from lemmata.reports.blocks import add_up
from lemmata.reports.evidence import Exponent, Refutation, Specimen, largest, relative
from lemmata.reports.fields import Record
from lemmata.reports.model import Library, Paper, Part, Past, Statement, Twin
from lemmata.reports.proof import joined
from lemmata.reports.runs import Run

_PART_OF_STATEMENT = re.compile(r"(?P<statement>.+?)(\((?P<letter>\w+)\))?(~\d+)?", re.DOTALL)
_UNKNOWN_PAPER = "paper not recorded"


@dataclass(frozen=True, slots=True)
class _Found:
    """Records by the part or twin that they are about, the latest run first."""

    verdicts: dict[str, list[tuple[Run, Record]]] = field(default_factory=lambda: defaultdict(list))
    twins: dict[str, list[tuple[Run, Record]]] = field(default_factory=lambda: defaultdict(list))
    blocks: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    slopes: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))


def assemble(runs: Iterable[Run]) -> Library:
    """Make the library of a report out of runs, the latest first."""
    runs = tuple(runs)
    found = _sorted_out(runs)
    listed = _listed(runs)
    mentioned = _mentioned(found, listed)
    pages: set[str] = set()
    statements = joined(
        [_statement(record, found, pages) for record in [*listed.values(), *mentioned]]
    )
    names = dict.fromkeys(statement.paper for statement in statements)
    taken: set[str] = set()
    papers = [
        Paper(
            name=name,
            page=page_name(name, taken),
            statements=tuple(statement for statement in statements if statement.paper == name),
        )
        for name in names
    ]
    return Library(runs=runs, papers=tuple(papers))


def page_name(name: str, taken: set[str]) -> str:
    """Turn an id into the name of a file that no other id has, and remember it."""
    name = re.sub(r"[^A-Za-z0-9-]+", "-", name).strip("-")[:80] or "unnamed"
    while name.lower() in taken:
        name += "-"
    taken.add(name.lower())
    return name


def _sorted_out(runs: tuple[Run, ...]) -> _Found:
    found = _Found()
    for run in runs:
        last = {fields.text(record, "part"): record for record in run.by_kind.get("verdict", ())}
        for part, record in last.items():
            found.verdicts[part].append((run, record))
        for twin, record in {
            fields.text(record, "twin"): record for record in run.by_kind.get("twin", ())
        }.items():
            found.twins[twin].append((run, record))
        for record in run.by_kind.get("block", ()):
            found.blocks[fields.text(record, "part")].append(record)
        for record in run.by_kind.get("slope", ()):
            found.slopes[fields.text(record, "part")].append(record)
    return found


def _listed(runs: tuple[Run, ...]) -> dict[str, Record]:
    """Statements by id as the latest run tells them, each paper in the order of the run that
    lists most of it.
    """
    latest: dict[str, Record] = {}
    orders: dict[str, list[str]] = {}
    for run in runs:
        here: dict[str, list[str]] = defaultdict(list)
        for record in run.statements:
            name = fields.text(record, "id")
            latest.setdefault(name, record)
            here[_paper(latest[name])].append(name)
        for paper, ids in here.items():
            if len(ids) > len(orders.get(paper, [])):
                orders[paper] = ids
    ordered = dict.fromkeys(name for ids in orders.values() for name in ids)
    return {
        name: latest[name] for name in [*ordered, *(name for name in latest if name not in ordered)]
    }


def _mentioned(found: _Found, listed: Mapping[str, Record]) -> list[Record]:
    """Statements that only verdicts, twins and blocks mention, under their ids."""
    known = {
        fields.text(part, "id")
        for record in listed.values()
        for part in fields.mappings(record, "parts")
    }
    about = [
        *found.verdicts,
        *(fields.text(record, "part") for entries in found.twins.values() for _, record in entries),
        *found.blocks,
    ]
    parts: dict[str, dict[str, Record]] = {}
    for name in about:
        part = name.split("~")[0]
        read = _PART_OF_STATEMENT.fullmatch(part)
        if part and part not in known and read:
            parts.setdefault(read["statement"], {})[part] = {
                "id": part,
                "letter": read["letter"] or "",
            }
    return [
        {"id": name, "paper": _UNKNOWN_PAPER, "parts": list(entries.values())}
        for name, entries in parts.items()
    ]


def _paper(statement: Record) -> str:
    return (
        fields.text(statement, "paper")
        or fields.text(statement, "source").split(",")[0].strip()
        or _UNKNOWN_PAPER
    )


def _statement(record: Record, found: _Found, pages: set[str]) -> Statement:
    name = fields.text(record, "id") or "a statement without id"
    return Statement(
        id=name,
        page=page_name(name, pages),
        paper=_paper(record),
        source=fields.text(record, "source"),
        title=fields.text(record, "title"),
        section=fields.text(record, "section"),
        provenance=fields.text(record, "provenance"),
        says=fields.text(record, "says"),
        uses=tuple(dict.fromkeys(fields.texts(record, "uses"))),
        used_by=(),
        why_untested=fields.text(record, "why_untested"),
        file=fields.text(record, "file"),
        line=fields.count(record, "line"),
        stands=False,
        parts=tuple(_part(part, found) for part in fields.mappings(record, "parts")),
    )


def _part(record: Record, found: _Found) -> Part:
    name = fields.text(record, "id")
    judged = found.verdicts.get(name, [])
    run, verdict = judged[0] if judged else (None, {})
    blocks = found.blocks.get(name, [])
    generation = fields.text(verdict or (blocks[0] if blocks else {}), "generation")
    expect = fields.text(record, "expect") or fields.text(verdict, "expect") or "holds"
    specimens = tuple(map(Specimen.read, fields.mappings(verdict, "specimens")))
    slopes = fields.mappings(verdict, "slopes") or tuple(
        slope
        for slope in found.slopes.get(name, [])
        if fields.text(slope, "generation") == generation
    )
    shown = fields.text(verdict, "verdict") or ("no verdict" if judged or blocks else "not run")
    refutation = Refutation.read(fields.mapping(verdict, "refutation"))
    names = {
        specimen.hash: f"specimen {number}"
        for number, specimen in enumerate(specimens, 1)
        if specimen.hash
    }
    return Part(
        id=name,
        letter=fields.text(record, "letter"),
        name=fields.text(record, "name"),
        title=fields.text(record, "title"),
        kind=fields.text(record, "kind"),
        says=fields.text(record, "says"),
        quantifiers=fields.texts(record, "quantifiers"),
        constant=fields.mapping(record, "constant"),
        requires=fields.text(record, "requires"),
        along=fields.mappings(record, "along"),
        expect=expect,
        layers=fields.texts(record, "layers"),
        verdict=shown,
        basis=fields.text(verdict, "basis"),
        words=fields.texts(verdict, "words"),
        reach=fields.mapping(verdict, "reach"),
        surprising=_surprising(shown, expect, fields.flag(verdict, "as_expected")),
        specimens=specimens,
        nominees=tuple(map(Specimen.read, fields.mappings(verdict, "nominees"))),
        slopes=tuple(map(Exponent.read, slopes)),
        search=fields.mapping(verdict, "search"),
        refutation=refutation,
        error=fields.mapping(verdict, "error"),
        attacks=fields.named_numbers(verdict, "attacks"),
        worst=_worst(verdict, specimens, refutation),
        trials=fields.count(verdict, "trials"),
        seconds=fields.number(verdict, "seconds"),
        run=run.name if run else "",
        when=run.when if run else "",
        twins=_twins(record, found),
        blocks=add_up(
            (block for block in blocks if fields.text(block, "generation") == generation), names
        ),
        history=tuple(
            Past(
                run=past.name,
                when=past.when,
                verdict=fields.text(old, "verdict") or "no verdict",
                basis=fields.text(old, "basis"),
                same_code=fields.text(old, "generation") == generation,
            )
            for past, old in judged[1:]
        ),
    )


def _surprising(verdict: str, expect: str, as_expected: bool | None) -> bool:
    """Refuted and error always ask for the reader.

    So does a part that holds though it was declared false.
    """
    if verdict in {"refuted", "error", "holds"}:
        return verdict != expect
    return as_expected is False and verdict not in {"no verdict", "not run"} and expect == "refuted"


def _worst(
    verdict: Record, specimens: tuple[Specimen, ...], refutation: Refutation | None
) -> float | None:
    threshold = next((specimen.threshold for specimen in specimens if specimen.threshold), None)
    found = [specimen.relative_worst for specimen in specimens]
    found.append(relative(refutation.ratio, threshold) if refutation else None)
    worst = largest(found)
    return worst if worst is not None else fields.number(verdict, "worst_ratio")


def _twins(part: Record, found: _Found) -> tuple[Twin, ...]:
    name = fields.text(part, "id")
    listed = {
        fields.text(twin, "id"): fields.text(twin, "says")
        for twin in fields.mappings(part, "twins")
    }
    recorded = {
        twin: entries[0][1]
        for twin, entries in found.twins.items()
        if fields.text(entries[0][1], "part") == name
    }
    twins = []
    for name in dict.fromkeys([*listed, *recorded]):
        record = recorded.get(name, {})
        twins.append(
            Twin(
                id=name,
                says=fields.text(record, "says") or listed.get(name, ""),
                verdict=fields.text(record, "verdict"),
                how=fields.text(record, "how"),
                words=fields.texts(record, "words"),
                specimens=tuple(map(Specimen.read, fields.mappings(record, "specimens"))),
                slopes=tuple(map(Exponent.read, fields.mappings(record, "slopes"))),
                refutation=Refutation.read(fields.mapping(record, "refutation")),
                error=fields.mapping(record, "error"),
                trials=fields.count(record, "trials"),
            )
        )
    return tuple(twins)
