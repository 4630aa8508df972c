"""Perturbations of low rank, as the pair of factors that `Layer.add_low_rank` takes.

They need no matrix, whatever the width.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness.adversary.balls import Point, above_rounding


class LowRank(NamedTuple):
    """The matrix left · rightᵀ of each trial."""

    left: Float[Tensor, "trials rows rank"]
    right: Float[Tensor, "trials cols rank"]

    def materialise(self) -> Float[Tensor, "trials rows cols"]:
        """Return the matrix itself."""
        return self.left @ self.right.mT


def smallest_moving(
    hidden: Float[Tensor, "trials cols"], change: Float[Tensor, "trials rows"]
) -> LowRank:
    """Return the smallest W' with W' hidden = change: W' = change hiddenᵀ/‖hidden‖².

    Its spectral norm and its Frobenius norm are both ‖change‖/‖hidden‖, and no matrix that does the
    same has a smaller one of either. Where hidden is zero nothing can be moved, and W' is zero.
    """
    square = hidden.square().sum(dim=-1, keepdim=True)
    return LowRank(
        change.unsqueeze(-1), torch.where(square == 0, 0.0, hidden / square).unsqueeze(-1)
    )


def rank_one_along_hidden(
    direction: Float[Tensor, "trials rows"],
    hidden: Float[Tensor, "trials cols"],
    radius: float | Float[Tensor, "trials"],
) -> LowRank:
    """Return W' = radius · u ĥᵀ, u and ĥ the unit vectors along `direction` and `hidden`.

    For one example, rank one along its current hidden vector realises everything that a
    spectral-norm ball can do to a layer's forward pass: W' ĥ ranges over the ball of that radius as
    u does over unit vectors.
    """
    size = direction.norm(dim=-1)
    factor = torch.where(size == 0, 0.0, radius * hidden.norm(dim=-1) / size)
    return smallest_moving(hidden, direction * factor.unsqueeze(-1))


def polar_factor(gradient: LowRank) -> LowRank:
    """Return U Vᵀ of a gradient U Σ Vᵀ that is given by its factors.

    Steepest ascent in the spectral ball without a rows × cols matrix.

    With left = Q₁R₁, right = Q₂R₂ and the small R₁R₂ᵀ = XΣYᵀ it is (Q₁X)(Q₂Y)ᵀ; directions of
    singular value zero are left out. O(T (rows + cols) rank²).
    """
    (Q1, R1), (Q2, R2) = torch.linalg.qr(gradient.left), torch.linalg.qr(gradient.right)
    X, S, Yh = torch.linalg.svd(R1 @ R2.mT, full_matrices=False)
    return LowRank((Q1 @ X) * above_rounding(S).unsqueeze(-2), Q2 @ Yh.mT)


def single_neuron(gradient: Point, radius: float | Float[Tensor, "trials"]) -> Point:
    """Return the point that moves one row only, the one of the largest gradient, by `radius` along
    its
    gradient.

    Its spectral, Frobenius, ‖·‖₂,∞ and ‖·‖₂,₄ norms all equal `radius`: it lies in each of the
    balls, and attacks those that bound rows together.

    Args:
        gradient: matrices (trials, rows, cols).
        radius: of the ball.
    """
    norms = torch.cat([x.norm(dim=-1) for x in gradient], dim=1)
    largest = norms.amax(dim=1)
    factor = torch.where(largest == 0, 0.0, radius / largest)
    chosen = torch.zeros_like(norms).scatter(
        1, norms.argmax(dim=1, keepdim=True), factor.unsqueeze(-1)
    )
    weights = torch.split(chosen, [x.shape[1] for x in gradient], dim=1)
    return tuple(x * weight.unsqueeze(-1) for x, weight in zip(gradient, weights, strict=True))
