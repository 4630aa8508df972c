"""Stochastic gradient descent on the two-layer learner, all trials in one batch.

W_{t+1} = W_t - η ∇L_F(z_t; W⁽⁰⁾ + W_t), one sample a step: fresh, or uniform from a fixed set.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.theorems.beyond_two_layers.setting.losses import root_loss, root_loss_gradient
from lemmata.theorems.beyond_two_layers.setting.two_layers import TwoLayerNetwork, Weights

Slope = Callable[[Tensor, Tensor], Tensor]


@dataclass(slots=True)
class Run:
    """A run: W' = W_T and the loss at each step's own sample, before the step."""

    moved: Weights
    losses: list[Float[Tensor, "trials"]] = field(default_factory=list)

    @property
    def mean_loss(self) -> Float[Tensor, "trials"]:
        """Return (1/T) Σ_t L(z_t; W_t)."""
        return torch.stack(self.losses).mean(dim=0)


def descend(
    network: TwoLayerNetwork,
    x: Float[Tensor, "trials steps d"],
    y: Float[Tensor, "trials steps k"],
    rate: float,
    *,
    watch: Callable[[int, Weights], None] | None = None,
) -> Run:
    """Run SGD over the samples in their order; ``watch`` sees (t, W_t) before each step."""
    run = Run(moved=torch.zeros_like(network.W))
    biases, outer = network.b, network.A
    for t in range(x.shape[1]):
        if watch is not None:
            watch(t, run.moved)
        z = torch.einsum("tmd,td->tm", network.W + run.moved, x[:, t]) + biases
        f = torch.einsum("tkm,tm->tk", outer, z.relu())
        run.losses.append(root_loss(f, y[:, t]))
        back = torch.einsum("tk,tkm->tm", root_loss_gradient(f, y[:, t]), outer) * (z >= 0)
        run.moved = torch.baddbmm(run.moved, back.unsqueeze(2), x[:, t].unsqueeze(1), alpha=-rate)
    return run
