r"""From indicators to functions (ALL18, Lemma 6.3).

The witness of the page is h(α, b) = 2c_0 + Σ (c_i/p'_i) ĥ_i(α) q_i(b): by Claim C.1 its mean on the
half-space is φ up to what Claim C.2 says of the cuts. All of it is integrated, not sampled: the
variance of this witness is out of reach. A witness of least norm, with p_i(b)/E p_i² in place of
the windows, has the same mean exactly. For ReLU in place of the indicator r_i = h_{i-2}(-b) φ(b)
takes the place of p_i.
"""

from __future__ import annotations

import itertools
import math

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Bound,
    Trials,
    all_of,
    at_most,
    equal,
    given,
    statement,
)
from lemmata.theorems.beyond_two_layers.setting.activations import (
    ENTIRE,
    Activation,
    activations,
    log_sample_complexity,
    series,
)
from lemmata.theorems.beyond_two_layers.setting.witnesses import (
    half_space_power,
    half_space_witness,
    window,
    window_coefficient,
    window_rule,
)
from lemmata.theorems.mathematics.gaussian import (
    against_normal,
    density,
    distribution,
    panels,
)
from lemmata.theorems.mathematics.hermite import normalised

_TERMS = 11
_ACTIVATIONS = {"phi": activations("power", "random", *ENTIRE, largest=6)}
_SPECIMENS = [
    {"phi": Activation(family="sine")},
    {"phi": Activation(family="power", degree=4)},
]
_RANGE, _SQUARE = 57.0, 25.0

ALLE1 = statement(
    "ALL-E1",
    paper="ALL18",
    source="Lemma 6.3",
    provenance="as printed",
    note="with the cut B_i = 2√i + 2√log(1/ε) and the smallest C* that we found, 57 for the range "
    "and the slope, 25 for the mean square; the page has a wider cut and C* = 10⁴",
    uses=["ALL-H2", "ALL-H3", "ALL-H4"],
    title="Indicator to function",
    says=r"For $\varepsilon\in(0,1/\mathfrak C_s(\phi,1))$ there is $h:\mathbb R^2\to[-\mathfrak "
    r"C_\varepsilon(\phi,1),\mathfrak C_\varepsilon(\phi,1)]$, $\mathfrak "
    r"C_\varepsilon(\phi,1)$-Lipschitz in its first argument, with $\big|\mathbb E[1[\alpha "
    r"x_1+\beta\sqrt{1-x_1^2}+b\ge0]h(\alpha,b)]-\phi(x_1)\big|\le\varepsilon$ for all "
    r"$x_1\in[-1,1]$ and $\mathbb Eh^2\le\mathfrak C_s(\phi,1)^2$.",
    kind="existence",
    quantifiers=(r"\forall\,\phi", r"\forall\,\varepsilon", r"\exists\, h", r"\forall\, x_1"),
)


def _log_inverse(c: Float[Tensor, "trials terms"]) -> Float[Tensor, "trials"]:
    """Return log(1/ε) for ε = 0.9/C_s(φ, 1), the largest that the lemma allows, at most 0.1."""
    log = log_sample_complexity(c.abs().log(), 1.0, _SQUARE) - math.log(0.9)
    return log.clamp(min=math.log(10.0))


def _cuts(
    log_inverse: Float[Tensor, "trials"], i: int, wide: tuple[float, float]
) -> Float[Tensor, "trials"]:
    return wide[0] * math.sqrt(i) + wide[1] * log_inverse.sqrt()


def _clipped_moment(
    i: int,
    x: Float[Tensor, "trials points"],
    B: Float[Tensor, "trials"],
    swapped: bool,
) -> Float[Tensor, "trials points"]:
    """Return E[1[·] ĥ_i(α) q_i(b)]/√i! at interior points."""
    b, weight = window_rule(i, x, swapped=swapped, nodes=6)
    t, w = panels(x, -1.0, 1.0, panels=20, nodes=12)
    alpha = B.view(-1, 1, 1, 1) * t
    H = normalised(alpha, i)[i] * B.view(-1, 1, 1, 1) * w * density(alpha)
    spread = (1.0 - x**2).sqrt()[..., None, None]
    seen = distribution((x[..., None, None] * alpha + b[:, None]) / spread)
    middle = ((seen * H).sum(dim=-1) * weight).sum(dim=-1)
    # Beyond ±B the polynomial is constant: its tails are integrated on a panel of their own.
    s, v = panels(x, 0.0, 8.0, panels=2, nodes=12)
    ends = torch.zeros_like(middle)
    for side in (-1.0, 1.0):
        far = side * (B.view(-1, 1, 1, 1) + s)
        seen = distribution((x[..., None, None] * far + b[:, None]) / spread)
        value = normalised(side * B, i)[i].view(-1, 1)
        ends = ends + value * (((seen * v * density(far)).sum(dim=-1)) * weight).sum(dim=-1)
    return middle + ends


