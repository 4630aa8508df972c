"""A deadline is kept within one block, whatever the kind of claim; what it left out is told as time
and is no ground for a "holds".
"""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import strategies as st
from scipy import stats
from support import draw_of, outcome_of, planted

from lemmata.harness import Along, at_most, law_of, mean_of
from lemmata.harness.evaluation import Bounds, evaluate
from lemmata.harness.profiles import BLOCK
from lemmata.harness.sharing import share_of

_SPENT = 1e-9
_GRID = Along(variable="m", sizes=(8, 16, 32), instance=lambda m: {"m": m}, at_most=0.6)


def _bound(m, trials):
    return at_most(trials.normal("g", m).norm(dim=-1), 9.0 * math.sqrt(m))


def _rare(m, trials):
    return _bound(m, trials).except_with_probability(0.05)


def _rounding(m, trials):
    g = trials.normal("g", m)
    # What cancels is looked at again, in stochastic arithmetic.
    return at_most(((g + 1e8) - 1e8 - g).norm(dim=-1), 1e-12)


def _mean(m, trials):
    return mean_of(trials.normal("g", m).sum(dim=-1), 0.0)


def _law(m, trials):
    return law_of(trials.normal("g", m).sum(dim=-1) / math.sqrt(m), stats.norm())


_KINDS = [
    ("inequality", _bound, {}),
    ("probability", _rare, {}),
    ("inequality", _rounding, {}),
    ("mean", _mean, {}),
    ("law", _law, {}),
    ("scaling", _bound, {"along": [_GRID]}),
]


@pytest.mark.parametrize("specimens", [[], [{"m": 3}, {"m": 4}, {"m": 5}]])
@pytest.mark.parametrize(("kind", "check", "options"), _KINDS)
def test_past_its_deadline_a_part_runs_one_block(kind, check, options, specimens) -> None:
    calls = []

    def counting(m, trials):
        calls.append(trials.count)
        return check(m, trials)

    part = planted(counting, kind=kind, specimens=specimens, **options)
    found = outcome_of(part, seconds=_SPENT)
    assert sum(calls) <= BLOCK
    assert len(calls) <= 1
    assert found.verdict in ("underpowered", "untested")
    assert found.out_of_time
    assert any("time ended before" in words for words in found.words)
    assert not any("specimen" in words and "give the part" in words for words in found.words)


def test_a_twin_that_runs_out_of_time_has_not_survived() -> None:
    part = planted(_bound, kind="inequality", specimens=[{"m": 3}, {"m": 4}])
    twin = part.twin("no larger than a tenth")(lambda m, trials: _bound(m, trials))
    late = outcome_of(twin, seconds=_SPENT)
    assert late.verdict in ("underpowered", "untested")
    assert late.out_of_time
    assert "time ended" in " ".join(late.words)
    assert outcome_of(twin).verdict == "holds"  # with time enough it does survive


@pytest.mark.parametrize(("kind", "check", "options"), _KINDS)
def test_with_time_enough_nothing_is_said_of_it(kind, check, options) -> None:
    part = planted(check, kind=kind, specimens=[{"m": 3}], **options)
    quick, free = (outcome_of(part, profile="quick", seconds=s) for s in (1e6, None))
    assert not quick.out_of_time
    assert (quick.verdict, quick.trials, quick.words) == (free.verdict, free.trials, free.words)


def test_a_deadline_changes_no_trial() -> None:
    part = planted(_bound, kind="inequality")
    whole = evaluate(draw_of(part, {"m": 5}), first=0, count=256)
    soon = evaluate(draw_of(part, {"m": 5}), first=0, count=256, deadline=time.monotonic() + 1e6)
    late = evaluate(draw_of(part, {"m": 5}), first=0, count=256, deadline=time.monotonic() - 1.0)
    assert isinstance(whole, Bounds)
    assert whole.ratio == pytest.approx(soon.ratio, rel=1e-12)
    assert late.ratio == pytest.approx(whole.ratio[: len(late)], rel=1e-12)
    assert len(late) == BLOCK


def test_shares_of_what_is_left_are_all_of_it() -> None:
    part = planted(_bound, kind="inequality")
    twin = part.twin("t")(_bound)
    other = planted(_bound, kind="inequality")
    subjects = [part, twin, other]
    assert sum(share_of(one, subjects) for one in subjects) == pytest.approx(1.0)
    assert share_of(twin, subjects) < share_of(part, subjects) == share_of(other, subjects)
    assert share_of(other, [other]) == 1.0


def test_a_search_that_could_go_on_leaves_time_for_the_specimens_that_it_chooses() -> None:
    def check(m, trials):
        return at_most(trials.uniform("u", 200).amax(dim=-1), 1.0).except_with_probability(0.05)

    part = planted(check, strategy=st.integers(1, 10**9))
    outcome = outcome_of(part, profile="nightly", seconds=3.0)
    assert outcome.search is not None
    assert outcome.search.stopped == "time"
    assert outcome.specimens
    assert outcome.verdict == "holds"
