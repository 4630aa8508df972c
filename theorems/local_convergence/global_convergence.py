"""From an initialisation to any loss (ZGJ21, Theorem 6).

Either initialisation reaches the threshold ε₀ of the local theorem with enough students (ZGJ-38,
39), and from there gradient descent does what it does (ZGJ-21). With ε₀ = 0.005 min(1, Δ³) w_min⁴
the literal number of students is (r/√ε₀)^d r log(1/δ), 3685 for two teachers in the plane, and the
literal number of steps 4r/(εη): what is tried is the conclusion, with a hundredth of both.
"""

from __future__ import annotations

from hypothesis import strategies as st

from lemmata.harness import Bound, Instance, Requirement, Trials, all_of, at_most, given, statement
from lemmata.theorems.local_convergence.random_initialisation import algorithm_1, students_needed
from lemmata.theorems.local_convergence.setting.descent import descend, step_size
from lemmata.theorems.local_convergence.setting.network import TeacherRows, Teachers, Weights, loss
from lemmata.theorems.local_convergence.subspace_initialisation import algorithm_2

_LEVEL, _TIME, _DELTA = 1e-3, 5.0, 0.1

ZGJ40 = statement(
    "ZGJ-40",
    paper="ZGJ21",
    source="Theorem 6, pages 6-7 and 53",
    provenance="as printed",
    note="in units where the longest teacher has norm 1; the threshold's constant and the numbers "
    "that are tried are ours",
    uses=["ZGJ-21", "ZGJ-38", "ZGJ-39"],
    title="Global convergence from either initialisation",
    says=r"Let $\varepsilon_{\mathrm{init}}=\varepsilon_0$ be the threshold of the local theorem. "
    r"Random initialisation with $m\ge "
    r"O\big((\frac{rw_{\max}}{\sqrt{\varepsilon_0}})^d\,r\log\frac1\delta\big)$ students, or "
    r"subspace initialisation with the power $r$ for $d$ and $\tilde "
    r"O(dr^6w_{\max}^4/\varepsilon_0^2)$ samples, then gradient descent with $\eta\le "
    r"O(r^{-1}w_{\max}^{-1})$: with probability $1-\delta$, $L(W_T)\le\varepsilon$ in "
    r"$T=O(\frac{rw_{\max}}{\varepsilon\eta})$ steps.",
    kind="probability",
)

_CHAIN = (r"\forall\, r,d,\varepsilon,\delta", r"\forall\, W^*", r"\mathbb P_{W_0}", r"\exists\, T")
_TRIED = (
    r"Tried with $\varepsilon=10^{-3}$, $\delta=0.1$ and $T=\frac5\eta$, below $\frac{4r}"
    r"{\varepsilon\eta}$."
)


def _descent_from(start: Weights, V: TeacherRows, threshold: float) -> Bound:
    """Claim that the start is below the threshold, and that descent ends below the level.

    Least squares leave most students without mass, where directions differ. These never move, so
    that the sixteen heaviest are followed.
    """
    heaviest = start.norm(dim=-1, keepdim=True).topk(min(16, start.shape[1]), dim=1).indices
    start = start.gather(1, heaviest.expand(-1, -1, start.shape[-1]))
    eta = step_size(V, threshold)
    steps = round(_TIME / eta)
    run = descend(start, V, eta=eta, steps=steps, stride=steps)
    return all_of(
        start=at_most(loss(start, V), threshold), end=at_most(run.loss[..., -1], _LEVEL)
    ).except_with_probability(_DELTA)


def _plane(count: int, students: int) -> Instance:
    return {"world": Teachers(count=count, dimension=2), "students": students}


@ZGJ40.part(
    "a",
    says=r"Algorithm 1, then gradient descent: $L(W_0)\le\varepsilon_0$, and "
    r"$L(W_T)\le\varepsilon$. " + _TRIED,
    quantifiers=_CHAIN,
    requires=Requirement(
        paper=r"$m\ge O((rw_{\max}/\sqrt{\varepsilon_0})^d\,r\log\frac1\delta)$, here with the "
        r"constant 1; tried with 48 students and more in the plane",
        met=lambda world, students: (
            students >= students_needed(world.count, world.dimension, world.threshold, _DELTA)
        ),
    ),
    specimens=[_plane(2, 48)],
)
@given(
    world=st.sampled_from(
        [
            Teachers(count=2, dimension=2),
            Teachers(count=1, dimension=2),
            Teachers(family="arc", count=2, dimension=2, separation=1.2),
        ]
    ),
    students=st.sampled_from((48, 64)),
)
def random_students_are_led_to_the_teachers(
    world: Teachers, students: int, trials: Trials, *, fewer: int = 1
) -> Bound:
    V = world.build(trials)
    return _descent_from(algorithm_1(V, students // fewer, trials, steps=300), V, world.threshold)


random_students_are_led_to_the_teachers.twin("two students a teacher", fewer=12)


@ZGJ40.part(
    "b",
    says=r"Algorithm 2, then gradient descent: $L(W_0)\le\varepsilon_0$, and "
    r"$L(W_T)\le\varepsilon$. " + _TRIED,
    quantifiers=(*_CHAIN[:2], r"\mathbb P_{x,W_0}", _CHAIN[3]),
    requires=Requirement(
        paper=r"$m\ge O((rw_{\max}/\sqrt{\varepsilon_0})^r\,r\log\frac1\delta)$ and $N\ge\tilde "
        r"O(dr^6w_{\max}^4/\varepsilon_0^2)$, here with the constant 1; tried with 48 students and "
        r"$N=8000\,r\,d$",
        met=lambda world: False,
    ),
    specimens=[{"world": Teachers(count=2, dimension=4)}],
)
@given(
    world=st.sampled_from(
        [
            Teachers(count=2, dimension=4),
            Teachers(count=2, dimension=3),
            Teachers(family="arc", count=2, dimension=4, separation=1.2),
        ]
    )
)
def students_in_the_estimated_span_are_led_to_the_teachers(
    world: Teachers, trials: Trials, *, fewer: int = 1
) -> Bound:
    V = world.build(trials)
    samples = 8000 * world.count * world.dimension // fewer
    start = algorithm_2(V, 48, samples, trials, steps=300)
    return _descent_from(start, V, world.threshold)


students_in_the_estimated_span_are_led_to_the_teachers.twin("a hundredth of the samples", fewer=100)
