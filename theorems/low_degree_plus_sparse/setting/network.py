r"""The paired two-layer network and its expansion about the initialisation.

p pairs, m = 2p neurons. w_{0,r} is uniform on the unit sphere for r ≤ p and w_{0,r+p} = w_{0,r};
a_r = 1 for r ≤ p and -1 behind. Inputs have the norm √d. With W = (w_r), the trained part,

    f(x; W)   = m^{-1/2} Σ a_r σ((w_{0,r} + w_r)ᵀx),
    f_L(x; W) = m^{-1/2} Σ a_r σ'(w_{0,r}ᵀx) xᵀw_r,
    f_Q(x; W) = ½ m^{-1/2} Σ a_r σ''(w_{0,r}ᵀx) (xᵀw_r)².

Everything a statement measures at an input is a sum over neurons of functions of z_r = w_{0,r}ᵀx,
h_r = xᵀw_r and, for derivatives along V, of v_r = xᵀv_r: an `Expansion` keeps x and z.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Trials
from lemmata.strategies import sizes
from lemmata.theorems.low_degree_plus_sparse.setting.activations import (
    Activation,
    bound,
    derivative,
)
from lemmata.theorems.mathematics.norms import norm24

Weights: TypeAlias = Float[Tensor, "trials m d"]
Inputs: TypeAlias = Float[Tensor, "trials n d"]
Values: TypeAlias = Float[Tensor, "trials n"]
Law = Literal["sphere", "Gaussian"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """A paired network's size and activation, as plain data.

    Attributes:
        dimension: d. pairs: p, half the width.
        activation: σ.
        law: of the initial weights: uniform on the unit sphere, or N(0, I).
        paired: False for independent weights and signs, which is not the paper's initialisation.
    """

    dimension: int = 6
    pairs: int = 16
    activation: Activation = "sin"
    law: Law = "sphere"
    paired: bool = True

    @property
    def width(self) -> int:
        """The number m of neurons."""
        return 2 * self.pairs

    def bound(self, order: int) -> float:
        """Return M_j."""
        return bound(self.activation, order)

    def initialise(self, trials: Trials, name: str = "w0") -> Network:
        """Draw the initial weights."""
        p, m, d = self.pairs, self.width, self.dimension
        draw = trials.sphere if self.law == "sphere" else trials.normal
        if self.paired:
            half = draw(name, p, d)
            signs = trials.every(trials.tensor([1.0] * p + [-1.0] * p))
            return Network(net=self, w0=torch.cat((half, half), dim=1), a=signs)
        signs = trials.signs(f"{name}/signs", m)
        return Network(net=self, w0=draw(name, m, d), a=signs.to(trials.dtype))

    def resized(self, pairs: int) -> Pairs:
        """Return the same network with another number of pairs."""
        return replace(self, pairs=pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """An initialised network of each trial."""

    net: Pairs
    w0: Weights
    a: Float[Tensor, "trials m"]

    @property
    def half(self) -> Float[Tensor, "trials p d"]:
        """The initial weights of the pairs."""
        return self.w0[:, : self.net.pairs]

    def on(self, x: Inputs) -> Expansion:
        """Return the expansion at the inputs."""
        return Expansion(net=self.net, x=x, z=x @ self.w0.mT, a=self.a.unsqueeze(1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """A network at inputs: value, linear and quadratic part, remainder, and their derivatives."""

    net: Pairs
    x: Inputs
    z: Float[Tensor, "trials n m"]
    a: Float[Tensor, "trials 1 m"]

    def sigma(self, order: int, shift: Tensor | float = 0.0) -> Float[Tensor, "trials n m"]:
        """Return σ^{(j)}(z + shift) of every input and neuron."""
        return derivative(self.net.activation, order, self.z + shift)

    def along(self, W: Weights) -> Float[Tensor, "trials n m"]:
        """Return xᵀw_r."""
        return self.x @ W.mT

    def value(self, W: Weights) -> Values:
        """Return f(x; W)."""
        return self._sum(self.sigma(0, self.along(W)))

    def linear(self, W: Weights) -> Values:
        """Return f_L(x; W), which is also its own derivative along W."""
        return self._sum(self.sigma(1) * self.along(W))

    def quadratic(self, W: Weights) -> Values:
        """Return f_Q(x; W)."""
        return 0.5 * self._sum(self.sigma(2) * self.along(W) ** 2)

    def cross(self, W: Weights, V: Weights) -> Values:
        """Return ∇f_Q(x; W)[V], bilinear in W and V."""
        return self._sum(self.sigma(2) * self.along(W) * self.along(V))

    def slope(self, W: Weights, V: Weights) -> Values:
        """Return ∇f(x; W)[V]."""
        return self._sum(self.sigma(1, self.along(W)) * self.along(V))

    def curvature(self, W: Weights, V: Weights) -> Values:
        """Return ∇²f(x; W)[V, V]."""
        return self._sum(self.sigma(2, self.along(W)) * self.along(V) ** 2)

    def remainder(self, W: Weights) -> Values:
        """Return Δ = f - f_L - f_Q at (x; W), less what the network is at W = 0."""
        h = self.along(W)
        return self._sum(
            self.sigma(0, h) - self.sigma(0) - self.sigma(1) * h - 0.5 * self.sigma(2) * h**2
        )

    def remainder_slopes(self, W: Weights) -> Float[Tensor, "trials n m"]:
        """Return the derivatives of Δ in xᵀw_r: row r of ∇Δ is this times x."""
        h = self.along(W)
        inner = self.sigma(1, h) - self.sigma(1) - self.sigma(2) * h
        return self.a * inner / math.sqrt(self.net.width)

    def remainder_slope(self, W: Weights, V: Weights) -> Values:
        """Return ∇Δ(x; W)[V]."""
        return (self.remainder_slopes(W) * self.along(V)).sum(dim=-1)

    def remainder_curvature(self, W: Weights, V: Weights) -> Values:
        """Return ∇²Δ(x; W)[V, V]."""
        h = self.along(W)
        return self._sum((self.sigma(2, h) - self.sigma(2)) * self.along(V) ** 2)

    def gradient(self, W: Weights) -> Float[Tensor, "trials n m d"]:
        """Return ∇_W f(x; W), by rows."""
        rows = self.a * self.sigma(1, self.along(W)) / math.sqrt(self.net.width)
        return rows.unsqueeze(-1) * self.x.unsqueeze(2)

    def hessian_blocks(self, W: Weights) -> Float[Tensor, "trials n m d d"]:
        """Return the diagonal blocks of ∇²_W f(x; W); there are no others."""
        rows = self.a * self.sigma(2, self.along(W)) / math.sqrt(self.net.width)
        outer = self.x.unsqueeze(-1) * self.x.unsqueeze(-2)
        return rows[..., None, None] * outer.unsqueeze(2)

    def model(self, W: Weights) -> Values:
        """Return f_L + f_Q."""
        return self.linear(W) + self.quadratic(W)

    def model_slope(self, W: Weights, V: Weights) -> Values:
        """Return ∇(f_L + f_Q)(x; W)[V]."""
        return self.linear(V) + self.cross(W, V)

    def linear_variance(self, W: Weights) -> Values:
        """Return E_S f_L(x; WS)², the mean over independent random signs of the rows."""
        return (self.sigma(1) ** 2 * self.along(W) ** 2).sum(dim=-1) / self.net.width

    def _sum(self, terms: Float[Tensor, "trials n m"]) -> Values:
        return (self.a * terms).sum(dim=-1) / math.sqrt(self.net.width)


def row_norms(W: Weights) -> Float[Tensor, "trials m"]:
    """Return ‖w_r‖."""
    return W.norm(dim=-1)


def of_norm24(W: Weights, norm: float) -> Weights:
    """Return the multiple of W with ‖·‖_{2,4} as given, and 0 for W = 0."""
    size = norm24(W)
    return W * (norm / size.where(size > 0, torch.ones_like(size)))[:, None, None]


def within24(radius: float) -> Callable[[Weights], Weights]:
    """Return the map that scales points outside the ball ‖W‖_{2,4} ≤ radius back to its sphere."""

    def project(W: Weights) -> Weights:
        return W * (radius / norm24(W).clamp(min=radius))[:, None, None]

    return project


def per_input(values: Float[Tensor, "trials"]) -> Float[Tensor, "trials 1"]:
    """Let one number a trial broadcast against values at inputs."""
    return values.unsqueeze(1)


def inputs(trials: Trials, count: int, d: int, name: str = "inputs") -> Inputs:
    """Draw inputs, uniform on the sphere of radius √d."""
    return math.sqrt(d) * trials.sphere(name, count, d)


def networks(
    *,
    dimensions: tuple[int, int] = (4, 16),
    pairs: tuple[int, int] = (4, 64),
    activations: tuple[Activation, ...] = ("sin", "tanh", "softplus"),
) -> st.SearchStrategy[Pairs]:
    """Draw a paired network."""
    return st.builds(
        Pairs,
        dimension=sizes(smallest=dimensions[0], largest=dimensions[1]),
        pairs=sizes(smallest=pairs[0], largest=pairs[1]),
        activation=st.sampled_from(activations),
    )


def derivative_along(
    function: Callable[[Tensor], Tensor], point: Tensor, direction: Tensor
) -> Tensor:
    """Return the derivative of a function at a point along a direction, differentiable itself.

    By two reverse passes: torch's forward mode warns that it is deprecated.
    """
    jvp = torch.autograd.functional.jvp(function, (point,), (direction,), create_graph=True)
    derivative: Tensor = jvp[1]
    return derivative


ATTAINED = 1.0 + 1e-11
"""What a bound is multiplied with where an attack attains it: rounding shall not decide."""
