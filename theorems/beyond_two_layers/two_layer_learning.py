r"""Learning with two layers (ALL18, Theorem 1, Appendix B.3 and B.4).

*Regret.* One step of W_{t+1} = W_t - η ∇L_F(W_t) changes ‖W_t - W*‖² by -2η⟨∇L_F, W_t - W*⟩ +
η²‖∇L_F‖²; L_G is convex, and ∇L_F differs from ∇L_G by what Lemma B.3 bounds: (B.7), summed, is
exact. *Complexity.* The supremum of a class of rows in balls splits over neurons, each a linear
class behind a contraction: ‖a_r‖₁ τ/√N for every initialisation. With τ = C/(ε_a m) it is free of
m; so is the sample complexity.

The experiments use fresh samples (or N fixed ones, drawn with replacement, as on the page), a
target whose zero predictor has a loss above ε, and common targets over all sizes.
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
    Mean,
    Trials,
    alike,
    at_most,
    given,
    mean_at_most,
    statement,
)
from lemmata.strategies import log_uniform, sizes
from lemmata.theorems.beyond_two_layers.setting.activations import Activation
from lemmata.theorems.beyond_two_layers.setting.inputs import inputs
from lemmata.theorems.beyond_two_layers.setting.losses import root_loss, root_loss_gradient
from lemmata.theorems.beyond_two_layers.setting.targets import Target
from lemmata.theorems.beyond_two_layers.setting.training import descend
from lemmata.theorems.beyond_two_layers.setting.two_layers import TwoLayer, row_norm

ALLO1 = statement(
    "ALL-O1",
    paper="ALL18",
    source="(B.7), proof of Lemma B.4",
    provenance="derived",
    note="the lemma compares an empirical loss with the population's OPT and says neither how "
    "large N is nor over what the mean is taken; Theorem 1 and the proof do",
    uses=["ALL-P1", "ALL-P3"],
    title="Regret of gradient descent against any comparator",
    says=r"For all samples, $\eta>0$ and $W^*$, with $W_{t+1}=W_t-\eta\nabla L_F(z_t;W_t)$: "
    r"$\frac1T\sum_t[L_G(z_t;W_t)-L_G(z_t;W^*)]\le\frac{\|W^*\|_F^2-\|W_T-W^*\|_F^2}{2\eta "
    r"T}+\frac\eta{2T}\sum_t\|\nabla L_F\|_F^2+\frac1T\sum_t\|\nabla L_F-\nabla "
    r"L_G\|_{2,1}\|W_t-W^*\|_{2,\infty}$.",
    kind="trajectory",
    quantifiers=(r"\forall\, z_0,z_1,\dots", r"\forall\,\eta", r"\forall\, W^*"),
    specimens=[
        {"rate": 0.1, "size": 1.0, "real": False},
        {"rate": 0.1, "size": 1.0, "real": True},
    ],
)


@ALLO1
@given(rate=log_uniform(0.003, 1.0), size=log_uniform(0.1, 10.0), real=st.booleans())
def regret_against_any_comparator(
    rate: float, size: float, real: bool, trials: Trials, *, noise: float = 1.0
) -> Bound:
    net, steps = TwoLayer(width=24, dimension=5, outputs=2), 60
    network, x = net.initialise(trials), inputs(trials, "x", steps, 5)
    y = 3.0 * trials.normal("y", steps, 2)
    comparator = size * trials.sphere("W*", 24, 5)
    model = network.outputs if real else network.pseudo
    moved = torch.zeros_like(comparator)
    square = left = right = torch.zeros_like(comparator[:, 0, 0])
    for t in alike(range(steps)):
        one, label = x[:, t : t + 1], y[:, t : t + 1]
        W = network.W + moved
        frozen = network.signs(network.W, one)
        signs = network.signs(W, one) if real else frozen
        g = network.pseudo(W, one)
        step = network.gradient(signs, one, root_loss_gradient(model(W, one), label))[:, 0]
        other = network.gradient(frozen, one, root_loss_gradient(g, label))[:, 0]
        best = network.pseudo(network.W + comparator, one)
        left = left + (root_loss(g, label) - root_loss(best, label)).squeeze(1)
        gap = (step - other).norm(dim=-1).sum(dim=-1) * row_norm(moved - comparator)
        square = square + step.square().sum(dim=(1, 2))
        right = right + gap
        moved = moved - rate * step
    start = (comparator.square() - (moved - comparator).square()).sum(dim=(1, 2)) / (2.0 * rate)
    # Both sides moved so that no cancellation is left: all terms of the right but one are positive.
    away = (moved - comparator).square().sum(dim=(1, 2)) / (2.0 * rate)
    total = start + away + noise * 0.5 * rate * square + right
    return at_most(left + away, total * (1.0 + 1e-10))


regret_against_any_comparator.twin(
    "without the squares of the gradients",
    specimens=[{"rate": 1.0, "size": 0.1, "real": False}],
    noise=0.0,
)

ALLR3 = statement(
    "ALL-R3",
    paper="ALL18",
    source="Lemma B.5",
    provenance="as printed",
    note="printed w.h.p. and with Õ(ε_a m τ/√N); here for every initialisation, with factor 1",
    uses=["ALL-R1"],
    title="The two-layer class has a complexity free of the width",
    says=r"$\{x\mapsto f_r(x;W^{(0)}+W'):\|W'\|_{2,\infty}\le\tau\}$: $\widehat{\mathfrak "
    r"R}\le\|a_r\|_1\tau/\sqrt N=\tilde O(\varepsilon_am\tau/\sqrt N)$.",
    kind="mean",
)
_CLASS = {
    "width": sizes(smallest=16, largest=256, factor=4.0),
    "radius": st.sampled_from((1.0, 0.01, 0.1, 10.0)),
    "samples": st.sampled_from((32, 8, 128)),
}


@ALLR3.part(
    "a",
    says=r"$\frac1N\mathbb E_\xi\sup_{\|W'\|_{2,\infty}\le\tau}\sum_n\xi_n(f(x_n;W^{(0)}+W')-"
    r"f(x_n;W^{(0)}))\le\|a\|_1\tau/\sqrt N$ for every initialisation; an ascent over all rows at "
    r"once bounds the supremum from below.",
    quantifiers=(
        r"\forall\, W^{(0)},b,a",
        r"\forall\, x_1,\dots,x_N",
        r"\mathbb E_\xi",
        r"\sup_{W'}",
    ),
    specimens=[{"width": 64, "radius": 1.0, "samples": 32}],
)
@given(**_CLASS)
def classes_of_row_balls(
    width: int, radius: float, samples: int, trials: Trials, *, one_norm: bool = True
) -> Mean:
    network = TwoLayer(width=width).initialise(trials)
    x, tau = inputs(trials, "x", samples, 4), radius / math.sqrt(width)
    draws = 8
    xi = trials.signs("xi", draws, samples)
    z = network.preactivations(network.W, x)
    sign = network.A[:, 0].sign().unsqueeze(1)
    # Rows separate: each maximises ± Σ ξ_n σ(z_n + ⟨w', x_n⟩) over its own ball.
    w = tau * trials.stream("adversary").sphere("start", draws, width, 4)
    best = torch.zeros_like(w[..., 0])
    base = torch.einsum("tsn,tnm->tsm", xi, z.relu())
    for _ in range(12):
        moved = z.unsqueeze(1) + torch.einsum("tsmd,tnd->tsnm", w, x)
        gain = sign * (torch.einsum("tsn,tsnm->tsm", xi, moved.relu()) - base)
        best = torch.maximum(best, gain)
        slope = sign.unsqueeze(-1) * torch.einsum("tsn,tsnm,tnd->tsmd", xi, (moved >= 0) * 1.0, x)
        w = tau * slope / slope.norm(dim=-1, keepdim=True).clamp(min=1e-300)
    a = network.A[:, 0].abs()
    found = (best * a.unsqueeze(1)).sum(dim=2).mean(dim=1) / samples
    norm = a.sum(dim=1) if one_norm else a.norm(dim=1)
    return mean_at_most(found / (norm * tau / math.sqrt(samples)), 1.0, within=0.1)


classes_of_row_balls.twin("‖a‖₂ in place of ‖a‖₁", one_norm=False)


@ALLR3.part(
    "b",
    provenance="derived",
    says=r"The pseudo class, $\|W'\|_F\le\tau_F$: $\widehat{\mathfrak R}=\frac{\tau_F}N\mathbb "
    r"E\|\sum_n\xi_n(D_na)x_n^\top\|_F\le\tau_F\|a\|_2/\sqrt N$.",
    quantifiers=(r"\forall\, W^{(0)},b,a", r"\forall\, x_1,\dots,x_N", r"\mathbb E_\xi"),
    specimens=[{"width": 64, "radius": 1.0, "samples": 32}],
)
@given(**_CLASS)
def pseudo_classes_of_frobenius_balls(
    width: int, radius: float, samples: int, trials: Trials, *, power: float = 0.5
) -> Mean:
    network = TwoLayer(width=width).initialise(trials)
    x = inputs(trials, "x", samples, 4)
    xi = trials.signs("xi", 16, samples)
    features = network.signs(network.W, x) * network.A
    sums = torch.einsum("tsn,tnm,tnd->tsmd", xi, features.to(x.dtype), x)
    found = radius * sums.flatten(2).norm(dim=2).mean(dim=1) / samples
    bound = radius * network.A[:, 0].norm(dim=1) / samples**power
    return mean_at_most(found / bound, 1.0, within=0.1)


pseudo_classes_of_frobenius_balls.twin("1/N in place of 1/√N", power=1.0)

_TEACHER = Target(
    phi=Activation(family="sine"), amplitude=3.0, frequency=2.0, dimension=6, number=3
)

ALLT1 = statement(
    "ALL-T1",
    paper="ALL18",
    source="Theorem 1",
    provenance="as printed",
    note="ε < 1/(pk C_s) and m ≥ poly(C_ε, 1/ε) are out of reach: the conclusion at small sizes, "
    "with fresh samples, η = 2/(εkm) and T = 20/ε²",
    uses=["ALL-E3", "ALL-P3", "ALL-P4", "ALL-O1", "ALL-R2", "ALL-R3"],
    title="Two-layer networks learn the two-layer concept class",
    says=r"$m\ge\mathrm{poly}(\mathfrak C_\varepsilon(\phi,1),1/\varepsilon)$, "
    r"$N\ge\mathrm{poly}(\mathfrak C_s(\phi,1),1/\varepsilon)$, "
    r"$\varepsilon_a=\varepsilon/\tilde\Theta(1)$, $\eta=\tilde\Theta(\frac1{\varepsilon km})$, "
    r"$T=\tilde\Theta(\mathfrak C_s^2k^3p^2/\varepsilon^2)$: w.h.p. over the initialisation "
    r"$\mathbb E_{sgd}\big[\frac1T\sum_{t<T}\mathbb "
    r"E\,L(f(x;W^{(0)}+W_t),y)\big]\le\mathrm{OPT}+\varepsilon$.",
    kind="trajectory",
)


def _learn(width: int, epsilon: float, steps: int, rate: float, trials: Trials) -> Tensor:
    """Return the mean loss of the iterates at their own fresh samples."""
    network = TwoLayer(width=width, dimension=6, scale=epsilon).initialise(trials)
    x = inputs(trials, "x", steps, 6)
    return descend(network, x, _TEACHER.values(x), rate).mean_loss


def _along_epsilon(at_most: float) -> Along:
    return Along(
        variable="1/ε",
        sizes=(2.5, 5.0, 10.0),
        instance=lambda inverse: {"width": 64, "epsilon": 1.0 / inverse},
        at_most=at_most,
        trials=48,
        resolution=0.1,
    )


def _along_width() -> Along:
    return Along(
        variable="m",
        sizes=(64, 256, 1024),
        instance=lambda m: {"width": m, "epsilon": 0.25},
        at_most=0.15,
        trials=32,
        resolution=0.1,
    )


_NINE = Constant(0.9, measured_on="m = 64…1024, ε = 0.1…0.4")


@ALLT1.part(
    "a",
    says=r"The mean loss over $T=20/\varepsilon^2$ steps is at most $\mathrm{OPT}+\varepsilon$, "
    r"$\varepsilon=0.4\dots0.1$, for a target whose zero predictor loses $0.2$ and more.",
    quantifiers=(r"\forall\, m,\varepsilon", r"\mathbb P_{W,b,A,x}"),
    constant=_NINE,
    along=[_along_epsilon(0.6)],
    specimens=[{"width": 64, "epsilon": 0.2}],
)
@given(width=st.sampled_from((64, 128)), epsilon=st.sampled_from((0.4, 0.3, 0.2)))
def gradient_descent_learns_in_one_over_epsilon_squared_steps(
    width: int, epsilon: float, trials: Trials, *, power: float = 2.0
) -> Bound:
    # A twin that takes fewer steps takes as many at ε = 0.4.
    steps = round(125.0 * (0.4 / epsilon) ** power)
    return at_most(_learn(width, epsilon, steps, 2.0 / (epsilon * width), trials), epsilon)


gradient_descent_learns_in_one_over_epsilon_squared_steps.twin(
    "T = Θ(1/ε)", specimens=[{"width": 64, "epsilon": 0.05}], power=1.0
)


@ALLT1.part(
    "b",
    says=r"The number of samples does not grow with $m$: at fixed $\varepsilon$ and $T$ the mean "
    r"loss is flat in $m$ with $\eta=\Theta(1/m)$.",
    quantifiers=(r"\forall\, m,\varepsilon", r"\mathbb P_{W,b,A,x}"),
    constant=_NINE,
    along=[_along_width()],
    specimens=[{"width": 256, "epsilon": 0.25}],
)
@given(width=st.sampled_from((64, 128, 256)), epsilon=st.sampled_from((0.4, 0.25)))
def the_number_of_samples_does_not_grow_with_the_width(
    width: int, epsilon: float, trials: Trials, *, power: float = 1.0
) -> Bound:
    rate = 2.0 / (epsilon * 64.0 * (width / 64.0) ** power)
    steps = round(20.0 / epsilon**2)
    return at_most(_learn(width, epsilon, steps, rate, trials), epsilon)


the_number_of_samples_does_not_grow_with_the_width.twin(
    "η = Θ(1/m²)", specimens=[{"width": 512, "epsilon": 0.1}], power=2.0
)

ALLG1 = statement(
    "ALL-G1",
    paper="ALL18",
    source="Theorem 1, (B.9) and remarks",
    provenance="as printed",
    uses=["ALL-R2", "ALL-R3", "ALL-T1"],
    title="The generalisation gap does not grow with the width",
    says=r"With the parameters of Theorem 1 the gap is $\mathrm{poly}(k,p,\log m)\,\mathfrak "
    r"C_s^2/(\varepsilon\sqrt N)$: free of $m$ up to logarithms, where the number of parameters "
    r"grows like $m$.",
    kind="trajectory",
    quantifiers=(r"\forall\, m,N", r"\mathbb P_{W,b,A,\mathcal Z}"),
    constant=Constant(1.0, measured_on="m = 64…1024, N = 16…64"),
    specimens=[{"width": 64, "samples": 16}],
    along=[
        Along(
            variable="m",
            sizes=(64, 256, 1024),
            instance=lambda m: {"width": m, "samples": 16},
            at_most=0.2,
            trials=64,
            resolution=0.1,
        )
    ],
)


@ALLG1
@given(width=st.sampled_from((64, 128)), samples=st.sampled_from((16, 32)))
def the_gap_does_not_grow_with_the_width(
    width: int, samples: int, trials: Trials, *, with_width: float = 0.0, share: float = 1.0
) -> Bound:
    steps, epsilon = 600, 0.25
    network = TwoLayer(width=width, dimension=6, scale=epsilon).initialise(trials)
    x = inputs(trials, "sample", samples, 6)
    y = _TEACHER.values(x)
    order = (samples * trials.uniform("order", steps)).long().clamp(max=samples - 1)
    rows = order.unsqueeze(-1)
    run = descend(
        network,
        x.gather(1, rows.expand(-1, -1, 6)),
        y.gather(1, rows),
        2.0 / (epsilon * width),
    )
    fresh = inputs(trials, "fresh", 256, 6)
    W = network.W + run.moved
    test = root_loss(network.outputs(W, fresh), _TEACHER.values(fresh)).mean(dim=1)
    train = root_loss(network.outputs(W, x), y).mean(dim=1)
    bound = share * (width / 64.0) ** with_width / math.sqrt(samples)
    # The gap itself may be negative; what is fitted is its size with the noise of 256 inputs off.
    return at_most((test - train).clamp(min=1e-3), bound)


the_gap_does_not_grow_with_the_width.twin(
    "a gap of 0.02/√N, less than what overfitting leaves", share=0.02
)
