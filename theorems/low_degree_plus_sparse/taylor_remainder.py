r"""The error of the quadratic approximation: value, gradient, Hessian (NBL22, coupling; BL20).

Taylor's formula neuron by neuron: with h_r = xᵀw_r, z_r = w_{0,r}ᵀx and Δ = f - f_L - f_Q,

    |Δ| ≤ M_3/(6√m) Σ |h_r|³,   |∇Δ[V]| ≤ M_3/(2√m) Σ h_r² |xᵀv_r|,
    |∇²Δ[V, V]| ≤ M_3/√m Σ |h_r| (xᵀv_r)²,

and by Hölder Σ ‖w_r‖³ ≤ m^{1/4} ‖W‖³_{2,4}, and likewise for the others. So all of them are of the
order m^{-1/4} d^{3/2} on the ball of ‖·‖_{2,4}, the Frobenius norm of ∇Δ of the order m^{-1/2}. The
exponents are attained by the *coherent* point, w_r in proportion to a_r σ'''(z_r) x, at which all cubic
terms add up; and the constants, where every w_{0,r}ᵀx lies at the maximum of |σ'''|.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from hypothesis import strategies as st
from torch import Tensor

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Drawn,
    Instance,
    Trials,
    at_least,
    at_most,
    given,
    statement,
)
from lemmata.harness.adversary.attack import attack
from lemmata.theorems.low_degree_plus_sparse.setting.activations import EXTREMES, Activation
from lemmata.theorems.low_degree_plus_sparse.setting.network import (
    ATTAINED,
    Expansion,
    Network,
    Pairs,
    Weights,
    frobenius,
    inputs,
    networks,
    norm24,
    of_norm24,
    per_input,
    within24,
)

APPROXIMATION = "QuadNTK: error of the approximation against the width"
WIDTHS = (32, 128, 512, 2048, 8192, 32_768)
"""Three decades."""


def coherent(at: Expansion, norm: float) -> Weights:
    """Return the point at which all cubic terms add up, at the first input.

    Σ s_r h_r³ under Σ h_r⁴ = 1 is largest at h ∝ s, and so are the sums of the derivatives.
    """
    return of_norm24((at.a * at.sigma(3))[:, :1].mT * at.x[:, :1], norm)


def _starts(at: Expansion, norm: float, trials: Trials) -> dict[str, Tensor]:
    m, d = at.net.width, at.net.dimension
    found = {
        "random": trials.stream("adversary").normal("W", m, d),
        "all rows along the input": at.x[:, :1].expand(-1, m, -1),
        "coherent": coherent(at, norm),
    }
    return {name: of_norm24(W, norm) for name, W in found.items()}


def worst(
    net: Pairs, norm: float, trials: Trials, claim: Callable[[Expansion, Weights], Bound]
) -> Bound:
    """Search the ball ‖W‖_{2,4} ≤ norm for the worst W at one input.

    Long climbs where the network is small; beyond, the coherent point is near enough.
    """
    at = net.initialise(trials).on(inputs(trials, 1, net.dimension))
    return attack(
        lambda W: claim(at, W),
        starts=_starts(at, norm, trials),
        within=within24(norm),
        steps=30 if net.width <= 256 else 0,
        ascend=("coherent", "random"),
    )


def along_widths(measures: str, claimed: str, activation: Activation, **slope: float) -> Along:
    """Return the grid of widths, drawn beside the others."""
    return Along(
        variable="m",
        sizes=WIDTHS,
        instance=lambda m: at_width(m, activation=activation),
        trials=24,
        drawn=Drawn(
            together=APPROXIMATION, measures=measures, label=f"{measures}, {activation}, {claimed}"
        ),
        **slope,
    )


def at_width(m: int, norm: float = 1.0, activation: Activation = "sin", d: int = 6) -> Instance:
    """Return the instance of m neurons and a radius of the ball."""
    return {"net": Pairs(dimension=d, pairs=m // 2, activation=activation), "norm": norm}


# Below 0.1 the remainder is a difference of numbers that rounding makes.
_NORMS = st.sampled_from((0.3, 1.0, 3.0))
_DRAWN = {"net": networks(dimensions=(4, 16), pairs=(4, 128)), "norm": _NORMS}
_SPECIMENS = [at_width(64), at_width(64, activation="tanh"), at_width(64, activation="softplus")]
_PROVED = Constant(1.0, measured_on="proved: every size", failure=0.0)
_FLAT = {"at_most": 0.05, "at_least": -0.05}

# NBL-02

NBL02 = statement(
    "NBL-02",
    paper="NBL22",
    source="coupling lemma; BL20, quadratic approximation",
    provenance="recalled",
    note="the rate $m^{-1/4}$ is recalled, the powers of $d$ and the constants are derived",
    uses=["NBL-01"],
    title="The remainder of the quadratic approximation",
    says=r"$|f-f_L-f_Q|(x;W)\le\frac{M_3}{6\sqrt m}\sum_r|x^\top w_r|^3\le\frac{M_3}6m^{-1/4}"
    r"d^{3/2}\|W\|_{2,4}^3$; neither the exponent of $m$ nor the constant can be improved.",
    kind="inequality",
    quantifiers=(r"\forall\, d,m", r"\forall\, W_0,x", r"\forall\,\|W\|_{2,4}\le B"),
)


@NBL02.part(
    "a",
    says=r"$|f-f_L-f_Q|(x;W)\le\frac{M_3}{6\sqrt m}\sum_r|x^\top w_r|^3$.",
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
def the_remainder_is_at_most_the_sum_of_cubes(
    net: Pairs, norm: float, trials: Trials, *, factor: float = 1 / 6
) -> Bound:
    def claim(at: Expansion, W: Weights) -> Bound:
        cubes = at.along(W).abs().pow(3).sum(dim=-1)
        largest = ATTAINED * factor * net.bound(3) / math.sqrt(net.width) * cubes
        return at_most(at.remainder(W).abs(), largest)

    return worst(net, norm, trials, claim)


the_remainder_is_at_most_the_sum_of_cubes.twin("the constant 1/24", factor=1 / 24)


@NBL02.part(
    "b",
    kind="scaling",
    says=r"$|f-f_L-f_Q|(x;W)\le\frac{M_3}6m^{-1/4}d^{3/2}\|W\|_{2,4}^3$, and the worst $W$ of the "
    r"ball attains the exponent.",
    constant=_PROVED,
    along=[along_widths("Δ", "-1/4", "sin", **_FLAT), along_widths("Δ", "-1/4", "tanh", **_FLAT)],
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
def the_remainder_decays_like_the_fourth_root_of_the_width(
    net: Pairs, norm: float, trials: Trials, *, power: float = 0.25
) -> Bound:
    def claim(at: Expansion, W: Weights) -> Bound:
        largest = net.bound(3) / 6.0 * net.width**-power * net.dimension**1.5
        return at_most(at.remainder(W).abs(), per_input(largest * norm24(W) ** 3))

    return worst(net, norm, trials, claim)


the_remainder_decays_like_the_fourth_root_of_the_width.twin("rate m^{-1/2}", power=0.5)


def _poised(net: Pairs, trials: Trials) -> tuple[Network, Tensor]:
    """Return weights and an input with w_{0,r}ᵀx at the maximum of |σ'''| for every neuron."""
    d, p = net.dimension, net.pairs
    axis = trials.sphere("axis", 1, d)
    aside = trials.normal("aside", p, d)
    aside = aside - (aside @ axis.mT) * axis
    aside = aside / aside.norm(dim=-1, keepdim=True)
    share = EXTREMES[net.activation][2] / math.sqrt(d)
    half = share * axis + math.sqrt(1.0 - share**2) * aside
    signs = trials.every(trials.tensor([1.0] * p + [-1.0] * p))
    return Network(net=net, w0=torch.cat((half, half), dim=1), a=signs), math.sqrt(d) * axis


@NBL02.part(
    "c",
    kind="existence",
    says=r"The constant $\frac{M_3}6$ is attained, at every $m$: there are $W_0,x,W$ with "
    r"$|f-f_L-f_Q|\ge(1-\eta)\frac{M_3}6m^{-1/4}d^{3/2}\|W\|_{2,4}^3$, $\eta=1\%$ at "
    r"$\|W\|_{2,4}=0.05\,m^{1/4}$.",
    quantifiers=(r"\forall\, d,m", r"\exists\, W_0,x,W"),
    specimens=[
        {"net": Pairs(dimension=6, pairs=32, activation=name)}
        for name in ("sin", "tanh", "softplus")
    ],
)
@given(net=networks())
def the_constant_of_the_remainder_is_attained(
    net: Pairs, trials: Trials, *, factor: float = 1 / 6
) -> Bound:
    network, x = _poised(net, trials)
    at = network.on(x)
    # σ''' is extremal at z: the next term is of second order in xᵀw_r = 0.05 √d, at most 0.2.
    W = coherent(at, 0.05 * net.width**0.25 * min(1.0, 2.0 / math.sqrt(net.dimension)))
    largest = factor * net.bound(3) * net.width**-0.25 * net.dimension**1.5 * norm24(W) ** 3
    return at_least(at.remainder(W).abs(), 0.99 * per_input(largest))


