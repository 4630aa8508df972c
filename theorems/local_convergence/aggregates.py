"""The average neuron of each cell is close to its teacher (ZGJ21, Lemma 10).

The residual's inner product with a polynomial that sees the direction b at teacher j only gives
bᵀe_j up to what far neurons contribute, which ZGJ-09 has bounded: ‖e_j‖ = O(√L) for one teacher and
for orthogonal ones, with explicit constants (ZGJ-10), where the paper has L^{3/8}. For r = 1 and a
unit b the polynomial (bᵀx)(w̄*ᵀx) - bᵀw̄* has norm √2 at most and sees √(2/π) Σ_i a_i (bᵀw̄_i) cos
θ_i - √(2/π) bᵀw*: it misses bᵀe_1 by Σ_i a_i (1 - cos θ_i) ≤ √(3πL), so that ‖e_1‖ ≤ √(2πL) +
√(3πL). For orthogonal teachers take the Hermite tensor of b ⊗ w̄*_j³, of norm √24 at most, which
sees the other teachers not at all, students of T_j up to (1 - cos³ θ) ≤ 3/2 sin² θ, and students of
other cells by cos³ ≤ sin² θ_i. For teachers at an angle Δ the form E (Σ_j e_jᵀx sgn(w*_jᵀx))² has
an eigenvalue of order Δ³, so that the constant grows like Δ^{-3/2}, and no less. With the second
part of the residual, ‖R_2‖ ≤ √(2L) + Σ_j ‖e_j‖, and each neuron contributes to its norm: a_i
θ_i^{3/2} = O(√L) (ZGJ-11).
"""

from __future__ import annotations

import math

from hypothesis import strategies as st

from lemmata.harness import Along, Bound, Constant, Trials, at_most, given, statement
from lemmata.strategies import log_uniform
from lemmata.theorems.local_convergence.setting.attacks import attacked, level
from lemmata.theorems.local_convergence.setting.extremes import (
    mass_at,
    tiny_neuron,
)
from lemmata.theorems.local_convergence.setting.network import (
    Teachers,
    Weights,
    cells,
    loss,
    teachers,
)
from lemmata.theorems.local_convergence.setting.states import States, states

_ALL_W = (r"\forall\, m\ge r,d", r"\forall\, W^*", r"\forall\, W")
_any_state = st.one_of(states(), states("far", extra=(1, 3)))
_LOCAL = States(family="local", extra=4, size=0.5)
AGGREGATE = math.sqrt(2.0 * math.pi) + math.sqrt(3.0 * math.pi)
"""The constant of ‖e_1‖ ≤ 5.58 √L for one teacher."""

ZGJ10 = statement(
    "ZGJ-10",
    paper="ZGJ21",
    source="Lemma 10, page 10",
    provenance="ours",
    uses=["ZGJ-06", "ZGJ-09"],
    title="The aggregated direction of each cell",
    says=r"$e_j=\sum_{i\in T_j}\|w_i\|w_i-\|w_j^*\|w_j^*$, the $v_j$ of (2), is $O(L^{3/8})$ "
    r"(Lemma 10). Sharper, and ours, it is $O(\sqrt L)$: for all $W$ with "
    r"explicit constants for one teacher and for orthogonal ones; in general with a constant of "
    r"the order $\Delta^{-3/2}$ where $L\le\varepsilon_0$.",
)


def _errors(world: Teachers, students: States, trials: Trials, constant: float) -> Bound:
    V = world.build(trials)
    return attacked(
        lambda W: at_most(
            cells(W, V).errors.norm(dim=-1), constant * loss(W, V).sqrt().unsqueeze(-1)
        ),
        students.draw(trials, V),
        V,
        trials,
        enough=1.0,
    )


@ZGJ10.part(
    "printed",
    title="Lemma 10: the average neuron is close to its teacher",
    kind="scaling",
    says=r"$\|e_j\|\le\mathrm{poly}(r,w_{\max},\Delta^{-1})\,L^{3/8}$ where $L\le\varepsilon_0$; "
    r"with the polynomial of page 28, $O(r^{11/4}\Delta^{-3/2})$.",
    quantifiers=(*_ALL_W[:-1], r"\forall\, W:\ L(W)\le\varepsilon_0", r"\forall\, j\in[r]"),
    provenance="as printed",
    note="implied by (c), where the power is 1/2",
    constant=Constant(
        4.0, measured_on="r ≤ 3, m ≤ 6, Δ = 0.2…π/2: 2.1 for r = 1, 0.4 for more", failure=0.0
    ),
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
    world=teachers(families=("orthogonal", "arc", "random"), weakest=(1.0, 0.5)),
    students=_any_state,
    share=st.sampled_from((1.0, 1e-3)),
)
def the_average_neuron_is_close_to_its_teacher(
    world: Teachers,
    students: States,
    share: float,
    trials: Trials,
    *,
    power: float = 0.375,
    steps: int = 15,
) -> Bound:
    V = world.build(trials)
    high, factor = level(world, V, share), world.count**2.75 * world.delta**-1.5

    def claim(W: Weights) -> Bound:
        return at_most(
            cells(W, V).errors.norm(dim=-1), factor * (loss(W, V) ** power).unsqueeze(-1)
        )

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


the_average_neuron_is_close_to_its_teacher.twin(
    "L^{5/8}",
    specimens=[
        {
            "world": Teachers(dimension=3),
            "students": States(family="softest", size=1e-5),
            "share": 1e-9,
        }
    ],
    power=0.625,
    steps=0,
)


