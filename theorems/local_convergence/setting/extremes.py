"""The families on which exponents are attained, the grids along them, stationary points.

The split pair is Claim 2 of ZGJ21 and attains the 1/3 of Lemma 9; the tiny neuron attains the 1/2
of Lemma C.6. The exponents 2/3, 3/4 and the rate T⁻² that they attain are ours; what the paper has
instead, 1, 3/8 and T⁻¹, is attained by nothing that we know.

One teacher of norm 1. The *tiny neuron* has mass a and stands at the angle φ to the teacher, the
other one at its optimum given it. The main neuron meets what the projection on x sgn(w*ᵀx) sees of
|w̄ᵀx|, which leaves p(φ) of its second moment: L = ½ p(φ) a² up to a factor 1 + O(a), while the
gradient, proportional to the norm √a, is only Θ(a^{3/2}). The *split pair* stands at the angles ±θ
with e_1 = 0: L = Θ(θ³).

The *best fit* of r teachers by fewer neurons is stationary for them, and so it is for their copies
with the masses split in any way: the gradient of a copy is ‖w_i‖ times a function of its direction.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
import torch
from scipy import optimize

from lemmata.harness import Along, Constant, Drawn, Instance, Trials
from lemmata.harness.randomness import key_of
from lemmata.theorems.local_convergence.setting.derivatives import hessian
from lemmata.theorems.local_convergence.setting.network import (
    TeacherRows,
    Teachers,
    Weights,
    gradient,
    loss,
)
from lemmata.theorems.local_convergence.setting.states import States

ANGLE = 1.2
"""The angle of the tiny neuron, where nothing else is said."""


def tiny_neuron(mass: float, *, extra: int = 1, angle: float = ANGLE) -> Instance:
    """Return the instance of far neurons of a given total mass at an angle, the main one at its
    optimum.
    """
    return {
        "world": Teachers(dimension=max(2, 1 + extra)),
        "students": States(family="far", extra=extra, size=mass, angle=angle),
    }


def split_pair(theta: float, *, extra: int = 1) -> Instance:
    """Return the instance of students in pairs at the angles ±θ, of masses 1/(m cos θ)."""
    return {
        "world": Teachers(dimension=3),
        "students": States(family="split pair", extra=extra, size=theta),
    }


def drawn(instance: Instance, trials: Trials) -> tuple[Weights, TeacherRows]:
    """Draw an instance's states and teachers."""
    V = instance["world"].build(trials)
    return instance["students"].draw(trials, V), V


def unseen(angle: float) -> float:
    """Return p(φ) = 1 - ‖z‖², z = E |w̄ᵀx| sgn(w*ᵀx) x = (2/π) (sin φ w* + (π/2 - φ) w̄)."""
    rest = math.pi / 2 - angle
    return 1.0 - 4.0 / math.pi**2 * (
        math.sin(angle) ** 2 + rest**2 + 2.0 * math.sin(angle) * math.cos(angle) * rest
    )


def along_mass(claimed: float) -> Along:
    """Return the grid of masses of the tiny neuron, four decades.

    The ratio is flat, the exponent of the bound in a is `claimed`.
    """
    return Along(
        variable="a",
        sizes=(1e-6, 1e-5, 1e-4, 1e-3, 1e-2),
        instance=lambda a: {"mass": a},
        at_most=0.05,
        at_least=-0.05,
        trials=16,
    )


def along_angle(claimed: float) -> Along:
    """Return the grid of angles of the split pair.

    The ratio is flat, the exponent of the bound in θ is `claimed`.
    """
    return Along(
        variable="θ",
        sizes=(1e-4, 1e-3, 1e-2, 0.1, 0.2),
        instance=lambda theta: {"theta": theta},
        at_most=0.05,
        at_least=-0.05,
    )


ONLY_BY_SLOPE = Constant(1e9, measured_on="L ≥ 1e-15")
"""For twins that only their exponent shall refute."""
LOSSES = (1e-15, 1e-12, 1e-9, 1e-6, 1e-3)
"""What float64 allows for one teacher."""
GRADIENT_AGAINST_LOSS = "Gradient against loss"


def mass_at(L: float, angle: float = ANGLE) -> float:
    """Return the mass of the tiny neuron of loss L, up to a factor 1 + O(√L)."""
    return math.sqrt(2.0 * L / unseen(angle))


def theta_at(L: float) -> float:
    """Return the angle of the split pair of loss L, up to a factor 1 + O(L^{2/3})."""
    return (1.5 * math.pi * L) ** (1.0 / 3.0)


def along_loss_of_the_tiny_neuron(claimed: float, *, label: str = "", **further: object) -> Along:
    """Return the grid of losses of the tiny neuron.

    The ratio is flat, the exponent of the bound in L is `claimed`.
    """
    return along_loss(claimed, lambda L: {"mass": mass_at(L), **further}, label=label)


def along_loss_of_the_split_pair(claimed: float, *, label: str = "", **further: object) -> Along:
    """Return the grid of losses of the split pair.

    The ratio is flat, the exponent of the bound in L is `claimed`.
    """
    return along_loss(claimed, lambda L: {"theta": theta_at(L), **further}, label=label)


def along_loss(
    claimed: float, instance: Callable[[float], Instance], *, label: str = "", trials: int = 16
) -> Along:
    """Return a grid of losses, twelve decades.

    The ratio is flat, the exponent of the bound in L is `claimed`; with a label it is drawn.
    """
    return Along(
        variable="L",
        sizes=LOSSES,
        instance=instance,
        at_most=0.02,
        at_least=-0.02,
        trials=trials,
        drawn=Drawn(together=GRADIENT_AGAINST_LOSS if label else "", measures="‖∇L‖", label=label),
    )


@cache
def best_fit(world: Teachers) -> Weights:
    """Return the r - 1 neurons of least loss that descent from the teachers' bisectors finds, in
    float64 on the CPU.

    Quasi-Newton steps with the closed gradient, then three of Newton's, which leave a gradient of a
    few roundings.
    """
    V = world.build(Trials(key=key_of("best fit"), count=1))

    def value(flat: np.ndarray) -> tuple[float, np.ndarray]:
        W = torch.from_numpy(flat).view(-1, V.shape[1])
        return float(loss(W, V)), gradient(W, V).numpy().ravel()

    start = V[:-1] + V[1:]
    found = optimize.minimize(
        value, start.numpy().ravel(), jac=True, method="BFGS", options={"gtol": 1e-8}
    )
    W = torch.from_numpy(found.x).view_as(start)
    for _ in range(3):
        W = W - (torch.linalg.pinv(hessian(W, V), rtol=1e-9) @ gradient(W, V).flatten()).view_as(W)
    return W


def copies_of_the_best_fit(world: Teachers, trials: Trials, count: int) -> Weights:
    """Draw `count` neurons that are copies of the best fit's, each with a random share of the
    mass.
    """
    fit = trials.tensor(best_fit(world))
    which = torch.arange(count, device=fit.device) % len(fit)
    weight = trials.normal("fit/mass", count).exp()
    total = weight @ torch.nn.functional.one_hot(which, len(fit)).to(fit.dtype)
    return (weight / total[:, which]).sqrt().unsqueeze(-1) * fit[which]
