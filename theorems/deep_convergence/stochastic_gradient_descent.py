"""Theorem 2: stochastic gradient descent converges (ALS18, Theorem 2).

A step goes along g_S = (n/b) Σ_{i∈S} ∇F_i for a batch S of b examples. Its mean is ∇F, and its
square exceeds ‖∇F‖² by a variance that is a multiple of F (ALS-39), so that semi-smoothness
(ALS-23) gives E F_{t+1} ≤ (1 - Ω(ηδm/(dn²))) F_t for a step b times smaller than that of gradient
descent. F may rise in a step, but by a bounded factor: log F is a walk with negative drift, and
Azuma's inequality keeps it near its mean. Hence linear convergence with high probability.

Runs use η = 0.5 (b/n) d/(nLm). The theorem's width is far out of reach: what is seen here are its
conclusions at small width.
"""

from __future__ import annotations

import math
from itertools import combinations

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
    at_least,
    at_most,
    equal,
    given,
    statement,
)
from lemmata.harness.adversary import LowRank
from lemmata.strategies import Labels, labels
from lemmata.theorems.deep_convergence.setting.attacks import spectral_norm
from lemmata.theorems.deep_convergence.setting.network import (
    DeepReluNet,
    Gradient,
    Network,
    SeparatedData,
    Signals,
    deep_relu_nets,
    pair_at,
    separated_data,
    sphere,
)
from lemmata.theorems.deep_convergence.setting.training import Training, batches, optimise

_RUNS = ("dense", "matrix-free")
_WORLD = (
    r"\forall\, n,b,L,m,d,\delta",
    r"\forall\, x_i,y_i^*",
    r"\mathbb P_{A,W^{(0)},B,S_0,S_1,\dots}",
)


def _at(
    width: int, data: SeparatedData, batch: int, *, outputs: int = 2, depth: int = 2
) -> Instance:
    return {
        "net": DeepReluNet(width=width, depth=depth, outputs=outputs),
        "data": data,
        "targets": Labels(),
        "batch": batch,
    }


ALS27 = statement(
    "ALS-27",
    paper="ALS18",
    source="Theorem 2",
    provenance="unseen",
    note="no quotation of it was found: its powers of n, L and 1/δ are not known",
    uses=["ALS-21", "ALS-23", "ALS-38", "ALS-39"],
    title="Stochastic gradient descent converges to zero loss",
    says=r"Let $W^{(t+1)}=W^{(t)}-\eta\frac nb\sum_{i\in S_t}\nabla F_i(W^{(t)})$ with $S_t$ "
    r"uniform of size $b$. For $m\ge\tilde\Omega(\mathrm{poly}(n,L,\delta^{-1})\,d/b)$, with "
    r"probability at least $1-e^{-\Omega(\log^2m)}$ and $\eta=\Theta(\frac{b\,\delta "
    r"d}{\mathrm{poly}(n,L)\,m\log^2m})$, it reaches $F\le\epsilon$ in "
    r"$T=\Theta(\frac{\mathrm{poly}(n,L)\log^2m}{b\,\delta^2}\log\frac1\epsilon)$ steps.",
)

_GATE = Requirement(
    paper=r"$m\ge\mathrm{poly}(n,L,\delta^{-1})\,d/b$, its powers unknown; tried where "
    r"$\frac{\delta m}{nd}\ge10$",
)
_separated = {
    # δ ≥ 0.4, n = 2, d = 1 and m ≥ 64 meet δm/(nd) ≥ 10.
    "net": deep_relu_nets(widths=(64, 128), depths=(1, 3), outputs=(1, 1)),
    "data": separated_data(smallest=2, largest=2, separations=(0.6, 1.0)).filter(
        lambda data: data.delta >= 0.4
    ),
    "targets": labels("random", "zero", "opposed"),
    "batch": st.integers(1, 2),
}


def _run(
    net: DeepReluNet,
    data: SeparatedData,
    targets: Labels,
    batch: int,
    trials: Trials,
    *,
    steps: int,
) -> Training:
    network, signals = net.forward(trials, data)
    step = 0.5 * batch / data.count * net.outputs / (data.count * net.depth * net.width)
    weights = batches(trials, steps=steps, examples=data.count, size=batch)
    return optimise(
        network,
        data.inputs(trials),
        targets.build(trials, signals.y),
        step=step,
        steps=steps,
        weights=weights,
    )


