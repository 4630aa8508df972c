r"""Semi-smoothness and almost convexity (ALS18, Theorem 4).

ReLU is linear between two points up to a diagonal D'' that is not 0 where the signs differ alone
(ALS-22 i). Layer after layer, the change of a hidden vector is therefore exactly linear in W', in
terms of products with slightly changed masks (ii), to which ALS-14 and ALS-15 apply. With y = y(W +
W'), Δ = y - y(W) and loss = y(W) - y*,

    F(W + W') - F(W) - ⟨∇F(W), W'⟩ = Σ_i ⟨loss_i, Δ_i - B D_i W'-linearised_i⟩ + ½ ‖Δ_i‖².       (1)

The first term is what D'' makes, at most √(nF) ω^{1/3} L² √(m log m/d) O(‖W'‖₂) by ALS-16, the
second is O(nL²m/d) ‖W'‖₂²: ordinary smoothness but for a first-order term (ALS-23). The second is
not negative, hence almost convexity (ALS-24).

The exponent 1/3 is right: `linearisation.parked` makes E ≈ (6/π)^{1/6} √F ω^{4/3} √(m/d) for one
example.
"""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Trials,
    all_of,
    at_most,
    equal,
    given,
    statement,
    worst_of,
)
from lemmata.strategies import Labels, labels, sizes
from lemmata.theorems.deep_convergence.setting import attacks
from lemmata.theorems.deep_convergence.setting.linearisation import (
    RANGE,
    changed_mask,
    excesses,
    step_at,
)
from lemmata.theorems.deep_convergence.setting.network import (
    DeepReluNet,
    Network,
    SeparatedData,
    Signals,
    deep_relu_nets,
    separated_data,
)
from lemmata.theorems.deep_convergence.setting.perturbations import (
    IN_THE_BALL,
    ball_at,
    drawn,
)
from lemmata.theorems.deep_convergence.setting.quotations import (
    BASRI,
    CAO_GU,
    RECURRENT,
    by_several,
)

_EITHER = ("matrix-free", "dense")
_TWO_BALLS = (*IN_THE_BALL, r"\forall\, \|W'\|_2\le\omega")

# ALS-22

ALS22 = statement(
    "ALS-22",
    paper="ALS18",
    source="Claim 11.2 and Proposition 11.3",
    provenance="quoted",
    note=by_several(BASRI, CAO_GU),
    uses=["ALS-14", "ALS-15"],
    title="Exact decomposition of the change of a hidden layer",
    says=r"(i) $\phi(b)-\phi(a)=(D+D'')(b-a)$ with $D=\mathrm{diag}(1[a\ge0])$ and a diagonal "
    r"$D''$ that is 0 where $a,b$ have one sign. (ii) Hence $h_{i,\ell}(W+W')-h_{i,\ell}(W)$ is a "
    r"sum over the layers before of products of $W$ with changed masks, linear in $W'$. (iii) For "
    r"$\omega\in[\Omega(d^{3/2}m^{-3/2}L^{-3/2}\log^{-3/2}m),O(L^{-9/2}\log^{-3}m)]$, "
    r"$W\in\mathcal B(\omega)$, $\|W'\|_2\le\omega$: $\|D''_{i,\ell}\|_0\le O(m\omega^{2/3}L)$, "
    r"$\|h_{i,\ell}(W+W')-h_{i,\ell}(W)\|\le O(L^{3/2})\|W'\|_2$ and $\|y_i(W+W')-y_i(W)\|\le "
    r"O(L\sqrt{m/d})\|W'\|_2$.",
)


