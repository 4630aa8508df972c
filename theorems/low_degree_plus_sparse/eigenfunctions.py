r"""The good directions are the low-degree polynomials (NBL22, spectral lemma, second half).

ψ_i(x) = ⟨φ(x), u_i⟩/√λ_i is orthonormal in L². At k = 1 the projection of ψ_i on the polynomials of
degree one is exact: G = Λ_k^{-1/2} U_kᵀ E[φ (1, x)ᵀ] has in its rows the coefficients of the
ψ_i. Every polynomial of degree one is captured up to 1 - σ_min(G)², and the share of degree one in
the features' energy is ‖Λ_k^{1/2} G‖_F²/tr Λ_k. Trends are claimed for k = 1, p = 4d, d = 6…12.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

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
from lemmata.theorems.low_degree_plus_sparse.setting.covariance import (
    Spectrum,
    features,
    spectrum,
)
from lemmata.theorems.low_degree_plus_sparse.setting.moments import (
    affine_moments,
    dense_polynomial,
    feature_moment,
)
from lemmata.theorems.low_degree_plus_sparse.setting.network import (
    ATTAINED,
    Network,
    Pairs,
    inputs,
    networks,
)
from lemmata.theorems.low_degree_plus_sparse.spectrum import WIDE, at_dimension

NBL11 = statement(
    "NBL-11",
    paper="NBL22",
    source="spectral lemma, second half",
    provenance="recalled",
    note="the form is recalled; the exact moments are derived",
    uses=["NBL-10"],
    title="The top eigenfunctions are the low-degree polynomials",
    says=r"With $\psi_i=\langle\varphi(\cdot),u_i\rangle/\sqrt{\lambda_i}$, $i\le n_k$: the share "
    r"of degree $\le k$ in their energy tends to 1, and every unit-norm polynomial of degree "
    r"$\le k$ has a projection on their span of norm tending to 1, as $d\to\infty$, $p\gg d^k$. "
    r"Moving $W$ by $\delta$ in $P_{>k}$ changes $f_L$ by at most "
    r"$\sqrt{\lambda_{n_k+1}}\|\delta\|$ in $L^2$.",
    quantifiers=(r"\forall\, d,p", r"\mathbb P_{W_0}"),
    requires=WIDE,
)


def captured(
    network: Network, found: Spectrum, first: int = 0
) -> tuple[Float[Tensor, "trials"], Float[Tensor, "trials"]]:
    """Return σ_min(G)² and the energy's share of degree one, of n_1 eigenvectors."""
    chosen = slice(first, first + found.count)
    values = found.values[:, chosen]
    projected = found.vectors[..., chosen].mT @ affine_moments(network)
    G = projected / values.sqrt().unsqueeze(-1)
    # Over all polynomials: with fewer directions than these have dimensions it is 0.
    least = torch.linalg.eigvalsh(G.mT @ G)[:, 0]
    return least, projected.square().sum(dim=(1, 2)) / values.sum(dim=1)


@NBL11.part(
    "a",
    kind="mean",
    says=r"$\mathbb E[\varphi_p q]$ for polynomials $q$ of degree at most 2 is given by its closed "
    r"form: the moments of $\sigma'$ with $t=w^\top x$ and $\frac{d-t^2}{d-1}$.",
    quantifiers=(r"\forall\, d,p", r"\forall\, W_0,q,u", r"\mathbb E_x"),
    specimens=[
        {"net": Pairs(dimension=6, pairs=4)},
        {"net": Pairs(dimension=5, pairs=4, activation="tanh")},
    ],
)
@given(net=networks(dimensions=(4, 6), pairs=(2, 8)))
def moments_of_the_features_have_a_closed_form(
    net: Pairs, trials: Trials, *, curved: float = 1.0
) -> Mean:
    network, d = net.initialise(trials), net.dimension
    q = dense_polynomial(trials, d, 2)
    x = inputs(trials, 256, d)
    # u along the moments themselves, so that the mean is far from 0.
    said = feature_moment(network, replace(q, M=curved * q.M))
    u = feature_moment(network, q)
    u = u / u.norm(dim=1, keepdim=True) ** 2
    sampled = (features(network.on(x)) @ u.unsqueeze(-1)).squeeze(-1) * q.at(x)
    return mean_of(sampled.mean(dim=1) - (said * u).sum(dim=1), 0.0, within=0.15)


moments_of_the_features_have_a_closed_form.twin("without the quadratic part", curved=0.0)


def _dimensions(*, at_most: float | None = None, at_least: float | None = None) -> Along:
    return Along(
        variable="d",
        sizes=(6, 8, 10, 12),
        instance=lambda d: at_dimension(d, per=4),
        trials=32,
        resolution=0.2,
        at_most=at_most,
        at_least=at_least,
    )


