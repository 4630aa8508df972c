"""The loss threshold has to shrink like the cube of the separation (ours).

*Two teachers* at the angle Δ, all students on their bisector u with the total mass 2k(Δ/2): the
residual is even under the reflection at u, so that it only pulls along u, and there the mass is at
its optimum: ∇L = 0. With ψ(2x) - 4 cos x ψ(x) = 2x - sin 2x the loss is

    L = 1 + k(Δ) - 2k(Δ/2)² = (2/π)(Δ - sin Δ) - (8/π²) ψ(Δ/2)² = (Δ³/3π)(1 + O(Δ²)).

*r teachers* on an arc, fitted as well as possible by r - 1 neurons: by (2) of the setting, as Δ →
0, the fit minimises Σ_{k,l} c_k c_l |t_k - t_l|³ over the places t and masses c of the neurons with
Σ c = Σ ct = 0, teachers at 0, …, r - 1 with the mass -1, and L = c_r Δ³ with 1/3π times that
minimum. For r = 3 the neurons stand at 1/5 and 9/5, with the minimum 8/25; for r = 4, 5 the minimum
is 0.2731, 0.2672. Copies whose masses are split in any way are stationary too: there are spurious
stationary points for every m ≥ r - 1.

*Parallel students*: if all are parallel to w*_1 and w*_2 is orthogonal to it, the residual is even
under the reflection of w*_2, and no gradient leaves the line. Where two of them turn by angles ε_i
towards w*_2 with Σ a_i ε_i = 0, the kinks pick up the residual -|x_2| on the hyperplane: L changes
by -(2/π) Σ a_i ε_i², so that the best of these states is a saddle for m ≥ 2, though not for m = 1.
"""

from __future__ import annotations

import math

from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Trials,
    all_of,
    at_least,
    at_most,
    equal,
    given,
    statement,
)
from lemmata.strategies import log_uniform
from lemmata.theorems.local_convergence.setting.derivatives import gradient_norm, least_curvature
from lemmata.theorems.local_convergence.setting.extremes import copies_of_the_best_fit
from lemmata.theorems.local_convergence.setting.network import (
    TeacherRows,
    Teachers,
    Weights,
    gradient,
    kernel,
    loss,
    psi,
    square,
    units,
    wedge,
)

LIMITS = {2: 1.0, 3: 0.32, 4: 0.27307, 5: 0.26725}
"""3π c_r: the least Σ c_k c_l |t_k - t_l|³ of r - 1 neurons."""

ZGJ24 = statement(
    "ZGJ-24",
    paper="ZGJ21",
    source="ours",
    provenance="ours",
    proof="in the docstring",
    uses=["ZGJ-01", "ZGJ-02"],
    title="The loss threshold has to shrink like the cube of the separation",
    says=r"There are stationary points, for every $m\ge r-1$, with "
    r"$L=c_r\Delta^3(1+O(\Delta^2))>0$, $c_2=\frac1{3\pi}$, $c_3=\frac8{75\pi}$, and smaller for "
    r"more teachers: no inequality $\|\nabla L\|\ge\kappa L^\alpha$ holds on "
    r"$\{L\le\varepsilon_0\}$ unless $\varepsilon_0<c_r\Delta^3$.",
)


def _arc(delta: float, trials: Trials) -> TeacherRows:
    return Teachers(family="arc", count=2, dimension=3, separation=delta).build(trials)


def _shared(mass: float, direction: Float[Tensor, "d"], count: int, trials: Trials) -> Weights:
    """Draw students along a line: random shares of the mass, random signs."""
    weight = trials.normal("mass", count, 1).exp()
    sign = trials.signs("sign", count, 1)
    return sign * (mass * weight / weight.sum(dim=1, keepdim=True)).sqrt() * direction


def _on_the_bisector(
    delta: float, count: int, trials: Trials, response: float = 1.0
) -> tuple[Weights, TeacherRows]:
    V = _arc(delta, trials)
    k = float(kernel(trials.tensor(0.5 * delta)))
    return _shared(2.0 * k**response, units(V.sum(dim=0, keepdim=True))[0], count, trials), V


