"""Losses f(y.

Y*) for Theorem 6, by name (ALS18): functions of z = y - y*, summed over its entries, and
cross-entropy.

| loss | f | it is |
| --- | --- | --- |
| "squared" | ½ z² | strongly convex |
| "dominant" | z² + 3 sin² z | gradient-dominant, ‖∇f‖² ≥ 2σf, and not convex |
| "convex" | log cosh z | convex, not strongly |
| "non-convex" | z²/(1 + z²) | smooth and bounded |
| "rippled" | z²/20 + 1 - cos 4z | smooth, with minima that are not global |
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

from lemmata.theorems.deep_convergence.setting.training import SQUARED, Loss

_Function: TypeAlias = Callable[[Tensor], Tensor]


def _of_difference(f: _Function, slope: _Function) -> Loss:
    return Loss(
        value=lambda y, y_star: f(y - y_star).sum(dim=1), slope=lambda y, y_star: slope(y - y_star)
    )


def _log_cosh(z: Tensor) -> Tensor:
    return z.abs() + torch.log1p((-2.0 * z.abs()).exp()) - torch.log(z.new_tensor(2.0))


_VALUES: dict[str, tuple[_Function, _Function]] = {
    "dominant": (lambda z: z**2 + 3.0 * z.sin() ** 2, lambda z: 2.0 * z + 3.0 * (2.0 * z).sin()),
    "convex": (_log_cosh, torch.tanh),
    "non-convex": (lambda z: z**2 / (1.0 + z**2), lambda z: 2.0 * z / (1.0 + z**2) ** 2),
    "rippled": (
        lambda z: z**2 / 20.0 + 1.0 - (4.0 * z).cos(),
        lambda z: z / 10.0 + 4.0 * (4.0 * z).sin(),
    ),
}
LOSSES = {"squared": SQUARED} | {
    name: _of_difference(f, slope) for name, (f, slope) in _VALUES.items()
}
STEPS = {"squared": 0.5, "dominant": 0.1, "convex": 0.5, "non-convex": 0.25, "rippled": 0.03}
"""c of η = c d/(nLm)."""
DOMINANCE = 1.0 / 32.0
"""σ with ‖∇f‖² ≥ 2σ (f - f*) for the loss "dominant"."""

CROSS_ENTROPY = Loss(
    value=lambda y, one_hot: -(one_hot * y.log_softmax(dim=1)).sum(dim=1),
    slope=lambda y, one_hot: y.softmax(dim=1) - one_hot,
)
"""-log softmax(y)_label, the targets being the labels' coordinate vectors."""
