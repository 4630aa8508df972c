"""Counting: the elements and operations that torch dispatches while a block of trials runs.

Each operation counts a fixed overhead and the elements that it reads or makes; products of
matrices also count their multiplications. It sees nothing of what numpy and scipy do, which is what
``cost=`` is for. The same pass counts the bytes, as if every result lived to the end, and the
longest tensor, from which the allowance for rounding is derived.

Looking at an operation takes several times as long as a small one does. So the steps of a loop that
are `alike` are counted once, and random numbers at a fixed price.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import torch
from torch import Tensor

from lemmata.harness.modes import EagerMode

_T = TypeVar("_T")

_OVERHEAD = 1000.0
"""Of one operation, in elements: what a call costs beside its arithmetic."""

_A_RANDOM_NUMBER = 10.0
"""Of a normal or uniform, in elements."""

_A_MULTIPLICATION = 0.15
"""Of a matrix product, in elements."""

_PRODUCTS = frozenset(("mm", "bmm", "addmm", "baddbmm", "addmv", "mv", "dot"))


@dataclass(slots=True, eq=False)
class Footprint:
    """What a measured block took.

    Attributes:
        overhead: of the operations, whatever the number of trials.
        elements: work that grows with the trials.
        bytes: of all results.
        longest: elements of the largest tensor.
    """

    overhead: float = 0.0
    elements: float = 0.0
    bytes: int = 0
    longest: int = 0

    @property
    def elements_an_operation(self) -> float:
        """What an operation has in the mean."""
        return self.elements * _OVERHEAD / max(self.overhead, _OVERHEAD)

    def since(self, before: Footprint) -> Footprint:
        """Return what was added to an earlier state of it."""
        return Footprint(
            overhead=self.overhead - before.overhead,
            elements=self.elements - before.elements,
            bytes=self.bytes - before.bytes,
            longest=self.longest,
        )

    def add(self, other: Footprint, times: int) -> None:
        """Add as much as another block took, so many times."""
        self.overhead += times * other.overhead
        self.elements += times * other.elements
        self.bytes += times * other.bytes
        self.longest = max(self.longest, other.longest)


class _Here(threading.local):
    """What this thread counts and allows.

    Attributes:
        counting: the modes that count, the innermost last.
        allowed: how many bytes a single draw may take, the innermost last.
    """

    def __init__(self) -> None:
        self.counting: list[_Counting] = []
        self.allowed: list[float] = []


_HERE = _Here()


class CountedEnough(BaseException):
    """What is counted has reached the limit; nothing of the block that was running is kept."""

    def __init__(self, so_far: Footprint) -> None:
        super().__init__()
        self.so_far = so_far


@contextmanager
def counted(device: torch.device, limit: float = math.inf) -> Iterator[Footprint]:
    """Count what the block inside takes; on CUDA memory is the allocator's own peak.

    Raises:
        CountedEnough: it takes more than the limit, in elements and overhead.
    """
    mode = _Counting(limit)
    cuda = device.type == "cuda"
    if cuda:
        torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device) if cuda else 0
    _HERE.counting.append(mode)
    mode.__enter__()  # type: ignore[no-untyped-call]
    try:
        yield mode.footprint
    finally:
        mode.end()
        _HERE.counting[:] = [other for other in _HERE.counting if other is not mode]
    if cuda:
        mode.footprint.bytes = torch.cuda.max_memory_allocated(device) - before


def alike(steps: Iterable[_T]) -> Iterator[_T]:
    """Iterate over the steps of a loop of which each costs what the second does: write
    ``for step in alike(range(steps)):``.

    A long loop is counted several times faster so; what it computes is the same. The first step may
    cost something else.
    """
    left = iter(steps)
    for first in left:
        yield first
        break
    counting = list(_HERE.counting)
    if not counting or not counting[-1].is_innermost:
        yield from left
        return
    before = [replace(mode.footprint) for mode in counting]
    for second in left:
        yield second
        break
    else:
        return
    done = 0
    each = [mode.footprint.since(then) for mode, then in zip(counting, before, strict=True)]
    with _uncounted():
        try:
            for step in left:
                done += 1
                yield step
        finally:
            for mode, one in zip(counting, each, strict=True):
                mode.footprint.add(one, done)


@contextmanager
def drawing(numbers: int) -> Iterator[None]:
    """Count so many random numbers at a fixed price: they are made in other ways on each device."""
    _refuse_large(numbers)
    drawn = Footprint(
        overhead=_OVERHEAD, elements=_A_RANDOM_NUMBER * numbers, bytes=8 * numbers, longest=numbers
    )
    counting = list(_HERE.counting)
    with _uncounted():
        yield
    for mode in counting:
        mode.footprint.add(drawn, 1)


@contextmanager
def _uncounted() -> Iterator[None]:
    """Count nothing for a while, and do without the modes that would, where they are innermost."""
    held = list(_HERE.counting)
    _HERE.counting.clear()
    try:
        with ExitStack() as stack:
            for mode in reversed(held):
                stack.enter_context(mode.left())
            yield
    finally:
        _HERE.counting.extend(mode for mode in held if not mode.is_over)


class TooLargeError(Exception):
    """A tensor that is larger than was allowed, in one sentence."""


@contextmanager
def tensors_of_at_most(size: float) -> Iterator[None]:
    """Refuse, before memory is taken, single tensors of more bytes than that."""
    _HERE.allowed.append(size)
    try:
        yield
    finally:
        _HERE.allowed.pop()


def _refuse_large(numbers: int) -> None:
    if _HERE.allowed and 8 * numbers > _HERE.allowed[-1]:
        raise TooLargeError(
            f"one tensor of this instance takes {8e-9 * numbers:.3g} GB, and a single one may take "
            f"{1e-9 * _HERE.allowed[-1]:.3g} GB here"
        )


def _numbers_to_come(name: str, args: tuple[Any, ...]) -> int:
    """Tell, before an operation runs, how many numbers it is about to make; 0 where unknown."""
    if name in _FILLED:
        return max((math.prod(entry) for entry in args if _are_sizes(entry)), default=0)
    if name == "eye":
        sides = [entry for entry in args if isinstance(entry, int)]
        return sides[0] * sides[-1] if sides else 0
    shapes = [entry.shape for entry in args if isinstance(entry, Tensor)]
    if name in _PRODUCTS and len(shapes) >= 2 and len(shapes[-1]) >= 2:
        return math.prod(shapes[-2][:-1]) * shapes[-1][-1]
    if len(shapes) >= 2 and name in _BROADCAST:
        return math.prod(torch.broadcast_shapes(*shapes))
    return 0


def _are_sizes(entry: object) -> bool:
    return isinstance(entry, list | tuple) and all(isinstance(size, int) for size in entry)


_FILLED = frozenset(
    (
        "empty",
        "expand_copy",
        "full",
        "new_empty",
        "new_full",
        "new_ones",
        "new_zeros",
        "ones",
        "repeat",
        "zeros",
    )
)
_BROADCAST = frozenset(
    (
        "add",
        "atan2",
        "div",
        "eq",
        "ge",
        "gt",
        "le",
        "lt",
        "maximum",
        "minimum",
        "mul",
        "ne",
        "pow",
        "sub",
        "where",
    )
)
"""What takes its size from its arguments' shapes, one against the other."""


