"""The three-layer learner F(x; W, V) = A σ(Vσ(Wx + b₁) + b₂), and its networks of frozen signs.

W⁽⁰⁾, b₁ ~ N(0, 1/m₁), V⁽⁰⁾, b₂ ~ N(0, 1/m₂), A ~ N(0, ε_a²); W and V are trained. For fixed sign
matrices D_w, D_v the frozen network P = AD_v(VD_w(Wx + b₁) + b₂) is quadratic in (W, V), with the
form Q = AD_vVD_wWx. A random sign matrix Σ of size m₁ multiplies the rows of W and the columns of
V.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Trials
from lemmata.strategies import sizes

First = Float[Tensor, "trials m1 d"]
Second = Float[Tensor, "trials m2 m1"]
Inputs = Float[Tensor, "trials n d"]
Outputs = Float[Tensor, "trials n k"]


@dataclass(frozen=True, slots=True)
class Signs:
    """D_w (trials, n, m₁) and D_v (trials, n, m₂), as 0 and 1."""

    w: Float[Tensor, "trials n m1"]
    v: Float[Tensor, "trials n m2"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreeLayer:
    """A learner's sizes, as plain data."""

    first: int
    second: int
    dimension: int = 4
    outputs: int = 1
    scale: float = 1.0

    def initialise(
        self, trials: Trials, *, of_v: float = 1.0, of_w: float = 1.0
    ) -> ThreeLayerNetwork:
        """Draw W⁽⁰⁾, V⁽⁰⁾, A, b₁, b₂;

        ``of_v``, ``of_w`` multiply the variances of V⁽⁰⁾ and W⁽⁰⁾.
        """
        m1, m2 = self.first, self.second
        return ThreeLayerNetwork(
            W=trials.normal("W", m1, self.dimension, variance=of_w / m1),
            V=trials.normal("V", m2, m1, variance=of_v / m2),
            A=trials.normal("A", self.outputs, m2, variance=self.scale**2),
            b1=trials.normal("b1", m1, variance=1.0 / m1),
            b2=trials.normal("b2", m2, variance=1.0 / m2),
        )


@dataclass(frozen=True, slots=True)
class ThreeLayerNetwork:
    """A batch of networks at (W⁽⁰⁾, V⁽⁰⁾); methods take the whole weights."""

    W: First
    V: Second
    A: Float[Tensor, "trials k m2"]
    b1: Float[Tensor, "trials m1"]
    b2: Float[Tensor, "trials m2"]

    def first(self, W: First, x: Inputs) -> Float[Tensor, "trials n m1"]:
        """Return Wx + b₁."""
        return x @ W.mT + self.b1.unsqueeze(1)

    def second(self, W: First, V: Second, x: Inputs) -> Float[Tensor, "trials n m2"]:
        """Return Vσ(Wx + b₁) + b₂."""
        return self.first(W, x).relu() @ V.mT + self.b2.unsqueeze(1)

    def outputs(self, W: First, V: Second, x: Inputs) -> Outputs:
        """Return F(x; W, V)."""
        return self.second(W, V, x).relu() @ self.A.mT

    def signs(self, W: First, V: Second, x: Inputs) -> Signs:
        """Return D_w and D_v at (W, V)."""
        z, u = self.first(W, x), self.second(W, V, x)
        return Signs((z >= 0).to(x.dtype), (u >= 0).to(x.dtype))

    def frozen(self, signs: Signs, W: First, V: Second, x: Inputs) -> Outputs:
        """Return P = AD_v(VD_w(Wx + b₁) + b₂)."""
        h = signs.w * self.first(W, x)
        return (signs.v * (h @ V.mT + self.b2.unsqueeze(1))) @ self.A.mT

    def form(self, signs: Signs, W: First, V: Second, x: Inputs) -> Outputs:
        """Return Q = AD_vVD_wWx."""
        return (signs.v * ((signs.w * (x @ W.mT)) @ V.mT)) @ self.A.mT

    def gradients(
        self, signs: Signs, W: First, V: Second, x: Inputs, slope: Outputs
    ) -> tuple[Float[Tensor, "trials m1 d"], Float[Tensor, "trials m2 m1"]]:
        """Return ∇_W and ∇_V of Σ_n L with ``slope`` = ∇_f L:

        D_wV^⊤δx^⊤ and δh^⊤, δ = D_vA^⊤∇_fL.
        """
        delta = signs.v * (slope @ self.A)
        h = signs.w * self.first(W, x)
        return (signs.w * (delta @ V)).mT @ x, delta.mT @ h


def three_layers(*, smallest: int = 2, largest: int = 20) -> st.SearchStrategy[ThreeLayer]:
    """Draw learners of independent sizes."""
    return st.builds(
        ThreeLayer,
        first=sizes(smallest=smallest, largest=largest, factor=1.5),
        second=sizes(smallest=smallest, largest=largest, factor=1.5),
        dimension=st.sampled_from((4, 2, 6)),
        outputs=st.sampled_from((1, 2)),
    )
