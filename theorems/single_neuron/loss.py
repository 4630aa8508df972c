"""The loss of a single neuron's students.

Closed form, structure, slope and curvature (XD23, preliminaries and local analysis).

Loss and gradient are sums over pairs of neurons (XD-01). The residual's odd part is ½ eᵀx, and its
even part sees the angles: a small loss has a small e and small weighted angles, and conversely
(XD-05). Neurons at angles θ to the teacher that cancel each other's displacement have a loss of
order θ³ and a gradient of order θ², whence ‖∇L‖ ≥ Ω(L^{2/3}), and no more (XD-06).
"""

from __future__ import annotations

import math

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Trials,
    at_least,
    at_most,
    equal,
    given,
    statement,
)
from lemmata.theorems.local_convergence.setting.network import Weights, full_angles
from lemmata.theorems.single_neuron.setting.network import (
    HIGHEST,
    Students,
    angles,
    attacked,
    error,
    gradient,
    loss,
    norms,
    steepness,
    students,
)

_ALL_W = (r"\forall\, n,d", r"\forall\, W")
_GLOBAL = {"world": Students(family="global", count=4, dimension=5, size=1.0)}
_LOCAL = {"world": Students(family="local", count=3, dimension=5, size=0.3)}
_PAIR = {"world": Students(family="pair", size=0.01)}

# XD-01

XD01 = statement(
    "XD-01",
    paper="XD23",
    source="gradient formula",
    provenance="recalled",
    uses=["ZGJ-01"],
    title="Closed-form loss and gradient",
    says=r"For all $W$, with $\psi(\theta)=\sin\theta-\theta\cos\theta$ and full angles: "
    r"$L=\frac14\|e\|^2+\frac1{4\pi}\sum_{k,l}\sigma_k\sigma_l\|v_k\|\|v_l\|\psi(\theta_{kl})$ "
    r"over students ($\sigma=1$) and the teacher ($\sigma=-1$), and "
    r"$\nabla_{w_i}L=\frac12e+\frac1{2\pi}\big[(\sum_j\|w_j\|\sin\theta_{ij}"
    r"-\|v\|\sin\theta_i)\bar "
    r"w_i-\sum_j\theta_{ij}w_j+\theta_iv\big]$.",
    kind="identity",
    quantifiers=_ALL_W,
)


def _by_quadrature(W: Float[Tensor, "trials n 2"]) -> Float[Tensor, "trials"]:
    """Return ½ E R² in the plane, (1/2π) ∫ R(cos φ, sin φ)² dφ, by Gauss's rule with 20 nodes
    between any two kinks.
    """
    atoms = torch.cat(
        (W, torch.eye(1, 2, dtype=W.dtype, device=W.device).expand(len(W), 1, 2)), dim=1
    )
    kinks = torch.atan2(atoms[..., 1], atoms[..., 0]) + math.pi / 2
    ends = torch.cat((kinks, kinks + math.pi), dim=1).remainder(2.0 * math.pi).sort(dim=1).values
    ends = torch.cat((ends, ends[:, :1] + 2.0 * math.pi), dim=1)
    nodes, weights = (
        torch.as_tensor(x, dtype=W.dtype, device=W.device)
        for x in np.polynomial.legendre.leggauss(20)
    )
    half = 0.5 * (ends[:, 1:] - ends[:, :-1])
    phi = (ends[:, :-1] + half).unsqueeze(-1) + half.unsqueeze(-1) * nodes
    values = (torch.stack((phi.cos(), phi.sin()), dim=-1).flatten(1, 2) @ atoms.mT).relu()
    square = (values[..., :-1].sum(dim=-1) - values[..., -1]) ** 2
    return (square.view_as(phi) @ weights * half).sum(dim=1) / (2.0 * math.pi)


