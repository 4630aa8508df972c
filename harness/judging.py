"""Judging an instance.

Draw its trials, block by block, until the evidence decides or the cap is reached.

A bound is judged by the e-process of `lemmata.harness.evidence` (a deterministic bound is one that
claims failure probability 0), a mean or a law by one test at a size fixed beforehand, an exponent
along a grid by `lemmata.harness.slopes`. NaN is an error, never a pass.
"""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
from jaxtyping import Float

from lemmata.harness.claims import Law
from lemmata.harness.evaluation import Bounds, BrokenStatement, Samples, evaluate
from lemmata.harness.evidence import (
    Judgement,
    can_detect,
    certificate_level,
    clean_trials_to_certify,
    judge,
)
from lemmata.harness.instances import Instance, describe
from lemmata.harness.levels import ALPHA, BETA
from lemmata.harness.means import Comparison, judge_law, judge_mean
from lemmata.harness.profiles import BLOCK
from lemmata.harness.recording import record_blocks
from lemmata.harness.run import Run
from lemmata.harness.slopes import SlopeClaim, judge_slope
from lemmata.harness.statements import Along, Part, Subject, part_of
from lemmata.harness.thresholds import NEAR, Threshold, failing, threshold_of
from lemmata.harness.verdicts import InstanceVerdict, Refutation, SlopePoint, SlopeVerdict, Verdict

_DETERMINISTIC_CAP = 4 * BLOCK
_CURVE_POINTS = 200


class NotANumber(BrokenStatement):
    """A statement that measured NaN: an error, with the trial's token."""

    def __init__(self, text: str, token: str) -> None:
        super().__init__(text)
        self.token = token


def judge_instance(
    run: Run,
    subject: Subject,
    instance: Instance,
    *,
    role: str,
    stream: str = "confirm",
    alpha: float = ALPHA,
    deadline: float = math.inf,
) -> InstanceVerdict:
    """Judge one instance on fresh trials of its own.

    Raises:
        BrokenStatement: the statement raised, returned no claim, or measured NaN.
        Discarded: the statement assumed the instance away.
    """
    part = part_of(subject)
    begin = time.perf_counter()
    first = evaluate(run, subject, instance, stream=stream, first=0, count=BLOCK)
    if isinstance(first, Samples):
        return _judge_samples(
            run, subject, instance, role=role, stream=stream, alpha=alpha, begin=begin
        )
    refuse_nan(run, subject, instance, stream, first)
    threshold = threshold_of(subject, first)
    if threshold.claimed >= 1.0:
        return _summary(
            run, subject, instance, role, "vacuous", [first], threshold, None, stream, begin
        )
    level = certificate_level(threshold.claimed)
    cap = run.profile.cap_for(part.cost, clean_trials_to_certify(level) if level < 1.0 else BLOCK)
    cap = (
        min(cap, max(BLOCK, round(_DETERMINISTIC_CAP / max(1.0, part.cost) / BLOCK) * BLOCK))
        if threshold.deterministic
        else cap
    )
    pieces, trials, failures = [first], len(first), int(failing(first, threshold).sum())
    record_blocks(
        run, subject, instance, role=role, stream=stream, bounds=first, threshold=threshold
    )
    while True:
        judged = judge(failures, trials, threshold.claimed, alpha=alpha, beta=BETA)
        settled = judged.outcome == "refuted" or (
            judged.outcome == "certified" and not threshold.deterministic
        )
        if settled or trials >= cap or time.monotonic() > deadline:
            break
        piece = evaluate(
            run,
            subject,
            instance,
            stream=stream,
            first=trials,
            count=min(_next_blocks(trials), cap - trials),
        )
        assert isinstance(piece, Bounds)
        refuse_nan(run, subject, instance, stream, piece)
        record_blocks(
            run, subject, instance, role=role, stream=stream, bounds=piece, threshold=threshold
        )
        pieces.append(piece)
        trials, failures = trials + len(piece), failures + int(failing(piece, threshold).sum())
    return _summary(
        run,
        subject,
        instance,
        role,
        _verdict(judged, threshold, pieces, cap, alpha),
        pieces,
        threshold,
        judged,
        stream,
        begin,
    )


