"""The limit kernel of the last layer is positive definite (in the manner of ALS18's Lemma 9.3,
at infinite width).

For unit vectors h_1, ..., h_n let K_ij = ½ ⟨h_i, h_j⟩ κ₀(⟨h_i, h_j⟩) with the arc-cosine kernel κ₀.
With a Gaussian vector w,

    vᵀ K v = E ‖Σ_j v_j 1[⟨w, h_j⟩ ≥ 0] h_j‖².

On the event of ALS-19 for example i, with its δ equal to 2s, reflecting w along h_i changes the
i-th indicator and no other, so the sum by exactly v_i h_i: the mean of the two squares is at least
¼ v_i². The event has probability 0.717 erf(s/(10n)) at least, hence the bound 0.02 s/n. With h_i
the normalised hidden vectors below the last layer, K is the limit of Q_L d/m of ALS-20 for d = 1.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Bound, Instance, Requirement, Trials, at_least, given, statement
from lemmata.strategies import UnitVectors, unit_vectors
from lemmata.theorems.mathematics.arc_cosine import kappa0


def _at(vectors: UnitVectors) -> Instance:
    return {"vectors": vectors}


def _pair(separation: float) -> UnitVectors:
    return UnitVectors(family="pair", count=2, dimension=4, separation=separation)


ALS36 = statement(
    "ALS-36",
    paper="ALS18",
    source="in the manner of Lemma 9.3, in the limit m → ∞",
    provenance="derived",
    note="constant ours",
    uses=["ALS-19"],
    title="The limit kernel of the last layer is positive definite, with an explicit constant",
    says=r"For $n\ge2$ unit vectors $h_1,\dots,h_n$ with $s=\min_{i\ne j}\|(I-h_ih_i^\top)h_j\|>0$ "
    r"let $K_{ij}=\frac12\langle h_i,h_j\rangle\kappa_0(\langle h_i,h_j\rangle)$. Then $K$ is "
    r"positive definite, by an amount of order $s$.",
    kind="inequality",
    requires=Requirement(paper=r"$s>0$; tried where $s\ge10^{-3}$"),
)

_FORALL = (r"\forall\, n\ge2", r"\forall\, \|h_1\|=\dots=\|h_n\|=1,\ s>0")
_specimens = [
    _at(_pair(1e-3)),
    _at(UnitVectors(family="arc", count=16, dimension=3, separation=0.01)),
    _at(UnitVectors(family="sphere", count=64, dimension=30)),
]
_vectors = unit_vectors(smallest=2, largest=24, dimensions=(2, 30), separations=(3e-3, 1.0)).filter(
    lambda vectors: _aside(vectors) > 1e-3
)


def _aside(vectors: UnitVectors) -> float:
    """Return s, without the cancellation of 1 - ⟨h_i, h_j⟩².

    0 where two vectors are equal or opposite.
    """
    h = vectors.build()
    difference = h.unsqueeze(1) - h.unsqueeze(0)
    other = difference - (difference * h.unsqueeze(1)).sum(dim=2, keepdim=True) * h.unsqueeze(1)
    return float(other.norm(dim=2)[~torch.eye(len(h), dtype=torch.bool)].min())


def _kernel(vectors: UnitVectors, trials: Trials) -> Float[Tensor, "n n"]:
    h = trials.tensor(vectors.build())
    gram = (h @ h.T).fill_diagonal_(1.0)
    return 0.5 * gram * kappa0(gram)


def _roundings(K: Float[Tensor, "n n"]) -> float:
    """Return what eigenvalues of K may lose, relatively to the smallest.

    A rounding of an entry near 1 moves arccos by its root.
    """
    spectrum = torch.linalg.eigvalsh(K)
    return float(64.0 * len(K) * spectrum[-1] / spectrum[0].clamp(min=1e-12))


def _minima(K: Float[Tensor, "n n"]) -> Float[Tensor, "n"]:
    """Return min {vᵀ K v : v_i = 1} = 1/(K⁻¹)_ii for each i."""
    return 1.0 / torch.linalg.inv(K).diagonal()


@ALS36.part(
    "a",
    says=r"$\min_{v:\,v_i=1}v^\top Kv=1/(K^{-1})_{ii}\ge0.02\,\frac sn$ for every $i$.",
    quantifiers=(*_FORALL, r"\forall\, i\in[n]", r"\forall\, v"),
    specimens=_specimens,
)
@given(vectors=_vectors)
def the_limit_kernel_is_positive_for_each_example(
    vectors: UnitVectors, trials: Trials, *, separated: bool = True
) -> Bound:
    K, s = _kernel(vectors, trials), _aside(vectors)
    claim = at_least(
        trials.every(_minima(K)), 0.02 * (s if separated else 1.0) / vectors.count
    ).up_to_roundings(_roundings(K))
    return claim.reporting(smallest_over_separation=trials.every(_minima(K).min() / s))


the_limit_kernel_is_positive_for_each_example.twin(
    "the separation is forgotten: ≥ 0.02/n",
    specimens=[_at(_pair(0.01)), _at(_pair(1e-3))],
    separated=False,
)


@ALS36.part(
    "b",
    says=r"Hence $\lambda_{\min}(K)\ge0.02\,\frac s{n^2}$.",
    quantifiers=_FORALL,
    specimens=_specimens,
)
@given(vectors=_vectors)
def the_limit_kernel_is_positive_definite(
    vectors: UnitVectors, trials: Trials, *, power: float = 1.0
) -> Bound:
    """A unit vector has an entry with v_i² ≥ 1/n, and (a) is homogeneous."""
    K, s = _kernel(vectors, trials), _aside(vectors)
    least = trials.every(torch.linalg.eigvalsh(K)[:1])
    claim = at_least(least, 0.02 * float(s) ** power / vectors.count**2).up_to_roundings(
        _roundings(K)
    )
    return claim.reporting(smallest_over_separation=least[:, 0] / s)


the_limit_kernel_is_positive_definite.twin(
    "the separation is forgotten: ≥ 0.02/n²", specimens=[_at(_pair(1e-3))], power=0.0
)
