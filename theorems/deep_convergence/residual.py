"""Theorem 8: residual networks (ALS18, Theorem 8).

With τ ≤ 1/Ω(L log m) a product of the factors I + τ W_l has norm at most e^{O(τL)} = O(1),
deterministically: norms neither explode nor vanish, forward or backward, whatever the signs, and no
lemma on sparse vectors is needed. Gradient bounds and convergence are the subject of
`residual_descent`.
"""

from __future__ import annotations

import math

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
    at_least,
    at_most,
    equal,
    given,
    statement,
)
from lemmata.harness.layers import DenseEntries, Layer
from lemmata.strategies import Labels, labels
from lemmata.theorems.deep_convergence.setting.network import (
    SeparatedData,
    loss,
    pair_at,
    separated_data,
    sphere,
)
from lemmata.theorems.deep_convergence.setting.residual_network import (
    ResidualNet,
    ResidualNetwork,
    Scaling,
    residual_nets,
    spectral_norms,
)

_RUNS = ("dense", "matrix-free")
_WORLD = (r"\forall\, n,L,m,d,\delta", r"\forall\, x_i,y_i^*", r"\mathbb P_{A,W^{(0)},B}")
_ANY = (r"\forall\, n,L,m,d,\tau", r"\forall\, x_i,y_i^*", r"\forall\, A,W,B")

ALS35 = statement(
    "ALS-35",
    paper="ALS18",
    source="Theorem 8",
    provenance="unseen",
    note="no quotation was found, and the number is not confirmed; the abstract says that "
    "residual networks are covered; the explicit bounds are derived",
    uses=["ALS-04", "ALS-20", "ALS-26", "ALS-27", "ALS-40"],
    title="Residual networks",
    says=r"Let $h_0=\phi(Ax)$, $h_\ell=\phi(h_{\ell-1}+\tau W_\ell h_{\ell-1})$ for $1\le\ell<L$, "
    r"$h_L=\phi(W_Lh_{L-1})$, $y=Bh_L$ with $\tau=\frac1{\Omega(L\log m)}$. For "
    r"$m\ge\tilde\Omega(\mathrm{poly}(n,L,\delta^{-1})\,d)$, gradient descent and stochastic "
    r"gradient descent converge linearly, as in Theorems 1 and 2.",
)


def _at(
    width: int, depth: int, scaling: Scaling = "1/(L log m)", *, outputs: int = 2
) -> ResidualNet:
    return ResidualNet(width=width, depth=depth, outputs=outputs, scaling=scaling)


def _deeper(depth: int) -> Instance:
    return {"net": _at(64, depth), "data": sphere(2)}


@ALS35.part(
    "a",
    kind="scaling",
    says=r"$\|h_\ell\|=\Theta(1)$ for all $\ell$ and $i$: in $[0.4,2]$ at $\tau=\frac1{L\log m}$.",
    quantifiers=(*_WORLD, r"\forall\, i,\ell"),
    constant=Constant(
        1.0, measured_on="m = 64…128, L = 4…64; the band [0.4, 2] stands in the bound"
    ),
    along=Along(
        variable="L", sizes=(4, 16, 64), instance=_deeper, at_most=0.2, member="upper", trials=32
    ),
    requires=Requirement(
        paper=r"$\tau\le\frac1{\Omega(L\log m)}$",
        met=lambda net, data: net.scaling in ("1/(L log m)", "1/(300 L)"),
    ),
    specimens=[_deeper(4), _deeper(16)],
    layers=_RUNS,
)
@given(
    net=residual_nets(widths=(64, 128), depths=(2, 32), scalings=("1/(L log m)", "1/(300 L)")),
    data=separated_data(largest=4),
)
def norms_stay_of_order_one(net: ResidualNet, data: SeparatedData, trials: Trials) -> Bound:
    signals = net.initialise(trials, data).forward(data.inputs(trials))
    norms = torch.stack([h.norm(dim=1) for h in signals.h], dim=1)
    return all_of(upper=at_most(norms, 2.0), lower=at_least(norms, 0.4))


@norms_stay_of_order_one.twin("τ = 1", specimens=[_deeper(16)])
def _(net: ResidualNet, data: SeparatedData, trials: Trials) -> Bound:
    return norms_stay_of_order_one.check(_at(net.width, net.depth, "1"), data, trials)


def _product_norms(
    network: ResidualNetwork, data: SeparatedData, trials: Trials
) -> Float[Tensor, "trials b"]:
    """Return ‖(I + τ W_b) D_{b-1} ··· D_1 (I + τ W_1)‖₂ for b = 1..L-1, with the signs of the
    first example.
    """
    signs = network.forward(data.inputs(trials)[:, :1]).signs
    product = torch.eye(network.layers.W[0].rows, device=trials.device, dtype=trials.dtype).expand(
        len(trials), -1, -1
    )
    norms = []
    for level, layer in enumerate(network.layers.W[:-1], start=1):
        masked = product * signs[level - 1] if level > 1 else product
        product = network.pre_activation(level, layer, masked)
        norms.append(torch.linalg.matrix_norm(product, ord=2))
    return torch.stack(norms, dim=1)


