r"""Sign changes are sparse (ALL18, Lemma 6.5(1) and Claim C.8).

At most O(s m^{3/2}) of m preactivations of size m^{-1/2} are below s, and at most τ⁴/s⁴ rows of
‖W'‖_{2,4} ≤ τ (τ²/s² of ‖·‖_F) move by s: the balance gives τ_w^{4/5} m₁^{6/5} and τ_v^{2/3} m₂.
The worst set is explicit: flip the smallest preactivations as long as the budget lasts. Through
V⁽⁰⁾ the first layer moves second preactivations by O(m₁^{1/4} τ_w) in ℓ₂, as long as ‖V⁽⁰⁾‖₂ =
O(1): m₂ ≳ m₁, which the lemma does not say and every use has (Table 1).
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
    Trials,
    all_of,
    at_most,
    given,
    statement,
    worst_of,
)
from lemmata.strategies import log_uniform, sizes
from lemmata.theorems.beyond_two_layers.setting.inputs import inputs
from lemmata.theorems.beyond_two_layers.setting.three_layers import (
    ThreeLayer,
)
from lemmata.theorems.mathematics.norms import norm24

ALLQ4 = statement(
    "ALL-Q4",
    paper="ALL18",
    source="Lemma 6.5(1)",
    provenance="as printed",
    note="m₂ ≳ m₁ is not among the hypotheses; every use has m₁ = m₂",
    uses=["ALL-Q1"],
    title="Sign changes are sparse",
    says=r"Fixed unit $x$, w.h.p., for all $\|W'\|_{2,4}\le\tau_w$, $\|V'\|_F\le\tau_v$: "
    r"$\|D_w'\|_0\le\tilde O(\tau_w^{4/5}m_1^{6/5})$, $\|D_w'(W^{(0)}x+b_1)\|_2\le\tilde "
    r"O(\tau_w^{6/5}m_1^{3/10})$ and $\|D_v'\|_0\le\tilde "
    r"O(\sigma_vm_2^{3/2}+\tau_v^{2/3}m_2+\tau_w^{2/3}m_1^{1/6}m_2)$.",
    kind="scaling",
    quantifiers=(r"\forall\, x", r"\mathbb P_{W,V,b}", r"\forall\, W',V'"),
)


def _grids(
    widths: tuple[int, ...], radii: tuple[float, ...], at: float, flat: float = 0.1
) -> list[Along]:
    return [
        Along(
            variable="m",
            sizes=widths,
            instance=lambda m: {"width": m, "radius": at},
            at_most=flat,
            at_least=-flat,
            trials=48,
        ),
        Along(
            variable="radius",
            sizes=radii,
            instance=lambda r: {"width": widths[-1], "radius": r},
            at_most=flat,
            at_least=-flat,
            trials=32,
        ),
    ]


def _flipped(z: Float[Tensor, "trials m"], budget: float, power: int) -> Float[Tensor, "trials m"]:
    """Mark the smallest |z| with Σ|z|^power ≤ budget^power."""
    order = z.abs().argsort(dim=1)
    cost = z.abs().gather(1, order).pow(power).cumsum(dim=1)
    return torch.zeros_like(z).scatter(1, order, (cost <= budget**power).to(z.dtype))


@ALLQ4.part(
    "a",
    says=r"Layer 1, $\tau_w=c\,m_1^{-1/4}$: at most $O(\tau_w^{4/5}m_1^{6/5})$ changes, and "
    r"$\|D_w'(W^{(0)}x+b_1)\|_2\le O(\tau_w^{6/5}m_1^{3/10})$.",
    constant=Constant(1.3, measured_on="m = 256…16384, c = 0.1…1"),
    along=_grids((256, 2048, 16384), (0.1, 0.3, 1.0), 0.3),
    specimens=[{"width": 2048, "radius": 0.3}],
)
@given(width=sizes(smallest=256, largest=4096, factor=4.0), radius=log_uniform(0.1, 1.0))
def few_signs_of_the_first_layer_change(
    width: int, radius: float, trials: Trials, *, of_m: float = 1.2, of_norm: float = 0.3
) -> Bound:
    network, x = ThreeLayer(first=width, second=1).initialise(trials), inputs(trials, "x", 1, 4)
    tau = radius * width**-0.25
    z = network.first(network.W, x)[:, 0]
    chosen = _flipped(z, tau * (1.0 - 1e-6), 4)
    along = -(1.0 + 1e-9) * (chosen * z).unsqueeze(2) * x
    other = trials.stream("adversary").sphere("row", width, 4)
    other = tau * other / norm24(other).view(-1, 1, 1)
    found = {}
    for name, move in {"smallest": along, "random": other}.items():
        changed = (network.first(network.W + move, x) >= 0) != (network.first(network.W, x) >= 0)
        changed = changed[:, 0].to(z.dtype)
        found[name] = all_of(
            count=at_most(changed.sum(dim=1), tau**0.8 * width**of_m),
            norm=at_most((changed * z).norm(dim=1), tau**1.2 * width**of_norm),
        ).scaling_as(changed.sum(dim=1) / (tau**0.8 * width**of_m))
    return worst_of(**found)


few_signs_of_the_first_layer_change.twin(
    "m₁ in place of m₁^{6/5}", specimens=[{"width": 2048, "radius": 0.3}], of_m=1.0
)
few_signs_of_the_first_layer_change.twin("the norm without m₁^{3/10}", of_norm=0.0)


def _second_preactivations(width: int, trials: Trials) -> tuple[Tensor, Tensor]:
    """Return u = V⁽⁰⁾h + b₂ and ‖h‖, of m₁ = m₂.

    Given h, the entries of u are N(0, (‖h‖² + 1)/m₂).
    """
    network = ThreeLayer(first=width, second=1).initialise(trials)
    h = network.first(network.W, inputs(trials, "x", 1, 4)).relu()[:, 0].norm(dim=1, keepdim=True)
    return ((h**2 + 1.0) / width).sqrt() * trials.normal("u", width), h


@ALLQ4.part(
    "b",
    says=r"Layer 2, $\|V'\|_F\le\tau_v$: at most $O(\tau_v^{2/3}m_2)$ changes.",
    constant=Constant(1.5, measured_on="m = 64…8192, τ_v = 0.03…0.9"),
    along=_grids((128, 1024, 8192), (0.03, 0.1, 0.3, 0.9), 0.3),
    specimens=[{"width": 1024, "radius": 0.1}],
)
@given(width=sizes(smallest=64, largest=4096, factor=4.0), radius=log_uniform(0.05, 0.9))
def few_signs_of_the_second_layer_change(
    width: int, radius: float, trials: Trials, *, power: float = 2.0 / 3.0
) -> Bound:
    u, h = _second_preactivations(width, trials)
    # Row i of V' is -u_i h/‖h‖²: it costs |u_i|/‖h‖ and brings the preactivation to the other side.
    chosen = _flipped(u / h, radius, 2)
    return at_most(chosen.sum(dim=1), radius**power * width)


few_signs_of_the_second_layer_change.twin(
    "in proportion to τ_v", specimens=[{"width": 4096, "radius": 0.03}], power=1.0
)


@ALLQ4.part(
    "c",
    says=r"Layer 2 through $W'$, $\tau_w=c\,m_1^{-1/2}$ and $m_2\gtrsim m_1$: at most "
    r"$O(\tau_w^{2/3}m_1^{1/6}m_2)$ changes.",
    constant=Constant(1.0, measured_on="m₁ = m₂ = 64…1024, c = 0.3"),
    along=[
        Along(
            variable="m",
            sizes=(64, 128, 256, 512),
            instance=lambda m: {"width": m, "radius": 0.3},
            at_most=0.1,
            trials=64,
            resolution=0.1,
        )
    ],
    specimens=[{"width": 256, "radius": 0.3}],
)
@given(width=sizes(smallest=64, largest=256), radius=log_uniform(0.1, 1.0))
def the_first_layer_changes_few_signs_of_the_second(
    width: int, radius: float, trials: Trials, *, second: int = 0
) -> Bound:
    m2 = second or width
    network, x = ThreeLayer(first=width, second=m2).initialise(trials), inputs(trials, "x", 1, 4)
    tau = radius / math.sqrt(width)
    u = network.second(network.W, network.V, x)[:, 0]
    order = u.abs().argsort(dim=1)
    active = (network.first(network.W, x) >= 0)[:, 0].to(u.dtype)
    best = torch.zeros_like(u[:, 0])
    for share in (0.02, 0.05, 0.1, 0.2, 0.4):
        ranks = torch.arange(m2, device=u.device).expand_as(order)
        chosen = torch.zeros_like(u).scatter(1, order, (ranks < share * m2).to(u.dtype))
        aim = torch.einsum("tm,tmj->tj", -u.sign() * chosen, network.V) * active
        # ‖W'‖_{2,4} of the rows y_j x is ‖y‖₄.
        y = tau * aim / (aim**4).sum(dim=1, keepdim=True).clamp(min=1e-300) ** 0.25
        new = network.second(network.W + y.unsqueeze(2) * x, network.V, x)[:, 0]
        best = torch.maximum(best, ((new >= 0) != (u >= 0)).to(u.dtype).sum(dim=1))
    return at_most(best, tau ** (2.0 / 3.0) * width ** (1.0 / 6.0) * m2)


the_first_layer_changes_few_signs_of_the_second.twin(
    "for any m₂, as printed: m₂ = 16",
    specimens=[{"width": 16384, "radius": 0.3}],
    second=16,
)


@ALLQ4.part(
    "d",
    says=r"The smoothing $V^\rho$ of variance $\sigma_v^2\le1/m_2$ alone changes "
    r"$O(\sigma_vm_2^{3/2})$ signs.",
    constant=Constant(0.5, measured_on="m = 64…8192, σ_v√m₂ = 0.1…1"),
    along=_grids((128, 1024, 8192), (0.1, 0.3, 1.0), 0.3),
    specimens=[{"width": 256, "radius": 0.3}],
)
@given(width=sizes(smallest=64, largest=1024), radius=log_uniform(0.1, 1.0))
def smoothing_changes_few_signs(
    width: int, radius: float, trials: Trials, *, power: float = 1.5
) -> Bound:
    u, h = _second_preactivations(width, trials)
    sigma = radius / math.sqrt(width)
    new = u + sigma * h * trials.normal("rho", width)
    count = ((new >= 0) != (u >= 0)).to(u.dtype).sum(dim=1)
    return at_most(count.clamp(min=1e-3), sigma * width**power)


smoothing_changes_few_signs.twin("σ_v m₂", specimens=[{"width": 1024, "radius": 0.3}], power=1.0)

ALLQ13 = statement(
    "ALL-Q13",
    paper="ALL18",
    source="Claim C.8",
    provenance="as printed",
    note="printed for all unit h after V and with no probability: for one h, as its proof is and "
    "every use has it; and with a cutoff, below which less than one sign changes",
    title="Changes of signs are sparse and small in ℓ₁",
    says=r"Fixed unit $h$, $V_{ij}\sim N(0,\frac1{m_2})$, w.h.p. for all $g'=g_1'+g_2'$, "
    r"$\|g_1'\|\le1$, $\|g_2'\|_\infty\le\frac1{4\sqrt{m_2}}$, with $x=D'(Vh+g')$ on changed "
    r"coordinates: $\|x\|_0\le O(m_2\|g_1'\|^{2/3}+m_2^{3/2}\|g_2'\|_\infty)$ and $\|x\|_1\le "
    r"O(\sqrt{m_2}\|g_1'\|^{4/3}+m_2^{3/2}\|g_2'\|_\infty^2)$.",
    kind="scaling",
    quantifiers=(r"\forall\, h", r"\mathbb P_V", r"\forall\, g_1',g_2'"),
)
_CLAIM = {
    "width": sizes(smallest=512, largest=8192, factor=4.0),
    "radius": st.sampled_from((0.1, 0.03, 0.3)),
}
_LONG = _grids((512, 4096, 32768), (0.03, 0.1, 0.3), 0.1)


@ALLQ13.part(
    "a",
    says=r"$\|g_1'\|\le t$: at most $O(m_2t^{2/3})$ changes, of total size "
    r"$O(\sqrt{m_2}\,t^{4/3})$.",
    constant=Constant(1.6, measured_on="m₂ = 512…32768, t = 0.03…0.3"),
    along=_LONG,
    specimens=[{"width": 4096, "radius": 0.1}],
)
@given(**_CLAIM)
def changes_by_an_l2_move_are_sparse_and_small(
    width: int,
    radius: float,
    trials: Trials,
    *,
    of_count: float = 2.0 / 3.0,
    of_sum: float = 4.0 / 3.0,
    seen: bool = False,
) -> Bound:
    g = trials.normal("Vh", width, variance=1.0 / width)
    if seen:
        # h chosen after V, orthogonal to all but one of the rows: the claim "for all h".
        g = torch.cat((g[:, :1], 1e-12 * g[:, 1:]), dim=1)
    ordered = g.abs().sort(dim=1).values
    count = (ordered.square().cumsum(dim=1) <= radius**2).to(g.dtype).sum(dim=1)
    sums = torch.zeros_like(count)
    grid = torch.logspace(-1.5, 1.5, 40, device=g.device, dtype=g.dtype)
    for r in grid * (radius / width ** (1.0 / 3.0)) / math.sqrt(width) ** (1.0 / 3.0):
        # n neurons pushed to depth r - |g| with a move of r each, n r² ≤ t².
        allowed = math.floor(min(float(radius**2 / r**2), width))
        depth = (r - ordered[:, :allowed]).clamp(min=0.0)
        sums = torch.maximum(sums, depth.sum(dim=1))
    return all_of(
        count=at_most(count, width * radius**of_count),
        sum=at_most(sums, math.sqrt(width) * radius**of_sum),
    ).scaling_as(sums / (math.sqrt(width) * radius**of_sum))


changes_by_an_l2_move_are_sparse_and_small.twin(
    "the sum in proportion to t²", specimens=[{"width": 4096, "radius": 0.03}], of_sum=2.0
)
changes_by_an_l2_move_are_sparse_and_small.twin(
    "for all h, chosen after V, as printed",
    specimens=[{"width": 512, "radius": 0.001}],
    seen=True,
)


@ALLQ13.part(
    "b",
    says=r"$\|g_2'\|_\infty\le s$: at most $O(m_2^{3/2}s)$ changes, of total size "
    r"$O(m_2^{3/2}s^2)$, with the constants $2\varphi(0)$ and $\varphi(0)$.",
    constant=Constant(1.5, measured_on="m₂ = 512…32768, s√m₂ = 0.03…0.25"),
    along=_grids((512, 4096, 32768), (0.03, 0.1, 0.25), 0.1),
    specimens=[{"width": 4096, "radius": 0.1}],
)
@given(width=_CLAIM["width"], radius=st.sampled_from((0.1, 0.05, 0.25)))
def changes_by_a_uniform_move_are_sparse_and_small(
    width: int, radius: float, trials: Trials, *, power: float = 1.5
) -> Bound:
    g = trials.normal("Vh", width, variance=1.0 / width).abs()
    s = radius / math.sqrt(width)
    count, sums = (g <= s).to(g.dtype).sum(dim=1), (s - g).clamp(min=0.0).sum(dim=1)
    return all_of(
        count=at_most(count, width**power * s), sum=at_most(sums, width**power * s**2)
    ).scaling_as(count / (width**power * s))


changes_by_a_uniform_move_are_sparse_and_small.twin("m₂ in place of m₂^{3/2}", power=1.0)
