"""The rate T⁻³ of several students, exponential convergence of a single one (XD23, Theorem 9).

‖∇L‖ ≥ κ L^{2/3} makes L^{-1/3} grow at least linearly in the time τ = ηT (XD-08); for one student
‖∇L‖² ≥ cL, so that the loss decays exponentially (XD-09).

Runs use the fixed step η = 1/n, far above the paper's η ≤ O(σ²d n⁻¹⁶⁹‖v‖⁻²), and σ = 1e-3, far
above its O(n⁻⁴²²⁶d^{-1/2}‖v‖): what is seen are its conclusions. Near their
limit, losses behave like (τ + τ₀)⁻³ with a τ₀ that is not small: exponents are taken of what
L^{-1/3} has gained since T_2, and not of L itself.
"""

from __future__ import annotations

import math

from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Instance,
    Requirement,
    Trials,
    at_least,
    at_most,
    given,
    statement,
)
from lemmata.theorems.single_neuron.setting.network import (
    Run,
    Start,
    Students,
    angles,
    attacked,
    descend,
    loss,
    steepness,
    students,
)

RANDOM_START = (r"\forall\, n,d,\sigma", r"\mathbb P_{W_0}")
GATE = Requirement(
    paper=r"$\sigma\le O(n^{-4226}d^{-1/2}\|v\|)$, $\eta\le O(\frac{\sigma^2d}{n^{169}\|v\|^2})$, "
    r"$d\ge\Omega(\log\frac n\delta)$; tried at $\sigma=10^{-3}$"
)
FLOW_GATE = Requirement(
    paper=r"$\sigma\le O(n^{-4226}d^{-1/2}\|v\|)$, $d\ge\Omega(\log\frac n\delta)$; tried at "
    r"$\sigma\sqrt d=0.02$, $d\le10$"
)


def descended(start: Start, trials: Trials, steps: int) -> Run:
    """Run gradient descent with η = 1/n."""
    return descend(start.draw(trials), eta=1.0 / start.count, steps=steps, stride=10)


T2 = 20.0
"""τ at T_2, when the sum of the students has reached the teacher: |H| ≤ 1e-3."""
starts = st.builds(Start, count=st.sampled_from((2, 4, 3)), dimension=st.sampled_from((10, 20, 15)))
TWO = {"start": Start()}

# XD-08

XD08 = statement(
    "XD-08",
    paper="XD23",
    source="Theorem 9, pages 11 and 37",
    provenance="ours",
    proof="only seen",
    uses=["XD-02", "XD-03", "XD-04", "XD-05", "XD-06", "XD-07"],
    title="Global convergence at the rate T⁻³",
    says=r"For $d\ge\Omega(\log\frac n\delta)$, $\sigma\le O(n^{-4226}d^{-1/2}\|v\|)$ and "
    r"$\eta\le O(\frac{\sigma^2d}{n^{169}\|v\|^2})$ there is $T_2=O(\frac{\log n}{n\eta})$ "
    r"such that with probability at least $1-\delta$: "
    r"$L(W_{T+T_2})\le O(\frac{n^4\|v\|^2}{(\eta T)^3})$ for all $T$. Ours: without $n^4$; "
    r"$\theta_i(T)\le O(\frac1{\eta T})$; and $\dot\theta=-\theta^2/\pi$ for a symmetric pair, up "
    r"to higher orders.",
    kind="trajectory",
)


@XD08.part(
    "a",
    says=r"$L(W_T)\,(\eta T)^3\le C$ for all $20\le\eta T\le\frac{300}n$.",
    quantifiers=(*RANDOM_START, r"\forall\, T\ge T_2"),
    constant=Constant(
        3.0, measured_on="n = 2…4, d = 10…20, ηT ≤ 150: 1.12; the limit of a symmetric pair is π²/6"
    ),
    requires=GATE,
    specimens=[TWO],
)
@given(start=starts)
def the_loss_is_at_most_the_inverse_cube_of_time(
    start: Start, trials: Trials, *, power: float = 3.0
) -> Bound:
    run = descended(start, trials, 300).since(T2)
    return at_most(run.loss, run.time**-power).with_curves(loss=run.loss)


