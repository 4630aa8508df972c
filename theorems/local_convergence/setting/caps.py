"""How likely a random line is close to a given one."""

from __future__ import annotations

import math

from scipy.special import betainc


def probability_of_a_cap(d: int, gamma: float) -> float:
    """Return P(∠(w, u) ≤ γ) = I_{sin² γ}((d-1)/2, ½) for a uniform line in R^d, γ ≤ π/2."""
    return float(betainc(0.5 * (d - 1.0), 0.5, math.sin(gamma) ** 2))
