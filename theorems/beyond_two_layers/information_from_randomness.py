r"""Information out of the randomness of a neuron (ALL18, Lemma 6.4).

*Ours.* For v ~ N(0, I/m₂) and a unit vector û, α = √m₂⟨v, û⟩ and the rest of v are independent:
with û along the u of ALL-E2, ⟨v, h(x)⟩ = ϱ φ_ε(x) + B(x) for all x at once, ϱ = ⟨v, û⟩/‖u‖,
exactly, given the first layer.

*The page's.* Neurons i with 𝔰(h_i, √m₂v_i) ≠ 0 form S, u = s/√|S|, α = u^⊤We_d, and β = W - αue_d^⊤
is what α does not see: n₁ = ϱφ_ε + B + R with ϱ = √(τm₁/m₂) α. The independence of ϱ and B asks for
w* ⊥ e_d, as h_i must not see the last column; "w* = e₁ without loss of generality" holds among the
other coordinates only. With the standing x_d = ½ the scale of h is off by that factor.
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from scipy import stats
from torch import Tensor

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Law,
    Mean,
    Trials,
    at_most,
    given,
    law_of,
    mean_of,
    statement,
)
from lemmata.strategies import sizes
from lemmata.theorems.beyond_two_layers.interval_partition import partition
from lemmata.theorems.mathematics.gaussian import against_normal, distribution
from lemmata.theorems.mathematics.hermite import half_space, normalised

ALLQ7 = statement(
    "ALL-Q7",
    paper="ALL18",
    source="Lemma 6.4",
    provenance="ours",
    note="stronger than the lemma in what it gives (no third term, all x at once, every w*), but "
    "given the first layer",
    uses=["ALL-H2", "ALL-E2"],
    title="Information out of randomness, exactly",
    says=r"$v\sim N(0,I/m_2)$, unit $\hat u$, fixed $h$: $\sqrt{m_2}\langle "
    r"v,h\rangle=\alpha\langle\hat u,h\rangle+\beta\sqrt{\|h\|^2-\langle\hat u,h\rangle^2}$ with "
    r"independent $\alpha=\sqrt{m_2}\langle v,\hat u\rangle$ and $\beta\sim N(0,1)$, so that "
    r"indicators of $\langle v,h\rangle$ see $\langle\hat u,h\rangle/\|h\|$.",
)


def _neuron(
    width: int, trials: Trials, tilt: float, count: int = 4
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return √m₂ v (copies of it), û, the direction in use, and h with ⟨û, h⟩ = 0.8 ‖h‖ = 1.2."""
    v = trials.normal("v", count, width)
    u = trials.sphere("u", width)
    other = trials.normal("h", width)
    other = other - (other * u).sum(dim=1, keepdim=True) * u
    other = other / other.norm(dim=1, keepdim=True)
    used = u + tilt * other
    return v, u, used / used.norm(dim=1, keepdim=True), 1.5 * (0.8 * u + 0.6 * other)


@ALLQ7.part(
    "a",
    kind="law",
    says=r"$\alpha$ and $\beta=(\sqrt{m_2}\langle v,h\rangle-\alpha\langle\hat "
    r"u,h\rangle)/\sqrt{\|h\|^2-\langle\hat u,h\rangle^2}$ are independent and $N(0,1)$.",
    quantifiers=(r"\forall\,\hat u,h", r"\mathbb P_v"),
    specimens=[{"width": 16}],
)
@given(width=sizes(smallest=2, largest=256))
def what_a_neuron_sees_splits_into_independent_parts(
    width: int, trials: Trials, *, tilt: float = 0.0
) -> Law:
    v, _, used, h = _neuron(width, trials, tilt)
    alpha = torch.einsum("tcm,tm->tc", v, used)
    along = torch.einsum("tm,tm->t", used, h).unsqueeze(1)
    total = torch.einsum("tcm,tm->tc", v, h)
    u = _neuron(width, trials, 0.0)[1]
    inner = torch.einsum("tm,tm->t", u, h).unsqueeze(1)
    beta = (total - alpha * (along if tilt == 0.0 else inner)) / (
        (h.square().sum(dim=1, keepdim=True) - inner**2).sqrt()
    )
    root = math.sqrt(2.0)
    return law_of(
        torch.stack(((alpha + beta) / root, (alpha - beta) / root)).movedim(0, 1), stats.norm()
    )


