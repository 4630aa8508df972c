"""Residual networks: forward stability without powers of the depth (ALS18, proof of Theorem 8).

Subtract the forward passes at W and at W + W': below the last layer (I + τ W_l) h'_{l-1} + τ W'_l
(h + h')_{l-1} bounds h'_l, as φ is 1-Lipschitz. Unrolled, the factors are 1 + τ‖W_l‖₂, and their
product is e^{O(τL)} = O(1): each layer adds O(τω), L ≤ 1/τ of them O(ω). In a network without skip
connections it is ωL^{3/2} (ALS-13). Few signs change by the same lemma as there (ALS-12).
"""

from __future__ import annotations

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
from lemmata.theorems.deep_convergence.setting.network import SeparatedData, separated_data, sphere
from lemmata.theorems.deep_convergence.setting.residual_network import (
    ResidualNet,
    ResidualNetwork,
    Scaling,
    flipped,
    magnified,
    random_updates,
    residual_nets,
    spectral_norms,
)

_RUNS = ("dense", "matrix-free")
_BALL = (
    r"\forall\, L,m",
    r"\forall\, x",
    r"\mathbb P_{A,W^{(0)}}",
    r"\forall\, \|W'\|_2\le\omega",
    r"\forall\, \ell\le L",
)
_GATE = Requirement(
    paper=r"$\tau\le\frac1{\Omega(L\log m)}$; also tried at $\tau=\frac1L$",
    met=lambda net, data, omega: net.scaling == "1/(L log m)",
)


def _at(width: int, depth: int, omega: float, scaling: Scaling = "1/(L log m)") -> Instance:
    return {
        "net": ResidualNet(width=width, depth=depth, scaling=scaling),
        "data": sphere(1),
        "omega": omega,
    }


def _updates(
    network: ResidualNetwork, data: SeparatedData, omega: float, trials: Trials
) -> dict[str, list[LowRank]]:
    column = data.inputs(trials)[:, :1]
    return {
        "random": random_updates(network, omega, trials.stream("adversary")),
        "magnify": magnified(network, column, omega, rounds=4),
        "flip": flipped(network, column, omega),
    }


ALS40 = statement(
    "ALS-40",
    paper="ALS18",
    source="Theorem 8 (its proof)",
    provenance="derived",
    uses=["ALS-12"],
    title="Residual networks: forward stability without powers of the depth",
    says=r"Let $\tau\le\frac1L$ and $h'=\breve h-h$ the change of a hidden vector when $W$ becomes "
    r"$\breve W=W+W'$ with $\|W'_\ell\|_2\le\omega$. With high probability $\|h'_\ell\|\le "
    r"O(\omega)$ for all $\ell\le L$, and $O(m\omega^{2/3})$ signs change.",
    kind="scaling",
    layers=_RUNS,
)


@ALS40.part(
    "a",
    kind="inequality",
    says=r"$\|h'_\ell\|\le\tau\sum_{k=1}^\ell\|W'_k\|_2\|\breve "
    r"h_{k-1}\|\prod_{j=k+1}^\ell(1+\tau\|W_j\|_2)$ for $\ell<L$, and "
    r"$\|h'_L\|\le\|W_L\|_2\|h'_{L-1}\|+\|W'_L\|_2\|\breve h_{L-1}\|$.",
    quantifiers=(
        r"\forall\, L,m,\tau",
        r"\forall\, x",
        r"\forall\, A,W,W'",
        r"\forall\, \ell\le L",
    ),
    specimens=[_at(32, 16, 0.01, "1/L"), _at(32, 4, 0.3, "1")],
    layers=("dense",),
)
@given(
    net=residual_nets(widths=(4, 32), scalings=("1/(L log m)", "1/L", "1")),
    data=separated_data(largest=2),
    omega=st.sampled_from([1e-3, 0.03, 1.0]),
)
def displacements_are_bounded_by_the_unrolled_recursion(
    net: ResidualNet, data: SeparatedData, omega: float, trials: Trials, *, product: bool = True
) -> Bound:
    network = net.initialise(trials, data)
    norms, x = spectral_norms(network), data.inputs(trials)[:, :1]
    found = _updates(network, data, omega, trials)
    return worst_of(
        **{
            name: _unrolled(network, updates, norms, x, product=product)
            for name, updates in found.items()
        }
    )


def _unrolled(
    network: ResidualNetwork,
    updates: list[LowRank],
    norms: Float[Tensor, "trials L"],
    x: Float[Tensor, "d_in 1"],
    *,
    product: bool,
) -> Bound:
    before, after = network.forward(x), network.updated(updates).forward(x)
    moved = torch.stack(
        [(new - old)[..., 0].norm(dim=1) for new, old in zip(after.h, before.h, strict=True)], dim=1
    )
    size = torch.stack([h[..., 0].norm(dim=1) for h in after.h], dim=1)
    added = torch.stack([attacks.spectral_norm(update) for update in updates], dim=1) * size[:, :-1]
    bounds = [torch.zeros_like(norms[:, 0])]
    for level in range(1, network.depth):
        bounds.append(
            bounds[-1] * (1.0 + network.tau * norms[:, level - 1] * product)
            + network.tau * added[:, level - 1]
        )
    bounds.append(norms[:, -1] * moved[:, -2] + added[:, -1])
    # h' is a difference of hidden vectors: its rounding is relative to them.
    rounding = (
        16.0
        * len(bounds)
        * norms.shape[1]
        * torch.finfo(size.dtype).eps
        * size.amax(dim=1, keepdim=True)
    )
    return at_most(
        moved[:, 1:],
        torch.stack(bounds[1:], dim=1)
        + rounding * norms.amax(dim=1, keepdim=True).clamp(min=1.0) ** 2,
    )


