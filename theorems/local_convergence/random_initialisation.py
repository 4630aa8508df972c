"""Random initialisation: directions at random, masses by least squares (ZGJ21, appendix E.1).

Algorithm 1 draws w_i ~ N(0, I_d) and gives them the masses that fit best. If each teacher has a
student at a line angle γ at most, the masses that put each teacher's own on its student leave

    L ≤ ½ E(Σ_j ‖p_j‖ |(w̄_i(j) - w̄*_j)ᵀx|)² ≤ ½ (Σ_j ‖p_j‖ γ)²,        p_j = ‖w*_j‖w*_j,       (1)

because E |u^Tx||v^Tx| ≤ ‖u‖‖v‖ (Lemma D.4, whose sharp constant is 1), and least squares can only
do better. A random line is so close with a probability of order γ^d for each fixed d, so that
(rw_max/√ε)^d r log(1/δ) students are enough; in truth far fewer are.

The probability is I_{sin² γ}((d-1)/2, ½), and not of order γ^d uniformly in d; but with γ = √2 s it
is at least s^d, and (1) has room for that √2: with s = √ε/r all r teachers are met by m₀ = s^{-d} r
log(1/δ) students but for a probability r(1 - s^d)^{m₀} ≤ rδ^r ≤ δ, if δ ≤ ½. The constant is 1.
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Bound,
    Instance,
    Mean,
    Requirement,
    Trials,
    at_least,
    at_most,
    given,
    mean_of,
    statement,
)
from lemmata.strategies import log_uniform, sizes
from lemmata.theorems.local_convergence.setting.caps import probability_of_a_cap
from lemmata.theorems.local_convergence.setting.least_squares import fitted
from lemmata.theorems.local_convergence.setting.network import (
    TeacherRows,
    Teachers,
    Weights,
    loss,
    teachers,
    units,
)
from lemmata.theorems.local_convergence.setting.states import tilted

MOST = 128
"""Students that are fitted at most; the lemma asks for more in higher dimensions."""

ZGJ38 = statement(
    "ZGJ-38",
    paper="ZGJ21",
    source="Lemma E.1 and Algorithm 1, pages 50-51",
    provenance="as printed",
    note="in units where the longest teacher has norm 1, so that the powers of w_max are 1",
    uses=["ZGJ-01"],
    title="Random initialisation",
    says=r"Draw $w_1,\dots,w_m\sim N(0,I_d)$ and choose the masses that minimise the population "
    r"loss. For every $\varepsilon>0$ and $m\ge O\big((\frac{rw_{\max}}{\sqrt\varepsilon})^d\,r\log"
    r"\frac1\delta\big)$, with probability at least $1-\delta$: $L(W')\le\varepsilon$.",
)

_WORLDS = teachers(
    count=(1, 3), dimensions=(2, 4), families=("orthogonal", "arc", "random"), weakest=(1.0, 0.5)
)


def _total(V: TeacherRows) -> Float[Tensor, ""]:
    return (V**2).sum()


@ZGJ38.part(
    "a",
    kind="inequality",
    note="the constant ½ of the O is ours",
    source="Lemma E.1, page 51",
    says=r"If each teacher has a student at a line angle $\gamma$ at most, the masses "
    r"$\|w_j^*\|^2$ on these leave $L\le\frac12r^2w_{\max}^2\gamma^2$, more precisely "
    r"$\frac12\big(\sum_j\|w_j^*\|^2\gamma\big)^2$: what least squares find is no worse.",
    quantifiers=(r"\forall\, m\ge r,d", r"\forall\, W^*,\gamma", r"\forall\, w_1,\dots,w_m"),
    specimens=[
        {"world": Teachers(dimension=3), "gamma": 0.01},
        {"world": Teachers(count=2, dimension=4), "gamma": 0.5},
    ],
)
@given(
    world=teachers(families=("orthogonal", "arc"), weakest=(1.0, 0.5)),
    gamma=st.sampled_from((0.01, 0.1, 0.5, 1.5)),
)
def a_student_near_each_teacher_leaves_a_small_loss(
    world: Teachers, gamma: float, trials: Trials, *, share: float = 1.0
) -> Bound:
    V = world.build(trials)
    across = trials.normal("across", 64, *V.shape)
    near = tilted(units(V).expand_as(across), across, gamma)
    witness = V.norm(dim=-1, keepdim=True) * near
    return at_most(loss(witness, V), share * 0.5 * (_total(V) * gamma) ** 2)


a_student_near_each_teacher_leaves_a_small_loss.twin("a quarter of it", share=0.25)


def students_needed(r: int, power: int, epsilon: float, delta: float) -> int:
    """Return m₀ = (r/√ε)^power r log(1/δ), with w_max and the constant 1."""
    return math.ceil((r / math.sqrt(epsilon)) ** power * r * math.log(1.0 / delta))


def algorithm_1(V: TeacherRows, m: int, trials: Trials, *, steps: int = 100) -> Weights:
    """Return W' of Algorithm 1."""
    return fitted(trials.normal("initial", m, V.shape[1]), V, steps=steps)


