r"""Rademacher calculus (ALL18, Proposition A.12).

Finite classes of functions on at most eight points, with the mean over all 2^N signs taken exactly.
The class {f, 0} with f ≥ 0 makes contraction by ReLU an equality.
"""

from __future__ import annotations

import math
from functools import partial

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Bound, Trials, all_of, at_least, at_most, equal, given, statement
from lemmata.strategies import sizes
from lemmata.theorems.beyond_two_layers.setting.rademacher import (
    complexity,
    correlations,
)
from lemmata.theorems.mathematics.signs import sign_vectors

_N = 6
_TABLES = {"functions": st.integers(2, 6), "structured": st.booleans()}
_CLASS = [{"functions": 6, "structured": False}, {"functions": 2, "structured": True}]

ALLR1 = statement(
    "ALL-R1",
    paper="ALL18",
    source="Proposition A.12",
    provenance="as printed",
    title="Rademacher calculus",
    says=r"Linear classes, translations, sums and multiples, contraction by 1-Lipschitz functions, "
    r"vector contraction, and composition with one hidden layer.",
    kind="inequality",
    quantifiers=(r"\forall\,\mathcal F", r"\forall\, x_1,\dots,x_N"),
)


def _table(
    trials: Trials, functions: int, structured: bool, name: str = "values", *more: int
) -> Float[Tensor, "trials functions samples"]:
    values = trials.normal(name, *more, functions, _N)
    if structured:
        values = values.abs()
        values[..., 0, :] = 0.0
    return values


@ALLR1.part(
    "a",
    source="Proposition A.12(a)",
    says=r"$\widehat{\mathfrak R}(\{\langle w,x\rangle:\|w\|\le B\})=\frac BN\mathbb "
    r"E\|\sum\xi_nx_n\|\le\frac BN\big(\sum\|x_n\|^2\big)^{1/2}$, and at least $1/\sqrt2$ of it.",
    specimens=[{"dimension": 1}, {"dimension": 6}],
)
@given(dimension=sizes(largest=16))
def linear_classes(
    dimension: int, trials: Trials, *, upper: float = 1.0, lower: float = 0.5
) -> Bound:
    x = trials.normal("x", 8, dimension) * (2.0 * trials.normal("scale", 8, 1)).exp()
    sums = sign_vectors(8, x) @ x
    measured = sums.norm(dim=-1).mean(dim=1)
    scale = x.square().sum(dim=(1, 2)).sqrt()
    return all_of(
        above=at_most(measured, upper * scale), below=at_least(measured, lower**0.5 * scale)
    )


linear_classes.twin("0.7 of the bound", upper=0.7, specimens=[{"dimension": 6}])
linear_classes.twin("at least 0.98 of the bound", lower=0.96, specimens=[{"dimension": 1}])


@ALLR1.part(
    "b",
    source="Proposition A.12(c)",
    kind="identity",
    says=r"$\widehat{\mathfrak R}(\mathcal F+f_0)=\widehat{\mathfrak R}(\mathcal F)$, "
    r"$\widehat{\mathfrak R}(\mathcal F_1+\mathcal F_2)=\widehat{\mathfrak R}(\mathcal "
    r"F_1)+\widehat{\mathfrak R}(\mathcal F_2)$, $\widehat{\mathfrak R}(c\mathcal "
    r"F)=|c|\,\widehat{\mathfrak R}(\mathcal F)$.",
    specimens=_CLASS,
)
@given(**_TABLES)
def translations_sums_and_multiples(
    functions: int, structured: bool, trials: Trials, *, signed: bool = False
) -> Bound:
    F, G = (_table(trials, functions, structured, name) for name in "fg")
    signs = sign_vectors(_N, F)
    single = trials.normal("single", 1, _N)
    c = 2.0 * trials.normal("c", 1, 1)
    sums = (F.unsqueeze(2) + G.unsqueeze(1)).flatten(1, 2)
    factor = (c if signed else c.abs())[:, 0, 0]
    R = complexity(F, signs)
    same = partial(equal, roundings=256.0, scale=1.0 + 3.0 * R + c[:, 0, 0].abs())
    return all_of(
        translated=same(complexity(F + 5.0 * single, signs), R),
        added=same(complexity(sums, signs), R + complexity(G, signs)),
        scaled=same(complexity(c * F, signs), factor * R),
    )


translations_sums_and_multiples.twin("c in place of |c|", signed=True)