@ALS22.part(
    "i",
    kind="identity",
    says=r"$\phi(b)-\phi(a)=(D+D'')(b-a)$, $D''_{kk}\in[-1,1]$, $D_{kk}+D''_{kk}\in[0,1]$, and "
    r"$D''_{kk}=0$ where $1[a_k\ge0]=1[b_k\ge0]$.",
    quantifiers=(r"\forall\, a,b\in\mathbb R^m", r"\exists\, D''"),
    specimens=[{"m": 64, "apart": 1.0}, {"m": 64, "apart": 1e-6}],
)
@given(m=sizes(largest=256), apart=sizes(largest=4096).map(lambda size: 1.0 / size))
def a_relu_is_linear_with_a_changed_mask(
    m: int, apart: float, trials: Trials, *, changed: float = 1.0
) -> Bound:
    a = trials.normal("a", m)
    # One entry in four is a tie at 0, with the indicator 1.
    a = torch.where(trials.uniform("tie", m) < 0.25, 0.0, a)
    b = a + apart * trials.normal("b", m)
    D, witness = (a >= 0).to(a.dtype), changed * changed_mask(a, b)
    total = D + witness
    return all_of(
        equal(total * (b - a), b.relu() - a.relu(), roundings=8.0, scale=a.abs() + b.abs()),
        equal(witness, witness.clamp(-1.0, 1.0), roundings=8.0, scale=1.0),
        equal(total, total.clamp(0.0, 1.0), roundings=8.0, scale=1.0),
        equal(torch.where((a >= 0) == (b >= 0), witness, 0.0), 0.0, roundings=1.0),
    )


a_relu_is_linear_with_a_changed_mask.twin("D'' = 0", changed=0.0)


def _decomposition(
    base: Network, old: Signals, moved: Network, new: Signals, changed: float
) -> Bound:
    """Compare both sides of (ii), the right one summed term by term for each a and ℓ."""
    masks = [
        (a >= 0).to(a.dtype) + changed * changed_mask(a, b)
        for a, b in zip(old.g, new.g, strict=True)
    ]
    sums, size = [torch.zeros_like(h) for h in old.h], torch.zeros_like(old.h[0][:, :1])
    for a in range(1, base.depth + 1):
        h = new.h[a - 1]
        term = masks[a] * (moved.W[a - 1].apply(h) - base.W[a - 1].apply(h))
        size = size + new.g[a].norm(dim=1, keepdim=True) + old.g[a].norm(dim=1, keepdim=True)
        for level in range(a, base.depth + 1):
            term = term if level == a else masks[level] * base.W[level - 1].apply(term)
            size = size + term.norm(dim=1, keepdim=True)
            sums[level] = sums[level] + term
    left = torch.stack(
        [after - before for after, before in zip(new.h[1:], old.h[1:], strict=True)], dim=1
    )
    # Each term runs through up to L sums of m terms; the scale carries the cancellation in h(W +
    # W') - h(W) where W' is tiny.
    return equal(
        left,
        torch.stack(sums[1:], dim=1),
        roundings=8.0 * (base.depth + 1) * old.h[0].shape[1],
        scale=size.unsqueeze(1),
    )


@ALS22.part(
    "ii",
    kind="identity",
    says=r"$h_{i,\ell}(W+W')-h_{i,\ell}(W)=\sum_{a\le\ell}(D_{i,\ell}+D''_{i,\ell})W_\ell\cdots "
    r"W_{a+1}(D_{i,a}+D''_{i,a})W'_a\,h_{i,a-1}(W+W')$, $D,D''$ as in (i).",
    quantifiers=(
        r"\forall\, n,L,m,\omega",
        r"\forall\, x_i",
        r"\forall\, A,W",
        r"\forall\, \|W'\|_2\le\omega",
        r"\forall\, i,\ell",
    ),
    specimens=[ball_at(64, 4, 0.1, count=2), ball_at(32, 8, 0.5)],
    layers=("dense", "matrix-free"),
)
@given(
    net=deep_relu_nets(widths=(4, 64), outputs=(1, 1)),
    data=separated_data(largest=3),
    omega=sizes(largest=1024).map(lambda size: 1.0 / size),
)
def changes_of_hidden_vectors_are_sums_over_layers(
    net: DeepReluNet, data: SeparatedData, omega: float, trials: Trials, *, changed: float = 1.0
) -> Bound:
    network, signals = net.forward(trials, data)
    x = data.inputs(trials)
    found = {
        "random": attacks.rotated(network, x, omega, trials.stream("adversary")),
        "flip": attacks.flipped(network, x, omega),
    }
    return worst_of(
        **{
            name: _decomposition(network, signals, point, point.forward(x), changed)
            for name, point in found.items()
        }
    )


