"""Evaluation: run a statement's check on trials of one instance, batch by batch.

The first block of an instance is counted (`lemmata.harness.counting`): its price decides how many
trials the budget pays for, how many fit into memory at once, and how much rounding may explain.
Counting takes longer than the trials do: who needs no price unless a first look leaves something
open asks for none, and for it later. The batch that fits is remembered for the instance, halved
when memory runs out, and changes no trial.
An exception inside a statement becomes a `BrokenStatement` that names the instance.
"""

from __future__ import annotations

import math
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import torch
from hypothesis.errors import HypothesisException, UnsatisfiedAssumption
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from lemmata.harness.adversary.draws import ascended
from lemmata.harness.claims import Bound, Claim, Law, Mean
from lemmata.harness.counting import CountedEnough, Footprint, counted
from lemmata.harness.draw import Draw
from lemmata.harness.journal import Journal
from lemmata.harness.levels import ALLOWANCE, UNDERFLOW
from lemmata.harness.memory import batch_for, batch_in_cache, is_out_of_memory
from lemmata.harness.places import noted
from lemmata.harness.private import as_if_in_a_test
from lemmata.harness.profiles import BLOCK
from lemmata.harness.statements import Constant
from lemmata.harness.trials import Moved, Trials
from lemmata.harness.work import LastTrials, Price, price

Array: TypeAlias = Float[np.ndarray, "trials"]

_ROUNDINGS_A_TERM = 16.0

SHOWN = 30
"""Numbers that a trial draws and that are printed with it."""

UNPRICED = 2 * BLOCK
"""Trials at once of an instance of which it is not known how many fit."""


class BrokenStatement(Exception):
    """A statement that raised, or returned what is no claim."""

    def __init__(self, text: str, token: str = "") -> None:
        super().__init__(text)
        self.token = token


class Discarded(Exception):
    """An instance that the statement itself assumed away."""


