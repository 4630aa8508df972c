"""A draw: which trials are meant, as one value that run and replay share.

(run, part or twin, instance, role, stream) decide every random number of a trial, its evidence's
key and its token.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, Literal

from lemmata.harness.generation import generation_of
from lemmata.harness.instances import Instance, describe, encode, hash_of, sizes_of
from lemmata.harness.randomness import Key, key_of
from lemmata.harness.run import Run
from lemmata.harness.statements import Part, Subject, part_of
from lemmata.harness.tokens import Token
from lemmata.harness.trials import Trials
from lemmata.harness.verdicts import Place

Role = Literal["specimen", "nominee", "explore", "grid", "regime"]


def trial_key(subject: str, instance_hash: str, entropy: int, stream: str) -> Key:
    """Return the key of an instance's trials: the one place where it is made."""
    return key_of(subject, instance_hash, entropy, stream)


@dataclass(frozen=True, kw_only=True, eq=False)
class Draw:
    """The trials of one instance in one stream of a run."""

    run: Run
    subject: Subject
    instance: Instance
    role: Role
    stream: str = "confirm"

    @property
    def part(self) -> Part[..., Any]:
        """The part that is judged, or falsified."""
        return part_of(self.subject)

    @functools.cached_property
    def hash(self) -> str:
        """The hash of the instance's plain data."""
        return hash_of(self.instance)

    @functools.cached_property
    def place(self) -> Place:
        """The instance as the records have it."""
        return Place(
            data=encode(self.instance),
            hash=self.hash,
            words=describe(self.instance),
            sizes={name: float(size) for name, size in sizes_of(self.instance).items()},
        )

    @property
    def inside(self) -> bool | None:
        """Whether the instance lies inside the paper's own hypothesis; None where unknown."""
        return self.part.requires.inside(self.instance) if self.part.requires else None

    @property
    def admitted(self) -> bool:
        """Whether the instance passes the part's own gate."""
        return self.part.requires is None or self.part.requires.admits(self.instance)

    def trials(self, first: int, count: int) -> Trials:
        """Return ``count`` trials from the one numbered ``first`` on."""
        return Trials(
            key=trial_key(self.subject.id, self.hash, self.run.entropy, self.stream),
            first=first,
            count=count,
            device=self.run.device,
            dtype=self.run.dtype,
            layers=self.run.layers_of(self.part),
            asked=self.run.prices.asked.setdefault((self.subject.id, self.hash), set()),
        )

    def token(self, trial: int, attack: str | None = None, ascent: int = 0) -> str:
        """Return the token with which one trial can be drawn again."""
        return str(
            Token(
                subject=self.subject.id,
                generation=generation_of(self.subject),
                instance=self.place.data,
                entropy=self.run.entropy,
                stream=self.stream,
                trial=trial,
                layers=self.run.layers_of(self.part),
                dtype=str(self.run.dtype).removeprefix("torch."),
                attack=attack,
                ascent=ascent,
            )
        )
