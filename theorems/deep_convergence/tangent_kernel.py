"""Theorem 5(a)-(c): near initialisation a wide network is its linearisation (ALS18, Theorem 5).

In a ball of radius ω a fraction ω^{2/3} of the signs changes (ALS-14), which moves backward
products by ω^{1/3} relatively (ALS-16), and with them the gradient of an output (a). Integrated
along a segment of the ball this bounds the distance to the linearisation by ω ω^{1/3} times the
gradient's size √m (b), and Cauchy's inequality carries it to the kernel K_W of the gradients (c,
d).

The paper's Õ carries a factor L³√log m that is not needed at these depths: constants are for the
bounds without it, except in (b).
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
    Requirement,
    Trials,
    at_most,
    given,
    statement,
    worst_of,
)
from lemmata.harness.adversary import LowRank
from lemmata.theorems.deep_convergence.setting import attacks
from lemmata.theorems.deep_convergence.setting.network import (
    DeepReluNet,
    Network,
    SeparatedData,
    deep_relu_nets,
    separated_data,
    sphere,
)
from lemmata.theorems.deep_convergence.setting.tangent_features import features, flat

_RUNS = ("matrix-free", "dense")
_BALL = (
    r"\forall\, L,m,d",
    r"\forall\, \|x\|=\|\tilde x\|=1",
    r"\mathbb P_{A,W^{(0)},B}",
    r"\forall\, \|W'\|_2\le\omega",
    r"\forall\, j\in[d]",
)
_GATE = Requirement(
    paper=r"$\omega\in[m^{-3/2},\,O(L^{-9/2}\log^{-3}m)]$; tried where $m\omega^{2/3}\ge5$ and "
    r"$\omega\le0.1$",
    met=lambda net, data, omega: omega <= net.depth**-4.5 * math.log(net.width) ** -3.0,
)
_drawn = {
    # m ≥ 128 and ω ≥ 0.01 meet mω^{2/3} ≥ 5.
    "net": deep_relu_nets(widths=(128, 256), depths=(1, 4), outputs=(1, 2)),
    "data": separated_data(smallest=2, largest=2),
    "omega": st.sampled_from([0.01, 0.03, 0.1]),
}


def _at(width: int, omega: float, *, depth: int = 2) -> Instance:
    return {"net": DeepReluNet(width=width, depth=depth), "data": sphere(2), "omega": omega}


def _smaller(claimed: float, *, at_least: float | None = -0.2) -> Along:
    """Return the grid of radii ω = 0.1, 0.032, 0.01: the claim bites where ω is small."""

    def instance(inverse: float) -> Instance:
        return _at(128, 1.0 / inverse)

    sizes = (10.0, 31.6, 100.0)
    return Along(
        variable="1/ω", sizes=sizes, instance=instance, at_most=0.2, at_least=at_least, trials=64
    )


def _points(
    network: Network, data: SeparatedData, omega: float, trials: Trials
) -> dict[str, Network]:
    """Return what the attacks find.

    The gradient's own directions, of the first example's first output, both ways.
    """
    x = data.inputs(trials)
    signals = network.forward(x[:, :1])
    _, e = network.backward(signals.signs, torch.ones_like(signals.y), first=2)
    directions = [one[..., 0] for one in e[1:]]
    return {
        "random": attacks.rotated(network, x, omega, trials.stream("adversary")),
        "flip": attacks.flipped(network, x, omega),
        "switch_off": attacks.flipped(network, x, omega, eligible=lambda g: g > 0),
        "up": attacks.aligned(network, x, omega, directions),
        "down": attacks.aligned(network, x, omega, [-one for one in directions]),
    }


def _updates(point: Network) -> list[LowRank]:
    """Return W' of a point that an attack found around a network without updates."""
    return [
        LowRank(layer.left.mT, layer.right.mT)
        for layer in point.W
        if layer.left is not None and layer.right is not None
    ]


