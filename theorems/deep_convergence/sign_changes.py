r"""Sign changes: a perturbation changes few activations (ALS18, Claim 8.3 and Lemma 8.2(b)).

Let g ~ N(0, (2/m) I) and g' = g'_1 + g'_2 with ‖g'_1‖ ≤ δ₂, ‖g'_2‖_∞ ≤ δ_∞. Changing the sign of
g_k costs g'_1 the excess e_k = (|g_k| - δ_∞)_+, so that the largest number of changes N is that of
a prefix of the sorted excesses (ALS-12): the adversary is exact. By duality N ≤ δ₂²/t² + Σ_k (1 -
e_k²/t²)_+ for every t > 0, a sum of independent terms of [0, 1]. As the density of g_k is largest
at 0, its mean is at most (m^{3/2}/√π)(δ_∞ + 2t/3), and the best t gives

    K = (3/π)^{1/3} m δ₂^{2/3} + π^{-1/2} m^{3/2} δ_∞                                            (1)

for the whole. Bernstein's inequality makes of it Pr[N > (1 + ε) K] ≤ exp(-ε²K/(2 + 2ε/3)), with no
hidden constant.

The changed entries x = D'(g + g') have |x_k| = |g'_k| - |g_k|: few and small. For a perturbed
network the magnitudes of ALS-13 put in place of δ₂ give the number of changes of a layer (ALS-14).
Its attack flips the cheapest signs first, layer by layer, optimally.
"""

from __future__ import annotations

import math

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
    given,
    mean_of,
    statement,
    worst_of,
)
from lemmata.strategies import sizes
from lemmata.theorems.deep_convergence.setting.network import (
    DeepReluNet,
    Network,
    SeparatedData,
    Signals,
)
from lemmata.theorems.deep_convergence.setting.perturbations import (
    IN_THE_BALL,
    RADIUS,
    ball_at,
    drawn,
    points,
)
from lemmata.theorems.deep_convergence.setting.quotations import (
    BASRI,
    CAO_GU,
    THREE_LAYERS,
    by_one,
    by_several,
)

# ALS-12

ALS12 = statement(
    "ALS-12",
    paper="ALS18",
    source="Claim 8.3",
    provenance="quoted",
    note=by_one(THREE_LAYERS, of="a variant of it, without its number, is") + "; the bounds of ‖x‖ "
    "and the constants are ours",
    title="A perturbation of a Gaussian vector changes few signs",
    says=r"Let $g\sim N(0,\frac2mI_m)$. For all $\delta_2\in[0,O(1)]$, "
    r"$\delta_\infty\in[0,\frac1{4\sqrt m}]$, with probability at least "
    r"$1-e^{-\Omega(m\delta_2^{2/3}+m^{3/2}\delta_\infty)}$: for all $g'=g'_1+g'_2$ with "
    r"$\|g'_1\|\le\delta_2$, $\|g'_2\|_\infty\le\delta_\infty$, with "
    r"$D'=\mathrm{diag}(1[g+g'\ge0]-1[g\ge0])$ and $x=D'(g+g')$: $\|D'\|_0\le "
    r"O(m\delta_2^{2/3}+m^{3/2}\delta_\infty)$, $\|x\|\le O(\delta_2+\delta_\infty^{3/2}m^{3/4})$, "
    r"$\|x\|_1\le O(\delta_2^{4/3}m^{1/2}+\delta_\infty^2m^{3/2})$.",
)

_GAUSSIAN = (
    r"\forall\, m,\delta_2,\delta_\infty",
    r"\mathbb P_g",
    r"\forall\, \|g'_1\|\le\delta_2,\ \|g'_2\|_\infty\le\delta_\infty",
)
_perturbed = {
    "m": sizes(smallest=1000, largest=16_000),
    "two": st.sampled_from([0.1, 0.01, 0.001]),
    "flat": st.sampled_from([0.0, 0.025, 0.25]),
}
"""`two` is δ₂, `flat` is δ_∞√m."""


def _at(m: int, two: float, flat: float, **more: object) -> Instance:
    return {"m": m, "two": two, "flat": flat, **more}


def _by_width(m: int) -> Instance:
    return _at(m, 0.01, 0.0)


def _by_size(two: float) -> Instance:
    return _at(16_000, two, 0.0)


def _magnitudes(m: int, trials: Trials) -> Float[Tensor, "trials m"]:
    """Return |g_k|, the smallest first: the suprema do not depend on more."""
    return trials.normal("g", m, variance=2.0 / m).abs().sort(dim=1).values


