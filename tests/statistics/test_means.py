"""Means and laws: wrong ones are refuted, right ones are not, and what "holds" leaves open is
no more than it says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lemmata.harness.means import (
    judge_law,
    judge_mean,
    samples_for_law,
    samples_for_mean,
)

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


def errs_with(found: np.ndarray, level: float) -> bool:
    """Whether events are about as rare as a level says."""
    return found.sum() <= len(found) * level + 3 * (len(found) * level * (1 - level)) ** 0.5


@pytest.mark.parametrize("side", ["equal", "at most", "at least"])
@pytest.mark.parametrize(("law", "bounds"), BOUNDED.values(), ids=BOUNDED)
def test_a_true_bounded_mean_is_refuted_no_more_often_than_alpha(
    law: stats.rv_continuous, bounds: tuple[float, float], side: str
) -> None:
    found = [
        judge_mean(samples, law.mean(), side=side, alpha=0.05, beta=0.025, bounds=bounds)
        for samples in draw(law, (200, 100))
    ]
    assert errs_with(np.array([one.p_value <= 0.05 for one in found]), 0.05)
    assert errs_with(np.array([not one.low <= law.mean() <= one.high for one in found]), 0.05)


@pytest.mark.parametrize("side", ["equal", "at most", "at least"])
@pytest.mark.parametrize("law", UNBOUNDED.values(), ids=UNBOUNDED)
def test_a_true_mean_is_refuted_no_more_often_than_alpha(
    law: stats.rv_continuous, side: str
) -> None:
    found = [judge_mean(one, law.mean(), side=side) for one in draw(law, (2_000, 200))]
    assert errs_with(np.array([one.p_value <= 0.01 for one in found]), 0.01)


@pytest.mark.parametrize("law", UNBOUNDED.values(), ids=UNBOUNDED)
def test_what_holds_leaves_open_is_what_it_says(law: stats.rv_continuous) -> None:
    """The mean lies further off than the resolution in a share β of the cases at most."""
    beta = 0.02
    found = [judge_mean(one, law.mean() + 0.1, beta=beta) for one in draw(law, (2_000, 300))]
    assert errs_with(np.array([one.reached < 0.1 for one in found]), beta * 1.5)


@pytest.mark.parametrize("side", ["equal", "at most", "at least"])
def test_a_mean_off_by_a_twentieth_of_its_deviation_is_refuted(side: str) -> None:
    count = samples_for_mean(0.05)
    off = {"equal": -0.05, "at most": -0.05, "at least": 0.05}[side]
    found = [judge_mean(one, off, side=side) for one in draw(stats.norm(), (200, count))]
    assert np.mean([one.p_value <= 1e-9 for one in found]) >= 0.98


def test_one_side_says_nothing_of_the_other() -> None:
    samples = draw(stats.norm(), 2_000)
    assert judge_mean(samples, 5.0, side="at most").p_value == 1.0
    assert judge_mean(samples, 5.0, side="at most").reached == 0.0
    assert judge_mean(samples, 5.0, side="at least").p_value < 1e-9
    assert judge_mean(samples, -5.0, side="at least").reached == 0.0


@pytest.mark.parametrize("name", ["uniform", "narrow", "arcsine"])
def test_a_bounded_mean_off_by_five_per_cent_is_refuted(name: str) -> None:
    law, bounds = BOUNDED[name]
    samples = draw(law, 200_000 if name == "arcsine" else 40_000)
    for expected in (0.95 * law.mean(), 1.05 * law.mean()):
        assert judge_mean(samples, expected, bounds=bounds).p_value <= 1e-9
    right = judge_mean(samples, law.mean(), bounds=bounds)
    assert right.p_value > 1e-3
    assert right.reached < 0.05 * abs(law.mean())


def test_a_tolerance_is_granted() -> None:
    samples = draw(stats.uniform(), 20_000)
    for bounds in (None, (0.0, 1.0)):
        assert judge_mean(samples, 0.45, bounds=bounds).p_value <= 1e-9
        assert judge_mean(samples, 0.45, bounds=bounds, tolerance=0.06).p_value > 1e-3


def test_skewness_and_kurtosis_are_the_samples() -> None:
    samples = draw(stats.gamma(2), 500)
    result = judge_mean(samples, 2.0)
    assert result.skewness == pytest.approx(stats.skew(samples))
    assert result.kurtosis == pytest.approx(stats.kurtosis(samples, fisher=False))


def test_students_agrees_with_scipy_on_symmetric_samples() -> None:
    half = draw(stats.norm(), 50)
    samples = np.concatenate([half, -half]) + 0.3
    result = judge_mean(samples, 0.0, beta=0.025)
    assert result.p_value == pytest.approx(stats.ttest_1samp(samples, 0.0).pvalue, rel=1e-4)
    assert result.kurtosis == pytest.approx(stats.kurtosis(samples, fisher=False))
    expected = stats.ttest_1samp(samples, 0.0).confidence_interval()
    assert (result.low, result.high) == pytest.approx((expected.low, expected.high))


def test_skewness_does_not_accuse() -> None:
    """Plain Student's t refutes a true exponential mean some ten times too often here."""
    law, count = stats.expon(), 40_000
    samples = draw(law, (count, 100))
    plain = stats.ttest_1samp(samples, 1.0, axis=1).pvalue <= 1e-4
    assert plain.sum() > 5 * count * 1e-4
    assert (
        sum(judge_mean(samples[i], 1.0).p_value <= 1e-4 for i in np.flatnonzero(plain))
        <= 3 * count * 1e-4
    )


