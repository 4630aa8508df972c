"""Every single start ends with the rate T⁻³ (ours).

Two students of masses a_1 + a_2 = 1 on either side of a single teacher, at an opening β between
them, with e_1 = 0: they stand at a_2 β and a_1 β to the teacher, and by (2) of `setting`, to
leading order in β,

    L = (2/3π) (a_1 a_2 β³ - a_1 (a_2 β)³ - a_2 (a_1 β)³) = (4/3π) a_1² a_2² β³.                 (1)

Neuron i stands √a_i (q/a_i) off the teacher's line, q = a_1 a_2 β, so that ‖dW‖² = dq²/a_1 +
dq²/a_2 = dq²/(a_1 a_2), and gradient flow has q' = -a_1 a_2 dL/dq = -(4/π) q². Hence q = π/(4τ),
and

    β' = -(4/π) a_1 a_2 β²,        L τ³ → π²/(48 a_1 a_2),                                       (2)

π²/12 for equal masses, with θ' = -(2/π) θ² for the angle θ = β/2 to the teacher. The constant grows
without bound where one of the masses is small: that is why the rate that is uniform over all starts
is T⁻² only (ZGJ-21).

Near their limit, losses behave like (τ + τ₀)⁻³ with τ₀ = π/(4q_0): what L^{-1/3} gains is linear in
τ early, while the exponent of L itself shows late. Long times are those of gradient flow.
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Bound, Constant, Trials, all_of, at_most, given, statement
from lemmata.theorems.local_convergence.setting.descent import along_time, descend, flow, step_size
from lemmata.theorems.local_convergence.setting.network import Teachers, Weights, line_angles
from lemmata.theorems.local_convergence.setting.states import States

_ONE = Teachers(dimension=2)


def unequal_pairs(
    trials: Trials, *, shares: tuple[float, float], openings: tuple[float, float]
) -> tuple[Weights, Float[Tensor, "trials"], Float[Tensor, "trials"]]:
    """Draw pairs around the teacher (1, 0) with e_1 = 0.

    Return them, their openings β, and a_1 a_2 for the masses' shares.

    At the angles β a_2 and -β a_1 the masses sin(β a_1)/sin β and sin(β a_2)/sin β make ‖w_1‖ w_1 +
    ‖w_2‖ w_2 = w*.
    """
    first, opening = (
        low + (high - low) * trials.uniform(name)
        for name, (low, high) in (("share", shares), ("opening", openings))
    )
    share = torch.stack((first, 1.0 - first), dim=-1)
    beta = opening.unsqueeze(-1)
    angle = beta * share.flip(-1) * trials.tensor([1.0, -1.0])
    mass = (beta * share).sin() / beta.sin()
    return (
        torch.stack((angle.cos(), angle.sin()), dim=-1) * mass.sqrt().unsqueeze(-1),
        opening,
        share.prod(dim=-1),
    )


ZGJ22 = statement(
    "ZGJ-22",
    paper="ZGJ21",
    source="ours",
    provenance="ours",
    proof="only seen",
    uses=["ZGJ-19", "ZGJ-21"],
    title="Every single start ends with the rate T⁻³",
    says=r"Two students of masses $a_1,a_2$ on either side of a teacher ($r=1$, $e_1=0$) have "
    r"$L(\tau)\,\tau^3\to\frac{\pi^2}{48a_1a_2}$ along gradient flow, $\frac{\pi^2}{12}$ for equal "
    r"masses. Every start with $m>r$ whose neurons all carry mass has the same rate: "
    r"$\lim\frac{\log L}{\log\tau}=-3$.",
    kind="trajectory",
)


@ZGJ22.part(
    "a",
    says=r"Gradient descent from an opening $\beta_0\le\frac12$ has, from $\tau=\eta t=5$ on, "
    r"$L^{-1/3}$ gain $\big(\frac{48a_1a_2}{\pi^2}\big)^{1/3}(1+O(\beta_0))$ and $\frac1\beta$ "
    r"gain $\frac4\pi a_1a_2(1+O(\beta_0))$ in the unit of time.",
    quantifiers=(r"\forall\, a_1+a_2=1,\ \beta_0", r"\forall\, t\le250"),
    constant=Constant(0.5, measured_on="a = 0.2…0.8, β₀ = 0.02…0.5, ητ ≤ 28: 0.26", failure=0.0),
    specimens=[{"opening": 0.1}, {"opening": 0.5}],
)
@given(opening=st.sampled_from((0.5, 0.2, 0.05, 0.02)))
def pairs_close_at_a_rate_that_their_masses_decide(
    opening: float,
    trials: Trials,
    *,
    limit: float = math.pi**2 / 48.0,
    speed: float = 4.0 / math.pi,
    any_masses: bool = True,
) -> Bound:
    V = _ONE.build(trials)
    W, _, product = unequal_pairs(trials, shares=(0.2, 0.8), openings=(opening, opening))
    run = descend(W, V, eta=step_size(V, _ONE.threshold), steps=250, stride=50)
    product = (product if any_masses else torch.full_like(product, 0.25)).unsqueeze(-1)
    elapsed = run.time[2:] - run.time[1]
    inverse = 1.0 / line_angles(run.W[..., :1, :], run.W[..., 1:, :]).squeeze((-1, -2))
    gains = (
        (run.loss ** (-1.0 / 3.0), (product / limit) ** (1.0 / 3.0)),
        (inverse, speed * product),
    )
    return all_of(
        *(
            at_most(((x[:, 2:] - x[:, 1:2]) / (rate * elapsed) - 1.0).abs(), opening)
            for x, rate in gains
        )
    )


pairs_close_at_a_rate_that_their_masses_decide.twin(
    "L τ³ → π²/(24 a_1 a_2), as if the second layer were fixed", limit=math.pi**2 / 24.0
)


pairs_close_at_a_rate_that_their_masses_decide.twin("θ' = -θ²/π", speed=2.0 / math.pi)


pairs_close_at_a_rate_that_their_masses_decide.twin(
    "π²/12 whatever the masses", specimens=[{"opening": 0.02}], any_masses=False
)


@ZGJ22.part(
    "b",
    kind="scaling",
    says=r"From openings in $[0.4,0.55]$ and shares in $[0.3,0.7]$, $L(\tau)=\Theta(\tau^{-3})$ "
    r"for each start.",
    quantifiers=(r"\forall\, a_1,\beta_0", r"\forall\, T"),
    constant=Constant(
        1.2,
        measured_on="τ = 30…10⁴: 1.01, 1 % of it from the steps; the limit is π²/(48 a₁a₂) ≤ 0.98",
        failure=0.0,
    ),
    along=along_time(-3.0, 300, 1000, 3000, 10000, slack=0.05, label="a single start"),
    specimens=[{"tau": 300.0}],
)
@given(tau=st.sampled_from((100.0, 30.0, 300.0)))
def each_pair_ends_with_the_inverse_cube(tau: float, trials: Trials, *, rate: float = 3.0) -> Bound:
    V = _ONE.build(trials)
    W, *_ = unequal_pairs(trials, shares=(0.3, 0.7), openings=(0.4, 0.55))
    run = flow(W, V, (tau,))
    return at_most(run.loss[:, -1], run.time[-1] ** -rate)


each_pair_ends_with_the_inverse_cube.twin(
    "T⁻²", specimens=[], along=[along_time(-3.0, 30, 100, 300, slack=0.05)], rate=2.0
)


each_pair_ends_with_the_inverse_cube.twin(
    "T⁻⁴", specimens=[], along=[along_time(-3.0, 30, 100, 300, slack=0.05)], rate=4.0
)


@ZGJ22.part(
    "c",
    says=r"From neurons of equal masses at a common angle in random azimuths, $m>r$, the slope of "
    r"$\log L$ against $\log\tau$ between $\tau=300$ and $3000$ is $-3$ up to $\frac12$.",
    quantifiers=(r"\forall\, m>r,d", r"\mathbb P_{W_0}"),
    constant=Constant(
        0.5,
        measured_on="m = 3…6, d = 3…6: one of 1200 starts is off by more, the medians by 0.15 at "
        "most",
    ),
    specimens=[{"extra": 3, "dimension": 3}],
)
@given(extra=st.integers(2, 5), dimension=st.integers(3, 6))
def starts_whose_neurons_carry_mass_end_with_the_inverse_cube(
    extra: int, dimension: int, trials: Trials, *, slope: float = -3.0
) -> Bound:
    world = Teachers(dimension=dimension)
    V = world.build(trials)
    W = States(family="common angle", extra=extra, size=0.3).near(trials, V, world.threshold)
    run = flow(W, V, (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0), growth=0.2)
    found = (run.loss[:, 7] / run.loss[:, 5]).log() / math.log(10.0)
    return at_most((found - slope).abs(), 1.0).with_curves(loss=run.loss).reporting(slope=found)


starts_whose_neurons_carry_mass_end_with_the_inverse_cube.twin(
    "T⁻², the rate that is uniform over all starts", slope=-2.0
)


starts_whose_neurons_carry_mass_end_with_the_inverse_cube.twin("T⁻⁴", slope=-4.0)
