"""Starts as Lemma 3 of XD23 leaves them, at the scales of its Theorem 4.

With the constants that the proof of Theorem 4 uses: C = ε₁²/(36n), σ√d = C ε₁⁴⁸‖v‖/100. Norms lie
between s₁ = ½ σ√d and s₂ = 2σ√d, angles between π/3 and 2π/3.
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
from lemmata.theorems.local_convergence.setting.network import Weights
from lemmata.theorems.local_convergence.setting.states import tilted
from lemmata.theorems.single_neuron.setting.flow import Flow, flow
from lemmata.theorems.single_neuron.setting.network import teacher

SmallFamily = Literal["random", "short", "long", "one side"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallStart:
    """Students in the window of Lemma 3, as plain data.

    Attributes:
        family: "random" norms and angles in the window; "short" and "long" (all at 2π/3, with norm
            s₁ or s₂); "one side" (random, all tilted the same way).
        count: n.
        dimension: d.
        epsilon: ε₁.
        scale: σ√d over C ε₁⁴⁸/100.
    """

    family: SmallFamily = "random"
    count: int = 2
    dimension: int = 4
    epsilon: float = 0.3
    scale: float = 1.0

    @property
    def length(self) -> float:
        """T₁η = C, the time at which Phase 1 ends."""
        return self.epsilon**2 / (36.0 * self.count)

    @property
    def shortest(self) -> float:
        """s₁ = ½ σ√d."""
        return 0.5 * self.scale * self.length * self.epsilon**48 / 100.0

    @property
    def longest(self) -> float:
        """s₂ = 2σ√d."""
        return 4.0 * self.shortest

    def draw(self, trials: Trials) -> Weights:
        """Draw one start a trial."""
        n, d = self.count, self.dimension
        v = teacher(trials, d).expand(trials.count, n, d)
        edge = self.family in ("short", "long")
        where = trials.uniform("small/angle", n)
        angle = math.pi / 3.0 * (1.0 + (torch.ones_like(where) if edge else where))
        exponent = trials.uniform("small/norm", n)
        if edge:
            exponent = torch.full_like(exponent, 0.0 if self.family == "short" else 1.0)
        across = trials.normal("small/across", n, d)
        if self.family == "one side":
            across = across[:, :1].expand(-1, n, -1)
        return (self.shortest * 4.0**exponent).unsqueeze(-1) * tilted(v, across, angle)

    def follow(self, trials: Trials) -> Flow:
        """Follow gradient flow through Phase 1.

        A step of 0.4 of the shortest norm makes it grow by 1.19 at least, but for the first few.
        """
        steps = 60 + math.ceil(math.log(self.length / self.shortest) / math.log(1.17))
        return flow(self.draw(trials), until=self.length, steps=steps)


def sines(theta: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Return χ = sin²(θ/2)."""
    return (0.5 * theta).sin() ** 2


small_starts: st.SearchStrategy[SmallStart] = st.builds(
    SmallStart,
    family=st.sampled_from(("random", "short", "long", "one side")),
    count=st.sampled_from((2, 1, 4)),
    epsilon=st.sampled_from((0.4, 0.3, 0.1)),
)
