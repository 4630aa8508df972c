"""What changed since an earlier run."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from lemmata.command_line import app
from lemmata.reports import build_report
from lemmata.reports.assembly import assemble
from lemmata.reports.changes import changes
from lemmata.reports.runs import Run, read_runs


def run_of(folder: Path) -> Run:
    (run,) = read_runs([folder]).runs
    return run


@pytest.fixture
def altered(records, write, tmp_path: Path) -> Path:
    """The same run, with another verdict, a moved ratio, one part less and one more."""
    changed = []
    for record in records:
        if record["kind"] == "verdict" and record["part"] == "BND-02":
            record = {**record, "outcome": {**record["outcome"], "verdict": "undecided"}}
        if record["kind"] == "verdict" and record["part"] == "DET-01":
            record = {**record, "worst_ratio": 2.0 * (record["worst_ratio"] or 0.5)}
        if record.get("part") == "MEA-01":
            continue
        changed.append(record)
    return write(tmp_path / "20251121T000000Z-earlier", records=changed)


def test_verdicts_ratios_and_what_came_are_told(recorded: Path, altered: Path) -> None:
    found = changes(assemble(read_runs([recorded])), run_of(altered))
    assert [(one.id, one.was, one.now) for one in found.verdicts] == [
        ("BND-02", "undecided", "refuted")
    ]
    assert "DET-01" in [one.id for one in found.drifted]
    assert "MEA-01" in found.appeared
    assert not found.gone
    back = changes(assemble(read_runs([altered])), run_of(recorded))
    assert "MEA-01" in back.gone
    assert "1 verdict changed" in found.words.replace("One verdict", "1 verdict")


def test_nothing_changes_from_a_run_to_itself(recorded: Path) -> None:
    found = changes(assemble(read_runs([recorded])), run_of(recorded))
    assert not [*found.verdicts, *found.drifted, *found.appeared, *found.gone]
    assert "no verdict changed" in found.words.lower()


def test_the_first_screen_says_it(recorded: Path, altered: Path, read, tmp_path: Path) -> None:
    pages = read(build_report(recorded, tmp_path / "out", altered))
    text = pages["index.html"].text
    assert text.index("Since the run before") < text.index("Findings", text.index("withstood"))
    assert "BND-02: undecided then, refuted now" in " ".join(text.split())


def test_the_command_line_compares(recorded: Path, altered: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ["report", "--records", str(recorded), "--out", str(out)]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert "Nothing to compare with" in (out / "index.html").read_text()
    assert CliRunner().invoke(app, [*words, "--compare", str(altered)]).exit_code == 0
    assert "1 verdict changed among" in (out / "index.html").read_text()
    missing = CliRunner().invoke(app, [*words, "--compare", str(tmp_path / "nowhere")])
    assert missing.exit_code == 2
