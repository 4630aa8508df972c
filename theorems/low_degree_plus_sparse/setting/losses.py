r"""Convex losses ℓ(y, z) and their derivatives in z.

The squared loss is ½ (z - y)². log cosh(z - y) and the logistic loss log(1 + e^{-yz}), |y| ≤ 1,
have |ℓ'|, |ℓ''| ≤ 1.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

Loss = Literal["squared", "log-cosh", "logistic"]

THIRD = 4.0 / (3.0 * math.sqrt(3.0))
"""The supremum of |ℓ'''| for log cosh."""


def loss(name: Loss, order: int, y: Float[Tensor, "..."], z: Float[Tensor, "..."]) -> Tensor:
    """Return the derivative of that order of ℓ(y, z) in z, from 0 to 2."""
    off = z - y
    if name == "squared":
        return (0.5 * off**2, off, torch.ones_like(off))[order]
    if name == "log-cosh":
        if order == 0:
            return torch.logaddexp(off, -off) - math.log(2.0)
        t = torch.tanh(off)
        return t if order == 1 else 1.0 - t**2
    s = torch.sigmoid(-y * z)
    return (torch.logaddexp(-y * z, torch.zeros_like(s)), -y * s, y**2 * s * (1.0 - s))[order]
