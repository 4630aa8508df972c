"""Intermediate products at random initialisation.

W_b D_{i,b-1} W_{b-1} ··· D_{i,a} W_a (ALS18, Lemma 7.3).

On one fixed vector the product is the forward pass over again: masks are independent of absolute
values (ALS-02), so that its norm is kept up to √2 with probability 1 - exp(-Ω(m/L)). That pays for
a net of the sparse vectors with m/(L log m) non-zeros (ALS-08, on both sides; ALS-09, with a net on
each side and the variance 1/m of a bilinear form). It pays as well for a net of each of O(L) fixed
blocks of m/(CL) coordinates, over which the triangle inequality makes O(√L) for all vectors
(ALS-07); no constant serves them all.
"""

from __future__ import annotations

import math

from hypothesis import strategies as st

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Instance,
    Requirement,
    Trials,
    at_most,
    given,
    statement,
)
from lemmata.theorems.deep_convergence.setting.network import (
    DeepReluNet,
    SeparatedData,
    separated_data,
    sphere,
)
from lemmata.theorems.deep_convergence.setting.products import (
    admissible_sparsity,
    sparse_norms,
    spectral_norms,
    wide_nets,
)
from lemmata.theorems.deep_convergence.setting.quotations import BASRI, CAO_GU, by_several

_DRAWN = (
    r"\forall\, n,L,m",
    r"\forall\, \|x_1\|=\dots=\|x_n\|=1",
    r"\mathbb P_{A,W}",
    r"\forall\, i",
    r"\forall\, a\le b",
)
_EITHER = ("dense", "matrix-free")
_nets = wide_nets(widths_a_layer=32, widest=256)
_data = separated_data(largest=3)


def _wide_enough(net: DeepReluNet, data: SeparatedData, **_: object) -> bool:
    return net.width >= data.count * net.depth * math.log(1.0 + data.count * net.depth)


_WIDTH = Requirement(paper=r"$m\ge\Omega(nL\log(nL))$", met=_wide_enough)
_HALF_WIDE: list[Instance] = [
    {"net": DeepReluNet(width=128, depth=2), "data": sphere(2)},
    {"net": DeepReluNet(width=128, depth=4), "data": sphere(1)},
]


def _at(width: int, depth: int, **more: object) -> Instance:
    return {"net": DeepReluNet(width=width, depth=depth), "data": sphere(1), **more}


_DEPTHS = Along(
    variable="L", sizes=(2, 4, 8, 16), instance=lambda L: _at(16 * L, L), at_most=0.2, trials=64
)
"""With m = 16 L, so that hidden norms, whose logarithms spread like √(L/m), fluctuate alike on
the whole grid."""

_WIDTHS = Along(
    variable="m", sizes=(16, 32, 64, 128, 256), instance=lambda m: _at(m, 2), at_most=0.2, trials=16
)
_SMALL_DEPTHS = Along(
    variable="L", sizes=(1, 2, 4), instance=lambda L: _at(256, L), at_most=0.2, trials=32
)


# ALS-07

ALS07 = statement(
    "ALS-07",
    paper="ALS18",
    source="Lemma 7.3(a)",
    provenance="quoted",
    note=by_several(BASRI, CAO_GU),
    uses=["ALS-02"],
    title="Intermediate products: spectral norm O(√L)",
    says=r"If $m\ge\Omega(nL\log(nL))$, then with probability at least $1-e^{-\Omega(m/L)}$, for "
    r"all $i\in[n]$ and $1\le a\le b\le L$: $\|W_bD_{i,b-1}W_{b-1}\cdots D_{i,a}W_a\|_2\le O(\sqrt "
    r"L)$.",
    kind="scaling",
    quantifiers=(*_DRAWN, r"\forall\, v"),
    constant=Constant(6.0, measured_on="m = 64…256, L = 1…16"),
    along=[
        Along(
            variable="L", sizes=(1, 2, 4, 8), instance=lambda L: _at(256, L), at_most=0.2, trials=16
        ),
        _WIDTHS,
    ],
    requires=_WIDTH,
    specimens=_HALF_WIDE,
    layers=_EITHER,
)


