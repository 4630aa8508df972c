"""Judging one instance of a mean or a law, at sizes fixed beforehand.

There are two tests: a first one on part of the budget, and, where it neither refutes nor reaches
the target resolution, a second one on fresh trials with the rest. α is split over the two; each
"holds" errs with probability β at most. A deadline makes a sample smaller, never because of what it
shows, and none is tested that is smaller than a test takes.
"""

from __future__ import annotations

import math
import time

import numpy as np

from lemmata.harness.claims import Law, Mean
from lemmata.harness.draw import Draw
from lemmata.harness.evaluation import (
    BrokenStatement,
    OutOfTime,
    Samples,
    evaluate,
    price_of,
)
from lemmata.harness.judging import Budget, Judged, counterexample
from lemmata.harness.levels import BETA, LAW, MEAN, RELATIVE_MEAN
from lemmata.harness.means import LawComparison, MeanComparison, judge_law, judge_mean
from lemmata.harness.profiles import blocks
from lemmata.harness.verdicts import (
    LawRefutation,
    LawVerdict,
    MeanRefutation,
    MeanVerdict,
    Refutation,
    Verdict,
)

_FIRST = 0.25
_FEWEST, _FEWEST_OF_A_LAW = 256, 1024
_MOST_SAMPLES = 1 << 18


def judge_samples(draw: Draw, claim: Mean | Law, budget: Budget, begin: float) -> Judged:
    """Judge a mean or a law on fresh trials of one instance.

    Raises:
        BrokenStatement: a sample is NaN or infinite, or the claim itself cannot be tested.
        OutOfTime: the deadline passed before there were enough samples for a test.
    """
    work = price_of(draw).work
    profile = draw.run.profile
    fewest = _FEWEST_OF_A_LAW if isinstance(claim, Law) else _FEWEST
    cap = profile.trials_for(work, budget.share, fewest=max(fewest, profile.trials[1]))
    sizes = [blocks(_FIRST * cap), blocks(cap)]
    tested: tuple[MeanVerdict | LawVerdict, bool, Refutation | None] | None = None
    first, late = 0, False
    for number, size in enumerate(sizes):
        if late := time.monotonic() > budget.deadline:
            break
        samples = evaluate(draw, first=first, count=size, deadline=budget.deadline)
        assert isinstance(samples, Samples)
        first += len(samples)
        late = len(samples) < size
        if len(samples) < (sizes[0] if tested else min(fewest, size)):
            break
        tested = test_samples(draw, samples, budget.alpha / len(sizes), begin)
        verdict, done, _ = tested
        last = number == len(sizes) - 1 or first * samples.values.shape[1] > _MOST_SAMPLES
        if verdict.verdict == "refuted" or done or last:
            break
    if tested is None:
        raise OutOfTime
    return Judged(verdict=tested[0], refutation=tested[2], late=late, work=work * first)


def test_samples(
    draw: Draw, samples: Samples, alpha: float, begin: float
) -> tuple[MeanVerdict | LawVerdict, bool, Refutation | None]:
    """Test samples of a fixed size.

    Returns:
        The verdict, whether it is as fine as the target asks, and the refutation if it is one.

    Raises:
        BrokenStatement: a sample is NaN or infinite, or the claim itself cannot be tested.
    """
    if not np.isfinite(samples.values).all():
        bad = np.flatnonzero(~np.isfinite(samples.values).all(axis=1))
        trial = samples.first + int(bad[0])
        raise BrokenStatement(
            f"{draw.subject.id} drew a sample that is NaN or infinite in trial {trial} of "
            f"{draw.place.words}",
            draw.token(trial),
        )
    try:
        if isinstance(samples.claim, Law):
            return _test_law(draw, samples, samples.claim, alpha, begin)
        return _test_mean(draw, samples, samples.claim, alpha, begin)
    except ValueError as problem:
        raise BrokenStatement(f"{draw.subject.id} claims what cannot be: {problem}") from problem


