"""The loss of the experiments: √(1 + ‖f - y‖²) - 1, convex, 1-Lipschitz and 1-smooth."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor


def root_loss(f: Float[Tensor, "... k"], y: Float[Tensor, "... k"]) -> Float[Tensor, "..."]:
    """Return √(1 + ‖f - y‖²) - 1, without cancellation near 0."""
    square = (f - y).square().sum(dim=-1)
    return square / ((1.0 + square).sqrt() + 1.0)


def root_loss_gradient(
    f: Float[Tensor, "... k"], y: Float[Tensor, "... k"]
) -> Float[Tensor, "... k"]:
    """Return its gradient in f."""
    return (f - y) / (1.0 + (f - y).square().sum(dim=-1, keepdim=True)).sqrt()
