"""Critical rows.

Many neurons of the last layer can be flipped for one example alone (in the manner of ALS18, Lemma
9.3).

Fix the hidden vectors h_1, ..., h_n ∈ R^p that the last layer receives, and let w ~ N(0, (2/m) I)
be one of its rows, ĥ = h/‖h‖. If example i is close to w's boundary and the others are not, then
moving w along ĥ_i across the boundary flips i's indicator and no other. The two positions' rows of
the gradient differ by a vector that depends on example i only, so that one of them is long,
whatever the other examples do. Enough rows of this kind exist, because ⟨w, ĥ_i⟩ has a density at 0,
and given it the others ⟨w, h_j⟩ are Gaussian with a variance of order δ²/m.

The slab is |⟨w, ĥ_i⟩| ≤ s = δ/(10 n √m); the others are clear of it if |⟨w, h_j⟩| ≥ δ/(4 n √m).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from hypothesis import strategies as st
from jaxtyping import Bool, Float
from torch import Tensor

from lemmata.harness import (
    Bound,
    Mean,
    Trials,
    all_of,
    at_least,
    at_most,
    equal,
    given,
    mean_of,
    statement,
)
from lemmata.harness.layers import gaussian_layer
from lemmata.strategies import UnitVectors, sizes, unit_vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenVectors:
    """Fixed vectors h_1, ..., h_n with norms from `shortest` to `longest`, evenly.

    Attributes:
        vectors: their directions.
        shortest: the norm of the first, at least ½.
        longest: the norm of the last, at most 5/4.
    """

    vectors: UnitVectors
    shortest: float = 1.0
    longest: float = 1.0

    @property
    def count(self) -> int:
        """The number n of vectors."""
        return self.vectors.count

    def build(self) -> Float[Tensor, "p n"]:
        """Return the vectors as columns."""
        return self.vectors.build().T * torch.linspace(
            self.shortest, self.longest, self.count, dtype=torch.float64
        )

    @property
    def delta(self) -> float:
        """The largest δ with ‖(I - ĥ_i ĥ_iᵀ) h_j‖ ≥ δ/2 for all i ≠ j; 1 for a single vector."""
        h = self.build()
        unit = h / h.norm(dim=0)
        aside = (h.unsqueeze(1) - unit.unsqueeze(2) * (unit.mT @ h)).norm(dim=0)
        return 2.0 * float(aside.fill_diagonal_(torch.inf).min()) if self.count > 1 else 1.0


ALS19 = statement(
    "ALS-19",
    paper="ALS18",
    source="in the manner of Lemma 9.3",
    provenance="derived",
    uses=["ALS-11"],
    title="Many neurons of the last layer can be flipped for one example alone",
    says=r"Fix $h_1,\dots,h_n$ with $\|h_i\|\in[\frac12,\frac54]$ and $\|(I-\hat h_i\hat "
    r"h_i^\top)h_j\|\ge\delta/2$ for $i\ne j$. At least $\Omega(\delta m/n)$ of $m$ rows $w\sim "
    r"N(0,\frac2mI)$ are such that moving $w$ along $\hat h_i$ flips the indicator of example $i$ "
    r"and no other.",
)

_ROWS = (r"\forall\, n,m,\delta", r"\forall\, h_1,\dots,h_n", r"\forall\, i", r"\mathbb P_w")
_TIGHT = HiddenVectors(
    vectors=UnitVectors(family="cluster", count=8, dimension=9, separation=0.2),
    shortest=1.25,
    longest=1.25,
)
_PAIR = HiddenVectors(vectors=UnitVectors(family="pair", count=2, dimension=10, separation=0.4))
_NEAR = HiddenVectors(vectors=UnitVectors(family="pair", count=2, dimension=10, separation=0.05))
_hidden = st.builds(
    HiddenVectors,
    vectors=unit_vectors(smallest=1, largest=8, dimensions=(2, 16), separations=(0.02, 1.0)).filter(
        lambda drawn: drawn.count == 1 or HiddenVectors(vectors=drawn).delta > 0.01
    ),
    shortest=st.sampled_from([1.0, 0.5]),
    longest=st.sampled_from([1.0, 1.25]),
)
_BATCH = 64
"""Rows in a trial, where a row is what the statement is about."""


def _slab(hidden: HiddenVectors, m: int) -> float:
    return hidden.delta / (10.0 * hidden.count * math.sqrt(m))


def _rows_in_the_slab(
    hidden: HiddenVectors, m: int, rows: int, trials: Trials
) -> tuple[Tensor, Tensor]:
    """Draw rows given |⟨w, ĥ_1⟩| ≤ s, and return ⟨w, ĥ_1⟩ and ⟨w, h_j⟩ for every j.

    ⟨w, ĥ_1⟩ is a truncated Gaussian, by inversion; the part of w that is orthogonal to ĥ_1 is
    independent of it.
    """
    h = trials.tensor(hidden.build())
    first = h[:, 0] / h[:, 0].norm()
    inside = math.erf(_slab(hidden, m) * math.sqrt(m) / 2.0)
    position = (
        2.0 / math.sqrt(m) * torch.erfinv((2.0 * trials.uniform("position", rows) - 1.0) * inside)
    )
    g = trials.normal("g", rows, h.shape[0], variance=2.0 / m)
    across = g - (g @ first).unsqueeze(-1) * first
    return position, (across + position.unsqueeze(-1) * first) @ h


@ALS19.part(
    "a",
    kind="mean",
    says=r"$P\big(|\langle w,\hat h_i\rangle|\le\frac\delta{10n\sqrt "
    r"m}\big)=\mathrm{erf}\big(\frac\delta{20n}\big)\approx0.0564\,\delta/n$.",
    quantifiers=_ROWS,
    specimens=[{"hidden": _PAIR, "m": 4096}, {"hidden": _TIGHT, "m": 4096}],
    layers=("matrix-free", "dense"),
)
@given(hidden=_hidden, m=sizes(smallest=256, largest=4096))
def a_row_lies_in_the_slab_with_a_probability_of_order_delta(
    hidden: HiddenVectors, m: int, trials: Trials, *, variance: float = 2.0
) -> Mean:
    h = trials.tensor(hidden.build())
    w = gaussian_layer(trials, "W", m, h.shape[0], variance=2.0 / m)
    along = w.apply(trials.every(h[:, :1] / h[:, :1].norm())).squeeze(-1)
    expected = math.erf(_slab(hidden, m) * math.sqrt(m / (2.0 * variance)))
    return mean_of((along.abs() <= _slab(hidden, m)).to(h.dtype).mean(dim=1) / expected, 1.0)


a_row_lies_in_the_slab_with_a_probability_of_order_delta.twin(
    "rows of variance 1/m in place of 2/m", variance=1.0
)


@ALS19.part(
    "b",
    kind="probability",
    says=r"Given (a), with probability at least $1-\frac{n-1}{2\sqrt\pi\,n}\ge0.717$ all $j\ne i$ "
    r"satisfy $|\langle w,h_j\rangle|\ge\frac\delta{4n\sqrt m}$.",
    quantifiers=(*_ROWS, r"\forall\, j\ne i"),
    specimens=[{"hidden": _PAIR, "m": 64}, {"hidden": _TIGHT, "m": 64}],
)
@given(hidden=_hidden.filter(lambda hidden: hidden.count > 1), m=sizes(smallest=1, largest=4096))
def the_other_examples_are_clear_of_the_slab(
    hidden: HiddenVectors, m: int, trials: Trials, *, width: float = 1.0
) -> Bound:
    """Given ⟨w, ĥ_i⟩, ⟨w, h_j⟩ is Gaussian with a deviation of at least δ/√(2m), whatever its
    mean.
    """
    _, products = _rows_in_the_slab(hidden, m, 1, trials)
    n = hidden.count
    clear = at_least(products[:, 0, 1:].abs(), width * hidden.delta / (4.0 * n * math.sqrt(m)))
    return clear.except_with_probability((n - 1) / (2.0 * math.sqrt(math.pi) * n))


@the_other_examples_are_clear_of_the_slab.twin(
    "clear of a slab n times as wide: each with a constant probability, but not all"
)
def _(hidden: HiddenVectors, m: int, trials: Trials) -> Bound:
    return the_other_examples_are_clear_of_the_slab.check(
        hidden, m, trials, width=4.0 * hidden.count
    )


@ALS19.part(
    "c",
    kind="probability",
    says=r"With "
    r"$p=\mathrm{erf}\big(\frac\delta{20n}\big)\big(1-\frac{n-1}{2\sqrt\pi\,n}\big)="
    r"\Omega(\delta/n)$, "
    r"at least $\frac12pm=\Omega(\delta m/n)$ of $m$ rows are critical for $i$ alone, as in (a) "
    r"and (b), with probability at least $1-e^{-pm/8}$.",
    quantifiers=_ROWS,
    specimens=[{"hidden": _PAIR, "m": 4096}, {"hidden": _NEAR, "m": 8192}],
    layers=("dense", "matrix-free"),
)
@given(hidden=_hidden, m=sizes(smallest=1024, largest=16384))
def many_rows_are_critical_for_one_example_alone(
    hidden: HiddenVectors, m: int, trials: Trials, *, fraction: float | None = None
) -> Bound:
    """The rows are independent, so that their number is binomial.

    Chernoff's bound at half the mean.
    """
    h, n = trials.tensor(hidden.build()), hidden.count
    products = gaussian_layer(trials, "W", m, h.shape[0], variance=2.0 / m).apply(trials.every(h))
    near = (products[..., 0] / h[:, 0].norm()).abs() <= _slab(hidden, m)
    clear = (products[..., 1:].abs() >= hidden.delta / (4.0 * n * math.sqrt(m))).all(dim=2)
    p = (
        math.erf(hidden.delta / (20.0 * n)) * (1.0 - (n - 1) / (2.0 * math.sqrt(math.pi) * n))
        if fraction is None
        else fraction
    )
    return at_least((near & clear).to(h.dtype).sum(dim=1), 0.5 * p * m).except_with_probability(
        math.exp(-p * m / 8.0)
    )


@many_rows_are_critical_for_one_example_alone.twin(
    "their share is of order 1/n: the separation is forgotten",
    specimens=[{"hidden": _NEAR, "m": 8192}],
)
def _(hidden: HiddenVectors, m: int, trials: Trials) -> Bound:
    return many_rows_are_critical_for_one_example_alone.check(
        hidden, m, trials, fraction=0.717 * math.erf(1.0 / (20.0 * hidden.count))
    )


def _critical(
    hidden: HiddenVectors, m: int, products: Float[Tensor, "trials rows n"]
) -> Bool[Tensor, "trials rows"]:
    return (products[..., 1:].abs() >= hidden.delta / (4.0 * hidden.count * math.sqrt(m))).all(
        dim=2
    )


@ALS19.part(
    "d",
    kind="inequality",
    says=r"On a critical row, moving $w$ along $\hat h_i$ inside the slab changes $1[\langle "
    r"w,h_i\rangle\ge0]$ and no other indicator.",
    quantifiers=(
        r"\forall\, n,m,\delta",
        r"\forall\, h_1,\dots,h_n",
        r"\forall\, i",
        r"\forall\, w\text{ critical}",
        r"\forall\, j\ne i",
    ),
    specimens=[{"hidden": _TIGHT, "m": 64}, {"hidden": _PAIR, "m": 64}],
)
@given(hidden=_hidden.filter(lambda hidden: hidden.count > 1), m=sizes(smallest=1, largest=4096))
def moves_inside_the_slab_flip_one_example_alone(
    hidden: HiddenVectors, m: int, trials: Trials, *, width: float = 1.0
) -> Bound:
    """Between the ends of the slab ⟨w, h_j⟩ changes by at most 2s‖h_j‖ ≤ δ/(4n√m), as ‖h_j‖ ≤
    5/4.
    """
    position, products = _rows_in_the_slab(hidden, m, _BATCH, trials)
    h, reach = trials.tensor(hidden.build()), width * _slab(hidden, m)
    moves = (position.abs() + reach).unsqueeze(-1) * ((h[:, 0] / h[:, 0].norm()) @ h[:, 1:]).abs()
    change = torch.where(_critical(hidden, m, products).unsqueeze(-1), moves, 0.0)
    # Vectors of norm 5/4 that are nearly parallel attain it up to the cosine of their angle.
    return at_most(change, products[..., 1:].abs()).up_to_roundings(4.0 * h.shape[0])


moves_inside_the_slab_flip_one_example_alone.twin("moves ten times as far", width=10.0)


@ALS19.part(
    "e",
    kind="inequality",
    says=r"For the two positions the $k$-th rows $r_\pm$ of $\nabla^v_{W_L}$ differ by exactly "
    r"$\langle B_{\cdot k},v_i\rangle h_i$, so that $\max(\|r_+\|,\|r_-\|)\ge\frac12|\langle "
    r"B_{\cdot k},v_i\rangle|\,\|h_i\|$.",
    quantifiers=(
        r"\forall\, n,m,d,\delta",
        r"\forall\, h_1,\dots,h_n",
        r"\forall\, i",
        r"\forall\, w\text{ critical}",
        r"\forall\, v,B",
    ),
    specimens=[{"hidden": _PAIR, "outputs": 2}, {"hidden": _NEAR, "outputs": 1}],
)
@given(hidden=_hidden.filter(lambda hidden: hidden.count > 1), outputs=sizes(smallest=1, largest=4))
def one_of_two_positions_has_a_long_gradient_row(
    hidden: HiddenVectors, outputs: int, trials: Trials, *, half: float = 0.5
) -> Bound:
    m, h = 64, trials.tensor(hidden.build())
    _, products = _rows_in_the_slab(hidden, m, _BATCH, trials)
    weights = trials.normal("B", _BATCH, outputs) @ trials.normal("v", outputs, hidden.count)
    others = (weights * (products >= 0))[..., 1:] @ h[:, 1:].mT
    jump = weights[..., :1] * h[:, 0]
    plus, minus = (
        (weights * _at(products, 1.0, h, hidden, m)) @ h.mT,
        (weights * _at(products, -1.0, h, hidden, m)) @ h.mT,
    )
    critical = _critical(hidden, m, products).unsqueeze(-1)
    longest = torch.maximum(plus.norm(dim=-1), minus.norm(dim=-1))
    size = (weights.abs() @ h.norm(dim=0)).unsqueeze(-1)
    return all_of(
        equal(
            torch.where(critical, plus - minus, jump),
            jump,
            roundings=8.0 * hidden.count,
            scale=size.expand_as(jump),
        ),
        equal(
            torch.where(critical, minus, others),
            others,
            roundings=8.0 * hidden.count,
            scale=size.expand_as(jump),
        ),
        at_least(
            torch.where(critical[..., 0], longest, jump.norm(dim=-1)), half * jump.norm(dim=-1)
        ),
    )


def _at(
    products: Tensor, side: float, h: Tensor, hidden: HiddenVectors, m: int
) -> Bool[Tensor, "trials rows n"]:
    """Return the indicators with w moved along ĥ_1 to one end of the slab."""
    first = h[:, 0] / h[:, 0].norm()
    position = products[..., :1] / h[:, 0].norm()
    return products + (side * _slab(hidden, m) - position) * (first @ h) >= 0


one_of_two_positions_has_a_long_gradient_row.twin(
    "the whole difference: the factor ½ is forgotten", half=1.0
)
