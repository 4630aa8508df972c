"""Theorem 6, cross-entropy: all training labels are learned (ALS18, Theorem 6(d) and introduction).

With labels in [d] and F = -Σ_i log softmax(y_i)_{label_i}, v_i = softmax(y_i) - e_{label_i}.
Wherever an example is misclassified its label has probability ½ at most, so that F_i ≥ log 2 and
‖v_i‖ ≥ ½: the gradient is bounded from below (ALS-31) until all examples are right, and F, bounded
below, cannot fall for ever. Steps are η = d/(nLm), for batches of b half of it.
"""

from __future__ import annotations

import math

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
    given,
    statement,
)
from lemmata.strategies import UnitVectors
from lemmata.theorems.deep_convergence.setting.losses import CROSS_ENTROPY
from lemmata.theorems.deep_convergence.setting.network import (
    DeepReluNet,
    SeparatedData,
    deep_relu_nets,
    pair_at,
    separated_data,
)
from lemmata.theorems.deep_convergence.setting.training import Training, batches, optimise

_RUNS = ("dense", "matrix-free")
_WORLD = (r"\forall\, n,L,m,d,\delta", r"\forall\, x_i", r"\mathbb P_{A,W^{(0)},B,\mathrm{labels}}")
_GATE = Requirement(
    paper=r"$m\ge\mathrm{poly}(n,L,\delta^{-1})\,d$, its powers unknown; tried where "
    r"$\frac{\delta m}{nd}\ge3$",
)
_drawn = {
    # δ ≥ 0.55, n ≤ 4, d ≤ 3 and m ≥ 96 meet δm/(nd) ≥ 3.
    "net": deep_relu_nets(widths=(96, 128), depths=(1, 3), outputs=(2, 3)),
    "data": separated_data(smallest=2, largest=4, separations=(0.8, 1.0)).filter(
        lambda data: data.delta >= 0.55
    ),
}


def _at(width: int, data: SeparatedData, *, outputs: int = 3) -> Instance:
    return {"net": DeepReluNet(width=width, depth=2, outputs=outputs), "data": data}


def _labels(net: DeepReluNet, data: SeparatedData, trials: Trials) -> Float[Tensor, "trials d n"]:
    """Return random labels as coordinate vectors; those of the first two examples differ."""
    drawn = (trials.uniform("labels", data.count) * net.outputs).long()
    drawn[:, 1:2] = (drawn[:, :1] + 1) % net.outputs
    return torch.nn.functional.one_hot(drawn, net.outputs).mT.to(trials.dtype)


def _run(
    net: DeepReluNet, data: SeparatedData, trials: Trials, *, steps: int, batch: int | None = None
) -> tuple[Training, Float[Tensor, "trials T+1"]]:
    """Return a run and its accuracies: of gradient descent, or with batches."""
    network, labels = net.initialise(trials, data), _labels(net, data, trials)
    step = (1.0 if batch is None else 0.5) * net.outputs / (data.count * net.depth * net.width)
    weights = (
        None if batch is None else batches(trials, steps=steps, examples=data.count, size=batch)
    )
    run = optimise(
        network,
        data.inputs(trials),
        labels,
        step=step,
        steps=steps,
        loss=CROSS_ENTROPY,
        weights=weights,
    )
    right = run.y.argmax(dim=2) == labels.argmax(dim=1).unsqueeze(1)
    return run, right.to(trials.dtype).mean(dim=2)


def _learned(run: Training, accuracy: Float[Tensor, "trials T+1"]) -> Bound:
    first = torch.where(
        accuracy == 1.0, torch.arange(accuracy.shape[1], device=accuracy.device), accuracy.shape[1]
    ).amin(dim=1)
    claim = at_least(accuracy.amax(dim=1), 1.0)
    return claim.with_curves(loss=run.F, accuracy=accuracy).reporting(
        first_step=first.to(accuracy.dtype)
    )


def _one_point(data: SeparatedData) -> SeparatedData:
    """Return data in which all examples have one input."""
    return SeparatedData(
        vectors=UnitVectors(family="cluster", count=data.count, dimension=10, separation=0.0)
    )


ALS33 = statement(
    "ALS-33",
    paper="ALS18",
    source="Theorem 6(d)",
    provenance="unseen",
    note="no quotation was found, and the number is not confirmed; the abstract says that full "
    "training accuracy is reached",
    uses=["ALS-31"],
    title="Cross-entropy: full training accuracy",
    says=r"Let $F=-\sum_i\log\mathrm{softmax}(y_i)_{\mathrm{label}_i}$ with labels in $[d]$, "
    r"$d\ge2$. For $m\ge\tilde\Omega(\mathrm{poly}(n,L,\delta^{-1})\,d)$, gradient descent and "
    r"stochastic gradient descent reach full training accuracy in $\tilde "
    r"O(\mathrm{poly}(n,L)/\delta^2)$ steps, for any labels.",
)


