"""The loss of a single neuron's students: closed form, and structure (XD23, Section 3, Lemma 21).

Loss and gradient are sums over pairs of neurons (XD-01). The residual's odd part is ½ eᵀx, and its
even part sees the angles: a small loss has a small e and small weighted angles, and conversely
(XD-05).
"""

from __future__ import annotations

import math
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Bound,
    Constant,
    Trials,
    at_most,
    equal,
    given,
    statement,
)
from lemmata.theorems.local_convergence.setting.network import Weights, full_angles
from lemmata.theorems.single_neuron.setting.network import (
    WINDOW,
    Students,
    angles,
    attacked,
    error,
    gradient,
    loss,
    norms,
    students,
)
from lemmata.theorems.single_neuron.setting.plane import Points, mean_in_plane

_ALL_W = (r"\forall\, n,d", r"\forall\, W")
_GLOBAL = {"world": Students(family="global", count=4, dimension=5, size=1.0)}
_LOCAL = {"world": Students(family="local", count=3, dimension=5, size=0.3)}
_PAIR = {"world": Students(family="pair", size=0.01)}

# XD-01

XD01 = statement(
    "XD-01",
    paper="XD23",
    source="(4), page 6, and (23), Appendix B, pages 19 and 20",
    provenance="as printed",
    note="quoted there from Safran & Shamir 2018",
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


def _residual_squared(W: Float[Tensor, "trials n 2"], x: Points) -> Float[Tensor, "trials nodes"]:
    values = (x @ W.mT).relu()
    return 0.5 * (values.sum(dim=-1) - x[..., 0].relu()) ** 2


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
    direct = mean_in_plane(W, partial(_residual_squared, W))
    return equal(measured, direct, roundings=10 * (world.count + 1) ** 2, scale=scale)


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
    source="Lemma 21, page 31",
    provenance="ours",
    proof="in the docstring",
    note="(a) is Lemma 21 in a sharper form, for all W; (b), (c) are not in the paper",
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
    """The odd part of R is ½ eᵀx, orthogonal to the even one: L ≥ ½ E (½ eᵀx)² = ⅛ ‖e‖²."""
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
    """With A = 2I/(d + 1) - v̄v̄ᵀ, E |uᵀx| xᵀAx = √(2/π) ‖u‖ sin² θ(u, v), and E (xᵀAx)² ≤ 3. The
    even part of R is ½ (Σ_i |w_iᵀx| - |vᵀx|): by Cauchy and Schwarz ½ √(2/π) Σ_i ‖w_i‖ sin² θ_i is
    at most √(2L) √3.
    """

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
    """R is eᵀx on vᵀx ≥ 0, of norm ‖e‖/√2, and for each i w_iᵀx, up to its sign, where w_iᵀx and
    vᵀx differ in sign, of norm ‖w_i‖ ((θ_i - sin θ_i cos θ_i)/π)^{1/2} ≤ ‖w_i‖ (2θ_i³/3π)^{1/2}.
    """

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


@XD05.part(
    "d",
    provenance="as printed",
    kind="scaling",
    says=r"$\|r\|\le O(n\,L^{1/2})$, $r=e$, where $\frac1{4n}\le\|w_i\|\le\frac4n$ and "
    r"$L\le O(n^{-2})$.",
    quantifiers=(*_ALL_W, r"\tfrac1{4n}\le\|w_i\|\le\tfrac4n,\ L\le\tfrac1{10n^2}"),
    note="(a) is sharper: √(8L) for all W",
    constant=Constant(3.0, measured_on="n = 1…5, by ascent: √8, at n = 1", failure=0.0),
    specimens=[{"world": Students(family="local", count=2, size=0.1)}],
)
@given(world=students("local", "balanced", "pair", size=(0.01, 0.3)))
def the_sum_of_the_students_is_off_by_their_number_times_the_root_of_the_loss(
    world: Students, trials: Trials, *, power: float = 0.5
) -> Bound:
    n = world.count
    return attacked(
        lambda W: at_most(_size_of_error(W), n * loss(W) ** power),
        world.draw(trials),
        high=0.1 / n**2,
        steps=60,
        **WINDOW,
    ).up_to_roundings(1e6)


the_sum_of_the_students_is_off_by_their_number_times_the_root_of_the_loss.twin(
    "L in place of √L", power=1.0
)
