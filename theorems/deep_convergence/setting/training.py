"""Gradient descent on any loss, by any batches, of any network whose gradient is known by its
factors.

    W^(t+1) = W^(t) - η Σ_i s_i^(t) ∇F_i(W^(t)),   F = Σ_i F_i,   F_i = f(y_i; y*_i),   v_i = ∇_y
    f(y_i; y*_i).  (1)

Gradient descent has all weights s_i equal to 1, stochastic gradient descent n/b on its batch and 0
elsewhere. All trials take the same number of steps. A trial rests from the step on at which its
loss has fallen below 1e-20 of its first, as further steps would be rounding, or has risen above
1e20 of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, Self

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Trials
from lemmata.strategies import Labels
from lemmata.theorems.deep_convergence.setting.network import DeepReluNet, Gradient, SeparatedData
from lemmata.theorems.deep_convergence.setting.trajectory import Trajectory

_REST = 1e-20


class Trainable(Protocol):
    """A network that can be trained."""

    def forward(self, inputs: Float[Tensor, "d_in k"]) -> Any:
        """Training the inputs through the network; what is left behind has the outputs as ``y``."""

    def gradient(self, signals: Any, v: Float[Tensor, "trials d n"]) -> tuple[Gradient, ...]:
        """Return the gradient with output gradients v, layer by layer."""

    def moved(self, step: tuple[Gradient, ...], factor: float) -> Self:
        """Return the network with W_l + factor · step_l."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A loss of an example, and its gradient in the output.

    Attributes:
        value: f(y_i; y*_i) for each example.
        slope: v_i = ∇_y f(y_i; y*_i).
    """

    value: Callable[
        [Float[Tensor, "trials d n"], Float[Tensor, "trials d n"]], Float[Tensor, "trials n"]
    ]
    slope: Callable[
        [Float[Tensor, "trials d n"], Float[Tensor, "trials d n"]], Float[Tensor, "trials d n"]
    ]


SQUARED = Loss(
    value=lambda y, y_star: 0.5 * (y - y_star).square().sum(dim=1),
    slope=lambda y, y_star: y - y_star,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """A run of (1).

    Attributes:
        trajectory: losses and steps; ``squares`` and ``gradients`` are those of the step that was
            taken.
        y: outputs at W^(0), ..., W^(T).
        v: output gradients there.
        end: the network at W^(T).
    """

    trajectory: Trajectory
    y: Float[Tensor, "trials T+1 d n"]
    v: Float[Tensor, "trials T+1 d n"]
    end: Any

    @property
    def F(self) -> Float[Tensor, "trials T+1"]:
        """The losses F_0, ..., F_T."""
        return self.trajectory.F


def optimise(
    network: Trainable,
    inputs: Float[Tensor, "d_in k"],
    targets: Float[Tensor, "trials d n"],
    *,
    step: float,
    steps: int,
    loss: Loss = SQUARED,
    weights: Float[Tensor, "trials T n"] | None = None,
) -> Training:
    """Training (1) from the network.

    Args:
        network: where the run begins.
        inputs: as columns.
        targets: y*.
        step: η.
        steps: T.
        loss: f.
        weights: s, by steps; ones by default.
    """
    signals = network.forward(inputs)
    y, v, F = (
        [signals.y],
        [loss.slope(signals.y, targets)],
        [loss.value(signals.y, targets).sum(dim=1)],
    )
    squares, moving, gradients = [], [], []
    for t in range(steps):
        moving.append((F[-1] > _REST * F[0]) & (F[-1] < F[0] / _REST))
        chosen = v[-1] if weights is None else v[-1] * weights[:, t].unsqueeze(1)
        gradient = network.gradient(signals, torch.where(moving[-1].reshape(-1, 1, 1), chosen, 0.0))
        network = network.moved(gradient, -step)
        signals = network.forward(inputs)
        y.append(signals.y)
        v.append(loss.slope(signals.y, targets))
        F.append(loss.value(signals.y, targets).sum(dim=1))
        squares.append(torch.stack([one.square() for one in gradient], dim=1))
        gradients.append(gradient)
    trajectory = Trajectory(
        step=step,
        F=torch.stack(F, dim=1),
        squares=torch.stack(squares, dim=1),
        moving=torch.stack(moving, dim=1),
        gradients=tuple(gradients),
    )
    return Training(
        trajectory=trajectory, y=torch.stack(y, dim=1), v=torch.stack(v, dim=1), end=network
    )


def train(
    net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials, *, c: float, steps: int
) -> Trajectory:
    """Draw a network and its targets, and run gradient descent with η = c d/(nLm)."""
    network, signals = net.forward(trials, data)
    step = c * net.outputs / (data.count * net.depth * net.width)
    y_star = targets.build(trials, signals.y)
    return optimise(network, data.inputs(trials), y_star, step=step, steps=steps).trajectory


def batches(trials: Trials, *, steps: int, examples: int, size: int) -> Float[Tensor, "trials T n"]:
    """Return the weights of independent batches, uniform among those of the size.

    N/b on the batch, 0 elsewhere.
    """
    rank = trials.uniform("batches", steps, examples).argsort(dim=2).argsort(dim=2)
    return torch.where(rank < size, examples / size, 0.0).to(trials.dtype)
