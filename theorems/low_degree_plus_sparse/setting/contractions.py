r"""Polynomials of degree at most three and the matrices G = E[σ''(wᵀx) q(x) xxᵀ], exactly.

Given t = wᵀx the rest of x is uniform on a sphere: with s = (d - t²)/(d - 1), s_2 = (d -
t²)²/((d - 1)(d + 1)) and Π = I - wwᵀ all moments are those of σ''(t) with powers of t, s and s_2.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Trials,
)
from lemmata.theorems.low_degree_plus_sparse.setting.activations import (
    Activation,
    derivative,
)
from lemmata.theorems.mathematics import gegenbauer

Target = Literal["linear", "sparse quadratic", "dense quadratic", "sparse cubic", "dense cubic"]


@cache
def _numbers(activation: Activation, d: int) -> dict[str, float]:
    """Return the means of σ''(t) times what G needs."""

    def mean(weight: Callable[[Tensor, Tensor, Tensor], Tensor]) -> float:
        def value(tau: Tensor) -> Tensor:
            t = math.sqrt(d) * tau
            s, s2 = (d - t**2) / (d - 1), (d - t**2) ** 2 / ((d - 1) * (d + 1))
            return derivative(activation, 2, t) * weight(t, s, s2)

        return gegenbauer.mean(d, value)

    return {
        "v ww": mean(lambda t, s, s2: t**3 - t * s),
        "v": mean(lambda t, s, s2: t * s),
        "M ww": mean(lambda t, s, s2: t**4 - t**2 * s),
        "M wb": mean(lambda t, s, s2: 2.0 * t**2 * s),
        "M Π": mean(lambda t, s, s2: t**2 * s - s2),
        "M N": mean(lambda t, s, s2: 2.0 * s2),
        "T ww": mean(lambda t, s, s2: t**5 - 3.0 * t**3 * s),
        "T wb": mean(lambda t, s, s2: 3.0 * t**3 * s - 3.0 * t * s2),
        "T Π": mean(lambda t, s, s2: t**3 * s - 3.0 * t * s2),
        "T N": mean(lambda t, s, s2: 6.0 * t * s2),
    }


Rows = Float[Tensor, "trials r d"]
Matrices = Float[Tensor, "trials r d d"]


def _outer(a: Rows, b: Rows) -> Matrices:
    return a.unsqueeze(-1) * b.unsqueeze(-2)


def contracted(target: Target, w: Rows, trials: Trials) -> Matrices:
    """Draw q of unit norm and return, row by row of w, M for quadratic and T[w, ·, ·] for cubic q,
    symmetric and traceless; for linear q, v in the first row of each matrix.
    """
    d = w.shape[-1]
    identity = torch.eye(d, dtype=w.dtype, device=w.device)
    if target == "linear":
        v = trials.sphere("q", 1, d)
        return (v.unsqueeze(-2) * identity[:1].mT).expand(-1, w.shape[1], -1, -1)
    beta = trials.sphere("q", 1, d)
    if target in ("sparse quadratic", "dense quadratic"):
        drawn = trials.normal("q/dense", 1, d, d)
        M = _outer(beta, beta) if target == "sparse quadratic" else drawn + drawn.mT
        trace = M.diagonal(dim1=-2, dim2=-1).mean(dim=-1)
        M = M - trace[..., None, None] * identity
        size = (2.0 * d / (d + 2) * M.square().sum(dim=(-2, -1), keepdim=True)).sqrt()
        return (M / size).expand(-1, w.shape[1], -1, -1)
    norm = math.sqrt(6.0 * d**2 / ((d + 2) * (d + 4)))
    if target == "sparse cubic":
        b = (w * beta).sum(dim=-1)[..., None, None]
        cross = _outer(beta.expand_as(w), w)
        T = b * _outer(beta, beta) - (b * identity + cross + cross.mT) / (d + 2)
        # ‖T‖² = 1 - 3/(d + 2) for the traceless part of β⊗β⊗β.
        return T / (norm * math.sqrt(1.0 - 3.0 / (d + 2)))
    drawn = trials.normal("q/dense", d, d, d)
    turned = [drawn.permute(0, *(1 + each for each in order)) for order in _ORDERS]
    T = torch.stack(turned).mean(dim=0)
    trace = T.diagonal(dim1=1, dim2=2).sum(dim=-1) / (d + 2)
    shift = trace[:, :, None, None] * identity
    T = T - shift - shift.permute(0, 2, 1, 3) - shift.permute(0, 2, 3, 1)
    T = T / (norm * T.flatten(1).norm(dim=1))[:, None, None, None]
    return torch.einsum("tabc,tra->trbc", T, w)


_ORDERS = ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))


def exact_G(target: Target, activation: Activation, w: Rows, given_w: Matrices) -> Matrices:
    """Return G for each row of w, from `contracted`."""
    d, number = w.shape[-1], _numbers(activation, w.shape[-1])
    identity = torch.eye(d, dtype=w.dtype, device=w.device)
    projector = identity - _outer(w, w)
    if target == "linear":
        v = given_w[..., 0, :]
        wv = (w * v).sum(dim=-1, keepdim=True)
        b = v - wv * w
        side = _outer(w, b)
        along = wv.unsqueeze(-1)
        return number["v ww"] * along * _outer(w, w) + number["v"] * (
            along * identity + side + side.mT
        )
    kind = "M" if "quadratic" in target else "T"
    first = (given_w @ w.unsqueeze(-1)).squeeze(-1)
    a = (first * w).sum(dim=-1)[..., None, None]
    b = first - a[..., 0] * w
    side = _outer(w, b)
    N = projector @ given_w @ projector
    return (
        number[f"{kind} ww"] * a * _outer(w, w)
        + number[f"{kind} wb"] * (side + side.mT)
        + number[f"{kind} Π"] * a * projector
        + number[f"{kind} N"] * N
    )