the_loss_is_at_most_the_inverse_cube_of_time.twin("T⁻⁴", power=4.0)


def lasting(T: int) -> Instance:
    """Return the instance of a run of T steps of two students."""
    return {"start": Start(), "steps": T}


def gained(run: Run) -> Float[Tensor, "trials"]:
    """Return (L_T^{-1/3} - L_{T_2}^{-1/3})^{-3}: the loss of a run that had a pole at T_2."""
    root = run.loss ** (-1.0 / 3.0)
    return (root[:, -1] - root[:, 0]) ** -3.0


def along_time(claimed: float, *, least: float | None = None, most: float | None = None) -> Along:
    """Return the grid of T."""
    return Along(
        variable="T",
        sizes=(80, 160, 320),
        instance=lasting,
        at_most=most,
        at_least=least,
        trials=16,
    )


@XD08.part(
    "b",
    kind="scaling",
    says=r"$L_T^{-1/3}-L_{T_2}^{-1/3}\ge c\,\eta(T-T_2)$, the form in which $\|\nabla L\|\ge\kappa "
    r"L^{2/3}$ gives the rate; $c=\frac13$ at $\kappa=1$.",
    quantifiers=(*RANDOM_START, r"\forall\, T\ge T_2"),
    constant=Constant(1.0, measured_on="n = 2…4, d = 10…20, ηT ≤ 150: 0.40"),
    along=along_time(-3.0, most=0.1),
    requires=GATE,
    specimens=[lasting(160)],
)
@given(start=starts, steps=st.just(200))
def the_inverse_cube_root_of_the_loss_grows_linearly(
    start: Start, steps: int, trials: Trials, *, power: float = 3.0
) -> Bound:
    run = descended(start, trials, steps).since(T2)
    elapsed = run.time[-1] - run.time[0]
    root = run.loss ** (-1.0 / 3.0)
    claim = at_least(root[:, -1] - root[:, 0], elapsed ** (power / 3.0) / 3.0)
    return claim.scaling_as(gained(run) * elapsed**power).with_curves(loss=run.loss)


the_inverse_cube_root_of_the_loss_grows_linearly.twin("T⁻⁴", specimens=[], power=4.0)


@XD08.part(
    "c",
    says=r"$\theta_i(T)\,\eta T\le C$ for all $20\le\eta T\le\frac{300}n$ and all $i$.",
    quantifiers=(*RANDOM_START, r"\forall\, T\ge T_2,\ \forall\, i"),
    constant=Constant(4.0, measured_on="n = 2…4, d = 10…20, ηT ≤ 150: 3.0; π for a symmetric pair"),
    requires=GATE,
    specimens=[TWO],
)
@given(start=starts)
def the_angles_are_at_most_the_inverse_of_time(
    start: Start, trials: Trials, *, power: float = 1.0
) -> Bound:
    run = descended(start, trials, 300).since(T2)
    return at_most(angles(run.W), (run.time**-power).unsqueeze(-1)).with_curves(loss=run.loss)


the_angles_are_at_most_the_inverse_of_time.twin("T⁻²", power=2.0)


@XD08.part(
    "d",
    says=r"A symmetric pair at the angle $\theta_0\le0.1$ with $e=0$ has "
    r"$\frac1{\theta(\tau)}-\frac1{\theta_0}=\frac\tau\pi(1+O(\theta_0))$.",
    quantifiers=(r"\forall\, d,\theta_0", r"\tau=50"),
    constant=Constant(0.2, measured_on="θ₀ = 0.01…0.1: 0.07", failure=0.0),
    specimens=[{"world": Students(family="pair", size=0.1)}],
)
@given(world=students("pair", count=(2, 2), size=(0.01, 0.1)))
def the_angle_of_a_symmetric_pair_falls_like_pi_over_time(
    world: Students, trials: Trials, *, rate: float = 1.0 / math.pi
) -> Bound:
    run = descend(world.draw(trials), eta=0.25, steps=200, stride=200)
    inverse = 1.0 / angles(run.W)[..., 0]
    return at_most(((inverse[:, 1] - inverse[:, 0]) / (rate * run.time[1]) - 1.0).abs(), world.size)


