"""Every factor of ALL18's networks, targets, regularisers and trainings is pinned by direct sums,
by
automatic differentiation, and by moments of the initialisation."""

from __future__ import annotations

import math

import pytest
import torch

import lemmata.theorems.beyond_two_layers  # noqa: F401 - registers the statements, before the tests' own registry begins
from lemmata.harness import Trials
from lemmata.harness.randomness import key_of
from lemmata.theorems.beyond_two_layers.setting.activations import Activation
from lemmata.theorems.beyond_two_layers.setting.inputs import copies, inputs, over_copies
from lemmata.theorems.beyond_two_layers.setting.losses import root_loss, root_loss_gradient
from lemmata.theorems.beyond_two_layers.setting.regularisers import decayed, regulariser
from lemmata.theorems.beyond_two_layers.setting.targets import Target
from lemmata.theorems.beyond_two_layers.setting.three_layer_training import Schedule, train
from lemmata.theorems.beyond_two_layers.setting.three_layers import (
    Signs,
    ThreeLayer,
)
from lemmata.theorems.beyond_two_layers.setting.training import descend
from lemmata.theorems.beyond_two_layers.setting.two_layers import TwoLayer, row_norm
from lemmata.theorems.beyond_two_layers.sparse_sign_changes import _flipped
from lemmata.theorems.beyond_two_layers.three_layer_coupling import _Start
from lemmata.theorems.mathematics.norms import frobenius, norm24
from lemmata.theorems.mathematics.signs import sign_vectors

TRIALS = Trials(key=key_of("test", "setting of ALL18"), count=3)


def close(found, wanted, tolerance: float = 1e-12) -> None:
    torch.testing.assert_close(
        torch.as_tensor(found, dtype=torch.float64),
        torch.as_tensor(wanted, dtype=torch.float64),
        rtol=tolerance,
        atol=tolerance,
    )


def variances(tensor: torch.Tensor) -> float:
    return float(tensor.square().mean())


def test_inputs_are_unit_vectors_with_the_last_coordinate_a_half() -> None:
    x = inputs(TRIALS, "x", 5, 4)
    assert x.shape == (3, 5, 4)
    close(x.norm(dim=2), torch.ones(3, 5))
    close(x[..., 3], 0.5 * torch.ones(3, 5))


def test_the_loss_and_its_gradient() -> None:
    f, y = TRIALS.normal("f", 4, 2).requires_grad_(), TRIALS.normal("y", 4, 2)
    close(root_loss(f, y).detach(), ((1.0 + (f - y).square().sum(-1)).sqrt() - 1.0).detach())
    (slope,) = torch.autograd.grad(root_loss(f, y).sum(), f)
    close(root_loss_gradient(f, y).detach(), slope)


def test_the_initialisation_of_two_layers() -> None:
    made = TwoLayer(width=400, dimension=5, outputs=3, scale=0.2).initialise(TRIALS)
    assert made.W.shape == (3, 400, 5)
    assert abs(variances(made.W) * 400 - 1.0) < 0.1
    assert abs(variances(made.b) * 400 - 1.0) < 0.15
    assert abs(variances(made.A) / 0.04 - 1.0) < 0.15


def test_two_layers_are_their_sums() -> None:
    net = TwoLayer(width=7, dimension=4, outputs=2)
    made, x = net.initialise(TRIALS), inputs(TRIALS, "x", 3, 4)
    W = made.W + TRIALS.normal("step", 7, 4)
    for t in range(3):
        for n in range(3):
            for r in range(2):
                f = g = gb = 0.0
                for i in range(7):
                    z = float(W[t, i] @ x[t, n] + made.b[t, i])
                    old = float(made.W[t, i] @ x[t, n] + made.b[t, i]) >= 0
                    a = float(made.A[t, r, i])
                    f += a * max(z, 0.0)
                    g += a * z * old
                    gb += a * (z - float(made.b[t, i])) * old
                close(made.outputs(W, x)[t, n, r], f)
                close(made.pseudo(W, x)[t, n, r], g)
                close(made.pseudo_without_bias(W, x)[t, n, r], gb)
    close(row_norm(W), torch.stack([W[t].norm(dim=1).max() for t in range(3)]))


