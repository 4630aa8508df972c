"""The harness: what a statement is, how it is drawn, attacked, judged, recorded and replayed.

What an author of statements needs stands here; the rest is in the modules. Names are imported on first use, so that tools which only read
records, and pytest runs without statements, never load torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lemmata.harness.claims import Bound, Claim, Law, Mean, all_of, at_least, at_most, equal, law_of, mean_of, worst_of
    from lemmata.harness.drawing import given
    from lemmata.harness.instances import Instance
    from lemmata.harness.statements import Along, Constant, Part, Requirement, Statement, Twin, declare, statement
    from lemmata.harness.trials import Trials

_HOMES = {
    "claims": ("Bound", "Claim", "Law", "Mean", "all_of", "at_least", "at_most", "equal", "law_of", "mean_of", "worst_of"),
    "drawing": ("given",),
    "instances": ("Instance",),
    "statements": ("Along", "Constant", "Part", "Requirement", "Statement", "Twin", "declare", "statement"),
    "trials": ("Trials",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Along",
    "Bound",
    "Claim",
    "Constant",
    "Instance",
    "Law",
    "Mean",
    "Part",
    "Requirement",
    "Statement",
    "Trials",
    "Twin",
    "all_of",
    "at_least",
    "at_most",
    "declare",
    "equal",
    "given",
    "law_of",
    "mean_of",
    "statement",
    "worst_of",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"lemmata.harness.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
