r"""The derivatives of the remainder: gradient and Hessian (NBL22, coupling; BL20).

Taylor's formula neuron by neuron, as in `taylor_remainder`; the worst V is found by duality, in
closed form, and W is searched as there. These are what the landscape of the network itself needs.
"""

from __future__ import annotations

import math

import torch

from lemmata.harness import (
    Along,
    Bound,
    Trials,
    at_most,
    given,
    statement,
)
from lemmata.harness.adversary.attack import attack
from lemmata.theorems.low_degree_plus_sparse.setting.network import (
    ATTAINED,
    Expansion,
    Pairs,
    Weights,
    inputs,
    within24,
)
from lemmata.theorems.low_degree_plus_sparse.taylor_remainder import (
    DRAWN,
    FLAT,
    PROVED,
    SPECIMENS,
    along_widths,
    starts_at,
    worst,
)
from lemmata.theorems.mathematics.norms import frobenius

# NBL-03

NBL03 = statement(
    "NBL-03",
    paper="NBL22",
    source="coupling lemma for gradients and Hessians; BL20",
    provenance="recalled",
    note="the rates in $m$ are recalled, the powers of $d$ and the constants are derived",
    uses=["NBL-02"],
    title="The derivatives of the remainder",
    says=r"With $\Delta=f-f_L-f_Q$: $|\nabla\Delta(W)[V]|\le\frac{M_3}2m^{-1/4}d^{3/2}"
    r"\|W\|_{2,4}^2\|V\|_{2,4}$, $\|\nabla\Delta(W)\|_F\le\frac{M_3}2m^{-1/2}d^{3/2}"
    r"\|W\|_{2,4}^2$, $|\nabla^2\Delta(W)[V,V]|\le M_3m^{-1/4}d^{3/2}\|W\|_{2,4}\|V\|_{2,4}^2$.",
    kind="scaling",
    quantifiers=(
        r"\forall\, d,m",
        r"\forall\, W_0,x",
        r"\forall\,\|W\|_{2,4}\le B",
        r"\forall\, V",
    ),
)


def _both(name: str, claimed: str) -> list[Along]:
    return [along_widths(name, claimed, each, **FLAT) for each in ("sin", "tanh")]


@NBL03.part(
    "a",
    constant=PROVED,
    says=r"$|\nabla\Delta(W)[V]|\le\frac{M_3}{2\sqrt m}\sum_r(x^\top w_r)^2|x^\top v_r|\le"
    r"\frac{M_3}2m^{-1/4}d^{3/2}\|W\|_{2,4}^2\|V\|_{2,4}$; at the worst $V$, whose rows are "
    r"$\pm x$ times the cube root of the neuron's slope, the left side is a norm of the slopes.",
    along=_both("∇Δ[V]", "-1/4"),
    specimens=SPECIMENS,
)
@given(**DRAWN)
def the_slope_of_the_remainder_decays_like_the_fourth_root_of_the_width(
    net: Pairs, norm: float, trials: Trials, *, power: float = 0.25, factor: float = 0.5
) -> Bound:
    def claim(at: Expansion, W: Weights) -> Bound:
        # sup over ‖V‖_{2,4} ≤ 1, by duality, is √d times the 4/3-norm of the slopes in xᵀw_r.
        slopes = at.remainder_slopes(W).abs()
        worst_V = math.sqrt(net.dimension) * slopes.pow(4 / 3).sum(dim=-1) ** 0.75
        largest = factor * net.bound(3) * net.width**-power * net.dimension**1.5
        return at_most(worst_V, largest * norm**2)

    return worst(net, norm, trials, claim)


the_slope_of_the_remainder_decays_like_the_fourth_root_of_the_width.twin("rate m^{-1/2}", power=0.5)
the_slope_of_the_remainder_decays_like_the_fourth_root_of_the_width.twin(
    "the constant 1/6 of the value", factor=1 / 6
)


@NBL03.part(
    "b",
    constant=PROVED,
    says=r"$\|\nabla\Delta(W)\|_F\le\frac{M_3}2m^{-1/2}d^{3/2}\|W\|_{2,4}^2$.",
    along=_both("‖∇Δ‖", "-1/2"),
    specimens=SPECIMENS,
)
@given(**DRAWN)
def the_gradient_of_the_remainder_decays_like_the_root_of_the_width(
    net: Pairs, norm: float, trials: Trials, *, power: float = 0.5
) -> Bound:
    def claim(at: Expansion, W: Weights) -> Bound:
        size = at.remainder_slopes(W).norm(dim=-1) * math.sqrt(net.dimension)
        largest = 0.5 * net.bound(3) * net.width**-power * net.dimension**1.5
        return at_most(size, largest * norm**2)

    return worst(net, norm, trials, claim)


