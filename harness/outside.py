"""Statements run outside of a Hypothesis test too.

On specimens, for twins, in replays. There ``note`` and ``event`` must not be errors.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis.control import BuildContext, currently_in_test_context
from hypothesis.internal.conjecture.data import ConjectureData

_NEEDS_TEST = "wrapped_test" in inspect.signature(BuildContext.__init__).parameters


@contextmanager
def as_if_in_a_test(check: Callable[..., object]) -> Iterator[None]:
    """Run the block in a Hypothesis context of its own, unless it is in one already."""
    if currently_in_test_context():
        yield
        return
    options: dict[str, Any] = {"wrapped_test": check} if _NEEDS_TEST else {}
    with BuildContext(ConjectureData.for_choices(()), is_final=False, **options):
        yield
