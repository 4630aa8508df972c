"""Where conclusions of ZGJ21 begin to hold: at which loss, far above the paper's threshold.

The maps try the statements as our parts state them, with our constants. One module, so that a map
is no part of the code that a statement's evidence depends on.
"""

from __future__ import annotations

import math

from lemmata.harness import Hypothesis, Instance
from lemmata.theorems.local_convergence.gradient_lower_bound import (
    the_gradient_is_at_least_the_loss,
)
from lemmata.theorems.local_convergence.setting.network import Teachers
from lemmata.theorems.local_convergence.setting.states import States


def _at_loss(inverse: float, r: int, m: int) -> Instance:
    """Return orthonormal teachers and m students near them, up to a loss."""
    world = Teachers(count=r, dimension=max(3, r))
    return {
        "world": world,
        "students": States(family="local", extra=m - r, size=0.5),
        "share": 1.0 / (inverse * world.threshold),
    }


the_gradient_is_at_least_the_loss.regime(
    x="1/ε₀",
    xs=(1, 2, 3, 5, 10),
    y="r",
    ys=(2, 3),
    fixed={"m": 6},
    instance=_at_loss,
    hypothesis=Hypothesis(
        says=r"$L(W)\le\varepsilon_0=O(\Delta^{36}w_{\min}^{80}r^{-162}w_{\max}^{-78})$, here with "
        r"the constant 1 and $w_{\min}=w_{\max}=\Delta=1$",
        asks=lambda inverse, r: 162 * math.log10(r),
    ),
)
