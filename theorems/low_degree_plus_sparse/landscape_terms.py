r"""What the landscape theorem is made of (NBL22; BL20 with W_L = 0).

The curvature along W_QS, in the mean over signs, and the slope along V = W + P_{≤k}W - 2W_L add up
to twice the difference of the witness' loss and the loss, plus terms of the order m^{-1/2}, plus
what P_{>k}W and the cross term of f_Q contribute (NBL-19, NBL-27); the regulariser ‖W‖⁸_{2,4} does
the same up to constants (NBL-20).
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st
from torch import Tensor

from lemmata.harness import (
    Bound,
    Trials,
    all_of,
    at_most,
    equal,
    given,
    statement,
    worst_of,
)
from lemmata.strategies import log_uniform
from lemmata.theorems.low_degree_plus_sparse.setting.losses import Loss, loss
from lemmata.theorems.low_degree_plus_sparse.setting.network import (
    ATTAINED,
    Pairs,
    Weights,
    inputs,
    per_input,
)
from lemmata.theorems.low_degree_plus_sparse.setting.objective import (
    objective,
    quartic,
    quartic_blocks,
    quartic_gradient,
    signed_curvature,
)
from lemmata.theorems.low_degree_plus_sparse.setting.witnesses import world
from lemmata.theorems.mathematics.norms import frobenius, norm24

SMALL = Pairs(dimension=5, pairs=8)

# NBL-19

NBL19 = statement(
    "NBL-19",
    paper="NBL22",
    source="landscape theorem, core computation",
    provenance="derived",
    note="the comparison direction is rebuilt: the paper's may differ by a reparametrisation",
    uses=["NBL-05"],
    title="Landscape identity along the signed witness",
    says=r"With $F=f_L+f_Q$, $V=W+P_{\le k}W-2W_L$: $\mathbb E_S\nabla^2\hat L^{LQ}(W)[W_QS,W_QS]-"
    r"\langle\nabla\hat L^{LQ}(W),V\rangle=\frac1n\sum_i\big\{2\ell_i'(f_L(W_L)+f_Q(W_Q)-F(W))+"
    r"\ell_i'(f_L(P_{>k}W)-\nabla f_Q(W)[P_{\le k}W-2W_L])+\ell_i''\sum_rz_{i,r}^2\big\}$, "
    r"$z_{i,r}=\frac{a_r}{\sqrt m}[\sigma'+\sigma''x_i^\top w_r]\,x_i^\top w_{Q,r}$.",
    quantifiers=(r"\forall\, d,p,n", r"\forall\, W_0,x_i,y_i", r"\forall\, W,W_L,W_Q"),
)
_LOSSES = ("squared", "log-cosh", "logistic")
LOSS_DRAWN = {
    "net": st.sampled_from((SMALL, Pairs(dimension=6, pairs=10))),
    "loss_name": st.sampled_from(_LOSSES),
}


def points(net: Pairs, trials: Trials) -> tuple[Weights, Weights]:
    """Return W and W_Q of no particular kind."""
    shape = (net.width, net.dimension)
    scale = (net.width * net.dimension) ** -0.5
    return 2.0 * scale * trials.normal("W", *shape), scale * trials.normal("W_Q", *shape)


def labels(net: Pairs, trials: Trials, n: int) -> Tensor:
    return 2.0 * trials.uniform("labels", n) - 1.0


@NBL19.part(
    "a",
    kind="identity",
    says=r"The identity, with any $W_L\in P_{\le k}$ and any $W_Q$, for squared, log-cosh and "
    r"logistic loss.",
    specimens=[{"net": SMALL, "loss_name": name} for name in _LOSSES],
)
@given(**LOSS_DRAWN)
def curvature_along_the_witness_less_a_slope_is_a_difference_of_losses(
    net: Pairs, loss_name: Loss, trials: Trials, *, whole: float = 1.0, good: float = 1.0
) -> Bound:
    n = 12
    found = world(net, 1, trials)
    at = found.network.on(inputs(trials, n, net.dimension))
    made = objective(at, labels(net, trials, n), found.found, loss=loss_name)
    W, W_Q = points(net, trials)
    W_L = found.W_L
    U = found.found.good_weights(W) - 2.0 * W_L
    V = whole * W + good * U
    left = signed_curvature(made.hessian(W, regularised=False), W_Q)
    left = left - (made.gradient(W, regularised=False) * V).sum(dim=(1, 2))
    first, second = made.losses(1, W), made.losses(2, W)
    z = made.slopes(W) * at.along(W_Q)
    right = 2.0 * first * (at.linear(W_L) + at.quadratic(W_Q) - at.model(W))
    right = right + first * (at.linear(found.found.bad_weights(W)) - at.cross(W, U))
    right = right + second * z.square().sum(dim=-1)
    return equal(left, right.mean(dim=1), roundings=1e5, scale=1.0 + left.abs())


curvature_along_the_witness_less_a_slope_is_a_difference_of_losses.twin(
    "V = W: f_L forgotten to be of degree 1", good=0.0
)
curvature_along_the_witness_less_a_slope_is_a_difference_of_losses.twin(
    "V = 2W: f_L + f_Q of degree 2", whole=2.0, good=0.0
)


@NBL19.part(
    "b",
    kind="inequality",
    says=r"By convexity $2\ell_i'(z^*-z)\le2(\ell(y_i,z^*)-\ell(y_i,z))$; and "
    r"$\sum_rz_{i,r}^2\le\frac2m\big(M_1^2d\|W_Q\|_F^2+M_2^2d^2\|W\|_{2,4}^2\|W_Q\|_{2,4}^2\big)$.",
    specimens=[{"net": SMALL, "loss_name": "log-cosh"}],
)
@given(**LOSS_DRAWN)
def the_sign_terms_of_the_landscape_are_small(
    net: Pairs, loss_name: Loss, trials: Trials, *, share: float = 1.0
) -> Bound:
    at = net.initialise(trials).on(inputs(trials, 12, net.dimension))
    y, d = labels(net, trials, 12), net.dimension
    W, W_Q = points(net, trials)
    # The witness along the input that its neuron sees best is where the first bound bites.
    best = at.sigma(1)[:, 0].abs().argmax(dim=-1)
    single = torch.nn.functional.one_hot(best, net.width).to(W.dtype).unsqueeze(-1) * at.x[:, :1]
    found = {}
    for name, (point, witness) in {"random": (W, W_Q), "single": (0.01 * W, single)}.items():
        slopes = at.sigma(1) + at.sigma(2) * at.along(point)
        z = (slopes * at.along(witness)).square().sum(dim=-1) / net.width
        first = net.bound(1) ** 2 * d * frobenius(witness) ** 2
        second = (net.bound(2) * d * norm24(point) * norm24(witness)) ** 2
        largest = share * 2.0 / net.width * (first + second)
        F, other = at.model(point), at.model(witness)
        convex = loss(loss_name, 1, y, F) * (other - F)
        gained = loss(loss_name, 0, y, other) - loss(loss_name, 0, y, F)
        # Both sides shifted by the same positive number: a ratio needs positive sides.
        shift = 1.0 + convex.abs() + gained.abs()
        found[name] = all_of(
            signs=at_most(z, per_input(largest)),
            convex=at_most(convex + shift, (1.0 + 1e-12) * (gained + shift)),
        )
    return worst_of(**found)


the_sign_terms_of_the_landscape_are_small.twin("a tenth of the bound", share=0.1)

# NBL-20

NBL20 = statement(
    "NBL-20",
    paper="NBL22",
    source="landscape proof, eighth power of the norm (BL20)",
    provenance="recalled",
    note="the form is recalled, the constants are derived; 3024 is sharp",
    title="The (2,4)-norm regulariser under signed perturbation",
    says=r"With $g=\|W\|_{2,4}^4$, $g_*=\|W_*\|_{2,4}^4$, $R_4=g^2$: $\mathbb E_S\nabla^2R_4(W)"
    r"[W_*S,W_*S]\le56\,g^{3/2}g_*^{1/2}$, $\langle\nabla R_4(W),W\rangle=8R_4(W)$, their "
    r"difference is at most $-R_4(W)+3024\,R_4(W_*)$, and $|\langle\nabla R_4(W),U\rangle|\le "
    r"8g^{7/4}\|U\|_{2,4}$.",
    quantifiers=(r"\forall\, d,m", r"\forall\, W,W_*,U"),
)
_SHAPES = {
    "m": st.sampled_from((1, 2, 8)),
    "d": st.sampled_from((2, 4)),
    "ratio": log_uniform(0.5, 10.0),
}


def _pair(m: int, d: int, ratio: float, trials: Trials) -> dict[str, tuple[Weights, Weights]]:
    """Return W and W_* with a given ratio of norms: random, and collinear in one row."""
    W, other = trials.normal("W", m, d), trials.normal("W*", m, d)
    first = torch.zeros_like(W)
    first[:, 0] = W[:, 0]
    found = {"random": (W, other), "collinear": (first, first), "extremal": (first, first)}
    return {
        name: (
            (math.sqrt(6.0) if name == "extremal" else ratio) * left / norm24(left)[:, None, None],
            right / norm24(right)[:, None, None],
        )
        for name, (left, right) in found.items()
    }


def signed_quartic(W: Weights, other: Weights) -> Tensor:
    """Return E_S ∇²R_4(W)[W_*S, W_*S]."""
    inner = (W * other).sum(dim=-1)
    squares, others = W.square().sum(dim=-1), other.square().sum(dim=-1)
    first = 32.0 * (squares**2 * inner**2).sum(dim=-1)
    return first + 2.0 * quartic(W) * (4.0 * squares * others + 8.0 * inner**2).sum(dim=-1)


@NBL20.part(
    "a",
    kind="identity",
    says=r"$\mathbb E_S\nabla^2R_4(W)[W_*S,W_*S]=32\sum_r\|w_r\|^4\langle w_r,w_{*r}\rangle^2+"
    r"2g\sum_r\big(4\|w_r\|^2\|w_{*r}\|^2+8\langle w_r,w_{*r}\rangle^2\big)$ and $\langle\nabla "
    r"R_4(W),W\rangle=8R_4(W)$, against automatic differentiation.",
    specimens=[{"m": 8, "d": 4, "ratio": 2.0}],
)
@given(**_SHAPES)
def the_eighth_power_has_these_derivatives(
    m: int, d: int, ratio: float, trials: Trials, *, degree: float = 8.0
) -> Bound:
    W, other = _pair(m, d, ratio, trials)["random"]

    def R4(weights: Tensor) -> Tensor:
        return weights.square().sum(dim=-1).square().sum() ** 2

    gradient = torch.func.vmap(torch.func.grad(R4))(W)
    hessian = torch.func.vmap(torch.func.jacrev(torch.func.grad(R4)))(W).flatten(3).flatten(1, 2)
    ours = 2.0 * quartic(W)[:, None, None] * quartic_gradient(W)
    slope, blocks = quartic_gradient(W).flatten(1), quartic_blocks(W)
    dense = torch.diag_embed(blocks.permute(0, 2, 3, 1)).permute(0, 3, 1, 4, 2)
    dense = 2.0 * quartic(W)[:, None, None] * dense.reshape(hessian.shape)
    dense = dense + 2.0 * slope.unsqueeze(-1) * slope.unsqueeze(1)
    size = 100.0 * ratio**8 + 100.0
    return all_of(
        equal(ours, gradient, roundings=1e3, scale=size),
        equal(dense, hessian, roundings=1e3, scale=size),
        equal(
            signed_quartic(W, other), signed_curvature(hessian, other), roundings=1e3, scale=size
        ),
        equal((gradient * W).sum(dim=(1, 2)), degree * R4_of(W), roundings=1e3, scale=size),
    )


def R4_of(W: Weights) -> Tensor:
    """Return R_4 = g²."""
    return quartic(W) ** 2


the_eighth_power_has_these_derivatives.twin("of degree 4", degree=4.0)


@NBL20.part(
    "b",
    kind="inequality",
    says=r"$\mathbb E_S\nabla^2R_4(W)[W_*S,W_*S]\le56\,g^{3/2}g_*^{1/2}$ and "
    r"$|\langle\nabla R_4(W),U\rangle|\le8g^{7/4}\|U\|_{2,4}$.",
    specimens=[{"m": 1, "d": 2, "ratio": 2.0}, {"m": 8, "d": 4, "ratio": 2.0}],
)
@given(**_SHAPES)
def the_signed_curvature_of_the_eighth_power_is_bounded(
    m: int, d: int, ratio: float, trials: Trials, *, curved: float = 56.0
) -> Bound:
    found = {}
    for name, (W, other) in _pair(m, d, ratio, trials).items():
        g, star = quartic(W), quartic(other)
        slope = 2.0 * g * (quartic_gradient(W) * other).sum(dim=(1, 2))
        found[name] = all_of(
            curvature=at_most(signed_quartic(W, other), ATTAINED * curved * g**1.5 * star**0.5),
            slope=at_most(slope.abs(), ATTAINED * 8.0 * g**1.75 * norm24(other)),
        )
    return worst_of(**found)


the_signed_curvature_of_the_eighth_power_is_bounded.twin("40 for 56", curved=40.0)


@NBL20.part(
    "c",
    kind="inequality",
    says=r"$\mathbb E_S\nabla^2R_4(W)[W_*S,W_*S]-\langle\nabla R_4(W),W\rangle\le-R_4(W)+"
    r"3024\,R_4(W_*)$; attained at $m=1$, $w=\sqrt6\,w_*$.",
    specimens=[{"m": 1, "d": 2, "ratio": 2.0}, {"m": 8, "d": 4, "ratio": 3.0}],
)
@given(**_SHAPES)
def the_eighth_power_decreases_along_the_witness(
    m: int, d: int, ratio: float, trials: Trials, *, factor: float = 3024.0
) -> Bound:
    found = {}
    for name, (W, other) in _pair(m, d, ratio, trials).items():
        # The difference with -7R_4(W) on the other side: both sides positive.
        found[name] = at_most(
            signed_quartic(W, other),
            ATTAINED * (7.0 * quartic(W) ** 2 + factor * quartic(other) ** 2),
        )
    return worst_of(**found)


the_eighth_power_decreases_along_the_witness.twin("1000 for 3024", factor=1000.0)
