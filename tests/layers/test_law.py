"""What statements compute from matrix-free layers has the law that it has from dense ones.

With 4,000 trials a kind, the two-sample Kolmogorov-Smirnov test at level 1e-4 detects laws whose
distribution functions are 0.05 apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from scipy import stats
from torch import Tensor

from lemmata.harness.layers import Layer, gaussian_layer
from lemmata.harness.randomness import key_of
from lemmata.harness.trials import LayerKind, Trials

WIDTH, INPUTS, DEPTH = 10, 3, 3
TRIALS = Trials(key=key_of("test", "law"), count=4000)


def net(trials: Trials) -> tuple[list[Layer], Tensor]:
    inputs = torch.linspace(-1, 1, INPUTS * WIDTH, dtype=torch.float64).reshape(WIDTH, INPUTS).cos()
    layers = [
        gaussian_layer(trials, f"W{index}", WIDTH, WIDTH, variance=2 / WIDTH)
        for index in range(DEPTH)
    ]
    return layers, (inputs / inputs.norm(dim=0)).expand(trials.count, -1, -1)


def passes(layers: list[Layer], first: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """Return activations and backward signals of the loss Σ(1ᵀh − 1)²/2."""
    hidden = [first]
    for layer in layers:
        hidden.append(layer.apply(hidden[-1]).relu())
    residual = hidden[-1].sum(dim=1, keepdim=True) - 1
    signals = [residual * (hidden[-1] > 0)]
    for layer, below in zip(layers[:0:-1], hidden[-2:0:-1], strict=True):
        signals.append(layer.apply_transpose(signals[-1]) * (below > 0))
    return hidden, signals[::-1]


def forward_norm(trials: Trials) -> Tensor:
    return passes(*net(trials))[0][-1].norm(dim=1)[:, 0]


def angle_between_two_samples(trials: Trials) -> Tensor:
    last = passes(*net(trials))[0][-1]
    return (last[..., 0] * last[..., 1]).sum(-1)


def backward_norm(trials: Trials) -> Tensor:
    return passes(*net(trials))[1][0].norm(dim=(1, 2))


def gradient_norm(trials: Trials) -> Tensor:
    hidden, signals = passes(*net(trials))
    return torch.stack(
        [
            (signal @ below.mT).square().sum((1, 2))
            for signal, below in zip(signals, hidden[:-1], strict=True)
        ]
    ).sum(0)


def top_singular_value(trials: Trials) -> Tensor:
    layer = net(trials)[0][0]
    V = torch.ones(trials.count, WIDTH, 1, dtype=torch.float64)
    for _ in range(12):
        U = layer.apply(V / V.norm(dim=1, keepdim=True))
        V = layer.apply_transpose(U)
    return U.norm(dim=(1, 2))


def loss_after_ten_steps(trials: Trials) -> Tensor:
    layers, first = net(trials)
    for _ in range(10):
        hidden, signals = passes(layers, first)
        updates = zip(layers, signals, hidden[:-1], strict=True)
        layers = [layer.add_low_rank(-0.003 * signal, below) for layer, signal, below in updates]
    return (passes(layers, first)[0][-1].sum(dim=1) - 1).square().sum(-1)


def entry_of_the_completed_matrix(trials: Trials) -> Tensor:
    layer = net(trials)[0][0]
    V = layer.apply_transpose(layer.apply(torch.ones(trials.count, WIDTH, 1, dtype=torch.float64)))
    layer.apply(V)
    return layer.materialise()[:, 2, 7]


def top_singular_value_of_the_completed_matrix(trials: Trials) -> Tensor:
    layers, first = net(trials)
    passes(layers, first)
    return torch.linalg.matrix_norm(layers[1].materialise(), 2)


def compare(statistic: Callable[[Trials], Tensor], dense_factor: float = 1.0) -> float:
    """Return the p-value of the hypothesis that `statistic` has one law, with the dense values
    multiplied by `dense_factor`."""
    values = {}
    for kind in ("dense", "matrix-free"):
        layers: LayerKind = kind  # type: ignore[assignment]
        values[kind] = statistic(replace(TRIALS, layers=layers)) * (
            dense_factor if kind == "dense" else 1.0
        )
        assert values[kind].isfinite().all()
    return float(stats.ks_2samp(values["dense"].numpy(), values["matrix-free"].numpy()).pvalue)


STATISTICS = [
    forward_norm,
    angle_between_two_samples,
    backward_norm,
    gradient_norm,
    top_singular_value,
    loss_after_ten_steps,
    entry_of_the_completed_matrix,
    top_singular_value_of_the_completed_matrix,
]


@pytest.mark.parametrize("statistic", STATISTICS, ids=lambda statistic: statistic.__name__)
def test_law_is_that_of_a_dense_layer(statistic: Callable[[Trials], Tensor]) -> None:
    assert compare(statistic) > 1e-4


@pytest.mark.parametrize(
    "statistic", [forward_norm, top_singular_value], ids=lambda statistic: statistic.__name__
)
def test_a_law_that_is_slightly_off_is_noticed(statistic: Callable[[Trials], Tensor]) -> None:
    assert compare(statistic, dense_factor=1.1) < 1e-4


def test_completed_matrices_have_independent_entries() -> None:
    trials = replace(TRIALS, layers="matrix-free")
    layer = gaussian_layer(trials, "W", 3, 4, variance=0.5)
    V = trials.normal("V", 4, 1)
    layer.apply(layer.apply_transpose(layer.apply(V)))
    W = layer.materialise().flatten(1)
    covariance = W.mT @ W / trials.count
    standard_errors = (covariance - 0.5 * torch.eye(12, dtype=torch.float64)) / (
        0.5 * ((1 + torch.eye(12)) / trials.count) ** 0.5
    )
    assert float(standard_errors.abs().max()) < 5.0
    assert float(W.mean(0).abs().max()) < 5.0 * (0.5 / trials.count) ** 0.5
    assert float(((W**4).mean(0) - 0.75).abs().max()) < 5.0 * (96 / 16 / trials.count) ** 0.5
