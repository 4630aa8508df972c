"""What the report shows, as plain data.

Papers, their statements in the paper's order, the parts with their verdicts and twins.

`lemmata.reports.assembly` makes these from the records of one run or several.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from lemmata.reports.blocks import Blocks
from lemmata.reports.evidence import Exponent, Refutation, Specimen, largest
from lemmata.reports.fields import Record
from lemmata.reports.runs import Run
from lemmata.reports.words import worst


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """A falsified copy of a part: whether it was refuted shows whether the part's check can fail.

    Attributes:
        id: as in ``ALS-04(a)~1``.
        says: what was falsified.
        verdict: empty where no run tried it.
        how: "specimen" or "slope", by which it was refuted.
        words: sentences of the harness.
        specimens: as far as they were tried.
        slopes: as far as they were measured.
        refutation: the counterexample.
        error: what broke, with its text, place and token.
        trials: how many it took.
    """

    id: str
    says: str
    verdict: str = ""
    how: str = ""
    words: tuple[str, ...] = ()
    specimens: tuple[Specimen, ...] = ()
    slopes: tuple[Exponent, ...] = ()
    refutation: Refutation | None = None
    error: Record = field(default_factory=dict)
    trials: int | None = None

    @property
    def refuted(self) -> bool:
        """Whether the twin was refuted, as it has to be."""
        return self.verdict == "refuted"

    @property
    def survived(self) -> bool:
        """Whether the twin was tried and not refuted: then the part's verdict is worth little."""
        return self.verdict not in {"", "refuted", "untested"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """An older verdict of a part."""

    run: str
    when: str
    verdict: str
    basis: str
    same_code: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One judged part of a statement; what is not said here is as in the records.

    Attributes:
        verdict: as recorded, or "no verdict", "not run" or "untested".
        surprising: whether the verdict is not what the part's author declared.
        nominees: instances that searching nominated for fresh trials.
        worst: the worst ratio over the threshold.
        run: the name of the run that decides the verdict, its date in ``when``.
        blocks: trials of the same code from all runs.
        history: older verdicts, the latest first.
    """

    id: str
    letter: str
    name: str
    title: str
    kind: str
    says: str
    quantifiers: tuple[str, ...]
    constant: Record
    requires: str
    along: tuple[Record, ...]
    expect: str
    layers: tuple[str, ...]
    verdict: str
    basis: str
    words: tuple[str, ...]
    reach: Record
    surprising: bool
    specimens: tuple[Specimen, ...]
    nominees: tuple[Specimen, ...]
    slopes: tuple[Exponent, ...]
    search: Record
    refutation: Refutation | None
    error: Record
    attacks: Mapping[str, float]
    worst: float | None
    trials: int | None
    seconds: float | None
    run: str
    when: str
    twins: tuple[Twin, ...]
    blocks: Blocks
    history: tuple[Past, ...]

    @property
    def expected_refuted(self) -> bool:
        """Whether the part was declared false and found false."""
        return self.expect == "refuted" and self.verdict == "refuted"

    @property
    def threshold(self) -> float | None:
        """1 or the declared constant."""
        return next(
            (specimen.threshold for specimen in self.specimens if specimen.threshold is not None),
            self.blocks.threshold,
        )

    @property
    def sizes(self) -> dict[str, list[float]]:
        """The sizes that vary among specimens and grids, by name."""
        found: dict[str, list[float]] = {}
        for specimen in self.specimens:
            for name, size in specimen.sizes.items():
                found.setdefault(name, []).append(size)
        for exponent in self.slopes:
            found.setdefault(exponent.variable, []).extend(exponent.grid)
        return {name: sizes for name, sizes in found.items() if len(set(sizes)) > 1}


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A lemma, claim, corollary or theorem with its parts.

    Attributes:
        page: the name of its page without the ending.
        used_by: ids of the statements whose proofs use it.
        stands: whether it holds and everything that its proof uses holds too.
    """

    id: str
    page: str
    paper: str
    source: str
    title: str
    section: str
    provenance: str
    says: str
    uses: tuple[str, ...]
    used_by: tuple[str, ...]
    why_untested: str
    file: str
    line: int | None
    stands: bool
    parts: tuple[Part, ...]

    @cached_property
    def verdict(self) -> str:
        """The verdict of the part that asks for most attention.

        One that was declared false and found false asks for none.
        """
        believed = [part.verdict for part in self.parts if not part.expected_refuted]
        return worst(believed) if believed else "refuted" if self.parts else "untested"

    @cached_property
    def expected_refuted(self) -> bool:
        """Whether every part was declared false and found false."""
        return bool(self.parts) and all(part.expected_refuted for part in self.parts)

    @cached_property
    def declared_false(self) -> tuple[Part, ...]:
        """The parts that were declared false and found false."""
        return tuple(part for part in self.parts if part.expected_refuted)

    @cached_property
    def twins(self) -> tuple[Twin, ...]:
        """The twins of all parts."""
        return tuple(twin for part in self.parts for twin in part.twins)

    @cached_property
    def worst(self) -> float | None:
        """The worst ratio over the threshold among the parts that were not declared false."""
        believed = largest([part.worst for part in self.parts if not part.expected_refuted])
        return believed if believed is not None else largest([part.worst for part in self.parts])

    @cached_property
    def surprising(self) -> bool:
        """Whether something here needs the reader before anything else."""
        return any(part.surprising for part in self.parts) or any(
            twin.survived for twin in self.twins
        )

    @cached_property
    def searchable(self) -> str:
        """The words that the filter looks for."""
        kinds = [word for part in self.parts for word in (part.kind, part.basis, part.verdict)]
        expected = ["expected"] if self.expected_refuted else []
        return " ".join(
            dict.fromkeys(
                filter(None, [self.id, self.title, self.section, self.verdict, *expected, *kinds])
            )
        ).lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A paper's statements in its own order."""

    name: str
    page: str
    statements: tuple[Statement, ...]

    @property
    def sections(self) -> list[tuple[str, list[Statement]]]:
        """The statements by section, in order; a section that is taken up again starts anew."""
        grouped: list[tuple[str, list[Statement]]] = []
        for statement in self.statements:
            if not grouped or grouped[-1][0] != statement.section:
                grouped.append((statement.section, []))
            grouped[-1][1].append(statement)
        return grouped


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Everything that the report shows."""

    runs: tuple[Run, ...]
    papers: tuple[Paper, ...]

    @property
    def statements(self) -> list[Statement]:
        """All statements, paper by paper."""
        return [statement for paper in self.papers for statement in paper.statements]

    @property
    def parts(self) -> list[Part]:
        """All parts, statement by statement."""
        return [part for statement in self.statements for part in statement.parts]
