"""Theorem 5(a)-(c): near initialisation a wide network is its linearisation (ALS18, Theorem 5).

In a ball of radius ω a fraction ω^{2/3} of the signs changes (ALS-14), which moves backward
products by ω^{1/3} relatively (ALS-16), and with them the gradient of an output (a). Integrated
along a segment of the ball this bounds the distance to the linearisation by ω ω^{1/3} times the
gradient's size √m (b), and Cauchy's inequality carries it to the kernel K_W of the gradients (c,
d).

The paper's bound has the factor L³√log m. It is not needed at these depths: (e), (f) are (a), (c)
without it. The range of (c) is where the factor ω^{1/3}L³√log m is at most 1: there the product of
the two relative changes, in (d), is absorbed.
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
from lemmata.theorems.deep_convergence.setting.quotations import BASRI, NEURAL_UCB, by_one
from lemmata.theorems.deep_convergence.setting.tangent_features import features, flat

_RUNS = ("matrix-free", "dense")
_BALL = (
    r"\forall\, L,m,d",
    r"\forall\, \|x\|=\|\tilde x\|=1",
    r"\mathbb P_{A,W^{(0)},B}",
    r"\forall\, \|W'\|_2\le\omega",
    r"\forall\, j\in[d]",
)
_TRIED = r"$m\omega^{2/3}\ge5$ and $\omega\le0.1$"
_GATE = Requirement(
    paper=r"$\omega\in[\Omega(m^{-3/2}L^{-3/2}\max\{\log^{-3/2}m,\log^{3/2}\frac Np\}),"
    rf"O(L^{{-9/2}}\log^{{-3}}m)]$; tried where {_TRIED}",
    met=lambda net, data, omega: omega <= net.depth**-4.5 * math.log(net.width) ** -3.0,
)
_GATE_OF_THE_KERNEL = Requirement(
    paper=r"$\omega\le O(L^{-9}\log^{-3/2}m)$ and the range of (a); tried where " + _TRIED,
    met=lambda net, data, omega: (
        omega
        <= min(
            net.depth**-4.5 * math.log(net.width) ** -3.0,
            net.depth**-9.0 * math.log(net.width) ** -1.5,
        )
    ),
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
    provenance="quoted",
    note=by_one(NEURAL_UCB, of="(a) is")
    + "; "
    + by_one(BASRI, of="(c) is")
    + "; no quotation of (b) was found; the rest is ours",
    uses=["ALS-13", "ALS-14", "ALS-16"],
    title="Gradient, function and kernel stay close to their values at initialisation",
    says=r"Let $f_j(x;W)=e_j^\top y$, $f_j^{\mathrm{lin}}(x;W')=f_j(x;W^{(0)})+\langle\nabla "
    r"f_j(x;W^{(0)}),W'\rangle$ and $K_W(x,\tilde x)=\langle\nabla f_j(x;W),\nabla f_j(\tilde "
    r"x;W)\rangle$. With high probability, for all $\|W'\|_2\le\omega$, the gradient and the "
    r"kernel at $W^{(0)}+W'$ are within a relative $O(\omega^{1/3}L^3\sqrt{\log m})$ of those at "
    r"$W^{(0)}$, and the function is within $O(L^3\omega^{4/3}\sqrt{m\log m})$ of its "
    r"linearisation: (a) for $\omega\in[\Omega(m^{-3/2}L^{-3/2}\max\{\log^{-3/2}m,"
    r"\log^{3/2}\frac Np\}),O(L^{-9/2}\log^{-3}m)]$ with probability $1-p$, for all $N$ inputs; "
    r"(c) for $\omega\le O(L^{-9}\log^{-3/2}m)$ with probability at least "
    r"$1-e^{-\Omega(m\omega^{2/3}L)}$.",
    kind="scaling",
    layers=_RUNS,
)


@ALS28.part(
    "a",
    says=r"$\|\nabla f_j(x;W^{(0)}+W')-\nabla f_j(x;W^{(0)})\|_F\le O(\sqrt{\log "
    r"m}\,\omega^{1/3}L^3)\,\|\nabla f_j(x;W^{(0)})\|_F$.",
    quantifiers=_BALL,
    constant=Constant(2.0, measured_on="m = 128…512, L ≤ 4, ω = 0.01…0.1: 1.1 at L = 1"),
    along=_smaller(1.0 / 3.0),
    requires=_GATE,
    specimens=[_at(128, 0.01), _at(256, 0.1, depth=4)],
)
@given(**_drawn)
def gradients_move_by_the_third_root_of_the_radius(
    net: DeepReluNet,
    data: SeparatedData,
    omega: float,
    trials: Trials,
    *,
    power: float = 1.0 / 3.0,
    of_depth_and_width: bool = True,
) -> Bound:
    network, signals = net.forward(trials, data)
    start = features(network, signals)
    order = omega**power * (_factor(net) if of_depth_and_width else 1.0)
    found = {}
    for name, point in _points(network, data, omega, trials).items():
        change = start.change(features(point, point.forward(data.inputs(trials))))
        found[name] = at_most(change, order * start.squares().sqrt())
    return worst_of(**found)


def _factor(net: DeepReluNet) -> float:
    return float(net.depth) ** 3 * math.sqrt(math.log(net.width))


gradients_move_by_the_third_root_of_the_radius.twin(
    "of order ω: the gradient is Lipschitz", specimens=[_at(128, 0.01)], along=[], power=1.0
)


@ALS28.part(
    "b",
    provenance="unseen",
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
    says=r"$|K_{W^{(0)}+W'}(x,\tilde x)-K_{W^{(0)}}(x,\tilde x)|\le O(\sqrt{\log "
    r"m}\,\omega^{1/3}L^3)\sqrt{K_{W^{(0)}}(x,x)K_{W^{(0)}}(\tilde x,\tilde x)}$.",
    quantifiers=_BALL,
    constant=Constant(1.0, measured_on="m = 128…256, L ≤ 4, ω = 0.001…0.1: 0.5 at L = 1"),
    along=_smaller(1.0 / 3.0, at_least=None),
    requires=_GATE_OF_THE_KERNEL,
    specimens=[_at(128, 0.01), _at(256, 0.1, depth=4)],
)
@given(**_drawn)
def the_kernel_moves_by_the_third_root_of_the_radius(
    net: DeepReluNet,
    data: SeparatedData,
    omega: float,
    trials: Trials,
    *,
    power: float = 1.0 / 3.0,
    of_depth_and_width: bool = True,
) -> Bound:
    network, signals = net.forward(trials, data)
    start = features(network, signals)
    order = omega**power * (_factor(net) if of_depth_and_width else 1.0)
    found = {}
    for name, point in _points(network, data, omega, trials).items():
        now = features(point, point.forward(data.inputs(trials)))
        found[name] = at_most(
            _relative(now.kernel(now) - start.kernel(start), start.squares()).abs(), order
        )
    return worst_of(**found)


the_kernel_moves_by_the_third_root_of_the_radius.twin(
    "of order ω", specimens=[_at(128, 0.001)], along=[], power=1.0
)


@ALS28.part(
    "d",
    provenance="ours",
    proof="in the docstring",
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


@ALS28.part(
    "e",
    provenance="ours",
    proof="only seen",
    says=r"(a) without the factor $L^3\sqrt{\log m}$: $\|\nabla f_j(x;W^{(0)}+W')-\nabla "
    r"f_j(x;W^{(0)})\|_F\le O(\omega^{1/3})\,\|\nabla f_j(x;W^{(0)})\|_F$.",
    quantifiers=_BALL,
    constant=Constant(4.0, measured_on="m = 128…512, L ≤ 4, ω = 0.01…0.1"),
    requires=_GATE,
    specimens=[_at(128, 0.01), _at(256, 0.1, depth=4)],
)
@given(**_drawn)
def gradients_move_by_no_power_of_the_depth(
    net: DeepReluNet, data: SeparatedData, omega: float, trials: Trials, *, power: float = 1.0 / 3.0
) -> Bound:
    return gradients_move_by_the_third_root_of_the_radius.check(
        net, data, omega, trials, power=power, of_depth_and_width=False
    )


gradients_move_by_no_power_of_the_depth.twin(
    "of order ω: the gradient is Lipschitz", specimens=[_at(128, 0.01)], power=1.0
)


@ALS28.part(
    "f",
    provenance="ours",
    proof="only seen",
    says=r"(c) without the factor $L^3\sqrt{\log m}$: $|K_{W^{(0)}+W'}(x,\tilde "
    r"x)-K_{W^{(0)}}(x,\tilde x)|\le O(\omega^{1/3})\sqrt{K_{W^{(0)}}(x,x)K_{W^{(0)}}(\tilde "
    r"x,\tilde x)}$, also outside the range of (c).",
    quantifiers=_BALL,
    constant=Constant(3.0, measured_on="m = 128…256, L ≤ 4, ω = 0.001…0.1"),
    requires=_GATE,
    specimens=[_at(128, 0.01), _at(256, 0.1, depth=4)],
)
@given(**_drawn)
def the_kernel_moves_by_no_power_of_the_depth(
    net: DeepReluNet, data: SeparatedData, omega: float, trials: Trials, *, power: float = 1.0 / 3.0
) -> Bound:
    return the_kernel_moves_by_the_third_root_of_the_radius.check(
        net, data, omega, trials, power=power, of_depth_and_width=False
    )


the_kernel_moves_by_no_power_of_the_depth.twin("of order ω", specimens=[_at(128, 0.001)], power=1.0)
