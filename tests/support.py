"""What makes a test of the harness one line."""

from __future__ import annotations

import os
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import strategies as st

from lemmata.harness import Part, given, registry, statement
from lemmata.harness.draw import Draw
from lemmata.harness.parts import judge_subject
from lemmata.harness.profiles import PROFILES, Profile
from lemmata.harness.records import Recorder
from lemmata.harness.run import Run
from lemmata.harness.statements import Twin
from lemmata.harness.verdicts import Outcome

__test__ = False  # its statements belong to the tests that judge them

_IDS_OF: Counter[str] = Counter()


def fresh_run(
    *,
    entropy: int = 0,
    profile: str | Profile = "default",
    records: Path | None = None,
    **settings: object,
) -> Run:
    """A run that records nothing unless told where."""
    recorder = Recorder(records, run="test")
    spent = PROFILES[profile] if isinstance(profile, str) else profile
    return Run(profile=spent, entropy=entropy, recorder=recorder, **settings)


def outcome_of(subject: Part | Twin, **settings: object) -> Outcome:
    """Judge a part or twin in a run of its own."""
    return judge_subject(fresh_run(**settings), subject)


def draw_of(subject: Part | Twin, instance: dict, *, stream: str = "s", **settings: object) -> Draw:
    """The trials of an instance in a run of their own."""
    run = settings.pop("run", None) or fresh_run(**settings)
    return Draw(run=run, subject=subject, instance=instance, role="specimen", stream=stream)


def planted(check, *, kind: str = "probability", strategy=None, **options) -> Part:
    """A statement of one part on one number m, whose truth the test knows."""
    made = statement(
        fresh_id(), source="planted, x", title="planted", says="$x$", kind=kind, **options
    )
    return made(given(m=st.integers(1, 32) if strategy is None else strategy)(check))


def fresh_id() -> str:
    """An id that no other statement has, the same whatever ran before (it seeds the trials)."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    _IDS_OF[test] += 1
    return f"TEST-{zlib.crc32(test.encode())}{_IDS_OF[test]:04}"


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