the_gradient_of_the_remainder_decays_like_the_root_of_the_width.twin("rate 1/m", power=1.0)


@NBL03.part(
    "c",
    constant=PROVED,
    says=r"$|\nabla^2\Delta(W)[V,V]|\le\frac{M_3}{\sqrt m}\sum_r|x^\top w_r|(x^\top v_r)^2\le "
    r"M_3m^{-1/4}d^{3/2}\|W\|_{2,4}\|V\|_{2,4}^2$.",
    along=_both("∇²Δ[V,V]", "-1/4"),
    specimens=SPECIMENS,
)
@given(**DRAWN)
def the_curvature_of_the_remainder_decays_like_the_fourth_root_of_the_width(
    net: Pairs, norm: float, trials: Trials, *, power: float = 0.25, factor: float = 1.0
) -> Bound:
    def claim(at: Expansion, W: Weights) -> Bound:
        # Neurons of either sign of curvature are apart: V on those of the larger sum is worst, with
        # (xᵀv_r)² in proportion to the curvature, d times their 2-norm.
        h = at.along(W)
        curved = at.a * (at.sigma(2, h) - at.sigma(2)) / math.sqrt(net.width)
        sums = torch.stack([side.relu().norm(dim=-1) for side in (curved, -curved)])
        largest = factor * net.bound(3) * net.width**-power * net.dimension**1.5
        return at_most(net.dimension * sums.amax(dim=0), largest * norm)

    return worst(net, norm, trials, claim)


the_curvature_of_the_remainder_decays_like_the_fourth_root_of_the_width.twin(
    "rate m^{-1/2}", power=0.5
)
the_curvature_of_the_remainder_decays_like_the_fourth_root_of_the_width.twin(
    "the constant 1/2 in place of 1", factor=0.5
)


@NBL03.part(
    "d",
    kind="inequality",
    says=r"At every $W,V$, neuron by neuron: $|\nabla\Delta(W)[V]|\le\frac{M_3}{2\sqrt m}"
    r"\sum_r(x^\top w_r)^2|x^\top v_r|$ and $|\nabla^2\Delta(W)[V,V]|\le\frac{M_3}{\sqrt m}"
    r"\sum_r|x^\top w_r|(x^\top v_r)^2$.",
    specimens=SPECIMENS,
)
@given(**DRAWN)
def derivatives_of_the_remainder_are_at_most_their_sums(
    net: Pairs, norm: float, trials: Trials, *, first: float = 0.5, second: float = 1.0
) -> Bound:
    at = net.initialise(trials).on(inputs(trials, 1, net.dimension))
    V = trials.stream("adversary").normal("V", net.width, net.dimension)
    V = V / frobenius(V)[:, None, None]

    def claim(W: Weights) -> Bound:
        h, root, M3 = at.along(W).abs(), math.sqrt(net.width), net.bound(3)
        aligned = at.remainder_slopes(W).sign().mT * at.x
        v, u = at.along(V), at.along(aligned)
        slope = torch.stack((at.remainder_slope(W, V), at.remainder_slope(W, aligned)), dim=1)
        sums = torch.stack(((h**2 * v.abs()).sum(dim=-1), (h**2 * u.abs()).sum(dim=-1)), dim=1)
        curved = at.remainder_curvature(W, V).abs()
        return at_most(
            torch.cat((slope.abs().flatten(1), curved), dim=1),
            ATTAINED
            * M3
            / root
            * torch.cat((first * sums.flatten(1), second * (h * v**2).sum(dim=-1)), dim=1),
        )

    return attack(
        claim,
        starts=starts_at(at, norm, trials),
        within=within24(norm),
        steps=20,
        ascend=("random",),
    )


derivatives_of_the_remainder_are_at_most_their_sums.twin("1/6 in the first", first=1 / 6)
derivatives_of_the_remainder_are_at_most_their_sums.twin("1/10 in the second", second=0.1)
