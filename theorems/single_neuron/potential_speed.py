"""The potential falls by at most the square of the largest angle (XD23, Lemma 33).

In the gradient (4) the part ½ e is the same for all students, and the rest is of order θ_max²: the
differences z_i - z_j hardly move (XD-21).
"""

from __future__ import annotations

from lemmata.harness import Along, Bound, Constant, Trials, at_most, given, statement
from lemmata.theorems.local_convergence.setting.network import Weights
from lemmata.theorems.single_neuron.setting.network import (
    WINDOW,
    Students,
    angles,
    attacked,
    students,
)
from lemmata.theorems.single_neuron.setting.orthogonal_parts import shrinking

XD21 = statement(
    "XD-21",
    paper="XD23",
    source="Lemma 33, page 43",
    provenance="as printed",
    note="the proof says that z_i = z_j implies equal speeds, which it does not; one-sided "
    "derivatives of ‖z_i - z_j‖ are then ±‖ż_i - ż_j‖, of the same order, and the lemma stands",
    uses=["XD-01"],
    title="The potential falls by at most the square of the largest angle",
    says=r"Where $n\ge2$ and $\frac{\|v\|}{4n}\le\|w_i\|\le\frac{4\|v\|}n$: "
    r"$\dot Z\ge-O(n^2\|v\|\theta_{\max}^2)$ along gradient flow.",
    kind="scaling",
    quantifiers=(r"\forall\, n,d", r"\forall\, W:\ \tfrac1{4n}\le\|w_i\|\le\tfrac4n"),
)


@XD21.part(
    "a",
    says=r"$-\dot Z\le C\,n^2\theta_{\max}^2$, at all angles.",
    constant=Constant(1.0, measured_on="n = 2…8, by ascent: 0.47", failure=0.0),
    along=Along(
        variable="θ",
        sizes=(0.003, 0.01, 0.03),
        instance=lambda angle: {"world": Students(family="pair", size=angle)},
        at_most=0.05,
        at_least=-0.05,
        trials=16,
    ),
    specimens=[
        {"world": Students(family="local", count=3, size=0.3)},
        {"world": Students(family="pair", size=0.01)},
    ],
)
@given(world=students("local", "balanced", "pair", count=(2, 5), size=(0.003, 0.3)))
def the_potential_falls_by_at_most_the_square_of_the_largest_angle(
    world: Students, trials: Trials, *, power: float = 2.0
) -> Bound:
    def claim(W: Weights) -> Bound:
        return at_most(shrinking(W), world.count**2 * angles(W).amax(dim=-1) ** power)

    W = world.draw(trials)
    return attacked(claim, W, steps=40, **WINDOW).scaling_as(claim(W).ratio)


the_potential_falls_by_at_most_the_square_of_the_largest_angle.twin(
    "θ³ in place of θ²", specimens=[{"world": Students(family="pair", size=0.01)}], power=3.0
)
