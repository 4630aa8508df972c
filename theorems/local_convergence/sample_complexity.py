"""How many samples a step needs, as it is printed (ZGJ21, appendix F).

Chebyshev's inequality for the mean of N gradients asks for their second moment. The paper bounds it
by E ‖x‖⁴ = d(d + 2) times (Σ‖w_i‖² + Σ‖w*_j‖²)², of order r²d², and the gradient's own by Lemma 14.
Because R(x)/‖x‖ is independent of ‖x‖ it is at most 8 ‖W‖² L (d + 2) (ZGJ-25), and ‖W‖² ≤ r + √(πL)
(ZGJ-08): with L ≤ r² that is 8 (1 + √π) r³ (d + 2) ≤ 22.2 r³ (d + 2), one power of d less.

In a run of T steps each batch may fail with probability δ/T, to half of the least gradient κε: that
is where the batch size of Theorem 7 comes from. It is by many orders of magnitude more than is
needed.
"""

from __future__ import annotations

import math

from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Along,
    Bound,
    Instance,
    Requirement,
    Trials,
    at_most,
    given,
    statement,
)
from lemmata.theorems.local_convergence.fresh_batches import losses
from lemmata.theorems.local_convergence.setting.network import (
    TeacherRows,
    Teachers,
    Weights,
    gradient,
    loss,
    square,
    teachers,
)
from lemmata.theorems.local_convergence.setting.samples import empirical_gradient, residual
from lemmata.theorems.local_convergence.setting.states import States, states

ZGJ41 = statement(
    "ZGJ-41",
    paper="ZGJ21",
    source="Lemma F.1, page 54; Theorem 7, pages 7 and 55",
    provenance="as printed",
    note="in units where the longest teacher has norm 1, so that the powers of w_max are 1",
    uses=["ZGJ-08", "ZGJ-25", "ZGJ-27"],
    title="Samples: a gradient's, and a run's",
    says=r"Lemma F.1: for fixed $W$ with $L(W)=O(r^2w_{\max}^2)$ and $N\ge "
    r"O(r^3w_{\max}^3d^2\epsilon^{-2}\delta^{-1})$, with probability $1-\delta$: $\|\nabla\hat "
    r"L-\nabla L\|_F\le\epsilon$. Theorem 7: gradient descent on fresh batches of $N\ge "
    r"O(r^5w_{\max}^5d^2\eta^{-1}\varepsilon^{-3}\delta^{-1})$ samples, from "
    r"$L(W_0)\le\varepsilon_0$ with $\eta\le\eta_0$, has with probability $1-\delta$ "
    r"$L(W_T)\le\varepsilon$ at some $T=O(rw_{\max}/(\varepsilon\eta))$.",
)

_FIXED_W = (
    r"\forall\, m\ge r,d,N",
    r"\forall\, W^*",
    r"\forall\, W:\ L(W)\le r^2",
    r"\mathbb P_{x_1,\dots,x_N}",
)
_LOUD = States(family="aligned", extra=0, size=0.01)


def at_level(W: Weights, V: TeacherRows, level: float) -> Weights:
    """Return sW with L(sW) = level, s as large as may be; the least loss of the ray if it is more.

    L(sW) is a quadratic in s²: three of its values give it.
    """
    one, two, none = (loss(factor * W, V) for factor in (1.0, math.sqrt(2.0), 1e-6))
    second = 0.5 * (two - 2.0 * one + none)
    first = one - none - second
    root = (first**2 - 4.0 * second * (none - level)).clamp(min=0.0).sqrt()
    return W * ((root - first) / (2.0 * second)).sqrt()[:, None, None]


def _error(
    world: Teachers, students: States, level: float, samples: int, trials: Trials
) -> Float[Tensor, "trials"]:
    """Return ‖∇L̂ - ∇L‖_F at a W with L = level · r²."""
    V = world.build(trials)
    W = at_level(students.draw(trials, V), V, level * world.count**2)
    x = trials.normal("samples", samples, world.dimension)
    return square(empirical_gradient(W, x, residual(W, V, x)) - gradient(W, V)).sqrt()


def _at(count: int, dimension: int, samples: int = 500, delta: float = 0.05) -> Instance:
    return {
        "world": Teachers(count=count, dimension=dimension),
        "students": _LOUD,
        "level": 1.0,
        "samples": samples,
        "delta": delta,
    }


_drawn = {
    "world": teachers(families=("orthogonal", "arc", "random")),
    "students": states(),
    "level": st.sampled_from((1.0, 0.1)),
    "samples": st.sampled_from((500, 2000)),
    "delta": st.sampled_from((0.05, 0.1, 0.3)),
}
_DIMENSIONS = Along(
    variable="d",
    sizes=(4, 8, 16, 32, 64),
    instance=lambda d: _at(1, d),
    at_most=0.1,
    trials=128,
)
_SAMPLES = Along(
    variable="N",
    sizes=(250, 1000, 4000, 16000),
    instance=lambda N: _at(2, 4, N),
    at_most=0.1,
    at_least=-0.1,
    trials=128,
)
_TEACHERS = Along(
    variable="r",
    sizes=(2, 4, 8),
    instance=lambda r: _at(r, 8),
    at_most=0.1,
    trials=128,
)


