"""Judging a part or a twin: its specimens, its exponents, and the search over instances.

The verdict of a part is that of its worst specimen and exponent, unless a nominated instance,
confirmed on fresh trials, refutes it. A part without specimens of its own is judged on instances
that the search chose, on fresh trials. A twin is done at its first confirmed refutation.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from lemmata.harness.conclusions import Found, broken, outcome_of_part, outcome_of_twin
from lemmata.harness.draw import Draw
from lemmata.harness.evaluation import BrokenStatement, OutOfTime
from lemmata.harness.explanation import explain
from lemmata.harness.judging import Budget, Judged, judge_instance
from lemmata.harness.judging_grids import JudgedGrid, judge_grid
from lemmata.harness.judging_regimes import map_regime
from lemmata.harness.levels import ALLOWANCE, ALPHA, ALPHA_OF_A_TWIN, NOMINATIONS
from lemmata.harness.profiles import BLOCK
from lemmata.harness.recording import record_blocks, record_outcome, record_regime
from lemmata.harness.regime_cells import RegimeMap, one_line
from lemmata.harness.run import Run
from lemmata.harness.search import Broken, Search, Seen
from lemmata.harness.statements import Along, Part, StatementError, Subject, Twin, part_of
from lemmata.harness.verdicts import (
    BoundVerdict,
    Expect,
    Failure,
    Outcome,
    Refutation,
    Silence,
)
from lemmata.harness.work import Prices

_AUTOMATIC = 5

_SEARCHING = 0.6
"""Share of the time that is left, for a search that has to choose the specimens, too."""

_SUSPECT = "at {}, where what was explored looked like a violation"


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
    found = Found()
    try:
        outcome = judging(run, subject, found)
    except BaseException as problem:
        outcome = broken(subject, expect, found, _failure(subject, problem, "judging"))
    outcome = replace(
        outcome, trials=found.trials, work=found.work, seconds=time.perf_counter() - begin
    )
    record_blocks(run, found.blocks())
    made: RegimeMap | None = None
    try:
        made = map_regime(run, subject, deadline=deadline) if isinstance(subject, Part) else None
    except BaseException as problem:
        outcome = broken(subject, expect, found, _failure(subject, problem, "the regime map of"))
    if made is not None:
        record_regime(run, made)
        outcome = replace(outcome, begins=one_line(made))
    record_outcome(run, subject, outcome, explain(subject, outcome))
    return outcome


def _failure(subject: Subject, problem: BaseException, what: str) -> Failure:
    """Return what broke, in words; what ends the run is raised again."""
    if isinstance(problem, KeyboardInterrupt):
        raise problem
    if isinstance(problem, BrokenStatement):
        return Failure(text=str(problem), token=problem.token)
    if isinstance(problem, StatementError):
        return Failure(text=f"{subject.id}: {problem}")
    return Failure(text=f"{what} {subject.id} raised {type(problem).__name__}: {problem}")


def _judge_part(run: Run, part: Part[..., Any], found: Found) -> Outcome:
    deadline = run.deadline()
    for number, instance in enumerate(part.specimens):
        draw = Draw(run=run, subject=part, instance=instance, role="specimen")
        if number and not run.profile.every_specimen and _dear(run, found):
            break
        budget = Budget(alpha=ALPHA / max(1, len(part.specimens)), deadline=deadline)
        _judge_specimen(found, draw, budget)
    for along in part.along:
        _judge_grid(run, part, along, found, ALPHA / len(part.along), deadline)
    speaking = [one for one in found.specimens if not isinstance(one.verdict, Silence)]
    if speaking and _too_dear_to_search(run) and not _met_to_rounding(speaking):
        return outcome_of_part(part, found)
    search = found.search = Search(
        run=run,
        subject=part,
        shrink=run.profile.shrink > 0,
        deadline=deadline if speaking else _after(_SEARCHING, deadline),
    )
    _nominate(found, search, deadline, ALPHA)
    if not speaking and found.how is None and found.failure is None:
        for draw, budget in _automatic(run, search, deadline, ALPHA):
            _judge_specimen(found, draw, budget, automatic=True)
    return outcome_of_part(part, found)


def _automatic(
    run: Run, search: Search, deadline: float, alpha: float
) -> Iterator[tuple[Draw, Budget]]:
    """The specimens that the search chose; what is left of the time is theirs in equal parts."""
    chosen = automatic_specimens(run, search.seen.values())
    for place, draw in enumerate(chosen):
        until = _after(1 / (len(chosen) - place), deadline)
        yield draw, Budget(alpha=alpha / _AUTOMATIC, share=1 / 3, deadline=until)


def _after(share: float, deadline: float) -> float:
    """When a share of the time that is left will have passed."""
    now = time.monotonic()
    return now + share * (deadline - now)


def _judge_specimen(
    found: Found, draw: Draw, budget: Budget, *, automatic: bool = False
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
    run: Run, subject: Subject, along: Along, found: Found, alpha: float, deadline: float
) -> JudgedGrid | None:
    """Judge a grid, unless its time is up; then say that it was not."""
    try:
        grid = judge_grid(run, subject, along, alpha=alpha, deadline=deadline)
    except OutOfTime:
        found.unjudged.append(f"along its grid in {along.variable}")
        return None
    found.grids.append(grid)
    return grid


def _dear(run: Run, found: Found) -> bool:
    """Whether one specimen does: a dear one that is no equality case."""
    clear = any(not one.tied or _by_chance(one) for one in found.specimens)
    return clear and _dearest_block(run) >= run.profile.dear


def _met_to_rounding(specimens: Sequence[Judged]) -> bool:
    """Whether rounding decides on a specimen and no other says anything: a search may."""
    undecided = any(one.verdict.verdict == "undecided" for one in specimens)
    return undecided and all(one.tied and not _by_chance(one) for one in specimens)


def _by_chance(judged: Judged) -> bool:
    verdict = judged.verdict
    return isinstance(verdict, BoundVerdict) and verdict.claimed is not None


def _too_dear_to_search(run: Run) -> bool:
    """Whether the profile looks at no instance that its work for searching does not pay for."""
    return not run.profile.instances[1] and _dearest_block(run) >= run.profile.dear


def _dearest_block(run: Run) -> float:
    return BLOCK * max((price.work for price in run.prices.known.values()), default=0.0)


def _nominate(found: Found, search: Search, deadline: float, alpha: float) -> None:
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
                confirmed = _confirm(draw, deadline, alpha)
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


def _confirm(draw: Draw, deadline: float, alpha: float) -> Judged:
    fresh = replace(draw, role="nominee", stream="confirm")
    budget = Budget(alpha=alpha / (2 * NOMINATIONS), deadline=deadline)
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


def _judge_twin(run: Run, twin: Twin, found: Found) -> Outcome:
    deadline = run.deadline()
    alpha = ALPHA if part_of(twin).kind in ("mean", "law") else ALPHA_OF_A_TWIN
    for instance in twin.specimens:
        draw = Draw(run=run, subject=twin, instance=instance, role="specimen")
        budget = Budget(alpha=alpha / (len(twin.specimens) + 1), deadline=deadline)
        one = _judge_specimen(found, draw, budget)
        if one is not None and one.refutation is not None:
            return outcome_of_twin(twin, found, "specimen")
    for along in twin.along:
        grid = _judge_grid(run, twin, along, found, alpha / len(twin.along), deadline)
        if grid is not None and grid.refutation is not None:
            return outcome_of_twin(twin, found, "slope")
    until = deadline if twin.specimens else _after(_SEARCHING, deadline)
    search = found.search = Search(run=run, subject=twin, shrink=False, deadline=until)
    _nominate(found, search, deadline, alpha)
    if found.failure is not None:
        raise BrokenStatement(found.failure.text, found.failure.token)
    if found.refutation is not None:
        return outcome_of_twin(twin, found, "search")
    if not twin.specimens:
        for draw, budget in _automatic(run, search, deadline, alpha):
            one = _judge_specimen(found, draw, budget, automatic=True)
            if one is not None and one.refutation is not None:
                return outcome_of_twin(twin, found, "search")
    return outcome_of_twin(twin, found, None)
