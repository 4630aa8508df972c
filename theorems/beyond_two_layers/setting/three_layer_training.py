"""Algorithms 2 and 3 at small sizes.

Rounds of noisy SGD on the three-layer objective, λ decaying in between.

A step takes a batch of the training set with replacement, fresh smoothing W^ρ, V^ρ and, in
Algorithm 2, fresh signs Σ, and follows the gradient of L(λF(x; W⁽⁰⁾ + W^ρ + ΣW', V⁽⁰⁾ + V^ρ + V'Σ),
y) + R(√λW', √λV'). Algorithm 3 has no Σ.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Trials, alike
from lemmata.theorems.beyond_two_layers.setting.losses import root_loss, root_loss_gradient
from lemmata.theorems.beyond_two_layers.setting.regularisers import decayed, regulariser
from lemmata.theorems.beyond_two_layers.setting.three_layers import (
    First,
    Inputs,
    Outputs,
    Second,
    ThreeLayerNetwork,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How long and how a run trains, as plain data.

    Attributes:
        rounds, steps: T rounds of T_w steps. batch: of a step.
        rate: of a step, for weights of the size ε_a² m. eta: λ ← (1 - η)λ after a round.
        noise: σ_w = σ_v in units of m^{-1/2}. of_w, of_v: λ_w, λ_v. signed: whether Σ is there.
    """

    rounds: int = 10
    steps: int = 40
    batch: int = 20
    rate: float = 0.5
    eta: float = 0.02
    noise: float = 0.09
    of_w: float = 1e-2
    of_v: float = 1e-3
    signed: bool = False


@dataclass(slots=True)
class Trained:
    """A run's end: W', V', λ, and the objective's largest value and the training loss by round."""

    W: First
    V: Second
    scale: float
    losses: list[Float[Tensor, "trials"]]
    objective: Float[Tensor, "trials"]


def train(
    network: ThreeLayerNetwork, x: Inputs, y: Outputs, schedule: Schedule, trials: Trials
) -> Trained:
    """Train on the samples."""
    m1, m2 = network.V.shape[2], network.V.shape[1]
    samples, outer = x.shape[1], network.A
    rate = schedule.rate / (float(outer.square().mean()) * m2)
    W, V = torch.zeros_like(network.W), torch.zeros_like(network.V)
    scale, losses, largest = 1.0, [], torch.zeros_like(network.b1[:, 0])
    for t in alike(range(schedule.rounds)):
        order = (samples * trials.uniform(f"batch {t}", schedule.steps, schedule.batch)).long()
        order = order.clamp(max=samples - 1)
        noise_w = schedule.noise * trials.normal(f"W rho {t}", m1, x.shape[2]) / m1**0.5
        noise_v = schedule.noise * trials.normal(f"V rho {t}", m2, m1) / m2**0.5
        base_w, base_v = network.W + noise_w, network.V + noise_v
        sign = trials.signs(f"Sigma {t}", schedule.steps, m1) if schedule.signed else None
        total = torch.zeros_like(largest)
        for step in alike(range(schedule.steps)):
            rows = order[:, step].unsqueeze(-1)
            batch = x.gather(1, rows.expand(-1, -1, x.shape[2]))
            label = y.gather(1, rows.expand(-1, -1, y.shape[2]))
            s = None if sign is None else sign[:, step]
            at_w = base_w + (W if s is None else s.unsqueeze(2) * W)
            at_v = base_v + (V if s is None else V * s.unsqueeze(1))
            z = network.first(at_w, batch)
            h = z.relu()
            u = h @ at_v.mT + network.b2.unsqueeze(1)
            f = scale * (u.relu() @ outer.mT)
            total = total + root_loss(f, label).mean(dim=1) / schedule.steps
            delta = (u >= 0) * (root_loss_gradient(f, label) * (scale / schedule.batch) @ outer)
            slope_v, slope_w = delta.mT @ h, ((z >= 0) * (delta @ at_v)).mT @ batch
            if s is not None:
                slope_v, slope_w = slope_v * s.unsqueeze(1), slope_w * s.unsqueeze(2)
            rows_w = W.square().sum(dim=2, keepdim=True)
            slope_w = slope_w + 4.0 * schedule.of_w * scale**2 * rows_w * W
            slope_v = slope_v + 2.0 * schedule.of_v * scale * V
            W, V = W - rate * slope_w, V - rate * slope_v
        losses.append(total)
        whole = total + regulariser(W, V, scale, schedule.of_w, schedule.of_v)
        largest = torch.maximum(largest, whole)
        scale = decayed(1.0, schedule.eta, t + 1)
    return Trained(W, V, scale, losses, largest)