ALS28 = statement(
    "ALS-28",
    paper="ALS18",
    source="Theorem 5(a)-(c)",
    provenance="recalled",
    note="the form is recalled, number and constants are uncertain",
    uses=["ALS-13", "ALS-14", "ALS-16"],
    title="Gradient, function and kernel stay close to their values at initialisation",
    says=r"Let $f_j(x;W)=e_j^\top y$, $f_j^{\mathrm{lin}}(x;W')=f_j(x;W^{(0)})+\langle\nabla "
    r"f_j(x;W^{(0)}),W'\rangle$ and $K_W(x,\tilde x)=\langle\nabla f_j(x;W),\nabla f_j(\tilde "
    r"x;W)\rangle$. With high probability, for all $\|W'\|_2\le\omega$, the gradient and the "
    r"kernel at $W^{(0)}+W'$ are within a relative $\tilde O(\omega^{1/3}L^3\sqrt{\log m})$ of "
    r"those at $W^{(0)}$, and the function is within $\tilde O(L^3\omega^{4/3}\sqrt{m\log m})$ of "
    r"its linearisation.",
    kind="scaling",
    layers=_RUNS,
)


@ALS28.part(
    "a",
    says=r"$\|\nabla f_j(x;W^{(0)}+W')-\nabla f_j(x;W^{(0)})\|_F\le\tilde "
    r"O(\omega^{1/3})\,\|\nabla f_j(x;W^{(0)})\|_F$.",
    quantifiers=_BALL,
    constant=Constant(4.0, measured_on="m = 128…512, L ≤ 4, ω = 0.01…0.1"),
    along=_smaller(1.0 / 3.0),
    requires=_GATE,
    specimens=[_at(128, 0.01), _at(256, 0.1, depth=4)],
)
@given(**_drawn)
def gradients_move_by_the_third_root_of_the_radius(
    net: DeepReluNet, data: SeparatedData, omega: float, trials: Trials, *, power: float = 1.0 / 3.0
) -> Bound:
    network, signals = net.forward(trials, data)
    start = features(network, signals)
    found = {}
    for name, point in _points(network, data, omega, trials).items():
        change = start.change(features(point, point.forward(data.inputs(trials))))
        found[name] = at_most(change, omega**power * start.squares().sqrt())
    return worst_of(**found)


gradients_move_by_the_third_root_of_the_radius.twin(
    "of order ω: the gradient is Lipschitz", specimens=[_at(128, 0.01)], along=[], power=1.0
)


@ALS28.part(
    "b",
    says=r"$|f_j(x;W^{(0)}+W')-f_j^{\mathrm{lin}}(x;W')|\le\tilde O(L^3\omega^{4/3}\sqrt{m\log "
    r"m})$.",
    quantifiers=_BALL,
    constant=Constant(0.25, measured_on="m = 128…512, L = 2…4, ω = 0.01…0.1"),
    along=_smaller(4.0 / 3.0, at_least=None),
    requires=_GATE,
    specimens=[_at(128, 0.01), _at(256, 0.1, depth=4)],
)
@given(**{**_drawn, "net": deep_relu_nets(widths=(128, 256), depths=(2, 4), outputs=(1, 2))})
def the_function_is_near_its_linearisation(
    net: DeepReluNet, data: SeparatedData, omega: float, trials: Trials, *, power: float = 4.0 / 3.0
) -> Bound:
    network, signals = net.forward(trials, data)
    start = features(network, signals)
    order = net.depth**3 * omega**power * math.sqrt(net.width * math.log(net.width))
    found = {}
    for name, point in _points(network, data, omega, trials).items():
        linear = flat(signals.y) + start.along(_updates(point))
        found[name] = at_most((flat(point.forward(data.inputs(trials)).y) - linear).abs(), order)
    return worst_of(**found)


the_function_is_near_its_linearisation.twin(
    "of order ω³", specimens=[_at(128, 0.01)], along=[], power=3.0
)


def _relative(
    kernel: Float[Tensor, "trials nd nd"], squares: Float[Tensor, "trials nd"]
) -> Float[Tensor, "trials nd nd"]:
    return kernel / (squares.unsqueeze(2) * squares.unsqueeze(1)).sqrt()


