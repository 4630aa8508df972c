"""The search: several attacks on one objective, the worst point a trial kept.

An objective maps a point to a ratio a trial, and an attack is a procedure that evaluates the
objective at points of the set it attacks. The search wraps the objective so that it sees every
evaluation, inside gradient ascents too: nothing that was computed is lost, evaluations are counted,
and a NaN surfaces wherever it arose. The largest ratio seen is a lower bound of the supremum: it
can refute an upper bound on the ratio, never certify one.

Every search begins with random points. An attack's gain, its best ratio over theirs, says whether
the search was one: a gain of 1 warns that the claim was tried by chance only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from lemmata.harness.adversary.balls import Ball, Point, random_point
from lemmata.harness.trials import Trials

Objective: TypeAlias = Callable[[Point], Float[Tensor, "trials"]]


@dataclass(frozen=True, slots=True)
class Attack:
    """A named procedure that evaluates the objective it is given, at points of the attacked set
    only; what it returns is ignored."""

    name: str
    run: Callable[[Objective], object]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """What a search found, trial by trial.

    Attributes:
        ratio: the largest ratio; NaN in a trial in which any evaluation was NaN, so that NaN never
            passes.
        point: where the ratio was found; in a trial with a NaN, the first point that gave one.
        attack: index of the attack that found it, into `names`.
        names: of the attacks; the first are the random points.
        by_attack: the largest ratio of each attack, NaN left out; -inf where it found none.
        evaluations: how often each attack evaluated the objective (on all trials at once).
    """

    ratio: Float[Tensor, "trials"]
    point: Point
    attack: Int64[Tensor, "trials"]
    names: tuple[str, ...]
    by_attack: Float[Tensor, "attacks trials"]
    evaluations: tuple[int, ...]

    @property
    def gain(self) -> Float[Tensor, "attacks trials"]:
        """The best ratio of each attack over that of the random points.

        Meaningful where ratios are positive.
        """
        return self.by_attack / self.by_attack[:1]

    @property
    def found_by(self) -> list[str]:
        """The name of the attack that found each trial's ratio."""
        return [self.names[index] for index in self.attack.tolist()]


def search(objective: Objective, attacks: Sequence[Attack], *, random: Attack) -> Found:
    """Run the random points and the attacks, and keep each trial's worst point.

    The cost is that of the attacks' evaluations, plus a copy of a point for each.

    Args:
        objective: the ratio to maximise; called with points that the attacks choose.
        attacks: run in this order; a later one replaces an earlier only by a larger ratio.
        random: the attack that gains are measured against, from `random_points`.

    Raises:
        ValueError: two attacks share a name, or the random attack evaluated nothing.
    """
    everything = (random, *attacks)
    names = tuple(attack.name for attack in everything)
    if len(set(names)) < len(names):
        raise ValueError(f"attacks of one search must have different names; got {', '.join(names)}")
    record = _Record(objective)
    for attack in everything:
        record.begin()
        attack.run(record)
        if record.point is None:
            raise ValueError(
                f"the random attack {random.name!r} evaluated no point: give it at least one"
            )
    return record.found(names)


def random_points(
    ball: Ball,
    trials: Trials,
    shapes: Sequence[tuple[int, ...]],
    *,
    count: int,
    name: str = "random",
) -> Attack:
    """Return the attack by `count` random points of the boundary, every other one moved inside by a
    uniform factor if the ball is convex.

    Args:
        ball: the attacked set.
        trials: what the points are drawn from: a stream of the adversary's own.
        shapes: of the point's tensors, without the trials.
        count: how many points, at least 1.
        name: of the attack and of its draws.
    """

    def run(objective: Objective) -> None:
        for index in range(count):
            point = random_point(ball, trials, f"{name}/{index}", shapes)
            if ball.convex and index % 2 == 1:
                factor = trials.uniform(f"{name}/{index}/inside")
                point = tuple(x * factor.reshape(-1, *[1] * (x.ndim - 1)) for x in point)
            objective(point)

    return Attack(name, run)


def candidates(name: str, points: Iterable[Point]) -> Attack:
    """Return the attack that tries the given points.

    A generator is run when the attack's turn comes.
    """

    def run(objective: Objective) -> None:
        for point in points:
            objective(point)

    return Attack(name, run)


class _Record:
    """An objective that remembers its worst point a trial."""

    def __init__(self, objective: Objective) -> None:
        self.point: Point | None = None
        self._objective = objective
        self._evaluations: list[int] = []
        self._by_attack: list[Tensor | None] = []

    def begin(self) -> None:
        """Count what follows for the next attack."""
        self._evaluations.append(0)
        self._by_attack.append(None)

    def __call__(self, point: Point) -> Float[Tensor, "trials"]:
        """Evaluate the objective and remember what it said."""
        ratio = self._objective(point)
        self._remember(tuple(x.detach() for x in point), ratio.detach())
        return ratio

    def _remember(self, point: Point, ratio: Float[Tensor, "trials"]) -> None:
        current = len(self._evaluations) - 1
        if self.point is None:
            self.point = tuple(x.clone() for x in point)
            self._largest = torch.full_like(ratio, -torch.inf)
            self._broken = torch.zeros_like(ratio, dtype=torch.bool)
            self._attack = torch.zeros_like(ratio, dtype=torch.int64)
        proper = torch.where(ratio.isnan(), -torch.inf, ratio)
        take: Bool[Tensor, "trials"] = ~self._broken & ((proper > self._largest) | ratio.isnan())
        self.point = tuple(
            torch.where(take.reshape(-1, *[1] * (x.ndim - 1)), x, best)
            for x, best in zip(point, self.point, strict=True)
        )
        self._attack[take] = current
        self._largest = torch.maximum(self._largest, proper)
        self._broken |= ratio.isnan()
        self._evaluations[current] += 1
        before = self._by_attack[current]
        self._by_attack[current] = proper if before is None else torch.maximum(before, proper)

    def found(self, names: tuple[str, ...]) -> Found:
        """Return the findings."""
        assert self.point is not None
        none = torch.full_like(self._largest, -torch.inf)
        return Found(
            ratio=torch.where(self._broken, torch.nan, self._largest),
            point=self.point,
            attack=self._attack,
            names=names,
            by_attack=torch.stack([none if best is None else best for best in self._by_attack]),
            evaluations=tuple(self._evaluations),
        )
