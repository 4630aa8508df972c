"""What the table of statements says in a row: few words, each measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import betaincinv

from lemmata.harness.verdicts import BoundVerdict, SlopeVerdict
from lemmata.reports.exponents import claim_words, fit_words, fitted_words
from lemmata.reports.model import Part, Statement
from lemmata.reports.numerals import figure, share, signed

CONFIDENCE = 0.95
_MOST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """How often trials of a part failed, on the specimen that came nearest to its claim.

    Attributes:
        part: the part; failures, trials, claimed: of the specimen.
        bound: what the probability of failure is below, at confidence `CONFIDENCE`.
    """

    part: Part
    failures: int
    trials: int
    claimed: float
    bound: float

    @property
    def words(self) -> str:
        """The counts, the bound and the claim."""
        letter = f"({self.part.letter}) " if self.part.letter else ""
        counts = f"{letter}{share(self.failures, self.trials)} fail"
        return f"{counts}: p ≤ {figure(self.bound, 2)}, claimed {figure(self.claimed, 2)}"


def upper_bound(failures: int, trials: int) -> float:
    """Return the one-sided Clopper–Pearson bound of a probability at confidence `CONFIDENCE`.

    >>> round(upper_bound(0, 59), 4), upper_bound(3, 3)
    (0.0495, 1.0)
    """
    if failures >= trials:
        return 1.0
    return float(betaincinv(failures + 1, trials - failures, CONFIDENCE))


def failing(parts: Sequence[Part]) -> Failing | None:
    """Return the part and specimen whose bound comes nearest to what is claimed; None where no
    part claims a probability, or nothing was drawn.
    """
    found = [
        Failing(
            part=part,
            failures=one.failures,
            trials=one.trials,
            claimed=one.claimed,
            bound=upper_bound(one.failures, one.trials),
        )
        for part in parts
        for one in part.specimens
        if isinstance(one, BoundVerdict) and one.claimed and 0 <= one.failures <= one.trials != 0
    ]
    return max(found, key=lambda one: one.bound / one.claimed, default=None)


def exponents(parts: Sequence[Part]) -> list[str]:
    """Say of the exponents that are furthest from the claim what was claimed and measured, and how
    many more there are.
    """
    found = [(part, slope) for part in parts for slope in part.slopes]
    found.sort(key=lambda one: -abs(_distance(one[1])))
    said = [_exponent(part, slope) for part, slope in found[:_MOST]]
    return said + ([f"and {len(found) - _MOST} more"] if len(found) > _MOST else [])


def held(parts: Sequence[Part]) -> list[tuple[str, str, str]]:
    """Say what each "holds" rests on: letters, basis and resolution, parts of equal words once."""
    groups: dict[tuple[str, str], list[str]] = {}
    for part in parts:
        if part.basis:
            groups.setdefault((part.basis, part.resolution), []).append(part.letter)
    return [
        ("" if letters == [""] else f"({', '.join(letters)})", basis, resolution)
        for (basis, resolution), letters in groups.items()
    ]


def seconds(made: Statement) -> float:
    """How long judging the statement took, twins without."""
    spent = [part.outcome.seconds for part in made.parts if part.outcome]
    return sum(one for one in spent if math.isfinite(one))


def kinds(made: Statement) -> list[str]:
    """The kinds of a statement's claims."""
    return sorted({part.declared.claim for part in made.parts if part.declared.claim})


def _distance(slope: SlopeVerdict) -> float:
    exponent = slope.median.exponent
    return exponent if math.isfinite(exponent) else 0.0


def _exponent(part: Part, slope: SlopeVerdict) -> str:
    letter = f"({part.letter}) " if part.letter else ""
    rate = "rate in " if slope.grid.growth == "exponential" else ""
    where = f"{letter}{rate}{slope.grid.variable}:"
    if slope.bound and slope.measured:
        claimed = signed(slope.bound.exponent)
        return f"{where} claimed {claimed}, measured {fit_words(slope.measured)}"
    claimed = claim_words(slope.grid)
    return f"{where} {fitted_words(slope)} {fit_words(slope.median)}, claimed {claimed}"
