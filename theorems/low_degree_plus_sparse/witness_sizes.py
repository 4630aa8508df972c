r"""The size of all regularisers at the signed witness (NBL22).

R_1 = ‖f_L(·; P_{>k}W)‖², R_2 = (1/n) Σ f_L(x_i; P_{>k}W)², R_3 = ‖P_{≤k}W‖_F², R_4 = ‖W‖⁸_{2,4}.
With random signs only the diagonal blocks of a quadratic form remain in the mean: E_S R(VS) = Σ_r
v_rᵀ R_rr v_r. As Σ_rr ≤ M_1²/m and U_rU_rᵀ ≤ Σ_rr/λ_{n_k}, R_1 and R_3 of VS are of the order
m^{-1/2} ‖V‖²_{2,4}.
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
    Trials,
    all_of,
    at_most,
    equal,
    given,
    statement,
)
from lemmata.theorems.low_degree_plus_sparse.dense_part import instance
from lemmata.theorems.low_degree_plus_sparse.setting.covariance import (
    Spectrum,
    features,
    spectrum,
)
from lemmata.theorems.low_degree_plus_sparse.setting.network import (
    Network,
    Pairs,
    Weights,
    inputs,
)
from lemmata.theorems.low_degree_plus_sparse.setting.witnesses import (
    form,
    signed_mean,
    world,
)
from lemmata.theorems.mathematics.norms import frobenius, norm24
from lemmata.theorems.mathematics.signs import sign_vectors

NBL16 = statement(
    "NBL-16",
    paper="NBL22",
    source="sizes of the regularisers at the witness",
    provenance="recalled",
    note="the form is recalled, the explicit constants are derived",
    uses=["NBL-06", "NBL-12", "NBL-14", "NBL-15"],
    title="The size of all regularisers at the signed witness",
    says=r"For every $V$: $\mathbb E_SR_1(VS)\le\frac{M_1^2}m\|V\|_F^2\le M_1^2m^{-1/2}"
    r"\|V\|_{2,4}^2$ and $\mathbb E_S\|P_{\le k}VS\|_F^2\le\frac{M_1^2}{m\lambda_{n_k}}\|V\|_F^2$; "
    r"$R_2$ likewise on a sample; $R_4(W_QS)=R_4(W_Q)=O(d^{2(k-1)})$; and "
    r"$R_3(W_L+W_QS)=O(d^{k-1})$.",
    kind="inequality",
    quantifiers=(r"\forall\, d,p,k", r"\forall\, W_0", r"\forall\, V", r"\mathbb E_S"),
)
_DRAWN = {
    "net": st.sampled_from((6, 8)).map(lambda d: Pairs(dimension=d, pairs=4 * d)),
    "k": st.just(1),
}
_SPECIMENS = [instance(8, 32), instance(6, 36, 2)]


def _points(network: Network, found: Spectrum, W_Q: Weights, trials: Trials) -> dict[str, Weights]:
    """Return weights to try: aligned, along w_0, random, and on one block's worst direction."""
    m, d, p = network.net.width, network.net.dimension, network.net.pairs
    projector = (found.U @ found.U.mT)[:, :d, :d]
    worst = torch.zeros_like(network.w0)
    worst[:, 0] = torch.linalg.eigh(projector)[1][..., -1]
    worst[:, p] = worst[:, 0]
    return {
        "aligned": trials.sphere("β", 1, d).expand(-1, m, -1),
        "along w_0": network.w0,
        "random": trials.normal("V", m, d),
        "one block": worst,
        "witness": W_Q,
    }


def _good(found: Spectrum) -> Float[Tensor, "trials pd pd"]:
    return found.U @ found.U.mT


@NBL16.part(
    "a",
    kind="identity",
    says=r"$\mathbb E_SR(VS)=\sum_rv_r^\top R_{rr}v_r$ for quadratic forms $R$ of the folded "
    r"weights: the mean over all $2^m$ signs, enumerated.",
    specimens=[{"net": Pairs(dimension=4, pairs=3)}],
)
@given(net=st.sampled_from((2, 3)).map(lambda p: Pairs(dimension=4, pairs=p)))
def only_the_diagonal_blocks_remain_in_the_mean_over_signs(
    net: Pairs, trials: Trials, *, share: float = 1.0
) -> Bound:
    matrix = spectrum(net.initialise(trials), 0).tail()
    V = trials.normal("V", net.width, net.dimension)
    every = [form(matrix, signs.unsqueeze(-1) * V) for signs in sign_vectors(net.width, V)]
    mean = torch.stack(every).mean(dim=0)
    return equal(share * signed_mean(matrix, V), mean, roundings=1e3, scale=frobenius(V) ** 2)