@ZGJ10.part(
    "a",
    proof="in the docstring",
    kind="inequality",
    says=r"For $r=1$: $\|e_1\|\le(\sqrt{2\pi}+\sqrt{3\pi})\sqrt L$.",
    quantifiers=_ALL_W,
    specimens=[{"world": Teachers(dimension=4), "students": _LOCAL}],
)
@given(world=teachers(count=(1, 1)), students=_any_state)
def the_aggregate_error_is_at_most_the_root_of_the_loss(
    world: Teachers, students: States, trials: Trials
) -> Bound:
    return _errors(world, students, trials, AGGREGATE)


@the_aggregate_error_is_at_most_the_root_of_the_loss.twin(
    "√(2L), as if the second part of the residual were orthogonal to the first"
)
def _(world: Teachers, students: States, trials: Trials) -> Bound:
    return _errors(world, students, trials, math.sqrt(2.0))


@ZGJ10.part(
    "b",
    proof="in the docstring",
    kind="inequality",
    says=r"For pairwise orthogonal teachers of any norms: "
    r"$\|e_j\|\le\big(\sqrt{24\pi}+\tfrac32\sqrt{\pi(1+24r)}\big)\sqrt L$.",
    quantifiers=_ALL_W,
    specimens=[{"world": Teachers(count=2, dimension=4, weakest=0.5), "students": _LOCAL}],
)
@given(world=teachers(count=(2, 4)), students=_any_state)
def aggregate_errors_of_orthogonal_teachers_are_at_most_the_root_of_the_loss(
    world: Teachers, students: States, trials: Trials
) -> Bound:
    constant = math.sqrt(24.0 * math.pi) + 1.5 * math.sqrt(math.pi * (1.0 + 24.0 * world.count))
    return _errors(world, students, trials, constant)


@aggregate_errors_of_orthogonal_teachers_are_at_most_the_root_of_the_loss.twin(
    "√(2L), as if the signs of the teachers were independent"
)
def _(world: Teachers, students: States, trials: Trials) -> Bound:
    return _errors(world, students, trials, math.sqrt(2.0))


@ZGJ10.part(
    "c",
    proof="only seen",
    kind="scaling",
    says=r"For unit teachers and $L\le\varepsilon_0$: $\big(\sum_j\|e_j\|^2\big)^{1/2}\le "
    r"C\,\Delta^{-3/2}\sqrt L$.",
    quantifiers=(r"\forall\, m\ge r,d", r"\forall\, W^*", r"\forall\, W:\ L(W)\le\varepsilon_0"),
    constant=Constant(
        15.0, measured_on="r ≤ 3, m ≤ 6, Δ = 0.25…π/2: 8.7 midway between two teachers", failure=0.0
    ),
    specimens=[
        {
            "world": Teachers(family="arc", count=2, dimension=3, separation=0.5),
            "students": States(family="softest", extra=3),
        }
    ],
)
@given(
    world=teachers(count=(2, 3), families=("orthogonal", "arc", "random"), weakest=(1.0,)),
    students=st.one_of(states(), states("softest")),
)
def aggregate_errors_are_at_most_the_root_of_the_loss_near_the_teachers(
    world: Teachers, students: States, trials: Trials, *, power: float = -1.5
) -> Bound:
    V = world.build(trials)

    def claim(W: Weights) -> Bound:
        return at_most(
            cells(W, V).errors.norm(dim=(-2, -1)), world.delta**power * loss(W, V).sqrt()
        )

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
        enough=15.0,
        midway=midway,
    )


aggregate_errors_are_at_most_the_root_of_the_loss_near_the_teachers.twin(
    "the power 0 of Δ",
    specimens=[
        {
            "world": Teachers(family="arc", count=2, dimension=3, separation=0.2),
            "students": States(family="softest", size=0.02),
        }
    ],
    power=0.0,
)


@ZGJ10.part(
    "d",
    proof="only seen",
    kind="scaling",
    says=r"The power $-3/2$ is needed: along the softest eigenvector of the form of $R_1$, "
    r"$\|(e_1,e_2)\|=\Theta(\Delta^{-3/2})\sqrt L$, with the "
    r"constant $\sqrt{6\pi}=4.34$ in the limit.",
    quantifiers=(r"\forall\,\Delta",),
    constant=Constant(4.6, measured_on="Δ = 0.05…1.2", failure=0.0),
    along=Along(
        variable="Δ",
        sizes=(0.1, 0.2, 0.4, 0.8, 1.2),
        instance=lambda delta: {"delta": delta},
        at_most=0.1,
        at_least=-0.1,
    ),
    specimens=[{"delta": 0.1}],
)
@given(delta=log_uniform(0.05, 1.2))
def the_softest_displacement_attains_the_power_of_the_separation(
    delta: float, trials: Trials, *, power: float = -1.5
) -> Bound:
    V = Teachers(family="arc", count=2, dimension=3, separation=delta).build(trials)
    W = States(family="softest", extra=0, size=1e-3 * delta).draw(trials, V)
    return at_most(cells(W, V).errors.norm(dim=(-2, -1)), delta**power * loss(W, V).sqrt())


the_softest_displacement_attains_the_power_of_the_separation.twin(
    "a constant that does not depend on Δ",
    specimens=[],
    constant=Constant(1e4, measured_on="Δ ≥ 0.05"),
    power=0.0,
)
