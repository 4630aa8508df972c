"""Places: where a trial is worst, and what a search found, so that another arithmetic can be asked
about the very same.

Whatever claims pick as the worst they pick through `place`, and whatever an adversary searches it
searches through `a_search`, in an order that the statement's code decides. Within `noted` all that
is noted; within `followed` it is taken again, whatever is worst there, and nothing is searched.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import ParamSpec

import torch
from jaxtyping import Shaped
from torch import Tensor

from lemmata.harness.stochastic import exactly

_P = ParamSpec("_P")


class PlacesError(Exception):
    """The code picks other things than it did when its places were noted."""


class _Here(threading.local):
    """What this thread notes, or follows, and in which type of numbers."""

    def __init__(self) -> None:
        self.noting: list[Tensor] | None = None
        self.following: Iterator[Tensor] | None = None
        self.dtype = torch.float64


_HERE = _Here()


@contextmanager
def noted() -> Iterator[list[Tensor]]:
    """Note where trials are worst, and what searches find."""
    before, _HERE.noting = _HERE.noting, []
    try:
        yield _HERE.noting
    finally:
        _HERE.noting = before


@contextmanager
def followed(places: Sequence[Tensor], dtype: torch.dtype) -> Iterator[None]:
    """Take the places and points that were noted, points in the type of numbers given.

    Raises:
        PlacesError: from within, where the code picks in other shapes, or more often.
    """
    before = _HERE.following, _HERE.dtype
    _HERE.following, _HERE.dtype = iter(places), dtype
    try:
        yield
    finally:
        _HERE.following, _HERE.dtype = before


def place(worst: Shaped[Tensor, "..."]) -> Shaped[Tensor, "..."]:
    """Return where to look: where it is worst, unless other places are followed."""
    if _HERE.following is not None:
        there = _next()
        if there.shape != worst.shape or there.dtype != worst.dtype:
            raise PlacesError("the claims differ from those whose places were noted")
        return there
    if _HERE.noting is not None:
        _HERE.noting.append(worst)
    return worst


def a_search(find: Callable[_P, Tensor]) -> Callable[_P, Tensor]:
    """Make a function that searches: it goes on exactly, and what it found can be followed."""

    @functools.wraps(find)
    def searching(*args: _P.args, **kwargs: _P.kwargs) -> Tensor:
        if _HERE.following is not None:
            return _next().to(_HERE.dtype)
        noting, _HERE.noting = _HERE.noting, None
        try:
            with exactly():
                found = find(*args, **kwargs)
        finally:
            _HERE.noting = noting
        if noting is not None:
            noting.append(found)
        return found

    return searching


def _next() -> Tensor:
    assert _HERE.following is not None
    there = next(_HERE.following, None)
    if there is None:
        raise PlacesError("the code picks more often than when its places were noted")
    return there
