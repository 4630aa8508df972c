"""Projections stay inside, steepest ascents attain the dual norm, random points lie on the
boundary."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from lemmata.harness.adversary import (
    Ball,
    Point,
    frobenius_ball,
    product_ball,
    quartic_row_ball,
    random_point,
    row_ball,
    single_neuron,
    sparse_unit_vectors,
    spectral_ball,
    unit_vectors,
)
from lemmata.harness.randomness import key_of
from lemmata.harness.trials import Trials

TRIALS = Trials(key=key_of("test", "balls"), count=4)
RADIUS = torch.tensor([0.1, 1.0, 2.0, 30.0], dtype=torch.float64)
SHAPES = ((4, 3), (2, 5))


def rows(point: Point) -> Tensor:
    return torch.cat([x.norm(dim=-1) for x in point], dim=1)


def frobenius(point: Point) -> Tensor:
    return rows(point).norm(dim=1)


# Each ball of matrices with its norm and its dual norm, written independently.
MATRIX_BALLS: list[
    tuple[Callable[[Tensor], Ball], Callable[[Point], Tensor], Callable[[Point], Tensor]]
] = [
    (
        spectral_ball,
        lambda X: torch.stack([torch.linalg.svdvals(x)[:, 0] for x in X]).amax(0),
        lambda G: torch.stack([torch.linalg.svdvals(x).sum(-1) for x in G]).sum(0),
    ),
    (frobenius_ball, frobenius, frobenius),
    (row_ball, lambda X: rows(X).amax(1), lambda G: rows(G).sum(1)),
    (
        quartic_row_ball,
        lambda X: (rows(X) ** 4).sum(1) ** 0.25,
        lambda G: (rows(G) ** (4 / 3)).sum(1) ** 0.75,
    ),
]
each_matrix_ball = pytest.mark.parametrize(
    ("ball_of", "norm", "dual"), MATRIX_BALLS, ids=lambda value: value.__name__
)


def normal_point(name: str) -> Point:
    return tuple(TRIALS.normal(f"{name} {index}", *shape) for index, shape in enumerate(SHAPES))


def inner(X: Point, Y: Point) -> Tensor:
    return torch.stack([(x * y).flatten(1).sum(1) for x, y in zip(X, Y, strict=True)]).sum(0)


@each_matrix_ball
def test_steepest_ascent_attains_the_dual_norm_within_the_ball(
    ball_of: object, norm: object, dual: object
) -> None:
    gradient = normal_point("G")
    X = ball_of(RADIUS).maximise(gradient)
    torch.testing.assert_close(norm(X), RADIUS)
    torch.testing.assert_close(inner(gradient, X), RADIUS * dual(gradient))


@each_matrix_ball
def test_projection_stays_inside_and_leaves_points_of_the_ball(
    ball_of: object, norm: object, dual: object
) -> None:
    ball = ball_of(RADIUS)
    outside = tuple(100 * x for x in normal_point("X"))
    projected = ball.project(outside)
    assert (norm(projected) <= RADIUS * (1 + 1e-12)).all()
    torch.testing.assert_close(ball.norm(projected), norm(projected))
    for again, x in zip(ball.project(projected), projected, strict=True):
        torch.testing.assert_close(again, x)


@pytest.mark.parametrize("ball_of", [spectral_ball, frobenius_ball, row_ball])
def test_projection_is_the_nearest_point(ball_of: Callable[[Tensor], Ball]) -> None:
    ball, point = ball_of(RADIUS), normal_point("X")
    projected = ball.project(point)
    towards = tuple(x - p for x, p in zip(point, projected, strict=True))
    # The variational inequality ⟨X − P, Y − P⟩ ≤ 0 for all Y of the ball is tightest at the
    # steepest ascent along X − P.
    assert (inner(towards, ball.maximise(towards)) <= inner(towards, projected) + 1e-10).all()


@each_matrix_ball
def test_random_points_lie_on_the_boundary_and_differ(
    ball_of: object, norm: object, dual: object
) -> None:
    first, second = (
        random_point(ball_of(RADIUS), TRIALS, name, SHAPES) for name in ("first", "second")
    )
    torch.testing.assert_close(norm(first), RADIUS)
    assert not (first[0] == second[0]).any()


@each_matrix_ball
def test_a_zero_gradient_gives_a_zero_step(ball_of: object, norm: object, dual: object) -> None:
    zero = tuple(torch.zeros(4, *shape, dtype=torch.float64) for shape in SHAPES)
    assert all(torch.equal(x, z) for x, z in zip(ball_of(RADIUS).maximise(zero), zero, strict=True))


@each_matrix_ball
def test_a_single_neuron_is_on_the_boundary_of_every_ball(
    ball_of: object, norm: object, dual: object
) -> None:
    gradient = normal_point("G")
    X = single_neuron(gradient, RADIUS)
    torch.testing.assert_close(norm(X), RADIUS)
    torch.testing.assert_close(inner(gradient, X), RADIUS * rows(gradient).amax(1))
    assert ((rows(X) != 0).sum(1) == 1).all()


@pytest.mark.parametrize(
    "ball", [unit_vectors(), sparse_unit_vectors(2)], ids=lambda ball: ball.name
)
def test_spheres_hold_unit_vectors_of_their_sparsity(ball: Ball) -> None:
    sparsity = 2 if "sparse" in ball.name else 6
    (v,) = random_point(ball, TRIALS, "v", [(6,)])
    for x in (
        v,
        ball.project((TRIALS.normal("x", 6),))[0],
        ball.maximise((TRIALS.normal("g", 6),))[0],
    ):
        torch.testing.assert_close(x.norm(dim=-1), torch.ones(4, dtype=torch.float64))
        assert ((x != 0).sum(-1) == sparsity).all()


def test_a_sparse_maximiser_beats_every_other_support() -> None:
    g = TRIALS.normal("g", 5)
    (v,) = sparse_unit_vectors(2).maximise((g,))
    every = torch.stack([g[:, [i, j]].norm(dim=1) for i in range(5) for j in range(i)]).amax(0)
    torch.testing.assert_close((g * v).sum(1), every)


def test_a_product_ball_bounds_each_tensor_by_its_own() -> None:
    ball = product_ball(quartic_row_ball(RADIUS), frobenius_ball(0.5))
    point = ball.maximise(normal_point("G"))
    torch.testing.assert_close(quartic_row_ball(1.0).norm(point[:1]), RADIUS)
    torch.testing.assert_close(
        point[1].norm(dim=(1, 2)), torch.full((4,), 0.5, dtype=torch.float64)
    )
    torch.testing.assert_close(
        ball.norm(ball.project(tuple(100 * x for x in point))), torch.ones(4, dtype=torch.float64)
    )
    assert (ball.norm(random_point(ball, TRIALS, "x", SHAPES)) <= 1 + 1e-12).all()


@pytest.mark.parametrize("radius", [0.0, -1.0, float("nan"), float("inf")])
def test_a_radius_that_makes_no_sense_is_refused(radius: float) -> None:
    with pytest.raises(ValueError, match="the radius of a row ball must be finite and above 0"):
        row_ball(radius)
    with pytest.raises(ValueError, match="sparsity must be at least 1; got 0"):
        sparse_unit_vectors(0)
