"""Judging the exponent of a ratio along a grid of sizes.

The grid is drawn with few trials, and where that leaves the exponent undecided with more, as the
profile says. Each look has half of what is left of α and β, the last one all of it. Where a profile
says so, the first look goes without the largest size, which often costs more than all others; a
part is not refuted without it. That a twin's exponent is near the claim ends nothing: it has to be
told apart.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from lemmata.harness.blocks import block_of
from lemmata.harness.draw import Draw
from lemmata.harness.evaluation import (
    UNPRICED,
    Bounds,
    BrokenStatement,
    Discarded,
    OutOfTime,
    evaluate,
    join,
    price_of,
    settle_price,
)
from lemmata.harness.judging import counterexample, refuse_nan
from lemmata.harness.levels import ALPHA, BETA
from lemmata.harness.profiles import blocks
from lemmata.harness.run import Run
from lemmata.harness.schema import Block
from lemmata.harness.slopes import (
    FEWEST_SIZES,
    Slope,
    SlopeClaim,
    SlopeJudgement,
    fit_slope,
    judge_slope,
)
from lemmata.harness.statements import Along, Subject, Twin
from lemmata.harness.thresholds import threshold_of
from lemmata.harness.verdicts import Fit, Grid, Point, SlopeRefutation, SlopeVerdict, Verdict

_SHARE = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedGrid:
    """A grid's verdict, with the blocks that it rests on and what refutes it.

    ``late`` where a deadline ended it before its work was spent.
    """

    verdict: SlopeVerdict
    blocks: list[Block]
    refutation: SlopeRefutation | None
    work: float
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """One size: what was drawn there, and the quantity that is fitted."""

    size: float
    draw: Draw
    bounds: Bounds
    quantity: Float[np.ndarray, " trials"]
    bound: Float[np.ndarray, " trials"]
    measured: Float[np.ndarray, " trials"]
    direction: str


def judge_grid(
    run: Run,
    subject: Subject,
    along: Along,
    *,
    alpha: float = ALPHA,
    deadline: float = math.inf,
) -> JudgedGrid:
    """Judge the exponent of the ratio along a grid of sizes.

    Raises:
        BrokenStatement: the statement raised, measured NaN, claims no bound, has several members of
            which none is named, or gave ratios of which no logarithm can be taken.
        OutOfTime: the deadline passed before every size had its trials.
    """
    begin = time.perf_counter()
    drawn: dict[int, _Column] = {}
    late, looks = False, _looks(run, along)
    for number, (places, asked) in enumerate(looks):
        if number == len(looks) - 1:
            asked = max(asked, _paid(run, list(drawn.values())))
        if all(place in drawn and len(drawn[place].bounds) >= asked for place in places):
            continue
        try:
            drawn = _drawn(run, subject, along, places, asked, deadline, drawn)
        except OutOfTime:
            if not drawn:
                raise
            late = True
            break
        count, columns = asked, list(drawn.values())
        part = _part_of_errors(number, len(looks))
        judged, limit = _judge(run, along, columns, part * alpha, part * BETA, subject)
        of_a_twin = isinstance(subject, Twin)
        if len(columns) < len(along.sizes) and not of_a_twin:
            judged = judged.never_refuting()
        if judged.outcome == "refuted" or (judged.outcome == "consistent" and not of_a_twin):
            break
    meaning: dict[str, Verdict] = {
        "refuted": "refuted",
        "consistent": "holds",
        "undecided": "undecided",
    }
    verdict = SlopeVerdict(
        grid=grid_of(along),
        verdict=meaning[judged.outcome],
        direction=columns[0].direction,
        quantity=_quantity(along, columns[0].bounds)[1],
        median=_fit(judged.median),
        upper=_fit(judged.high),
        median_above=_fit(judged.median_above),
        upper_above=_fit(judged.high_above),
        bound=_own_exponent(along, columns, "bound"),
        measured=_own_exponent(along, columns, "measured"),
        excess=judged.excess(part * BETA),
        limit=limit,
        level=part * alpha,
        points=[_point(column) for column in columns],
        trials=count * len(columns),
        seconds=round(time.perf_counter() - begin, 4),
    )
    return JudgedGrid(
        verdict=verdict,
        blocks=[
            block_of(column.draw, column.bounds, threshold_of(subject, column.bounds))
            for column in columns
        ],
        refutation=_refutation(along, columns, judged, part * alpha, count)
        if judged.outcome == "refuted"
        else None,
        work=_work(columns) * count,
        late=late,
    )


def _looks(run: Run, along: Along) -> list[tuple[list[int], int]]:
    """Return which of the sizes are drawn, by their places, and how many trials at each, look by
    look.
    """
    profile, sizes = run.profile, along.sizes
    places = list(range(len(sizes)))
    looks = [
        (places, max(profile.grid_fewest, blocks(along.trials * share))) for share in profile.grid
    ]
    if profile.largest_last and len(sizes) > FEWEST_SIZES:
        largest = max(places, key=lambda place: sizes[place])
        looks.insert(0, ([place for place in places if place != largest], looks[0][1]))
    return looks


def _part_of_errors(look: int, looks: int) -> float:
    """Return which part of α and β a look has: half of what is left, the last one all of it."""
    return 0.5 ** min(look + 1, looks - 1)


def _paid(run: Run, columns: Sequence[_Column]) -> int:
    """Return how many trials at each size the budget pays for, as far as it stretches."""
    for column in columns:
        settle_price(column.draw)
    paid = blocks(_SHARE * run.profile.confirm / max(_work(columns), 1.0))
    return min(paid, blocks(len(columns[0].bounds) * run.profile.grid_stretch))


def _work(columns: Sequence[_Column]) -> float:
    """Return the work of one trial at each size, as far as it is known."""
    return sum(price_of(column.draw).work for column in columns)


def grid_of(along: Along) -> Grid:
    """Return a grid's declaration as the records have it."""
    return Grid(
        variable=along.variable,
        sizes=[float(size) for size in along.sizes],
        at_most=along.at_most,
        at_least=along.at_least,
        member=along.member,
        growth=along.growth,
        together=along.drawn.together,
        measures=along.drawn.measures,
        label=along.drawn.label,
    )


