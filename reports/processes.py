"""Several processes for what takes long, where the machine has them to give."""

from __future__ import annotations

import gc
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

S = TypeVar("S")
T = TypeVar("T")

_MOST = 8
_work: tuple[Callable[[Any], Any], Sequence[Any]] | None = None
"""What the processes do: they are forked, so that it is not sent to them."""


def each(do: Callable[[S], T], things: Sequence[S], *, fewest: int) -> Iterator[T]:
    """Do something with each thing and give the results in order, in several processes where there
    are `fewest` things or more, more than one core, and no other thread that a fork would lose.

    What is done may use whatever this process has; its result has to be plain data.
    """
    global _work
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    forks = "fork" in multiprocessing.get_all_start_methods() and threading.active_count() == 1
    if len(things) < fewest or cores < 2 or not forks or _work is not None:
        yield from map(do, things)
        return
    _work = (do, things)
    gc.freeze()
    try:
        forked = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(min(cores, _MOST), mp_context=forked) as pool:
            yield from pool.map(_done, range(len(things)))
    finally:
        _work = None
        gc.unfreeze()


def _done(number: int) -> Any:
    assert _work is not None
    do, things = _work
    return do(things[number])
