"""The exact minimum of a quadratic form over vectors with one block of norm one.

For a positive definite Q with n blocks of size d and a block i, minimising vᵀQv over the other
blocks leaves the Schur complement of Q in block i, which is the inverse of the block [Q⁻¹]_ii.
Hence

    min {vᵀ Q v : ‖v_i‖ = 1} = 1/λ_max([Q⁻¹]_ii),    attained at v = Q⁻¹ E_i w/λ_max,            (1)

w the top eigenvector and E_i the embedding of block i. No search is involved; this is exact up to
the conditioning of Q.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor


class BlockMinimum(NamedTuple):
    """The minimum over blocks i and vectors v with ‖v_i‖ = 1 of vᵀQv, where it is attained, and
    the minimum for each block.
    """

    value: Float[Tensor, "trials"]
    block: Int64[Tensor, "trials"]
    minimiser: Float[Tensor, "trials size"]
    by_block: Float[Tensor, "trials blocks"]


def schur_minimum(Q: Float[Tensor, "trials size size"], block: int) -> BlockMinimum:
    """Return (1), minimised over the blocks too.

    Eigenvalues of Q below rounding of the largest are raised to it: where Q is singular the values
    are of that order in place of 0. The `value` is vᵀQv of the returned v itself, so that it is
    attained. O(T size³).

    Args:
        Q: symmetric positive semidefinite; its symmetric part is taken.
        block: the block size d, a divisor of the size of Q.

    Raises:
        ValueError: d does not divide the size.
    """
    trials, size, _ = Q.shape
    if block < 1 or size % block:
        raise ValueError(f"block must divide the size {size} of Q; got {block}")
    n = size // block
    values, vectors = torch.linalg.eigh((Q + Q.mT) / 2)
    floor = (values[:, -1:] * size * torch.finfo(Q.dtype).eps).clamp(min=torch.finfo(Q.dtype).tiny)
    inverse = (vectors / torch.maximum(values, floor).unsqueeze(-2)) @ vectors.mT
    diagonal_blocks = (
        inverse.reshape(trials, n, block, n, block).diagonal(dim1=1, dim2=3).permute(0, 3, 1, 2)
    )
    tops, top_vectors = torch.linalg.eigh(diagonal_blocks)
    by_block = 1.0 / tops[..., -1]
    i = by_block.argmin(dim=1)
    every = torch.arange(trials, device=Q.device)
    w = top_vectors[every, i, :, -1]
    columns = inverse.reshape(trials, size, n, block)[every, :, i]
    v = (columns @ w.unsqueeze(-1)).squeeze(-1)
    v = v / v.reshape(trials, n, block)[every, i].norm(dim=-1, keepdim=True)
    return BlockMinimum(torch.einsum("ti,tij,tj->t", v, Q, v), i, v, by_block)
