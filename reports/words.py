"""What the words of a verdict mean, in sentences that a reader needs no manual for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lemmata.harness.verdicts import MEANS
from lemmata.reports.levels import Levels
from lemmata.reports.numerals import sentence

VERDICTS = (
    "refuted",
    "error",
    "no verdict",
    "undecided",
    "underpowered",
    "vacuous",
    "untested",
    "not run",
    "holds",
)
"""From what asks for attention to what asks for none.

A statement's verdict is the first that one of its parts has.
"""

_MEANINGS = {
    "holds": "The claim was given the chance to fail, and did not; the basis says what was done, "
    "the resolution what would have been noticed, at {beta}.",
    "refuted": "The claim is false: a violation that no rounding explains, or evidence stronger "
    "than chance allows, at {alpha}.",
    "undecided": "What was measured speaks neither clearly for the claim nor clearly against it.",
    "underpowered": "The budget of this run could not have detected a failure, so nothing is "
    "concluded.",
    "vacuous": "On every instance that was drawn the claim says nothing, for example because its "
    "failure probability is 1 or more.",
    "untested": "Nothing was tried: no check is written yet, or no instance was reached.",
    "error": "The check broke or produced something that is not a number; that never counts as "
    "passing.",
    "no verdict": "The run ended before this part was judged; what it had recorded until then is "
    "shown.",
    "not run": "No run shown here recorded a trial or a verdict of this part: it was left out, or "
    "the run ended before it.",
}

_MORE_OF_BASES = {
    "attacked": "This is evidence from a search, not a certificate: a cleverer adversary might "
    "succeed.",
    "searched": "This is evidence from a search, not a proof.",
    "algebra on random trials": "This is no certificate: random trials need not meet the worst "
    "case.",
    "exponent": "Nothing follows beyond these sizes.",
}

_PROVENANCES = {
    "as printed": "The statement was read in the paper's own text, with its number, hypotheses and "
    "constants.",
    "quoted": "The statement is known from quotations of the paper in others; its own text was not "
    "seen.",
    "forced": "Numbers of the paper that are known from quotations force this form; the paper's "
    "own words were not seen.",
    "unseen": "No quotation of this place was found: whether the paper has it in this form is not "
    "confirmed.",
    "recalled": "The statement was rebuilt from memory of the paper; its number and constants may "
    "differ: compare before you quote it.",
    "derived": "The statement follows from what the paper says, but does not stand there in this "
    "form.",
    "ours": "The statement is not in the paper: it is a sharper or simpler form, or a tool of "
    "ours.",
}

_ROLES = {
    "specimen": "on a frozen specimen",
    "nominee": "on an instance that the search nominated",
    "explore": "on an instance that the search drew",
    "grid": "on the largest size of the grid",
}


def meaning(verdict: str, levels: Levels) -> str:
    """Say what a verdict means, at the levels of the run that gave it."""
    words = _MEANINGS.get(verdict, "")
    return words.format(alpha=levels.at_alpha, beta=levels.at_beta)


def meanings(levels: Levels) -> Mapping[str, str]:
    """Say what each verdict means."""
    return {verdict: meaning(verdict, levels) for verdict in _MEANINGS}


def basis_sentence(basis: str) -> str:
    """Say what a verdict of "holds" rests on."""
    known = {str(name): means for name, means in MEANS.items()}
    said = f"{basis[:1].upper()}{basis[1:]}: {known[basis]}." if basis in known else ""
    return " ".join(filter(None, (said, _MORE_OF_BASES.get(basis, ""))))


def provenance_sentence(provenance: str, note: str) -> str:
    """Say how sure it is that the paper says this, with the author's note."""
    return " ".join(filter(None, (_PROVENANCES.get(provenance, ""), sentence(note.strip()))))


def role_phrase(role: str, *, automatic: bool = False) -> str:
    """Say where something was found."""
    if role == "specimen" and automatic:
        return "on an automatic specimen"
    return _ROLES.get(role, "")


def worst(verdicts: Sequence[str]) -> str:
    """Return the verdict that asks for attention first.

    >>> worst(["holds", "undecided", "holds"])
    'undecided'
    """
    return min(verdicts, key=lambda verdict: VERDICTS.index(verdict) if verdict in VERDICTS else 0)
