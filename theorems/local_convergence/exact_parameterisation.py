"""Exact parameterisation: with one student a teacher the loss is gradient-dominated (ours).

Of m = r the paper only recalls, pages 7 and 8, that L = Θ(δ²) and that the Hessian is positive.

Where m = r and L ≤ ε₀, every cell holds one student, and the minimum W* = (±w*_j) is isolated. Near
it L = ½ Σ_jk e_jᵀ G_jk e_k up to higher orders, G_jk = E xxᵀ sgn(w*_jᵀx) sgn(w*_kᵀx), and e_j = D_j
(w_j - w*_j) with D_j = ‖w*_j‖ (I + w̄*_j w̄*_jᵀ). Hence ∇²L(W*) = DGD > 0, and

    inf ‖∇L‖²/L = 2 λ_min(DGD)        as L → 0:

2 for one teacher of norm 1, and 8Δ³/3π up to a factor 1 + O(Δ²) for two unit teachers at the angle
Δ: they trade mass. The curvature changes by O(‖W - W*‖) = O(√(L/Δ³)), so that it stays positive
where L is of the order Δ⁹: far less than what gradient domination asks for.
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Drawn,
    Instance,
    Trials,
    all_of,
    at_least,
    at_most,
    given,
    statement,
)
from lemmata.strategies import log_uniform
from lemmata.theorems.local_convergence.no_domination import the_loss_is_locally_strongly_convex
from lemmata.theorems.local_convergence.setting.attacks import attacked
from lemmata.theorems.local_convergence.setting.derivatives import gradient_norm
from lemmata.theorems.local_convergence.setting.descent import RATES, descend, step_size
from lemmata.theorems.local_convergence.setting.extremes import (
    ONLY_BY_SLOPE,
    along_loss,
    split_pair,
)
from lemmata.theorems.local_convergence.setting.network import Teachers, floor, loss, teachers
from lemmata.theorems.local_convergence.setting.states import States, descended, sign_gram, states

_exact = states("local", "softest", "global", "zero", extra=(0, 0))
_NEAR = (r"\forall\, m=r,d", r"\forall\, W^*", r"\forall\, W:\ L(W)\le\varepsilon_0")
_LOCAL = States(family="local", extra=0, size=0.5)
_ONE = {"world": Teachers(dimension=3), "students": _LOCAL}
_TWO = {"world": Teachers(family="arc", count=2, dimension=3, separation=0.5), "students": _LOCAL}

ZGJ20 = statement(
    "ZGJ-20",
    paper="ZGJ21",
    source="ours",
    provenance="ours",
    proof="only seen",
    uses=["ZGJ-01", "ZGJ-10"],
    title="Exact parameterisation: the loss is gradient-dominated",
    says=r"For $m=r$ and $L(W)\le\varepsilon_0$: $\|\nabla L(W)\|_F^2\ge\mu\,L(W)$ with "
    r"$\mu=\Omega(w_{\min}^2\Delta^3)$; gradient descent converges linearly, and close to the "
    r"minimum the loss is strongly convex. For $r=1$, $\mu\to2$ as $L\to0$.",
)


@ZGJ20.part(
    "a",
    kind="inequality",
    says=r"$\|\nabla L(W)\|_F^2\ge\frac1{10}w_{\min}^2\min(1,\Delta^3)\,L(W)$ for $m=r$, where "
    r"$L(W)\le\varepsilon_0$.",
    quantifiers=_NEAR,
    constant=Constant(
        10.0,
        measured_on="r ≤ 3, Δ = 0.3…π/2, norms from 1/4: 1.5; 3.1 by 400 steps of ascent",
        failure=0.0,
    ),
    specimens=[
        _TWO,
        {
            "world": Teachers(count=3, dimension=4, weakest=0.5),
            "students": States(family="softest", extra=0, size=0.5),
        },
    ],
)
@given(world=teachers(families=("orthogonal", "arc", "simplex", "random")), students=_exact)
def the_loss_is_gradient_dominated(
    world: Teachers,
    students: States,
    trials: Trials,
    *,
    of_separation: float = 1.0,
    of_norm: float = 2.0,
) -> Bound:
    V = world.build(trials)
    mu = world.weakest**of_norm * min(1.0, world.delta**3) ** of_separation
    random = students.near(trials, V, world.threshold)
    late = descended(random, V, steps=60)
    return attacked(
        lambda W: at_least(gradient_norm(W, V) ** 2, mu * loss(W, V)),
        late,
        V,
        trials,
        high=world.threshold,
        climb_steps=10,
        ascent_steps=80,
        enough=10.0,
        random=random,
        descent=late,
    )


@the_loss_is_gradient_dominated.twin("m = r + 1", specimens=[split_pair(1e-3)])
def _(world: Teachers, students: States, trials: Trials) -> Bound:
    return the_loss_is_gradient_dominated.check(world, students, trials)


the_loss_is_gradient_dominated.twin(
    "μ does not depend on Δ",
    specimens=[
        {
            "world": Teachers(family="arc", count=2, dimension=3, separation=0.2),
            "students": States(family="softest", extra=0),
        }
    ],
    of_separation=0.0,
)


the_loss_is_gradient_dominated.twin(
    "μ does not depend on w_min",
    specimens=[{"world": Teachers(count=2, weakest=0.15), "students": _LOCAL}],
    of_norm=0.0,
)


@ZGJ20.part(
    "b",
    kind="scaling",
    says=r"$\mu=\Theta(\Delta^3)$: for two unit teachers $\inf\|\nabla "
    r"L\|^2/L=2\lambda_{\min}(\nabla^2L(W^*))$ as $L\to0$, attained along the softest eigenvector, "
    r"and this is $\frac8{3\pi}\Delta^3=0.85\,\Delta^3$ in the limit.",
    quantifiers=(r"\forall\,\Delta",),
    constant=Constant(0.87, measured_on="Δ = 0.05…1.2: 0.85", failure=0.0),
    along=Along(
        variable="Δ",
        sizes=(0.05, 0.1, 0.2, 0.4),
        instance=lambda delta: {"delta": delta},
        at_most=0.05,
        at_least=-0.1,
        trials=16,
    ),
    specimens=[{"delta": 0.1}],
)
@given(delta=log_uniform(0.05, 1.2))
def gradient_domination_weakens_like_the_cube_of_the_separation(
    delta: float, trials: Trials, *, power: float = 3.0
) -> Bound:
    V = Teachers(family="arc", count=2, dimension=3, separation=delta).build(trials)
    D = torch.eye(V.shape[1], dtype=V.dtype, device=V.device) + V[:, :, None] * V[:, None, :]
    at_minimum = torch.einsum("jab,jbkc,kcd->jakd", D, sign_gram(V), D).reshape(
        V.numel(), V.numel()
    )
    softest = torch.linalg.eigh(at_minimum).eigenvectors[:, 0].view_as(V)
    side = trials.signs("side", 1, 1)
    W = V + 3e-4 * delta**2 * side * softest
    return at_most(gradient_norm(W, V) ** 2, delta**power * loss(W, V))


gradient_domination_weakens_like_the_cube_of_the_separation.twin(
    "Θ(Δ²)", specimens=[], constant=ONLY_BY_SLOPE, power=2.0
)


STEP = 0.05
"""For r = 1 the curvatures at the minimum are 4 along the teacher and 1 across.

