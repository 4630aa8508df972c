r"""Stability of intermediate and backward products (ALS18, Lemmas 8.6 and 8.7).

A perturbed product W_b (D_{b-1} + D''_{b-1}) W_{b-1} ··· (D_a + D''_a) W_a, with D'' of at most s non-zeros in each layer, is expanded in
the D''. A stretch between two of them is a product at initialisation between sparse vectors, of norm O(√(s log m/m)) (ALS-09), a stretch at
an end one of a sparse vector and a free one, O(1) (ALS-08). With s ≤ O(m/(L³ log m)) the 2^L terms sum like (1 + 1/L)^L, and W' with
ωL^{3/2} ≤ O(1) adds as little (ALS-15). Behind B the same expansion bounds the change of a backward product (ALS-16); for the sign changes
that a perturbation of the weights makes indeed, s = O(mω^{2/3}L).

The product is linear in each D''_l and W'_l. The attack sweeps through the layers and sets one after the other to its best given all
others and the current pair of singular vectors, which never lowers the value. For arbitrary D'' the hypothesis on s is needed: without
it the norm explodes with L. Changes of signs that weights of the ball realise are far from these worst cases.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from lemmata.harness import Along, Bound, Constant, Instance, Requirement, Trials, at_most, given, statement, worst_of
from lemmata.harness.adversary.balls import keep_largest
from lemmata.harness.layers import Layer
from lemmata.theorems.deep_convergence import attacks
from lemmata.theorems.deep_convergence.backward_products import backward_products
from lemmata.theorems.deep_convergence.perturbations import IN_THE_BALL, RADIUS, ball_at, drawn
from lemmata.theorems.deep_convergence.products import wide_nets
from lemmata.theorems.deep_convergence.setting import DeepReluNet, Network, SeparatedData, separated_data, sphere

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
    r"$s\le O(m/(L^3\log m))$: met for $L\le2$ from $m=64$ on, for $L=4$ from $m=512$ on",
    met=lambda net, **_: net.depth**3 * math.log(net.width) <= net.width,
)
_nets = wide_nets(widths_a_layer=64, widest=256, deepest=2, outputs=2)


def _at(width: int, depth: int, outputs: int = 1) -> Instance:
    return {"net": DeepReluNet(width=width, depth=depth, outputs=outputs), "data": sphere(1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Perturbation:
    """D'' and W'_l = ω left rightᵀ of a product's layers, one column an example."""

    diagonals: tuple[Float[Tensor, "trials m n"], ...]
    lefts: tuple[Float[Tensor, "trials m n"], ...]
    rights: tuple[Float[Tensor, "trials m n"], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """W_b (D_{b-1} + D''_{b-1}) W_{b-1} ··· (D_a + D''_a) W_a, for b = L + 1 with W_b = B.

    Attributes:
        layers: W_a, ..., W_b.
        masks: the diagonals of D_a, ..., D_{b-1}.
        free: how many of the layers, from W_a on, are perturbed.
        sparsity: s.
        size: of the entries of D''.
        radius: ω.
    """

    layers: tuple[Layer, ...]
    masks: tuple[Bool[Tensor, "trials m n"], ...]
    free: int
    sparsity: int
    size: float
    radius: float

    def random(self, trials: Trials) -> Perturbation:
        """Draw a point of the set that is attacked."""
        m, n = self.layers[0].cols, self.masks[0].shape[2] if self.masks else 1
        drawn = [trials.normal(f"D''/{k}", m, n) for k in range(len(self.masks))]
        return Perturbation(
            diagonals=tuple(self.size * keep_largest(one, self.sparsity, dim=1).sign() for one in drawn),
            lefts=tuple(_unit(trials.normal(f"left/{k}", m, n)) for k in range(self.free)),
            rights=tuple(_unit(trials.normal(f"right/{k}", m, n)) for k in range(self.free)),
        )

    def images(self, v: Float[Tensor, "trials m n"], at: Perturbation) -> list[Float[Tensor, "trials rows n"]]:
        """Return v, its images before each of the masks, and the image."""
        found, f = [v], v
        for k, layer in enumerate(self.layers):
            g = layer.apply(f)
            if k < self.free:
                g = g + self.radius * at.lefts[k] * (at.rights[k] * f).sum(dim=1, keepdim=True)
            found.append(g)
            f = g if k == len(self.masks) else (self.masks[k] + at.diagonals[k]) * g
        return found

    def transpose(
        self, u: Float[Tensor, "trials rows n"], images: Sequence[Tensor], at: Perturbation, *, attack: bool
    ) -> tuple[Float[Tensor, "trials m n"], Perturbation]:
        """Return the transposed product of u, with each W' and D'' set to its best on the way if this is an attack."""
        lefts, rights, diagonals = list(at.lefts), list(at.rights), list(at.diagonals)
        for k in reversed(range(len(self.layers))):
            if k < self.free and attack:
                f = images[k] if k == 0 else (self.masks[k - 1] + diagonals[k - 1]) * images[k]
                lefts[k], rights[k] = _unit(u), _unit(f)
            t = self.layers[k].apply_transpose(u)
            if k < self.free:
                t = t + self.radius * rights[k] * (lefts[k] * u).sum(dim=1, keepdim=True)
            if k and attack:
                diagonals[k - 1] = self.size * keep_largest(t * images[k], self.sparsity, dim=1).sign()
            u = t if k == 0 else (self.masks[k - 1] + diagonals[k - 1]) * t
        return u, Perturbation(diagonals=tuple(diagonals), lefts=tuple(lefts), rights=tuple(rights))

    def unperturbed(self) -> Product:
        """Return the product at initialisation."""
        return replace(self, sparsity=1, size=0.0, radius=0.0)

    def largest(self, trials: Trials, *, attack: bool, change: bool, rounds: int = 8) -> Float[Tensor, "trials n"]:
        """Return the norm of the product, or of its change, as far as an alternating ascent from a random point finds it."""
        other = trials.stream("adversary")
        at, plain = self.random(other), self.unperturbed()
        u = _unit(other.normal("v", self.layers[0].cols, self.masks[0].shape[2] if self.masks else 1))
        best = torch.zeros_like(u[:, 0])
        for _ in range(rounds):
            images = self.images(u, at)
            before = plain.images(u, at) if change else images
            image = images[-1] - before[-1] if change else images[-1]
            best = torch.maximum(best, image.norm(dim=1))
            back, at = self.transpose(_unit(image), images, at, attack=attack)
            u = _unit(back - plain.transpose(_unit(image), before, at, attack=False)[0] if change else back)
        return best


