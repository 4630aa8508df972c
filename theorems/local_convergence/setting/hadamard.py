"""Students along the Hadamard basis, at one angle to every one of 2^k orthonormal teachers."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.theorems.local_convergence.setting.network import TeacherRows, Weights


def hadamard(V: TeacherRows) -> Float[Tensor, "r r"]:
    """Return the normalised Hadamard matrix of order r = 2^k, for r teachers."""
    r = len(V)
    if r & (r - 1):
        raise ValueError(f"Hadamard matrices by doubling have the order of a power of 2; got {r}")
    rows = torch.ones(1, 1, dtype=V.dtype, device=V.device)
    while len(rows) < r:
        rows = torch.cat((torch.cat((rows, rows), dim=1), torch.cat((rows, -rows), dim=1)))
    return rows / r**0.5


def along_hadamard(V: TeacherRows, a: Float[Tensor, "trials"]) -> Weights:
    """Return the students √(1-a) w*_j and √a Σ_j H_ij w*_j: 2r neurons."""
    share = a[:, None, None]
    return torch.cat(((1.0 - share).sqrt() * V, share.sqrt() * (hadamard(V) @ V)), dim=1)
