r"""Targets f* = f_k + f_sp and the weights that fit them.

f_k is a dense polynomial of degree k; f_sp = α (βᵀx)^{k+1} one sparse term, both of unit norm in
L². W_L = U_k Λ_k^{-1} U_kᵀ E[φ f_k] fits the first by f_L. For the second let g(w) = α c P_{k-1}
(βᵀw)/λ_{k-1}(σ'') with (βᵀx)^{k-1} = c P_{k-1}(βᵀx/√d), k = 1, 2: then E_w[σ''(wᵀx) g(w)] = α
(βᵀx)^{k-1}, and with h = 4g the rows w_r = m^{-1/4} √[h(w_{0,r})]_+ β, w_{r+p} = m^{-1/4}
√[-h(w_{0,r})]_+ β make f_Q(x) = (βᵀx)² (1/p) Σ σ''(w_{0,r}ᵀx) g(w_{0,r}).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Trials
from lemmata.theorems.low_degree_plus_sparse.setting.activations import coefficient
from lemmata.theorems.low_degree_plus_sparse.setting.covariance import (
    Spectrum,
    fold,
    spectrum,
    unfold,
)
from lemmata.theorems.low_degree_plus_sparse.setting.moments import (
    Polynomial,
    dense_polynomial,
    feature_moment,
)
from lemmata.theorems.low_degree_plus_sparse.setting.network import (
    Inputs,
    Network,
    Pairs,
    Values,
    Weights,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparse:
    """f_sp = α (βᵀx)^{k+1} of unit norm."""

    k: int
    beta: Float[Tensor, "trials d"]

    @property
    def alpha(self) -> float:
        """The factor that makes the norm 1: E (βᵀx)⁴ = 3d/(d+2), and so on."""
        d = self.beta.shape[-1]
        square = 3.0 * d / (d + 2)
        return (square if self.k == 1 else square * 5.0 * d / (d + 4)) ** -0.5

    def along(self, x: Inputs) -> Values:
        """Return βᵀx."""
        return (x @ self.beta.unsqueeze(-1)).squeeze(-1)

    def at(self, x: Inputs) -> Values:
        """Return f_sp(x)."""
        return self.alpha * self.along(x) ** (self.k + 1)


def sparse_term(trials: Trials, d: int, k: int, name: str = "β") -> Sparse:
    """Draw a direction."""
    return Sparse(k=k, beta=trials.sphere(name, d))


def linear_witness(network: Network, found: Spectrum, q: Polynomial) -> Weights:
    """Return W_L."""
    b = feature_moment(network, q).unsqueeze(-1)
    u = found.U @ ((found.U.mT @ b) / found.top.unsqueeze(-1))
    return unfold(u.squeeze(-1), found.d)


def profile(
    network: Network, term: Sparse, *, radius: float | None = None
) -> Float[Tensor, "trials p"]:
    """Return g(w_{0,r}); the radius of the data sphere is √d."""
    d, activation = network.net.dimension, network.net.activation
    level = coefficient(activation, 2, d, term.k - 1)
    if term.k == 1:
        return torch.full_like(network.half[..., 0], term.alpha / level)
    cosines = (network.half @ term.beta.unsqueeze(-1)).squeeze(-1)
    return term.alpha * (math.sqrt(d) if radius is None else radius) / level * cosines


def rows_of(h: Float[Tensor, "trials p"], beta: Float[Tensor, "trials d"]) -> Weights:
    """Return w_r = m^{-1/4} √[h_r]_+ β and w_{r+p} = m^{-1/4} √[-h_r]_+ β."""
    sizes = torch.cat((h.clamp(min=0.0), (-h).clamp(min=0.0)), dim=1)
    return (sizes.sqrt() / sizes.shape[1] ** 0.25).unsqueeze(-1) * beta.unsqueeze(1)


def quadratic_witness(network: Network, term: Sparse, *, radius: float | None = None) -> Weights:
    """Return W_Q."""
    return rows_of(4.0 * profile(network, term, radius=radius), term.beta)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A network, its good subspace, a target, and the witnesses of its two parts."""

    network: Network
    found: Spectrum
    dense: Polynomial
    sparse: Sparse
    W_L: Weights
    W_Q: Weights

    @property
    def k(self) -> int:
        """The degree of the dense part."""
        return self.sparse.k

    def target(self, x: Inputs) -> Values:
        """Return f*(x)."""
        return self.dense.at(x) + self.sparse.at(x)


def world(net: Pairs, k: int, trials: Trials) -> World:
    """Draw a network and a target, and build the witnesses."""
    network = net.initialise(trials)
    found = spectrum(network, k)
    dense, term = dense_polynomial(trials, net.dimension, k), sparse_term(trials, net.dimension, k)
    return World(
        network=network,
        found=found,
        dense=dense,
        sparse=term,
        W_L=linear_witness(network, found, dense),
        W_Q=quadratic_witness(network, term),
    )


def signed_mean(matrix: Float[Tensor, "trials pd pd"], V: Weights) -> Float[Tensor, "trials"]:
    """Return E_S ⟨fold(VS), matrix fold(VS)⟩: the diagonal blocks alone remain, half of each for
    either member of a pair.
    """
    p, d = V.shape[1] // 2, V.shape[2]
    blocks = torch.stack([matrix[:, r * d : (r + 1) * d, r * d : (r + 1) * d] for r in range(p)], 1)
    both = torch.cat((blocks, blocks), dim=1)
    return 0.5 * ((V.unsqueeze(2) @ both).squeeze(2) * V).sum(dim=(1, 2))


def form(matrix: Float[Tensor, "trials pd pd"], W: Weights) -> Float[Tensor, "trials"]:
    """Return ⟨fold(W), matrix fold(W)⟩."""
    u = fold(W).unsqueeze(-1)
    return (u.mT @ matrix @ u).flatten()
