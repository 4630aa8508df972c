"""Inputs: unit vectors whose last coordinate is ½."""

from __future__ import annotations

import math
from dataclasses import replace

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


def copies(trials: Trials, count: int) -> Trials:
    """Return ``count`` independent draws for each trial, consecutive in the batch.

    A trial that is a mean over copies of a random network has less noise than one network.
    """
    return replace(trials, first=trials.first * count, count=trials.count * count)


def over_copies(values: Float[Tensor, "many"], trials: Trials) -> Float[Tensor, "trials"]:
    """Return the root mean square over each trial's copies."""
    return values.view(len(trials), -1).square().mean(dim=1).sqrt()
