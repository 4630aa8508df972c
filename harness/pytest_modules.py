"""pytest modules: every statement that a file registers becomes items, whatever it is bound to.

Names say nothing: a statement in a class, in a list, made by a loop, called ``_``, rebound or
deleted is a statement all the same. What a helper registered, which pytest does not collect itself,
belongs to the module that imports it. torch is imported only where a module declares something.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from lemmata.harness.statements import Part, Statement

MODULES_KEY = pytest.StashKey[set[Path]]()
"""The files that were imported whole: their statements have to be whole, too."""
COLLECTED_KEY = pytest.StashKey[set[str]]()
"""The ids of the statements that were made items of, whatever is selected afterwards."""

_DEEP = 4


def statements_are_loaded() -> bool:
    """Whether anything that is running knows of statements."""
    return "lemmata.harness.statements" in sys.modules


class StatementModule(pytest.Module):
    """A module that may declare statements; mistakes in declaring are one sentence."""

    def collect(self) -> Any:
        """Collect the module's tests, then the parts and twins of its statements."""
        before = _registered_ids()
        try:
            found = list(super().collect())
            self.config.stash.setdefault(MODULES_KEY, set()).add(self.path.resolve())
            if statements_are_loaded():
                from lemmata.harness.pytest_items import items_of

                if mine := [item for part in self._parts(before) for item in items_of(self, part)]:
                    found = sorted([*found, *mine], key=self._line)
        except Exception as problem:
            if _is_ours(problem):
                raise self.CollectError(str(problem)) from None
            raise
        return found

    def _line(self, node: pytest.Item | pytest.Collector) -> int:
        """Where a test stands in this file: statements run in their place among other tests."""
        place = getattr(node, "reportinfo", None)
        file, line, _ = place() if place is not None else (None, None, "")
        return line if line is not None and Path(str(file)) == self.path else 0

    def _parts(self, before: set[str]) -> Iterator[Part[..., Any]]:
        """Give the parts that are this module's to judge, each once."""
        from lemmata.harness.registry import registered

        here = self.path.resolve()
        bound: set[int] | None = None
        for made in registered():
            if made.file == here:
                yield from made.parts
            elif is_of_a_helper(self.config, made):
                if bound is None:
                    bound = {id(part.statement) for part in parts_in(vars(self.obj))}
                if made.id not in before or id(made) in bound:
                    yield from made.parts

    def _getobj(self) -> Any:
        try:
            return self.import_module()
        except self.CollectError as problem:
            if problem.__cause__ is not None and _is_ours(problem.__cause__):
                raise self.CollectError(str(problem.__cause__)) from None
            raise
        except (Exception, SystemExit) as problem:
            if _is_ours(problem):
                raise self.CollectError(str(problem)) from None
            if isinstance(problem, SystemExit):
                raise self.CollectError(
                    f"{self.path.name} ends the program while it is imported "
                    f"(sys.exit({problem.code!r})): nothing of it can be judged"
                ) from None
            raise

    def import_module(self) -> Any:
        """Import the module; a composition root that knows its package may override this."""
        return super()._getobj()  # type: ignore[no-untyped-call]


def is_of_a_helper(config: pytest.Config, made: Statement) -> bool:
    """Whether a statement is of a user's file that pytest does not collect itself.

    As everywhere in pytest, a module with ``__test__ = False`` has nothing to collect.
    """
    patterns = tuple(config.getini("python_files"))
    if not _is_theirs_alone(made.file, config.rootpath, patterns):
        return False
    file = str(made.file)
    modules = {sys.modules.get(part.check.__module__) for part in made.parts}
    modules |= {one for one in sys.modules.values() if getattr(one, "__file__", None) == file}
    return not any(getattr(module, "__test__", True) is False for module in modules)


@cache  # every module asks it of every statement
def _is_theirs_alone(file: Path, root: Path, patterns: tuple[str, ...]) -> bool:
    """Whether a file is the user's own, and none that pytest collects."""
    theirs = file.is_relative_to(root.resolve()) and "site-packages" not in file.parts
    return theirs and not any(_matches(file, pattern) for pattern in patterns)


def _matches(file: Path, pattern: str) -> bool:
    """Whether pytest would take a file by a pattern: a star goes over folders, too."""
    return fnmatch(
        f"/{file.as_posix()}" if "/" in pattern else file.name,
        (f"*/{pattern}" if "/" in pattern else pattern),
    )


def _registered_ids() -> set[str]:
    if not statements_are_loaded():
        return set()
    from lemmata.harness.registry import registered

    return {made.id for made in registered()}


def _is_ours(problem: BaseException) -> bool:
    """Whether an exception is a `StatementError`, told without importing anything."""
    if not statements_are_loaded():
        return False
    from lemmata.harness.statements import StatementError

    return isinstance(problem, StatementError)


def parts_in(values: object, depth: int = _DEEP) -> Iterator[Part[..., Any]]:
    """Give the parts among the values of a module, its classes and its containers."""
    if not statements_are_loaded():
        return
    from lemmata.harness.statements import Part

    if isinstance(values, Part):
        yield values
    elif depth > 0:
        if isinstance(values, type):
            values = vars(values)
        if isinstance(values, Mapping):
            values = values.values()
        elif not isinstance(values, list | tuple | set | frozenset):
            return
        for value in list(values):
            yield from parts_in(value, depth - 1)
