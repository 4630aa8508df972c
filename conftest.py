"""Collects theorems/ under their importable names, `lemmata.theorems.…`, so that a statement is
never registered twice.
"""

import importlib
from pathlib import Path
from typing import Any

import pytest

from lemmata.harness.pytest_modules import StatementModule

_THEOREMS = Path(__file__).resolve().parent / "theorems"


class TheoremModule(StatementModule):
    """A module of our own package, found by pytest through its path at the top level."""

    def import_module(self) -> Any:
        """Import the module by its package's name."""
        path = self.path.parent if self.path.name == "__init__.py" else self.path.with_suffix("")
        return importlib.import_module(
            ".".join(["lemmata.theorems", *path.resolve().relative_to(_THEOREMS).parts])
        )


@pytest.hookimpl(tryfirst=True)
def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take the folders of theorems/ as plain ones.

    Pytest would import a package once more, under a name of its own.
    """
    if path.resolve() == _THEOREMS or _THEOREMS in path.resolve().parents:
        folder: pytest.Collector = pytest.Dir.from_parent(parent, path=path)
        return folder
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    """Take the modules of theorems/."""
    if _THEOREMS in module_path.resolve().parents:
        module: pytest.Module = TheoremModule.from_parent(parent, path=module_path)
        return module
    return None
