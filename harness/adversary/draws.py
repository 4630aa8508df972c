"""Ascent over a trial's own draws: for a claim that holds for every draw, the worst draw is sought.

A claim that no trial may violate is claimed for *every* value of what the trial draws: each normal
may be any real number, each uniform any number in (0, 1). So the normals, and the logits of the
uniforms, are taken as variables and Adam climbs the logarithm of the ratio, all trials at once and
each for itself. What is found is a valid draw; it replays, since the ascent is a function of the
trial alone. Signs, integers and permutations stay as they were drawn. Nothing is asked of the
statement but that its ratio be differentiable; where it is not, nothing is found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from lemmata.harness.claims import Bound
from lemmata.harness.randomness import Key
from lemmata.harness.trials import Moved, Trials

Evaluate = Callable[[Trials], Bound]

STEPS = 100
_RATE = 0.05
_EDGE = 30.0


class _Leaves:
    """The draws as variables; the first evaluation makes them."""

    def __init__(self) -> None:
        self.leaves: dict[tuple[Key, str], Tensor] = {}

    def __call__(self, key: Key, name: str, law: str, drawn: Tensor) -> Tensor:
        leaf = self.leaves.get((key, name))
        if leaf is None:
            start = drawn if law == "normal" else torch.logit(drawn)
            leaf = self.leaves[key, name] = start.detach().clone().requires_grad_()
        return leaf.clone() if law == "normal" else torch.sigmoid(leaf.clamp(-_EDGE, _EDGE))


def ascended(evaluate: Evaluate, trials: Trials, steps: int = STEPS) -> Moved | None:
    """Climb the ratio over the draws of some trials, each for itself.

    Args:
        evaluate: the statement's check on one instance.
        trials: where the ascent starts.
        steps: of Adam.

    Returns:
        What stands in for the draws, for `Trials.moved`: each trial's best point; None where the
        ratio does not depend on the draws, or not differentiably.
    """
    from dataclasses import replace

    held = _Leaves()
    moving = replace(trials, moved=held, journal=None, asked=None)
    with torch.enable_grad():
        ratio = evaluate(moving).ratio
        leaves = [leaf for leaf in held.leaves.values() if leaf.numel()]
        if not ratio.requires_grad or not leaves:
            return None
        best = _log(ratio).detach()
        kept = [leaf.detach().clone() for leaf in leaves]
        optimiser = torch.optim.Adam(leaves, lr=_RATE)
        for _ in range(steps):
            optimiser.zero_grad()
            value = _log(evaluate(moving).ratio)
            _keep(value.detach(), best, leaves, kept)
            if not value.requires_grad:
                break
            finite = torch.where(value.isfinite(), value, torch.zeros_like(value))
            (-finite.sum()).backward()
            for leaf in leaves:
                if leaf.grad is not None:
                    leaf.grad.nan_to_num_(nan=0.0, posinf=0.0, neginf=0.0)
            optimiser.step()
        _keep(_log(evaluate(moving).ratio).detach(), best, leaves, kept)
    for leaf, value in zip(leaves, kept, strict=True):
        leaf.detach_().copy_(value)
    return held


def _keep(value: Tensor, best: Tensor, leaves: Sequence[Tensor], kept: Sequence[Tensor]) -> None:
    """Note each trial's best point so far; NaN is no improvement."""
    better = value > best
    best.copy_(torch.where(better, value, best))
    for leaf, point in zip(leaves, kept, strict=True):
        shape = (-1, *(1 for _ in leaf.shape[1:]))
        point.copy_(torch.where(better.reshape(shape), leaf.detach(), point))


def _log(ratio: Tensor) -> Tensor:
    return ratio.clamp(min=1e-300).log()
