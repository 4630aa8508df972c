"""Findings: what a paper prints that is false or does not follow, told so that anybody can check.

A part with ``expect="refuted"`` whose provenance is "as printed" accuses authors. It carries a
`Finding`: the place, the smallest instance, ten lines that show it, the repair that holds, and a
fair word on what is concerned and what is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Concern = Literal["statement", "constant", "proof step", "example", "formula"]
LONGEST_CHECK = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One place in a paper that does not stand as it is printed.

    Attributes:
        place: where it is printed, as in "Lemma 20, page 31".
        concerns: what is concerned: the statement, a constant, a step of a proof, an example or a
            formula.
        counterexample: the smallest instance, in numbers that a reader checks by hand; text with
            LaTeX.
        check: up to fifteen lines of Python that need nothing but the standard library and numpy,
            print both sides and assert that the printed claim fails.
        cause: the step that fails, and why.
        repairs: the ids of the parts that hold in its place.
        survives: which results are touched, and which are not.
        verified: how it was computed a second time, by other means.
    """

    place: str
    concerns: Concern
    counterexample: str
    check: str
    cause: str
    repairs: Sequence[str]
    survives: str
    verified: str

    def complaints(self) -> list[str]:
        """Say what is wrong with it by itself, a clause each."""
        wrong = []
        if self.concerns not in get_args(Concern):
            wrong.append(
                f"concerns {self.concerns!r}, which is none of {', '.join(get_args(Concern))}"
            )
        lines = [line for line in self.check.strip().splitlines() if line.strip()]
        if not any(line.strip().startswith("assert ") for line in lines):
            wrong.append("has a check that asserts nothing")
        if len(lines) > LONGEST_CHECK:
            wrong.append(f"has a check of {len(lines)} lines; a reader types {LONGEST_CHECK}")
        try:
            compile(self.check, self.place, "exec")
        except (SyntaxError, ValueError) as problem:
            wrong.append(f"has a check that is no Python: {problem}")
        wrong += [
            f"says nothing in {name}="
            for name in ("place", "counterexample", "cause", "survives", "verified")
            if not getattr(self, name).strip()
        ]
        return wrong
