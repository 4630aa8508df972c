"""Places and points that were noted are taken again elsewhere; a journal keeps what was drawn."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st
from support import draw_of, fresh_id

from lemmata.harness import Bound, Trials, all_of, at_most, given, statement, worst_of
from lemmata.harness.adversary import attack
from lemmata.harness.evaluation import SHOWN, drawn_in, evaluate
from lemmata.harness.journal import Journal
from lemmata.harness.judging import judge_instance
from lemmata.harness.places import PlacesError, a_search, followed, noted, place

DOUBLE = torch.float64


def _claim(x: torch.Tensor) -> Bound:
    return all_of(
        first=worst_of(a=at_most(x, 1.0), b=at_most(x.flip(-1) * 1.5, 1.0)),
        second=at_most(x.square(), 1.0),
    )


@hypothesis_given(seed=st.integers(0, 1000), size=st.floats(0.01, 2.0))
def test_what_is_worst_elsewhere_is_measured_where_it_was_noted(seed: int, size: float) -> None:
    """Under followed places a claim about other numbers measures the entries that were noted."""
    random = torch.Generator().manual_seed(seed)
    x, other = (torch.rand(6, 5, generator=random, dtype=DOUBLE) * size for _ in range(2))
    with noted() as places:
        free = _claim(x)
    with followed(places, DOUBLE):
        assert _claim(x).ratio.equal(free.ratio)
    with followed(places, DOUBLE):
        there = _claim(other)
    assert (there.ratio <= _claim(other).ratio).all()


def test_code_that_picks_otherwise_is_told_apart() -> None:
    with noted() as places:
        _claim(torch.ones(3, 2, dtype=DOUBLE))
    with followed(places, DOUBLE), pytest.raises(PlacesError, match="differ"):
        _claim(torch.ones(4, 2, dtype=DOUBLE))
    with followed([], DOUBLE), pytest.raises(PlacesError, match="more often"):
        place(torch.zeros(1))


def test_a_search_is_not_repeated_where_it_is_followed() -> None:
    searched: list[int] = []

    @a_search
    def find(start: torch.Tensor) -> torch.Tensor:
        searched.append(1)
        _claim(start)  # what it picks on its way is nobody's business
        return start + 1.0

    start = torch.ones(2, 2, dtype=DOUBLE)
    with noted() as places:
        found = find(start)
    assert len(places) == 1
    with followed(places, torch.float32):
        again = find(start.float())
    assert searched == [1]
    assert again.dtype == torch.float32
    assert again.double().equal(found)


def test_a_twin_that_is_attacked_is_searched_once() -> None:
    """The coarser looks at its violation are taken at the point that was found."""
    searched: list[int] = []

    def check(m: int, trials: Trials, *, limit: float = 3.0) -> Bound:
        start = trials.uniform("x", 4)

        def objective(x: torch.Tensor) -> torch.Tensor:
            searched.append(1)
            return -(x - 2.0).square().sum(-1)

        return attack(
            lambda x: at_most(x.amax(-1), limit), starts={"x": start}, objective=objective, steps=20
        )

    made = statement(fresh_id(), source="x", title="x", says="$x$", kind="inequality")
    twin = made(given(m=st.just(1))(check)).twin("less", limit=0.5)
    judged = judge_instance(draw_of(twin, {"m": 1}))
    assert judged.verdict.verdict == "refuted"
    assert judged.verdict.trials == 4
    once = len(searched)
    searched.clear()
    evaluate(draw_of(twin, {"m": 1}), first=0, count=4, priced=False)
    assert len(searched) == once


@hypothesis_given(sizes=st.lists(st.integers(0, 20), max_size=5), trials=st.integers(1, 4))
def test_a_journal_keeps_all_or_nothing(sizes: list[int], trials: int) -> None:
    journal = Journal(30)
    for number, size in enumerate(sizes):
        journal.note(str(number), torch.ones(trials, size))
    assert journal.full == (sum(sizes) > 30)
    assert len(journal) == (0 if journal.full else len(sizes))
    journal.note("0", torch.zeros(trials, sizes[0] if sizes else 0))
    assert journal.full == (sum(sizes) > 30)


@pytest.mark.parametrize(("entries", "kept"), [(3, True), (SHOWN + 1, False)])
@pytest.mark.parametrize("trial", [2, 40])
def test_what_a_trial_drew_is_that_of_its_evaluation(entries: int, kept: bool, trial: int) -> None:
    def check(m: int, trials: Trials) -> Bound:
        return at_most(trials.normal("x", entries).sum(-1), 1e9)

    made = statement(fresh_id(), source="x", title="x", says="$x$", kind="inequality")
    draw = draw_of(made(given(m=st.just(1))(check)), {"m": 1})
    evaluate(draw, first=0, count=16)
    drawn = drawn_in(draw, trial)
    assert bool(drawn) == kept
    if kept:
        assert drawn["x"].equal(draw.trials(trial, 1).normal("x", entries)[0])
