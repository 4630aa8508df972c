"""States at the ends of Phase 1 and of Phase 2 of XD23.

Heights h_i = ⟨w_i, v̄⟩ within a factor 2 of each other and small angles: that is all that Phases 2
and 3 are told. At T₁ the heights are small; at T₂ the deficit H = ‖v‖ - Σ_i h_i is.
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
from lemmata.theorems.local_convergence.setting.network import Weights, units
from lemmata.theorems.single_neuron.setting.flow import Flow, flow

Sides = Literal["random", "one against the rest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """Students with Σ_i h_i = 1 - H, h_i ≤ 2h_j and θ_i ≤ angle, as plain data.

    Attributes:
        sides: "random" directions and angles; "one against the rest" (the first student at the
            largest angle on one side, the others on the other).
        count: n.
        dimension: d.
        sum: Σ_i h_i.
        angle: the largest θ_i.
        spread: the largest h_i over the smallest.
    """

    sides: Sides = "random"
    count: int = 2
    dimension: int = 4
    sum: float = 0.1
    angle: float = 1e-3
    spread: float = 2.0

    def draw(self, trials: Trials) -> Weights:
        """Draw one state a trial; in half of the trials heights are at their ends."""
        n, d = self.count, self.dimension
        share = trials.uniform("grown/height", n)
        ends = trials.uniform("grown/ends", 1) < 0.5
        share = torch.where(ends, (share < 0.5).to(share.dtype), share)
        # The first and the last are an end each.
        share[:, 0], share[:, -1] = 0.0, 1.0
        h = 1.0 + (self.spread - 1.0) * share
        h = self.sum * h / h.sum(dim=1, keepdim=True)
        across = trials.normal("grown/across", n, d - 1)
        angle = self.angle * trials.uniform("grown/angle", n)
        if self.sides == "one against the rest":
            side = 1.0 - 2.0 * (torch.arange(n, device=h.device) > 0).to(h.dtype)
            across = across[:, :1] * side[:, None]
            angle = torch.full_like(angle, self.angle)
        z = (h * angle.tan()).unsqueeze(-1) * units(across)
        return torch.cat((h.unsqueeze(-1), z), dim=-1)


def deficit(W: Weights) -> Float[Tensor, "..."]:
    """Return H = ‖v‖ - Σ_i h_i."""
    return 1.0 - W[..., 0].sum(dim=-1)


def through_phase_2(
    trials: Trials, count: int, side: Sides, eps: float, height: float, *, wider: float = 1.0
) -> Flow:
    """Follow gradient flow through Phase 2, τ = η(t - T₁) from 0 to ln(1/(36ε₂))/n.

    It starts with Σ_i h_i = height and angles up to wider · ε₂.
    """
    start = Grown(sides=side, count=count, sum=height, angle=wider * eps)
    return flow(
        start.draw(trials),
        until=math.log(1.0 / (36.0 * eps)) / count,
        steps=40 + math.ceil(math.log(1.0 / height) / math.log(1.17)),
        longest=0.1 / count,
    )


sides: st.SearchStrategy[Sides] = st.sampled_from(("random", "one against the rest"))
