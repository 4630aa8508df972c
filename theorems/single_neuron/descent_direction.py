"""The way to a global minimum descends (XD23, Lemma 8).

R = R₁ + R₂ with R₁ = eᵀx [vᵀx ≥ 0] and R₂ = Σ_j w_jᵀx ([w_jᵀx ≥ 0] - [vᵀx ≥ 0]) ≥ 0. For a global
minimum w*_i = c_i v, c_i ≥ 0, Σ_i c_i = 1, the product of gradient and way is 2L + E R Σ_i c_i D_i
with D_i = vᵀx ([vᵀx ≥ 0] - [w_iᵀx ≥ 0]) ≥ 0: what R₂ adds is not negative, and what R₁ adds is a
second moment on the wedge between the half spaces of v and w_i, of order θ_i² (XD-12).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Bound, Constant, Trials, at_most, equal, given, statement
from lemmata.harness.adversary import Chart, Region, attack
from lemmata.theorems.local_convergence.setting.network import Weights, units, wedge
from lemmata.theorems.single_neuron.setting.network import (
    Students,
    angles,
    error,
    gradient,
    loss,
    norms,
    students,
)
from lemmata.theorems.single_neuron.setting.plane import Points, mean_in_plane

Shares = Float[Tensor, "... n"]

XD12 = statement(
    "XD-12",
    paper="XD23",
    source="Lemma 8, pages 10, 29 to 31",
    provenance="as printed",
    uses=["XD-01"],
    title="The way to a global minimum descends",
    says=r"For all $W$ and every global minimum $w_i^*=c_iv$, $c_i\ge0$, $\sum_ic_i=1$: "
    r"$\sum_i\langle\nabla_iL,w_i-w_i^*\rangle\ge2L-O(\theta_{\max}^2\|r\|\|v\|)$, "
    r"$r=\sum_iw_i-v$.",
    kind="inequality",
    quantifiers=(r"\forall\, n,d", r"\forall\, W", r"\forall\, c"),
)
_NEAR = {"world": Students(family="local", count=2, dimension=3, size=0.3)}
_FAR = {"world": Students(family="global", count=3, dimension=3, size=1.0)}


def _product(W: Weights, c: Shares) -> Float[Tensor, "..."]:
    """Return Σ_i ⟨∇_i L, w_i - c_i v⟩."""
    slope = gradient(W)
    return (slope * W).sum(dim=(-2, -1)) - (c * slope[..., 0]).sum(dim=-1)


def _distance(W: Weights) -> Float[Tensor, "..."]:
    return error(W).flatten(-2).norm(dim=-1)


def _attacked(
    claim: Callable[[Weights, Shares], Bound], world: Students, trials: Trials, least: float = 1e-9
) -> Bound:
    """Try a claim at random W and c, and where ascent over both leads, with L ≥ least."""
    W = world.draw(trials)
    first = torch.cat((W, trials.normal("shares", world.count, 1)), dim=-1)

    def coordinates(point: Tensor) -> tuple[Tensor, ...]:
        W = point[..., :-1]
        return units(W), norms(W).unsqueeze(-1).clamp(min=1e-12).log(), point[..., -1:]

    def inside(point: Tensor) -> Tensor:
        return loss(point[..., :-1]) >= least

    return attack(
        lambda point: claim(point[..., :-1], point[..., -1].softmax(dim=-1)),
        starts={"random": first},
        within=Region(
            chart=Chart(
                to=coordinates,
                back=lambda moved: torch.cat((moved[1].exp() * units(moved[0]), moved[2]), dim=-1),
            ),
            accept=inside,
            penalty=lambda point: (least / loss(point[..., :-1]).clamp(min=1e-300)).log().relu(),
        ),
        rate=0.05,
    )


@XD12.part(
    "a",
    says=r"$\sum_i\langle\nabla_iL,w_i-w_i^*\rangle\ge2L-C\,\theta_{\max}^2\|r\|$.",
    constant=Constant(
        0.16,
        measured_on="n ≤ 4, all angles: 0.10, longer ascents 0.156; (b) gives 1/2π",
        failure=0.0,
    ),
    specimens=[_NEAR, _FAR],
)
@given(world=students(count=(1, 4), dimensions=(2, 3)))
def the_way_to_a_global_minimum_descends_up_to_the_largest_angle(
    world: Students, trials: Trials, *, corrected: float = 1.0
) -> Bound:
    def claim(W: Weights, c: Shares) -> Bound:
        correction = angles(W).amax(dim=-1) ** 2 * _distance(W)
        return at_most(2.0 * loss(W) - _product(W, c), corrected * correction)

    return _attacked(claim, world, trials)


the_way_to_a_global_minimum_descends_up_to_the_largest_angle.twin(
    "at least 2L, without a correction", specimens=[_NEAR], corrected=0.0
)


@XD12.part(
    "b",
    says=r"More, at all angles: $\sum_i\langle\nabla_iL,w_i-w_i^*\rangle\ge2L-\frac{\|r\|}{2\pi}"
    r"\sum_i\|w_i^*\|\theta_i^2$.",
    provenance="ours",
    proof="in the docstring",
    specimens=[_NEAR, _FAR],
)
@given(world=students(count=(1, 4), dimensions=(2, 3)))
def the_way_to_a_global_minimum_descends_up_to_its_own_angles(
    world: Students, trials: Trials, *, power: float = 2.0
) -> Bound:
    """By (c) a summand is r_v (θ - sin θ cos θ) - r_p sin² θ, at least -‖r‖ times the root of
    (θ - sin θ cos θ)² + sin⁴ θ. The derivative of that is 4θ sin² θ ≤ 4θ³: it is at most θ⁴.
    """

    def claim(W: Weights, c: Shares) -> Bound:
        correction = (c * angles(W) ** power).sum(dim=-1) * _distance(W) / (2.0 * math.pi)
        return at_most(2.0 * loss(W) - _product(W, c), correction)

    return _attacked(claim, world, trials)


the_way_to_a_global_minimum_descends_up_to_its_own_angles.twin(
    "θ³ in place of θ²",
    specimens=[{"world": Students(family="local", count=1, dimension=3, size=0.1)}],
    power=3.0,
)


@XD12.part(
    "c",
    says=r"Exactly: $\sum_i\langle\nabla_iL,w_i-w_i^*\rangle=2L+\sum_i\frac{c_i\|v\|}{2\pi}"
    r"[r_v(\theta_i-\sin\theta_i\cos\theta_i)-r_{p_i}\sin^2\theta_i]+\mathbb "
    r"E\,R_2\sum_ic_iD_i$, the last not negative; $r_v$, $r_{p_i}$ the components of $r$ along $v$ "
    r"and along the part of $w_i$ orthogonal to it. Tried in the plane.",
    kind="identity",
    provenance="ours",
    proof="in the docstring",
    specimens=[{"world": Students(family="global", count=3, dimension=2, size=1.0)}],
)
@given(world=students(count=(1, 4), dimensions=(2, 2)))
def the_product_is_twice_the_loss_and_two_moments(
    world: Students, trials: Trials, *, second: float = 1.0
) -> Bound:
    """The wedge vᵀx ≥ 0 > w_iᵀx has, in the plane of v̄ and the direction p of w_i orthogonal to it,
    the second moments E (v̄ᵀx)² = (θ - sin θ cos θ)/2π and E (v̄ᵀx)(pᵀx) = -sin² θ/2π.
    """
    W = world.draw(trials)
    c = trials.normal("shares", world.count).softmax(dim=-1)
    theta, r = angles(W), error(W)
    p = units(W[..., 1:])
    along = r[..., 0] * wedge(theta) - (r[..., 1:] * p).sum(dim=-1) * theta.sin() ** 2
    moments = (c * along).sum(dim=-1) / (2.0 * math.pi)
    rest = mean_in_plane(W, partial(_rest, W, c))
    scale = (1.0 + norms(W).sum(dim=1)) ** 2
    expected = 2.0 * loss(W) + second * moments + rest
    return equal(_product(W, c), expected, roundings=100 * (world.count + 1) ** 2, scale=scale)


def _rest(W: Weights, c: Shares, x: Points) -> Float[Tensor, "trials nodes"]:
    """Return R₂ Σ_i c_i D_i."""
    along, ahead = x @ W.mT, x[..., :1]
    differs = (along >= 0).to(x.dtype) - (ahead >= 0).to(x.dtype)
    return (along * differs).sum(dim=-1) * (-ahead * differs * c.unsqueeze(1)).sum(dim=-1)


the_product_is_twice_the_loss_and_two_moments.twin("twice the moments", second=2.0)


@XD12.part(
    "d",
    source="Lemma 8 as in Appendix E.2.1, page 29",
    says=r"The same for $w_i^*=\frac{h_i}{\sum_jh_j}v$, $h_i=\langle w_i,\bar v\rangle\ge0$.",
    note="h_i ≥ 0 is implicit in the words 'the global minimum'",
    quantifiers=(r"\forall\, n,d", r"\forall\, W:\ h_i\ge0"),
    constant=Constant(0.16, measured_on="n ≤ 4, θ < π/2; (b) gives 1/2π", failure=0.0),
    specimens=[_NEAR, _FAR],
)
@given(world=students("global", "local", count=(1, 4), dimensions=(2, 3)))
def the_way_to_the_projected_minimum_descends(world: Students, trials: Trials) -> Bound:
    W = world.draw(trials)
    W = torch.cat((W[..., :1].abs(), W[..., 1:]), dim=-1)
    return _towards_projections(W)


def _towards_projections(W: Weights) -> Bound:
    c = W[..., 0] / W[..., 0].sum(dim=-1, keepdim=True)
    correction = angles(W).amax(dim=-1) ** 2 * _distance(W)
    return at_most(2.0 * loss(W) - _product(W, c), correction)


@the_way_to_the_projected_minimum_descends.twin(
    "h₁ < 0: w = (-v, 2v), 0 against 1", specimens=[_FAR]
)
def _(world: Students, trials: Trials) -> Bound:
    return _towards_projections(trials.every(trials.tensor([[-1.0, 0.0], [2.0, 0.0]])))
