"""Phase 2: students grow together, and stay balanced (XD23, Theorem 5).

The deficit H = ‖v‖ - Σ_i h_i, h_i = ‖w_i‖ cos θ_i, falls at the rate n/2, and all norms end near
‖v‖/n (XD-04): within a factor 3 at T₂ and 4 ever after (Lemma 19, Theorem 6; XD-24).
"""

from __future__ import annotations

from hypothesis import strategies as st

from lemmata.harness import (
    Bound,
    Constant,
    Instance,
    Requirement,
    Trials,
    all_of,
    at_least,
    at_most,
    given,
    statement,
)
from lemmata.theorems.single_neuron.setting.grown_states import (
    Sides,
    deficit,
    sides,
    through_phase_2,
)
from lemmata.theorems.single_neuron.setting.network import (
    Start,
    angles,
    descend,
    norms,
)

_RANDOM = (r"\forall\, n,d,\sigma", r"\mathbb P_{W_0}", r"\forall\, i")
_GATE = Requirement(
    paper=r"$\sigma\le O(n^{-4226}d^{-1/2}\|v\|)$, $\eta\le O(\frac{\sigma^2d}{n^{169}\|v\|^2})$, "
    r"$d\ge\Omega(\log\frac n\delta)$; tried at $\sigma=10^{-4}$"
)

# XD-04

XD04 = statement(
    "XD-04",
    paper="XD23",
    source="Theorem 5, pages 8 and 25 to 28",
    provenance="as printed",
    uses=["XD-03"],
    title="Norms grow together, and stay balanced",
    says=r"Let the events of Lemma 3 hold, $\epsilon_2\le O(1)$, "
    r"$\epsilon_1=O(\epsilon_2^6n^{-1/2})$ in Theorem 4, "
    r"$\eta\le O(\frac{\epsilon_1^2\sigma^2d}{\|v\|^2})$ and "
    r"$T_2=T_1+\lceil\frac1{n\eta}\ln\frac1{36\epsilon_2}\rceil$. Then for $T_1\le t\le T_2$: "
    r"$h_i\le2h_j$, $\frac{2\|v\|}n\ge h_i\ge\frac{s_1}2$, $\theta_i\le\epsilon_2$ and "
    r"$(1-\frac{n\eta}2)^{t-T_1}\|v\|+6\epsilon_2\|v\|\ge "
    r"H\ge\frac23(1-\frac{n\eta}2)^{t-T_1}\|v\|-6\epsilon_2\|v\|\ge18\epsilon_2\|v\|$.",
    kind="trajectory",
    requires=_GATE,
)
_grown = st.builds(Start, count=st.sampled_from((2, 4)), dimension=st.just(20), scale=st.just(1e-4))
_FOUR = {"start": Start(count=4, dimension=20, scale=1e-4)}


