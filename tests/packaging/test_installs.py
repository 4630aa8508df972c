"""Wheel, sdist, zip of the repository and editable install: each of them is the whole package.

Each is installed into a virtual environment of its own, which sees this environment's packages
through a .pth file (but not its editable lemmata), without a network.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
NOT_SOURCE = shutil.ignore_patterns(
    ".git", ".venv*", "build", "dist", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis"
)
OFFLINE = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet")
STATEMENT = '''
from hypothesis import strategies as st
from lemmata.harness import at_least, at_most, given, statement

@statement("OWN-1", source="Us, 1", title="Norms are positive", says="$x$", kind="inequality")
@given(m=st.integers(1, 8))
def norms_are_positive(m, trials):
    """Norms."""
    return at_least(trials.normal("g", m).norm(dim=-1), 0.0)

@norms_are_positive.twin("norms are below a thousandth")
def _(m, trials):
    return at_most(trials.normal("g", m).norm(dim=-1), 1e-3)
'''
TYPED = """
from lemmata.harness import at_most
from lemmata.reports import build_report
reveal_type(at_most)
reveal_type(build_report)
"""


def run(*command: str | Path, cwd: Path, fails: bool = False) -> str:
    """Run a command that has to succeed (or to fail) and return what it printed."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "PYTEST_ADDOPTS")
    }
    done = subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True, env=kept)
    assert (done.returncode != 0) == fails, (
        f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    )
    return done.stdout + done.stderr


def pip(python: Path, *arguments: str | Path, cwd: Path) -> None:
    run(sys.executable, "-m", "pip", "--python", python, "install", *OFFLINE, *arguments, cwd=cwd)


def by_backend(hook: str, source: Path, out: Path) -> Path:
    """Call a hook of the build backend in a source tree."""
    out.mkdir(exist_ok=True)
    script = f"import sys; from setuptools.build_meta import {hook}; {hook}(sys.argv[1])"
    run(sys.executable, "-c", script, out, cwd=source)
    (made,) = out.iterdir()
    return made


def as_wheel(source: Path, scratch: Path) -> tuple[str | Path, ...]:
    return (by_backend("build_wheel", source, scratch / "wheel"),)


def as_sdist(source: Path, scratch: Path) -> tuple[str | Path, ...]:
    return (by_backend("build_sdist", source, scratch / "sdist"),)


def as_zip(source: Path, scratch: Path) -> tuple[str | Path, ...]:
    """What a forge hands out as "download as zip": regular files in one folder, no links."""
    archive = scratch / "lemmata-main.zip"
    with zipfile.ZipFile(archive, "w") as made:
        for file in sorted(source.rglob("*")):
            if file.is_symlink():
                made.writestr(f"lemmata-main/{file.relative_to(source)}", str(file.readlink()))
            elif file.is_file():
                made.write(file, f"lemmata-main/{file.relative_to(source)}")
    return (archive,)


def as_editable(source: Path, _: Path) -> tuple[str | Path, ...]:
    return ("--editable", source)


Way = Callable[[Path, Path], tuple[str | Path, ...]]
WAYS: tuple[Way, ...] = (as_wheel, as_sdist, as_zip, as_editable)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of the repository, so that nothing is built in it."""
    return Path(shutil.copytree(ROOT, tmp_path / "source", ignore=NOT_SOURCE, symlinks=True))


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """The interpreter of a new environment with this one's packages."""
    folder = tmp_path / "environment"
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    paths = sysconfig.get_paths(vars={"base": str(folder), "platbase": str(folder)})
    here = sysconfig.get_paths()
    (Path(paths["purelib"]) / "dependencies.pth").write_text(
        f"{here['purelib']}\n{here['platlib']}\n"
    )
    return Path(paths["scripts"]) / "python"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A user's folder, with folders of our names in it."""
    for name in ("harness", "reports", "strategies", "theorems"):
        (tmp_path / "elsewhere" / name).mkdir(parents=True)
        (tmp_path / "elsewhere" / name / "__init__.py").write_text("OURS = False\n")
    (tmp_path / "elsewhere" / "own.py").write_text(STATEMENT)
    (tmp_path / "empty").mkdir()
    return tmp_path / "elsewhere"


@pytest.mark.parametrize("way", WAYS)
def test_an_install_is_the_whole_package(
    way: Way, source: Path, python: Path, elsewhere: Path, tmp_path: Path
) -> None:
    run(python, "-c", "import lemmata", cwd=elsewhere, fails=True)
    pip(python, *way(source, tmp_path), cwd=tmp_path)
    ours = "import lemmata.harness, lemmata.theorems, lemmata.reports, lemmata.strategies as s; "
    where = run(python, "-c", ours + "print(s.__file__)", cwd=elsewhere)
    assert where.startswith(str(source if way is as_editable else python.parents[1]))
    theirs = "import harness, reports, strategies, theorems as t; "
    both = ours + theirs + "assert not t.OURS; assert 'elsewhere' not in s.__file__"
    run(python, "-c", both, cwd=elsewhere)
    names = "('harness', 'reports', 'strategies', 'theorems')"
    nothing = f"from importlib.util import find_spec; assert not any(map(find_spec, {names}))"
    run(python, "-c", nothing, cwd=tmp_path / "empty")
    lemmata = python.with_name("lemmata")
    assert "ALS-01" in run(lemmata, "list", cwd=elsewhere)
    checked = run(lemmata, "check", "own.py", "--profile", "quick", cwd=elsewhere)
    assert "OWN-1~" in checked
    index = run(lemmata, "report", cwd=elsewhere).splitlines()[-1]
    assert "<style" in Path(index).read_text() or (Path(index).parent / "report.css").is_file()


def test_the_sdist_holds_tests_and_docs(source: Path, tmp_path: Path) -> None:
    (archive,) = as_sdist(source, tmp_path)
    with tarfile.open(archive) as made:
        names = {name.partition("/")[2] for name in made.getnames()}
    for file in sorted(source.rglob("*")):
        name = file.relative_to(source).as_posix()
        if file.is_file() and name != ".gitignore" and "lemmata.egg-info" not in name:
            assert name in names, f"{name} is not in the sdist: name it in MANIFEST.in"
    assert not any("__pycache__" in name for name in names)


def test_types_of_an_installed_wheel_are_seen(
    source: Path, python: Path, elsewhere: Path, tmp_path: Path
) -> None:
    pytest.importorskip("mypy")
    pip(python, *as_wheel(source, tmp_path), cwd=tmp_path)
    (elsewhere / "typed.py").write_text(TYPED)
    options = (
        "--python-executable",
        python,
        "--follow-imports",
        "silent",
        "--cache-dir",
        ROOT / "build" / "mypy-user",
    )
    shown = run(sys.executable, "-m", "mypy", *options, "typed.py", cwd=elsewhere)
    assert "def (measured: " in shown, shown
    assert '-> lemmata.harness.claims.Bound"' in shown, shown
    assert "Path" in shown.splitlines()[1]
