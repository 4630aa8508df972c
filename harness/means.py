"""Means, laws and frequencies at a number of samples fixed beforehand.

Summary ------- Every function compares samples with what a statement expects and returns a
`Comparison`: refuted where the p-value is at most α, consistent where it is at least β, undecided
between. "Consistent" is no more than that, so each result names the discrepancy that would have
been refuted with probability about 1 - β: a check that could detect nothing worth detecting has
shown nothing.

* A *bounded mean* is tested by betting, exactly: :mod:`lemmata.harness.betting`.
* *Other means* are tested by Student's t, and by Hall's (1992) cubic transformation of it that
  removes the skewness γ,

      √n ((1 + γS/3)³ - 1)/γ + γ/(6√n),    S = t/√n,                                             (1)

  the larger p-value counts. This is an approximation, and heavy tails spoil it at small α: kurtosis
  and skewness stand in the result.
* *Laws*: Kolmogorov-Smirnov for continuous ones, chi-square over about equally likely bins for
  discrete ones.
* *Frequencies*: the exact binomial, twice the smaller tail.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from jaxtyping import Float
from scipy import optimize, special, stats

from lemmata.harness.betting import log_capital, mean_interval, stakes_at
from lemmata.harness.evidence import clopper_pearson
from lemmata.harness.levels import ALPHA, BETA, CONFIDENCE, ROUNDING

ComparisonOutcome: TypeAlias = Literal["refuted", "consistent", "undecided"]
Samples: TypeAlias = Float[np.ndarray, " samples"]
Cdf: TypeAlias = Callable[[Samples], Samples]

_FEWEST_A_BIN: Final = 10.0
_MOST_BINS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Samples against what was expected of them.

    Attributes:
        outcome: refuted (p-value at most α), consistent (at least β), undecided between.
        method: name of the test.
        samples: how many there were.
        p_value: of the test; for betting an upper bound.
        effect: observed minus expected for a mean or frequency, the Kolmogorov-Smirnov distance or
            Cohen's w for a law.
        detectable: the effect that would have been refuted with probability about 1 - β.
        interval: 95 % interval of a mean or frequency.
        skewness: of the samples, for Student's t.
        kurtosis: of the samples, 3 for a normal law, for Student's t.

    """

    outcome: ComparisonOutcome
    method: str
    samples: int
    p_value: float
    effect: float
    detectable: float
    interval: tuple[float, float] | None = None
    skewness: float | None = None
    kurtosis: float | None = None


def judge_mean(
    samples: Samples,
    expected: float,
    *,
    alpha: float = ALPHA,
    beta: float = BETA,
    bounds: tuple[float, float] | None = None,
    tolerance: float = 0.0,
) -> Comparison:
    """Judge the claim that the samples' mean is within ``tolerance`` of ``expected``.

    Args:
        samples: independent, in an order that does not depend on their values.
        expected: the claimed mean.
        alpha: level of a refutation.
        beta: p-values from here on are consistent.
        bounds: of the samples where they are known to have any; the test is then exact.
        tolerance: discrepancies up to this are what the statement allows.

    Raises:
        ValueError: fewer than two samples, NaN or Inf among them, samples or expected value outside
            the bounds, a negative tolerance.

    """
    values = _checked(samples)
    if not (math.isfinite(expected) and tolerance >= 0.0):
        raise ValueError(
            f"expected must be finite and tolerance not negative; got expected={expected}, tolerance={tolerance}"
        )
    if bounds is not None:
        return _bounded_mean(values, expected, bounds, tolerance, alpha, beta)
    n, mean, deviation = values.size, float(values.mean()), float(values.std(ddof=1))
    effect, error = mean - expected, deviation / math.sqrt(n)
    allowed = tolerance + ROUNDING * max(abs(expected), float(np.abs(values).max()))
    excess = max(abs(effect) - allowed, 0.0)
    skewness, kurtosis = _shape(values)
    statistic = (
        math.copysign(excess / error, effect)
        if excess and error
        else math.copysign(math.inf, effect)
        if excess
        else 0.0
    )
    statistic = min(statistic, _without_skewness(statistic, skewness, n), key=abs)
    p_value = 2.0 * float(special.stdtr(n - 1, -abs(statistic)))
    margin, refuting, missing = (
        -float(special.stdtrit(n - 1, level / 2.0)) * error
        for level in (1.0 - CONFIDENCE, alpha, beta)
    )
    return Comparison(
        outcome=_outcome(p_value, alpha, beta),
        method="Student's t",
        samples=n,
        p_value=p_value,
        effect=effect,
        detectable=refuting + missing + allowed,
        interval=(mean - margin, mean + margin),
        skewness=skewness,
        kurtosis=kurtosis,
    )


def judge_law(
    samples: Samples, law: Cdf | Any, *, alpha: float = ALPHA, beta: float = BETA
) -> Comparison:
    """Judge the claim that the samples are independent draws from a law.

    Args:
        samples: one-dimensional.
        law: a frozen distribution of scipy.stats, or the distribution function of a continuous law.
        alpha: level of a refutation.
        beta: p-values from here on are consistent.

    Raises:
        ValueError: fewer than two samples, NaN or Inf among them.

    """
    values = _checked(samples)
    if hasattr(law, "pmf"):
        return _discrete_law(values, law, alpha, beta)
    result = stats.kstest(values, law.cdf if hasattr(law, "cdf") else law)
    p_value = float(result.pvalue)
    refuting, missing = (float(stats.kstwo.isf(level, values.size)) for level in (alpha, beta))
    return Comparison(
        outcome=_outcome(p_value, alpha, beta),
        method="Kolmogorov-Smirnov",
        samples=values.size,
        p_value=p_value,
        effect=float(result.statistic),
        detectable=min(refuting + missing, 1.0),
    )


