r"""Rademacher complexity of three layers (ALL18, Lemmas 6.10 and 6.12).

*Frozen signs.* The class splits into a linear part in W', one in V' and a bilinear one, whose
supremum is exact: over ‖V'‖_F ≤ τ_v, ‖W'‖_F ≤ τ_w it is τ_vτ_w max_q ‖M_q‖₂, and over ‖W'‖_{2,4} ≤
τ_w it is τ_vτ_w (Σ_q ‖M_q‖₂⁴)^{1/4}, M_q = (1/N) Σ ξ_n [D_{w,n}]_qq ã_n x_n^⊤. Random signs leave
the bilinear part alone: that is what the second variant buys. *The real network*, without signs,
has a complexity that grows with m.

The printed lemma 6.12 has absolute values inside the supremum, which the constant part f_0 enters
with |f_0|/√N; without the bars, as the page defines complexities, it drops out. Lemma 6.10 needs
σ_w ≲ m₁^{-1/2}, as Table 1 has it.
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
    Mean,
    Trials,
    all_of,
    at_least,
    at_most,
    given,
    mean_at_most,
    statement,
)
from lemmata.strategies import sizes
from lemmata.theorems.beyond_two_layers.setting.inputs import inputs
from lemmata.theorems.beyond_two_layers.setting.three_layers import (
    ThreeLayer,
    ThreeLayerNetwork,
)


class _Class:
    """The frozen class at a square initialisation: features of N inputs and sign draws ξ."""

    def __init__(
        self, width: int, samples: int, trials: Trials, *, draws: int = 8, noise: float = 0.0
    ) -> None:
        network: ThreeLayerNetwork = ThreeLayer(first=width, second=width).initialise(trials)
        self.x = inputs(trials, "x", samples, 4)
        W = network.W + noise * trials.normal("W rho", width, 4)
        signs = network.signs(W, network.V, self.x)
        self.Dw, self.a = signs.w, signs.v * network.A
        self.h = signs.w * network.first(W, self.x)
        self.c = signs.w * (self.a @ network.V)
        self.xi = trials.signs("xi", draws, samples)
        self.samples = samples

    def of_v(self) -> Float[Tensor, "trials draws"]:
        """Return ‖(1/N) Σ ξ_n ã_n h_n^⊤‖_F, the supremum over ‖V'‖_F ≤ 1."""
        gram = (self.a @ self.a.mT) * (self.h @ self.h.mT)
        return (
            torch.einsum("tsn,tnm,tsm->ts", self.xi, gram, self.xi).clamp(min=0).sqrt()
            / self.samples
        )

    def of_w(self) -> Float[Tensor, "trials draws m1"]:
        """Return the row norms of G = (1/N) Σ ξ_n c_n x_n^⊤."""
        return torch.einsum("tsn,tnj,tnd->tsjd", self.xi, self.c, self.x).norm(dim=3) / self.samples

    def bilinear(self) -> Float[Tensor, "trials draws m1"]:
        """Return ‖M_q‖₂ for every neuron q, through the d×d matrices M_q^⊤M_q."""
        weighted = self.xi.unsqueeze(2) * self.Dw.mT.unsqueeze(1)
        gram = (self.a @ self.a.mT).unsqueeze(1)
        out = []
        for s in range(self.xi.shape[1]):
            left = weighted[:, s].unsqueeze(3) * self.x.unsqueeze(1)
            out.append(torch.linalg.eigvalsh(left.mT @ (gram @ left))[..., -1].clamp(min=0).sqrt())
        return torch.stack(out, dim=1) / self.samples


ALLR4 = statement(
    "ALL-R4",
    paper="ALL18",
    source="Section 6.5 and Appendix C.4",
    provenance="derived",
    uses=["ALL-R1"],
    title="Complexity of the three-layer classes",
    says=r"The frozen class over $\|W'\|_F\le\tau_w$, $\|V'\|_F\le\tau_v$: $\widehat{\mathfrak "
    r"R}\le\frac1{\sqrt N}\big[\tau_w(\frac1N\sum\|c_n\|^2)^{1/2}+\tau_v(\frac1N\sum\|\tilde "
    r"a_n\|^2\|h_n\|^2)^{1/2}+\tau_w\tau_v(\frac1N\sum\|\tilde a_n\|^2)^{1/2}(1+\sqrt{2\log "
    r"m_1})\big]$; the real one over row balls grows with $m$.",
    kind="mean",
)
_SIZES = {
    "width": sizes(smallest=32, largest=128),
    "samples": st.sampled_from((32, 16)),
}


