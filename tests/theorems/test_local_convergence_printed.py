"""The tools of ZGJ21's printed statements agree with sums, samples and linear programming."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import optimize

import lemmata.theorems.local_convergence  # noqa: F401 - registers the statements, before the tests' own registry begins
from lemmata.harness import Trials
from lemmata.harness.randomness import key_of
from lemmata.theorems.local_convergence.setting.attacks import level
from lemmata.theorems.local_convergence.setting.hadamard import along_hadamard, hadamard
from lemmata.theorems.local_convergence.setting.half_masses import half_mass_angle, spread_mass
from lemmata.theorems.local_convergence.setting.lattices import lines
from lemmata.theorems.local_convergence.setting.network import (
    Teachers,
    cells,
    floor,
    gradient,
    line_angles,
    loss,
    square,
)
from lemmata.theorems.local_convergence.setting.preconditioned import (
    half_and_pulls,
    least_product,
    normalised,
    sideways,
)
from lemmata.theorems.local_convergence.setting.printed_threshold import inside
from lemmata.theorems.local_convergence.setting.small_masses import (
    cut_direction,
    cut_product,
    form,
    worst_small_masses,
)
from lemmata.theorems.local_convergence.setting.states import States, of_vectors

TRIALS = Trials(key=key_of("test", "printed"), count=8)
WORLD = Teachers(count=2, dimension=4, weakest=0.5)


def product_by_definition(W, V, q):
    """Return G_q of Lemma 8 for one state, with the matrices inverted."""
    matched, slope, total = cells(W, V), gradient(W, V), 0.0
    p = V.norm(dim=-1, keepdim=True) * V
    for j in range(len(W)):
        direction = W[j] / W[j].norm()
        matrix = torch.eye(W.shape[1], dtype=W.dtype) + torch.outer(direction, direction)
        target = p[matched.teacher[j]]
        step = W[j] - q[j] * torch.sign(W[j] @ target) * target
        total += float(slope[j] @ torch.linalg.solve(matrix, step))
    return total


def test_the_product_is_that_of_the_lemma():
    V = WORLD.build(TRIALS)
    W = States(family="local", extra=3, size=0.3).near(TRIALS, V, WORLD.threshold)
    matched = cells(W, V)
    share = normalised(TRIALS.normal("share", W.shape[1]).exp(), matched)
    base, pull = half_and_pulls(W, V, matched)
    found = base + (share * pull).sum(dim=-1)
    for k in range(TRIALS.count):
        direct = product_by_definition(W[k], V, share[k] / W[k].norm(dim=-1))
        assert float(found[k]) == pytest.approx(direct, rel=1e-10, abs=1e-15)


def test_the_least_product_is_the_linear_programme():
    V = WORLD.build(TRIALS)
    W = States(family="local", extra=4, size=0.3).near(TRIALS, V, WORLD.threshold)
    reach = 0.4
    found = least_product(W, V, reach)
    matched = cells(W, V)
    base, pull = half_and_pulls(W, V, matched)
    assert bool(found.isfinite().any())
    for k in range(TRIALS.count):
        far = matched.theta[k] > reach
        solved = optimize.linprog(
            pull[k].numpy(),
            A_eq=matched.member[k].mT.numpy(),
            b_eq=np.ones(len(V)),
            bounds=[(0.0, 0.0 if out else None) for out in far.tolist()],
        )
        assert solved.success == math.isfinite(float(found[k]))
        if solved.success:
            assert float(found[k]) == pytest.approx(float(base[k]) + solved.fun, abs=1e-6)


def test_students_that_stand_sideways_have_the_loss_of_their_displacement():
    V = Teachers(dimension=3).build(TRIALS)
    W = sideways(V, 1e-4, 0.1, TRIALS)
    torch.testing.assert_close(
        loss(W, V), torch.full((8,), 0.5e-8, dtype=torch.float64), rtol=1e-3, atol=0.0
    )
    angle = line_angles(W, V)[:, 1:, 0]
    torch.testing.assert_close(angle, torch.full_like(angle, 0.1), rtol=1e-9, atol=0.0)


def test_the_half_mass_angle_is_that_of_sorted_masses():
    V = WORLD.build(TRIALS)
    W = States(family="local", extra=6, size=0.5).draw(TRIALS, V)
    found, matched = half_mass_angle(W, V), cells(W, V)
    for k in range(TRIALS.count):
        for j in range(len(V)):
            mine = sorted(
                (float(matched.theta[k, i]), float(matched.mass[k, i]))
                for i in range(W.shape[1])
                if int(matched.teacher[k, i]) == j
            )
            total, angle = 0.0, 2.0 * math.pi
            for theta, mass in mine:
                total += mass
                if total >= 0.5 * float((V[j] ** 2).sum()):
                    angle = theta
                    break
            assert float(found[k, j]) == pytest.approx(angle)


@pytest.mark.parametrize("azimuths", [1, 3])
def test_a_spread_mass_keeps_the_total_and_stands_at_its_angle(azimuths):
    V = WORLD.build(TRIALS)
    W = spread_mass(V, 0.2, TRIALS, azimuths=azimuths)
    assert bool((cells(W, V).errors.norm(dim=(-2, -1)) < 1e-12).all())
    angle = half_mass_angle(W, V)
    assert float(angle[:, 0].max()) < 1e-7
    torch.testing.assert_close(angle[:, 1], torch.full_like(angle[:, 1], 0.2))


def test_students_along_hadamards_basis_are_at_one_angle_to_every_teacher():
    V = Teachers(count=8, dimension=8).build(TRIALS)
    H = hadamard(V)
    torch.testing.assert_close(H @ H.mT, torch.eye(8, dtype=torch.float64))
    W = along_hadamard(V, torch.full((8,), 0.1, dtype=torch.float64))
    beta = line_angles(W[:, 8:], V)
    torch.testing.assert_close(beta, torch.full_like(beta, math.acos(8**-0.5)))
    torch.testing.assert_close(square(W), torch.full((8,), 8.0, dtype=torch.float64))
    with pytest.raises(ValueError, match="power of 2"):
        hadamard(V[:6])


@pytest.mark.parametrize(
    ("lattice", "count", "cosines"),
    [
        ("D4", 12, {0.0, 0.5}),
        ("icosahedron", 6, {5**-0.5}),
        ("28 lines", 28, {1 / 3}),
        ("E8", 120, {0.0, 0.5}),
    ],
)
def test_lattices_have_their_number_of_lines_and_their_angles(lattice, count, cosines):
    rows = lines(lattice)
    gram = (rows @ rows.mT).abs()
    off = gram[~torch.eye(len(rows), dtype=torch.bool)]
    assert len(rows) == count
    assert all(min(abs(float(x) - c) for c in cosines) < 1e-12 for x in off.unique())


def test_a_level_is_a_share_of_the_threshold_above_rounding():
    V = WORLD.build(TRIALS)
    assert level(WORLD, V, 1.0) == WORLD.threshold
    assert level(WORLD, V, 1e-12) == 4.0 * floor(V)
    assert inside(Teachers(dimension=3), 1e-9)
    assert not inside(Teachers(dimension=3), 1.0)
    assert not inside(WORLD, 1e-9)


SMALL = [
    (Teachers(dimension=3), 0.25),
    (Teachers(family="simplex", count=3, dimension=3, separation=0.5), 0.125),
    (Teachers(family="arc", count=2, dimension=3, separation=0.8), 0.2),
]


@pytest.mark.parametrize(("world", "cut"), SMALL)
def test_the_form_of_small_masses_is_the_product_in_the_limit(world, cut):
    V = world.build(TRIALS)
    W = worst_small_masses(V, cut, TRIALS, scale=3e-3, steps=3)
    small = W[:, len(V) :]
    near = (cells(small, V).theta <= cut).double()
    share = cut_product(W, V, cut) / loss(W, V)
    torch.testing.assert_close(share, 2.0 - 2.0 * form(small, V, near).mu, rtol=0.0, atol=0.02)


@pytest.mark.parametrize(("world", "cut"), SMALL)
def test_the_main_neurons_stand_where_the_product_is_least(world, cut):
    V = world.build(TRIALS)
    W = worst_small_masses(V, cut, TRIALS, scale=3e-3, steps=3)
    small = W[:, len(V) :]
    found = form(small, V, (cells(small, V).theta <= cut).double())
    least = cut_product(W, V, cut) / loss(W, V)
    for k in range(10):
        moved = found.main + 0.3 * found.main.norm(dim=(1, 2), keepdim=True) * TRIALS.normal(
            f"moved/{k}", *V.shape
        )
        other = torch.cat((of_vectors(V + moved), small), dim=1)
        assert bool((cut_product(other, V, cut) / loss(other, V) >= least - 0.02).all())


def test_the_direction_with_a_cut_has_the_product_that_is_told():
    world, cut = SMALL[1]
    V = world.build(TRIALS)
    W = States(family="local", extra=3, size=0.3).near(TRIALS, V, world.threshold)
    found = (gradient(W, V) * cut_direction(W, V, cut)).sum(dim=(1, 2))
    told = cut_product(W, V, cut)
    assert bool(told.isfinite().any())
    torch.testing.assert_close(found[told.isfinite()], told[told.isfinite()], rtol=1e-9, atol=1e-14)
