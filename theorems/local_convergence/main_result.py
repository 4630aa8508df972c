"""The main result (ZGJ21, Theorem 5): gradient descent converges from a local start.

With ‖∇L‖ ≥ κL and a step of descent that takes half of η‖∇L‖² at least, 1/L_{t+1} ≥ 1/L_t + ¼ηκ²:
L_T ≤ 4/(ηκ²T). The theorem gives L → 0, hence convergence to the set of optima; for the students
themselves see ZGJ-29.
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st

from lemmata.harness import (
    Along,
    Bound,
    Instance,
    Requirement,
    Trials,
    all_of,
    at_least,
    at_most,
    given,
    statement,
)
from lemmata.theorems.local_convergence.setting.descent import (
    Descent,
    descend,
    starts,
    step_size,
    worst_run,
)
from lemmata.theorems.local_convergence.setting.extremes import copies_of_the_best_fit, tiny_neuron
from lemmata.theorems.local_convergence.setting.network import Teachers, teachers
from lemmata.theorems.local_convergence.setting.printed_threshold import PRINTED
from lemmata.theorems.local_convergence.setting.states import States, states

FROM_A_LOCAL_START = (
    r"\forall\, m\ge r,d",
    r"\forall\, W^*",
    r"\forall\, W_0:\ L(W_0)\le\varepsilon_0",
    r"\forall\, t",
)
ANY_TEACHERS = teachers(families=("orthogonal", "arc", "simplex"))
ANY_START = st.one_of(states(), states("midway", extra=(1, 3)))
TWO = {
    "world": Teachers(count=2, dimension=4),
    "students": States(family="local", extra=2, size=0.5),
}
ARC = {
    "world": Teachers(family="arc", count=2, dimension=3, separation=0.5),
    "students": States(family="tiny", extra=2, size=0.2),
}
ONE_TINY = {"world": Teachers(dimension=3), "students": States(family="far", extra=1, size=1e-5)}

ZGJ21 = statement(
    "ZGJ-21",
    paper="ZGJ21",
    source="Theorem 5, page 6",
    provenance="ours",
    proof="only seen",
    uses=["ZGJ-16", "ZGJ-18"],
    title="Gradient descent converges from a local start",
    says=r"Where $L(W_0)\le\varepsilon_0$ and $\eta\le\eta_0=O(1/rw_{\max})$: "
    r"$L(W_T)\le\varepsilon$ at some $T=O(rw_{\max}/(\varepsilon\eta))$ (Theorem 5). Sharper, and "
    r"ours: let $L(W_0)\le\varepsilon_0=0.005\min(1,\Delta^3)\,w_{\min}^4$, "
    r"$\eta=\frac1{8(\|W^*\|_F^2+\sqrt{\pi\varepsilon_0})}$, $W_{t+1}=W_t-\eta\nabla L(W_t)$ and "
    r"$\kappa^4=\frac{\min(1,\Delta^3)}r$. Then $L(W_t)$ does not increase, and "
    r"$L(W_T)\le\big(L(W_0)^{-1/2}+\frac{\kappa^2}4\eta T\big)^{-2}$: $L\le\varepsilon$ after "
    r"$T=O(\eta^{-1}\kappa^{-2}\varepsilon^{-1/2})$, whatever $m\ge r$ and $W_0$.",
    kind="trajectory",
)


def _slowest(tau: float) -> Instance:
    """Return the start that is slowest at a time: a neuron of mass 2/τ far from the teacher."""
    return {**tiny_neuron(2.0 / tau), "time": float(tau)}


@ZGJ21.part(
    "printed",
    title="Theorem 5: the loss falls like the inverse of time",
    source="Theorem 5 and its proof, pages 6 and 47",
    says=r"$L(W_{t+1})\le L(W_t)-\frac\eta{4r}L(W_t)^2$ for all $t<T$, hence "
    r"$L(W_T)\le\frac{4r}{\eta T}$: $L\le\varepsilon$ after $T=O(rw_{\max}/(\varepsilon\eta))$ "
    "steps.",
    quantifiers=(*FROM_A_LOCAL_START[:-1], r"\forall\, T"),
    provenance="as printed",
    note=r"page 47 with $\kappa=r^{-1/2}$, as in ZGJ-18; implied by (a) and (b)",
    requires=Requirement(paper=PRINTED),
    along=Along(
        variable="ηT",
        sizes=(8, 20, 50),
        instance=_slowest,
        at_most=0.0,
        member="rate",
        trials=16,
    ),
    specimens=[{**TWO, "time": 3.0}, _slowest(8.0)],
)
@given(world=ANY_TEACHERS, students=ANY_START, time=st.sampled_from((2.0, 5.0)))
def the_loss_is_at_most_the_inverse_of_time(
    world: Teachers,
    students: States,
    time: float,
    trials: Trials,
    *,
    power: float = 2.0,
    fewer: bool = False,
    steps: int = 15,
) -> Bound:
    V, r = world.build(trials), world.count
    eta = step_size(V, world.threshold)
    found = (
        {"fewer": copies_of_the_best_fit(world, trials, r + students.extra)}
        if fewer
        else starts(world, students, V, trials, ascent_steps=steps)
    )

    def claim(run: Descent) -> Bound:
        before = run.loss[..., :-1]
        least = run.above_rounding(
            torch.nn.functional.pad(eta / (4.0 * r) * before**power, (1, 0)), below=-math.inf
        )
        decrease = -run.loss.diff(dim=-1, prepend=run.loss[..., :1])
        last = run.above_rounding(run.time * run.loss)[..., -1]
        return all_of(step=at_least(decrease, least), rate=at_most(last, 4.0 * r)).with_curves(
            loss=run.loss
        )

    return worst_run(claim, found, lambda W: descend(W, V, eta=eta, steps=round(time / eta)))


the_loss_is_at_most_the_inverse_of_time.twin(
    "L(W_{t+1}) ≤ (1 - η/4r) L(W_t)",
    name="linear-convergence",
    specimens=[{**ONE_TINY, "time": 1.0}],
    power=1.0,
    steps=0,
)


the_loss_is_at_most_the_inverse_of_time.twin(
    "no threshold: from the stationary points of ZGJ-24",
    name="no-threshold",
    specimens=[{**ARC, "time": 1.0}],
    fewer=True,
)
