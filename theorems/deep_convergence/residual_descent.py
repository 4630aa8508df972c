"""Theorem 8, continued: gradient bounds and convergence of residual networks (ALS18, Theorem 8).

Backward products are of order 1 like forward ones (ALS-35 b), so that the gradient of the last
layer, an ordinary one, is of order m/d as in a plain network, and that of each other layer τ² times
that. The lower bound through the last layer is the plain network's (ALS-20), with h_{L-1} in the
place of its hidden vectors. With forward stability (ALS-40) both survive in a ball, and convergence
follows as in Theorems 1 and 2. Runs use η = 0.5 d/(nm): without 1/L, as only the last layer has the
full gradient.
"""

from __future__ import annotations

import torch

from lemmata.harness import Bound, Constant, Instance, Requirement, Trials, at_least, at_most, given
from lemmata.strategies import Labels, UnitVectors, labels
from lemmata.theorems.deep_convergence.residual import ALS35
from lemmata.theorems.deep_convergence.setting.network import SeparatedData, pair_at, separated_data
from lemmata.theorems.deep_convergence.setting.residual_network import ResidualNet, residual_nets
from lemmata.theorems.deep_convergence.setting.training import Training, batches, optimise

_RUNS = ("dense", "matrix-free")
_WORLD = (r"\forall\, n,L,m,d,\delta", r"\forall\, x_i,y_i^*", r"\mathbb P_{A,W^{(0)},B}")


def _at(width: int, depth: int, data: SeparatedData, *, outputs: int = 2) -> Instance:
    return {
        "net": ResidualNet(width=width, depth=depth, outputs=outputs),
        "data": data,
        "targets": Labels(),
    }


_GATE = Requirement(
    paper=r"$\tau\le\frac1{\Omega(L\log m)}$ and $m\ge\mathrm{poly}(n,L,\delta^{-1})\,d$, its "
    r"powers unknown; tried where $\frac{\delta m}{nd}\ge10$",
)
_separated = {
    # δ ≥ 0.4, n = 2, d = 1 and m ≥ 64 meet δm/(nd) ≥ 10; a separation takes two examples.
    "net": residual_nets(widths=(64, 64), depths=(2, 8), outputs=(1, 1), scalings=("1/(L log m)",)),
    "data": separated_data(smallest=2, largest=2, separations=(0.6, 1.0)).filter(
        lambda data: data.delta >= 0.4
    ),
    "targets": labels("random", "zero", "opposed"),
}
_specimens = [_at(64, 4, pair_at(0.8)), _at(64, 8, pair_at(0.8, count=4), outputs=1)]


def _run(
    net: ResidualNet,
    data: SeparatedData,
    targets: Labels,
    trials: Trials,
    *,
    steps: int = 100,
    batch: int | None = None,
) -> Training:
    network, x = net.initialise(trials, data), data.inputs(trials)
    y_star = targets.build(trials, network.forward(x).y)
    step = (
        0.5
        * (1.0 if batch is None else batch / data.count)
        * net.outputs
        / (data.count * net.width)
    )
    weights = (
        None if batch is None else batches(trials, steps=steps, examples=data.count, size=batch)
    )
    return optimise(network, x, y_star, step=step, steps=steps, weights=weights)


def _order(net: ResidualNet, data: SeparatedData) -> float:
    return data.delta * net.width / (net.outputs * data.count**2)


def _one_point(data: SeparatedData) -> SeparatedData:
    """Return data in which all examples have one input."""
    return SeparatedData(
        vectors=UnitVectors(family="cluster", count=data.count, dimension=10, separation=0.0)
    )


@ALS35.part(
    "e",
    kind="trajectory",
    says=r"$\|\nabla_{W_L}F\|_F^2\le O(\frac{nm}d)F$ and $\|\nabla_{W_\ell}F\|_F^2\le "
    r"O(\tau^2\frac{nm}d)F$ for $\ell<L$, at each of 100 steps.",
    quantifiers=(*_WORLD, r"\forall\, t<100", r"\forall\, \ell\in[L]"),
    constant=Constant(5.0, measured_on="m = 64, L = 4…16, n = 2…4, d = 1…2"),
    requires=_GATE,
    specimens=_specimens,
    layers=_RUNS,
)
@given(**_separated)
def residual_gradients_are_of_order_tau(
    net: ResidualNet,
    data: SeparatedData,
    targets: Labels,
    trials: Trials,
    *,
    last_scaled: bool = False,
) -> Bound:
    run = _run(net, data, targets, trials)
    scale = trials.tensor([net.tau**2] * (net.depth - 1) + [net.tau**2 if last_scaled else 1.0])
    order = data.count * net.width / net.outputs * run.F[:, :-1].unsqueeze(2) * scale
    return at_most(run.trajectory.squares, order).with_curves(loss=run.F)


residual_gradients_are_of_order_tau.twin(
    "the last layer's is of order τ² as well", last_scaled=True
)