def _random(m: int, two: float, flat: float, trials: Trials) -> Float[Tensor, "trials m"]:
    """Return g', reckoned as positive where it points across zero."""
    other = trials.stream("adversary")
    return two * other.sphere("g'_1", m) + flat / math.sqrt(m) * (
        2.0 * other.uniform("g'_2", m) - 1.0
    )


def _peak(m: int, two: float, flat: float) -> float:
    """Return K of (1)."""
    return (3.0 / math.pi) ** (1 / 3) * m * two ** (2 / 3) + m * flat / math.sqrt(math.pi)


@ALS12.part(
    "a",
    kind="probability",
    says=r"With $K=(\frac3\pi)^{1/3}m\delta_2^{2/3}+\frac1{\sqrt\pi}m^{3/2}\delta_\infty$: "
    r"$\Pr\big[\|D'\|_0>(1+\varepsilon)K\big]\le e^{-\varepsilon^2K/(2+2\varepsilon/3)}$.",
    quantifiers=_GAUSSIAN,
    along=[
        Along(
            variable="m",
            sizes=(1000, 4000, 16_000),
            instance=lambda m: _at(m, 0.01, 0.0, epsilon=1.0),
            at_most=0.1,
        ),
        Along(
            variable="δ₂",
            sizes=(0.001, 0.01, 0.1),
            instance=lambda two: _at(16_000, two, 0.0, epsilon=1.0),
            at_most=0.1,
            at_least=-0.1,
        ),
    ],
    specimens=[_at(4000, 0.001, 0.0, epsilon=0.5), _at(4000, 0.01, 0.25, epsilon=0.25)],
)
@given(**_perturbed, epsilon=st.sampled_from([1.0, 0.5, 0.25]))
def few_signs_change(
    m: int,
    two: float,
    flat: float,
    epsilon: float,
    trials: Trials,
    *,
    power: float = 2 / 3,
    share: float = 1.0,
) -> Bound:
    g = _magnitudes(m, trials)
    excess = (g - flat / math.sqrt(m)).clamp(min=0.0)
    largest = (excess.square().cumsum(dim=1) <= two**2).to(g.dtype).sum(dim=1)
    chance = (_random(m, two, flat, trials) > g).to(g.dtype).sum(dim=1)
    bound = (1.0 + epsilon) * _peak(m, two ** (1.5 * power), share * flat)
    rare = math.exp(-(epsilon**2) * _peak(m, two, flat) / (2.0 + 2.0 * epsilon / 3.0))
    return worst_of(
        random=at_most(chance, bound), exact=at_most(largest, bound)
    ).except_with_probability(rare)


few_signs_change.twin(
    "in proportion to δ₂", specimens=[_at(4000, 0.001, 0.0, epsilon=0.5)], power=1.0
)


few_signs_change.twin(
    "the flat part changes no sign", specimens=[_at(4000, 0.001, 0.25, epsilon=0.25)], share=0.0
)


def _worst_vector(g: Tensor, two: float, flat: float) -> Float[Tensor, "trials m"]:
    """Return x of the largest norm.

    δ₂ along (δ_∞ - |g|)_+, or on the smallest |g_k| where all of these are 0.

    It is a hair inside the ball, so that rounding does not decide.
    """
    within = (flat / math.sqrt(g.shape[1]) - g).clamp(min=0.0)
    size = within.norm(dim=1, keepdim=True)
    first = torch.nn.functional.one_hot(torch.zeros_like(g[:, 0], dtype=torch.int64), g.shape[1])
    direction = torch.where(size > 0, within / size, first)
    return (flat / math.sqrt(g.shape[1]) + (1.0 - 1e-6) * two * direction - g).clamp(min=0.0) * (
        direction > 0
    )


@ALS12.part(
    "b",
    provenance="ours",
    proof="in the docstring",
    kind="inequality",
    says=r"For every $g$: $|x_k|\le|g'_k|$, and $\|x\|\le\delta_2+\rho$ with "
    r"$\rho^2=\sum_k(\delta_\infty-|g_k|)_+^2$; attained.",
    quantifiers=(
        r"\forall\, m,\delta_2,\delta_\infty",
        r"\forall\, g",
        r"\forall\, \|g'_1\|\le\delta_2,\ \|g'_2\|_\infty\le\delta_\infty",
    ),
    specimens=[_at(4000, 0.01, 0.25), _at(1000, 0.1, 0.0)],
)
@given(**_perturbed)
def changed_entries_are_at_most_the_perturbation(
    m: int, two: float, flat: float, trials: Trials, *, together: float = 1.0
) -> Bound:
    """|x_k| = |g'_k| - |g_k| where the sign changes, hence |x_k| ≤ |g'_{1,k}| + (δ_∞ - |g_k|)_+."""
    g, random = _magnitudes(m, trials), _random(m, two, flat, trials)
    rho = (flat / math.sqrt(m) - g).clamp(min=0.0).norm(dim=1)
    bound = together * (two + rho) + (1.0 - together) * rho.clamp(min=two)
    moved = (random - g) * (random > g)
    found = {"random": moved, "attained": _worst_vector(g, two, flat)}
    entries = at_most(moved.abs(), random.abs())
    claims = {name: all_of(at_most(x.norm(dim=1), bound), entries) for name, x in found.items()}
    return worst_of(**claims)


