"""Before the local phase.

Small random students align with the teacher, then grow together (XD23, Phases 1 and 2).

At initialisation all students have norm about σ√d and are nearly orthogonal to the teacher (XD-02).
While all are small, each of them feels the teacher alone, ẇ_i = ½ v + O(σ√d) up to directions, and
the direction of w_i is within O(‖w_i(0)‖/(‖v‖τ)) of v after the time τ (XD-03). Then the deficit H
= ‖v‖ - Σ_i ‖w_i‖ cos θ_i falls at the rate n/2, all norms end near ‖v‖/n, and they stay there
(XD-04).
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

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
from lemmata.strategies import sizes
from lemmata.theorems.local_convergence.setting.network import Weights
from lemmata.theorems.single_neuron.setting.network import (
    Start,
    angles,
    descend,
    gradient,
    norms,
)

_RANDOM = (r"\forall\, n,d,\sigma", r"\mathbb P_{W_0}", r"\forall\, i")
_GATE = Requirement(
    paper=r"$\sigma$ at most a huge negative power of $n$, $d\ge\Omega(\log\frac n\delta)$; tried "
    r"at $\sigma=10^{-3}$ to $10^{-5}$"
)

# XD-02

XD02 = statement(
    "XD-02",
    paper="XD23",
    source="initialisation",
    provenance="recalled",
    note="the form is recalled, number and constants are uncertain; constants derived",
    title="Events of the initialisation",
    says=r"For $w_i(0)\sim N(0,\sigma^2I_d)$ with $d\ge\Omega(\log\frac n\delta)$, with "
    r"probability at least $1-\delta$: $\frac12\sigma\sqrt d\le\|w_i(0)\|\le2\sigma\sqrt d$ and "
    r"$\theta_i(0)\in[\frac\pi3,\frac{2\pi}3]$ for all $i$.",
    kind="probability",
    quantifiers=_RANDOM,
)
_starts = st.builds(
    Start, count=sizes(smallest=1, largest=16), dimension=sizes(smallest=20, largest=200)
)
_WIDE = {"start": Start(count=8, dimension=100)}


@XD02.part(
    "a",
    says=r"$\frac12\sigma\sqrt d\le\|w_i(0)\|\le2\sigma\sqrt d$ for all $i$, but for a probability "
    r"$n(e^{-0.318d}+e^{-0.806d})$.",
    specimens=[_WIDE],
)
@given(start=_starts)
def students_start_with_norms_of_the_root_of_the_dimension(
    start: Start, trials: Trials, *, dimension: int | None = None
) -> Bound:
    W = Start(count=start.count, dimension=dimension or start.dimension, scale=start.scale).draw(
        trials
    )
    size = norms(W) / (start.scale * math.sqrt(W.shape[-1]))
    # P[χ²_d ≤ xd] and P[χ²_d ≥ xd] are at most exp(-½ d (x - 1 - ln x)), at x = ¼ and x = 4.
    rate = [0.5 * (x - 1.0 - math.log(x)) for x in (0.25, 4.0)]
    fails = start.count * sum(math.exp(-start.dimension * r) for r in rate)
    return all_of(at_least(size, 0.5), at_most(size, 2.0)).except_with_probability(fails)


students_start_with_norms_of_the_root_of_the_dimension.twin(
    "d = 2 at the probability of d = 100", dimension=2
)


@XD02.part(
    "b",
    says=r"$\frac\pi3\le\theta_i(0)\le\frac{2\pi}3$ for all $i$, but for a probability "
    r"$n(\frac34)^{(d-1)/2}$.",
    specimens=[_WIDE],
)
@given(start=_starts)
def students_start_far_from_the_line_of_the_teacher(
    start: Start, trials: Trials, *, dimension: int | None = None
) -> Bound:
    W = Start(count=start.count, dimension=dimension or start.dimension, scale=start.scale).draw(
        trials
    )
    # A cap of the half angle π/3 has at most the share ½ sin(π/3)^{d-1} of the sphere.
    fails = start.count * 0.75 ** (0.5 * (start.dimension - 1))
    return at_most((angles(W) - math.pi / 2).abs(), math.pi / 6).except_with_probability(fails)


students_start_far_from_the_line_of_the_teacher.twin(
    "d = 5 at the probability of d = 100", dimension=5
)


# XD-03

XD03 = statement(
    "XD-03",
    paper="XD23",
    source="Phase 1",
    provenance="recalled",
    note="the form is recalled, number and constants are uncertain; the sharp form derived",
    uses=["XD-01", "XD-02"],
    title="Neurons align with the teacher",
    says=r"Gradient flow, or gradient descent with $\eta\|v\|\ll\sigma\sqrt d$, until "
    r"$\tau=T_1=\frac{0.2}n$, for $\sigma\sqrt d\ll\|v\|T_1$: $\theta_i(T_1)\le "
    r"O\big(\frac{\|w_i(0)\|}{\|v\|T_1}\big)$ and $0.3\,\|v\|T_1\le\|w_i(T_1)\|\le0.6\,\|v\|T_1$.",
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
    says=r"$\theta_i(T_1)\le C\frac{\|w_i(0)\|}{T_1}$ for all $i$.",
    constant=Constant(8.0, measured_on="n = 2…4, d = 50, σ = 1e-5…1e-4"),
    along=Along(
        variable=r"\sigma",
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
    says=r"$0.3\,T_1\le\|w_i(T_1)\|\le0.6\,T_1$ for all $i$.",
    constant=Constant(1.0, measured_on="n = 2…4, d = 50, σ = 1e-5…1e-4"),
    specimens=[_of_scale(1e-4)],
)
@given(start=_small)
def students_grow_at_half_speed(start: Start, trials: Trials, *, times: float = 1.0) -> Bound:
    until = 0.2 / start.count
    size = norms(_aligned(start.draw(trials), until)) / (times * until)
    return all_of(at_least(size, 0.3), at_most(size, 0.6))


students_grow_at_half_speed.twin("at full speed: 0.6 T₁ to 1.2 T₁", times=2.0)


# XD-04

XD04 = statement(
    "XD-04",
    paper="XD23",
    source="Phase 2 and balance",
    provenance="recalled",
    note="the form is recalled, number and constants are uncertain",
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
