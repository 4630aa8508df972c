"""Ladders of growing falsehood, whose truth is known exactly, and what is to be noticed of them.

A step of a ladder is a false statement and how far it is from the truth, in the unit in which the
resolution of a "holds" of its kind is printed: a failure probability, a distance of means or of
distribution functions, an exponent, a share of the trials.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from hypothesis import strategies as st
from rows import bad_integer, scale_distance, window
from scipy import special, stats
from support import fresh_id

from lemmata.harness import (
    Along,
    Bound,
    Claim,
    Constant,
    Law,
    Mean,
    Part,
    Trials,
    at_most,
    given,
    law_of,
    mean_at_most,
    mean_of,
    statement,
)
from lemmata.harness.levels import BETA
from lemmata.harness.profiles import PROFILES, Profile
from lemmata.harness.verdicts import BoundVerdict, LawVerdict, MeanVerdict, Outcome

__test__ = False  # its statements belong to the tests that judge them

RANDOM_ONLY = replace(PROFILES["default"], name="random", small=0, climbs=0, ascents=0)
"""The default profile with the search's sources but random drawing switched off."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """One kind of falsehood, in steps.

    Attributes:
        kind: of falsehood, with its unit.
        steps: from small to large.
        make: the part of a step.
        truth: of a step, in the unit of the printed resolution.
        reached: the resolution that an outcome prints; None where no "holds" is honest.
    """

    kind: str
    steps: Sequence[float]
    make: Callable[[float], Part]
    truth: Callable[[float], float] = float
    reached: Callable[[Outcome], float] | None = None

    def dishonest(self, step: float, outcome: Outcome) -> bool:
        """Whether a "holds" is said although the truth lies outside the printed resolution."""
        if outcome.verdict != "holds" or self.reached is None:
            return False
        return self.reached(outcome) < self.truth(step)


def _part(kind: str, check: Callable[..., Claim], **options: object) -> Part:
    made = statement(
        fresh_id(),
        source="planted",
        title="x",
        says="$x$",
        kind=kind,
        specimens=[{"m": 1}],
        **options,
    )
    return made(given(m=st.just(1))(check))


def _level(outcome: Outcome) -> float:
    levels = [one.level for one in outcome.specimens if isinstance(one, BoundVerdict)]
    return max(1.0 if level is None else level for level in levels)


def _resolution(outcome: Outcome) -> float:
    found = [one for one in outcome.specimens if isinstance(one, MeanVerdict | LawVerdict)]
    return max(one.resolution for one in found)


def _excess(outcome: Outcome) -> float:
    return max(one.excess for one in outcome.slopes)


def rare_share(outcome: Outcome) -> float:
    """The share of failing trials that a bound without chance leaves unseen."""
    trials = min(one.trials for one in outcome.specimens)
    return 1.0 - BETA ** (1.0 / trials)


def probability(claimed: float, factor: float) -> Part:
    """P = claimed · factor."""

    def check(m: int, trials: Trials) -> Bound:
        u = trials.uniform("u", m)[:, 0]
        return at_most(u, 1.0 - factor * claimed).except_with_probability(claimed)

    return _part("probability", check)


def mean(shift: float) -> Part:
    """The mean of N(shift, 1) is 0."""

    def check(m: int, trials: Trials) -> Mean:
        return mean_of(trials.normal("g", m)[:, 0] + shift, 0.0)

    return _part("mean", check)


def mean_on_one_side(shift: float) -> Part:
    """The mean of N(shift, 1) is at most 0."""

    def check(m: int, trials: Trials) -> Mean:
        return mean_at_most(trials.normal("g", m)[:, 0] + shift, 0.0)

    return _part("mean", check)


def bounded_mean(shift: float) -> Part:
    """A coin of probability ½ + shift is fair."""

    def check(m: int, trials: Trials) -> Mean:
        return mean_of((trials.uniform("u", m)[:, 0] < 0.5 + shift).double(), 0.5, limits=(0, 1))

    return _part("mean", check)


def law_shift(shift: float) -> Part:
    """N(shift, 1) is N(0, 1)."""

    def check(m: int, trials: Trials) -> Law:
        return law_of(trials.normal("g", m)[:, 0] + shift, stats.norm)

    return _part("law", check)


def law_scale(scale: float) -> Part:
    """N(0, scale²) is N(0, 1)."""

    def check(m: int, trials: Trials) -> Law:
        return law_of(trials.normal("g", m)[:, 0] * scale, stats.norm)

    return _part("law", check)


def discrete_law(excess: float) -> Part:
    """A coin of probability ½ + excess, thrown eight times, is fair."""

    def check(m: int, trials: Trials) -> Law:
        heads = (trials.uniform("u", m, 8)[:, 0] < 0.5 + excess).double().sum(-1)
        return law_of(heads, stats.binom(8, 0.5))

    return _part("law", check)


def discrete_distance(excess: float) -> float:
    """Largest difference of the two binomial distribution functions."""
    places = np.arange(9)
    fair, other = stats.binom(8, 0.5), stats.binom(8, 0.5 + excess)
    return float(np.abs(fair.cdf(places) - other.cdf(places)).max())


SIZES = (32, 64, 128, 256)


def exponent(excess: float) -> Part:
    """m^excess · exp(.1 g) does not grow."""
    grid = Along(variable="m", sizes=SIZES, instance=lambda m: {"m": m}, at_most=0.0, trials=64)

    def check(m: int, trials: Trials) -> Bound:
        return at_most(m**excess * (0.1 * trials.normal("g", 1)[:, 0]).exp(), 1.0)

    return _part("scaling", check, along=grid, constant=Constant(100.0, "m = 32…256"))


def share(of_trials: float) -> Part:
    """A bound without chance that fails in a share of the trials."""

    def check(m: int, trials: Trials) -> Bound:
        u = trials.uniform("u", m)[:, 0]
        return at_most(torch.where(u < of_trials, 2.0, 0.5 + 0.4 * u), 1.0)

    return _part("inequality", check)


LADDERS = (
    Ladder(
        "probability, claimed .1, times",
        (1.1, 1.25, 1.5, 2.0, 3.0, 5.0),
        lambda factor: probability(0.1, factor),
        lambda factor: 0.1 * factor,
        _level,
    ),
    Ladder(
        "probability, claimed .01, times",
        (1.5, 2.0, 3.0, 5.0, 8.0, 12.0),
        lambda factor: probability(0.01, factor),
        lambda factor: 0.01 * factor,
        _level,
    ),
    Ladder(
        "mean, off by standard deviations",
        (0.01, 0.02, 0.03, 0.05, 0.1, 0.2),
        mean,
        reached=_resolution,
    ),
    Ladder(
        "mean above its bound, by standard deviations",
        (0.01, 0.02, 0.03, 0.05, 0.1, 0.2),
        mean_on_one_side,
        reached=_resolution,
    ),
    Ladder(
        "probability of a coin, off by",
        (0.005, 0.01, 0.02, 0.03, 0.05, 0.1),
        bounded_mean,
        reached=_resolution,
    ),
    Ladder(
        "law, shifted by standard deviations",
        (0.01, 0.02, 0.05, 0.1, 0.2, 0.4),
        law_shift,
        lambda shift: float(2 * special.ndtr(shift / 2) - 1),
        _resolution,
    ),
    Ladder(
        "law, scaled by",
        (1.02, 1.05, 1.1, 1.2, 1.5, 2.0),
        law_scale,
        scale_distance,
        _resolution,
    ),
    Ladder(
        "law of eight throws, a coin off by",
        (0.002, 0.005, 0.01, 0.02, 0.05, 0.1),
        discrete_law,
        discrete_distance,
        _resolution,
    ),
    Ladder(
        "exponent, noise .1, off by",
        (0.01, 0.02, 0.04, 0.06, 0.1, 0.2),
        exponent,
        reached=_excess,
    ),
    Ladder(
        "bound without chance, fails in a share of the trials of",
        (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 1e-1),
        share,
        reached=rare_share,
    ),
    Ladder(
        "bound without chance, fails in a window of the range of",
        (1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 1e-1),
        window,
    ),
    Ladder(
        "one bad integer, m = 163, among",
        (200, 400, 1000, 2000, 5000, 10000),
        lambda largest: bad_integer(163, int(largest)),
    ),
)

QUALITY: dict[str, Callable[[], Part]] = {
    "P × 2 at p = .05": lambda: probability(0.05, 2.0),
    "P × 2 at p = .3": lambda: probability(0.3, 2.0),
    "mean off by .05 sd": lambda: mean(0.05),
    "scale of a law 1.1": lambda: law_scale(1.1),
    "exponent off by .1, noise .1": lambda: exponent(0.1),
    "fails in 1 % of the trials": lambda: share(0.01),
    "window of 1 % that the ratio rises to": lambda: window(0.01),
    "one bad integer of 200": lambda: bad_integer(163, 200),
}
"""What has to be refuted under each of twenty entropies with the default profile."""


def profiles() -> tuple[Profile, ...]:
    """The profiles that are compared."""
    return PROFILES["quick"], PROFILES["default"], RANDOM_ONLY
