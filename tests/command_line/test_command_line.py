"""The command line.

Stable interfaces, and one clear sentence with a non-zero exit for bad input.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lemmata.command_line import app
from lemmata.harness.codec import to_plain
from lemmata.harness.records import Recorder, read_run, runs_in
from lemmata.harness.regime_cells import Cell, RegimeMap

KEYS = {
    "id",
    "paper",
    "source",
    "title",
    "kind",
    "tested",
    "parts",
    "uses",
    "twins",
    "file",
    "line",
}
MINE = """
from hypothesis import strategies as st
from lemmata.harness import at_most, given, statement

@statement("CLI-1", source="Us, 1", title="small", says=r"$\\|g\\|\\le C$", kind="inequality")
@given(m=st.integers(1, 8))
def is_small(m, trials):
    return at_most(trials.normal("g", m).norm(dim=-1), BOUND)

@is_small.twin("smaller")
def _(m, trials):
    return at_most(trials.normal("g", m).norm(dim=-1), 0.0)
"""


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module", autouse=True)
def _import_theorems() -> None:
    import lemmata.theorems.deep_convergence  # noqa: F401


def lemmata(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def refused(result: Result, sentence: str) -> None:
    assert result.exit_code == 2
    assert sentence in " ".join(result.stderr.split())
    assert "Traceback" not in result.output


def mine(bound: str) -> str:
    Path("mine.py").write_text(MINE.replace("BOUND", bound))
    return "mine.py"


def test_check_a_file_that_holds() -> None:
    result = lemmata("check", mine("99.0"), "--profile", "quick")
    assert result.exit_code == 0, result.output
    assert "CLI-1" in result.output
    run = read_run(runs_in(Path("build/records"))[-1])
    assert {record.value.kind for record in run.records} == {"block", "verdict", "twin"}
    assert run.manifest.profile == "quick"


def test_check_a_file_that_is_refuted_then_replay_it() -> None:
    result = lemmata("check", mine("1.0"), "--budget", "20s")
    assert result.exit_code == 1
    assert "CLI-1 is refuted: small" in result.output
    token = next(
        line.split()[-1] for line in result.output.splitlines() if "lemmata replay" in line
    )
    for arguments in (("replay", token), ("replay", "--last-failure")):
        again = lemmata(*arguments)
        assert again.exit_code == 0, again.output
        assert "a violation" in again.output


def test_bad_input_is_one_sentence() -> None:
    refused(lemmata("check", "gone.py"), "there is no file gone.py")
    refused(
        lemmata("check", "GONE-1"),
        "there is no statement, part or twin 'GONE-1': `lemmata list` shows what there is",
    )
    refused(lemmata("show", "GONE-1"), "`lemmata list` shows")
    refused(lemmata("check", mine("9.0"), "--profile", "eager"), "is no profile: name quick")
    refused(lemmata("check", mine("9.0"), "--device", "cuda:9"), "run with --device cpu")
    refused(lemmata("check", mine("9.0"), "--dtype", "int8"), "name float64 or float32")
    refused(lemmata("check", mine("9.0"), "--layers", "sparse"), "name dense or matrix-free")
    refused(lemmata("check", mine("9.0"), "--budget", "soon"), "is no time: write 30s")
    refused(lemmata("replay", "lemma1.xyz"), "cut off or altered")
    refused(lemmata("replay", "hello"), "begins with 'lemma1.'")
    refused(lemmata("replay"), "name a token, or ask for --last-failure")
    refused(lemmata("replay", "--last-failure"), "run `pytest` or `lemmata check` first")
    refused(lemmata("report", "--records", "nowhere"), "there are no records in nowhere")
    Path("empty.py").write_text("x = 1\n")
    refused(lemmata("check", "empty.py"), "declares no statement")
    Path("broken.py").write_text("1 / 0\n")
    refused(lemmata("check", "broken.py"), "cannot be imported: ZeroDivisionError")


def test_a_report_is_built_from_records() -> None:
    lemmata("check", mine("99.0"), "--profile", "quick")
    result = lemmata("report")
    assert result.exit_code == 0, result.output
    assert Path(result.stdout.strip()).read_text().count("CLI-1")


MAPPED = """
from lemmata.harness import Hypothesis

is_small.regime(
    x="m", xs=(1, 2), y="n", ys=(1, 2), instance=lambda m, n: {"m": m},
    hypothesis=Hypothesis(says="$m$ large"),
)
"""


def test_where_a_conclusion_begins_is_told_by_check() -> None:
    Path("mapped.py").write_text((MINE + MAPPED).replace("BOUND", "99.0"))
    result = lemmata("check", "mapped.py")
    assert (
        "holds from m = 1, the smallest tried, on for n = 1, 2 (pass rate ≥ 0.95, 256 trials a "
        "cell); the paper's hypothesis names no number to compare with"
    ) in result.output
    assert "smallest tried" not in lemmata("check", "mapped.py", "--profile", "quick").output


def test_list_and_show_in_a_process_of_their_own() -> None:
    import subprocess
    import sys

    out = subprocess.run(
        [sys.executable, "-m", "lemmata", "list", "--json"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = json.loads(out)
    assert all(set(row) == KEYS for row in rows)
    assert {row["id"] for row in rows} >= {f"ALS-{number:02}" for number in range(1, 41)}
    tested = [row for row in rows if row["tested"]]
    assert all(row["parts"] and len(row["twins"]) >= len(row["parts"]) for row in tested)
    assert all(Path(row["file"]).is_file() and row["line"] > 0 for row in rows)
    holding = Cell(x=64.0, y=1.0, hash="h", words="", trials=99, passes=99, level=0.95)
    found = RegimeMap(
        part="ALS-04(a)", generation="g", x="m", y="L", fixed={}, hypothesis="none", asked=[],
        constant=None, cells=[holding], entropy=0, layers="dense", device="cpu", dtype="float64",
    )  # fmt: skip
    Recorder(Path("records/one"), run="one").write(to_plain(found))
    shown, with_map = (
        subprocess.run(
            [sys.executable, "-m", "lemmata", "show", "ALS-04", "--records", folder],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for folder in ("nowhere", "records")
    )
    assert "Hidden layers keep the norm of their input" in shown
    shown, with_map = (" ".join(text.split()) for text in (shown, with_map))
    assert "over m = 16…1024 and L = 1…16: no map recorded in nowhere: lemmata check" in shown
    assert "over m = 16…1024 and L = 1…16: holds from m = 64, the smallest tried" in with_map
    assert "\\" not in shown
