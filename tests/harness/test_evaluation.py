"""Evaluation.

Trials do not depend on batches or threads; what runs out of memory is halved; what breaks says
where.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support import draw_of, fresh_id

from lemmata.harness import Along, Part, Trials, at_most, equal, statement
from lemmata.harness import given as drawn
from lemmata.harness.evaluation import (
    Bounds,
    BrokenStatement,
    Discarded,
    evaluate,
    price_of,
    settle_price,
)
from lemmata.harness.judging import judge_instance
from lemmata.harness.judging_grids import judge_grid
from lemmata.harness.layers import gaussian_layer
from lemmata.harness.profiles import PROFILES
from lemmata.harness.run import Run


def part_of_check(check, **options) -> Part:
    return statement(
        fresh_id(), source="planted, x", title="planted", says="$x$", kind="inequality", **options
    )(drawn(m=st.integers(1, 64))(check))


def network(m: int, trials: Trials):
    layer = gaussian_layer(trials, "W", m, m, variance=2.0 / m)
    h = layer.apply(trials.normal("h", m, 3)).relu()
    return (
        at_most(layer.apply_transpose(h).norm(dim=1), 4.0)
        .reporting(norm=h.norm(dim=(1, 2)))
        .with_curves(h=h[:, :, 0])
    )


@pytest.mark.parametrize("layers", ["dense", "matrix-free"])
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.nested_given])
@given(m=st.integers(1, 40), split=st.integers(1, 47))
def test_results_do_not_depend_on_the_batch(layers: str, m: int, split: int) -> None:
    part = part_of_check(network, layers=("dense", "matrix-free"))
    run = Run(profile=PROFILES["default"], layers=layers)
    whole = evaluate(draw_of(part, {"m": m}, run=run), first=0, count=48)
    parts = [
        evaluate(draw_of(part, {"m": m}, run=run), first=0, count=split),
        evaluate(draw_of(part, {"m": m}, run=run), first=split, count=48 - split),
    ]
    assert np.allclose(whole.ratio, np.concatenate([piece.ratio for piece in parts]), rtol=1e-10)
    assert np.allclose(
        whole.curves["h"],
        np.concatenate([piece.curves["h"] for piece in parts]),
        rtol=1e-8,
        atol=1e-10,
    )


@pytest.mark.parametrize("threads", [1, 2])
def test_results_do_not_depend_on_the_threads(threads: int) -> None:
    part = part_of_check(network)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        found = evaluate(draw_of(part, {"m": 64}), first=0, count=32)
    finally:
        torch.set_num_threads(before)
    assert isinstance(found, Bounds)
    assert found.ratio == pytest.approx(
        evaluate(draw_of(part, {"m": 64}), first=0, count=32).ratio, rel=1e-12
    )


def test_the_global_generator_is_never_touched() -> None:
    state = torch.get_rng_state()
    evaluate(draw_of(part_of_check(network), {"m": 8}), first=0, count=32)
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize(
    "problem",
    [
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes"),
    ],
)
def test_a_batch_that_does_not_fit_is_halved(problem: Exception) -> None:
    sizes = []

    def greedy(m: int, trials: Trials):
        sizes.append(len(trials))
        if len(trials) > 5:
            raise problem
        return at_most(trials.normal("g", m).norm(dim=-1), 9.0)

    part = part_of_check(greedy)
    found = evaluate(draw_of(part, {"m": 2}), first=0, count=20)
    assert len(found) == 20
    assert sizes[:3] == [16, 8, 4]
    alone = [
        evaluate(draw_of(part, {"m": 2}), first=trial, count=1).ratio[0] for trial in range(20)
    ]
    assert found.ratio == pytest.approx(alone)


def test_one_trial_that_does_not_fit_is_one_sentence() -> None:
    def hopeless(m: int, trials: Trials):
        raise MemoryError

    with pytest.raises(
        BrokenStatement, match="does not fit into memory at m = 2: draw smaller sizes"
    ):
        evaluate(draw_of(part_of_check(hopeless), {"m": 2}), first=0, count=4)


@pytest.mark.parametrize(
    ("returned", "sentence"),
    [
        (lambda trials: 3, "returned int, which is no claim"),
        (lambda trials: equal(torch.ones(3), 1.0, roundings=1), "returned 3 trials in place of 16"),
    ],
)
def test_what_is_no_claim_is_one_sentence(returned, sentence: str) -> None:
    def odd(m: int, trials: Trials):
        return returned(trials)

    with pytest.raises(BrokenStatement, match=sentence):
        evaluate(draw_of(part_of_check(odd), {"m": 2}), first=0, count=16)


def test_an_instance_that_is_assumed_away_is_discarded() -> None:
    def picky(m: int, trials: Trials):
        assume(m > 5)
        return at_most(trials.normal("g", m).norm(dim=-1), 9.0)

    with pytest.raises(Discarded):
        evaluate(draw_of(part_of_check(picky), {"m": 2}), first=0, count=16)


def test_a_price_is_asked_for_where_a_first_look_leaves_something_open() -> None:
    def check(m: int, trials: Trials, *, factor: float = 2.0):
        return at_most(trials.uniform("x"), factor)

    part = part_of_check(check)
    for factor, known in ((0.0, False), (2.0, True)):
        run = Run(profile=PROFILES["default"])
        judge_instance(draw_of(part.twin(f"at {factor}", factor=factor), {"m": 3}, run=run))
        assert bool(run.prices.known) is known


@pytest.mark.parametrize("spread", [0.01, 3.0])
def test_a_grid_is_priced_only_where_it_is_undecided(spread: float) -> None:
    def check(m: int, trials: Trials):
        return at_most(m * (spread * trials.normal("x")).exp(), 1.0 * m)

    along = Along(
        variable="m", sizes=(2, 4, 8), instance=lambda m: {"m": m}, at_most=0.2, trials=16
    )
    run = Run(profile=PROFILES["default"])
    part = part_of_check(check)
    judged = judge_grid(run, part, along)
    first = len(along.sizes) * 32
    assert (judged.verdict.trials > first) is (spread > 1.0) is bool(run.prices.known)


@pytest.mark.parametrize(("profile", "share"), [("quick", 4), ("default", 4)])
def test_an_undecided_grid_is_drawn_on_whatever_it_costs(profile: str, share: int) -> None:
    def check(m: int, trials: Trials):
        return at_most(m * (3.0 * trials.normal("x")).exp(), 1.0 * m)

    along = Along(
        variable="m", sizes=(2, 4, 8), instance=lambda m: {"m": m}, at_most=0.2, trials=64
    )
    run = Run(profile=PROFILES[profile])
    judged = judge_grid(run, part_of_check(check, cost=1e12), along)
    assert judged.verdict.trials == 3 * 64 * share


def power_law(exponent: float, spread: float):
    def check(m: int, trials: Trials):
        noise = (spread * trials.normal("x")).exp()
        return at_most(m**exponent * noise, 1.0)

    grid = Along(
        variable="m", sizes=(2, 16, 4, 8), instance=lambda m: {"m": m}, at_most=0.2, trials=16
    )
    return part_of_check(check), grid


@pytest.mark.parametrize(
    ("profile", "exponent", "spread", "drawn"),
    [
        ("quick", 0.0, 0.01, [2, 4, 8]),
        ("quick", 0.0, 1.0, [2, 16, 4, 8]),
        ("quick", 1.0, 0.01, [2, 16, 4, 8]),
        ("default", 0.0, 0.01, [2, 16, 4, 8]),
    ],
)
def test_a_quick_run_draws_the_largest_size_of_a_grid_where_the_others_do_not_do(
    profile: str, exponent: float, spread: float, drawn: list[int]
) -> None:
    part, grid = power_law(exponent, spread)
    judged = judge_grid(Run(profile=PROFILES[profile]), part, grid)
    assert [point.size for point in judged.verdict.points] == drawn
    assert len(judged.blocks) == len(drawn)
    assert (judged.verdict.verdict == "refuted") is (exponent == 1.0)


def test_a_twin_is_refuted_without_the_largest_size() -> None:
    part, grid = power_law(1.0, 0.01)
    judged = judge_grid(Run(profile=PROFILES["quick"]), part.twin("itself")(part.check), grid)
    assert judged.verdict.verdict == "refuted"
    assert [point.size for point in judged.verdict.points] == [2, 4, 8]


def test_a_twin_near_the_claim_is_drawn_on() -> None:
    part, grid = power_law(0.0, 0.01)
    judged = judge_grid(Run(profile=PROFILES["quick"]), part.twin("itself")(part.check), grid)
    assert judged.verdict.verdict == "holds"
    assert [point.trials for point in judged.verdict.points] == [4 * 16] * 4


def test_a_price_is_settled_once() -> None:
    called: list[int] = []

    def check(m: int, trials: Trials):
        called.append(trials.count)
        return at_most(trials.uniform("x"), 1.0)

    draw = draw_of(part_of_check(check), {"m": 3})
    evaluate(draw, first=0, count=48, priced=False)
    assert called == [32, 16]
    settle_price(draw)
    settle_price(draw)
    assert called == [32, 16, 16]
    assert price_of(draw).work > 1.0
