"""The parts z_i of the students orthogonal to the teacher: angles between them, speeds, states.

κ_ij is the angle of z_i and z_j, over students with z_i ≠ 0, and κ_max the largest of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from hypothesis import strategies as st
from jaxtyping import Float, Int64
from torch import Tensor

from lemmata.harness import Trials
from lemmata.strategies import log_uniform
from lemmata.theorems.local_convergence.setting.network import Weights, full_angles, units
from lemmata.theorems.local_convergence.setting.states import tilted
from lemmata.theorems.single_neuron.setting.flow import Flow, flow
from lemmata.theorems.single_neuron.setting.network import gradient

Parts = Float[Tensor, "... n p"]
Pairs = Float[Tensor, "... n n"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fan:
    """States whose z_i lie in a cone, as plain data.

    Attributes:
        count: n.
        dimension: d, at least 3.
        opening: no two z_i have a larger angle; π/2 at most.
        size: of the z_i, lognormal; heights h_i are N(0, 1), of both signs.
        spread: the standard deviation of ln ‖z_i‖.
    """

    count: int = 3
    dimension: int = 4
    opening: float = 1.0
    size: float = 1.0
    spread: float = 1.0

    def draw(self, trials: Trials) -> Weights:
        """Draw one state a trial."""
        n, p = self.count, self.dimension - 1
        axis = units(trials.normal("fan/axis", 1, p)).expand(-1, n, -1)
        aside = 0.5 * self.opening * trials.uniform("fan/aside", n)
        z = tilted(axis, trials.normal("fan/across", n, p), aside)
        length = self.size * (self.spread * trials.normal("fan/length", n, 1)).exp()
        return torch.cat((trials.normal("fan/height", n, 1), length * z), dim=-1)


def fans(*, count: tuple[int, int] = (2, 5)) -> st.SearchStrategy[Fan]:
    """Draw families of states in cones."""
    return st.builds(
        Fan,
        count=st.integers(*count),
        dimension=st.integers(3, 6),
        opening=st.sampled_from((1.0, 1.5, 0.3)),
        size=log_uniform(0.1, 10.0, per_decade=2),
        spread=st.sampled_from((1.0, 0.0)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Small starts with a given κ_max(0), as plain data.

    Attributes:
        count: n.
        dimension: d, at least 3.
        scale: σ√d; norms are equal to it, or lie between a half and twice of it.
        unequal: whether they do.
        kappa: κ_max(0); 0 for random directions.
    """

    count: int = 2
    dimension: int = 4
    scale: float = 0.02
    kappa: float = 0.0
    unequal: bool = False

    def draw(self, trials: Trials) -> Weights:
        """Draw one start a trial: angles to v in [π/3, 2π/3], the z_i in a fan about an axis."""
        n, p = self.count, self.dimension - 1
        angle = math.pi / 3.0 * (1.0 + trials.uniform("spread/angle", n, 1))
        across = trials.normal("spread/across", n, p)
        if self.kappa:
            axis = units(trials.normal("spread/axis", 1, p)).expand(-1, n, -1)
            side = torch.linspace(-0.5, 0.5, n, dtype=axis.dtype, device=axis.device)
            across = tilted(axis, across[:, :1].expand(-1, n, -1), self.kappa * side)
        w = torch.cat((angle.cos(), angle.sin() * units(across)), dim=-1)
        factor = 4.0 ** (trials.uniform("spread/norm", n, 1) - 0.5) if self.unequal else 1.0
        return self.scale * factor * w

    def follow(self, trials: Trials, until: float) -> Flow:
        """Follow gradient flow up to τ = until ≥ 6; every fourth state is kept.

        From τ = 6 on students are long and turn slowly: the curvature, n/2, then bounds the steps.
        """
        early = flow(self.draw(trials), until=6.0, steps=160, stride=4)
        steps = math.ceil((until - 6.0) / 0.5) + 1
        late = flow(early.end, until=until - 6.0, steps=steps, share=9.0, longest=0.5, stride=4)
        return Flow(
            time=torch.cat((early.time, 6.0 + late.time[:, 1:]), dim=1),
            W=torch.cat((early.W, late.W[:, 1:]), dim=1),
        )


spreads: st.SearchStrategy[Spread] = st.builds(
    Spread,
    count=st.sampled_from((2, 3, 4)),
    dimension=st.sampled_from((4, 10, 3)),
    kappa=st.sampled_from((0.0, 0.3, 0.03, 0.003)),
)


def parts(W: Weights) -> Parts:
    """Return z_i = w_i - ⟨w_i, v̄⟩v̄, without its zero coordinate."""
    return W[..., 1:]


def speeds(W: Weights) -> Parts:
    """Return ż_i along gradient flow."""
    return -gradient(W)[..., 1:]


def spread_angles(W: Weights) -> Pairs:
    """Return κ_ij; 0 on the diagonal."""
    z = parts(W)
    apart = 1.0 - torch.eye(z.shape[-2], dtype=z.dtype, device=z.device)
    return apart * full_angles(z, z)


def widest(W: Weights) -> Float[Tensor, "..."]:
    """Return κ_max."""
    return spread_angles(W).amax(dim=(-2, -1))


def cosine_speeds(W: Weights) -> Pairs:
    """Return d cos κ_ij/dτ along gradient flow."""
    z, moving = parts(W), speeds(W)
    u = units(z)
    turning = moving - (moving * u).sum(dim=-1, keepdim=True) * u
    turning = turning / z.norm(dim=-1, keepdim=True)
    one_sided = turning @ u.mT
    return one_sided + one_sided.mT


def picked(values: Pairs, place: Int64[Tensor, "trials"]) -> Float[Tensor, "trials"]:
    """Return each trial's entry at a place among its pairs."""
    return values.flatten(-2).gather(-1, place.unsqueeze(-1)).squeeze(-1)


def shrinking(W: Weights) -> Float[Tensor, "..."]:
    """Return -Ż along gradient flow: Σ_{i<j} of the direction of z_i - z_j times ∇_i L - ∇_j L.

    Where z_i = z_j the pair has one-sided derivatives ±‖ż_i - ż_j‖; it counts as 0 here.
    """
    z, slope = parts(W), gradient(W)[..., 1:]
    direction = units(z.unsqueeze(-2) - z.unsqueeze(-3))
    return 0.5 * (direction * (slope.unsqueeze(-2) - slope.unsqueeze(-3))).sum(dim=(-3, -2, -1))
