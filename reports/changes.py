"""What changed since an earlier run: verdicts, what came and went, and how near bounds were met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lemmata.harness.schema import PartVerdict, TwinVerdict
from lemmata.reports.model import Library
from lemmata.reports.numerals import counted, figure, sentence
from lemmata.reports.runs import Run

_DRIFT = 1.1
"""By which factor a worst ratio has to move to be told: random numbers of another entropy alone
move it a little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A part or twin that was judged in both runs, and differs.

    Attributes:
        id: of the part or twin; statement: the statement's.
        was, now: the verdict, or the worst ratio in words.
    """

    id: str
    statement: str
    was: str
    now: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The differences of a run from an earlier one.

    Attributes:
        before: the earlier run; compared: how many parts and twins both judged.
        verdicts: that differ; drifted: worst ratios that moved by a tenth or more, same verdict.
        appeared, gone: ids of parts and twins that only one of them judged.
    """

    before: Run
    compared: int
    verdicts: Sequence[Change]
    drifted: Sequence[Change]
    appeared: Sequence[str]
    gone: Sequence[str]

    @property
    def words(self) -> str:
        """The differences in a sentence or two."""
        both = counted(self.compared, "part or twin", "parts and twins")
        if self.verdicts:
            said = f"{counted(len(self.verdicts), 'verdict')} changed among {both}"
        else:
            said = f"no verdict changed among {both}"
        more = [
            f"{figure(len(ids))} {what}"
            for ids, what in (
                (self.appeared, "only this run judged"),
                (self.gone, "only the one before"),
            )
            if ids
        ]
        return sentence("; ".join([f"{said} that both runs judged", *more]))


def changes(library: Library, before: Run) -> Changes:
    """Compare the latest run of a library with an earlier run."""
    now, was = _judged(library.runs[0]), _judged(before)
    both = [name for name in now if name in was]
    verdicts, drifted = [], []
    for name in both:
        (verdict, ratio), (old, old_ratio) = now[name], was[name]
        statement = name.partition("(")[0].partition("~")[0]
        if verdict != old:
            verdicts.append(Change(id=name, statement=statement, was=old, now=verdict))
        elif ratio and old_ratio and not 1 / _DRIFT <= ratio / old_ratio <= _DRIFT:
            words = {"was": figure(old_ratio), "now": figure(ratio)}
            drifted.append(Change(id=name, statement=statement, **words))
    return Changes(
        before=before,
        compared=len(both),
        verdicts=verdicts,
        drifted=drifted,
        appeared=[name for name in now if name not in was],
        gone=[name for name in was if name not in now],
    )


def _judged(run: Run) -> dict[str, tuple[str, float | None]]:
    """Return verdict and worst ratio of every part, and the verdict of every twin."""
    found: dict[str, tuple[str, float | None]] = {}
    for part in run.each(PartVerdict):
        found[part.part] = (part.outcome.verdict, part.worst_ratio)
    for twin in run.each(TwinVerdict):
        found[twin.twin] = (twin.outcome.verdict, None)
    return found
