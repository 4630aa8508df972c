"""Mutations of the settings of ZGJ21's initialisations, slabs and wedges."""

from __future__ import annotations

from mutants import Mutation

_SQUARES = "theorems/local_convergence/setting/least_squares.py"
_WEDGES = "theorems/local_convergence/setting/wedges.py"
_CAPS = "theorems/local_convergence/setting/caps.py"

MUTATIONS = [
    Mutation(
        file=_SQUARES,
        before="kernel(line_angles(u, V)) @ (V**2).sum(dim=-1)",
        after="2.0 * kernel(line_angles(u, V)) @ (V**2).sum(dim=-1)",
        statements=["ZGJ-38"],
    ),
    Mutation(
        file=_SQUARES,
        before="new = (ahead - step * slope).clamp(min=0.0)",
        after="new = (ahead + step * slope).clamp(min=0.0)",
        statements=["ZGJ-38", "ZGJ-39"],
    ),
    Mutation(
        file=_SQUARES,
        before="return best_masses(u, V, steps=steps).sqrt().unsqueeze(-1) * u",
        after="return best_masses(u, V, steps=steps).unsqueeze(-1) * u",
        statements=["ZGJ-38", "ZGJ-39", "ZGJ-40"],
    ),
    Mutation(
        file=_CAPS,
        before="betainc(0.5 * (d - 1.0), 0.5, math.sin(gamma) ** 2)",
        after="betainc(0.5 * d, 0.5, math.sin(gamma) ** 2)",
        statements=["ZGJ-38"],
    ),
    Mutation(
        file=_WEDGES,
        before="(tau[:, None, None] / u.sin()) ** 2) * u",
        after="(tau[:, None, None] / u.sin()) ** 2) * u**2",
        statements=["ZGJ-36"],
    ),
    Mutation(
        file=_WEDGES,
        before="return both - with_signs(w_j, w_k) - with_signs(w_k, w_j) + (w_j * w_k).sum(-1)",
        after="return both - with_signs(w_j, w_k) - with_signs(w_j, w_k) + (w_j * w_k).sum(-1)",
        statements=["ZGJ-36"],
    ),
]