@ALLR4.part(
    "a",
    says=r"The three suprema of the frozen class, each below its bound; with random signs the "
    r"third alone is left.",
    quantifiers=(r"\forall\, W,V,A,b", r"\forall\, x_1,\dots,x_N", r"\mathbb E_\xi"),
    specimens=[{"width": 64, "samples": 32}],
)
@given(**_SIZES)
def frozen_classes_have_three_parts(
    width: int, samples: int, trials: Trials, *, outer: bool = True
) -> Mean:
    made = _Class(width, samples, trials, draws=8)
    root = math.sqrt(samples)
    a = made.a.square().sum(dim=2)
    sizes_ = [
        made.c.square().sum(dim=2).mean(dim=1).sqrt(),
        (a * made.h.square().sum(dim=2)).mean(dim=1).sqrt(),
        a.mean(dim=1).sqrt() * (1.0 + math.sqrt(2.0 * math.log(width))),
    ]
    third = sizes_[2] if outer else torch.ones_like(sizes_[2])
    ratios = (
        made.of_w().norm(dim=2).mean(dim=1) / sizes_[0],
        made.of_v().mean(dim=1) / sizes_[1],
        made.bilinear().amax(dim=2).mean(dim=1) / third,
    )
    return mean_at_most(root * torch.stack(ratios, dim=1), 1.0, within=0.1)


frozen_classes_have_three_parts.twin("the third without ‖ã‖ and the logarithm", outer=False)


@ALLR4.part(
    "b",
    says=r"The real network over row balls $\|w_j'\|\le\tau_w$, $\|v_i'\|\le\tau_v$, every "
    r"initialisation: $\widehat{\mathfrak R}\le\frac{\|a\|_1}{\sqrt "
    r"N}\big[\tau_w\max_i\|v_i^{(0)}\|_1+\tau_v(\bar h+2\sqrt{m_1}\tau_w)\big]$; an ascent bounds "
    r"it from below.",
    quantifiers=(
        r"\forall\, W,V,A,b",
        r"\forall\, x_1,\dots,x_N",
        r"\mathbb E_\xi",
        r"\sup_{W',V'}",
    ),
    specimens=[{"width": 32, "samples": 16}],
)
@given(**_SIZES)
def real_classes_of_row_balls(
    width: int, samples: int, trials: Trials, *, one_norm: bool = True
) -> Mean:
    network = ThreeLayer(first=width, second=width).initialise(trials)
    x, of_v = inputs(trials, "x", samples, 4), 1.0
    xi = trials.signs("xi", samples)
    a = network.A[:, 0]
    h = network.first(network.W, x).relu()
    base = (xi * network.outputs(network.W, network.V, x)[..., 0]).sum(dim=1)
    V = network.V
    best = torch.zeros_like(base)
    for _ in range(8):
        active = (h @ V.mT + network.b2.unsqueeze(1) >= 0).to(x.dtype)
        slope = torch.einsum("tn,tni,ti,tnj->tij", xi, active, a, h)
        V = network.V + of_v * slope / slope.norm(dim=2, keepdim=True).clamp(min=1e-300)
        value = (xi * network.outputs(network.W, V, x)[..., 0]).sum(dim=1)
        best = torch.maximum(best, value - base)
    size = a.abs().sum(dim=1) if one_norm else a.norm(dim=1)
    height = h.square().sum(dim=2).mean(dim=1).sqrt()
    bound = size * of_v * height / math.sqrt(samples)
    return mean_at_most(best / samples / bound, 1.0, within=0.1)