the_angle_of_a_symmetric_pair_falls_like_pi_over_time.twin("θ' = -θ²/2π", rate=0.5 / math.pi)


@XD08.part(
    "e",
    source="Theorem 9, page 11, and (18) in Theorem 6, page 9",
    provenance="as printed",
    says=r"$L(W_{T+T_2})\le C\frac{n^4}{(\eta T)^3}$ for all $T$; tried with $\eta T_2=20$, "
    r"$\eta T\le\frac{300}n-20$.",
    quantifiers=(*RANDOM_START, r"\forall\, T"),
    constant=Constant(1.0, measured_on="n = 2…4, d = 10…20: 0.06; O(·) has no constant"),
    requires=GATE,
    specimens=[TWO],
)
@given(start=starts)
def the_loss_is_at_most_n_to_the_fourth_over_the_cube_of_time(
    start: Start, trials: Trials, *, power: float = 3.0
) -> Bound:
    run = descended(start, trials, 300).since(T2)
    time = run.time[1:] - run.time[0]
    return at_most(run.loss[:, 1:], start.count**4 * time**-power).with_curves(loss=run.loss)


the_loss_is_at_most_n_to_the_fourth_over_the_cube_of_time.twin("T⁻⁴", power=4.0)


# XD-09

XD09 = statement(
    "XD-09",
    paper="XD23",
    source="pages 2 and 18",
    provenance="quoted",
    note="quoted there from Yehudai & Shamir 2020, and not proved; constants ours",
    uses=["XD-01"],
    title="A single student converges exponentially",
    says=r"For $n=1$, where $L\le0.05\|v\|^2$: $\|\nabla L\|^2\ge cL$, and gradient descent has "
    r"$L=\Theta(e^{-\tau})$ in the time $\tau=\eta T$.",
)


@XD09.part(
    "a",
    kind="inequality",
    says=r"$\|\nabla L\|^2\ge cL$ for $n=1$ where $L\le0.05$.",
    quantifiers=(r"\forall\, d", r"\forall\, w"),
    constant=Constant(
        2.0, measured_on="d ≤ 6, L = 1e-10…0.05: 1.3 by ascent; the limit is 1", failure=0.0
    ),
    specimens=[{"world": Students(family="local", count=1, size=0.1)}],
)
@given(world=students("local", count=(1, 1), size=(0.01, 0.3)))
def the_loss_of_one_student_is_gradient_dominated(world: Students, trials: Trials) -> Bound:
    return attacked(lambda W: at_least(steepness(W) ** 2, loss(W)), world.draw(trials), high=0.05)


@the_loss_of_one_student_is_gradient_dominated.twin(
    "n = 2", specimens=[{"world": Students(family="pair", size=0.01)}]
)
def _(world: Students, trials: Trials) -> Bound:
    return the_loss_of_one_student_is_gradient_dominated.check(world, trials)


@XD09.part(
    "b",
    kind="trajectory",
    says=r"With $\eta=0.1$ from $\sigma=10^{-3}$, $\frac{d\ln "
    r"L}{d\tau}=\frac2\eta\ln(1-\frac\eta2)$ up to 2 % between $\tau=20$ and $\tau=40$.",
    quantifiers=(r"\forall\, d", r"\mathbb P_{w_0}"),
    constant=Constant(1.0, measured_on="d = 10…20"),
    specimens=[{"start": Start(count=1)}],
)
@given(start=st.builds(Start, count=st.just(1), dimension=st.sampled_from((10, 20))))
def the_loss_of_one_student_decays_exponentially(start: Start, trials: Trials) -> Bound:
    run = descend(start.draw(trials), eta=0.1, steps=400).since(20.0)
    slope = (run.loss[:, -1] / run.loss[:, 0]).log() / (run.time[-1] - run.time[0])
    return at_most((slope / (20.0 * math.log(0.95)) - 1.0).abs(), 0.02).with_curves(loss=run.loss)


@the_loss_of_one_student_decays_exponentially.twin("n = 2", specimens=[TWO])
def _(start: Start, trials: Trials) -> Bound:
    return the_loss_of_one_student_decays_exponentially.check(start, trials)
