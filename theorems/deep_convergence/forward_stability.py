r"""Forward stability.

A perturbation of the weights moves hidden vectors little (ALS18, Lemma 8.2(a), (c) and a claim in
its proof).

With x_0 = 0 and x_l = D'_l g_l, where D' = D(W) - D(W^(0)) and g, h at W, the change of a
pre-activation is exactly

    g_l - g_l^(0) = Σ_{a≤l} W_l D_{l-1} ··· W_{a+1} D_a (W_a - W_a^(0)) h_{a-1} + Σ_{a<l} W_l
    D_{l-1} ··· D_{a+1} W_{a+1} x_a,  (1)

all other W, D at initialisation. The first sum is at most L terms of size O(√L ω), by the spectral
norm of intermediate products. The x_a are sparse, so that their images split into a small and a
flat part (ALS-17), and the next layer's signs are changed by neither much (ALS-12): an induction
over the layers that gives the flat part the factor L^{5/2} √log m. What is measured stays at
ωL^{3/2}, the first sum alone.

The attack is steepest ascent of the change, in which the layers' perturbations act together; a
random perturbation has a smaller exponent in L and would refute no wrong one.
"""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from hypothesis import strategies as st
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
    equal,
    given,
    statement,
    worst_of,
)
from lemmata.harness.adversary import sparse_unit_vectors
from lemmata.theorems.deep_convergence.setting import attacks
from lemmata.theorems.deep_convergence.setting.network import (
    DeepReluNet,
    Network,
    SeparatedData,
    Signals,
    deep_relu_nets,
    separated_data,
    sphere,
)
from lemmata.theorems.deep_convergence.setting.perturbations import (
    IN_THE_BALL,
    RADIUS,
    ball_at,
    drawn,
    points,
)
from lemmata.theorems.deep_convergence.setting.products import (
    Explicit,
    Implicit,
    admissible_sparsity,
    intermediate_products,
    wide_nets,
)
from lemmata.theorems.deep_convergence.setting.quotations import (
    BASRI,
    CAO_GU,
    RECURRENT,
    by_several,
)

_EITHER = ("matrix-free", "dense")

# ALS-17

ALS17 = statement(
    "ALS-17",
    paper="ALS18",
    source="proof of Lemma 8.2",
    provenance="derived",
    uses=["ALS-09"],
    title="Images of sparse vectors split into a small and a flat part",
    says=r"Let $Z=W_bD_{i,b-1}\cdots D_{i,a}W_a$ at initialisation. For all $s\le O(m/(L\log m))$, "
    r"with high probability, for all $i$, $a\le b$ and all $s$-sparse unit $x$: $Zx=u_1+u_2$ with "
    r"$\|u_2\|_\infty\le2\sqrt{\log m/m}$ and $\|u_1\|\le O(\sqrt{s\log m/m})$.",
    kind="existence",
    quantifiers=(
        r"\forall\, s\le\frac m{L\log m}",
        r"\forall\, n,L,m",
        r"\forall\, \|x_i\|=1",
        r"\mathbb P_{A,W}",
        r"\forall\, i,a\le b",
        r"\forall\, \|x\|_0\le s",
        r"\exists\, u_1,u_2",
    ),
    constant=Constant(4.0, measured_on="m = 128…512, L = 2…4, s = 1…16"),
    along=[
        Along(
            variable="m",
            sizes=(32, 64, 128, 256, 512),
            instance=lambda m: _sparse(m, 2, 1),
            at_most=0.2,
            trials=16,
        ),
        # None in L: at a fixed width norms fluctuate by √(L log m/m), and what is above the flat
        # part even more.
        Along(
            variable="s",
            sizes=(2, 4, 8, 16),
            instance=lambda s: _sparse(256, 2, s),
            at_most=0.2,
            trials=16,
        ),
    ],
    requires=Requirement(
        paper=r"$s\le O(m/(L\log m))$",
        met=lambda net, data, sparsity: sparsity <= admissible_sparsity(net),
    ),
    specimens=[
        {"net": DeepReluNet(width=128, depth=2), "data": sphere(1), "sparsity": 4},
        {"net": DeepReluNet(width=128, depth=4), "data": sphere(1), "sparsity": 1},
    ],
    layers=("dense", "matrix-free"),
)


def _sparse(width: int, depth: int, sparsity: int) -> Instance:
    return {"net": DeepReluNet(width=width, depth=depth), "data": sphere(1), "sparsity": sparsity}


