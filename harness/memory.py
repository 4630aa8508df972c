"""How many trials fit into memory at once: measured on the first block, halved when it does not do.

On CUDA the allocator's own peak is read. On CPU every result of a torch operation is counted as if it lived to the end, which errs on the
safe side.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psutil
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from lemmata.harness.control_groups import memory_left

_SHARE = 0.25
"""Of the free memory, what a batch may take: several workers share a machine."""


class Footprint:
    """Bytes that a measured block took."""

    def __init__(self) -> None:
        self.bytes = 0


class _Counting(TorchDispatchMode):
    def __init__(self, footprint: Footprint) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._footprint = footprint

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, tuple | list) else (result,):
            if isinstance(tensor, torch.Tensor) and not tensor._is_view():  # noqa: SLF001 - torch has no public name for it
                self._footprint.bytes += tensor.numel() * tensor.element_size()
        return result


@contextmanager
def measured(device: torch.device) -> Iterator[Footprint]:
    """Measure what the block inside takes."""
    footprint = Footprint()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        yield footprint
        footprint.bytes = torch.cuda.max_memory_allocated(device) - before
    else:
        with _Counting(footprint):
            yield footprint


def batch_for(footprint: Footprint, trials: int, device: torch.device) -> int:
    """Return how many trials fit at once, given what ``trials`` of them took."""
    if footprint.bytes <= 0:
        return 1 << 20
    return max(1, int(_SHARE * free_memory(device) / footprint.bytes * trials))


def free_memory(device: torch.device) -> int:
    """Return the bytes that are free on the device: on a CPU, what machine and control groups leave each worker of this run."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    return int(min(psutil.virtual_memory().available, memory_left())) // workers


def is_out_of_memory(problem: BaseException) -> bool:
    """Whether an exception means that memory ran out, on whatever device."""
    if isinstance(problem, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(problem, RuntimeError) and ("not enough memory" in str(problem) or "can't allocate memory" in str(problem))
