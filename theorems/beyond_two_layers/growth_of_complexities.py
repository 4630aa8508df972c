r"""How C_ε grows: entire functions, truncations, ReLU (ALL18, Example 2.1, Remark 4.3, Section 5).

For e^z - 1 the second summand of C_ε is Σ (C*√(ℓ/i))^i / i!, ℓ = log(1/ε). As i! ≥ (i/e)^i, its
terms are at most (eC*√ℓ / i^{3/2})^i, largest at i = X e^{-1/3} with X = (C*²ℓ)^{1/3}, where they
are exp(1.5 e^{-1/3} X): smaller than any power of 1/ε. A cut of tanh pays a power of 1/ε that grows
with C*, one of ReLU is exponential in 1/ε.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
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
    at_least,
    at_most,
    equal,
    given,
    statement,
)
from lemmata.strategies import log_uniform
from lemmata.theorems.beyond_two_layers.setting.activations import (
    ENTIRE,
    Activation,
    activations,
    log_network_complexity,
    log_sample_complexity,
)

ALLC2 = statement(
    "ALL-C2",
    paper="ALL18",
    source="Example 2.1, Remark 4.3 and Section 5",
    provenance="derived",
    title="Growth of the network complexity: entire functions, cuts, ReLU",
    says=r"Scaling the argument scales the radius; $e^z-1,\sin,\cos$ have $\mathfrak "
    r"C_\varepsilon=o(1/\varepsilon)$; $\tanh$ cut at error $\varepsilon$ has $\mathfrak C_s=O(1)$ "
    r"and $\mathfrak C_\varepsilon\le\mathrm{poly}(1/\varepsilon)$; ReLU is approximated to "
    r"$\varepsilon$ by functions with $\mathfrak C_\varepsilon=2^{O(1/\varepsilon)}$.",
    note="printed without constants; the exponents and constants are derived",
    uses=["ALL-C1"],
)
_GROWTH = 1.5 * math.exp(-1.0 / 3.0)


@ALLC2.part(
    "a",
    kind="identity",
    source="Remark 4.3",
    provenance="as printed",
    says=r"$\mathfrak C_\varepsilon(\Phi(C\,\cdot),R)=\mathfrak C_\varepsilon(\Phi,CR)$ for every "
    r"$C>0$.",
    quantifiers=(r"\forall\,\Phi", r"\forall\, C,R,\varepsilon"),
    specimens=[{"phi": Activation(family="sine"), "factor": 3.0}],
)
@given(phi=activations("random", *ENTIRE), factor=log_uniform(0.1, 10.0))
def scaling_the_argument_scales_the_radius(
    phi: Activation, factor: float, trials: Trials, *, power: float = 1.0
) -> Bound:
    sizes = phi.sizes(trials, 100)
    i = trials.tensor(range(100)).to(sizes.dtype)
    left = log_network_complexity(sizes + i * math.log(factor), 1.0, 5.0, 2.0)
    right = log_network_complexity(sizes, factor**power, 5.0, 2.0)
    # Up to 100 times a logarithm of size 5, taken back.
    return equal((left - right).exp(), 1.0, roundings=2e3)


scaling_the_argument_scales_the_radius.twin("radius R/C", power=-1.0)


def _second_summand(log_inverse: float, star: float, trials: Trials) -> Float[Tensor, "trials"]:
    terms = int(3.0 * (star**2 * log_inverse) ** (1.0 / 3.0)) + 60
    i = trials.tensor(range(1, terms)).to(trials.dtype)
    row = i * (math.log(star) + 0.5 * (math.log(log_inverse) - i.log())) - torch.lgamma(i + 1.0)
    return trials.every(torch.logsumexp(row, dim=0))


@ALLC2.part(
    "b",
    kind="inequality",
    source="Example 2.1",
    says=r"The second summand of $\mathfrak C_\varepsilon(e^z-1,1)$ is $\exp\big("
    r"\frac32e^{-1/3}X-O(1)\big)$ with $X=(C^{*2}\log\frac1\varepsilon)^{1/3}\ge2$, and at most "
    r"$\exp(\frac32e^{-1/3}X)$.",
    quantifiers=(r"\forall\,\varepsilon,C^*",),
    specimens=[{"log_inverse": 1e3, "star": 10.0}, {"log_inverse": 11.0, "star": 1e4}],
)
@given(log_inverse=log_uniform(2.0, 1e5), star=st.sampled_from((2.0, 10.0, 100.0, 1e3)))
def exponentials_cost_less_than_any_power(
    log_inverse: float, star: float, trials: Trials, *, root: float = 1.0 / 3.0
) -> Bound:
    found = _second_summand(log_inverse, star, trials)
    claimed = _GROWTH * (star**2 * log_inverse) ** root
    return all_of(upper=at_most(found, claimed), lower=at_least(found + 1.0, claimed))


exponentials_cost_less_than_any_power.twin("exponent ½ in place of ⅓", root=0.5)


@cache
def _cut_tanh(degree: int) -> float:
    """Return sup |tanh z - its series up to z^degree| on [-1, 1], attained at z = 1."""
    tail, i = 0.0, degree + 2
    while i < degree + 200:
        zeta = sum(n ** -(i + 1.0) for n in range(1, 60))
        c = 2.0 * zeta * (2.0 / math.pi) ** (i + 1) * (1.0 - 2.0 ** -(i + 1))
        tail += (-1.0) ** ((i - degree) // 2) * c
        i += 2
    return abs(tail)


_DEGREES = (9, 15, 21, 31, 41)


@ALLC2.part(
    "c",
    kind="scaling",
    source="Example 2.1",
    says=r"$\tanh$ cut at degree $n$ with error $\varepsilon$ on $[-1,1]$: $\mathfrak C_s\le15C^*$ "
    r"and $\mathfrak C_\varepsilon=O(\varepsilon^{-e})$, $e=\log(2C^*/\pi)/\log(\pi/2)$.",
    quantifiers=(r"\forall\, n,C^*",),
    constant=Constant(15.0, measured_on="n = 9…61, C* = 3…100", failure=0.0),
    along=[
        Along(
            variable="1/ε",
            sizes=tuple(1.0 / _cut_tanh(n) for n in _DEGREES),
            instance=lambda size: {
                "degree": min(_DEGREES, key=lambda n: abs(math.log(size * _cut_tanh(n)))),
                "star": 10.0,
            },
            member="network",
            at_most=0.05,
            trials=16,
            resolution=0.1,
        )
    ],
    specimens=[{"degree": 15, "star": 10.0}, {"degree": 31, "star": 100.0}],
)
@given(degree=st.integers(4, 30).map(lambda k: 2 * k + 1), star=st.sampled_from((10.0, 3.0, 100.0)))
def a_cut_of_tanh_costs_a_power_of_one_over_epsilon(
    degree: int, star: float, trials: Trials, *, exponent: float = 1.0
) -> Bound:
    sizes = Activation(family="tanh").sizes(trials, degree + 1)
    log_inverse = -math.log(_cut_tanh(degree))
    e = exponent * math.log(2.0 * star / math.pi) / math.log(math.pi / 2.0)
    network = log_network_complexity(sizes, 1.0, log_inverse, star) - e * log_inverse
    sample = log_sample_complexity(sizes, 1.0, star) - math.log(star)
    return all_of(network=at_most(network.exp(), 1.0), sample=at_most(sample.exp(), 1.0))


a_cut_of_tanh_costs_a_power_of_one_over_epsilon.twin(
    "o(1/ε) at C* = 10, as for entire functions", exponent=0.24
)


@cache
def _cut_relu(degree: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the Chebyshev cut of ReLU of an even degree, in Chebyshev and in monomial form."""
    c = np.zeros(degree + 1)
    c[0], c[1] = 1.0 / math.pi, 0.5
    for k in range(1, degree // 2 + 1):
        c[2 * k] = -2.0 / math.pi * (-1.0) ** k / (4.0 * k * k - 1.0)
    return tuple(c), tuple(np.polynomial.chebyshev.cheb2poly(c))


@ALLC2.part(
    "d",
    kind="inequality",
    source="Section 5",
    says=r"The Chebyshev cut of ReLU of even degree $n$ errs by $\varepsilon=\frac1{\pi(n+1)}$ on "
    r"$[-1,1]$, and $\varepsilon\log_2\mathfrak C_\varepsilon\le4.5$ at $C^*=10^4$.",
    quantifiers=(r"\forall\, n", r"\forall\,|x|\le1"),
    specimens=[{"degree": 8}, {"degree": 32}],
)
@given(degree=st.integers(2, 16).map(lambda k: 2 * k))
def relu_costs_an_exponential_of_one_over_epsilon(
    degree: int, trials: Trials, *, share: float = 1.0, exponent: float = 1.0
) -> Bound:
    chebyshev, monomials = _cut_relu(degree)
    epsilon = 1.0 / (math.pi * (degree + 1))
    x = 2.0 * trials.uniform("x", 64) - 1.0
    x = torch.cat((x, torch.zeros_like(x[:, :1])), dim=1)
    angles = torch.arccos(x).unsqueeze(-1) * trials.tensor(range(degree + 1))
    cut = angles.cos() @ trials.tensor(chebyshev)
    sizes = trials.every(trials.tensor(monomials).abs().clamp(min=1e-300).log())
    log_two = log_network_complexity(sizes, 1.0, -math.log(epsilon), 1e4) / math.log(2.0)
    return all_of(
        # Attained at x = 0: the cut's roundings, of numbers up to 1, are granted.
        error=at_most((cut - x.relu()).abs(), share * epsilon + 1e-13),
        complexity=at_most(epsilon**exponent * log_two, 4.5),
    )


relu_costs_an_exponential_of_one_over_epsilon.twin("three quarters of the error", share=0.75)
relu_costs_an_exponential_of_one_over_epsilon.twin("exp(O(1/√ε))", exponent=0.5)
