"""Runs: gradient descent from starts of small loss, and gradient flow where times are long.

*Descent* is W_{t+1} = W_t - η∇L(W_t) with η = 1/(8(‖W*‖² + √(πε₀))), which ZGJ-08 makes at most
1/(8‖W‖²): a step as Theorem 5 allows, η ≤ η₀ = O(1/(r w_max)), whose constant is ours (ZGJ-16).

*Flow*, dW/dτ = -∇L(W), is its limit η → 0 in the time τ = ηt. Rates show over decades of τ, for
which descent needs τ/η steps: the teachers' directions keep curvatures λ of order 1, which no
explicit step survives that grows, while all that is left to do late is slow. A
Runge-Kutta-Chebyshev step of s stages is stable up to λh = 0.65 s², a time that grows with the
square of its cost: steps h = 0.1 τ reach τ = 10⁴ with 2000 gradients. The method is of second
order; the limit π²/12 of the split pair (ZGJ-22) comes out 1 % too large.

*Starts* are the worst known: random ones, what ascent on L^{3/4}/‖∇L‖ makes of them, and neurons of
little mass where the others replace most of them: midway between two teachers, or in a ring around
a single one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Along, Bound, Drawn, Trials, alike, worst_of
from lemmata.theorems.local_convergence.setting.attacks import ascent, band
from lemmata.theorems.local_convergence.setting.derivatives import gradient_norm
from lemmata.theorems.local_convergence.setting.network import (
    TeacherRows,
    Teachers,
    Weights,
    floor,
    gradient,
    loss,
    square,
)
from lemmata.theorems.local_convergence.setting.states import States

RATES = "Gradient descent: three rates"
"""The title of the drawing that shows exp(-cT), T⁻³ and T⁻² beside each other."""
TIMES = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
"""When flow is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Descent:
    """What a run visited.

    Attributes:
        time: τ = ηt.
        W: the states (..., times, m, d).
        length: of the path up to each time: Σ ‖W_{t+1} - W_t‖ over all steps.
        teachers: V.
    """

    time: Float[Tensor, "times"]
    W: Float[Tensor, "... times m d"]
    length: Float[Tensor, "... times"]
    teachers: TeacherRows

    @property
    def loss(self) -> Float[Tensor, "... times"]:
        """L at each time, never below a thousandth of the floor, down to which it is known to a
        part in a thousand.
        """
        return loss(self.W, self.teachers).clamp(min=1e-3 * floor(self.teachers))

    def above_rounding(
        self, side: Float[Tensor, "... times"], *, below: float = 0.0
    ) -> Float[Tensor, "... times"]:
        """Return the smaller side of a claim at each time; where the loss is below the floor, what
        claims nothing: 0, or −∞ for the bound of a side that may be negative.
        """
        return torch.where(self.loss > floor(self.teachers), side, below)

    def apart(self) -> Iterator[Descent]:
        """Give one after the other the runs that went in one batch."""
        for W, length in zip(self.W, self.length, strict=True):
            yield Descent(time=self.time, W=W, length=length, teachers=self.teachers)


def step_size(V: TeacherRows, level: float) -> float:
    """Return η = 1/(8(‖W*‖² + √(πε₀)))."""
    return 1.0 / (8.0 * (float(square(V)) + math.sqrt(math.pi * level)))


def descend(W: Weights, V: TeacherRows, *, eta: float, steps: int, stride: int = 1) -> Descent:
    """Follow gradient descent with a fixed step, and keep every `stride`-th state."""
    path = _Path(W)
    for step in alike(range(1, steps + 1)):
        path.move(path.W - eta * gradient(path.W, V))
        if step % stride == 0:
            path.keep(eta * step)
    return path.run(V)


def flow(W: Weights, V: TeacherRows, times: Sequence[float], *, growth: float = 0.1) -> Descent:
    """Follow gradient flow in steps of the time's share `growth`, from 0.2 on, and keep the states
    at
    0 and at the times given.

    λ ≤ 5(‖W*‖² + √(πL)), a little more than ZGJ-16 says of the curvature.
    """
    highest = float(loss(W, V).max().clamp(min=0.0))
    curvature = 5.0 * (float(square(V)) + math.sqrt(math.pi * highest))
    path, now = _Path(W), 0.0
    for time in times:
        while now < time * (1.0 - 1e-12):
            step = min(max(0.2, growth * now), time - now)
            path.move(
                _stabilised(
                    path.W, V, step, max(2, math.ceil(math.sqrt(1.0 + step * curvature / 0.65)))
                )
            )
            now += step
        path.keep(time)
    return path.run(V)


