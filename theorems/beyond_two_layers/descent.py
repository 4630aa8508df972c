r"""Descent on the frozen network (ALL18, proof of Lemma 6.7 and Remark C.10).

L convex and 1-smooth, P_Σ the frozen network at (W + √ηΣŴ, V + √ηV̂Σ), q = AD_vV̂D_wŴx: E_ΣP_Σ = P
+ ηq, so that

    E L((1-η)P_Σ) ≤ L((1-η)(P + ηq)) + ½(1-η)² E‖P_Σ - EP_Σ‖² ≤ (1-η)L(P) + ηL((1-η)q) + ½(1-η)²
    E‖P_Σ - EP_Σ‖².

With the regulariser inside, the decay of λ pays for its cross term: (1-η)²(a² + 6ηab + η²b²) ≤
(1-η)a² + 9ηb², 9 the least constant.
"""

from __future__ import annotations

import math

import torch

from lemmata.harness import Bound, Trials, all_of, at_least, at_most, equal, given, statement
from lemmata.strategies import log_uniform
from lemmata.theorems.beyond_two_layers.setting.frozen_steps import (
    DRAWN,
    EVERYTHING,
    SPECIMENS,
    Step,
    spread,
)
from lemmata.theorems.beyond_two_layers.setting.regularisers import regulariser

ALLD1 = statement(
    "ALL-D1",
    paper="ALL18",
    source="proof of Lemma 6.7",
    provenance="derived",
    uses=["ALL-Q2"],
    title="A descent direction",
    says=r"$\mathbb E_\Sigma L((1-\eta)P_\Sigma,y)\le(1-\eta)L(P,y)+\eta "
    r"L((1-\eta)q,y)+\frac{(1-\eta)^2}2\mathbb E_\Sigma\|P_\Sigma-\mathbb E_\Sigma P_\Sigma\|^2$ "
    r"on the frozen network.",
    kind="inequality",
    quantifiers=EVERYTHING,
    specimens=SPECIMENS,
)


@ALLD1
@given(**DRAWN)
def a_random_step_and_a_decay_descend(
    eta: float, size: float, trials: Trials, *, variance: float = 1.0, decay: bool = True
) -> Bound:
    step = Step(eta, size, trials)
    P, keep = step.moved(), 1.0 - eta
    left = step.loss((keep if decay else 1.0) * P).mean(dim=0)
    right = keep * step.loss(step.P) + eta * step.loss(keep * step.q)
    return at_most(left, (right + 0.5 * variance * keep**2 * spread(P)) * (1.0 + 1e-12))


a_random_step_and_a_decay_descend.twin(
    "without the variance", specimens=[{"eta": 0.8, "size": 1.0}], variance=0.0
)
a_random_step_and_a_decay_descend.twin(
    "without the decay of the output", specimens=[{"eta": 0.01, "size": 0.3}], decay=False
)

ALLD5 = statement(
    "ALL-D5",
    paper="ALL18",
    source="proof of Lemma 6.7",
    provenance="derived",
    note="the page moves or decays, ALL-D7; here both at once, with the regulariser",
    uses=["ALL-D1", "ALL-Q2"],
    title="Descent of the whole objective",
    says=r"With $\mathcal R_\lambda=\lambda_w\|\sqrt\lambda W\|_{2,4}^4+\lambda_v\|\sqrt\lambda "
    r"V\|_F^2$: $\mathbb E_\Sigma[L((1-\eta)\lambda P_\Sigma)+\mathcal "
    r"R_{(1-\eta)\lambda}(W+\sqrt\eta\Sigma\hat W,V+\sqrt\eta\hat V\Sigma)]\le(1-\eta)[L(\lambda "
    r"P)+\mathcal R_\lambda(W,V)]+\eta[L((1-\eta)\lambda q)+9\lambda_w\|\sqrt\lambda\hat "
    r"W\|_{2,4}^4+\lambda_v\|\sqrt\lambda\hat V\|_F^2]+\frac{(1-\eta)^2\lambda^2}2\mathbb "
    r"E\|P_\Sigma-\mathbb EP_\Sigma\|^2$.",
    kind="inequality",
    quantifiers=(*EVERYTHING, r"\forall\,\lambda,\lambda_w,\lambda_v"),
)


