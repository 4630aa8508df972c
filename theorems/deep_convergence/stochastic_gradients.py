"""The stochastic gradient (ALS18, proof of Theorem 2).

A step of stochastic gradient descent goes along g_S = (n/b) Σ_{i∈S} ∇F_i for a batch S of b
examples. Its mean is ∇F; its square exceeds ‖∇F‖² by the variance of sampling without replacement,
and is at most O(n²Lm/(bd)) F for every batch, by the bound for single examples (ALS-18). The second
moment gives the negative drift of log F along a run, the bound for every batch its bounded
differences (ALS-27).
"""

from __future__ import annotations

from itertools import combinations

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
    all_of,
    at_most,
    equal,
    given,
    statement,
    worst_of,
)
from lemmata.strategies import Labels, labels
from lemmata.theorems.deep_convergence.setting import attacks
from lemmata.theorems.deep_convergence.setting.network import (
    DeepReluNet,
    Network,
    SeparatedData,
    Signals,
    deep_relu_nets,
    loss,
    pair_at,
    separated_data,
    sphere,
)

_FIXED = (r"\forall\, n,b,L,m,d", r"\forall\, x_i,y_i^*", r"\forall\, A,W,B")


def _at(
    width: int, data: SeparatedData, batch: int, *, outputs: int = 2, depth: int = 2
) -> Instance:
    return {
        "net": DeepReluNet(width=width, depth=depth, outputs=outputs),
        "data": data,
        "targets": Labels(),
        "batch": batch,
    }


def _all_batches(trials: Trials, count: int, size: int) -> list[Float[Tensor, "n"]]:
    """Return the weights n/b of each batch of the size (of all examples, where there are fewer)."""
    found, size = [], min(size, count)
    for chosen in combinations(range(count), size):
        weights = trials.tensor([0.0] * count)
        weights[list(chosen)] = count / size
        found.append(weights)
    return found


ALS39 = statement(
    "ALS-39",
    paper="ALS18",
    source="proof of Theorem 2",
    provenance="derived",
    uses=["ALS-18"],
    title="Second moment of the stochastic gradient",
    says=r"Let $g_S=\frac nb\sum_{i\in S}\nabla F_i(W)$ with $S$ uniform among the $b$-subsets of "
    r"$[n]$, $n\ge2$. Its square exceeds that of $\nabla F=\mathbb E_Sg_S$ by a multiple of $F$.",
    layers=("matrix-free", "dense"),
)

_small = {
    "net": deep_relu_nets(widths=(4, 32), depths=(1, 4)),
    "data": separated_data(smallest=2, largest=5),
    "targets": labels(),
    "batch": st.integers(1, 3),
}


def _start(
    net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials
) -> tuple[Network, Signals, Float[Tensor, "trials d n"]]:
    network, signals = net.forward(trials, data)
    return network, signals, targets.build(trials, signals.y)


def _gram(
    network: Network, signals: Signals, y_star: Float[Tensor, "trials d n"]
) -> Float[Tensor, "trials n n"]:
    """Return ⟨∇F_i, ∇F_j⟩, by the factors."""
    layers = [
        (one.e.mT @ one.e) * (one.h.mT @ one.h)
        for one in network.gradient(signals, signals.y - y_star)
    ]
    return torch.stack(layers).sum(dim=0)


@ALS39.part(
    "a",
    kind="identity",
    says=r"$\mathbb E_Sg_S=\nabla F$ and $\mathbb "
    r"E_S\|g_S\|_F^2=\frac{n(n-b)}{b(n-1)}\sum_i\|\nabla F_i\|_F^2+\frac{n(b-1)}{b(n-1)}\|\nabla "
    r"F\|_F^2$.",
    quantifiers=(*_FIXED, r"\mathbb E_S"),
    specimens=[_at(32, sphere(5), 2), _at(32, pair_at(0.1, count=4), 1)],
    layers=("dense",),
)
@given(**_small)
def the_second_moment_is_that_of_sampling_without_replacement(
    net: DeepReluNet,
    data: SeparatedData,
    targets: Labels,
    batch: int,
    trials: Trials,
    *,
    variance: bool = True,
) -> Bound:
    network, signals, y_star = _start(net, data, targets, trials)
    n, b = data.count, min(batch, data.count)
    v = signals.y - y_star
    drawn = [_flat(network, signals, v * weights) for weights in _all_batches(trials, n, b)]
    whole, alone = (
        _flat(network, signals, v),
        [_flat(network, signals, v * one) for one in torch.eye(n, dtype=v.dtype, device=v.device)],
    )
    square = torch.stack(drawn).square().sum(dim=2).mean(dim=0)
    total, squares = whole.square().sum(dim=1), torch.stack(alone).square().sum(dim=(0, 2))
    expected = (n * (n - b) * squares + n * (b - 1) * total) / (b * (n - 1)) if variance else total
    # Sums of L m² products each; their size is that of the single gradients, which may cancel in
    # ∇F.
    roundings = 8.0 * n * net.depth * net.width
    return all_of(
        equal(
            torch.stack(drawn).mean(dim=0),
            whole,
            roundings=roundings,
            scale=squares.sqrt().unsqueeze(1) * n,
        ),
        equal(square, expected, roundings=roundings, scale=n * squares),
    )


