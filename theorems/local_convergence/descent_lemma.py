"""The paper's direction descends, below a threshold (ZGJ21, Lemma 8).

For one teacher Lemma 8 follows from ZGJ-30(c). A threshold is needed: displace the students
sideways, e = √(2L) b for one teacher, and put the weights on a neuron without mass at δ: then G_q/L
= 2 - (2√2/π) r^{5/2} C² L^{1/6} for orthonormal teachers and δ = C r L^{1/3}. For r = 2 and C = 4
that is 1 at L = 3·10^{-12}, where float64 knows no loss: Lemma 8 is judged for one teacher.
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
    Requirement,
    Trials,
    at_least,
    at_most,
    given,
)
from lemmata.theorems.local_convergence.preconditioned_direction import ZGJ30
from lemmata.theorems.local_convergence.setting.attacks import attacked
from lemmata.theorems.local_convergence.setting.network import (
    TeacherRows,
    Teachers,
    Weights,
    loss,
)
from lemmata.theorems.local_convergence.setting.preconditioned import (
    least_product,
    sideways,
)
from lemmata.theorems.local_convergence.setting.printed_threshold import PRINTED
from lemmata.theorems.local_convergence.setting.states import States, states

_LOCAL = States(family="local", extra=4, size=0.5)
_CLOSE = 4.0
"""C of δ_max = C r L^{1/3}."""


def _probe(W: Weights, V: TeacherRows, preconditioned: bool) -> Float[Tensor, "trials"]:
    """Return the least product over the weights that live within δ_max."""
    reach = _CLOSE * loss(W, V).clamp(min=0.0) ** (1.0 / 3.0)
    return least_product(W, V, reach, preconditioned=preconditioned)


def _sideways_at(level: float, V: TeacherRows, trials: Trials) -> Weights:
    return sideways(V, 0.99 * math.sqrt(2.0 * level), 0.98 * _CLOSE * level ** (1.0 / 3.0), trials)


@ZGJ30.part(
    "d",
    title="Lemma 8, for one teacher",
    says=r"$G_q\ge L$ for all $q\ge0$ that vanish beyond $\delta_{\max}=4L^{1/3}$ and have "
    r"$\sum_jq_j\|w_j\|=1$, where $r=1$ and $L\le\varepsilon_0=10^{-11}$.",
    quantifiers=(
        r"\exists\,\varepsilon_0",
        r"\forall\, m,d",
        r"\forall\, W:\ L(W)\le\varepsilon_0",
        r"\forall\, q",
    ),
    provenance="as printed",
    note=r"$\Theta(1)=4$ and $\varepsilon_0$ are ours: with them it follows from (c) and "
    r"ZGJ-10(a); for $r=2$ the threshold of the probe, $3\cdot10^{-12}$, is below what float64 "
    "knows",
    proof="in the docstring",
    requires=Requirement(paper=PRINTED, met=lambda level: level <= 1e-11),
    specimens=[
        {"dimension": 3, "students": _LOCAL, "level": 1e-11},
        {"dimension": 3, "students": _LOCAL, "level": 1e-13},
    ],
)
@given(
    dimension=st.sampled_from((2, 3, 6)),
    students=states("local", "split pair", "common angle", "ring", "aligned"),
    level=st.sampled_from((1e-11, 1e-12, 1e-13)),
)
def the_paper_s_direction_descends(
    dimension: int,
    students: States,
    level: float,
    trials: Trials,
    *,
    preconditioned: bool = True,
    raised: float = 1.0,
    steps: int = 40,
) -> Bound:
    V, high = Teachers(dimension=dimension).build(trials), raised * level
    return attacked(
        lambda W: at_least(_probe(W, V, preconditioned), loss(W, V)),
        _sideways_at(high, V, trials),
        V,
        trials,
        high=high,
        objective=lambda W: -_probe(W, V, preconditioned) / loss(W, V),
        climb_steps=steps // 2,
        ascent_steps=steps,
        enough=1.0,
        drawn=students.near(trials, V, high),
    )


the_paper_s_direction_descends.twin(
    "without the matrix (I + w̄w̄ᵀ)⁻¹", name="plain", preconditioned=False, steps=0
)


the_paper_s_direction_descends.twin(
    "for L ≤ 10⁻⁵",
    specimens=[{"dimension": 3, "students": _LOCAL, "level": 1e-11}],
    raised=1e6,
    steps=0,
)


@ZGJ30.part(
    "margin",
    kind="scaling",
    source="proof of Lemma 8, page 21",
    says=r"What the weights cost: $2L-G_q=O(L^{25/24})$ for $r=1$. The students displaced sideways "
    r"cost $\Theta(L^{7/6})$, and no more follows from (c) and ZGJ-10(a).",
    quantifiers=(r"\forall\, m,d", r"\forall\, W:\ L(W)\le\varepsilon_0", r"\forall\, q"),
    provenance="as printed",
    note="page 21 has "
    r"$O(r^{27/4}w_{\max}^{13/4}\Delta^{-3/2}w_{\min}^{-10/3}\varepsilon^{25/24})$",
    constant=Constant(2.0, measured_on="L = 1e-13…1e-9: 1.1", failure=0.0),
    along=Along(
        variable="L",
        sizes=(1e-13, 1e-12, 1e-11, 1e-10, 1e-9),
        instance=lambda L: {"dimension": 3, "level": L},
        at_least=0.0,
        trials=16,
    ),
    specimens=[{"dimension": 3, "level": 1e-11}],
)
@given(dimension=st.sampled_from((2, 3, 6)), level=st.sampled_from((1e-11, 1e-12, 1e-13)))
def the_weights_cost_a_higher_power_of_the_loss(
    dimension: int, level: float, trials: Trials, *, power: float = 25.0 / 24.0
) -> Bound:
    V = Teachers(dimension=dimension).build(trials)
    W = _sideways_at(level, V, trials)
    L = loss(W, V)
    return at_most(2.0 * L - _probe(W, V, True), L**power)


the_weights_cost_a_higher_power_of_the_loss.twin("L^{4/3}", power=4.0 / 3.0)
