"""The gradient's squared norm as a quadratic form in the fake losses.

With the columns e_{(i,a),l} = D_{i,l} Back_{i,l+1}ᵀ e_a, one for each example i and output a, the
gradient with fake losses v is ∇^v_{W_l} = Σ_{i,a} v_{i,a} e_{(i,a),l} h_{i,l-1}ᵀ, hence

    ‖∇^v_{W_l}‖_F² = vᵀ Q_l v,    (Q_l)_{(i,a),(j,b)} = ⟨h_{i,l-1}, h_{j,l-1}⟩ ⟨e_{(i,a),l},
    e_{(j,b),l}⟩.  (1)

"For all v" is therefore a question of eigenvalues: no search is needed. As the targets y* enter
through v = y - y* only, and ½‖v_i‖² = F_i, the extremes of ‖∇_{W_l}F‖²/F over all targets are twice
those of Q_l.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.theorems.deep_convergence.setting.network import Network, Signals


def last_layer_form(network: Network, signals: Signals) -> Float[Tensor, "trials nd nd"]:
    """Return Q_L of (1), entries ordered by example, then output.

    It takes no product with a trained layer.
    """
    n, d = signals.y.shape[2], signals.y.shape[1]
    unit = torch.eye(d, dtype=signals.y.dtype, device=signals.y.device).expand(len(signals.y), d, d)
    e = network.B.apply_transpose(unit).repeat(1, 1, n) * signals.signs[-1].repeat_interleave(
        d, dim=2
    )
    return _form(e, signals.h[-2])


def layer_forms(network: Network, signals: Signals) -> Float[Tensor, "trials L nd nd"]:
    """Return Q_1, ..., Q_L of (1), at nd left products a layer."""
    e = backward_columns(network, signals)
    return torch.stack(
        [_form(e[level], signals.h[level - 1]) for level in range(1, network.depth + 1)], dim=1
    )


def backward_columns(network: Network, signals: Signals) -> list[Float[Tensor, "trials m nd"]]:
    """Return the columns e_{(i,a),l} for l = 0..L, ordered by example, then output."""
    n, d = signals.y.shape[2], signals.y.shape[1]
    unit = torch.eye(d, dtype=signals.y.dtype, device=signals.y.device).expand(len(signals.y), d, d)
    _, e = network.backward(
        [sign.repeat_interleave(d, dim=2) for sign in signals.signs], unit.repeat(1, 1, n)
    )
    return e


def _form(
    e: Float[Tensor, "trials m nd"], h: Float[Tensor, "trials m n"]
) -> Float[Tensor, "trials nd nd"]:
    d = e.shape[2] // h.shape[2]
    inner = h.mT @ h
    return (e.mT @ e) * inner.repeat_interleave(d, dim=1).repeat_interleave(d, dim=2)
