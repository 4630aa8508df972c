"""Forward norms at random initialisation.

No explosion, no vanishing (ALS18, Section 7 and introduction).

Given h_{l-1}, the squared norm of φ(W_l h_{l-1}) is ‖h_{l-1}‖² times 2/m times a chi-square
variable of binomial(m, ½) order (ALS-02), independent of the past. Along the layers the norm is
therefore an exact martingale of products, of which everything here follows: concentration (ALS-04
a), moments (b), logarithmic spread (c), and what another variance does to depth (ALS-05).
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
    Requirement,
    Trials,
    at_most,
    equal,
    given,
    mean_of,
    statement,
)
from lemmata.strategies import sizes
from lemmata.theorems.deep_convergence.setting.network import (
    DeepReluNet,
    SeparatedData,
    Signals,
    deep_relu_nets,
    separated_data,
    sphere,
)
from lemmata.theorems.deep_convergence.setting.quotations import BASRI, CAO_GU, by_several

_EITHER = ("matrix-free", "dense")
_DRAWN = (r"\forall\, n,L,m", r"\forall\, \|x_1\|=\dots=\|x_n\|=1", r"\mathbb P_{A,W}")


def _norms(signals: Signals) -> Float[Tensor, "trials layers n"]:
    return torch.stack([h.norm(dim=1) for h in signals.h], dim=1)


# ALS-04

ALS04 = statement(
    "ALS-04",
    paper="ALS18",
    source="Lemma 7.1",
    provenance="quoted",
    note=by_several(BASRI, CAO_GU, of="(a) with a constant ε is") + "; its form in ε was not seen",
    uses=["ALS-02"],
    title="Hidden layers keep the norm of their input",
    says=r"For all $n,L,m$, all unit $x_1,\dots,x_n$ and all $\varepsilon\in(0,1]$, with "
    r"probability at least $1-O(nL)e^{-\Omega(m\varepsilon^2/L)}$ over $A,W$: "
    r"$\|h_{i,\ell}\|\in[1-\varepsilon,1+\varepsilon]$ for all $i\in[n]$, $0\le\ell\le L$.",
    layers=_EITHER,
)

RATE = 0.12
"""A valid constant of the exponent.

