r"""The covariance of the tangent features, exactly, and the good subspace.

Because of the pairing f_L(x; W) = ⟨φ_p(x), u⟩ with the blocks φ_p = p^{-1/2} σ'(w_{0,r}ᵀx) x, r ≤
p, and u = fold(W) = (w_r - w_{r+p})/√2. So the covariance Σ of all features has the spectrum of
Σ_p = E φ_p φ_pᵀ and pd zeros. Its blocks need the law of x in the plane of two weights only: for
unit w, w' with ρ = wᵀw',

    E[h(wᵀx) h(w'ᵀx) xxᵀ] = A I + B (wwᵀ + w'w'ᵀ) + C (ww'ᵀ + w'wᵀ),

where A, B, C solve the three equations that the trace and the forms of (w, w) + (w', w') and (w,
w') give. In the plane x = √(ds) (cos θ, sin θ) with s ~ Beta(1, (d-2)/2) and θ uniform. A, B, C are
smooth in ρ: tabulated at Chebyshev nodes once, evaluated at the Gram matrix of each trial.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.theorems.low_degree_plus_sparse.setting.activations import Activation, derivative
from lemmata.theorems.low_degree_plus_sparse.setting.network import Expansion, Network, Weights
from lemmata.theorems.mathematics import gegenbauer

_NODES, _DEGREE = 49, 40

Folded = Float[Tensor, "trials pd"]


def fold(W: Weights) -> Folded:
    """Return u = (w_r - w_{r+p})/√2, flattened."""
    p = W.shape[1] // 2
    return ((W[:, :p] - W[:, p:]) / math.sqrt(2.0)).flatten(1)


def unfold(u: Folded, d: int) -> Weights:
    """Return (u, -u)/√2, the W of the least norm that folds to u."""
    half = u.unflatten(1, (-1, d)) / math.sqrt(2.0)
    return torch.cat((half, -half), dim=1)


def features(at: Expansion) -> Float[Tensor, "trials n pd"]:
    """Return φ_p(x), flattened."""
    p = at.net.pairs
    return (at.sigma(1)[..., :p, None] * at.x.unsqueeze(2)).flatten(2) / math.sqrt(p)


@cache
def _table(activation: Activation, d: int) -> np.ndarray:
    """Return Chebyshev coefficients of A, B, C in ρ, one column each."""
    t, aside, weights = gegenbauer.plane(d)
    t, aside = math.sqrt(d) * t, math.sqrt(d) * aside
    rho = np.cos(math.pi * (np.arange(_NODES) + 0.5) / _NODES)
    rows = np.empty((_NODES, 3))
    for row, r in enumerate(rho):
        other = r * t + math.sqrt(1.0 - r**2) * aside
        both = weights * _numpy(activation, t) * _numpy(activation, other)
        system = np.array([[d, 2, 2 * r], [1, 1 + r**2, 2 * r], [r, 2 * r, 1 + r**2]])
        right = [
            d * both.sum(),
            (both * (t**2 + other**2)).sum() / 2.0,
            (both * t * other).sum(),
        ]
        rows[row] = np.linalg.solve(system, right)
    return np.polynomial.chebyshev.chebfit(rho, rows, _DEGREE)


def _numpy(activation: Activation, z: np.ndarray) -> np.ndarray:
    return derivative(activation, 1, torch.from_numpy(np.ascontiguousarray(z))).numpy()


@cache
def own_block(activation: Activation, d: int) -> tuple[float, float]:
    """Return a and b of E[σ'(wᵀx)² xxᵀ] = a I + b wwᵀ."""

    def h2(tau: Tensor) -> Tensor:
        return derivative(activation, 1, math.sqrt(d) * tau) ** 2

    total = d * gegenbauer.mean(d, h2)
    along = d * gegenbauer.mean(d, lambda tau: h2(tau) * tau**2)
    a = (total - along) / (d - 1)
    return a, along - a


def _clenshaw(coefficients: np.ndarray, rho: Tensor) -> Tensor:
    later, latest = torch.zeros_like(rho), torch.zeros_like(rho)
    for c in coefficients[:0:-1]:
        later, latest = 2.0 * rho * later - latest + float(c), later
    return rho * later - latest + float(coefficients[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Covariance:
    """Σ_p of each trial by its coefficients: products without the matrix, and the matrix."""

    w: Float[Tensor, "trials p d"]
    A: Float[Tensor, "trials p p"]
    B: Float[Tensor, "trials p p"]
    C: Float[Tensor, "trials p p"]

    def times(self, u: Float[Tensor, "trials pd columns"]) -> Float[Tensor, "trials pd columns"]:
        """Return Σ_p u, column by column, in O(p²d) operations each."""
        T, p, d = self.w.shape
        u = u.reshape(T, p, d * u.shape[2])

        def rows(flat: Tensor) -> Tensor:
            return flat.reshape(T, p, d, -1)

        own = torch.einsum("tsd,tsdk->tsk", self.w, rows(u))
        found = rows(self.A @ u)
        # w_rᵀu_s with weights B and C, and w_sᵀu_s along w_s and w_r.
        found = found + self.w.unsqueeze(-1) * (
            torch.einsum("trd,trdk->trk", self.w, rows(self.B @ u)) + self.C @ own
        ).unsqueeze(2)
        outer = (own.unsqueeze(2) * self.w.unsqueeze(-1)).flatten(2)
        found = found + rows(self.B @ outer)
        crossed = torch.einsum("trd,tsdk->trsk", self.w, rows(u)) * self.C.unsqueeze(-1)
        found = found + torch.einsum("trsk,tsd->trdk", crossed, self.w)
        return found.flatten(1, 2) / p

    def matrix(self) -> Float[Tensor, "trials pd pd"]:
        """Return Σ_p."""
        T, p, d = self.w.shape
        w = self.w
        identity = torch.eye(d, dtype=w.dtype, device=w.device)
        blocks = self.A[..., None, None] * identity
        outer = w.unsqueeze(-1) * w.unsqueeze(-2)
        blocks = blocks + self.B[..., None, None] * (outer.unsqueeze(1) + outer.unsqueeze(2))
        mixed = w[:, :, None, :, None] * w[:, None, :, None, :]
        blocks = blocks + self.C[..., None, None] * (mixed + mixed.mT)
        return blocks.transpose(2, 3).reshape(T, p * d, p * d) / p


def covariance(network: Network) -> Covariance:
    """Return Σ_p of each trial."""
    w, d, activation = network.half, network.net.dimension, network.net.activation
    gram = w @ w.mT
    diagonal = torch.eye(w.shape[1], dtype=torch.bool, device=w.device)
    table = _table(activation, d)
    a, b = own_block(activation, d)
    A, B, C = (
        torch.where(diagonal, own, _clenshaw(table[:, column], gram.clamp(-1.0, 1.0)))
        for column, own in enumerate((a, b / 2.0, 0.0))
    )
    return Covariance(w=w, A=A, B=B, C=C)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spectrum:
    """Σ_p with its eigenvalues, falling, and eigenvectors.

    Attributes:
        d: the dimension of the inputs.
        count: n_k, how many eigenvectors span the good subspace.
        matrix: Σ_p; values: its eigenvalues; vectors: its eigenvectors, in columns.
    """

    d: int
    count: int
    matrix: Float[Tensor, "trials pd pd"]
    values: Float[Tensor, "trials pd"]
    vectors: Float[Tensor, "trials pd pd"]

    @property
    def U(self) -> Float[Tensor, "trials pd n_k"]:
        """The good directions U_k."""
        return self.vectors[..., : self.count]

    @property
    def top(self) -> Float[Tensor, "trials n_k"]:
        """Their eigenvalues Λ_k."""
        return self.values[:, : self.count]

    @property
    def smallest(self) -> Float[Tensor, "trials"]:
        """λ_{n_k}, the smallest eigenvalue of the good directions."""
        return self.values[:, self.count - 1]

    @property
    def next(self) -> Float[Tensor, "trials"]:
        """λ_{n_k + 1}, the largest of the others."""
        return self.values[:, self.count]

    def good(self, u: Folded) -> Folded:
        """Return P_{≤k} u."""
        return (self.U @ (self.U.mT @ u.unsqueeze(-1))).squeeze(-1)

    def good_weights(self, W: Weights) -> Weights:
        """Return P_{≤k} W."""
        return unfold(self.good(fold(W)), self.d)

    def bad_weights(self, W: Weights) -> Weights:
        """Return P_{>k} W, the pair-symmetric part of W included."""
        return W - self.good_weights(W)

    def tail(self) -> Float[Tensor, "trials pd pd"]:
        """Return Σ_{>k} = P_{>k} Σ_p P_{>k}."""
        return self.matrix - (self.U * self.top.unsqueeze(1)) @ self.U.mT


def spectrum(network: Network, k: int) -> Spectrum:
    """Return the exact spectrum of Σ_p and its good subspace of polynomials of degree k."""
    matrix = covariance(network).matrix()
    values, vectors = torch.linalg.eigh(matrix)
    d = network.net.dimension
    return Spectrum(
        d=d,
        count=gegenbauer.up_to(d, k),
        matrix=matrix,
        values=values.flip(-1),
        vectors=vectors.flip(-1),
    )
