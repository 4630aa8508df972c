"""Means, laws and frequencies.

Wrong ones are refuted, right ones are not, and the detectable effect is detected.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lemmata.harness.means import judge_frequency, judge_law, judge_mean

BOUNDED = {
    "uniform": (stats.uniform(), (0.0, 1.0)),
    "coin": (stats.bernoulli(0.2), (0.0, 1.0)),
    "rare": (stats.bernoulli(0.01), (0.0, 1.0)),
    "arcsine": (stats.beta(0.5, 0.5, loc=-1, scale=4), (-1.0, 3.0)),
    "narrow": (stats.beta(50, 50), (0.0, 1.0)),
}
UNBOUNDED = {
    "normal": stats.norm(3, 2),
    "exponential": stats.expon(),
    "chi-square": stats.chi2(4),
    "Laplace": stats.laplace(1, 3),
}


def draw(law: stats.rv_continuous, size: int | tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.asarray(
        law.rvs(size=size, random_state=np.random.default_rng(seed)), dtype=np.float64
    )


@pytest.mark.parametrize(("law", "bounds"), BOUNDED.values(), ids=BOUNDED)
def test_a_true_bounded_mean_is_refuted_no_more_often_than_alpha(
    law: stats.rv_continuous, bounds: tuple[float, float]
) -> None:
    results = [
        judge_mean(samples, law.mean(), alpha=0.05, beta=0.5, bounds=bounds)
        for samples in draw(law, (200, 100))
    ]
    assert (
        sum(result.outcome == "refuted" for result in results)
        <= 200 * 0.05 + 3 * (200 * 0.05 * 0.95) ** 0.5
    )
    missed = sum(
        not result.interval[0] <= law.mean() <= result.interval[1]
        for result in results
        if result.interval
    )
    assert missed <= 200 * 0.05 + 3 * (200 * 0.05 * 0.95) ** 0.5


@pytest.mark.parametrize("law", UNBOUNDED.values(), ids=UNBOUNDED)
def test_a_true_mean_is_refuted_no_more_often_than_alpha(law: stats.rv_continuous) -> None:
    results = [
        judge_mean(samples, law.mean(), alpha=0.01, beta=0.5) for samples in draw(law, (2_000, 200))
    ]
    assert (
        sum(result.outcome == "refuted" for result in results)
        <= 2_000 * 0.01 + 3 * (2_000 * 0.01 * 0.99) ** 0.5
    )


@pytest.mark.parametrize("name", ["uniform", "narrow", "arcsine"])
def test_a_bounded_mean_off_by_five_per_cent_is_refuted(name: str) -> None:
    law, bounds = BOUNDED[name]
    samples = draw(law, 200_000 if name == "arcsine" else 40_000)
    for expected in (0.95 * law.mean(), 1.05 * law.mean()):
        result = judge_mean(samples, expected, bounds=bounds)
        assert result.outcome == "refuted"
        assert result.detectable < abs(result.effect) * 1.5
    assert judge_mean(samples, law.mean(), bounds=bounds).outcome == "consistent"


@pytest.mark.parametrize("law", UNBOUNDED.values(), ids=UNBOUNDED)
def test_a_mean_off_by_five_per_cent_is_refuted(law: stats.rv_continuous) -> None:
    samples = draw(law, 1_000_000 if law.std() > 2 * law.mean() else 100_000)
    for expected in (0.95 * law.mean(), 1.05 * law.mean()):
        assert judge_mean(samples, expected).outcome == "refuted"
    assert judge_mean(samples, law.mean()).outcome == "consistent"


@pytest.mark.parametrize("bounds", [None, (0.0, 1.0)])
def test_the_detectable_effect_is_detected(bounds: tuple[float, float] | None) -> None:
    law = stats.beta(2, 3)
    effect = judge_mean(
        draw(law, 3_000), law.mean(), alpha=1e-6, beta=1e-2, bounds=bounds
    ).detectable
    found = [
        judge_mean(x, law.mean() - effect, alpha=1e-6, beta=1e-2, bounds=bounds)
        for x in draw(law, (100, 3_000), seed=1)
    ]
    assert sum(result.outcome == "refuted" for result in found) >= 97


def test_a_tolerance_is_granted() -> None:
    samples = draw(stats.uniform(), 20_000)
    for bounds in (None, (0.0, 1.0)):
        assert judge_mean(samples, 0.45, bounds=bounds).outcome == "refuted"
        assert judge_mean(samples, 0.45, bounds=bounds, tolerance=0.06).outcome == "consistent"


def test_skewness_and_kurtosis_are_the_samples() -> None:
    samples = draw(stats.gamma(2), 500)
    result = judge_mean(samples, 2.0)
    assert result.skewness == pytest.approx(stats.skew(samples))
    assert result.kurtosis == pytest.approx(stats.kurtosis(samples, fisher=False))


def test_students_agrees_with_scipy_on_symmetric_samples() -> None:
    half = draw(stats.norm(), 50)
    samples = np.concatenate([half, -half]) + 0.3
    result = judge_mean(samples, 0.0)
    assert result.p_value == pytest.approx(stats.ttest_1samp(samples, 0.0).pvalue, rel=1e-4)
    assert result.kurtosis == pytest.approx(stats.kurtosis(samples, fisher=False))
    expected = stats.ttest_1samp(samples, 0.0).confidence_interval()
    assert result.interval == pytest.approx((expected.low, expected.high))


def test_skewness_does_not_accuse() -> None:
    """Plain Student's t refutes a true exponential mean some ten times too often here."""
    law, count = stats.expon(), 40_000
    samples = draw(law, (count, 100))
    plain = stats.ttest_1samp(samples, 1.0, axis=1).pvalue <= 1e-4
    assert plain.sum() > 5 * count * 1e-4
    assert (
        sum(
            judge_mean(samples[i], 1.0, alpha=1e-4).outcome == "refuted"
            for i in np.flatnonzero(plain)
        )
        <= 3 * count * 1e-4
    )


