r"""Random signs of the rows (BL20, reused by NBL22).

f_Q is even in every row and f_L odd: with S = diag(s_1, ..., s_m) of independent random signs,
f_Q(WS) = f_Q(W), while f_L(WS) is a sum of m independent terms of mean 0. So the signs leave the
quadratic part as it is and take the linear one down to

    E_S f_L(x; WS)² = (1/m) Σ σ'(w_{0,r}ᵀx)² (xᵀw_r)² ≤ M_1² d m^{-1/2} ‖W‖²_{2,4},

where without them aligned rows reach f_L² of the order √m. The cross term of f_Q(W + VS) is a sum
of independent terms as well.
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Mean,
    Trials,
    all_of,
    at_most,
    equal,
    given,
    mean_of,
    statement,
)
from lemmata.theorems.low_degree_plus_sparse.setting.network import (
    ATTAINED,
    Pairs,
    Weights,
    derivative_along,
    inputs,
    networks,
    of_norm24,
    per_input,
)
from lemmata.theorems.mathematics.norms import frobenius, norm24

NBL05 = statement(
    "NBL-05",
    paper="NBL22",
    source="BL20, sign trick and Euler's identities",
    provenance="recalled",
    title="Homogeneity and sign identities",
    says=r"$f_L$ is linear and $f_Q$ a quadratic form: $\nabla f_Q(W)[W]=2f_Q(W)$, "
    r"$\nabla^2f_Q[V,V]=2f_Q(V)$, $f_Q(W+V)=f_Q(W)+f_Q(V)+\nabla f_Q(W)[V]$; and "
    r"$f_Q(WS)=f_Q(W)$ for every diagonal $S$ with $S^2=I$, while $\mathbb E_Sf_L(WS)=0$.",
    kind="identity",
    quantifiers=(r"\forall\, d,m", r"\forall\, W_0,x", r"\forall\, W,V,S"),
)
_SPECIMENS = [{"net": Pairs(dimension=8, pairs=16)}, {"net": Pairs(activation="tanh")}]


def _gaussian(trials: Trials, net: Pairs, name: str) -> Weights:
    return trials.normal(name, net.width, net.dimension) / math.sqrt(net.width)


@NBL05.part(
    "a",
    says=r"$\nabla f_L[W]=f_L(W)$, $\nabla f_Q(W)[W]=2f_Q(W)$, $\nabla^2f_Q[V,V]=2f_Q(V)$, "
    r"$f_Q(W+V)=f_Q(W)+f_Q(V)+\nabla f_Q(W)[V]$, the derivatives by automatic differentiation.",
    specimens=_SPECIMENS,
)
@given(net=networks())
def linear_and_quadratic_part_are_homogeneous(
    net: Pairs, trials: Trials, *, degree: float = 2.0
) -> Bound:
    at = net.initialise(trials).on(inputs(trials, 4, net.dimension))
    W, V = (_gaussian(trials, net, name) for name in ("W", "V"))

    def slope_along_V(point: Weights) -> torch.Tensor:
        return derivative_along(at.quadratic, point, V)

    # Against the sum of the terms' absolute values.
    size = (at.sigma(2).abs() * (at.along(W).abs() + at.along(V).abs()) ** 2).sum(dim=-1)
    linear = (at.sigma(1) * at.along(W)).abs().sum(dim=-1)
    roundings = 16.0 * net.width

    def same(left: torch.Tensor, right: torch.Tensor, scale: torch.Tensor) -> Bound:
        return equal(left, right, roundings=roundings, scale=scale)

    return all_of(
        same(derivative_along(at.linear, V, W), at.linear(W), linear),
        same(derivative_along(at.quadratic, W, W), degree * at.quadratic(W), size),
        same(derivative_along(slope_along_V, W, V), 2.0 * at.quadratic(V), size),
        same(slope_along_V(W), at.cross(W, V), size),
        same(at.quadratic(W + V), at.quadratic(W) + at.quadratic(V) + at.cross(W, V), size),
    )


linear_and_quadratic_part_are_homogeneous.twin("f_Q of degree 3", degree=3.0)


@NBL05.part(
    "b",
    says=r"$f_Q(WS)=f_Q(W)$ for signs $S$, and $f_L(WS)+f_L(W(-S))=0$, whose mean over $S$ is "
    r"$\mathbb E_Sf_L(WS)=0$.",
    specimens=_SPECIMENS,
)
@given(net=networks())
def signs_leave_the_quadratic_part_as_it_is(
    net: Pairs, trials: Trials, *, gaussian: bool = False
) -> Bound:
    at = net.initialise(trials).on(inputs(trials, 4, net.dimension))
    W, S = _gaussian(trials, net, "W"), trials.signs("S", net.width, 1)
    S = trials.normal("gaussian S", net.width, 1) if gaussian else S
    size = (at.sigma(2) * at.along(W) ** 2).abs().sum(dim=-1)
    linear = (at.sigma(1) * at.along(W)).abs().sum(dim=-1)
    return all_of(
        equal(at.quadratic(S * W), at.quadratic(W), roundings=4.0 * net.width, scale=size),
        equal(at.linear(S * W), -at.linear(-S * W), roundings=4.0 * net.width, scale=linear),
    )


signs_leave_the_quadratic_part_as_it_is.twin("Gaussian S", gaussian=True)


@NBL05.part(
    "c",
    says=r"$f_L$ and $f_Q$ are the network's Taylor terms: $\nabla f(x;0)[V]=f_L(V)$ and $\nabla^2f"
    r"(x;0)[V,V]=2f_Q(V)$, by automatic differentiation, and $\Delta=f-f_L-f_Q$.",
    specimens=_SPECIMENS,
)
@given(net=networks())
def linear_and_quadratic_part_are_the_taylor_terms(
    net: Pairs, trials: Trials, *, half: float = 1.0
) -> Bound:
    at = net.initialise(trials).on(inputs(trials, 4, net.dimension))
    V = _gaussian(trials, net, "V")

    def slope(point: Weights) -> torch.Tensor:
        return derivative_along(at.value, point, V)

    nothing = torch.zeros_like(V)
    curvature = derivative_along(slope, nothing, V)
    size = 1.0 + at.sigma(0).abs().sum(dim=-1) + (1.0 + at.along(V).abs()).square().sum(dim=-1)

    def same(left: torch.Tensor, right: torch.Tensor) -> Bound:
        return equal(left, right, roundings=32.0 * net.width, scale=size)

    return all_of(
        same(slope(nothing), at.linear(V)),
        same(curvature, 2.0 * half * at.quadratic(V)),
        same(at.remainder(V), at.value(V) - at.linear(V) - at.quadratic(V)),
    )


linear_and_quadratic_part_are_the_taylor_terms.twin("f_Q twice as large", half=2.0)

# NBL-06

NBL06 = statement(
    "NBL-06",
    paper="NBL22",
    source="BL20, linear term under random signs; NBL22, joint construction",
    provenance="recalled",
    note="the rates are recalled, constants and the cross term are derived",
    uses=["NBL-05"],
    title="Random signs suppress the linear and the cross term",
    says=r"$\mathbb E_Sf_L(x;WS)^2=\frac1m\sum_r\sigma'(w_{0,r}^\top x)^2(x^\top w_r)^2\le "
    r"M_1^2\,d\,m^{-1/2}\|W\|_{2,4}^2$, and $\mathbb E_S(\nabla f_Q(x;W)[VS])^2\le "
    r"\frac{M_2^2d^2}m\|W\|_{2,4}^2\|V\|_{2,4}^2$.",
    quantifiers=(r"\forall\, d,m", r"\forall\, W_0,x", r"\forall\, W,V", r"\mathbb P_S"),
)


@NBL06.part(
    "a",
    kind="mean",
    says=r"$\mathbb E_Sf_L(x;WS)^2=v(x):=\frac1m\sum_r\sigma'(w_{0,r}^\top x)^2(x^\top w_r)^2$.",
    quantifiers=(r"\forall\, d,m", r"\forall\, W_0,x,W", r"\mathbb E_S"),
    specimens=_SPECIMENS,
)
@given(net=networks(pairs=(4, 32)))
def the_signed_linear_part_has_the_variance_of_independent_terms(
    net: Pairs, trials: Trials, *, power: float = 1.0
) -> Mean:
    at = net.initialise(trials).on(inputs(trials, 1, net.dimension))
    W, draws = _gaussian(trials, net, "W"), 64
    terms = (at.sigma(1) * at.along(W))[:, 0] / math.sqrt(net.width)
    signed = (trials.signs("S", draws, net.width) * terms.unsqueeze(1)).sum(dim=-1)
    variance = at.linear_variance(W) * net.width ** (1.0 - power)
    return mean_of((signed**2).mean(dim=1) / variance[:, 0], 1.0)


the_signed_linear_part_has_the_variance_of_independent_terms.twin(
    "m^{-1/2} in place of 1/m", power=0.5
)


def aligned(net: Pairs, trials: Trials) -> Weights:
    """Return w_r = m^{-1/4} β for one random direction: all rows alike, ‖W‖_{2,4} = 1."""
    return net.width**-0.25 * trials.sphere("β", 1, net.dimension).expand(-1, net.width, -1)


def _signed_widths(*, at_most: float | None = None, at_least: float | None = None) -> Along:
    return Along(
        variable="m",
        sizes=(32, 128, 512, 2048),
        instance=lambda m: {"net": Pairs(dimension=10, pairs=m // 2)},
        trials=48,
        at_most=at_most,
        at_least=at_least,
    )


@NBL06.part(
    "b",
    kind="scaling",
    says=r"$v(x)\le M_1^2\,d\,m^{-1/2}\|W\|_{2,4}^2$, and aligned rows attain the exponent.",
    quantifiers=(r"\forall\, d,m", r"\forall\, W_0,x", r"\forall\, W"),
    constant=Constant(1.0, measured_on="proved: every size", failure=0.0),
    along=[_signed_widths(at_most=0.05, at_least=-0.05)],
    specimens=_SPECIMENS,
)
@given(net=networks())
def signs_take_the_linear_part_down_by_the_root_of_the_width(
    net: Pairs, trials: Trials, *, signed: bool = True
) -> Bound:
    at = net.initialise(trials).on(inputs(trials, 32, net.dimension))
    largest = net.bound(1) ** 2 * net.dimension * net.width**-0.5
    W = aligned(net, trials)
    if not signed:
        # One sign a pair is what aligned rows do without signs: no cancellation within pairs.
        return at_most(at.linear(at.a.mT * W).square().mean(dim=1), largest)
    along_input = of_norm24(at.x[:, :1].expand_as(W), 1.0)
    rows = torch.stack((at.linear_variance(W), at.linear_variance(along_input)), dim=1)
    # The mean over the inputs of aligned rows is what the grid follows.
    return at_most(rows.flatten(1), largest).scaling_as(rows[:, 0].mean(dim=1) / largest)


signs_take_the_linear_part_down_by_the_root_of_the_width.twin(
    "the same without signs", signed=False
)


@NBL06.part(
    "c",
    kind="probability",
    says=r"$\mathbb P_S(\exists i\le n:|f_L(x_i;WS)|>\sqrt{2v(x_i)\log(2n/\delta)})\le\delta$.",
    quantifiers=(r"\forall\, d,m,n,\delta", r"\forall\, W_0,x_i,W", r"\mathbb P_S", r"\forall\, i"),
    specimens=[
        {"net": Pairs(dimension=10, pairs=32), "count": 30, "delta": 0.5},
        {"net": Pairs(dimension=10, pairs=32), "count": 30, "delta": 0.1},
    ],
)
@given(
    net=networks(pairs=(4, 32)),
    count=st.sampled_from((1, 10, 30)),
    delta=st.sampled_from((0.5, 0.1, 0.01)),
)
def signed_linear_parts_are_subgaussian_at_all_inputs(
    net: Pairs, count: int, delta: float, trials: Trials, *, union: bool = True
) -> Bound:
    at = net.initialise(trials).on(inputs(trials, count, net.dimension))
    W = _gaussian(trials, net, "W")
    reach = 2.0 * math.log(2.0 * (count if union else 1) / delta)
    signed = at.linear(trials.signs("S", net.width, 1) * W).abs()
    return at_most(signed, (reach * at.linear_variance(W)).sqrt()).except_with_probability(delta)


signed_linear_parts_are_subgaussian_at_all_inputs.twin(
    "no union over the inputs",
    union=False,
    specimens=[{"net": Pairs(dimension=10, pairs=32), "count": 30, "delta": 0.1}],
)


@NBL06.part(
    "d",
    kind="inequality",
    says=r"$\mathbb E_S(\nabla f_Q(x;W)[VS])^2=\frac1m\sum_r\sigma''(w_{0,r}^\top x)^2(x^\top "
    r"w_r)^2(x^\top v_r)^2\le\frac{M_2^2d^2}m\|W\|_{2,4}^2\|V\|_{2,4}^2$.",
    quantifiers=(r"\forall\, d,m", r"\forall\, W_0,x", r"\forall\, W,V"),
    specimens=_SPECIMENS,
)
@given(net=networks())
def signs_take_the_cross_term_down_by_the_width(
    net: Pairs, trials: Trials, *, power: float = 1.0
) -> Bound:
    at = net.initialise(trials).on(inputs(trials, 4, net.dimension))
    # At one neuron, moved along the input, whose |σ''| is the largest: Hölder is an equality there.
    best = (at.sigma(2)[:, 0].abs() == at.sigma(2)[:, 0].abs().amax(dim=-1, keepdim=True)).to(
        at.x.dtype
    )
    points = {
        "random": (_gaussian(trials, net, "W"), _gaussian(trials, net, "V")),
        "single": (best.unsqueeze(-1) * at.x[:, :1],) * 2,
    }
    sides = []
    for W, V in points.values():
        mean = (at.sigma(2) * at.along(W) * at.along(V)).square().sum(dim=-1) / net.width
        largest = (net.bound(2) * net.dimension * norm24(W) * norm24(V)) ** 2
        sides.append((mean, per_input(largest * net.width**-power).expand_as(mean)))
    left, right = (torch.cat(side, dim=1) for side in zip(*sides, strict=True))
    return at_most(left, ATTAINED * right)


signs_take_the_cross_term_down_by_the_width.twin("m^{-2}", power=2.0)


@NBL06.part(
    "e",
    kind="scaling",
    says=r"If $W$ is spread, $\|w_r\|\asymp m^{-1/2}\|W\|_F$: $\mathbb E_S(\nabla "
    r"f_Q(x;W)[VS])^2=O(m^{-3/2}d^2)\|W\|_F^2\|V\|_{2,4}^2$.",
    quantifiers=(r"\forall\, d,m", r"\forall\, W_0,x", r"\forall\, V", r"\mathbb P_W"),
    constant=Constant(1.0, measured_on="d = 4…16, m = 8…2048: at most 0.4"),
    along=[_signed_widths(at_most=0.05)],
    specimens=_SPECIMENS,
)
@given(net=networks())
def the_cross_term_with_spread_weights_is_smaller_still(
    net: Pairs, trials: Trials, *, power: float = 1.5
) -> Bound:
    at = net.initialise(trials).on(inputs(trials, 32, net.dimension))
    W, V = _gaussian(trials, net, "W"), aligned(net, trials)
    mean = (at.sigma(2) * at.along(W) * at.along(V)).square().sum(dim=-1) / net.width
    largest = (net.bound(2) * net.dimension * frobenius(W) * norm24(V)) ** 2
    return at_most(mean.mean(dim=1), largest * net.width**-power)


the_cross_term_with_spread_weights_is_smaller_still.twin(
    "m^{-2}", specimens=[], along=[_signed_widths(at_most=0.05)], power=2.0
)
