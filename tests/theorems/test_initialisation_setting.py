"""What ZGJ21's initialisations stand on agrees with scipy's least squares and with mpmath."""

from __future__ import annotations

import math

import mpmath as mp
import numpy as np
import pytest
import torch
from scipy.optimize import nnls

import lemmata.theorems.local_convergence  # noqa: F401 - registers the statements, before the tests' own registry begins
from lemmata.harness import Trials
from lemmata.harness.randomness import key_of
from lemmata.theorems.local_convergence.sample_complexity import at_level
from lemmata.theorems.local_convergence.setting.caps import probability_of_a_cap
from lemmata.theorems.local_convergence.setting.least_squares import best_masses, fitted
from lemmata.theorems.local_convergence.setting.network import (
    Teachers,
    kernel,
    line_angles,
    loss,
    units,
)
from lemmata.theorems.local_convergence.setting.wedges import overlap, owen_gap
from lemmata.theorems.local_convergence.subspace_initialisation import second_moment

TRIALS = Trials(key=key_of("test", "initialisation"), count=4)


@pytest.mark.parametrize(("dimension", "count", "students"), [(2, 1, 12), (3, 2, 40), (4, 3, 30)])
def test_the_masses_are_those_of_lawson_and_hanson(
    dimension: int, count: int, students: int
) -> None:
    V = Teachers(count=count, dimension=dimension, weakest=0.5).build(TRIALS)
    u = units(TRIALS.normal("u", students, dimension))
    found = loss(fitted(u, V, steps=4000), V)
    K, b = kernel(line_angles(u, u)), kernel(line_angles(u, V)) @ (V**2).sum(dim=-1)
    for trial in range(len(u)):
        values, Q = np.linalg.eigh(K[trial].numpy())
        roots = np.sqrt(np.maximum(values, 1e-14))
        z, _ = nnls((Q * roots) @ Q.T, Q @ ((Q.T @ b[trial].numpy()) / roots), maxiter=2000)
        best = float(loss(torch.tensor(z).sqrt()[:, None] * u[trial], V))
        assert best - 1e-9 <= float(found[trial]) <= best + 1e-4


def test_no_mass_is_negative_and_the_gradient_vanishes_where_there_is_any() -> None:
    V = Teachers(count=2, dimension=3).build(TRIALS)
    u = units(TRIALS.normal("u", 20, 3))
    z = best_masses(u, V, steps=20_000)
    slope = (kernel(line_angles(u, u)) @ z.unsqueeze(-1)).squeeze(-1) - kernel(
        line_angles(u, V)
    ) @ (V**2).sum(dim=-1)
    assert float(z.min()) >= 0.0
    assert float(slope.min()) > -1e-4
    assert float((slope * (z > 1e-3)).abs().max()) < 1e-3


@pytest.mark.parametrize(("d", "gamma"), [(2, 0.3), (3, 1.0), (7, 0.5), (40, 0.9)])
def test_a_cap_has_the_probability_of_its_integral(d: int, gamma: float) -> None:
    def density(t: mp.mpf) -> mp.mpf:
        return mp.sin(t) ** (d - 2)

    share = mp.quad(density, [0, gamma]) / mp.quad(density, [0, mp.pi / 2])
    assert probability_of_a_cap(d, gamma) == pytest.approx(float(share), rel=1e-12)


@pytest.mark.parametrize("level", [3.0, 0.7])
def test_states_are_scaled_to_a_level(level: float) -> None:
    V = Teachers(count=2, dimension=3).build(TRIALS)
    W = TRIALS.normal("W", 4, 3)
    scaled = at_level(W, V, level)
    reached = loss(scaled, V)
    least = torch.stack([loss(s * W, V) for s in np.linspace(0.0, 2.0, 400)]).amin(dim=0)
    wanted = torch.where(least < level, level, least)
    assert torch.allclose(reached, wanted, rtol=1e-4)
    assert bool((loss(1.01 * scaled, V) >= reached - 1e-9).all())


@pytest.mark.parametrize(("tau", "phi"), [(0.05, 0.01), (0.2, 0.47), (0.9, 0.3), (1.0, 1.2)])
def test_owen_s_function_is_integrated_to_rounding(tau: float, phi: float) -> None:
    mp.mp.dps = 30
    owen = (
        mp.quad(
            lambda t: mp.exp(-(mp.mpf(tau) ** 2) * (1 + t**2) / 2) / (1 + t**2),
            [0, 1, 3, 10, 1 / mp.tan(phi)] if 1 / math.tan(phi) > 10 else [0, 1 / mp.tan(phi)],
        )
        / mp.pi
        / 2
    )
    gap = 1 - 2 * mp.mpf(phi) / mp.pi - 4 * owen
    found = owen_gap(
        torch.tensor([tau], dtype=torch.float64), torch.tensor([phi], dtype=torch.float64)
    )
    assert float(found[0]) == pytest.approx(float(gap), rel=1e-12)


def test_the_overlap_of_two_wedges_is_its_expectation() -> None:
    generator = torch.Generator().manual_seed(5)
    x = torch.randn(2_000_000, 3, dtype=torch.float64, generator=generator)
    star, w_j, w_k = (
        units(torch.tensor([row], dtype=torch.float64))
        for row in ((1.0, 0.2, 0.0), (1.0, 0.9, 0.3), (0.8, 0.1, 0.9))
    )
    p, q, t = (x @ one.T for one in (w_j, w_k, star))
    sampled = (p * q * (p.sign() - t.sign()) * (q.sign() - t.sign())).mean()
    assert float(overlap(w_j, w_k, star)[0]) == pytest.approx(float(sampled), rel=0.02)


def test_the_labelled_second_moment_is_that_of_each_direction() -> None:
    mp.mp.dps = 20
    moment = mp.quad(lambda t: t * (t**2 - 1) * mp.npdf(t), [0, mp.inf]) * 2
    V = Teachers(count=2, dimension=3, weakest=0.5).build(TRIALS)
    expected = sum(float(moment) * torch.outer(row, row) for row in V)
    assert torch.allclose(second_moment(V), expected, atol=1e-12)
