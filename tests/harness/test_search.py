"""The search: every source finds what it is for, within its budget, and what it finds replays."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import strategies as st
from support import fresh_run, outcome_of, planted

from lemmata.harness import Trials, at_most, given, statement
from lemmata.harness.parts import judge_part
from lemmata.harness.profiles import PROFILES
from lemmata.harness.replay import replay_trial
from lemmata.harness.search import Search
from lemmata.harness.space import Space
from lemmata.harness.tokens import read_token
from lemmata.harness.verdicts import BoundRefutation

DEFAULT = PROFILES["default"]
NOTHING = replace(DEFAULT, small=0, climbs=0, ascents=0, instances=(3, 1))


def same(m: float, trials: Trials, value: float):
    return at_most(trials.every(trials.tensor(value)), 1.0)


def searched(check, strategy, **changes: object):
    run = replace(fresh_run(), profile=replace(NOTHING, **changes))
    return judge_part(run, planted(check, kind="inequality", strategy=strategy))


def test_small_scopes_are_enumerated() -> None:
    vectors = st.lists(st.integers(-9, 9), min_size=1, max_size=3).map(tuple)
    outcome = searched(
        lambda m, trials: same(0, trials, 2.0 if m == (0, -1) else 0.5), vectors, small=90
    )
    assert outcome.verdict == "refuted"
    assert outcome.refutation is not None
    assert outcome.refutation.at.place.data == {"m": [0, -1]}


def test_the_climb_follows_a_rising_ratio_into_a_narrow_window() -> None:
    def rising(m: float, trials: Trials):
        return same(0, trials, 1.0005 - abs(m - 0.637) ** 0.5 / 10)

    def holds(seed: int, climbs: int) -> bool:
        run = replace(fresh_run(entropy=seed), profile=replace(NOTHING, climbs=climbs))
        part = planted(rising, kind="inequality", strategy=st.floats(0, 1))
        return judge_part(run, part).verdict == "holds"

    assert not any(holds(seed, 3) for seed in range(5))
    assert all(holds(seed, 0) for seed in range(5))


@pytest.mark.parametrize("end", [0.25, 3.0])
def test_both_ends_of_a_range_are_tried(end: float) -> None:
    outcome = searched(
        lambda m, trials: same(0, trials, 2.0 if m == end else 0.5 + 0.01 * m),
        st.floats(0.25, 3.0),
        climbs=1,
    )
    assert outcome.verdict == "refuted"


def test_an_ascent_over_the_draws_finds_what_no_random_draw_does_and_replays() -> None:
    def unlikely(m: int, trials: Trials):
        return at_most(trials.normal("g", 8).square().sum(dim=-1), 60.0)

    assert searched(unlikely, st.just(1)).verdict == "holds"
    outcome = searched(unlikely, st.just(1), ascents=1)
    found = outcome.refutation
    assert isinstance(found, BoundRefutation)
    assert found.attack == "ascent over the draws"
    replayed = replay_trial(read_token(found.at.token))
    assert float(replayed.claim.ratio[0]) == pytest.approx(found.sides.ratio, rel=1e-6)
    assert "a violation" in "\n".join(replayed.lines())


def test_an_ascent_leaves_what_claims_a_probability_alone() -> None:
    def unlikely(m: int, trials: Trials):
        bound = at_most(trials.normal("g", 8).square().sum(dim=-1), 60.0)
        return bound.except_with_probability(1e-3)

    assert outcome_of(planted(unlikely, strategy=st.just(1))).verdict == "holds"


def test_what_cannot_be_differentiated_is_left_alone() -> None:
    outcome = searched(
        lambda m, trials: at_most((trials.normal("g") > 9).double(), 1.5), st.just(1), ascents=3
    )
    assert outcome.verdict == "holds"


def test_an_exhausted_space_says_so() -> None:
    outcome = searched(
        lambda m, trials: at_most(trials.uniform("u"), 1.5), st.integers(1, 9), instances=(50, 1)
    )
    assert outcome.search is not None
    assert (outcome.search.exhausted, outcome.search.unseen, outcome.search.instances) == (
        True,
        0.0,
        9,
    )
    assert "all of the 9 instances" in outcome.resolution


def test_one_bad_integer_of_two_hundred_is_found() -> None:
    outcome = outcome_of(
        planted(
            lambda m, trials: at_most(trials.uniform("u"), 0.0 if m == 137 else 1.0),
            kind="inequality",
            strategy=st.integers(1, 200),
        )
    )
    assert outcome.verdict == "refuted"


def test_entropy_varies_the_instances_and_equal_ones_repeat_them() -> None:
    part = planted(
        lambda m, trials: at_most(trials.uniform("u"), 1.5),
        kind="inequality",
        strategy=st.floats(0, 1),
    )

    def seen(**settings: object) -> set[str]:
        search = Search(run=replace(fresh_run(), **settings), subject=part)
        assert search.next() is None
        return set(search.seen)

    assert seen(entropy=1) == seen(entropy=1)
    assert len(seen(entropy=1) & seen(entropy=2)) < 0.5 * len(seen(entropy=1))
    assert seen(seed=1) != seen(seed=2)


def test_budgets_are_work() -> None:
    part = planted(
        lambda m, trials: at_most(trials.normal("g", 100_000).abs().amax(dim=-1), 99.0),
        kind="inequality",
        strategy=st.floats(0, 1),
    )
    dear = outcome_of(part)
    cheap = outcome_of(
        planted(
            lambda m, trials: at_most(trials.normal("g"), 99.0),
            kind="inequality",
            strategy=st.floats(0, 1),
        )
    )
    assert dear.search is not None
    assert cheap.search is not None
    assert dear.search.instances < 0.2 * cheap.search.instances
    assert dear.search.stopped == "work"
    assert dear.work < 3 * (DEFAULT.explore + DEFAULT.confirm)


def test_a_smaller_violation_does_not_count_while_shrinking() -> None:
    # Small numbers violate by a hair only: the counterexample stays a large one.
    outcome = searched(
        lambda m, trials: same(0, trials, 3.0 if m > 500 else 1.0 + 1e-8),
        st.integers(1, 1000),
        instances=(100, 1),
    )
    assert outcome.refutation is not None
    ratio = outcome.refutation.sides.ratio
    assert ratio == 3.0 or outcome.refutation.at.place.data["m"] <= 500
    assert ratio > 1.0


def test_examples_and_settings_of_the_author_are_kept() -> None:
    import hypothesis

    made = statement("TEST-EX", source="x", title="x", says="x", kind="inequality")

    @made
    @hypothesis.settings(max_examples=5)
    @hypothesis.example(m=777)
    @given(m=st.integers(1, 1000))
    def check(m: int, trials: Trials):
        return at_most(trials.uniform("u"), 0.0 if m == 777 else 1.0)

    run = replace(fresh_run(), profile=NOTHING)
    assert judge_part(run, check).verdict == "refuted"


def test_spaces_change_one_choice_at_a_time_within_its_limits() -> None:
    space = Space({"m": st.integers(3, 40), "x": st.floats(0.5, 2.0)})
    start = space.simplest()
    assert start is not None
    assert start.instance == {"m": 3, "x": 1.0} or start.instance["m"] == 3
    for near in space.near(start):
        changed = sum(near.instance[name] != start.instance[name] for name in start.instance)
        assert changed == 1
        assert 3 <= near.instance["m"] <= 40
        assert 0.5 <= near.instance["x"] <= 2.0
    assert {near.instance["m"] for near in space.near(start)} >= {4, 40}
    small = [one.instance["m"] for one in space.small(20)]
    assert {3, 4, 5, 40} <= set(small)