def judge_frequency(
    successes: int, n: int, p: float, *, alpha: float = ALPHA, beta: float = BETA
) -> Comparison:
    """Judge the claim that an event has probability exactly ``p``, from its number of
    occurrences among ``n`` trials."""
    if not (0.0 <= p <= 1.0 and 0 <= successes <= n and n > 0):
        raise ValueError(
            f"a frequency needs 0 <= successes <= n, n > 0 and 0 <= p <= 1; got {successes} of {n} with p={p}"
        )
    upper = float(special.betainc(successes, n - successes + 1, p)) if successes else 1.0
    lower = float(special.betaincc(successes + 1, n - successes, p)) if successes < n else 1.0
    p_value = min(1.0, 2.0 * min(lower, upper))
    widths = [
        max(high - p, p - low)
        for low, high in (clopper_pearson(round(n * p), n, 1.0 - level) for level in (alpha, beta))
    ]
    return Comparison(
        outcome=_outcome(p_value, alpha, beta),
        method="exact binomial",
        samples=n,
        p_value=p_value,
        effect=successes / n - p,
        detectable=min(sum(widths), max(p, 1.0 - p)),
        interval=clopper_pearson(successes, n),
    )


def _bounded_mean(
    values: Samples,
    expected: float,
    bounds: tuple[float, float],
    tolerance: float,
    alpha: float,
    beta: float,
) -> Comparison:
    low, high = bounds
    width = high - low
    if not (math.isfinite(width) and width > 0.0 and low <= expected <= high):
        raise ValueError(
            f"bounds must be finite, in order and around the expected mean {expected}; got {bounds}"
        )
    unit = (values - low) / width
    if unit.min() < -ROUNDING or unit.max() > 1.0 + ROUNDING:
        raise ValueError(
            f"samples must lie within the bounds {bounds}; they reach from {values.min()} to {values.max()}"
        )
    unit = unit.clip(0.0, 1.0)
    claimed = [
        min(max((expected + sign * tolerance - low) / width, 0.0), 1.0) for sign in (-1.0, 1.0)
    ]
    bets = stakes_at(unit, alpha)
    too_small, too_large = (
        log_capital(unit, claimed[1], bets),
        log_capital(1.0 - unit, 1.0 - claimed[0], bets),
    )
    p_value = min(1.0, math.exp(math.log(2.0) - float(np.logaddexp(too_small, too_large).max())))
    interval, *wide = (mean_interval(unit, level) for level in (1.0 - CONFIDENCE, alpha, beta))
    return Comparison(
        outcome=_outcome(p_value, alpha, beta),
        method="betting",
        samples=values.size,
        p_value=p_value,
        effect=float(values.mean()) - expected,
        detectable=min(
            0.5 * width * sum(above - below for below, above in wide) + tolerance, width
        ),
        interval=(low + width * interval[0], low + width * interval[1]),
    )


def _discrete_law(values: Samples, law: Any, alpha: float, beta: float) -> Comparison:
    n = values.size
    bins = int(min(max(n / _FEWEST_A_BIN, 2), _MOST_BINS))
    edges = np.unique(law.ppf(np.arange(1, bins) / bins))
    expected = n * np.diff(law.cdf(edges), prepend=0.0, append=1.0)
    observed = np.bincount(
        np.searchsorted(edges, values, side="left"), minlength=expected.size
    ).astype(np.float64)
    small = (
        expected < 0.5 * _FEWEST_A_BIN
    )  # too small for the chi-square distribution: pooled into one bin
    if small.any():
        expected, observed = (
            np.append(counts[~small], counts[small].sum()) for counts in (expected, observed)
        )
    expected, observed = expected[expected > 0], observed[expected > 0]
    distance = float(((observed - expected) ** 2 / expected).sum())
    freedom = expected.size - 1
    impossible = bool((law.pmf(values) == 0).any())
    p_value = 0.0 if impossible else float(special.chdtrc(freedom, distance)) if freedom else 1.0
    critical = float(special.chdtri(max(freedom, 1), alpha))
    noncentrality = optimize.brentq(
        lambda shift: special.chndtr(critical, max(freedom, 1), shift) - beta,
        0.0,
        100.0 * (critical + 10.0),
    )
    return Comparison(
        outcome=_outcome(p_value, alpha, beta),
        method="chi-square",
        samples=n,
        p_value=p_value,
        effect=math.sqrt(distance / n),
        detectable=math.sqrt(noncentrality / n),
    )


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


def _outcome(p_value: float, alpha: float, beta: float) -> ComparisonOutcome:
    if p_value <= alpha:
        return "refuted"
    return "consistent" if p_value >= beta else "undecided"


def _checked(samples: Samples) -> Samples:
    values = np.asarray(samples, dtype=np.float64)
    if values.ndim != 1 or values.size < 2:
        raise ValueError(
            f"a comparison needs at least two samples in one dimension; got shape {values.shape}"
        )
    if wrong := int((~np.isfinite(values)).sum()):
        raise ValueError(f"samples must be finite; {wrong} of {values.size} are NaN or infinite")
    return values