displacements_are_bounded_by_the_unrolled_recursion.twin(
    "the product is forgotten", specimens=[_at(32, 16, 0.01, "1/L")], product=False
)


def _deeper(scaling: Scaling) -> Along:
    def instance(depth: int) -> Instance:
        return _at(64, depth, 0.01, scaling)

    return Along(
        variable=f"L, τ = {scaling}", sizes=(4, 8, 16), instance=instance, at_most=0.4, trials=32
    )


def _farthest(
    network: ResidualNetwork, updates: list[LowRank], x: Float[Tensor, "d_in 1"]
) -> Float[Tensor, "trials L"]:
    before, after = network.forward(x), network.updated(updates).forward(x)
    return torch.stack(
        [
            (new - old)[..., 0].norm(dim=1)
            for new, old in zip(after.h[1:], before.h[1:], strict=True)
        ],
        dim=1,
    )


_RANGE = {
    "net": residual_nets(widths=(64, 128), depths=(2, 16)),
    "data": separated_data(largest=2),
    "omega": st.sampled_from([1e-3, 1e-2, 3e-2]),
}


@ALS40.part(
    "b",
    says=r"$\|h'_\ell\|\le O(\omega)$ for all $\ell\le L$: constant 4 at $\tau=\frac1{L\log m}$, "
    r"twice that at $\tau=\frac1L$.",
    quantifiers=_BALL,
    constant=Constant(4.0, measured_on="m = 64…128, L = 2…32, ω = 0.001…0.01"),
    along=[_deeper("1/(L log m)"), _deeper("1/L")],
    requires=_GATE,
    specimens=[_at(128, 16, 0.01), _at(128, 8, 0.01, "1/L")],
)
@given(**_RANGE)
def hidden_vectors_move_by_the_radius(
    net: ResidualNet, data: SeparatedData, omega: float, trials: Trials
) -> Bound:
    network, order = net.initialise(trials, data), omega * (2.0 if net.scaling == "1/L" else 1.0)
    found = _updates(network, data, omega, trials)
    return worst_of(
        **{
            name: at_most(_farthest(network, updates, data.inputs(trials)[:, :1]), order)
            for name, updates in found.items()
        }
    )


@hidden_vectors_move_by_the_radius.twin("the skip connections are removed")
def _(net: ResidualNet, data: SeparatedData, omega: float, trials: Trials) -> Bound:
    x, network = data.inputs(trials)[:, :1], net.plain().initialise(trials, data)
    before, after = network.forward(x), attacks.magnified(network, x, omega, rounds=4).forward(x)
    order = omega * (2.0 if net.scaling == "1/L" else 1.0)
    moved = [
        (new - old)[..., 0].norm(dim=1) for new, old in zip(after.h[1:], before.h[1:], strict=True)
    ]
    return worst_of(magnify=at_most(torch.stack(moved, dim=1), order))


@ALS40.part(
    "c",
    says=r"$\|D'_\ell\|_0\le O(m\omega^{2/3})$ signs of the layer change, for all $\ell\le L$.",
    quantifiers=_BALL,
    constant=Constant(3.0, measured_on="m = 64…128, L = 2…16, ω = 0.01…0.03"),
    requires=Requirement(
        paper=r"$\tau\le\frac1{\Omega(L\log m)}$, also tried at $\tau=\frac1L$; "
        r"$m\omega^{2/3}\ge2$",
        met=lambda net, data, omega: (
            net.scaling == "1/(L log m)" and net.width * omega ** (2.0 / 3.0) >= 2.0
        ),
    ),
    specimens=[_at(128, 16, 0.01), _at(128, 8, 0.01, "1/L")],
)
@given(**{**_RANGE, "omega": st.sampled_from([1e-2, 3e-2])})
def few_signs_of_a_residual_network_change(
    net: ResidualNet, data: SeparatedData, omega: float, trials: Trials, *, power: float = 2.0 / 3.0
) -> Bound:
    network, x = net.initialise(trials, data), data.inputs(trials)[:, :1]
    before = network.forward(x)
    found = {}
    for name, updates in _updates(network, data, omega, trials).items():
        after = network.updated(updates).forward(x)
        flips = [
            (new ^ old).sum(dim=(1, 2))
            for new, old in zip(after.signs[1:], before.signs[1:], strict=True)
        ]
        found[name] = at_most(torch.stack(flips, dim=1).to(trials.dtype), net.width * omega**power)
    return worst_of(**found)


few_signs_of_a_residual_network_change.twin(
    "of order mω", specimens=[_at(128, 16, 0.01)], power=1.0
)
