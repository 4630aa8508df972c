r"""From ReLU to functions (ALL18, proof of Lemma 6.4).

Against ReLU r_i(b) = h_{i-2}(-b) φ(b) takes the place of the half-space's p_i, and u_j = Σ_i c_i
h_i r_i/E r_i² / √m₁ makes ⟨u, σ(W⁽⁰⁾x + b₁)⟩ = φ(⟨w*, x⟩) up to ‖u‖ m₁^{-1/2}. The second layer
reads a smooth function of one direction from it.
"""

from __future__ import annotations

import math

from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Mean,
    Trials,
    at_most,
    equal,
    given,
    mean_of,
    statement,
)
from lemmata.strategies import sizes
from lemmata.theorems.beyond_two_layers.setting.activations import (
    ENTIRE,
    Activation,
    activations,
    series,
)
from lemmata.theorems.beyond_two_layers.setting.witnesses import (
    half_line_power,
    half_line_witness,
)
from lemmata.theorems.mathematics.gaussian import (
    against_normal,
    positive_part,
)
from lemmata.theorems.mathematics.hermite import half_line, log_factorial, normalised

ALLE2 = statement(
    "ALL-E2",
    paper="ALL18",
    source="proof of Lemma 6.4",
    provenance="derived",
    uses=["ALL-H2"],
    title="ReLU to function",
    says=r"$\mathbb E[h_i(\alpha)\sigma(\alpha x_1+\beta\sqrt{1-x_1^2}+b)]=r_i(b)x_1^i$, "
    r"$r_i=h_{i-2}(-b)\varphi(b)$ for $i\ge2$, $r_1=\Phi$, $r_0=b\Phi+\varphi$. With "
    r"$u_j=\frac1{\sqrt{m_1}}\sum_ic_ih_i(\sqrt{m_1}\langle "
    r"w_j,w^*\rangle)r_i(\sqrt{m_1}b_j)/\mathbb E[r_i^2]$: $\langle "
    r"u,\sigma(W^{(0)}x+b_1)\rangle=\phi(\langle w^*,x\rangle)\pm O(\|u\|m_1^{-1/2})$.",
)


@ALLE2.part(
    "a",
    kind="identity",
    says=r"$\mathbb E[h_i(\alpha)\sigma(\alpha x_1+\beta\sqrt{1-x_1^2}+b)]=r_i(b)x_1^i$.",
    quantifiers=(r"\forall\, i", r"\forall\, x_1,b"),
    specimens=[{"degree": 4}, {"degree": 1}],
)
@given(degree=st.integers(0, 10))
def relu_sees_a_power(degree: int, trials: Trials, *, up: int = 0) -> Bound:
    x, b = 1.9 * trials.uniform("x", 8, 1) - 0.95, trials.normal("b", 8, 1)
    alpha, w = against_normal(x)
    inner = positive_part(x * alpha + b, (1.0 - x**2).sqrt())
    found = inner @ (w * normalised(alpha, degree)[degree])
    scale = math.exp(0.5 * (log_factorial(degree + up) - log_factorial(degree)))
    closed = half_line(b.squeeze(-1), max(degree + up, 1))[degree + up] * scale
    return equal(found, closed * x.squeeze(-1) ** degree, roundings=1e5, scale=1.0)


relu_sees_a_power.twin("the index of the indicator, h_{i-1}", up=1)


def _neurons(
    phi: Activation, width: int, trials: Trials, shift: int, copies: int = 8
) -> tuple[Float[Tensor, "trials copies"], ...]:
    """Return ⟨u, σ(Wx + b)⟩, φ(⟨w*, x⟩) and ‖u‖ of independent layers, √m W, √m b standard
    normal.
    """
    c = phi.coefficients(trials, 6)
    x = 2.0 * trials.uniform("x", copies, 1) - 1.0
    alpha, beta, b = (trials.normal(name, copies, width) for name in ("alpha", "beta", "b"))
    u = half_line_witness(c, alpha, b, shift=shift)
    relu = (x * alpha + (1.0 - x**2).sqrt() * beta + b).relu()
    wanted = series(c, x).squeeze(-1)
    return (u * relu).mean(dim=-1), wanted, u.square().mean(dim=-1).sqrt()


_WIDTHS = Along(
    variable="m₁",
    sizes=(250, 1000, 4000),
    instance=lambda m: {"phi": Activation(family="power", degree=2), "width": m},
    at_most=0.1,
    trials=96,
    resolution=0.1,
)


@ALLE2.part(
    "b",
    kind="scaling",
    says=r"$|\langle u,\sigma(W^{(0)}x+b_1)\rangle-\phi(\langle w^*,x\rangle)|\le "
    r"O(\|u\|m_1^{-1/2})$, in root mean square over eight layers and inputs.",
    quantifiers=(r"\forall\,\phi", r"\forall\, x,w^*", r"\mathbb P_{W,b}"),
    constant=Constant(3.0, measured_on="m₁ = 250…4000, degrees ≤ 6"),
    along=[_WIDTHS],
    specimens=[{"phi": Activation(family="sine"), "width": 1000}],
)
@given(
    phi=activations("power", *ENTIRE, largest=4),
    width=sizes(smallest=250, largest=1000, factor=2.0),
)
def a_layer_computes_every_smooth_function(
    phi: Activation, width: int, trials: Trials, *, shift: int = 0
) -> Bound:
    found, wanted, norm = _neurons(phi, width, trials, shift)
    error = (found - wanted).square().mean(dim=1).sqrt()
    return at_most(error, norm.mean(dim=1) / math.sqrt(width))


a_layer_computes_every_smooth_function.twin(
    "the r of one degree less: the wrong parity", specimens=[], along=[_WIDTHS], shift=1
)


@ALLE2.part(
    "c",
    kind="mean",
    says=r"$\mathbb E\|u\|^2=\sum_ic_i^2\,i!/\mathbb E[r_i^2]$.",
    quantifiers=(r"\forall\,\phi", r"\mathbb E_{W,b}"),
    specimens=[{"phi": Activation(family="sine"), "width": 4000}],
)
@given(phi=activations("power", *ENTIRE, largest=3), width=st.sampled_from((4000, 1000)))
def the_norm_of_the_witness(
    phi: Activation, width: int, trials: Trials, *, power: float = 1.0
) -> Mean:
    c = phi.coefficients(trials, 5)
    u = half_line_witness(c, trials.normal("alpha", width), trials.normal("b", width))
    expected = sum(c[0, i] ** 2 / half_line_power(i) ** power for i in range(5))
    return mean_of(u.square().mean(dim=1) / expected, 1.0, within=0.05)


the_norm_of_the_witness.twin("E[r_i²] to the power ½", power=0.5)
