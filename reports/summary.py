"""What the report says first: what was found in the whole library, in a few sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from lemmata.harness.schema import Lost
from lemmata.reports.model import Library, Part, Statement
from lemmata.reports.numerals import counted, duration, figure, listed, sentence
from lemmata.reports.refutations import refutation_sentences
from lemmata.reports.source import commit_words
from lemmata.reports.words import VERDICTS

_LONGEST = 300
"""Of an error's text on the first page; the whole stands on the statement's."""

_NAMED = 20


def summary_sentences(library: Library) -> list[str]:
    """Say in a few sentences what the whole report found."""
    statements, parts = library.statements, library.parts
    tested = [statement for statement in statements if statement.parts]
    holding = sum(part.verdict == "holds" for part in parts)
    tried = [twin for statement in statements for twin in statement.twins if twin.verdict]
    listed_here = (
        f"{_many(len(statements), 'statement')} from {counted(len(library.papers), 'paper')}"
    )
    said = [f"{listed_here}; {len(tested)} of them have checks, in {counted(len(parts), 'part')}."]
    said.append(_surprises([part for part in parts if part.surprising]))
    said.append(f"{_many(holding, 'part')} {_of_one(holding, 'holds', 'hold')}.")
    if tried:
        refuted = sum(twin.refuted for twin in tried)
        was = _of_one(refuted, "was", "were")
        twins = counted(len(tried), "falsified twin")
        said.append(f"Of {twins} tried, {figure(refuted)} {was} refuted, as all have to be.")
    return said


def warnings(library: Library) -> list[str]:
    """Say what has to be known before the report is trusted: of the latest run, and of runs that
    could not be read.
    """
    left_out = [f"Left out: {sentence(problem)}" for problem in library.left_out]
    return [*library.runs[0].warnings, *left_out]


def verdict_counts(library: Library) -> list[tuple[str, int, int]]:
    """Count statements and parts by verdict, from what asks for attention to what asks for none."""
    statements = Counter(statement.verdict for statement in library.statements)
    parts = Counter(part.verdict for part in library.parts)
    return [
        (verdict, statements[verdict], parts[verdict])
        for verdict in VERDICTS
        if statements[verdict] or parts[verdict]
    ]


def unexpected(library: Library) -> list[Part]:
    """The parts that were refuted and not declared false."""
    return [part for part in library.parts if part.verdict == "refuted" and part.surprising]


def declared_false(library: Library) -> list[Part]:
    """The parts that were declared false, and refuted."""
    return [part for part in library.parts if part.expected_refuted]


def unsettled(library: Library) -> list[tuple[str, list[Statement]]]:
    """The statements about which the runs say neither "holds" nor "refuted", by their verdict."""
    words = [word for word in VERDICTS if word not in ("refuted", "holds")]
    return [
        (word, found)
        for word in words
        if (found := [made for made in library.statements if made.verdict == word])
    ]


def kinds(library: Library) -> list[str]:
    """The kinds of claims that there are."""
    return sorted({part.declared.claim for part in library.parts if part.declared.claim})


def trust(library: Library) -> list[tuple[str, str]]:
    """Say what the latest run can be trusted by, by name."""
    run = library.runs[0]
    said, lost = run.manifest, [one.trials for one in run.each(Lost)]
    tried = [twin for made in library.statements for twin in made.twins if twin.verdict]
    untried = sum(not twin.verdict for made in library.statements for twin in made.twins)
    names = ("lemmata", "python", "torch", "hypothesis", "numpy", "scipy")
    versions = ", ".join(f"{name} {said.versions[name]}" for name in names if name in said.versions)
    ended = "" if said.finished is not None else ", not finished"
    device = ", ".join(filter(None, (said.device, said.dtype)))
    unknown = "not recorded"
    refuted = sum(twin.refuted for twin in tried)
    twins = f"{figure(refuted)} of {figure(len(tried))} tried"
    return [
        ("date", f"{run.when}, {duration(run.seconds)}{ended}"),
        ("profile", f"{said.profile}, entropy {said.entropy}" if said.profile else unknown),
        ("versions", versions or unknown),
        ("device", device or unknown),
        ("commit", commit_words(said.checkout) if said.checkout else unknown),
        ("lost", f"{counted(sum(lost), 'trial')}, {counted(len(lost), 'loss', 'losses')} in all"
         if lost else "nothing"),
        ("unreadable", counted(run.read.torn, "line")),
        ("twins refuted", twins + (f", {figure(untried)} not tried" if untried else "")),
    ]  # fmt: skip


def finding_sentence(statement: Statement) -> str:
    """Say in one sentence why a statement stands among the findings."""
    for part in statement.parts:
        outcome = part.outcome
        if outcome and part.surprising and outcome.refutation:
            said = refutation_sentences(outcome, part.levels)[:2]
            return f"{part.id} on {outcome.refutation.at.place.words}. {' '.join(said)}"
        if outcome and outcome.failure:
            text = " ".join(outcome.failure.text.split())
            return f"{part.id}: {text[:_LONGEST] or 'an error without text'}"
        if part.surprising:
            declared = "false" if part.declared.expect == "refuted" else "true"
            return f"{part.id} was declared {declared} and is found {part.verdict}."
    survivors = [twin.id for twin in statement.twins if twin.survived]
    if not survivors:
        return ""
    noun = _of_one(len(survivors), "twin", "twins")
    was = _of_one(len(survivors), "was", "were")
    return f"The {noun} {listed(survivors)} should be refuted and {was} not."


def printed_false_sentences(statement: Statement) -> list[str]:
    """Say of each part that is false as printed what is printed where, and how it was refuted."""
    said = []
    for part in statement.printed_false:
        finding = part.declared.finding
        words = [f"{finding.place}, a {finding.concerns}: {part.title}" if finding else part.title]
        if part.outcome and part.outcome.refutation:
            words.append(f"Seen on {part.outcome.refutation.at.place.words}")
            words += refutation_sentences(part.outcome, part.levels)[:1]
        said.append(" ".join(map(sentence, words)))
    return said


def _surprises(parts: Sequence[Part]) -> str:
    if not parts:
        return "Nothing was refuted that was not declared false, and no check broke."
    ask = _of_one(len(parts), "asks", "ask")
    named = listed([part.id for part in parts[:_NAMED]])
    named += f" and {len(parts) - _NAMED} more" if len(parts) > _NAMED else ""
    return f"{_many(len(parts), 'part')} {ask} for your attention: {named}."


def _many(number: int, noun: str) -> str:
    return sentence(counted(number, noun))[:-1]


def _of_one(number: int, singular: str, plural: str) -> str:
    return singular if number == 1 else plural