def _at(d: int, r: int, epsilon: float, delta: float = 0.1) -> Instance:
    return {
        "world": Teachers(count=r, dimension=d),
        "epsilon": epsilon,
        "delta": delta,
    }


@ZGJ38.part(
    "b",
    kind="probability",
    says=r"For $m=\min(m_0,128)$, $m_0=(\frac{rw_{\max}}{\sqrt\varepsilon})^d\,r\log\frac1\delta$ "
    r"and $\delta\le\frac12$: $P[L(W')\le\varepsilon]\ge1-\delta$.",
    quantifiers=(
        r"\forall\, r,d,\varepsilon,\delta",
        r"\forall\, W^*",
        r"\mathbb P_{w_1,\dots,w_m}",
    ),
    requires=Requirement(
        paper=r"$m\ge m_0$, here with the constant 1; tried with $\min(m_0,128)$",
        met=lambda world, epsilon, delta: (
            students_needed(world.count, world.dimension, epsilon, delta) <= MOST
        ),
    ),
    specimens=[_at(2, 1, 0.05), _at(3, 2, 0.1), _at(4, 2, 0.3)],
)
@given(
    world=_WORLDS,
    epsilon=st.sampled_from((0.3, 0.1, 0.05)),
    delta=st.sampled_from((0.1, 0.3)),
)
def random_students_fit_the_teachers(
    world: Teachers, epsilon: float, delta: float, trials: Trials, *, fewer: float = 1.0
) -> Bound:
    V = world.build(trials)
    needed = students_needed(world.count, world.dimension, epsilon, delta)
    m = max(1, min(MOST, int(needed / fewer)))
    return at_most(loss(algorithm_1(V, m, trials), V), epsilon).except_with_probability(delta)


random_students_fit_the_teachers.twin(
    "a twentieth of the students: two for a teacher in the plane",
    specimens=[_at(2, 1, 0.05)],
    fewer=20.0,
)


@ZGJ38.part(
    "c",
    source="Lemma E.1, page 50",
    kind="mean",
    provenance="derived",
    says=r"For a uniform direction $w$ and $\gamma\le\frac\pi2$: $P(\angle(w,w^*)\le\gamma)="
    r"I_{\sin^2\gamma}\big(\frac{d-1}2,\frac12\big)$, with line angles.",
    quantifiers=(r"\forall\, d,\gamma", r"\mathbb E_w"),
    specimens=[{"d": 2, "gamma": 0.3}, {"d": 5, "gamma": 0.8}],
)
@given(d=st.integers(2, 8), gamma=st.sampled_from((0.8, 0.3, 1.2)))
def a_random_line_is_close_with_the_probability_of_a_cap(
    d: int, gamma: float, trials: Trials, *, two_sided: float = 1.0
) -> Mean:
    w = trials.normal("w", 256, d)
    close = w[..., 0].abs() >= math.cos(gamma) * w.norm(dim=-1)
    expected = two_sided * probability_of_a_cap(d, gamma)
    return mean_of(close.to(w.dtype).mean(dim=1), expected)


a_random_line_is_close_with_the_probability_of_a_cap.twin(
    "half of it: directions in place of lines", two_sided=0.5
)


@ZGJ38.part(
    "d",
    kind="inequality",
    provenance="ours",
    proof="only seen",
    says=r"$P(\angle(w,w^*)\le\sqrt2s)\ge s^d$ for all $d\ge2$ and $\sqrt2s\le1$: with the room "
    r"that (a) has, Lemma E.1 holds with a constant free of $d$.",
    quantifiers=(r"\forall\, d", r"\forall\, s\le1/\sqrt2"),
    specimens=[{"d": 2, "s": 0.3}, {"d": 100, "s": 0.35}],
)
@given(d=sizes(smallest=2, largest=1024), s=log_uniform(1e-2, 1.0 / math.sqrt(2.0)))
def a_cap_is_at_least_a_power_of_its_angle(
    d: int, s: float, trials: Trials, *, room: float = math.sqrt(2.0)
) -> Bound:
    """Tried where s^d is a number of the machine."""
    probability = torch.full((len(trials),), 1.0, dtype=trials.dtype, device=trials.device)
    if d * math.log10(s) < -290.0:
        return at_least(probability, 0.0)
    return at_least(probability * probability_of_a_cap(d, room * s), s**d)


a_cap_is_at_least_a_power_of_its_angle.twin(
    "without the room: P(∠ ≤ γ) ≥ γ^d for every d", specimens=[{"d": 100, "s": 0.5}], room=1.0
)
