"""The parts of the students orthogonal to the teacher separate (XD23, Lemmas 17 and 29 to 31).

With z_i = w_i - ⟨w_i, v̄⟩v̄, a start is non-degenerate if all z_i(0) ≠ 0 and κ_max(0) > 0. The pair
z_i, z_j at the largest angle is driven apart by gradient flow (XD-18), so that κ_max keeps a part
of what it was (XD-19), Σ_{i<j} ‖z_i - z_j‖ sees the longest z_i (XD-20), and z_1, ..., z_n never
vanish together (XD-17).
"""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Bound,
    Constant,
    Requirement,
    Trials,
    at_least,
    at_most,
    equal,
    given,
    more_than,
    statement,
)
from lemmata.theorems.local_convergence.setting.network import Weights, full_angles
from lemmata.theorems.single_neuron.setting.network import angles, norms, pairwise
from lemmata.theorems.single_neuron.setting.orthogonal_parts import (
    Fan,
    Spread,
    cosine_speeds,
    fans,
    parts,
    picked,
    speeds,
    spread_angles,
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
_WIDE = {"world": Fan(opening=1.5, size=0.1, spread=0.0)}
_RANDOM = {"start": Spread(count=3)}
_NARROW = {"start": Spread(count=2, kappa=0.003)}
_UNTIL = 20.0
_ROUNDED = 1e6
"""Roundings of a run: the z_i, from 1e-5 on, are known to some 1e-16."""

# XD-18

XD18 = statement(
    "XD-18",
    paper="XD23",
    source="Lemma 17, pages 13, 40 and 41",
    provenance="as printed",
    note="as its proof has it on page 41; (20) misprints cos κ² for cos² κ",
    uses=["XD-01"],
    title="The widest pair separates",
    says=r"If $\kappa_{ij}=\kappa_{\max}<\frac\pi2$, then along gradient flow $\frac "
    r"d{d\tau}\cos\kappa_{ij}\le-\frac{\pi-\theta_{ij}}\pi(1-\cos^2\kappa_{ij})$. No condition on "
    r"loss, norms or angles to the teacher.",
    kind="inequality",
    quantifiers=(*_ALL_W, r"\kappa_{ij}=\kappa_{\max}"),
)


@XD18.part(
    "a",
    source="(60), page 40",
    says=r"$\dot z_i=-\frac1{2\pi}\big(\pi+\sum_{j\ne "
    r"i}\frac{\|w_j\|}{\|w_i\|}\sin\theta_{ij}-\frac{\|v\|}{\|w_i\|}\sin\theta_i\big)z_i-"
    r"\sum_{j\ne i}\frac{\pi-\theta_{ij}}{2\pi}z_j$.",
    kind="identity",
    quantifiers=_ALL_W,
    specimens=[_FAN],
)
@given(world=fans())
def orthogonal_parts_move_in_their_own_span(
    world: Fan, trials: Trials, *, teacher: float = 1.0
) -> Bound:
    W = world.draw(trials)
    size, z, between = norms(W), parts(W), full_angles(W, W)
    # On the diagonal sin θ_ii = 0, and π - θ_ii belongs to the first term.
    pulls = (size.unsqueeze(-2) * between.sin()).sum(dim=-1) - teacher * angles(W).sin()
    own = (math.pi + pulls / size).unsqueeze(-1) * z
    others = (math.pi - between) * (1.0 - torch.eye(world.count).to(z))
    expected = -(own + others @ z) / (2.0 * math.pi)
    scale = (1.0 + size.sum(dim=1))[:, None, None]
    return equal(speeds(W), expected, roundings=100 * world.count, scale=scale)


orthogonal_parts_move_in_their_own_span.twin("without the teacher's pull", teacher=0.0)


def _separating(
    W: Weights, *, weighted: bool = False, literal: bool = False, closest: bool = False
) -> Bound:
    kappa = spread_angles(W)
    order = kappa + 9.0 * (kappa == 0.0).to(kappa.dtype)
    place = order.flatten(-2).argmin(dim=-1) if closest else kappa.flatten(-2).argmax(dim=-1)
    wide = picked(kappa, place)
    drop = 1.0 - (wide**2).cos() if literal else wide.sin() ** 2
    factor = picked(1.0 - full_angles(W, W) / math.pi, place)
    if weighted:
        length = parts(W).norm(dim=-1)
        ratio = picked(length.unsqueeze(-1) / length.unsqueeze(-2), place)
        factor = factor * 0.5 * (ratio + 1.0 / ratio)
    # κ ≥ 0.03 or nothing is claimed. Speeds are known to some roundings of (1 + Σ‖w‖)/‖z‖, which
    # are compared with sin² κ.
    bound = torch.where(wide >= 0.03, -factor * drop, torch.inf)
    return at_most(picked(cosine_speeds(W), place), bound).up_to_roundings(1e7)


@XD18.part(
    "b",
    says=r"$\frac d{d\tau}\cos\kappa_{ij}\le-\frac{\pi-\theta_{ij}}\pi\sin^2\kappa_{ij}$ for a "
    r"pair with $\kappa_{ij}=\kappa_{\max}<\frac\pi2$.",
    specimens=[_FAN, _WIDE],
)
@given(world=fans())
def the_widest_pair_separates(
    world: Fan, trials: Trials, *, literal: bool = False, closest: bool = False
) -> Bound:
    return _separating(world.draw(trials), literal=literal, closest=closest)


the_widest_pair_separates.twin(
    "cos(κ²) for cos² κ, as (20) is misprinted",
    specimens=[{"world": Fan(count=5, opening=1.57, size=0.1, spread=0.0)}],
    literal=True,
)
the_widest_pair_separates.twin("the closest pair", closest=True)


@XD18.part(
    "c",
    says=r"More: the rate carries the factor "
    r"$\frac12\big(\frac{\|z_i\|}{\|z_j\|}+\frac{\|z_j\|}{\|z_i\|}\big)\ge1$.",
    provenance="ours",
    proof="in the docstring",
    note="it stands in the paper's proof",
    specimens=[_FAN, _WIDE],
)
@given(world=fans())
def the_widest_pair_separates_faster_where_lengths_differ(
    world: Fan, trials: Trials, *, closest: bool = False
) -> Bound:
    """By (a), d cos κ_ij/dτ is the rate times the factor from z_i and z_j themselves, and for every
    other k a negative multiple of cos κ_kj - cos κ_ki cos κ_ij and of the same with i and j
    exchanged: not negative, as κ_kj ≤ κ_ij and cos κ_ki ≥ 0.
    """
    return _separating(world.draw(trials), weighted=True, closest=closest)


the_widest_pair_separates_faster_where_lengths_differ.twin("the closest pair", closest=True)


# XD-19

XD19 = statement(
    "XD-19",
    paper="XD23",
    source="Lemma 30, pages 41 and 42",
    provenance="as printed",
    uses=["XD-18"],
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
    passes through 0 leaves it, by (60), along a negative combination of the others: at more than
    π/2 from one of them, where they lie in a half space.
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
    uses=["XD-20"],
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