@ALS33.part(
    "a",
    kind="trajectory",
    says=r"Gradient descent classifies all examples right at one of its first $120\,\delta^{-2}$ "
    r"steps, with $\eta=\frac d{nLm}$.",
    quantifiers=_WORLD,
    constant=Constant(1.0, measured_on="δ = 0.42…0.8: m = 64…128, n = 4…8, d = 2, 3, L = 1…3"),
    requires=_GATE,
    specimens=[_at(64, pair_at(0.8, count=4)), _at(128, pair_at(0.8, count=8))],
    layers=_RUNS,
)
@given(**_drawn)
def gradient_descent_learns_all_labels(
    net: DeepReluNet, data: SeparatedData, trials: Trials, *, actual: SeparatedData | None = None
) -> Bound:
    steps = math.ceil(120.0 / data.delta**2)
    return _learned(*_run(net, data if actual is None else actual, trials, steps=steps))


@gradient_descent_learns_all_labels.twin("no separation: equal inputs, with different labels")
def _(net: DeepReluNet, data: SeparatedData, trials: Trials) -> Bound:
    return gradient_descent_learns_all_labels.check(net, data, trials, actual=_one_point(data))


@ALS33.part(
    "b",
    kind="trajectory",
    says=r"Stochastic gradient descent with $b=2$ does so at one of its first $240\,\delta^{-2}$ "
    r"steps, with $\eta=\frac12\frac d{nLm}$.",
    quantifiers=(*_WORLD[:2], r"\mathbb P_{A,W^{(0)},B,\mathrm{labels},S_0,S_1,\dots}"),
    constant=Constant(1.0, measured_on="δ = 0.6…0.8: m = 64…128, n = 4…8, d = 3, L = 2"),
    requires=_GATE,
    specimens=[_at(64, pair_at(0.8, count=4)), _at(128, pair_at(0.8, count=8))],
    layers=_RUNS,
)
@given(**_drawn)
def stochastic_gradient_descent_learns_all_labels(
    net: DeepReluNet, data: SeparatedData, trials: Trials, *, actual: SeparatedData | None = None
) -> Bound:
    steps = math.ceil(240.0 / data.delta**2)
    return _learned(*_run(net, data if actual is None else actual, trials, steps=steps, batch=2))


@stochastic_gradient_descent_learns_all_labels.twin(
    "no separation: equal inputs, with different labels"
)
def _(net: DeepReluNet, data: SeparatedData, trials: Trials) -> Bound:
    return stochastic_gradient_descent_learns_all_labels.check(
        net, data, trials, actual=_one_point(data)
    )


_ANY_POINT = (r"\forall\, n,d", r"\forall\, y_i", r"\forall\, \mathrm{labels}")
_outputs = {
    "count": st.integers(1, 8),
    "outputs": st.integers(2, 5),
    "size": st.sampled_from([0.1, 1.0, 4.0, 30.0]),
}


def _anywhere(
    count: int, outputs: int, size: float, trials: Trials
) -> tuple[Tensor, Tensor, Tensor]:
    """Return one-hot labels, outputs of the size around them, and which trials and examples are
    misclassified; ties count as that.
    """
    labels = torch.nn.functional.one_hot(
        (trials.uniform("labels", count) * outputs).long(), outputs
    ).mT.to(trials.dtype)
    y = size * (trials.normal("y", outputs, count) + labels)
    own, best_other = (y * labels).sum(dim=1), torch.where(labels == 1.0, -torch.inf, y).amax(dim=1)
    # The hardest point with that example misclassified: its label ties with one other, and the rest
    # is far below.
    y = torch.where(
        (trials.uniform("tie", count) < 0.5).unsqueeze(1),
        y - labels * (own - best_other).clamp(min=0.0).unsqueeze(1),
        y,
    )
    return labels, y, (y * labels).sum(dim=1) <= best_other


@ALS33.part(
    "c",
    kind="inequality",
    says=r"$F<\log2$, for the sum over the examples, implies that all are right.",
    quantifiers=_ANY_POINT,
    specimens=[{"count": 4, "outputs": 3, "size": 4.0}, {"count": 8, "outputs": 2, "size": 1.0}],
)
@given(**_outputs)
def a_loss_below_log_two_classifies_all(
    count: int, outputs: int, size: float, trials: Trials, *, of_mean: bool = False
) -> Bound:
    labels, y, wrong = _anywhere(count, outputs, size, trials)
    F = CROSS_ENTROPY.value(y, labels).sum(dim=1) / (count if of_mean else 1)
    return at_least(torch.where(wrong.any(dim=1), F, torch.inf), math.log(2.0)).up_to_roundings(
        8.0 * outputs * (1.0 + 10.0 * size)
    )


a_loss_below_log_two_classifies_all.twin("for the mean over the examples", of_mean=True)


@ALS33.part(
    "d",
    kind="inequality",
    says=r"$\max_i\|v_i\|<\frac12$ with $v_i=\mathrm{softmax}(y_i)-e_{\mathrm{label}_i}$ implies "
    r"that all are right.",
    quantifiers=_ANY_POINT,
    specimens=[{"count": 4, "outputs": 3, "size": 4.0}, {"count": 8, "outputs": 2, "size": 1.0}],
)
@given(**_outputs)
def small_output_gradients_classify_all(
    count: int, outputs: int, size: float, trials: Trials, *, least: float = 0.5
) -> Bound:
    labels, y, wrong = _anywhere(count, outputs, size, trials)
    v = CROSS_ENTROPY.slope(y, labels).norm(dim=1).amax(dim=1)
    return at_least(torch.where(wrong.any(dim=1), v, torch.inf), least).up_to_roundings(
        8.0 * outputs * (1.0 + 10.0 * size)
    )


small_output_gradients_classify_all.twin("below 1", least=1.0)
