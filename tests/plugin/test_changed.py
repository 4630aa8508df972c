"""Before a commit: what earlier runs judged as it is now is left out, and nothing else."""

from __future__ import annotations

import pytest
from suites import FALSE, HEADER, TRUE, latest, run

from lemmata.harness.unchanged import generations_as_expected

CHANGED = "--lemmata-changed"


def test_only_what_changed_is_judged_again(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_mine=HEADER + TRUE, test_other=HEADER + FALSE)
    run(pytester, CHANGED).assert_outcomes(passed=3, failed=1)
    # The refuted statement is not as expected: it comes again, and nothing else does.
    again = run(pytester, CHANGED)
    again.assert_outcomes(failed=1, deselected=3)
    again.stdout.fnmatch_lines(["3 parts and twins left out: *"])
    mended = FALSE.replace("norm(dim=-1), 1.0", "norm(dim=-1), 99.0")
    pytester.makepyfile(test_other=HEADER + mended)
    run(pytester, CHANGED).assert_outcomes(passed=2, deselected=2)
    run(pytester, CHANGED, "-n", "2").assert_outcomes()
    run(pytester, CHANGED, "--lemmata-profile", "quick").assert_outcomes(deselected=4)
    # A more thorough profile has judged nothing yet.
    records = latest(pytester).folder.parent
    assert generations_as_expected(records, profile="quick", device="cpu", dtype="float64")
    assert not generations_as_expected(records, profile="nightly", device="cpu", dtype="float64")


def test_another_device_or_damaged_records_count_for_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_mine=HEADER + TRUE)
    run(pytester)
    folder = latest(pytester).folder
    of = {"profile": "default", "dtype": "float64"}
    assert set(generations_as_expected(folder.parent, device="cpu", **of)) == {
        "OK-1",
        "OK-1~norms-are-below-one",
    }
    assert not generations_as_expected(folder.parent, device="cuda", **of)
    assert not generations_as_expected(folder / "nowhere", device="cpu", **of)
    for file in folder.glob("*.jsonl"):
        file.write_text('{"kind":"verdict"}\n{"kind":"twin" torn')
    assert not generations_as_expected(folder.parent, device="cpu", **of)
