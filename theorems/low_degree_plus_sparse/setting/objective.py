r"""The regularised objective L_λ = L̂ + Σ λ_j R_j, its gradient and its Hessian, and descent on it.

R_1 = ‖f_L(·; P_{>k}W)‖²_{L²}, R_2 = (1/n) Σ f_L(x_i; P_{>k}W)², R_3 = ‖P_{≤k}W‖_F² are quadratic
forms of the folded weights; R_4 = ‖W‖⁸_{2,4} = g², g = Σ ‖w_r‖⁴. The model is f_L + f_Q, or the
network itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Trials, alike
from lemmata.theorems.low_degree_plus_sparse.setting.covariance import (
    Spectrum,
    features,
    fold,
    unfold,
)
from lemmata.theorems.low_degree_plus_sparse.setting.losses import Loss, loss
from lemmata.theorems.low_degree_plus_sparse.setting.network import Expansion, Values, Weights

Numbers = Float[Tensor, "trials"]
Lambdas = tuple[float, float, float, float]


def quartic(W: Weights) -> Numbers:
    """Return g = ‖W‖⁴_{2,4}."""
    return W.square().sum(dim=-1).square().sum(dim=-1)


def quartic_gradient(W: Weights) -> Weights:
    """Return ∇g."""
    return 4.0 * W.square().sum(dim=-1, keepdim=True) * W


def quartic_blocks(W: Weights) -> Float[Tensor, "trials m d d"]:
    """Return the diagonal blocks of ∇²g; there are no others."""
    squares = W.square().sum(dim=-1)[..., None, None]
    identity = torch.eye(W.shape[-1], dtype=W.dtype, device=W.device)
    return 4.0 * squares * identity + 8.0 * W.unsqueeze(-1) * W.unsqueeze(-2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """L_λ of each trial.

    Attributes:
        at: the expansion at the sample; y: its labels.
        found: the spectrum with its good subspace; bad: the sample's features projected on P_{>k}.
        lambdas: λ_1, ..., λ_4; loss: ℓ; network: whether f itself is trained.
        quadratic: the matrix of λ_1R_1 + λ_2R_2 + λ_3R_3 in folded weights.
    """

    at: Expansion
    y: Values
    found: Spectrum
    bad: Float[Tensor, "trials n pd"]
    lambdas: Lambdas
    loss: Loss
    network: bool
    quadratic: Float[Tensor, "trials pd pd"]

    def output(self, W: Weights) -> Values:
        """Return f, or f_L + f_Q."""
        return self.at.value(W) if self.network else self.at.model(W)

    def losses(self, order: int, W: Weights) -> Values:
        """Return the losses' derivative of that order in the outputs."""
        return loss(self.loss, order, self.y, self.output(W))

    def empirical(self, W: Weights) -> Numbers:
        """Return L̂."""
        return self.losses(0, W).mean(dim=1)

    def regularisers(self, W: Weights) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """Return R_1, R_2, R_3, R_4."""
        u = fold(W)
        column = u.unsqueeze(-1)
        good = (self.found.U.mT @ column).squeeze(-1)
        R1 = (u.unsqueeze(1) @ self.found.matrix @ column).flatten()
        R1 = R1 - (self.found.top * good**2).sum(dim=1)
        R2 = (self.bad @ column).square().mean(dim=(1, 2))
        return R1, R2, good.square().sum(dim=1), quartic(W) ** 2

    def value(self, W: Weights) -> Numbers:
        """Return L_λ."""
        terms = zip(self.lambdas, self.regularisers(W), strict=True)
        return self.empirical(W) + sum(factor * R for factor, R in terms)

    def slopes(self, W: Weights) -> Float[Tensor, "trials n m"]:
        """Return the outputs' derivatives in xᵀw_r."""
        h = self.at.along(W)
        inner = self.at.sigma(1, h) if self.network else self.at.sigma(1) + self.at.sigma(2) * h
        return self.at.a * inner / math.sqrt(self.at.net.width)

    def gradient(self, W: Weights, *, regularised: bool = True) -> Weights:
        """Return ∇L_λ, or ∇L̂."""
        pulled = self.losses(1, W).unsqueeze(-1) * self.slopes(W) / self.y.shape[1]
        found = pulled.mT @ self.at.x
        if not regularised:
            return found
        u = 2.0 * (self.quadratic @ fold(W).unsqueeze(-1)).squeeze(-1)
        factor = 2.0 * self.lambdas[3] * quartic(W)[:, None, None]
        return found + unfold(u, W.shape[-1]) + factor * quartic_gradient(W)

    def hessian(self, W: Weights, *, regularised: bool = True) -> Float[Tensor, "trials md md"]:
        """Return ∇²L_λ, or ∇²L̂, as a matrix."""
        n, (_, m, d) = self.y.shape[1], W.shape
        rows = (self.slopes(W).unsqueeze(-1) * self.at.x.unsqueeze(2)).flatten(2)
        found = (rows * self.losses(2, W).unsqueeze(-1)).mT @ rows / n
        second = self.at.sigma(2, self.at.along(W) if self.network else 0.0)
        weights = self.losses(1, W).unsqueeze(-1) * self.at.a * second / (n * math.sqrt(m))
        blocks = torch.einsum("tnm,tnd,tne->tmde", weights, self.at.x, self.at.x)
        if regularised:
            Q = self.quadratic
            found = found + torch.cat((torch.cat((Q, -Q), 2), torch.cat((-Q, Q), 2)), 1)
            slope, factor = quartic_gradient(W).flatten(1), 2.0 * self.lambdas[3]
            found = found + factor * slope.unsqueeze(-1) * slope.unsqueeze(1)
            blocks = blocks + factor * quartic(W)[:, None, None, None] * quartic_blocks(W)
        dense = torch.diag_embed(blocks.permute(0, 2, 3, 1)).permute(0, 3, 1, 4, 2)
        return found + dense.reshape(len(W), m * d, m * d)


