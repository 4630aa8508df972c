"""Smoothness and Lipschitz bounds as printed (ZGJ21, Lemmas 13 and 14).

Units: w_max = 1. Where L(W) ≤ r², ZGJ-08 gives ‖W‖² ≤ r + √π r ≤ 2.78r.

*Lemma 14.* ZGJ-16(a) says ‖∇L‖² ≤ 8L‖W‖² ≤ 22.2 r³.

*Lemma 13 without its first term.* The remainder is at most ½ ‖U‖² times the largest curvature λ ≤ 4
‖W'‖² + 2.62 √(2L(W')) on the segment (ZGJ-16(b)). There ‖W'‖² ≤ 2‖W‖² + 2‖U‖² ≤ 5.56r + 2‖U‖² and
√(2L(W')) ≤ ‖W'‖² + r, by Lemma D.4: λ ≤ 6.62 ‖W'‖² + 2.62 r ≤ 39.5 r + 13.3 ‖U‖², so that 20 (r‖U‖²
+ ‖U‖⁴) is enough.
"""

from __future__ import annotations

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Instance,
    Trials,
    at_most,
    given,
    statement,
    worst_of,
)
from lemmata.strategies import log_uniform
from lemmata.theorems.local_convergence.setting.attacks import attacked
from lemmata.theorems.local_convergence.setting.network import (
    TeacherRows,
    Teachers,
    Weights,
    gradient,
    kernel,
    line_angles,
    loss,
    square,
    teachers,
)
from lemmata.theorems.local_convergence.setting.states import States, pulled, states

_LOSSY = (r"\forall\, r,m,d", r"\forall\, W^*", r"\forall\, W:\ L(W)\le r^2w_{\max}^2")
_WORLDS = teachers(families=("orthogonal", "arc", "simplex", "random"))
_STUDENTS = states("local", "global", "aligned", "zero", "ring", size=(0.1, 3.0))

ZGJ35 = statement(
    "ZGJ-35",
    paper="ZGJ21",
    source="Lemmas 13, 14, D.1, D.3 and D.4, pages 12, 13, 47 to 49",
    uses=["ZGJ-01", "ZGJ-08", "ZGJ-16"],
    title="Smoothness and Lipschitz bounds as printed",
    says=r"Where $L(W)\le r^2w_{\max}^2$: $L(W+U)\le L(W)+\langle\nabla L(W),U\rangle+"
    r"O\big(r^{1/4}L^{1/2}\|U\|_F^{3/2}+r\|U\|_F^2+\|U\|_F^4\big)$ for every $U$, and $\|\nabla "
    r"L\|_F^2=O(r^3)$, in the unit $w_{\max}=1$.",
    kind="inequality",
)


def _remainder(W: Weights, V: TeacherRows, U: Weights) -> Float[Tensor, "trials"]:
    """Return L(W + U) - L(W) - ⟨∇L(W), U⟩, without what rounding may have added."""
    found = loss(W + U, V) - loss(W, V) - (gradient(W, V) * U).sum(dim=(-2, -1))
    eps = torch.finfo(W.dtype).eps
    return found - 64.0 * eps * (square(W) + square(U) + square(V)) ** 2


def _moved(
    world: Teachers, students: States, size: float, trials: Trials, first: float, shape: float
) -> Bound:
    """Claim the bound for U random, shaped like W, and along -∇L, of a given norm."""
    V, r = world.build(trials), float(world.count)
    W = pulled(students.draw(trials, V), V, r**2)
    noise = trials.normal("U", *W.shape[1:])
    ways = {
        "random": noise,
        "shaped": W.norm(dim=-1, keepdim=True) * noise,
        "outwards": W,
        "along_the_gradient": -gradient(W, V),
    }

    def claim(U: Weights) -> Bound:
        U = size * U / square(U).clamp(min=1e-300).sqrt()[:, None, None]
        u = square(U).sqrt()
        lead = first * r**0.25 * loss(W, V).clamp(min=0.0).sqrt() * u**1.5
        return at_most(_remainder(W, V, U), lead + r * u**2 + shape * u**4)

    return worst_of(**{name: claim(U) for name, U in ways.items()})


def _along_size(
    *sizes: float, at_most: float | None = None, at_least: float | None = None
) -> Along:
    return Along(
        variable="‖U‖",
        sizes=sizes,
        instance=lambda size: {**_LOCAL, "size": float(size)},
        at_most=at_most,
        at_least=at_least,
        trials=16,
    )


_LOCAL: Instance = {
    "world": Teachers(count=2, dimension=4),
    "students": States(family="local", extra=2, size=0.5),
}
_sizes = log_uniform(1e-2, 10.0, per_decade=1)


