"""Does the search find a planted maximum, within one percent and a stated number of evaluations?"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from lemmata.harness.adversary import (
    Attack,
    Ball,
    Point,
    Reached,
    candidates,
    frank_wolfe,
    frobenius_ball,
    projected_gradient_ascent,
    quartic_row_ball,
    random_point,
    random_points,
    row_ball,
    search,
    sparse_unit_vectors,
    spectral_ball,
    unit_vectors,
)
from lemmata.harness.randomness import key_of
from lemmata.harness.trials import Trials

TRIALS = Trials(key=key_of("test", "search"), count=6)
SHAPE = (6, 5)
G = TRIALS.normal("G", *SHAPE)
M = TRIALS.normal("M", 8, 6)
RADIUS = 0.5

LINEAR = [
    (spectral_ball(RADIUS), torch.linalg.svdvals(G).sum(-1)),
    (frobenius_ball(RADIUS), G.norm(dim=(1, 2))),
    (row_ball(RADIUS), G.norm(dim=2).sum(1)),
    (quartic_row_ball(RADIUS), (G.norm(dim=2) ** (4 / 3)).sum(1) ** 0.75),
]
# ‖M X‖_F² is largest where X sends its largest direction along the top right singular vector of M.
QUADRATIC = [
    (spectral_ball(RADIUS), (torch.linalg.svdvals(M)[:, :5] ** 2).sum(-1)),
    (frobenius_ball(RADIUS), torch.linalg.svdvals(M)[:, 0] ** 2),
]

each_ascent = pytest.mark.parametrize(
    ("ascent", "steps"), [(projected_gradient_ascent, 29), (frank_wolfe, 119)]
)  # evaluations less one


def linear(point: Point) -> Tensor:
    return (G * point[0]).sum((1, 2))


def quadratic(point: Point) -> Tensor:
    return (M @ point[0]).square().sum((1, 2))


def rayleigh(point: Point) -> Tensor:
    return torch.einsum("tij,tj->ti", M, point[0]).norm(dim=-1)


def start(ball: Ball, shape: tuple[int, ...] = SHAPE) -> Point:
    return random_point(ball, TRIALS, "start", [shape])


def assert_within(found: Tensor, maximum: Tensor, share: float) -> None:
    assert (found <= maximum * (1 + 1e-10)).all()
    assert (found >= maximum * (1 - share)).all(), (
        f"found only {float((found / maximum).min()):.4f} of the maximum"
    )


@pytest.mark.parametrize(("ball", "dual"), LINEAR, ids=lambda value: getattr(value, "name", ""))
def test_frank_wolfe_solves_a_linear_problem_in_two_evaluations(ball: Ball, dual: Tensor) -> None:
    assert_within(frank_wolfe(linear, start(ball), ball, steps=1).ratio, RADIUS * dual, 1e-10)


@pytest.mark.parametrize(("ball", "dual"), LINEAR, ids=lambda value: getattr(value, "name", ""))
def test_gradient_ascent_solves_a_linear_problem_in_thirty_evaluations(
    ball: Ball, dual: Tensor
) -> None:
    assert_within(
        projected_gradient_ascent(linear, start(ball), ball, steps=29).ratio, RADIUS * dual, 0.01
    )


@pytest.mark.parametrize(
    ("ball", "maximum"), QUADRATIC, ids=lambda value: getattr(value, "name", "")
)
@each_ascent
def test_ascents_solve_a_quadratic_problem(
    ascent: Callable[..., Reached], steps: int, ball: Ball, maximum: Tensor
) -> None:
    assert_within(
        ascent(quadratic, start(ball), ball, steps=steps).ratio, RADIUS**2 * maximum, 0.01
    )


@each_ascent
def test_ascents_find_the_top_singular_value_among_unit_vectors(
    ascent: Callable[..., Reached], steps: int
) -> None:
    found = ascent(rayleigh, start(unit_vectors(), (6,)), unit_vectors(), steps=steps)
    assert_within(found.ratio, torch.linalg.svdvals(M)[:, 0], 0.01)
    torch.testing.assert_close(found.point[0].norm(dim=-1), torch.ones(6, dtype=torch.float64))


def test_the_search_beats_random_points_and_says_by_how_much() -> None:
    ball = spectral_ball(RADIUS)
    attacks = [
        Attack(
            "gradient",
            lambda objective: projected_gradient_ascent(objective, start(ball), ball, steps=20),
        ),
        Attack("frank-wolfe", lambda objective: frank_wolfe(objective, start(ball), ball)),
    ]
    found = search(
        linear, attacks, random=random_points(ball, TRIALS.stream("adversary"), [SHAPE], count=10)
    )
    assert_within(found.ratio, RADIUS * torch.linalg.svdvals(G).sum(-1), 0.01)
    assert found.names == ("random", "gradient", "frank-wolfe")
    assert found.evaluations == (10, 21, 11)
    torch.testing.assert_close(linear(found.point), found.ratio)
    torch.testing.assert_close(found.by_attack.amax(dim=0), found.ratio)
    assert (found.gain[0] == 1).all()
    assert (found.gain[1:] > 1.5).all()
    assert set(found.found_by) <= {"gradient", "frank-wolfe"}


def test_the_worst_point_is_kept_trial_by_trial() -> None:
    points = [
        torch.tensor(values, dtype=torch.float64) for values in ([1.0, 5.0, 2.0], [3.0, 1.0, 2.0])
    ]
    first, second = (
        candidates(name, [(point,)])
        for name, point in zip(("first", "second"), points, strict=True)
    )
    found = search(lambda point: point[0], [second], random=first)
    assert found.ratio.tolist() == found.point[0].tolist() == [3.0, 5.0, 2.0]
    assert found.found_by == ["second", "first", "first"]


def test_a_nan_is_never_the_best_and_always_surfaces() -> None:
    values = [[1.0, 1.0, 1.0], [float("nan"), 2.0, 2.0], [3.0, 3.0, float("inf")]]
    attacks = [
        candidates(f"attack {index}", [(torch.tensor(row),)]) for index, row in enumerate(values)
    ]
    found = search(lambda point: point[0], attacks[1:], random=attacks[0])
    assert found.ratio.isnan().tolist() == [True, False, False]
    assert found.point[0].isnan().tolist() == [True, False, False]
    assert found.ratio[1:].tolist() == [3.0, float("inf")]
    assert found.found_by == ["attack 1", "attack 2", "attack 2"]
    assert found.by_attack[:, 0].tolist() == [1.0, -float("inf"), 3.0]


def test_a_nan_inside_an_ascent_surfaces_and_does_not_spoil_other_trials() -> None:
    ball = frobenius_ball(1.0)

    def breaks_beyond(point: Point) -> Tensor:
        ratio = linear(point)
        return torch.where((torch.arange(6) == 2) & (ratio > 0.5), torch.nan, ratio)

    attack = Attack(
        "gradient",
        lambda objective: projected_gradient_ascent(objective, start(ball), ball, steps=20),
    )
    found = search(
        breaks_beyond, [attack], random=candidates("random", [tuple(0 * x for x in start(ball))])
    )
    assert found.ratio.isnan().tolist() == [index == 2 for index in range(6)]
    assert_within(found.ratio[[0, 1, 3, 4, 5]], G.norm(dim=(1, 2))[[0, 1, 3, 4, 5]], 0.01)


def test_a_gradient_that_is_not_finite_is_no_step() -> None:
    ball = frobenius_ball(1.0)
    zero = (torch.zeros(6, *SHAPE, dtype=torch.float64),)
    found = projected_gradient_ascent(
        lambda point: point[0].square().sum((1, 2)).sqrt(), zero, ball, steps=3
    )
    assert found.ratio.tolist() == [0.0] * 6


def test_random_points_depend_on_their_stream_only() -> None:
    ball = sparse_unit_vectors(2)
    whole, part = (
        search(
            lambda point: point[0].square().sum(-1) + point[0].sum(-1),
            [],
            random=random_points(ball, trials, [(6,)], count=5),
        )
        for trials in (TRIALS, Trials(key=TRIALS.key, count=2, first=3))
    )
    assert torch.equal(whole.point[0][3:5], part.point[0])


def test_mistakes_are_refused() -> None:
    ball, nothing = frobenius_ball(1.0), candidates("random", [])
    with pytest.raises(ValueError, match="evaluated no point"):
        search(linear, [], random=nothing)
    with pytest.raises(ValueError, match="different names; got random, random"):
        search(linear, [nothing], random=nothing)
    with pytest.raises(ValueError, match="has no derivative in its point"):
        frank_wolfe(lambda point: (point[0] > 0).double().sum((1, 2)), start(ball), ball)
