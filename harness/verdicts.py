"""Verdicts: what a run concludes about an instance, a grid, a search, a part, a twin.

One verdict is of a bound, of samples (a mean or a law), of an exponent or of a search, and each has
the fields of its own kind: e-values belong to bounds, p-values to samples, levels of confidence to
exponents. These frozen values are at once what the harness passes on, what it records (`to_plain`
of `lemmata.harness.codec`) and what the report reads; docs/records.md is made from them. They hold
plain data only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Verdict = Literal["holds", "refuted", "undecided", "underpowered", "vacuous", "untested", "error"]
Basis = Literal[
    "exact",
    "algebra on random trials",
    "searched",
    "attacked",
    "tested",
    "exponent",
    "certified",
]
Expect = Literal["holds", "refuted"]
Role = Literal["specimen", "nominee", "explore", "grid", "regime"]
Side = Literal["equal", "at most", "at least"]

WORST_FIRST: tuple[Verdict, ...] = (
    "error",
    "refuted",
    "undecided",
    "underpowered",
    "untested",
    "vacuous",
    "holds",
)

MEANS: Mapping[Basis, str] = {
    "exact": "an identity, to rounding, in every trial",
    "algebra on random trials": "a relation without chance that no random trial violates",
    "searched": "a relation without chance that the search never came near violating",
    "attacked": 'an adversary searched the set of a "for all" in every trial, and found nothing',
    "tested": "a mean or law that agrees with the samples within the resolution",
    "exponent": "the measured exponents agree with the claim over the sizes named",
    "certified": "the failure probability is bounded, with an error probability",
}


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the worst verdict: any error or refutation wins; nothing is vacuous unless all is."""
    return min(verdicts, key=WORST_FIRST.index, default="untested")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An instance.

    Attributes:
        data: as plain data.
        hash: sixteen hexadecimal digits of it.
        words: for people.
        sizes: its numbers by name.
    """

    data: Any
    hash: str
    words: str
    sizes: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """The two sides of an inequality in one trial.

    Attributes:
        direction: "at most", "at least", "less than", "more than" or "equal".
        member: which inequality of several it is, by its name; empty where there is one.
        ratio: of the sides; above the threshold it is a violation.
        measured: the measured side at the trial's worst entry.
        bound: the bound there.
        trial: its index in its stream.
    """

    direction: str
    member: str
    ratio: float
    measured: float
    bound: float
    trial: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A quantity over the trials of an instance.

    Attributes:
        median: of its values; low: the lowest; high: the highest.
    """

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A quantity along a trajectory.

    Attributes:
        steps: at which it was kept.
        median, low, high: quantiles .5, .1 and .9 over the trials; worst: of the worst trial.
    """

    steps: Sequence[float]
    median: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    worst: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundVerdict:
    """What the trials of one instance say of a bound.

    Attributes:
        place: the instance; role: what it is ("specimen", "nominee"); stream: of its trials.
        verdict: on this instance.
        trials: how many; failures: how many of them fail; doubtful: how many lie so close to the
            threshold that rounding decides; silent: how many claim nothing (an infinite bound).
        claimed: the claimed failure probability, None for a deterministic bound.
        threshold: 1, or the declared constant; allowance: how far rounding reaches above it.
        level: the failure probability that was certified at error β, whatever the verdict; None for
            a deterministic bound, or where nothing was certified.
        limit: the largest level that counts as "holds".
        log_e_refute: log e-value against the claim; log_e_certify: for "at most ``limit``".
        low, high: exact 95 % interval of the failure probability.
        worst: the worst trial; median_ratio: of the trials' ratios.
        surviving: the smallest constant that survives at the claimed probability.
        inside: whether the instance lies inside the paper's own hypothesis; None where unknown.
        attack: that found the worst trial; attacks: the worst ratio of each.
        reports, curves: what the statement attached; seconds: that judging took.
    """

    kind: Literal["bound"] = "bound"
    place: Place
    role: Role
    stream: str
    verdict: Verdict
    trials: int
    failures: int
    doubtful: int
    silent: int
    claimed: float | None
    threshold: float
    allowance: float
    level: float | None
    limit: float | None
    log_e_refute: float | None
    log_e_certify: float | None
    low: float
    high: float
    worst: Sides
    median_ratio: float
    surviving: float
    inside: bool | None
    attack: str | None
    attacks: Mapping[str, float]
    reports: Mapping[str, Spread]
    curves: Mapping[str, Curve]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanVerdict:
    """What the samples of one instance say of a mean: the entry that decides.

    Attributes:
        place, role, stream, verdict, inside, seconds: as of a bound.
        trials: how many; samples: that the test used.
        method: "Student's t" or "betting".
        side: "equal", or "at most" or "at least" for a bound.
        measured: the samples' mean; expected: the claimed one; deviation: their standard deviation.
        low, high: interval of the mean that errs with probability β.
        resolution: how far from the claim the mean may lie at error β; limit: the largest that
            counts as "holds"; both in the samples' own unit.
        p_value: of the claim.
        skewness, kurtosis: of the samples.
    """

    kind: Literal["mean"] = "mean"
    place: Place
    role: Role
    stream: str
    verdict: Verdict
    trials: int
    samples: int
    method: str
    side: Side
    measured: float
    expected: float
    deviation: float
    low: float
    high: float
    resolution: float
    limit: float
    p_value: float
    skewness: float | None
    kurtosis: float | None
    inside: bool | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LawVerdict:
    """What the samples of one instance say of a law.

    Attributes:
        place, role, stream, verdict, inside, seconds: as of a bound.
        trials: how many; samples: that the test used.
        method: "Kolmogorov-Smirnov" or "chi-square".
        distance: of the two distribution functions at most.
        at: where they differ most; share_below: of the samples; claimed_below: of the law.
        resolution: how far the distribution functions may differ at error β; limit: the largest
            that counts as "holds".
        p_value: of the claim.
    """

    kind: Literal["law"] = "law"
    place: Place
    role: Role
    stream: str
    verdict: Verdict
    trials: int
    samples: int
    method: str
    distance: float
    at: float
    share_below: float
    claimed_below: float
    resolution: float
    limit: float
    p_value: float
    inside: bool | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """An instance on which nothing is claimed, and why.

    Attributes:
        place: the instance; role: what it is; verdict: vacuous; trials: that were drawn.
        why: a sentence: the probability is 1 or more, the bound is infinite, the statement assumed
            the instance away, or it lies outside the part's own gate.
    """

    kind: Literal["silence"] = "silence"
    place: Place
    role: Role
    verdict: Verdict = "vacuous"
    why: str
    trials: int = 0


InstanceVerdict: TypeAlias = BoundVerdict | MeanVerdict | LawVerdict | Silence


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A fitted exponent, with its 95 % interval.

    Attributes:
        exponent: of the size, or the rate of an exponential law.
        low, high: the interval.
        prefactor: C in C · size^exponent, or in C · exp(exponent · size).
    """

    exponent: float
    low: float
    high: float
    prefactor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One size of a grid.

    Attributes:
        size: the number; place: the instance; trials: how many.
        median: of what was fitted; upper: its 0.9 quantile; worst: its largest value.
        measured: median of the measured side; bound: of the bound.
    """

    size: float
    place: Place
    median: float
    upper: float
    worst: float
    measured: float
    bound: float
    trials: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A declared grid of sizes.

    Attributes:
        variable: the size's name; sizes: of the grid.
        at_most, at_least: the claimed ends of the ratio's exponent.
        member: which inequality of several is measured.
        growth: "power" or "exponential".
        together, measures, label: how it is drawn.
    """

    variable: str
    sizes: Sequence[float]
    at_most: float | None
    at_least: float | None
    member: str
    growth: str
    together: str
    measures: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlopeVerdict:
    """What the trials along one grid say of an exponent.

    Attributes:
        grid: what was declared.
        verdict: on the exponent.
        direction: of the bound.
        quantity: what was fitted: "ratio", or "scaling" where the statement says another quantity.
        median, upper: fits of the median and of the 0.9 quantile, over the whole grid.
        median_above, upper_above: the same over the upper half of the grid.
        bound: the bound's own exponent, from its values; None where it has none.
        measured: the measured side's own exponent, of its medians; None where it has none.
        excess: how far beyond the claim the exponent may lie at error β: the resolution reached;
            limit: the largest that counts as "holds".
        level: the error probability of a refutation.
        points: the sizes; trials: in all; seconds: that judging took.
    """

    kind: Literal["exponent"] = "exponent"
    grid: Grid
    verdict: Verdict
    direction: str
    quantity: str
    median: Fit
    upper: Fit
    median_above: Fit
    upper_above: Fit
    bound: Fit | None
    measured: Fit | None
    excess: float
    limit: float
    level: float
    points: Sequence[Point]
    trials: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchVerdict:
    """What the search over instances came to.

    Attributes:
        verdict: "holds" where nothing was found, "vacuous" where nothing was claimed, ...
        instances: how many different ones were evaluated.
        vacuous: on how many the claim says nothing; discarded: how many were assumed away.
        tied: how many equal the bound to rounding, where nothing is decided.
        chosen: how they were chosen, and how many by each: "drawn", "small scope", "climbed",
            "shrunk".
        ascended: on how many instances the trials' own draws were ascended.
        exhausted: whether there are no further instances.
        unseen: the largest share of the instances, as they are drawn, that could fail unseen at
            error β; 0 where all were tried.
        nominations: how many looked like a violation.
        trials: in all.
        worst_ratio: over the threshold; worst: the instance.
        attacks: the worst ratio of each attack.
        stopped: what ended it: "instances", "work", "time", "exhausted" or "nominations".
        shrink_cut: whether shrinking was cut short.
    """

    kind: Literal["search"] = "search"
    verdict: Verdict
    instances: int
    vacuous: int
    discarded: int
    tied: int
    chosen: Mapping[str, int]
    ascended: int
    exhausted: bool
    unseen: float
    nominations: int
    trials: int
    worst_ratio: float
    worst: Place | None
    attacks: Mapping[str, float]
    stopped: str
    shrink_cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterexample:
    """What every refutation says of the trial that stands for it.

    Attributes:
        place: the instance; role: what it is; stream: of the trials.
        shrunk: whether it is as small as shrinking could make it.
        token: replays the trial, or the first of them.
        drawn: the tensors that the trial drew, by name, where they are small.
    """

    place: Place
    role: Role
    stream: str
    shrunk: bool
    token: str
    drawn: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundRefutation:
    """A bound is violated, more often than it claims.

    Attributes:
        at: the trial that stands for it; sides: of that trial, the worst.
        threshold: 1, or the declared constant.
        failures: how many trials fail; trials: of how many.
        claimed: the claimed failure probability, None where none may fail.
        log_e: log e-value against the claim; None for a deterministic bound.
        attack: that found the point.
    """

    kind: Literal["bound"] = "bound"
    at: Counterexample
    sides: Sides
    threshold: float
    failures: int
    trials: int
    claimed: float | None
    log_e: float | None
    attack: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanRefutation:
    """A mean is another than claimed, or on the wrong side of its bound.

    Attributes:
        at: the first of the trials; samples: that the test used.
        side: "equal", or "at most" or "at least" for a bound.
        measured: the samples' mean; expected: the claimed one; p_value: of the claim.
    """

    kind: Literal["mean"] = "mean"
    at: Counterexample
    side: Side
    measured: float
    expected: float
    samples: int
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LawRefutation:
    """Samples have another law than claimed.

    Attributes:
        at: the first of the trials; method: of the test; samples: that it used.
        distance: of the two distribution functions at most; where: they differ most.
        share_below: of the samples up to there; claimed_below: of the law.
        p_value: of the claim.
    """

    kind: Literal["law"] = "law"
    at: Counterexample
    method: str
    distance: float
    where: float
    share_below: float
    claimed_below: float
    samples: int
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SlopeRefutation:
    """A measured exponent lies beyond the claim.

    Attributes:
        at: a trial of the largest size; trials: in all.
        variable: the size; sizes: of the grid.
        exponent: of the median; low, high: its 95 % interval.
        at_most, at_least: what is claimed.
        level: with which error probability it lies beyond the claim.
        of: whose exponent it is: "ratio" or "scaling"; quantile: .5 or .9.
    """

    kind: Literal["exponent"] = "exponent"
    at: Counterexample
    variable: str
    sizes: Sequence[float]
    exponent: float
    low: float
    high: float
    at_most: float | None
    at_least: float | None
    level: float
    of: str
    quantile: float
    trials: int


