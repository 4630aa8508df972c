r"""Higher-order Taylor terms (Bai and Lee 2020).

The term of order q has a complexity bounded by injective norms of random tensors, which is a factor
d smaller than Frobenius norms suggest. Coefficients (ξ, z) with E ξz^j = 0 for j < q remove the
orders below q in the mean: their law on the nodes cos(iπ/q) is rebuilt here.
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
    at_most,
    equal,
    given,
    statement,
)
from lemmata.theorems.low_degree_plus_sparse.cubic_relu import (
    unit_inputs,
)
from lemmata.theorems.low_degree_plus_sparse.setting.network import (
    Pairs,
    inputs,
)

# BL-5

BL5 = statement(
    "BL-5",
    paper="BL20",
    source="section on higher-order approximations",
    provenance="recalled",
    note="the form is recalled; the law of $(\\xi,z)$ is rebuilt and may not be the paper's",
    uses=["BL-4"],
    title="Higher-order Taylor terms",
    says=r"$f_{(q)}(x;W)=\frac1{q!\sqrt m}\sum a_r\sigma^{(q)}(w_{0,r}^\top x)(x^\top w_r)^q$: "
    r"$\sup_{\|W\|_{2,2q}\le B}\frac1n\sum\epsilon_if_{(q)}\le\frac{B^q}{q!}\max_r\|T_r\|_{inj}$, "
    r"$T_r=\frac1n\sum\epsilon_i\sigma^{(q)}x_i^{\otimes q}$; for unit isotropic data and $q=3$ "
    r"$\mathbb E\|T\|_{inj}\lesssim d^{-1}n^{-1/2}+n^{-1}$. With $\mathbb E\xi z^j=0$ for $j<q$, "
    r"$\mathbb E\xi z^q=1$ the network $\frac1{\sqrt m}\sum a_r\xi_r\sigma((w_{0,r}+z_rw_r)^\top "
    r"x)$ has no orders below $q$ in the mean.",
    quantifiers=(r"\forall\, d,n", r"\mathbb P_{x_i,\epsilon}"),
)


@BL5.part(
    "a",
    kind="inequality",
    says=r"$q=3$: $\frac1n\sum\epsilon_if_{(3)}(x_i;W)\le\frac{\|W\|_{2,6}^3}6\big(\frac1m\sum_r"
    r"\|T_r\|_F^2\big)^{1/2}$, the Frobenius norm in place of the injective one, which no search "
    r"bounds from above; random $W$ and rows along the best of the sample's inputs.",
    quantifiers=(r"\forall\, d,m,n", r"\forall\, W_0,x_i,\epsilon", r"\forall\, W"),
    specimens=[{"net": Pairs(dimension=5, pairs=4), "n": 10}],
)
@given(net=st.sampled_from((4, 5)).map(lambda d: Pairs(dimension=d, pairs=4)), n=st.just(10))
def the_cubic_part_is_bounded_by_its_tensors(
    net: Pairs, n: int, trials: Trials, *, share: float = 1.0
) -> Bound:
    at = net.initialise(trials).on(unit_inputs(trials, n, net.dimension))
    weights = at.sigma(3) * trials.signs("ε", n, 1) / n
    T = torch.einsum("tnm,tna,tnb,tnc->tmabc", weights, at.x, at.x, at.x)
    largest = T.flatten(2).square().sum(dim=-1).mean(dim=1).sqrt() / 6.0
    start = torch.einsum("tnm,tna->tma", weights, at.x) * at.a.mT
    random = trials.normal("W", net.width, net.dimension)
    sides = []
    for W in (random, start):
        cubes = torch.einsum("tmabc,tma,tmb,tmc->tm", T, W, W, W)
        value = (at.a[:, 0] * cubes).sum(dim=1) / (6.0 * math.sqrt(net.width))
        sixth = W.square().sum(dim=-1).pow(3).sum(dim=-1).sqrt()
        sides.append((value.abs(), share * sixth * largest))
    left, right = (torch.stack(side, dim=1) for side in zip(*sides, strict=True))
    return at_most(left, right)


the_cubic_part_is_bounded_by_its_tensors.twin("a fortieth of it", share=1 / 40)


def _tensor(d: int, per: float = 4.0) -> Instance:
    return {"d": d, "n": round(per * d**2)}


def injective_norm(
    x: Float[Tensor, "trials n d"], signs: Float[Tensor, "trials n"], trials: Trials
) -> Float[Tensor, "trials"]:
    """Return a lower bound of the injective norm of (1/n) Σ ε_i x_i^{⊗3}: power iteration from 10
    starts, one of them Σ ε_i x_i.
    """
    weighted = x * signs.unsqueeze(-1) / x.shape[1]
    starts = torch.cat(
        (trials.normal("start", 9, x.shape[-1]), weighted.sum(dim=1, keepdim=True)), dim=1
    )
    v = starts / starts.norm(dim=-1, keepdim=True)
    for _ in range(30):
        # The shift keeps the iteration from running to and fro between signs.
        v = (v @ x.mT) ** 2 @ weighted + 0.05 * v
        v = v / v.norm(dim=-1, keepdim=True).clamp(min=1e-30)
    return ((v @ x.mT) ** 3 * signs.unsqueeze(1) / x.shape[1]).sum(dim=-1).abs().amax(dim=1)


@BL5.part(
    "b",
    kind="scaling",
    says=r"$\|\frac1n\sum\epsilon_ix_i^{\otimes3}\|_{inj}\le C(d^{-1}n^{-1/2}+n^{-1})$, unit "
    r"isotropic data, against $n^{-1/2}$ for the Frobenius norm; power iteration.",
    constant=Constant(8.0, measured_on="d = 6…18, n = d…64d²: at most 3.8; 7.1 in the limit"),
    specimens=[_tensor(6), _tensor(12)],
)
@given(d=st.sampled_from((6, 10)), n=st.sampled_from((10, 50, 200)))
def random_tensors_have_a_small_injective_norm(
    d: int, n: int, trials: Trials, *, frobenius: bool = False
) -> Bound:
    x, signs = unit_inputs(trials, n, d), trials.signs("ε", n)
    if frobenius:
        gram = (x @ x.mT) ** 3 * signs.unsqueeze(1) * signs.unsqueeze(2)
        found = gram.sum(dim=(1, 2)).sqrt() / n
    else:
        found = injective_norm(x, signs, trials)
    return at_most(found, 1.0 / (d * math.sqrt(n)) + 1.0 / n)


random_tensors_have_a_small_injective_norm.twin(
    "the Frobenius norm", specimens=[_tensor(18)], frobenius=True
)


def removing_law(q: int) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes z_i = cos(iπ/q) and c with Σ c_i z_i^j = 1{j = q} for j ≤ q."""
    z = np.cos(np.arange(q + 1) * math.pi / q)
    right = np.zeros(q + 1)
    right[q] = 1.0
    return z, np.linalg.solve(np.vander(z, increasing=True).T, right)


