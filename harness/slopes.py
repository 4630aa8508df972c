"""Scaling exponents: the growth of a ratio with a size, against what the statement claims.

Summary
-------
At sizes s_1 < ... < s_G a part measures a ratio once a trial. The Q-quantile of the ratio is fitted
by a power law, by ordinary least squares of its logarithm on log s. The exponent is a linear
combination of the log quantiles,

    slope = Σ_g c_g ŷ_g,    c_g = (log s_g - mean) / Σ (log s - mean)²,                          (1)

and the sizes are independent, so its variance is Σ c_g² var(ŷ_g), whether or not the power law
fits. Quantiles are used, never the worst trial, which grows with the number of trials. Of a law
exp(rate · s) the rate is fitted in the same way, with s in place of log s.

The bootstrap, without resampling --------------------------------- Let x_(1) <= ... <= x_(N) be the
sorted log ratios of one size. The (N+1)Q-th smallest of N uniforms has the law Beta(a, b), a =
(N+1)Q, b = (N+1)(1-Q), so that a bootstrap sample's Q-quantile equals x_(i) with probability

    w_i = I_{i/N}(a, b) - I_{(i-1)/N}(a, b).                                                     (2)

Its mean ŷ = Σ w_i x_(i) is the quantile estimate of Harrell and Davis (1982), its variance Σ w_i
(x_(i) - ŷ)² that of Maritz and Jarrett (1978): what infinitely many resamples would give, exactly,
at once and without a seed.

Intervals are Student's with one degree of freedom fewer than the fewest trials of a size. They
cover the noise of the trials, not the curvature of a law that is no power law: "against the claim"
therefore needs the whole grid and its upper half. Levels are nominal.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

import numpy as np
from jaxtyping import Float
from scipy import special

from lemmata.harness.levels import ALPHA, BETA, CONFIDENCE, EXPONENT, ROUNDING

Growth: TypeAlias = Literal["power", "exponential"]
SlopeOutcome: TypeAlias = Literal["refuted", "consistent", "undecided"]

DECIDING: Final = (0.5, 0.9)
"""The quantiles of the ratio whose slopes decide."""

FEWEST_TRIALS: Final = 16
"""Below this many trials a size, the 0.9 quantile is the worst trial in all but name."""


FEWEST_SIZES: Final = 3
"""Below this many sizes nothing shows whether there is a power law."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """A fitted exponent.

    Attributes:
        exponent: of the quantile as a power of the size, or its rate.
        standard_error: of the exponent, from the trials.
        degrees_of_freedom: of Student's distribution for it.
        rounding: what rounding in the ratios can change in it; a smaller excess never refutes.
        quantile: of the ratio that was fitted.
        smallest_size: of the grid.
        largest_size: of the grid.
        prefactor: C in "quantile ≈ C · size^exponent", or in "C · exp(exponent · size)".

    """

    exponent: float
    standard_error: float
    degrees_of_freedom: int
    rounding: float
    quantile: float
    smallest_size: float
    largest_size: float
    prefactor: float

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the exponent."""
        return self.below((1.0 - CONFIDENCE) / 2.0), self.above((1.0 - CONFIDENCE) / 2.0)

    def below(self, level: float) -> float:
        """Return the lower confidence bound that errs with probability ``level``."""
        return self.exponent - self._margin(level)

    def above(self, level: float) -> float:
        """Return the upper confidence bound that errs with probability ``level``."""
        return self.exponent + self._margin(level)

    def _margin(self, level: float) -> float:
        return (
            -float(special.stdtrit(self.degrees_of_freedom, level)) * self.standard_error
            + self.rounding
        )


