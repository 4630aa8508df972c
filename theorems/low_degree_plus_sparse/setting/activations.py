r"""Activations, their derivatives, the bounds on these, and their Gegenbauer coefficients.

"sin" is sin(z + π/4), "tanh" is tanh(z + ½): the shifts leave no Hermite coefficient zero.
"softplus" is log(1 + e^z), whose second derivative is even: some coefficients vanish. "cubic ReLU"
is max(z, 0)³/6, whose third derivative is bounded and whose first two are not.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.theorems.mathematics import gegenbauer

Activation = Literal["sin", "tanh", "softplus", "cubic ReLU"]

BOUNDS: dict[Activation, tuple[float, float, float]] = {
    "sin": (1.0, 1.0, 1.0),
    "tanh": (1.0, 4.0 / (3.0 * math.sqrt(3.0)), 2.0),
    "softplus": (1.0, 0.25, 1.0 / (6.0 * math.sqrt(3.0))),
    "cubic ReLU": (math.inf, math.inf, 1.0),
}
"""M_1, M_2, M_3: the suprema of the derivatives' absolute values."""

EXTREMES: dict[Activation, tuple[float, float, float]] = {
    "sin": (-math.pi / 4, math.pi / 4, -math.pi / 4),
    "tanh": (-0.5, math.atanh(1.0 / math.sqrt(3.0)) - 0.5, -0.5),
    "softplus": (40.0, 0.0, math.log(2.0 - math.sqrt(3.0))),
    "cubic ReLU": (0.0, 0.0, 1.0),
}
"""Where |σ'|, |σ''| and |σ'''| attain them (softplus' M_1 at infinity, to a rounding at 40)."""


def bound(activation: Activation, order: int) -> float:
    """Return M_j, the supremum of the j-th derivative's absolute value, j = 1, 2, 3."""
    return BOUNDS[activation][order - 1]


def derivative(activation: Activation, order: int, z: Float[Tensor, "..."]) -> Tensor:
    """Return the derivative of that order, from 0 (the activation itself) to 3."""
    if activation == "sin":
        return torch.sin(z + (math.pi / 4 + order * math.pi / 2))
    if activation == "tanh":
        t = torch.tanh(z + 0.5)
        s = 1.0 - t**2
        return (t, s, -2.0 * t * s, s * (6.0 * t**2 - 2.0))[order]
    if activation == "softplus":
        if order == 0:
            # torch's own softplus is linear beyond 20, which is off by 2e-9.
            return torch.logaddexp(z, torch.zeros_like(z))
        s, rest = torch.sigmoid(z), torch.sigmoid(-z)
        return (s, s * rest, s * rest * (rest - s))[order - 1]
    positive = z.relu()
    return (positive**3 / 6.0, positive**2 / 2.0, positive, (z > 0).to(z.dtype))[order]


@cache
def coefficient(activation: Activation, order: int, d: int, degree: int) -> float:
    """Return λ_ℓ(σ^{(j)}) = E σ^{(j)}(√d τ) P_ℓ(τ) in dimension d."""
    return gegenbauer.coefficient(d, degree, lambda t: derivative(activation, order, t))


@cache
def second_moment(activation: Activation, order: int, d: int) -> float:
    """Return E σ^{(j)}(√d τ)²."""
    return gegenbauer.mean(d, lambda tau: derivative(activation, order, math.sqrt(d) * tau) ** 2)
