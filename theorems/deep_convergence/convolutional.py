"""Theorem 7: convolutional networks (ALS18, Theorem 7).

A pixel's pre-activation is a Gaussian layer applied to its patch, whose squared norm is q times a
pixel's: with variance 2/(qm) the masked Gaussian law (ALS-02) gives each pixel the norms of a plain
network (ALS-04). The gradient is a sum over pixels of a plain network's, so that its bounds hold up
to powers of the number P of pixels, and gradient descent converges as in Theorems 1 and 2. Runs use
η = 0.5 d/(nLmP).
"""

from __future__ import annotations

import math
from dataclasses import replace

import torch
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
from lemmata.harness.layers import DenseEntries, Layer
from lemmata.strategies import Labels, UnitVectors, labels
from lemmata.theorems.deep_convergence.setting.convolutional_network import (
    ConvolutionalNet,
    ConvolutionalNetwork,
    Images,
    convolutional_nets,
    images,
    noise,
)
from lemmata.theorems.deep_convergence.setting.network import loss
from lemmata.theorems.deep_convergence.setting.training import Training, batches, optimise

_RUNS = ("dense", "matrix-free")
_WORLD = (r"\forall\, n,L,m,d,P,q", r"\forall\, x_{i,p},y_i^*", r"\mathbb P_{A,W^{(0)},B}")

ALS34 = statement(
    "ALS-34",
    paper="ALS18",
    source="Theorem 7",
    provenance="unseen",
    note="no quotation was found, and the number is not confirmed; the abstract says that "
    "convolutional networks are covered; sizes and normalisation are derived",
    uses=["ALS-04", "ALS-18", "ALS-20", "ALS-26", "ALS-27"],
    title="Convolutional networks",
    says=r"Let $h_{0,p}=\phi(Ax_p)$, $h_{\ell,p}=\phi(W_\ell[h_{\ell-1,r}]_{r\in Q_p})$ and "
    r"$y=\sum_pB_ph_{L,p}$ with $P$ pixels, $m$ channels and patches of size $q$, $W_\ell$ of "
    r"variance $\frac2{qm}$, $\|x_p\|=1$. For "
    r"$m\ge\tilde\Omega(\mathrm{poly}(n,L,\delta^{-1},P)\,d)$, gradient descent and stochastic "
    r"gradient descent converge as in Theorems 1 and 2.",
    layers=_RUNS,
)


def _plain(width: int, depth: int, count: int = 3, pixels: int = 8) -> Instance:
    return {
        "net": ConvolutionalNet(width=width, depth=depth, outputs=2),
        "data": noise(count, pixels),
    }


def _at(
    width: int, depth: int = 2, *, count: int = 3, pixels: int = 6, outputs: int = 2
) -> Instance:
    return {
        "net": ConvolutionalNet(width=width, depth=depth, outputs=outputs),
        "data": noise(count, pixels),
        "targets": Labels(),
    }


@ALS34.part(
    "a",
    kind="probability",
    says=r"$\|h_{i,\ell,p}\|\in[e^{-4\sigma},e^{4\sigma}]$ with $\sigma=\frac12\sqrt{5(L+1)/m}$, "
    r"for all images, layers and pixels.",
    quantifiers=(*_WORLD, r"\forall\, i,\ell,p"),
    constant=Constant(
        1.0, measured_on="m = 32…128, L = 2…8, P = 8, n = 3; the band stands in the bound"
    ),
    specimens=[_plain(32, 2), _plain(64, 4)],
)
@given(net=convolutional_nets(widths=(32, 64)), data=images())
def pixels_keep_their_norms(
    net: ConvolutionalNet, data: Images, trials: Trials, *, variance: float = 2.0
) -> Bound:
    signals = (
        replace(net, variance=variance).initialise(trials, data).forward(data.data.inputs(trials))
    )
    norms = torch.stack([h.norm(dim=1) for h in signals.h], dim=1)
    width = 2.0 * math.sqrt(5.0 * (net.depth + 1) / net.width)
    return all_of(at_most(norms, math.exp(width)), at_least(norms, math.exp(-width)))


