"""The size of the gradient, and the Hessian by central differences of the closed gradient.

For gradient domination and strong convexity.

The loss has continuous second derivatives where no neuron is zero: ψ(β) is of order β³ where two
lines meet, and no kink of first order is left. With steps of 1e-5 of the shortest neuron both
errors, of the differences and of rounding, are about 1e-10.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.theorems.local_convergence.setting.network import TeacherRows, Weights, gradient


def gradient_norm(W: Weights, V: TeacherRows) -> Float[Tensor, "..."]:
    """Return ‖∇L(W)‖_F."""
    return gradient(W, V).flatten(-2).norm(dim=-1)


def hessian(W: Weights, V: TeacherRows) -> Float[Tensor, "... md md"]:
    """Return ∇²L(W), symmetric, in the coordinates of W row after row."""
    m, d = W.shape[-2:]
    step = 1e-5 * W.norm(dim=-1).amin(dim=-1)[..., None, None, None]
    moves = step * torch.eye(m * d, dtype=W.dtype, device=W.device).view(m * d, m, d)
    rows = (
        (gradient(W.unsqueeze(-3) + moves, V) - gradient(W.unsqueeze(-3) - moves, V)) / (2.0 * step)
    ).flatten(-2)
    return 0.5 * (rows + rows.mT)


def least_curvature(W: Weights, V: TeacherRows) -> Float[Tensor, "..."]:
    """Return λ_min(∇²L(W))."""
    return torch.linalg.eigvalsh(hessian(W, V))[..., 0]