def _rest(image: Float[Tensor, "batch m k"]) -> Float[Tensor, "batch m k"]:
    """Return u_1 where u_2 is the image, clipped: the smallest there is."""
    flat = 2.0 * math.sqrt(math.log(image.shape[1]) / image.shape[1])
    return image - image.clamp(-flat, flat)


def _largest_rests(
    Z: Explicit | Implicit, starts: Float[Tensor, "batch m k"], sparsity: int, rounds: int = 5
) -> tuple[Float[Tensor, "batch"], Float[Tensor, "batch"]]:
    """Return ‖u_1‖, largest over the sparse starts and over an ascent from them along Zᵀ u_1."""

    def onto(x: Tensor) -> Tensor:
        return sparse_unit_vectors(sparsity).project((x.mT,))[0].mT

    x = onto(starts)
    image = Z.apply(x)
    begin = best = _rest(image).norm(dim=1).amax(dim=1)
    for _ in range(rounds):
        # A little of the image itself leads on where the whole of it is flat.
        image = Z.apply(onto(Z.apply_transpose(_rest(image) + 1e-3 * image)))
        best = torch.maximum(best, _rest(image).norm(dim=1).amax(dim=1))
    return begin, best


@ALS17
@given(
    net=wide_nets(widths_a_layer=32, widest=256),
    data=separated_data(largest=2),
    sparsity=st.sampled_from([1, 2, 4]),
)
def images_of_sparse_vectors_are_small_but_for_a_flat_part(
    net: DeepReluNet,
    data: SeparatedData,
    sparsity: int,
    trials: Trials,
    *,
    attacked: int | None = None,
) -> Bound:
    network, signals = net.forward(trials, data)
    random = trials.stream("adversary").normal("starts", data.count, net.width, 4).flatten(0, 1)
    found = [
        _largest_rests(Z, Z.starts(random, left=None), min(net.width, attacked or sparsity))
        for Z in intermediate_products(network, signals, trials)
    ]
    begin, best = (
        torch.stack(values, dim=1).unflatten(0, (len(trials), -1))
        for values in zip(*found, strict=True)
    )
    bound = math.sqrt(sparsity * math.log(net.width) / net.width)
    return worst_of(starts=at_most(begin, bound), ascent=at_most(best, bound))


@images_of_sparse_vectors_are_small_but_for_a_flat_part.twin(
    "for all vectors, sparse or not",
    specimens=[],
    along=[
        Along(
            variable="m",
            sizes=(32, 64, 128, 256, 512),
            instance=lambda m: _sparse(m, 2, 1),
            at_most=0.2,
            trials=32,
        )
    ],
)
def _(net: DeepReluNet, data: SeparatedData, sparsity: int, trials: Trials) -> Bound:
    return images_of_sparse_vectors_are_small_but_for_a_flat_part.check(
        net, data, sparsity, trials, attacked=net.width
    )


@images_of_sparse_vectors_are_small_but_for_a_flat_part.twin(
    "a flat part of 4/√m, without the logarithm", specimens=[_sparse(2**18, 1, 1)], along=[]
)
def _(net: DeepReluNet, data: SeparatedData, sparsity: int, trials: Trials) -> Bound:
    """With one layer and one non-zero, Zx is a column of W.

    A fixed share of its m entries is above 2√2 deviations.
    """
    column = trials.normal("column", net.width, variance=2.0 / net.width)
    rest = (column.abs() - 4.0 / math.sqrt(net.width)).clamp(min=0.0).norm(dim=1)
    return at_most(rest, math.sqrt(sparsity * math.log(net.width) / net.width))


# ALS-13

ALS13 = statement(
    "ALS-13",
    paper="ALS18",
    source="Lemma 8.2(a), (c)",
    provenance="quoted",
    note=by_several(BASRI, CAO_GU, of="(c) is") + f"; {RECURRENT} has the two parts of (a); the "
    "identity and the sharper form are ours",
    uses=["ALS-07", "ALS-08", "ALS-12", "ALS-17"],
    title="Forward stability: magnitudes",
    says=r"If $\omega\le O(L^{-9/2}\log^{-3}m)$, with probability at least "
    r"$1-e^{-\Omega(m\omega^{2/3}L)}$, for all $W\in\mathcal B(\omega)$, $i\in[n]$ and "
    r"$\ell\in[L]$, with $g'=g_{i,\ell}(W)-g_{i,\ell}(W^{(0)})$ and $h'$ alike: (a) $g'=g'_1+g'_2$ "
    r"with $\|g'_1\|\le O(\omega L^{3/2})$ and $\|g'_2\|_\infty\le O(\omega L^{5/2}\sqrt{\log "
    r"m/m})$; (c) $\|g'\|,\|h'\|\le O(\omega L^{5/2}\sqrt{\log m})$.",
    layers=_EITHER,
)

