"""Exponent 2/3 where every neuron carries mass (ours).

The second part of the residual is a sum of functions that are not negative, one a neuron, so that
ZGJ-11 holds for the sum of their squares: Σ_i a_i² θ_i³ = O(‖R_2‖²) = O(L). By Hölder's inequality

    ‖W - W*‖² = O(Σ_i a_i θ_i² + L) = O((Σ_i a_i² θ_i³)^{2/3} (Σ_i 1/a_i)^{1/3}) = O(L^{2/3} (Σ_i
    1/a_i)^{1/3}),

and ZGJ-15 gives ‖∇L‖ ≥ κ' (Σ_i 1/a_i)^{-1/6} L^{2/3}: at least κ' (μ/m)^{1/6} L^{2/3} where all
masses are at least μ. The split pair attains the exponent, and a tiny neuron attains the power of
the mass: with it the bound is as small as L^{3/4}. A neuron midway between two teachers, as in
ZGJ-18, has ‖∇L‖ = 2^{5/3} p^{1/3} a^{1/6} L^{2/3} with p = Δ³/24π: κ' falls like Δ.
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Bound, Constant, Trials, at_least, at_most, given, statement
from lemmata.strategies import log_uniform
from lemmata.theorems.local_convergence.setting.attacks import attacked
from lemmata.theorems.local_convergence.setting.derivatives import gradient_norm
from lemmata.theorems.local_convergence.setting.extremes import (
    ONLY_BY_SLOPE,
    along_loss_of_the_split_pair,
    along_mass,
    drawn,
    split_pair,
    tiny_neuron,
)
from lemmata.theorems.local_convergence.setting.network import (
    Teachers,
    Weights,
    loss,
    square,
    teachers,
)
from lemmata.theorems.local_convergence.setting.states import States, descended, states

_any_state = st.one_of(
    states("local", "split pair", "common angle", "ring"),
    states("far", "mid", "midway", extra=(1, 3), size=(0.01, 0.3)),
)
_NEAR = (
    r"\exists\,\kappa',\varepsilon_0",
    r"\forall\, m\ge r,d",
    r"\forall\,\mu>0",
    r"\forall\, W:\ L(W)\le\varepsilon_0,\ \min_ia_i\ge\mu",
)
_SPECIMENS = [
    {"world": Teachers(dimension=4), "students": States(family="common angle", extra=2, size=0.1)},
    {
        "world": Teachers(family="arc", count=2, dimension=3, separation=0.5),
        "students": States(family="midway", extra=1, size=0.25),
    },
    {"world": Teachers(count=2, dimension=4), "students": States(family="mid", extra=2, size=0.2)},
]
Mass = Callable[[Weights], Float[Tensor, "..."]]

ZGJ19 = statement(
    "ZGJ-19",
    paper="ZGJ21",
    source="ours",
    provenance="ours",
    proof="only seen",
    uses=["ZGJ-11", "ZGJ-15"],
    title="Exponent 2/3 when every neuron carries mass",
    says=r"For all $W$ with $L(W)\le\varepsilon_0$ and $\min_ia_i\ge\mu$: $\|\nabla "
    r"L(W)\|_F\ge\kappa'(\mu,m)\,L(W)^{2/3}$, and more exactly $\|\nabla "
    r"L(W)\|_F\ge\kappa'\big(\sum_i\frac1{a_i}\big)^{-1/6}L(W)^{2/3}$. Both the exponent and the "
    r"power of the mass are sharp.",
)


def least_mass(W: Weights) -> Float[Tensor, "..."]:
    """Return (min_i a_i)/m."""
    return (W**2).sum(dim=-1).amin(dim=-1) / W.shape[-2]


def harmonic_mass(W: Weights) -> Float[Tensor, "..."]:
    """Return 1/Σ_i (1/a_i), which is at least (min_i a_i)/m."""
    return 1.0 / (1.0 / (W**2).sum(dim=-1)).sum(dim=-1)


def _steep(
    world: Teachers, students: States, trials: Trials, mass: Mass, of_mass: float, power: float
) -> Bound:
    V, high = world.build(trials), world.threshold

    def claim(W: Weights) -> Bound:
        return at_least(
            gradient_norm(W, V), min(1.0, world.delta) * mass(W) ** of_mass * loss(W, V) ** power
        )

    random = students.near(trials, V, high)
    late = descended(random, V, steps=60)
    return attacked(
        claim,
        late,
        V,
        trials,
        high=high,
        climb_steps=10,
        ascent_steps=40,
        enough=3.0,
        random=random,
        descent=late,
    )


@ZGJ19.part(
    "a",
    kind="inequality",
    says=r"$\|\nabla L(W)\|_F\ge\frac13\min(1,\Delta)\,(\mu/m)^{1/6}\,L(W)^{2/3}$ where "
    r"$L(W)\le\varepsilon_0$ and $\min_ia_i\ge\mu$. (The bound grows with $\mu$: it is tried at "
    r"$\mu=\min_ia_i$.)",
    quantifiers=_NEAR,
    constant=Constant(
        3.0, measured_on="r ≤ 3, m ≤ 7, Δ = 0.3…π/2: 1.12, midway between two teachers", failure=0.0
    ),
    specimens=_SPECIMENS,
)
@given(world=teachers(families=("orthogonal", "arc", "simplex")), students=_any_state)
def the_gradient_is_at_least_the_power_two_thirds_of_the_loss(
    world: Teachers,
    students: States,
    trials: Trials,
    *,
    of_mass: float = 1.0 / 6.0,
    power: float = 2.0 / 3.0,
) -> Bound:
    return _steep(world, students, trials, least_mass, of_mass, power)


the_gradient_is_at_least_the_power_two_thirds_of_the_loss.twin(
    "exponent 1/2", specimens=[split_pair(1e-3)], power=0.5
)


the_gradient_is_at_least_the_power_two_thirds_of_the_loss.twin(
    "whatever the masses", specimens=[tiny_neuron(1e-7)], of_mass=0.0
)


@ZGJ19.part(
    "b",
    kind="scaling",
    says=r"The exponent is sharp: $m$ students of equal mass in pairs at the angles $\pm\theta$ "
    r"have $\|\nabla L\|_F=\Theta(L^{2/3})$.",
    quantifiers=(r"\forall\, m\ \text{even}", r"\forall\,\theta"),
    constant=Constant(2.0, measured_on="m = 2, 4, 6, L = 1e-15…1e-3: 1.90", failure=0.0),
    along=along_loss_of_the_split_pair(2.0 / 3.0, extra=3),
    specimens=[{"theta": 1e-3, "extra": 3}],
)
@given(theta=log_uniform(1e-4, 0.2), extra=st.sampled_from((1, 3, 5)))
def split_pairs_attain_the_exponent(
    theta: float, extra: int, trials: Trials, *, power: float = 2.0 / 3.0
) -> Bound:
    W, V = drawn(split_pair(theta, extra=extra), trials)
    return at_most(gradient_norm(W, V), loss(W, V) ** power)


split_pairs_attain_the_exponent.twin("1/2", specimens=[], constant=ONLY_BY_SLOPE, power=0.5)


split_pairs_attain_the_exponent.twin("3/4", specimens=[], constant=ONLY_BY_SLOPE, power=0.75)


@ZGJ19.part(
    "c",
    kind="inequality",
    says=r"$\|\nabla "
    r"L(W)\|_F\ge\frac13\min(1,\Delta)\,\big(\sum_i\frac1{a_i}\big)^{-1/6}L(W)^{2/3}$ where "
    r"$L(W)\le\varepsilon_0$.",
    quantifiers=(*_NEAR[:-2], r"\forall\, W:\ L(W)\le\varepsilon_0"),
    constant=Constant(
        3.0,
        measured_on="r ≤ 3, m ≤ 7, Δ = 0.3…π/2: 1.25 midway, 1.17 by 400 steps of ascent; 1.33 as "
        "L, Δ → 0",
        failure=0.0,
    ),
    specimens=_SPECIMENS,
)
@given(world=teachers(families=("orthogonal", "arc", "simplex")), students=_any_state)
def the_gradient_feels_the_harmonic_mean_of_the_masses(
    world: Teachers, students: States, trials: Trials
) -> Bound:
    return _steep(world, students, trials, harmonic_mass, 1.0 / 6.0, 2.0 / 3.0)


@the_gradient_feels_the_harmonic_mean_of_the_masses.twin(
    "their arithmetic mean", specimens=[tiny_neuron(1e-7)]
)
def _(world: Teachers, students: States, trials: Trials) -> Bound:
    return _steep(
        world, students, trials, lambda W: square(W) / W.shape[-2] ** 2, 1.0 / 6.0, 2.0 / 3.0
    )


@ZGJ19.part(
    "d",
    kind="scaling",
    says=r"The power of the mass is sharp: a tiny neuron has $\|\nabla "
    r"L\|_F=\Theta\big((\sum_i\frac1{a_i})^{-1/6}\big)L^{2/3}$.",
    quantifiers=(r"\forall\, a",),
    constant=Constant(3.0, measured_on="a = 1e-6…0.03: 2.61", failure=0.0),
    along=along_mass(1.5),
    specimens=[{"mass": 1e-4}],
)
@given(mass=log_uniform(1e-6, 0.03, per_decade=1))
def a_tiny_neuron_attains_the_power_of_the_mass(
    mass: float, trials: Trials, *, of_mass: float = 1.0 / 6.0
) -> Bound:
    W, V = drawn(tiny_neuron(mass), trials)
    return at_most(gradient_norm(W, V), harmonic_mass(W) ** of_mass * loss(W, V) ** (2.0 / 3.0))


a_tiny_neuron_attains_the_power_of_the_mass.twin(
    "whatever the masses", specimens=[], constant=ONLY_BY_SLOPE, of_mass=0.0
)
