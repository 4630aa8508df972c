r"""Gegenbauer polynomials: zonal harmonics of the sphere in R^d.

P_ℓ is the Gegenbauer polynomial of parameter (d - 2)/2, normalised to P_ℓ(1) = 1; B(d, ℓ) is the
dimension of the harmonics of degree ℓ, and n_k = Σ_{ℓ ≤ k} B(d, ℓ) that of the polynomials of
degree k on the sphere. With τ the first coordinate of a uniform unit vector of R^d,

    E P_j(τ) P_ℓ(τ) = δ_jℓ / B(d, ℓ),     τ P_ℓ = ((ℓ + d - 2) P_{ℓ+1} + ℓ P_{ℓ-1}) / (2ℓ + d - 2).

The law of τ has the density (1 - τ²)^{(d-3)/2}, up to a factor: Gauss-Gegenbauer quadrature is
exact for polynomials.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
import torch
from jaxtyping import Float
from scipy import special
from torch import Tensor

NODES = 80
"""Of the quadrature: exact to degree 159, and to rounding for the activations in use."""


def multiplicity(d: int, degree: int) -> int:
    """Return B(d, ℓ), the dimension of the harmonics of degree ℓ in R^d."""
    if degree == 0:
        return 1
    return (2 * degree + d - 2) * math.comb(degree + d - 3, degree - 1) // degree


def up_to(d: int, degree: int) -> int:
    """Return n_k, the dimension of the polynomials of degree at most k on the sphere of R^d."""
    return sum(multiplicity(d, each) for each in range(degree + 1))


def polynomials(d: int, degree: int, tau: Float[Tensor, "..."]) -> Float[Tensor, "degrees ..."]:
    """Return P_0(τ), ..., P_ℓ(τ), the degrees in front, by the recursion in three terms."""
    found = [torch.ones_like(tau), tau]
    for each in range(1, degree):
        found.append(((2 * each + d - 2) * tau * found[-1] - each * found[-2]) / (each + d - 2))
    return torch.stack(found[: degree + 1])


@cache
def quadrature(d: int, nodes: int = NODES) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes and weights for the law of τ, weights summing to 1."""
    tau, weights = special.roots_gegenbauer(nodes, (d - 2) / 2)
    return tau, weights / weights.sum()


@cache
def plane(d: int, radii: int = 40, angles: int = 96) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return nodes (t, t') and weights for the law of two orthogonal coordinates of a uniform unit
    vector: √s (cos θ, sin θ), s ~ Beta(1, (d-2)/2), θ uniform; arrays of radii × angles.
    """
    s, weights = special.roots_sh_jacobi(radii, d / 2 - 1.0, 1.0)
    theta = 2.0 * math.pi * (np.arange(angles) + 0.5) / angles
    radius = np.sqrt(s)[:, None]
    spread = np.repeat((weights / weights.sum())[:, None] / angles, angles, axis=1)
    return radius * np.cos(theta), radius * np.sin(theta), spread


def mean(
    d: int, value: Callable[[Float[Tensor, "nodes"]], Float[Tensor, "nodes"]], nodes: int = NODES
) -> float:
    """Return E value(τ), by quadrature in float64 on the CPU."""
    tau, weights = (torch.from_numpy(each) for each in quadrature(d, nodes))
    return float((weights * value(tau)).sum())


def coefficient(
    d: int, degree: int, h: Callable[[Float[Tensor, "nodes"]], Float[Tensor, "nodes"]]
) -> float:
    """Return λ_ℓ(h) = E h(√d τ) P_ℓ(τ)."""
    return mean(d, lambda tau: h(math.sqrt(d) * tau) * polynomials(d, degree, tau)[degree])
