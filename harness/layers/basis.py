"""Growing orthonormal bases with images, and the rank-revealing decomposition of a block of queries
in
them.

Vectors are rows here: a basis is (T, K, n) with contiguous vectors, so that appending is cheap and
a block meets it in two matrix products.

Decomposition
-------------
Given orthonormal Q (K × n; some rows may be zero) and a block V (k × n), `decompose` finds

    V = C Q + S P,   P orthonormal to itself and to Q, S lower triangular,                       (1)

in rounds: project the block on Q's complement (two matrix products), then make it orthonormal
within itself by modified Gram-Schmidt, so that V = C₁Q + S₁P₁. The next round does the same to P₁ =
C₂Q + S₂P₂ and composes: C = C₁ + S₁C₂, S = S₁S₂, P = P₂. A row that the first round leaves with
less than δ = 450 units of roundoff (1e-13 in float64) of its norm lies in the span of what came
before: its P is zero, which errs by at most δ‖v‖. Any other row comes out of the first round with a
component of at most O(u/δ) ≈ 1e-3 along Q and its predecessors, u the unit of roundoff; the second
round takes that to rounding, and a third is for bases of many rows, whose errors add up. A
unit row that loses more than half of itself in a later round was rounding noise, as every row is
once a basis spans the whole space: it is dropped too. A larger δ would change the answer to a
repeated query; without the drops, rounding noise is normalised into the basis and grows.

The cost is 2 or 3 rounds of 4 T k n (K + k/2) operations. A row with a NaN has NaN in S and zero in
P: the noise stays in the row that brought it.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

_FEW_ROWS = 64
"""Rows of a basis up to which two rounds do."""

_DROP_IN_ROUNDOFFS = 450.0
_MOSTLY_NEW = 0.5


class Decomposition(NamedTuple):
    """V = C Q + S P of (1); `kept` says which rows of P are not zero."""

    C: Float[Tensor, "trials k K"]
    S: Float[Tensor, "trials k k"]
    P: Float[Tensor, "trials k n"]
    kept: Bool[Tensor, "trials k"]


class Revealed:
    """One side of a matrix.

    Orthonormal queries Q and their images, in buffers that double when full.

    Attributes:
        asked: how many queries were answered, dropped ones included: the ordinal of the next.
    """

    def __init__(self, like: Float[Tensor, "trials"], domain: int, codomain: int) -> None:
        self.asked = 0
        self._stored = 0
        self._queries = like.new_empty((len(like), 0, domain))
        self._images = like.new_empty((len(like), 0, codomain))

    @property
    def queries(self) -> Float[Tensor, "trials K domain"]:
        """Q: orthonormal rows, or zero where the query was dropped in that trial."""
        return self._queries[:, : self._stored]

    @property
    def images(self) -> Float[Tensor, "trials K codomain"]:
        """The images of the rows of Q."""
        return self._images[:, : self._stored]

    def append(
        self, queries: Float[Tensor, "trials k domain"], images: Float[Tensor, "trials k codomain"]
    ) -> None:
        """Store new orthonormal rows and their images.

        The first ones are kept without a copy and must not be written to afterwards.
        """
        if self._stored == 0:
            self._queries, self._images, self._stored = queries, images, queries.shape[1]
            return
        needed = self._stored + queries.shape[1]
        self._queries, self._images = (
            _with_room(self._queries, self._stored, needed),
            _with_room(self._images, self._stored, needed),
        )
        self._queries[:, self._stored : needed] = queries
        self._images[:, self._stored : needed] = images
        self._stored = needed


def decompose(Q: Float[Tensor, "trials K n"], V: Float[Tensor, "trials k n"]) -> Decomposition:
    """Return (1) for each trial; V is overwritten."""
    threshold = _DROP_IN_ROUNDOFFS * torch.finfo(V.dtype).eps * V.norm(dim=-1)
    C, S, kept = _round(Q, V, threshold)
    # Further rounds change nothing where no row was kept. On a CPU that saves them; another device
    # would have to wait for the answer.
    done = V.device.type == "cpu" and not bool(kept.any())
    further = 1 if Q.shape[1] + V.shape[1] <= _FEW_ROWS else 2
    for _ in range(0 if done else further):
        C_next, S_next, still_kept = _round(Q, V, torch.full_like(threshold, _MOSTLY_NEW))
        C, S, kept = torch.baddbmm(C, S, C_next), S @ S_next, kept & still_kept
    return Decomposition(C, S, V, kept)


def _round(
    Q: Tensor, V: Tensor, threshold: Float[Tensor, "trials k"]
) -> tuple[Tensor, Tensor, Bool[Tensor, "trials k"]]:
    """Turn V into P in place; return C, S and which rows exceeded their threshold."""
    C = V @ Q.mT
    V.baddbmm_(C, Q, alpha=-1.0)
    trials, k, _ = V.shape
    if k == 1:  # most queries are of one vector
        norm = V.norm(dim=-1, keepdim=True)
        kept = norm > threshold.unsqueeze(-1)
        V.div_(norm).copy_(torch.where(kept, V, 0.0))
        return C, torch.where(kept, norm, 0.0 * norm), kept.squeeze(-1)
    S = V.new_zeros((trials, k, k))
    kept = torch.zeros_like(threshold, dtype=torch.bool)
    for j in range(k):
        norm = V[:, j].norm(dim=-1)
        kept[:, j] = norm > threshold[:, j]
        S[:, j, j] = torch.where(kept[:, j], norm, 0.0 * norm)
        V[:, j] = torch.where(kept[:, j, None], V[:, j] / norm[:, None], 0.0)
        if j + 1 < k:
            S[:, j + 1 :, j] = along = (V[:, j + 1 :] @ V[:, j, :, None]).squeeze(-1)
            V[:, j + 1 :].baddbmm_(along[:, :, None], V[:, j : j + 1], alpha=-1.0)
    return C, S, kept


def _with_room(buffer: Tensor, stored: int, needed: int) -> Tensor:
    trials, capacity, size = buffer.shape
    if needed <= capacity:
        return buffer
    grown = buffer.new_empty((trials, max(needed, 2 * capacity), size))
    grown[:, :stored] = buffer[:, :stored]
    return grown
