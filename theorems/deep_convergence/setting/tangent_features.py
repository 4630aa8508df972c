"""Gradients of single outputs by their factors, and the tangent kernel that they span.

The gradient of f_a(x_i; W) = e_aᵀ y_i in W_l is e_{(i,a),l} h_{i,l-1}ᵀ with e_{(i,a),l} = D_{i,l}
Back_{i,l+1}ᵀ e_a: rank one. Hence

    K_W((i,a), (j,b)) = ⟨∇f_a(x_i; W), ∇f_b(x_j; W)⟩ = Σ_l ⟨e_{(i,a),l}, e_{(j,b),l}⟩ ⟨h_{i,l-1},
    h_{j,l-1}⟩,  (1)

entries ordered by example, then output.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness.adversary import LowRank
from lemmata.theorems.deep_convergence.setting.network import Network, Signals
from lemmata.theorems.deep_convergence.setting.quadratic_forms import backward_columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """All gradients ∇f_a(x_i; W) of a network, by layers.

    Attributes:
        e: the columns e_{(i,a),l}.
        h: the columns h_{i,l-1}, once for each output.
    """

    e: tuple[Float[Tensor, "trials m nd"], ...]
    h: tuple[Float[Tensor, "trials m nd"], ...]

    def kernel(self, other: Features) -> Float[Tensor, "trials nd nd"]:
        """Return (1), the gradients of the other network in the place of the second ones."""
        layers = zip(self.e, self.h, other.e, other.h, strict=True)
        return torch.stack(
            [(e.mT @ e_other) * (h.mT @ h_other) for e, h, e_other, h_other in layers]
        ).sum(dim=0)

    def squares(self) -> Float[Tensor, "trials nd"]:
        """Return ‖∇f_a(x_i; W)‖_F²."""
        return sum(
            ((e**2).sum(dim=1) * (h**2).sum(dim=1) for e, h in zip(self.e, self.h, strict=True)),
            torch.zeros(()),
        )

    def change(self, other: Features) -> Float[Tensor, "trials nd"]:
        """Return ‖∇f_a(x_i.

        W) - ∇f_a(x_i; W̃)‖_F, W̃ the other network: e hᵀ - ẽ h̃ᵀ = (e - ẽ) hᵀ + ẽ (h - h̃)ᵀ,
        without cancellation.
        """
        total = torch.zeros(())
        for e, h, e_other, h_other in zip(self.e, self.h, other.e, other.h, strict=True):
            by_e, by_h = e - e_other, h - h_other
            cross = (by_e * e_other).sum(dim=1) * (h * by_h).sum(dim=1)
            total = (
                total
                + (by_e**2).sum(dim=1) * (h**2).sum(dim=1)
                + (e_other**2).sum(dim=1) * (by_h**2).sum(dim=1)
                + 2.0 * cross
            )
        return total.clamp(min=0.0).sqrt()

    def along(self, updates: Sequence[LowRank]) -> Float[Tensor, "trials nd"]:
        """Return ⟨∇f_a(x_i; W), W'⟩."""
        layers = zip(self.e, self.h, updates, strict=True)
        return torch.stack(
            [((one.left.mT @ e) * (one.right.mT @ h)).sum(dim=1) for e, h, one in layers]
        ).sum(dim=0)


def features(network: Network, signals: Signals) -> Features:
    """Return the gradients of all outputs at all examples."""
    outputs = signals.y.shape[1]
    e = backward_columns(network, signals)[1:]
    return Features(
        e=tuple(e), h=tuple(h.repeat_interleave(outputs, dim=2) for h in signals.h[:-1])
    )


def flat(y: Float[Tensor, "trials d n"]) -> Float[Tensor, "trials nd"]:
    """Order outputs as the entries of (1)."""
    return y.mT.flatten(1)
