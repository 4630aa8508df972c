r"""The sign-randomised landscape, its generalisation, and higher orders (Bai and Lee 2020).

obj(W) = (1/n) Σ E_S (f_L(x_i; WS) + f_Q(x_i; W) - y_i)² is exact: the signs leave f_Q and add the
variance of f_L. W = 0 is stationary and, where some W_* is better, a strict saddle; perturbed
descent leaves it. On isotropic unit data the complexity of f_Q is √(log m)/√(nd), a factor √d below
that of worst-case data. Coefficients (ξ, z) with E ξz^j = 0 for j < q remove the orders below q.
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
    Trials,
    all_of,
    at_most,
    equal,
    given,
    statement,
)
from lemmata.theorems.low_degree_plus_sparse.complexity import quadratic_forms
from lemmata.theorems.low_degree_plus_sparse.cubic_relu import (
    power_witness,
    relu_coefficient,
    relu_net,
    unit_inputs,
)
from lemmata.theorems.low_degree_plus_sparse.setting.network import (
    Expansion,
    Pairs,
    Weights,
)
from lemmata.theorems.low_degree_plus_sparse.setting.objective import quartic, quartic_gradient
from lemmata.theorems.mathematics.signs import sign_vectors

# BL-3

BL3 = statement(
    "BL-3",
    paper="BL20",
    source="landscape theorem",
    provenance="recalled",
    note="the form is recalled; checked at the points reached, not at all second-order points",
    uses=["BL-1", "BL-2", "NBL-19", "NBL-20"],
    title="Landscape of the sign-randomised network",
    says=r"Second-order stationary points of $\mathbb E_S\hat L(WS)+\lambda\|W\|_{2,4}^8$ have "
    r"loss at most $(1+\tau)\mathrm{OPT}+\epsilon$; $W=0$ is an exact stationary point and a "
    r"strict saddle where some $W_*$ is better.",
    quantifiers=(r"\forall\, d,m,n", r"\forall\, W_0,x_i", r"\forall\, W"),
)


def _randomised(
    at: Expansion, y: Float[Tensor, "trials n"], W: Weights, decay: float
) -> Float[Tensor, "trials"]:
    off = at.quadratic(W) - y
    return (off**2 + at.linear_variance(W)).mean(dim=1) + decay * quartic(W) ** 2


def _randomised_gradient(
    at: Expansion, y: Float[Tensor, "trials n"], W: Weights, decay: float
) -> Weights:
    m, n, h = at.net.width, y.shape[1], at.along(W)
    off = (at.quadratic(W) - y).unsqueeze(-1)
    pulled = off * at.a * at.sigma(2) * h / math.sqrt(m) + at.sigma(1) ** 2 * h / m
    return 2.0 / n * pulled.mT @ at.x + decay * 2.0 * quartic(W)[:, None, None] * quartic_gradient(
        W
    )


@BL3.part(
    "a",
    kind="identity",
    says=r"$\mathbb E_S(f_L(WS)+f_Q(W)-y)^2=(f_Q(W)-y)^2+\frac1m\sum_r\sigma'^2(x^\top w_r)^2$, "
    r"over all $2^m$ signs; and its gradient.",
    specimens=[{"net": relu_net(4, 4)}],
)
@given(net=st.sampled_from((2, 4)).map(lambda p: relu_net(4, p)))
def the_signs_add_the_variance_of_the_linear_part(
    net: Pairs, trials: Trials, *, share: float = 1.0
) -> Bound:
    at = net.initialise(trials).on(unit_inputs(trials, 3, net.dimension))
    y, W = trials.normal("y", 3), trials.normal("W", net.width, net.dimension)
    every = []
    for signs in sign_vectors(net.width, W):
        signed = signs.unsqueeze(-1) * W
        every.append((at.linear(signed) + at.quadratic(signed) - y).square())
    right = (at.quadratic(W) - y) ** 2 + share * at.linear_variance(W)
    size = 1.0 + right.abs()
    with torch.enable_grad():
        leaf = W.clone().requires_grad_()
        (slope,) = torch.autograd.grad(_randomised(at, y, leaf, 0.1).sum(), leaf)
    ours = _randomised_gradient(at, y, W, 0.1)
    return all_of(
        equal(torch.stack(every).mean(dim=0), right, roundings=1e3, scale=size),
        equal(ours, slope, roundings=1e4, scale=1.0 + slope.abs()),
    )


the_signs_add_the_variance_of_the_linear_part.twin("twice the variance", share=2.0)

_NET, _SAMPLES, _DECAY = relu_net(8, 32), 40, 1e-8


def _problem(net: Pairs, trials: Trials) -> tuple[Expansion, Float[Tensor, "trials n"], Weights]:
    """Return a sample of √d (βᵀx)² and the witness W_*."""
    network, d = net.initialise(trials), net.dimension
    beta = trials.sphere("β", d)
    x = unit_inputs(trials, _SAMPLES, d)
    y = math.sqrt(d) * (x @ beta.unsqueeze(-1)).squeeze(-1) ** 2
    return network.on(x), y, d**0.25 * power_witness(network, beta, 2)


@BL3.part(
    "b",
    kind="inequality",
    says=r"At $W=0$, where the gradient is exactly 0, the second derivative along $W_*$ is at most "
    r"$2(\mathrm{obj}(W_*)-\mathrm{obj}(0))$, $\lambda=0$.",
    specimens=[{"net": _NET}],
)
@given(net=st.sampled_from((8, 32)).map(lambda p: relu_net(8, p)))
def zero_is_a_strict_saddle(net: Pairs, trials: Trials, *, factor: float = 2.0) -> Bound:
    at, y, star = _problem(net, trials)
    nothing = torch.zeros_like(star)
    gradient = _randomised_gradient(at, y, nothing, 0.0)
    # d²/dt² of obj(tW_*) at 0: -2 y f_Q'' with f_Q'' = 2 f_Q(W_*), plus twice the variance.
    second = (-4.0 * y * at.quadratic(star) + 2.0 * at.linear_variance(star)).mean(dim=1)
    bound = factor * (_randomised(at, y, star, 0.0) - _randomised(at, y, nothing, 0.0))
    shift = 1.0 + second.abs() + bound.abs()
    return all_of(
        equal(gradient.flatten(1), 0.0, roundings=1.0, scale=1.0),
        at_most(second + shift, bound + shift),
    )


zero_is_a_strict_saddle.twin("twenty times the difference", factor=20.0)


@BL3.part(
    "c",
    kind="trajectory",
    says=r"Noise for 60 steps, then descent with momentum, $\lambda=10^{-8}$: the objective falls "
    r"below $\mathrm{obj}(W_*)<\mathrm{obj}(0)$ within 150 steps.",
    quantifiers=(r"\forall\, d,m,n", r"\mathbb P_{W_0,x_i}"),
    constant=Constant(1.0, measured_on="d = 8, m = 64, n = 40: at most 0.55"),
    specimens=[{"net": _NET}],
)
@given(net=st.just(_NET))
def perturbed_descent_escapes_from_zero(
    net: Pairs, trials: Trials, *, noise: float = 1e-2
) -> Bound:
    at, y, star = _problem(net, trials)
    W = torch.zeros_like(star)
    speed = torch.zeros_like(star)
    kick = trials.normal("noise", 4, net.width, net.dimension)
    values = []
    curved = at.a * at.sigma(2) / math.sqrt(net.width)
    variance = at.sigma(1) ** 2 / net.width
    for step in range(150):
        if step % 15 == 0:
            values.append(_randomised(at, y, W, _DECAY))
            if step < 60:
                W = W + noise * kick[:, step // 15]
        h = at.along(W)
        weighted = curved * h
        off = 0.5 * (weighted * h).sum(dim=-1, keepdim=True) - y.unsqueeze(-1)
        slope = 2.0 / _SAMPLES * (off * weighted + variance * h).mT @ at.x
        decay = 2.0 * _DECAY * quartic(W)[:, None, None] * quartic_gradient(W)
        speed = 0.9 * speed - 2.0 * (slope + decay)
        W = W + speed
    wanted = _randomised(at, y, star, _DECAY)
    first = _randomised(at, y, torch.zeros_like(star), _DECAY)
    return all_of(
        at_most(_randomised(at, y, W, _DECAY), wanted), at_most(wanted, first)
    ).with_curves(objective=torch.stack(values, dim=1))


perturbed_descent_escapes_from_zero.twin("plain descent from 0, without noise", noise=0.0)

# BL-4

BL4 = statement(
    "BL-4",
    paper="BL20",
    source="generalisation theorem and sample complexity",
    provenance="recalled",
    note="the form is recalled",
    uses=["BL-2", "NBL-24"],
    title="Generalisation through the operator norm of the data",
    says=r"Unit-norm isotropic data: $\mathbb E\max_r\|\frac1n\sum\epsilon_i\sigma''(w_{0,r}^\top "
    r"x_i)x_ix_i^\top\|\lesssim\sqrt{\log m}/\sqrt{nd}$ for $n\ge d$; worst-case data "
    r"$\lesssim\sqrt{\log m/n}$. Hence for $\alpha(\beta^\top x)^q$, $\alpha=d^{q/2}$, "
    r"$n=O(d^{q-1}/\varepsilon^2)$ suffices, a factor $d$ below the kernel's $d^q$.",
    quantifiers=(r"\forall\, d,m,n", r"\mathbb P_{W_0,x_i,\epsilon}"),
)


def _sized(d: int, n: int = 256) -> Instance:
    return {"net": relu_net(d, 16), "n": n}


def _dimensions(*, at_most: float | None = None, at_least: float | None = None) -> Along:
    return Along(
        variable="d",
        sizes=(8, 16, 32),
        instance=_sized,
        trials=48,
        resolution=0.1,
        at_most=at_most,
        at_least=at_least,
    )


_DRAWN = {
    "net": st.sampled_from((8, 16)).map(lambda d: relu_net(d, 16)),
    "n": st.sampled_from((64, 256)),
}


@BL4.part(
    "a",
    kind="scaling",
    says=r"Isotropic unit data: $\max_r\|M_r\|\le C\sqrt{\log m}/\sqrt{nd}$, 32 neurons.",
    constant=Constant(4.0, measured_on="d = 8…32, n = 64…1024: mostly below 2.5"),
    along=[_dimensions(at_most=0.15)],
    specimens=[_sized(8), _sized(16)],
)
@given(**_DRAWN)
def isotropic_data_have_a_complexity_below_the_worst(
    net: Pairs, n: int, trials: Trials, *, alike: bool = False
) -> Bound:
    x = unit_inputs(trials, n, net.dimension)
    x = x[:, :1].expand_as(x) if alike else x
    forms = quadratic_forms(net.initialise(trials).on(x), trials.signs("ε", n))
    largest = torch.linalg.eigvalsh(forms).abs().amax(dim=(1, 2))
    return at_most(largest, math.sqrt(math.log(net.width) / (n * net.dimension)))


isotropic_data_have_a_complexity_below_the_worst.twin(
    "the isotropic rate for data all alike", specimens=[_sized(64, 64)], alike=True
)


@BL4.part(
    "b",
    kind="scaling",
    says=r"Any unit data: $\max_r\|M_r\|\le C\sqrt{\log m/n}$, tried where all inputs are alike.",
    constant=Constant(4.0, measured_on="d = 8…32, n = 64…256, data alike: mostly below 2.5"),
    specimens=[_sized(8), _sized(16)],
)
@given(**_DRAWN)
def any_data_have_a_complexity_of_the_root_of_the_sample(
    net: Pairs, n: int, trials: Trials, *, power: float = 0.5
) -> Bound:
    x = unit_inputs(trials, 1, net.dimension).expand(-1, n, -1)
    forms = quadratic_forms(net.initialise(trials).on(x), trials.signs("ε", n))
    largest = torch.linalg.eigvalsh(forms).abs().amax(dim=(1, 2))
    return at_most(largest, math.sqrt(math.log(net.width)) * n**-power)


any_data_have_a_complexity_of_the_root_of_the_sample.twin("the rate 1/n", power=1.0)


@BL4.part(
    "c",
    kind="identity",
    says=r"The bookkeeping of the corollary: $B^2=\|W\|_{2,4}^2\to\sqrt{8j!}\,\alpha/|c_j|$ is "
    r"homogeneous of degree 1 in $\alpha$, so that $B^2\sqrt{1/(nd)}\le\varepsilon$ at $\alpha="
    r"d^{q/2}$ is $n=O(d^{q-1}/\varepsilon^2)$.",
    quantifiers=(r"\forall\, d,q,\varepsilon",),
    specimens=[{"d": 8, "q": 3}],
)
@given(d=st.sampled_from((8, 16, 64)), q=st.sampled_from((2, 3, 4)))
def a_factor_d_fewer_samples_than_the_kernel(
    d: int, q: int, trials: Trials, *, power: float = -1.0
) -> Bound:
    epsilon = 0.1 + 0.9 * trials.uniform("ε")
    square = math.sqrt(8.0 * math.factorial(q - 2)) * d ** (q / 2) / abs(relu_coefficient(q - 2))
    needed = (square / epsilon) ** 2 / d
    constant = 8.0 * math.factorial(q - 2) / relu_coefficient(q - 2) ** 2
    return equal(needed, constant * d ** (q + power) / epsilon**2, roundings=64.0)


a_factor_d_fewer_samples_than_the_kernel.twin("as many as the kernel: d^q", power=0.0)
