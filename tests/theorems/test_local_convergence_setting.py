"""Population loss and gradient of ZGJ21 agree with fifty digits of mpmath at every angle and
mass, and with automatic differentiation."""

from __future__ import annotations

import math

import mpmath as mp
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import lemmata.theorems.local_convergence  # noqa: F401 - registers the statements, before the tests' own registry begins
from lemmata.harness import Trials, at_most
from lemmata.harness.randomness import key_of
from lemmata.theorems.local_convergence.setting.attacks import attacked
from lemmata.theorems.local_convergence.setting.network import (
    Teachers,
    atoms,
    cells,
    floor,
    gradient,
    line_angles,
    loss,
    psi,
    square,
    wedge,
    witness,
)
from lemmata.theorems.local_convergence.setting.samples import empirical_gradient, residual
from lemmata.theorems.local_convergence.setting.states import EVERYWHERE, States, tilted

EPS = torch.finfo(torch.float64).eps
TRIALS = Trials(key=key_of("test", "local convergence"), count=8)
WORLDS = [
    Teachers(dimension=3),
    Teachers(count=2, dimension=3, weakest=0.25),
    Teachers(family="arc", count=3, dimension=3, separation=0.3),
    Teachers(family="simplex", count=3, dimension=4, separation=0.8),
    Teachers(family="random", count=3, dimension=4, number=1),
]

angles = st.floats(-9.0, 0.19).map(lambda exponent: 10.0**exponent) | st.sampled_from(
    [0.0, 0.5, math.pi / 2]
)
masses = st.floats(-4.0, 1.0).map(lambda exponent: 10.0**exponent)
students = st.lists(
    st.tuples(angles, st.floats(0.0, 2.0 * math.pi), masses, st.booleans()), min_size=1, max_size=4
)


def tensors(drawn, separation):
    """Students at angles to the first of one or two teachers in R³.

    A flag turns a student round.
    """
    V = torch.eye(1, 3, dtype=torch.float64)
    if separation is not None:
        V = torch.cat(
            (
                V,
                torch.tensor(
                    [[math.cos(separation), math.sin(separation), 0.0]], dtype=torch.float64
                ),
            )
        )
    rows = [
        [math.cos(theta), math.sin(theta) * math.cos(turn), math.sin(theta) * math.sin(turn)]
        for theta, turn, _mass, _opposite in drawn
    ]
    factors = [
        (-1.0 if opposite else 1.0) * math.sqrt(mass) for _theta, _turn, mass, opposite in drawn
    ]
    return torch.tensor(rows, dtype=torch.float64) * torch.tensor(factors, dtype=torch.float64)[
        :, None
    ], V


def with_fifty_digits(W, V):
    """Return L and ∇L by the textbook formulas, from the very same floats."""
    mp.mp.dps = 60
    rows = [[mp.mpf(x) for x in row] for row in torch.cat((W, V)).tolist()]
    signs = [1] * len(W) + [-1] * len(V)
    sizes = [mp.sqrt(mp.fsum(x * x for x in row)) for row in rows]

    def cosine(k, n):
        return max(
            mp.mpf(-1),
            min(
                mp.mpf(1),
                mp.fsum(x * y for x, y in zip(rows[k], rows[n], strict=True))
                / (sizes[k] * sizes[n]),
            ),
        )

    def kernel(rho):
        return 2 / mp.pi * (mp.sqrt(1 - rho**2) + rho * mp.asin(rho))

    c = [sign * size**2 for sign, size in zip(signs, sizes, strict=True)]
    everyone = range(len(rows))
    L = mp.fsum(c[k] * c[n] * kernel(cosine(k, n)) for k in everyone for n in everyone) / 2
    slopes = []
    for i in range(len(W)):
        rho = [cosine(i, n) for n in everyone]
        own = mp.fsum(
            c[n] * (kernel(rho[n]) + 2 / mp.pi * mp.sqrt(1 - rho[n] ** 2)) for n in everyone
        )
        pull = [
            mp.fsum(signs[n] * sizes[n] * mp.asin(rho[n]) * rows[n][a] for n in everyone)
            for a in range(3)
        ]
        slopes.append([own * rows[i][a] + 2 / mp.pi * sizes[i] * pull[a] for a in range(3)])
    return L, slopes