_CHANGE = Constant(3.0, measured_on="m = 64…10⁵, L = 2…16, ω ≤ 0.1")
_RADII = Along(
    variable="ω",
    sizes=(0.001, 0.01, 0.1),
    instance=lambda omega: ball_at(1024, 2, omega),
    at_most=0.2,
    trials=16,
)
_WIDTHS = Along(
    variable="m",
    sizes=(64, 256, 1024),
    instance=lambda m: ball_at(m, 2, 0.03),
    at_most=0.2,
    trials=24,
)
_DEPTHS = Along(
    variable="L",
    sizes=(2, 4, 8, 16),
    instance=lambda L: ball_at(512, L, 0.003),
    at_most=0.2,
    trials=32,
)


@ALS13.part(
    "i",
    provenance="ours",
    proof="in the docstring",
    kind="identity",
    title="the change of a pre-activation is a sum over the layers before",
    says=r"$g'_\ell=\sum_{a\le\ell}W_\ell D_{\ell-1}\cdots W_{a+1}D_a(\breve W_a-W_a)\breve "
    r"h_{a-1}+\sum_{a<\ell}W_\ell D_{\ell-1}\cdots D_{a+1}W_{a+1}x_a$ with $x_a=D'_a\breve g_a$; "
    r"$\breve g,\breve h$ at $\breve W$, the other factors at $W=W^{(0)}$.",
    quantifiers=(
        r"\forall\, n,L,m,\omega",
        r"\forall\, x_i",
        r"\forall\, A,W",
        r"\forall\, \breve W\in\mathcal B(\omega)",
        r"\forall\, i,\ell",
    ),
    specimens=[ball_at(64, 4, 0.1, count=2), ball_at(32, 8, 0.5)],
    layers=("dense", "matrix-free"),
)
@given(
    net=deep_relu_nets(widths=(4, 64), outputs=(1, 1)),
    data=separated_data(largest=3),
    omega=st.sampled_from([1.0, 0.1, 0.01]),
)
def changes_of_preactivations_are_sums_over_layers(
    net: DeepReluNet, data: SeparatedData, omega: float, trials: Trials, *, sparse: float = 1.0
) -> Bound:
    network, signals = net.forward(trials, data)
    x = data.inputs(trials)
    found = {
        "random": attacks.rotated(network, x, omega, trials.stream("adversary")),
        "flip": attacks.flipped(network, x, omega),
    }
    return worst_of(
        **{
            name: _algebra(network, signals, point, point.forward(x), sparse)
            for name, point in found.items()
        }
    )


def _algebra(network: Network, old: Signals, point: Network, new: Signals, sparse: float) -> Bound:
    """Compare both sides of (1), the right one summed term by term for each a and ℓ."""
    size = torch.zeros_like(new.h[0][:, :1])
    sums = [torch.zeros_like(g) for g in new.g]
    for a in range(1, network.depth + 1):
        h = new.h[a - 1]
        linear = point.W[a - 1].apply(h) - network.W[a - 1].apply(h)
        changed = sparse * (new.signs[a].to(h.dtype) - old.signs[a].to(h.dtype)) * new.g[a]
        sums[a] = sums[a] + linear
        size = size + new.g[a].norm(dim=1, keepdim=True) + old.g[a].norm(dim=1, keepdim=True)
        terms = torch.cat((old.signs[a] * linear, changed), dim=2)
        for level in range(a + 1, network.depth + 1):
            image = network.W[level - 1].apply(terms)
            size = size + image.norm(dim=1).unflatten(1, (2, -1)).sum(dim=1).unsqueeze(1)
            sums[level] = sums[level] + sum(image.chunk(2, dim=2))
            terms = image * old.signs[level].repeat(1, 1, 2)
    left = torch.stack(
        [after - before for after, before in zip(new.g[1:], old.g[1:], strict=True)], dim=1
    )
    # Each term runs through up to L sums of m terms.
    return equal(
        left,
        torch.stack(sums[1:], dim=1),
        roundings=8.0 * (network.depth + 1) * left.shape[2],
        scale=size.unsqueeze(1),
    )


changes_of_preactivations_are_sums_over_layers.twin("no sign changes: x = 0", sparse=0.0)


