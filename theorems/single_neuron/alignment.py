"""Phase 1: small students align with the teacher (XD23, Theorem 4).

While all students are small, each of them feels the teacher alone, ẇ_i = ½ v + O(σ√d) up to
directions. Ours: the direction of w_i is within O(‖w_i(0)‖/(‖v‖τ)) of v after the time τ; Theorem 4
has χ_i - ε₁², χ_i = sin²(θ_i/2), falling like (1 + τ‖v‖/s₂)^{-1/24} (XD-03).
"""

from __future__ import annotations

from dataclasses import replace

import torch
from hypothesis import strategies as st

from lemmata.harness import (
    Along,
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
from lemmata.theorems.local_convergence.setting.network import Weights
from lemmata.theorems.single_neuron.setting.network import (
    Start,
    angles,
    gradient,
    norms,
)
from lemmata.theorems.single_neuron.setting.small_starts import (
    SmallStart,
    sines,
    small_starts,
)

_RANDOM = (r"\forall\, n,d,\sigma", r"\mathbb P_{W_0}", r"\forall\, i")
_GATE = Requirement(
    paper=r"$\sigma\le O(C\epsilon_1^{48}d^{-1/2}\|v\|)$, $\eta\le O(\frac{nC\sigma\sqrt "
    r"d}{\|v\|})$; tried at $\sigma=10^{-4}$ and $10^{-5}$"
)
_FLOW = (
    "under gradient flow, the limit η → 0 that the paper takes as well; the O(·) are read off its "
    "proof: C = ε₁²/(36n), σ√d = Cε₁⁴⁸‖v‖/100"
)

# XD-03

XD03 = statement(
    "XD-03",
    paper="XD23",
    source="Theorem 4, pages 7 and 20 to 25",
    provenance="as printed",
    uses=["XD-01", "XD-02"],
    title="Neurons align with the teacher",
    says=r"Let the events of Lemma 3 hold, $\epsilon_1\le O(1)$, $C=O(\frac{\epsilon_1^2}n)$, "
    r"$\sigma\le O(C\epsilon_1^{48}d^{-1/2}\|v\|)$, $\eta\le O(\frac{nC\sigma\sqrt d}{\|v\|})$ "
    r"and $T_1=\frac C\eta$. Then for all $i$ and $t\le T_1$: $s_1\le\|w_i(t)\|\le "
    r"s_2+2\eta\|v\|t$, and $\sin^2\frac{\theta_i(t)}2-\epsilon_1^2\le\big(1+\frac{\eta "
    r"t}{s_2/\|v\|}\big)^{-1/24}\big(\sin^2\frac{\theta_i(0)}2-\epsilon_1^2\big)$; hence "
    r"$\theta_i(T_1)\le4\epsilon_1$ and $h_i(T_1)\le2h_j(T_1)$. Ours: $\theta_i(T_1)\le "
    r"O\big(\frac{\|w_i(0)\|}{\|v\|T_1}\big)$ already for $\sigma\sqrt d\ll\|v\|T_1$.",
    requires=_GATE,
    quantifiers=_RANDOM,
)


def _aligned(W: Weights, until: float, *, fixed: float | None = None) -> Weights:
    """Follow gradient descent until τ = T_1, with steps of 0.08 of the shortest norm, or of a
    fixed length.
    """
    left = torch.full_like(W[:, :1, :1], until)
    for _ in range(10 if fixed else 250):
        step = (
            norms(W).amin(dim=1)[:, None, None] * 0.08
            if fixed is None
            else torch.full_like(left, fixed)
        )
        step = torch.minimum(step, left)
        W, left = W - step * gradient(W), left - step
    return W


def _of_scale(scale: float) -> Instance:
    return {"start": Start(count=2, dimension=50, scale=scale)}


_small = st.builds(
    Start, count=st.sampled_from((2, 4)), dimension=st.just(50), scale=st.sampled_from((1e-4, 1e-5))
)


@XD03.part(
    "a",
    kind="scaling",
    provenance="ours",
    proof="only seen",
    says=r"$\theta_i(T_1)\le C\frac{\|w_i(0)\|}{T_1}$ for all $i$, at $T_1=\frac{0.2}n$ in the "
    r"time $\tau=\eta t$.",
    constant=Constant(8.0, measured_on="n = 2…4, d = 50, σ = 1e-5…1e-4"),
    along=Along(
        variable="σ",
        sizes=(1e-5, 3e-5, 1e-4),
        instance=_of_scale,
        at_most=0.1,
        at_least=-0.1,
        trials=16,
    ),
    specimens=[_of_scale(1e-4)],
)
@given(start=_small)
def students_align_up_to_their_initial_norm(
    start: Start, trials: Trials, *, steps: int = 0
) -> Bound:
    W, until = start.draw(trials), 0.2 / start.count
    end = _aligned(W, until, fixed=until / steps if steps else None)
    return at_most(angles(end), norms(W) / until)


students_align_up_to_their_initial_norm.twin(
    "ten fixed steps, η far above σ√d", specimens=[_of_scale(1e-5)], steps=10
)


@XD03.part(
    "b",
    kind="trajectory",
    provenance="ours",
    proof="only seen",
    says=r"At the same $T_1$: $0.3\,T_1\le\|w_i(T_1)\|\le0.6\,T_1$ for all $i$.",
    constant=Constant(1.0, measured_on="n = 2…4, d = 50, σ = 1e-5…1e-4"),
    specimens=[_of_scale(1e-4)],
)
@given(start=_small)
def students_grow_at_half_speed(start: Start, trials: Trials, *, times: float = 1.0) -> Bound:
    until = 0.2 / start.count
    size = norms(_aligned(start.draw(trials), until)) / (times * until)
    return all_of(at_least(size, 0.3), at_most(size, 0.6))


students_grow_at_half_speed.twin("at full speed: 0.6 T₁ to 1.2 T₁", times=2.0)


_ALL_SMALL = (r"\forall\, n,d,\epsilon_1", r"\forall\, W_0\text{ as in Lemma 3}", r"\forall\, i")
_ALL_TIMES = (*_ALL_SMALL, r"\forall\, t\le T_1")
_ITS_OWN = Requirement(
    paper=r"$\epsilon_1\le O(1)$, $\sigma\sqrt d\le\frac1{100}C\epsilon_1^{48}\|v\|$ with "
    r"$C=\frac{\epsilon_1^2}{36n}$",
    met=lambda start: start.epsilon < 0.5 and start.scale <= 1.0,
)
_LONG = {"start": SmallStart(family="long", count=2)}
_SMALLEST = {"start": SmallStart(epsilon=0.1)}


@XD03.part(
    "c",
    source="(6), page 7",
    kind="trajectory",
    says=r"$s_1\le\|w_i(t)\|\le s_2+2\eta\|v\|t$.",
    quantifiers=_ALL_TIMES,
    constant=Constant(1.0, measured_on="ε₁ = 0.03…0.4, n = 1…8: 1.0, at the start", failure=0.0),
    requires=_ITS_OWN,
    note=_FLOW,
    specimens=[_LONG],
)
@given(start=small_starts)
def norms_stay_between_their_first_and_twice_the_time(
    start: SmallStart, trials: Trials, *, speed: float = 2.0
) -> Bound:
    run = start.follow(trials)
    size, time = norms(run.W), run.time.unsqueeze(-1)
    return all_of(
        lower=at_least(size, start.shortest), upper=at_most(size, start.longest + speed * time)
    ).up_to_roundings(8)


norms_stay_between_their_first_and_twice_the_time.twin(
    "at 0.4 of the speed of the teacher", speed=0.4
)


@XD03.part(
    "d",
    source="(7), page 7",
    kind="trajectory",
    says=r"$\chi_i(t)-\epsilon_1^2\le\big(1+\frac{\eta "
    r"t\|v\|}{s_2}\big)^{-1/24}(\chi_i(0)-\epsilon_1^2)$, $\chi_i=\sin^2\frac{\theta_i}2$.",
    quantifiers=_ALL_TIMES,
    constant=Constant(1.0, measured_on="ε₁ = 0.03…0.4, n = 1…8: 1.0, at the start", failure=0.0),
    requires=_ITS_OWN,
    note=_FLOW + "; the best exponent of a single neuron is 1/12, at τ → 0",
    specimens=[_LONG],
)
@given(start=small_starts)
def angles_fall_like_the_24th_root_of_time(
    start: SmallStart, trials: Trials, *, power: float = 1.0 / 24.0
) -> Bound:
    run = start.follow(trials)
    above = sines(angles(run.W)) - start.epsilon**2
    fallen = (1.0 + run.time / start.longest) ** -power
    return at_most(above, fallen.unsqueeze(-1) * above[:, :1]).up_to_roundings(8)


angles_fall_like_the_24th_root_of_time.twin("the eighth root", power=1.0 / 8.0)


@XD03.part(
    "e",
    source="(8), page 7",
    kind="trajectory",
    says=r"$\theta_i(T_1)\le4\epsilon_1$.",
    quantifiers=_ALL_SMALL,
    constant=Constant(1.0, measured_on="ε₁ = 0.03…0.4, n = 1…8: 1e-20", failure=0.0),
    requires=_ITS_OWN,
    note=_FLOW + "; very loose: s₂ = ⅔ ε₁ C does, for ε₁⁴⁸",
    specimens=[_SMALLEST],
)
@given(start=small_starts)
def students_are_aligned_at_the_end_of_phase_1(
    start: SmallStart, trials: Trials, *, longest: float = 0.0
) -> Bound:
    if longest:
        start = replace(start, scale=longest * start.length / start.longest)
    end = start.follow(trials).end
    return at_most(angles(end), 4.0 * start.epsilon).up_to_roundings(1e6)


students_are_aligned_at_the_end_of_phase_1.twin(
    "s₂ = C/20, without ε₁⁴⁸",
    specimens=[{"start": SmallStart(epsilon=0.03)}],
    longest=0.05,
)


@XD03.part(
    "f",
    source="(9), page 7",
    kind="trajectory",
    says=r"$h_i(T_1)\le2h_j(T_1)$ for all $i,j$, $h_i=\langle w_i,\bar v\rangle$.",
    quantifiers=(*_ALL_SMALL[:2], r"\forall\, i,j"),
    constant=Constant(1.0, measured_on="ε₁ = 0.03…0.4, n = 2…8: 0.5", failure=0.0),
    requires=_ITS_OWN,
    note=_FLOW,
    specimens=[{"start": SmallStart(count=4)}],
)
@given(start=small_starts)
def projections_are_balanced_at_the_end_of_phase_1(
    start: SmallStart, trials: Trials, *, longest: float = 0.0
) -> Bound:
    if longest:
        start = replace(start, scale=longest * start.length / start.longest)
    h = start.follow(trials).end[..., 0]
    return at_most(h.amax(dim=1), 2.0 * h.amin(dim=1)).up_to_roundings(1e6)


projections_are_balanced_at_the_end_of_phase_1.twin("s₂ = C, without ε₁⁴⁸", longest=1.0)
