"""Places: at which entry, member and attack a trial is worst, so that another arithmetic can be
asked about the very same ones.

Whatever claims pick as the worst, they pick through `place`, in an order that the statement's code
decides. Within `noted` these are noted; within `followed` they are taken again, whatever is worst
there.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from jaxtyping import Int64
from torch import Tensor


class PlacesError(Exception):
    """The code picks other things than it did when its places were noted."""


class _Here(threading.local):
    """What this thread notes, or follows."""

    def __init__(self) -> None:
        self.noting: list[Tensor] | None = None
        self.following: Iterator[Tensor] | None = None


_HERE = _Here()


@contextmanager
def noted() -> Iterator[list[Tensor]]:
    """Note where trials are worst."""
    before, _HERE.noting = _HERE.noting, []
    try:
        yield _HERE.noting
    finally:
        _HERE.noting = before


@contextmanager
def followed(places: Sequence[Tensor]) -> Iterator[None]:
    """Take the places that were noted.

    Raises:
        PlacesError: from within, where the code picks in other shapes, or more often.
    """
    before, _HERE.following = _HERE.following, iter(places)
    try:
        yield
    finally:
        _HERE.following = before


def place(worst: Int64[Tensor, "..."]) -> Int64[Tensor, "..."]:
    """Return where to look: where it is worst, unless other places are followed."""
    if _HERE.following is not None:
        there = next(_HERE.following, None)
        if there is None or there.shape != worst.shape:
            raise PlacesError("the claims differ from those whose places were noted")
        return there
    if _HERE.noting is not None:
        _HERE.noting.append(worst)
    return worst