@settings(max_examples=60, deadline=None)
@given(students)
def test_with_one_teacher_the_loss_is_accurate_at_every_scale(drawn):
    W, V = tensors(drawn, None)
    exact, _ = with_fifty_digits(W, V)
    total = float(atoms(W, V)[1].abs().sum())
    allowed = (
        64 * EPS * (float(exact) + total * math.sqrt(abs(float(exact)))) + 64 * (EPS * total) ** 2
    )
    assert abs(float(mp.mpf(float(loss(W, V))) - exact)) <= allowed


@settings(max_examples=40, deadline=None)
@given(students, st.floats(0.05, math.pi / 2))
def test_with_two_teachers_the_loss_is_accurate_on_the_scale_of_the_masses(drawn, separation):
    W, V = tensors(drawn, separation)
    exact, _ = with_fifty_digits(W, V)
    total = float(atoms(W, V)[1].abs().sum())
    assert abs(float(mp.mpf(float(loss(W, V))) - exact)) <= 64 * EPS * total**2


@settings(max_examples=40, deadline=None)
@given(students, st.none() | st.floats(0.05, math.pi / 2))
def test_the_gradient_is_accurate_on_the_scale_of_the_masses(drawn, separation):
    W, V = tensors(drawn, separation)
    _, exact = with_fifty_digits(W, V)
    total = float(atoms(W, V)[1].abs().sum())
    for ours, theirs, row in zip(gradient(W, V), exact, W, strict=True):
        error = max(abs(float(mp.mpf(float(x)) - y)) for x, y in zip(ours, theirs, strict=True))
        assert error <= 64 * EPS * float(row.norm()) * total


@pytest.mark.parametrize("theta", [1e-6, 1e-4, 1e-2, 0.5])
def test_on_the_split_pair_loss_and_gradient_have_small_relative_errors(theta):
    drawn = [
        (theta, 0.0, 0.5 / math.cos(theta), False),
        (theta, math.pi, 0.5 / math.cos(theta), True),
    ]
    W, V = tensors(drawn, None)
    exact, slopes = with_fifty_digits(W, V)
    assert float(loss(W, V)) == pytest.approx(float(exact), rel=1e-13)
    assert float(gradient(W, V)[0, 1]) == pytest.approx(
        float(slopes[0][1]), rel=max(1e-13, 8 * EPS / theta**2)
    )