changes_of_hidden_vectors_are_sums_over_layers.twin("D'' = 0: linear around W", changed=0.0)


_DEPTHS = Along(
    variable="L",
    sizes=(1, 2, 4, 8),
    instance=lambda L: ball_at(512, L, 0.003),
    at_most=0.2,
    trials=16,
)
_WIDTHS = Along(
    variable="m",
    sizes=(64, 256, 1024),
    instance=lambda m: ball_at(m, 2, 0.1),
    at_most=0.2,
    trials=24,
)
_RADII = Along(
    variable="1/ω",
    sizes=(10, 30, 100, 300, 1000),
    instance=lambda inverse: ball_at(2048, 2, 1.0 / inverse),
    at_most=0.1,
    trials=32,
)


def _steps(
    net: DeepReluNet, data: SeparatedData, omega: float, trials: Trials, rounds: int = 4
) -> dict[str, tuple[Signals, Signals]]:
    """Return signals at W and W + W' for W of the ball and ‖W'‖₂ ≤ ω, by attack."""
    network, _ = net.forward(trials, data)
    x, other = data.inputs(trials), trials.stream("adversary")
    away, flip = attacks.rotated(network, x, omega, other), attacks.flipped(network, x, omega)
    pairs = {
        "random": (away, attacks.rotated(away, x, omega, other.stream("step"))),
        "flip_back": (flip, attacks.flipped(flip, x, omega)),
        "magnify": (away, attacks.magnified(away, x, omega, rounds=rounds)),
        "output": (network, attacks.magnified(network, x, omega, rounds=rounds, of_output=True)),
    }
    return {name: (base.forward(x), moved.forward(x)) for name, (base, moved) in pairs.items()}


@ALS22.part(
    "iii",
    kind="scaling",
    says=r"$\|D''_{i,\ell}\|_0\le O(m\omega^{2/3}L)$.",
    quantifiers=(*_TWO_BALLS, r"\forall\, i,\ell"),
    constant=Constant(2.0, measured_on="m = 64…512, L = 2…16, ω = 0.001…0.1, mω^{2/3} ≥ 5"),
    along=[_RADII, _WIDTHS],
    requires=RANGE,
    specimens=[ball_at(256, 2, 0.01), ball_at(512, 4, 0.003)],
    layers=_EITHER,
)
@given(**drawn)
def few_masks_are_changed_by_a_step(
    net: DeepReluNet, data: SeparatedData, omega: float, trials: Trials, *, power: float = 2 / 3
) -> Bound:
    found = {}
    for name, (old, new) in _steps(net, data, omega, trials, rounds=1).items():
        differ = torch.stack(
            [a != b for a, b in zip(old.signs[1:], new.signs[1:], strict=True)], dim=1
        )
        found[name] = at_most(
            differ.to(old.y.dtype).sum(dim=2), net.width * omega**power * net.depth
        )
    return worst_of(**found)


few_masks_are_changed_by_a_step.twin("in proportion to ω", specimens=[], along=[_RADII], power=1.0)


_HIDDEN_DEPTHS = replace(_DEPTHS, member="hidden")