def _order(net: DeepReluNet, data: SeparatedData, step: float) -> float:
    return step * data.delta * net.width / (net.outputs * data.count**2)


@ALS27.part(
    "a",
    kind="identity",
    says=r"The mean of $\frac nb\sum_{i\in S}\nabla_{W_\ell}F_i$ over all $\binom nb$ batches is "
    r"$\nabla_{W_\ell}F$.",
    quantifiers=(
        r"\forall\, n,b,L,m,d",
        r"\forall\, x_i,y_i^*",
        r"\forall\, A,W,B",
        r"\forall\, \ell\in[L]",
    ),
    specimens=[_at(32, sphere(5), 2), _at(32, pair_at(0.1, count=4), 1)],
)
@given(
    net=deep_relu_nets(widths=(4, 32), depths=(1, 4)),
    data=separated_data(smallest=2, largest=5),
    targets=labels(),
    batch=st.integers(1, 2),
)
def the_mean_over_batches_is_the_gradient(
    net: DeepReluNet,
    data: SeparatedData,
    targets: Labels,
    batch: int,
    trials: Trials,
    *,
    rescaled: bool = True,
) -> Bound:
    network, signals = net.forward(trials, data)
    v, chosen = (
        signals.y - targets.build(trials, signals.y),
        torch.zeros(data.count, dtype=torch.bool, device=trials.device),
    )
    drawn = [
        chosen.index_fill(0, torch.tensor(batch_of, device=trials.device), 1)
        for batch_of in combinations(range(data.count), batch)
    ]
    factor = (data.count if rescaled else 1.0) / batch
    stochastic = [_dense(network.gradient(signals, factor * v * one)) for one in drawn]
    # Whatever cancels on the way back: roundings are relative to the products' absolute values, as
    # many as there are summands in each of the L + 1 products.
    return equal(
        torch.stack(stochastic).mean(dim=0),
        _dense(network.gradient(signals, v)),
        roundings=2.0 * (net.width + 2.0) * (net.depth + 1.0) + 8.0 * data.count,
        scale=_of_absolute_values(network, signals, v),
    )


def _of_absolute_values(
    network: Network, signals: Signals, v: Float[Tensor, "trials d n"]
) -> Float[Tensor, "trials L m m"]:
    """Return what the gradient would be, were all weights and fake losses positive."""
    back, found = network.B.materialise().abs().mT @ v.abs(), []
    for level in range(network.depth, 0, -1):
        e = back * signals.signs[level]
        found.append(e @ signals.h[level - 1].mT)
        back = network.W[level - 1].materialise().abs().mT @ e
    return torch.stack(found[::-1], dim=1)


def _dense(gradient: tuple[Gradient, ...]) -> Float[Tensor, "trials L m m"]:
    return torch.stack([one.dense() for one in gradient], dim=1)


the_mean_over_batches_is_the_gradient.twin(
    "the mean over the batch, 1/b in place of n/b", rescaled=False
)


@ALS27.part(
    "b",
    kind="trajectory",
    says=r"$\log F_t$ has negative drift: over 200 steps and over each half of them, "
    r"$\frac1T\log\frac{F_0}{F_T}\ge\Omega(\frac{\eta\delta m}{dn^2})$, although $F$ may rise in "
    r"single steps.",
    quantifiers=_WORLD,
    constant=Constant(6.0, measured_on="m = 64…128, n = 2…4, L = 2: 1.25"),
    requires=_GATE,
    specimens=[_at(64, pair_at(0.8), 1), _at(64, pair_at(0.8, count=4), 1, outputs=1)],
    layers=_RUNS,
)
@given(**_separated)
def the_logarithm_of_the_loss_drifts_down(
    net: DeepReluNet, data: SeparatedData, targets: Labels, batch: int, trials: Trials
) -> Bound:
    run = _run(net, data, targets, batch, trials, steps=200)
    log, moving = run.F.log(), run.trajectory.moving
    steps = torch.stack(
        (moving[:, :100].sum(dim=1), moving[:, 100:].sum(dim=1), moving.sum(dim=1)), dim=1
    ).clamp(min=1)
    fall = torch.stack(
        (log[:, 0] - log[:, 100], log[:, 100] - log[:, -1], log[:, 0] - log[:, -1]), dim=1
    )
    order = _order(net, data, run.trajectory.step)
    # A half in which the trial rests throughout has nothing left to fall.
    return at_least(torch.where(steps > 1, fall / steps, order), order).with_curves(loss=run.F)


