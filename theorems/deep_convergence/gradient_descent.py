"""Gradient descent converges linearly and stays near its start (ALS18, Section 12, Theorem 1).

At initialisation the loss is of order n (ALS-25 a, b). By semi-smoothness (ALS-23) a step of size η ≤ O(d/(nL²m)) decreases it by half of
η ‖∇F‖² at least (ALS-25 c), and ‖∇F‖² is at least Ω(δm/(dn²)) F as long as the weights stay in the ball of Theorem 3 (ALS-21). Hence linear
convergence (ALS-26), and they do stay there: the lengths of the steps form a geometric series (ALS-38).

Runs use η = c d/(nLm): the paper's further factor 1/L is not needed at these depths.
"""

from __future__ import annotations

import math

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
    given,
    mean_of,
    statement,
)
from lemmata.strategies import Labels, UnitVectors, labels
from lemmata.theorems.deep_convergence.attacks import spectral_norm
from lemmata.theorems.deep_convergence.descent import Trajectory, as_factors, descend
from lemmata.theorems.deep_convergence.setting import DeepReluNet, SeparatedData, deep_relu_nets, loss, pair_at, separated_data, sphere

_RUNS = ("dense", "matrix-free")
_WORLD = (r"\forall\, n,L,m,d,\delta", r"\forall\, x_i,y_i^*", r"\mathbb P_{A,W^{(0)},B}")
_UNIT = ("random", "zero", "opposed")
"""Targets of length at most 1, as the paper asks."""
_GATE = Requirement(
    r"$m\ge\mathrm{poly}(n,L,\delta^{-1})\,d$, of order $n^{24}L^{12}\delta^{-8}d$: out of reach. Tried where $\frac{\delta m}{nd}\ge10$",
    met=lambda **_: False,
)


def _train(
    net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials, *, c: float, steps: int, start: DeepReluNet | None = None
) -> Trajectory:
    """Run gradient descent with η = c d/(nLm)."""
    network, signals = (start or net).forward(trials, data)
    step = c * net.outputs / (data.count * net.depth * net.width)
    return descend(network, data.inputs(trials), targets.build(trials, signals.y), step=step, steps=steps)


def _at(width: int, data: SeparatedData, *, depth: int = 2, outputs: int = 2) -> Instance:
    return {"net": DeepReluNet(width=width, depth=depth, outputs=outputs), "data": data, "targets": Labels()}


# ALS-25

ALS25 = statement(
    "ALS-25",
    source="ALS18, Section 12 (proof of Theorem 1)",
    provenance="recalled-form; (c) derived",
    uses=["ALS-04", "ALS-21", "ALS-23"],
    title="Loss at initialisation, and descent at each step",
    says=r"$F(W^{(0)})\le O(n\log^2m)$ with probability at least $1-e^{-\Omega(\log^2m)}$, and each step of gradient descent with "
    r"$\eta\le c\frac d{nL^2m}$ decreases $F$ by at least $\frac\eta2\|\nabla F\|_F^2$.",
)


@ALS25.part(
    "a",
    kind="mean",
    says=r"$y_i\mid h_{i,L}\sim N(0,\frac{\|h_{i,L}\|^2}dI_d)$, so that $\mathbb EF(W^{(0)})=\frac12\sum_i(1+\|y_i^*\|^2)$: $n$ for unit targets.",
    quantifiers=(r"\forall\, n,L,m,d", r"\forall\, x_i,y_i^*", r"\mathbb E_{A,W^{(0)},B}"),
    specimens=[_at(64, sphere(4)), {**_at(64, pair_at(0.1), outputs=1), "targets": Labels(family="zero")}],
    layers=("matrix-free", "dense"),
)
@given(net=deep_relu_nets(widths=(64, 128), depths=(1, 4)), data=separated_data(largest=4), targets=labels("random", "zero", "huge"))
def the_initial_loss_is_half_of_one_plus_the_targets_square(
    net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials, start: DeepReluNet | None = None
) -> Mean:
    _, signals = (start or net).forward(trials, data)
    y_star = targets.build(trials, signals.y)
    expected = 0.5 * (1.0 + y_star.square().sum(dim=1)).sum(dim=1)
    return mean_of(loss(signals.y, y_star) / expected, 1.0)


@the_initial_loss_is_half_of_one_plus_the_targets_square.twin("weights of variance 1/m in place of 2/m")
def _(net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials) -> Mean:
    halved = DeepReluNet(width=net.width, depth=net.depth, outputs=net.outputs, variance=1.0)
    return the_initial_loss_is_half_of_one_plus_the_targets_square.check(net, data, targets, trials, start=halved)


@ALS25.part(
    "b",
    kind="probability",
    says=r"$F(W^{(0)})\le O(n\log^2m)$.",
    quantifiers=_WORLD,
    constant=Constant(1.0, measured_on="m = 64…256, n = 4, d = 1…4"),
    specimens=[_at(64, sphere(64)), _at(64, sphere(1), outputs=1)],
    layers=("matrix-free", "dense"),
)
@given(net=deep_relu_nets(widths=(64, 512), depths=(1, 4)), data=separated_data(largest=8), targets=labels(*_UNIT))
def the_initial_loss_is_of_order_n(net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials, of_count: float = 1.0) -> Bound:
    _, signals = net.forward(trials, data)
    return at_most(loss(signals.y, targets.build(trials, signals.y)), data.count**of_count * math.log(net.width) ** 2)


@the_initial_loss_is_of_order_n.twin("the number of examples is forgotten: O(log² m)", specimens=[_at(64, sphere(64))])
def _(net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials) -> Bound:
    return the_initial_loss_is_of_order_n.check(net, data, targets, trials, of_count=0.0)


