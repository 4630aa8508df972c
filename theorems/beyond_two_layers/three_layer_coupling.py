r"""Real and frozen network of three layers, without and with random signs (ALL18, Lemma 6.11).

*Without signs* F - P is attained by neurons of one weight's sign that cross zero: τ_w^{8/5}
m₁^{9/10} in layer 1, τ^{4/3} √m₂ in layer
2. *With signs* Σ drawn after W', V' the first-order part is a sum of signs, of size √(m₂/m₁) τ_v.
   In the main text W', V' may depend on Σ and x is not fixed, and ‖V'‖₂ stands where the proof has
   ‖V'‖_F: the appendix has the order right. Both readings are twins here.
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Along, Bound, Constant, Trials, at_most, given, statement
from lemmata.strategies import log_uniform, sizes
from lemmata.theorems.beyond_two_layers.setting.inputs import copies, inputs, over_copies
from lemmata.theorems.beyond_two_layers.setting.three_layers import (
    ThreeLayer,
    ThreeLayerNetwork,
)


class _Start:
    """A square network at initialisation, its signs and the weights c = V⁽⁰⁾^⊤D_vA^⊤ of layer 1."""

    def __init__(self, width: int, trials: Trials) -> None:
        self.network: ThreeLayerNetwork = ThreeLayer(first=width, second=width).initialise(trials)
        self.x = inputs(trials, "x", 1, 4)
        self.z = self.network.first(self.network.W, self.x)[:, 0]
        self.h = self.z.relu()
        self.u = self.network.second(self.network.W, self.network.V, self.x)[:, 0]
        self.a = self.network.A[:, 0] * (self.u >= 0)
        self.c = torch.einsum("tm,tmj->tj", self.a, self.network.V)

    def output(self, h: Float[Tensor, "trials ... m1"]) -> Float[Tensor, "trials ..."]:
        """Return f for hidden vectors h."""
        shape = (len(h),) + (1,) * (h.dim() - 2) + (-1,)
        u = h @ self.network.V.mT.view(len(h), *((1,) * (h.dim() - 3)), *self.network.V.shape[1:])
        return (self.network.A.view(shape) * (u + self.network.b2.view(shape)).relu()).sum(dim=-1)

    def crossing(self, tau: float, r: float) -> Float[Tensor, "trials m1"]:
        """Return moves of preactivations by r through 0, of ‖·‖_{2,4} at most τ, on neurons of c
        > 0.
        """
        useful = torch.where((self.c > 0) & (self.z.abs() < 0.6 * r), self.z.abs(), math.inf)
        ranks = useful.argsort(dim=1).argsort(dim=1)
        chosen = (ranks < math.floor((tau / r) ** 4 + 1e-9)) & useful.isfinite()
        return -r * torch.where(self.z >= 0, 1.0, -1.0) * chosen


ALLQ5 = statement(
    "ALL-Q5",
    paper="ALL18",
    source="proof of Lemma 6.11",
    provenance="derived",
    note="without Σ; the second term stands in the page's proof as the product (τ_w m₁^{1/4} "
    "τ_v)^{4/3} √m₂",
    uses=["ALL-Q4", "ALL-Q10"],
    title="Real network against frozen network",
    says=r"Fixed $x$, w.h.p., for all $\|W'\|_{2,4}\le\tau_w$, $\|V'\|_F\le\tau_v$: "
    r"$|f_r-P_r|(x;W^{(0)}+W',V^{(0)}+V')\le\tilde "
    r"O(\tau_w^{8/5}m_1^{9/10}+\tau_u^{4/3}\sqrt{m_2})$, $\tau_u=O(\tau_v+m_1^{1/4}\tau_w)$. Each "
    r"term is attained.",
    kind="scaling",
    quantifiers=(r"\forall\, x", r"\mathbb P_{W,V,A,b}", r"\forall\, W',V'"),
)
_GRID = 12


def _along(
    widths: tuple[int, ...], radii: tuple[float, ...], at: float, trials: int = 64
) -> list[Along]:
    return [
        Along(
            variable="m",
            sizes=widths,
            instance=lambda m: {"width": m, "radius": at},
            at_most=0.15,
            trials=trials,
            resolution=0.1,
        ),
        Along(
            variable="1/radius",
            sizes=tuple(1.0 / r for r in radii),
            instance=lambda inverse: {"width": widths[-1], "radius": 1.0 / inverse},
            at_most=0.25,
            trials=trials,
            resolution=0.1,
        ),
    ]


@ALLQ5.part(
    "a",
    says=r"Layer 1, $V'=0$, $\tau_w=c\,m_1^{-1/2}$: $O(\tau_w^{8/5}m_1^{9/10})$, in root mean "
    r"square over four networks.",
    constant=Constant(0.6, measured_on="m = 64…512, c = 0.1…1"),
    along=_along((64, 128, 256), (0.3, 0.6, 1.0), 1.0, trials=128),
    specimens=[{"width": 128, "radius": 1.0}],
)
@given(width=sizes(smallest=64, largest=256), radius=log_uniform(0.1, 1.0))
def the_first_layer_leaves_its_frozen_network(
    width: int, radius: float, trials: Trials, *, power: float = 1.6, of_m: float = 0.9
) -> Bound:
    whole, trials = trials, copies(trials, 4)
    start, tau = _Start(width, trials), radius / math.sqrt(width)
    best = torch.zeros_like(start.z[:, 0])
    for r in torch.logspace(-1.0, 1.0, _GRID, dtype=torch.float64).tolist():
        move = start.crossing(tau, r * tau ** (4 / 5) / width**0.3)
        z = start.z + move
        frozen = start.a * ((z * (start.z >= 0)).unsqueeze(1) @ start.network.V.mT)[:, 0]
        frozen = frozen.sum(dim=1) + (start.a * start.network.b2).sum(dim=1)
        best = torch.maximum(best, (start.output(z.relu().unsqueeze(1))[:, 0] - frozen).abs())
    return at_most(over_copies(best, whole), tau**power * width**of_m)


the_first_layer_leaves_its_frozen_network.twin(
    "τ_w² in place of τ_w^{8/5}", specimens=[{"width": 256, "radius": 0.1}], power=2.0
)
the_first_layer_leaves_its_frozen_network.twin(
    "m₁^{1/2} in place of m₁^{9/10}", specimens=[{"width": 256, "radius": 1.0}], of_m=0.3
)


@ALLQ5.part(
    "b",
    says=r"Layer 2, $W'=0$: $O(\tau_v^{4/3}\sqrt{m_2})$.",
    constant=Constant(0.8, measured_on="m = 64…512, τ_v = 0.03…0.3"),
    along=_along((64, 256, 1024), (0.03, 0.1, 0.3), 0.1),
    specimens=[{"width": 256, "radius": 0.1}],
)
@given(width=sizes(smallest=64, largest=512), radius=log_uniform(0.03, 0.3))
def the_second_layer_leaves_its_frozen_network(
    width: int, radius: float, trials: Trials, *, power: float = 4.0 / 3.0, of_m: float = 0.5
) -> Bound:
    first = ThreeLayer(first=width, second=1).initialise(trials)
    norm = first.first(first.W, inputs(trials, "x", 1, 4)).relu()[:, 0].norm(dim=1, keepdim=True)
    # Given h, the second preactivations are N(0, (‖h‖² + 1)/m₂); a row moves them by its length
    # times ‖h‖.
    u = ((norm**2 + 1.0) / width).sqrt() * trials.normal("u", width)
    a = trials.normal("A", width)
    best = torch.zeros_like(u[:, 0])
    for s in torch.logspace(-1.0, 1.0, _GRID, dtype=torch.float64).tolist():
        r = s * (radius**2 / width ** (1.0 / 2.0)) ** (1.0 / 3.0) / width ** (1.0 / 6.0)
        useful = torch.where((a > 0) & (u.abs() < 0.6 * r), u.abs(), math.inf)
        ranks = useful.argsort(dim=1).argsort(dim=1)
        chosen = (ranks < math.floor((radius / r) ** 2 + 1e-9)) & useful.isfinite()
        moved = u - r * norm * torch.where(u >= 0, 1.0, -1.0) * chosen
        gap = (a * (moved.relu() - (u >= 0) * moved)).sum(dim=1).abs()
        best = torch.maximum(best, gap)
    return at_most(best.clamp(min=1e-9), radius**power * width**of_m)


the_second_layer_leaves_its_frozen_network.twin(
    "τ_v² in place of τ_v^{4/3}", specimens=[{"width": 512, "radius": 0.03}], power=2.0
)
the_second_layer_leaves_its_frozen_network.twin(
    "m₂^{1/4}", specimens=[{"width": 1024, "radius": 0.1}], of_m=0.25
)

ALLQ11 = statement(
    "ALL-Q11",
    paper="ALL18",
    source="Lemma 6.11",
    provenance="as printed",
    note="as in the appendix: x fixed, W', V' may depend on the initialisation and x but not on Σ; "
    "with ‖V'‖_F as its proof has it, where both places print ‖V'‖₂",
    uses=["ALL-Q4", "ALL-Q13", "ALL-Q14"],
    title="Stronger coupling with random signs",
    says=r"$\|V'\|_F\le\tau_v\le1$, $\|W'\|_{2,4}\le\tau_w\in[m_1^{-3/4},m_1^{-9/16}]$: w.h.p. "
    r"over the initialisation and $\Sigma$, $f_r(x;W^{(0)}+\Sigma "
    r"W',V^{(0)}+V'\Sigma)=f_r(x;W^{(0)},V^{(0)})+a_rD_vV'D_wW'x\pm\tilde "
    r"O\big(\tau_w^{8/5}m_1^{9/10}+\tau_w^{16/5}m_1^{9/5}\sqrt{m_2}+\sqrt{m_2/m_1}\,\tau_v\big)$.",
    kind="scaling",
    quantifiers=(r"\forall\, x", r"\mathbb P_{W,V,A,b}", r"\forall\, W',V'", r"\mathbb P_\Sigma"),
)


@ALLQ11.part(
    "a",
    says=r"$V'=0$, the mean over $\Sigma$: $O(\tau_w^{8/5}m_1^{9/10})$ at $\tau_w=m_1^{-13/20}$ "
    r"for the worst $W'$, in root mean square over six networks.",
    constant=Constant(0.3, measured_on="m = 64…512"),
    along=[
        Along(
            variable="m",
            sizes=(64, 128, 256),
            instance=lambda m: {"width": m},
            at_most=0.15,
            trials=48,
            resolution=0.1,
        )
    ],
    specimens=[{"width": 128}],
)
@given(width=sizes(smallest=64, largest=256))
def signs_leave_the_second_order_of_the_first_layer(
    width: int, trials: Trials, *, of_m: float = 0.9
) -> Bound:
    whole, trials = trials, copies(trials, 6)
    start, tau = _Start(width, trials), width**-0.65
    sign = trials.signs("Sigma", 12, width)
    base = start.output(start.h.unsqueeze(1))[:, 0]
    best = torch.zeros_like(base)
    for r in torch.logspace(-1.0, 1.0, 6, dtype=torch.float64).tolist():
        move = start.crossing(tau, r * tau ** (4 / 5) / width**0.3).unsqueeze(1)
        # Pairs ±Σ take the first order off.
        both = [start.output((start.z.unsqueeze(1) + s * sign * move).relu()) for s in (1.0, -1.0)]
        best = torch.maximum(best, (0.5 * (both[0] + both[1]).mean(dim=1) - base).abs())
    return at_most(over_copies(best, whole), tau**1.6 * width**of_m)


signs_leave_the_second_order_of_the_first_layer.twin(
    "m₁^{3/10} in place of m₁^{9/10}", specimens=[{"width": 256}], of_m=0.3
)


@ALLQ11.part(
    "b",
    says=r"$W'=0$, in root mean square over $\Sigma$: $O(\sqrt{m_2/m_1}\,\tau_v)$ for "
    r"$V'=\tau_va^\top h^\top/\|a\|\|h\|$.",
    constant=Constant(2.5, measured_on="m = 64…512, τ_v = 0.1…1"),
    along=[
        Along(
            variable="m",
            sizes=(64, 512, 4096),
            instance=lambda m: {"width": m, "radius": 1.0},
            at_most=0.1,
            trials=48,
        )
    ],
    specimens=[{"width": 128, "radius": 1.0}],
)
@given(width=sizes(smallest=64, largest=256), radius=st.sampled_from((1.0, 0.3, 0.1)))
def signs_make_moves_of_the_second_layer_small(
    width: int,
    radius: float,
    trials: Trials,
    *,
    spectral: bool = False,
    after: bool = False,
    power: float = 0.5,
) -> Bound:
    draws = 24
    first = ThreeLayer(first=width, second=1).initialise(trials)
    h = first.first(first.W, inputs(trials, "x", 1, 4)).relu()[:, 0]
    # Given h, the second preactivations are N(0, (‖h‖² + 1)/m₂).
    spread = ((h.square().sum(dim=1, keepdim=True) + 1.0) / width).sqrt()
    weights, u = trials.normal("A of all", width), spread * trials.normal("u", width)
    sign, a = trials.signs("Sigma", draws, width), weights * (u >= 0)
    if spectral:
        # A partial permutation onto the rows with a_i > 0: spectral norm 1, Frobenius norm √(m/4).
        # The hidden values are matched in their order of size, and row i receives ±h.
        shift = radius * (weights > 0).unsqueeze(1) * sign * h.unsqueeze(1)
    else:
        along = a / a.norm(dim=1, keepdim=True)
        seen = (h.unsqueeze(1) if after else sign * h.unsqueeze(1)) @ h.unsqueeze(2)
        shift = radius * seen / h.norm(dim=1).view(-1, 1, 1) * along.unsqueeze(1)
    u = u.unsqueeze(1)
    moved = (weights.unsqueeze(1) * ((u + shift).relu() - u.relu())).sum(dim=2)
    return at_most(moved.square().mean(dim=1).sqrt(), radius * width ** (0.5 - power))


signs_make_moves_of_the_second_layer_small.twin(
    "‖V'‖₂ ≤ τ_v, as printed: a typing error for ‖V'‖_F",
    specimens=[{"width": 16384, "radius": 1.0}],
    spectral=True,
)
signs_make_moves_of_the_second_layer_small.twin(
    "V' may depend on Σ, as the main text has it: the appendix excludes it",
    specimens=[{"width": 256, "radius": 1.0}],
    after=True,
)
signs_make_moves_of_the_second_layer_small.twin(
    "τ_v/√m₁, without √m₂", specimens=[{"width": 256, "radius": 1.0}], power=1.0
)
