"""Exact laws of a randomly masked Gaussian layer.

If M has independent N(0, 2/m) entries and v = φ(M h), then m ‖v‖² / (2 ‖h‖²) is a chi-square
variable whose number of degrees of freedom is binomial(m, ½) (ALS-02). The norms along the layers
of a ReLU network are products of such variables.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from scipy import stats

Cdf = Callable[[Float[np.ndarray, "n"]], Float[np.ndarray, "n"]]


def masked_norm_cdf(m: int) -> Cdf:
    """Return the distribution function of a chi-square variable with binomial(m, ½) degrees of
    freedom (an atom 2⁻ᵐ at 0).
    """
    weights = stats.binom.pmf(np.arange(m + 1), m, 0.5)
    orders = np.flatnonzero(weights > 1e-18)

    def cdf(x: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
        total = np.zeros(np.shape(x))
        for order in orders:
            total += weights[order] * (stats.chi2.cdf(x, order) if order else np.asarray(x) >= 0)
        return np.minimum(total, 1.0)

    return cdf


def fixed_norm_cdf(m: int) -> Cdf:
    """Return the distribution function of a chi-square variable with m/2 degrees of freedom.

    What a mask that is not random would give.
    """

    def cdf(x: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
        return np.asarray(stats.chi2.cdf(x, m / 2))

    return cdf