@ALS28.part(
    "c",
    says=r"$|K_{W^{(0)}+W'}(x,\tilde x)-K_{W^{(0)}}(x,\tilde x)|\le\tilde "
    r"O(\omega^{1/3})\sqrt{K_{W^{(0)}}(x,x)K_{W^{(0)}}(\tilde x,\tilde x)}$.",
    quantifiers=_BALL,
    constant=Constant(3.0, measured_on="m = 128…256, L ≤ 4, ω = 0.001…0.1"),
    along=_smaller(1.0 / 3.0, at_least=None),
    requires=_GATE,
    specimens=[_at(128, 0.01), _at(256, 0.1, depth=4)],
)
@given(**_drawn)
def the_kernel_moves_by_the_third_root_of_the_radius(
    net: DeepReluNet, data: SeparatedData, omega: float, trials: Trials, *, power: float = 1.0 / 3.0
) -> Bound:
    network, signals = net.forward(trials, data)
    start = features(network, signals)
    found = {}
    for name, point in _points(network, data, omega, trials).items():
        now = features(point, point.forward(data.inputs(trials)))
        found[name] = at_most(
            _relative(now.kernel(now) - start.kernel(start), start.squares()).abs(), omega**power
        )
    return worst_of(**found)


the_kernel_moves_by_the_third_root_of_the_radius.twin(
    "of order ω", specimens=[_at(128, 0.001)], along=[], power=1.0
)


@ALS28.part(
    "d",
    kind="inequality",
    says=r"With $\rho_x$ the relative change of the gradient at $x$, the left side of (c) is at "
    r"most $(\rho_x+\rho_{\tilde x}+\rho_x\rho_{\tilde x})\sqrt{K_{W^{(0)}}(x,x)K_{W^{(0)}}(\tilde "
    r"x,\tilde x)}$.",
    quantifiers=(
        r"\forall\, L,m,d",
        r"\forall\, x,\tilde x",
        r"\forall\, A,W^{(0)},B,W'",
        r"\forall\, j\in[d]",
    ),
    specimens=[_at(32, 0.01), _at(32, 0.3)],
)
@given(
    **{
        **_drawn,
        "net": deep_relu_nets(widths=(4, 64), depths=(1, 4), outputs=(1, 2)),
        "omega": st.sampled_from([0.01, 0.3, 3.0]),
    }
)
def the_change_of_gradients_bounds_that_of_the_kernel(
    net: DeepReluNet, data: SeparatedData, omega: float, trials: Trials, *, first_order: float = 1.0
) -> Bound:
    """With a = ∇f(x), a' its change, b, b' at x̃.

    ⟨a + a', b + b'⟩ - ⟨a, b⟩ = ⟨a', b⟩ + ⟨a, b'⟩ + ⟨a', b'⟩, and Cauchy's inequality.
    """
    network, signals = net.forward(trials, data)
    start = features(network, signals)
    alive = start.squares() > 0
    found = {}
    for name, point in _points(network, data, omega, trials).items():
        now = features(point, point.forward(data.inputs(trials)))
        rho = torch.where(alive, start.change(now) / start.squares().sqrt(), 1e100)
        bound = first_order * (rho.unsqueeze(2) + rho.unsqueeze(1)) + rho.unsqueeze(
            2
        ) * rho.unsqueeze(1)
        change = _relative(
            now.kernel(now) - start.kernel(start), torch.where(alive, start.squares(), torch.inf)
        ).abs()
        rounding = (
            64.0
            * net.width
            * net.depth
            * torch.finfo(change.dtype).eps
            * (1.0 + rho.amax(dim=1).reshape(-1, 1, 1)) ** 2
        )
        found[name] = at_most(change, bound + rounding)
    return worst_of(**found)


the_change_of_gradients_bounds_that_of_the_kernel.twin(
    "of second order: ρ_x ρ_x̃ alone", specimens=[_at(32, 0.01)], first_order=0.0
)
