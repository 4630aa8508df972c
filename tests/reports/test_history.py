"""What many runs say: changes of verdict, drift, steps, sparklines, rows and sources."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from lemmata.harness.schema import Checkout, DeclaredStatement, Manifest
from lemmata.reports import build_report
from lemmata.reports.history import LEVEL, step_in
from lemmata.reports.rows import upper_bound
from lemmata.reports.source import source_of


def test_a_step_is_found_where_it_is():
    place, p_value = step_in((1.0, 1.1, 0.9, 1.0, 1.2, 5.0, 5.5, 4.9, 5.1, 5.0))
    assert place == 5
    assert p_value <= LEVEL


def test_a_series_that_stands_still_has_no_step():
    assert step_in((1.0,) * 30)[1] == 1.0


def test_the_statistic_is_that_of_its_definition():
    """Against a count of pairs, on a series with ties."""
    values = (3.0, 1.0, 1.0, 2.0, 7.0, 6.0, 7.0, 5.0, 9.0, 4.0)
    by_hand = [
        abs(
            sum(
                (later > earlier) - (later < earlier)
                for earlier in values[:cut]
                for later in values[cut:]
            )
        )
        for cut in range(2, 9)
    ]
    assert step_in(values)[0] == 2 + by_hand.index(max(by_hand))


def test_a_step_is_told_of_noise_as_rarely_as_is_said():
    """Of 600 series of noise about six have a p-value of 1 % at most; sixteen have it with
    probability 3e-4, and a test that is blind to ties or counts wrongly has far more.
    """
    generator = np.random.default_rng(5)
    found = [
        step_in(tuple(generator.choice([1.0, 1.5, 2.0, 3.0, 4.0, 5.0], size=12)))[1]
        for _ in range(600)
    ]
    assert 0 < sum(one <= LEVEL for one in found) < 16


@given(st.integers(0, 200), st.integers(1, 5_000))
def test_the_bound_of_a_failure_probability_is_clopper_and_pearson_s(failures, more):
    trials = failures + more
    expected = beta.ppf(0.95, failures + 1, trials - failures)
    assert math.isclose(upper_bound(failures, trials), expected, rel_tol=1e-9)


@pytest.fixture
def runs(write, records, manifest, tmp_path):
    """Eleven runs: BND-02 is undecided in the first five, where DET-01's ratio is a half."""
    parts = {"BND-01", "BND-02", "DET-01"}
    kept = [one for one in records if one.get("part") in parts and one["kind"] == "verdict"]
    for number in range(11):
        early = number < 5
        made = []
        for record in kept:
            if record["part"] == "BND-02" and early:
                record = {**record, "outcome": {**record["outcome"], "verdict": "undecided"}}
            if record["part"] == "DET-01":
                record = {**record, "worst_ratio": (0.25 if early else 0.5) + number / 1000}
            made.append(record)
        started = manifest["started"] + 86_400.0 * number
        said = {**manifest, "run": f"run-{number:02}", "started": started}
        write(tmp_path / "records" / f"run-{number:02}", manifest=said, records=made)
    return tmp_path / "records"


def test_many_runs_have_a_page_of_what_changed(runs, read, tmp_path):
    pages = read(build_report(runs, tmp_path / "out"))
    text = pages["history.html"].text
    assert "What changed over 11 runs" in text
    assert re.search(r"BND-02 .{0,80}: undecided , refuted from 27 November 2025", text)
    steps = text[text.index("Steps") : text.index("Drift of worst ratios")]
    assert "DET-01" in steps
    assert "from 27 November 2025" in steps
    assert "(run-05)" in steps
    assert "BND-01" not in steps
    drift = text[text.index("Drift of worst ratios") :]
    assert "DET-01" in drift
    source = pages["index.html"].path.read_text()
    assert len(re.findall(r'<svg class="spark"[^>]*aria-label="11 runs, worst', source)) >= 2
    assert 'href="history.html"' in source


def test_runs_of_another_profile_are_not_compared(runs, write, manifest, records, read, tmp_path):
    other = {**manifest, "run": "other", "profile": "nightly", "started": manifest["started"] - 9e6}
    write(runs / "an-other", manifest=other, records=records)
    text = read(build_report(runs, tmp_path / "out"))["history.html"].text
    assert "(run-05)" in text
    assert "Compared are the runs of the profile quick" in text


def test_few_runs_are_not_searched_for_steps(runs, write, manifest, records, read, tmp_path):
    some = [runs / f"run-{number:02}" for number in range(4)]
    text = read(build_report(some, tmp_path / "out"))["history.html"].text
    assert "No part has 10 runs or more" in text
    assert "No verdict changed." in text


def declared(file: str) -> DeclaredStatement:
    return DeclaredStatement(
        id="A-1", paper="", place="", source="", title="", section="", provenance="", note="",
        says="", uses=(), tested=True, why_untested="", file=file, line=7, claims="", parts=(),
    )  # fmt: skip


def manifest_of(**changes) -> Manifest:
    checkout = {
        "root": "/home/a/project",
        "commit": "0123456789abcdef0123456789abcdef01234567",
        "modified": False,
        "remote": "https://github.com/people/project",
    }
    return Manifest(schema=2, run="r", checkout=Checkout(**{**checkout, **changes}))


def test_code_is_named_within_its_repository_and_linked_at_its_commit():
    found = source_of(declared("/home/a/project/theorems/b c/d.py"), manifest_of())
    assert found
    assert found.words == "theorems/b c/d.py:7 at 0123456789ab"
    assert found.address == (
        "https://github.com/people/project/blob/0123456789abcdef0123456789abcdef01234567"
        "/theorems/b%20c/d.py#L7"
    )


@pytest.mark.parametrize(
    ("file", "changes", "words"),
    [
        ("/home/a/project/x.py", {"remote": ""}, "x.py:7 at 0123456789ab"),
        ("/home/a/project/x.py", {"remote": "https://example.org/p/q"}, "x.py:7 at 0123456789ab"),
        ("/home/a/project/x.py", {"commit": "<script>"}, "x.py:7"),
        ("/elsewhere/deep/down/x.py", {}, "down/x.py:7"),
        ("/venv/lib/site-packages/lemmata/theorems/x.py", {}, "lemmata/theorems/x.py:7"),
        (r"C:\Users\a\theorems\y\x.py", {}, "theorems/y/x.py:7"),
    ],
)
def test_no_folder_of_a_machine_is_told_and_no_page_guessed(file, changes, words):
    found = source_of(declared(file), manifest_of(**changes))
    assert found
    assert (found.words, found.address) == (words, "")


def test_changes_that_were_not_committed_are_said():
    found = source_of(declared("/home/a/project/x.py"), manifest_of(modified=True))
    assert found
    assert found.words.endswith("with changes that were not committed")


def test_no_page_names_a_folder_of_this_machine(report):
    """But where an exception's own text does."""
    pages = [path for path in report.parent.rglob("*.html") if path.stem not in {"index", "ERR-01"}]
    assert len(pages) > 30
    for path in pages:
        assert str(Path(__file__).parent) not in path.read_text()
    assert "reports/every_kind.py:" in (report.parent / "statements" / "BND-01.html").read_text()
