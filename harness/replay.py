"""Replay: draw the one trial that a token names again, alone and on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lemmata.harness.claims import Bound, Claim
from lemmata.harness.generation import generation_of
from lemmata.harness.instances import Instance, decode_arguments, describe, hash_of
from lemmata.harness.outside import as_if_in_a_test
from lemmata.harness.randomness import key_of
from lemmata.harness.records import read_run, runs_in
from lemmata.harness.run import dtype_named
from lemmata.harness.registry import find_subject
from lemmata.harness.statements import Part, Subject, part_of
from lemmata.harness.tokens import Token
from lemmata.harness.trials import Trials


class ReplayError(Exception):
    """A trial that cannot be drawn again, in one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """A trial drawn again.

    Attributes:
        token: that named it.
        subject: the part or twin.
        instance: as Python objects.
        claim: of the one trial.
        drawn: every tensor that the statement asked the trial for, by name.
        changed: whether the statement's code is not what it was when the token was made.
    """

    token: Token
    subject: Subject
    instance: Instance
    claim: Claim
    drawn: dict[str, Tensor] = field(default_factory=dict)
    changed: bool = False

    def lines(self) -> Sequence[str]:
        """Say in a few lines what the trial measures."""
        part = part_of(self.subject)
        lines = [
            f"{self.subject.id}  {part.title}",
            f"  instance  {describe(self.instance)}",
            f"  trial     {self.token.trial} of stream {self.token.stream}, {self.token.layers} layers",
        ]
        if self.changed:
            lines.append(
                "  warning   the statement's code has changed since the token was made: this may be "
                "another trial"
            )
        if isinstance(self.claim, Bound):
            threshold = self.subject.constant.value if self.subject.constant else 1.0
            ratio = float(self.claim.ratio[0])
            lines.append(f"  measured  {float(self.claim.measured[0]):.17g}")
            lines.append(f"  {self.claim.direction:<9} {float(self.claim.bound[0]):.17g}")
            fails = not ratio <= threshold * (1.0 + float(self.claim.allowance[0]))
            lines.append(
                f"  ratio     {ratio:.17g}, threshold {threshold:g}: {'a violation' if fails else 'no violation'}"
            )
            lines += [
                f"  attack    {name}: ratio {float(found[0]):.6g}"
                for name, found in self.claim.attacks.items()
            ]
        else:
            lines.append(
                f"  samples   {self.claim.samples[0].reshape(-1)[:8].tolist()} (the verdict rests on all trials together)"
            )
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


def replay_trial(token: Token) -> Replayed:
    """Draw a token's trial again.

    Raises:
        StatementError: the statement is not imported.
        InstanceError: the instance does not fit the statement's signature any more.
        ReplayError: the statement raises.
    """
    subject = find_subject(token.subject)
    part: Part[..., Any] = part_of(subject)
    instance = decode_arguments(token.instance, part.check, part.test.lemmata_strategies)
    if token.layers not in ("dense", "matrix-free"):
        raise ReplayError(f"{token.layers!r} is no kind of layers: the token was altered")
    key = key_of(subject.id, hash_of(instance), token.entropy, token.stream)
    drawn: dict[str, Tensor] = {}
    trials = Trials(
        key=key,
        first=token.trial,
        count=1,
        dtype=dtype_named(token.dtype),
        layers=token.layers,
        journal=drawn,
    )  # type: ignore[arg-type]
    try:
        with as_if_in_a_test(subject.check):
            claim = subject.check(**instance, trials=trials)
    except Exception as problem:
        raise ReplayError(
            f"{subject.id} raises {type(problem).__name__} on this trial: {problem}"
        ) from problem
    if isinstance(claim, Bound):
        claim = replace(claim, ratio=claim.ratio.detach())
    changed = generation_of(subject) != token.generation
    return Replayed(
        token=token,
        subject=subject,
        instance=instance,
        claim=claim,
        drawn={k: v.to("cpu", torch.float64) for k, v in drawn.items()},
        changed=changed,
    )


def last_failure_in(records: Path) -> tuple[str, Path | None]:
    """Return the token of the newest unexpected refutation or error in the records, and the file of
    its statement.

    Raises:
        RecordsError: there are no records.
        ReplayError: none of them is a failure.
    """
    for folder in reversed(runs_in(records)):
        run = read_run(folder)
        files = {part["id"]: made["file"] for made in run.statements for part in made["parts"]}
        for record in sorted(run.records, key=lambda record: record.get("time", 0.0), reverse=True):
            failed = record["kind"] == "verdict" and not record.get("as_expected", True)
            found = (record.get("refutation") or record.get("error") or {}) if failed else {}
            if token := found.get("token"):
                file = files.get(record["part"])
                return token, Path(file) if file else None
    raise ReplayError(f"no run in {records} has a failure to replay")
