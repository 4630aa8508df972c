"""Evidence about a failure probability that stays valid however often one looks.

Summary
-------
A part claims that a trial fails with probability at most p. After k failures in n trials, the
evidence against the claim is the likelihood of failure probabilities above p, averaged, over the
likelihood at p:

    E = ∫_p^1 q^k (1-q)^(n-k) dπ(q) / (p^k (1-p)^(n-k)),    π = Beta(1/2, 1/2) truncated to (p, 1].
    (1)

Under every failure probability up to p, even one that depends on the past, E is a non-negative
supermartingale that starts at 1. By Ville's inequality the probability that it ever reaches 1/α is
at most α, so that one may look after every trial, stop when one likes and go on tomorrow. The
mirror image over [0, p') is evidence that the probability is below p'.

The logarithm of (1) is computed in :mod:`lemmata.harness.mixture`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from scipy import special

from lemmata.harness.levels import ALPHA, BETA, CONFIDENCE, certificate_target
from lemmata.harness.mixture import log_mixture

ProbabilityOutcome: TypeAlias = Literal["refuted", "certified", "undecided", "vacuous"]


def log_evidence_against(failures: int, trials: int, claimed: float) -> float:
    """Return log E of equation (1).

    How strongly the trials speak against "the failure probability is at most ``claimed``".

    >>> round(log_evidence_against(10, 20, 0.05), 6)
    15.026138

    A claim of 0 is refuted by one failure (+inf); a claim of 1 or more says nothing (0.0).
    """
    _check(failures, trials, claimed)
    if claimed >= 1.0:
        return 0.0
    return log_mixture(failures, trials - failures, claimed, 1.0 - claimed)


def log_evidence_for(failures: int, trials: int, claimed_at_most: float) -> float:
    """Return the mirror image.

    How strongly the trials speak for a failure probability below ``claimed_at_most``, against that
    or above.
    """
    _check(failures, trials, claimed_at_most)
    if claimed_at_most <= 0.0:
        return 0.0
    level = min(claimed_at_most, 1.0)
    return log_mixture(trials - failures, failures, 1.0 - level, level)


def certified_level(failures: int, trials: int, beta: float = BETA) -> float | None:
    """Return the smallest failure probability that the trials certify at error ``beta``.

    "The probability is below L" errs with probability at most β for the true probability, and the
    evidence for L grows with L: so may the smallest L be chosen that reaches 1/β, at any time.
    None where none below 1 does.
    """
    low, high = failures / max(trials, 1), 1.0
    needed = -math.log(beta)
    if low >= 1.0 or log_evidence_for(failures, trials, 1.0 - 1e-9) < needed:
        return None
    while high - low > max(1e-3 * low, 1e-7):
        middle = 0.5 * (low + high)
        enough = log_evidence_for(failures, trials, middle) >= needed
        low, high = (low, middle) if enough else (middle, high)
    return high


def clopper_pearson(
    failures: int, trials: int, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Return the exact two-sided confidence interval for a failure probability (at one look,
    fixed beforehand).
    """
    _check(failures, trials, 0.0)
    tail = (1.0 - confidence) / 2.0
    lower = float(special.betaincinv(failures, trials - failures + 1, tail)) if failures else 0.0
    upper = (
        float(special.betainccinv(failures + 1, trials - failures, tail))
        if failures < trials
        else 1.0
    )
    return lower, upper


def clean_trials_to_certify(level: float, beta: float = BETA) -> int:
    """Return how many trials without a failure certify "at most ``level``" at error ``beta``,
    looked at by the e-process.
    """
    if not 0.0 < level < 1.0:
        raise ValueError(
            f"the level of a certificate must lie strictly between 0 and 1; got {level}"
        )
    return _smallest(lambda trials: log_evidence_for(0, trials, level) >= -math.log(beta), 1)


