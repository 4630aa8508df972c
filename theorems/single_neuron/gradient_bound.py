"""The gradient is at least the power 2/3 of the loss (XD23, Theorem 7).

Neurons at angles θ to the teacher that cancel each other's displacement have a loss of order θ³ and
a gradient of order θ²: hence ‖∇L‖ ≥ Ω(L^{2/3}), and no more (XD-06). The paper's proof walks from
the state to the global minimum (h_i / Σ_j h_j) v, which descends (XD-12) and is near (XD-14).
"""

from __future__ import annotations

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Trials,
    at_least,
    at_most,
    given,
    statement,
)
from lemmata.theorems.single_neuron.setting.network import (
    HIGHEST,
    WINDOW,
    Students,
    attacked,
    loss,
    steepness,
    students,
)

_ALL_W = (r"\forall\, n,d", r"\forall\, W")
_GLOBAL = {"world": Students(family="global", count=4, dimension=5, size=1.0)}
_LOCAL = {"world": Students(family="local", count=3, dimension=5, size=0.3)}

_PAIR = {"world": Students(family="pair", size=0.01)}

# XD-06

XD06 = statement(
    "XD-06",
    paper="XD23",
    source="Theorem 7, pages 9, 32 and 33",
    provenance="ours",
    proof="only seen",
    uses=["XD-05", "XD-12", "XD-13", "XD-14"],
    title="Gradient lower bound with exponent 2/3",
    says=r"For all $W$ with $L\le\varepsilon_0\|v\|^2$: $\|\nabla L\|_F\ge\kappa "
    r"L^{2/3}\|v\|^{-1/3}$. The paper lets $\kappa$ fall like $n^{-2/3}$, under "
    r"$\frac{\|v\|}{4n}\le\|w_i\|\le\frac{4\|v\|}n$ and $L\le O(\|v\|^2n^{-14})$ (Theorem 7). "
    r"Ours: with $\varepsilon_0=0.02$ one $\kappa$ serves all $n$, and no student needs mass.",
    kind="scaling",
)


@XD06.part(
    "a",
    says=r"$\|\nabla L\|_F\ge\kappa L^{2/3}$ where $L\le0.02$, with $\|v\|=1$.",
    quantifiers=(*_ALL_W, r"L\le\varepsilon_0"),
    constant=Constant(
        1.0, measured_on="n = 1…5: 0.67 at worst by ascent, L = 1e-10…0.02", failure=0.0
    ),
    specimens=[
        {"world": Students()},
        {"world": Students(family="pair", count=3)},
        {"world": Students(family="tiny", size=0.03)},
    ],
)
@given(world=students("local", "balanced", "pair", "tiny", size=(0.01, 0.3)))
def the_gradient_is_at_least_the_two_thirds_power_of_the_loss(
    world: Students, trials: Trials, *, power: float = 2.0 / 3.0
) -> Bound:
    return attacked(
        lambda W: at_least(steepness(W), loss(W) ** power), world.draw(trials), high=HIGHEST
    )


the_gradient_is_at_least_the_two_thirds_power_of_the_loss.twin(
    "√L, as gradient dominance would give", power=0.5
)


_along_angle = Along(
    variable="θ",
    sizes=(0.003, 0.01, 0.03, 0.1),
    instance=lambda angle: {"world": Students(family="pair", size=angle)},
    at_most=0.05,
    at_least=-0.05,
)


@XD06.part(
    "b",
    says=r"The exponent is sharp: two students at the angles $\pm\theta$ with $e=0$ have $\|\nabla "
    r"L\|_F=\Theta(L^{2/3})$.",
    quantifiers=(r"\forall\, d,\theta",),
    constant=Constant(2.0, measured_on="θ = 0.003…0.3: 1.60", failure=0.0),
    along=_along_angle,
    specimens=[_PAIR],
)
@given(world=students("pair", count=(2, 2), size=(0.003, 0.3)))
def the_symmetric_pair_attains_the_two_thirds_power(
    world: Students, trials: Trials, *, power: float = 2.0 / 3.0
) -> Bound:
    W = world.draw(trials)
    return at_most(steepness(W), loss(W) ** power)


the_symmetric_pair_attains_the_two_thirds_power.twin(
    "L^{3/4}, the exponent of ZGJ21's network", specimens=[], power=0.75
)


the_symmetric_pair_attains_the_two_thirds_power.twin("√L", specimens=[], power=0.5)


@XD06.part(
    "c",
    source="Theorem 7, pages 9, 32 and 33",
    provenance="as printed",
    says=r"$\|\nabla L\|\ge\frac{L^{2/3}}{C\,n^{2/3}}$ where $\frac1{4n}\le\|w_i\|\le\frac4n$ and "
    r"$L\le O(n^{-14})$; tried already for $L\le0.02$.",
    quantifiers=(*_ALL_W, r"\tfrac1{4n}\le\|w_i\|\le\tfrac4n,\ L\le O(n^{-14})"),
    constant=Constant(1.0, measured_on="n = 1…5, L ≤ 0.02, by ascent: 0.45", failure=0.0),
    specimens=[{"world": Students()}, {"world": Students(family="pair", count=3)}],
)
@given(world=students("local", "balanced", "pair", size=(0.01, 0.3)))
def the_gradient_is_at_least_the_two_thirds_power_in_the_window(
    world: Students, trials: Trials, *, power: float = 2.0 / 3.0
) -> Bound:
    # L ≥ 1e-10 is known to 1e-11 of itself, and the gradient to 1e-13.
    claim = attacked(
        lambda W: at_least(steepness(W), (loss(W) / world.count) ** power),
        world.draw(trials),
        high=HIGHEST,
        steps=60,
        **WINDOW,
    )
    return claim.up_to_roundings(1e6)


the_gradient_is_at_least_the_two_thirds_power_in_the_window.twin(
    "√L", specimens=[{"world": Students(family="pair", size=0.003)}], power=0.5
)
