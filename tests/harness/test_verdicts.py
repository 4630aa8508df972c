"""Verdicts: every word of the vocabulary is reached, with its basis, its resolution, its reason."""

from __future__ import annotations

import math
from pathlib import Path

import hypothesis
import pytest
import torch
from hypothesis import assume
from hypothesis import strategies as st
from support import outcome_of, planted

from lemmata.harness import (
    Along,
    Constant,
    Requirement,
    Trials,
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
from lemmata.harness.evidence import log_evidence_for
from lemmata.harness.explanation import explain, reason
from lemmata.harness.judging import _unfailing
from lemmata.harness.levels import BETA
from lemmata.harness.profiles import BLOCK
from lemmata.harness.records import read_run
from lemmata.harness.schema import Block, PartVerdict, TwinVerdict
from lemmata.harness.verdicts import BoundVerdict, Silence, worst


def norm(m: int, trials: Trials) -> torch.Tensor:
    return trials.normal("g", m).norm(dim=-1)


def rarely(m: int, trials: Trials):
    return at_most(norm(m, trials), 3 * math.sqrt(m) + 3).except_with_probability(0.01)


CASES = {
    "exact": (
        "identity",
        lambda m, trials: equal(
            norm(m, trials) ** 2, (trials.normal("g", m) ** 2).sum(-1), roundings=4 * m
        ),
    ),
    "certified": ("probability", rarely),
    "attacked": (
        "inequality",
        lambda m, trials: worst_of(
            random=at_most(norm(m, trials).tanh(), 1.5),
            best=at_most(2 * norm(m, trials).tanh(), 3.0),
        ),
    ),
    "tested": ("mean", lambda m, trials: mean_of(norm(m, trials) ** 2, m)),
    "algebra on random trials": (
        "inequality",
        lambda m, trials: at_most(
            trials.normal("g", m).abs().sum(-1), math.sqrt(m) * norm(m, trials) + 1e-3
        ),
    ),
    "searched": ("inequality", lambda m, trials: at_most(norm(m, trials).tanh(), 100.0)),
}


@pytest.mark.parametrize("basis", CASES)
def test_a_holds_names_its_basis_and_its_resolution(basis: str) -> None:
    kind, check = CASES[basis]
    outcome = outcome_of(planted(check, kind=kind))
    assert (outcome.verdict, outcome.basis) == ("holds", basis)
    assert outcome.resolution
    assert outcome.resolution in repr(outcome)


def test_a_certificate_says_what_it_claims_and_what_it_reached() -> None:
    outcome = outcome_of(planted(rarely, specimens=[{"m": 4}]))
    found = outcome.specimens[0]
    assert isinstance(found, BoundVerdict)
    assert found.claimed == 0.01
    assert found.level is not None
    assert found.level <= 0.02
    assert f"at most {found.level:.2g} of the time, claimed 0.01" in outcome.resolution


@pytest.mark.parametrize(
    "check",
    [
        lambda m, trials: at_most(norm(m, trials), 0.0).except_with_probability(1.0),
        lambda m, trials: at_most(norm(m, trials), math.inf).except_with_probability(0.1),
    ],
)
def test_what_claims_nothing_is_vacuous(check) -> None:
    for options in ({}, {"specimens": [{"m": 3}]}):
        outcome = outcome_of(planted(check, **options))
        assert outcome.verdict == "vacuous"
        assert "draw sizes at which the claim bites" in reason(outcome)


def test_an_infinite_bound_without_chance_is_vacuous() -> None:
    part = planted(lambda m, trials: at_most(norm(m, trials), math.inf), kind="inequality")
    assert outcome_of(part).verdict == "vacuous"


def test_a_vacuous_specimen_does_not_hide_what_claims_something() -> None:
    def check(m: int, trials: Trials):
        p = 1.0 if m == 1 else 0.05
        return at_most(norm(m, trials), 99.0).except_with_probability(p)

    outcome = outcome_of(planted(check, specimens=[{"m": 1}]))
    assert outcome.verdict == "holds"
    assert outcome.automatic > 0
    assert isinstance(outcome.specimens[0], Silence)


@pytest.mark.parametrize("options", [{}, {"specimens": [{"m": 3}]}])
def test_what_is_all_assumed_away_is_vacuous_and_says_what_to_do(options) -> None:
    def never(m: int, trials: Trials):
        assume(False)

    outcome = outcome_of(planted(never, **options))
    assert outcome.verdict == "vacuous"
    assert "assumed away" in reason(outcome) or "assumes it away" in reason(outcome)


def test_a_filter_that_leaves_nothing_is_vacuous() -> None:
    outcome = outcome_of(planted(rarely, strategy=st.integers(1, 9).filter(lambda m: m > 9)))
    assert outcome.verdict == "vacuous"
    assert "reject everything" in reason(outcome)


def test_a_gate_keeps_instances_out() -> None:
    requires = Requirement(ours="$m$ above 10", tried=lambda m: m > 10)
    outcome = outcome_of(planted(rarely, requires=requires, specimens=[{"m": 2}]))
    assert outcome.verdict == "holds"
    assert all(one.place.data["m"] > 10 for one in outcome.specimens[1:])


def test_reach_says_inside_or_below() -> None:
    requires = Requirement(paper="$m$ large", met=lambda m: m > 10)
    outcome = outcome_of(planted(rarely, requires=requires, specimens=[{"m": 2}, {"m": 20}]))
    assert [one.inside for one in outcome.specimens] == [False, True]
    assert "partly below the paper's hypothesis: $m$ large" in " ".join(outcome.words)


def test_within_rounding_is_undecided_numerically() -> None:
    outcome = outcome_of(
        planted(
            lambda m, trials: at_most(norm(m, trials) * 0 + 1 + 1e-15, 1.0).up_to_roundings(10),
            kind="inequality",
        )
    )
    assert outcome.verdict == "undecided"
    assert "numerically" in reason(outcome)


def test_an_equality_case_does_not_leave_a_true_statement_undecided() -> None:
    # ‖g‖₁ ≤ √m ‖g‖₂ is an equality for m = 1, where rounding decides.
    part = planted(
        lambda m, trials: at_most(
            trials.normal("g", m).abs().sum(-1), math.sqrt(m) * norm(m, trials)
        ),
        kind="inequality",
    )
    for options in ({}, {"profile": "quick"}):
        assert outcome_of(part, **options).verdict == "holds"


@pytest.mark.parametrize(
    ("make", "verdict"),
    [
        (lambda whole: less_than(whole, 3), "refuted"),
        (lambda whole: less_than(whole, 4), "holds"),
        (lambda whole: more_than(whole, 0), "holds"),
        (lambda whole: more_than(whole, 1), "refuted"),
        (lambda whole: less_than(whole.double().tanh() * 0 + 1.0, 1.0), "undecided"),
    ],
)
def test_strict_inequalities(make, verdict: str) -> None:
    part = planted(lambda m, trials: make(trials.integers("k", 1, 3)), kind="inequality")
    assert outcome_of(part).verdict == verdict


def test_sides_too_small_for_squares_accuse_nobody() -> None:
    # ‖u‖ of u = (0, 1e-200) is 0 in floating point.
    part = planted(
        lambda m, trials: at_most(trials.every(trials.tensor(1e-200)), 0.0), kind="inequality"
    )
    assert outcome_of(part).verdict == "undecided"


def test_a_borderline_probability_is_undecided_and_a_hopeless_one_underpowered() -> None:
    # It fails 2.6 times as often as it says, more than the limit of a "holds".
    half = planted(
        lambda m, trials: at_most(trials.uniform("u"), 0.87).except_with_probability(0.05),
        specimens=[{"m": 1}],
        cost=1e9,
    )
    outcome = outcome_of(half, profile="default")
    assert outcome.verdict == "undecided"
    assert "is certified, where 0.15 is granted" in reason(outcome)
    hopeless = planted(
        lambda m, trials: at_most(trials.uniform("u"), 0.03).except_with_probability(0.97),
        specimens=[{"m": 1}],
        cost=1e9,
    )
    outcome = outcome_of(hopeless, profile="quick")
    assert outcome.verdict == "underpowered"
    assert "is certified, where" in reason(outcome)


def test_expected_refutations_are_as_strict() -> None:
    false = planted(
        lambda m, trials: at_most(norm(m, trials), 0.1).except_with_probability(0.05),
        expect="refuted",
    )
    assert outcome_of(false).as_expected
    true = planted(
        lambda m, trials: at_most(norm(m, trials), 99.0).except_with_probability(0.05),
        expect="refuted",
    )
    outcome = outcome_of(true)
    assert not outcome.as_expected
    assert "should be refuted but holds" in explain(true, outcome)


def test_a_constant_admits_rare_exceedances_and_a_deterministic_one_none() -> None:
    def half_normal(m: int, trials: Trials):
        return at_most(trials.normal("g").abs(), 1.0)

    lenient = planted(
        half_normal, kind="scaling", constant=Constant(2.6, "one size"), specimens=[{"m": 1}]
    )
    assert outcome_of(lenient).verdict == "holds"
    strict = planted(
        half_normal,
        kind="scaling",
        constant=Constant(1.5, "one size", failure=0.0),
        specimens=[{"m": 1}],
    )
    assert outcome_of(strict).verdict == "refuted"


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        (lambda x, m: mean_at_most(x, math.sqrt(m)), "holds"),
        (lambda x, m: mean_at_most(x, 0.9 * math.sqrt(m) - 0.5), "refuted"),
        (lambda x, m: mean_at_least(x, math.sqrt(m) - 1), "holds"),
        (lambda x, m: mean_at_least(x, math.sqrt(m) + 0.1), "refuted"),
        (lambda x, m: mean_of(x, math.sqrt(m)), "refuted"),
        (lambda x, m: law_of(x, __import__("scipy").stats.chi(m)), "holds"),
        (lambda x, m: law_of(x, __import__("scipy").stats.chi(m + 1)), "refuted"),
    ],
)
def test_means_laws_and_one_sided_means(claim, verdict: str) -> None:
    kind = "law" if "law_of" in str(claim.__code__.co_names) else "mean"
    part = planted(
        lambda m, trials: claim(norm(m, trials), m), kind=kind, strategy=st.integers(2, 6)
    )
    outcome = outcome_of(part)
    assert outcome.verdict == verdict
    if verdict == "refuted":
        assert "p-value" in explain(part, outcome)
        assert "e-value" not in explain(part, outcome)