@the_logarithm_of_the_loss_drifts_down.twin(
    "F falls at every step",
    specimens=[_at(64, pair_at(0.8, count=4), 1)],
    constant=Constant(1.0, measured_on="as claimed"),
)
def _(net: DeepReluNet, data: SeparatedData, targets: Labels, batch: int, trials: Trials) -> Bound:
    run = _run(net, data, targets, batch, trials, steps=200)
    return at_most(run.F[:, 1:] / run.F[:, :-1], 1.0).with_curves(loss=run.F)


@the_logarithm_of_the_loss_drifts_down.twin(
    "no separation: x₁ = x₂ with different targets", specimens=[_at(64, pair_at(0.8), 2)]
)
def _(net: DeepReluNet, data: SeparatedData, targets: Labels, batch: int, trials: Trials) -> Bound:
    network, signals = net.forward(trials, data)
    x = data.inputs(trials)[:, :1].expand(-1, data.count)
    step = 0.5 * net.outputs / (data.count * net.depth * net.width)
    run = optimise(network, x, targets.build(trials, signals.y), step=step, steps=200)
    return at_least(
        (run.F[:, 100] / run.F[:, -1]).log() / 100, _order(net, data, step)
    ).with_curves(loss=run.F)


def _batched(batch: int) -> Instance:
    return _at(80, pair_at(1.0, count=8), batch, outputs=1, depth=1)


def _along_batches(*, trials: int) -> Along:
    return Along(
        variable="b",
        sizes=(1, 2, 4, 8),
        instance=_batched,
        at_most=0.4,
        at_least=-0.3,
        trials=trials,
    )


@ALS27.part(
    "c",
    kind="scaling",
    says=r"With $\eta\propto b$ the decrease of $\log F$ per step is proportional to $b$, so that "
    r"$T\propto\frac1b$; over $T=160/b$ steps.",
    quantifiers=_WORLD,
    constant=Constant(5.0, measured_on="m = 64…128, n = 2…4, L = 2: 0.047; L = 1: 1.1"),
    along=_along_batches(trials=48),
    requires=_GATE,
    specimens=[_batched(1)],
    layers=_RUNS,
)
@given(**_separated)
def the_rate_is_proportional_to_the_batch(
    net: DeepReluNet,
    data: SeparatedData,
    targets: Labels,
    batch: int,
    trials: Trials,
    *,
    power: float = 1.0,
) -> Bound:
    run = _run(net, data, targets, batch, trials, steps=160 // batch)
    rate = run.trajectory.decline()
    return at_least(
        rate, _order(net, data, run.trajectory.step) * float(batch) ** (power - 1.0)
    ).with_curves(loss=run.F)


the_rate_is_proportional_to_the_batch.twin(
    "proportional to b²", specimens=[], along=[_along_batches(trials=128)], power=2.0
)


def _wider(width: int) -> Instance:
    return _at(width, pair_at(0.8), 1)


def _along_width(*, trials: int) -> Along:
    return Along(
        variable="m", sizes=(64, 128, 256, 512), instance=_wider, at_most=0.2, trials=trials
    )


@ALS27.part(
    "d",
    kind="scaling",
    says=r"$\max_\ell\|W_\ell^{(T)}-W_\ell^{(0)}\|_2\le O(\frac{n^3\sqrt d}{\delta\sqrt m})$ for "
    r"$n\ge2$, after $T=10$ steps.",
    quantifiers=_WORLD,
    constant=Constant(1.0, measured_on="m = 64…512, n = 2…4, L = 2"),
    along=_along_width(trials=48),
    requires=_GATE,
    specimens=[_wider(64)],
    layers=("matrix-free", "dense"),
)
@given(**_separated)
def weights_stay_near_under_stochastic_steps(
    net: DeepReluNet,
    data: SeparatedData,
    targets: Labels,
    batch: int,
    trials: Trials,
    *,
    power: float = 0.5,
) -> Bound:
    run = _run(net, data, targets, batch, trials, steps=10)
    displaced = torch.stack(
        [spectral_norm(LowRank(one.e, one.h)) for one in run.trajectory.displacement()], dim=1
    )
    return at_most(
        displaced, data.count**3 * math.sqrt(net.outputs) / (data.delta * float(net.width) ** power)
    ).with_curves(loss=run.F)


weights_stay_near_under_stochastic_steps.twin(
    "of order m^{-3/2}", specimens=[], along=[_along_width(trials=128)], power=1.5
)
