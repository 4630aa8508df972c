"""Hermite polynomials as test functions (ZGJ21, Lemma C.11 and Claim C.1).

Against the Hermite polynomial of degree n in wᵀx, the neuron |uᵀx| has the inner product c_n
(wᵀu)ⁿ: neurons away from w are damped by the n-th power of a cosine, and the kernel of two neurons
is the sum of the squares. The checks integrate over t = wᵀx numerically, the mean over the rest of
uᵀx being elementary; the test functions of `dual_certificate` are made of these.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Bound, Mean, Trials, at_most, equal, given, mean_of, statement
from lemmata.strategies import sizes
from lemmata.theorems.local_convergence.setting.network import kernel, units

ZGJ06 = statement(
    "ZGJ-06",
    paper="ZGJ21",
    source="Lemma C.11 and Claim C.1, pages 41 and 42",
    provenance="derived",
    title="Hermite test functions",
    says=r"With the probabilists' Hermite polynomials $\mathrm{He}_n$, $c_0=\sqrt{2/\pi}$ and "
    r"$c_n=\sqrt{2/\pi}\,(-1)^{n/2+1}(n-3)!!$ for even $n\ge2$: a neuron $|u^\top x|$ sees "
    r"$\mathrm{He}_n(w^\top x)$ through $(u^\top w)^n$.",
)

_T, _WEIGHTS = np.polynomial.legendre.leggauss(400)
_REACH = 14.0


def coefficient(n: int) -> float:
    """Return c_n = E He_n(t) |t| for t ~ N(0, 1), n even."""
    return math.sqrt(2.0 / math.pi) * (
        1.0 if n == 0 else (-1.0) ** (n // 2 + 1) * math.prod(range(n - 3, 1, -2))
    )


def _hermite_moment(n: int, rho: Float[Tensor, "trials angles"]) -> Float[Tensor, "trials angles"]:
    """Return E He_n(t) E_s |ρt + √(1-ρ²) s| by quadrature over t.

    The inner mean is smooth in t where |ρ| < 1.
    """
    t, weights = rho.new_tensor(_REACH * _T), rho.new_tensor(_REACH * _WEIGHTS)
    polynomial = rho.new_tensor(np.polynomial.hermite_e.hermeval(_REACH * _T, [0.0] * n + [1.0]))
    density = weights * torch.exp(-0.5 * t**2) / math.sqrt(2.0 * math.pi)
    mean, spread = rho.unsqueeze(-1) * t, (1.0 - rho**2).sqrt().unsqueeze(-1)
    inner = mean * torch.erf(mean / (math.sqrt(2.0) * spread)) + spread * math.sqrt(
        2.0 / math.pi
    ) * torch.exp(-0.5 * (mean / spread) ** 2)
    return (density * polynomial * inner).sum(dim=-1)


def _cosines(trials: Trials) -> Float[Tensor, "trials angles"]:
    return 1.8 * trials.uniform("cosine", 16) - 0.9


_even = st.sampled_from((0, 2, 4, 6, 8))


@ZGJ06.part(
    "a",
    kind="identity",
    says=r"$\mathbb E[\mathrm{He}_n(w^\top x)\,|u^\top x|]=c_n(u^\top w)^n$ for all unit $u,w$ and "
    r"even $n$.",
    quantifiers=(r"\forall\, n", r"\forall\,\|u\|=\|w\|=1"),
    specimens=[{"n": 4}, {"n": 8}],
)
@given(n=_even)
def a_neuron_sees_a_hermite_polynomial_through_a_power_of_the_cosine(
    n: int, trials: Trials, *, shift: int = 0
) -> Bound:
    rho = _cosines(trials)
    # 400 nodes; the polynomial's size in L² is √n!, and its values reach a few thousand times that
    # under the weight.
    return equal(
        _hermite_moment(n, rho),
        coefficient(n) * rho ** (n + shift),
        roundings=1e4,
        scale=math.sqrt(math.factorial(n)),
    )


a_neuron_sees_a_hermite_polynomial_through_a_power_of_the_cosine.twin("the power n - 2", shift=-2)


@ZGJ06.part(
    "b",
    kind="identity",
    says=r"$k(\beta)=\sum_{n\ \mathrm{even}}\frac{c_n^2}{n!}\,\rho^n$ with $\rho=\cos\beta$.",
    quantifiers=(r"\forall\,\beta",),
    specimens=[{"terms": 256}],
)
@given(terms=st.sampled_from((256, 512)))
def the_kernel_is_a_series_in_even_powers_of_the_cosine(
    terms: int, trials: Trials, *, power: float = 2.0
) -> Bound:
    rho = _cosines(trials).abs()
    # c_n²/n! = (2/π) C(2k, k) / (4^k (2k-1)²) with n = 2k; the tail is below 0.81^256.
    k = torch.arange(1, terms, dtype=rho.dtype)
    ratios = torch.cat(
        (torch.ones(1, dtype=rho.dtype), torch.cumprod((2.0 * k - 1.0) / (2.0 * k), dim=0))
    )
    coefficients = (
        2.0 / math.pi * ratios / (2.0 * torch.arange(terms, dtype=rho.dtype) - 1.0).abs() ** power
    )
    series = (
        coefficients.to(rho.device)
        * rho.unsqueeze(-1) ** (2.0 * torch.arange(terms, device=rho.device))
    ).sum(dim=-1)
    return equal(series, kernel(torch.arccos(rho)), roundings=2.0 * terms, scale=1.0)


the_kernel_is_a_series_in_even_powers_of_the_cosine.twin(
    "c_n with (n-1)!! in place of (n-3)!!, once", power=1.0
)


@ZGJ06.part(
    "c",
    kind="inequality",
    says=r"$|\mathbb E[\mathrm{He}_n(w^\top x)\,|u^\top x|]|\le|c_n|\cos^n\Delta'$ for every $u$ "
    r"at a line angle of at least $\Delta'$ from $w$.",
    quantifiers=(r"\forall\, n,\Delta'", r"\forall\,\beta(u,w)\ge\Delta'"),
    specimens=[{"n": 4, "apart": 0.5}, {"n": 8, "apart": 0.5}],
)
@given(n=_even, apart=st.sampled_from((0.5, 0.8, 1.2)))
def far_neurons_hardly_see_a_hermite_polynomial(
    n: int, apart: float, trials: Trials, *, more: int = 0
) -> Bound:
    beta = apart + (math.pi / 2 - apart) * trials.uniform("beyond", 16)
    rounding = 1e4 * torch.finfo(beta.dtype).eps * math.sqrt(math.factorial(n))
    return at_most(
        _hermite_moment(n, beta.cos()).abs(),
        abs(coefficient(n)) * math.cos(apart) ** (n + more) + rounding,
    )


far_neurons_hardly_see_a_hermite_polynomial.twin("one power more: cos^{n+1}", more=1)


@ZGJ06.part(
    "d",
    kind="mean",
    says=r"$\mathbb E[((b^\top x)(w^\top x)-b^\top w)\,|u^\top x|]=\sqrt{2/\pi}\,(b^\top u)(w^\top "
    r"u)$ for unit $u$.",
    quantifiers=(r"\forall\, b,w", r"\forall\,\|u\|=1", r"\mathbb E_x"),
    specimens=[{"dimension": 3}],
)
@given(dimension=sizes(smallest=2, largest=8))
def the_tensor_of_degree_two_sees_the_product_of_cosines(
    dimension: int, trials: Trials, *, two: float = 2.0
) -> Mean:
    u = trials.sphere("u", dimension)
    b, w = (units(u + 0.5 * trials.sphere(name, dimension)) for name in ("b", "w"))
    x = trials.normal("inputs", 256, dimension)
    along = [(x * v.unsqueeze(1)).sum(dim=-1) for v in (b, w, u)]
    sampled = ((along[0] * along[1] - (b * w).sum(dim=-1, keepdim=True)) * along[2].abs()).mean(
        dim=1
    )
    return mean_of(
        sampled
        - (two - 1.0) * math.sqrt(2.0 / math.pi) * (b * u).sum(dim=-1) * (w * u).sum(dim=-1),
        0.0,
    )


the_tensor_of_degree_two_sees_the_product_of_cosines.twin(
    "twice as much: the constant is not taken off", two=3.0
)
