"""The product of the gradient with the way to the witness, as one expectation (ours).

The first step of Lemma 8 in ZGJ21 is another identity, (12) on page 36: ZGJ-30. By the chain rule
⟨∇L, D⟩ = E[R Σ_i (w̄_iᵀd_i |w_iᵀx| + ‖w_i‖ sgn(w_iᵀx) d_iᵀx)] for a direction D
with rows d_i. For D = W the sum is 2f, by homogeneity, so that for D = W - W* it is R + B with a B
that compares the students with where they should go. Written neuron by neuron, B is positive on the
wedges between a student and its teacher, where the second part of the residual lives, and elsewhere
at least -½ Σ a_i θ_i² |w*_{j(i)}ᵀx|: what can make the product negative is the far neurons' share
of the sum Σ a_i θ_i² = O(√L).

Every expectation is a bilinear form of moments in ZGJ-01: E|uᵀx||vᵀx| and E|uᵀx| sgn(vᵀx) x.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Bound, Mean, Trials, at_least, at_most, equal, given, mean_of, statement
from lemmata.theorems.local_convergence.setting.network import (
    TeacherRows,
    Teachers,
    Weights,
    atoms,
    cells,
    full_angles,
    gradient,
    kernel,
    line_angles,
    loss,
    square,
    teachers,
    units,
    witness,
)
from lemmata.theorems.local_convergence.setting.samples import residual
from lemmata.theorems.local_convergence.setting.states import States, states

_ALL_W = (r"\forall\, m\ge r,d", r"\forall\, W^*", r"\forall\, W")
_EVERY_STATE = {
    "world": teachers(families=("orthogonal", "arc", "simplex", "random")),
    "students": states(),
}
_FREE = {
    "world": Teachers(count=3, dimension=5, weakest=0.5),
    "students": States(family="global", extra=5, size=1.0),
}
_LOCAL = {
    "world": Teachers(count=2, dimension=4),
    "students": States(family="local", extra=4, size=0.5),
}
_TINY = {
    "world": Teachers(count=2, dimension=4, weakest=0.5),
    "students": States(family="tiny", extra=3, size=1.0),
}
_INPUTS = 128

ZGJ28 = statement(
    "ZGJ-28",
    paper="ZGJ21",
    source="ours",
    provenance="ours",
    proof="in the docstring",
    uses=["ZGJ-02", "ZGJ-14"],
    title="The descent product as an exact expectation",
    says=r"For all $W$, with the witness $W^*_i=q_is_iw^*_{j(i)}$ of ZGJ-14: $\langle\nabla "
    r"L,W-W^*\rangle=\mathbb E[R^2]+\mathbb E[RB]$, $B(x)=f+f^*-\sum_i\big(\bar w_i^\top "
    r"W_i^*\,|w_i^\top x|+\|w_i\|\,\mathrm{sgn}(w_i^\top x)\,W_i^{*\top}x\big)$, and $B$ is "
    r"bounded from below neuron by neuron.",
)


def _product(W: Weights, V: TeacherRows) -> Float[Tensor, "..."]:
    return (gradient(W, V) * (W - witness(W, V))).sum(dim=(-2, -1))


def _comparison(
    W: Weights, V: TeacherRows, x: Float[Tensor, "trials N d"], teacher: float = 1.0
) -> Float[Tensor, "trials N"]:
    """Return B(x), the teacher's output times a factor."""
    target, size, inner = witness(W, V), W.norm(dim=-1, keepdim=True), W @ x.mT
    towards = (units(W) * target).sum(dim=-1, keepdim=True) * inner.abs() + size * inner.sign() * (
        target @ x.mT
    )
    labels = (V.norm(dim=-1, keepdim=True) * (V @ x.mT).abs()).sum(dim=-2)
    return (size * inner.abs() - towards).sum(dim=-2) + teacher * labels


