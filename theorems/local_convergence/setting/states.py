"""States: where the statements about all W are tried, and where adversaries start.

A family says how the students stand around the teachers; a trial draws one state of it. Random
states alone miss the worst cases, so the families include the structured ones. Student i belongs to
teacher i mod r: no cell is empty where the students stay close.

* family; students (size ε, angle φ):
  - aligned: copies of their teachers, masses random, total mass of a cell off by a factor e^{εN}
  - local: copies of their teachers, directions off by ε · lognormal · N(0, I), masses e^{2N}, the
    cell's total exact
  - global: ε N(0, I) / √m
  - zero: teachers' copies of norm ε: everything is missing
  - tiny: exact copies, and further neurons ε N(0, I)
  - split pair: in each cell, pairs at the angles ± ε to the teacher with e_j = 0; a neuron without
    a partner is exact
  - common angle: all neurons of a cell at the angle ε, in random azimuths, masses equal, the cell's
    total exact
  - ring: main neurons, and far ones of total mass ε at the angle φ in orthogonal azimuths; the main
    ones make every e_j = 0
  - far: the ring with its main neurons at their optimum, given the far ones
  - mid: main neurons (1 - εα) w*, and far ones of total mass ε in pairs cos φ w*_1 ± sin φ w*_2; α,
    β random
  - midway: far if r = 1, else with its far neurons midway between teachers 1 and 2, on both
    bisectors if these are orthogonal
  - softest: e = ε times the eigenvector of the smallest eigenvalue of E xxᵀ sgn sgn: the teachers'
    least visible displacement

Every student's sign is random: f is even in each w_i. `pulled` brings a state below a loss level,
towards a state of zero loss; `descended` follows gradient descent, which finds the flat directions
by itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from hypothesis import strategies as st
from jaxtyping import Bool, Float
from torch import Tensor

from lemmata.harness import Trials, alike
from lemmata.harness.adversary import a_search
from lemmata.strategies import log_uniform
from lemmata.theorems.local_convergence.setting.network import (
    TeacherRows,
    Weights,
    full_angles,
    gradient,
    loss,
    units,
    witness,
)

Family = Literal[
    "aligned",
    "local",
    "global",
    "zero",
    "tiny",
    "split pair",
    "common angle",
    "ring",
    "far",
    "mid",
    "midway",
    "softest",
]

EVERYWHERE: tuple[Family, ...] = (
    "aligned",
    "local",
    "global",
    "zero",
    "tiny",
    "split pair",
    "common angle",
    "ring",
)
"""The families that exist for any number of teachers and cost little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class States:
    """A family of states, as plain data; see the module's docstring.

    Attributes:
        family: how the students stand.
        extra: m - r, how many students there are beyond one a teacher.
        size: ε.
        angle: φ.
    """

    family: Family
    extra: int = 1
    size: float = 0.1
    angle: float = 1.2

    def draw(self, trials: Trials, V: TeacherRows) -> Weights:
        """Draw one state a trial, with random signs: (trials, m, d)."""
        W = _FAMILIES[self.family](self, trials, V)
        return W * trials.signs("states/signs", W.shape[-2], 1)

    def near(self, trials: Trials, V: TeacherRows, level: float) -> Weights:
        """Draw a state and pull it to a loss of at most `level`."""
        return pulled(self.draw(trials, V), V, level)


def states(
    *families: Family,
    extra: tuple[int, int] = (1, 4),
    size: tuple[float, float] = (0.01, 1.0),
    angles: tuple[float, ...] = (0.3, 0.8, 1.2, 1.5),
) -> st.SearchStrategy[States]:
    """Draw families of states: the named ones, or those of `EVERYWHERE`.

    Args:
        families: which.
        extra: least and largest m - r.
        size: least and largest ε.
        angles: which φ.
    """
    return st.builds(
        States,
        family=st.sampled_from(families or EVERYWHERE),
        extra=st.integers(*extra),
        size=log_uniform(*size, per_decade=2),
        angle=st.sampled_from(angles),
    )


