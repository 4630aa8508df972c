"""Subspace initialisation: the teachers' span is estimated first (ZGJ21, appendix E.2).

With y = f*(x) the matrix M = E y(xxᵀ - I) is √(2/π) Σ_j ‖p_j‖ p̄_j p̄_jᵀ, p_j = ‖w*_j‖w*_j, because
E|t|(t² - 1) = √(2/π): its range is the teachers' span. From N samples it is known up to about
r √(d/N). Algorithm 2 takes the r leading eigenvectors of the estimate M̂, draws directions in their
span S and fits masses; the dimension d of Lemma E.1 becomes r.

If ‖M̂ - M‖ ≤ ε, a unit vector u orthogonal to S has uᵀM̂u ≤ λ_{r+1}(M̂) ≤ ε, so uᵀMu ≤ 2ε, and
√(2/π) ‖p_j‖ (p̄_jᵀu)² ≤ 2ε for each j: the teachers' projections v_j = P_S p_j leave

    E(Σ_j |v_jᵀx| - f*)² ≤ (Σ_j ‖p_j - v_j‖)² ≤ √(2π) ε (Σ_j √‖p_j‖)² ≤ √(2π) r² w_max ε.        (1)

One teacher attains it: ε = ½√(2/π) ‖p‖ turns the leading eigenvector by a right angle.
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
    Instance,
    Mean,
    Requirement,
    Trials,
    at_most,
    given,
    mean_of,
    statement,
    worst_of,
)
from lemmata.strategies import log_uniform
from lemmata.theorems.local_convergence.random_initialisation import MOST, students_needed
from lemmata.theorems.local_convergence.setting.least_squares import fitted
from lemmata.theorems.local_convergence.setting.network import (
    TeacherRows,
    Teachers,
    Weights,
    loss,
    teachers,
)

GAIN = math.sqrt(2.0 / math.pi)
"""The constant of Lemma E.2."""

ZGJ39 = statement(
    "ZGJ-39",
    paper="ZGJ21",
    source="Lemmas E.2-E.5 and Algorithm 2, pages 51-53",
    provenance="as printed",
    note="in units where the longest teacher has norm 1, so that the powers of w_max are 1; "
    "E.2-E.4 are quoted there from two other papers",
    uses=["ZGJ-38"],
    title="Subspace initialisation",
    says=r"Let $M=\mathbb E[f^*(x)(xx^\top-I)]$ and $\hat M$ its mean over $N$ samples; let $S$ be "
    r"spanned by the $r$ leading eigenvectors of $\hat M$. Students drawn in $S$, with the masses "
    r"that fit best, have $L(W')\le\varepsilon$ with probability $1-\delta$ if $N\ge\tilde "
    r"O(dr^6w_{\max}^4/\varepsilon^2)$ and $m\ge O\big((\frac{rw_{\max}}{\sqrt\varepsilon})^r\,r"
    r"\log\frac1\delta\big)$.",
)


def second_moment(V: TeacherRows) -> Float[Tensor, "d d"]:
    """Return M = √(2/π) Σ_j ‖p_j‖ p̄_j p̄_jᵀ."""
    return GAIN * V.mT @ V


def estimated_second_moment(
    V: TeacherRows, samples: int, trials: Trials, *, centred: float = 1.0
) -> Float[Tensor, "trials d d"]:
    """Return M̂ = (1/N) Σ_k f*(x_k) (x_k x_kᵀ - I)."""
    x = trials.normal("samples", samples, V.shape[1])
    y = ((x @ V.mT).abs() * V.norm(dim=-1)).sum(dim=-1)
    identity = torch.eye(V.shape[1], dtype=V.dtype, device=V.device)
    return (x * y.unsqueeze(-1)).mT @ x / samples - centred * y.mean(dim=1)[
        :, None, None
    ] * identity


def leading_span(
    matrix: Float[Tensor, "trials ... d d"], r: int
) -> Float[Tensor, "trials ... d r"]:
    """Return an orthonormal basis of the r leading eigenvectors."""
    return torch.linalg.eigh(matrix).eigenvectors[..., -r:]


_SAMPLES = (r"\forall\, r,d", r"\forall\, W^*")


@ZGJ39.part(
    "a",
    source="Lemma E.2, page 52",
    kind="mean",
    note="the constant c is left unsaid in print: it is √(2/π)",
    says=r"$\mathbb E[f^*(x)(xx^\top-I)]=\sqrt{\frac2\pi}\sum_j\|p_j\|\,\bar p_j\bar p_j^\top$, "
    r"$p_j=\|w_j^*\|w_j^*$, entry by entry.",
    quantifiers=(*_SAMPLES, r"\mathbb E_x"),
    specimens=[
        {"world": Teachers(dimension=3)},
        {"world": Teachers(family="arc", count=2, dimension=3, separation=0.8, weakest=0.5)},
    ],
)
@given(world=teachers(count=(1, 2), dimensions=(2, 4), families=("orthogonal", "arc", "random")))
def the_labelled_second_moment_spans_the_teachers(
    world: Teachers, trials: Trials, *, centred: float = 1.0
) -> Mean:
    V = world.build(trials)
    return mean_of(estimated_second_moment(V, 512, trials, centred=centred), second_moment(V))


the_labelled_second_moment_spans_the_teachers.twin("xxᵀ without - I", centred=0.0)


def _at(r: int, d: int, samples: int) -> Instance:
    return {"r": r, "d": d, "samples": samples}


def _along(name: str, variable: str, numbers: tuple[int, ...], **usual: int) -> Along:
    return Along(
        variable=variable,
        sizes=numbers,
        instance=lambda size: {**_at(2, 8, 2000), **usual, name: size},
        at_most=0.1,
        at_least=-0.1 if name == "samples" else None,
        trials=64,
    )


_ALONG_THE_SAMPLES = _along("samples", "N", (500, 2000, 8000))


@ZGJ39.part(
    "b",
    source="Lemma E.3, page 52",
    kind="scaling",
    note="the logarithm in Õ is not needed at these sizes",
    says=r"$N=\tilde O(d/\epsilon^2)$ samples give $\|\hat M-M\|_2\le O(rw_{\max}\epsilon)$: "
    r"$\|\hat M-M\|_2\le C\,r\sqrt{d/N}$.",
    quantifiers=(r"\forall\, r,d,N", r"\forall\, W^*", r"\mathbb P_x"),
    constant=Constant(
        5.0, measured_on="r ≤ 8, d = 4…32, N = 500…8000: worst of 1000 trials 4.3, at r = 1, d = 8"
    ),
    along=[
        _ALONG_THE_SAMPLES,
        _along("d", "d", (4, 8, 16, 32)),
        _along("r", "r", (2, 4, 8)),
    ],
    specimens=[_at(1, 8, 2000), _at(3, 16, 2000)],
)
@given(
    r=st.integers(1, 3), d=st.sampled_from((4, 8, 16)), samples=st.sampled_from((500, 2000, 8000))
)
def the_second_moment_is_known_from_samples_in_proportion_to_the_dimension(
    r: int, d: int, samples: int, trials: Trials, *, rate: float = 0.5
) -> Bound:
    V = Teachers(count=r, dimension=d).build(trials)
    off = estimated_second_moment(V, samples, trials) - second_moment(V)
    return at_most(torch.linalg.eigvalsh(off).abs().amax(dim=-1), r * (d / samples) ** rate)


the_second_moment_is_known_from_samples_in_proportion_to_the_dimension.twin(
    "N of order 1/ε", specimens=[], along=[_ALONG_THE_SAMPLES], rate=1.0
)


def _projected(basis: Float[Tensor, "trials ... d r"], V: TeacherRows) -> Weights:
    """Return students whose ‖w_j‖w_j are the projections of p_j."""
    v = V.norm(dim=-1, keepdim=True) * V @ basis @ basis.mT
    return v / v.norm(dim=-1, keepdim=True).clamp(min=1e-150).sqrt()


def _perturbed(
    V: TeacherRows, share: float, trials: Trials
) -> dict[str, tuple[Float[Tensor, "trials ... d d"], Float[Tensor, "trials ..."]]]:
    """Return M̂ and ‖M̂ - M‖: 16 random ones, and one that turns the least eigenvector away.

    The latter takes half of the least eigenvalue from its eigenvector, and gives a little more than
    half of it to a direction that no teacher has.
    """
    M = second_moment(V)
    G = trials.normal("perturbation", 16, *M.shape)
    G = G + G.mT
    size = torch.linalg.eigvalsh(G).abs().amax(dim=-1)
    epsilon = share * float(torch.linalg.eigvalsh(M).amax())
    found = {"random": (M + epsilon / size[..., None, None] * G, torch.full_like(size, epsilon))}
    values, vectors = torch.linalg.eigh(M)
    # Dependent teachers have no r-th eigenvalue to turn.
    if len(V) < V.shape[1] and float(values[-len(V)]) > 1e-9 * float(values[-1]):
        least, none = vectors[:, -len(V)], vectors[:, 0]
        half = 0.5 * values[-len(V)]
        turned = (
            M - half * torch.outer(least, least) + (1.0 + 1e-9) * half * torch.outer(none, none)
        )
        found["turned"] = (
            trials.every(turned),
            torch.full_like(size[:, 0], float((1.0 + 1e-9) * half)),
        )
    return found


@ZGJ39.part(
    "c",
    source="Lemma E.4, page 52",
    kind="inequality",
    note="the constant √(2π) of the O is ours, proved in the module's docstring, and attained",
    says=r"If $\|\hat M-M\|_2\le\epsilon$, the projections $v^{(j)}=P_Sp_j$ onto the span of the "
    r"$r$ leading eigenvectors of $\hat M$ have $\mathbb "
    r"E\big(\sum_j|v^{(j)\top}x|-f^*(x)\big)^2\le\sqrt{2\pi}\,r^2w_{\max}\epsilon$.",
    quantifiers=(*_SAMPLES, r"\forall\, \hat M:\ \|\hat M-M\|_2\le\epsilon"),
    specimens=[
        {"world": Teachers(dimension=3), "share": 0.3},
        {
            "world": Teachers(family="arc", count=2, dimension=3, separation=0.05),
            "share": 0.01,
        },
    ],
)
@given(
    world=teachers(count=(1, 3), dimensions=(2, 6), families=("orthogonal", "arc", "simplex")),
    share=log_uniform(1e-3, 1.0),
)
def projected_teachers_lose_in_proportion_to_the_error(
    world: Teachers, share: float, trials: Trials, *, power: float = 1.0
) -> Bound:
    V = world.build(trials)
    found = {}
    for name, (estimate, epsilon) in _perturbed(V, share, trials).items():
        W = _projected(leading_span(estimate, world.count), V)
        bound = math.sqrt(2.0 * math.pi) * world.count**2 * epsilon**power
        found[name] = at_most(2.0 * loss(W, V), bound)
    return worst_of(**found).up_to_roundings(1e4)


projected_teachers_lose_in_proportion_to_the_error.twin(
    "ε²: two teachers at a small angle lose Δ³ where ε is Δ²",
    specimens=[
        {
            "world": Teachers(family="arc", count=2, dimension=3, separation=0.05),
            "share": 0.01,
        }
    ],
    power=2.0,
)


def algorithm_2(
    V: TeacherRows,
    m: int,
    samples: int,
    trials: Trials,
    *,
    rank: int | None = None,
    steps: int = 100,
) -> Weights:
    """Return W' of Algorithm 2: directions N(0, QQᵀ), masses by least squares."""
    basis = leading_span(
        estimated_second_moment(V, samples, trials), len(V) if rank is None else rank
    )
    return fitted(trials.normal("initial", m, basis.shape[-1]) @ basis.mT, V, steps=steps)