@ZGJ28.part(
    "a",
    kind="identity",
    says=r"$\langle\nabla L,W-W^*\rangle=\mathbb E[R^2]+\mathbb E[RB]$, every expectation in "
    r"closed form.",
    quantifiers=_ALL_W,
    specimens=[_FREE, _LOCAL],
)
@given(**_EVERY_STATE)
def the_descent_product_is_an_expectation(
    world: Teachers, students: States, trials: Trials, *, teacher: float = 1.0, outer: float = 1.0
) -> Bound:
    V = world.build(trials)
    W = students.draw(trials, V)
    target, m = witness(W, V), W.shape[1]
    v, c = atoms(W, V)
    # E R |v̄_kᵀx| of every atom, and of every student E R sgn(w_iᵀx) x.
    outputs = (kernel(line_angles(v, v)) @ c.unsqueeze(-1)).squeeze(-1)
    sines = (c.unsqueeze(1) * line_angles(W, v).sin()).sum(dim=-1, keepdim=True) * units(W)
    inputs = 2.0 / math.pi * (sines + (c.unsqueeze(1) * (math.pi / 2 - full_angles(W, v))) @ v)
    mass, size = (W**2).sum(dim=-1), W.norm(dim=-1)
    labels = -(c * outputs)[:, m:].sum(dim=-1)
    towards = outer * (W * target).sum(dim=-1) * outputs[:, :m] + size * (target * inputs).sum(
        dim=-1
    )
    comparison = (mass * outputs[:, :m] - towards).sum(dim=-1) + teacher * labels
    scale = c.abs().sum(dim=-1) * (c.abs().sum(dim=-1) + square(W).sqrt() * square(target).sqrt())
    return equal(_product(W, V), 2.0 * loss(W, V) + comparison, roundings=64, scale=scale)


the_descent_product_is_an_expectation.twin("f* is dropped from B", teacher=0.0)


the_descent_product_is_an_expectation.twin(
    "the outer weights stay where they are: no term w̄ᵀW* |wᵀx|", outer=0.0
)


@ZGJ28.part(
    "b",
    kind="mean",
    says=r"$\mathbb E\big[R(x)^2+R(x)B(x)\big]=\langle\nabla L,W-W^*\rangle$, by the definition of "
    r"$B$.",
    quantifiers=(*_ALL_W, r"\mathbb E_x"),
    specimens=[_TINY],
)
@given(world=teachers(), students=states("local", "tiny", "ring", "global", size=(0.3, 1.0)))
def the_expectation_is_the_descent_product(
    world: Teachers, students: States, trials: Trials, *, teacher: float = 1.0
) -> Mean:
    V = world.build(trials)
    W = students.draw(trials, V)
    x = trials.normal("inputs", _INPUTS, world.dimension)
    R = residual(W, V, x)
    sampled = (R * (R + _comparison(W, V, x, teacher))).mean(dim=-1)
    return mean_of((sampled - _product(W, V)) / (square(W) + square(V)) ** 2, 0.0)


the_expectation_is_the_descent_product.twin("f* is dropped from B", teacher=0.0)


def _of_a_neuron(
    p: Float[Tensor, "trials N m"],
    t: Float[Tensor, "trials N m"],
    theta: Float[Tensor, "trials 1 m"],
) -> Float[Tensor, "trials N m"]:
    """Return b_i from p = w̄_iᵀx, t = w*_{j(i)}ᵀx and θ_i."""
    return theta.sin() ** 2 * p.abs() + theta.cos() ** 2 * t.abs() - theta.cos() * t * p.sign()


@ZGJ28.part(
    "c",
    kind="identity",
    says=r"For unit teachers and $\sum_{i\in T_j}a_i\cos^2\theta_i=1$ for all $j$: "
    r"$B=\sum_ia_ib_i$ with $b_i(x)=\sin^2\theta_i|\bar w_i^\top "
    r"x|+\cos^2\theta_i|w_{j(i)}^{*\top}x|-\cos\theta_i\,w_{j(i)}^{*\top}x\,\mathrm{sgn}(w_i^\top "
    r"x)$.",
    quantifiers=(
        r"\forall\, m\ge r,d",
        r"\forall\, W^*:\ \|w_j^*\|=1",
        r"\forall\, W",
        r"\forall\, x",
    ),
    specimens=[
        _LOCAL,
        {
            "world": Teachers(family="arc", count=3, dimension=3, separation=0.8),
            "students": _LOCAL["students"],
        },
    ],
)
@given(
    world=teachers(families=("orthogonal", "arc", "simplex", "random"), weakest=(1.0,)),
    students=states(),
)
def the_comparison_is_a_sum_over_neurons(
    world: Teachers, students: States, trials: Trials, *, rescaled: float = 1.0
) -> Bound:
    V = world.build(trials)
    # Below the threshold no cell is empty; scaling a cell leaves its angles.
    W = students.near(trials, V, world.threshold)
    matched = cells(W, V)
    full = (
        matched.per_cell(matched.mass * matched.theta.cos() ** 2).gather(1, matched.teacher).sqrt()
    )
    W = W / full.unsqueeze(-1) ** rescaled
    matched, x = cells(W, V, matched.teacher), trials.normal("inputs", _INPUTS, world.dimension)
    t = (x @ V.T).gather(2, matched.teacher.unsqueeze(1).expand(-1, _INPUTS, -1))
    b = _of_a_neuron(x @ units(matched.flipped).mT, t, matched.theta.unsqueeze(1))
    scale = (matched.mass.sum(dim=-1, keepdim=True) + (V**2).sum()) * x.norm(dim=-1)
    roundings = 4.0 * (W.shape[1] + len(V) + world.dimension)
    return equal(
        _comparison(W, V, x),
        (matched.mass.unsqueeze(1) * b).sum(dim=-1),
        roundings=roundings,
        scale=scale,
    )


