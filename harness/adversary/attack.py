"""One adversary: a claim is tried at named points, and at the worst that is found from there.

Every paper's "for all W in a ball" goes through `attack`. It evaluates the claim at the starting
points that the statement names (random ones and the proof's structured worst cases), climbs from
them by gradient and, where asked, by random moves, and returns `worst_of` them all: the report
shows who found a trial's worst point, and how far each went beyond the random points.

The set of a "for all" is given by any of three things: ``within`` maps a point back into the set (a
ball's `project`, a normalisation); ``chart`` gives coordinates in which no step leaves it;
``accept`` says which points lie inside, with ``penalty`` leading back. All trials are searched at
once, each for itself: a trial's objective depends on its own point only, so that the gradient of
the sum holds every trial's gradient. What a search finds is a lower bound of the supremum: it may
refute an upper bound, never certify one. A NaN counts as the largest value there is: it surfaces.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from lemmata.harness.adversary.balls import Ball
from lemmata.harness.claims import Bound, worst_of
from lemmata.harness.counting import alike
from lemmata.harness.places import a_search, place
from lemmata.harness.trials import Trials

Point: TypeAlias = Float[Tensor, "trials ..."]
Values: TypeAlias = Float[Tensor, "trials"]
Objective: TypeAlias = Callable[[Point], Values]
Moves: TypeAlias = Callable[[Point, int, Trials], Point]

_PENALTY = 20.0
_LEAST = 1e-12
_STRIDE = 10.0
_SCALES = (1e-3, 1e-2, 0.1, 0.5)
_BETA1, _BETA2 = 0.9, 0.999


@dataclass(frozen=True, slots=True)
class Chart:
    """Coordinates of the points of a set.

    Attributes:
        to: a point's coordinates, one tensor or several.
        back: the point of coordinates; differentiable, and defined for all values.
        tidy: what is done to coordinates after a step, in place; nothing by default.
    """

    to: Callable[[Point], tuple[Tensor, ...]]
    back: Callable[[tuple[Tensor, ...]], Point]
    tidy: Callable[[tuple[Tensor, ...]], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """The set that a "for all" is about; everything by default.

    Attributes:
        within: maps a point back into the set.
        chart: coordinates to climb in; the point itself by default.
        towards: the set's point that lies furthest along a gradient, where that is known: climbs
            then go there in place of along the gradient.
        accept: which trials' points lie inside.
        penalty: how far outside a point is, 0 inside; leads a climb back.
    """

    within: Callable[[Point], Point] | None = None
    chart: Chart | None = None
    towards: Callable[[Point], Point] | None = None
    accept: Callable[[Point], Bool[Tensor, "trials"]] | None = None
    penalty: Callable[[Point], Values] | None = None

    def project(self, point: Point) -> Point:
        """Return a point of the set."""
        return point if self.within is None else self.within(point)

    def holds(self, point: Point) -> Bool[Tensor, "trials"]:
        """Say which trials' points lie inside; NaN does, so that it surfaces."""
        if self.accept is None:
            return torch.ones(len(point), dtype=torch.bool, device=point.device)
        return self.accept(point)


