"""Rendering.

The model as pages of HTML. Templates lie beside this module; everything that they print is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from lemmata.harness.verdicts import BoundVerdict, SlopeVerdict
from lemmata.reports import (
    beside,
    exponents,
    graph,
    history,
    instances,
    looseness,
    numerals,
    refutations,
    rows,
    searches,
    sentences,
    summary,
    words,
)
from lemmata.reports.changes import Changes
from lemmata.reports.levels import Levels, levels_sentences
from lemmata.reports.marks import sparkline, tightness
from lemmata.reports.mathematics import typeset
from lemmata.reports.model import Library, Paper, Part, Statement, Twin, labels_of

if TYPE_CHECKING:
    from lemmata.reports.figures import Plot

_HERE = Path(__file__).parent
STYLE_SHEET = _HERE / "static" / "report.css"
_SHOWN = 5
_LEADING_SPACE = re.compile(r"^(\\[,;: !]|[,;:~\s])+")
_SIGNS = {r"\forall": "∀", r"\exists": "∃"} | {
    form: sign for sign, letter in ((
        "ℙ", "P"), (
        "𝔼", "E")) for form in (rf"\mathbb{{{letter}}}", rf"\mathbb {letter}", rf"\mathbb{letter}")
} | {r"\Pr": "ℙ"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Context:
    """What every page needs to know about the others."""

    pages: Mapping[str, str]
    titles: Mapping[str, str]
    verdicts: Mapping[str, str]
    paper_pages: Mapping[str, str]
    beside: Mapping[str, list[tuple[Part, SlopeVerdict]]]
    levels: Levels
    looseness: bool
    history: bool
    everything: Mapping[str, Statement]

    @classmethod
    def of(cls, library: Library) -> Context:
        """Collect it from the library."""
        everything = library.statements
        return cls(
            pages={statement.id: statement.page for statement in everything},
            titles={statement.id: statement.title for statement in everything},
            verdicts={statement.id: statement.verdict for statement in everything},
            paper_pages={paper.name: paper.page for paper in library.papers},
            beside=beside.groups(everything),
            levels=library.runs[0].levels,
            looseness=any(part.slopes for part in library.parts),
            history=len(library.runs) > 1,
            everything={statement.id: statement for statement in everything},
        )

    def drawn_together(self, parts: Collection[Part]) -> list[Plot]:
        """Draw what several parts measured along the same variable, as far as some of the parts
        named are among them.
        """
        own = {part.id for part in parts}
        return [
            beside.drawing(f"together-{number}", title, members)
            for number, (title, members) in enumerate(self.beside.items())
            if any(part.id in own for part, _ in members)
        ]


def index_page(library: Library, since: Changes | None = None) -> str:
    """Render the first page.

    Four questions with their answers, findings, then each paper's statements in its order.
    """
    findings = [statement for statement in library.statements if statement.surprising]
    context = Context.of(library)
    lost = [loss for loss in looseness.exponents(library) if loss.seen]
    return _render(
        "index.html.j2",
        root="",
        loosest=lost[0] if lost else None,
        library=library,
        context=context,
        since=since,
        series=_series(library) if context.history else {},
        findings=findings,
        expected=[
            statement
            for statement in library.statements
            if statement.printed_false and not statement.surprising
        ],
    )


def history_page(library: Library) -> str:
    """Render what changed over the runs: verdicts, worst ratios, constants and steps."""
    series = history.series_of(library)
    tested = [one for one in series if len(one.ratios) >= history.FEWEST]
    return _render(
        "history.html.j2",
        root="",
        library=library,
        context=Context.of(library),
        turned=[one for one in series if one.turns],
        moved=sorted((one for one in series if one.moved), key=lambda one: -one.drift),
        steps=[(one, *found) for one in tested if (found := one.step)],
        tested=len(tested),
    )


def _series(library: Library) -> dict[str, history.Series]:
    """The series of each statement's part that is nearest to its threshold, or beyond it, among
    those that several runs judged.
    """
    found: dict[str, history.Series] = {}
    for one in history.series_of(library):
        known = found.get(one.statement.id)
        nearer = known is None or (one.part.worst_ratio or 0.0) > (known.part.worst_ratio or 0.0)
        if len(one.seen) > 1 and nearer:
            found[one.statement.id] = one
    return found


def findings_page(library: Library) -> str:
    """Render what does not stand as printed, what is ours and false, and what we withdrew."""
    everything = [(made, part) for made in library.statements for part in made.parts]
    printed = [pair for pair in everything if pair[1].declared.finding]
    papers = dict.fromkeys(made.paper for made, _ in printed)
    return _render(
        "findings.html.j2",
        root="",
        context=Context.of(library),
        found=[(paper, [pair for pair in printed if pair[0].paper == paper]) for paper in papers],
        repaired={part.id: (made, part) for made, part in everything},
        ours=[
            pair
            for pair in everything
            if pair[1].declared.expect == "refuted" and not pair[1].declared.finding
        ],
        withdrawn=[
            (made, sentence) for made in library.statements for sentence in made.declared.withdrawn
        ],
    )


def looseness_page(library: Library) -> str:
    """Render claimed against measured exponents and constants."""
    return _render(
        "looseness.html.j2",
        root="",
        context=Context.of(library),
        exponents=looseness.exponents(library),
        constants=looseness.constants(library),
        fit_words=exponents.fit_words,
    )


def regimes_page(library: Library) -> str:
    """Render where conclusions begin to hold: all regime maps."""
    from lemmata.reports import regimes  # matplotlib, as in `part_plots`

    return _render(
        "regimes.html.j2",
        root="",
        context=Context.of(library),
        maps=regimes.mapped(library),
        regimes=regimes,
    )


def paper_page(paper: Paper, library: Library) -> str:
    """Render a paper's page: the graph of its proof, and what its parts measured side by side."""
    everything = {statement.id: statement for statement in library.statements}
    proof = graph.drawing(paper.statements, everything, link="../statements/", paper=paper.name)
    context = Context.of(library)
    together = context.drawn_together(
        [part for statement in paper.statements for part in statement.parts]
    )
    parts = [(made, part) for made in paper.statements for part in made.parts]
    return _render(
        "paper.html.j2",
        root="../",
        paper=paper,
        context=context,
        proof=proof,
        together=together,
        found=[pair for pair in parts if pair[1].declared.finding],
        losses=[loss for loss in looseness.exponents(library, paper.name) if loss.seen][:_SHOWN],
    )