what_a_neuron_sees_splits_into_independent_parts.twin("α along another direction, at 45°", tilt=1.0)


@ALLQ7.part(
    "b",
    kind="mean",
    says=r"$\mathbb E[h_i(\alpha)1[\langle "
    r"v,h\rangle+b\ge0]]=p_i(\sqrt{m_2}\,b/\|h\|)\,(\langle\hat u,h\rangle/\|h\|)^i$: the bias is "
    r"seen in units of $\|h\|$, which depends on $x$.",
    quantifiers=(r"\forall\,\hat u,h,b", r"\mathbb E_v"),
    specimens=[{"degree": 2}, {"degree": 1}],
)
@given(degree=st.integers(1, 3))
def indicators_of_a_neuron_see_a_power_of_the_cosine(
    degree: int, trials: Trials, *, divided: bool = True
) -> Mean:
    v, u, _, h = _neuron(8, trials, 0.0, count=256)
    b = -0.9
    alpha = torch.einsum("tcm,tm->tc", v, u)
    seen = (torch.einsum("tcm,tm->tc", v, h) + b >= 0).to(v.dtype)
    scaled = v.new_tensor(b / 1.5 if divided else b)
    expected = half_space(scaled, degree)[degree] * 0.8**degree
    return mean_of((normalised(alpha, degree)[degree] * seen).mean(dim=1), expected, within=0.02)


indicators_of_a_neuron_see_a_power_of_the_cosine.twin("the bias itself", divided=False)

ALLQ15 = statement(
    "ALL-Q15",
    paper="ALL18",
    source="Lemma 6.4",
    provenance="as printed",
    note="with the partition of ALL-Q8(a) in place of the printed one, and w* ⊥ e_d, which the "
    "proof needs and the lemma does not say; the constant C is absorbed in h, where the page loses "
    "x_d = ½",
    uses=["ALL-Q8", "ALL-A2", "ALL-A3"],
    title="Information out of randomness, by the page's construction",
    says=r"$n_1=\sum_iv_i\sigma(\langle w_i,x\rangle+b_i)=\varrho\,\varphi_\varepsilon(x)+B+R$ "
    r"with $\varrho\perp B$, $\varrho\sim N(0,\frac\tau{m_2})$, $\varphi_\varepsilon(x)=\mathbb "
    r"E[h\,x_d1[\langle w,x\rangle+b\ge0]]$ and $|R|\le\tilde O(1/\sqrt{m_1m_2})$.",
)
_TAU = 0.01


class _Construction:
    """S, s, α, β of the page for m₁ neurons, √m₂ v and √m₁ (w, b) standard normal.

    X = (0, 0, √¾, ½).
    """

    def __init__(
        self, width: int, trials: Trials, last: float, size: float, *, copies: int = 1
    ) -> None:
        self.W, self.b, self.v = (
            trials.normal(name, copies, width, *more).flatten(0, 1)
            for name, more in (("W", (4,)), ("b", ()), ("v", ()))
        )
        self.along = math.sqrt(1.0 - last**2) * self.W[..., 2] + last * self.W[..., 3]
        self.h = size * (0.5 * self.along).clamp(-1.0, 1.0)
        self.s = self._signs()
        self.count = self.s.abs().sum(dim=1).clamp(min=1.0)
        u = self.s / self.count.sqrt().unsqueeze(1)
        self.alpha = (u * self.W[..., 3]).sum(dim=1)
        z = math.sqrt(0.75) * self.W[..., 2] + 0.5 * self.W[..., 3] + self.b
        self.z, self.less = z, z - 0.5 * self.alpha.unsqueeze(1) * u

    def _signs(self) -> Float[Tensor, "trials neurons"]:
        """Return 𝔰(h_i, √m₂ v_i); only neurons with |v| near |h| need their set."""
        near = ((self.v.abs() - self.h.abs()).abs() < 0.06).nonzero(as_tuple=True)
        s = torch.zeros_like(self.v)
        y = self.h[near].unsqueeze(1)
        s[near] = partition(y, _TAU).sign(self.v[near].view(-1, 1, 1))[:, 0, 0]
        return s


