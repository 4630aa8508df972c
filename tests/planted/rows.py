"""False statements that were once said to hold, with what is true of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from hypothesis import strategies as st
from scipy import special, stats
from support import fresh_id

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Law,
    Mean,
    Part,
    Trials,
    at_most,
    given,
    law_of,
    mean_of,
    more_than,
    statement,
)
from lemmata.harness.verdicts import BoundVerdict, LawVerdict, MeanVerdict, Outcome, SlopeVerdict

__test__ = False  # its statements belong to the tests that judge them


@dataclass(frozen=True, slots=True)
class Row:
    """A false statement.

    Attributes:
        name: of it.
        make: the part.
        truth: what is true of every instance, in the unit of the printed resolution: a failure
            probability, a distance of means or of distribution functions; None where no "holds"
            is honest.
    """

    name: str
    make: Callable[[], Part]
    truth: float | None = None

    def dishonest(self, outcome: Outcome) -> bool:
        """Whether a "holds" is said although the truth lies outside the printed resolution."""
        if outcome.verdict != "holds":
            return False
        if self.truth is None:
            return True
        judged = [*outcome.specimens, *outcome.slopes]
        return min(_reached(one) for one in judged) < self.truth


def _reached(verdict: object) -> float:
    if isinstance(verdict, BoundVerdict):
        return math.inf if verdict.level is None or verdict.threshold != 1.0 else verdict.level
    if isinstance(verdict, MeanVerdict | LawVerdict):
        return verdict.resolution
    return verdict.excess if isinstance(verdict, SlopeVerdict) else math.inf


def _said(kind: str, **options: object) -> Callable[..., Part]:
    return statement(fresh_id(), source="planted", title="x", says="$x$", kind=kind, **options)


def hoeffding() -> Part:
    @_said("probability")
    @given(n=st.integers(1, 100), t=st.floats(0.05, 0.5))
    def two_sided_without_its_factor(n: int, t: float, trials: Trials) -> Bound:
        mean = (trials.signs("x", n) / 2).mean(-1)
        p = math.exp(-2 * n * t * t)
        return at_most(mean.abs(), t * (1 - 1e-9)).except_with_probability(p)

    return two_sided_without_its_factor


def smallest_singular_value() -> Part:
    """Edelman: 1 - exp(-ε²/2 - ε) for large n, which exceeds .8 ε for ε ≤ .45."""

    @_said("probability")
    @given(n=st.integers(2, 20), epsilon=st.floats(0.05, 1.0))
    def smallest_values_are_rare(n: int, epsilon: float, trials: Trials) -> Bound:
        smallest = torch.linalg.svdvals(trials.normal("G", n, n))[:, -1]
        return more_than(smallest, epsilon / math.sqrt(n)).except_with_probability(0.8 * epsilon)

    return smallest_values_are_rare


def absolute_value() -> Part:
    @_said("mean")
    @given(m=st.integers(1, 4))
    def absolute_values_have_this_mean(m: int, trials: Trials) -> Mean:
        return mean_of(trials.normal("g", m)[:, 0].abs(), 1.1 * math.sqrt(2 / math.pi))

    return absolute_values_have_this_mean


def sharp_descent() -> Part:
    """λ (1 - λ)^2k/2 is largest at λ = 1/(2k + 1); that value × .9 is claimed."""

    @_said("inequality")
    @given(k=st.integers(1, 50), rate=st.floats(0.0, 1.0))
    def descent_is_that_fast(k: int, rate: float, trials: Trials) -> Bound:
        start = trials.normal("x", 1)[:, 0]
        gap = 0.5 * rate * (start * (1 - rate) ** k).square()
        sharp = 0.5 / (2 * k + 1) * (2 * k / (2 * k + 1)) ** (2 * k)
        return at_most(gap, 0.9 * sharp * start.square())

    return descent_is_that_fast


def three_uniforms() -> Part:
    @_said("law")
    @given(m=st.integers(1, 4))
    def three_uniforms_are_normal(m: int, trials: Trials) -> Law:
        return law_of((trials.uniform("u", m, 3)[:, 0] - 0.5).sum(-1) * 2, stats.norm)

    return three_uniforms_are_normal


def norm_exponent() -> Part:
    grid = Along(
        variable="m", sizes=(32, 64, 128, 256), instance=lambda m: {"m": m}, at_most=0.03, trials=64
    )

    @_said("scaling", constant=Constant(4.0, "m = 32…256"), along=grid)
    @given(m=st.sampled_from((32, 64)))
    def norms_grow_slowly(m: int, trials: Trials) -> Bound:
        norm = torch.linalg.matrix_norm(trials.normal("G", m, m), ord=2)
        return at_most(norm, float(m) ** 0.45)

    return norms_grow_slowly


def probability(true: float, claimed: float = 0.2) -> Part:
    @_said("probability")
    @given(m=st.integers(1, 4))
    def failures_are_rare(m: int, trials: Trials) -> Bound:
        u = trials.uniform("u", m)[:, 0]
        return at_most(u, 1.0 - true).except_with_probability(claimed)

    return failures_are_rare


def law(student: bool) -> Part:
    @_said("law")
    @given(m=st.integers(1, 4))
    def samples_are_normal(m: int, trials: Trials) -> Law:
        g = trials.normal("g", m, 4)[:, 0]
        scaled = g[:, 0] / g[:, 1:].square().mean(-1).sqrt() if student else 1.2 * g[:, 0]
        return law_of(scaled, stats.norm)

    return samples_are_normal


def window(width: float) -> Part:
    """The ratio rises towards a window of this share of the range, and exceeds 1 inside."""

    @_said("inequality")
    @given(x=st.floats(0.0, 1.0))
    def nothing_happens(x: float, trials: Trials) -> Bound:
        value = 1.0 + width / 2 - abs(x - 0.6180339)
        return at_most(trials.every(trials.tensor(value)), 1.0)

    return nothing_happens


def bad_integer(bad: int, largest: int = 100) -> Part:
    @_said("inequality")
    @given(m=st.integers(1, largest))
    def all_of_them_are_good(m: int, trials: Trials) -> Bound:
        return at_most(trials.every(trials.tensor(2.0 if m == bad else 0.5)), 1.0)

    return all_of_them_are_good


def chernoff() -> Part:
    """The upper tail with the lower tail's constant: false far out, where tails are tiny."""

    @_said("probability")
    @given(n=st.integers(1, 40), q=st.floats(0.02, 0.5), delta=st.floats(0.5, 5.0))
    def upper_tails_are_lower_tails(n: int, q: float, delta: float, trials: Trials) -> Bound:
        hits = (trials.uniform("x", n) < q).double().sum(-1)
        p = math.exp(-(delta**2) * n * q / 2)
        return at_most(hits, (1 + delta) * n * q).except_with_probability(p)

    return upper_tails_are_lower_tails


