"""Judging a part or a twin: its specimens, its exponents, and the search over instances.

The verdict of a part is that of its worst specimen and exponent, unless a nominated instance,
confirmed on fresh trials, refutes it. A twin is done at its first confirmed refutation, unshrunk.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lemmata.harness.evaluation import BrokenStatement, Discarded
from lemmata.harness.explanation import explain
from lemmata.harness.judging import judge_grid, judge_instance
from lemmata.harness.levels import ALPHA, NOMINATIONS
from lemmata.harness.recording import record_outcome
from lemmata.harness.run import Run
from lemmata.harness.search import Broken, Search
from lemmata.harness.statements import Part, Twin
from lemmata.harness.verdicts import (
    Basis,
    Failure,
    InstanceVerdict,
    Outcome,
    SearchSummary,
    SlopeVerdict,
    Verdict,
    worst,
)

if TYPE_CHECKING:
    from lemmata.harness.instances import Instance


def judge_part(run: Run, part: Part[..., Any], test: Callable[[], None] | None = None) -> Outcome:
    """Judge a part and record the verdict.

    Args:
        run: the settings.
        part: what to judge.
        test: the Hypothesis test to run in place of the part's own (pytest wraps it).

    Returns:
        The outcome; a statement that raises or measures NaN gives the verdict "error", never an
        exception.
    """
    begin = time.perf_counter()
    try:
        outcome = _judge_part(run, part, test or part.test)
    except BrokenStatement as problem:
        outcome = Outcome(
            subject=part.id, verdict="error", expect=part.expect, failure=_failure(problem)
        )
    outcome = replace(outcome, seconds=time.perf_counter() - begin)
    record_outcome(run, part, outcome, explain(part, outcome))
    return outcome


def judge_twin(run: Run, twin: Twin) -> Outcome:
    """Judge a twin, which should be refuted, and record the verdict."""
    begin = time.perf_counter()
    try:
        outcome = _judge_twin(run, twin)
    except BrokenStatement as problem:
        outcome = Outcome(
            subject=twin.id, verdict="error", expect="refuted", failure=_failure(problem)
        )
    outcome = replace(outcome, seconds=time.perf_counter() - begin)
    record_outcome(run, twin, outcome, explain(twin, outcome))
    return outcome


def _judge_part(run: Run, part: Part[..., Any], test: Callable[[], None]) -> Outcome:
    deadline = run.deadline()
    chosen = (
        part.specimens if part.cost <= 4 or run.profile.name == "nightly" else part.specimens[:1]
    )
    specimens = [
        judge_instance(run, part, instance, role="specimen", deadline=deadline)
        for instance in chosen
    ]
    slopes = [judge_grid(run, part, along, alpha=ALPHA / len(part.along)) for along in part.along]
    search = Search(
        run=run, subject=part, test=test, shrink=run.profile.shrink > 0, deadline=deadline
    )
    nominees: list[InstanceVerdict] = []
    broken: Failure | None = None
    refuting: InstanceVerdict | None = None
    if run.profile.instances_for(part.cost) > 0:
        while search.nominations < NOMINATIONS and (found := search.next()) is not None:
            if isinstance(found, Broken):
                broken = found.failure
                break
            candidates = [found.instance] + (
                [search.found_first] if search.found_first not in (None, found.instance) else []
            )
            nominees += [
                confirmed
                for instance in candidates
                if (confirmed := _confirm(run, part, instance, deadline))
            ]
            search.clear(*(instance for instance in candidates if instance is not None))
            if refuting := next(
                (nominee for nominee in nominees if nominee.verdict == "refuted"), None
            ):
                break
    if not specimens and search.biting is not None and refuting is None and broken is None:
        specimens = [
            judge_instance(run, part, search.biting[1], role="specimen", deadline=deadline)
        ]
    elif not specimens and refuting is None and broken is None and not nominees:
        specimens = _specimen_of_a_sample_claim(run, part, search, deadline)
    return _outcome(part, specimens, slopes, nominees, search.summary(), refuting, broken)


def _specimen_of_a_sample_claim(
    run: Run, part: Part[..., Any], search: Search, deadline: float
) -> list[InstanceVerdict]:
    instance = search.explored()
    if instance is None or search.summary().vacuous:
        return []
    return [judge_instance(run, part, instance, role="specimen", deadline=deadline)]


def _confirm(
    run: Run, part: Part[..., Any], instance: Instance | None, deadline: float
) -> InstanceVerdict | None:
    if instance is None:
        return None
    try:
        found = judge_instance(
            run, part, instance, role="nominee", alpha=ALPHA / (2 * NOMINATIONS), deadline=deadline
        )
        if found.deterministic and found.verdict != "refuted":
            # One violation refutes a deterministic claim wherever it was seen.
            return judge_instance(
                run, part, instance, role="nominee", stream="explore", deadline=deadline
            )
    except Discarded:
        return None
    return found


def _judge_twin(run: Run, twin: Twin) -> Outcome:
    deadline = run.deadline()
    tried: list[InstanceVerdict] = []
    for instance in twin.specimens:
        tried.append(
            judge_instance(
                run,
                twin,
                instance,
                role="specimen",
                alpha=ALPHA / (len(twin.specimens) + 1),
                deadline=deadline,
            )
        )
        if tried[-1].verdict == "refuted":
            return _twin_outcome(twin, tried, [], "specimen")
    slopes: list[SlopeVerdict] = []
    for along in twin.along:
        slopes.append(judge_grid(run, twin, along, alpha=ALPHA / len(twin.along)))
        if slopes[-1].judgement.outcome == "refuted":
            return _twin_outcome(twin, tried, slopes, "slope")
    if twin.specimens or twin.along:
        return _twin_outcome(twin, tried, slopes, None)
    search = Search(run=run, subject=twin, test=twin.part.test, shrink=False, deadline=deadline)
    tried = _searched(run, twin, search, deadline)
    outcome = _twin_outcome(
        twin,
        tried,
        slopes,
        "search" if any(found.verdict == "refuted" for found in tried) else None,
    )
    summary = search.summary()
    if not tried and summary.instances > summary.vacuous:
        words = [f"Of {summary.instances} instances drawn, none looked like a violation."]
        return replace(outcome, verdict="undecided", words=words, trials=summary.trials)
    return outcome


def _searched(run: Run, twin: Twin, search: Search, deadline: float) -> list[InstanceVerdict]:
    tried: list[InstanceVerdict] = []
    while search.nominations < NOMINATIONS and (found := search.next()) is not None:
        if isinstance(found, Broken):
            raise BrokenStatement(found.failure.text)
        tried.append(
            judge_instance(
                run,
                twin,
                found.instance,
                role="nominee",
                alpha=ALPHA / NOMINATIONS,
                deadline=deadline,
            )
        )
        if tried[-1].verdict == "refuted":
            break
        search.clear(found.instance)
    return tried


def _outcome(
    part: Part[..., Any],
    specimens: list[InstanceVerdict],
    slopes: list[SlopeVerdict],
    nominees: list[InstanceVerdict],
    search: SearchSummary,
    refuting: InstanceVerdict | None,
    broken: Failure | None,
) -> Outcome:
    verdicts: list[Verdict] = [found.verdict for found in specimens]
    verdicts += ["refuted"] if refuting else []
    verdicts += ["error"] if broken else []
    verdicts += _of_slopes(slopes)
    if not verdicts and search.instances and search.vacuous == search.instances:
        verdicts = ["vacuous"]
    biting = [verdict for verdict in verdicts if verdict != "vacuous"]
    verdict = worst(biting or verdicts)
    # A nominee was shrunk, so that it says more than a specimen.
    culprit = refuting or next((found for found in specimens if found.verdict == "refuted"), None)
    steep = next((slope for slope in slopes if slope.judgement.outcome == "refuted"), None)
    refutation = culprit.refutation if culprit else steep.refutation if steep else None
    if refutation and culprit is refuting:
        refutation = replace(refutation, shrunk=not search.shrink_cut)
    return Outcome(
        subject=part.id,
        verdict=verdict,
        expect=part.expect,
        basis=_basis(specimens, slopes) if verdict == "holds" else None,
        words=_words(part, verdict, specimens, slopes, search),
        specimens=specimens,
        slopes=slopes,
        search=search,
        nominees=nominees,
        refutation=refutation,
        failure=broken,
        how=None
        if verdict != "refuted"
        else "search"
        if culprit is refuting and culprit
        else "specimen"
        if culprit
        else "slope",
        trials=sum(found.trials for found in (*specimens, *nominees))
        + sum(slope.trials for slope in slopes)
        + search.trials,
    )


def _twin_outcome(
    twin: Twin, tried: list[InstanceVerdict], slopes: list[SlopeVerdict], how: str | None
) -> Outcome:
    verdicts: list[Verdict] = [*(found.verdict for found in tried), *_of_slopes(slopes)]
    refutation = next((found.refutation for found in tried if found.refutation), None)
    refutation = refutation or next(
        (slope.refutation for slope in slopes if slope.refutation), None
    )
    verdict: Verdict = (
        "refuted" if how else worst([v for v in verdicts if v != "vacuous"] or verdicts)
    )
    return Outcome(
        subject=twin.id,
        verdict=verdict,
        expect="refuted",
        words=[] if how else _undecided_exponents(slopes),
        specimens=tried,
        slopes=slopes,
        refutation=refutation,
        how=how,
        trials=sum(found.trials for found in tried) + sum(slope.trials for slope in slopes),
    )


def _basis(specimens: list[InstanceVerdict], slopes: list[SlopeVerdict]) -> Basis:
    if any(found.attacks for found in specimens):
        return "attacked"
    if slopes or any(found.test for found in specimens):
        return "consistent"
    if specimens and all(found.deterministic for found in specimens):
        return "exact" if all(found.direction == "equal" for found in specimens) else "attacked"
    return "certified"


def _words(
    part: Part[..., Any],
    verdict: Verdict,
    specimens: list[InstanceVerdict],
    slopes: list[SlopeVerdict],
    search: SearchSummary,
) -> list[str]:
    words = []
    certified = [
        found
        for found in specimens
        if found.verdict == "holds" and found.judgement and not found.deterministic
    ]
    if certified:
        level = max(found.judgement.level for found in certified if found.judgement)
        words.append(
            f"On {_count(len(certified), 'specimen')} a trial fails with probability at most {level:.3g}, at error probability 0.001."
        )
    if (
        inside := [found.inside for found in specimens if found.inside is not None]
    ) and part.requires:
        where = "inside" if all(inside) else "below" if not any(inside) else "partly below"
        words.append(
            f"The specimens lie {where} what the part asks for: {part.requires.paper or part.requires.ours}."
        )
    words += _undecided_exponents(slopes)
    if any((found.verdict == "undecided" and found.deterministic) for found in specimens):
        words.append("A ratio exceeds 1 by no more than rounding explains: undecided numerically.")
    drawn = search.instances + search.discarded
    if drawn and search.vacuous + search.discarded > drawn / 3:
        words.append(
            f"Of {drawn} instances drawn, the claim says nothing on {search.vacuous} and {search.discarded} were discarded."
        )
    if search.shrink_cut:
        words.append("Shrinking was cut short: a smaller instance may exist.")
    if verdict == "untested":
        words.append("No instance was tried: give the part a specimen, or lower its cost.")
    near = sum(found.near for found in specimens)
    if near:
        words.append(
            f"{_count(near, 'trial')} lie within 1e-9 of the threshold: another device may decide them otherwise."
        )
    return words


def _of_slopes(slopes: list[SlopeVerdict]) -> list[Verdict]:
    meaning: dict[str, Verdict] = {
        "refuted": "refuted",
        "consistent": "holds",
        "undecided": "undecided",
    }
    return [meaning[slope.judgement.outcome] for slope in slopes]


def _undecided_exponents(slopes: list[SlopeVerdict]) -> list[str]:
    return [
        f"The exponent in {slope.along.variable} is undecided at these sizes: {slope.judgement.measured:+.2f}, interval {_interval(slope)}."
        for slope in slopes
        if slope.judgement.outcome == "undecided"
    ]


def _interval(slope: SlopeVerdict) -> str:
    low, high = slope.judgement.interval
    return f"[{low:+.2f}, {high:+.2f}]"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _failure(problem: BrokenStatement) -> Failure:
    return Failure(text=str(problem), token=getattr(problem, "token", None))
