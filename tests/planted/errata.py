"""Statements that are taught or were printed and are false, each beside its corrected form.

Both forms are written as one who believes them would write them: strategies over sizes, vectors and
matrices, and no specimens. The check's keyword ``right`` says which form is meant.
"""

from __future__ import annotations

import functools
import itertools
import math
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from hypothesis import strategies as st
from support import fresh_id
from torch import Tensor

from lemmata.harness import (
    Bound,
    Claim,
    Mean,
    Part,
    Trials,
    at_least,
    at_most,
    equal,
    given,
    mean_at_least,
    mean_at_most,
    mean_of,
    statement,
)
from lemmata.strategies import (
    Matrix,
    Vector,
    log_uniform,
    matrices,
    of_one_size,
    positive_matrices,
    probability_vectors,
    symmetric_matrices,
    vectors,
)

__test__ = False  # its statements belong to the tests that judge them


@dataclass(frozen=True, slots=True)
class Erratum:
    """A false statement and its corrected form.

    Attributes:
        name: what the false form says.
        source: where it is met.
        make: makes a part of the form that is asked for.
    """

    name: str
    source: str
    make: Callable[[bool], Part]

    @property
    def false(self) -> Part:
        """The false form."""
        return self.make(False)

    @property
    def true(self) -> Part:
        """The corrected form."""
        return self.make(True)


ERRATA: list[Erratum] = []


def erratum(
    name: str, *, source: str, kind: str = "inequality", **drawn: st.SearchStrategy[Any]
) -> Callable[[Callable[..., Claim]], Callable[..., Claim]]:
    """List the decorated check, which takes ``right=``, as an erratum."""

    def listed(check: Callable[..., Claim]) -> Callable[..., Claim]:
        def make(right: bool) -> Part:
            form = types.FunctionType(
                check.__code__, check.__globals__, check.__name__, None, check.__closure__
            )
            form.__kwdefaults__ = {"right": right}
            form.__annotations__ = check.__annotations__
            said = statement(fresh_id(), source=source, title=name, says="$x$", kind=kind)
            return said(given(**drawn)(form))

        ERRATA.append(Erratum(name, source, make))
        return check

    return listed


def _matrices(trials: Trials, drawn: tuple[Matrix, ...]) -> list[Tensor]:
    return [trials.every(trials.tensor(matrix)) for matrix in drawn]


def _vectors(trials: Trials, drawn: tuple[Vector, ...]) -> list[Tensor]:
    return [trials.every(trials.tensor(vector)) for vector in drawn]


def _trace(A: Tensor) -> Tensor:
    return A.diagonal(dim1=-2, dim2=-1).sum(-1)


def _norm(A: Tensor) -> Tensor:
    return torch.linalg.matrix_norm(A, ord=2)


def _root(A: Tensor) -> Tensor:
    values, basis = torch.linalg.eigh(A)
    return (basis * values.clamp(min=0).sqrt()[:, None, :]) @ basis.mT


# Matrices


@erratum(
    "traces do not see the order of three factors",
    source="a slip with the cyclic rule, common in derivations of gradients",
    kind="identity",
    drawn=of_one_size(matrices, matrices, matrices, largest=3),
)
def traces(drawn: tuple[Matrix, ...], trials: Trials, *, right: bool) -> Bound:
    """The trace is cyclic: tr ABC = tr BCA, and tr ACB differs from 2 × 2 matrices on."""
    A, B, C = _matrices(trials, drawn)
    scale = A.norm(dim=(1, 2)) * B.norm(dim=(1, 2)) * C.norm(dim=(1, 2))
    other = B @ C @ A if right else A @ C @ B
    return equal(_trace(A @ B @ C), _trace(other), roundings=100, scale=scale)


def _symmetric(size: int) -> st.SearchStrategy[Matrix]:
    return symmetric_matrices(size, low=-3.0, high=3.0)


def _thompson(matrix: tuple[Tensor, ...]) -> Bound:
    left = torch.linalg.matrix_exp(sum(matrix[1:], matrix[0]))
    right = functools.reduce(torch.matmul, [torch.linalg.matrix_exp(one) for one in matrix])
    return at_most(_trace(left), _trace(right))


