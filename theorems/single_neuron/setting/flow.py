"""Gradient flow where students are short: steps in proportion to the shortest norm.

Directions turn in times of the order of a student's norm, from the 1e-80 at which Theorem 4 of XD23
starts up to 1. Runge-Kutta steps of fourth order, h = c min_i ‖w_i‖ with c ≤ 0.5, turn a student by
0.1 or so at a time and are off by less than 1e-4 of what they move; every trial has times of its
own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import alike
from lemmata.theorems.local_convergence.setting.network import Weights
from lemmata.theorems.single_neuron.setting.network import gradient, loss, norms


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What gradient flow visited, trial by trial.

    Attributes:
        time: τ of each state.
        W: the states (trials, times, n, d).
    """

    time: Float[Tensor, "trials times"]
    W: Float[Tensor, "trials times n d"]

    @property
    def end(self) -> Weights:
        """The last state."""
        return self.W[:, -1]

    @property
    def loss(self) -> Float[Tensor, "trials times"]:
        """L at each time."""
        return loss(self.W)


def flow(
    W: Weights,
    *,
    until: float,
    steps: int,
    share: float = 0.4,
    longest: float = math.inf,
    stride: int = 1,
    shortest: float = 0.0,
) -> Flow:
    """Follow gradient flow up to the time τ = until.

    Args:
        W: where it starts.
        until: τ at the end.
        steps: how many there are; a trial that they do not bring to the end is NaN there.
        share: a step's length over the shortest norm, c.
        longest: no step is longer.
        stride: how many steps go by between states that are kept.
        shortest: a trial stands still once a student is shorter.
    """
    now, end = torch.zeros_like(W[:, 0, 0]), torch.full_like(W[:, 0, 0], until)
    times, states = [now], [W]
    for step in alike(range(1, steps + 1)):
        least = norms(W).amin(dim=1)
        h = torch.minimum((share * least).clamp(max=longest), end - now) * (least > shortest)
        W, now = runge_kutta(W, h[:, None, None]), now + h
        if step % stride == 0 or step == steps:
            times.append(now)
            states.append(W)
    arrived = (now >= until * (1.0 - 1e-12)) | (norms(W).amin(dim=1) <= shortest)
    states[-1] = torch.where(arrived[:, None, None], W, torch.nan)
    return Flow(time=torch.stack(times, dim=1), W=torch.stack(states, dim=1))


def runge_kutta(W: Weights, h: Float[Tensor, "trials 1 1"]) -> Weights:
    """Make one step of dW/dτ = -∇L(W) by the classical method of fourth order."""
    first = -gradient(W)
    second = -gradient(W + 0.5 * h * first)
    third = -gradient(W + 0.5 * h * second)
    fourth = -gradient(W + h * third)
    return W + h / 6.0 * (first + 2.0 * second + 2.0 * third + fourth)
