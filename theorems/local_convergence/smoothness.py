"""The gradient is bounded, the loss is smooth, and one step decreases it (ZGJ21, Lemmas 13, 14).

Sharper than the printed forms, which are ZGJ-35. *Gradient.* ⟨∇_{w_i} f, u⟩ = ‖w_i‖ sgn(w_iᵀx) (u +
ŵ_i ŵ_iᵀu)ᵀx has the norm ‖w_i‖ ‖u + ŵ_i ŵ_iᵀu‖ ≤ 2 ‖w_i‖ ‖u‖ in L², and ‖R‖ = √(2L).

*Curvature.* Split u_i = α_i ŵ_i + p_i with p_i ⊥ w_i, and let α² + p² = 1 be the squares' sums. The
Gauss-Newton part of uᵀ∇²L u is E(Σ ⟨∇_{w_i} f, u_i⟩)² ≤ ‖W‖² (4α² + p²). The rest is
block-diagonal,

    Σ_i E R (|ŵ_iᵀx| (2α_i² + ‖p_i‖²) + 2α_i sgn(w_iᵀx) p_iᵀx) + 2 Σ_i E R δ(ŵ_iᵀx) (p_iᵀx)².

The first sum is at most √(2L) (2α² + 2αp + p²) ≤ √(2L) (3 + √5)/2. In the second one drop the
teachers, which only lower it: what is left is at most (2/√(2π)) Σ_l ‖w_l‖² E|g|³ p² = (4/π) ‖W‖²
p², g ~ N(0, 1). Because 1 + 4/π < 4,

    λ_max(∇²L) ≤ 4 ‖W‖² + (3 + √5)/√2 · √L.

A single neuron of norm s aligned with its teacher has 6s² - 2 = 4s² + 2√2 √L for s > 1: no constant
below 2√2 will do.

*One step.* With M = ‖W*‖² + √(πL), ZGJ-08 says ‖W‖² ≤ M, and √L ≤ M/√π: the curvature is at most
6.1 M as long as the loss does not grow, and with η ≤ 1/(8M) a step decreases it by (1 - 6.1/16)
η‖∇L‖² at least: half of η‖∇L‖² leaves room.
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Bound, Trials, at_least, at_most, given, statement
from lemmata.theorems.local_convergence.setting.attacks import attacked
from lemmata.theorems.local_convergence.setting.derivatives import hessian
from lemmata.theorems.local_convergence.setting.network import (
    TeacherRows,
    Teachers,
    Weights,
    gradient,
    loss,
    square,
    teachers,
)
from lemmata.theorems.local_convergence.setting.states import States, states

_ALL_W = (r"\forall\, m\ge r,d", r"\forall\, W^*", r"\forall\, W")
_EVERY_STATE = {
    "world": teachers(families=("orthogonal", "arc", "simplex", "random")),
    "students": st.one_of(states(), states("far", "global", size=(0.1, 10.0))),
}
_GLOBAL = States(family="global", extra=3, size=3.0)
_LOCAL = States(family="local", extra=4, size=0.5)
_ALIGNED = {"world": Teachers(dimension=3), "students": States(family="aligned", extra=0, size=0.5)}
CURVATURE = (3.0 + math.sqrt(5.0)) / math.sqrt(2.0)
"""The constant of λ_max ≤ 4 ‖W‖² + 3.70 √L."""

ZGJ16 = statement(
    "ZGJ-16",
    paper="ZGJ21",
    source="Lemmas 13 and 14, pages 12 and 13",
    provenance="ours",
    proof="in the docstring",
    uses=["ZGJ-02", "ZGJ-08"],
    title="Upper bound of the gradient, smoothness, decrease of one step",
    says=r"For all $W$: $\|\nabla_{w_i}L\|\le2\|w_i\|\sqrt{2L}$, so that $\|\nabla "
    r"L\|_F^2\le8L\|W\|_F^2$; $\lambda_{\max}(\nabla^2L)\le4\|W\|_F^2+C\sqrt L$; and a step "
    r"$\eta\le1/8(\|W^*\|_F^2+\sqrt{\pi L})$ of gradient descent decreases the loss by at least "
    r"$\frac\eta2\|\nabla L\|_F^2$.",
    kind="inequality",
)


def _rounding(W: Weights, V: TeacherRows) -> Float[Tensor, "..."]:
    """Return what rounding does to E R |v̂ᵀx|: a few units of roundoff of the masses."""
    return 64.0 * torch.finfo(W.dtype).eps * (square(W) + square(V))


@ZGJ16.part(
    "a",
    says=r"$\|\nabla_{w_i}L\|\le2\|w_i\|\sqrt{2L}$ for every $i$; attained by a neuron aligned "
    r"with its teacher.",
    quantifiers=(*_ALL_W, r"\forall\, i\in[m]"),
    specimens=[
        {"world": Teachers(count=3, dimension=5, weakest=0.5), "students": _GLOBAL},
        _ALIGNED,
    ],
)
@given(**_EVERY_STATE)
def the_gradient_is_at_most_the_root_of_the_loss(
    world: Teachers, students: States, trials: Trials, *, factor: float = 2.0
) -> Bound:
    V = world.build(trials)

    def claim(W: Weights) -> Bound:
        size = W.norm(dim=-1)
        bound = factor * size * ((2.0 * loss(W, V)).sqrt() + _rounding(W, V)).unsqueeze(-1)
        return at_most(gradient(W, V).norm(dim=-1), bound)

    return attacked(claim, students.draw(trials, V), V, trials, ascent_steps=40, enough=1.0)


the_gradient_is_at_most_the_root_of_the_loss.twin(
    "constant 1: the outer weight does not move", specimens=[_ALIGNED], factor=1.0
)


@ZGJ16.part(
    "b",
    says=r"$\lambda_{\max}(\nabla^2L(W))\le4\|W\|_F^2+\frac{3+\sqrt5}{\sqrt2}\sqrt L$; a neuron "
    r"aligned with its teacher and longer needs $2\sqrt2\sqrt L$.",
    quantifiers=_ALL_W,
    specimens=[_ALIGNED, {"world": Teachers(count=2, dimension=3), "students": _LOCAL}],
)
@given(**_EVERY_STATE)
def the_curvature_is_at_most_the_mass_and_the_root_of_the_loss(
    world: Teachers, students: States, trials: Trials, *, mass: float = 4.0, root: float = CURVATURE
) -> Bound:
    V = world.build(trials)

    def claim(W: Weights) -> Bound:
        largest = torch.linalg.eigvalsh(hessian(W, V))[..., -1]
        # At zero loss the left side vanishes: what rounding does to gradients' differences over
        # 1e-5 of the shortest neuron is granted.
        rounding = 1e5 * _rounding(W, V) * square(W).sqrt() / W.norm(dim=-1).amin(dim=-1)
        return at_most(largest - mass * square(W), root * loss(W, V).sqrt() + rounding)

    return attacked(
        claim, students.draw(trials, V), V, trials, climb_steps=30, ascent_steps=0, enough=1.0
    )


the_curvature_is_at_most_the_mass_and_the_root_of_the_loss.twin("2‖W‖² in place of 4‖W‖²", mass=2.0)


the_curvature_is_at_most_the_mass_and_the_root_of_the_loss.twin(
    "without the root of the loss",
    specimens=[
        {"world": Teachers(dimension=3), "students": States(family="global", extra=1, size=3.0)}
    ],
    root=0.0,
)


@ZGJ16.part(
    "c",
    says=r"$L(W-\eta\nabla L)\le L-\frac\eta2\|\nabla L\|_F^2$ for every "
    r"$\eta\le\frac1{8(\|W^*\|_F^2+\sqrt{\pi L})}$.",
    quantifiers=(*_ALL_W, r"\forall\,\eta"),
    specimens=[
        {"world": Teachers(count=2, dimension=4), "students": _LOCAL, "share": 1.0},
        {"world": Teachers(count=2, dimension=4), "students": _GLOBAL, "share": 1.0},
    ],
)
@given(**_EVERY_STATE, share=st.sampled_from((1.0, 0.5, 0.1)))
def a_step_decreases_the_loss(
    world: Teachers, students: States, share: float, trials: Trials, *, long: bool = False
) -> Bound:
    V = world.build(trials)

    def claim(W: Weights) -> Bound:
        L, slope = loss(W, V), gradient(W, V)
        eta = share / (2.0 * square(W) if long else 8.0 * (square(V) + (math.pi * L).sqrt()))
        gained = L - loss(W - eta[:, None, None] * slope, V)
        # A difference of losses is known up to roundings of either one, which are of this size.
        rounding = _rounding(W, V) * (L.sqrt() if world.count == 1 else square(W) + square(V))
        return at_least(gained + rounding, 0.5 * eta * square(slope))

    return attacked(claim, students.draw(trials, V), V, trials, ascent_steps=40, enough=1.0)


a_step_decreases_the_loss.twin("η = 1/(2‖W‖²)", long=True)