def test_constant_samples_are_right_up_to_rounding() -> None:
    assert judge_mean(np.full(10, 1.0 + 1e-15), 1.0).outcome == "consistent"
    assert judge_mean(np.full(10, 1.01), 1.0).outcome == "refuted"
    assert judge_mean(np.zeros(10), 0.0).outcome == "consistent"
    assert judge_mean(np.zeros(10_000), 0.0, bounds=(0.0, 1.0)).outcome == "consistent"
    assert judge_mean(np.ones(10_000), 0.0, bounds=(0.0, 1.0)).outcome == "refuted"


@settings(max_examples=40, deadline=None)
@given(scale=st.floats(1e-3, 1e3), shift=st.floats(-10, 10), seed=st.integers(0, 2**32))
def test_betting_does_not_depend_on_units(scale: float, shift: float, seed: int) -> None:
    samples = draw(stats.uniform(), 200, seed)
    plain = judge_mean(samples, 0.4, bounds=(0.0, 1.0))
    scaled = judge_mean(shift + scale * samples, shift + scale * 0.4, bounds=(shift, shift + scale))
    assert scaled.p_value == pytest.approx(plain.p_value, rel=1e-6)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_finite_raise(wrong: float) -> None:
    samples = np.append(np.linspace(0.0, 1.0, 9), wrong)
    with pytest.raises(ValueError, match="1 of 10 are NaN or infinite"):
        judge_mean(samples, 0.5)
    with pytest.raises(ValueError, match="1 of 10 are NaN or infinite"):
        judge_law(samples, stats.uniform())


def test_bad_arguments_raise() -> None:
    with pytest.raises(ValueError, match="at least two samples"):
        judge_mean(np.ones(1), 1.0)
    with pytest.raises(ValueError, match="around the expected mean"):
        judge_mean(np.ones(3), 2.0, bounds=(0.0, 1.0))
    with pytest.raises(ValueError, match="within the bounds"):
        judge_mean(np.array([0.5, 1.5]), 0.5, bounds=(0.0, 1.0))
    with pytest.raises(ValueError, match="tolerance"):
        judge_mean(np.ones(3), 1.0, tolerance=-0.1)
    with pytest.raises(ValueError, match="successes"):
        judge_frequency(4, 3, 0.5)


