"""Closed forms: the kernel of two neurons, moments on a wedge, the reduction of ReLU, and the population gradient (ZGJ21, preliminaries).

Two neurons see a Gaussian input only through the plane that they span, where its direction is uniform and independent of its length. Every
expectation here is therefore a mean over the circle of a function that is smooth between the zeros of the two inner products, times a
moment of the length (√(π/2) for degree 1, 2 for degree 2); the checks integrate it piece by piece by Gauss-Legendre, exactly up to
rounding, and never use the closed forms that they test (ZGJ-01). The gradient follows by the chain rule; the network is 2-homogeneous in each
neuron, which is Euler's identity (ZGJ-02).
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

from lemmata.harness import Bound, Mean, Trials, all_of, at_least, at_most, equal, given, mean_of, statement
from lemmata.strategies import log_uniform
from lemmata.theorems.local_convergence.setting import (
    Teachers,
    TeacherRows,
    Weights,
    full_angles,
    gradient,
    kernel,
    line_angles,
    loss,
    teachers,
    units,
    wedge,
)
from lemmata.theorems.local_convergence.states import States, states, tilted

# ZGJ-01

ZGJ01 = statement(
    "ZGJ-01",
    source="ZGJ21, closed form of the loss",
    provenance="recalled-form",
    title="The kernel of two neurons, moments on a wedge, and the reduction of ReLU",
    says=r"For all $u,v\ne0$ and $x\sim N(0,I)$, with full angle $\theta$, line angle $\beta=\min(\theta,\pi-\theta)$ and $\rho=\cos\theta$: "
    r"$\mathbb E|u^\top x||v^\top x|=\|u\|\|v\|\,k(\beta)$, $k(\beta)=\cos\beta+\frac2\pi(\sin\beta-\beta\cos\beta)$, and further moments of "
    r"products and signs have closed forms in $\theta$.",
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

    def draw(self, trials: Trials) -> tuple[Float[Tensor, "trials d"], Float[Tensor, "trials d"], Float[Tensor, "trials"]]:
        """Draw u, v and their angle θ."""
        angle = self.opening * trials.uniform("pairs/angle")
        u = trials.sphere("pairs/u", self.dimension)
        v = tilted(u, trials.normal("pairs/v", self.dimension), angle)
        return u, self.length * (-v if self.opposite else v), math.pi - angle if self.opposite else angle


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


def _over_the_circle(f: Callable[[Tensor, Tensor, Tensor], Tensor], theta: Float[Tensor, "trials"]) -> Float[Tensor, "trials ..."]:
    """Return the mean of f(ûᵀx, v̂ᵀx, x) over the unit circle, x = (cos φ, sin φ), û = (1, 0) and v̂ = (cos θ, sin θ).

    Between the zeros of the two inner products f is a trigonometric polynomial: 16 nodes a piece are exact up to rounding.
    """
    half = math.pi / 2
    zeros = torch.stack((torch.full_like(theta, half), theta + half, torch.full_like(theta, 3 * half), theta + 3 * half), dim=-1)
    left = zeros.sort(dim=-1).values
    right = torch.cat((left[..., 1:], left[..., :1] + 2.0 * math.pi), dim=-1)
    nodes, weights = (torch.as_tensor(x, device=theta.device, dtype=theta.dtype) for x in (_NODES, _WEIGHTS))
    phi = 0.5 * (left + right).unsqueeze(-1) + 0.5 * (right - left).unsqueeze(-1) * nodes
    x = torch.stack((phi.cos(), phi.sin()), dim=-1).flatten(1, 2)
    share = (0.5 * (right - left).unsqueeze(-1) * weights / (2.0 * math.pi)).flatten(1)
    values = f(x[..., 0], (phi - theta[:, None, None]).cos().flatten(1), x)
    return (share.reshape(*share.shape, *[1] * (values.ndim - 2)) * values).sum(dim=1)


@ZGJ01.part(
    "a",
    kind="identity",
    says=r"$\mathbb E|u^\top x||v^\top x|=\|u\|\|v\|\,k(\beta)=\frac2\pi\|u\|\|v\|\big(\sqrt{1-\rho^2}+\rho\arcsin\rho\big)$.",
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
        equal(closed, expectation, roundings=_ROUNDINGS, scale=scale), equal(by_arcsine, expectation, roundings=_ROUNDINGS, scale=scale)
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
    kind="identity",
    says=r"$\mathbb E\,\mathrm{relu}(u^\top x)\,\mathrm{relu}(v^\top x)=\frac1{2\pi}\|u\|\|v\|\big(\sin\theta+(\pi-\theta)\cos\theta\big)$.",
    quantifiers=_PAIRS,
    specimens=[_ANY, _NARROW],
)
@given(pairs=_pairs)
def the_kernel_of_relu_is_the_arc_cosine_kernel(pairs: Pairs, trials: Trials) -> Bound:
    _u, _v, theta = pairs.draw(trials)
    expectation = 2.0 * _over_the_circle(lambda s, t, _: s.relu() * t.relu(), theta)
    return equal(_relu_kernel(theta), expectation, roundings=_ROUNDINGS, scale=1.0)


@the_kernel_of_relu_is_the_arc_cosine_kernel.twin("the line angle in place of the full angle", specimens=[{"pairs": Pairs(opposite=True)}])
def _(pairs: Pairs, trials: Trials) -> Bound:
    _u, _v, theta = pairs.draw(trials)
    expectation = 2.0 * _over_the_circle(lambda s, t, _: s.relu() * t.relu(), theta)
    return equal(_relu_kernel(torch.minimum(theta, math.pi - theta)), expectation, roundings=_ROUNDINGS, scale=1.0)


@ZGJ01.part(
    "c",
    kind="identity",
    says=r"On $D=\{\mathrm{sgn}(u^\top x)\ne\mathrm{sgn}(v^\top x)\}$: $\Pr(D)=\frac\theta\pi$, "
    r"$\mathbb E|\bar u^\top x|1_D=\frac{1-\cos\theta}{\sqrt{2\pi}}$, $\mathbb E(\bar u^\top x)^21_D=\frac{\theta-\sin\theta\cos\theta}\pi$.",
    quantifiers=_PAIRS,
    specimens=[_ANY, _NARROW],
)
@given(pairs=_pairs)
def moments_on_a_wedge_have_closed_forms(pairs: Pairs, trials: Trials, moment: Callable[[Tensor], Tensor] = wedge) -> Bound:
    _u, _v, theta = pairs.draw(trials)
    moments = _over_the_circle(
        lambda s, t, _: torch.stack((torch.ones_like(s), math.sqrt(math.pi / 2) * s.abs(), 2.0 * s**2), dim=-1) * (s * t < 0)[..., None],
        theta,
    )
    closed = torch.stack((theta / math.pi, 2.0 * (theta / 2).sin() ** 2 / math.sqrt(2.0 * math.pi), moment(theta) / math.pi), dim=-1)
    return equal(moments, closed, roundings=_ROUNDINGS, scale=1.0)


@moments_on_a_wedge_have_closed_forms.twin("the second moment is P(D) E (ûᵀx)² = θ/π: the wedge does not see how small ûᵀx is there")
def _(pairs: Pairs, trials: Trials) -> Bound:
    return moments_on_a_wedge_have_closed_forms.check(pairs, trials, moment=lambda theta: theta)


@ZGJ01.part(
    "d",
    kind="inequality",
    says=r"$\frac4{\pi^2}\theta^3\le\theta-\sin\theta\cos\theta\le\frac23\theta^3$ on $[0,\frac\pi2]$.",
    quantifiers=(r"\forall\,\theta\in[0,\pi/2]",),
    specimens=[{"opening": math.pi / 2}, {"opening": 1e-3}],
)
@given(opening=st.sampled_from((math.pi / 2, 1.0, 0.1, 1e-3, 1e-5)))
def the_second_moment_on_a_wedge_is_cubic(opening: float, trials: Trials, upper: float = 2.0 / 3.0) -> Bound:
    theta = opening * trials.uniform("angle", 64)
    moment = wedge(theta)
    # Both ends are attained, at π/2 and in the limit at 0.
    return all_of(at_most(moment, upper * theta**3), at_least(moment, 4.0 / math.pi**2 * theta**3)).up_to_roundings(32)


@the_second_moment_on_a_wedge_is_cubic.twin("at most θ³/2")
def _(opening: float, trials: Trials) -> Bound:
    return the_second_moment_on_a_wedge_is_cubic.check(opening, trials, upper=0.5)


@the_second_moment_on_a_wedge_is_cubic.twin("at least θ³/2: the upper constant's order on both sides", specimens=[{"opening": math.pi / 2}])
def _(opening: float, trials: Trials) -> Bound:
    theta = opening * trials.uniform("angle", 64)
    return at_least(wedge(theta), 0.5 * theta**3)


_EVERY_STATE = {
    "world": teachers(families=("orthogonal", "arc", "simplex", "random")),
    "students": states(),
}
_ALL_W = (r"\forall\, m\ge r,d", r"\forall\, W^*", r"\forall\, W")
_FREE = {"world": Teachers(count=3, dimension=5, weakest=0.5), "students": States(family="global", extra=3, size=1.0)}
_PAIR = {"world": Teachers(dimension=3), "students": States(family="split pair", size=0.01)}


@ZGJ01.part(
    "e",
    kind="identity",
    says=r"With relu in place of $|\cdot|$ in both networks, "
    r"$L_{\mathrm{relu}}=\frac14L+\frac18\big\|\sum_i\|w_i\|w_i-\sum_j\|w_j^*\|w_j^*\big\|^2$.",
    quantifiers=_ALL_W,
    specimens=[_FREE, _PAIR],
)
@given(**_EVERY_STATE)
def relu_adds_a_quadratic_in_the_total_vector(world: Teachers, students: States, trials: Trials, eighth: float = 0.125) -> Bound:
    V = world.build(trials)
    W = students.draw(trials, V)
    atoms, c = _stacked(W, V)
    of_relu = 0.5 * torch.einsum("tk,tkl,tl->t", c, _relu_kernel(full_angles(atoms, atoms)), c)
    vector = (c.unsqueeze(-1) * units(atoms)).sum(dim=-2)
    return equal(of_relu, 0.25 * loss(W, V) + eighth * (vector**2).sum(dim=-1), roundings=32, scale=c.abs().sum(dim=-1) ** 2)


@relu_adds_a_quadratic_in_the_total_vector.twin("L_relu = L/4: the odd part is forgotten", specimens=[_FREE])
def _(world: Teachers, students: States, trials: Trials) -> Bound:
    return relu_adds_a_quadratic_in_the_total_vector.check(world, students, trials, eighth=0.0)


def _stacked(W: Weights, V: TeacherRows) -> tuple[Float[Tensor, "trials M d"], Float[Tensor, "trials M"]]:
    atoms = torch.cat((W, V.expand(len(W), *V.shape)), dim=1)
    sign = torch.ones_like(atoms[..., 0])
    sign[:, W.shape[1] :] = -1.0
    return atoms, sign * (atoms**2).sum(dim=-1)


@ZGJ01.part(
    "f",
    kind="identity",
    says=r"$\mathbb E\big[|u^\top x|\,\mathrm{sgn}(v^\top x)\,x\big]=\frac2\pi\big(\|u\|\sin\beta\;\bar v+\arcsin\rho\;u\big)$, and for $|\rho|<1$ "
    r"$\mathbb E\big[xx^\top\mathrm{sgn}(u^\top x)\,\mathrm{sgn}(v^\top x)\big]=\frac2\pi\Big(\arcsin\rho\;I+\frac{\bar u\bar v^\top+\bar v\bar u^\top"
    r"-\rho(\bar u\bar u^\top+\bar v\bar v^\top)}{\sqrt{1-\rho^2}}\Big)$.",
    quantifiers=(r"\forall\, u,v\ne0",),
    specimens=[_ANY, _NARROW],
)
@given(pairs=_pairs)
def moments_with_signs_have_closed_forms(pairs: Pairs, trials: Trials, root: float = 1.0) -> Bound:
    _u, _v, theta = pairs.draw(trials)
    u, v = (torch.stack((angle.cos(), angle.sin()), dim=-1) for angle in (torch.zeros_like(theta), theta))
    arcsine, sine = (math.pi / 2 - theta)[:, None], theta.sin()[:, None]
    vector = 2.0 * _over_the_circle(lambda s, t, x: (s.abs() * t.sign()).unsqueeze(-1) * x, theta)
    matrix = 2.0 * _over_the_circle(lambda s, t, x: (s * t).sign()[..., None, None] * x.unsqueeze(-1) * x.unsqueeze(-2), theta)
    mixed = v.unsqueeze(1) * u.unsqueeze(2) + u.unsqueeze(1) * v.unsqueeze(2)
    own = u.unsqueeze(1) * u.unsqueeze(2) + v.unsqueeze(1) * v.unsqueeze(2)
    bracket = (mixed - theta.cos()[:, None, None] * own) / sine.unsqueeze(-1) ** root
    expected = 2.0 / math.pi * (arcsine.unsqueeze(-1) * torch.eye(2, device=u.device, dtype=u.dtype) + bracket)
    # The bracket's numerator is of the order of sin θ: what rounding does to it is divided by that.
    return all_of(
        equal(vector, 2.0 / math.pi * (sine * v + arcsine * u), roundings=_ROUNDINGS, scale=1.0),
        equal(matrix, expected, roundings=_ROUNDINGS, scale=(1.0 / sine.unsqueeze(-1)).expand_as(matrix)),
    )


@moments_with_signs_have_closed_forms.twin("the root of 1 - ρ² is forgotten", specimens=[_ANY])
def _(pairs: Pairs, trials: Trials) -> Bound:
    return moments_with_signs_have_closed_forms.check(pairs, trials, root=0.0)


# ZGJ-02

ZGJ02 = statement(
    "ZGJ-02",
    source="ZGJ21, gradient formula",
    provenance="recalled-form",
    uses=["ZGJ-01"],
    title="The population gradient and Euler's identity",
    says=r"For all $W,W^*$ with $w_i\ne0$: $\nabla_{w_i}L=\mathbb E\big[R(x)\,(\bar w_i|w_i^\top x|+\|w_i\|\,\mathrm{sgn}(w_i^\top x)\,x)\big]$, a "
    r"closed form in the angles, and the network is 2-homogeneous in each neuron.",
)


def _plain_gradient(W: Weights, V: TeacherRows) -> Weights:
    """Return the gradient by ZGJ-01(a) and (f), term by term, as the chain rule gives it."""
    atoms, c = _stacked(W, V)
    w, v, theta, beta = units(W).unsqueeze(2), units(atoms).unsqueeze(1), full_angles(W, atoms), line_angles(W, atoms)
    outer = (c.unsqueeze(1) * kernel(beta)).sum(dim=-1, keepdim=True) * W
    arcsine = (math.pi / 2 - theta).unsqueeze(-1)
    inner = (c[:, None, :, None] * 2.0 / math.pi * (beta.sin().unsqueeze(-1) * w + arcsine * v)).sum(dim=2)
    return outer + W.norm(dim=-1, keepdim=True) * inner


def _gradient_scale(W: Weights, V: TeacherRows) -> Float[Tensor, "trials m 1"]:
    _, c = _stacked(W, V)
    return W.norm(dim=-1, keepdim=True) * c.abs().sum(dim=-1)[:, None, None]


@ZGJ02.part(
    "a",
    kind="identity",
    says=r"$\nabla_{w_i}L=w_i\sum_lc_lk(\beta_{il})+\frac2\pi\Big(w_i\sum_lc_l\sin\beta_{il}+\|w_i\|\sum_l\sigma_l\|v_l\|\big(\frac\pi2-\angle(w_i,v_l)\big)"
    r"v_l\Big)$, "
    r"over all atoms $v_l$ with signs $\sigma_l$ and $c_l=\sigma_l\|v_l\|^2$; held against automatic differentiation too.",
    quantifiers=(*_ALL_W, r"\forall\, i\in[m]"),
    specimens=[_FREE, _PAIR],
)
@given(**_EVERY_STATE)
def the_gradient_has_a_closed_form(world: Teachers, students: States, trials: Trials) -> Bound:
    V = world.build(trials)
    W = students.draw(trials, V)
    return _three_gradients_agree(gradient(W, V), W, V)


@the_gradient_has_a_closed_form.twin("the outer weight ‖w_i‖ is held constant")
def _(world: Teachers, students: States, trials: Trials) -> Bound:
    V = world.build(trials)
    W = students.draw(trials, V)
    atoms, c = _stacked(W, V)
    outer = (c.unsqueeze(1) * kernel(line_angles(W, atoms))).sum(dim=-1, keepdim=True) * W
    return _three_gradients_agree(gradient(W, V) - outer, W, V)


def _three_gradients_agree(formula: Weights, W: Weights, V: TeacherRows) -> Bound:
    with torch.enable_grad():
        leaf = W.detach().clone().requires_grad_()
        (automatic,) = torch.autograd.grad(loss(leaf, V).sum(), leaf)
    scale = _gradient_scale(W, V).expand_as(W)
    return all_of(
        equal(formula, _plain_gradient(W, V), roundings=256, scale=scale), equal(formula, automatic, roundings=256, scale=scale)
    )


@ZGJ02.part(
    "b",
    kind="identity",
    says=r"$\langle w_i,\nabla_{w_i}L\rangle=2\,\mathbb E\big[R\,\|w_i\||w_i^\top x|\big]$ for every $i$, and $\langle W,\nabla L\rangle=2\,\mathbb E[Rf]$.",
    quantifiers=(*_ALL_W, r"\forall\, i\in[m]"),
    specimens=[_FREE, _PAIR],
)
@given(**_EVERY_STATE)
def the_gradient_is_homogeneous(world: Teachers, students: States, trials: Trials, degree: float = 2.0) -> Bound:
    V = world.build(trials)
    W = students.draw(trials, V)
    atoms, c = _stacked(W, V)
    correlation = (W**2).sum(dim=-1) * (c.unsqueeze(1) * kernel(line_angles(W, atoms))).sum(dim=-1)
    along, mass = (W * gradient(W, V)).sum(dim=-1), c.abs().sum(dim=-1, keepdim=True)
    return all_of(
        equal(along, degree * correlation, roundings=256, scale=mass**2),
        equal(along.sum(dim=-1), degree * correlation.sum(dim=-1), roundings=256, scale=mass.squeeze(-1) ** 2),
    )


@the_gradient_is_homogeneous.twin("degree 1: as if the outer weight were fixed")
def _(world: Teachers, students: States, trials: Trials) -> Bound:
    return the_gradient_is_homogeneous.check(world, students, trials, degree=1.0)


_COPIES = 256
"""Inputs in a trial of a mean."""


@ZGJ02.part(
    "c",
    kind="mean",
    says=r"$\mathbb E\big[R(x)\,(\bar w_i|w_i^\top x|+\|w_i\|\,\mathrm{sgn}(w_i^\top x)\,x)\big]$ is that closed form, by its definition.",
    quantifiers=(r"\forall\, W^*", r"\forall\, W", r"\mathbb E_x"),
    specimens=[{"world": Teachers(count=2, dimension=3), "students": States(family="local", extra=2, size=0.5)}],
    cost=4,
)
@given(world=teachers(dimensions=(2, 4)), students=states("local", "tiny", "ring", size=(0.1, 1.0)))
def the_closed_form_is_the_expectation(world: Teachers, students: States, trials: Trials, wrong: float = 0.0) -> Mean:
    V = world.build(trials)
    W = students.draw(trials, V)
    x = trials.normal("inputs", _COPIES, world.dimension)
    inner, size = W @ x.mT, W.norm(dim=-1, keepdim=True)
    residual = (size * inner.abs()).sum(dim=1) - (V.norm(dim=-1, keepdim=True) * (V @ x.mT).abs()).sum(dim=1)
    outer = units(W) * (residual.unsqueeze(1) * inner.abs()).mean(dim=-1, keepdim=True)
    sampled = (1.0 - wrong) * outer + size * ((residual.unsqueeze(1) * inner.sign()) @ x) / _COPIES
    return mean_of((sampled - gradient(W, V)).mean(dim=1) / _gradient_scale(W, V).mean(dim=1), 0.0)


@the_closed_form_is_the_expectation.twin("without the derivative of the outer weight")
def _(world: Teachers, students: States, trials: Trials) -> Mean:
    return the_closed_form_is_the_expectation.check(world, students, trials, wrong=1.0)
