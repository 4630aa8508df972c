r"""E[φ_p q] for polynomials q of degree at most two, exactly, and the polynomials themselves.

With t = wᵀx and s = (d - t²)/(d - 1), the variance of x across w given t, the block of √p E[φ_p q]
for q = c + vᵀx + xᵀMx, M symmetric and traceless, is

    c E[σ't] w + A v + (E[σ't²] - A) (wᵀv) w + a (wᵀMw) w + b (Mw - (wᵀMw) w),
    A = E[σ's],   a = E[σ' t (t² - s)],   b = 2 E[σ' t s].
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Trials
from lemmata.theorems.low_degree_plus_sparse.setting.activations import Activation, derivative
from lemmata.theorems.low_degree_plus_sparse.setting.network import Inputs, Network, Values
from lemmata.theorems.mathematics import gegenbauer


@cache
def _numbers(activation: Activation, d: int) -> tuple[float, float, float, float, float]:
    """Return E[σ't], A, E[σ't²] - A, a, b."""

    def mean(weight: Callable[[Tensor, Tensor], Tensor]) -> float:
        def value(tau: Tensor) -> Tensor:
            t = math.sqrt(d) * tau
            return derivative(activation, 1, t) * weight(t, (d - t**2) / (d - 1))

        return gegenbauer.mean(d, value)

    A = mean(lambda t, s: s)
    return (
        mean(lambda t, s: t),
        A,
        mean(lambda t, s: t**2) - A,
        mean(lambda t, s: t * (t**2 - s)),
        mean(lambda t, s: 2.0 * t * s),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Polynomial:
    """q(x) = c + vᵀx + xᵀMx of each trial, M symmetric and traceless."""

    c: Float[Tensor, "trials"]
    v: Float[Tensor, "trials d"]
    M: Float[Tensor, "trials d d"]

    def at(self, x: Inputs) -> Values:
        """Return q(x)."""
        return (
            self.c.unsqueeze(1)
            + (x @ self.v.unsqueeze(-1)).squeeze(-1)
            + ((x @ self.M) * x).sum(dim=-1)
        )

    def square(self) -> Float[Tensor, "trials"]:
        """Return ‖q‖² in L²: the three degrees are orthogonal."""
        d = self.v.shape[-1]
        return (
            self.c**2
            + self.v.square().sum(dim=-1)
            + 2.0 * d / (d + 2) * self.M.square().sum(dim=(1, 2))
        )

    def times(self, factor: Tensor | float) -> Polynomial:
        """Return a multiple."""
        if isinstance(factor, Tensor):
            return Polynomial(
                c=factor * self.c, v=factor[:, None] * self.v, M=factor[:, None, None] * self.M
            )
        return Polynomial(c=factor * self.c, v=factor * self.v, M=factor * self.M)


def dense_polynomial(trials: Trials, d: int, k: int, name: str = "f_k") -> Polynomial:
    """Draw all coefficients of a polynomial of degree at most k ≤ 2 of unit norm."""
    c, v = trials.normal(f"{name}/0")[:, None], trials.normal(f"{name}/1", d)
    M = (
        trials.normal(f"{name}/2", d, d)
        if k > 1
        else torch.zeros_like(v.unsqueeze(-1) * v[:, None])
    )
    M = (M + M.mT) / (2.0 * math.sqrt(d))
    trace = M.diagonal(dim1=1, dim2=2).mean(dim=-1)
    M = M - torch.diag_embed(trace.unsqueeze(-1).expand(-1, d))
    drawn = Polynomial(c=c[:, 0], v=v, M=M)
    return drawn.times(drawn.square() ** -0.5)


def feature_moment(network: Network, q: Polynomial) -> Float[Tensor, "trials pd"]:
    """Return b = E[φ_p q], flattened."""
    zeroth, across, along, a, b = _numbers(network.net.activation, network.net.dimension)
    w = network.half
    v, c = q.v.unsqueeze(1), q.c[:, None, None]
    Mw = w @ q.M
    wMw = (Mw * w).sum(dim=-1, keepdim=True)
    wv = (w * v).sum(dim=-1, keepdim=True)
    blocks = c * zeroth * w + across * v + along * wv * w + a * wMw * w + b * (Mw - wMw * w)
    return blocks.flatten(1) / math.sqrt(network.net.pairs)


def affine_moments(network: Network) -> Float[Tensor, "trials pd 1+d"]:
    """Return E[φ_p (1, x)ᵀ]: one column for each of an orthonormal basis of degree at most one."""
    zeroth, across, along, _, _ = _numbers(network.net.activation, network.net.dimension)
    w, d = network.half, network.net.dimension
    identity = torch.eye(d, dtype=w.dtype, device=w.device)
    linear = across * identity + along * w.unsqueeze(-1) * w.unsqueeze(-2)
    columns = torch.cat((zeroth * w.unsqueeze(-1), linear), dim=-1)
    return columns.flatten(1, 2) / math.sqrt(network.net.pairs)