@ALLR1.part(
    "c",
    source="Proposition A.12(d)",
    says=r"$\widehat{\mathfrak R}(\psi\circ\mathcal F)\le\widehat{\mathfrak R}(\mathcal F)$ for "
    r"1-Lipschitz $\psi_n$; with absolute values and $\psi_n(0)=0$, twice as much.",
    specimens=_CLASS,
)
@given(**_TABLES)
def lipschitz_functions_contract(
    functions: int, structured: bool, trials: Trials, *, factor: float = 1.0
) -> Bound:
    F = _table(trials, functions, structured)
    signs = sign_vectors(_N, F)
    R = complexity(F, signs)
    both = correlations(F, signs).abs().amax(dim=-2).mean(dim=-1)
    half = correlations(F.relu(), signs).abs().amax(dim=-2).mean(dim=-1)
    bound = factor * R * (1.0 + 1e-12)
    return all_of(
        relu=at_most(complexity(F.relu(), signs), bound),
        modulus=at_most(complexity(F.abs(), signs), bound),
        absolute=at_most(half, 2.0 * factor * both),
    )


lipschitz_functions_contract.twin("half the Lipschitz constant", factor=0.5)


@ALLR1.part(
    "d",
    source="proof of Corollary A.11",
    provenance="derived",
    says=r"$\psi_n:\mathbb R^k\to\mathbb R$ 1-Lipschitz in $\ell_2$: $\frac1N\mathbb "
    r"E\sup_f\sum\xi_n\psi_n(f(x_n))\le\sqrt2\sum_{r\le k}\widehat{\mathfrak R}(\mathcal F_r)$.",
    specimens=_CLASS,
)
@given(**_TABLES)
def vector_contraction(
    functions: int, structured: bool, trials: Trials, *, factor: float = 2.0
) -> Bound:
    F = torch.stack([_table(trials, functions, structured, name) for name in "fg"], dim=-1)
    if structured:
        F[..., 1] = 0.0
    y = 0.0 if structured else trials.normal("y", 1, _N, 2)
    signs = sign_vectors(_N, F)
    each = sum(complexity(F[..., r], signs) for r in range(2))
    return at_most(complexity((F - y).norm(dim=-1), signs), math.sqrt(factor) * each)


vector_contraction.twin("0.9 in place of √2, on {f, 0}", factor=0.81)


@ALLR1.part(
    "e",
    source="Proposition A.12(e)",
    provenance="derived",
    says=r"$\{\sum_iv_i\sigma(f_i):\|v\|_1\le B,\ f_i\in\mathcal F\}$ with $0\in\mathcal F$ has "
    r"$\widehat{\mathfrak R}\le2B\,\widehat{\mathfrak R}(\mathcal F)$.",
    specimens=_CLASS,
)
@given(**_TABLES)
def one_hidden_layer_costs_twice_its_weights(
    functions: int, structured: bool, trials: Trials, *, factor: float = 2.0
) -> Bound:
    F = _table(trials, functions, structured)
    F = torch.cat((torch.zeros_like(F[:, :1]), F), dim=1)
    signs = sign_vectors(_N, F)
    B = (2.0 * trials.normal("B")).exp()
    # The supremum over the ball is attained at a vertex: B times one neuron, of either sign.
    measured = B * correlations(F.relu(), signs).abs().amax(dim=-2).mean(dim=-1) / _N
    # Attained on {f, 0}, f ≥ 0, up to roundings.
    return at_most(measured, factor * B * complexity(F, signs) * (1.0 + 1e-12))


one_hidden_layer_costs_twice_its_weights.twin("½ in place of 2", factor=0.5)

ALLA12 = statement(
    "ALL-A12",
    paper="ALL18",
    source="Proposition A.12(b), (e), (f)",
    provenance="as printed",
    uses=["ALL-R1"],
    note="(b) and (f) are printed with log m, which is 0 at m = 1: log(2m) here; in (f) a root of "
    "it suffices, as its proof shows; the printed factor 2 of (e) improves to 1",
    title="Rademacher: balls of ℓ₁ and neurons with a fixed start",
    says=r"$\ell_1$ balls cost $O(B\sqrt{\log(2m)/N})$; fixed weights $w$ cost $\|w\|_1$; weights "
    r"$\|v\|_1\le B$, $\|v\|_\infty\le D$ on neurons that contain a bounded function cost "
    r"$2D\sum_j\widehat{\mathfrak R}(\mathcal F_j)+O(BR\sqrt{\log(2m)/N})$.",
    kind="inequality",
    quantifiers=(r"\forall\,\mathcal F", r"\forall\, x_1,\dots,x_N"),
)


