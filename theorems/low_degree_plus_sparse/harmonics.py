r"""Harmonic analysis on the sphere (standard; used by MZ20, GMMM21 and NBL22).

Zonal harmonics of different degrees are orthogonal, and so are those about two axes: their product
has the mean P_ℓ(wᵀw')/B(d, ℓ). A function of wᵀx acts on the harmonics of degree ℓ as the number
λ_ℓ (Funk-Hecke). Identities are checked by quadrature in the plane of two directions, which is
exact for polynomials, with scipy's Gegenbauer polynomials as the reference.
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st
from scipy import special
from torch import Tensor

from lemmata.harness import Bound, Trials, all_of, at_most, equal, given, statement
from lemmata.theorems.low_degree_plus_sparse.setting.activations import (
    Activation,
    coefficient,
    derivative,
    second_moment,
)
from lemmata.theorems.mathematics import gegenbauer

NBL08 = statement(
    "NBL-08",
    paper="NBL22",
    source="preliminaries on spherical harmonics (as in MZ20 and GMMM21)",
    provenance="recalled",
    note="standard mathematics",
    title="Harmonic toolbox on the sphere",
    says=r"$P_\ell$: Gegenbauer polynomials in dimension $d$ with $P_\ell(1)=1$, orthogonal under "
    r"the law of a coordinate of a uniform unit vector, $\mathbb E P_\ell^2=1/B(d,\ell)$; "
    r"$\lambda_\ell(h)=\mathbb E\,h(\sqrt d\,\tau)P_\ell(\tau)$.",
    kind="identity",
    quantifiers=(r"\forall\, d", r"\forall\,\ell,j"),
)
_dimension = st.sampled_from((3, 5, 8, 12, 30))
_degree = st.integers(0, 6)
_activation = st.sampled_from(("sin", "tanh", "softplus"))
_order = st.sampled_from((1, 2))
# Quadrature of some thousand nodes, and polynomials of the recursion: all of size 1.
_ROUNDINGS = 1e4


def by_scipy(d: int, degree: int, tau: Tensor) -> Tensor:
    """Return P_ℓ(τ) from scipy's Gegenbauer polynomial."""
    alpha = (d - 2) / 2
    values = special.eval_gegenbauer(degree, alpha, tau.cpu().numpy())
    return tau.new_tensor(values / special.eval_gegenbauer(degree, alpha, 1.0))


