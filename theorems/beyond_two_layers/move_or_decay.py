r"""Move or decay (ALL18, Lemma 6.7, (C.38) to (C.42)).

The printed lemma never moves and decays in one step. What a random step gains on the frozen network
is bounded by what a decay of λ loses, 2L(u) - L((1-η)u) up to O(η²): so one of the two brings the
objective to (1 - ηγ/4) of its value as long as it is above (1+γ) OPT, for γ ≤ ⅓, of which the lemma
uses γ ≤ ¼.
"""

from __future__ import annotations

import torch
from hypothesis import strategies as st

from lemmata.harness import Bound, Trials, at_most, given, statement
from lemmata.strategies import log_uniform
from lemmata.theorems.beyond_two_layers.setting.frozen_steps import (
    DRAWN,
    EVERYTHING,
    SPECIMENS,
    Step,
    spread,
)
from lemmata.theorems.beyond_two_layers.setting.losses import root_loss_gradient

ALLD7 = statement(
    "ALL-D7",
    paper="ALL18",
    source="Lemma 6.7, (C.38) to (C.42)",
    provenance="derived",
    note="the exact remainder is derived; the end of the page's proof takes γ in [0, 1], where its "
    "step holds for γ ≤ ⅓: a side remark, as the lemma has γ ≤ ¼",
    uses=["ALL-Q2"],
    title="Move or decay",
    says=r"One of the two, a random step $\sqrt\eta(\Sigma\hat W,\hat V\Sigma)$ or the decay "
    r"$\lambda\to(1-\eta)\lambda$, brings the objective to $(1-\frac{\eta\gamma}4)$ of its value.",
    kind="inequality",
)


@ALLD7.part(
    "a",
    says=r"$u=\lambda P$: $\mathbb E_\Sigma L(\lambda "
    r"P_\Sigma)\le(1-\eta)[2L(u)-L((1-\eta)u)]+\eta L(\lambda q)+\frac{\lambda^2}2\mathbb "
    r"E\|P_\Sigma-\mathbb EP_\Sigma\|^2+\eta^2\langle\nabla "
    r"L(u),u\rangle+\frac{1-\eta}2\big(\frac{\eta^2}{(1-\eta)^2}+\eta^2\big)\|u\|^2$.",
    quantifiers=EVERYTHING,
    specimens=SPECIMENS,
)
@given(**DRAWN)
def a_move_gains_what_a_decay_loses(
    eta: float, size: float, trials: Trials, *, variance: float = 1.0, twice: float = 2.0
) -> Bound:
    step = Step(eta, size, trials)
    lam, keep = 0.1 + 0.9 * trials.uniform("lambda", 1), 1.0 - eta
    P, u = lam * step.moved(), lam * step.P
    slope = (root_loss_gradient(u, step.y) * u).sum(dim=1)
    second = 0.5 * keep * (eta**2 / keep**2 + eta**2) * u.square().sum(dim=1)
    # 2L(u) - L((1-η)u); a twin that forgets the difference has L((1-η)u).
    both = twice * step.loss(u) - (twice - 1.0) * step.loss(keep * u)
    if twice == 0.0:
        both = step.loss(keep * u)
    right = keep * both + eta * step.loss(lam * step.q) + 0.5 * variance * spread(P)
    right = right + eta**2 * slope + second
    # 1 is added to both sides, as the right one may vanish or be negative.
    return at_most(
        step.loss(P).mean(dim=0) + 1.0 + right.abs(),
        right + 1.0 + right.abs() + 1e-12 * (1.0 + size) ** 2,
    )


a_move_gains_what_a_decay_loses.twin(
    "without the variance", specimens=[{"eta": 0.3, "size": 1.0}], variance=0.0
)
a_move_gains_what_a_decay_loses.twin(
    "L((1-η)u) in place of 2L(u) - L((1-η)u)",
    specimens=[{"eta": 0.1, "size": 3.0}],
    twice=0.0,
)


@ALLD7.part(
    "b",
    provenance="as printed",
    says=r"If $c_1\le(1-\eta)(2c_3-c_2)+\frac{\eta\gamma}4c_3+\eta\,\mathrm{OPT}$ and "
    r"$c_3\ge(1+\gamma)\mathrm{OPT}$, $0\le\gamma\le\frac13$: "
    r"$\min\{c_1,c_2\}\le(1-\frac{\eta\gamma}4)c_3$.",
    quantifiers=(r"\forall\, c_2,c_3,\mathrm{OPT}", r"\forall\,\gamma\le\frac13", r"\forall\,\eta"),
    specimens=[{"eta": 0.01, "gamma": 0.25}, {"eta": 0.1, "gamma": 0.33}],
)
@given(eta=log_uniform(0.001, 0.8), gamma=st.sampled_from((0.25, 0.33, 0.1, 0.0)))
def one_of_the_two_decreases_the_objective(
    eta: float, gamma: float, trials: Trials, *, wide: float = 1.0
) -> Bound:
    gamma = wide * gamma
    best = 0.01 + trials.uniform("OPT", 64)
    extra = torch.where(trials.uniform("tight", 64) < 0.5, 0.0, trials.uniform("above", 64))
    c3 = (1.0 + gamma) * best * (1.0 + extra)
    # The worst c₂ makes both equal; others are drawn around it.
    equal_at = ((1.0 - eta) * 2.0 * c3 + 0.25 * eta * gamma * c3 + eta * best) / (2.0 - eta)
    noise = torch.where(trials.uniform("exact", 64) < 0.3, 0.0, trials.normal("c2", 64))
    c2 = (equal_at * (1.0 + 0.1 * noise)).clamp(min=0.0)
    c1 = (1.0 - eta) * (2.0 * c3 - c2) + 0.25 * eta * gamma * c3 + eta * best
    return at_most(torch.minimum(c1, c2), (1.0 - 0.25 * eta * gamma) * c3 * (1.0 + 1e-12))


one_of_the_two_decreases_the_objective.twin(
    "γ up to 1", specimens=[{"eta": 0.1, "gamma": 0.25}], wide=4.0
)
