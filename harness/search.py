"""Search.

Hypothesis draws instances, explores each on a few trials, shrinks what looks like a violation, and
nominates it.

What searching finds is a nomination only. The trials that it looked at many times never feed an
e-value: a nominated instance is judged on fresh trials of the stream ``confirm``, at its share of
α. Every outcome is a pure function of the instance and the run's entropy, so that Hypothesis sees
no flaky test; past the deadline for shrinking, unseen instances pass and seen ones repeat their
answer.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import hypothesis
import numpy as np
from hypothesis import HealthCheck, Phase
from scipy import stats

from lemmata.harness.claims import Law
from lemmata.harness.drawing import evaluating
from lemmata.harness.evaluation import Bounds, BrokenStatement, Discarded, Samples, evaluate
from lemmata.harness.instances import Instance, hash_of
from lemmata.harness.judging import compare, refuse_nan
from lemmata.harness.profiles import BLOCK
from lemmata.harness.recording import record_blocks
from lemmata.harness.run import Run
from lemmata.harness.statements import Subject, part_of
from lemmata.harness.thresholds import Threshold, failing, threshold_of
from lemmata.harness.verdicts import Failure, SearchSummary

_SUSPICIOUS = 0.01


class Nomination(AssertionError):
    """An instance whose explored trials look like a violation."""

    def __init__(self, instance: Instance, why: str) -> None:
        super().__init__(why)
        self.instance = instance


class Broken(AssertionError):
    """An instance on which the statement raises or measures NaN."""

    def __init__(self, instance: Instance, failure: Failure) -> None:
        super().__init__(failure.text)
        self.instance, self.failure = instance, failure


@dataclass(slots=True)
class _Seen:
    problem: Nomination | Broken | None = None
    vacuous: bool = False


@dataclass(slots=True)
class Search:
    """One part's search for instances that violate it.

    Attributes:
        run: the settings.
        subject: the part, or the twin whose check is searched in its place.
        test: the Hypothesis test that draws the instances.
        shrink: whether what is found is shrunk.
        deadline: on the monotonic clock; past it, unseen instances pass.
        biting: the explored instance with the smallest claimed failure probability, and that
            probability.
        found_first: the instance that the current shrinking began with.
    """

    run: Run
    subject: Subject
    test: Callable[[], None]
    shrink: bool = True
    deadline: float = math.inf
    biting: tuple[float, Instance] | None = None
    cleared: set[str] = field(default_factory=set)
    trials: int = 0
    nominations: int = 0
    found_first: Instance | None = None
    _seen: dict[str, _Seen] = field(default_factory=dict)
    _first: Instance | None = None
    _evaluated: int = 0
    _discarded: int = 0
    _worst: float = 0.0
    _attacks: dict[str, float] = field(default_factory=dict)
    _shrink_from: float | None = None
    _cut: bool = False

    def next(self) -> Nomination | Broken | None:
        """Search until an instance looks like a violation that has not been cleared yet, and
        shrink it; None when nothing is left."""
        self._shrink_from, self.found_first = None, None
        for key in self.cleared:
            self._seen[key] = _Seen()
        with self._settings(), evaluating(self._evaluate):
            try:
                self.test()
            except (Nomination, Broken) as found:
                self.nominations += 1
                return found
            except hypothesis.errors.Unsatisfiable:
                return None
        return None

    def explored(self) -> Instance | None:
        """Return the first instance that was evaluated, or None."""
        return self._first

    def clear(self, *instances: Instance) -> None:
        """Let nominated instances pass from now on: fresh trials did not bear them out."""
        self.cleared.update(hash_of(instance) for instance in instances)

    def summary(self) -> SearchSummary:
        """Say what the search came to."""
        return SearchSummary(
            instances=self._evaluated,
            vacuous=sum(seen.vacuous for seen in self._seen.values()),
            discarded=self._discarded,
            nominations=self.nominations,
            trials=self.trials,
            worst_ratio=self._worst,
            attacks=dict(self._attacks),
            shrink_cut=self._cut,
        )

    def _evaluate(self, instance: Instance) -> None:
        key = hash_of(instance)
        seen = self._seen.get(key)
        if seen is None:
            if self._out_of_time():
                return
            seen = self._seen[key] = self._explore(instance)
        if seen.vacuous:
            hypothesis.event("the claim says nothing here")
        if seen.problem is not None:
            if self._shrink_from is None:
                self._shrink_from, self.found_first = time.monotonic(), instance
            raise seen.problem

    def _out_of_time(self) -> bool:
        now = time.monotonic()
        if self._shrink_from is not None and now > self._shrink_from + self.run.profile.shrink:
            self._cut = True
            return True
        return now > self.deadline

    def _explore(self, instance: Instance) -> _Seen:
        part = part_of(self.subject)
        count = self.run.profile.explore_for(part.cost)
        try:
            found = evaluate(
                self.run, self.subject, instance, stream="explore", first=0, count=count
            )
            if isinstance(found, Samples):
                # A mean or law shows nothing on the few trials that betray a bound.
                count = self.run.profile.cap_for(part.cost, BLOCK)
                found = evaluate(
                    self.run, self.subject, instance, stream="explore", first=0, count=count
                )
            self._evaluated += 1
            self._first = self._first or instance
            self.trials += count
            if isinstance(found, Bounds):
                refuse_nan(self.run, self.subject, instance, "explore", found)
                return self._suspect(instance, found)
            test, measured, expected = compare(
                self.run, self.subject, instance, found, "explore", _SUSPICIOUS / 10
            )
            if test.outcome == "refuted":
                what = (
                    "its law"
                    if isinstance(found.claim, Law)
                    else f"its mean, {measured:.6g} against {expected:.6g},"
                )
                return _Seen(
                    problem=Nomination(instance, f"{what} looks wrong (p = {test.p_value:.2g})")
                )
            return _Seen()
        except Discarded:
            self._discarded += 1
            hypothesis.reject()
        except BrokenStatement as problem:
            return _Seen(
                problem=Broken(
                    instance,
                    Failure(
                        text=str(problem), instance=instance, token=getattr(problem, "token", None)
                    ),
                )
            )

    def _suspect(self, instance: Instance, bounds: Bounds) -> _Seen:
        threshold = threshold_of(self.subject, bounds)
        if threshold.claimed >= 1.0:
            return _Seen(vacuous=True)
        if self.biting is None or threshold.claimed < self.biting[0]:
            self.biting = threshold.claimed, instance
        record_blocks(
            self.run,
            self.subject,
            instance,
            role="explore",
            stream="explore",
            bounds=bounds,
            threshold=threshold,
        )
        self._worst = max(self._worst, float(bounds.ratio.max()) / threshold.value)
        for name, ratios in bounds.attacks.items():
            self._attacks[name] = max(
                self._attacks.get(name, 0.0), float(ratios.max()) / threshold.value
            )
        failures = int(failing(bounds, threshold).sum())
        if not _suspicious(failures, len(bounds), threshold):
            return _Seen()
        index = int(np.argmax(bounds.ratio))
        sides = f"{bounds.measured[index]:.6g}, {bounds.direction} {bounds.bound[index]:.6g}"
        why = f"{failures} of {len(bounds)} explored trials fail; the worst measures {sides}"
        return _Seen(problem=Nomination(instance, why))

    def _settings(self) -> _Settings:
        return _Settings(self)


class _Settings:
    """Puts the run's share of instances on the Hypothesis test, unless the user's own settings
    stand there."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._kept: hypothesis.settings | None = None

    def __enter__(self) -> None:
        search, test = self._search, self._search.test
        self._kept = getattr(test, "_hypothesis_internal_use_settings", None)
        if getattr(test, "_hypothesis_internal_settings_applied", False):
            return
        part = part_of(search.subject)
        current = hypothesis.settings.default or hypothesis.settings()
        phases = [
            phase
            for phase in current.phases
            if search.shrink or phase not in (Phase.shrink, Phase.explain)
        ]
        test._hypothesis_internal_use_settings = hypothesis.settings(  # type: ignore[attr-defined]  # noqa: SLF001
            current,
            max_examples=max(1, search.run.profile.instances_for(part.cost)),
            phases=[phase for phase in phases if phase is not Phase.explain],
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        )

    def __exit__(self, *problem: object) -> None:
        test = self._search.test
        if self._kept is not None:
            test._hypothesis_internal_use_settings = self._kept  # type: ignore[attr-defined]  # noqa: SLF001


def _suspicious(failures: int, trials: int, threshold: Threshold) -> bool:
    if failures == 0:
        return False
    if threshold.deterministic:
        return True
    return (
        failures > threshold.claimed * trials
        and float(stats.binom.sf(failures - 1, trials, threshold.claimed)) <= _SUSPICIOUS
    )
