"""Preliminaries.

Normalised data, the masked Gaussian layer, the gradient's formula (ALS18, Sections 2 and 7).

The data assumption costs nothing (ALS-01); a Gaussian layer behind a mask has an exact law
(ALS-02), from which everything at random initialisation follows; and the gradient is a sum of
rank-one matrices (ALS-03).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from scipy import stats
from torch import Tensor

from lemmata.harness import (
    Bound,
    Law,
    Mean,
    Trials,
    all_of,
    at_least,
    equal,
    given,
    law_of,
    mean_of,
    statement,
)
from lemmata.harness.layers import DenseEntries, Layer
from lemmata.strategies import Labels, UnitVectors, labels, sizes, unit_vectors
from lemmata.theorems.deep_convergence.setting.network import (
    DeepReluNet,
    Network,
    SeparatedData,
    Signals,
    deep_relu_nets,
    loss,
    pair_at,
    separated_data,
    sphere,
)
from lemmata.theorems.deep_convergence.setting.quotations import RECURRENT, ZOU, by_one
from lemmata.theorems.mathematics.masked_gaussian import fixed_norm_cdf, masked_norm_cdf

# ALS-01

ALS01 = statement(
    "ALS-01",
    paper="ALS18",
    source="Section 2, Assumption 2.1",
    provenance="derived",
    note="that every two inputs are δ-apart, " + by_one(ZOU, of="Assumption 2.1, is") + "; the "
    "normalisation itself was not seen",
    title="Normalising the data costs nothing",
    says=r"For all unit $z_1,\dots,z_n\in\mathbb R^{d_{in}-1}$ put $x_i=(z_i/\sqrt2,\,1/\sqrt2)$. "
    r"Then the $x_i$ are unit vectors with last coordinate $1/\sqrt2$, their distances are those "
    r"of the $z_i$ divided by $\sqrt2$, and separation bounds the angle between two inputs, not "
    r"only their distance: no two inputs are opposite.",
    kind="identity",
)

_ALL_DATA = (r"\forall\, n, d_{in}", r"\forall\, \|z_1\|=\dots=\|z_n\|=1")
_OPPOSITE = UnitVectors(family="signed one-hot", count=2, dimension=3)
_NEAR = UnitVectors(family="arc", count=4, dimension=5, separation=1e-3)


def _inputs(vectors: UnitVectors, trials: Trials) -> Float[Tensor, "trials n d_in"]:
    return trials.every(SeparatedData(vectors=vectors).inputs(trials).mT)


def _between(x: Float[Tensor, "trials n p"]) -> Float[Tensor, "trials n n p"]:
    return x.unsqueeze(2) - x.unsqueeze(1)


def _off_diagonal(matrix: Float[Tensor, "trials n n"]) -> Float[Tensor, "trials pairs"]:
    n = matrix.shape[-1]
    return matrix[:, ~torch.eye(n, dtype=torch.bool, device=matrix.device)]


def _aside(x: Float[Tensor, "trials n p"]) -> Float[Tensor, "trials n n"]:
    """Return ‖(I - x_i x_iᵀ) x_j‖ for unit rows, without the cancellation of 1 - ⟨x_i, x_j⟩²."""
    difference = _between(x)
    along = (difference * x.unsqueeze(2)).sum(-1, keepdim=True)
    return (difference - along * x.unsqueeze(2)).norm(dim=-1)


@ALS01.part(
    "a",
    says=r"$\|x_i\|=1$ and $(x_i)_{d_{in}}=1/\sqrt2$ for every $i$.",
    quantifiers=(*_ALL_DATA, r"\forall\, i\in[n]"),
    specimens=[{"vectors": _OPPOSITE}, {"vectors": _NEAR}],
)
@given(vectors=unit_vectors())
def inputs_are_unit_vectors_with_a_constant_coordinate(
    vectors: UnitVectors, trials: Trials
) -> Bound:
    x = _inputs(vectors, trials)
    return equal(
        torch.stack((x.norm(dim=-1), math.sqrt(2.0) * x[..., -1]), dim=-1),
        1.0,
        roundings=x.shape[-1] + 4,
    )


@inputs_are_unit_vectors_with_a_constant_coordinate.twin(
    "the constant coordinate is 1: x = (z, 1)/√(3/2)"
)
def _(vectors: UnitVectors, trials: Trials) -> Bound:
    x = _inputs(vectors, trials) * math.sqrt(2.0 / 1.5)
    return equal(
        torch.stack((x.norm(dim=-1), math.sqrt(2.0) * x[..., -1]), dim=-1),
        1.0,
        roundings=x.shape[-1] + 4,
    )


@ALS01.part(
    "b",
    says=r"$\|x_i-x_j\|=\|z_i-z_j\|/\sqrt2$ for all $i,j$.",
    quantifiers=(*_ALL_DATA, r"\forall\, i\ne j"),
    specimens=[{"vectors": _OPPOSITE}, {"vectors": _NEAR}],
)
@given(vectors=unit_vectors(smallest=2))
def distances_shrink_by_the_root_of_two(
    vectors: UnitVectors, trials: Trials, *, root: float = math.sqrt(2.0)
) -> Bound:
    z = trials.every(trials.tensor(vectors.build()))
    apart, before = (
        _off_diagonal(_between(_inputs(vectors, trials)).norm(dim=-1)),
        _off_diagonal(_between(z).norm(dim=-1)),
    )
    # Rounding of the coordinates, of order 1, and not of their small difference, is what limits the
    # accuracy.
    return equal(apart, before / root, roundings=z.shape[-1] + 4, scale=1.0)


distances_shrink_by_the_root_of_two.twin(
    "distances are kept", specimens=[{"vectors": _OPPOSITE}], root=1.0
)


@ALS01.part(
    "c",
    kind="inequality",
    says=r"$\langle x_i,x_j\rangle=\frac12(1+\langle z_i,z_j\rangle)\ge0$, and with "
    r"$\delta_{ij}=\|x_i-x_j\|$: "
    r"$\|(I-x_ix_i^\top)x_j\|=\delta_{ij}\sqrt{1-\delta_{ij}^2/4}\ge\delta_{ij}/\sqrt2$.",
    quantifiers=(*_ALL_DATA, r"\forall\, i\ne j"),
    specimens=[
        {"vectors": _NEAR},
        {"vectors": UnitVectors(family="pair", count=3, dimension=4, separation=1.999)},
    ],
)
@given(vectors=unit_vectors(smallest=2))
def separation_bounds_the_angle(vectors: UnitVectors, trials: Trials) -> Bound:
    return _angles_are_bounded(_inputs(vectors, trials))


@separation_bounds_the_angle.twin(
    "without the constant coordinate: x = z", specimens=[{"vectors": _OPPOSITE}]
)
def _(vectors: UnitVectors, trials: Trials) -> Bound:
    return _angles_are_bounded(trials.every(trials.tensor(vectors.build())))


def _angles_are_bounded(x: Float[Tensor, "trials n p"]) -> Bound:
    apart, aside = _off_diagonal(_between(x).norm(dim=-1)), _off_diagonal(_aside(x))
    rounding = (x.shape[-1] + 4) * torch.finfo(x.dtype).eps
    # The bound is attained at right angles, where δ = √2: what rounding does to coordinates of
    # order 1 is granted to the measured side.
    return all_of(
        at_least(aside + rounding, apart / math.sqrt(2.0)),
        equal(
            aside,
            apart * (1.0 - apart**2 / 4.0).clamp(min=0.0).sqrt(),
            roundings=8 * x.shape[-1],
            scale=1.0,
        ),
        at_least(_off_diagonal(x @ x.mT) + rounding, 0.0),
    )


# ALS-02

ALS02 = statement(
    "ALS-02",
    paper="ALS18",
    source="Fact 7.2",
    provenance="quoted",
    note=f"{RECURRENT} states it as Fact A.11, as known; the wording of Fact 7.2 was not seen",
    title="Law of a randomly masked Gaussian layer",
    says=r"For all $p,m$ and fixed $h,q\in\mathbb R^p$ with $h\ne0$, $h+q\ne0$, let $M\in\mathbb "
    r"R^{m\times p}$ have independent $N(0,2/m)$ entries and $v_k=1[(M(h+q))_k\ge0]\,(Mh)_k$. The "
    r"$v_k$ are independent, vanish with probability $\frac12$ and have "
    r"$|v_k|\sim|N(0,2\|h\|^2/m)|$ otherwise, so that $\frac{m\|v\|^2}{2\|h\|^2}\sim\chi^2_\varpi$ "
    r"with $\varpi\sim\mathrm{Bin}(m,\frac12)$.",
    kind="law",
)

_Row = tuple[int, ...]
_COPIES = 32
"""Independent layers in a trial: they make the samples of a law, or the trial's own mean."""


