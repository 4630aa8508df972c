"""The evidence key: it changes with whatever the evidence depends on, and with nothing else."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from support import draw_of, fresh_run, planted, statements_of_their_own

import lemmata.harness
from lemmata.harness import at_most
from lemmata.harness.blocks import block_of
from lemmata.harness.evaluation import evaluate
from lemmata.harness.generation import JUDGES, generation_of
from lemmata.harness.thresholds import threshold_of

HARNESS = Path(lemmata.harness.__file__).parent

STATEMENT = '''
"""A file of statements."""
from hypothesis import strategies as st
from lemmata import at_most, given, statement
{imports}
LIMIT = 9.0  # a constant

@statement("GEN-1", source="made up", title="t", says="s", kind="inequality")
@given(m=st.integers(1, 4))
def holds(m, trials, *, factor=1.0):
    """Say something."""
    return at_most(trials.normal("g", m).norm(dim=-1) * scale(m), factor * LIMIT)

holds.twin("smaller", factor=0.01)
'''

SHOW = """
import sys; sys.path.insert(0, {folder!r})
import {name}
from lemmata.harness.generation import generation_of
{extra}
print(generation_of({name}.holds), generation_of({name}.holds.twins[0]))
"""


def generations(folder: Path, name: str = "mine", extra: str = "", path: str = "") -> list[str]:
    """The generations of a part and its twin, in a process of its own."""
    code = SHOW.format(folder=str(folder), name=name, extra=extra)
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": path, "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
    )
    return done.stdout.split()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(STATEMENT.format(imports="from helper import scale"))
    (tmp_path / "helper.py").write_text(
        '"""Helps."""\nfrom further import ONE\ndef scale(m):\n    return 0.5 * ONE\n'
    )
    (tmp_path / "further.py").write_text("ONE = 1.0\n")
    return tmp_path


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def test_part_and_twin_have_generations_of_their_own(folder: Path) -> None:
    part, twin = generations(folder)
    assert part != twin
    assert generations(folder) == [part, twin]


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("mine.py", "LIMIT = 9.0", "LIMIT = 8.0"),
        ("mine.py", "factor=1.0", "factor=2.0"),
        ("helper.py", "0.5", "0.25"),
        ("further.py", "ONE = 1.0", "ONE = 2.0"),
    ],
)
def test_code_changes_it(folder: Path, file: str, before: str, after: str) -> None:
    old = generations(folder)
    edit(folder / file, before, after)
    assert generations(folder)[0] != old[0]


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("mine.py", "# a constant", "# the constant of the bound"),
        ("mine.py", '"""Say something."""', '"""Say something else."""'),
        ("mine.py", "LIMIT = 9.0", "LIMIT  =  9.0\n\n"),
        ("helper.py", '"""Helps."""', '"""Helps a lot."""\n# indeed'),
    ],
)
def test_comments_and_layout_do_not(folder: Path, file: str, before: str, after: str) -> None:
    old = generations(folder)
    edit(folder / file, before, after)
    assert generations(folder) == old


def test_a_twins_constant_changes_its_own_alone(folder: Path) -> None:
    with statements_of_their_own():
        one, two = (planted(lambda m, trials: at_most(trials.normal("g"), 1.0)) for _ in range(2))
        assert generation_of(one) != generation_of(two)


def test_relative_imports_count(tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "mine.py").write_text(STATEMENT.format(imports="from .helper import scale"))
    (package / "helper.py").write_text("def scale(m):\n    return 0.5\n")
    old = generations(tmp_path, "package.mine")
    edit(package / "helper.py", "0.5", "0.25")
    assert generations(tmp_path, "package.mine")[0] != old[0]


def test_it_is_of_the_code_that_ran(folder: Path) -> None:
    """A file that is edited after its import does not change the hash."""
    old = generations(folder)
    for file in ("mine.py", "helper.py"):
        meanwhile = (
            f"import pathlib; p = pathlib.Path({str(folder / file)!r});"
            "t = p.read_text(); p.write_text(t.replace('0.5', '0.7').replace('9.0', '7.0'))"
        )
        assert generations(folder, extra=meanwhile) == old
        shutil.copy(folder / file, folder / f"{file}.edited")
        edit(
            folder / file,
            "0.7" if file == "helper.py" else "7.0",
            "0.5" if file == "helper.py" else "9.0",
        )


EDIT_EACH = """
import pathlib, sys; sys.path.insert(0, {folder!r})
import mine
from lemmata.harness import generation
harness = pathlib.Path(generation.__file__).parent

