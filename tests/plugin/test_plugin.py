"""The plugin as a user meets it: pytest in a folder of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from suites import FALSE, HEADER, TRUE, latest, run, verdicts

from lemmata.harness.schema import Block, Lost


def test_statements_and_twins_are_items_of_their_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_mine=HEADER + TRUE)
    result = run(pytester, "-v")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        [
            "*norms_are_positive?OK-1? PASSED*",
            "*norms_are_positive?OK-1--norms-are-below-one? PASSED*",
            "*= theorems =*",
            "Us *1/1*1/1*",
        ]
    )
    assert verdicts(pytester) == {"OK-1": "holds"}


def test_a_refuted_statement_fails_and_explains_itself(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_mine=HEADER + FALSE)
    result = run(pytester)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*NO-1 is refuted: Norms are small*",
            "*says *",
            "*instance *m = *",
            "*measured *claimed at most 1*",
            "*evidence *e-value*",
            "*replay *lemmata replay --from test_mine.py lemma1.*",
        ]
    )


def test_replaying_the_printed_token_shows_the_violation(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_mine=HEADER + FALSE)
    result = run(pytester)
    token = next(line.split()[-1] for line in result.outlines if "lemmata replay" in line)
    shown = pytester.run(
        sys.executable,
        "-m",
        "lemmata",
        "replay",
        token,
        "--from",
        "test_mine.py",
        "--export",
        "arrays.npz",
    )
    shown.stdout.fnmatch_lines(["NO-1*", "*measured *", "*at most *", "*a violation*"])
    again = pytester.run(sys.executable, "-m", "lemmata", "replay", "--last-failure")
    assert again.outlines[:3] == shown.outlines[:3]
    import numpy as np

    with np.load(pytester.path / "arrays.npz", allow_pickle=False) as arrays:
        assert arrays["measured"][0] > arrays["bound"][0]
        assert np.linalg.norm(arrays["drawn/g"]) == pytest.approx(arrays["measured"][0])


def test_nan_and_exceptions_are_errors_with_their_instance(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_mine=HEADER
        + """
@statement("NAN-1", source="Us, 3", title="measures nothing", says="$x$", kind="inequality")
@given(m=st.integers(1, 8))
def measures_nan(m, trials):
    g = trials.normal("g", m).norm(dim=-1)
    return at_most(torch.where(g > 1, math.nan, g), 9.0)

@statement("RAISES-1", source="Us, 4", title="raises", says="$x$", kind="inequality")
@given(m=st.integers(1, 8))
def raises(m, trials):
    if m > 3:
        raise ZeroDivisionError("no such size")
    return at_most(trials.normal("g", m).norm(dim=-1), 99.0)

@measures_nan.twin("t")
def _(m, trials):
    return at_most(trials.normal("g", m).norm(dim=-1), 0.0)

@raises.twin("t")
def _(m, trials):
    return at_most(trials.normal("g", m).norm(dim=-1), 0.0)
"""
    )
    result = run(pytester)
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*NAN-1 raises an error*",
            "*measured NaN*",
            "*instance *m = 1*",
            "*replay *",
            "*RAISES-1 raises an error*",
            "*no such size*",
            "*m = 4*",
        ]
    )
    assert verdicts(pytester) == {"NAN-1": "error", "RAISES-1": "error"}


def test_a_killed_worker_loses_nothing_that_was_recorded(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_mine=HEADER
        + TRUE
        + """
@statement("DIES-1", source="Us, 5", title="dies", says="$x$", kind="inequality",
           specimens=[{"m": 1}])
@given(m=st.integers(1, 8))
def dies(m, trials):
    os.kill(os.getpid(), signal.SIGKILL)

@dies.twin("t")
def _(m, trials):
    return at_most(trials.normal("g", m).norm(dim=-1), 0.0)
"""
    )
    result = run(pytester, "-n", "2")
    outcomes = result.parseoutcomes()
    assert outcomes["failed"] == 1
    assert outcomes["passed"] == 3
    found = latest(pytester)
    assert any(isinstance(record.value, Lost) for record in found.records)
    assert verdicts(pytester)["OK-1"] == "holds"
    assert found.manifest.finished is not None


def test_ctrl_c_is_noted_and_loses_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_mine=HEADER
        + TRUE
        + """
@statement("STOP-1", source="Us, 6", title="stops", says="$x$", kind="inequality")
@given(m=st.integers(1, 8))
def stops(m, trials):
    raise KeyboardInterrupt

@stops.twin("t")
def _(m, trials):
    return at_most(trials.normal("g", m).norm(dim=-1), 0.0)
