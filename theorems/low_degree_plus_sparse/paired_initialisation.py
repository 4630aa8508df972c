r"""The paired initialisation (NBL22 and BL20, setting and smoothness).

Both neurons of a pair start at the same weight with opposite signs: the network is 0 there. Its
gradient has the rows a_r m^{-1/2} σ'((w_{0,r} + w_r)ᵀx) x, its Hessian the diagonal blocks a_r
m^{-1/2} σ''((w_{0,r} + w_r)ᵀx) xxᵀ and nothing else, so that ‖∇f‖_F ≤ M_1 √d and ‖∇²f‖ ≤ M_2 d/√m.
Both bounds are attained: move every neuron to where the derivative is largest.
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st

from lemmata.harness import Along, Bound, Trials, all_of, at_most, equal, given, statement, worst_of
from lemmata.theorems.low_degree_plus_sparse.setting.activations import EXTREMES
from lemmata.theorems.low_degree_plus_sparse.setting.network import (
    ATTAINED,
    Expansion,
    Pairs,
    Weights,
    inputs,
    networks,
)

NBL01 = statement(
    "NBL-01",
    paper="NBL22",
    source="setting; smoothness of the network",
    provenance="recalled",
    note="the pairing is recalled, the constants are derived",
    title="Paired initialisation: no output, gradient and Hessian in closed form",
    says=r"$f(x;0)=0$; row $r$ of $\nabla_Wf(x;W)$ is "
    r"$\frac{a_r}{\sqrt m}\sigma'((w_{0,r}+w_r)^\top x)\,x$; $\nabla^2_Wf$ is block diagonal with "
    r"blocks $\frac{a_r}{\sqrt m}\sigma''((w_{0,r}+w_r)^\top x)\,xx^\top$.",
    quantifiers=(r"\forall\, d,m", r"\forall\, W_0", r"\forall\, W,x"),
)
_SCALES = st.sampled_from((0.1, 1.0, 10.0))


def _weights(net: Pairs, scale: float, trials: Trials) -> Weights:
    return scale * trials.normal("W", net.width, net.dimension) / math.sqrt(net.dimension)


@NBL01.part(
    "a",
    kind="identity",
    says=r"$f(x;0)=0$.",
    specimens=[
        {"net": Pairs(dimension=8, pairs=64)},
        {"net": Pairs(activation="softplus", pairs=64)},
    ],
)
@given(net=networks())
def the_paired_network_starts_at_zero(net: Pairs, trials: Trials, *, paired: bool = True) -> Bound:
    net = Pairs(dimension=net.dimension, pairs=net.pairs, activation=net.activation, paired=paired)
    at = net.initialise(trials).on(inputs(trials, 10, net.dimension))
    nothing = torch.zeros_like(at.a.transpose(1, 2)).expand(-1, -1, net.dimension)
    size = at.sigma(0).abs().sum(dim=-1) / math.sqrt(net.width)
    # m terms of either sign, in whatever order.
    return equal(at.value(nothing), 0.0, roundings=2.0 * net.width, scale=size)


the_paired_network_starts_at_zero.twin("independent signs and weights, no pairs", paired=False)


@NBL01.part(
    "b",
    kind="identity",
    says=r"The formulas of the gradient and of the Hessian are what automatic differentiation "
    r"gives.",
    specimens=[
        {"net": Pairs(dimension=4, pairs=4), "scale": 1.0},
        {"net": Pairs(dimension=4, pairs=4, activation="tanh"), "scale": 1.0},
        {"net": Pairs(dimension=4, pairs=4, activation="softplus"), "scale": 1.0},
    ],
)
@given(net=networks(dimensions=(4, 6), pairs=(2, 4)), scale=_SCALES)
def gradient_and_hessian_are_those_of_automatic_differentiation(
    net: Pairs, scale: float, trials: Trials, *, of_gradient: int = 1, of_hessian: int = 2
) -> Bound:
    at = net.initialise(trials).on(inputs(trials, 1, net.dimension))
    W = _weights(net, scale, trials)

    def value(weights: Weights, x: Weights, z: Weights, a: Weights) -> torch.Tensor:
        single = Expansion(net=net, x=x[None], z=z[None], a=a[None])
        return single.value(weights[None])[0, 0]

    gradient = torch.func.vmap(torch.func.grad(value))(W, at.x, at.z, at.a)
    hessian = torch.func.vmap(torch.func.jacrev(torch.func.grad(value)))(W, at.x, at.z, at.a)
    h, root = at.along(W), math.sqrt(net.width)
    rows = (at.a * at.sigma(of_gradient, h) / root).mT * at.x
    blocks = (at.a * at.sigma(of_hessian, h) / root)[:, 0, :, None, None]
    blocks = blocks * (at.x.unsqueeze(-1) * at.x.unsqueeze(-2))
    dense = torch.diag_embed(blocks.permute(0, 2, 3, 1)).permute(0, 3, 1, 4, 2)
    # The argument (w_0 + w)ᵀx is rounded in two orders: errors of its size.
    size = 1.0 + h.abs().amax(dim=(1, 2))[:, None, None]
    roundings = 16.0 * net.dimension**2
    return all_of(
        equal(at.gradient(W)[:, 0], gradient, roundings=roundings, scale=size),
        equal(rows, gradient, roundings=roundings, scale=size),
        equal(at.hessian_blocks(W)[:, 0], blocks, roundings=roundings, scale=size[..., None]),
        equal(dense, hessian, roundings=roundings, scale=size[..., None, None]),
    )


gradient_and_hessian_are_those_of_automatic_differentiation.twin(
    "σ'' for σ' in the gradient", of_gradient=2
)
gradient_and_hessian_are_those_of_automatic_differentiation.twin(
    "σ' for σ'' in the Hessian", of_hessian=1
)


def _moved_to(at: Expansion, z: float) -> Weights:
    """Return the W that moves every neuron's argument at the input to z."""
    return (z - at.z).mT * at.x / (at.x**2).sum(dim=-1, keepdim=True)


