"""Judging one instance: from trials to a verdict.

A bound is judged by the e-process of `lemmata.harness.evidence`, block by block, until it is
refuted, certified finely enough, or the budget ends; a mean or law by `judging_samples`, an
exponent along a grid by `judging_grids`. NaN is an error, never a pass. Nothing here writes: the
blocks that were drawn are returned, and recorded by whoever asked.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from lemmata.harness.blocks import block_of
from lemmata.harness.draw import Draw
from lemmata.harness.evaluation import (
    Bounds,
    BrokenStatement,
    Discarded,
    Evaluated,
    OutOfTime,
    Samples,
    drawn_in,
    evaluate,
    is_random,
    join,
    price_of,
    settle_price,
)
from lemmata.harness.evidence import (
    Judgement,
    can_detect,
    certified_level,
    judge,
    log_evidence_for,
)
from lemmata.harness.levels import ALPHA, BETA, certificate_limit, certificate_target
from lemmata.harness.profiles import BLOCK
from lemmata.harness.rounding import granted
from lemmata.harness.schema import Block
from lemmata.harness.statements import Subject, Twin, part_of
from lemmata.harness.thresholds import Threshold, doubtful, failing, threshold_of
from lemmata.harness.verdicts import (
    BoundRefutation,
    BoundVerdict,
    Counterexample,
    Curve,
    InstanceVerdict,
    Refutation,
    Sides,
    Silence,
    Spread,
    Verdict,
)

_DETERMINISTIC_CAP = 2048
_FEW, _FEW_BY_CHANCE = 4, 8
"""Trials that refute a twin if all of them fail: without chance, and at p of a tenth and less."""

_CURVE_POINTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An instance's verdict, with the blocks that it rests on and what refutes it.

    ``late`` where a deadline ended it before its work was spent.
    """

    verdict: InstanceVerdict
    blocks: Sequence[Block] = ()
    refutation: Refutation | None = None
    tied: bool = False
    late: bool = False
    work: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How far judging an instance may go.

    Attributes:
        alpha: the level of a refutation.
        share: of the profile's work for confirming.
        deadline: on the monotonic clock; the block that it falls into is the last.
    """

    alpha: float = ALPHA
    share: float = 1.0
    deadline: float = field(default=math.inf)


def judge_instance(draw: Draw, budget: Budget | None = None) -> Judged:
    """Judge one instance on fresh trials of its own.

    Raises:
        BrokenStatement: the statement raised, returned no claim, or measured NaN.
        OutOfTime: the budget's deadline passed before there was anything to say.
    """
    budget = budget or Budget()
    if not draw.admitted:
        return silent(draw, f"it lies outside of where the part is tried: {_gate(draw)}")
    begin = time.perf_counter()
    try:
        first = _first_trials(draw, budget.alpha)
    except Discarded:
        return silent(draw, "the statement assumes it away")
    if isinstance(first, Samples):
        from lemmata.harness.judging_samples import judge_samples

        return judge_samples(draw, first.claim, budget, begin)
    refuse_nan(draw, first)
    threshold = threshold_of(draw.subject, first)
    if threshold.silent:
        return silent(draw, threshold.why_silent, trials=len(first))
    return _judge_bound(draw, budget, first, threshold, begin)


def silent(draw: Draw, why: str, trials: int = 0) -> Judged:
    """Return the verdict on an instance on which nothing is claimed."""
    return Judged(verdict=Silence(place=draw.place, role=draw.role, why=why, trials=trials))


def refuse_nan(draw: Draw, bounds: Bounds) -> None:
    """Raise `BrokenStatement` where a trial's ratio is NaN."""
    if (bad := np.flatnonzero(np.isnan(bounds.ratio))).size:
        trial = bounds.first + int(bad[0])
        sides = f"measured {bounds.measured[bad[0]]}, bound {bounds.bound[bad[0]]}"
        raise BrokenStatement(
            f"{draw.subject.id} measured NaN in trial {trial} of {draw.place.words}: {sides}",
            draw.token(trial),
        )


