"""A step of gradient descent.

How far it decreases the loss, and how far decreasing steps can move (ALS18, proof of Theorem 1).

At initialisation the loss is of order n (ALS-25 a, b). The theorem's step is η = Θ(dδ/(n⁴L²m)); by
semi-smoothness (ALS-23) already one of size η ≤ O(d/(nL²m)) decreases the loss by half of η ‖∇F‖²
at least (ALS-25 c), which is ours (ALS-41 b). Conversely a trajectory whose
loss falls geometrically is short: the lengths of its steps form a geometric series (ALS-38). With
the gradient's lower bound (ALS-21) both together keep the weights in the ball where that bound
holds.

Runs use η = c d/(nLm): the further factor 1/L is not needed at these depths.
"""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st

from lemmata.harness import (
    Bound,
    Constant,
    Instance,
    Mean,
    Requirement,
    Trials,
    all_of,
    at_least,
    at_most,
    equal,
    given,
    mean_of,
    statement,
)
from lemmata.strategies import Labels, labels
from lemmata.theorems.deep_convergence.setting.network import (
    DeepReluNet,
    SeparatedData,
    deep_relu_nets,
    loss,
    pair_at,
    separated_data,
    sphere,
)
from lemmata.theorems.deep_convergence.setting.training import optimise, train

_RUNS = ("dense", "matrix-free")
_WORLD = (r"\forall\, n,L,m,d,\delta", r"\forall\, x_i,y_i^*", r"\mathbb P_{A,W^{(0)},B}")
_unit_targets = labels("random", "zero", "opposed")


def _at(width: int, data: SeparatedData, *, outputs: int = 2) -> Instance:
    return {
        "net": DeepReluNet(width=width, depth=2, outputs=outputs),
        "data": data,
        "targets": Labels(),
    }


# ALS-25

ALS25 = statement(
    "ALS-25",
    paper="ALS18",
    source="proof of Theorem 1",
    provenance="unseen",
    note="F₀ = O(n log² m) is what the radius of Theorem 1 takes; (a) is derived, (c) ours",
    uses=["ALS-04", "ALS-21", "ALS-23"],
    title="Loss at initialisation, and descent at each step",
    says=r"$F(W^{(0)})\le O(n\log^2m)$ with probability at least $1-e^{-\Omega(\log^2m)}$, and "
    r"each step of gradient descent with $\eta\le c\frac d{nL^2m}$ decreases $F$ by at least "
    r"$\frac\eta2\|\nabla F\|_F^2$.",
    layers=("matrix-free", "dense"),
)


@ALS25.part(
    "a",
    kind="mean",
    says=r"$y_i\mid h_{i,L}\sim N(0,\frac{\|h_{i,L}\|^2}dI_d)$, so that $\mathbb "
    r"EF(W^{(0)})=\frac12\sum_i(1+\|y_i^*\|^2)$: $n$ for unit targets.",
    quantifiers=(r"\forall\, n,L,m,d", r"\forall\, x_i,y_i^*", r"\mathbb E_{A,W^{(0)},B}"),
    specimens=[
        _at(64, sphere(4)),
        {**_at(64, pair_at(0.1), outputs=1), "targets": Labels(family="zero")},
    ],
)
@given(
    net=deep_relu_nets(widths=(64, 128), depths=(1, 4)),
    data=separated_data(largest=4),
    targets=labels("random", "zero", "huge"),
)
def the_initial_loss_is_half_of_one_plus_the_targets_square(
    net: DeepReluNet,
    data: SeparatedData,
    targets: Labels,
    trials: Trials,
    *,
    start: DeepReluNet | None = None,
) -> Mean:
    _, signals = (start or net).forward(trials, data)
    y_star = targets.build(trials, signals.y)
    expected = 0.5 * (1.0 + y_star.square().sum(dim=1)).sum(dim=1)
    return mean_of(loss(signals.y, y_star) / expected, 1.0)


@the_initial_loss_is_half_of_one_plus_the_targets_square.twin(
    "weights of variance 1/m in place of 2/m"
)
def _(net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials) -> Mean:
    halved = DeepReluNet(width=net.width, depth=net.depth, outputs=net.outputs, variance=1.0)
    return the_initial_loss_is_half_of_one_plus_the_targets_square.check(
        net, data, targets, trials, start=halved
    )


