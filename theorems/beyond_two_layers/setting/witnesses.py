r"""The witnesses of the existence proofs, through Hermite polynomials and windows of the bias.

*The paper's.* h(α, b) = 2c_0 + Σ (c_i/p'_i) ĥ_i(α) q_i(b), where q_i is the window |b| ≤ 1/2i for
odd i and 0 < -b ≤ 1/2i for even i, p'_i = ∫ q_i p_i φ, and ĥ_i is h_i with its argument clipped at
±B_i. *Ours*, of least norm: h(α, b) = 2c_0 + Σ c_i h_i(α) p_i(b)/E p_i². Coefficients are those of
normalised polynomials.
"""

from __future__ import annotations

import math
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.theorems.mathematics.gaussian import against_normal, density, panels
from lemmata.theorems.mathematics.hermite import half_line, half_space, normalised

_CPU = torch.zeros((), dtype=torch.float64)


def window(i: int, *, swapped: bool = False) -> tuple[float, float]:
    """Return the ends of the window of b for degree i ≥ 1, or for the other parity."""
    odd = (i % 2 == 1) != swapped
    return -0.5 / i, (0.5 / i if odd else 0.0)


def window_rule(
    i: int, like: Tensor, *, swapped: bool = False, nodes: int = 8
) -> tuple[Float[Tensor, "nodes"], Float[Tensor, "nodes"]]:
    """Return nodes b and weights of ∫ q_i(b) φ(b) db."""
    low, high = window(i, swapped=swapped)
    b, w = panels(like, low, high, panels=1, nodes=nodes)
    return b, w * density(b)


@cache
def window_coefficient(i: int) -> float:
    """Return p'_i/√i!."""
    b, w = window_rule(i, _CPU, nodes=40)
    return float((w * half_space(b, i)[i]).sum())


@cache
def window_mass(i: int) -> float:
    """Return P[q_i(b) = 1]."""
    low, high = window(i)
    return 0.5 * (math.erf(high / math.sqrt(2.0)) - math.erf(low / math.sqrt(2.0)))


@cache
def half_space_power(i: int) -> float:
    """Return E[p_i(b)²]/i! for b ~ N(0, 1)."""
    b, w = against_normal(_CPU)
    return float((w * half_space(b, i)[i].square()).sum())


@cache
def half_line_power(i: int) -> float:
    """Return E[r_i(b)²]/i!."""
    b, w = against_normal(_CPU)
    return float((w * half_line(b, i)[i].square()).sum())


def half_space_witness(
    c: Float[Tensor, "trials terms"],
    alpha: Float[Tensor, "trials ..."],
    b: Float[Tensor, "trials ..."],
) -> Float[Tensor, "trials ..."]:
    """Return our h(α, b), whose mean on the half-space is φ."""
    degree = c.shape[1] - 1
    P, H = half_space(b, degree), normalised(alpha, degree)
    shape = (len(c),) + (1,) * (alpha.dim() - 1)
    total = 2.0 * c[:, 0].view(shape).expand(alpha.shape)
    for i in range(1, degree + 1):
        if bool((c[:, i] == 0).all()):
            continue
        total = total + c[:, i].view(shape) / half_space_power(i) * H[i] * P[i]
    return total


def half_line_witness(
    c: Float[Tensor, "trials terms"],
    alpha: Float[Tensor, "trials ..."],
    b: Float[Tensor, "trials ..."],
    *,
    shift: int = 0,
) -> Float[Tensor, "trials ..."]:
    """Return Σ c_i h_i(α) r_i(b)/E r_i², whose mean against ReLU is φ; ``shift`` takes the r of a
    degree less.
    """
    degree = c.shape[1] - 1
    R, H = half_line(b, max(degree, 1)), normalised(alpha, degree)
    shape = (len(c),) + (1,) * (alpha.dim() - 1)
    total = torch.zeros_like(alpha)
    for i in range(degree + 1):
        if bool((c[:, i] == 0).all()):
            continue
        r, power = R[max(i - shift, 0)], half_line_power(max(i - shift, 0))
        total = total + c[:, i].view(shape) / power * H[i] * r
    return total
