"""The end of Phase 2, and Phase 3: norms stay within a factor 4 (XD23, Lemma 19, Theorem 6).

At T₂ heights are within a factor 2 of each other and sum to 1 - H, 18ε₂ ≤ H ≤ 7√ε₂: hence norms
within a factor 3 of ‖v‖/n, and a loss of at most 20ε₂. From there on the students' paths are short,
as the gradient is at least the power 2/3 of the loss (XD-06, XD-15): a factor 4 is left ever after.
"""

from __future__ import annotations

import math

from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Bound,
    Constant,
    Requirement,
    Trials,
    all_of,
    at_least,
    at_most,
    given,
    statement,
)
from lemmata.theorems.single_neuron.setting.grown_states import (
    Grown,
    Sides,
    sides,
)
from lemmata.theorems.single_neuron.setting.network import (
    Students,
    descend,
    loss,
    norms,
)

_WITHDRAWN = (
    r"Norms within a factor 3 of $\frac{\|v\|}n$ and $L\le10^{-2}\|v\|^2$ are enough for the "
    r"factor 4 ever after: at $n=2$ a short student with an angle of its own falls to "
    r"$0.03\frac{\|v\|}n$."
)

# XD-24

XD24 = statement(
    "XD-24",
    paper="XD23",
    source="Lemma 19, pages 10, 28 and 29, and Theorem 6, pages 9, 35 and 36",
    provenance="as printed",
    uses=["XD-04", "XD-06", "XD-15"],
    title="Norms within a factor 3, and 4 ever after",
    says=r"At $T_2$ of Theorem 5: $\frac{\|v\|}{3n}\le\|w_i\|\le\frac{3\|v\|}n$ and "
    r"$L\le20\epsilon_2\|v\|^2$. With $\epsilon_2=O(n^{-14})$ and $\eta=O(n^{-2})$: "
    r"$\frac{\|v\|}{4n}\le\|w_i(T+T_2)\|\le\frac{4\|v\|}n$ for all $T$.",
    withdrawn=(_WITHDRAWN,),
)
_AT_T2 = (
    r"\forall\, n,d,\epsilon_2",
    r"\forall\, W:\ h_i\le2h_j,\ \theta_i\le\epsilon_2,\ 18\epsilon_2\le H\le7\sqrt{\epsilon_2}",
)
_ends = {
    "count": st.sampled_from((2, 1, 4, 8)),
    "side": sides,
    "eps": st.sampled_from((2e-3, 2e-4, 1e-5)),
    "late": st.booleans(),
}


def _leaving(count: int, side: Sides, eps: float, *, late: bool) -> Grown:
    """Return states at T₂, where H is at an end of what (13) leaves."""
    H = 18.0 * eps if late else 7.0 * math.sqrt(eps)
    return Grown(sides=side, count=count, sum=1.0 - H, angle=eps)


@XD24.part(
    "a",
    source="Lemma 19, pages 10, 28 and 29",
    kind="inequality",
    says=r"At $T_2$: $\frac{\|v\|}{3n}\le\|w_i\|\le\frac{3\|v\|}n$ and $L\le20\epsilon_2\|v\|^2$.",
    quantifiers=_AT_T2,
    constant=Constant(
        1.0, measured_on="n ≤ 8, ε₂ ≤ 0.002: 0.61 for L, 0.91 for norms", failure=0.0
    ),
    specimens=[{"count": 4, "side": "random", "eps": 2e-3, "late": False}],
)
@given(**_ends)
def norms_and_loss_are_small_at_the_end_of_phase_2(
    count: int, side: Sides, eps: float, late: bool, trials: Trials, *, levels: float = 20.0
) -> Bound:
    W = _leaving(count, side, eps, late=late).draw(trials)
    size = count * norms(W)
    return all_of(
        lower=at_least(size, 1.0 / 3.0),
        upper=at_most(size, 3.0),
        loss=at_most(loss(W), levels * eps),
    )


norms_and_loss_are_small_at_the_end_of_phase_2.twin("L ≤ ε₂", levels=1.0)


@XD24.part(
    "b",
    source="Lemma 19",
    kind="inequality",
    says=r"More: $\frac{1-7\sqrt{\epsilon_2}}{2n-1}\le\|w_i\|\le\frac2{(n+1)\cos\epsilon_2}$, both "
    r"attained: a factor 2 at most.",
    provenance="ours",
    proof="in the docstring",
    quantifiers=_AT_T2,
    specimens=[{"count": 4, "side": "random", "eps": 2e-3, "late": False}],
)
@given(**_ends)
def norms_are_within_a_factor_2_at_the_end_of_phase_2(
    count: int, side: Sides, eps: float, late: bool, trials: Trials, *, least: float = 1.0
) -> Bound:
    """As h_j ≤ 2h_i, Σ_j h_j is at most (2n - 1) h_i and at least (1 + (n - 1)/2) h_i; it is 1 - H,
    between 1 - 7√ε₂ and 1; and ‖w_i‖ = h_i / cos θ_i.
    """
    W = _leaving(count, side, eps, late=late).draw(trials)
    low, high = 2 * count - 1, (count + 1) * math.cos(eps)
    return all_of(
        lower=at_least(norms(W), least * (1.0 - 7.0 * math.sqrt(eps)) / low),
        upper=at_most(norms(W), 2.0 / high),
    ).up_to_roundings(16)


norms_are_within_a_factor_2_at_the_end_of_phase_2.twin("a hundredth more", least=1.01)


@XD24.part(
    "c",
    source="(18), Theorem 6, pages 9, 35 and 36",
    kind="trajectory",
    says=r"With $\epsilon_2=O(n^{-14})$ and $\eta=O(n^{-2})$, "
    r"$\frac{\|v\|}{4n}\le\|w_i(T+T_2)\|\le\frac{4\|v\|}n$ for all $T$; tried up to $800$.",
    quantifiers=(*_AT_T2, r"\forall\, T"),
    constant=Constant(1.0, measured_on="n = 2…4, ε₂ = 16 n⁻¹⁴, η = n⁻²: 0.48, at T₂", failure=0.0),
    requires=Requirement(paper=r"$\epsilon_2\le16n^{-14}$, $\eta\le n^{-2}$", met=lambda n: True),
    specimens=[{"n": 2, "side": "one against the rest"}],
)
@given(n=st.sampled_from((2, 3, 4)), side=sides)
def norms_stay_within_a_factor_4_ever_after(n: int, side: Sides, trials: Trials) -> Bound:
    start = _leaving(n, side, 16.0 * n**-14.0, late=False)
    run = descend(start.draw(trials), eta=1.0 / n**2, steps=800, stride=40)
    return _within_4(n * norms(run.W))


def _within_4(size: Float[Tensor, "trials times n"]) -> Bound:
    return all_of(lower=at_least(size, 0.25), upper=at_most(size, 4.0))


@norms_stay_within_a_factor_4_ever_after.twin(
    "norms within a factor 3 at T₂, but a short student at any angle",
    specimens=[{"n": 2, "side": "random"}],
)
def _(n: int, side: Sides, trials: Trials) -> Bound:
    start = Students(family="tiny", count=n, size=1.0 / (3.0 * n))
    return _within_4(n * norms(descend(start.draw(trials), eta=1.0 / n**2, steps=800).W))
