r"""Real and pseudo network of two layers (ALL18, Appendix B.2, and the identities before it).

f - g at W⁽⁰⁾ + W' lives on the neurons that W' flips: a flipped neuron's old preactivation is at most
|⟨w'_i, x⟩|, and so is its contribution. With ‖W'‖_{2,∞} ≤ τ at most P[|N(0, 2/m)| ≤ τ] ≈ τ√m/√π of the
neurons flip; each weighs ε_a and contributes τ, which gives ε_a τ² m^{3/2} for outputs and ε_a τ m^{3/2} for
gradients in ‖·‖_{2,1}. The worst W' is explicit: against the sign of the preactivation, along x, on the
neurons of positive weight (on all of them the contributions cancel and hide the exponent).
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from scipy import stats
from torch import Tensor

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Law,
    Trials,
    all_of,
    at_most,
    equal,
    given,
    law_of,
    statement,
    worst_of,
)
from lemmata.strategies import log_uniform, sizes
from lemmata.theorems.beyond_two_layers.setting.inputs import inputs
from lemmata.theorems.beyond_two_layers.setting.losses import root_loss, root_loss_gradient
from lemmata.theorems.beyond_two_layers.setting.training import descend
from lemmata.theorems.beyond_two_layers.setting.two_layers import (
    TwoLayer,
    TwoLayerNetwork,
    Weights,
    two_layers,
)

_BALL = (r"\forall\, x", r"\mathbb P_{W,b,A}", r"\forall\,\|W'\|_{2,\infty}\le\tau")

ALLP1 = statement(
    "ALL-P1",
    paper="ALL18",
    source="Appendix B, definitions",
    provenance="derived",
    title="Identities of the two-layer pseudo network",
    says=r"$\nabla_WL=((A^\top\nabla_fL)\odot1[Wx+b\ge0])x^\top$; $f=g$ and $\nabla f=\nabla g$ at "
    r"$W^{(0)}$; $g(x;W^{(0)}+W')=f(x;W^{(0)})+g^{(b)}(x;W')$; $|f_r-g_r|\le\sum_{i\text{ flipped}}"
    r"|a_{r,i}||\langle w_i',x\rangle|$; $L_G$ is convex.",
    kind="identity",
    quantifiers=(r"\forall\, W^{(0)},b,A", r"\forall\, W'", r"\forall\, x,y"),
)
_POINT = {"net": two_layers(largest=64), "size": log_uniform(0.01, 10.0)}
_POINTS = [{"net": TwoLayer(width=32, outputs=2), "size": 0.3}]


def _draw(
    net: TwoLayer, size: float, trials: Trials, count: int = 4
) -> tuple[TwoLayerNetwork, Weights, Float[Tensor, "t n d"], Float[Tensor, "t n k"]]:
    """Return a network, W', inputs and labels."""
    network = net.initialise(trials)
    step = size * trials.sphere("step", net.width, net.dimension)
    return (
        network,
        step,
        inputs(trials, "x", count, net.dimension),
        trials.normal("y", count, net.outputs),
    )


@ALLP1.part(
    "a",
    says=r"$\nabla_WL(f(x;W),y)=((A^\top\nabla_fL)\odot1[Wx+b\ge0])x^\top$, against automatic "
    r"differentiation.",
    specimens=_POINTS,
)
@given(**_POINT)
def the_gradient_is_a_masked_outer_product(
    net: TwoLayer, size: float, trials: Trials, *, masked: bool = True
) -> Bound:
    network, step, x, y = _draw(net, size, trials)
    with torch.enable_grad():
        W = (network.W + step).requires_grad_()
        loss = root_loss(network.outputs(W, x), y).sum()
        (found,) = torch.autograd.grad(loss, W)
    W = W.detach()
    signs = network.signs(W if masked else W * 0.0, x)
    slope = root_loss_gradient(network.outputs(W, x), y)
    closed = network.gradient(signs, x, slope).sum(dim=1)
    return equal(found, closed, roundings=64.0 * net.width, scale=1.0 + network.A.abs().amax())


the_gradient_is_a_masked_outer_product.twin("the signs of b alone", masked=False)


@ALLP1.part(
    "b",
    says=r"$f=g$ and $\nabla f=\nabla g$ at $W^{(0)}$, and $g(x;W^{(0)}+W')=f(x;W^{(0)})+g^{(b)}(x;W')$.",
    specimens=_POINTS,
)
@given(**_POINT)
def the_pseudo_network_is_affine(
    net: TwoLayer, size: float, trials: Trials, *, with_bias: bool = False
) -> Bound:
    network, step, x, y = _draw(net, size, trials)
    start, moved = network.outputs(network.W, x), network.pseudo(network.W + step, x)
    linear = (network.pseudo if with_bias else network.pseudo_without_bias)(step, x)
    with torch.enable_grad():
        W = (network.W + 0.0).requires_grad_()
        (real,) = torch.autograd.grad(network.outputs(W, x).sum(), W)
        (frozen,) = torch.autograd.grad(network.pseudo(W, x).sum(), W)
    grain = {"roundings": 64.0 * net.width, "scale": (1.0 + size) * (1.0 + network.A.abs().amax())}
    return all_of(
        start=equal(start, network.pseudo(network.W, x), **grain),
        gradient=equal(real, frozen, **grain),
        affine=equal(moved, start + linear, **grain),
    )


