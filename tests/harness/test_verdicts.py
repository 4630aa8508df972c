"""Verdicts: every word of the vocabulary is reached, with its basis and its reason."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from hypothesis import assume
from hypothesis import strategies as st
from support import fresh_id, outcome_of

from lemmata.harness import (
    Along,
    Constant,
    Part,
    Requirement,
    Trials,
    all_of,
    at_least,
    at_most,
    equal,
    given,
    mean_of,
    statement,
    worst_of,
)
from lemmata.harness.explanation import explain, reason
from lemmata.harness.records import read_run
from lemmata.harness.verdicts import worst


def planted(check, *, kind: str = "probability", strategy=None, **options) -> Part:
    made = statement(
        fresh_id(), source="planted, x", title="planted", says="$x$", kind=kind, **options
    )
    return made(given(m=st.integers(1, 32) if strategy is None else strategy)(check))


def norm(m: int, trials: Trials) -> torch.Tensor:
    return trials.normal("g", m).norm(dim=-1)


CASES = {
    "exact": (
        "holds",
        lambda: planted(
            lambda m, trials: equal(
                norm(m, trials) ** 2, (trials.normal("g", m) ** 2).sum(-1), roundings=4 * m
            ),
            kind="identity",
        ),
    ),
    "certified": (
        "holds",
        lambda: planted(
            lambda m, trials: at_most(
                norm(m, trials), 3 * math.sqrt(m) + 3
            ).except_with_probability(0.01)
        ),
    ),
    "attacked": (
        "holds",
        lambda: planted(
            lambda m, trials: worst_of(
                random=at_most(norm(m, trials), 99.0), best=at_most(2 * norm(m, trials), 99.0)
            )
        ),
    ),
    "consistent": (
        "holds",
        lambda: planted(lambda m, trials: mean_of(norm(m, trials) ** 2, m), kind="mean"),
    ),
    None: (
        "vacuous",
        lambda: planted(
            lambda m, trials: at_most(norm(m, trials), 0.0).except_with_probability(1.0)
        ),
    ),
}


@pytest.mark.parametrize("basis", CASES)
def test_a_holds_names_its_basis(basis: str | None) -> None:
    verdict, make = CASES[basis]
    outcome = outcome_of(make())
    assert (outcome.verdict, outcome.basis) == (verdict, basis)


def test_a_deterministic_bound_that_holds_was_attacked_by_the_search() -> None:
    outcome = outcome_of(
        planted(lambda m, trials: at_least(norm(m, trials), 0.0), kind="inequality")
    )
    assert (outcome.verdict, outcome.basis) == ("holds", "attacked")


def test_within_rounding_is_undecided_numerically() -> None:
    outcome = outcome_of(
        planted(
            lambda m, trials: at_most(norm(m, trials) * 0 + 1 + 1e-15, 1.0).up_to_roundings(10),
            kind="inequality",
        )
    )
    assert outcome.verdict == "undecided"
    assert "numerically" in reason(outcome)


def test_a_borderline_probability_is_undecided_and_a_tight_one_underpowered() -> None:
    half = planted(
        lambda m, trials: at_most(trials.uniform("u"), 0.88).except_with_probability(0.05),
        specimens=[{"m": 1}],
    )
    assert outcome_of(half).verdict == "undecided"
    hopeless = planted(
        lambda m, trials: at_most(trials.uniform("u"), 0.03).except_with_probability(0.97),
        specimens=[{"m": 1}],
    )
    outcome = outcome_of(hopeless)
    assert outcome.verdict == "underpowered"
    assert "use a larger profile" in reason(outcome)


def test_nothing_drawn_is_untested() -> None:
    def never(m: int, trials: Trials):
        assume(False)

    outcome = outcome_of(planted(never))
    assert outcome.verdict == "untested"
    assert "were discarded" in " ".join(outcome.words)


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
    assert "should be refuted and is not" in explain(true, outcome)


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


def test_reach_says_inside_or_below() -> None:
    requires = Requirement("$m$ large", met=lambda m: m > 10)
    outcome = outcome_of(
        planted(
            lambda m, trials: at_most(norm(m, trials), 99.0).except_with_probability(0.05),
            requires=requires,
            specimens=[{"m": 2}, {"m": 20}],
        )
    )
    assert [found.inside for found in outcome.specimens] == [False, True]
    assert "partly below" in " ".join(outcome.words)


def test_slopes_of_zero_are_an_error_that_says_where() -> None:
    along = Along(variable="m", sizes=(4, 8, 16), instance=lambda m: {"m": m}, at_most=0.2)
    outcome = outcome_of(
        planted(lambda m, trials: at_most(0 * norm(m, trials), 1.0), kind="scaling", along=along)
    )
    assert outcome.verdict == "error"
    assert "no exponent in m can be fitted there" in str(outcome.failure)


def test_a_twin_that_survives_is_not_as_expected() -> None:
    part = planted(lambda m, trials: at_most(norm(m, trials), 99.0).except_with_probability(0.05))
    survivor = part.twin("nothing changed")(part.check)
    outcome = outcome_of(survivor)
    assert outcome.verdict == "undecided"
    assert not outcome.as_expected
    assert "falsified: nothing changed" in explain(survivor, outcome)
    raising = part.twin("raises")(lambda m, trials: 1 / 0)
    assert outcome_of(raising).verdict == "error"


def test_a_twin_without_specimens_is_searched() -> None:
    part = planted(lambda m, trials: at_most(norm(m, trials), 99.0).except_with_probability(0.05))
    twin = part.twin("a hundred times smaller")(
        lambda m, trials: at_most(norm(m, trials), 0.99 if m > 8 else 99.0).except_with_probability(
            0.05
        )
    )
    outcome = outcome_of(twin)
    assert (outcome.verdict, outcome.how) == ("refuted", "search")


def test_shrinking_past_its_deadline_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    part = planted(
        lambda m, trials: at_most(norm(m, trials), 0.1).except_with_probability(0.05),
        strategy=st.integers(20, 32),
    )
    outcome = outcome_of(part, profile="quick")
    assert outcome.verdict == "refuted"


def test_all_attacks_are_recorded(tmp_path: Path) -> None:
    part = planted(
        lambda m, trials: all_of(
            worst_of(random=at_most(norm(m, trials), 99.0), best=at_most(2 * norm(m, trials), 99.0))
        ).reporting(twice=2 * norm(m, trials)),
        specimens=[{"m": 4}],
    )
    part.twin("t")(lambda m, trials: at_most(norm(m, trials), 0.0))
    outcome_of(part, records=tmp_path)
    outcome_of(part.twins[0], records=tmp_path)
    records = read_run(tmp_path).records
    assert {record["kind"] for record in records} == {"block", "verdict", "twin"}
    verdict = next(record for record in records if record["kind"] == "verdict")
    assert set(verdict["attacks"]) == {"random", "best"}
    assert verdict["specimens"][0]["reports"]["twice"]["high"] > 0
    blocks = [record for record in records if record["kind"] == "block"]
    assert all(record["trials"] <= 16 for record in blocks)
    assert len({(r["part"], r["instance_hash"], r["stream"], r["first"]) for r in blocks}) == len(
        blocks
    )


def test_the_worst_verdict_wins() -> None:
    assert worst(["holds", "vacuous", "undecided"]) == "undecided"
    assert worst(["holds", "error", "refuted"]) == "error"
    assert worst([]) == "untested"
