r"""From the network's loss to that of its quadratic approximation (NBL22, coupling).

With Δ = f - F, F = f_L + f_Q, and a loss of |ℓ'|, |ℓ''| ≤ 1, |ℓ'''| ≤ M_ℓ, at every input

    |ℓ(f) - ℓ(F)| ≤ |Δ|,
    |∇(ℓ(f) - ℓ(F))[V]| ≤ |∇Δ[V]| + |Δ| |∇F[V]|,
    |∇²(ℓ(f) - ℓ(F))[V, V]| ≤ |∇²Δ[V, V]| + |Δ| |∇²F[V, V]| + |∇Δ[V]| |∇(f + F)[V]|
                               + M_ℓ |Δ| (∇F[V])².

All three are of the order m^{-1/4} on bounded sets of ‖·‖_{2,4}, at fixed d: section
`taylor_remainder`.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Along, Bound, Constant, Instance, Trials, at_most, given, statement
from lemmata.harness.adversary.attack import attack
from lemmata.theorems.low_degree_plus_sparse.setting.activations import Activation
from lemmata.theorems.low_degree_plus_sparse.setting.losses import THIRD, loss
from lemmata.theorems.low_degree_plus_sparse.setting.network import (
    ATTAINED,
    Expansion,
    Pairs,
    Weights,
    inputs,
    networks,
    of_norm24,
    within24,
)
from lemmata.theorems.low_degree_plus_sparse.taylor_remainder import coherent
from lemmata.theorems.mathematics.norms import norm24

NORM = 1.5
_SAMPLES = 10
_SMOOTH: tuple[Activation, ...] = ("sin", "tanh", "softplus")

NBL04 = statement(
    "NBL-04",
    paper="NBL22",
    source="corollary of the coupling lemma",
    provenance="derived",
    note="the third part is needed by the landscape theorem for the network itself",
    uses=["NBL-02", "NBL-03"],
    title="Coupling of the losses",
    says=r"If $|\ell'|,|\ell''|\le1$ and $|\ell'''|\le M_\ell$, value, slope and curvature of "
    r"$\hat L(W)$ and of $\hat L^{LQ}(W)$, the loss of $f_L+f_Q$, differ by $O(m^{-1/4})$ on "
    r"$\|W\|_{2,4},\|V\|_{2,4}=O(1)$.",
    kind="inequality",
    quantifiers=(r"\forall\, d,m,n", r"\forall\, W_0,x_i,y_i", r"\forall\, W,V"),
)


def _world(net: Pairs, trials: Trials) -> tuple[Expansion, Float[Tensor, "trials n"], Weights]:
    """Return the expansion at a sample, labels, and a direction V."""
    at = net.initialise(trials).on(inputs(trials, _SAMPLES, net.dimension))
    V = trials.stream("adversary").normal("V", net.width, net.dimension)
    return at, trials.normal("labels", _SAMPLES), of_norm24(V, 1.0)


def _starts(at: Expansion, trials: Trials) -> dict[str, Weights]:
    W = trials.stream("adversary").normal("W", at.net.width, at.net.dimension)
    return {"random": of_norm24(W, NORM), "coherent": coherent(at, NORM)}


def _instance(m: int) -> Instance:
    return {"net": Pairs(dimension=8, pairs=m // 2)}


def _widths() -> Along:
    return Along(
        variable="m", sizes=(256, 1024, 4096, 16_384), instance=_instance, at_most=0.1, trials=24
    )


_O = Constant(12.0, measured_on="sin, d = 8, n = 10, m = 64…16384: at most 8.8")
_SPECIMENS = [_instance(64), _instance(256)]
_DRAWN = {"net": networks(dimensions=(4, 16), pairs=(8, 64), activations=_SMOOTH)}


@NBL04.part(
    "a",
    says=r"$|\hat L(W)-\hat L^{LQ}(W)|\le\frac1n\sum_i|\Delta(x_i)|$.",
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
def losses_differ_by_at_most_the_remainder(
    net: Pairs, trials: Trials, *, share: float = 1.0
) -> Bound:
    at, y, _ = _world(net, trials)

    def claim(W: Weights) -> Bound:
        apart = loss("log-cosh", 0, y, at.value(W)) - loss("log-cosh", 0, y, at.model(W))
        return at_most(
            apart.mean(dim=1).abs(), ATTAINED * share * at.remainder(W).abs().mean(dim=1)
        )

    return attack(
        claim, starts=_starts(at, trials), within=within24(NORM), steps=10, ascend=("random",)
    )


losses_differ_by_at_most_the_remainder.twin("a tenth of the remainder", share=0.1)


@NBL04.part(
    "b",
    says=r"$|\nabla(\hat L-\hat L^{LQ})[V]|\le\frac1n\sum_i\big(|\Delta||\nabla(f_L+f_Q)[V]|+"
    r"|\nabla\Delta[V]|\big)(x_i)$.",
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
def slopes_of_the_losses_couple(net: Pairs, trials: Trials, *, of_slope: float = 1.0) -> Bound:
    at, y, V = _world(net, trials)

    def claim(W: Weights) -> Bound:
        along = at.model_slope(W, V)
        apart = loss("log-cosh", 1, y, at.value(W)) * at.slope(W, V)
        apart = apart - loss("log-cosh", 1, y, at.model(W)) * along
        largest = at.remainder(W).abs() * along.abs() + of_slope * at.remainder_slope(W, V).abs()
        return at_most(apart.mean(dim=1).abs(), ATTAINED * largest.mean(dim=1))

    return attack(
        claim, starts=_starts(at, trials), within=within24(NORM), steps=10, ascend=("random",)
    )


slopes_of_the_losses_couple.twin("without the slope of the remainder", of_slope=0.0)


def _curvatures(
    at: Expansion, y: Float[Tensor, "trials n"], W: Weights, V: Weights
) -> tuple[Float[Tensor, "trials"], Float[Tensor, "trials"]]:
    """Return |∇²(L̂ - L̂^LQ)[V, V]| and its bound."""
    f, F, df, dF = at.value(W), at.model(W), at.slope(W, V), at.model_slope(W, V)
    d2F = 2.0 * at.quadratic(V)
    apart = loss("log-cosh", 2, y, f) * df**2 + loss("log-cosh", 1, y, f) * at.curvature(W, V)
    apart = apart - loss("log-cosh", 2, y, F) * dF**2 - loss("log-cosh", 1, y, F) * d2F
    off = at.remainder(W).abs()
    largest = at.remainder_curvature(W, V).abs() + off * d2F.abs()
    largest = largest + at.remainder_slope(W, V).abs() * (df + dF).abs() + THIRD * off * dF**2
    return apart.mean(dim=1).abs(), largest.mean(dim=1)


@NBL04.part(
    "c",
    says=r"With $F=f_L+f_Q$: $|\nabla^2(\hat L-\hat L^{LQ})[V,V]|\le\frac1n\sum_i\big("
    r"|\nabla^2\Delta[V,V]|+|\Delta||\nabla^2F[V,V]|+|\nabla\Delta[V]||\nabla(f+F)[V]|+"
    r"M_\ell|\Delta|(\nabla F[V])^2\big)(x_i)$.",
    specimens=_SPECIMENS,
)
@given(**_DRAWN)
def curvatures_of_the_losses_couple(net: Pairs, trials: Trials, *, share: float = 1.0) -> Bound:
    at, y, V = _world(net, trials)

    def claim(W: Weights) -> Bound:
        apart, largest = _curvatures(at, y, W, V)
        return at_most(apart, ATTAINED * share * largest)

    return attack(
        claim, starts=_starts(at, trials), within=within24(NORM), steps=10, ascend=("random",)
    )


curvatures_of_the_losses_couple.twin("a tenth of the bound", share=0.1)


@NBL04.part(
    "d",
    kind="scaling",
    says=r"On $\|W\|_{2,4}=\frac32$, $V=W/\|W\|_{2,4}$: all three differences are $O(m^{-1/4})$, "
    r"$d$ fixed.",
    constant=_O,
    along=[_widths()],
    specimens=[_instance(256), _instance(1024)],
)
@given(net=networks(dimensions=(8, 8), pairs=(32, 512), activations=("sin",)))
def losses_couple_at_the_fourth_root_of_the_width(
    net: Pairs, trials: Trials, *, power: float = 0.25
) -> Bound:
    at, y, _ = _world(net, trials)
    W = coherent(at, NORM)
    V = W / norm24(W)[:, None, None]
    value = loss("log-cosh", 0, y, at.value(W)) - loss("log-cosh", 0, y, at.model(W))
    slope = loss("log-cosh", 1, y, at.value(W)) * at.slope(W, V)
    slope = slope - loss("log-cosh", 1, y, at.model(W)) * at.model_slope(W, V)
    curved, _ = _curvatures(at, y, W, V)
    total = value.mean(dim=1).abs() + slope.mean(dim=1).abs() + curved
    return at_most(total, net.width**-power)


losses_couple_at_the_fourth_root_of_the_width.twin(
    "rate m^{-1/2}", specimens=[_instance(16_384)], power=0.5
)
