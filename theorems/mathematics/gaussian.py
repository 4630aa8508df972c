"""The standard normal density and distribution function, and panelled Gauss-Legendre rules.

Integrands that are smooth on panels are integrated to roundoff; adaptive rules are slower and take
one integrand at a time.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

ROOT = math.sqrt(2.0 * math.pi)


def density(x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Return φ(x)."""
    return torch.exp(-0.5 * x**2) / ROOT


def distribution(x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Return Φ(x) = P[N(0, 1) ≤ x]."""
    return torch.special.ndtr(x)


def positive_part(mean: Float[Tensor, "..."], spread: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Return E max(0, N(mean, spread²)), for a positive spread."""
    scaled = mean / spread
    return spread * density(scaled) + mean * distribution(scaled)


@cache
def _rule(panels: int, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    t, w = np.polynomial.legendre.leggauss(nodes)
    starts = np.arange(panels)[:, None]
    return ((starts + 0.5 * (t + 1.0)) / panels).ravel(), np.tile(0.5 * w / panels, panels)


def panels(
    like: Tensor, low: float, high: float, *, panels: int = 24, nodes: int = 12
) -> tuple[Float[Tensor, "nodes"], Float[Tensor, "nodes"]]:
    """Return nodes and weights on [low, high] with the device and dtype of ``like``."""
    t, w = _rule(panels, nodes)
    return like.new_tensor(low + (high - low) * t), like.new_tensor((high - low) * w)


def against_normal(
    like: Tensor, *, reach: float = 12.0, count: int = 60, nodes: int = 20
) -> tuple[Float[Tensor, "nodes"], Float[Tensor, "nodes"]]:
    """Return nodes and weights of E f(N(0, 1)), cut at ±reach."""
    t, w = panels(like, -reach, reach, panels=count, nodes=nodes)
    return t, w * density(t)
