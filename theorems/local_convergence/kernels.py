"""Closed forms: the kernel of two neurons, moments on a wedge (Lemma D.2), ReLU (Section A.1).

Two neurons see a Gaussian input only through the plane that they span, where its direction is
uniform and independent of its length. Every expectation here is therefore a mean over the circle of
a function that is smooth between the zeros of the two inner products, times a moment of the length
(√(π/2) for degree 1, 2 for degree 2); the checks integrate it piece by piece by Gauss-Legendre,
exactly up to rounding, and never use the closed forms that they test. ReLU is half of |·| plus half
of the identity, and the identity adds a quadratic.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Bound, Trials, all_of, at_least, at_most, equal, given, statement
from lemmata.strategies import log_uniform
from lemmata.theorems.local_convergence.setting.network import (
    Teachers,
    atoms,
    full_angles,
    kernel,
    line_angles,
    loss,
    teachers,
    wedge,
)
from lemmata.theorems.local_convergence.setting.states import States, states, tilted

ZGJ01 = statement(
    "ZGJ-01",
    paper="ZGJ21",
    source="Lemma D.2, Section A.1, (4)",
    provenance="derived",
    title="The kernel of two neurons, moments on a wedge, and the reduction of ReLU",
    says=r"For all $u,v\ne0$ and $x\sim N(0,I)$, with full angle $\theta$, line angle "
    r"$\beta=\min(\theta,\pi-\theta)$ and $\rho=\cos\theta$: $\mathbb E|u^\top x||v^\top "
    r"x|=\|u\|\|v\|\,k(\beta)$ with $k(\beta)=\cos\beta+\frac2\pi(\sin\beta-\beta\cos\beta)$, and "
    r"further moments of products and signs have closed forms in $\theta$.",
    kind="identity",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Pairs of vectors in R^d, as plain data: angles uniform below an opening, or as near to π.

    Attributes:
        dimension: d.
        opening: the largest angle.
        opposite: whether the angle is taken from π.
        length: ‖v‖; ‖u‖ is 1.
    """

    dimension: int = 3
    opening: float = math.pi
    opposite: bool = False
    length: float = 1.0

    def draw(
        self, trials: Trials
    ) -> tuple[Float[Tensor, "trials d"], Float[Tensor, "trials d"], Float[Tensor, "trials"]]:
        """Draw u, v and their angle θ."""
        angle = self.opening * trials.uniform("pairs/angle")
        u = trials.sphere("pairs/u", self.dimension)
        v = tilted(u, trials.normal("pairs/v", self.dimension), angle)
        return (
            u,
            self.length * (-v if self.opposite else v),
            math.pi - angle if self.opposite else angle,
        )


_pairs = st.builds(
    Pairs,
    dimension=st.integers(2, 6),
    opening=st.sampled_from((math.pi, 1.0, 0.1, 1e-3)),
    opposite=st.booleans(),
    length=log_uniform(0.01, 100.0, per_decade=1),
)
_PAIRS = (r"\forall\, u,v\ne0",)
_ANY = {"pairs": Pairs()}
_NARROW = {"pairs": Pairs(opening=1e-3, length=3.0)}
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_ROUNDINGS = 256.0
"""Sums of 64 nodes with a few roundings each; the closed forms add tens."""