@erratum(
    "Golden–Thompson for three matrices",
    source="the inequality of Golden and Thompson, extended as if by induction",
    drawn=of_one_size(_symmetric, _symmetric, _symmetric, largest=3),
)
def golden_thompson(drawn: tuple[Matrix, ...], trials: Trials, *, right: bool) -> Bound:
    """True of two symmetric matrices, an equality where they commute and for 1 × 1; the product
    of three exponentials may even have a negative trace (Lieb's inequality replaces it)."""
    A, B, C = _matrices(trials, drawn)
    return _thompson((A, B) if right else (A, B, C))


@erratum(
    "a circular convolution has the norm of its kernel",
    source="a slip in bounds for convolutional layers",
    kernel=st.integers(1, 5).flatmap(vectors),
)
def convolution(kernel: Vector, trials: Trials, *, right: bool) -> Bound:
    """The norm is max_k |k̂|, which exceeds ‖k‖₂ where the kernel is constant, say."""
    k = trials.tensor(kernel)
    circulant = torch.stack([k.roll(shift) for shift in range(len(kernel))])
    bound = torch.fft.fft(k).abs().amax() if right else k.norm()
    return at_most(_norm(trials.every(circulant)), bound)


@erratum(
    "A B + B A is positive where A and B are",
    source="a slip with non-commuting matrices",
    drawn=of_one_size(positive_matrices, positive_matrices, largest=3),
)
def anticommutator(drawn: tuple[Matrix, ...], trials: Trials, *, right: bool) -> Bound:
    """diag(1, 0) and a projection at 45 degrees; (A + B)²/4 ≥ (A B + B A)/4 instead, as their
    difference is (A² + B²)/4, and a sum of squares is positive."""
    A, B = _matrices(trials, drawn)
    matrix = A @ A + B @ B if right else A @ B + B @ A
    return at_least(torch.linalg.eigvalsh(matrix).amin(dim=-1), 0.0)


@erratum(
    "the square of matrices is monotone",
    source="A ≥ B ≥ 0 taken to imply A² ≥ B², as for numbers",
    drawn=of_one_size(positive_matrices, positive_matrices, largest=3),
)
def monotone(drawn: tuple[Matrix, ...], trials: Trials, *, right: bool) -> Bound:
    """t ↦ t² is monotone on commuting matrices only; the root is, on all (Löwner and Heinz)."""
    B, P = _matrices(trials, drawn)
    A = B + P
    gap = _root(A) - _root(B) if right else A @ A - B @ B
    return at_least(torch.linalg.eigvalsh(gap).amin(dim=-1), 0.0)


@erratum(
    "the root of a matrix is 1-Lipschitz",
    source="a perturbation bound used for whitening",
    drawn=of_one_size(positive_matrices, positive_matrices, largest=3),
)
def roots(drawn: tuple[Matrix, ...], trials: Trials, *, right: bool) -> Bound:
    """False near 0, where even √ of numbers is steep; ‖√A - √B‖ ≤ ‖A - B‖^½ holds."""
    A, B = _matrices(trials, drawn)
    distance = _norm(A - B)
    return at_most(_norm(_root(A) - _root(B)), distance.sqrt() if right else distance)


@erratum(
    "a Hadamard product is bounded by the largest entry of one factor",
    source="a slip in bounds for masked weight matrices",
    drawn=of_one_size(positive_matrices, matrices, largest=3),
    signs=st.tuples(st.booleans(), st.booleans()),
)
def hadamard(
    drawn: tuple[Matrix, ...], signs: tuple[bool, bool], trials: Trials, *, right: bool
) -> Bound:
    """‖A ∘ B‖ ≤ max aᵢᵢ ‖B‖ for positive A (Schur); for others a mask of signs breaks it."""
    A, B = _matrices(trials, drawn)
    if right:
        return at_most(_norm(A * B), A.diagonal(dim1=1, dim2=2).amax(-1) * _norm(B))
    mask = torch.where(A > 1.0, 1.0, -1.0) if signs[0] else A - 1.0
    return at_most(_norm(mask * B), mask.abs().amax(dim=(1, 2)) * _norm(B))


