r"""The cross term between the quadratic part and the good subspace (NBL22, landscape section).

What the landscape identity leaves over, once the witness is compared with the point: f_L of
P_{>k}W, which R_2 controls, and ∇f_Q(W)[U], of the order m^{-1/4}.
"""

from __future__ import annotations

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
from lemmata.theorems.low_degree_plus_sparse.landscape_terms import (
    LOSS_DRAWN,
    SMALL,
    labels,
    points,
)
from lemmata.theorems.low_degree_plus_sparse.setting.losses import Loss
from lemmata.theorems.low_degree_plus_sparse.setting.network import (
    Pairs,
    inputs,
    networks,
    of_norm24,
)
from lemmata.theorems.low_degree_plus_sparse.setting.objective import (
    objective,
)
from lemmata.theorems.low_degree_plus_sparse.setting.witnesses import world
from lemmata.theorems.mathematics.norms import frobenius, norm24

# NBL-27

NBL27 = statement(
    "NBL-27",
    paper="NBL22",
    source="landscape section, the terms left over",
    provenance="derived",
    uses=["NBL-14"],
    title="The cross term between the quadratic part and the good subspace",
    says=r"$|\nabla f_Q(x;W)[U]|\le\frac{M_2d}{\sqrt m}\sum_r\|w_r\|\|u_r\|\le "
    r"M_2\,d\,m^{-1/4}\|W\|_{2,4}\|U\|_F$; so the term $T_2$ of NBL-21 is at most $\|\ell'\|_n"
    r"\big(\sqrt{R_2(W)}+M_2\,d\,m^{-1/4}\|W\|_{2,4}\|U\|_F\big)$.",
    quantifiers=(r"\forall\, d,m", r"\forall\, W_0,x", r"\forall\, W,U"),
)


@NBL27.part(
    "a",
    kind="scaling",
    says=r"$|\nabla f_Q(x;W)[U]|\le M_2\,d\,m^{-1/4}\|W\|_{2,4}\|U\|_F$, and the exponent is "
    r"attained.",
    constant=Constant(1.0, measured_on="proved: every size", failure=0.0),
    along=[
        Along(
            variable="m",
            sizes=(32, 128, 512, 2048, 8192),
            instance=lambda m: {"net": Pairs(dimension=6, pairs=m // 2)},
            at_most=0.05,
            at_least=-0.05,
            trials=24,
        )
    ],
    specimens=[{"net": Pairs(dimension=6, pairs=32)}, {"net": Pairs(pairs=32, activation="tanh")}],
)
@given(net=networks(pairs=(4, 128)))
def the_cross_term_decays_like_the_fourth_root_of_the_width(
    net: Pairs, trials: Trials, *, power: float = 0.25
) -> Bound:
    at = net.initialise(trials).on(inputs(trials, 1, net.dimension))
    m, d = net.width, net.dimension
    # Σ |σ''| h_r v_r under Σ h⁴ = 1, Σ v² = 1 is largest at h ∝ |σ''|, v ∝ |σ''|².
    curved = at.sigma(2)[:, 0].abs().unsqueeze(-1)
    signs = (at.a * at.sigma(2)).sign()[:, 0].unsqueeze(-1)
    found = {
        "random": (trials.normal("W", m, d), trials.normal("U", m, d)),
        "coherent": (curved * at.x[:, :1], curved**2 * signs * at.x[:, :1]),
    }
    claims = {}
    for name, (W, U) in found.items():
        crossed = at.cross(of_norm24(W, 1.0), U / frobenius(U)[:, None, None]).abs()
        claims[name] = at_most(crossed, net.bound(2) * d * m**-power)
    return worst_of(**claims)


the_cross_term_decays_like_the_fourth_root_of_the_width.twin("the rate m^{-1/2}", power=0.5)


@NBL27.part(
    "b",
    kind="inequality",
    says=r"With $U=P_{\le k}W-2W_L$: $|T_2|\le\|\ell'\|_n\big(\sqrt{R_2(W)}+M_2\,d\,m^{-1/4}"
    r"\|W\|_{2,4}\|U\|_F\big)$ and $\|U\|_{2,4}\le\big(\frac{M_1^2}{p\lambda_{n_k}}\big)^{1/4}"
    r"\|U\|_F$.",
    specimens=[{"net": SMALL, "loss_name": "squared"}],
)
@given(**LOSS_DRAWN)
def the_terms_left_over_are_bounded(
    net: Pairs, loss_name: Loss, trials: Trials, *, cross: float = 1.0, share: float = 1.0
) -> Bound:
    n = 12
    found = world(net, 1, trials)
    at = found.network.on(inputs(trials, n, net.dimension))
    y = labels(net, trials, n)
    bad = found.found.bad_weights(points(net, trials)[0])
    # Where U is nearly 0 what P_{>k}W does to the outputs is all that there is.
    tried = {
        "random": (points(net, trials)[0], found.W_L),
        "bad": (3.0 * bad, 1e-3 * found.W_L),
    }
    claims = {}
    for name, (W, W_L) in tried.items():
        made = objective(at, y, found.found, loss=loss_name)
        U = found.found.good_weights(W) - 2.0 * W_L
        first = made.losses(1, W)
        T2 = (first * (at.linear(found.found.bad_weights(W)) - at.cross(W, U))).mean(dim=1)
        size = net.bound(2) * net.dimension * net.width**-0.25 * norm24(W) * frobenius(U)
        largest = made.regularisers(W)[1].sqrt() + cross * size
        spread = net.bound(1) ** 2 / (net.pairs * found.found.smallest)
        claims[name] = all_of(
            left_over=at_most(T2.abs(), share * first.square().mean(dim=1).sqrt() * largest),
            spread=at_most(norm24(U) ** 4, spread * frobenius(U) ** 4),
        )
    return worst_of(**claims)


the_terms_left_over_are_bounded.twin("a tenth of it", share=0.1)
