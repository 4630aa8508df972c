"""How runs end: died workers, -x, full disks, statements that leave, reruns, other people's CI."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from suites import FALSE, HEADER, TRUE, latest, run, verdicts

from lemmata.harness.schema import Lost

LEAVES = """
@statement("LEAVE-1", source="Us, 5", title="leaves", says="$x$", kind="inequality",
           specimens=[{"m": 1}])
@given(m=st.integers(1, 8))
def leaves(m, trials):
    BODY

@leaves.twin("t")
def _(m, trials):
    return at_most(trials.normal("g", m).norm(dim=-1), 0.0)
"""


def lemmata(pytester: pytest.Pytester, *words: str, **options: object):
    return subprocess.run(
        [Path(sys.executable).with_name("lemmata"), *words],
        cwd=pytester.path, capture_output=True, text=True, errors="replace", timeout=300,
        check=False, **options,
    )  # fmt: skip


def test_the_death_of_a_worker_names_its_statement(pytester: pytest.Pytester) -> None:
    dies = LEAVES.replace("BODY", "os.kill(os.getpid(), signal.SIGKILL)")
    pytester.makepyfile(test_mine=HEADER + TRUE + dies)
    result = run(pytester, "-n", "2")
    lost = [one.value for one in latest(pytester).records if isinstance(one.value, Lost)]
    assert [one.part for one in lost] == ["LEAVE-1"]
    assert "was being judged when worker" in lost[0].what
    result.stdout.fnmatch_lines(["*parts*no verdict*", "Us, 5 *0/1*1/1*"])


def test_stopping_at_the_first_failure_is_told_as_that(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_mine=HEADER + FALSE)
    run(pytester, "-x", "-n", "2")
    assert latest(pytester).manifest.interrupted == "stopping after 1 failures"
    run(pytester, "-x")
    assert latest(pytester).manifest.interrupted == "stopping after 1 failures"


@pytest.mark.parametrize(
    "body", ["sys.exit(0)", "raise BaseException('odd')", "raise GeneratorExit"]
)
def test_a_statement_that_leaves_is_its_own_error(pytester: pytest.Pytester, body: str) -> None:
    file = "import sys\n" + HEADER + LEAVES.replace("BODY", body) + FALSE
    pytester.makepyfile(test_mine=file)
    ran = lemmata(pytester, "check", "test_mine.py", "--profile", "quick")
    assert ran.returncode == 1
    assert verdicts(pytester) == {"LEAVE-1": "error", "NO-1": "refuted"}
    assert latest(pytester).manifest.interrupted is None


def test_a_broken_pipe_is_no_finished_run(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_mine=HEADER + TRUE + FALSE)
    command = f"{sys.executable} -m lemmata check test_mine.py --profile quick | true"
    subprocess.run(command, shell=True, cwd=pytester.path, check=False)
    assert "closed the pipe" in (latest(pytester).manifest.interrupted or "")


def test_an_error_before_the_run_says_what_failed(pytester: pytest.Pytester) -> None:
    leaving = HEADER + TRUE + "\nimport sys\nsys.exit(0)\n"
    Path("leaving.py").write_text(leaving)
    ran = lemmata(pytester, "check", "leaving.py")
    assert ran.returncode == 2
    assert "sys.exit(0)" in ran.stderr


def test_a_full_disk_is_a_sentence_and_keeps_what_was_written(pytester: pytest.Pytester) -> None:
    full = """
import builtins
from lemmata.harness import records
from pathlib import Path
real = Path.open
def fails(self, mode="r", *rest, **options):
    if "a" in mode and self.suffix == ".jsonl":
        raise OSError(28, "No space left on device")
    return real(self, mode, *rest, **options)
