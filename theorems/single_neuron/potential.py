"""The potential of pairwise distances (XD23, Appendix G.3, (66) and (68)).

Z = Σ_{i<j} ‖z_i - z_j‖ sums over the parts z_i of the students orthogonal to v. Students nearly
parallel to the teacher barely feel their own angles: -Ż ≤ C Z² along gradient flow, so that 1/Z
grows at most linearly, while the angles, and with them the loss, are at least what Z says (XD-10).
"""

from __future__ import annotations

import math

import torch

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Instance,
    Trials,
    all_of,
    at_least,
    at_most,
    given,
    statement,
)
from lemmata.theorems.local_convergence.setting.network import Weights
from lemmata.theorems.single_neuron.rates import FLOW_GATE
from lemmata.theorems.single_neuron.setting.network import (
    WINDOW,
    Students,
    angles,
    attacked,
    loss,
    norms,
    pairwise,
    separations,
    students,
)
from lemmata.theorems.single_neuron.setting.orthogonal_parts import (
    Spread,
    shrinking,
    spreads,
    widest,
)

# XD-10

XD10 = statement(
    "XD-10",
    paper="XD23",
    source="(66) and (68), page 44",
    provenance="ours",
    proof="only seen",
    note="the potential Z is the paper's; e = 0 and θ_max ≤ 0.1 are ours",
    uses=["XD-01", "XD-04", "XD-13", "XD-20", "XD-21"],
    title="The potential of pairwise distances",
    says=r"With $z_i=w_i-(\bar v^\top w_i)\bar v$ and $Z=\sum_{i<j}\|z_i-z_j\|$, for all $W$ with "
    r"$e=0$, $\|w_i\|\ge\frac{\|v\|}{3n}$ and $\theta_{\max}\le0.1$: $\dot Z\ge-\frac C{\|v\|}Z^2$ "
    r"along gradient flow, $L\ge\frac c{n^4}\frac{Z^3}{\|v\|}$, and "
    r"$\sin\theta_{\max}\le\frac{3Z}{\|v\|}$. As printed, with norms within a factor 4 of "
    r"$\frac{\|v\|}n$: $\dot Z\ge-O(\frac{n^4}{\kappa_{\max}^2(0)\|v\|})Z^2$ for $t\ge T_2$, and "
    r"$L\ge\Omega(\frac{Z^3}{n^5\|v\|})$.",
)

_NEAR = {"least_norm": 1.0 / 3.0, "widest": 0.1, "balanced": True}
_ALL_NEAR = (r"\forall\, n,d", r"\forall\, W:\ e=0,\ \|w_i\|\ge\tfrac1{3n},\ \theta_i\le0.1")
_near = students("balanced", "pair", count=(2, 6), size=(0.003, 0.03))
_THREE = {"world": Students(count=3, size=0.01, spread=1.0)}
_PAIR = {"world": Students(family="pair", size=0.02)}


def _of_size(size: float) -> Instance:
    return {"world": Students(count=2, size=size, spread=0.0)}


_along_size = Along(
    variable="ε",
    sizes=(0.001, 0.003, 0.01),
    instance=_of_size,
    at_most=0.1,
    at_least=-0.1,
    trials=16,
)


@XD10.part(
    "a",
    kind="scaling",
    says=r"$-\dot Z\le C\,Z^2$.",
    quantifiers=_ALL_NEAR,
    constant=Constant(1.5, measured_on="n = 2…6, by ascent over masses from 1/(3n)", failure=0.0),
    along=_along_size,
    specimens=[_THREE, _PAIR],
)
@given(world=_near)
def the_potential_falls_no_faster_than_its_square(
    world: Students, trials: Trials, *, power: float = 2.0
) -> Bound:
    def claim(W: Weights) -> Bound:
        return at_most(shrinking(W), pairwise(W) ** power)

    return attacked(claim, world.draw(trials), low=1e-14, steps=40, rate=0.01, **_NEAR)


the_potential_falls_no_faster_than_its_square.twin(
    "Z³ in place of Z²", specimens=[_THREE], power=3.0
)


@XD10.part(
    "b",
    kind="scaling",
    says=r"$L\ge c\,Z^3/n^4$.",
    quantifiers=_ALL_NEAR,
    constant=Constant(2.5, measured_on="n = 2…6, by ascent", failure=0.0),
    along=_along_size,
    specimens=[_THREE, _PAIR],
)
@given(world=_near)
def the_loss_is_at_least_the_cube_of_the_potential(
    world: Students, trials: Trials, *, radial: bool = False
) -> Bound:
    def claim(W: Weights) -> Bound:
        Z = separations(W) if radial else pairwise(W)
        return at_least(loss(W), Z**3 / world.count**4)

    return attacked(claim, world.draw(trials), low=1e-14, steps=40, rate=0.01, **_NEAR)


the_loss_is_at_least_the_cube_of_the_potential.twin(
    "‖w_i - w_j‖, radial parts included", specimens=[_THREE], along=[], radial=True
)


