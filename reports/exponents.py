"""Exponents in words: the bound's, the measured side's, the ratio's, and what is claimed."""

from __future__ import annotations

from collections.abc import Sequence

from lemmata.harness.verdicts import Fit, Grid, SlopeRefutation, SlopeVerdict
from lemmata.reports.numerals import ABSENT, figure, p_value, signed
from lemmata.reports.tables import Table, table


def fit_words(fit: Fit | None) -> str:
    """Write a fitted exponent with its 95 % interval.

    >>> fit_words(Fit(exponent=-0.5, low=-0.52, high=-0.48, prefactor=1.0))
    '−0.50 [−0.52, −0.48]'
    """
    if fit is None:
        return ABSENT
    return f"{signed(fit.exponent)} [{signed(fit.low)}, {signed(fit.high)}]"


def claim_words(grid: Grid | SlopeRefutation) -> str:
    """Say what is claimed of the fitted exponent."""
    most, least = grid.at_most, grid.at_least
    if most is not None and least is not None:
        if most == least:
            return f"exactly {signed(most)}"
        return f"from {signed(least)} to {signed(most)}"
    if most is not None:
        return f"at most {signed(most)}"
    return f"at least {signed(least)}" if least is not None else "anything"


def fitted_words(slope: SlopeVerdict) -> str:
    """Name what was fitted."""
    return "scaled quantity" if slope.quantity == "scaling" else "ratio"


def is_exponential(grid: Grid) -> bool:
    """Whether exponents are rates of exp(rate · size)."""
    return grid.growth == "exponential"


def sizes_of(slope: SlopeVerdict) -> list[float]:
    """The sizes that were measured."""
    return [point.size for point in slope.points]


def exponents_table(slopes: Sequence[SlopeVerdict]) -> Table | None:
    """Tabulate claimed and measured exponents."""
    return table(
        "Claimed and measured exponents",
        [
            f"{'rate' if is_exponential(one.grid) else 'power'} in {one.grid.variable}"
            + (f", {one.grid.member}" if one.grid.member else "")
            for one in slopes
        ],
        [
            f"{one.grid.variable} = {', '.join(figure(size) for size in sizes_of(one))}"
            for one in slopes
        ],
        {
            "bound": [fit_words(one.bound) for one in slopes],
            "measured side": [fit_words(one.measured) for one in slopes],
            "fitted": [fitted_words(one) for one in slopes],
            "claimed": [claim_words(one.grid) for one in slopes],
            "median": [fit_words(one.median) for one in slopes],
            "median, upper half": [fit_words(one.median_above) for one in slopes],
            ".9 quantile": [fit_words(one.upper) for one in slopes],
            ".9 quantile, upper half": [fit_words(one.upper_above) for one in slopes],
            "may exceed the claim by": [figure(one.excess) for one in slopes],
            "granted": [figure(one.limit) for one in slopes],
            "verdict": [one.verdict for one in slopes],
            "error of a refutation": [
                p_value(one.level) if one.verdict == "refuted" else ABSENT for one in slopes
            ],
        },
    )
