"""Which statements of a file become items: all that it registers, whatever they are bound to."""

from __future__ import annotations

import pytest
from suites import FALSE, HEADER, MAPPED, TRUE, latest, run, verdicts

LOOP = """
def made(number):
    @statement(f"LOOP-{number}", paper="Us", source="Lemma 1", title="t", says="$x$",
               kind="inequality")
    @given(m=st.integers(1, 8))
    def positive(m, trials):
        return at_least(trials.normal("g", m).norm(dim=-1), 0.0)

    @positive.twin("t")
    def _(m, trials):
        return at_most(trials.normal("g", m).norm(dim=-1), 1e-3)

    return positive
"""


def indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        ("class Kept:\n" + indented(TRUE), {"OK-1"}),
        (TRUE + TRUE.replace("OK-1", "OK-2"), {"OK-1", "OK-2"}),
        (TRUE.replace("norms_are_positive(", "_(").replace("@norms_are_positive", "@_"), {"OK-1"}),
        (TRUE + "\ndel norms_are_positive\n", {"OK-1"}),
        (TRUE + "\nnorms_are_positive = 3\n", {"OK-1"}),
        (LOOP + "\nkept = [made(n) for n in (1, 2)]\n", {"LOOP-1", "LOOP-2"}),
        (LOOP + "\nfor n in (1, 2):\n    made(n)\n", {"LOOP-1", "LOOP-2"}),
    ],
    ids=["class", "same name", "underscore", "deleted", "rebound", "list", "loop"],
)
def test_whatever_a_statement_is_bound_to_it_is_judged(
    pytester: pytest.Pytester, body: str, ids: set[str]
) -> None:
    pytester.makepyfile(test_mine=HEADER + body)
    run(pytester).assert_outcomes(passed=2 * len(ids))
    assert verdicts(pytester) == dict.fromkeys(ids, "holds")


def test_what_a_helper_registers_is_judged_once(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        helper=HEADER + TRUE + LOOP,
        test_one="from helper import norms_are_positive, made\nkept = {'x': [made(1)]}\n",
        test_two="import lemmata\nfrom helper import norms_are_positive\n",
    )
    run(pytester).assert_outcomes(passed=4)
    assert verdicts(pytester) == {"OK-1": "holds", "LOOP-1": "holds"}


def test_what_a_test_file_imports_from_another_is_not_its_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_one=HEADER + TRUE,
        test_two="from test_one import norms_are_positive as first\n" + HEADER + FALSE,
    )
    run(pytester, "test_two.py").assert_outcomes(passed=1, failed=1)
    assert set(verdicts(pytester)) == {"NO-1"}


def test_names_are_what_k_and_shells_take(pytester: pytest.Pytester) -> None:
    lettered = TRUE.replace('@statement("OK-1"', 'S = statement("OK-1"').replace(
        ")\n@given", ')\n@S.part("a", says="$x$")\n@given', 1
    )
    pytester.makepyfile(test_mine=HEADER + lettered + FALSE)
    run(pytester, "-k", "OK-1-a").assert_outcomes(passed=2, deselected=2)
    run(pytester, "-k", "OK-1-a--norms-are-below-one").assert_outcomes(passed=1, deselected=3)
    run(pytester, "test_mine.py::norms_are_positive").assert_outcomes(passed=2)
    run(pytester, "test_mine.py::norms_are_positive[OK-1-a]").assert_outcomes(passed=1)


def test_last_failed_first_failed_and_stepwise(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_mine=HEADER + TRUE + FALSE + "\ndef test_plain():\n    assert 0\n")
    pytester.runpytest_subprocess().assert_outcomes(passed=3, failed=2)
    pytester.runpytest_subprocess("--lf").assert_outcomes(failed=2)
    first = pytester.runpytest_subprocess("--ff", "-v")
    ran = [line for line in first.outlines if "::" in line and ("PASSED" in line or "FAIL" in line)]
    assert "NO-1" in ran[0]
    pytester.runpytest_subprocess("--lf", "-n", "2").assert_outcomes(failed=2)
    pytester.runpytest_subprocess("--sw").assert_outcomes(passed=2, failed=1)
    pytester.runpytest_subprocess("--sw").assert_outcomes(failed=1, deselected=2)


def test_marks_above_and_below_work(pytester: pytest.Pytester) -> None:
    skipped = "@pytest.mark.skip(reason='not now')" + TRUE
    failing = FALSE.replace("@given", "@pytest.mark.xfail\n@given", 1)
    pytester.makepyfile(test_mine="import pytest\n" + HEADER + skipped + failing)
    result = run(pytester, "-rs")
    result.assert_outcomes(skipped=2, xfailed=1, passed=1)
    result.stdout.fnmatch_lines(["*parts*no verdict*", "Us *", "*not now*"])


def test_parametrize_and_fixtures_are_refused_in_a_sentence(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_mine="import pytest\n" + HEADER + "@pytest.mark.parametrize('m', [1, 2])" + TRUE,
        test_other=HEADER + TRUE.replace("OK-1", "OK-3").replace("(m, trials)", "(m, trials, tmp)"),
    )
    result = run(pytester)
    assert result.ret != 0
    text = "\n".join(result.outlines)
    assert "OK-1 is parametrized: take the mark away" in text
    assert "@given draws m" in text
    assert "OK-3 has no part" not in text


def test_without_the_plugin_a_file_of_statements_says_so(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(test_mine=HEADER + TRUE + "\ndef test_plain():\n    pass\n")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    result = run(pytester)
    assert result.ret != 0
    assert any("nothing would be judged" in line for line in result.outlines)
    run(pytester, "-p", "lemmata.pytest_plugin").assert_outcomes(passed=3)


def test_a_file_that_ends_the_program_is_an_error_in_a_sentence(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_mine=HEADER + TRUE + "\nimport sys\nsys.exit(0)\n", test_b=HEADER + FALSE
    )
    result = run(pytester, "--continue-on-collection-errors")
    assert result.ret != 0
    assert any("sys.exit(0)" in line for line in result.outlines)


def test_a_comment_that_names_us_imports_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_theirs="# not lemmata\ndef test_theirs():\n    import sys\n"
        "    assert 'torch' not in sys.modules\n"
    )
    run(pytester).assert_outcomes(passed=1)


def test_the_header_says_what_would_be_run(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_mine=HEADER + TRUE)
    result = run(pytester, "--co", "--lemmata-entropy", "7")
    result.stdout.fnmatch_lines(["lemmata *profile default, entropy 7, cpu float64, records in *"])


def test_a_map_is_told_in_the_summary_and_recorded_with_workers_too(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(test_mine=HEADER + MAPPED)
    for arguments in ((), ("-n", "2")):
        result = run(pytester, "--lemmata-only", "MAP-1", *arguments)
        result.assert_outcomes(passed=1, failed=1)  # at n = 2 a width of 64 does not suffice
        result.stdout.fnmatch_lines(["MAP-1: begins to hold *m*for n = 1*off the chart"])
        maps = [one for one in latest(pytester).records if one.value.kind == "regime"]
        assert [one.value.part for one in maps] == ["MAP-1"]
    quick = run(pytester, "--lemmata-only", "MAP-1", "--lemmata-profile", "quick")
    quick.stdout.no_fnmatch_line("MAP-1: *")


def test_a_map_that_asks_for_what_is_not_drawn_is_an_error_of_one_sentence(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(test_mine=HEADER + MAPPED.replace('{"m": m, "n": n},', '{"m": m},'))
    result = run(pytester)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: the regime map of MAP-1 names m; the statement draws m, n"]
    )
