"""Where conclusions of XD23 begin to hold: from which initial scale, far above the paper's.

The maps try the statements as our parts state them, with our constants. One module, so that a map
is no part of the code that a statement's evidence depends on.
"""

from __future__ import annotations

import math

from lemmata.harness import Hypothesis
from lemmata.theorems.single_neuron.rates import the_loss_is_at_most_the_inverse_cube_of_time
from lemmata.theorems.single_neuron.setting.network import Start

the_loss_is_at_most_the_inverse_cube_of_time.regime(
    x="1/σ",
    xs=(0.1, 0.3, 1, 10, 1000),
    y="n",
    ys=(2, 3, 4),
    fixed={"d": 10},
    instance=lambda inverse, n, d: {
        "start": Start(count=n, dimension=d, scale=1.0 / inverse),
    },
    hypothesis=Hypothesis(
        says=r"$\sigma\le O(n^{-4226}d^{-1/2}\|v\|)$, here with the constant 1 and $\|v\|=1$",
        asks=lambda inverse, n, d: 4226 * math.log10(n) + 0.5 * math.log10(d),
    ),
)