def fit_slope(
    sizes: Sequence[float],
    ratios: Sequence[Float[np.ndarray, " _"]],
    quantile: float,
    *,
    growth: Growth = "power",
) -> Slope:
    """Fit the power of the size that the quantile of the ratio grows with.

    Args:
        sizes: at least two different positive sizes, in any order.
        ratios: of each size, its trials' ratios: positive and finite, at least 16.
        quantile: strictly between 0 and 1.
        growth: whether the exponent is that of a power of the size, or the rate of an exponential
            law.

    Raises:
        ValueError: anything else. A ratio of zero has no logarithm: its size is named, and the
            caller says what a zero means.

    """
    if not 0.0 < quantile < 1.0:
        raise ValueError(f"the quantile must lie strictly between 0 and 1; got {quantile}")
    grid, columns = _checked(sizes, ratios)
    estimates = np.array([_log_quantile(column, quantile) for column in columns])
    places = np.log(grid) if growth == "power" else grid
    centred = places - places.mean()
    weights = centred / (centred @ centred)  # equation (1)
    exponent = float(weights @ estimates[:, 0])
    return Slope(
        exponent=exponent,
        standard_error=math.sqrt(float(weights**2 @ estimates[:, 1])),
        degrees_of_freedom=min(column.size for column in columns) - 1,
        rounding=ROUNDING * float(np.abs(weights).sum()),
        quantile=quantile,
        smallest_size=float(grid[0]),
        largest_size=float(grid[-1]),
        prefactor=math.exp(float(estimates[:, 0].mean()) - exponent * float(places.mean())),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SlopeClaim:
    """What a statement says about an exponent; None where it says nothing on that side."""

    at_most: float | None = None
    at_least: float | None = None
    tolerance: float = EXPONENT.limit

    def __post_init__(self) -> None:
        if self.at_most is None and self.at_least is None:
            raise ValueError("a claim about an exponent needs at_most, at_least or both")
        if self.at_most is not None and self.at_least is not None and self.at_least > self.at_most:
            raise ValueError(f"no exponent is at least {self.at_least} and at most {self.at_most}")

    @property
    def sides(self) -> int:
        """On how many sides the claim can fail."""
        return (self.at_most is not None) + (self.at_least is not None)

    def fails(self, slope: Slope, level: float) -> bool:
        """Say whether the slope is beyond the claim, in error with probability at most ``level``
        a side.
        """
        too_large = self.at_most is not None and slope.below(level) > self.at_most
        return too_large or (self.at_least is not None and slope.above(level) < self.at_least)

    def excess(self, slope: Slope, level: float) -> float:
        """Return how far beyond the claim the exponent may lie, in error with that probability."""
        above = -math.inf if self.at_most is None else slope.above(level) - self.at_most
        below = -math.inf if self.at_least is None else self.at_least - slope.below(level)
        return max(above, below)

    def contains(self, slope: Slope, level: float) -> bool:
        """Say whether the exponent lies within the claim, widened by the tolerance."""
        return self.excess(slope, level) <= self.tolerance


@dataclass(frozen=True, slots=True, kw_only=True)
class SlopeJudgement:
    """What the trials say about a claimed exponent.

    Attributes:
        outcome: refuted, consistent (over these sizes) or undecided.
        claim: what was claimed.
        median: fit of the median over the whole grid, the deciding one.
        median_above: the same over the upper half of the grid.
        high: fit of the 0.9 quantile over the whole grid.
        high_above: the same over the upper half of the grid.
        level: the error probability, a fit and a side, of a refutation.

    """

    outcome: SlopeOutcome
    claim: SlopeClaim
    median: Slope
    median_above: Slope
    high: Slope
    high_above: Slope
    level: float

    @property
    def refuting(self) -> Slope | None:
        """The fit that lies beyond the claim, where one refutes it."""
        pairs = ((self.median, self.median_above), (self.high, self.high_above))
        for whole, above in pairs:
            if self.claim.fails(whole, self.level) and self.claim.fails(above, self.level):
                return whole
        return None

    def excess(self, level: float) -> float:
        """Return how far beyond the claim either exponent may lie, at that error; 0 for not."""
        fits = (self.median, self.high)
        return max(0.0, *(self.claim.excess(slope, level) for slope in fits))

    def never_refuting(self) -> SlopeJudgement:
        """Return the same as if nothing could be refuted here."""
        return replace(self, outcome="undecided") if self.outcome == "refuted" else self

    @property
    def measured(self) -> float:
        """The exponent of the median over the whole grid."""
        return self.median.exponent

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the measured exponent."""
        return self.median.interval


def judge_slope(
    sizes: Sequence[float],
    ratios: Sequence[Float[np.ndarray, " _"]],
    claim: SlopeClaim,
    *,
    growth: Growth = "power",
    alpha: float = ALPHA,
    beta: float = BETA,
) -> SlopeJudgement:
    """Judge a claimed exponent by the slopes of the ratio's median and 0.9 quantile.

    Refuted: one of the two is beyond the claim both over the whole grid and over its upper half; α
    is split over the quantiles and the sides of the claim. Consistent: the confidence bounds of
    both, over the whole grid and at error β, are within the claim. The upper half has at least
    three sizes where the grid has four.

    Raises:
        ValueError: fewer than three sizes, and whatever :func:`fit_slope` refuses.

    """
    if len(sizes) < FEWEST_SIZES:
        raise ValueError(f"an exponent is judged over at least three sizes; got {len(sizes)}")
    order = sorted(range(len(sizes)), key=lambda position: sizes[position])
    upper = order[-max((len(order) + 1) // 2, min(3, len(order) - 1)) :]
    median, high = (fit_slope(sizes, ratios, quantile, growth=growth) for quantile in DECIDING)
    last = [sizes[i] for i in upper], [ratios[i] for i in upper]
    median_above, high_above = (fit_slope(*last, quantile, growth=growth) for quantile in DECIDING)
    level = alpha / (len(DECIDING) * claim.sides)
    outcome: SlopeOutcome = "undecided"
    if any(
        claim.fails(whole, level) and claim.fails(above, level)
        for whole, above in ((median, median_above), (high, high_above))
    ):
        outcome = "refuted"
    elif claim.contains(median, beta) and claim.contains(high, beta):
        outcome = "consistent"
    return SlopeJudgement(
        outcome=outcome,
        claim=claim,
        median=median,
        median_above=median_above,
        high=high,
        high_above=high_above,
        level=level,
    )


def _log_quantile(ratios: Float[np.ndarray, " trials"], quantile: float) -> tuple[float, float]:
    """Mean and variance of the bootstrap's log quantile, by (2)."""
    logs = np.log(np.sort(ratios))
    steps = np.arange(logs.size + 1) / logs.size
    weights = np.diff(
        special.betainc((logs.size + 1) * quantile, (logs.size + 1) * (1.0 - quantile), steps)
    )
    centre = float(weights @ logs)
    return centre, float(weights @ (logs - centre) ** 2)


def _checked(
    sizes: Sequence[float], ratios: Sequence[Float[np.ndarray, " _"]]
) -> tuple[Float[np.ndarray, " grid"], list[Float[np.ndarray, " _"]]]:
    grid = np.asarray(sizes, dtype=np.float64)
    if (
        grid.size < 2
        or np.unique(grid).size != grid.size
        or not (np.isfinite(grid) & (grid > 0)).all()
    ):
        raise ValueError(
            "a slope needs at least two sizes, positive, finite and all different; got "
            f"{list(sizes)}"
        )
    if len(ratios) != grid.size:
        raise ValueError(
            f"there must be one array of ratios a size; got {len(ratios)} arrays for {grid.size} "
            "sizes"
        )
    columns = [np.asarray(column, dtype=np.float64) for column in ratios]
    for size, column in zip(sizes, columns, strict=True):
        if column.ndim != 1 or column.size < FEWEST_TRIALS:
            raise ValueError(
                f"a slope needs {FEWEST_TRIALS} trials a size or more, in one dimension; got shape "
                f"{column.shape} at size {size}"
            )
        if wrong := int((~(np.isfinite(column) & (column > 0))).sum()):
            raise ValueError(
                f"ratios must be positive and finite; at size {size}, {wrong} of {column.size} are "
                "not"
            )
    order = np.argsort(grid)
    return grid[order], [columns[i] for i in order]
