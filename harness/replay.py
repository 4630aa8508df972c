"""Replay: draw the one trial that a token names again, alone and on the CPU."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lemmata.harness.claims import Bound, Claim
from lemmata.harness.counting import TooLargeError, counted, tensors_of_at_most
from lemmata.harness.draw import Draw
from lemmata.harness.evaluation import (
    Bounds,
    BrokenStatement,
    Discarded,
    MemoryRanOut,
    ascended_draws,
    claimed,
    kept,
)
from lemmata.harness.generation import generation_of
from lemmata.harness.instances import Instance, decode_arguments, describe
from lemmata.harness.journal import Journal
from lemmata.harness.judging import sides_of
from lemmata.harness.memory import free_memory
from lemmata.harness.profiles import PROFILES
from lemmata.harness.records import read_run, runs_in
from lemmata.harness.registry import find_subject
from lemmata.harness.run import Run, dtype_named
from lemmata.harness.schema import PartVerdict, TwinVerdict
from lemmata.harness.space import outside
from lemmata.harness.statements import Part, Subject, part_of
from lemmata.harness.thresholds import doubtful, failing, threshold_of
from lemmata.harness.tokens import Token
from lemmata.harness.work import price

_SHARE = 0.25


class ReplayError(Exception):
    """A trial that cannot be drawn again, in one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """A trial drawn again.

    Attributes:
        token: that named it.
        subject: the part or twin.
        instance: as Python objects.
        claim: of the one trial; bounds: the same on the CPU, where it is a bound.
        drawn: every tensor that the statement asked the trial for, by name.
        changed: whether the statement's code is not what it was when the token was made.
        outside: what of the instance the statement never draws, in words.
    """

    token: Token
    subject: Subject
    instance: Instance
    claim: Claim
    bounds: Bounds | None = None
    drawn: dict[str, Tensor] = field(default_factory=dict)
    changed: bool = False
    outside: Sequence[str] = ()

    def lines(self) -> Sequence[str]:
        """Say in a few lines what the trial measures."""
        part = part_of(self.subject)
        lines = [
            f"{self.subject.id}  {part.title}",
            f"  instance  {describe(self.instance)}",
            f"  trial     {self.token.trial} of stream {self.token.stream}",
            f"  layers    {self.token.layers}",
        ]
        lines += [f"  remark    {words}" for words in self.outside]
        if self.changed:
            lines.append(
                "  warning   the statement's code has changed since the token was made: this may "
                "be "
                "another trial"
            )
        if self.token.ascent:
            lines.append(f"  draws     moved by {self.token.ascent} steps of ascent over them")
        if self.bounds is None:
            first = self.claim.samples[0].reshape(-1)[:8].tolist()  # type: ignore[union-attr]
            lines.append(f"  samples   {first} (the verdict rests on all trials together)")
            return lines
        threshold = threshold_of(self.subject, self.bounds)
        sides = sides_of(self.bounds, 0)
        fails, unsure = (test(self.bounds, threshold)[0] for test in (failing, doubtful))
        broken = "NaN, which is an error" if math.isnan(sides.ratio) else ""
        says = (
            broken or "a violation"
            if fails or broken
            else "decided by rounding"
            if unsure
            else "no violation"
        )
        member = f", {sides.member}" if sides.member else ""
        lines.append(f"  measured  {sides.measured:.17g}")
        lines.append(f"  {sides.direction:<9} {sides.bound:.17g}{member}")
        lines.append(f"  ratio     {sides.ratio:.17g}, threshold {threshold.value:g}: {says}")
        lines += [
            f"  attack    {name}: ratio {float(found[0]):.6g}"
            for name, found in self.bounds.attacks.items()
        ]
        return lines

    def export(self, path: Path) -> None:
        """Save the trial's arrays: both sides, and every tensor drawn, readable without pickle.

        Raises:
            ReplayError: the file cannot be written.
        """
        arrays: dict[str, Any] = {
            f"drawn/{name}": tensor[0].numpy() for name, tensor in self.drawn.items()
        }
        if isinstance(self.claim, Bound):
            arrays |= {
                name: getattr(self.claim, name).detach().numpy()
                for name in ("ratio", "measured", "bound")
            }
        else:
            arrays["samples"] = self.claim.samples.detach().numpy()
        arrays["instance"] = np.array(describe(self.instance))
        arrays["token"] = np.array(str(self.token))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                np.savez_compressed(file, **arrays)
        except OSError as problem:
            raise ReplayError(
                f"the arrays cannot be written to {path}: {problem.strerror}"
            ) from problem