def test_the_kind_is_checked_against_the_claim() -> None:
    for kind, check in (
        ("identity", lambda m, trials: at_most(norm(m, trials), 99.0)),
        ("mean", lambda m, trials: at_most(norm(m, trials), 99.0)),
        ("probability", lambda m, trials: at_most(norm(m, trials), 99.0)),
        ("inequality", lambda m, trials: mean_of(norm(m, trials), 1.0)),
        ("inequality", rarely),
    ):
        outcome = outcome_of(planted(check, kind=kind))
        assert outcome.verdict == "error"
        assert kind in str(outcome.failure)


def test_slopes_of_zero_are_an_error_that_says_where() -> None:
    along = Along(variable="m", sizes=(4, 8, 16), instance=lambda m: {"m": m}, at_most=0.2)
    outcome = outcome_of(
        planted(lambda m, trials: at_most(0 * norm(m, trials), 1.0), kind="scaling", along=along)
    )
    assert outcome.verdict == "error"
    assert "no exponent in m can be fitted there" in str(outcome.failure)


def test_the_bounds_own_exponent_is_fitted_from_its_values() -> None:
    along = Along(variable="m", sizes=(4, 16, 64), instance=lambda m: {"m": m}, at_most=0.05)
    part = planted(
        lambda m, trials: at_most(norm(m, trials), 3.0 * m**0.5),
        kind="scaling",
        constant=Constant(2.0, "m ≤ 64"),
        along=along,
    )
    slope = outcome_of(part).slopes[0]
    assert slope.verdict == "holds"
    assert slope.bound is not None
    assert slope.bound.exponent == pytest.approx(0.5)
    assert slope.measured is not None
    assert slope.measured.exponent == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("profile", ["quick", "default"])