Refutation: TypeAlias = BoundRefutation | MeanRefutation | LawRefutation | SlopeRefutation


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An error: a statement that raised, or measured NaN.

    Attributes:
        text: what happened.
        place: the instance; token: replays the trial.
    """

    text: str
    place: Place | None = None
    token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The verdict on a part or twin in one run.

    Attributes:
        subject: id of the part or twin.
        verdict: on it.
        expect: what should be: "holds", or "refuted" for twins and statements known to be false.
        basis: what a "holds" rests on.
        resolution: what a "holds" would have noticed, in words.
        words: further sentences on the verdict.
        specimens: verdicts on its frozen instances, and on those that stand in for them.
        automatic: how many of the specimens the search chose, as the author froze none.
        slopes: verdicts on its exponents.
        search: what searching came to; None where nothing was searched.
        nominees: verdicts on instances that searching nominated, on fresh trials.
        refutation: what refutes it; how: whether a specimen, the search or a slope brought it.
        failure: what broke.
        out_of_time: whether a deadline ended it before its work was spent.
        trials: in all; work: that was counted; seconds: that it took.
        begins: where its conclusion begins to hold, from its regime map; no part of the verdict.
    """

    subject: str
    verdict: Verdict
    expect: Expect
    basis: Basis | None = None
    resolution: str = ""
    words: Sequence[str] = ()
    specimens: Sequence[InstanceVerdict] = ()
    automatic: int = 0
    slopes: Sequence[SlopeVerdict] = ()
    search: SearchVerdict | None = None
    nominees: Sequence[InstanceVerdict] = ()
    refutation: Refutation | None = None
    how: Literal["specimen", "search", "slope"] | None = None
    failure: Failure | None = None
    out_of_time: bool = False
    trials: int = 0
    work: float = 0.0
    seconds: float = 0.0
    begins: str = ""

    @property
    def as_expected(self) -> bool:
        """Whether the verdict is what should be."""
        return self.verdict == self.expect

    @property
    def worst_ratio(self) -> float | None:
        """The worst ratio over the threshold that was met anywhere."""
        met = [
            found.worst.ratio / found.threshold
            for found in (*self.specimens, *self.nominees)
            if isinstance(found, BoundVerdict)
        ]
        if self.search and self.search.worst_ratio:
            met.append(self.search.worst_ratio)
        return max(met, default=None)

    @property
    def attacks(self) -> dict[str, float]:
        """The worst ratio of each attack over the threshold, wherever it ran."""
        met: dict[str, float] = dict(self.search.attacks) if self.search else {}
        for found in (*self.specimens, *self.nominees):
            if isinstance(found, BoundVerdict):
                for name, ratio in found.attacks.items():
                    met[name] = max(met.get(name, 0.0), ratio / found.threshold)
        return met

    def __repr__(self) -> str:
        basis = f" ({self.basis})" if self.basis else ""
        resolution = f": {self.resolution}" if self.resolution else ""
        return f"<{self.subject} {self.verdict}{basis}{resolution}>"

    def _repr_html_(self) -> str:
        from lemmata.harness.notebook import as_html

        return as_html(self)
