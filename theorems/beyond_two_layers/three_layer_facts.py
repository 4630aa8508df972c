r"""The three-layer network at initialisation, its gradient, and random signs (ALL18, Section 6,
Appendix C).

E‖σ(W⁽⁰⁾x + b₁)‖² = 1 and E[‖V⁽⁰⁾h + b₂‖² | h] = ‖h‖² + 1 for unit inputs. Spectral norms of
Gaussian matrices obey P[‖V‖ ≥ 1 + √(m₁/m₂) + t] ≤ e^{-m₂t²/2}. A network is its frozen network as
long as no sign differs: the difference is at most what the flipped neurons of either layer
contribute.
"""

from __future__ import annotations

import math
from functools import partial

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Mean,
    Trials,
    all_of,
    at_least,
    at_most,
    equal,
    given,
    mean_of,
    statement,
)
from lemmata.strategies import log_uniform, sizes
from lemmata.theorems.beyond_two_layers.setting.inputs import inputs
from lemmata.theorems.beyond_two_layers.setting.losses import root_loss, root_loss_gradient
from lemmata.theorems.beyond_two_layers.setting.three_layers import (
    First,
    Second,
    ThreeLayer,
    ThreeLayerNetwork,
    three_layers,
)
from lemmata.theorems.mathematics.norms import frobenius, norm24

ALLQ1 = statement(
    "ALL-Q1",
    paper="ALL18",
    source="Appendix C, preliminaries",
    provenance="derived",
    title="The three-layer network at initialisation",
    says=r"$\|\sigma(W^{(0)}x+b_1)\|=1\pm O(m_1^{-1/2})$, $\mathbb E[\|V^{(0)}h+b_2\|^2\mid "
    r"h]=\|h\|^2+1$, $|f_r(x)|\le\tilde O(\varepsilon_a)$, $\|V^{(0)}\|_2\le1+\sqrt{m_1/m_2}+o(1)$ "
    r"and $\|W^{(0)}\|_2\le1+\sqrt{d/m_1}+o(1)$, w.h.p.",
)
_NET = {"net": three_layers(largest=64)}
_SQUARE = [{"net": ThreeLayer(first=64, second=64)}]


@ALLQ1.part(
    "a",
    kind="mean",
    says=r"$\mathbb E\|\sigma(W^{(0)}x+b_1)\|^2=1$ and $\mathbb E[\|V^{(0)}h+b_2\|^2-\|h\|^2]=1$.",
    quantifiers=(r"\forall\, x", r"\mathbb E_{W,V,b}"),
    specimens=_SQUARE,
)
@given(**_NET)
def squared_norms_at_initialisation(
    net: ThreeLayer, trials: Trials, *, of_w: float = 1.0, of_v: float = 1.0
) -> Mean:
    network = net.initialise(trials, of_w=of_w, of_v=of_v)
    x = inputs(trials, "x", 1, net.dimension)
    h = network.first(network.W, x).relu().square().sum(dim=-1)
    u = network.second(network.W, network.V, x).square().sum(dim=-1)
    return mean_of(torch.cat((h, u - h), dim=1), 1.0, within=0.1)


squared_norms_at_initialisation.twin("half the variance of W", of_w=0.5)
squared_norms_at_initialisation.twin("half the variance of V", of_v=0.5)


@ALLQ1.part(
    "b",
    kind="scaling",
    says=r"$\big|\|\sigma(W^{(0)}x+b_1)\|-1\big|\le O(m_1^{-1/2})$ on 16 inputs.",
    quantifiers=(r"\forall\, x", r"\mathbb P_{W,b}"),
    constant=Constant(4.0, measured_on="m₁ = 64…4096"),
    along=[
        Along(
            variable="m₁",
            sizes=(64, 256, 1024, 4096),
            instance=lambda m: {"width": m},
            at_most=0.1,
            trials=64,
        )
    ],
    specimens=[{"width": 256}],
)
@given(width=sizes(smallest=64, largest=1024))
def hidden_norms_are_near_one(width: int, trials: Trials, *, power: float = 0.5) -> Bound:
    network = ThreeLayer(first=width, second=1).initialise(trials)
    h = network.first(network.W, inputs(trials, "x", 16, 4)).relu().norm(dim=-1)
    return at_most((h - 1.0).abs().amax(dim=1), width**-power)


hidden_norms_are_near_one.twin("1/m₁", power=1.0)


