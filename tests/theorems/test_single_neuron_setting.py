"""Flow, states and speeds of XD23 agree with scipy's solver, finite differences and their own
words."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

import lemmata.theorems.single_neuron  # noqa: F401 - registers the statements, before the tests' own registry begins
from lemmata.harness import Trials
from lemmata.harness.randomness import key_of
from lemmata.theorems.single_neuron import angle_potential, curvature
from lemmata.theorems.single_neuron.setting.flow import flow
from lemmata.theorems.single_neuron.setting.grown_states import Grown, deficit, through_phase_2
from lemmata.theorems.single_neuron.setting.network import (
    WINDOW,
    Start,
    Students,
    admissible,
    angles,
    gradient,
    loss,
    norms,
    pairwise,
)
from lemmata.theorems.single_neuron.setting.orthogonal_parts import (
    Fan,
    Spread,
    cosine_speeds,
    parts,
    shrinking,
    speeds,
    spread_angles,
    widest,
)
from lemmata.theorems.single_neuron.setting.plane import mean_in_plane
from lemmata.theorems.single_neuron.setting.small_starts import SmallStart, sines

TRIALS = Trials(key=key_of("test", "single neuron"), count=8)


def along_flow(of, W, h=1e-6):
    """The derivative of a function of the state along gradient flow, by a central difference."""
    slope = gradient(W)
    return (of(W - h * slope) - of(W + h * slope)) / (2.0 * h)


@pytest.mark.parametrize("scale", [1e-2, 0.3])
def test_flow_is_what_scipy_makes_of_it(scale: float) -> None:
    W = Start(count=3, dimension=3, scale=scale).draw(TRIALS)[:3]
    run = flow(W, until=2.0, steps=400, share=0.2, longest=0.1)
    for start, end in zip(W, run.end, strict=True):
        solved = solve_ivp(
            lambda _, w: -gradient(torch.from_numpy(w).view(1, 3, 3)).flatten().numpy(),
            (0.0, 2.0),
            start.flatten().numpy(),
            method="DOP853",
            rtol=1e-11,
            atol=1e-13,
        )
        np.testing.assert_allclose(end.flatten().numpy(), solved.y[:, -1], rtol=0, atol=3e-5)


def test_a_flow_that_does_not_arrive_is_not_a_number() -> None:
    W = Start(count=2, dimension=3, scale=1e-3).draw(TRIALS)
    assert flow(W, until=5.0, steps=20).end.isnan().all()
    assert not flow(W, until=5.0, steps=20).W[:, :-1].isnan().any()
    run = flow(W, until=5.0, steps=20, shortest=1.0)
    assert torch.equal(run.end, W)
    assert (run.time == 0.0).all()


def test_students_stay_below_1e_80_without_underflow() -> None:
    start = SmallStart(epsilon=0.03, family="short")
    W = start.draw(TRIALS)
    assert 1e-82 < start.shortest < 1e-80
    assert (norms(W) / start.shortest - 1.0).abs().max() < 1e-14
    assert (angles(W) - 2.0 * math.pi / 3.0).abs().max() < 1e-14
    # Alone, a student turns at the rate sin θ (π - θ + sin θ cos θ ...)/(2π‖w‖): by (4) with w → 0.
    theta, v = angles(W).unsqueeze(-1), torch.eye(1, 4, dtype=torch.float64)
    u = W / norms(W).unsqueeze(-1)
    expected = -(theta.sin() * u + (math.pi - theta) * v) / (2.0 * math.pi)
    assert (gradient(W) - expected).abs().max() < 1e-14


@pytest.mark.parametrize("family", ["random", "short", "long", "one side"])
def test_small_starts_lie_in_the_window_of_lemma_3(family: str) -> None:
    start = SmallStart(family=family, count=3)
    W = start.draw(TRIALS)
    assert start.longest == pytest.approx(4.0 * start.shortest)
    assert ((norms(W) >= start.shortest * (1 - 1e-12)) & (norms(W) <= start.longest * 1.0001)).all()
    assert ((angles(W) - math.pi / 2).abs() <= math.pi / 6 + 1e-12).all()
    assert start.length == pytest.approx(start.epsilon**2 / 108.0)


@pytest.mark.parametrize("side", ["random", "one against the rest"])
def test_grown_states_have_the_heights_and_angles_that_they_say(side: str) -> None:
    W = Grown(sides=side, count=4, sum=0.7, angle=1e-3).draw(TRIALS)
    h = W[..., 0]
    assert (deficit(W) - 0.3).abs().max() < 1e-14
    assert (h.amax(dim=1) / h.amin(dim=1) - 2.0).abs().max() < 1e-12
    assert angles(W).max() <= 1e-3 * (1 + 1e-12)
    run = through_phase_2(TRIALS, 4, side, 2e-3, 0.1)
    assert (run.time[:, -1] - math.log(1.0 / 0.072) / 4.0).abs().max() < 1e-12
    # H falls like exp(-nτ/2) where angles are small.
    assert (deficit(run.end) / deficit(run.W[:, 0]) / math.sqrt(0.072) - 1.0).abs().max() < 1e-4


def test_a_trial_is_the_same_alone() -> None:
    alone = Trials(key=TRIALS.key, first=5, count=1)
    for family in (Grown(count=3), Fan(), Spread(kappa=0.3), SmallStart()):
        assert torch.equal(family.draw(alone)[0], family.draw(TRIALS)[5])


def test_speeds_are_derivatives_along_the_flow() -> None:
    W = Fan(count=4, opening=1.5).draw(TRIALS)
    kappa = spread_angles(W)
    z = parts(W).numpy()
    unit = z / np.linalg.norm(z, axis=-1, keepdims=True)
    cosines = np.einsum("tip,tjp->tij", unit, unit)
    np.testing.assert_allclose(kappa.cos().numpy(), cosines, atol=1e-12)
    assert (kappa <= 1.5 + 1e-12).all()
    assert torch.equal(widest(W), kappa.flatten(1).amax(dim=1))
    assert (along_flow(parts, W) - speeds(W)).abs().max() < 1e-6
    assert (along_flow(lambda W: spread_angles(W).cos(), W) - cosine_speeds(W)).abs().max() < 1e-5
    assert (along_flow(pairwise, W) + shrinking(W)).abs().max() < 1e-6
    near = Grown(count=4, sum=0.8, angle=0.2).draw(TRIALS)
    V = lambda W: sines(angles(W)).sum(dim=-1)  # noqa: E731
    assert (along_flow(V, near) - angle_potential._growth(near)).abs().max() < 1e-7


def test_narrow_starts_have_the_widest_angle_that_they_say() -> None:
    W = Spread(count=4, dimension=6, kappa=0.03).draw(TRIALS)
    assert (widest(W) - 0.03).abs().max() < 1e-12
    assert (norms(W) - 0.02).abs().max() < 1e-14
    assert ((angles(W) - math.pi / 2).abs() <= math.pi / 6 + 1e-12).all()
    unequal = norms(Spread(count=4, unequal=True).draw(TRIALS)) / 0.02
    assert ((unequal >= 0.5) & (unequal <= 2.0)).all()


def test_the_mean_in_the_plane_is_exact_for_quadratics_between_kinks() -> None:
    W = Students(family="global", count=2, dimension=2, size=1.0).draw(TRIALS)
    squares = mean_in_plane(W, lambda x: (x @ W[:, 0].unsqueeze(-1)).squeeze(-1).relu() ** 2)
    assert (squares - 0.5 * (W[:, 0] ** 2).sum(dim=-1)).abs().max() < 1e-13
    assert (mean_in_plane(W, lambda x: (x**2).sum(dim=-1)) - 2.0).abs().max() < 1e-13


def test_the_window_has_two_ends() -> None:
    W = torch.tensor([[[0.1, 0.0], [0.5, 0.0]], [[0.5, 0.0], [0.0, 2.5]], [[0.5, 0.0], [2.0, 0.0]]])
    assert ((admissible(W.double(), **WINDOW) > 1e-9) == torch.tensor([True, True, False])).all()


def test_the_curvature_is_the_norm_of_the_hessian_of_the_loss() -> None:
    W = Students(family="local", count=2, dimension=2, size=0.3).draw(TRIALS)
    with torch.enable_grad():
        hessians = [
            torch.autograd.functional.hessian(lambda w: loss(w.view(2, 2)), state.flatten())
            for state in W
        ]
    expected = torch.linalg.eigvalsh(torch.stack(hessians)).abs().amax(dim=1)
    assert (curvature._curvature(W) - expected).abs().max() < 1e-5
