"""Smooth activations φ(z) = Σ c_i z^i and their two complexities.

    C_ε(φ, R) = Σ ((C*R)^i + (√(log(1/ε)/i) C*R)^i) |c_i|,    C_s(φ, R) = C* Σ (i + 1)^{1.75} R^i
    |c_i|,

with the factor 2|c_0| for i = 0 of the first. Everything is kept in logarithms: (C*R)^i leaves the
floats beyond i = 76 for C* = 10⁴.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Trials

Family = Literal["power", "sine", "cosine", "exponential", "tanh", "random"]
ENTIRE: tuple[Family, ...] = ("sine", "cosine", "exponential")
GROWTH = 1.75
"""The exponent of i + 1 in C_s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """An activation by its series, as plain data.

    Attributes:
        family: z^degree, sin z, cos z, e^z, tanh z, or a random series.
        degree: of the power, and the last degree of a random series.
        decay: s of a random series u_i / i!^s, with u_i uniform on [-1, 1], some of them 0.
    """

    family: Family
    degree: int = 3
    decay: float = 1.0

    def sizes(self, trials: Trials, terms: int) -> Float[Tensor, "trials terms"]:
        """Return log |c_i| for i < terms, -∞ where c_i = 0."""
        i = trials.tensor(range(terms)).to(trials.dtype)
        nothing = torch.full_like(i, -math.inf)
        if self.family == "random":
            u = trials.uniform("activation/u", terms)
            kept = (trials.uniform("activation/kept", terms) < 0.7) & (i <= self.degree)
            kept = kept | (i == min(self.degree, terms - 1))
            sizes = u.log() - self.decay * torch.lgamma(i + 1.0)
            return torch.where(kept, sizes, nothing)
        if self.family == "power":
            row = torch.where(i == self.degree, torch.zeros_like(i), nothing)
        elif self.family == "tanh":
            # |B_2k|/(2k)! = 2ζ(2k)/(2π)^{2k}
            zeta = torch.special.zeta((i + 1.0).clamp(min=2.0), torch.ones_like(i))
            c = (2.0 * zeta).log() + (i + 1.0) * math.log(2.0 / math.pi)
            c = c + torch.log1p(-torch.exp2(-(i + 1.0)))
            row = torch.where(i % 2 == 1, c, nothing)
        else:
            parity = {"sine": i % 2 == 1, "cosine": i % 2 == 0}.get(self.family, i >= 0)
            row = torch.where(parity, -torch.lgamma(i + 1.0), nothing)
        return trials.every(row)

    def coefficients(self, trials: Trials, terms: int) -> Float[Tensor, "trials terms"]:
        """Return c_i for i < terms."""
        i = trials.tensor(range(terms)).to(trials.dtype)
        sizes = self.sizes(trials, terms).exp()
        if self.family == "random":
            return -sizes * trials.signs("activation/sign", terms)
        if self.family in ("power", "exponential"):
            return sizes
        return sizes * torch.where(i % 4 >= 2, -1.0, 1.0)


def series(
    c: Float[Tensor, "trials terms"], z: Float[Tensor, "trials ..."]
) -> Float[Tensor, "trials ..."]:
    """Return Σ c_i z^i by Horner's rule."""
    shape = (len(c),) + (1,) * (z.dim() - 1)
    total = torch.zeros_like(z)
    for i in reversed(range(c.shape[1])):
        total = total * z + c[:, i].view(shape)
    return total


def log_plain(
    sizes: Float[Tensor, "trials terms"], radius: float | Tensor
) -> Float[Tensor, "trials"]:
    """Return log Σ radius^i |c_i|."""
    i = torch.arange(sizes.shape[-1], device=sizes.device, dtype=sizes.dtype)
    return torch.logsumexp(sizes + i * torch.as_tensor(radius).log(), dim=-1)


def log_network_complexity(
    sizes: Float[Tensor, "trials terms"],
    radius: float,
    log_inverse: float,
    star: float,
    *,
    root: float = 0.5,
) -> Float[Tensor, "trials"]:
    """Return log C_ε(φ, radius), ``log_inverse`` = log(1/ε), ``star`` = C*."""
    i = torch.arange(sizes.shape[-1], device=sizes.device, dtype=sizes.dtype)
    inner = root * i * (math.log(log_inverse) - i.clamp(min=1.0).log())
    return torch.logsumexp(
        sizes + i * math.log(star * radius) + torch.logaddexp(torch.zeros_like(i), inner), dim=-1
    )


def log_sample_complexity(
    sizes: Float[Tensor, "trials terms"], radius: float, star: float, *, growth: float = GROWTH
) -> Float[Tensor, "trials"]:
    """Return log C_s(φ, radius)."""
    i = torch.arange(sizes.shape[-1], device=sizes.device, dtype=sizes.dtype)
    return math.log(star) + torch.logsumexp(
        sizes + growth * (i + 1.0).log() + i * math.log(radius), dim=-1
    )


def activations(*families: Family, largest: int = 6) -> st.SearchStrategy[Activation]:
    """Draw activations of the named families, of all but tanh by default."""
    return st.builds(
        Activation,
        family=st.sampled_from(families or ("power", "sine", "cosine", "exponential", "random")),
        degree=st.integers(1, largest),
        decay=st.sampled_from((1.0, 0.5, 2.0)),
    )
