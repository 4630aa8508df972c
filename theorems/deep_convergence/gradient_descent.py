"""Theorem 1: gradient descent converges linearly and stays near its start (ALS18, Theorem 1).

A step decreases F by a multiple of η ‖∇F‖² (ALS-25), and ‖∇F‖² is at least Ω(δm/(dn²)) F as long as
the weights stay in the ball of Theorem 3 (ALS-21). Hence linear convergence, and they do stay
there, because the lengths of the steps form a geometric series (ALS-38).

Runs use η = 0.5 d/(nLm), but for (f): the theorem's own step, dδ/(n⁴L²m), is smaller by n³L/δ, and
why the larger one is admitted up to 1/L stands in ALS-41. The theorem's width is far out of reach:
what is seen here are its conclusions at small width, and their exponents in m.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Bool, Float
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
    given,
    statement,
)
from lemmata.harness.adversary import LowRank
from lemmata.strategies import Labels, UnitVectors, labels
from lemmata.theorems.deep_convergence.setting.attacks import spectral_norm
from lemmata.theorems.deep_convergence.setting.network import (
    DeepReluNet,
    SeparatedData,
    deep_relu_nets,
    pair_at,
    separated_data,
    sphere,
)
from lemmata.theorems.deep_convergence.setting.quotations import BASRI, by_one
from lemmata.theorems.deep_convergence.setting.training import train
from lemmata.theorems.deep_convergence.setting.trajectory import Trajectory

_RUNS = ("dense", "matrix-free")
_WORLD = (r"\forall\, n,L,m,d,\delta", r"\forall\, x_i,y_i^*", r"\mathbb P_{A,W^{(0)},B}")
_GATE = Requirement(
    paper=r"$m\ge\Omega(n^{24}L^{12}d\,\delta^{-8}\log^5m)$ and $\delta\le O(1/L)$, here with "
    r"constants 1; tried where $\frac{\delta m}{nd}\ge10$",
    met=lambda net, data, targets: (
        data.delta * net.depth <= 1.0
        and net.width
        >= data.count**24 * net.depth**12 * net.outputs * data.delta**-8 * math.log(net.width) ** 5
    ),
)


def _at(width: int, data: SeparatedData, *, depth: int = 2, outputs: int = 2) -> Instance:
    return {
        "net": DeepReluNet(width=width, depth=depth, outputs=outputs),
        "data": data,
        "targets": Labels(),
    }


ALS26 = statement(
    "ALS-26",
    paper="ALS18",
    source="Theorem 1",
    provenance="quoted",
    note=by_one(BASRI)
    + ", with d = 1; the powers of n and L, and the probability, by others too; the power of d "
    "follows from Theorems 3 and 4",
    uses=["ALS-21", "ALS-25", "ALS-38"],
    title="Gradient descent converges linearly to zero loss",
    says=r"For $\epsilon\in(0,1]$, $\delta\in(0,O(\frac1L)]$, "
    r"$m\ge\Omega\big(\frac{n^{24}L^{12}d\log^5m}{\delta^8}\big)$ and "
    r"$\eta=\Theta\big(\frac{d\delta}{n^4L^2m}\big)$, with probability at least "
    r"$1-e^{-\Omega(\log^2m)}$ gradient descent reaches $F(W^{(T)})\le\epsilon$ in "
    r"$T=\Theta\big(\frac{n^6L^2}{\delta^2}\log\frac1\epsilon\big)$ steps. On the way "
    r"$F(W^{(t)})\le\big(1-\Omega(\frac{\eta\delta m}{dn^2})\big)^tF(W^{(0)})$ and "
    r"$\|W^{(t)}-W^{(0)}\|_F\le O\big(\frac{n^3\sqrt d}{\delta\sqrt m}\log m\big)$, with "
    r"$\|W\|_F^2=\sum_\ell\|W_\ell\|_F^2$. In brief: $m$ polynomial in $n$, $L$ and $\delta^{-1}$.",
    kind="scaling",
    requires=_GATE,
)

_STEPS = 200
_separated = {
    # δ ≥ 0.4, n = 2, d = 1 and m ≥ 64 meet δm/(nd) ≥ 10; a separation takes two examples.
    "net": deep_relu_nets(widths=(64, 128), depths=(1, 3), outputs=(1, 1)),
    "data": separated_data(smallest=2, largest=2, separations=(0.6, 1.0)).filter(
        lambda data: data.delta >= 0.4
    ),
    "targets": labels("random", "zero", "opposed"),
}


def _order(net: DeepReluNet, data: SeparatedData, step: float) -> float:
    return step * data.delta * net.width / (net.outputs * data.count**2)


@ALS26.part(
    "a",
    kind="trajectory",
    says=r"$F(W^{(t+1)})\le\big(1-\Omega(\frac{\eta\delta m}{dn^2})\big)F(W^{(t)})$ for every "
    r"$t<200$, with $\eta=0.5\frac d{nLm}$: a larger step than the theorem's.",
    quantifiers=(*_WORLD, r"\forall\, t<200"),
    provenance="ours",
    proof="only seen",
    constant=Constant(10.0, measured_on="m = 64…256, n = 4, L = 2: 2.0"),
    specimens=[_at(64, pair_at(0.8)), _at(64, pair_at(0.8, count=4), outputs=1)],
    layers=_RUNS,
)
@given(**_separated)
def the_loss_contracts_at_every_step(
    net: DeepReluNet,
    data: SeparatedData,
    targets: Labels,
    trials: Trials,
    *,
    actual: SeparatedData | None = None,
    c: float = 0.5,
) -> Bound:
    run = train(net, data if actual is None else actual, targets, trials, c=c, steps=_STEPS)
    claim = at_least(run.contraction, _order(net, data, run.step))
    return claim.with_curves(loss=run.F, contraction=run.contraction).reporting(
        total_decrease=run.F[:, -1] / run.F[:, 0]
    )


@the_loss_contracts_at_every_step.twin(
    "no separation: x₁ = x₂ with different targets", specimens=[_at(64, pair_at(0.8))]
)
def _(net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials) -> Bound:
    one = UnitVectors(family="pair", count=data.count, dimension=10, separation=0.0)
    return the_loss_contracts_at_every_step.check(
        net, data, targets, trials, actual=SeparatedData(vectors=one)
    )


def _wider(width: int) -> Instance:
    return _at(width, pair_at(0.8))


def _along_width(at_most: float) -> Along:
    return Along(
        variable="m", sizes=(64, 128, 256, 512), instance=_wider, at_most=at_most, trials=64
    )


@ALS26.part(
    "b",
    provenance="derived",
    says=r"With $\eta\propto1/m$ the number of steps does not depend on $m$: "
    r"$\frac1T\log\frac{F_0}{F_T}\ge\Omega(\frac{\eta\delta m}{dn^2})$, over $T=10$ steps.",
    quantifiers=_WORLD,
    constant=Constant(4.0, measured_on="m = 64…256, n = 4, L = 2: 0.73"),
    along=_along_width(0.1),
    specimens=[_wider(64)],
    layers=("matrix-free", "dense"),
)
@given(**_separated)
def the_rate_does_not_depend_on_width(
    net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials, *, slower: float = 1.0
) -> Bound:
    run = train(net, data, targets, trials, c=0.5 * slower, steps=10)
    rate = run.decline()
    return at_least(rate, _order(net, data, run.step / slower)).with_curves(loss=run.F)


@the_rate_does_not_depend_on_width.twin(
    "a step of order 1/m² for the same number of steps",
    specimens=[],
    along=[_along_width(0.1)],
)
def _(net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials) -> Bound:
    return the_rate_does_not_depend_on_width.check(
        net, data, targets, trials, slower=64.0 / net.width
    )


def _of_the_tuple(run: Trajectory) -> Float[Tensor, "trials"]:
    return torch.stack([one.square() for one in run.displacement()], dim=1).sum(dim=1).sqrt()


def _of_a_layer(run: Trajectory) -> Float[Tensor, "trials"]:
    return torch.stack(
        [spectral_norm(LowRank(one.e, one.h)) for one in run.displacement()], dim=1
    ).amax(dim=1)


@ALS26.part(
    "c",
    says=r"$\|W^{(T)}-W^{(0)}\|_F\le O(\frac{n^3\sqrt d}{\delta\sqrt m}\log m)$ for the whole "
    r"tuple and $n\ge2$, after $T=10$ steps.",
    quantifiers=_WORLD,
    constant=Constant(1.0, measured_on="m = 64…512, n = 2…4, L = 2; a single example exceeds it"),
    along=_along_width(0.2),
    specimens=[_wider(64), _at(64, pair_at(0.8, count=4))],
    layers=("matrix-free", "dense"),
)
@given(**_separated)
def weights_stay_within_one_over_the_root_of_width(
    net: DeepReluNet,
    data: SeparatedData,
    targets: Labels,
    trials: Trials,
    *,
    steps: int = 10,
    power: float = 0.5,
) -> Bound:
    run = train(net, data, targets, trials, c=0.5, steps=steps)
    order = _radius(net, data, power) * math.log(net.width)
    return at_most(_of_the_tuple(run), order).with_curves(loss=run.F)


def _radius(net: DeepReluNet, data: SeparatedData, power: float) -> float:
    return data.count**3 * math.sqrt(net.outputs) / (data.delta * float(net.width) ** power)


weights_stay_within_one_over_the_root_of_width.twin("of order m^{-3/2}", specimens=[], power=1.5)


def _wide(width: int) -> Instance:
    return _at(width, pair_at(0.8), depth=1, outputs=4)


@ALS26.part(
    "d",
    says=r"$\max_\ell\|W_\ell^{(T)}-W_\ell^{(0)}\|_2\le O(\frac{n^3\sqrt d}{\delta\sqrt m})$ for "
    r"$n\ge2$, over three decades of width, after $T=3$ steps: weaker than (c) in the norm, "
    r"without its $\log m$.",
    quantifiers=_WORLD,
    provenance="ours",
    proof="only seen",
    constant=Constant(
        1.0, measured_on="m = 64…512, n = 2…4, L = 2; a single example exceeds it, 6.3 at m = 64"
    ),
    along=Along(
        variable="m", sizes=(100, 1000, 10_000, 100_000), instance=_wide, at_most=0.1, trials=16
    ),
    specimens=[_wide(1000)],
    layers=("matrix-free",),
)
@given(**{**_separated, "net": deep_relu_nets(widths=(64, 4096), depths=(1, 3), outputs=(1, 1))})
def weights_stay_near_over_decades_of_width(
    net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials, *, power: float = 0.5
) -> Bound:
    run = train(net, data, targets, trials, c=0.5, steps=3)
    return at_most(_of_a_layer(run), _radius(net, data, power)).with_curves(loss=run.F)


weights_stay_near_over_decades_of_width.twin(
    "of order 1/m",
    specimens=[],
    along=[
        Along(
            variable="m", sizes=(100, 1000, 10_000, 30_000), instance=_wide, at_most=0.1, trials=32
        )
    ],
    power=1.0,
)


@ALS26.part(
    "e",
    provenance="derived",
    kind="trajectory",
    says=r"$T$ is affine in $\log\frac1\epsilon$: a line through $\log F_t$ over the second half "
    r"of 200 steps has $R^2\ge0.98$.",
    quantifiers=_WORLD,
    constant=Constant(1.0, measured_on="m = 64…256, n = 4, d = L = 2"),
    specimens=[_at(64, sphere(4)), _at(64, pair_at(0.8))],
    layers=_RUNS,
)
@given(**_separated)
def steps_are_affine_in_the_logarithm_of_the_accuracy(
    net: DeepReluNet,
    data: SeparatedData,
    targets: Labels,
    trials: Trials,
    *,
    logarithmic: bool = True,
) -> Bound:
    run = train(net, data, targets, trials, c=0.5, steps=_STEPS)
    last = run.moving[:, _STEPS // 2 :]
    F = run.F[:, _STEPS // 2 : -1]
    time, height = (
        torch.arange(F.shape[1], dtype=F.dtype, device=F.device),
        F.log() if logarithmic else 1.0 / F,
    )
    return at_most(_unexplained(time, height, last), 0.02).with_curves(loss=run.F)


def _unexplained(
    time: Float[Tensor, "T"], height: Float[Tensor, "trials T"], used: Bool[Tensor, "trials T"]
) -> Float[Tensor, "trials"]:
    """Return 1 - R² of the line through the used points."""
    weight = used.to(height.dtype) / used.sum(dim=1, keepdim=True).clamp(min=1)
    x = time - (weight * time).sum(dim=1, keepdim=True)
    y = height - (weight * height).sum(dim=1, keepdim=True)
    squares = (weight * x**2).sum(dim=1) * (weight * y**2).sum(dim=1)
    return torch.where(used.sum(dim=1) > 2, 1.0 - (weight * x * y).sum(dim=1) ** 2 / squares, 0.0)


steps_are_affine_in_the_logarithm_of_the_accuracy.twin(
    "T is affine in 1/ε, as under convexity alone",
    specimens=[_at(128, pair_at(0.8))],
    logarithmic=False,
)


@ALS26.part(
    "f",
    kind="trajectory",
    says=r"$F(W^{(t+1)})\le\big(1-\Omega(\frac{\eta\delta m}{dn^2})\big)F(W^{(t)})$ for every "
    r"$t<200$, with the theorem's own $\eta=\frac{d\delta}{n^4L^2m}$.",
    quantifiers=(*_WORLD, r"\forall\, t<200"),
    constant=Constant(10.0, measured_on="as (a)"),
    specimens=[_at(64, pair_at(0.8)), _at(64, pair_at(0.8, count=4), outputs=1)],
    layers=_RUNS,
)
@given(**_separated)
def the_loss_contracts_at_every_step_of_the_theorem(
    net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials
) -> Bound:
    return the_loss_contracts_at_every_step.check(
        net, data, targets, trials, c=data.delta / (data.count**3 * net.depth)
    )


@the_loss_contracts_at_every_step_of_the_theorem.twin(
    "no separation: x₁ = x₂ with different targets", specimens=[_at(64, pair_at(0.8))]
)
def _(net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials) -> Bound:
    one = UnitVectors(family="pair", count=data.count, dimension=10, separation=0.0)
    return the_loss_contracts_at_every_step.check(
        net,
        data,
        targets,
        trials,
        actual=SeparatedData(vectors=one),
        c=data.delta / (data.count**3 * net.depth),
    )
