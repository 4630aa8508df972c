"""Hermite polynomials, and what half-spaces and ReLU see of them.

The probabilists' h_i obey h_{i+1}(x) = x h_i(x) - i h_{i-1}(x) and E h_i h_j = i! δ_ij under N(0,
1). Numbers are those of the normalised H_i = h_i/√i!, whose recursion √(i+1) H_{i+1} = x H_i - √i
H_{i-1} does not overflow. With independent α, β ~ N(0, 1) and |x| ≤ 1, because E[h_i(α) | αx +
β√(1-x²)] = x^i h_i(·) and ∫_B^∞ h_i φ = h_{i-1}(B) φ(B),

    E[h_i(α) 1[αx + β√(1-x²) + b ≥ 0]] = p_i(b) x^i,   p_i(b) = h_{i-1}(-b) φ(b),  p_0 = Φ(b),   (1)
    E[h_i(α) φ₊(αx + β√(1-x²) + b)]    = r_i(b) x^i,   r_i(b) = h_{i-2}(-b) φ(b),                (2)

with φ₊ = max(0, ·), r_1 = Φ(b) and r_0 = bΦ(b) + φ(b).
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.theorems.mathematics.gaussian import density, distribution


def normalised(x: Float[Tensor, "..."], degree: int) -> Float[Tensor, "degrees ..."]:
    """Return H_0(x), ..., H_degree(x), degrees in front."""
    rows = [torch.ones_like(x), x]
    for i in range(1, degree):
        rows.append((x * rows[i] - math.sqrt(i) * rows[i - 1]) / math.sqrt(i + 1))
    return torch.stack(rows[: degree + 1])


def half_space(b: Float[Tensor, "..."], degree: int) -> Float[Tensor, "degrees ..."]:
    """Return p_i(b)/√i! of (1) for i = 0, ..., degree."""
    H = normalised(-b, max(degree - 1, 0))
    rows = [distribution(b)]
    rows += [H[i - 1] * density(b) / math.sqrt(i) for i in range(1, degree + 1)]
    return torch.stack(rows)


def half_line(b: Float[Tensor, "..."], degree: int) -> Float[Tensor, "degrees ..."]:
    """Return r_i(b)/√i! of (2) for i = 0, ..., degree."""
    H = normalised(-b, max(degree - 2, 0))
    rows = [b * distribution(b) + density(b), distribution(b)]
    rows += [H[i - 2] * density(b) / math.sqrt(i * (i - 1)) for i in range(2, degree + 1)]
    return torch.stack(rows[: degree + 1])


def log_factorial(n: int) -> float:
    """Return log n!."""
    return math.lgamma(n + 1.0)


def log_double_factorial(n: int) -> float:
    """Return log n!! with 0!! = (-1)!! = 1."""
    if n <= 0:
        return 0.0
    half = (n + 1) // 2
    if n % 2:
        return math.lgamma(n + 1.0) - math.lgamma(half) - (half - 1) * math.log(2.0)
    return (n // 2) * math.log(2.0) + math.lgamma(n // 2 + 1.0)
