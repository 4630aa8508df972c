"""Stochastic gradient descent with fresh batches (after ZGJ21, Theorem 7).

Each step takes b new samples: W_{t+1} = W_t - η ∇L̂_t(W_t). The noise is multiplicative, of the
order √(L d/b) by ZGJ-25: it dies with the loss, and SGD has no noise floor. With noise on the
labels it has one.
"""

from __future__ import annotations

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Instance,
    Requirement,
    Trials,
    alike,
    at_most,
    given,
    statement,
)
from lemmata.theorems.local_convergence.setting.network import TeacherRows, Teachers, Weights, loss
from lemmata.theorems.local_convergence.setting.samples import empirical_gradient, residual
from lemmata.theorems.local_convergence.setting.states import States, states

ZGJ27 = statement(
    "ZGJ-27",
    paper="ZGJ21",
    source="Theorem 7, page 7",
    provenance="ours",
    proof="only seen",
    note=r"Theorem 7 asks for $N\ge O(r^5w_{\max}^5d^2\eta^{-1}\varepsilon^{-3}\delta^{-1})$ "
    "samples a step",
    uses=["ZGJ-16", "ZGJ-18", "ZGJ-25"],
    title="SGD with fresh batches",
    says=r"Let $W_{t+1}=W_t-\eta\nabla\hat L_t(W_t)$ with a fresh batch of $b\ge Cd$ samples in "
    r"each step, and $L(W_0)\le\varepsilon_0$. Then $L(W_T)\to0$ at a polynomial rate, with no "
    r"noise floor.",
)

_SGD = (
    r"\forall\, r,m,d",
    r"\forall\, W_0:\ L(W_0)\le\varepsilon_0",
    r"\mathbb P_{x}",
    r"\forall\, T",
)
_GATE = Requirement(
    paper=r"$\eta\le c/d$ with an unknown $c$, $b\ge Cd$; tried at $\eta=\frac1{10r}$, $b=64$, "
    r"$d=4$"
)
_EVEN = States(family="common angle", extra=2, size=0.3)


def losses(
    W: Weights, V: TeacherRows, trials: Trials, *, time: float, noise: float
) -> tuple[Float[Tensor, "kept"], Float[Tensor, "trials kept"]]:
    """Run SGD with η = 1/(10r) on fresh batches of 64 until ηT = time, with label noise of a given
    standard deviation.

    Returns:
        Up to 50 values of ηt, the last one included, and L there.
    """
    eta = 0.1 / len(V)
    steps = round(time / eta)
    kept = set(range(steps, 0, -max(1, steps // 50)))
    found = []
    for step in alike(range(1, steps + 1)):
        x = trials.normal(f"batch/{step}", 64, W.shape[-1])
        R = residual(W, V, x)
        if noise:
            R = R + noise * trials.normal(f"labels/{step}", 64)
        W = W - eta * empirical_gradient(W, x, R)
        if step in kept:
            found.append(loss(W, V))
    times = eta * torch.tensor(sorted(kept), dtype=W.dtype, device=W.device)
    return times, torch.stack(found, dim=1)


@ZGJ27.part(
    "a",
    kind="trajectory",
    says=r"With probability at least $.95$, $L(W_T)\le0.3\,(\eta T)^{-2}$ for all $\eta T\le75$: "
    r"the rate of the whole gradient.",
    quantifiers=_SGD,
    constant=Constant(
        0.3,
        measured_on="r ≤ 2, m ≤ 5, d = 4, ηT ≤ 75: 95 % quantile 0.14, worst of 64 trials 0.24",
        failure=0.05,
    ),
    requires=_GATE,
    specimens=[{"count": 1, "students": States(family="local", extra=2, size=0.5)}],
)
@given(
    count=st.sampled_from((1, 2)),
    students=states("local", "common angle", "tiny", "split pair", size=(0.1, 0.5)),
)
def sgd_with_fresh_batches_has_no_noise_floor(
    count: int, students: States, trials: Trials, *, noise: float = 0.0
) -> Bound:
    world = Teachers(count=count, dimension=4)
    V = world.build(trials)
    times, L = losses(students.near(trials, V, world.threshold), V, trials, time=75.0, noise=noise)
    return at_most(L, times**-2.0).with_curves(loss=L)


sgd_with_fresh_batches_has_no_noise_floor.twin(
    "labels with noise of standard deviation 0.5", noise=0.5
)


def _lasting(time: float) -> Instance:
    return {"time": time}


@ZGJ27.part(
    "b",
    kind="scaling",
    says=r"$L(W_T)$ falls at least like $(\eta T)^{-1.2}$ where all students start at one angle.",
    quantifiers=_SGD,
    constant=Constant(
        0.01, measured_on="r = 1, m = 4, d = 4, ηT ≥ 10: worst of 64 trials 0.0032", failure=0.05
    ),
    along=Along(variable="ηT", sizes=(10, 20, 40, 80), instance=_lasting, at_most=0.0, trials=16),
    requires=_GATE,
    specimens=[_lasting(20.0)],
)
@given(time=st.just(15.0))
def the_loss_of_sgd_falls_polynomially(time: float, trials: Trials, *, noise: float = 0.0) -> Bound:
    world = Teachers(dimension=4)
    V = world.build(trials)
    _, L = losses(_EVEN.near(trials, V, world.threshold), V, trials, time=time, noise=noise)
    return at_most(L[:, -1], time**-1.2)


the_loss_of_sgd_falls_polynomially.twin(
    "labels with noise of standard deviation 0.5", specimens=[_lasting(80.0)], noise=0.5
)
