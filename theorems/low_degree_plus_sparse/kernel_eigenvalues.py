r"""Eigenvalues of the infinite-width tangent kernel (MZ20, GMMM21; NBL22, spectrum).

K(x, x') = E[σ'(wᵀx) σ'(wᵀx')] ⟨x, x'⟩: by the recursion in three terms the factor ⟨x, x'⟩ moves
degree ℓ - 1 of σ' to ℓ, so that κ_ℓ = Θ(d^{1-ℓ}) for ℓ ≥ 1 where λ_{ℓ-1}(σ') does not vanish, and
κ_0 = Θ(1), of the same order as κ_1.
"""

from __future__ import annotations

from hypothesis import strategies as st

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Trials,
    all_of,
    at_least,
    at_most,
    equal,
    given,
    statement,
)
from lemmata.theorems.low_degree_plus_sparse.setting.activations import Activation, second_moment
from lemmata.theorems.low_degree_plus_sparse.setting.kernel import kappa, kappa_by_quadrature
from lemmata.theorems.mathematics import gegenbauer

NBL09 = statement(
    "NBL-09",
    paper="NBL22",
    source="spectrum of the tangent kernel (MZ20, GMMM21)",
    provenance="recalled",
    note="the orders are recalled, the recursion is derived",
    uses=["NBL-08"],
    title="Eigenvalues of the infinite-width tangent kernel",
    says=r"$\kappa_\ell=\frac d{2\ell+d-2}\big[\ell\,\lambda_{\ell-1}(\sigma')^2+(\ell+d-2)"
    r"\lambda_{\ell+1}(\sigma')^2\big]$; $\kappa_\ell=\Theta(d^{1-\ell})$ for $\ell\ge1$ with "
    r"$\mu_{\ell-1}(\sigma')\ne0$, and $\kappa_0=\Theta(1)$.",
    quantifiers=(r"\forall\, d", r"\forall\,\ell"),
)
_dimension = st.sampled_from((4, 6, 10, 20, 40))
_activation = st.sampled_from(("sin", "tanh"))


@NBL09.part(
    "a",
    kind="identity",
    says=r"$\kappa_\ell=\mathbb E_{x'}[K(x,x')P_\ell(x^\top x'/d)]$ is given by the recursion.",
    specimens=[
        {"d": 10, "degree": 2, "activation": "sin"},
        {"d": 6, "degree": 0, "activation": "tanh"},
    ],
)
@given(d=_dimension, degree=st.integers(0, 4), activation=st.sampled_from(("sin", "softplus")))
def eigenvalues_follow_from_the_coefficients_of_the_slope(
    d: int, degree: int, activation: Activation, trials: Trials, *, off: int = 0
) -> Bound:
    direct = trials.every(trials.tensor(kappa_by_quadrature(activation, d, degree)))
    # Two nested quadratures of a few thousand nodes, to about 1e-12.
    return equal(direct, kappa(activation, d, degree + off), roundings=1e5, scale=1.0)


eigenvalues_follow_from_the_coefficients_of_the_slope.twin("degree ℓ + 1 for ℓ", off=1)


@NBL09.part(
    "b",
    kind="identity",
    says=r"$\sum_\ell B(d,\ell)\kappa_\ell=d\,\mathbb E\,\sigma'(\sqrt d\,\tau)^2$.",
    specimens=[{"d": 10, "activation": "sin"}, {"d": 6, "activation": "softplus"}],
)
@given(d=_dimension, activation=st.sampled_from(("sin", "softplus")))
def eigenvalues_sum_to_the_trace(
    d: int, activation: Activation, trials: Trials, *, power: float = 1.0
) -> Bound:
    total = sum(
        gegenbauer.multiplicity(d, degree) * kappa(activation, d, degree) for degree in range(31)
    )
    # Degrees beyond 30 add less than 1e-12 for analytic activations that vary slowly.
    return equal(
        trials.every(trials.tensor(total)),
        d**power * second_moment(activation, 1, d),
        roundings=1e5,
        scale=float(d),
    )


eigenvalues_sum_to_the_trace.twin("without the factor d", power=0.0)


def _dimensions(
    degree: int,
    activation: Activation,
    *,
    at_most: float | None = None,
    at_least: float | None = None,
) -> list[Along]:
    return [
        Along(
            variable="d",
            sizes=(6, 10, 20, 40, 80),
            instance=lambda d: {"d": d, "degree": degree, "activation": activation},
            member=member,
            trials=16,
            at_most=at_most,
            at_least=at_least,
        )
        for member in ("upper", "lower")
    ]


@NBL09.part(
    "c",
    kind="scaling",
    says=r"$\kappa_\ell=\Theta(d^{1-\ell})$, $\ell=1,2$.",
    constant=Constant(20.0, measured_on="sin, tanh, ℓ = 1, 2, d = 4…80", failure=0.0),
    along=[
        *_dimensions(1, "sin", at_most=0.25),
        *_dimensions(2, "sin", at_most=0.25),
        *_dimensions(1, "tanh", at_most=0.25),
    ],
    specimens=[{"d": 20, "degree": 1, "activation": "sin"}],
)
@given(d=_dimension, degree=st.integers(1, 2), activation=_activation)
def eigenvalues_fall_by_a_power_of_the_dimension_a_degree(
    d: int, degree: int, activation: Activation, trials: Trials, *, shift: float = 0.0
) -> Bound:
    value = trials.every(trials.tensor(kappa(activation, d, degree)))
    order = float(d) ** (1.0 - degree + shift)
    return all_of(upper=at_most(value, order), lower=at_least(value, order))


eigenvalues_fall_by_a_power_of_the_dimension_a_degree.twin("d^{2-ℓ}", shift=1.0)
eigenvalues_fall_by_a_power_of_the_dimension_a_degree.twin("d^{-ℓ}", shift=-1.0)


@NBL09.part(
    "d",
    kind="scaling",
    says=r"$\kappa_0=d\,\lambda_1(\sigma')^2=\Theta(1)$: the constants are no direction of large "
    r"eigenvalue.",
    constant=Constant(12.0, measured_on="sin, tanh, d = 4…80", failure=0.0),
    along=_dimensions(0, "sin", at_most=0.25),
    specimens=[{"d": 40, "degree": 0, "activation": "sin"}],
)
@given(d=_dimension, degree=st.just(0), activation=st.just("sin"))
def constants_have_an_eigenvalue_of_order_one(
    d: int, degree: int, activation: Activation, trials: Trials, *, power: float = 0.0
) -> Bound:
    value = trials.every(trials.tensor(kappa(activation, d, degree)))
    return all_of(upper=at_most(value, float(d) ** power), lower=at_least(value, float(d) ** power))


constants_have_an_eigenvalue_of_order_one.twin(
    "κ_0 of the order d, as d^{1-ℓ} would say", power=1.0
)


@NBL09.part(
    "e",
    kind="identity",
    says=r"The assumption is needed: for softplus, whose $\sigma''$ is even, "
    r"$\kappa_3=\kappa_5=0$.",
    specimens=[{"d": 10, "degree": 3}, {"d": 20, "degree": 5}],
)
@given(d=_dimension, degree=st.sampled_from((3, 5)))
def softplus_has_no_odd_degree_beyond_the_first(
    d: int, degree: int, trials: Trials, *, off: int = 0
) -> Bound:
    value = trials.every(trials.tensor(kappa("softplus", d, degree + off)))
    return equal(value, 0.0, roundings=16.0, scale=1.0)


softplus_has_no_odd_degree_beyond_the_first.twin("even degrees", off=-1)
