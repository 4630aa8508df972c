"""The mixture likelihood ratio of a failure probability, in log space.

Summary
-------
The evidence against "the failure probability is at most p" after k failures in n trials,

    E = ∫_p^1 q^k (1-q)^(n-k) dπ(q) / (p^k (1-p)^(n-k)),    π = Beta(1/2, 1/2) truncated to (p, 1],
    (1)

is usually written with incomplete beta functions. Those underflow (k = 0, n = 20,000, p = 0.05
suffices), and their logarithms cancel.

Method
------
Put q = sin²t. Then π is uniform in t on [t_p, π/2], and the logarithm of the likelihood is

    h(t) = 2k log sin t + 2(n-k) log cos t,    h'' = -2k/sin²t - 2(n-k)/cos²t <= -2n,            (2)

a concave function whose curvature is -4n at its maximum, wherever that lies. Let t_m be the point
of [t_p, π/2] where h is largest. Then h(t_m + u) <= h(t_m) - g|u| - nu² with g = |h'(t_m)|, so that
all but exp(-T) of the integral lies within

    w = 2T / (g + √(g² + 4nT))                                                                   (3)

of t_m. There the integrand is a trigonometric polynomial with one bump of known width, and one
Gauss-Legendre rule finds its integral to rounding. Differences of h come from the addition
theorems,

    sin(t_m+u)/sin t_m = 1 + (cot t_m sin u - 2 sin²(u/2)),    cos(t_m+u)/cos t_m = 1 - (tan t_m sin
    u + 2 sin²(u/2)),  (4)

through log1p, so that nothing cancels for large n and nothing underflows.

Notation
--------
k failures in n trials; p and q = 1 - p are always handed on together, since 1 - (1 - p) is not p.
The mirror image of (1), over [0, p), is the same function with failures and successes, p and q
exchanged.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

_NATS: Final = 42.0  # T of equation (3): exp(-42) is well below float64's unit roundoff.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(88)


def log_mixture(k: int, rest: int, p: float, q: float) -> float:
    """Return log E of equation (1).

    Args:
        k: how many trials failed.
        rest: how many did not.
        p: the failure probability that a claim allows, below 1.
        q: 1 - p.

    Returns:
        The logarithm, +inf where a trial failed that could not (p = 0).

    """
    n = k + rest
    if n == 0:
        return 0.0
    if k > 0 and p == 0.0:
        return math.inf
    length = math.atan2(math.sqrt(q), math.sqrt(p))  # π/2 - t_p
    if k * q > rest * p:  # the likelihood is largest inside (t_p, π/2]
        above = math.atan2(math.sqrt(rest), math.sqrt(k))
        below = max(length - above, 0.0)
        cot, tan = math.sqrt(rest / k), math.sqrt(k / rest) if rest else 0.0
        steepness = 0.0
        height = k * (math.log(k / n) - _log(p, q)) + (
            rest * (math.log(rest / n) - _log(q, p)) if rest else 0.0
        )
    else:  # it falls from t_p on
        below, above = 0.0, length
        cot, tan = math.sqrt(q / p) if k else 0.0, math.sqrt(p / q)
        steepness = max(2.0 * (rest * tan - k * cot), 0.0)
        height = 0.0
    reach = (
        2.0 * _NATS / (steepness + math.hypot(steepness, 2.0 * math.sqrt(n * _NATS)))
    )  # equation (3)
    left, right = min(below, reach), min(above, reach)
    half = 0.5 * (left + right)
    u = half * _NODES + 0.5 * (right - left)
    sine, versine = np.sin(u), 2.0 * np.sin(0.5 * u) ** 2
    exponent = np.zeros_like(u)
    if k:
        exponent += 2.0 * k * np.log1p(cot * sine - versine)
    if rest:
        exponent += 2.0 * rest * np.log1p(-(tan * sine + versine))
    return height + math.log(half / length * float(_WEIGHTS @ np.exp(exponent)))


def _log(p: float, complement: float) -> float:
    return math.log(p) if p < complement else math.log1p(-complement)
