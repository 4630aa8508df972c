r"""Bai and Lee, "Beyond Linearization: On Quadratic and Higher-Order Approximation of Wide Neural
Networks" (arXiv 1910.01619), for the cubic ReLU.

Their setting: ‖x‖ = 1, w_{0,r} ~ N(0, I), σ(z) = max(z, 0)³/6: σ'' is the ReLU and 1-Lipschitz, so
that the remainder of the quadratic approximation is at most Σ |xᵀw_r|³/(6√m). Random signs take
f_L down to O(m^{-1/4}); f_Q represents powers α (βᵀx)^q through the Hermite coefficients c_j =
E[max(G, 0) He_j(G)], j = q - 2, which vanish for odd j ≥ 3.
"""

from __future__ import annotations

import math

import numpy as np
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
    all_of,
    at_least,
    at_most,
    equal,
    given,
    more_than,
    statement,
    worst_of,
)
from lemmata.theorems.low_degree_plus_sparse.setting.network import (
    ATTAINED,
    Inputs,
    Network,
    Pairs,
    Weights,
    of_norm24,
    per_input,
)
from lemmata.theorems.low_degree_plus_sparse.setting.witnesses import rows_of
from lemmata.theorems.mathematics.hermite import normalised
from lemmata.theorems.mathematics.norms import norm24


def relu_net(d: int, pairs: int) -> Pairs:
    """Return the paired network of the paper's setting."""
    return Pairs(dimension=d, pairs=pairs, activation="cubic ReLU", law="Gaussian")


def unit_inputs(trials: Trials, count: int, d: int, name: str = "inputs") -> Inputs:
    """Draw inputs of norm 1."""
    return trials.sphere(name, count, d)


_NETS = {"net": st.sampled_from(((4, 8), (10, 32), (10, 128))).map(lambda size: relu_net(*size))}