the_constant_of_the_remainder_is_attained.twin("1/5 in place of 1/6", factor=1 / 5)

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
    return [along_widths(name, claimed, each, **_FLAT) for each in ("sin", "tanh")]


@NBL03.part(
    "a",
    constant=_PROVED,
    says=r"$|\nabla\Delta(W)[V]|\le\frac{M_3}{2\sqrt m}\sum_r(x^\top w_r)^2|x^\top v_r|\le"
    r"\frac{M_3}2m^{-1/4}d^{3/2}\|W\|_{2,4}^2\|V\|_{2,4}$; at the worst $V$, whose rows are "
    r"$\pm x$ times the cube root of the neuron's slope, the left side is a norm of the slopes.",
    along=_both("∇Δ[V]", "-1/4"),
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
def the_slope_of_the_remainder_decays_like_the_fourth_root_of_the_width(
    net: Pairs, norm: float, trials: Trials, *, power: float = 0.25, factor: float = 0.5
) -> Bound:
    def claim(at: Expansion, W: Weights) -> Bound:
        # sup over ‖V‖_{2,4} ≤ 1, by duality, is √d times the 4/3-norm of the slopes in xᵀw_r.
        slopes = at.remainder_slopes(W).abs()
        worst_V = math.sqrt(net.dimension) * slopes.pow(4 / 3).sum(dim=-1) ** 0.75
        largest = factor * net.bound(3) * net.width**-power * net.dimension**1.5
        return at_most(worst_V, per_input(largest * norm24(W) ** 2))

    return worst(net, norm, trials, claim)


the_slope_of_the_remainder_decays_like_the_fourth_root_of_the_width.twin("rate m^{-1/2}", power=0.5)
the_slope_of_the_remainder_decays_like_the_fourth_root_of_the_width.twin(
    "the constant 1/6 of the value", factor=1 / 6
)


@NBL03.part(
    "b",
    constant=_PROVED,
    says=r"$\|\nabla\Delta(W)\|_F\le\frac{M_3}2m^{-1/2}d^{3/2}\|W\|_{2,4}^2$.",
    along=_both("‖∇Δ‖", "-1/2"),
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
def the_gradient_of_the_remainder_decays_like_the_root_of_the_width(
    net: Pairs, norm: float, trials: Trials, *, power: float = 0.5
) -> Bound:
    def claim(at: Expansion, W: Weights) -> Bound:
        size = at.remainder_slopes(W).norm(dim=-1) * math.sqrt(net.dimension)
        largest = 0.5 * net.bound(3) * net.width**-power * net.dimension**1.5
        return at_most(size, per_input(largest * norm24(W) ** 2))

    return worst(net, norm, trials, claim)


the_gradient_of_the_remainder_decays_like_the_root_of_the_width.twin("rate 1/m", power=1.0)


@NBL03.part(
    "c",
    constant=_PROVED,
    says=r"$|\nabla^2\Delta(W)[V,V]|\le\frac{M_3}{\sqrt m}\sum_r|x^\top w_r|(x^\top v_r)^2\le "
    r"M_3m^{-1/4}d^{3/2}\|W\|_{2,4}\|V\|_{2,4}^2$.",
    along=_both("∇²Δ[V,V]", "-1/4"),
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
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
        return at_most(net.dimension * sums.amax(dim=0), per_input(largest * norm24(W)))

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
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
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
        claim, starts=_starts(at, norm, trials), within=within24(norm), steps=20, ascend=("random",)
    )


derivatives_of_the_remainder_are_at_most_their_sums.twin("1/6 in the first", first=1 / 6)
derivatives_of_the_remainder_are_at_most_their_sums.twin("1/10 in the second", second=0.1)
