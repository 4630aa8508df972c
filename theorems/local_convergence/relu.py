"""ReLU in place of |·|: what its odd part does, and how a linear term takes it away (ZGJ21,
appendix A).

With relu(t) = ½(|t| + t) the residual of two networks is R_relu = ½R + ½pᵀx with the vector p =
Σ_i ‖w_i‖w_i - Σ_j ‖w*_j‖w*_j. Where the law of x is symmetric R, which is even, and pᵀx are
uncorrelated. So a student may stand on the side opposite to its teacher, if only the teachers'
vectors add up to 0 (Claim 1), and a linear function βᵀx beside the students is best at β = -½p,
which leaves ½R.
"""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Bound, Trials, all_of, at_least, equal, given, statement
from lemmata.theorems.local_convergence.setting.network import (
    TeacherRows,
    Teachers,
    Weights,
    atoms,
    full_angles,
    teachers,
    units,
)
from lemmata.theorems.local_convergence.setting.states import States, states

Law: TypeAlias = Literal["gaussian", "signs", "heavy"]

ZGJ37 = statement(
    "ZGJ-37",
    paper="ZGJ21",
    source="Claim 1, page 4; appendix A, pages 16-18",
    provenance="as printed",
    uses=["ZGJ-01", "ZGJ-23"],
    title="ReLU: unmatched directions at zero loss, and a linear term that removes them",
    says=r"With $\mathrm{relu}$ in place of $|\cdot|$ in both networks there are students without "
    r"loss whose directions are no teacher's. With $\beta^\top x$ beside the students, and the "
    r"best $\beta=\frac12\big(\sum_j\|w_j^*\|w_j^*-\sum_i\|w_i\|w_i\big)$, what is left is the "
    r"loss with $|\cdot|$, up to a factor.",
    kind="identity",
)


def _of_relu(
    W: Weights, V: TeacherRows, x: Float[Tensor, "trials N d"]
) -> Float[Tensor, "trials N"]:
    """Return R_relu(x_k), neuron by neuron."""
    v, c = atoms(W, V)
    return torch.einsum("tk,tkn->tn", c, (v @ x.mT).relu())


def _scale(W: Weights, V: TeacherRows, x: Float[Tensor, "trials N d"]) -> Float[Tensor, "trials N"]:
    return atoms(W, V)[1].abs().sum(dim=-1, keepdim=True) * x.norm(dim=-1)


def _closed_star(count: int, dimension: int, trials: Trials) -> Float[Tensor, "trials r d"]:
    """Draw r teachers with Σ_j ‖w*_j‖w*_j = 0, the last of them minus the sum of the others."""
    free = trials.normal("free", count - 1, dimension)
    total = torch.cat((free, -free.sum(dim=1, keepdim=True)), dim=1)
    return total / total.norm(dim=-1, keepdim=True).sqrt()


@ZGJ37.part(
    "a",
    kind="existence",
    source="Claim 1, pages 4 and 18",
    says=r"If $r\ge3$ and $\sum_j\|w_j^*\|w_j^*=0$, then the $m=r$ students $w_i=-w_i^*$ have "
    r"$f-f^*\equiv0$ with relu, and every student is at a full angle of at least $\Delta$ to every "
    r"teacher, $\Delta$ the least line angle of two teachers.",
    quantifiers=(
        r"\forall\, r\ge3,d",
        r"\forall\, w_j^*:\ \sum_j\|w_j^*\|w_j^*=0",
        r"\exists\, W",
        r"\forall\, x",
    ),
    specimens=[{"count": 3, "dimension": 2}, {"count": 5, "dimension": 4}],
)
@given(count=st.integers(3, 6), dimension=st.integers(2, 6))
def students_opposite_to_their_teachers_have_no_loss_with_relu(
    count: int, dimension: int, trials: Trials, *, total: float = 0.0
) -> Bound:
    """relu(t) - relu(-t) = t: the residual is -Σ_j ‖w*_j‖w*_jᵀx.

    A student is opposite to its own teacher, and at π minus the angle of two teachers from another.
    """
    V = _closed_star(count, dimension, trials)
    V = torch.cat(((1.0 + total) * V[:, :1], V[:, 1:]), dim=1)
    x = trials.normal("x", 64, dimension)
    mass, inner = (V**2).sum(dim=-1), units(V) @ x.mT
    R = torch.einsum("tr,trn->tn", mass, (-inner).relu() - inner.relu())
    full = full_angles(V, V)
    lines = torch.minimum(full, math.pi - full) + math.pi * torch.eye(count).to(full)
    rounding = 64.0 * torch.finfo(V.dtype).eps
    return all_of(
        residual=equal(R, 0.0, roundings=64.0, scale=mass.sum(dim=1)[:, None] * x.norm(dim=-1)),
        directions=at_least(full_angles(-V, V).amin(dim=(1, 2)) + rounding, lines.amin(dim=(1, 2))),
    )