@st.composite
def _pairs(draw: st.DrawFn) -> tuple[_Row, _Row]:
    """Draw h and q with h ≠ 0 and h + q ≠ 0."""
    p = draw(st.integers(1, 6))
    row = st.tuples(*[st.integers(-3, 3)] * p)
    h = draw(row.filter(any))
    q = draw(row.filter(lambda q: any(a + b for a, b in zip(h, q, strict=True))))
    return h, q


def _masked_layer(
    m: int, vectors: tuple[_Row, _Row], trials: Trials, variance: float = 2.0
) -> tuple[Tensor, Tensor]:
    """Return v, (trials, copies, m), and ‖h‖²."""
    h, q = (trials.tensor(row) for row in vectors)
    M = trials.normal("M", _COPIES, m, len(h), variance=variance / m)
    return (M @ (h + q) >= 0) * (M @ h), h @ h


_MASKED = (r"\forall\, p,m", r"\forall\, h\ne0,\ h+q\ne0", r"\mathbb P_M")
_ALONG_Q = {"m": 20, "vectors": ((1, 2), (0, 0))}
_AGAINST_Q = {"m": 64, "vectors": ((1, 0, 1), (-3, 2, 0))}


@ALS02.part(
    "a",
    says=r"$\frac{m\|v\|^2}{2\|h\|^2}\sim\chi^2_\varpi$ with $\varpi\sim\mathrm{Bin}(m,\frac12)$.",
    quantifiers=_MASKED,
    specimens=[_ALONG_Q, _AGAINST_Q],
)
@given(m=sizes(smallest=16, largest=64), vectors=_pairs())
def the_squared_norm_is_chi_square_of_binomial_order(
    m: int, vectors: tuple[_Row, _Row], trials: Trials, *, variance: float = 2.0
) -> Law:
    v, square = _masked_layer(m, vectors, trials, variance)
    return law_of(m * (v**2).sum(-1) / (2.0 * square), masked_norm_cdf(m))