def _stationary(W: Weights, V: TeacherRows) -> Bound:
    scale = W.norm(dim=-1, keepdim=True) * (square(W) + square(V))[:, None, None]
    return equal(gradient(W, V), 0.0, roundings=8, scale=scale.expand_as(W))


@ZGJ24.part(
    "a",
    kind="identity",
    says=r"$r=2$, unit teachers at the angle $\Delta$, any $m\ge1$ students on their bisector with "
    r"$\sum_ia_i=2k(\Delta/2)$: $\nabla L=0$ and "
    r"$L=1+k(\Delta)-2k(\Delta/2)^2=\frac2\pi(\Delta-\sin\Delta)-\frac8{\pi^2}\psi(\Delta/2)^2$.",
    quantifiers=(
        r"\forall\,\Delta",
        r"\forall\, m\ge1",
        r"\forall\, a:\ \textstyle\sum_ia_i=2k(\Delta/2)",
    ),
    specimens=[{"delta": 0.5, "count": 3}],
)
@given(delta=log_uniform(0.05, 1.5), count=st.integers(1, 6))
def students_on_the_bisector_are_stationary(
    delta: float, count: int, trials: Trials, *, response: float = 1.0
) -> Bound:
    W, V = _on_the_bisector(delta, count, trials, response)
    half = trials.tensor(0.5 * delta)
    formula = 4.0 / math.pi * wedge(half) - 8.0 / math.pi**2 * psi(half) ** 2
    return all_of(
        _stationary(W, V),
        equal(loss(W, V), formula, roundings=8, scale=formula + 4.0 * formula.sqrt()),
    )


students_on_the_bisector_are_stationary.twin(
    "the total mass 2, without the factor k(Δ/2)", response=0.0
)


@ZGJ24.part(
    "b",
    kind="scaling",
    says=r"$L=\frac{\Delta^3}{3\pi}(1+O(\Delta^2))$ there.",
    quantifiers=(r"\forall\,\Delta", r"\forall\, m\ge1"),
    constant=Constant(0.1, measured_on="Δ = 0.02…1: 0.06", failure=0.0),
    along=Along(
        variable="Δ",
        sizes=(0.02, 0.05, 0.1, 0.2, 0.5),
        instance=lambda delta: {"delta": delta, "count": 3},
        at_most=0.02,
        at_least=-0.02,
        trials=16,
    ),
    specimens=[{"delta": 0.5, "count": 3}],
)
@given(delta=log_uniform(0.02, 1.0), count=st.integers(1, 6))
def the_loss_on_the_bisector_is_the_cube_of_the_separation(
    delta: float, count: int, trials: Trials, *, power: float = 3.0
) -> Bound:
    W, V = _on_the_bisector(delta, count, trials)
    relative = 3.0 * math.pi * loss(W, V) / delta**power
    return at_most((relative - 1.0).abs(), delta**2).scaling_as(relative)


the_loss_on_the_bisector_is_the_cube_of_the_separation.twin("Δ²", specimens=[], power=2.0)


@the_loss_on_the_bisector_is_the_cube_of_the_separation.twin(
    "a threshold of 0.02, whatever the separation: these states are above it",
    along=[],
    constant=Constant(1.0, measured_on="nothing: no constant will do", failure=0.0),
)
def _(delta: float, count: int, trials: Trials) -> Bound:
    return at_least(loss(*_on_the_bisector(delta, count, trials)), 0.02)


@ZGJ24.part(
    "level",
    title="The level of the local statements lies below these points",
    kind="inequality",
    says=r"$\varepsilon_0=0.005\min(1,\Delta^3)w_{\min}^4$, the level at which the local "
    r"statements "
    r"are tried, is below the loss of the stationary points of (a), for every $\Delta$.",
    quantifiers=(r"\forall\,\Delta", r"\forall\, m\ge1"),
    provenance="ours",
    specimens=[{"delta": 0.02, "count": 3}, {"delta": 1.0, "count": 2}],
)
@given(delta=log_uniform(0.02, 1.0), count=st.integers(1, 6))
def the_level_lies_below_the_stationary_points(
    delta: float, count: int, trials: Trials, *, lost_powers: float = 0.0
) -> Bound:
    world = Teachers(family="arc", count=2, dimension=3, separation=delta)
    level = world.threshold / delta**lost_powers
    return at_least(loss(*_on_the_bisector(delta, count, trials)), level)


