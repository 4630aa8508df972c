"""The two families on which the exponents of the paper are attained, and the grids along them: one teacher of norm 1.

The *tiny neuron* has mass a and stands at the angle 1.2 to the teacher, the other at its optimum given it: L = Θ(a²), while the gradient,
which is proportional to the norm √a, is only Θ(a^{3/2}). The *split pair* stands at the angles ±θ with e_1 = 0: L = Θ(θ³).
"""

from __future__ import annotations

from lemmata.harness import Along, Instance, Trials
from lemmata.theorems.local_convergence.setting import TeacherRows, Teachers, Weights
from lemmata.theorems.local_convergence.states import States


def tiny_neuron(mass: float) -> Instance:
    """Return the instance of a far neuron of a given mass at the angle 1.2, the main one at its optimum."""
    return {"world": Teachers(dimension=2), "students": States(family="far", extra=1, size=mass, angle=1.2)}


def split_pair(theta: float) -> Instance:
    """Return the instance of two students at the angles ±θ, of masses 1/(2 cos θ)."""
    return {"world": Teachers(dimension=3), "students": States(family="split pair", size=theta)}


def drawn(instance: Instance, trials: Trials) -> tuple[Weights, TeacherRows]:
    """Draw an instance's states and teachers."""
    V = instance["world"].build(trials)
    return instance["students"].draw(trials, V), V


def along_mass(claimed: float) -> Along:
    """Return the grid of masses of the tiny neuron, four decades: the ratio is flat, the exponent of the bound in a is `claimed`."""
    return Along(
        variable="a",
        sizes=(1e-6, 1e-5, 1e-4, 1e-3, 1e-2),
        instance=lambda a: {"mass": a},
        at_most=0.05,
        at_least=-0.05,
        claimed=claimed,
        trials=16,
    )


def along_angle(claimed: float) -> Along:
    """Return the grid of angles of the split pair: the ratio is flat, the exponent of the bound in θ is `claimed`."""
    return Along(
        variable="θ",
        sizes=(1e-4, 1e-3, 1e-2, 0.1, 0.2),
        instance=lambda theta: {"theta": theta},
        at_most=0.05,
        at_least=-0.05,
        claimed=claimed,
    )
