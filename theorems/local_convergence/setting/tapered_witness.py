"""The tapered witness, and the states on which it is tried (for ZGJ-15).

The witness of ZGJ-14 projects every student on its teacher, however far it is: q_i ∝ ‖w_i‖ cos θ_i.
A neuron between two teachers belongs to neither; the *tapered* witness lets its weight go to zero,
continuously: q_i ∝ ‖w_i‖ cos θ_i (1 - 2θ_i/Δ)_+.

What makes ⟨∇L, W - W*⟩ small is a part t = Σ e_jᵀx sgn(w*_jᵀx) of the residual that close neurons
could remove, and far neurons that it suits. Adversaries that only see ⟨∇L, W - W*⟩ + K‖∇L‖² stall
at the stiff directions of t, where ‖∇L‖ is large: these states are led past them.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Trials
from lemmata.theorems.local_convergence.setting.network import (
    TeacherRows,
    Weights,
    cells,
    gradient,
    square,
    units,
    witness,
)
from lemmata.theorems.local_convergence.setting.states import (
    of_vectors,
    sign_gram,
    with_optimal_main_ones,
)


def tapered(W: Weights, V: TeacherRows, separation: float) -> Weights:
    """Return W*_i = q_i s_i w*_{j(i)} with q_i ∝ ‖w_i‖ cos θ_i (1 - 2θ_i/Δ)_+.

    Neurons halfway to another teacher go to zero.
    """
    matched = cells(W, V)
    return witness(
        (1.0 - 2.0 * matched.theta / separation).relu().unsqueeze(-1) * W,
        V,
        teacher=matched.teacher,
    )


def descent(W: Weights, V: TeacherRows, target: Weights, K: float = 0.0) -> Float[Tensor, "..."]:
    """Return ⟨∇L, W - W*⟩ + K ‖∇L‖² for a witness W*."""
    slope = gradient(W, V)
    return (slope * (W - target)).sum(dim=(-2, -1)) + K * square(slope)


def relaxing(W: Weights, V: TeacherRows) -> Iterator[Weights]:
    """Yield the states on the way of each cell's largest neuron to its optimum given the others, as
    gradient flow of L would lead it.

    Its gradient is ‖w‖ (I + ŵŵᵀ) E R sgn(w*ᵀx) x, the last factor Ge for t = Σ e_jᵀx sgn(w*_jᵀx):
    the flow turns e into exp(-τG) e, and the stiff directions of t, which make ‖∇L‖ large, go
    first.
    """
    matched, (r, d) = cells(W, V), V.shape
    largest = (
        (matched.mass.unsqueeze(-1) * matched.member).argmax(dim=-2).unsqueeze(-1).expand(-1, -1, d)
    )
    w = matched.flipped.gather(1, largest)
    slope = (matched.sign.unsqueeze(-1) * gradient(W, V)).gather(1, largest)
    size, direction = w.norm(dim=-1, keepdim=True), units(w)
    seen = (slope - 0.5 * (direction * slope).sum(dim=-1, keepdim=True) * direction) / size
    curvature, modes = torch.linalg.eigh(sign_gram(V).reshape(r * d, r * d))
    e = seen.flatten(1) @ modes / curvature
    for tau in (0.0, *(2.0**power for power in range(-2, 14))):
        gone = ((1.0 - (-tau * curvature).exp()) * e) @ modes.mT
        yield W.scatter(1, largest, of_vectors(size * w - gone.view_as(w)))


def between(V: TeacherRows, trials: Trials, mass: float) -> Weights:
    """Draw neurons of a total mass at random places between the teachers, the main ones at their
    optimum.
    """
    far = units(trials.uniform("between", 2 * len(V), len(V)) @ units(V))
    return with_optimal_main_ones(far, mass, V)
