"""What finitely many samples cannot see (ours).

One teacher (1, 0) in the plane, two students at the angles ±θ to it with e_1 = 0. Then R = R_2,
which vanishes but on the wedges where a student and the teacher have different signs: within θ of
the line that is orthogonal to the teacher. A sample x is at the angle arctan(|x_1|/|x_2|) to that
line, so that no sample meets a wedge where

    θ < θ_N = min_k arctan(|x_{k1}|/|x_{k2}|),        P[θ_N > t] = (1 - 2t/π)^N,                 (1)

the angles being independent and uniform on [0, π/2]. There L̂ = 0 and ∇L̂ = 0, while L = (2/3π) θ³
(1 + O(θ²)) > 0 is of order N⁻³.
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
    Law,
    Trials,
    all_of,
    at_least,
    at_most,
    given,
    law_of,
    statement,
)
from lemmata.theorems.local_convergence.setting.network import TeacherRows, Weights, loss, square
from lemmata.theorems.local_convergence.setting.samples import empirical_gradient, residual

ZGJ26 = statement(
    "ZGJ-26",
    paper="ZGJ21",
    source="ours",
    provenance="ours",
    proof="in the docstring",
    uses=["ZGJ-17"],
    title="The empirical loss has no Łojasiewicz inequality down to zero",
    says=r"For $r=1$, $d=m=2$ and $N$ samples let $\theta_N=\min_k\arctan(|x_{k1}|/|x_{k2}|)$. The "
    r"split pair at $\theta<\theta_N$ has $\hat L=0$ and $\nabla\hat L=0$ while "
    r"$L=\frac2{3\pi}\theta^3(1+O(\theta^2))>0$, of order $N^{-3}$: a statement on samples needs a "
    r"floor, or fresh samples.",
)

_SETS = (r"\forall\, N", r"\mathbb P_{x_1,\dots,x_N}")
_sample_sizes = st.sampled_from((100, 20, 1000))


def unseen_angle(x: Float[Tensor, "trials N 2"]) -> Float[Tensor, "trials"]:
    """Return θ_N of (1)."""
    return torch.atan2(x[..., 0].abs(), x[..., 1].abs()).amin(dim=-1)


def pair_at(theta: Float[Tensor, "trials"]) -> tuple[Weights, TeacherRows]:
    """Return the split pair at the angles ±θ, of masses 1/(2 cos θ), and its teacher (1, 0)."""
    rows = torch.stack((theta.cos(), theta.sin()), dim=-1)
    mirror = torch.tensor([[1.0, 1.0], [1.0, -1.0]], dtype=theta.dtype, device=theta.device)
    W = rows.unsqueeze(1) * mirror / (2.0 * theta.cos()).sqrt()[:, None, None]
    return W, torch.eye(2, dtype=theta.dtype, device=theta.device)[:1]


@ZGJ26.part(
    "a",
    kind="existence",
    says=r"At $\theta=0.999\,\theta_N$: $R(x_k)=0$ for all $k$ and $\nabla\hat L=0$ up to "
    r"rounding, while $L\ge\frac1{3\pi}\theta^3$.",
    quantifiers=(*_SETS, r"\exists\, W"),
    specimens=[{"samples": 100}],
)
@given(samples=_sample_sizes)
def a_state_of_positive_loss_has_no_empirical_gradient(
    samples: int, trials: Trials, *, factor: float = 0.999
) -> Bound:
    x = trials.normal("samples", samples, 2)
    theta = factor * unseen_angle(x)
    W, V = pair_at(theta)
    R, rounding = residual(W, V, x), 64.0 * torch.finfo(x.dtype).eps
    largest = (x**2).sum(dim=-1).amax(dim=-1)
    return all_of(
        at_most(R.abs().amax(dim=-1), rounding * largest.sqrt()),
        at_most(square(empirical_gradient(W, x, R)).sqrt(), rounding * largest),
        at_least(loss(W, V), theta**3 / (3.0 * math.pi)),
    )


a_state_of_positive_loss_has_no_empirical_gradient.twin(
    "at 2 θ_N, where a sample meets a wedge", factor=2.0
)


@a_state_of_positive_loss_has_no_empirical_gradient.twin(
    "‖∇L̂‖ ≥ 1e-3 L^{3/4} with N independent of L"
)
def _(samples: int, trials: Trials) -> Bound:
    x = trials.normal("samples", samples, 2)
    W, V = pair_at(0.999 * unseen_angle(x))
    return at_least(
        square(empirical_gradient(W, x, residual(W, V, x))).sqrt(), 1e-3 * loss(W, V) ** 0.75
    )


@ZGJ26.part(
    "b",
    kind="law",
    says=r"$\mathbb P[\theta_N>t]=\big(1-\frac{2t}\pi\big)^N$ for $0\le t\le\frac\pi2$.",
    quantifiers=_SETS,
    specimens=[{"samples": 100}],
)
@given(samples=_sample_sizes)
def the_unseen_angle_is_a_minimum_of_uniforms(
    samples: int, trials: Trials, *, widest: float = math.pi / 2
) -> Law:
    theta = unseen_angle(trials.normal("samples", samples, 2))
    return law_of(theta, lambda t: -((1.0 - t / widest).clip(0.0, 1.0) ** samples - 1.0))


the_unseen_angle_is_a_minimum_of_uniforms.twin("angles uniform on [0, π]", widest=math.pi)


@ZGJ26.part(
    "c",
    kind="scaling",
    says=r"The loss that no sample sees is of order $N^{-3}$, over sample sizes a factor 16 apart: "
    r"$\mathbb P[LN^3>44]\le.05$; the median of $LN^3$ tends to "
    r"$\frac2{3\pi}(\frac\pi2\ln2)^3=0.274$, its 95 % quantile to "
    r"$\frac2{3\pi}(\frac\pi2\ln20)^3=22.1$.",
    quantifiers=_SETS,
    constant=Constant(
        44.2, measured_on="N = 20…1000: twice the exact limit of the 95 % quantile", failure=0.05
    ),
    along=Along(
        variable="N",
        sizes=(50, 200, 800),
        instance=lambda N: {"samples": N},
        at_most=0.1,
        at_least=-0.1,
        trials=8192,
    ),
    specimens=[{"samples": 200}],
)
@given(samples=_sample_sizes)
def the_unseen_loss_is_of_the_order_of_the_inverse_cube(
    samples: int, trials: Trials, *, power: float = 3.0
) -> Bound:
    W, V = pair_at(0.999 * unseen_angle(trials.normal("samples", samples, 2)))
    return at_most(loss(W, V), float(samples) ** -power)


the_unseen_loss_is_of_the_order_of_the_inverse_cube.twin("N⁻²", specimens=[], power=2.0)


the_unseen_loss_is_of_the_order_of_the_inverse_cube.twin("N⁻⁴", specimens=[], power=4.0)
