r"""No second-order stationary point but good ones (ALL18, Lemma 6.8, Fact A.8 and Lemma A.9 as used
there).

A decrease on average over random signs is a direction of negative curvature: the limit of (E_Σ ℒ(θ
+ √η δ_Σ) - ℒ(θ))/η is half the mean of δ_Σ^⊤∇²ℒδ_Σ, at least ½λ_min (‖Ŵ‖_F² + ‖V̂‖_F²). For the
purely quadratic network q = AD_vVD_wWx the origin is such a saddle: λ_min = -max_j ‖M_j‖₂. Descent
from the origin never moves; from a little noise it leaves at the rate 1 + step |λ_min| and lowers
the loss. Lemma A.9, noisy SGD reaches second-order points in poly steps, is used with bounded and
smooth functions; the regulariser is unbounded, which a ball mends. What is tested is the mechanism.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Trials,
    all_of,
    at_least,
    at_most,
    given,
    statement,
)
from lemmata.strategies import log_uniform, sizes
from lemmata.theorems.beyond_two_layers.setting.inputs import copies, inputs, over_copies
from lemmata.theorems.beyond_two_layers.setting.losses import root_loss, root_loss_gradient
from lemmata.theorems.beyond_two_layers.setting.regularisers import regulariser
from lemmata.theorems.beyond_two_layers.setting.three_layers import (
    Signs,
    ThreeLayer,
    ThreeLayerNetwork,
)
from lemmata.theorems.mathematics.norms import frobenius, norm24
from lemmata.theorems.mathematics.signs import sign_vectors

ALLD2 = statement(
    "ALL-D2",
    paper="ALL18",
    source="Lemma 6.8, Lemma A.9",
    provenance="derived",
    note="Lemma A.9 needs bounded f and derivatives, where the regulariser is a quartic: on a ball "
    "it has them. Tested is the mechanism, not the number of steps",
    uses=["ALL-D1", "ALL-D5", "ALL-Q9", "ALL-A8"],
    title="Negative curvature, and escape from the saddle",
    says=r"$\lim_{\eta\to0}\frac{\mathbb E_\Sigma\mathcal "
    r"L(\theta+\sqrt\eta\,\delta_\Sigma)-\mathcal L(\theta)}\eta=\frac12\mathbb "
    r"E_\Sigma[\delta_\Sigma^\top\nabla^2\mathcal L\,\delta_\Sigma]\ge\frac12\lambda_{\min}(\|\hat "
    r"W\|_F^2+\|\hat V\|_F^2)$; the origin of the quadratic network is a saddle that noise leaves.",
)
_TINY = ThreeLayer(first=5, second=4, dimension=3)


def _split(theta: Float[Tensor, "... n"]) -> tuple[Tensor, Tensor]:
    """Return W (5, 3) and V (4, 5) of a flat vector."""
    W, V = theta.split((15, 20), dim=-1)
    return W.unflatten(-1, (5, 3)), V.unflatten(-1, (4, 5))


class _Frozen:
    """The loss of a frozen network on one example, as a function of the flat move of (W, V)."""

    def __init__(self, trials: Trials) -> None:
        self.network: ThreeLayerNetwork = _TINY.initialise(trials)
        self.x, self.y = inputs(trials, "x", 1, 3), trials.normal("y", 1, 1)
        self.signs: Signs = self.network.signs(self.network.W, self.network.V, self.x)

    def loss(self, theta: Float[Tensor, "trials n"]) -> Float[Tensor, "trials"]:
        """Return the loss at θ."""
        W, V = _split(theta)
        net = self.network
        f = net.frozen(self.signs, net.W + W, net.V + V, self.x)
        return root_loss(f, self.y)[:, 0]

    def hessian(self, theta: Float[Tensor, "trials n"]) -> Float[Tensor, "trials n n"]:
        """Return ∇²ℒ by automatic differentiation; trials are independent."""
        return _hessian(self.loss, theta)


def _hessian(
    loss: Callable[[Tensor], Tensor], theta: Float[Tensor, "trials n"]
) -> Float[Tensor, "trials n n"]:
    with torch.enable_grad():
        theta = theta.detach().requires_grad_()
        (slope,) = torch.autograd.grad(loss(theta).sum(), theta, create_graph=True)
        rows = [
            torch.autograd.grad(slope[:, i].sum(), theta, retain_graph=True)[0]
            for i in range(theta.shape[1])
        ]
    return torch.stack(rows, dim=1).detach()


def _signed(direction: Float[Tensor, "trials n"], s: Float[Tensor, "5"]) -> Tensor:
    """Return δ_Σ = (ΣŴ, V̂Σ), flat."""
    W, V = _split(direction)
    return torch.cat(((s[:, None] * W).flatten(1), (V * s).flatten(1)), dim=1)


@ALLD2.part(
    "a",
    kind="scaling",
    says=r"The quotient of $\mathbb E_\Sigma\mathcal L(\theta+\sqrt\eta\,\delta_\Sigma)-\mathcal "
    r"L(\theta)$ and $\eta$ is $\frac12\mathbb E_\Sigma[\delta_\Sigma^\top\nabla^2\mathcal "
    r"L\,\delta_\Sigma]+O(\eta)$, in root mean square over eight networks.",
    quantifiers=(r"\forall\,\theta,\hat W,\hat V", r"\forall\,\eta"),
    constant=Constant(60.0, measured_on="η = 10⁻⁴…10⁻¹, moves of length 1"),
    along=[
        Along(
            variable="1/η",
            sizes=(10, 100, 1000, 10000),
            instance=lambda inverse: {"eta": 1.0 / inverse},
            at_most=0.2,
            trials=160,
            resolution=0.1,
        )
    ],
    specimens=[{"eta": 0.001}],
)
@given(eta=log_uniform(0.0001, 0.1))
def the_quotient_is_half_the_curvature(
    eta: float, trials: Trials, *, averaged: bool = True
) -> Bound:
    whole, trials = trials, copies(trials, 8)
    frozen, theta = _Frozen(trials), trials.sphere("theta", 35)
    direction, root = 2.0 * trials.sphere("direction", 35), math.sqrt(eta)
    signs = sign_vectors(5, theta)
    start, H = frozen.loss(theta), frozen.hessian(theta)
    moves = [_signed(direction, s) for s in (signs if averaged else signs[-1:])]
    gains = torch.stack([frozen.loss(theta + root * d) - start for d in moves])
    quotient = gains.mean(dim=0) / eta
    curvature = torch.stack([torch.einsum("ti,tij,tj->t", d, H, d) for d in moves]).mean(dim=0)
    return at_most(over_copies(quotient - 0.5 * curvature, whole) + 1e-10, eta)


the_quotient_is_half_the_curvature.twin(
    "one sign pattern in place of the mean", specimens=[{"eta": 0.0001}], averaged=False
)


@ALLD2.part(
    "b",
    kind="inequality",
    says=r"$\mathbb E_\Sigma[\delta_\Sigma^\top\nabla^2\mathcal "
    r"L\,\delta_\Sigma]\ge\lambda_{\min}(\nabla^2\mathcal L)(\|\hat W\|_F^2+\|\hat V\|_F^2)$: a "
    r"decrease forces negative curvature.",
    quantifiers=(r"\forall\,\theta,\hat W,\hat V",),
    specimens=[{"size": 1.0}],
)
@given(size=log_uniform(0.1, 10.0))
def a_decrease_forces_negative_curvature(
    size: float, trials: Trials, *, largest: bool = False
) -> Bound:
    frozen, theta = _Frozen(trials), size * trials.sphere("theta", 35)
    H = frozen.hessian(theta)
    values, vectors = torch.linalg.eigh(H)
    # A random direction, and the one of least curvature.
    claims = []
    for direction in (trials.sphere("direction", 35), vectors[:, :, 0]):
        mean = (
            sum(
                torch.einsum("ti,tij,tj->t", d, H, d)
                for d in (_signed(direction, s) for s in sign_vectors(5, theta))
            )
            / 32.0
        )
        floor = values[:, -1 if largest else 0]
        # The largest curvature is added to both sides, which makes them positive.
        lift = 2.0 * values.abs().amax(dim=1) + 1e-6
        claims.append(at_least(mean + lift * (1.0 + 1e-12), floor + lift))
    return all_of(*claims)


a_decrease_forces_negative_curvature.twin("λ_max", largest=True)


@ALLD2.part(
    "c",
    kind="inequality",
    says=r"At the origin of $q=AD_vVD_wWx$: $\lambda_{\min}(\nabla^2\mathcal L)=-\max_j\|M_j\|_2$, "
    r"$M_j=\frac1N\sum_n\ell_n'[D_{w,n}]_{jj}D_{v,n}A^\top x_n^\top$.",
    quantifiers=(r"\forall\, A,b,x_n,y_n",),
    specimens=[{"samples": 6}],
)
@given(samples=sizes(largest=16))
def the_origin_of_the_quadratic_network_is_a_saddle(
    samples: int, trials: Trials, *, whole: bool = False
) -> Bound:
    network, x = _TINY.initialise(trials), inputs(trials, "x", samples, 3)
    y = trials.normal("y", samples, 1)
    signs = network.signs(network.W, network.V, x)

    def loss(theta: Float[Tensor, "trials n"]) -> Float[Tensor, "trials"]:
        return root_loss(network.form(signs, *_split(theta), x), y).mean(dim=1)

    H = _hessian(loss, torch.zeros_like(trials.normal("theta", 35)))
    slope = root_loss_gradient(torch.zeros_like(y), y)[..., 0] / samples
    M = torch.einsum("tn,tnj,tni,tnd->tjid", slope, signs.w, signs.v * network.A, x)
    size = M.flatten(2).norm(dim=2) if whole else torch.linalg.matrix_norm(M, ord=2)
    found, wanted = -torch.linalg.eigvalsh(H)[:, 0], size.amax(dim=1)
    # Eigenvalues of a 35×35 matrix: equal to 1e-10 of 1 + ‖M‖, on either side.
    rounding = 1e-10 * (1.0 + wanted)
    return all_of(above=at_most(found, wanted + rounding), below=at_least(found + rounding, wanted))


the_origin_of_the_quadratic_network_is_a_saddle.twin("Frobenius norms", whole=True)


@ALLD2.part(
    "d",
    kind="trajectory",
    says=r"Descent on the quadratic network from noise of size $10^{-3}$: per step the weights "
    r"grow by at most $1+\mathrm{step}\,|\lambda_{\min}|$ at first, and the loss falls below $0.9$ "
    r"of its start; without noise it stays.",
    quantifiers=(r"\forall\, x_n,y_n", r"\mathbb P_{W,V,A,b}"),
    constant=Constant(1.0, measured_on="m = 16…64, 400 steps of 0.5/√m"),
    specimens=[{"width": 32}],
)
@given(width=st.sampled_from((16, 32, 64)))
def noise_leaves_the_saddle(width: int, trials: Trials, *, noise: float = 1e-3) -> Bound:
    network = ThreeLayer(first=width, second=width).initialise(trials)
    x = inputs(trials, "x", 32, 4)
    y = 2.0 * x[..., :1] * x[..., 1:2] + x[..., 2:3]
    signs, step = network.signs(network.W, network.V, x), 0.5 / math.sqrt(width)
    W = noise * trials.normal("noise/W", width, 4) / math.sqrt(width)
    V = noise * trials.normal("noise/V", width, width) / width
    A = network.A[:, 0].unsqueeze(1)
    losses, sizes_ = [], []
    for _ in range(400):
        hidden = signs.w * (x @ W.mT)
        f = (signs.v * A * (hidden @ V.mT)).sum(dim=2, keepdim=True)
        losses.append(root_loss(f, y).mean(dim=1))
        sizes_.append((frobenius(W) ** 2 + frobenius(V) ** 2).sqrt())
        delta = signs.v * A * (root_loss_gradient(f, y) / 32.0)
        W, V = W - step * (signs.w * (delta @ V)).mT @ x, V - step * delta.mT @ hidden
    slope = root_loss_gradient(torch.zeros_like(y), y)[..., 0] / 32.0
    M = torch.einsum("tnj,tni,tnd->tjid", signs.w, slope.unsqueeze(2) * signs.v * A, x)
    rate = 1.0 + step * torch.linalg.matrix_norm(M, ord=2).amax(dim=1)
    grown = (sizes_[20] / sizes_[0].clamp(min=1e-300)) ** (1.0 / 20.0)
    return all_of(
        growth=at_most(grown, rate * (1.0 + 1e-4)),
        loss=at_most(losses[-1], 0.9 * losses[0]),
    ).with_curves(loss=torch.stack(losses, dim=1))


noise_leaves_the_saddle.twin("without noise", noise=0.0)

ALLD4 = statement(
    "ALL-D4",
    paper="ALL18",
    source="(C.32)",
    provenance="as printed",
    uses=["ALL-Q2"],
    title="The regulariser keeps the iterates in the ball",
    says=r"$L'(\lambda;W,V)\le L_{\max}$ implies $\|\sqrt\lambda W\|_{2,4}^4\le "
    r"L_{\max}/\lambda_w$ and $\|\sqrt\lambda V\|_F^2\le L_{\max}/\lambda_v$; a decay of $\lambda$ "
    r"does not increase the regulariser.",
    kind="inequality",
    quantifiers=(r"\forall\, W,V", r"\forall\,\lambda,\lambda_w,\lambda_v"),
    specimens=[{"m": 64, "size": 1.0}, {"m": 16, "size": 100.0}],
)


@ALLD4
@given(m=sizes(smallest=4, largest=256), size=log_uniform(0.01, 100.0))
def the_objective_bounds_the_norms(
    m: int, size: float, trials: Trials, *, whole: bool = False, scaled: bool = True
) -> Bound:
    W = size * trials.normal("W", m, 4) / math.sqrt(m)
    V = size * trials.normal("V", 8, m) / math.sqrt(m)
    lam, of_w, of_v = (0.05 + 0.9 * trials.uniform(n) for n in ("lambda", "of_w", "of_v"))
    loss = trials.uniform("loss") * trials.uniform("kind").pow(4.0)
    objective = loss + regulariser(W, V, lam, of_w, of_v)
    norm = frobenius(W) if whole else norm24(W)
    factor = lam if scaled else torch.ones_like(lam)
    decayed = regulariser(W, V, 0.9 * lam, of_w, of_v)
    return all_of(
        w=at_most(factor**2 * norm**4, objective / of_w),
        v=at_most(factor * frobenius(V) ** 2, objective / of_v),
        decay=at_most(decayed, objective),
    )


the_objective_bounds_the_norms.twin(
    "‖W‖_F⁴ in place of ‖W‖_{2,4}⁴", specimens=[{"m": 64, "size": 100.0}], whole=True
)
the_objective_bounds_the_norms.twin("without λ", specimens=[{"m": 64, "size": 100.0}], scaled=False)
