"""The mean of bounded samples, by betting against it.

Summary
-------
Scale the samples to [0, 1]. A gambler who holds that the mean m is too small stakes λ_t, chosen
before x_t is seen, and owns

    K⁺(m) = Π_t (1 + λ_t (x_t - m)),    0 <= λ_t <= 1/(2m),                                      (1)

a non-negative supermartingale wherever the mean is at most m. One who holds that m is too large
owns K⁻, the mirror image. By Ville's inequality 1 / max_t ½(K⁺ + K⁻) is a p-value, exact for every
bounded law and every number of samples. K⁺ falls with m and K⁻ grows, so that bisection finds the
interval of those m that make neither rich.

References
----------
I. Waudby-Smith and A. Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86
(2024).

"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

Samples: TypeAlias = Float[np.ndarray, " samples"]


def stakes_at(unit: Samples, level: float) -> Samples:
    """Stakes that would win most at a mean known to be slightly off.

    √(2 log(2/level) / (n σ²)), with σ² from the samples before.
    """
    n = unit.size
    times = np.arange(1, n + 1)
    means = (0.5 + np.cumsum(unit)) / (times + 1)
    variances = (0.25 + np.cumsum((unit - means) ** 2)) / (times + 1)
    before = np.concatenate(([0.25], variances[:-1]))
    stakes: Samples = np.sqrt(2.0 * math.log(2.0 / level) / (n * before))
    return stakes


def log_capital(unit: Samples, mean: float, bets: Samples) -> Samples:
    """Logarithm of K⁺(mean) after each sample, equation (1)."""
    stakes = np.minimum(bets, 0.5 / mean) if mean > 0.0 else bets
    capital: Samples = np.cumsum(np.log1p(stakes * (unit - mean)))
    return capital


def mean_interval(unit: Samples, level: float) -> tuple[float, float]:
    """Interval of the means at which neither gambler ever owns 2/level."""
    bets, rich = stakes_at(unit, level), math.log(2.0 / level)

    def excluded_below(side: Samples) -> float:
        low, high = 0.0, 1.0
        for _ in range(30):
            middle = 0.5 * (low + high)
            low, high = (
                (middle, high) if log_capital(side, middle, bets).max() >= rich else (low, middle)
            )
        return low

    return excluded_below(unit), 1.0 - excluded_below(1.0 - unit)