def _judge_bound(
    draw: Draw, budget: Budget, first: Bounds, threshold: Threshold, begin: float
) -> Judged:
    cap = BLOCK if threshold.deterministic and not is_random(draw) else None
    target = _target(draw, threshold)
    first = granted(draw, first, threshold, deadline=budget.deadline)
    pieces, trials, late = [first], len(first), False
    failures = int(failing(first, threshold).sum())
    unsure = int(doubtful(first, threshold).sum())
    while True:
        judged = judge(failures, trials, threshold.claimed, target=target, alpha=budget.alpha)
        settled = judged.outcome == "refuted" or (
            # A certificate is no reason to stop while the trials speak against the claim.
            judged.outcome == "certified"
            and judged.log_e_refute <= 0.0
            and not threshold.deterministic
            and not unsure
        )
        if settled:
            break
        cap = cap or _most_trials(draw, threshold, budget)
        if trials >= cap:
            break
        if time.monotonic() > budget.deadline:
            late = True
            break
        count = _more(judged, cap, certain=threshold.deterministic)
        piece = evaluate(draw, first=trials, count=count, deadline=budget.deadline)
        assert isinstance(piece, Bounds)
        refuse_nan(draw, piece)
        try:
            piece = granted(draw, piece, threshold, deadline=budget.deadline)
        except OutOfTime:  # its violations are not told from rounding: it counts for nothing
            late = True
            break
        pieces.append(piece)
        trials += len(piece)
        failures += int(failing(piece, threshold).sum())
        unsure += int(doubtful(piece, threshold).sum())
    bounds = join(pieces)
    verdict, level, limit = _verdict(draw, judged, threshold, unsure, trials, budget.alpha)
    found = _summary(
        draw,
        bounds,
        threshold,
        judged,
        verdict,
        (level, limit),
        unsure,
        time.perf_counter() - begin,
    )
    refutation = None
    if verdict == "refuted":
        refutation = refuted_by(draw, bounds, threshold, judged)
    near = np.abs(bounds.ratio / threshold.value - 1.0) <= np.minimum(bounds.allowance, 1.0)
    return Judged(
        verdict=found,
        blocks=[block_of(draw, piece, threshold) for piece in pieces],
        refutation=refutation,
        tied=bool(near.any()),
        late=late,
        work=price_of(draw).work * trials,
    )


def _target(draw: Draw, threshold: Threshold) -> float:
    """Return the failure probability that a certificate aims at."""
    target, limit = certificate_target(threshold.claimed), _limit(draw, threshold)
    is_part = not isinstance(draw.subject, Twin)
    early = is_part and draw.run.profile.stops_early(price_of(draw).work)
    return limit if early else min(target, limit)


def _limit(draw: Draw, threshold: Threshold) -> float:
    """Return the largest failure probability that still counts as a certificate."""
    usual = certificate_limit(threshold.claimed, draw.run.profile.beyond)
    return draw.part.said.resolution or usual


def _first_trials(draw: Draw, alpha: float) -> Evaluated:
    """Evaluate a block; of a twin fewer trials, where these suffice as all of them fail."""
    if not isinstance(draw.subject, Twin) or draw.part.kind in ("mean", "law"):
        return evaluate(draw, first=0, count=BLOCK)
    number = _FEW_BY_CHANCE if _by_chance(draw.subject) else _FEW
    few = evaluate(draw, first=0, count=number, priced=False)
    if not isinstance(few, Bounds):
        return few
    threshold = threshold_of(draw.subject, few)
    failures = int(failing(few, threshold).sum())
    if failures == number and judge(number, number, threshold.claimed, alpha=alpha).refutes:
        return few
    rest = evaluate(draw, first=number, count=BLOCK - number, priced=False)
    assert isinstance(rest, Bounds)
    return join([few, rest])


def _by_chance(subject: Subject) -> bool:
    constant = subject.constant
    declared = constant is not None and constant.failure > 0.0
    return declared or part_of(subject).kind == "probability"


def _most_trials(draw: Draw, threshold: Threshold, budget: Budget) -> int:
    """Return how many trials the budget pays for."""
    settle_price(draw)
    work, profile = price_of(draw).work, draw.run.profile
    if profile.stops_early(work):
        return BLOCK if threshold.deterministic else profile.trials[1]
    if threshold.deterministic:  # no certificate waits for a number of trials
        paid = profile.trials_for(work, budget.share, fewest=BLOCK)
        return min(paid, _DETERMINISTIC_CAP)
    return profile.trials_for(work, budget.share)


def _more(judged: Judgement, cap: int, *, certain: bool) -> int:
    """Return how many trials to draw next: as many again, and while none fails what settles it.

    A batch costs its operations whatever its size, and nothing is settled earlier but by a failure.
    """
    count = max(BLOCK, judged.trials)
    if not judged.failures:
        count = max(count, (cap if certain else _unfailing(judged.target)) - judged.trials)
    return min(count, cap - judged.trials)


@cache
def _unfailing(target: float) -> int:
    """Return how many trials certify a level if none of them fails, in whole blocks."""
    if not 0.0 < target < 1.0:
        return BLOCK
    low, high = 0, 1
    while log_evidence_for(0, high * BLOCK, target) < -math.log(BETA):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        enough = log_evidence_for(0, middle * BLOCK, target) >= -math.log(BETA)
        low, high = (low, middle) if enough else (middle, high)
    return high * BLOCK


