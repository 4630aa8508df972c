r"""The spectrum of the tangent features at finite width (NBL22, spectral lemma; MZ20's machinery).

With p ≥ C d^k pairs the n_k largest eigenvalues of Σ are of the order d^{1-k} at least, the next
one is max(d^{-k}, 1/p): a gap of the order d. All eigenvalues here are those of the exact Σ_p:
nothing is sampled. The trends are claimed at d = 6…14 with p = 2d at k = 1; at k = 2 (d = 6…8, p =
d²) the constants only, as κ_3 d² itself still grows there.
"""

from __future__ import annotations

import math
from functools import partial

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
    Requirement,
    Trials,
    all_of,
    at_least,
    at_most,
    equal,
    given,
    mean_of,
    statement,
)
from lemmata.theorems.low_degree_plus_sparse.setting.activations import (
    Activation,
    bound,
    derivative,
    second_moment,
)
from lemmata.theorems.low_degree_plus_sparse.setting.covariance import (
    covariance,
    features,
    fold,
    own_block,
    unfold,
)
from lemmata.theorems.low_degree_plus_sparse.setting.kernel import levels, series
from lemmata.theorems.low_degree_plus_sparse.setting.network import (
    Network,
    Pairs,
    inputs,
    networks,
)
from lemmata.theorems.mathematics import gegenbauer

WIDE = Requirement(paper=r"$p\ge Cd^k$ up to logarithms, $d\to\infty$")
_QUANTIFIERS = (r"\forall\, d,p", r"\mathbb P_{W_0}")

NBL10 = statement(
    "NBL-10",
    paper="NBL22",
    source="spectral lemma",
    provenance="recalled",
    note="the orders are recalled; the form of the tail's bound is derived",
    uses=["NBL-09"],
    title="The spectral gap at finite width",
    says=r"If $p\ge Cd^k$: with probability $\to1$, $\lambda_{n_k}(\Sigma)\ge c\,d^{1-k}$ and "
    r"$\lambda_{n_k+1}(\Sigma)\le C'\max(d^{-k},p^{-1})$, so that the gap is of the order $d$; "
    r"$\lambda_{\max}(\Sigma)=O(1)$ and $\mathrm{tr}\,\Sigma=d\,\mathbb E\sigma'^2\le M_1^2d$.",
    quantifiers=_QUANTIFIERS,
    requires=WIDE,
)
_SMALL = {"net": networks(dimensions=(4, 8), pairs=(4, 16))}


@NBL10.part(
    "a",
    kind="identity",
    says=r"Folding: $f_L(x;W)=\langle\varphi_p(x),u\rangle$ with $u=(w_r-w_{r+p})/\sqrt2$, and "
    r"unfolding is an isometry whose fold is the identity.",
    quantifiers=(r"\forall\, d,p", r"\forall\, W_0,W,x"),
    specimens=[{"net": Pairs(dimension=6, pairs=8)}],
)
@given(**_SMALL)
def the_linear_part_is_a_product_with_the_folded_features(
    net: Pairs, trials: Trials, *, share: float = 1.0
) -> Bound:
    at = net.initialise(trials).on(inputs(trials, 4, net.dimension))
    W = trials.normal("W", net.width, net.dimension)
    u = fold(W) * share
    again = unfold(u, net.dimension)
    product = (features(at) @ u.unsqueeze(-1)).squeeze(-1)
    size = (at.sigma(1) * at.along(W)).abs().sum(dim=-1)
    roundings = 8.0 * net.width * net.dimension
    return all_of(
        equal(product, at.linear(W), roundings=roundings, scale=size),
        equal(fold(again), u, roundings=8.0),
        equal(again.flatten(1).norm(dim=1), u.norm(dim=1), roundings=roundings),
    )


the_linear_part_is_a_product_with_the_folded_features.twin(
    "without the factor 1/√2", share=math.sqrt(2.0)
)


@NBL10.part(
    "b",
    kind="mean",
    says=r"The $\Sigma_p$ in use is $\mathbb E\varphi_p\varphi_p^\top$.",
    quantifiers=(r"\forall\, d,p", r"\forall\, W_0,u", r"\mathbb E_x"),
    specimens=[
        {"net": Pairs(dimension=6, pairs=8)},
        {"net": Pairs(dimension=5, pairs=8, activation="tanh")},
        {"net": Pairs(dimension=5, pairs=8, activation="softplus")},
    ],
)
@given(**_SMALL)
def the_exact_covariance_is_the_mean_over_inputs(net: Pairs, trials: Trials) -> Mean:
    network = net.initialise(trials)
    found = covariance(network)
    matrix = found.matrix()
    # u along the weights, where A, B and C all weigh, turned by a random part.
    u = network.half + 0.3 * trials.normal("u", net.pairs, net.dimension)
    u = u.flatten(1).unsqueeze(-1)
    form = (u.mT @ matrix @ u)[:, 0, 0]
    sampled = features(network.on(inputs(trials, 256, net.dimension))) @ u
    return mean_of(sampled.square().mean(dim=(1, 2)) / form, 1.0)


