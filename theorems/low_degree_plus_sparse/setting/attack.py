"""The adversary of these statements: named starts, projected gradient ascent from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from lemmata.harness import Bound, Trials, worst_of


def attack(
    claim: Callable[[Tensor], Bound],
    *,
    starts: Mapping[str, Tensor],
    within: Callable[[Tensor], Tensor] | None = None,
    objective: Callable[[Tensor], Tensor] | None = None,
    trials: Trials | None = None,
    steps: int = 60,
    climb_steps: int = 0,
    rate: float = 0.02,
    ascend: Sequence[str] | None = None,
) -> Bound:
    """Return the claim at the worst of the starts and of the points climbed to from them."""
    project = within or (lambda point: point)
    found = {name: claim(point) for name, point in starts.items()}
    names = list(starts if ascend is None else ascend) if steps else []
    for name in names:
        climbed = _ascended(claim, objective, starts[name], project, steps, rate)
        found[f"{name}, climbed"] = claim(climbed)
    return worst_of(**found)


def _ascended(
    claim: Callable[[Tensor], Bound],
    objective: Callable[[Tensor], Tensor] | None,
    start: Tensor,
    project: Callable[[Tensor], Tensor],
    steps: int,
    rate: float,
) -> Tensor:
    point = start.detach().clone()
    first, second = torch.zeros_like(point), torch.zeros_like(point)
    best, value = point.clone(), torch.full_like(claim(point).ratio, -torch.inf)
    size = point.flatten(1).norm(dim=1) / point[0].numel() ** 0.5
    scale = size.reshape(-1, *[1] * (point.ndim - 1))
    for step in range(1, steps + 1):
        with torch.enable_grad():
            leaf = point.requires_grad_()
            ratio = claim(leaf).ratio.log() if objective is None else objective(leaf)
            (slope,) = torch.autograd.grad(ratio.sum(), leaf)
        slope = slope.nan_to_num(0.0, 0.0, 0.0)
        better = ratio.detach() > value
        value = torch.where(better, ratio.detach(), value)
        best = torch.where(better.reshape(-1, *[1] * (best.ndim - 1)), point.detach(), best)
        first = 0.9 * first + 0.1 * slope
        second = 0.99 * second + 0.01 * slope**2
        move = first / (1.0 - 0.9**step) / ((second / (1.0 - 0.99**step)).sqrt() + 1e-30)
        point = project((point.detach() + rate * scale * move).detach())
    return best
