r"""Windows of the bias keep the coefficient away from zero (ALL18, Claims C.1 and C.2).

p_i is odd for even i ≥ 2, so that every symmetric treatment of the bias gives 0: the window of even
degrees is one-sided. On the windows p_i keeps its sign, and for even i the coefficient |p'_i|
i²/(i-1)!! increases to 1/16π. Claim C.2 then bounds what is cut off at B_i, and the sizes of what
is left.

The claim bounds means of |ĥ_i| and |ĥ'_i|; the range and the Lipschitz constant of h need maxima,
which its proof bounds too, and which stand here.
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Bound, Trials, all_of, at_least, at_most, equal, given, statement
from lemmata.theorems.beyond_two_layers.setting.activations import (
    ENTIRE,
    GROWTH,
    Activation,
    activations,
    log_network_complexity,
    log_sample_complexity,
)
from lemmata.theorems.beyond_two_layers.setting.witnesses import (
    window_coefficient,
    window_mass,
    window_rule,
)
from lemmata.theorems.mathematics.gaussian import against_normal, distribution
from lemmata.theorems.mathematics.hermite import (
    half_space,
    log_double_factorial,
    log_factorial,
    normalised,
)

ALLH3 = statement(
    "ALL-H3",
    paper="ALL18",
    source="Claim C.1",
    provenance="as printed",
    note="the proof gives 100 for 200; 52 would do, and 16π = 50.3 is the limit",
    uses=["ALL-H2"],
    title="Windows of the bias keep the coefficient away from zero",
    says=r"With $q_i(b)=1[|b|\le\frac1{2i}]$ for odd $i$ and $1[0<-b\le\frac1{2i}]$ for even $i$: "
    r"$\mathbb E[h_i(\alpha)q_i(b)1[\alpha x_1+\beta\sqrt{1-x_1^2}+b\ge0]]=p_i'x_1^i$ and "
    r"$|p_i'|\ge\frac{(i-1)!!}{200i^2}$.",
)


@ALLH3.part(
    "a",
    kind="identity",
    says=r"$\mathbb E[h_i(\alpha)q_i(b)1[\alpha x_1+\beta\sqrt{1-x_1^2}+b\ge0]]=p_i'x_1^i$.",
    quantifiers=(r"\forall\, i\ge1", r"\forall\, x_1"),
    specimens=[{"degree": 4}, {"degree": 5}],
)
@given(degree=st.integers(1, 12))
def a_window_sees_a_power(degree: int, trials: Trials, *, swapped: bool = False) -> Bound:
    x = 1.9 * trials.uniform("x", 4, 1, 1) - 0.95
    b, weight = window_rule(degree, x, swapped=swapped)
    alpha, w = against_normal(x)
    inner = distribution((x * alpha + b.unsqueeze(-1)) / (1.0 - x**2).sqrt())
    found = (inner @ (w * normalised(alpha, degree)[degree])) @ weight
    expected = window_coefficient(degree) * x[..., 0, 0] ** degree
    # Relative to the mass of the window, which is that of the integrand.
    return equal(found, expected, roundings=1e5, scale=1.0 / degree)


a_window_sees_a_power.twin("the windows of the other parity", swapped=True)


def _log_coefficient(i: int) -> float:
    """Return log of |p'_i| i²/(i-1)!!."""
    log = math.log(abs(window_coefficient(i))) + 0.5 * log_factorial(i)
    return log + 2.0 * math.log(i) - log_double_factorial(i - 1)


@ALLH3.part(
    "b",
    kind="inequality",
    says=r"$|p_i'|\ge\frac{(i-1)!!}{200\,i^2}$ for all $i\ge1$.",
    quantifiers=(r"\forall\, i\ge1",),
    specimens=[{"degree": 2}, {"degree": 3}],
)
@given(degree=st.integers(1, 120))
def coefficients_stay_away_from_zero(
    degree: int, trials: Trials, *, factor: float = 200.0
) -> Bound:
    found = trials.every(trials.tensor(math.exp(_log_coefficient(degree))))
    return at_least(found, 1.0 / factor)


coefficients_stay_away_from_zero.twin("50 in place of 200", factor=50.0)


@ALLH3.part(
    "c",
    kind="inequality",
    provenance="derived",
    says=r"$p_i$ keeps its sign on the window; for even $i$, $\frac1{52}\le i^2|p_i'|/(i-1)!!\le"
    r"\frac1{16\pi}$.",
    quantifiers=(r"\forall\, i\ge1", r"\forall\, b"),
    specimens=[{"degree": 2}, {"degree": 40}],
)
@given(degree=st.integers(1, 120))
def coefficients_have_one_sign_and_a_limit(
    degree: int, trials: Trials, *, stretch: float = 1.0, share: float = 1.0
) -> Bound:
    u = trials.uniform("b", 32)
    reach = stretch * 0.5 / degree
    b = reach * (2.0 * u - 1.0) if degree % 2 else -reach * u
    values = half_space(b, degree)[degree] * math.copysign(1.0, window_coefficient(degree))
    rounding = 64.0 * torch.finfo(b.dtype).eps
    sign = at_least(1.0 + values / values.abs().amax(dim=1, keepdim=True), 1.0 - rounding)
    if degree % 2:
        return sign
    found = trials.every(trials.tensor(math.exp(_log_coefficient(degree))))
    return all_of(
        sign=sign,
        above=at_least(found, 1.0 / 52.0),
        below=at_most(found, share / (16.0 * math.pi)),
    )