class OutOfTime(Exception):
    """A deadline that passed before there was anything to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSides:
    """One member of a bound, on the CPU; see `lemmata.harness.claims.Member`."""

    name: str
    direction: str
    exact: bool
    ratio: Array
    measured: Array
    bound: Array
    scaling: Array | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a bound says of consecutive trials, on the CPU; see `lemmata.harness.claims.Bound`.

    Attributes:
        allowance: how far a ratio may exceed its threshold by rounding, trial by trial.
        unsaid: whether the statement leaves it to the harness how far that is.
        claims: whether the trial claims anything.
        seconds: that evaluating took.
    """

    first: int
    members: tuple[MemberSides, ...]
    ratio: Array
    measured: Array
    bound: Array
    member: Int64[np.ndarray, "trials"]
    allowance: Array
    unsaid: Bool[np.ndarray, "trials"]
    claims: Bool[np.ndarray, "trials"]
    probability: float | None
    attacks: dict[str, Array]
    curves: dict[str, Float[np.ndarray, "trials steps"]]
    reports: dict[str, Array]
    scaling: Array | None
    found_by: list[str | None]
    seconds: float = 0.0

    def __len__(self) -> int:
        return len(self.ratio)

    @property
    def direction(self) -> str:
        """The members' direction, or "mixed"."""
        directions = {member.direction for member in self.members}
        return directions.pop() if len(directions) == 1 else "mixed"

    def member_of(self, trial: int) -> MemberSides:
        """Return the member that is worst in a trial of this batch."""
        return self.members[int(self.member[trial])]

    def worst_is(self, such: Callable[[MemberSides], bool]) -> Bool[np.ndarray, "trials"]:
        """Say for each trial whether its worst member is such."""
        return np.array([such(member) for member in self.members])[self.member]


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Samples whose mean or law is claimed, on the CPU."""

    first: int
    values: Float[np.ndarray, "trials entries"]
    claim: Mean | Law
    seconds: float = 0.0

    def __len__(self) -> int:
        return len(self.values)


Evaluated: TypeAlias = Bounds | Samples


def evaluate(
    draw: Draw, *, first: int, count: int, deadline: float = math.inf, priced: bool = True
) -> Evaluated:
    """Run the check on the trials ``first, ..., first + count - 1``.

    Args:
        draw: what the trials are of.
        first: index of the first.
        count: how many.
        deadline: on the monotonic clock; once it has passed no further batch begins, and fewer
            trials come back, of one block at least.
        priced: whether an instance without a price gets one.

    Raises:
        BrokenStatement: the check raised, or returned no claim of its kind, or one with a wrong
            number of trials.
        Discarded: the check assumed the instance away.
    """
    prices = draw.run.prices
    key = draw.subject.id, draw.hash
    pieces: list[Evaluated] = []
    done, pace = 0, math.inf
    while done < count:
        known = prices.known.get(key)
        size = min(prices.batches.get(key, BLOCK if priced else UNPRICED), count - done)
        if deadline < math.inf:
            left = deadline - time.monotonic()
            if done >= min(BLOCK, count) and left <= 0.0:
                break
            size = min(size, max(1, int(left / pace / BLOCK)) * BLOCK)
        begin = time.perf_counter()
        try:
            if known is None and (priced or draw.run.dtype != torch.float64):
                claim = _priced(draw, first + done, size)
                known = prices.known[key]
            else:
                claim = _claimed(draw, first + done, size)
        except MemoryRanOut:
            if size == 1:
                raise BrokenStatement(
                    f"one trial of {draw.subject.id} does not fit into memory at "
                    f"{draw.place.words}: draw smaller sizes"
                ) from None
            prices.batches[key] = max(1, size // 2)
            if draw.run.device.type == "cuda":
                torch.cuda.empty_cache()
            continue
        seconds = time.perf_counter() - begin
        pieces.append(kept(claim, first + done, known or Price(), seconds))
        pace = max(seconds, 1e-9) / size
        done += size
    return _joined(pieces)


def _priced(draw: Draw, first: int, size: int) -> Claim:
    """Run the check while counting what it costs, as far as that can decide anything."""
    prices, key = draw.run.prices, (draw.subject.id, draw.hash)
    try:
        with counted(draw.run.device, draw.run.profile.most_work) as footprint:
            claim = _claimed(draw, first, size)
    except CountedEnough as enough:
        footprint = enough.so_far
        claim = _claimed(draw, first, size)
        prices.batches[key] = min(UNPRICED, batch_for(footprint.bytes, size, draw.run.device))
    else:
        prices.batches[key] = _batch(draw, footprint, size)
    prices.known[key] = price(footprint, size, draw.part.cost)
    return claim


def _batch(draw: Draw, footprint: Footprint, size: int) -> int:
    """Return how many trials at once, given what some took."""
    return min(
        batch_for(footprint.bytes, size, draw.run.device),
        batch_in_cache(footprint.elements_an_operation / size, draw.run.device),
    )


def _claimed(draw: Draw, first: int, count: int) -> Claim:
    """Return what the check says of a batch; of a small one, keep what it drew and where it is
    worst.
    """
    if count > UNPRICED:
        return claimed(draw, draw.trials(first, count))
    return _kept_trials(draw, first, count)[0]


def _kept_trials(draw: Draw, first: int, count: int) -> tuple[Claim, LastTrials]:
    """Run the check, and keep what the trials drew and where they are worst."""
    journal = Journal(SHOWN)
    with noted() as places:
        claim = claimed(draw, replace(draw.trials(first, count), journal=journal))
    draw.run.prices.last = LastTrials(
        of=(draw.hash, draw.stream), first=first, count=count, journal=journal, places=places
    )
    return claim, draw.run.prices.last


def drawn_in(draw: Draw, trial: int) -> dict[str, Tensor]:
    """Return what a trial drew, by name, where it is up to `SHOWN` numbers.

    Raises:
        BrokenStatement, Discarded, MemoryRanOut: see `claimed`.
    """
    last = _last(draw)
    if last is None or not last.first <= trial < last.first + last.count:
        _, last = _kept_trials(draw, trial, 1)
    return {name: tensor[trial - last.first] for name, tensor in last.journal.items()}


def places_of(draw: Draw, first: int, count: int) -> list[Tensor]:
    """Return where trials are worst, and what searches found in them.

    Raises:
        BrokenStatement, Discarded, MemoryRanOut: see `claimed`.
    """
    last = _last(draw)
    if last is None or (last.first, last.count) != (first, count):
        _, last = _kept_trials(draw, first, count)
    return last.places


def _last(draw: Draw) -> LastTrials | None:
    """Return the last evaluation, where it was of this draw."""
    last = draw.run.prices.last
    return last if last is not None and last.of == (draw.hash, draw.stream) else None


def settle_price(draw: Draw) -> None:
    """Count a first block, where none was: it is evaluated once more.

    Raises:
        BrokenStatement, Discarded: see `evaluate`.
    """
    if (draw.subject.id, draw.hash) not in draw.run.prices.known:
        evaluate(draw, first=0, count=BLOCK)


def price_of(draw: Draw) -> Price:
    """Return what a trial of the instance costs, as its first block showed; at least that, where a
    block costs more than all the work that the profile gives.
    """
    return draw.run.prices.known.get((draw.subject.id, draw.hash), Price())


def is_random(draw: Draw) -> bool:
    """Whether the instance's trials drew anything, as far as they were evaluated."""
    return bool(draw.run.prices.asked.get((draw.subject.id, draw.hash)))