@a_search
def pulled(
    W: Weights, V: TeacherRows, level: float | Float[Tensor, "..."], *, steps: int = 12
) -> Weights:
    """Return the states, those above the loss level moved towards a state of zero loss until they
    reach it.

    The target is the witness of the assignment i ↦ i mod r, on which no cell is empty; the crossing
    of the segment is found by false position on √(L/level), halving the value of an end that stays
    twice (Dowell and Jarratt, 1971), from within.
    """
    assigned = (torch.arange(W.shape[-2], device=W.device) % len(V)).expand(W.shape[:-1])
    target = witness(W, V, teacher=assigned)

    def at(state: Weights) -> tuple[Bool[Tensor, "..."], Float[Tensor, "..."]]:
        value = loss(state, V)
        return value <= level, (value.clamp(min=0.0) / level).sqrt() - 1.0

    whole, above = at(W)
    low, high = torch.zeros_like(above), torch.ones_like(above)
    below, turn = -high, low
    for _ in alike(range(steps)):
        middle = low + (below / (below - above)).nan_to_num(0.5) * (high - low)
        inside, value = at(target + middle[..., None, None] * (W - target))
        # What stayed where it was twice running counts half.
        below = torch.where(inside, value, torch.where(turn < 0.0, 0.5 * below, below))
        above = torch.where(inside, torch.where(turn > 0.0, 0.5 * above, above), value)
        low, high = torch.where(inside, middle, low), torch.where(inside, high, middle)
        turn = torch.where(inside, 1.0, -1.0)
    return torch.where(whole[..., None, None], W, target + low[..., None, None] * (W - target))


def descended(
    W: Weights,
    V: TeacherRows,
    *,
    steps: int,
    rate: float | None = None,
    which: Bool[Tensor, "... m"] | None = None,
) -> Weights:
    """Return the states after steps of gradient descent, on all neurons or on those named.

    Args:
        W: where to start.
        V: the teachers.
        steps: how many.
        rate: the step η; 1/(8 (‖W*‖² + √(πL))) by default, with which the loss never grows.
        which: the neurons that move.
    """
    # Without loss, rounding can make it negative.
    curvature = 8.0 * ((V**2).sum() + (math.pi * loss(W, V).clamp(min=0.0)).sqrt())
    eta = 1.0 / curvature if rate is None else torch.as_tensor(rate).expand(W.shape[:-2])
    step = eta[..., None, None] * (1.0 if which is None else which.unsqueeze(-1))
    for _ in alike(range(steps)):
        W = W - step * gradient(W, V)
    return W


def sign_gram(V: TeacherRows) -> Float[Tensor, "r d r d"]:
    """Return the blocks E xxᵀ sgn(w*_jᵀx) sgn(w*_kᵀx).

    ½ of its quadratic form in (e_1, …, e_r) is the loss of the part R_1.
    """
    r, d = V.shape
    v, angle = units(V), full_angles(V, V)[:, None, :, None]
    outer = torch.einsum("ja,kb->jakb", v, v)
    own = torch.einsum("ja,jb->jab", v, v)
    sines = angle.sin().clamp(min=1e-12)
    mixed = (
        outer
        + outer.permute(2, 1, 0, 3)
        - angle.cos() * (own[:, :, None, :] + own.permute(1, 0, 2)[None, :, :, :])
    )
    identity = torch.eye(d, device=V.device, dtype=V.dtype)[None, :, None, :]
    blocks = 2.0 / math.pi * ((math.pi / 2 - angle) * identity + mixed / sines)
    same = torch.eye(r, device=V.device, dtype=torch.bool)[:, None, :, None]
    return torch.where(same, identity, blocks)


def of_vectors(z: Float[Tensor, "... d"]) -> Float[Tensor, "... d"]:
    """Return the w with ‖w‖ w = z."""
    return z / z.norm(dim=-1, keepdim=True).clamp(min=1e-150).sqrt()


def tilted(
    v: Float[Tensor, "... d"], across: Float[Tensor, "... d"], angle: float | Float[Tensor, "..."]
) -> Float[Tensor, "... d"]:
    """Return cos(angle) v + sin(angle) t, t the direction of `across` orthogonal to the unit
    vector v.
    """
    tangent = units(across - (across * v).sum(dim=-1, keepdim=True) * v)
    # Once more: what is left of an `across` almost parallel to v is orthogonal to it only up to the
    # rounding that was magnified.
    tangent = units(tangent - (tangent * v).sum(dim=-1, keepdim=True) * v)
    angle = torch.as_tensor(angle, device=v.device, dtype=v.dtype).unsqueeze(-1)
    return angle.cos() * v + angle.sin() * tangent