@ALLA12.part(
    "a",
    source="Proposition A.12(b)",
    says=r"$\|x_n\|_\infty\le1$ in $\mathbb R^m$: $\widehat{\mathfrak R}(\|w\|_1\le B)=\frac "
    r"BN\mathbb E\|\sum\xi_nx_n\|_\infty\le B\sqrt{2\log(2m)/N}$.",
    specimens=[{"m": 1}, {"m": 256}],
)
@given(m=sizes(largest=256))
def balls_of_the_one_norm(m: int, trials: Trials, *, shift: float = 2.0) -> Bound:
    x = trials.signs("x", 8, m)
    sums = torch.einsum("sn,tnm->tsm", sign_vectors(8, x), x)
    measured = sums.abs().amax(dim=-1).mean(dim=1) / 8.0
    return at_most(measured, math.sqrt(2.0 * math.log(shift * m) / 8.0))


balls_of_the_one_norm.twin("log m to the letter, at m = 1", shift=1.0)


@ALLA12.part(
    "b",
    source="Proposition A.12(e)",
    says=r"Fixed $w$, 1-Lipschitz $\sigma$: $\widehat{\mathfrak "
    r"R}(\{\sum_jw_j\sigma(f_j)\})=\sum_j|w_j|\widehat{\mathfrak R}(\sigma\circ\mathcal "
    r"F_j)\le\|w\|_1\max_j\widehat{\mathfrak R}(\mathcal F_j)$.",
    specimens=_CLASS,
)
@given(**_TABLES)
def fixed_weights_cost_their_one_norm(
    functions: int, structured: bool, trials: Trials, *, factor: float = 1.0
) -> Bound:
    F = _table(trials, min(functions, 3), structured, "values", 3)
    w = trials.normal("w", 3)
    signs = sign_vectors(_N, F)
    weighted = w[:, :, None, None] * F.relu()
    one, two, three = weighted.unbind(dim=1)
    sums = one[:, :, None, None] + two[:, None, :, None] + three[:, None, None, :]
    measured = complexity(sums.flatten(1, 3), signs)
    each = (w.abs() * complexity(F.relu(), signs)).sum(dim=1)
    bound = factor * w.abs().sum(dim=1) * complexity(F, signs).amax(dim=1)
    return all_of(
        parts=equal(measured, each, roundings=256.0, scale=1.0 + each),
        bound=at_most(measured, bound * (1.0 + 1e-12)),
    )


fixed_weights_cost_their_one_norm.twin(
    "half of it", specimens=[{"functions": 2, "structured": True}], factor=0.5
)


@ALLA12.part(
    "c",
    source="Proposition A.12(f)",
    says=r"$f^{(0)}_j\in\mathcal F_j$, $|\sigma(f^{(0)}_j)|\le R$, $\|v\|_1\le B$, "
    r"$\|v\|_\infty\le D$: $\widehat{\mathfrak "
    r"R}(\{\sum_jv_j\sigma(f_j)\})\le2D\sum_j\widehat{\mathfrak R}(\mathcal "
    r"F_j)+BR\sqrt{2\log(2m)/N}$.",
    specimens=[{"m": 1, "spread": 0.0}, {"m": 4, "spread": 1.0}],
)
@given(m=st.integers(1, 5), spread=st.sampled_from((0.0, 0.1, 1.0, 4.0)))
def bounded_weights_on_neurons_with_a_start(
    m: int, spread: float, trials: Trials, *, shift: float = 2.0, largest: float = 2.0
) -> Bound:
    D = 0.1 + trials.uniform("D")
    B = D * (0.2 + 0.8 * trials.uniform("B") * m).clamp(max=m)
    start = trials.signs("start", m, 1, _N)
    F = torch.cat((start, start + spread * trials.normal("values", m, 2, _N)), dim=2)
    signs = sign_vectors(_N, F)
    scores = correlations(F.relu(), signs).abs().amax(dim=2)
    # sup over v: D on the ⌊B/D⌋ largest scores, the rest of B on the next.
    ranked = scores.sort(dim=1, descending=True).values
    used = torch.arange(m, device=F.device).to(F.dtype)
    v = torch.minimum(D[:, None], (B[:, None] - D[:, None] * used).clamp(min=0.0))
    measured = (v.unsqueeze(-1) * ranked).sum(dim=1).mean(dim=1) / _N
    each = complexity(F, signs).sum(dim=1)
    return at_most(
        measured,
        largest * D * each + B * math.sqrt(2.0 * math.log(shift * m) / _N),
    )


bounded_weights_on_neurons_with_a_start.twin(
    "log m to the letter, at m = 1",
    specimens=[{"m": 1, "spread": 0.0}],
    shift=1.0,
)