Path.open = fails
"""
    pytester.makepyfile(test_mine=HEADER + TRUE + full)
    ran = lemmata(pytester, "check", "test_mine.py", "--profile", "quick")
    assert ran.returncode == 3
    assert "No space left on device" in ran.stderr
    assert "Traceback" not in ran.stderr
    result = run(pytester)
    assert result.ret != 0
    assert any("No space left on device" in line for line in result.outlines)
    assert not any("INTERNALERROR" in line for line in result.outlines)


def test_a_statement_may_change_the_working_directory(pytester: pytest.Pytester) -> None:
    away = TRUE.replace("    return at_least", "    os.chdir('/')\n    return at_least")
    pytester.makepyfile(test_mine=HEADER + away)
    ran = lemmata(pytester, "check", "test_mine.py", "--profile", "quick", "--records", "rec")
    assert ran.returncode == 0
    assert "`lemmata report --records rec` makes them pages" in ran.stdout
    away = FALSE.replace("    return at_most", "    os.chdir('/')\n    return at_most", 1)
    pytester.makepyfile(test_mine=HEADER + away)
    result = run(pytester, "--lemmata-records=rec")
    result.stdout.fnmatch_lines(
        ["*lemmata replay --from test_mine.py *", "*`lemmata report --records rec` makes *"]
    )
    assert len(list((pytester.path / "rec").glob("*/main.jsonl"))) == 2


def test_the_printed_command_works_in_a_folder_below(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_mine=HEADER + FALSE)
    pytester.makeini("[pytest]")
    below = pytester.mkdir("below")
    command = [sys.executable, "-m", "pytest", "../test_mine.py", "--lemmata-profile", "quick"]
    ran = subprocess.run(command, cwd=below, capture_output=True, text=True, check=False)
    printed = ran.stdout.rpartition("; `")[2].partition("`")[0].split()
    assert printed[:2] == ["lemmata", "report"]
    made = subprocess.run(
        [sys.executable, "-m", *printed], cwd=below, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    assert (below / "build" / "report" / "index.html").exists()


def test_records_run_no_file_from_elsewhere(pytester: pytest.Pytester, tmp_path: Path) -> None:
    pytester.makepyfile(test_mine=HEADER + FALSE)
    run(pytester)
    folder = latest(pytester).folder
    payload = tmp_path / "elsewhere" / "payload.py"
    payload.parent.mkdir()
    payload.write_text("open('ran', 'w').close()\n" + HEADER + FALSE)
    listed = json.loads((folder / "statements.json").read_text())
    listed[0]["file"] = str(payload)
    (folder / "statements.json").write_text(json.dumps(listed))
    ran = lemmata(pytester, "replay", "--last-failure")
    assert ran.returncode == 2
    assert "it is run only where you name it yourself" in ran.stderr
    assert not (pytester.path / "ran").exists()


def test_a_records_folder_elsewhere_is_one_word(pytester: pytest.Pytester, tmp_path: Path) -> None:
    pytester.makepyfile(test_mine=HEADER + TRUE)
    for _ in range(2):
        run(pytester, f"--lemmata-records={tmp_path}").assert_outcomes(passed=2)
        assert run(pytester, "--lemmata-records", str(tmp_path)).ret != 0
        run(pytester, "--lemmata-records", "here").assert_outcomes(passed=2)


def test_github_shows_a_failure_at_its_line(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    pytester.makepyfile(test_mine=HEADER + FALSE)
    result = run(pytester, "-n", "1")
    (line,) = [line for line in result.outlines if line.startswith("::error")]
    assert line.startswith("::error file=test_mine.py,line=")
    assert "NO-1 is refuted" in line
    assert "%0A" in line


def test_junit_has_the_words_once(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_mine=HEADER + FALSE)
    run(pytester, "--junitxml=out.xml")
    text = (pytester.path / "out.xml").read_text()
    assert text.count('name="verdict" value="refuted"') == 2
    assert text.count('name="says"') == 2
    assert 'name="replay" value="lemmata replay --from test_mine.py lemma1.' in text


def test_ids_choose_within_files_and_words_within_ids(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_mine=HEADER + TRUE + FALSE)
    for words in (("test_mine.py", "OK-1"), ("OK-1", "test_mine.py"), ("test_mine.py", "-k", "ok")):
        ran = lemmata(pytester, "check", *words, "--profile", "quick")
        assert ran.returncode == 0, ran.stdout
        assert verdicts(pytester) == {"OK-1": "holds"}
    missing = lemmata(pytester, "check", "test_mine.py", "ALS-04")
    assert missing.returncode == 2


def test_processes_find_what_one_finds(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_mine=HEADER + TRUE + FALSE)
    ran = lemmata(pytester, "check", "test_mine.py", "-n", "2", "--profile", "quick")
    assert ran.returncode == 1
    assert verdicts(pytester) == {"OK-1": "holds", "NO-1": "refuted"}
    first = lemmata(pytester, "check", "test_mine.py", "-x", "--profile", "quick", "-k", "NO-1")
    assert first.returncode == 1
    assert len(verdicts(pytester)) == 1


def test_a_spent_budget_says_what_was_left(pytester: pytest.Pytester) -> None:
    slow = TRUE.replace(
        "    return at_least", "    __import__('time').sleep(.7)\n    return at_least"
    )
    pytester.makepyfile(test_mine=HEADER + slow + FALSE)
    ran = lemmata(pytester, "check", "test_mine.py", "--budget", "1s")
    assert "were not judged: the budget of 1s is spent" in " ".join(ran.stdout.split())


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_any_encoding_will_do(pytester: pytest.Pytester, encoding: str) -> None:
    import os

    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    assert lemmata(pytester, "show", "ALS-04", env=environment).returncode == 0


def test_a_file_may_be_called_like_a_module(pytester: pytest.Pytester) -> None:
    body = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        + HEADER
        + """