@ALS07
@given(net=_nets, data=_data)
def intermediate_products_are_at_most_the_root_of_depth(
    net: DeepReluNet, data: SeparatedData, trials: Trials, *, power: float = 0.5
) -> Bound:
    network, signals = net.forward(trials, data)
    return at_most(spectral_norms(network, signals, trials), net.depth**power)


intermediate_products_are_at_most_the_root_of_depth.twin(
    "O(1) for all vectors, whatever the depth", specimens=[], along=[_SMALL_DEPTHS], power=0.0
)


# ALS-08

ALS08 = statement(
    "ALS-08",
    paper="ALS18",
    source="Lemma 7.3(b), (c)",
    provenance="quoted",
    note=by_several(BASRI, CAO_GU),
    uses=["ALS-02"],
    title="Intermediate products on sparse vectors: bounded, from the right and from the left",
    says=r"If $m\ge\Omega(nL\log(nL))$, then with probability at least $1-e^{-\Omega(m/L)}$, for "
    r"all $i\in[n]$ and $1\le a\le b\le L$: (b) $\|W_bD_{i,b-1}\cdots D_{i,a}W_a\,v\|\le2\|v\|$ "
    r"for all $v$ and (c) $\|u^\top W_bD_{i,b-1}\cdots D_{i,a}W_a\|\le O(1)\|u\|$ for all $u$ with "
    r"at most $O(m/(L\log m))$ non-zeros.",
    kind="scaling",
    layers=_EITHER,
)


@ALS08.part(
    "b",
    says=r"$\|W_bD_{i,b-1}\cdots D_{i,a}W_a\,v\|\le O(1)\,\|v\|$ for all $\|v\|_0\le m/(L\log m)$.",
    quantifiers=(*_DRAWN, r"\forall\, \|v\|_0\le\frac m{L\log m}"),
    constant=Constant(6.0, measured_on="m = 64…512, L = 2…16, L ≤ m/32"),
    along=[_DEPTHS, _WIDTHS],
    requires=_WIDTH,
    specimens=_HALF_WIDE,
)
@given(net=_nets, data=_data)
def products_keep_sparse_vectors_bounded(
    net: DeepReluNet, data: SeparatedData, trials: Trials
) -> Bound:
    network, signals = net.forward(trials, data)
    return at_most(sparse_norms(network, signals, trials, right=admissible_sparsity(net)), 1.0)


@products_keep_sparse_vectors_bounded.twin(
    "for all vectors, sparse or not", specimens=[], along=[_SMALL_DEPTHS]
)
def _(net: DeepReluNet, data: SeparatedData, trials: Trials) -> Bound:
    network, signals = net.forward(trials, data)
    return at_most(spectral_norms(network, signals, trials), 1.0)


@ALS08.part(
    "c",
    says=r"$\|u^\top W_bD_{i,b-1}\cdots D_{i,a}W_a\|\le O(1)\,\|u\|$ for all $\|u\|_0\le m/(L\log "
    r"m)$.",
    quantifiers=(*_DRAWN, r"\forall\, \|u\|_0\le\frac m{L\log m}"),
    constant=Constant(6.0, measured_on="m = 64…512, L = 2…16, L ≤ m/32"),
    along=[_DEPTHS, _WIDTHS],
    requires=_WIDTH,
    specimens=_HALF_WIDE,
)
@given(net=_nets, data=_data)
def products_keep_sparse_covectors_bounded(
    net: DeepReluNet, data: SeparatedData, trials: Trials
) -> Bound:
    network, signals = net.forward(trials, data)
    return at_most(sparse_norms(network, signals, trials, left=admissible_sparsity(net)), 1.0)


@products_keep_sparse_covectors_bounded.twin(
    "for all covectors, sparse or not", specimens=[], along=[_SMALL_DEPTHS]
)
def _(net: DeepReluNet, data: SeparatedData, trials: Trials) -> Bound:
    network, signals = net.forward(trials, data)
    return at_most(spectral_norms(network, signals, trials), 1.0)