@XD10.part(
    "c",
    kind="inequality",
    proof="in the docstring",
    says=r"$\sin\theta_{\max}\le3Z$, as $\|z_i\|=\|w_i\|\sin\theta_i$.",
    quantifiers=_ALL_NEAR,
    specimens=[_THREE],
)
@given(world=_near)
def the_angles_are_at_most_three_times_the_potential(
    world: Students, trials: Trials, *, aside: float = 0.0
) -> Bound:
    """Σ_j z_j = 0 makes n z_i = Σ_j (z_i - z_j), of norm Z at most, and ‖w_i‖ ≥ 1/(3n)."""

    def claim(W: Weights) -> Bound:
        moved = W + aside * (torch.arange(W.shape[-1], device=W.device) == 1) / world.count
        return at_most(angles(moved).sin().amax(dim=-1), 3.0 * pairwise(moved))

    return attacked(claim, world.draw(trials), low=1e-14, steps=40, rate=0.01, **_NEAR)


the_angles_are_at_most_three_times_the_potential.twin(
    "e ≠ 0: all students moved aside together by 0.3/n", aside=0.3
)


@XD10.part(
    "d",
    kind="inequality",
    says=r"For $n=2$, with $\mu_i=\|w_i\|$ and $e=0$: $-\dot "
    r"Z=\frac{Z^2}{4\pi\mu_1\mu_2}(1+O(\theta_{\max}))$ and "
    r"$L=\frac{Z^3}{24\pi\mu_1\mu_2}(1+O(\theta_{\max}))$.",
    quantifiers=(r"\forall\, d", r"\forall\, w_1,w_2"),
    constant=Constant(1.0, measured_on="θ ≤ 0.1", failure=0.0),
    specimens=[_PAIR, {"world": Students(size=0.01, spread=1.0)}],
)
@given(world=students("balanced", "pair", count=(2, 2), size=(0.003, 0.03)))
def two_students_have_exact_limits(
    world: Students, trials: Trials, *, doubled: float = 1.0
) -> Bound:
    W = world.draw(trials)
    Z, product, theta = pairwise(W), norms(W).prod(dim=1), angles(W).amax(dim=1)
    speed = 4.0 * math.pi * doubled * product * shrinking(W) / Z**2
    height = 24.0 * math.pi * product * loss(W) / Z**3
    return all_of(at_most((speed - 1.0).abs(), theta), at_most((height - 1.0).abs(), theta))


two_students_have_exact_limits.twin("1/(8π μ₁ μ₂)", doubled=2.0)


_SPREAD = {"start": Spread(count=2, kappa=0.3)}


@XD10.part(
    "e",
    source="(66), page 44",
    kind="trajectory",
    provenance="as printed",
    says=r"$-\dot Z\le C\frac{n^4}{\kappa_{\max}^2(0)}Z^2$ for all $t\ge T_2$; tried from "
    r"$\tau=10$ on.",
    quantifiers=(
        r"\forall\, n,d",
        r"\forall\, W_0:\ z_i\ne0,\ \kappa_{\max}>0",
        r"\forall\, \tau\ge T_2",
    ),
    constant=Constant(1.0, measured_on="n = 2…4, κ_max(0) ≥ 0.003: 0.05", failure=0.0),
    requires=FLOW_GATE,
    specimens=[_SPREAD],
)
@given(start=spreads)
def the_potential_falls_no_faster_than_its_square_over_the_spread(
    start: Spread, trials: Trials, *, power: float = -2.0
) -> Bound:
    run = start.follow(trials, 20.0)
    kappa = widest(run.W[:, :1])
    # Before T₂ nothing is claimed.
    Z = torch.where(run.time >= 10.0, pairwise(run.W), torch.inf)
    bound = start.count**4 * kappa**power * Z**2
    return at_most(shrinking(run.W), bound).up_to_roundings(1e6)


the_potential_falls_no_faster_than_its_square_over_the_spread.twin(
    "κ² in place of κ⁻²", specimens=[{"start": Spread(count=2, kappa=0.003)}], power=2.0
)


@XD10.part(
    "f",
    source="(68), page 44",
    kind="scaling",
    provenance="as printed",
    says=r"$L\ge c\,Z^3/n^5$ where $\frac1{4n}\le\|w_i\|\le\frac4n$.",
    quantifiers=(r"\forall\, n,d", r"\forall\, W:\ \tfrac1{4n}\le\|w_i\|\le\tfrac4n"),
    constant=Constant(2.0, measured_on="n = 2…6, all angles, by ascent: 1.3", failure=0.0),
    along=_along_size,
    specimens=[_THREE, {"world": Students(family="local", count=2, size=0.3)}],
)
@given(world=students("local", "balanced", "pair", count=(2, 5), size=(0.003, 0.3)))
def the_loss_is_at_least_the_cube_of_the_potential_in_the_window(
    world: Students, trials: Trials, *, power: float = 3.0
) -> Bound:
    def claim(W: Weights) -> Bound:
        return at_least(loss(W), pairwise(W) ** power / world.count**5)

    W = world.draw(trials)
    return attacked(claim, W, low=1e-14, steps=40, **WINDOW).scaling_as(claim(W).ratio)


the_loss_is_at_least_the_cube_of_the_potential_in_the_window.twin("Z² in place of Z³", power=2.0)
