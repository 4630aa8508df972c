r"""The Hessian of the objective is Lipschitz (NBL22, optimisation theorem, second assumption).

∇³L̂[V, V, V] = (1/n) Σ (3 ∇f[V] ∇²f[V, V] + (f - y) ∇³f[V, V, V]) for the squared loss, and R_4 = g²
is a polynomial of degree 8. Both bounds are attained.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Trials,
    at_most,
    equal,
    given,
    statement,
    worst_of,
)
from lemmata.theorems.low_degree_plus_sparse.setting.network import (
    ATTAINED,
    Expansion,
    Pairs,
    Weights,
    derivative_along,
    inputs,
)
from lemmata.theorems.mathematics.norms import frobenius, norm24

_NET = Pairs(dimension=6, pairs=10)
_NETS = st.sampled_from((Pairs(dimension=5, pairs=8), _NET))

NBL28 = statement(
    "NBL-28",
    paper="NBL22",
    source="optimisation theorem, second assumption",
    provenance="derived",
    uses=["NBL-01"],
    title="The Hessian of the objective is Lipschitz",
    says=r"Squared loss, network $f$: $|\nabla^3\hat L(W)[V,V,V]|\le\frac{d^{3/2}}{\sqrt m}"
    r"\big(3M_1M_2+M_3\sqrt{2\hat L(W)}\big)\|V\|_F^3$ and $|\nabla^3R_4(W)[V,V,V]|\le336\,"
    r"\|W\|_{2,4}^5\|V\|_{2,4}^3$; $R_1,R_2,R_3$ are quadratic.",
    kind="inequality",
    quantifiers=(r"\forall\, d,m,n", r"\forall\, W_0,x_i,y_i", r"\forall\, W,V"),
)


def third_derivative(
    at: Expansion, y: Float[Tensor, "trials n"], W: Weights, V: Weights
) -> Float[Tensor, "trials"]:
    """Return ∇³L̂[V, V, V] of the squared loss: 3 f'f'' + (f - y) f''' along V, in the mean."""
    third = at.sigma(3, at.along(W)) * at.along(V) ** 3
    cubed = (at.a * third).sum(dim=-1) / math.sqrt(at.net.width)
    return (3.0 * at.slope(W, V) * at.curvature(W, V) + (at.value(W) - y) * cubed).mean(dim=1)


@NBL28.part(
    "a",
    kind="identity",
    says=r"$\nabla^3\hat L[V,V,V]=\frac1n\sum_i(3\,\nabla f[V]\,\nabla^2f[V,V]+(f-y_i)\,\nabla^3f"
    r"[V,V,V])$, by automatic differentiation.",
    specimens=[{"net": _NET}],
)
@given(net=_NETS)
def the_third_derivative_of_the_loss_is_this(
    net: Pairs, trials: Trials, *, three: float = 3.0
) -> Bound:
    at = net.initialise(trials).on(inputs(trials, 5, net.dimension))
    y = trials.normal("labels", 5)
    W, V = (0.3 * trials.normal(name, net.width, net.dimension) for name in ("W", "V"))

    def value(t: Tensor) -> Tensor:
        return 0.5 * (at.value(W + t * V) - y).square().mean(dim=1)

    def differentiated(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        return lambda t: derivative_along(function, t, torch.ones_like(t))

    zero = torch.zeros((), dtype=W.dtype, device=W.device)
    expected = differentiated(differentiated(differentiated(value)))(zero)
    ours = third_derivative(at, y, W, V)
    ours = ours + (three - 3.0) * (at.slope(W, V) * at.curvature(W, V)).mean(dim=1)
    size = (1.0 + at.along(V).abs()).pow(3).sum(dim=(1, 2))
    return equal(ours, expected, roundings=1e3, scale=size)


the_third_derivative_of_the_loss_is_this.twin("once in place of three times", three=1.0)


def _widths(*, at_most: float | None = None, at_least: float | None = None) -> Along:
    return Along(
        variable="m",
        sizes=(16, 64, 256, 1024),
        instance=lambda m: {"net": Pairs(dimension=8, pairs=m // 2)},
        trials=16,
        at_most=at_most,
        at_least=at_least,
    )


@NBL28.part(
    "b",
    kind="scaling",
    says=r"$|\nabla^3\hat L[V,V,V]|\le\frac{d^{3/2}}{\sqrt m}\big(3M_1M_2+M_3\sqrt{2\hat L}\big)"
    r"\|V\|_F^3$, attained to 10 per cent: one sample with a far label, $V$ at the neuron of the "
    r"largest $|\sigma'''|$.",
    constant=Constant(1.0, measured_on="proved: every size", failure=0.0),
    along=[_widths(at_most=0.05, at_least=-0.05)],
    specimens=[{"net": Pairs(dimension=8, pairs=32)}],
)
@given(net=st.sampled_from((_NET, Pairs(dimension=8, pairs=64), Pairs(activation="tanh"))))
def the_hessian_of_the_loss_is_lipschitz(
    net: Pairs, trials: Trials, *, power: float = 0.5
) -> Bound:
    at = net.initialise(trials).on(inputs(trials, 1, net.dimension))
    largest = at.sigma(3)[:, 0].abs().argmax(dim=-1)
    row = torch.nn.functional.one_hot(largest, net.width).to(at.x.dtype).unsqueeze(-1)
    random = trials.normal("V", net.width, net.dimension)
    nothing = torch.zeros_like(random)
    found = {}
    for name, (y, V) in {
        "random": (trials.normal("labels", 1), random),
        "far label": (torch.full_like(at.z[..., 0], 100.0), row * at.x[:, :1]),
    }.items():
        value = 0.5 * (at.value(nothing) - y).square().mean(dim=1)
        inner = 3.0 * net.bound(1) * net.bound(2) + net.bound(3) * (2.0 * value).sqrt()
        size = net.dimension**1.5 * net.width**-power * inner * frobenius(V) ** 3
        found[name.replace(" ", "_")] = at_most(third_derivative(at, y, nothing, V).abs(), size)
    return worst_of(**found)


the_hessian_of_the_loss_is_lipschitz.twin("1/m in place of 1/√m", power=1.0)


@NBL28.part(
    "c",
    says=r"$|\nabla^3R_4(W)[V,V,V]|\le336\,\|W\|_{2,4}^5\|V\|_{2,4}^3$, attained at $m=1$, "
    r"$V\parallel W$.",
    quantifiers=(r"\forall\, d,m", r"\forall\, W,V"),
    specimens=[{"m": 1, "d": 3}, {"m": 8, "d": 3}],
)
@given(m=st.sampled_from((1, 2, 8)), d=st.sampled_from((2, 3)))
def the_hessian_of_the_eighth_power_is_lipschitz(
    m: int, d: int, trials: Trials, *, factor: float = 336.0
) -> Bound:
    W, random = trials.normal("W", m, d), trials.normal("V", m, d)
    single = torch.zeros_like(W)
    single[:, 0] = W[:, 0]
    found = {}
    for name, (point, V) in {"random": (W, random), "parallel": (single, single)}.items():
        # g along the line is a polynomial of degree 4, R_4 = g²: its third derivative at 0.
        inner, square = (point * V).sum(dim=-1), V.square().sum(dim=-1)
        own = point.square().sum(dim=-1)
        g = [
            (own**2).sum(dim=-1),
            (4.0 * own * inner).sum(dim=-1),
            (2.0 * own * square + 4.0 * inner**2).sum(dim=-1),
            (4.0 * inner * square).sum(dim=-1),
        ]
        third = 6.0 * (2.0 * g[0] * g[3] + 2.0 * g[1] * g[2])
        found[name] = at_most(third.abs(), ATTAINED * factor * norm24(point) ** 5 * norm24(V) ** 3)
    return worst_of(**found)


the_hessian_of_the_eighth_power_is_lipschitz.twin("200 for 336", factor=200.0)
