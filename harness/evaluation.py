"""Evaluation.

Run a statement's check on trials of one instance, batch by batch, and keep what it says per trial.

The batch grows from one block to what memory holds and is halved when memory runs out; trials do
not depend on it. An exception inside a statement becomes a `BrokenStatement` that names the
instance.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import torch
from hypothesis.errors import HypothesisException, UnsatisfiedAssumption
from jaxtyping import Float

from lemmata.harness.claims import Bound, Claim, Law, Mean
from lemmata.harness.instances import Instance, describe
from lemmata.harness.memory import batch_for, is_out_of_memory, measured
from lemmata.harness.outside import as_if_in_a_test
from lemmata.harness.profiles import BLOCK
from lemmata.harness.run import Run
from lemmata.harness.statements import Subject

Array = Float[np.ndarray, "trials"]
_Kept = TypeVar("_Kept", Array, Float[np.ndarray, "trials steps"])


class BrokenStatement(Exception):
    """A statement that raised, or returned what is no claim."""


class Discarded(Exception):
    """An instance that the statement itself assumed away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a bound says of consecutive trials, on the CPU.

    See `lemmata.harness.claims.Bound` for the fields.
    """

    first: int
    ratio: Array
    measured: Array
    bound: Array
    allowance: Array
    direction: str
    probability: float | None
    attacks: dict[str, Array]
    curves: dict[str, Float[np.ndarray, "trials steps"]]
    reports: dict[str, Array]
    scaling: Array | None
    found_by: list[str | None] = field(default_factory=list)
    seconds: float = 0.0

    def __len__(self) -> int:
        return len(self.ratio)


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Samples whose mean or law is claimed, on the CPU."""

    first: int
    values: Float[np.ndarray, "trials entries"]
    claim: Mean | Law
    seconds: float = 0.0

    def __len__(self) -> int:
        return len(self.values)


Evaluated = Bounds | Samples


def evaluate(
    run: Run, subject: Subject, instance: Instance, *, stream: str, first: int, count: int
) -> Evaluated:
    """Run the check on the trials ``first, ..., first + count - 1`` of a stream.

    Raises:
        BrokenStatement: the check raised, or returned no claim, or a claim with a wrong number of
            trials.
        Discarded: the check assumed the instance away.
    """
    pieces: list[Evaluated] = []
    done, batch, roomy = 0, min(BLOCK, count), False
    while done < count:
        size = min(batch, count - done)
        begin = time.perf_counter()
        try:
            if roomy or count <= BLOCK:
                claim = _claim(run, subject, instance, stream, first + done, size)
            else:
                with measured(run.device) as footprint:
                    claim = _claim(run, subject, instance, stream, first + done, size)
                batch, roomy = batch_for(footprint, size, run.device), True
        except _MemoryRanOut:
            if size == 1:
                raise BrokenStatement(
                    f"one trial of {subject.id} does not fit into memory at {describe(instance)}: draw smaller sizes"
                ) from None
            batch, roomy = max(1, size // 2), True
            if run.device.type == "cuda":
                torch.cuda.empty_cache()
            continue
        pieces.append(_kept(claim, first + done, time.perf_counter() - begin))
        done += size
    return _joined(pieces)


class _MemoryRanOut(Exception):
    pass


def _claim(
    run: Run, subject: Subject, instance: Instance, stream: str, first: int, count: int
) -> Claim:
    trials = run.trials(subject, instance, stream=stream, first=first, count=count)
    try:
        with as_if_in_a_test(subject.check):
            claim = subject.check(**instance, trials=trials)
    except UnsatisfiedAssumption as unmet:
        raise Discarded from unmet
    except HypothesisException:
        raise
    except Exception as problem:
        if is_out_of_memory(problem):
            raise _MemoryRanOut from problem
        where = traceback.extract_tb(problem.__traceback__)[-1]
        raise BrokenStatement(
            f"{subject.id} raised {type(problem).__name__}: {problem} (at {where.filename}:{where.lineno}) on {describe(instance)}"
        ) from problem
    got = (
        len(claim.ratio)
        if isinstance(claim, Bound)
        else len(claim.samples)
        if isinstance(claim, Mean | Law)
        else None
    )
    if got is None:
        raise BrokenStatement(
            f"{subject.id} returned {type(claim).__name__}, which is no claim: return at_most(...), at_least(...), equal(...), "
            f"mean_of(...) or law_of(...)"
        )
    if got != count:
        raise BrokenStatement(
            f"{subject.id} returned {got} trials in place of {count}: keep the trials in front of every tensor"
        )
    return claim


def _kept(claim: Claim, first: int, seconds: float) -> Evaluated:
    if isinstance(claim, Bound):
        return Bounds(
            first=first,
            ratio=_numpy(claim.ratio),
            measured=_numpy(claim.measured),
            bound=_numpy(claim.bound),
            allowance=np.nan_to_num(_numpy(claim.allowance), nan=1e-9),
            direction=claim.direction,
            probability=claim.probability,
            attacks={name: _numpy(ratio) for name, ratio in claim.attacks.items()},
            curves={name: _numpy(curve) for name, curve in claim.curves.items()},
            reports={name: _numpy(values) for name, values in claim.reports.items()},
            scaling=None if claim.scaling is None else _numpy(claim.scaling),
            found_by=claim.found_by(),
            seconds=seconds,
        )
    values = _numpy(claim.samples)
    return Samples(
        first=first, values=values.reshape(len(values), -1), claim=claim, seconds=seconds
    )


def _joined(pieces: Sequence[Evaluated]) -> Evaluated:
    if len(pieces) == 1:
        return pieces[0]
    head, seconds = pieces[0], sum(piece.seconds for piece in pieces)
    if isinstance(head, Samples):
        values = np.concatenate([piece.values for piece in pieces if isinstance(piece, Samples)])
        return Samples(first=head.first, values=values, claim=head.claim, seconds=seconds)
    bounds = [piece for piece in pieces if isinstance(piece, Bounds)]

    def join(name: str) -> Array:
        return np.concatenate([getattr(piece, name) for piece in bounds])

    return Bounds(
        first=head.first,
        ratio=join("ratio"),
        measured=join("measured"),
        bound=join("bound"),
        allowance=join("allowance"),
        direction=head.direction,
        probability=head.probability,
        attacks=_joined_by_name([piece.attacks for piece in bounds]),
        curves=_joined_by_name([piece.curves for piece in bounds]),
        reports=_joined_by_name([piece.reports for piece in bounds]),
        scaling=None if head.scaling is None else join("scaling"),
        found_by=[name for piece in bounds for name in piece.found_by],
        seconds=seconds,
    )


def _joined_by_name(pieces: Sequence[dict[str, _Kept]]) -> dict[str, _Kept]:
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}


def _numpy(tensor: torch.Tensor) -> Any:
    return tensor.detach().to("cpu", torch.float64).numpy()
