"""Adversarial points of the ball B(ω) = {W : ‖W_l - W_l^(0)‖₂ ≤ ω for all l} around a network.

Each attack returns a network whose trained layers are those of the given one plus an update of low
rank, so that it runs on dense and on matrix-free layers alike; the given network is the centre,
perturbed already or not, and stays what it was.

* attack; aims at; update of a layer:
  - `rotated`: nothing: the random point to compare with; a random frame on the span of the hidden
    vectors
  - `aligned`: whatever directions it is given; rank one along one example's current hidden vector
  - `magnified`: ‖h_L - h_L^(0)‖ of one example; the same, directions by steepest ascent
  - `flipped`: the number of sign changes of one example, layer by layer; the same, the cheapest
    signs first
  - `merged`: the last layer's signs of two examples: makes them equal; rank two, last layer only
  - `descended`: the points where gradient descent goes; rank n a step
  - `ascended`: any objective that is differentiable in products with the layers; Frank-Wolfe, the
    polar factor of the gradient's factors

For one example, rank one along its current hidden vector realises everything that the ball can do
to a layer's forward pass. Gradients see no indicators: pair `ascended` with `flipped` or `merged`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from lemmata.harness import Trials
from lemmata.harness.adversary import (
    LowRank,
    greedy_sign_flips,
    merge_signs,
    polar_factor,
    rank_one_along_hidden,
    smallest_moving,
)
from lemmata.harness.layers import Layer
from lemmata.theorems.deep_convergence.setting.network import Network

Inputs: TypeAlias = Float[Tensor, "d_in n"]
Radius: TypeAlias = float | Float[Tensor, "trials"]
Objective: TypeAlias = Callable[[Network], Float[Tensor, "trials"]]
Eligible: TypeAlias = Callable[[Float[Tensor, "trials m"]], Bool[Tensor, "trials m"]]


def rotated(network: Network, inputs: Inputs, radius: Radius, trials: Trials) -> Network:
    """Return a random point.

    What ω times a random orthogonal matrix a layer does to the forward pass of the examples.

    On the span of the hidden vectors, with orthonormal basis Q, a Haar-random orthogonal matrix
    acts as U Qᵀ with a random frame U.
    """
    h = network.A.apply(_columns(network, inputs)).relu()
    W = []
    for level, layer in enumerate(network.W, start=1):
        Q = torch.linalg.qr(h).Q
        U = torch.linalg.qr(trials.normal(f"rotated/{level}", layer.rows, Q.shape[2])).Q
        W.append(layer.add_low_rank(_times(radius, U), Q))
        h = W[-1].apply(h).relu()
    return network.with_layers(W)


def aligned(
    network: Network,
    inputs: Inputs,
    radius: Radius,
    directions: Sequence[Float[Tensor, "trials m"]],
    *,
    example: int = 0,
) -> Network:
    """Return W_l + ω u_l ĥᵀ, u_l the unit vectors along the directions, ĥ along the example's
    current perturbed hidden vector.
    """
    h = network.A.apply(_columns(network, inputs, example)).relu()
    W = []
    for layer, direction in zip(network.W, directions, strict=True):
        update = rank_one_along_hidden(direction, h[..., 0], radius)
        W.append(layer.add_low_rank(*update))
        h = (layer.apply(h) + update.left * (update.right * h).sum(dim=1, keepdim=True)).relu()
    return network.with_layers(W)


def magnified(
    network: Network,
    inputs: Inputs,
    radius: Radius,
    *,
    example: int = 0,
    rounds: int = 6,
    of_output: bool = False,
) -> Network:
    """Return the point that moves the example's last hidden vector far.

    Steepest ascent of z = h_L - h_L^(0) in the ball.

    A round runs z back through the perturbed network, u_l ← D_l z_l, z_{l-1} = W_lᵀ D_l z_l, and
    aligns the layers with the u_l: a power iteration. It begins with u_l along the pre-activations.
    With `of_output` it is the output that moves far: z = Bᵀ(y - y^(0)).
    """
    column = inputs[:, example : example + 1]
    start = network.forward(column)
    moved = aligned(network, column, radius, [g[..., 0] for g in start.g[1:]])
    for _ in range(rounds):
        now = moved.forward(column)
        z = network.B.apply_transpose(now.y - start.y) if of_output else now.h[-1] - start.h[-1]
        directions = []
        for level in range(network.depth, 0, -1):
            directions.append((z * now.signs[level])[..., 0])
            z = moved.W[level - 1].apply_transpose(directions[-1].unsqueeze(-1)) if level > 1 else z
        moved = aligned(network, column, radius, directions[::-1])
    return moved


def flipped(
    network: Network,
    inputs: Inputs,
    radius: Radius,
    *,
    example: int = 0,
    eligible: Eligible | None = None,
    reach: float = 1.0,
) -> Network:
    """Return the point that changes as many signs of the example as it can, layer by layer against
    the
    given network's signs.

    Given the layers before, no update of a layer of norm ω changes more signs of it.

    Args:
        network: the centre, and the reference of the signs.
        inputs: as columns.
        radius: ω.
        example: whose signs.
        eligible: given a layer's reference pre-activations, which neurons may be moved; all by
            default.
        reach: how far they are moved, in units of the way to zero: from 2 on, the signs of examples
            close by change as well.
    """
    reference = network.forward(_columns(network, inputs, example))
    h, W = reference.h[0], []
    for layer, g in zip(network.W, reference.g[1:], strict=True):
        b = layer.apply(h)
        may = None if eligible is None else eligible(g[..., 0])
        flips = greedy_sign_flips(
            g[..., 0], b[..., 0], _on(h, radius) / reach * h[..., 0].norm(dim=1), eligible=may
        )
        W.append(layer.add_low_rank(*smallest_moving(h[..., 0], reach * flips.change)))
        h = (b + reach * flips.change.unsqueeze(-1)).relu()
    return network.with_layers(W)


def merged(
    network: Network, inputs: Inputs, radius: Radius, *, pair: tuple[int, int] | None = None
) -> Network:
    """Return the point whose last layer gives two examples, the closest by default, the same sign
    in
    as many neurons as it can.

    The update has rank two and Frobenius norm at most ω.
    """
    first, second = closest_pair(inputs) if pair is None else pair
    signals = network.forward(inputs)
    (g, h), last = (signals.g[-1], signals.h[-2]), network.W[-1]
    merge = merge_signs(
        g[..., first], g[..., second], h[..., first], h[..., second], _on(h, radius).expand(len(h))
    )
    return network.with_layers((*network.W[:-1], last.add_low_rank(*merge.update)))


def descended(
    network: Network,
    inputs: Inputs,
    targets: Float[Tensor, "trials d n"],
    radius: Radius,
    *,
    step: float,
    steps: int = 3,
) -> Network:
    """Return the point in the direction of gradient descent's displacement after some steps, at
    the distance ω in its largest layer.
    """
    current, taken = network, []
    for _ in range(steps):
        signals = current.forward(inputs)
        taken.append(current.gradient(signals, signals.y - targets))
        current = current.moved(taken[-1], -step)
    updates = [
        LowRank(torch.cat([g.e for g in same], dim=2), torch.cat([g.h for g in same], dim=2))
        for same in zip(*taken, strict=True)
    ]
    largest = torch.stack([spectral_norm(update) for update in updates]).amax(dim=0)
    factor = torch.where(largest > 0, -radius / largest, 0.0)
    return _plus(
        network, [LowRank(_times(factor, update.left), update.right) for update in updates]
    )


def ascended(
    network: Network,
    objective: Objective,
    radius: Radius,
    *,
    rounds: int = 8,
    start: Sequence[LowRank] | None = None,
) -> Network:
    """Return, trial by trial, the best point of a Frank-Wolfe ascent X ← (1 - γ) X + γ ω U Vᵀ, γ =
    2/(k + 2), in the whole ball.

    The objective is evaluated `rounds` times on a network that differs from the one it belongs to
    by nothing but probes: a zero is added to each product with a layer, and the derivative in that
    zero is one factor of the derivative in the layer, the vector it was multiplied with the other.
    So a layer's gradient is known by its factors, and U Vᵀ costs no m × m matrix.

    Args:
        network: the centre.
        objective: of a network, trial by trial.
        radius: ω.
        rounds: how many steps.
        start: an update in the ball to begin with; needed where the centre is a critical point of
            the objective.

    Raises:
        ValueError: the objective does not depend on the layers through differentiable operations.
    """
    point = (
        [LowRank(nothing, nothing) for nothing in map(_nothing, network.W)]
        if start is None
        else list(start)
    )
    best, value = point, None
    for k in range(rounds + 1):
        current = _plus(network, point)
        probes = [_Probed(layer) for layer in current.W]
        with torch.enable_grad():
            now = objective(current.with_layers([Layer(entries=probe) for probe in probes]))
        better = torch.ones_like(now, dtype=torch.bool) if value is None else now.detach() > value
        value = now.detach() if value is None else torch.where(better, now.detach(), value)
        best = [_select(better, new, old) for new, old in zip(point, best, strict=True)]
        if k < rounds:
            gamma = 2.0 / (k + 2.0)
            towards = [polar_factor(gradient) for gradient in _gradients(now, probes)]
            point = [
                LowRank(
                    torch.cat(((1.0 - gamma) * x.left, _times(radius, gamma * to.left)), dim=2),
                    torch.cat((x.right, to.right), dim=2),
                )
                for x, to in zip(point, towards, strict=True)
            ]
    return _plus(network, best)


def closest_pair(inputs: Inputs) -> tuple[int, int]:
    """Return the two examples that are nearest to each other; (0, 0) for a single one."""
    apart = torch.cdist(inputs.mT, inputs.mT) + torch.diag(torch.full_like(inputs[0], torch.inf))
    return divmod(int(apart.argmin()), inputs.shape[1])


def spectral_norm(matrix: LowRank) -> Float[Tensor, "trials"]:
    """Return the spectral norm of left rightᵀ, exactly up to rounding, without the matrix."""
    first, second = (
        torch.linalg.qr(matrix.left, mode="r").R,
        torch.linalg.qr(matrix.right, mode="r").R,
    )
    return torch.linalg.matrix_norm(first @ second.mT, ord=2)


class _Probed:
    """A layer, as entries, that remembers each product and the zero that was added to it."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self.trials, self.rows, self.cols = layer.entries.trials, layer.rows, layer.cols
        self.products: list[tuple[Tensor, Tensor, bool]] = []

    def apply(self, V: Float[Tensor, "trials cols k"]) -> Float[Tensor, "trials rows k"]:
        return self._noted(self.layer.apply(V), V, forward=True)

    def apply_transpose(self, U: Float[Tensor, "trials rows k"]) -> Float[Tensor, "trials cols k"]:
        return self._noted(self.layer.apply_transpose(U), U, forward=False)

    def materialise(self) -> Float[Tensor, "trials rows cols"]:
        raise NotImplementedError(
            "an objective of `ascended` may use the layers only through their products"
        )

    def _noted(self, product: Tensor, vectors: Tensor, *, forward: bool) -> Tensor:
        probe = torch.zeros_like(product, requires_grad=True)
        self.products.append((probe, vectors.detach(), forward))
        return product + probe


