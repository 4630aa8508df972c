r"""Gradient descent on the regularised objective (NBL22, optimisation theorem).

The Hessian of L_λ is bounded on sublevel sets (NBL-22 a) and Lipschitz on bounded sets (NBL-28):
the two assumptions under which perturbed gradient descent reaches an approximate second-order
point in polynomial time. What is checked is the descent inequality, the bounds that it implies,
and the certificate along a run: the smallest eigenvalue of the exact Hessian rises towards 0. The
number of steps is not compared with the polynomial.
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Bound,
    Trials,
    all_of,
    at_least,
    at_most,
    equal,
    given,
    statement,
    worst_of,
)
from lemmata.theorems.low_degree_plus_sparse.second_order_points import trained
from lemmata.theorems.low_degree_plus_sparse.setting.activations import EXTREMES
from lemmata.theorems.low_degree_plus_sparse.setting.network import (
    Pairs,
    Weights,
    inputs,
)
from lemmata.theorems.low_degree_plus_sparse.setting.objective import (
    Objective,
    descend,
    objective,
    quartic,
)
from lemmata.theorems.low_degree_plus_sparse.setting.witnesses import world
from lemmata.theorems.mathematics.norms import norm24

LAMBDAS = (1.0, 1.0, 1e-2, 1e-4)
_NET = Pairs(dimension=6, pairs=10)
_NETS = st.sampled_from((Pairs(dimension=5, pairs=8), _NET))
_RUN = (r"\forall\, d,p,n", r"\mathbb P_{W_0,x_i,f^*}", r"\forall\, t\le T")

NBL22 = statement(
    "NBL-22",
    paper="NBL22",
    source="optimisation theorem",
    provenance="recalled",
    note="the form is recalled, the smoothness constant is derived",
    uses=["NBL-01", "NBL-21", "NBL-28", "NBL-30"],
    title="Perturbed gradient descent reaches a good point",
    says=r"$\|\nabla^2\hat L\|_{op}\le M_1^2d+\frac{M_2d}{\sqrt m}\sqrt{2\hat L}$; with $\Gamma$ "
    r"this plus $2\lambda_1\lambda_{n_k+1}+2\lambda_2\|P_{>k}\hat\Sigma P_{>k}\|+2\lambda_3+"
    r"56\lambda_4\|W\|_{2,4}^6$ on the sublevel set and $\eta\le1/\Gamma$: $L_\lambda(W_{t+1})\le "
    r"L_\lambda(W_t)-\frac\eta2\|\nabla L_\lambda(W_t)\|_F^2$; so $\|W_t\|_{2,4}\le(L_\lambda(W_0)/"
    r"\lambda_4)^{1/8}$ and $R_j(W_t)\le L_\lambda(W_0)/\lambda_j$; with noise some iterate is an "
    r"approximate second-order point, in polynomial time.",
)


def smoothness(problem: Objective, value: Tensor, norm: Tensor) -> Float[Tensor, "trials"]:
    """Return Γ where L̂ ≤ value and ‖W‖_{2,4} ≤ norm."""
    net, found = problem.at.net, problem.found
    first, second, third, fourth = problem.lambdas
    d = net.dimension
    size = net.bound(1) ** 2 * d + net.bound(2) * d / math.sqrt(net.width) * (2.0 * value).sqrt()
    empirical = torch.linalg.svdvals(problem.bad)[:, 0] ** 2 / problem.y.shape[1]
    size = size + 2.0 * first * found.next + 2.0 * second * empirical + 2.0 * third
    return size + 56.0 * fourth * norm**6


@NBL22.part(
    "a",
    kind="identity",
    says=r"Gradient and Hessian of $L_\lambda$ in closed form are those of automatic "
    r"differentiation, for the model and for the network.",
    quantifiers=(r"\forall\, d,p,n", r"\forall\, W_0,x_i,y_i,W"),
    specimens=[{"net": Pairs(dimension=4, pairs=3), "network": value} for value in (False, True)],
)
@given(net=st.just(Pairs(dimension=4, pairs=3)), network=st.booleans())
def the_objective_has_these_derivatives(
    net: Pairs, network: bool, trials: Trials, *, eighth: float = 1.0
) -> Bound:
    made = world(net, 1, trials)
    at = made.network.on(inputs(trials, 6, net.dimension))
    y = trials.normal("labels", 6)
    # λ_4 large enough for the eighth power to be seen.
    lambdas = (1.0, 0.7, 0.3, 0.5)
    problem = objective(at, y, made.found, lambdas=lambdas, network=network)
    W = 0.5 * trials.normal("W", net.width, net.dimension)
    direction = trials.normal("V", net.width, net.dimension)

    def slope(point: Weights) -> Weights:
        with torch.enable_grad():
            leaf = point if point.requires_grad else point.requires_grad_()
            value = problem.value(leaf).sum()
            return torch.autograd.grad(value, leaf, create_graph=True)[0]

    leaf = W.clone().requires_grad_()
    gradient = slope(leaf)
    curved = torch.autograd.grad((gradient * direction).sum(), leaf)[0]
    ours = problem.gradient(W)
    ours = ours + (eighth - 1.0) * 2.0 * lambdas[3] * quartic(W)[:, None, None] * W
    product = (problem.hessian(W) @ direction.flatten(1).unsqueeze(-1)).squeeze(-1)
    size = 1e3 * (1.0 + norm24(W) ** 8)[:, None]
    return all_of(
        equal(ours.flatten(1), gradient.detach().flatten(1), roundings=100.0, scale=size),
        equal(product, curved.flatten(1), roundings=1e3, scale=size),
    )


the_objective_has_these_derivatives.twin("another term of the eighth power", eighth=2.0)


@NBL22.part(
    "b",
    kind="inequality",
    says=r"$\|\nabla^2L_\lambda(W)\|_{op}\le\Gamma(W)$ at every $W$, for the network and the model "
    r"of it at $W\approx0$; squared loss.",
    quantifiers=(r"\forall\, d,p,n", r"\forall\, W_0,x_i,f^*,W"),
    specimens=[{"net": _NET, "size": 1.0}, {"net": _NET, "size": 3.0}],
)
@given(net=_NETS, size=st.sampled_from((0.01, 0.3, 1.0, 3.0)))
def the_objective_is_smooth(
    net: Pairs, size: float, trials: Trials, *, share: float = 1.0
) -> Bound:
    made = world(net, 1, trials)
    at = made.network.on(inputs(trials, 30, net.dimension))
    # One input alone, and its repetitions, are where the first term bites.
    alike = made.network.on(at.x[:, :1].expand(-1, 30, -1))
    random = trials.normal("W", net.width, net.dimension)
    W = size * random / norm24(random)[:, None, None]
    # Every neuron at the steepest point of σ: the gradient's norm is M_1 √d there.
    steep = (EXTREMES[net.activation][0] - alike.z[:, :1]).mT * alike.x[:, :1] / net.dimension
    found = {}
    for name, (where, point) in {"random": (at, W), "alike": (alike, steep)}.items():
        y = made.target(where.x) if name == "random" else where.value(point)
        problem = objective(where, y, made.found, lambdas=LAMBDAS, network=True)
        largest = smoothness(problem, problem.empirical(point), norm24(point))
        norms = torch.linalg.eigvalsh(problem.hessian(point)).abs().amax(dim=1)
        found[name] = at_most(norms, share * largest)
    return worst_of(**found)


the_objective_is_smooth.twin("a tenth of Γ", share=0.1)


@NBL22.part(
    "c",
    kind="trajectory",
    says=r"With $\eta=1/\Gamma$: $L_\lambda(W_{t+1})\le L_\lambda(W_t)-\frac\eta2\|\nabla "
    r"L_\lambda(W_t)\|_F^2$ for $t\le100$, $\|W_t\|_{2,4}\le(L_\lambda(W_0)/\lambda_4)^{1/8}$ and "
    r"$R_j(W_t)\le L_\lambda(W_0)/\lambda_j$; the network, squared loss.",
    quantifiers=_RUN,
    specimens=[{"net": _NET}],
)
@given(net=_NETS)
def every_step_decreases_the_objective(net: Pairs, trials: Trials, *, longer: float = 1.0) -> Bound:
    made = world(net, 1, trials)
    at = made.network.on(inputs(trials, 30, net.dimension))
    problem = objective(at, made.target(at.x), made.found, lambdas=LAMBDAS, network=True)
    W = 1e-3 * trials.normal("start", net.width, net.dimension)
    first = problem.value(W)
    radius = (first / LAMBDAS[3]) ** 0.125
    eta = longer / smoothness(problem, first, radius)
    value = first
    gained: list[Tensor] = []
    norms: list[Tensor] = []
    sizes: list[Tensor] = []
    for _ in range(100):
        slope = problem.gradient(W)
        # A trial whose objective has grown a thousandfold rests: the step has failed.
        step = torch.where(value < 1e3 * first, eta, 0.0)
        W = W - step[:, None, None] * slope
        after = problem.value(W)
        gain = (value - after) / (0.5 * eta * slope.square().sum(dim=(1, 2)))
        gained.append(torch.where(step > 0.0, gain, gained[-1] if gained else gain))
        norms.append(norm24(W) / radius)
        sizes += [
            factor * R / first for factor, R in zip(LAMBDAS, problem.regularisers(W), strict=True)
        ]
        value = after
    return all_of(
        decrease=at_least(torch.stack(gained, dim=1), 1.0),
        norm=at_most(torch.stack(norms, dim=1), 1.0),
        regularisers=at_most(torch.stack(sizes, dim=1), 1.0),
    ).with_curves(decrease=torch.stack(gained, dim=1))


every_step_decreases_the_objective.twin("η = 50/Γ", longer=50.0)


def _certificate(problem: Objective, W: Weights) -> Float[Tensor, "trials"]:
    return -torch.linalg.eigvalsh(problem.hessian(W))[:, 0]


@NBL22.part(
    "d",
    kind="trajectory",
    says=r"Perturbed gradient descent ($\eta=1$, noise $10^{-4}$ on two thirds of the steps) takes "
    r"$-\lambda_{\min}(\nabla^2L_\lambda)$ down by a factor 10 in 400 steps, and "
    r"$L_\lambda(W_T)\le\frac32L_\lambda(W^*)$.",
    quantifiers=(r"\forall\, d,p,n", r"\mathbb P_{W_0,x_i,f^*}"),
    specimens=[{"net": Pairs(dimension=6, pairs=12)}],
)
@given(net=st.just(Pairs(dimension=6, pairs=12)))
def perturbed_descent_reaches_a_second_order_point(
    net: Pairs, trials: Trials, *, steps: int = 400
) -> Bound:
    made = world(net, 1, trials)
    problem = trained(made, trials, LAMBDAS)
    start = 1e-3 * trials.normal("start", net.width, net.dimension)
    values: list[Float[Tensor, "trials"]] = []

    def watch(step: int, W: Weights) -> None:
        if step % 20 == 0:
            values.append(problem.value(W))

    reached = descend(problem, start, steps=steps, rate=1.0, noise=1e-4, trials=trials, watch=watch)
    first, last = _certificate(problem, start), _certificate(problem, reached)
    S = trials.signs("S", net.width, 1)
    witness = problem.value(made.W_L + S * made.W_Q)
    return all_of(
        certificate=at_most(last, first / 10.0),
        value=at_most(problem.value(reached), 1.5 * witness),
    ).with_curves(objective=torch.stack(values, dim=1))


perturbed_descent_reaches_a_second_order_point.twin("after 5 steps", steps=5)
