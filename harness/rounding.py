"""Rounding: whether a violation is larger than what rounding alone would do to its two sides.

A bound without chance is refuted by one trial, so that no accusation may rest on the last digits.
Ratios close to the threshold are settled by an allowance (`lemmata.harness.thresholds`), but where
a side is a difference that cancels, an eigenvalue of a singular matrix, or 0, no ratio tells. There
the trial is evaluated again with every operation a little wrong, as in the stochastic arithmetic of
Vignes: what arithmetic returns is changed by some units of roundoff at random, and so is what sums
and products take in; matrices that a decomposition or a Fourier transform takes in are changed
relative to their largest entry, since these routines are exact for a matrix nearby. Whole numbers
stay as they are, and what is only selected or copied. The violation counts where it is on average
several times larger than its spread over the repetitions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from lemmata.harness.draw import Draw
from lemmata.harness.evaluation import (
    Bounds,
    BrokenStatement,
    Discarded,
    MemoryRanOut,
    bounds_of,
)
from lemmata.harness.profiles import BLOCK
from lemmata.harness.thresholds import Threshold, failing

Again = Callable[[int, int], Bounds]
"""Evaluates some trials, by the first and their number, once more."""

_ROUNDOFFS: Final = 16.0
_REPETITIONS: Final = 12
_SPREADS: Final = 4.0
_FEW, _FAR = 4, 100.0
"""After so few repetitions a violation stands that is so many times larger than its spread."""
_BLOCKS: Final = 4
_NEAR, _TINY = 0.25, 1e-3
_LARGEST_WHOLE: Final = 2.0**31

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


def granted(draw: Draw, bounds: Bounds, threshold: Threshold, again: Again | None = None) -> Bounds:
    """Take back the violations of a bound without chance that rounding explains.

    Args:
        draw: what the trials are of.
        bounds: what they measured.
        threshold: from which they fail.
        again: evaluates some of them once more; by default the draw's own trials.

    Returns:
        The same with such trials at their threshold, where rounding decides. Looked at are the
        worst trials, block by block, until a violation stands; if none does, none counts.
    """
    failed = failing(bounds, threshold)
    suspects = failed & bounds.unsaid & ~bounds.worst_is(lambda member: member.exact)
    if not threshold.deterministic or not suspects.any() or (failed & ~suspects).any():
        return bounds
    evaluated = again or (lambda first, count: bounds_of(draw, draw.trials(first, count)))
    explained = np.zeros_like(suspects)
    order = np.argsort(-np.where(suspects, bounds.ratio, -np.inf), kind="stable")
    for block in list(dict.fromkeys((order[: suspects.sum()] // BLOCK).tolist()))[:_BLOCKS]:
        start, end = block * BLOCK, min((block + 1) * BLOCK, len(bounds))
        stands = _stands(evaluated, _between(bounds, start, end), threshold)
        explained[start:end] = suspects[start:end] & ~stands
        if (suspects[start:end] & stands).any():
            break
    else:
        explained = suspects
    at_threshold = threshold.value * (1.0 + 0.5 * np.minimum(bounds.allowance, 1.0))
    return replace(bounds, ratio=np.where(explained, at_threshold, bounds.ratio))


def _between(bounds: Bounds, start: int, end: int) -> Bounds:
    """Return some of the trials, with what gaps are made of."""
    columns = ("ratio", "measured", "bound", "member")
    cut = {name: getattr(bounds, name)[start:end] for name in columns}
    return replace(bounds, first=bounds.first + start, **cut)


def _stands(again: Again, bounds: Bounds, threshold: Threshold) -> Bool[np.ndarray, " n"]:
    """Say for each trial whether its violation is large against what rounding does to it."""
    gaps: list[Float[np.ndarray, " n"]] = []
    for repetition in range(_REPETITIONS):
        try:
            with _Wrong(repetition):
                gaps.append(_gap(again(bounds.first, len(bounds)), threshold))
        except (BrokenStatement, Discarded, MemoryRanOut):
            # What cannot be computed otherwise than exactly is taken as it was.
            return np.ones(len(bounds), dtype=bool)
        if len(gaps) == _FEW and _larger(gaps, _FAR).any():
            return _larger(gaps, _FAR)
    return _larger(gaps, _SPREADS) | _apart(gaps, _gap(bounds, threshold))


def _larger(gaps: list[Float[np.ndarray, " n"]], spreads: float) -> Bool[np.ndarray, " n"]:
    """Say for each trial whether the gap's mean is so many times larger than its spread."""
    excess = np.stack(gaps)
    with np.errstate(invalid="ignore"):
        centre, spread = excess.mean(axis=0), excess.std(axis=0, ddof=1)
        infinite = np.isposinf(excess).all(axis=0)
        return np.asarray(infinite | ((centre > 0.0) & (centre > spreads * spread)))


