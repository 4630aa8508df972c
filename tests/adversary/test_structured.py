"""Structured attacks against brute force.

Sign flips, merged signs, rank-one moves, Schur complements.
"""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from lemmata.harness.adversary import (
    LowRank,
    ascended,
    greedy_sign_flips,
    merge_signs,
    polar_factor,
    rank_one_along_hidden,
    region_of,
    schur_minimum,
    smallest_moving,
    unit_vectors,
)
from lemmata.harness.layers import gaussian_layer
from lemmata.harness.randomness import key_of
from lemmata.harness.trials import Trials

COUNT = 16
TRIALS = Trials(key=key_of("test", "structured"), count=COUNT)
fast = settings(max_examples=25, deadline=None, derandomize=True, database=None)


def most_flips(g: Tensor, b: Tensor, budget: Tensor) -> Tensor:
    """Return the largest number of signs of g that differ from those of b + change, over all
    sets of coordinates moved to zero."""
    m = g.shape[1]
    subsets = torch.tensor(
        [[mask >> k & 1 for k in range(m)] for mask in range(2**m)], dtype=torch.bool
    )
    differs = (b >= 0) != (g >= 0)
    cost = torch.where(differs, 0.0, b.abs())
    affordable = subsets.double() @ cost.square().mT <= budget.square()
    return torch.where(affordable, (subsets[:, None] | differs).sum(-1), 0).amax(0)


@fast
@given(m=st.integers(1, 10), distance=st.floats(0, 2), budget=st.floats(0, 3))
def test_greedy_sign_flips_are_as_many_as_brute_force_finds(
    m: int, distance: float, budget: float
) -> None:
    g = TRIALS.normal("g", m)
    b = g + distance * TRIALS.normal("move", m)
    flips = greedy_sign_flips(g, b, budget * TRIALS.uniform("budget"))
    limit = budget * TRIALS.uniform("budget")
    assert (flips.change.norm(dim=1) <= limit * (1 + 1e-12)).all()
    assert torch.equal(flips.flipped, (b + flips.change >= 0) != (g >= 0))
    assert torch.equal(flips.flipped.sum(1), most_flips(g, b, limit / (1 + 1e-9)))


def test_ineligible_neurons_are_left_alone() -> None:
    g = TRIALS.normal("g", 20)
    flips = greedy_sign_flips(g, g, torch.full((COUNT,), 1.0, dtype=torch.float64), eligible=g >= 0)
    assert flips.flipped.any(dim=1).all()
    assert not (flips.flipped & (g < 0)).any()


def test_flips_are_realised_by_an_update_of_the_layer_inside_the_ball() -> None:
    layer = gaussian_layer(TRIALS, "W", 30, 20, variance=2 / 30)
    hidden = TRIALS.normal("h", 20).relu()
    g = layer.apply(hidden.unsqueeze(-1)).squeeze(-1)
    flips = greedy_sign_flips(g, g, 0.3 * hidden.norm(dim=1))
    update = smallest_moving(hidden, flips.change)
    assert (torch.linalg.matrix_norm(update.materialise(), 2) <= 0.3 * (1 + 1e-12)).all()
    moved = layer.add_low_rank(*update).apply(hidden.unsqueeze(-1)).squeeze(-1)
    assert torch.equal((moved >= 0) != (g >= 0), flips.flipped)
    assert (flips.flipped.sum(1) > 0).all()


def test_rank_one_moves_have_the_radius_and_move_along_the_direction() -> None:
    direction, hidden = TRIALS.normal("u", 6), TRIALS.normal("h", 5)
    radius = torch.linspace(0.1, 2, COUNT, dtype=torch.float64)
    W = rank_one_along_hidden(direction, hidden, radius).materialise()
    torch.testing.assert_close(torch.linalg.matrix_norm(W, 2), radius)
    moved = torch.einsum("tij,tj->ti", W, hidden)
    torch.testing.assert_close(
        moved, direction * (radius * hidden.norm(dim=1) / direction.norm(dim=1))[:, None]
    )
    assert (rank_one_along_hidden(direction, 0 * hidden, 1.0).materialise() == 0).all()


