"""Large instances: read from the records where a token is too long, asked about where memory is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from suites import FALSE, HEADER
from test_ends import lemmata

from lemmata.harness.replay import last_failure_in
from lemmata.harness.tokens import read_token

LARGE = """
@statement("BIG-1", paper="Us", source="Lemma 9", title="large", says="$x$", kind="inequality")
@given(x=st.integers(1, 5).map(lambda k: tuple(float(i % SHAPES) / 7 + k for i in range(LENGTH))))
def large(x, trials):
    return at_most(trials.normal("g", 3).norm(dim=-1) * BROKEN, 0.01)

@large.twin("t", specimens=[{"x": (1.0,)}])
def _(x, trials):
    return at_most(trials.normal("g", 3).norm(dim=-1), 0.001)
"""
GROWS = """
@statement("MEM-1", paper="Us", source="Lemma 9", title="grows", says="$x$", kind="inequality")
@given(m=st.integers(1, 5))
def grows(m, trials):
    g = trials.normal("g", 2)
    return at_most(g.norm(dim=-1) + torch.zeros(m, m).sum(), 0.01)

@grows.twin("t", specimens=[{"m": 1}])
def _(m, trials):
    return at_most(trials.normal("g", 3).norm(dim=-1), 0.001)
"""


@pytest.mark.parametrize(
    ("length", "shapes", "broken"),
    [(40_000, 10**9, "1.0"), (300_000, 1, "1.0"), (300_000, 1, "math.nan")],
    ids=["a long token", "one that unpacks to more than is read", "NaN"],
)
def test_a_large_instance_is_replayed_from_its_record(
    pytester: pytest.Pytester, length: int, shapes: int, broken: str
) -> None:
    body = LARGE.replace("LENGTH", str(length)).replace("SHAPES", str(shapes))
    pytester.makepyfile(test_mine=HEADER + body.replace("BROKEN", broken) + FALSE)
    ran = lemmata(pytester, "check", "test_mine.py", "--profile", "quick")
    assert ran.returncode == 1
    assert "lemmata replay --last-failure BIG-1  # from the records" in ran.stdout
    assert f"{length:,} entries" in ran.stdout
    shown = lemmata(pytester, "replay", "--last-failure", "BIG-1")
    assert shown.returncode == 0, shown.stderr
    assert ("a violation" if broken == "1.0" else "NaN, which is an error") in shown.stdout
    # What failed last is another.
    assert "m = 1" in lemmata(pytester, "replay", "--last-failure").stdout
    none = lemmata(pytester, "replay", "--last-failure", "GONE-1")
    assert none.returncode == 2
    assert "has a failure of GONE-1" in none.stderr


def test_what_takes_much_memory_is_asked_about_first(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_mine=HEADER + GROWS)
    lemmata(pytester, "check", "test_mine.py", "MEM-1", "--profile", "quick")
    text, _ = last_failure_in(pytester.path / "build" / "records", "MEM-1")
    large = replace(read_token(text), instance={"m": 10**6})
    asked = lemmata(pytester, "replay", "--from", "test_mine.py", str(large))
    assert asked.returncode == 2
    assert "a single one may take" in asked.stderr
    assert "--large" in asked.stderr