def test_a_target_is_its_sum() -> None:
    target = Target(
        phi=Activation(family="sine"), amplitude=3.0, frequency=2.0, terms=2, outputs=2, number=5
    )
    x = inputs(TRIALS, "x", 3, 4)
    one, two, a = target.weights(x)
    close(one.norm(dim=1), torch.ones(2))
    close(two.norm(dim=1), torch.ones(2))
    assert (a.abs() == 1).all()
    wanted = sum(
        a[:, j] * 3.0 * torch.sin(2.0 * (x @ one[j])).unsqueeze(-1) * (x @ two[j]).unsqueeze(-1)
        for j in range(2)
    )
    close(target.values(x), wanted)


def test_descent_is_that_of_the_gradient_at_each_sample() -> None:
    net = TwoLayer(width=6, dimension=4, outputs=2)
    made, x, y = net.initialise(TRIALS), inputs(TRIALS, "x", 4, 4), TRIALS.normal("y", 4, 2)
    seen = []
    run = descend(made, x, y, 0.3, watch=lambda t, W: seen.append((t, W)))
    moved = torch.zeros_like(made.W)
    for t in range(4):
        close(seen[t][1], moved)
        W = (made.W + moved).requires_grad_()
        loss = root_loss(made.outputs(W, x[:, t : t + 1]), y[:, t : t + 1]).sum(dim=1)
        close(run.losses[t], loss.detach())
        moved = moved - 0.3 * torch.autograd.grad(loss.sum(), W)[0]
    close(run.moved, moved)
    close(run.mean_loss, torch.stack(run.losses).mean(dim=0))


def test_the_initialisation_of_three_layers() -> None:
    made = ThreeLayer(first=100, second=300, dimension=5, scale=0.5).initialise(TRIALS)
    for tensor, wanted in (
        (made.W, 1 / 100),
        (made.V, 1 / 300),
        (made.A, 0.25),
        (made.b1, 1 / 100),
        (made.b2, 1 / 300),
    ):
        assert abs(variances(tensor) / wanted - 1.0) < 0.25


def test_three_layers_are_their_sums() -> None:
    made = ThreeLayer(first=4, second=3, outputs=2).initialise(TRIALS)
    x = inputs(TRIALS, "x", 2, 4)
    signs = Signs(
        (TRIALS.uniform("w", 2, 4) < 0.5).double(), (TRIALS.uniform("v", 2, 3) < 0.5).double()
    )
    for t in range(3):
        for n in range(2):
            z = made.W[t] @ x[t, n] + made.b1[t]
            u = made.V[t] @ z.relu() + made.b2[t]
            close(made.outputs(made.W, made.V, x)[t, n], made.A[t] @ u.relu())
            Dw, Dv = torch.diag(signs.w[t, n]), torch.diag(signs.v[t, n])
            frozen = made.A[t] @ Dv @ (made.V[t] @ Dw @ z + made.b2[t])
            close(made.frozen(signs, made.W, made.V, x)[t, n], frozen)
            form = made.A[t] @ Dv @ made.V[t] @ Dw @ made.W[t] @ x[t, n]
            close(made.form(signs, made.W, made.V, x)[t, n], form)


def test_norms_and_signs() -> None:
    W = TRIALS.normal("W", 5, 3)
    close(norm24(W) ** 4, (W.norm(dim=2) ** 4).sum(dim=1))
    close(frobenius(W), W.flatten(1).norm(dim=1))
    assert sign_vectors(3, W).tolist()[0] == [-1.0, -1.0, -1.0]
    assert len({tuple(row) for row in sign_vectors(4, W).tolist()}) == 16
    assert set(TRIALS.signs("s", 50).flatten().tolist()) == {-1.0, 1.0}


