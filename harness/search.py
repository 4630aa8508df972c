"""Search: instances are drawn, enumerated, climbed and ascended; what looks like a violation is
made as small as possible and nominated.

What searching finds is a nomination only. The trials that it looked at many times never feed an
e-value: a nominated instance is judged on fresh trials of the stream ``confirm``, at its share of
α. Instances come from four sources, each a function of part and entropy:

* small scope: the simplest choices of the strategies and what lies next to them, enumerated;
* drawn: Hypothesis' own search, with its shrinking; where it has met all instances there are, what
  is left of the budget goes into the trials of each;
* climbed: from the worst instances of distinct shape, their numbers are changed, both ends of each
  range included, as long as the ratio rises or, where there is chance, the p-value falls;
* ascended: for a claim that no trial may violate, the draws of the worst trials are moved by
  gradient ascent (`lemmata.harness.adversary.draws`).

The budget is counted work. Past a deadline for shrinking, unseen instances pass and seen ones
repeat their answer, so that Hypothesis sees no flaky test. A smaller violation does not count while
shrinking if it is less than half as large, or infinite where the first was finite: a true
counterexample must not slip to an artefact.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import hypothesis
import numpy as np
from hypothesis import HealthCheck, Phase
from scipy import stats

from lemmata.harness.adversary.draws import STEPS
from lemmata.harness.blocks import block_of
from lemmata.harness.claims import Law
from lemmata.harness.draw import Draw
from lemmata.harness.drawing import HypothesisTest, evaluating, fresh_test
from lemmata.harness.evaluation import (
    Bounds,
    BrokenStatement,
    Discarded,
    OutOfTime,
    Samples,
    ascended_draws,
    bounds_of,
    evaluate,
    is_random,
)
from lemmata.harness.instances import Instance, hash_of
from lemmata.harness.judging import counterexample, refuse_nan, sides_of
from lemmata.harness.judging_samples import test_samples
from lemmata.harness.levels import BETA
from lemmata.harness.private import (
    choices_now,
    copy_examples,
    settled_by_author,
    without_constants_of_modules,
)
from lemmata.harness.profiles import BLOCK, blocks
from lemmata.harness.randomness import key_of
from lemmata.harness.rounding import Again, granted
from lemmata.harness.run import Run
from lemmata.harness.schema import Block
from lemmata.harness.space import Chosen, Space
from lemmata.harness.statements import StatementError, Subject, part_of
from lemmata.harness.thresholds import failing, threshold_of, tied
from lemmata.harness.verdicts import (
    BoundRefutation,
    Failure,
    SearchVerdict,
    Verdict,
)

_SUSPICIOUS = 0.01
_SMALL, _DRAWN = 0.15, 0.75
"""Shares of the budget that are spent when small scopes, and drawing, have ended."""

_RECORDED_FIRST, _RECORDED_WORST = 40, 20
_MOST_EXPLORED = 512
_FEWEST_SAMPLES = 256
_BIGGEST = 1.0
_WITHOUT_CHANCE = 4
_ASIDE = 8
"""How many steps a climb may go on a plateau."""


class Nomination(AssertionError):
    """An instance whose explored trials look like a violation."""

    def __init__(self, draw: Draw, why: str, size: float) -> None:
        super().__init__(why)
        self.draw, self.size = draw, size
        self.refutation: BoundRefutation | None = None


class Broken(AssertionError):
    """An instance on which the statement raises or measures NaN."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.text)
        self.failure = failure


class _Enough(BaseException):
    """The budget is spent: ends Hypothesis' run as Ctrl-C would."""


@dataclass(slots=True)
class Seen:
    """What exploring an instance showed.

    Attributes:
        problem: what it was nominated for, or what broke.
        draw: the instance.
        ratio: the worst, over the threshold; NaN for means and laws.
        pressure: how near to a violation, on a scale of its kind; what is climbed.
        share: of its trials, that fail; claimed: the failure probability that is claimed.
        p_value: of the claim, on the explored trials.
        vacuous: whether nothing is claimed; discarded: whether it was assumed away.
        tied: whether the worst trial equals the bound to rounding.
        trials: how many were looked at.
        choices: that draw the instance.
        origin: how it was chosen.
        block: its trials, for the records.
    """

    draw: Draw
    origin: str
    problem: Nomination | Broken | None = None
    ratio: float = math.nan
    pressure: float = math.nan
    worst_trial: int = 0
    share: float = 0.0
    claimed: float = math.nan
    p_value: float = math.nan
    vacuous: bool = False
    discarded: bool = False
    tied: bool = False
    trials: int = 0
    choices: tuple[Any, ...] | None = None
    block: Block | None = None

    @property
    def says_something(self) -> bool:
        """Whether the claim says something here."""
        return not (self.vacuous or self.discarded or isinstance(self.problem, Broken))