def _over_the_circle(
    f: Callable[[Tensor, Tensor, Tensor], Tensor], theta: Float[Tensor, "trials"]
) -> Float[Tensor, "trials ..."]:
    """Return the mean of f(ûᵀx, v̂ᵀx, x) over the unit circle, x = (cos φ, sin φ), û = (1, 0) and
    v̂ =
    (cos θ, sin θ).

    Between the zeros of the two inner products f is a trigonometric polynomial: 16 nodes a piece
    are exact up to rounding.
    """
    half = math.pi / 2
    zeros = torch.stack(
        (
            torch.full_like(theta, half),
            theta + half,
            torch.full_like(theta, 3 * half),
            theta + 3 * half,
        ),
        dim=-1,
    )
    left = zeros.sort(dim=-1).values
    right = torch.cat((left[..., 1:], left[..., :1] + 2.0 * math.pi), dim=-1)
    nodes, weights = (
        torch.as_tensor(x, device=theta.device, dtype=theta.dtype) for x in (_NODES, _WEIGHTS)
    )
    phi = 0.5 * (left + right).unsqueeze(-1) + 0.5 * (right - left).unsqueeze(-1) * nodes
    x = torch.stack((phi.cos(), phi.sin()), dim=-1).flatten(1, 2)
    share = (0.5 * (right - left).unsqueeze(-1) * weights / (2.0 * math.pi)).flatten(1)
    values = f(x[..., 0], (phi - theta[:, None, None]).cos().flatten(1), x)
    return (share.reshape(*share.shape, *[1] * (values.ndim - 2)) * values).sum(dim=1)


@ZGJ01.part(
    "a",
    says=r"$\mathbb E|u^\top x||v^\top "
    r"x|=\|u\|\|v\|\,k(\beta)=\frac2\pi\|u\|\|v\|\big(\sqrt{1-\rho^2}+\rho\arcsin\rho\big)$.",
    quantifiers=_PAIRS,
    specimens=[_ANY, _NARROW],
)
@given(pairs=_pairs)
def the_kernel_of_absolute_values_is_k(pairs: Pairs, trials: Trials) -> Bound:
    u, v, theta = pairs.draw(trials)
    scale, sine, cosine = pairs.length, theta.sin(), theta.cos()
    expectation = 2.0 * scale * _over_the_circle(lambda s, t, _: s.abs() * t.abs(), theta)
    closed = scale * kernel(line_angles(u.unsqueeze(1), v.unsqueeze(1)).squeeze((1, 2)))
    by_arcsine = scale * 2.0 / math.pi * (sine + cosine * torch.atan2(cosine, sine))
    return all_of(
        equal(closed, expectation, roundings=_ROUNDINGS, scale=scale),
        equal(by_arcsine, expectation, roundings=_ROUNDINGS, scale=scale),
    )


@the_kernel_of_absolute_values_is_k.twin("4 E relu relu: the odd part of ReLU is forgotten")
def _(pairs: Pairs, trials: Trials) -> Bound:
    _u, _v, theta = pairs.draw(trials)
    expectation = 2.0 * _over_the_circle(lambda s, t, _: s.abs() * t.abs(), theta)
    return equal(4.0 * _relu_kernel(theta), expectation, roundings=_ROUNDINGS, scale=1.0)