@ALS08.part(
    "literal",
    title="the constant 2 of (b), with a small constant in the sparsity",
    says=r"$\|W_bD_{i,b-1}\cdots D_{i,a}W_a\,v\|\le2\,\|v\|$ for all $\|v\|_0\le0.1\,m/(L\log m)$, "
    r"up to a factor $1.25$: a typical $v$ has $\sqrt2$ already, as $W_b$ is not masked.",
    quantifiers=(*_DRAWN, r"\forall\, \|v\|_0\le\frac{m}{10L\log m}"),
    constant=Constant(1.25, measured_on="m = 128…512, L = 1…4, m ≥ 128 L"),
    requires=Requirement(paper=r"$m\ge\Omega(nL\log(nL))$, here $m\ge128L$", met=_wide_enough),
    specimens=[
        {"net": DeepReluNet(width=128, depth=1), "data": sphere(2), "share": 0.1},
        _at(256, 2, share=0.1),
    ],
)
@given(net=wide_nets(widths_a_layer=128, widest=512), data=_data, share=st.just(0.1))
def products_at_most_double_very_sparse_vectors(
    net: DeepReluNet, data: SeparatedData, share: float, trials: Trials
) -> Bound:
    network, signals = net.forward(trials, data)
    return at_most(
        sparse_norms(network, signals, trials, right=admissible_sparsity(net, share)), 2.0
    )


@products_at_most_double_very_sparse_vectors.twin(
    "the constant in the sparsity is 1", specimens=[_at(256, 2, share=0.1)]
)
def _(net: DeepReluNet, data: SeparatedData, share: float, trials: Trials) -> Bound:
    return products_at_most_double_very_sparse_vectors.check(net, data, 10.0 * share, trials)


# ALS-09

ALS09 = statement(
    "ALS-09",
    paper="ALS18",
    source="Lemma 7.3(d)",
    provenance="quoted",
    note=by_several(BASRI, CAO_GU),
    uses=["ALS-08"],
    title="Intermediate products between sparse vectors",
    says=r"For all $1\le s\le O(m/(L\log m))$, with probability at least $1-e^{-\Omega(s\log m)}$, "
    r"for all $i\in[n]$, $1\le a\le b\le L$ and all $u,v$ with at most $s$ non-zeros: $|u^\top "
    r"W_bD_{i,b-1}\cdots D_{i,a}W_a\,v|\le O\big(\sqrt{s\log m/m}\big)\,\|u\|\,\|v\|$.",
    kind="scaling",
    quantifiers=(r"\forall\, s\le\frac m{L\log m}", *_DRAWN, r"\forall\, \|u\|_0,\|v\|_0\le s"),
    constant=Constant(8.0, measured_on="m = 64…512, L = 2…16, L ≤ m/32"),
    along=[
        Along(
            variable="m",
            sizes=(16, 32, 64, 128, 256),
            instance=lambda m: _at(m, 2, sparsity=1),
            at_most=0.2,
            trials=32,
        ),
        Along(
            variable="L",
            sizes=(1, 2, 4, 8),
            instance=lambda L: _at(256, L, sparsity=1),
            at_most=0.2,
            trials=64,
        ),
        Along(
            variable="s",
            sizes=(1, 2, 4, 8),
            instance=lambda s: _at(128, 2, sparsity=s),
            at_most=0.2,
            trials=16,
        ),
    ],
    requires=Requirement(
        paper=r"$s\le O(m/(L\log m))$",
        met=lambda net, data, sparsity: sparsity <= admissible_sparsity(net),
    ),
    specimens=[
        {"net": DeepReluNet(width=128, depth=2), "data": sphere(2), "sparsity": 1},
        {"net": DeepReluNet(width=128, depth=4), "data": sphere(2), "sparsity": 6},
    ],
    layers=_EITHER,
)


@ALS09
@given(net=_nets, data=_data, sparsity=st.sampled_from([1, 2, 5]))
def products_between_sparse_vectors_are_small(
    net: DeepReluNet, data: SeparatedData, sparsity: int, trials: Trials, *, power: float = 0.5
) -> Bound:
    network, signals = net.forward(trials, data)
    found = sparse_norms(network, signals, trials, left=sparsity, right=sparsity)
    return at_most(found, (sparsity * math.log(net.width) / net.width) ** power)


products_between_sparse_vectors_are_small.twin(
    "s log m/m: the root is forgotten",
    specimens=[],
    along=[
        Along(
            variable="m",
            sizes=(16, 32, 64, 128, 256),
            instance=lambda m: _at(m, 2, sparsity=1),
            at_most=0.2,
            trials=64,
        )
    ],
    power=1.0,
)