@ALLQ1.part(
    "c",
    kind="probability",
    says=r"$\|V^{(0)}\|_2\le1+\sqrt{m_1/m_2}+\sqrt{2\log(1/\delta)/m_2}$ with probability "
    r"$1-\delta$, and the same for $W^{(0)}$.",
    quantifiers=(r"\forall\, m_1,m_2,\delta", r"\mathbb P_{W,V}"),
    specimens=[{"net": ThreeLayer(first=64, second=64), "delta": 0.05}],
)
@given(**_NET, delta=st.sampled_from((0.05, 0.2)))
def spectral_norms_at_initialisation(
    net: ThreeLayer, delta: float, trials: Trials, *, of_v: float = 1.0
) -> Bound:
    network = net.initialise(trials, of_v=of_v)
    claims = []
    for matrix in (network.V, network.W):
        rows, columns = matrix.shape[1:]
        bound = 1.0 + math.sqrt(columns / rows) + math.sqrt(2.0 * math.log(2.0 / delta) / rows)
        claims.append(at_most(torch.linalg.matrix_norm(matrix, ord=2), bound))
    return all_of(v=claims[0], w=claims[1]).except_with_probability(delta)


spectral_norms_at_initialisation.twin("variance 8/m₂ of V", of_v=8.0)


@ALLQ1.part(
    "d",
    kind="scaling",
    says=r"$|f_r(x)|\le\tilde O(\varepsilon_a)$ on 16 inputs, whatever the widths.",
    quantifiers=(r"\forall\, x_1,\dots,x_{16}", r"\mathbb P_{W,V,A,b}"),
    constant=Constant(4.0, measured_on="m = 16…256, k ≤ 2"),
    along=[
        Along(
            variable="m",
            sizes=(16, 64, 256),
            instance=lambda m: {"net": ThreeLayer(first=m, second=m)},
            at_most=0.1,
            trials=256,
            resolution=0.1,
        )
    ],
    specimens=_SQUARE,
)
@given(net=three_layers(smallest=16, largest=64))
def initial_outputs_are_of_order_one(
    net: ThreeLayer, trials: Trials, *, of_v: float = 1.0
) -> Bound:
    network = net.initialise(trials, of_v=of_v)
    f = network.outputs(network.W, network.V, inputs(trials, "x", 16, net.dimension))
    return at_most(f.abs().amax(dim=(1, 2)), net.scale)


initial_outputs_are_of_order_one.twin(
    "variance 1 of V in place of 1/m₂",
    specimens=[{"net": ThreeLayer(first=64, second=256)}],
    of_v=256.0,
)

ALLQ10 = statement(
    "ALL-Q10",
    paper="ALL18",
    source="Section 6.3, pseudo networks",
    provenance="derived",
    title="Gradient and exact coupling of three layers",
    says=r"$\nabla_VL=\delta h^\top$, $\nabla_WL=D_wV^\top\delta x^\top$ with "
    r"$\delta=D_vA^\top\nabla_fL$; $F=P$ and $\nabla F=\nabla P$ where $P$ is frozen at the point "
    r"itself; elsewhere they differ by what flipped neurons contribute.",
)
_POINT = {"net": three_layers(), "size": log_uniform(0.01, 10.0)}


def _moved(
    net: ThreeLayer, size: float, trials: Trials
) -> tuple[ThreeLayerNetwork, First, Second, Float[Tensor, "t n d"]]:
    network = net.initialise(trials)
    W = network.W + size * trials.sphere("W'", net.first, net.dimension)
    V = network.V + size * trials.sphere("V'", net.second, net.first)
    return network, W, V, inputs(trials, "x", 3, net.dimension)


@ALLQ10.part(
    "a",
    kind="identity",
    says=r"The formulas, against automatic differentiation of $F$ and of $P$ frozen at the point.",
    quantifiers=(r"\forall\, W,V,A,b", r"\forall\, x,y"),
    specimens=[{"net": ThreeLayer(first=8, second=6, outputs=2), "size": 0.5}],
)
@given(**_POINT)
def gradients_of_three_layers(
    net: ThreeLayer, size: float, trials: Trials, *, at_start: bool = False
) -> Bound:
    network, W, V, x = _moved(net, size, trials)
    y = trials.normal("y", 3, net.outputs)
    signs = network.signs(network.W, network.V, x) if at_start else network.signs(W, V, x)
    slope = root_loss_gradient(network.outputs(W, V, x), y)
    closed = network.gradients(signs, W, V, x, slope)
    found = []
    for frozen in (False, True):
        with torch.enable_grad():
            w, v = (leaf.detach().requires_grad_() for leaf in (W, V))
            f = network.frozen(signs, w, v, x) if frozen else network.outputs(w, v, x)
            found.append(torch.autograd.grad(root_loss(f, y).sum(), (w, v)))
    size_of = (1.0 + size) ** 2 * (1.0 + network.A.abs().sum(dim=(1, 2)))
    same = partial(
        equal,
        roundings=64.0 * net.first * net.second,
        scale=(size_of * (1.0 + size_of)).view(-1, 1, 1),
    )
    return all_of(
        w=same(found[0][0], closed[0]),
        v=same(found[0][1], closed[1]),
        frozen=same(found[0][1], found[1][1]),
    )


