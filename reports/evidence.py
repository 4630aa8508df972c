"""Records of one part as plain data.

Specimens, exponents, refutations. Missing fields become None or empty.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from lemmata.reports import fields
from lemmata.reports.fields import Record
from lemmata.reports.numerals import figure

Curve = Mapping[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """One frozen instance and what its trials say; `docs/records.md` explains the fields."""

    describe: str
    hash: str
    sizes: Mapping[str, float]
    verdict: str
    trials: int | None
    failures: int | None
    claimed: float | None
    threshold: float | None
    level: float | None
    log_e_refute: float | None
    log_e_certify: float | None
    interval: tuple[float, float] | None
    worst_ratio: float | None
    median_ratio: float | None
    surviving: float | None
    inside: bool | None
    attack: str
    attacks: Mapping[str, float]
    reports: Mapping[str, Mapping[str, float]]
    curves: Mapping[str, Curve]
    test: Record

    @classmethod
    def read(cls, record: Record) -> Self:
        """Read a specimen of a verdict or twin record."""
        sizes = fields.named_numbers(record, "sizes")
        return cls(
            describe=fields.text(record, "describe")
            or sizes_phrase(sizes)
            or "an instance without description",
            hash=fields.text(record, "instance_hash"),
            sizes=sizes,
            verdict=fields.text(record, "verdict"),
            trials=fields.count(record, "trials"),
            failures=fields.count(record, "failures"),
            interval=fields.interval(record, "interval"),
            inside=fields.flag(record, "inside"),
            attack=fields.text(record, "attack"),
            attacks=fields.named_numbers(record, "attacks"),
            reports=read_reports(record),
            curves=read_curves(record),
            test=fields.mapping(record, "test"),
            claimed=fields.number(record, "claimed"),
            threshold=fields.number(record, "threshold"),
            level=fields.number(record, "level"),
            log_e_refute=fields.number(record, "log_e_refute"),
            log_e_certify=fields.number(record, "log_e_certify"),
            worst_ratio=fields.number(record, "worst_ratio"),
            median_ratio=fields.number(record, "median_ratio"),
            surviving=fields.number(record, "surviving"),
        )

    @property
    def relative_worst(self) -> float | None:
        """The worst ratio over the threshold: above 1 is a violation."""
        return relative(self.worst_ratio, self.threshold)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A fitted exponent with its 95 % interval."""

    slope: float
    low: float | None
    high: float | None

    @classmethod
    def read(cls, record: Record) -> Self | None:
        """Read a fit, or None where no exponent was recorded."""
        slope = fields.number(record, "slope")
        if slope is None or not math.isfinite(slope):
            return None
        low, high = (fields.number(record, name) for name in ("low", "high"))
        bounded = (
            low is not None and high is not None and math.isfinite(low) and math.isfinite(high)
        )
        return cls(slope=slope, low=low if bounded else None, high=high if bounded else None)

    def __str__(self) -> str:
        interval = (
            f" [{signed(self.low)}, {signed(self.high)}]"
            if self.low is not None and self.high is not None
            else ""
        )
        return f"{signed(self.slope)}{interval}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exponent:
    """How the ratio scales with one size; `docs/records.md` explains the fields."""

    variable: str
    at_most: float | None
    at_least: float | None
    claimed: float | None
    direction: str
    quantity: str
    outcome: str
    median: Fit | None
    upper: Fit | None
    points: tuple[Record, ...]
    trials: int | None
    exponential: bool
    together: str
    measures: str
    label: str

    @classmethod
    def read(cls, record: Record) -> Self:
        """Read a slope record."""
        return cls(
            variable=fields.text(record, "variable") or "size",
            at_most=fields.number(record, "at_most"),
            at_least=fields.number(record, "at_least"),
            claimed=fields.number(record, "claimed"),
            direction=fields.text(record, "direction"),
            quantity="scaled quantity" if fields.text(record, "quantity") == "scaling" else "ratio",
            outcome=fields.text(record, "outcome"),
            median=Fit.read(fields.mapping(record, "median")),
            upper=Fit.read(fields.mapping(record, "upper")),
            points=fields.mappings(record, "points"),
            trials=fields.count(record, "trials"),
            exponential=fields.text(record, "growth") == "exponential",
            together=fields.text(record, "together"),
            measures=fields.text(record, "measures"),
            label=fields.text(record, "label"),
        )

    @property
    def grid(self) -> list[float]:
        """The sizes with a measured median."""
        return [
            size
            for point in self.points
            if (size := fields.number(point, "size")) is not None and 0 < size < math.inf
        ]

    @property
    def allowed(self) -> str:
        """What the claim allows for the ratio's exponent."""
        if self.at_most is not None and self.at_least is not None:
            return f"from {signed(self.at_least)} to {signed(self.at_most)}"
        if self.at_most is not None:
            return f"at most {signed(self.at_most)}"
        return f"at least {signed(self.at_least)}" if self.at_least is not None else "not said"

    @property
    def inverted(self) -> bool:
        """Whether the fitted quantity falls where the measured side grows.

        A ratio is bound over measured for a lower bound.
        """
        return self.direction == "at least" and self.quantity == "ratio"

    @property
    def measured(self) -> Fit | None:
        """The measured side's own exponent.

        The bound's plus the ratio's, or less it where the ratio is inverted.
        """
        if self.claimed is None or self.median is None:
            return None
        slope, low, high = self.median.slope, self.median.low, self.median.high
        if self.inverted:
            slope, low, high = (
                -slope,
                None if high is None else -high,
                None if low is None else -low,
            )
        return Fit(
            slope=self.claimed + slope,
            low=None if low is None else self.claimed + low,
            high=None if high is None else self.claimed + high,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Refutation:
    """A counterexample, with the line that draws it again."""

    describe: str
    role: str
    trial: int | None
    ratio: float | None
    measured: float | None
    bound: float | None
    direction: str
    failures: int | None
    trials: int | None
    claimed: float | None
    log_e: float | None
    attack: str
    token: str
    explanation: str

    @classmethod
    def read(cls, record: Record) -> Self | None:
        """Read a refutation, or None where there is none."""
        if not record:
            return None
        return cls(
            describe=fields.text(record, "describe"),
            role=fields.text(record, "role"),
            trial=fields.count(record, "trial"),
            ratio=fields.number(record, "ratio"),
            measured=fields.number(record, "measured"),
            bound=fields.number(record, "bound"),
            direction=fields.text(record, "direction"),
            failures=fields.count(record, "failures"),
            trials=fields.count(record, "trials"),
            claimed=fields.number(record, "claimed"),
            log_e=fields.number(record, "log_e"),
            attack=fields.text(record, "attack"),
            token=fields.text(record, "token"),
            explanation=fields.text(record, "explanation"),
        )


def relative(ratio: float | None, threshold: float | None) -> float | None:
    """Return the ratio over the threshold, which is 1 where none was recorded."""
    return None if ratio is None else ratio / threshold if threshold and threshold > 0 else ratio


def largest(values: Iterable[float | None]) -> float | None:
    """Return the largest number; NaN wins over all, as it never passes."""
    found = [value for value in values if value is not None]
    return next((value for value in found if math.isnan(value)), max(found, default=None))


def read_curves(record: Record) -> dict[str, Curve]:
    """Read what happened along trajectories: by name, the lists median, low, high and worst."""
    curves = fields.mapping(record, "curves")
    return {
        str(name): {
            str(line): fields.numbers(curve, line) for line in curve if fields.numbers(curve, line)
        }
        for name, curve in curves.items()
        if isinstance(curve, Mapping) and any(fields.numbers(curve, line) for line in curve)
    }


def read_reports(record: Record) -> dict[str, dict[str, float]]:
    """Read further quantities that a part keeps for the report.

    By name, their median, low and high.
    """
    reports = fields.mapping(record, "reports")
    return {
        str(name): fields.named_numbers(reports, name)
        for name in reports
        if fields.named_numbers(reports, name)
    }


def sizes_phrase(sizes: Mapping[str, float]) -> str:
    """Write sizes as a reader of the paper would.

    >>> sizes_phrase({"m": 64.0, "L": 2.0})
    'm = 64, L = 2'
    """
    return ", ".join(f"{name} = {figure(value)}" for name, value in sizes.items())


def signed(value: float | None) -> str:
    """Write an exponent with its sign and two decimals.

    >>> signed(-0.5), signed(0.0), signed(1.234)
    ('−0.50', '0.00', '+1.23')
    """
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "+∞" if value > 0 else "−∞"
    rounded = round(value, 2)
    return f"{rounded:+.2f}".replace("-", "−") if rounded else "0.00"
