"""A run of real statements of every kind and verdict, its report, and pages read back."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from support import fresh_run, statements_of_their_own

from lemmata.harness.parts import judge_subject
from lemmata.harness.records import finish_manifest, read_run
from lemmata.harness.registry import registered
from lemmata.harness.schema import PartVerdict, TwinVerdict
from lemmata.harness.session import write_manifest
from lemmata.reports import build_report

sys.path.insert(0, str(Path(__file__).parent))

Fields = dict[str, Any]
START = 1_763_776_000.0


class Page(HTMLParser):
    """A page read back.

    Its links, ids and text, and the tags that were left open or closed twice.
    """

    VOID = frozenset({"meta", "link", "input", "br", "img", "hr"})

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.path, self.links, self.ids, self.words, self.unbalanced = path, [], [], [], []
        self.tags: list[str] = []
        self._open: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        self.unbalanced += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [
            (name, value or "")
            for name, value in attrs
            if name in {"href", "src", "xlink:href", "action", "data", "poster"}
        ]
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1] == tag:
            self._open.pop()
        else:
            self.unbalanced.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        if not self._open or self._open[-1] != "script":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def pages_of(index: Path) -> dict[str, Page]:
    return {
        str(path.relative_to(index.parent)): Page(path)
        for path in sorted(index.parent.rglob("*.html"))
    }


@pytest.fixture
def read() -> Callable[[Path], dict[str, Page]]:
    return pages_of


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that judged every kind of statement, with the quick profile."""
    from every_kind import declare_everything

    folder = tmp_path_factory.mktemp("records") / "20251122T014640Z-000000000001"
    with statements_of_their_own():
        declare_everything()
        run = fresh_run(profile="quick", records=folder)
        write_manifest(
            folder,
            device="cpu",
            dtype="float64",
            profile="quick",
            started=START,
            command="lemmata check --profile quick",
        )
        for made in registered():
            for part in made.parts:
                for subject in (part, *part.twins):
                    judge_subject(run, subject)
        finish_manifest(folder, finished=START + 431.5, interrupted=None)
    return folder


@pytest.fixture(scope="session")
def verdicts(recorded: Path) -> dict[str, PartVerdict]:
    """What was recorded of each part."""
    values = [record.value for record in read_run(recorded).records]
    return {value.part: value for value in values if isinstance(value, PartVerdict)}


@pytest.fixture(scope="session")
def twins(recorded: Path) -> dict[str, TwinVerdict]:
    """What was recorded of each twin."""
    values = [record.value for record in read_run(recorded).records]
    return {value.twin: value for value in values if isinstance(value, TwinVerdict)}


@pytest.fixture(scope="session")
def report(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_report(recorded, tmp_path_factory.mktemp("report") / "out")


@pytest.fixture(scope="session")
def pages(report: Path) -> dict[str, Page]:
    return pages_of(report)


@pytest.fixture
def manifest(recorded: Path) -> Fields:
    return json.loads((recorded / "manifest.json").read_text())


@pytest.fixture
def statements(recorded: Path) -> list[Fields]:
    return json.loads((recorded / "statements.json").read_text())


@pytest.fixture
def records(recorded: Path) -> list[Fields]:
    return [json.loads(line) for line in (recorded / "main.jsonl").read_text().splitlines()]


@pytest.fixture
def write(manifest: Fields, statements: list[Fields], records: list[Fields]) -> Callable[..., Path]:
    """Write a run's folder from plain data; what is not given is that of the recorded run."""

    def write_run(folder: Path, *, torn: str = "", **changed: Any) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        made = {"manifest": manifest, "statements": statements, "records": records, **changed}
        (folder / "manifest.json").write_text(json.dumps(made["manifest"]))
        (folder / "statements.json").write_text(json.dumps(made["statements"]))
        lines = [json.dumps(record) for record in made["records"]]
        (folder / "main.jsonl").write_text("\n".join(lines) + "\n" + torn)
        return folder

    return write_run
