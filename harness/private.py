"""What we use of Hypothesis beyond its public names, in one place.

Tried with the versions in `TRIED` (tests/harness/test_private.py runs all of it with the one that
is installed): an unknown version works as long as those tests pass.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

import hypothesis
from hypothesis.control import BuildContext, currently_in_test_context
from hypothesis.errors import HypothesisException, StopTest
from hypothesis.internal.conjecture import providers
from hypothesis.internal.conjecture.choice import ChoiceTemplate
from hypothesis.internal.conjecture.data import ConjectureData
from hypothesis.strategies import SearchStrategy

TRIED = ("6.170.15",)

_NEEDS_TEST = "wrapped_test" in inspect.signature(BuildContext.__init__).parameters
_LONGEST = 1 << 13


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a strategy: its kind, its value, and what it had to be chosen among."""

    kind: str
    value: Any
    limits: Mapping[str, Any]


def _test() -> None:
    """Stand in for a test function."""


@contextmanager
def as_if_in_a_test(check: Callable[..., object]) -> Iterator[None]:
    """Run the block in a Hypothesis context of its own, unless it is in one already.

    Statements run outside of a test too, on specimens, for twins, in replays: there ``note`` and
    ``event`` must not be errors.
    """
    if currently_in_test_context():
        yield
        return
    with _context(ConjectureData.for_choices(()), check):
        yield


def draw_with(
    strategies: Mapping[str, SearchStrategy[Any]],
    choices: Sequence[Any],
    *,
    simplest: bool = False,
) -> tuple[dict[str, Any], list[Choice]] | None:
    """Draw an instance by given choices; where they do not fit, by the simplest ones.

    Args:
        strategies: by name.
        choices: as many as there are; what is drawn beyond them is drawn by a fixed generator.
        simplest: whether what is drawn beyond them are the simplest choices.

    Returns:
        The instance with all its choices, or None where the strategies reject what comes of them.
    """
    prefix = [*choices, *([ChoiceTemplate("simplest", count=None)] if simplest else [])]
    fixed = Random(0)  # noqa: S311 - not for secrets
    data = ConjectureData(prefix=tuple(prefix), random=fixed, max_choices=_LONGEST)
    try:
        with _context(data, _test):
            instance = {name: data.draw(strategy) for name, strategy in strategies.items()}
    except (StopTest, HypothesisException):  # an overrun, or what a filter or assume rejects
        return None
    nodes = [Choice(node.type, node.value, dict(node.constraints)) for node in data.nodes]
    return instance, nodes


def choices_now() -> tuple[Any, ...] | None:
    """Return the choices of the test case that Hypothesis is running, or None outside of one."""
    if not currently_in_test_context():
        return None
    from hypothesis.control import current_build_context

    return tuple(node.value for node in current_build_context().data.nodes)


@contextmanager
def without_constants_of_modules() -> Iterator[None]:
    """Let no draw depend on which modules happen to be imported.

    Hypothesis mixes numbers and strings that it finds in the imported code into what it draws: a
    run of one file would meet other instances than a run of all. Several threads may be in the
    block: the last one out puts things back.
    """
    if not hasattr(providers, "_get_local_constants"):
        yield
        return
    _ALONE.enter()
    try:
        yield
    finally:
        _ALONE.leave()


class _Alone:
    """How many threads are without constants, and what gives them back."""

    def __init__(self) -> None:
        self._lock, self._inside = threading.Lock(), 0
        self._known: Any = None

    def enter(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._known = providers._get_local_constants  # noqa: SLF001
                nothing = type(self._known())()
                providers.CONSTANTS_CACHE.cache.clear()
                providers._get_local_constants = lambda: nothing  # noqa: SLF001

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                providers._get_local_constants = self._known  # noqa: SLF001
                providers.CONSTANTS_CACHE.cache.clear()


_ALONE = _Alone()


def settled_by_author(test: object) -> hypothesis.settings | None:
    """Return the settings that an author put on a test by ``@settings``, or None."""
    if getattr(test, "_hypothesis_internal_settings_applied", False):
        return getattr(test, "_hypothesis_internal_use_settings", None)
    return None


def copy_examples(source: object, target: object) -> None:
    """Give a test the instances that an author put on another by ``@example``."""
    if examples := getattr(source, "hypothesis_explicit_examples", None):
        target.hypothesis_explicit_examples = list(examples)  # type: ignore[attr-defined]


def bind_identity(test: object, identity: str) -> None:
    """Give a test an entry of its own in the database: closures that look alike would share one."""
    inner = test.hypothesis.inner_test  # type: ignore[attr-defined]
    inner._hypothesis_internal_add_digest = identity.encode()  # noqa: SLF001


def know_by_parsed_id(item: object) -> None:
    """Let a pytest item be known by the id that its text is read back as.

    From 9.2 on ids are structured, and ``--lf`` reads them back from text: an item named
    ``f[ID]`` that pytest did not parametrize itself would never be found again.
    """
    known = getattr(item, "id", None)
    parse = getattr(type(known), "parse", None)
    if parse is not None:
        item._id = parse(str(known))  # type: ignore[attr-defined]  # noqa: SLF001


def _context(data: ConjectureData, check: Callable[..., object]) -> BuildContext:
    options: dict[str, Any] = {"wrapped_test": check} if _NEEDS_TEST else {}
    return BuildContext(data, is_final=False, **options)
