"""From a decrease of the loss by its power 4/3 to a rate and a finite length (XD23, Lemma 24).

Where ‖∇L‖ ≥ κ L^{2/3} (XD-06), a step of descent takes away C_s η L^{4/3} at least: L^{-1/3} grows
by C_s η/3 a step, and the lengths η‖∇L‖ of the steps have a finite sum (XD-15).
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Bound, Instance, Trials, at_most, given, statement
from lemmata.strategies import log_uniform

Greed = Literal["least", "random"]

XD15 = statement(
    "XD-15",
    paper="XD23",
    source="Lemma 24, pages 34 and 35",
    provenance="as printed",
    title="From a decrease by the power 4/3 to a rate and a finite length",
    says=r"Let $L_t>0$, $g_t\ge0$ and $L_{t+1}\le L_t-\frac\eta2g_t^2\le L_t-C_s\eta L_t^{4/3}$ "
    r"for $t<T$. Then $L_T\le\big(L_0^{-1/3}+\frac{C_s\eta T}3\big)^{-3}$ and "
    r"$\sum_{t<T}\eta g_t\le8C_s^{-1/2}L_0^{1/3}$.",
    kind="inequality",
    quantifiers=(r"\forall\, C_s,\eta,T", r"\forall\, (L_t),(g_t)"),
)
_sequences = {
    "greed": st.sampled_from(("least", "random")),
    "step": log_uniform(1e-3, 0.9, per_decade=2),
    "T": st.sampled_from((1, 10, 100, 1000)),
}


def _of_step(step: float, T: int) -> Instance:
    return {"greed": "least", "step": step, "T": T}


def _sequence(
    trials: Trials, greed: Greed, step: float, T: int
) -> tuple[Float[Tensor, "trials times"], Float[Tensor, "trials steps"]]:
    """Return L_0, ..., L_T and ηg_0, ..., ηg_{T-1}, for C_s = 1 and η L_0^{1/3} = step.

    With "least" a step takes away exactly η L^{4/3}, and g is as large as that allows; with
    "random" it takes away up to everything, and g is any that is allowed. (C_s and L_0 may be 1 by
    scaling.)
    """
    L = torch.ones(trials.count, device=trials.device, dtype=trials.dtype)
    more = trials.uniform("more", T) ** 4 if greed == "random" else None
    used = trials.uniform("used", T) if greed == "random" else None
    values, steps = [L], []
    for t in range(T):
        least = step * L ** (4.0 / 3.0)
        gone = least if more is None else least + more[:, t] * (0.999 * L - least).clamp(min=0.0)
        slope = gone if used is None else least + used[:, t] * (gone - least)
        steps.append((2.0 * step * slope).sqrt())
        L = L - gone
        values.append(L)
    return torch.stack(values, dim=1), torch.stack(steps, dim=1)


@XD15.part(
    "a",
    says=r"$L_T\le\big(L_0^{-1/3}+\frac{C_s\eta T}3\big)^{-3}$.",
    specimens=[_of_step(0.01, 1000)],
)
@given(**_sequences)
def the_values_fall_like_the_inverse_cube(
    greed: Greed, step: float, T: int, trials: Trials, *, rate: float = 1.0 / 3.0
) -> Bound:
    L, _ = _sequence(trials, greed, step, T)
    time = step * torch.arange(T + 1, dtype=L.dtype, device=L.device)
    return at_most(L, (1.0 + rate * time) ** -3.0).up_to_roundings(4 * T)


the_values_fall_like_the_inverse_cube.twin("the rate C_s η/2", rate=0.5)


@XD15.part(
    "b",
    says=r"$\sum_{t<T}\eta g_t\le8C_s^{-1/2}L_0^{1/3}$.",
    specimens=[_of_step(0.05, 2000)],
)
@given(**_sequences)
def the_length_is_at_most_eight_cube_roots(
    greed: Greed, step: float, T: int, trials: Trials, *, factor: float = 8.0
) -> Bound:
    _, steps = _sequence(trials, greed, step, T)
    return at_most(steps.sum(dim=1), factor)


the_length_is_at_most_eight_cube_roots.twin("4", factor=4.0)


@XD15.part(
    "c",
    says=r"More: $\sum_{t<T}\eta g_t\le3\sqrt2\,C_s^{-1/2}L_0^{1/3}$, the limit for small steps.",
    provenance="ours",
    proof="in the docstring",
    specimens=[_of_step(0.05, 2000)],
)
@given(**_sequences)
def the_length_is_at_most_three_roots_of_two_cube_roots(
    greed: Greed, step: float, T: int, trials: Trials, *, factor: float = 3.0
) -> Bound:
    """g_t² ≥ 2 C_s L_t^{4/3}, hence ηg_t ≤ 2 (L_t - L_{t+1})/g_t ≤ √(2/C_s) (L_t - L_{t+1})
    L_t^{-2/3}, at most √(2/C_s) times ∫ u^{-2/3} du from L_{t+1} to L_t; the integrals sum to
    3 L_0^{1/3} at most.
    """
    _, steps = _sequence(trials, greed, step, T)
    return at_most(steps.sum(dim=1), factor * math.sqrt(2.0))


the_length_is_at_most_three_roots_of_two_cube_roots.twin("2.8 √2", factor=2.8)
