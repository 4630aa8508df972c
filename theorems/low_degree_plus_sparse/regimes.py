"""Where conclusions of NBL22 begin to hold, in the width.

The maps try the statements as our parts state them, with our constants. One module, so that a map
is no part of the code that a statement's evidence depends on.
"""

from __future__ import annotations

import math

from lemmata.harness import Hypothesis
from lemmata.theorems.low_degree_plus_sparse.setting.network import Pairs
from lemmata.theorems.low_degree_plus_sparse.spectrum import the_gap_grows_with_the_dimension
from lemmata.theorems.low_degree_plus_sparse.taylor_remainder import (
    the_remainder_decays_like_the_fourth_root_of_the_width,
)

the_gap_grows_with_the_dimension.regime(
    x="p",
    xs=(2, 4, 8, 16),
    y="d",
    ys=(6, 8, 10, 12),
    fixed={"k": 1},
    instance=lambda p, d, k: {"net": Pairs(dimension=d, pairs=p), "k": k},
    hypothesis=Hypothesis(
        says=r"$p\ge Cd^k$ up to logarithms, here with the constant 1 and without logarithms",
        asks=lambda p, d, k: k * math.log10(d),
    ),
)

the_remainder_decays_like_the_fourth_root_of_the_width.regime(
    x="m",
    xs=(2, 8, 32, 128),
    y="B",
    ys=(0.1, 1, 10),
    fixed={"d": 6},
    instance=lambda m, B, d: {"net": Pairs(dimension=d, pairs=m // 2), "norm": float(B)},
    hypothesis=Hypothesis(
        says=r"none for the approximation; the final theorem, which uses it, asks for "
        r"$m\ge\mathrm{poly}(n,d^k)$ with a very large exponent, not given"
    ),
)