@the_squared_norm_is_chi_square_of_binomial_order.twin(
    "chi-square of the fixed order m/2: the mask is not random", specimens=[_ALONG_Q]
)
def _(m: int, vectors: tuple[_Row, _Row], trials: Trials) -> Law:
    v, square = _masked_layer(m, vectors, trials)
    return law_of(m * (v**2).sum(-1) / (2.0 * square), fixed_norm_cdf(m))


the_squared_norm_is_chi_square_of_binomial_order.twin("variance 1/m in place of 2/m", variance=1.0)


@the_squared_norm_is_chi_square_of_binomial_order.twin(
    "h ≠ 0 alone is asked: at q = -h nothing is masked, and the order is m",
    specimens=[{"m": 20, "vectors": ((1, 2), (-1, -2))}],
)
def _(m: int, vectors: tuple[_Row, _Row], trials: Trials) -> Law:
    h, _ = vectors
    opposed = (h, tuple(-entry for entry in h))
    return the_squared_norm_is_chi_square_of_binomial_order.check(m, opposed, trials)


@ALS02.part(
    "b",
    says=r"$|v_k|$, where it does not vanish, is distributed as $|N(0,2\|h\|^2/m)|$, whatever $q$.",
    quantifiers=_MASKED,
    specimens=[_ALONG_Q, _AGAINST_Q],
)
@given(m=sizes(smallest=1, largest=64), vectors=_pairs())
def unmasked_entries_are_half_normal(m: int, vectors: tuple[_Row, _Row], trials: Trials) -> Law:
    v, square = _masked_layer(m, vectors, trials)
    return law_of(_first_unmasked(v), stats.halfnorm(scale=math.sqrt(2.0 * float(square) / m)))


