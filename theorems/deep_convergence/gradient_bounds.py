"""Gradient bounds at random initialisation, for all fake losses (ALS18, Lemma 9.3).

The gradient is a sum of rank-one matrices (ALS-03). The triangle inequality, the norms of hidden
vectors (ALS-04) and those of backward products (ALS-10) bound it from above (ALS-18). From below
only the last layer is used: rows of it that are critical for one example alone (ALS-19) keep that
example's term from being cancelled by the others' (ALS-20).

"For all fake losses" is exact here: the squared norm is a quadratic form, whose extremes are
eigenvalues.
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
    all_of,
    at_least,
    at_most,
    given,
    statement,
    worst_of,
)
from lemmata.harness.adversary import schur_minimum
from lemmata.strategies import UnitVectors
from lemmata.theorems.deep_convergence.setting.network import (
    DeepReluNet,
    Network,
    SeparatedData,
    Signals,
    deep_relu_nets,
    pair_at,
    separated_data,
    sphere,
)
from lemmata.theorems.deep_convergence.setting.quadratic_forms import last_layer_form, layer_forms
from lemmata.theorems.deep_convergence.setting.quotations import AGARWAL, by_one

_EITHER = ("matrix-free", "dense")
_DECADES = (100, 1000, 10_000, 100_000)
_DRAWN = (
    r"\forall\, n,L,m,d,\delta",
    r"\forall\, x_i\ \delta\text{-separated}",
    r"\mathbb P_{A,W,B}",
)


def _cluster(count: int) -> SeparatedData:
    return SeparatedData(
        vectors=UnitVectors(family="cluster", count=count, dimension=count + 1, separation=0.05)
    )


# ALS-18

ALS18 = statement(
    "ALS-18",
    paper="ALS18",
    source="gradient upper bound",
    provenance="unseen",
    note="no quotation of it was found at initialisation; Theorem 3 has it in a ball",
    uses=["ALS-03", "ALS-04", "ALS-10"],
    title="Gradient upper bound at initialisation, for any fake losses",
    says=r"With probability at least $1-e^{-\Omega(m/L)}$, for all $\ell\in[L]$ and all fake "
    r"losses $v$ simultaneously: $\|\nabla^v_{W_\ell}\|_F^2\le O(\frac{nm}d)\sum_i\|v_i\|^2$; for "
    r"a single example the factor $n$ is absent.",
    kind="scaling",
    layers=_EITHER,
)


@ALS18.part(
    "a",
    provenance="derived",
    kind="inequality",
    says=r"Always "
    r"$\|\nabla^v_{W_\ell}\|_F\le\sum_i\|h_{i,\ell-1}\|\,\|\mathrm{Back}_{i,\ell+1}^\top v_i\|$, "
    r"hence $\|\nabla^v_{W_\ell}\|_F^2\le "
    r"n\sum_i\|h_{i,\ell-1}\|^2\|\mathrm{Back}_{i,\ell+1}\|_2^2\|v_i\|^2$.",
    quantifiers=(
        r"\forall\, n,L,m,d",
        r"\forall\, x_i",
        r"\forall\, A,W,B",
        r"\forall\, v",
        r"\forall\, \ell\in[L]",
    ),
    specimens=[
        {"net": DeepReluNet(width=64, depth=3, outputs=2), "data": _cluster(8)},
        {"net": DeepReluNet(width=32, depth=1), "data": sphere(1)},
    ],
)
@given(net=deep_relu_nets(widths=(4, 64), depths=(1, 4)), data=separated_data())
def the_gradient_is_at_most_the_sum_of_its_terms(
    net: DeepReluNet, data: SeparatedData, trials: Trials, *, factor: float | None = None
) -> Bound:
    network, signals = net.forward(trials, data)
    random = trials.stream("adversary").normal("v", net.outputs, data.count)
    worst = (
        torch.linalg.eigh(last_layer_form(network, signals))
        .eigenvectors[..., -1]
        .unflatten(1, (data.count, net.outputs))
        .mT
    )
    count = float(data.count) if factor is None else factor
    found = {
        name: _sums_bound(network, signals, v, count)
        for name, v in (("random", random), ("eigenvector", worst))
    }
    # A single example with all neurons active attains the bounds.
    return worst_of(**found).up_to_roundings(8.0 * (net.width + data.count + net.outputs))


def _sums_bound(
    network: Network, signals: Signals, v: Float[Tensor, "trials d n"], count: float
) -> Bound:
    back, _ = network.backward(signals.signs, v)
    unit = (
        torch.eye(v.shape[1], dtype=v.dtype, device=v.device)
        .expand(len(v), -1, -1)
        .repeat(1, 1, v.shape[2])
    )
    matrices, _ = network.backward(
        [sign.repeat_interleave(v.shape[1], dim=2) for sign in signals.signs], unit
    )
    claims = []
    for level, one in enumerate(network.gradient(signals, v), start=1):
        size = signals.h[level - 1].norm(dim=1)
        spectral = torch.linalg.matrix_norm(
            matrices[level + 1].unflatten(2, v.mT.shape[1:]).movedim(2, 1), ord=2
        )
        claims.append(
            at_most(
                one.square().sqrt(),
                (count / v.shape[2]) ** 0.5 * (size * back[level + 1].norm(dim=1)).sum(dim=1),
            )
        )
        claims.append(
            at_most(one.square(), count * (size * spectral * v.norm(dim=1)).square().sum(dim=1))
        )
    return all_of(*claims)


the_gradient_is_at_most_the_sum_of_its_terms.twin(
    "the terms are orthogonal: the factor n is forgotten", factor=1.0
)


_UPPER = Constant(4.0, measured_on="m = 64…512, n ≤ 16, nd ≤ m/8")


def _clustered(count: int) -> Instance:
    return {"net": DeepReluNet(width=256, depth=2), "data": _cluster(count)}


def _at_depth(depth: int) -> Instance:
    return {"net": DeepReluNet(width=1024, depth=depth), "data": pair_at(0.4)}


@ALS18.part(
    "b",
    says=r"$\sup_v\|\nabla^v_{W_\ell}\|_F^2/\sum_i\|v_i\|^2=\lambda_{\max}(Q_\ell)\le "
    r"O(\frac{nm}d)$ for every $\ell$, and $O(\frac md)$ for each example alone.",
    quantifiers=(*_DRAWN, r"\forall\, \ell\in[L]", r"\forall\, v"),
    constant=_UPPER,
    along=[
        Along(
            variable="n",
            sizes=(2, 4, 8, 16),
            instance=_clustered,
            at_most=0.2,
            member="all_examples",
            trials=64,
        ),
        Along(
            variable="L",
            sizes=(1, 2, 4, 8),
            instance=_at_depth,
            at_most=0.2,
            member="all_examples",
            trials=48,
        ),
    ],
    specimens=[
        _clustered(16),
        {"net": DeepReluNet(width=64, depth=4, outputs=2), "data": sphere(4)},
    ],
)
@given(
    net=deep_relu_nets(widths=(64, 256), depths=(1, 4), outputs=(1, 2)),
    data=separated_data(largest=4),
)
def the_gradient_is_at_most_of_order_width(
    net: DeepReluNet, data: SeparatedData, trials: Trials, *, of_count: float = 1.0
) -> Bound:
    network, signals = net.forward(trials, data)
    forms = layer_forms(network, signals)
    blocks = (
        forms.unflatten(3, (data.count, -1))
        .unflatten(2, (data.count, -1))
        .diagonal(dim1=2, dim2=4)
        .movedim(-1, 2)
    )
    scale = net.width / net.outputs
    return all_of(
        all_examples=at_most(torch.linalg.eigvalsh(forms)[..., -1], data.count**of_count * scale),
        each_alone=at_most(torch.linalg.eigvalsh(blocks)[..., -1], scale),
    )


the_gradient_is_at_most_of_order_width.twin(
    "the factor n is forgotten", specimens=[_clustered(16)], of_count=0.0
)


def _at_width(width: int) -> Instance:
    return {"net": DeepReluNet(width=width, depth=2), "data": pair_at(0.8)}


@ALS18.part(
    "c",
    says=r"The order $\frac{nm}d$ of (b) over three decades of width.",
    quantifiers=(*_DRAWN, r"\forall\, \ell\in[L]", r"\forall\, v"),
    constant=_UPPER,
    along=Along(variable="m", sizes=_DECADES, instance=_at_width, at_most=0.1, trials=16),
    specimens=[_at_width(1000)],
    layers=("matrix-free",),
)
@given(
    net=deep_relu_nets(widths=(256, 8192), depths=(1, 4), outputs=(1, 2)),
    data=separated_data(largest=4),
)
def the_upper_bound_is_of_order_width_over_decades(
    net: DeepReluNet, data: SeparatedData, trials: Trials, *, power: float = 1.0
) -> Bound:
    forms = layer_forms(*net.forward(trials, data))
    return at_most(
        torch.linalg.eigvalsh(forms)[..., -1], data.count / net.outputs * float(net.width) ** power
    )


the_upper_bound_is_of_order_width_over_decades.twin("of order √m", specimens=[], power=0.5)


# ALS-20

ALS20 = statement(
    "ALS-20",
    paper="ALS18",
    source="Lemma 9.3",
    provenance="quoted",
    note=by_one(AGARWAL),
    uses=["ALS-11", "ALS-19"],
    title="Gradient lower bound at initialisation, for all fake losses",
    says=r"For fixed $v$, with probability at least $1-e^{-\Omega(\delta m/n)}$: "
    r"$\|\nabla^v_{W_L}\|_F^2\ge\Omega(\frac{\delta m}{dn})\max_i\|v_i\|^2$; for "
    r"$m\ge\mathrm{poly}(n,\delta^{-1})\,d$ it holds for all $v$ simultaneously.",
    kind="scaling",
    layers=_EITHER,
)

_LOWER = Constant(20.0, measured_on="m = 128…512, n ≤ 8, d ≤ 4, L ≤ 4, δm/(nd) ≥ 10")
_CRITICAL = Requirement(
    paper=r"$m\ge128$ and $\frac{\delta m}{nd}\ge10$: enough critical rows",
    met=lambda net, data, **_: (
        net.width >= 128 and data.delta * net.width >= 10 * data.count * net.outputs
    ),
)
_gated = {
    # δ ≥ 0.12, n ≤ 3, d ≤ 2 and m = 512 meet the requirement.
    "net": deep_relu_nets(widths=(512, 512), depths=(1, 4), outputs=(1, 2)),
    "data": separated_data(largest=3, separations=(0.17, 1.0)).filter(
        lambda data: data.delta >= 0.12
    ),
}


def _close(inverse_delta: float) -> Instance:
    """Return the closest pair of distance δ at the same δm = 51.2, so that δm/(nd) = 12.8 all
    along.
    """
    return {
        "net": DeepReluNet(width=round(51.2 * inverse_delta), depth=2, outputs=2),
        "data": pair_at(1.0 / inverse_delta),
    }


_FIXED_DELTA_WIDTH = Along(
    variable="1/δ", sizes=(1.25, 2.5, 5.0, 10.0), instance=_close, at_most=0.3, trials=128
)


@ALS20.part(
    "a",
    says=r"For fixed $v$: $\|\nabla^v_{W_L}\|_F^2\ge\Omega(\frac{\delta m}{dn})\max_i\|v_i\|^2$. "
    r"Tried with $v_i=\pm1$ of alternating and of equal signs, and at random.",
    quantifiers=(
        r"\forall\, n,L,m,d,\delta",
        r"\forall\, x_i\ \delta\text{-separated}",
        r"\forall\, v",
        r"\mathbb P_{A,W,B}",
    ),
    constant=_LOWER,
    along=Along(
        variable="d",
        sizes=(1, 2, 4, 8),
        instance=lambda d: {
            "net": DeepReluNet(width=256, depth=2, outputs=d),
            "data": pair_at(0.8),
            "v": "alternating",
        },
        at_most=0.2,
        trials=64,
    ),
    requires=_CRITICAL,
    specimens=[
        {
            "net": DeepReluNet(width=256, depth=2, outputs=2),
            "data": pair_at(0.4),
            "v": "alternating",
        },
        {"net": DeepReluNet(width=512, depth=4), "data": pair_at(0.2), "v": "random"},
    ],
)
@given(**_gated, v=st.sampled_from(["alternating", "equal", "random"]))
def the_gradient_of_fixed_fake_losses_is_at_least_of_order_width(
    net: DeepReluNet, data: SeparatedData, v: str, trials: Trials, *, of_outputs: float = 1.0
) -> Bound:
    network, signals = net.forward(trials, data)
    drawn = (
        torch.ones_like(signals.y) if v != "random" else trials.normal("v", net.outputs, data.count)
    )
    fixed = (
        drawn * (1.0 - 2.0 * (torch.arange(data.count, device=drawn.device) % 2))
        if v == "alternating"
        else drawn
    )
    measured = network.gradient(signals, fixed)[-1].square()
    order = data.delta * net.width / (net.outputs**of_outputs * data.count)
    return at_least(measured, order * fixed.square().sum(dim=1).amax(dim=1))


the_gradient_of_fixed_fake_losses_is_at_least_of_order_width.twin(
    "the factor 1/d is forgotten", specimens=[], of_outputs=0.0
)


@ALS20.part(
    "b",
    says=r"For all $v$ simultaneously, the exact minimum: $\min_{\max_i\|v_i\|=1}v^\top "
    r"Q_Lv=\min_i1/\lambda_{\max}([Q_L^{-1}]_{ii})\ge\Omega(\frac{\delta m}{dn})$.",
    quantifiers=(*_DRAWN, r"\forall\, v"),
    constant=_LOWER,
    along=_FIXED_DELTA_WIDTH,
    requires=_CRITICAL,
    specimens=[
        {"net": DeepReluNet(width=128, depth=2, outputs=2), "data": pair_at(0.4)},
        {"net": DeepReluNet(width=512, depth=4), "data": pair_at(0.1)},
        {"net": DeepReluNet(width=512, depth=2, outputs=4), "data": pair_at(0.2, count=2)},
    ],
)
@given(**_gated)
def the_gradient_of_all_fake_losses_is_at_least_of_order_width(
    net: DeepReluNet,
    data: SeparatedData,
    trials: Trials,
    *,
    of_delta: float = 1.0,
    of_width: float = 1.0,
) -> Bound:
    least = schur_minimum(last_layer_form(*net.forward(trials, data)), net.outputs).value
    return at_least(
        least, data.delta**of_delta * float(net.width) ** of_width / (net.outputs * data.count)
    )


the_gradient_of_all_fake_losses_is_at_least_of_order_width.twin(
    "the separation δ is forgotten", specimens=[], of_delta=0.0
)


def _separated(width: int) -> Instance:
    return {"net": DeepReluNet(width=width, depth=2), "data": pair_at(0.8)}


@ALS20.part(
    "c",
    says=r"The order $\frac{\delta m}{dn}$ of (b) over three decades of width, at fixed "
    r"$\delta,n,d$.",
    quantifiers=(*_DRAWN, r"\forall\, v"),
    constant=_LOWER,
    along=Along(variable="m", sizes=_DECADES, instance=_separated, at_most=0.1, trials=16),
    requires=_CRITICAL,
    specimens=[_separated(1000)],
    layers=("matrix-free",),
)
@given(net=deep_relu_nets(widths=(512, 8192), depths=(1, 4), outputs=(1, 2)), data=_gated["data"])
def the_lower_bound_is_of_order_width_over_decades(
    net: DeepReluNet, data: SeparatedData, trials: Trials, *, power: float = 1.0
) -> Bound:
    return the_gradient_of_all_fake_losses_is_at_least_of_order_width.check(
        net, data, trials, of_width=power
    )


the_lower_bound_is_of_order_width_over_decades.twin("of order m^{3/2}", specimens=[], power=1.5)
