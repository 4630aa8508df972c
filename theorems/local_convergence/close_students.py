"""Both parts of the residual are small, every teacher has a close student (ZGJ21, Lemmas 9, 12).

With ‖R_1‖ = ‖e_1‖ = O(√L) of ZGJ-10, the rest ‖R_2‖ ≤ √(2L) + ‖R_1‖ is of that order too. The
projection of e_j on its teacher says that the cell's mass, weighted by cosines, is the teacher's up
to ‖e_j‖: no cell is empty (ZGJ-12). If all neurons of a cell had an angle of at least ϑ, ‖R_2‖²
would be at least of the order w_min⁴ ϑ³: some student is within O(L^{1/3}) of every teacher
(ZGJ-13). The split pair, two students at ± θ of one teacher, has loss (2/3π) θ³ and shows that this
exponent is sharp.
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st

from lemmata.harness import Along, Bound, Constant, Trials, all_of, at_most, given, statement
from lemmata.strategies import log_uniform
from lemmata.theorems.local_convergence.aggregates import AGGREGATE
from lemmata.theorems.local_convergence.residuals import residuals
from lemmata.theorems.local_convergence.setting.attacks import attacked, level
from lemmata.theorems.local_convergence.setting.extremes import (
    along_angle,
    along_mass,
    drawn,
    mass_at,
    split_pair,
    tiny_neuron,
)
from lemmata.theorems.local_convergence.setting.network import (
    Teachers,
    Weights,
    cells,
    line_angles,
    loss,
    teachers,
)
from lemmata.theorems.local_convergence.setting.states import States, states

_ALL_W = (r"\forall\, m\ge r,d", r"\forall\, W^*", r"\forall\, W")
_any_state = st.one_of(states(), states("far", extra=(1, 3)))
_LOCAL = States(family="local", extra=4, size=0.5)

# ZGJ-12

ZGJ12 = statement(
    "ZGJ-12",
    paper="ZGJ21",
    source="Lemma 12, page 12",
    provenance="ours",
    uses=["ZGJ-03", "ZGJ-10"],
    title="Both residual parts are at most the root of the loss, and every teacher has mass",
    says=r"For $r=1$ and all $W$: $\|R_1\|_{L^2},\|R_2\|_{L^2}=O(\sqrt L)$. For any teachers "
    r"$\big|\sum_{i\in T_j}a_i\cos\theta_i-\|w_j^*\|^2\big|\le\|e_j\|$, so that $T_j\ne\emptyset$ "
    r"as soon as $\|e_j\|<\|w_j^*\|^2$.",
    kind="inequality",
)


@ZGJ12.part(
    "printed",
    title="Lemma 12: the second part of the residual is small",
    kind="scaling",
    says=r"$\|R_2\|_{L^2}^2=O\big(r^{5/2}w_{\max}^{1/2}L^{3/4}\big)$ where $L\le\varepsilon_0$.",
    quantifiers=(*_ALL_W[:-1], r"\forall\, W:\ L(W)\le\varepsilon_0"),
    provenance="as printed",
    note="the printed proof uses Lemma C.6, for which ZGJ-09 serves: with it the $O$ is a "
    r"polynomial in $r$, $\Delta^{-1}$ at a larger threshold",
    constant=Constant(4.0, measured_on="r ≤ 3, m ≤ 6: 1.1 for r = 1, 0.3 for more", failure=0.0),
    along=Along(
        variable="L",
        sizes=(1e-12, 1e-8, 1e-4),
        instance=lambda L: {**tiny_neuron(mass_at(L)), "share": L / Teachers().threshold},
        at_least=0.0,
        trials=16,
    ),
    specimens=[{"world": Teachers(dimension=4), "students": _LOCAL, "share": 1.0}],
)
@given(
    world=teachers(families=("orthogonal", "arc", "simplex", "random"), weakest=(1.0, 0.5)),
    students=_any_state,
    share=st.sampled_from((1.0, 1e-3)),
)
def the_second_part_is_at_most_a_power_of_the_loss(
    world: Teachers,
    students: States,
    share: float,
    trials: Trials,
    *,
    power: float = 0.75,
    steps: int = 15,
) -> Bound:
    V = world.build(trials)
    high = level(world, V, share)

    def claim(W: Weights) -> Bound:
        return at_most(residuals(W, V).at_most() ** 2, world.count**2.5 * loss(W, V) ** power)

    return attacked(
        claim,
        students.near(trials, V, high),
        V,
        trials,
        high=high,
        climb_steps=steps // 3,
        ascent_steps=steps,
        enough=4.0,
    )


the_second_part_is_at_most_a_power_of_the_loss.twin(
    "L^{5/4}", specimens=[{**tiny_neuron(1e-5), "share": 1.0}], power=1.25, steps=0
)


@ZGJ12.part(
    "a",
    proof="in the docstring",
    says=r"For $r=1$: $\|R_1\|_{L^2}\le(\sqrt{2\pi}+\sqrt{3\pi})\sqrt L$ and "
    r"$\|R_2\|_{L^2}\le(\sqrt2+\sqrt{2\pi}+\sqrt{3\pi})\sqrt L$.",
    quantifiers=_ALL_W,
    specimens=[{"world": Teachers(dimension=4), "students": _LOCAL}],
)
@given(world=teachers(count=(1, 1)), students=_any_state)
def both_residual_parts_are_at_most_the_root_of_the_loss(
    world: Teachers, students: States, trials: Trials, *, power: float = 0.5
) -> Bound:
    V = world.build(trials)

    def claim(W: Weights) -> Bound:
        parts, L = residuals(W, V), loss(W, V) ** power
        return all_of(
            at_most(parts.first.sqrt(), AGGREGATE * L),
            at_most(parts.at_most(), (math.sqrt(2.0) + AGGREGATE) * L),
        )

    return attacked(claim, students.draw(trials, V), V, trials, enough=1.0)


both_residual_parts_are_at_most_the_root_of_the_loss.twin(
    "L^{2/3} in place of √L", specimens=[tiny_neuron(1e-5)], power=2.0 / 3.0
)


@ZGJ12.part(
    "b",
    proof="in the docstring",
    says=r"$\big|\sum_{i\in T_j}a_i\cos\theta_i-\|w_j^*\|^2\big|\le\|e_j\|$ for every $j$.",
    quantifiers=(*_ALL_W, r"\forall\, j\in[r]"),
    specimens=[
        {"world": Teachers(count=2, dimension=4, weakest=0.5), "students": _LOCAL},
        split_pair(0.3),
    ],
)
@given(world=teachers(families=("orthogonal", "arc", "simplex", "random")), students=_any_state)
def the_mass_of_a_cell_is_its_teachers(
    world: Teachers, students: States, trials: Trials, *, cosine: float = 1.0
) -> Bound:
    V = world.build(trials)
    matched = cells(students.draw(trials, V), V)
    mass = matched.per_cell(matched.mass * matched.theta.cos() ** cosine)
    # Attained where a cell is aligned: what rounding does to e_j, of the order of the masses, is
    # granted.
    rounding = (
        64.0 * torch.finfo(V.dtype).eps * (matched.mass.sum(dim=-1, keepdim=True) + (V**2).sum())
    )
    return at_most((mass - (V**2).sum(dim=-1)).abs(), matched.errors.norm(dim=-1) + rounding)


the_mass_of_a_cell_is_its_teachers.twin(
    "masses without the cosine", specimens=[split_pair(0.3)], cosine=0.0
)


@ZGJ12.part(
    "c",
    proof="only seen",
    kind="scaling",
    says=r"The exponent is sharp: with a far neuron of mass $a$, the other at its optimum, "
    r"$\|R_2\|_{L^2}=\Theta(\sqrt L)$.",
    quantifiers=(r"\forall\, a",),
    constant=Constant(2.2, measured_on="a = 1e-6…0.03", failure=0.0),
    along=along_mass(1.0),
    specimens=[{"mass": 1e-4}],
)
@given(mass=log_uniform(1e-6, 0.03, per_decade=1))
def the_second_part_of_a_tiny_far_neuron_is_the_root_of_the_loss(
    mass: float, trials: Trials, *, power: float = 0.5
) -> Bound:
    W, V = drawn(tiny_neuron(mass), trials)
    return at_most(residuals(W, V).at_most(), loss(W, V) ** power)


the_second_part_of_a_tiny_far_neuron_is_the_root_of_the_loss.twin(
    "L^{2/3}", specimens=[], constant=Constant(1e6, measured_on="a ≥ 1e-6"), power=2.0 / 3.0
)


# ZGJ-13

ZGJ13 = statement(
    "ZGJ-13",
    paper="ZGJ21",
    source="Lemma 9, page 10",
    provenance="ours",
    note=r"the printed $\delta_{\max}$ has a factor $r\,w_{\max}/w_{\min}$ more: ZGJ-31",
    uses=["ZGJ-04", "ZGJ-12"],
    title="Every teacher has a close student",
    says=r"For all $W$ with $L\le\varepsilon_0$ and every $j$: $\min_i\beta(w_i,w_j^*)\le "
    r"C\,(L/w_{\min}^4)^{1/3}$, $C$ depending on $\Delta$ and $r$ only.",
    kind="scaling",
)


@ZGJ13.part(
    "a",
    proof="only seen",
    says=r"For unit teachers, $\min_i\beta(w_i,w_j^*)\le3\,L^{1/3}$ where $L\le\varepsilon_0$.",
    quantifiers=(
        r"\forall\, m\ge r,d",
        r"\forall\, W^*",
        r"\forall\, W:\ L(W)\le\varepsilon_0",
        r"\forall\, j\in[r]",
    ),
    constant=Constant(3.0, measured_on="r ≤ 3, m ≤ 6, Δ = 0.25…π/2", failure=0.0),
    specimens=[
        {
            "world": Teachers(count=2, dimension=3),
            "students": States(family="split pair", extra=2, size=0.1),
        }
    ],
)
@given(
    world=teachers(families=("orthogonal", "arc", "random"), weakest=(1.0,)),
    students=states("local", "split pair", "common angle", "ring", "global"),
)
def every_teacher_has_a_close_student(
    world: Teachers, students: States, trials: Trials, *, power: float = 1.0 / 3.0
) -> Bound:
    V = world.build(trials)

    def claim(W: Weights) -> Bound:
        return at_most(line_angles(W, V).amin(dim=-2), (loss(W, V) ** power).unsqueeze(-1))

    return attacked(
        claim,
        students.near(trials, V, world.threshold),
        V,
        trials,
        high=world.threshold,
        enough=3.0,
    )


every_teacher_has_a_close_student.twin(
    "√L in place of L^{1/3}", specimens=[split_pair(1e-3)], power=0.5
)


@ZGJ13.part(
    "b",
    proof="only seen",
    says=r"The exponent is sharp: the split pair has $\theta=\Theta(L^{1/3})$, with the constant "
    r"$(3\pi/2)^{1/3}=1.68$ in the limit.",
    quantifiers=(r"\forall\,\theta",),
    constant=Constant(1.7, measured_on="θ = 1e-4…0.2", failure=0.0),
    along=along_angle(1.0),
    specimens=[{"theta": 1e-3}],
)
@given(theta=log_uniform(1e-4, 0.2))
def the_split_pair_attains_the_cube_root_of_the_loss(
    theta: float, trials: Trials, *, power: float = 1.0 / 3.0
) -> Bound:
    W, V = drawn(split_pair(theta), trials)
    return at_most(line_angles(W, V).amin(dim=-2), (loss(W, V) ** power).unsqueeze(-1))


the_split_pair_attains_the_cube_root_of_the_loss.twin(
    "√L", specimens=[], constant=Constant(1e6, measured_on="θ ≥ 1e-4"), power=0.5
)