@BL5.part(
    "c",
    kind="identity",
    says=r"$\xi=\mathrm{sign}(c_i)\|c\|_1$, $z=\cos(i\pi/q)$ with probability $|c_i|/\|c\|_1$ has "
    r"$\mathbb E\xi z^j=1\{j=q\}$ for $j\le q$ and $\|c\|_1=2^{q-1}$.",
    quantifiers=(r"\forall\, q",),
    specimens=[{"q": 3}, {"q": 4}],
)
@given(q=st.integers(2, 6))
def a_law_removes_the_orders_below(q: int, trials: Trials, *, off: int = 0) -> Bound:
    z, c = removing_law(q)
    norm = np.abs(c).sum()
    xi, probability = np.sign(c) * norm, np.abs(c) / norm
    moments = [float((probability * xi * z**j).sum()) for j in range(q + 1)]
    wanted = [0.0] * q + [1.0]
    return all_of(
        equal(
            trials.every(trials.tensor(moments)), trials.tensor(wanted), roundings=1e4, scale=1.0
        ),
        equal(trials.every(trials.tensor(float(norm))), 2.0 ** (q - 1 + off), roundings=1e4),
    )


a_law_removes_the_orders_below.twin("‖c‖_1 = 2^q", off=1)


@BL5.part(
    "d",
    kind="scaling",
    says=r"$\mathbb E\tilde f_{(j)}^2=\frac{\mathbb E\xi^2z^{2j}}{j!^2m}\sum_r\sigma^{(j)2}(x^\top "
    r"w_r)^{2j}=O(m^{-j/q})$ for $0<j<q=3$, one member of each pair non-zero, "
    r"$\|W\|_{2,2q}=1$ and aligned.",
    quantifiers=(r"\forall\, d,m", r"\mathbb P_{W_0}", r"\mathbb E_{\xi,z}"),
    constant=Constant(12.0, measured_on="sin, d = 8, q = 3, m = 64…4096: mostly below 6"),
    along=[
        Along(
            variable="m",
            sizes=(64, 512, 4096),
            instance=lambda m: {"net": Pairs(dimension=8, pairs=m // 2)},
            at_most=0.1,
            trials=32,
            resolution=0.1,
        )
    ],
    specimens=[{"net": Pairs(dimension=8, pairs=32)}],
)
@given(net=st.sampled_from((32, 128)).map(lambda p: Pairs(dimension=8, pairs=p)))
def orders_below_are_suppressed(net: Pairs, trials: Trials, *, power: float = 1 / 3) -> Bound:
    at = net.initialise(trials).on(inputs(trials, 16, net.dimension))
    q, p = 3, net.pairs
    z, c = removing_law(q)
    norm = float(np.abs(c).sum())
    h = (2.0 / net.width) ** (1.0 / (2 * q)) * (at.x @ trials.sphere("β", 1, net.dimension).mT)
    found = []
    for j in (1, 2):
        moment = norm * float((np.abs(c) * z ** (2 * j)).sum())
        terms = (at.sigma(j)[..., :p] ** 2).sum(dim=-1) * h[..., 0] ** (2 * j)
        mean = moment / (math.factorial(j) ** 2 * net.width) * terms.mean(dim=1)
        found.append(mean * net.width ** (j * power))
    return at_most(torch.stack(found, dim=1), 1.0)


orders_below_are_suppressed.twin(
    "O(m^{-j})", specimens=[{"net": Pairs(dimension=8, pairs=2048)}], power=1.0
)