def kappa(world: Teachers) -> float:
    """Return κ = (min(1, Δ³)/r)^{1/4}, for which ‖∇L‖ ≥ κL^{3/4} on runs.

    As L → 0, the main neurons at their optimum, L is a quadratic form in the masses of the others.
    Its ‖∇L‖/L^{3/4} is 1.14 Δ^{3/4} for one neuron midway between two teachers; minimised over all
    masses and directions it lies between 1.19 κ and 1.6 κ for 2 to 4 teachers, orthogonal ones,
    arcs and simplices, and runs stay there: neither the separation nor the number of teachers can
    be left out.
    """
    return (min(1.0, world.delta**3) / world.count) ** 0.25


def starts(
    world: Teachers, students: States, V: TeacherRows, trials: Trials, *, ascent_steps: int = 15
) -> dict[str, Weights]:
    """Return starts with L ≤ ε₀ by the name of who made them; see the module's docstring."""
    found = {"random": students.near(trials, V, world.threshold)}
    if ascent_steps:
        found["ascent"] = ascent(
            lambda W: -steepness(W, V).log(),
            found["random"],
            V,
            band(V, world.threshold),
            steps=ascent_steps,
        )
    midway = States(family="midway", extra=students.extra, size=0.1 * world.weakest**2)
    return found | {
        "midway" if len(V) > 1 else "ring": midway.near(
            trials.stream("structured"), V, world.threshold
        )
    }


def along_time(claimed: float, *sizes: float, slack: float, label: str = "") -> Along:
    """Return a grid of times τ = ηT at which L is of the order τ^claimed, up to a slack in the
    exponent; with a label it is drawn.
    """
    return Along(
        variable="ηT",
        sizes=sizes,
        instance=lambda tau: {"tau": float(tau)},
        at_most=slack,
        at_least=-slack,
        trials=16,
        drawn=Drawn(together=RATES if label else "", measures="L", label=label),
    )


def steepness(W: Weights, V: TeacherRows) -> Float[Tensor, "..."]:
    """Return ‖∇L‖/L^{3/4}."""
    return gradient_norm(W, V) / loss(W, V).clamp(min=floor(V)) ** 0.75


def worst_run(
    claim: Callable[[Descent], Bound],
    found: Mapping[str, Weights],
    follow: Callable[[Weights], Descent],
) -> Bound:
    """Try a claim on the runs from all starts, which go in one batch."""
    return worst_of(
        **{
            name: claim(run)
            for name, run in zip(
                found, follow(torch.stack(list(found.values()))).apart(), strict=True
            )
        }
    )


class _Path:
    """A run in the making."""

    def __init__(self, W: Weights) -> None:
        self.W = W
        self._length = torch.zeros_like(W[..., 0, 0])
        self._times, self._states, self._lengths = [0.0], [W], [self._length]

    def move(self, W: Weights) -> None:
        self._length = self._length + (W - self.W).flatten(-2).norm(dim=-1)
        self.W = W

    def keep(self, time: float) -> None:
        self._times.append(time)
        self._states.append(self.W)
        self._lengths.append(self._length)

    def run(self, V: TeacherRows) -> Descent:
        time = torch.tensor(self._times, dtype=V.dtype, device=V.device)
        return Descent(
            time=time,
            W=torch.stack(self._states, dim=-3),
            length=torch.stack(self._lengths, dim=-1),
            teachers=V,
        )


def _stabilised(W: Weights, V: TeacherRows, h: float, stages: int) -> Weights:
    """Return the state after a Runge-Kutta-Chebyshev step of second order."""
    slope = gradient(W, V)
    first, *rest = _coefficients(stages)
    before, now = W, W - first[2] * h * slope
    for mu, nu, share, initial in alike(rest):
        moved = share * gradient(now, V) - initial * slope
        before, now = now, (1.0 - mu - nu) * W + mu * now + nu * before - h * moved
    return now


@cache
def _coefficients(stages: int) -> tuple[tuple[float, float, float, float], ...]:
    """Return μ_j, ν_j, μ̃_j and -γ̃_j for j = 1, …, s (Sommeijer, Shampine, Verwer.

    RKC, 1998), with the damping 2/13.
    """
    x = 1.0 + 2.0 / (13.0 * stages**2)
    T, first, second = [1.0, x], [0.0, 1.0], [0.0, 0.0]
    for _ in range(2, stages + 1):
        second.append(4.0 * first[-1] + 2.0 * x * second[-1] - second[-2])
        first.append(2.0 * T[-1] + 2.0 * x * first[-1] - first[-2])
        T.append(2.0 * x * T[-1] - T[-2])
    b = [second[j] / first[j] ** 2 for j in range(2, stages + 1)]
    b = [b[0], b[0], *b]
    w = first[stages] / second[stages]
    found = [(0.0, 0.0, b[1] * w, 0.0)]
    for j in range(2, stages + 1):
        share = 2.0 * b[j] * w / b[j - 1]
        found.append(
            (
                2.0 * b[j] * x / b[j - 1],
                -b[j] / b[j - 2],
                share,
                share * (1.0 - b[j - 1] * T[j - 1]),
            )
        )
    return tuple(found)