def _flat(
    network: Network, signals: Signals, v: Float[Tensor, "trials d n"]
) -> Float[Tensor, "trials entries"]:
    return torch.cat([one.dense().flatten(1) for one in network.gradient(signals, v)], dim=1)


the_second_moment_is_that_of_sampling_without_replacement.twin(
    "the variance is forgotten: E‖g_S‖² = ‖∇F‖²", variance=False
)


@ALS39.part(
    "b",
    kind="inequality",
    says=r"$\|g_S\|_F^2\le\frac{n^2}b\sum_i\|\nabla F_i\|_F^2$ for every $S$.",
    quantifiers=(*_FIXED, r"\forall\, S"),
    specimens=[_at(32, sphere(5), 2), _at(32, pair_at(0.1, count=4), 1)],
)
@given(**_small)
def every_batch_is_bounded_by_the_sum_of_squares(
    net: DeepReluNet,
    data: SeparatedData,
    targets: Labels,
    batch: int,
    trials: Trials,
    *,
    of_count: int = 2,
) -> Bound:
    """Cauchy's inequality over the b summands of the batch.

    ‖Σ_S ∇F_i‖² ≤ b Σ_S ‖∇F_i‖²; the sum over S is at most that over all.
    """
    gram = _gram(*_start(net, data, targets, trials))
    n, b = data.count, min(batch, data.count)
    squares = torch.stack([((gram @ s) * s).sum(dim=1) for s in _all_batches(trials, n, b)], dim=1)
    bound = n**of_count / b * gram.diagonal(dim1=1, dim2=2).sum(dim=1, keepdim=True)
    return at_most(squares, bound).up_to_roundings(8.0 * n * net.depth * net.width)


every_batch_is_bounded_by_the_sum_of_squares.twin(
    "the batch is not rescaled by n/b: ≤ (1/b) Σ‖∇F_i‖²", of_count=0
)


@ALS39.part(
    "c",
    kind="scaling",
    says=r"$\|g_S\|_F^2\le O\big(\frac{n^2Lm}{bd}\big)F(W)$ for every $W\in\mathcal B(\omega)$ and "
    r"every $S$, with $\omega=0.01$.",
    quantifiers=(
        *_FIXED[:2],
        r"\mathbb P_{A,W^{(0)},B}",
        r"\forall\, W\in\mathcal B(\omega)",
        r"\forall\, S",
    ),
    constant=Constant(5.0, measured_on="m = 64, n = 5, b = 1…3, L = d = 2"),
    requires=Requirement(
        paper=r"$\omega\le O(\delta^{3/2}n^{-9/2}L^{-6}\log^{-3}m)$; tried at $\omega=0.01$"
    ),
    specimens=[_at(64, sphere(5), 2), _at(64, pair_at(0.1, count=4), 1)],
)
@given(**{**_small, "net": deep_relu_nets(widths=(64, 128), depths=(1, 3))})
def the_stochastic_gradient_is_bounded_by_the_loss(
    net: DeepReluNet,
    data: SeparatedData,
    targets: Labels,
    batch: int,
    trials: Trials,
    *,
    of_width: float = 1.0,
) -> Bound:
    network, _, y_star = _start(net, data, targets, trials)
    x, other = data.inputs(trials), trials.stream("adversary")
    step = 0.5 * net.outputs / (data.count * net.depth * net.width)
    points = {
        "centre": network,
        "random": attacks.rotated(network, x, 0.01, other),
        "magnify": attacks.magnified(network, x, 0.01, rounds=3),
        "flip": attacks.flipped(network, x, 0.01),
        "descent": attacks.descended(network, x, y_star, 0.01, step=step),
    }
    b = min(batch, data.count)
    order = data.count**2 * net.depth * float(net.width) ** of_width / (b * net.outputs)
    found = {}
    for name, point in points.items():
        signals = point.forward(x)
        gram = _gram(point, signals, y_star)
        squares = torch.stack(
            [((gram @ s) * s).sum(dim=1) for s in _all_batches(trials, data.count, b)], dim=1
        )
        found[name] = at_most(squares, order * loss(signals.y, y_star).unsqueeze(1))
    return worst_of(**found)


the_stochastic_gradient_is_bounded_by_the_loss.twin(
    "the width is forgotten: O(n²L/(bd)) F", of_width=0.0
)