the_pseudo_network_is_affine.twin("with the biases twice", with_bias=True)


@ALLP1.part(
    "c",
    kind="inequality",
    says=r"$|f_r-g_r|(x;W^{(0)}+W')\le\sum_{i\text{ flipped}}|a_{r,i}|\,|\langle w_i',x\rangle|$, for "
    r"every $W'$, however large.",
    specimens=[{"net": TwoLayer(width=32), "size": 1.0}],
)
@given(**_POINT)
def networks_differ_on_flipped_neurons_only(
    net: TwoLayer, size: float, trials: Trials, *, old: bool = False
) -> Bound:
    network, step, x, _ = _draw(net, size, trials)
    W = network.W + step
    flipped = network.signs(W, x) != network.signs(network.W, x)
    move = network.preactivations(network.W, x).abs() if old else (x @ step.mT).abs()
    bound = (flipped * move) @ network.A.abs().mT
    rounding = 1e-12 * (1.0 + size) * network.A.abs().sum(dim=2).unsqueeze(1)
    return at_most((network.outputs(W, x) - network.pseudo(W, x)).abs(), bound + rounding)


networks_differ_on_flipped_neurons_only.twin("old preactivations in place of moves", old=True)


@ALLP1.part(
    "d",
    kind="inequality",
    says=r"$W\mapsto L_G(W)$ is convex: midpoints lie below chords.",
    specimens=[{"net": TwoLayer(width=32), "size": 0.3}],
)
@given(**_POINT)
def the_pseudo_loss_is_convex(
    net: TwoLayer, size: float, trials: Trials, *, real: bool = False
) -> Bound:
    network, step, x, y = _draw(net, size, trials)
    other = size * trials.sphere("other", net.width, net.dimension)
    model = network.outputs if real else network.pseudo

    def loss(move: Weights) -> Tensor:
        return root_loss(model(network.W + move, x), y).mean(dim=1)

    chord = 0.5 * (loss(step) + loss(other))
    return at_most(loss(0.5 * (step + other)), chord * (1.0 + 1e-12))


the_pseudo_loss_is_convex.twin(
    "the real network's loss",
    specimens=[{"net": TwoLayer(width=4, dimension=2), "size": 3.0}],
    real=True,
)

ALLP2 = statement(
    "ALL-P2",
    paper="ALL18",
    source="(B.5)",
    provenance="derived",
    note="the page has √k ε_a B η t, w.h.p.; here ‖a_i‖ itself, always",
    uses=["ALL-P1"],
    title="How far gradient descent moves",
    says=r"For any samples and a 1-Lipschitz loss: $\|w_{i,t}\|\le\eta t\,\|a_{\cdot,i}\|$.",
    kind="trajectory",
    quantifiers=(r"\forall\, W^{(0)},b,A", r"\forall\, z_0,z_1,\dots", r"\forall\, t,i"),
    specimens=[
        {"net": TwoLayer(width=32), "rate": 0.01, "repeated": True},
        {"net": TwoLayer(width=16, outputs=2), "rate": 1.0, "repeated": False},
    ],
)


@ALLP2
@given(net=two_layers(largest=64), rate=log_uniform(0.001, 1.0), repeated=st.booleans())
def rows_move_in_proportion_to_time(
    net: TwoLayer, rate: float, repeated: bool, trials: Trials, *, power: float = 1.0
) -> Bound:
    network, steps = net.initialise(trials), 30
    x = inputs(trials, "x", 1 if repeated else steps, net.dimension).expand(-1, steps, -1)
    y = 300.0 * trials.normal("y", 1 if repeated else steps, net.outputs).sign()
    found = []

    def watch(t: int, moved: Weights) -> None:
        if t:
            found.append(moved.norm(dim=-1) / (rate * t**power))

    descend(network, x, y.expand(-1, steps, -1), rate, watch=watch)
    rows = network.A.norm(dim=1).unsqueeze(1)
    return at_most(torch.stack(found, dim=1), rows * (1.0 + 1e-12))


rows_move_in_proportion_to_time.twin("in proportion to √t", power=0.5)

