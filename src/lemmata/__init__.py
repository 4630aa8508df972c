"""Theorems about over-parameterised neural networks as properties that a computer tries to break.

``from lemmata import statement, given, at_most, judge`` is what a theorem of one's own needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lemmata.harness import *  # noqa: F403

__version__ = "0.2.0"


def __getattr__(name: str) -> Any:
    # On first use: whoever only reads records never loads torch.
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import lemmata.harness

    if name in lemmata.harness.__all__:
        return getattr(lemmata.harness, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    import lemmata.harness

    return [*lemmata.harness.__all__, *globals()]
