"""Owen's function, and what two neurons make of the inputs on which both differ from a third."""

from __future__ import annotations

import math

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.theorems.local_convergence.setting.network import full_angles, kernel, line_angles

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(32)


def owen_gap(tau: Float[Tensor, "trials"], phi: Float[Tensor, "trials"]) -> Float[Tensor, "trials"]:
    """Return (2/π) ∫_φ^{π/2} (1 - e^{-τ²/(2 sin² u)}) du = 1 - 2φ/π - 4 T(τ, cot φ).

    In u = φ e^z, on eight pieces of 32 nodes: the integrand varies over factors of u.
    """
    nodes, weights = (
        torch.as_tensor(x, device=tau.device, dtype=tau.dtype) for x in (_NODES, _WEIGHTS)
    )
    span = (math.pi / 2 / phi).log() / 8.0
    pieces = torch.arange(8, device=tau.device, dtype=tau.dtype)
    z = span[:, None, None] * (pieces[:, None] + 0.5 * (nodes + 1.0))
    u = phi[:, None, None] * z.exp()
    gap = -torch.expm1(-0.5 * (tau[:, None, None] / u.sin()) ** 2) * u
    return 2.0 / math.pi * 0.5 * span * (gap * weights).sum(dim=(1, 2))


def overlap(
    w_j: Float[Tensor, "trials 3"], w_k: Float[Tensor, "trials 3"], star: Float[Tensor, "trials 3"]
) -> Float[Tensor, "trials"]:
    """Return E w_jᵀx w_kᵀx (sgn w_jᵀx - sgn w*ᵀx)(sgn w_kᵀx - sgn w*ᵀx) for unit vectors.

    Multiplied out, by ZGJ-01(a, f).
    """

    def with_signs(u: Tensor, w: Tensor) -> Float[Tensor, "trials"]:
        beta = full_angles(u.unsqueeze(1), star.unsqueeze(1)).squeeze((1, 2))
        return (
            2.0
            / math.pi
            * (beta.sin() * (star * w).sum(-1) + (math.pi / 2 - beta) * (u * w).sum(-1))
        )

    both = kernel(line_angles(w_j.unsqueeze(1), w_k.unsqueeze(1)).squeeze((1, 2)))
    return both - with_signs(w_j, w_k) - with_signs(w_k, w_j) + (w_j * w_k).sum(-1)
