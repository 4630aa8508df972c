"""Attacks on the signs of activations, which gradients do not see.

A coordinate of a pre-activation counts as active when it is ≥ 0. Moving it across zero costs its
distance from zero; with a budget for the root of the summed squares of the costs, the cheapest
first is optimal for the number of moves (exchange argument). Moves overshoot by a factor 1 + 1e-9,
charged to the budget, so that the sign does change in floating point.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from lemmata.harness.adversary.low_rank import LowRank

_OVERSHOOT = 1.0 + 1e-9


class Flips(NamedTuple):
    """A change of the pre-activation, ‖change‖ ≤ budget, and where b + change has another sign
    than g.
    """

    change: Float[Tensor, "trials m"]
    flipped: Bool[Tensor, "trials m"]


class Merge(NamedTuple):
    """A perturbation of rank two, of Frobenius norm at most the budget, and the rows in which it
    gave two examples one sign.
    """

    update: LowRank
    merged: Bool[Tensor, "trials m"]


def greedy_sign_flips(
    g: Float[Tensor, "trials m"],
    b: Float[Tensor, "trials m"],
    budget: Float[Tensor, "trials"],
    *,
    eligible: Bool[Tensor, "trials m"] | None = None,
) -> Flips:
    """Flip as many signs of g as possible by moving b with ‖change‖ ≤ budget.

    Exactly optimal in their number.

    A coordinate where b has the other sign than g already is flipped at no cost. With a layer's
    hidden vector h and budget ω‖h‖, the update `smallest_moving(h, change)` has spectral norm at
    most ω, and no update of that norm flips more signs of this one layer. O(T m log m).

    Args:
        g: the reference, a pre-activation at initialisation.
        b: the current pre-activation.
        budget: of the norm of the change.
        eligible: which coordinates may be moved; all by default. With `g >= 0` neurons are only
            switched off, with `g < 0` only on.
    """
    cost = torch.where(g >= 0, b, -b).clamp(min=0.0) * _OVERSHOOT
    movable = torch.ones_like(cost, dtype=torch.bool) if eligible is None else eligible
    chosen = _cheapest(cost, budget, movable)
    change = torch.where(chosen & (cost > 0), -_OVERSHOOT * b, 0.0)
    return Flips(change, (b + change >= 0) != (g >= 0))


def merge_signs(
    first: Float[Tensor, "trials m"],
    second: Float[Tensor, "trials m"],
    hidden_first: Float[Tensor, "trials cols"],
    hidden_second: Float[Tensor, "trials cols"],
    budget: Float[Tensor, "trials"],
) -> Merge:
    """Give two examples the same activations in as many rows as the budget allows.

    Where the pre-activations g₁ = ⟨w, h₁⟩ and g₂ = ⟨w, h₂⟩ of a row w have different signs, taking
    (1 + 1e-9) g₁ h₁ᵀ/‖h₁‖² from w moves g₁ across zero at the cost |g₁|/‖h₁‖, and, if ⟨h₁, h₂⟩ ≥ 0,
    moves g₂ further from it; likewise for 2. The cheaper way is taken, rows in the order of their
    costs while the squares sum to at most budget². After a ReLU ⟨h₁, h₂⟩ ≥ 0 holds.
    """
    size_first, size_second = (
        hidden_first.norm(dim=-1, keepdim=True),
        hidden_second.norm(dim=-1, keepdim=True),
    )
    cost_first, cost_second = (
        _cost_of_moving(first, size_first),
        _cost_of_moving(second, size_second),
    )
    merged = _cheapest(
        torch.minimum(cost_first, cost_second), budget, (first >= 0) != (second >= 0)
    )
    moves_first = cost_first <= cost_second
    change_first = torch.where(merged & moves_first, -_OVERSHOOT * first, 0.0)
    change_second = torch.where(merged & ~moves_first, -_OVERSHOOT * second, 0.0)
    left = torch.stack((change_first, change_second), dim=-1)
    right = torch.stack(
        (_over_square(hidden_first, size_first), _over_square(hidden_second, size_second)), dim=-1
    )
    return Merge(LowRank(left, right), merged)


def _cost_of_moving(
    g: Float[Tensor, "trials m"], size: Float[Tensor, "trials 1"]
) -> Float[Tensor, "trials m"]:
    return torch.where(size == 0, torch.inf, _OVERSHOOT * g.abs() / size)


def _over_square(
    x: Float[Tensor, "trials n"], size: Float[Tensor, "trials 1"]
) -> Float[Tensor, "trials n"]:
    return torch.where(size == 0, 0.0, x / size**2)


def _cheapest(
    cost: Float[Tensor, "trials m"],
    budget: Float[Tensor, "trials"],
    eligible: Bool[Tensor, "trials m"],
) -> Bool[Tensor, "trials m"]:
    """Choose the longest prefix, cheapest first, of the eligible coordinates with Σ cost² ≤
    budget².
    """
    ordered, order = torch.where(eligible, cost, torch.inf).sort(dim=-1)
    affordable = ordered.square().cumsum(dim=-1) <= budget.square().unsqueeze(-1)
    return torch.zeros_like(eligible).scatter(-1, order, affordable)
