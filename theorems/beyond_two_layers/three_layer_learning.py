r"""Learning with three layers (ALL18, Theorems 2 and 3).

Theorem 3 is the first variant (Algorithm 3, no signs), Theorem 2 the second one (Algorithm 2,
random signs Σ). Both decay only λ. The hypotheses, m ≥ poly(C_0, 1/ε) with degrees of a thousand
and more, are out of reach: what is tested is the conclusion at small sizes, for a target that asks
for three layers. At these sizes neither smoothing nor regulariser nor decay helps the test loss;
the proof needs them, the experiment does not. The final evaluation is at W^ρ = V^ρ = 0 and, with
signs, for one Σ̂, as on the page.
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Trials,
    at_most,
    given,
    statement,
)
from lemmata.theorems.beyond_two_layers.setting.inputs import inputs
from lemmata.theorems.beyond_two_layers.setting.losses import root_loss
from lemmata.theorems.beyond_two_layers.setting.three_layer_training import (
    Schedule,
    Trained,
    train,
)
from lemmata.theorems.beyond_two_layers.setting.three_layers import (
    ThreeLayer,
    ThreeLayerNetwork,
)
from lemmata.theorems.mathematics.norms import norm24

_DIMENSION = 6


def teacher(x: Float[Tensor, "... n d"]) -> Float[Tensor, "... n 1"]:
    """Return y = 8⟨w₁, x⟩²⟨w₂, x⟩ + 4⟨w₁, x⟩² for fixed unit vectors."""
    one = 0.8 * x[..., :1] + 0.6 * x[..., 5:]
    two = 0.8 * x[..., 1:2] + 0.6 * x[..., 5:]
    return 8.0 * one**2 * two + 4.0 * one**2


def _run(
    width: int, samples: int, schedule: Schedule, trials: Trials
) -> tuple[ThreeLayerNetwork, Trained, Tensor, Tensor]:
    """Return a network, its run, and the losses on the training set and on fresh inputs."""
    learner = ThreeLayer(first=width, second=width, dimension=_DIMENSION, scale=0.3)
    network = learner.initialise(trials)
    x, fresh = (inputs(trials, name, n, _DIMENSION) for name, n in (("z", samples), ("new", 512)))
    run = train(network, x, teacher(x), schedule, trials.stream("training"))
    s = trials.signs("last Sigma", width) if schedule.signed else None
    W = network.W + (run.W if s is None else s.unsqueeze(2) * run.W)
    V = network.V + (run.V if s is None else run.V * s.unsqueeze(1))
    losses = [
        root_loss(run.scale * network.outputs(W, V, points), teacher(points)).mean(dim=1)
        for points in (x, fresh)
    ]
    return network, run, losses[0], losses[1]


def _base(trials: Trials) -> Float[Tensor, "trials"]:
    """Return the loss of the zero predictor."""
    y = teacher(inputs(trials, "base", 1024, _DIMENSION))
    return root_loss(torch.zeros_like(y), y).mean(dim=1)


ALLT2 = statement(
    "ALL-T2",
    paper="ALL18",
    source="Theorem 3",
    provenance="as printed",
    note="the number of samples, m^{3/2}, does not follow from the printed lemma: ALL-D8(e)",
    uses=["ALL-D2", "ALL-D4", "ALL-D5", "ALL-R4", "ALL-R5", "ALL-E4", "ALL-E5"],
    title="Three-layer networks learn, first variant",
    says=r"For every constant $\gamma\in(0,\frac14]$: "
    r"$m_1=m_2=m\ge\mathrm{poly}(C_0,1/\varepsilon)$, $N\ge\tilde\Omega(Mm^{3/2})$ and the "
    r"parameters of Table 1: with probability $0.99$ Algorithm 3 ends with $\mathbb "
    r"E\,L(\lambda_TF(x;W_T,V_T),y)\le(1+\gamma)\mathrm{OPT}+\varepsilon_0$.",
    kind="trajectory",
    quantifiers=(r"\forall\, m,N", r"\mathbb P_{W,V,A,b,\mathcal Z,\rho}"),
)


@ALLT2.part(
    "a",
    says=r"$m=32$, $N=300$: the test loss ends below an eighth of the zero predictor's, with "
    r"$\lambda_T=(1-\eta)^T=0.82$.",
    constant=Constant(0.125, measured_on="m = 16…32, N = 300, 10 rounds of 40 steps"),
    specimens=[{"width": 32, "samples": 300}],
)
@given(width=st.sampled_from((32, 24)), samples=st.sampled_from((300, 400)))
def three_layers_learn_without_signs(
    width: int, samples: int, trials: Trials, *, eta: float = 0.02
) -> Bound:
    _, run, train_loss, test = _run(width, samples, Schedule(eta=eta), trials)
    return (
        at_most(test, _base(trials))
        .with_curves(loss=torch.stack(run.losses, dim=1))
        .reporting(train=train_loss, scale=torch.full_like(test, run.scale))
    )


three_layers_learn_without_signs.twin("λ decays by 0.3 a round", eta=0.3)


@ALLT2.part(
    "b",
    source="(C.32)",
    says=r"All along, $\|\sqrt\lambda W'\|_{2,4}^4\le L_{\max}/\lambda_w$: the iterates stay in "
    r"the ball, $L_{\max}$ the largest objective.",
    specimens=[{"width": 32, "samples": 300}],
)
@given(width=st.sampled_from((32, 16)), samples=st.sampled_from((300, 100)))
def iterates_stay_in_the_ball(
    width: int, samples: int, trials: Trials, *, whole: bool = False
) -> Bound:
    schedule = Schedule(of_w=0.5)
    _, run, _, _ = _run(width, samples, schedule, trials)
    norm = run.W.flatten(1).norm(dim=1) if whole else norm24(run.W)
    return at_most(run.scale**2 * norm**4, run.objective / schedule.of_w)


iterates_stay_in_the_ball.twin("‖W'‖_F in place of ‖W'‖_{2,4}", whole=True)

ALLT3 = statement(
    "ALL-T3",
    paper="ALL18",
    source="Theorem 2",
    provenance="as printed",
    uses=["ALL-T2", "ALL-D6", "ALL-D7", "ALL-R6", "ALL-Q11"],
    title="Three-layer networks learn, second variant",
    says=r"For every constant $\gamma\in(0,\frac14]$: "
    r"$m_1=m_2=m\ge\mathrm{poly}(C_0,1/\varepsilon)$, $N\ge\tilde\Omega\big((\mathfrak "
    r"C_\Phi\mathfrak C_\varepsilon(\phi,1)\sqrt{p_2}\,p_1k^2/\varepsilon_0)^2\big)$: with "
    r"probability $0.99$ Algorithm 2, with random signs, ends with $\mathbb "
    r"E\,L\le(1+\gamma)\mathrm{OPT}+\varepsilon_0$. $N$ does not grow with $m$.",
    kind="trajectory",
    quantifiers=(r"\forall\, m,N", r"\mathbb P_{W,V,A,b,\mathcal Z,\rho,\Sigma}"),
)


@ALLT3.part(
    "a",
    says=r"$m=48$, $N=300$, signs $\Sigma$ fresh each step and one $\hat\Sigma$ at the end: the "
    r"test loss ends below $0.7$ of the zero predictor's.",
    constant=Constant(0.7, measured_on="m = 48, N = 300, 10 rounds of 40 steps"),
    specimens=[{"width": 48, "samples": 300}],
    cost=2.0,
)
@given(width=st.sampled_from((48,)), samples=st.sampled_from((300, 400)))
def three_layers_learn_with_signs(
    width: int, samples: int, trials: Trials, *, eta: float = 0.02
) -> Bound:
    _, run, train_loss, test = _run(width, samples, Schedule(eta=eta, signed=True), trials)
    return (
        at_most(test, _base(trials))
        .with_curves(loss=torch.stack(run.losses, dim=1))
        .reporting(train=train_loss)
    )


three_layers_learn_with_signs.twin("λ decays by 0.3 a round", eta=0.3)

_GAPS = Along(
    variable="m",
    sizes=(8, 16, 32),
    instance=lambda m: {"width": m, "samples": 30},
    at_most=0.5,
    trials=160,
    resolution=0.2,
)


@ALLT3.part(
    "b",
    says=r"At fixed $N$ the gap between test and training loss grows more slowly than $m^{1/2}$ "
    r"over $m=8\dots32$, where the number of parameters grows like $m^2$; without signs, as with "
    r"signs the fit is poor at these widths.",
    constant=Constant(2.0, measured_on="m = 8…48, N = 30…60"),
    along=[_GAPS],
    specimens=[{"width": 32, "samples": 30}],
)
@given(width=st.sampled_from((32, 16)), samples=st.sampled_from((30, 60)))
def the_gap_grows_slowly_with_the_width(
    width: int, samples: int, trials: Trials, *, power: float = 0.0
) -> Bound:
    _, _, train_loss, test = _run(width, samples, Schedule(), trials)
    # In units of N^{-1/2}; the noise of 512 fresh inputs is taken off at 0.
    bound = (width / 16.0) ** power / math.sqrt(samples)
    return at_most((test - train_loss).clamp(min=1e-3), bound)


the_gap_grows_slowly_with_the_width.twin(
    "a gap that falls like m^{-2}", specimens=[{"width": 64, "samples": 30}], power=-3.0
)
