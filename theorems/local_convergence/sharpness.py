"""Two exact families that fix every exponent: Claim 2 of ZGJ21, and one of ours.

One teacher of norm 1.

*Split pair*: w_1, w_2 at the angles ±θ with the masses a = 1/(2 cos θ), so that e_1 = 0. Only the
kinks of the residual are left: by (2) of the setting L = a² (2/π) ψ(2θ) - 2a (2/π) ψ(θ), and ψ(2θ)
- 4 cos²θ (tan θ - θ) = 2θ - sin 2θ turns this into the closed form of (a). By (3) the gradient of
w_1 is ‖w_1‖ (2/π) θ sin θ times 2 tan θ ŵ_1 - t, t the unit tangent towards the teacher.

*Tiny neuron*: w_1 of mass a at the angle φ, w_2 minimising the loss. To first order in a, w_2
projects |w̄_1ᵀx| off the span of the functions sᵀx sgn(w*ᵀx), so that R = a (|w̄_1ᵀx| - zᵀx
sgn(w*ᵀx)) with z = E |w̄_1ᵀx| sgn(w*ᵀx) x. Hence L = ½ p a² with p = 1 - ‖z‖², and ∇_{w_1} L =
a^{3/2} ((2 - ‖z‖²) w̄_1 - Mz) with M = E xxᵀ sgn(w*ᵀx) sgn(w̄_1ᵀx), while ∇_{w_2} L = 0.

The gradient is Θ(L^{2/3}) on the first family and Θ(L^{3/4}) on the second: no force is felt but in
proportion to ‖w_i‖. With one student a teacher it is Θ(L^{1/2}), see ZGJ-20.
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st

from lemmata.harness import (
    Bound,
    Constant,
    Trials,
    all_of,
    at_least,
    at_most,
    equal,
    given,
    statement,
)
from lemmata.strategies import log_uniform
from lemmata.theorems.local_convergence.setting.derivatives import gradient_norm
from lemmata.theorems.local_convergence.setting.extremes import (
    ANGLE,
    ONLY_BY_SLOPE,
    along_loss_of_the_split_pair,
    along_loss_of_the_tiny_neuron,
    drawn,
    split_pair,
    tiny_neuron,
    unseen,
)
from lemmata.theorems.local_convergence.setting.network import loss, wedge
from lemmata.theorems.local_convergence.setting.states import sign_gram

ZGJ17 = statement(
    "ZGJ-17",
    paper="ZGJ21",
    source="ours",
    provenance="ours",
    proof="in the docstring",
    uses=["ZGJ-01", "ZGJ-02"],
    title="Two exact families that fix every exponent",
    says=r"For $r=1$: a pair of students at the angles $\pm\theta$ with $e_1=0$ has "
    r"$L\sim\frac2{3\pi}\theta^3$ and $\|\nabla L\|_F=\Theta(L^{2/3})$; a tiny neuron of mass $a$ "
    r"at a fixed angle, the other at its optimum, has $L\sim\frac12p\,a^2$ and $\|\nabla "
    r"L\|_F=\Theta(L^{3/4})$.",
    kind="scaling",
)


@ZGJ17.part(
    "a",
    source="Claim 2, page 8",
    provenance="derived",
    note=r"printed: $L=\Theta(\delta^3)$ for small $\delta$",
    kind="identity",
    says=r"Split pair: "
    r"$L=\frac{\theta-\sin\theta\cos\theta}{\pi\cos^2\theta}=\frac2{3\pi}\theta^3(1+O(\theta^2))$ "
    r"and $\|\nabla "
    r"L\|_F=\frac2\pi\theta\sin\theta\sqrt{\frac{1+4\tan^2\theta}{\cos\theta}}="
    r"\frac2\pi\theta^2(1+O(\theta^2))$.",
    quantifiers=(r"\forall\,\theta",),
    specimens=[{"theta": 1e-3}, {"theta": 0.3}],
)
@given(theta=log_uniform(1e-4, 1.2))
def the_split_pair_has_closed_forms(
    theta: float, trials: Trials, *, leading: bool = False
) -> Bound:
    W, V = drawn(split_pair(theta), trials)
    exact_loss = float(wedge(torch.tensor(theta, dtype=torch.float64))) / (
        math.pi * math.cos(theta) ** 2
    )
    exact_gradient = (
        2.0
        / math.pi
        * theta
        * math.sin(theta)
        * math.sqrt((1.0 + 4.0 * math.tan(theta) ** 2) / math.cos(theta))
    )
    if leading:
        exact_loss, exact_gradient = 2.0 / (3.0 * math.pi) * theta**3, 2.0 / math.pi * theta**2
    mass = 1.0 + 1.0 / math.cos(theta)
    return all_of(
        equal(loss(W, V), exact_loss, roundings=8, scale=exact_loss + mass * math.sqrt(exact_loss)),
        equal(gradient_norm(W, V), exact_gradient, roundings=32, scale=mass),
    )


the_split_pair_has_closed_forms.twin(
    "the leading terms alone", specimens=[{"theta": 0.3}], leading=True
)


@ZGJ17.part(
    "b",
    says=r"Split pair: $\|\nabla L\|_F=\Theta(L^{2/3})$, with the constant "
    r"$\frac2\pi(\frac{3\pi}2)^{2/3}=1.79$ in the limit.",
    quantifiers=(r"\forall\,\theta",),
    constant=Constant(1.0 / 1.78, measured_on="L = 1e-15…1e-3", failure=0.0),
    along=along_loss_of_the_split_pair(2.0 / 3.0, label="split pair"),
    specimens=[{"theta": 1e-3}],
)
@given(theta=log_uniform(1e-5, 0.2))
def the_gradient_of_the_split_pair_is_the_power_two_thirds_of_the_loss(
    theta: float, trials: Trials, *, power: float = 2.0 / 3.0
) -> Bound:
    W, V = drawn(split_pair(theta), trials)
    return at_least(gradient_norm(W, V), loss(W, V) ** power)


the_gradient_of_the_split_pair_is_the_power_two_thirds_of_the_loss.twin(
    "L^{1/2}", specimens=[], constant=ONLY_BY_SLOPE, power=0.5
)


the_gradient_of_the_split_pair_is_the_power_two_thirds_of_the_loss.twin(
    "L^{3/4}", specimens=[], constant=ONLY_BY_SLOPE, power=0.75
)


def force(angle: float) -> float:
    """Return ‖(2 - ‖z‖²) w̄ - Mz‖: the tiny neuron's gradient over a^{3/2}."""
    rows = torch.tensor([[1.0, 0.0], [math.cos(angle), math.sin(angle)]], dtype=torch.float64)
    z = 2.0 / math.pi * (math.sin(angle) * rows[0] + (math.pi / 2 - angle) * rows[1])
    return float(((2.0 - z @ z) * rows[1] - sign_gram(rows)[0, :, 1] @ z).norm())


