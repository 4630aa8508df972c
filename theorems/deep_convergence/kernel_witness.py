"""A global minimum inside the ball.

The kernel's own solution (the existence statement behind ALS18's Theorems 1 and 5).

Let 𝐊 be the Gram matrix of all ∇f_a(x_i; W^(0)), r = vec(y* - y) and α = 𝐊⁻¹ r. The displacement W'
= Σ α_{ia} ∇f_a(x_i) is the shortest that makes the linearised network fit the targets, and ‖W'‖² =
rᵀ𝐊⁻¹r. As 𝐊 is of order m/d (ALS-20), W' is of order 1/√m, so that the network itself is near its
linearisation there (ALS-28): the error ω^{4/3}√m of the outputs is m^{-1/6} at ω of order 1/√m,
that of F its square.
"""

from __future__ import annotations

import torch
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
    at_most,
    equal,
    given,
    statement,
)
from lemmata.harness.adversary import LowRank
from lemmata.strategies import Labels, UnitVectors, labels
from lemmata.theorems.deep_convergence.setting.network import (
    DeepReluNet,
    SeparatedData,
    deep_relu_nets,
    loss,
    pair_at,
    separated_data,
    sphere,
)
from lemmata.theorems.deep_convergence.setting.tangent_features import features, flat

_EITHER = ("matrix-free", "dense")
_WORLD = (
    r"\forall\, n,L,m,d,\delta",
    r"\forall\, x_i,y_i^*",
    r"\mathbb P_{A,W^{(0)},B}",
    r"\exists\, W'",
)


def _at(width: int, data: SeparatedData) -> Instance:
    return {"net": DeepReluNet(width=width, depth=2, outputs=2), "data": data, "targets": Labels()}


def _wider(width: int) -> Instance:
    return _at(width, pair_at(0.8, count=4))


ALS30 = statement(
    "ALS-30",
    paper="ALS18",
    source="Theorem 5 (with Theorem 1)",
    provenance="derived",
    uses=["ALS-20", "ALS-28"],
    title="A global minimum exists inside the ball",
    says=r"Let $\mathbf K$ be the Gram matrix of all $\nabla f_a(x_i;W^{(0)})$, "
    r"$r=\mathrm{vec}(y^*-y)$, $\alpha=\mathbf K^{-1}r$ and "
    r"$W'_\ell=\sum_{i,a}\alpha_{ia}\nabla_{W_\ell}f_a(x_i)$. The linearised network fits the "
    r"targets at $W'$, which is short, and the network nearly does.",
    kind="scaling",
    layers=_EITHER,
)

_drawn = {
    "net": deep_relu_nets(widths=(64, 256), depths=(1, 3), outputs=(1, 2)),
    "data": separated_data(smallest=2, largest=3, separations=(0.6, 1.0)).filter(
        lambda data: data.delta >= 0.4
    ),
    "targets": labels("random", "zero", "opposed"),
}


def _solved(
    K: Float[Tensor, "trials nd nd"], r: Float[Tensor, "trials nd"]
) -> tuple[Float[Tensor, "trials nd"], Float[Tensor, "trials nd"]]:
    """Return 𝐊⁻¹r and the eigenvalues of 𝐊.

    Those below rounding are left out, so that equal inputs get the least squares solution.
    """
    values, vectors = torch.linalg.eigh(K)
    kept = values > 1e-10 * values[:, -1:]
    inverse = torch.where(kept, 1.0 / torch.where(kept, values, 1.0), 0.0)
    return ((vectors * inverse.unsqueeze(1)) @ (vectors.mT @ r.unsqueeze(2))).squeeze(2), values


def _witness(
    net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials
) -> tuple[dict[str, Tensor], list[LowRank], Float[Tensor, "trials"]]:
    """Return what the claims are about.

    Y*, f^lin, ‖W'‖², rᵀ𝐊⁻¹r, λ_min, F_0; W'; and F at W^(0) + W'.
    """
    network, signals = net.forward(trials, data)
    start, y_star = features(network, signals), targets.build(trials, signals.y)
    r = flat(y_star - signals.y)
    alpha, values = _solved(start.kernel(start), r)
    updates = [LowRank(e * alpha.unsqueeze(1), h) for e, h in zip(start.e, start.h, strict=True)]
    square = torch.stack(
        [((one.left.mT @ one.left) * (one.right.mT @ one.right)).sum(dim=(1, 2)) for one in updates]
    ).sum(dim=0)
    moved = network.with_layers(
        [layer.add_low_rank(*one) for layer, one in zip(network.W, updates, strict=True)]
    )
    quantities = {
        "targets": flat(y_star),
        "linear": flat(signals.y) + start.along(updates),
        "square": square,
        "form": (r * alpha).sum(dim=1),
        "least": values[:, 0],
        "loss": loss(signals.y, y_star),
    }
    return quantities, updates, loss(moved.forward(data.inputs(trials)).y, y_star)