@ALS25.part(
    "b",
    kind="probability",
    says=r"$F(W^{(0)})\le O(n\log^2m)$.",
    quantifiers=_WORLD,
    constant=Constant(1.0, measured_on="m = 64…256, n = 4, d = 1…4"),
    specimens=[_at(64, sphere(64)), _at(64, sphere(1), outputs=1)],
)
@given(
    net=deep_relu_nets(widths=(64, 512), depths=(1, 4)),
    data=separated_data(largest=8),
    targets=_unit_targets,
)
def the_initial_loss_is_of_order_n(
    net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials, *, of_count: float = 1.0
) -> Bound:
    _, signals = net.forward(trials, data)
    return at_most(
        loss(signals.y, targets.build(trials, signals.y)),
        data.count**of_count * math.log(net.width) ** 2,
    )


the_initial_loss_is_of_order_n.twin(
    "the number of examples is forgotten: O(log² m)", specimens=[_at(64, sphere(64))], of_count=0.0
)


@ALS25.part(
    "c",
    kind="trajectory",
    says=r"$F(W^{(t+1)})\le F(W^{(t)})-\frac\eta2\|\nabla F(W^{(t)})\|_F^2$ for the first 40 steps "
    r"with $\eta=0.1\frac d{nLm}$.",
    quantifiers=(*_WORLD, r"\forall\, t<40"),
    provenance="ours",
    proof="only seen",
    constant=Constant(1.0, measured_on="m = 64…256, n = 4, L = 2"),
    requires=Requirement(
        paper=r"$\eta=\Theta(\frac{d\delta}{n^4L^2m})$ and $W^{(t)}$ in the ball of Theorem 3"
    ),
    specimens=[_at(64, sphere(4)), _at(128, pair_at(0.2, count=4))],
    layers=_RUNS,
)
@given(
    net=deep_relu_nets(widths=(64, 128), depths=(1, 3), outputs=(1, 2)),
    data=separated_data(largest=4),
    targets=_unit_targets,
)
def each_step_descends_by_half_of_its_first_order(
    net: DeepReluNet, data: SeparatedData, targets: Labels, trials: Trials, *, c: float = 0.1
) -> Bound:
    run = train(net, data, targets, trials, c=c, steps=40)
    return at_least(run.descent, 0.5).with_curves(loss=run.F, descent_over_first_order=run.descent)


each_step_descends_by_half_of_its_first_order.twin("any step size: c = 8", c=8.0)


# ALS-38

ALS38 = statement(
    "ALS-38",
    paper="ALS18",
    source="proofs of Theorems 1 and 6",
    provenance="derived",
    uses=["ALS-21"],
    title="From decrease to displacement",
    says=r"Along $W^{(t+1)}=W^{(t)}-\eta\nabla F(W^{(t)})$, a decrease of $F$ at each step bounds "
    r"how far the weights move: this is where the radius $\omega=O(\frac{n^3\sqrt d}{\delta\sqrt "
    r"m}\log m)$ comes from.",
    kind="inequality",
    layers=_RUNS,
)

_ANY_RUN = (
    r"\forall\, n,L,m,d",
    r"\forall\, x_i,y_i^*",
    r"\forall\, A,W^{(0)},B",
    r"\forall\, \eta,T",
)
_runs = {
    "net": deep_relu_nets(widths=(16, 64), depths=(1, 3)),
    "data": separated_data(largest=4),
    "targets": labels(),
    "c": st.sampled_from([0.5, 0.1, 0.02]),
}


@ALS38.part(
    "steps",
    title="The displacement is the sum of all steps",
    kind="identity",
    says=r"$W_\ell^{(T)}-W_\ell^{(0)}=-\eta\sum_{t<T}\nabla_{W_\ell}F(W^{(t)})$, the last step "
    r"included: the factors that the other parts measure against the matrices themselves.",
    quantifiers=(*_ANY_RUN, r"\forall\, \ell\in[L]"),
    provenance="ours",
    specimens=[{**_at(32, sphere(2)), "c": 0.5}],
    layers=("dense",),
)
@given(**{**_runs, "net": deep_relu_nets(widths=(16, 32), depths=(1, 3))})
def the_displacement_is_the_sum_of_all_steps(
    net: DeepReluNet,
    data: SeparatedData,
    targets: Labels,
    c: float,
    trials: Trials,
    *,
    share: float = 1.0,
) -> Bound:
    network, signals = net.forward(trials, data)
    step = c * net.outputs / (data.count * net.depth * net.width)
    y_star = targets.build(trials, signals.y)
    run = optimise(network, data.inputs(trials), y_star, step=step, steps=20)
    moved = [
        end.materialise() - start.materialise()
        for end, start in zip(run.end.W, network.W, strict=True)
    ]
    steps = [share * one.dense() for one in run.trajectory.displacement()]
    size = 4.0 * math.sqrt(2.0 / net.width)
    return all_of(
        *(equal(a, b, roundings=64.0 * 20, scale=size) for a, b in zip(moved, steps, strict=True))
    )


