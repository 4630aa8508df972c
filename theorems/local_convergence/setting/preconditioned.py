"""The product of the gradient with the paper's descent direction (for ZGJ-30).

The direction of Lemma 8 has the rows (I + w̄_jw̄_jᵀ)^{-1}(w_j - q_j s_j p_i), i the teacher of
student j, p_i = ‖w*_i‖ w*_i, and (I + w̄w̄ᵀ)^{-1}y = y - ½ w̄ w̄ᵀy. Its weights enter as the
*shares* λ_j = q_j ‖w_j‖, which sum to 1 in each cell: the product is linear in them,

    G_q = ½ ⟨∇L, W⟩ + Σ_j λ_j pull_j,      pull_j = -s_j ⟨∇_{w_j}L/‖w_j‖, p_i - ½ w̄_j w̄_jᵀp_i⟩,

and the worst shares put all of a cell's weight on its least pull.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Trials
from lemmata.theorems.local_convergence.setting.network import (
    Cells,
    TeacherRows,
    Weights,
    cells,
    gradient,
    units,
)
from lemmata.theorems.local_convergence.setting.states import of_vectors, tilted


def half_and_pulls(
    W: Weights, V: TeacherRows, matched: Cells, *, preconditioned: bool = True
) -> tuple[Float[Tensor, "..."], Float[Tensor, "... m"]]:
    """Return ½⟨∇L, W⟩ and the pulls, or what stands in their place without (I + w̄w̄ᵀ)^{-1}."""
    slope, half = gradient(W, V), 0.5 if preconditioned else 0.0
    direction, size = units(W), W.norm(dim=-1, keepdim=True).clamp(min=1e-150)
    p = (V.norm(dim=-1, keepdim=True) * V)[matched.teacher]
    target = p - half * (direction * p).sum(dim=-1, keepdim=True) * direction
    pull = -matched.sign * (slope / size * target).sum(dim=-1)
    return (1.0 - half) * (slope * W).sum(dim=(-2, -1)), pull


def least_product(
    W: Weights,
    V: TeacherRows,
    reach: float | Float[Tensor, "..."],
    *,
    preconditioned: bool = True,
) -> Float[Tensor, "..."]:
    """Return min_q G_q over the weights that live within an angle; infinite where a cell has no
    student there.
    """
    matched = cells(W, V)
    base, pull = half_and_pulls(W, V, matched, preconditioned=preconditioned)
    within = torch.as_tensor(reach, dtype=W.dtype, device=W.device).unsqueeze(-1)
    close = (matched.theta <= within).unsqueeze(-1) & (matched.member > 0)
    return base + torch.where(close, pull.unsqueeze(-1), torch.inf).amin(dim=-2).sum(dim=-1)


def normalised(weight: Float[Tensor, "... m"], matched: Cells) -> Float[Tensor, "... m"]:
    """Return the shares λ_j in proportion to weights, with sum 1 in each cell."""
    total = matched.per_cell(weight).gather(-1, matched.teacher)
    return weight / total.clamp(min=1e-300)


def sideways(V: TeacherRows, size: float, reach: float, trials: Trials) -> Weights:
    """Draw states whose students stand at p_j + size · b_j, b_j ⊥ p_j, and two neurons of norm 1e-6
    at the angles ± reach to the first teacher, in the plane of b_1.

    All that they do is to be there for the weights.
    """
    p = V.norm(dim=-1, keepdim=True) * V
    across = trials.normal("sideways", *V.shape)
    b = tilted(trials.every(units(V)), across, 0.5 * torch.pi)
    main = of_vectors(p + size * b)
    massless = [tilted(trials.every(units(V)[:1]), b[:, :1], side) for side in (reach, -reach)]
    return torch.cat((main, *(1e-6 * one for one in massless)), dim=1)
