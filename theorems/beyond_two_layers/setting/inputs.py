"""Inputs: unit vectors whose last coordinate is ½."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Trials


def with_half(directions: Float[Tensor, "... less"]) -> Float[Tensor, "... d"]:
    """Return (√3/2 s, ½) for unit vectors s."""
    half = torch.full_like(directions[..., :1], 0.5)
    return torch.cat((0.5 * math.sqrt(3.0) * directions, half), dim=-1)


def inputs(trials: Trials, name: str, *shape: int) -> Float[Tensor, "trials ... d"]:
    """Draw inputs whose first part is uniform on its sphere; the last of ``shape`` is d."""
    return with_half(trials.sphere(name, *shape[:-1], shape[-1] - 1))
