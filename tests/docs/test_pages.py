"""The pages that are written from code are up to date, links lead somewhere, and what the README
and the first theorem print runs.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from support import outcome_of, statements_of_their_own

from lemmata.command_line import load_file

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / f"docs/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    return script("make_reference")


def test_the_reference_is_what_the_docstrings_say(maker: ModuleType) -> None:
    written = (ROOT / "docs/reference.md").read_text(encoding="utf-8")
    assert written == maker.reference(), "write it again: make docs"


def test_the_tables_are_what_the_levels_and_profiles_say(maker: ModuleType) -> None:
    written = (ROOT / "docs/questions.md").read_text(encoding="utf-8")
    assert written.count("<!-- end -->") == 2
    assert written == maker.with_tables(written), "write it again: make docs"


def test_the_findings_are_what_the_statements_declare() -> None:
    written = (ROOT / "docs/findings.md").read_text(encoding="utf-8")
    # In a process of its own: other tests have imported the theorems, and forgotten them.
    told = "import runpy, sys; sys.stdout.write(runpy.run_path('docs/make_findings.py')['page']())"
    ran = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", told], cwd=ROOT, capture_output=True, encoding="utf-8"
    )
    assert ran.returncode == 0, ran.stderr
    assert written == ran.stdout, "write it again: make docs"


def test_the_lines_of_every_finding_show_it() -> None:
    written = (ROOT / "docs/findings.md").read_text(encoding="utf-8")
    shown = re.findall(r"```python\n(.*?)```", written, re.DOTALL)
    assert len(shown) >= 4
    for lines in shown:
        ran = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        assert ran.stdout.strip()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith("http"):
            continue
        name, _, heading = target.partition("#")
        file = (page.parent / name) if name else page
        assert file.exists(), target
        if heading:
            assert heading in headings_of(file), target


def headings_of(page: Path) -> set[str]:
    found = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in found}


def test_the_theorem_of_the_readme_holds_and_its_twin_is_refuted(tmp_path: Path) -> None:
    file = tmp_path / "test_projection.py"
    (block, *_) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    file.write_text(block)
    with statements_of_their_own():
        (made,) = load_file(file)
        (part,) = made.parts
        assert outcome_of(part, profile="quick").verdict == "holds"
        assert [outcome_of(twin, profile="quick").verdict for twin in part.twins] == ["refuted"]
