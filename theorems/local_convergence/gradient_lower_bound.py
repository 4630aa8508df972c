"""The gradient lower bound (ZGJ21, Theorem 4): a Łojasiewicz inequality with exponent 1.

From Lemma 8 with q_ij in proportion to ‖w_j‖, as the direction's norm is O(√(r w_max)). What is
sharper stands in the modules after it; given the exponent 3/4, any polynomial κ is true below a
smaller polynomial threshold.
"""

from __future__ import annotations

from hypothesis import strategies as st

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Requirement,
    Trials,
    at_least,
    given,
    statement,
)
from lemmata.theorems.local_convergence.setting.attacks import attacked, level
from lemmata.theorems.local_convergence.setting.derivatives import gradient_norm
from lemmata.theorems.local_convergence.setting.extremes import (
    copies_of_the_best_fit,
    mass_at,
    split_pair,
    tiny_neuron,
)
from lemmata.theorems.local_convergence.setting.network import Teachers, loss, teachers
from lemmata.theorems.local_convergence.setting.printed_threshold import PRINTED, inside
from lemmata.theorems.local_convergence.setting.states import States, descended, pulled, states

_any_state = st.one_of(states(), states("far", "mid", "midway", extra=(1, 3), size=(0.01, 0.3)))
_NEAR = (
    r"\exists\,\kappa,\varepsilon_0",
    r"\forall\, m\ge r,d",
    r"\forall\, W:\ L(W)\le\varepsilon_0",
)
_TWO = Teachers(family="arc", count=2, dimension=3, separation=0.5)
_LOCAL = States(family="local", extra=3, size=0.5)

ZGJ18 = statement(
    "ZGJ-18",
    paper="ZGJ21",
    source="Theorem 4, page 6",
    provenance="ours",
    proof="only seen",
    uses=["ZGJ-14", "ZGJ-15", "ZGJ-30"],
    title="The gradient lower bound: exponent 1 as printed, 3/4 sharp",
    says=r"$\|\nabla L(W)\|_F\ge\kappa\,L(W)$ where $L(W)\le\varepsilon_0$ (Theorem 4). Sharper, "
    r"and ours: there are $\varepsilon_0$ and $\kappa$, polynomials in $\Delta$, $\frac1r$ and "
    r"$\frac{w_{\min}}{w_{\max}}$, with $\|\nabla L(W)\|_F\ge\kappa\,L(W)^{3/4}$ for every $m\ge "
    r"r$ and every $W$ with $L(W)\le\varepsilon_0$. The exponent is sharp for every $m>r$. "
    r"Gradient domination ($\|\nabla L\|_F^2\ge\mu L$) and local strong convexity fail for every "
    r"$m>r$.",
    kind="scaling",
)


@ZGJ18.part(
    "printed",
    title="Theorem 4: the gradient is at least the loss",
    kind="inequality",
    says=r"$\|\nabla L(W)\|_F\ge\kappa\,L(W)$ with $\kappa=\Theta(r^{-1/2}w_{\max}^{-1/2})$, here "
    r"$\kappa=r^{-1/2}$, where $L(W)\le\varepsilon_0$.",
    quantifiers=_NEAR,
    provenance="as printed",
    note=r"implied by (a), with $\kappa\ge1.8\,r^{-1/4}$ at $\varepsilon_0$",
    constant=Constant(
        1.0, measured_on="r ≤ 3, m ≤ 7: 0.16 for r = 2, 0.12 for r = 1, by ascent", failure=0.0
    ),
    requires=Requirement(
        paper=PRINTED,
        met=inside,
        ours=r"a share of $\varepsilon_0=0.005\min(1,\Delta^3)w_{\min}^4$, in our units",
    ),
    along=Along(
        variable="L",
        sizes=(1e-12, 1e-8, 1e-4),
        instance=lambda L: {**tiny_neuron(mass_at(L)), "share": L / Teachers().threshold},
        at_least=0.0,
        trials=16,
    ),
    specimens=[
        {"world": Teachers(count=2, dimension=3), "students": _LOCAL, "share": 1.0},
        {**tiny_neuron(mass_at(1e-12)), "share": 1e-9},
    ],
)
@given(
    world=teachers(families=("orthogonal", "arc", "simplex", "random")),
    students=_any_state,
    share=st.sampled_from((1.0, 1e-3, 1e-9)),
)
def the_gradient_is_at_least_the_loss(
    world: Teachers,
    students: States,
    share: float,
    trials: Trials,
    *,
    power: float = 1.0,
    threshold: float | None = None,
    steps: int = 15,
) -> Bound:
    V = world.build(trials)
    high = level(world, V, share) if threshold is None else threshold
    start = students.near(trials, V, high)
    fitted = (
        copies_of_the_best_fit(world, trials, world.count + students.extra)
        if world.count > 1
        else start
    )
    return attacked(
        lambda W: at_least(gradient_norm(W, V), world.count**-0.5 * loss(W, V) ** power),
        start,
        V,
        trials,
        high=high,
        climb_steps=steps // 3,
        ascent_steps=steps,
        enough=1.0,
        descent=descended(start, V, steps=30),
        fewer_neurons=pulled(fitted, V, high),
    )


the_gradient_is_at_least_the_loss.twin(
    "√L: the Polyak-Łojasiewicz inequality",
    name="polyak-lojasiewicz",
    specimens=[{**split_pair(1e-4), "share": 1.0}],
    power=0.5,
    steps=0,
)


the_gradient_is_at_least_the_loss.twin(
    "the threshold 0.02 for every separation",
    specimens=[{"world": _TWO, "students": _LOCAL, "share": 1.0}],
    threshold=0.02,
    steps=0,
)
