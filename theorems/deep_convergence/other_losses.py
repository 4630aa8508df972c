"""Theorem 6: other losses than the squared one (ALS18, Theorem 6).

Let F = Σ_i f(y_i; y*_i) with f of Lipschitz gradient, and v_i = ∇_y f(y_i; y*_i). The bounds of
Theorem 3 are for all fake losses, so for these v_i: along the run Ω(δm/(dn)) max_i ‖v_i‖² ≤ ‖∇F‖² ≤
O(Lnm/d) Σ_i ‖v_i‖² (ALS-31). A step still decreases F by a multiple of η‖∇F‖², so that F contracts
where f dominates by its gradient, falls like 1/T where f is convex, and the v_i vanish like 1/T in
any case (ALS-32). Cross-entropy is the subject of `cross_entropy`.

The losses are those of `loss_functions`. Steps are η = c d/(nLm).
"""

from __future__ import annotations

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
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
from lemmata.strategies import Labels, UnitVectors
from lemmata.theorems.deep_convergence.setting.losses import (
    CROSS_ENTROPY,
    DOMINANCE,
    LOSSES,
    STEPS,
)
from lemmata.theorems.deep_convergence.setting.network import (
    DeepReluNet,
    SeparatedData,
    deep_relu_nets,
    pair_at,
    separated_data,
    sphere,
)
from lemmata.theorems.deep_convergence.setting.training import Loss, Training, optimise

_RUNS = ("dense", "matrix-free")
_WORLD = (r"\forall\, n,L,m,d,\delta", r"\forall\, x_i,y_i^*", r"\mathbb P_{A,W^{(0)},B}")


def _at(
    width: int, data: SeparatedData, loss: str, *, length: float = 1.0, outputs: int = 2
) -> Instance:
    net = DeepReluNet(width=width, depth=2, outputs=outputs)
    return {"net": net, "data": data, "targets": Labels(length=length), "loss": loss}


def _drawn(*losses: str, length: float = 1.0) -> dict[str, st.SearchStrategy[object]]:
    return {
        # δ ≥ 0.4, n = 2, d = 1 and m ≥ 64 meet δm/(nd) ≥ 10; a separation takes two examples.
        "net": deep_relu_nets(widths=(64, 128), depths=(1, 3), outputs=(1, 1)),
        "data": separated_data(smallest=2, largest=2, separations=(0.6, 1.0)).filter(
            lambda data: data.delta >= 0.4
        ),
        "targets": st.just(Labels(length=length)),
        "loss": st.sampled_from(losses),
    }


_GATE = Requirement(
    paper=r"$m\ge\mathrm{poly}(n,L,\delta^{-1})\,d$, its powers unknown; tried where $\frac{\delta "
    r"m}{nd}\ge10$",
)


def _run(
    net: DeepReluNet,
    data: SeparatedData,
    targets: Labels,
    loss: str,
    trials: Trials,
    *,
    steps: int = 100,
    larger: float = 1.0,
) -> Training:
    network, signals = net.forward(trials, data)
    step = larger * STEPS[loss] * net.outputs / (data.count * net.depth * net.width)
    return optimise(
        network,
        data.inputs(trials),
        targets.build(trials, signals.y),
        step=step,
        steps=steps,
        loss=LOSSES[loss],
    )


def _one_point(data: SeparatedData) -> SeparatedData:
    """Return data in which all examples have one input."""
    return SeparatedData(
        vectors=UnitVectors(family="cluster", count=data.count, dimension=10, separation=0.0)
    )


# ALS-31

ALS31 = statement(
    "ALS-31",
    paper="ALS18",
    source="Theorem 6",
    provenance="unseen",
    note="no quotation was found, and the theorem's number is not confirmed",
    uses=["ALS-18", "ALS-20", "ALS-21"],
    title="The weight gradient controls the output gradient, for any loss",
    says=r"Let $F=\sum_if(y_i;y_i^*)$ and $v_i=\nabla_yf(y_i;y_i^*)$. On $\mathcal B(\omega)$, so "
    r"along gradient descent: $\Omega(\frac{\delta m}{dn})\max_i\|v_i\|^2\le\|\nabla F\|_F^2\le "
    r"O(\frac{Lnm}d)\sum_i\|v_i\|^2$.",
    kind="trajectory",
    layers=_RUNS,
    requires=_GATE,
    quantifiers=(*_WORLD, r"\forall\, f", r"\forall\, t<100"),
)

_ALL = ("squared", "dominant", "convex", "non-convex")


def _squares(run: Training) -> Float[Tensor, "trials T n"]:
    """Return ‖v_i‖² at the steps."""
    return run.v[:, :-1].square().sum(dim=2)


