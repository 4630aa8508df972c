"""Gradient domination and local strong convexity fail for every m > r (ours).

On the split pair ‖∇L‖ = Θ(L^{2/3}) and λ_min(∇²L) = Θ(L). Students that share a teacher trade mass
at no loss: the Hessian has a null space at every minimum with two students on one teacher.
"""

from __future__ import annotations

from dataclasses import replace

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Trials,
    at_least,
    given,
)
from lemmata.strategies import log_uniform
from lemmata.theorems.local_convergence.gradient_lower_bound import ZGJ18
from lemmata.theorems.local_convergence.setting.attacks import attacked
from lemmata.theorems.local_convergence.setting.derivatives import gradient_norm, least_curvature
from lemmata.theorems.local_convergence.setting.extremes import (
    along_loss_of_the_split_pair,
    drawn,
    split_pair,
    theta_at,
)
from lemmata.theorems.local_convergence.setting.network import Teachers, Weights, loss, teachers
from lemmata.theorems.local_convergence.setting.states import States, states


@ZGJ18.part(
    "d",
    says=r"Gradient domination: $\|\nabla L(W)\|_F^2\ge\mu\,L(W)$ near every minimum, for some "
    r"$m>r$ and $\mu>0$ (tried: $\mu=\frac1{100}$). On the split pair $\|\nabla "
    r"L\|_F^2=\Theta(L^{4/3})$, so that no $\mu$ will do.",
    quantifiers=(r"\exists\,\mu>0", r"\forall\, W:\ L(W)\le\varepsilon_0"),
    constant=Constant(100.0, measured_on="nothing: no constant will do", failure=0.0),
    along=replace(along_loss_of_the_split_pair(1.0), at_most=None),
    specimens=[{"theta": 1e-4}],
    expect="refuted",
)
@given(theta=log_uniform(1e-5, 0.1))
def the_loss_is_gradient_dominated(theta: float, trials: Trials, *, power: float = 1.0) -> Bound:
    W, V = drawn(split_pair(theta), trials)
    return at_least(gradient_norm(W, V) ** 2, loss(W, V) ** power)


the_loss_is_gradient_dominated.twin("even ‖∇L‖ ≥ √μ L^{0.6} is false", specimens=[], power=1.2)


@ZGJ18.part(
    "e",
    says=r"Local strong convexity: $\lambda_{\min}(\nabla^2L(W))\ge\mu$ near every minimum, for "
    r"some $m>r$ and $\mu>0$ (tried: $\mu=\frac1{20}\min(1,\Delta^3)$, with which it holds for "
    r"$m=r$). On the split pair $\lambda_{\min}=\Theta(L)$, so that no $\mu$ will do.",
    quantifiers=(r"\exists\,\mu,\varepsilon_1>0", r"\forall\, W:\ L(W)\le\varepsilon_1"),
    constant=Constant(20.0, measured_on="nothing: no constant will do", failure=0.0),
    along=Along(
        variable="L",
        sizes=(1e-7, 1e-6, 1e-5, 1e-4),
        instance=lambda L: split_pair(theta_at(L)),
        at_least=-0.02,
        trials=16,
    ),
    specimens=[split_pair(0.05)],
    expect="refuted",
)
@given(
    world=teachers(families=("orthogonal", "arc", "simplex"), weakest=(1.0,)),
    students=states("split pair", "local", extra=(1, 2)),
)
def the_loss_is_locally_strongly_convex(
    world: Teachers, students: States, trials: Trials, *, power: float = 0.0
) -> Bound:
    V, unit = world.build(trials), min(1.0, world.delta**3)
    level = 0.001 * unit**3

    def claim(W: Weights) -> Bound:
        return at_least(least_curvature(W, V), unit * loss(W, V) ** power)

    return attacked(
        claim,
        students.near(trials, V, level),
        V,
        trials,
        high=level,
        climb_steps=30,
        ascent_steps=0,
        objective=lambda W: -least_curvature(W, V),
        enough=20.0,
    )


the_loss_is_locally_strongly_convex.twin("even λ_min ≥ μ√L is false", specimens=[], power=0.5)
