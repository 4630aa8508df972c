"""What other plugins show of a verdict: HTML reports, Allure, reruns, repetitions, every worker.

Stand-ins do here what those plugins do by their documented interfaces.
"""

from __future__ import annotations

import json

import pytest
from suites import FALSE, HEADER, TRUE, run

_KEEPS = """
import json

def pytest_runtest_logreport(report):
    if report.when == "call":
        kept = {"id": report.nodeid, "sections": report.sections,
                "properties": report.user_properties, "outcome": report.outcome}
        with open("kept.jsonl", "a") as file:
            file.write(json.dumps(kept) + "\\n")
"""
_RERUNS = """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for _ in range(3):
        for report in runtestprotocol(item, nextitem=nextitem, log=False):
            item.ihook.pytest_runtest_logreport(report=report)
        item._initrequest()
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
"""
_ALLURE = """
import json
from types import SimpleNamespace

attachment_type = SimpleNamespace(TEXT="text/plain")

def _keep(*what):
    with open("allure.jsonl", "a") as file:
        file.write(json.dumps(what) + "\\n")

def attach(body, name, kind):
    _keep("attach", name, kind, body)

dynamic = SimpleNamespace(description=lambda text: _keep("description", text))
"""


def _kept(pytester: pytest.Pytester, name: str = "kept") -> list:
    return [json.loads(line) for line in (pytester.path / f"{name}.jsonl").read_text().splitlines()]


def test_passed_tests_have_their_verdict_as_a_section(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(_KEEPS)
    pytester.makepyfile(test_mine=HEADER + TRUE + FALSE)
    result = run(pytester, "-rP")
    result.stdout.fnmatch_lines(["*Captured lemmata call*", "OK-1 holds (searched): *", "*seen *"])
    kept = {one["id"].partition("[")[2].rstrip("]"): one for one in _kept(pytester)}
    (title, text) = kept["OK-1"]["sections"][0]
    assert title == "Captured lemmata call"
    assert "Norms are positive" in text
    assert "instances, worst ratio" in text
    assert "is refuted" in kept["OK-1--norms-are-below-one"]["sections"][0][1]
    # What failed has the same in its traceback.
    assert not kept["NO-1"]["sections"]


def test_properties_are_told_once_at_every_rerun_and_counted_once(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeconftest(_KEEPS + _RERUNS)
    pytester.makepyfile(test_mine=HEADER + TRUE + FALSE)
    result = run(pytester, "--lemmata-profile", "quick")
    for one in _kept(pytester):
        names = [name for name, _ in one["properties"]]
        assert len(names) == len(set(names)), names
        assert {"statement", "says", "verdict"} <= set(names)
    result.stdout.fnmatch_lines(["Us * 2 * 1/2 * 2/2 *"])


def test_every_worker_may_judge_all_and_each_part_counts_once(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_mine=HEADER + TRUE + FALSE)
    result = run(pytester, "--dist", "each", "-n", "2", "--lemmata-profile", "quick")
    result.assert_outcomes(passed=6, failed=2)
    result.stdout.fnmatch_lines(["Us * 2 * 1/2 * 2/2 *"])


def test_allure_is_given_the_words_and_the_verdict(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(allure=_ALLURE)
    pytester.makeconftest(
        "class Listens:\n    pass\n\n"
        "def pytest_configure(config):\n"
        "    config.pluginmanager.register(Listens(), 'allure_pytest')\n"
    )
    pytester.makepyfile(test_mine=HEADER + FALSE)
    run(pytester).assert_outcomes(passed=1, failed=1)
    kept = _kept(pytester, "allure")
    assert ["description", "‖g‖ ≤ 1"] in kept
    assert ["description", "falsified: norms are tiny"] in kept
    texts = [body for what, *rest in kept if what == "attach" for body in rest[-1:]]
    assert any("NO-1 is refuted" in text and "lemmata replay" in text for text in texts)


def test_repetitions_are_not_judged_and_the_header_says_so(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        repeat="def pytest_addoption(parser):\n"
        "    parser.addoption('--count', type=int, default=1)\n",
        test_mine=HEADER + TRUE,
    )
    result = run(pytester, "-p", "repeat", "--count", "3")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["lemmata *statements are judged once*"])