@ALS31.part(
    "a",
    says=r"$\|\nabla F\|_F^2\ge\Omega(\frac{\delta m}{dn})\max_i\|v_i\|^2$ at each of 100 steps.",
    constant=Constant(10.0, measured_on="m = 64…128, n = 4, d = L = 2, 100 steps"),
    specimens=[_at(64, pair_at(0.8), loss) for loss in ("dominant", "convex", "non-convex")],
)
@given(**_drawn(*_ALL))
def the_gradient_is_at_least_the_largest_output_gradient(
    net: DeepReluNet,
    data: SeparatedData,
    targets: Labels,
    loss: str,
    trials: Trials,
    *,
    actual: SeparatedData | None = None,
) -> Bound:
    run = _run(net, data if actual is None else actual, targets, loss, trials)
    total, order = (
        run.trajectory.squares.sum(dim=2),
        data.delta * net.width / (net.outputs * data.count),
    )
    bound = run.trajectory.where_moving(order * _squares(run).amax(dim=2), 0.0)
    return at_least(total, bound).with_curves(loss=run.F, gradient_square=total)


@the_gradient_is_at_least_the_largest_output_gradient.twin(
    "no separation: all inputs equal, with different targets"
)
def _(net: DeepReluNet, data: SeparatedData, targets: Labels, loss: str, trials: Trials) -> Bound:
    actual = _one_point(data)
    return the_gradient_is_at_least_the_largest_output_gradient.check(
        net, data, targets, loss, trials, actual=actual
    )


@ALS31.part(
    "b",
    says=r"$\|\nabla F\|_F^2\le O(\frac{Lnm}d)\sum_i\|v_i\|^2$ at each of 100 steps.",
    constant=Constant(5.0, measured_on="m = 64…128, n = 4, d = L = 2, 100 steps"),
    specimens=[_at(64, sphere(4), "convex"), _at(64, pair_at(0.8), "dominant")],
)
@given(**_drawn(*_ALL))
def the_gradient_is_at_most_the_output_gradients(
    net: DeepReluNet,
    data: SeparatedData,
    targets: Labels,
    loss: str,
    trials: Trials,
    *,
    of_width: float = 1.0,
) -> Bound:
    run = _run(net, data, targets, loss, trials)
    order = net.depth * data.count * float(net.width) ** of_width / net.outputs
    return at_most(run.trajectory.squares.sum(dim=2), order * _squares(run).sum(dim=2)).with_curves(
        loss=run.F
    )


the_gradient_is_at_most_the_output_gradients.twin("the width is forgotten: O(Ln/d)", of_width=0.0)


# ALS-32

ALS32 = statement(
    "ALS-32",
    paper="ALS18",
    source="Theorem 6(a)-(c)",
    provenance="unseen",
    note="no quotation was found, and the number is not confirmed; the abstract says that any "
    "smooth loss is covered",
    uses=["ALS-31", "ALS-38"],
    title="Gradient-dominant, convex and smooth non-convex losses",
    says=r"For $m\ge\tilde\Omega(\mathrm{poly}(n,L,\delta^{-1})\,d)$, up to "
    r"$\mathrm{poly}(n,L)/\delta^2$ gradient descent takes $\frac1\sigma\log\frac1\epsilon$ steps "
    r"to $F-F^*\le\epsilon$ where $f$ is $\sigma$-gradient-dominant, $\frac1\epsilon$ where it is "
    r"convex, and $\frac1{\epsilon^2}$ to $\max_i\|\nabla_yf(y_i)\|\le\epsilon$ where it is only "
    r"smooth and bounded below. (The width may depend on $1/\epsilon$ in the latter two.)",
    kind="trajectory",
    layers=_RUNS,
)


@ALS32.part(
    "a",
    says=r"Gradient-dominant, $\|\nabla f\|^2\ge2\sigma(f-f^*)$: "
    r"$F_{t+1}\le\big(1-\Omega(\frac{\sigma\eta\delta m}{dn^2})\big)F_t$ at each of 100 steps, for "
    r"$f=\sum_a(z_a^2+3\sin^2z_a)$, $\sigma=\frac1{32}$.",
    quantifiers=(*_WORLD, r"\forall\, t<100"),
    constant=Constant(0.5, measured_on="m = 64…128, n = 4, d = L = 2: 0.046"),
    requires=_GATE,
    specimens=[
        _at(64, pair_at(0.8), "dominant"),
        _at(64, pair_at(0.8, count=4), "dominant", outputs=1),
    ],
)
@given(**_drawn("dominant"))
def gradient_dominant_losses_contract(
    net: DeepReluNet,
    data: SeparatedData,
    targets: Labels,
    loss: str,
    trials: Trials,
    *,
    larger: float = 1.0,
) -> Bound:
    """By (d) and ALS-31(a) F falls by ¼ · η · 0.1 δm/(dn) · max ‖v_i‖², and max ‖v_i‖² ≥ 2σF/n."""
    run = _run(net, data, targets, loss, trials, larger=larger)
    order = DOMINANCE * run.trajectory.step * data.delta * net.width / (net.outputs * data.count**2)
    return at_least(run.trajectory.contraction, order).with_curves(loss=run.F)