def test_a_dear_part_whose_only_specimen_is_an_equality_case_is_searched(profile: str) -> None:
    def check(m: int, trials: Trials):
        x = 1.0 + trials.uniform("x")
        return at_most((x * (1.0 + 1e-15) if m == 1 else 0.5 * x), x)

    outcome = outcome_of(
        planted(check, kind="inequality", specimens=[{"m": 1}], cost=1e12), profile=profile
    )
    assert outcome.specimens[0].verdict == "undecided"
    assert outcome.verdict == "holds"
    assert outcome.search is not None


@pytest.mark.parametrize("profile", ["quick", "default"])
def test_what_was_decided_without_a_grids_largest_size_says_so(profile: str) -> None:
    sizes = (4, 16, 64, 256)
    part = planted(
        lambda m, trials: at_most(norm(m, trials), 3.0 * m**0.5),
        kind="scaling",
        constant=Constant(2.0, "m ≤ 256"),
        along=Along(variable="m", sizes=sizes, instance=lambda m: {"m": m}, at_most=0.05),
    )
    outcome = outcome_of(part, profile=profile)
    assert outcome.verdict == "holds"
    said = "decided up to m = 64: the grid's last size, 256, was not drawn"
    assert (said in " ".join(outcome.words)) is (profile == "quick")