@unmasked_entries_are_half_normal.twin(
    "the mask bends the law: |N(0, 2‖h + q‖²/m)|", specimens=[_AGAINST_Q]
)
def _(m: int, vectors: tuple[_Row, _Row], trials: Trials) -> Law:
    h, q = (trials.tensor(row) for row in vectors)
    v, _square = _masked_layer(m, vectors, trials)
    return law_of(
        _first_unmasked(v), stats.halfnorm(scale=math.sqrt(2.0 * float((h + q) @ (h + q)) / m))
    )


def _first_unmasked(v: Float[Tensor, "trials copies m"]) -> Float[Tensor, "trials"]:
    """Return the size of a trial's first entry that does not vanish.

    One of 32 m fails to with probability 2^(-32 m).
    """
    flat = v.flatten(1)
    return flat.gather(1, (flat != 0).to(torch.int8).argmax(dim=1, keepdim=True)).squeeze(1).abs()


@ALS02.part(
    "c",
    kind="mean",
    says=r"$v_k$ vanishes with probability $\frac12$, $\mathbb E\|v\|^2=\|h\|^2$ and "
    r"$\mathrm{Var}(\|v\|^2)=\frac5m\|h\|^4$.",
    quantifiers=(r"\forall\, p,m", r"\forall\, h\ne0,\ h+q\ne0", r"\mathbb E_M"),
    specimens=[_ALONG_Q, _AGAINST_Q],
)
@given(m=sizes(smallest=1, largest=64), vectors=_pairs())
def the_norm_has_mean_one_and_variance_five_over_m(
    m: int, vectors: tuple[_Row, _Row], trials: Trials, *, five: float = 5.0
) -> Mean:
    v, square = _masked_layer(m, vectors, trials)
    relative = (v**2).sum(-1) / square
    masked = (v == 0).to(v.dtype).mean(dim=(1, 2))
    moments = torch.stack(
        (masked, relative.mean(dim=1), m / five * ((relative - 1.0) ** 2).mean(dim=1)), dim=1
    )
    return mean_of(moments, trials.tensor([0.5, 1.0, 1.0]))


the_norm_has_mean_one_and_variance_five_over_m.twin(
    "variance 4/m, that of chi-square with m/2 degrees of freedom", five=4.0
)


# ALS-03

ALS03 = statement(
    "ALS-03",
    paper="ALS18",
    source="Fact 2.5",
    provenance="unseen",
    note=f"{RECURRENT} has the same formula under the same number for its networks",
    title="The gradient's formula, and two homogeneity identities",
    says=r"For all sizes and all $A,W,B,x,y^*$ with no pre-activation equal to 0, the gradient of "
    r"$F$ in $W_\ell$ is the sum over the examples of "
    r"$D_{i,\ell}\mathrm{Back}_{i,\ell+1}^\top\mathrm{loss}_i\,h_{i,\ell-1}^\top$, and the output "
    r"is 1-homogeneous in each layer.",
    kind="identity",
    layers=("dense", "matrix-free"),
)

