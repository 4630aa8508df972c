"""What ZGJ-33 and ZGJ-34 call refuted is computed a second time, by other means."""

from __future__ import annotations

import itertools
from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest
import torch

import lemmata.theorems.local_convergence  # noqa: F401 - registers the statements, before the tests' own registry begins
from lemmata.theorems.local_convergence.hermite_sizes import (
    the_squares_are_at_least_of_the_printed_order,
)
from lemmata.theorems.local_convergence.number_of_teachers import (
    weighted_angles_have_one_constant_for_every_number_of_teachers,
)
from lemmata.theorems.local_convergence.setting.hermite_coefficients import squared_coefficient


@pytest.mark.parametrize(
    "part",
    [
        the_squares_are_at_least_of_the_printed_order,
        weighted_angles_have_one_constant_for_every_number_of_teachers,
    ],
    ids=lambda part: part.id,
)
def test_the_check_of_the_finding_runs_as_it_is_typed(part) -> None:
    assert part.finding is not None
    exec(compile(part.finding.check, part.id, "exec"), {})


def exact_square_over_pi(k: int) -> Fraction:
    """Return ½π σ̂_k² = ((k-3)!!)²/k!, from σ̂_2² = 1/π on by its recursion."""
    value = Fraction(1, 2)
    for n in range(2, k, 2):
        value *= Fraction((n - 1) ** 2, (n + 1) * (n + 2))
    return value


@pytest.mark.parametrize("k", [2, 4, 10, 100, 2000])
def test_the_squares_fall_faster_than_printed_in_exact_fractions(k: int) -> None:
    mp.mp.dps = 40
    exact = exact_square_over_pi(k)
    value = 2 / mp.pi * mp.mpf(exact.numerator) / exact.denominator
    limit = (2 / mp.pi) ** 1.5
    assert limit < value * mp.mpf(k) ** 2.5 < limit * (1 + mp.mpf(6) / k)
    assert float(squared_coefficient(torch.tensor(float(k), dtype=torch.float64))) == pytest.approx(
        float(value), rel=1e-11
    )


@pytest.mark.parametrize("k", [4, 8, 16])
def test_the_coefficients_are_integrals(k: int) -> None:
    mp.mp.dps = 40

    def integrand(t):
        hermite = mp.hermite(k, t / mp.sqrt(2)) / mp.mpf(2) ** (mp.mpf(k) / 2)
        return t * hermite * mp.npdf(t)

    sigma = 2 * mp.quad(integrand, [0, 2, 4, 8, 16, 30]) / mp.sqrt(mp.factorial(k))
    exact = exact_square_over_pi(k)
    assert abs(sigma**2 - 2 / mp.pi * mp.mpf(exact.numerator) / exact.denominator) < 1e-20


def ratio(r: int) -> mp.mpf:
    """Return Σ a_i θ_i²/√L on the family of Hadamard's basis, by its closed form."""
    mp.mp.dps = 40
    rho = 1 / mp.sqrt(r)
    k = 2 / mp.pi * (mp.sqrt(1 - rho**2) + rho * mp.asin(rho))
    Q = 2 * r + 4 / mp.pi * r * (r - 1) - 2 * r**2 * k
    return r * mp.acos(rho) ** 2 / mp.sqrt(Q / 2)


def test_the_ratio_grows_like_the_root_of_the_number_of_teachers() -> None:
    told = {2: 5.1, 4: 11.3, 8: 20.3, 16: 33.4, 32: 52.2, 64: 79.1, 128: 117.4}
    for r, value in told.items():
        assert float(ratio(r)) == pytest.approx(value, abs=0.06)
    limit = float(mp.pi**2 / 4 / mp.sqrt(1 - 3 / mp.pi))
    assert float(ratio(2**40) / mp.sqrt(2**40)) == pytest.approx(limit, rel=1e-3)


def test_the_loss_of_two_teachers_is_an_integral_over_the_circle() -> None:
    # R = a r(φ) ‖x‖ with r(φ) = |cos(φ-π/4)| + |cos(φ+π/4)| - |cos φ| - |sin φ|, E‖x‖² = 2.
    corners = np.arange(9) * np.pi / 4
    t, weights = np.polynomial.legendre.leggauss(40)
    total = 0.0
    for low, high in itertools.pairwise(corners):
        phi = 0.5 * (low + high) + 0.5 * (high - low) * t
        value = (
            np.abs(np.cos(phi - np.pi / 4))
            + np.abs(np.cos(phi + np.pi / 4))
            - np.abs(np.cos(phi))
            - np.abs(np.sin(phi))
        )
        total += 0.5 * (high - low) * (weights * value**2).sum() / (2 * np.pi)
    L = 0.5 * 2.0 * total
    assert 2 * (np.pi / 4) ** 2 / np.sqrt(L) == pytest.approx(float(ratio(2)), rel=1e-12)