def objective(
    at: Expansion,
    y: Values,
    found: Spectrum,
    *,
    lambdas: Lambdas = (1.0, 1.0, 1e-2, 1e-4),
    loss: Loss = "squared",
    network: bool = False,
) -> Objective:
    """Return L_λ at a sample."""
    rows = features(at)
    bad = rows - (rows @ found.U) @ found.U.mT
    first, second, third, _ = lambdas
    quadratic = first * found.tail() + second * bad.mT @ bad / y.shape[1]
    return Objective(
        at=at,
        y=y,
        found=found,
        bad=bad,
        lambdas=lambdas,
        loss=loss,
        network=network,
        quadratic=quadratic + third * found.U @ found.U.mT,
    )


def signed_curvature(hessian: Float[Tensor, "trials md md"], V: Weights) -> Float[Tensor, "trials"]:
    """Return E_S ∇²[VS, VS]: the diagonal blocks alone remain."""
    m, d = V.shape[1:]
    blocks = hessian.unflatten(1, (m, d)).unflatten(3, (m, d))
    own = torch.diagonal(blocks, dim1=1, dim2=3)
    return torch.einsum("tmd,tdem,tme->t", V, own, V)


def descend(
    made: Objective,
    start: Weights,
    *,
    steps: int,
    rate: float | Numbers,
    noise: float = 0.0,
    trials: Trials | None = None,
    watch: Callable[[int, Weights], None] | None = None,
) -> Weights:
    """Follow gradient descent, with isotropic noise on the first two thirds of the steps."""
    W = start
    rates = torch.as_tensor(rate, dtype=W.dtype, device=W.device).expand(len(W))[:, None, None]
    quiet = 2 * steps // 3
    blocks = 16
    for step in alike(range(steps)):
        if watch is not None:
            watch(step, W)
        W = W - rates * made.gradient(W)
        if noise and trials is not None and step < quiet and step % blocks == 0:
            W = W + noise * math.sqrt(blocks) * trials.normal(f"noise/{step}", *W.shape[1:])
    if watch is not None:
        watch(steps, W)
    return W