@ZGJ35.part(
    "a",
    title="Lemma 13",
    source="Lemma 13, page 12",
    says=r"$L(W+U)\le L(W)+\langle\nabla L,U\rangle+C\big(r^{1/4}L^{1/2}\|U\|_F^{3/2}+r\|U\|_F^2+"
    r"\|U\|_F^4\big)$, $C=4$.",
    quantifiers=(*_LOSSY, r"\forall\, U"),
    provenance="as printed",
    constant=Constant(4.0, measured_on="r ≤ 3, m ≤ 7, ‖U‖ = 0.01…10: 3.1", failure=0.0),
    along=[
        _along_size(1e-3, 1e-2, 1e-1, at_least=0.0),
        _along_size(1e2, 1e3, 1e4, at_most=0.05, at_least=-0.05),
    ],
    specimens=[{**_LOCAL, "size": 0.1}, {**_LOCAL, "size": 3.0}],
)
@given(world=_WORLDS, students=_STUDENTS, size=_sizes)
def the_loss_is_smooth(
    world: Teachers, students: States, size: float, trials: Trials, *, fourth: float = 1.0
) -> Bound:
    return _moved(world, students, size, trials, 1.0, fourth)


the_loss_is_smooth.twin("without ‖U‖⁴", specimens=[{**_LOCAL, "size": 30.0}], fourth=0.0)


@ZGJ35.part(
    "b",
    source="ours, after Lemma 13",
    says=r"The first term can go: $L(W+U)\le L(W)+\langle\nabla L,U\rangle+20\,\big(r\|U\|_F^2+"
    r"\|U\|_F^4\big)$.",
    quantifiers=(*_LOSSY, r"\forall\, U"),
    provenance="ours",
    proof="in the docstring",
    constant=Constant(20.0, measured_on="r ≤ 3, m ≤ 7, ‖U‖ = 0.01…10: 6.2", failure=0.0),
    specimens=[{**_LOCAL, "size": 0.1}, {**_LOCAL, "size": 3.0}],
)
@given(world=_WORLDS, students=_STUDENTS, size=_sizes)
def the_power_three_halves_is_not_needed(
    world: Teachers, students: States, size: float, trials: Trials, *, fourth: float = 1.0
) -> Bound:
    return _moved(world, students, size, trials, 0.0, fourth)


the_power_three_halves_is_not_needed.twin(
    "without ‖U‖⁴", specimens=[{**_LOCAL, "size": 100.0}], fourth=0.0
)


def _inner(W: Float[Tensor, "... n d"], V: Float[Tensor, "... k d"]) -> Float[Tensor, "..."]:
    """Return E f_W(x) f_V(x)."""
    masses = (W**2).sum(dim=-1).unsqueeze(-1) * (V**2).sum(dim=-1).unsqueeze(-2)
    return (masses * kernel(line_angles(W, V))).sum(dim=(-2, -1))


def _scaled(count: int) -> Instance:
    """Return the instance of one student a teacher, longer than it, with L = r²."""
    return {
        "world": Teachers(count=count, dimension=max(2, count)),
        "students": States(family="aligned", extra=0, size=0.0),
        "loud": True,
    }


@ZGJ35.part(
    "c",
    title="Lemma 14",
    source="Lemma 14, page 13",
    says=r"$\|\nabla L(W)\|_F^2\le22.2\,r^3w_{\max}^3$; the power of $r$ is attained by students "
    "on orthogonal teachers, all too long by one factor.",
    quantifiers=_LOSSY,
    provenance="as printed",
    note="implied by ZGJ-16(a), which has the constant",
    constant=Constant(22.2, measured_on="r ≤ 16: 19.3", failure=0.0),
    along=Along(
        variable="r",
        sizes=(4, 8, 16),
        instance=lambda r: _scaled(int(r)),
        at_most=0.0,
        trials=16,
    ),
    specimens=[_scaled(2), _scaled(8)],
)
@given(world=_WORLDS, students=_STUDENTS, loud=st.booleans())
def the_loss_is_lipschitz(
    world: Teachers, students: States, loud: bool, trials: Trials, *, power: float = 3.0
) -> Bound:
    V, r = world.build(trials), float(world.count)

    def claim(W: Weights) -> Bound:
        return at_most(square(gradient(W, V)), r**power)

    drawn = students.draw(trials, V)
    if loud:
        # L(cW) = ½ c⁴ ‖f‖² - c² ⟨f, f*⟩ + ½ ‖f*‖²: the c at which it is r².
        own, mixed, labels = (_inner(x, y) for x, y in ((drawn, drawn), (drawn, V), (V, V)))
        root = (mixed**2 + own * (2.0 * r**2 - labels)).sqrt()
        drawn = (0.999999 * (mixed + root) / own).sqrt()[:, None, None] * drawn
    start = pulled(drawn, V, r**2)
    return attacked(claim, start, V, trials, high=r**2, climb_steps=0, ascent_steps=10, enough=22.2)


the_loss_is_lipschitz.twin("r²", specimens=[_scaled(8)], power=2.0)
