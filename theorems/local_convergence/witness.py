"""A state of zero loss near every state of small loss (ours).

In Lemma 8 of ZGJ21 the students have targets q_ij w*_i with Σ_j q_ij ‖w_j‖ = 1, and no distance to
them is asked for; here they have one. Move each student to its normalised projection on its
teacher's line, W*_i = q_i s_i w*_{j(i)}, q_i ∝ ‖w_i‖ cos θ_i, Σ_{T_j} q_i² = 1: the masses of a
cell then add up to the teacher's, and the loss is zero. What a student moves across its teacher's
line is its weighted angle, ‖w_i‖² sin² θ_i, of which ZGJ-09 bounds the sum by O(√L); what it moves
along the line is a common factor of its cell, which ZGJ-10 bounds. Hence ‖W - W*‖_F = O(L^{1/4}),
however many students there are; a tiny neuron far from its teacher moves by √a while L is of order
a².
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st

from lemmata.harness import Along, Bound, Constant, Trials, at_most, given, statement
from lemmata.strategies import log_uniform
from lemmata.theorems.local_convergence.setting.attacks import attacked
from lemmata.theorems.local_convergence.setting.extremes import along_mass, drawn, tiny_neuron
from lemmata.theorems.local_convergence.setting.network import (
    Teachers,
    Weights,
    loss,
    square,
    teachers,
    witness,
)
from lemmata.theorems.local_convergence.setting.states import States, states

_any_state = st.one_of(states(), states("far", extra=(1, 3)))
_NEAR = (r"\forall\, m\ge r,d", r"\forall\, W^*", r"\forall\, W:\ L(W)\le\varepsilon_0")
_LOCAL = States(family="local", extra=4, size=0.5)

ZGJ14 = statement(
    "ZGJ-14",
    paper="ZGJ21",
    source="ours",
    provenance="ours",
    proof="only seen",
    uses=["ZGJ-09", "ZGJ-10"],
    title="A state of zero loss near every state of small loss",
    says=r"Let $q_i=\|w_i\|\cos\theta_i\big/\sqrt{\sum_{k\in T_{j(i)}}\|w_k\|^2\cos^2\theta_k}$ "
    r"and $W^*_i=q_is_iw^*_{j(i)}$. If no cell is empty then $L(W^*)=0$, and where "
    r"$L(W)\le\varepsilon_0$: $\|W-W^*\|_F\le C\,L(W)^{1/4}$, whatever $m$.",
    kind="scaling",
)


@ZGJ14.part(
    "a",
    kind="existence",
    says=r"$L(W^*)=0$ where no cell is empty.",
    quantifiers=_NEAR,
    specimens=[{"world": Teachers(count=3, dimension=4, weakest=0.5), "students": _LOCAL}],
)
@given(world=teachers(families=("orthogonal", "arc", "simplex", "random")), students=_any_state)
def the_witness_has_no_loss(
    world: Teachers, students: States, trials: Trials, *, off: float = 1.0
) -> Bound:
    V = world.build(trials)
    W = off * witness(students.near(trials, V, world.threshold), V)
    rounding = 64.0 * torch.finfo(V.dtype).eps * (2.0 * square(V)) ** 2
    return at_most(loss(W, V).abs(), rounding)


the_witness_has_no_loss.twin("the masses of a cell add up to 0.98 of the teacher's", off=0.99)


@ZGJ14.part(
    "b",
    says=r"For unit teachers and $L\le\varepsilon_0$: $\|W-W^*\|_F\le4\,L^{1/4}$.",
    quantifiers=_NEAR,
    constant=Constant(
        4.0, measured_on="r ≤ 3, m ≤ 12, Δ = 0.5…π/2: 2.0 by 200 steps of ascent", failure=0.0
    ),
    specimens=[{"world": Teachers(count=2, dimension=4), "students": _LOCAL}],
)
@given(
    world=teachers(families=("orthogonal", "arc", "random"), weakest=(1.0,)), students=_any_state
)
def the_witness_is_as_near_as_the_fourth_root_of_the_loss(
    world: Teachers, students: States, trials: Trials, *, power: float = 0.25
) -> Bound:
    V = world.build(trials)

    def claim(W: Weights) -> Bound:
        return at_most(square(W - witness(W, V)).sqrt(), loss(W, V) ** power)

    midway = States(family="midway", extra=students.extra, size=0.03).near(
        trials.stream("midway"), V, world.threshold
    )
    return attacked(
        claim,
        students.near(trials, V, world.threshold),
        V,
        trials,
        high=world.threshold,
        ascent_steps=200,
        enough=4.0,
        midway=midway,
    )


the_witness_is_as_near_as_the_fourth_root_of_the_loss.twin(
    "L^{1/3} for every W", specimens=[tiny_neuron(1e-6)], power=1.0 / 3.0
)


@ZGJ14.part(
    "c",
    kind="inequality",
    says=r"For $r=1$ and every $W$, with no threshold: $\|W-W^*\|_F^2\le\sqrt{3\pi "
    r"L}+(\sqrt{2\pi}+2\sqrt{3\pi})^2L$.",
    quantifiers=(r"\forall\, m,d", r"\forall\, W"),
    specimens=[
        {"world": Teachers(dimension=4), "students": States(family="global", extra=4, size=1.0)}
    ],
)
@given(world=teachers(count=(1, 1)), students=_any_state)
def the_witness_of_one_teacher_is_near_every_state(
    world: Teachers, students: States, trials: Trials, *, root: float = 1.0
) -> Bound:
    V = world.build(trials)

    def claim(W: Weights) -> Bound:
        L = loss(W, V)
        bound = (
            root * (3.0 * math.pi * L).sqrt()
            + (math.sqrt(2.0 * math.pi) + 2.0 * math.sqrt(3.0 * math.pi)) ** 2 * L
        )
        return at_most(square(W - witness(W, V)), bound)

    return attacked(claim, students.draw(trials, V), V, trials, enough=1.0)


the_witness_of_one_teacher_is_near_every_state.twin(
    "without the term √(3πL)", specimens=[tiny_neuron(1e-4)], root=0.0
)


@ZGJ14.part(
    "d",
    says=r"The exponent is sharp: a tiny neuron of mass $a$ far from its teacher has "
    r"$\|W-W^*\|_F=\Theta(L^{1/4})$.",
    quantifiers=(r"\forall\, a",),
    constant=Constant(1.6, measured_on="a = 1e-6…0.03", failure=0.0),
    along=along_mass(0.5),
    specimens=[{"mass": 1e-4}],
)
@given(mass=log_uniform(1e-6, 0.03, per_decade=1))
def a_tiny_far_neuron_moves_by_the_fourth_root_of_the_loss(
    mass: float, trials: Trials, *, power: float = 0.25
) -> Bound:
    W, V = drawn(tiny_neuron(mass), trials)
    return at_most(square(W - witness(W, V)).sqrt(), loss(W, V) ** power)


a_tiny_far_neuron_moves_by_the_fourth_root_of_the_loss.twin(
    "L^{1/3}", specimens=[], constant=Constant(1e6, measured_on="a ≥ 1e-6"), power=1.0 / 3.0
)


@ZGJ14.part(
    "e",
    says=r"$\|W-W^*\|_F/L^{1/4}$ does not grow with the number $m$ of students.",
    quantifiers=(r"\forall\, m", r"\forall\, W:\ L(W)=\varepsilon_0"),
    constant=Constant(4.0, measured_on="m = 4…64", failure=0.0),
    along=Along(
        variable="m",
        sizes=(4, 8, 16, 32, 64),
        instance=lambda m: {"extra": m - 1},
        at_most=0.1,
        trials=64,
    ),
    specimens=[{"extra": 15}],
)
@given(extra=st.sampled_from((3, 7, 15, 31)))
def the_distance_does_not_grow_with_the_number_of_students(
    extra: int, trials: Trials, *, power: float = 0.0
) -> Bound:
    world = Teachers(dimension=6)
    V = world.build(trials)
    W = States(family="local", extra=extra, size=1.0).near(trials, V, world.threshold)
    return at_most(square(W - witness(W, V)).sqrt(), (1.0 + extra) ** power * loss(W, V) ** 0.25)


the_distance_does_not_grow_with_the_number_of_students.twin(
    "the distance falls like m^{-1/2}", specimens=[], power=-0.5
)