@ZGJ41.part(
    "a",
    source="Lemma F.1, page 54",
    kind="probability",
    note="the constant 67 of the O is ours; it follows from ZGJ-25, as d + 2 ≤ 3d²",
    says=r"For fixed $W$ with $L(W)\le r^2$ and $N\ge67\,r^3d^2\epsilon^{-2}\delta^{-1}$, with "
    r"probability at least $1-\delta$: $\|\nabla\hat L-\nabla L\|_F\le\epsilon$. Tried at the "
    r"least such $\epsilon$.",
    quantifiers=(*_FIXED_W[:-1], r"\forall\, \epsilon,\delta", _FIXED_W[-1]),
    along=[_DIMENSIONS, _TEACHERS, _SAMPLES],
    specimens=[_at(1, 2), _at(2, 4)],
)
@given(**_drawn)
def samples_in_proportion_to_the_square_of_the_dimension_suffice(
    world: Teachers,
    students: States,
    level: float,
    samples: int,
    delta: float,
    trials: Trials,
    *,
    power: float = 0.5,
) -> Bound:
    epsilon = (67.0 * world.count**3 * world.dimension**2 / (samples * delta)) ** power
    return at_most(
        _error(world, students, level, samples, trials), epsilon
    ).except_with_probability(delta)


samples_in_proportion_to_the_square_of_the_dimension_suffice.twin(
    "N of order 1/ε", specimens=[], along=[_SAMPLES], power=1.0
)


@ZGJ41.part(
    "b",
    kind="probability",
    provenance="ours",
    proof="in the docstring",
    says=r"Already $N\ge22.2\,r^3(d+2)\epsilon^{-2}\delta^{-1}$ samples suffice: one power of $d$ "
    r"less.",
    quantifiers=(*_FIXED_W[:-1], r"\forall\, \epsilon,\delta", _FIXED_W[-1]),
    along=_DIMENSIONS,
    specimens=[_at(1, 2), _at(2, 4)],
)
@given(**_drawn)
def samples_in_proportion_to_the_dimension_suffice(
    world: Teachers,
    students: States,
    level: float,
    samples: int,
    delta: float,
    trials: Trials,
    *,
    of_dimension: float = 1.0,
) -> Bound:
    """E ‖∇L̂ - ∇L‖² ≤ 8 ‖W‖² L (d + 2)/N by ZGJ-25, and ‖W‖² ≤ r + √(πL) ≤ (1 + √π) r by ZGJ-08.

    Chebyshev's inequality.
    """
    needed = 22.2 * world.count**3 * (world.dimension + 2.0) ** of_dimension
    return at_most(
        _error(world, students, level, samples, trials), math.sqrt(needed / (samples * delta))
    ).except_with_probability(delta)


samples_in_proportion_to_the_dimension_suffice.twin(
    "whatever the dimension", specimens=[], of_dimension=0.0
)


def _passage(count: int, students: States) -> Instance:
    return {"count": count, "students": students}


_LEVEL = 1e-3


def _literal(count: int) -> float:
    """Return r⁵d²/(ηε³δ) with η = 1/(10r), d = 4, δ = 0.05."""
    return count**5 * 16.0 * 10.0 * count / (_LEVEL**3 * 0.05)


@ZGJ41.part(
    "c",
    source="Theorem 7, pages 7 and 55",
    kind="probability",
    says=r"From $L(W_0)\le\varepsilon_0$, on fresh batches: $\min_{t\le T}L(W_t)\le\varepsilon$ "
    r"with probability at least $1-\delta$, $T\le\frac{4r}{\varepsilon\eta}$. Tried at $N=64$, far "
    r"below the hypothesis, with $d=4$, $\eta=\frac1{10r}$, $\varepsilon=10^{-3}$, $\delta=0.05$, "
    r"where $T=\frac{15}\eta$ steps are already enough.",
    quantifiers=(
        r"\forall\, r,m,d",
        r"\forall\, W_0:\ L(W_0)\le\varepsilon_0",
        r"\forall\, \varepsilon,\delta",
        r"\mathbb P_x",
        r"\exists\, t\le T",
    ),
    requires=Requirement(
        paper=r"$N\ge O(r^5d^2\eta^{-1}\varepsilon^{-3}\delta^{-1})$, with the constant 1 "
        r"$3.2\cdot10^{12}$ samples for $r=1$; tried at 64",
        met=lambda count: _literal(count) <= 64.0,
    ),
    specimens=[_passage(1, States(family="local", extra=2, size=0.5))],
)
@given(
    count=st.sampled_from((1, 2)),
    students=states("local", "common angle", "tiny", "split pair", size=(0.1, 0.5)),
)
def descent_on_fresh_batches_reaches_the_level(
    count: int, students: States, trials: Trials, *, noise: float = 0.0
) -> Bound:
    world = Teachers(count=count, dimension=4)
    V = world.build(trials)
    _, L = losses(students.near(trials, V, world.threshold), V, trials, time=15.0, noise=noise)
    return at_most(L.amin(dim=1), _LEVEL).except_with_probability(0.05).with_curves(loss=L)


descent_on_fresh_batches_reaches_the_level.twin(
    "labels with noise of standard deviation 1.5",
    specimens=[_passage(2, States(family="local", extra=2, size=0.5))],
    noise=1.5,
)
