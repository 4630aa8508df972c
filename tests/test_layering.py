"""Who may import whom.

Theorems → strategies → harness; reports read records; harness imports none of the others.
"""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

MAY_IMPORT = {
    "harness": {"harness"},
    "strategies": {"strategies", "harness"},
    "theorems": {"theorems", "strategies", "harness"},
    "reports": {"reports", "harness"},
}
RECORD_FORMAT = {
    "lemmata.harness.codec",
    "lemmata.harness.histogram",
    "lemmata.harness.records",
    "lemmata.harness.regime_cells",
    "lemmata.harness.schema",
    "lemmata.harness.verdicts",
}


def folder_of(package: str) -> Path:
    (folder,) = importlib.import_module(f"lemmata.{package}").__path__
    return Path(folder)


def imports_of(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file} imports relatively: name the whole module"
            found.add(str(node.module))
    return {name for name in found if name.startswith("lemmata")}


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_folders_import_only_what_lies_below_them(folder: str) -> None:
    files = sorted(folder_of(folder).rglob("*.py"))
    assert files
    for file in files:
        for name in imports_of(file):
            assert name.split(".")[1] in MAY_IMPORT[folder], f"{file} imports {name}"


def test_reports_know_nothing_of_the_harness_but_its_record_format() -> None:
    for file in folder_of("reports").rglob("*.py"):
        used = {name for name in imports_of(file) if name.startswith("lemmata.harness")}
        assert used <= RECORD_FORMAT, f"{file} imports {used - RECORD_FORMAT}"


def test_the_plugin_and_the_reports_load_without_torch(tmp_path: Path) -> None:
    import subprocess
    import sys

    (tmp_path / "manifest.json").write_text('{"schema": 2, "run": "r"}')
    script = (
        "import sys, pathlib, lemmata.pytest_plugin, lemmata.harness.terminal, lemmata.reports; "
        "from lemmata.harness.records import read_run; "
        "assert read_run(pathlib.Path(sys.argv[1])).manifest.run == 'r'; "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)


def test_no_name_of_ours_is_importable_at_the_top_level() -> None:
    import subprocess
    import sys

    for folder in MAY_IMPORT:
        script = (
            "import importlib.util, sys; sys.path = [p for p in sys.path if p]; "
            f"assert importlib.util.find_spec({folder!r}) is None"
        )
        subprocess.run([sys.executable, "-c", script], check=True, cwd="/")