def _at(m: int) -> Instance:
    return {"net": relu_net(10, m // 2)}


def _widths(*, at_most: float | None = None, at_least: float | None = None) -> Along:
    return Along(
        variable="m",
        sizes=(64, 256, 1024, 4096, 16_384),
        instance=_at,
        trials=24,
        at_most=at_most,
        at_least=at_least,
    )


# BL-1

BL1 = statement(
    "BL-1",
    paper="BL20",
    source="lemmas on the linear term and on the Taylor coupling",
    provenance="recalled",
    note="the rates are recalled, the constants derived",
    title="Sign lemma and coupling for the cubic ReLU",
    says=r"$\mathbb E_Sf_L(x;WS)^2=\frac1m\sum_r\sigma'(w_{0,r}^\top x)^2(x^\top w_r)^2\le m^{-1/2}"
    r"\big(\frac1m\sum_r\sigma'(w_{0,r}^\top x)^4\big)^{1/2}\|W\|_{2,4}^2=O(m^{-1/2})$, and "
    r"$|f-f_0-f_L-f_Q|\le\frac1{6\sqrt m}\sum_r|x^\top w_r|^3\le\frac16m^{-1/4}\|W\|_{2,4}^3$.",
    quantifiers=(r"\forall\, d,m", r"\forall\, W_0,x", r"\forall\, W"),
)


@BL1.part(
    "a",
    kind="inequality",
    says=r"$\mathbb E_Sf_L(x;WS)^2\le "
    r"m^{-1/2}\big(\frac1m\sum_r\sigma'^4\big)^{1/2}\|W\|_{2,4}^2$, attained at "
    r"$w_r\propto\sigma'(w_{0,r}^\top x)\,x$.",
    specimens=[_at(64)],
)
@given(**_NETS)
def the_signed_linear_term_is_small(net: Pairs, trials: Trials, *, power: float = 0.5) -> Bound:
    at = net.initialise(trials).on(unit_inputs(trials, 1, net.dimension))
    fourth = at.sigma(1).pow(4).mean(dim=-1).sqrt()
    found = {
        "random": trials.normal("W", net.width, net.dimension),
        "worst": at.sigma(1).mT * at.x,
    }
    return worst_of(
        **{
            name: at_most(
                at.linear_variance(W),
                ATTAINED * net.width**-power * fourth * per_input(norm24(W) ** 2),
            )
            for name, W in found.items()
        }
    )


the_signed_linear_term_is_small.twin("the rate 1/m", power=1.0)


@BL1.part(
    "b",
    kind="scaling",
    says=r"$\big(\frac1m\sum_r\sigma'(w_{0,r}^\top x)^4\big)^{1/2}=O(1)$ at 8 inputs: the signed "
    r"linear term is $O(m^{-1/2})\|W\|_{2,4}^2$.",
    quantifiers=(r"\forall\, d,m", r"\forall\, x", r"\mathbb P_{W_0}", r"\forall\, W"),
    constant=Constant(20.0, measured_on="d = 4…10, m = 16…16384, 8 inputs: mostly below 12"),
    along=[_widths(at_most=0.15)],
    specimens=[_at(64), _at(256)],
)
@given(**_NETS)
def slopes_of_the_cubic_relu_have_a_fourth_moment(
    net: Pairs, trials: Trials, *, power: float = 0.0
) -> Bound:
    at = net.initialise(trials).on(unit_inputs(trials, 8, net.dimension))
    moment = at.sigma(1).pow(4).mean(dim=-1).sqrt().amax(dim=1)
    return at_most(moment, net.width**-power)


slopes_of_the_cubic_relu_have_a_fourth_moment.twin(
    "O(m^{-1/2})", specimens=[_at(16_384)], power=0.5
)


@BL1.part(
    "c",
    kind="scaling",
    says=r"$|f-f_0-f_L-f_Q|\le\frac16m^{-1/4}\|W\|_{2,4}^3$, and the exponent is attained.",
    constant=Constant(1.0, measured_on="proved: every size", failure=0.0),
    along=[_widths(at_most=0.1, at_least=-0.1)],
    specimens=[_at(64)],
)
@given(**_NETS)
def the_cubic_relu_has_a_small_remainder(
    net: Pairs, trials: Trials, *, power: float = 0.25
) -> Bound:
    at = net.initialise(trials).on(unit_inputs(trials, 1, net.dimension))
    found = {
        "random": of_norm24(trials.normal("W", net.width, net.dimension), 1.0),
        "coherent": of_norm24(at.a.mT * at.x, 1.0),
        "active": of_norm24((at.a * at.sigma(3)).mT * at.x, 1.0),
    }
    return worst_of(
        **{
            name: at_most(
                at.remainder(W).abs(), per_input(net.width**-power / 6.0 * norm24(W) ** 3)
            )
            for name, W in found.items()
        }
    )


the_cubic_relu_has_a_small_remainder.twin("the rate m^{-1/2}", specimens=[_at(4096)], power=0.5)

# BL-2

BL2 = statement(
    "BL-2",
    paper="BL20",
    source="expressivity theorem",
    provenance="recalled",
    note="the form is recalled, the witness is derived",
    uses=["BL-1"],
    title="Expressivity with Gaussian weights and ReLU second derivative",
    says=r"$c_j=\mathbb E[\max(G,0)\mathrm{He}_j(G)]$; for $c_j\ne0$, $q=j+2$ and $\|\beta\|=1$: "
    r"$\mathbb E_w[\sigma''(w^\top x)\mathrm{He}_j(w^\top\beta)]=c_j(\beta^\top x)^j$, so that "
    r"$g=\alpha\mathrm{He}_j(w^\top\beta)/c_j$ gives $f_Q\to\alpha(\beta^\top x)^q$ with "
    r"$\|W\|_{2,4}^4\to8\alpha^2j!/c_j^2$ and root mean square error $O(m^{-1/2})$.",
    quantifiers=(r"\forall\, d,m,\beta", r"\mathbb P_{W_0}"),
)


def relu_coefficient(j: int) -> float:
    """Return c_j: 1/√(2π), ½, and for even j ≥ 2 (-1)^{j/2+1} (j-3)!!/√(2π); 0 for odd j ≥ 3."""
    if j == 1:
        return 0.5
    if j % 2:
        return 0.0
    return (
        (-1.0) ** (j // 2 + 1)
        * math.prod(range(j - 3, 1, -2))
        / math.sqrt(2.0 * math.pi)
        * (-1.0 if j == 0 else 1.0)
    )


def hermite(j: int, t: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Return the probabilists' Hermite polynomial He_j(t)."""
    return math.sqrt(math.factorial(j)) * normalised(t, j)[j]


@BL2.part(
    "a",
    kind="identity",
    says=r"$c_0=\frac1{\sqrt{2\pi}}$, $c_1=\frac12$, $c_j=0$ for odd $j\ge3$, $c_j=(-1)^{j/2+1}"
    r"(j-3)!!/\sqrt{2\pi}$ for even $j\ge2$, by quadrature.",
    quantifiers=(r"\forall\, j",),
    specimens=[{"j": 4}, {"j": 3}],
)
@given(j=st.integers(0, 8))
def relu_has_these_hermite_coefficients(j: int, trials: Trials, *, off: int = 0) -> Bound:
    # Gauss-Laguerre in t²/2 would meet half-integer powers: Legendre on [0, 14] does not.
    nodes, weights = (trials.tensor(each) for each in np.polynomial.legendre.leggauss(200))
    t = 7.0 * (nodes + 1.0)
    density = 7.0 * weights * torch.exp(-0.5 * t**2) / math.sqrt(2.0 * math.pi)
    value = trials.every((density * t * hermite(j, t)).sum())
    return equal(value, relu_coefficient(j + off), roundings=1e5, scale=1.0)


relu_has_these_hermite_coefficients.twin("c_{j+1} for c_j", off=1)


def power_witness(network: Network, beta: Float[Tensor, "trials d"], q: int) -> Weights:
    """Return W with f_Q → (βᵀx)^q."""
    j = q - 2
    along = (network.half @ beta.unsqueeze(-1)).squeeze(-1)
    return rows_of(4.0 * hermite(j, along) / relu_coefficient(j), beta)


def _power(q: int, m: int, d: int = 8) -> Instance:
    return {"net": relu_net(d, m // 2), "q": q}


def _grid(q: int) -> Along:
    return Along(
        variable="m",
        sizes=(256, 1024, 4096, 16_384),
        instance=lambda m: _power(q, m),
        at_most=0.2,
        trials=24,
        resolution=0.15,
    )


@BL2.part(
    "b",
    kind="scaling",
    says=r"Root mean square error of $f_Q$ against $(\beta^\top x)^q$ at most $Cm^{-1/2}$, "
    r"$q=2,3,4$ (the error of $q=6$ is some ten times larger).",
    constant=Constant(4.0, measured_on="d = 8, q = 2, 3, 4, m = 256…16384: mostly below 2"),
    along=[_grid(2), _grid(3), _grid(4)],
    specimens=[_power(4, 1024), _power(3, 1024)],
)
@given(
    net=st.sampled_from((256, 1024)).map(lambda m: relu_net(8, m // 2)),
    q=st.sampled_from((2, 3, 4)),
)
def powers_are_represented_by_the_quadratic_part(
    net: Pairs, q: int, trials: Trials, *, power: float = 0.5
) -> Bound:
    network = net.initialise(trials)
    beta = trials.sphere("β", net.dimension)
    x = unit_inputs(trials, 32, net.dimension)
    wanted = (x @ beta.unsqueeze(-1)).squeeze(-1) ** q
    error = network.on(x).quadratic(power_witness(network, beta, q)) - wanted
    return at_most(error.square().mean(dim=1).sqrt(), net.width**-power)


powers_are_represented_by_the_quadratic_part.twin(
    "the rate 1/m", specimens=[_power(3, 4096)], power=1.0
)


@BL2.part(
    "c",
    kind="scaling",
    says=r"$\|W\|_{2,4}^4\to8\,j!/c_j^2$, whatever $d$: within a factor 2 at $m=4096$, $q=2,3,4$.",
    constant=Constant(2.0, measured_on="d = 8, 32, m = 4096"),
    specimens=[_power(3, 4096), _power(4, 4096, 32)],
)
@given(net=st.sampled_from((8, 32)).map(lambda d: relu_net(d, 2048)), q=st.sampled_from((2, 3, 4)))
def witnesses_of_powers_have_norms_free_of_the_dimension(
    net: Pairs, q: int, trials: Trials, *, factor: float = 8.0
) -> Bound:
    network = net.initialise(trials)
    W = power_witness(network, trials.sphere("β", net.dimension), q)
    expected = factor * math.factorial(q - 2) / relu_coefficient(q - 2) ** 2
    quartic = norm24(W) ** 4
    return all_of(at_most(quartic, expected), at_least(quartic, expected))


witnesses_of_powers_have_norms_free_of_the_dimension.twin("2 j!/c_j²", factor=2.0)


@BL2.part(
    "d",
    kind="probability",
    says=r"The exception: $c_3=0$, and $(\beta^\top x)^5$ has no such witness. With $|c_3|$ taken "
    r"as 0.4 the coefficient function $\frac1p\sum\sigma''\mathrm{He}_3/c_3$ stays off "
    r"$(\beta^\top x)^3$ by more than half its mean square, with probability 0.95.",
    specimens=[_at(8192)],
)
@given(net=st.just(relu_net(10, 2048)))
def a_fifth_power_has_no_witness(net: Pairs, trials: Trials, *, j: int = 3) -> Bound:
    network = net.initialise(trials)
    beta = trials.sphere("β", net.dimension)
    x = unit_inputs(trials, 64, net.dimension)
    along = (x @ beta.unsqueeze(-1)).squeeze(-1)
    weights = hermite(j, (network.half @ beta.unsqueeze(-1)).squeeze(-1))
    level = 0.4 if j == 3 else relu_coefficient(j)
    second = network.on(x).sigma(2)[..., : net.pairs]
    fitted = (second * weights.unsqueeze(1) / level).mean(dim=-1)
    wanted = along**j
    off = (fitted - wanted).square().mean(dim=1) / wanted.square().mean(dim=1)
    return more_than(off, 0.5).except_with_probability(0.05)


a_fifth_power_has_no_witness.twin("nor a third power, j = 1", j=1)
