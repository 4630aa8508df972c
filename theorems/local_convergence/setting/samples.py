"""Losses and gradients on N samples x_k ~ N(0, I_d) of the input, realisable.

The labels are the teachers' own f*(x_k).

The empirical loss is L̂ = (1/2N) Σ_k R(x_k)², and its gradient

    ∇_{w_i} L̂ = (1/N) Σ_k R(x_k) (ŵ_i |w_iᵀx_k| + ‖w_i‖ sgn(w_iᵀx_k) x_k),

the first summand from the outer weight ‖w_i‖, the second from the inner one.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from lemmata.theorems.local_convergence.setting.network import TeacherRows, Weights, units


def residual(
    W: Weights, V: TeacherRows, x: Float[Tensor, "trials N d"]
) -> Float[Tensor, "trials N"]:
    """Return R(x_k) = f(x_k) - f*(x_k)."""
    return _outputs(W, x) - _outputs(V, x)


def gradient_terms(
    W: Weights, x: Float[Tensor, "trials N d"], R: Float[Tensor, "trials N"]
) -> tuple[Float[Tensor, "trials m d"], Float[Tensor, "trials m d"]]:
    """Return the outer and the inner summand of the empirical gradient for residuals R.

    The labels' error included, where they have one.
    """
    inner, R = W @ x.mT, R.unsqueeze(1)
    outer = units(W) * (R * inner.abs()).mean(dim=-1, keepdim=True)
    return outer, W.norm(dim=-1, keepdim=True) * ((R * inner.sign()) @ x) / x.shape[1]


def empirical_gradient(
    W: Weights, x: Float[Tensor, "trials N d"], R: Float[Tensor, "trials N"]
) -> Float[Tensor, "trials m d"]:
    """Return ∇L̂ for residuals R."""
    outer, inner = gradient_terms(W, x, R)
    return outer + inner


def _outputs(W: Weights, x: Float[Tensor, "trials N d"]) -> Float[Tensor, "trials N"]:
    return (W.norm(dim=-1, keepdim=True) * (W @ x.mT).abs()).sum(dim=-2)
