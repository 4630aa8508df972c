"""pytest items: a statement's part and each of its twins, as items of their own.

They are `pytest.Function`s, so that Hypothesis' plugin, markers, fixtures, ``-k`` and ``--lf``
treat them as any test. A part's item holds its Hypothesis test; running it hands the test to
`lemmata.harness.parts`, which decides what becomes of the drawn instances.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lemmata.harness.explanation import explain, reason, replay_line, token_of, told
from lemmata.harness.parts import judge_subject
from lemmata.harness.private import know_by_parsed_id
from lemmata.harness.pytest_modules import COLLECTED_KEY
from lemmata.harness.records import RecordsError
from lemmata.harness.registry import OnePart
from lemmata.harness.run import Run
from lemmata.harness.statements import Part, Statement, StatementError, Subject, Twin, part_of
from lemmata.harness.verdicts import Outcome
from lemmata.harness.wording import printable, readable

RUN_KEY = pytest.StashKey[Run]()
PROPERTY = "lemmata"
"""Name of the report property that carries an item's line to the terminal summary, through xdist
too. What a reader of JUnit's XML or an HTML report wants stands beside it under names of its own.
"""
_OURS = (PROPERTY, "statement", "says", "verdict", "resolution", "replay")


class NotAsExpected(AssertionError):
    """A verdict that is not what should be; its text is the explanation."""


class _Item(pytest.Function):
    """What parts and twins have in common: how a verdict becomes a pass, a failure or a skip."""

    subject: Subject

    @property
    def says(self) -> str:
        """What the statement says, or what its twin falsifies."""
        part = part_of(self.subject)
        return part.says if part is self.subject else f"falsified: {self.subject.says}"

    def outcome(self) -> Outcome:
        """Judge the subject."""
        return judge_subject(self.config.stash[RUN_KEY], self.subject)

    def runtest(self) -> None:
        """Judge the subject; pass, fail or skip by its verdict."""
        outcome = self.outcome()
        part = part_of(self.subject)
        self.tell(outcome)
        text = printable(told(self.subject, outcome))
        self.tell_allure(text)
        if outcome.as_expected:
            self.add_report_section("call", "lemmata", text)
            return
        survived = part is not self.subject and not outcome.out_of_time
        if outcome.verdict in ("refuted", "error", "holds") or survived:
            raise NotAsExpected(
                explain(self.subject, outcome) or f"{self.subject.id} holds and should be refuted"
            )
        self.add_report_section("call", "lemmata", text)
        pytest.skip(f"{self.subject.id} is {outcome.verdict}: {reason(outcome)}")

    def tell(self, outcome: Outcome | None) -> None:
        """Leave what is known in the report's properties, in place of what stood there before.

        Without an outcome the line says that the subject was not judged: so it stands in the table
        if its process dies, if it is skipped, or if its time is up.
        """
        part = part_of(self.subject)
        line = {
            "subject": self.subject.id,
            "paper": part.statement.paper,
            "twin": part is not self.subject,
            "verdict": outcome.verdict if outcome else "",
            "as_expected": bool(outcome and outcome.as_expected),
            "trials": outcome.trials if outcome else 0,
            "seconds": round(outcome.seconds, 3) if outcome else 0.0,
            "begins": outcome.begins if outcome else "",
        }
        said = {PROPERTY: json.dumps(line), "statement": self.subject.id, "says": self.says}
        if outcome is not None:
            said["verdict"] = outcome.verdict
            if outcome.resolution:
                said["resolution"] = outcome.resolution
            if token := token_of(outcome):
                said["replay"] = replay_line(self.subject, token)
        kept = [(name, value) for name, value in self.user_properties if name not in _OURS]
        self.user_properties[:] = [*kept, *said.items()]

    def tell_allure(self, text: str) -> None:
        """Give Allure, where it reports, the statement's words and what the verdict rests on."""
        if self.config.pluginmanager.hasplugin("allure_pytest"):
            allure = importlib.import_module("allure")
            allure.dynamic.description(printable(readable(self.says)))
            allure.attach(text, "verdict", allure.attachment_type.TEXT)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override]
        """Print the explanation of an unexpected verdict, and anything else as pytest does."""
        if isinstance(excinfo.value, NotAsExpected | RecordsError):
            return printable(str(excinfo.value))
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


def items_of(
    collector: pytest.Module | pytest.Class, part: Part[..., Any]
) -> Iterator[pytest.Function]:
    """Make the items of a part and its twins."""
    below = getattr(part.test, "pytestmark", ())
    marks = [*part.pytestmark, *(mark for mark in below if mark not in part.pytestmark)]
    if any(mark.name == "parametrize" for mark in marks):
        raise StatementError(
            f"{part.id} is parametrized: take the mark away and let @given draw the parameter, as "
            "in st.sampled_from((1, 2, 3))"
        )
    collector.config.stash.setdefault(COLLECTED_KEY, set()).add(part.statement.id)
    part.test.pytestmark = marks  # type: ignore[attr-defined]
    yield _item(PartItem, collector, part, part, part.test)
    for twin in part.twins:

        def run_twin() -> (
            None
        ): ...  # stands in for a test function: the item judges the twin itself

        # A part that is expected to fail has twins that are refuted all the same.
        run_twin.pytestmark = [mark for mark in marks if mark.name != "xfail"]  # type: ignore[attr-defined]
        yield _item(TwinItem, collector, part, twin, run_twin)


def node_name(part: Part[..., Any], subject: Subject) -> str:
    """Name an item so that -k and a shell take it: ``norms_are_small[ALS-04-a--variance-1-m]``."""
    plain = part.id.replace("(", "-").replace(")", "")
    twin = f"--{subject.name}" if isinstance(subject, Twin) else ""
    return f"{part.name}[{plain}{twin}]"


def is_statement_object(thing: object) -> bool:
    """Whether an object in a module's namespace is ours, to be collected through its part alone."""
    return isinstance(thing, Part | Twin | Statement | OnePart)


def _item(
    kind: type[_Item],
    collector: pytest.Module | pytest.Class,
    part: Part[..., Any],
    subject: Subject,
    function: Any,
) -> _Item:
    item: _Item = kind.from_parent(collector, name=node_name(part, subject), callobj=function)
    know_by_parsed_id(item)
    item.subject = subject
    item.tell(None)
    item.add_marker(pytest.mark.paper(part.statement.paper))
    item.add_marker(pytest.mark.kind(part.kind))
    item.extra_keyword_matches.update({part.id, part.statement.id, part.statement.paper, part.kind})
    if part.cost > 4:
        item.add_marker(pytest.mark.slow)
    return item
