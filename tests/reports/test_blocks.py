"""Given blocks of several runs, when they are added up, then every trial counts once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemmata.harness.schema import Block
from lemmata.harness.verdicts import Place
from lemmata.reports import blocks as module
from lemmata.reports.blocks import SEARCHED, Blocks, covering
from lemmata.reports.ledger import Ledger, ledger_of, number_of

PLACE = Place(data={"m": 4}, hash="0123456789abcdef", words="m = 4", sizes={"m": 4.0})


def block(first: int = 0, trials: int = 16, **changes: object) -> Block:
    made = Block(
        part="A-1", generation="g", place=PLACE, role="specimen", entropy=0, stream="confirm",
        layers="dense", device="cpu", dtype="float64", first=first, trials=trials, failures=1,
        doubtful=0, silent=0, claimed=0.1, threshold=1.0, histogram={"-3": trials - 1, "2": 1},
        worst_ratio=1.2, worst_trial=first, attack=None, attacks={}, seconds=0.1,
    )  # fmt: skip
    return replace(made, **changes)


def add_up(recorded: Iterable[tuple[str, Block]], names: Mapping[str, str]) -> Blocks:
    """Add blocks up, each with the name of its run."""
    ledgers: dict[str, Ledger] = {}
    for run, one in recorded:
        ledgers.setdefault(run, Ledger()).add(one)
    return module.add_up(ledgers.items(), names, "g")


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


intervals = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), max_size=9, unique=True)


@given(intervals)
def test_chosen_blocks_never_overlap_and_none_could_be_added(drawn):
    kept = covering(drawn)
    covered = [trial for first, trials in kept for trial in range(first, first + trials)]
    assert len(covered) == len(set(covered))
    for first, trials in drawn:
        assert (first, trials) in kept or set(range(first, first + trials)) & set(covered)


@given(intervals.filter(lambda drawn: len(drawn) <= 6))
def test_no_other_choice_covers_more(drawn):
    most = 0
    for chosen in range(1 << len(drawn)):
        trials = [
            trial
            for number, (first, length) in enumerate(drawn)
            if chosen >> number & 1
            for trial in range(first, first + length)
        ]
        most = max(most, len(trials) if len(trials) == len(set(trials)) else 0)
    assert sum(trials for _, trials in covering(drawn)) == most


@given(intervals)
def test_what_is_added_up_is_what_covers_most(drawn):
    added = add_up([("a", block(first, trials)) for first, trials in drawn], {})
    assert added.trials == sum(trials for _, trials in covering(drawn))
    assert sum(sum(one.counts.values()) for one in added.ratios) == added.trials


def test_blocks_of_other_code_are_left_out():
    assert add_up([("a", block()), ("a", block(16, generation="h"))], {}).trials == 16


def test_instances_are_told_apart_whatever_their_hashes_are_like():
    names = [
        "0123456789abcdef",
        "0123456789abcdeg",
        "",
        "m = 4",
        "0x23456789abcdef",
        "0023456789abcdef",
        "00000000000000FF",
        "00000000000000ff",
    ]
    assert len({number_of(name) for name in names}) == len(names)


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
    assert len(ledger_of(odd)) == 0
    strange = block(histogram={"x": 3, "1e9": 2, "5": -1, "7": 2})
    (ratios,) = add_up([("a", strange)], {}).ratios
    assert ratios.counts == {7: 2}
    assert add_up([("a", block(histogram={}))], {}).ratios == []
