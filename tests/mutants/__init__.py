"""Mutations: small falsifications of a paper's code that its statements have to notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """One change of code.

    Attributes:
        file: relative to the repository.
        before: code that occurs once in the file; after: what it becomes.
        statements: ids of which at least one part is refuted or in error afterwards.
        equivalent: why the change makes no difference, where it makes none.
    """

    file: str
    before: str
    after: str
    statements: Sequence[str]
    equivalent: str = ""
