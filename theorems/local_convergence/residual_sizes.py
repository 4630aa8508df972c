"""How large the parts of the residual are (ZGJ21, page 12), and that they are nearly orthogonal.

A wedge of opening θ has probability θ/π, and |w̄ᵀx| is of the order of θ on it: the second moment
is (θ - sin θ cos θ)/π, of order θ³, and R_2, a sum of such terms with coefficients 2a_i, has norm
of order Σ a_i θ_i^{3/2} (ZGJ-04). The terms are not negative, which gives lower bounds: the norm is
at least the mean, and the square of a sum at least the sum of the squares. R_1 is linear in x on
each sign pattern of the teachers and R_2 lives on wedges of small probability, so that their
correlation is at most of order √θ (ZGJ-05).
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Instance,
    Trials,
    at_least,
    at_most,
    given,
    statement,
)
from lemmata.strategies import log_uniform
from lemmata.theorems.local_convergence.residuals import residuals
from lemmata.theorems.local_convergence.setting.attacks import attacked
from lemmata.theorems.local_convergence.setting.network import (
    Teachers,
    Weights,
    cells,
    loss,
    teachers,
    wedge,
)
from lemmata.theorems.local_convergence.setting.states import States, states

_ALL_W = (r"\forall\, m\ge r,d", r"\forall\, W^*", r"\forall\, W")
_EVERY_STATE = {"world": teachers(families=("orthogonal", "arc", "random")), "students": states()}
_WITH_ONE_TEACHER = {
    "world": teachers(count=(1, 1)),
    "students": states("local", "split pair", "common angle", "ring", "tiny"),
}


def _one_neuron(theta: float) -> Instance:
    return {
        "world": Teachers(dimension=3),
        "students": States(family="common angle", extra=0, size=theta),
    }


_MANY: Instance = {
    "world": Teachers(count=2, dimension=4, weakest=0.5),
    "students": States(family="local", extra=3, size=0.5),
}
_RING: Instance = {
    "world": Teachers(dimension=6),
    "students": States(family="ring", extra=5, size=1.0, angle=1.5),
}
_PAIR: Instance = {
    "world": Teachers(dimension=3),
    "students": States(family="split pair", extra=1, size=0.01),
}

# ZGJ-04

ZGJ04 = statement(
    "ZGJ-04",
    paper="ZGJ21",
    source="page 12",
    provenance="derived",
    note=r"printed: $\|R_2\|^2\le r\sum_j(\sum_{i\in T_j}a_i\theta_i^{3/2})^2$, which "
    "is weaker than (a); the rest is ours",
    uses=["ZGJ-01", "ZGJ-03"],
    title="The size of the second residual part, and an upper bound of the loss",
    says=r"For all $W$, $\|R_2\|_{L^2}$ is at most of the order of $\sum_ia_i\theta_i^{3/2}$ and "
    r"at least of the order of $\sum_ia_i\theta_i^2$, and "
    r"$\sqrt{2L}\le\sum_j\|e_j\|+O\big(\sum_ia_i\theta_i^{3/2}\big)$.",
    kind="inequality",
    quantifiers=_ALL_W,
)

_SIZE = 2.0 * math.sqrt(2.0 / (3.0 * math.pi))
"""The constant of ‖R_2‖ ≤ 0.9213 Σ a_i θ_i^{3/2}: attained by one neuron, as θ → 0."""


@ZGJ04.part(
    "a",
    says=r"$\|R_2\|_{L^2}\le2\sum_ia_i\sqrt{(\theta_i-\sin\theta_i\cos\theta_i)/\pi}"
    r"\le2\sqrt{\tfrac2{3\pi}}\sum_ia_i\theta_i^{3/2}$.",
    specimens=[_one_neuron(1e-4), _MANY],
)
@given(**_EVERY_STATE)
def the_second_part_is_at_most_the_sum_of_its_wedges(
    world: Teachers, students: States, trials: Trials
) -> Bound:
    V = world.build(trials)

    def claim(W: Weights) -> Bound:
        matched = cells(W, V)
        return at_most(
            residuals(W, V).at_most(),
            2.0 * (matched.mass * (wedge(matched.theta) / math.pi).sqrt()).sum(dim=-1),
        )

    return attacked(claim, students.draw(trials, V), V, trials, ascent_steps=40, enough=1.0)


@the_second_part_is_at_most_the_sum_of_its_wedges.twin("exponent 2 of the angle in place of 3/2")
def _(world: Teachers, students: States, trials: Trials) -> Bound:
    V = world.build(trials)
    W = students.draw(trials, V)
    matched = cells(W, V)
    return at_most(residuals(W, V).at_most(), _SIZE * (matched.mass * matched.theta**2).sum(dim=-1))


@ZGJ04.part(
    "b",
    says=r"$\|R_2\|_{L^2}\ge\sqrt{\tfrac2\pi}\sum_ia_i(1-\cos\theta_i)\ge\sqrt{\tfrac2\pi}"
    r"\tfrac4{\pi^2}\sum_ia_i\theta_i^2$.",
    specimens=[_RING, _one_neuron(1e-4)],
)
@given(**_EVERY_STATE)
def the_second_part_is_at_least_its_mean(
    world: Teachers, students: States, trials: Trials
) -> Bound:
    V = world.build(trials)

    def claim(W: Weights) -> Bound:
        matched = cells(W, V)
        mean = math.sqrt(2.0 / math.pi) * (
            matched.mass * 2.0 * (matched.theta / 2.0).sin() ** 2
        ).sum(dim=-1)
        return at_least(residuals(W, V).at_least(), mean)

    return attacked(claim, students.draw(trials, V), V, trials, ascent_steps=40, enough=1.0)


@the_second_part_is_at_least_its_mean.twin(
    "exponent 1 of the angle in place of 2", specimens=[_one_neuron(1e-4)]
)
def _(world: Teachers, students: States, trials: Trials) -> Bound:
    V = world.build(trials)
    W = students.draw(trials, V)
    matched = cells(W, V)
    claimed = (
        math.sqrt(2.0 / math.pi) * 4.0 / math.pi**2 * (matched.mass * matched.theta).sum(dim=-1)
    )
    return at_least(residuals(W, V).at_least(), claimed)


@ZGJ04.part(
    "c",
    says=r"$\|R_2\|_{L^2}^2\ge\sum_i4a_i^2(\theta_i-\sin\theta_i\cos\theta_i)/\pi$.",
    specimens=[_PAIR, _MANY],
)
@given(**_EVERY_STATE)
def the_second_part_is_at_least_the_root_of_its_squares(
    world: Teachers, students: States, trials: Trials
) -> Bound:
    V = world.build(trials)

    def claim(W: Weights) -> Bound:
        matched = cells(W, V)
        return at_least(
            residuals(W, V).at_least() ** 2,
            4.0 / math.pi * (matched.mass**2 * wedge(matched.theta)).sum(dim=-1),
        )

    return attacked(claim, students.draw(trials, V), V, trials, ascent_steps=40, enough=1.0)


@the_second_part_is_at_least_the_root_of_its_squares.twin("masses that are not squared")
def _(world: Teachers, students: States, trials: Trials) -> Bound:
    V = world.build(trials)
    W = students.draw(trials, V)
    matched = cells(W, V)
    return at_least(
        residuals(W, V).at_least() ** 2,
        4.0 / math.pi * (matched.mass * wedge(matched.theta)).sum(dim=-1),
    )


@ZGJ04.part(
    "d",
    says=r"$\sqrt{2L}\le\sum_j\|e_j\|+2\sqrt{\tfrac2{3\pi}}\sum_ia_i\theta_i^{3/2}$.",
    specimens=[_MANY, _PAIR],
)
@given(**_EVERY_STATE)
def the_root_of_the_loss_is_at_most_the_errors_and_the_angles(
    world: Teachers, students: States, trials: Trials, *, size: float = _SIZE
) -> Bound:
    V = world.build(trials)

    def claim(W: Weights) -> Bound:
        matched = cells(W, V)
        angles = size * (matched.mass * matched.theta**1.5).sum(dim=-1)
        # Attained where all students are aligned: what rounding does to e_j, of the order of the
        # masses, is granted.
        rounding = 64.0 * torch.finfo(W.dtype).eps * (matched.mass.sum(dim=-1) + (V**2).sum())
        return at_most(
            (2.0 * loss(W, V)).sqrt(), matched.errors.norm(dim=-1).sum(dim=-1) + angles + rounding
        )

    return attacked(claim, students.draw(trials, V), V, trials, ascent_steps=40, enough=1.0)


the_root_of_the_loss_is_at_most_the_errors_and_the_angles.twin(
    "the errors alone: the second part is forgotten", specimens=[_PAIR], size=0.0
)


# ZGJ-05

ZGJ05 = statement(
    "ZGJ-05",
    paper="ZGJ21",
    source="ours",
    provenance="ours",
    proof="only seen",
    uses=["ZGJ-03", "ZGJ-04"],
    title="The two residual parts are nearly orthogonal",
    says=r"For $r=1$ and all $W$ with all $\theta_i\le\theta$: $|\langle R_1,R_2\rangle|\le "
    r"C\theta^{1/2}\|R_1\|\|R_2\|$, hence $\|R_1\|^2+\|R_2\|^2\le\frac{2L}{1-C\theta^{1/2}}$; "
    r"without a bound on the angles $\|R_1\|^2+\|R_2\|^2\le C'L$.",
)


@ZGJ05.part(
    "a",
    kind="scaling",
    says=r"$|\langle R_1,R_2\rangle|\le C\theta^{1/2}\|R_1\|\|R_2\|$.",
    quantifiers=(r"\forall\, m,d", r"\forall\, W:\ \theta_i\le\theta"),
    constant=Constant(1.0, measured_on="m ≤ 5, θ = 1e-4…1.5", failure=0.0),
    specimens=[
        _one_neuron(1e-4),
        {"world": Teachers(dimension=4), "students": States(family="local", extra=3, size=0.5)},
    ],
)
@given(**_WITH_ONE_TEACHER)
def the_two_parts_are_correlated_by_at_most_the_root_of_the_angle(
    world: Teachers, students: States, trials: Trials, *, power: float = 0.5
) -> Bound:
    V = world.build(trials)

    def claim(W: Weights) -> Bound:
        parts, widest = residuals(W, V), cells(W, V).theta.amax(dim=-1)
        return at_most(parts.cross.abs(), widest**power * parts.first.sqrt() * parts.at_least())

    return attacked(claim, students.draw(trials, V), V, trials, ascent_steps=40, enough=1.0)


@the_two_parts_are_correlated_by_at_most_the_root_of_the_angle.twin(
    "correlation of the order of the angle itself"
)
def _(world: Teachers, students: States, trials: Trials) -> Bound:
    V = world.build(trials)
    W = students.draw(trials, V)
    parts, widest = residuals(W, V), cells(W, V).theta.amax(dim=-1)
    return at_most(parts.cross.abs(), widest * parts.first.sqrt() * parts.at_least())


@ZGJ05.part(
    "b",
    kind="scaling",
    says=r"One neuron of the teacher's norm, tilted by $\theta$, has $|\langle "
    r"R_1,R_2\rangle|=\Theta(\theta^{1/2})\,\|R_1\|\|R_2\|$, with the constant "
    r"$\sqrt{3/2\pi}=0.691$ in the limit: the exponent is sharp.",
    quantifiers=(r"\forall\,\theta",),
    constant=Constant(0.7, measured_on="θ = 1e-4…0.4", failure=0.0),
    along=Along(
        variable="θ",
        sizes=(1e-4, 1e-3, 1e-2, 0.1, 0.4),
        instance=lambda theta: {"theta": theta},
        at_most=0.1,
        at_least=-0.1,
    ),
    specimens=[{"theta": 1e-4}, {"theta": 0.1}],
)
@given(theta=log_uniform(1e-4, 0.4))
def one_tilted_neuron_attains_the_root_of_the_angle(
    theta: float, trials: Trials, *, power: float = 0.5
) -> Bound:
    world = Teachers(dimension=3)
    V = world.build(trials)
    parts = residuals(States(family="common angle", extra=0, size=theta).draw(trials, V), V)
    return at_most(parts.cross.abs(), theta**power * parts.first.sqrt() * parts.at_least())


one_tilted_neuron_attains_the_root_of_the_angle.twin(
    "the angle itself: exponent 1",
    constant=Constant(100.0, measured_on="θ ≥ 1e-4"),
    specimens=[],
    power=1.0,
)


@ZGJ05.part(
    "c",
    kind="inequality",
    says=r"$\|R_1\|^2+\|R_2\|^2\le\frac{2L}{1-\theta^{1/2}}$ where all $\theta_i\le\theta<1$.",
    quantifiers=(r"\forall\, m,d", r"\forall\, W:\ \theta_i\le\theta"),
    specimens=[
        {"world": Teachers(dimension=4), "students": States(family="local", extra=3, size=0.1)},
        _one_neuron(0.3),
    ],
)
@given(
    world=teachers(count=(1, 1)),
    students=states("local", "split pair", "common angle", size=(0.003, 0.3)),
)
def the_loss_bounds_both_parts_near_the_teacher(
    world: Teachers, students: States, trials: Trials, *, factor: float = 1.0
) -> Bound:
    V = world.build(trials)

    def claim(W: Weights) -> Bound:
        parts, widest = residuals(W, V), cells(W, V).theta.amax(dim=-1)
        slack = 1.0 - factor * widest.sqrt()
        return at_most(
            parts.first + parts.at_most() ** 2,
            torch.where(slack > 0, 2.0 * loss(W, V) / slack, torch.inf),
        )

    return attacked(claim, students.draw(trials, V), V, trials, ascent_steps=40, enough=1.0)


the_loss_bounds_both_parts_near_the_teacher.twin("the parts are orthogonal", factor=0.0)


@ZGJ05.part(
    "d",
    kind="inequality",
    says=r"$\|R_1\|^2+\|R_2\|^2\le80L$, whatever the angles: from "
    r"$\|R_1\|=\|e_1\|\le(\sqrt{2\pi}+\sqrt{3\pi})\sqrt L$ of ZGJ-10.",
    quantifiers=(r"\forall\, m,d", r"\forall\, W"),
    specimens=[
        _RING,
        {"world": Teachers(dimension=4), "students": States(family="local", extra=4, size=1.0)},
    ],
)
@given(world=teachers(count=(1, 1)), students=st.one_of(states(), states("far", extra=(1, 3))))
def the_loss_bounds_both_parts(
    world: Teachers, students: States, trials: Trials, *, factor: float = 80.0
) -> Bound:
    V = world.build(trials)

    def claim(W: Weights) -> Bound:
        parts = residuals(W, V)
        return at_most(parts.first + parts.at_most() ** 2, factor * loss(W, V))

    return attacked(claim, students.draw(trials, V), V, trials, ascent_steps=40, enough=1.0)


the_loss_bounds_both_parts.twin("2L: the parts are orthogonal", factor=2.0)