"""
    )
    run(pytester)
    assert latest(pytester).manifest.interrupted == "interrupted by Ctrl-C"
    assert verdicts(pytester)["OK-1"] == "holds"
    report = pytester.run(sys.executable, "-m", "lemmata", "report")
    assert report.ret == 0
    assert "interrupted" in (pytester.path / "build" / "report" / "index.html").read_text().lower()


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (TRUE + TRUE.replace("norms_are_positive", "again"), "*OK-1 stands twice*"),
        (TRUE.partition("@norms_are_positive.twin")[0], "*OK-1 has no twin*"),
        (
            TRUE.replace('says="$x$"', 'says="$x$", uses=["GONE-1"]'),
            "*OK-1 uses GONE-1, which is no statement*",
        ),
        (TRUE.replace("OK-1", "no id"), "*'no id' is no statement id*"),
        (TRUE.replace('kind="inequality"', 'kind="guess"'), "*unknown kind 'guess'*"),
        (
            TRUE.replace('kind="inequality"', 'kind="inequality", specimens=[{"n": 1}]'),
            "*a specimen of OK-1 names n; the statement draws m*",
        ),
    ],
)
def test_mistakes_in_declaring_are_one_sentence_at_collection(
    pytester: pytest.Pytester, body: str, sentence: str
) -> None:
    pytester.makepyfile(test_mine=HEADER + body)
    result = run(pytester, "-q")
    assert result.ret != 0
    assert any(
        __import__("fnmatch").fnmatch(line, sentence) for line in result.outlines + result.errlines
    )
    assert not any("Traceback" in line for line in result.outlines)


def test_hypothesis_keeps_its_habits(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_mine=HEADER
        + """
seen = []

@statement("HABIT-1", source="Us, 7", title="t", says="$x$", kind="inequality")
@example(m=77)
@settings(max_examples=3)
@given(m=st.integers(1, 8))
def has_habits(m, trials):
    seen.append(m)
    event(f"m is {m}") if m != 77 else note("the example")
    return at_least(trials.normal("g", m).norm(dim=-1), 0.0)

@has_habits.twin("t", specimens=[{"m": 2}])
def _(m, trials):
    return at_most(trials.normal("g", m).norm(dim=-1), 0.0)

def test_what_was_drawn():
    assert seen[0] == 77
    assert 3 <= len(set(seen)) <= 4
