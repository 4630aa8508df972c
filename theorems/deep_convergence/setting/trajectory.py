"""Trajectories of training, with everything that the proofs of convergence speak of.

A trial that rests takes no further steps (`training` says when). The updates are kept as their
factors, so that displacements need no m × m matrix.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from lemmata.theorems.deep_convergence.setting.network import Gradient


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectory:
    """Losses and steps of a run, all trials at once.

    Attributes:
        step: η.
        F: the losses F_0, ..., F_T.
        squares: ‖∇_{W_l}F(W^(t))‖_F² for each step and layer; 0 where the trial rests.
        moving: in which steps the trial does not rest.
        gradients: of each step, by layers; 0 where the trial rests.
    """

    step: float
    F: Float[Tensor, "trials T+1"]
    squares: Float[Tensor, "trials T L"]
    moving: Bool[Tensor, "trials T"]
    gradients: tuple[tuple[Gradient, ...], ...]

    @property
    def contraction(self) -> Float[Tensor, "trials T"]:
        """1 - F_{t+1}/F_t; 1 where the trial rests."""
        return self.where_moving(1.0 - self.F[:, 1:] / self.F[:, :-1], 1.0)

    @property
    def descent(self) -> Float[Tensor, "trials T"]:
        """(F_t - F_{t+1})/(η ‖∇F(W^(t))‖_F²): 1 to first order in η; 1 where the trial rests."""
        return self.where_moving(
            (self.F[:, :-1] - self.F[:, 1:]) / (self.step * self.squares.sum(dim=2)), 1.0
        )

    def decline(self, since: int = 0) -> Float[Tensor, "trials"]:
        """Return by how much log F falls a moving step, on average from the step `since` on."""
        return (self.F[:, since] / self.F[:, -1]).log() / self.moving[:, since:].sum(dim=1).clamp(
            min=1
        )

    def where_moving(
        self, values: Float[Tensor, "trials T"], otherwise: float
    ) -> Float[Tensor, "trials T"]:
        """Return the values with those of resting steps replaced."""
        return torch.where(self.moving, values, otherwise)

    def displacement(self) -> tuple[Gradient, ...]:
        """Return W_l^(T) - W_l^(0) for each layer, by its factors."""
        layers = zip(*self.gradients, strict=True)
        return tuple(
            Gradient(
                e=-self.step * torch.cat([one.e for one in taken], dim=2),
                h=torch.cat([one.h for one in taken], dim=2),
            )
            for taken in layers
        )
