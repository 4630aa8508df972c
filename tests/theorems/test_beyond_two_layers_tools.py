"""The tools of ALL18 agree with mpmath, with direct sums and with brute force."""

from __future__ import annotations

import itertools
import math

import mpmath as mp
import numpy as np
import pytest
import torch
from scipy import optimize, stats

import lemmata.theorems.beyond_two_layers  # noqa: F401 - registers the statements, before the tests' own registry begins
from lemmata.harness import Trials
from lemmata.harness.randomness import key_of
from lemmata.theorems.beyond_two_layers import gaussian_sums, generalisation, growth_of_complexities
from lemmata.theorems.beyond_two_layers.interval_partition import partition, smallest_mean
from lemmata.theorems.beyond_two_layers.setting import activations, rademacher, witnesses
from lemmata.theorems.beyond_two_layers.setting.activations import Activation
from lemmata.theorems.mathematics import gaussian, hermite
from lemmata.theorems.mathematics.signs import sign_vectors

TRIALS = Trials(key=key_of("test", "beyond two layers"), count=4)
SERIES = {"sine": mp.sin, "cosine": mp.cos, "exponential": mp.exp, "tanh": mp.tanh}


def close(found, wanted, tolerance: float = 1e-11) -> None:
    torch.testing.assert_close(
        torch.as_tensor(found, dtype=torch.float64),
        torch.as_tensor(wanted, dtype=torch.float64),
        rtol=tolerance,
        atol=tolerance,
    )


@pytest.mark.parametrize("family", SERIES)
def test_coefficients_are_those_of_the_taylor_series(family: str) -> None:
    wanted = [float(c) for c in mp.taylor(SERIES[family], 0, 12)]
    close(Activation(family=family).coefficients(TRIALS, 13)[0], wanted)


def test_random_coefficients_have_the_sizes_and_the_degree_that_they_say() -> None:
    phi = Activation(family="random", degree=5, decay=2.0)
    c, sizes = phi.coefficients(TRIALS, 9), phi.sizes(TRIALS, 9)
    close(c.abs(), sizes.exp())
    assert (c[:, 6:] == 0).all()
    assert (c[:, 5] != 0).all()
    bound = torch.tensor([1.0 / math.factorial(i) ** 2 for i in range(9)], dtype=torch.float64)
    assert (c.abs() <= bound).all()


@pytest.mark.parametrize(("radius", "star", "epsilon"), [(1.0, 2.0, 0.1), (0.3, 10.0, 1e-8)])
def test_complexities_are_the_printed_sums(radius: float, star: float, epsilon: float) -> None:
    c = [mp.mpf(1) / mp.factorial(i) for i in range(60)]
    ell = mp.log(1 / mp.mpf(epsilon))
    network = mp.mpf(2) * c[0] + sum(
        ((star * radius) ** i + (mp.sqrt(ell / i) * star * radius) ** i) * c[i]
        for i in range(1, 60)
    )
    sample = star * sum((i + 1) ** mp.mpf("1.75") * mp.mpf(radius) ** i * c[i] for i in range(60))
    sizes = Activation(family="exponential").sizes(TRIALS, 60)
    found = activations.log_network_complexity(sizes, radius, float(ell), star)
    close(found, [float(mp.log(network))] * 4)
    found = activations.log_sample_complexity(sizes, radius, star)
    close(found, [float(mp.log(sample))] * 4)


def test_normalised_hermite_polynomials() -> None:
    x = torch.linspace(-4.0, 4.0, 9, dtype=torch.float64)
    found = hermite.normalised(x, 9)
    for i in range(10):
        plain = np.polynomial.hermite_e.hermeval(x.numpy(), [0.0] * i + [1.0])
        close(found[i], plain / math.sqrt(math.factorial(i)))
    assert hermite.normalised(x, 0).shape == (1, 9)


@pytest.mark.parametrize("degree", [0, 1, 2, 3, 6])
@pytest.mark.parametrize("b", [-0.7, 0.0, 1.3])
def test_what_half_spaces_and_relu_see_at_the_end(degree: int, b: float) -> None:
    # At x = 1 the coefficient itself: ∫_{-b}^∞ h_i φ, and with (a + b) for ReLU.
    norm = mp.sqrt(mp.factorial(degree))

    def h(a: mp.mpf) -> mp.mpf:
        return mp.mpf(2) ** (-mp.mpf(degree) / 2) * mp.hermite(degree, a / mp.sqrt(2)) / norm

    indicator = mp.quad(lambda a: h(a) * mp.npdf(a), [-b, 2, 12])
    relu = mp.quad(lambda a: (a + b) * h(a) * mp.npdf(a), [-b, 2, 12])
    point = torch.tensor(b, dtype=torch.float64)
    close(hermite.half_space(point, degree)[degree], float(indicator))
    close(hermite.half_line(point, max(degree, 1))[degree], float(relu))


def test_double_factorials() -> None:
    for n in range(-1, 20):
        direct = math.prod(range(n, 0, -2)) if n > 0 else 1
        close(math.exp(hermite.log_double_factorial(n)), float(direct))


