"""Claims: a ratio above 1 is a violation, and NaN never passes."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from lemmata.harness.claims import (
    ClaimError,
    all_of,
    at_least,
    at_most,
    equal,
    law_of,
    mean_of,
    worst_of,
)

finite = st.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) > 1e-9)
anything = st.floats(allow_nan=True, allow_infinity=True)


def row(*values: float) -> torch.Tensor:
    return torch.tensor([values], dtype=torch.float64)


@given(finite, finite)
def test_a_ratio_above_one_is_a_violation(measured: float, bound: float) -> None:
    assume(abs(measured - bound) > 1e-9 * max(abs(measured), abs(bound)))
    assert (at_most(row(measured), bound).ratio.item() > 1) == (measured > bound)
    assert (at_least(row(measured), bound).ratio.item() > 1) == (measured < bound)


@given(finite)
def test_an_equality_satisfies_both_bounds(value: float) -> None:
    assert at_most(row(value), value).ratio.item() <= 1
    assert at_least(row(value), value).ratio.item() <= 1


@given(st.lists(anything, min_size=1, max_size=5), anything)
def test_nan_on_either_side_is_a_nan_ratio(measured: list[float], bound: float) -> None:
    claims = [
        at_most(row(*measured), bound),
        at_least(row(*measured), bound),
        equal(row(*measured), bound, roundings=1),
    ]
    if any(map(math.isnan, [*measured, bound])):
        assert all(claim.ratio.isnan().all() for claim in claims)
    assert all((claim.ratio.isnan() | (claim.ratio >= 0)).all() for claim in claims)


@given(st.lists(finite, min_size=1, max_size=6), st.floats(0.1, 10))
def test_the_worst_entry_decides(measured: list[float], bound: float) -> None:
    claim = at_most(row(*measured), bound)
    assert claim.measured.item() == max(measured) or claim.ratio.item() == 0
    assert claim.ratio.item() == pytest.approx(max(0.0, max(measured) / bound))


@given(st.floats(-1e3, 1e3), st.floats(-1e-13, 1e-13))
def test_an_identity_is_judged_by_its_roundings(value: float, error: float) -> None:
    claim = equal(row(value + error), value, roundings=100, scale=1.0)
    assert (claim.ratio.item() <= 1) == (
        abs((value + error) - value) <= 100 * torch.finfo(torch.float64).eps
    )


@given(st.lists(st.floats(0, 10), min_size=2, max_size=4))
def test_all_of_and_worst_of_take_the_worst(ratios: list[float]) -> None:
    claims = [at_most(row(ratio), 1.0) for ratio in ratios]
    assert all_of(*claims).ratio.item() == max(ratios)
    found = worst_of(**{f"attack_{k}": claim for k, claim in enumerate(claims)})
    assert found.ratio.item() == max(ratios)
    assert found.attacks[str(found.found_by()[0])].item() == max(ratios)


def test_a_nan_wins_over_every_other_claim() -> None:
    assert all_of(at_most(row(math.inf), 1.0), at_most(row(math.nan), 1.0)).ratio.isnan().all()
    found = worst_of(good=at_most(row(0.5), 1.0), broken=at_most(row(math.nan), 1.0))
    assert found.ratio.isnan().all()
    assert found.found_by() == ["broken"]


def test_options_are_kept() -> None:
    curve, trials = torch.ones(1, 3), torch.ones(1)
    claim = (
        at_most(row(1.0), 2.0)
        .with_curves(loss=curve)
        .reporting(flips=trials)
        .scaling_as(2 * trials)
        .up_to_roundings(4)
    )
    assert claim.curves["loss"] is curve
    assert claim.reports["flips"] is trials
    assert claim.scaling is not None
    assert claim.allowance.item() == 4 * torch.finfo(torch.float64).eps
    joined = all_of(claim, at_most(row(0.1), 1.0)).except_with_probability(0.25)
    assert (joined.probability, set(joined.curves), set(joined.reports)) == (
        0.25,
        {"loss"},
        {"flips"},
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda: at_most(torch.ones(3, 2), torch.ones(5)),
        lambda: at_most(torch.tensor(1.0), 1.0),
        lambda: at_most(torch.ones(3, 0), 1.0),
        lambda: at_most(row(1.0), 1.0).except_with_probability(-0.1),
        lambda: at_most(row(1.0), 1.0).except_with_probability(math.nan),
        lambda: worst_of(),
        lambda: all_of(),
        lambda: worst_of(a=at_most(row(1.0), 1.0), b=at_least(row(1.0), 1.0)),
        lambda: all_of(
            at_most(row(1.0), 1.0).except_with_probability(0.1),
            at_most(row(1.0), 1.0).except_with_probability(0.2),
        ),
    ],
)
def test_claims_that_do_not_fit_are_refused(make) -> None:
    with pytest.raises(ClaimError):
        make()


def test_means_and_laws_keep_their_samples() -> None:
    samples = torch.zeros(4, 2, dtype=torch.float64)
    assert mean_of(samples, 1.0).expected.shape == (2,)
    assert law_of(samples, math.erf).samples is samples
