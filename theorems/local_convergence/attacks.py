"""Adversaries that search "for all W with L(W) in a band", all trials at once:

each trial is a start of its own.

`climb` proposes random moves of many scales and keeps those that improve; it needs no derivative.
`ascent` differentiates the objective itself, through the stable angles, and moves directions and
logarithms of norms by Adam; it is the stronger one, by a factor 1.3 to 3 on most ratios of this
paper. Both only accept states whose loss lies in the band, and return for each trial the best state
that they met, the start included. A NaN counts as the best there is: it must surface. What a search
finds is a lower bound of the supremum.

`attacked` is the usual way to use them: it tries one claim at the random start, where either
adversary ends from there, and at further states that a statement names.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from lemmata.harness import Bound, Trials, worst_of
from lemmata.theorems.local_convergence.setting import TeacherRows, Weights, floor, loss, units

Objective: TypeAlias = Callable[[Weights], Float[Tensor, "trials"]]
"""What is maximised.

A number for each trial's state (trials, m, d), differentiable for `ascent`.
"""

_SCALES = (1e-3, 1e-2, 0.1, 0.5)
_SLACK = 0.02
_WEIGHT = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """The states that may be attacked: low ≤ L(W) ≤ high.

    Attributes:
        low: below it rounding decides; see `setting.floor`.
        high: the loss level of the statement; infinite where it is about all W.
    """

    low: float
    high: float = math.inf

    def holds(self, L: Float[Tensor, "trials"]) -> Bool[Tensor, "trials"]:
        """Say for each loss whether it lies in the band; NaN does, so that it surfaces."""
        return ~((self.low > L) | (self.high < L))

    def penalty(self, L: Float[Tensor, "trials"]) -> Float[Tensor, "trials"]:
        """Return how far a loss is outside, in units of its logarithm, from a little inside on."""
        logarithm = L.clamp(min=1e-300).log()
        below = (math.log(self.low) - logarithm + _SLACK).relu()
        return (
            below
            if math.isinf(self.high)
            else below + (logarithm - math.log(self.high) + _SLACK).relu()
        )


def band(V: TeacherRows, high: float = math.inf) -> Band:
    """Return the band from the floor of the loss to `high`."""
    return Band(low=floor(V), high=high)


def climb(
    objective: Objective,
    start: Weights,
    V: TeacherRows,
    trials: Trials,
    within: Band,
    *,
    steps: int = 100,
) -> Weights:
    """Climb by random moves W + scale · ‖w_i‖ · N(0, I), with scales over three decades.

    Every third move concerns a random 40 % of the neurons, every fifth also rescales single
    neurons. In a band with an upper end, moves shrink with the level's fourth root.
    """
    level = 1.0 if math.isinf(within.high) else min(1.0, within.high**0.25)
    with torch.no_grad():
        best, record = start, _Best(objective, start, V, within)
        for step in range(steps):
            scale = level * _SCALES[step % len(_SCALES)]
            noise = trials.normal(f"climb/{step}", *start.shape[1:])
            size = best.norm(dim=-1, keepdim=True)
            if step % 3 == 0:
                noise = noise * (trials.uniform(f"climb/{step}/which", start.shape[1], 1) < 0.4)
            tried = best + scale * size * noise
            if step % 5 == 0:
                tried = (
                    tried * (scale * trials.normal(f"climb/{step}/size", start.shape[1], 1)).exp()
                )
            best = record.offer(tried, objective(tried))
    return best


def ascent(
    objective: Objective,
    start: Weights,
    V: TeacherRows,
    within: Band,
    *,
    steps: int = 120,
    rate: float = 0.02,
    last_rate: float = 4e-4,
) -> Weights:
    """Climb by Adam on the unit directions and log norms, the rate falling geometrically.

    Maximises objective - 20 · (how far ln L is outside the band); give the logarithm of a ratio
    where it varies over decades. Directions in which the objective has no finite derivative stay.
    """
    direction = units(start).detach().clone().requires_grad_()
    size = start.norm(dim=-1, keepdim=True).clamp(min=1e-12).log().detach().clone().requires_grad_()
    moved = (direction, size)
    moments = [(torch.zeros_like(x), torch.zeros_like(x)) for x in moved]
    record = _Best(objective, start, V, within)
    for step in range(1, steps + 1):
        with torch.enable_grad():
            W = size.exp() * units(direction)
            value, L = objective(W), loss(W, V)
            goal = value - _WEIGHT * within.penalty(L)
            slopes = torch.autograd.grad(goal.sum(), moved, materialize_grads=True)
        record.offer(W.detach(), value.detach(), L.detach())
        eta = rate * (last_rate / rate) ** (step / steps)
        with torch.no_grad():
            for x, slope, (mean, power) in zip(moved, slopes, moments, strict=True):
                slope = slope.nan_to_num(0.0, 0.0, 0.0)
                mean.mul_(0.9).add_(0.1 * slope)
                power.mul_(0.999).add_(0.001 * slope**2)
                x.add_(
                    eta
                    * (mean / (1.0 - 0.9**step))
                    / ((power / (1.0 - 0.999**step)).sqrt() + 1e-12)
                )
            direction.copy_(units(direction))
    return record.state


def best_along(
    objective: Objective, path: Iterable[Weights], V: TeacherRows, within: Band
) -> Weights:
    """Return for each trial the best state of a path inside the band.

    Of the first one where there is none.
    """
    states = iter(path)
    with torch.no_grad():
        record = _Best(objective, next(states), V, within)
        for W in states:
            record.offer(W, objective(W))
    return record.state


def attacked(
    claim: Callable[[Weights], Bound],
    start: Weights,
    V: TeacherRows,
    trials: Trials,
    *,
    high: float = math.inf,
    climb_steps: int = 20,
    ascent_steps: int = 60,
    objective: Objective | None = None,
    enough: float = math.inf,
    **further: Weights,
) -> Bound:
    """Try a claim at random states, at the worst that the adversaries find from there, and at
    further
    states.

    Args:
        claim: of a state; its ratio must be differentiable in the state, or `objective` given.
        start: the random states; those above the loss level should have been pulled below it
            (`states.pulled`).
        V: the teachers.
        trials: for the climb's moves.
        high: the loss level; states above it claim nothing, and neither do states below the floor
            of rounding.
        climb_steps: how many random moves; 0 for no climb.
        ascent_steps: how many steps of gradient ascent; 0 for no ascent.
        objective: what the adversaries maximise; the logarithm of the claim's ratio by default.
        enough: the ratio above which nothing is left to show; where every random state is there,
            nobody searches.
        further: states by the name of the attack that made them.
    """
    within = band(V, high)
    goal = objective or (lambda W: claim(W).ratio.clamp(min=1e-12, max=1e12).log())
    found = {"random": start, **further}
    searches = not bool((within_band(claim(start), start, V, within).ratio > enough).all())
    if climb_steps and searches:
        found["climb"] = climb(
            goal, start, V, trials.stream("adversary"), within, steps=climb_steps
        )
    if ascent_steps and searches:
        found["ascent"] = ascent(goal, start, V, within, steps=ascent_steps)
    return worst_of(
        **{name: within_band(claim(W.detach()), W, V, within) for name, W in found.items()}
    )


def within_band(claim: Bound, W: Weights, V: TeacherRows, within: Band) -> Bound:
    """Return the claim with nothing claimed (ratio 0) of the trials whose state lies outside the
    band."""
    return replace(claim, ratio=torch.where(within.holds(loss(W, V)), claim.ratio, 0.0))


class _Best:
    """The best state a trial has met inside the band."""

    def __init__(self, objective: Objective, start: Weights, V: TeacherRows, within: Band) -> None:
        self.state, self._V, self._within = start, V, within
        with torch.no_grad():
            value = objective(start)
            self._value = torch.where(
                within.holds(loss(start, V)), _nan_above_all(value), -torch.inf
            )

    def offer(
        self, W: Weights, value: Float[Tensor, "trials"], L: Float[Tensor, "trials"] | None = None
    ) -> Weights:
        """Take the states that are better and in the band; return the best."""
        L = loss(W, self._V) if L is None else L
        value = _nan_above_all(value)
        better = self._within.holds(L) & (value > self._value)
        self.state = torch.where(better[:, None, None], W, self.state)
        self._value = torch.where(better, value, self._value)
        return self.state


def _nan_above_all(value: Float[Tensor, "trials"]) -> Float[Tensor, "trials"]:
    return torch.where(value.isnan(), torch.inf, value)
