r"""The two complexities of an activation (ALL18, Section 2).

With ℓ = log(1/ε), max_i (ℓ/i)^{i/2} = e^{ℓ/2e} is attained at i = ℓ/e, hence

    C_ε(φ, R) ≤ (1 + ε^{-1/2e}) Σ (C*R)^i |c_i| ≤ (1 + ε^{-1/2e}) C_s(φ, C*R)/C*,

which is the printed C_ε ≤ C_s(φ, O(R)) poly(1/ε) with its polynomial. The other inequality compares
C*(i + 1)^{1.75} with C*^i, term by term: it needs i ≥ 2 and C* ≥ 7.
"""

from __future__ import annotations

import math

from hypothesis import strategies as st

from lemmata.harness import Along, Bound, Trials, all_of, at_least, at_most, equal, given, statement
from lemmata.theorems.beyond_two_layers.setting.activations import (
    ENTIRE,
    GROWTH,
    Activation,
    activations,
    log_network_complexity,
    log_plain,
    log_sample_complexity,
)

TERMS = 120
_RADII = st.sampled_from((1.0, 0.5, 2.0, 0.1))
_DIGITS = st.sampled_from((2.0, 0.5, 1.0, 4.0, 8.0, 12.0))
_SERIES = activations("random", "power", *ENTIRE, largest=12)

ALLC1 = statement(
    "ALL-C1",
    paper="ALL18",
    source="Section 2",
    provenance="derived",
    title="The two complexities of a smooth activation",
    says=r"With $\mathfrak "
    r"C_\varepsilon(\phi,R)=\sum_i\big((C^*R)^i+(\sqrt{\log(1/\varepsilon)/i}\,C^*R)^i\big)|c_i|$ "
    r"and $\mathfrak C_s(\phi,R)=C^*\sum_i(i+1)^{1.75}R^i|c_i|$ of $\phi(z)=\sum_ic_iz^i$: "
    r"$\mathfrak C_s(\phi,R)\le\mathfrak C_\varepsilon(\phi,R)\le\mathfrak "
    r"C_s(\phi,O(R))\cdot\mathrm{poly}(1/\varepsilon)$, the first inequality up to its terms of "
    r"degree 0 and 1.",
    note="the sandwich is printed as always true; read literally, its left half fails by up to "
    "C*/2 at degrees 0 and 1, the summand i = 0 divides by √0, and log(1/ε) needs ε < 1: nothing "
    "in the paper depends on either",
    kind="inequality",
    quantifiers=(r"\forall\,\phi", r"\forall\, R,\varepsilon,C^*"),
)


@ALLC1.part(
    "a",
    says=r"$\mathfrak C_\varepsilon(\phi,R)\le(1+\varepsilon^{-1/2e})\sum_i(C^*R)^i|c_i|\le"
    r"(1+\varepsilon^{-1/2e})\,\mathfrak C_s(\phi,C^*R)/C^*$ for every $C^*\ge1$.",
    specimens=[
        {"phi": Activation(family="power", degree=4), "radius": 1.0, "digits": 4.0, "star": 1.0},
        {"phi": Activation(family="random", degree=12), "radius": 2.0, "digits": 8.0, "star": 10.0},
    ],
)
@given(phi=_SERIES, radius=_RADII, digits=_DIGITS, star=st.sampled_from((1.0, 2.0, 10.0, 100.0)))
def the_network_complexity_is_a_polynomial_of_one_over_epsilon(
    phi: Activation,
    radius: float,
    digits: float,
    star: float,
    trials: Trials,
    *,
    power: float = 1.0,
) -> Bound:
    sizes, log_inverse = phi.sizes(trials, TERMS), digits * math.log(10.0)
    network = log_network_complexity(sizes, radius, log_inverse, star)
    plain = log_plain(sizes, trials.tensor(star * radius))
    sample = log_sample_complexity(sizes, star * radius, star) - math.log(star)
    factor = math.log1p(math.exp(power * log_inverse / (2.0 * math.e)))
    return all_of(
        sandwich=at_most((network - plain - factor).exp(), 1.0),
        sample=at_most((plain - sample).exp(), 1.0),
    )


the_network_complexity_is_a_polynomial_of_one_over_epsilon.twin(
    "half the exponent of 1/ε", power=0.5
)


@ALLC1.part(
    "b",
    says=r"$\mathfrak C_s(\phi,R)\le\mathfrak C_\varepsilon(\phi,R)+C^*|c_0|+2^{1.75}C^*R|c_1|$ as "
    r"soon as $C^{*\,i-1}\ge(i+1)^{1.75}$ for all $i\ge2$, that is for $C^*\ge7$.",
    specimens=[
        {"phi": Activation(family="power", degree=2), "radius": 1.0, "digits": 0.5, "star": 7.0},
        {"phi": Activation(family="cosine"), "radius": 0.1, "digits": 2.0, "star": 10.0},
    ],
)
@given(phi=_SERIES, radius=_RADII, digits=_DIGITS, star=st.sampled_from((7.0, 10.0, 1e2, 1e4)))
def the_sample_complexity_is_the_smaller_one(
    phi: Activation,
    radius: float,
    digits: float,
    star: float,
    trials: Trials,
    *,
    correction: float = 1.0,
) -> Bound:
    sizes = phi.sizes(trials, TERMS)
    network = log_network_complexity(sizes, radius, digits * math.log(10.0), star).exp()
    c = sizes[:, :2].exp()
    low = star * c[:, 0] + 2.0**GROWTH * star * radius * c[:, 1]
    return at_most(log_sample_complexity(sizes, radius, star).exp(), network + correction * low)