def judge_grid(run: Run, subject: Subject, along: Along, *, alpha: float = ALPHA) -> SlopeVerdict:
    """Judge the exponent of the ratio along a grid of sizes.

    Raises:
        BrokenStatement: the statement raised, measured NaN, claims no bound, or gave ratios of
            which no logarithm can be taken.
    """
    begin, count = time.perf_counter(), max(BLOCK, round(along.trials * run.profile.grid))
    found: list[tuple[Instance, Bounds, Float[np.ndarray, " trials"]]] = []
    for size in along.sizes:
        instance = along.instance(size)
        bounds = evaluate(run, subject, instance, stream="grid", first=0, count=count)
        if not isinstance(bounds, Bounds):
            raise BrokenStatement(
                f"{subject.id} measures an exponent of a mean or law: return at_most(...) or at_least(...)"
            )
        refuse_nan(run, subject, instance, "grid", bounds)
        quantity = bounds.ratio if bounds.scaling is None else bounds.scaling
        if not (np.isfinite(quantity).all() and (quantity > 0).all()):
            raise BrokenStatement(
                f"{subject.id} has ratios of zero or infinity at {describe(instance)}: no exponent in {along.variable} can be fitted there"
            )
        record_blocks(
            run,
            subject,
            instance,
            role="grid",
            stream="grid",
            bounds=bounds,
            threshold=threshold_of(subject, bounds),
        )
        found.append((instance, bounds, quantity))
    quantities = [quantity for _, _, quantity in found]
    points = [
        SlopePoint(
            size=float(size),
            instance=instance,
            median=float(np.median(quantity)),
            upper=float(np.quantile(quantity, 0.9)),
            worst=float(quantity.max()),
            trials=count,
        )
        for size, (instance, _, quantity) in zip(along.sizes, found, strict=True)
    ]
    claim = SlopeClaim(at_most=along.at_most, at_least=along.at_least)
    judged = judge_slope(
        [float(size) for size in along.sizes],
        quantities,
        claim,
        growth=along.growth,
        alpha=alpha,
        beta=BETA,
    )
    refutation = None
    instance, bounds, _ = max(found, key=lambda one: float(one[2].max()))
    if judged.outcome == "refuted":
        refutation = _refutation(
            run,
            subject,
            instance,
            "grid",
            "grid",
            bounds,
            failures=0,
            claimed=None,
            log_e=-math.log(alpha),
            direction="slope",
        )
    trials = count * len(points)
    return SlopeVerdict(
        along=along,
        direction=bounds.direction,
        quantity="ratio" if bounds.scaling is None else "scaling",
        judgement=judged,
        points=points,
        trials=trials,
        refutation=refutation,
        seconds=time.perf_counter() - begin,
    )


def refuse_nan(run: Run, subject: Subject, instance: Instance, stream: str, bounds: Bounds) -> None:
    """Raise `NotANumber` where a trial's ratio is NaN."""
    if (bad := np.flatnonzero(np.isnan(bounds.ratio))).size:
        trial = bounds.first + int(bad[0])
        token = str(run.token(subject, instance, stream=stream, trial=trial, attack=None))
        where = f"trial {trial} of {describe(instance)}"
        raise NotANumber(
            f"{subject.id} measured NaN in {where}: measured {bounds.measured[bad[0]]}, bound {bounds.bound[bad[0]]}",
            token,
        )


