"""Given cells of a regime map, then nothing is said of them that their trials do not show."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemmata.harness.codec import from_plain, to_plain
from lemmata.harness.judging_regimes import ENOUGH
from lemmata.harness.regime_cells import Asked, Cell, RegimeMap, joined, row_of
from lemmata.harness.schema import Recorded

XS = (4.0, 16.0, 64.0, 256.0)
COUNTS = st.integers(1, 600).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def cell(x: float = 4.0, y: float = 1.0, **fields: object) -> Cell:
    told = {"hash": f"{x}-{y}", "words": "", "level": 0.95, **fields}
    return Cell(x=x, y=y, **told)


HOLDS = {"trials": 128, "passes": 128}
FAILS = {"trials": 128, "passes": 12}
OPEN = {"trials": 16, "passes": 16}
ERROR = {"failure": "NaN", **HOLDS}
SILENT = {"silent": "p = 1", "level": 0.0, **HOLDS}
LEFT = {"skipped": "spent"}
KINDS = {"h": HOLDS, "f": FAILS, "?": OPEN, "!": ERROR, "-": SILENT, " ": LEFT}


def row(letters: str, y: float = 1.0) -> list[Cell]:
    return [cell(x, y, **KINDS[one]) for x, one in zip(XS, letters, strict=False)]


def of(cells: list[Cell], **fields: object) -> RegimeMap:
    told = {
        "part": "P-1", "generation": "g", "x": "m", "y": "n", "fixed": {}, "hypothesis": "m large",
        "asked": [], "constant": None, "entropy": 0, "layers": "dense", "device": "cpu",
        "dtype": "float64", **fields,
    }  # fmt: skip
    return RegimeMap(cells=cells, **told)


@given(COUNTS, st.floats(0.0, 1.0))
def test_a_cell_holds_or_fails_only_where_its_interval_is_on_one_side(counts, level) -> None:
    passes, trials = counts
    found = cell(trials=trials, passes=passes, level=level)
    low, high = found.interval
    assert low <= passes / trials <= high
    expected = "holds" if low >= level else "fails" if high < level else "not resolved"
    assert found.verdict == expected


@given(COUNTS, st.text(min_size=1))
def test_an_error_never_passes(counts, failure) -> None:
    passes, trials = counts
    assert cell(trials=trials, passes=passes, failure=failure, level=0.0).verdict == "error"


def test_the_fewest_trials_that_a_cell_gets_can_show_that_it_holds() -> None:
    assert cell(trials=ENOUGH, passes=ENOUGH).verdict == "holds"
    assert cell(trials=ENOUGH // 2, passes=ENOUGH // 2).verdict == "not resolved"


@pytest.mark.parametrize(
    ("letters", "begins", "after", "words"),
    [
        ("ffhh", 64, 16, "begins to hold at m ≈ 64"),
        ("f?hh", 64, 4, "begins to hold between m = 4 and 64"),
        ("??hh", 64, None, "holds from m = 64 on, not resolved below"),
        ("hhhh", 4, None, "holds from m = 4, the smallest tried, on"),
        ("-hhh", 16, None, "holds from m = 16, where it begins to claim, on"),
        ("hfhh", 64, 16, "begins to hold at m ≈ 64"),
        ("f!hh", 64, 4, "holds from m = 64 on, after an error below"),
        ("ffh ", 64, 16, "begins to hold at m ≈ 64"),
        ("ffff", None, None, "not within m ≤ 256"),
        ("fff ", None, None, "not within m ≤ 64"),
        ("hhhf", None, None, "fails at m = 256, the largest tried, though it holds below"),
        ("hhh?", None, None, "not resolved at m = 256, the largest tried"),
        ("hhh!", None, None, "error at m = 256, the largest tried"),
        ("----", None, None, "nothing is claimed"),
        ("    ", None, None, "not tried"),
    ],
)
def test_where_a_row_begins(letters, begins, after, words) -> None:
    found = row_of("m", row(letters))
    assert (found.begins, found.after, found.words) == (begins, after, words)


@given(st.lists(st.sampled_from("hf?!- "), min_size=4, max_size=4))
def test_a_row_begins_only_where_all_that_follows_holds(letters) -> None:
    cells = row("".join(letters))
    found = row_of("m", cells)
    said = [one for one in cells if one.verdict not in ("claims nothing", "not tried")]
    if found.begins is None:
        assert not said or said[-1].verdict != "holds"
    else:
        assert all(one.verdict == "holds" for one in said if one.x >= found.begins)
        before = [one for one in said if one.x < found.begins]
        assert not before or before[-1].verdict != "holds"


def test_rows_that_agree_are_said_once_with_level_and_trials() -> None:
    made = of([*row("ffhh", 1.0), *row("ffhh", 2.0), *row("ffff", 4.0)])
    assert made.words == (
        "begins to hold at m ≈ 64 for n = 1, 2; not within m ≤ 256 for n = 4 "
        "(pass rate ≥ 0.95, 128 trials a cell)"
    )


@pytest.mark.parametrize(
    ("digits", "words"),
    [
        ([40.7, 41.0], "starts at m = 10^40.7 at n = 1 … m = 10^41 at n = 2: off the chart"),
        ([2.0, 41.0], "starts at m = 100 at n = 1 … m = 10^41 at n = 2: partly off the chart"),
        ([2.0, 2.0], "starts at m = 100 for every n: on the chart"),
        ([0.0, 0.3], "starts at m = 1 at n = 1 … m = 2 at n = 2: below the chart"),
        ([None, None], "names no number to compare with"),
    ],
)
def test_where_the_hypothesis_starts_is_said_in_numbers(digits, words) -> None:
    asked = [Asked(y=float(y), digits=one) for y, one in enumerate(digits, 1)]
    assert of([*row("ffhh", 1.0), *row("ffhh", 2.0)], asked=asked).hypothesis_words == words


def test_a_map_survives_the_records() -> None:
    made = of([*row("f?h "), cell(1.0, 2.0, surviving=math.inf)], asked=[Asked(y=1.0, digits=None)])
    again = from_plain(to_plain(made), Recorded)
    assert again.words == made.words
    assert list(again.cells) == list(made.cells)
    assert (again.kind, again.part, again.asked[0]) == ("regime", "P-1", Asked(y=1.0, digits=None))


def test_trials_of_one_entropy_count_once_and_of_two_add_up() -> None:
    few, many = cell(trials=80, passes=79), cell(trials=256, passes=250)
    same = joined([of([few]), of([many]), of([few])])
    assert same is not None
    assert [(one.trials, one.passes) for one in same.cells] == [(256, 250)]
    other = joined([of([few], entropy=1), of([many])])
    assert other is not None
    assert [(one.trials, one.passes) for one in other.cells] == [(336, 329)]


def test_maps_of_other_code_or_sizes_do_not_add_up() -> None:
    mine = of([cell(**OPEN)])
    for strange in (of([cell(**HOLDS)], generation="old", entropy=1), of([cell(**HOLDS)], y="L")):
        found = joined([mine, strange])
        assert found is not None
        assert [one.trials for one in found.cells] == [16]


def test_an_error_stays_and_what_was_left_out_is_filled_by_another_run() -> None:
    broken = joined([of([cell(**HOLDS)]), of([cell(**ERROR)], entropy=1)])
    filled = joined([of([cell(**LEFT)]), of([cell(**HOLDS)], entropy=1)])
    assert broken is not None
    assert filled is not None
    assert broken.cells[0].verdict == "error"
    assert filled.cells[0].verdict == "holds"


def test_a_trial_without_chance_is_the_same_again() -> None:
    fixed = {"random": False, "trials": 16, "passes": 16}
    found = joined([of([cell(**fixed)]), of([cell(**fixed)], entropy=1)])
    assert found is not None
    assert (found.cells[0].trials, found.cells[0].interval) == (16, (1.0, 1.0))
    assert found.cells[0].verdict == "holds"


@pytest.mark.parametrize("bad", [{"x": 0.0}, {"x": math.nan}, {"y": -1.0}, {"passes": 500}])
def test_damaged_maps_are_left_out(bad) -> None:
    assert joined([of([cell(**{**HOLDS, **bad})])]) is None


def test_no_map_is_none() -> None:
    assert joined([]) is None