def _verdict(
    draw: Draw, judged: Judgement, threshold: Threshold, unsure: int, trials: int, alpha: float
) -> tuple[Verdict, float | None, float | None]:
    """Return the verdict, the level that was certified, and the largest that would do."""
    if threshold.deterministic:
        if judged.outcome == "refuted":
            return "refuted", None, None
        return ("undecided" if unsure else "holds"), None, None
    # What rounding decides counts as a failure here: a certificate is on the safe side.
    level = certified_level(min(judged.failures + unsure, trials), trials, BETA)
    limit = _limit(draw, threshold)
    if judged.outcome == "refuted":
        return "refuted", level, limit
    if level is not None and level <= limit:
        return "holds", level, limit
    enough = can_detect(threshold.claimed, trials, alpha)
    return ("undecided" if enough else "underpowered"), level, limit


def sides_of(bounds: Bounds, index: int) -> Sides:
    """Return the two sides of a trial's worst entry."""
    member = bounds.member_of(index)
    return Sides(
        direction=member.direction,
        member=member.name,
        ratio=float(bounds.ratio[index]),
        measured=float(bounds.measured[index]),
        bound=float(bounds.bound[index]),
        trial=bounds.first + index,
    )


def counterexample(
    draw: Draw, trial: int, attack: str | None = None, ascent: int = 0
) -> Counterexample:
    """Return what there is to say of the trial that stands for a refutation."""
    return Counterexample(
        place=draw.place,
        role=draw.role,
        stream=draw.stream,
        shrunk=False,
        token=draw.token(trial, attack, ascent),
        drawn={} if ascent else _numbers_drawn_in(draw, trial),
    )


def _numbers_drawn_in(draw: Draw, trial: int) -> dict[str, object]:
    """Return the tensors that a trial draws, as lists, where they are small."""
    try:
        drawn = drawn_in(draw, trial)
    except Exception:
        return {}
    return {name: tensor.cpu().tolist() for name, tensor in drawn.items()}


def refuted_by(
    draw: Draw, bounds: Bounds, threshold: Threshold, judged: Judgement
) -> BoundRefutation:
    """Return the refutation that the worst trial stands for."""
    index = int(np.argmax(bounds.ratio))
    attack = bounds.found_by[index]
    return BoundRefutation(
        at=counterexample(draw, bounds.first + index, attack),
        sides=sides_of(bounds, index),
        threshold=threshold.value,
        failures=judged.failures,
        trials=judged.trials,
        claimed=None if threshold.deterministic else threshold.claimed,
        log_e=None if threshold.deterministic else judged.log_e_refute,
        attack=attack,
    )


def _summary(
    draw: Draw,
    bounds: Bounds,
    threshold: Threshold,
    judged: Judgement,
    verdict: Verdict,
    levels: tuple[float | None, float | None],
    unsure: int,
    seconds: float,
) -> BoundVerdict:
    ratio = bounds.ratio
    index = int(np.argmax(ratio))
    chance = not threshold.deterministic
    finite = np.minimum(bounds.allowance, 1.0)
    return BoundVerdict(
        place=draw.place,
        role=draw.role,
        stream=draw.stream,
        verdict=verdict,
        trials=len(ratio),
        failures=judged.failures,
        doubtful=unsure,
        silent=int((~bounds.claims).sum()),
        claimed=threshold.claimed if chance else None,
        threshold=threshold.value,
        allowance=float(finite.max()),
        level=levels[0],
        limit=levels[1],
        log_e_refute=judged.log_e_refute if chance else None,
        log_e_certify=judged.log_e_certify if chance else None,
        low=judged.interval[0],
        high=judged.interval[1],
        worst=sides_of(bounds, index),
        median_ratio=float(np.median(ratio)),
        surviving=float(np.quantile(ratio, 1.0 - min(threshold.claimed, 1.0), method="higher")),
        inside=draw.inside,
        attack=bounds.found_by[index],
        attacks={name: float(ratios.max()) for name, ratios in bounds.attacks.items()},
        reports={
            name: Spread(
                median=float(np.median(values)), low=float(values.min()), high=float(values.max())
            )
            for name, values in bounds.reports.items()
        },
        curves=_curves(bounds, index),
        seconds=round(seconds, 4),
    )


def _curves(bounds: Bounds, index: int) -> dict[str, Curve]:
    curves = {}
    for name, values in bounds.curves.items():
        points = min(_CURVE_POINTS, values.shape[1])
        steps = np.unique(np.linspace(0, values.shape[1] - 1, points).round().astype(int))
        low, median, high = np.quantile(values[:, steps], [0.1, 0.5, 0.9], axis=0)
        curves[name] = Curve(
            steps=steps.astype(float).tolist(),
            median=median.tolist(),
            low=low.tolist(),
            high=high.tolist(),
            worst=values[index, steps].tolist(),
        )
    return curves


def _gate(draw: Draw) -> str:
    return draw.part.requires.ours if draw.part.requires else ""
