"""Recording: verdicts, blocks and statements as the records of docs/records.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from lemmata.harness.codec import to_plain
from lemmata.harness.levels import ALPHA, ALPHA_OF_A_TWIN, BETA, EXPONENT, LAW, MEAN, NOMINATIONS
from lemmata.harness.profiles import BLOCK
from lemmata.harness.schema import (
    Block,
    DeclaredConstant,
    DeclaredPart,
    DeclaredStatement,
    DeclaredTwin,
    PartVerdict,
    TwinVerdict,
)
from lemmata.harness.verdicts import Outcome

if TYPE_CHECKING:
    from lemmata.harness.regime_cells import RegimeMap
    from lemmata.harness.run import Run
    from lemmata.harness.statements import Part, Statement, Subject


LEVELS: Mapping[str, Any] = {
    "alpha": ALPHA,
    "alpha of a twin": ALPHA_OF_A_TWIN,
    "beta": BETA,
    "nominations": NOMINATIONS,
    "block": BLOCK,
    "mean": {"target": MEAN.target, "limit": MEAN.limit, "unit": MEAN.unit},
    "law": {"target": LAW.target, "limit": LAW.limit, "unit": LAW.unit},
    "exponent": {"limit": EXPONENT.limit, "unit": EXPONENT.unit},
}
"""What a manifest says of the levels and resolutions of its run."""


def record_blocks(run: Run, blocks: Iterable[Block]) -> None:
    """Record blocks, in the order in which they were drawn."""
    if run.recorder.folder is not None:
        for block in blocks:
            run.recorder.write(to_plain(block))


def record_regime(run: Run, made: RegimeMap) -> None:
    """Record where a part's conclusion begins to hold."""
    if run.recorder.folder is not None:
        run.recorder.write(to_plain(made))


def record_outcome(run: Run, subject: Subject, outcome: Outcome, explanation: str) -> None:
    """Record the verdict on a part or twin."""
    from lemmata.harness.generation import generation_of
    from lemmata.harness.statements import Twin

    if run.recorder.folder is None:
        return
    record: PartVerdict | TwinVerdict
    if isinstance(subject, Twin):
        record = TwinVerdict(
            part=subject.part.id,
            twin=subject.id,
            says=subject.says,
            generation=generation_of(subject),
            outcome=outcome,
            explanation=explanation,
        )
    else:
        record = PartVerdict(
            part=subject.id,
            generation=generation_of(subject),
            outcome=outcome,
            worst_ratio=outcome.worst_ratio,
            attacks=outcome.attacks,
            explanation=explanation,
        )
    run.recorder.write({**to_plain(record), "as_expected": outcome.as_expected})


def declared(made: Statement) -> DeclaredStatement:
    """Write a statement as text, so that a report needs no code."""
    return DeclaredStatement(
        id=made.id,
        paper=made.paper,
        place=made.place,
        source=made.source,
        title=made.title,
        section=made.section,
        provenance=made.provenance,
        note=made.note,
        says=made.says,
        uses=made.uses,
        tested=bool(made.parts),
        why_untested=made.why_untested,
        file=str(made.file),
        line=made.line,
        claims=made.kind,
        parts=[_declared_part(part) for part in made.parts],
        withdrawn=made.withdrawn,
    )


def statement_record(made: Statement) -> dict[str, Any]:
    """Return `declared` as plain data."""
    return dict(to_plain(declared(made)))


def _declared_part(part: Part[..., Any]) -> DeclaredPart:
    from lemmata.harness.judging_grids import grid_of

    constant, requires = part.constant, part.requires
    return DeclaredPart(
        id=part.id,
        letter=part.letter,
        name=part.name,
        title=part.title,
        claim=part.kind,
        says=part.says,
        source=part.source,
        quantifiers=part.quantifiers,
        constant=None
        if constant is None
        else DeclaredConstant(
            value=constant.value, measured_on=constant.measured_on, failure=constant.failure
        ),
        requires=requires.paper if requires else "",
        tried=requires.ours if requires else "",
        along=[grid_of(along) for along in part.along],
        expect=part.expect,
        layers=part.layers,
        provenance=part.provenance,
        note=part.said.note or "",
        resolution=part.said.resolution,
        twins=[
            DeclaredTwin(
                id=twin.id,
                name=twin.name,
                says=twin.says,
                knobs={name: repr(value) for name, value in twin.knobs.items()},
            )
            for twin in part.twins
        ],
        proof=part.proof,
        finding=part.finding,
    )