def scale_distance(scale: float) -> float:
    """Largest difference of the distribution functions of N(0, scale²) and N(0, 1)."""
    x = scale * math.sqrt(2 * math.log(scale) / (scale**2 - 1))
    return float(special.ndtr(x) - special.ndtr(x / scale))


ROWS = (
    Row("Hoeffding, two sides, without its 2", hoeffding),
    Row("smallest singular value, .8 ε", smallest_singular_value),
    Row(
        "mean absolute value 10 % too large, one sample a trial",
        absolute_value,
        0.1 * math.sqrt(2 / math.pi),
    ),
    Row("sharp constant of gradient descent × .9", sharp_descent),
    Row("a sum of three uniforms is normal", three_uniforms, 0.00985),
    Row("‖G‖ ≤ 4 m^.45, slope .03 (it is .072)", norm_exponent, 0.037),
    Row("P claimed .2, true .3", lambda: probability(0.3), 0.3),
    Row("P claimed .2, true .4", lambda: probability(0.4), 0.4),
    Row("N(0, 1.2²) for N(0, 1)", lambda: law(student=False), scale_distance(1.2)),
    Row("Student's t₃ for N(0, 1)", lambda: law(student=True), 0.0492),
    Row("window of 2 %", lambda: window(0.02)),
    Row("m = 37 alone", lambda: bad_integer(37)),
    Row("m = 100 alone", lambda: bad_integer(100)),
)