coefficients_have_one_sign_and_a_limit.twin(
    "a window a hundred times as wide",
    specimens=[{"degree": 40}, {"degree": 41}],
    stretch=100.0,
)
coefficients_have_one_sign_and_a_limit.twin("9/10 of the limit", share=0.9)

ALLH4 = statement(
    "ALL-H4",
    paper="ALL18",
    source="Claim C.2",
    provenance="derived",
    uses=["ALL-H1", "ALL-H3"],
    note="the page has B_i = 100√i + 10√log(1/ε) and C* = 10⁴; (c) and (d) bound maxima, which its "
    "proof supplies, where the claim prints expectations",
    title="Cutting Hermite polynomials off",
    says=r"With $c_i'=c_i/p_i'$, $B_i=2\sqrt i+2\sqrt{\log(1/\varepsilon)}$ (or the page's wider "
    r"ones) and $\varepsilon<1/\mathfrak C_s(\phi,1)$: what is cut off beyond $B_i$ is at most "
    r"$\frac\varepsilon8$, twice; what is left has the mean square $\mathfrak C_s(\phi,1)^2$, and "
    r"the range and the Lipschitz constant $\mathfrak C_\varepsilon(\phi,1)$.",
    kind="inequality",
    quantifiers=(r"\forall\,\phi", r"\forall\,\varepsilon<1/\mathfrak C_s(\phi,1)"),
)
_TERMS = 41
_CUT = {
    "phi": activations("random", "power", *ENTIRE, largest=40),
    "digits": st.sampled_from((2.0, 1.0, 4.0, 8.0, 30.0)),
}
_CUT_SPECIMENS = [
    {"phi": Activation(family="power", degree=2), "digits": 30.0},
    {"phi": Activation(family="random", degree=20, decay=0.5), "digits": 2.0},
]


def _sizes(phi: Activation, digits: float, star: float, trials: Trials) -> Float[Tensor, "t i"]:
    """Return log |c_i|, scaled so that ε C_s(φ, 1) = 0.99 with ε = 10^-digits."""
    sizes = phi.sizes(trials, _TERMS)
    return (
        sizes
        - log_sample_complexity(sizes, 1.0, star).unsqueeze(-1)
        + digits * math.log(10.0)
        + math.log(0.99)
    )


def _reach(digits: float, like: Tensor, wide: tuple[float, float]) -> Float[Tensor, "degrees"]:
    i = torch.arange(1, _TERMS, device=like.device, dtype=like.dtype)
    return wide[0] * i.sqrt() + wide[1] * math.sqrt(digits * math.log(10.0))


def _log_hermite(B: Float[Tensor, "degrees"], less: int) -> Float[Tensor, "degrees"]:
    """Return log of h_{i-less}(B_i)/√i! for i = 1, ..., each beyond the roots."""
    H = normalised(B, _TERMS)
    rows = []
    for i in range(1, _TERMS):
        shift = 0.5 * (log_factorial(i - less) - log_factorial(i))
        rows.append(H[i - less, i - 1].log() + shift)
    return torch.stack(rows)


def _log_inverse_coefficients(like: Tensor) -> Float[Tensor, "degrees"]:
    return like.new_tensor([-math.log(abs(window_coefficient(i))) for i in range(1, _TERMS)])