only_the_diagonal_blocks_remain_in_the_mean_over_signs.twin(
    "both members of a pair at a whole block", share=2.0
)


@NBL16.part(
    "b",
    says=r"$\mathbb E_SR_1(VS)\le\mathbb E_S\|f_L(\cdot;VS)\|_{L^2}^2\le\frac{M_1^2}m\|V\|_F^2\le "
    r"M_1^2m^{-1/2}\|V\|_{2,4}^2$.",
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
def the_population_norm_of_signed_weights_is_small(
    net: Pairs, k: int, trials: Trials, *, power: float = 0.5
) -> Bound:
    made = world(net, k, trials)
    M1, sides = net.bound(1) ** 2, []
    for V in _points(made.network, made.found, made.W_Q, trials).values():
        tail, whole = signed_mean(made.found.tail(), V), signed_mean(made.found.matrix, V)
        spread = M1 / net.width * frobenius(V) ** 2
        sides += [(tail, whole), (whole, spread), (spread, M1 * net.width**-power * norm24(V) ** 2)]
    left, right = (torch.stack(side, dim=1) for side in zip(*sides, strict=True))
    return at_most(left, (1.0 + 1e-11) * right)


the_population_norm_of_signed_weights_is_small.twin("the rate 1/m", power=1.0)


@NBL16.part(
    "c",
    says=r"$\mathbb E_S\|P_{\le k}VS\|_F^2\le\frac{M_1^2}{m\lambda_{n_k}}\|V\|_F^2\le "
    r"\frac{M_1^2}{\lambda_{n_k}\sqrt m}\|V\|_{2,4}^2$.",
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
def the_good_part_of_signed_weights_is_small(
    net: Pairs, k: int, trials: Trials, *, power: float = 1.0
) -> Bound:
    made = world(net, k, trials)
    largest = net.bound(1) ** 2 / net.width**power / made.found.smallest
    ratios = [
        signed_mean(_good(made.found), V) / frobenius(V) ** 2
        for V in _points(made.network, made.found, made.W_Q, trials).values()
    ]
    return at_most(torch.stack(ratios, dim=1), largest.unsqueeze(1))


the_good_part_of_signed_weights_is_small.twin("1/m² in place of 1/m", power=2.0)


@NBL16.part(
    "d",
    says=r"$\mathbb E_SR_2(VS)\le2\big[\max_r\|\hat\Sigma_{rr}\|+(1+\delta)\max_r\|\Sigma_{rr}\|"
    r"\big]\|V\|_F^2$ in unfolded blocks, $\delta$ the deviation of NBL-12, and "
    r"$\|\hat\Sigma_{rr}\|\le\frac{M_1^2}m\|\frac1n\sum x_ix_i^\top\|_{op}$.",
    quantifiers=(r"\forall\, d,p,k,n", r"\forall\, W_0,x_i", r"\forall\, V", r"\mathbb E_S"),
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
def the_empirical_norm_of_signed_weights_is_small(
    net: Pairs, k: int, trials: Trials, *, share: float = 1.0
) -> Bound:
    made = world(net, k, trials)
    found, d, n = made.found, net.dimension, 60
    x = inputs(trials, n, d)
    rows = features(made.network.on(x))
    bad = rows - (rows @ found.U) @ found.U.mT
    scaled = rows @ (found.U / found.top.sqrt().unsqueeze(1))
    identity = torch.eye(found.count, dtype=x.dtype, device=x.device)
    delta = torch.linalg.eigvalsh(scaled.mT @ scaled / n - identity).abs().amax(dim=1)
    blocks = rows.unflatten(2, (net.pairs, d)).transpose(1, 2)
    empirical = torch.linalg.svdvals(blocks)[..., 0].square().amax(dim=1) / (2.0 * n)
    exact = torch.stack(
        [found.matrix[:, r * d : r * d + d, r * d : r * d + d] for r in range(net.pairs)], dim=1
    )
    population = torch.linalg.eigvalsh(exact)[..., -1].amax(dim=1) / 2.0
    covariance = torch.linalg.svdvals(x)[:, 0] ** 2 / n
    sides = [(empirical, net.bound(1) ** 2 / net.width * covariance)]
    gram = bad.mT @ bad / n
    for V in _points(made.network, found, made.W_Q, trials).values():
        largest = 2.0 * (empirical + (1.0 + delta) * population) * frobenius(V) ** 2
        sides.append((signed_mean(gram, V), share * largest))
    left, right = (torch.stack(side, dim=1) for side in zip(*sides, strict=True))
    return at_most(left, right)


the_empirical_norm_of_signed_weights_is_small.twin("a thirtieth of it", share=1 / 30)


@NBL16.part(
    "e",
    kind="identity",
    says=r"$R_4(W_QS)=R_4(W_Q)$, $R_1(W_L+W_QS)=R_1(W_QS)$, and $R_3(W_L+W_QS)\le2\|W_L\|^2+"
    r"2\|P_{\le k}W_QS\|^2$.",
    quantifiers=(r"\forall\, d,p,k", r"\forall\, W_0,S"),
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
def regularisers_at_the_witness_are_those_of_its_parts(
    net: Pairs, k: int, trials: Trials, *, two: float = 2.0
) -> Bound:
    made = world(net, k, trials)
    signed = trials.signs("S", net.width, 1) * made.W_Q
    # Signs that work against W_L make the cross term of R_3 as large as it can be.
    tail, good = made.found.tail(), _good(made.found)
    both = made.W_L + signed
    joint, parts = form(good, both), frobenius(made.W_L) ** 2 + form(good, signed)
    apart = form(good, made.W_L - signed)
    size = 1.0 + frobenius(both) ** 2
    return all_of(
        equal(norm24(signed), norm24(made.W_Q), roundings=64.0),
        equal(form(tail, both), form(tail, signed), roundings=1e4, scale=size),
        equal(joint + apart, two * parts, roundings=1e4, scale=size),
        at_most(joint, 2.0 * parts * (1.0 + 1e-11)),
    )


regularisers_at_the_witness_are_those_of_its_parts.twin("without the factor 2", two=1.0)


def _pairs(*, at_most: float | None = None, at_least: float | None = None) -> Along:
    return Along(
        variable="m",
        sizes=(32, 64, 128),
        instance=lambda m: instance(6, m // 2),
        trials=32,
        resolution=0.15,
        at_most=at_most,
        at_least=at_least,
    )


@NBL16.part(
    "f",
    kind="scaling",
    says=r"At the witness: $\mathbb E_S\|f_L(\cdot;W_QS)\|^2=O(d^{(k-1)/2}m^{-1/2})$, "
    r"$\mathbb E_S\|P_{\le k}W_QS\|^2=O(d^{3(k-1)/2}m^{-1/2})$, $R_4(W_Q)=O(d^{2(k-1)})$.",
    quantifiers=(r"\forall\, d,p,k", r"\mathbb P_{W_0}", r"\mathbb E_S"),
    constant=Constant(8.0, measured_on="sin, k = 1, d = 6…8; k = 2, d = 6, p = 36"),
    along=[_pairs(at_most=0.1)],
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
def signed_witnesses_are_small(net: Pairs, k: int, trials: Trials, *, power: float = 0.5) -> Bound:
    made = world(net, k, trials)
    d, root = net.dimension, net.width**power
    linear = signed_mean(made.found.matrix, made.W_Q) * root / d ** ((k - 1) / 2)
    good = signed_mean(_good(made.found), made.W_Q) * root / d ** (1.5 * (k - 1))
    # R_4 is of the order d^{2(k-1)} with the constant (8/λ²)²: its eighth root is compared.
    quartic = norm24(made.W_Q) / d ** ((k - 1) / 4)
    return at_most(torch.stack((linear, good, quartic), dim=1), 1.0)


signed_witnesses_are_small.twin("the rate 1/m", specimens=[instance(6, 64)], power=1.0)


@NBL16.part(
    "g",
    kind="existence",
    says=r"Some $S$ among 40 draws has $R_1$, $R_2$ and $\|P_{\le k}W_QS\|^2$ within 4 times their "
    r"means.",
    quantifiers=(r"\forall\, d,p,k,n", r"\forall\, W_0,x_i", r"\exists\, S"),
    specimens=_SPECIMENS[:1],
)
@given(**_DRAWN)
def some_signs_make_all_regularisers_small(
    net: Pairs, k: int, trials: Trials, *, share: float = 4.0
) -> Bound:
    made = world(net, k, trials)
    rows = features(made.network.on(inputs(trials, 40, net.dimension)))
    bad = rows - (rows @ made.found.U) @ made.found.U.mT
    S = trials.signs("S", 40, net.width, 1)
    signed = S * made.W_Q.unsqueeze(1)
    half = (signed[:, :, : net.pairs] - signed[:, :, net.pairs :]).flatten(2) / 2.0**0.5
    worst = []
    for matrix in (made.found.tail(), bad.mT @ bad / 40, _good(made.found)):
        values = ((half @ matrix) * half).sum(dim=-1)
        worst.append(values / signed_mean(matrix, made.W_Q).unsqueeze(1))
    return at_most(torch.stack(worst).amax(dim=0).amin(dim=1), share)


some_signs_make_all_regularisers_small.twin("within a fifth of their means", share=0.2)