def _relu_kernel(theta: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    return (theta.sin() + (math.pi - theta) * theta.cos()) / (2.0 * math.pi)


@ZGJ01.part(
    "b",
    says=r"$\mathbb E\,\mathrm{relu}(u^\top x)\,\mathrm{relu}(v^\top x)="
    r"\frac1{2\pi}\|u\|\|v\|\big(\sin\theta+(\pi-\theta)\cos\theta\big)$.",
    quantifiers=_PAIRS,
    specimens=[_ANY, _NARROW],
)
@given(pairs=_pairs)
def the_kernel_of_relu_is_the_arc_cosine_kernel(pairs: Pairs, trials: Trials) -> Bound:
    _u, _v, theta = pairs.draw(trials)
    expectation = 2.0 * _over_the_circle(lambda s, t, _: s.relu() * t.relu(), theta)
    return equal(_relu_kernel(theta), expectation, roundings=_ROUNDINGS, scale=1.0)


@the_kernel_of_relu_is_the_arc_cosine_kernel.twin(
    "the line angle in place of the full angle", specimens=[{"pairs": Pairs(opposite=True)}]
)
def _(pairs: Pairs, trials: Trials) -> Bound:
    _u, _v, theta = pairs.draw(trials)
    expectation = 2.0 * _over_the_circle(lambda s, t, _: s.relu() * t.relu(), theta)
    return equal(
        _relu_kernel(torch.minimum(theta, math.pi - theta)),
        expectation,
        roundings=_ROUNDINGS,
        scale=1.0,
    )


@ZGJ01.part(
    "c",
    source="Lemma D.2, page 48",
    provenance="as printed",
    note=r"$\Pr(D)$ and the first moment are ours",
    says=r"On $D=\{\mathrm{sgn}(u^\top x)\ne\mathrm{sgn}(v^\top x)\}$: $\Pr(D)=\frac\theta\pi$, "
    r"$\mathbb E|\bar u^\top x|1_D=\frac{1-\cos\theta}{\sqrt{2\pi}}$, "
    r"$\mathbb E(\bar u^\top x)^21_D=\frac{\theta-\sin\theta\cos\theta}\pi$.",
    quantifiers=_PAIRS,
    specimens=[_ANY, _NARROW],
)
@given(pairs=_pairs)
def moments_on_a_wedge_have_closed_forms(
    pairs: Pairs, trials: Trials, *, moment: Callable[[Tensor], Tensor] = wedge
) -> Bound:
    _u, _v, theta = pairs.draw(trials)
    moments = _over_the_circle(
        lambda s, t, _: (
            torch.stack((torch.ones_like(s), math.sqrt(math.pi / 2) * s.abs(), 2.0 * s**2), dim=-1)
            * (s * t < 0)[..., None]
        ),
        theta,
    )
    closed = torch.stack(
        (
            theta / math.pi,
            2.0 * (theta / 2).sin() ** 2 / math.sqrt(2.0 * math.pi),
            moment(theta) / math.pi,
        ),
        dim=-1,
    )
    return equal(moments, closed, roundings=_ROUNDINGS, scale=1.0)


moments_on_a_wedge_have_closed_forms.twin(
    "the second moment is P(D) E (ûᵀx)² = θ/π: the wedge does not see how small ûᵀx is there",
    moment=lambda theta: theta,
)


@ZGJ01.part(
    "d",
    source="Lemma D.2, page 48",
    note=r"printed as $\Theta(\theta^3)$",
    kind="inequality",
    says=r"$\frac4{\pi^2}\theta^3\le\theta-\sin\theta\cos\theta\le\frac23\theta^3$ on "
    r"$[0,\frac\pi2]$.",
    quantifiers=(r"\forall\,\theta\in[0,\pi/2]",),
    specimens=[{"opening": math.pi / 2}, {"opening": 1e-3}],
)
@given(opening=st.sampled_from((math.pi / 2, 1.0, 0.1, 1e-3, 1e-5)))
def the_second_moment_on_a_wedge_is_cubic(
    opening: float, trials: Trials, *, upper: float = 2.0 / 3.0
) -> Bound:
    theta = opening * trials.uniform("angle", 64)
    moment, rounding = wedge(theta), 1.0 + 16.0 * torch.finfo(theta.dtype).eps
    # Both ends are attained, at π/2 and in the limit at 0: a few roundings of the two sides are
    # granted.
    return all_of(
        at_most(moment, rounding * upper * theta**3),
        at_least(rounding * moment, 4.0 / math.pi**2 * theta**3),
    )


the_second_moment_on_a_wedge_is_cubic.twin("at most θ³/2", upper=0.5)


@the_second_moment_on_a_wedge_is_cubic.twin(
    "at least θ³/2: the upper constant's order on both sides", specimens=[{"opening": math.pi / 2}]
)
def _(opening: float, trials: Trials) -> Bound:
    theta = opening * trials.uniform("angle", 64)
    return at_least(wedge(theta), 0.5 * theta**3)


_FREE = {
    "world": Teachers(count=3, dimension=5, weakest=0.5),
    "students": States(family="global", extra=3, size=1.0),
}
_PAIR = {"world": Teachers(dimension=3), "students": States(family="split pair", size=0.01)}


@ZGJ01.part(
    "e",
    source="Section A.1, page 17",
    says=r"With relu in place of $|\cdot|$ in both networks, "
    r"$L_{\mathrm{relu}}=\frac14L+\frac18\big\|\sum_i\|w_i\|w_i-\sum_j\|w_j^*\|w_j^*\big\|^2$.",
    quantifiers=(r"\forall\, m\ge r,d", r"\forall\, W^*", r"\forall\, W"),
    specimens=[_FREE, _PAIR],
)
@given(world=teachers(families=("orthogonal", "arc", "simplex", "random")), students=states())
def relu_adds_a_quadratic_in_the_total_vector(
    world: Teachers, students: States, trials: Trials, *, eighth: float = 0.125
) -> Bound:
    V = world.build(trials)
    W = students.draw(trials, V)
    v, c = atoms(W, V)
    of_relu = 0.5 * torch.einsum("tk,tkl,tl->t", c, _relu_kernel(full_angles(v, v)), c)
    vector = (c.unsqueeze(-1) * v).sum(dim=-2)
    return equal(
        of_relu,
        0.25 * loss(W, V) + eighth * (vector**2).sum(dim=-1),
        roundings=32,
        scale=c.abs().sum(dim=-1) ** 2,
    )


relu_adds_a_quadratic_in_the_total_vector.twin(
    "L_relu = L/4: the odd part is forgotten", specimens=[_FREE], eighth=0.0
)


@ZGJ01.part(
    "f",
    source="(4), page 12",
    says=r"$\mathbb E\big[|u^\top x|\,\mathrm{sgn}(v^\top "
    r"x)\,x\big]=\frac2\pi\big(\|u\|\sin\beta\;\bar v+\arcsin\rho\;u\big)$, and for $|\rho|<1$ "
    r"$\mathbb E\big[xx^\top\mathrm{sgn}(u^\top x)\,\mathrm{sgn}(v^\top "
    r"x)\big]=\frac2\pi\Big(\arcsin\rho\;I+\frac{\bar u\bar v^\top+\bar v\bar u^\top-\rho(\bar "
    r"u\bar u^\top+\bar v\bar v^\top)}{\sqrt{1-\rho^2}}\Big)$.",
    quantifiers=(r"\forall\, u,v\ne0",),
    specimens=[_ANY, _NARROW],
)
@given(pairs=_pairs)
def moments_with_signs_have_closed_forms(
    pairs: Pairs, trials: Trials, *, root: float = 1.0
) -> Bound:
    _u, _v, theta = pairs.draw(trials)
    u, v = (
        torch.stack((angle.cos(), angle.sin()), dim=-1)
        for angle in (torch.zeros_like(theta), theta)
    )
    arcsine, sine = (math.pi / 2 - theta)[:, None], theta.sin()[:, None]
    vector = 2.0 * _over_the_circle(lambda s, t, x: (s.abs() * t.sign()).unsqueeze(-1) * x, theta)
    matrix = 2.0 * _over_the_circle(
        lambda s, t, x: (s * t).sign()[..., None, None] * x.unsqueeze(-1) * x.unsqueeze(-2), theta
    )
    mixed = v.unsqueeze(1) * u.unsqueeze(2) + u.unsqueeze(1) * v.unsqueeze(2)
    own = u.unsqueeze(1) * u.unsqueeze(2) + v.unsqueeze(1) * v.unsqueeze(2)
    bracket = (mixed - theta.cos()[:, None, None] * own) / sine.unsqueeze(-1) ** root
    expected = (
        2.0
        / math.pi
        * (arcsine.unsqueeze(-1) * torch.eye(2, device=u.device, dtype=u.dtype) + bracket)
    )
    # The bracket's numerator is of the order of sin θ: what rounding does to it is divided by that.
    return all_of(
        equal(vector, 2.0 / math.pi * (sine * v + arcsine * u), roundings=_ROUNDINGS, scale=1.0),
        equal(
            matrix,
            expected,
            roundings=_ROUNDINGS,
            scale=(1.0 / sine.unsqueeze(-1)).expand_as(matrix),
        ),
    )


moments_with_signs_have_closed_forms.twin(
    "the root of 1 - ρ² is forgotten", specimens=[_ANY], root=0.0
)
