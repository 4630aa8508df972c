"""The two-layer learner f_r(x; W) = Σ a_{r,i} σ(⟨w_i, x⟩ + b_i), and its pseudo networks.

a ~ N(0, ε_a²), w⁽⁰⁾ ~ N(0, I/m), b ~ N(0, 1/m); only W is trained. The pseudo network keeps the
signs of the initialisation: g_r(x; W) = Σ a_{r,i} (⟨w_i, x⟩ + b_i) 1[⟨w_i⁽⁰⁾, x⟩ + b_i ≥ 0], and
g⁽ᵇ⁾ is without its biases.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from hypothesis import strategies as st
from jaxtyping import Bool, Float
from torch import Tensor

from lemmata.harness import Trials
from lemmata.strategies import sizes

Weights = Float[Tensor, "trials m d"]
Inputs = Float[Tensor, "trials n d"]
Outputs = Float[Tensor, "trials n k"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoLayer:
    """A learner's sizes, as plain data.

    Attributes:
        width: m.
        dimension: d, with the constant coordinate.
        outputs: k.
        scale: ε_a.
    """

    width: int
    dimension: int = 4
    outputs: int = 1
    scale: float = 1.0

    def initialise(self, trials: Trials, *, variance: float = 1.0) -> TwoLayerNetwork:
        """Draw W⁽⁰⁾, b and A; ``variance`` multiplies that of W⁽⁰⁾ and b."""
        m = self.width
        return TwoLayerNetwork(
            W=trials.normal("W", m, self.dimension, variance=variance / m),
            b=trials.normal("b", m, variance=variance / m),
            A=trials.normal("A", self.outputs, m, variance=self.scale**2),
        )


@dataclass(frozen=True, slots=True)
class TwoLayerNetwork:
    """A batch of networks at W⁽⁰⁾; methods take W = W⁽⁰⁾ + W'."""

    W: Weights
    b: Float[Tensor, "trials m"]
    A: Float[Tensor, "trials k m"]

    def preactivations(self, W: Weights, x: Inputs) -> Float[Tensor, "trials n m"]:
        """Return ⟨w_i, x⟩ + b_i."""
        return x @ W.mT + self.b.unsqueeze(1)

    def signs(self, W: Weights, x: Inputs) -> Bool[Tensor, "trials n m"]:
        """Return 1[⟨w_i, x⟩ + b_i ≥ 0]."""
        return self.preactivations(W, x) >= 0

    def outputs(self, W: Weights, x: Inputs) -> Outputs:
        """Return f(x; W)."""
        return self.preactivations(W, x).relu() @ self.A.mT

    def pseudo(self, W: Weights, x: Inputs) -> Outputs:
        """Return g(x; W), with the signs of W⁽⁰⁾."""
        mask = self.signs(self.W, x).to(x.dtype)
        return (self.preactivations(W, x) * mask) @ self.A.mT

    def pseudo_without_bias(self, W: Weights, x: Inputs) -> Outputs:
        """Return g⁽ᵇ⁾(x; W)."""
        mask = self.signs(self.W, x).to(x.dtype)
        return ((x @ W.mT) * mask) @ self.A.mT

    def gradient(
        self, signs: Bool[Tensor, "trials n m"], x: Inputs, slope: Outputs
    ) -> Float[Tensor, "trials n m d"]:
        """Return ∇_W L at each input, ((A^⊤ ∇_f L) ⊙ 1[·]) x^⊤, for ``slope`` = ∇_f L."""
        return ((slope @ self.A) * signs.to(x.dtype)).unsqueeze(-1) * x.unsqueeze(2)


def two_layers(*, smallest: int = 4, largest: int = 256) -> st.SearchStrategy[TwoLayer]:
    """Draw learners."""
    return st.builds(
        TwoLayer,
        width=sizes(smallest=smallest, largest=largest),
        dimension=st.sampled_from((4, 2, 8)),
        outputs=st.sampled_from((1, 2, 4)),
        scale=st.sampled_from((1.0, 0.1)),
    )


def row_norm(W: Float[Tensor, "trials ... m d"]) -> Float[Tensor, "trials ..."]:
    """Return ‖W‖_{2,∞}, the longest row."""
    return W.norm(dim=-1).amax(dim=-1)


def masked(signs: Tensor, values: Tensor) -> Tensor:
    """Return values where signs, else 0."""
    return torch.where(signs, values, 0.0)