def test_a_grid_of_several_inequalities_names_one() -> None:
    def both(m: int, trials: Trials):
        size = norm(m, trials)
        return all_of(upper=at_most(size, 4.0 * m**0.5), lower=at_least(size, 0.01 * m**0.5))

    def grid(member: str) -> Along:
        return Along(
            variable="m",
            sizes=(16, 32, 64),
            instance=lambda m: {"m": m},
            at_most=0.1,
            member=member,
            trials=128,
        )

    constant = Constant(2.0, "m ≤ 64")
    outcome = outcome_of(planted(both, kind="scaling", constant=constant, along=grid("")))
    assert outcome.verdict == "error"
    assert "name one with member=" in str(outcome.failure)
    named = outcome_of(planted(both, kind="scaling", constant=constant, along=grid("lower")))
    assert (named.slopes[0].verdict, named.slopes[0].direction) == ("holds", "at least")


def test_a_twin_that_survives_says_what_would_tell_it_apart() -> None:
    part = planted(lambda m, trials: at_most(norm(m, trials), 99.0).except_with_probability(0.05))
    survivor = part.twin("nothing changed")(part.check)
    outcome = outcome_of(survivor)
    assert outcome.verdict == "holds"
    assert not outcome.as_expected
    assert "no number of trials will tell it apart there" in explain(survivor, outcome)
    raising = part.twin("raises")(lambda m, trials: 1 / 0)
    assert outcome_of(raising).verdict == "error"


def test_a_twin_that_grows_says_at_which_size_it_would_fail() -> None:
    part = planted(lambda m, trials: at_most(norm(m, trials) * 0 + m, 1e6), kind="inequality")
    twin = part.twin("too small a bound", specimens=[{"m": 2}, {"m": 8}])(
        lambda m, trials: at_most(norm(m, trials) * 0 + m, 128.0)
    )
    assert "it passes 1 at m ≈ 1.3e+02" in reason(outcome_of(twin))


def test_a_twin_without_specimens_is_searched() -> None:
    part = planted(lambda m, trials: at_most(norm(m, trials), 99.0).except_with_probability(0.05))
    twin = part.twin("a hundred times smaller")(
        lambda m, trials: at_most(norm(m, trials), 0.99 if m > 8 else 99.0).except_with_probability(
            0.05
        )
    )
    outcome = outcome_of(twin)
    assert (outcome.verdict, outcome.how) == ("refuted", "search")


@pytest.mark.parametrize("problem", [SystemExit(0), RecursionError("deep"), KeyError("x")])
def test_nothing_but_a_verdict_leaves_the_judge(problem: BaseException) -> None:
    def ends(m: int, trials: Trials):
        raise problem

    outcome = outcome_of(planted(ends))
    assert outcome.verdict == "error"
    assert type(problem).__name__ in str(outcome.failure)