LAWS = [
    (stats.norm(), stats.norm(0.1), stats.norm(0, 1.1)),
    (stats.expon(), stats.gamma(1.1), stats.lognorm(1.0)),
    (stats.poisson(3.0), stats.poisson(3.2), stats.nbinom(20, 20 / 23)),
    (stats.binom(10, 0.3), stats.binom(10, 0.33), stats.binom(11, 0.3)),
    (stats.bernoulli(0.5), stats.bernoulli(0.54), stats.bernoulli(0.46)),
    (stats.poisson(300.0), stats.poisson(303.0), stats.poisson(296.0)),
]


@pytest.mark.parametrize(("law", "wrong", "other"), LAWS)
def test_a_wrong_law_is_refuted_and_the_right_one_is_not(
    law: stats.rv_continuous, wrong: stats.rv_continuous, other: stats.rv_continuous
) -> None:
    assert judge_law(draw(law, 20_000), law).outcome == "consistent"
    for false in (wrong, other):
        assert judge_law(draw(false, 20_000), law).outcome == "refuted"


@pytest.mark.parametrize("law", [case[0] for case in LAWS])
def test_a_true_law_is_refuted_no_more_often_than_alpha(law: stats.rv_continuous) -> None:
    refuted = sum(
        judge_law(samples, law, alpha=0.05, beta=0.5).outcome == "refuted"
        for samples in draw(law, (300, 200))
    )
    assert refuted <= 300 * 0.05 + 3 * (300 * 0.05 * 0.95) ** 0.5


def test_a_distribution_function_is_a_law() -> None:
    samples = draw(stats.norm(), 2_000)
    assert judge_law(samples, stats.norm().cdf).p_value == judge_law(samples, stats.norm()).p_value


def test_an_impossible_value_refutes() -> None:
    assert (
        judge_law(np.append(draw(stats.poisson(3), 1_000), 0.5), stats.poisson(3)).outcome
        == "refuted"
    )
    assert (
        judge_law(np.append(draw(stats.binom(3, 0.5), 1_000), 4.0), stats.binom(3, 0.5)).outcome
        == "refuted"
    )


def test_a_sure_thing_is_a_law() -> None:
    assert judge_law(np.ones(100), stats.bernoulli(1.0)).outcome == "consistent"
    assert judge_law(np.append(np.ones(100), 0.0), stats.bernoulli(1.0)).outcome == "refuted"


@given(n=st.integers(1, 2_000), share=st.floats(0, 1), p=st.floats(0.001, 0.999))
def test_the_frequency_test_is_twice_the_smaller_tail(n: int, share: float, p: float) -> None:
    k = round(share * n)
    tails = stats.binom.cdf(k, n, p), stats.binom.sf(k - 1, n, p)
    assert judge_frequency(k, n, p).p_value == pytest.approx(
        min(1.0, 2 * min(tails)), rel=1e-6, abs=1e-300
    )


@pytest.mark.parametrize(
    ("successes", "n", "p", "outcome"),
    [
        (500, 1000, 0.5, "consistent"),
        (650, 1000, 0.5, "refuted"),
        (350, 1000, 0.5, "refuted"),
        (570, 1000, 0.5, "undecided"),
        (0, 50, 0.0, "consistent"),
        (1, 50, 0.0, "refuted"),
        (50, 50, 1.0, "consistent"),
        (49, 50, 1.0, "refuted"),
    ],
)
def test_frequencies(successes: int, n: int, p: float, outcome: str) -> None:
    assert judge_frequency(successes, n, p).outcome == outcome


def test_the_detectable_frequency_is_detected() -> None:
    effect = judge_frequency(300, 1_000, 0.3).detectable
    found = np.random.default_rng(0).binomial(1_000, 0.3 + effect, size=2_000)
    assert (
        np.mean([judge_frequency(int(k), 1_000, 0.3).outcome == "refuted" for k in found]) >= 0.995
    )
