"""Judging a part or a twin: its specimens, its exponents, and the search over instances.

The verdict of a part is that of its worst specimen and exponent, unless a nominated instance,
confirmed on fresh trials, refutes it. A part without specimens of its own is judged on instances
that the search chose, on fresh trials. A twin is done at its first confirmed refutation.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lemmata.harness.draw import Draw
from lemmata.harness.evaluation import BrokenStatement, OutOfTime
from lemmata.harness.explanation import explain
from lemmata.harness.judging import Budget, Judged, judge_instance
from lemmata.harness.judging_grids import JudgedGrid, judge_grid
from lemmata.harness.judging_regimes import map_regime
from lemmata.harness.levels import ALLOWANCE, ALPHA, NOMINATIONS
from lemmata.harness.phrases import resolution_of, words_of
from lemmata.harness.recording import record_blocks, record_outcome, record_regime
from lemmata.harness.regime_cells import one_line
from lemmata.harness.run import Run
from lemmata.harness.schema import Block
from lemmata.harness.search import Broken, Search, Seen
from lemmata.harness.statements import Along, Part, StatementError, Subject, Twin
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
from lemmata.harness.work import Prices

_DEAR = 5e7
"""Work of a block above which only the first specimen is judged, but in a nightly run."""

_CAME_NEAR = 0.5
"""A deterministic ratio below this was searched, and is no test of the relation."""

_AUTOMATIC = 5

_SUSPECT = "at {}, where what was explored looked like a violation"


@dataclass(slots=True)
class _Findings:
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


def judge_part(run: Run, part: Part[..., Any]) -> Outcome:
    """Judge a part and record the verdict.

    Returns:
        The outcome. A statement that raises, ends the process or measures NaN gives the verdict
        "error"; nothing but Ctrl-C ever leaves this function as an exception.
    """
    return _judged(run, part, part.expect, _judge_part)


def judge_twin(run: Run, twin: Twin) -> Outcome:
    """Judge a twin, which should be refuted, and record the verdict; see `judge_part`."""
    return _judged(run, twin, "refuted", _judge_twin)


def judge_subject(run: Run, subject: Subject) -> Outcome:
    """Judge a part or a twin; see `judge_part`."""
    return judge_twin(run, subject) if isinstance(subject, Twin) else judge_part(run, subject)


def _judged(run: Run, subject: Subject, expect: Expect, judging: Any) -> Outcome:
    begin, deadline = time.perf_counter(), run.deadline()
    run = replace(run, prices=Prices())
    found = _Findings()
    try:
        outcome = judging(run, subject, found)
    except KeyboardInterrupt:
        raise
    except BrokenStatement as problem:
        failure = Failure(text=str(problem), token=problem.token)
        outcome = _broken(subject, expect, found, failure)
    except StatementError as problem:
        outcome = _broken(subject, expect, found, Failure(text=f"{subject.id}: {problem}"))
    except BaseException as problem:
        text = f"judging {subject.id} raised {type(problem).__name__}: {problem}"
        outcome = _broken(subject, expect, found, Failure(text=text))
    outcome = replace(
        outcome, trials=found.trials, work=found.work, seconds=time.perf_counter() - begin
    )
    record_blocks(run, found.blocks())
    if isinstance(subject, Part) and (made := map_regime(run, subject, deadline=deadline)):
        record_regime(run, made)
        outcome = replace(outcome, begins=one_line(made))
    record_outcome(run, subject, outcome, explain(subject, outcome))
    return outcome


def _broken(subject: Subject, expect: Expect, found: _Findings, failure: Failure) -> Outcome:
    return replace(_told(subject, expect, "error", found), failure=failure)


def _told(
    subject: Subject,
    expect: Expect,
    verdict: Verdict,
    found: _Findings,
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


def _judge_part(run: Run, part: Part[..., Any], found: _Findings) -> Outcome:
    deadline = run.deadline()
    for number, instance in enumerate(part.specimens):
        draw = Draw(run=run, subject=part, instance=instance, role="specimen")
        if number and not run.profile.every_specimen and _dear(run, found):
            break
        budget = Budget(alpha=ALPHA / max(1, len(part.specimens)), deadline=deadline)
        _judge_specimen(found, draw, budget)
    for along in part.along:
        _judge_grid(run, part, along, found, ALPHA / len(part.along), deadline)
    search = found.search = Search(
        run=run, subject=part, shrink=run.profile.shrink > 0, deadline=deadline
    )
    _nominate(found, search, deadline)
    speaking = [one for one in found.specimens if not isinstance(one.verdict, Silence)]
    if not speaking and found.how is None and found.failure is None:
        for draw in automatic_specimens(run, search.seen.values()):
            budget = Budget(alpha=ALPHA / _AUTOMATIC, share=1 / 3, deadline=deadline)
            _judge_specimen(found, draw, budget, automatic=True)
    return _outcome(part, found)


def _judge_specimen(
    found: _Findings, draw: Draw, budget: Budget, *, automatic: bool = False
) -> Judged | None:
    """Judge a specimen, unless its time is up; then say that it was not."""
    begun = found.specimens or found.unjudged or automatic
    try:
        if begun and time.monotonic() > budget.deadline:
            raise OutOfTime
        one = judge_instance(draw, budget)
    except OutOfTime:
        found.unjudged.append(f"at {draw.place.words}")
        return None
    (found.automatic if automatic else found.specimens).append(one)
    return one


def _judge_grid(
    run: Run, subject: Subject, along: Along, found: _Findings, alpha: float, deadline: float
) -> JudgedGrid | None:
    """Judge a grid, unless its time is up; then say that it was not."""
    try:
        grid = judge_grid(run, subject, along, alpha=alpha, deadline=deadline)
    except OutOfTime:
        found.unjudged.append(f"along its grid in {along.variable}")
        return None
    found.grids.append(grid)
    return grid


def _dear(run: Run, found: _Findings) -> bool:
    prices = run.prices.known.values()
    return bool(found.specimens) and max((p.work for p in prices), default=0.0) * 16 > _DEAR


def _nominate(found: _Findings, search: Search, deadline: float) -> None:
    """Search, and put what is nominated to the test on fresh trials, until one refutes."""
    while search.nominations < NOMINATIONS and (nominated := search.next()) is not None:
        if isinstance(nominated, Broken):
            found.failure = nominated.failure
            return
        if nominated.refutation is not None:  # found by an ascent: the claim admits no chance
            found.refutation, found.how = nominated.refutation, "search"
            return
        draws = [nominated.draw]
        if search.found_first is not None and search.found_first.hash != nominated.draw.hash:
            draws.append(search.found_first)
        for draw in draws:
            try:
                confirmed = _confirm(draw, deadline)
            except OutOfTime:
                found.unjudged.append(_SUSPECT.format(draw.place.words))
                return
            found.nominees.append(confirmed)
            if confirmed.refutation is not None:
                found.refutation = _shrunk(confirmed.refutation, search)
                found.how = "search"
                return
            if confirmed.late:
                found.unjudged.append(_SUSPECT.format(draw.place.words))
                return
        search.clear(*draws)


def _confirm(draw: Draw, deadline: float) -> Judged:
    fresh = replace(draw, role="nominee", stream="confirm")
    budget = Budget(alpha=ALPHA / (2 * NOMINATIONS), deadline=deadline)
    found = judge_instance(fresh, budget)
    verdict = found.verdict
    if isinstance(verdict, BoundVerdict) and verdict.claimed is None and not found.refutation:
        # One violation refutes a deterministic claim wherever it was seen.
        return judge_instance(replace(draw, role="nominee"), budget)
    return found


def _shrunk(refutation: Refutation, search: Search) -> Refutation:
    smallest = not search.verdict().shrink_cut and search.shrink
    return replace(refutation, at=replace(refutation.at, shrunk=smallest))


def automatic_specimens(run: Run, seen: Iterable[Seen]) -> list[Draw]:
    """Choose the instances on which a part without specimens is judged, on fresh trials.

    Without chance: that with the largest ratio clearly below 1. With a claimed probability: the
    smallest p-value and the largest excess, and the largest, the median and the smallest claim.
    Means and laws: the smallest p-value, and the first instance.
    """
    said = [one for one in seen if one.says_something]
    chosen: list[Seen] = []
    samples = [one for one in said if math.isnan(one.ratio)]
    if samples:
        chosen = [min(samples, key=lambda one: one.p_value), samples[0], samples[-1]]
    elif certain := [one for one in said if one.claimed == 0.0]:
        clear = [one for one in certain if one.ratio < 1.0 - ALLOWANCE]
        chosen = [max(clear or certain, key=lambda one: one.ratio)]
    elif said:
        by_claim = sorted(said, key=lambda one: one.claimed)
        chosen = [
            min(said, key=lambda one: one.p_value),
            max(said, key=lambda one: one.share - one.claimed),
            by_claim[-1],
            by_claim[len(by_claim) // 2],
            by_claim[0],
        ]
    different = {one.draw.hash: one for one in chosen}
    return [
        replace(one.draw, run=run, role="specimen", stream="confirm") for one in different.values()
    ]


def _judge_twin(run: Run, twin: Twin, found: _Findings) -> Outcome:
    deadline = run.deadline()
    for instance in twin.specimens:
        draw = Draw(run=run, subject=twin, instance=instance, role="specimen")
        budget = Budget(alpha=ALPHA / (len(twin.specimens) + 1), deadline=deadline)
        one = _judge_specimen(found, draw, budget)
        if one is not None and one.refutation is not None:
            return _twin_outcome(twin, found, "specimen")
    for along in twin.along:
        grid = _judge_grid(run, twin, along, found, ALPHA / len(twin.along), deadline)
        if grid is not None and grid.refutation is not None:
            return _twin_outcome(twin, found, "slope")
    search = found.search = Search(run=run, subject=twin, shrink=False, deadline=deadline)
    _nominate(found, search, deadline)
    if found.failure is not None:
        raise BrokenStatement(found.failure.text, found.failure.token)
    if found.refutation is not None:
        return _twin_outcome(twin, found, "search")
    if not twin.specimens:
        for draw in automatic_specimens(run, search.seen.values()):
            budget = Budget(alpha=ALPHA / _AUTOMATIC, share=1 / 3, deadline=deadline)
            one = _judge_specimen(found, draw, budget, automatic=True)
            if one is not None and one.refutation is not None:
                return _twin_outcome(twin, found, "search")
    return _twin_outcome(twin, found, None)


def _outcome(part: Part[..., Any], found: _Findings) -> Outcome:
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


def _unjudged(found: _Findings) -> list[str]:
    if not found.unjudged:
        early = found.stopped_early
        return ["The time ended before its work was spent: give it more."] if early else []
    first, *others = found.unjudged
    more = f", nor at {len(others)} other places" if len(others) > 1 else ""
    more = more or (f", nor {others[0]}" if others else "")
    return [f"The time ended before it was judged {first}{more}: give it more."]


def _verdict(
    found: _Findings,
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


def _twin_outcome(twin: Twin, found: _Findings, how: str | None) -> Outcome:
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
