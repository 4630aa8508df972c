r"""Where conclusions of ALS18 begin to hold, below the widths and radii that the paper asks for.

Theorem 1 asks for m ≥ Ω(n²⁴ L¹² d δ⁻⁸ log⁵ m), and everything that it uses is proved for its run.
The maps try the conclusions as our parts state them, with our constants, at widths that a computer
holds. One module, so that a map is no part of the code that a statement's evidence depends on.
"""

from __future__ import annotations

import math
from typing import Any

from lemmata.harness import Hypothesis, Instance
from lemmata.strategies import Labels
from lemmata.theorems.deep_convergence.forward_norms import hidden_norms_stay_near_one
from lemmata.theorems.deep_convergence.gradient_bounds import (
    the_gradient_is_at_most_of_order_width,
    the_gradient_of_all_fake_losses_is_at_least_of_order_width,
)
from lemmata.theorems.deep_convergence.gradient_descent import the_rate_does_not_depend_on_width
from lemmata.theorems.deep_convergence.gradient_in_the_ball import (
    gradients_in_the_ball_are_at_least_of_order_width,
)
from lemmata.theorems.deep_convergence.semi_smoothness import (
    the_loss_is_almost_convex,
    the_loss_is_semi_smooth,
)
from lemmata.theorems.deep_convergence.separation import hidden_layers_keep_half_the_separation
from lemmata.theorems.deep_convergence.setting.network import DeepReluNet, pair_at, sphere

_PAIR = {"L": 2, "d": 1, "delta": 0.8}


def _instance(m: int, n: int, L: int, d: int, delta: float, **more: Any) -> Instance:
    """Return n inputs, of which two are at distance δ, and a network of the sizes named."""
    return {
        "net": DeepReluNet(width=m, depth=L, outputs=d),
        "data": pair_at(delta, count=n),
        **more,
    }


def _theorem_1(m: int, n: int, L: int, d: int, delta: float) -> float:
    """Return log₁₀ of n²⁴ L¹² d δ⁻⁸ log⁵ m."""
    return (
        24 * math.log10(n)
        + 12 * math.log10(L)
        + math.log10(d)
        - 8 * math.log10(delta)
        + 5 * math.log10(max(math.log(m), 1.0))
    )


_WIDTH = r"$m\ge\Omega(n^{24}L^{12}d\,\delta^{-8}\log^5m)$ of Theorem 1, here with the constant 1"

the_loss_is_semi_smooth.regime(
    x="m",
    xs=(2, 4, 8, 16, 32),
    y="1/ω",
    ys=(0.1, 0.3, 1, 10),
    fixed={"n": 2, **_PAIR},
    instance=lambda m, inverse, n, L, d, delta: _instance(
        m, n, L, d, delta, omega=1.0 / inverse, targets=Labels()
    ),
    hypothesis=Hypothesis(
        says=_WIDTH
        + r"; Theorem 4 itself asks for $\omega\le O(L^{-9/2}\log^{-3}m)$, which none of these "
        r"radii meets from $m=3$ on",
        asks=lambda m, inverse, n, L, d, delta: _theorem_1(m, n, L, d, delta),
    ),
)

the_loss_is_almost_convex.regime(
    x="1/ω",
    xs=(0.01, 0.03, 0.1, 0.3, 1),
    y="m",
    ys=(4, 8, 16, 32),
    fixed={"n": 2, **_PAIR},
    instance=lambda inverse, m, n, L, d, delta: _instance(
        m, n, L, d, delta, omega=1.0 / inverse, targets=Labels()
    ),
    hypothesis=Hypothesis(
        says=r"$\omega\le O(L^{-9/2}\log^{-3}m)$ of Theorem 4, here with the constant 1",
        asks=lambda inverse, m, L: 4.5 * math.log10(L) + 3 * math.log10(math.log(m)),
    ),
)

gradients_in_the_ball_are_at_least_of_order_width.regime(
    x="m",
    xs=(4, 8, 16, 32),
    y="n",
    ys=(2, 3, 4),
    fixed={"omega": 0.03, **_PAIR},
    instance=lambda m, n, omega, L, d, delta: _instance(m, n, L, d, delta, omega=omega),
    hypothesis=Hypothesis(
        says=_WIDTH
        + r"; Theorem 3 itself asks for $\omega\le O(\delta^{3/2}n^{-9/2}L^{-6}\log^{-3}m)$",
        asks=_theorem_1,
    ),
)

the_gradient_is_at_most_of_order_width.regime(
    x="m",
    xs=(2, 4, 8, 16, 32, 64),
    y="n",
    ys=(2, 4, 8, 16),
    fixed=_PAIR,
    instance=_instance,
    hypothesis=Hypothesis(
        says=r"none on the width, but that the claim fails with probability $e^{-\Omega(m/L)}$"
    ),
)

the_gradient_of_all_fake_losses_is_at_least_of_order_width.regime(
    x="m",
    xs=(4, 8, 16, 32, 64, 128),
    y="n",
    ys=(2, 4, 8, 16),
    fixed=_PAIR,
    instance=_instance,
    hypothesis=Hypothesis(
        says=r"$m\ge\mathrm{poly}(n,\delta^{-1})\,d$ for all $v$ at once, its powers unknown"
    ),
)

hidden_norms_stay_near_one.regime(
    x="m",
    xs=(16, 32, 64, 128, 256, 512, 1024),
    y="L",
    ys=(1, 2, 4, 8, 16),
    fixed={"n": 2, "epsilon": 0.5},
    instance=lambda m, L, n, epsilon: {
        "net": DeepReluNet(width=m, depth=L),
        "data": sphere(n),
        "epsilon": epsilon,
    },
    hypothesis=Hypothesis(
        says=r"none on the width: where $m\varepsilon^2/L$ is small, $O(nL)e^{-\Omega(m\varepsilon^"
        r"2/L)}$ claims nothing"
    ),
)

hidden_layers_keep_half_the_separation.regime(
    x="m",
    xs=(16, 32, 64, 128, 256, 512, 1024),
    y="L",
    ys=(1, 2, 4, 8),
    fixed={"crowding": 0.9},
    instance=lambda m, L, crowding: {
        "net": DeepReluNet(width=m, depth=L),
        "crowding": crowding,
    },
    hypothesis=Hypothesis(
        says=r"$m\ge\mathrm{poly}(L,\delta^{-1})\log(nL)$, its powers unknown, and "
        r"$\delta\le1/(CL)$, here $\delta=0.9/L$"
    ),
)

the_rate_does_not_depend_on_width.regime(
    x="m",
    xs=(4, 8, 16, 32, 64),
    y="n",
    ys=(2, 3, 4),
    fixed=_PAIR,
    instance=lambda m, n, L, d, delta: _instance(m, n, L, d, delta, targets=Labels()),
    hypothesis=Hypothesis(says=_WIDTH + r", and $\delta\le O(1/L)$", asks=_theorem_1),
)