the_level_lies_below_the_stationary_points.twin("a level of the order Δ²", lost_powers=1.0)


@ZGJ24.part(
    "c",
    kind="existence",
    says=r"$r\ge3$ unit teachers on an arc: copies of the best fit by $r-1$ neurons, masses split "
    r"in any way, are stationary with $L=c_r\Delta^3(1+O(\Delta^2))$, $3\pi c_r=\frac8{25},\ "
    r"0.2731,\ 0.2672$ for $r=3,4,5$.",
    quantifiers=(r"\forall\, r\in\{3,4,5\},\Delta", r"\forall\, m\ge r-1", r"\exists\, W"),
    constant=Constant(0.15, measured_on="r = 3, 4, 5, Δ = 0.05…0.6: 0.10", failure=0.0),
    specimens=[
        {"count": 3, "separation": 0.5, "students": 5},
        {"count": 5, "separation": 0.2, "students": 6},
    ],
)
@given(count=st.integers(3, 5), separation=log_uniform(0.05, 0.6), students=st.integers(4, 8))
def copies_of_the_best_fit_are_stationary(
    count: int, separation: float, students: int, trials: Trials
) -> Bound:
    world = Teachers(family="arc", count=count, dimension=3, separation=separation)
    V, W = world.build(trials), copies_of_the_best_fit(world, trials, students)
    limit = LIMITS[count] * separation**3 / (3.0 * math.pi)
    return all_of(
        at_most((loss(W, V) / limit - 1.0).abs(), separation**2),
        at_most(gradient_norm(W, V), 1e-12),
    )


@copies_of_the_best_fit_are_stationary.twin(
    "at least 0.05 Δ³ for every r",
    constant=Constant(1.0, measured_on="nothing: no constant will do", failure=0.0),
)
def _(count: int, separation: float, students: int, trials: Trials) -> Bound:
    world = Teachers(family="arc", count=count, dimension=3, separation=separation)
    return at_least(
        loss(copies_of_the_best_fit(world, trials, students), world.build(trials)),
        0.05 * separation**3,
    )


@ZGJ24.part(
    "d",
    kind="identity",
    says=r"$w_1^*\perp w_2^*$, $m\ge2$ students parallel to $w_1^*$ with $\sum_ia_i=1+\frac2\pi$: "
    r"$\nabla L=0$ and $L=\frac12(1-\frac4{\pi^2})$, at a saddle: "
    r"$\lambda_{\min}(\nabla^2L)=-\frac4\pi$.",
    quantifiers=(r"\forall\, m\ge2", r"\forall\, a:\ \textstyle\sum_ia_i=1+\frac2\pi"),
    specimens=[{"count": 3, "delta": math.pi / 2}],
)
@given(count=st.integers(2, 6), delta=st.just(math.pi / 2))
def students_parallel_to_one_teacher_are_at_a_saddle(
    count: int, delta: float, trials: Trials
) -> Bound:
    V = _arc(delta, trials)
    W = _shared(1.0 + 2.0 / math.pi, V[0], count, trials)
    exact = 0.5 * (1.0 - 4.0 / math.pi**2)
    return all_of(
        _stationary(W, V),
        equal(loss(W, V), exact, roundings=8, scale=4.0),
        at_most((least_curvature(W, V) + 4.0 / math.pi).abs(), 1e-4),
    )


@students_parallel_to_one_teacher_are_at_a_saddle.twin(
    "the teachers at the angle 1.2", specimens=[{"count": 3, "delta": 1.2}]
)
def _(count: int, delta: float, trials: Trials) -> Bound:
    return students_parallel_to_one_teacher_are_at_a_saddle.check(count, delta, trials)


@students_parallel_to_one_teacher_are_at_a_saddle.twin(
    "m = 1: there it is a minimum", specimens=[{"count": 1, "delta": math.pi / 2}]
)
def _(count: int, delta: float, trials: Trials) -> Bound:
    return students_parallel_to_one_teacher_are_at_a_saddle.check(count, delta, trials)
