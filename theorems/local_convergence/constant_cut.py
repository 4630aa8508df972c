"""The paper's direction with a constant cut-off in place of δ_max (ours, after ZGJ21, Lemma 8).

Every neuron within θ_c = ⅛ min(1, Δ) of its teacher goes to its share of it, in proportion to its
mass, and all others go to 0. On the wedges R_2 ≥ 0, and E|R_1||pᵀx|1_D ≤ 0.37 θ_j² Σ‖e_k‖; the near
part of R_2 lives where |p̄ᵀx| is at most of the order θ_c, so that Σ_near a_j θ_j² is at most of
the order √(rθ_c) ‖R_2‖. With ‖e_k‖, ‖R_2‖ = O(√L), the constants polynomials in r and 1/Δ (ZGJ-10,
ZGJ-12), what is lost is √θ_c times such a polynomial times L: for some cut-off poly(Δ, 1/r) the
product is at least L, and the gradient at least of the order L^{3/4}. That ⅛ min(1, Δ) will do for
up to eight teachers is only seen. In r the loss is real: it does not for 24 orthonormal ones.
"""

from __future__ import annotations

from hypothesis import strategies as st

from lemmata.harness import Along, Bound, Constant, Trials, at_least, at_most, given
from lemmata.theorems.local_convergence.preconditioned_direction import ZGJ30
from lemmata.theorems.local_convergence.setting.attacks import attacked
from lemmata.theorems.local_convergence.setting.extremes import mass_at, tiny_neuron
from lemmata.theorems.local_convergence.setting.network import (
    Teachers,
    Weights,
    loss,
    square,
    teachers,
)
from lemmata.theorems.local_convergence.setting.small_masses import (
    cut_direction,
    cut_product,
    worst_small_masses,
)
from lemmata.theorems.local_convergence.setting.states import States, descended, states

_NEAR = (r"\forall\, m\ge r,d", r"\forall\, W^*", r"\forall\, W:\ L(W)\le\varepsilon_0")
_UNIT = teachers(families=("orthogonal", "arc", "simplex"), weakest=(1.0,))
_LOCAL = States(family="local", extra=3, size=0.5)
_THREE = {
    "world": Teachers(family="simplex", count=3, dimension=3, separation=0.5),
    "students": _LOCAL,
}
_CUT = 0.125


@ZGJ30.part(
    "e",
    source="ours, after Lemma 8",
    says=r"With the cut-off $\theta_c=\frac18\min(1,\Delta)$ and $q_{ij}=\|w_j\|\,1[\theta_j\le"
    r"\theta_c]\big/\sum_{T_i(\theta_c)}a_k$, unit teachers, $r\le8$ and $L\le\varepsilon_0$: "
    r"$G_q\ge L$.",
    quantifiers=_NEAR,
    provenance="ours",
    proof="only seen",
    note="for one teacher the worst product found is 1.94 L, for three at the angle ½ 1.52 L, for "
    "eight 1.29 L; above eight teachers it fails",
    specimens=[_THREE, {"world": Teachers(dimension=3), "students": _LOCAL}],
)
@given(world=_UNIT, students=states("local", "ring", "far", "mid", "tiny", size=(0.01, 0.5)))
def the_direction_with_a_constant_cut_descends(
    world: Teachers, students: States, trials: Trials, *, fraction: float = _CUT, steps: int = 10
) -> Bound:
    V, cut = world.build(trials), fraction * min(1.0, world.delta)
    start = students.near(trials, V, world.threshold)
    small = worst_small_masses(
        V,
        cut,
        trials.stream("small"),
        scale=0.05 * world.count,
        steps=25,
        extra=0 if world.count > 1 else 2,
    )
    return attacked(
        lambda W: at_least(cut_product(W, V, cut), loss(W, V)),
        start,
        V,
        trials,
        high=world.threshold,
        objective=lambda W: -cut_product(W, V, cut) / loss(W, V),
        climb_steps=0,
        ascent_steps=steps,
        enough=1.0,
        small=small,
        descent=descended(start, V, steps=30),
    )


the_direction_with_a_constant_cut_descends.twin(
    "the cut-off min(1, Δ)/4", specimens=[_THREE], fraction=0.25, steps=0
)


the_direction_with_a_constant_cut_descends.twin(
    "every neuron is near",
    specimens=[{"world": Teachers(dimension=3), "students": _LOCAL}],
    fraction=1.5707,
    steps=0,
)


def _beyond(L: float) -> States:
    """Return far neurons just beyond the cut-off, in seven azimuths."""
    return States(family="far", extra=7, size=mass_at(L, 1.02 * _CUT), angle=1.02 * _CUT)


@ZGJ30.part(
    "f",
    kind="scaling",
    source="ours, after the proof of Theorem 4, page 19",
    says=r"The square of that direction's length is at most "
    r"$25\,\big(\tfrac r{\min(1,\Delta^3)}\big)^{1/2}\sqrt L$; with (e) therefore $\|\nabla "
    r"L\|_F\ge\frac15\big(\tfrac{\min(1,\Delta^3)}r\big)^{1/4}L^{3/4}$, the exponent of ZGJ-18(a).",
    quantifiers=_NEAR,
    provenance="ours",
    proof="only seen",
    constant=Constant(
        25.0, measured_on="r ≤ 3: 14.5 for one teacher, d = 8; 19.0 for d = 100", failure=0.0
    ),
    along=Along(
        variable="L",
        sizes=(1e-12, 1e-10, 1e-8, 1e-6),
        instance=lambda L: {"world": Teachers(dimension=8), "students": _beyond(L)},
        at_most=0.02,
        at_least=-0.02,
        trials=16,
    ),
    specimens=[{"world": Teachers(dimension=8), "students": _beyond(1e-8)}, _THREE],
)
@given(
    world=_UNIT, students=st.one_of(states("local", "far", "mid", "tiny"), st.just(_beyond(1e-7)))
)
def the_direction_with_a_constant_cut_is_short(
    world: Teachers,
    students: States,
    trials: Trials,
    *,
    power: float = 0.5,
    separated: float = 1.0,
) -> Bound:
    V, cut = world.build(trials), _CUT * min(1.0, world.delta)
    factor = (world.count / min(1.0, world.delta**3) ** separated) ** 0.5

    def claim(W: Weights) -> Bound:
        return at_most(square(cut_direction(W, V, cut)), factor * loss(W, V) ** power)

    start = students.near(trials, V, world.threshold)
    return attacked(
        claim,
        start,
        V,
        trials,
        high=world.threshold,
        climb_steps=0,
        ascent_steps=0,
        enough=25.0,
        descent=descended(start, V, steps=30),
    )


the_direction_with_a_constant_cut_is_short.twin(
    "the same constant for every separation",
    specimens=[
        {
            "world": Teachers(family="arc", count=2, dimension=3, separation=0.1),
            "students": States(family="midway", extra=1, size=0.1),
        }
    ],
    separated=0.0,
)


the_direction_with_a_constant_cut_is_short.twin(
    "L^{2/3}", specimens=[tiny_neuron(1e-7)], along=[], power=2.0 / 3.0
)
