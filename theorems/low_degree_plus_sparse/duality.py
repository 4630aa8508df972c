r"""What the quadratic part costs: dense against sparse (NBL22, discussion; the inequality is ours).

For q in L² let G_r = E[σ''(w_{0,r}ᵀx) q(x) xxᵀ]. Then |⟨f_Q(W), q⟩| ≤ ½ ‖W‖²_{2,4} (mean_r
‖G_r‖²)^{1/2}, so that fitting q to an error ε forces ‖W‖²_{2,4} ≥ 2(1 - ε)/rms ‖G_r‖. Given t = wᵀx
the rest of x is uniform on a sphere: with s = (d - t²)/(d - 1), s_2 = (d - t²)²/((d - 1)(d + 1))
and Π = I - wwᵀ the G of polynomials of degree at most three is exact, and so are the bounds'
exponents: 0 for a sparse quadratic and a linear q, ½ for a dense quadratic and a sparse cubic, 1
for a dense cubic. The eigenvectors of matrices A(w) with E_w[σ''(wᵀx) xᵀA(w)x] = q(x) give weights
that attain them: the quadratic part alone can represent dense polynomials, at a norm √d times that
of sparse ones of the same degree.
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st
from torch import Tensor

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
from lemmata.theorems.low_degree_plus_sparse.setting.activations import (
    Activation,
    coefficient,
    derivative,
)
from lemmata.theorems.low_degree_plus_sparse.setting.contractions import (
    Target,
    contracted,
    exact_G,
)
from lemmata.theorems.low_degree_plus_sparse.setting.network import (
    ATTAINED,
    Pairs,
    inputs,
    of_norm24,
)
from lemmata.theorems.low_degree_plus_sparse.setting.witnesses import sparse_term
from lemmata.theorems.mathematics import gegenbauer
from lemmata.theorems.mathematics.norms import norm24

EXPONENTS: dict[Target, float] = {
    "linear": 0.0,
    "sparse quadratic": 0.0,
    "dense quadratic": 0.5,
    "sparse cubic": 0.5,
    "dense cubic": 1.0,
}

NBL18 = statement(
    "NBL-18",
    paper="NBL22",
    source="discussion of the quadratic part alone",
    provenance="derived",
    note="the inequality and the exponents are derived; the paper's remark that the quadratic part "
    "is inefficient for dense polynomials is recalled, and holds in this weaker form only",
    uses=["NBL-15"],
    title="What the quadratic part costs: dense against sparse",
    says=r"With $G_r=\mathbb E[\sigma''(w_{0,r}^\top x)q(x)xx^\top]$: $|\langle f_Q(\cdot;W),q"
    r"\rangle|\le\frac12\|W\|_{2,4}^2\big(\frac1m\sum_r\|G_r\|_{op}^2\big)^{1/2}$. For unit-norm "
    r"$q$ the norm $\|W\|_{2,4}^2$ that this forces is $\Theta(1)$ for linear and sparse "
    r"quadratic, $\Theta(\sqrt d)$ for dense quadratic and sparse cubic, $\Theta(d)$ for dense "
    r"cubic $q$.",
    quantifiers=(r"\forall\, d,q", r"\mathbb P_{W_0}"),
)


@NBL18.part(
    "a",
    kind="inequality",
    says=r"$|\langle f_Q(\cdot;W),q\rangle|\le\frac12\|W\|_{2,4}^2\big(\frac1m\sum_r"
    r"\|G_r\|_{op}^2\big)^{1/2}$, for the empirical measure of a sample, at random $W$ and at the "
    r"best one, $w_r\propto\sqrt{[\lambda_{\max}(a_rG_r)]_+}\,v_r$.",
    quantifiers=(r"\forall\, d,m,q", r"\forall\, W_0", r"\forall\, W"),
    specimens=[{"net": Pairs(dimension=8, pairs=16), "k": 1}],
)
@given(
    net=st.sampled_from((6, 8)).map(lambda d: Pairs(dimension=d, pairs=16)),
    k=st.sampled_from((1, 2)),
)
def correlation_with_the_quadratic_part_costs_norm(
    net: Pairs, k: int, trials: Trials, *, share: float = 1.0
) -> Bound:
    at = net.initialise(trials).on(inputs(trials, 100, net.dimension))
    q = sparse_term(trials, net.dimension, k).at(at.x)
    weights = at.sigma(2) * q.unsqueeze(-1) / at.x.shape[1]
    G = torch.einsum("tnm,tnd,tne->tmde", weights, at.x, at.x)
    signed = at.a[:, 0, :, None, None] * G
    values, vectors = torch.linalg.eigh(signed)
    sizes = values.abs().amax(dim=-1)
    largest = 0.5 * sizes.square().mean(dim=1).sqrt()
    best = values[..., -1:].clamp(min=0.0).sqrt() * vectors[..., -1]
    random = trials.normal("W", net.width, net.dimension)
    found = [(at.quadratic(of_norm24(W, 1.0)) * q).mean(dim=1).abs() for W in (best, random)]
    # What the best W attains, in closed form, is at most the bound.
    attained = 0.5 * values[..., -1].clamp(min=0.0).square().mean(dim=1).sqrt()
    return all_of(
        at_most(torch.stack(found, dim=1), (ATTAINED * share * largest).unsqueeze(1)),
        equal(found[0], attained, roundings=1e5, scale=1.0),
    )


correlation_with_the_quadratic_part_costs_norm.twin("a tenth of the bound", share=0.1)


def forced(target: Target, d: int, activation: Activation, trials: Trials) -> Tensor:
    """Return 2/rms ‖G_r‖ over 24 weights: the norm ‖W‖²_{2,4} that fitting q forces."""
    w = trials.sphere("w", 24, d)
    G = exact_G(target, activation, w, contracted(target, w, trials))
    return 2.0 / torch.linalg.eigvalsh(G).abs().amax(dim=-1).square().mean(dim=1).sqrt()


@NBL18.part(
    "b",
    kind="identity",
    says=r"The closed form of $G$: its product with $ww^\top$ and its trace are the moments "
    r"$\mathbb E[\sigma''(t)q\,t^2]=\mathbb E[\sigma''(t)t^2P_\ell(t/\sqrt d)]\,q(\sqrt d\,w)$ and "
    r"$d\,\lambda_\ell(\sigma'')q(\sqrt d\,w)$, by Funk–Hecke.",
    quantifiers=(r"\forall\, d,q", r"\forall\, w"),
    specimens=[{"d": 8, "target": name} for name in ("dense quadratic", "dense cubic", "linear")],
)
@given(d=st.sampled_from((4, 6, 8)), target=st.sampled_from(tuple(EXPONENTS)))
def the_exact_matrix_has_the_moments_of_funk_and_hecke(
    d: int, target: Target, trials: Trials, *, off: int = 0
) -> Bound:
    w = trials.sphere("w", 4, d)
    given_w = contracted(target, w, trials)
    G = exact_G(target, "sin", w, given_w)
    degree = 1 if target == "linear" else 2 if "quadratic" in target else 3
    if degree == 1:
        q = math.sqrt(d) * (w * given_w[..., 0, :]).sum(dim=-1)
    else:
        q = d ** (degree / 2) * ((given_w @ w.unsqueeze(-1)).squeeze(-1) * w).sum(dim=-1)
    trace = d * coefficient("sin", 2, d, degree + off)
    along = gegenbauer.coefficient(d, degree, lambda t: derivative("sin", 2, t) * t**2)
    found = ((G @ w.unsqueeze(-1)).squeeze(-1) * w).sum(dim=-1)
    return all_of(
        equal(G.diagonal(dim1=-2, dim2=-1).sum(dim=-1), trace * q, roundings=1e6, scale=1.0),
        equal(found, along * q, roundings=1e6, scale=1.0),
    )


the_exact_matrix_has_the_moments_of_funk_and_hecke.twin("the coefficient of degree ℓ + 1", off=1)


def _dimensions(target: Target, member: str, at_most: float) -> Along:
    return Along(
        variable="d",
        sizes=(8, 16, 32) if target != "dense cubic" else (8, 12, 18, 26),
        instance=lambda d: {"d": d, "target": target},
        at_most=at_most,
        member=member,
        trials=48,
        resolution=0.1,
    )


@NBL18.part(
    "c",
    kind="scaling",
    says=r"$2/\mathrm{rms}\|G_r\|\ge c\,d^e$, with $e=0$ for linear and sparse quadratic, "
    r"$e=\frac12$ for dense quadratic and sparse cubic, $e=1$ for dense cubic $q$ of unit norm "
    r"($d=8…32$, from $\frac14$ below).",
    constant=Constant(2.0, measured_on="sin, d = 8…32: at least 0.8 d^e"),
    along=[_dimensions(target, "", 0.25) for target in EXPONENTS],
    specimens=[{"d": 16, "target": "dense quadratic"}, {"d": 16, "target": "sparse cubic"}],
)
@given(d=st.sampled_from((8, 16)), target=st.sampled_from(tuple(EXPONENTS)))
def dense_polynomials_cost_the_quadratic_part_more(
    d: int, target: Target, trials: Trials, *, more: float = 0.0
) -> Bound:
    return at_least(forced(target, d, "sin", trials), d ** (EXPONENTS[target] + more))


dense_polynomials_cost_the_quadratic_part_more.twin("one power of d more", more=1.0)


@NBL18.part(
    "d",
    kind="scaling",
    says=r"The dense quadratic costs $\Theta(\sqrt d)$ times the sparse one, not $O(1)$ times.",
    constant=Constant(4.0, measured_on="sin, d = 8…32: 0.5 to 0.6 √d"),
    specimens=[{"d": 16}, {"d": 32}],
)
@given(d=st.sampled_from((8, 16, 32)))
def a_dense_quadratic_costs_more_than_a_sparse_one(
    d: int, trials: Trials, *, power: float = 0.5
) -> Bound:
    dense = forced("dense quadratic", d, "sin", trials)
    sparse = forced("sparse quadratic", d, "sin", trials)
    return all_of(at_least(dense / sparse, d**power), at_most(dense / sparse, d**power))


@a_dense_quadratic_costs_more_than_a_sparse_one.twin(
    "as much as a sparse one", specimens=[{"d": 64}]
)
def _(d: int, trials: Trials) -> Bound:
    dense = forced("dense quadratic", d, "sin", trials)
    sparse = forced("sparse quadratic", d, "sin", trials)
    return at_most(dense / sparse, 0.5)


@NBL18.part(
    "e",
    kind="existence",
    says=r"Weights for a dense quadratic $q=x^\top Mx$: neuron $r$ takes the eigenpair "
    r"$(e_j,v_j)$, $j=r\bmod d$, with $h=4d\,e_j/\lambda_0(\sigma'')$. Then $\|W\|_{2,4}^4="
    r"\frac12\,\mathrm{mean}_jh_j^2=\Theta(d)$, and $\|f_Q-q\|^2\le C\,d/p\cdot d$.",
    constant=Constant(16.0, measured_on="sin, d = 6…16, p = 64d"),
    specimens=[{"d": 8, "per": 64}],
)
@given(d=st.sampled_from((6, 8)), per=st.just(64))
def the_quadratic_part_fits_a_dense_quadratic(
    d: int, per: int, trials: Trials, *, factor: float = 4.0
) -> Bound:
    net = Pairs(dimension=d, pairs=per * d)
    network = net.initialise(trials)
    M = contracted("dense quadratic", network.half[:, :1], trials)[:, 0]
    e, v = torch.linalg.eigh(M)
    h = factor * d * e / coefficient("sin", 2, d, 0)
    sizes = torch.cat((h.clamp(min=0.0).repeat(1, per), (-h).clamp(min=0.0).repeat(1, per)), dim=1)
    W = (sizes.sqrt() / net.width**0.25).unsqueeze(-1) * v.mT.repeat(1, 2 * per, 1)
    x = inputs(trials, 64, d)
    q = ((x @ M) * x).sum(dim=-1)
    error = (network.on(x).quadratic(W) - q).square().mean(dim=1)
    quartic = norm24(W) ** 4
    return all_of(
        equal(quartic, 0.5 * h.square().mean(dim=1), roundings=1e4),
        at_most(quartic / (8.0 / coefficient("sin", 2, d, 0) ** 2 * d), 1.0),
        at_most(error, d / per),
    )


the_quadratic_part_fits_a_dense_quadratic.twin("h ten times as large", factor=40.0)


@NBL18.part(
    "f",
    kind="existence",
    says=r"Weights for a linear $q=v^\top x$: $A(w)=\frac{wv^\top+vw^\top}{2\sqrt d\,"
    r"\lambda_1(\sigma'')}$ has $\mathbb E_w[\sigma''(w^\top x)x^\top A(w)x]=v^\top x$; its two "
    r"eigenpairs on two halves of the neurons, $h=8e_j$, give $\|W\|_{2,4}^2=O(1)$ and a squared "
    r"error $O(d/p)$. For a dense cubic, $A(w)=\sqrt d\,T[w,\cdot,\cdot]/\lambda_1(\sigma'')$.",
    constant=Constant(8.0, measured_on="sin, d = 6…16, p = 64d"),
    specimens=[{"d": 8, "per": 64}],
)
@given(d=st.sampled_from((6, 8)), per=st.just(64))
def the_quadratic_part_fits_a_linear_function_at_constant_cost(
    d: int, per: int, trials: Trials, *, degree: int = 1
) -> Bound:
    net = Pairs(dimension=d, pairs=per * d)
    network = net.initialise(trials)
    v, w = trials.sphere("v", 1, d), network.half
    level = coefficient("sin", 2, d, degree)
    # The eigenpairs of wvᵀ + vwᵀ are (c ± 1, (w ± v)/‖w ± v‖), c = wᵀv.
    c = (w * v).sum(dim=-1)
    first = torch.arange(net.pairs, device=w.device) < net.pairs // 2
    sign = torch.where(first, 1.0, -1.0).to(w.dtype)
    h = 8.0 * (c + sign) / (2.0 * math.sqrt(d) * level)
    direction = w + sign[:, None] * v
    direction = direction / direction.norm(dim=-1, keepdim=True)
    sizes = torch.cat((h.clamp(min=0.0), (-h).clamp(min=0.0)), dim=1).sqrt() / net.width**0.25
    W = sizes.unsqueeze(-1) * torch.cat((direction, direction), dim=1)
    x = inputs(trials, 64, d)
    linear = (x @ v.mT).squeeze(-1)
    error = (network.on(x).quadratic(W) - linear).square().mean(dim=1)
    return all_of(at_most(norm24(W) ** 2, 1.0), at_most(error * per, 1.0))


the_quadratic_part_fits_a_linear_function_at_constant_cost.twin("λ_2 for λ_1", degree=2)


@NBL18.part(
    "g",
    kind="existence",
    says=r"Weights for a dense cubic $q=T[x,x,x]$, $T$ symmetric and traceless: "
    r"$A(w)=\frac{\sqrt d}{\lambda_1(\sigma'')}T[w,\cdot,\cdot]$ has $\mathbb E_w[\sigma''(w^\top "
    r"x)x^\top A(w)x]=q(x)$; one eigenpair a neuron, $h=4d\,e_j$, gives $\|W\|_{2,4}^2\le Cd$, the "
    r"order of its lower bound, and a squared error at most $Cd^3/p$.",
    constant=Constant(8.0, measured_on="sin, d = 6, 8, p = 64d: norm at most 4, error at most 2"),
    specimens=[{"d": 8, "per": 64}],
)
@given(d=st.sampled_from((6, 8)), per=st.just(64))
def the_quadratic_part_fits_a_dense_cubic_at_a_cost_of_the_dimension(
    d: int, per: int, trials: Trials, *, degree: int = 1
) -> Bound:
    net = Pairs(dimension=d, pairs=per * d)
    network = net.initialise(trials)
    w = network.half
    A = contracted("dense cubic", w, trials) * math.sqrt(d) / coefficient("sin", 2, d, degree)
    e, v = torch.linalg.eigh(A)
    own = torch.arange(net.pairs, device=w.device) % d
    e = e.gather(2, own.expand(len(w), -1).unsqueeze(-1))[..., 0]
    v = v.gather(3, own[:, None, None].expand(len(w), -1, d, 1))[..., 0]
    h = 4.0 * d * e
    sizes = torch.cat((h.clamp(min=0.0), (-h).clamp(min=0.0)), dim=1).sqrt() / net.width**0.25
    W = sizes.unsqueeze(-1) * torch.cat((v, v), dim=1)
    x = inputs(trials, 64, d)
    basis = torch.eye(d, dtype=w.dtype, device=w.device).expand(len(w), -1, -1)
    T = contracted("dense cubic", basis, trials)
    q = torch.einsum("tabc,tna,tnb,tnc->tn", T, x, x, x)
    error = (network.on(x).quadratic(W) - q).square().mean(dim=1)
    return all_of(at_most(norm24(W) ** 2 / d, 1.0), at_most(error * net.pairs / d**3, 1.0))


the_quadratic_part_fits_a_dense_cubic_at_a_cost_of_the_dimension.twin("λ_2 for λ_1", degree=2)
