r"""Which losses satisfy the hypotheses (ALL18, Section 3).

L(f, y) = √(1 + ‖f - y‖²) - 1 has the gradient (f - y)/√(1 + ‖f - y‖²) and a Hessian between 0 and
1: it is convex, 1-Lipschitz and 1-smooth, and L(0, y) ≤ 1 for ‖y‖ ≤ √3. Cross-entropy has the
gradient p - e_y of norm up to √2 and the Hessian diag(p) - pp^⊤ ≤ ½, and L(0, y) = log k.
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st

from lemmata.harness import Bound, Trials, all_of, at_least, at_most, given, statement
from lemmata.strategies import log_uniform
from lemmata.theorems.beyond_two_layers.setting.losses import root_loss, root_loss_gradient

ALLL1 = statement(
    "ALL-L1",
    paper="ALL18",
    source="Section 3",
    provenance="derived",
    title="Losses that satisfy the hypotheses",
    says=r"$\sqrt{1+\|f-y\|^2}-1$ is convex, 1-Lipschitz and 1-smooth, and $L(0,y)\in[0,1]$ for "
    r"$\|y\|\le\sqrt3$. Cross-entropy is convex, $\frac12$-smooth, $\sqrt2$-Lipschitz and "
    r"$L(0,y)=\log k$: it satisfies the hypotheses after division by $\max(\sqrt2,\log k)$.",
    note="the page names cross-entropy as an example without the rescaling, and the squared loss, "
    "which is not Lipschitz; two layers do without smoothness. Nothing depends on it",
    kind="inequality",
    quantifiers=(r"\forall\, k", r"\forall\, f,g,y"),
)


@ALLL1.part(
    "a",
    says=r"With $L=\sqrt{1+\|f-y\|^2}-1$, $\|y\|\le\sqrt3$: $\|\nabla L\|\le1$, $0\le L(g)-L(f)-"
    r"\langle\nabla L(f),g-f\rangle\le\frac12\|g-f\|^2$, $0\le L(0,y)\le1$.",
    specimens=[{"k": 1, "size": 1.0}, {"k": 3, "size": 0.1}],
)
@given(k=st.integers(1, 6), size=log_uniform(0.1, 100.0))
def the_root_loss_meets_the_hypotheses(
    k: int, size: float, trials: Trials, *, smooth: float = 1.0, longest: float = 3.0
) -> Bound:
    f, g = (size * trials.normal(name, 32, k) for name in "fg")
    y = math.sqrt(longest) * trials.uniform("length", 32, 1) * trials.sphere("y", 32, k)
    gradient = root_loss_gradient(f, y)
    gap = root_loss(g, y) - root_loss(f, y) - (gradient * (g - f)).sum(dim=-1)
    square = (g - f).square().sum(dim=-1)
    rounding = 64.0 * torch.finfo(f.dtype).eps * (1.0 + size) * (1.0 + square.sqrt())
    return all_of(
        lipschitz=at_most(gradient.norm(dim=-1), 1.0),
        smooth=at_most(gap, 0.5 * smooth * square + rounding),
        convex=at_least(gap + 2.0 * rounding, rounding),
        start=at_most(root_loss(torch.zeros_like(y), y), 1.0),
    )


the_root_loss_meets_the_hypotheses.twin("smoothness ½", smooth=0.5)
the_root_loss_meets_the_hypotheses.twin("targets up to 3", longest=9.0)


@ALLL1.part(
    "b",
    says=r"Cross-entropy divided by $\max(\sqrt2,\log k)$ meets the same four inequalities.",
    specimens=[{"k": 2, "size": 10.0}, {"k": 5, "size": 1.0}],
)
@given(k=st.integers(2, 8), size=log_uniform(0.1, 100.0))
def cross_entropy_meets_the_hypotheses_after_a_rescaling(
    k: int, size: float, trials: Trials, *, scaled: bool = True
) -> Bound:
    scale = max(math.sqrt(2.0), math.log(k)) if scaled else 1.0
    f, g = (size * trials.normal(name, 32, k) for name in "fg")
    label = (k * trials.uniform("label", 32, 1)).long().clamp(max=k - 1)

    def loss(z: torch.Tensor) -> torch.Tensor:
        return (z.logsumexp(dim=-1) - z.gather(-1, label).squeeze(-1)) / scale

    probabilities = f.softmax(dim=-1)
    gradient = probabilities.scatter_add(-1, label, -torch.ones_like(label, dtype=f.dtype)) / scale
    gap = loss(g) - loss(f) - (gradient * (g - f)).sum(dim=-1)
    square = (g - f).square().sum(dim=-1)
    rounding = 64.0 * torch.finfo(f.dtype).eps * (1.0 + size) * (1.0 + square.sqrt())
    return all_of(
        lipschitz=at_most(gradient.norm(dim=-1), 1.0),
        smooth=at_most(gap, 0.25 / scale * square + rounding),
        convex=at_least(gap + 2.0 * rounding, rounding),
        start=at_most(loss(torch.zeros_like(f)), 1.0),
    )


cross_entropy_meets_the_hypotheses_after_a_rescaling.twin(
    "without the rescaling: √2-Lipschitz, and log k > 1 from k = 3 on", scaled=False
)