@ALS35.part(
    "b",
    kind="inequality",
    says=r"$\|(I+\tau W_b)D_{i,b-1}\cdots D_{i,a}(I+\tau "
    r"W_a)\|_2\le\prod_{\ell=a}^b(1+\tau\|W_\ell\|_2)\le e^{\tau\sum\|W_\ell\|_2}$; tried for "
    r"$a=1$ and all $b<L$.",
    quantifiers=(*_ANY, r"\forall\, b<L"),
    specimens=[
        {"net": _at(32, 16, "1/L"), "data": sphere(1)},
        {"net": _at(32, 4, "1"), "data": sphere(1)},
    ],
)
@given(
    net=residual_nets(widths=(4, 32), scalings=("1/(L log m)", "1/L", "1")),
    data=separated_data(largest=2),
)
def products_are_bounded_by_the_products_of_norms(
    net: ResidualNet, data: SeparatedData, trials: Trials, *, every_factor: bool = True
) -> Bound:
    network = net.initialise(trials, data)
    factors = 1.0 + net.tau * spectral_norms(network)[:, :-1]
    bound = factors.cumprod(dim=1) if every_factor else factors.cummax(dim=1).values
    exponential = (net.tau * spectral_norms(network)[:, :-1]).cumsum(dim=1).exp()
    roundings = 8.0 * net.width * net.depth
    norms = _product_norms(network, data, trials)
    return all_of(
        at_most(norms, bound).up_to_roundings(roundings),
        at_most(bound, exponential).up_to_roundings(roundings),
    )


products_are_bounded_by_the_products_of_norms.twin(
    "one factor in place of their product",
    specimens=[{"net": _at(32, 16, "1/L"), "data": sphere(1)}],
    every_factor=False,
)


@ALS35.part(
    "c",
    kind="probability",
    says=r"Hence $\|(I+\tau W_b)D_{i,b-1}\cdots(I+\tau W_a)\|_2\le e^{2.9\tau L}$ with high "
    r"probability: at most $1.01$ for $\tau\le\frac1{300L}$.",
    quantifiers=(*_WORLD, r"\forall\, b<L"),
    constant=Constant(1.0, measured_on="m = 64…128, L = 4…64"),
    specimens=[
        {"net": _at(64, 8, "1/(300 L)"), "data": sphere(1)},
        {"net": _at(64, 8), "data": sphere(1)},
    ],
)
@given(
    net=residual_nets(widths=(64, 64), depths=(2, 8), scalings=("1/(L log m)", "1/L", "1/(300 L)")),
    data=separated_data(largest=2),
)
def products_are_bounded_whatever_the_depth(
    net: ResidualNet, data: SeparatedData, trials: Trials, *, factor: float = 2.9
) -> Bound:
    return at_most(
        _product_norms(net.initialise(trials, data), data, trials),
        math.exp(factor * net.tau * net.depth),
    )


@products_are_bounded_whatever_the_depth.twin(
    "1.01 whatever τ", specimens=[{"net": _at(64, 8, "1/L"), "data": sphere(1)}]
)
def _(net: ResidualNet, data: SeparatedData, trials: Trials) -> Bound:
    return products_are_bounded_whatever_the_depth.check(
        net, data, trials, factor=math.log(1.01) / (net.tau * net.depth)
    )


def _targeted(net: ResidualNet, data: SeparatedData) -> Instance:
    return {"net": net, "data": data, "targets": Labels()}


@ALS35.part(
    "d",
    kind="identity",
    says=r"$\nabla_{W_\ell}F=\tau\sum_iD_{i,\ell}\,b_{i,\ell}\,h_{i,\ell-1}^\top$ for $\ell<L$, "
    r"where $b_{i,L}=B^\top\mathrm{loss}_i$, $b_{i,L-1}=W_L^\top D_{i,L}b_{i,L}$, "
    r"$b_{i,\ell-1}=(I+\tau W_\ell)^\top D_{i,\ell}b_{i,\ell}$; without $\tau$ for $\ell=L$. Held "
    r"against automatic differentiation.",
    quantifiers=(*_ANY, r"\forall\, \ell\in[L]"),
    specimens=[_targeted(_at(16, 4), sphere(3)), _targeted(_at(16, 8, "1"), pair_at(0.1))],
)
@given(
    net=residual_nets(widths=(4, 32), depths=(1, 8), scalings=("1/(L log m)", "1/L", "1")),
    data=separated_data(),
    targets=labels(),
)
def the_residual_gradient_is_a_sum_of_rank_one_matrices(
    net: ResidualNet,
    data: SeparatedData,
    targets: Labels,
    trials: Trials,
    *,
    assumed: float | None = None,
) -> Bound:
    network, x = net.initialise(trials, data), data.inputs(trials)
    y_star = targets.build(trials, network.forward(x).y)
    matrices = [layer.materialise().detach().clone().requires_grad_() for layer in network.layers.W]
    leaves = network.layers.with_layers(
        [Layer(entries=DenseEntries(trials, matrix)) for matrix in matrices]
    )
    F = loss(ResidualNetwork(layers=leaves, tau=net.tau).forward(x).y, y_star)
    expected = torch.autograd.grad(F.sum(), matrices)
    signals, wrong = (
        network.forward(x),
        ResidualNetwork(layers=network.layers, tau=net.tau if assumed is None else assumed),
    )
    formula = [one.dense() for one in wrong.gradient(signals, signals.y - y_star)]
    scale = (
        torch.stack([gradient.norm(dim=(1, 2)) for gradient in expected])
        .amax(dim=0)
        .reshape(-1, 1, 1)
    )
    roundings = 4.0 * (net.depth + 2) * (net.width + data.dimension + net.outputs)
    return all_of(
        *(
            equal(a, b, roundings=roundings, scale=scale.expand_as(a))
            for a, b in zip(formula, expected, strict=True)
        )
    )


the_residual_gradient_is_a_sum_of_rank_one_matrices.twin(
    "τ is forgotten in the gradient", specimens=[_targeted(_at(16, 4), sphere(3))], assumed=1.0
)
