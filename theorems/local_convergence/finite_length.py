"""Paths have finite length: every neuron converges (ours).

Theorem 5 of ZGJ21 gives L → 0, hence convergence to the set of optima; that W_t tends to one point
of it needs a path of finite length. With exponent 1 in place of 3/4 the bound (1) is (2/κ)
log(L_s/L_T), which diverges.

A step decreases the loss by η‖∇L‖²/2 at least (ZGJ-16), and ‖∇L‖ ≥ κL^{3/4} (ZGJ-18), so that

    ‖W_{t+1} - W_t‖ = η‖∇L_t‖ ≤ 2(L_t - L_{t+1})/‖∇L_t‖ ≤ (2/κ)(L_t - L_{t+1})L_t^{-3/4} ≤
    (8/κ)(L_t^{1/4} - L_{t+1}^{1/4}):  (1)

the path from W_s to W_T is no longer than (8/κ)(L_s^{1/4} - L_T^{1/4}), whatever the number of
students. Hence W_t converges, and its limit has no loss: each neuron goes to 0 or becomes parallel
to a teacher (ZGJ-23). For gradient flow the factor is 4 in place of 8.

Both families of ZGJ-17 use what their gradients allow. A neuron of mass a far from the teacher
turns and grows by Θ(√a) = Θ(L_0^{1/4}); the split pair at ±θ closes, by θ = Θ(L_0^{1/3}), as for it
‖∇L‖ = Θ(L^{2/3}).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hypothesis import strategies as st

from lemmata.harness import Bound, Constant, Instance, Trials, at_most, given, statement
from lemmata.strategies import log_uniform
from lemmata.theorems.local_convergence.setting.descent import (
    TIMES,
    Descent,
    descend,
    flow,
    kappa,
    starts,
    step_size,
    worst_run,
)
from lemmata.theorems.local_convergence.setting.extremes import (
    along_angle,
    along_mass,
    drawn,
    split_pair,
    tiny_neuron,
)
from lemmata.theorems.local_convergence.setting.network import Teachers, Weights, teachers, witness
from lemmata.theorems.local_convergence.setting.states import States, states

_STARTS = (r"\forall\, m\ge r,d", r"\forall\, W^*", r"\forall\, W_0:\ L(W_0)\le\varepsilon_0")
_any_teachers = teachers(families=("orthogonal", "arc", "simplex"))
_any_start = st.one_of(states(), states("midway", extra=(1, 3)))
_TWO = {
    "world": Teachers(count=2, dimension=4),
    "students": States(family="local", extra=2, size=0.5),
}
_ARC = {
    "world": Teachers(family="arc", count=2, dimension=3, separation=0.5),
    "students": States(family="tiny", extra=2, size=0.2),
}

ZGJ29 = statement(
    "ZGJ-29",
    paper="ZGJ21",
    source="ours, for Theorem 1 (informal), page 2",
    provenance="ours",
    proof="in the docstring",
    uses=["ZGJ-16", "ZGJ-18", "ZGJ-21", "ZGJ-23"],
    title="Finite length: every neuron converges",
    says=r"Under the hypotheses of ZGJ-21, for all $0\le s<T$: "
    r"$\|W_T-W_s\|_F\le\sum_{t=s}^{T-1}\eta\|\nabla L(W_t)\|_F\le\frac8\kappa\,L(W_s)^{1/4}$, "
    r"whatever $m$. Hence $W_t\to W_\infty$ with $L(W_\infty)=0$: each $w_{i,\infty}$ is $0$ or "
    r"parallel to some $w_j^*$.",
)


@ZGJ29.part(
    "a",
    kind="trajectory",
    says=r"$\sum_{t=s}^{T-1}\eta\|\nabla "
    r"L(W_t)\|_F\le\frac8\kappa\big(L(W_s)^{1/4}-L(W_T)^{1/4}\big)$ for all $s<T\le300$.",
    quantifiers=(*_STARTS, r"\forall\, s<T"),
    constant=Constant(
        8.0,
        measured_on="r ≤ 3, m ≤ 15, Δ = 0.3…π/2: 3.4, along a simplex at Δ = 1; GD to ηT = 33",
        failure=0.0,
    ),
    specimens=[_ARC, _TWO],
)
@given(world=_any_teachers, students=_any_start)
def the_path_is_no_longer_than_the_fourth_root_of_the_loss(
    world: Teachers, students: States, trials: Trials, *, power: float = 0.25
) -> Bound:
    V = world.build(trials)

    def claim(run: Descent) -> Bound:
        # Both sides add up over the stretches between the times kept.
        length = run.length.diff(dim=-1, prepend=run.length[..., :1])
        root = run.loss**power
        fallen = -root.diff(dim=-1, prepend=root[..., :1])
        return at_most(run.above_rounding(kappa(world) * length), fallen).with_curves(
            loss=run.loss, length=run.length
        )

    eta = step_size(V, world.threshold)
    return worst_run(
        claim,
        starts(world, students, V, trials),
        lambda W: descend(W, V, eta=eta, steps=300, stride=10),
    )


the_path_is_no_longer_than_the_fourth_root_of_the_loss.twin(
    "8 √L_s, what gradient domination would give", specimens=[split_pair(0.01)], power=0.5
)


the_path_is_no_longer_than_the_fourth_root_of_the_loss.twin(
    "8 L_s^{1/3}, what ‖∇L‖ ≥ L^{2/3} would give", specimens=[tiny_neuron(1e-6)], power=1.0 / 3.0
)


def _length(instance: Instance, trials: Trials, until: float, power: float) -> Bound:
    """Claim that the path of gradient flow up to a time is no longer than the power of the first
    loss.
    """
    W, V = drawn(instance, trials)
    run = flow(W, V, (until,), growth=0.2)
    return at_most(run.length[:, -1], run.loss[:, 0] ** power)


@ZGJ29.part(
    "b",
    kind="scaling",
    says=r"A neuron of mass $a$ at a fixed angle, the other one at its optimum, has a path of "
    r"length $\Theta(L_0^{1/4})$ up to $\tau=\frac3a$.",
    quantifiers=(r"\forall\, a",),
    constant=Constant(1.5, measured_on="a = 1e-6…0.03: 0.87, and 1.09 up to τ = 10/a", failure=0.0),
    along=replace(along_mass(0.5), sizes=(1e-3, 3e-3, 1e-2, 3e-2)),
    specimens=[{"mass": 1e-2}],
)
@given(mass=log_uniform(5e-3, 0.1, per_decade=1))
def a_tiny_far_neuron_travels_by_the_fourth_root_of_the_loss(
    mass: float, trials: Trials, *, power: float = 0.25
) -> Bound:
    return _length(tiny_neuron(mass), trials, 3.0 / mass, power)


a_tiny_far_neuron_travels_by_the_fourth_root_of_the_loss.twin(
    "L_0^{1/3}", specimens=[], power=1.0 / 3.0
)


@ZGJ29.part(
    "c",
    kind="scaling",
    says=r"The split pair at $\pm\theta$ has a path of length $\Theta(L_0^{1/3})$ up to "
    r"$\tau=\frac{10}\theta$.",
    quantifiers=(r"\forall\,\theta",),
    constant=Constant(
        1.7,
        measured_on="θ = 1e-4…0.28: 1.45, and 1.59 up to τ = 30/θ; (3π/2)^{1/3} = 1.68 in the "
        "limit",
        failure=0.0,
    ),
    along=replace(along_angle(1.0), sizes=(0.01, 0.03, 0.1, 0.2), trials=16),
    specimens=[{"theta": 0.1}],
)
@given(theta=log_uniform(0.03, 0.28, per_decade=1))
def the_split_pair_travels_by_the_cube_root_of_the_loss(
    theta: float, trials: Trials, *, power: float = 1.0 / 3.0
) -> Bound:
    return _length(split_pair(theta), trials, 10.0 / theta, power)


the_split_pair_travels_by_the_cube_root_of_the_loss.twin("√L_0", specimens=[], power=0.5)


@ZGJ29.part(
    "d",
    kind="trajectory",
    says=r"Along gradient flow there is one $W_\infty$ with $L(W_\infty)=0$, the witness of ZGJ-14 "
    r"at $\tau=1000$, and $\|W(\tau)-W_\infty\|_F\le C\kappa^{-1}L(W(\tau))^{1/4}$ for all "
    r"$\tau\le1000$.",
    quantifiers=(*_STARTS, r"\exists\, W_\infty", r"\forall\,\tau"),
    constant=Constant(4.0, measured_on="r ≤ 3, m ≤ 15, Δ = 0.3…π/2, τ ≤ 3000: 2.5", failure=0.0),
    specimens=[_TWO, _ARC],
)
@given(world=_any_teachers, students=_any_start)
def every_neuron_converges(
    world: Teachers,
    students: States,
    trials: Trials,
    *,
    power: float = 0.25,
    limit: Callable[[Descent], Weights] = lambda run: run.W[..., -1, :, :],
) -> Bound:
    V = world.build(trials)

    def claim(run: Descent) -> Bound:
        distance = (run.W - witness(limit(run), V).unsqueeze(-3)).flatten(-2).norm(dim=-1)
        return at_most(run.above_rounding(kappa(world) * distance), run.loss**power).with_curves(
            distance=distance
        )

    return worst_run(
        claim,
        starts(world, students, V, trials),
        lambda W: flow(W, V, (*TIMES, 1000.0), growth=0.2),
    )


every_neuron_converges.twin(
    "to the witness of the start",
    specimens=[
        {
            "world": Teachers(family="arc", count=2, dimension=3, separation=1.2),
            "students": States(family="midway", extra=1, size=0.3),
        }
    ],
    limit=lambda run: run.W[..., 0, :, :],
)


every_neuron_converges.twin("√L, what gradient domination would give", power=0.5)