def test_a_requirement_that_raises_is_an_error() -> None:
    requires = Requirement(paper="$m$", met=lambda m: 1 / 0)
    outcome = outcome_of(planted(rarely, requires=requires, specimens=[{"m": 2}]))
    assert outcome.verdict == "error"
    assert "ZeroDivisionError" in str(outcome.failure)


def test_shrinking_past_its_deadline_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    from lemmata.harness import search

    clock = iter(range(0, 10_000_000, 3))
    monkeypatch.setattr(search.time, "monotonic", lambda: float(next(clock)))
    part = planted(
        lambda m, trials: at_most(norm(m, trials), 4.0).except_with_probability(0.05),
        strategy=st.integers(1, 3000),
    )
    outcome = outcome_of(part)
    assert outcome.verdict == "refuted"
    assert outcome.search is not None
    assert outcome.search.shrink_cut
    assert "Shrinking was cut short" in " ".join(outcome.words)
    assert time is not None


def test_what_is_found_shrinks_to_the_smallest_instance_and_shows_what_was_drawn() -> None:
    part = planted(
        lambda m, trials: at_most(norm(m, trials), 1.0 if m >= 7 else 1e9), kind="inequality"
    )
    outcome = outcome_of(part)
    assert outcome.refutation is not None
    assert outcome.refutation.at.place.data == {"m": 7}
    assert outcome.refutation.at.shrunk
    assert len(outcome.refutation.at.drawn["g"]) == 7
    assert "drawn" in explain(part, outcome)


def test_all_that_is_found_is_recorded(tmp_path: Path) -> None:
    part = planted(
        lambda m, trials: all_of(
            worst_of(
                random=at_most(norm(m, trials).tanh(), 9.0),
                best=at_most(2 * norm(m, trials).tanh(), 9.0),
            )
        ).reporting(twice=2 * norm(m, trials)),
        kind="inequality",
        specimens=[{"m": 4}],
    )
    part.twin("t")(lambda m, trials: at_most(norm(m, trials), 0.0))
    outcome_of(part, records=tmp_path)
    outcome_of(part.twins[0], records=tmp_path)
    read = read_run(tmp_path)
    assert read.torn == 0
    values = [record.value for record in read.records]
    assert {type(value) for value in values} == {Block, PartVerdict, TwinVerdict}
    verdict = next(value for value in values if isinstance(value, PartVerdict))
    assert {"random", "best"} <= set(verdict.attacks)
    assert verdict.outcome.specimens[0].reports["twice"].high > 0
    blocks = [value for value in values if isinstance(value, Block)]
    assert len({block.key for block in blocks}) == len(blocks)


def test_the_worst_verdict_wins() -> None:
    assert worst(["holds", "vacuous", "undecided"]) == "undecided"
    assert worst(["holds", "error", "refuted"]) == "error"
    assert worst([]) == "untested"


@hypothesis.given(st.floats(1e-4, 0.99))
def test_the_first_certificate_is_asked_of_no_more_trials_than_it_takes(target: float) -> None:
    needed = -math.log(BETA)
    trials = _unfailing(target)
    assert log_evidence_for(0, trials, target) >= needed
    assert trials == BLOCK or log_evidence_for(0, trials - BLOCK, target) < needed


@pytest.mark.parametrize("share", [0.0, 0.02])
def test_batches_follow_each_other_without_a_gap(share: float) -> None:
    """What is judged are the trials from 0 on, whatever the batches, and no more than the cap."""

    def check(m: int, trials: Trials):
        return at_most(trials.uniform("u"), 1.0 - share).except_with_probability(0.05)

    outcome = outcome_of(planted(check, specimens=[{"m": 1}]))
    found = outcome.specimens[0]
    assert isinstance(found, BoundVerdict)
    assert outcome.verdict == "holds"
    assert found.trials >= _unfailing(0.075)
    assert found.failures == pytest.approx(share * found.trials, abs=4 * found.trials**0.5 * 0.14)
