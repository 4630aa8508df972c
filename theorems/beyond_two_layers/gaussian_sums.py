r"""Sums behind indicators, independence, a central limit theorem (ALL18, Appendix A.1 and A.2).

*Indicators.* Given (n, α), Σ a_{1,i} a_{2,i} 1[n_i ≥ 0] h(α_i) is a form in Gaussians whose matrix
has Frobenius norm at most L√m and spectral norm at most L. *Independence.* P(x₁, x₃) = Σ P(x₁ | x₂)
P(x₃ | x₂) P(x₂). *Central limit.* The distance W₂ on the line is that of the quantiles: for a law
of atoms v_k it is the sum of ∫ (v_k - √V z)² φ(z) dz over the cells of N(0, 1) that have the atoms'
masses.
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from scipy import stats
from torch import Tensor

from lemmata.harness import Bound, Constant, Trials, at_most, equal, given, statement
from lemmata.strategies import sizes
from lemmata.theorems.mathematics.gaussian import ROOT

ALLA1 = statement(
    "ALL-A1",
    paper="ALL18",
    source="Lemma A.1",
    provenance="as printed",
    title="Gaussian sums behind an indicator concentrate",
    says=r"$(n_i,\alpha_i)$ independent of independent standard Gaussians $a_{1,i},a_{2,i}$, "
    r"$h:\mathbb R\to[-L,L]$, $B\ge1$: $\big|\sum_{i\le m}a_{1,i}a_{2,i}1[n_i\ge0]h(\alpha_i)\big|"
    r"<BL(\sqrt m+B)$ with probability at least $1-4e^{-B^2/8}$, and the same for $\sum "
    r"a_{1,i}^21[n_i\ge0]h(\alpha_i)$ less its mean.",
    kind="probability",
    quantifiers=(r"\forall\, m,B,L", r"\forall\, h", r"\mathbb P_{n,\alpha,a}"),
    specimens=[
        {"m": 64, "B": 5.0, "L": 1.0, "squares": True, "always": True},
        {"m": 4096, "B": 6.0, "L": 2.0, "squares": False, "always": True},
    ],
)


@ALLA1
@given(
    m=sizes(largest=4096, factor=4.0),
    B=st.sampled_from((5.0, 4.0, 6.0, 8.0)),
    L=st.sampled_from((1.0, 0.1, 10.0)),
    squares=st.booleans(),
    always=st.booleans(),
)
def sums_behind_an_indicator_concentrate(
    m: int, B: float, L: float, squares: bool, always: bool, trials: Trials, *, root: float = 0.5
) -> Bound:
    first = trials.normal("a1", m)
    second = first if squares else trials.normal("a2", m)
    # The largest variance is that of n ≥ 0 and h = L throughout; else h = L sgn(α).
    if always:
        weight, mean = L * torch.ones_like(first), L * m
    else:
        weight = L * trials.normal("alpha", m).sign() * (trials.normal("n", m) >= 0)
        mean = 0.0
    total = (first * second * weight).sum(dim=-1) - (mean if squares else 0.0)
    bound = B * L * (m**root + B)
    return at_most(total.abs(), bound).except_with_probability(4.0 * math.exp(-(B**2) / 8.0))


sums_behind_an_indicator_concentrate.twin(
    "without √m",
    specimens=[{"m": 16384, "B": 6.0, "L": 1.0, "squares": False, "always": True}],
    root=0.0,
)

ALLA2 = statement(
    "ALL-A2",
    paper="ALL18",
    source="Proposition A.2",
    provenance="as printed",
    title="Independence through a conditional",
    says=r"If $X_1\perp X_2$ and $X_1\perp X_3$ given $X_2$, then $X_1\perp X_3$.",
    kind="identity",
    quantifiers=(r"\forall",),
    specimens=[{"values": 3}, {"values": 2}],
)


@ALLA2
@given(values=st.integers(2, 5))
def independence_passes_through_a_conditional(
    values: int, trials: Trials, *, independent: bool = True
) -> Bound:
    tables = [trials.uniform(name, values, values).pow(2.0) for name in ("one given two", "three")]
    one, three = (t / t.sum(dim=-1, keepdim=True) for t in tables)
    two = trials.uniform("two", values)
    two = two / two.sum(dim=-1, keepdim=True)
    if independent:
        one = one[:, :1].expand_as(one)
    joint = torch.einsum("tb,tba,tbc->tac", two, one, three)
    product = joint.sum(dim=2, keepdim=True) * joint.sum(dim=1, keepdim=True)
    return equal(joint, product, roundings=8.0 * values, scale=1.0)


independence_passes_through_a_conditional.twin(
    "a Markov chain: X₁ depends on X₂", independent=False
)

ALLA3 = statement(
    "ALL-A3",
    paper="ALL18",
    source="Lemma A.3",
    provenance="as printed",
    note="printed with O(C log m) for all m, which is 0 at m = 1 where the distance is not: "
    "log(2m) here, a degenerate case on which nothing depends",
    title="A central limit theorem in Wasserstein distance",
    says=r"Independent mean-zero $|X_i|\le C$, $V=\sum_i\mathbb EX_i^2$: $\mathcal W_2\big(\sum_i"
    r"X_i,N(0,V)\big)\le O(C\log m)$. In no family tried does the distance grow with $m$.",
    kind="scaling",
    quantifiers=(r"\forall\, m,C",),
    constant=Constant(1.0, measured_on="two-point laws, m = 1…16384", failure=0.0),
    specimens=[{"m": 1, "bias": 0.5}, {"m": 1024, "bias": 0.1}],
)


def _distance_to_normal(
    atoms: Float[Tensor, "trials atoms"], masses: Float[Tensor, "trials atoms"], variance: Tensor
) -> Float[Tensor, "trials"]:
    """Return W₂ between a law of increasing atoms and N(0, variance)."""
    cumulative = masses.cumsum(dim=-1)
    reach = 1.0 - 2.0**-53
    inner = torch.special.ndtri(cumulative[:, :-1].clamp(1e-300, reach)).clamp(-37.0, 8.2)
    edge = torch.nn.functional.pad(inner, (1, 0), value=-40.0)
    upper = torch.nn.functional.pad(inner, (0, 1), value=40.0)
    weight = [torch.exp(-0.5 * z**2) / ROOT for z in (edge, upper)]
    first = weight[0] - weight[1]
    mass = torch.special.ndtr(upper) - torch.special.ndtr(edge)
    second = mass + edge * weight[0] - upper * weight[1]
    root = variance.sqrt().unsqueeze(-1)
    cells = atoms**2 * mass - 2.0 * atoms * root * first + root**2 * second
    return cells.sum(dim=-1).clamp(min=0.0).sqrt()


@ALLA3
@given(m=sizes(largest=16384, factor=4.0), bias=st.sampled_from((0.5, 0.3, 0.1, 0.01, 0.001)))
def sums_are_near_a_normal_law_in_w2(
    m: int, bias: float, trials: Trials, *, power: float = 0.0, shift: float = 2.0
) -> Bound:
    # X = C(1 - q) with probability q, else -Cq, scaled to C = 1 by its larger value.
    C = 10.0 ** (2.0 * trials.uniform("C") - 1.0)
    top = max(bias, 1.0 - bias)
    k = trials.tensor(range(m + 1)).to(trials.dtype)
    masses = trials.every(trials.tensor(stats.binom.pmf(range(m + 1), m, bias)))
    atoms = C.unsqueeze(-1) * (k - bias * m) / top
    variance = C**2 * m * bias * (1.0 - bias) / top**2
    distance = _distance_to_normal(atoms, masses, variance)
    return at_most(distance, C * math.log(shift * m) * m**power)


sums_are_near_a_normal_law_in_w2.twin("log m to the letter, at m = 1", shift=1.0)
sums_are_near_a_normal_law_in_w2.twin(
    "C/√m, as for the normalised sum", specimens=[{"m": 16384, "bias": 0.5}], power=-0.5
)