def _log_density(B: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    return -0.5 * B**2 - 0.5 * math.log(2.0 * math.pi)


@ALLH4.part(
    "a",
    source="Claim C.2(a)",
    says=r"$\sum_i|c_i'|\,\mathbb E[|h_i(z)|1[|z|\ge "
    r"B_i]]=\sum_i|c_i'|\,2h_{i-1}(B_i)\varphi(B_i)\le\frac\varepsilon8$.",
    specimens=_CUT_SPECIMENS,
)
@given(**_CUT)
def what_is_cut_off_is_small(
    phi: Activation, digits: float, trials: Trials, *, wide: tuple[float, float] = (2.0, 2.0)
) -> Bound:
    sizes = _sizes(phi, digits, 1.0, trials)
    B = _reach(digits, sizes, wide)
    tail = math.log(2.0) + _log_hermite(B, 1) + _log_density(B)
    total = torch.logsumexp(sizes[:, 1:] + _log_inverse_coefficients(sizes) + tail, dim=1)
    return at_most((total + digits * math.log(10.0)).exp(), 1.0 / 8.0)


what_is_cut_off_is_small.twin("B_i = 2√i + 1.5√log(1/ε), far out", wide=(2.0, 1.5))


@ALLH4.part(
    "b",
    source="Claim C.2(b)",
    says=r"$\sum_i|c_i'|\,|h_i(B_i)|\,\mathbb P[|z|\ge B_i]\le\frac\varepsilon8$.",
    specimens=_CUT_SPECIMENS,
)
@given(**_CUT)
def what_replaces_the_tails_is_small(
    phi: Activation, digits: float, trials: Trials, *, wide: tuple[float, float] = (2.0, 2.0)
) -> Bound:
    sizes = _sizes(phi, digits, 1.0, trials)
    B = _reach(digits, sizes, wide)
    tail = math.log(2.0) + _log_hermite(B, 0) + torch.special.log_ndtr(-B)
    total = torch.logsumexp(sizes[:, 1:] + _log_inverse_coefficients(sizes) + tail, dim=1)
    return at_most((total + digits * math.log(10.0)).exp(), 1.0 / 8.0)


what_replaces_the_tails_is_small.twin("B_i = 2√i + 1.5√log(1/ε), far out", wide=(2.0, 1.5))


@ALLH4.part(
    "c",
    source="proof of Lemma 6.3",
    says=r"$\big(\mathbb E(\sum_ic_i'h_iq_i)^2\big)^{1/2}\le\sum_i|c_i'|\sqrt{i!\,\mathbb "
    r"P[q_i=1]}\le\mathfrak C_s(\phi,1)$ for $C^*\ge25$: the exponent $1.75$ is that of even "
    r"degrees.",
    specimens=_CUT_SPECIMENS,
)
@given(**_CUT)
def the_mean_square_is_the_sample_complexity(
    phi: Activation, digits: float, trials: Trials, *, growth: float = GROWTH, star: float = 25.0
) -> Bound:
    sizes = phi.sizes(trials, _TERMS)
    mass = sizes.new_tensor([0.5 * math.log(window_mass(i)) for i in range(1, _TERMS)])
    total = torch.logsumexp(sizes[:, 1:] + _log_inverse_coefficients(sizes) + mass, dim=1)
    bound = log_sample_complexity(sizes, 1.0, star, growth=growth)
    return at_most((total - bound).exp(), 1.0)


the_mean_square_is_the_sample_complexity.twin(
    "exponent 1.25",
    specimens=[{"phi": Activation(family="power", degree=40), "digits": 2.0}],
    growth=1.25,
)
the_mean_square_is_the_sample_complexity.twin("C* = 13", star=13.0)


@ALLH4.part(
    "d",
    source="Claim C.2(c), (d)",
    says=r"$\sum_i|c_i'|\max|\hat h_i|\le\mathfrak C_\varepsilon(\phi,1)$ and "
    r"$\sum_i|c_i'|\max|\hat h_i'|=\sum_i|c_i'|\,i\,h_{i-1}(B_i)\le\mathfrak "
    r"C_\varepsilon(\phi,1)$, for $C^*\ge57$; with the page's $B_i$ for $C^*=10^4$.",
    specimens=[
        {"phi": Activation(family="power", degree=2), "digits": 1.0, "printed": False},
        {"phi": Activation(family="random", degree=20, decay=0.5), "digits": 2.0, "printed": True},
    ],
)
@given(**_CUT, printed=st.booleans())
def range_and_slope_are_the_network_complexity(
    phi: Activation,
    digits: float,
    printed: bool,
    trials: Trials,
    *,
    star: float = 57.0,
    means: bool = False,
) -> Bound:
    sizes = phi.sizes(trials, _TERMS)
    B = _reach(digits, sizes, (100.0, 10.0) if printed else (2.0, 2.0))
    i = torch.arange(1, _TERMS, device=sizes.device, dtype=sizes.dtype)
    scaled = sizes[:, 1:] + _log_inverse_coefficients(sizes)
    found = torch.logsumexp(scaled + _log_hermite(B, 0), dim=1)
    slope = torch.logsumexp(scaled + i.log() + _log_hermite(B, 1), dim=1)
    log_inverse = digits * math.log(10.0)
    bound = log_network_complexity(sizes, 1.0, log_inverse, 1e4 if printed else star)
    if means:
        bound = torch.logsumexp(scaled, dim=1)
    return all_of(
        range=at_most((found - bound).exp(), 1.0), slope=at_most((slope - bound).exp(), 1.0)
    )


_MONOMIAL = [{"phi": Activation(family="power", degree=2), "digits": 1.0, "printed": False}]
range_and_slope_are_the_network_complexity.twin("C* = 25", specimens=_MONOMIAL, star=25.0)
range_and_slope_are_the_network_complexity.twin(
    "what bounds the expectations, as the claim prints, taken as a bound of the range",
    specimens=_MONOMIAL,
    means=True,
)