def _apart(
    gaps: list[Float[np.ndarray, " n"]], first: Float[np.ndarray, " n"]
) -> Bool[np.ndarray, " n"]:
    """Say for each trial whether its gap comes back nearly, and is else a thousandth or less.

    A trial's worst entry may be another one in a repetition: one that is 0 but for rounding, whose
    ratio is infinite.
    """
    excess = np.stack(gaps)
    with np.errstate(invalid="ignore"):
        again = np.abs(excess - first) <= _NEAR * first
        tiny = np.abs(excess) <= _TINY * first
    return np.asarray((again | tiny).all(axis=0) & (again.sum(axis=0) >= 2))


def _gap(bounds: Bounds, threshold: Threshold) -> Float[np.ndarray, " n"]:
    """By how much a trial's worst entry lies beyond its bound."""
    at_most = bounds.worst_is(lambda member: member.direction in ("at most", "less than"))
    equal = bounds.worst_is(lambda member: member.direction == "equal")
    with np.errstate(invalid="ignore"):
        above = bounds.measured - threshold.value * bounds.bound
        below = bounds.bound - threshold.value * bounds.measured
    apart = np.abs(bounds.measured - bounds.bound)
    return np.where(equal, apart, np.where(at_most, above, below))


class _Wrong(TorchDispatchMode):
    """Every operation a little wrong, in a way that the repetition's number decides."""

    def __init__(self, repetition: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._random = torch.Generator().manual_seed(repetition)

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        name = func.overloadpacket.__name__
        if "linalg" in name or "fft" in name:
            args = tuple(self._matrix(entry) for entry in args)
        elif name in _SUMS:
            args = tuple(self._numbers(entry) for entry in args)
        result = func(*args, **(kwargs or {}))
        if name.removesuffix("_") in _EXACT:
            return result
        aliases = [entry.alias_info for entry in func._schema.returns]  # noqa: SLF001
        if any(alias is not None and not alias.is_write for alias in aliases):
            return result  # a view: its numbers are those of another tensor
        if any(alias is not None for alias in aliases):
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
        wrong = value * (1.0 + self._signs(value))
        if value.is_complex():
            return wrong
        whole = (value == value.round()) & (value.abs() < _LARGEST_WHOLE)
        return torch.where(whole, value, wrong)

    def _matrix(self, value: Any) -> Any:
        if not _is_inexact(value):
            return value
        return value + value.abs().amax() * self._signs(value)

    def _signs(self, like: Tensor) -> Tensor:
        real = torch.float64 if like.dtype in (torch.float64, torch.complex128) else torch.float32
        drawn = torch.rand(like.shape, generator=self._random, dtype=real).to(like.device)
        return (drawn - 0.5).mul_(4.0 * _ROUNDOFFS * torch.finfo(like.dtype).eps)


def _is_inexact(value: Any) -> bool:
    return (
        isinstance(value, Tensor)
        and value.numel() > 0
        and (value.is_floating_point() or value.is_complex())
    )
