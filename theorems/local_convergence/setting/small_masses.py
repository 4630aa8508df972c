"""The paper's direction with a constant cut-off, and the small masses that it suits worst (ZGJ-30).

As L → 0 the neurons off their teachers have small masses a_j, and R = R_1 + Σ_j a_j |u_jᵀx| with
R_1 free in the span V of the functions sᵀx sgn(w*_iᵀx). With unit teachers p and the weights of
every neuron within the cut-off θ_c in proportion to its mass, the product is G = ‖R‖² + ⟨R, B⟩,

    B = Σ_near a_j (|pᵀx| - pᵀx sgn u_jᵀx),      min over R_1 of G/L = 2 (1 - μ),
    μ = (√(α² + γβ²) - α)/2γ,      γ = ‖(1-P)R‖²,  α = ⟨(1-P)R, B⟩,  β = ‖PB‖,                   (1)

P the projection on V: the minimum is at PR = -t PB/β, t = (α + √(α² + γβ²))/β. All of it is made of
moments of two vectors, so that μ can be climbed in the directions and masses of a few neurons.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Trials
from lemmata.theorems.local_convergence.setting.attacks import Band, ascent
from lemmata.theorems.local_convergence.setting.network import (
    TeacherRows,
    Weights,
    cells,
    full_angles,
    kernel,
    line_angles,
    units,
)
from lemmata.theorems.local_convergence.setting.preconditioned import (
    half_and_pulls,
    normalised,
)
from lemmata.theorems.local_convergence.setting.states import of_vectors, sign_gram, tilted

Rows = Float[Tensor, "trials n d"]


def cut_product(W: Weights, V: TeacherRows, cut: float) -> Float[Tensor, "..."]:
    """Return G_q for the weights in proportion to the masses within the cut-off; infinite where a
    cell has none there.
    """
    matched = cells(W, V)
    base, pull = half_and_pulls(W, V, matched)
    near = torch.where(matched.theta <= cut, matched.mass, 0.0)
    full = (matched.per_cell(near) > 0).all(dim=-1)
    return torch.where(full, base + (normalised(near, matched) * pull).sum(dim=-1), torch.inf)


def cut_direction(W: Weights, V: TeacherRows, cut: float) -> Weights:
    """Return the rows (I + w̄w̄ᵀ)^{-1}(w_j - q_j s_j p_i) for the same weights."""
    matched = cells(W, V)
    near = torch.where(matched.theta <= cut, matched.mass, 0.0)
    size = W.norm(dim=-1).clamp(min=1e-150)
    p = (V.norm(dim=-1, keepdim=True) * V)[matched.teacher]
    q = (normalised(near, matched) / size * matched.sign).unsqueeze(-1)
    way, direction = W - q * p, units(W)
    return way - 0.5 * (direction * way).sum(dim=-1, keepdim=True) * direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The quadratic form of small masses.

    Attributes:
        mu: μ of (1).
        main: R_1 at the minimum, as the vectors v_i of Σ_i v_iᵀx sgn(w*_iᵀx).
    """

    mu: Float[Tensor, "trials"]
    main: Float[Tensor, "trials r d"]


def form(small: Rows, V: TeacherRows, near: Float[Tensor, "trials n"]) -> Form:
    """Return the form of neurons √a_j u_j, of which those named count as near."""
    r, d = V.shape
    matched = cells(small, V)
    p, u, a = units(V), units(matched.flipped), matched.mass
    own, b = p[matched.teacher], a * near
    M = sign_gram(V).reshape(r * d, r * d)
    seen = torch.einsum("tj,tjid->tid", a, _absolute(u, p)).flatten(1)
    pushed = torch.einsum("tj,tjid->tid", b, _pushed(u, p, own)).flatten(1)
    # Σ_k a_k ⟨|u_kᵀx|, B⟩, from the moments of |u_kᵀx| with |pᵀx| and with sgn u_jᵀx.
    across = kernel(line_angles(u, own)) - (_absolute(u, u) * own.unsqueeze(-3)).sum(dim=-1)
    met = torch.einsum("tk,tkj,tj->t", a, across, b)
    inverse = torch.linalg.inv(M)
    gamma = torch.einsum("tk,tkj,tj->t", a, kernel(line_angles(u, u)), a) - torch.einsum(
        "ta,ab,tb->t", seen, inverse, seen
    )
    alpha = met - torch.einsum("ta,ab,tb->t", seen, inverse, pushed)
    beta = torch.einsum("ta,ab,tb->t", pushed, inverse, pushed).clamp(min=1e-300).sqrt()
    # Where the neurons stand on the teachers nothing is left, and rounding would decide.
    gamma = gamma.clamp(min=0.0) + 1e-8 * a.sum(dim=-1) ** 2
    root = (alpha**2 + gamma * beta**2).sqrt()
    step = (alpha + root) / beta**2
    main = -(seen + step.unsqueeze(-1) * pushed) @ inverse
    return Form(mu=(root - alpha) / (2.0 * gamma), main=main.unflatten(1, (r, d)))


