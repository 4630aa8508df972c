"""What the report shows: the schema's own values, tied together.

Papers, their statements in the paper's order, the parts with their verdicts and twins. No field of
a record is copied here: a part has what was declared (`DeclaredPart`) and what the latest run found
(`PartVerdict`). `lemmata.reports.assembly` makes these from the records of one run or several.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from lemmata.harness.regime_cells import RegimeMap
from lemmata.harness.schema import (
    DeclaredPart,
    DeclaredStatement,
    DeclaredTwin,
    PartVerdict,
    TwinVerdict,
)
from lemmata.harness.verdicts import (
    BoundVerdict,
    Curve,
    InstanceVerdict,
    Outcome,
    Silence,
    SlopeVerdict,
)
from lemmata.reports.blocks import Blocks
from lemmata.reports.levels import Levels
from lemmata.reports.runs import Run
from lemmata.reports.source import Source
from lemmata.reports.words import worst


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """A falsified copy of a part: whether it was refuted shows whether the part's check can fail.

    Attributes:
        declared: as its author did.
        judged: its verdict in the latest run that has one.
    """

    declared: DeclaredTwin
    judged: TwinVerdict | None

    @property
    def id(self) -> str:
        """The part's id, a tilde and the twin's name."""
        return self.declared.id

    @property
    def outcome(self) -> Outcome | None:
        """What it rests on."""
        return self.judged.outcome if self.judged else None

    @property
    def verdict(self) -> str:
        """As recorded; empty where no run tried it."""
        return self.judged.outcome.verdict if self.judged else ""

    @property
    def refuted(self) -> bool:
        """Whether the twin was refuted, as it has to be."""
        return self.verdict == "refuted"

    @property
    def survived(self) -> bool:
        """Whether the twin was tried and not refuted: then the part's verdict is worth little."""
        late = self.outcome is not None and self.outcome.out_of_time
        return self.verdict not in {"", "refuted", "untested"} and not late


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """An older verdict of a part, and whether the same code came to it."""

    run: Run
    verdict: PartVerdict
    same_code: bool


