"""A neuron's angle is small for its mass (ours).

With the second part of the residual, ‖R_2‖ ≤ √(2L) + Σ_j ‖e_j‖, and each neuron contributes to its
norm, as R_2 is a sum of functions that are not negative: 2a_i √((θ_i - sin θ_i cos θ_i)/π) ≤ ‖R_2‖.
For one teacher ‖e_1‖ = O(√L) by ZGJ-10: a_i θ_i^{3/2} = O(√L).
"""

from __future__ import annotations

import math

from hypothesis import strategies as st

from lemmata.harness import Bound, Constant, Trials, at_most, given, statement
from lemmata.strategies import log_uniform
from lemmata.theorems.local_convergence.aggregates import AGGREGATE
from lemmata.theorems.local_convergence.setting.attacks import attacked
from lemmata.theorems.local_convergence.setting.extremes import (
    along_mass,
    drawn,
    tiny_neuron,
)
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
_any_state = st.one_of(states(), states("far", extra=(1, 3)))
_LOCAL = States(family="local", extra=4, size=0.5)

ZGJ11 = statement(
    "ZGJ-11",
    paper="ZGJ21",
    source="ours",
    provenance="ours",
    proof="in the docstring",
    uses=["ZGJ-04", "ZGJ-10"],
    title="The angle of one neuron, weighted by its mass",
    says=r"For all $W$ and $i$, "
    r"$2a_i\sqrt{(\theta_i-\sin\theta_i\cos\theta_i)/\pi}\le\sqrt{2L}+\sum_j\|e_j\|$; for $r=1$ "
    r"hence $a_i\theta_i^{3/2}\le9.8\sqrt L$.",
    kind="inequality",
)


@ZGJ11.part(
    "a",
    says=r"For $r=1$: "
    r"$2a_i\sqrt{(\theta_i-\sin\theta_i\cos\theta_i)/\pi}\le(\sqrt2+\sqrt{2\pi}+\sqrt{3\pi})\sqrt "
    r"L$.",
    quantifiers=(*_ALL_W, r"\forall\, i\in[m]"),
    specimens=[{"world": Teachers(dimension=4), "students": _LOCAL}],
)
@given(world=teachers(count=(1, 1)), students=_any_state)
def the_angle_of_a_neuron_is_small_for_its_mass(
    world: Teachers, students: States, trials: Trials, *, weight: float = 1.0
) -> Bound:
    V = world.build(trials)

    def claim(W: Weights) -> Bound:
        matched = cells(W, V)
        alone = 2.0 * matched.mass**weight * (wedge(matched.theta) / math.pi).sqrt()
        return at_most(alone, (math.sqrt(2.0) + AGGREGATE) * loss(W, V).sqrt().unsqueeze(-1))

    return attacked(claim, students.draw(trials, V), V, trials, enough=1.0)


the_angle_of_a_neuron_is_small_for_its_mass.twin(
    "whatever its mass", specimens=[tiny_neuron(1e-3)], weight=0.0
)


@ZGJ11.part(
    "b",
    says=r"For any teachers: "
    r"$2a_i\sqrt{(\theta_i-\sin\theta_i\cos\theta_i)/\pi}\le\|R_2\|\le\sqrt{2L}+\sum_j\|e_j\|$.",
    quantifiers=(*_ALL_W, r"\forall\, i\in[m]"),
    specimens=[{"world": Teachers(count=2, dimension=4), "students": _LOCAL}],
)
@given(world=teachers(families=("orthogonal", "arc", "random")), students=_any_state)
def the_angle_of_a_neuron_is_bounded_by_loss_and_errors(
    world: Teachers, students: States, trials: Trials, *, errors: float = 1.0
) -> Bound:
    V = world.build(trials)

    def claim(W: Weights) -> Bound:
        matched = cells(W, V)
        bound = (2.0 * loss(W, V)).sqrt() + errors * matched.errors.norm(dim=-1).sum(dim=-1)
        return at_most(
            2.0 * matched.mass * (wedge(matched.theta) / math.pi).sqrt(), bound.unsqueeze(-1)
        )

    return attacked(claim, students.draw(trials, V), V, trials, enough=1.0)


the_angle_of_a_neuron_is_bounded_by_loss_and_errors.twin(
    "the loss alone", specimens=[tiny_neuron(1e-3)], errors=0.0
)


@ZGJ11.part(
    "c",
    kind="scaling",
    says=r"The weight is needed: a far neuron of mass $a\to0$ keeps its angle while "
    r"$a\,\theta^{3/2}=\Theta(\sqrt L)$.",
    quantifiers=(r"\forall\, a",),
    constant=Constant(9.8, measured_on="a = 1e-6…0.1", failure=0.0),
    along=along_mass(1.0),
    specimens=[{"mass": 1e-4}],
)
@given(mass=log_uniform(1e-6, 0.1, per_decade=1))
def a_tiny_far_neuron_attains_the_weighted_angle(
    mass: float, trials: Trials, *, weight: float = 1.0, power: float = 0.5
) -> Bound:
    W, V = drawn(tiny_neuron(mass), trials)
    matched = cells(W, V)
    return at_most((matched.mass**weight * matched.theta**1.5).amax(dim=-1), loss(W, V) ** power)


a_tiny_far_neuron_attains_the_weighted_angle.twin(
    "θ = O(L^{1/3}) for every neuron, whatever its mass",
    specimens=[],
    constant=Constant(1e12, measured_on="a ≥ 1e-6"),
    weight=0.0,
)
