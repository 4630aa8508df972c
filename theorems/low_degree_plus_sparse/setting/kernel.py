r"""The infinite-width tangent kernel on the sphere of radius √d, and its eigenvalues.

K(x, x') = E_w[σ'(wᵀx) σ'(wᵀx')] ⟨x, x'⟩ = Σ_ℓ B(d, ℓ) κ_ℓ P_ℓ(xᵀx'/d). The factor ⟨x, x'⟩ moves
each degree of σ' up and down by one:

    κ_ℓ = d/(2ℓ + d - 2) · [ℓ λ_{ℓ-1}(σ')² + (ℓ + d - 2) λ_{ℓ+1}(σ')²].
"""

from __future__ import annotations

import math
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.theorems.low_degree_plus_sparse.setting.activations import (
    Activation,
    coefficient,
    derivative,
    second_moment,
)
from lemmata.theorems.mathematics import gegenbauer

DEGREES = 24
"""Degrees that a kernel's series is summed to."""


@cache
def kappa(activation: Activation, d: int, degree: int) -> float:
    """Return κ_ℓ, the kernel's eigenvalue on the harmonics of degree ℓ."""
    below = degree * coefficient(activation, 1, d, degree - 1) ** 2 if degree else 0.0
    above = (degree + d - 2) * coefficient(activation, 1, d, degree + 1) ** 2
    return d * (below + above) / (2 * degree + d - 2)


@cache
def kappa_by_quadrature(activation: Activation, d: int, degree: int) -> float:
    """Return κ_ℓ = E[K(√d e_1, √d x̂) P_ℓ(x̂_1)] with the kernel of σ' itself by quadrature in the
    plane of the two inputs, on 60 nodes of the outer mean.
    """
    t, aside, weights = (torch.from_numpy(each) for each in gegenbauer.plane(d))
    first = derivative(activation, 1, math.sqrt(d) * t)

    def integrand(tau: Tensor) -> Tensor:
        rows = tau[:, None, None]
        other = math.sqrt(d) * (rows * t + (1.0 - rows**2).sqrt() * aside)
        inner = (weights * first * derivative(activation, 1, other)).sum(dim=(1, 2))
        return d * tau * inner * gegenbauer.polynomials(d, degree, tau)[degree]

    return gegenbauer.mean(d, integrand, nodes=60)


@cache
def levels(activation: Activation, d: int, up_to: int = DEGREES) -> tuple[float, ...]:
    """Return κ_0, κ_1, ..., up to a degree."""
    return tuple(kappa(activation, d, each) for each in range(up_to + 1))


@cache
def mass_above(activation: Activation, d: int, degree: int) -> float:
    """Return γ_{>ℓ} = K(x, x)/d - Σ_{j ≤ ℓ} B(d, j) κ_j / d: what the higher degrees add up to."""
    low = sum(gegenbauer.multiplicity(d, j) * kappa(activation, d, j) for j in range(degree + 1))
    return second_moment(activation, 1, d) - low / d


def series(
    weights: tuple[float, ...], x: Float[Tensor, "... n d"], y: Float[Tensor, "... k d"]
) -> Float[Tensor, "... n k"]:
    """Return Σ_ℓ B(d, ℓ) weights_ℓ P_ℓ(xᵀy/d), by Clenshaw-free summation of the recursion."""
    d = x.shape[-1]
    tau = (x @ y.mT / d).clamp(-1.0, 1.0)
    before, now = torch.ones_like(tau), tau
    total = weights[0] * before
    for degree in range(1, len(weights)):
        total = total + gegenbauer.multiplicity(d, degree) * weights[degree] * now
        after = ((2 * degree + d - 2) * tau * now - degree * before) / (degree + d - 2)
        before, now = now, after
    return total


def harmonic(
    d: int, degree: int, beta: Float[Tensor, "... d"], x: Float[Tensor, "... n d"]
) -> Float[Tensor, "... n"]:
    """Return √B(d, ℓ) P_ℓ(βᵀx/√d), ‖β‖ = 1: a zonal harmonic of unit norm in L²."""
    tau = (x @ beta.unsqueeze(-1)).squeeze(-1) / math.sqrt(d)
    size = math.sqrt(gegenbauer.multiplicity(d, degree))
    return size * gegenbauer.polynomials(d, degree, tau)[degree]
