"""What the words of a verdict mean, in sentences that a reader needs no manual for."""

from __future__ import annotations

import math

from lemmata.reports.numerals import figure, sentence

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

MEANINGS = {
    "holds": "Every check passed; the basis says how far that carries.",
    "refuted": "The evidence against the claim is stronger than chance allows, at level 10⁻⁹.",
    "undecided": "The trials speak neither clearly for the claim nor clearly against it.",
    "underpowered": "The budget of this run could not have detected a failure, so nothing is "
    "concluded.",
    "vacuous": "On every instance that was drawn the claim says nothing, for example because its "
    "failure probability is 1 or more.",
    "untested": "The statement is listed, so that the proof is complete, but no check is written "
    "yet.",
    "error": "The check broke or produced something that is not a number; that never counts as "
    "passing.",
    "no verdict": "The run ended before this part was judged; what it had recorded until then is "
    "shown.",
    "not run": "No run shown here recorded a trial or a verdict of this part: it was left out, or "
    "the run ended before it.",
}

_BASES = {
    "exact": "Exact: the relation is deterministic, and in no trial was it violated by more than "
    "rounding can explain.",
    "attacked": (
        "Attacked: the statement speaks of every point of a set. An adversary searched that set in "
        "every trial and found no violation. This is evidence from a search, not a certificate: a "
        "cleverer adversary might succeed."
    ),
    "consistent": "Consistent: the measured exponents agree with the claimed ones over the sizes "
    "named. Nothing follows beyond them.",
}

_PROVENANCES = {
    "recalled": "The statement and its number were recalled from the paper, without its text at "
    "hand: compare before you quote it.",
    "recalled-form": "The form of the statement was recalled from the paper; its number and its "
    "constants may differ from those in print.",
    "derived": "The statement was derived for this library: the paper's argument uses it, but it "
    "may not stand there in this form.",
}

_ROLES = {
    "specimen": "on a frozen specimen",
    "nominee": "on an instance that searching found, confirmed with fresh trials",
    "explore": "on an instance that Hypothesis drew",
    "grid": "on a point of the grid of sizes",
}


def basis_sentence(basis: str, levels: list[float]) -> str:
    """Say what a verdict of "holds" rests on.

    Args:
        basis: as recorded.
        levels: the failure probabilities that were certified, specimen by specimen.
    """
    if basis == "certified":
        finite = [level for level in levels if math.isfinite(level)]
        level = f" at most {figure(max(finite))}" if finite else " at most the level named below"
        return (
            f"Certified: on every specimen the failure probability is{level}. The method that says so errs with probability at most 10⁻³ "
            "a specimen, however often it looked."
        )
    return _BASES.get(basis, f"Basis as recorded: {basis}." if basis else "")


def provenance_sentence(provenance: str) -> str:
    """Say how sure it is that the paper says this."""
    known, _, rest = provenance.partition(";")
    said = _PROVENANCES.get(
        known.strip(), f"Provenance as recorded: {known.strip()}." if known.strip() else ""
    )
    return " ".join(filter(None, (said, sentence(rest.strip()))))


def role_phrase(role: str) -> str:
    """Say where something was found."""
    return _ROLES.get(role, role)


def worst(verdicts: list[str]) -> str:
    """Return the verdict that asks for attention first.

    >>> worst(["holds", "undecided", "holds"])
    'undecided'
    """
    return min(verdicts, key=lambda verdict: VERDICTS.index(verdict) if verdict in VERDICTS else 0)
