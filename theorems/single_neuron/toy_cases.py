"""Three toy cases (XD23, Appendix A).

A symmetric pair has the rate T⁻³. Students on the teacher's line, and identical students, converge
exponentially: Z = 0 there, and these are the exceptions of Theorem 14 (XD-22, XD-11).
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Bound, Constant, Trials, at_most, equal, given, statement
from lemmata.strategies import log_uniform
from lemmata.theorems.local_convergence.setting.network import Weights
from lemmata.theorems.single_neuron.setting.network import (
    descend,
    error,
    gradient,
    norms,
)

XD22 = statement(
    "XD-22",
    paper="XD23",
    source="Appendix A, pages 18 and 19",
    provenance="as printed",
    uses=["XD-01"],
    title="Toy cases: a symmetric pair, students on the line, identical students",
    says=r"(1) $w_{1,2}=\lambda_1v\pm\lambda_2v^\perp$ has $\lambda_2\sim t^{-1}$ and "
    r"$L\sim t^{-3}$. (2) $w_i=\lambda_iv$, all $\lambda_i>0$: $\sum_i\lambda_i-1$ falls linearly. "
    r"(3) $w_1=\dots=w_n$: as a single neuron with teacher $\frac vn$ and step $n\eta$.",
    kind="identity",
)


def _pair(
    trials: Trials, along: float, across: float
) -> tuple[Weights, Float[Tensor, "1 2"], Float[Tensor, "1 2"]]:
    """Return the pair λ₁v ± λ₂v^⊥ in the plane, v and v^⊥."""
    v, aside = trials.tensor([[1.0, 0.0]]), trials.tensor([[0.0, 1.0]])
    W = torch.cat((along * v + across * aside, along * v - across * aside))
    return trials.every(W), v, aside


@XD22.part(
    "a",
    source="(21) and (22), page 18, corrected",
    says=r"$\nabla_1=(\lambda_1-\tfrac12)\big(1-\frac\theta\pi+\frac{\sin2\theta}{2\pi}\big)v+"
    r"\frac{\lambda_2}{2\pi}\big(2\theta+\frac{\lambda_1-1/2}{\lambda_1}\sin2\theta\big)v^\perp$.",
    provenance="derived",
    note="(21) is printed with sin 2θ/λ₁ for sin 2θ/2π, a slip of the last line; (22) and what is "
    "drawn from (21) are right",
    quantifiers=(r"\forall\, \lambda_1,\lambda_2>0",),
    specimens=[{"along": 1.0, "across": 0.5}],
)
@given(along=log_uniform(0.1, 10.0, per_decade=4), across=log_uniform(0.001, 10.0, per_decade=2))
def the_gradient_of_a_symmetric_pair(
    along: float, across: float, trials: Trials, *, printed: bool = False
) -> Bound:
    W, v, aside = _pair(trials, along, across)
    theta = math.atan2(across, along)
    share = math.sin(2.0 * theta) / (along if printed else 2.0 * math.pi)
    ahead = (along - 0.5) * (1.0 - theta / math.pi + share)
    off = 2.0 * theta + (along - 0.5) / along * math.sin(2.0 * theta)
    expected = ahead * v + across / (2.0 * math.pi) * off * aside
    scale = 1.0 + 2.0 * math.hypot(along, across) * (1.0 + across / along)
    return equal(gradient(W)[:, 0], expected, roundings=100, scale=scale)


the_gradient_of_a_symmetric_pair.twin("sin 2θ/λ₁, as (21) is printed", printed=True)


@XD22.part(
    "b",
    source="toy case 1, page 18",
    kind="trajectory",
    says=r"A symmetric pair has $\lambda_2\,\eta t\to\frac\pi2$ and "
    r"$L\,(\eta t)^3\to\frac{\pi^2}6$: up to 5 % at $\eta t=400$, $\eta=\frac14$.",
    note="the powers are printed, the limits are ours",
    quantifiers=(r"\forall\, \lambda_1,\lambda_2>0",),
    constant=Constant(1.0, measured_on="λ₁ = 0.5…1, λ₂ = 0.3…1: 0.83", failure=0.0),
    specimens=[{"along": 0.5, "across": 0.5}],
)
@given(along=st.sampled_from((0.5, 1.0)), across=st.sampled_from((0.5, 1.0, 0.3)))
def a_symmetric_pair_has_the_rate_of_the_inverse_cube(
    along: float, across: float, trials: Trials, *, limit: float = math.pi / 2
) -> Bound:
    W, *_ = _pair(trials, along, across)
    run = descend(W, eta=0.25, steps=1600, stride=1600)
    cubed = run.loss[:, 1] * run.time[1] ** 3 / (math.pi**2 / 6.0)
    aside = run.W[:, 1, 0, 1] * run.time[1] / limit
    off = torch.stack((cubed - 1.0, aside - 1.0), dim=1).abs()
    return at_most(off, 0.05).up_to_roundings(1e6)


a_symmetric_pair_has_the_rate_of_the_inverse_cube.twin("λ₂ ηt → π", limit=math.pi)


@XD22.part(
    "c",
    source="toy case 2, page 19",
    says=r"$w_i=\lambda_iv$, all $\lambda_i>0$ at all times: $\sum_i\lambda_i(t)-1="
    r"(1-\frac{n\eta}2)^t(\sum_i\lambda_i(0)-1)$.",
    note="that λ_i > 0 has to last is implicit; the page writes 'to 0' for the limit 1 of Σλ_i",
    quantifiers=(r"\forall\, n,\eta",),
    specimens=[{"count": 2, "spread": 1.0}],
)
@given(count=st.integers(1, 6), spread=st.sampled_from((1.0, 2.0)))
def students_on_the_line_converge_exponentially(
    count: int, spread: float, trials: Trials, *, short: bool = False
) -> Bound:
    # Lengths within a factor 1 + spread of 1/n change by less than the shortest in all.
    length = (1.0 + spread * trials.uniform("length", count)) / count
    if short:
        length = trials.every(trials.tensor([3.0] + [0.1] * (count - 1)))
    elif spread > 1.0:
        length = length / length.sum(dim=1, keepdim=True) * 1.3
    W = torch.nn.functional.pad(length.unsqueeze(-1), (0, 1))
    eta = 0.2 / count
    run = descend(W, eta=eta, steps=20, stride=20)
    sums = error(run.W)[..., 0, 0]
    expected = (1.0 - 0.5 * count * eta) ** 20 * sums[:, 0]
    return equal(sums[:, 1], expected, roundings=1e3, scale=1.0 + norms(W).sum(dim=1))


students_on_the_line_converge_exponentially.twin(
    "λ = (3, 0.1): the short one changes sign", short=True
)


@XD22.part(
    "d",
    source="toy case 3, page 19",
    says=r"$w_1=\dots=w_n=w$: $\nabla_iL$ is $n$ times the gradient at $w$ of the loss of a single "
    r"neuron with teacher $\frac vn$.",
    quantifiers=(r"\forall\, n,d", r"\forall\, w"),
    specimens=[{"count": 3, "dimension": 4}],
)
@given(count=st.integers(1, 6), dimension=st.integers(2, 6))
def identical_students_move_as_one(
    count: int, dimension: int, trials: Trials, *, times: float = 1.0
) -> Bound:
    """With teacher v/n the gradient at w is 1/n of that with teacher v at nw, by homogeneity."""
    w = trials.normal("student", 1, dimension)
    many = gradient(w.expand(-1, count, -1))
    one = gradient(count * w)
    scale = (1.0 + count * norms(w)).unsqueeze(-1)
    return equal(many, times * one, roundings=100 * count, scale=scale)


identical_students_move_as_one.twin("twice n times", times=2.0)
