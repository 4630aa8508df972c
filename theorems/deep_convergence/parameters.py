"""The parameters of Theorem 1 follow from Theorems 3 and 4 (ALS18, proof of Theorem 1).

Let g₋F ≤ ‖∇F‖_F² and ‖∇_{W_l}F‖_F² ≤ g₊F for every layer (Theorem 3), and, with ‖W'‖ the largest
norm of a layer,

    F(W + W') ≤ F + ⟨∇F, W'⟩ + a √F ‖W'‖ + q ‖W'‖²                                               (1)

(Theorem 4). For a step W' = -η∇F the last two terms are to take half of η‖∇F‖² at most. The proof
bounds ‖W'‖ by η√(g₊F): that asks for a√g₊ ≤ ¼g₋ and η ≤ g₋/(4qg₊), and with the theorems' numbers
these two are, power by power, the width and the step of Theorem 1. Bounding ‖W'‖ by η‖∇F‖_F itself
asks only for a ≤ ¼√g₋ and η ≤ 1/(4q).

Either way F_{t+1} ≤ F_t - ½η‖∇F_t‖², from which both lengths of the path follow.
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st

from lemmata.harness import (
    Bound,
    Instance,
    Trials,
    all_of,
    at_most,
    equal,
    given,
    statement,
)
from lemmata.strategies import Labels, labels, log_uniform, sizes
from lemmata.theorems.deep_convergence.setting.network import (
    DeepReluNet,
    SeparatedData,
    deep_relu_nets,
    pair_at,
    separated_data,
    sphere,
)
from lemmata.theorems.deep_convergence.setting.training import train

ALS41 = statement(
    "ALS-41",
    paper="ALS18",
    source="proof of Theorem 1",
    provenance="derived",
    uses=["ALS-21", "ALS-23"],
    title="The parameters of Theorem 1 follow from Theorems 3 and 4",
    says=r"Let $g_-F\le\|\nabla F\|_F^2$, $\|\nabla_{W_\ell}F\|_F^2\le g_+F$ for every $\ell$ and "
    r"$F(W+W')\le F+\langle\nabla F,W'\rangle+a\sqrt F\max_\ell\|W'_\ell\|+q\max_\ell\|W'_\ell\|^2$"
    r" along gradient descent. If $a\sqrt{g_+}\le\frac14g_-$ and $\eta\le\frac{g_-}{4qg_+}$, then "
    r"$F_{t+1}\le(1-\frac{\eta g_-}2)F_t$, no layer moves further than $4\sqrt{g_+F_0}/g_-$ and "
    r"the tuple no further than $4\sqrt{F_0/g_-}$.",
    kind="inequality",
)

_NUMBERS = (r"\forall\, g_-,g_+,a,q,\eta", r"\forall\, L", r"\forall\, \nabla F_0,\nabla F_1,\dots")
_STEPS = 64
_numbers = {
    "lower": log_uniform(1e-3, 1e3),
    "spread": log_uniform(1.0, 1e3),
    "curvature": log_uniform(0.25, 1e2),
    "share": log_uniform(1e-2, 1.0),
    "layers": st.integers(1, 4),
}


def _numbers_at(spread: float, *, curvature: float = 0.25, layers: int = 1) -> Instance:
    return {
        "lower": 2.0,
        "spread": spread,
        "curvature": curvature,
        "share": 1.0,
        "layers": layers,
    }


def _claims(
    lower: float,
    upper: float,
    a: float,
    q: float,
    step: float,
    layers: int,
    trials: Trials,
) -> Bound:
    """Follow the worst losses that (1) allows, for gradients between their bounds.

    Half of the trials have the least gradient at every step, and half of the steps have as much of
    it as may be in the first layer. No gradient exceeds F/η, as (1) would make F negative.
    """
    F = torch.ones(len(trials), dtype=trials.dtype, device=trials.device)
    room = math.log(max(1.0, min(layers * upper, 1.0 / step) / lower))
    growth = trials.uniform("growth", _STEPS) * (trials.uniform("least", 1) < 0.5)
    squares = lower * (room * growth).exp()
    concentrated = trials.uniform("concentrated", _STEPS) < 0.5
    ratios, longest, whole = [], torch.zeros_like(F), torch.zeros_like(F)
    for t in range(_STEPS):
        g = squares[:, t]
        first = torch.where(concentrated[:, t], g.clamp(max=upper), g / layers)
        others = (g - first) / max(1, layers - 1)
        largest = torch.maximum(first, others)
        longest = longest + step * (first * F).sqrt()
        whole = whole + step * (g * F).sqrt()
        kept = 1.0 - step * g + a * step * largest.sqrt() + q * step**2 * largest
        ratios.append(kept / (1.0 - 0.5 * step * lower))
        F = F * kept
    return all_of(
        contraction=at_most(torch.stack(ratios, dim=1), 1.0),
        layer=at_most(longest, 4.0 * math.sqrt(upper) / lower),
        whole=at_most(whole, 4.0 / math.sqrt(lower)),
    ).up_to_roundings(16.0 * _STEPS)


@ALS41.part(
    "a",
    says=r"If $a\sqrt{g_+}\le\frac14g_-$ and $\eta\le\frac{g_-}{4qg_+}$: $F_{t+1}\le(1-\frac{\eta "
    r"g_-}2)F_t$, $\sum_t\eta\|\nabla_{W_\ell}F_t\|_F\le4\sqrt{g_+F_0}/g_-$ for every $\ell$ and "
    r"$\sum_t\eta\|\nabla F_t\|_F\le4\sqrt{F_0/g_-}$.",
    quantifiers=_NUMBERS,
    specimens=[_numbers_at(1.0), _numbers_at(100.0, layers=3)],
)
@given(**_numbers)
def the_route_of_the_proof_gives_rate_and_radius(
    lower: float,
    spread: float,
    curvature: float,
    share: float,
    layers: int,
    trials: Trials,
    *,
    step: float = 0.25,
    of_the_bounds: float = 1.0,
) -> Bound:
    """The terms of (1) are at most aη√g₊ F ≤ ¼ηg₋F and qη²g₊F ≤ ¼ηg₋F, each ≤ ¼η‖∇F‖².

    So F_{t+1} ≤ F_t - ½η‖∇F_t‖² ≤ (1 - ½ηg₋)F_t. A layer moves at most η√g₊ Σ√F_t, a geometric
    series: with x = ½ηg₋ it sums to 1/(1 - √(1 - x)) ≤ 2/x. The tuple: η‖∇F_t‖ ≤ 2(F_t -
    F_{t+1})/‖∇F_t‖ ≤ 2(F_t - F_{t+1})/√(g₋F_t) ≤ 4(√F_t - √F_{t+1})/√g₋, which telescopes.
    """
    upper, q = _upper_and_quadratic(lower, spread, curvature, layers)
    eta = share * step / q * (lower / upper) ** of_the_bounds
    return _claims(lower, upper, 0.25 * lower / math.sqrt(upper), q, eta, layers, trials)


def _upper_and_quadratic(
    lower: float, spread: float, curvature: float, layers: int
) -> tuple[float, float]:
    """Return g₊ ≥ g₋/L, and q so large that ηg₋ ≤ 1, as F ≥ 0 asks of (1)."""
    return spread * lower / layers, curvature * lower * max(1.0, layers / spread)


the_route_of_the_proof_gives_rate_and_radius.twin(
    "η ≤ 1/q, whatever g₊",
    specimens=[_numbers_at(100.0, curvature=4.0)],
    step=1.0,
    of_the_bounds=0.0,
)


@ALS41.part(
    "b",
    provenance="ours",
    proof="in the docstring",
    says=r"Already if $a\le\frac14\sqrt{g_-}$ and $\eta\le\frac1{4q}$: the same rate and the same "
    r"paths.",
    quantifiers=_NUMBERS,
    specimens=[_numbers_at(1.0), _numbers_at(100.0, layers=3)],
)
@given(**_numbers)
def larger_steps_and_radii_are_admitted(
    lower: float,
    spread: float,
    curvature: float,
    share: float,
    layers: int,
    trials: Trials,
    *,
    of_a: float = 0.25,
) -> Bound:
    """With max_l ‖W'_l‖ ≤ η‖∇F‖_F: aη√F‖∇F‖ ≤ ¼η√(g₋F)‖∇F‖ ≤ ¼η‖∇F‖², and qη²‖∇F‖² ≤ ¼η‖∇F‖².

    The rest is as in (a).
    """
    upper, q = _upper_and_quadratic(lower, spread, curvature, layers)
    return _claims(lower, upper, of_a * math.sqrt(lower), q, share / (4.0 * q), layers, trials)


larger_steps_and_radii_are_admitted.twin("a ≤ √g₋: no quarter", of_a=1.0)


_SIZES = (r"\forall\, n,L,d,\delta",)
_sizes = {
    "n": sizes(largest=64),
    "depth": sizes(largest=16),
    "d": sizes(largest=16),
    "delta": log_uniform(1e-3, 1.0),
    "log_width": log_uniform(1.0, 1e3),
}


def _powers(n: int, depth: int, d: int, delta: float, log_width: float) -> Instance:
    return {"n": n, "depth": depth, "d": d, "delta": delta, "log_width": log_width}


@ALS41.part(
    "c",
    kind="identity",
    says=r"With $g_-=\frac{\delta m}{dn^2}$, $g_+=\frac{nm}d$, $q=\frac{nL^2m}d$, "
    r"$a=\sqrt n\,\omega^{1/3}L^2\sqrt{m\log m/d}$ and $F_0=n\log^2m$: "
    r"$\frac{g_-}{qg_+}=\frac{d\delta}{n^4L^2m}$, $\frac1{\eta g_-}=\frac{n^6L^2}{\delta^2}$, "
    r"$\omega=\frac{\sqrt{g_+F_0}}{g_-}=\frac{n^3\sqrt d}{\delta\sqrt m}\log m$, and "
    r"$a\sqrt{g_+}=g_-$ at $m=\frac{n^{24}L^{12}d\log^5m}{\delta^8}$: step, time, radius and width "
    r"of Theorem 1.",
    quantifiers=_SIZES,
    specimens=[_powers(3, 2, 5, 0.5, 7.0), _powers(1, 4, 1, 0.1, 40.0)],
)
@given(**_sizes)
def the_numbers_of_the_theorem_saturate_the_route_of_the_proof(
    n: int,
    depth: int,
    d: int,
    delta: float,
    log_width: float,
    trials: Trials,
    *,
    of_count: float = 24.0,
) -> Bound:
    """The symbol log m is a number of its own here: the identity is one of powers."""
    m = float(n) ** of_count * float(depth) ** 12 * d * log_width**5 / delta**8
    lower, upper, q = delta * m / (d * n**2), n * m / d, n * depth**2 * m / d
    eta, omega = lower / (q * upper), math.sqrt(upper * n) * log_width / lower
    a = math.sqrt(n) * omega ** (1 / 3) * depth**2 * math.sqrt(m * log_width / d)
    found = (
        (eta, d * delta / (n**4 * depth**2 * m)),
        (1.0 / (eta * lower), n**6 * depth**2 / delta**2),
        (omega, n**3 * math.sqrt(d / m) * log_width / delta),
        (a * math.sqrt(upper), lower),
    )
    one = torch.ones(len(trials), dtype=trials.dtype, device=trials.device)
    return all_of(*(equal(one * (x / y), one, roundings=64.0) for x, y in found))


the_numbers_of_the_theorem_saturate_the_route_of_the_proof.twin(
    "of order n²³", specimens=[_powers(3, 2, 5, 0.5, 7.0)], of_count=23.0
)


@ALS41.part(
    "d",
    kind="identity",
    provenance="ours",
    proof="in the docstring",
    says=r"The same theorems give $\eta=\frac d{nL^2m}$, $T=\frac{n^3L^2}\delta\log\frac1\epsilon$ "
    r"and, with the path $\sqrt{F_0/g_-}$ inside the radius "
    r"$\frac{\delta^{3/2}}{n^{9/2}L^6\log^3m}$ of Theorem 3, the width "
    r"$m=\frac{n^{12}L^{12}d\log^8m}{\delta^4}$.",
    quantifiers=_SIZES,
    specimens=[_powers(3, 2, 5, 0.5, 7.0), _powers(1, 4, 1, 0.1, 40.0)],
)
@given(**_sizes)
def the_other_route_halves_the_powers_of_the_width(
    n: int,
    depth: int,
    d: int,
    delta: float,
    log_width: float,
    trials: Trials,
    *,
    of_delta: float = 4.0,
) -> Bound:
    """Part (b): η = 1/q and T = 1/(ηg₋) = n³L²/δ.

    √(F₀/g₋) = n^{3/2} √d log m/√(δm) is at most the radius of Theorem 3 from this m on; there a =
    √(g₋/log m), so that a ≤ √g₋ is no further condition.
    """
    m = float(n) ** 12 * float(depth) ** 12 * d * log_width**8 / delta**of_delta
    lower, q = delta * m / (d * n**2), n * depth**2 * m / d
    path = math.sqrt(n / lower) * log_width
    radius = delta**1.5 / (n**4.5 * depth**6 * log_width**3)
    a = math.sqrt(n) * radius ** (1 / 3) * depth**2 * math.sqrt(m * log_width / d)
    one = torch.ones(len(trials), dtype=trials.dtype, device=trials.device)
    return all_of(
        time=equal(one * (q / lower) / (n**3 * depth**2 / delta), one, roundings=64.0),
        width=equal(one * (path / radius), one, roundings=64.0),
        coefficient=equal(one * (a / math.sqrt(lower / log_width)), one, roundings=64.0),
    )


the_other_route_halves_the_powers_of_the_width.twin(
    "of order δ^{-3}", specimens=[_powers(3, 2, 5, 0.5, 7.0)], of_delta=3.0
)


def _run_at(width: int, data: SeparatedData, c: float) -> Instance:
    net = DeepReluNet(width=width, depth=2, outputs=2)
    return {"net": net, "data": data, "targets": Labels(), "c": c}


@ALS41.part(
    "e",
    provenance="ours",
    proof="in the docstring",
    says=r"Along gradient descent, with $g_-=\min_t\|\nabla F_t\|_F^2/F_t$ and "
    r"$r=\min_t\frac{F_t-F_{t+1}}{\eta\|\nabla F_t\|_F^2}>0$: "
    r"$\sum_t\eta\|\nabla F_t\|_F\le\frac2r\sqrt{F_0/g_-}$, the bound of (a) at $r=\frac12$.",
    quantifiers=(
        r"\forall\, n,L,m,d",
        r"\forall\, x_i,y_i^*",
        r"\forall\, A,W^{(0)},B",
        r"\forall\, \eta,T",
    ),
    specimens=[_run_at(64, sphere(4), 0.5), _run_at(128, pair_at(1.0), 0.1)],
    layers=("dense", "matrix-free"),
)
@given(
    net=deep_relu_nets(widths=(16, 64), depths=(1, 3)),
    data=separated_data(largest=4),
    targets=labels(),
    c=st.sampled_from([0.5, 0.1, 0.02]),
)
def the_tuple_moves_by_the_root_of_the_loss(
    net: DeepReluNet,
    data: SeparatedData,
    targets: Labels,
    c: float,
    trials: Trials,
    *,
    factor: float = 2.0,
) -> Bound:
    """η‖∇F_t‖ ≤ (F_t - F_{t+1})/(r‖∇F_t‖) ≤ (F_t - F_{t+1})/(r√(g₋F_t)), as in (a).

    Where r ≤ 0 it says nothing. Resting steps neither move nor count.
    """
    run = train(net, data, targets, trials, c=c, steps=100)
    whole = run.squares.sum(dim=2)
    lower = run.where_moving(whole / run.F[:, :-1], torch.inf).amin(dim=1)
    least = run.descent.amin(dim=1)
    bound = factor / least * (run.F[:, 0] / lower).sqrt()
    path = run.step * whole.sqrt().sum(dim=1)
    bound = torch.where((least > 0) & run.moving.any(dim=1), bound, torch.inf)
    return at_most(path, bound).up_to_roundings(8.0 * net.width * 100).with_curves(loss=run.F)


the_tuple_moves_by_the_root_of_the_loss.twin(
    "half of it", specimens=[_run_at(128, pair_at(1.0), 0.1)], factor=1.0
)