_FEWEST = 4
"""Instances that are looked at whatever they cost, as long as none says anything clearly."""


@dataclass(slots=True)
class Search:
    """One part's search for instances that violate it.

    Attributes:
        run: the settings.
        subject: the part, or the twin whose check is searched in its place.
        shrink: whether what is found is shrunk.
        deadline: on the monotonic clock; past it, unseen instances pass.
        nominations: how many instances looked like a violation.
    """

    run: Run
    subject: Subject
    shrink: bool = True
    deadline: float = math.inf
    nominations: int = 0
    ascended: int = 0
    work: float = 0.0
    seen: dict[str, Seen] = field(default_factory=dict)
    _cleared: set[str] = field(default_factory=set)
    _attacks: dict[str, float] = field(default_factory=dict)
    _shrink_from: float | None = None
    _largest: float = 0.0
    _first: Draw | None = None
    _cut: bool = False
    _stopped: str = "instances"
    _exhausted: bool = False
    _nothing: bool = False
    _pace: float = 0.0
    _called: int = 0
    _most: int = 0
    _done: set[str] = field(default_factory=set)
    _climbed_over: set[str] = field(default_factory=set)

    def next(self) -> Nomination | Broken | None:
        """Search on until an instance looks like a violation that has not been cleared yet."""
        phases: tuple[Callable[[], Nomination | Broken | None], ...]
        phases = (self._small, self._drawn, self._deepened, self._climbed, self._ascended)
        if settled_by_author(part_of(self.subject).test):  # who says how much wants no more
            phases = (self._drawn,)
        for phase in phases:
            name = phase.__name__
            if name in self._done:
                continue
            self._shrink_from, self._first = None, None
            if self._stopped == "nominations":
                self._stopped = "instances"
            if self._late():
                break
            if (found := phase()) is not None:
                self.nominations += 1
                self._stopped = "nominations"
                return found
            self._done.add(name)
        return None

    @property
    def found_first(self) -> Draw | None:
        """The instance that the last shrinking began with."""
        return self._first

    def blocks(self) -> list[Block]:
        """The blocks worth recording: of the first instances, and of the worst."""
        having = [seen for seen in self.seen.values() if seen.block is not None]
        worst = sorted(having, key=lambda seen: -seen.ratio)[:_RECORDED_WORST]
        kept = {seen.draw.hash: seen for seen in [*having[:_RECORDED_FIRST], *worst]}
        return [seen.block for seen in kept.values() if seen.block is not None]

    def clear(self, *draws: Draw) -> None:
        """Let nominated instances pass from now on: fresh trials did not bear them out."""
        self._cleared.update(draw.hash for draw in draws)

    def verdict(self) -> SearchVerdict:
        """Say what the search came to."""
        met = [seen for seen in self.seen.values() if not seen.discarded]
        said = [seen for seen in met if seen.says_something]
        ratios = [seen for seen in said if not math.isnan(seen.ratio)]
        worst = max(ratios, key=lambda seen: seen.ratio, default=None)
        empty = bool(self.seen) or self._nothing
        found: Verdict = "holds" if said else "vacuous" if empty else "untested"
        chosen: dict[str, int] = {}
        for seen in met:
            chosen[seen.origin] = chosen.get(seen.origin, 0) + 1
        number = len(said)
        unseen = 0.0 if self._exhausted else 1.0 - BETA ** (1.0 / number) if number else 1.0
        return SearchVerdict(
            verdict=found,
            instances=len(met),
            vacuous=sum(seen.vacuous for seen in met),
            discarded=len(self.seen) - len(met),
            tied=sum(seen.tied for seen in met),
            chosen=chosen,
            ascended=self.ascended,
            exhausted=self._exhausted,
            unseen=unseen,
            nominations=self.nominations,
            trials=sum(seen.trials for seen in met),
            worst_ratio=worst.ratio if worst else 0.0,
            worst=worst.draw.place if worst else None,
            attacks=dict(self._attacks),
            stopped="exhausted" if self._exhausted else self._stopped,
            shrink_cut=self._cut,
        )

    # Where instances come from

    def _small(self) -> Nomination | Broken | None:
        space = self._space()
        for chosen in space.small(self.run.profile.small):
            if self._spent_up(_SMALL):
                break
            if found := self._look(chosen, "small scope"):
                return self._made_simple(space, chosen, found)
        return None

    def _drawn(self) -> Nomination | Broken | None:
        test = self._test()
        with evaluating(self._evaluate), without_constants_of_modules():
            try:
                test()
            except (Nomination, Broken) as found:
                return found
            except _Enough:
                return None
            except hypothesis.errors.Unsatisfiable:
                self._nothing = not self.seen
                return None
        self._exhausted = self._stopped == "instances" and self._called < self._most
        return None

    def _deepened(self) -> Nomination | Broken | None:
        """Where all instances are known, spend what is left on the trials of each."""
        if not self._exhausted:
            return None
        said = [seen for seen in self.seen.values() if seen.says_something]
        random = [seen for seen in said if self._chance(seen.draw) and is_random(seen.draw)]
        ranked = sorted(random, key=lambda seen: seen.p_value)
        for done, seen in enumerate(ranked):
            if self._late():
                break
            left = (self.run.profile.explore - self.work) / (len(ranked) - done)
            work = self._work_of(seen.draw)
            count = blocks(min(left / work, self.run.profile.trials_for(work)))
            if count < 2 * seen.trials or seen.problem is not None:
                continue
            with self._settling(seen):
                self._look_longer(seen, count)
            if (problem := self._standing(seen)) is not None:
                return problem
        return None

    def _standing(self, seen: Seen) -> Nomination | Broken | None:
        return None if seen.draw.hash in self._cleared else seen.problem

    def _climbed(self) -> Nomination | Broken | None:
        if self._exhausted:
            return None
        space = self._space()
        for start in self._worst_of_distinct_shape(self.run.profile.climbs):
            here = space.at(start.choices) if start.choices is not None else None
            if here is None:
                continue
            best, aside = start.pressure, 0
            improved = True
            while improved and not self._spent_up(1.0):
                improved, level = False, []
                for near in space.near(here):
                    if self._spent_up(1.0):
                        break
                    fresh = near.hash not in self.seen
                    if found := self._look(near, "climbed"):
                        return self._made_simple(space, near, found)
                    there = self.seen[near.hash].pressure if near.hash in self.seen else math.nan
                    if there > best * (1.0 + 1e-12):
                        best, here, improved = there, near, True
                    elif fresh and there >= best * (1.0 - 1e-12):
                        level.append(near)
                if not improved and level and aside < _ASIDE:  # a plateau is crossed
                    aside += 1
                    here, improved = level[aside % len(level)], True
        return None

    def _ascended(self) -> Nomination | Broken | None:
        for seen in self._worst_of_distinct_shape(self.run.profile.ascents):
            if seen.claimed != 0.0 or not is_random(seen.draw) or self._late():
                continue
            if seen.draw.hash in self._climbed_over:
                continue
            self._climbed_over.add(seen.draw.hash)
            price = self._work_of(seen.draw)
            steps = int(min(STEPS, self.run.profile.explore / (3.0 * price * BLOCK)))
            if steps < 10:
                continue
            seconds = self._pace * 3.0 * steps * price * BLOCK
            if time.monotonic() + seconds > self.deadline:
                self._stopped = "time"
                continue
            self.ascended += 1
            self.work += 3.0 * steps * price * BLOCK
            if found := self._ascend(seen, steps):
                return found
        return None

    def _ascend(self, seen: Seen, steps: int) -> Nomination | None:
        draw = seen.draw
        first = seen.worst_trial - seen.worst_trial % BLOCK
        found = ascent(draw, first, BLOCK, steps)
        if found is None:
            return None
        bounds, again = found
        threshold = threshold_of(self.subject, bounds)
        # What an identity grants to rounding is for random draws; an ascent seeks the worst.
        bounds = replace(bounds, unsaid=np.ones_like(bounds.unsaid))
        try:
            bounds = granted(draw, bounds, threshold, again, deadline=self.deadline)
        except OutOfTime:
            self._stopped = "time"
            return None
        name = "ascent over the draws"
        worst = float(np.nanmax(bounds.ratio, initial=0.0)) / threshold.value
        self._attacks[name] = max(self._attacks.get(name, 0.0), worst)
        failed = failing(bounds, threshold) & np.isfinite(bounds.ratio)
        if not failed.any() or draw.hash in self._cleared:
            return None
        index = int(np.argmax(np.where(failed, bounds.ratio, -np.inf)))
        found_at = Nomination(draw, "an ascent over the draws violates it", worst)
        found_at.refutation = BoundRefutation(
            at=counterexample(draw, bounds.first + index, name, steps),
            sides=sides_of(bounds, index),
            threshold=threshold.value,
            failures=int(failed.sum()),
            trials=len(bounds),
            claimed=None,
            log_e=None,
            attack=name,
        )
        return found_at

    # Looking at an instance

    def _look(self, chosen: Chosen, origin: str) -> Nomination | Broken | None:
        if chosen.hash in self.seen:
            return None
        values = tuple(choice.value for choice in chosen.choices)
        seen = self._explore(chosen.instance, origin, values)
        return self._standing(seen)

    def _evaluate(self, instance: Instance) -> None:
        key = hash_of(instance)
        if self._shrink_from is None:
            self._called += 1
        seen = self.seen.get(key)
        if seen is None:
            if self._shrink_from is not None and self._late():
                return
            if self._shrink_from is None and self._spent_up(_DRAWN):
                self._stopped = "time" if self._late() else "work"
                raise _Enough
            seen = self._explore(instance, "drawn", choices_now())
        if seen.discarded:
            hypothesis.reject()
        hypothesis.event("the claim", payload=_in_words(seen))
        if (problem := self._standing(seen)) is None:
            return
        if self._shrink_from is None:
            self._shrink_from = time.monotonic()
            self._first = seen.draw
            self._largest = getattr(problem, "size", 0.0)
        if isinstance(problem, Nomination) and not _as_large(problem.size, self._largest):
            return
        raise problem

    def _explore(self, instance: Instance, origin: str, choices: tuple[Any, ...] | None) -> Seen:
        draw = Draw(
            run=self.run, subject=self.subject, instance=instance, role="explore", stream="explore"
        )
        seen = self.seen[draw.hash] = Seen(draw=draw, origin=origin, choices=choices)
        with self._settling(seen):
            if not draw.admitted:
                raise Discarded
            self._explore_trials(draw, seen)
        return seen

    @contextmanager
    def _settling(self, seen: Seen) -> Iterator[None]:
        try:
            yield
        except Discarded:
            seen.discarded = True
        except BrokenStatement as problem:
            found = Failure(text=str(problem), place=seen.draw.place, token=problem.token)
            seen.problem = Broken(found)
        except StatementError as problem:
            text = f"{self.subject.id}: {problem}"
            seen.problem = Broken(Failure(text=text, place=seen.draw.place))
        except OutOfTime:
            self._stopped = "time"
            if not seen.trials:  # as if it had not been met
                self.seen.pop(seen.draw.hash, None)

    def _look_longer(self, seen: Seen, count: int) -> None:
        more = evaluate(seen.draw, first=0, count=count, deadline=self.deadline)
        self.work += self._work_of(seen.draw) * len(more)
        if isinstance(more, Samples):
            if len(more) < min(count, _FEWEST_SAMPLES):
                raise OutOfTime
            self._suspect_samples(seen.draw, seen, more)
            return
        refuse_nan(seen.draw, more)
        self._suspect(seen.draw, seen, more)

    def _explore_trials(self, draw: Draw, seen: Seen) -> None:
        begin = time.monotonic()
        # Once the work is spent, only the fewest instances are left to look at, whatever they cost.
        priced = self.work <= self.run.profile.explore
        count = BLOCK if self._chance(draw) else 1
        first = evaluate(draw, first=0, count=count, priced=priced)
        work = self._work_of(draw)
        # The first of all may have imported what the others need not.
        pace = (time.monotonic() - begin) / (work * len(first))
        self._pace = min(self._pace, pace) if self._pace else pace
        self.work += work * len(first)
        fair = self.run.profile.explore / self.run.profile.instances[0] / work
        if isinstance(first, Samples):
            entries = first.values.shape[1]
            needed = _FEWEST_SAMPLES / entries
            count = blocks(min(max(fair, needed), self.run.profile.trials_for(work)))
            self._look_longer(seen, count)
            return
        count = blocks(min(fair, _MOST_EXPLORED))
        if count > BLOCK and len(first) == BLOCK and is_random(draw):
            self._look_longer(seen, count)
            return
        refuse_nan(draw, first)
        self._suspect(draw, seen, first)

    def _suspect(self, draw: Draw, seen: Seen, bounds: Bounds) -> None:
        threshold = threshold_of(self.subject, bounds)
        if threshold.silent:
            seen.trials, seen.claimed = len(bounds), threshold.claimed
            seen.vacuous = True
            return
        bounds = granted(draw, bounds, threshold, deadline=self.deadline)
        seen.trials, seen.claimed = len(bounds), threshold.claimed
        seen.block = block_of(draw, bounds, threshold)
        index = int(np.argmax(bounds.ratio))
        seen.ratio = float(bounds.ratio[index]) / threshold.value
        seen.worst_trial = bounds.first + index
        seen.tied = tied(bounds, threshold)
        for name, ratios in bounds.attacks.items():
            worst = float(ratios.max()) / threshold.value
            self._attacks[name] = max(self._attacks.get(name, 0.0), worst)
        failures = int(failing(bounds, threshold).sum())
        seen.share = failures / len(bounds)
        seen.p_value = float(stats.binom.sf(failures - 1, len(bounds), threshold.claimed))
        seen.pressure = seen.ratio if threshold.deterministic else _pressure(seen.p_value)
        if not _suspicious(seen):
            return
        sides = sides_of(bounds, index)
        why = (
            f"{failures} of {len(bounds)} explored trials fail; the worst measures "
            f"{sides.measured:.6g}, {sides.direction} {sides.bound:.6g}"
        )
        size = math.log(max(seen.ratio, 1.0)) if threshold.deterministic else seen.share
        seen.problem = Nomination(draw, why, size)

    def _suspect_samples(self, draw: Draw, seen: Seen, samples: Samples) -> None:
        verdict, _, _ = test_samples(draw, samples, _SUSPICIOUS / 10, time.perf_counter())
        seen.trials, seen.p_value = len(samples), verdict.p_value
        seen.pressure = _pressure(verdict.p_value)
        if verdict.verdict == "refuted":
            what = "its law" if isinstance(samples.claim, Law) else "its mean"
            seen.problem = Nomination(draw, f"{what} looks wrong (p = {verdict.p_value:.2g})", 1.0)

    # Making what was found simpler

    def _made_simple(
        self, space: Space, here: Chosen, found: Nomination | Broken
    ) -> Nomination | Broken:
        if not self.shrink:
            return found
        self._first = self.seen[here.hash].draw
        begin, size = time.monotonic(), getattr(found, "size", 0.0)
        improved = True
        while improved:
            improved = False
            for simpler in space.simpler(here):
                if time.monotonic() > begin + self.run.profile.shrink or self._late():
                    self._cut = True
                    return found
                if simpler.hash in self.seen:
                    problem = self.seen[simpler.hash].problem
                    if simpler.hash in self._cleared:
                        continue
                else:
                    problem = self._look(simpler, "shrunk")
                if type(problem) is type(found) and _as_large(getattr(problem, "size", 0.0), size):
                    found, here, improved = problem, simpler, True
                    break
        return found

    # Budgets

    def _chance(self, draw: Draw) -> bool:
        """Whether trials differ: what is random in one instance is taken to be in all."""
        known = self.run.prices.asked
        return not any(key[0] == draw.subject.id and not asked for key, asked in known.items())

    def _work_of(self, draw: Draw) -> float:
        """Return the work of a trial; where it was not counted, of the cheapest that was."""
        known = self.run.prices.known
        if price := known.get((draw.subject.id, draw.hash)):
            return price.work
        return min((price.work for price in known.values()), default=1.0)

    def _late(self) -> bool:
        now = time.monotonic()
        if self._shrink_from is not None and now > self._shrink_from + self.run.profile.shrink:
            self._cut = True
            return True
        if now > self.deadline:
            self._stopped = "time"
            return True
        return False

    def _spent_up(self, share: float) -> bool:
        """Whether a share of the budget is spent, and the fewest instances were looked at."""
        # An equality case, or an instance of which nothing is claimed, is as good as none.
        clear = any(seen.says_something and not seen.tied for seen in self.seen.values())
        fewest = max(self.run.profile.instances[1], 0 if clear else _FEWEST)
        met = sum(1 for seen in self.seen.values() if not seen.discarded)
        return self._late() or (self.work > share * self.run.profile.explore and met >= fewest)

    def _worst_of_distinct_shape(self, number: int) -> Iterator[Seen]:
        """The instances that come nearest to a violation, one of each shape."""
        ranked = sorted(
            (seen for seen in self.seen.values() if seen.says_something and seen.pressure > 0.0),
            key=lambda seen: -seen.pressure,
        )
        shapes: set[tuple[Any, ...]] = set()
        for seen in ranked if number > 0 else ():
            shape = tuple(v for v in seen.choices or () if not isinstance(v, float))
            if shape in shapes:
                continue
            shapes.add(shape)
            yield seen
            if len(shapes) >= number:
                return

    def _space(self) -> Space:
        return Space(part_of(self.subject).test.lemmata_strategies)

    def _test(self) -> HypothesisTest[..., Any]:
        """Return the part's Hypothesis test with the run's settings, seeded by part and entropy."""
        part, profile = part_of(self.subject), self.run.profile
        test = fresh_test(part.test)
        copy_examples(part.test, test)
        seed = key_of("instances", self.subject.id, self.run.entropy, self.run.seed)[0]
        author = settled_by_author(part.test)
        current = author or hypothesis.settings.default or hypothesis.settings()
        asked = self.run.prices.asked.values()
        self._most = author.max_examples if author else profile.instances[0]
        if asked and not any(asked) and not author:
            self._most *= _WITHOUT_CHANCE
        self._called = 0
        phases = [phase for phase in current.phases if phase is not Phase.explain]
        if not self.shrink:
            phases = [phase for phase in phases if phase is not Phase.shrink]
        settings = hypothesis.settings(
            current,
            max_examples=max(1, self._most),
            phases=phases,
            deadline=None,
            derandomize=False,
            database=self.run.database,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        )
        return settings(hypothesis.seed(seed)(test))


