r"""Kernel matrices on a sample (Montanari and Zhong, arXiv 2007.12826).

Kernels are divided by d: K̄ = K/d with eigenvalues κ̄_ℓ = κ_ℓ/d, and K_N = Φ_pΦ_pᵀ/d at finite
width. With d^ℓ ≪ n ≪ d^{ℓ+1} inputs the low degrees are a polynomial kernel and all higher ones
together a multiple γ_{>ℓ} of the identity, up to √(n/d^{ℓ+1}); K_N is within √(n/(pd)) of K̄,
relatively. Hence λ_min(K_N) is of the order γ_{>ℓ} as soon as pd ≥ C n, and the network
interpolates any labels; and ridge regression with K_N is that with K̄, which is polynomial ridge
regression with the ridge γ_{>ℓ} added. Trends are claimed at ℓ = 1, d = 10…40 (60 where it is
cheap).
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
    Requirement,
    Trials,
    all_of,
    at_least,
    at_most,
    equal,
    given,
    statement,
)
from lemmata.theorems.low_degree_plus_sparse.setting.activations import coefficient
from lemmata.theorems.low_degree_plus_sparse.setting.covariance import features
from lemmata.theorems.low_degree_plus_sparse.setting.kernel import levels, mass_above, series
from lemmata.theorems.low_degree_plus_sparse.setting.network import Inputs, Pairs, inputs

Gram = Float[Tensor, "trials n n"]
_BETWEEN = Requirement(paper=r"$d^\ell\ll n\ll d^{\ell+1}$, $d\to\infty$")


def kernel(x: Inputs, degrees: int | None = None) -> Gram:
    """Return K̄(X, X), or its part of the lowest degrees."""
    d = x.shape[-1]
    weights = tuple(level / d for level in levels("sin", d))
    return series(weights if degrees is None else weights[: degrees + 1], x, x)


def finite_kernel(x: Inputs, pairs: int, trials: Trials) -> Gram:
    """Return K_N(X, X) with p pairs."""
    d = x.shape[-1]
    rows = features(Pairs(dimension=d, pairs=pairs).initialise(trials).on(x))
    return rows @ rows.mT / d


def _identity(like: Gram) -> Gram:
    return torch.eye(like.shape[-1], dtype=like.dtype, device=like.device)


def _norm(matrix: Gram) -> Float[Tensor, "trials"]:
    return torch.linalg.eigvalsh(matrix).abs().amax(dim=1)


MZ1 = statement(
    "MZ-1",
    paper="MZ20",
    source="spectrum of the tangent kernel and its decomposition",
    provenance="recalled",
    note="the form is recalled; at these sizes no logarithm is needed",
    uses=["NBL-08", "NBL-09"],
    title="A polynomial kernel and a multiple of the identity",
    says=r"$\bar K(X,X)=\sum_{j\le\ell}B(d,j)\bar\kappa_jP_j(XX^\top/d)+\gamma_{>\ell}I+\Delta$, "
    r"$\|\Delta\|_{op}\le C\sqrt{n/d^{\ell+1}}$ up to logarithms; hence $\lambda_{\min}(\bar K)\ge "
    r"\gamma_{>\ell}-\|\Delta\|$.",
    quantifiers=(r"\forall\, d,n", r"\mathbb P_{x_i}"),
    requires=_BETWEEN,
)


def _at(d: int, power: float = 1.2) -> Instance:
    return {"d": d, "n": int(d**power)}


def _dimensions(
    power: float = 1.2,
    sizes: tuple[int, ...] = (10, 20, 40, 60),
    *,
    at_most: float | None = None,
    at_least: float | None = None,
) -> Along:
    return Along(
        variable="d",
        sizes=sizes,
        instance=lambda d: _at(d, power),
        trials=24,
        at_most=at_most,
        at_least=at_least,
    )


_DRAWN = {"d": st.sampled_from((10, 14, 20)), "n": st.sampled_from((15, 30, 40))}


@MZ1.part(
    "a",
    kind="identity",
    says=r"The diagonal: $\bar K(x,x)=\sum_jB(d,j)\bar\kappa_j=\mathbb E\sigma'^2$, and off it the "
    r"series is $\mathbb E_w[\sigma'(w^\top x)\sigma'(w^\top x')]\langle x,x'\rangle/d$, by the "
    r"coefficients of $\sigma'$.",
    quantifiers=(r"\forall\, d,n", r"\forall\, x_i"),
    specimens=[_at(10), _at(20)],
)
@given(**_DRAWN)
def the_kernel_is_that_of_the_slope_times_the_inner_product(
    d: int, n: int, trials: Trials, *, factor: bool = True
) -> Bound:
    x = inputs(trials, n, d)
    squares = tuple(coefficient("sin", 1, d, degree) ** 2 for degree in range(24))
    of_slope = series(squares, x, x)
    expected = of_slope * (x @ x.mT / d if factor else 1.0)
    return equal(kernel(x), expected, roundings=1e5, scale=1.0)


the_kernel_is_that_of_the_slope_times_the_inner_product.twin(
    "without the inner product", factor=False
)


@MZ1.part(
    "b",
    kind="scaling",
    says=r"$\|\Delta\|_{op}\le C\gamma_{>1}\sqrt{n/d^2}$ at $n=d^{1.2}$.",
    constant=Constant(4.0, measured_on="sin, ℓ = 1, d = 10…60, n = d^1.2: at most 2.4"),
    along=[_dimensions(at_most=0.15)],
    specimens=[_at(20), _at(40)],
)
@given(**_DRAWN)
def high_degrees_are_nearly_a_multiple_of_the_identity(
    d: int, n: int, trials: Trials, *, ridge: float = 1.0
) -> Bound:
    x = inputs(trials, n, d)
    gamma = mass_above("sin", d, 1)
    rest = kernel(x) - kernel(x, 1)
    off = _norm(rest - ridge * gamma * _identity(rest))
    return at_most(off, gamma * math.sqrt(n / d**2))


high_degrees_are_nearly_a_multiple_of_the_identity.twin(
    "without γ I", specimens=[_at(40), _at(60)], ridge=0.0
)


@MZ1.part(
    "c",
    kind="inequality",
    says=r"$\lambda_{\min}(\bar K)\ge\gamma_{>\ell}-\|\Delta\|$, as the polynomial part is "
    r"positive.",
    quantifiers=(r"\forall\, d,n", r"\forall\, x_i"),
    specimens=[_at(20), _at(20, 1.5)],
)
@given(**_DRAWN)
def the_smallest_eigenvalue_is_at_least_the_mass_above(
    d: int, n: int, trials: Trials, *, mass: float = 1.0
) -> Bound:
    x = inputs(trials, n, d)
    whole, gamma = kernel(x), mass_above("sin", d, 1)
    off = _norm(whole - kernel(x, 1) - gamma * _identity(whole))
    # Both sides positive: the deviation on the left.
    return at_least(torch.linalg.eigvalsh(whole)[:, 0] + off, mass * gamma)


the_smallest_eigenvalue_is_at_least_the_mass_above.twin("1.6 γ in place of γ", mass=1.6)


@MZ1.part(
    "d",
    kind="scaling",
    says=r"$\lambda_{\min}(\bar K)\ge c\,\gamma_{>1}$ at $n=d^{1.5}$, and $\lambda_{\min}/"
    r"\gamma_{>1}$ does not fall with $d$.",
    constant=Constant(5.0, measured_on="sin, ℓ = 1, d = 10…40, n = d^1.5: at most 3.9"),
    along=[_dimensions(1.5, sizes=(10, 16, 25, 40), at_most=0.05)],
    specimens=[_at(16, 1.5)],
)
@given(**_DRAWN)
def the_smallest_eigenvalue_is_of_the_order_of_the_mass_above(
    d: int, n: int, trials: Trials, *, more: int = 1
) -> Bound:
    values = torch.linalg.eigvalsh(kernel(inputs(trials, more * n, d)))
    return at_least(values[:, 0], mass_above("sin", d, 1))


the_smallest_eigenvalue_is_of_the_order_of_the_mass_above.twin(
    "outside the window, n = 3d²", specimens=[{"d": 10, "n": 30}], more=10
)

MZ2 = statement(
    "MZ-2",
    paper="MZ20",
    source="Theorem 3.2",
    provenance="quoted",
    note="as others quote it: the paper's text was not seen, nor its powers of logarithms",
    title="Concentration of the finite-width kernel",
    says=r"$\|\bar K^{-1/2}K_N\bar K^{-1/2}-I\|_{op}\le C\sqrt{n/(pd)}$ up to logarithms, when "
    r"$pd\gg n$.",
    quantifiers=(r"\forall\, d,n,p", r"\mathbb P_{W_0,x_i}"),
    requires=Requirement(paper=r"$pd\ge n\,\mathrm{polylog}$"),
)


def _wide(ratio: float, d: int = 10) -> Instance:
    n = int(d**1.5)
    return {"d": d, "n": n, "pairs": max(1, round(ratio * n / d))}


@MZ2.part(
    "a",
    kind="scaling",
    says=r"$\|\bar K^{-1/2}K_N\bar K^{-1/2}-I\|_{op}\le C\sqrt{n/(pd)}$, $pd/n=4…64$.",
    constant=Constant(5.0, measured_on="sin, d = 10, 20, n = d^1.5, pd/n = 1…64: at most 4.0"),
    along=[
        Along(
            variable="pd/n",
            sizes=(4, 8, 16, 32, 64),
            instance=_wide,
            at_most=0.2,
            at_least=-0.2,
            trials=24,
        )
    ],
    specimens=[_wide(16), _wide(16, d=20)],
)
@given(d=st.just(10), n=st.sampled_from((15, 31)), pairs=st.sampled_from((16, 48, 96)))
def the_finite_kernel_is_relatively_near(
    d: int, n: int, pairs: int, trials: Trials, *, power: float = 0.5
) -> Bound:
    x = inputs(trials, n, d)
    factor = torch.linalg.cholesky(kernel(x))
    half = torch.linalg.solve_triangular(factor, finite_kernel(x, pairs, trials), upper=False)
    white = torch.linalg.solve_triangular(factor, half.mT, upper=False)
    off = _norm((white + white.mT) / 2.0 - _identity(white))
    return at_most(off, (n / (pairs * d)) ** power)


the_finite_kernel_is_relatively_near.twin("the rate n/(pd)", specimens=[_wide(64)], power=1.0)

MZ4 = statement(
    "MZ-4",
    paper="MZ20",
    source="main theorem on memorisation",
    provenance="recalled",
    note="the form is recalled; the explicit interpolator is derived",
    uses=["MZ-1", "MZ-2"],
    title="The finite-width tangent model fits any labels",
    says=r"$d^\ell\ll n\ll d^{\ell+1}$, $pd\ge Cn$ up to logarithms: with probability $\to1$ "
    r"$\lambda_{\min}(K_N)\ge c\,\gamma_{>\ell}$, and then for every $y$ the folded "
    r"$u=\Phi^\top(\Phi\Phi^\top)^{-1}y$ has $f_L(x_i;u)=y_i$ and $\|u\|^2\le\frac{\|y\|^2}"
    r"{d\,\lambda_{\min}(K_N)}$. If $pd<n$, $K_N$ is singular.",
    quantifiers=(r"\forall\, d,n,p", r"\mathbb P_{W_0,x_i}", r"\forall\, y"),
    requires=Requirement(paper=r"$d^\ell\ll n\ll d^{\ell+1}$ and $pd\ge n\,\mathrm{polylog}$"),
)
_ENOUGH = {"d": st.just(10), "n": st.sampled_from((15, 31)), "pairs": st.sampled_from((48, 96))}


@MZ4.part(
    "a",
    kind="scaling",
    says=r"At $pd=16n$, $n=d^{1.5}$: $\lambda_{\min}(K_N)\ge c\,\gamma_{>1}$, and "
    r"$\lambda_{\min}(K_N)/\gamma_{>1}$ does not fall with $d$.",
    constant=Constant(9.0, measured_on="sin, ℓ = 1, d = 8…20, pd = 16n: mostly below 6.5"),
    along=[
        Along(
            variable="d",
            sizes=(8, 10, 14, 18),
            instance=lambda d: _wide(16, d),
            at_most=0.1,
            trials=32,
        )
    ],
    specimens=[_wide(16)],
)
@given(**_ENOUGH)
def the_finite_kernel_is_well_conditioned(
    d: int, n: int, pairs: int, trials: Trials, *, narrow: float = 1.0
) -> Bound:
    x = inputs(trials, n, d)
    values = torch.linalg.eigvalsh(finite_kernel(x, max(1, int(narrow * pairs)), trials))
    return at_least(values[:, 0].clamp(min=1e-18), mass_above("sin", d, 1))


the_finite_kernel_is_well_conditioned.twin("pd ≥ 0.9 n is enough", narrow=0.9 / 16)


@MZ4.part(
    "b",
    kind="existence",
    says=r"$u=\Phi^\top(\Phi\Phi^\top)^{-1}y$ has $f_L(x_i;u)=y_i$ and "
    r"$\|u\|^2\le\|y\|^2/(d\,\lambda_{\min}(K_N))$, for random signs and for the worst $y$, the "
    r"last eigenvector.",
    specimens=[_wide(16)],
)
@given(**_ENOUGH)
def some_short_weights_interpolate(
    d: int, n: int, pairs: int, trials: Trials, *, share: float = 1.0
) -> Bound:
    x = inputs(trials, n, d)
    rows = features(Pairs(dimension=d, pairs=pairs).initialise(trials).on(x))
    gram = rows @ rows.mT
    values, vectors = torch.linalg.eigh(gram)
    signs = trials.signs("labels", n)
    y = torch.stack((signs, vectors[..., 0]), dim=-1)
    u = rows.mT @ torch.linalg.solve(gram, y)
    # ‖y‖²/λ_min is attained by the last eigenvector: rounding shall not decide.
    longest = (1.0 + 1e-9) * share * y.square().sum(dim=1) / values[:, :1]
    return all_of(
        equal(rows @ u, y, roundings=1e6, scale=1.0), at_most(u.square().sum(dim=1), longest)
    )


some_short_weights_interpolate.twin("half as long", share=0.25)


@MZ4.part(
    "c",
    kind="identity",
    says=r"If $pd<n$, $K_N$ is singular.",
    quantifiers=(r"\forall\, d,n,p", r"\forall\, W_0,x_i"),
    specimens=[{"d": 10, "n": 31, "pairs": 3}],
)
@given(d=st.just(10), n=st.sampled_from((31, 62)), pairs=st.integers(1, 3))
def too_few_parameters_leave_the_kernel_singular(
    d: int, n: int, pairs: int, trials: Trials, *, factor: int = 1
) -> Bound:
    values = torch.linalg.eigvalsh(finite_kernel(inputs(trials, n, d), factor * pairs, trials))
    return equal(values[:, 0], 0.0, roundings=10.0 * n, scale=values[:, -1])


too_few_parameters_leave_the_kernel_singular.twin("pd < 16n", factor=16)
