"""Lay the package out as it is installed, in build/typed, for tools that go by paths.

The package is put together from folders at the top level (`[tool.setuptools.package-dir]` in
pyproject.toml), which a type checker and an editor cannot see. The view holds links to the
folders, so that what is opened in it is the source itself; where the system allows no links, it
holds copies.
"""

from __future__ import annotations

import shutil
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def lay_out(root: Path, view: Path) -> None:
    """Make `view` anew from the mapping in `root`/pyproject.toml.

    Args:
        root: the repository.
        view: the folder that will hold the package; what it held before is removed.
    """
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    folders: dict[str, str] = settings["tool"]["setuptools"]["package-dir"]
    if view.exists():
        _clear(view)
    for package in sorted(folders):
        source, place = root / folders[package], view.joinpath(*package.split("."))
        if any(other.startswith(f"{package}.") for other in folders):
            place.mkdir(parents=True)
            for entry in sorted(source.iterdir()):
                if entry.name != "__pycache__":
                    _put(entry, place / entry.name)
        else:
            _put(source, place)


def _put(source: Path, place: Path) -> None:
    try:
        place.symlink_to(source, target_is_directory=source.is_dir())
    except OSError:
        if source.is_dir():
            shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, place)


def _clear(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            _clear(entry)
        else:
            entry.unlink()
    folder.rmdir()


if __name__ == "__main__":
    lay_out(ROOT, Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "typed")
