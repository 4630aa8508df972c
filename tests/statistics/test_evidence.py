"""The e-process for a failure probability: its value, its guarantee, its plans."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from lemmata.harness.evidence import (
    can_detect,
    certificate_level,
    clean_trials_to_certify,
    clopper_pearson,
    judge,
    log_evidence_against,
    log_evidence_for,
    plan,
    refuting_failures,
)

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
PLANS = [
    (0.05, 0.10, [(1628, 127), (2440, 177), (2154, 174), (3076, 232)]),
    (0.05, 0.15, [(501, 52), (757, 70), (659, 72), (947, 93)]),
    (0.05, 0.20, [(257, 33), (395, 44), (337, 46), (492, 59)]),
    (0.10, 0.30, [(224, 47), (336, 63), (294, 65), (422, 84)]),
    (0.01, 0.03, [(2720, 56), (4137, 76), (3551, 77), (5136, 100)]),
    (0.01, 0.05, [(909, 27), (1422, 36), (1187, 38), (1774, 49)]),
    (1e-4, 0.05, [(257, 4), (418, 4), (291, 5), (498, 6)]),
]
LEVELS = [(1e-6, 1e-3), (1e-6, 1e-6), (1e-9, 1e-3), (1e-9, 1e-6)]


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


@pytest.mark.parametrize(("claimed", "detectable", "expected"), PLANS)
def test_plans_are_the_tabulated_ones(
    claimed: float, detectable: float, expected: list[tuple[int, int]]
) -> None:
    plans = [plan(claimed, detectable=detectable, alpha=alpha, beta=beta) for alpha, beta in LEVELS]
    assert [(found.trials, found.refute_at) for found in plans] == expected


@settings(max_examples=50, deadline=None)
@given(
    claimed=st.floats(0.0, 0.6),
    more=st.floats(0.05, 0.4),
    alpha=st.sampled_from([1e-9, 1e-3]),
    beta=st.sampled_from([1e-6, 1e-2]),
)
def test_a_plan_keeps_its_errors_and_no_smaller_one_does(
    claimed: float, more: float, alpha: float, beta: float
) -> None:
    detectable = claimed + more
    found = plan(claimed, detectable=detectable, alpha=alpha, beta=beta)
    n, k = found.trials, found.refute_at
    assert stats.binom.sf(k - 1, n, claimed) <= alpha * (1 + 1e-9)
    assert stats.binom.cdf(k - 1, n, detectable) <= beta * (1 + 1e-9)
    thresholds = np.arange(1, n)
    possible = (stats.binom.sf(thresholds - 1, n - 1, claimed) <= alpha) & (
        stats.binom.cdf(thresholds - 1, n - 1, detectable) <= beta
    )
    assert not possible.any()


def test_the_power_of_a_plan_is_what_it_says() -> None:
    found = plan(0.05, detectable=0.15, alpha=1e-6, beta=0.02)
    failures = np.random.default_rng(3).binomial(found.trials, 0.15, size=100_000)
    assert (failures < found.refute_at).mean() == pytest.approx(0.02, abs=0.004)


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


def test_impossible_plans_say_so() -> None:
    with pytest.raises(ValueError, match="claimed < detectable"):
        plan(0.3, detectable=0.2)
    with pytest.raises(ValueError, match="larger difference"):
        plan(0.05, detectable=0.05001)
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


def test_a_certificate_is_never_finer_than_its_floor() -> None:
    assert [certificate_level(p) for p in (0.0, 1e-9, 0.1, 0.5)] == [
        0.02,
        0.02,
        pytest.approx(0.3),
        0.75,
    ]


@pytest.mark.parametrize("claimed", [0.0, 1e-6, 0.05, 0.3, 0.9])
def test_a_budget_detects_gross_failure_or_is_underpowered(claimed: float) -> None:
    assert not can_detect(claimed, 0)
    assert not can_detect(claimed, 5)
    assert can_detect(claimed, 1_000)
    assert not can_detect(1.0, 10**6)
