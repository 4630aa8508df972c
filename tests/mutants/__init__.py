"""Mutations of the theorems' code, and the statements that catch each of them.

A mutation replaces one piece of a file's text. Each of the statements that it names has to turn red
(refuted or in error) where the piece is replaced; one that changes nothing says why in
``equivalent``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """One change of one file.

    Attributes:
        file: from the project's root.
        before: the text that is replaced; it stands in the file exactly once.
        after: what replaces it.
        statements: ids of the statements of which at least one has to turn red.
        equivalent: why the change means nothing, where it does; empty otherwise.
    """

    file: str
    before: str
    after: str
    statements: Sequence[str]
    equivalent: str = ""
