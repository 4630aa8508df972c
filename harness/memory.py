"""How many trials fit into memory at once: measured on the first block, halved when it does not do.

On CUDA the allocator's own peak is read. On CPU every result of a torch operation is counted as if
it lived to the end, which errs on the safe side.
"""

from __future__ import annotations

import ctypes
import os

import psutil
import torch

from lemmata.harness.control_groups import memory_left

_SHARE = 0.25
"""Of the free memory, what a batch may take: several workers share a machine."""

_CACHED = 1 << 17
"""Elements that an operation has at once where trials are many: a megabyte."""

_MALLOC = {-1: 1 << 30, -2: 1 << 26, -3: 1 << 25}
"""M_TRIM_THRESHOLD, M_TOP_PAD and M_MMAP_THRESHOLD of glibc, in bytes."""


def batch_for(taken: int, trials: int, device: torch.device) -> int:
    """Return how many trials fit at once, given what ``trials`` of them took."""
    if taken <= 0:
        return 1 << 20
    return max(1, int(_SHARE * free_memory(device) / taken * trials))


def batch_in_cache(elements: float, device: torch.device) -> int:
    """Return how many trials at once keep an operation within a core's cache.

    Args:
        elements: of a trial that an operation has in the mean.
        device: where; only a CPU's cores have a cache of their own to keep to.
    """
    return max(1, int(_CACHED / max(elements, 1.0))) if device.type == "cpu" else 1 << 20


def free_memory(device: torch.device) -> int:
    """Return the bytes that are free on the device.

    On a CPU, what machine and control groups leave each worker of this run.
    """
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    return int(min(psutil.virtual_memory().available, memory_left())) // workers


def keep_freed_memory() -> None:
    """Have the C library keep what is freed, up to a gigabyte, for the tensors to come.

    glibc gives large blocks back to the system, and the next tensor pays for each page again. Does
    nothing where there is no glibc.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return
    for option, size in _MALLOC.items():
        mallopt(option, size)


def is_out_of_memory(problem: BaseException) -> bool:
    """Whether an exception means that memory ran out, on whatever device."""
    if isinstance(problem, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(problem, RuntimeError) and (
        "not enough memory" in str(problem) or "can't allocate memory" in str(problem)
    )
