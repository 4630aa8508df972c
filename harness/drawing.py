"""Our ``given``: Hypothesis draws the instance, the harness adds the trials.

The decorated function stays a genuine Hypothesis test, so that ``@settings``, ``@example``, ``note``, ``event``, the example database,
``--hypothesis-seed`` and ``--hypothesis-show-statistics`` keep working. What happens to each drawn instance is decided by whoever runs the
test, through `evaluating`: Hypothesis sees a verdict, never a tensor.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, TypeGuard, TypeVar, cast

import hypothesis
from hypothesis.strategies import SearchStrategy

from lemmata.harness.claims import Claim
from lemmata.harness.instances import Instance

Evaluate = Callable[[Instance], None]

C_co = TypeVar("C_co", bound=Claim, covariant=True)

_EVALUATE: ContextVar[Evaluate | None] = ContextVar("lemmata_evaluate", default=None)


class HypothesisTest(Protocol[C_co]):
    """A function that Hypothesis runs, with what it draws and what it checks attached."""

    @property
    def lemmata_check(self) -> Callable[..., C_co]:
        """The statement's own function."""

    @property
    def lemmata_strategies(self) -> Mapping[str, SearchStrategy[Any]]:
        """What is drawn, by name."""

    def __call__(self) -> None:
        """Run the test."""


def given(**strategies: SearchStrategy[Any]) -> Callable[[Callable[..., C_co]], HypothesisTest[C_co]]:
    """Draw each named argument of a statement from its strategy, and hand it the trials as ``trials``.

    Raises:
        TypeError: the function does not take the named arguments and ``trials``, or needs others; arguments with a default are the author's
            own, for twins that change them.
    """

    def wrap(check: Callable[..., C_co]) -> HypothesisTest[C_co]:
        taken = inspect.signature(check).parameters
        needed = {name for name, parameter in taken.items() if parameter.default is inspect.Parameter.empty}
        if not needed <= {*strategies, "trials"} <= set(taken):
            raise TypeError(f"{check.__name__} takes {', '.join(taken)}; @given draws {', '.join(strategies)} and adds trials")

        @functools.wraps(check)
        def drawn(**instance: Any) -> None:
            evaluate = _EVALUATE.get()
            if evaluate is None:
                raise RuntimeError(f"{check.__name__} is a statement: run it with pytest or `lemmata check`, not by a call")
            evaluate(instance)

        # Without the trials, which are no pytest fixture and not drawn by Hypothesis.
        drawn.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in strategies]
        )
        test: Any = hypothesis.given(**strategies)(drawn)
        test.lemmata_check = check
        test.lemmata_strategies = dict(strategies)
        return cast("HypothesisTest[C_co]", test)

    return wrap


@contextmanager
def evaluating(evaluate: Evaluate) -> Iterator[None]:
    """Let ``evaluate`` decide, within the block, what becomes of each drawn instance."""
    token = _EVALUATE.set(evaluate)
    try:
        yield
    finally:
        _EVALUATE.reset(token)


def bind_identity(test: HypothesisTest[Any], identity: str) -> None:
    """Give the test an entry of its own in Hypothesis' database: closures that look alike would share one."""
    inner = test.hypothesis.inner_test  # type: ignore[attr-defined]
    inner._hypothesis_internal_add_digest = identity.encode()  # noqa: SLF001 - there is no public way


def is_given(test: object) -> TypeGuard[HypothesisTest[Any]]:
    """Whether ``test`` came out of our `given`, perhaps below ``@settings`` or ``@example``."""
    return hasattr(test, "lemmata_check") and hasattr(test, "hypothesis")
