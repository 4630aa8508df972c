"""The population gradient in closed form, and Euler's identity (ZGJ21, page 11).

The chain rule gives the gradient as an expectation of products of |·| and signs, for which ZGJ-01
has closed forms. The setting evaluates it in a form without cancellation, which is held here
against the plain one, against automatic differentiation of the loss, and against the definition on
random inputs. The network is 2-homogeneous in each neuron: outer weight and direction move
together.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Bound, Mean, Trials, all_of, equal, given, mean_of, statement
from lemmata.theorems.local_convergence.setting.network import (
    TeacherRows,
    Teachers,
    Weights,
    atoms,
    cells,
    full_angles,
    gradient,
    kernel,
    line_angles,
    loss,
    teachers,
    units,
)
from lemmata.theorems.local_convergence.setting.samples import gradient_terms, residual
from lemmata.theorems.local_convergence.setting.states import States, states

_EVERY_STATE = {
    "world": teachers(families=("orthogonal", "arc", "simplex", "random")),
    "students": states(),
}
_ALL_W = (r"\forall\, m\ge r,d", r"\forall\, W^*", r"\forall\, W")
_FREE = {
    "world": Teachers(count=3, dimension=5, weakest=0.5),
    "students": States(family="global", extra=3, size=1.0),
}
_PAIR = {"world": Teachers(dimension=3), "students": States(family="split pair", size=0.01)}

ZGJ02 = statement(
    "ZGJ-02",
    paper="ZGJ21",
    source="page 11",
    provenance="derived",
    uses=["ZGJ-01"],
    title="The population gradient and Euler's identity",
    says=r"For all $W,W^*$ with $w_i\ne0$: $\nabla_{w_i}L=\mathbb E\big[R(x)\,(\bar w_i|w_i^\top "
    r"x|+\|w_i\|\,\mathrm{sgn}(w_i^\top x)\,x)\big]$, a closed form in the angles, and the network "
    r"is 2-homogeneous in each neuron.",
    kind="identity",
)


def _plain_gradient(W: Weights, V: TeacherRows) -> Weights:
    """Return the gradient by ZGJ-01(a) and (f), term by term, as the chain rule gives it."""
    v, c = atoms(W, V)
    w, theta, beta = units(W).unsqueeze(2), full_angles(W, v), line_angles(W, v)
    outer = (c.unsqueeze(1) * kernel(beta)).sum(dim=-1, keepdim=True) * W
    arcsine = (math.pi / 2 - theta).unsqueeze(-1)
    inner = (
        c[:, None, :, None]
        * 2.0
        / math.pi
        * (beta.sin().unsqueeze(-1) * w + arcsine * v.unsqueeze(1))
    ).sum(dim=2)
    return outer + W.norm(dim=-1, keepdim=True) * inner


def _gradient_scale(W: Weights, V: TeacherRows) -> Float[Tensor, "trials m 1"]:
    _, c = atoms(W, V)
    return W.norm(dim=-1, keepdim=True) * c.abs().sum(dim=-1)[:, None, None]


@ZGJ02.part(
    "a",
    says=r"$\nabla_{w_i}L=w_i\sum_lc_lk(\beta_{il})+\frac2\pi\Big(w_i\sum_lc_l\sin\beta_{il}"
    r"+\|w_i\|\sum_l\sigma_l\|v_l\|\big(\frac\pi2-\angle(w_i,v_l)\big)v_l\Big)$, "
    r"over all atoms $v_l$ with signs $\sigma_l$ and $c_l=\sigma_l\|v_l\|^2$; held against "
    r"automatic differentiation too.",
    quantifiers=(*_ALL_W, r"\forall\, i\in[m]"),
    specimens=[_FREE, _PAIR],
)
@given(**_EVERY_STATE)
def the_gradient_has_a_closed_form(world: Teachers, students: States, trials: Trials) -> Bound:
    V = world.build(trials)
    W = students.draw(trials, V)
    return _three_gradients_agree(gradient(W, V), W, V)


@the_gradient_has_a_closed_form.twin("the outer weight ‖w_i‖ is held constant")
def _(world: Teachers, students: States, trials: Trials) -> Bound:
    V = world.build(trials)
    W = students.draw(trials, V)
    v, c = atoms(W, V)
    outer = (c.unsqueeze(1) * kernel(line_angles(W, v))).sum(dim=-1, keepdim=True) * W
    return _three_gradients_agree(gradient(W, V) - outer, W, V)


def _three_gradients_agree(formula: Weights, W: Weights, V: TeacherRows) -> Bound:
    with torch.enable_grad():
        leaf = W.detach().clone().requires_grad_()
        (automatic,) = torch.autograd.grad(loss(leaf, V).sum(), leaf)
    scale = _gradient_scale(W, V).expand_as(W)
    return all_of(
        equal(formula, _plain_gradient(W, V), roundings=256, scale=scale),
        equal(formula, automatic, roundings=256, scale=scale),
    )


@ZGJ02.part(
    "b",
    says=r"$\langle w_i,\nabla_{w_i}L\rangle=2\,\mathbb E\big[R\,\|w_i\||w_i^\top x|\big]$ for "
    r"every $i$, and $\langle W,\nabla L\rangle=2\,\mathbb E[Rf]$.",
    quantifiers=(*_ALL_W, r"\forall\, i\in[m]"),
    specimens=[_FREE, _PAIR],
)
@given(**_EVERY_STATE)
def the_gradient_is_homogeneous(
    world: Teachers, students: States, trials: Trials, *, degree: float = 2.0
) -> Bound:
    V = world.build(trials)
    W = students.draw(trials, V)
    v, c = atoms(W, V)
    correlation = (W**2).sum(dim=-1) * (c.unsqueeze(1) * kernel(line_angles(W, v))).sum(dim=-1)
    along, mass = (W * gradient(W, V)).sum(dim=-1), c.abs().sum(dim=-1, keepdim=True)
    return all_of(
        equal(along, degree * correlation, roundings=256, scale=mass**2),
        equal(
            along.sum(dim=-1),
            degree * correlation.sum(dim=-1),
            roundings=256,
            scale=mass.squeeze(-1) ** 2,
        ),
    )


the_gradient_is_homogeneous.twin("degree 1: as if the outer weight were fixed", degree=1.0)


_COPIES = 128
"""Inputs in a trial of a mean."""


@ZGJ02.part(
    "c",
    source="page 11",
    provenance="as printed",
    kind="mean",
    says=r"$\mathbb E\big[R(x)\,(\bar w_i|w_i^\top x|+\|w_i\|\,\mathrm{sgn}(w_i^\top x)\,x)\big]$ "
    r"is that closed form, by its definition.",
    quantifiers=(r"\forall\, W^*", r"\forall\, W", r"\mathbb E_x"),
    specimens=[
        {
            "world": Teachers(count=2, dimension=3),
            "students": States(family="local", extra=2, size=0.5),
        }
    ],
)
@given(world=teachers(dimensions=(2, 4)), students=states("local", "tiny", "ring", size=(0.1, 1.0)))
def the_closed_form_is_the_expectation(
    world: Teachers, students: States, trials: Trials, *, wrong: float = 0.0
) -> Mean:
    V = world.build(trials)
    W = students.draw(trials, V)
    x = trials.normal("inputs", _COPIES, world.dimension)
    outer, inner = gradient_terms(W, x, residual(W, V, x))
    sampled = (1.0 - wrong) * outer + inner
    # Along the neurons and along their teachers: in fixed coordinates random signs would hide any
    # error.
    error = (sampled - gradient(W, V)) / _gradient_scale(W, V)
    matched = cells(W, V)
    towards = matched.sign.unsqueeze(-1) * units(V)[matched.teacher]
    return mean_of(
        torch.stack(((error * units(W)).sum(dim=-1), (error * towards).sum(dim=-1)), dim=-1).mean(
            dim=1
        ),
        0.0,
    )


the_closed_form_is_the_expectation.twin("without the derivative of the outer weight", wrong=1.0)