def _drawn(
    run: Run,
    subject: Subject,
    along: Along,
    places: Sequence[int],
    count: int,
    deadline: float,
    before: Mapping[int, _Column],
) -> dict[int, _Column]:
    """Draw so many trials at each size, but for those that were drawn before."""
    columns = {}
    for place in places:
        if place in before and len(before[place].bounds) >= count:
            columns[place] = before[place]
            continue
        size = along.sizes[place]
        draw = Draw(
            run=run, subject=subject, instance=along.instance(size), role="grid", stream="grid"
        )
        done = [before[place].bounds] if place in before else []
        first = len(done[0]) if done else 0
        if time.monotonic() > deadline:
            raise OutOfTime
        try:
            bounds = evaluate(
                draw,
                first=first,
                count=count - first,
                deadline=deadline,
                priced=count > UNPRICED,
            )
        except Discarded:
            raise BrokenStatement(
                f"{subject.id} assumes away {draw.place.words} of its own grid in {along.variable}"
            ) from None
        if not isinstance(bounds, Bounds):
            raise BrokenStatement(
                f"{subject.id} measures an exponent of a mean or law: return at_most(...) or "
                "at_least(...)"
            )
        refuse_nan(draw, bounds)
        if len(bounds) < count - first:
            raise OutOfTime
        bounds = join([*done, bounds])
        quantity, what = _quantity(along, bounds)
        if quantity is None:
            raise BrokenStatement(f"{subject.id} has a grid in {along.variable} and {what}")
        if not (np.isfinite(quantity).all() and (quantity > 0).all()):
            raise BrokenStatement(
                f"{subject.id} has ratios of zero or infinity at {draw.place.words}: no exponent "
                f"in {along.variable} can be fitted there"
            )
        member = _member(along, bounds)
        columns[place] = _Column(
            size=float(size),
            draw=draw,
            bounds=bounds,
            quantity=quantity,
            bound=bounds.bound if member is None else bounds.members[member].bound,
            measured=bounds.measured if member is None else bounds.members[member].measured,
            direction=bounds.direction if member is None else bounds.members[member].direction,
        )
    return columns


def _member(along: Along, bounds: Bounds) -> int | None:
    names = [member.name for member in bounds.members]
    if along.member in names:
        return names.index(along.member)
    return 0 if len(names) == 1 and not along.member else None


def _quantity(along: Along, bounds: Bounds) -> tuple[Float[np.ndarray, " trials"] | None, str]:
    """Return what a slope is fitted to and its name, or None and what is wrong."""
    if bounds.scaling is not None and not along.member:
        return bounds.scaling, "scaling"
    place = _member(along, bounds)
    if place is None:
        names = ", ".join(repr(member.name) for member in bounds.members)
        return None, f"several inequalities, {names}: name one with member="
    member = bounds.members[place]
    if member.scaling is not None:
        return member.scaling, "scaling"
    return member.ratio, "ratio"


def _judge(
    run: Run, along: Along, columns: list[_Column], alpha: float, beta: float, subject: Subject
) -> tuple[SlopeJudgement, float]:
    limit = along.resolution or run.profile.exponents
    claim = SlopeClaim(at_most=along.at_most, at_least=along.at_least, tolerance=limit)
    try:
        judged = judge_slope(
            [column.size for column in columns],
            [column.quantity for column in columns],
            claim,
            growth=along.growth,
            alpha=alpha,
            beta=beta,
        )
    except ValueError as problem:
        raise BrokenStatement(f"{subject.id}, grid in {along.variable}: {problem}") from problem
    return judged, limit


def _own_exponent(along: Along, columns: list[_Column], side: str) -> Fit | None:
    """Fit the exponent of one side's values themselves; None where they are no power."""
    values = [getattr(column, side) for column in columns]
    if not all(np.isfinite(one).all() and (one > 0).all() for one in values):
        return None
    return _fit(fit_slope([c.size for c in columns], values, 0.5, growth=along.growth))


def _point(column: _Column) -> Point:
    return Point(
        size=column.size,
        place=column.draw.place,
        median=float(np.median(column.quantity)),
        upper=float(np.quantile(column.quantity, 0.9)),
        worst=float(column.quantity.max()),
        measured=float(np.median(column.measured)),
        bound=float(np.median(column.bound)),
        trials=len(column.quantity),
    )


def _fit(slope: Slope) -> Fit:
    low, high = slope.interval
    return Fit(exponent=slope.exponent, low=low, high=high, prefactor=slope.prefactor)


def _refutation(
    along: Along, columns: list[_Column], judged: SlopeJudgement, level: float, trials: int
) -> SlopeRefutation:
    column = columns[-1]
    steep = judged.refuting or judged.median
    low, high = steep.interval
    worst = int(np.argmax(column.quantity))
    return SlopeRefutation(
        at=counterexample(column.draw, column.bounds.first + worst),
        variable=along.variable,
        sizes=[one.size for one in columns],
        exponent=steep.exponent,
        low=low,
        high=high,
        at_most=along.at_most,
        at_least=along.at_least,
        level=level,
        of=_quantity(along, column.bounds)[1],
        quantile=steep.quantile,
        trials=trials * len(columns),
    )
