"""Shares of a time budget: a twin, which its first refutation ends, gets less than a part."""

from __future__ import annotations

from collections.abc import Sequence

from lemmata.harness.statements import Subject, Twin

_OF_A_TWIN = 0.25


def weight_of(subject: Subject) -> float:
    """Return how much of a budget a subject gets, in units of what a part gets."""
    return _OF_A_TWIN if isinstance(subject, Twin) else 1.0


def share_of(subject: Subject, subjects: Sequence[Subject]) -> float:
    """Return which share of a budget is a subject's, of those that are still to be judged."""
    return weight_of(subject) / sum(map(weight_of, subjects))