_ANY_NETWORK = (r"\forall\, n,L,m,d", r"\forall\, x_i, y_i^*", r"\forall\, A,W,B")
_SMALL = {"net": DeepReluNet(width=16, depth=3, outputs=2), "data": sphere(4), "targets": Labels()}
_DEEP = {
    "net": DeepReluNet(width=32, depth=8, outputs=4),
    "data": pair_at(0.1, count=3),
    "targets": Labels(family="huge"),
}
_sizes = {
    "net": deep_relu_nets(widths=(2, 32), depths=(1, 8)),
    "data": separated_data(dimensions=(2, 8), largest=4),
}


def _roundings(net: DeepReluNet, data: SeparatedData) -> float:
    """Roundings of a pass through all layers, each a sum of m terms, on the scale of the norms
    that bound them.
    """
    return 4.0 * (net.depth + 2) * (net.width + data.dimension + net.outputs)


_LONGEST_FACTOR = 8.0
"""Above ‖W_l‖₂ at initialisation but for e^{-16}, from the width 2 on; 2√2 when wide."""


def _size_of_roundings(
    net: DeepReluNet, signals: Signals, e: Sequence[Tensor], v: Float[Tensor, "trials d n"]
) -> Float[Tensor, "trials n"]:
    """Return on which scale roundings move ⟨v_i, y_i⟩: an error δ of W_l h_{l-1}, or of W_lᵀ e_l
    against h_{l-1}, moves it by ⟨e_l, δ⟩; e is (e_1, ..., e_L).
    """
    through = [one.norm(dim=1) * h.norm(dim=1) for one, h in zip(e, signals.h[:-1], strict=True)]
    of_output = 1.0 + (math.sqrt(net.width) + 6.0) / math.sqrt(net.outputs)  # above ‖B‖₂
    last = of_output * v.norm(dim=1) * signals.h[-1].norm(dim=1)
    return torch.stack([*(_LONGEST_FACTOR * size for size in through), last]).sum(dim=0)


@ALS03.part(
    "a",
    says=r"$\nabla_{W_\ell}F=\sum_iD_{i,\ell}\mathrm{Back}_{i,\ell+1}^\top\mathrm{loss}_i\,h_{i,"
    r"\ell-1}^\top$, held against automatic "
    r"differentiation.",
    quantifiers=(*_ANY_NETWORK, r"\forall\, \ell\in[L]"),
    specimens=[_SMALL, _DEEP],
    layers=("dense",),
)
@given(**_sizes, targets=labels())
def the_gradient_is_a_sum_of_rank_one_matrices(
    net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials
) -> Bound:
    network, signals = net.forward(trials, data)
    y_star = targets.build(trials, signals.y)
    formula = [one.dense() for one in network.gradient(signals, signals.y - y_star)]
    return _agrees_with_autograd(formula, network, data, y_star, net, trials)


@the_gradient_is_a_sum_of_rank_one_matrices.twin(
    "Back of the same layer in place of the next one's"
)
def _(net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials) -> Bound:
    network, signals = net.forward(trials, data)
    y_star = targets.build(trials, signals.y)
    back, _ = network.backward(signals.signs, signals.y - y_star)
    wrong = [
        (back[level] * signals.signs[level]) @ signals.h[level - 1].mT
        for level in range(1, net.depth + 1)
    ]
    return _agrees_with_autograd(wrong, network, data, y_star, net, trials)


@the_gradient_is_a_sum_of_rank_one_matrices.twin("the mask D of the layer itself is forgotten")
def _(net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials) -> Bound:
    network, signals = net.forward(trials, data)
    y_star = targets.build(trials, signals.y)
    back, _ = network.backward(signals.signs, signals.y - y_star)
    wrong = [back[level + 1] @ signals.h[level - 1].mT for level in range(1, net.depth + 1)]
    return _agrees_with_autograd(wrong, network, data, y_star, net, trials)


