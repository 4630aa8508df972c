"""Gaussian matrices that are revealed only along the directions that are asked for, exactly in law.

Derivation ---------- Let W be rows × cols with independent N(0, σ²) entries, and suppose that
orthonormal right queries Q_R with images Y = W Q_R and orthonormal left queries Q_L with images Z =
Wᵀ Q_L are known. Given them, W is distributed as

    Q_L Zᵀ + (I − Q_L Q_Lᵀ) Y Q_Rᵀ + (I − Q_L Q_Lᵀ) G (I − Q_R Q_Rᵀ),  G a fresh copy of W,  (1)

because projections of a Gaussian matrix on orthogonal subspaces are independent. This stays true
when a query depends on earlier answers: given those, it is fixed. For a unit q ⟂ Q_R, (1) gives

    W q = Q_L (Zᵀ q) + (I − Q_L Q_Lᵀ) g,   g = G q ~ N(0, σ² I) fresh,      (2)

and a general right query is v = Q_R c + ρ q with W v = Y c + ρ W q. Left queries are the mirror
image. A block of k queries gives k orthonormal directions with independent g, so that (2) is a
handful of matrix products. (Y. M. Lu, Householder Dice, IEEE Trans. IT 2021, does the same with
reflectors.)

What is guaranteed ------------------
* g is keyed by (trial, layer, side, ordinal of the query); a query in the span of earlier ones
  keeps its ordinal and is zero in the basis
of its trial (it takes no room if that is so in every trial). Hence a trial does not depend on what
is batched with it, nor on how its queries are grouped into blocks, as long as their order is the
same: the draws are identical and the answers agree to rounding. Not bit for bit: matrix products of
different shapes round differently. A direction known only through a difference of queries of
relative size η is known to u/η, as in any arithmetic.
* A repeated query repeats its answer, and ⟨u, W v⟩ = ⟨Wᵀ u, v⟩, to 1e-12 of ‖u‖ ‖W‖ ‖v‖ (1e-13 in
  the rule that drops queries, the rest
rounding).
* A product is differentiable in its vectors (a gradient is a query of the other side), never in W.

K_R right and K_L left queries take 8 T (K_R + K_L)(rows + cols) bytes, at most doubled by spare
room in the buffers and tripled while they grow. A block of k right queries takes about 12 T k cols
(K_R + k/2) operations for the basis, 6 T k (rows + cols) K_L + 2 T k rows K_R for the images, and T
k rows normals. `materialise` takes T rows cols numbers.
"""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from lemmata.harness.layers.basis import Revealed, decompose
from lemmata.harness.trials import Trials

Side = Literal["right", "left"]
_OTHER: dict[Side, Side] = {"right": "left", "left": "right"}