The upper tail's exact rate over mε²/L has the infimum 0.129, at L = ε = 1; 0.2 is not valid.
"""


def _exception(net: DeepReluNet, data: SeparatedData, epsilon: float) -> float:
    return 2.0 * data.count * (net.depth + 1) * math.exp(-RATE * net.width * epsilon**2 / net.depth)


@ALS04.part(
    "a",
    kind="probability",
    says=r"$\Pr\big[\exists\, i,\ell:\ \big|\|h_{i,\ell}\|-1\big|>\varepsilon\big]\le "
    r"2n(L+1)\,e^{-0.12\,m\varepsilon^2/L}$.",
    quantifiers=(*_DRAWN, r"\forall\, i,\ell"),
    specimens=[
        {"net": DeepReluNet(width=1024, depth=8), "data": sphere(2), "epsilon": 0.8},
        {"net": DeepReluNet(width=256, depth=2), "data": sphere(4), "epsilon": 0.8},
        {"net": DeepReluNet(width=128, depth=1), "data": sphere(1), "epsilon": 0.6},
    ],
)
@given(
    net=deep_relu_nets(widths=(16, 1024), outputs=(1, 1)),
    data=separated_data(),
    epsilon=st.sampled_from([0.1 * k for k in range(10, 2, -1)]),
)
def hidden_norms_stay_near_one(
    net: DeepReluNet, data: SeparatedData, epsilon: float, trials: Trials
) -> Bound:
    _, signals = net.forward(trials, data)
    return at_most((_norms(signals) - 1.0).abs(), epsilon).except_with_probability(
        _exception(net, data, epsilon)
    )


@hidden_norms_stay_near_one.twin("initial variance 1/m in place of 2/m")
def _(net: DeepReluNet, data: SeparatedData, epsilon: float, trials: Trials) -> Bound:
    halved = DeepReluNet(width=net.width, depth=net.depth, outputs=net.outputs, variance=1.0)
    return hidden_norms_stay_near_one.check(halved, data, epsilon, trials)


@hidden_norms_stay_near_one.twin(
    "fluctuations independent of depth: probability 2n(L+1) exp(-0.12 mε²)",
    specimens=[{"net": DeepReluNet(width=256, depth=32), "data": sphere(1), "epsilon": 0.6}],
)
def _(net: DeepReluNet, data: SeparatedData, epsilon: float, trials: Trials) -> Bound:
    claimed = 2.0 * data.count * (net.depth + 1) * math.exp(-RATE * net.width * epsilon**2)
    return hidden_norms_stay_near_one.check(net, data, epsilon, trials).except_with_probability(
        claimed
    )


_COPIES = 64
"""Networks in a trial of a mean."""


def _squared_norms(
    width: int, depth: int, variance: float, trials: Trials
) -> Float[Tensor, "trials layers copies"]:
    """Return ‖h_l‖², l = 0..L, of independent networks on one unit input.

    Orthogonal inputs to one Gaussian matrix have independent images, so one draw of a matrix serves
    all copies: column k of layer l is a fresh Gaussian vector times the norm of copy k's hidden
    vector, whatever its direction.
    """
    h = trials.normal("A", width, _COPIES, variance=2.0 / width).relu()
    squares = [(h**2).sum(dim=1)]
    for level in range(1, depth + 1):
        fresh = trials.normal(f"W{level}", width, _COPIES, variance=variance / width)
        h = (fresh * squares[-1].sqrt().unsqueeze(1)).relu()
        squares.append((h**2).sum(dim=1))
    return torch.stack(squares, dim=1)


@ALS04.part(
    "b",
    provenance="ours",
    proof="in the docstring",
    kind="mean",
    says=r"Exactly, $\mathbb E\|h_{i,\ell}\|^2=1$ and $\mathbb "
    r"E\|h_{i,\ell}\|^4=(1+5/m)^{\ell+1}$.",
    quantifiers=(r"\forall\, m,L", r"\forall\, \|x\|=1", r"\mathbb E_{A,W}"),
    specimens=[{"width": 64, "depth": 2}, {"width": 128, "depth": 4}],
    layers=("dense",),
)
@given(width=sizes(smallest=32, largest=128), depth=sizes(largest=4))
def squared_norms_have_mean_one_and_known_fourth_moment(
    width: int, depth: int, trials: Trials, *, variance: float = 2.0
) -> Mean:
    squares = _squared_norms(width, depth, variance, trials)
    growth = (1.0 + 5.0 / width) ** (trials.tensor(range(depth + 1)) + 1.0)
    moments = torch.stack((squares.mean(dim=2), (squares**2).mean(dim=2) / growth), dim=1)
    return mean_of(moments, 1.0)


squared_norms_have_mean_one_and_known_fourth_moment.twin("variance 2.2/m", variance=2.2)


@squared_norms_have_mean_one_and_known_fourth_moment.twin(
    "fourth moment 1: the norm does not fluctuate"
)
def _(width: int, depth: int, trials: Trials) -> Mean:
    return mean_of((_squared_norms(width, depth, 2.0, trials) ** 2).mean(dim=2), 1.0)


def _at_depth(depth: int) -> Instance:
    return {"net": DeepReluNet(width=512, depth=depth), "data": sphere(1)}


def _at_width(width: int) -> Instance:
    return {"net": DeepReluNet(width=width, depth=4), "data": sphere(1)}


@ALS04.part(
    "c",
    provenance="ours",
    proof="only seen",
    kind="scaling",
    says=r"$\log\|h_{i,\ell}\|^2$ has mean $\approx-\frac{5(\ell+1)}{2m}$ and standard deviation "
    r"$\approx\sqrt{5(\ell+1)/m}$ where $\ell\ll m$: its deviation at the last layer is "
    r"$O(\sqrt{(L+1)/m})$, and no less.",
    quantifiers=(r"\forall\, L\ll m", r"\forall\, \|x\|=1", r"\mathbb P_{A,W}"),
    constant=Constant(2.5, measured_on="m = 64…4096, L = 1…32, L ≤ m/16"),
    along=[
        Along(
            variable="L+1",
            sizes=(2, 3, 5, 9, 17, 33),
            instance=lambda size: _at_depth(size - 1),
            at_most=0.2,
            at_least=-0.2,
            trials=1024,
        ),
        Along(
            variable="m",
            sizes=(64, 256, 1024, 4096),
            instance=_at_width,
            at_most=0.2,
            at_least=-0.2,
            trials=1024,
        ),
    ],
    requires=Requirement(paper=r"$L\ll m$", met=lambda net, data: 8 * net.depth <= net.width),
    specimens=[_at_width(256), _at_depth(16)],
)
@given(
    net=deep_relu_nets(widths=(64, 1024), depths=(1, 8), outputs=(1, 1)),
    data=separated_data(largest=1),
)
def logarithmic_norms_spread_like_the_root_of_depth_over_width(
    net: DeepReluNet, data: SeparatedData, trials: Trials, *, spread_of_depth: float = 0.5
) -> Bound:
    _, signals = net.forward(trials, data)
    layers = net.depth + 1
    deviation = (
        2.0 * signals.h[-1][:, :, 0].norm(dim=1).log() + 5.0 * layers / (2.0 * net.width)
    ).abs()
    return at_most(deviation, math.sqrt(5.0 / net.width) * layers**spread_of_depth)


logarithmic_norms_spread_like_the_root_of_depth_over_width.twin(
    "the spread does not grow with depth", spread_of_depth=0.0
)


logarithmic_norms_spread_like_the_root_of_depth_over_width.twin(
    "the spread grows with depth itself: independent layers add up linearly", spread_of_depth=1.0
)


# ALS-05

ALS05 = statement(
    "ALS-05",
    paper="ALS18",
    source="remark on the initialisation",
    provenance="unseen",
    note="no quotation of it was found",
    uses=["ALS-04"],
    title="He variance, or exponential explosion or vanishing",
    says=r"With $(W_\ell)_{jk}\sim N(0,\sigma^2/m)$: $\mathbb "
    r"E\|h_{i,L}\|^2=(\sigma^2/2)^L\,\mathbb E\|h_{i,0}\|^2$. Hence "
    r"$\frac1L\log\|h_L\|\to\frac12\log(\sigma^2/2)$ up to $O(1/m)$, and $\|h_L\|=\Theta(1)$ for "
    r"all $L\le O(m)$ if and only if $\sigma^2=2$.",
    layers=_EITHER,
)


def _with_variance(variance: float, depth: int, width: int = 64) -> Instance:
    return {"net": DeepReluNet(width=width, depth=depth, variance=variance), "data": sphere(1)}


_any_variance = st.builds(
    DeepReluNet,
    width=sizes(smallest=64, largest=512),
    depth=sizes(smallest=4, largest=32),
    variance=st.sampled_from([2.0, 1.0, 1.6, 2.5, 4.0]),
)


@ALS05.part(
    "a",
    kind="identity",
    says=r"On the same draws, $h_L(\sigma)=(\sigma^2/2)^{L/2}\,h_L(\sqrt2)$: the network is "
    r"homogeneous in each layer.",
    quantifiers=(r"\forall\, m,L,\sigma", r"\forall\, x", r"\forall\, A,W"),
    specimens=[_with_variance(1.0, 8), _with_variance(4.0, 16)],
)
@given(net=_any_variance, data=separated_data(largest=3))
def hidden_vectors_are_homogeneous_in_the_initial_scale(
    net: DeepReluNet, data: SeparatedData, trials: Trials, *, power: float = 0.5
) -> Bound:
    _, signals = net.forward(trials, data)
    _, reference = DeepReluNet(width=net.width, depth=net.depth).forward(trials, data)
    expected = (net.variance / 2.0) ** (net.depth * power) * reference.h[-1]
    # Both passes run through L + 1 sums of m terms; an entry's own size may be small by
    # cancellation, the vector's is not.
    return equal(
        signals.h[-1],
        expected,
        roundings=8.0 * (net.depth + 1) * net.width,
        scale=expected.norm(dim=1, keepdim=True),
    )


hidden_vectors_are_homogeneous_in_the_initial_scale.twin("the factor is (σ²/2)^L", power=1.0)


@ALS05.part(
    "b",
    kind="mean",
    says=r"$\mathbb E\|h_{i,\ell}\|^2=(\sigma^2/2)^\ell\,\mathbb E\|h_{i,0}\|^2$ with $\mathbb "
    r"E\|h_{i,0}\|^2=1$.",
    quantifiers=(r"\forall\, m,L,\sigma", r"\forall\, \|x\|=1", r"\mathbb E_{A,W}"),
    specimens=[
        {"width": 64, "depth": 4, "variance": 1.0},
        {"width": 64, "depth": 4, "variance": 4.0},
    ],
    layers=("dense",),
)
@given(
    width=sizes(smallest=32, largest=128),
    depth=sizes(largest=4),
    variance=st.sampled_from([2.0, 1.0, 1.6, 2.5, 4.0]),
)
def squared_norms_grow_by_half_the_variance_a_layer(
    width: int, depth: int, variance: float, trials: Trials, *, neutral: float = 2.0
) -> Mean:
    squares = _squared_norms(width, depth, variance, trials)
    predicted = (variance / neutral) ** trials.tensor(range(depth + 1))
    return mean_of(squares.mean(dim=2) / predicted, 1.0)


squared_norms_grow_by_half_the_variance_a_layer.twin(
    "the mask is forgotten: growth by the whole variance", neutral=1.0
)


@ALS05.part(
    "c",
    kind="scaling",
    says=r"$\big|\frac1L\log\|h_L\|-\frac12\log(\sigma^2/2)\big|\le "
    r"O\big(\frac1m+\frac1{\sqrt{mL}}\big)$: exponential growth or decay in $L$ unless "
    r"$\sigma^2=2$.",
    quantifiers=(
        r"\forall\, L\le O(m)",
        r"\forall\, \sigma",
        r"\forall\, \|x\|=1",
        r"\mathbb P_{A,W}",
    ),
    constant=Constant(3.0, measured_on="m = 64…512, L = 2…32, σ² = 1…4"),
    along=Along(
        variable="L",
        sizes=(2, 4, 8, 16, 32),
        instance=lambda L: _with_variance(2.0, L, width=256),
        at_most=0.2,
        trials=128,
    ),
    specimens=[_with_variance(2.0, 32), _with_variance(1.0, 16), _with_variance(4.0, 16)],
)
@given(net=_any_variance, data=separated_data(largest=1))
def norms_grow_at_half_the_logarithm_of_half_the_variance(
    net: DeepReluNet, data: SeparatedData, trials: Trials, *, rate: float | None = None
) -> Bound:
    _, signals = net.forward(trials, data)
    predicted = 0.5 * math.log(net.variance / 2.0) if rate is None else rate
    slope = signals.h[-1][:, :, 0].norm(dim=1).log() / net.depth
    return at_most(
        (slope - predicted).abs(), 1.0 / net.width + 1.0 / math.sqrt(net.width * net.depth)
    )


norms_grow_at_half_the_logarithm_of_half_the_variance.twin(
    "any variance works", specimens=[_with_variance(1.0, 16), _with_variance(4.0, 16)], rate=0.0
)
