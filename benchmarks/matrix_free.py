"""Speed and memory of matrix-free layers, and their ratio to dense ones.

`python benchmarks/matrix_free.py [--quick]`.

Every figure is taken on one thread, in float64. Ratios come from one run on one machine, so that
they can be compared between machines.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from dataclasses import replace

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from lemmata.harness.layers import Layer, gaussian_layer
from lemmata.harness.randomness import key_of
from lemmata.harness.trials import LayerKind, Trials

WIDE = {"--quick": (100_000, 10_000), "full": (1_000_000, 100_000)}
NETS = ((128, 64, 512), (1024, 4, 32))  # width, dense nets in a batch, matrix-free nets in a batch
SAMPLES = 16


def deep_net(trials: Trials, width: int, depth: int, inputs: int) -> tuple[list[Layer], Tensor]:
    """Return square hidden layers of a net and the first hidden activations, non-negative and of
    norm about one.
    """
    layers = [
        gaussian_layer(trials, f"W{index}", width, width, variance=2.0 / width)
        for index in range(depth)
    ]
    return layers, trials.normal("first", width, inputs, variance=2.0 / width).relu()


def forward(layers: list[Layer], first: Tensor) -> list[Tensor]:
    """Return the activations, the first included."""
    hidden = [first]
    for layer in layers:
        hidden.append(layer.apply(hidden[-1]).relu_())
    return hidden


def backward(layers: list[Layer], hidden: list[Tensor], last: Tensor) -> list[Tensor]:
    """Return the derivative in each layer's pre-activation, first layer first."""
    signals = [last * (hidden[-1] > 0)]
    for layer, below in zip(layers[:0:-1], hidden[-2:0:-1], strict=True):
        signals.append(layer.apply_transpose(signals[-1]).mul_(below > 0))
    return signals[::-1]


def gradient_norms(trials: Trials, width: int) -> Tensor:
    """Return the Frobenius norm of each layer's gradient in a net of two hidden layers, from the
    Gram matrices of its factors.
    """
    layers, first = deep_net(trials, width, 2, SAMPLES)
    hidden = forward(layers, first)
    signals = backward(layers, hidden, trials.normal("last", width, SAMPLES))
    squares = [
        ((signal.mT @ signal) * (below.mT @ below)).sum((-2, -1))
        for signal, below in zip(signals, hidden[:-1], strict=True)
    ]
    return torch.stack(squares, dim=-1).sqrt()


def full_backward(trials: Trials, width: int) -> Tensor:
    """Go forward and fully backward through four layers with four inputs."""
    layers, first = deep_net(trials, width, 4, 4)
    hidden = forward(layers, first)
    signals = backward(layers, hidden, trials.normal("last", width, 4))
    return layers[0].apply_transpose(signals[0])


def gradient_descent(trials: Trials, width: int, steps: int) -> Tensor:
    """Take full gradient steps on the three layers of a net with four inputs and one output.

    Return the losses.
    """
    layers, first = deep_net(trials, width, 3, 4)
    readout = trials.normal("readout", 1, width)
    losses = []
    for _ in range(steps):
        hidden = forward(layers, first)
        residual = readout @ hidden[-1] - 1.0
        losses.append(residual.square().sum((-2, -1)) / 2)
        signals = backward(layers, hidden, readout.mT * residual)
        updates = zip(layers, signals, hidden[:-1], strict=True)
        layers = [
            layer.add_low_rank(signal * (-0.3 / width), below) for layer, signal, below in updates
        ]
    return torch.stack(losses, dim=-1)


def seconds(what: Callable[[], object], repeats: int = 1) -> float:
    """Return the best time of `repeats` runs."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        what()
        times.append(time.perf_counter() - start)
    return min(times)


def peak_gigabytes() -> float:
    """Return the largest resident size that the process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="ten times narrower")
    widest, wide = WIDE["--quick" if parser.parse_args().quick else "full"]
    torch.set_num_threads(1)
    one = Trials(key=key_of("benchmark", "matrix-free"), count=1, layers="matrix-free")

    table = Table(title="Matrix-free layers, one thread, float64")
    for heading in ("what", "matrix-free", "dense", "ratio"):
        table.add_column(heading, justify="left" if heading == "what" else "right")

    base = peak_gigabytes()
    taken = seconds(lambda: full_backward(one, widest))
    memory, entries = peak_gigabytes() - base, 4 * widest**2 * 8 / 2**30
    table.add_row(
        f"forward + full backward, 4 layers, 4 inputs, m = {widest:,}", f"{taken:.2f} s", "", ""
    )
    row = (f"{memory:.2f} GiB", f"{entries:,.0f} GiB", f"{entries / memory:,.0f}")
    table.add_row("    its memory, beside what dense entries would take", *row)
    taken = seconds(lambda: gradient_descent(one, wide, 20))
    table.add_row(
        f"20 steps of gradient descent, 3 layers, 4 inputs, m = {wide:,}", f"{taken:.1f} s", "", ""
    )
    for width, dense, free in NETS:
        rates: dict[LayerKind, float] = {}
        for kind, count in (("matrix-free", free), ("dense", dense)):
            trials = replace(one, count=count, layers=kind)
            rates[kind] = count / seconds(
                lambda batch=trials, size=width: gradient_norms(batch, size), repeats=2
            )
        row = (
            f"{rates['matrix-free']:.1f}/s",
            f"{rates['dense']:.1f}/s",
            f"{rates['matrix-free'] / rates['dense']:.1f}",
        )
        table.add_row(f"nets, forward and gradient norm, {SAMPLES} inputs, m = {width:,}", *row)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
