"""The levels at which verdicts are given, in one place.

A refutation accuses a theorem, so its level is far below that of a certificate, which only says
that a claim was given the chance to fail.
"""

from __future__ import annotations

from typing import Final

ALPHA: Final = 1e-9
"""Largest probability of refuting a claim that is true."""

BETA: Final = 1e-3
"""Largest probability of certifying a claim that is false."""

KAPPA: Final = 3.0
"""A claimed failure probability p is certified up to the factor κ: "at most κp"."""

FLOOR: Final = 0.02
"""No certificate is finer than this.

Without it p = 1e-4 would ask for tens of thousands of clean trials.
"""

NOMINATIONS: Final = 20
"""How many instances found by searching may be put to the test for a part in a run.

They share α.
"""

CONFIDENCE: Final = 0.95
"""Of the intervals that are shown beside a verdict and take no part in it."""

ROUNDING: Final = 2.0**-26
"""Relative error granted to measured numbers in means and slopes, half the digits of float64.

Smaller discrepancies never refute.
"""