def statement_page(statement: Statement, context: Context) -> str:
    """Render the page of one statement, with its drawings."""
    from lemmata.reports import regimes  # matplotlib, as in `part_plots`

    drawings = {part.id: part_plots(part) for part in statement.parts}
    maps = {
        part.id: regimes.drawing(f"p-{part.letter or 'only'}-regime", part.regime)
        for part in statement.parts
        if part.regime is not None
    }
    together = context.drawn_together(statement.parts)
    return _render(
        "statement.html.j2",
        root="../",
        statement=statement,
        context=context,
        drawings=drawings,
        maps=maps,
        regimes=regimes,
        ancestors=graph.ancestors(statement, context.everything),
        together=together,
    )


def part_plots(part: Part) -> list[Plot]:
    """Draw what there is to draw for a part."""
    from lemmata.reports import (
        curves,
        plots,
    )  # matplotlib takes most of the time of the import, and `lemmata list` needs none of it

    key = f"p-{part.letter or 'only'}"
    own = [
        (label, one, False)
        for label, one in zip(part.labels, part.specimens, strict=True)
        if isinstance(one, BoundVerdict)
    ]
    drawn = [
        plots.failures(f"{key}-failures", own + _of_twins(part.twins)),
        plots.ratios(f"{key}-ratios", part.blocks.ratios, part.threshold),
    ]
    drawn += [
        curves.scaling(f"{key}-slope-{number}", slope) for number, slope in enumerate(part.slopes)
    ]
    drawn += [
        curves.trajectory(f"{key}-curve-{number}", name, curve)
        for number, (name, curve) in enumerate(part.curves.items())
    ]
    return [plot for plot in drawn if plot]


def _of_twins(twins: Sequence[Twin]) -> list[tuple[str, BoundVerdict, bool]]:
    """The instance on which each twin was judged last."""
    found = []
    for number, twin in enumerate(twins, 1):
        judged = [*twin.outcome.specimens, *twin.outcome.nominees] if twin.outcome else []
        bounds = [one for one in judged if isinstance(one, BoundVerdict)]
        found += [(f"twin {number}", one, True) for one in bounds[-1:]]
    return found


def quantifier(latex: str) -> tuple[str, Markup]:
    r"""Split a quantifier into its sign and what it ranges over, typeset.

    >>> quantifier(r"\forall n"), quantifier(r"\mathbb P_W")[0]
    (('∀', Markup('<math><mrow><mi>n</mi></mrow></math>')), 'ℙ')
    """
    stripped = latex.strip().removeprefix("$").removesuffix("$").strip()
    for command, sign in _SIGNS.items():
        rest = stripped.removeprefix(command)
        if rest != stripped and not rest[:1].isalpha():
            rest = _LEADING_SPACE.sub("", rest)
            subscript = "{}" if rest[:1] in {"_", "^"} else ""
            return sign, typeset(
                rest if "$" in rest else f"${subscript}{rest}$"
            ) if rest else Markup("")
    return "", typeset(latex)


def _render(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        typeset=typeset,
        figure=numerals.figure,
        signed=numerals.signed,
        duration=numerals.duration,
        tightness=tightness,
        sparkline=sparkline,
        quantifier=quantifier,
        counted=numerals.counted,
        listed=numerals.listed,
        format_letter=lambda letter: f"({letter})" if letter else "its only part",
    )
    environment.globals.update(
        provenance_sentence=words.provenance_sentence,
        meanings=words.meanings,
        levels_sentences=levels_sentences,
        sentences=sentences,
        summary=summary,
        instances=instances,
        exponents=exponents,
        searches=searches,
        refutations=refutations,
        rows=rows,
        history=history,
        labels_of=labels_of,
    )
    return environment