@ALLD5.part("a", says=r"The inequality.", specimens=SPECIMENS)
@given(**DRAWN)
def the_objective_descends(
    eta: float, size: float, trials: Trials, *, decayed: bool = True
) -> Bound:
    step = Step(eta, size, trials)
    P, keep, root = step.moved(), 1.0 - eta, math.sqrt(eta)
    scale, of_w, of_v = (trials.uniform(name) for name in ("lambda", "lambda_w", "lambda_v"))
    scale, of_w = 0.1 + 0.9 * scale, of_w * size**-2
    s = step.sigma
    moved = regulariser(
        step.W.unsqueeze(1) + root * s[:, :, None] * step.What.unsqueeze(1),
        step.V.unsqueeze(1) + root * step.Vhat.unsqueeze(1) * s[:, None, :],
        (keep if decayed else 1.0) * scale.unsqueeze(1),
        of_w.unsqueeze(1),
        of_v.unsqueeze(1),
    ).mean(dim=1)
    lam = scale.unsqueeze(1)
    left = step.loss(keep * lam * P).mean(dim=0) + moved
    old = step.loss(lam * step.P) + regulariser(step.W, step.V, scale, of_w, of_v)
    new = step.loss(keep * lam * step.q) + regulariser(
        step.What, step.Vhat, scale, 9.0 * of_w, of_v
    )
    right = keep * old + eta * new + 0.5 * (keep * scale) ** 2 * spread(P)
    return at_most(left, right * (1.0 + 1e-12))


the_objective_descends.twin(
    "λ not decayed in the regulariser", specimens=[{"eta": 0.01, "size": 3.0}], decayed=False
)


@ALLD5.part(
    "b",
    kind="inequality",
    says=r"$(1-\eta)^2(a^2+6\eta ab+\eta^2b^2)\le(1-\eta)a^2+9\eta b^2$ for $a,b\ge0$, "
    r"$\eta\in[0,1]$; 9 is the least constant.",
    quantifiers=(r"\forall\, a,b\ge0", r"\forall\,\eta"),
    specimens=[{"eta": 0.001}, {"eta": 0.3}],
)
@given(eta=log_uniform(0.0001, 1.0))
def the_decay_pays_for_the_cross_term(
    eta: float, trials: Trials, *, constant_of_b: float = 9.0
) -> Bound:
    a, ratio = 1.0, (3.0 * trials.normal("ratio", 64)).exp()
    ratio[:, 0] = 1.0 / 3.0
    left = (1.0 - eta) ** 2 * (a + 6.0 * eta * ratio + eta**2 * ratio**2) - (1.0 - eta) * a
    # Both sides over η: what is left is a difference of a², which 1 is added to.
    return at_most(left / eta + 1.0, constant_of_b * ratio**2 + 1.0 + 1e-12 / eta)


the_decay_pays_for_the_cross_term.twin("5 in place of 9", constant_of_b=5.0)

ALLD6 = statement(
    "ALL-D6",
    paper="ALL18",
    source="Remark C.10",
    provenance="derived",
    note="the page applies Lemmas 6.7 and 6.8 to the average over Σ, as Σ₁Σ is uniform again; a "
    "decay of the weights, as in (b), is ours: both printed variants decay λ",
    uses=["ALL-D1", "ALL-Q2"],
    title="Descent with random signs in the network",
    says=r"$\mathbb E_\Sigma P(x;W^{(0)}+\Sigma W,V^{(0)}+V\Sigma)=P_0+Q(W,V)$, $Q=AD_vVD_wWx$: "
    r"what is learned is purely quadratic.",
    kind="inequality",
    quantifiers=EVERYTHING,
)


@ALLD6.part("a", kind="identity", says=r"The mean.", specimens=SPECIMENS)
@given(**DRAWN)
def random_signs_leave_the_quadratic_part(
    eta: float, size: float, trials: Trials, *, share: float = 1.0
) -> Bound:
    step = Step(eta, size, trials)
    values = torch.stack([step.at(s[:, None] * step.W, step.V * s) for s in step.sigma])
    start = step.at(0.0 * step.W, 0.0 * step.V)
    form = step.network.form(step.signs, step.W, step.V, step.x)[:, 0]
    scale = 1.0 + values.abs().amax(dim=0)
    return equal(values.mean(dim=0), start + share * form, roundings=4e3, scale=scale)