gradient_dominant_losses_contract.twin("any step size: c = 3", larger=30.0)


@ALS32.part(
    "b",
    says=r"Convex: $F_T\le O(\frac1T)F_0$ for $T=10,20,50,100$, for $f=\sum_a\log\cosh z_a$.",
    quantifiers=(*_WORLD, r"\forall\, T"),
    constant=Constant(60.0, measured_on="m = 64…128, n = 4, d = L = 2, c = 0.5"),
    requires=_GATE,
    specimens=[_at(64, sphere(4), "convex"), _at(64, pair_at(0.8), "convex")],
)
@given(**_drawn("convex"))
def convex_losses_fall_like_one_over_time(
    net: DeepReluNet,
    data: SeparatedData,
    targets: Labels,
    loss: str,
    trials: Trials,
    *,
    power: float = 1.0,
) -> Bound:
    run = _run(net, data, targets, loss, trials)
    T = trials.tensor([10.0, 20.0, 50.0, 100.0])
    return at_most(run.F[:, [10, 20, 50, 100]] / run.F[:, :1], T**-power).with_curves(loss=run.F)


convex_losses_fall_like_one_over_time.twin("like 1/T⁴", power=4.0)


@ALS32.part(
    "c",
    says=r"Smooth and bounded below: $\min_{t\le T}\sum_i\|v_i^{(t)}\|^2\le O(\frac1T)F_0$ for "
    r"$T=10,20,50,100$, for $f=\sum_a\frac{z_a^2}{1+z_a^2}$ (constant 200) and "
    r"$f=\sum_a(\frac{z_a^2}{20}+1-\cos4z_a)$ (constant 2000), with targets of norm 2. Nothing is "
    r"claimed on $F$.",
    quantifiers=(*_WORLD, r"\forall\, T"),
    constant=Constant(
        1.0, measured_on="m = 64…128, n = 4, d = L = 2; the values 200 and 2000 stand in the bound"
    ),
    requires=_GATE,
    specimens=[
        _at(64, sphere(4), "non-convex", length=2.0),
        _at(64, sphere(4), "rippled", length=2.0),
    ],
)
@given(**_drawn("non-convex", "rippled", length=2.0))
def output_gradients_vanish_like_one_over_time(
    net: DeepReluNet, data: SeparatedData, targets: Labels, loss: str, trials: Trials
) -> Bound:
    run = _run(net, data, targets, loss, trials)
    square = run.v.square().sum(dim=(2, 3))
    least = torch.stack(
        [square[:, : T + 1].amin(dim=1) * T / run.F[:, 0] for T in (10, 20, 50, 100)], dim=1
    )
    return at_most(least, {"non-convex": 200.0, "rippled": 2000.0}[loss]).with_curves(
        loss=run.F, output_gradient_square=square
    )


@output_gradients_vanish_like_one_over_time.twin(
    "the loss vanishes, F_T ≤ 0.01 F_0 after 400 steps",
    specimens=[_at(64, sphere(4), "rippled", length=2.0)],
)
def _(net: DeepReluNet, data: SeparatedData, targets: Labels, loss: str, trials: Trials) -> Bound:
    run = _run(net, data, targets, loss, trials, steps=400, larger=2.0)
    return at_most(run.F[:, -1] / run.F[:, 0], 0.01).with_curves(
        loss=run.F, output_gradient_square=run.v.square().sum(dim=(2, 3))
    )