@ALS25.part(
    "c",
    kind="trajectory",
    says=r"$F(W^{(t+1)})\le F(W^{(t)})-\frac\eta2\|\nabla F(W^{(t)})\|_F^2$ for the first 40 steps with $\eta=0.1\frac d{nLm}$.",
    quantifiers=(*_WORLD, r"\forall\, t<40"),
    constant=Constant(1.0, measured_on="m = 64…256, n = 4, L = 2"),
    requires=_GATE,
    specimens=[_at(64, sphere(4)), _at(128, pair_at(0.2, count=4))],
    layers=_RUNS,
    cost=2,
)
@given(net=deep_relu_nets(widths=(64, 128), depths=(1, 3), outputs=(1, 2)), data=separated_data(largest=4), targets=labels(*_UNIT))
def each_step_descends_by_half_of_its_first_order(
    net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials, c: float = 0.1
) -> Bound:
    run = _train(net, data, targets, trials, c=c, steps=40)
    return at_least(run.descent, 0.5).with_curves(loss=run.F, descent_over_first_order=run.descent)


@each_step_descends_by_half_of_its_first_order.twin("any step size: c = 8")
def _(net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials) -> Bound:
    return each_step_descends_by_half_of_its_first_order.check(net, data, targets, trials, c=8.0)


# ALS-26

ALS26 = statement(
    "ALS-26",
    source="ALS18, Theorem 1",
    provenance="recalled-form",
    uses=["ALS-21", "ALS-25", "ALS-38"],
    title="Gradient descent converges linearly to zero loss",
    says=r"For $m\ge\tilde\Omega(\mathrm{poly}(n,L,\delta^{-1})\,d)$, with probability at least $1-e^{-\Omega(\log^2m)}$ gradient descent with "
    r"$\eta=\Theta(\frac{d\delta}{\mathrm{poly}(n,L)\,m})$ reaches $F\le\epsilon$ in $T=\Theta(\frac{\mathrm{poly}(n,L)}{\delta^2}\log\frac1\epsilon)$ steps.",
)

_STEPS = 200
_separated = {
    # δ ≥ 0.4 with n ≤ 2, d = 1 and m ≥ 64 meet δm/(nd) ≥ 10.
    "net": deep_relu_nets(widths=(64, 128), depths=(1, 3), outputs=(1, 1)),
    "data": separated_data(largest=2, separations=(0.6, 1.0)).filter(lambda data: data.delta >= 0.4),
    "targets": labels(*_UNIT),
}


def _order(net: DeepReluNet, data: SeparatedData, step: float) -> float:
    return step * data.delta * net.width / (net.outputs * data.count**2)


@ALS26.part(
    "a",
    kind="trajectory",
    says=r"$F(W^{(t+1)})\le\big(1-\Omega(\frac{\eta\delta m}{dn^2})\big)F(W^{(t)})$ for every $t<200$, with $\eta=0.5\frac d{nLm}$.",
    quantifiers=(*_WORLD, r"\forall\, t<200"),
    constant=Constant(20.0, measured_on="½ of ALS-25(c) and 0.1 of ALS-21(b); m = 64…256, n = 4, L = 2"),
    requires=_GATE,
    specimens=[_at(128, pair_at(0.8, count=2)), _at(128, pair_at(0.8, count=4))],
    layers=_RUNS,
    cost=4,
)
@given(**_separated)
def the_loss_contracts_at_every_step(
    net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials, actual: SeparatedData | None = None
) -> Bound:
    run = _train(net, data if actual is None else actual, targets, trials, c=0.5, steps=_STEPS)
    claim = at_least(run.contraction, _order(net, data, run.step))
    return claim.with_curves(loss=run.F, contraction=run.contraction).reporting(total_decrease=run.F[:, -1] / run.F[:, 0])


@the_loss_contracts_at_every_step.twin("no separation: x₁ = x₂ with different targets", specimens=[_at(128, pair_at(0.8))])
def _(net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials) -> Bound:
    one = UnitVectors(family="pair", count=data.count, dimension=10, separation=0.0)
    return the_loss_contracts_at_every_step.check(net, data, targets, trials, actual=SeparatedData(vectors=one))


def _wider(width: int) -> Instance:
    return _at(width, pair_at(0.8))


@ALS26.part(
    "b",
    kind="scaling",
    says=r"With $\eta\propto1/m$ the number of steps does not depend on $m$: $\frac1T\log\frac{F_0}{F_T}\ge\Omega(\frac{\eta\delta m}{dn^2})$, over $T=50$ steps.",
    quantifiers=_WORLD,
    constant=Constant(20.0, measured_on="½ of ALS-25(c) and 0.1 of ALS-21(b); m = 64…256, n = 4, L = 2"),
    along=Along(variable="m", sizes=(64, 128, 256), instance=_wider, at_most=0.1, claimed=0.0, trials=64),
    requires=_GATE,
    specimens=[_wider(64)],
    layers=_RUNS,
    cost=4,
)
@given(**_separated)
def the_rate_does_not_depend_on_width(net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials, slower: float = 1.0) -> Bound:
    run = _train(net, data, targets, trials, c=0.5 * slower, steps=50)
    rate = (run.F[:, 0] / run.F[:, -1]).log() / run.moving.sum(dim=1)
    return at_least(rate, _order(net, data, run.step / slower)).with_curves(loss=run.F)


@the_rate_does_not_depend_on_width.twin("a step of order 1/m² for the same number of steps", specimens=[])
def _(net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials) -> Bound:
    return the_rate_does_not_depend_on_width.check(net, data, targets, trials, slower=64.0 / net.width)
