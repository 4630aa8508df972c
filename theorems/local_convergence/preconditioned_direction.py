"""The paper's descent direction (ZGJ21, Lemma 8).

With the shares λ_j = q_j ‖w_j‖ and D_j the wedge between student j and its teacher, the chain rule
gives ⟨∇L, (I + w̄w̄ᵀ)^{-1}W⟩ = E[Rf] and

    G_q = E[R²] + Σ_j λ_j t_j,
    t_j = E[R p_iᵀx (sgn p_iᵀx - sgn s_jw_jᵀx)] = 2 E[R |p_iᵀx| 1_{D_j}],                        (1)

(12) on page 36. On the wedges R_2 ≥ 0, and |R_1| ≤ Σ_k |e_kᵀx|. By Cauchy 2 E|ēᵀx||p̄ᵀx|1_D is at
most 2 (2δ/π · 2δ³/3π)^{1/2} = (4/√3π) δ² on a wedge of opening δ, where E(ēᵀx)²1_D ≤ (δ + sin δ)/π.
Hence for all weights that live within δ, and all W,

    G_q ≥ 2L - (4/√3π) (Σ_k ‖e_k‖) (Σ_i ‖p_i‖) δ²,                                               (2)

which is Lemma C.2 with a constant. For one teacher ‖e_1‖ ≤ 5.58 √L (ZGJ-10), so that with δ =
4L^{1/3} the product is at least (2 - 65.6 L^{1/6}) L: Lemma 8 for r = 1 and L ≤ 10^{-11}.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Along,
    Bound,
    Instance,
    Trials,
    all_of,
    at_most,
    equal,
    given,
    statement,
)
from lemmata.strategies import log_uniform
from lemmata.theorems.local_convergence.setting.attacks import attacked
from lemmata.theorems.local_convergence.setting.network import (
    TeacherRows,
    Teachers,
    Weights,
    atoms,
    cells,
    full_angles,
    gradient,
    kernel,
    line_angles,
    loss,
    square,
    teachers,
    units,
)
from lemmata.theorems.local_convergence.setting.preconditioned import (
    half_and_pulls,
    least_product,
    normalised,
    sideways,
)
from lemmata.theorems.local_convergence.setting.states import States, states

_WORLDS = teachers(families=("orthogonal", "arc", "simplex", "random"))
_LOCAL = States(family="local", extra=4, size=0.5)
_TWO: Instance = {"world": Teachers(count=2, dimension=4, weakest=0.5), "students": _LOCAL}
WEDGE = 4.0 / (math.sqrt(3.0) * math.pi)
"""The constant of (2)."""

ZGJ30 = statement(
    "ZGJ-30",
    paper="ZGJ21",
    source="Lemma 8, page 9",
    uses=["ZGJ-01", "ZGJ-02", "ZGJ-03", "ZGJ-10", "ZGJ-31"],
    title="The paper's descent direction",
    says=r"Where $L(W)\le\varepsilon_0$: $G_q=\sum_i\sum_{j\in "
    r"T_i}\langle\nabla_{w_j}L,(I+\bar w_j\bar "
    r"w_j^\top)^{-1}(w_j-q_{ij}\,\mathrm{sgn}(w_j^\top p_i)\,p_i)\rangle\ge L(W)$ for all "
    r"$q_{ij}\ge0$ that vanish beyond $T_i(\delta_{\max})$ and have $\sum_jq_{ij}\|w_j\|=1$, "
    r"$\delta_{\max}=\Theta(rw_{\max}w_{\min}^{-5/3}L^{1/3})$. Here $p_i=\|w_i^*\|w_i^*$ is the "
    "teacher in the paper's units.",
    kind="inequality",
    withdrawn=(
        (
            "the direction with the cut-off min(1, Δ)/4 in place of δ_max, every mass within it "
            "sharing the teacher in proportion, has a product of at least L for all teachers: on "
            "three at the angle ½ it is 0.86 L, on 24 orthonormal ones below 0"
        ),
        (
            "the square of its length is at most 4 (r/min(1, Δ³))^{1/2} √L: for one teacher the "
            "constant is 6.7 in high dimension"
        ),
    ),
)


def _expectations(W: Weights, V: TeacherRows) -> Float[Tensor, "trials m"]:
    """Return t_j of (1), term by term in closed form."""
    matched, (v, c) = cells(W, V), atoms(W, V)
    w, p = units(matched.flipped), (V.norm(dim=-1, keepdim=True) * V)[matched.teacher]
    sizes = p.norm(dim=-1)
    own = sizes * torch.gather(
        (kernel(line_angles(v, V)) * c.unsqueeze(-1)).sum(dim=-2), -1, matched.teacher
    )
    angle = full_angles(w, v)
    seen = angle.sin() * (w * p).sum(dim=-1, keepdim=True) + (math.pi / 2 - angle) * (p @ v.mT)
    return own - 2.0 / math.pi * (c.unsqueeze(-2) * seen).sum(dim=-1)


@ZGJ30.part(
    "a",
    kind="identity",
    source="(12), page 36",
    says=r"$G_q=2L+\sum_{i}\sum_{j\in T_i}q_{ij}\|w_j\|\,\mathbb E\big[R\,p_i^\top "
    r"x\,(\mathrm{sgn}\,p_i^\top x-\mathrm{sgn}\,w_j^\top x)\big]$ for all $q$ with "
    r"$\sum_jq_{ij}\|w_j\|=1$, students on their teachers' sides.",
    quantifiers=(
        r"\forall\, m\ge r,d",
        r"\forall\, W^*",
        r"\forall\, W:\ T_i\ne\emptyset",
        r"\forall\, q",
    ),
    provenance="as printed",
    specimens=[_TWO],
)
@given(world=_WORLDS, students=states())
def the_product_is_an_expectation(
    world: Teachers, students: States, trials: Trials, *, preconditioned: bool = True
) -> Bound:
    V = world.build(trials)
    # Below the threshold no cell is empty.
    W = students.near(trials, V, world.threshold)
    matched = cells(W, V)
    share = normalised(trials.normal("q", W.shape[1]).exp(), matched)
    base, pull = half_and_pulls(W, V, matched, preconditioned=preconditioned)
    expected = 2.0 * loss(W, V) + (share * _expectations(W, V)).sum(dim=-1)
    return equal(
        base + (share * pull).sum(dim=-1),
        expected,
        roundings=128,
        scale=(square(W) + square(V)) ** 2,
    )


the_product_is_an_expectation.twin(
    "without the matrix (I + w̄w̄ᵀ)⁻¹", name="plain", preconditioned=False
)


@ZGJ30.part(
    "b",
    kind="identity",
    source="Lemma C.1, page 20",
    says=r"$\nabla L(aW)=a\nabla L(W)$ and $L(aW)=L(W)$ for $a\in\{\pm1\}^m$: the product is the "
    r"same at $aW$ with the direction $a\,g(W)$.",
    quantifiers=(r"\forall\, m,d", r"\forall\, W^*", r"\forall\, W", r"\forall\, a"),
    provenance="as printed",
    specimens=[_TWO],
)
@given(world=_WORLDS, students=states())
def signs_do_not_matter(
    world: Teachers, students: States, trials: Trials, *, turned: bool = True
) -> Bound:
    V = world.build(trials)
    W = students.draw(trials, V)
    a = trials.signs("a", W.shape[1], 1)
    scale = W.norm(dim=-1, keepdim=True) * (square(W) + square(V))[:, None, None]
    expected = gradient(W, V) * (a if turned else 1.0)
    return all_of(
        equal(gradient(a * W, V), expected, roundings=64, scale=scale.expand_as(W)),
        equal(loss(a * W, V), loss(W, V), roundings=64, scale=(square(W) + square(V)) ** 2),
    )


signs_do_not_matter.twin("∇L(aW) = ∇L(W)", turned=False)


@ZGJ30.part(
    "c",
    source="Lemma C.2, page 20",
    says=r"$G_q\ge2L-C\big(\sum_k\|e_k\|\big)\big(\sum_i\|p_i\|\big)\,\delta^2$ for all $q$ that "
    r"vanish beyond $T_i(\delta)\ne\emptyset$, with $C=\frac4{\sqrt3\pi}$ and no threshold; "
    r"$C\ge\frac2\pi$.",
    quantifiers=(
        r"\forall\, m\ge r,d",
        r"\forall\, W^*",
        r"\forall\, W",
        r"\forall\,\delta",
        r"\forall\, q",
    ),
    provenance="as printed",
    note=r"printed: $O(r^2w_{\max}\alpha\delta^2)$ where all $\|e_k\|\le\alpha$; the constant is "
    "ours",
    proof="in the docstring",
    along=Along(
        variable="δ",
        sizes=(0.03, 0.1, 0.3),
        instance=lambda delta: {**_SIDE, "reach": delta},
        at_most=0.05,
        at_least=-0.05,
        trials=16,
    ),
    specimens=[
        {**_TWO, "reach": 0.3},
        {"world": Teachers(dimension=3), "students": _LOCAL, "reach": 0.1},
    ],
)
@given(world=_WORLDS, students=states(), reach=log_uniform(0.01, 1.5, per_decade=2))
def the_product_is_twice_the_loss_but_for_the_square_of_the_angle(
    world: Teachers,
    students: States,
    reach: float,
    trials: Trials,
    *,
    factor: float = WEDGE,
    steps: int = 20,
) -> Bound:
    V = world.build(trials)
    p = V.norm(dim=-1).square().sum()

    def claim(W: Weights) -> Bound:
        G = least_product(W, V, reach)
        lost = torch.where(G.isfinite(), 2.0 * loss(W, V) - G, 0.0)
        errors = cells(W, V).errors.norm(dim=-1).sum(dim=-1)
        rounding = 256.0 * torch.finfo(W.dtype).eps * (square(W) + square(V)) ** 2
        return at_most(lost, factor * errors * p * reach**2 + rounding)

    side = sideways(V, 0.01 * reach, 0.9999 * reach, trials.stream("sideways"))
    return attacked(
        claim,
        students.draw(trials, V),
        V,
        trials,
        climb_steps=steps // 2,
        ascent_steps=steps,
        enough=1.0,
        side=side,
    )


_SIDE: Instance = {"world": Teachers(dimension=3), "students": _LOCAL}


the_product_is_twice_the_loss_but_for_the_square_of_the_angle.twin(
    "the constant 0.3", specimens=[{**_SIDE, "reach": 0.1}], factor=0.3, steps=0
)