_DRAWN = {
    "net": st.sampled_from((6, 8)).map(lambda d: Pairs(dimension=d, pairs=4 * d)),
    "k": st.just(1),
}
_SPECIMENS = [at_dimension(8, per=4)]


@NBL11.part(
    "b",
    kind="scaling",
    says=r"$1-\min_q\|\Pi_{\mathrm{span}\,\psi}q\|^2\to0$ over unit-norm polynomials $q$ of degree "
    r"$\le1$; at $p=4d$ it is $O(1/d)$.",
    constant=Constant(2.5, measured_on="sin, p = 4d, d = 6…12: at most 1.7"),
    along=[_dimensions(at_most=0.15)],
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
def every_low_degree_polynomial_is_captured(
    net: Pairs, k: int, trials: Trials, *, first: int = 0
) -> Bound:
    network = net.initialise(trials)
    found = spectrum(network, k)
    least, _ = captured(network, found, first * found.count)
    return at_most(1.0 - least, 1.0 / net.dimension)


every_low_degree_polynomial_is_captured.twin("by the next n_k eigenvectors", first=1)


@NBL11.part(
    "c",
    kind="scaling",
    says=r"$1-\sum_i\lambda_i\|\Pi_{\le k}\psi_i\|^2/\sum_i\lambda_i\to0$; at $p=4d$ it is "
    r"$O(d^{-1/2})$.",
    constant=Constant(0.6, measured_on="sin, p = 4d, d = 6…12: at most 0.4; it falls like 1/d"),
    along=[_dimensions(at_most=0.15)],
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
def the_energy_of_the_good_directions_is_of_low_degree(
    net: Pairs, k: int, trials: Trials, *, first: int = 0
) -> Bound:
    network = net.initialise(trials)
    found = spectrum(network, k)
    _, share = captured(network, found, first * found.count)
    return at_most(1.0 - share, net.dimension**-0.5)


the_energy_of_the_good_directions_is_of_low_degree.twin("of the next n_k eigenvectors", first=1)


@NBL11.part(
    "d",
    kind="inequality",
    says=r"$\|f_L(\cdot;P_{>k}W)\|_{L^2}\le\sqrt{\lambda_{n_k+1}}\,\|P_{>k}W\|_F$, attained.",
    quantifiers=(r"\forall\, d,p", r"\forall\, W_0,W"),
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
def bad_directions_hardly_move_the_linear_part(
    net: Pairs, k: int, trials: Trials, *, further: int = 0
) -> Bound:
    found = spectrum(net.initialise(trials), k)
    random = trials.normal("u", 4, found.values.shape[1])
    u = torch.cat((random, found.vectors[..., found.count].unsqueeze(1)), dim=1)
    u = u - (u @ found.U) @ found.U.mT
    square = ((u @ found.tail()) * u).sum(dim=-1)
    largest = found.values[:, found.count + further].unsqueeze(1) * u.square().sum(dim=-1)
    return at_most(square, ATTAINED * largest)


bad_directions_hardly_move_the_linear_part.twin("λ_{n_k+2} in place of λ_{n_k+1}", further=1)


@NBL11.part(
    "e",
    kind="identity",
    says=r"$P_{\le k}$ is the orthogonal projection on the eigenvectors: $\|f_L(\cdot;P_{\le "
    r"k}W)\|^2+\|f_L(\cdot;P_{>k}W)\|^2=\|f_L(\cdot;W)\|^2$, and $f_L(x;P_{>k}W)$ is $f_L(x;W)$ "
    r"less the product with the projected features.",
    quantifiers=(r"\forall\, d,p", r"\forall\, W_0,W"),
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
def the_good_subspace_splits_the_linear_part(
    net: Pairs, k: int, trials: Trials, *, swapped: bool = False
) -> Bound:
    network = net.initialise(trials)
    found = spectrum(network, k)
    at = network.on(inputs(trials, 4, net.dimension))
    W = trials.normal("W", net.width, net.dimension)
    phi, u = features(at), (W[:, : net.pairs] - W[:, net.pairs :]).flatten(1) / 2.0**0.5
    good = (phi @ found.good(u).unsqueeze(-1)).squeeze(-1)
    bad = at.linear(found.good_weights(W) if swapped else found.bad_weights(W))

    def square(v: Tensor) -> Tensor:
        return (v.unsqueeze(1) @ found.matrix @ v.unsqueeze(-1)).flatten()

    total = square(u)
    roundings = 64.0 * net.width * net.dimension
    split = square(found.good(u)) + (u.unsqueeze(1) @ found.tail() @ u.unsqueeze(-1)).flatten()
    return all_of(
        equal(split, total, roundings=roundings),
        equal(at.linear(W) - good, bad, roundings=roundings, scale=1.0 + u.norm(dim=1)[:, None]),
    )


the_good_subspace_splits_the_linear_part.twin("P_{≤k} and P_{>k} exchanged", swapped=True)