@erratum(
    "the Frobenius norm of a product is at most the product of spectral norms",
    source="norms mixed up in a bound for deep products",
    drawn=of_one_size(matrices, matrices, largest=3),
)
def frobenius(drawn: tuple[Matrix, ...], trials: Trials, *, right: bool) -> Bound:
    """The identity breaks it; ‖A B‖_F ≤ ‖A‖ ‖B‖_F holds, with equality for 1 × 1."""
    A, B = _matrices(trials, drawn)
    return at_most((A @ B).norm(dim=(1, 2)), _norm(A) * (B.norm(dim=(1, 2)) if right else _norm(B)))


@erratum(
    "the largest entry is a submultiplicative norm",
    source="quantisation bounds that chain largest entries",
    drawn=of_one_size(matrices, matrices, largest=4),
)
def largest_entry(drawn: tuple[Matrix, ...], trials: Trials, *, right: bool) -> Bound:
    """Matrices of ones break it; a factor n repairs it."""
    A, B = _matrices(trials, drawn)
    factor = A.shape[-1] if right else 1
    return at_most(
        (A @ B).abs().amax(dim=(1, 2)), factor * A.abs().amax(dim=(1, 2)) * B.abs().amax(dim=(1, 2))
    )


@erratum(
    "the spectral radius is subadditive",
    source="stability of a sum of two stable recurrences",
    drawn=of_one_size(matrices, matrices, largest=3),
)
def spectral_radius(drawn: tuple[Matrix, ...], trials: Trials, *, right: bool) -> Bound:
    """Two nilpotent matrices break it; of symmetric ones the radius is the norm."""
    A, B = _matrices(trials, drawn)
    if right:
        A, B = A + A.mT, B + B.mT

    def radius(matrix: Tensor) -> Tensor:
        return torch.linalg.eigvals(matrix).abs().amax(dim=-1)

    return at_most(radius(A + B), radius(A) + radius(B))


@erratum(
    "Gershgorin's radius is the largest entry beside the diagonal",
    source="a slip with the circle theorem",
    matrix=st.integers(1, 4).flatmap(symmetric_matrices),
)
def gershgorin(matrix: Matrix, trials: Trials, *, right: bool) -> Bound:
    """The radius is the row's sum: a matrix of ones has the eigenvalue n."""
    A = trials.every(trials.tensor(matrix))
    diagonal = A.diagonal(dim1=1, dim2=2)
    beside = (A - torch.diag_embed(diagonal)).abs()
    radius = beside.sum(-1) if right else beside.amax(-1)
    return at_most(torch.linalg.eigvalsh(A).amax(-1), (diagonal + radius).amax(-1))


@erratum(
    "a sum is conditioned no worse than its worse summand",
    source="a claim on regularised kernels, without its hypothesis",
    drawn=of_one_size(
        lambda n: positive_matrices(n, ridge=0.25), lambda n: positive_matrices(n, ridge=0.25)
    ),
    flip=st.booleans(),
)
def conditioning(drawn: tuple[Matrix, ...], flip: bool, trials: Trials, *, right: bool) -> Bound:
    """True of positive matrices: the largest eigenvalues add up to at most, the smallest to at
    least, their sums. The difference of two of them may be singular."""
    A, B = _matrices(trials, drawn)
    if flip and not right:
        B = -B

    def kappa(matrix: Tensor) -> Tensor:
        values = torch.linalg.svdvals(matrix)
        return (values[:, 0] / values[:, -1]).nan_to_num(nan=torch.inf)

    return at_most(kappa(A + B), torch.maximum(kappa(A), kappa(B)))