@NBL01.part(
    "c",
    kind="inequality",
    says=r"$\|\nabla_Wf(x;W)\|_F^2=\frac{\|x\|^2}m\sum_r\sigma'(\cdot)^2\le M_1^2d$.",
    specimens=[
        {"net": Pairs(dimension=8, pairs=32), "scale": 1.0},
        {"net": Pairs(dimension=8, pairs=32, activation="tanh"), "scale": 1.0},
    ],
)
@given(net=networks(), scale=_SCALES)
def the_gradient_is_at_most_the_root_of_the_dimension(
    net: Pairs, scale: float, trials: Trials, *, share: float = 1.0
) -> Bound:
    at = net.initialise(trials).on(inputs(trials, 1, net.dimension))

    def claim(W: Weights) -> Bound:
        squared = at.gradient(W).square().sum(dim=(2, 3))
        return at_most(squared, share * ATTAINED * net.bound(1) ** 2 * net.dimension)

    return worst_of(
        random=claim(_weights(net, scale, trials)),
        steepest=claim(_moved_to(at, EXTREMES[net.activation][0])),
    )


the_gradient_is_at_most_the_root_of_the_dimension.twin("a bound of 0.9 M_1² d", share=0.9)


@NBL01.part(
    "d",
    kind="inequality",
    says=r"$\|\nabla^2_Wf(x;W)\|_{op}=\frac d{\sqrt m}\max_r|\sigma''(\cdot)|\le M_2\,d/\sqrt m$.",
    along=[
        Along(
            variable="m",
            sizes=(16, 64, 256, 1024),
            instance=lambda m: {"net": Pairs(dimension=4, pairs=m // 2), "scale": 1.0},
            at_most=0.02,
            at_least=-0.02,
            trials=16,
        )
    ],
    specimens=[
        {"net": Pairs(dimension=8, pairs=32), "scale": 1.0},
        {"net": Pairs(dimension=8, pairs=32, activation="tanh"), "scale": 1.0},
        {"net": Pairs(dimension=8, pairs=32, activation="softplus"), "scale": 1.0},
    ],
)
@given(net=networks(), scale=_SCALES)
def the_hessian_is_at_most_d_over_the_root_of_the_width(
    net: Pairs, scale: float, trials: Trials, *, power: float = 0.5
) -> Bound:
    at = net.initialise(trials).on(inputs(trials, 1, net.dimension))

    def claim(W: Weights) -> Bound:
        # The blocks are of rank one: their norm is their trace.
        norms = at.hessian_blocks(W).diagonal(dim1=-2, dim2=-1).sum(dim=-1).abs()
        largest = ATTAINED * net.bound(2) * net.dimension / net.width**power
        return at_most(norms.amax(dim=-1), largest)

    return worst_of(
        random=claim(_weights(net, scale, trials)),
        most_curved=claim(_moved_to(at, EXTREMES[net.activation][1])),
    )


the_hessian_is_at_most_d_over_the_root_of_the_width.twin("d/m", power=1.0)
