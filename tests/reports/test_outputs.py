"""The report as JSON, CSV and Markdown, and what `lemmata report` does with them."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from lemmata.command_line import app
from lemmata.reports import ReportError, build_report, written_report
from lemmata.reports.assembly import assemble
from lemmata.reports.markdown import LONGEST, as_markdown, plain
from lemmata.reports.runs import read_runs

RUN = CliRunner()


def words(recorded: Path, *more: str) -> list[str]:
    return ["report", "--records", str(recorded), *more]


def test_json_has_a_row_for_every_part(recorded, verdicts):
    read = json.loads(written_report(recorded, "json"))
    rows = {row["part"]: row for row in read["parts"]}
    assert set(rows) == set(verdicts)
    assert read["untested"] == ["UNT-01"]
    for name, verdict in verdicts.items():
        assert rows[name]["verdict"] == verdict.outcome.verdict
        assert rows[name]["trials"] == verdict.outcome.trials
    refuted = rows["BND-02"]
    assert refuted["replay"].startswith("lemmata replay ")
    assert refuted["failures"] <= refuted["failures_of"]
    assert refuted["failures"] / refuted["failures_of"] <= refuted["failure_below"] <= 1.0
    assert read["run"]["profile"] == "quick, entropy 0"
    assert read["since"] is None


def test_csv_has_the_same_rows(recorded):
    rows = json.loads(written_report(recorded, "json"))["parts"]
    read = list(csv.DictReader(io.StringIO(written_report(recorded, "csv"))))
    assert [row["part"] for row in read] == [row["part"] for row in rows]
    assert list(read[0]) == list(rows[0])
    assert {row["as_declared"] for row in read} == {"True", "False"}


def test_markdown_says_what_was_found(recorded):
    text = written_report(recorded, "markdown")
    assert "31 of them have checks" in text
    assert re.search(r"^\| refuted \| \d+ \| \d+ \|$", text, re.MULTILINE)
    assert "`lemmata replay " in text
    assert "twins refuted | 4 of 5 tried" in text


@pytest.fixture(scope="module")
def library(recorded):
    return assemble(read_runs([recorded]))


def test_markdown_fits_a_comment_whatever_happens(write, records, statements, tmp_path):
    many = [
        {**record, "part": f"BND-02({'x' * 300}{number})"}
        for number in range(2_000)
        for record in records
        if record["kind"] == "verdict" and record["part"] == "BND-02"
    ]
    folder = write(tmp_path / "run", records=[*records, *many])
    text = written_report(folder, "markdown")
    assert 60_000 < len(text.encode()) <= LONGEST < 65_536
    assert re.search(r"\n[\d\u202f,]+ lines left out: the whole stands in", text)
    assert "as all have to be" in text


@given(st.text())
def test_no_text_is_markup_in_markdown(text):
    shown = plain(text)
    assert "\n" not in shown
    assert not re.search(r"[\\`*_\[\]|<>@!~$]", shown)


def test_hostile_titles_are_text(write, records, statements, tmp_path):
    hostile = "<img src=x> @everyone [a](b) | `c`"
    altered = [{**one, "title": hostile} for one in statements]
    text = written_report(write(tmp_path / "run", statements=altered), "markdown")
    assert "@everyone" not in text
    assert "<img" not in text


def test_the_command_line_writes_forms_to_the_standard_output(recorded, tmp_path):
    for form in ("json", "csv", "markdown"):
        ran = RUN.invoke(app, words(recorded, "--format", form))
        assert (ran.exit_code, ran.stdout) == (0, written_report(recorded, form))
    refused = RUN.invoke(app, words(recorded, "--format", "csv", "--serve"))
    assert refused.exit_code == 2
    assert "leave out --format csv" in refused.output
    with pytest.raises(ReportError, match="no form 'xml'"):
        written_report(recorded, "xml")


def test_a_comparison_stands_in_json_and_markdown(write, records, recorded, tmp_path):
    changed = [
        {**record, "outcome": {**record["outcome"], "verdict": "undecided"}}
        if record["kind"] == "verdict" and record["part"] == "BND-02"
        else record
        for record in records
    ]
    before = write(tmp_path / "before", records=changed)
    since = json.loads(written_report(recorded, "json", before))["since"]
    assert [(one["id"], one["was"], one["now"]) for one in since["verdicts"]] == [
        ("BND-02", "undecided", "refuted")
    ]
    text = written_report(recorded, "markdown", before)
    assert "* BND-02: undecided then, refuted now" in text


def test_the_report_is_served_on_this_machine_alone_until_it_is_told_to_end(recorded, tmp_path):
    command = [sys.executable, "-m", "lemmata", *words(recorded, "--out", str(tmp_path / "out"))]
    server = subprocess.Popen(
        [*command, "--serve"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert server.stdout
        assert server.stdout.readline().strip().endswith("index.html")
        said = re.fullmatch(
            r"served at (http://127\.0\.0\.1:(\d+)/) until Ctrl-C", server.stdout.readline().strip()
        )
        assert said
        with urllib.request.urlopen(said[1]) as answer:
            assert b"What the theorems withstood" in answer.read()
        foreign = urllib.request.Request(said[1], headers={"Host": "example.org"})
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(foreign)
        taken = RUN.invoke(
            app, words(recorded, "--out", str(tmp_path / "out"), "--serve", "--port", said[2])
        )
        assert taken.exit_code == 2
        assert f"port {said[2]} cannot be used" in taken.output
    finally:
        os.kill(server.pid, signal.SIGINT)
        _, complaints = server.communicate(timeout=60)
    assert (server.returncode, complaints) == (0, "")


def test_a_port_that_is_none_is_a_sentence(recorded, tmp_path):
    ran = RUN.invoke(
        app, words(recorded, "--out", str(tmp_path / "out"), "--serve", "--port", "99999")
    )
    assert ran.exit_code == 2
    assert "port 99999 cannot be used" in ran.output


def test_as_markdown_ends_with_a_line(library):
    assert as_markdown(library).endswith("|\n")


def test_forms_need_no_folder_to_write_to(recorded, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    RUN.invoke(app, words(recorded, "--format", "json"))
    assert not list(tmp_path.iterdir())
    build_report(recorded, tmp_path / "out")
