"""Thresholds: from which ratio on a trial fails, and how often it may."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from lemmata.harness.evaluation import Bounds
from lemmata.harness.statements import Subject

NEAR = 1e-9
"""Trials this close to their threshold, relatively, are flagged.

Another device may decide them otherwise.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """Where a trial's ratio begins to fail, and with which probability it may."""

    value: float
    claimed: float
    deterministic: bool


def threshold_of(subject: Subject, bounds: Bounds) -> Threshold:
    """Return the ratio from which on a trial fails.

    1, or the declared constant, with the claimed failure probability.
    """
    constant = subject.constant
    claimed = (
        bounds.probability
        if bounds.probability is not None
        else constant.failure
        if constant
        else 0.0
    )
    return Threshold(
        value=constant.value if constant else 1.0, claimed=claimed, deterministic=claimed == 0.0
    )


def failing(bounds: Bounds, threshold: Threshold) -> Bool[np.ndarray, "trials"]:
    """Say for each trial whether it fails.

    Its ratio is above the threshold by more than rounding explains.
    """
    return np.asarray(bounds.ratio > threshold.value * (1.0 + bounds.allowance))
