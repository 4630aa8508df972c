"""The curvature of the loss of a single neuron's students (XD23, Lemma 23).

Lemma 23 bounds it by O(n²) where norms are within a factor 4 of ‖v‖/n; ours: by O(n) there, at all
angles. Everywhere it is at most n/2 plus, for each neuron w_i, what the residual is on the
hyperplane of w_i, divided by ‖w_i‖: the loss is smooth where the norms stay away from zero, as the
balance of XD-04 and XD-24 has it, and has no Lipschitz gradient elsewhere (XD-07).
"""

from __future__ import annotations

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Along, Bound, Constant, Instance, Trials, at_most, given, statement
from lemmata.strategies import log_uniform
from lemmata.theorems.local_convergence.setting.network import Weights, units
from lemmata.theorems.single_neuron.setting.network import (
    Students,
    angles,
    gradient,
    loss,
    norms,
    students,
)

_ALL_W = (r"\forall\, n,d", r"\forall\, W")
_GLOBAL = {"world": Students(family="global", count=4, dimension=5, size=1.0)}

# XD-07

XD07 = statement(
    "XD-07",
    paper="XD23",
    source="Lemma 23, pages 33 and 34",
    provenance="ours",
    proof="only seen",
    uses=["XD-01"],
    title="Smoothness away from zero neurons",
    says=r"If $\frac{\|v\|}{4n}\le\|w_i\|\le\frac{4\|v\|}n$ then $\|\nabla^2L\|_2\le O(n^2)$ "
    r"(Lemma 23); ours: $O(n)$, at all angles. In general $\|\nabla^2L\|_2\le\frac "
    r"n2+O\big(\frac{(KL)^{1/3}}{\min_i\|w_i\|}\big)$, $K=\|v\|+\sum_i\|w_i\|$: unbounded where a "
    r"neuron shrinks.",
    kind="scaling",
)


def _curvature(W: Weights) -> Float[Tensor, "trials"]:
    """Return ‖∇²L‖_2 by central differences of ∇L in all coordinates, with steps of 1e-5 min
    ‖w_i‖.
    """
    n, d = W.shape[1:]
    step = 1e-5 * norms(W).amin(dim=1)[:, None, None, None]
    moves = step * torch.eye(n * d, dtype=W.dtype, device=W.device).view(n * d, n, d)
    hessian = (
        (gradient(W.unsqueeze(1) + moves) - gradient(W.unsqueeze(1) - moves)) / (2.0 * step)
    ).flatten(2)
    return torch.linalg.eigvalsh(0.5 * (hessian + hessian.mT)).abs().amax(dim=1)


def _of_count(n: int) -> Instance:
    return {"world": Students(family="local", count=n, size=0.1)}


@XD07.part(
    "a",
    says=r"Near $v$: $\|\nabla^2L\|_2\le O(n)$ where $\frac1{4n}\le\|w_i\|\le\frac4n$ and "
    r"$\theta_i\le0.3$.",
    quantifiers=(*_ALL_W, r"\tfrac1{4n}\le\|w_i\|\le\tfrac4n,\ \theta_i\le0.3"),
    constant=Constant(1.0, measured_on="n = 1…12, d ≤ 6: 0.54; ascended: 0.63", failure=0.0),
    along=Along(variable="n", sizes=(1, 2, 4, 8), instance=_of_count, at_most=0.1, trials=16),
    specimens=[_of_count(2), _of_count(6)],
)
@given(
    world=students("local", "balanced", "pair", count=(1, 8), size=(0.01, 0.1), dimensions=(2, 4))
)
def the_curvature_is_at_most_the_number_of_students(
    world: Students, trials: Trials, *, shrunk: float = 1.0
) -> Bound:
    W = world.draw(trials)
    sizes = norms(W) * world.count
    inside = ((sizes >= 0.25) & (sizes <= 4.0) & (angles(W) <= 0.3)).all(dim=1)
    first = torch.where(torch.arange(world.count, device=W.device) == 0, shrunk, 1.0)[:, None]
    curvature = _curvature(first * W)
    return at_most(torch.where(inside, curvature, 0.5 * world.count), float(world.count))


the_curvature_is_at_most_the_number_of_students.twin(
    "one student is shortened to a thousandth", specimens=[_of_count(4)], along=[], shrunk=1e-3
)


_BESIDE = {"world": Students(count=5, size=0.01), "shrunk": 1e-5}


