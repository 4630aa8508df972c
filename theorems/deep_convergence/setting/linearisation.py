"""How far the loss is from its linearisation, and steps that make it far (ALS18, Section 11).

At a point W of the ball, for a step W' and targets y*,

    E = F(W + W') - F(W) - ⟨∇F(W), W'⟩.                                                          (1)

E > 0 limits smoothness, E < 0 convexity. Random steps and gradient steps hardly see it; ascent in
W' sees no indicators. The point that matters is made by hand, in the last layer (`parked`).
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Instance, Requirement, Trials
from lemmata.harness.adversary import LowRank, greedy_sign_flips, polar_factor, smallest_moving
from lemmata.strategies import Labels
from lemmata.theorems.deep_convergence.setting import attacks
from lemmata.theorems.deep_convergence.setting.network import (
    DeepReluNet,
    Gradient,
    Network,
    SeparatedData,
    loss,
)
from lemmata.theorems.deep_convergence.setting.perturbations import ball_at, within_the_radius

ABOVE_ZERO = 1e-13
"""Where neurons are parked: the indicator at 0 itself is a matter of rounding."""

RANGE = Requirement(
    paper=r"$\omega\in[\Omega(d^{3/2}m^{-3/2}L^{-3/2}\log^{-3/2}m),O(L^{-9/2}\log^{-3}m)]$; tried "
    r"on a larger ball, with $m\omega^{2/3}\ge5$",
    met=within_the_radius,
)


def changed_mask(a: Tensor, b: Tensor) -> Tensor:
    """Return the diagonal of D'' with φ(b) - φ(a) = (D + D'')(b - a), D of a.

    Not 0 where the signs differ alone.
    """
    differ = (a >= 0) != (b >= 0)
    slope = (b.relu() - a.relu()) / torch.where(differ, b - a, 1.0)
    return torch.where(differ, slope - (a >= 0).to(a.dtype), 0.0)


def step_at(
    width: int, depth: int, omega: float, *, outputs: int, count: int = 1, length: float = 1.0
) -> Instance:
    """Return the instance of these sizes, on uniform data with random targets."""
    return {
        **ball_at(width, depth, omega, outputs=outputs, count=count),
        "targets": Labels(family="random", length=length),
    }


def excesses(
    net: DeepReluNet,
    data: SeparatedData,
    omega: float,
    targets: Labels,
    trials: Trials,
    *,
    upward: bool,
    by_hand_only: bool = False,
) -> dict[str, tuple[Float[Tensor, "trials"], Float[Tensor, "trials"]]]:
    """Return E of (1) and F(W), by attack.

    At points of the ball and steps of norm ω that make E large, or small.
    """
    network, signals = net.forward(trials, data)
    x, other, y_star = (
        data.inputs(trials),
        trials.stream("adversary"),
        targets.build(trials.stream("targets"), signals.y),
    )
    base, moved = parked(network, x, y_star, omega, helpful=upward)
    parking = _Excess(base, x, y_star)
    found = {"parked": (parking(moved), parking.F)}
    if by_hand_only:
        return found
    away = attacks.rotated(network, x, omega, other)
    gradient, excess = _polar_step(away, x, y_star, omega), _Excess(away, x, y_star)

    def objective(moved: Network) -> Float[Tensor, "trials"]:
        return excess(moved) if upward else -excess(moved)

    def stepped(sign: float) -> Network:
        return away.with_layers(
            [
                layer.add_low_rank(sign * one.left, one.right)
                for layer, one in zip(away.W, gradient, strict=True)
            ]
        )

    steps = {
        "random": attacks.rotated(away, x, omega, other.stream("step")),
        "gradient": stepped(1.0),
        "descent": stepped(-1.0),
        "frank_wolfe": attacks.ascended(away, objective, omega, rounds=5, start=gradient),
    }
    return {name: (excess(step), excess.F) for name, step in steps.items()} | found


class _Excess:
    """E of (1) as a function of W + W', for a fixed W; differentiable."""

    def __init__(
        self, base: Network, inputs: Float[Tensor, "d_in n"], y_star: Float[Tensor, "trials d n"]
    ) -> None:
        self.signals = base.forward(inputs)
        self.gradient: tuple[Gradient, ...] = base.gradient(self.signals, self.signals.y - y_star)
        self.inputs, self.y_star = inputs, y_star
        self.F = loss(self.signals.y, y_star)

    def __call__(self, moved: Network) -> Float[Tensor, "trials"]:
        linear = torch.zeros_like(self.F)
        for layer, one, g in zip(moved.W, self.gradient, self.signals.g[1:], strict=True):
            linear = linear + (one.e * (layer.apply(one.h) - g)).sum(dim=(1, 2))
        return loss(moved.forward(self.inputs).y, self.y_star) - self.F - linear


def _polar_step(network: Network, inputs: Tensor, y_star: Tensor, omega: float) -> list[LowRank]:
    signals = network.forward(inputs)
    polar = [
        polar_factor(LowRank(one.e, one.h)) for one in network.gradient(signals, signals.y - y_star)
    ]
    return [LowRank(omega * one.left, one.right) for one in polar]


def parked(
    network: Network,
    inputs: Float[Tensor, "d_in n"],
    y_star: Float[Tensor, "trials d n"],
    omega: float,
    *,
    helpful: bool,
) -> tuple[Network, Network]:
    """Return W and W + W' that differ from the network in the last layer, along the first example's
    hidden vector.

    W moves the cheapest neurons k whose weight (Bᵀ loss)_k is positive (`helpful`, when to push
    them down lowers the loss to first order) or negative to just above zero. W' pushes them below,
    in proportion to their weights: nothing changes, but by first order ω‖h‖ ‖(Bᵀ loss)_K‖ should.
    So E is that, or minus that.
    """
    signals = network.forward(inputs)
    g, h, last = signals.g[-1][..., 0], signals.h[-2][..., 0], network.W[-1]
    weights = network.B.apply_transpose((signals.y - y_star)[..., :1])[..., 0]
    eligible = weights > 0 if helpful else weights < 0
    chosen = eligible & (
        greedy_sign_flips(g, g, omega * h.norm(dim=1), eligible=eligible).change != 0
    )
    base = last.add_low_rank(*smallest_moving(h, torch.where(chosen, ABOVE_ZERO - g, 0.0)))
    here = network.with_layers((*network.W[:-1], base))
    now = network.B.apply_transpose((here.forward(inputs).y - y_star)[..., :1])[..., 0]
    push = -now.abs() * chosen
    size = push.norm(dim=1, keepdim=True)
    step = smallest_moving(
        h, torch.where(size > 0, omega * h.norm(dim=1, keepdim=True) * push / size, 0.0)
    )
    return here, network.with_layers((*network.W[:-1], base.add_low_rank(*step)))