def attack(
    claim: Callable[[Point], Bound],
    *,
    starts: Mapping[str, Point],
    within: Callable[[Point], Point] | Ball | Region | None = None,
    objective: Objective | None = None,
    trials: Trials | None = None,
    steps: int = 60,
    climb_steps: int = 0,
    rate: float = 0.02,
    last_rate: float | None = None,
    ascend: Collection[str] | None = None,
    moves: Moves | None = None,
    further: Mapping[str, Callable[[], Point]] | None = None,
    enough: float = math.inf,
) -> Bound:
    """Try a claim at named points, and at the worst that ascents and random moves find from there.

    Args:
        claim: of a point (trials, ...); its ratio must be differentiable, or `objective` given.
        starts: the points that are tried as they are, by name.
        within: the set: a map of points back into it, a ball, or a `Region`; everything where
            None.
        objective: what is maximised; the logarithm of the claim's ratio by default.
        trials: for random moves; needed where `climb_steps` is above 0.
        steps: of Adam from each start that is ascended; 0 for none.
        climb_steps: random moves from each start that is ascended.
        rate: of Adam at first, last_rate: at the end, a fiftieth of it by default; it falls
            geometrically.
        ascend: names of the starts to climb from; all of them by default.
        further: makers of further points, by name: climbs of the statement's own.
        moves: proposes a point from another; moves of several scales of its size by default.
        enough: the ratio above which nothing is left to show: where every trial is there at some
            start, nobody climbs.

    Returns:
        `worst_of` the claim at the starts and where the climbs ended: "ascent from NAME" and "moves
        from NAME", or "ascent" and "moves" where there is one start. Points outside the set claim
        nothing.

    Raises:
        ValueError: there is no start, a name in `ascend` is none of theirs, or trials are missing.
    """
    region = region_of(within)
    names = list(starts) if ascend is None else list(ascend)
    if not starts or not set(names) <= set(starts):
        raise ValueError(f"an attack starts at {', '.join(starts) or 'no point'}; got {names}")
    if climb_steps and trials is None:
        raise ValueError("random moves need trials= to draw from")
    goal = objective or (lambda point: log_ratio(claim(point)))
    tried = {name: _inside(claim(point), point, region) for name, point in starts.items()}
    settled = torch.stack([bound.ratio > enough for bound in tried.values()]).any(dim=0).all()
    settled = place(settled)
    if not bool(settled):
        for name, make in (further or {}).items():
            point = a_search(make)()
            tried[name] = _inside(claim(point), point, region)
        for name in names:
            suffix = f"_from_{name}" if len(names) > 1 else ""
            if climb_steps and trials is not None:
                found = climbed(goal, starts[name], region, trials, steps=climb_steps, moves=moves)
                tried[f"moves{suffix}"] = _inside(claim(found), found, region)
            if steps:
                last = rate / 50.0 if last_rate is None else last_rate
                found = ascended(goal, starts[name], region, steps=steps, rate=rate, last_rate=last)
                tried[f"ascent{suffix}"] = _inside(claim(found), found, region)
    return worst_of(**tried)


def region_of(within: Callable[[Point], Point] | Ball | Region | None) -> Region:
    """Return a set as a region, however it was given."""
    if isinstance(within, Region):
        return within
    if isinstance(within, Ball):
        ball = within
        return Region(
            within=lambda point: ball.project((point,))[0],
            towards=lambda slope: ball.maximise((slope,))[0],
        )
    return Region(within=within)


def log_ratio(claim: Bound) -> Values:
    """Return the logarithm of a claim's ratio, cut off far outside of what matters.

    Where the ratio is 0, as an upper bound's is for a negative measured side, it goes on with the
    sides' difference, so that there is something to climb.
    """
    logarithm = claim.ratio.clamp(min=_LEAST, max=1.0 / _LEAST).log()
    upper = torch.tensor(
        [member.direction in ("at most", "less than", "equal") for member in claim.members],
        device=claim.ratio.device,
    )[claim.member]
    gap = (claim.measured - claim.bound) / claim.bound.abs().clamp(min=_LEAST)
    gap = gap / (1.0 + gap.abs())
    below = math.log(_LEAST) + torch.where(upper, gap, -gap)
    return torch.where(claim.ratio > _LEAST, logarithm, below)


