"""The regulariser R(√λW', √λV') of the objective, and the decay of λ.

R = λ_w ‖√λW'‖_{2,4}^4 + λ_v ‖√λV'‖_F²; after every round λ ← (1 - η)λ, in Algorithms 2 and 3 alike.
There is no decay of W' and V'.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from lemmata.theorems.mathematics.norms import frobenius, norm24


def regulariser(
    W: Float[Tensor, "... m1 d"],
    V: Float[Tensor, "... m2 m1"],
    scale: float | Float[Tensor, "..."],
    of_w: float | Float[Tensor, "..."],
    of_v: float | Float[Tensor, "..."],
) -> Float[Tensor, "..."]:
    """Return R at λ = scale, λ_w = of_w, λ_v = of_v."""
    return of_w * scale**2 * norm24(W) ** 4 + of_v * scale * frobenius(V) ** 2


def decayed(scale: float, eta: float, rounds: int) -> float:
    """Return λ after the rounds, λ_T = (1 - η)^T from λ_0 = scale."""
    return scale * (1.0 - eta) ** rounds