def replay_trial(token: Token, *, large: bool = False) -> Replayed:
    """Draw a token's trial again.

    Args:
        token: names the trial.
        large: whether a single draw may take more than a quarter of the free memory.

    Raises:
        StatementError: the statement is not imported.
        InstanceError: the instance does not fit the statement's signature any more.
        RunError: the token names a dtype that is none.
        ReplayError: the statement raises, or the token names what cannot be.
    """
    subject = find_subject(token.subject)
    part: Part[..., Any] = part_of(subject)
    instance = decode_arguments(token.instance, part.check, part.test.lemmata_strategies)
    if token.layers not in ("dense", "matrix-free"):
        raise ReplayError(f"{token.layers!r} is no kind of layers: the token was altered")
    run = Run(
        profile=PROFILES["quick"],
        entropy=token.entropy,
        dtype=dtype_named(token.dtype),
        layers=token.layers,  # type: ignore[arg-type]
    )
    draw = Draw(run=run, subject=subject, instance=instance, role="nominee", stream=token.stream)
    drawn = Journal()
    trials = replace(draw.trials(token.trial, 1), layers=token.layers, journal=drawn)  # type: ignore[arg-type]
    try:
        if token.ascent:
            trials = replace(trials, moved=ascended_draws(draw, trials, token.ascent))
        allowed = math.inf if large else _SHARE * free_memory(run.device)
        with tensors_of_at_most(allowed), counted(run.device) as footprint:
            claim = claimed(draw, trials)
    except BrokenStatement as problem:
        if isinstance(problem.__cause__, TooLargeError):
            raise ReplayError(f"{problem.__cause__}: ask for it with --large") from problem
        raise ReplayError(str(problem)) from problem
    except (Discarded, MemoryRanOut) as problem:
        raise ReplayError(str(problem) or f"{subject.id} assumes this trial away") from problem
    bounds = kept(claim, token.trial, price(footprint, 1, 1.0), 0.0)
    return Replayed(
        token=token,
        subject=subject,
        instance=instance,
        claim=claim,
        bounds=bounds if isinstance(bounds, Bounds) else None,
        drawn={name: value.to("cpu", torch.float64) for name, value in drawn.items()},
        changed=generation_of(subject) != token.generation,
        outside=outside(part.test.lemmata_strategies, instance),
    )


def last_failure_in(records: Path, subject: str | None = None) -> tuple[str, Path | None]:
    """Return the token of the newest unexpected refutation or error in the records, and the file of
    its statement.

    Args:
        records: folder of one run or of several.
        subject: the part or twin that is meant, whose expected refutations count too.

    Raises:
        RecordsError: there are no records.
        ReplayError: none of them is a failure.
    """
    for folder in reversed(runs_in(records)):
        run = read_run(folder)
        files = {part.id: made.file for made in run.statements for part in made.parts}
        verdicts = [
            (one.time, one.value)
            for one in run.records
            if isinstance(one.value, PartVerdict | TwinVerdict)
        ]
        for _, verdict in sorted(verdicts, key=lambda pair: pair[0], reverse=True):
            outcome = verdict.outcome
            if outcome.subject != subject if subject else outcome.as_expected:
                continue
            if subject is None and isinstance(verdict, TwinVerdict):
                continue
            token = outcome.refutation.at.token if outcome.refutation else ""
            if token := token or (outcome.failure.token if outcome.failure else ""):
                file = files.get(verdict.part)
                return token, Path(file) if file else None
    whose = f" of {subject}" if subject else ""
    raise ReplayError(f"no run in {records} has a failure{whose} to replay")
