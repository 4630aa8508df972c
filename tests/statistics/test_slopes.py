"""Exponents.

Found where they are known, refuted where they are wrong, with intervals that cover.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lemmata.harness.slopes import SlopeClaim, fit_slope, judge_slope

SIZES = [32.0, 64.0, 128.0, 256.0, 512.0, 1024.0]


def power_law(
    exponent: float,
    *,
    trials: int = 200,
    noise: float = 0.3,
    seed: int = 0,
    sizes: list[float] = SIZES,
) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [size**exponent * np.exp(noise * rng.standard_normal(trials)) for size in sizes]


@settings(max_examples=40, deadline=None)
@given(
    exponent=st.floats(-3, 3), quantile=st.sampled_from([0.1, 0.5, 0.9]), seed=st.integers(0, 2**32)
)
def test_a_known_exponent_is_recovered(exponent: float, quantile: float, seed: int) -> None:
    slope = fit_slope(SIZES, power_law(exponent, seed=seed), quantile)
    assert slope.exponent == pytest.approx(exponent, abs=0.1)
    assert 0.0 < slope.standard_error < 0.03
    assert slope.below(1e-9) < exponent < slope.above(1e-9)


@given(exponent=st.floats(-3, 3), scale=st.floats(1e-6, 1e6))
def test_ratios_without_noise_give_the_exponent_itself(exponent: float, scale: float) -> None:
    slope = fit_slope(SIZES, [np.full(16, scale * size**exponent) for size in SIZES], 0.5)
    assert slope.exponent == pytest.approx(exponent, abs=1e-9)
    assert slope.prefactor == pytest.approx(scale, rel=1e-6)
    claim = SlopeClaim(at_most=exponent, at_least=exponent, tolerance=1e-6)
    assert (
        judge_slope(SIZES, [np.full(16, scale * size**exponent) for size in SIZES], claim).outcome
        == "consistent"
    )


@given(rate=st.floats(-3, 3), scale=st.floats(1e-6, 1e6))
def test_a_rate_without_noise_gives_the_rate_itself(rate: float, scale: float) -> None:
    times = [2.0, 4.0, 6.0, 9.0]
    ratios = [np.full(16, scale * np.exp(rate * time)) for time in times]
    slope = fit_slope(times, ratios, 0.9, growth="exponential")
    assert slope.exponent == pytest.approx(rate, abs=1e-9)
    assert slope.prefactor == pytest.approx(scale, rel=1e-6)
    claim = SlopeClaim(at_most=rate, at_least=rate, tolerance=1e-6)
    assert judge_slope(times, ratios, claim, growth="exponential").outcome == "consistent"


def test_a_power_is_told_from_an_exponential_law() -> None:
    claim = SlopeClaim(at_most=-1.0)
    assert (
        judge_slope([10.0, 20.0, 40.0], power_law(-1.5, sizes=[10.0, 20.0, 40.0]), claim).outcome
        == "consistent"
    )
    assert (
        judge_slope(
            [10.0, 20.0, 40.0],
            power_law(-1.5, sizes=[10.0, 20.0, 40.0]),
            claim,
            growth="exponential",
        ).outcome
        == "refuted"
    )


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(len(SIZES))))
def test_the_order_of_sizes_and_of_trials_does_not_matter(order: list[int]) -> None:
    ratios = power_law(0.7)
    shuffled = fit_slope([SIZES[i] for i in order], [ratios[i][::-1] for i in order], 0.9)
    assert shuffled.exponent == pytest.approx(fit_slope(SIZES, ratios, 0.9).exponent, rel=1e-12)


def test_the_standard_error_is_the_bootstraps() -> None:
    ratios = power_law(0.0, trials=101)
    rng = np.random.default_rng(1)
    medians = np.stack([np.log(np.median(rng.choice(x, (4_000, 101)), axis=1)) for x in ratios])
    weights = np.log(SIZES) - np.log(SIZES).mean()
    resampled = (weights / (weights @ weights)) @ medians
    assert fit_slope(SIZES, ratios, 0.5).standard_error == pytest.approx(
        float(resampled.std()), rel=0.05
    )


@pytest.mark.parametrize(
    "law",
    [stats.lognorm(1.0), stats.expon(), stats.halfcauchy()],
    ids=["lognormal", "exponential", "Cauchy"],
)
@pytest.mark.parametrize("trials", [16, 64, 256])
@pytest.mark.parametrize("quantile", [0.5, 0.9])
def test_intervals_cover(law: stats.rv_continuous, trials: int, quantile: float) -> None:
    repeats = 300
    draws = law.rvs(size=(repeats, len(SIZES), trials), random_state=np.random.default_rng(trials))
    missed = sum(
        not low <= 0.0 <= high
        for low, high in (fit_slope(SIZES, list(ratios), quantile).interval for ratios in draws)
    )
    # 0.05, and three standard deviations of the simulation.
    assert missed <= repeats * 0.05 + 3 * (repeats * 0.05 * 0.95) ** 0.5


@pytest.mark.parametrize(
    ("exponent", "claim", "outcome"),
    [
        (0.5, SlopeClaim(at_most=0.0), "refuted"),
        (-0.5, SlopeClaim(at_least=0.0), "refuted"),
        (0.5, SlopeClaim(at_most=0.0, at_least=0.0), "refuted"),
        (-0.5, SlopeClaim(at_most=0.0, at_least=0.0), "refuted"),
        (0.0, SlopeClaim(at_most=0.0), "consistent"),
        (-0.5, SlopeClaim(at_most=0.0), "consistent"),
        (0.0, SlopeClaim(at_most=0.0, at_least=0.0, tolerance=0.15), "consistent"),
        (0.5, SlopeClaim(at_least=0.0), "consistent"),
        (0.15, SlopeClaim(at_most=0.1, tolerance=0.0), "undecided"),
    ],
)
def test_verdicts(exponent: float, claim: SlopeClaim, outcome: str) -> None:
    found = judge_slope(
        SIZES, power_law(exponent, noise=0.3 if outcome != "undecided" else 2.0), claim
    )
    assert found.outcome == outcome
    assert found.interval[0] < found.measured < found.interval[1]


def test_a_true_exponent_is_refuted_no_more_often_than_alpha_says() -> None:
    claim = SlopeClaim(at_most=0.0, at_least=0.0)
    refuted = sum(
        judge_slope(SIZES, power_law(0.0, trials=24, seed=seed), claim, alpha=0.05).outcome
        == "refuted"
        for seed in range(400)
    )
    assert refuted <= 400 * 0.05


def test_a_start_that_bends_does_not_refute() -> None:
    sizes = [2.0**i for i in range(3, 11)]
    rng = np.random.default_rng(0)
    ratios = [(1 - 2 / size) ** 6 * np.exp(0.02 * rng.standard_normal(400)) for size in sizes]
    steep_first = [
        min(size, 64.0) / 64.0 * ratio / ratio.mean()
        for size, ratio in zip(sizes, ratios, strict=True)
    ]
    found = judge_slope(sizes, steep_first, SlopeClaim(at_most=0.0))
    assert found.median.below(1e-9) > 0.0
    assert found.outcome != "refuted"


def test_the_tail_refutes_where_the_median_does_not() -> None:
    rng = np.random.default_rng(0)
    ratios = [
        np.where(np.arange(400) < 260, 1.0, size**0.5) * np.exp(0.1 * rng.standard_normal(400))
        for size in SIZES
    ]
    found = judge_slope(SIZES, ratios, SlopeClaim(at_most=0.0))
    assert found.outcome == "refuted"
    assert abs(found.median.exponent) < 0.05
    assert found.high.exponent == pytest.approx(0.5, abs=0.05)


def test_the_upper_half_has_three_sizes_where_there_are_four() -> None:
    uppers = {
        count: judge_slope(
            SIZES[:count], power_law(0.0, sizes=SIZES[:count]), SlopeClaim(at_most=0.0)
        ).median_above.smallest_size
        for count in (3, 4, 5, 6)
    }
    assert uppers == {3: SIZES[1], 4: SIZES[1], 5: SIZES[2], 6: SIZES[3]}


@pytest.mark.parametrize("wrong", [0.0, -1.0, np.nan, np.inf])
def test_ratios_without_a_logarithm_raise_and_name_the_size(wrong: float) -> None:
    ratios = power_law(0.0)
    ratios[2][5] = wrong
    with pytest.raises(ValueError, match=r"at size 128\.0, 1 of 200 are not"):
        fit_slope(SIZES, ratios, 0.5)


def test_bad_arguments_raise() -> None:
    with pytest.raises(ValueError, match="all different"):
        fit_slope([1.0, 1.0], power_law(0.0)[:2], 0.5)
    with pytest.raises(ValueError, match="one array of ratios a size"):
        fit_slope(SIZES, power_law(0.0)[:2], 0.5)
    with pytest.raises(ValueError, match="trials a size"):
        fit_slope(SIZES, power_law(0.0, trials=3), 0.5)
    with pytest.raises(ValueError, match="three sizes"):
        judge_slope(SIZES[:2], power_law(0.0)[:2], SlopeClaim(at_most=0.0))
    with pytest.raises(ValueError, match="quantile"):
        fit_slope(SIZES, power_law(0.0), 1.0)
    with pytest.raises(ValueError, match="at_most, at_least or both"):
        SlopeClaim()
    with pytest.raises(ValueError, match="no exponent"):
        SlopeClaim(at_most=0.0, at_least=1.0)