class MemoryRanOut(Exception):
    """The batch does not fit into memory."""


def claimed(draw: Draw, trials: Trials) -> Claim:
    """Return what the check says of a batch of trials.

    Raises:
        BrokenStatement, Discarded: see `evaluate`.
        MemoryRanOut: the batch does not fit.
    """
    subject = draw.subject
    try:
        with as_if_in_a_test(subject.check):
            claim = subject.check(**draw.instance, trials=trials)
    except UnsatisfiedAssumption as unmet:
        raise Discarded from unmet
    except (HypothesisException, KeyboardInterrupt, CountedEnough):
        raise
    except BaseException as problem:
        if is_out_of_memory(problem):
            raise MemoryRanOut from problem
        where = traceback.extract_tb(problem.__traceback__)[-1]
        raise BrokenStatement(
            f"{subject.id} raised {type(problem).__name__}: {problem} (at {where.filename}:"
            f"{where.lineno}) on {draw.place.words}"
        ) from problem
    _refuse_misfit(draw, claim, trials.count)
    return claim


def _refuse_misfit(draw: Draw, claim: object, count: int) -> None:
    subject, kind = draw.subject.id, draw.part.kind
    if isinstance(claim, Bound):
        got = len(claim.ratio)
    elif isinstance(claim, Mean | Law):
        got = len(claim.samples)
    else:
        raise BrokenStatement(
            f"{subject} returned {type(claim).__name__}, which is no claim: return at_most(...), "
            f"at_least(...), equal(...), mean_of(...) or law_of(...)"
        )
    if got != count:
        raise BrokenStatement(
            f"{subject} returned {got} trials in place of {count}: keep the trials in front of "
            "every tensor"
        )
    if text := _against_kind(kind, claim, draw.subject.constant):
        raise BrokenStatement(f"{subject} is of kind {kind!r} and {text}")


def _against_kind(kind: str, claim: Claim, constant: Constant | None) -> str:
    """Say how a claim is not of the kind that was declared; empty where it is."""
    if isinstance(claim, Mean):
        return "" if kind == "mean" else "returned a mean: its kind is 'mean'"
    if isinstance(claim, Law):
        return "" if kind == "law" else "returned a law: its kind is 'law'"
    if kind in ("mean", "law"):
        return f"returned a bound: return {kind}_of(...), or change the kind"
    by_chance = claim.probability is not None or (constant is not None and constant.failure > 0)
    if kind == "identity" and all(member.direction != "equal" for member in claim.members):
        return "claims no equality: return equal(...), or make it an 'inequality'"
    if kind == "probability" and not by_chance:
        return "claims no probability: add .except_with_probability(...), or change the kind"
    if kind in ("identity", "inequality") and by_chance:
        return "may fail with a probability: its kind is 'probability'"
    return ""


