"""Thresholds: from which ratio on a trial fails, how often it may, and where rounding decides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from lemmata.harness.evaluation import Bounds
from lemmata.harness.statements import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """Where a trial's ratio begins to fail, and with which probability it may.

    Attributes:
        value: 1, or the declared constant.
        claimed: the claimed failure probability; 0 where no trial may fail.
        silent: whether nothing is claimed at all: a probability of 1, or infinite bounds only.
    """

    value: float
    claimed: float
    silent: bool

    @property
    def deterministic(self) -> bool:
        """Whether no trial may fail."""
        return self.claimed == 0.0

    @property
    def why_silent(self) -> str:
        """Why nothing is claimed, as a sentence."""
        if self.claimed >= 1.0:
            return f"the claimed failure probability is {self.claimed:.3g}, that is, 1 or more"
        return "the bound is infinite in every trial"


def threshold_of(subject: Subject, bounds: Bounds) -> Threshold:
    """Return the ratio from which on a trial fails, with the claimed failure probability."""
    constant = subject.constant
    claimed = bounds.probability
    if claimed is None:
        claimed = constant.failure if constant else 0.0
    silent = claimed >= 1.0 or not bounds.claims.any()
    return Threshold(value=constant.value if constant else 1.0, claimed=claimed, silent=silent)


def failing(bounds: Bounds, threshold: Threshold) -> Bool[np.ndarray, "trials"]:
    """Say for each trial whether it fails by more than rounding explains."""
    strict, exact = _of_members(bounds)
    above = bounds.ratio > threshold.value * (1.0 + bounds.allowance)
    return np.asarray(above | (strict & exact & (bounds.ratio >= threshold.value)))


def doubtful(bounds: Bounds, threshold: Threshold) -> Bool[np.ndarray, "trials"]:
    """Say for each trial whether rounding decides if it fails."""
    strict, exact = _of_members(bounds)
    above = bounds.ratio > threshold.value
    with np.errstate(invalid="ignore"):
        near = bounds.ratio >= threshold.value * (1.0 - np.minimum(bounds.allowance, 1.0))
    unsure = np.where(strict & ~exact, near, above)
    return np.asarray(unsure & ~failing(bounds, threshold))


def tied(bounds: Bounds, threshold: Threshold) -> bool:
    """Whether the worst trial equals its bound to rounding."""
    worst = int(np.argmax(np.nan_to_num(bounds.ratio, nan=np.inf)))
    allowance = float(bounds.allowance[worst])
    ratio = float(bounds.ratio[worst]) / threshold.value
    return bool(1.0 - allowance <= ratio <= 1.0 + allowance)


def _of_members(bounds: Bounds) -> tuple[Bool[np.ndarray, "trials"], Bool[np.ndarray, "trials"]]:
    strict = bounds.worst_is(lambda member: member.direction in ("less than", "more than"))
    return strict, bounds.worst_is(lambda member: member.exact)