@erratum(
    "each eigenvalue of a sum is at most the sum of those of its rank",
    source="Weyl's inequality with the wrong indices",
    drawn=of_one_size(symmetric_matrices, symmetric_matrices, largest=3),
)
def weyl(drawn: tuple[Matrix, ...], trials: Trials, *, right: bool) -> Bound:
    """λᵢ(A + B) ≤ λᵢ(A) + λ₁(B); diag(1, 0) + diag(0, 1) breaks it with λᵢ(B)."""
    A, B = _matrices(trials, drawn)
    of_A, of_B = torch.linalg.eigvalsh(A), torch.linalg.eigvalsh(B)
    return at_most(torch.linalg.eigvalsh(A + B), of_A + (of_B[:, -1:] if right else of_B))


# Convexity, smoothness, descent


@erratum(
    "a product of convex functions is convex",
    source="a slip in losses that multiply two convex factors",
    knots=vectors(2),
    ends=vectors(2),
)
def convex_products(knots: Vector, ends: Vector, trials: Trials, *, right: bool) -> Bound:
    """|x - a| |x - b| is concave between a and b; the sum is convex."""

    def f(x: float) -> float:
        left, right_ = (abs(x - knot) for knot in knots)
        return left + right_ if right else left * right_

    values = trials.every(trials.tensor([f(ends[0]), f(ends[1]), f((ends[0] + ends[1]) / 2)]))
    return at_most(values[:, 2], (values[:, 0] + values[:, 1]) / 2)


_QUADRATICS = of_one_size(positive_matrices, vectors, vectors, largest=3)