@XD04.part(
    "a",
    provenance="ours",
    proof="only seen",
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
    H = deficit(run.W)
    slope = (H[:, -1] / H[:, 0]).log() / (run.time[-1] - run.time[0])
    return at_most((slope / (-0.5 * (neurons or start.count)) - 1.0).abs(), 0.05).with_curves(
        deficit=H
    )


the_deficit_falls_at_half_the_number_of_students.twin("the rate ½, whatever n", neurons=1)


@XD04.part(
    "b",
    provenance="ours",
    proof="only seen",
    says=r"From random starts $\frac1{3n}\le\|w_i\|\le\frac3n$ and "
    r"$\theta_i\le1.1\,\theta_{\max}(T_1)$ for "
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


_FLOW = "under gradient flow, the limit η → 0 that the paper takes as well"
_T1 = Requirement(
    paper=r"$\epsilon_1=O(\epsilon_2^6n^{-1/2})$, $\epsilon_2=O(1)$; tried with "
    r"$\theta_i(T_1)\le\epsilon_2$, far beyond $4\epsilon_1$, and $\sum_ih_i(T_1)$ from $10^{-12}$"
)
_IN_PHASE_2 = (
    r"\forall\, n,d,\epsilon_2",
    r"\forall\, W(T_1):\ \theta_i\le\epsilon_2,\ h_i\le2h_j",
    r"\forall\, T_1\le t\le T_2",
)
_phase_2 = {
    "count": st.sampled_from((2, 1, 4, 8)),
    "side": sides,
    "eps": st.sampled_from((2e-3, 5e-4)),
    "height": st.sampled_from((0.1, 0.01, 1e-12)),
}


def _entering(count: int, height: float = 0.1) -> Instance:
    return {"count": count, "side": "one against the rest", "eps": 2e-3, "height": height}


@XD04.part(
    "c",
    source="(12), page 8",
    says=r"$h_i\le2h_j$ for all $i,j$.",
    quantifiers=_IN_PHASE_2,
    constant=Constant(1.0, measured_on="n = 1…8, ε₂ ≤ 0.002: 1.0, at T₁", failure=0.0),
    requires=_T1,
    note=_FLOW,
    specimens=[_entering(4)],
)
@given(**_phase_2)
def projections_stay_balanced(
    count: int, side: Sides, eps: float, height: float, trials: Trials, *, factor: float = 2.0
) -> Bound:
    h = through_phase_2(trials, count, side, eps, height).W[..., 0]
    return at_most(h.amax(dim=-1), factor * h.amin(dim=-1)).up_to_roundings(8)


projections_stay_balanced.twin("equal ones: a factor 1", factor=1.0)


@XD04.part(
    "d",
    source="(13), page 8",
    says=r"$e^{-n\tau/2}+6\epsilon_2\ge H\ge\frac23e^{-n\tau/2}-6\epsilon_2\ge18\epsilon_2$, "
    r"$\tau=\eta(t-T_1)$.",
    quantifiers=_IN_PHASE_2,
    constant=Constant(1.0, measured_on="n = 1…8, ε₂ ≤ 0.002: 0.997 and 0.74", failure=0.0),
    requires=_T1,
    note=_FLOW,
    specimens=[_entering(4), _entering(2, 1e-12)],
)
@given(**_phase_2)
def the_deficit_falls_between_two_exponentials(
    count: int, side: Sides, eps: float, height: float, trials: Trials, *, neurons: int = 0
) -> Bound:
    run = through_phase_2(trials, count, side, eps, height)
    H, fallen = deficit(run.W), (-0.5 * (neurons or count) * run.time).exp()
    low = fallen * 2.0 / 3.0 - 6.0 * eps
    return all_of(
        upper=at_most(H, fallen + 6.0 * eps), lower=at_least(H, low), floor=at_least(H, 18.0 * eps)
    )


the_deficit_falls_between_two_exponentials.twin("at the rate ½, whatever n", neurons=1)


@XD04.part(
    "e",
    source="(14), page 8",
    says=r"$\frac{2\|v\|}n\ge h_i\ge\frac{s_1}2$, where $s_1\le\min_i\|w_i(T_1)\|$.",
    quantifiers=_IN_PHASE_2,
    constant=Constant(1.0, measured_on="n = 1…8, ε₂ ≤ 0.002: 0.5", failure=0.0),
    requires=_T1,
    note=_FLOW,
    specimens=[_entering(4)],
)
@given(**_phase_2)
def projections_stay_between_half_the_first_norms_and_twice_the_mean(
    count: int, side: Sides, eps: float, height: float, trials: Trials, *, most: float = 2.0
) -> Bound:
    W = through_phase_2(trials, count, side, eps, height).W
    first = norms(W[:, 0]).amin(dim=1)
    return all_of(
        upper=at_most(W[..., 0], most / count),
        lower=at_least(W[..., 0], 0.5 * first[:, None, None]),
    )


projections_stay_between_half_the_first_norms_and_twice_the_mean.twin("‖v‖/2n", most=0.5)


@XD04.part(
    "f",
    source="(15), page 8",
    says=r"$\theta_i\le\epsilon_2$.",
    quantifiers=_IN_PHASE_2,
    constant=Constant(1.0, measured_on="n = 1…8, ε₂ ≤ 0.002: 1.0, at T₁", failure=0.0),
    requires=_T1,
    note=_FLOW + "; angles up to ε₂ at T₁ do not even grow",
    specimens=[_entering(4), {**_entering(4), "side": "random"}],
)
@given(**_phase_2)
def angles_stay_small(
    count: int, side: Sides, eps: float, height: float, trials: Trials, *, wider: float = 1.0
) -> Bound:
    run = through_phase_2(trials, count, side, eps, height, wider=wider)
    return at_most(angles(run.W), eps).up_to_roundings(64)


angles_stay_small.twin("from angles up to 4ε₂ at T₁", wider=4.0)