def worst_small_masses(
    V: TeacherRows, cut: float, trials: Trials, *, scale: float, steps: int, extra: int = 2
) -> Weights:
    """Draw two near neurons a teacher and a few others, climb μ, and return the state of total mass
    `scale` with its main neurons at the minimum.
    """
    r, d = V.shape
    teacher = torch.arange(2 * r, device=V.device) % r
    v, inner = units(V)[teacher], 0.9 * min(cut, 1.4)
    close = tilted(trials.every(v), trials.normal("near", 2 * r, d), inner)
    small = torch.cat((close, trials.sphere("others", extra, d)), dim=1)
    small = small * (0.3 * trials.normal("masses", 2 * r + extra, 1)).exp()

    def drawn_back(W: Rows) -> Rows:
        # The near ones may not leave: beyond the cut-off they count at it.
        w, size = W[:, : 2 * r], W[:, : 2 * r].norm(dim=-1, keepdim=True)
        w = w * torch.where((w * v).sum(dim=-1, keepdim=True) < 0, -1.0, 1.0)
        theta = full_angles(w.unsqueeze(-2), v.unsqueeze(-2).expand_as(w.unsqueeze(-2)))
        angle = theta.squeeze((-1, -2)).clamp(max=0.999 * cut)
        return torch.cat((size * tilted(v.expand_as(w), w, angle), W[:, 2 * r :]), dim=1)

    def form_of(W: Rows) -> Form:
        found = drawn_back(W)
        return form(found, V, (cells(found, V).theta <= cut).to(V.dtype))

    anywhere = Band(low=1e-300)
    found = ascent(lambda W: form_of(W).mu.clamp(min=1e-9).log(), small, V, anywhere, steps=steps)
    shares = drawn_back(found) * (scale / (found**2).sum(dim=(-2, -1), keepdim=True)).sqrt()
    return torch.cat((of_vectors(V + _main(shares, V, cut)), shares), dim=1)


def _main(small: Rows, V: TeacherRows, cut: float) -> Float[Tensor, "trials r d"]:
    return form(small, V, (cells(small, V).theta <= cut).to(V.dtype)).main


def _absolute(
    u: Float[Tensor, "... n d"], v: Float[Tensor, "... k d"]
) -> Float[Tensor, "... n k d"]:
    """Return E |uᵀx| sgn(vᵀx) x of ZGJ-01(f), for unit vectors."""
    angle = full_angles(u, v).unsqueeze(-1)
    return 2.0 / math.pi * (angle.sin() * v.unsqueeze(-3) + (math.pi / 2 - angle) * u.unsqueeze(-2))


def _pushed(
    u: Float[Tensor, "... n d"], p: Float[Tensor, "r d"], own: Float[Tensor, "... n d"]
) -> Float[Tensor, "... n r d"]:
    """Return E x sgn(p_iᵀx) (|pᵀx| - pᵀx sgn u_jᵀx), p the teacher of u_j."""
    angle = full_angles(u, p).unsqueeze(-1)
    w, y, v = u.unsqueeze(-2), own.unsqueeze(-2), p
    wy, vy = (w * y).sum(dim=-1, keepdim=True), (v * y).sum(dim=-1, keepdim=True)
    mixed = w * vy + v * wy - angle.cos() * (w * wy + v * vy)
    signs = 2.0 / math.pi * ((math.pi / 2 - angle) * y + mixed / angle.sin().clamp(min=1e-12))
    return _absolute(own, p) - signs
