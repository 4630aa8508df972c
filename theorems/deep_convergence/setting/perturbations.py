"""Perturbed networks.

The instances and the attacked points that the lemmas on stability share (ALS18, Section 8).

An instance of them is a network class, data and the radius ω of the ball B(ω). The paper's radii,
such as L^{-9/2} log^{-3} m, allow no sign to change at feasible widths. Claims that are about sign
changes are tried on a larger ball, where mω^{2/3} ≥ 5 changes are expected in a layer, as counts
would be noise below.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Instance, Requirement, Trials
from lemmata.theorems.deep_convergence.setting import attacks
from lemmata.theorems.deep_convergence.setting.network import (
    DeepReluNet,
    Network,
    SeparatedData,
    deep_relu_nets,
    separated_data,
    sphere,
)

IN_THE_BALL = (
    r"\forall\, n,L,m,\omega",
    r"\forall\, \|x_1\|=\dots=\|x_n\|=1",
    r"\mathbb P_{A,W^{(0)},B}",
    r"\forall\, W\in\mathcal B(\omega)",
)


def within_the_radius(net: DeepReluNet, omega: float, **_: object) -> bool:
    """Say whether ω ≤ L^{-9/2} log^{-3} m."""
    return omega <= net.depth**-4.5 * math.log(net.width) ** -3


RADIUS = Requirement(
    paper=r"$\omega\le O(L^{-9/2}\log^{-3}m)$; tried on a larger ball, with $m\omega^{2/3}\ge5$ "
    r"and $\omega\le0.1$",
    met=within_the_radius,
)

drawn: dict[str, st.SearchStrategy[Any]] = {
    "net": deep_relu_nets(widths=(256, 512), depths=(1, 8), outputs=(1, 2)),
    "data": separated_data(largest=2),
    "omega": st.sampled_from([0.003, 0.01, 0.03, 0.1]),
}
"""All of it meets mω^{2/3} ≥ 5."""


def ball_at(width: int, depth: int, omega: float, *, outputs: int = 1, count: int = 1) -> Instance:
    """Return the instance of these sizes, on uniform data."""
    return {
        "net": DeepReluNet(width=width, depth=depth, outputs=outputs),
        "data": sphere(count),
        "omega": omega,
    }


def points(
    network: Network, data: SeparatedData, omega: float, trials: Trials
) -> dict[str, Network]:
    """Return a random point of the ball, and points that are bad for the first example."""
    x, other = data.inputs(trials), trials.stream("adversary")
    return {
        "random": attacks.rotated(network, x, omega, other),
        "flip": attacks.flipped(network, x, omega),
        "magnify": attacks.magnified(network, x, omega, rounds=3),
        "spike": spiked(network, x, omega),
    }


def spiked(network: Network, inputs: Float[Tensor, "d_in n"], omega: float) -> Network:
    """Return the point that spends ω in every layer on the one neuron that is nearest to a
    change of sign, for the first example.
    """
    signals = network.forward(inputs[:, :1])
    directions = []
    for g in signals.g[1:]:
        nearest = torch.nn.functional.one_hot(g[..., 0].abs().argmin(dim=1), g.shape[1])
        directions.append(torch.where(g[..., 0] >= 0, -1.0, 1.0) * nearest)
    return attacks.aligned(network, inputs, omega, directions)