def _agrees_with_autograd(
    formula: list[Tensor],
    network: Network,
    data: SeparatedData,
    y_star: Tensor,
    net: DeepReluNet,
    trials: Trials,
) -> Bound:
    matrices = [layer.materialise().detach().clone().requires_grad_() for layer in network.W]
    leaves = network.with_layers(
        [Layer(entries=DenseEntries(trials, matrix)) for matrix in matrices]
    )
    F = loss(leaves.forward(data.inputs(trials)).y, y_star)
    gradients = torch.autograd.grad(F.sum(), matrices)
    scale = (
        torch.stack([gradient.norm(dim=(-2, -1)) for gradient in gradients])
        .amax(dim=0)
        .reshape(-1, 1, 1)
    )
    return all_of(
        *(
            equal(ours, theirs, roundings=_roundings(net, data), scale=scale.expand_as(ours))
            for ours, theirs in zip(formula, gradients, strict=True)
        )
    )


@ALS03.part(
    "b",
    says=r"$y_i=\mathrm{Back}_{i,\ell}\,h_{i,\ell-1}$ for every $\ell\in[L+1]$, with "
    r"$\mathrm{Back}_{i,L+1}=B$ acting on $h_{i,L}$.",
    quantifiers=(*_ANY_NETWORK, r"\forall\, i,\ell"),
    specimens=[
        {"net": _SMALL["net"], "data": _SMALL["data"]},
        {"net": _DEEP["net"], "data": _DEEP["data"]},
    ],
)
@given(**_sizes)
def backward_products_reproduce_the_output(
    net: DeepReluNet, data: SeparatedData, trials: Trials, *, shift: int = 0
) -> Bound:
    network, signals = net.forward(trials, data)
    claims = []
    for output in range(net.outputs):
        basis = torch.zeros_like(signals.y)
        basis[:, output] = 1.0
        back, e = network.backward(signals.signs, basis)
        scale = _size_of_roundings(net, signals, e[1:], basis)
        for level in range(1, net.depth + 2 - shift):
            h = signals.h[level - 1 + shift]
            claims.append(
                equal(
                    (back[level] * h).sum(dim=1),
                    signals.y[:, output],
                    roundings=_roundings(net, data),
                    scale=scale.clamp(min=torch.finfo(h.dtype).tiny),
                )
            )
    return all_of(*claims)


backward_products_reproduce_the_output.twin(
    "Back of a layer acts on that layer's own hidden vector", shift=1
)


@ALS03.part(
    "c",
    says=r"Euler's identity: $\langle\nabla^v_{W_\ell},W_\ell\rangle=\sum_i\langle v_i,y_i\rangle$ "
    r"for every $\ell$ and every $v$.",
    quantifiers=(*_ANY_NETWORK, r"\forall\, v", r"\forall\, \ell\in[L]"),
    specimens=[
        {"net": _SMALL["net"], "data": _SMALL["data"]},
        {"net": _DEEP["net"], "data": _DEEP["data"]},
    ],
)
@given(**_sizes)
def the_gradient_pairs_with_its_layer_to_the_output(
    net: DeepReluNet, data: SeparatedData, trials: Trials, *, degree: float = 1.0
) -> Bound:
    network, signals = net.forward(trials, data)
    v = trials.normal("v", net.outputs, data.count)
    gradient = network.gradient(signals, v)
    scale = _size_of_roundings(net, signals, [one.e for one in gradient], v).sum(dim=1)
    paired = torch.stack(
        [
            (one.e * layer.apply(one.h)).sum(dim=(-2, -1))
            for layer, one in zip(network.W, gradient, strict=True)
        ],
        dim=1,
    )
    return equal(
        paired,
        degree * (v * signals.y).sum(dim=(-2, -1)).unsqueeze(1),
        roundings=_roundings(net, data),
        scale=scale.unsqueeze(1).expand_as(paired),
    )


@the_gradient_pairs_with_its_layer_to_the_output.twin("the output is homogeneous of degree L")
def _(net: DeepReluNet, data: SeparatedData, trials: Trials) -> Bound:
    return the_gradient_pairs_with_its_layer_to_the_output.check(
        net, data, trials, degree=float(net.depth)
    )
