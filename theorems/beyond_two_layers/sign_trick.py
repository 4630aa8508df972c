r"""Random signs turn a move of order √η into a quadratic term of order η (ALL18, Sections 6.4 and
C.3).

As ΣD_wΣ = D_w, the frozen network at (W + √η ΣW'', V + √η V''Σ) is, for every Σ,

    P + √η AD_v(V''ΣD_w(Wx + b₁) + VD_wΣW''x) + η AD_vV''D_wW''x,                                (1)

and the middle term has mean 0. The regulariser has its mean in closed form, too. At the current
point the same expansion with Lemma 6.5(2)'s η in place of √η has the cross terms g', whose size is
exactly that of a sum of signs.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Trials,
    all_of,
    at_most,
    equal,
    given,
    statement,
)
from lemmata.strategies import log_uniform, sizes
from lemmata.theorems.beyond_two_layers.setting.inputs import inputs
from lemmata.theorems.beyond_two_layers.setting.three_layers import (
    Signs,
    ThreeLayer,
    ThreeLayerNetwork,
)
from lemmata.theorems.mathematics.norms import frobenius, norm24
from lemmata.theorems.mathematics.signs import sign_vectors

_SMALL = ThreeLayer(first=6, second=5, dimension=3, outputs=2)

ALLQ2 = statement(
    "ALL-Q2",
    paper="ALL18",
    source="Section 6.4 and proof of Lemma 6.7",
    provenance="as printed",
    title="The sign trick",
    says=r"$\mathbb E_\Sigma P(x;W+\sqrt\eta\,\Sigma "
    r"W'',V+\sqrt\eta\,V''\Sigma)=P(x;W,V)+\eta\,AD_vV''D_wW''x$; $\mathbb E\|V+\sqrt\eta "
    r"V''\Sigma\|_F^2=\|V\|_F^2+\eta\|V''\|_F^2$; $\mathbb E\|W+\sqrt\eta\Sigma "
    r"W''\|_{2,4}^4\le\|W\|_{2,4}^4+6\eta\|W\|_{2,4}^2\|W''\|_{2,4}^2+\eta^2\|W''\|_{2,4}^4$.",
    kind="identity",
    quantifiers=(r"\forall\, D_w,D_v", r"\forall\, W,V,W'',V''", r"\forall\,\eta"),
)
_DRAWN = {"eta": st.sampled_from((0.3, 0.8, 0.1, 0.01)), "size": log_uniform(0.1, 10.0)}
_SPECIMENS = [{"eta": 0.3, "size": 1.0}]


def _frozen(trials: Trials, size: float) -> tuple[ThreeLayerNetwork, Signs, Tensor, Tensor, Tensor]:
    """Return a network, arbitrary signs, W'', V'' and an input."""
    network = _SMALL.initialise(trials)
    signs = Signs(
        (trials.uniform("D_w", 1, 6) < 0.6).to(trials.dtype),
        (trials.uniform("D_v", 1, 5) < 0.6).to(trials.dtype),
    )
    W, V = size * trials.normal("W''", 6, 3), size * trials.normal("V''", 5, 6)
    return network, signs, W, V, inputs(trials, "x", 1, 3)


@ALLQ2.part(
    "a",
    says=r"The expansion (1) for each $\Sigma$, and its mean over all $2^{m_1}$.",
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
def random_signs_leave_a_quadratic_term(
    eta: float, size: float, trials: Trials, *, shift: int = 0
) -> Bound:
    network, signs, W, V, x = _frozen(trials, size)
    sigma, root = sign_vectors(6, x), math.sqrt(eta)
    start, form = network.frozen(signs, network.W, network.V, x), network.form(signs, W, V, x)
    h = signs.w * network.first(network.W, x)
    mean, errors = torch.zeros_like(start), []
    scale = 1.0 + start.abs() + form.abs()
    for s in sigma:
        other = s.roll(shift)
        moved = network.frozen(
            signs, network.W + root * s[:, None] * W, network.V + root * V * other, x
        )
        across = (other * h) @ V.mT + (signs.w * (s * (x @ W.mT))) @ network.V.mT
        linear = (signs.v * across) @ network.A.mT
        scale = torch.maximum(scale, 1.0 + linear.abs())
        errors.append(moved - start - root * linear - eta * form)
        mean = mean + moved / len(sigma)
    same = partial(
        equal,
        roundings=4e3,
        scale=scale * (1.0 + network.A.abs().amax(dim=(1, 2)).view(-1, 1, 1)) * (1.0 + size),
    )
    return all_of(
        each=same(torch.stack(errors, dim=-1).abs().amax(dim=-1), 0.0),
        mean=same(mean, start + eta * form),
    )


random_signs_leave_a_quadratic_term.twin("other signs for V than for W", shift=1)


@ALLQ2.part(
    "b",
    says=r"$\mathbb E\|V+\sqrt\eta V''\Sigma\|_F^2=\|V\|_F^2+\eta\|V''\|_F^2$ and $\mathbb "
    r"E\|W+\sqrt\eta\Sigma W''\|_{2,4}^4=\sum_i\big[(\|w_i\|^2+\eta\|w_i''\|^2)^2+4\eta\langle "
    r"w_i,w_i''\rangle^2\big]$.",
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
def regularisers_have_a_mean_in_closed_form(
    eta: float, size: float, trials: Trials, *, cross: float = 4.0
) -> Bound:
    network, _, W, V, _ = _frozen(trials, size)
    sigma, root = sign_vectors(6, W), math.sqrt(eta)
    of_v = (network.V.unsqueeze(1) + root * V.unsqueeze(1) * sigma[:, None, :]).square()
    of_w = norm24(network.W.unsqueeze(1) + root * sigma[:, :, None] * W.unsqueeze(1)) ** 4
    w, v = network.W.square().sum(dim=2), W.square().sum(dim=2)
    inner = (network.W * W).sum(dim=2)
    closed = ((w + eta * v) ** 2 + cross * eta * inner**2).sum(dim=1)
    return all_of(
        v=equal(
            of_v.sum(dim=(2, 3)).mean(dim=1),
            frobenius(network.V) ** 2 + eta * frobenius(V) ** 2,
            roundings=1e3,
        ),
        w=equal(of_w.mean(dim=1), closed, roundings=1e3),
    )


regularisers_have_a_mean_in_closed_form.twin("2η⟨w, w''⟩² in place of 4η", cross=2.0)


@ALLQ2.part(
    "c",
    kind="inequality",
    source="proof of Lemma 6.7, (C.35)",
    says=r"$\mathbb E\|W+\sqrt\eta\Sigma "
    r"W''\|_{2,4}^4\le\|W\|_{2,4}^4+6\eta\|W\|_{2,4}^2\|W''\|_{2,4}^2+\eta^2\|W''\|_{2,4}^4$, "
    r"equality for parallel rows of one ratio.",
    specimens=[{"eta": 0.3, "size": 1.0, "parallel": True}],
)
@given(**_DRAWN, parallel=st.booleans())
def the_quartic_norm_grows_by_six(
    eta: float, size: float, parallel: bool, trials: Trials, *, factor: float = 6.0
) -> Bound:
    network, _, W, _, _ = _frozen(trials, size)
    W = size * network.W if parallel else W
    w, v = network.W.square().sum(dim=2), W.square().sum(dim=2)
    mean = ((w + eta * v) ** 2 + 4.0 * eta * (network.W * W).sum(dim=2) ** 2).sum(dim=1)
    a, b = norm24(network.W) ** 2, norm24(W) ** 2
    # Attained, up to roundings.
    return at_most(mean, (a**2 + factor * eta * a * b + eta**2 * b**2) * (1.0 + 1e-12))


the_quartic_norm_grows_by_six.twin("2 in place of 6", factor=2.0)

ALLQ3 = statement(
    "ALL-Q3",
    paper="ALL18",
    source="Lemma 6.5(2)",
    provenance="as printed",
    note="m₂ ≳ √m₁ is not among the hypotheses; every use has m₁ = m₂ (Table 1)",
    uses=["ALL-Q2", "ALL-Q14"],
    title="Cross terms vanish",
    says=r"$g_r(\cdot+\eta\Sigma W'',\cdot+\eta V''\Sigma)=g_r+g_r^{(b,b)}(x;\eta\Sigma W'',\eta "
    r"V''\Sigma)+g_r'(x)$ with $\mathbb E_\Sigma g_r'=0$ and $|g_r'|\le\eta\tilde "
    r"O(\sqrt{m_2/m_1}\,\tau_v+\sqrt{m_2}\,\tau_w)$ w.h.p.",
)


@ALLQ3.part(
    "a",
    kind="identity",
    provenance="derived",
    says=r"$g_r'=\eta(\bar aV''\Sigma\bar h+\bar a\bar V\bar D_w\Sigma W''x)$ has mean 0 and the "
    r"variance $\eta^2\sum_j\big([\bar aV'']_j\bar h_j+[\bar a\bar V]_j[\bar D_wW''x]_j\big)^2$.",
    quantifiers=(r"\forall\, D_w,D_v", r"\forall\, W,V,W'',V''"),
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
def cross_terms_are_a_sum_of_signs(
    eta: float, size: float, trials: Trials, *, cross: float = 1.0
) -> Bound:
    network, signs, W, V, x = _frozen(trials, size)
    start = network.frozen(signs, network.W, network.V, x)
    form = network.form(signs, W, V, x)
    terms = []
    for s in sign_vectors(6, x):
        moved = network.frozen(signs, network.W + eta * s[:, None] * W, network.V + eta * V * s, x)
        terms.append(moved - start - eta**2 * form)
    found = torch.stack(terms)[..., 0]
    a = network.A[:, :1] * signs.v
    h = signs.w * network.first(network.W, x)
    weight = (a @ V) * h + cross * (a @ network.V) * signs.w * (x @ W.mT)
    variance = eta**2 * weight.square().sum(dim=2)
    scale = 1.0 + found.abs().amax(dim=0).square() + start[..., 0].abs() + form[..., 0].abs()
    same = partial(equal, roundings=1e4, scale=scale * (1.0 + size))
    return all_of(
        mean=same(found.mean(dim=0), 0.0),
        variance=same(found.square().mean(dim=0), variance),
    )


cross_terms_are_a_sum_of_signs.twin("W'' without its half of the variance", cross=0.0)


def _worst_deviation(
    first: int, second: int, of_v: bool, trials: Trials
) -> Float[Tensor, "trials"]:
    """Return the largest conditional standard deviation of g'/η for τ = 1, in V'' or in W''."""
    network = ThreeLayer(first=first, second=second).initialise(trials)
    x = inputs(trials, "x", 1, 4)
    signs = network.signs(network.W, network.V, x)
    a = (network.A * signs.v)[:, 0]
    if of_v:
        # V'' = a^⊤ e_j^⊤/‖a‖ at the largest hidden value.
        return a.norm(dim=1) * network.first(network.W, x).relu()[:, 0].amax(dim=1)
    # (W''x)_j in proportion to |c_j| on active neurons, c = V^⊤a.
    c = torch.einsum("tm,tmj->tj", a, network.V) * signs.w[:, 0]
    return (c**4).sum(dim=1) ** 0.25


