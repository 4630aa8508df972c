"""Given blocks of several runs, when they are added up, then every trial counts once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemmata.harness.schema import Block
from lemmata.harness.verdicts import Place
from lemmata.reports.blocks import SEARCHED, add_up, without_overlap

PLACE = Place(data={"m": 4}, hash="0123456789abcdef", words="m = 4", sizes={"m": 4.0})


def block(first: int = 0, trials: int = 16, **changes: object) -> Block:
    made = Block(
        part="A-1", generation="g", place=PLACE, role="specimen", entropy=0, stream="confirm",
        layers="dense", device="cpu", dtype="float64", first=first, trials=trials, failures=1,
        doubtful=0, silent=0, claimed=0.1, threshold=1.0, histogram={"-3": trials - 1, "2": 1},
        worst_ratio=1.2, worst_trial=first, attack=None, attacks={}, seconds=0.1,
    )  # fmt: skip
    return replace(made, **changes)


def test_blocks_that_several_runs_recorded_count_once():
    doubled = [block(0, 16), block(16, 16), block(32, 32)]
    added = add_up([(run, one) for run in ("a", "b") for one in doubled], {})
    assert (added.number, added.trials, added.failures, added.runs) == (3, 64, 3, 1)
    (ratios,) = added.ratios
    assert ratios.counts == {-3: 61, 2: 3}


@pytest.mark.parametrize(
    "change",
    [
        {"dtype": "float32"},
        {"entropy": 1},
        {"stream": "search"},
        {"layers": "matrix-free"},
        {"place": replace(PLACE, hash="fedcba9876543210")},
    ],
)
def test_other_draws_are_other_evidence(change):
    assert add_up([("a", block()), ("b", block(**change))], {}).trials == 32


def test_blocks_of_another_length_are_not_counted_twice():
    """A run in blocks of 16 and one that doubled: the trials 0…63 are the same."""
    fixed = [block(first, 16) for first in range(0, 64, 16)]
    doubled = [block(0, 16), block(16, 16), block(32, 32), block(64, 64)]
    added = add_up([("a", one) for one in fixed] + [("b", one) for one in doubled], {})
    assert added.trials == 128


def test_what_covers_most_is_kept():
    kept = without_overlap([block(0, 16), block(8, 64), block(16, 16), block(72, 8)])
    assert sorted((one.first, one.trials) for one in kept) == [(8, 64), (72, 8)]


intervals = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), max_size=9)


@given(intervals)
def test_chosen_blocks_never_overlap_and_none_could_be_added(drawn):
    blocks = [block(first, trials) for first, trials in dict.fromkeys(drawn)]
    kept = without_overlap(blocks)
    covered = [trial for one in kept for trial in range(one.first, one.first + one.trials)]
    assert len(covered) == len(set(covered))
    for one in blocks:
        assert one in kept or set(range(one.first, one.first + one.trials)) & set(covered)


@given(intervals.filter(lambda drawn: len(drawn) <= 6))
def test_no_other_choice_covers_more(drawn):
    blocks = [block(first, trials) for first, trials in dict.fromkeys(drawn)]
    most = 0
    for chosen in range(1 << len(blocks)):
        trials = [
            trial
            for number, one in enumerate(blocks)
            if chosen >> number & 1
            for trial in range(one.first, one.first + one.trials)
        ]
        most = max(most, len(trials) if len(trials) == len(set(trials)) else 0)
    assert sum(one.trials for one in without_overlap(blocks)) == most


def test_ratios_are_labelled_by_specimen_and_grids_are_left_out():
    other = replace(PLACE, hash="fedcba9876543210")
    recorded = [
        ("a", block()),
        ("a", block(place=other, role="explore")),
        ("a", block(place=replace(PLACE, hash="0" * 16), role="grid")),
    ]
    added = add_up(recorded, {PLACE.hash: "specimen 1"})
    assert [one.label for one in added.ratios] == ["specimen 1", SEARCHED]
    assert added.trials == 48


def test_odd_blocks_are_left_out():
    odd = [block(-1), block(0, 0), block(0, 10**17)]
    assert without_overlap(odd) == []
    strange = block(histogram={"x": 3, "1e9": 2, "5": -1, "7": 2})
    (ratios,) = add_up([("a", strange)], {}).ratios
    assert ratios.counts == {7: 2}
    assert add_up([("a", block(histogram={}))], {}).ratios == []
