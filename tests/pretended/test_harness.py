"""Every path of the harness on a device: equal to the CPU's to rounding."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from accelerator import CPU, counting_waits, install
from hypothesis import strategies as st
from support import draw_of, fresh_id, fresh_run
from torch import Tensor

from lemmata.harness import (
    Bound,
    Law,
    Mean,
    Trials,
    at_least,
    at_most,
    given,
    law_of,
    mean_of,
    statement,
    worst_of,
)
from lemmata.harness.adversary import (
    Region,
    attack,
    frobenius_ball,
    greedy_sign_flips,
    product_ball,
    quartic_row_ball,
    random_point,
    row_ball,
    schur_minimum,
    sparse_unit_vectors,
    spectral_ball,
    top_singular_pair,
    truncated_power,
)
from lemmata.harness.evaluation import Bounds, evaluate
from lemmata.harness.layers import gaussian_layer
from lemmata.harness.parts import judge_part, judge_twin
from lemmata.harness.randomness import key_of, random_words
from lemmata.harness.replay import replay_trial
from lemmata.harness.tokens import read_token

DEVICE = install()
KEY = key_of("pretended")
DEVICES = (CPU, DEVICE)


def close(found: Tensor, expected: Tensor, rtol: float = 1e-13) -> None:
    assert found.device == DEVICE
    torch.testing.assert_close(found.detach().cpu(), expected.detach(), rtol=rtol, atol=rtol)


@pytest.mark.parametrize(("first", "trials", "words"), [(0, 3, 9), (2**40, 2, 4), (5, 0, 3)])
def test_words_are_bit_for_bit_those_of_numpy(first: int, trials: int, words: int) -> None:
    here, there = (
        random_words(KEY, "w", first=first, trials=trials, words=words, device=device)
        for device in DEVICES
    )
    assert torch.equal(there.cpu(), here)


@pytest.mark.parametrize("law", ["normal", "uniform", "sphere"])
@pytest.mark.parametrize("shape", [(), (5,), (3, 4)])
def test_draws(law: str, shape: tuple[int, ...]) -> None:
    if law == "sphere" and not shape:
        pytest.skip("a sphere has a dimension")
    here, there = (
        getattr(Trials(key=KEY, first=7, count=3, device=device), law)("x", *shape)
        for device in DEVICES
    )
    close(there, here, rtol=1e-15)


def norms_part() -> tuple[object, object]:
    @statement(
        fresh_id(), source="Us, 1", title="t", says="$x$", kind="probability", specimens=[{"m": 4}]
    )
    @given(m=st.integers(1, 8))
    def norms(m: int, trials: Trials) -> Bound:
        g = trials.normal("g", m)
        return at_most(g.norm(dim=-1), 5.0 * m**0.5).except_with_probability(1e-6)

    @norms.twin("norms are small")
    def twin(m: int, trials: Trials) -> Bound:
        return at_most(trials.normal("g", m).norm(dim=-1), 0.5 * m**0.5).except_with_probability(
            1e-6
        )

    return norms, twin


def test_a_part_is_judged_as_on_the_cpu() -> None:
    part, twin = norms_part()
    runs = [fresh_run(profile="quick", device=device) for device in DEVICES]
    assert [judge_part(run, part).verdict for run in runs] == ["holds", "holds"]
    assert [judge_twin(run, twin).verdict for run in runs] == ["refuted", "refuted"]


def test_a_trial_of_the_device_is_replayed_on_the_cpu() -> None:
    part, _ = norms_part()
    draw = draw_of(part, {"m": 4}, run=fresh_run(device=DEVICE))
    block = evaluate(draw, first=0, count=3)
    assert isinstance(block, Bounds)
    for trial in range(3):
        replayed = replay_trial(read_token(draw.token(trial))).claim
        assert float(replayed.ratio[0]) == pytest.approx(block.ratio[trial], rel=1e-14)


def test_batches_are_planned_and_halved_when_memory_runs_out() -> None:
    seen: list[int] = []

    @statement(fresh_id(), source="Us, 2", title="t", says="$x$", kind="inequality")
    @given(m=st.integers(1, 8))
    def fits_in_fives(m: int, trials: Trials) -> Bound:
        seen.append(len(trials))
        drawn = trials.normal("g", m)
        if trials.device == DEVICE and len(trials) > 5:
            raise torch.OutOfMemoryError("out of memory")
        return at_least(drawn.norm(dim=-1), 0.0).reporting(norm=drawn.norm(dim=-1))

    def found(device: torch.device) -> Bounds:
        run = fresh_run(device=device)
        block = evaluate(draw_of(fits_in_fives, {"m": 3}, run=run), first=0, count=40)
        assert isinstance(block, Bounds)
        return block

    here, there = found(CPU), found(DEVICE)
    assert max(seen) > 5, "a larger batch was tried, and halved"
    np.testing.assert_allclose(there.reports["norm"], here.reports["norm"], rtol=1e-14)


def test_means_and_laws() -> None:
    import scipy.stats

    @statement(fresh_id(), source="Us, 3", title="t", says="$x$", kind="mean")
    @given(m=st.integers(1, 8))
    def mean(m: int, trials: Trials) -> Mean:
        return mean_of(trials.normal("g", m), 0.0)

    @statement(fresh_id(), source="Us, 4", title="t", says="$x$", kind="law")
    @given(m=st.integers(1, 8))
    def law(m: int, trials: Trials) -> Law:
        return law_of(trials.normal("g", m), scipy.stats.norm())

    for part in (mean, law):
        here, there = (
            evaluate(draw_of(part, {"m": 2}, run=fresh_run(device=device)), first=0, count=9)
            for device in DEVICES
        )
        np.testing.assert_allclose(there.values, here.values, rtol=1e-14)


@pytest.mark.parametrize("kind", ["dense", "matrix-free"])
def test_layers(kind: str) -> None:
    def found(device: torch.device) -> list[Tensor]:
        trials = Trials(key=KEY, count=4, device=device, layers=kind)
        layer = gaussian_layer(trials, "W", 6, 5, variance=0.5)
        v = trials.normal("v", 5, 2)
        v[2, :, 1] = v[2, :, 0]
        answers = [layer.apply(v), layer.apply(v), layer.apply_transpose(trials.normal("u", 6, 3))]
        moved = layer.add_low_rank(trials.normal("l", 6, 1), trials.normal("r", 5, 1))
        masked = moved.restrict(rows=trials.uniform("mask", 6) > 0.3).scale(2.0)
        leaf = trials.normal("x", 5, 2).requires_grad_()
        (gradient,) = torch.autograd.grad(masked.apply(leaf).relu().sum(), leaf)
        many = layer.apply(trials.normal("w", 5, 9))
        return [*answers, gradient, many, masked.materialise(), layer.apply(v)]

    here, there = found(CPU), found(DEVICE)
    for one, other in zip(there, here, strict=True):
        close(one, other, rtol=1e-12)


def test_a_matrix_free_query_waits_once() -> None:
    trials = Trials(key=KEY, count=4, device=DEVICE, layers="matrix-free")
    layer = gaussian_layer(trials, "W", 30, 20, variance=1.0)
    v = trials.normal("v", 20, 3)
    for block in (
        v,
        trials.normal("w", 20, 2),
        v,
        torch.cat((v, trials.normal("x", 20, 1)), dim=2),
    ):
        with counting_waits() as waits:
            layer.apply(block)
        assert sum(waits.values()) == 1, waits


BALLS = {
    "spectral": spectral_ball(0.5),
    "frobenius": frobenius_ball(0.5),
    "row": row_ball(0.5),
    "quartic row": quartic_row_ball(0.5),
    "sparse": sparse_unit_vectors(2),
}


@pytest.mark.parametrize("name", BALLS)
def test_the_adversary_finds_the_same(name: str) -> None:
    ball = BALLS[name]
    shape = (5,) if name == "sparse" else (6, 5)

    def found(device: torch.device) -> Bound:
        trials = Trials(key=KEY, count=4, device=device)
        target = trials.normal("G", *shape)

        def claim(point: Tensor) -> Bound:
            inner = (target * point).flatten(1).sum(1) + point.square().flatten(1).sum(1)
            return at_most(inner.exp(), 1.0)

        def inside(point: Tensor) -> Tensor:
            return ball.project((point,))[0]

        starts = {"target": inside(target), "random": random_point(ball, trials, "s", [shape])[0]}
        options = {"steps": 6, "climb_steps": 6, "trials": trials.stream("moves")}
        return attack(claim, starts=starts, within=Region(within=inside), **options)

    here, there = found(CPU), found(DEVICE)
    close(there.ratio, here.ratio, rtol=1e-9)
    assert there.attacks.keys() == here.attacks.keys()
    assert there.found_by() == here.found_by()


def test_attacks_by_structure() -> None:
    def found(device: torch.device) -> list[Tensor]:
        trials = Trials(key=KEY, count=4, device=device)
        M, g = trials.normal("M", 6, 5), trials.normal("g", 6)
        Q = M.mT @ M
        pair = top_singular_pair(
            lambda v: M @ v, lambda u: M.mT @ u, trials.normal("s", 5), rounds=20
        )
        sparse = truncated_power(
            lambda v: M @ v,
            lambda u: M.mT @ u,
            trials.normal("starts", 5, 3),
            sparsity_left=3,
            sparsity_right=None,
            rounds=9,
        )
        flips = greedy_sign_flips(g, g, 0.5 * trials.uniform("budget"))
        both = product_ball(spectral_ball(1.0), frobenius_ball(1.0))
        inside = both.project((M, Q))
        least = schur_minimum(trials.normal("P", 8, 6).mT @ trials.normal("P", 8, 6), 2)
        bounds = worst_of(one=at_most(g.norm(dim=1), 9.0), two=at_most(g.abs(), 3.0))
        return [*pair, *sparse, *flips, *inside, *least, bounds.ratio]

    for one, other in zip(found(DEVICE), found(CPU), strict=True):
        if other.is_floating_point():
            close(one, other, rtol=1e-9)
        else:
            assert torch.equal(one.cpu(), other)