@pixels_keep_their_norms.twin(
    "variance 2/m: the patch size is forgotten", specimens=[_plain(64, 4)]
)
def _(net: ConvolutionalNet, data: Images, trials: Trials) -> Bound:
    return pixels_keep_their_norms.check(net, data, trials, variance=2.0 * net.patch)


@ALS34.part(
    "b",
    kind="mean",
    says=r"$\mathbb E\|h_{i,\ell,p}\|^2=1$ for each layer.",
    quantifiers=(*_WORLD[:2], r"\mathbb E_{A,W^{(0)}}", r"\forall\, \ell"),
    specimens=[_plain(32, 2)],
)
@given(net=convolutional_nets(widths=(16, 32), depths=(1, 3)), data=images(most=2))
def pixels_have_unit_mean_square(
    net: ConvolutionalNet, data: Images, trials: Trials, *, variance: float = 2.0
) -> Mean:
    signals = (
        replace(net, variance=variance).initialise(trials, data).forward(data.data.inputs(trials))
    )
    return mean_of(torch.stack([h.square().sum(dim=1).mean(dim=1) for h in signals.h], dim=1), 1.0)


@pixels_have_unit_mean_square.twin("variance 2/m: the patch size is forgotten")
def _(net: ConvolutionalNet, data: Images, trials: Trials) -> Mean:
    return pixels_have_unit_mean_square.check(net, data, trials, variance=2.0 * net.patch)


@ALS34.part(
    "c",
    kind="identity",
    says=r"$\nabla_{W_\ell}F=\sum_{i,p}D_{i,\ell,p}\,b_{i,\ell,p}\,[h_{i,\ell-1,r}]_{r\in "
    r"Q_p}^\top$, where $b_{i,L,p}=B_p^\top\mathrm{loss}_i$ and $b_{i,\ell-1}$ gathers "
    r"$W_\ell^\top D_{i,\ell,p}b_{i,\ell,p}$ over the patches. Held against automatic "
    r"differentiation.",
    quantifiers=(
        r"\forall\, n,L,m,d,P,q",
        r"\forall\, x_{i,p},y_i^*",
        r"\forall\, A,W,B",
        r"\forall\, \ell\in[L]",
    ),
    specimens=[_at(16), _at(8, 4)],
    layers=("dense",),
)
@given(net=convolutional_nets(widths=(4, 16)), data=images(most=2), targets=labels())
def the_convolutional_gradient_is_a_sum_over_pixels(
    net: ConvolutionalNet, data: Images, targets: Labels, trials: Trials, *, shift: int = 0
) -> Bound:
    network, x = net.initialise(trials, data), data.data.inputs(trials)
    signals = network.forward(x)
    y_star = targets.build(trials, signals.y)
    matrices = [layer.materialise().detach().clone().requires_grad_() for layer in network.layers.W]
    leaves = network.layers.with_layers(
        [Layer(entries=DenseEntries(trials, matrix)) for matrix in matrices]
    )
    F = loss(replace(network, layers=leaves).forward(x).y, y_star)
    expected = torch.autograd.grad(F.sum(), matrices)
    formula = [one.dense() for one in network.gradient(signals, signals.y - y_star)]
    formula[0] = formula[0].roll(shift * net.width, dims=2)
    scale = (
        torch.stack([gradient.norm(dim=(1, 2)) for gradient in expected])
        .amax(dim=0)
        .reshape(-1, 1, 1)
    )
    roundings = (
        4.0
        * (net.depth + 2)
        * (net.patch * net.width + data.data.dimension + net.outputs)
        * data.pixels
    )
    return all_of(
        *(
            equal(a, b, roundings=roundings, scale=scale.expand_as(a))
            for a, b in zip(formula, expected, strict=True)
        )
    )


the_convolutional_gradient_is_a_sum_over_pixels.twin(
    "patches in another order: shifted by one pixel", shift=1
)