def _clipped_end(
    i: int, side: float, B: Float[Tensor, "trials"], swapped: bool
) -> Float[Tensor, "trials"]:
    """Return the same at x₁ = ±1, where the indicator is the step ±α ≥ -b."""
    b, weight = window_rule(i, B, swapped=swapped, nodes=6)
    t, w = panels(B, 0.0, 1.0, panels=20, nodes=12)
    length = (B.unsqueeze(-1) + b).unsqueeze(-1)
    alpha = -b.unsqueeze(-1) + length * t
    inside = (normalised(side * alpha, i)[i] * length * w * density(alpha)).sum(dim=-1) @ weight
    tail = normalised(side * B, i)[i] * distribution(-B) * weight.sum()
    return inside + tail


@ALLE1.part(
    "a",
    says=r"$\big|\mathbb E[1[\alpha x_1+\beta\sqrt{1-x_1^2}+b\ge0]h(\alpha,b)]-\phi(x_1)\big|\le"
    r"\varepsilon$, the ends $x_1=\pm1$ included.",
    specimens=_SPECIMENS,
)
@given(**_ACTIVATIONS)
def an_indicator_makes_every_smooth_function(
    phi: Activation,
    trials: Trials,
    *,
    wide: tuple[float, float] = (2.0, 2.0),
    swapped: bool = False,
) -> Bound:
    c = phi.coefficients(trials, _TERMS)
    log_inverse = _log_inverse(c)
    x = 1.9 * trials.uniform("x", 6) - 0.95
    found, ends = c[:, :1].expand_as(x), [c[:, 0], c[:, 0]]
    for i in range(1, _TERMS):
        if bool((c[:, i] == 0).all()):
            continue
        B, factor = _cuts(log_inverse, i, wide), c[:, i] / window_coefficient(i)
        found = found + factor.unsqueeze(-1) * _clipped_moment(i, x, B, swapped)
        ends = [
            end + factor * _clipped_end(i, side, B, swapped)
            for end, side in zip(ends, (-1.0, 1.0), strict=True)
        ]
    everywhere = torch.cat((found, torch.stack(ends, dim=1)), dim=1)
    x = torch.cat((x, torch.full_like(x[:, :1], -1.0), torch.ones_like(x[:, :1])), dim=1)
    return at_most((everywhere - series(c, x)).abs(), (-log_inverse).exp().unsqueeze(-1))


an_indicator_makes_every_smooth_function.twin("cut off at √i + ½√log(1/ε)", wide=(1.0, 0.5))
an_indicator_makes_every_smooth_function.twin("the windows of the other parity", swapped=True)


def _witness(
    c: Float[Tensor, "trials terms"],
    log_inverse: Float[Tensor, "trials"],
    alpha: Float[Tensor, "trials points"],
    b: Float[Tensor, "trials points"],
) -> Float[Tensor, "trials points"]:
    """Return the paper's h(α, b)."""
    total = 2.0 * c[:, :1].expand_as(alpha)
    for i in range(1, c.shape[1]):
        B = _cuts(log_inverse, i, (2.0, 2.0)).unsqueeze(-1)
        low, high = window(i)
        inside = ((b >= low) & (b <= high)).to(alpha.dtype)
        H = normalised(torch.minimum(torch.maximum(alpha, -B), B), i)[i]
        total = total + (c[:, i] / window_coefficient(i)).unsqueeze(-1) * H * inside
    return total