"""
    )
    result = run(pytester, "--hypothesis-show-statistics", "--hypothesis-seed=3")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        ["*Hypothesis Statistics*", "*has_habits?HABIT-1?:*", "*3 passing*"]
    )


def test_fresh_seeds_are_respected_by_an_otherwise_fixed_profile(pytester: pytest.Pytester) -> None:
    many = TRUE.replace("st.integers(1, 8)", "st.integers(1, 10**9).map(lambda m: 1 + m % 50)")
    pytester.makepyfile(
        test_mine=HEADER
        + many.replace("map(lambda m: 1 + m % 50)", "filter(bool)").replace(
            'trials.normal("g", m)', 'trials.normal("g", 1 + m % 8)'
        )
    )
    drawn = []
    for arguments in ((), (), ("--hypothesis-seed=5",)):
        run(pytester, *arguments).assert_outcomes(passed=2)
        drawn.append(
            {
                record.value.place.hash
                for record in latest(pytester).records
                if isinstance(record.value, Block) and record.value.role == "explore"
            }
        )
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_repository_with_folders_of_our_names_runs_through_the_plugin(
    pytester: pytest.Pytester,
) -> None:
    for folder in ("reports", "harness", "strategies", "theorems"):
        (pytester.path / folder).mkdir()
        (pytester.path / folder / "__init__.py").write_text(f"WHOSE = 'the user, {folder}'\n")
    pytester.makeconftest(
        "import sys, pathlib; sys.path.insert(0, str(pathlib.Path(__file__).parent))"
    )
    pytester.makepyfile(
        test_mine="import reports, harness, strategies, theorems\n"
        + HEADER
        + TRUE
        + "\ndef test_mine():\n    mine = (reports, harness, strategies, theorems)\n"
        + "    assert all('the user' in module.WHOSE for module in mine)\n"
    )
    run(pytester).assert_outcomes(passed=3)
    run(pytester, "-n", "2").assert_outcomes(passed=3)


def test_only_and_markers_select(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_mine=HEADER + TRUE + FALSE)
    run(pytester, "--lemmata-only", "OK-1").assert_outcomes(passed=2, deselected=2)
    run(pytester, "--lemmata-only", "NO-1~norms-are-tiny").assert_outcomes(passed=1, deselected=3)
    run(pytester, "-k", "OK-1").assert_outcomes(passed=2, deselected=2)
    run(pytester, "-m", "kind and not paper and not kind", "-q")


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "two workers"])
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--lemmata-device", "cuda:7"), "this machine offers"),
        (("--lemmata-device", "toaster"), "is no device"),
        (("--lemmata-dtype", "int8"), "is no type for statements"),
        (("--lemmata-records=/proc/nowhere",), "records cannot be written"),
        (("--lemmata-records", "/proc/nowhere"), "as one word"),
        (("--lemmata-only", "GONE-9"), "GONE-9, which was not collected"),
    ],
)
def test_impossible_settings_are_one_sentence(
    pytester: pytest.Pytester,
    arguments: tuple[str, ...],
    sentence: str,
    workers: tuple[str, ...],
) -> None:
    pytester.makepyfile(test_mine=HEADER + TRUE)
    result = run(pytester, *arguments, *workers)
    assert result.ret != 0
    said = result.errlines + result.outlines
    assert sum(sentence in line for line in said) == 1
    assert not any("INTERNALERROR" in line or "Traceback" in line for line in said)


def test_workers_share_the_run(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_mine=HEADER + TRUE + FALSE)
    nightly = ("--lemmata-profile", "nightly", "--lemmata-budget", "4s")
    run(pytester, "-n", "2", *nightly, "--lemmata-only", "OK-1").assert_outcomes(passed=2)
    found = latest(pytester)
    blocks = [record.value for record in found.records if isinstance(record.value, Block)]
    assert {block.entropy for block in blocks} == {found.manifest.entropy}
    assert found.manifest.entropy != 0
    assert json.loads((found.folder / "statements.json").read_text())[0]["id"] == "OK-1"


def test_workers_may_have_any_name(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_mine=HEADER + TRUE)
    workers = ("--tx", "popen//id=alpha", "--tx", "popen//id=beta", "--dist", "load")
    run(pytester, *workers).assert_outcomes(passed=2)
    assert verdicts(pytester) == {"OK-1": "holds"}


def test_a_budget_is_shared_by_what_was_chosen(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        "from lemmata.pytest_plugin import _WEIGHT\n"
        "def pytest_collection_finish(session):\n"
        "    print('weight', session.config.stash[_WEIGHT])\n"
    )
    pytester.makepyfile(test_one=HEADER + TRUE)
    pytester.makepyfile(test_both=HEADER + TRUE + FALSE)

    def weight(*arguments: str) -> str:
        lines = run(pytester, "-s", "--lemmata-budget", "4s", *arguments).outlines
        return next(line for line in lines if line.startswith("weight"))

    alone = weight("test_one.py")
    assert weight("test_both.py") != alone
    assert weight("test_both.py", "--lemmata-only", "OK-1") == alone
    assert weight("test_both.py", "-k", "OK-1") == alone


def test_a_budget_is_shared_and_ends_the_run(pytester: pytest.Pytester) -> None:
    slow = TRUE.replace(
        "    return at_least", "    __import__('time').sleep(1.2)\n    return at_least"
    )
    pytester.makepyfile(test_mine=HEADER + slow + FALSE.replace("NO-1", "ZZ-1"))
    result = run(pytester, "--lemmata-budget", "1s", "-rs")
    assert result.parseoutcomes()["skipped"] == 4
    result.stdout.fnmatch_lines(
        ["*OK-1 is untested: *the time ended before*", "*the budget of 1s is spent*"],
        consecutive=False,
    )
    wrong = run(pytester, "--lemmata-budget", "soon")
    assert wrong.ret != 0
    assert any("'soon' is no time: write 30s, 5m or 1h" in line for line in wrong.errlines)


def test_automatic_workers_are_one_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    from lemmata import pytest_plugin

    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,2,3")
    for device, expected in (("cuda", 3), ("cpu", None)):
        config = SimpleNamespace(getoption=lambda name, device=device: device)
        assert pytest_plugin.pytest_xdist_auto_num_workers(config) == expected


def test_every_worker_gets_a_gpu_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    from lemmata import pytest_plugin

    config = SimpleNamespace(getoption=lambda name: "cuda")
    given_to = []
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.setenv(name, "1")
    for number in range(3):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
        monkeypatch.setattr(pytest_plugin, "_gpus", lambda: ["0", "1"])
        pytest_plugin._take_share(config, number=number, count=3)
        given_to.append(__import__("os").environ["CUDA_VISIBLE_DEVICES"])
    assert given_to == ["0", "1", "0"]


def test_other_suites_are_left_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_theirs="def test_theirs():\n    import sys\n    assert 'torch' not in sys.modules\n"
    )
    result = run(pytester)
    result.assert_outcomes(passed=1)
    assert not (pytester.path / "build").exists()
    run(pytester, "-n", "1").assert_outcomes(passed=1)
    assert not Path(pytester.path / "build").exists()
