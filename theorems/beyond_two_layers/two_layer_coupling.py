r"""Real and pseudo network of two layers (ALL18, Appendix B.2, and the identities before it).

f - g at W⁽⁰⁾ + W' lives on the neurons that W' flips: a flipped neuron's old preactivation is at
most |⟨w'_i, x⟩|, and so is its contribution. With ‖W'‖_{2,∞} ≤ τ at most P[|N(0, 2/m)| ≤ τ] ≈
τ√m/√π of the neurons flip; each weighs ε_a and contributes τ, which gives ε_a τ² m^{3/2} for
outputs and ε_a τ m^{3/2} for gradients in ‖·‖_{2,1}. The worst W' is explicit: against the sign of
the preactivation, along x, on the neurons of positive weight (on all of them the contributions
cancel and hide the exponent).
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
    at_most,
    given,
    law_of,
    statement,
    worst_of,
)
from lemmata.harness.adversary import attack, row_ball
from lemmata.strategies import sizes
from lemmata.theorems.beyond_two_layers.setting.inputs import inputs
from lemmata.theorems.beyond_two_layers.setting.losses import root_loss_gradient
from lemmata.theorems.beyond_two_layers.setting.two_layers import (
    TwoLayer,
    TwoLayerNetwork,
    Weights,
    two_layers,
)

_BALL = (r"\forall\, x", r"\mathbb P_{W,b,A}", r"\forall\,\|W'\|_{2,\infty}\le\tau")

ALLP3 = statement(
    "ALL-P3",
    paper="ALL18",
    source="Lemma B.3",
    provenance="as printed",
    note="the page has SGD's iterates, τ = ε_a η t with √k apart; here every W' of the ball",
    uses=["ALL-P1", "ALL-P2"],
    title="Coupling of real and pseudo network",
    says=r"For every unit $x$, w.h.p. over the initialisation, for all $\|W'\|_{2,\infty}\le\tau$: "
    r"at most a $\tilde O(\tau\sqrt m)$ fraction of signs differ, $|f_r-g_r|\le\tilde "
    r"O(\varepsilon_a\tau^2m^{3/2})$, and $\|\nabla L_F-\nabla L_G\|_{2,1}\le\tilde "
    r"O(\varepsilon_a\tau m^{3/2}+\varepsilon_a^2\tau^2m^{5/2})$.",
    kind="scaling",
    quantifiers=_BALL,
)
_RADII = st.sampled_from((0.3, 0.1, 1.0))
_COUPLED = {"width": sizes(smallest=256, largest=1024, factor=2.0), "radius": _RADII}


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

    def claim(move: Weights) -> Bound:
        W = network.W + move
        gap = network.outputs(W, x) - network.pseudo(W, x)
        return at_most(gap.abs(), tau**2 * width**power)

    return attack(claim, starts=moves, within=row_ball(tau), steps=6, ascend=("random",))


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
    says=r"$\|\nabla L_F-\nabla L_G\|_{2,1}$: other signs make $\tilde O(\varepsilon_a\tau "
    r"m^{3/2})$.",
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
    says=r"$\|\nabla L_F-\nabla L_G\|_{2,1}$: another $\nabla_fL$, of a 1-smooth loss, makes "
    r"$\tilde O(\varepsilon_a^2\tau^2m^{5/2})$.",
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
    says=r"Given $W^{(0)},b$: $f_r(x;W^{(0)})\sim N(0,\varepsilon_a^2\|\sigma(W^{(0)}x+b)\|^2)$, "
    r"so that $|f_r|\le\tilde O(\varepsilon_a)$ on $n$ inputs with probability $1-\delta$.",
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
