"""The widest pair of orthogonal parts separates (XD23, Lemma 17).

With z_i = w_i - ⟨w_i, v̄⟩v̄, gradient flow moves each z_i in the span of all of them, away from the
others: the angle κ_ij of the widest pair grows, whatever the loss (XD-18).
"""

from __future__ import annotations

import math

import torch

from lemmata.harness import (
    Bound,
    Trials,
    at_most,
    equal,
    given,
    statement,
)
from lemmata.theorems.local_convergence.setting.network import Weights, full_angles
from lemmata.theorems.single_neuron.setting.network import angles, norms
from lemmata.theorems.single_neuron.setting.orthogonal_parts import (
    Fan,
    cosine_speeds,
    fans,
    parts,
    picked,
    speeds,
    spread_angles,
)

_ALL_W = (r"\forall\, n,d", r"\forall\, W")
_FAN = {"world": Fan()}
_WIDE = {"world": Fan(opening=1.5, size=0.1, spread=0.0)}

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
    source="the proof of Lemma 17, page 41",
    says=r"More: the rate carries the factor "
    r"$\frac12\big(\frac{\|z_i\|}{\|z_j\|}+\frac{\|z_j\|}{\|z_i\|}\big)\ge1$.",
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