def _literal(d: int, r: int, epsilon: float) -> Instance:
    return {"d": d, "r": r, "epsilon": epsilon, "delta": 0.1}


@ZGJ39.part(
    "d",
    source="Lemma E.5, page 52",
    kind="probability",
    note="hidden constants 1, without the logarithm of Õ; the lemma also needs r ≤ d",
    says=r"Algorithm 2 on $N=dr^6w_{\max}^4/\varepsilon^2$ samples with "
    r"$m=(\frac{rw_{\max}}{\sqrt\varepsilon})^r\,r\log\frac1\delta$ students: "
    r"$L(W')\le\varepsilon$ with probability at least $1-\delta$.",
    quantifiers=(
        r"\forall\, r\le d",
        r"\forall\, \varepsilon\le O(r^2w_{\max}^2)",
        r"\forall\, \delta",
        r"\mathbb P_{x,w}",
    ),
    requires=Requirement(
        paper=r"$\varepsilon\le O(r^2w_{\max}^2)$, $N\ge\tilde O(dr^6w_{\max}^4/\varepsilon^2)$, "
        r"$m\ge O((rw_{\max}/\sqrt\varepsilon)^r\,r\log\frac1\delta)$: here all with the constant "
        r"1",
        met=lambda r, epsilon, delta: students_needed(r, r, epsilon, delta) <= MOST,
    ),
    specimens=[_literal(8, 2, 0.2), _literal(4, 1, 0.1)],
)
@given(
    d=st.sampled_from((8, 4, 16)),
    r=st.integers(1, 2),
    epsilon=st.sampled_from((0.2, 0.4)),
    delta=st.sampled_from((0.1, 0.3)),
)
def students_in_the_estimated_span_fit_the_teachers(
    d: int, r: int, epsilon: float, delta: float, trials: Trials, *, short: int = 0
) -> Bound:
    V = Teachers(count=r, dimension=d).build(trials)
    m = min(MOST, students_needed(r, r, epsilon, delta))
    W = algorithm_2(V, m, math.ceil(d * r**6 / epsilon**2), trials, rank=r - short)
    return at_most(loss(W, V), epsilon).except_with_probability(delta)


students_in_the_estimated_span_fit_the_teachers.twin(
    "r - 1 leading eigenvectors", specimens=[_literal(8, 2, 0.2)], short=1
)