@pytest.mark.parametrize("i", [1, 2, 3, 4, 7])
def test_window_coefficients(i: int) -> None:
    norm = mp.sqrt(mp.factorial(i))

    def p(b: mp.mpf) -> mp.mpf:
        scale = mp.mpf(2) ** (-mp.mpf(i - 1) / 2)
        return scale * mp.hermite(i - 1, -b / mp.sqrt(2)) * mp.npdf(b) / norm

    low, high = (-0.5 / i, 0.5 / i) if i % 2 else (-0.5 / i, 0.0)
    wanted = mp.quad(lambda b: p(b) * mp.npdf(b), [low, high])
    close(witnesses.window_coefficient(i), float(wanted))
    close(witnesses.window_mass(i), float(mp.ncdf(high) - mp.ncdf(low)))
    power = mp.quad(lambda b: p(b) ** 2 * mp.npdf(b), [-12, -2, 0, 2, 12])
    close(witnesses.half_space_power(i), float(power))


def test_panels_and_the_positive_part() -> None:
    like = torch.zeros((), dtype=torch.float64)
    t, w = gaussian.panels(like, -1.0, 3.0, panels=3, nodes=4)
    close((w * t**5).sum(), (3.0**6 - 1.0) / 6.0)
    t, w = gaussian.against_normal(like)
    close((w * t**4).sum(), 3.0)
    mean, spread = torch.tensor([0.4, -2.0]).double(), torch.tensor([1.5, 0.3]).double()
    wanted = [
        float(mp.quad(lambda z, m=m, s=s: max(0, m + s * z) * mp.npdf(z), [-12, -m / s, 12]))
        for m, s in ((mp.mpf("0.4"), mp.mpf("1.5")), (mp.mpf(-2), mp.mpf("0.3")))
    ]
    close(gaussian.positive_part(mean, spread), wanted, 1e-7)


def test_complexities_of_finite_classes_by_brute_force() -> None:
    values = TRIALS.normal("values", 3, 4)
    signs = sign_vectors(4, values)
    found = rademacher.complexity(values, signs)
    for trial in range(4):
        total = 0.0
        for xi in itertools.product((-1, 1), repeat=4):
            total += max(
                sum(x * float(v) for x, v in zip(xi, row, strict=True)) for row in values[trial]
            )
        close(found[trial], total / 16.0 / 4.0)


@pytest.mark.parametrize(("atoms", "samples"), [(2, 3), (3, 4)])
def test_complexity_of_all_tables_by_brute_force(atoms: int, samples: int) -> None:
    total = 0.0
    for where in itertools.product(range(atoms), repeat=samples):
        for xi in itertools.product((-1, 1), repeat=samples):
            sums = [0] * atoms
            for k, x in zip(where, xi, strict=True):
                sums[k] += x
            total += sum(max(s, 0) for s in sums)
    wanted = total / atoms**samples / 2**samples / samples
    close(generalisation.complexity_of_tables(atoms, samples), wanted)


@pytest.mark.parametrize("m", [1, 4, 16])
def test_the_distance_to_a_normal_law_is_that_of_quantiles(m: int) -> None:
    q = 0.3
    atoms = torch.tensor([[k - q * m for k in range(m + 1)]], dtype=torch.float64)
    masses = torch.from_numpy(stats.binom.pmf(np.arange(m + 1), m, q)).unsqueeze(0)
    variance = torch.tensor([m * q * (1 - q)], dtype=torch.float64)
    found = gaussian_sums._distance_to_normal(atoms, masses, variance)
    u = (np.arange(400_000) + 0.5) / 400_000
    quantiles = stats.binom.ppf(u, m, q) - q * m - math.sqrt(m * q * (1 - q)) * stats.norm.ppf(u)
    close(found, [math.sqrt(np.mean(quantiles**2))], 1e-3)


@pytest.mark.parametrize("y", [0.8, -0.3, 0.004])
def test_a_partition_solves_its_two_equations(y: float) -> None:
    tau = 0.01
    made = partition(torch.full((1, 1), y, dtype=torch.float64), tau)
    if abs(y) >= smallest_mean(tau):

        def gap(a: float) -> float:
            b = stats.norm.ppf(stats.norm.cdf(a) + tau / 2)
            return (stats.norm.pdf(a) - stats.norm.pdf(b)) / (tau / 2) - abs(y)

        close(made.a[0, 0], optimize.brentq(gap, 1e-9, 1.4, xtol=1e-14), 1e-9)
    else:
        close(made.a[0, 0], 0.0)
        close(made.b[0, 0], stats.norm.ppf(0.5 + tau / 2))


def test_errors_of_the_cuts() -> None:
    wanted = mp.tanh(1) - sum(mp.taylor(mp.tanh, 0, 9))
    close(growth_of_complexities._cut_tanh(9), abs(float(wanted)), 1e-8)
    chebyshev, monomials = growth_of_complexities._cut_relu(8)
    x = np.linspace(-1.0, 1.0, 4001)
    cut = np.polynomial.chebyshev.chebval(x, chebyshev)
    close(cut, np.polynomial.polynomial.polyval(x, monomials), 1e-10)
    close(np.abs(cut - np.maximum(x, 0)).max(), 1.0 / (math.pi * 9.0), 1e-6)