def _assigned(states: States, V: TeacherRows) -> Tensor:
    return torch.arange(len(V) + states.extra, device=V.device) % len(V)


def _shares(
    weights: Float[Tensor, "trials m"], j: Tensor, V: TeacherRows
) -> Float[Tensor, "trials m"]:
    """Scale positive weights to masses that sum to the teacher's in every cell."""
    member = torch.nn.functional.one_hot(j, len(V)).to(V.dtype)
    return weights / (weights @ member)[:, j] * (V**2).sum(dim=-1)[j]


def _of(direction: Float[Tensor, "... m d"], mass: Float[Tensor, "... m"]) -> Weights:
    return mass.sqrt().unsqueeze(-1) * direction


def _aligned(states: States, trials: Trials, V: TeacherRows) -> Weights:
    j = _assigned(states, V)
    mass = _shares(trials.normal("states/mass", len(j)).exp(), j, V)
    return _of(units(V)[j], mass * (states.size * trials.normal("states/off", len(V))[:, j]).exp())


def _local(states: States, trials: Trials, V: TeacherRows) -> Weights:
    j, d = _assigned(states, V), V.shape[1]
    spread = states.size * trials.normal("states/spread", len(j), 1).exp()
    direction = units(units(V)[j] + spread * trials.normal("states/direction", len(j), d))
    return _of(direction, _shares((2.0 * trials.normal("states/mass", len(j))).exp(), j, V))


def _global(states: States, trials: Trials, V: TeacherRows) -> Weights:
    m = len(V) + states.extra
    return states.size * trials.normal("states/direction", m, V.shape[1]) / math.sqrt(m)


def _zero(states: States, trials: Trials, V: TeacherRows) -> Weights:
    direction = trials.normal("states/direction", len(V) + states.extra, V.shape[1])
    return states.size * units(units(V)[_assigned(states, V)] + 0.1 * direction)


def _tiny(states: States, trials: Trials, V: TeacherRows) -> Weights:
    return torch.cat(
        (
            trials.every(V),
            states.size * trials.normal("states/direction", states.extra, V.shape[1]),
        ),
        dim=1,
    )


