"""A step on a frozen network of three layers, with all of its 64 sign matrices.

P_Σ is the frozen network at (W + √ηΣŴ, V + √ηV̂Σ) for arbitrary sign matrices D_w and D_v, q =
AD_vV̂D_wŴx.
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Trials
from lemmata.strategies import log_uniform
from lemmata.theorems.beyond_two_layers.setting.inputs import inputs
from lemmata.theorems.beyond_two_layers.setting.losses import root_loss
from lemmata.theorems.beyond_two_layers.setting.three_layers import (
    Signs,
    ThreeLayer,
    ThreeLayerNetwork,
)
from lemmata.theorems.mathematics.signs import sign_vectors

_NET = ThreeLayer(first=6, second=5, dimension=3, outputs=2)
DRAWN = {
    "eta": st.sampled_from((0.1, 0.01, 0.3, 0.8, 0.001)),
    "size": log_uniform(0.1, 10.0),
}
"""What Hypothesis draws: η and the size of the weights."""
EVERYTHING = (
    r"\forall\, D_w,D_v",
    r"\forall\, W,V,\hat W,\hat V",
    r"\forall\,\eta",
    r"\forall\, x,y",
)
SPECIMENS = [{"eta": 0.1, "size": 1.0}, {"eta": 0.01, "size": 3.0}]


class Step:
    """A frozen network with arbitrary signs, a direction, and P_Σ for all 64 sign matrices."""

    def __init__(self, eta: float, size: float, trials: Trials) -> None:
        self.network: ThreeLayerNetwork = _NET.initialise(trials)
        self.signs = Signs(
            (trials.uniform("D_w", 1, 6) < 0.6).to(trials.dtype),
            (trials.uniform("D_v", 1, 5) < 0.6).to(trials.dtype),
        )
        scales = (size * (2.0 * trials.normal("sizes", 4, 1, 1))).tanh() * size
        self.W, self.V, self.What, self.Vhat = (
            scales[:, i] * trials.normal(name, *shape)
            for i, (name, shape) in enumerate(
                (("W", (6, 3)), ("V", (5, 6)), ("What", (6, 3)), ("Vhat", (5, 6)))
            )
        )
        self.x, self.y = inputs(trials, "x", 1, 3), size * trials.normal("y", 2)
        self.eta, self.sigma = eta, sign_vectors(6, self.x)
        self.P = self.at(self.W, self.V)
        self.q = self.network.form(self.signs, self.What, self.Vhat, self.x)[:, 0]

    def at(self, W: Tensor, V: Tensor) -> Float[Tensor, "trials k"]:
        """Return P at W⁽⁰⁾ + W, V⁽⁰⁾ + V."""
        net = self.network
        return net.frozen(self.signs, net.W + W, net.V + V, self.x)[:, 0]

    def moved(self, keep: float = 1.0) -> Float[Tensor, "signs trials k"]:
        """Return P_Σ, from keep · (W, V)."""
        root = math.sqrt(self.eta)
        return torch.stack(
            [
                self.at(
                    keep * self.W + root * s[:, None] * self.What,
                    keep * self.V + root * self.Vhat * s,
                )
                for s in self.sigma
            ]
        )

    def loss(self, f: Float[Tensor, "... trials k"]) -> Float[Tensor, "... trials"]:
        """Return L(f, y)."""
        return root_loss(f, self.y.expand_as(f))


def spread(values: Float[Tensor, "signs trials k"]) -> Float[Tensor, "trials"]:
    """Return E‖P_Σ - EP_Σ‖²."""
    return (values - values.mean(dim=0)).square().sum(dim=-1).mean(dim=0)