@ALS32.part(
    "d",
    says=r"$F_t-F_{t+1}\ge\Omega(\eta)\|\nabla F(W^{(t)})\|_F^2$ at each of 100 steps, whatever "
    r"the loss.",
    quantifiers=(*_WORLD, r"\forall\, f", r"\forall\, t<100"),
    constant=Constant(
        4.0, measured_on="m = 64…128, n = 4, d = L = 2, with the steps c of each loss"
    ),
    requires=_GATE,
    specimens=[
        _at(64, sphere(4), "dominant"),
        _at(64, sphere(4), "convex"),
        _at(64, sphere(4), "rippled", length=2.0),
    ],
)
@given(**_drawn("dominant", "convex", "non-convex", "rippled"))
def each_step_descends_whatever_the_loss(
    net: DeepReluNet,
    data: SeparatedData,
    targets: Labels,
    loss: str,
    trials: Trials,
    *,
    larger: float = 1.0,
) -> Bound:
    run = _run(net, data, targets, loss, trials, larger=larger)
    return at_least(run.trajectory.descent, 1.0).with_curves(
        loss=run.F, descent_over_first_order=run.trajectory.descent
    )


each_step_descends_whatever_the_loss.twin("any step size: thirty times as large", larger=30.0)


def _by_automatic_differentiation(loss: Loss, y: Tensor, y_star: Tensor) -> Tensor:
    with torch.enable_grad():
        at = y.detach().clone().requires_grad_()
        (slope,) = torch.autograd.grad(loss.value(at, y_star).sum(), at)
    return slope


@ALS32.part(
    "slopes",
    title="The output gradients are the losses' derivatives",
    kind="identity",
    says=r"$v_i=\nabla_yf(y_i;y_i^*)$ for every loss that is tried here, cross-entropy included: "
    r"held "
    r"against automatic differentiation.",
    quantifiers=(r"\forall\, y,y^*",),
    provenance="ours",
    specimens=[{"loss": name} for name in ("squared", "non-convex", "cross-entropy")],
)
@given(loss=st.sampled_from([*LOSSES, "cross-entropy"]))
def output_gradients_are_the_derivatives_of_the_losses(
    loss: str, trials: Trials, *, factor: float = 1.0
) -> Bound:
    y, outputs = 2.0 * trials.normal("y", 3, 4), 3
    f, y_star = LOSSES.get(loss, CROSS_ENTROPY), 2.0 * trials.normal("y_star", outputs, 4)
    if loss == "cross-entropy":
        y_star = torch.nn.functional.one_hot(trials.integers("label", 0, 2, 4), outputs).mT.to(y)
    expected = _by_automatic_differentiation(f, y, y_star)
    return equal(factor * f.slope(y, y_star), expected, roundings=64.0, scale=8.0)


output_gradients_are_the_derivatives_of_the_losses.twin("twice the derivative", factor=2.0)


@ALS32.part(
    "e",
    kind="inequality",
    says=r"Why they vanish: "
    r"$T\min_{t<T}\|v^{(t)}\|^2\le\frac{d(F_0-F_T)}{\eta\,m\,r_{\min}\lambda_{\min}}$ with "
    r"$r_{\min}=\min_t\frac{F_t-F_{t+1}}{\eta\|\nabla F_t\|_F^2}>0$ and "
    r"$\lambda_{\min}=\min_t\frac{d\|\nabla F_t\|_F^2}{m\|v^{(t)}\|^2}$.",
    quantifiers=(*_WORLD[:2], r"\forall\, A,W^{(0)},B", r"\forall\, f,\eta,T"),
    specimens=[_at(64, sphere(4), "convex"), _at(64, sphere(4), "rippled", length=2.0)],
)
@given(**_drawn(*_ALL, "rippled"))
def a_sum_of_decreases_bounds_the_least_output_gradient(
    net: DeepReluNet,
    data: SeparatedData,
    targets: Labels,
    loss: str,
    trials: Trials,
    *,
    summed: bool = True,
) -> Bound:
    """F_0 - F_T = Σ (F_t - F_{t+1}) ≥ T η r_min min ‖∇F_t‖², and ‖∇F_t‖² ≥ λ_min (m/d) ‖v‖².

    Where r_min ≤ 0 it says nothing.
    """
    run = _run(net, data, targets, loss, trials)
    path, square = run.trajectory, _squares(run).sum(dim=2)
    eigenvalue = path.where_moving(
        net.outputs * path.squares.sum(dim=2) / (net.width * square), torch.inf
    ).amin(dim=1)
    taken, least = path.moving.sum(dim=1), path.descent.amin(dim=1)
    bound = (
        net.outputs * (run.F[:, 0] - run.F[:, -1]) / (path.step * net.width * least * eigenvalue)
    )
    bound = torch.where(least > 0, bound if summed else bound / taken, torch.inf)
    return at_most(taken * path.where_moving(square, torch.inf).amin(dim=1), bound).up_to_roundings(
        8.0 * net.width * 100
    )


a_sum_of_decreases_bounds_the_least_output_gradient.twin(
    "like 1/T², as with acceleration", summed=False
)
