"""Technical lemmas as printed: the smoothness of ‖w‖w, two moments (ZGJ21, D.1, D.3, D.4).

*Lemma D.1.* g(w) = ‖w‖w has the derivative ‖w‖(I + w̄w̄ᵀ), whose own derivative in a unit direction
u is c (I - w̄w̄ᵀ) + w̄uᵀ + uw̄ᵀ with c = w̄ᵀu. On w̄ and the direction of u orthogonal to it that
is the matrix with the rows (2c, s) and (s, c), s² = 1 - c², and on the rest it is c: its norm is ½
(3c + √(4 - 3c²)) ≤ 2, with equality at c = 1. In operator norm, which is what "smooth" means and
all that page 44 uses, g is 2-smooth. The printed proof writes Frobenius norms; in that norm u = w̄
gives √(d + 3), which is more than the printed 1 + √3 from d = 5 on.

*Lemma D.3.* By ZGJ-01(f) E|αᵀx| sgn(βᵀx) x = (2/π)(sin φ β + (π/2 - φ) α) for unit α, β at the
acute angle φ, and (I + ββᵀ) doubles its part along β: with k of (1) in the setting the squared norm
is 4k(φ)² + ((2/π)(π/2 - φ) sin φ)², which falls from 4 at φ = 0 to (4/π)² at φ = π/2.

*Lemma D.4.* k ≤ 1.
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Along, Bound, Trials, all_of, at_least, at_most, given, worst_of
from lemmata.strategies import log_uniform, sizes
from lemmata.theorems.local_convergence.printed_smoothness import ZGJ35
from lemmata.theorems.local_convergence.setting.network import (
    full_angles,
    kernel,
    line_angles,
    units,
)
from lemmata.theorems.local_convergence.setting.states import tilted


def _slope(w: Float[Tensor, "trials d"]) -> Float[Tensor, "trials d d"]:
    """Return the derivative ‖w‖(I + w̄w̄ᵀ) of ‖w‖w."""
    direction, size = units(w), w.norm(dim=-1)[:, None, None]
    eye = torch.eye(w.shape[-1], dtype=w.dtype, device=w.device)
    return size * (eye + direction.unsqueeze(-1) * direction.unsqueeze(-2))


def _smooth(
    dimension: int, size: float, trials: Trials, bound: float, *, frobenius: bool = False
) -> Bound:
    w, noise = trials.sphere("w", dimension), trials.sphere("u", dimension)

    def claim(u: Float[Tensor, "trials d"]) -> Bound:
        moved = _slope(w + u) - _slope(w)
        norm = (
            moved.flatten(1).norm(dim=-1) if frobenius else torch.linalg.matrix_norm(moved, ord=2)
        )
        # Attained along w: what rounding does to slopes of this size is granted.
        rounding = 64.0 * torch.finfo(w.dtype).eps * (1.0 + u.norm(dim=-1))
        return at_most(norm, bound * u.norm(dim=-1) + rounding)

    return worst_of(random=claim(size * noise), along=claim(size * w), against=claim(-0.5 * w))


_dimensions = sizes(smallest=2, largest=32)
_lengths = log_uniform(0.01, 100.0, per_decade=1)
_MOVES = [{"dimension": 6, "size": 0.1}, {"dimension": 3, "size": 10.0}]


@ZGJ35.part(
    "d",
    title="Lemma D.1",
    source="Lemma D.1, page 47",
    says=r"$g(w)=\|w\|w$ is $(1+\sqrt3)$-smooth: $\|\nabla g(w+u)-\nabla g(w)\|\le(1+\sqrt3)\|u\|$ "
    "in operator norm.",
    quantifiers=(r"\forall\, d", r"\forall\, w,u"),
    provenance="as printed",
    note=r"the lemma names no norm; its proof writes Frobenius norms, where the constant would be "
    r"$\sqrt{d+3}$",
    specimens=_MOVES,
)
@given(dimension=_dimensions, size=_lengths)
def the_weighted_direction_is_smooth(
    dimension: int,
    size: float,
    trials: Trials,
    *,
    bound: float = 1.0 + math.sqrt(3.0),
    frobenius: bool = False,
) -> Bound:
    return _smooth(dimension, size, trials, bound, frobenius=frobenius)


the_weighted_direction_is_smooth.twin("the constant 1, of w alone", bound=1.0)


the_weighted_direction_is_smooth.twin(
    "in Frobenius norm, the norm of the printed proof",
    name="frobenius",
    specimens=[{"dimension": 6, "size": 0.1}],
    frobenius=True,
)


@ZGJ35.part(
    "sharp",
    source="ours, after Lemma D.1",
    says=r"$g(w)=\|w\|w$ is $2$-smooth in operator norm, with equality along $w$.",
    quantifiers=(r"\forall\, d", r"\forall\, w,u"),
    provenance="ours",
    proof="in the docstring",
    specimens=_MOVES,
)
@given(dimension=_dimensions, size=_lengths)
def the_weighted_direction_is_two_smooth(
    dimension: int, size: float, trials: Trials, *, bound: float = 2.0
) -> Bound:
    return _smooth(dimension, size, trials, bound)


the_weighted_direction_is_two_smooth.twin("the constant 1.9", bound=1.9)


@ZGJ35.part(
    "e",
    title="Lemma D.3",
    source="Lemma D.3, page 49",
    says=r"$\big\|\mathbb E|\alpha^\top x|(I+\beta\beta^\top)x\,\mathrm{sgn}(\beta^\top "
    r"x)\big\|^2=O(1)$ for unit $\alpha,\beta$: it lies between $(4/\pi)^2$ and $4$.",
    quantifiers=(r"\forall\,\|\alpha\|=\|\beta\|=1",),
    provenance="as printed",
    note="the constants are ours, and sharp",
    specimens=[{"angle": 0.0}, {"angle": math.pi / 2}],
)
@given(angle=st.sampled_from((0.0, 0.5, 1.0, math.pi / 2)))
def the_doubled_moment_is_bounded(
    angle: float, trials: Trials, *, most: float = 4.0, least: float = 16.0 / math.pi**2
) -> Bound:
    alpha = trials.sphere("alpha", 4)
    beta = tilted(alpha, trials.normal("beta", 4), angle)
    beta = beta * trials.signs("sign", 1)
    phi = full_angles(alpha.unsqueeze(1), beta.unsqueeze(1)).squeeze(-1)
    acute = torch.minimum(phi, math.pi - phi)
    moment = 2.0 / math.pi * (acute.sin() * beta + (math.pi / 2 - phi) * alpha)
    doubled = moment + (moment * beta).sum(dim=-1, keepdim=True) * beta
    square = (doubled**2).sum(dim=-1)
    rounding = 1.0 + 64.0 * torch.finfo(square.dtype).eps
    return all_of(upper=at_most(square, rounding * most), lower=at_least(rounding * square, least))


the_doubled_moment_is_bounded.twin("at most 3.9", most=3.9)


the_doubled_moment_is_bounded.twin("at least 1.7", least=1.7)


@ZGJ35.part(
    "f",
    title="Lemma D.4",
    source="Lemma D.4, page 49",
    says=r"$\mathbb E\big(\sum_i|\alpha_i^\top x|\big)^2\le c_0\big(\sum_i\|\alpha_i\|\big)^2$, "
    "with the sharp $c_0=1$.",
    quantifiers=(r"\forall\, n,d", r"\forall\,\alpha_1,\dots,\alpha_n"),
    provenance="as printed",
    note="the printed proof has the constant 2",
    along=Along(
        variable="n",
        sizes=(2, 4, 8, 16),
        instance=lambda n: {"count": int(n), "spread": 1.0},
        at_most=0.0,
        trials=32,
    ),
    specimens=[{"count": 3, "spread": 1e-3}, {"count": 8, "spread": 1.0}],
)
@given(count=st.integers(1, 12), spread=st.sampled_from((1e-3, 0.1, 1.0, 10.0)))
def the_sum_of_absolute_values_is_bounded(
    count: int, spread: float, trials: Trials, *, factor: float = 1.0
) -> Bound:
    base = trials.normal("base", 1, 5)
    alpha = (base + spread * trials.normal("alpha", count, 5)) * trials.signs("signs", count, 1)
    norms = alpha.norm(dim=-1)
    pairs = kernel(line_angles(alpha, alpha)) * norms.unsqueeze(-1) * norms.unsqueeze(-2)
    rounding = 1.0 + 64.0 * count * torch.finfo(alpha.dtype).eps
    return at_most(pairs.sum(dim=(-2, -1)), rounding * factor * norms.sum(dim=-1) ** 2)


the_sum_of_absolute_values_is_bounded.twin(
    "2/π, as if the vectors were orthogonal", factor=2.0 / math.pi
)
