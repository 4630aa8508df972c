"""Global minima are characterised (ZGJ21, Theorem 3 and Claim 1), and directions recovered (ours).

With S = Σ_i a_i sin² θ_i and δ_j = Σ_{T_j} a_i - ‖w*_j‖²,

    f - f* = Σ_i a_i (|w̄_iᵀx| - |w̄*_{j(i)}ᵀx|) + Σ_j δ_j |w̄*_jᵀx|.                            (1)

The norm of a difference is √(2 - 2k(θ_i)) ≤ √(2 - 2 cos θ_i) ≤ √2 sin θ_i, so that by Cauchy's
inequality √(2L) = ‖f - f*‖ is at most √(2‖W‖²S) + Σ_j |δ_j|: L = 0 where S and all δ_j vanish.
Conversely S = O(√L) is ZGJ-09, and |δ_j| ≤ ‖e_j‖ + Σ_{T_j} a_i (1 - cos θ_i) ≤ ‖e_j‖ + S, ‖e_j‖ =
O(√L) by ZGJ-10. With relu in place of |·| there is a quadratic in addition (ZGJ-01), which L does
not see.

Along descent L falls like T⁻², whatever the start (ZGJ-21), and S + Σ_j |δ_j| therefore like T⁻¹.
"""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Bound, Constant, Trials, at_most, equal, given, statement
from lemmata.theorems.local_convergence.setting.attacks import attacked
from lemmata.theorems.local_convergence.setting.descent import (
    TIMES,
    Descent,
    flow,
    kappa,
    starts,
    worst_run,
)
from lemmata.theorems.local_convergence.setting.extremes import tiny_neuron
from lemmata.theorems.local_convergence.setting.network import (
    TeacherRows,
    Teachers,
    Weights,
    atoms,
    cells,
    full_angles,
    loss,
    square,
    teachers,
)
from lemmata.theorems.local_convergence.setting.states import States, states

Side: TypeAlias = Literal["own", "random", "opposite"]

_any_teachers = teachers(families=("orthogonal", "arc", "simplex"))
_any_state = st.one_of(states(), states("far", extra=(1, 3)))
_NEAR = (r"\forall\, m\ge r,d", r"\forall\, W^*", r"\forall\, W:\ L(W)\le\varepsilon_0")
_TWO = {
    "world": Teachers(count=2, dimension=4),
    "students": States(family="local", extra=2, size=0.5),
}
_ARC = {
    "world": Teachers(family="arc", count=2, dimension=3, separation=0.5),
    "students": States(family="local", extra=2, size=0.5),
}

ZGJ23 = statement(
    "ZGJ-23",
    paper="ZGJ21",
    source="Theorem 3 and Claim 1, page 4",
    provenance="ours",
    proof="only seen",
    uses=["ZGJ-01", "ZGJ-09", "ZGJ-10", "ZGJ-21"],
    title="Directions are recovered, and global minima characterised",
    says=r"$L(W)=0$ if and only if each $w_i$ is $0$ or parallel to some $w_j^*$, and $\sum_{i\in "
    r"T_j}a_i=\|w_j^*\|^2$ for all $j$; with relu, if moreover "
    r"$\sum_i\|w_i\|w_i=\sum_j\|w_j^*\|w_j^*$. Along gradient descent the weighted angles "
    r"$\sum_ia_i\sin^2\theta_i$ and $\delta_j=\sum_{i\in T_j}a_i-\|w_j^*\|^2$ tend to $0$.",
)


def angles_and_masses(
    W: Weights, V: TeacherRows
) -> tuple[Float[Tensor, "..."], Float[Tensor, "..."]]:
    """Return S = Σ_i a_i sin² θ_i and Σ_j |δ_j|."""
    matched = cells(W, V)
    delta = matched.per_cell(matched.mass) - (V**2).sum(dim=-1)
    return (matched.mass * matched.theta.sin() ** 2).sum(dim=-1), delta.abs().sum(dim=-1)


def from_the_minima(W: Weights, V: TeacherRows, *, weighted: bool = True) -> Float[Tensor, "..."]:
    """Return S + Σ_j |δ_j|; unweighted, the largest sin² θ_i."""
    return (
        torch.stack(angles_and_masses(W, V)).sum(dim=0)
        if weighted
        else cells(W, V).theta.amax(dim=-1).sin() ** 2
    )


