"""The angles' potential in Phase 2 (XD23, (17) and (50)).

A single angle may grow when another is much larger. V = Σ_i sin²(θ_i/2) sees them all: along
gradient flow V̇ ≤ 10 n V where heights are within a factor 2 of each other (XD-23).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Bound, Constant, Trials, at_most, given, statement
from lemmata.harness.adversary import Chart, Region, attack
from lemmata.theorems.local_convergence.setting.network import Weights, units
from lemmata.theorems.single_neuron.setting.grown_states import Grown, Sides, sides
from lemmata.theorems.single_neuron.setting.network import angles, gradient, norms
from lemmata.theorems.single_neuron.setting.small_starts import sines

XD23 = statement(
    "XD-23",
    paper="XD23",
    source="(17), page 9, and (50), page 28",
    provenance="as printed",
    note="tried in the limit η → 0, as V̇ ≤ 10 n V along gradient flow",
    uses=["XD-01"],
    title="The potential of the angles grows slowly",
    says=r"$V=\sum_i\sin^2\frac{\theta_i}2$ has "
    r"$V(t+1)\le(1+10n\eta)V(t)+50n\eta^2\|v\|^2/s_1^2$ where (12) to (15) hold; along gradient "
    r"flow $\dot V\le10nV$.",
    kind="inequality",
    quantifiers=(
        r"\forall\, n,d,\epsilon_2",
        r"\forall\, W:\ h_i\le2h_j,\ \theta_i\le\epsilon_2,\ 18\epsilon_2\le H\le1",
    ),
)
_EPS = 2e-3
_states = {
    "count": st.sampled_from((2, 3, 4, 8)),
    "side": sides,
    "deficit": st.sampled_from((18.0 * _EPS, 0.1, 0.3)),
}
_WORST = {"count": 4, "side": "random", "deficit": 18.0 * _EPS}


def _growth(W: Weights) -> Float[Tensor, "..."]:
    """Return V̇ along gradient flow: V = ½ Σ_i (1 - cos θ_i)."""
    u = units(W)
    sideways = torch.cat((1.0 - u[..., :1] ** 2, -u[..., :1] * u[..., 1:]), dim=-1)
    return 0.5 * ((gradient(W) * sideways).sum(dim=-1) / norms(W)).sum(dim=-1)


def _attacked(
    claim: Callable[[Weights], Bound], count: int, side: Sides, deficit: float, trials: Trials
) -> Bound:
    """Try a claim at random states, and where ascent leads with h_i ≤ 2h_j, θ_i ≤ ε₂."""
    W = Grown(sides=side, count=count, sum=1.0 - deficit, angle=_EPS).draw(trials)

    def coordinates(W: Weights) -> tuple[Tensor, ...]:
        h = W[..., :1]
        share = (h / h.amin(dim=-2, keepdim=True) - 1.0).clamp(1e-3, 1.0 - 1e-3)
        return (share / (1.0 - share)).log(), W[..., 1:] / (h * math.tan(_EPS))

    def back(moved: tuple[Tensor, ...]) -> Weights:
        h = 1.0 + moved[0].sigmoid()
        h = (1.0 - deficit) * h / h.sum(dim=-2, keepdim=True)
        slope = moved[1] / moved[1].norm(dim=-1, keepdim=True).clamp(min=1.0)
        return torch.cat((h, h * math.tan(_EPS) * slope), dim=-1)

    region = Region(chart=Chart(to=coordinates, back=back))
    return attack(claim, starts={"random": W}, within=region, rate=0.1)


@XD23.part(
    "a",
    says=r"$\dot V\le10\,n\,V$.",
    constant=Constant(1.0, measured_on="n = 2…8, ε₂ = 0.002, by ascent: 0.0083", failure=0.0),
    specimens=[_WORST],
)
@given(**_states)
def the_potential_grows_at_most_at_ten_times_the_number_of_students(
    count: int, side: Sides, deficit: float, trials: Trials, *, rate: float = 10.0
) -> Bound:
    def claim(W: Weights) -> Bound:
        V = sines(angles(W)).sum(dim=-1)
        return at_most(_growth(W), rate * count * V + 1e-30).up_to_roundings(1e6)

    return _attacked(claim, count, side, deficit, trials)


the_potential_grows_at_most_at_ten_times_the_number_of_students.twin("V̇ ≤ 0", rate=0.0)


@XD23.part(
    "b",
    says=r"More: $\dot V\le\frac n8V$ to first order in the angles.",
    provenance="ours",
    proof="in the docstring",
    specimens=[_WORST],
)
@given(**_states)
def the_potential_grows_at_most_at_an_eighth_of_the_number_of_students(
    count: int, side: Sides, deficit: float, trials: Trials, *, rate: float = 0.125
) -> Bound:
    """With z_i = h_i u_i, ‖u_i‖ = θ_i: V = ¼ Σ‖u_i‖², ż_i = -½ Σ_j z_j and ḣ_i = ½ H ≥ 0 up to
    higher orders, so that V̇ ≤ -¼ ⟨Σ_i u_i/h_i, Σ_j h_j u_j⟩. For vectors a = (1/h_i), b = (h_i) the
    form ⟨Σ a_i u_i, Σ b_j u_j⟩ is at least ½ (a·b - |a||b|) Σ‖u_i‖²: V̇ ≤ ½ (|a||b| - n) V, and by
    Kantorovich |a||b| ≤ 5n/4 for h_i ≤ 2h_j.
    """

    def claim(W: Weights) -> Bound:
        V = sines(angles(W)).sum(dim=-1)
        return at_most(_growth(W), rate * count * V + 1e-30).up_to_roundings(1e6)

    return _attacked(claim, count, side, deficit, trials)


the_potential_grows_at_most_at_an_eighth_of_the_number_of_students.twin("n/20", rate=0.05)
