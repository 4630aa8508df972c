r"""The linear part fits every dense polynomial of low degree (NBL22, expressivity of f_L).

With b = E[φ f_k] the witness is W_L = U_k Λ_k^{-1} U_kᵀ b: least squares on the good directions.
Its norm is at most ‖f_k‖/√λ_{n_k} = O(d^{(k-1)/2}), its error 1 - bᵀU_kΛ_k^{-1}U_kᵀb. All of it is
exact for polynomials of degree at most two. As U_rU_rᵀ ≤ λ_{n_k}^{-1} Σ_rr ≤ M_1²/(p λ_{n_k}) I,
elements of the good subspace are spread over the neurons.
"""

from __future__ import annotations

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
    Trials,
    all_of,
    at_most,
    equal,
    given,
    mean_of,
    statement,
)
from lemmata.theorems.low_degree_plus_sparse.setting.covariance import fold, spectrum
from lemmata.theorems.low_degree_plus_sparse.setting.moments import (
    dense_polynomial,
    feature_moment,
)
from lemmata.theorems.low_degree_plus_sparse.setting.network import (
    ATTAINED,
    Pairs,
    inputs,
    row_norms,
)
from lemmata.theorems.low_degree_plus_sparse.setting.witnesses import linear_witness, world
from lemmata.theorems.mathematics.norms import frobenius, norm24

NBL14 = statement(
    "NBL-14",
    paper="NBL22",
    source="expressivity of the linear part",
    provenance="recalled",
    note="the form and the norm $d^{(k-1)/2}$ are recalled, the constants derived",
    uses=["NBL-10", "NBL-11"],
    title="The linear part fits every dense low-degree polynomial",
    says=r"For $\|f_k\|_{L^2}=1$ and $W_L=U_k\Lambda_k^{-1}U_k^\top\mathbb E[\varphi f_k]$: "
    r"$P_{>k}W_L=0$, $\|W_L\|_F^2\le\lambda_{n_k}^{-1}=O(d^{k-1})$, "
    r"$\|f_k-f_L(\cdot;W_L)\|^2\to0$ as $p\gg d^k$, $W_L$ is spread over the neurons, and "
    r"$f_Q(\cdot;W_L)\equiv0$.",
    quantifiers=(r"\forall\, d,p,k", r"\mathbb P_{W_0}", r"\forall\, f_k"),
)
_DRAWN = {
    "net": st.sampled_from((6, 8)).map(lambda d: Pairs(dimension=d, pairs=4 * d)),
    "k": st.just(1),
}


def instance(d: int, pairs: int, k: int = 1) -> Instance:
    """Return the instance of a network and a degree."""
    return {"net": Pairs(dimension=d, pairs=pairs), "k": k}


_SPECIMENS = [instance(8, 32), instance(6, 36, 2)]