ALLP3 = statement(
    "ALL-P3",
    paper="ALL18",
    source="Lemma B.3",
    provenance="as printed",
    note="the page has SGD's iterates, τ = ε_a η t with √k apart; here every W' of the ball",
    uses=["ALL-P1", "ALL-P2"],
    title="Coupling of real and pseudo network",
    says=r"For every unit $x$, w.h.p. over the initialisation, for all $\|W'\|_{2,\infty}\le\tau$: at "
    r"most a $\tilde O(\tau\sqrt m)$ fraction of signs differ, $|f_r-g_r|\le\tilde O(\varepsilon_a\tau^2"
    r"m^{3/2})$, and $\|\nabla L_F-\nabla L_G\|_{2,1}\le\tilde O(\varepsilon_a\tau m^{3/2}+\varepsilon_a^2"
    r"\tau^2m^{5/2})$.",
    kind="scaling",
    quantifiers=_BALL,
)
_RADII = st.sampled_from((0.3, 0.1, 1.0))
_COUPLED = {"width": sizes(smallest=256, largest=4096, factor=4.0), "radius": _RADII}


def _grids(*, width: bool = True, radius: bool = True) -> list[Along]:
    """Return grids of widths at fixed τ√m, and of radii."""
    grids = []
    if width:
        grids.append(
            Along(
                variable="m",
                sizes=(512, 2048, 8192),
                instance=lambda m: {"width": m, "radius": 0.3},
                at_most=0.1,
                trials=48,
            )
        )
    if radius:
        grids.append(
            Along(
                variable="τ√m",
                sizes=(0.1, 0.3, 1.0),
                instance=lambda r: {"width": 4096, "radius": r},
                at_most=0.1,
                trials=32,
            )
        )
    return grids


def _coupled(
    width: int, radius: float, trials: Trials
) -> tuple[TwoLayerNetwork, Float[Tensor, "t 1 d"], dict[str, Weights]]:
    """Return a network, an input and moves of rows of length τ = radius/√m."""
    network = TwoLayer(width=width).initialise(trials)
    x = inputs(trials, "x", 1, 4)
    z = network.preactivations(network.W, x)
    tau = radius / math.sqrt(width)
    against = -tau * torch.where(z >= 0, 1.0, -1.0).mT * x
    return (
        network,
        x,
        {
            "flip all": against,
            "flip aligned": against * (network.A[:, 0] > 0).unsqueeze(2),
            "random": tau * trials.stream("adversary").sphere("move", width, 4),
        },
    )


@ALLP3.part(
    "a",
    says=r"At most a $\tilde O(\tau\sqrt m)$ fraction of the signs differ.",
    source="Lemma B.3(a)",
    constant=Constant(0.8, measured_on="m = 256…8192, τ√m = 0.1…1"),
    along=_grids(),
    specimens=[{"width": 1024, "radius": 0.3}],
)
@given(**_COUPLED)
def few_signs_differ(width: int, radius: float, trials: Trials, *, root: float = 0.5) -> Bound:
    network, x, moves = _coupled(width, radius, trials)
    old, tau = network.signs(network.W, x), radius / math.sqrt(width)
    return worst_of(
        **{
            name: at_most(
                (network.signs(network.W + move, x) != old).to(x.dtype).mean(dim=(1, 2)),
                tau * width**root,
            )
            for name, move in moves.items()
        }
    )


few_signs_differ.twin("a fraction τ, without √m", root=0.0)


@ALLP3.part(
    "b",
    says=r"$|f_r-g_r|\le\tilde O(\varepsilon_a\tau^2m^{3/2})$.",
    source="Lemma B.3(b)",
    constant=Constant(0.25, measured_on="m = 256…8192, τ√m = 0.1…1"),
    along=_grids(),
    specimens=[{"width": 1024, "radius": 0.3}],
)
@given(**_COUPLED)
def outputs_are_coupled(width: int, radius: float, trials: Trials, *, power: float = 1.5) -> Bound:
    network, x, moves = _coupled(width, radius, trials)
    tau = radius / math.sqrt(width)
    return worst_of(
        **{
            name: at_most(
                (network.outputs(network.W + move, x) - network.pseudo(network.W + move, x)).abs(),
                tau**2 * width**power,
            )
            for name, move in moves.items()
        }
    )


outputs_are_coupled.twin("τ²m", power=1.0)


def _slopes(width: int, radius: float, trials: Trials) -> dict[str, tuple[Tensor, Tensor]]:
    """Return, by attack, how ∇L_F and ∇L_G differ by other signs, and by another ∇_f L."""
    network, x, moves = _coupled(width, radius, trials)
    old = network.signs(network.W, x)
    found = {}
    for name, move in moves.items():
        W = network.W + move
        # A label at the distance 1, where the loss is curved.
        y = network.pseudo(W, x) - 1.0
        slopes = [root_loss_gradient(f, y) for f in (network.outputs(W, x), network.pseudo(W, x))]
        other = network.gradient(network.signs(W, x), x, slopes[0]) - network.gradient(
            old, x, slopes[0]
        )
        same = network.gradient(old, x, slopes[0] - slopes[1])
        found[name] = tuple(part.norm(dim=-1).sum(dim=-1) for part in (other, same))
    return found