def _quadratic(
    drawn: tuple[Any, ...], trials: Trials
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """½ xᵀ A x with two points and the ends of the spectrum of A."""
    A, x, y = (trials.every(trials.tensor(one)) for one in drawn)
    spectrum = torch.linalg.eigvalsh(A)
    return A, x, y, spectrum[:, 0].clamp(min=0), spectrum[:, -1]


def _value(A: Tensor, x: Tensor) -> Tensor:
    return 0.5 * torch.einsum("ti,tij,tj->t", x, A, x)


def _times(A: Tensor, x: Tensor) -> Tensor:
    return torch.einsum("tij,tj->ti", A, x)


@erratum(
    "the squared gradient of a smooth function is at most L times the gap",
    source="the bound by self-bounding, with its factor 2 lost",
    drawn=_QUADRATICS,
)
def self_bounding(drawn: tuple[Any, ...], trials: Trials, *, right: bool) -> Bound:
    """‖∇f‖² ≤ 2 L (f - f*), attained along the top eigenvector."""
    A, x, _, _, L = _quadratic(drawn, trials)
    return at_most(_times(A, x).square().sum(-1), (2 if right else 1) * L * _value(A, x))


@erratum(
    "gradients of smooth convex functions are 2/L-cocoercive",
    source="the constant of Baillon and Haddad doubled",
    drawn=_QUADRATICS,
)
def cocoercive(drawn: tuple[Any, ...], trials: Trials, *, right: bool) -> Bound:
    """⟨∇f(x) - ∇f(y), x - y⟩ ≥ ‖∇f(x) - ∇f(y)‖²/L, attained along the top eigenvector."""
    A, x, y, _, L = _quadratic(drawn, trials)
    step = x - y
    change = _times(A, step)
    factor = 1.0 if right else 2.0
    return at_least(L * (change * step).sum(-1), factor * change.square().sum(-1))


@erratum(
    "strong convexity gives ‖∇f‖² ≥ 4 μ (f - f*)",
    source="the inequality of Polyak and Łojasiewicz with a factor 2 too many",
    drawn=_QUADRATICS,
)
def lojasiewicz(drawn: tuple[Any, ...], trials: Trials, *, right: bool) -> Bound:
    """2 μ, attained along the bottom eigenvector; in one dimension everywhere."""
    A, x, _, mu, _ = _quadratic(drawn, trials)
    return at_least(_times(A, x).square().sum(-1), (2 if right else 4) * mu * _value(A, x))


@erratum(
    "any step below 2/L decreases f by η/2 ‖∇f‖²",
    source="the descent lemma quoted without its range of steps",
    drawn=_QUADRATICS,
    share=st.floats(0.0, 2.0),
)
def descent(drawn: tuple[Any, ...], share: float, trials: Trials, *, right: bool) -> Bound:
    """The decrease is η (1 - η L/2) ‖∇f‖², which is η/2 ‖∇f‖² for η ≤ 1/L only."""
    A, x, _, _, L = _quadratic(drawn, trials)
    step = share / L.clamp(min=1e-3)
    slope = _times(A, x)
    factor = 1 - step * L / 2 if right else 0.5
    after = _value(A, x - step[:, None] * slope)
    return at_most(after, _value(A, x) - step * factor * slope.square().sum(-1))


_PAIRS = of_one_size(vectors, vectors, smallest=2)


@erratum(
    "the softmax is 1/4-Lipschitz",
    source="the sigmoid's constant carried over",
    drawn=_PAIRS,
)
def softmax(drawn: tuple[Vector, ...], trials: Trials, *, right: bool) -> Bound:
    """Its Jacobian diag(p) - p pᵀ has the norm ½ at p = (½, ½)."""
    x, y = _vectors(trials, drawn)
    change = (x.softmax(-1) - y.softmax(-1)).norm(dim=-1)
    return at_most(change, (0.5 if right else 0.25) * (x - y).norm(dim=-1))


@erratum(
    "layer normalisation is 1-Lipschitz",
    source="taken for a projection in Lipschitz bounds for transformers",
    drawn=_PAIRS,
)
def layer_norm(drawn: tuple[Vector, ...], trials: Trials, *, right: bool) -> Bound:
    """Vectors of small variance are stretched, by 1/√ε at most."""
    x, y = _vectors(trials, drawn)
    size, eps = (x.shape[-1],), 0.01
    change = torch.layer_norm(x, size, eps=eps) - torch.layer_norm(y, size, eps=eps)
    factor = eps**-0.5 if right else 1.0
    return at_most(change.norm(dim=-1), factor * (x - y).norm(dim=-1))


@erratum(
    "GELU is 1-Lipschitz",
    source="said of activations in general",
    ends=vectors(2),
)
def gelu(ends: Vector, trials: Trials, *, right: bool) -> Bound:
    """Its slope is 1.129 at √2."""
    x = trials.every(trials.tensor(ends))
    y = torch.nn.functional.gelu(x)
    return at_most((y[:, 0] - y[:, 1]).abs(), (1.13 if right else 1.0) * (x[:, 0] - x[:, 1]).abs())


@erratum(
    "the median is at most the mean",
    source="said of skewed data, and then of all",
    values=st.integers(1, 7).flatmap(vectors),
)
def medians(values: Vector, trials: Trials, *, right: bool) -> Bound:
    """(0, 1, 1) breaks it; mean and median differ by at most a standard deviation."""
    x = trials.every(trials.tensor(values))
    if len(values) % 2 == 0:
        x = torch.cat([x, x[:, :1]], dim=1)
    middle, mean = x.median(dim=-1).values, x.mean(-1)
    if not right:
        return at_most(middle + 4.0, mean + 4.0)
    return at_most((middle - mean).abs(), x.std(dim=-1, unbiased=False))


@erratum(
    "the Kullback–Leibler divergence is at most twice the total variation",
    source="Pinsker's inequality turned round",
    drawn=of_one_size(probability_vectors, probability_vectors, smallest=2),
)
def pinsker(drawn: tuple[Vector, ...], trials: Trials, *, right: bool) -> Bound:
    """TV² ≤ KL/2 is right; KL is infinite where q vanishes and p does not."""
    p, q = _vectors(trials, drawn)
    divergence = torch.special.xlogy(p, p).sum(-1) - torch.special.xlogy(p, q).sum(-1)
    variation = 0.5 * (p - q).abs().sum(-1)
    if right:
        return at_most(2 * variation.square(), divergence)
    return at_most(divergence, 2 * variation)


@erratum(
    "contraction with absolute values costs no factor",
    source="Talagrand's contraction lemma quoted without its factor 2",
    points=st.lists(vectors(3, low=-2.0, high=2.0), min_size=1, max_size=4).map(tuple),
)
def contraction(points: tuple[Vector, ...], trials: Trials, *, right: bool) -> Bound:
    """E sup |Σ εᵢ φ(tᵢ)| ≤ 2 E sup |Σ εᵢ tᵢ| for 1-Lipschitz φ, φ(0) = 0; without the absolute
    values the factor is 1. Expectations are exact, over all signs."""
    T = trials.tensor(points)
    signs = trials.tensor(list(itertools.product((-1.0, 1.0), repeat=3)))

    def complexity(of: Tensor) -> Tensor:
        return (signs @ of.mT).abs().amax(dim=-1).mean()

    both = torch.stack([complexity(T.relu()), complexity(T)])
    drawn = trials.every(both)
    return at_most(drawn[:, 0], (2 if right else 1) * drawn[:, 1])


# Probability


@erratum(
    "the two-sided bound of Hoeffding without its factor 2",
    source="the one-sided bound, used for |S|",
    kind="probability",
    n=st.integers(1, 30),
    t=st.floats(0.2, 0.5),
)
def hoeffding(n: int, t: float, trials: Trials, *, right: bool) -> Bound:
    """At n = 1 the deviation of a fair coin is ½, always."""
    mean = (trials.signs("x", n) / 2).mean(-1)
    p = (2 if right else 1) * math.exp(-2 * n * t * t)
    return at_most(mean.abs(), t * (1 - 1e-9)).except_with_probability(p)


@erratum(
    "McDiarmid for signs with differences of 1",
    source="bounded differences with the wrong constant",
    kind="probability",
    n=st.integers(1, 30),
    t=st.floats(0.1, 1.0),
)
def mcdiarmid(n: int, t: float, trials: Trials, *, right: bool) -> Bound:
    """A sign that flips changes the sum by 2: P[S ≥ n t] ≤ exp(-n t²/2)."""
    mean = trials.signs("x", n).mean(-1)
    p = math.exp(-n * t * t * (0.5 if right else 2.0))
    return at_most(mean, t).except_with_probability(p)


@erratum(
    "Dvoretzky, Kiefer and Wolfowitz without the factor 2",
    source="Massart's one-sided bound, used for |F_n - F|",
    kind="probability",
    n=st.integers(1, 30),
    epsilon=st.floats(0.1, 0.9),
)
def dkw(n: int, epsilon: float, trials: Trials, *, right: bool) -> Bound:
    """P[sup |F_n - F| > ε] ≤ 2 exp(-2 n ε²)."""
    x = trials.uniform("x", n).sort(dim=-1).values
    steps = torch.arange(n + 1, device=x.device, dtype=x.dtype) / n
    distance = torch.maximum((steps[1:] - x).amax(-1), (x - steps[:-1]).amax(-1))
    p = (2 if right else 1) * math.exp(-2 * n * epsilon**2)
    return at_most(distance, epsilon).except_with_probability(p)


@erratum(
    "one side has half of Chebyshev's bound",
    source="symmetry assumed silently",
    kind="probability",
    q=st.floats(0.05, 0.95),
)
def cantelli(q: float, trials: Trials, *, right: bool) -> Bound:
    """P[X - E X ≥ t] ≤ σ²/(σ² + t²) (Cantelli), attained by two points."""
    hit = (trials.uniform("x", 1) < q).double().sum(-1)
    t, variance = 1 - q, q * (1 - q)
    p = variance / (variance + t * t) if right else variance / (2 * t * t)
    return at_most(hit - q, 0.999 * t).except_with_probability(p)


@erratum(
    "Markov's bound may be squared",
    source="Markov and Chebyshev mixed up",
    kind="probability",
    q=st.floats(0.05, 0.95),
)
def markov(q: float, trials: Trials, *, right: bool) -> Bound:
    """P[X ≥ a] ≤ E X/a, attained by a coin of two values."""
    hit = (trials.uniform("x", 1) < q).double().sum(-1)
    return at_most(hit, 0.5).except_with_probability(q if right else q * q)


@erratum(
    "projections keep lengths except with probability 2 exp(-m ε²/2)",
    source="the lemma of Johnson and Lindenstrauss with the constant of a bounded sum",
    kind="probability",
    m=st.integers(1, 64),
    epsilon=st.floats(0.3, 0.9),
)
def lengths(m: int, epsilon: float, trials: Trials, *, right: bool) -> Bound:
    """‖g‖²/m has the variance 2/m; 2 exp(-m (ε² - ε³)/4) holds."""
    square = trials.normal("g", m).square().mean(-1)
    exponent = m * (epsilon**2 - epsilon**3) / 4 if right else m * epsilon**2 / 2
    return at_most((square - 1).abs(), epsilon).except_with_probability(2 * math.exp(-exponent))


@erratum(
    "a union bound may be taken with a maximum",
    source="P[A or B] taken as the larger of the two",
    kind="probability",
    n=st.integers(1, 10),
    q=log_uniform(0.01, 0.5),
)
def union(n: int, q: float, trials: Trials, *, right: bool) -> Bound:
    """n q, not q."""
    return at_least(trials.uniform("x", n).amin(-1), q).except_with_probability(
        n * q if right else q
    )


# Means


@erratum(
    "the sample's own variance is unbiased",
    source="Bessel's correction forgotten",
    kind="mean",
    n=st.integers(2, 12),
)
def bessel(n: int, trials: Trials, *, right: bool) -> Mean:
    """E Σ (xᵢ - x̄)²/n = (n - 1)/n."""
    return mean_of(trials.normal("x", n).var(dim=-1, unbiased=right), 1.0)


@erratum(
    "the sample's standard deviation is unbiased",
    source="taken from its square",
    kind="mean",
    n=st.integers(2, 8),
)
def deviations(n: int, trials: Trials, *, right: bool) -> Mean:
    """The root of an unbiased estimate is biased: √(2/(n-1)) Γ(n/2)/Γ((n-1)/2)."""
    factor = math.sqrt(2 / (n - 1)) * math.exp(math.lgamma(n / 2) - math.lgamma((n - 1) / 2))
    return mean_of(trials.normal("x", n).std(dim=-1), factor if right else 1.0)


@erratum(
    "the largest of n normals in absolute value is √(2 log n) on average",
    source="the maximal inequality for one side",
    kind="mean",
    n=st.integers(1, 50),
)
def maximal(n: int, trials: Trials, *, right: bool) -> Mean:
    """2n variables are compared: √(2 log 2n); at n = 1 the bound would be 0."""
    bound = math.sqrt(2 * math.log(2 * n if right else n))
    return mean_at_most(trials.normal("g", n).abs().amax(-1), bound)


@erratum(
    "the mean of an inverse is the inverse of the mean",
    source="Jensen's inequality read as an equality",
    kind="mean",
    spread=st.floats(0.5, 4.0),
)
def jensen(spread: float, trials: Trials, *, right: bool) -> Mean:
    """E 1/X ≥ 1/E X."""
    x = 1 + spread * trials.uniform("x", 1)[:, 0]
    claim = mean_at_least if right else mean_of
    return claim(1 / x, 1 / (1 + spread / 2))


@erratum(
    "a Gaussian matrix has norm √(m + n) on average",
    source="√m + √n added as squares",
    kind="mean",
    m=st.integers(1, 12),
    n=st.integers(1, 12),
)
def gaussian_norm(m: int, n: int, trials: Trials, *, right: bool) -> Mean:
    """Gordon: √m + √n."""
    bound = math.sqrt(m) + math.sqrt(n) if right else math.sqrt(m + n)
    return mean_at_most(_norm(trials.normal("G", m, n)), bound)


@erratum(
    "a batch without replacement has the variance of one with",
    source="analyses of stochastic gradient descent that sample epochs",
    kind="mean",
    N=st.integers(2, 8),
    share=st.floats(0.0, 1.0),
)
def batches(N: int, share: float, trials: Trials, *, right: bool) -> Mean:
    """σ²/k times (N - k)/(N - 1)."""
    k = 1 + int(share * (N - 1))
    values = trials.tensor([float(i) - (N - 1) / 2 for i in range(N)])
    chosen = values[trials.permutations("order", N)[:, :k]].mean(-1)
    variance = (N * N - 1) / 12 / k
    return mean_of(chosen.square(), variance * (N - k) / (N - 1) if right else variance)