def _unit(x: Float[Tensor, "trials m n"]) -> Float[Tensor, "trials m n"]:
    size = x.norm(dim=1, keepdim=True)
    return torch.where(size == 0, 0.0, x / size)


# ALS-15

ALS15 = statement(
    "ALS-15",
    source="ALS18, Lemma 8.6",
    provenance="recalled-form",
    uses=["ALS-07", "ALS-08", "ALS-09"],
    title="Intermediate products are stable",
    says=r"For all $1\le s\le O(m/(L^3\log m))$, with probability at least $1-e^{-\Omega(s\log m)}$: for all diagonal $D''_{i,\ell}$ with "
    r"entries in $[-3,3]$ and at most $s$ non-zeros, all $\|W'\|_2\le\omega\le O(L^{-3/2})$ and all $i$, $a\le b$: (a) "
    r"$\|W_b(D_{b-1}+D''_{b-1})\cdots(D_a+D''_a)W_a\|_2\le O(\sqrt L)$, (b) the same with $W_\ell+W'_\ell$ for $W_\ell$.",
)

_WIDE = Along(variable="m", sizes=(64, 128, 256, 512, 1024), instance=lambda m: _at(m, 2), at_most=0.2, claimed=0.0, trials=16)
_DEEP = Along(variable="L", sizes=(1, 2, 4), instance=lambda L: _at(1024, L), at_most=0.2, claimed=0.5, trials=16)
_SPECIMENS = [_at(128, 2), _at(512, 4)]