_GATE = Requirement(
    paper=r"$m\ge\mathrm{poly}(n,L,\delta^{-1},P)\,d$, its powers unknown; tried where "
    r"$\frac{\delta m}{nd}\ge5$",
)
_separated = {
    "net": convolutional_nets(widths=(32, 64), depths=(1, 2), outputs=(1, 2)),
    "data": images(most=2, pixels=(4, 6), dimensions=(16, 32)).filter(
        lambda data: data.count == 2 and data.delta >= 0.4
    ),
    "targets": labels("random", "zero", "opposed"),
}


def _deeper(depth: int) -> Instance:
    # Norms fluctuate by √(L/m), which would read as growth in the upper quantiles if the width
    # stayed.
    return _at(32 * depth, depth, count=2, outputs=4)


def _energies(
    network: ConvolutionalNetwork, data: Images, targets: Labels, trials: Trials
) -> tuple[Tensor, Tensor]:
    """Return ‖∇_{W_l}F‖² of each layer, and F."""
    signals = network.forward(data.data.inputs(trials))
    y_star = targets.build(trials, signals.y)
    squares = [one.square() for one in network.gradient(signals, signals.y - y_star)]
    return torch.stack(squares, dim=1), loss(signals.y, y_star)


@ALS34.part(
    "d",
    kind="scaling",
    says=r"$\|\nabla_{W_\ell}F\|_F^2\le O(\frac{Pnm}d)\sum_i\|v_i\|^2$ for each $\ell$, with "
    r"$v_i=y_i-y_i^*$.",
    quantifiers=(*_WORLD, r"\forall\, \ell\in[L]"),
    constant=Constant(5.0, measured_on="m = 64…128, L = 2…8, P = 6…8, n = 3"),
    along=Along(variable="L", sizes=(1, 2, 4), instance=_deeper, at_most=0.2, trials=160),
    requires=Requirement(
        paper=r"$m\ge\Omega(L\log m)$; tried where $m\ge16L$, exponents at $m=32L$"
    ),
    specimens=[_at(64, 2), _at(64, 4)],
)
@given(**_separated)
def convolutional_gradients_are_of_order_width_times_pixels(
    net: ConvolutionalNet, data: Images, targets: Labels, trials: Trials, *, of_width: float = 1.0
) -> Bound:
    squares, F = _energies(net.initialise(trials, data), data, targets, trials)
    order = data.pixels * data.count * float(net.width) ** of_width / net.outputs
    # Σ‖v_i‖² = 2F.
    return at_most(squares, order * 2.0 * F.unsqueeze(1)).scaling_as(
        squares.mean(dim=1) / (order * F)
    )


convolutional_gradients_are_of_order_width_times_pixels.twin(
    "the width is forgotten: O(Pn/d) Σ‖v_i‖²", of_width=0.0
)


@ALS34.part(
    "e",
    kind="probability",
    says=r"The layers' energies $\|\nabla_{W_\ell}F\|_F^2$ are comparable: the largest is at most "
    r"4 times the smallest.",
    quantifiers=_WORLD,
    constant=Constant(
        1.0, measured_on="m = 64…128, L = 2…8, P = 6…8, n = 3; the factor 4 stands in the bound"
    ),
    specimens=[_at(64, 2), _at(64, 4)],
)
@given(**_separated)
def convolutional_gradients_are_comparable_across_layers(
    net: ConvolutionalNet, data: Images, targets: Labels, trials: Trials, *, last: float = 1.0
) -> Bound:
    network = net.initialise(trials, data)
    W = (*network.layers.W[:-1], network.layers.W[-1].scale(last))
    squares, _ = _energies(
        replace(network, layers=network.layers.with_layers(W)), data, targets, trials
    )
    return at_most(squares.amax(dim=1) / squares.amin(dim=1), 4.0)


convolutional_gradients_are_comparable_across_layers.twin(
    "the last layer is four times too large", last=4.0
)