@ALS13.part(
    "a",
    provenance="unseen",
    kind="existence",
    says=r"$g'=g'_1+g'_2$ with $\|g'_1\|\le O(\omega L^{3/2})$ and $\|g'_2\|_\infty\le\omega "
    r"L^{5/2}\sqrt{\log m/m}$.",
    quantifiers=(*IN_THE_BALL, r"\forall\, i,\ell", r"\exists\, g'_1,g'_2"),
    constant=_CHANGE,
    along=Along(
        variable="m",
        sizes=(64, 256, 1024, 4096),
        instance=lambda m: ball_at(m, 1, 0.1),
        at_most=0.2,
        trials=16,
    ),
    requires=RADIUS,
    specimens=[ball_at(4096, 1, 0.01), ball_at(512, 2, 0.01)],
)
@given(**drawn)
def changes_are_small_but_for_a_flat_part(
    net: DeepReluNet, data: SeparatedData, omega: float, trials: Trials, *, flat_alone: bool = False
) -> Bound:
    network, signals = net.forward(trials, data)
    flat = omega * net.depth**2.5 * math.sqrt(math.log(net.width) / net.width)
    found = {}
    for name, point in points(network, data, omega, trials).items():
        g, _ = _changes(signals, point.forward(data.inputs(trials)))
        small = (g.abs() - flat).clamp(min=0.0).norm(dim=2)
        found[name] = (
            at_most(g.abs().amax(dim=2), flat)
            if flat_alone
            else at_most(small, omega * net.depth**1.5)
        )
    return worst_of(**found)


def _changes(
    old: Signals, new: Signals
) -> tuple[Float[Tensor, "trials L m n"], Float[Tensor, "trials L m n"]]:
    """Return g' and h' of every layer."""
    g = torch.stack(
        [after - before for after, before in zip(new.g[1:], old.g[1:], strict=True)], dim=1
    )
    return g, torch.stack(
        [after - before for after, before in zip(new.h[1:], old.h[1:], strict=True)], dim=1
    )


changes_are_small_but_for_a_flat_part.twin(
    "the flat part is all: g'₁ = 0", specimens=[ball_at(4096, 1, 0.01)], along=[], flat_alone=True
)


@ALS13.part(
    "c",
    kind="scaling",
    says=r"$\|g'\|,\|h'\|\le O(\omega L^{5/2}\sqrt{\log m})$.",
    quantifiers=(*IN_THE_BALL, r"\forall\, i,\ell"),
    constant=_CHANGE,
    along=[replace(_DEPTHS, trials=16)],
    requires=RADIUS,
    specimens=[ball_at(256, 2, 0.01), ball_at(512, 4, 0.003)],
)
@given(**drawn)
def hidden_vectors_move_in_proportion_to_the_radius(
    net: DeepReluNet,
    data: SeparatedData,
    omega: float,
    trials: Trials,
    *,
    power: float = 2.5,
    of_radius: float = 1.0,
    log: float = 0.5,
) -> Bound:
    network, signals = net.forward(trials, data)
    bound = omega**of_radius * net.depth**power * math.log(net.width) ** log
    new = {
        name: point.forward(data.inputs(trials))
        for name, point in points(network, data, omega, trials).items()
    }
    return worst_of(
        **{
            name: at_most(torch.stack(_changes(signals, now), dim=1).norm(dim=3), bound)
            for name, now in new.items()
        }
    )


hidden_vectors_move_in_proportion_to_the_radius.twin(
    "whatever the depth", specimens=[], along=[replace(_DEPTHS, trials=16)], power=0.0
)


@ALS13.part(
    "sharp",
    provenance="ours",
    proof="only seen",
    kind="scaling",
    title="what is seen: no more than the first sum, ωL^{3/2}",
    says=r"$\|g'\|,\|h'\|\le O(\omega L^{3/2})$: seen, not proved, and the exponent of $L$ is the "
    r"right one.",
    quantifiers=(*IN_THE_BALL, r"\forall\, i,\ell"),
    constant=_CHANGE,
    along=[_RADII, _WIDTHS, _DEPTHS],
    requires=RADIUS,
    specimens=[ball_at(256, 2, 0.01), ball_at(512, 4, 0.003)],
)
@given(**drawn)
def hidden_vectors_move_by_no_more_than_the_first_sum(
    net: DeepReluNet, data: SeparatedData, omega: float, trials: Trials, *, power: float = 1.5
) -> Bound:
    return hidden_vectors_move_in_proportion_to_the_radius.check(
        net, data, omega, trials, power=power, log=0.0
    )


hidden_vectors_move_by_no_more_than_the_first_sum.twin(
    "in proportion to ωL: the layers' changes do not add up coherently",
    specimens=[],
    along=[replace(_DEPTHS, trials=48)],
    power=1.0,
)
