"""The e-process for a failure probability: its value, its guarantees, its levels."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from lemmata.harness.evidence import (
    certified_level,
    clean_trials_to_certify,
    clopper_pearson,
    judge,
    log_evidence_against,
    log_evidence_for,
    refuting_failures,
    trials_to_refute,
)
from lemmata.harness.levels import certificate_limit, certificate_target

EXTREME_CLAIMS = [
    1e-300,
    1e-100,
    1e-17,
    1e-9,
    1e-4,
    0.02,
    0.05,
    0.3,
    0.5,
    0.9,
    0.999,
    1 - 1e-6,
    1 - 1e-9,
]


# claimed, detectable: (trials, refute_at) for (alpha, beta) = (1e-6, 1e-3), (1e-6, 1e-6), (1e-9,
# 1e-3), (1e-9, 1e-6)
def upper_beta_integral(a: mpmath.mpf, b: mpmath.mpf, y: mpmath.mpf) -> mpmath.mpf:
    """∫_{1-y}^1 q^(a-1) (1-q)^(b-1) dq, by the hypergeometric series on the side where it
    converges without cancelling."""
    x = 1 - y
    if y < b / (a + b):
        return y**b / b * x**a * mpmath.hyp2f1(a + b, 1, b + 1, y)
    return mpmath.beta(a, b) - x**a / a * y**b * mpmath.hyp2f1(a + b, 1, a + 1, x)


def reference(k: int, rest: int, p: mpmath.mpf, q: mpmath.mpf) -> mpmath.mpf:
    half = mpmath.mpf(1) / 2
    mixture = mpmath.log(upper_beta_integral(k + half, rest + half, q)) - mpmath.log(
        upper_beta_integral(half, half, q)
    )
    return mixture - k * mpmath.log(p) - rest * mpmath.log(q)


@st.composite
def counts_and_claims(draw: st.DrawFn, most: int = 10_000) -> tuple[int, int, float]:
    trials = draw(st.integers(1, most) | st.sampled_from([1, 2, most]))
    claimed = draw(st.sampled_from(EXTREME_CLAIMS) | st.floats(1e-9, 1 - 1e-9))
    near = round(
        trials * claimed + draw(st.floats(-4, 8)) * math.sqrt(trials * claimed * (1 - claimed))
    )
    failures = draw(
        st.integers(0, trials) | st.sampled_from([0, trials, min(max(near, 0), trials)])
    )
    return failures, trials, claimed


@settings(max_examples=300, deadline=None)
@given(counts_and_claims())
def test_evidence_agrees_with_mpmath_to_ten_digits(case: tuple[int, int, float]) -> None:
    k, n, claimed = case
    with mpmath.workdps(60):
        p = mpmath.mpf(claimed)
        for found, expected in (
            (log_evidence_against(k, n, claimed), reference(k, n - k, p, 1 - p)),
            (log_evidence_for(k, n, claimed), reference(n - k, k, 1 - p, p)),
        ):
            assert abs(found - expected) <= 1e-10 * max(1, abs(expected))


@pytest.mark.parametrize("trials", [10**5, 10**6, 10**7])
@pytest.mark.parametrize("claimed", EXTREME_CLAIMS)
def test_evidence_stays_finite_up_to_ten_million_trials(trials: int, claimed: float) -> None:
    expected = trials * claimed
    several = [
        0,
        1,
        2,
        trials // 2,
        trials - 1,
        trials,
        int(expected),
        min(trials, int(expected + 7 * math.sqrt(expected) + 5)),
    ]
    with np.errstate(all="raise", under="ignore"):
        for failures in several:
            assert math.isfinite(log_evidence_against(failures, trials, claimed))
            assert math.isfinite(log_evidence_for(failures, trials, claimed))


def test_evidence_survives_where_the_incomplete_beta_function_underflows() -> None:
    with mpmath.workdps(600):
        p = mpmath.mpf(0.05)
        assert log_evidence_against(0, 20_000, 0.05) == pytest.approx(
            float(reference(0, 20_000, p, 1 - p)), rel=1e-10
        )


@given(counts_and_claims())
def test_another_failure_speaks_against_the_claim(case: tuple[int, int, float]) -> None:
    k, n, claimed = case
    assume(k < n)
    assert log_evidence_against(k + 1, n, claimed) > log_evidence_against(k, n, claimed)
    assert log_evidence_for(k + 1, n, claimed) < log_evidence_for(k, n, claimed)


@given(counts_and_claims(), st.floats(0.0, 1.0))
def test_a_larger_claim_is_harder_to_refute_and_easier_to_certify(
    case: tuple[int, int, float], share: float
) -> None:
    k, n, claimed = case
    larger = claimed + share * (1 - 1e-9 - claimed)
    rounding = 1e-9 * max(
        1.0, abs(log_evidence_against(k, n, claimed)), abs(log_evidence_for(k, n, larger))
    )
    for level in (
        1e-3,
        1e-9,
    ):  # evidence itself is not monotone in the claim where it favours it; the verdict is
        threshold = -math.log(level)
        if log_evidence_against(k, n, larger) >= threshold + rounding:
            assert log_evidence_against(k, n, claimed) >= threshold
        if log_evidence_for(k, n, claimed) >= threshold + rounding:
            assert log_evidence_for(k, n, larger) >= threshold


def test_one_more_trial_is_fair_at_the_boundary() -> None:
    for k, n, p in ((0, 0, 0.05), (3, 17, 0.05), (40, 300, 0.2), (5, 6, 0.9)):
        now = math.exp(log_evidence_against(k, n, p))
        later = p * math.exp(log_evidence_against(k + 1, n + 1, p)) + (1 - p) * math.exp(
            log_evidence_against(k, n + 1, p)
        )
        assert later == pytest.approx(now, rel=1e-12)


def test_claims_of_zero_and_of_one() -> None:
    assert log_evidence_against(1, 10, 0.0) == math.inf
    assert log_evidence_against(0, 10, 0.0) < 0.0
    assert log_evidence_against(10, 10, 1.0) == log_evidence_against(3, 10, 2.5) == 0.0
    assert (
        log_evidence_against(0, 0, 0.3)
        == log_evidence_for(0, 0, 0.3)
        == log_evidence_for(2, 9, 0.0)
        == 0.0
    )


@pytest.mark.parametrize(
    ("failures", "trials", "claimed"), [(-1, 3, 0.1), (4, 3, 0.1), (1, 3, -0.1), (1, 3, math.nan)]
)
def test_impossible_counts_and_probabilities_raise(
    failures: int, trials: int, claimed: float
) -> None:
    with pytest.raises(ValueError, match=r"failures must lie|a probability must be"):
        judge(failures, trials, claimed)


def crossing(claimed: float, alpha: float, looks: int) -> np.ndarray:
    """Fewest failures that refute after each number of trials.

    More than the trials where none do.
    """
    return np.array([refuting_failures(n, claimed, alpha) or n + 1 for n in range(1, looks + 1)])


@pytest.mark.parametrize("alpha", [0.05, 0.01])
@pytest.mark.parametrize("claimed", [0.05, 0.3])
def test_looking_after_every_trial_keeps_alpha(alpha: float, claimed: float) -> None:
    experiments, looks = 20_000, 1_000
    thresholds = crossing(claimed, alpha, looks)
    failures = np.zeros(experiments, dtype=np.int64)
    refuted = np.zeros(experiments, dtype=bool)
    rng = np.random.default_rng(20_240_501)
    for n in range(looks):
        failures += rng.random(experiments) < claimed
        refuted |= failures >= thresholds[n]
    # Ville's bound, and three standard deviations of the simulation itself.
    assert refuted.sum() <= experiments * alpha + 3 * math.sqrt(experiments * alpha * (1 - alpha))
    assert refuted.any()


@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_choosing_the_probability_after_each_trial_keeps_alpha(alpha: float) -> None:
    claimed, experiments, looks = 0.05, 20_000, 1_000
    thresholds = crossing(claimed, alpha, looks)
    failures = np.zeros(experiments, dtype=np.int64)
    refuted = np.zeros(experiments, dtype=bool)
    rng = np.random.default_rng(7)
    for n in range(looks):
        # Play at the boundary while a refutation is near, and wait at half of it otherwise.
        probability = np.where(failures >= thresholds[n] - 6, claimed, claimed / 2)
        failures += rng.random(experiments) < probability
        refuted |= failures >= thresholds[n]
    assert refuted.sum() <= experiments * alpha + 3 * math.sqrt(experiments * alpha * (1 - alpha))


def test_false_certificates_keep_beta() -> None:
    level, beta, experiments, looks = 0.15, 0.05, 20_000, 600
    most = np.array(
        [
            max(
                (k for k in range(n + 1) if log_evidence_for(k, n, level) >= -math.log(beta)),
                default=-1,
            )
            for n in (25, 50, 100)
        ]
    )
    assert most[0] >= 0
    least = np.array([clean_trials_to_certify(level, beta)])
    assert (
        log_evidence_for(0, int(least[0]), level)
        >= -math.log(beta)
        > log_evidence_for(0, int(least[0]) - 1, level)
    )
    bars = np.full(looks, -1)
    for n in range(1, looks + 1):
        k = int(bars[n - 2]) if n > 1 else -1
        while k + 1 <= n and log_evidence_for(k + 1, n, level) >= -math.log(beta):
            k += 1
        bars[n - 1] = k
    assert [bars[n - 1] for n in (25, 50, 100)] == list(most)
    rng = np.random.default_rng(11)
    failures = np.zeros(experiments, dtype=np.int64)
    certified = np.zeros(experiments, dtype=bool)
    for n in range(looks):
        failures += rng.random(experiments) < level
        certified |= failures <= bars[n]
    assert certified.sum() <= experiments * beta + 3 * math.sqrt(experiments * beta * (1 - beta))
    assert certified.any()


def test_the_sequential_test_costs_what_was_planned() -> None:
    thresholds = crossing(0.05, 1e-6, 2_500)
    walks = np.cumsum(np.random.default_rng(5).random((1_000, 2_500)) < 0.10, axis=1)
    stopped = np.argmax(walks >= thresholds, axis=1) + 1
    assert np.median(stopped) == pytest.approx(794, rel=0.06)
    assert np.quantile(stopped, 0.95) == pytest.approx(1_369, rel=0.06)


@pytest.mark.parametrize(
    ("level", "trials"), [(0.10, 146), (0.05, 299), (0.02, 758), (0.01, 1_523)]
)
def test_clean_trials_are_the_tabulated_ones(level: float, trials: int) -> None:
    assert clean_trials_to_certify(level, 1e-6) == trials


def test_a_certificate_for_everything_is_none() -> None:
    with pytest.raises(ValueError, match="strictly between"):
        clean_trials_to_certify(1.0)


@given(failures=st.integers(0, 500), more=st.integers(0, 500))
def test_the_interval_is_the_exact_one(failures: int, more: int) -> None:
    trials = failures + more
    assume(trials > 0)
    expected = stats.binomtest(failures, trials).proportion_ci(method="exact")
    assert clopper_pearson(failures, trials) == pytest.approx(
        (expected.low, expected.high), rel=1e-6, abs=1e-12
    )


def test_the_interval_of_no_trials_is_everything() -> None:
    assert clopper_pearson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("failures", "trials", "claimed", "outcome"),
    [
        (71, 128, 0.086, "refuted"),
        (1, 5, 0.0, "refuted"),
        (0, 1_000, 0.05, "certified"),
        (0, 1_000, 1e-12, "certified"),
        (5, 40, 0.05, "undecided"),
        (0, 0, 0.05, "undecided"),
        (0, 10_000, 0.4, "certified"),
        (9, 10, 1.0, "vacuous"),
        (1_000, 10_000, 0.05, "refuted"),
    ],
)
def test_verdicts(failures: int, trials: int, claimed: float, outcome: str) -> None:
    found = judge(failures, trials, claimed)
    assert found.outcome == outcome
    assert found.interval[0] <= failures / max(trials, 1) <= found.interval[1]


def test_certificates_aim_at_half_as_much_again() -> None:
    assert [certificate_target(p) for p in (0.0, 0.01, 0.05, 0.2, 0.9)] == [
        0.01,
        0.02,
        pytest.approx(0.075),
        pytest.approx(0.3),
        0.95,
    ]
    for p in np.linspace(0.0, 0.99, 50):
        assert p < certificate_target(p) <= certificate_limit(p) < 1.0


@settings(deadline=None)
@given(failures=st.integers(0, 40), more=st.integers(1, 400))
def test_the_certified_level_is_the_smallest(failures: int, more: int) -> None:
    trials = failures + more
    level = certified_level(failures, trials)
    if level is None:
        assert log_evidence_for(failures, trials, 1 - 1e-9) < math.log(1e3)
        return
    assert log_evidence_for(failures, trials, level) >= math.log(1e3) - 1e-9
    assert log_evidence_for(failures, trials, level * 0.995) < math.log(1e3)
    assert failures / trials < level


def test_the_certified_level_errs_no_more_often_than_beta() -> None:
    """Looked at after every doubling, whatever the truth: level < p at most with probability β."""
    rng, beta, truth, experiments = np.random.default_rng(4), 0.05, 0.1, 4_000
    wrong = np.zeros(experiments, dtype=bool)
    table = {
        n: next((k for k in range(n) if (certified_level(k, n, beta) or 1.0) > truth), n)
        for n in (16, 32, 64, 128, 256)
    }
    walks = (rng.random((experiments, 256)) < truth).cumsum(axis=1)
    for n, enough in table.items():
        wrong |= walks[:, n - 1] < enough
    assert wrong.mean() <= beta + 3 * math.sqrt(beta * (1 - beta) / experiments)


@pytest.mark.parametrize(
    ("share", "claimed", "trials"), [(0.1, 0.05, None), (0.5, 0.0, 2), (0.05, 0.05, 0)]
)
def test_how_many_trials_would_refute(share: float, claimed: float, trials: int | None) -> None:
    needed = trials_to_refute(share, claimed)
    if trials == 0:
        assert needed is None
    elif trials is not None:
        assert needed == trials
    else:
        assert needed is not None
        assert 1_000 < needed < 4_000
