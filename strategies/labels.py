"""Targets: what a network is asked to fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness.trials import Trials

LabelFamily = Literal["random", "zero", "huge", "opposed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Targets y*₁, ..., y*_n in R^d, as plain data.

    Attributes:
        family: "random" (independent directions), "zero", "huge" (random, a hundred times as long),
            or "opposed" (away from the initial output).
        length: of each target.
    """

    family: LabelFamily = "random"
    length: float = 1.0

    def build(
        self, trials: Trials, outputs: Float[Tensor, "trials d n"]
    ) -> Float[Tensor, "trials d n"]:
        """Return the targets for networks whose initial outputs are ``outputs``."""
        drawn = trials.normal("labels", *outputs.shape[1:])
        random = drawn / drawn.norm(dim=1, keepdim=True)
        if self.family == "opposed":
            # A step away from the output, and a random direction where the output vanishes.
            size = outputs.norm(dim=1, keepdim=True)
            random = (-outputs / size.clamp(min=1e-12)).where(size > 1e-12, random)
        return random * (
            0.0
            if self.family == "zero"
            else self.length * (100.0 if self.family == "huge" else 1.0)
        )


def labels(*families: LabelFamily) -> st.SearchStrategy[Labels]:
    """Draw targets of the named families, of all by default."""
    return st.builds(
        Labels, family=st.sampled_from(families or ("random", "zero", "huge", "opposed"))
    )