students_opposite_to_their_teachers_have_no_loss_with_relu.twin(
    "Σ‖w*‖w* ≠ 0: one teacher is longer by a tenth", total=0.1
)


def _inputs(law: Law, dimension: int, trials: Trials) -> Float[Tensor, "trials N d"]:
    """Draw a symmetric sample: 128 inputs of the law, of full rank, and their opposites."""
    if law == "gaussian":
        half = trials.normal("x", 128, dimension)
    elif law == "signs":
        half = trials.signs("x", 128, dimension) * torch.arange(
            1.0, dimension + 1.0, dtype=trials.dtype, device=trials.device
        )
    else:
        half = trials.normal("x", 128, dimension) / trials.uniform("s", 128, 1).sqrt()
    return torch.cat((half, -half), dim=1)


_SYMMETRIC = (
    r"\forall\, m,r,d",
    r"\forall\, W^*,W",
    r"\forall\,\text{symmetric laws of }x,\ \mathrm{rank}\,\mathbb Exx^\top=d",
)
_SOME = {
    "world": Teachers(count=3, dimension=5, weakest=0.5),
    "students": States(family="global", extra=3, size=1.0),
    "law": "gaussian",
}
_drawn = {
    "world": teachers(families=("orthogonal", "arc", "simplex", "random")),
    "students": states(),
    "law": st.sampled_from(("gaussian", "signs", "heavy")),
}


@ZGJ37.part(
    "b",
    source="appendix A.1, page 17",
    says=r"$\mathbb E[\,x\,\mathrm{relu}(w^\top x)]=\frac12\mathbb E[xx^\top]w$ for every "
    r"symmetric law of $x$; here the law of a sample and its opposite.",
    quantifiers=(r"\forall\, w", _SYMMETRIC[2]),
    specimens=[{**_SOME, "law": "signs"}, _SOME],
)
@given(**_drawn)
def relu_correlates_with_the_input_as_half_a_linear_function(
    world: Teachers, students: States, law: Law, trials: Trials, *, half: float = 0.5
) -> Bound:
    """X relu(wᵀx) at x and at -x add up to x xᵀw."""
    W = students.draw(trials, world.build(trials))
    x = _inputs(law, world.dimension, trials)
    left = (W @ x.mT).relu() @ x / x.shape[1]
    right = half * (W @ x.mT) @ x / x.shape[1]
    scale = (W @ x.mT).abs() @ x.abs() / x.shape[1]
    return equal(left, right, roundings=4.0 * x.shape[1], scale=scale)


relu_correlates_with_the_input_as_half_a_linear_function.twin(
    "the whole of it, as for a linear neuron", half=1.0
)


@ZGJ37.part(
    "c",
    source="appendix A.1, page 17",
    note="the factor ¼ is left out in print: minimising over β is equivalent to the problem with "
    "|·|",
    says=r"$\min_\beta\frac12\mathbb E(\beta^\top x+f_{\mathrm{relu}}-f^*_{\mathrm{relu}})^2="
    r"\frac14L$, at $\beta=\frac12\big(\sum_j\|w_j^*\|w_j^*-\sum_i\|w_i\|w_i\big)$, with $L$ taken "
    r"under the law of $x$: the gradient in $\beta$ vanishes there, and what is left is "
    r"$\frac12(f-f^*)$.",
    quantifiers=_SYMMETRIC,
    specimens=[{**_SOME, "law": "signs"}, _SOME],
)
@given(**_drawn)
def the_best_linear_term_leaves_half_of_the_even_residual(
    world: Teachers, students: States, law: Law, trials: Trials, *, share: float = 0.5
) -> Bound:
    V = world.build(trials)
    W = students.draw(trials, V)
    x = _inputs(law, world.dimension, trials)
    v, c = atoms(W, V)
    beta = -share * (c.unsqueeze(-1) * v).sum(dim=1)
    left = _of_relu(W, V, x) + (x @ beta.unsqueeze(-1)).squeeze(-1)
    even = torch.einsum("tk,tkn->tn", c, (v @ x.mT).abs())
    slope = (left.unsqueeze(1) @ x).squeeze(1) / x.shape[1]
    size = (_scale(W, V, x).unsqueeze(1) @ x.abs()).squeeze(1) / x.shape[1]
    return all_of(
        residual=equal(left, 0.5 * even, roundings=64.0, scale=_scale(W, V, x)),
        slope=equal(slope, torch.zeros_like(slope), roundings=8.0 * x.shape[1], scale=size),
        loss=equal(
            0.5 * left.square().mean(dim=1),
            0.25 * 0.5 * even.square().mean(dim=1),
            roundings=8.0 * x.shape[1],
            scale=_scale(W, V, x).square().mean(dim=1),
        ),
    )


the_best_linear_term_leaves_half_of_the_even_residual.twin("β = 0", share=0.0)