@XD01.part(
    "a",
    says=r"The formula of $L$ is $\frac12\mathbb E(f-f^*)^2$, tried in the plane, where every pair "
    r"of neurons lives.",
    specimens=[{"world": Students(family="global", count=4, dimension=2, size=1.0)}],
)
@given(world=students(dimensions=(2, 2)))
def the_closed_form_is_half_the_mean_square_residual(
    world: Students, trials: Trials, *, share: float = 1.0
) -> Bound:
    W = world.draw(trials)
    scale = (1.0 + norms(W).sum(dim=1)) ** 2
    pairs = loss(W) - 0.25 * (error(W) ** 2).sum(dim=(1, 2))
    # Either side adds (n + 1)² products, each with some ten roundings.
    measured = loss(W) + (share - 1.0) * pairs
    return equal(measured, _by_quadrature(W), roundings=10 * (world.count + 1) ** 2, scale=scale)


the_closed_form_is_half_the_mean_square_residual.twin("1/2π in place of 1/4π", share=2.0)


@XD01.part(
    "b",
    says=r"The formula of $\nabla L$ is the derivative of that of $L$.",
    specimens=[_GLOBAL, _LOCAL],
)
@given(world=students())
def the_gradient_is_the_derivative_of_the_loss(
    world: Students, trials: Trials, *, between: float = 1.0
) -> Bound:
    W = world.draw(trials)
    with torch.enable_grad():
        moved = W.clone().requires_grad_()
        (derivative,) = torch.autograd.grad(loss(moved).sum(), moved)
    turned = _turned_by_students(W) if between != 1.0 else 0.0
    # In directions: the derivative of an angle is divided by the norm, its roundings by sin θ,
    # which ψ'(θ) = θ sin θ cancels.
    scale = 1.0 + norms(W).sum(dim=1)[:, None, None]
    return equal(gradient(W) + turned, derivative, roundings=100 * (world.count + 1), scale=scale)


def _turned_by_students(W: Weights) -> Weights:
    return full_angles(W, W) @ W / (2.0 * math.pi)


the_gradient_is_the_derivative_of_the_loss.twin(
    "without Σ_j θ_ij w_j", specimens=[_GLOBAL], between=0.0
)


# XD-05

XD05 = statement(
    "XD-05",
    paper="XD23",
    source="local structure",
    provenance="recalled",
    note="the form is recalled, number and constants are uncertain; constants derived",
    uses=["ZGJ-01", "XD-01"],
    title="Structure from the loss, and the loss from structure",
    says=r"For all $W$, near or far: $\|e\|\le\sqrt{8L}$, "
    r"$\sum_i\|w_i\|\sin^2\theta_i\le2\sqrt{3\pi L}$, and "
    r"$\sqrt{2L}\le\frac{\|e\|}{\sqrt2}+\sqrt{\frac2{3\pi}}\sum_i\|w_i\|\theta_i^{3/2}$.",
    kind="inequality",
    quantifiers=_ALL_W,
)


def _size_of_error(W: Weights) -> Float[Tensor, "trials"]:
    return (error(W) ** 2).sum(dim=(-2, -1)).add(1e-60).sqrt()


@XD05.part(
    "a",
    says=r"$\|e\|\le\sqrt{8L}$.",
    specimens=[{"world": Students(count=1, family="local")}],
)
@given(world=students())
def the_sum_of_the_students_is_off_by_the_root_of_the_loss(
    world: Students, trials: Trials, *, factor: float = 8.0
) -> Bound:
    # Attained by multiples of v. L ≥ 1e-10 has, by the 1e-16 of e, a relative error of 1e-11 or so.
    claim = attacked(
        lambda W: at_most(_size_of_error(W), (factor * loss(W)).sqrt()), world.draw(trials)
    )
    return claim.up_to_roundings(1e6)


the_sum_of_the_students_is_off_by_the_root_of_the_loss.twin("√(4L)", factor=4.0)


@XD05.part(
    "b",
    says=r"$\sum_i\|w_i\|\sin^2\theta_i\le2\sqrt{3\pi L}$.",
    specimens=[_GLOBAL, _PAIR],
)
@given(world=students())
def weighted_angles_are_at_most_the_root_of_the_loss(
    world: Students, trials: Trials, *, power: int = 2
) -> Bound:
    def claim(W: Weights) -> Bound:
        return at_most(
            (norms(W) * angles(W).sin().abs() ** power).sum(dim=-1),
            2.0 * (3.0 * math.pi * loss(W)).sqrt(),
        )

    return attacked(claim, world.draw(trials))


weighted_angles_are_at_most_the_root_of_the_loss.twin(
    "sin θ in place of sin² θ", specimens=[{"world": Students(family="pair", size=0.003)}], power=1
)