_WIDTHS = Along(
    variable="m",
    sizes=(64, 256, 1024),
    instance=lambda m: {"first": m, "ratio": 1.0},
    at_most=0.15,
    trials=32,
)
_SIZES = {"first": sizes(smallest=64, largest=512), "ratio": st.sampled_from((1.0, 2.0))}


@ALLQ3.part(
    "b",
    kind="scaling",
    says=r"$|g_r'|\le\eta\tilde O(\sqrt{m_2/m_1}\,\tau_v)$ from $V''$, for the worst one: a root "
    r"of a logarithm of $\max_j|h_j|$.",
    quantifiers=(r"\forall\, x", r"\mathbb P_{W,V,A,b}", r"\forall\,\|V''\|_F\le\tau_v"),
    constant=Constant(3.0, measured_on="m = 64…2048; √log m taken out"),
    along=[_WIDTHS],
    specimens=[{"first": 256, "ratio": 1.0}],
)
@given(**_SIZES)
def cross_terms_of_v_are_small(
    first: int, ratio: float, trials: Trials, *, power: float = 0.5
) -> Bound:
    second = round(ratio * first)
    found = _worst_deviation(first, second, True, trials)
    return at_most(found, math.sqrt(second * math.log(first)) / first**power)


cross_terms_of_v_are_small.twin("√m₂/m₁", specimens=[{"first": 1024, "ratio": 1.0}], power=1.0)


