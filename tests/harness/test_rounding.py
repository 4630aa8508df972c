"""A violation counts where it is larger than what rounding does to its sides."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from scipy import stats
from support import draw_of, fresh_id, outcome_of, planted

from lemmata.harness import Bound, Trials, at_least, at_most, equal, given, statement
from lemmata.harness.evaluation import evaluate
from lemmata.harness.judging import judge_instance
from lemmata.harness.rounding import (
    _COARSER,
    _SAME,
    _comes_back,
    _is_counted,
    _larger,
    _spreads,
    granted,
)
from lemmata.harness.stochastic import _RUNNING
from lemmata.harness.thresholds import failing, threshold_of

SINGULAR = ((1.0, 2.0, 3.0), (2.0, 4.0, 6.0), (3.0, 6.0, 9.0))


def _on_one(check, kind: str = "inequality"):
    return judge_instance(draw_of(planted(check, kind=kind), {"m": 1})).verdict.verdict


def _singular(trials: Trials) -> torch.Tensor:
    return trials.every(trials.tensor(SINGULAR) / 7.0)


def test_an_eigenvalue_that_is_zero_but_for_rounding_accuses_nobody() -> None:
    def check(m: int, trials: Trials) -> Bound:
        return at_least(torch.linalg.eigvalsh(_singular(trials) @ _singular(trials)).amin(-1), 0.0)

    assert _on_one(check) in ("holds", "undecided")


def test_singular_values_that_are_zero_but_for_rounding_are_not_compared() -> None:
    """Both sides are about 1e-16; which one is larger says nothing."""

    def check(m: int, trials: Trials) -> Bound:
        values = torch.linalg.svdvals(_singular(trials))
        return at_most(values[:, 1:], values[:, 1:].flip(-1))

    assert _on_one(check) in ("holds", "undecided")


def test_a_difference_that_cancels_accuses_nobody() -> None:
    def check(m: int, trials: Trials) -> Bound:
        x = trials.uniform("x", 8)
        return at_most((x.sum(-1) - x.flip(-1).cumsum(-1)[:, -1]).abs(), 0.0)

    assert _on_one(check) == "undecided"


@pytest.mark.parametrize("size", [1e-6, 1e-3, 1.0])
def test_a_negative_eigenvalue_refutes_however_small_against_the_scale(size: float) -> None:
    def check(m: int, trials: Trials) -> Bound:
        shifted = _singular(trials) - size * torch.eye(3, dtype=torch.float64)
        return at_least(torch.linalg.eigvalsh(shifted).amin(-1), 0.0)

    assert _on_one(check) == "refuted"


@pytest.mark.parametrize("scale", [1e-100, 1e-20, 1.0, 1e20])
def test_a_factor_two_refutes_on_every_scale(scale: float) -> None:
    def check(m: int, trials: Trials) -> Bound:
        return at_most(2 * scale * trials.uniform("x"), scale * trials.uniform("x"))

    assert _on_one(check) == "refuted"


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_sides_that_are_equal_to_rounding_decide_nothing_whatever_their_sign(sign: float) -> None:
    def check(m: int, trials: Trials) -> Bound:
        x = sign * (1 + trials.uniform("x"))
        return at_most(x + 2.0**-52, x)

    assert _on_one(check) == "undecided"


def test_an_identity_says_itself_what_rounding_it_grants() -> None:
    def check(m: int, trials: Trials) -> Bound:
        x = 1 + trials.uniform("x")
        return equal(x * (1 + 2.0**-48), x, roundings=4)

    assert _on_one(check, kind="identity") == "refuted"


def test_a_violation_stands_beside_artefacts() -> None:
    """Half of the trials violate by rounding only, infinitely; the others by a factor 2."""

    def check(m: int, trials: Trials) -> Bound:
        x = trials.uniform("x")
        even = trials.signs("s") > 0
        artefact = (x * 3.0 - (x + x) - x).abs() + 1e-17 * x
        return at_most(torch.where(even, artefact, 2.0 * x), torch.where(even, 0.0, x))

    draw = draw_of(planted(check, kind="inequality"), {"m": 1})
    bounds = evaluate(draw, first=0, count=64)
    threshold = threshold_of(draw.subject, bounds)
    left = granted(draw, bounds, threshold)
    assert failing(left, threshold).any()
    assert (left.bound[failing(left, threshold)][:1] > 0).all()


def test_a_violation_stands_beside_a_point_that_is_zero_but_for_rounding() -> None:
    """There the worst entry is another one in most repetitions, and its ratio infinite."""

    def check(m: int, trials: Trials) -> Bound:
        x = trials.uniform("x")
        cancels = (x / 3.0 + x / 3.0 + x / 3.0 - x).abs()
        nothing = torch.where(cancels < 1e-15, torch.zeros_like(x), cancels)
        return at_most(torch.stack([2.0 * x, nothing], 1), torch.stack([x, 0.0 * x], 1))

    assert _on_one(check) == "refuted"


def test_an_equality_of_copies_is_exact() -> None:
    """What is selected is equal to where it came from."""

    def check(m: int, trials: Trials) -> Bound:
        x = trials.normal("x", 4)
        chosen = (x == x.amax(-1, keepdim=True)).double().sum(-1)
        return at_most(chosen + 1.0, torch.ones(len(trials), dtype=torch.float64) * 1.5)

    assert _on_one(check) == "refuted"


def test_negative_sides_have_a_ratio_that_can_be_climbed() -> None:
    x = torch.tensor([-2.0, -1.0, -0.5, 0.0], dtype=torch.float64)
    assert at_most(x, -1.0).ratio.tolist() == [0.5, 1.0, 2.0, float("inf")]
    assert at_least(x, -1.0).ratio.tolist() == [2.0, 1.0, 0.5, 0.0]


def test_the_search_does_not_slip_to_an_infinite_ratio() -> None:
    """The claim fails by a factor from 3 on, and degenerately at 0, where shrinking would end."""

    def check(x: float, trials: Trials) -> Bound:
        measured, bound = (1.0, 0.0) if x == 0.0 else (2.0 if x >= 3.0 else 0.5, 1.0)
        return at_most(trials.every(trials.tensor(measured)), bound)

    made = statement(fresh_id(), source="planted, x", title="x", says="$x$", kind="inequality")
    found = outcome_of(made(given(x=st.integers(0, 30).map(lambda k: float(k or 30)))(check)))
    assert found.verdict == "refuted"
    assert found.refutation is not None
    assert found.refutation.sides.ratio == 2.0


@pytest.mark.parametrize("repetitions", range(2, 13))
def test_the_fewer_the_repetitions_the_further_a_violation_must_lie(repetitions: int) -> None:
    """What rounding brings about 0 on both sides stands as rarely after two as after twelve."""
    needed = _spreads(repetitions)
    chance = stats.t.sf(needed * math.sqrt(repetitions), repetitions - 1)
    assert chance == pytest.approx(stats.t.sf(4.0 * math.sqrt(12), 11), rel=0.01)
    noise = torch.randn(repetitions, 100_000, generator=torch.Generator().manual_seed(7)).double()
    assert not _larger(list(noise.numpy())).any()


def test_what_is_counted_does_not_stand_because_it_came_back_twice() -> None:
    gaps = list(np.ones((4, 1)))
    assert not _larger(gaps[:2]).any()
    assert not _larger(gaps).any()
    assert _is_counted(gaps).all()
    assert not _is_counted([*gaps, np.zeros(1)]).any()


def test_a_twin_stands_after_one_coarser_evaluation_and_a_part_after_32() -> None:
    evaluated: list[int] = []

    def check(m: int, trials: Trials, *, factor: float = 2.0) -> Bound:
        evaluated.append(1)
        return at_most(factor * (1.0 + trials.uniform("x")), 1.0 + trials.uniform("x"))

    made = statement(
        fresh_id(), source="x", title="x", says="$x$", kind="inequality", expect="refuted"
    )
    part = made(given(m=st.just(1))(check))
    times = []
    for subject in (part, part.twin("thrice", factor=3.0)):
        draw = draw_of(subject, {"m": 1})
        bounds = evaluate(draw, first=0, count=16)
        evaluated.clear()
        granted(draw, bounds, threshold_of(subject, bounds))
        times.append(len(evaluated))
    assert times == [33, 1]  # the part's first one says where a trial is worst


def test_noise_about_zero_seldom_comes_back() -> None:
    """What `_comes_back` grants to a gap that is normal about 0, whatever its first value was."""
    first = np.linspace(0.01, 6.0, 2000)
    chance = (stats.norm.cdf(1.25 * first) - stats.norm.cdf(0.75 * first)).max()
    assert chance < 0.125
    assert chance**4 < 3e-4
    noise = np.random.default_rng(1).standard_normal((12, 200_000))
    assert not _comes_back(list(noise), np.ones(200_000)).any()


def test_a_gap_that_rounding_made_is_elsewhere_in_coarser_arithmetic() -> None:
    """Of gaps that stand out by 5.5 spreads, whatever a coarser spread leaves where they are."""
    noise = np.random.default_rng(2).standard_normal(1_000_000) * _COARSER
    chance = (np.abs(noise - 5.5) <= _SAME * 5.5).mean()
    assert chance < 3e-4
    closed = 2.0 * _SAME * 5.5 / (_COARSER * math.sqrt(2.0 * math.pi))
    assert chance == pytest.approx(closed, abs=1e-4)


def _sum_of_signs(x: torch.Tensor) -> torch.Tensor:
    """A sum of the signs of what is 0 but for rounding."""
    nothing = x.sum(-1) - x.flip(-1).cumsum(-1)[..., -1]
    return (nothing / nothing.abs().clamp(min=1e-300)).sum(-1)


@pytest.mark.parametrize("of", ["part", "twin"])
@pytest.mark.parametrize("entries", [1, 8])
def test_what_rounding_alone_violates_is_not_refuted(entries: int, of: str) -> None:
    """A direction of what is 0 but for rounding looks the same on every scale."""

    def check(m: int, trials: Trials, *, limit: float = 2.0) -> Bound:
        return at_most(_sum_of_signs(trials.uniform("x", entries, 8)), limit * entries)

    part = planted(check, kind="inequality")
    twin = part.twin("half of them", limit=0.5)
    half = planted(lambda m, trials: check(m, trials, limit=0.5), kind="inequality")
    subject = twin if of == "twin" else half
    for entropy in range(1 if of == "twin" else 12):
        verdict = judge_instance(draw_of(subject, {"m": 1}, entropy=entropy)).verdict.verdict
        assert verdict in ("holds", "undecided")


@pytest.mark.parametrize(
    "measured",
    [
        lambda x: _sum_of_signs(x).relu(),  # 1 or 0, where 0 is claimed
        lambda x: _sum_of_signs(x).relu() * x[:, 0, 0],  # of which no two are equal
        lambda x: (_sum_of_signs(x) > 0.0).double() + 1e-3 * _sum_of_signs(x),
    ],
)
def test_a_sign_of_nothing_accuses_nobody(measured) -> None:
    part = planted(
        lambda m, trials: at_most(measured(trials.uniform("x", 1, 8)), 0.0), kind="inequality"
    )
    for entropy in range(12):
        verdict = judge_instance(draw_of(part, {"m": 1}, entropy=entropy)).verdict.verdict
        assert verdict in ("holds", "undecided")


@pytest.mark.parametrize(("every", "verdict"), [(2, "undecided"), (1, "refuted")])
def test_what_is_computed_in_some_repetitions_only_accuses_nobody(every: int, verdict: str) -> None:
    """An error in the others says nothing; in all of them the violation is taken as it was."""
    repeated: list[int] = []

    def check(m: int, trials: Trials) -> Bound:
        x = trials.uniform("x", 4)
        if not _RUNNING.modes:
            return at_most(2.0 * x / x, 1.0)
        repeated.append(1)
        if len(repeated) % every == 0:
            raise ValueError("not to be computed")
        return at_most(x / x, 2.0)

    assert _on_one(check) == verdict


def test_what_comes_back_wherever_it_can_be_computed_is_refuted() -> None:
    repeated: list[int] = []

    def check(m: int, trials: Trials) -> Bound:
        x = trials.uniform("x", 4)
        repeated.append(1)
        if _RUNNING.modes and len(repeated) % 8 == 0:
            raise ValueError("not to be computed")
        return at_most(2.0 * x / x, 1.0)

    assert _on_one(check) == "refuted"
