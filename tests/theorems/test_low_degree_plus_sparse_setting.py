"""The world of the low-degree-plus-sparse statements: each factor of network, covariance, moments,
objective and witnesses, against automatic differentiation, direct sums and sampling."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lemmata.harness import Trials
from lemmata.harness.randomness import key_of
from lemmata.theorems.low_degree_plus_sparse.duality import EXPONENTS
from lemmata.theorems.low_degree_plus_sparse.setting.activations import derivative
from lemmata.theorems.low_degree_plus_sparse.setting.contractions import contracted, exact_G
from lemmata.theorems.low_degree_plus_sparse.setting.covariance import (
    covariance,
    features,
    fold,
    spectrum,
    unfold,
)
from lemmata.theorems.low_degree_plus_sparse.setting.losses import THIRD, loss
from lemmata.theorems.low_degree_plus_sparse.setting.moments import (
    affine_moments,
    dense_polynomial,
    feature_moment,
)
from lemmata.theorems.low_degree_plus_sparse.setting.network import (
    Pairs,
    derivative_along,
    inputs,
    of_norm24,
    within24,
)
from lemmata.theorems.low_degree_plus_sparse.setting.objective import (
    objective,
    signed_curvature,
)
from lemmata.theorems.low_degree_plus_sparse.setting.training import (
    Recipe,
    good_subspace,
    train,
)
from lemmata.theorems.low_degree_plus_sparse.setting.witnesses import (
    form,
    quadratic_witness,
    signed_mean,
    sparse_term,
    world,
)
from lemmata.theorems.low_degree_plus_sparse.staircase import tangent_residual
from lemmata.theorems.mathematics.norms import norm24

COUNT = 3
TRIALS = Trials(key=key_of("test", "low degree plus sparse"), count=COUNT)
ACTIVATIONS = ("sin", "tanh", "softplus")
NETS = st.builds(
    Pairs,
    dimension=st.integers(3, 7),
    pairs=st.integers(1, 6),
    activation=st.sampled_from(ACTIVATIONS),
)


def trials(name: str, count: int = COUNT) -> Trials:
    return Trials(key=key_of("test", name), count=count)


@settings(deadline=None, max_examples=25)
@given(net=NETS)
def test_the_network_is_a_sum_over_its_neurons(net: Pairs) -> None:
    network = net.initialise(TRIALS)
    x = inputs(TRIALS, 2, net.dimension)
    W, V = (TRIALS.normal(name, net.width, net.dimension) for name in ("W", "V"))
    at, root = network.on(x), math.sqrt(net.width)
    values, linear, quadratic, cross = (torch.zeros(COUNT, 2, dtype=torch.float64) for _ in "abcd")
    for r in range(net.width):
        sign = 1.0 if r < net.pairs else -1.0
        w = network.w0[:, r % net.pairs].unsqueeze(1)
        z, h, v = ((x * row).sum(dim=-1) for row in (w, W[:, r : r + 1], V[:, r : r + 1]))
        values += sign / root * derivative(net.activation, 0, z + h)
        linear += sign / root * derivative(net.activation, 1, z) * h
        quadratic += sign / root / 2.0 * derivative(net.activation, 2, z) * h**2
        cross += sign / root * derivative(net.activation, 2, z) * h * v
    for found, expected in (
        (at.value(W), values),
        (at.linear(W), linear),
        (at.quadratic(W), quadratic),
        (at.cross(W, V), cross),
        (at.remainder(W), values - linear - quadratic),
    ):
        assert torch.allclose(found, expected, atol=1e-11)


@settings(deadline=None, max_examples=25)
@given(net=NETS)
def test_derivatives_along_a_direction_are_those_of_automatic_differentiation(net: Pairs) -> None:
    at = net.initialise(TRIALS).on(inputs(TRIALS, 2, net.dimension))
    W, V = (TRIALS.normal(name, net.width, net.dimension) for name in ("W", "V"))
    for function, slope, curvature in (
        (at.value, at.slope(W, V), at.curvature(W, V)),
        (at.model, at.model_slope(W, V), 2.0 * at.quadratic(V)),
        (at.remainder, at.remainder_slope(W, V), at.remainder_curvature(W, V)),
    ):
        first = lambda point: derivative_along(function, point, V)  # noqa: B023, E731
        assert torch.allclose(first(W), slope, atol=1e-11)
        assert torch.allclose(derivative_along(first, W, V), curvature, atol=1e-10)


def test_pairs_share_their_weight_and_have_opposite_signs() -> None:
    network = Pairs(dimension=5, pairs=3).initialise(TRIALS)
    assert torch.equal(network.w0[:, :3], network.w0[:, 3:])
    assert torch.equal(network.a[0], torch.tensor([1.0, 1, 1, -1, -1, -1], dtype=torch.float64))
    assert torch.allclose(network.w0.norm(dim=-1), torch.ones(1, dtype=torch.float64))


@settings(deadline=None, max_examples=20)
@given(radius=st.floats(0.1, 3.0))
def test_norms_and_projections_on_the_quartic_ball(radius: float) -> None:
    W = TRIALS.normal("W", 6, 4)
    direct = sum(W[:, r].norm(dim=-1) ** 4 for r in range(6)) ** 0.25
    assert torch.allclose(norm24(W), direct)
    assert torch.allclose(norm24(of_norm24(W, radius)), torch.full((COUNT,), radius).double())
    inside = within24(radius)(W)
    assert bool((norm24(inside) <= radius * (1 + 1e-12)).all())
    assert torch.allclose(within24(radius)(0.5 * inside), 0.5 * inside, rtol=1e-14)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_covariance_is_the_sample_s(activation: str) -> None:
    network = Pairs(dimension=6, pairs=5, activation=activation).initialise(trials("covariance", 1))
    found = covariance(network)
    matrix = found.matrix()[0]
    total, count = torch.zeros_like(matrix), 20
    for batch in range(count):
        rows = features(network.on(inputs(trials(f"x{batch}", 1), 20_000, 6)))[0]
        total += rows.mT @ rows / len(rows) / count
    assert float((total - matrix).norm() / matrix.norm()) < 0.01
    assert torch.allclose(matrix, matrix.mT)
    assert float(torch.linalg.eigvalsh(matrix)[0]) > 0.0
    u = torch.randn(1, 30, 4, dtype=torch.float64)
    assert torch.allclose(found.times(u), matrix @ u, atol=1e-13)


def test_folding_is_a_projection_and_unfolding_its_adjoint() -> None:
    W, u = TRIALS.normal("W", 8, 3), TRIALS.normal("u", 12)
    assert torch.allclose(fold(unfold(u, 3)), u)
    assert torch.allclose((fold(W) * u).sum(dim=1), (W * unfold(u, 3)).sum(dim=(1, 2)))


def test_the_good_subspace_is_that_of_the_largest_eigenvalues() -> None:
    network = Pairs(dimension=4, pairs=6).initialise(TRIALS)
    found = spectrum(network, 1)
    assert found.count == 5
    assert torch.allclose(found.matrix @ found.U, found.U * found.top.unsqueeze(1), atol=1e-12)
    assert bool((found.smallest >= found.next).all())
    tail = torch.linalg.eigvalsh(found.tail())
    assert torch.allclose(tail[:, -1], found.next)
    W = TRIALS.normal("W", 12, 4)
    assert torch.allclose(found.good_weights(W) + found.bad_weights(W), W)
    assert torch.allclose(
        found.good_weights(found.bad_weights(W)), torch.zeros(1).double(), atol=1e-12
    )


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("k", [1, 2])
def test_moments_of_the_features_are_the_sample_s(activation: str, k: int) -> None:
    draw = trials("moments", 1)
    network = Pairs(dimension=5, pairs=4, activation=activation).initialise(draw)
    q = dense_polynomial(draw, 5, k)
    assert float(q.square()) == pytest.approx(1.0)
    x = inputs(trials("moments/x", 1), 400_000, 5)
    rows, values = features(network.on(x)), q.at(x)
    sampled = (rows * values.unsqueeze(-1)).mean(dim=1)
    assert torch.allclose(feature_moment(network, q), sampled, atol=0.02)
    assert float(values.square().mean()) == pytest.approx(1.0, abs=0.02)
    affine = torch.cat((torch.ones_like(x[..., :1]), x), dim=-1)
    assert torch.allclose(affine_moments(network), rows.mT @ affine / x.shape[1], atol=0.02)


@pytest.mark.parametrize("target", list(EXPONENTS))
def test_exact_matrices_of_the_duality_are_the_sample_s(target: str) -> None:
    d, draw = 5, trials(f"duality {target}", 1)
    w = draw.sphere("w", 2, d)
    given_w = contracted(target, w, draw)
    x = inputs(trials("duality/x", 1), 600_000, d)[0]
    if target == "linear":
        q = x @ given_w[0, 0, 0]
    elif "quadratic" in target:
        q = ((x @ given_w[0, 0]) * x).sum(dim=-1)
    else:
        # T[x, x, x] from T[e_i, ., .].
        basis = torch.eye(d, dtype=torch.float64)[None]
        T = contracted(target, basis, draw)[0]
        q = torch.einsum("abc,na,nb,nc->n", T, x, x, x)
        assert torch.allclose(T, T.transpose(0, 1), atol=1e-12)
    assert float(q.square().mean()) == pytest.approx(1.0, abs=0.03)
    exact = exact_G(target, "sin", w, given_w)[0]
    for row in range(2):
        weights = derivative("sin", 2, x @ w[0, row]) * q
        sampled = (x * weights.unsqueeze(-1)).mT @ x / len(x)
        assert torch.allclose(exact[row], sampled, atol=0.03)


@pytest.mark.parametrize("name", ["squared", "log-cosh", "logistic"])
@settings(deadline=None, max_examples=30)
@given(y=st.floats(-1.0, 1.0), z=st.floats(-5.0, 5.0))
def test_losses_are_convex_with_these_derivatives(name: str, y: float, z: float) -> None:
    label = torch.tensor(y, dtype=torch.float64)
    point = torch.tensor(z, dtype=torch.float64, requires_grad=True)
    (first,) = torch.autograd.grad(loss(name, 0, label, point), point, create_graph=True)
    assert float(first.detach()) == pytest.approx(
        float(loss(name, 1, label, point.detach())), abs=1e-12
    )
    if first.requires_grad:
        (second,) = torch.autograd.grad(first, point, create_graph=True, allow_unused=True)
        assert float(second.detach()) == pytest.approx(
            float(loss(name, 2, label, point.detach())), abs=1e-12
        )
        assert float(second.detach()) >= 0.0
        if name == "log-cosh" and second.requires_grad:
            (third,) = torch.autograd.grad(second, point)
            assert abs(float(third)) <= THIRD * (1.0 + 1e-12)


@pytest.mark.parametrize("network", [False, True])
@pytest.mark.parametrize("name", ["squared", "log-cosh", "logistic"])
def test_the_objective_s_gradient_and_hessian(network: bool, name: str) -> None:
    made = world(Pairs(dimension=3, pairs=3), 1, TRIALS)
    at = made.network.on(inputs(TRIALS, 5, 3))
    y = 2.0 * TRIALS.uniform("labels", 5) - 1.0
    problem = objective(at, y, made.found, lambdas=(0.7, 0.5, 0.3, 0.2), loss=name, network=network)
    W = 0.5 * TRIALS.normal("W", 6, 3).requires_grad_()
    (slope,) = torch.autograd.grad(problem.value(W).sum(), W, create_graph=True)
    assert torch.allclose(problem.gradient(W), slope, atol=1e-11)
    V = TRIALS.normal("V", 6, 3)
    (curved,) = torch.autograd.grad((slope * V).sum(), W)
    hessian = problem.hessian(W.detach())
    assert torch.allclose(
        (hessian @ V.flatten(1).unsqueeze(-1)).squeeze(-1), curved.flatten(1), atol=1e-10
    )
    rows = [
        torch.einsum(
            "td,tde,te->t", V[:, r], hessian[:, 3 * r : 3 * r + 3, 3 * r : 3 * r + 3], V[:, r]
        )
        for r in range(6)
    ]
    assert torch.allclose(signed_curvature(hessian, V), sum(rows), atol=1e-10)


def test_regularisers_are_what_they_say() -> None:
    made = world(Pairs(dimension=3, pairs=4), 1, TRIALS)
    at = made.network.on(inputs(TRIALS, 7, 3))
    problem = objective(at, made.target(at.x), made.found)
    W = TRIALS.normal("W", 8, 3)
    R1, R2, R3, R4 = problem.regularisers(W)
    bad = made.found.bad_weights(W)
    assert torch.allclose(R2, at.linear(bad).square().mean(dim=1))
    assert torch.allclose(R3, made.found.good_weights(W).square().sum(dim=(1, 2)))
    assert torch.allclose(R4, norm24(W) ** 8)
    assert torch.allclose(R1, form(made.found.matrix, bad))
    fresh = made.network.on(inputs(TRIALS, 100_000, 3, "fresh"))
    assert torch.allclose(R1, fresh.linear(bad).square().mean(dim=1), rtol=0.05)


def test_the_signed_mean_is_a_mean_over_signs() -> None:
    network = Pairs(dimension=3, pairs=4).initialise(TRIALS)
    matrix, V = covariance(network).matrix(), TRIALS.normal("V", 8, 3)
    draws = [form(matrix, TRIALS.signs(f"S/{draw}", 8, 1) * V) for draw in range(4000)]
    sampled = torch.stack(draws)
    error = sampled.std(dim=0) / math.sqrt(len(draws))
    assert bool(((sampled.mean(dim=0) - signed_mean(matrix, V)).abs() < 5.0 * error).all())


@pytest.mark.parametrize("k", [1, 2])
def test_sparse_terms_have_unit_norm_and_their_witness_fits(k: int) -> None:
    draw = trials("sparse", 1)
    term = sparse_term(draw, 5, k)
    x = inputs(trials("sparse/x", 1), 300_000, 5)
    assert float(term.at(x).square().mean()) == pytest.approx(1.0, abs=0.03)
    network = Pairs(dimension=5, pairs=4000).initialise(draw)
    fitted = network.on(x[:, :200]).quadratic(quadratic_witness(network, term))
    assert float((fitted - term.at(x[:, :200])).square().mean()) < 0.02


def test_matrix_free_training_is_descent_on_the_objective() -> None:
    net, draw = Pairs(dimension=5, pairs=12), trials("training", 2)
    network = net.initialise(draw)
    found, matrix = spectrum(network, 1), covariance(network)
    U = good_subspace(matrix, 1, draw)
    assert torch.allclose(U @ U.mT, found.U @ found.U.mT, atol=1e-6)
    x = inputs(draw, 20, 5)
    y = draw.normal("y", 20)
    lambdas = (1.0, 0.8, 0.3, 0.01)
    recipe = Recipe(lambdas=lambdas, steps=2, rate=0.1, momentum=0.0, dtype=torch.float64)
    W = train(network, matrix, U, x, y, recipe, draw)
    # The recipe's loss has no factor ½: twice the objective with halved λ.
    problem = objective(
        network.on(x), y, found, lambdas=tuple(each / 2.0 for each in lambdas), network=True
    )
    expected = 1e-3 * draw.normal("start", 24, 5)
    for _ in range(2):
        expected = expected - 0.1 * 2.0 * problem.gradient(expected)
    assert torch.allclose(W, expected, atol=1e-8)


def test_the_tangent_model_s_residual_is_that_of_least_squares() -> None:
    net, draw = Pairs(dimension=4, pairs=3), trials("residual", 1)
    network = net.initialise(draw)
    x = inputs(trials("residual/x", 1), 200_000, 4)
    rows = features(network.on(x))[0]
    # Degree one: the mean over the coordinates of the residual of least squares.
    fitted = torch.linalg.lstsq(rows, x[0]).solution
    residual = (x[0] - rows @ fitted).square().mean()
    assert float(tangent_residual(net, 1, draw)) == pytest.approx(float(residual), abs=0.01)
