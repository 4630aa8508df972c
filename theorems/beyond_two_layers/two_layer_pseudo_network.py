r"""The pseudo network of two layers (ALL18, Appendix B, before its lemmas).

With the signs of the initialisation the network is affine in W: g(x; W⁽⁰⁾ + W') = f(x; W⁽⁰⁾) +
g⁽ᵇ⁾(x; W'), and its loss convex. It differs from the real one on flipped neurons only, each of
which has an old preactivation of at most |⟨w'_i, x⟩|. Rows move by at most ηt‖a_i‖ in t steps of
any samples.
"""

from __future__ import annotations

from functools import partial

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Bound,
    Trials,
    all_of,
    at_most,
    equal,
    given,
    statement,
)
from lemmata.harness.adversary import attack
from lemmata.strategies import log_uniform
from lemmata.theorems.beyond_two_layers.setting.inputs import inputs
from lemmata.theorems.beyond_two_layers.setting.losses import root_loss, root_loss_gradient
from lemmata.theorems.beyond_two_layers.setting.training import descend
from lemmata.theorems.beyond_two_layers.setting.two_layers import (
    TwoLayer,
    TwoLayerNetwork,
    Weights,
    two_layers,
)

ALLP1 = statement(
    "ALL-P1",
    paper="ALL18",
    source="Appendix B, definitions",
    provenance="derived",
    title="Identities of the two-layer pseudo network",
    says=r"$\nabla_WL=((A^\top\nabla_fL)\odot1[Wx+b\ge0])x^\top$; $f=g$ and $\nabla f=\nabla g$ at "
    r"$W^{(0)}$; $g(x;W^{(0)}+W')=f(x;W^{(0)})+g^{(b)}(x;W')$; $|f_r-g_r|\le\sum_{i\text{ flipped}}"
    r"|a_{r,i}||\langle w_i',x\rangle|$; $L_G$ is convex.",
    kind="identity",
    quantifiers=(r"\forall\, W^{(0)},b,A", r"\forall\, W'", r"\forall\, x,y"),
)
_POINT = {"net": two_layers(largest=64), "size": log_uniform(0.01, 10.0)}
_POINTS = [{"net": TwoLayer(width=32, outputs=2), "size": 0.3}]


def _draw(
    net: TwoLayer, size: float, trials: Trials, count: int = 4
) -> tuple[TwoLayerNetwork, Weights, Float[Tensor, "t n d"], Float[Tensor, "t n k"]]:
    """Return a network, W', inputs and labels."""
    network = net.initialise(trials)
    step = size * trials.sphere("step", net.width, net.dimension)
    return (
        network,
        step,
        inputs(trials, "x", count, net.dimension),
        trials.normal("y", count, net.outputs),
    )


@ALLP1.part(
    "a",
    says=r"$\nabla_WL(f(x;W),y)=((A^\top\nabla_fL)\odot1[Wx+b\ge0])x^\top$, against automatic "
    r"differentiation.",
    specimens=_POINTS,
)
@given(**_POINT)
def the_gradient_is_a_masked_outer_product(
    net: TwoLayer, size: float, trials: Trials, *, masked: bool = True
) -> Bound:
    network, step, x, y = _draw(net, size, trials)
    with torch.enable_grad():
        W = (network.W + step).requires_grad_()
        loss = root_loss(network.outputs(W, x), y).sum()
        (found,) = torch.autograd.grad(loss, W)
    W = W.detach()
    signs = network.signs(W if masked else W * 0.0, x)
    slope = root_loss_gradient(network.outputs(W, x), y)
    closed = network.gradient(signs, x, slope).sum(dim=1)
    return equal(
        found,
        closed,
        roundings=64.0 * net.width,
        scale=1.0 + network.A.abs().amax(dim=(1, 2)).view(-1, 1, 1),
    )


the_gradient_is_a_masked_outer_product.twin("the signs of b alone", masked=False)


@ALLP1.part(
    "b",
    says=r"$f=g$ and $\nabla f=\nabla g$ at $W^{(0)}$, and "
    r"$g(x;W^{(0)}+W')=f(x;W^{(0)})+g^{(b)}(x;W')$.",
    specimens=_POINTS,
)
@given(**_POINT)
def the_pseudo_network_is_affine(
    net: TwoLayer, size: float, trials: Trials, *, with_bias: bool = False
) -> Bound:
    network, step, x, _ = _draw(net, size, trials)
    start, moved = network.outputs(network.W, x), network.pseudo(network.W + step, x)
    linear = (network.pseudo if with_bias else network.pseudo_without_bias)(step, x)
    with torch.enable_grad():
        W = (network.W + 0.0).requires_grad_()
        (real,) = torch.autograd.grad(network.outputs(W, x).sum(), W)
        (frozen,) = torch.autograd.grad(network.pseudo(W, x).sum(), W)
    same = partial(
        equal,
        roundings=64.0 * net.width,
        scale=(1.0 + size) * (1.0 + network.A.abs().amax(dim=(1, 2)).view(-1, 1, 1)),
    )
    return all_of(
        start=same(start, network.pseudo(network.W, x)),
        gradient=same(real, frozen),
        affine=same(moved, start + linear),
    )


