"""The squares of the Hermite coefficients of |·|, at degrees far beyond those of factorials."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor


def squared_coefficient(
    k: Float[Tensor, "..."], *, derivative: float = 2.0
) -> Float[Tensor, "..."]:
    """Return σ̂_k² = (2/π) ((k-1)!!/k!!) (k-1)^{-derivative} for even k ≥ 2, |t| = Σ_k σ̂_k h_k(t).

    (k-1)!!/k!! = Γ((k+1)/2)/(√π Γ(k/2+1)). With `derivative` 0 it is that of ((k-1)!!)²/k!.
    """
    ratio = (torch.lgamma(0.5 * (k + 1.0)) - torch.lgamma(0.5 * k + 1.0)).exp()
    return 2.0 / math.pi * ratio / math.sqrt(math.pi) * (k - 1.0) ** -derivative