def _gradients(value: Float[Tensor, "trials"], probes: Sequence[_Probed]) -> list[LowRank]:
    if not value.requires_grad:
        raise ValueError(
            "the objective has no derivative in the layers (made of indicators, or detached): "
            "attack it without gradients"
        )
    every = [probe for one in probes for probe, _, _ in one.products]
    slopes = dict(
        zip(
            map(id, every),
            torch.autograd.grad(value.sum(), every, materialize_grads=True),
            strict=True,
        )
    )
    found = []
    for one in probes:
        factors = [
            (slopes[id(probe)].nan_to_num(0.0, 0.0, 0.0), vectors)[:: 1 if forward else -1]
            for probe, vectors, forward in one.products
        ]
        found.append(
            LowRank(
                torch.cat([left for left, _ in factors], dim=2),
                torch.cat([right for _, right in factors], dim=2),
            )
        )
    return found


def _plus(network: Network, updates: Sequence[LowRank]) -> Network:
    return network.with_layers(
        [layer.add_low_rank(*update) for layer, update in zip(network.W, updates, strict=True)]
    )


def _select(choose: Bool[Tensor, "trials"], new: LowRank, old: LowRank) -> LowRank:
    missing = new.left.shape[2] - old.left.shape[2]
    where = choose[:, None, None]
    return LowRank(
        *(
            torch.where(where, x, torch.nn.functional.pad(y, (0, missing)))
            for x, y in zip(new, old, strict=True)
        )
    )


def _nothing(layer: Layer) -> Float[Tensor, "trials rows 0"]:
    trials = layer.entries.trials
    return torch.zeros((len(trials), layer.rows, 0), device=trials.device, dtype=trials.dtype)


def _columns(
    network: Network, inputs: Inputs, example: int | None = None
) -> Float[Tensor, "trials d_in k"]:
    chosen = inputs if example is None else inputs[:, example : example + 1]
    return chosen.expand(len(network.A.entries.trials), *chosen.shape)


def _times(radius: Radius, left: Float[Tensor, "trials m k"]) -> Float[Tensor, "trials m k"]:
    return _on(left, radius).reshape(-1, 1, 1) * left


def _on(like: Tensor, radius: Radius) -> Tensor:
    return torch.as_tensor(radius, device=like.device, dtype=like.dtype)