A step of descent multiplies L by (1 - η)² in the end: the rate is 2 ln(1 - η)/η = -2.05.
"""


def _at_time(tau: float) -> Instance:
    return {
        "world": _ONE["world"],
        "students": States(family="common angle", extra=0, size=0.5),
        "time": tau,
    }


@ZGJ20.part(
    "c",
    kind="trajectory",
    says=r"$L(W_T)\le(1-\frac{\eta\mu}2)^TL(W_0)$ with the $\mu$ of (a), "
    r"$\eta\le\frac1{8(\|W^*\|_F^2+\sqrt{\pi\varepsilon_0})}$; for $r=1$, "
    r"$L(W_T)=\Theta(e^{-2\tau})$ in the time $\tau=\eta T$ as $\eta\to0$, and $\frac{d\ln "
    r"L}{d\tau}=\frac2\eta\ln(1-\eta)=-2.05$ for $\eta=\frac1{20}$.",
    quantifiers=(*_NEAR[:-1], r"\forall\, W_0:\ L(W_0)\le\varepsilon_0", r"\forall\, T"),
    along=Along(
        variable="ηT",
        sizes=(2.0, 4.0, 6.0, 8.0, 10.0),
        instance=_at_time,
        # The bound itself falls at the rate ln(1 - ημ/2)/η = -.05: L at -2.05, within .05.
        at_most=-1.95,
        at_least=-2.05,
        trials=16,
        growth="exponential",
        member="last",
        drawn=Drawn(together=RATES, measures="L", label="exact parameterisation"),
    ),
    specimens=[{**_TWO, "time": 10.0}],
)
@given(
    world=teachers(families=("orthogonal", "arc", "simplex")), students=_exact, time=st.just(10.0)
)
def gradient_descent_converges_linearly(
    world: Teachers, students: States, time: float, trials: Trials
) -> Bound:
    V = world.build(trials)
    steps = math.ceil(time / min(STEP, step_size(V, world.threshold)) - 1e-9)
    eta, mu = time / steps, 0.1 * world.weakest**2 * min(1.0, world.delta**3)
    run = descend(students.near(trials, V, world.threshold), V, eta=eta, steps=steps)
    # Losses are known up to the floor of rounding, which is granted.
    bound = run.loss[:, :1] * (1.0 - 0.5 * eta * mu) ** torch.arange(
        steps + 1, device=V.device
    ) + floor(V)
    return all_of(
        always=at_most(run.loss[:, 1:], bound[:, 1:]),
        last=at_most(run.loss[:, -1:], bound[:, -1:]),
    ).with_curves(loss=run.loss)


@gradient_descent_converges_linearly.twin(
    "m = r + 1", specimens=[{**split_pair(1e-3), "time": 10.0}]
)
def _(world: Teachers, students: States, time: float, trials: Trials) -> Bound:
    return gradient_descent_converges_linearly.check(world, students, time, trials)


@ZGJ20.part(
    "d",
    kind="inequality",
    says=r"Local strong convexity: for unit teachers, "
    r"$\lambda_{\min}(\nabla^2L(W))\ge\frac1{20}\min(1,\Delta^3)$ for $m=r$, where "
    r"$L(W)\le10^{-3}\min(1,\Delta^9)$.",
    quantifiers=(r"\forall\, m=r,d", r"\forall\, W^*", r"\forall\, W:\ L(W)\le\varepsilon_1"),
    constant=Constant(20.0, measured_on="r ≤ 3, Δ = 0.5…π/2: 7.5", failure=0.0),
    specimens=[_TWO, {"world": Teachers(count=2), "students": _LOCAL}],
)
@given(world=teachers(families=("orthogonal", "arc", "simplex"), weakest=(1.0,)), students=_exact)
def the_loss_is_strongly_convex_close_to_its_minimum(
    world: Teachers, students: States, trials: Trials
) -> Bound:
    return the_loss_is_locally_strongly_convex.check(world, students, trials)


@the_loss_is_strongly_convex_close_to_its_minimum.twin("m = r + 1", specimens=[split_pair(0.05)])
def _(world: Teachers, students: States, trials: Trials) -> Bound:
    return the_loss_is_locally_strongly_convex.check(world, students, trials)


@ZGJ20.part(
    "e",
    kind="scaling",
    says=r"For $r=m=1$: $\|\nabla L\|_F=\Theta(L^{1/2})$, against $L^{2/3}$ and $L^{3/4}$ for "
    r"$m=2$ (ZGJ-17).",
    quantifiers=(r"\forall\, L\le\varepsilon_0", r"\forall\, W:\ L(W)=L"),
    constant=Constant(0.8, measured_on="L = 1e-15…1e-3: 0.71; 1/√2 in the limit", failure=0.0),
    along=along_loss(0.5, lambda L: {"level": L}, label="exact parameterisation", trials=48),
    specimens=[{"level": 1e-6}],
)
@given(level=log_uniform(1e-15, 1e-3, per_decade=1))
def the_gradient_of_a_single_student_is_the_root_of_the_loss(
    level: float, trials: Trials, *, power: float = 0.5
) -> Bound:
    V = Teachers(dimension=3).build(trials)
    away = math.sqrt(level) * trials.sphere("away", 1, 3)
    for _ in range(5):
        away = away * (level / loss(V + away, V)).sqrt()[:, None, None]
    return at_least(gradient_norm(V + away, V), loss(V + away, V) ** power)


the_gradient_of_a_single_student_is_the_root_of_the_loss.twin(
    "L^{2/3}", specimens=[], constant=ONLY_BY_SLOPE, power=2.0 / 3.0
)


the_gradient_of_a_single_student_is_the_root_of_the_loss.twin(
    "L^{0.4}", specimens=[], constant=ONLY_BY_SLOPE, power=0.4
)
