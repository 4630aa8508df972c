"""The unpreconditioned way to a witness (ours, after ZGJ21, Lemma 8).

Lemma 8 multiplies each student's way by (I + w̄w̄ᵀ)^{-1} and has weights with Σ_j q_ij ‖w_j‖ = 1:
ZGJ-30. What follows simplifies it, without the matrix and with Σ q² = 1; on more than one teacher
the plain simplification fails, (b) and (d), and says nothing about Lemma 8, whose product is 2L
there.

For L → 0 the far neurons' masses are O(√L). Put U = Σ a_i |w̄_iᵀx| over them, and let P project on
the span of the functions sᵀx sgn(w*_jᵀx), the changes that close neurons can make. Then R = (1 -
P)U + t with t in that span, and by ZGJ-28, for q_i ∝ ‖w_i‖ κ_i,

    ⟨∇L, W - W*⟩ = ‖R‖² + ⟨R, Σ a_i b_i⟩,    b_i = (1 - κ_i cos θ_i) |w̄_iᵀx| + κ_i² |w*_{j(i)}ᵀx| -
    κ_i w*_{j(i)}ᵀx sgn(w_iᵀx).  (1)

*One teacher.* The projection κ = cos θ of ZGJ-14 does: (1) is at least 1.34 L, the limit of rings
of far neurons in high dimension.

*More teachers.* Two things go wrong. A bad t makes (1) negative, for two orthogonal teachers as low
as -1.1 L. But then the close neurons have a gradient: ‖∇L‖² is at least of the order of λ‖t‖²,
where λ, of order Δ³, is the smallest eigenvalue of the form of R_1, and KΔ^{-3}‖∇L‖² makes up for
it. It does not help against neurons between teachers, whose own gradients are of order a^{3/2}.
Midway between two teachers R = a(1 - P)|w̄ᵀx| is symmetric under their exchange, so that ⟨R, w*ᵀx
sgn(wᵀx)⟩ = cos θ ⟨R, |w̄ᵀx|⟩ and (1) is 4(1 - κ cos θ)L: with the projection 4 sin²(Δ/2) L, which
is no constant times L, and among three teachers (1) is negative. Such a neuron belongs to no
teacher. Let its weight go to zero, κ = cos θ (1 - 2θ/Δ)_+: now (1) with K = 16, minimised
numerically over masses, directions and t, is at least 2.8 L uniformly in Δ and r.

The tapered witness is a state of zero loss, too, and as near as ZGJ-14's but for the power of Δ: a
neuron midway between two teachers has L = ½pa² with p of order Δ³, and it moves by √a.
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Bound, Constant, Trials, all_of, at_least, at_most, given, statement
from lemmata.strategies import log_uniform
from lemmata.theorems.local_convergence.setting.attacks import ascent, attacked, band, best_along
from lemmata.theorems.local_convergence.setting.extremes import copies_of_the_best_fit, tiny_neuron
from lemmata.theorems.local_convergence.setting.network import (
    Teachers,
    Weights,
    cells,
    loss,
    square,
    teachers,
    units,
    witness,
)
from lemmata.theorems.local_convergence.setting.states import (
    States,
    pulled,
    states,
    with_optimal_main_ones,
)
from lemmata.theorems.local_convergence.setting.tapered_witness import (
    between,
    descent,
    relaxing,
    tapered,
)

_any_state = st.one_of(states(), states("far", "mid", "midway", extra=(1, 3), size=(0.01, 0.3)))
_LOCAL = States(family="local", extra=4, size=0.5)
_RING = {
    "world": Teachers(dimension=24),
    "students": States(family="ring", extra=7, size=0.1, angle=1.14),
}
_MID = {
    "world": Teachers(count=2, dimension=2),
    "students": States(family="mid", extra=2, size=0.1, angle=math.pi / 4 - 1e-3),
}
_CLOSE = Teachers(family="arc", count=2, dimension=3, separation=0.5)

ZGJ15 = statement(
    "ZGJ-15",
    paper="ZGJ21",
    source="ours, after Lemma 8",
    provenance="ours",
    proof="only seen",
    note="(b) and (d) are simplifications of ours that fail: Lemma 8 is ZGJ-30",
    uses=["ZGJ-02", "ZGJ-10", "ZGJ-12", "ZGJ-14", "ZGJ-28"],
    title="The unpreconditioned way to a witness",
    says=r"For unit teachers and all $W$ with $L\le\varepsilon_0$: $\langle\nabla "
    r"L(W),W-W^*\rangle\ge L(W)$ for $r=1$ and the projection $q_i\propto\|w_i\|\cos\theta_i$. For "
    r"$r\ge2$ this is false, and so is $\langle\nabla L,W-W^*\rangle+K\|\nabla L\|_F^2\ge cL$ for "
    r"any $K$ and $c>0$; with the tapered weights "
    r"$q_i\propto\|w_i\|\cos\theta_i(1-2\theta_i/\Delta)_+$ it holds, $K=O(\Delta^{-3})$.",
    kind="inequality",
)


# One teacher


@ZGJ15.part(
    "a",
    says=r"For $r=1$ and $q_i\propto\|w_i\|\cos\theta_i$: $\langle\nabla L(W),W-W^*\rangle\ge "
    r"L(W)$.",
    quantifiers=(r"\forall\, m,d", r"\forall\, W:\ L(W)\le\varepsilon_0"),
    specimens=[
        _RING,
        {"world": Teachers(dimension=8), "students": States(family="local", extra=11, size=0.5)},
    ],
)
@given(world=teachers(count=(1, 1)), students=_any_state)
def the_gradient_points_away_from_the_projection(
    world: Teachers,
    students: States,
    trials: Trials,
    *,
    power: float = 1.0,
    reach: float = math.pi,
    steps: int = 60,
) -> Bound:
    V = world.build(trials)

    def product(W: Weights) -> Float[Tensor, "trials"]:
        matched = cells(W, V)
        kept = (matched.theta < reach).to(W.dtype).unsqueeze(-1) * W
        return descent(W, V, witness(kept, V, power=power, teacher=matched.teacher))

    others = trials.stream("others")
    ring = States(family="far", extra=world.dimension - 1, size=0.01, angle=students.angle).draw(
        others, V
    )
    # At fixed far neurons the main one's norm decides the sign of what is left of the residual in
    # its span.
    ring[:, :1] *= 1.0 + 0.01 * (3.5 * others.uniform("main", 1, 1) - 2.0)
    return attacked(
        lambda W: at_least(product(W), loss(W, V)),
        students.near(trials, V, world.threshold),
        V,
        trials,
        high=world.threshold,
        objective=lambda W: -product(W) / loss(W, V),
        enough=1.0,
        climb_steps=steps // 3,
        ascent_steps=steps,
        ring=ring,
    )


the_gradient_points_away_from_the_projection.twin(
    "weights without the cosine: q ∝ ‖w‖",
    specimens=[{"world": Teachers(dimension=24), "students": States(family="ring", angle=1.57)}],
    power=0.0,
    steps=0,
)


the_gradient_points_away_from_the_projection.twin(
    "neurons beyond the angle ½ go to zero",
    specimens=[{"world": Teachers(dimension=24), "students": States(family="ring", angle=0.6)}],
    power=0.0,
    reach=0.5,
    steps=0,
)


@ZGJ15.part(
    "b",
    says=r"For $r\ge2$, too, $\langle\nabla L(W),W-W^*\rangle\ge0$ with the projection. False: "
    r"with main neurons a little short of two orthogonal teachers and small ones midway between "
    r"these it is $-0.9L$.",
    quantifiers=(
        r"\forall\, m\ge r\ge2,d",
        r"\forall\, W^*",
        r"\forall\, W:\ L(W)\le\varepsilon_0",
    ),
    specimens=[_MID],
    expect="refuted",
)
@given(
    world=teachers(count=(2, 3), families=("orthogonal", "arc", "simplex"), weakest=(1.0,)),
    students=_any_state,
)
def the_gradient_points_away_from_the_projection_on_more_teachers(
    world: Teachers, students: States, trials: Trials, *, level: float | None = None
) -> Bound:
    V, high = world.build(trials), world.threshold if level is None else level

    def share(W: Weights) -> Float[Tensor, "trials"]:
        return descent(W, V, witness(W, V)) / loss(W, V)

    start, others = students.near(trials, V, high), trials.stream("others")
    fewer = pulled(copies_of_the_best_fit(world, others, world.count + students.extra), V, high)
    claim, goal = (lambda W: at_least(share(W), 0.0)), (lambda W: -share(W))
    return attacked(claim, start, V, trials, high=high, objective=goal, fewer_neurons=fewer)


the_gradient_points_away_from_the_projection_on_more_teachers.twin(
    "and for L ≤ 0.02, whatever Δ",
    specimens=[
        {
            "world": Teachers(family="arc", count=2, dimension=3, separation=1.0),
            "students": States(family="midway", extra=2, size=0.3),
        }
    ],
    level=0.02,
)


# More teachers


@ZGJ15.part(
    "c",
    says=r"For any teachers and $q_i\propto\|w_i\|\cos\theta_i(1-2\theta_i/\Delta)_+$: "
    r"$\langle\nabla L,W-W^*\rangle+\frac{16}{\min(1,\Delta^3)}\|\nabla L\|_F^2\ge2L$.",
    quantifiers=(r"\forall\, m\ge r,d", r"\forall\, W^*", r"\forall\, W:\ L(W)\le\varepsilon_0"),
    specimens=[
        {
            "world": Teachers(family="simplex", count=3, dimension=3, separation=0.5),
            "students": States(family="tiny", extra=3, size=0.3),
        },
        {"world": Teachers(count=2, dimension=4), "students": _LOCAL},
    ],
)
@given(
    world=teachers(families=("orthogonal", "arc", "simplex", "random"), weakest=(1.0,)),
    students=_any_state,
)
def the_gradient_is_large_or_points_away_from_the_tapered_witness(
    world: Teachers,
    students: States,
    trials: Trials,
    *,
    factor: float = 16.0,
    taper: bool = True,
    level: float | None = None,
    steps: int = 60,
) -> Bound:
    V, high, K = (
        world.build(trials),
        world.threshold if level is None else level,
        factor / min(1.0, world.delta**3),
    )

    def form(W: Weights, weight: float = K) -> Float[Tensor, "trials"]:
        return descent(W, V, tapered(W, V, world.delta) if taper else witness(W, V), weight)

    def goal(W: Weights) -> Float[Tensor, "trials"]:
        return -(form(W) / loss(W, V)).clamp(min=1e-6).log()

    random, others, within = students.near(trials, V, high), trials.stream("others"), band(V, high)
    steered = ascent(lambda W: -form(W, 0.0) / loss(W, V), random, V, within, steps=steps)
    relaxed = best_along(
        goal, relaxing(best_along(goal, relaxing(steered, V), V, within), V), V, within
    )
    further = {"random": random, "relaxed": relaxed}
    if world.count > 1:
        further["between"] = between(V, others, mass=0.02)
        further["fewer_neurons"] = pulled(
            copies_of_the_best_fit(world, others, world.count + students.extra), V, high
        )
    # The adversaries start where what is steep has been removed.
    return attacked(
        lambda W: at_least(form(W), 2.0 * loss(W, V)),
        relaxed,
        V,
        trials,
        high=high,
        objective=goal,
        climb_steps=steps // 3,
        ascent_steps=steps // 2,
        enough=1.0,
        **further,
    )


the_gradient_is_large_or_points_away_from_the_tapered_witness.twin(
    "K = 0", specimens=[_MID], factor=0.0, steps=0
)


the_gradient_is_large_or_points_away_from_the_tapered_witness.twin(
    "weights without the taper: every neuron is projected, midway between two teachers too",
    specimens=[{"world": _CLOSE, "students": States(family="midway", size=0.03)}],
    taper=False,
    steps=0,
)


the_gradient_is_large_or_points_away_from_the_tapered_witness.twin(
    "for L ≤ 0.02, whatever Δ",
    specimens=[{"world": _CLOSE, "students": _LOCAL}],
    level=0.02,
    steps=0,
)


@ZGJ15.part(
    "d",
    says=r"For all teachers there is a $K$ with $\langle\nabla L,W-W^*\rangle+K\|\nabla "
    r"L\|_F^2\ge0$, every neuron projected. False: three teachers at the angle $0.25$ and three "
    r"neurons between them have $-0.4L$ for every $K$ as their masses tend to 0; shown at "
    r"$K=1000\,\Delta^{-3}$.",
    quantifiers=(
        r"\forall\, W^*",
        r"\exists\, K",
        r"\forall\, m\ge r",
        r"\forall\, W:\ L(W)\le\varepsilon_0",
    ),
    specimens=[{"separation": 0.25, "mass": 1e-4}],
    expect="refuted",
)
@given(separation=st.sampled_from((0.25, 0.4, 0.5)), mass=log_uniform(1e-5, 1e-3, per_decade=1))
def the_gradient_is_large_or_points_away_from_the_projection(
    separation: float, mass: float, trials: Trials
) -> Bound:
    world = Teachers(family="simplex", count=3, dimension=3, separation=separation)
    V = world.build(trials)
    # A little nearer to the first teacher than to the others: all belong to its cell.
    places = torch.tensor(
        [[1.001, 1.0, 1.0], [1.001, 1.0, -0.15], [1.001, -0.15, 1.0]],
        dtype=V.dtype,
        device=V.device,
    )
    W = with_optimal_main_ones(trials.every(units(places @ V)), mass, V)
    return at_least(
        descent(W, V, witness(W, V), 1000.0 / min(1.0, world.delta**3)) / loss(W, V), 0.0
    )


@the_gradient_is_large_or_points_away_from_the_projection.twin(
    "two teachers, and at least L/4 whatever Δ"
)
def _(separation: float, mass: float, trials: Trials) -> Bound:
    world = Teachers(family="arc", count=2, dimension=2, separation=separation)
    V = world.build(trials)
    W = with_optimal_main_ones(trials.every(units(V.sum(dim=0, keepdim=True))), mass, V)
    return at_least(
        descent(W, V, witness(W, V), 1000.0 / min(1.0, world.delta**3)), 0.25 * loss(W, V)
    )


@ZGJ15.part(
    "e",
    kind="scaling",
    says=r"The tapered witness has no loss, and is near: $\|W-W^*\|_F\le5\,\big(\tfrac "
    r"r{\min(1,\Delta^3)}L\big)^{1/4}$.",
    quantifiers=(r"\forall\, m\ge r,d", r"\forall\, W^*", r"\forall\, W:\ L(W)\le\varepsilon_0"),
    constant=Constant(
        5.0, measured_on="r ≤ 4, m ≤ 9, Δ = 0.25…π/2: 3.4 by 300 steps of ascent", failure=0.0
    ),
    specimens=[
        {
            "world": Teachers(family="arc", count=3, dimension=3, separation=0.8),
            "students": States(family="far", extra=3),
        }
    ],
)
@given(
    world=teachers(families=("orthogonal", "arc", "simplex", "random"), weakest=(1.0,)),
    students=_any_state,
)
def the_tapered_witness_is_near(
    world: Teachers,
    students: States,
    trials: Trials,
    *,
    power: float = 0.25,
    separated: float = 1.0,
) -> Bound:
    V, factor = world.build(trials), world.count / min(1.0, world.delta**3) ** separated

    def claim(W: Weights) -> Bound:
        target, L = tapered(W, V, world.delta), loss(W, V)
        rounding = 64.0 * torch.finfo(V.dtype).eps * (2.0 * square(V)) ** 2
        near = at_most(square(W - target).sqrt(), (factor * L) ** power)
        return all_of(near, at_most(5.0 * loss(target, V).abs(), rounding))

    return attacked(
        claim,
        students.near(trials, V, world.threshold),
        V,
        trials,
        high=world.threshold,
        enough=5.0,
    )


the_tapered_witness_is_near.twin(
    "L^{1/3} for every W", specimens=[tiny_neuron(1e-6)], power=1.0 / 3.0
)


the_tapered_witness_is_near.twin(
    "the same constant for every separation",
    specimens=[
        {
            "world": Teachers(family="arc", count=2, dimension=3, separation=0.2),
            "students": States(family="midway", extra=1, size=0.1),
        }
    ],
    separated=0.0,
)