@ALS22.part(
    "iv",
    kind="scaling",
    says=r"$\|h_{i,\ell}(W+W')-h_{i,\ell}(W)\|\le O(L^{3/2})\|W'\|_2$ and $\|y_i(W+W')-y_i(W)\|\le "
    r"O(L\sqrt{m/d})\|W'\|_2$.",
    quantifiers=(*_TWO_BALLS, r"\forall\, i,\ell"),
    constant=Constant(3.0, measured_on="m = 64…256, L = 2…16, ω ≤ 0.1"),
    along=[replace(_WIDTHS, member="outputs"), _HIDDEN_DEPTHS],
    requires=RANGE,
    specimens=[ball_at(256, 2, 0.01, outputs=2), ball_at(512, 4, 0.003)],
    layers=_EITHER,
)
@given(**drawn)
def steps_move_hidden_vectors_and_outputs_in_proportion(
    net: DeepReluNet, data: SeparatedData, omega: float, trials: Trials, *, of_depth: float = 1.5
) -> Bound:
    found = {}
    for name, (old, new) in _steps(net, data, omega, trials).items():
        hidden = torch.stack(
            [after - before for after, before in zip(new.h[1:], old.h[1:], strict=True)], dim=1
        ).norm(dim=2)
        outputs = at_most(
            (new.y - old.y).norm(dim=1), omega * net.depth * math.sqrt(net.width / net.outputs)
        )
        found[name] = all_of(hidden=at_most(hidden, omega * net.depth**of_depth), outputs=outputs)
    return worst_of(**found)


steps_move_hidden_vectors_and_outputs_in_proportion.twin(
    "hidden vectors by O(1)‖W'‖, whatever the depth",
    specimens=[],
    along=[_HIDDEN_DEPTHS],
    of_depth=0.0,
)


# ALS-23

_RADII_OF_STEPS = Along(
    variable="1/ω",
    sizes=(250, 1000, 2000, 8000),
    instance=lambda inverse: step_at(8192, 1, 1.0 / inverse, outputs=2),
    at_most=0.2,
    trials=16,
)
_PARKED = Along(
    variable="1/ω",
    sizes=(300, 1000, 3000, 10_000, 30_000),
    # Long targets, so that √F hardly varies.
    instance=lambda inverse: step_at(16_384, 1, 1.0 / inverse, outputs=2, length=10.0),
    at_most=0.2,
    trials=48,
)
_WIDTHS_OF_STEPS = Along(
    variable="m",
    sizes=(256, 1024, 4096),
    instance=lambda m: step_at(m, 1, 0.03, outputs=2),
    at_most=0.2,
    trials=16,
)
_DEPTHS_OF_STEPS = Along(
    variable="L",
    sizes=(1, 2, 4, 8),
    instance=lambda L: step_at(512, L, 0.01, outputs=2),
    at_most=0.2,
    trials=16,
)
ALS23 = statement(
    "ALS-23",
    paper="ALS18",
    source="Theorem 4",
    provenance="forced",
    note="its coefficients are those from which the step, width and radius of Theorem 1 follow; "
    f"{RECURRENT} has a statement of this form",
    uses=["ALS-14", "ALS-15", "ALS-16", "ALS-22"],
    title="Semi-smoothness",
    says=r"For $\omega\in[\Omega(d^{3/2}m^{-3/2}L^{-3/2}\log^{-3/2}m),O(L^{-9/2}\log^{-3}m)]$, "
    r"with probability at least $1-e^{-\Omega(m\omega^{2/3}L)}$: for all $W\in\mathcal B(\omega)$ "
    r"and all $\|W'\|_2\le\omega$: $F(W+W')\le F(W)+\langle\nabla "
    r"F(W),W'\rangle+\sqrt{nF(W)}\,\omega^{1/3}L^2\sqrt{m\log "
    r"m/d}\;O(\|W'\|_2)+O\big(\frac{nL^2m}d\big)\|W'\|_2^2$.",
    kind="scaling",
    quantifiers=(r"\forall\, y_i^*", *_TWO_BALLS),
    constant=Constant(3.0, measured_on="m = 32…10⁶, n ≤ 8, L ≤ 8, d ≤ 8, ω = 10⁻⁴…0.03"),
    along=[_RADII_OF_STEPS, _WIDTHS_OF_STEPS, _DEPTHS_OF_STEPS],
    requires=RANGE,
    specimens=[step_at(256, 2, 0.01, outputs=2, count=2), step_at(1024, 1, 0.01, outputs=2)],
    layers=_EITHER,
)


