"""The report as a few paragraphs of Markdown that fit a comment on a change of code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from lemmata.reports import summary
from lemmata.reports.changes import Changes
from lemmata.reports.model import Library, Statement
from lemmata.reports.numerals import counted

LONGEST: Final = 65_535
"""Of a comment, in bytes, which are no fewer than its characters."""

_LINE, _TOKEN, _LISTED = 600, 400, 40
_SIGNS = re.compile(r"[\\`*_{}\[\]#|<>@!~$&]")
_LEFT_OUT = "\n{} left out: the whole stands in `lemmata report`.\n"


def as_markdown(library: Library, since: Changes | None = None) -> str:
    """Write a summary: what was found, what changed, what is refuted and not settled, and by what
    the run can be trusted. What does not fit is left out, the least important first, and counted.
    """
    lines = list(_lines(library, since))
    room = LONGEST - len(_LEFT_OUT.format(counted(len(lines), "line")).encode())
    said: list[str] = []
    for line in lines:
        room -= len(line.encode()) + 1
        if room < 0:
            break
        said.append(line)
    left = len(lines) - len(said)
    return "\n".join(said) + (_LEFT_OUT.format(counted(left, "line")) if left else "\n")


def plain(text: str) -> str:
    r"""Write any text so that Markdown shows it as it is, mentions and markup too.

    >>> plain("a @b <c>"), plain("two\nlines")
    ('a &#64;b &#60;c&#62;', 'two lines')
    """
    return _SIGNS.sub(lambda sign: f"&#{ord(sign[0])};", " ".join(text.split()))


def _lines(library: Library, since: Changes | None) -> Iterator[str]:
    for words in summary.summary_sentences(library):
        yield f"{_cut(words, 4 * _LINE)}"
    for warning in summary.warnings(library):
        yield ""
        yield f"> ⚠ {_cut(warning)}"
    yield ""
    yield "| verdict | statements | parts |"
    yield "| --- | --: | --: |"
    for verdict, statements, parts in summary.verdict_counts(library):
        yield f"| {verdict} | {statements} | {parts} |"
    yield from _findings(library)
    if since:
        yield from _since(since)
    yield from _unsettled(library)
    yield from _declared(library)
    yield from ("", "### The run", "", "| | |", "| --- | --- |")
    yield f"| run | {_cut(library.runs[0].name)} |"
    for name, value in summary.trust(library):
        yield f"| {name} | {_cut(value)} |"


def _findings(library: Library) -> Iterator[str]:
    found = [made for made in library.statements if made.surprising]
    if not found:
        return
    yield from ("", "### Asks for attention", "")
    for made in found:
        yield f"* **{_cut(made.id)}** {_cut(made.title)}. {_cut(summary.finding_sentence(made))}"
        yield from _replays(made)


def _replays(made: Statement) -> Iterator[str]:
    for part in made.parts:
        refutation = part.outcome.refutation if part.outcome and part.surprising else None
        token = refutation.at.token if refutation else ""
        if token and len(token) <= _TOKEN and "`" not in token:
            yield f"  `lemmata replay {' '.join(token.split())}`"


def _since(since: Changes) -> Iterator[str]:
    yield from ("", "### Since the run before", "")
    yield f"{plain(since.words)} Compared with {_cut(since.before.name)}."
    for one in since.verdicts:
        yield f"* {_cut(one.id)}: {plain(one.was)} then, {plain(one.now)} now"
    if since.drifted:
        moved = counted(len(since.drifted), "worst ratio")
        some = [f"{one.id} ({one.was} → {one.now})" for one in since.drifted]
        yield f"* {moved} moved by a tenth or more: {_listed(some)}"


def _unsettled(library: Library) -> Iterator[str]:
    found = summary.unsettled(library)
    if found:
        yield from ("", "### Not settled", "")
    for verdict, statements in found:
        yield f"* {verdict}: {_listed([made.id for made in statements])}"


def _declared(library: Library) -> Iterator[str]:
    if found := summary.declared_false(library):
        parts = counted(len(found), "part")
        yield from ("", "### Refuted, as declared", "")
        yield f"{parts}: {_listed([part.id for part in found])}"


def _listed(names: list[str]) -> str:
    shown = ", ".join(_cut(name) for name in names[:_LISTED])
    return shown + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")


def _cut(text: str, longest: int = _LINE) -> str:
    short = " ".join(text.split())
    return plain(short if len(short) <= longest else f"{short[: longest - 1]}…")