@ALLE1.part(
    "b",
    says=r"$|h|\le\mathfrak C_\varepsilon(\phi,1)$ and $|h(\alpha,b)-h(\alpha',b)|\le\mathfrak "
    r"C_\varepsilon(\phi,1)|\alpha-\alpha'|$.",
    specimens=_SPECIMENS,
)
@given(**_ACTIVATIONS)
def the_witness_is_bounded_and_lipschitz(
    phi: Activation, trials: Trials, *, star: float = _RANGE, sample: bool = False
) -> Bound:
    c = phi.coefficients(trials, _TERMS)
    log_inverse = _log_inverse(c)
    # The largest values stand at the cuts, and with a bias in every window at once.
    far = torch.stack([_cuts(log_inverse, i, (2.0, 2.0)) for i in range(1, _TERMS)], dim=1)
    alpha = torch.cat((far, -far, 8.0 * trials.uniform("alpha", 12) - 4.0), dim=1)
    b = 0.04 * torch.where(trials.uniform("b", alpha.shape[1]) < 0.7, -1.0, 1.0)
    values = _witness(c, log_inverse, alpha, b)
    near = _witness(c, log_inverse, alpha * (1.0 - 1e-4), b)
    slopes = (values - near).abs() / (1e-4 * alpha.abs())
    sizes_ = c.abs().log()
    i = torch.arange(_TERMS, device=c.device, dtype=c.dtype)
    inner = 0.5 * i * (log_inverse.log().unsqueeze(-1) - i.clamp(min=1.0).log())
    growing = sizes_ + i * math.log(star) + torch.logaddexp(torch.zeros_like(inner), inner)
    bound = torch.logsumexp(growing, dim=1).exp().unsqueeze(-1)
    slope = log_sample_complexity(sizes_, 1.0, _SQUARE).exp().unsqueeze(-1) if sample else bound
    return all_of(range=at_most(values.abs(), bound), slope=at_most(slopes, slope))


the_witness_is_bounded_and_lipschitz.twin(
    "C_s(φ, 1)-Lipschitz", specimens=[{"phi": Activation(family="power", degree=2)}], sample=True
)
the_witness_is_bounded_and_lipschitz.twin(
    "C* = 12", specimens=[{"phi": Activation(family="power", degree=2)}], star=12.0
)


@ALLE1.part(
    "c",
    says=r"$\mathbb E[h(\alpha,b)^2]\le\mathfrak C_s(\phi,1)^2$.",
    specimens=_SPECIMENS,
)
@given(**_ACTIVATIONS)
def the_witness_has_a_small_mean_square(
    phi: Activation, trials: Trials, *, star: float = _SQUARE
) -> Bound:
    c = phi.coefficients(trials, _TERMS)
    log_inverse = _log_inverse(c)
    # h is constant in b between the ends of the windows.
    edges = sorted({end for i in range(1, _TERMS) for end in window(i)} | {-40.0, 40.0})
    alpha, w = against_normal(c, count=40, nodes=12)
    alpha = trials.every(alpha)
    total = torch.zeros_like(log_inverse)
    for low, high in itertools.pairwise(edges):
        mass = 0.5 * (math.erf(high / math.sqrt(2.0)) - math.erf(low / math.sqrt(2.0)))
        middle = torch.full_like(alpha, 0.5 * (low + high))
        total = total + mass * (_witness(c, log_inverse, alpha, middle).square() @ w)
    bound = log_sample_complexity(c.abs().log(), 1.0, star).exp()
    return at_most(total.sqrt(), bound)


the_witness_has_a_small_mean_square.twin("C* = 5", star=5.0)


@ALLE1.part(
    "d",
    kind="identity",
    provenance="ours",
    says=r"$h=2c_0+\sum_ic_ih_i(\alpha)p_i(b)/\mathbb E[p_i^2]$ has the mean $\phi$ exactly, and "
    r"$\mathbb Eh^2=4c_0^2+\sum_{i\ge1}c_i^2\,i!/\mathbb E[p_i^2]$.",
    specimens=_SPECIMENS,
)
@given(**_ACTIVATIONS)
def the_witness_of_least_norm_is_exact(
    phi: Activation, trials: Trials, *, power: float = 1.0
) -> Bound:
    c = phi.coefficients(trials, 7)
    x = 1.6 * trials.uniform("x", 3) - 0.8
    alpha, w = against_normal(c, reach=10.0, count=24, nodes=10)
    b, v = against_normal(c, reach=10.0, count=24, nodes=8)
    grid = (len(c), len(b), len(alpha))
    h = half_space_witness(c, alpha.expand(grid), b.unsqueeze(-1).expand(grid))
    seen = distribution(
        (x[..., None, None] * alpha + b.unsqueeze(-1)) / (1.0 - x**2).sqrt()[..., None, None]
    )
    mean = torch.einsum("txba,tba,a,b->tx", seen, h, w, v)
    square = torch.einsum("tba,a,b->t", h.square(), w, v)
    norms = [4.0 * c[:, 0] ** 2]
    # Normalised polynomials: i!/E p_i² is 1/E[(p_i/√i!)²].
    norms += [c[:, i] ** 2 / half_space_power(i) ** power for i in range(1, 7)]
    return all_of(
        mean=equal(mean, series(c, x), roundings=1e7, scale=1.0 + square.sqrt().unsqueeze(-1)),
        square=equal(square, sum(norms), roundings=1e7, scale=1.0 + square),
    )


the_witness_of_least_norm_is_exact.twin("the square of E p_i² in the norm", power=2.0)
