"""No student ever vanishes (XD23, Corollaries 25 and 28, Remarks 10 and 26).

Where a student is zero the loss has no gradient. From small starts none gets there: norms grow in
Phase 1 (XD-03), and stay near ‖v‖/n later (XD-04, XD-24). What counts is that the students
together start shorter than the teacher: else a short student that the others outweigh is driven
into zero, by gradient flow in finite time (XD-16).
"""

from __future__ import annotations

from dataclasses import replace

import torch
from hypothesis import strategies as st

from lemmata.harness import (
    Bound,
    Constant,
    Requirement,
    Trials,
    equal,
    given,
    more_than,
    statement,
)
from lemmata.strategies import log_uniform
from lemmata.theorems.local_convergence.setting.network import Weights
from lemmata.theorems.single_neuron.setting.flow import flow
from lemmata.theorems.single_neuron.setting.network import gradient, norms
from lemmata.theorems.single_neuron.setting.orthogonal_parts import Spread

XD16 = statement(
    "XD-16",
    paper="XD23",
    source="Corollaries 25 and 28, Remark 26, pages 11, 38 and 39",
    provenance="as printed",
    uses=["XD-02", "XD-03", "XD-04", "XD-24"],
    title="No student vanishes",
    says=r"If the conditions of Lemma 3 hold at the start, then $\|w_i(t)\|>0$ for all $i,t$ along "
    r"gradient flow and gradient descent, under Theorem 9's bounds on $\sigma$ and $\eta$.",
    note="the bounds on σ and η are implicit: F.3 draws the corollaries from (24), (43), (52)",
    withdrawn=(r"$\sigma\sqrt d\le0.1\|v\|$ is enough, whatever $n$: at $n=64$ students vanish.",),
    kind="trajectory",
    quantifiers=(r"\forall\, n,d", r"\mathbb P_{W_0}", r"\forall\, i,\tau"),
)
_WIDE = {"start": Spread(count=8, dimension=10, scale=0.02, unequal=True)}


def _survives(start: Spread, trials: Trials) -> Bound:
    """Claim that no student gets shorter than a millionth of s₁ up to τ = 3, or as far as 200 steps
    lead: a student that shrinks takes 60 of them to get there.
    """
    least = 1e-6 * 0.5 * start.scale
    run = flow(
        start.draw(trials),
        until=3.0,
        steps=200,
        share=0.5,
        longest=0.1,
        stride=10,
        shortest=0.5 * least,
    )
    # The last state is NaN where τ = 3 was not reached.
    return more_than(norms(run.W[:, :-1]), least).up_to_roundings(1e6)


@XD16.part(
    "a",
    source="Corollary 28, page 39",
    says=r"Gradient flow from small starts has $\|w_i(\tau)\|>0$; tried for $\tau\le3$, by when "
    r"norms are near $\frac1n$.",
    constant=Constant(1.0, measured_on="n ≤ 8, d = 10, σ√d ≤ 0.02: none vanishes"),
    requires=Requirement(
        paper=r"implicitly Theorem 9's $\sigma\le O(n^{-4226}d^{-1/2}\|v\|)$; tried at "
        r"$\sigma\sqrt d=0.02$"
    ),
    specimens=[_WIDE],
)
@given(
    start=st.builds(
        Spread,
        count=st.sampled_from((2, 1, 4, 8)),
        dimension=st.just(10),
        scale=st.sampled_from((0.02, 1e-3)),
        unequal=st.just(True),
    )
)
def no_student_vanishes(start: Spread, trials: Trials, *, scale: float = 0.0) -> Bound:
    return _survives(replace(start, scale=scale or start.scale), trials)


no_student_vanishes.twin("without a bound on σ: σ√d = 10", scale=10.0)


@no_student_vanishes.twin("gradient descent without a bound on η: one step into zero")
def _(start: Spread, trials: Trials) -> Bound:
    # ∇_1 = (3 - √3/4 + 1/π) e_2 at w_1 = 6 e_2, w_2 = 3 e_1 - ..., both at norm 6.
    W = trials.every(trials.tensor([[0.0, 6.0], [3.0, -3.0 * 3.0**0.5]]))
    slope = gradient(W)
    W = torch.stack((W, W - 6.0 / slope[:, :1, 1:] * slope), dim=1)
    return more_than(norms(W), 1e-6)


@XD16.part(
    "b",
    says=r"Measured: gradient flow from starts with $n\,\sigma\sqrt d\le\|v\|$ has "
    r"$\|w_i(\tau)\|>0$.",
    provenance="ours",
    proof="only seen",
    constant=Constant(1.0, measured_on="n ≤ 8, d = 10, nσ√d = 1: none vanishes"),
    specimens=[{"start": Spread(count=8, dimension=10, unequal=True)}],
)
@given(
    start=st.builds(
        Spread,
        count=st.sampled_from((2, 4, 8)),
        dimension=st.just(10),
        unequal=st.just(True),
    )
)
def no_student_vanishes_where_all_start_shorter_than_the_teacher(
    start: Spread, trials: Trials, *, total: float = 1.0
) -> Bound:
    return _survives(replace(start, scale=total / start.count), trials)


no_student_vanishes_where_all_start_shorter_than_the_teacher.twin(
    "σ√d = 0.1 at n = 64",
    specimens=[{"start": Spread(count=64, dimension=10, unequal=True)}],
    total=6.4,
)
no_student_vanishes_where_all_start_shorter_than_the_teacher.twin(
    "nσ√d = 80", specimens=[{"start": Spread(count=8, dimension=10, unequal=True)}], total=80.0
)


def _stepped(trials: Trials, count: int, c: float, eta: float) -> Weights:
    """Return w(1) from w_i(0) = -c v."""
    W = trials.every(trials.tensor([[-c, 0.0]] * count))
    return W - eta * gradient(W)


_example = {"count": st.integers(1, 6), "c": log_uniform(0.01, 100.0, per_decade=2)}


@XD16.part(
    "c",
    source="Remark 26, page 38, corrected",
    note="a slip in the printed example; with η = 2/n it makes the remark's point for every c",
    kind="identity",
    says=r"From $w_i(0)=-cv$ with $\eta=\frac2n$ all $w_i(1)=0$, for every $c>0$: "
    r"$\nabla_iL=-\frac{nc}2v$.",
    provenance="ours",
    proof="in the docstring",
    quantifiers=(r"\forall\, n,c",),
    specimens=[{"count": 3, "c": 1.0}],
)
@given(**_example)
def one_step_of_two_over_n_leads_all_students_into_zero(
    count: int, c: float, trials: Trials, *, share: float = 2.0
) -> Bound:
    """In (4) θ_ij = 0 and θ_i = π, so that ∇_i = ½ (-nc - 1) v + (1/2π) π v = -½ nc v."""
    W = _stepped(trials, count, c, share / count)
    return equal(W, 0.0, roundings=100, scale=1.0 + count * c)


one_step_of_two_over_n_leads_all_students_into_zero.twin("η = 1/n", share=1.0)


@one_step_of_two_over_n_leads_all_students_into_zero.twin(
    "the printed step η = 2c/(1 + nc), where ∇_i lacks the summand θ_i v/2π"
)
def _(count: int, c: float, trials: Trials) -> Bound:
    # At n = 3, c = 1 the gradient is -3v/2, not -2v, and w(1) = -v/4.
    W = _stepped(trials, count, c, 2.0 * c / (1.0 + count * c))
    return equal(W, 0.0, roundings=100, scale=1.0 + count * c)