random_signs_leave_the_quadratic_part.twin("half of the form", share=0.5)


@ALLD6.part(
    "b",
    says=r"With $W_+=\sqrt{1-\eta}\,W+\sqrt\eta\,\Sigma'\hat W$, "
    r"$V_+=\sqrt{1-\eta}\,V+\sqrt\eta\,\hat V\Sigma'$: $\mathbb E\,Q(W_+,V_+)=(1-\eta)Q(W,V)+\eta "
    r"Q(\hat W,\hat V)$, and $\mathbb E L(P_0+Q(W_+,V_+))\le(1-\eta)L(P_0+Q)+\eta L(P_0+\hat "
    r"Q)+\frac12\mathrm{Var}$.",
    specimens=SPECIMENS,
)
@given(**DRAWN)
def weight_decay_and_random_steps_descend(
    eta: float, size: float, trials: Trials, *, decayed: bool = True, variance: float = 1.0
) -> Bound:
    step = Step(eta, size, trials)
    keep, root = math.sqrt(1.0 - eta) if decayed else 1.0, math.sqrt(eta)
    form = step.network.form
    start = step.at(0.0 * step.W, 0.0 * step.V)
    Q = torch.stack(
        [
            form(
                step.signs,
                keep * step.W + root * s[:, None] * step.What,
                keep * step.V + root * step.Vhat * s,
                step.x,
            )[:, 0]
            for s in step.sigma
        ]
    )
    old = form(step.signs, step.W, step.V, step.x)[:, 0]
    mean = (1.0 - eta) * old + eta * step.q
    right = (1.0 - eta) * step.loss(start + old) + eta * step.loss(start + step.q)
    # The form may cancel: its roundings are relative to its largest value over Σ.
    gap = (Q.mean(dim=0) - mean).abs().amax(dim=-1)
    return all_of(
        mean=at_most(gap, 1e-11 * (1.0 + Q.abs().amax(dim=(0, 2)))),
        loss=at_most(
            step.loss(start + Q).mean(dim=0), (right + 0.5 * variance * spread(Q)) * (1.0 + 1e-12)
        ),
    )


weight_decay_and_random_steps_descend.twin("without √(1-η)", decayed=False)
weight_decay_and_random_steps_descend.twin(
    "without the variance", specimens=[{"eta": 0.8, "size": 1.0}], variance=0.0
)


@ALLD6.part(
    "c",
    says=r"$L(P_0+Q)\le\mathbb E_\Sigma L(P_\Sigma)\le "
    r"L(P_0+Q)+\frac12\sum_{r,j}\big([AD_vV]_{rj}h_j+[AD_vV^{(0)}]_{rj}[D_wWx]_j\big)^2$.",
    specimens=SPECIMENS,
)
@given(**DRAWN)
def the_mean_of_the_loss_is_near_the_loss_of_the_mean(
    eta: float, size: float, trials: Trials, *, share: float = 1.0
) -> Bound:
    step = Step(eta, size, trials)
    net, signs = step.network, step.signs
    values = torch.stack([step.at(s[:, None] * step.W, step.V * s) for s in step.sigma])
    start = step.loss(
        step.at(0.0 * step.W, 0.0 * step.V) + net.form(signs, step.W, step.V, step.x)[:, 0]
    )
    A = net.A * signs.v
    h, moved = signs.w * net.first(net.W, step.x), signs.w * (step.x @ step.W.mT)
    terms = (A @ step.V) * h + (A @ net.V) * moved
    mean = step.loss(values).mean(dim=0)
    rounding = 1e-12 * (1.0 + mean)
    return all_of(
        below=at_least(mean + rounding, start),
        above=at_most(mean, start + 0.5 * share * terms.square().sum(dim=(1, 2)) + rounding),
    )


the_mean_of_the_loss_is_near_the_loss_of_the_mean.twin("without the sum", share=0.0)
