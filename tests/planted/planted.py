"""Statements whose truth is known.

What the whole way through has to let be, and what it has to find.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st
from scipy import stats
from support import fresh_id

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Law,
    Mean,
    Part,
    Trials,
    at_most,
    given,
    law_of,
    mean_of,
    statement,
)

__test__ = False  # its statements belong to the tests that judge them

FACTORS = (0.2, 0.4, 0.6, 0.8)


def _statement(**changes: object) -> Callable[..., object]:
    return lambda **options: statement(
        fresh_id(), source="planted, x", title="planted", says="$x$", **{**options, **changes}
    )


def johnson_lindenstrauss(
    constant: float = 1 / 4, understated: float = 1.0, **changes: object
) -> Part:
    """‖Ax‖² of a unit x deviates from 1 by ε with probability at most 2 exp(-m (ε² - ε³) ·
    constant), divided by ``understated``."""

    @_statement(**changes)(kind="probability", specimens=[{"m": 64, "epsilon": 0.4}])
    @given(m=st.sampled_from((4, 8, 16, 32, 64, 128)), epsilon=st.sampled_from(FACTORS))
    def projections_keep_lengths(m: int, epsilon: float, trials: Trials) -> Bound:
        square = (trials.normal("A", m, variance=1 / m) ** 2).sum(-1)
        p = 2 * math.exp(-m * (epsilon**2 - epsilon**3) * constant) / understated
        return at_most((square - 1).abs(), epsilon).except_with_probability(p)

    return projections_keep_lengths


def chi_square_tail(understated: float | None = None, **changes: object) -> Part:
    """‖g‖² ≤ m + 2√(mt) + 2t except with probability exp(-t) (Laurent and Massart), or with the
    exact one divided by ``understated``."""

    @_statement(**changes)(kind="probability", specimens=[{"m": 4, "t": 0.5}])
    @given(m=st.sampled_from((1, 2, 4, 8)), t=st.sampled_from((0.25, 0.5, 1.0)))
    def gaussian_norms_concentrate(m: int, t: float, trials: Trials) -> Bound:
        bound = m + 2 * math.sqrt(m * t) + 2 * t
        claimed = (
            math.exp(-t) if understated is None else float(stats.chi2.sf(bound, m)) / understated
        )
        return at_most((trials.normal("g", m) ** 2).sum(-1), bound).except_with_probability(claimed)

    return gaussian_norms_concentrate


def norm_up_to_a_constant(value: float = 1.4, **changes: object) -> Part:
    """‖g‖ ≤ C √m; for m from 32 on 1.4 is generous and 0.7 is false."""

    @_statement(**changes)(
        kind="scaling", constant=Constant(value, "m = 32…256"), specimens=[{"m": 64}]
    )
    @given(m=st.sampled_from((32, 64, 128, 256)))
    def norms_grow_like_the_root_of_the_dimension(m: int, trials: Trials) -> Bound:
        return at_most(trials.normal("g", m).norm(dim=-1), math.sqrt(m))

    return norms_grow_like_the_root_of_the_dimension


def norm_exponent(exponent: float = 0.5, **changes: object) -> Part:
    """‖g‖ = Θ(m^exponent); true for ½."""
    grid = Along(
        variable="m",
        sizes=(16, 32, 64, 128, 256),
        instance=lambda m: {"m": m},
        at_most=0.1,
        at_least=-0.1,
    )

    @_statement(**changes)(
        kind="scaling", constant=Constant(100.0, "m = 16…256"), along=grid, specimens=[{"m": 64}]
    )
    @given(m=st.sampled_from((16, 64, 256)))
    def norms_have_an_exponent(m: int, trials: Trials) -> Bound:
        return at_most(trials.normal("g", m).norm(dim=-1), float(m) ** exponent)

    return norms_have_an_exponent


def mean_square(expected: float = 1.0, **changes: object) -> Part:
    """The mean of g² is 1."""

    @_statement(**changes)(kind="mean", specimens=[{"m": 2}])
    @given(m=st.integers(1, 4))
    def squares_have_mean_one(m: int, trials: Trials) -> Mean:
        # 128 copies a trial make 5 % visible among 512 trials.
        return mean_of((trials.normal("g", 128, m) ** 2).mean(dim=1), expected)

    return squares_have_mean_one


def law_of_a_sum(normal: bool = True, **changes: object) -> Part:
    """A sum of four normals is normal, and not logistic of the same variance."""

    @_statement(**changes)(kind="law", specimens=[{"n": 4}])
    @given(n=st.integers(1, 6))
    def sums_of_normals_are_normal(n: int, trials: Trials) -> Law:
        total = trials.normal("g", 128, n).sum(-1) / math.sqrt(n)
        return law_of(total, stats.norm if normal else stats.logistic(scale=math.sqrt(3.0) / np.pi))

    return sums_of_normals_are_normal
