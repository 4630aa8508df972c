"""Claims: a ratio above 1 is a violation, NaN never passes, and the order of arguments says
nothing."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from lemmata.harness.claims import (
    Bound,
    ClaimError,
    all_of,
    at_least,
    at_most,
    equal,
    law_of,
    less_than,
    mean_at_least,
    mean_at_most,
    mean_of,
    more_than,
    worst_of,
)

finite = st.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) > 1e-9)
anything = st.floats(allow_nan=True, allow_infinity=True)
TRIALS = 3


def row(*values: float) -> torch.Tensor:
    return torch.tensor([values], dtype=torch.float64)


def column(values: list[float]) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


@st.composite
def bounds(draw: st.DrawFn, *, probabilities: bool = False) -> Bound:
    """A simple claim with whatever may be attached to one."""
    measured, bound = (
        column(draw(st.lists(anything, min_size=TRIALS, max_size=TRIALS))) for _ in range(2)
    )
    make = draw(st.sampled_from((at_most, at_least, less_than, more_than)))
    claim = make(measured, bound)
    if draw(st.booleans()):
        claim = claim.scaling_as(measured.abs())
    if draw(st.booleans()):
        claim = claim.with_curves(loss=torch.stack([measured, bound], dim=1))
    if draw(st.booleans()):
        claim = claim.reporting(size=bound)
    if draw(st.booleans()):
        claim = claim.up_to_roundings(draw(st.integers(0, 9)))
    if probabilities:
        claim = claim.except_with_probability(draw(st.floats(0, 1)))
    return claim


def fingerprint(claim: Bound) -> list[object]:
    """Everything that judging and showing a claim rests on, trial by trial."""
    picked = [claim.members[i] for i in claim.member.tolist()]
    tensors = [claim.ratio, claim.measured, claim.bound, claim.allowance, claim.claims]
    tensors += [v for _, v in sorted(claim.curves.items())]
    tensors += [v for _, v in sorted(claim.reports.items())]
    tensors += [v for _, v in sorted(claim.attacks.items())]
    tensors += [claim.scaling] if claim.scaling is not None else []
    said = [(member.direction, member.exact) for member in picked]
    return [
        claim.probability,
        said,
        *[torch.nan_to_num(t.double(), nan=-7.0).tolist() for t in tensors],
    ]


@given(st.lists(bounds(), min_size=2, max_size=3))
def test_the_order_of_all_of_changes_nothing(claims: list[Bound]) -> None:
    wanted = fingerprint(all_of(*claims))
    for order in itertools.permutations(claims):
        assert fingerprint(all_of(*order)) == wanted


def test_the_order_decides_nothing_where_both_sides_tie() -> None:
    usual = at_most(row(0.0), row(0.0))
    exact = usual.up_to_roundings(0)
    assert fingerprint(all_of(usual, exact)) == fingerprint(all_of(exact, usual))


@given(st.lists(bounds(probabilities=True), min_size=2, max_size=3))
def test_the_order_of_a_union_changes_nothing(claims: list[Bound]) -> None:
    wanted = all_of(*claims, union=True)
    assert wanted.probability == pytest.approx(sum(claim.probability or 0 for claim in claims))
    for order in itertools.permutations(claims):
        other = all_of(*order, union=True)
        assert fingerprint(other)[1:] == fingerprint(wanted)[1:]
        assert other.probability == pytest.approx(wanted.probability)


@given(st.data(), st.sampled_from((at_most, at_least)))
def test_the_order_of_worst_of_changes_nothing(data: st.DataObject, make) -> None:
    claims = {
        name: make(
            column(data.draw(st.lists(anything, min_size=TRIALS, max_size=TRIALS))), 1.0
        ).with_curves(loss=torch.full((TRIALS, 2), float(place)))
        for place, name in enumerate("abc")
    }
    wanted = fingerprint(worst_of(**claims))
    for order in itertools.permutations(claims):
        found = worst_of(**{name: claims[name] for name in order})
        assert fingerprint(found) == wanted
        assert found.found_by() == worst_of(**claims).found_by()


@given(st.lists(bounds(), min_size=1, max_size=3))
def test_joining_once_or_in_steps_is_the_same(claims: list[Bound]) -> None:
    flat = all_of(*claims)
    nested = all_of(all_of(*claims[:1]), *claims[1:])
    for name in ("ratio", "measured", "bound"):
        one, other = (torch.nan_to_num(getattr(c, name), nan=-7.0) for c in (flat, nested))
        assert torch.equal(one, other)


def test_a_probability_on_some_members_only_is_one_sentence_or_a_union() -> None:
    a, b = at_most(row(0.5), 1.0), at_most(row(0.5), 1.0).except_with_probability(0.3)
    for order in ((a, b), (b, a)):
        with pytest.raises(ClaimError, match="give the event's probability once"):
            all_of(*order)
        assert all_of(*order, union=True).probability == 0.3
    assert all_of(b, b).probability == 0.3
    assert all_of(a, a).except_with_probability(0.2).probability == 0.2


def test_the_member_that_fails_says_its_own_direction_and_name() -> None:
    claim = all_of(at_most(row(0.09), 1.0), lower=at_least(row(0.09), 0.5))
    member = claim.members[int(claim.member[0])]
    assert (member.direction, member.name) == ("at least", "lower")
    assert claim.direction == "mixed"
    names = [member.name for member in all_of(*[at_most(row(1.0), 1.0)] * 3).members]
    assert len(set(names)) == 3


def test_an_infinite_bound_claims_nothing() -> None:
    assert not at_most(row(3.0), math.inf).claims.any()
    assert not at_least(row(3.0), -math.inf).claims.any()
    assert at_most(row(3.0, 1.0), torch.tensor([math.inf, 1.0])).claims.all()
    assert all_of(at_most(row(3.0), math.inf), at_most(row(0.5), 1.0)).claims.all()
    assert at_most(row(math.inf), math.inf).ratio.isnan().all()


def test_whole_numbers_are_compared_exactly() -> None:
    flips, most = torch.tensor([3]), torch.tensor(3)
    assert less_than(flips, most).members[0].exact
    assert less_than(flips, 3).ratio.item() == 1.0
    assert not less_than(flips.double(), 3.0).members[0].exact
    assert at_most(flips, most).allowance.item() == 0.0


@given(finite, finite)
def test_a_ratio_above_one_is_a_violation(measured: float, bound: float) -> None:
    assume(abs(measured - bound) > 1e-9 * max(abs(measured), abs(bound)))
    assert (at_most(row(measured), bound).ratio.item() > 1) == (measured > bound)
    assert (at_least(row(measured), bound).ratio.item() > 1) == (measured < bound)
    assert (less_than(row(measured), bound).ratio.item() > 1) == (measured > bound)
    assert (more_than(row(measured), bound).ratio.item() > 1) == (measured < bound)


@given(finite)
def test_an_equality_satisfies_both_bounds_and_no_strict_one(value: float) -> None:
    assert at_most(row(value), value).ratio.item() <= 1
    assert at_least(row(value), value).ratio.item() <= 1
    assert less_than(row(value), value).ratio.item() >= 1
    assert more_than(row(value), value).ratio.item() >= 1


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
    allowed = 100 * torch.finfo(torch.float64).eps
    assert (claim.ratio.item() <= 1) == (abs((value + error) - value) <= allowed)


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


def test_what_is_attached_is_that_of_the_worst_trial_by_trial() -> None:
    a = at_most(column([0.9, 0.1]), 1.0).with_curves(loss=torch.zeros(2, 3))
    b = at_most(column([0.1, 0.9]), 1.0).with_curves(loss=torch.ones(2, 3))
    a, b = (claim.scaling_as(claim.measured * 2) for claim in (a, b))
    worst = worst_of(a=a, b=b)
    assert worst.curves["loss"].tolist() == [[0.0] * 3, [1.0] * 3]
    assert worst.scaling is not None
    assert worst.scaling.tolist() == [1.8, 1.8]


@pytest.mark.parametrize(
    "make",
    [
        lambda: at_most(torch.ones(3, 2), torch.ones(5)),
        lambda: at_most(torch.tensor(1.0), 1.0),
        lambda: at_most(torch.ones(3, 0), 1.0),
        lambda: at_most(torch.ones(3, dtype=torch.complex64), 1.0),
        lambda: at_most(row(1.0), 1.0).except_with_probability(-0.1),
        lambda: at_most(row(1.0), 1.0).except_with_probability(math.nan),
        lambda: at_most(row(1.0), 1.0).up_to_roundings(-1),
        lambda: at_most(row(1.0), 1.0).scaling_as(torch.ones(2)),
        lambda: at_most(row(1.0), 1.0).scaling_as(torch.ones(1, 1)),
        lambda: at_most(row(1.0), 1.0).reporting(x=torch.ones(2)),
        lambda: at_most(row(1.0), 1.0).with_curves(x=torch.ones(1)),
        lambda: worst_of(),
        lambda: all_of(),
        lambda: worst_of(a=at_most(row(1.0), 1.0), b=at_least(row(1.0), 1.0)),
        lambda: all_of(at_most(row(1.0), 1.0), at_most(torch.ones(2), 1.0)),
        lambda: all_of(*(at_most(row(1.0), 1.0).except_with_probability(p) for p in (0.1, 0.2))),
        lambda: mean_of(torch.ones(4, 2), torch.ones(3)),
        lambda: mean_of(torch.ones(4), 1.0, tolerance=-1.0),
        lambda: mean_of(torch.ones(4), 1.0, within=0.0),
        lambda: law_of(torch.ones(0), math.erf),
    ],
)
def test_claims_that_do_not_fit_are_refused(make) -> None:
    with pytest.raises(ClaimError):
        make()


def test_means_and_laws_keep_their_samples() -> None:
    samples = torch.zeros(4, 2, dtype=torch.float64)
    assert mean_of(samples, 1.0).expected.shape == (2,)
    assert [m(samples, 1.0).side for m in (mean_of, mean_at_most, mean_at_least)] == [
        "equal",
        "at most",
        "at least",
    ]
    assert law_of(samples, math.erf).samples is samples
