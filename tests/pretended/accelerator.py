"""A pretended accelerator: statements meet a device that is not the CPU, on a machine without one.

A tensor on the device "pretend" holds a CPU tensor and says that it lives elsewhere. Operations run
on what is held, so that results are those of the CPU; what CUDA refuses is refused:

* tensors of two devices in one operation, but for a CPU tensor without dimensions in an operation
  that goes entry by entry, and for CPU indices;
* `.numpy()`, and whatever else reads the memory.

What makes a real device wait for its stream, and Python for the device, is counted by the operation
and the line that asked: reading a number (`.item()`, `bool(...)`, `.tolist()`), copying to the CPU,
and results whose size depends on values.

How: a wrapper subclass answers for every operation with a tensor of the device in it
(`__torch_dispatch__`); what makes new tensors reaches the backend PrivateUse1, where one fallback
serves all operations, calls inside of C++ and in autograd's threads included. `install` may be
called as often as you like; it has to come before the process' first backward pass, which counts
the devices.
"""

from __future__ import annotations

import functools
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

DEVICE = torch.device("privateuseone", 0)
CPU = torch.device("cpu")

_aten = torch.ops.aten
_INDEXING = {
    _aten.index.Tensor,
    _aten.index_put.default,
    _aten.index_put_.default,
    _aten._index_put_impl_.default,
    _aten._unsafe_index.Tensor,
}
_WAITS = {
    _aten.equal.default: "equal",
    _aten.masked_select.default: "masked_select",
    _aten.nonzero.default: "nonzero",
    _aten._unique2.default: "unique",
    _aten.unique_consecutive.default: "unique",
    _aten.unique_dim.default: "unique",
    _aten.repeat_interleave.Tensor: "repeat_interleave",
    _aten._linalg_check_errors.default: "linalg",
    _aten._linalg_eigh.default: "linalg",
    _aten._linalg_svd.default: "linalg",
    _aten.linalg_lstsq.default: "linalg",
}
_HERE = Path(__file__).resolve()
_TORCH = Path(torch.__file__).resolve().parent

_waits: Counter[tuple[str, str]] = Counter()