@XD07.part(
    "b",
    says=r"$\|\nabla^2L\|_2\le\frac n2+O\big(\frac{(KL)^{1/3}}{\min_i\|w_i\|}\big)$ everywhere. "
    r"($\sqrt L$ does not do: a tiny student beside others at angles of order $\theta$ with $e=0$ "
    r"sees a residual of order $\theta$ on its hyperplane, and $L$ is of order $\theta^3$.)",
    quantifiers=_ALL_W,
    constant=Constant(
        1.0, measured_on="n = 2…6, d ≤ 6, a student of relative length 1e-5…1: 0.51", failure=0.0
    ),
    specimens=[{**_GLOBAL, "shrunk": 1e-3}, _BESIDE],
)
@given(
    world=students(),
    shrunk=st.sampled_from((1.0, 1e-1, 1e-3, 1e-5)) | log_uniform(1e-4, 1.0, per_decade=1),
)
def a_short_neuron_adds_the_residual_over_its_norm(
    world: Students, shrunk: float, trials: Trials, *, power: float = 1.0 / 3.0
) -> Bound:
    W = world.draw(trials)
    W = torch.cat((W, shrunk * W[:, :1]), dim=1)
    added = (
        (1.0 + norms(W).sum(dim=1)) ** (2.0 - 2.0 * power - 1.0)
        * loss(W) ** power
        / norms(W).amin(dim=1)
    )
    return at_most((_curvature(W) - 0.5 * W.shape[1]).clamp(min=1e-12), added)


a_short_neuron_adds_the_residual_over_its_norm.twin(
    "√L in place of (KL)^{1/3}", specimens=[_BESIDE], power=0.5
)


_WINDOW = r"\tfrac1{4n}\le\|w_i\|\le\tfrac4n"
_states = {"n": st.sampled_from((1, 2, 4, 8)), "d": st.integers(2, 4), "apart": st.booleans()}


def _in_window(trials: Trials, n: int, d: int, *, apart: bool, shrunk: float = 1.0) -> Weights:
    """Return norms at the ends of the window and random directions; or one short student at any
    angle to n - 1 long ones.
    """
    direction = trials.normal("direction", n, d)
    long = trials.uniform("norm", n, 1) < 0.5
    if apart:
        direction = torch.cat((direction[:, :1], direction[:, 1:2].expand(-1, n - 1, -1)), dim=1)
        long = (torch.arange(n, device=direction.device) > 0)[:, None].expand_as(long)
    return units(direction) * torch.where(long, 4.0, 0.25 * shrunk) / n


@XD07.part(
    "c",
    provenance="as printed",
    says=r"$\|\nabla^2L\|_2\le O(n^2)$ where $\frac1{4n}\le\|w_i\|\le\frac4n$.",
    quantifiers=(*_ALL_W, _WINDOW),
    constant=Constant(2.0, measured_on="n = 1…8, all angles, by a climb: 1.4", failure=0.0),
    along=Along(
        variable="n",
        sizes=(2, 4, 8),
        instance=lambda n: {"n": n, "d": 3, "apart": True},
        at_most=0.1,
        trials=16,
    ),
    specimens=[{"n": 4, "d": 3, "apart": True}],
)
@given(**_states)
def the_curvature_is_at_most_the_square_of_the_number_of_students(
    n: int, d: int, apart: bool, trials: Trials, *, shrunk: float = 1.0
) -> Bound:
    W = _in_window(trials, n, d, apart=apart, shrunk=shrunk)
    return at_most(_curvature(W), float(n**2)).up_to_roundings(1e7)


the_curvature_is_at_most_the_square_of_the_number_of_students.twin(
    "no lower bound on the norms", along=[], shrunk=1e-2
)


@XD07.part(
    "d",
    says=r"More: $\|\nabla^2L\|_2\le7.2\,n$ there, at all angles.",
    proof="in the docstring",
    quantifiers=(*_ALL_W, _WINDOW),
    specimens=[{"n": 4, "d": 3, "apart": True}],
)
@given(**_states)
def the_curvature_is_at_most_seven_times_the_number_of_students(
    n: int, d: int, apart: bool, trials: Trials, *, factor: float = 7.2
) -> Bound:
    """The block (i, i) of the Hessian is ½ I and, for every other neuron u, sin θ ‖u‖/(2π‖w_i‖)
    times a matrix of norm 2; the block (i, j) has norm (π + 2)/2π at most. A row of blocks has
    ½ + (16(n - 1) + 4n)/π + (n - 1)(π + 2)/2π ≤ 7.2 n in all.
    """
    W = _in_window(trials, n, d, apart=apart)
    return at_most(_curvature(W), factor * n).up_to_roundings(1e7)


the_curvature_is_at_most_seven_times_the_number_of_students.twin("n", factor=1.0)
