"""pytest items: a statement's part and each of its twins, as items of their own.

They are `pytest.Function`s, so that Hypothesis' plugin, markers, fixtures, ``-k`` and ``--lf``
treat them as any test. A part's item holds its Hypothesis test; running it hands the test to
`lemmata.harness.parts`, which decides what becomes of the drawn instances.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lemmata.harness.explanation import explain, reason
from lemmata.harness.parts import judge_subject
from lemmata.harness.registry import OnePart
from lemmata.harness.run import Run
from lemmata.harness.statements import Part, Statement, StatementError, Subject, Twin, part_of
from lemmata.harness.verdicts import Outcome

RUN_KEY = pytest.StashKey[Run]()
MODULES_KEY = pytest.StashKey[set[Path]]()
"""The files that were collected: their statements have to be whole."""

PROPERTY = "lemmata"
"""Name of the report property that carries an item's line to the terminal summary, through xdist
too."""


class NotAsExpected(AssertionError):
    """A verdict that is not what should be; its text is the explanation."""


class _Item(pytest.Function):
    """What parts and twins have in common: how a verdict becomes a pass, a failure or a skip."""

    subject: Subject

    def outcome(self) -> Outcome:
        """Judge the subject."""
        return judge_subject(self.config.stash[RUN_KEY], self.subject)

    def runtest(self) -> None:
        """Judge the subject; pass, fail or skip by its verdict."""
        outcome = self.outcome()
        part = part_of(self.subject)
        line = {
            "subject": self.subject.id,
            "paper": part.statement.paper,
            "twin": part is not self.subject,
            "verdict": outcome.verdict,
            "as_expected": outcome.as_expected,
            "trials": outcome.trials,
            "seconds": round(outcome.seconds, 3),
        }
        self.user_properties.append((PROPERTY, json.dumps(line)))
        if outcome.as_expected:
            return
        if outcome.verdict in ("refuted", "error", "holds") or part is not self.subject:
            raise NotAsExpected(
                explain(self.subject, outcome) or f"{self.subject.id} holds and should be refuted"
            )
        pytest.skip(f"{self.subject.id} is {outcome.verdict}: {reason(outcome)}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override]
        """Print the explanation of an unexpected verdict, and anything else as pytest does."""
        if isinstance(excinfo.value, NotAsExpected):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Point at the statement's own function, not at the wrapper."""
        made = part_of(self.subject).statement
        code = self.subject.check.__code__
        return (
            self.path,
            (
                code.co_firstlineno - 1
                if Path(code.co_filename).resolve() == self.path.resolve()
                else made.line - 1
            ),
            self.name,
        )


class PartItem(_Item):
    """A part of a statement."""


class TwinItem(_Item):
    """A falsified copy of a part, which passes when it is refuted."""


class StatementModule(pytest.Module):
    """A module whose mistakes in declaring statements are one sentence at collection."""

    def collect(self) -> Any:
        """Collect the module's items."""
        self.config.stash.setdefault(MODULES_KEY, set()).add(self.path.resolve())
        try:
            return list(super().collect())
        except StatementError as problem:
            raise self.CollectError(str(problem)) from None

    def _getobj(self) -> Any:
        try:
            return self.import_module()
        except StatementError as problem:
            raise self.CollectError(str(problem)) from None
        except self.CollectError as problem:
            if isinstance(problem.__cause__, StatementError):
                raise self.CollectError(str(problem.__cause__)) from None
            raise

    def import_module(self) -> Any:
        """Import the module; a composition root that knows its package may override this."""
        return super()._getobj()  # type: ignore[no-untyped-call]


def items_of(
    collector: pytest.Module | pytest.Class, part: Part[..., Any]
) -> Iterator[pytest.Function]:
    """Make the items of a part and its twins."""
    item: _Item = PartItem.from_parent(collector, name=f"{part.name}[{part.id}]", callobj=part.test)
    yield _marked(item, part, part)
    for twin in part.twins:

        def run_twin() -> None:
            """Stand in for a test function; the item judges the twin itself."""

        item = TwinItem.from_parent(collector, name=f"{part.name}[{twin.id}]", callobj=run_twin)
        yield _marked(item, part, twin)


def is_statement_object(thing: object) -> bool:
    """Whether an object in a module's namespace is ours, to be collected through its part alone."""
    return isinstance(thing, Part | Twin | Statement | OnePart)


def _marked(item: _Item, part: Part[..., Any], subject: Subject) -> _Item:
    item.subject = subject
    item.add_marker(pytest.mark.paper(part.statement.paper))
    item.add_marker(pytest.mark.kind(part.kind))
    item.extra_keyword_matches.update({part.id, part.statement.id, part.statement.paper, part.kind})
    if part.cost > 4:
        item.add_marker(pytest.mark.slow)
    return item