the_displacement_is_the_sum_of_all_steps.twin("a hundredth is missing", share=0.99)


@ALS38.part(
    "a",
    says=r"If $F_{t+1}\le(1-\rho)F_t$ and $\|\nabla_{W_\ell}F(W^{(t)})\|_F^2\le G\,F_t$ for all "
    r"$t,\ell$, then "
    r"$\|W_\ell^{(T)}-W_\ell^{(0)}\|_F\le\eta\sum_t\|\nabla_{W_\ell}F(W^{(t)}"
    r")\|_F\le\frac{2\eta\sqrt{GF_0}}\rho$. "
    r"Here $\rho$ and $G$ are the extremes along the run.",
    quantifiers=(*_ANY_RUN, r"\forall\, \ell\in[L]"),
    specimens=[{**_at(64, sphere(4)), "c": 0.5}, {**_at(64, pair_at(0.1)), "c": 0.1}],
)
@given(**_runs)
def geometric_decrease_bounds_the_displacement(
    net: DeepReluNet,
    data: SeparatedData,
    targets: Labels,
    c: float,
    trials: Trials,
    *,
    summed: bool = True,
) -> Bound:
    """√(GF_t) ≤ √(GF_0) (1 - ρ)^{t/2}, and the series sums to 1/(1 - √(1 - ρ)) ≤ 2/ρ.

    Where ρ ≤ 0 it says nothing.
    """
    run = train(net, data, targets, trials, c=c, steps=100)
    rho, G = (
        run.contraction.amin(dim=1),
        (run.squares.amax(dim=2) / run.F[:, :-1]).nan_to_num(0.0).amax(dim=1),
    )
    path = run.step * run.squares.sqrt().sum(dim=1)
    displaced = torch.stack([one.square().sqrt() for one in run.displacement()], dim=1)
    bound = 2.0 * run.step * (G * run.F[:, 0]).sqrt() / (rho if summed else 1.0)
    return (
        all_of(
            at_most(displaced, path),
            at_most(path, torch.where(rho > 0, bound, torch.inf).unsqueeze(1)),
        )
        .up_to_roundings(8.0 * net.width * 100)
        .with_curves(loss=run.F)
    )


geometric_decrease_bounds_the_displacement.twin("the sum over the steps is forgotten", summed=False)


@ALS38.part(
    "b",
    says=r"Without a rate: $\|W^{(T)}-W^{(0)}\|_F\le\sqrt{\eta T(F_0-F_T)/r_{\min}}$ with "
    r"$r_{\min}=\min_t\frac{F_t-F_{t+1}}{\eta\|\nabla F_t\|_F^2}>0$.",
    quantifiers=_ANY_RUN,
    specimens=[{**_at(64, sphere(4)), "c": 0.1}, {**_at(64, pair_at(0.1)), "c": 0.02}],
)
@given(**_runs)
def descent_bounds_the_displacement(
    net: DeepReluNet,
    data: SeparatedData,
    targets: Labels,
    c: float,
    trials: Trials,
    *,
    summed: bool = True,
) -> Bound:
    """η²Σ‖∇F_t‖² ≤ η(F_0 - F_T)/r_min, and Cauchy's inequality over T steps.

    Where r_min ≤ 0 it says nothing.
    """
    run = train(net, data, targets, trials, c=c, steps=100)
    least, taken = run.descent.amin(dim=1), run.moving.sum(dim=1)
    displaced = torch.stack([one.square() for one in run.displacement()], dim=1).sum(dim=1).sqrt()
    fallen = (run.F[:, 0] - run.F[:, -1]) / least * taken if summed else 2.0 * run.F[:, 0]
    bound = torch.where(least > 0, run.step * fallen, torch.inf).sqrt()
    return at_most(displaced, bound).up_to_roundings(8.0 * net.width * 100).with_curves(loss=run.F)


descent_bounds_the_displacement.twin("the number of steps is forgotten", summed=False)