the_sample_complexity_is_the_smaller_one.twin(
    "the printed inequality to the letter, without the terms of degree 0 and 1",
    specimens=[
        {"phi": Activation(family="power", degree=1), "radius": 1.0, "digits": 0.5, "star": 1e4},
        {"phi": Activation(family="cosine"), "radius": 0.1, "digits": 2.0, "star": 1e2},
    ],
    correction=0.0,
)


@ALLC1.part(
    "c",
    kind="identity",
    says=r"$\mathfrak C_\varepsilon(z^q,R)=(C^*R)^q\big(1+(\log(1/\varepsilon)/q)^{q/2}\big)$ and "
    r"$\mathfrak C_s(z^q,R)=C^*(q+1)^{1.75}R^q$.",
    specimens=[{"q": 3, "radius": 0.5, "digits": 2.0, "star": 10.0}],
)
@given(q=st.integers(1, 12), radius=_RADII, digits=_DIGITS, star=st.sampled_from((1.0, 10.0, 1e4)))
def complexities_of_a_power(
    q: int, radius: float, digits: float, star: float, trials: Trials, *, root: float = 0.5
) -> Bound:
    sizes = Activation(family="power", degree=q).sizes(trials, q + 1)
    log_inverse = digits * math.log(10.0)
    network = (star * radius) ** q * (1.0 + (log_inverse / q) ** (root * q))
    sample = star * (q + 1) ** GROWTH * radius**q
    # Logarithms of numbers up to 1e60, taken back: a few hundred roundings.
    return all_of(
        network=equal(
            log_network_complexity(sizes, radius, log_inverse, star).exp(), network, roundings=1e3
        ),
        sample=equal(log_sample_complexity(sizes, radius, star).exp(), sample, roundings=1e3),
    )


complexities_of_a_power.twin("log(1/ε)/q without the root", root=1.0)

_ENTIRE = Activation(family="exponential")


@ALLC1.part(
    "d",
    source="Example 2.1",
    says=r"For $\sin,\cos,\exp$: $\mathfrak C_s(\phi,R)\le C^*(R^2+3R+1)e^R$, whatever "
    r"$\varepsilon$, and $\mathfrak C_\varepsilon(\phi,R)\le(1+\varepsilon^{-1/2e})e^{C^*R}$, so "
    r"that $\mathfrak C_\varepsilon=o(1/\varepsilon)$.",
    along=[
        Along(
            variable="1/ε",
            sizes=(2, 4, 8, 12, 16),
            instance=lambda digits: {
                "phi": _ENTIRE,
                "radius": 1.0,
                "digits": float(digits),
                "star": 2.0,
            },
            growth="exponential",
            member="network",
            at_most=0.0,
            trials=16,
        )
    ],
    specimens=[
        {"phi": _ENTIRE, "radius": 1.0, "digits": 8.0, "star": 2.0},
        {"phi": _ENTIRE, "radius": 2.0, "digits": 0.5, "star": 10.0},
    ],
)
@given(
    phi=activations(*ENTIRE),
    radius=st.sampled_from((1.0, 0.5, 2.0)),
    digits=_DIGITS,
    star=st.sampled_from((1.0, 2.0, 10.0)),
)
def entire_activations_have_small_complexities(
    phi: Activation,
    radius: float,
    digits: float,
    star: float,
    trials: Trials,
    *,
    growth: float = 3.0,
    power: float = 1.0,
) -> Bound:
    sizes, log_inverse = phi.sizes(trials, TERMS), digits * math.log(10.0)
    network = log_network_complexity(sizes, radius, log_inverse, star)
    sample = log_sample_complexity(sizes, radius, star) - math.log(star) - radius
    bound = math.log1p(math.exp(power * log_inverse / (2.0 * math.e))) + star * radius
    return all_of(
        network=at_most((network - bound).exp(), 1.0),
        sample=at_most(sample.exp(), radius**2 + growth * radius + 1.0),
    )


entire_activations_have_small_complexities.twin(
    "C_s ≤ C*(R² + R + 1)e^R",
    specimens=[{"phi": _ENTIRE, "radius": 1.0, "digits": 2.0, "star": 2.0}],
    growth=1.0,
)


@ALLC1.part(
    "e",
    source="Example 2.1 and its discussion",
    says=r"$\mathfrak C_\varepsilon(\tanh,R)=\infty$ as soon as $C^*R\ge\pi/2$: doubling the "
    r"number of terms multiplies the partial sums by more than 10. Such activations enter through "
    r"truncations only.",
    specimens=[{"terms": 40, "radius": 1.0}],
)
@given(terms=st.sampled_from((40, 80)), radius=st.sampled_from((1.0, 2.0, 0.9)))
def the_series_of_tanh_is_too_short(
    terms: int, radius: float, trials: Trials, *, star: float = 2.0
) -> Bound:
    sizes = Activation(family="tanh").sizes(trials, 2 * terms)
    whole, half = (
        log_network_complexity(part, radius, math.log(10.0), star)
        for part in (sizes, sizes[:, :terms])
    )
    return at_least((whole - half).exp(), 10.0)


the_series_of_tanh_is_too_short.twin("inside the radius of convergence: C*R = 1", star=1.0)
