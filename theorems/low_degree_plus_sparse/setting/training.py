r"""End-to-end training without any matrix of size (pd)², and the kernel it is compared with.

The good subspace of degree one comes from block Krylov iteration on the matrix-free Σ_p, R_1 from
one more product, R_2 from one more pass over the sample. Descent with momentum follows the whole
batch, in single precision, as networks are trained: at d = 36 it changes risks by 1e-7 of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Trials, alike
from lemmata.theorems.low_degree_plus_sparse.setting.activations import derivative
from lemmata.theorems.low_degree_plus_sparse.setting.covariance import Covariance
from lemmata.theorems.low_degree_plus_sparse.setting.kernel import levels, series
from lemmata.theorems.low_degree_plus_sparse.setting.network import (
    Inputs,
    Network,
    Values,
    Weights,
)
from lemmata.theorems.mathematics import gegenbauer

RIDGES = tuple(10.0 ** (-3.0 + 0.3 * step) for step in range(15))


def good_subspace(
    found: Covariance, k: int, trials: Trials, rounds: int = 4
) -> Float[Tensor, "trials pd n_k"]:
    """Return the top n_k eigenvectors of Σ_p by block Krylov iteration."""
    _, p, d = found.w.shape
    count = gegenbauer.up_to(d, k)
    block = torch.linalg.qr(trials.normal("krylov", p * d, count + 6))[0]
    basis = [block]
    for _ in range(rounds):
        block = found.times(block)
        for _ in range(2):
            for earlier in basis:
                block = block - earlier @ (earlier.mT @ block)
        block = torch.linalg.qr(block)[0]
        basis.append(block)
    whole = torch.cat(basis, dim=2)
    small = whole.mT @ found.times(whole)
    vectors = torch.linalg.eigh((small + small.mT) / 2.0)[1]
    return whole @ vectors[..., -count:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a network is trained.

    Attributes:
        lambdas: λ_1, ..., λ_4; all but the last may be 0.
        steps: of descent; rate: η; momentum: the share of the last step that is kept.
        quadratic_only: whether f_Q alone is trained.
        dtype: in which precision the descent goes on.
    """

    lambdas: tuple[float, float, float, float] = (1.0, 1.0, 1e-3, 1e-4)
    steps: int = 200
    rate: float = 0.5
    momentum: float = 0.9
    quadratic_only: bool = False
    dtype: torch.dtype = torch.float32


def train(
    network: Network,
    found: Covariance,
    U: Float[Tensor, "trials pd n_k"],
    x: Inputs,
    y: Values,
    recipe: Recipe,
    trials: Trials,
) -> Weights:
    """Return the weights after descent on (1/n) Σ (f - y)² + Σ λ_j R_j from 10⁻³ times Gaussian."""
    W = 1e-3 * trials.normal("start", network.net.width, network.net.dimension)
    network = replace(network, w0=network.w0.to(recipe.dtype), a=network.a.to(recipe.dtype))
    w, A, B, C, *rest = (
        each.to(recipe.dtype) for each in (found.w, found.A, found.B, found.C, U, x, y, W)
    )
    return _descended(network, Covariance(w=w, A=A, B=B, C=C), recipe, *rest).to(W.dtype)


def _descended(
    network: Network,
    found: Covariance,
    recipe: Recipe,
    U: Float[Tensor, "trials pd n_k"],
    x: Inputs,
    y: Values,
    W: Weights,
) -> Weights:
    net, n = network.net, x.shape[1]
    p, root = net.pairs, math.sqrt(net.width)
    first, second, third, fourth = recipe.lambdas
    z = x @ network.half.mT
    slope, curved = (derivative(net.activation, order, z) for order in (1, 2))
    slope = slope / math.sqrt(p)
    both = torch.cat((z, z), dim=2)
    curved = torch.cat((curved, -curved), dim=2) / root
    a = network.a.unsqueeze(1) / root
    speed = torch.zeros_like(W)
    for _ in alike(range(recipe.steps)):
        # Large tensors: what is written in place need not come from memory again.
        if recipe.quadratic_only:
            h = x @ W.mT
            pulled = curved * h
            off = 0.5 * h.mul_(pulled).sum(dim=-1) - y
        else:
            h = torch.baddbmm(both, x, W.mT)
            off = (derivative(net.activation, 0, h) @ a.mT).squeeze(-1) - y
            pulled = derivative(net.activation, 1, h).mul_(a)
        slopes = pulled.mul_(2.0 / n * off.unsqueeze(-1)).mT @ x
        if first or second or third:
            u = ((W[:, :p] - W[:, p:]) / math.sqrt(2.0)).flatten(1).unsqueeze(-1)
            good = U @ (U.mT @ u)
            bad = u - good
            tail = found.times(bad) if first else torch.zeros_like(bad)
            through = (slope * (x @ bad.unflatten(1, (p, -1))[..., 0].mT)).sum(dim=-1)
            seen = ((through.unsqueeze(-1) * slope).mT @ x).flatten(1).unsqueeze(-1) / n
            pull = first * tail + second * seen
            pull = pull - U @ (U.mT @ pull) + third * good
            pull = 2.0 * pull.unflatten(1, (p, -1))[..., 0] / math.sqrt(2.0)
            slopes = slopes + torch.cat((pull, -pull), dim=1)
        if fourth:
            squares = W.square().sum(dim=-1, keepdim=True)
            slopes = slopes + fourth * 8.0 * squares.square().sum(dim=1, keepdim=True) * squares * W
        speed = recipe.momentum * speed - recipe.rate * slopes
        W = W + speed
    return W


def kernel_risks(x: Inputs, y: Values, fresh: Inputs, wanted: Values) -> Float[Tensor, "trials"]:
    """Return the mean square error of ridge regression with the infinite-width tangent kernel, the
    ridge tuned on the fresh points, which favours it.
    """
    d = x.shape[-1]
    weights = levels("sin", d, 13)
    values, vectors = torch.linalg.eigh(series(weights, x, x))
    cross = series(weights, fresh, x) @ vectors
    turned = vectors.mT @ y.unsqueeze(-1)
    risks = []
    for ridge in RIDGES:
        fitted = cross @ (turned / (values.unsqueeze(-1) + ridge * d / 10.0))
        risks.append((fitted.squeeze(-1) - wanted).square().mean(dim=1))
    return torch.stack(risks).amin(dim=0)