changed_entries_are_at_most_the_perturbation.twin(
    "the larger of the two terms suffices", specimens=[_at(4000, 0.01, 0.25)], together=0.0
)


@ALS12.part(
    "c",
    provenance="ours",
    proof="in the docstring",
    kind="mean",
    says=r"$\mathbb E\rho^2\le\frac{m^{3/2}\delta_\infty^3}{3\sqrt\pi}$, with equality as "
    r"$\delta_\infty\sqrt m\to0$: exactly, with $\sigma^2=\frac2m$, $\mathbb "
    r"E\rho^2=m\big[(\delta_\infty^2+\sigma^2)\mathrm{erf}(\tfrac{\delta_\infty}{\sqrt2\sigma}"
    r")-\sigma\sqrt{2/\pi}\,\delta_\infty(2-e^{-\delta_\infty^2/2\sigma^2})\big]$.",
    quantifiers=(r"\forall\, m,\delta_\infty", r"\mathbb E_g"),
    specimens=[{"m": 4000, "flat": 0.25}, {"m": 1000, "flat": 0.25}],
)
@given(m=sizes(smallest=1000, largest=16_000), flat=st.sampled_from([0.25, 0.1]))
def entries_within_the_flat_part_have_a_small_norm(
    m: int, flat: float, trials: Trials, *, cube: float = 1.0
) -> Mean:
    square = (flat / math.sqrt(m) - _magnitudes(m, trials)).clamp(min=0.0).square().sum(dim=1)
    # With a = δ_∞√m and σ√m = √2; the expectation of m ρ²/m.
    decay = math.exp(-(flat**2) / 4.0)
    exact = (flat**2 + 2.0) * math.erf(flat / 2.0) - 2.0 / math.sqrt(math.pi) * flat * (2.0 - decay)
    assert exact <= flat**3 / (3.0 * math.sqrt(math.pi))
    return mean_of(square / exact, cube)


entries_within_the_flat_part_have_a_small_norm.twin(
    "the density at 0 is that of variance 1/m", cube=math.sqrt(2.0)
)


@ALS12.part(
    "d",
    kind="scaling",
    says=r"$\|x\|_1\le O(\delta_2^{4/3}m^{1/2}+\delta_\infty^2m^{3/2})$.",
    quantifiers=_GAUSSIAN,
    constant=Constant(1.5, measured_on="m = 10³…10⁵, δ₂ = 10⁻³…10⁻¹, δ_∞√m ≤ ¼"),
    along=[
        Along(
            variable="m",
            sizes=(1000, 4000, 16_000),
            instance=_by_width,
            at_most=0.2,
        ),
        Along(
            variable="δ₂",
            sizes=(0.001, 0.01, 0.1),
            instance=_by_size,
            at_most=0.2,
            at_least=-0.2,
        ),
    ],
    specimens=[_at(4000, 0.01, 0.25), _at(4000, 0.01, 0.0)],
)
@given(**_perturbed)
def changed_entries_have_a_small_sum(
    m: int, two: float, flat: float, trials: Trials, *, of_width: float = 0.5
) -> Bound:
    """With k signs changed, those of the smallest |g_k|, an even g'_1 is best.

    √k δ₂ + Σ (δ_∞ - |g_k|), maximised over k.
    """
    g, random = _magnitudes(m, trials), _random(m, two, flat, trials)
    largest = (
        two * trials.tensor(range(1, m + 1)).sqrt() + (flat / math.sqrt(m) - g).cumsum(dim=1)
    ).amax(dim=1)
    bound = two ** (4 / 3) * m**of_width + flat**2 * math.sqrt(m)
    return worst_of(
        random=at_most((random - g).clamp(min=0.0).sum(dim=1), bound), exact=at_most(largest, bound)
    )


changed_entries_have_a_small_sum.twin("whatever the width", specimens=[], of_width=0.0)


