"""Gegenbauer polynomials, held against mpmath and scipy's special functions."""

from __future__ import annotations

import math

import mpmath
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from lemmata.theorems.low_degree_plus_sparse.setting.activations import (
    BOUNDS,
    EXTREMES,
    coefficient,
    derivative,
)
from lemmata.theorems.low_degree_plus_sparse.setting.kernel import (
    kappa,
    kappa_by_quadrature,
    levels,
    mass_above,
    series,
)
from lemmata.theorems.mathematics import gegenbauer

DIMENSIONS = st.integers(3, 40)
ACTIVATIONS = ("sin", "tanh", "softplus", "cubic ReLU")


def zonal(d: int, degree: int, tau: object) -> mpmath.mpf:
    """P_ℓ(τ) by the explicit sum, which mpmath's hypergeometric series does not give at 0."""
    alpha = mpmath.mpf(d - 2) / 2

    def value(x: object) -> mpmath.mpf:
        return mpmath.fsum(
            (-1) ** k
            * mpmath.gamma(degree - k + alpha)
            / (mpmath.gamma(alpha) * mpmath.factorial(k) * mpmath.factorial(degree - 2 * k))
            * (2 * mpmath.mpf(x)) ** (degree - 2 * k)
            for k in range(degree // 2 + 1)
        )

    return value(tau) / value(1)


@settings(deadline=None, max_examples=60)
@given(d=DIMENSIONS, degree=st.integers(0, 8), tau=st.floats(-1.0, 1.0))
def test_polynomials_are_those_of_mpmath(d: int, degree: int, tau: float) -> None:
    expected = zonal(d, degree, tau)
    found = gegenbauer.polynomials(d, degree, torch.tensor(tau, dtype=torch.float64))
    assert len(found) == degree + 1
    assert float(found[degree]) == pytest.approx(float(expected), abs=1e-12)


@given(d=DIMENSIONS, degree=st.integers(2, 10))
def test_multiplicities_are_differences_of_binomials(d: int, degree: int) -> None:
    whole = special.comb(d + degree - 1, degree, exact=True)
    lower = special.comb(d + degree - 3, degree - 2, exact=True)
    assert gegenbauer.multiplicity(d, degree) == whole - lower
    assert gegenbauer.up_to(d, 2) == 1 + d + (d + 2) * (d - 1) // 2


@pytest.mark.parametrize("d", [3, 6, 12])
def test_the_quadrature_is_that_of_a_coordinate_of_a_uniform_vector(d: int) -> None:
    # E τ^{2j} = (2j-1)!! / (d (d+2) ... (d+2j-2)).
    for j in range(1, 6):
        expected = math.prod(range(1, 2 * j, 2)) / math.prod(d + 2 * i for i in range(j))
        assert gegenbauer.mean(d, lambda tau, j=j: tau ** (2 * j)) == pytest.approx(expected)


@pytest.mark.parametrize("d", [3, 6, 12])
def test_the_plane_has_the_moments_of_two_coordinates(d: int) -> None:
    t, aside, weights = gegenbauer.plane(d)
    assert weights.sum() == pytest.approx(1.0)
    assert (weights * t**2).sum() == pytest.approx(1.0 / d)
    assert (weights * t * aside).sum() == pytest.approx(0.0, abs=1e-15)
    assert (weights * t**2 * aside**2).sum() == pytest.approx(1.0 / (d * (d + 2)))
    assert (weights * t**4).sum() == pytest.approx(3.0 / (d * (d + 2)))


@pytest.mark.parametrize("degree", [0, 1, 3])
@pytest.mark.parametrize("order", [1, 2])
def test_coefficients_are_integrals_by_mpmath(degree: int, order: int) -> None:
    d = 6

    def integrand(tau: mpmath.mpf) -> mpmath.mpf:
        z = mpmath.sqrt(d) * tau + mpmath.pi / 4
        h = mpmath.cos(z) if order == 1 else -mpmath.sin(z)
        return h * zonal(d, degree, tau) * (1 - tau**2) ** ((d - 3) / mpmath.mpf(2))

    whole = mpmath.quad(lambda tau: (1 - tau**2) ** ((d - 3) / mpmath.mpf(2)), [-1, 1])
    expected = mpmath.quad(integrand, [-1, 0, 1]) / whole
    assert coefficient("sin", order, d, degree) == pytest.approx(float(expected), abs=1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@settings(deadline=None, max_examples=40)
@given(z=st.floats(-6.0, 6.0))
def test_derivatives_follow_from_each_other(activation: str, z: float) -> None:
    point = torch.tensor(z, dtype=torch.float64, requires_grad=True)
    for order in range(3):
        (slope,) = torch.autograd.grad(derivative(activation, order, point), point)
        # At a tie of the cubic ReLU its third derivative is 0 by convention.
        assert float(slope) == pytest.approx(
            float(derivative(activation, order + 1, point.detach())), abs=1e-12
        )


@pytest.mark.parametrize("activation", ["sin", "tanh", "softplus"])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_bounds_are_attained_where_they_say(activation: str, order: int) -> None:
    grid = torch.linspace(-12.0, 12.0, 100_001, dtype=torch.float64)
    largest = BOUNDS[activation][order - 1]
    assert float(derivative(activation, order, grid).abs().max()) <= largest * (1.0 + 1e-12)
    there = torch.tensor(EXTREMES[activation][order - 1], dtype=torch.float64)
    assert abs(float(derivative(activation, order, there))) == pytest.approx(largest, rel=1e-9)


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_eigenvalues_of_the_kernel_by_two_ways(degree: int) -> None:
    for d in (5, 12):
        assert kappa("sin", d, degree) == pytest.approx(
            kappa_by_quadrature("sin", d, degree), abs=1e-12
        )


def test_the_series_of_the_kernel_is_a_mean_over_weights() -> None:
    d = 5
    x = torch.nn.functional.normalize(torch.randn(4, d, dtype=torch.float64), dim=1) * d**0.5
    w = torch.nn.functional.normalize(torch.randn(200_000, d, dtype=torch.float64), dim=1)
    slope = derivative("sin", 1, x @ w.mT)
    sampled = slope @ slope.mT / len(w) * (x @ x.mT)
    assert torch.allclose(series(levels("sin", d), x, x), sampled, atol=0.05)
    assert mass_above("sin", d, 24) == pytest.approx(0.0, abs=1e-10)
