"""Claims: what a statement returns, the two sides of its inequality for every trial.

A statement measures something and compares it with its bound:

    at_most(measured, bound)                     an upper bound, entry by entry
    at_least(measured, bound)                    a lower bound
    less_than(measured, bound), more_than(...)   strict ones
    equal(measured, expected, roundings=...)     an identity in floating point
    worst_of(random=claim, greedy=claim)         the same bound at points that attacks found
    all_of(claim, claim, upper=claim)            several bounds on one event
    mean_of(samples, expected)                   an expectation; also mean_at_most, mean_at_least
    law_of(samples, distribution)                a distribution

Every entry of a trial has to satisfy the bound: the trial's *ratio* is its worst entry's
measured/bound for an upper bound and bound/measured for a lower one, so that a ratio above 1 is a
violation. A ratio is never negative; it is NaN where a side is NaN, and NaN never passes. An
infinite bound claims nothing. Composed claims keep their *members*: direction, sides, curves and
whatever else is attached are those of the member that is worst in a trial, whatever the order in
which the members were given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

import torch
from jaxtyping import Bool, Float, Int64, Shaped
from torch import Tensor

from lemmata.harness.places import place

Direction: TypeAlias = Literal["at most", "at least", "less than", "more than", "equal"]
Side: TypeAlias = Literal["equal", "at most", "at least"]


class ClaimError(ValueError):
    """A claim whose pieces do not fit together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One inequality of a claim, trial by trial.

    Attributes:
        name: as given to `all_of` or by `Bound.named`; empty for a claim that stands alone.
        direction: which of the inequalities it is.
        exact: whether the sides are whole numbers, so that nothing is rounded.
        ratio: of the worst entry.
        measured: the measured side at that entry; bound: the bound there.
        scaling: what a slope is fitted to in place of the ratio, where the statement says so.
    """

    name: str
    direction: Direction
    exact: bool
    ratio: Float[Tensor, "trials"]
    measured: Float[Tensor, "trials"]
    bound: Float[Tensor, "trials"]
    scaling: Float[Tensor, "trials"] | None = None

    @property
    def strict(self) -> bool:
        """Whether equality violates it."""
        return self.direction in ("less than", "more than")

    @property
    def kind(self) -> tuple[str, Direction, bool]:
        """What two members have in common that claim the same."""
        return self.name, self.direction, self.exact


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """An inequality, or several, that each trial satisfies or not.

    Attributes:
        members: the inequalities; `all_of` joins them.
        ratio: of the worst member's worst entry, trial by trial.
        measured: the measured side there; bound: the bound there.
        member: which member that is, by its place in ``members``.
        allowance: how far a ratio may exceed 1 by rounding alone, trial by trial; NaN where the
            statement does not say and the harness' own allowance applies.
        claims: whether the trial claims anything: an infinite bound does not.
        probability: the claimed probability that a trial fails, or None where none may.
        attacks: for each attack of an adversary its ratios, trial by trial.
        curves: what happened along a trajectory, (trials, steps) by name.
        scaling: what a slope is fitted to in place of the ratio, where a statement says so.
        reports: further quantities that the report shows, trial by trial.
    """

    members: tuple[Member, ...]
    ratio: Float[Tensor, "trials"]
    measured: Float[Tensor, "trials"]
    bound: Float[Tensor, "trials"]
    member: Int64[Tensor, "trials"]
    allowance: Float[Tensor, "trials"]
    claims: Bool[Tensor, "trials"]
    probability: float | None = None
    attacks: Mapping[str, Float[Tensor, "trials"]] = field(default_factory=dict)
    curves: Mapping[str, Float[Tensor, "trials steps"]] = field(default_factory=dict)
    scaling: Float[Tensor, "trials"] | None = None
    reports: Mapping[str, Float[Tensor, "trials"]] = field(default_factory=dict)

    @property
    def direction(self) -> str:
        """The members' direction, or "mixed" where they differ."""
        directions = {member.direction for member in self.members}
        return directions.pop() if len(directions) == 1 else "mixed"

    def except_with_probability(self, p: float) -> Bound:
        """Claim that the bound fails with probability at most ``p`` a trial; 1 says nothing.

        Raises:
            ClaimError: ``p`` is negative or not a number.
        """
        if not float(p) >= 0.0:
            raise ClaimError(f"a failure probability is a number from 0 on; got {p!r}")
        return replace(self, probability=float(p))

    def up_to_roundings(self, count: float) -> Bound:
        """Say how much rounding there is: ``count`` units of roundoff on the scale of the bound.

        Without it the harness allows for what its dtype and the number of terms suggest.

        Raises:
            ClaimError: the count is negative or not a number.
        """
        if not count >= 0.0:
            raise ClaimError(f"a number of roundings is a number from 0 on; got {count!r}")
        said = torch.nan_to_num(self.allowance, nan=0.0)
        return replace(self, allowance=said + count * torch.finfo(self.ratio.dtype).eps)

    def named(self, name: str) -> Bound:
        """Give the claim's only member a name, which messages and grids can refer to.

        Raises:
            ClaimError: the claim has several members, which `all_of` names.
        """
        if len(self.members) > 1:
            raise ClaimError(f"{name!r} would name several inequalities: name them in all_of")
        return replace(self, members=(replace(self.members[0], name=name),))

    def with_curves(self, **curves: Float[Tensor, "trials steps"]) -> Bound:
        """Keep what happened along a trajectory, for the report; (trials, steps) each.

        Raises:
            ClaimError: a curve has another shape.
        """
        for name, curve in curves.items():
            self._refuse_shape(f"the curve {name!r}", curve, 2, "(trials, steps)")
        return replace(self, curves={**self.curves, **curves})

    def scaling_as(self, quantity: Float[Tensor, "trials"]) -> Bound:
        """Fit slopes to ``quantity``, one number a trial, in place of the ratio.

        Raises:
            ClaimError: it has another shape.
        """
        self._refuse_shape("what a slope is fitted to", quantity, 1, "(trials,)")
        only = (
            self.members if len(self.members) > 1 else (replace(self.members[0], scaling=quantity),)
        )
        return replace(self, scaling=quantity, members=only)

    def reporting(self, **quantities: Float[Tensor, "trials"]) -> Bound:
        """Keep further quantities for the report, one number a trial each.

        Raises:
            ClaimError: a quantity has another shape.
        """
        for name, quantity in quantities.items():
            self._refuse_shape(f"the reported quantity {name!r}", quantity, 1, "(trials,)")
        return replace(self, reports={**self.reports, **quantities})

    def found_by(self) -> list[str | None]:
        """Name for each trial the attack whose ratio is the worst, or None where none ran."""
        if not self.attacks:
            return [None] * len(self.ratio)
        names = sorted(self.attacks)
        ratios = torch.stack([_nan_first(self.attacks[name]) for name in names])
        return [names[index] for index in ratios.argmax(dim=0).tolist()]

    def _refuse_shape(self, what: str, value: Tensor, dimensions: int, wanted: str) -> None:
        shape = tuple(getattr(value, "shape", ()))
        if len(shape) != dimensions or shape[0] != len(self.ratio):
            raise ClaimError(
                f"{what} has the shape {shape}; it needs {wanted} with {len(self.ratio)} trials"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """An expectation, for every entry of the trailing shape.

    Attributes:
        samples: independent over the trials.
        expected: the claimed expectation, or its bound.
        side: "equal", or "at most" or "at least" for a bound.
        limits: what the samples lie between, where that is known: tests are exact then.
        tolerance: discrepancies up to this are what the statement allows.
        within: the resolution: how far from the claim the mean may lie unseen, in the samples' own
            unit; the harness' default where None.
    """

    samples: Float[Tensor, "trials ..."]
    expected: Float[Tensor, "..."]
    side: Side = "equal"
    limits: tuple[float, float] | None = None
    tolerance: float = 0.0
    within: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """A distribution: every sample, over trials and trailing shape, is an independent draw of it.

    Attributes:
        samples: the draws.
        distribution: a frozen scipy distribution, or a cdf on numpy arrays.
        within: the resolution: how far the distribution function may be off unseen, between 0 and
            1; the harness' default where None.
    """

    samples: Float[Tensor, "trials ..."]
    distribution: Any
    within: float | None = None


Claim: TypeAlias = Bound | Mean | Law


def at_most(measured: Shaped[Tensor, "trials ..."], bound: Shaped[Tensor, "..."] | float) -> Bound:
    """Claim measured ≤ bound, entry by entry; ``bound`` broadcasts against ``measured``.

    Raises:
        ClaimError: the sides do not broadcast to a tensor with the trials in front, or are empty.
    """
    return _upper(measured, bound, "at most")


def less_than(
    measured: Shaped[Tensor, "trials ..."], bound: Shaped[Tensor, "..."] | float
) -> Bound:
    """Claim measured < bound, entry by entry.

    Where both sides are whole numbers (integer tensors), equality refutes; else equality to
    rounding decides nothing.

    Raises:
        ClaimError: as for `at_most`.
    """
    return _upper(measured, bound, "less than")


def at_least(measured: Shaped[Tensor, "trials ..."], bound: Shaped[Tensor, "..."] | float) -> Bound:
    """Claim measured ≥ bound, entry by entry; ``bound`` broadcasts against ``measured``.

    Raises:
        ClaimError: the sides do not broadcast to a tensor with the trials in front, or are empty.
    """
    return _lower(measured, bound, "at least")


def more_than(
    measured: Shaped[Tensor, "trials ..."], bound: Shaped[Tensor, "..."] | float
) -> Bound:
    """Claim measured > bound, entry by entry; of equality see `less_than`.

    Raises:
        ClaimError: as for `at_most`.
    """
    return _lower(measured, bound, "more than")


def equal(
    measured: Float[Tensor, "trials ..."],
    expected: Float[Tensor, "..."] | float,
    *,
    roundings: float,
    scale: Float[Tensor, "..."] | float | None = None,
) -> Bound:
    """Claim an identity: the sides differ by at most ``roundings`` units of roundoff of ``scale``.

    Args:
        measured: one side.
        expected: the other side.
        roundings: how many roundings the worse side accumulates, times the condition of the
            computation.
        scale: what the roundings are relative to; the larger of the two sides by default.

    Returns:
        A claim whose ratio is |measured - expected| over the allowed error: an identity has no
        other slack.
    """
    left, right, _ = _sides(measured, expected)
    size = torch.maximum(left.abs(), right.abs())
    if scale is not None:
        size = torch.as_tensor(scale, device=left.device, dtype=left.dtype).abs()
    allowed = roundings * torch.finfo(left.dtype).eps * size
    error = (left - right).abs()
    settled = _holds_or_infinite(error == 0, error)
    ratio = torch.where(allowed.expand_as(error) > 0, error / allowed, settled)
    claims = torch.ones_like(error, dtype=torch.bool)
    return _worst_entry(ratio, left, right, claims, "equal", exact=False).up_to_roundings(0)


def worst_of(**found: Bound) -> Bound:
    """Take, trial by trial, the worst of the same claim at several points.

    The names are the attacks that found them.

    Raises:
        ClaimError: no attack, or attacks that disagree on the claim or on the number of trials.
    """
    if not found:
        raise ClaimError("worst_of needs the claim at one point at least")
    names = sorted(found)
    claims = [found[name] for name in names]
    kinds = {tuple(member.kind for member in claim.members) for claim in claims}
    if len(kinds) > 1 or len({claim.probability for claim in claims}) > 1:
        raise ClaimError(
            f"the attacks {', '.join(names)} claim different things: worst_of compares one claim "
            "at several points, all_of joins several claims"
        )
    _refuse_lengths(claims)
    worst = _worst_claim(claims)
    scaled = [claim.scaling for claim in claims if claim.scaling is not None]
    members = tuple(
        _worst_member([claim.members[place] for claim in claims])
        for place in range(len(claims[0].members))
    )
    return Bound(
        members=members,
        **_picked(claims, worst),
        member=_pick([claim.member for claim in claims], worst),
        claims=torch.stack([claim.claims for claim in claims]).any(dim=0),
        probability=claims[0].probability,
        attacks={name: found[name].ratio for name in names},
        curves=_attached(claims, "curves"),
        reports=_attached(claims, "reports"),
        scaling=_pick(scaled, worst) if len(scaled) == len(claims) else None,
    )


def all_of(*claims: Bound, union: bool = False, **named: Bound) -> Bound:
    """Claim several bounds on one event: a trial fails if any of them fails.

    Args:
        claims: the bounds.
        union: whether the event's failure probability is the sum of the members' own.
        named: further bounds, with names for messages and grids.

    Raises:
        ClaimError: no claim, or failure probabilities of which no event's follows.
    """
    members = [*claims, *(_renamed(claim, name) for name, claim in named.items())]
    if not members:
        raise ClaimError("all_of needs one claim at least")
    _refuse_lengths(members)
    ordered = sorted(members, key=lambda claim: tuple(m.kind for m in claim.members))
    flat = tuple(member for claim in ordered for member in claim.members)
    starts = [0]
    for claim in ordered:
        starts.append(starts[-1] + len(claim.members))
    worst = _worst_claim(ordered)
    places = [claim.member + start for claim, start in zip(ordered, starts[:-1], strict=True)]
    attacks: dict[str, Tensor] = {}
    for claim in ordered:
        for name, ratio in claim.attacks.items():
            attacks[name] = torch.maximum(attacks[name], ratio) if name in attacks else ratio
    return Bound(
        members=_numbered(flat),
        **_picked(ordered, worst),
        member=_pick(places, worst),
        claims=torch.stack([claim.claims for claim in ordered]).any(dim=0),
        probability=_joint_probability(ordered, union=union),
        attacks=attacks,
        curves=_attached(ordered, "curves"),
        reports=_attached(ordered, "reports"),
        scaling=ordered[0].scaling if len(ordered) == 1 else None,
    )


def mean_of(
    samples: Float[Tensor, "trials ..."],
    expected: Float[Tensor, "..."] | float,
    *,
    limits: tuple[float, float] | None = None,
    tolerance: float = 0.0,
    within: float | None = None,
) -> Mean:
    """Claim that the samples' expectation is ``expected``, up to ``tolerance``; see `Mean`."""
    return _mean(samples, expected, "equal", limits, tolerance, within)


def mean_at_most(
    samples: Float[Tensor, "trials ..."],
    bound: Float[Tensor, "..."] | float,
    *,
    limits: tuple[float, float] | None = None,
    within: float | None = None,
) -> Mean:
    """Claim that the samples' expectation is at most ``bound``, for every entry; see `Mean`."""
    return _mean(samples, bound, "at most", limits, 0.0, within)


def mean_at_least(
    samples: Float[Tensor, "trials ..."],
    bound: Float[Tensor, "..."] | float,
    *,
    limits: tuple[float, float] | None = None,
    within: float | None = None,
) -> Mean:
    """Claim that the samples' expectation is at least ``bound``, for every entry; see `Mean`."""
    return _mean(samples, bound, "at least", limits, 0.0, within)


def law_of(
    samples: Float[Tensor, "trials ..."],
    distribution: Any | Callable[[Any], Any],
    *,
    within: float | None = None,
) -> Law:
    """Claim that the samples are independent draws of ``distribution``; see `Law`.

    Raises:
        ClaimError: there are no samples.
    """
    _refuse_no_samples(samples)
    return Law(samples=samples, distribution=distribution, within=_resolution(within))


def _mean(
    samples: Tensor,
    expected: Tensor | float,
    side: Side,
    limits: tuple[float, float] | None,
    tolerance: float,
    within: float | None,
) -> Mean:
    _refuse_no_samples(samples)
    target = torch.as_tensor(expected, device=samples.device, dtype=samples.dtype)
    try:
        target = target.expand(samples.shape[1:])
    except RuntimeError as problem:
        raise ClaimError(
            f"a mean is claimed entry by entry; got samples of shape {tuple(samples.shape)} with "
            f"the trials in front, and an expectation of shape {tuple(target.shape)}"
        ) from problem
    if not tolerance >= 0.0:
        raise ClaimError(f"a tolerance is a number from 0 on; got {tolerance!r}")
    return Mean(
        samples=samples,
        expected=target,
        side=side,
        limits=limits,
        tolerance=tolerance,
        within=_resolution(within),
    )


def _resolution(within: float | None) -> float | None:
    if within is not None and not within > 0.0:
        raise ClaimError(f"a resolution is a number above 0; got within={within!r}")
    return within


def _refuse_no_samples(samples: Tensor) -> None:
    if samples.ndim == 0 or samples.numel() == 0:
        raise ClaimError(
            f"samples have the trials in front and one entry a trial at least; got shape "
            f"{tuple(samples.shape)}"
        )


def _upper(measured: Tensor, bound: Tensor | float, direction: Direction) -> Bound:
    left, right, exact = _sides(measured, bound)
    holds = left < right if direction == "less than" else left <= right
    # Where both sides are negative, theirs is the inverse ratio; at 0 ≤ 0, and where the signs
    # differ, it only says whether the claim holds.
    settled = _holds_or_infinite(holds, left + right)
    settled = torch.where((left < 0) & (right < 0), right / left, settled)
    ratio = torch.where(right > 0, left.clamp(min=0) / right, settled)
    return _worst_entry(ratio, left, right, right != torch.inf, direction, exact=exact)


def _lower(measured: Tensor, bound: Tensor | float, direction: Direction) -> Bound:
    left, right, exact = _sides(measured, bound)
    holds = left > right if direction == "more than" else left >= right
    settled = _holds_or_infinite(holds, left + right)
    settled = torch.where((left < 0) & (right < 0), left / right, settled)
    ratio = torch.where(left > 0, right.clamp(min=0) / left, settled)
    return _worst_entry(ratio, left, right, right != -torch.inf, direction, exact=exact)


def _sides(measured: Tensor, bound: Tensor | float) -> tuple[Tensor, Tensor, bool]:
    """Broadcast the two sides; also say whether both are whole numbers."""
    if not isinstance(measured, Tensor):
        raise ClaimError(f"what is measured is a tensor with the trials in front; got {measured!r}")
    whole = [
        not (side.is_floating_point() or side.is_complex())
        if isinstance(side, Tensor)
        else isinstance(side, int)
        for side in (measured, bound)
    ]
    if measured.is_complex() or (isinstance(bound, Tensor) and bound.is_complex()):
        raise ClaimError("a claim compares real numbers; got complex ones: take .abs() or .real")
    dtype = measured.dtype if measured.is_floating_point() else torch.float64
    left = measured.to(dtype)
    right = torch.as_tensor(bound, device=left.device, dtype=dtype)
    try:
        left, right = torch.broadcast_tensors(left, right)
    except RuntimeError as problem:
        raise ClaimError(
            f"a claim's sides must broadcast; got shapes {tuple(measured.shape)} and "
            f"{tuple(right.shape)}"
        ) from problem
    if left.ndim == 0 or left.shape[0] != (measured.shape[0] if measured.ndim else -1):
        raise ClaimError(
            f"a claim has the trials in front; got shapes {tuple(measured.shape)} and "
            f"{tuple(right.shape)}"
        )
    if left.shape[0] == 0 or left[0].numel() == 0:
        raise ClaimError(f"a claim with no entries says nothing; got shape {tuple(left.shape)}")
    return left, right, all(whole)


def _holds_or_infinite(
    holds: Bool[Tensor, "..."], sides: Float[Tensor, "..."]
) -> Float[Tensor, "..."]:
    settled = torch.where(holds, torch.zeros_like(sides), torch.full_like(sides, torch.inf))
    return torch.where(sides.isnan(), sides, settled)


def _worst_entry(
    ratio: Tensor,
    measured: Tensor,
    bound: Tensor,
    claims: Tensor,
    direction: Direction,
    *,
    exact: bool,
) -> Bound:
    trials = ratio.shape[0]
    # A NaN on either side is a NaN ratio: torch.where above may have dropped one.
    bad = measured.isnan() | bound.isnan()
    ratio = torch.where(bad, torch.full_like(ratio, torch.nan), ratio).reshape(trials, -1)
    index: Int64[Tensor, "trials 1"] = place(_nan_first(ratio).argmax(dim=1, keepdim=True))

    def pick(side: Tensor) -> Tensor:
        return side.reshape(trials, -1).gather(1, index).squeeze(1)

    member = Member(
        name="",
        direction=direction,
        exact=exact,
        ratio=pick(ratio),
        measured=pick(measured),
        bound=pick(bound),
    )
    return Bound(
        members=(member,),
        ratio=member.ratio,
        measured=member.measured,
        bound=member.bound,
        member=torch.zeros_like(index.squeeze(1)),
        allowance=torch.full_like(member.ratio, 0.0 if exact else torch.nan),
        claims=claims.expand(measured.shape).reshape(trials, -1).any(dim=1),
    )


def _worst_claim(claims: Sequence[Bound]) -> Int64[Tensor, "1 trials"]:
    """Say trial by trial which claim is the worst; ties fall by the sides, never by the order."""
    names = ("ratio", "measured", "bound", "allowance")
    return _first_by([[getattr(claim, name) for claim in claims] for name in names])


def _worst_member(members: Sequence[Member]) -> Member:
    names = ("ratio", "measured", "bound")
    worst = _first_by([[getattr(member, name) for member in members] for name in names])
    scaled = [member.scaling for member in members if member.scaling is not None]
    ratio, measured, bound = (_pick([getattr(m, name) for m in members], worst) for name in names)
    return replace(
        members[0],
        ratio=ratio,
        measured=measured,
        bound=bound,
        scaling=_pick(scaled, worst) if len(scaled) == len(members) else None,
    )


def _first_by(keys: Sequence[Sequence[Tensor]]) -> Int64[Tensor, "1 trials"]:
    """Return the place of the largest first key; among equals, of the largest second, ..."""
    left: Tensor | None = None
    for key in keys:
        stacked = torch.stack([_nan_first(entry) for entry in key])
        if left is not None:
            stacked = torch.where(left, stacked, torch.full_like(stacked, -torch.inf))
        best = stacked == stacked.amax(dim=0, keepdim=True)
        left = best if left is None else left & best
    assert left is not None
    return place(left.to(torch.int8).argmax(dim=0, keepdim=True))


def _picked(claims: Sequence[Bound], worst: Tensor) -> dict[str, Tensor]:
    names = ("ratio", "measured", "bound", "allowance")
    return {name: _pick([getattr(claim, name) for claim in claims], worst) for name in names}


def _pick(tensors: Sequence[Tensor], worst: Int64[Tensor, "1 trials"]) -> Tensor:
    stacked = torch.stack(list(tensors))
    index = worst.reshape(*worst.shape, *(1 for _ in stacked.shape[2:]))
    return stacked.gather(0, index.expand(1, *stacked.shape[1:])).squeeze(0)


def _attached(claims: Sequence[Bound], what: str) -> dict[str, Tensor]:
    """Choose trial by trial what is attached under each name: that of the worst that has it."""
    chosen = {}
    for name in dict.fromkeys(name for claim in claims for name in getattr(claim, what)):
        having = [claim for claim in claims if name in getattr(claim, what)]
        tensors = [getattr(claim, what)[name] for claim in having]
        if len({tuple(tensor.shape) for tensor in tensors}) > 1:
            shapes = ", ".join(str(tuple(tensor.shape)) for tensor in tensors)
            raise ClaimError(f"{name!r} is attached with different shapes: {shapes}; name it twice")
        chosen[name] = tensors[0] if len(having) == 1 else _pick(tensors, _worst_claim(having))
    return chosen


def _joint_probability(claims: Sequence[Bound], *, union: bool) -> float | None:
    said = [claim.probability for claim in claims if claim.probability is not None]
    if union:
        return sum(said) if said else None
    if not said or len(claims) == 1:
        return said[0] if said else None
    if len(said) < len(claims):
        raise ClaimError(
            "some members of all_of may fail with a probability and others may not: give the "
            "event's probability once, to the result, or declare their sum with union=True"
        )
    if len(set(said)) > 1:
        raise ClaimError(
            f"the members of all_of fail with probabilities {', '.join(f'{p:g}' for p in said)}: "
            "give the event's probability once, to the result, or declare their sum with union=True"
        )
    return said[0]


def _renamed(claim: Bound, name: str) -> Bound:
    if len(claim.members) == 1:
        return claim.named(name)
    members = tuple(
        replace(member, name=f"{name}.{member.name}" if member.name else name)
        for member in claim.members
    )
    return replace(claim, members=members)


def _numbered(members: tuple[Member, ...]) -> tuple[Member, ...]:
    """Give the nameless members of a composed claim numbers, and equal names apart."""
    if len(members) == 1:
        return members
    taken: dict[str, int] = {}
    named = []
    for member in members:
        name = member.name or member.direction
        taken[name] = taken.get(name, 0) + 1
        named.append(replace(member, name=name if taken[name] == 1 else f"{name} {taken[name]}"))
    return tuple(named)


def _refuse_lengths(claims: Sequence[Bound]) -> None:
    lengths = {len(claim.ratio) for claim in claims}
    if len(lengths) > 1:
        raise ClaimError(f"the claims are about {sorted(lengths)} trials: join equal numbers")


def _nan_first(ratio: Tensor) -> Tensor:
    """Order NaN above everything, infinity included, so that no maximum passes over it."""
    largest = torch.finfo(ratio.dtype).max
    return torch.where(ratio.isnan(), torch.inf, ratio.clamp(min=-largest, max=largest))
