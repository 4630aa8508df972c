"""Work: what a statement's trials cost, in elements and operations that torch dispatches.

Each operation counts a fixed overhead and the elements that it reads or makes; products of
matrices also count their multiplications. The count is the same on every machine, so that budgets
are reproducible; it sees nothing of what numpy and scipy do, which is what ``cost=`` is for. The
same pass counts the bytes, as if every result lived to the end, and the longest tensor, from which
the allowance for rounding is derived.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from lemmata.harness.modes import EagerMode

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a trial of an instance costs.

    Attributes:
        work: of one trial, in a batch as large as a block or larger.
        overhead: of a batch, however large; ``work`` has its share of a block's.
        bytes: of one trial; 0 where unknown.
        terms: elements of the largest tensor of a trial.
    """

    work: float = 1.0
    overhead: float = 0.0
    bytes: float = 0.0
    terms: float = 1.0


@dataclass(slots=True)
class Prices:
    """What is known of the costs of instances, and of the batch that fits.

    Attributes:
        known: by part or twin and instance.
        batches: how many trials fit at once, by the same.
        asked: the names of what its trials draw, by the same; none where nothing is random.
    """

    known: dict[tuple[str, str], Price] = field(default_factory=dict)
    batches: dict[tuple[str, str], int] = field(default_factory=dict)
    asked: dict[tuple[str, str], set[str]] = field(default_factory=dict)


def price(footprint: Footprint, trials: int, cost: float) -> Price:
    """Return the price of a trial, from what ``trials`` of them took in one batch."""
    work = (footprint.elements + footprint.overhead) / trials
    return Price(
        work=max(1.0, cost * work),
        overhead=cost * footprint.overhead,
        bytes=footprint.bytes / trials,
        terms=max(1.0, footprint.longest / trials),
    )


@contextmanager
def counted(device: torch.device) -> Iterator[Footprint]:
    """Count what the block inside takes; on CUDA memory is the allocator's own peak."""
    footprint = Footprint()
    cuda = device.type == "cuda"
    if cuda:
        torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device) if cuda else 0
    _HERE.counted.append(footprint)
    try:
        with _Counting(footprint):
            yield footprint
    finally:
        _HERE.counted.remove(footprint)
    if cuda:
        footprint.bytes = torch.cuda.max_memory_allocated(device) - before


class _Here(threading.local):
    """What this thread counts and allows.

    Attributes:
        counted: the footprints that are being counted; while random numbers are made, none is.
        allowed: how many bytes a single draw may take, the innermost last.
    """

    def __init__(self) -> None:
        self.counted: list[Footprint] = []
        self.allowed: list[float] = []


_HERE = _Here()


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


@contextmanager
def drawing(numbers: int) -> Iterator[None]:
    """Count so many random numbers at a fixed price: they are made in other ways on each device."""
    _refuse_large(numbers)
    held = list(_HERE.counted)
    _HERE.counted.clear()
    try:
        yield
    finally:
        _HERE.counted.extend(held)
        for note in held:
            note.overhead += _OVERHEAD
            note.elements += _A_RANDOM_NUMBER * numbers
            note.longest = max(note.longest, numbers)
            note.bytes += 8 * numbers


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
    def __init__(self, footprint: Footprint) -> None:
        super().__init__()
        self._footprint = footprint

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
        note = self._footprint
        if note not in _HERE.counted:
            return result
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
