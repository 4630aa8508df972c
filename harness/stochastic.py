"""Stochastic arithmetic: every operation a little wrong, as in the method of Vignes.

What arithmetic returns is changed by some units of roundoff at random, and so is what sums and
products take in; matrices that a decomposition or a Fourier transform takes in are changed relative
to their largest entry, since these routines are exact for a matrix nearby. Whole numbers stay as
they are, and what is only selected or copied.

A search goes on exactly: what rounding does to a claim is asked at the point that it finds.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from lemmata.harness.modes import EagerMode

_ROUNDOFFS: Final = 16.0
_LARGEST_WHOLE: Final = 2.0**31
_POOL: Final = 1 << 16

_SUMS = frozenset(
    ("sum", "mean", "mm", "bmm", "addmm", "baddbmm", "mv", "addmv", "dot", "cumsum", "sub", "add")
)


_EXACT = frozenset(
    (
        "_to_copy",
        "abs",
        "amax",
        "amin",
        "cat",
        "clamp",
        "clamp_max",
        "clamp_min",
        "clone",
        "constant_pad_nd",
        "copy",
        "diag_embed",
        "empty",
        "empty_like",
        "fill",
        "flip",
        "full",
        "full_like",
        "gather",
        "index",
        "index_put",
        "index_select",
        "lift",
        "lift_fresh",
        "masked_fill",
        "max",
        "maximum",
        "median",
        "min",
        "minimum",
        "nan_to_num",
        "neg",
        "new_empty",
        "new_full",
        "new_ones",
        "new_zeros",
        "ones",
        "relu",
        "repeat",
        "roll",
        "scatter",
        "select_scatter",
        "sign",
        "slice_scatter",
        "sort",
        "stack",
        "threshold",
        "topk",
        "tril",
        "triu",
        "where",
        "zero",
        "zeros",
        "zeros_like",
    )
)
"""What selects, copies or changes signs only: no digit of it is rounded, and equalities stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """What is wrong about an operation: its arguments, its results, or neither."""

    takes_matrices: bool
    sums: bool
    exact: bool
    writes: bool


_KINDS: dict[Any, _Kind] = {}


def _kind_of(func: Any) -> _Kind:
    name = func.overloadpacket.__name__
    aliases = [entry.alias_info for entry in func._schema.returns]  # noqa: SLF001
    views = any(alias is not None and not alias.is_write for alias in aliases)
    return _Kind(
        takes_matrices="linalg" in name or "fft" in name,
        sums=name in _SUMS,
        exact=name.removesuffix("_") in _EXACT or views,
        writes=any(alias is not None for alias in aliases),
    )


class _Running(threading.local):
    """The arithmetics that this thread is in, the innermost last."""

    def __init__(self) -> None:
        self.modes: list[StochasticArithmetic] = []


_RUNNING = _Running()


@contextmanager
def exactly() -> Iterator[None]:
    """Leave the stochastic arithmetic for a while, where there is one."""
    if not _RUNNING.modes:
        yield
        return
    with _RUNNING.modes[-1].left():
        yield


class StochasticArithmetic(EagerMode):
    """Every operation a little wrong, in a way that the repetition's number decides.

    Errors are 32 units of roundoff at most, or so many times ``coarser``.
    """

    def __init__(self, repetition: int, coarser: float = 1.0) -> None:
        super().__init__()
        self._roundoffs = _ROUNDOFFS * coarser
        self._random = torch.Generator().manual_seed(repetition)
        self._places = np.random.default_rng(repetition)
        self._pools: dict[tuple[torch.dtype, float, torch.device], Tensor] = {}

    def __enter__(self) -> StochasticArithmetic:
        _RUNNING.modes.append(self)
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *raised: object) -> None:
        super().__exit__(*raised)  # type: ignore[no-untyped-call]
        _RUNNING.modes.pop()

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kind = _KINDS.get(func) or _KINDS.setdefault(func, _kind_of(func))
        if kind.takes_matrices:
            args = tuple(self._matrix(entry) for entry in args)
        elif kind.sums:
            args = tuple(self._numbers(entry) for entry in args)
        result = func(*args, **(kwargs or {}))
        if kind.exact:  # or a view: its numbers are those of another tensor
            return result
        if kind.writes:
            for tensor in result if isinstance(result, tuple | list) else (result,):
                if _is_inexact(tensor):
                    tensor.copy_(self._numbers(tensor))
            return result
        if isinstance(result, tuple | list):
            return type(result)(self._numbers(entry) for entry in result)
        return self._numbers(result)

    def _numbers(self, value: Any) -> Any:
        if not _is_inexact(value):
            return value
        wrong = value * self._errors(value, 1.0)
        if value.is_complex():
            return wrong
        whole = value.clamp(-_LARGEST_WHOLE, _LARGEST_WHOLE).round_() == value
        return torch.where(whole, value, wrong)

    def _matrix(self, value: Any) -> Any:
        if not _is_inexact(value):
            return value
        return value + value.abs().amax() * self._errors(value, 0.0)

    def _errors(self, like: Tensor, around: float) -> Tensor:
        """Relative errors of a tensor's numbers, from a pool that is read from random places on."""
        double = like.dtype in (torch.float64, torch.complex128)
        key = torch.float64 if double else torch.float32, around, like.device
        if (pool := self._pools.get(key)) is None:
            width = 4.0 * self._roundoffs * torch.finfo(key[0]).eps
            drawn = torch.rand(_POOL, generator=self._random, dtype=torch.float64)
            pool = self._pools[key] = ((drawn - 0.5) * width + around).to(like.device, key[0])
        size = like.numel()
        if size > _POOL:
            pool = pool.repeat(-(-size // _POOL) + 1)
        start = int((len(pool) - size + 1) * self._places.random())
        return pool[start : start + size].view(like.shape)


def _is_inexact(value: Any) -> bool:
    return (
        isinstance(value, Tensor)
        and value.numel() > 0
        and (value.is_floating_point() or value.is_complex())
    )
