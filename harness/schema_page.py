"""The page docs/records.md, written from the types of the records and their docstrings.

    python -m lemmata.harness.schema_page > docs/records.md

Every type is a table of its fields. What a field means stands in the Attributes section of its
type's docstring, where several short ones share a line: ``name: meaning; other: meaning``.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import inspect
import re
import sys
import textwrap
import types
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from lemmata.harness import regime_cells, schema, verdicts
from lemmata.harness.findings import Finding

_INTRODUCTION = """\
# What a run records

This page is written by `python -m lemmata.harness.schema_page` from the types in
`harness/schema.py` and `harness/verdicts.py`; change it there.

A run is a folder `RECORDS/RUN/` with `manifest.json` (one manifest), `statements.json` (a list of
declared statements, in the order of the proof) and one `WORKER.jsonl` for every process that
judged something. The report, and anyone's own analysis, reads nothing else. Every line of a
`*.jsonl` is a record of one `kind`: a block, a verdict, a twin's verdict, a regime map, or
something lost; beside the fields below it has `schema` ({schema}), `run`, `worker` and `time` (Unix
seconds). Numbers that are not finite are the texts `"nan"`, `"inf"`, `"-inf"`. A reader ignores
fields that it does not know, and refuses another schema.

Blocks add up over runs. A block is known by its part, generation, instance, entropy, stream,
layers, dtype, first trial and number of trials: a replay or retry never counts twice. Evidence adds
up within one generation only. Cells of regime maps add up likewise: of one entropy the longer run
of trials counts.
"""
_SECTIONS: Mapping[str, Sequence[type]] = {
    "The run": (schema.Manifest, schema.Checkout),
    "What was declared": (
        schema.DeclaredStatement,
        schema.DeclaredPart,
        schema.DeclaredConstant,
        schema.DeclaredTwin,
        Finding,
    ),
    "Records": (
        schema.Block,
        schema.PartVerdict,
        schema.TwinVerdict,
        regime_cells.RegimeMap,
        schema.Lost,
    ),
    "Verdicts": (
        verdicts.Outcome,
        verdicts.BoundVerdict,
        verdicts.MeanVerdict,
        verdicts.LawVerdict,
        verdicts.Silence,
        verdicts.SlopeVerdict,
        verdicts.SearchVerdict,
    ),
    "Refutations and errors": (
        verdicts.BoundRefutation,
        verdicts.MeanRefutation,
        verdicts.LawRefutation,
        verdicts.SlopeRefutation,
        verdicts.Counterexample,
        verdicts.Failure,
    ),
    "What they hold": (
        verdicts.Place,
        verdicts.Sides,
        verdicts.Spread,
        verdicts.Curve,
        verdicts.Grid,
        verdicts.Fit,
        verdicts.Point,
        regime_cells.Cell,
        regime_cells.Asked,
    ),
}
_PLAIN: Mapping[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    type(None): "null",
    Any: "anything",
    verdicts.Verdict: "[verdict](#words)",
    verdicts.Basis | None: "[basis](#words) or null",
}
_SAID = {"kind": "which type it is"}
_ENTRY = re.compile(r"(?:^|(?<=; ))(\w+(?:, \w+)*): ")


def page() -> str:
    """Write the page."""
    pieces = [_INTRODUCTION.format(schema=schema.SCHEMA)]
    for title, section in _SECTIONS.items():
        pieces.append(f"## {title}\n")
        pieces += [_table(made) for made in section]
    return "\n".join([*pieces, _words()])


def meanings(made: type) -> dict[str, str]:
    """Return what each field means, from the Attributes section of the type's docstring.

    >>> meanings(verdicts.Failure)
    {'text': 'what happened', 'place': 'the instance', 'token': 'replays the trial'}
    """
    names = {field.name for field in dataclasses.fields(made)}
    found: dict[str, str] = {}
    for entry in _entries(inspect.getdoc(made) or ""):
        starts = [start for start in _ENTRY.finditer(entry) if set(start[1].split(", ")) <= names]
        ends = [start.start() for start in starts[1:]] + [len(entry)]
        for start, end in zip(starts, ends, strict=True):
            said = entry[start.end() : end].strip().rstrip(";.").strip()
            found |= dict.fromkeys(start[1].split(", "), said)
    return found


def _entries(docstring: str) -> list[str]:
    """Return the entries of the Attributes section, each on one line."""
    _, _, section = docstring.partition("Attributes:\n")
    lines = textwrap.dedent(section).splitlines()
    entries: list[str] = []
    for line in lines:
        if line.startswith(" ") and entries:
            entries[-1] += " " + line.strip()
        elif line.strip():
            entries.append(line.strip())
    return entries


def _table(made: type) -> str:
    summary = (inspect.getdoc(made) or "").partition("Attributes:")[0]
    said, hints = meanings(made), get_type_hints(made)
    rows = [
        _row(field.name, hints[field.name], said.get(field.name, _SAID.get(field.name, "")))
        for field in dataclasses.fields(made)
    ]
    head = ["| field | type | meaning |", "| --- | --- | --- |"]
    words = " ".join(summary.split())
    return "\n".join([f"### {made.__name__}\n", f"{words}\n", *head, *rows, ""])


def _row(name: str, hint: Any, means: str) -> str:
    return f"| `{name}` | {_type(hint)} | {means.replace('|', chr(92) + '|')} |"


def _type(hint: Any) -> str:
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in _PLAIN:
        return _PLAIN[hint]
    if origin is Literal:
        return " or ".join(f'"{value}"' for value in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(_type(option) for option in arguments)
    if origin is collections.abc.Mapping:
        return f"{_type(arguments[1])}, by name"
    if origin is collections.abc.Sequence:
        return f"list of {_type(arguments[0])}"
    return f"[{hint.__name__}](#{hint.__name__.lower()})"


def _words() -> str:
    verdict = ", ".join(f'"{word}"' for word in get_args(verdicts.Verdict))
    bases = [f"| {basis} | {means} |" for basis, means in verdicts.MEANS.items()]
    head = ['| basis | what a "holds" rests on |', "| --- | --- |"]
    return "\n".join([f"## Words\n\nA verdict is one of {verdict}.\n", *head, *bases, ""])


if __name__ == "__main__":
    sys.stdout.write(page())