def _coefficient(last: float, like: Tensor) -> float:
    """Return φ_ε at x = (0, 0, √¾, ½) for w* = (0, 0, √(1 - last²), last)."""
    a, w = against_normal(like)
    x = math.sqrt(0.75 * (1.0 - last**2)) + 0.5 * last
    seen = distribution(a * x / math.sqrt(2.0 - x**2))
    return float((0.5 * (0.5 * a).clamp(-1.0, 1.0) * seen * w).sum())


@ALLQ15.part(
    "a",
    kind="scaling",
    says=r"$|R|\le O(1/\sqrt{m_1m_2})$.",
    quantifiers=(r"\forall\, x", r"\mathbb P_{v,W,b}"),
    constant=Constant(1.0, measured_on="m₁ = 1024…16384, τ = 0.01"),
    along=[
        Along(
            variable="m₁",
            sizes=(1024, 4096, 16384),
            instance=lambda m: {"width": m},
            at_most=0.15,
            trials=256,
            resolution=0.15,
        )
    ],
    specimens=[{"width": 4096}],
)
@given(width=sizes(smallest=1024, largest=4096))
def the_rest_of_the_construction_is_small(
    width: int, trials: Trials, *, power: float = 0.5
) -> Bound:
    made = _Construction(width, trials, 0.0, 1.0)
    root = math.sqrt(width)
    # In units of 1/√m₂; W and b carry 1/√m₁.
    whole = (made.v * made.z.relu()).sum(dim=1) / root
    outside = (made.v * (made.s == 0) * made.z.relu()).sum(dim=1) / root
    B = outside + (made.v * (made.s != 0) * made.less.relu()).sum(dim=1) / root
    rho = math.sqrt(_TAU) * made.alpha
    R = whole - rho * _coefficient(0.0, made.v) - B
    return at_most(R.abs(), width**-power)


the_rest_of_the_construction_is_small.twin("1/m₁", power=1.0)


@ALLQ15.part(
    "b",
    kind="mean",
    says=r"The mean of $\mathfrak s(h_i,\sqrt{m_2}v_i)\sqrt{m_2}\,v_i\,x_d1[\cdot]$ over $S$ is "
    r"$\varphi_\varepsilon(x)$.",
    quantifiers=(r"\forall\, x", r"\mathbb E_{v,W,b}"),
    specimens=[{"width": 1024}],
)
@given(width=st.sampled_from((1024, 2048)))
def selected_neurons_carry_the_function(width: int, trials: Trials, *, half: float = 0.5) -> Mean:
    made = _Construction(width, trials, 0.0, 1.0, copies=8)
    seen = half * (made.s * made.v * (made.z >= 0)).sum(dim=1) / made.count
    samples = seen.view(len(trials), -1).mean(dim=1) / _coefficient(0.0, made.v)
    return mean_of(samples, 1.0, within=0.1)


selected_neurons_carry_the_function.twin(
    "without x_d = ½, as the scale of the page has it", half=1.0
)


@ALLQ15.part(
    "c",
    kind="mean",
    says=r"$\varrho$ and $B$ are uncorrelated for $w^*\perp e_d$.",
    quantifiers=(r"\forall\, x,w^*\perp e_d", r"\mathbb E_{v,W,b}"),
    specimens=[{"width": 1024}],
)
@given(width=st.sampled_from((1024, 2048)))
def the_selected_direction_is_uncorrelated_with_the_rest(
    width: int, trials: Trials, *, last: float = 0.0
) -> Mean:
    made = _Construction(width, trials, last, 1.0, copies=8)
    # v_i is replaced by its mean s_i h_i given S, which leaves the covariance and takes the noise
    # off.
    B = (made.s * made.h * made.less.relu()).sum(dim=1) / math.sqrt(width)
    samples = (made.alpha * B / math.sqrt(_TAU)).view(len(trials), -1).mean(dim=1)
    return mean_of(samples, 0.0, within=0.1)


the_selected_direction_is_uncorrelated_with_the_rest.twin(
    "w* = (0, 0, 0.6, 0.8), which sees the last column", last=0.8
)
