r"""Hermite polynomials and truncated moments (ALL18, Appendix A.4).

Everything is checked by panelled quadrature against the closed forms of `mathematics.hermite`: the
orthogonality, the damping E[h_i(α) | z] = ρ^i h_i(z), the tails ∫_B^∞ h_i φ = h_{i-1}(B) φ(B), what
a half-space sees of h_i, and the recursion L_{i,b} = b^{i-1} φ(b) + (i-1) L_{i-2,b} of truncated
moments.
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Bound, Trials, all_of, at_least, at_most, equal, given, statement
from lemmata.theorems.mathematics.gaussian import (
    against_normal,
    density,
    distribution,
    panels,
)
from lemmata.theorems.mathematics.hermite import (
    half_space,
    log_double_factorial,
    log_factorial,
    normalised,
)

_DEGREES = st.integers(1, 12)
ALLH1 = statement(
    "ALL-H1",
    paper="ALL18",
    source="Definition A.5",
    provenance="as printed",
    note="the definition prints the norm √(2π) j! for j!: a slip that no constant feels",
    title="Hermite facts",
    says=r"$\mathbb E[h_ih_j]=i!\,\delta_{ij}$ under $N(0,1)$; $\mathbb E[h_i(\alpha)\mid "
    r"z]=\rho^ih_i(z)$; $\int_B^\infty h_i\varphi=h_{i-1}(B)\varphi(B)$; $0<h_i(x)\le x^i$ for "
    r"$x\ge2\sqrt i$; the formulas of a sum and of a multiple.",
    kind="identity",
)


@ALLH1.part(
    "a",
    says=r"$\mathbb E[h_ih_j]=i!\,\delta_{ij}$.",
    quantifiers=(r"\forall\, i,j",),
    specimens=[{"largest": 8}, {"largest": 20}],
)
@given(largest=st.integers(1, 24))
def hermite_polynomials_are_orthogonal(largest: int, trials: Trials, *, norm: float = 1.0) -> Bound:
    t, w = against_normal(trials.tensor(0.0).to(trials.dtype), reach=16.0)
    H = normalised(t, largest)
    gram = trials.every((H * w) @ H.mT)
    # 1200 nodes; the recursion loses a few roundings a degree.
    return equal(gram, norm * torch.eye(largest + 1).to(gram), roundings=1e4, scale=1.0)


hermite_polynomials_are_orthogonal.twin("the printed norm √(2π) j!", norm=math.sqrt(2.0 * math.pi))


@ALLH1.part(
    "b",
    provenance="derived",
    says=r"$\mathbb E[h_i(\rho z+\sqrt{1-\rho^2}\,\beta)\mid z]=\rho^ih_i(z)$.",
    quantifiers=(r"\forall\, i,\rho,z",),
    specimens=[{"degree": 6}],
)
@given(degree=_DEGREES)
def a_correlated_normal_damps_hermite_polynomials(
    degree: int, trials: Trials, *, more: int = 0
) -> Bound:
    rho, z = 2.0 * trials.uniform("rho", 8, 1) - 1.0, trials.normal("z", 8, 1)
    beta, w = against_normal(z)
    inner = normalised(rho * z + (1.0 - rho**2).sqrt() * beta, degree)[degree]
    H = normalised(z, degree)[degree]
    return equal(
        inner @ w,
        (rho ** (degree + more) * H).squeeze(-1),
        roundings=1e4,
        scale=1.0 + H.abs().squeeze(-1),
    )


a_correlated_normal_damps_hermite_polynomials.twin("ρ^{i+1}", more=1)


@ALLH1.part(
    "c",
    provenance="derived",
    says=r"$\int_B^\infty h_i\varphi=h_{i-1}(B)\varphi(B)$ for all $B\in\mathbb R$.",
    quantifiers=(r"\forall\, i,B",),
    specimens=[{"degree": 5}],
)
@given(degree=_DEGREES)
def tails_of_hermite_polynomials_are_hermite(
    degree: int, trials: Trials, *, down: int = 1
) -> Bound:
    B = 3.0 * trials.normal("B", 8)
    t, w = panels(B, 0.0, 1.0, panels=20)
    x = B.unsqueeze(-1) + 28.0 * t
    tail = (28.0 * w * density(x) * normalised(x, degree)[degree]).sum(dim=-1)
    closed = normalised(B, degree)[degree - down] * density(B) / math.sqrt(degree)
    return equal(tail, closed, roundings=1e5, scale=1.0)


tails_of_hermite_polynomials_are_hermite.twin("h_i(B) in place of h_{i-1}(B)", down=0)


@ALLH1.part(
    "d",
    kind="inequality",
    provenance="derived",
    says=r"For $x\ge2\sqrt i$: $0<h_i(x)\le x^i$; and $\max_{|x|\le B}|h_i|=h_i(B)$ for "
    r"$B\ge2\sqrt i$.",
    quantifiers=(r"\forall\, i", r"\forall\, x\ge2\sqrt i"),
    specimens=[{"degree": 5}, {"degree": 11}],
)
@given(degree=st.integers(1, 30))
def hermite_polynomials_are_powers_beyond_their_roots(
    degree: int, trials: Trials, *, start: float = 2.0
) -> Bound:
    low = start * math.sqrt(degree)
    x = low * (1.0 + 2.0 * trials.uniform("x", 64).pow(3.0))
    scale = math.exp(-0.5 * log_factorial(degree))
    H, power = normalised(x, degree)[degree], x**degree * scale
    inside = normalised(low * trials.uniform("inside", 64), degree)[degree].abs()
    end = normalised(x[:, :1] * 0.0 + low, degree)[degree]
    return all_of(
        above=at_most(H / power, 1.0),
        positive=at_least(1.0 + H / power, 1.0),
        maximum=at_most(inside / end.abs(), 1.0),
    )


hermite_polynomials_are_powers_beyond_their_roots.twin("from √i on", start=1.0)


@ALLH1.part(
    "e",
    says=r"$h_i(x+y)=\sum_k\binom ikx^{i-k}h_k(y)$ and $h_i(\gamma x)=\sum_k\gamma^{i-2k}"
    r"(\gamma^2-1)^k\binom i{2k}\frac{(2k)!}{k!}2^{-k}h_{i-2k}(x)$.",
    quantifiers=(r"\forall\, i", r"\forall\, x,y,\gamma"),
    specimens=[{"degree": 5}],
)
@given(degree=_DEGREES)
def sums_and_multiples_of_arguments(degree: int, trials: Trials, *, sign: float = 1.0) -> Bound:
    x, y, gamma = (trials.normal(name, 8) for name in ("x", "y", "gamma"))
    H = {"x": normalised(x, degree), "y": normalised(y, degree)}

    def weight(k: int) -> float:  # √(k!/i!)
        return math.exp(0.5 * (log_factorial(k) - log_factorial(degree)))

    shifted = [
        math.comb(degree, k) * weight(k) * x ** (degree - k) * H["y"][k] for k in range(degree + 1)
    ]
    scaled = [
        gamma ** (degree - 2 * k)
        * (sign * (gamma**2 - 1.0)) ** k
        * math.comb(degree, 2 * k)
        * math.exp(log_factorial(2 * k) - log_factorial(k) - k * math.log(2.0))
        * weight(degree - 2 * k)
        * H["x"][degree - 2 * k]
        for k in range(degree // 2 + 1)
    ]

    def size(terms: list[Tensor]) -> Tensor:
        return 1.0 + torch.stack(terms).abs().sum(dim=0)

    def closed(z: Tensor) -> Tensor:
        return normalised(z, degree)[degree]

    # Sums of up to 13 terms, each a product of powers; the recursion loses as much at |z| ≤ 20.
    return all_of(
        total=equal(closed(x + y), sum(shifted), roundings=2e3, scale=size(shifted)),
        multiple=equal(closed(gamma * x), sum(scaled), roundings=2e3, scale=size(scaled)),
    )


sums_and_multiples_of_arguments.twin("(1 - γ²)^k", sign=-1.0)

ALLH2 = statement(
    "ALL-H2",
    paper="ALL18",
    source="Lemma A.6",
    provenance="as printed",
    uses=["ALL-H1"],
    title="What a half-space sees of a Hermite polynomial",
    says=r"$\mathbb E[h_i(\alpha)1[\alpha x_1+\beta\sqrt{1-x_1^2}+b\ge0]]=p_i(b)x_1^i$, $p_i(b)="
    r"h_{i-1}(-b)\varphi(b)$ for $i\ge1$, $p_0=\Phi$.",
    kind="identity",
)


@ALLH2.part(
    "a",
    provenance="derived",
    note="the page turns (α, β) by the angle of x and prints p_i(-b) as a sum, part (b)",
    says=r"$\mathbb E[h_i(\alpha)1[\alpha x_1+\beta\sqrt{1-x_1^2}+b\ge0]]=p_i(b)x_1^i$, $|x_1|<1$.",
    quantifiers=(r"\forall\, i", r"\forall\, x_1,b"),
    specimens=[{"degree": 4}, {"degree": 7}],
)
@given(degree=st.integers(0, 12))
def a_half_space_sees_a_power(degree: int, trials: Trials, *, side: float = 1.0) -> Bound:
    x = 1.9 * trials.uniform("x", 8) - 0.95
    b = trials.normal("b", 8)
    alpha, w = against_normal(b)
    inner = distribution(
        (x.unsqueeze(-1) * alpha + b.unsqueeze(-1)) / (1.0 - x**2).sqrt().unsqueeze(-1)
    )
    found = inner @ (w * normalised(alpha, degree)[degree])
    return equal(found, half_space(side * b, degree)[degree] * x**degree, roundings=1e5, scale=1.0)


a_half_space_sees_a_power.twin("1[· ≥ b] in place of 1[· + b ≥ 0]", side=-1.0)


@ALLH2.part(
    "b",
    says=r"$p_i(-b)=(i-1)!!\,\varphi(b)\sum_r\frac{(-1)^{(i-1-r)/2}}{r!!}\binom{i/2-1}{(r-1)/2}"
    r"b^r$, $r$ odd for even $i$ and even for odd $i$, with Gamma binomials.",
    quantifiers=(r"\forall\, i\ge1", r"\forall\, b"),
    specimens=[{"degree": 6}, {"degree": 5}],
)
@given(degree=st.integers(1, 14))
def the_printed_sum_is_a_hermite_polynomial(
    degree: int, trials: Trials, *, shift: float = 1.0
) -> Bound:
    b = trials.normal("b", 16)
    terms = []
    for r in range((degree + 1) % 2, degree, 2):
        top, low = degree / 2.0 - shift, (r - 1) / 2.0
        binomial = math.exp(
            math.lgamma(top + 1.0) - math.lgamma(low + 1.0) - math.lgamma(top - low + 1.0)
        )
        factor = math.exp(
            log_double_factorial(degree - 1) - log_double_factorial(r) - 0.5 * log_factorial(degree)
        )
        terms.append((-1.0) ** ((degree - 1 - r) // 2) * factor * binomial * b**r * density(b))
    size = 1.0 + sum(term.abs() for term in terms)
    return equal(half_space(-b, degree)[degree], sum(terms), roundings=1e3, scale=size)


the_printed_sum_is_a_hermite_polynomial.twin("binomials of i/2", shift=0.0)

ALLA7 = statement(
    "ALL-A7",
    paper="ALL18",
    source="Lemma A.7",
    provenance="as printed",
    note="the printed bound is 0 at i = 0, where the moment is not: i ≥ 1 here; what uses i = 0 "
    "needs O(1) e^{-b²/2} only",
    title="Truncated moments of a normal variable",
    says=r"$L_{i,b}=\mathbb E[\alpha^i1[\alpha\ge b]]$ has the closed forms of the page, and "
    r"$L_{i,b}\le O(1)e^{-b^2/2}\sum_{j<i}\frac{(i-1)!!}{j!!}b^j$ for $b\ge0$, with $\frac12$ for "
    r"$O(1)$.",
)


def _moment(degree: int, b: Float[Tensor, "trials points"]) -> Float[Tensor, "trials points"]:
    """Return L_{i,b}/√i! by quadrature."""
    t, w = panels(b, 0.0, 1.0, panels=24)
    x = b.unsqueeze(-1) + 30.0 * t
    logs = degree * x.abs().clamp(min=1e-300).log() - 0.5 * log_factorial(degree)
    sign = torch.where(x < 0, (-1.0) ** degree, 1.0)
    return (30.0 * w * sign * logs.exp() * density(x)).sum(dim=-1)


def _ratio(degree: int, j: int) -> float:  # (i-1)!!/j!!/√i!
    return math.exp(
        log_double_factorial(degree - 1) - log_double_factorial(j) - 0.5 * log_factorial(degree)
    )


@ALLA7.part(
    "a",
    kind="identity",
    says=r"Even $i$: $L_{i,b}=(i-1)!!\,\bar\Phi(b)+\varphi(b)\sum_{j\text{ "
    r"odd}<i}\frac{(i-1)!!}{j!!}b^j$; odd $i$: $\varphi(b)\sum_{j\text{ "
    r"even}<i}\frac{(i-1)!!}{j!!}b^j$.",
    quantifiers=(r"\forall\, i,b",),
    specimens=[{"degree": 4}, {"degree": 5}],
)
@given(degree=st.integers(0, 15))
def truncated_moments_have_closed_forms(
    degree: int, trials: Trials, *, tail: float = 1.0, step: int = 0
) -> Bound:
    b = 1.5 * trials.normal("b", 8)
    terms = [
        _ratio(degree, j + step) * b**j * density(b) for j in range((degree + 1) % 2, degree, 2)
    ]
    if degree % 2 == 0:
        terms.append(tail * _ratio(degree, 0) * distribution(-b))
    size = 1.0 + sum(term.abs() for term in terms)
    return equal(_moment(degree, b), sum(terms), roundings=1e5, scale=size)


truncated_moments_have_closed_forms.twin(
    "without the tail of even degrees", specimens=[{"degree": 4}], tail=0.0
)
truncated_moments_have_closed_forms.twin("(j+1)!! in place of j!!", step=1)


@ALLA7.part(
    "b",
    kind="inequality",
    says=r"$L_{i,b}\le\frac12e^{-b^2/2}\sum_{j<i}\frac{(i-1)!!}{j!!}b^j$ for $b\ge0$, $i\ge1$; "
    r"equality at $b=0$, even $i$.",
    quantifiers=(r"\forall\, i\ge1", r"\forall\, b\ge0"),
    specimens=[{"degree": 2}, {"degree": 7}],
)
@given(degree=st.integers(1, 29))
def truncated_moments_are_bounded_by_a_sum(
    degree: int, trials: Trials, *, factor: float = 0.5
) -> Bound:
    b = 12.0 * trials.uniform("b", 16).pow(2.0)
    b[:, 0] = 0.0
    total = sum(_ratio(degree, j) * b**j for j in range(degree))
    # Attained at 0, up to the quadrature's roundings.
    return at_most(_moment(degree, b), factor * torch.exp(-0.5 * b**2) * total * (1.0 + 1e-11))


truncated_moments_are_bounded_by_a_sum.twin("constant 0.49", specimens=[{"degree": 2}], factor=0.49)
