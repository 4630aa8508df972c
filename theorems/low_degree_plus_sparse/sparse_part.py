r"""The quadratic part fits sparse terms of one degree more (NBL22, expressivity of f_Q; BL20).

The witness is that of `setting.witnesses`: by Funk-Hecke E_w[σ''(wᵀx) g(w)] = α (βᵀx)^{k-1}, so
that f_Q(x; W_Q) is (βᵀx)² times a mean over p independent terms of that expectation. The norm is
‖W_Q‖⁴_{2,4} = (1/m) Σ h² → 8 E g² = O(α² d^{k-1}), the error O(α² d^{k-1}/p) in mean square.
"""

from __future__ import annotations

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
    at_most,
    equal,
    given,
    mean_of,
    statement,
)
from lemmata.theorems.low_degree_plus_sparse.setting.activations import coefficient
from lemmata.theorems.low_degree_plus_sparse.setting.network import (
    Network,
    Pairs,
    Weights,
    inputs,
)
from lemmata.theorems.low_degree_plus_sparse.setting.witnesses import (
    Sparse,
    profile,
    quadratic_witness,
    rows_of,
    sparse_term,
)
from lemmata.theorems.mathematics.norms import norm24

NBL15 = statement(
    "NBL-15",
    paper="NBL22",
    source="expressivity of the quadratic part (BL20 too)",
    provenance="recalled",
    note="$\\|W_Q\\|_{2,4}=O(d^{(k-1)/4})$ is recalled, the witness is derived",
    uses=["NBL-08"],
    title="The quadratic part fits sparse high-degree terms",
    says=r"With $g(w)=\alpha\,c\,P_{k-1}(\beta^\top w)/\lambda_{k-1}(\sigma'')$, $(\beta^\top "
    r"x)^{k-1}=c\,P_{k-1}(\beta^\top x/\sqrt d)$: $\mathbb E_w[\sigma''(w^\top x)g(w)]=\alpha"
    r"(\beta^\top x)^{k-1}$, and the rows $w_r=m^{-1/4}\sqrt{[\pm4g(w_{0,r})]_+}\,\beta$ have "
    r"$f_Q\to\alpha(\beta^\top x)^{k+1}$ with $\|W_Q\|_{2,4}^4\to8\,\mathbb E "
    r"g^2=O(\alpha^2d^{k-1})$.",
    quantifiers=(r"\forall\, d,p,k,\beta,\alpha", r"\mathbb P_{W_0}"),
)
_DRAWN = {
    "net": st.sampled_from((6, 10)).map(lambda d: Pairs(dimension=d, pairs=128)),
    "k": st.sampled_from((1, 2)),
}


def _instance(d: int, pairs: int, k: int) -> Instance:
    return {"net": Pairs(dimension=d, pairs=pairs), "k": k}


_SPECIMENS = [_instance(10, 256, 1), _instance(8, 256, 2)]


def _drawn(net: Pairs, k: int, trials: Trials) -> tuple[Network, Sparse]:
    return net.initialise(trials), sparse_term(trials, net.dimension, k)