@dataclass(frozen=True, kw_only=True)
class Part:
    """One judged part of a statement.

    Attributes:
        declared: as its author did.
        judged: its verdict in the latest run that has one; run: that run.
        recorded: whether any run shown has blocks of it.
        twins: its falsified copies.
        blocks: trials of the same code from all runs.
        history: older verdicts, the latest first.
        regime: where its conclusion begins to hold, added up over runs of the same code.
    """

    declared: DeclaredPart
    judged: PartVerdict | None
    run: Run | None
    recorded: bool
    twins: Sequence[Twin]
    blocks: Blocks
    history: Sequence[Past]
    regime: RegimeMap | None = None

    @property
    def id(self) -> str:
        """The statement's id with the part's letter in brackets."""
        return self.declared.id

    @property
    def letter(self) -> str:
        """The part's letter; empty for an only part."""
        return self.declared.letter

    @property
    def title(self) -> str:
        """The conclusion in words."""
        return (self.declared.title or self.declared.name or self.id).replace("_", " ")

    @property
    def outcome(self) -> Outcome | None:
        """What the verdict rests on."""
        return self.judged.outcome if self.judged else None

    @property
    def verdict(self) -> str:
        """As recorded, or "no verdict" where only trials were, or "not run"."""
        if self.judged:
            return self.judged.outcome.verdict
        return "no verdict" if self.recorded else "not run"

    @property
    def basis(self) -> str:
        """What a "holds" rests on; empty for any other verdict."""
        return (self.outcome.basis or "") if self.outcome else ""

    @property
    def resolution(self) -> str:
        """What a "holds" would have noticed; empty for any other verdict."""
        return self.outcome.resolution if self.outcome else ""

    @property
    def levels(self) -> Levels:
        """Of the run that judged it."""
        return self.run.levels if self.run else Levels()

    @property
    def surprising(self) -> bool:
        """Refuted and error always ask for the reader.

        So does a part that holds, or is not refuted, though it was declared false.
        """
        if self.verdict in {"refuted", "error", "holds"}:
            return self.verdict != self.declared.expect
        return self.judged is not None and self.declared.expect == "refuted"

    @property
    def expected_refuted(self) -> bool:
        """Whether the part was declared false and found false."""
        return self.declared.expect == "refuted" and self.verdict == "refuted"

    @property
    def specimens(self) -> Sequence[InstanceVerdict]:
        """Verdicts on the frozen instances, and on those that stand in for them."""
        return self.outcome.specimens if self.outcome else ()

    @property
    def slopes(self) -> Sequence[SlopeVerdict]:
        """Verdicts on the exponents."""
        return self.outcome.slopes if self.outcome else ()

    @property
    def labels(self) -> list[str]:
        """A name for each specimen; those that the search chose are called automatic."""
        return labels_of(self.outcome) if self.outcome else []

    @property
    def worst_ratio(self) -> float | None:
        """The worst ratio over the threshold, wherever it was met."""
        return self.judged.worst_ratio if self.judged else None

    @property
    def threshold(self) -> float | None:
        """1, or the declared constant."""
        if self.declared.constant:
            return self.declared.constant.value
        return next(
            (one.threshold for one in self.specimens if isinstance(one, BoundVerdict)), None
        )

    @property
    def curves(self) -> dict[str, Curve]:
        """What happened along the trajectories of the first specimen that has any."""
        return next(
            (
                dict(one.curves)
                for one in self.specimens
                if isinstance(one, BoundVerdict) and one.curves
            ),
            {},
        )

    @property
    def inside(self) -> list[bool | None]:
        """Of each specimen, whether it lies inside the paper's hypothesis; None where unknown."""
        return [one.inside for one in self.specimens if not isinstance(one, Silence)]

    @property
    def sizes(self) -> dict[str, list[float]]:
        """The sizes that vary among specimens and grids, by name."""
        found: dict[str, list[float]] = {}
        for one in self.specimens:
            for name, size in one.place.sizes.items():
                found.setdefault(name, []).append(size)
        for slope in self.slopes:
            sizes = found.setdefault(slope.grid.variable, [])
            sizes += [point.size for point in slope.points]
        return {name: sizes for name, sizes in found.items() if len(set(sizes)) > 1}


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A lemma, claim, corollary or theorem with its parts.

    Attributes:
        declared: as its author did.
        paper: its short name.
        page: the name of its page without the ending.
        source: where its code stands.
        used_by: ids of the statements whose proofs use it.
        rests_on: ids of all that its proof uses, directly or not, the foundations first.
        unsettled: those of them that do not hold, with their verdicts.
        stands: whether it holds and everything that its proof uses holds too.
    """

    declared: DeclaredStatement
    paper: str
    page: str
    parts: Sequence[Part]
    source: Source | None = None
    used_by: Sequence[str] = ()
    rests_on: Sequence[str] = ()
    unsettled: Sequence[tuple[str, str]] = ()
    stands: bool = False

    @property
    def id(self) -> str:
        """As in ``ALS-04``."""
        return self.declared.id or "a statement without id"

    @property
    def title(self) -> str:
        """What it says, in a few words."""
        return self.declared.title

    @property
    def section(self) -> str:
        """The title of the module that it stands in."""
        return self.declared.section

    @cached_property
    def uses(self) -> Sequence[str]:
        """Ids of what its proof uses."""
        return tuple(dict.fromkeys(self.declared.uses))

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
    def declared_false(self) -> Sequence[Part]:
        """The parts that were declared false and found false."""
        return tuple(part for part in self.parts if part.expected_refuted)

    @cached_property
    def printed_false(self) -> Sequence[Part]:
        """The parts that are false as a paper prints them."""
        return tuple(part for part in self.declared_false if part.declared.finding)

    @cached_property
    def twins(self) -> Sequence[Twin]:
        """The twins of all parts."""
        return tuple(twin for part in self.parts for twin in part.twins)

    @cached_property
    def worst_ratio(self) -> float | None:
        """The worst ratio over the threshold among the parts that were not declared false."""
        believed = largest(part.worst_ratio for part in self.parts if not part.expected_refuted)
        return believed if believed is not None else largest(p.worst_ratio for p in self.parts)

    @cached_property
    def surprising(self) -> bool:
        """Whether something here needs the reader before anything else."""
        return any(part.surprising for part in self.parts) or any(
            twin.survived for twin in self.twins
        )

    @cached_property
    def searchable(self) -> str:
        """The words that the filter looks for, beside those that the row shows."""
        kinds = [word for part in self.parts for word in (part.declared.claim, part.verdict)]
        expected = ["expected"] if self.expected_refuted else []
        return " ".join(dict.fromkeys(filter(None, [*expected, *kinds]))).lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A paper's statements in its own order."""

    name: str
    page: str
    statements: Sequence[Statement]

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
    """Everything that the report shows, and sentences on the runs that could not be read."""

    runs: Sequence[Run]
    papers: Sequence[Paper]
    left_out: Sequence[str] = ()

    @property
    def statements(self) -> list[Statement]:
        """All statements, paper by paper."""
        return [statement for paper in self.papers for statement in paper.statements]

    @property
    def parts(self) -> list[Part]:
        """All parts, statement by statement."""
        return [part for statement in self.statements for part in statement.parts]


def labels_of(outcome: Outcome) -> list[str]:
    """Name the specimens: those that the search chose, the last ones, are called automatic."""
    frozen = max(0, len(outcome.specimens) - max(0, outcome.automatic))
    return [
        f"specimen {number}" if number <= frozen else f"automatic specimen {number - frozen}"
        for number in range(1, len(outcome.specimens) + 1)
    ]


def largest(values: Iterable[float | None]) -> float | None:
    """Return the largest number; NaN wins over all, as it never passes."""
    found = [value for value in values if value is not None]
    return next((value for value in found if math.isnan(value)), max(found, default=None))