@ALLQ3.part(
    "c",
    kind="scaling",
    says=r"$|g_r'|\le\eta\tilde O(\sqrt{m_2}\,\tau_w)$ from $W''$ when $m_2\gtrsim\sqrt{m_1}$; for "
    r"$m_1=m_2$ its size is $m_1^{1/4}\tau_w$.",
    quantifiers=(r"\forall\, x", r"\mathbb P_{W,V,A,b}", r"\forall\,\|W''\|_{2,4}\le\tau_w"),
    constant=Constant(1.5, measured_on="m₁ = 64…2048, m₂ ≥ m₁"),
    along=[replace(_WIDTHS, member="sharp")],
    specimens=[{"first": 256, "ratio": 1.0}],
)
@given(**_SIZES)
def cross_terms_of_w_are_small(
    first: int, ratio: float, trials: Trials, *, power: float = 0.25, second: float = 0.0
) -> Bound:
    width = round(ratio * first) if not second else round(second)
    found = _worst_deviation(first, width, False, trials)
    return all_of(printed=at_most(found, math.sqrt(width)), sharp=at_most(found, first**power))


cross_terms_of_w_are_small.twin(
    "τ_w, without a power of m", specimens=[{"first": 1024, "ratio": 1.0}], power=0.0
)
cross_terms_of_w_are_small.twin(
    "printed for any m₂: one neuron in the second layer",
    specimens=[{"first": 65536, "ratio": 1.0}],
    second=2.0,
)
