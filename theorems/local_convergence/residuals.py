"""The residual splits into a part of the teachers' signs and one that is not negative (ZGJ21, (3)).

R = R_1 + R_2. Replace sgn(w_iᵀx) by the sign of the closest teacher, whose side w_i has been
flipped to. What is left of the residual is linear in the aggregate errors e_j on each sign pattern
of the teachers, R_1 = Σ_j e_jᵀx sgn(w*_jᵀx); what was replaced, R_2 = 2 Σ_i ‖w_i‖ |w_iᵀx| on the
wedges where the two signs differ, is a sum of terms ≥ 0.

All norms are exact here, for any number of teachers: with the blocks G_jk = E xxᵀ sgn(w*_jᵀx)
sgn(w*_kᵀx) of ZGJ-01(f),

    ‖R_1‖² = Σ_jk e_jᵀ G_jk e_k,      ⟨R_1, R_2⟩ = Σ_ij a_i e_jᵀ { (2/π)(sin α_ij w̄*_j + (π/2 -
    α_ij) w̄_i) - G_{j j(i)} w̄_i },

α_ij the full angle of w̄_i and w̄*_j, and ‖R_2‖² = 2L - ‖R_1‖² - 2⟨R_1, R_2⟩.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Bound,
    Instance,
    Mean,
    Trials,
    at_least,
    at_most,
    equal,
    given,
    mean_of,
    statement,
)
from lemmata.theorems.local_convergence.setting.network import (
    Cells,
    TeacherRows,
    Teachers,
    Weights,
    atoms,
    cells,
    full_angles,
    loss,
    teachers,
    units,
)
from lemmata.theorems.local_convergence.setting.states import States, sign_gram, states


@dataclass(frozen=True, slots=True, kw_only=True)
class Residuals:
    """The two parts of the residual, in L² of the Gaussian.

    Attributes:
        first: ‖R_1‖².
        cross: ⟨R_1, R_2⟩.
        second: ‖R_2‖²; rounding may take it below 0.
        rounding: what rounding does to the last at most.
    """

    first: Float[Tensor, "..."]
    cross: Float[Tensor, "..."]
    second: Float[Tensor, "..."]
    rounding: Float[Tensor, "..."]

    def at_most(self) -> Float[Tensor, "..."]:
        """Return ‖R_2‖ without what rounding may have added."""
        return (self.second - self.rounding).clamp(min=1e-300).sqrt()

    def at_least(self) -> Float[Tensor, "..."]:
        """Return ‖R_2‖ with what rounding may have taken away."""
        return (self.second + self.rounding).clamp(min=1e-300).sqrt()


def residuals(W: Weights, V: TeacherRows) -> Residuals:
    """Return the exact norms of R_1 and R_2 and their inner product."""
    matched, L = cells(W, V), loss(W, V)
    gram, e = sign_gram(V), matched.errors
    w, v = units(matched.flipped), units(V)
    alpha = full_angles(w, v).unsqueeze(-1)
    # G_{j j(i)} is the identity within a cell: there the difference below is exactly 0, and what
    # remains is small where θ_i is.
    others = w.unsqueeze(-2) - torch.einsum("...ik,jakb,...ib->...ija", matched.member, gram, w)
    pull = 2.0 / math.pi * (alpha.sin() * v - alpha * w.unsqueeze(-2)) + others
    first = torch.einsum("...ja,jakb,...kb->...", e, gram, e)
    cross = torch.einsum("...i,...ija,...ja->...", matched.mass, pull, e)
    total = atoms(W, V)[1].abs().sum(dim=-1)
    fine = 2.0 * L + total * e.norm(dim=-1).sum(dim=-1) if len(V) == 1 else total**2
    return Residuals(
        first=first,
        cross=cross,
        second=2.0 * L - first - 2.0 * cross,
        rounding=64.0 * torch.finfo(L.dtype).eps * fine,
    )


ZGJ03 = statement(
    "ZGJ-03",
    paper="ZGJ21",
    source="(2), (3) and Lemma C.3",
    provenance="derived",
    title="The residual splits into a part of the teachers' signs and a part that is not negative",
    says=r"For all $W,W^*,x$, after the sign flips: $R(x)=R_1(x)+R_2(x)$ with "
    r"$R_1(x)=\sum_je_j^\top x\,\mathrm{sgn}(w_j^{*\top}x)$ and $R_2(x)=\sum_i\|w_i\|\,w_i^\top "
    r"x\,\big(\mathrm{sgn}(w_i^\top x)-\mathrm{sgn}(w_{j(i)}^{*\top}x)\big)\ge0$.",
)

_POINTWISE = (r"\forall\, m\ge r,d", r"\forall\, W,W^*", r"\forall\, x")
_EVERY_STATE = {
    "world": teachers(families=("orthogonal", "arc", "simplex", "random")),
    "students": states(),
}
_FREE: Instance = {
    "world": Teachers(count=3, dimension=5, weakest=0.5),
    "students": States(family="global", extra=5, size=1.0),
}
_LOCAL: Instance = {
    "world": Teachers(count=2, dimension=4),
    "students": States(family="local", extra=4, size=0.1),
}
_INPUTS = 128


def _at_inputs(
    world: Teachers, students: States, trials: Trials
) -> tuple[Weights, TeacherRows, Cells, Float[Tensor, "trials inputs d"]]:
    V = world.build(trials)
    W = students.draw(trials, V)
    return W, V, cells(W, V), trials.normal("inputs", _INPUTS, world.dimension)


def _second_part(
    w: Weights, V: TeacherRows, matched: Cells, x: Float[Tensor, "trials inputs d"]
) -> Float[Tensor, "trials inputs"]:
    inner, teacher = (
        x @ w.mT,
        (x @ V.T).gather(2, matched.teacher.unsqueeze(1).expand(-1, x.shape[1], -1)),
    )
    return (w.norm(dim=-1).unsqueeze(1) * inner * (inner.sign() - teacher.sign())).sum(dim=-1)


@ZGJ03.part(
    "a",
    source="(3), page 11",
    provenance="as printed",
    kind="identity",
    says=r"$R(x)=R_1(x)+R_2(x)$ for every $x$.",
    quantifiers=_POINTWISE,
    specimens=[_FREE, _LOCAL],
)
@given(**_EVERY_STATE)
def the_residual_is_the_sum_of_its_parts(
    world: Teachers, students: States, trials: Trials, *, two: float = 2.0
) -> Bound:
    W, V, matched, x = _at_inputs(world, students, trials)
    residual = (W.norm(dim=-1).unsqueeze(1) * (x @ W.mT).abs()).sum(dim=-1) - (
        V.norm(dim=-1) * (x @ V.T).abs()
    ).sum(dim=-1)
    first = ((x @ matched.errors.mT) * (x @ V.T).sign()).sum(dim=-1)
    second = 0.5 * two * _second_part(matched.flipped, V, matched, x)
    scale = (matched.mass.sum(dim=-1, keepdim=True) + (V**2).sum()) * x.norm(dim=-1)
    return equal(
        residual,
        first + second,
        roundings=4.0 * (W.shape[1] + len(V) + world.dimension),
        scale=scale,
    )


the_residual_is_the_sum_of_its_parts.twin(
    "the factor 2 of the second part is dropped", specimens=[_FREE], two=1.0
)


@ZGJ03.part(
    "b",
    source="Lemma C.3, page 27",
    provenance="as printed",
    kind="inequality",
    says=r"$R_2(x)=2\sum_i\|w_i\||w_i^\top x|\,1[\mathrm{sgn}(w_i^\top "
    r"x)\ne\mathrm{sgn}(w_{j(i)}^{*\top}x)]\ge0$.",
    quantifiers=_POINTWISE,
    specimens=[_FREE, _LOCAL],
)
@given(**_EVERY_STATE)
def the_second_part_is_never_negative(world: Teachers, students: States, trials: Trials) -> Bound:
    _W, V, matched, x = _at_inputs(world, students, trials)
    return at_least(_second_part(matched.flipped, V, matched, x), 0.0)


@the_second_part_is_never_negative.twin("without the sign flips, which the network does not see")
def _(world: Teachers, students: States, trials: Trials) -> Bound:
    W, V, matched, x = _at_inputs(world, students, trials)
    agree = (W.norm(dim=-1).unsqueeze(1) * (x @ W.mT)).unsqueeze(-1) * (
        (x @ W.mT).sign().unsqueeze(-1) - (x @ V.T).sign().unsqueeze(2)
    )
    return at_least(
        (agree * matched.member.unsqueeze(1)).sum(dim=(-2, -1)) - (x @ W.mT).abs().sum(dim=-1), 0.0
    )


@ZGJ03.part(
    "first",
    kind="inequality",
    source="Lemma C.3, page 27",
    provenance="as printed",
    says=r"$|R_1(x)|\le r\alpha\|x\|$ where all $\|e_j\|\le\alpha$.",
    quantifiers=_POINTWISE,
    specimens=[_FREE, _LOCAL],
)
@given(**_EVERY_STATE)
def the_first_part_is_at_most_the_errors(
    world: Teachers, students: States, trials: Trials, *, counted: bool = True
) -> Bound:
    _W, V, matched, x = _at_inputs(world, students, trials)
    first = ((x @ matched.errors.mT) * (x @ V.T).sign()).sum(dim=-1)
    alpha = matched.errors.norm(dim=-1).amax(dim=-1, keepdim=True)
    # Attained by one teacher: roundings of the sum are granted.
    rounding = 1.0 + 64.0 * torch.finfo(x.dtype).eps
    count = float(world.count) if counted else 1.0
    return at_most(first.abs(), rounding * count * alpha * x.norm(dim=-1))


the_first_part_is_at_most_the_errors.twin(
    "α ‖x‖, without the number of teachers",
    specimens=[
        {
            "world": Teachers(count=3, dimension=3),
            "students": States(family="zero", extra=3, size=0.01),
        }
    ],
    counted=False,
)


@ZGJ03.part(
    "c",
    kind="mean",
    says=r"$\mathbb E R_2=\sqrt{2/\pi}\,\sum_ia_i(1-\cos\theta_i)$.",
    quantifiers=(r"\forall\, W,W^*", r"\mathbb E_x"),
    specimens=[_FREE],
)
@given(world=teachers(), students=states("global", "ring", "zero", size=(0.3, 1.0)))
def the_second_part_has_a_known_mean(
    world: Teachers, students: States, trials: Trials, *, two: float = 2.0
) -> Mean:
    _W, V, matched, x = _at_inputs(world, students, trials)
    expected = math.sqrt(2.0 / math.pi) * (
        matched.mass * two * (matched.theta / 2.0).sin() ** 2
    ).sum(dim=-1)
    sampled = _second_part(matched.flipped, V, matched, x).mean(dim=-1)
    return mean_of((sampled - expected) / matched.mass.sum(dim=-1), 0.0)


the_second_part_has_a_known_mean.twin("half as much: each wedge is hit from one side only", two=1.0)


@ZGJ03.part(
    "d",
    kind="inequality",
    says=r"If $R_2(x)\ne0$ then for some $j$: $|\bar w_j^{*\top}x|\le\tan\big(\max_{i\in "
    r"T_j}\theta_i\big)\,\|x-\bar w_j^*\bar w_j^{*\top}x\|$.",
    quantifiers=_POINTWISE,
    specimens=[_LOCAL, _FREE],
)
@given(**_EVERY_STATE)
def the_second_part_lives_near_the_teachers_boundaries(
    world: Teachers, students: States, trials: Trials, *, share: float = 1.0
) -> Bound:
    _W, V, matched, x = _at_inputs(world, students, trials)
    widest = share * (matched.member * matched.theta.unsqueeze(-1)).amax(dim=1, keepdim=True)
    along = x @ units(V).T
    across = (x.unsqueeze(2) - along.unsqueeze(-1) * units(V)).norm(dim=-1)
    # x lies on a wedge up to rounding of its inner products.
    outside = (along.abs() - 16.0 * torch.finfo(x.dtype).eps * x.norm(dim=-1, keepdim=True)).clamp(
        min=0.0
    )
    nearest = (outside * widest.cos() / (widest.sin() * across).clamp(min=1e-300)).amin(dim=-1)
    touched = _second_part(matched.flipped, V, matched, x) > 0
    return at_most(torch.where(touched, nearest, 0.0), 1.0 + 16.0 * torch.finfo(x.dtype).eps)


the_second_part_lives_near_the_teachers_boundaries.twin("within half the largest angle", share=0.5)