def kept(claim: Claim, first: int, known: Price, seconds: float) -> Evaluated:
    """Bring a claim to the CPU."""
    if not isinstance(claim, Bound):
        values = _numpy(claim.samples)
        flat = values.reshape(len(values), -1)
        return Samples(first=first, values=flat, claim=claim, seconds=seconds)
    eps = torch.finfo(claim.ratio.dtype).eps
    usual = max(ALLOWANCE, _ROUNDINGS_A_TERM * eps * known.terms**0.5)
    said = _numpy(claim.allowance)
    allowance = np.nan_to_num(said, nan=usual)
    measured, bound = _numpy(claim.measured), _numpy(claim.bound)
    bounds = Bounds(
        first=first,
        members=tuple(
            MemberSides(
                name=member.name,
                direction=member.direction,
                exact=member.exact,
                ratio=_numpy(member.ratio),
                measured=_numpy(member.measured),
                bound=_numpy(member.bound),
                scaling=None if member.scaling is None else _numpy(member.scaling),
            )
            for member in claim.members
        ),
        ratio=_numpy(claim.ratio),
        measured=measured,
        bound=bound,
        member=claim.member.cpu().numpy(),
        allowance=allowance,
        unsaid=np.isnan(said),
        claims=claim.claims.cpu().numpy(),
        probability=claim.probability,
        attacks={name: _numpy(ratio) for name, ratio in claim.attacks.items()},
        curves={name: _numpy(curve) for name, curve in claim.curves.items()},
        reports={name: _numpy(values) for name, values in claim.reports.items()},
        scaling=None if claim.scaling is None else _numpy(claim.scaling),
        found_by=claim.found_by(),
        seconds=seconds,
    )
    tiny = np.maximum(np.abs(measured), np.abs(bound)) < UNDERFLOW
    zero = (measured == 0) & (bound == 0)
    rounded = bounds.worst_is(lambda member: not member.exact and member.direction != "equal")
    return replace(bounds, allowance=np.where(tiny & rounded & ~zero, np.inf, allowance))


def bounds_of(draw: Draw, trials: Trials) -> Bounds:
    """Return what a bound says of trials that are drawn in another way than `evaluate` does.

    Raises:
        BrokenStatement, Discarded, MemoryRanOut: see `claimed`.
    """
    bounds = kept(claimed(draw, trials), trials.first, price_of(draw), 0.0)
    assert isinstance(bounds, Bounds)
    return bounds


def ascended_draws(draw: Draw, trials: Trials, steps: int) -> Moved | None:
    """Ascend over the draws of a bound's trials; None where there is nowhere to go.

    Raises:
        BrokenStatement, Discarded, MemoryRanOut: see `claimed`.
    """

    def check(moving: Trials) -> Bound:
        claim = claimed(draw, moving)
        if not isinstance(claim, Bound):
            raise BrokenStatement(f"{draw.subject.id} claims no bound: nothing can be ascended")
        return claim

    return ascended(check, trials, steps)


def _joined(pieces: Sequence[Evaluated]) -> Evaluated:
    head = pieces[0]
    if len(pieces) == 1:
        return head
    seconds = sum(piece.seconds for piece in pieces)
    if isinstance(head, Samples):
        values = np.concatenate([piece.values for piece in pieces if isinstance(piece, Samples)])
        return replace(head, values=values, seconds=seconds)
    return join([piece for piece in pieces if isinstance(piece, Bounds)])


def join(pieces: Sequence[Bounds]) -> Bounds:
    """Join batches of consecutive trials of one claim."""
    head = pieces[0]

    def by_name(name: str) -> dict[str, Any]:
        maps = [getattr(piece, name) for piece in pieces]
        return {key: np.concatenate([one[key] for one in maps]) for key in maps[0]}

    members = tuple(
        _joined_member([piece.members[place] for piece in pieces])
        for place in range(len(head.members))
    )
    return replace(
        head,
        ratio=_column(pieces, "ratio"),
        measured=_column(pieces, "measured"),
        bound=_column(pieces, "bound"),
        member=_column(pieces, "member"),
        allowance=_column(pieces, "allowance"),
        unsaid=_column(pieces, "unsaid"),
        claims=_column(pieces, "claims"),
        members=members,
        attacks=by_name("attacks"),
        curves=by_name("curves"),
        reports=by_name("reports"),
        scaling=None if head.scaling is None else _column(pieces, "scaling"),
        found_by=[name for piece in pieces for name in piece.found_by],
        seconds=sum(piece.seconds for piece in pieces),
    )


def _joined_member(pieces: Sequence[MemberSides]) -> MemberSides:
    return replace(
        pieces[0],
        ratio=_column(pieces, "ratio"),
        measured=_column(pieces, "measured"),
        bound=_column(pieces, "bound"),
        scaling=None if pieces[0].scaling is None else _column(pieces, "scaling"),
    )


def _column(pieces: Sequence[object], name: str) -> Any:
    return np.concatenate([getattr(piece, name) for piece in pieces])


def _numpy(tensor: Tensor) -> Array:
    return tensor.detach().to("cpu", torch.float64).numpy()
