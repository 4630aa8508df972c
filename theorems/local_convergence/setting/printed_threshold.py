"""The threshold of the paper's local statements, with numbers."""

from __future__ import annotations

from lemmata.theorems.local_convergence.setting.network import Teachers

PRINTED = (
    r"$L(W)\le\varepsilon_0=O(\Delta^{36}w_{\min}^{80}r^{-162}w_{\max}^{-78})$ (page 21): "
    r"$10^{-11}$ for $r=1$, see ZGJ-30(d); for $r=2$, $\Delta=1$ it is of the order $10^{-49}$, "
    r"and float64 knows no loss under $10^{-8}$ there"
)
"""The paper's threshold, with numbers."""


def inside(world: Teachers, share: float) -> bool:
    """Say whether the loss is below the paper's threshold, as far as its constant is known."""
    return world.count == 1 and share * world.threshold <= 1e-11