def _test_law(
    draw: Draw, samples: Samples, claim: Law, alpha: float, begin: float
) -> tuple[LawVerdict, bool, Refutation | None]:
    found = judge_law(samples.values.ravel(), claim.distribution, beta=BETA)
    limit = claim.within or draw.part.said.resolution or LAW.limit
    verdict = _decided(found.p_value, alpha, found.reached, limit)
    judged = LawVerdict(
        place=draw.place,
        role=draw.role,
        stream=draw.stream,
        verdict=verdict,
        trials=samples.first + len(samples),
        samples=found.samples,
        method=found.method,
        distance=found.distance,
        at=found.at,
        share_below=found.share_below,
        claimed_below=found.claimed_below,
        resolution=found.reached,
        limit=limit,
        p_value=found.p_value,
        inside=draw.inside,
        seconds=round(time.perf_counter() - begin, 4),
    )
    fine = found.reached <= min(LAW.target, limit)
    return judged, fine, _law_refutation(draw, samples, found) if verdict == "refuted" else None


def _law_refutation(draw: Draw, samples: Samples, found: LawComparison) -> LawRefutation:
    return LawRefutation(
        at=counterexample(draw, samples.first),
        method=found.method,
        distance=found.distance,
        where=found.at,
        share_below=found.share_below,
        claimed_below=found.claimed_below,
        samples=found.samples,
        p_value=found.p_value,
    )


def _test_mean(
    draw: Draw, samples: Samples, claim: Mean, alpha: float, begin: float
) -> tuple[MeanVerdict, bool, Refutation | None]:
    expected = claim.expected.detach().cpu().double().numpy().reshape(-1)
    if not np.isfinite(expected).all():
        raise ValueError("a claimed mean is NaN or infinite")
    tests = [
        judge_mean(
            column,
            float(target),
            side=claim.side,
            alpha=alpha / len(expected),
            beta=BETA,
            bounds=claim.limits,
            tolerance=claim.tolerance,
        )
        for column, target in zip(samples.values.T, expected, strict=True)
    ]
    limits = [_limit(draw, claim, test, float(t)) for test, t in zip(tests, expected, strict=True)]
    # The entry that decides: the one that refutes, else the one that is judged most coarsely.
    worst = min(range(len(tests)), key=lambda entry: tests[entry].p_value)
    verdict: Verdict = "refuted"
    if tests[worst].p_value > alpha / len(tests):
        worst = max(range(len(tests)), key=lambda entry: tests[entry].reached / limits[entry])
        verdict = _decided(1.0, alpha, tests[worst].reached, limits[worst])
    found, target = tests[worst], float(expected[worst])
    judged = MeanVerdict(
        place=draw.place,
        role=draw.role,
        stream=draw.stream,
        verdict=verdict,
        trials=samples.first + len(samples),
        samples=found.samples,
        method=found.method,
        side=claim.side,
        measured=found.measured,
        expected=target,
        deviation=found.deviation,
        low=found.low,
        high=found.high,
        resolution=found.reached,
        limit=limits[worst],
        p_value=found.p_value,
        skewness=found.skewness,
        kurtosis=found.kurtosis,
        inside=draw.inside,
        seconds=round(time.perf_counter() - begin, 4),
    )
    fine = all(
        test.reached <= min(claim.tolerance + MEAN.target * test.deviation, limit)
        for test, limit in zip(tests, limits, strict=True)
    )
    refutation = None
    if verdict == "refuted":
        refutation = MeanRefutation(
            at=counterexample(draw, samples.first),
            side=claim.side,
            measured=found.measured,
            expected=target,
            samples=found.samples,
            p_value=found.p_value,
        )
    return judged, fine, refutation


def _limit(draw: Draw, claim: Mean, test: MeanComparison, expected: float) -> float:
    """Return how far from the claim the mean may lie unseen, for a "holds" to be said."""
    if claim.within is not None:
        return claim.within
    if draw.part.said.resolution is not None:
        return claim.tolerance + draw.part.said.resolution * abs(expected or 1.0)
    usual = max(MEAN.limit * test.deviation, RELATIVE_MEAN * abs(expected))
    # Samples without any spread are judged to rounding.
    return claim.tolerance + max(usual, 4.0 * abs(test.high - test.measured), math.ulp(1.0))


def _decided(p_value: float, alpha: float, reached: float, limit: float) -> Verdict:
    if p_value <= alpha:
        return "refuted"
    return "holds" if reached <= limit else "undecided"
