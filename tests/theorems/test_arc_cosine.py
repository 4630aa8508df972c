"""The arc-cosine kernels, held against two-dimensional Gaussian integrals by mpmath."""

from __future__ import annotations

import math

import mpmath
import pytest
import torch

from lemmata.theorems.mathematics.arc_cosine import kappa0, kappa1, tangent_kernel

CORRELATIONS = [-0.99, -0.5, 0.0, 0.3, 0.9, 0.9999]


def gaussian_moment(correlation: float, power: int) -> float:
    """Return 2 E[φ(a)^p φ(b)^p] of standard normals of that correlation, p = 0 counting the signs.

    The radius integrates to 1 or 2.
    """
    angle = mpmath.acos(mpmath.mpf(correlation))
    # In polar coordinates a = r cos t, b = r cos(t - angle), both positive for t in (angle - π/2,
    # π/2).
    radial = mpmath.quad(
        lambda r: r ** (2 * power + 1) * mpmath.exp(-(r**2) / 2), [0, 5, mpmath.inf]
    )
    angular = mpmath.quad(
        lambda t: (mpmath.cos(t) * mpmath.cos(t - angle)) ** power,
        [angle - mpmath.pi / 2, mpmath.pi / 2],
    )
    return float(2 * radial * angular / (2 * mpmath.pi))


@pytest.mark.parametrize("correlation", CORRELATIONS)
def test_kernels_are_gaussian_moments(correlation: float) -> None:
    c = torch.tensor(correlation, dtype=torch.float64)
    assert float(kappa0(c)) == pytest.approx(gaussian_moment(correlation, 0), rel=1e-11, abs=1e-13)
    assert float(kappa1(c)) == pytest.approx(gaussian_moment(correlation, 1), rel=1e-9, abs=1e-13)


@pytest.mark.parametrize("correlation", CORRELATIONS)
@pytest.mark.parametrize("depth", [1, 2, 5])
def test_the_recursion_is_the_sum_over_layers(correlation: float, depth: int) -> None:
    sigma = [gaussian_moment(correlation, 1)]
    while len(sigma) < depth:
        sigma.append(gaussian_moment(sigma[-1], 1))
    # K = ½ Σ_l Σ_{l-1} ∏_{k ≥ l} κ₀(Σ_{k-1}), term by term.
    terms = [
        sigma[level] * math.prod(gaussian_moment(s, 0) for s in sigma[level:depth])
        for level in range(depth)
    ]
    kernel = tangent_kernel(torch.tensor(correlation, dtype=torch.float64), depth)
    assert float(kernel) == pytest.approx(0.5 * sum(terms), rel=1e-8)


@pytest.mark.parametrize("depth", [1, 3, 8])
def test_the_kernel_of_one_input_is_half_the_depth(depth: int) -> None:
    assert float(tangent_kernel(torch.ones((), dtype=torch.float64), depth)) == pytest.approx(
        depth / 2
    )