@pytest.mark.parametrize("beta", [1e-12, 1e-3, 0.1, 0.4999999, 0.5, 1.0, math.pi / 2])
def test_small_differences_of_trigonometric_functions_have_small_relative_errors(beta):
    mp.mp.dps = 60
    exact = mp.mpf(beta)
    at = torch.tensor([beta], dtype=torch.float64)
    assert float(psi(at)) == pytest.approx(float(mp.sin(exact) - exact * mp.cos(exact)), rel=1e-14)
    assert float(wedge(at)) == pytest.approx(
        float(exact - mp.sin(exact) * mp.cos(exact)), rel=1e-14
    )


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: f"{world.family}-{world.count}")
@pytest.mark.parametrize("family", EVERYWHERE)
def test_the_gradient_is_that_of_automatic_differentiation(world, family):
    V = world.build(TRIALS)
    W = States(family=family, extra=3, size=0.3).draw(TRIALS, V).requires_grad_()
    (automatic,) = torch.autograd.grad(loss(W, V).sum(), W)
    torch.testing.assert_close(gradient(W, V), automatic, rtol=0, atol=1e-12)


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: f"{world.family}-{world.count}")
def test_the_empirical_gradient_is_that_of_automatic_differentiation(world):
    V = world.build(TRIALS)
    W = States(family="global", extra=2, size=1.0).draw(TRIALS, V)
    x = TRIALS.normal("samples", 50, world.dimension)
    leaf = W.clone().requires_grad_()
    (automatic,) = torch.autograd.grad((0.5 * residual(leaf, V, x) ** 2).mean(dim=1).sum(), leaf)
    torch.testing.assert_close(
        empirical_gradient(W, x, residual(W, V, x)), automatic, rtol=1e-10, atol=1e-10
    )


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: f"{world.family}-{world.count}")
def test_loss_and_gradient_are_homogeneous_and_blind_to_signs(world):
    V = world.build(TRIALS)
    W = States(family="local", extra=3, size=0.3).draw(TRIALS, V)
    torch.testing.assert_close(loss(3.0 * W, 3.0 * V), 81.0 * loss(W, V), rtol=1e-9, atol=0)
    torch.testing.assert_close(
        gradient(3.0 * W, 3.0 * V), 27.0 * gradient(W, V), rtol=0, atol=1e-11
    )
    torch.testing.assert_close(loss(-W, V), loss(W, V), rtol=1e-9, atol=0)


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: f"{world.family}-{world.count}")
@pytest.mark.parametrize("family", [*EVERYWHERE, "far", "softest"])
def test_states_can_be_pulled_into_a_band(world, family):
    V = world.build(TRIALS)
    W = States(family=family, extra=2, size=0.5).near(TRIALS, V, world.threshold)
    assert bool((loss(W, V) <= world.threshold).all())
    assert bool((cells(W, V).member.sum(dim=1) > 0).all())
    assert bool((loss(witness(W, V), V).abs() < 64 * EPS * float(2.0 * square(V)) ** 2).all())


def test_a_given_separation_is_met():
    assert Teachers(family="arc", count=4, dimension=3, separation=0.3).delta == pytest.approx(0.3)
    assert Teachers(family="simplex", count=4, dimension=5, separation=0.7).delta == pytest.approx(
        0.7
    )
    with pytest.raises(ValueError, match="do not fit"):
        Teachers(count=5, dimension=4)
    with pytest.raises(ValueError, match="at most"):
        Teachers(family="arc", count=4, dimension=2, separation=1.0)


def test_adversaries_stay_in_the_band_and_gain_on_random_states():
    world = Teachers(count=2, dimension=4)
    V = world.build(TRIALS)
    start = States(family="local", extra=3, size=0.5).near(TRIALS, V, world.threshold)
    seen = []

    def claim(W):
        seen.append(loss(W, V).detach())
        return at_most((W - witness(W, V)).square().sum(dim=(1, 2)).sqrt(), loss(W, V) ** 0.25)

    found = attacked(claim, start, V, TRIALS, high=world.threshold)
    reached = torch.stack(seen[-2:])
    assert bool((reached <= world.threshold).all())
    assert bool((reached >= floor(V)).all())
    assert bool((found.attacks["ascent"] >= 1.2 * found.attacks["random"]).all())
    assert bool((found.attacks["moves"] >= found.attacks["random"]).all())


def test_line_angles_do_not_see_signs():
    u = torch.tensor([[1.0, 0.0], [-1.0, 1e-9]], dtype=torch.float64)
    assert line_angles(u, u)[0, 1].item() == pytest.approx(1e-9, rel=1e-12)


@given(angle=angles, near=st.floats(-10.0, 0.0))
def test_a_tilted_direction_is_at_its_angle_however_it_was_drawn(angle, near):
    v = torch.tensor([[1.0, 2.0, 2.0]], dtype=torch.float64) / 3.0
    across = v + 10.0**near * torch.tensor([[0.3, -0.7, 0.5]], dtype=torch.float64)
    assert float(line_angles(tilted(v, across, angle), v)) == pytest.approx(angle, abs=8 * EPS)


def test_a_far_neuron_may_stand_on_another_teacher():
    world = Teachers(family="simplex", count=2, dimension=2, separation=0.8)
    V = world.build(TRIALS)
    W = States(family="far", size=0.01, angle=0.8).draw(TRIALS, V)
    assert torch.isfinite(W).all()
    assert (loss(W, V).abs() < 1e-4).all()