real_classes_of_row_balls.twin(
    "‖a‖₂ for ‖a‖₁", specimens=[{"width": 256, "samples": 32}], one_norm=False
)

ALLR5 = statement(
    "ALL-R5",
    paper="ALL18",
    source="Lemma 6.10",
    provenance="as printed",
    note="with σ_w ≤ m₁^{-1/2}, which the statement does not say and Table 1 has",
    uses=["ALL-A12"],
    title="Crude Rademacher bound",
    says=r"W.h.p. for all $N$: $\widehat{\mathfrak R}\le\tilde "
    r"O\big(\frac{\tau_w'm_1\sqrt{m_2}+\tau_v'm_2}{\sqrt "
    r"N}+\frac{\tau_v'\sqrt{m_1m_2\tau_w'(m_1^{-1/2}+\tau_w')}}{N^{1/4}}\big)$. At small radii its "
    r"two first parts are exact suprema, of sizes $\tau_w'm_1^{3/4}/\sqrt N$ and "
    r"$\tau_v'\sqrt{m_2/N}$.",
    kind="scaling",
    quantifiers=(r"\forall\, x_1,\dots,x_N", r"\mathbb P_{W,V,A,b}", r"\mathbb E_\xi"),
)


def _width_grid(at_most: float, member: str = "") -> Along:
    return Along(
        variable="m",
        sizes=(32, 64, 128, 256),
        instance=lambda m: {"width": m, "samples": 32},
        at_most=at_most,
        trials=48,
        member=member,
        resolution=0.1,
    )


@ALLR5.part(
    "a",
    provenance="derived",
    says=r"$V'$: $\tau_v'\mathbb E\|\frac1N\sum\xi_n\tilde a_nh_n^\top\|_F\le "
    r"O(\tau_v'\sqrt{m_2/N})$, below the printed $\tau_v'm_2/\sqrt N$.",
    constant=Constant(1.5, measured_on="m = 32…256, N = 16…64"),
    along=[_width_grid(0.15)],
    specimens=[{"width": 64, "samples": 32}],
)
@given(**_SIZES)
def the_second_layer_costs_the_root_of_its_width(
    width: int, samples: int, trials: Trials, *, power: float = 0.5, noise: float = 0.0
) -> Bound:
    made = _Class(width, samples, trials, noise=noise)
    return at_most(made.of_v().mean(dim=1), width**power / math.sqrt(samples))


the_second_layer_costs_the_root_of_its_width.twin("τ'_v/√N, without a power of m₂", power=0.0)
the_second_layer_costs_the_root_of_its_width.twin(
    "smoothing of any size, as printed: σ_w = 10", noise=10.0
)


@ALLR5.part(
    "b",
    provenance="derived",
    says=r"$W'$: $\tau_w'\mathbb E\big(\sum_j\|G_j\|^{4/3}\big)^{3/4}\le O(\tau_w'm_1^{3/4}/\sqrt "
    r"N)$, below the printed $\tau_w'm_1\sqrt{m_2}/\sqrt N$.",
    constant=Constant(1.2, measured_on="m = 32…256, N = 16…64"),
    along=[_width_grid(0.15)],
    specimens=[{"width": 64, "samples": 32}],
)
@given(**_SIZES)
def the_first_layer_costs_three_quarters_of_its_width(
    width: int, samples: int, trials: Trials, *, power: float = 0.75
) -> Bound:
    rows = _Class(width, samples, trials).of_w()
    found = (rows ** (4.0 / 3.0)).sum(dim=2) ** 0.75
    return at_most(found.mean(dim=1), width**power / math.sqrt(samples))


the_first_layer_costs_three_quarters_of_its_width.twin("m₁^{1/4}", power=0.25)