@NBL15.part(
    "a",
    kind="identity",
    says=r"$f_Q(x;W_Q)=(\beta^\top x)^2\frac1p\sum_{r\le p}\sigma''(w_{0,r}^\top x)g(w_{0,r})$.",
    quantifiers=(r"\forall\, d,p,k,\beta,\alpha", r"\forall\, W_0,x"),
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
def the_quadratic_witness_averages_over_the_neurons(
    net: Pairs, k: int, trials: Trials, *, factor: float = 4.0
) -> Bound:
    network, term = _drawn(net, k, trials)
    at = network.on(inputs(trials, 8, net.dimension))
    g = profile(network, term)
    W = rows_of(factor * g, term.beta)
    terms = at.sigma(2)[..., : net.pairs] * g.unsqueeze(1)
    square = term.along(at.x) ** 2
    # xᵀw_r is rounded on the scale of ‖x‖ = √d, however small βᵀx is.
    size = net.dimension * terms.abs().mean(dim=-1)
    return equal(
        at.quadratic(W), square * terms.mean(dim=-1), roundings=8.0 * net.width, scale=size
    )


the_quadratic_witness_averages_over_the_neurons.twin("h = 2g in place of 4g", factor=2.0)


@NBL15.part(
    "b",
    kind="mean",
    says=r"$\|W_Q\|_{2,4}^4=\frac1m\sum_rh(w_{0,r})^2$, whose mean is $8\,\mathbb E g^2$: "
    r"$8\alpha^2/\lambda_{k-1}(\sigma'')^2$ for $k=1,2$.",
    quantifiers=(r"\forall\, d,p,k,\beta,\alpha", r"\mathbb E_{W_0}"),
    specimens=[_instance(10, 64, 1), _instance(8, 64, 2)],
)
@given(
    net=st.sampled_from((6, 10)).map(lambda d: Pairs(dimension=d, pairs=64)),
    k=st.sampled_from((1, 2)),
)
def the_quadratic_witness_has_eight_times_the_mean_square(
    net: Pairs, k: int, trials: Trials, *, factor: float = 8.0
) -> Mean:
    network, term = _drawn(net, k, trials)
    level = coefficient(net.activation, 2, net.dimension, k - 1)
    expected = factor * (term.alpha / level) ** 2
    return mean_of(norm24(quadratic_witness(network, term)) ** 4 / expected, 1.0)


the_quadratic_witness_has_eight_times_the_mean_square.twin("4 E g²", factor=4.0)


def error(network: Network, W: Weights, term: Sparse, trials: Trials) -> Float[Tensor, "trials"]:
    """Return ‖f_Q(·; W) - f_sp‖² over 128 fresh inputs, for ‖f_sp‖ = 1."""
    x = inputs(trials, 128, network.net.dimension, "error/inputs")
    return (network.on(x).quadratic(W) - term.at(x)).square().mean(dim=1)


def _pairs(k: int, d: int, *, at_most: float | None = None, at_least: float | None = None) -> Along:
    return Along(
        variable="p",
        sizes=(32, 128, 512, 2048),
        instance=lambda p: _instance(d, p, k),
        trials=24,
        resolution=0.15,
        at_most=at_most,
        at_least=at_least,
    )


@NBL15.part(
    "c",
    kind="scaling",
    says=r"$\|f_Q(\cdot;W_Q)-\alpha(\beta^\top x)^{k+1}\|_{L^2}^2\le C\alpha^2d^{k-1}/p$.",
    constant=Constant(10.0, measured_on="sin, d = 6…10, k = 1, 2, p = 32…2048: mostly below 6"),
    along=[_pairs(1, 10, at_most=0.2), _pairs(2, 8, at_most=0.2)],
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
def the_quadratic_part_approaches_the_sparse_term(
    net: Pairs, k: int, trials: Trials, *, power: float = 1.0
) -> Bound:
    network, term = _drawn(net, k, trials)
    W = quadratic_witness(network, term)
    return at_most(error(network, W, term, trials), net.dimension ** (k - 1.0) * net.pairs**-power)


the_quadratic_part_approaches_the_sparse_term.twin(
    "the rate 1/p²", specimens=[_instance(10, 2048, 1)], power=2.0
)


@the_quadratic_part_approaches_the_sparse_term.twin(
    "g without the factor √d of the data sphere's radius", specimens=[_instance(10, 2048, 2)]
)
def _(net: Pairs, k: int, trials: Trials) -> Bound:
    network, term = _drawn(net, k, trials)
    W = quadratic_witness(network, term, radius=1.0)
    return at_most(error(network, W, term, trials), net.dimension ** (k - 1.0) / net.pairs)


@NBL15.part(
    "d",
    kind="scaling",
    says=r"$R$ terms: neuron $r\le p$ serves term $s(r)$ with $h=4Rg_s$. Then "
    r"$\|W_Q\|_{2,4}^4\le CR\sum_s\mathbb E g_s^2$ and the squared error of $\sum_sf_s$ is at most "
    r"$CRd^{k-1}/p$, relative to $\|\sum_sf_s\|^2$ of the order $R$.",
    constant=Constant(
        16.0, measured_on="sin, d = 10, k = 1, 2, R = 1…8, p = 512: norm 8, error 12"
    ),
    specimens=[
        {"net": Pairs(dimension=10, pairs=512), "k": 1, "terms": 4},
        {"net": Pairs(dimension=10, pairs=512), "k": 2, "terms": 4},
    ],
)
@given(**_DRAWN, terms=st.sampled_from((1, 2, 4, 8)))
def several_sparse_terms_share_the_neurons(
    net: Pairs, k: int, terms: int, trials: Trials, *, shared: bool = True
) -> Bound:
    network = net.initialise(trials)
    d, p = net.dimension, net.pairs
    all_terms = [sparse_term(trials, d, k, f"β/{s}") for s in range(terms)]
    serves = torch.arange(p, device=network.w0.device) % terms
    h, beta = torch.zeros_like(network.half[..., 0]), torch.zeros_like(network.half)
    for s, term in enumerate(all_terms):
        mine = serves == s
        factor = 4.0 * (terms if shared else 1)
        h = torch.where(mine, factor * profile(network, term), h)
        beta = torch.where(mine.unsqueeze(-1), term.beta.unsqueeze(1), beta)
    sizes = torch.cat((h.clamp(min=0.0), (-h).clamp(min=0.0)), dim=1).sqrt() / net.width**0.25
    W = sizes.unsqueeze(-1) * torch.cat((beta, beta), dim=1)
    x = inputs(trials, 128, d, "error/inputs")
    wanted = sum(term.at(x) for term in all_terms)
    squared = (network.on(x).quadratic(W) - wanted).square().mean(dim=1)
    level = coefficient(net.activation, 2, d, k - 1)
    squares = terms * (all_terms[0].alpha / level) ** 2
    return at_most(
        torch.stack(
            (norm24(W) ** 4 / (terms * squares), squared * p / (terms**2 * d ** (k - 1))), 1
        ),
        1.0,
    )


several_sparse_terms_share_the_neurons.twin("h = 4g_s: each term at 1/R of its size", shared=False)


@NBL15.part(
    "e",
    kind="identity",
    says=r"The assumption is needed: for softplus $\lambda_1(\sigma'')=0$, so that no $g$ fits a "
    r"sparse cubic, while $\lambda_0(\sigma'')$ and, for sin and tanh, $\lambda_1(\sigma'')$ are "
    r"not 0.",
    quantifiers=(r"\forall\, d",),
    specimens=[{"d": 10}, {"d": 30}],
)
@given(d=st.sampled_from((4, 6, 10, 20, 30)))
def softplus_has_no_coefficient_for_sparse_cubics(
    d: int, trials: Trials, *, degree: int = 1
) -> Bound:
    level = trials.every(trials.tensor(coefficient("softplus", 2, d, degree)))
    return equal(level, 0.0, roundings=16.0, scale=1.0)


softplus_has_no_coefficient_for_sparse_cubics.twin("degree 0", degree=0)