@ALS35.part(
    "f",
    kind="trajectory",
    says=r"$\|\nabla_{W_L}F\|_F^2\ge\Omega(\frac{\delta m}{dn^2})F$ at each of 100 steps.",
    quantifiers=(*_WORLD, r"\forall\, t<100"),
    constant=Constant(10.0, measured_on="m = 64, L = 4…16, n = 2…4, d = 1…2"),
    requires=_GATE,
    specimens=_specimens,
    layers=_RUNS,
)
@given(**_separated)
def the_last_layer_keeps_a_gradient(
    net: ResidualNet,
    data: SeparatedData,
    targets: Labels,
    trials: Trials,
    *,
    actual: SeparatedData | None = None,
) -> Bound:
    run = _run(net, data if actual is None else actual, targets, trials)
    bound = run.trajectory.where_moving(_order(net, data) * run.F[:, :-1], 0.0)
    return at_least(run.trajectory.squares[..., -1], bound).with_curves(loss=run.F)


@the_last_layer_keeps_a_gradient.twin("no separation: all inputs equal, with different targets")
def _(net: ResidualNet, data: SeparatedData, targets: Labels, trials: Trials) -> Bound:
    return the_last_layer_keeps_a_gradient.check(
        net, data, targets, trials, actual=_one_point(data)
    )


@ALS35.part(
    "g",
    kind="trajectory",
    says=r"Gradient descent with $\eta=0.5\frac d{nm}$: $F_{t+1}\le\big(1-\Omega(\frac{\eta\delta "
    r"m}{dn^2})\big)F_t$ at each of 100 steps.",
    quantifiers=(*_WORLD, r"\forall\, t<100"),
    constant=Constant(20.0, measured_on="½ of ALS-25(c) and 0.1 of (f); m = 64, L = 4…16, n = 2…4"),
    requires=_GATE,
    specimens=_specimens,
    layers=_RUNS,
)
@given(**_separated)
def residual_networks_contract_at_every_step(
    net: ResidualNet,
    data: SeparatedData,
    targets: Labels,
    trials: Trials,
    *,
    actual: SeparatedData | None = None,
) -> Bound:
    run = _run(net, data if actual is None else actual, targets, trials)
    claim = at_least(run.trajectory.contraction, run.trajectory.step * _order(net, data))
    return claim.with_curves(loss=run.F).reporting(total_decrease=run.F[:, -1] / run.F[:, 0])


@residual_networks_contract_at_every_step.twin("τ = 1", specimens=[_at(64, 16, pair_at(0.8))])
def _(net: ResidualNet, data: SeparatedData, targets: Labels, trials: Trials) -> Bound:
    run = _run(
        ResidualNet(width=net.width, depth=net.depth, outputs=net.outputs, scaling="1"),
        data,
        targets,
        trials,
        steps=1,
    )
    return at_least(
        run.trajectory.contraction, run.trajectory.step * _order(net, data)
    ).with_curves(loss=run.F)


@residual_networks_contract_at_every_step.twin(
    "no separation: all inputs equal, with different targets", specimens=_specimens[1:]
)
def _(net: ResidualNet, data: SeparatedData, targets: Labels, trials: Trials) -> Bound:
    return residual_networks_contract_at_every_step.check(
        net, data, targets, trials, actual=_one_point(data)
    )


@ALS35.part(
    "h",
    kind="trajectory",
    says=r"Stochastic gradient descent with $b=1$, $\eta=0.5\frac{bd}{n^2m}$: "
    r"$\frac1{100}\log\frac{F_{100}}{F_{200}}\ge\Omega(\frac{\eta\delta "
    r"m}{dn^2})$ over the second half of 200 steps.",
    quantifiers=(*_WORLD[:2], r"\mathbb P_{A,W^{(0)},B,S_0,S_1,\dots}"),
    constant=Constant(20.0, measured_on="½ of ALS-25(c) and 0.1 of (f); m = 64, L = 4…16, n = 2…4"),
    requires=_GATE,
    specimens=_specimens[:1],
    layers=_RUNS,
)
@given(**_separated)
def residual_networks_learn_by_stochastic_steps(
    net: ResidualNet,
    data: SeparatedData,
    targets: Labels,
    trials: Trials,
    *,
    actual: SeparatedData | None = None,
) -> Bound:
    run = _run(net, data if actual is None else actual, targets, trials, steps=200, batch=1)
    rate = run.trajectory.decline(since=100)
    order = run.trajectory.step * _order(net, data)
    return at_least(torch.where(run.trajectory.moving[:, 101], rate, order), order).with_curves(
        loss=run.F
    )


@residual_networks_learn_by_stochastic_steps.twin(
    "no separation: all inputs equal, with different targets"
)
def _(net: ResidualNet, data: SeparatedData, targets: Labels, trials: Trials) -> Bound:
    return residual_networks_learn_by_stochastic_steps.check(
        net, data, targets, trials, actual=_one_point(data)
    )
