"""Claims: what a statement returns, the two sides of its inequality for every trial.

A statement measures something and compares it with its bound:

    at_most(measured, bound)                     an upper bound, entry by entry
    at_least(measured, bound)                    a lower bound
    equal(measured, expected, roundings=...)     an identity in floating point
    worst_of(random=claim, greedy=claim)         the same bound at several points that an adversary found
    all_of(claim, claim)                         several bounds on one event
    mean_of(samples, expected)                   an expectation
    law_of(samples, distribution)                a distribution

Every entry of a trial has to satisfy the bound: the trial's *ratio* is its worst entry's measured/bound for an upper bound and
bound/measured for a lower one, so that a ratio above 1 is a violation. A ratio is never negative; it is NaN where a side is NaN, and NaN
never passes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypeAlias

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

Sides: TypeAlias = tuple[Float[Tensor, "trials"], Float[Tensor, "trials"]]


class ClaimError(ValueError):
    """A claim whose tensors do not fit together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """An inequality that each trial satisfies or not.

    Attributes:
        ratio: of the worst entry, trial by trial.
        measured: the measured side at that entry.
        bound: the bound at that entry.
        direction: "at most", "at least" or "equal".
        allowance: how far a ratio may exceed 1 by rounding alone, trial by trial.
        probability: the claimed probability that a trial fails, or None where none may.
        attacks: for each attack of an adversary its ratios, trial by trial.
        curves: what happened along a trajectory, (trials, steps) by name.
        scaling: what a slope is fitted to in place of the ratio, where a statement says so.
        reports: further quantities that the report shows, trial by trial.
    """

    ratio: Float[Tensor, "trials"]
    measured: Float[Tensor, "trials"]
    bound: Float[Tensor, "trials"]
    direction: str
    allowance: Float[Tensor, "trials"]
    probability: float | None = None
    attacks: Mapping[str, Float[Tensor, "trials"]] = field(default_factory=dict)
    curves: Mapping[str, Float[Tensor, "trials steps"]] = field(default_factory=dict)
    scaling: Float[Tensor, "trials"] | None = None
    reports: Mapping[str, Float[Tensor, "trials"]] = field(default_factory=dict)

    def except_with_probability(self, p: float) -> Self:
        """Claim that the bound fails with probability at most ``p`` (a trial), 1 or more saying nothing.

        Raises:
            ClaimError: ``p`` is negative or not a number.
        """
        if not p >= 0.0:
            raise ClaimError(f"a failure probability is a number from 0 on; got {p!r}")
        return replace(self, probability=float(p))

    def up_to_roundings(self, count: float) -> Self:
        """Allow for ``count`` roundings: what the computation amplifies unit roundoff by, on the scale of the bound."""
        return replace(self, allowance=self.allowance + count * torch.finfo(self.ratio.dtype).eps)

    def with_curves(self, **curves: Float[Tensor, "trials steps"]) -> Self:
        """Keep what happened along a trajectory, for the report."""
        return replace(self, curves={**self.curves, **curves})

    def scaling_as(self, quantity: Float[Tensor, "trials"]) -> Self:
        """Fit slopes to ``quantity`` in place of the ratio."""
        return replace(self, scaling=quantity)

    def reporting(self, **quantities: Float[Tensor, "trials"]) -> Self:
        """Keep further quantities for the report."""
        return replace(self, reports={**self.reports, **quantities})

    def found_by(self) -> list[str | None]:
        """Name for each trial the attack whose ratio is the worst, or None where there was no adversary."""
        if not self.attacks:
            return [None] * len(self.ratio)
        names = list(self.attacks)
        return [names[index] for index in torch.stack([_nan_first(self.attacks[name]) for name in names]).argmax(dim=0).tolist()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """An expectation: the samples' means are the expected ones, for every entry of the trailing shape."""

    samples: Float[Tensor, "trials ..."]
    expected: Float[Tensor, "..."]
    limits: tuple[float, float] | None = None
    tolerance: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """A distribution: every sample, over trials and trailing shape, is an independent draw of a scipy distribution or has the cdf."""

    samples: Float[Tensor, "trials ..."]
    distribution: Any


Claim: TypeAlias = Bound | Mean | Law


def at_most(measured: Float[Tensor, "trials ..."], bound: Float[Tensor, "..."] | float) -> Bound:
    """Claim measured ≤ bound, entry by entry; ``bound`` broadcasts against ``measured``.

    Raises:
        ClaimError: the sides do not broadcast to a tensor with the trials in front, or are empty.
    """
    left, right = _sides(measured, bound)
    # 0 ≤ 0 holds and a negative bound cannot be divided by: there the ratio only says whether the claim holds.
    ratio = torch.where(right > 0, left.clamp(min=0) / right, _holds_or_infinite(left <= right, left + right))
    return _worst_entry(ratio, left, right, "at most")


def at_least(measured: Float[Tensor, "trials ..."], bound: Float[Tensor, "..."] | float) -> Bound:
    """Claim measured ≥ bound, entry by entry; ``bound`` broadcasts against ``measured``.

    Raises:
        ClaimError: the sides do not broadcast to a tensor with the trials in front, or are empty.
    """
    left, right = _sides(measured, bound)
    ratio = torch.where(left > 0, right.clamp(min=0) / left, _holds_or_infinite(left >= right, left + right))
    return _worst_entry(ratio, left, right, "at least")


def equal(
    measured: Float[Tensor, "trials ..."],
    expected: Float[Tensor, "..."] | float,
    *,
    roundings: float,
    scale: Float[Tensor, "..."] | float | None = None,
) -> Bound:
    """Claim an identity: the sides differ by no more than ``roundings`` units of roundoff of ``scale``.

    Args:
        measured: one side.
        expected: the other side.
        roundings: how many roundings the worse side accumulates, times the condition of the computation.
        scale: what the roundings are relative to; the larger of the two sides' magnitudes by default.

    Returns:
        A claim whose ratio is |measured - expected| over the allowed error: an identity has no other slack.
    """
    left, right = _sides(measured, expected)
    size = torch.maximum(left.abs(), right.abs()) if scale is None else torch.as_tensor(scale, device=left.device, dtype=left.dtype).abs()
    allowed = roundings * torch.finfo(left.dtype).eps * size
    error = (left - right).abs()
    ratio = torch.where(allowed.expand_as(error) > 0, error / allowed, _holds_or_infinite(error == 0, error))
    return _worst_entry(ratio, left, right, "equal")


def worst_of(**found: Bound) -> Bound:
    """Take, trial by trial, the worst of the same claim at several points; the names are the attacks that found them.

    Raises:
        ClaimError: no attack, or attacks that disagree on the claim.
    """
    if not found:
        raise ClaimError("worst_of needs the claim at one point at least")
    claims = list(found.values())
    if len({(claim.direction, claim.probability) for claim in claims}) > 1:
        raise ClaimError(f"the attacks {', '.join(found)} claim different things")
    worst = _select(claims)
    attacks = {name: claim.ratio for name, claim in found.items()}
    return replace(worst, attacks=attacks, reports={k: v for claim in claims for k, v in claim.reports.items()})


def all_of(*claims: Bound) -> Bound:
    """Claim several bounds on one event: a trial fails if any of them fails. Attacks, curves and reports are kept.

    Raises:
        ClaimError: no claim, or claims with different probabilities.
    """
    if not claims:
        raise ClaimError("all_of needs one claim at least")
    if len({claim.probability for claim in claims if claim.probability is not None}) > 1:
        raise ClaimError("all_of joins bounds on one event: give the event's probability once, to the result")
    attacks: dict[str, Tensor] = {}
    for claim in claims:
        for name, ratio in claim.attacks.items():
            attacks[name] = torch.maximum(attacks[name], ratio) if name in attacks else ratio
    worst = _select(list(claims))
    return replace(
        worst,
        attacks=attacks,
        curves={k: v for claim in claims for k, v in claim.curves.items()},
        reports={k: v for claim in claims for k, v in claim.reports.items()},
        scaling=next((claim.scaling for claim in claims if claim.scaling is not None), None),
    )


def mean_of(
    samples: Float[Tensor, "trials ..."],
    expected: Float[Tensor, "..."] | float,
    *,
    limits: tuple[float, float] | None = None,
    tolerance: float = 0.0,
) -> Mean:
    """Claim that the samples' expectation is ``expected``, up to ``tolerance``; ``limits`` where the samples are bounded."""
    target = torch.as_tensor(expected, device=samples.device, dtype=samples.dtype).expand(samples.shape[1:])
    return Mean(samples=samples, expected=target, limits=limits, tolerance=tolerance)


def law_of(samples: Float[Tensor, "trials ..."], distribution: Any | Callable[[Any], Any]) -> Law:
    """Claim that the samples are independent draws of ``distribution``: a frozen scipy distribution, or a cdf on numpy arrays."""
    return Law(samples=samples, distribution=distribution)


def _sides(measured: Tensor, bound: Tensor | float) -> tuple[Tensor, Tensor]:
    right = torch.as_tensor(bound, device=measured.device, dtype=measured.dtype)
    try:
        left, right = torch.broadcast_tensors(measured, right)
    except RuntimeError as problem:
        raise ClaimError(f"a claim's sides must broadcast; got shapes {tuple(measured.shape)} and {tuple(right.shape)}") from problem
    if left.ndim == 0 or left.shape[0] != measured.shape[0]:
        raise ClaimError(f"a claim has the trials in front; got shapes {tuple(measured.shape)} and {tuple(right.shape)}")
    if left[0].numel() == 0:
        raise ClaimError(f"a claim with no entries says nothing; got shape {tuple(left.shape)}")
    return left, right


def _holds_or_infinite(holds: Bool[Tensor, "..."], sides: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    settled = torch.where(holds, torch.zeros_like(sides), torch.full_like(sides, torch.inf))
    return torch.where(sides.isnan(), sides, settled)


def _worst_entry(ratio: Tensor, measured: Tensor, bound: Tensor, direction: str) -> Bound:
    trials = ratio.shape[0]
    # A NaN on either side is a NaN ratio: torch.where above may have dropped one.
    ratio = torch.where(measured.isnan() | bound.isnan(), torch.full_like(ratio, torch.nan), ratio).reshape(trials, -1)
    index: Int64[Tensor, "trials 1"] = _nan_first(ratio).argmax(dim=1, keepdim=True)

    def pick(side: Tensor) -> Tensor:
        return side.reshape(trials, -1).gather(1, index).squeeze(1)

    return Bound(
        ratio=pick(ratio), measured=pick(measured), bound=pick(bound), direction=direction, allowance=torch.zeros_like(ratio[:, 0])
    )


def _select(claims: list[Bound]) -> Bound:
    index = torch.stack([_nan_first(claim.ratio) for claim in claims]).argmax(dim=0, keepdim=True)

    def pick(name: str) -> Tensor:
        return torch.stack([getattr(claim, name) for claim in claims]).gather(0, index).squeeze(0)

    return replace(claims[0], ratio=pick("ratio"), measured=pick("measured"), bound=pick("bound"), allowance=pick("allowance"))


def _nan_first(ratio: Tensor) -> Tensor:
    """Order NaN above everything, infinity included, so that no maximum passes over it."""
    return torch.where(ratio.isnan(), torch.full_like(ratio, torch.inf), ratio.clamp(max=torch.finfo(ratio.dtype).max))