class MatrixFreeEntries:
    """Independent N(0, variance) entries, drawn as far as they were asked for.

    The state is what was revealed.
    """

    def __init__(self, trials: Trials, name: str, rows: int, cols: int, *, variance: float) -> None:
        self.trials = trials
        self.rows = rows
        self.cols = cols
        self._name = name
        self._variance = variance
        like = torch.empty((len(trials),), device=trials.device, dtype=trials.dtype)
        self._revealed: dict[Side, Revealed] = {
            "right": Revealed(like, cols, rows),
            "left": Revealed(like, rows, cols),
        }
        self._dense: Float[Tensor, "trials rows cols"] | None = None

    def apply(self, V: Float[Tensor, "trials cols k"]) -> Float[Tensor, "trials rows k"]:
        """Return W V, revealing W along the columns of V in their order."""
        return self.query("right", V.mT).mT

    def apply_transpose(self, U: Float[Tensor, "trials rows k"]) -> Float[Tensor, "trials cols k"]:
        """Return Wᵀ U, revealing Wᵀ along the columns of U in their order."""
        return self.query("left", U.mT).mT

    def query(
        self, side: Side, vectors: Float[Tensor, "trials k domain"]
    ) -> Float[Tensor, "trials k codomain"]:
        """Answer a block of queries of one side, vectors as rows; differentiable in the vectors."""
        answer: Tensor = _Query.apply(vectors, self, side)  # type: ignore[no-untyped-call]
        return answer

    def materialise(self) -> Float[Tensor, "trials rows cols"]:
        """Complete W by (1) and keep it; later products are taken from it.

        The completion depends on what was revealed before, in value but not in law.
        """
        if self._dense is None:
            right, left = self._revealed["right"], self._revealed["left"]
            W = self.trials.normal(
                f"{self._name}/rest", self.rows, self.cols, variance=self._variance
            )
            W.baddbmm_(right.images.mT - W @ right.queries.mT, right.queries)
            self._dense = W.baddbmm_(left.queries.mT, left.images - left.queries @ W)
            self._revealed.clear()
        return self._dense

    def answer(
        self, side: Side, vectors: Float[Tensor, "trials k domain"]
    ) -> Float[Tensor, "trials k codomain"]:
        """Answer a block of queries outside autograd."""
        if self._dense is not None:
            return vectors @ (self._dense.mT if side == "right" else self._dense)
        known, other = self._revealed[side], self._revealed[_OTHER[side]]
        size = vectors.abs().amax(dim=-1, keepdim=True)
        scaled = torch.div(
            vectors, torch.where(size == 0, 1.0, size), out=vectors.new_empty(vectors.shape)
        )
        C, S, P, kept = decompose(known.queries, scaled)
        # The one answer that a query waits for on a GPU: which of its rows are kept in any trial.
        used = [j for j, kept_somewhere in enumerate(kept.any(dim=0).tolist()) if kept_somewhere]
        if not used and C.shape[-1]:  # all of it was asked before
            known.asked += vectors.shape[1]
            return (C @ known.images).mul_(size)
        images = self._fresh(side, known.asked, kept, used)
        images.baddbmm_(P @ other.images.mT - images @ other.queries.mT, other.queries)
        answer = (S @ images).baddbmm_(C, known.images).mul_(size)
        known.append(_rows(P, used), _rows(images, used))
        known.asked += vectors.shape[1]
        return answer

    def _fresh(
        self, side: Side, ordinal: int, kept: Bool[Tensor, "trials k"], used: list[int]
    ) -> Float[Tensor, "trials k codomain"]:
        """Draw g of (2) for each query that is kept; zero for the others."""
        codomain = self.rows if side == "right" else self.cols

        def drawn(j: int) -> Float[Tensor, "trials codomain"]:
            name = f"{self._name}/{side}/{ordinal + j}"
            fresh = self.trials.normal(name, codomain, variance=self._variance)
            return torch.where(kept[:, j, None], fresh, 0.0)

        if kept.shape[1] == len(used) == 1:
            return drawn(0).unsqueeze(1)
        fresh = torch.zeros(
            (*kept.shape, codomain), device=self.trials.device, dtype=self.trials.dtype
        )
        for j in used:
            fresh[:, j] = drawn(j)
        return fresh


def _rows(block: Float[Tensor, "trials k n"], used: list[int]) -> Float[Tensor, "trials used n"]:
    """Return the rows of those numbers; by slices, which copy no index to the device."""
    if len(used) == block.shape[1]:
        return block
    return (
        torch.stack([block[:, j] for j in used], dim=1)
        if used
        else block.new_empty((len(block), 0, block.shape[2]))
    )


class _Query(torch.autograd.Function):
    """A block of queries as a linear map, whose derivative is the same block of the other side."""

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx,
        vectors: Tensor,
        entries: MatrixFreeEntries,
        side: Side,
    ) -> Tensor:
        ctx.entries, ctx.side = entries, side  # type: ignore[attr-defined]
        return entries.answer(side, vectors)

    @staticmethod
    def backward(
        ctx: torch.autograd.function.FunctionCtx, gradient: Tensor
    ) -> tuple[Tensor, None, None]:
        entries: MatrixFreeEntries = ctx.entries  # type: ignore[attr-defined]
        return entries.query(_OTHER[ctx.side], gradient), None, None  # type: ignore[attr-defined]
