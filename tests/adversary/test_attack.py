"""Does the attack find a planted maximum, within a stated share and number of steps?"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from lemmata.harness import Bound, at_most
from lemmata.harness.adversary import (
    Ball,
    Chart,
    Region,
    ascended,
    attack,
    best_along_path,
    climbed,
    frobenius_ball,
    quartic_row_ball,
    random_point,
    region_of,
    row_ball,
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


def linear(point: Tensor) -> Tensor:
    return (G * point).sum((1, 2))


def bound(point: Tensor) -> Bound:
    return at_most(linear(point), 1.0)


def rayleigh(point: Tensor) -> Tensor:
    return torch.einsum("tij,tj->ti", M, point).norm(dim=-1)


def start(ball: Ball, shape: tuple[int, ...] = SHAPE) -> Tensor:
    return random_point(ball, TRIALS, "start", [shape])[0]


def assert_within(found: Tensor, maximum: Tensor, share: float) -> None:
    assert (found <= maximum * (1 + 1e-10)).all()
    assert (found >= maximum * (1 - share)).all(), float((found / maximum).min())


@pytest.mark.parametrize(("ball", "dual"), LINEAR, ids=lambda value: getattr(value, "name", ""))
def test_an_ascent_finds_the_worst_point_of_a_ball(ball: Ball, dual: Tensor) -> None:
    found = attack(bound, starts={"random": start(ball)}, within=ball, steps=150, rate=0.05)
    assert_within(found.ratio, RADIUS * dual, 0.02)
    assert set(found.attacks) == {"random", "ascent"}
    assert (found.attacks["ascent"] > 1.2 * found.attacks["random"]).all()
    assert set(found.found_by()) == {"ascent"}


def test_an_ascent_finds_the_top_singular_value_among_unit_vectors() -> None:
    sphere = region_of(unit_vectors())
    point = ascended(rayleigh, start(unit_vectors(), (6,)), sphere, steps=300, rate=0.05)
    assert_within(rayleigh(point), torch.linalg.svdvals(M)[:, 0], 0.01)
    torch.testing.assert_close(point.norm(dim=-1), torch.ones(6, dtype=torch.float64))


def test_random_moves_need_no_derivative() -> None:
    def steps(point: Tensor) -> Tensor:
        return (4.0 * rayleigh(point)).round()

    first = start(unit_vectors(), (6,))
    point = climbed(steps, first, region_of(unit_vectors()), TRIALS, steps=200)
    assert (steps(point) >= steps(first)).all()
    assert (steps(point) > steps(first)).any()


def test_a_chart_and_a_penalty_keep_a_climb_inside() -> None:
    inside = Region(
        chart=Chart(to=lambda x: (x.log(),), back=lambda moved: moved[0].exp()),
        accept=lambda x: x[:, 0] <= 2.0,
        penalty=lambda x: (x[:, 0] - 2.0).relu(),
    )
    first = torch.ones(4, 1, dtype=torch.float64)
    point = ascended(lambda x: x[:, 0], first, inside, steps=300, rate=0.05)
    assert ((point > 1.9) & (point <= 2.0)).all()
    found = attack(
        lambda x: at_most(x[:, 0], 1.0),
        starts={"inside": first, "outside": 5.0 * first},
        within=inside,
        steps=0,
    )
    assert found.ratio.tolist() == [1.0] * 4
    assert found.attacks["outside"].tolist() == [0.0] * 4


def test_points_outside_claim_nothing_and_nan_surfaces() -> None:
    nowhere = Region(accept=lambda x: torch.zeros(len(x), dtype=torch.bool))
    first = torch.ones(3, 1, dtype=torch.float64)
    found = attack(lambda x: at_most(x[:, 0], 0.5), starts={"a": first}, within=nowhere, steps=0)
    assert not found.claims.any()
    broken = attack(
        lambda x: at_most(x[:, 0] / 0.0 * 0.0, 1.0), starts={"a": first}, within=nowhere, steps=0
    )
    assert broken.ratio.isnan().all()


def test_a_nan_inside_an_ascent_surfaces_and_does_not_spoil_other_trials() -> None:
    def breaks_beyond(point: Tensor) -> Tensor:
        ratio = linear(point)
        return torch.where((torch.arange(6) == 2) & (ratio > 0.5), torch.nan, ratio)

    ball = frobenius_ball(1.0)
    found = attack(
        lambda x: at_most(breaks_beyond(x), 1.0),
        starts={"random": start(ball) * 0.01},
        within=ball,
        steps=150,
        rate=0.05,
    )
    assert found.ratio.isnan().tolist() == [index == 2 for index in range(6)]
    others = [0, 1, 3, 4, 5]
    assert_within(found.ratio[others], G.norm(dim=(1, 2))[others], 0.02)


def test_nobody_climbs_where_enough_is_found() -> None:
    calls = []

    def counted(point: Tensor) -> Bound:
        calls.append(len(point))
        return at_most(point[:, 0], 1.0)

    first = torch.full((3, 1), 9.0, dtype=torch.float64)
    found = attack(counted, starts={"a": first}, steps=50, enough=2.0)
    assert (len(calls), set(found.attacks)) == (1, {"a"})


def test_further_points_are_made_only_where_something_is_left_to_show() -> None:
    first = torch.ones(3, 1, dtype=torch.float64)
    found = attack(
        lambda x: at_most(x[:, 0], 1.0),
        starts={"a": first},
        further={"twice": lambda: 2.0 * first},
        steps=0,
    )
    assert found.ratio.tolist() == [2.0] * 3
    assert found.found_by() == ["twice"] * 3


def test_the_best_of_a_path_is_kept_trial_by_trial() -> None:
    path = [torch.tensor([[1.0], [5.0]]), torch.tensor([[3.0], [1.0]])]
    assert best_along_path(lambda x: x[:, 0], path).tolist() == [[3.0], [5.0]]


def test_random_points_depend_on_their_stream_only() -> None:
    ball = sparse_unit_vectors(2)
    part = Trials(key=TRIALS.key, count=2, first=3)
    whole, some = (random_point(ball, trials, "x", [(6,)])[0] for trials in (TRIALS, part))
    assert torch.equal(whole[3:5], some)


@pytest.mark.parametrize(
    "make",
    [
        lambda: attack(bound, starts={}),
        lambda: attack(bound, starts={"a": G}, ascend=("b",)),
        lambda: attack(bound, starts={"a": G}, climb_steps=3),
    ],
)
def test_mistakes_are_refused(make: Callable[[], Bound]) -> None:
    with pytest.raises(ValueError, match=r"start|trials="):
        make()