def test_constant_samples_are_right_up_to_rounding() -> None:
    assert judge_mean(np.full(10, 1.0 + 1e-15), 1.0).p_value == 1.0
    assert judge_mean(np.full(10, 1.01), 1.0).p_value == 0.0
    assert judge_mean(np.zeros(10), 0.0).p_value == 1.0
    assert judge_mean(draw(stats.norm(1e-17, 1e-18), 10_000), 0.0).p_value == 1.0
    assert judge_mean(np.zeros(10_000), 0.0, bounds=(0.0, 1.0)).p_value == 1.0
    assert judge_mean(np.ones(10_000), 0.0, bounds=(0.0, 1.0)).p_value < 1e-9


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
    right = judge_law(draw(law, 20_000), law)
    assert right.p_value > 1e-3
    assert right.reached < 0.05
    for false in (wrong, other):
        assert judge_law(draw(false, 20_000), law).p_value <= 1e-9


@pytest.mark.parametrize("law", [case[0] for case in LAWS])
def test_a_true_law_is_refuted_no_more_often_than_alpha(law: stats.rv_continuous) -> None:
    refuted = sum(judge_law(samples, law).p_value <= 0.05 for samples in draw(law, (300, 200)))
    assert refuted <= 300 * 0.05 + 3 * (300 * 0.05 * 0.95) ** 0.5


def test_a_distribution_function_is_a_law() -> None:
    samples = draw(stats.norm(), 2_000)
    assert judge_law(samples, stats.norm().cdf).p_value == judge_law(samples, stats.norm()).p_value


@pytest.mark.parametrize(("law", "value"), [(stats.poisson(3), 0.5), (stats.binom(3, 0.5), 4.0)])
def test_an_impossible_value_refutes(law: stats.rv_discrete, value: float) -> None:
    assert judge_law(np.append(draw(law, 1_000), value), law).p_value == 0.0


def test_a_sure_thing_is_a_law() -> None:
    assert judge_law(np.ones(100), stats.bernoulli(1.0)).p_value == 1.0
    assert judge_law(np.append(np.ones(100), 0.0), stats.bernoulli(1.0)).p_value == 0.0


@pytest.mark.parametrize(("law", "wrong", "_"), LAWS)
def test_the_distance_is_where_the_laws_differ_most(
    law: stats.rv_continuous, wrong: stats.rv_continuous, _: object
) -> None:
    found = judge_law(draw(wrong, 5_000), law)
    assert found.distance == pytest.approx(abs(found.share_below - found.claimed_below))
    samples = draw(wrong, 5_000)
    grid = np.unique(samples)
    gaps = np.abs(np.searchsorted(np.sort(samples), grid, side="right") / 5_000 - law.cdf(grid))
    assert found.distance >= gaps.max() - 1e-12
    assert found.reached > found.distance


def test_what_a_law_that_holds_leaves_open_is_what_it_says() -> None:
    """The distance is larger than the resolution in a share β of the cases at most."""
    beta, truth, claim = 0.02, stats.norm(), stats.norm(0.1)
    x = np.linspace(-3, 3, 2_001)
    distance = np.abs(truth.cdf(x) - claim.cdf(x)).max()
    found = [judge_law(one, claim, beta=beta) for one in draw(truth, (1_000, 400))]
    assert errs_with(np.array([one.reached < distance for one in found]), beta)


def test_samples_enough_tell_a_law_apart() -> None:
    x = np.linspace(-4, 4, 4_001)
    distance = np.abs(stats.norm().cdf(x) - stats.norm(0, 1.1).cdf(x)).max()
    count = samples_for_law(distance)
    found = [judge_law(one, stats.norm()) for one in draw(stats.norm(0, 1.1), (40, count))]
    assert all(one.p_value <= 1e-9 for one in found)
