"""The world of XD23.

N neurons with the activation relu learn a single one, with the second layer fixed.

Inputs x ~ N(0, I_d), student f(x) = Σ_i relu(w_iᵀx), teacher f*(x) = relu(vᵀx), residual R = f -
f*, loss L = ½ E R². Scaling W and v by s scales L by s² and ∇L by s, so that v = (1, 0, …, 0). All
angles are full ones, in [0, π]; e = Σ_i w_i - v is the odd part's error.

With atoms v_k (students with the sign σ = +1, the teacher with σ = -1), v̂ = v/‖v‖ and ψ(θ) = sin θ
- θ cos θ,

    L = ¼ ‖e‖² + (1/4π) Σ_{k,l} σ_k σ_l ‖v_k‖ ‖v_l‖ ψ(θ_kl),                                     (1)
    ∇_{w_i} L = ½ e + (1/2π) Σ_k σ_k ‖v_k‖ (sin θ_ik ŵ_i - θ_ik v̂_k).                           (2)

The angles are stable and ψ is a series below ½, so that the summands of (1) have relative errors of
some roundings at every angle, and those of (2), of order θ, cancel to the order θ² of the gradient
near its zeros: its relative error is some roundings over θ.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from hypothesis import strategies as st
from jaxtyping import Bool, Float
from torch import Tensor

from lemmata.harness import Bound, Trials, alike
from lemmata.harness.adversary import Chart, Region, attack
from lemmata.strategies import log_uniform
from lemmata.theorems.local_convergence.setting.network import (
    Weights,
    angles_of_units,
    full_angles,
    psi,
    units,
)
from lemmata.theorems.local_convergence.setting.states import tilted

StateFamily = Literal["global", "local", "balanced", "tiny", "pair"]
StartFamily = Literal["random", "identical", "line", "collinear"]
Claiming: TypeAlias = Callable[[Weights], Bound]

WINDOW: dict[str, float] = {"least_norm": 0.25, "most_norm": 4.0}
"""The window ‖v‖/(4n) ≤ ‖w_i‖ ≤ 4‖v‖/n of the paper's Phase 3."""
LOWEST = 1e-10
"""Losses below it are not attacked: e is known to 1e-16, the loss then to 1e-6 of itself."""
HIGHEST = 0.02
"""ε₀: the loss below which the local statements are tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Students:
    """A family of states of n students in R^d, as plain data.

    Attributes:
        family: "global" (ε N(0, I)); "local" (m_i (v + ε N(0, I)) with masses that sum to 1);
            "balanced" (local, and m_i e subtracted, so that e = 0); "tiny" (the last one has norm ε
            and a random direction, the others share the rest equally, e = 0); "pair" (half of the
            students at either of the angles ± ε to v, with e = 0).
        count: n.
        dimension: d.
        size: ε.
        spread: how unequal the masses are: m is the softmax of spread · N(0, I).
    """

    family: StateFamily = "balanced"
    count: int = 2
    dimension: int = 4
    size: float = 0.1
    spread: float = 0.3

    def draw(self, trials: Trials) -> Weights:
        """Draw one state a trial: (trials, n, d)."""
        n, v = self.count, teacher(trials, self.dimension)
        noise = self.size * trials.normal("students/noise", n, self.dimension)
        mass = (self.spread * trials.normal("students/mass", n, 1)).softmax(dim=1)
        if self.family == "global":
            return noise
        if self.family == "tiny" and n > 1:
            last = self.size * units(noise[:, -1:])
            return torch.cat(((v - last).expand(-1, n - 1, -1) / (n - 1), last), dim=1)
        if self.family == "pair" and n > 1:
            side = 1.0 - 2.0 * (torch.arange(n, device=v.device) % 2).to(v.dtype)
            share = torch.where(side > 0, 0.5 / math.ceil(n / 2), 0.5 / (n // 2))
            across = noise[:, :1].expand(-1, n, -1)
            return (
                share[:, None]
                / math.cos(self.size)
                * tilted(v.expand_as(noise), across, self.size * side)
            )
        W = mass * (v + noise)
        return W - mass * error(W) if self.family == "balanced" else W


def students(
    *families: StateFamily,
    count: tuple[int, int] = (1, 5),
    size: tuple[float, float] = (0.01, 1.0),
    dimensions: tuple[int, int] = (2, 6),
) -> st.SearchStrategy[Students]:
    """Draw families of states: the named ones, or all."""
    return st.builds(
        Students,
        family=st.sampled_from(families or ("global", "local", "balanced", "tiny", "pair")),
        count=st.integers(*count),
        dimension=st.integers(*dimensions),
        size=log_uniform(*size, per_decade=2),
        spread=st.sampled_from((0.3, 0.0, 1.0)),
    )


def teacher(trials: Trials, dimension: int) -> Float[Tensor, "1 d"]:
    """Return v = (1, 0, …, 0) as a row."""
    return trials.tensor([[1.0] + [0.0] * (dimension - 1)])


def error(W: Weights) -> Float[Tensor, "... 1 d"]:
    """Return e = Σ_i w_i - v."""
    return W.sum(dim=-2, keepdim=True) - _teacher_of(W)


def angles(W: Weights) -> Float[Tensor, "... n"]:
    """Return the angles θ_i of the students to the teacher."""
    return full_angles(W, _teacher_of(W)).squeeze(-1)


def norms(W: Weights) -> Float[Tensor, "... n"]:
    """Return ‖w_i‖."""
    return W.norm(dim=-1)


def loss(W: Weights) -> Float[Tensor, "..."]:
    """Return L, by (1)."""
    atoms, c = _atoms(W)
    pairs = (c * (psi(angles_of_units(atoms, atoms)) @ c.unsqueeze(-1)).squeeze(-1)).sum(dim=-1)
    return 0.25 * (error(W) ** 2).sum(dim=(-2, -1)) + pairs / (4.0 * math.pi)


def gradient(W: Weights) -> Weights:
    """Return ∇L, by (2) and (3): one row a student."""
    atoms, c = _atoms(W)
    students = atoms[..., :-1, :]
    theta = angles_of_units(students, atoms)
    c = c.unsqueeze(-2)
    along = (c * theta.sin()).sum(dim=-1, keepdim=True)
    return 0.5 * error(W) + (along * students - (c * theta) @ atoms) / (2.0 * math.pi)


def steepness(W: Weights) -> Float[Tensor, "..."]:
    """Return ‖∇L‖_F."""
    return gradient(W).flatten(-2).norm(dim=-1)


def pairwise(W: Weights) -> Float[Tensor, "..."]:
    """Return Z = Σ_{i<j} ‖z_i - z_j‖, z_i the part of w_i orthogonal to v."""
    return separations(W[..., 1:])


def separations(z: Float[Tensor, "... n p"]) -> Float[Tensor, "..."]:
    """Return Σ_{i<j} ‖z_i - z_j‖."""
    return 0.5 * ((z.unsqueeze(-2) - z.unsqueeze(-3)) ** 2).sum(dim=-1).add(1e-60).sqrt().sum(
        dim=(-2, -1)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Initial students σ N(0, I), as plain data.

    Attributes:
        count: n.
        dimension: d.
        scale: σ.
        family: "random"; "identical" (all equal); "line" (positive multiples of v); "collinear"
            (w_i = i w_1).
    """

    count: int = 2
    dimension: int = 10
    scale: float = 1e-3
    family: StartFamily = "random"

    def draw(self, trials: Trials) -> Weights:
        """Draw one start a trial."""
        W = self.scale * trials.normal("start", self.count, self.dimension)
        if self.family == "line":
            return W * (torch.arange(self.dimension, device=W.device) == 0) * W[..., :1].sign()
        multiples = {
            "identical": torch.ones(self.count),
            "collinear": torch.arange(1.0, self.count + 1.0),
        }.get(self.family)
        return W if multiples is None else multiples.to(W)[:, None] * W[:, :1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What gradient descent visited, every `stride`-th step.

    Time τ = ηt and the states (trials, times, n, d).
    """

    time: Float[Tensor, "times"]
    W: Float[Tensor, "trials times n d"]

    def since(self, tau: float) -> Run:
        """Return the run from the time τ on."""
        return Run(time=self.time[self.time >= tau], W=self.W[:, self.time >= tau])

    @property
    def loss(self) -> Float[Tensor, "trials times"]:
        """L at each time."""
        return loss(self.W)


def descend(W: Weights, *, eta: float, steps: int, stride: int = 20) -> Run:
    """Follow gradient descent with a fixed step."""
    kept = [W]
    for step in alike(range(1, steps + 1)):
        W = W - eta * gradient(W)
        if step % stride == 0:
            kept.append(W)
    return Run(
        time=eta * stride * torch.arange(len(kept), dtype=W.dtype, device=W.device),
        W=torch.stack(kept, dim=1),
    )


def attacked(
    claim: Claiming,
    start: Weights,
    *,
    low: float = LOWEST,
    high: float = math.inf,
    steps: int = 60,
    rate: float = 0.03,
    **limits: float,
) -> Bound:
    """Try a claim at random states and at the worst that gradient ascent on its ratio finds from
    there, with low ≤ L ≤ high.

    Args:
        claim: of a state; its ratio must be differentiable.
        start: the random states. A state outside the band claims nothing.
        low: the least loss.
        high: the largest.
        steps: of Adam on directions and log norms.
        rate: its first step.
        limits: further bounds that keep a state admissible; see `admissible`.
    """
    shape = project if limits.get("balanced") else lambda W: W
    return attack(
        claim,
        starts={"random": start},
        within=Region(
            chart=Chart(
                to=_coordinates, back=lambda moved: shape(moved[1].exp() * units(moved[0]))
            ),
            accept=lambda W: _inside(W, low, high, limits),
            penalty=lambda W: _outside(W, low, high, limits),
        ),
        steps=steps,
        rate=rate,
    )


def admissible(
    W: Weights,
    *,
    least_norm: float = 0.0,
    most_norm: float = math.inf,
    widest: float = math.pi,
    balanced: bool = False,
) -> Float[Tensor, "..."]:
    """Return how far a state is outside least_norm ≤ n‖w_i‖ ≤ most_norm and θ_i ≤ widest (and
    e = 0, which `project` sees to).
    """
    short = (
        (least_norm / W.shape[-2] / norms(W).clamp(min=1e-150)).log().relu()
        if least_norm
        else torch.zeros_like(W[..., 0])
    )
    long = (
        torch.zeros_like(short)
        if math.isinf(most_norm)
        else (W.shape[-2] * norms(W) / most_norm).log().relu()
    )
    return (short + long + (angles(W) - widest).relu()).amax(dim=-1)


def project(W: Weights) -> Weights:
    """Return the state with e = 0 that W - ‖w_i‖ e / Σ‖w‖ is."""
    share = norms(W).unsqueeze(-1)
    return W - share / share.sum(dim=-2, keepdim=True) * error(W)


def _coordinates(W: Weights) -> tuple[Tensor, ...]:
    return units(W), norms(W).unsqueeze(-1).clamp(min=1e-12).log()


def _outside(
    W: Weights, low: float, high: float, limits: dict[str, float]
) -> Float[Tensor, "trials"]:
    size = loss(W).clamp(min=1e-300).log()
    above = 0.0 if math.isinf(high) else (size - math.log(high) + 0.02).relu()
    return (math.log(low) - size + 0.02).relu() + above + admissible(W, **limits)  # type: ignore[arg-type]


def _inside(
    W: Weights, low: float, high: float, limits: dict[str, float]
) -> Bool[Tensor, "trials"]:
    L = loss(W)
    return ~((low > L) | (high < L) | (admissible(W, **limits) > 1e-9))  # type: ignore[arg-type]


def _teacher_of(W: Weights) -> Float[Tensor, "1 d"]:
    return torch.eye(1, W.shape[-1], dtype=W.dtype, device=W.device)


def _atoms(W: Weights) -> tuple[Float[Tensor, "... M d"], Float[Tensor, "... M"]]:
    """Return the atoms' directions, students first, and σ_k ‖v_k‖."""
    v = _teacher_of(W).expand(*W.shape[:-2], 1, W.shape[-1])
    return torch.cat((units(W), v), dim=-2), torch.cat(
        (norms(W), -torch.ones_like(W[..., 0, :1])), dim=-1
    )
