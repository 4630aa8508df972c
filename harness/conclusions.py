"""What judging a part or a twin has come to, and the verdict that follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lemmata.harness.judging import Judged
from lemmata.harness.judging_grids import JudgedGrid
from lemmata.harness.phrases import resolution_of, words_of
from lemmata.harness.schema import Block
from lemmata.harness.search import Search
from lemmata.harness.statements import Part, Subject, Twin
from lemmata.harness.sufficiency import what_would_tell
from lemmata.harness.verdicts import (
    Basis,
    BoundVerdict,
    Expect,
    Failure,
    LawVerdict,
    MeanVerdict,
    Outcome,
    Refutation,
    SearchVerdict,
    Silence,
    Verdict,
    worst,
)

_CAME_NEAR = 0.5
"""A deterministic ratio below this was searched, and is no test of the relation."""


@dataclass(slots=True)
class Found:
    """What judging a part or twin has come to so far; ``unjudged`` is what time did not suffice
    for, in words.
    """

    specimens: list[Judged] = field(default_factory=list)
    automatic: list[Judged] = field(default_factory=list)
    grids: list[JudgedGrid] = field(default_factory=list)
    nominees: list[Judged] = field(default_factory=list)
    search: Search | None = None
    refutation: Refutation | None = None
    how: str | None = None
    failure: Failure | None = None
    unjudged: list[str] = field(default_factory=list)

    @property
    def late(self) -> bool:
        """Whether a deadline ended something before its work was spent."""
        searched = self.search is not None and self.search.verdict().stopped == "time"
        return bool(self.unjudged) or searched or self.stopped_early

    @property
    def stopped_early(self) -> bool:
        """Whether a deadline ended an instance or a grid before its work was spent."""
        return any(one.late for one in self.judged) or any(grid.late for grid in self.grids)

    @property
    def judged(self) -> list[Judged]:
        """All instances that were judged on fresh trials."""
        return [*self.specimens, *self.automatic, *self.nominees]

    @property
    def trials(self) -> int:
        """All trials."""
        found = sum(one.verdict.trials for one in self.judged)
        found += sum(grid.verdict.trials for grid in self.grids)
        return found + (self.search.verdict().trials if self.search else 0)

    @property
    def work(self) -> float:
        """All counted work."""
        found = sum(one.work for one in self.judged) + sum(grid.work for grid in self.grids)
        return found + (self.search.work if self.search else 0.0)

    def blocks(self) -> Iterable[Block]:
        """All blocks that were drawn."""
        for one in self.judged:
            yield from one.blocks
        for grid in self.grids:
            yield from grid.blocks
        if self.search:
            yield from self.search.blocks()


def broken(subject: Subject, expect: Expect, found: Found, failure: Failure) -> Outcome:
    """Return the outcome of what raised or measured NaN."""
    return replace(_told(subject, expect, "error", found), failure=failure)


def _told(
    subject: Subject,
    expect: Expect,
    verdict: Verdict,
    found: Found,
    search: SearchVerdict | None = None,
) -> Outcome:
    """Return an outcome with what was judged, before anything is said of why."""
    return Outcome(
        subject=subject.id,
        verdict=verdict,
        expect=expect,
        specimens=[one.verdict for one in [*found.specimens, *found.automatic]],
        automatic=len(found.automatic),
        slopes=[grid.verdict for grid in found.grids],
        search=search or (found.search.verdict() if found.search else None),
        nominees=[one.verdict for one in found.nominees],
        out_of_time=found.late and verdict != "refuted",
    )


def outcome_of_part(part: Part[..., Any], found: Found) -> Outcome:
    """Say what was found of a part: a verdict with its basis and resolution, or why there is none.

    What was nominated and confirmed comes first, then a specimen, then an exponent.
    """
    specimens = [*found.specimens, *found.automatic]
    search = found.search.verdict() if found.search else None
    refutation, how = found.refutation, found.how
    if refutation is None:
        refuting = [one.refutation for one in specimens if one.refutation]
        slopes = [grid.refutation for grid in found.grids if grid.refutation]
        # What the author froze, and then what the search found: a nominee was shrunk.
        if refuting:
            refutation, how = refuting[0], "specimen" if found.specimens else "search"
        elif slopes:
            refutation, how = slopes[0], "slope"
    verdict = _verdict(found, specimens, search, refuted=refutation is not None)
    outcome = replace(
        _told(part, part.expect, verdict, found, search),
        basis=_basis(specimens, search) if verdict == "holds" else None,
        refutation=refutation if verdict == "refuted" else None,
        how=how if verdict == "refuted" else None,  # type: ignore[arg-type]
        failure=found.failure,
    )
    outcome = replace(outcome, resolution=resolution_of(outcome) if verdict == "holds" else "")
    return replace(outcome, words=[*words_of(part, outcome), *_unjudged(found)])


def _unjudged(found: Found) -> list[str]:
    if not found.unjudged:
        early = found.stopped_early
        return ["The time ended before its work was spent: give it more."] if early else []
    first, *others = found.unjudged
    more = f", nor at {len(others)} other places" if len(others) > 1 else ""
    more = more or (f", nor {others[0]}" if others else "")
    return [f"The time ended before it was judged {first}{more}: give it more."]


def _verdict(
    found: Found,
    specimens: Sequence[Judged],
    search: SearchVerdict | None,
    *,
    refuted: bool,
) -> Verdict:
    if found.failure is not None:
        return "error"
    if refuted:
        return "refuted"
    spoken = [one for one in specimens if not isinstance(one.verdict, Silence)]
    verdicts: list[Verdict] = [one.verdict.verdict for one in spoken]
    if "undecided" in verdicts and _only_tied(spoken) and _strictly_inside(spoken, search):
        # An equality case decides nothing; others do.
        verdicts = ["holds" for _ in verdicts]
    verdicts += [grid.verdict.verdict for grid in found.grids]
    if found.unjudged:  # what was left out is no ground for a "holds"
        return worst([*verdicts, "underpowered"]) if verdicts else "untested"
    if verdicts:
        return worst(verdicts)
    if search is not None and search.verdict == "vacuous":
        return "vacuous"
    return "vacuous" if specimens else "untested"


def _only_tied(specimens: Sequence[Judged]) -> bool:
    """Whether what is undecided is undecided because bounds are met to rounding."""
    undecided = [one for one in specimens if one.verdict.verdict == "undecided"]
    return all(
        isinstance(one.verdict, BoundVerdict) and one.verdict.claimed is None and one.tied
        for one in undecided
    )


def _strictly_inside(specimens: Sequence[Judged], search: SearchVerdict | None) -> bool:
    """Whether somewhere the bound holds clearly."""
    clear = any(one.verdict.verdict == "holds" and not one.tied for one in specimens)
    return clear or (search is not None and search.instances > search.tied + search.vacuous)


def _basis(specimens: Sequence[Judged], search: SearchVerdict | None) -> Basis:
    verdicts = [one.verdict for one in specimens if not isinstance(one.verdict, Silence)]
    bounds = [one for one in verdicts if isinstance(one, BoundVerdict)]
    if any(one.attacks for one in bounds):
        return "attacked"
    if any(isinstance(one, MeanVerdict | LawVerdict) for one in verdicts):
        return "tested"
    if any(one.claimed is not None for one in bounds):
        return "certified"
    if bounds:
        if all(one.worst.direction == "equal" for one in bounds):
            return "exact"
        met = [one.worst.ratio / one.threshold for one in bounds]
        met += [search.worst_ratio] if search else []
        return "algebra on random trials" if max(met) >= _CAME_NEAR else "searched"
    return "exponent"


def outcome_of_twin(twin: Twin, found: Found, how: str | None) -> Outcome:
    """Say what was found of a twin: refuted, by what ``how`` names, or why it survived."""
    specimens = [*found.specimens, *found.automatic]
    search = found.search.verdict() if found.search else None
    judged = [*specimens, *found.nominees]
    refutation = found.refutation
    refutation = refutation or next((one.refutation for one in judged if one.refutation), None)
    refutation = refutation or next((g.refutation for g in found.grids if g.refutation), None)
    verdict: Verdict = "refuted" if how else _verdict(found, specimens, search, refuted=False)
    if not how and found.late:  # more time might have refuted it
        verdict = worst([verdict, "underpowered"]) if found.judged or found.grids else "untested"
    outcome = replace(
        _told(twin, "refuted", verdict, found, search),
        refutation=refutation if how else None,
        how=how,  # type: ignore[arg-type]
    )
    if how:
        return outcome
    if found.late:
        told = _unjudged(found) or ["The time ended before the search did: give it more."]
        return replace(outcome, words=told)
    return replace(outcome, words=what_would_tell(outcome))
