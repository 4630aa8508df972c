"""Students of given directions, with the masses that fit the teachers best (ZGJ21, appendix E).

Both of the paper's initialisations draw directions u_i and then solve, on the population,

    min_{z ≥ 0} ½ E(Σ_i z_i |u_iᵀx| - f*(x))² = min_{z ≥ 0} ½ zᵀKz - bᵀz + const,              (1)

K_ik = k(β(u_i, u_k)) and b_i = Σ_j ‖w*_j‖² k(β(u_i, w*_j)); the students are w_i = √z_i u_i.

(1) is solved for all trials at once by accelerated projected gradient steps of length 1/λ, λ ≥ ‖K‖,
that start anew wherever the objective would rise. What is found is a little above the minimum: a
loss below a level says that the best fit's is.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import alike
from lemmata.theorems.local_convergence.setting.network import (
    TeacherRows,
    Weights,
    kernel,
    line_angles,
    units,
)


def fitted(directions: Weights, V: TeacherRows, *, steps: int = 300) -> Weights:
    """Return the students along the directions with the masses of (1)."""
    u = units(directions)
    return best_masses(u, V, steps=steps).sqrt().unsqueeze(-1) * u


def best_masses(u: Weights, V: TeacherRows, *, steps: int = 300) -> Float[Tensor, "... m"]:
    """Return z ≥ 0 that minimises (1), after so many steps."""
    K, b = kernel(line_angles(u, u)), kernel(line_angles(u, V)) @ (V**2).sum(dim=-1)
    step = 1.0 / K.sum(dim=-1).amax(dim=-1, keepdim=True)
    z = ahead = torch.zeros_like(b)
    inertia = torch.ones_like(step)
    for _ in alike(range(steps)):
        slope = (K @ ahead.unsqueeze(-1)).squeeze(-1) - b
        new = (ahead - step * slope).clamp(min=0.0)
        # Uphill, by the gradient at the point ahead: begin again.
        uphill = (slope * (new - z)).sum(dim=-1, keepdim=True) > 0.0
        inertia = torch.where(uphill, 1.0, inertia)
        following = 0.5 + (0.25 + inertia**2).sqrt()
        ahead = torch.where(uphill, new, new + (inertia - 1.0) / following * (new - z))
        z, inertia = new, following
    return z