def ascent(draw: Draw, first: int, count: int, steps: int) -> tuple[Bounds, Again] | None:
    """Ascend over the draws of some trials, and evaluate where each ends; None for nowhere.

    What goes wrong on the way finds nothing: a statement need not be differentiable.

    Returns:
        What the trials measure there, and what evaluates them there once more.
    """
    trials = draw.trials(first, count)

    def again(first: int, count: int) -> Bounds:
        there = replace(trials, first=first, count=count, moved=moved, asked=None)
        return bounds_of(draw, there)

    try:
        moved = ascended_draws(draw, trials, steps)
        return None if moved is None else (again(first, count), again)
    except Exception:
        return None


def _in_words(seen: Seen) -> str:
    """Say what an instance showed, coarsely: Hypothesis' statistics count equal words."""
    if seen.vacuous:
        return "says nothing here"
    if math.isnan(seen.ratio):
        return "has a p-value below 0.01" if seen.p_value < _SUSPICIOUS else "agrees with samples"
    for limit in (0.1, 0.5, 0.9):
        if seen.ratio < limit:
            return f"has a worst ratio below {limit}"
    return (
        "is nearly attained" if seen.share <= seen.claimed else "fails in more trials than it says"
    )


def _pressure(p_value: float) -> float:
    return -math.log(max(p_value, 1e-300))


def _as_large(size: float, first: float) -> bool:
    """Whether a smaller violation may stand for the one that was found first.

    It must be half as large or more, and no infinite one stands for a finite one: that would slip
    to a degenerate zero, where a ratio says little.
    """
    return size >= 0.5 * min(first, _BIGGEST) and (math.isfinite(size) or math.isinf(first))


def _suspicious(seen: Seen) -> bool:
    by_chance = seen.claimed > 0.0 and seen.p_value > _SUSPICIOUS
    return seen.share > seen.claimed and not by_chance
