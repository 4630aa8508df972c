"""A Łojasiewicz inequality with exponent 3/4 (ours), where Theorem 4 of ZGJ21 has exponent 1.

With the descent direction and the distance of the tapered witness W* of ZGJ-15, cL ≤ ⟨∇L, W - W*⟩ +
K‖∇L‖² ≤ ‖∇L‖ C L^{1/4} + K‖∇L‖², so that ‖∇L‖ is at least the smaller one of (c/2C) L^{3/4} and
√(cL/2K), C of the order (r/min(1, Δ³))^{1/4}. The exponent is that of a tiny neuron (ZGJ-17):
gradient domination, exponent 1/2, and strong convexity fail for every m > r, by the split pair.

*The constant.* Let neurons of mass a → 0 stand where the main ones see least of them, all at their
optimum, so that R = a (|w̄ᵀx| - its projection on the functions sᵀx sgn(w*_jᵀx)) with ‖R‖² = p a².
By Euler's identity ⟨w, ∇_w L⟩ = 2pa², and midway between two teachers nothing else acts by
symmetry: ‖∇L‖ = 2p a^{3/2} = 2^{7/4} p^{1/4} L^{3/4}. There p = Δ³/24π up to a factor 1 + O(Δ²), so
that κ falls like Δ^{3/4}; with q such neurons in different gaps it falls by another q^{1/4}. What
`descent.kappa` keeps of both is κ = (min(1, Δ³)/r)^{1/4}.

*The number of students.* Splitting w_i into neurons of its direction whose masses add up to its own
leaves L and ‖∇L‖ as they are: the infimum over W can only fall with m. It is bounded below all the
same.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Trials,
    at_least,
    at_most,
    given,
)
from lemmata.strategies import log_uniform
from lemmata.theorems.local_convergence.gradient_lower_bound import ZGJ18
from lemmata.theorems.local_convergence.setting.attacks import attacked
from lemmata.theorems.local_convergence.setting.derivatives import gradient_norm
from lemmata.theorems.local_convergence.setting.descent import kappa
from lemmata.theorems.local_convergence.setting.extremes import (
    ONLY_BY_SLOPE,
    along_loss_of_the_tiny_neuron,
    copies_of_the_best_fit,
    drawn,
    tiny_neuron,
)
from lemmata.theorems.local_convergence.setting.network import Teachers, Weights, loss, teachers
from lemmata.theorems.local_convergence.setting.states import States, descended, pulled, states

_any_state = st.one_of(states(), states("far", "mid", "midway", extra=(1, 3), size=(0.01, 0.3)))
_NEAR = (
    r"\exists\,\kappa,\varepsilon_0",
    r"\forall\, m\ge r,d",
    r"\forall\, W:\ L(W)\le\varepsilon_0",
)
_TWO = Teachers(family="arc", count=2, dimension=3, separation=0.5)
_LOCAL = States(family="local", extra=3, size=0.5)
_MIDWAY = {
    "world": replace(_TWO, separation=0.2),
    "students": States(family="midway", extra=1, size=0.03),
}
"""Where the power of Δ in κ bites."""


@ZGJ18.part(
    "a",
    kind="inequality",
    says=r"$\|\nabla L(W)\|_F\ge\frac12\big(\tfrac{\min(1,\Delta^3)}r\big)^{1/4}\,L(W)^{3/4}$ "
    r"where $L(W)\le\varepsilon_0$.",
    quantifiers=_NEAR,
    constant=Constant(
        2.0,
        measured_on="r ≤ 3, m ≤ 7, Δ = 0.2…π/2, norms from 1/4: 0.73 midway between two teachers; "
        "r ≤ 4 as L → 0: 0.82",
        failure=0.0,
    ),
    specimens=[
        _MIDWAY,
        {"world": _TWO, "students": _LOCAL},
        {"world": Teachers(dimension=4), "students": _LOCAL},
        {"world": Teachers(count=3, dimension=4, weakest=0.5), "students": _LOCAL},
        {
            "world": Teachers(family="arc", count=3, dimension=3, separation=0.8),
            "students": States(family="mid", extra=2),
        },
    ],
)
@given(world=teachers(families=("orthogonal", "arc", "simplex", "random")), students=_any_state)
def the_gradient_is_at_least_the_power_three_quarters_of_the_loss(
    world: Teachers,
    students: States,
    trials: Trials,
    *,
    power: float = 0.75,
    uniform: bool = False,
    level: float | None = None,
) -> Bound:
    V, high = world.build(trials), world.threshold if level is None else level
    factor = 1.0 if uniform else kappa(world)

    def claim(W: Weights) -> Bound:
        return at_least(gradient_norm(W, V), factor * loss(W, V) ** power)

    random, others = students.near(trials, V, high), trials.stream("others")
    late = descended(random, V, steps=60)
    fitted = (
        copies_of_the_best_fit(world, trials, world.count + students.extra)
        if world.count > 1
        else random
    )
    # The adversaries start where descent has removed what is steep.
    found = attacked(
        claim,
        late,
        V,
        trials,
        high=high,
        enough=2.0,
        random=random,
        descent=late,
        pairs=States(family="split pair", extra=world.count, size=0.1).near(others, V, high),
        midway=States(family="midway", extra=2, size=0.03).near(others, V, high),
        fewer_neurons=pulled(fitted, V, high),
    )
    return found.reporting(
        kappa=factor / found.ratio.clamp(min=1e-3),
        kappa_of_random_states=factor / found.attacks["random"].clamp(min=1e-3),
    )


the_gradient_is_at_least_the_power_three_quarters_of_the_loss.twin(
    "the threshold 0.02 for every separation",
    specimens=[{"world": _TWO, "students": _LOCAL}],
    level=0.02,
)


the_gradient_is_at_least_the_power_three_quarters_of_the_loss.twin(
    "L^{2/3} for every W", specimens=[tiny_neuron(1e-7)], power=2.0 / 3.0
)


the_gradient_is_at_least_the_power_three_quarters_of_the_loss.twin(
    "the same κ for every separation",
    specimens=[_MIDWAY],
    uniform=True,
)


@ZGJ18.part(
    "b",
    says=r"The exponent is sharp for every $m>r$: far neurons of total mass $a\to0$, the other at "
    r"its optimum, have $\|\nabla L\|_F=\Theta(L^{3/4})$.",
    quantifiers=(r"\forall\, m\ge2", r"\forall\, a"),
    constant=Constant(3.0, measured_on="m = 2…8, L = 1e-15…1e-3: 2.92", failure=0.0),
    along=along_loss_of_the_tiny_neuron(0.75, extra=3),
    specimens=[{"mass": 1e-4, "extra": 3}],
)
@given(mass=log_uniform(1e-6, 0.03, per_decade=1), extra=st.sampled_from((1, 2, 4, 7)))
def far_neurons_attain_the_exponent(
    mass: float, extra: int, trials: Trials, *, power: float = 0.75
) -> Bound:
    W, V = drawn(tiny_neuron(mass, extra=extra), trials)
    return at_most(gradient_norm(W, V), loss(W, V) ** power)


far_neurons_attain_the_exponent.twin("2/3", specimens=[], constant=ONLY_BY_SLOPE, power=2.0 / 3.0)


far_neurons_attain_the_exponent.twin("0.7", specimens=[], constant=ONLY_BY_SLOPE, power=0.7)


far_neurons_attain_the_exponent.twin("0.8", specimens=[], constant=ONLY_BY_SLOPE, power=0.8)


def _along_count(*sizes: int) -> Along:
    return Along(
        variable="m",
        sizes=sizes,
        instance=lambda m: {"extra": m - 1},
        at_most=0.05,
        at_least=-0.05,
        trials=16,
    )


@ZGJ18.part(
    "c",
    says=r"For $r=1$: $\min_W\|\nabla L(W)\|_F/L(W)^{3/4}$ over $L(W)\le\varepsilon_0$ does not "
    r"depend on the number $m$ of students.",
    quantifiers=(r"\forall\, m", r"\min_{W:\,L(W)\le\varepsilon_0}"),
    constant=Constant(2.0, measured_on="m = 2…64, d = 4: 0.40", failure=0.0),
    along=_along_count(2, 4, 8, 16, 32, 64),
    specimens=[{"extra": 7}],
)
@given(extra=st.sampled_from((1, 3, 7, 15)))
def the_constant_does_not_fall_with_the_number_of_students(
    extra: int, trials: Trials, *, power: float = 0.0
) -> Bound:
    world = Teachers(dimension=4)
    V = world.build(trials)

    def claim(W: Weights) -> Bound:
        return at_least(gradient_norm(W, V), (1.0 + extra) ** power * loss(W, V) ** 0.75)

    ring = States(family="far", extra=extra, size=0.05, angle=0.8).near(
        trials.stream("ring"), V, world.threshold
    )
    random = States(family="local", extra=extra, size=0.5).near(trials, V, world.threshold)
    return attacked(
        claim,
        ring,
        V,
        trials,
        high=world.threshold,
        climb_steps=0,
        ascent_steps=12,
        random=random,
        descent=descended(random, V, steps=30),
        ring=ring,
    )


the_constant_does_not_fall_with_the_number_of_students.twin(
    "κ falls like m^{-1/2}", specimens=[], along=[_along_count(2, 4, 8, 16)], power=-0.5
)


@ZGJ18.part(
    "f",
    says=r"The power of $\Delta$ in $\kappa$ is needed: a tiny neuron midway between two teachers, "
    r"those students at their optimum, has $\|\nabla L\|_F=\Theta(\Delta^{3/4})\,L^{3/4}$, with "
    r"the constant $2^{7/4}(24\pi)^{-1/4}=1.14$ in the limit.",
    quantifiers=(r"\forall\,\Delta",),
    constant=Constant(1.2, measured_on="Δ = 0.1…1.2: 1.16", failure=0.0),
    along=Along(
        variable="Δ",
        sizes=(0.1, 0.2, 0.4, 0.8),
        instance=lambda delta: {"delta": delta},
        at_most=0.02,
        at_least=-0.02,
        trials=16,
    ),
    specimens=[{"delta": 0.3}],
)
@given(delta=log_uniform(0.1, 1.2))
def a_neuron_midway_between_teachers_attains_the_power_of_the_separation(
    delta: float, trials: Trials, *, power: float = 0.75
) -> Bound:
    V = Teachers(family="arc", count=2, dimension=3, separation=delta).build(trials)
    W = States(family="midway", extra=1, size=1e-4).draw(trials, V)
    return at_most(gradient_norm(W, V), delta**power * loss(W, V) ** 0.75)


a_neuron_midway_between_teachers_attains_the_power_of_the_separation.twin(
    "κ does not depend on Δ", specimens=[], constant=ONLY_BY_SLOPE, power=0.0
)