@a_search
def ascended(
    objective: Objective,
    start: Point,
    region: Region | None = None,
    *,
    steps: int,
    rate: float = 0.02,
    last_rate: float = 4e-4,
) -> Point:
    """Climb by Adam, the rate falling geometrically; return each trial's best point inside.

    Where points are mapped back into a set, Adam has one scale a trial in place of one an entry,
    relative to the point's own size: with a scale for every entry it would not end where the
    gradient stands at right angles to the set. A gradient that is not finite is taken as zero.
    """
    region = region or Region()
    chart = region.chart or Chart(to=lambda point: (point,), back=lambda moved: moved[0])
    moved = tuple(x.detach().clone().requires_grad_() for x in chart.to(region.project(start)))
    moments = [(torch.zeros_like(x), torch.zeros_like(x)) for x in moved]
    best = Best(objective, start, region)
    free = region.within is None or region.chart is not None
    for step in alike(range(1, steps + 1)):
        with torch.enable_grad():
            point = chart.back(moved)
            value = objective(point)
            goal = value
            if region.penalty is not None:
                goal = value - _PENALTY * region.penalty(point)
            slopes = torch.autograd.grad(goal.sum(), moved, materialize_grads=True)
        best.offer(point.detach(), value.detach())
        eta = rate * (last_rate / rate) ** (step / steps)
        with torch.no_grad():
            for x, slope, (mean, power) in zip(moved, slopes, moments, strict=True):
                slope = slope.nan_to_num(0.0, 0.0, 0.0)
                mean.mul_(_BETA1).add_((1.0 - _BETA1) * slope)
                if region.towards is not None:
                    x.add_(_STRIDE * eta * region.towards(mean))
                    continue
                size = slope**2 if free else _over_entries(slope**2)
                power.mul_(_BETA2).add_((1.0 - _BETA2) * size)
                spread = (power / (1.0 - _BETA2**step)).sqrt() + 1e-300
                scale = 1.0 if free else _STRIDE * _over_entries(x**2).sqrt()
                x.add_(eta * scale * (mean / (1.0 - _BETA1**step)) / spread)
            if chart.tidy is not None:
                chart.tidy(moved)
            if region.within is not None and region.chart is None:
                moved[0].copy_(region.within(moved[0]))
    with torch.no_grad():
        point = chart.back(moved).detach()
        best.offer(point, objective(point))
    return best.point


@a_search
def climbed(
    objective: Objective,
    start: Point,
    region: Region | None,
    trials: Trials,
    *,
    steps: int,
    moves: Moves | None = None,
) -> Point:
    """Climb by random moves, which need no derivative; return each trial's best point inside."""
    region, propose = region or Region(), moves or _usual_moves
    with torch.no_grad():
        best = Best(objective, start, region)
        for step in alike(range(steps)):
            tried = region.project(propose(best.point, step, trials))
            best.offer(tried, objective(tried))
    return best.point


@a_search
def best_along_path(
    objective: Objective, path: Iterable[Point], region: Region | None = None
) -> Point:
    """Return each trial's best point of a path inside the set; the first one where none is."""
    points = iter(path)
    with torch.no_grad():
        best = Best(objective, next(points), region or Region())
        for point in alike(points):
            best.offer(point, objective(point))
    return best.point


class Best:
    """The best point that each trial has met inside the set."""

    def __init__(self, objective: Objective, start: Point, region: Region) -> None:
        self.point, self._region = start.detach(), region
        with torch.no_grad():
            value = _nan_above_all(objective(self.point))
            self._value = torch.where(region.holds(self.point), value, -torch.inf)

    def offer(self, point: Point, value: Values) -> Point:
        """Take the points that are better and inside; return the best."""
        value = _nan_above_all(value)
        better = self._region.holds(point) & (value > self._value)
        shape = (-1, *(1 for _ in point.shape[1:]))
        self.point = torch.where(better.reshape(shape), point, self.point)
        self._value = torch.where(better, value, self._value)
        return self.point


def _over_entries(squares: Tensor) -> Tensor:
    """Return each trial's mean, in the same shape."""
    shape = (-1, *(1 for _ in squares.shape[1:]))
    return squares.flatten(1).mean(dim=1).reshape(shape).expand_as(squares)


def _usual_moves(point: Point, step: int, trials: Trials) -> Point:
    """Move by noise of one of several scales, relative to the point's own size."""
    noise = trials.normal(f"moves/{step}", *point.shape[1:])
    size = point.flatten(1).norm(dim=1) / math.sqrt(max(1, point[0].numel()))
    shape = (-1, *(1 for _ in point.shape[1:]))
    return point + _SCALES[step % len(_SCALES)] * size.reshape(shape) * noise


def _inside(claim: Bound, point: Point, region: Region) -> Bound:
    """Return the claim with nothing claimed (ratio 0) of trials whose point lies outside."""
    if region.accept is None:
        return claim
    inside = region.holds(point)
    ratio = torch.where(inside | claim.ratio.isnan(), claim.ratio, 0.0)
    return replace(claim, ratio=ratio, claims=claim.claims & inside)


def _nan_above_all(value: Values) -> Values:
    return torch.where(value.isnan(), torch.inf, value)
