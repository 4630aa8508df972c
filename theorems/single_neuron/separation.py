"""The parts of the students orthogonal to the teacher stay spread (XD23, Lemmas 29 to 31).

With z_i = w_i - ⟨w_i, v̄⟩v̄, a start is non-degenerate if all z_i(0) ≠ 0 and κ_max(0) > 0. As the
widest pair separates (XD-18), κ_max keeps a part of what it was (XD-19), Z = Σ_{i<j} ‖z_i - z_j‖
sees the longest z_i (XD-20), and z_1, ..., z_n never vanish together (XD-17).
"""

from __future__ import annotations

import math
from dataclasses import replace

from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Bound,
    Constant,
    Requirement,
    Trials,
    at_least,
    at_most,
    given,
    more_than,
    statement,
)
from lemmata.theorems.local_convergence.setting.network import Weights
from lemmata.theorems.single_neuron.setting.network import norms, pairwise
from lemmata.theorems.single_neuron.setting.orthogonal_parts import (
    Fan,
    Spread,
    fans,
    parts,
    speeds,
    spreads,
    widest,
)

_ALL_W = (r"\forall\, n,d", r"\forall\, W")
_FLOWS = (r"\forall\, n,d", r"\forall\, W_0:\ z_i\ne0,\ \kappa_{\max}>0", r"\forall\, \tau")
_SMALL = Requirement(
    paper=r"Lemma 3's events and, implicitly as in Corollary 28, Theorem 9's $\sigma$; tried at "
    r"$\sigma\sqrt d=0.02$"
)
_FAN = {"world": Fan()}
_RANDOM = {"start": Spread(count=3)}
_NARROW = {"start": Spread(count=2, kappa=0.003)}
_UNTIL = 20.0
_ROUNDED = 1e6
"""Roundings of a run: the z_i, from 1e-5 on, are known to some 1e-16."""

# XD-19

XD19 = statement(
    "XD-19",
    paper="XD23",
    source="Lemma 30, pages 41 and 42",
    provenance="as printed",
    uses=["XD-16", "XD-18"],
    title="The directions stay spread",
    says=r"Let Lemma 3's events hold, $n\ge2$ and the start be non-degenerate. Then for all "
    r"$\tau$ some $z_i(\tau)=0$, or $\kappa_{\max}(\tau)\ge\frac13\kappa_{\max}(0)$.",
    kind="trajectory",
    quantifiers=_FLOWS,
    requires=_SMALL,
)


@XD19.part(
    "a",
    says=r"$\kappa_{\max}(\tau)\ge\frac13\kappa_{\max}(0)$, all $z_i(\tau)\ne0$.",
    constant=Constant(1.0, measured_on="n = 2…4, κ_max(0) ≥ 0.003, τ ≤ 20: 0.46", failure=0.0),
    specimens=[_RANDOM, _NARROW],
)
@given(start=spreads)
def the_widest_angle_keeps_a_third(
    start: Spread, trials: Trials, *, share: float = 1.0 / 3.0
) -> Bound:
    kappa = widest(start.follow(trials, _UNTIL).W)
    return at_least(kappa, share * kappa[:, :1]).up_to_roundings(_ROUNDED)


the_widest_angle_keeps_a_third.twin(
    "all of it", specimens=[{"start": Spread(count=4, dimension=3)}], share=1.0
)


@XD19.part(
    "b",
    says=r"More: $\kappa_{\max}(\tau)\ge\min(\kappa_{\max}(0),\frac\pi2)$.",
    provenance="ours",
    proof="in the docstring",
    specimens=[_RANDOM, _NARROW],
)
@given(start=spreads)
def the_widest_angle_never_shrinks_below_a_right_one(
    start: Spread, trials: Trials, *, factor: float = 1.0
) -> Bound:
    """XD-18 holds up to κ = π/2 and there: below it κ_max grows, at it it cannot fall. A z_i that
    passes through 0 moves, by (60), against a positive combination of the others. It leaves at more
    than π/2 from one of them; or the combination is 0, and two of the others are at more than π/2.
    """
    kappa = widest(start.follow(trials, _UNTIL).W)
    first = kappa[:, :1].clamp(max=math.pi / 2)
    return at_least(kappa, factor * first).up_to_roundings(_ROUNDED)


the_widest_angle_never_shrinks_below_a_right_one.twin("1.2 times that", factor=1.2)


# XD-20

XD20 = statement(
    "XD-20",
    paper="XD23",
    source="Lemma 31, page 42",
    provenance="as printed",
    uses=["XD-19"],
    title="Pairwise distances see the longest orthogonal part",
    says=r"Let Lemma 3's events hold, $n\ge2$ and the start be non-degenerate. Then for all "
    r"$\tau$: $Z(\tau)\ge\Omega(\kappa_{\max}(0)\max_i\|z_i(\tau)\|)$, $Z=\sum_{i<j}\|z_i-z_j\|$.",
    kind="trajectory",
    quantifiers=_FLOWS,
)


