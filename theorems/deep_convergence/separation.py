"""Separation at random initialisation.

Hidden layers do not bring two examples together (ALS18, Lemma 7.5).

Behind a random ReLU layer the cosine c of two hidden vectors becomes κ₁(c) up to O(1/√m), κ₁ the
arc-cosine kernel of degree 1: an angle θ shrinks to about θ/(1 + θ/3π). After ℓ layers it is about
θ/(1 + ℓθ/3π), so that half of the separation δ is left as long as δ = O(1/L). The fluctuations are
relative to the separation: the difference of two hidden vectors is itself multiplied by a masked
Gaussian matrix (ALS-04), up to the few neurons that tell the examples apart.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Instance,
    Requirement,
    Trials,
    at_least,
    at_most,
    given,
    statement,
)
from lemmata.strategies import log_uniform
from lemmata.theorems.deep_convergence.setting.network import DeepReluNet, Signals, pair_at
from lemmata.theorems.deep_convergence.setting.products import wide_nets

_EITHER = ("matrix-free", "dense")
_DRAWN = (
    r"\forall\, \delta\le1/(CL)",
    r"\forall\, m\ge\mathrm{poly}(L,1/\delta)\log(nL)",
    r"\forall\, x_1,\dots,x_n",
    r"\mathbb P_{A,W}",
)

# ALS-11

ALS11 = statement(
    "ALS-11",
    paper="ALS18",
    source="Lemma 7.5",
    provenance="unseen",
    note="no quotation of it was found; δ ≤ O(1/L) is confirmed, as Theorem 1 asks for it",
    uses=["ALS-04"],
    title="Hidden layers keep the data separated",
    says=r"There is $C$ such that for $\delta\le1/(CL)$ and "
    r"$m\ge\mathrm{poly}(L,\delta^{-1})\log(nL)$, with high probability for all $i\ne j$ and "
    r"$0\le\ell\le L$: "
    r"$\big\|\big(I-\frac{h_{i,\ell}h_{i,\ell}^\top}{\|h_{i,\ell}\|^2}\big)h_{j,\ell}"
    r"\big\|\ge\frac\delta2$. "
    r"In the limit $m\to\infty$ the left side is $\sqrt{1-\rho_\ell^2}$ with "
    r"$\rho_\ell=\kappa_1(\rho_{\ell-1})$, $\rho_{-1}=\langle x_i,x_j\rangle$, "
    r"$\kappa_1(c)=\frac1\pi\big(\sqrt{1-c^2}+(\pi-\arccos c)\,c\big)$.",
    layers=_EITHER,
)


def separations(signals: Signals) -> Float[Tensor, "trials layers n n"]:
    """Return ‖(I - ĥ_i ĥ_iᵀ) h_j‖ in layers 0..L, 0 for i = j.

    From h_j - h_i, without the cancellation of a small angle.
    """
    apart = []
    for h in signals.h:
        unit = h / h.norm(dim=1, keepdim=True)
        difference = h.unsqueeze(2) - h.unsqueeze(3)
        along = (difference * unit.unsqueeze(3)).sum(dim=1, keepdim=True)
        apart.append((difference - along * unit.unsqueeze(3)).norm(dim=1))
    return torch.stack(apart, dim=1)


def _pairs(matrix: Float[Tensor, "... n n"]) -> Float[Tensor, "... pairs"]:
    n = matrix.shape[-1]
    return matrix[..., ~torch.eye(n, dtype=torch.bool, device=matrix.device)]


def _at(width: int, depth: int, crowding: float) -> Instance:
    return {"net": DeepReluNet(width=width, depth=depth), "crowding": crowding}


@ALS11.part(
    "a",
    kind="probability",
    says=r"$\big\|\big(I-\frac{h_{i,\ell}h_{i,\ell}^\top}{\|h_{i,\ell}\|^2}\big)h_{j,\ell}"
    r"\big\|\ge\frac\delta2$ for a pair at distance "
    r"$\delta\le0.9/L$, except with probability $0.15$ where $m\ge64L$, and $0.05$ where $"
    r"m\ge256L$.",
    quantifiers=(*_DRAWN, r"\forall\, i\ne j", r"\forall\, \ell\le L"),
    requires=Requirement(paper=r"$\delta\le1/(CL)$ and $m\ge\mathrm{poly}(L,\delta^{-1})\log(nL)$"),
    specimens=[_at(256, 1, 0.9), _at(1024, 4, 0.9), _at(128, 2, 0.9)],
)
@given(net=wide_nets(widths_a_layer=64, widest=2048), crowding=log_uniform(0.05, 0.9))
def hidden_layers_keep_half_the_separation(
    net: DeepReluNet, crowding: float, trials: Trials, *, kept: float = 0.5
) -> Bound:
    data = pair_at(crowding / net.depth)
    _, signals = net.forward(trials, data)
    rare = 0.05 if net.width >= 256 * net.depth else 0.15
    return at_least(_pairs(separations(signals)), kept * data.delta).except_with_probability(rare)


@hidden_layers_keep_half_the_separation.twin(
    "for any δ: without δ ≤ O(1/L)", specimens=[_at(1024, 16, 16.0)]
)
def _(net: DeepReluNet, crowding: float, trials: Trials) -> Bound:
    return hidden_layers_keep_half_the_separation.check(net, crowding, trials)


hidden_layers_keep_half_the_separation.twin("all of δ is kept", kept=1.0)


def limits(delta: float, depth: int) -> list[float]:
    """Return √(1 - ρ_ℓ²), ℓ = 0..L, for inputs at distance δ."""
    rho, found = 1.0 - delta**2 / 2.0, []
    for _ in range(depth + 1):
        rho = (math.sqrt(1.0 - rho**2) + (math.pi - math.acos(rho)) * rho) / math.pi
        found.append(math.sqrt(1.0 - rho**2))
    return found


def _close(width: int, depth: int, delta: float) -> Instance:
    return {"net": DeepReluNet(width=width, depth=depth), "delta": delta}


_OVER_WIDTH = Along(
    variable="m",
    sizes=(128, 256, 512, 1024, 2048),
    instance=lambda m: _close(m, 4, 0.2),
    at_most=0.2,
    trials=128,
)
_OVER_DEPTH = Along(
    variable="L+1",
    sizes=(2, 3, 5, 9, 17),
    instance=lambda k: _close(512, k - 1, 0.1),
    at_most=0.2,
    trials=128,
)
_OVER_CLOSENESS = Along(
    variable="1/δ",
    sizes=(1, 2, 4, 8, 16, 32),
    instance=lambda x: _close(256, 2, 1.0 / x),
    at_most=0.2,
    trials=512,
)


@ALS11.part(
    "b",
    kind="scaling",
    says=r"The sine "
    r"$\big\|\big(I-\frac{h_{i,\ell}h_{i,\ell}^\top}{\|h_{i,\ell}\|^2}\big)\frac{h_{j,"
    r"\ell}}{\|h_{j,\ell}\|}\big\|$ "
    r"is $\sqrt{1-\rho_\ell^2}\,\big(1\pm O(\sqrt{(\ell+1)/m})\big)$, whatever $\delta$.",
    quantifiers=(
        r"\forall\, L\ll m",
        r"\forall\, \delta",
        r"\mathbb P_{A,W}",
        r"\forall\, \ell\le L",
    ),
    constant=Constant(6.0, measured_on="m = 128…512, L = 2…16, δ = 0.05…1"),
    along=[_OVER_WIDTH, _OVER_DEPTH, _OVER_CLOSENESS],
    specimens=[_close(256, 4, 0.1), _close(512, 8, 1.0)],
)
@given(net=wide_nets(widths_a_layer=32, widest=1024, deepest=16), delta=log_uniform(0.05, 1.0))
def angles_follow_their_limit(
    net: DeepReluNet, delta: float, trials: Trials, *, spread: float = 0.5, shrinks: bool = True
) -> Bound:
    _, signals = net.forward(trials, pair_at(delta))
    sizes = torch.stack([h.norm(dim=1) for h in signals.h], dim=1).unsqueeze(2)
    limit = trials.tensor(
        limits(delta, net.depth)
        if shrinks
        else [math.sin(2.0 * math.asin(delta / 2.0))] * (net.depth + 1)
    )
    layers = trials.tensor(range(1, net.depth + 2))
    deviation = _pairs(separations(signals) / sizes) / limit.unsqueeze(1) - 1.0
    bound = (layers ** (2.0 * spread) / net.width).sqrt().unsqueeze(1)
    # The largest of many layers grows with their number by itself: exponents are those of the last
    # layer.
    return at_most(deviation.abs(), bound).scaling_as((deviation.abs() / bound)[:, -1, 0])


angles_follow_their_limit.twin(
    "fluctuations do not add up over the layers", specimens=[_close(1024, 32, 0.1)], spread=0.0
)


angles_follow_their_limit.twin(
    "angles do not shrink", specimens=[_close(4096, 8, 1.0)], shrinks=False
)
