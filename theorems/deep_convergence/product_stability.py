r"""Stability of intermediate and backward products (ALS18, Lemmas 8.6 and 8.7).

A perturbed product W_b (D_{b-1} + D''_{b-1}) W_{b-1} ··· (D_a + D''_a) W_a, with D'' of at most s
non-zeros in each layer, is expanded in the D''. A stretch between two of them is a product at
initialisation between sparse vectors, of norm O(√(s log m/m)) (ALS-09), a stretch at an end one of
a sparse vector and a free one, O(1) (ALS-08). With s ≤ O(m/(L³ log m)) the 2^L terms sum like (1 +
1/L)^L, and W' with ωL^{3/2} ≤ O(1) adds as little (ALS-15). Behind B the same expansion bounds the
change of a backward product (ALS-16); for the sign changes that a perturbation of the weights makes
indeed, s = O(mω^{2/3}L).

For arbitrary D'' the hypothesis on s is needed: without it the norm explodes with L. Changes of
signs that weights of the ball realise are far from these worst cases, which `perturbed_products`
searches for.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

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
    worst_of,
)
from lemmata.theorems.deep_convergence.backward_products import backward_products
from lemmata.theorems.deep_convergence.setting import attacks
from lemmata.theorems.deep_convergence.setting.network import (
    DeepReluNet,
    SeparatedData,
    separated_data,
    sphere,
)
from lemmata.theorems.deep_convergence.setting.perturbations import (
    IN_THE_BALL,
    RADIUS,
    ball_at,
    drawn,
)
from lemmata.theorems.deep_convergence.setting.perturbed_products import Product
from lemmata.theorems.deep_convergence.setting.products import wide_nets
from lemmata.theorems.deep_convergence.setting.quotations import BASRI, CAO_GU, CAUSAL, by_several

_EITHER = ("matrix-free", "dense")
_ARBITRARY = (
    r"\forall\, s\le\frac m{L^3\log m}",
    r"\forall\, \omega\le L^{-3/2}",
    r"\forall\, n,L,m,d",
    r"\forall\, \|x_i\|=1",
    r"\mathbb P_{A,W,B}",
    r"\forall\, i,a\le b",
    r"\forall\, \|D''_\ell\|_0\le s",
    r"\forall\, \|W'_\ell\|_2\le\omega",
)


def _sparsity(net: DeepReluNet) -> int:
    return max(1, math.floor(net.width / (net.depth**3 * math.log(net.width))))


_SPARSE = Requirement(
    paper=r"$s\le O(m/(L^3\log m))$: met for $L\le2$ from $m=64$ on, for $L=4$ from $m=512$ on",
    met=lambda net, **_: net.depth**3 * math.log(net.width) <= net.width,
)
_nets = wide_nets(widths_a_layer=64, widest=256, deepest=2, outputs=2)


def _at(width: int, depth: int, outputs: int = 1) -> Instance:
    return {"net": DeepReluNet(width=width, depth=depth, outputs=outputs), "data": sphere(1)}


# ALS-15

ALS15 = statement(
    "ALS-15",
    paper="ALS18",
    source="Lemma 8.6",
    provenance="quoted",
    note=by_several(BASRI, CAO_GU),
    uses=["ALS-07", "ALS-08", "ALS-09"],
    title="Intermediate products are stable",
    says=r"For all $1\le s\le O(m/(L^3\log m))$, with probability at least $1-e^{-\Omega(s\log "
    r"m)}$: for all diagonal $D''_{i,\ell}$ with entries in $[-3,3]$ and at most $s$ non-zeros, "
    r"all $\|W'\|_2\le\omega\le O(L^{-3/2})$ and all $i$, $a\le b$: (a) "
    r"$\|W_b(D_{b-1}+D''_{b-1})\cdots(D_a+D''_a)W_a\|_2\le O(\sqrt L)$, (b) the same with "
    r"$W_\ell+W'_\ell$ for $W_\ell$.",
    kind="scaling",
    layers=_EITHER,
    requires=_SPARSE,
)

_WIDE = Along(
    variable="m", sizes=(64, 256, 1024), instance=lambda m: _at(m, 2), at_most=0.2, trials=16
)
_DEEP = Along(
    variable="L", sizes=(2, 4, 8), instance=lambda L: _at(4608, L), at_most=0.2, trials=16
)
_SPECIMENS = [_at(128, 2), _at(256, 3)]


def _norms(
    net: DeepReluNet,
    data: SeparatedData,
    trials: Trials,
    *,
    size: float,
    radius: float,
    sparsity: int | None = None,
) -> Bound:
    """Bound the whole product and that of the upper half of the layers, for entries of D'' of a
    size and ω in units of L^{-3/2}.
    """
    network, signals = net.forward(trials, data)
    omega, s = radius * net.depth**-1.5, _sparsity(net) if sparsity is None else sparsity
    products = [
        Product(
            layers=network.W[a - 1 :],
            masks=signals.signs[a:-1],
            free=net.depth + 1 - a,
            sparsity=s,
            size=size,
            radius=omega,
        )
        for a in sorted({1, net.depth // 2 + 1})
    ]
    found = {
        name: torch.cat([one.largest(trials, attack=name == "sweep") for one in products], dim=1)
        for name in ("random", "sweep")
    }
    return worst_of(**{name: at_most(value, math.sqrt(net.depth)) for name, value in found.items()})


@ALS15.part(
    "a",
    says=r"$\|W_b(D_{b-1}+D''_{b-1})\cdots(D_a+D''_a)W_a\|_2\le O(\sqrt L)$ for entries of $D''$ "
    r"in $[-3,3]$.",
    quantifiers=_ARBITRARY[:-1],
    constant=Constant(15.0, measured_on="m = 64…512, L = 2…4"),
    along=[_WIDE],
    specimens=_SPECIMENS,
)
@given(net=_nets, data=separated_data(largest=1))
def products_with_other_sparse_masks_are_at_most_the_root_of_depth(
    net: DeepReluNet, data: SeparatedData, trials: Trials, *, sparsity: int | None = None
) -> Bound:
    return _norms(net, data, trials, size=3.0, radius=0.0, sparsity=sparsity)


_MANY = Along(
    variable="L", sizes=(1, 2, 4, 8), instance=lambda L: _at(256, L), at_most=0.2, trials=16
)


@products_with_other_sparse_masks_are_at_most_the_root_of_depth.twin(
    "for s = m/10, whatever the depth", specimens=[], along=[_MANY]
)
def _(net: DeepReluNet, data: SeparatedData, trials: Trials) -> Bound:
    return products_with_other_sparse_masks_are_at_most_the_root_of_depth.check(
        net, data, trials, sparsity=net.width // 10
    )


@ALS15.part(
    "b",
    says=r"The same with $W_\ell+W'_\ell$ for $W_\ell$, $\|W'_\ell\|_2\le0.3\,L^{-3/2}$.",
    quantifiers=_ARBITRARY,
    constant=Constant(15.0, measured_on="m = 64…512, L = 2…4, ω = 0.3 L^{-3/2}"),
    along=[_WIDE, _DEEP],
    specimens=_SPECIMENS,
)
@given(net=_nets, data=separated_data(largest=1))
def products_of_other_weights_are_at_most_the_root_of_depth(
    net: DeepReluNet, data: SeparatedData, trials: Trials, *, radius: float = 0.3
) -> Bound:
    return _norms(net, data, trials, size=3.0, radius=radius)


@products_of_other_weights_are_at_most_the_root_of_depth.twin(
    "for ω = ½, whatever the depth", specimens=[], along=[_MANY]
)
def _(net: DeepReluNet, data: SeparatedData, trials: Trials) -> Bound:
    return products_of_other_weights_are_at_most_the_root_of_depth.check(
        net, data, trials, radius=0.5 * net.depth**1.5
    )


@ALS15.part(
    "unit",
    title="differences of indicators: entries of D'' in [-1, 1]",
    says=r"Both together, for entries of $D''$ in $[-1,1]$: the constant is smaller.",
    quantifiers=_ARBITRARY,
    constant=Constant(6.0, measured_on="m = 64…512, L = 2…4, ω = 0.3 L^{-3/2}"),
    along=[_WIDE],
    specimens=_SPECIMENS,
)
@given(net=_nets, data=separated_data(largest=1))
def products_with_other_signs_are_at_most_the_root_of_depth(
    net: DeepReluNet, data: SeparatedData, trials: Trials, *, sparsity: int | None = None
) -> Bound:
    return _norms(net, data, trials, size=1.0, radius=0.3, sparsity=sparsity)


@products_with_other_signs_are_at_most_the_root_of_depth.twin(
    "for s = m/10, whatever the depth", specimens=[], along=[_MANY]
)
def _(net: DeepReluNet, data: SeparatedData, trials: Trials) -> Bound:
    return products_with_other_signs_are_at_most_the_root_of_depth.check(
        net, data, trials, sparsity=net.width // 10
    )


# ALS-16

ALS16 = statement(
    "ALS-16",
    paper="ALS18",
    source="Lemma 8.7",
    provenance="quoted",
    note=by_several(BASRI, CAO_GU, CAUSAL, of="(b) is")
    + "; the products of the first begin with D_a",
    uses=["ALS-09", "ALS-10", "ALS-14", "ALS-15"],
    title="Backward products are stable",
    says=r"If $d\le O(\frac m{L\log m})$, $\omega\le O(L^{-3/2})$ and $s=O(m\omega^{2/3}L)$, with "
    r"probability at least $1-e^{-\Omega(s\log m)}$: for all $i,a$, all $v\in\mathbb R^d$, all "
    r"$s$-sparse $D''$ with entries in $[-3,3]$ and all $\|W'\|_2\le\omega$ the change of $v^\top "
    r"BD_LW_L\cdots D_aW_a$ is at most $O\big(\omega^{1/3}L^2\sqrt{m\log m/d}\big)\|v\|$. For any "
    r"$\Omega(d/\log m)\le s\le O(m/(L^3\log m))$ it is $O\big(\sqrt{(L^3s\log "
    r"m+\omega^2L^3m)/d}\big)\|v\|$, which is ours and implies it.",
    kind="scaling",
    layers=_EITHER,
)

_BACK_WIDE = Along(
    variable="m", sizes=(64, 256, 1024), instance=lambda m: _at(m, 2, 4), at_most=0.2, trials=16
)
_BACK_DEEP = Along(
    variable="L", sizes=(2, 3, 4), instance=lambda L: _at(512, L, 4), at_most=0.2, trials=16
)
_OUTPUTS = Along(
    variable="d", sizes=(1, 2, 4, 8), instance=lambda d: _at(512, 2, d), at_most=0.2, trials=24
)


def _changes(
    net: DeepReluNet,
    data: SeparatedData,
    trials: Trials,
    *,
    size: float,
    sparsity: int | None = None,
) -> Bound:
    """Bound the change of the whole backward product and of the upper half's, with ω = 0.1
    L^{-3/2}.
    """
    network, signals = net.forward(trials, data)
    omega, s = 0.1 * net.depth**-1.5, _sparsity(net) if sparsity is None else sparsity
    products = [
        Product(
            layers=(*network.W[a - 1 :], network.B),
            masks=signals.signs[a:],
            free=net.depth + 1 - a,
            sparsity=s,
            size=size,
            radius=omega,
        )
        for a in sorted({1, net.depth // 2 + 1})
    ]
    bound = math.sqrt(net.depth**3 * (s * math.log(net.width) + omega**2 * net.width) / net.outputs)
    found = {
        name: torch.cat(
            [one.largest_change(trials, attack=name == "sweep") for one in products], dim=1
        )
        for name in ("random", "sweep")
    }
    return worst_of(**{name: at_most(value, bound) for name, value in found.items()})


@ALS16.part(
    "a",
    says=r"For arbitrary $D''$ with entries in $[-3,3]$ and $\omega=0.1L^{-3/2}$: "
    r"$O\big(\sqrt{(L^3s\log m+\omega^2L^3m)/d}\big)\|v\|$.",
    quantifiers=(*_ARBITRARY, r"\forall\, v"),
    provenance="ours",
    proof="only seen",
    constant=Constant(10.0, measured_on="m = 64…512, L = 2…4, d = 4"),
    along=[_BACK_WIDE, _BACK_DEEP, _OUTPUTS],
    requires=_SPARSE,
    specimens=[_at(128, 2, 4), _at(256, 3, 4)],
)
@given(net=_nets, data=separated_data(largest=1))
def backward_products_with_other_sparse_masks_are_close(
    net: DeepReluNet, data: SeparatedData, trials: Trials
) -> Bound:
    return _changes(net, data, trials, size=3.0)


@backward_products_with_other_sparse_masks_are_close.twin(
    "for s = m/5, whatever the depth", specimens=[_at(256, 8, 4)], along=[]
)
def _(net: DeepReluNet, data: SeparatedData, trials: Trials) -> Bound:
    return _changes(net, data, trials, size=3.0, sparsity=net.width // 5)


@ALS16.part(
    "unit",
    title="differences of indicators: entries of D'' in [-1, 1]",
    says=r"The same for entries of $D''$ in $[-1,1]$: the constant is smaller.",
    quantifiers=(*_ARBITRARY, r"\forall\, v"),
    provenance="ours",
    proof="only seen",
    constant=Constant(4.0, measured_on="m = 64…512, L = 2…4, d = 4"),
    along=[_BACK_WIDE],
    requires=_SPARSE,
    specimens=[_at(128, 2, 4), _at(256, 3, 4)],
)
@given(net=_nets, data=separated_data(largest=1))
def backward_products_with_other_signs_are_close(
    net: DeepReluNet, data: SeparatedData, trials: Trials
) -> Bound:
    return _changes(net, data, trials, size=1.0)


@backward_products_with_other_signs_are_close.twin(
    "for s = m/5, whatever the depth", specimens=[_at(256, 8, 4)], along=[]
)
def _(net: DeepReluNet, data: SeparatedData, trials: Trials) -> Bound:
    return _changes(net, data, trials, size=1.0, sparsity=net.width // 5)


_RADII = Along(
    variable="1/ω",
    sizes=(10, 30, 100, 300, 1000),
    instance=lambda inverse: ball_at(1024, 2, 1.0 / inverse, outputs=2),
    at_most=0.2,
    trials=16,
)
_ALL_WIDTHS = Along(
    variable="m",
    sizes=(64, 256, 1024),
    instance=lambda m: ball_at(m, 2, 0.03, outputs=2),
    at_most=0.2,
    trials=16,
)
_ALL_DEPTHS = Along(
    variable="L",
    sizes=(1, 2, 4, 8),
    instance=lambda L: ball_at(512, L, 0.003),
    at_most=0.2,
    trials=16,
)


def _norms_of(back: Float[Tensor, "trials products m d"]) -> Float[Tensor, "trials products"]:
    return torch.linalg.eigvalsh(back.mT @ back)[..., -1].clamp(min=0.0).sqrt()


@ALS16.part(
    "b",
    says=r"For $W\in\mathcal B(\omega)$ and its own signs: "
    r"$\|v^\top\mathrm{Back}_{i,a}(W)-v^\top\mathrm{Back}_{i,a}(W^{(0)})\|\le "
    r"O\big(\omega^{1/3}L^2\sqrt{m\log m/d}\big)\|v\|$.",
    quantifiers=(*IN_THE_BALL, r"\forall\, i,a", r"\forall\, v"),
    constant=Constant(2.0, measured_on="m = 64…512, L = 2…8, ω = 0.001…0.1"),
    along=[_RADII, _ALL_WIDTHS, _ALL_DEPTHS],
    requires=RADIUS,
    specimens=[ball_at(256, 2, 0.01, outputs=4), ball_at(512, 4, 0.003, outputs=2)],
)
@given(**drawn)
def backward_products_in_the_ball_are_close(
    net: DeepReluNet, data: SeparatedData, omega: float, trials: Trials, *, power: float = 1 / 3
) -> Bound:
    network, signals = net.forward(trials, data)
    x, back = data.inputs(trials), backward_products(network, signals)
    found = {
        "random": attacks.rotated(network, x, omega, trials.stream("adversary")),
        "flip": attacks.flipped(network, x, omega),
        "off": attacks.flipped(network, x, omega, eligible=lambda g: g >= 0),
        "on": attacks.flipped(network, x, omega, eligible=lambda g: g < 0),
        "magnify": attacks.magnified(network, x, omega, rounds=3),
    }
    bound = omega**power * net.depth**2 * math.sqrt(net.width * math.log(net.width) / net.outputs)
    changes = {
        name: backward_products(point, point.forward(x)) - back for name, point in found.items()
    }
    return worst_of(**{name: at_most(_norms_of(change), bound) for name, change in changes.items()})


backward_products_in_the_ball_are_close.twin(
    "in proportion to ω: a smooth network", specimens=[], along=[_RADII], power=1.0
)