def _plane(d: int, trials: Trials) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return nodes t, cosines ρ of two axes a trial, nodes of the other coordinate, weights."""
    t, aside, weights = (trials.tensor(each).flatten() for each in gegenbauer.plane(d))
    rho = 1.9 * trials.uniform("cosine", 1) - 0.95
    return t, rho, rho * t + (1.0 - rho**2).sqrt() * aside, weights


@NBL08.part(
    "a",
    says=r"$\mathbb E_xP_j(\frac{w^\top x}{\sqrt d})P_\ell(\frac{w'^\top x}{\sqrt d})="
    r"\delta_{j\ell}\frac{P_\ell(w^\top w')}{B(d,\ell)}$ for unit $w,w'$.",
    specimens=[{"d": 12, "j": 2, "degree": 2}, {"d": 5, "j": 1, "degree": 3}],
)
@given(d=_dimension, j=_degree, degree=_degree)
def zonal_harmonics_are_orthogonal(
    d: int, j: int, degree: int, trials: Trials, *, off: int = 0
) -> Bound:
    t, rho, other, weights = _plane(d, trials)
    mean = (
        weights
        * gegenbauer.polynomials(d, j, t)[j]
        * gegenbauer.polynomials(d, degree, other)[degree]
    ).sum(dim=1)
    expected = by_scipy(d, degree, rho[:, 0]) / gegenbauer.multiplicity(d, degree + off)
    return equal(mean, expected * (j == degree), roundings=_ROUNDINGS, scale=1.0)


zonal_harmonics_are_orthogonal.twin("the multiplicity of degree ℓ + 1", off=1)


@NBL08.part(
    "b",
    says=r"Funk–Hecke: $\mathbb E_w[h(w^\top x)Y(w)]=\lambda_\ell(h)\,Y(x/\sqrt d)$ for harmonics "
    r"$Y$ of degree $\ell$, $h=\sigma',\sigma''$; for zonal $Y$, which span them.",
    quantifiers=(r"\forall\, d,\ell", r"\forall\, x", r"\forall\, Y"),
    specimens=[
        {"d": 12, "degree": 2, "activation": "sin", "order": 1},
        {"d": 8, "degree": 1, "activation": "tanh", "order": 2},
    ],
)
@given(d=_dimension, degree=_degree, activation=_activation, order=_order)
def functions_of_an_angle_act_as_numbers_on_harmonics(
    d: int, degree: int, activation: Activation, order: int, trials: Trials, *, off: int = 0
) -> Bound:
    t, rho, other, weights = _plane(d, trials)
    h = derivative(activation, order, math.sqrt(d) * t)
    mean = (weights * h * gegenbauer.polynomials(d, degree, other)[degree]).sum(dim=1)
    level = coefficient(activation, order, d, degree + off)
    # The quadrature of tanh is exact to about 1e-11.
    return equal(mean, level * by_scipy(d, degree, rho[:, 0]), roundings=1e6, scale=1.0)


functions_of_an_angle_act_as_numbers_on_harmonics.twin("λ_{ℓ+1} for λ_ℓ", off=1)


@NBL08.part(
    "c",
    says=r"$\tau P_\ell=\frac{(\ell+d-2)P_{\ell+1}+\ell P_{\ell-1}}{2\ell+d-2}$, and $P_\ell$ and "
    r"$B(d,\ell)=\binom{d+\ell-1}\ell-\binom{d+\ell-3}{\ell-2}$ are those of scipy.",
    specimens=[{"d": 12, "degree": 3}, {"d": 5, "degree": 1}],
)
@given(d=_dimension, degree=st.integers(1, 8))
def multiplication_moves_degrees_by_one(
    d: int, degree: int, trials: Trials, *, off: int = 0
) -> Bound:
    tau = 2.0 * trials.uniform("tau", 16) - 1.0
    low, own, high = (by_scipy(d, degree + shift, tau) for shift in (-1, 0, 1))
    right = ((degree + d - 2) * high + degree * low) / (2 * degree + d - 2 + off)
    dimension = special.comb(d + degree - 1, degree, exact=True)
    if degree > 1:
        dimension -= special.comb(d + degree - 3, degree - 2, exact=True)
    said = trials.every(trials.tensor(float(gegenbauer.multiplicity(d, degree))))
    return all_of(
        equal(tau * own, right, roundings=200.0, scale=1.0),
        equal(gegenbauer.polynomials(d, degree, tau)[degree], own, roundings=200.0, scale=1.0),
        equal(said, float(dimension), roundings=0.0),
    )


multiplication_moves_degrees_by_one.twin("2ℓ + d - 1 in the denominator", off=1)


@NBL08.part(
    "d",
    kind="inequality",
    says=r"$\sum_\ell B(d,\ell)\lambda_\ell(h)^2=\mathbb E\,h(\sqrt d\,\tau)^2$, $h=\sigma',"
    r"\sigma''$; to degree 24 the sum is at most that and within $10^{-3}$ of it.",
    specimens=[
        {"d": 12, "activation": "sin", "order": 1},
        {"d": 30, "activation": "tanh", "order": 1},
    ],
)
@given(d=_dimension, activation=_activation, order=_order)
def squares_of_coefficients_sum_to_the_second_moment(
    d: int, activation: Activation, order: int, trials: Trials, *, weighted: bool = True
) -> Bound:
    total = second_moment(activation, order, d)
    part = sum(
        (gegenbauer.multiplicity(d, degree) if weighted else 1)
        * coefficient(activation, order, d, degree) ** 2
        for degree in range(25)
    )
    missing = trials.every(trials.tensor((total - part) / total))
    # 25 terms of the size of the sum.
    return all_of(at_most(missing, 1e-3), at_most(-missing, 1e-12))


squares_of_coefficients_sum_to_the_second_moment.twin("without the multiplicities", weighted=False)


@NBL08.part(
    "e",
    kind="inequality",
    says=r"$\|q\|_{L^r}\le(r-1)^{k/2}\|q\|_{L^2}$, $r\ge2$, for polynomials $q$ of degree at most "
    r"$k$; checked for those of one coordinate.",
    quantifiers=(r"\forall\, d,k,r", r"\forall\, q"),
    specimens=[{"d": 30, "k": 2, "r": 4}, {"d": 30, "k": 3, "r": 6}],
)
@given(d=_dimension, k=st.integers(1, 4), r=st.sampled_from((4, 6)))
def polynomials_are_hypercontractive(
    d: int, k: int, r: int, trials: Trials, *, per_degree: bool = True
) -> Bound:
    nodes, weights = (trials.tensor(each) for each in gegenbauer.quadrature(d))
    values = gegenbauer.polynomials(d, k, nodes)
    mixed = trials.normal("q", 8, k + 1)
    # The pure harmonic first, then mixtures of the degrees.
    pure = torch.zeros_like(mixed[:, :1])
    pure[:, 0, k] = 1.0
    q = torch.cat((pure, mixed), dim=1) @ values
    norm = (weights * q.abs() ** r).sum(dim=-1) ** (1.0 / r)
    largest = (r - 1.0) ** ((k if per_degree else 1) / 2.0)
    return at_most(norm, largest * (weights * q**2).sum(dim=-1).sqrt())


polynomials_are_hypercontractive.twin("the constant of degree 1 for all", per_degree=False)


@NBL08.part(
    "f",
    says=r"$\sum_{\ell\le k}B(d,\ell)P_\ell(x^\top x'/d)$ reproduces the polynomials of degree at "
    r"most $k$, and is $n_k$ at $x=x'$.",
    quantifiers=(r"\forall\, d,k", r"\forall\, x", r"\forall\, q"),
    specimens=[{"d": 12, "k": 2, "degree": 2}, {"d": 8, "k": 3, "degree": 1}],
)
@given(d=_dimension, k=st.integers(1, 4), degree=st.integers(0, 4))
def low_degrees_have_a_reproducing_kernel(
    d: int, k: int, degree: int, trials: Trials, *, off: int = 0
) -> Bound:
    t, rho, other, weights = _plane(d, trials)
    counts = [gegenbauer.multiplicity(d, each) for each in range(k + 1)]
    kernel = sum(
        count * values
        for count, values in zip(counts, gegenbauer.polynomials(d, k, t), strict=True)
    )
    mean = (weights * kernel * gegenbauer.polynomials(d, degree, other)[degree]).sum(dim=1)
    expected = by_scipy(d, degree, rho[:, 0]) * (degree <= k - off)
    total = trials.every(trials.tensor(float(sum(counts))))
    # The kernel is as large as n_k.
    return all_of(
        equal(mean, expected, roundings=_ROUNDINGS * sum(counts), scale=1.0),
        equal(total, float(gegenbauer.up_to(d, k)), roundings=0.0),
    )


low_degrees_have_a_reproducing_kernel.twin("to degree k - 1 only", off=1)
