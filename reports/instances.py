"""Tables of judged instances: each kind of verdict with the columns of its own.

Bounds have failures and e-values, means and laws have p-values; an instance on which nothing is
claimed has a sentence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from lemmata.harness.verdicts import (
    BoundVerdict,
    InstanceVerdict,
    LawVerdict,
    MeanVerdict,
    Silence,
)
from lemmata.reports.numerals import (
    ABSENT,
    figure,
    interval,
    p_value,
    power_of_ten,
    sentence,
    share,
    signed,
)
from lemmata.reports.tables import Table, table

_INSIDE = {True: "inside", False: "outside", None: ABSENT}


def instance_tables(
    found: Sequence[InstanceVerdict], names: Sequence[str], caption: str
) -> list[Table]:
    """Tabulate judged instances, kind by kind."""
    named = list(zip(names, found, strict=True))
    bounds = [(name, one) for name, one in named if isinstance(one, BoundVerdict)]
    means = [(name, one) for name, one in named if isinstance(one, MeanVerdict)]
    laws = [(name, one) for name, one in named if isinstance(one, LawVerdict)]
    made = [
        _bounds(bounds, f"{caption}: bounds"),
        _means(means, f"{caption}: means"),
        _laws(laws, f"{caption}: laws"),
    ]
    return [one for one in made if one]


def silence_sentences(found: Sequence[InstanceVerdict], names: Sequence[str]) -> list[str]:
    """Say on which instances nothing is claimed, and why."""
    return [
        f"{name[:1].upper()}{name[1:]}, {one.place.words}: nothing is claimed, as "
        f"{one.why.rstrip('.')}."
        for name, one in zip(names, found, strict=True)
        if isinstance(one, Silence)
    ]


def numbered(noun: str, found: Sequence[InstanceVerdict]) -> list[str]:
    """Name instances by their number."""
    return [f"{noun} {number}" for number in range(1, len(found) + 1)]


def quantities(found: Sequence[InstanceVerdict], names: Sequence[str]) -> Table | None:
    """Tabulate further quantities that the part reports, specimen by specimen."""
    rows = [
        (name, quantity, spread)
        for name, one in zip(names, found, strict=True)
        if isinstance(one, BoundVerdict)
        for quantity, spread in one.reports.items()
    ]
    return table(
        "Further quantities",
        [quantity.replace("_", " ") for _, quantity, _ in rows],
        [name if len(found) > 1 else "" for name, _, _ in rows],
        {
            "median": [figure(spread.median) for _, _, spread in rows],
            "lowest": [figure(spread.low) for _, _, spread in rows],
            "highest": [figure(spread.high) for _, _, spread in rows],
        },
    )


def _bounds(named: Sequence[tuple[str, BoundVerdict]], caption: str) -> Table | None:
    found = [one for _, one in named]
    chance = [one.claimed is not None for one in found]
    return table(
        caption,
        [name for name, _ in named],
        [one.place.words for one in found],
        {
            "verdict": _verdicts(found),
            "trials that fail": [share(one.failures, one.trials) for one in found],
            "rounding decides": [figure(one.doubtful) if one.doubtful else ABSENT for one in found],
            "claim nothing": [figure(one.silent) if one.silent else ABSENT for one in found],
            "may fail": [
                figure(one.claimed) if one.claimed is not None else "none" for one in found
            ],
            "fail at most (certified)": [figure(one.level) for one in found],
            "granted": [figure(one.limit) for one in found],
            "95 % interval": [
                interval(one.low, one.high) if by_chance else ABSENT
                for one, by_chance in zip(found, chance, strict=True)
            ],
            "e‑value against the claim": [power_of_ten(one.log_e_refute) for one in found],
            "e‑value for what is granted": [power_of_ten(one.log_e_certify) for one in found],
            "median ratio": [figure(one.median_ratio) for one in found],
            "worst ratio": [figure(one.worst.ratio) for one in found],
            "measured there": [figure(one.worst.measured) for one in found],
            "bound there": [f"{one.worst.direction} {figure(one.worst.bound)}" for one in found],
            "inequality": [one.worst.member or ABSENT for one in found],
            "constant": [
                figure(one.threshold) if one.threshold != 1.0 else ABSENT for one in found
            ],
            "surviving constant": [figure(one.surviving) for one in found],
            "found by": [(one.attack or ABSENT).replace("_", " ") for one in found],
            "paper’s hypothesis": [_INSIDE[one.inside] for one in found],
        },
    )


def _means(named: Sequence[tuple[str, MeanVerdict]], caption: str) -> Table | None:
    found = [one for _, one in named]
    return table(
        caption,
        [name for name, _ in named],
        [one.place.words for one in found],
        {
            "verdict": _verdicts(found),
            "samples": [figure(one.samples) for one in found],
            "measured": [figure(one.measured, 5) for one in found],
            "expected": [
                ("" if one.side == "equal" else f"{one.side} ") + figure(one.expected, 5)
                for one in found
            ],
            "interval": [_interval_of_mean(one) for one in found],
            "may be off by": [figure(one.resolution) for one in found],
            "granted": [figure(one.limit) for one in found],
            "p‑value": [p_value(one.p_value) for one in found],
            "test": [one.method for one in found],
            "deviation": [figure(one.deviation) for one in found],
            "skewness": [_moment(one.skewness) for one in found],
            "kurtosis": [_moment(one.kurtosis) for one in found],
            "paper’s hypothesis": [_INSIDE[one.inside] for one in found],
        },
    )


def _laws(named: Sequence[tuple[str, LawVerdict]], caption: str) -> Table | None:
    found = [one for _, one in named]
    return table(
        caption,
        [name for name, _ in named],
        [one.place.words for one in found],
        {
            "verdict": _verdicts(found),
            "samples": [figure(one.samples) for one in found],
            "distance of the distribution functions": [figure(one.distance) for one in found],
            "largest at": [figure(one.at) for one in found],
            "samples up to there": [figure(one.share_below) for one in found],
            "law up to there": [figure(one.claimed_below) for one in found],
            "may differ by": [figure(one.resolution) for one in found],
            "granted": [figure(one.limit) for one in found],
            "p‑value": [p_value(one.p_value) for one in found],
            "test": [one.method for one in found],
            "paper’s hypothesis": [_INSIDE[one.inside] for one in found],
        },
    )


def _verdicts(found: Sequence[InstanceVerdict]) -> list[str]:
    differ = len({one.verdict for one in found}) > 1
    return [one.verdict if differ else ABSENT for one in found]


def _interval_of_mean(one: MeanVerdict) -> str:
    return f"{figure(one.low, 5)} … {figure(one.high, 5)}"


def _moment(value: float | None) -> str:
    return ABSENT if value is None or not math.isfinite(value) else signed(value)


def instances_sentence(found: Sequence[InstanceVerdict], beta: str) -> str:
    """Say what the intervals of a table of means mean; empty where there are none."""
    if any(isinstance(one, MeanVerdict) for one in found):
        return sentence(f"the intervals of the mean are at {beta}")
    return ""