gradients_of_three_layers.twin("the signs of the initialisation", at_start=True)


@ALLQ10.part(
    "b",
    kind="inequality",
    says=r"$|F_r-P_r|\le\sum_{i\text{ flipped}}|A_{ri}||u_i'-u_i|+\sum_{j\text{ "
    r"flipped}}\big|[AD_v(V^{(0)}+V')]_{rj}\big||\langle w_j',x\rangle|$, for every $W',V'$.",
    quantifiers=(r"\forall\, W^{(0)},V^{(0)},A,b", r"\forall\, W',V'", r"\forall\, x"),
    specimens=[{"net": ThreeLayer(first=8, second=8), "size": 1.0}],
)
@given(**_POINT)
def networks_differ_by_their_flipped_neurons(
    net: ThreeLayer, size: float, trials: Trials, *, start: bool = False
) -> Bound:
    network, W, V, x = _moved(net, size, trials)
    old, new = network.signs(network.W, network.V, x), network.signs(W, V, x)
    gap = network.outputs(W, V, x) - network.frozen(old, W, V, x)
    move = network.second(W, V, x) - network.second(network.W, network.V, x)
    second = ((old.v != new.v) * move.abs()) @ network.A.abs().mT
    through = torch.einsum("tkm,tnm,tmj->tnkj", network.A, old.v, network.V if start else V)
    first = (old.w != new.w) * (x @ (W - network.W).mT).abs()
    bound = second + torch.einsum("tnkj,tnj->tnk", through.abs(), first)
    rounding = 1e-12 * (1.0 + size) ** 2 * network.A.abs().sum(dim=2).unsqueeze(1)
    return at_most(gap.abs(), bound + rounding * net.first)


networks_differ_by_their_flipped_neurons.twin("V⁽⁰⁾ in place of V⁽⁰⁾ + V'", start=True)

ALLQ14 = statement(
    "ALL-Q14",
    paper="ALL18",
    source="Fact C.9",
    provenance="as printed",
    note="printed with Õ(·); the constant is Hoeffding's",
    title="Random signs between two vectors",
    says=r"Fixed $x,y$: $\mathbb P[|x^\top\Sigma y|\ge t\|x\|_2\|y\|_\infty]\le2e^{-t^2/2}$.",
    kind="probability",
    quantifiers=(r"\forall\, x,y", r"\mathbb P_\Sigma"),
    specimens=[{"n": 64, "t": 3.0}, {"n": 16, "t": 2.5}],
)


@ALLQ14
@given(n=sizes(smallest=2, largest=256), t=st.sampled_from((2.5, 2.0, 3.0)))
def random_signs_make_products_small(
    n: int, t: float, trials: Trials, *, after: bool = False, wrong_norm: bool = False
) -> Bound:
    sigma = trials.signs("sigma", n)
    x = trials.normal("x", n).sign() if wrong_norm else trials.normal("x", n)
    y = trials.signs("y", n)
    if after:
        x = sigma * y
    size = x.abs().amax(dim=1) if wrong_norm else x.norm(dim=1)
    found = (x * sigma * y).sum(dim=1).abs()
    return at_most(found, t * size * y.abs().amax(dim=1)).except_with_probability(
        2.0 * math.exp(-0.5 * t**2)
    )


random_signs_make_products_small.twin("x may see Σ", after=True)
random_signs_make_products_small.twin("‖x‖_∞‖y‖_∞", wrong_norm=True)

ALLN1 = statement(
    "ALL-N1",
    paper="ALL18",
    source="Section 7.1",
    provenance="as printed",
    title="Evenness of rows",
    says=r"$\|W\|_F\ge\|W\|_{2,4}\ge m^{-1/4}\|W\|_F$: $m\|W\|_{2,4}^4/\|W\|_F^4\in[1,m]$, $1$ "
    r"where all rows have one norm, $m$ where one row is not zero.",
    kind="inequality",
    quantifiers=(r"\forall\, W\ne0",),
    specimens=[{"m": 16, "spread": 0.0}, {"m": 16, "spread": 6.0}],
)


@ALLN1
@given(m=sizes(largest=256), spread=st.sampled_from((0.0, 1.0, 6.0)))
def evenness_lies_between_one_and_m(
    m: int, spread: float, trials: Trials, *, power: float = 0.25
) -> Bound:
    W = trials.sphere("W", m, 3) * (spread * trials.normal("rows", m, 1)).exp()
    small, large = norm24(W), frobenius(W)
    return all_of(
        above=at_most(small, large * (1.0 + 1e-12)),
        below=at_least(small * (1.0 + 1e-12), m**-power * large),
    )


evenness_lies_between_one_and_m.twin("m^{-1/8} for equal rows", power=0.125)
