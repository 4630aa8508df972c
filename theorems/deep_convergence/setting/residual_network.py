"""Residual networks, as ALS18's Theorem 8 has them, with their exact gradient and attacks on their
forward pass.

    h_0 = φ(A x),  h_l = φ((I + τ W_l) h_{l-1}) for 1 ≤ l < L,  h_L = φ(W_L h_{L-1}),  y = B h_L,
    φ(z) = max(z, 0).  (1)

Initialisation as in `setting`. With b_L = Bᵀ v, b_{L-1} = W_Lᵀ D_L b_L and b_{l-1} = (I + τ W_l)ᵀ
D_l b_l below, the gradient with fake losses v is

    ∇_{W_L} = Σ_i D_L b_L h_{L-1}ᵀ,      ∇_{W_l} = τ Σ_i D_l b_l h_{l-1}ᵀ for l < L.             (2)

Layout as in `setting`: trials first, then the vector's entries, then the examples.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Trials, alike
from lemmata.harness.adversary import (
    LowRank,
    greedy_sign_flips,
    rank_one_along_hidden,
    smallest_moving,
)
from lemmata.harness.layers import Layer
from lemmata.strategies import sizes
from lemmata.theorems.deep_convergence.setting.network import (
    DeepReluNet,
    Gradient,
    Network,
    SeparatedData,
    Signals,
)

Scaling = Literal["1/(300 L)", "1/(L log m)", "1/L", "1"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidualNetwork:
    """One residual network a trial.

    Attributes:
        layers: A, W, B.
        tau: τ.
    """

    layers: Network
    tau: float

    @property
    def depth(self) -> int:
        """The number L of trained layers."""
        return self.layers.depth

    def scale(self, level: int) -> float:
        """Return the factor of W_l: τ below the last layer, 1 there."""
        return 1.0 if level == self.depth else self.tau

    def pre_activation(
        self, level: int, layer: Layer, h: Float[Tensor, "trials m k"]
    ) -> Float[Tensor, "trials m k"]:
        """Return g_l for the hidden vectors below, with the layer in the place of W_l."""
        return layer.apply(h) if level == self.depth else h + self.tau * layer.apply(h)

    def pulled_back(
        self, level: int, e: Float[Tensor, "trials m k"]
    ) -> Float[Tensor, "trials m k"]:
        """Return (I + τ W_l)ᵀ e, or W_Lᵀ e for the last layer."""
        through = self.layers.W[level - 1].apply_transpose(e)
        return through if level == self.depth else e + self.tau * through

    def forward(self, inputs: Float[Tensor, "d_in n"]) -> Signals:
        """Run (1) on the inputs."""
        g = [self.layers.A.apply(inputs.expand(len(self.layers.A.entries.trials), *inputs.shape))]
        h = [g[0].relu()]
        for level, layer in enumerate(self.layers.W, start=1):
            g.append(self.pre_activation(level, layer, h[-1]))
            h.append(g[-1].relu())
        return Signals(g=tuple(g), h=tuple(h), y=self.layers.B.apply(h[-1]))

    def gradient(self, signals: Signals, v: Float[Tensor, "trials d n"]) -> tuple[Gradient, ...]:
        """Return (2) for the layers W_1, ..., W_L."""
        b, found = self.layers.B.apply_transpose(v), []
        for level in range(self.depth, 0, -1):
            e = b * signals.signs[level]
            found.append(Gradient(e=self.scale(level) * e, h=signals.h[level - 1]))
            b = self.pulled_back(level, e)
        return tuple(found[::-1])

    def moved(self, step: Sequence[Gradient], factor: float) -> ResidualNetwork:
        """Return the network with W_l + factor · step_l."""
        return replace(self, layers=self.layers.moved(step, factor))

    def updated(self, updates: Sequence[LowRank]) -> ResidualNetwork:
        """Return the network with the updates added to its layers."""
        W = [
            layer.add_low_rank(*update)
            for layer, update in zip(self.layers.W, updates, strict=True)
        ]
        return replace(self, layers=self.layers.with_layers(W))


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidualNet:
    """A residual network class with its initialisation, as plain data.

    Attributes:
        width: m.
        depth: L.
        outputs: d.
        scaling: τ, as a formula.
    """

    width: int
    depth: int
    outputs: int = 1
    scaling: Scaling = "1/(L log m)"

    @property
    def tau(self) -> float:
        """The number τ."""
        over = {
            "1/(300 L)": 300.0 * self.depth,
            "1/(L log m)": self.depth * math.log(self.width),
            "1/L": float(self.depth),
            "1": 1.0,
        }
        return 1.0 / over[self.scaling]

    def plain(self) -> DeepReluNet:
        """Return the class of networks of these sizes without skip connections."""
        return DeepReluNet(width=self.width, depth=self.depth, outputs=self.outputs)

    def initialise(self, trials: Trials, data: SeparatedData) -> ResidualNetwork:
        """Draw A, W, B."""
        return ResidualNetwork(layers=self.plain().initialise(trials, data), tau=self.tau)


def residual_nets(
    *,
    widths: tuple[int, int] = (16, 128),
    depths: tuple[int, int] = (2, 16),
    outputs: tuple[int, int] = (1, 4),
    scalings: tuple[Scaling, ...] = ("1/(L log m)", "1/L"),
) -> st.SearchStrategy[ResidualNet]:
    """Draw residual network classes."""
    return st.builds(
        ResidualNet,
        width=sizes(smallest=widths[0], largest=widths[1]),
        depth=sizes(smallest=depths[0], largest=depths[1]),
        outputs=sizes(smallest=outputs[0], largest=outputs[1]),
        scaling=st.sampled_from(scalings),
    )


def aligned(
    network: ResidualNetwork,
    column: Float[Tensor, "d_in 1"],
    radius: float,
    directions: Sequence[Float[Tensor, "trials m"]],
) -> list[LowRank]:
    """Return updates ω u_l ĥᵀ, u_l the unit vectors along the directions, ĥ along the input's
    current perturbed hidden vector.
    """
    h, found = network.forward(column).h[0], []
    for level, (layer, direction) in enumerate(
        zip(network.layers.W, directions, strict=True), start=1
    ):
        found.append(rank_one_along_hidden(direction, h[..., 0], radius))
        h = network.pre_activation(level, layer.add_low_rank(*found[-1]), h).relu()
    return found


def magnified(
    network: ResidualNetwork, column: Float[Tensor, "d_in 1"], radius: float, *, rounds: int = 6
) -> list[LowRank]:
    """Return updates that move the input's last hidden vector far.

    A power iteration, the displacement run back through the network.
    """
    start = network.forward(column)
    found = aligned(network, column, radius, [h[..., 0] for h in start.h[1:]])
    for _ in alike(range(rounds)):
        moved = network.updated(found)
        now = moved.forward(column)
        z, directions = now.h[-1] - start.h[-1], []
        for level in range(network.depth, 0, -1):
            e = z * now.signs[level]
            directions.append(e[..., 0])
            z = moved.pulled_back(level, e)
        found = aligned(network, column, radius, directions[::-1])
    return found


def flipped(
    network: ResidualNetwork, column: Float[Tensor, "d_in 1"], radius: float
) -> list[LowRank]:
    """Return updates that change as many signs of the input as they can, layer by layer."""
    reference, found = network.forward(column), []
    h = reference.h[0]
    for level, (layer, g) in enumerate(
        zip(network.layers.W, reference.g[1:], strict=True), start=1
    ):
        b, scale = network.pre_activation(level, layer, h), network.scale(level)
        flips = greedy_sign_flips(g[..., 0], b[..., 0], scale * radius * h[..., 0].norm(dim=1))
        found.append(smallest_moving(h[..., 0], flips.change / scale))
        h = (b + flips.change.unsqueeze(-1)).relu()
    return found


def random_updates(network: ResidualNetwork, radius: float, trials: Trials) -> list[LowRank]:
    """Return updates of rank one and norm ω in random directions."""
    found = []
    for level, layer in enumerate(network.layers.W, start=1):
        left, right = (
            trials.sphere(f"random/left/{level}", layer.rows),
            trials.sphere(f"random/right/{level}", layer.cols),
        )
        found.append(LowRank(radius * left.unsqueeze(-1), right.unsqueeze(-1)))
    return found


def spectral_norms(network: ResidualNetwork) -> Float[Tensor, "trials L"]:
    """Return ‖W_l‖₂, exactly up to rounding."""
    return torch.stack(
        [torch.linalg.matrix_norm(layer.materialise(), ord=2) for layer in network.layers.W], dim=1
    )
