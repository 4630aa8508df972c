"""Gradient flow in stabilised steps is what a stiff solver finds, and Hessians by differences
are those of automatic differentiation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

import lemmata.theorems.local_convergence  # noqa: F401 - registers the statements, before the tests' own registry begins
from lemmata.harness import Trials
from lemmata.harness.randomness import key_of
from lemmata.theorems.local_convergence.setting.derivatives import hessian
from lemmata.theorems.local_convergence.setting.descent import descend, flow, step_size
from lemmata.theorems.local_convergence.setting.extremes import copies_of_the_best_fit
from lemmata.theorems.local_convergence.setting.network import Teachers, gradient, loss
from lemmata.theorems.local_convergence.setting.states import States

TRIALS = Trials(key=key_of("test", "descent"), count=4)
WORLDS = [
    Teachers(dimension=3),
    Teachers(family="arc", count=2, dimension=3, separation=0.5),
    Teachers(count=3, dimension=4, weakest=0.5),
]
TIMES = (1.0, 10.0, 100.0)
by_family = pytest.mark.parametrize(
    "world", WORLDS, ids=lambda world: f"{world.family}-{world.count}"
)


@by_family
def test_flow_is_what_a_stiff_solver_finds(world):
    V = world.build(TRIALS)
    W = States(family="local", extra=2, size=0.5).near(TRIALS, V, world.threshold)
    run = flow(W, V, TIMES)
    for trial in range(len(TRIALS)):
        shape = W[trial].shape

        def slope(_time, flat, shape=shape):
            return -gradient(torch.from_numpy(flat).view(shape), V).numpy().ravel()

        solved = solve_ivp(
            slope,
            (0.0, TIMES[-1]),
            W[trial].numpy().ravel(),
            method="LSODA",
            t_eval=TIMES,
            rtol=1e-9,
            atol=1e-12,
        )
        exact = loss(torch.from_numpy(solved.y.T.copy()).view(-1, *shape), V)
        np.testing.assert_allclose(run.loss[trial, 1:].numpy(), exact.numpy(), rtol=0.05)


@by_family
def test_the_loss_falls_along_descent_and_the_path_is_longer_than_the_way(world):
    V = world.build(TRIALS)
    W = States(family="tiny", extra=2, size=0.2).near(TRIALS, V, world.threshold)
    run = descend(W, V, eta=step_size(V, world.threshold), steps=50, stride=5)
    assert (run.loss.diff(dim=-1) <= 0).all()
    assert (run.length >= (run.W - W.unsqueeze(1)).flatten(-2).norm(dim=-1) - 1e-12).all()
    assert torch.equal(run.W[:, 0], W)


@by_family
def test_the_hessian_is_that_of_automatic_differentiation(world):
    V = world.build(TRIALS)
    W = States(family="global", extra=1, size=1.0).draw(TRIALS, V)[:1]
    exact = torch.autograd.functional.hessian(lambda x: loss(x.view_as(W), V).sum(), W.flatten())
    torch.testing.assert_close(hessian(W, V)[0], exact, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("count", [3, 4, 5])
def test_copies_of_the_best_fit_do_not_move(count):
    world = Teachers(family="arc", count=count, dimension=3, separation=0.4)
    V = world.build(TRIALS)
    W = copies_of_the_best_fit(world, TRIALS, count + 2)
    run = descend(W, V, eta=0.05, steps=20)
    torch.testing.assert_close(run.W[:, -1], W, rtol=0.0, atol=1e-11)
    assert (run.loss[:, 0] > 0.02 * world.delta**3).all()
