"""The initialisation: norms about σ√d, far from the teacher's line (XD23, Lemma 3).

At the start all students have norm about σ√d and are nearly orthogonal to the teacher (XD-02).
"""

from __future__ import annotations

import math

from hypothesis import strategies as st

from lemmata.harness import (
    Bound,
    Trials,
    all_of,
    at_least,
    at_most,
    given,
    statement,
)
from lemmata.strategies import log_uniform, sizes
from lemmata.theorems.single_neuron.setting.network import (
    Start,
    angles,
    norms,
)

_RANDOM = (r"\forall\, n,d,\sigma", r"\mathbb P_{W_0}", r"\forall\, i")

# XD-02

XD02 = statement(
    "XD-02",
    paper="XD23",
    source="Lemma 3, pages 6 and 37",
    provenance="as printed",
    title="Events of the initialisation",
    says=r"For $w_i(0)\sim N(0,\sigma^2I_d)$ with $d\ge\Omega(\log\frac n\delta)$, with "
    r"probability at least $1-\delta$: $\frac12\sigma\sqrt d\le\|w_i(0)\|\le2\sigma\sqrt d$ and "
    r"$\theta_i(0)\in[\frac\pi3,\frac{2\pi}3]$ for all $i$.",
    kind="probability",
    quantifiers=_RANDOM,
)
_starts = st.builds(
    Start, count=sizes(smallest=1, largest=16), dimension=sizes(smallest=20, largest=200)
)
_WIDE = {"start": Start(count=8, dimension=100)}


@XD02.part(
    "a",
    provenance="ours",
    proof="in the docstring",
    says=r"$\frac12\sigma\sqrt d\le\|w_i(0)\|\le2\sigma\sqrt d$ for all $i$, but for a probability "
    r"$n(e^{-0.318d}+e^{-0.806d})$.",
    specimens=[_WIDE],
)
@given(start=_starts)
def students_start_with_norms_of_the_root_of_the_dimension(
    start: Start, trials: Trials, *, dimension: int | None = None
) -> Bound:
    """P[χ²_d ≤ xd] and P[χ²_d ≥ xd] are at most exp(-½ d (x - 1 - ln x)), by Chernoff, at x = ¼ and
    at x = 4.
    """
    W = Start(count=start.count, dimension=dimension or start.dimension, scale=start.scale).draw(
        trials
    )
    size = norms(W) / (start.scale * math.sqrt(W.shape[-1]))
    rate = [0.5 * (x - 1.0 - math.log(x)) for x in (0.25, 4.0)]
    fails = start.count * sum(math.exp(-start.dimension * r) for r in rate)
    return all_of(at_least(size, 0.5), at_most(size, 2.0)).except_with_probability(fails)


students_start_with_norms_of_the_root_of_the_dimension.twin(
    "d = 2 at the probability of d = 100", dimension=2
)


@XD02.part(
    "b",
    provenance="ours",
    proof="in the docstring",
    says=r"$\frac\pi3\le\theta_i(0)\le\frac{2\pi}3$ for all $i$, but for a probability "
    r"$n(\frac34)^{(d-1)/2}$.",
    specimens=[_WIDE],
)
@given(start=_starts)
def students_start_far_from_the_line_of_the_teacher(
    start: Start, trials: Trials, *, dimension: int | None = None
) -> Bound:
    """Two caps of the half angle π/3 each have at most the share ½ sin(π/3)^{d-1} of the sphere."""
    W = Start(count=start.count, dimension=dimension or start.dimension, scale=start.scale).draw(
        trials
    )
    fails = start.count * 0.75 ** (0.5 * (start.dimension - 1))
    return at_most((angles(W) - math.pi / 2).abs(), math.pi / 6).except_with_probability(fails)


students_start_far_from_the_line_of_the_teacher.twin(
    "d = 5 at the probability of d = 100", dimension=5
)


@XD02.part(
    "c",
    says=r"For $d\ge43\ln\frac{6n}\delta$, with probability at least $1-\delta$, for all $i$: "
    r"$s_1\le\|w_i(0)\|\le s_2$, $s_1=\frac12\sigma\sqrt d$, $s_2=2\sigma\sqrt d$, and "
    r"$\frac\pi3\le\theta_i(0)\le\frac{2\pi}3$.",
    note="43 is what the rates of the paper's proof come to: e^{-(3/4)² d/24} a norm, 2e^{-d/32} "
    "an inner product",
    specimens=[{"count": 2, "delta": 0.1}],
)
@given(count=sizes(smallest=1, largest=16), delta=log_uniform(1e-3, 0.5, per_decade=2))
def students_start_in_the_window_of_norms_and_angles(
    count: int, delta: float, trials: Trials, *, rate: float = 43.0
) -> Bound:
    dimension = math.ceil(rate * math.log(6.0 * count / delta))
    W = Start(count=count, dimension=dimension).draw(trials)
    size = norms(W) / (Start().scale * math.sqrt(dimension))
    return all_of(
        at_least(size, 0.5),
        at_most(size, 2.0),
        at_most((angles(W) - math.pi / 2).abs(), math.pi / 6),
    ).except_with_probability(delta)


students_start_in_the_window_of_norms_and_angles.twin(
    "d = ½ ln(6n/δ)", specimens=[{"count": 8, "delta": 0.01}], rate=0.5
)
