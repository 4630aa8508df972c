"""What makes a test of the harness one line."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lemmata.harness import registry
from lemmata.harness.parts import judge_part, judge_twin
from lemmata.harness.profiles import PROFILES
from lemmata.harness.records import Recorder
from lemmata.harness.run import Run
from lemmata.harness.statements import Part, Twin
from lemmata.harness.verdicts import Outcome

_NUMBERS = itertools.count(1)


def fresh_run(
    *, entropy: int = 0, profile: str = "default", records: Path | None = None, **settings: object
) -> Run:
    """A run that records nothing unless told where."""
    chosen = PROFILES[profile]
    return Run(profile=chosen, entropy=entropy, recorder=Recorder(records, run="test"), **settings)


def outcome_of(subject: Part | Twin, **settings: object) -> Outcome:
    """Judge a part or twin in a run of its own."""
    run = fresh_run(**settings)
    return judge_twin(run, subject) if isinstance(subject, Twin) else judge_part(run, subject)


def fresh_id() -> str:
    """An id that no other statement has."""
    return f"TEST-{next(_NUMBERS)}"


@contextmanager
def statements_of_their_own() -> Iterator[None]:
    """Forget, afterwards, the statements that were registered in between."""
    kept = dict(registry._REGISTERED)
    registry._REGISTERED.clear()
    try:
        yield
    finally:
        registry._REGISTERED.clear()
        registry._REGISTERED.update(kept)