@ALLP3.part(
    "c",
    says=r"$\|\nabla L_F-\nabla L_G\|_{2,1}$: other signs make $\tilde O(\varepsilon_a\tau m^{3/2})$.",
    source="Lemma B.3(c)",
    constant=Constant(0.8, measured_on="m = 256…8192, τ√m = 0.1…1"),
    along=_grids(radius=False),
    specimens=[{"width": 1024, "radius": 0.3}],
)
@given(**_COUPLED)
def gradients_are_coupled_on_other_signs(
    width: int, radius: float, trials: Trials, *, power: float = 1.5
) -> Bound:
    bound = radius / math.sqrt(width) * width**power
    found = _slopes(width, radius, trials)
    return worst_of(**{name: at_most(other, bound) for name, (other, _) in found.items()})


gradients_are_coupled_on_other_signs.twin(
    "τm", specimens=[{"width": 1024, "radius": 0.3}], power=1.0
)


@ALLP3.part(
    "d",
    says=r"$\|\nabla L_F-\nabla L_G\|_{2,1}$: another $\nabla_fL$, of a 1-smooth loss, makes $\tilde O("
    r"\varepsilon_a^2\tau^2m^{5/2})$.",
    source="Lemma B.3(c)",
    constant=Constant(0.05, measured_on="m = 256…8192, τ√m = 0.1…1"),
    along=_grids(radius=False),
    specimens=[{"width": 1024, "radius": 0.3}],
)
@given(**_COUPLED)
def gradients_are_coupled_through_the_loss(
    width: int, radius: float, trials: Trials, *, power: float = 2.5
) -> Bound:
    bound = radius**2 / width * width**power
    found = _slopes(width, radius, trials)
    return worst_of(**{name: at_most(same, bound) for name, (_, same) in found.items()})


gradients_are_coupled_through_the_loss.twin(
    "τ²m²", specimens=[{"width": 1024, "radius": 0.3}], power=2.0
)

ALLP4 = statement(
    "ALL-P4",
    paper="ALL18",
    source="proof of Corollary B.2",
    provenance="derived",
    title="Output at initialisation",
    says=r"Given $W^{(0)},b$: $f_r(x;W^{(0)})\sim N(0,\varepsilon_a^2\|\sigma(W^{(0)}x+b)\|^2)$, so that "
    r"$|f_r|\le\tilde O(\varepsilon_a)$ on $n$ inputs with probability $1-\delta$.",
)


@ALLP4.part(
    "a",
    kind="law",
    says=r"$f_r(x;W^{(0)})/(\varepsilon_a\|\sigma(W^{(0)}x+b)\|)\sim N(0,1)$.",
    quantifiers=(r"\forall\, x", r"\mathbb P_{W,b,A}"),
    specimens=[{"net": TwoLayer(width=32, outputs=4, scale=0.1)}],
)
@given(net=two_layers(smallest=32, largest=64))
def the_initial_output_is_normal(net: TwoLayer, trials: Trials, *, spread: float = 1.0) -> Law:
    network, x = net.initialise(trials), inputs(trials, "x", 1, net.dimension)
    hidden = network.preactivations(network.W, x).relu().norm(dim=-1, keepdim=True)
    return law_of(network.outputs(network.W, x) / (net.scale * hidden), stats.norm(scale=spread))


the_initial_output_is_normal.twin("standard deviation 1.3", spread=1.3)


@ALLP4.part(
    "b",
    kind="probability",
    says=r"$\max_{n\le64}|f_r(x_n;W^{(0)})|\le1.5\,\varepsilon_a\sqrt{2\log(128/\delta)}$ with "
    r"probability at least $1-\delta$, $m\ge64$.",
    quantifiers=(r"\forall\, x_1,\dots,x_{64}", r"\mathbb P_{W,b,A}"),
    specimens=[{"width": 256, "delta": 0.05}],
)
@given(width=sizes(smallest=64, largest=1024, factor=4.0), delta=st.sampled_from((0.05, 0.2)))
def initial_outputs_are_of_the_size_of_the_weights(
    width: int, delta: float, trials: Trials, *, variance: float = 1.0
) -> Bound:
    network = TwoLayer(width=width, scale=0.1).initialise(trials, variance=variance)
    f = network.outputs(network.W, inputs(trials, "x", 64, 4))
    largest = 1.5 * 0.1 * math.sqrt(2.0 * math.log(128.0 / delta))
    return at_most(f.abs().amax(dim=(1, 2)), largest).except_with_probability(delta)


initial_outputs_are_of_the_size_of_the_weights.twin("variance 1 in place of 1/m", variance=256.0)
