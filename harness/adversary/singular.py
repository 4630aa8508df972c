"""Singular pairs of an operator that is known by its products.

The top one, and suprema over sparse unit vectors.

Every value returned is attained by the pair beside it, so that it is a *lower* estimate of the
supremum: it may refute an upper bound, never certify one. An operator M is two callables on blocks,
`apply` (trials cols k → trials rows k) and `apply_transpose`: a layer's methods, or a product of
layers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness.adversary.balls import keep_largest

Product = Callable[[Tensor], Tensor]


class SingularPair(NamedTuple):
    """Unit vectors u, v with |uᵀ M v| = value, trial by trial."""

    value: Float[Tensor, "trials"]
    left: Float[Tensor, "trials rows"]
    right: Float[Tensor, "trials cols"]


def top_singular_pair(
    apply: Product, apply_transpose: Product, start: Float[Tensor, "trials cols"], *, rounds: int
) -> SingularPair:
    """Estimate the largest singular value by Golub-Kahan-Lanczos bidiagonalisation.

    From v₁ = start/‖start‖ it builds orthonormal U_r, V_r with M V_r = U_r B, B upper bidiagonal
    with α on the diagonal and β above:

        α_j u_j = M v_j − β_{j−1} u_{j−1},    β_j v_{j+1} = Mᵀ u_j − α_j v_j,

    both orthogonalised again against all predecessors. The top pair of B is the best in the Krylov
    space that power iteration from the same start runs through, at the same `rounds` right and
    `rounds` − 1 left queries. Memory O(T rounds (rows + cols)), operations O(T rounds² (rows +
    cols)) beside the queries.

    Raises:
        ValueError: fewer than one round.
    """
    if rounds < 1:
        raise ValueError(f"rounds must be at least 1; got {rounds}")
    v, _ = _unit(start.unsqueeze(-1), torch.zeros_like(start[:, :1, None]))
    largest = torch.zeros_like(v[:, :1])
    V, U = v, v.new_empty((len(v), 0, 0))
    B = v.new_zeros((len(v), rounds, rounds))
    for j in range(rounds):
        u = apply(V[..., j : j + 1])
        U = U if j else u.new_empty((len(u), u.shape[1], 0))
        u, alpha = _unit(_orthogonal(u, U), largest)
        largest = torch.maximum(largest, alpha)
        U, B[:, j, j] = torch.cat((U, u), dim=-1), alpha[:, 0, 0]
        if j + 1 < rounds:
            v, beta = _unit(_orthogonal(apply_transpose(u), V), largest)
            V, B[:, j, j + 1] = torch.cat((V, v), dim=-1), beta[:, 0, 0]
    X, S, Yh = torch.linalg.svd(B)
    return SingularPair(S[:, 0], (U @ X[:, :, :1]).squeeze(-1), (V @ Yh[:, :1].mT).squeeze(-1))


def truncated_power(
    apply: Product,
    apply_transpose: Product,
    starts: Float[Tensor, "trials cols starts"],
    *,
    sparsity_left: int | None,
    sparsity_right: int | None,
    rounds: int,
) -> SingularPair:
    """Estimate max |uᵀ M v| over unit u, v with at most `sparsity_left`, `sparsity_right`
    non-zeros;
    None leaves a side free.

    Given v, the best u keeps the largest entries of M v, normalised, and the other way round.
    Alternating the two never lowers |uᵀ M v|, and a fixed point depends on the start: `starts` run
    as one block, and the best is returned. With a free left side the value is ‖M v‖. Each round is
    one right and one left query for each start; a last right query closes.

    Raises:
        ValueError: a sparsity below 1, or no start.
    """
    for name, sparsity in (("sparsity_left", sparsity_left), ("sparsity_right", sparsity_right)):
        if sparsity is not None and sparsity < 1:
            raise ValueError(f"{name} must be at least 1, or None for a free side; got {sparsity}")
    if starts.shape[-1] < 1:
        raise ValueError("truncated_power needs at least one start; got none")
    v, _ = _best_unit(starts, sparsity_right)
    for _ in range(rounds):
        u, _ = _best_unit(apply(v), sparsity_left)
        v, _ = _best_unit(apply_transpose(u), sparsity_right)
    u, values = _best_unit(apply(v), sparsity_left)
    value, best = values[:, 0].max(dim=-1)
    return SingularPair(value, _column(u, best), _column(v, best))


def _best_unit(
    block: Float[Tensor, "trials n k"], sparsity: int | None
) -> tuple[Float[Tensor, "trials n k"], Float[Tensor, "trials 1 k"]]:
    """Return the unit vectors of that sparsity with the largest inner product with the block's
    columns, and those products.
    """
    kept = block if sparsity is None else keep_largest(block, sparsity, dim=1)
    size = kept.norm(dim=1, keepdim=True)
    return torch.where(size == 0, 0.0, kept / size), size


def _orthogonal(
    x: Float[Tensor, "trials n 1"], basis: Float[Tensor, "trials n j"]
) -> Float[Tensor, "trials n 1"]:
    for _ in range(2):
        x = x - basis @ (basis.mT @ x)
    return x


def _unit(
    x: Float[Tensor, "trials n 1"], scale: Float[Tensor, "trials 1 1"]
) -> tuple[Float[Tensor, "trials n 1"], Float[Tensor, "trials 1 1"]]:
    # What is left below rounding of the largest α is noise: the Krylov space of that trial is
    # exhausted.
    size = x.norm(dim=1, keepdim=True)
    noise = size <= 450 * torch.finfo(x.dtype).eps * scale
    return torch.where(noise, 0.0, x / size), torch.where(noise, 0.0, size)


def _column(block: Float[Tensor, "trials n k"], which: Tensor) -> Float[Tensor, "trials n"]:
    return block.take_along_dim(which[:, None, None], dim=2).squeeze(-1)