def _next_blocks(trials: int) -> int:
    # Looking after every block costs nothing in validity; growing batches save calls.
    return max(BLOCK, trials // BLOCK // 2 * BLOCK)


def _verdict(
    judged: Judgement, threshold: Threshold, pieces: list[Bounds], cap: int, alpha: float
) -> Verdict:
    if judged.outcome == "refuted":
        return "refuted"
    if threshold.deterministic:
        numerically = any((piece.ratio > threshold.value).any() for piece in pieces)
        return "undecided" if numerically else "holds"
    if judged.outcome == "certified":
        return "holds"
    return "undecided" if can_detect(threshold.claimed, cap, alpha) else "underpowered"


def _judge_samples(
    run: Run,
    subject: Subject,
    instance: Instance,
    *,
    role: str,
    stream: str,
    alpha: float,
    begin: float,
) -> InstanceVerdict:
    part = part_of(subject)
    size = run.profile.cap_for(part.cost, run.profile.cap * run.profile.stretch)
    # Fixed beforehand: one test, and where it is undecided a second one on three times as many
    # fresh trials; α is split over the two.
    first, count = 0, size
    while True:
        samples = evaluate(run, subject, instance, stream=stream, first=first, count=count)
        assert isinstance(samples, Samples)
        test, measured, expected = compare(run, subject, instance, samples, stream, alpha / 2)
        trials = first + count
        if first or test.outcome != "undecided":
            break
        first, count = size, 3 * size
    verdict: Verdict = {"refuted": "refuted", "consistent": "holds", "undecided": "undecided"}[
        test.outcome
    ]  # type: ignore[assignment]
    refutation = None
    if verdict == "refuted":
        token = str(run.token(subject, instance, stream=stream, trial=samples.first, attack=None))
        refutation = Refutation(
            instance=instance,
            role=role,
            stream=stream,
            trial=samples.first,
            ratio=math.nan,
            measured=measured,
            bound=expected,
            direction="law" if isinstance(samples.claim, Law) else "mean",
            failures=0,
            trials=len(samples),
            claimed=None,
            log_e=-math.log(max(test.p_value, 1e-300)),
            attack=None,
            token=token,
        )
    return InstanceVerdict(
        instance=instance,
        role=role,
        verdict=verdict,
        trials=trials,
        test=test,
        measured=measured,
        expected=expected,
        inside=_inside(part, instance),
        refutation=refutation,
        direction="law" if isinstance(samples.claim, Law) else "mean",
        seconds=time.perf_counter() - begin,
    )


def compare(
    run: Run, subject: Subject, instance: Instance, samples: Samples, stream: str, alpha: float
) -> tuple[Comparison, float, float]:
    """Test a mean or law on samples of a fixed size; the worst entry decides, at its share of α.

    Returns:
        The comparison, the measured mean and the expected one (NaN for a law).

    Raises:
        NotANumber: a sample is NaN or infinite.
    """
    if not np.isfinite(samples.values).all():
        trial = samples.first + int(np.flatnonzero(~np.isfinite(samples.values).all(axis=1))[0])
        token = str(run.token(subject, instance, stream=stream, trial=trial, attack=None))
        raise NotANumber(
            f"{subject.id} drew a sample that is NaN or infinite in trial {trial} of {describe(instance)}",
            token,
        )
    claim = samples.claim
    if isinstance(claim, Law):
        return (
            judge_law(samples.values.ravel(), claim.distribution, alpha=alpha),
            math.nan,
            math.nan,
        )
    expected = claim.expected.detach().cpu().double().numpy().reshape(-1)
    tests = [
        judge_mean(
            column,
            float(target),
            alpha=alpha / len(expected),
            bounds=claim.limits,
            tolerance=claim.tolerance,
        )
        for column, target in zip(samples.values.T, expected, strict=True)
    ]
    worst = min(range(len(tests)), key=lambda entry: tests[entry].p_value)
    return tests[worst], float(samples.values[:, worst].mean()), float(expected[worst])


def _summary(
    run: Run,
    subject: Subject,
    instance: Instance,
    role: str,
    verdict: Verdict,
    pieces: list[Bounds],
    threshold: Threshold,
    judged: Judgement | None,
    stream: str,
    begin: float,
) -> InstanceVerdict:
    part = part_of(subject)
    ratio = np.concatenate([piece.ratio for piece in pieces])
    worst = max(pieces, key=lambda piece: float(piece.ratio.max()))
    index = int(worst.ratio.argmax())
    failures = judged.failures if judged else 0
    refutation = None
    if judged and verdict == "refuted":
        refutation = _refutation(
            run,
            subject,
            instance,
            role,
            stream,
            worst,
            failures=failures,
            claimed=None if threshold.deterministic else threshold.claimed,
            log_e=judged.log_e_refute,
            trials=len(ratio),
        )
    return InstanceVerdict(
        instance=instance,
        role=role,
        verdict=verdict,
        trials=len(ratio),
        failures=failures,
        near=int((np.abs(ratio / threshold.value - 1.0) < NEAR).sum()),
        claimed=None if threshold.deterministic else threshold.claimed,
        threshold=threshold.value,
        judgement=judged,
        worst_ratio=float(ratio.max()),
        worst_trial=worst.first + index,
        median_ratio=float(np.median(ratio)),
        surviving=float(np.quantile(ratio, 1.0 - min(threshold.claimed, 1.0), method="higher")),
        inside=_inside(part, instance),
        attack=worst.found_by[index] if worst.found_by else None,
        attacks={
            name: max(float(piece.attacks[name].max()) for piece in pieces)
            for name in pieces[0].attacks
        },
        reports=_reports(pieces),
        curves=_curves(pieces, worst, index),
        refutation=refutation,
        deterministic=threshold.deterministic,
        direction=pieces[0].direction,
        seconds=time.perf_counter() - begin,
    )


def _refutation(
    run: Run,
    subject: Subject,
    instance: Instance,
    role: str,
    stream: str,
    bounds: Bounds,
    *,
    failures: int,
    claimed: float | None,
    log_e: float,
    direction: str = "",
    trials: int | None = None,
) -> Refutation:
    index = int(bounds.ratio.argmax())
    attack = bounds.found_by[index] if bounds.found_by else None
    trial = bounds.first + index
    return Refutation(
        instance=instance,
        role=role,
        stream=stream,
        trial=trial,
        ratio=float(bounds.ratio[index]),
        measured=float(bounds.measured[index]),
        bound=float(bounds.bound[index]),
        direction=direction or bounds.direction,
        failures=failures,
        trials=len(bounds) if trials is None else trials,
        claimed=claimed,
        log_e=log_e,
        attack=attack,
        token=str(run.token(subject, instance, stream=stream, trial=trial, attack=attack)),
    )


def _inside(part: Part[..., Any], instance: Instance) -> bool | None:
    if part.requires is None or part.requires.met is None:
        return None
    return part.requires.inside(instance)


def _reports(pieces: list[Bounds]) -> dict[str, dict[str, float]]:
    joined = {
        name: np.concatenate([piece.reports[name] for piece in pieces])
        for name in pieces[0].reports
    }
    return {
        name: {
            "median": float(np.median(values)),
            "low": float(values.min()),
            "high": float(values.max()),
        }
        for name, values in joined.items()
    }


def _curves(pieces: list[Bounds], worst: Bounds, index: int) -> dict[str, dict[str, list[float]]]:
    curves = {}
    for name in pieces[0].curves:
        values = np.concatenate([piece.curves[name] for piece in pieces])
        steps = np.unique(
            np.linspace(0, values.shape[1] - 1, min(_CURVE_POINTS, values.shape[1]))
            .round()
            .astype(int)
        )
        low, median, high = np.quantile(values[:, steps], [0.1, 0.5, 0.9], axis=0)
        columns = {
            "steps": steps,
            "median": median,
            "low": low,
            "high": high,
            "worst": worst.curves[name][index, steps],
        }
        curves[name] = {key: column.tolist() for key, column in columns.items()}
    return curves
