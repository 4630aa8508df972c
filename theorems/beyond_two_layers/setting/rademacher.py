"""Rademacher complexities of finite classes, by enumerating all signs."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor


def correlations(
    values: Float[Tensor, "trials *classes functions samples"],
    signs: Float[Tensor, "signs samples"],
) -> Float[Tensor, "trials *classes functions signs"]:
    """Return Σ_n ξ_n f(x_n) for every function and every sign vector."""
    return values @ signs.mT


def complexity(
    values: Float[Tensor, "trials *classes functions samples"],
    signs: Float[Tensor, "signs samples"],
) -> Float[Tensor, "trials *classes"]:
    """Return (1/N) E sup_f Σ ξ_n f(x_n), the mean over all rows of ``signs``."""
    return correlations(values, signs).amax(dim=-2).mean(dim=-1) / values.shape[-1]
