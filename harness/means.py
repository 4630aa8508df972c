"""Means and laws at a number of samples fixed beforehand.

Summary
-------
Every function compares samples with what a statement expects. It returns a p-value, on which a
refutation rests, and how far from the claim the truth may lie at error β, the *resolution*, on
which a "holds" rests: it is said only where the whole interval lies within the claim and a little
more.

* A *bounded mean* is tested by betting, exactly: :mod:`lemmata.harness.betting`.
* *Other means* are tested by Student's t, and by Hall's (1992) cubic transformation of it that
  removes the skewness γ,

      √n ((1 + γS/3)³ - 1)/γ + γ/(6√n),    S = t/√n,                                             (1)

  the larger p-value counts. This is an approximation, and heavy tails spoil it at small α: kurtosis
  and skewness stand in the result.
* *Laws*: Kolmogorov-Smirnov for continuous ones, chi-square over about equally likely bins for
  discrete ones. The resolution is the distance of the distribution functions plus the band of
  Dvoretzky, Kiefer, Wolfowitz and Massart, √(log(2/β)/2n), which holds for every law.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from jaxtyping import Float
from scipy import special, stats

from lemmata.harness.betting import log_capital, mean_interval, stakes_at
from lemmata.harness.levels import ALPHA, BETA, ROUNDING

Samples: TypeAlias = Float[np.ndarray, " samples"]
Cdf: TypeAlias = Callable[[Samples], Samples]
Side: TypeAlias = Literal["equal", "at most", "at least"]

_FEWEST_A_BIN: Final = 10.0
_MOST_BINS: Final = 100
_NOTHING: Final = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanComparison:
    """Samples against a claimed mean.

    Attributes:
        method: "Student's t" or "betting".
        samples: how many there were.
        p_value: of the claim; for betting an upper bound.
        measured: the samples' mean; deviation: their standard deviation.
        low, high: each end errs with probability β.
        reached: how far beyond the claim, in either direction that matters, the mean may lie at
            error β; 0 where it lies on the right side.
        skewness: of the samples; kurtosis: 3 for a normal law.
    """

    method: str
    samples: int
    p_value: float
    measured: float
    deviation: float
    low: float
    high: float
    reached: float
    skewness: float
    kurtosis: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LawComparison:
    """Samples against a claimed law.

    Attributes:
        method: "Kolmogorov-Smirnov" or "chi-square".
        samples: how many there were.
        p_value: of the claim.
        distance: largest difference of the two distribution functions.
        at: where it is met; share_below: of the samples, at most this; claimed_below: of the law.
        reached: how far the distribution functions may differ at error β.
    """

    method: str
    samples: int
    p_value: float
    distance: float
    at: float
    share_below: float
    claimed_below: float
    reached: float


def judge_mean(
    samples: Samples,
    expected: float,
    *,
    side: Side = "equal",
    alpha: float = ALPHA,
    beta: float = BETA,
    bounds: tuple[float, float] | None = None,
    tolerance: float = 0.0,
) -> MeanComparison:
    """Compare the samples' mean with ``expected``, or with a bound.

    Args:
        samples: independent, in an order that does not depend on their values.
        expected: the claimed mean, or its bound.
        side: whether the mean is claimed to equal it, or to be at most or at least as large.
        alpha: level that the stakes of a bounded mean aim at.
        beta: error of either end of the interval.
        bounds: of the samples where they are known to have any; the test is then exact.
        tolerance: discrepancies up to this are what the statement allows.

    Raises:
        ValueError: fewer than two samples, NaN or Inf among them, samples or expected value outside
            the bounds, a negative tolerance.

    """
    values = _checked(samples)
    if not (math.isfinite(expected) and tolerance >= 0.0):
        raise ValueError(
            f"expected must be finite and tolerance not negative; got expected={expected}, "
            f"tolerance={tolerance}"
        )
    if bounds is not None:
        return _bounded_mean(values, expected, side, bounds, tolerance, alpha, beta)
    n, mean, deviation = values.size, float(values.mean()), float(values.std(ddof=1))
    error = deviation / math.sqrt(n)
    largest = max(abs(expected), float(np.abs(values).max()))
    # Samples that are zero but for rounding say nothing on a scale of their own.
    allowed = tolerance + (ROUNDING * largest if largest > _NOTHING else _NOTHING)
    skewness, kurtosis = _shape(values)

    def p_beyond(excess: float, sign: float) -> float:
        """Return P of a mean that lies this far beyond, if the claim is true."""
        if excess <= 0.0:
            return 1.0
        statistic = sign * (excess / error if error else math.inf)
        statistic = min(statistic, _without_skewness(statistic, skewness, n), key=abs)
        return float(special.stdtr(n - 1, -abs(statistic)))

    above, below = (
        p_beyond(mean - expected - allowed, 1.0),
        p_beyond(expected - mean - allowed, -1.0),
    )
    p_value = {"equal": min(1.0, 2.0 * min(above, below)), "at most": above, "at least": below}
    margin = -float(special.stdtrit(n - 1, beta)) * error + allowed - tolerance
    return MeanComparison(
        method="Student's t",
        samples=n,
        p_value=p_value[side],
        measured=mean,
        deviation=deviation,
        low=mean - margin,
        high=mean + margin,
        reached=_reached(side, mean - margin, mean + margin, expected),
        skewness=skewness,
        kurtosis=kurtosis,
    )


def judge_law(samples: Samples, law: Cdf | Any, *, beta: float = BETA) -> LawComparison:
    """Compare samples with a law of which they are claimed to be independent draws.

    Args:
        samples: one-dimensional.
        law: a frozen distribution of scipy.stats, or the distribution function of a continuous law.
        beta: error of the band.

    Raises:
        ValueError: fewer than two samples, NaN or Inf among them.

    """
    values = np.sort(_checked(samples))
    n = values.size
    discrete = hasattr(law, "pmf")
    distribution = law.cdf if hasattr(law, "cdf") else law
    if discrete:
        places = np.unique(values)
        shares = np.searchsorted(values, places, side="right") / n
        expected = np.asarray(distribution(places), dtype=np.float64)
        before = np.asarray(distribution(places - 1), dtype=np.float64)
        lower = np.concatenate(([0.0], shares[:-1]))
        gaps = np.stack([shares - expected, lower - before])
        p_value = _discrete_p(values, law)
    else:
        places = values
        shares = np.arange(1, n + 1) / n
        expected = np.asarray(distribution(values), dtype=np.float64)
        gaps = np.stack([shares - expected, shares - 1.0 / n - expected])
        distance = float(np.abs(gaps).max())
        p_value = float(stats.kstwo.sf(min(distance, 1.0), n))
    if not np.isfinite(expected).all() or expected.min() < 0.0 or expected.max() > 1.0:
        raise ValueError("the claimed law's distribution function leaves [0, 1] at a sample")
    row, column = np.unravel_index(int(np.abs(gaps).argmax()), gaps.shape)
    distance = float(abs(gaps[row, column]))
    claimed = float(expected[column])
    return LawComparison(
        method="chi-square" if discrete else "Kolmogorov-Smirnov",
        samples=n,
        p_value=p_value,
        distance=distance,
        at=float(places[column]),
        share_below=claimed + float(gaps[row, column]),
        claimed_below=claimed,
        reached=min(1.0, distance + math.sqrt(math.log(2.0 / beta) / (2.0 * n))),
    )


def samples_for_mean(distance: float, alpha: float = ALPHA, beta: float = BETA) -> int:
    """Return how many samples tell a mean that is off by so many standard deviations."""
    normal = float(special.ndtri(1.0 - alpha / 2.0) + special.ndtri(1.0 - beta))
    return math.ceil((normal / distance) ** 2)


def samples_for_law(distance: float, alpha: float = ALPHA, beta: float = BETA) -> int:
    """Return how many samples tell a law whose distribution function is off by ``distance``."""
    both = math.sqrt(math.log(2.0 / alpha) / 2.0) + math.sqrt(math.log(2.0 / beta) / 2.0)
    return math.ceil((both / distance) ** 2)


def _bounded_mean(
    values: Samples,
    expected: float,
    side: Side,
    bounds: tuple[float, float],
    tolerance: float,
    alpha: float,
    beta: float,
) -> MeanComparison:
    low, high = bounds
    width = high - low
    if not (math.isfinite(width) and width > 0.0):
        raise ValueError(f"bounds must be finite and in order; got {bounds}")
    if side == "equal" and not low <= expected <= high:
        raise ValueError(f"bounds must lie around the expected mean {expected}; got {bounds}")
    unit = (values - low) / width
    if unit.min() < -ROUNDING or unit.max() > 1.0 + ROUNDING:
        raise ValueError(
            f"samples must lie within the bounds {bounds}; they reach from {values.min()} to "
            f"{values.max()}"
        )
    unit = unit.clip(0.0, 1.0)
    least, largest = (
        min(max((expected + sign * tolerance - low) / width, 0.0), 1.0) for sign in (-1.0, 1.0)
    )
    bets = stakes_at(unit, alpha)
    too_large = log_capital(unit, largest, bets)
    too_small = log_capital(1.0 - unit, 1.0 - least, bets)
    both = np.logaddexp(too_small, too_large) - math.log(2.0)
    capital = {"equal": both, "at most": too_large, "at least": too_small}[side]
    below, above = mean_interval(unit, 2.0 * beta)
    interval = low + width * below, low + width * above
    skewness, kurtosis = _shape(values)
    return MeanComparison(
        method="betting",
        samples=values.size,
        p_value=min(1.0, math.exp(-min(float(capital.max()), 700.0))),
        measured=float(values.mean()),
        deviation=float(values.std(ddof=1)),
        low=interval[0],
        high=interval[1],
        reached=_reached(side, *interval, expected),
        skewness=skewness,
        kurtosis=kurtosis,
    )


def _reached(side: Side, low: float, high: float, expected: float) -> float:
    above, below = max(0.0, high - expected), max(0.0, expected - low)
    return {"equal": max(above, below), "at most": above, "at least": below}[side]


def _discrete_p(values: Samples, law: Any) -> float:
    n = values.size
    bins = int(min(max(n / _FEWEST_A_BIN, 2), _MOST_BINS))
    edges = np.unique(law.ppf(np.arange(1, bins) / bins))
    expected = n * np.diff(law.cdf(edges), prepend=0.0, append=1.0)
    places = np.searchsorted(edges, values, side="left")
    observed = np.bincount(places, minlength=expected.size).astype(np.float64)
    # Too small for the chi-square distribution: pooled into one bin.
    small = expected < 0.5 * _FEWEST_A_BIN
    if small.any():
        expected, observed = (
            np.append(counts[~small], counts[small].sum()) for counts in (expected, observed)
        )
    expected, observed = expected[expected > 0], observed[expected > 0]
    distance = float(((observed - expected) ** 2 / expected).sum())
    freedom = expected.size - 1
    if (law.pmf(values) == 0).any():
        return 0.0
    return float(special.chdtrc(freedom, distance)) if freedom else 1.0


def _shape(values: Samples) -> tuple[float, float]:
    """Skewness and kurtosis of the samples.

    Those of a normal law where they are constant up to rounding.
    """
    centred = values - values.mean()
    deviation = math.sqrt(float(centred @ centred) / values.size)
    if deviation <= ROUNDING * float(np.abs(values).max()):
        return 0.0, 3.0
    squared = (centred / deviation) ** 2
    return float((squared * centred).mean()) / deviation, float((squared**2).mean())


def _without_skewness(statistic: float, skewness: float, n: int) -> float:
    """Hall's transformation (1) of Student's statistic."""
    if abs(skewness) < ROUNDING or not math.isfinite(statistic):
        return statistic
    cubed = (1.0 + skewness * statistic / (3.0 * math.sqrt(n))) ** 3
    return math.sqrt(n) * (cubed - 1.0) / skewness + skewness / (6.0 * math.sqrt(n))


def _checked(samples: Samples) -> Samples:
    values = np.asarray(samples, dtype=np.float64)
    if values.ndim != 1 or values.size < 2:
        raise ValueError(
            f"a comparison needs at least two samples in one dimension; got shape {values.shape}"
        )
    if wrong := int((~np.isfinite(values)).sum()):
        raise ValueError(f"samples must be finite; {wrong} of {values.size} are NaN or infinite")
    return values