def _one_point(data: SeparatedData) -> SeparatedData:
    """Return data in which all examples have one input."""
    return SeparatedData(
        vectors=UnitVectors(family="cluster", count=data.count, dimension=10, separation=0.0)
    )


@ALS30.part(
    "a",
    kind="existence",
    says=r"$f^{\mathrm{lin}}(x_i;W')=y_i^*$ and $\|W'\|_F^2=r^\top\mathbf "
    r"K^{-1}r\le2F_0/\lambda_{\min}(\mathbf K)$.",
    quantifiers=(
        *_WORLD[:2],
        r"\forall\, A,W^{(0)},B:\ \mathbf K\ \text{regular}",
        r"\exists\, W'",
    ),
    specimens=[_at(64, sphere(4)), _wider(128)],
)
@given(**_drawn)
def the_linearised_network_fits_the_targets(
    net: DeepReluNet,
    data: SeparatedData,
    targets: Labels,
    trials: Trials,
    *,
    actual: SeparatedData | None = None,
) -> Bound:
    found, _, _ = _witness(net, data if actual is None else actual, targets, trials)
    # Solutions of 𝐊 α = r lose its condition, at most 1e7 here; a network of this width is far from
    # that.
    scale = 1.0 + found["loss"].sqrt()
    return all_of(
        equal(found["linear"], found["targets"], roundings=4e7, scale=scale.unsqueeze(1)),
        equal(found["square"], found["form"], roundings=4e7),
        at_most(
            found["form"], 2.0 * found["loss"] / found["least"].clamp(min=1e-300)
        ).up_to_roundings(4e7),
    )


@the_linearised_network_fits_the_targets.twin(
    "no separation: all inputs equal, with different targets"
)
def _(net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials) -> Bound:
    return the_linearised_network_fits_the_targets.check(
        net, data, targets, trials, actual=_one_point(data)
    )


@ALS30.part(
    "b",
    says=r"$\|W'\|_F=O(\frac1{\sqrt m})$ for fixed data, with the constant "
    r"$n^{3/2}\sqrt{d/\delta}$ of ALS-20.",
    quantifiers=_WORLD,
    constant=Constant(
        5.0,
        measured_on="√20 from λ_min ≥ 0.1 δm/(dn²) and F_0 = n, with room; m = 64…512, n = 4, d = "
        "L = 2",
    ),
    along=Along(
        variable="m",
        sizes=(64, 128, 256, 512),
        instance=_wider,
        at_most=0.15,
        at_least=-0.3,
        trials=64,
    ),
    requires=Requirement(
        paper=r"$\frac{\delta m}{nd}\ge5$",
        met=lambda net, data, targets: data.delta * net.width >= 5 * data.count * net.outputs,
    ),
    specimens=[_wider(64)],
)
@given(**_drawn)
def the_witness_is_short(
    net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials, *, power: float = 0.5
) -> Bound:
    found, _, _ = _witness(net, data, targets, trials)
    order = data.count**1.5 * (net.outputs / data.delta) ** 0.5 * float(net.width) ** -power
    return at_most(found["square"].sqrt(), order)


the_witness_is_short.twin("of order m^{-1}", specimens=[], power=1.0)


@ALS30.part(
    "c",
    says=r"$F(W^{(0)}+W')\le O(nm)\|W'\|_F^{8/3}$ for fixed $L$: the network differs from the "
    r"linearised one by at most the order $\sqrt m\,\|W'\|_F^{4/3}$ on each input. With (b) that "
    r"is of order $m^{-1/3}$ for fixed data, so that $F(W^{(0)}+W')/F(W^{(0)})\to0$.",
    quantifiers=_WORLD,
    constant=Constant(
        0.5,
        measured_on="95 % of trials below 0.19 (n = 2, L = 3, m = 64), falling with m: m = 64…1024,"
        " arcs of 2 and 3 inputs at 0.6 and 1, L = 1, 2, 3",
    ),
    along=Along(variable="m", sizes=(64, 128, 256, 512), instance=_wider, at_most=0.0, trials=48),
    requires=Requirement(
        paper=r"$\frac{\delta m}{nd}\ge5$",
        met=lambda net, data, targets: data.delta * net.width >= 5 * data.count * net.outputs,
    ),
    specimens=[_wider(64), _wider(256)],
)
@given(**_drawn)
def the_network_nearly_fits_at_the_witness(
    net: DeepReluNet,
    data: SeparatedData,
    targets: Labels,
    trials: Trials,
    *,
    actual: SeparatedData | None = None,
) -> Bound:
    found, _, F = _witness(net, data if actual is None else actual, targets, trials)
    return at_most(F, data.count * net.width * found["square"] ** (4.0 / 3.0))


@the_network_nearly_fits_at_the_witness.twin(
    "no separation: all inputs equal, with different targets", specimens=[_wider(256)], along=[]
)
def _(net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials) -> Bound:
    return the_network_nearly_fits_at_the_witness.check(
        net, data, targets, trials, actual=_one_point(data)
    )