@NBL14.part(
    "a",
    kind="identity",
    says=r"$P_{>k}W_L=0$, and with the paired initialisation $f_Q(\cdot;W_L)\equiv0$, as $W_L$ is "
    r"antisymmetric in the pairs.",
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
def the_linear_witness_is_invisible_to_the_quadratic_part(
    net: Pairs, k: int, trials: Trials, *, symmetric: float = 0.0
) -> Bound:
    made = world(net, k, trials)
    at = made.network.on(inputs(trials, 4, net.dimension))
    W = made.W_L
    W = torch.cat((W[:, : net.pairs] * (1.0 + symmetric), W[:, net.pairs :]), dim=1)
    size = (at.sigma(2) * at.along(W) ** 2).abs().sum(dim=-1)
    return all_of(
        equal(
            made.found.bad_weights(W), 0.0, roundings=64.0 * net.width * net.dimension, scale=10.0
        ),
        equal(at.quadratic(W), 0.0, roundings=4.0 * net.width, scale=size),
    )


the_linear_witness_is_invisible_to_the_quadratic_part.twin(
    "one member of each pair longer by a tenth", symmetric=0.1
)


@NBL14.part(
    "b",
    kind="inequality",
    says=r"$\|W_L\|_F^2\le\lambda_{n_k}^{-1}\|f_k\|^2$, for random $f_k$ and for the one that is "
    r"nearest to the image of the last good eigenvector.",
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
def the_linear_witness_is_short(net: Pairs, k: int, trials: Trials, *, share: float = 1.0) -> Bound:
    network = net.initialise(trials)
    found = spectrum(network, k)
    q = dense_polynomial(trials, net.dimension, k)
    # The supremum over all f_k in L²: the largest of ‖Λ^{-1}Uᵀb‖ with b = Σ^{1/2} of a unit vector.
    worst = 1.0 / found.smallest
    square = frobenius(linear_witness(network, found, q)) ** 2
    return at_most(
        torch.stack((square, worst), dim=1),
        (ATTAINED * share / found.smallest).unsqueeze(1),
    )


the_linear_witness_is_short.twin("half of it", share=0.5)


@NBL14.part(
    "c",
    kind="scaling",
    says=r"$\|W_L\|_F^2=O(d^{k-1})$.",
    constant=Constant(8.0, measured_on="sin, k = 1: d = 6…12, p = 3d; k = 2: d = 6, 7, p = d²"),
    along=[
        Along(
            variable="d",
            sizes=(6, 8, 10, 12),
            instance=lambda d: instance(d, 3 * d),
            at_most=0.25,
            trials=24,
            resolution=0.15,
        )
    ],
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
def the_linear_witness_has_a_norm_of_the_order_of_the_degree(
    net: Pairs, k: int, trials: Trials, *, shift: float = 0.0
) -> Bound:
    W = world(net, k, trials).W_L
    return at_most(frobenius(W) ** 2, net.dimension ** (k - 1.0 - shift))


the_linear_witness_has_a_norm_of_the_order_of_the_degree.twin("O(d^{k-2})", shift=1.0)


def _pairs(*, at_most: float | None = None, at_least: float | None = None) -> Along:
    return Along(
        variable="p",
        sizes=(8, 16, 32, 64),
        instance=lambda p: instance(6, p),
        trials=24,
        resolution=0.15,
        at_most=at_most,
        at_least=at_least,
    )


def missing(net: Pairs, k: int, trials: Trials) -> Float[Tensor, "trials"]:
    """Return ‖f_k - f_L(·; W_L)‖²."""
    network = net.initialise(trials)
    found = spectrum(network, k)
    b = feature_moment(network, dense_polynomial(trials, net.dimension, k)).unsqueeze(-1)
    return 1.0 - ((found.U.mT @ b).squeeze(-1) ** 2 / found.top).sum(dim=1)


@NBL14.part(
    "d",
    kind="scaling",
    says=r"$\|f_k-f_L(\cdot;W_L)\|^2=1-b^\top U_k\Lambda_k^{-1}U_k^\top b\to0$ as $p$ grows: at "
    r"$d=6$, $k=1$ it is $O(p^{-1/2})$ for $p=8…64$.",
    constant=Constant(3.0, measured_on="sin, d = 6, 8, k = 1, p = 8…64; d = 6, k = 2, p = 36"),
    along=[_pairs(at_most=0.05)],
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
def the_linear_part_approaches_the_dense_polynomial(
    net: Pairs, k: int, trials: Trials, *, power: float = 0.5
) -> Bound:
    return at_most(missing(net, k, trials), net.pairs**-power)


the_linear_part_approaches_the_dense_polynomial.twin(
    "O(p^{-5/2})", specimens=[instance(6, 64)], power=2.5
)


@NBL14.part(
    "e",
    kind="mean",
    says=r"The error's formula is $\|f_k-f_L(\cdot;W_L)\|^2$ over fresh inputs.",
    quantifiers=(r"\forall\, d,p,k", r"\forall\, W_0,f_k", r"\mathbb E_x"),
    specimens=[instance(4, 6)],
)
@given(net=st.just(Pairs(dimension=4, pairs=6)), k=st.just(1))
def the_error_of_the_linear_witness_is_what_the_formula_says(
    net: Pairs, k: int, trials: Trials, *, factor: float = 1.0
) -> Mean:
    made = world(net, k, trials)
    x = inputs(trials, 128, net.dimension)
    left = made.dense.at(x) - made.network.on(x).linear(factor * made.W_L)
    b = feature_moment(made.network, made.dense)
    exact = 1.0 - (fold(made.W_L) * b).sum(dim=1)
    return mean_of(left.square().mean(dim=1) - exact, 0.0, within=0.1)


the_error_of_the_linear_witness_is_what_the_formula_says.twin("at W_L/2", factor=0.5)


@NBL14.part(
    "f",
    kind="inequality",
    says=r"Every $V\in P_{\le k}$ is spread: in folded blocks $\|V_r\|^2\le\frac{M_1^2}"
    r"{p\lambda_{n_k}}\|V\|_F^2$, hence $\|V\|_{2,4}\le(\frac{M_1^2}{p\lambda_{n_k}})^{1/4}"
    r"\|V\|_F$.",
    quantifiers=(r"\forall\, d,p,k", r"\forall\, W_0", r"\forall\, V\in P_{\le k}"),
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
def good_weights_are_spread_over_the_neurons(
    net: Pairs, k: int, trials: Trials, *, power: float = 1.0
) -> Bound:
    made = world(net, k, trials)
    p, d, M1 = net.pairs, net.dimension, net.bound(1)
    # The worst V of block r: the largest eigenvalue of U_r U_rᵀ.
    blocks = made.found.U.unflatten(1, (p, d))
    concentrated = torch.linalg.svdvals(blocks)[..., 0] ** 2
    largest = M1**2 / (p**power * made.found.smallest)
    W = made.W_L
    rows = 2.0 * row_norms(W)[:, :p] ** 2 / frobenius(W).unsqueeze(1) ** 2
    quartic = (norm24(W) / frobenius(W)).unsqueeze(1) ** 4
    return all_of(
        at_most(torch.cat((concentrated, rows), dim=1), largest.unsqueeze(1)),
        at_most(quartic, largest.unsqueeze(1)),
    )


good_weights_are_spread_over_the_neurons.twin("1/p² for 1/p", power=2.0)
