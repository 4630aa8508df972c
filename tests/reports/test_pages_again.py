"""Pages are drawn again where something that they show changed, and only there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lemmata.reports import build_report, rendering


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def drawn(monkeypatch) -> list[str]:
    """The names of the pages that were drawn."""
    names: list[str] = []
    whole = rendering._drawn
    monkeypatch.setattr(rendering, "_FEWEST", 10**6)

    def spy(pages, out):
        names.extend(page.name for page in pages)
        return whole(pages, out)

    monkeypatch.setattr(rendering, "_drawn", spy)
    return names


def few(records: list[dict], statements: list[dict], write, folder: Path) -> Path:
    """A run of three statements: BND-03's proof uses BND-02's."""
    ids = {"BND-01", "BND-02", "BND-03"}
    return write(
        folder,
        records=[one for one in records if one.get("part", "").partition("(")[0] in ids],
        statements=[one for one in statements if one["id"] in ids],
    )


def test_nothing_is_drawn_twice(write, records, statements, tmp_path, drawn):
    folder = few(records, statements, write, tmp_path / "run")
    build_report(folder, tmp_path / "out")
    first = contents(tmp_path / "out")
    assert len(drawn) == 3
    build_report(folder, tmp_path / "out")
    assert len(drawn) == 3
    assert contents(tmp_path / "out") == first


def test_a_page_that_was_touched_or_lost_is_drawn_again(
    write, records, statements, tmp_path, drawn
):
    folder = few(records, statements, write, tmp_path / "run")
    build_report(folder, tmp_path / "out")
    first = contents(tmp_path / "out")
    (tmp_path / "out" / "statements" / "BND-01.html").write_text("something else")
    (tmp_path / "out" / "statements" / "BND-02.html").unlink()
    drawn.clear()
    build_report(folder, tmp_path / "out")
    assert sorted(drawn) == ["statements/BND-01.html", "statements/BND-02.html"]
    (tmp_path / "out" / "pages.json").write_text('{"torn')
    build_report(folder, tmp_path / "out")
    assert contents(tmp_path / "out") == first


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("verdict", {"worst_ratio": 3.25}),
        ("verdict", {"explanation": "a line\nand another"}),
        ("twin", {"says": "another thing was falsified"}),
        ("block", {"failures": 3}),
        ("statement", {"title": "another title"}),
        ("statement", {"uses": ["BND-01"]}),
        ("statement", {"file": "/elsewhere/theorems/other.py"}),
        ("manifest", {"started": 1_763_000_000.0}),
        ("manifest", {"levels": {}}),
    ],
)
def test_what_changed_is_drawn_as_if_it_were_new(
    write, records, statements, manifest, tmp_path, kind, change
):
    folder = few(records, statements, write, tmp_path / "run")
    build_report(folder, tmp_path / "out")
    altered = {
        "records": [
            {**one, **change} if one["kind"] == kind and one["part"] == "BND-01" else one
            for one in json.loads(f"[{','.join((folder / 'main.jsonl').read_text().splitlines())}]")
        ],
        "statements": [
            {**one, **change} if kind == "statement" and one["id"] == "BND-02" else one
            for one in json.loads((folder / "statements.json").read_text())
        ],
        "manifest": {**manifest, **(change if kind == "manifest" else {})},
    }
    write(folder, **altered)
    build_report(folder, tmp_path / "out")
    build_report(folder, tmp_path / "new")
    assert contents(tmp_path / "out") == contents(tmp_path / "new")


def test_several_processes_draw_the_same(recorded, report, tmp_path, monkeypatch):
    """In a process of its own, where no other thread runs."""
    import subprocess
    import sys

    script = (
        "import sys, pathlib; from lemmata.reports import build_report, rendering, "
        "runs; rendering._FEWEST = runs._FEWEST = 1; runs._STRETCH = 4096; "
        "import os; os.sched_getaffinity = lambda _: {0, 1}; "
        "build_report(*map(pathlib.Path, sys.argv[1:]))"
    )
    command = [sys.executable, "-c", script, str(recorded), str(tmp_path / "out")]
    subprocess.run(command, check=True)
    assert contents(tmp_path / "out") == contents(report.parent)