def _products(network: Network, signs: Sequence[Tensor], net: DeepReluNet, *, size: float, radius: float, sparsity: int) -> list[Product]:
    """Return the whole product, and that of the upper half of the layers."""
    starts = sorted({1, net.depth // 2 + 1})
    return [
        Product(layers=network.W[a - 1 :], masks=tuple(signs[a:-1]), free=net.depth + 1 - a, sparsity=sparsity, size=size, radius=radius)
        for a in starts
    ]


def _norms(net: DeepReluNet, data: SeparatedData, trials: Trials, *, size: float, radius: float, sparsity: int | None = None) -> Bound:
    network, signals = net.forward(trials, data)
    s = _sparsity(net) if sparsity is None else sparsity
    products = _products(network, signals.signs, net, size=size, radius=radius * net.depth**-1.5, sparsity=s)
    found = {
        name: torch.cat([one.largest(trials, attack=name == "sweep", change=False) for one in products], dim=1)
        for name in ("random", "sweep")
    }
    return worst_of(**{name: at_most(value, math.sqrt(net.depth)) for name, value in found.items()})


@ALS15.part(
    "a",
    kind="scaling",
    says=r"$\|W_b(D_{b-1}+D''_{b-1})\cdots(D_a+D''_a)W_a\|_2\le O(\sqrt L)$ for entries of $D''$ in $[-3,3]$.",
    quantifiers=_ARBITRARY[:-1],
    constant=Constant(15.0, measured_on="m = 64…512, L = 2…4"),
    along=[_WIDE, _DEEP],
    requires=_SPARSE,
    specimens=_SPECIMENS,
    layers=_EITHER,
    cost=4,
)
@given(net=_nets, data=separated_data(largest=1))
def products_with_other_sparse_masks_are_at_most_the_root_of_depth(
    net: DeepReluNet, data: SeparatedData, trials: Trials, sparsity: int | None = None
) -> Bound:
    return _norms(net, data, trials, size=3.0, radius=0.0, sparsity=sparsity)


_MANY = Along(variable="L", sizes=(1, 2, 4, 8), instance=lambda L: _at(256, L), at_most=0.2, trials=16)


@products_with_other_sparse_masks_are_at_most_the_root_of_depth.twin("for s = m/10, whatever the depth", specimens=[], along=[_MANY])
def _(net: DeepReluNet, data: SeparatedData, trials: Trials) -> Bound:
    return products_with_other_sparse_masks_are_at_most_the_root_of_depth.check(net, data, trials, sparsity=net.width // 10)


@ALS15.part(
    "b",
    kind="scaling",
    says=r"The same with $W_\ell+W'_\ell$ for $W_\ell$, $\|W'_\ell\|_2\le0.3\,L^{-3/2}$.",
    quantifiers=_ARBITRARY,
    constant=Constant(15.0, measured_on="m = 64…512, L = 2…4, ω = 0.3 L^{-3/2}"),
    along=[_WIDE, _DEEP],
    requires=_SPARSE,
    specimens=_SPECIMENS,
    layers=_EITHER,
    cost=4,
)
@given(net=_nets, data=separated_data(largest=1))
def products_of_other_weights_are_at_most_the_root_of_depth(
    net: DeepReluNet, data: SeparatedData, trials: Trials, radius: float = 0.3
) -> Bound:
    return _norms(net, data, trials, size=3.0, radius=radius)


@products_of_other_weights_are_at_most_the_root_of_depth.twin("for ω = ½, whatever the depth", specimens=[], along=[_MANY])
def _(net: DeepReluNet, data: SeparatedData, trials: Trials) -> Bound:
    return products_of_other_weights_are_at_most_the_root_of_depth.check(net, data, trials, radius=0.5 * net.depth**1.5)


@ALS15.part(
    "unit",
    kind="scaling",
    title="differences of indicators: entries of D'' in [-1, 1]",
    says=r"Both together, for entries of $D''$ in $[-1,1]$: the constant is smaller.",
    quantifiers=_ARBITRARY,
    constant=Constant(6.0, measured_on="m = 64…512, L = 2…4, ω = 0.3 L^{-3/2}"),
    along=[_WIDE],
    requires=_SPARSE,
    specimens=_SPECIMENS,
    layers=_EITHER,
    cost=4,
)
@given(net=_nets, data=separated_data(largest=1))
def products_with_other_signs_are_at_most_the_root_of_depth(
    net: DeepReluNet, data: SeparatedData, trials: Trials, sparsity: int | None = None
) -> Bound:
    return _norms(net, data, trials, size=1.0, radius=0.3, sparsity=sparsity)


@products_with_other_signs_are_at_most_the_root_of_depth.twin("for s = m/10, whatever the depth", specimens=[], along=[_MANY])
def _(net: DeepReluNet, data: SeparatedData, trials: Trials) -> Bound:
    return products_with_other_signs_are_at_most_the_root_of_depth.check(net, data, trials, sparsity=net.width // 10)


# ALS-16
