"""Our ``given``: Hypothesis draws the instance, the harness adds the trials.

The decorated function stays a genuine Hypothesis test, so that ``@settings``, ``@example``,
``note``, ``event``, the example database, ``--hypothesis-seed`` and
``--hypothesis-show-statistics`` keep working. What happens to each drawn instance is decided by
whoever runs the test, through `evaluating`: Hypothesis sees a verdict, never a tensor.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec, Protocol, TypeVar, cast

import hypothesis
from hypothesis.strategies import SearchStrategy

from lemmata.harness.claims import Claim
from lemmata.harness.instances import Instance

Evaluate = Callable[[Instance], None]

P = ParamSpec("P")
C_co = TypeVar("C_co", bound=Claim, covariant=True)

_EVALUATE: ContextVar[Evaluate | None] = ContextVar("lemmata_evaluate", default=None)


class HypothesisTest(Protocol[P, C_co]):
    """A function that Hypothesis runs, with what it draws and what it checks attached."""

    @property
    def lemmata_check(self) -> Callable[P, C_co]:
        """The statement's own function."""

    @property
    def lemmata_strategies(self) -> Mapping[str, SearchStrategy[Any]]:
        """What is drawn, by name."""

    def __call__(self) -> None:
        """Run the test."""


def given(
    **strategies: SearchStrategy[Any],
) -> Callable[[Callable[P, C_co]], HypothesisTest[P, C_co]]:
    """Draw each named argument from its strategy, and hand the function the trials as ``trials``.

    Arguments with a default are constants that twins change: keyword-only, behind ``trials``, with
    the true value as default.

    Raises:
        TypeError: the function does not take the named arguments and ``trials``, or needs others.
    """

    def wrap(check: Callable[P, C_co]) -> HypothesisTest[P, C_co]:
        name = getattr(check, "__name__", "the function")
        taken = inspect.signature(check).parameters
        needed = {n for n, parameter in taken.items() if parameter.default is parameter.empty}
        if not needed <= {*strategies, "trials"} <= set(taken):
            raise TypeError(
                f"{name} takes {', '.join(taken)}; @given draws "
                f"{', '.join(strategies) or 'nothing'}"
                " and adds trials: give every argument but these a default behind a *"
            )
        for argument, parameter in taken.items():
            if argument in needed or argument in strategies:
                continue
            if parameter.kind is not parameter.KEYWORD_ONLY:
                raise TypeError(
                    f"{name} has a constant {argument} that twins may change: put it behind a * "
                    "after trials, so that it is passed by its name"
                )

        return _test_of(check, strategies)

    return wrap


def fresh_test(test: HypothesisTest[P, C_co]) -> HypothesisTest[P, C_co]:
    """Return the same Hypothesis test anew, without settings or seed."""
    return _test_of(test.lemmata_check, test.lemmata_strategies)


def _test_of(
    check: Callable[P, C_co], strategies: Mapping[str, SearchStrategy[Any]]
) -> HypothesisTest[P, C_co]:
    name = getattr(check, "__name__", "the function")

    @functools.wraps(check)
    def drawn(**instance: Any) -> None:
        evaluate = _EVALUATE.get()
        if evaluate is None:
            raise RuntimeError(
                f"{name} is a statement: run it with pytest, `lemmata check` or lemmata.judge, "
                "not by a call"
            )
        evaluate(instance)

    # Without the trials, which are no pytest fixture and not drawn by Hypothesis.
    drawn.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in strategies]
    )
    test: Any = hypothesis.given(**strategies)(drawn)
    test.lemmata_check = check
    test.lemmata_strategies = dict(strategies)
    return cast("HypothesisTest[P, C_co]", test)


@contextmanager
def evaluating(evaluate: Evaluate) -> Iterator[None]:
    """Let ``evaluate`` decide, within the block, what becomes of each drawn instance."""
    token = _EVALUATE.set(evaluate)
    try:
        yield
    finally:
        _EVALUATE.reset(token)


def is_given(test: object) -> bool:
    """Whether ``test`` came out of our `given`, perhaps below ``@settings`` or ``@example``."""
    return hasattr(test, "lemmata_check") and hasattr(test, "hypothesis")
