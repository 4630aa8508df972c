"""What has to be noticed is noticed, and what is not is said: the resolution is kept to."""

from __future__ import annotations

import functools
from dataclasses import replace

import pytest
from hypothesis import strategies as st
from ladders import LADDERS, QUALITY, RANDOM_ONLY
from rows import ROWS, Row, chernoff, window
from scipy import stats
from support import outcome_of, planted

from lemmata.harness import Bound, Trials, at_most
from lemmata.harness.levels import BETA
from lemmata.harness.profiles import PROFILES

UNSHRUNK = replace(PROFILES["default"], shrink=0.0)


@pytest.mark.parametrize("name", QUALITY)
def test_what_has_to_be_noticed_is_noticed_under_twenty_entropies(name: str) -> None:
    part = QUALITY[name]()
    found = [outcome_of(part, entropy=e, profile=UNSHRUNK).verdict for e in range(20)]
    assert found == ["refuted"] * 20


@pytest.mark.slow
@pytest.mark.parametrize("name", QUALITY)
def test_the_search_is_never_worse_than_random_drawing_alone(name: str) -> None:
    part = QUALITY[name]()

    def refuted(profile) -> int:
        found = [outcome_of(part, entropy=e, profile=profile).verdict for e in range(20)]
        return found.count("refuted")

    assert refuted(UNSHRUNK) >= refuted(replace(RANDOM_ONLY, shrink=0.0))


def test_random_drawing_alone_misses_a_window_that_climbing_finds() -> None:
    part = window(1e-4)

    def refuted(profile) -> int:
        found = [outcome_of(part, entropy=e, profile=profile).verdict for e in range(2)]
        return found.count("refuted")

    assert refuted(replace(RANDOM_ONLY, shrink=0.0)) < refuted(UNSHRUNK)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_once_was_said_to_hold_is_refuted_or_left_open_honestly(row: Row) -> None:
    found = [outcome_of(row.make(), entropy=e, profile=UNSHRUNK) for e in range(5)]
    assert not any(row.dishonest(one) for one in found)


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_so_it_is_under_twenty_entropies(row: Row) -> None:
    found = [outcome_of(row.make(), entropy=e, profile=UNSHRUNK) for e in range(20)]
    assert not any(row.dishonest(one) for one in found)


@functools.cache
def _dishonest(profile: str, entropies: int) -> tuple[list[str], int]:
    """What is said to hold outside of the printed resolution, of how many runs."""
    wrong, runs = [], 0
    for ladder in LADDERS:
        if ladder.reached is None:
            continue
        for step in ladder.steps:
            part = ladder.make(step)
            for entropy in range(entropies):
                outcome = outcome_of(part, entropy=entropy, profile=profile)
                runs += 1
                if ladder.dishonest(step, outcome):
                    wrong.append(f"{ladder.kind} {step}, entropy {entropy}: {outcome.resolution}")
    return wrong, runs


@pytest.mark.parametrize(
    ("profile", "entropies"), [("quick", 3), pytest.param("default", 20, marks=pytest.mark.slow)]
)
def test_holds_is_said_outside_of_its_resolution_no_more_often_than_beta_allows(
    profile: str, entropies: int
) -> None:
    wrong, runs = _dishonest(profile, entropies)
    assert stats.binom.sf(len(wrong) - 1, runs, BETA) > 1e-3, "\n".join(wrong)


def test_what_is_too_rare_to_be_seen_is_not_hidden_by_its_resolution() -> None:
    """Chernoff's upper tail is wrong where tails are tiny: refuted, or within what is printed."""
    for entropy in range(5):
        found = outcome_of(chernoff(), entropy=entropy, profile=UNSHRUNK)
        assert found.verdict in ("refuted", "holds", "undecided")
        assert found.verdict != "holds" or "fails at most" in found.resolution


def test_a_holds_says_how_rare_a_failure_among_trials_it_has_not_seen() -> None:
    def check(m: int, trials: Trials) -> Bound:
        return at_most(trials.uniform("u"), 1.0)

    found = outcome_of(planted(check, kind="inequality", strategy=st.just(1)))
    assert found.verdict == "holds"
    assert "what fails in under 0.34 % of the trials is not seen" in found.resolution
