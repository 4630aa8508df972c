"""Given a planted statement whose conclusion holds from m = n² on, when its map is tried, then the
map finds that; and what a map cannot be is said in one sentence."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import strategies as st
from support import fresh_id, fresh_run, outcome_of

from lemmata import (
    Bound,
    Hypothesis,
    Mean,
    Part,
    Trials,
    at_most,
    given,
    mean_of,
    statement,
    worst_of,
)
from lemmata.harness.judging_regimes import map_regime
from lemmata.harness.parts import judge_part
from lemmata.harness.profiles import BLOCK, PROFILES
from lemmata.harness.recorded_regimes import newest_regime
from lemmata.harness.records import read_run
from lemmata.harness.regime_cells import RegimeMap
from lemmata.harness.registry import complaints
from lemmata.harness.replay import replay_trial
from lemmata.harness.statements import Requirement, StatementError
from lemmata.harness.tokens import read_token

NOTHING = Hypothesis(says="$m$ large")
XS, YS = (1, 4, 16, 64), (2, 4, 20)


def begins_at_the_square(
    m: int, n: int, trials: Trials, *, bad: float = 0.5, good: float = 1e-3, level: float = 0.05
) -> Bound:
    fails = trials.uniform("u") < (bad if m < n * n else good)
    return at_most(torch.where(fails, 2.0, 0.5), 1.0).except_with_probability(level)


def made(check=begins_at_the_square, **options: object) -> Part:
    told = {"source": "planted", "title": "planted", "says": "$x$", "kind": "probability"}
    declared = statement(fresh_id(), **{**told, **options})
    return declared(given(m=st.integers(1, 99), n=st.integers(1, 99))(check))


def with_map(part: Part, **changed: object) -> Part:
    options = {
        "x": "m", "xs": XS, "y": "n", "ys": YS, "hypothesis": NOTHING,
        "instance": lambda m, n: {"m": m, "n": n}, **changed,
    }  # fmt: skip
    part.regime(**options)
    return part


def tried(part: Part, **settings: object) -> RegimeMap:
    found = map_regime(fresh_run(**settings), part)
    assert found is not None
    return found


@pytest.mark.parametrize("entropy", range(8))
def test_the_map_finds_where_the_conclusion_begins(entropy) -> None:
    found = tried(with_map(made()), entropy=entropy)
    assert {row.y: (row.begins, row.after) for row in found.rows} == {
        2: (4, 1),
        4: (16, 4),
        20: (None, None),
    }
    assert found.words == (
        "begins to hold at m ≈ 4 for n = 2; begins to hold at m ≈ 16 for n = 4; "
        "not within m ≤ 64 for n = 20 (pass rate ≥ 0.95, 256 trials a cell)"
    )


def test_at_the_level_itself_hardly_a_cell_is_resolved() -> None:
    part = with_map(made(lambda m, n, trials: begins_at_the_square(m, n, trials, bad=1, good=0.05)))
    at_the_level = [
        cell.verdict
        for entropy in range(5)
        for cell in tried(part, entropy=entropy).cells
        if cell.x >= cell.y**2
    ]
    assert len(at_the_level) == 25
    # Of 95 % intervals one in twenty misses the truth.
    assert at_the_level.count("not resolved") >= 20


def test_gates_are_not_asked_and_the_verdict_does_not_turn() -> None:
    shut = Requirement(paper="no", met=lambda m: False, ours="no", tried=lambda m: False)
    part, plain = with_map(made(requires=shut)), made(requires=shut)
    assert tried(part).rows[0].begins == 4
    with_it, without = outcome_of(part), outcome_of(plain)
    assert with_it.verdict == without.verdict == "vacuous"
    assert "begins to hold at m ≈ 4 for n = 2" in with_it.begins
    assert (with_it.trials, without.begins) == (without.trials, "")


def test_the_level_follows_the_claim_and_is_95_percent_at_most() -> None:
    def claiming(level: float) -> Part:
        return with_map(made(lambda m, n, trials: begins_at_the_square(m, n, trials, level=level)))

    assert {cell.level for cell in tried(claiming(1e-9)).cells} == {0.95}
    assert {cell.level for cell in tried(claiming(0.3)).cells} == {0.7}
    assert {cell.verdict for cell in tried(claiming(1.0)).cells} == {"claims nothing"}


def test_nan_and_exceptions_are_errors_of_their_cells() -> None:
    def breaks(m: int, n: int, trials: Trials) -> Bound:
        if m == 16:
            raise ValueError("no such width")
        u = trials.uniform("u")
        return at_most(torch.where((u < 0.3) & (m == 4), math.nan, 0.0 * u), 1.0)

    part = with_map(made(breaks, kind="inequality"))
    found = {cell.x: cell for cell in tried(part).cells if cell.y == 2}
    assert [found[x].verdict for x in XS] == ["holds", "error", "error", "holds"]
    assert "measured NaN" in found[4].failure
    assert found[4].passes < found[4].trials
    assert "no such width" in found[16].failure
    assert outcome_of(part).begins.startswith("holds from m = 64 on, after an error below")


def test_a_map_says_where_passing_means_that_an_adversary_found_nothing() -> None:
    def attacked(m: int, n: int, trials: Trials) -> Bound:
        return worst_of(here=begins_at_the_square(m, n, trials))

    plain, searched = tried(with_map(made())), tried(with_map(made(attacked)))
    assert (plain.attacked, searched.attacked) == (False, True)
    assert "pass rate ≥ 0.95, 256 trials" in plain.words
    assert "pass rate ≥ 0.95 against the attacks tried, 256 trials" in searched.words


def test_a_token_draws_a_failing_trial_of_its_cell_again() -> None:
    cells = tried(with_map(made())).cells
    for cell in cells:
        assert bool(cell.token) == (cell.passes < cell.trials)
    token = next(cell.token for cell in cells if (cell.x, cell.y) == (4, 4))
    again = replay_trial(read_token(token)).bounds
    assert again is not None
    assert (again.measured[0], again.ratio[0]) == (2.0, 2.0)


def test_what_is_not_random_is_exact_on_a_block() -> None:
    def fixed(m: int, n: int, trials: Trials) -> Bound:
        return at_most(trials.every(trials.tensor([float(n * n)]))[:, 0], float(m))

    found = tried(with_map(made(fixed, kind="inequality")))
    assert {cell.trials for cell in found.cells} == {BLOCK}
    assert {row.y: row.begins for row in found.rows} == {2: 4, 4: 16, 20: None}


def test_work_is_bounded_and_what_it_does_not_pay_for_is_left_out() -> None:
    part = with_map(made())
    poor = tried(part, profile=replace(PROFILES["default"], map_work=1e4))
    assert "not tried" in {cell.verdict for cell in poor.cells}
    assert "not tried" not in {cell.verdict for cell in tried(part).cells}
    assert poor.work <= 1e4 + max(cell.trials for cell in poor.cells) * 1e4
    assert map_regime(fresh_run(profile="quick"), part) is None
    late = map_regime(fresh_run(), part, deadline=0.0)
    assert late is not None
    assert {cell.skipped for cell in late.cells} == {"the time of the part is spent"}


def test_prices_and_not_outcomes_settle_how_many_trials_a_cell_gets() -> None:
    for profile in (PROFILES["default"], replace(PROFILES["default"], map_work=3e5)):
        counts = [
            [cell.trials for cell in tried(with_map(part), profile=profile).cells]
            for part in (
                made(),
                made(lambda m, n, trials: begins_at_the_square(m, n, trials, bad=0, good=0)),
            )
        ]
        assert counts[0] == counts[1]


def test_a_nightly_run_is_finer_and_has_more_trials() -> None:
    profile = replace(PROFILES["nightly"], map_work=1e8)
    found = tried(with_map(made()), profile=profile)
    assert found.xs == [1, 2, 4, 8, 16, 32, 64]
    assert max(cell.trials for cell in found.cells) == PROFILES["nightly"].map_trials


def test_a_map_draws_other_trials_than_confirming_does_and_the_same_again() -> None:
    part = with_map(made())
    one, again, other = tried(part), tried(part), tried(part, entropy=1)
    assert [cell.passes for cell in one.cells] == [cell.passes for cell in again.cells]
    assert [cell.passes for cell in one.cells] != [cell.passes for cell in other.cells]


def test_a_map_is_recorded_once_and_found_again(tmp_path: Path) -> None:
    part = with_map(made())
    judge_part(fresh_run(records=tmp_path / "r"), part)
    maps = [one.value for one in read_run(tmp_path / "r").records if one.value.kind == "regime"]
    assert [one.part for one in maps] == [part.id]
    assert maps[0].said == maps[0].words
    found = newest_regime(tmp_path, part.id)
    assert found is not None
    assert found.words == maps[0].words
    assert newest_regime(tmp_path, "NONE-1") is None
    assert newest_regime(tmp_path / "nowhere", part.id) is None
    with (tmp_path / "r" / "main.jsonl").open("a") as file:
        file.write(json.dumps({"kind": "regime", "part": part.id}, separators=(",", ":")) + "\n")
    assert newest_regime(tmp_path, part.id) is not None


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"xs": (4,)}, "needs 2 rising sizes above 0 at least in 'm'; got (4,)"),
        ({"ys": (4, 2)}, "needs 2 rising sizes above 0 at least in 'n'; got (4, 2)"),
        ({"xs": (0, 1)}, "needs 2 rising sizes above 0"),
        ({"xs": tuple(range(1, 400))}, "has 1197 cells, and 400 at most can be shown"),
        ({"y": "m"}, "is over 'm' and 'm': name two different sizes"),
        ({"hypothesis": Hypothesis(says="")}, "does not say the paper's hypothesis"),
        ({"fixed": {"L": 2}}, "has an instance= that does not take (x, y, L)"),
        (
            {"hypothesis": Hypothesis(says="s", asks=lambda m: 1.0)},
            "has a hypothesis= that does not take (x, y)",
        ),
    ],
)
def test_what_is_no_map_is_one_sentence(changed, complaint) -> None:
    with pytest.raises(StatementError) as problem:
        with_map(made(), **changed)
    assert complaint in str(problem.value)
    assert "\n" not in str(problem.value)


def test_a_part_has_one_map_and_means_have_none() -> None:
    with pytest.raises(StatementError, match="has a regime map already"):
        with_map(with_map(made()))

    def average(m: int, n: int, trials: Trials) -> Mean:
        return mean_of(trials.normal("g", m), 0.0)

    with pytest.raises(StatementError, match="which no single trial passes"):
        with_map(made(average, kind="mean"))


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"instance": lambda m, n: {"m": m}}, "names m; the statement draws m, n"),
        ({"instance": lambda m, n: {"m": 1 / (m - 4), "n": n}}, "has no instance at m = 4, n = 2"),
        (
            {"hypothesis": Hypothesis(says="s", asks=lambda m, n: math.log10(n - 2))},
            "cannot tell where the hypothesis starts at n = 2",
        ),
    ],
)
def test_instances_and_hypothesis_are_tried_at_collection(changed, complaint) -> None:
    part = with_map(made(), **changed)
    wrong = [text for text in complaints([part.statement]) if "regime map" in text]
    assert len(wrong) == 1
    assert complaint in wrong[0]


def test_the_start_of_a_hypothesis_is_the_largest_solution() -> None:
    def logs(m: int, n: int) -> float:
        return 24 * math.log10(n) + 5 * math.log10(max(math.log(m), 1e-300))

    found = Hypothesis(says="m ≥ n²⁴ log⁵ m", asks=logs).starts(4, {})
    assert found is not None
    assert found == pytest.approx(24 * math.log10(4) + 5 * math.log10(found * math.log(10)))
    vast = Hypothesis(says="m ≥ n^4226", asks=lambda m, n: 4226 * math.log10(n)).starts(4, {})
    assert vast == pytest.approx(4226 * math.log10(4))
    never = Hypothesis(says="m ≥ 2m", asks=lambda m, n: math.log10(2) + math.log10(m))
    assert never.starts(4, {}) is None
    assert NOTHING.starts(4, {}) is None


def test_an_instance_between_two_columns_that_raises_is_the_statements_error() -> None:
    """Collection tries the declared columns; a nightly also draws what lies between."""
    part = with_map(
        made(), xs=(4, 16), instance=lambda m, n: {"m": m if m in (4, 16) else m // 0, "n": n}
    )
    found = outcome_of(part, profile=replace(PROFILES["quick"], map_work=1e6, map_finer=True))
    assert found.verdict == "error"
    assert found.failure is not None
    assert "the regime map of" in found.failure.text
    assert "ZeroDivisionError" in found.failure.text