def _first_order(
    net: DeepReluNet,
    data: SeparatedData,
    omega: float,
    F: Float[Tensor, "trials"],
    power: float = 1 / 3,
) -> Float[Tensor, "trials"]:
    """Return √(nF) ω^power L² √(m log m/d) ω."""
    return (
        (data.count * F).sqrt()
        * omega ** (1.0 + power)
        * net.depth**2
        * math.sqrt(net.width * math.log(net.width) / net.outputs)
    )


@ALS23
@given(**drawn, targets=labels("random"))
def the_loss_is_semi_smooth(
    net: DeepReluNet, data: SeparatedData, omega: float, targets: Labels, trials: Trials
) -> Bound:
    found = excesses(net, data, omega, targets, trials, upward=True)
    smooth = data.count * net.depth**2 * net.width / net.outputs * omega**2
    return worst_of(
        **{
            name: at_most(E, _first_order(net, data, omega, F) + smooth)
            for name, (E, F) in found.items()
        }
    )


@the_loss_is_semi_smooth.twin("smooth: no first-order term", specimens=[], along=[_PARKED])
def _(
    net: DeepReluNet, data: SeparatedData, omega: float, targets: Labels, trials: Trials
) -> Bound:
    E, _ = excesses(net, data, omega, targets, trials, upward=True, by_hand_only=True)["parked"]
    return at_most(E, data.count * net.depth**2 * net.width / net.outputs * omega**2)


# ALS-24

ALS24 = statement(
    "ALS-24",
    paper="ALS18",
    source="introduction and proof of Theorem 4",
    provenance="derived",
    uses=["ALS-16", "ALS-22"],
    title="Almost convexity",
    says=r"Under the hypotheses of semi-smoothness: $F(W+W')\ge F(W)+\langle\nabla "
    r"F(W),W'\rangle-\sqrt{nF(W)}\,\omega^{1/3}L^2\sqrt{m\log m/d}\;O(\|W'\|_2)$, without a "
    r"quadratic term, as $\frac12\|y+\Delta-y^*\|^2-\frac12\|y-y^*\|^2-\langle "
    r"y-y^*,\Delta\rangle=\frac12\|\Delta\|^2\ge0$.",
    kind="scaling",
    quantifiers=(r"\forall\, y_i^*", *_TWO_BALLS),
    constant=Constant(3.0, measured_on="m = 32…10⁶, n ≤ 8, L ≤ 8, ω = 10⁻⁴…0.03"),
    along=[_RADII_OF_STEPS, _WIDTHS_OF_STEPS, _DEPTHS_OF_STEPS],
    requires=RANGE,
    specimens=[step_at(256, 2, 0.01, outputs=2, count=2), step_at(1024, 1, 0.01, outputs=2)],
    layers=_EITHER,
)


@ALS24
@given(**drawn, targets=labels("random"))
def the_loss_is_almost_convex(
    net: DeepReluNet,
    data: SeparatedData,
    omega: float,
    targets: Labels,
    trials: Trials,
    *,
    share: float = 1.0,
) -> Bound:
    found = excesses(net, data, omega, targets, trials, upward=False)
    return worst_of(
        **{
            name: at_most(-E, share * _first_order(net, data, omega, F))
            for name, (E, F) in found.items()
        }
    )


the_loss_is_almost_convex.twin("convex: no first-order term, but for rounding", share=1e-6)


@the_loss_is_almost_convex.twin(
    "a first-order term in proportion to ω in place of ω^{1/3}", specimens=[], along=[_PARKED]
)
def _(
    net: DeepReluNet, data: SeparatedData, omega: float, targets: Labels, trials: Trials
) -> Bound:
    E, F = excesses(net, data, omega, targets, trials, upward=False, by_hand_only=True)["parked"]
    return at_most(-E, _first_order(net, data, omega, F, power=1.0))
