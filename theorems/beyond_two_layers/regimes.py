"""Where conclusions of ALL18 begin to hold: its theorems ask for polynomials that it does not give.

The maps try the lemmas as our parts state them, with our constants, at widths that a computer
holds. One module, so that a map is no part of the code that a statement's evidence depends on.
"""

from __future__ import annotations

from lemmata.harness import Hypothesis, Instance
from lemmata.theorems.beyond_two_layers.sparse_sign_changes import (
    few_signs_of_the_first_layer_change,
)
from lemmata.theorems.beyond_two_layers.two_layer_coupling import outputs_are_coupled


def _at(m: int, radius: float) -> Instance:
    return {"width": m, "radius": float(radius)}


outputs_are_coupled.regime(
    x="m",
    xs=(2, 4, 8, 16, 32, 64, 128, 256, 512),
    y="τ√m",
    ys=(0.1, 0.3, 1, 3),
    instance=_at,
    hypothesis=Hypothesis(
        says=r"none in the lemma; Theorem 1, which uses it, asks for "
        r"$m\ge\mathrm{poly}(\mathfrak C_\varepsilon(\phi,1),1/\varepsilon)$, its powers not given"
    ),
)

few_signs_of_the_first_layer_change.regime(
    x="m",
    xs=(4, 8, 16, 32, 64, 128, 256, 512),
    y="c",
    ys=(0.1, 0.2, 0.5, 1),
    instance=_at,
    hypothesis=Hypothesis(
        says=r"none in the lemma; the theorems of three layers, which use it, ask for "
        r"$m\ge\mathrm{poly}(C_0,1/\varepsilon)$, its powers not given"
    ),
)