def _run(
    net: ConvolutionalNet,
    data: Images,
    targets: Labels,
    trials: Trials,
    *,
    steps: int,
    batch: int | None = None,
) -> Training:
    network, x = net.initialise(trials, data), data.data.inputs(trials)
    y_star = targets.build(trials, network.forward(x).y)
    step = (
        0.5
        * (1.0 if batch is None else batch / data.count)
        * net.outputs
        / (data.count * net.depth * net.width * data.pixels)
    )
    weights = (
        None if batch is None else batches(trials, steps=steps, examples=data.count, size=batch)
    )
    return optimise(network, x, y_star, step=step, steps=steps, weights=weights)


def _order(net: ConvolutionalNet, data: Images, run: Training) -> float:
    return run.trajectory.step * data.delta * net.width / (net.outputs * data.count**2)


def _one_image(data: Images) -> Images:
    """Return as many images, all equal."""
    return Images(
        pixels=data.pixels,
        vectors=UnitVectors(
            family="cluster", count=data.vectors.count, dimension=64, separation=0.0
        ),
    )


@ALS34.part(
    "f",
    kind="trajectory",
    says=r"Gradient descent with $\eta=0.5\frac d{nLmP}$: "
    r"$F_{t+1}\le\big(1-\Omega(\frac{\eta\delta m}{dn^2})\big)F_t$ at each of 60 steps.",
    quantifiers=(*_WORLD, r"\forall\, t<60"),
    constant=Constant(
        1.0, measured_on="m = 32…64, L = 2, P = 6, n = 3: 0.010; L = 1, P = 4, n = 8: 0.19"
    ),
    requires=_GATE,
    specimens=[_at(64), _at(32, outputs=1)],
)
@given(**_separated)
def convolutional_networks_contract_at_every_step(
    net: ConvolutionalNet,
    data: Images,
    targets: Labels,
    trials: Trials,
    *,
    actual: Images | None = None,
) -> Bound:
    run = _run(net, data if actual is None else actual, targets, trials, steps=60)
    return at_least(run.trajectory.contraction, _order(net, data, run)).with_curves(loss=run.F)


@convolutional_networks_contract_at_every_step.twin(
    "no separation: all images equal, with different targets"
)
def _(net: ConvolutionalNet, data: Images, targets: Labels, trials: Trials) -> Bound:
    return convolutional_networks_contract_at_every_step.check(
        net, data, targets, trials, actual=_one_image(data)
    )


@ALS34.part(
    "g",
    kind="trajectory",
    says=r"Stochastic gradient descent with $b=1$, $\eta=0.5\frac{bd}{n^2LmP}$: $\log F$ falls by "
    r"$\Omega(\frac{\eta\delta m}{dn^2})$ a step on average over the second half of 100 steps.",
    quantifiers=(*_WORLD[:2], r"\mathbb P_{A,W^{(0)},B,S_0,S_1,\dots}"),
    constant=Constant(
        1.0, measured_on="m = 32…64, L = 2, P = 6, n = 3: 0.015; L = 1, P = 4, n = 8: 0.21"
    ),
    requires=_GATE,
    specimens=[_at(32, outputs=1)],
)
@given(**_separated)
def convolutional_networks_learn_by_stochastic_steps(
    net: ConvolutionalNet,
    data: Images,
    targets: Labels,
    trials: Trials,
    *,
    actual: Images | None = None,
) -> Bound:
    run = _run(net, data if actual is None else actual, targets, trials, steps=100, batch=1)
    rate = run.trajectory.decline(since=50)
    order = _order(net, data, run)
    return at_least(torch.where(run.trajectory.moving[:, 51], rate, order), order).with_curves(
        loss=run.F
    )


@convolutional_networks_learn_by_stochastic_steps.twin(
    "no separation: all images equal, with different targets"
)
def _(net: ConvolutionalNet, data: Images, targets: Labels, trials: Trials) -> Bound:
    return convolutional_networks_learn_by_stochastic_steps.check(
        net, data, targets, trials, actual=_one_image(data)
    )