the_pseudo_network_is_affine.twin("with the biases twice", with_bias=True)


@ALLP1.part(
    "c",
    kind="inequality",
    says=r"$|f_r-g_r|(x;W^{(0)}+W')\le\sum_{i\text{ flipped}}|a_{r,i}|\,|\langle w_i',x\rangle|$, "
    r"for every $W'$, however large.",
    specimens=[{"net": TwoLayer(width=32), "size": 1.0}],
)
@given(**_POINT)
def networks_differ_on_flipped_neurons_only(
    net: TwoLayer, size: float, trials: Trials, *, old: bool = False
) -> Bound:
    network, step, x, _ = _draw(net, size, trials)
    start = network.preactivations(network.W, x)

    def claim(move: Weights) -> Bound:
        W = network.W + move
        flipped = network.signs(W, x) != (start >= 0)
        moved = start.abs() if old else (x @ move.mT).abs()
        bound = (flipped * moved) @ network.A.abs().mT
        rounding = 1e-12 * (1.0 + size) * network.A.abs().sum(dim=2).unsqueeze(1)
        return at_most((network.outputs(W, x) - network.pseudo(W, x)).abs(), bound + rounding)

    return attack(claim, starts={"random": step}, steps=10)


networks_differ_on_flipped_neurons_only.twin("old preactivations in place of moves", old=True)


@ALLP1.part(
    "d",
    kind="inequality",
    says=r"$W\mapsto L_G(W)$ is convex: midpoints lie below chords.",
    specimens=[{"net": TwoLayer(width=32), "size": 0.3}],
)
@given(**_POINT)
def the_pseudo_loss_is_convex(
    net: TwoLayer, size: float, trials: Trials, *, real: bool = False
) -> Bound:
    network, step, x, y = _draw(net, size, trials)
    other = size * trials.sphere("other", net.width, net.dimension)
    model = network.outputs if real else network.pseudo

    def loss(move: Weights) -> Tensor:
        return root_loss(model(network.W + move, x), y).mean(dim=1)

    chord = 0.5 * (loss(step) + loss(other))
    return at_most(loss(0.5 * (step + other)), chord * (1.0 + 1e-12))


the_pseudo_loss_is_convex.twin(
    "the real network's loss",
    specimens=[{"net": TwoLayer(width=4, dimension=2), "size": 3.0}],
    real=True,
)

ALLP2 = statement(
    "ALL-P2",
    paper="ALL18",
    source="(B.5)",
    provenance="derived",
    note="the page has √k ε_a B η t, w.h.p.; here ‖a_i‖ itself, always",
    uses=["ALL-P1"],
    title="How far gradient descent moves",
    says=r"For any samples and a 1-Lipschitz loss: $\|w_{i,t}\|\le\eta t\,\|a_{\cdot,i}\|$.",
    kind="trajectory",
    quantifiers=(r"\forall\, W^{(0)},b,A", r"\forall\, z_0,z_1,\dots", r"\forall\, t,i"),
    specimens=[
        {"net": TwoLayer(width=32), "rate": 0.01, "repeated": True},
        {"net": TwoLayer(width=16, outputs=2), "rate": 1.0, "repeated": False},
    ],
)


@ALLP2
@given(net=two_layers(largest=64), rate=log_uniform(0.001, 1.0), repeated=st.booleans())
def rows_move_in_proportion_to_time(
    net: TwoLayer, rate: float, repeated: bool, trials: Trials, *, power: float = 1.0
) -> Bound:
    network, steps = net.initialise(trials), 30
    x = inputs(trials, "x", 1 if repeated else steps, net.dimension).expand(-1, steps, -1)
    y = 300.0 * trials.normal("y", 1 if repeated else steps, net.outputs).sign()
    found = []

    def watch(t: int, moved: Weights) -> None:
        if t:
            found.append(moved.norm(dim=-1) / (rate * t**power))

    descend(network, x, y.expand(-1, steps, -1), rate, watch=watch)
    rows = network.A.norm(dim=1).unsqueeze(1)
    return at_most(torch.stack(found, dim=1), rows * (1.0 + 1e-12))


rows_move_in_proportion_to_time.twin("in proportion to √t", power=0.5)