@the_exact_covariance_is_the_mean_over_inputs.twin("the mixed terms C(ww'ᵀ + w'wᵀ) left out")
def _(net: Pairs, trials: Trials) -> Mean:
    network = net.initialise(trials)
    found = covariance(network)
    u = network.half.flatten(1).unsqueeze(-1)
    without = type(found)(w=found.w, A=found.A, B=found.B, C=torch.zeros_like(found.C))
    form = (u.mT @ without.matrix() @ u)[:, 0, 0]
    sampled = features(network.on(inputs(trials, 256, net.dimension))) @ u
    return mean_of(sampled.square().mean(dim=(1, 2)) / form, 1.0)


@NBL10.part(
    "c",
    kind="identity",
    says=r"$\mathrm{tr}\,\Sigma=d\,\mathbb E\sigma'^2\le M_1^2d$, and products without the matrix "
    r"are those with it.",
    quantifiers=(r"\forall\, d,p", r"\forall\, W_0"),
    specimens=[{"net": Pairs(dimension=6, pairs=8)}],
)
@given(**_SMALL)
def the_trace_is_the_mean_square_of_the_slope(
    net: Pairs, trials: Trials, *, power: float = 1.0
) -> Bound:
    network, d = net.initialise(trials), net.dimension
    found = covariance(network)
    matrix = found.matrix()
    u = trials.normal("u", net.pairs * d, 2)
    trace = matrix.diagonal(dim1=1, dim2=2).sum(dim=-1)
    expected = d**power * second_moment(net.activation, 1, d)
    return all_of(
        equal(trace, expected, roundings=16.0 * net.pairs * d, scale=float(d)),
        equal(
            found.times(u), matrix @ u, roundings=16.0 * net.pairs * d, scale=1.0 + u.abs().amax()
        ),
        at_most(trace, bound(net.activation, 1) ** 2 * d),
    )


the_trace_is_the_mean_square_of_the_slope.twin("without the factor d", power=0.0)


def eigenvalues(network: Network) -> Float[Tensor, "trials pd"]:
    """Return the eigenvalues of Σ_p, falling."""
    return torch.linalg.eigvalsh(covariance(network).matrix()).flip(-1)


def at_dimension(d: int, k: int = 1, per: int = 2, activation: Activation = "sin") -> Instance:
    """Return the instance of p = per · d^k pairs."""
    return {"net": Pairs(dimension=d, pairs=per * d**k, activation=activation), "k": k}


def _dimensions(
    trials: int = 24,
    member: str = "",
    *,
    at_most: float | None = None,
    at_least: float | None = None,
) -> Along:
    return Along(
        variable="d",
        sizes=(6, 8, 10, 12, 14),
        instance=at_dimension,
        member=member,
        trials=trials,
        at_most=at_most,
        at_least=at_least,
    )


@st.composite
def _instances(draw: st.DrawFn) -> Pairs:
    d = draw(st.sampled_from((6, 8, 10)))
    return Pairs(dimension=d, pairs=draw(st.sampled_from((1, 2, 4))) * d)


_DRAWN = {"net": _instances(), "k": st.just(1)}
_SPECIMENS = [at_dimension(8), at_dimension(6, 2, per=1)]