def now():
    generation._DIGESTS.clear(); generation._IMPORTS.clear()
    return generation.generation_of(mine.holds)

old = now()
for path in sorted(harness.rglob("*.py")):
    before = path.read_text()
    path.write_text(before + "\\n# a comment\\n"); comment = now() != old
    path.write_text(before + "\\n_CHANGED = 1\\n"); code = now() != old
    path.write_text(before)
    print(path.relative_to(harness).as_posix(), int(comment), int(code))
"""


def test_each_layer_that_makes_or_judges_trials_changes_it_and_only_these(
    tmp_path: Path, folder: Path
) -> None:
    package = tmp_path / "copy" / "lemmata"
    package.mkdir(parents=True)
    shutil.copy(Path(importlib.import_module("lemmata").__file__ or ""), package)
    shutil.copytree(HARNESS, package / "harness", ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        [sys.executable, "-c", EDIT_EACH.format(folder=str(folder))],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(tmp_path / "copy"), "PATH": "/usr/bin:/bin"},
    )
    rows = [line.split() for line in done.stdout.splitlines()]
    assert not [name for name, comment, _ in rows if comment == "1"]
    counting = {name for name, _, code in rows if code == "1"}
    judging = {
        name
        for name, *_ in rows
        if name.removesuffix(".py").split("/")[0] in JUDGES and name != "__init__.py"
    }
    assert counting == judging
    assert {"claims.py", "randomness.py", "layers/matrix_free.py", "adversary/draws.py"} < counting


def test_every_module_of_the_harness_is_sorted_out() -> None:
    """What neither makes nor judges trials is named here; a new module has to choose."""
    only_carries = {
        "__init__", "blocks", "checkout", "codec", "conclusions", "control_groups", "durations",
        "explanation", "findings", "generation", "histogram", "ids", "journal", "memory",
        "notebook", "parts", "phrases", "private", "pytest_items", "pytest_modules",
        "recorded_regimes", "recording", "records", "regime_cells", "regimes",
        "registry", "replay", "run", "schema", "schema_page", "search", "session", "sharing",
        "space", "statements", "sufficiency", "terminal", "tokens", "unchanged", "verdicts",
        "wording",
    }  # fmt: skip
    modules = {path.stem for path in HARNESS.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert modules - {"__pycache__"} <= only_carries | set(JUDGES)
    assert not only_carries & set(JUDGES)


def test_the_key_of_a_block_carries_dtype_and_extent() -> None:
    import torch

    part = planted(lambda m, trials: at_most(trials.normal("g"), 9.0), kind="inequality")
    keys = set()
    for dtype in (torch.float64, torch.float32):
        for count in (8, 16):
            run = replace(fresh_run(), dtype=dtype)
            draw = draw_of(part, {"m": 1}, run=run)
            bounds = evaluate(draw, first=0, count=count)
            keys.add(block_of(draw, bounds, threshold_of(part, bounds)).key)
    assert len(keys) == 4


def test_a_constant_that_is_a_function_has_no_address() -> None:
    def bound(*, of=abs, root=lambda x: x):
        del of, root

    def check(m, trials, *, of=lambda x: x):
        return at_most(of(trials.normal("g")), 9.0)

    def same(m, trials, *, of=lambda x: x):
        return at_most(of(trials.normal("g")), 9.0)

    one, other = (planted(made, kind="inequality") for made in (check, same))
    assert repr(one.knobs) != repr(other.knobs)
    from lemmata.harness.generation import _ADDRESS

    assert _ADDRESS.sub("", repr(bound)) == f"<function {bound.__qualname__}>"
    assert "0x" not in _ADDRESS.sub("", repr(one.knobs))
