r"""The staircase: what is learned at each sample size and width (GMMM21).

Risks in the mean over the target are exact, as in `kernel_methods`. The residual of the best
tangent model on a target q is 1 - bᵀΣ_p^{-1}b with b = E[φ_p q], for degrees one and two.
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
    Trials,
    at_least,
    at_most,
    given,
    statement,
)
from lemmata.theorems.low_degree_plus_sparse.kernel_methods import (
    WINDOW,
    at_size,
    identity,
    kernel_weights,
    zonal_gram,
)
from lemmata.theorems.low_degree_plus_sparse.setting.covariance import covariance
from lemmata.theorems.low_degree_plus_sparse.setting.kernel import (
    series,
)
from lemmata.theorems.low_degree_plus_sparse.setting.moments import (
    Polynomial,
    affine_moments,
    feature_moment,
)
from lemmata.theorems.low_degree_plus_sparse.setting.network import Inputs, Pairs, inputs
from lemmata.theorems.mathematics import gegenbauer

# GM-2

GM2 = statement(
    "GM-2",
    paper="GMMM21",
    source="theorems on kernel ridge regression and on the tangent model",
    provenance="recalled",
    note="the forms are recalled; risks in the mean over the target are exact here",
    uses=["GM-1", "MZ-1"],
    title="Staircase: what is learned at each sample size and width",
    says=r"(a) $d^\ell\ll n\ll d^{\ell+1}$: kernel ridge regression has risk "
    r"$\|f_{>\ell}\|^2+o(1)$. (b) The tangent model with $d^\ell\ll p\ll d^{\ell+1}$ neurons fits "
    r"degree $q\le\ell+1$ and none of $q\ge\ell+2$.",
    quantifiers=(r"\forall\, d,n", r"\mathbb P_{x_i}", r"\mathbb E_\beta"),
    requires=WINDOW,
)
# Inside the window: n = d^1.5.
_STAIRS = {"d": st.just(10), "n": st.sampled_from((25, 31, 40))}
_RIDGES = (1e-3, 0.1, 1.0)


def _dimensions(*, at_most: float | None = None, at_least: float | None = None) -> Along:
    return Along(
        variable="d",
        sizes=(10, 14, 20, 28),
        instance=at_size,
        trials=16,
        resolution=0.1,
        at_most=at_most,
        at_least=at_least,
    )


Numbers = Float[Tensor, "trials"]


def best_risks(x: Inputs, degrees: tuple[int, ...]) -> Float[Tensor, "trials degrees"]:
    """Return the risks of several degrees, each at the best of some ridges."""
    weights = kernel_weights(x.shape[-1])
    kernel = series(weights, x, x)
    squared = series(tuple(each**2 for each in weights), x, x)
    zonal = {degree: zonal_gram(x, degree) for degree in degrees}
    found = []
    for ridge in _RIDGES:
        A = torch.linalg.inv(kernel + ridge * identity(x))
        middle = A @ squared @ A
        found.append(
            [
                1.0
                - 2.0 * weights[degree] * (A * zonal[degree]).sum(dim=(1, 2))
                + (middle * zonal[degree]).sum(dim=(1, 2))
                for degree in degrees
            ]
        )
    return torch.stack([torch.stack(row, dim=1) for row in found]).amin(dim=0)


@GM2.part(
    "a",
    kind="scaling",
    says=r"$n=d^{1.5}$, best ridge: degree 1 is learned, risk $O(d^{-1/2})$ at $d=10…28$. The "
    r"curves are the staircase: risks of degrees 1, 2, 3.",
    constant=Constant(0.8, measured_on="sin, d = 10…28, n = d^1.5: at most 0.6"),
    along=[_dimensions(at_most=0.05)],
    specimens=[at_size(10), at_size(20)],
)
@given(**_STAIRS)
def low_degrees_are_learned(d: int, n: int, trials: Trials, *, degree: int = 1) -> Bound:
    x = inputs(trials, n, d)
    stairs = best_risks(x, (1, 2, 3))
    return at_most(stairs[:, degree - 1], float(d) ** -0.5).with_curves(risk_by_degree=stairs)


low_degrees_are_learned.twin("degree 2", degree=2)


@GM2.part(
    "b",
    kind="scaling",
    says=r"… and degrees 2 and 3 are not: $1-$risk is $O(n/d^q)$.",
    constant=Constant(2.0, measured_on="sin, d = 10…28, n = d^1.5, q = 2, 3: at most 1.3"),
    along=[_dimensions(at_most=0.1)],
    specimens=[at_size(10), at_size(20)],
)
@given(**_STAIRS)
def higher_degrees_are_not_learned(d: int, n: int, trials: Trials, *, lower: int = 0) -> Bound:
    x = inputs(trials, n, d)
    learned = 1.0 - best_risks(x, (2 - lower, 3 - lower))
    return at_most(learned, trials.tensor([n / d**2, n / d**3]))


higher_degrees_are_not_learned.twin("degrees 1 and 2", lower=1)


def tangent_residual(net: Pairs, degree: int, trials: Trials) -> Numbers:
    """Return inf_W ‖f_q - f_L(·; W)‖² in the mean over targets of degree q = 1, 2, exactly."""
    network, d = net.initialise(trials), net.dimension
    matrix = covariance(network).matrix()
    count = len(trials)
    zero, none = matrix.new_zeros(count), matrix.new_zeros(count, d)
    flat = matrix.new_zeros(count, d, d)
    moments = []
    if degree == 1:
        moments = [affine_moments(network)[..., 1 + each] for each in range(d)]
    else:
        size = (2.0 * d / (d + 2)) ** -0.5
        for i in range(d):
            for j in range(i):
                M = flat.clone()
                M[:, i, j] = M[:, j, i] = size / math.sqrt(2.0)
                moments.append(feature_moment(network, Polynomial(c=zero, v=none, M=M)))
            if i:
                M = flat.clone()
                scale = size / math.sqrt(i * (i + 1))
                M[:, range(i), range(i)] = scale
                M[:, i, i] = -i * scale
                moments.append(feature_moment(network, Polynomial(c=zero, v=none, M=M)))
    b = torch.stack(moments, dim=-1)
    return 1.0 - (b * torch.linalg.solve(matrix, b)).sum(dim=(1, 2)) / b.shape[-1]


@GM2.part(
    "c",
    kind="scaling",
    says=r"$p=3d$ neurons fit degrees 1 and 2: $\inf_W\|f_q-f_L\|^2\le Cd/p$ in the mean over "
    r"targets.",
    quantifiers=(r"\forall\, d,p", r"\mathbb P_{W_0}", r"\mathbb E_\beta"),
    constant=Constant(0.3, measured_on="sin, d = 6…10, p = 3d: degree 2 at most 0.2"),
    specimens=[{"net": Pairs(dimension=8, pairs=24)}],
)
@given(net=st.sampled_from((6, 8)).map(lambda d: Pairs(dimension=d, pairs=3 * d)))
def wide_tangent_models_fit_one_degree_more(
    net: Pairs, trials: Trials, *, narrow: int = 1
) -> Bound:
    fewer = net.resized(max(2, net.pairs // narrow))
    found = [tangent_residual(fewer, degree, trials) for degree in (1, 2)]
    return at_most(torch.stack(found, dim=1), net.dimension / net.pairs)


wide_tangent_models_fit_one_degree_more.twin("d/4 neurons fit degree 2 too", narrow=12)


@GM2.part(
    "d",
    kind="inequality",
    says=r"$p<d/2$ neurons do not fit degree 2: the residual in the mean over targets is at least "
    r"$1-pd/B(d,2)$.",
    quantifiers=(r"\forall\, d,p", r"\forall\, W_0", r"\mathbb E_\beta"),
    specimens=[{"net": Pairs(dimension=8, pairs=2)}],
)
@given(net=st.sampled_from((6, 8, 10)).map(lambda d: Pairs(dimension=d, pairs=2)))
def narrow_tangent_models_do_not_fit_degree_two(
    net: Pairs, trials: Trials, *, degree: int = 2
) -> Bound:
    d = net.dimension
    bound = 1.0 - net.pairs * d / gegenbauer.multiplicity(d, 2)
    return at_least(tangent_residual(net, degree, trials), bound)


narrow_tangent_models_do_not_fit_degree_two.twin("nor degree 1", degree=1)
