"""Slabs and wedges.

How likely a Gaussian vector lies in them, and what two neurons make of it (ZGJ21, technical lemmas
of the descent direction).

Everything happens in the plane, or in the space, of the two or three vectors that are named. The
set A of Lemma C.7 is a rectangle there: with α = (1, 0), β = (cos φ, sin φ),

    A = {|x₁| ≤ δ₁, |x₂| ≤ H},  H = (δ₂ + δ₁ cos φ)/sin φ,  P(A) = erf(δ₁/√2) erf(H/√2).

With s = δ₁H/π its area is 4πs, and the density of the plane is at most 1/(2π): 2s is the upper
bound, where the proof has 1/(4π) and s.

Owen's function is T(τ, cot φ) = (1/2π) ∫_φ^{π/2} e^{-τ²/(2 sin² u)} du, so that h of Lemma C.8 is

    h(τ, φ) = (τ/√(2π)) erf(τ cot φ/√2) - (2/π) ∫_φ^{π/2} (1 - e^{-τ²/(2 sin² u)}) du,           (1)

a difference of two positive terms: h ≈ τ⁴ cot φ (1 - ⅓ cot² φ)/(4π) for small τ changes its sign at
φ = π/6.
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Bound,
    Constant,
    Mean,
    Trials,
    all_of,
    at_least,
    at_most,
    given,
    mean_of,
    statement,
)
from lemmata.strategies import log_uniform
from lemmata.theorems.local_convergence.setting.states import tilted
from lemmata.theorems.local_convergence.setting.wedges import overlap, owen_gap

ZGJ36 = statement(
    "ZGJ-36",
    paper="ZGJ21",
    source="Lemmas C.7-C.10, pages 37-40",
    provenance="as printed",
    uses=["ZGJ-01"],
    title="Slabs and wedges",
    says=r"For unit $\alpha,\beta$ at the angle $\phi$ and $x\sim N(0,I)$: the probability of the "
    r"slab $|\alpha^\top x|\le\delta_1$, of its part $A$ over the crossing with $|\beta^\top "
    r"x|\le\delta_2$, and moments of $x$ where two signs differ.",
    kind="inequality",
)

_CROSSING = (r"\forall\, \delta_1,\delta_2>0", r"\forall\, \phi\in(0,\frac\pi2]")
_crossings = {
    "first": log_uniform(1e-3, 3.0),
    "second": log_uniform(1e-3, 3.0),
    "phi": log_uniform(1e-2, math.pi / 2),
}
_SQUARE = {"first": 0.1, "second": 0.1, "phi": math.pi / 2}
_NARROW = {"first": 0.01, "second": 0.01, "phi": 0.3}
_WIDE = {"first": 1.5, "second": 1.5, "phi": math.pi / 2}


def _half_height(first: float, second: float, phi: float) -> float:
    return (second + first * math.cos(phi)) / math.sin(phi)


def _probability(first: float, second: float, phi: float) -> float:
    """Return P(A), in closed form."""
    return math.erf(first / math.sqrt(2.0)) * math.erf(
        _half_height(first, second, phi) / math.sqrt(2.0)
    )


def _in_every_trial(value: float, trials: Trials) -> Float[Tensor, "trials"]:
    return torch.full((len(trials),), value, dtype=trials.dtype, device=trials.device)


@ZGJ36.part(
    "a",
    source="Lemma C.7, page 37",
    says=r"$\sqrt{\frac2\pi}\,\delta_1e^{-\delta_1^2/2}\le P(|\alpha^\top "
    r"x|\le\delta_1)\le\sqrt{\frac2\pi}\,\delta_1$, and with "
    r"$s=\frac{\delta_1(\delta_2+\delta_1\cos\phi)}{\pi\sin\phi}$: $P(A)\ge "
    r"s\exp\big(-\frac{\delta_1^2+\delta_2^2+2\delta_1\delta_2\cos\phi}{2\sin^2\phi}\big)$.",
    quantifiers=_CROSSING,
    specimens=[_SQUARE, _NARROW, _WIDE],
)
@given(**_crossings)
def slabs_and_crossings_are_likely(
    first: float,
    second: float,
    phi: float,
    trials: Trials,
    *,
    of_the_slab: float = 1.0,
    decay: float = 0.5,
) -> Bound:
    slab = _in_every_trial(math.erf(first / math.sqrt(2.0)), trials)
    height = _half_height(first, second, phi)
    linear = of_the_slab * math.sqrt(2.0 / math.pi) * first
    least = first * height / math.pi * math.exp(-decay * (first**2 + height**2))
    return all_of(
        slab_at_most=at_most(slab, linear),
        slab_at_least=at_least(slab, linear * math.exp(-(first**2) / 2.0)),
        crossing=at_least(_in_every_trial(_probability(first, second, phi), trials), least),
    ).up_to_roundings(16.0)


slabs_and_crossings_are_likely.twin("the slab is half as likely", of_the_slab=0.5)
slabs_and_crossings_are_likely.twin(
    "the crossing is likely without the exponential", specimens=[{**_WIDE, "phi": 0.3}], decay=0.0
)


@ZGJ36.part(
    "b",
    source="Lemma C.7, page 38",
    kind="mean",
    provenance="derived",
    says=r"$P(A)=\mathrm{erf}\big(\frac{\delta_1}{\sqrt2}\big)\,\mathrm{erf}\big(\frac{\delta_2+"
    r"\delta_1\cos\phi}{\sqrt2\sin\phi}\big)$: $x\in A$ where $|\alpha^\top x|\le\delta_1$ and "
    r"some $y$ over the same point across $\alpha$ has $|\alpha^\top y|\le\delta_1$, $|\beta^\top "
    r"y|\le\delta_2$.",
    quantifiers=(*_CROSSING, r"\mathbb E_x"),
    specimens=[
        {"first": 0.5, "second": 0.5, "phi": 0.7},
        {"first": 1.0, "second": 0.3, "phi": 1.2},
    ],
)
@given(
    first=st.sampled_from((0.3, 0.5, 1.0)),
    second=st.sampled_from((0.3, 0.5, 1.0)),
    phi=st.sampled_from((0.3, 0.7, 1.2, math.pi / 2)),
)
def the_crossing_is_a_rectangle(
    first: float, second: float, phi: float, trials: Trials, *, share: float = 1.0
) -> Mean:
    x = trials.normal("x", 256, 2)
    # The nearest that y₁ cos φ + x₂ sin φ comes to 0 for |y₁| ≤ δ₁.
    nearest = (math.sin(phi) * x[..., 1].abs() - math.cos(phi) * first).clamp(min=0.0)
    inside = (x[..., 0].abs() <= first) & (nearest <= second)
    expected = share * _probability(first, second, phi)
    return mean_of(inside.to(x.dtype).mean(dim=1) / expected, 1.0)


the_crossing_is_a_rectangle.twin("half as likely: the density is 1/(4π)", share=0.5)


@ZGJ36.part(
    "c",
    provenance="ours",
    proof="in the docstring",
    says=r"$2s\exp\big(-\frac{\delta_1^2+\delta_2^2+2\delta_1\delta_2\cos\phi}{2\sin^2\phi}\big)\le"
    r" P(A)\le2s$; both are attained as $\delta_1,\delta_2\to0$.",
    quantifiers=_CROSSING,
    specimens=[_SQUARE, _NARROW, _WIDE],
)
@given(**_crossings)
def a_crossing_is_as_likely_as_its_area_says(
    first: float, second: float, phi: float, trials: Trials, *, factor: float = 2.0
) -> Bound:
    """On A, a rectangle of area 4πs, the density lies between its value at a corner and 1/(2π).

    At a corner x₁² + x₂² = δ₁² + (δ₂ + δ₁ cos φ)²/sin² φ = (δ₁² + δ₂² + 2δ₁δ₂ cos φ)/sin² φ.
    """
    height = _half_height(first, second, phi)
    area = factor * first * height / math.pi
    probability = _in_every_trial(_probability(first, second, phi), trials)
    return all_of(
        upper=at_most(probability, area),
        lower=at_least(probability, area * math.exp(-0.5 * (first**2 + height**2))),
    ).up_to_roundings(16.0)


a_crossing_is_as_likely_as_its_area_says.twin("1.9 s", factor=1.9)
# A slip: the proof, page 38, writes 1/(4π) for the density 1/(2π) at 0; C.4 absorbs constants.
a_crossing_is_as_likely_as_its_area_says.twin("at most s, as Lemma C.7 prints it", factor=1.0)
a_crossing_is_as_likely_as_its_area_says.twin(
    "at least 2.1 s times the exponential", specimens=[_NARROW], factor=2.1
)

# Lemma C.8


@ZGJ36.part(
    "d",
    source="Lemma C.8, page 38",
    note="the small constant c is ours: c = 0.47",
    says=r"$h(\tau,\phi)=4\,\mathrm{OwenT}(\tau,\cot\phi)-1+\frac{2\phi}\pi+\frac\tau{\sqrt{2\pi}}"
    r"\mathrm{erf}\frac{\tau\cot\phi}{\sqrt2}\le0$ for $0<\tau,\phi\le c$, here $c=0.47$.",
    quantifiers=(r"\forall\, \tau,\phi\in(0,c]",),
    specimens=[{"tau": 0.2, "phi": 0.47}, {"tau": 0.47, "phi": 0.47}, {"tau": 0.05, "phi": 0.05}],
)
@given(tau=log_uniform(0.05, 0.47), phi=log_uniform(1e-2, 0.47))
def the_correction_of_a_tilted_slab_is_not_positive(
    tau: float, phi: float, trials: Trials, *, wider: float = 1.0
) -> Bound:
    T, angle = _in_every_trial(tau, trials), _in_every_trial(wider * phi, trials)
    gained = T / math.sqrt(2.0 * math.pi) * torch.erf(T / angle.tan() / math.sqrt(2.0))
    return at_most(gained, owen_gap(T, angle)).up_to_roundings(64.0)


the_correction_of_a_tilted_slab_is_not_positive.twin(
    "for every φ ≤ π/4", specimens=[{"tau": 0.2, "phi": 0.47}], wider=math.pi / 4 / 0.47
)


@ZGJ36.part(
    "e",
    provenance="ours",
    proof="only seen",
    says=r"$h(\tau,\phi)\le0$ even for $\tau\le1$ and $\phi\le0.49$; as $\tau\to0$ for exactly "
    r"$\phi\le\frac\pi6=0.5236$.",
    quantifiers=(r"\forall\, \tau\in(0,1]", r"\forall\, \phi\in(0,0.49]"),
    specimens=[{"tau": 1.0, "phi": 0.49}, {"tau": 0.05, "phi": 0.49}],
)
@given(tau=log_uniform(0.05, 1.0), phi=log_uniform(1e-2, 0.49))
def the_correction_is_not_positive_up_to_a_sixth_of_pi(
    tau: float, phi: float, trials: Trials, *, wider: float = 1.0
) -> Bound:
    return the_correction_of_a_tilted_slab_is_not_positive.check(tau, phi, trials, wider=wider)


the_correction_is_not_positive_up_to_a_sixth_of_pi.twin(
    "up to π/6 for τ = 1 too",
    specimens=[{"tau": 1.0, "phi": 0.49}],
    wider=math.pi / 6 / 0.49,
)

# Lemmas C.9, C.10


@ZGJ36.part(
    "f",
    source="Lemma C.9, page 39",
    kind="mean",
    note="printed is O(φ); the constant 3/π is exact",
    says=r"In $\mathbb R^3$, for $\phi\le\frac\pi2$: $\mathbb E\|x\|^21[\mathrm{sgn}(\alpha^\top "
    r"x)\ne\mathrm{sgn}(\beta^\top x)]=O(\phi)$, more precisely $\frac3\pi\phi$.",
    quantifiers=(r"\forall\, \alpha,\beta", r"\mathbb E_x"),
    specimens=[{"phi": 0.5}, {"phi": 0.05}],
)
@given(phi=st.sampled_from((0.5, 0.05, 0.2, 1.5)))
def the_square_of_the_length_on_a_wedge_is_linear_in_the_angle(
    phi: float, trials: Trials, *, dimension: float = 3.0
) -> Mean:
    x = trials.normal("x", 256, 3)
    beta = math.cos(phi) * x[..., 0] + math.sin(phi) * x[..., 1]
    on_the_wedge = ((x[..., 0] < 0) != (beta < 0)) * (x**2).sum(dim=-1)
    return mean_of(on_the_wedge.mean(dim=1) / (dimension * phi / math.pi), 1.0)


the_square_of_the_length_on_a_wedge_is_linear_in_the_angle.twin(
    "2φ/π: the third direction is forgotten", dimension=2.0
)


@ZGJ36.part(
    "g",
    source="Lemma C.10, page 40",
    note="printed is O(·); 4/π is proved in a plane, and only seen in space",
    says=r"For unit $w_j,w_k$ at acute angles $\phi_j,\phi_k$ to $w^*$: $0\le\mathbb "
    r"E\big[w_j^\top x\,w_k^\top x\,(\mathrm{sgn}\,w_j^\top "
    r"x-\mathrm{sgn}\,w^{*\top}x)(\mathrm{sgn}\,w_k^\top "
    r"x-\mathrm{sgn}\,w^{*\top}x)\big]=O(\phi_j\phi_k\min\{\phi_j,\phi_k\})$, with the constant "
    r"$\frac4\pi$.",
    quantifiers=(r"\forall\, w_j,w_k,w^*",),
    constant=Constant(
        4.0 / math.pi, measured_on="angles 0.01…π/2: 4/π is the limit φ_j ≪ φ_k", failure=0.0
    ),
    specimens=[
        {"first": 0.3, "second": 0.3, "planar": True},
        {"first": 0.01, "second": 1.0, "planar": True},
        {"first": 0.5, "second": 1.0, "planar": False},
    ],
)
@given(
    first=log_uniform(1e-2, math.pi / 2),
    second=log_uniform(1e-2, math.pi / 2),
    planar=st.booleans(),
)
def two_wedges_overlap_in_the_order_of_the_smaller(
    first: float, second: float, planar: bool, trials: Trials, *, of_the_smaller: float = 1.0
) -> Bound:
    """In a plane, on the same side and with φ_j ≤ φ_k, the wedge of w_j lies in that of w_k.

    There the expectation is (8/π) ∫_0^{φ_j} sin(φ_j - s) sin(φ_k - s) ds ≤ (8/π) φ_k φ_j²/2.
    """
    star = trials.sphere("star", 3)
    across = trials.normal("across", 3)
    other = across if planar else trials.normal("other", 3)
    w_j, w_k = tilted(star, across, first), tilted(star, other, second)
    expected = overlap(w_j, w_k, star)
    rounding = 64.0 * torch.finfo(star.dtype).eps
    order = first * second * min(first, second) ** of_the_smaller
    return all_of(at_most(expected - rounding, order), at_least(expected + rounding, 0.0))


two_wedges_overlap_in_the_order_of_the_smaller.twin(
    "constant 1/π",
    specimens=[{"first": 0.3, "second": 0.3, "planar": True}],
    constant=Constant(1.0 / math.pi, measured_on="-", failure=0.0),
    of_the_smaller=1.0,
)
two_wedges_overlap_in_the_order_of_the_smaller.twin(
    "the square of the smaller angle",
    specimens=[{"first": 0.1, "second": 0.1, "planar": True}],
    of_the_smaller=2.0,
)