@XD20.part(
    "a",
    says=r"$C\,Z(\tau)\ge\kappa_{\max}(0)\max_i\|z_i(\tau)\|$.",
    constant=Constant(2.0, measured_on="n = 2…4, κ_max(0) ≥ 0.003, τ ≤ 20: 1.3", failure=0.0),
    requires=_SMALL,
    specimens=[_RANDOM, _NARROW],
)
@given(start=spreads)
def pairwise_distances_stay_above_the_longest_part(
    start: Spread, trials: Trials, *, power: float = 1.0
) -> Bound:
    W = start.follow(trials, _UNTIL).W
    longest = parts(W).norm(dim=-1).amax(dim=-1)
    bound = widest(W[:, :1]) ** power * longest
    return at_least(pairwise(W), bound).up_to_roundings(_ROUNDED)


pairwise_distances_stay_above_the_longest_part.twin(
    "√κ in place of κ", specimens=[_NARROW], power=0.5
)


@XD20.part(
    "b",
    kind="inequality",
    says=r"More, for all $W$: if $\kappa\le\kappa_{\max}$, $\kappa\le\frac\pi2$, then "
    r"$Z\ge(n-1)\sin\frac\kappa2\,\max_i\|z_i\|$.",
    provenance="ours",
    proof="in the docstring",
    quantifiers=_ALL_W,
    specimens=[_FAN, {"world": Fan(count=2, opening=0.003, spread=0.0)}],
)
@given(world=fans())
def pairwise_distances_are_at_least_the_longest_part(
    world: Fan, trials: Trials, *, flat: float = 0.0
) -> Bound:
    """Z ≥ (n - 1) max_{i,j} ‖z_i - z_j‖ by the triangle inequality over every third student. Of two
    z_i, z_j at the angle κ one is at κ/2 at least from the longest z_k, and then at a distance of
    ‖z_k‖ sin(κ/2) at least from it.
    """
    W = world.draw(trials)
    longest = parts(W).norm(dim=-1).amax(dim=-1)
    sine = (0.5 * widest(W).clamp(max=math.pi / 2)).sin()
    return at_least(pairwise(W), (flat or (world.count - 1) * sine) * longest)


pairwise_distances_are_at_least_the_longest_part.twin(
    "a tenth of it, whatever κ",
    specimens=[{"world": Fan(count=2, opening=0.003, spread=0.0)}],
    flat=0.1,
)


# XD-17

XD17 = statement(
    "XD-17",
    paper="XD23",
    source="Lemma 29, page 39, and Corollary 32, page 42",
    provenance="as printed",
    uses=["XD-16", "XD-20"],
    title="The orthogonal parts never vanish together",
    says=r"Let Lemma 3's events hold and the start be non-degenerate. Then for all $\tau$ some "
    r"$z_i(\tau)\ne0$, and $Z(\tau)>0$.",
    kind="trajectory",
    quantifiers=_FLOWS,
    requires=_SMALL,
)


def _speed_of_squares(W: Weights) -> Float[Tensor, "..."]:
    return 2.0 * (parts(W) * speeds(W)).sum(dim=(-2, -1))


@XD17.part(
    "a",
    source="the proof of Lemma 29, page 39",
    kind="inequality",
    says=r"$\frac d{d\tau}\sum_i\|z_i\|^2\ge-2nC\sum_i\|z_i\|^2$ with $C=\max_i\big(\pi+"
    r"\frac{\|v\|+\sum_{j\ne i}\|w_j\|}{\|w_i\|}\big)$, for all $W$.",
    quantifiers=_ALL_W,
    requires=Requirement(),
    specimens=[_FAN],
)
@given(world=fans())
def squares_fall_at_a_bounded_rate(world: Fan, trials: Trials, *, share: float = 1.0) -> Bound:
    W = world.draw(trials)
    size = norms(W)
    C = (math.pi + (1.0 + size.sum(dim=1, keepdim=True) - size) / size).amax(dim=1)
    bound = 2.0 * share * world.count * C * (parts(W) ** 2).sum(dim=(-2, -1))
    return at_most(-_speed_of_squares(W), bound)


squares_fall_at_a_bounded_rate.twin("a fiftieth of the rate", share=0.02)


@XD17.part(
    "b",
    says=r"$Z(\tau)>0$, and with it some $\|z_i(\tau)\|$.",
    specimens=[_RANDOM, _NARROW],
)
@given(start=spreads)
def the_potential_never_vanishes(start: Spread, trials: Trials) -> Bound:
    return _positive(start.follow(trials, _UNTIL).W)


def _positive(W: Weights) -> Bound:
    """Claim that Z > 0, beyond rounding."""
    return more_than(pairwise(W), 1e-12 * norms(W).sum(dim=-1))


@the_potential_never_vanishes.twin("identical students", specimens=[_RANDOM])
def _(start: Spread, trials: Trials) -> Bound:
    one = replace(start, count=1).draw(trials)
    return _positive(one.expand(-1, start.count, -1).unsqueeze(1))
