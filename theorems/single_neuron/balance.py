"""Phase 2: students grow together, and stay balanced (XD23, Theorem 5, Lemma 19, Theorem 6).

The deficit H = ‖v‖ - Σ_i ‖w_i‖ cos θ_i falls at the rate n/2, and all norms end near ‖v‖/n: within
a factor 3 at T₂ and 4 ever after (Lemma 19, Theorem 6) (XD-04).
"""

from __future__ import annotations

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
from lemmata.theorems.local_convergence.setting.network import Weights
from lemmata.theorems.single_neuron.setting.network import (
    Start,
    angles,
    descend,
    norms,
)

_RANDOM = (r"\forall\, n,d,\sigma", r"\mathbb P_{W_0}", r"\forall\, i")
_GATE = Requirement(
    paper=r"$\sigma$ at most a huge negative power of $n$, $d\ge\Omega(\log\frac n\delta)$; tried "
    r"at $\sigma=10^{-3}$ to $10^{-5}$"
)
# XD-04

XD04 = statement(
    "XD-04",
    paper="XD23",
    source="Theorem 5, pages 8 and 25 to 28",
    provenance="as printed",
    uses=["XD-03"],
    title="Norms grow together, and stay balanced",
    says=r"$H=\|v\|-\sum_i\|w_i\|\cos\theta_i$ satisfies $H_{t+1}=(1-\frac{n\eta}2(1+o(1)))H_t$ "
    r"until it reaches the order $\theta^2$, and for all later $t$: "
    r"$\frac{\|v\|}{3n}\le\|w_i\|\le\frac{3\|v\|}n$ and $\theta_i\le\theta_{\max}(T_1)(1+o(1))$.",
    kind="trajectory",
    requires=_GATE,
)
_grown = st.builds(Start, count=st.sampled_from((2, 4)), dimension=st.just(20), scale=st.just(1e-4))
_FOUR = {"start": Start(count=4, dimension=20, scale=1e-4)}


def _deficit(W: Weights) -> Float[Tensor, "..."]:
    return 1.0 - W[..., 0].sum(dim=-1)


@XD04.part(
    "a",
    says=r"With $\eta=\frac{0.08}n$, $\frac{d\ln H}{d\tau}=-\frac n2$ up to 5 % for "
    r"$\frac2n\le\tau\le\frac{10}n$.",
    quantifiers=_RANDOM[:2],
    constant=Constant(1.0, measured_on="n = 2…4, d = 20, σ = 1e-4"),
    specimens=[_FOUR],
)
@given(start=_grown)
def the_deficit_falls_at_half_the_number_of_students(
    start: Start, trials: Trials, *, neurons: int | None = None
) -> Bound:
    run = descend(start.draw(trials), eta=0.08 / start.count, steps=125, stride=25).since(
        1.9 / start.count
    )
    H = _deficit(run.W)
    slope = (H[:, -1] / H[:, 0]).log() / (run.time[-1] - run.time[0])
    return at_most((slope / (-0.5 * (neurons or start.count)) - 1.0).abs(), 0.05).with_curves(
        deficit=H
    )


the_deficit_falls_at_half_the_number_of_students.twin("the rate ½, whatever n", neurons=1)


@XD04.part(
    "b",
    says=r"$\frac1{3n}\le\|w_i\|\le\frac3n$ and $\theta_i\le1.1\,\theta_{\max}(T_1)$ for "
    r"$\frac{10}n\le\tau\le\frac{90}n$, $T_1=\frac{0.24}n$.",
    quantifiers=(*_RANDOM, r"\forall\, t"),
    constant=Constant(1.0, measured_on="n = 2…4, d = 20, σ = 1e-4"),
    specimens=[_FOUR],
)
@given(start=_grown)
def norms_and_angles_stay_balanced(start: Start, trials: Trials, *, early: bool = False) -> Bound:
    n = start.count
    first = descend(start.draw(trials), eta=0.08 / n, steps=125, stride=1)
    late = first if early else descend(first.W[:, -1], eta=1.0 / n, steps=80, stride=10)
    size, widest = n * norms(late.W), angles(first.W[:, 3]).amax(dim=1)
    return all_of(
        at_least(size, 1.0 / 3.0),
        at_most(size, 3.0),
        at_most(angles(late.W), 1.1 * widest[:, None, None]),
    )


norms_and_angles_stay_balanced.twin("from the start on, before the students have grown", early=True)