class _Counting(EagerMode):
    def __init__(self, limit: float = math.inf) -> None:
        super().__init__()
        self.footprint = Footprint()
        self.limit = limit

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if _HERE.allowed:
            _refuse_large(_numbers_to_come(func.overloadpacket.__name__, args))
        result = func(*args, **(kwargs or {}))
        if self not in _HERE.counting:
            return result
        note = self.footprint
        if note.overhead + note.elements > self.limit:
            raise CountedEnough(note)
        note.overhead += _OVERHEAD
        for tensor in result if isinstance(result, tuple | list) else (result,):
            if isinstance(tensor, Tensor):
                size = tensor.numel()
                if size > note.longest:
                    note.longest = size
                if not tensor._is_view():  # noqa: SLF001 - torch has no public name for it
                    note.elements += size
                    note.bytes += size * tensor.element_size()
        name = _NAMES.get(func) or _NAMES.setdefault(func, func.overloadpacket.__name__)
        if name in _PRODUCTS:
            tensors = [entry for entry in args if isinstance(entry, Tensor)]
            if len(tensors) >= 2 and isinstance(result, Tensor):
                inner = tensors[-1].shape[-2] if tensors[-1].ndim > 1 else tensors[-1].shape[-1]
                note.elements += _A_MULTIPLICATION * result.numel() * inner
        elif name in _READS:
            sizes = (entry.numel() for entry in args if isinstance(entry, Tensor))
            note.elements += max(sizes, default=0)
        return result


_NAMES: dict[Any, str] = {}

_READS = frozenset(
    ("sum", "amax", "amin", "max", "min", "linalg_vector_norm", "mean", "any", "all")
)