def test_the_regulariser_and_the_decay() -> None:
    W, V = TRIALS.normal("W", 5, 3), TRIALS.normal("V", 2, 5)
    root = math.sqrt(0.3)
    wanted = 0.7 * norm24(root * W) ** 4 + 0.2 * frobenius(root * V) ** 2
    close(regulariser(W, V, 0.3, 0.7, 0.2), wanted)
    close(decayed(1.0, 0.1, 3), 0.9**3)


@pytest.mark.parametrize("signed", [False, True])
def test_a_step_of_training_follows_the_gradient_of_the_objective(signed: bool) -> None:
    made = ThreeLayer(first=4, second=5, scale=0.5).initialise(TRIALS)
    x = inputs(TRIALS, "x", 1, 4)
    y = TRIALS.normal("y", 1, 1)
    schedule = Schedule(
        rounds=2, steps=1, batch=1, noise=0.0, of_w=0.3, of_v=0.2, eta=0.1, signed=signed
    )
    run = train(made, x, y, schedule, TRIALS)
    rate = schedule.rate / (float(made.A.square().mean()) * 5)
    W, V = torch.zeros_like(made.W), torch.zeros_like(made.V)
    for t, scale in ((0, 1.0), (1, 0.9)):
        leaves = [W.clone().requires_grad_(), V.clone().requires_grad_()]
        s = TRIALS.signs(f"Sigma {t}", 1, 4)[:, 0] if signed else torch.ones(3, 4).double()
        f = made.outputs(
            made.W + s.unsqueeze(2) * leaves[0], made.V + leaves[1] * s.unsqueeze(1), x
        )
        # ‖·‖_{2,4} itself has no derivative at 0; its fourth power has.
        rows = leaves[0].square().sum(dim=2).square().sum()
        penalty = 0.3 * scale**2 * rows + 0.2 * scale * leaves[1].square().sum()
        whole = root_loss(scale * f, y).sum() + penalty
        slopes = torch.autograd.grad(whole, leaves)
        W, V = W - rate * slopes[0], V - rate * slopes[1]
    close(run.W, W)
    close(run.V, V)
    close(run.scale, 0.81)


def test_copies_are_consecutive_trials() -> None:
    many = copies(TRIALS, 4)
    assert (many.first, many.count) == (0, 12)
    later = copies(Trials(key=TRIALS.key, first=1, count=1), 4)
    close(later.normal("x", 2), many.normal("x", 2)[4:8])
    values = torch.arange(12.0).double()
    close(over_copies(values, TRIALS)[1], math.sqrt((16 + 25 + 36 + 49) / 4))


def test_the_worst_flips_stay_within_their_budget() -> None:
    z = TRIALS.normal("z", 200)
    chosen = _flipped(z, 0.5, 4)
    close((chosen * z).pow(4).sum(dim=1).clamp(max=0.0625), (chosen * z).pow(4).sum(dim=1))
    # One more would leave it.
    left = torch.where(chosen == 0, z.abs(), math.inf).amin(dim=1)
    assert ((chosen * z).pow(4).sum(dim=1) + left.pow(4) > 0.0625).all()


def test_crossing_moves_cross_and_stay_in_the_ball() -> None:
    start = _Start(64, TRIALS)
    move = start.crossing(0.2, 0.1)
    assert ((move.abs() ** 4).sum(dim=1) <= 0.2**4 * (1 + 1e-9)).all()
    moved = move != 0
    assert ((start.z + move) * start.z <= 0)[moved].all()
    assert (start.c > 0)[moved].all()
    close(
        start.output(start.h.unsqueeze(1))[:, 0],
        start.network.outputs(start.network.W, start.network.V, start.x)[:, 0, 0],
    )
