"""Recording: verdicts and blocks as the plain records of docs/records.md."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from lemmata.harness.evaluation import Bounds
from lemmata.harness.generation import generation_of
from lemmata.harness.histogram import histogram
from lemmata.harness.instances import Instance, describe, encode, hash_of, sizes_of
from lemmata.harness.profiles import BLOCK
from lemmata.harness.run import Run
from lemmata.harness.slopes import Slope
from lemmata.harness.statements import Along, Part, Statement, Subject, Twin, part_of
from lemmata.harness.thresholds import NEAR, Threshold, failing
from lemmata.harness.verdicts import (
    Failure,
    InstanceVerdict,
    Outcome,
    Refutation,
    SearchSummary,
    SlopeVerdict,
)


def record_blocks(
    run: Run,
    subject: Subject,
    instance: Instance,
    *,
    role: str,
    stream: str,
    bounds: Bounds,
    threshold: Threshold,
) -> None:
    """Record consecutive trials of one instance, in blocks of a fixed size whatever the batch
    was."""
    common = {
        "part": subject.id,
        "generation": generation_of(subject),
        "role": role,
        "instance": encode(instance),
        "instance_hash": hash_of(instance),
        "sizes": sizes_of(instance),
        "entropy": run.entropy,
        "stream": stream,
        "layers": run.layers_of(part_of(subject)),
        "claimed": None if threshold.deterministic else threshold.claimed,
        "threshold": threshold.value,
        "device": str(run.device),
        "dtype": str(run.dtype).removeprefix("torch."),
    }
    failed = failing(bounds, threshold)
    near = np.abs(bounds.ratio / threshold.value - 1.0) < NEAR
    for start in range(0, len(bounds), BLOCK):
        here = slice(start, min(start + BLOCK, len(bounds)))
        worst = start + int(bounds.ratio[here].argmax())
        run.recorder.write(
            "block",
            **common,
            first=bounds.first + start,
            trials=here.stop - start,
            failures=int(failed[here].sum()),
            near=int(near[here].sum()),
            histogram=histogram(bounds.ratio[here].tolist()),
            worst_ratio=float(bounds.ratio[worst]),
            worst_trial=bounds.first + worst,
            attack=bounds.found_by[worst] if bounds.found_by else None,
            attacks={name: float(ratios[here].max()) for name, ratios in bounds.attacks.items()},
            seconds=round(bounds.seconds * (here.stop - start) / len(bounds), 4),
        )


def record_outcome(run: Run, subject: Subject, outcome: Outcome, explanation: str) -> None:
    """Record the verdict on a part or twin."""
    fields: dict[str, Any] = {
        "generation": generation_of(subject),
        "verdict": outcome.verdict,
        "words": list(outcome.words),
        "specimens": [specimen_record(specimen) for specimen in outcome.specimens],
        "slopes": [slope_record(slope) for slope in outcome.slopes],
        "refutation": refutation_record(outcome.refutation, explanation),
        "error": _failure_record(outcome.failure),
        "how": outcome.how,
        "trials": outcome.trials,
        "seconds": round(outcome.seconds, 3),
    }
    if isinstance(subject, Twin):
        run.recorder.write(
            "twin", part=subject.part.id, twin=subject.id, says=subject.says, **fields
        )
        return
    tried = [*outcome.specimens, *outcome.nominees]
    run.recorder.write(
        "verdict",
        part=subject.id,
        basis=outcome.basis,
        expect=outcome.expect,
        as_expected=outcome.as_expected,
        reach=_reach(subject, outcome),
        search=_search_record(outcome.search),
        nominees=[specimen_record(nominee) for nominee in outcome.nominees],
        attacks=_worst_attacks(outcome),
        worst_ratio=max(
            (v.worst_ratio / v.threshold for v in tried if v.worst_ratio is not None), default=None
        ),
        **fields,
    )


def statement_record(made: Statement) -> dict[str, Any]:
    """Write a statement as text, so that a report needs no code."""
    return {
        "id": made.id,
        "paper": made.paper,
        "source": made.source,
        "title": made.title,
        "section": made.section,
        "provenance": made.provenance,
        "says": made.says,
        "uses": list(made.uses),
        "tested": bool(made.parts),
        "why_untested": made.why_untested or None,
        "file": str(made.file),
        "line": made.line,
        "kind": made.kind,
        "parts": [_part_record(part) for part in made.parts],
    }


def specimen_record(found: InstanceVerdict) -> dict[str, Any]:
    """Write what the trials of one instance say."""
    judged, test = found.judgement, found.test
    return {
        "instance": encode(found.instance),
        "instance_hash": hash_of(found.instance),
        "describe": describe(found.instance),
        "sizes": sizes_of(found.instance),
        "role": found.role,
        "verdict": found.verdict,
        "trials": found.trials,
        "failures": found.failures,
        "near": found.near,
        "claimed": found.claimed,
        "threshold": found.threshold,
        "level": judged.level
        if judged and found.verdict == "holds" and not found.deterministic
        else None,
        "log_e_refute": judged.log_e_refute if judged else None,
        "log_e_certify": judged.log_e_certify if judged else None,
        "interval": list(judged.interval) if judged else None,
        "worst_ratio": found.worst_ratio,
        "worst_trial": found.worst_trial,
        "median_ratio": found.median_ratio,
        "surviving": found.surviving,
        "inside": found.inside,
        "attack": found.attack,
        "attacks": dict(found.attacks),
        "reports": {name: dict(values) for name, values in found.reports.items()},
        "curves": {name: dict(values) for name, values in found.curves.items()},
        "test": None
        if test is None
        else {
            "samples": test.samples,
            "method": test.method,
            "p_value": test.p_value,
            "effect": test.effect,
            "detectable": test.detectable,
            "measured": found.measured,
            "expected": found.expected,
            "low": test.interval[0] if test.interval else None,
            "high": test.interval[1] if test.interval else None,
        },
        "seconds": round(found.seconds, 3),
    }


def slope_record(found: SlopeVerdict) -> dict[str, Any]:
    """Write what the trials along a grid say of an exponent."""
    return {
        **_along_record(found.along),
        "direction": found.direction,
        "quantity": found.quantity,
        "outcome": found.judgement.outcome,
        "median": _fit_record(found.judgement.median),
        "upper": _fit_record(found.judgement.high),
        "points": [
            {
                "size": p.size,
                "instance_hash": hash_of(p.instance),
                "median": p.median,
                "upper": p.upper,
                "worst": p.worst,
                "trials": p.trials,
            }
            for p in found.points
        ],
        "trials": found.trials,
        "seconds": round(found.seconds, 3),
    }


def refutation_record(found: Refutation | None, explanation: str) -> dict[str, Any] | None:
    """Write the trial that stands for a refutation."""
    if found is None:
        return None
    names = (
        "role",
        "stream",
        "trial",
        "ratio",
        "measured",
        "bound",
        "direction",
        "failures",
        "trials",
        "claimed",
        "log_e",
        "attack",
        "token",
        "shrunk",
    )
    return {
        "instance": encode(found.instance),
        "describe": describe(found.instance),
        "explanation": explanation,
        **{name: getattr(found, name) for name in names},
    }


def _part_record(part: Part[..., Any]) -> dict[str, Any]:
    constant = part.constant
    return {
        "id": part.id,
        "letter": part.letter,
        "name": part.name,
        "title": part.title,
        "kind": part.kind,
        "says": part.says,
        "quantifiers": list(part.quantifiers),
        "constant": None
        if constant is None
        else {
            "value": constant.value,
            "measured_on": constant.measured_on,
            "failure": constant.failure,
        },
        "requires": (part.requires.paper or part.requires.ours) if part.requires else None,
        "along": [_along_record(along) for along in part.along],
        "expect": part.expect,
        "layers": list(part.layers),
        "cost": part.cost,
        "twins": [{"id": twin.id, "name": twin.name, "says": twin.says} for twin in part.twins],
    }


def _along_record(along: Along) -> dict[str, Any]:
    return {
        "variable": along.variable,
        "sizes": list(along.sizes),
        "at_most": along.at_most,
        "at_least": along.at_least,
        "claimed": None,
        "growth": along.growth,
        "together": along.drawn.together,
        "measures": along.drawn.measures,
        "label": along.drawn.label,
    }


def _fit_record(slope: Slope) -> dict[str, float]:
    low, high = slope.interval
    return {
        "slope": slope.exponent,
        "standard_error": slope.standard_error,
        "low": low,
        "high": high,
        "prefactor": slope.prefactor,
    }


def _search_record(search: SearchSummary | None) -> dict[str, Any] | None:
    if search is None:
        return None
    return {
        "instances": search.instances,
        "vacuous": search.vacuous,
        "discarded": search.discarded,
        "nominations": search.nominations,
        "trials": search.trials,
        "worst_ratio": search.worst_ratio,
        "shrink_cut": search.shrink_cut,
    }


def _failure_record(failure: Failure | None) -> dict[str, Any] | None:
    if failure is None:
        return None
    return {
        "text": failure.text,
        "describe": describe(failure.instance) if failure.instance is not None else None,
        "token": failure.token,
    }


def _reach(part: Part[..., Any], outcome: Outcome) -> dict[str, Any] | None:
    if part.requires is None:
        return None
    found = [specimen.inside for specimen in outcome.specimens]
    return {
        "says": part.requires.paper or part.requires.ours,
        "inside": found.count(True),
        "below": found.count(False),
        "unknown": found.count(None),
    }


def _worst_attacks(outcome: Outcome) -> Mapping[str, float]:
    worst: dict[str, float] = {}
    for found in (*outcome.specimens, *outcome.nominees):
        for name, ratio in found.attacks.items():
            worst[name] = max(worst.get(name, -math.inf), ratio / found.threshold)
    if outcome.search:
        for name, ratio in outcome.search.attacks.items():
            worst[name] = max(worst.get(name, -math.inf), ratio)
    return worst