def refuting_failures(trials: int, claimed: float, alpha: float = ALPHA) -> int | None:
    """Return the fewest failures among ``trials`` that refute the claim, or None where even failing
    always would not.

    E grows with k, since every q above p makes a failure more likely, so that bisection finds it.
    """
    if log_evidence_against(trials, trials, claimed) < -math.log(alpha):
        return None
    return _smallest(
        lambda failures: (
            log_evidence_against(min(failures, trials), trials, claimed) >= -math.log(alpha)
        ),
        1,
    )


def can_detect(claimed: float, budget: int, alpha: float = ALPHA) -> bool:
    """Say whether ``budget`` trials are enough for the claim to be tested at all.

    They are when a statement that fails with probability min(1, 3·claimed + 0.1), grossly more
    often than it says, would be refuted at least every other time by the end of the budget.
    Otherwise the check is underpowered: that it did not refute means nothing.
    """
    needed = refuting_failures(budget, claimed, alpha)
    if needed is None:
        return False
    gross = min(1.0, 3.0 * claimed + 0.1)
    return float(special.betainc(needed, budget - needed + 1, gross)) >= 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the trials say about a claimed failure probability.

    Attributes:
        outcome: refuted, certified (at most ``target``), undecided, or vacuous (p ≥ 1).
        failures: how many trials failed.
        trials: how many were drawn.
        claimed: the failure probability that the part claims at most.
        target: the failure probability that a certificate aims at.
        log_e_refute: evidence against the claim; refuted from -log α on.
        log_e_certify: evidence for a probability below ``target``; certified from -log β on.
        interval: exact 95 % interval for the failure probability (at this one look).

    """

    outcome: ProbabilityOutcome
    failures: int
    trials: int
    claimed: float
    target: float
    log_e_refute: float
    log_e_certify: float
    interval: tuple[float, float]

    @property
    def refutes(self) -> bool:
        """Whether the claim is refuted."""
        return self.outcome == "refuted"


def judge(
    failures: int,
    trials: int,
    claimed: float,
    *,
    target: float | None = None,
    alpha: float = ALPHA,
    beta: float = BETA,
) -> Judgement:
    """Judge the claim that a trial fails with probability at most ``claimed``.

    Refuting comes before certifying; a certificate is for ``target``, which the levels' table gives
    where None.

    Raises:
        ValueError: counts or probability that cannot be (NaN included).

    """
    against = log_evidence_against(failures, trials, claimed)
    aim = certificate_target(claimed) if target is None else target
    favour = log_evidence_for(failures, trials, aim) if aim < 1.0 else 0.0
    outcome: ProbabilityOutcome = "undecided"
    if claimed >= 1.0:
        outcome = "vacuous"
    elif against >= -math.log(alpha):
        outcome = "refuted"
    elif favour >= -math.log(beta):
        outcome = "certified"
    return Judgement(
        outcome=outcome,
        failures=failures,
        trials=trials,
        claimed=claimed,
        target=aim,
        log_e_refute=against,
        log_e_certify=favour,
        interval=clopper_pearson(failures, trials),
    )


def trials_to_refute(share: float, claimed: float, alpha: float = ALPHA) -> int | None:
    """Return how many trials refute the claim where a share of them fails; None for never."""
    if share <= claimed:
        return None
    if claimed <= 0.0:
        return math.ceil(1.0 / share)
    return _smallest(
        lambda n: log_evidence_against(round(share * n), n, claimed) >= -math.log(alpha), 1
    )


def _check(failures: int, trials: int, probability: float) -> None:
    if not 0 <= failures <= trials:
        raise ValueError(
            f"failures must lie between 0 and the number of trials; got {failures} of {trials}"
        )
    if not probability >= 0.0:
        raise ValueError(f"a probability must be a number from 0 on; got {probability}")


def _smallest(holds: Callable[[int], bool], start: int) -> int:
    """Smallest integer from ``start`` on where a monotone condition holds, by doubling and
    bisection.
    """
    below, reached = start - 1, start
    while not holds(reached):
        below, reached = reached, 2 * reached
    while reached - below > 1:
        middle = (below + reached) // 2
        below, reached = (below, middle) if holds(middle) else (middle, reached)
    return reached
