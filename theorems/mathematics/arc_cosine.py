"""Arc-cosine kernels: what a ReLU layer does to an angle, in the limit of infinite width.

For a standard Gaussian vector w and unit vectors x, z with ⟨x, z⟩ = c,

    κ₀(c) = 2 P[⟨w, x⟩ ≥ 0, ⟨w, z⟩ ≥ 0] = (π - arccos c)/π,                                      (1)
    κ₁(c) = 2 E[φ(⟨w, x⟩) φ(⟨w, z⟩)] = (√(1 - c²) + (π - arccos c) c)/π,    φ(t) = max(t, 0).    (2)

A network with He initialisation maps the correlation Σ_{l-1} of two hidden vectors to Σ_l =
κ₁(Σ_{l-1}), and its tangent kernel, trained in the layers 1 to L between fixed ones, tends to

    K_∞ = ½ Σ_{l=1}^L Σ_{l-1} ∏_{k=l}^L κ₀(Σ_{k-1}),    Σ_{-1} = ⟨x, z⟩,  Σ_0 = κ₁(Σ_{-1}).      (3)
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor


def kappa0(c: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Return (1), at correlations in [-1, 1]."""
    return (math.pi - torch.arccos(c.clamp(-1.0, 1.0))) / math.pi


def kappa1(c: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Return (2), at correlations in [-1, 1]."""
    c = c.clamp(-1.0, 1.0)
    return ((1.0 - c**2).sqrt() + (math.pi - torch.arccos(c)) * c) / math.pi


def tangent_kernel(c: Float[Tensor, "..."], depth: int) -> Float[Tensor, "..."]:
    """Return (3) for L = depth layers and inputs of correlation c = Σ_{-1}.

    The sum obeys Θ_l = κ₀(Σ_{l-1}) (Θ_{l-1} + Σ_{l-1}) with Θ_0 = 0, and K_∞ = ½ Θ_L.
    """
    sigma, theta = kappa1(c), torch.zeros_like(c)
    for _ in range(depth):
        theta = kappa0(sigma) * (theta + sigma)
        sigma = kappa1(sigma)
    return 0.5 * theta