@ZGJ23.part(
    "a",
    source="Theorem 3, page 4",
    proof="in the docstring",
    kind="inequality",
    says=r"If: $\sqrt{2L}\le\sqrt{2\|W\|_F^2\sum_ia_i\sin^2\theta_i}+\sum_j|\delta_j|$ for every "
    r"$W$.",
    quantifiers=(r"\forall\, m,d", r"\forall\, W^*", r"\forall\, W"),
    specimens=[_TWO],
)
@given(world=teachers(families=("orthogonal", "arc", "simplex", "random")), students=_any_state)
def aligned_students_of_the_right_mass_have_no_loss(
    world: Teachers, students: States, trials: Trials, *, angles: float = 1.0, masses: float = 1.0
) -> Bound:
    V = world.build(trials)

    def claim(W: Weights) -> Bound:
        s, delta = angles_and_masses(W, V)
        root = angles * (2.0 * square(W) * s + 1e-300).sqrt() + masses * delta
        # Attained by copies of a single teacher with a wrong mass: the roundings of the loss are
        # granted.
        return at_most(
            2.0 * loss(W, V),
            root**2 + 64.0 * torch.finfo(V.dtype).eps * (square(W) + square(V)) ** 2,
        )

    return attacked(claim, students.draw(trials, V), V, trials, enough=1.5)


aligned_students_of_the_right_mass_have_no_loss.twin("the masses alone decide", angles=0.0)


aligned_students_of_the_right_mass_have_no_loss.twin(
    "the directions alone decide",
    specimens=[
        {"world": Teachers(count=2, dimension=4), "students": States(family="aligned", size=0.1)}
    ],
    masses=0.0,
)


@ZGJ23.part(
    "b",
    source="Theorem 3, page 4",
    note="printed for $L=0$: each student is parallel to a teacher",
    kind="scaling",
    says=r"Only if: $\sum_ia_i\sin^2\theta_i+\sum_j|\delta_j|\le C\kappa^{-2}\sqrt L$ where "
    r"$L\le\varepsilon_0$, $\kappa^{-2}=\sqrt r\min(1,\Delta)^{-3/2}$.",
    quantifiers=_NEAR,
    constant=Constant(
        20.0, measured_on="r ≤ 3, m ≤ 7, Δ = 0.3…π/2: 10.5 by ascent of 300 steps", failure=0.0
    ),
    specimens=[_TWO, _ARC],
)
@given(world=_any_teachers, students=_any_state)
def without_loss_students_are_aligned_and_of_the_right_mass(
    world: Teachers, students: States, trials: Trials, *, power: float = 0.5, weighted: bool = True
) -> Bound:
    V = world.build(trials)

    def claim(W: Weights) -> Bound:
        return at_most(
            from_the_minima(W, V, weighted=weighted), kappa(world) ** -2.0 * loss(W, V) ** power
        )

    midway = States(family="midway", extra=2, size=0.1 * world.weakest**2).near(
        trials, V, world.threshold
    )
    return attacked(
        claim,
        students.near(trials, V, world.threshold),
        V,
        trials,
        high=world.threshold,
        enough=30.0,
        midway=midway,
    )


without_loss_students_are_aligned_and_of_the_right_mass.twin(
    "L^{2/3} in place of √L", specimens=[tiny_neuron(1e-7)], power=2.0 / 3.0
)


without_loss_students_are_aligned_and_of_the_right_mass.twin(
    "every angle is small, whatever the mass", specimens=[tiny_neuron(1e-3)], weighted=False
)


