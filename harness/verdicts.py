"""Verdicts: what a run concludes about an instance, a part, a twin.

Frozen records without behaviour but for their order. `lemmata.harness.judging` fills them in,
`lemmata.harness.recording` writes them out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from lemmata.harness.evidence import Judgement
from lemmata.harness.instances import Instance
from lemmata.harness.means import Comparison
from lemmata.harness.slopes import SlopeJudgement
from lemmata.harness.statements import Along

Verdict = Literal["holds", "refuted", "undecided", "underpowered", "vacuous", "untested", "error"]
Basis = Literal["exact", "certified", "attacked", "consistent"]

WORST_FIRST: tuple[Verdict, ...] = (
    "error",
    "refuted",
    "undecided",
    "underpowered",
    "untested",
    "vacuous",
    "holds",
)

MEANS: Mapping[str, str] = {
    "exact": "an identity, to rounding",
    "certified": "the failure probability is bounded, with an error probability",
    "attacked": "the search for a violation found none",
    "consistent": "agrees with the trials over the sizes named",
}


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the worst verdict.

    Any error or refutation wins, and nothing is vacuous unless everything is.
    """
    return min(verdicts, key=WORST_FIRST.index, default="untested")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refutation:
    """The trial that stands for a refutation.

    Attributes:
        instance: where it happened.
        role: what the instance is ("specimen", "nominee", "explore", "grid").
        stream: the stream of the trial.
        trial: its index.
        ratio, measured, bound: the two sides and their ratio at the trial's worst entry.
        direction: "at most", "at least", "equal", or "mean", "law", "slope".
        failures: of ``trials`` trials; claimed: the failure probability that was claimed, None for
            a deterministic claim.
        log_e: log of the e-value, or -log p where a test at a fixed size decided.
        attack: that found the point.
        token: replays the trial.
        shrunk: whether the instance is as small as shrinking could make it.
    """

    instance: Instance
    role: str
    stream: str
    trial: int
    ratio: float
    measured: float
    bound: float
    direction: str
    failures: int
    trials: int
    claimed: float | None
    log_e: float
    attack: str | None
    token: str
    shrunk: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceVerdict:
    """What the trials of one instance say.

    Attributes:
        threshold: 1, or the declared constant.
        near: trials within 1e-9 of the threshold, which another device may decide otherwise.
        surviving: the smallest constant that survives at the claimed probability: a quantile of the
            ratio.
        inside: whether the instance meets the statement's own hypothesis; None where that is
            unknown.
        judgement: for a bound; test: for a mean or law.
    """

    instance: Instance
    role: str
    verdict: Verdict
    trials: int
    failures: int = 0
    near: int = 0
    claimed: float | None = None
    threshold: float = 1.0
    judgement: Judgement | None = None
    test: Comparison | None = None
    measured: float | None = None
    expected: float | None = None
    worst_ratio: float | None = None
    worst_trial: int | None = None
    median_ratio: float | None = None
    surviving: float | None = None
    inside: bool | None = None
    attack: str | None = None
    attacks: Mapping[str, float] = field(default_factory=dict)
    reports: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    curves: Mapping[str, Mapping[str, list[float]]] = field(default_factory=dict)
    refutation: Refutation | None = None
    deterministic: bool = False
    direction: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SlopePoint:
    """One size of a grid."""

    size: float
    instance: Instance
    median: float
    upper: float
    worst: float
    trials: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SlopeVerdict:
    """What the trials along one grid say of an exponent.

    Of the ratio, or of the quantity that the statement scales.
    """

    along: Along
    direction: str
    quantity: str
    judgement: SlopeJudgement
    points: Sequence[SlopePoint]
    trials: int
    refutation: Refutation | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSummary:
    """What Hypothesis' search over instances came to."""

    instances: int = 0
    vacuous: int = 0
    discarded: int = 0
    nominations: int = 0
    trials: int = 0
    worst_ratio: float = 0.0
    attacks: Mapping[str, float] = field(default_factory=dict)
    shrink_cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An error: a statement that raised, or measured NaN."""

    text: str
    instance: Instance | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The verdict on a part or twin in one run.

    Attributes:
        subject: id of the part or twin.
        basis: what a "holds" rests on.
        words: the verdict's sentences, for the report.
        expect: what should be: "holds", or "refuted" for twins and for statements known to be
            false.
        how: for a refutation, whether a specimen, the search or a slope brought it.
    """

    subject: str
    verdict: Verdict
    expect: Literal["holds", "refuted"]
    basis: Basis | None = None
    words: Sequence[str] = ()
    specimens: Sequence[InstanceVerdict] = ()
    slopes: Sequence[SlopeVerdict] = ()
    search: SearchSummary | None = None
    nominees: Sequence[InstanceVerdict] = ()
    refutation: Refutation | None = None
    failure: Failure | None = None
    how: str | None = None
    trials: int = 0
    seconds: float = 0.0
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def as_expected(self) -> bool:
        """Whether the verdict is what should be."""
        return self.verdict == self.expect
