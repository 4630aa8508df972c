"""What pyproject.toml names is what lies in the folders: nothing is forgotten in a wheel."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
FOLDERS = {package: ROOT / folder for package, folder in SETUPTOOLS["package-dir"].items()}


def packages_in(package: str, folder: Path) -> set[str]:
    """The package and its sub-packages; a folder with modules and no __init__.py counts too."""
    folders = {file.parent.relative_to(folder) for file in folder.rglob("*.py")}
    return {".".join([package, *found.parts]) for found in folders}


def test_every_package_is_named() -> None:
    found = set().union(*(packages_in(package, folder) for package, folder in FOLDERS.items()))
    assert set(SETUPTOOLS["packages"]) == found, "name it in [tool.setuptools] packages"


def test_every_package_says_what_it_is() -> None:
    for package, folder in FOLDERS.items():
        for name in packages_in(package, folder):
            file = folder.joinpath(*name.removeprefix(package).split("."), "__init__.py")
            assert file.is_file(), f"{name} has no __init__.py"


def test_every_file_that_is_no_module_is_package_data() -> None:
    named = {
        file
        for package, patterns in SETUPTOOLS["package-data"].items()
        for pattern in patterns
        for file in FOLDERS[package].glob(pattern)
    }
    assert named
    for folder in FOLDERS.values():
        for file in folder.rglob("*"):
            if file.is_file() and file.suffix not in (".py", ".pyc"):
                assert file in named, f"{file} would not be installed: name it as package-data"


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only a checkout knows what is tracked")
def test_no_tracked_file_is_a_link() -> None:
    listed = ["git", "ls-files", "--stage"]
    lines = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    links = [line for line in lines.splitlines() if line.startswith("120000")]
    assert not links, "a zip of the repository, and a checkout on Windows, hold no links"


@pytest.mark.parametrize("with_links", [True, False])
def test_the_view_for_type_checkers_is_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_links: bool
) -> None:
    monkeypatch.setattr(sys, "path", [str(ROOT / ".ci"), *sys.path])
    import typed_view

    if not with_links:

        def refuse(*_: object, **__: object) -> None:
            raise OSError("links are not allowed here")

        monkeypatch.setattr(Path, "symlink_to", refuse)
    (tmp_path / "view" / "lemmata" / "gone").mkdir(parents=True)
    typed_view.lay_out(ROOT, tmp_path / "view")
    for name in SETUPTOOLS["packages"]:
        assert tmp_path.joinpath("view", *name.split("."), "__init__.py").is_file()
    assert (tmp_path / "view" / "lemmata" / "py.typed").is_file()
    assert not (tmp_path / "view" / "lemmata" / "gone").exists()
    typed_view.lay_out(ROOT, tmp_path / "view")
    assert (ROOT / "harness" / "__init__.py").is_file()


def test_the_version_stands_twice_and_is_the_same() -> None:
    import lemmata

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == lemmata.__version__
