"""Hypothesis' own tools beside statements: statistics, observations, HypoFuzz."""

from __future__ import annotations

import json

import pytest
from suites import FALSE, HEADER, TRUE, run

# Of Hypothesis' documented schema of observations.
_TEST_CASE = {
    "type", "status", "status_reason", "representation", "arguments", "how_generated", "features",
    "coverage", "timing", "metadata", "property", "run_start",
}  # fmt: skip
_MESSAGE = {"type", "title", "content", "property", "run_start"}
_DRAWN = """
@statement("HABIT-1", source="Us, 7", title="t", says="$x$", kind="inequality")
@settings(max_examples=30)
@given(m=st.integers(1, 10**6), name=st.text(max_size=3))
def has_habits(m, name, trials):
    if m % 2:
        return at_least(trials.normal("g", 3).norm(dim=-1), 0.0)
    return at_most(trials.normal("g", 3).norm(dim=-1), math.inf)

@has_habits.twin("t", specimens=[{"m": 2, "name": ""}])
def _(m, name, trials):
    return at_most(trials.normal("g", 3).norm(dim=-1), 0.0)
"""


def test_observations_are_valid_and_say_what_the_claim_did(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYPOTHESIS_EXPERIMENTAL_OBSERVABILITY", "1")
    pytester.makepyfile(test_mine=HEADER + _DRAWN)
    result = run(pytester, "--hypothesis-show-statistics")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*Events:*", "*the claim: has a worst ratio below 0.1*"])
    said, cases = set(), 0
    for file in (pytester.path / ".hypothesis" / "observed").glob("*.jsonl"):
        for line in file.read_text().splitlines():
            found = json.loads(line)
            if found["type"] != "test_case":
                assert set(found) == _MESSAGE
                continue
            cases += 1
            assert set(found) == _TEST_CASE
            assert found["status"] in ("passed", "failed", "gave_up")
            assert found["property"] == "test_mine.py::has_habits[HABIT-1]"
            assert set(found["arguments"]) == {"m", "name"}
            said |= {str(value) for value in found["features"].values()}
    assert cases >= 30
    assert said == {"has a worst ratio below 0.1", "says nothing here"}


def test_hypofuzz_is_told_why_statements_are_not_its_tests(pytester: pytest.Pytester) -> None:
    collection = """
class Collector:
    def pytest_collection_finish(self, session):
        for item in session.items:
            print(item.nodeid, [mark.kwargs["reason"] for mark in item.iter_markers("skip")])
"""
    (pytester.path / "hypofuzz").mkdir()
    (pytester.path / "hypofuzz" / "__init__.py").write_text("")
    (pytester.path / "hypofuzz" / "collection.py").write_text(collection)
    pytester.makeconftest(
        "from hypofuzz.collection import Collector\n\n"
        "def pytest_configure(config):\n    config.pluginmanager.register(Collector())\n"
    )
    pytester.makepyfile(test_mine=HEADER + TRUE + FALSE + "\ndef test_plain():\n    pass\n")
    result = run(pytester, "--collect-only", "-m", "hypothesis")
    result.stdout.fnmatch_lines(
        ["*OK-1*HypoFuzz takes every run *lemmata check*", "*NO-1*HypoFuzz takes every run *"]
    )
