"""Gradient descent on F, all trials at once, with everything that the proofs of convergence speak
of.

    W^(t+1) = W^(t) - η ∇F(W^(t)),   t = 0, ..., T - 1.

All trials take the same number of steps. A trial whose loss has fallen below 1e-20 of its first
rests from then on: its further steps would be rounding. The updates are kept as their factors, so
that displacements need no m × m matrix.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from lemmata.harness import Trials
from lemmata.strategies import Labels
from lemmata.theorems.deep_convergence.setting import (
    DeepReluNet,
    Gradient,
    Network,
    SeparatedData,
    loss,
)

_REST = 1e-20


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectory:
    """A run of gradient descent.

    Attributes:
        step: η.
        F: the losses F_0, ..., F_T.
        squares: ‖∇_{W_l}F(W^(t))‖_F² for each step and layer; 0 where the trial rests.
        moving: in which steps the trial does not rest.
        gradients: of each step, by layers; 0 where the trial rests.
    """

    step: float
    F: Float[Tensor, "trials T+1"]
    squares: Float[Tensor, "trials T L"]
    moving: Bool[Tensor, "trials T"]
    gradients: tuple[tuple[Gradient, ...], ...]

    @property
    def contraction(self) -> Float[Tensor, "trials T"]:
        """1 - F_{t+1}/F_t; 1 where the trial rests."""
        return self.where_moving(1.0 - self.F[:, 1:] / self.F[:, :-1], 1.0)

    @property
    def descent(self) -> Float[Tensor, "trials T"]:
        """(F_t - F_{t+1})/(η ‖∇F(W^(t))‖_F²): 1 to first order in η; 1 where the trial rests."""
        return self.where_moving(
            (self.F[:, :-1] - self.F[:, 1:]) / (self.step * self.squares.sum(dim=2)), 1.0
        )

    def decline(self, since: int = 0) -> Float[Tensor, "trials"]:
        """Return by how much log F falls a moving step, on average from the step `since` on."""
        return (self.F[:, since] / self.F[:, -1]).log() / self.moving[:, since:].sum(dim=1).clamp(
            min=1
        )

    def where_moving(
        self, values: Float[Tensor, "trials T"], otherwise: float
    ) -> Float[Tensor, "trials T"]:
        """Return the values with those of resting steps replaced."""
        return torch.where(self.moving, values, otherwise)

    def displacement(self) -> tuple[Gradient, ...]:
        """Return W_l^(T) - W_l^(0) for each layer, by its factors."""
        layers = zip(*self.gradients, strict=True)
        return tuple(
            Gradient(
                e=-self.step * torch.cat([one.e for one in taken], dim=2),
                h=torch.cat([one.h for one in taken], dim=2),
            )
            for taken in layers
        )


def descend(
    network: Network,
    inputs: Float[Tensor, "d_in n"],
    targets: Float[Tensor, "trials d n"],
    *,
    step: float,
    steps: int,
) -> Trajectory:
    """Run gradient descent from the network."""
    F, squares, moving, gradients = [], [], [], []
    signals = network.forward(inputs)
    F.append(loss(signals.y, targets))
    for _ in range(steps):
        moving.append(F[-1] > _REST * F[0])
        gradient = network.gradient(signals, (signals.y - targets) * moving[-1].reshape(-1, 1, 1))
        network = network.moved(gradient, -step)
        signals = network.forward(inputs)
        F.append(loss(signals.y, targets))
        squares.append(torch.stack([one.square() for one in gradient], dim=1))
        gradients.append(gradient)
    return Trajectory(
        step=step,
        F=torch.stack(F, dim=1),
        squares=torch.stack(squares, dim=1),
        moving=torch.stack(moving, dim=1),
        gradients=tuple(gradients),
    )


def train(
    net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials, *, c: float, steps: int
) -> Trajectory:
    """Draw a network and its targets, and run gradient descent with η = c d/(nLm)."""
    network, signals = net.forward(trials, data)
    step = c * net.outputs / (data.count * net.depth * net.width)
    return descend(
        network, data.inputs(trials), targets.build(trials, signals.y), step=step, steps=steps
    )