@XD05.part(
    "c",
    says=r"$\sqrt{2L}\le\frac{\|e\|}{\sqrt2}+\sqrt{\frac2{3\pi}}\sum_i\|w_i\|\theta_i^{3/2}$.",
    specimens=[_LOCAL, _PAIR],
)
@given(world=students())
def the_loss_is_at_most_what_error_and_angles_give(
    world: Students, trials: Trials, *, power: float = 1.5
) -> Bound:
    def claim(W: Weights) -> Bound:
        weighted = (norms(W) * angles(W) ** power).sum(dim=-1)
        return at_most(
            (2.0 * loss(W)).sqrt(),
            _size_of_error(W) / math.sqrt(2.0) + math.sqrt(2.0 / (3.0 * math.pi)) * weighted,
        )

    return attacked(claim, world.draw(trials)).up_to_roundings(1e6)


the_loss_is_at_most_what_error_and_angles_give.twin(
    "θ² in place of θ^{3/2}", specimens=[_PAIR], power=2.0
)


# XD-06

XD06 = statement(
    "XD-06",
    paper="XD23",
    source="gradient lower bound",
    provenance="recalled",
    note="the form is recalled, number and constants are uncertain",
    uses=["XD-05"],
    title="Gradient lower bound with exponent 2/3",
    says=r"For all $W$ with $L\le\varepsilon_0\|v\|^2$: $\|\nabla L\|_F\ge\kappa "
    r"L^{2/3}\|v\|^{-1/3}$. The paper lets $\kappa$ fall like $n^{-2/3}$; tried with "
    r"$\varepsilon_0=0.02$, one $\kappa$ serves all $n$. No student needs mass, the second layer "
    r"being fixed.",
    kind="scaling",
)


@XD06.part(
    "a",
    says=r"$\|\nabla L\|_F\ge\kappa L^{2/3}$ where $L\le0.02$, with $\|v\|=1$.",
    quantifiers=(*_ALL_W, r"L\le\varepsilon_0"),
    constant=Constant(
        1.0, measured_on="n = 1…5: 0.67 at worst by ascent, L = 1e-10…0.02", failure=0.0
    ),
    specimens=[
        {"world": Students()},
        {"world": Students(family="pair", count=3)},
        {"world": Students(family="tiny", size=0.03)},
    ],
)
@given(world=students("local", "balanced", "pair", "tiny", size=(0.01, 0.3)))
def the_gradient_is_at_least_the_two_thirds_power_of_the_loss(
    world: Students, trials: Trials, *, power: float = 2.0 / 3.0
) -> Bound:
    return attacked(
        lambda W: at_least(steepness(W), loss(W) ** power), world.draw(trials), high=HIGHEST
    )


the_gradient_is_at_least_the_two_thirds_power_of_the_loss.twin(
    "√L, as gradient dominance would give", power=0.5
)


_along_angle = Along(
    variable=r"\theta",
    sizes=(0.003, 0.01, 0.03, 0.1),
    instance=lambda angle: {"world": Students(family="pair", size=angle)},
    at_most=0.05,
    at_least=-0.05,
)


@XD06.part(
    "b",
    says=r"The exponent is sharp: two students at the angles $\pm\theta$ with $e=0$ have $\|\nabla "
    r"L\|_F=\Theta(L^{2/3})$.",
    quantifiers=(r"\forall\, d,\theta",),
    constant=Constant(2.0, measured_on="θ = 0.003…0.3: 1.60", failure=0.0),
    along=_along_angle,
    specimens=[_PAIR],
)
@given(world=students("pair", count=(2, 2), size=(0.003, 0.3)))
def the_symmetric_pair_attains_the_two_thirds_power(
    world: Students, trials: Trials, *, power: float = 2.0 / 3.0
) -> Bound:
    W = world.draw(trials)
    return at_most(steepness(W), loss(W) ** power)


the_symmetric_pair_attains_the_two_thirds_power.twin(
    "L^{3/4}, the exponent of ZGJ21's network", specimens=[], power=0.75
)


the_symmetric_pair_attains_the_two_thirds_power.twin("√L", specimens=[], power=0.5)