the_comparison_is_a_sum_over_neurons.twin("whatever the cells' masses", rescaled=0.0)


def _at_inputs(
    world: Teachers, students: States, trials: Trials
) -> tuple[Float[Tensor, "trials N m"], Float[Tensor, "trials N m"], Float[Tensor, "trials 1 m"]]:
    """Return w̄_iᵀx, w̄*_{j(i)}ᵀx and θ_i.

    For each neuron the inputs are moved towards its own boundary, by factors over four decades.
    """
    V = world.build(trials)
    matched, x = (
        cells(students.draw(trials, V), V),
        trials.normal("inputs", _INPUTS, world.dimension),
    )
    theta, p = matched.theta.unsqueeze(1), x @ units(matched.flipped).mT
    t = (x @ units(V).T).gather(2, matched.teacher.unsqueeze(1).expand(-1, _INPUTS, -1))
    share = 10.0 ** (-4.0 * trials.uniform("share", _INPUTS, p.shape[2]))
    return share * p, t - (1.0 - share) * p * theta.cos(), theta


@ZGJ28.part(
    "d",
    kind="inequality",
    says=r"$b_i(x)\ge\sin^2\theta_i|\bar w_i^\top x|\ge0$ where $\mathrm{sgn}(w_i^\top "
    r"x)\ne\mathrm{sgn}(w_{j(i)}^{*\top}x)$.",
    quantifiers=(r"\forall\, m\ge r,d", r"\forall\, W,W^*", r"\forall\, x", r"\forall\, i\in[m]"),
    specimens=[_FREE, _LOCAL],
)
@given(**_EVERY_STATE)
def the_comparison_is_positive_on_the_wedges(
    world: Teachers, students: States, trials: Trials, *, everywhere: bool = False
) -> Bound:
    p, t, theta = _at_inputs(world, students, trials)
    bound = theta.sin() ** 2 * p.abs()
    return at_least(
        torch.where(
            (p * t < 0) | torch.tensor(everywhere, device=p.device),
            _of_a_neuron(p, t, theta),
            1.0 + bound,
        ),
        bound,
    )


the_comparison_is_positive_on_the_wedges.twin("where the signs agree too", everywhere=True)


@ZGJ28.part(
    "e",
    kind="inequality",
    says=r"$b_i(x)\ge-\frac12\theta_i^2\,|w_{j(i)}^{*\top}x|$ everywhere.",
    quantifiers=(r"\forall\, m\ge r,d", r"\forall\, W,W^*", r"\forall\, x", r"\forall\, i\in[m]"),
    specimens=[
        _LOCAL,
        {"world": Teachers(dimension=3), "students": States(family="common angle", size=0.01)},
    ],
)
@given(**_EVERY_STATE)
def elsewhere_the_comparison_is_at_least_the_square_of_the_angle(
    world: Teachers, students: States, trials: Trials, *, factor: float = 0.5
) -> Bound:
    p, t, theta = _at_inputs(world, students, trials)
    # cos² θ - cos θ is a difference of numbers near 1: a few roundings are granted.
    rounding = 8.0 * torch.finfo(p.dtype).eps
    return at_most(-_of_a_neuron(p, t, theta), (factor * theta**2 + rounding) * t.abs())


elsewhere_the_comparison_is_at_least_the_square_of_the_angle.twin(
    "a quarter of the square", factor=0.25
)
