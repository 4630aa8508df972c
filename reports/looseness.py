"""Looseness: for every bound the measured exponent and constant beside what is claimed.

A row is a grid (how the bound and the measured side grow with one size) or a constant (how near the
worst trial came to the bound). What is lost in an exponent is the exponent of the ratio: a ratio
that falls as m grows says that the bound is too large by that power of m. It counts as seen from a
hundredth on, where the 95 % interval of the fit lies on one side of 0; else the row says how small
a loss would have been seen.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lemmata.harness.verdicts import Fit, SlopeVerdict
from lemmata.reports.model import Library, Part, Statement

SMALLEST = 0.01
_JUDGED = {"holds", "undecided", "underpowered"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """One exponent, or one constant, of one part.

    Attributes:
        statement, part: what it is of.
        slope: the grid along which the exponent was fitted; None for a constant.
    """

    statement: Statement
    part: Part
    slope: SlopeVerdict | None

    @property
    def ratio(self) -> Fit | None:
        """The exponent of the ratio."""
        return self.slope.median if self.slope else None

    @property
    def seen(self) -> bool:
        """Whether a loss was seen: the interval of the exponent, or of the ratio, leaves it."""
        if self.ratio is not None:
            inside = self.ratio.low <= 0.0 <= self.ratio.high
            return not inside and abs(self.ratio.exponent) >= SMALLEST
        return (self.factor or 1.0) > 1.0

    @property
    def factor(self) -> float | None:
        """By which factor the bound could be smaller on all trials; None where nothing was met."""
        worst = self.part.worst_ratio
        return 1.0 / worst if worst and math.isfinite(worst) and worst > 0.0 else None

    @property
    def resolution(self) -> float | None:
        """Half the 95 % interval of the exponent; None for a constant."""
        return (self.ratio.high - self.ratio.low) / 2.0 if self.ratio else None

    @property
    def size(self) -> float:
        """How much is lost, for sorting: a power, or the logarithm of a factor."""
        if self.ratio is not None:
            return abs(self.ratio.exponent) if self.seen else 0.0
        return math.log10(max(self.factor or 1.0, 1.0))

    @property
    def words(self) -> str:
        """What is lost, in a few words."""
        if self.slope is None:
            return "" if self.factor is None else f"a factor {self.factor:.3g}"
        fit, variable = self.slope.median, self.slope.grid.variable
        if not self.seen:
            return f"none seen beyond {max(abs(fit.low), abs(fit.high), SMALLEST):.2g}"
        grows = "grows" if fit.exponent < 0 else "falls"
        if self.slope.grid.growth == "exponential":
            return f"exp({abs(fit.exponent):.2f} {variable}) as {variable} {grows}"
        named = variable if variable.isalnum() else f"({variable})"
        return f"{named}^{abs(fit.exponent):.2f} as {variable} {grows}"

    def row(self) -> dict[str, Any]:
        """Write the row as plain data; what does not apply is None."""
        slope, constant = self.slope, self.part.declared.constant
        bound, measured = (slope.bound, slope.measured) if slope else (None, None)
        ratio = self.ratio
        return {
            "part": self.part.id,
            "paper": self.statement.paper,
            "place": self.part.declared.source or self.statement.declared.place,
            "title": self.part.title,
            "provenance": self.part.declared.provenance,
            "proof": self.part.declared.proof,
            "verdict": self.part.verdict,
            "what": "exponent" if slope else "constant",
            "variable": slope.grid.variable if slope else None,
            "sizes": [point.size for point in slope.points] if slope else None,
            "claimed_exponent": bound.exponent if bound else None,
            "measured_exponent": measured.exponent if measured else None,
            "measured_low": measured.low if measured else None,
            "measured_high": measured.high if measured else None,
            "ratio_exponent": ratio.exponent if ratio else None,
            "ratio_low": ratio.low if ratio else None,
            "ratio_high": ratio.high if ratio else None,
            "resolution": self.resolution,
            "declared_constant": constant.value if constant else None,
            "worst_ratio": self.part.worst_ratio,
            "lost": self.words,
        }


def exponents(library: Library, paper: str = "") -> list[Loss]:
    """Return what is lost in every fitted exponent of the ratio, the loosest first."""
    found = [
        Loss(statement=made, part=part, slope=slope)
        for made, part in _judged(library, paper)
        for slope in part.slopes
        if slope.quantity == "ratio" and math.isfinite(slope.median.exponent)
    ]
    return sorted(found, key=lambda loss: -loss.size)


def constants(library: Library, paper: str = "") -> list[Loss]:
    """Return how near the worst trial of every inequality came to its bound, the loosest first."""
    found = [
        Loss(statement=made, part=part, slope=None)
        for made, part in _judged(library, paper)
        if part.declared.claim not in ("identity", "mean", "law")
    ]
    return sorted((one for one in found if one.factor is not None), key=lambda loss: -loss.size)


def as_csv(losses: Iterable[Loss]) -> str:
    """Write rows as CSV with a head; lists are separated by spaces, None is empty."""
    rows = [loss.row() for loss in losses]
    out = io.StringIO()
    if rows:
        writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(map(_flat, rows))
    return out.getvalue()


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: " ".join(map(str, value)) if isinstance(value, list) else value
        for name, value in row.items()
    }


def _judged(library: Library, paper: str) -> Iterator[tuple[Statement, Part]]:
    for made in library.statements:
        if not paper or made.paper == paper:
            yield from ((made, part) for part in made.parts if part.verdict in _JUDGED)