@NBL10.part(
    "d",
    kind="scaling",
    says=r"$\lambda_{n_k}(\Sigma)\ge c\,d^{1-k}$.",
    constant=Constant(12.0, measured_on="sin, k = 1: d = 6…14, p = d…4d; k = 2: d = 6…8, p = d²"),
    along=[_dimensions(at_most=0.25)],
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
def good_directions_have_large_eigenvalues(
    net: Pairs, k: int, trials: Trials, *, further: int = 0
) -> Bound:
    values = eigenvalues(net.initialise(trials))
    last = values[:, gegenbauer.up_to(net.dimension, k + further) - 1]
    return at_least(last, float(net.dimension) ** (1.0 - k))


good_directions_have_large_eigenvalues.twin(
    "n_{k+1} of them: one degree too many",
    specimens=[],
    along=[_dimensions(at_most=0.25)],
    further=1,
)


@NBL10.part(
    "e",
    kind="scaling",
    says=r"$\lambda_{n_k+1}(\Sigma)\le C'\big(\sqrt{\kappa_{>k}}+\sqrt{q/p}\big)^2$, "
    r"$\kappa_{>k}=\max_{\ell>k}\kappa_\ell=O(d^{-k})$, $q=\|\mathbb E[\sigma'^2xx^\top]\|$, and "
    r"$\lambda_{n_k+1}\le C'\max(d^{-k},p^{-1})$.",
    constant=Constant(1.5, measured_on="sin, k = 1: d = 6…14, p = d…4d; k = 2: d = 6…8, p = d²"),
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
def other_directions_have_small_eigenvalues(
    net: Pairs, k: int, trials: Trials, *, flat: bool = False
) -> Bound:
    network, d, p = net.initialise(trials), net.dimension, net.pairs
    following = eigenvalues(network)[:, gegenbauer.up_to(d, k)]
    a, b = own_block(net.activation, d)
    tail = max(levels(net.activation, d)[k + 1 :])
    if flat:
        return at_most(following, 1.0 / (p * d))
    return all_of(
        at_most(following, (math.sqrt(tail) + math.sqrt(max(a, a + b) / p)) ** 2),
        at_most(following, max(float(d) ** -k, 1.0 / p)),
    )


other_directions_have_small_eigenvalues.twin("a flat tail, O(1/(pd))", flat=True)


@NBL10.part(
    "f",
    kind="scaling",
    says=r"$\lambda_{n_k}/\lambda_{n_k+1}\ge c\,d$ up to logarithms (at $d=6…14$ it grows at "
    r"least like $\sqrt d$), and $\lambda_{\max}=O(1)$. "
    r"The curves are the staircase of eigenvalues and its levels at infinite width, $\kappa_\ell$ "
    r"with multiplicity $B(d,\ell)$.",
    constant=Constant(8.0, measured_on="sin, k = 1: d = 6…14, p = 2d"),
    along=[_dimensions(at_most=0.5, member="gap")],
    specimens=[at_dimension(8), at_dimension(12)],
)
@given(**_DRAWN)
def the_gap_grows_with_the_dimension(
    net: Pairs, k: int, trials: Trials, *, power: float = 1.0
) -> Bound:
    values = eigenvalues(net.initialise(trials))
    d, count = net.dimension, gegenbauer.up_to(net.dimension, k)
    stairs = _staircase(net.activation, d, values.shape[1])
    predicted = trials.every(trials.tensor(stairs))
    gap = values[:, count - 1] / values[:, count]
    return all_of(
        gap=at_least(gap, float(d) ** power), largest=at_most(values[:, 0], 1.0)
    ).with_curves(eigenvalues=values, levels=predicted)


def _staircase(activation: Activation, d: int, length: int) -> list[float]:
    """Return the largest eigenvalues at infinite width, falling, each as often as it occurs."""
    pairs = sorted(
        (
            (level, gegenbauer.multiplicity(d, degree))
            for degree, level in enumerate(levels(activation, d))
        ),
        reverse=True,
    )
    found: list[float] = []
    for level, count in pairs:
        found.extend([level] * min(count, length - len(found)))
    return found


the_gap_grows_with_the_dimension.twin("a gap of the order d³", power=3.0)


def _tilted(activation: Activation, k: int, t: Tensor) -> Tensor:
    """Return t^k σ'(t)."""
    return t**k * derivative(activation, 1, t)


@NBL10.part(
    "g",
    kind="identity",
    says=r"Every block $M_{rs}=\mathbb E[\sigma'(t)\sigma'(t')xx^\top]$ of $p\Sigma_p$ has the "
    r"trace $d\sum_\ell B(d,\ell)\lambda_\ell(\sigma')^2P_\ell(w_r^\top w_s)$, and $w_r^\top "
    r"M_{rs}w_s$, $w_r^\top M_{rs}w_r$ have the series of $t\sigma'(t)$ with itself and of "
    r"$t^2\sigma'(t)$ with $\sigma'(t)$.",
    quantifiers=(r"\forall\, d,p", r"\forall\, W_0", r"\forall\, r,s"),
    specimens=[{"net": Pairs(dimension=6, pairs=6)}],
)
@given(net=networks(dimensions=(4, 8), pairs=(2, 8), activations=("sin", "softplus")))
def blocks_of_the_covariance_have_gegenbauer_series(
    net: Pairs, trials: Trials, *, shift: int = 0
) -> Bound:
    network, d, p = net.initialise(trials), net.dimension, net.pairs
    w = network.half
    blocks = p * covariance(network).matrix().unflatten(1, (p, d)).unflatten(3, (p, d))
    trace = torch.einsum("trasa->trs", blocks)
    mixed = torch.einsum("trasb,tra,tsb->trs", blocks, w, w)
    own = torch.einsum("trasb,tra,trb->trs", blocks, w, w)
    profiles = [partial(_tilted, net.activation, k) for k in range(3)]
    powers = [
        [gegenbauer.coefficient(d, degree, profile) for degree in range(25)] for profile in profiles
    ]
    axes = math.sqrt(d) * w

    def expected(left: int, right: int) -> Tensor:
        products = zip(powers[left], powers[right], strict=True)
        return series(tuple(first * second for first, second in products), axes, axes)

    size = float(d * d)
    return all_of(
        equal(trace, d * expected(0, shift), roundings=1e5, scale=size),
        equal(mixed, expected(1, 1), roundings=1e5, scale=size),
        equal(own, expected(2, 0), roundings=1e5, scale=size),
    )


blocks_of_the_covariance_have_gegenbauer_series.twin("t σ'(t) for one of the σ'(t)", shift=1)