@ZGJ17.part(
    "c",
    says=r"Tiny neuron: $L=\frac12p(\varphi)a^2(1+O(a))$, "
    r"$p=1-\frac4{\pi^2}\big(\sin^2\varphi+(\frac\pi2-\varphi)^2+"
    r"2\sin\varphi\cos\varphi(\frac\pi2-\varphi)\big)$, "
    r"and $\|\nabla L\|_F=a^{3/2}\,\|(2-\|z\|^2)\bar w_1-Mz\|\,(1+O(a))$.",
    quantifiers=(r"\forall\,\varphi,a",),
    constant=Constant(1.0, measured_on="φ = 0.5…1.5, a = 1e-6…0.1: 0.70", failure=0.0),
    specimens=[{"mass": 1e-2, "angle": 0.5}, {"mass": 1e-5, "angle": ANGLE}],
)
@given(mass=log_uniform(1e-6, 0.03), angle=st.sampled_from((0.5, 0.8, 1.2, 1.5)))
def the_tiny_neuron_has_closed_forms(
    mass: float, angle: float, trials: Trials, *, response: float = 1.0
) -> Bound:
    W, V = drawn(tiny_neuron(mass, angle=angle), trials)
    p = 1.0 - response * (1.0 - unseen(angle))
    return all_of(
        at_most((loss(W, V) / (0.5 * p * mass**2) - 1.0).abs(), mass),
        at_most((gradient_norm(W, V) / (force(angle) * mass**1.5) - 1.0).abs(), mass),
    )


the_tiny_neuron_has_closed_forms.twin("p = 1: the main neuron does not respond", response=0.0)


@ZGJ17.part(
    "d",
    says=r"Tiny neuron: $\|\nabla L\|_F=\Theta(L^{3/4})$.",
    quantifiers=(r"\forall\, a",),
    constant=Constant(1.0 / 2.8, measured_on="L = 1e-15…1e-3", failure=0.0),
    along=along_loss_of_the_tiny_neuron(0.75, label="tiny neuron"),
    specimens=[{"mass": 1e-5}],
)
@given(mass=log_uniform(1e-7, 0.1, per_decade=1))
def the_gradient_of_the_tiny_neuron_is_the_power_three_quarters_of_the_loss(
    mass: float, trials: Trials, *, power: float = 0.75
) -> Bound:
    W, V = drawn(tiny_neuron(mass), trials)
    return at_least(gradient_norm(W, V), loss(W, V) ** power)


the_gradient_of_the_tiny_neuron_is_the_power_three_quarters_of_the_loss.twin(
    "L^{2/3}", specimens=[], constant=ONLY_BY_SLOPE, power=2.0 / 3.0
)


the_gradient_of_the_tiny_neuron_is_the_power_three_quarters_of_the_loss.twin(
    "L^{0.7}", specimens=[], constant=ONLY_BY_SLOPE, power=0.7
)


the_gradient_of_the_tiny_neuron_is_the_power_three_quarters_of_the_loss.twin(
    "L^{0.8}", specimens=[], constant=ONLY_BY_SLOPE, power=0.8
)
