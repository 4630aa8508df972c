r"""Gaussian smoothing (ALL18, Sections 6.4 and 6.5, Lemma 6.9).

E g(θ + ρ), ρ ~ N(0, σ²I), has the second derivative Σ_k Δ_k φ((t - t_k)/σ)/σ for a piecewise linear
g with changes of slope Δ_k, and for bounded g one order more of 1/σ: the objective is smooth with
constants poly(1/σ), which escaping saddles needs. Smoothed preactivations are rarely small,
wherever training has taken W. With fresh noise a step ηΣW'', ηV''Σ changes real and pseudo network
by a difference of order η²: the curvature that smoothing gives to ReLU. It stays as η → 0 and
vanishes with m only.

Given W^ρx, V^ρ enters through Gaussian preactivations: it is integrated, or drawn along the three
hidden vectors in use.
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
    at_most,
    given,
    statement,
)
from lemmata.strategies import sizes
from lemmata.theorems.beyond_two_layers.setting.inputs import copies, inputs, over_copies
from lemmata.theorems.beyond_two_layers.setting.three_layers import ThreeLayer
from lemmata.theorems.mathematics.gaussian import (
    ROOT,
    density,
    distribution,
    positive_part,
)

ALLQ9 = statement(
    "ALL-Q9",
    paper="ALL18",
    source="Section 6.4",
    provenance="derived",
    note="the page says inverse polynomial in σ; the constants are sharp",
    title="Gaussian smoothing bounds the curvature",
    says=r"$g_\sigma(\theta)=\mathbb E\,g(\theta+\rho)$: if $g$ is $G$-Lipschitz, "
    r"$\|\nabla^2g_\sigma\|_2\le\sqrt{2/\pi}\,G/\sigma$; if $|g|\le B$, $\|\nabla "
    r"g_\sigma\|\le\sqrt{2/\pi}\,B/\sigma$ and $\|\nabla^2g_\sigma\|_2\le4\varphi(1)B/\sigma^2$. "
    r"Smoothed preactivations are small for few neurons.",
)


@ALLQ9.part(
    "a",
    kind="inequality",
    says=r"The three bounds, for piecewise linear and piecewise constant functions; attained by "
    r"$G|t|$, $B\,\mathrm{sgn}(t)$ and $B\,\mathrm{sgn}(t^2-\sigma^2)$ at 0.",
    quantifiers=(r"\forall\, g", r"\forall\, t,\sigma"),
    specimens=[
        {"kinks": 1, "sigma": 1.0, "extremal": True},
        {"kinks": 5, "sigma": 0.1, "extremal": False},
    ],
)
@given(kinks=st.integers(1, 7), sigma=st.sampled_from((1.0, 0.1, 10.0)), extremal=st.booleans())
def smoothed_functions_have_bounded_curvature(
    kinks: int,
    sigma: float,
    extremal: bool,
    trials: Trials,
    *,
    first: float = math.sqrt(2.0 / math.pi),
    second: float = 4.0 * math.exp(-0.5) / ROOT,
) -> Bound:
    if extremal:
        places = [trials.tensor(p).to(trials.dtype) for p in ((0.0,), (-sigma, sigma))]
        values = [trials.tensor(v).to(trials.dtype) for v in ((-1.0, 1.0), (1.0, -1.0, 1.0))]
        t = torch.zeros_like(trials.uniform("t", 1))
        groups = [(trials.every(p), trials.every(v)) for p, v in zip(places, values, strict=True)]
    else:
        where = 4.0 * sigma * trials.uniform("kinks", kinks) - 2.0 * sigma
        levels = trials.uniform("levels", kinks + 1).mul(2.0).sub(1.0)
        t = sigma * (6.0 * trials.uniform("t", 32) - 3.0)
        groups = [(where.sort(dim=1).values, levels)] * 2
    found = []
    for order, (where, levels) in enumerate(groups):
        jumps = levels[:, 1:] - levels[:, :-1]
        z = (t.unsqueeze(2) - where.unsqueeze(1)) / sigma
        weight = density(z) * (-z if order else 1.0)
        found.append((jumps.unsqueeze(1) * weight).sum(dim=2).abs())
    # In units of G/σ, B/σ and B/σ²; attained, up to roundings.
    return all_of(
        first=at_most(found[0], first * (1.0 + 1e-12)),
        second=at_most(found[1], second * (1.0 + 1e-12)),
    )


smoothed_functions_have_bounded_curvature.twin("½ in place of √(2/π)", first=0.5)
smoothed_functions_have_bounded_curvature.twin("0.9 in place of 4φ(1)", second=0.9)


@ALLQ9.part(
    "b",
    kind="probability",
    says=r"Fresh $W^\rho$, any $W,b_1$: $\#\{j:|\langle w_j+w_j^\rho,x\rangle+b_{1,j}|\le "
    r"s\}\le2\mu$, $\mu=2\varphi(0)m_1s/\sigma_w$, except with probability $e^{-\mu/3}$; the worst "
    r"$W$ puts all of them at 0.",
    quantifiers=(r"\forall\, W,b_1,x,s", r"\mathbb P_{W^\rho}"),
    specimens=[{"width": 256, "s": 0.1}],
)
@given(width=sizes(smallest=64, largest=4096), s=st.sampled_from((0.1, 0.3, 1.0)))
def smoothed_preactivations_are_rarely_small(
    width: int, s: float, trials: Trials, *, smoothed: bool = True
) -> Bound:
    noise = trials.normal("rho", width)
    count = ((noise if smoothed else 0.0 * noise).abs() <= s).to(noise.dtype).sum(dim=1)
    mu = 2.0 * width * s / ROOT
    return at_most(count, 2.0 * mu).except_with_probability(math.exp(-mu / 3.0))


smoothed_preactivations_are_rarely_small.twin("without smoothing", smoothed=False)

ALLQ6 = statement(
    "ALL-Q6",
    paper="ALL18",
    source="(C.36)",
    provenance="derived",
    note="the page has E|P - P'| (ALL-Q12); here the bias, which the descent feels, with step √η",
    uses=["ALL-Q2", "ALL-Q9"],
    title="The smoothed network follows the sign trick",
    says=r"At the radii of Lemma 6.2, $\sigma_{w,v}=c\,m^{-1/2}$: $\big|\mathbb "
    r"E_{\rho,\Sigma}f(W+\sqrt\eta\Sigma W'',V+\sqrt\eta V''\Sigma)-\mathbb E_\rho "
    r"f(W,V)-\eta\,\mathbb E_\rho[AD_vV''D_wW''x]\big|\le\eta\,O(C_0^2m^{-1/2})$ for all "
    r"$\eta\le1$, in root mean square over six networks.",
    kind="scaling",
    quantifiers=(r"\forall\, x,\eta", r"\mathbb P_{W,V,A,b}", r"\mathbb E_{\rho,\Sigma}"),
    constant=Constant(0.6, measured_on="m = 32…128, η = 0.001…1, C_0 = 3"),
    along=[
        Along(
            variable="1/η",
            sizes=(1, 10, 100),
            instance=lambda inverse: {"width": 32, "eta": 1.0 / inverse},
            at_most=0.1,
            trials=48,
            resolution=0.1,
        ),
        Along(
            variable="m",
            sizes=(32, 64, 128),
            instance=lambda m: {"width": m, "eta": 1.0},
            at_most=0.1,
            trials=48,
            resolution=0.1,
        ),
    ],
    specimens=[{"width": 32, "eta": 0.1}],
)


@ALLQ6
@given(width=sizes(smallest=32, largest=128), eta=st.sampled_from((1.0, 0.1, 0.01)))
def the_smoothed_network_follows_the_sign_trick(
    width: int, eta: float, trials: Trials, *, power: float = 1.0
) -> Bound:
    whole, trials = trials, copies(trials, 6)
    network, x = ThreeLayer(first=width, second=width).initialise(trials), inputs(trials, "x", 1, 4)
    draws, size, sigma, root = 64, 3.0 / width, 0.5 / math.sqrt(width), math.sqrt(eta)
    a = network.A
    z = network.first(network.W, x) + sigma * trials.normal("W rho", draws, width)
    sign = trials.signs("Sigma", draws, width)

    def smoothed(step: float) -> Tensor:
        """Integrate V^ρ at the step ±√η."""
        h = (z + step * sign * size).relu()
        shift = step * (sign * h).mean(dim=2, keepdim=True) * a
        u = h @ network.V.mT + shift + network.b2.unsqueeze(1)
        return (a * positive_part(u, sigma * h.norm(dim=2, keepdim=True))).sum(dim=2)

    h = z.relu()
    u = h @ network.V.mT + network.b2.unsqueeze(1)
    seen = distribution(u / (sigma * h.norm(dim=2, keepdim=True)))
    form = (a**2 * seen).mean(dim=2) * (z >= 0).to(z.dtype).sum(dim=2) * size
    bias = 0.5 * (smoothed(root) + smoothed(-root)) - smoothed(0.0) - eta * form
    return at_most(over_copies(bias.mean(dim=1), whole), 9.0 / math.sqrt(width) * eta**power)


the_smoothed_network_follows_the_sign_trick.twin(
    "η^{3/2} in place of η",
    specimens=[{"width": 32, "eta": 1e-4}],
    power=1.5,
)

ALLQ12 = statement(
    "ALL-Q12",
    paper="ALL18",
    source="Lemma 6.9",
    provenance="as printed",
    uses=["ALL-Q9"],
    title="Smoothed real against pseudo network",
    says=r"$P$ real, $P'$ pseudo (signs at $\eta=0$), at $W+W^\rho+\eta\Sigma W''$, $V+V^\rho+\eta "
    r"V''\Sigma$: w.h.p. $\mathbb E_{\rho}\frac{|P-P'|}{\eta^2}=\tilde "
    r"O\big(\frac{m_1\tau_{w,\infty}^2}{\sigma_w}+\frac{m_2\tau_{w,\infty}^2}{\sigma_v}+"
    r"\frac{m_2}{m_1}\frac{\tau_{v,\infty}^2}{\sigma_v}\big)+O_p(\eta)$.",
    kind="scaling",
    quantifiers=(r"\forall\, x,W'',V''", r"\mathbb P_{W,V,A,b}", r"\mathbb E_{\rho}"),
)


def _gap(width: int, eta: float, trials: Trials) -> tuple[Tensor, Tensor, float]:
    """Return E|P - P'|, its first-layer part, and the printed bound without η², at Table 1's σ."""
    network, x = ThreeLayer(first=width, second=width).initialise(trials), inputs(trials, "x", 1, 4)
    draws, size = 96, 1.0 / width
    sigma_w, sigma_v = width**-0.99, width**-0.51
    a = network.A
    z = network.first(network.W, x) + sigma_w * trials.normal("W rho", draws, width)
    sign = trials.signs("Sigma", draws, width)
    moved = z + eta * sign * size
    h0, h1, h2 = z.relu(), (z >= 0) * moved, moved.relu()
    # V^ρ along h₀ and the two differences: rows N(0, σ_v² Gram), in units that keep the
    # differences.
    stack = torch.stack((h0, (h1 - h0) / eta, (h2 - h1) / eta), dim=2)
    values, vectors = torch.linalg.eigh(stack @ stack.mT)
    root = vectors * values.clamp(min=0.0).sqrt().unsqueeze(-2)
    noise = sigma_v * trials.normal("V rho", draws, width, 3) @ root.mT
    base = stack @ network.V.mT.unsqueeze(1) + noise.mT
    u0 = base[:, :, 0] + network.b2.unsqueeze(1)
    u1 = u0 + eta * base[:, :, 1] + eta * (sign * h1).mean(dim=2, keepdim=True) * a
    u2 = u1 + eta * base[:, :, 2] + eta * (sign * (h2 - h1)).mean(dim=2, keepdim=True) * a
    mask = (u0 >= 0).to(z.dtype)
    gap = (a * (u2.relu() - mask * u1)).sum(dim=2)
    first = (a * mask * eta * base[:, :, 2]).sum(dim=2)
    printed = width * size**2 / sigma_w + width * size**2 / sigma_v + 1.0 / (width * sigma_v)
    return gap.abs().mean(dim=1), first.abs().mean(dim=1), printed


def _along_step(at_most: float) -> Along:
    return Along(
        variable="1/η",
        sizes=(2, 5, 12, 30),
        instance=lambda inverse: {"width": 64, "eta": 1.0 / inverse},
        at_most=at_most,
        trials=128,
        resolution=0.1,
    )


@ALLQ12.part(
    "a",
    says=r"The printed bound for $\tau_{w,\infty}=1/m$, $V''_{ij}=a_i/m$ and Table 1's $\sigma$: "
    r"of order $\eta^2$, and no smaller.",
    constant=Constant(0.25, measured_on="m = 32…256, η = 0.01…0.3"),
    along=[_along_step(0.25)],
    specimens=[{"width": 64, "eta": 0.1}],
)
@given(width=sizes(smallest=32, largest=128), eta=st.sampled_from((0.3, 0.1, 0.03)))
def real_and_pseudo_network_differ_by_the_square_of_the_step(
    width: int, eta: float, trials: Trials, *, power: float = 2.0
) -> Bound:
    found, _, printed = _gap(width, eta, trials)
    bound = printed * eta**power
    # One network in a thousand has no sign that flips: a logarithm is taken of the difference.
    return at_most(found.clamp(min=1e-9), bound)


real_and_pseudo_network_differ_by_the_square_of_the_step.twin(
    "η³", specimens=[{"width": 64, "eta": 0.003}], power=3.0
)


@ALLQ12.part(
    "b",
    provenance="derived",
    says=r"The first layer's part is $\Theta(m_1^{3/2}\tau_{w,\infty}^2)$ for $W'=0$: the density "
    r"of a preactivation at 0 is $\sqrt{m_1}$ and not $1/\sigma_w$.",
    constant=Constant(0.5, measured_on="m = 32…512, η = 0.1"),
    along=[
        Along(
            variable="m",
            sizes=(32, 64, 128, 256),
            instance=lambda m: {"width": m, "eta": 0.1},
            at_most=0.25,
            trials=32,
            resolution=0.1,
        )
    ],
    specimens=[{"width": 64, "eta": 0.1}],
)
@given(width=sizes(smallest=32, largest=128), eta=st.sampled_from((0.3, 0.1)))
def the_first_layer_differs_by_its_density_at_zero(
    width: int, eta: float, trials: Trials, *, power: float = 1.5
) -> Bound:
    _, found, _ = _gap(width, eta, trials)
    return at_most(found, eta**2 * width ** (power - 2.0))


the_first_layer_differs_by_its_density_at_zero.twin(
    "without a power of m₁", specimens=[{"width": 256, "eta": 0.1}], power=0.0
)