@dataclass(frozen=True)
class Size:
    m: int
"""
        + FALSE.replace("m=st.integers(1, 64)", "s=st.builds(Size, m=st.integers(1, 64))")
        .replace("(m, trials)", "(s: Size, trials)")
        .replace('"g", m', '"g", s.m')
    )
    (pytester.path / "calendar.py").write_text(body)
    assert lemmata(pytester, "check", "calendar.py", "--profile", "quick").returncode == 1
    again = lemmata(pytester, "replay", "--last-failure")
    assert again.returncode == 0, again.stderr


def test_new_writes_what_passes(pytester: pytest.Pytester) -> None:
    assert lemmata(pytester, "new", "MINE-1").returncode == 0
    assert lemmata(pytester, "new", "MINE-1").returncode == 2
    assert lemmata(pytester, "new", "no id").returncode == 2
    run(pytester).assert_outcomes(passed=2)
    assert verdicts(pytester) == {"MINE-1": "holds"}
    shown = lemmata(pytester, "--version")
    assert shown.stdout.startswith("lemmata ")


def test_types_for_checkers_alone_do_not_end_a_replay(pytester: pytest.Pytester) -> None:
    body = (
        "from __future__ import annotations\nfrom typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from lemmata import Bound, Trials\n"
        + HEADER
        + FALSE.replace("(m, trials)", "(m: int, trials: Trials) -> Bound", 1)
    )
    pytester.makepyfile(test_mine=body)
    assert lemmata(pytester, "check", "test_mine.py", "--profile", "quick").returncode == 1
    again = lemmata(pytester, "replay", "--last-failure")
    assert again.returncode == 0, again.stderr
    assert "a violation" in again.stdout


def test_a_token_of_another_size_is_asked_about(pytester: pytest.Pytester) -> None:
    from dataclasses import replace

    from lemmata.harness.tokens import read_token

    pytester.makepyfile(test_mine=HEADER + FALSE)
    run(pytester)
    refuted = next(
        one.value
        for one in latest(pytester).records
        if getattr(one.value, "part", "") == "NO-1" and hasattr(one.value, "outcome")
    )
    token = read_token(refuted.outcome.refutation.at.token)
    small = replace(token, instance={"m": 65})
    shown = lemmata(pytester, "replay", "--from", "test_mine.py", str(small))
    assert "m = 65 lies outside of what is drawn, 1 to 64" in shown.stdout
    huge = replace(token, instance={"m": 10**11})
    asked = lemmata(pytester, "replay", "--from", "test_mine.py", str(huge))
    assert asked.returncode == 2
    assert "--large" in asked.stderr