@pytest.mark.parametrize("rank", [1, 3])
def test_the_polar_factor_attains_the_nuclear_norm(rank: int) -> None:
    gradient = LowRank(TRIALS.normal("left", 8, rank), TRIALS.normal("right", 6, rank))
    step, dense = polar_factor(gradient).materialise(), gradient.materialise()
    torch.testing.assert_close((step * dense).sum((1, 2)), torch.linalg.svdvals(dense).sum(-1))
    torch.testing.assert_close(
        torch.linalg.matrix_norm(step, 2), torch.ones(COUNT, dtype=torch.float64)
    )


@pytest.mark.parametrize("budget", [0.01, 0.1, 0.5, 10.0])
def test_merged_signs_agree_and_are_as_many_as_the_budget_allows(budget: float) -> None:
    layer = gaussian_layer(TRIALS, "W", 40, 20, variance=2 / 40)
    H = TRIALS.normal("H", 20, 2)
    H[..., 1] = H[..., 0] + 0.7 * H[..., 1]
    H = H.relu()
    before = layer.apply(H)
    merge = merge_signs(
        before[..., 0],
        before[..., 1],
        H[..., 0],
        H[..., 1],
        torch.full((COUNT,), budget, dtype=torch.float64),
    )
    after = layer.add_low_rank(*merge.update).apply(H)
    differed, differ = ((x[..., 0] >= 0) != (x[..., 1] >= 0) for x in (before, after))
    assert (merge.update.materialise().norm(dim=(1, 2)) <= budget * (1 + 1e-12)).all()
    assert torch.equal(differ, differed & ~merge.merged)
    cost = (before.abs() / H.norm(dim=1, keepdim=True)).amin(-1)
    cheapest = (
        torch.where(differed, cost, torch.inf).sort(dim=1).values.square().cumsum(1)
        <= budget**2 / (1 + 1e-9) ** 2
    )
    assert torch.equal(merge.merged.sum(1), cheapest.sum(1))
    if budget == 10.0:
        assert not differ.any()


def test_a_dead_example_is_merged_with_at_no_harm() -> None:
    g, h = TRIALS.normal("g", 6), TRIALS.normal("h", 5).relu()
    merge = merge_signs(g, 0 * g, h, 0 * h, torch.full((COUNT,), 10.0, dtype=torch.float64))
    assert merge.update.materialise().isfinite().all()
    assert torch.equal(merge.merged, g < 0)


@pytest.mark.parametrize(("blocks", "size"), [(1, 3), (3, 1), (3, 2), (4, 3)])
def test_the_schur_minimum_is_what_optimisation_finds(blocks: int, size: int) -> None:
    factor = TRIALS.normal("factor", 3 * blocks * size, blocks * size)
    Q = factor.mT @ factor
    exact = schur_minimum(Q, size)

    def quotients(v: Tensor) -> Tensor:
        return (
            v.reshape(COUNT, blocks, size).square().sum(-1)
            / torch.einsum("ti,tij,tj->t", v, Q, v)[:, None]
        )

    torch.testing.assert_close(
        quotients(exact.minimiser)[torch.arange(COUNT), exact.block],
        1 / exact.value,
        rtol=1e-8,
        atol=0,
    )
    torch.testing.assert_close(exact.value, exact.by_block.amin(1), rtol=1e-8, atol=0)
    start, sphere = TRIALS.sphere("start", blocks * size), region_of(unit_vectors())
    goals = [lambda point, i=i: quotients(point)[:, i] for i in range(blocks)]
    reached = [goal(ascended(goal, start, sphere, steps=400, rate=0.1)) for goal in goals]
    searched = torch.stack(reached, dim=1)
    assert (searched <= (1 + 1e-9) / exact.by_block).all()
    assert (searched >= 0.99 / exact.by_block).all()


def test_the_schur_minimum_of_a_singular_form_is_rounding() -> None:
    factor = TRIALS.normal("factor", 3, 6)
    exact = schur_minimum(factor.mT @ factor, 2)
    assert (exact.value.abs() < 1e-12).all()
    norms = exact.minimiser.reshape(COUNT, 3, 2).norm(dim=-1)[torch.arange(COUNT), exact.block]
    torch.testing.assert_close(norms, torch.ones(COUNT, dtype=torch.float64))


def test_a_block_that_does_not_divide_is_refused() -> None:
    with pytest.raises(ValueError, match="block must divide the size 3 of Q; got 2"):
        schur_minimum(torch.eye(3, dtype=torch.float64)[None], 2)