class OnDevice(torch.Tensor):
    """A tensor of the device; `held` has its numbers."""

    held: torch.Tensor

    @staticmethod
    def __new__(cls, held: torch.Tensor) -> OnDevice:
        made = torch.Tensor._make_wrapper_subclass(
            cls,
            held.size(),
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            layout=held.layout,
            device=DEVICE,
        )
        made.held = held
        return made

    def __repr__(self, **_: Any) -> str:
        return f"{self.held!r} on {DEVICE}"

    def numpy(self, *_: Any, **__: Any) -> Any:
        raise TypeError(
            f"can't convert {DEVICE} device type tensor to numpy. Use Tensor.cpu() to copy the "
            "tensor "
            "to host memory first."
        )

    __array__ = numpy

    def tolist(self) -> Any:
        _count("read")
        return self.held.tolist()

    __torch_function__ = torch._C._disabled_torch_function_impl

    @classmethod
    def __torch_dispatch__(
        cls,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        return _run(func, *args, **(kwargs or {}))


@functools.cache
def install() -> torch.device:
    """Register the device with torch, once a process, and return it."""
    global DEVICE
    _setup_privateuseone_for_python_backend("pretend")
    DEVICE = torch.device("pretend", 0)
    _library.fallback(_run, "PrivateUse1")
    # torch's own kernel for all backends would read the memory.
    for name in ("copy_", "_to_copy", "_local_scalar_dense"):
        overload = getattr(_aten, name).default
        _library_aten.impl(name, functools.partial(_run, overload), "PrivateUse1")
    return DEVICE


_library = torch.library.Library("_", "IMPL")
_library_aten = torch.library.Library("aten", "IMPL")


@contextmanager
def counting_waits() -> Iterator[Counter[tuple[str, str]]]:
    """Count what waits within the block, by (operation, file:line)."""
    _waits.clear()
    yield _waits


def _run(func: Any, *args: Any, **kwargs: Any) -> Any:
    tensors = list(_tensors_in((*args, *kwargs.values())))
    ours = [tensor for tensor in tensors if isinstance(tensor, OnDevice)]
    target = kwargs.get("device")
    if target is not None:
        kwargs["device"] = CPU
    goes_to_device = ours != [] if target is None else torch.device(target).type == DEVICE.type
    if func is _aten.copy_.default:
        _count_copy(*(isinstance(tensor, OnDevice) for tensor in args[:2]))
    elif func is _aten._to_copy.default:
        _count_copy(goes_to_device, isinstance(args[0], OnDevice))
    elif func is _aten._local_scalar_dense.default:
        _count("read")
    else:
        _refuse_two_devices(func, args, tensors, ours)
        _count_sizes(func, args)
    held = {id(tensor.held): tensor for tensor in ours}
    with torch._C._DisableTorchDispatch():
        result = func(*map(_held, args), **{name: _held(kwargs[name]) for name in kwargs})
    if not goes_to_device:
        return result
    if func is _aten.copy_.default and not isinstance(args[0], OnDevice):
        return args[0]
    return _wrapped(result, held if func._schema.is_mutable else {})


def _tensors_in(values: Iterable[Any]) -> Iterator[torch.Tensor]:
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors_in(value)


def _held(value: Any) -> Any:
    if isinstance(value, OnDevice):
        return value.held
    return type(value)(map(_held, value)) if isinstance(value, list | tuple) else value


def _wrapped(value: Any, written_to: Mapping[int, OnDevice]) -> Any:
    """Put results on the device; what was written to in place stays the object that it was."""
    if isinstance(value, torch.Tensor):
        return _up_to_date(written_to[id(value)]) if id(value) in written_to else OnDevice(value)
    if isinstance(value, list | tuple):
        return type(value)(_wrapped(one, written_to) for one in value)
    return value


def _up_to_date(written: OnDevice) -> OnDevice:
    """Let a tensor that was written to have its new size.

    Torch fills `eye`, `arange`, … from 0 on.
    """
    held = written.held
    if written.shape != held.shape or written.stride() != held.stride():
        written.data = OnDevice(held)
    return written


def _refuse_two_devices(
    func: Any, args: tuple[Any, ...], tensors: list[torch.Tensor], ours: list[OnDevice]
) -> None:
    others = [tensor for tensor in tensors if not isinstance(tensor, OnDevice)]
    if not ours or not others:
        return
    if func in _INDEXING:
        # Indices may be on the CPU; what is indexed and what is put there may not differ.
        others = [tensor for tensor in (args[0], *args[2:3]) if not isinstance(tensor, OnDevice)]
        if not isinstance(args[0], OnDevice):
            raise RuntimeError(
                "indices should be either on cpu or on the same device as the indexed tensor (cpu)"
            )
    if any(other.dim() > 0 for other in others) or (others and not _by_entry(func)):
        raise RuntimeError(
            "Expected all tensors to be on the same device, but found at least two devices, "
            f"{DEVICE} and cpu! (in {func})"
        )


@functools.cache
def _by_entry(func: Any) -> bool:
    """Whether an operation goes entry by entry.

    Torch says so itself; indices and fills count too.
    """
    return torch.Tag.pointwise in func.tags or func in _INDEXING or "fill" in func._schema.name


def _count_copy(to_device: bool, from_device: bool) -> None:
    if to_device != from_device:
        _count("copy to the device" if to_device else "copy to the CPU")


def _count_sizes(func: Any, args: tuple[Any, ...]) -> None:
    if func in _WAITS:
        _count(_WAITS[func])
    elif func in _INDEXING:
        by_mask = any(index is not None and index.dtype == torch.bool for index in args[1])
        # One number put where a mask says is a fill, which knows its size.
        if by_mask and not (len(args) > 2 and args[2].numel() == 1):
            _count("index by a mask")


def _count(what: str) -> None:
    frame = sys._getframe(1)
    while frame.f_back is not None:
        file = Path(frame.f_code.co_filename)
        if file != _HERE and _TORCH not in file.parents:
            break
        frame = frame.f_back
    _waits[what, f"{frame.f_code.co_filename}:{frame.f_lineno}"] += 1
