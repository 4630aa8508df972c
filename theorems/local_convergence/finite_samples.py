"""The gradient on finitely many samples (after ZGJ21, Lemma F.1).

For fixed W, ∇L̂ is a mean of N independent copies of g_i(x) = R(x) (ŵ_i|w_iᵀx| + ‖w_i‖ sgn(w_iᵀx)
x), and ‖g_i‖ ≤ 2 ‖w_i‖ |R(x)| ‖x‖. R is positively homogeneous, so that R(x)/‖x‖ is independent of
‖x‖ and, with E ‖x‖⁴ = d(d + 2),

    E R² ‖x‖² = (d + 2) E R² = 2 (d + 2) L,        E ‖∇L̂ - ∇L‖_F² ≤ 8 ‖W‖_F² L (d + 2)/N.       (1)

Chebyshev's inequality then gives, for every W, C_δ = 2 √((d + 2)/(dδ)). The error is relative to
√L: the problem is realisable, and both gradients vanish where L does.

With ‖∇L‖ ≥ κ L^{3/4} (ZGJ-18) the empirical gradient is at least ½ κ L^{3/4} as soon as the error
is below half of that, for N ≥ C d L^{-1/2}: down to L ≈ (C d/N)², and no theorem of this kind
reaches L = 0 (ZGJ-26).
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Along, Bound, Constant, Trials, at_least, at_most, given, statement
from lemmata.theorems.local_convergence.setting.extremes import drawn, split_pair, tiny_neuron
from lemmata.theorems.local_convergence.setting.network import (
    TeacherRows,
    Teachers,
    Weights,
    gradient,
    loss,
    square,
    teachers,
)
from lemmata.theorems.local_convergence.setting.samples import empirical_gradient, residual
from lemmata.theorems.local_convergence.setting.states import States, pulled, states

ZGJ25 = statement(
    "ZGJ-25",
    paper="ZGJ21",
    source="Lemma F.1, page 54",
    provenance="ours",
    proof="only seen",
    note=r"sharper than printed in $d$ and $L$: $N\ge Cr^3w_{\max}^3d^2/(\epsilon^2\delta)$",
    uses=["ZGJ-02", "ZGJ-18"],
    title="Gradients concentrate on samples",
    says=r"Let $\hat L=\frac1{2N}\sum_kR(x_k)^2$. For fixed $W$, with probability at least "
    r"$1-\delta$: $\|\nabla\hat L-\nabla L\|_F\le C_\delta\,\|W\|_F\sqrt{2L}\sqrt{d/N}$.",
    kind="scaling",
)

_FIXED_W = (r"\forall\, m\ge r,d,N", r"\forall\, W^*", r"\forall\, W", r"\mathbb P_{x_1,\dots,x_N}")


def _error(W: Weights, V: TeacherRows, trials: Trials, samples: int) -> Float[Tensor, "trials"]:
    """Return ‖∇L̂ - ∇L‖_F on fresh samples."""
    x = trials.normal("samples", samples, W.shape[-1])
    return square(empirical_gradient(W, x, residual(W, V, x)) - gradient(W, V)).sqrt()


def _scale(
    W: Weights, V: TeacherRows, samples: int, *, rate: float = 0.5, level: float = 0.5
) -> Float[Tensor, "trials"]:
    """Return ‖W‖_F √2 L^level (d/N)^rate."""
    return (2.0 * square(W)).sqrt() * loss(W, V) ** level * (W.shape[-1] / samples) ** rate


@ZGJ25.part(
    "a",
    proof="in the docstring",
    kind="probability",
    says=r"With probability at least $1-\delta$: $\|\nabla\hat L-\nabla "
    r"L\|_F\le2\,\|W\|_F\sqrt{2L}\sqrt{\frac{d+2}{\delta N}}$.",
    quantifiers=(*_FIXED_W[:-1], r"\forall\,\delta", _FIXED_W[-1]),
    specimens=[
        {
            "world": Teachers(dimension=2),
            "students": States(family="tiny", extra=3, size=0.3),
            "samples": 500,
            "delta": 0.05,
        }
    ],
)
@given(
    world=teachers(families=("orthogonal", "arc", "random")),
    students=states(),
    samples=st.sampled_from((500, 2000, 8000)),
    delta=st.sampled_from((0.05, 0.1, 0.3)),
)
def the_empirical_gradient_is_close(
    world: Teachers,
    students: States,
    samples: int,
    delta: float,
    trials: Trials,
    *,
    rate: float = 0.5,
) -> Bound:
    V = world.build(trials)
    W = students.draw(trials, V)
    constant = 2.0 * math.sqrt((world.dimension + 2.0) / (delta * world.dimension))
    return at_most(
        _error(W, V, trials, samples), constant * _scale(W, V, samples, rate=rate)
    ).except_with_probability(delta)


the_empirical_gradient_is_close.twin("d/N in place of its root", rate=1.0)


@ZGJ25.part(
    "b",
    says=r"The rate is $N^{-1/2}$, over sample sizes a factor 16 apart.",
    quantifiers=_FIXED_W,
    constant=Constant(6.0, measured_on="N = 250…4000, d = 6: 95 % quantile 2.0, of 800 trials"),
    along=Along(
        variable="N",
        sizes=(250, 500, 1000, 2000, 4000),
        instance=lambda N: {"samples": N},
        at_most=0.1,
        at_least=-0.1,
        trials=128,
    ),
    specimens=[{"samples": 1000}],
)
@given(samples=st.sampled_from((500, 1000, 4000)))
def the_error_falls_with_the_root_of_the_sample_size(
    samples: int, trials: Trials, *, rate: float = 0.5
) -> Bound:
    world = Teachers(count=2, dimension=6)
    V = world.build(trials)
    W = States(family="common angle", extra=3, size=0.3).near(trials, V, world.threshold)
    return at_most(_error(W, V, trials, samples), _scale(W, V, samples, rate=rate))


the_error_falls_with_the_root_of_the_sample_size.twin("N⁻¹", specimens=[], rate=1.0)


def _grid(
    variable: str, name: str, sizes: tuple[float, ...], *, least: float | None, claimed: float
) -> Along:
    usual = {"dimension": 6, "extra": 3, "level": 1e-3}
    return Along(
        variable=variable,
        sizes=sizes,
        instance=lambda size: {**usual, name: size},
        at_most=0.1,
        at_least=least,
        trials=128,
    )


_ALONG_THE_LOSS = _grid("L", "level", (1e-5, 1e-4, 1e-3, 4e-3), least=-0.1, claimed=0.5)


@ZGJ25.part(
    "c",
    says=r"The constant depends neither on the number $m$ of students, nor on $d$, nor on the "
    r"loss: the error is relative to $\sqrt L$.",
    quantifiers=_FIXED_W,
    constant=Constant(
        6.0,
        measured_on="d = 4…32, m = 3…31, L = 1e-5…4e-3, N = 1000: 95 % quantile 2.4, of 800 trials",
    ),
    along=[
        _grid("m", "extra", (2, 6, 14, 30), least=None, claimed=0.0),
        _grid("d", "dimension", (4, 8, 16, 32), least=None, claimed=0.5),
        _ALONG_THE_LOSS,
    ],
    specimens=[{"dimension": 6, "extra": 3, "level": 1e-3}],
)
@given(
    dimension=st.sampled_from((4, 8, 16)),
    extra=st.sampled_from((2, 6, 14)),
    level=st.sampled_from((1e-5, 1e-4, 1e-3)),
)
def the_error_is_relative_to_the_root_of_the_loss(
    dimension: int, extra: int, level: float, trials: Trials, *, power: float = 0.5
) -> Bound:
    V = Teachers(count=1, dimension=dimension).build(trials)
    W = pulled(States(family="common angle", extra=extra, size=0.6).draw(trials, V), V, level)
    return at_most(_error(W, V, trials, 1000), _scale(W, V, 1000, level=power))


the_error_is_relative_to_the_root_of_the_loss.twin(
    "an absolute error, whatever the loss", specimens=[], along=[_ALONG_THE_LOSS], power=0.0
)


the_error_is_relative_to_the_root_of_the_loss.twin(
    "an error relative to the loss itself", specimens=[], along=[_ALONG_THE_LOSS], power=1.0
)


def _barely_enough(samples: int) -> float:
    """Return the loss L for which N = 16 d L^{-1/2}, d = 2."""
    return (32.0 / samples) ** 2


@ZGJ25.part(
    "d",
    title="a Łojasiewicz inequality on samples, above a floor",
    says=r"On $N=16\,d\,L^{-1/2}$ samples, with probability at least $.95$: $\|\nabla\hat "
    r"L(W)\|_F\ge\frac12L(W)^{3/4}$, for the tiny far neuron on which the exponent is sharp.",
    quantifiers=(r"\forall\, N", r"\forall\, W", r"\mathbb P_{x_1,\dots,x_N}"),
    constant=Constant(2.0, measured_on="N = 500…8000, d = 2"),
    along=Along(
        variable="N",
        sizes=(500, 1000, 2000, 4000, 8000),
        instance=lambda N: {"samples": N},
        at_most=0.1,
        at_least=-0.1,
        trials=160,
    ),
    specimens=[{"samples": 500}, {"samples": 8000}],
)
@given(samples=st.sampled_from((500, 1000, 4000)))
def a_lojasiewicz_inequality_on_samples_above_a_floor(
    samples: int, trials: Trials, *, power: float = 0.75
) -> Bound:
    mass = math.sqrt(2.0 * _barely_enough(samples) / 0.4907)
    W, V = drawn(tiny_neuron(mass), trials)
    x = trials.normal("samples", samples, 2)
    return at_least(square(empirical_gradient(W, x, residual(W, V, x))).sqrt(), loss(W, V) ** power)


a_lojasiewicz_inequality_on_samples_above_a_floor.twin(
    "exponent 2/3", specimens=[], power=2.0 / 3.0
)


@a_lojasiewicz_inequality_on_samples_above_a_floor.twin(
    "below the floor: L = θ³ with θ = 1/(3N), a pair that few samples tell from its teacher"
)
def _(samples: int, trials: Trials) -> Bound:
    W, V = drawn(split_pair(1.0 / (3.0 * samples)), trials)
    x = trials.normal("samples", samples, W.shape[-1])
    return at_least(
        square(empirical_gradient(W, x, residual(W, V, x))).sqrt() + torch.finfo(W.dtype).tiny,
        loss(W, V) ** 0.75,
    )