@ZGJ23.part(
    "c",
    source="Claim 1, page 4",
    proof="in the docstring",
    kind="identity",
    says=r"Where $L(W)=0$, the loss with relu is "
    r"$L_{\mathrm{relu}}=\frac18\big\|\sum_i\|w_i\|w_i-\sum_j\|w_j^*\|w_j^*\big\|^2$: it vanishes "
    r"where each student is on its own teacher's side, and also where all are on the opposite side "
    r"of teachers with $\sum_j\|w_j^*\|w_j^*=0$.",
    quantifiers=(r"\forall\, m\ge r,d", r"\forall\, W^*", r"\forall\, W:\ L(W)=0"),
    specimens=[
        {"world": Teachers(count=3, dimension=4, weakest=0.5), "extra": 4, "side": "random"}
    ],
)
@given(
    world=teachers(families=("orthogonal", "arc", "simplex", "random")),
    extra=st.integers(0, 5),
    side=st.sampled_from(("own", "random")),
)
def relu_has_no_loss_where_moreover_the_signed_sum_is_right(
    world: Teachers,
    extra: int,
    side: Side,
    trials: Trials,
    *,
    each_cell: bool = False,
    eighth: float = 0.125,
) -> Bound:
    V = world.build(trials)
    if side == "opposite":
        # The lines of an arc of three at π/3, with the middle teacher turned round: a star.
        V = V * trials.tensor([1.0, -1.0, 1.0])[:, None]
    W, wrong = _minimum(V, extra, side, trials)
    v, c = atoms(W, V)
    theta = full_angles(v, v)
    of_relu = torch.einsum("tk,tkl,tl->t", c, theta.sin() + (math.pi - theta) * theta.cos(), c) / (
        4.0 * math.pi
    )
    off = (c.unsqueeze(-1) * v).sum(dim=-2)
    vector = (2.0 * wrong).square().sum(dim=-1) if each_cell else (off**2).sum(dim=-1)
    return equal(of_relu, eighth * vector, roundings=8, scale=c.abs().sum(dim=-1) ** 2)


def _minimum(
    V: TeacherRows, extra: int, side: Side, trials: Trials
) -> tuple[Weights, Float[Tensor, "trials r"]]:
    """Draw a state of zero loss whose last neuron is all but zero.

    Return it, and the mass on the wrong side in each cell.
    """
    r = len(V)
    j = torch.arange(r + extra, device=V.device) % r
    member = torch.nn.functional.one_hot(j, r).to(V.dtype)
    weight = trials.normal("mass", r + extra).exp()
    share = weight / (weight @ member)[:, j]
    chosen = {"own": 0.0, "random": 0.5, "opposite": 1.0}[side]
    sign = torch.where(trials.uniform("sign", r + extra) < chosen, -1.0, 1.0).to(V.dtype)
    W = (sign * share.sqrt()).unsqueeze(-1) * V[j]
    wrong = (share * (V**2).sum(dim=-1)[j] * (sign < 0)) @ member
    return torch.cat((W, 1e-9 * trials.normal("zero", 1, V.shape[1])), dim=1), wrong


relu_has_no_loss_where_moreover_the_signed_sum_is_right.twin(
    "no loss wherever L = 0: the odd part of relu is forgotten", eighth=0.0
)


relu_has_no_loss_where_moreover_the_signed_sum_is_right.twin(
    "no loss only where each student is on its own teacher's side",
    specimens=[
        {
            "world": Teachers(family="arc", count=3, dimension=2, separation=math.pi / 3),
            "extra": 2,
            "side": "opposite",
        }
    ],
    each_cell=True,
)


@ZGJ23.part(
    "d",
    kind="trajectory",
    says=r"Along gradient flow $\sum_ia_i\sin^2\theta_i+\sum_j|\delta_j|\le C\kappa^{-4}\tau^{-1}$ "
    r"for all $1\le\tau\le300$.",
    quantifiers=(*_NEAR[:2], r"\forall\, W_0:\ L(W_0)\le\varepsilon_0", r"\forall\,\tau"),
    constant=Constant(15.0, measured_on="r ≤ 3, m ≤ 7, Δ = 0.3…π/2: 5.1", failure=0.0),
    specimens=[_TWO, _ARC],
)
@given(world=_any_teachers, students=st.one_of(states(), states("midway", extra=(1, 3))))
def directions_and_masses_are_recovered(
    world: Teachers, students: States, trials: Trials, *, power: float = 1.0, weighted: bool = True
) -> Bound:
    V = world.build(trials)

    def claim(run: Descent) -> Bound:
        apart = from_the_minima(run.W, V, weighted=weighted)
        return at_most(
            run.above_rounding(run.time**power * apart), kappa(world) ** -4.0
        ).with_curves(apart=apart)

    return worst_run(
        claim, starts(world, students, V, trials), lambda W: flow(W, V, TIMES, growth=0.15)
    )


directions_and_masses_are_recovered.twin(
    "every angle falls like T⁻¹, whatever the mass", specimens=[tiny_neuron(1e-5)], weighted=False
)


directions_and_masses_are_recovered.twin(
    "T^{-3/2} from every start",
    specimens=[
        {
            "world": Teachers(family="arc", count=2, dimension=3, separation=1.0),
            "students": States(family="midway", extra=1, size=0.1),
        }
    ],
    power=1.5,
)
