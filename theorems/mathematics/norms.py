"""Norms of matrices of weights, one a trial and whatever stands between."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor


def norm24(W: Float[Tensor, "*batch m d"]) -> Float[Tensor, "*batch"]:
    """Return ‖W‖_{2,4} = (Σ ‖w_r‖⁴)^{1/4}."""
    return W.square().sum(dim=-1).square().sum(dim=-1) ** 0.25


def frobenius(W: Float[Tensor, "*batch m d"]) -> Float[Tensor, "*batch"]:
    """Return ‖W‖_F."""
    return W.square().sum(dim=(-2, -1)).sqrt()