ALLR6 = statement(
    "ALL-R6",
    paper="ALL18",
    source="Lemma 6.12",
    provenance="as printed",
    note="without the bars inside the supremum, as the page defines complexities: with them the "
    "constant part adds |f_0|/√N",
    uses=["ALL-Q2", "ALL-Q11"],
    title="Rademacher bound with random signs",
    says=r"$\{x\mapsto a_rD_vV'D_wW'x:\|V'\|_F\le\tau_v,\|W'\|_{2,4}\le\tau_w\}$: "
    r"$\sup\frac1N\sum\xi_nf(x_n)=\tau_v\tau_w\big(\sum_q\|M_q\|_2^4\big)^{1/4}$, hence "
    r"$\widehat{\mathfrak R}\le\tilde O(\tau_v\tau_wm_1^{1/4}\sqrt{m_2/N})$.",
)


@ALLR6.part(
    "a",
    kind="inequality",
    provenance="derived",
    says=r"The supremum is attained and not exceeded: $W'$ with $\|w_q\|\propto\|M_q\|_2$ along "
    r"the top singular vectors gives it, and alternating ascent no more.",
    quantifiers=(r"\forall\, W,V,A,b", r"\forall\, x_n,\xi_n", r"\sup_{W',V'}"),
    specimens=[{"width": 16, "samples": 16}],
)
@given(width=st.sampled_from((16, 8, 32)), samples=st.sampled_from((16, 8)))
def the_supremum_of_the_bilinear_class(
    width: int, samples: int, trials: Trials, *, power: float = 4.0
) -> Bound:
    made = _Class(width, samples, trials, draws=1)
    closed = (made.bilinear()[:, 0] ** power).sum(dim=1) ** (1.0 / power)
    M = torch.einsum("tn,tnq,tni,tnd->tqid", made.xi[:, 0], made.Dw, made.a, made.x) / samples
    _, S, Vh = torch.linalg.svd(M, full_matrices=False)
    # Σ_q v_q^⊤ M_q w_q with ‖V'‖_F = 1: the best V' has columns in proportion to M_q w_q.
    W = S[:, :, :1] * Vh[:, :, 0]
    other = trials.stream("adversary").normal("start", width, 4)
    values = []
    for start in (W, other):
        W = start
        for _ in range(60):
            image = torch.einsum("tqid,tqd->tqi", M, W)
            pull = torch.einsum("tqid,tqi->tqd", M, image)
            length = pull.norm(dim=2, keepdim=True).clamp(min=1e-300)
            W = pull / length * length ** (1.0 / 3.0)
            W = W / (W.norm(dim=2) ** 4).sum(dim=1).view(-1, 1, 1) ** 0.25
        values.append(torch.einsum("tqid,tqd->tqi", M, W).flatten(1).norm(dim=1))
    return all_of(
        above=at_most(torch.maximum(*values), closed * (1.0 + 1e-10)),
        attained=at_least(values[0], closed * (1.0 - 1e-6)),
    )


the_supremum_of_the_bilinear_class.twin("the maximum over q, as for Frobenius balls", power=40.0)


@ALLR6.part(
    "b",
    kind="scaling",
    says=r"$\mathbb E\big(\sum_q\|M_q\|_2^4\big)^{1/4}\le O(m_1^{1/4}\sqrt{m_2/N})$.",
    quantifiers=(r"\forall\, x_1,\dots,x_N", r"\mathbb P_{W,V,A,b}", r"\mathbb E_\xi"),
    constant=Constant(1.0, measured_on="m = 32…256, N = 16…64"),
    along=[_width_grid(0.1)],
    specimens=[{"width": 64, "samples": 32}],
)
@given(**_SIZES)
def random_signs_leave_a_small_class(
    width: int, samples: int, trials: Trials, *, power: float = 0.75, bars: bool = False
) -> Bound:
    made = _Class(width, samples, trials, draws=4)
    found = (made.bilinear() ** 4).sum(dim=2) ** 0.25
    if bars:
        # At N = 1 and radii m^{-3/4}, the constant part of the class with absolute values: |f_0|.
        f0 = trials.normal("f0").abs()
        return at_most(f0, width**-0.1)
    return at_most(found.mean(dim=1), width**power / math.sqrt(samples))


random_signs_leave_a_small_class.twin(
    "without m₁^{1/4}", specimens=[{"width": 256, "samples": 32}], power=0.5
)
random_signs_leave_a_small_class.twin("without √m₂", power=0.25)
