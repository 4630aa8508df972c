"""The harness: what a statement is, how it is drawn, attacked, judged, recorded and replayed.

What an author of statements needs stands here and in `lemmata` itself. Names are imported on first
use, so that tools which only read records, and pytest runs without statements, never load torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lemmata.harness.claims import Bound as Bound
    from lemmata.harness.claims import Claim as Claim
    from lemmata.harness.claims import Law as Law
    from lemmata.harness.claims import Mean as Mean
    from lemmata.harness.claims import all_of as all_of
    from lemmata.harness.claims import at_least as at_least
    from lemmata.harness.claims import at_most as at_most
    from lemmata.harness.claims import equal as equal
    from lemmata.harness.claims import law_of as law_of
    from lemmata.harness.claims import less_than as less_than
    from lemmata.harness.claims import mean_at_least as mean_at_least
    from lemmata.harness.claims import mean_at_most as mean_at_most
    from lemmata.harness.claims import mean_of as mean_of
    from lemmata.harness.claims import more_than as more_than
    from lemmata.harness.claims import worst_of as worst_of
    from lemmata.harness.counting import alike as alike
    from lemmata.harness.drawing import given as given
    from lemmata.harness.findings import Finding as Finding
    from lemmata.harness.instances import Instance as Instance
    from lemmata.harness.notebook import judge as judge
    from lemmata.harness.regimes import Hypothesis as Hypothesis
    from lemmata.harness.registry import declare as declare
    from lemmata.harness.registry import statement as statement
    from lemmata.harness.statements import Along as Along
    from lemmata.harness.statements import Constant as Constant
    from lemmata.harness.statements import Drawn as Drawn
    from lemmata.harness.statements import Part as Part
    from lemmata.harness.statements import Requirement as Requirement
    from lemmata.harness.statements import Statement as Statement
    from lemmata.harness.statements import Twin as Twin
    from lemmata.harness.trials import Trials as Trials

_HOMES = {
    "claims": "Bound Claim Law Mean all_of at_least at_most equal law_of less_than mean_at_least "
    "mean_at_most mean_of more_than worst_of",
    "counting": "alike",
    "drawing": "given",
    "findings": "Finding",
    "instances": "Instance",
    "notebook": "judge",
    "regimes": "Hypothesis",
    "registry": "declare statement",
    "statements": "Along Constant Drawn Part Requirement Statement Twin",
    "trials": "Trials",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = sorted(_HOME)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"lemmata.harness.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, *globals()]
