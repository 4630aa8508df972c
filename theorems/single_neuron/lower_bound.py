"""No faster than T⁻³ (XD23, Theorem 14).

1/Z grows at most linearly (XD-10), and the loss is at least what Z says: hence L ≥ Ω(τ⁻³).
Theorem 14 asks for all z_i(0) ≠ 0 and κ_max(0) > 0; the paper's toy cases 2 and 3, students on the
teacher's line and identical students, are its exceptions (XD-11). That there are no others is ours:
students on another line are no exception, as equal directions receive equal gradients, and unequal
norms then turn by unequal angles.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from hypothesis import strategies as st

from lemmata.harness import (
    Bound,
    Constant,
    Trials,
    at_most,
    given,
    statement,
)
from lemmata.theorems.single_neuron.rates import (
    FLOW_GATE,
    GATE,
    RANDOM_START,
    T2,
    TWO,
    along_time,
    descended,
    gained,
    lasting,
    starts,
)
from lemmata.theorems.single_neuron.setting.network import (
    Start,
    pairwise,
)
from lemmata.theorems.single_neuron.setting.orthogonal_parts import Spread, spreads, widest

# XD-11

XD11 = statement(
    "XD-11",
    paper="XD23",
    source="Theorem 14, pages 12 and 44",
    provenance="ours",
    proof="only seen",
    uses=["XD-08", "XD-10"],
    title="No faster than T⁻³, but for degenerate starts",
    says=r"Let $n\ge2$, all $z_i(0)\ne0$, $\kappa_{\max}(0)>0$, $d\ge\Omega(\log\frac n\delta)$ "
    r"and $\sigma\le O(n^{-4226}d^{-1/2}\|v\|)$. Then there is $T_2=O(\frac{\log n}n)$ such that "
    r"with probability at least $1-\delta$ gradient flow has $L(t)^{-1/3}\le "
    r"O\big(\frac{n^{17/3}}{\kappa_{\max}^2(0)\|v\|^{2/3}}\big)(t-T_2)+\gamma$ for all $t\ge T_2$. "
    r"Starts with all $w_i$ identical, or all positive multiples of $v$, converge exponentially.",
    kind="trajectory",
)

_COLLINEAR = {"start": Start(family="collinear", scale=1e-2)}


@XD11.part(
    "a",
    says=r"$\frac1{Z(\tau)}-\frac1{Z(T_2)}\le C(\tau-T_2)$ for all $20\le\tau\le\frac{300}n$, from "
    r"random starts and from collinear ones.",
    quantifiers=(*RANDOM_START, r"\forall\, \tau\ge T_2"),
    constant=Constant(0.6, measured_on="n = 2…4, d = 10…20, τ ≤ 150: 0.33"),
    requires=GATE,
    specimens=[TWO, _COLLINEAR],
)
@given(start=starts)
def the_inverse_potential_grows_at_most_linearly(
    start: Start, trials: Trials, *, power: float = 1.0
) -> Bound:
    run = descended(start, trials, 300).since(T2)
    inverse = 1.0 / pairwise(run.W).clamp(min=1e-30)
    return at_most(
        inverse[:, 1:] - inverse[:, :1], (run.time[1:] - run.time[0]) ** power
    ).with_curves(loss=run.loss)


the_inverse_potential_grows_at_most_linearly.twin(
    "growth like the root of the time", specimens=[TWO], power=0.5
)


@XD11.part(
    "b",
    kind="scaling",
    says=r"$L_T^{-1/3}-L_{T_2}^{-1/3}\le O(n)\,\eta(T-T_2)$: the loss is at least of order "
    r"$T^{-3}$.",
    quantifiers=(*RANDOM_START, r"\forall\, T\ge T_2"),
    constant=Constant(1.0, measured_on="n = 2…4, d = 10…20, ηT ≤ 150: 0.43"),
    along=along_time(-3.0, least=-0.1),
    requires=GATE,
    specimens=[lasting(160)],
)
@given(start=starts, steps=st.just(200))
def the_inverse_cube_root_of_the_loss_grows_at_most_linearly(
    start: Start, steps: int, trials: Trials, *, power: float = 3.0
) -> Bound:
    run = descended(start, trials, steps).since(T2)
    elapsed = run.time[-1] - run.time[0]
    root = run.loss ** (-1.0 / 3.0)
    claim = at_most(root[:, -1] - root[:, 0], start.count * elapsed ** (power / 3.0))
    return claim.scaling_as(gained(run) * elapsed**power).with_curves(loss=run.loss)


the_inverse_cube_root_of_the_loss_grows_at_most_linearly.twin(
    "at least of order T⁻²", specimens=[], power=2.0
)


@the_inverse_cube_root_of_the_loss_grows_at_most_linearly.twin(
    "identical students", specimens=[lasting(160)], along=[]
)
def _(start: Start, steps: int, trials: Trials) -> Bound:
    return the_inverse_cube_root_of_the_loss_grows_at_most_linearly.check(
        replace(start, family="identical"), steps, trials
    )


@XD11.part(
    "c",
    source="toy cases 2 and 3, page 19",
    says=r"Identical students, and students on the teacher's line, have $L(\tau)\le "
    r"e^{-n\tau}\|v\|^2$ for all $\tau\le\frac{25}n$.",
    quantifiers=(r"\forall\, n,d,\sigma", r"\mathbb P_{W_0}", r"\forall\, \tau"),
    constant=Constant(1.0, measured_on="n = 2…4, d = 10…20, σ = 1e-3…1e-2"),
    specimens=[
        {"start": Start(family="identical", scale=1e-2)},
        {"start": Start(family="line", scale=1e-2)},
    ],
)
@given(
    start=st.builds(
        Start,
        count=st.sampled_from((2, 4, 3)),
        family=st.sampled_from(("identical", "line")),
        scale=st.sampled_from((1e-2, 1e-3)),
    )
)
def degenerate_starts_converge_exponentially(start: Start, trials: Trials) -> Bound:
    run = descended(start, trials, 30)
    inside = run.time * start.count <= 25.0
    return at_most(run.loss[:, inside], (-start.count * run.time[inside]).exp()).with_curves(
        loss=run.loss
    )


@degenerate_starts_converge_exponentially.twin("collinear students", specimens=[_COLLINEAR])
def _(start: Start, trials: Trials) -> Bound:
    return degenerate_starts_converge_exponentially.check(start, trials)


_LATE = {"start": Spread(count=3)}
_FLOWS = (
    r"\forall\, n,d",
    r"\forall\, W_0:\ z_i\ne0,\ \kappa_{\max}>0",
    r"\forall\, \tau\ge T_2",
)


def _slope(start: Spread, trials: Trials, allowed: float, power: float, gamma: float) -> Bound:
    """Compare L^{-1/3} with allowed · κ_max(0)^power (τ - T₂) + gamma n^{5/3}/Z(T₂), T₂ ≈ 10."""
    run = start.follow(trials, 40.0)
    kappa = widest(run.W[:, :1])
    late = run.time >= 10.0
    first = late.to(torch.int8).argmax(dim=1, keepdim=True)
    Z = pairwise(run.W).gather(1, first)
    elapsed = (run.time - run.time.gather(1, first)).clamp(min=0.0)
    bound = allowed * kappa**power * elapsed + gamma * start.count ** (5.0 / 3.0) / Z
    root = run.loss ** (-1.0 / 3.0)
    # Before T₂ nothing is claimed.
    return at_most(root, torch.where(late, bound, torch.inf)).up_to_roundings(1e6)


@XD11.part(
    "d",
    provenance="as printed",
    note="page 12 calls a start non-degenerate with probability 1, which needs d ≥ 3: at d = 2 all "
    "κ_ij are 0 or π, all 0 with probability 2^{1-n}; the theorem's own d excludes that",
    says=r"$L(\tau)^{-1/3}\le C\frac{n^{17/3}}{\kappa_{\max}^2(0)}(\tau-T_2)+\gamma$ with the "
    r"$\gamma=\frac{n^{5/3}}{Z(T_2)}$ of the proof; tried with $T_2=10$, $C=1$.",
    quantifiers=_FLOWS,
    constant=Constant(1.0, measured_on="n = 2…4, κ_max(0) ≥ 0.003, τ ≤ 40: 0.84", failure=0.0),
    requires=FLOW_GATE,
    specimens=[_LATE],
)
@given(start=spreads)
def the_inverse_cube_root_of_the_loss_grows_at_most_linearly_with_the_spread(
    start: Spread, trials: Trials, *, gamma: float = 1.0
) -> Bound:
    return _slope(start, trials, start.count ** (17.0 / 3.0), -2.0, gamma)


the_inverse_cube_root_of_the_loss_grows_at_most_linearly_with_the_spread.twin(
    "without γ", gamma=0.0
)


@XD11.part(
    "e",
    says=r"More: the slope is at most $1.5$ up to $n=4$, whatever $\kappa_{\max}(0)$, which enters "
    r"$\gamma$ alone.",
    quantifiers=_FLOWS,
    constant=Constant(1.0, measured_on="n = 2…4, κ_max(0) ≥ 0.003, τ ≤ 40: 0.84", failure=0.0),
    requires=FLOW_GATE,
    specimens=[_LATE, {"start": Spread(kappa=0.003)}],
)
@given(start=spreads)
def the_inverse_cube_root_of_the_loss_grows_at_a_rate_without_the_spread(
    start: Spread, trials: Trials, *, slope: float = 1.5
) -> Bound:
    return _slope(start, trials, slope, 0.0, 1.0)


the_inverse_cube_root_of_the_loss_grows_at_a_rate_without_the_spread.twin(
    "the slope 0.3", specimens=[{"start": Spread(count=4)}], slope=0.3
)