# ALS-14

ALS14 = statement(
    "ALS-14",
    paper="ALS18",
    source="Lemma 8.2(b)",
    provenance="quoted",
    note=by_several(BASRI, CAO_GU) + "; the second has a factor nL before the exponential",
    uses=["ALS-12", "ALS-13"],
    title="Forward stability: few sign changes",
    says=r"If $\omega\le O(L^{-9/2}\log^{-3}m)$, with probability at least "
    r"$1-e^{-\Omega(m\omega^{2/3}L)}$, for all $W\in\mathcal B(\omega)$, $i\in[n]$ and "
    r"$\ell\in[L]$: $\|D'_{i,\ell}\|_0\le O(m\omega^{2/3}L)$ and $\|D'_{i,\ell}g_{i,\ell}\|\le "
    r"O(\omega L^{3/2})$, where $D'=D(W)-D(W^{(0)})$ and $g$ is taken at $W$.",
    kind="scaling",
    layers=("matrix-free", "dense"),
    requires=RADIUS,
    quantifiers=(*IN_THE_BALL, r"\forall\, i,\ell"),
)

_WIDTHS = Along(
    variable="m",
    sizes=(64, 256, 1024),
    instance=lambda m: ball_at(m, 2, 0.03),
    at_most=0.2,
    trials=24,
)
_DEPTHS = Along(
    variable="L",
    sizes=(1, 2, 4, 8),
    instance=lambda L: ball_at(512, L, 0.01),
    at_most=0.2,
    trials=16,
)
_RADII = Along(
    variable="1/ω",
    sizes=(10, 30, 100, 300, 1000),
    instance=lambda inverse: ball_at(2048, 2, 1.0 / inverse),
    at_most=0.1,
)


def _changes(
    centre: Signals, network: Network, x: Tensor
) -> tuple[Float[Tensor, "trials L n"], Float[Tensor, "trials L n"]]:
    """Return ‖D'‖_0 and ‖D'g‖ of every layer and example."""
    now = network.forward(x)
    changed = [new != old for new, old in zip(now.signs[1:], centre.signs[1:], strict=True)]
    sizes = [(g * one).norm(dim=1) for g, one in zip(now.g[1:], changed, strict=True)]
    return torch.stack([one.to(x.dtype).sum(dim=1) for one in changed], dim=1), torch.stack(
        sizes, dim=1
    )


@ALS14.part(
    "a",
    says=r"$\|D'_{i,\ell}\|_0\le O(m\omega^{2/3}L)$.",
    constant=Constant(2.0, measured_on="m = 64…1024, L = 2…16, ω = 0.001…0.2, mω^{2/3} ≥ 5"),
    along=[_WIDTHS, _RADII, _DEPTHS],
    specimens=[ball_at(256, 2, 0.01), ball_at(512, 4, 0.003)],
)
@given(**drawn)
def few_activations_change_in_the_ball(
    net: DeepReluNet, data: SeparatedData, omega: float, trials: Trials, *, power: float = 2 / 3
) -> Bound:
    network, signals = net.forward(trials, data)
    x, bound = data.inputs(trials), net.width * omega**power * net.depth
    found = points(network, data, omega, trials)
    return worst_of(
        **{name: at_most(_changes(signals, one, x)[0], bound) for name, one in found.items()}
    )


few_activations_change_in_the_ball.twin(
    "in proportion to ω", specimens=[], along=[_RADII], power=1.0
)


@ALS14.part(
    "b",
    provenance="unseen",
    says=r"$\|D'_{i,\ell}g_{i,\ell}\|\le O(\omega L^{3/2})$.",
    constant=Constant(2.0, measured_on="m = 64…512, L = 2…16, ω = 0.001…0.1, mω^{2/3} ≥ 5"),
    along=[_RADII, _DEPTHS],
    specimens=[ball_at(256, 2, 0.01), ball_at(512, 4, 0.003)],
)
@given(**drawn)
def changed_activations_are_small(
    net: DeepReluNet, data: SeparatedData, omega: float, trials: Trials, *, power: float = 1.0
) -> Bound:
    network, signals = net.forward(trials, data)
    x, bound = data.inputs(trials), omega**power * net.depth**1.5
    found = points(network, data, omega, trials)
    return worst_of(
        **{name: at_most(_changes(signals, one, x)[1], bound) for name, one in found.items()}
    )


changed_activations_are_small.twin(
    "of order ω^{4/3}: entries of size ω over mω^{2/3} neurons",
    specimens=[],
    along=[_RADII],
    power=4 / 3,
)
