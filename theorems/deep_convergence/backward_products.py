"""Backward products at random initialisation, and the size of the gradient from layer to layer
(ALS18,
Lemma 7.4, introduction).

Back_{i,a} = B D_{i,L} W_L ··· D_{i,a} W_a maps a change before layer a to a change of the output.
For a fixed v ∈ R^d, Bᵀv is Gaussian of norm about √(m/d) ‖v‖ and each masked layer keeps norms
(ALS-08): ‖vᵀ Back_{i,a}‖ ≤ O(√(m/d)) ‖v‖, for all v by a net of the d-dimensional sphere. On
s-sparse vectors only √(s log m/d) is left (ALS-10). The gradient of a layer is a product of such a
backward vector and a hidden vector (ALS-04): it has about the same norm in every layer, whatever
the depth (ALS-06). Proofs come first, hence ALS-10 before ALS-06.
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
    given,
    statement,
)
from lemmata.harness.adversary import truncated_power
from lemmata.strategies import Labels, labels, sizes
from lemmata.theorems.deep_convergence.setting.network import (
    DeepReluNet,
    Network,
    SeparatedData,
    Signals,
    pair_at,
    separated_data,
    sphere,
)
from lemmata.theorems.deep_convergence.setting.products import (
    Explicit,
    Implicit,
    admissible_sparsity,
    wide_nets,
)
from lemmata.theorems.deep_convergence.setting.quotations import BASRI, CAO_GU, by_several

_EITHER = ("matrix-free", "dense")
_DRAWN = (
    r"\forall\, n,L,m,d",
    r"\forall\, \|x_1\|=\dots=\|x_n\|=1",
    r"\mathbb P_{A,W,B}",
    r"\forall\, i,a",
)
_data = separated_data(largest=3)


def _at(width: int, depth: int, outputs: int = 1, **more: object) -> Instance:
    return {
        "net": DeepReluNet(width=width, depth=depth, outputs=outputs),
        "data": sphere(1),
        **more,
    }


# ALS-10

ALS10 = statement(
    "ALS-10",
    paper="ALS18",
    source="Lemma 7.4(a), (b)",
    provenance="quoted",
    note=by_several(BASRI, CAO_GU, of="(b) is") + "; no quotation of (a) was found",
    uses=["ALS-04", "ALS-08"],
    title="Backward products: √(m/d), and √(s log m/d) on sparse vectors",
    says=r"(a) For all $\Omega(d/\log m)\le s\le O(m/(L\log m))$, with probability at least "
    r"$1-e^{-\Omega(s\log m)}$, and (b) if $m\ge\Omega(nL\log(nL))$ and "
    r"$d\le O(m/(L\log m))$, with probability at least "
    r"$1-e^{-\Omega(m/L)}$: for all $i,a$, all $v\in\mathbb R^d$ and, in (a), all $s$-sparse $u$: "
    r"(a) $|v^\top\mathrm{Back}_{i,a}u|\le O(\sqrt{s\log m/d})\,\|v\|\,\|u\|$, (b) "
    r"$\|v^\top\mathrm{Back}_{i,a}\|\le O(\sqrt{m/d})\,\|v\|$.",
    kind="scaling",
    layers=_EITHER,
)


def backward_products(network: Network, signals: Signals) -> Float[Tensor, "trials products m d"]:
    """Return Back_{i,a}ᵀ for a = 1..L+1 and every example, from n·d left queries of each layer."""
    d, n = signals.y.shape[1:]
    basis = (
        torch.eye(d, device=signals.y.device, dtype=signals.y.dtype)
        .repeat(1, n)
        .expand(len(signals.y), d, n * d)
    )
    back, _ = network.backward([sign.repeat_interleave(d, dim=2) for sign in signals.signs], basis)
    return torch.stack(
        [one.unflatten(2, (n, d)).transpose(1, 2) for one in back[1:]], dim=1
    ).flatten(1, 2)


@st.composite
def _few_outputs(draw: st.DrawFn, *, most: int | None = None) -> DeepReluNet:
    """Draw networks with d L log m ≤ m/4 and d ≤ most."""
    net = draw(wide_nets(widths_a_layer=64, widest=1024))
    room = max(1, admissible_sparsity(net, 0.25))
    return replace(net, outputs=draw(sizes(largest=min(room, most or room))))


def _wide_with_few_outputs(net: DeepReluNet, data: SeparatedData) -> bool:
    layers = data.count * net.depth
    return net.width >= layers * math.log(layers) and net.outputs <= admissible_sparsity(net, 0.25)


def _sparsity_is_admissible(net: DeepReluNet, sparsity: int, **_: object) -> bool:
    return net.outputs / math.log(net.width) <= sparsity <= admissible_sparsity(net)


@ALS10.part(
    "a",
    says=r"$|v^\top\mathrm{Back}_{i,a}u|\le O(\sqrt{s\log m/d})\,\|v\|\,\|u\|$ for all "
    r"$v\in\mathbb R^d$ and all $\|u\|_0\le s$.",
    provenance="unseen",
    quantifiers=(
        r"\forall\, s\in[\frac d{\log m},\frac m{L\log m}]",
        *_DRAWN,
        r"\forall\, v",
        r"\forall\, \|u\|_0\le s",
    ),
    constant=Constant(6.0, measured_on="m = 64…512, L = 1…4, d = 1…16"),
    along=[
        Along(
            variable="m",
            sizes=(64, 128, 256, 512, 1024),
            instance=lambda m: _at(m, 2, sparsity=1),
            at_most=0.2,
            trials=32,
        ),
        Along(
            variable="L",
            sizes=(1, 2, 4, 8),
            instance=lambda L: _at(512, L, sparsity=4),
            at_most=0.2,
            trials=32,
        ),
        Along(
            variable="d",
            sizes=(1, 2, 4, 8, 16),
            instance=lambda d: _at(1024, 2, d, sparsity=4),
            at_most=0.2,
            trials=32,
        ),
        Along(
            variable="s",
            sizes=(1, 2, 4, 8, 16, 32),
            instance=lambda s: _at(1024, 2, sparsity=s),
            at_most=0.2,
            trials=32,
        ),
    ],
    requires=Requirement(
        paper=r"$\Omega(d/\log m)\le s\le O(m/(L\log m))$", met=_sparsity_is_admissible
    ),
    specimens=[_at(256, 4, 2, sparsity=10), _at(256, 2, 4, sparsity=1)],
)
@given(net=_few_outputs(most=4), data=_data, sparsity=st.sampled_from([1, 4, 10]))
def backward_products_are_small_on_sparse_vectors(
    net: DeepReluNet, data: SeparatedData, sparsity: int, trials: Trials
) -> Bound:
    network, signals = net.forward(trials, data)
    back = backward_products(network, signals)
    M = Explicit(matrix=back.mT.flatten(0, 1))
    # From the side of v: with d = 1 the first round is exact.
    found = truncated_power(
        M.T.apply,
        M.apply,
        _starts(back, trials),
        sparsity_left=sparsity,
        sparsity_right=None,
        rounds=6,
    )
    return at_most(
        found.value.unflatten(0, back.shape[:2]),
        math.sqrt(sparsity * math.log(net.width) / net.outputs),
    )


def _starts(
    back: Float[Tensor, "trials products m d"], trials: Trials
) -> Float[Tensor, "batch d starts"]:
    return (
        trials.stream("adversary").normal("starts", back.shape[1], back.shape[3], 4).flatten(0, 1)
    )


@backward_products_are_small_on_sparse_vectors.twin(
    "on all vectors, sparse or not",
    specimens=[],
    along=[
        Along(
            variable="m",
            sizes=(64, 128, 256, 512, 1024),
            instance=lambda m: _at(m, 2, sparsity=1),
            at_most=0.2,
            trials=32,
        )
    ],
)
def _(net: DeepReluNet, data: SeparatedData, sparsity: int, trials: Trials) -> Bound:
    network, signals = net.forward(trials, data)
    return at_most(
        _norms(backward_products(network, signals)),
        math.sqrt(sparsity * math.log(net.width) / net.outputs),
    )


def _norms(back: Float[Tensor, "trials products m d"]) -> Float[Tensor, "trials products"]:
    """Return the spectral norms, from the d × d Gram matrices: exact."""
    return torch.linalg.eigvalsh(back.mT @ back)[..., -1].clamp(min=0.0).sqrt()


@ALS10.part(
    "b",
    says=r"If $m\ge\Omega(nL\log(nL))$ and $d\le O(m/(L\log m))$: "
    r"$\|v^\top\mathrm{Back}_{i,a}\|\le O(\sqrt{m/d})\,\|v\|$ for all $v\in\mathbb R^d$.",
    quantifiers=(*_DRAWN, r"\forall\, v"),
    constant=Constant(6.0, measured_on="m = 64…512, L = 1…4, d = 1…16"),
    along=[
        Along(
            variable="m",
            sizes=(64, 128, 256, 512, 1024),
            instance=lambda m: _at(m, 2, 1),
            at_most=0.2,
            trials=32,
        ),
        Along(
            variable="L",
            sizes=(1, 2, 4, 8),
            instance=lambda L: _at(512, L, 2),
            at_most=0.2,
            trials=32,
        ),
        Along(
            variable="d",
            sizes=(1, 2, 4, 8, 16),
            instance=lambda d: _at(1024, 2, d),
            at_most=0.2,
            trials=32,
        ),
    ],
    requires=Requirement(
        paper=r"$m\ge\Omega(nL\log(nL))$, here with the constant 1, and "
        r"$d\le O(m/(L\log m))$, here $dL\log m\le m/4$",
        met=_wide_with_few_outputs,
    ),
    specimens=[_at(256, 4, 2), _at(256, 2, 4)],
)
@given(net=_few_outputs(), data=_data)
def backward_products_are_at_most_the_root_of_width_over_outputs(
    net: DeepReluNet, data: SeparatedData, trials: Trials, *, power: float = 0.5
) -> Bound:
    network, signals = net.forward(trials, data)
    return at_most(_norms(backward_products(network, signals)), (net.width / net.outputs) ** power)


backward_products_are_at_most_the_root_of_width_over_outputs.twin(
    "O(1) in place of √(m/d)",
    specimens=[],
    along=[
        Along(
            variable="m",
            sizes=(64, 128, 256, 512, 1024),
            instance=lambda m: _at(m, 2),
            at_most=0.2,
            trials=32,
        )
    ],
    power=0.0,
)


@backward_products_are_at_most_the_root_of_width_over_outputs.twin(
    "for any d: without d ≤ O(m/(L log m))",
    specimens=[],
    along=[
        Along(
            variable="d",
            sizes=(64, 128, 256, 512, 1024),
            instance=lambda d: _at(16, 1, d),
            at_most=0.2,
            trials=96,
        )
    ],
)
def _(net: DeepReluNet, data: SeparatedData, trials: Trials) -> Bound:
    network, signals = net.forward(trials, data)
    M = Implicit(layers=(*network.W, network.B), masks=signals.signs[1:], examples=data.count)
    # More outputs than neurons: right queries along all m coordinates are fewer than d left ones.
    back = M.apply(
        torch.eye(net.width, dtype=trials.dtype, device=trials.device).expand(
            len(trials) * data.count, -1, -1
        )
    )
    return at_most(_norms(back.unflatten(0, (len(trials), -1))), math.sqrt(net.width / net.outputs))


# ALS-06

ALS06 = statement(
    "ALS-06",
    paper="ALS18",
    source="introduction",
    provenance="unseen",
    note="no quotation of it was found",
    uses=["ALS-04", "ALS-10"],
    title="No exponential explosion or vanishing of the gradient across layers",
    says=r"At initialisation, for fixed $v$, with probability at least $1-nLe^{-\Omega(m/L)}$ for "
    r"$L\le cm$: the norms $\|\nabla^{v_i}_{W_\ell}F_i\|_F$, $\ell\in[L]$, of every example are "
    r"within a constant factor of one another, and $\max_\ell\|\nabla^v_{W_\ell}\|_F$ does not "
    r"grow or shrink exponentially with $L$.",
    kind="scaling",
    layers=_EITHER,
    requires=Requirement(
        paper=r"$L\le cm$, here $L\le m/16$", met=lambda net, data, v: 16 * net.depth <= net.width
    ),
)

_FIXED = (
    r"\forall\, n,L,m,d",
    r"\forall\, \|x_1\|=\dots=\|x_n\|=1",
    r"\forall\, v_1,\dots,v_n",
    r"\mathbb P_{A,W,B}",
    r"\forall\, \ell",
)


def _deep(width: int, depth: int) -> Instance:
    return {
        "net": DeepReluNet(width=width, depth=depth, outputs=4),
        "data": sphere(2),
        "v": Labels(family="random"),
    }


def gradient_norms(
    network: Network, signals: Signals, v: Float[Tensor, "trials d n"]
) -> Float[Tensor, "trials L"]:
    """Return ‖∇^v_{W_l}‖_F, l = 1..L, from the factors."""
    return torch.stack([one.square().sqrt() for one in network.gradient(signals, v)], dim=1)


@ALS06.part(
    "a",
    says=r"For each example by itself, $\max_\ell\|\nabla^{v_i}_{W_\ell}F_i\|_F\le "
    r"O(1)\,\min_\ell\|\nabla^{v_i}_{W_\ell}F_i\|_F$ for $L\le cm$.",
    quantifiers=_FIXED,
    constant=Constant(4.0, measured_on="m = 64…256, L = 2…16, L ≤ m/16"),
    specimens=[_deep(64, 4), _deep(256, 16)],
)
@given(
    net=wide_nets(widths_a_layer=16, widest=512, deepest=16, outputs=8),
    data=_data,
    v=labels("random"),
)
def gradients_of_all_layers_are_comparable(
    net: DeepReluNet, data: SeparatedData, v: Labels, trials: Trials
) -> Bound:
    """Compare the layers' rank-one gradients e_{i,ℓ} h_{i,ℓ-1}ᵀ of every example.

    A sum over examples is not that even: v₁ = -v₂ on two inputs at a small distance δ leaves what
    their masks tell apart. In the last layer that is one mask, in the first one all L of them, so
    that the quotient grows like √L, at any width: see the last twin.
    """
    network, signals = net.forward(trials, data)
    _, e = network.backward(signals.signs, v.build(trials.stream("v"), signals.y))
    return _comparable(e, signals)


def _comparable(e: list[Float[Tensor, "trials m n"]], signals: Signals) -> Bound:
    norms = torch.stack(
        [one.norm(dim=1) * h.norm(dim=1) for one, h in zip(e[1:], signals.h, strict=False)], dim=1
    )
    return at_most(norms.amax(dim=1), norms.amin(dim=1))


@gradients_of_all_layers_are_comparable.twin(
    "the backward pass forgets the masks D", specimens=[_deep(256, 16)]
)
def _(net: DeepReluNet, data: SeparatedData, v: Labels, trials: Trials) -> Bound:
    network, signals = net.forward(trials, data)
    _, e = network.backward(
        [torch.ones_like(sign) for sign in signals.signs], v.build(trials.stream("v"), signals.y)
    )
    return _comparable(e, signals)


@gradients_of_all_layers_are_comparable.twin("at any depth: L = 4m", specimens=[_deep(16, 64)])
def _(net: DeepReluNet, data: SeparatedData, v: Labels, trials: Trials) -> Bound:
    return gradients_of_all_layers_are_comparable.check(net, data, v, trials)


@gradients_of_all_layers_are_comparable.twin(
    "of the sum over examples, for any fixed v",
    specimens=[
        {
            "net": DeepReluNet(width=1024, depth=32),
            "data": pair_at(0.02),
            "v": Labels(family="random"),
        }
    ],
)
def _(net: DeepReluNet, data: SeparatedData, v: Labels, trials: Trials) -> Bound:
    network, signals = net.forward(trials, data)
    norms = gradient_norms(network, signals, trials.every(trials.tensor([[1.0, -1.0]])))
    return at_most(norms.amax(dim=1), norms.amin(dim=1))


@ALS06.part(
    "b",
    says=r"$\max_\ell\|\nabla^v_{W_\ell}\|_F\le O\big(\sqrt{nm/d}\big)\,\|v\|$: "
    r"$\log\max_\ell\|\nabla^v_{W_\ell}\|_F$ grows by $0\pm0.03$ a layer.",
    quantifiers=_FIXED,
    constant=Constant(2.0, measured_on="m = 64…512, L = 2…16, L ≤ m/16"),
    along=Along(
        variable="e^L",
        sizes=[math.exp(L) for L in (2, 4, 8, 16)],
        instance=lambda x: _deep(512, round(math.log(x))),
        at_most=0.03,
        at_least=-0.03,
        trials=64,
    ),
    specimens=[_deep(64, 4), _deep(256, 16)],
)
@given(
    net=wide_nets(widths_a_layer=16, widest=512, deepest=16, outputs=8),
    data=_data,
    v=labels("random"),
)
def gradients_neither_explode_nor_vanish_with_depth(
    net: DeepReluNet, data: SeparatedData, v: Labels, trials: Trials
) -> Bound:
    network, signals = net.forward(trials, data)
    fake = v.build(trials.stream("v"), signals.y)
    bound = math.sqrt(data.count * net.width / net.outputs) * fake.norm(dim=(1, 2)).unsqueeze(1)
    return at_most(gradient_norms(network, signals, fake), bound)


@gradients_neither_explode_nor_vanish_with_depth.twin("variance 1/m: vanishing", specimens=[])
def _(net: DeepReluNet, data: SeparatedData, v: Labels, trials: Trials) -> Bound:
    return gradients_neither_explode_nor_vanish_with_depth.check(
        replace(net, variance=1.0), data, v, trials
    )


@gradients_neither_explode_nor_vanish_with_depth.twin("variance 4/m: explosion", specimens=[])
def _(net: DeepReluNet, data: SeparatedData, v: Labels, trials: Trials) -> Bound:
    return gradients_neither_explode_nor_vanish_with_depth.check(
        replace(net, variance=4.0), data, v, trials
    )
