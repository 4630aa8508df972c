"""The tangent kernel at initialisation concentrates around its limit (the random-feature side of
ALS18's Theorem 5).

By the masked Gaussian law (ALS-02) forward norms and backward norms multiply, with means 1 and
m/(2d): E (d/m) K(x, x) = L/2 exactly, at every width. For two inputs the correlations of hidden
vectors follow the arc-cosine recursion in the limit of infinite width, and each layer's mask keeps
both with probability ½ κ₀; at width m the deviation is of order 1/√m, its mean of order 1/m.
"""

from __future__ import annotations

import math

from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Instance,
    Mean,
    Trials,
    at_most,
    given,
    mean_of,
    statement,
)
from lemmata.theorems.deep_convergence.setting.network import (
    DeepReluNet,
    SeparatedData,
    deep_relu_nets,
    pair_at,
    separated_data,
)
from lemmata.theorems.deep_convergence.setting.tangent_features import features
from lemmata.theorems.mathematics.arc_cosine import tangent_kernel

_EITHER = ("matrix-free", "dense")


def _at(width: int, depth: int) -> Instance:
    return {"net": DeepReluNet(width=width, depth=depth), "data": pair_at(0.8)}


def _scaled_kernel(
    net: DeepReluNet, data: SeparatedData, trials: Trials
) -> Float[Tensor, "trials n n"]:
    """Return (d/m) K of the first output."""
    found = features(*net.forward(trials, data))
    return (net.outputs / net.width * found.kernel(found))[:, :: net.outputs, :: net.outputs]


def _limit(net: DeepReluNet, data: SeparatedData, trials: Trials) -> Float[Tensor, "n n"]:
    x = data.inputs(trials)
    return tangent_kernel((x.mT @ x).fill_diagonal_(1.0), net.depth)


ALS29 = statement(
    "ALS-29",
    paper="ALS18",
    source="Theorem 5 (its kernel)",
    provenance="derived",
    uses=["ALS-02", "ALS-04"],
    title="Concentration of the kernel at initialisation",
    says=r"$\frac dmK_{W^{(0)}}(x,\tilde x)\to "
    r"K_\infty=\frac12\sum_{\ell=1}^L\Sigma_{\ell-1}\prod_{k=\ell}^L\kappa_0(\Sigma_{k-1})$ with "
    r"$\Sigma_{-1}=\langle x,\tilde x\rangle$, $\Sigma_\ell=\kappa_1(\Sigma_{\ell-1})$ and "
    r"$\kappa_0(c)=\frac{\pi-\arccos c}\pi$.",
    kind="mean",
    layers=_EITHER,
)

_FORALL = (r"\forall\, L,m,d", r"\forall\, \|x\|=\|\tilde x\|=1")


@ALS29.part(
    "a",
    says=r"$\mathbb E\frac dmK_{W^{(0)}}(x,x)=K_\infty(x,x)=\frac L2$, at every width.",
    quantifiers=(*_FORALL, r"\mathbb E_{A,W^{(0)},B}"),
    specimens=[_at(32, 1), _at(64, 3)],
)
@given(
    net=deep_relu_nets(widths=(32, 128), depths=(1, 3), outputs=(1, 2)),
    data=separated_data(largest=1),
)
def the_kernel_of_one_input_has_mean_half_the_depth(
    net: DeepReluNet, data: SeparatedData, trials: Trials, *, half: float = 0.5
) -> Mean:
    kernel = _scaled_kernel(net, data, trials)
    return mean_of(kernel.diagonal(dim1=1, dim2=2).mean(dim=1) / (half * net.depth), 1.0)


the_kernel_of_one_input_has_mean_half_the_depth.twin(
    "L: that half of the last neurons are off is forgotten", half=1.0
)


@ALS29.part(
    "b",
    says=r"$\mathbb E\frac dmK_{W^{(0)}}(x,\tilde x)=K_\infty(x,\tilde x)+O(\frac1m)$: within "
    r"$\frac{3L^2}m$.",
    quantifiers=(*_FORALL, r"\mathbb E_{A,W^{(0)},B}"),
    specimens=[_at(128, 1), _at(128, 2)],
)
@given(
    net=deep_relu_nets(widths=(64, 128), depths=(1, 2), outputs=(1, 1)),
    data=separated_data(smallest=2, largest=2),
)
def the_mean_kernel_is_near_the_arc_cosine_recursion(
    net: DeepReluNet, data: SeparatedData, trials: Trials, *, factor: float = 1.0
) -> Mean:
    kernel, limit = _scaled_kernel(net, data, trials), _limit(net, data, trials)
    return mean_of(kernel[:, 0, 1], factor * limit[0, 1], tolerance=3.0 * net.depth**2 / net.width)


the_mean_kernel_is_near_the_arc_cosine_recursion.twin(
    "twice that: the factor ½ is forgotten", factor=2.0
)


def _wider(width: int) -> Instance:
    return _at(width, 1)


def _along_width(*, trials: int) -> Along:
    return Along(
        variable="m",
        sizes=(32, 128, 512, 2048),
        instance=_wider,
        at_most=0.2,
        at_least=-0.2,
        trials=trials,
    )


@ALS29.part(
    "c",
    kind="scaling",
    says=r"$|\frac dmK_{W^{(0)}}(x,\tilde x)-K_\infty(x,\tilde x)|=\Theta(\frac1{\sqrt m})$.",
    quantifiers=(*_FORALL, r"\mathbb P_{A,W^{(0)},B}"),
    constant=Constant(
        4.0, measured_on="rms 1.0…1.3 at L = 1, 2.5…2.7 at L = 2, m = 32…128: times L"
    ),
    along=_along_width(trials=96),
    specimens=[_at(64, 1), _at(128, 2)],
)
@given(
    net=deep_relu_nets(widths=(32, 256), depths=(1, 3), outputs=(1, 1)),
    data=separated_data(smallest=2, largest=2),
)
def the_kernel_deviates_by_one_over_the_root_of_width(
    net: DeepReluNet, data: SeparatedData, trials: Trials, *, power: float = 0.5
) -> Bound:
    deviation = (_scaled_kernel(net, data, trials) - _limit(net, data, trials))[:, 0, 1].abs()
    return at_most(deviation, net.depth * math.pow(net.width, -power))


the_kernel_deviates_by_one_over_the_root_of_width.twin(
    "of order 1/m", specimens=[], along=[_along_width(trials=256)], power=1.0
)
