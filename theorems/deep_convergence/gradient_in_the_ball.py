"""No critical point near initialisation but the global minima (ALS18, Theorem 3).

The bounds at initialisation hold for all fake losses (ALS-18, ALS-20). In a ball of radius ω few
signs change (ALS-14), backward products are stable (ALS-16) and with them the gradients (ALS-37),
so that for small ω both bounds survive at every point W of the ball:

    Ω(δm/(dn²)) F(W) ≤ ‖∇F(W)‖_F² ≤ O(Lnm/d) F(W).

How small: giving the closest pair one sign in every neuron of the last layer costs ω ≈ δ^{3/2}, and
then the lower bound through that layer is lost. Targets enter through the loss alone, so the worst
targets at a point are an eigenvector (`quadratic_forms`), no search; the points are attacked.
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
    all_of,
    at_least,
    at_most,
    given,
    statement,
    worst_of,
)
from lemmata.harness.adversary import schur_minimum
from lemmata.theorems.deep_convergence.setting import attacks
from lemmata.theorems.deep_convergence.setting.network import (
    DeepReluNet,
    Network,
    SeparatedData,
    deep_relu_nets,
    loss,
    pair_at,
    separated_data,
)
from lemmata.theorems.deep_convergence.setting.quadratic_forms import last_layer_form, layer_forms
from lemmata.theorems.deep_convergence.setting.quotations import BANDITS, BASRI, by_several

ALS21 = statement(
    "ALS-21",
    paper="ALS18",
    source="Theorem 3",
    provenance="quoted",
    note=by_several(BASRI, BANDITS, of="radius, probability and upper bound are") + "; the lower "
    "bound is forced by the rate of Theorem 1",
    uses=["ALS-14", "ALS-16", "ALS-18", "ALS-20", "ALS-37"],
    title="No critical point near initialisation",
    says=r"For $\omega\le O\big(\frac{\delta^{3/2}}{n^{9/2}L^6\log^3m}\big)$, with probability at "
    r"least $1-e^{-\Omega(m\omega^{2/3}L)}$, for all $W\in\mathcal B(\omega)$: "
    r"$\|\nabla_{W_\ell}F\|_F^2\le O(\frac{nm}d)F$ for every $\ell$, and $\|\nabla "
    r"F\|_F^2\ge\|\nabla_{W_L}F\|_F^2\ge\Omega(\frac{\delta m}{dn^2})F$. Every critical point in "
    r"the ball is a global minimum.",
    kind="scaling",
)

_QUANTIFIERS = (
    r"\forall\, n,L,m,d,\delta",
    r"\forall\, x_i\ \delta\text{-separated}",
    r"\mathbb P_{A,W^{(0)},B}",
    r"\forall\, W\in\mathcal B(\omega)",
    r"\forall\, y^*",
)
_REQUIRES = Requirement(
    paper=r"$\omega\le O(\delta^{3/2}n^{-9/2}L^{-6}\log^{-3}m)$, here with the constant 1, which "
    r"allows no sign to change at these widths",
    met=lambda net, data, omega: (
        omega <= data.count**-4.5 * net.depth**-6.0 * math.log(net.width) ** -3.0
    ),
    ours=r"$m\ge128$, $\frac{\delta m}{nd}\ge10$ and $\omega\le0.03\,\delta^{3/2}$",
    tried=lambda net, data, omega: (
        net.width >= 128
        and data.delta * net.width >= 10 * data.count * net.outputs
        and omega <= 0.03
    ),
)
_EITHER = ("matrix-free", "dense")
_drawn = {
    # δ ≥ 0.12, n ≤ 3, d ≤ 2 and m = 512 meet the requirement; ω stands for ω/δ^{3/2}.
    "net": deep_relu_nets(widths=(512, 512), depths=(1, 3), outputs=(1, 2)),
    "data": separated_data(smallest=2, largest=3, separations=(0.17, 1.0)).filter(
        lambda data: data.delta >= 0.12
    ),
    "omega": st.sampled_from([0.003, 0.01, 0.03]),
}


def _at(width: int, delta: float, omega: float = 0.03, depth: int = 2) -> Instance:
    return {
        "net": DeepReluNet(width=width, depth=depth, outputs=2),
        "data": pair_at(delta),
        "omega": omega,
    }


def _closer(sizes: tuple[float, ...]) -> Along:
    """Return the grid of closest pairs at δ with the same δm = 51.2, so that δm/(nd) = 12.8 all
    along.
    """

    def instance(inverse: float) -> Instance:
        return _at(round(51.2 * inverse), 1.0 / inverse)

    return Along(
        variable="1/δ",
        sizes=sizes,
        instance=instance,
        at_most=0.3,
        member="of_the_largest",
        trials=64,
    )


def _points(
    net: DeepReluNet, data: SeparatedData, radius: float, trials: Trials, *, lower: bool
) -> dict[str, Network]:
    """Return what the attacks find in the ball.

    Those that change the last layer's signs where the lower bound is attacked.
    """
    network, signals = net.forward(trials, data)
    x, form = data.inputs(trials), last_layer_form(network, signals)
    extreme = (
        torch.linalg.eigh(form)
        .eigenvectors[..., 0 if lower else -1]
        .unflatten(1, (data.count, net.outputs))
        .mT
    )
    y_star, other = signals.y - extreme, trials.stream("adversary")
    found = {
        "centre": network,
        "random": attacks.rotated(network, x, radius, other),
        "frank_wolfe": attacks.ascended(
            network, _gradient_over_loss(x, y_star, lower=lower), radius, rounds=5
        ),
        "descent": attacks.descended(
            network,
            x,
            y_star,
            radius,
            step=0.5 * net.outputs / (data.count * net.depth * net.width),
        ),
    }
    signed = {
        "merge": attacks.merged(network, x, radius),
        "flip": attacks.flipped(network, x, radius),
    }
    return found | (
        signed if lower else {"magnify": attacks.magnified(network, x, radius, rounds=3)}
    )


def _gradient_over_loss(
    x: Float[Tensor, "d_in n"], y_star: Float[Tensor, "trials d n"], *, lower: bool
) -> attacks.Objective:
    """Return -log(‖∇_{W_L}F‖²/F) or log(max_l ‖∇_{W_l}F‖²/F) as a function of the network, for
    fixed targets.
    """

    def objective(network: Network) -> Float[Tensor, "trials"]:
        signals = network.forward(x)
        squares = torch.stack(
            [one.square() for one in network.gradient(signals, signals.y - y_star)], dim=1
        )
        F = loss(signals.y, y_star)
        return -(squares[:, -1] / F).log() if lower else (squares.amax(dim=1) / F).log()

    return objective


@ALS21.part(
    "a",
    says=r"$\|\nabla_{W_\ell}F\|_F^2\le O(\frac{nm}d)F$ for every $\ell$; for each example alone "
    r"$\|\nabla_{W_\ell}F_i\|_F^2\le O(\frac md)F_i$.",
    quantifiers=(*_QUANTIFIERS, r"\forall\, \ell\in[L]"),
    constant=Constant(
        5.0,
        measured_on="m = 128…256, n = 2, L ≤ 3, worst targets; 1 of 64 trials exceeds it at m = 64",
    ),
    requires=_REQUIRES,
    specimens=[_at(128, 0.4), _at(256, 0.4, depth=3)],
    layers=_EITHER,
)
@given(**_drawn)
def gradients_in_the_ball_are_at_most_of_order_width(
    net: DeepReluNet, data: SeparatedData, omega: float, trials: Trials, *, of_width: float = 1.0
) -> Bound:
    points = _points(net, data, omega * data.delta**1.5, trials, lower=False)
    order = float(net.width) ** of_width / net.outputs
    found = {}
    for name, network in points.items():
        forms = layer_forms(network, network.forward(data.inputs(trials)))
        blocks = (
            forms.unflatten(3, (data.count, -1))
            .unflatten(2, (data.count, -1))
            .diagonal(dim1=2, dim2=4)
            .movedim(-1, 2)
        )
        # ‖v‖² = 2F.
        whole, alone = (
            2.0 * torch.linalg.eigvalsh(forms)[..., -1],
            2.0 * torch.linalg.eigvalsh(blocks)[..., -1],
        )
        found[name] = all_of(at_most(whole, data.count * order), at_most(alone, order))
    return worst_of(**found)


gradients_in_the_ball_are_at_most_of_order_width.twin(
    "of order √m: the gradient does not grow with width as the output layer's does", of_width=0.5
)


@ALS21.part(
    "b",
    says=r"$\|\nabla_{W_L}F\|_F^2\ge\Omega(\frac{\delta m}{dn^2})F$, more precisely "
    r"$\ge\Omega(\frac{\delta m}{dn})\max_iF_i$, for the worst targets at each point.",
    quantifiers=_QUANTIFIERS,
    provenance="forced",
    constant=Constant(10.0, measured_on="m = 64…256, n = 2, L = 2, δm/(nd) ≥ 10, ω = 0.02"),
    along=_closer((1.25, 2.5, 5.0, 10.0)),
    requires=_REQUIRES,
    specimens=[_at(128, 0.8), _at(128, 0.4)],
    layers=_EITHER,
)
@given(**_drawn)
def gradients_in_the_ball_are_at_least_of_order_width(
    net: DeepReluNet, data: SeparatedData, omega: float, trials: Trials
) -> Bound:
    points = _points(net, data, omega * data.delta**1.5, trials, lower=True)
    return worst_of(
        **{name: _lower(network, data, trials, net) for name, network in points.items()}
    )


def _lower(network: Network, data: SeparatedData, trials: Trials, net: DeepReluNet) -> Bound:
    form = last_layer_form(network, network.forward(data.inputs(trials)))
    order = data.delta * net.width / (net.outputs * data.count)
    # ‖v‖² = 2F and ‖v_i‖² = 2F_i.
    return all_of(
        of_the_sum=at_least(2.0 * torch.linalg.eigvalsh(form)[:, 0], order / data.count),
        of_the_largest=at_least(2.0 * schur_minimum(form, net.outputs).value, order),
    )


@gradients_in_the_ball_are_at_least_of_order_width.twin(
    "no ball: a network whose last neurons are all dead has no gradient, and a loss"
)
def _(net: DeepReluNet, data: SeparatedData, omega: float, trials: Trials) -> Bound:
    network, signals = net.forward(trials, data)
    h = signals.h[-2]
    mean = h.mean(dim=2) / h.mean(dim=2).norm(dim=1, keepdim=True)
    shift = 1.01 * signals.g[-1].amax(dim=(1, 2)) / (mean.unsqueeze(1) @ h).amin(dim=(1, 2))
    dead = network.W[-1].add_low_rank(
        -shift.reshape(-1, 1, 1).expand(-1, net.width, 1), mean.unsqueeze(2)
    )
    return _lower(network.with_layers((*network.W[:-1], dead)), data, trials, net)


@gradients_in_the_ball_are_at_least_of_order_width.twin(
    "a radius that does not shrink with δ",
    specimens=[],
    along=[_closer((1.25, 2.5, 5.0, 10.0, 20.0))],
)
def _(net: DeepReluNet, data: SeparatedData, omega: float, trials: Trials) -> Bound:
    network = net.initialise(trials, data)
    return worst_of(
        merge=_lower(attacks.merged(network, data.inputs(trials), 0.5), data, trials, net)
    )
