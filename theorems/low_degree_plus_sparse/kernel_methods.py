r"""What linear methods can learn (Ghorbani, Mei, Misiakiewicz, Montanari; Montanari and Zhong).

For f_β = √B(d,q) P_q(βᵀx/√d) with β uniform, E_β f_β(x) f_β(x') = P_q(xᵀx'/d). So the risk of
kernel ridge regression, in the mean over β, is exact: with 𝒦_2 the Gram matrix of the functions
K(·, x_i) in L², A = (K + λ)^{-1}, and G the second moment of the labels,

    E‖f_β - f̂‖² = 1 - 2 κ_q tr(A P_q(XXᵀ/d)) + tr(A 𝒦_2 A G),

and the best function in their span has 1 - tr(𝒦_2^{-1} 𝒦_{2,q})/B(d,q) ≥ 1 - n/B(d,q). No sampling
of β or of fresh inputs is needed. Kernels are divided by d as in `kernel_matrices`.
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Instance,
    Mean,
    Requirement,
    Trials,
    at_least,
    at_most,
    given,
    mean_of,
    statement,
)
from lemmata.theorems.low_degree_plus_sparse.setting.covariance import covariance, features
from lemmata.theorems.low_degree_plus_sparse.setting.kernel import (
    harmonic,
    levels,
    mass_above,
    series,
)
from lemmata.theorems.low_degree_plus_sparse.setting.moments import (
    affine_moments,
)
from lemmata.theorems.low_degree_plus_sparse.setting.network import Inputs, Pairs, inputs
from lemmata.theorems.mathematics import gegenbauer

Gram = Float[Tensor, "trials n n"]
Numbers = Float[Tensor, "trials"]

WINDOW = Requirement(paper=r"$d^\ell\ll n\ll d^{\ell+1}$, $d\to\infty$")


def kernel_weights(d: int, degrees: int | None = None) -> tuple[float, ...]:
    weights = tuple(level / d for level in levels("sin", d))
    return weights if degrees is None else weights[: degrees + 1]


def identity(x: Inputs) -> Gram:
    return torch.eye(x.shape[1], dtype=x.dtype, device=x.device)


def zonal_gram(x: Inputs, degree: int) -> Gram:
    """Return P_q(XXᵀ/d)."""
    tau = (x @ x.mT / x.shape[-1]).clamp(-1.0, 1.0)
    return gegenbauer.polynomials(x.shape[-1], degree, tau)[degree]


def ridge_risk(
    x: Inputs, degree: int, ridge: float, *, noise: float = 0.0, degrees: int | None = None
) -> Numbers:
    """Return the mean risk over β of ridge regression with the kernel, or with its low degrees."""
    weights = kernel_weights(x.shape[-1], degrees)
    return risk_of(
        series(weights, x, x),
        series(tuple(each**2 for each in weights), x, x),
        weights[degree] * zonal_gram(x, degree)
        if degree < len(weights)
        else 0.0 * zonal_gram(x, degree),
        zonal_gram(x, degree) + noise**2 * identity(x),
        ridge,
    )


def risk_of(kernel: Gram, squared: Gram, crossed: Gram, labels: Gram, ridge: float) -> Numbers:
    """Return 1 - 2 tr(A crossed) + tr(A squared A labels), A = (kernel + ridge)^{-1}."""
    identity = torch.eye(kernel.shape[-1], dtype=kernel.dtype, device=kernel.device)
    A = torch.linalg.inv(kernel + ridge * identity)
    linear = (A * crossed.mT).sum(dim=(1, 2))
    return 1.0 - 2.0 * linear + ((A @ squared) * (A @ labels).mT).sum(dim=(1, 2))


def at_size(d: int, power: float = 1.5) -> Instance:
    return {"d": d, "n": int(d**power)}


_DRAWN = {"d": st.sampled_from((8, 10, 14)), "n": st.sampled_from((15, 22, 31))}

# GM-1

GM1 = statement(
    "GM-1",
    paper="GMMM21",
    source="Theorem 4",
    provenance="quoted",
    note="the asymptotic lower bound is known by quotation; the exact finite-size form is derived",
    uses=["NBL-08"],
    title="Lower bound for every linear method",
    says=r"For any $n$-dimensional $H\subset L^2$ chosen without knowledge of $\beta$, $f_\beta="
    r"\sqrt{B(d,q)}P_q(\beta^\top x/\sqrt d)$: $\mathbb E_\beta\inf_{h\in H}\|f_\beta-h\|^2\ge"
    r"1-\frac n{B(d,q)}$. So with $n\ll d^q$ no kernel method, at any ridge, beats risk $1-o(1)$.",
    quantifiers=(r"\forall\, d,n,q", r"\forall\, x_i", r"\mathbb E_\beta"),
)


@GM1.part(
    "a",
    kind="inequality",
    says=r"For $H$ the span of $K(\cdot,x_i)$: $1-\mathrm{tr}(\mathcal K_2^{-1}\mathcal K_{2,q})/"
    r"B(d,q)\ge1-n/B(d,q)$, $q=2$.",
    specimens=[at_size(10), at_size(20)],
)
@given(**_DRAWN)
def no_function_of_the_span_fits_a_random_harmonic(
    d: int, n: int, trials: Trials, *, degree: int = 2
) -> Bound:
    x = inputs(trials, n, d)
    squares = tuple(each**2 for each in kernel_weights(d))
    whole = series(squares, x, x)
    # The span's share of degree q: its Gram matrix' part of that degree.
    part = squares[degree] * gegenbauer.multiplicity(d, degree) * zonal_gram(x, degree)
    trace = torch.linalg.solve(whole, part).diagonal(dim1=1, dim2=2).sum(dim=-1)
    risk = 1.0 - trace / gegenbauer.multiplicity(d, degree)
    return at_least(risk.clamp(min=1e-9), 1.0 - n / gegenbauer.multiplicity(d, 2))


no_function_of_the_span_fits_a_random_harmonic.twin(
    "the bound with B(d,2) for targets of degree 1", degree=1
)


@GM1.part(
    "b",
    kind="inequality",
    says=r"Kernel ridge regression in the mean over $\beta$, at ridges $10^{-6}$, $0.1$, $1$: risk "
    r"at least $1-n/B(d,2)$ on sparse harmonics of degree 2.",
    specimens=[at_size(10), at_size(20)],
)
@given(**_DRAWN)
def kernel_ridge_regression_does_not_beat_the_bound(
    d: int, n: int, trials: Trials, *, degree: int = 2
) -> Bound:
    x = inputs(trials, n, d)
    found = [ridge_risk(x, degree, ridge) for ridge in (1e-6, 0.1, 1.0)]
    return at_least(torch.stack(found, dim=1), 1.0 - n / gegenbauer.multiplicity(d, 2))


kernel_ridge_regression_does_not_beat_the_bound.twin(
    "for targets of degree 1", degree=1, specimens=[at_size(20)]
)


@GM1.part(
    "c",
    kind="mean",
    says=r"The exact risk is that of regression on one random $\beta$, in the mean over $\beta$ "
    r"and fresh inputs.",
    quantifiers=(r"\forall\, d,n,q", r"\forall\, x_i", r"\mathbb E_{\beta,x}"),
    specimens=[{"d": 8, "n": 15}],
)
@given(d=st.just(8), n=st.sampled_from((10, 15)))
def the_exact_risk_is_the_mean_risk(d: int, n: int, trials: Trials, *, factor: float = 2.0) -> Mean:
    x, fresh = inputs(trials, n, d), inputs(trials, 64, d, "fresh")
    beta = trials.sphere("β", d)
    weights, ridge = kernel_weights(d), 0.1
    kernel = series(weights, x, x)
    y = harmonic(d, 2, beta, x).unsqueeze(-1)
    fitted = series(weights, fresh, x) @ torch.linalg.solve(kernel + ridge * identity(x), y)
    sampled = (fitted.squeeze(-1) - harmonic(d, 2, beta, fresh)).square().mean(dim=1)
    exact = ridge_risk(x, 2, ridge)
    A = torch.linalg.inv(kernel + ridge * identity(x))
    linear = weights[2] * (A * zonal_gram(x, 2)).sum(dim=(1, 2))
    return mean_of(sampled - exact - (2.0 - factor) * linear, 0.0, within=0.1)


the_exact_risk_is_the_mean_risk.twin("without the factor 2 of the cross term", factor=0.0)


# MZ-3

MZ3 = statement(
    "MZ-3",
    paper="MZ20",
    source="generalisation theorem",
    provenance="recalled",
    note="the form is recalled; risks in the mean over target and noise are exact here",
    uses=["MZ-1", "MZ-2"],
    title="Finite-width ridge regression is kernel ridge is polynomial ridge",
    says=r"Target of degree $\le\ell$ plus noise, ridge $\lambda$: $|\mathrm{risk}_{NT}(\lambda)-"
    r"\mathrm{risk}_{KRR}(\lambda)|\lesssim\sqrt{n/(pd)}$ and $\mathrm{risk}_{KRR}(\lambda)="
    r"\mathrm{risk}_{PRR}(\lambda+\gamma_{>\ell})+o(1)$, polynomial ridge regression with the "
    r"kernel's degrees $\le\ell$.",
    quantifiers=(r"\forall\, d,n,p", r"\mathbb P_{W_0,x_i}", r"\mathbb E_{\beta,y}"),
    requires=WINDOW,
)
_NOISE, _RIDGE = 0.5, 0.02


@MZ3.part(
    "a",
    kind="scaling",
    says=r"$|\mathrm{risk}_{PRR}(\lambda+\gamma_{>1})-\mathrm{risk}_{KRR}(\lambda)|\le "
    r"C\sqrt{n/d^2}$, $n=d^{1.2}$, $\lambda=0.02$, noise $\frac12$.",
    constant=Constant(0.2, measured_on="sin, d = 10…40, n = d^1.2: at most 0.13"),
    along=[
        Along(
            variable="d",
            sizes=(10, 16, 25, 40),
            instance=lambda d: at_size(d, 1.2),
            at_most=0.1,
            trials=32,
            resolution=0.2,
        )
    ],
    specimens=[at_size(20, 1.2), at_size(40, 1.2)],
)
@given(d=st.sampled_from((14, 20)), n=st.sampled_from((24, 36)))
def high_degrees_act_as_a_ridge(d: int, n: int, trials: Trials, *, inflated: float = 1.0) -> Bound:
    x = inputs(trials, n, d)
    full = ridge_risk(x, 1, _RIDGE, noise=_NOISE)
    ridge = _RIDGE + inflated * mass_above("sin", d, 1)
    low = ridge_risk(x, 1, ridge, noise=_NOISE, degrees=1)
    return at_most((low - full).abs(), math.sqrt(n / d**2))


high_degrees_act_as_a_ridge.twin("no inflation of the ridge", inflated=0.0)


def _wide(ratio: float) -> Instance:
    return {"d": 10, "n": 31, "pairs": round(3.1 * ratio)}


@MZ3.part(
    "b",
    kind="scaling",
    says=r"$|\mathrm{risk}_{NT}(\lambda)-\mathrm{risk}_{KRR}(\lambda)|\le C\sqrt{n/(pd)}$, "
    r"$pd/n=4…32$, $\lambda=0.05$.",
    constant=Constant(1.0, measured_on="sin, d = 10, n = 31, pd/n = 4…32: at most 0.5"),
    along=[
        Along(
            variable="pd/n",
            sizes=(4, 8, 16, 32),
            instance=_wide,
            at_most=0.2,
            trials=32,
            resolution=0.2,
        )
    ],
    specimens=[_wide(16)],
)
@given(d=st.just(10), n=st.sampled_from((15, 31)), pairs=st.sampled_from((12, 24, 48)))
def finite_width_changes_the_risk_little(
    d: int, n: int, pairs: int, trials: Trials, *, power: float = 0.5
) -> Bound:
    x = inputs(trials, n, d)
    network = Pairs(dimension=d, pairs=pairs).initialise(trials)
    rows = features(network.on(x)) / math.sqrt(d)
    squared = rows @ covariance(network).times(rows.mT) / d
    moments = affine_moments(network)[..., 1:] / math.sqrt(d)
    crossed = rows @ moments @ x.mT / d
    labels = zonal_gram(x, 1) + _NOISE**2 * identity(x)
    finite = risk_of(rows @ rows.mT, squared, crossed, labels, 0.05)
    full = ridge_risk(x, 1, 0.05, noise=_NOISE)
    return at_most((finite - full).abs(), (n / (pairs * d)) ** power)


finite_width_changes_the_risk_little.twin("the rate (n/(pd))²", specimens=[_wide(32)], power=2.0)
