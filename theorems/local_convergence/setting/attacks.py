"""Adversaries that search "for all W with L(W) in a band", by the harness' one `attack`.

This paper's charts are the unit directions and the logarithms of the norms of the students: Adam on
them is stronger than random moves, by a factor 1.3 to 3 on most ratios. Random moves W + scale ·
‖w_i‖ · N(0, I) run over three decades of scales; every third concerns a random 40 % of the neurons,
every fifth also rescales single ones. Only states whose loss lies in the band are accepted.

`attacked` is the usual way to use them: it tries one claim at the random start, where either
adversary ends from there, and at further states that a statement names.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from jaxtyping import Bool, Float
from torch import Tensor

from lemmata.harness import Bound, Trials
from lemmata.harness.adversary import Chart, Region, ascended, attack, best_along_path
from lemmata.theorems.local_convergence.setting.network import (
    TeacherRows,
    Teachers,
    Weights,
    floor,
    loss,
    units,
)

Objective: TypeAlias = Callable[[Weights], Float[Tensor, "trials"]]
"""What is maximised: a number for each trial's state (trials, m, d), differentiable."""

_SCALES = (1e-3, 1e-2, 0.1, 0.5)
_SLACK = 0.02


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


def level(world: Teachers, V: TeacherRows, share: float) -> float:
    """Return a share of the loss ε₀ of the local statements, but no less than four floors."""
    return max(share * world.threshold, 4.0 * floor(V))


def region(V: TeacherRows, within: Band) -> Region:
    """Return the states of a band, with directions and log norms as coordinates."""
    return Region(
        chart=Chart(to=_coordinates, back=_state, tidy=_tidy),
        accept=lambda W: within.holds(loss(W, V)),
        penalty=lambda W: within.penalty(loss(W, V)),
    )


def ascent(
    objective: Objective, start: Weights, V: TeacherRows, within: Band, *, steps: int = 120
) -> Weights:
    """Climb by Adam on the unit directions and log norms; return each trial's best state.

    Give the logarithm of a ratio where it varies over decades. Directions in which the objective
    has no finite derivative stay.
    """
    return ascended(objective, start, region(V, within), steps=steps)


def best_along(
    objective: Objective, path: Iterable[Weights], V: TeacherRows, within: Band
) -> Weights:
    """Return for each trial the best state of a path inside the band; the first where none is."""
    return best_along_path(objective, path, region(V, within))


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
    """Try a claim at random states, at the worst found from there, and at further states.

    Args:
        claim: of a state; its ratio must be differentiable in the state, or `objective` given.
        start: the random states; those above the loss level should have been pulled below it
            (`states.pulled`).
        V: the teachers.
        trials: for the random moves.
        high: the loss level; states above it claim nothing, and neither do states below the floor
            of rounding.
        climb_steps: how many random moves; 0 for none.
        ascent_steps: how many steps of gradient ascent; 0 for none.
        objective: what the adversaries maximise; the logarithm of the claim's ratio by default.
        enough: the ratio above which nothing is left to show: nobody searches then.
        further: states by the name of the attack that made them.
    """
    level = 1.0 if math.isinf(high) else min(1.0, high**0.25)
    return attack(
        claim,
        starts={"random": start, **further},
        within=region(V, band(V, high)),
        objective=objective,
        trials=trials.stream("adversary"),
        steps=ascent_steps,
        climb_steps=climb_steps,
        ascend=("random",),
        moves=lambda W, step, draws: _moved(W, step, draws, level),
        enough=enough,
    )


def _coordinates(W: Weights) -> tuple[Tensor, ...]:
    return units(W), W.norm(dim=-1, keepdim=True).clamp(min=1e-12).log()


def _state(coordinates: tuple[Tensor, ...]) -> Weights:
    direction, size = coordinates
    return size.exp() * units(direction)


def _tidy(coordinates: tuple[Tensor, ...]) -> None:
    coordinates[0].copy_(units(coordinates[0]))


def _moved(W: Weights, step: int, trials: Trials, level: float) -> Weights:
    """Propose W + scale · ‖w_i‖ · N(0, I); below a loss level, scales shrink with its 4th root."""
    scale = level * _SCALES[step % len(_SCALES)]
    noise = trials.normal(f"climb/{step}", *W.shape[1:])
    if step % 3 == 0:
        noise = noise * (trials.uniform(f"climb/{step}/which", W.shape[1], 1) < 0.4)
    tried = W + scale * W.norm(dim=-1, keepdim=True) * noise
    if step % 5 == 0:
        tried = tried * (scale * trials.normal(f"climb/{step}/size", W.shape[1], 1)).exp()
    return tried
