"""How many trials fit into memory at once: measured on the first block, halved when it does not do.

On CUDA the allocator's own peak is read. On CPU every result of a torch operation is counted as if
it lived to the end, which errs on the safe side.
"""

from __future__ import annotations

import os

import psutil
import torch

from lemmata.harness.control_groups import memory_left

_SHARE = 0.25
"""Of the free memory, what a batch may take: several workers share a machine."""


def batch_for(taken: int, trials: int, device: torch.device) -> int:
    """Return how many trials fit at once, given what ``trials`` of them took."""
    if taken <= 0:
        return 1 << 20
    return max(1, int(_SHARE * free_memory(device) / taken * trials))


def free_memory(device: torch.device) -> int:
    """Return the bytes that are free on the device.

    On a CPU, what machine and control groups leave each worker of this run.
    """
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    return int(min(psutil.virtual_memory().available, memory_left())) // workers


def is_out_of_memory(problem: BaseException) -> bool:
    """Whether an exception means that memory ran out, on whatever device."""
    if isinstance(problem, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(problem, RuntimeError) and (
        "not enough memory" in str(problem) or "can't allocate memory" in str(problem)
    )