def _split_pair(states: States, trials: Trials, V: TeacherRows) -> Weights:
    j, r = _assigned(states, V), len(V)
    number = torch.arange(len(j), device=V.device) // r
    sizes = torch.nn.functional.one_hot(j, r).sum(dim=0)[j]
    lonely = (number == sizes - 1) & (sizes % 2 == 1)
    side = torch.where(lonely, 0.0, 1.0 - 2.0 * (number % 2)).to(V.dtype)
    pairs = trials.normal("states/across", len(j), V.shape[1])[:, number // 2 * r + j]
    direction = tilted(trials.every(units(V)[j]), pairs, states.size * side)
    return _of(direction, (V**2).sum(dim=-1)[j] / sizes / (states.size * side).cos())


def _common_angle(states: States, trials: Trials, V: TeacherRows) -> Weights:
    j = _assigned(states, V)
    direction = tilted(
        trials.every(units(V)[j]), trials.normal("states/across", len(j), V.shape[1]), states.size
    )
    return _of(direction, _shares(torch.ones_like(direction[..., 0]), j, V))


def _far_ones(
    states: States, trials: Trials, V: TeacherRows
) -> tuple[Tensor, Float[Tensor, "trials extra d"]]:
    """Return the teachers of the far neurons and their directions, at the angle φ in orthogonal
    azimuths while there are any.
    """
    r, d = V.shape
    j = torch.arange(states.extra, device=V.device) % r
    frame = torch.linalg.qr(trials.normal("states/azimuth", d, max(d, states.extra))[:, :, :d]).Q
    azimuth = frame.repeat(1, 1, -(-states.extra // d))[:, :, : states.extra].mT
    return j, tilted(trials.every(units(V)[j]), azimuth, states.angle)


def _ring(states: States, trials: Trials, V: TeacherRows) -> Weights:
    j, far = _far_ones(states, trials, V)
    share = states.size / states.extra
    pull = torch.nn.functional.one_hot(j, len(V)).to(V.dtype).mT @ (share * far)
    main = of_vectors(V.norm(dim=-1, keepdim=True) * V - pull)
    return torch.cat((main, math.sqrt(share) * far), dim=1)


def _far(states: States, trials: Trials, V: TeacherRows) -> Weights:
    return with_optimal_main_ones(_far_ones(states, trials, V)[1], states.size, V)


@a_search
def with_optimal_main_ones(
    far: Float[Tensor, "trials extra d"], mass: float, V: TeacherRows
) -> Weights:
    """Return the state of far neurons of a total mass in given directions, and of a main neuron
    a teacher at its optimum given them.
    """
    (r, d), share = V.shape, mass / far.shape[1]
    # What the far ones look like to the main ones, E Σ_i a_i |w̄_iᵀx| sgn(w*_jᵀx) x, is met by the
    # e_j that the form of R_1 assigns to it: the optimum but for terms of the order of the square
    # of the far ones' mass, which a few steps of descent remove.
    alpha = full_angles(far, V).unsqueeze(-1)
    seen = (
        share
        * 2.0
        / math.pi
        * (alpha.sin() * units(V) + (math.pi / 2 - alpha) * far.unsqueeze(2)).sum(dim=1)
    )
    met = torch.linalg.solve(
        sign_gram(V).reshape(r * d, r * d), seen.reshape(-1, r * d, 1)
    ).reshape(-1, r, d)
    W = torch.cat(
        (of_vectors(V.norm(dim=-1, keepdim=True) * V - met), math.sqrt(share) * far), dim=1
    )
    return descended(W, V, steps=20, which=torch.arange(W.shape[1], device=V.device) < r)


def _mid(states: States, trials: Trials, V: TeacherRows) -> Weights:
    r, share = len(V), states.size / states.extra
    shrunk = (
        1.0
        - states.size
        * 0.6
        * trials.uniform("states/shrunk", r, 1)
        * (torch.arange(r, device=V.device) < 2)[:, None]
    )
    between = _between(
        V, states.angle, 1.0 - 2.0 * (torch.arange(states.extra, device=V.device) % 2).to(V.dtype)
    )
    return torch.cat((shrunk * V, trials.every(math.sqrt(share) * between)), dim=1)


def _between(
    V: TeacherRows, angle: float, side: Float[Tensor, "extra"]
) -> Float[Tensor, "extra d"]:
    v = units(V)
    return units(math.cos(angle) * v[0] + math.sin(angle) * side[:, None] * v[min(1, len(V) - 1)])


def _midway(states: States, trials: Trials, V: TeacherRows) -> Weights:
    if len(V) == 1:
        return _far(states, trials, V)
    cosine = (units(V)[0] * units(V)[1]).sum()
    side = 1.0 - 2.0 * (torch.arange(states.extra, device=V.device) % 2).to(V.dtype)
    far = _between(V, math.pi / 4, torch.where(cosine.abs() < 1e-9, side, cosine.sign()))
    return with_optimal_main_ones(trials.every(far), states.size, V)


def _softest(states: States, trials: Trials, V: TeacherRows) -> Weights:
    r, d = V.shape
    e = torch.linalg.eigh(sign_gram(V).reshape(r * d, r * d)).eigenvectors[:, 0].reshape(r, d)
    j = _assigned(states, V)
    z = V.norm(dim=-1, keepdim=True) * V + states.size * e
    share = _shares(trials.normal("states/mass", len(j)).exp(), j, V) / (V**2).sum(dim=-1)[j]
    return _of(of_vectors(z)[j], share)


_FAMILIES: dict[str, Callable[[States, Trials, TeacherRows], Weights]] = {
    "aligned": _aligned,
    "local": _local,
    "global": _global,
    "zero": _zero,
    "tiny": _tiny,
    "split pair": _split_pair,
    "common angle": _common_angle,
    "ring": _ring,
    "far": _far,
    "mid": _mid,
    "midway": _midway,
    "softest": _softest,
}
