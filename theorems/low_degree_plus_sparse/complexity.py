r"""Rademacher complexities of the two parts (NBL22, generalisation; BL20 for the second).

The linear part on P_{≤k} is a ball in a space of features: its supremum is B times a norm. The
quadratic part on ‖W‖_{2,4} ≤ B has its supremum in closed form: with M_r = (1/n) Σ ε_i
σ''(w_{0,r}ᵀx_i) x_ix_iᵀ it is (B²/2) ((1/m) Σ [λ_max(a_rM_r)]²_+)^{1/2}, attained at w_r ∝ √λ_r
v_r. Gradient ascent stalls far below it: the closed form is the adversary.
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
    Mean,
    Trials,
    all_of,
    at_most,
    equal,
    given,
    mean_at_most,
    statement,
)
from lemmata.theorems.low_degree_plus_sparse.setting.covariance import (
    features,
    spectrum,
    unfold,
)
from lemmata.theorems.low_degree_plus_sparse.setting.network import (
    ATTAINED,
    Expansion,
    Pairs,
    inputs,
    of_norm24,
)

_ON_SAMPLES = (r"\forall\, d,p,n", r"\forall\, W_0,x_i,\epsilon", r"\forall\, W")

NBL23 = statement(
    "NBL-23",
    paper="NBL22",
    source="generalisation, linear part",
    provenance="recalled",
    note="the form is recalled, the constants are derived",
    uses=["NBL-10"],
    title="Rademacher complexity of the linear part on the good subspace",
    says=r"$\sup_{\|P_{\le k}W\|_F\le B}\frac1n\sum\epsilon_if_L(x_i;P_{\le k}W)=B\,\|\frac1n\sum"
    r"\epsilon_iP_{\le k}\varphi(x_i)\|$, with mean at most $B\sqrt{\mathrm{tr}(P_{\le k}\Sigma)/n}"
    r"\le BM_1\sqrt{d/n}$.",
)


def _linear(n: int, d: int = 6) -> Instance:
    return {"net": Pairs(dimension=d, pairs=2 * d), "n": n}


_LINEAR = {
    "net": st.sampled_from((5, 6)).map(lambda d: Pairs(dimension=d, pairs=2 * d)),
    "n": st.sampled_from((14, 56, 224)),
}


@NBL23.part(
    "a",
    kind="identity",
    says=r"The supremum is $B\,\|\frac1n\sum\epsilon_iP_{\le k}\varphi(x_i)\|$: attained there, "
    r"and not exceeded by random $W$.",
    quantifiers=_ON_SAMPLES,
    specimens=[_linear(40)],
)
@given(**_LINEAR)
def the_supremum_of_the_linear_part_is_a_norm(
    net: Pairs, n: int, trials: Trials, *, share: float = 1.0
) -> Bound:
    network = net.initialise(trials)
    found = spectrum(network, 1)
    at = network.on(inputs(trials, n, net.dimension))
    signs = trials.signs("ε", n)
    mean = (features(at) * signs.unsqueeze(-1)).mean(dim=1)
    good = found.good(mean)
    norm = good.norm(dim=1)
    best = unfold(good / norm.unsqueeze(1), net.dimension)
    random = found.good_weights(trials.normal("W", net.width, net.dimension))
    random = random / random.flatten(1).norm(dim=1)[:, None, None]
    attained, other = ((signs * at.linear(W)).mean(dim=1) for W in (best, random))
    return all_of(
        equal(share * attained, norm, roundings=1e4, scale=1.0), at_most(other.abs(), norm)
    )


the_supremum_of_the_linear_part_is_a_norm.twin("half of it", share=0.5)


@NBL23.part(
    "b",
    kind="mean",
    says=r"$\mathbb E_{\epsilon,x}\|\frac1n\sum\epsilon_iP_{\le "
    r"k}\varphi(x_i)\|\le\sqrt{\mathrm{tr}(P_{\le k}\Sigma)/n}$.",
    quantifiers=(r"\forall\, d,p,n", r"\forall\, W_0", r"\mathbb E_{\epsilon,x}"),
    specimens=[_linear(40)],
)
@given(**_LINEAR)
def the_linear_part_has_a_complexity_of_the_root_of_its_trace(
    net: Pairs, n: int, trials: Trials, *, power: float = 0.5
) -> Mean:
    network = net.initialise(trials)
    found = spectrum(network, 1)
    rows = features(network.on(inputs(trials, n, net.dimension))) @ found.U
    mean = (rows * trials.signs("ε", n, 1)).mean(dim=1)
    bound = found.top.sum(dim=1).sqrt() * n**-power
    return mean_at_most(mean.norm(dim=1) / bound, 1.0, within=0.1)


the_linear_part_has_a_complexity_of_the_root_of_its_trace.twin("the rate 1/n", power=1.0)


@NBL23.part(
    "c",
    kind="scaling",
    says=r"The same, $O(M_1\sqrt{d/n})$, along $n$: the exponent $-\frac12$ is that of the data.",
    quantifiers=(r"\forall\, d,p,n", r"\mathbb P_{W_0,\epsilon,x}"),
    constant=Constant(1.0, measured_on="sin, d = 5, 6, n = 14…448: mostly below 0.7"),
    along=[
        Along(
            variable="n",
            sizes=(14, 56, 224, 448),
            instance=_linear,
            at_most=0.05,
            at_least=-0.05,
            trials=64,
            resolution=0.1,
        )
    ],
    specimens=[_linear(56)],
)
@given(**_LINEAR)
def the_complexity_of_the_linear_part_decays_like_the_root_of_the_sample(
    net: Pairs, n: int, trials: Trials, *, power: float = 0.5
) -> Bound:
    network = net.initialise(trials)
    found = spectrum(network, 1)
    rows = features(network.on(inputs(trials, n, net.dimension))) @ found.U
    mean = (rows * trials.signs("ε", n, 1)).mean(dim=1).norm(dim=1)
    return at_most(mean, net.bound(1) * math.sqrt(net.dimension) * n**-power)


the_complexity_of_the_linear_part_decays_like_the_root_of_the_sample.twin("the rate 1/n", power=1.0)

NBL24 = statement(
    "NBL-24",
    paper="NBL22",
    source="generalisation, quadratic part (BL20)",
    provenance="recalled",
    note="the form is recalled, the exact supremum is derived",
    title="Rademacher complexity of the quadratic part",
    says=r"With $M_r=\frac1n\sum\epsilon_i\sigma''(w_{0,r}^\top x_i)x_ix_i^\top$: "
    r"$\sup_{\|W\|_{2,4}\le B}\frac1n\sum\epsilon_if_Q(x_i;W)=\frac{B^2}2\big(\frac1m\sum_r"
    r"[\lambda_{\max}(a_rM_r)]_+^2\big)^{1/2}\le\frac{B^2}2\max_r\|M_r\|$, and "
    r"$\mathbb E\max_r\|M_r\|\le CM_2\sqrt{d/n}\sqrt{\log m}$ for $n\ge d$.",
)


def quadratic_forms(
    at: Expansion, signs: Float[Tensor, "trials n"]
) -> Float[Tensor, "trials m d d"]:
    """Return M_r."""
    weights = at.sigma(2) * signs.unsqueeze(-1) / at.x.shape[1]
    rows = at.x.unsqueeze(1) * weights.mT.unsqueeze(-1)
    return rows.mT @ at.x.unsqueeze(1)


def _quadratic(d: int, n: int) -> Instance:
    return {"net": Pairs(dimension=d, pairs=16), "n": n}


_QUADRATIC = {
    "net": st.sampled_from((6, 10)).map(lambda d: Pairs(dimension=d, pairs=8)),
    "n": st.sampled_from((20, 40, 160)),
}


@NBL24.part(
    "a",
    kind="identity",
    says=r"The closed form of the supremum is attained at $w_r\propto\sqrt{[\lambda_{\max}(a_rM_r)]"
    r"_+}\,v_r$, and not exceeded by random $W$.",
    quantifiers=_ON_SAMPLES,
    specimens=[_quadratic(6, 40)],
)
@given(**_QUADRATIC)
def the_supremum_of_the_quadratic_part_is_in_closed_form(
    net: Pairs, n: int, trials: Trials, *, power: float = 0.5
) -> Bound:
    at = net.initialise(trials).on(inputs(trials, n, net.dimension))
    signs = trials.signs("ε", n)
    values, vectors = torch.linalg.eigh(at.a[:, 0, :, None, None] * quadratic_forms(at, signs))
    top = values[..., -1].clamp(min=0.0)
    closed = 0.5 * top.square().mean(dim=1).sqrt()
    best = of_norm24(top.unsqueeze(-1) ** power * vectors[..., -1], 1.0)
    random = of_norm24(trials.normal("W", net.width, net.dimension), 1.0)
    attained, other = ((signs * at.quadratic(W)).mean(dim=1) for W in (best, random))
    return all_of(
        equal(attained, closed, roundings=1e4, scale=1.0),
        at_most(other, closed),
        at_most(closed, ATTAINED * 0.5 * values.abs().amax(dim=(1, 2))),
    )


the_supremum_of_the_quadratic_part_is_in_closed_form.twin("w_r ∝ λ_r v_r", power=1.0)


def _sizes(variable: str, *, at_most: float | None = None, at_least: float | None = None) -> Along:
    return Along(
        variable=variable,
        sizes=(8, 16, 32) if variable == "d" else (64, 256, 1024),
        instance=(lambda d: _quadratic(d, 16 * d))
        if variable == "d"
        else lambda n: _quadratic(8, n),
        trials=48,
        resolution=0.1,
        at_most=at_most,
        at_least=at_least,
    )


@NBL24.part(
    "b",
    kind="scaling",
    says=r"$\max_r\|M_r\|\le CM_2\sqrt{d/n}$ at 32 neurons, $n\ge4d$: exponents in $d$ and in $n$.",
    quantifiers=(r"\forall\, d,n", r"\mathbb P_{W_0,\epsilon,x}"),
    constant=Constant(4.0, measured_on="sin, d = 8…32, n = 4d…128d, 32 neurons: 1.6 to 1.9"),
    along=[_sizes("d", at_most=0.15, at_least=-0.15), _sizes("n", at_most=0.15, at_least=-0.15)],
    specimens=[_quadratic(8, 128), _quadratic(16, 64)],
)
@given(**_QUADRATIC)
def the_quadratic_part_has_a_complexity_of_the_root_of_d_over_n(
    net: Pairs, n: int, trials: Trials, *, alike: bool = False, power: float = 0.5
) -> Bound:
    x = inputs(trials, n, net.dimension)
    x = x[:, :1].expand_as(x) if alike else x
    at = net.initialise(trials).on(x)
    forms = quadratic_forms(at, trials.signs("ε", n))
    largest = torch.linalg.eigvalsh(forms).abs().amax(dim=(1, 2))
    return at_most(largest, net.bound(2) * math.sqrt(net.dimension) * n**-power)


the_quadratic_part_has_a_complexity_of_the_root_of_d_over_n.twin(
    "the rate 1/n", specimens=[_quadratic(8, 1024)], power=1.0
)
the_quadratic_part_has_a_complexity_of_the_root_of_d_over_n.twin(
    "all inputs alike: √d worse", specimens=[_quadratic(64, 64)], alike=True
)
