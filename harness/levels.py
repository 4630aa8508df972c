"""The levels and resolutions at which verdicts are given, in one place.

A refutation accuses a theorem, so its level is far below that of a certificate, which only says
that a claim was given the chance to fail. A "holds" is said within a *resolution*: what would have
been noticed, with error probability β. A judgement goes on until it reaches the target, or its
budget ends; what it reached is printed, and what is coarser than the limit is no "holds".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ALPHA: Final = 1e-9
"""Largest probability of refuting a claim that is true."""

ALPHA_OF_A_TWIN: Final = 1e-6
"""The same for a twin of a bound or exponent: it accuses nobody, and shows only that the check of
its part can fail."""

BETA: Final = 1e-3
"""Largest probability of a "holds" although the truth lies outside the printed resolution."""

NOMINATIONS: Final = 20
"""How many instances that a search found may be put to the test for a part; they share α."""

CONFIDENCE: Final = 0.95
"""Of the intervals that are shown beside a verdict and take no part in it."""

ROUNDING: Final = 2.0**-26
"""Relative error granted to measured numbers in means and slopes: smaller ones never refute."""

ALLOWANCE: Final = 1e-9
"""A deterministic ratio this close to its threshold decides nothing, whatever the dtype."""

UNDERFLOW: Final = 1e-150
"""Sides that are both smaller than this decide nothing: squares of theirs have no digits left."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """How finely a kind of claim is judged.

    Attributes:
        target: where a judgement stops, as it has seen enough.
        limit: the coarsest resolution within which "holds" is said, unless the part declares one.
        unit: what the numbers mean.
    """

    target: float
    limit: float
    unit: str


MEAN: Final = Resolution(0.05, 0.5, "standard deviations of a sample, or 5 % of the claimed mean")
LAW: Final = Resolution(0.03, 0.12, "distance of the distribution functions")
EXPONENT: Final = Resolution(0.05, 0.05, "units of the exponent")
RELATIVE_MEAN: Final = 0.05


def certificate_target(claimed: float) -> float:
    """Return the failure probability that a certificate for the claim aims at.

    It is max(1.5 p, p + .01), and never beyond half-way from p to 1.
    """
    return min(max(1.5 * claimed, claimed + 0.01), (1.0 + claimed) / 2.0)


def certificate_limit(claimed: float, beyond: float = 0.1) -> float:
    """Return the largest failure probability that still counts as a certificate for the claim.

    It is max(3 p, p + .1), in a quick run max(3 p, p + .35), and never beyond half-way from p to 1.
    """
    return min(max(3.0 * claimed, claimed + beyond), (1.0 + claimed) / 2.0)
