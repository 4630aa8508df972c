r"""Dense plus sparse from n of the order d samples, end to end (NBL22, final theorem).

f* = vᵀx + √B(d,2) P_2(βᵀx/√d): a dense linear part and one sparse harmonic of degree two, each of
unit variance. At equal samples: (i) the network with all regularisers, (ii) with R_4 alone, (iii)
kernel ridge regression with the infinite-width tangent kernel, its ridge tuned on the test set,
(iv) f_Q alone. No kernel can see the sparse part with n of the order d (GM-1). The theorem's width
is a large polynomial: the conclusion is seen at sizes far below its hypothesis, and its rate in ε
is not tested. Momentum shortens the runs; the paper's algorithm is plain perturbed descent.
"""

from __future__ import annotations

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Bound,
    Constant,
    Requirement,
    Trials,
    at_most,
    given,
    statement,
)
from lemmata.theorems.low_degree_plus_sparse.setting.covariance import covariance
from lemmata.theorems.low_degree_plus_sparse.setting.kernel import harmonic
from lemmata.theorems.low_degree_plus_sparse.setting.network import Inputs, Pairs, Values, inputs
from lemmata.theorems.low_degree_plus_sparse.setting.training import (
    Recipe,
    good_subspace,
    kernel_risks,
    train,
)

JOINT = Recipe()
UNREGULARISED = Recipe(lambdas=(0.0, 0.0, 0.0, 1e-4))
QUADRATIC = Recipe(lambdas=(0.0, 0.0, 0.0, 1e-4), quadratic_only=True)

NBL26 = statement(
    "NBL-26",
    paper="NBL22",
    source="final theorem",
    provenance="recalled",
    note="the form is recalled; the width is a large polynomial whose exponent is uncertain",
    uses=["NBL-17", "NBL-22", "NBL-25", "NBL-29", "NBL-30", "GM-1"],
    title="End to end: dense plus sparse from few samples",
    says=r"For $\Omega(d^k\log d)\le n\le O(d^{k+1-\delta})$, $m\ge\mathrm{poly}$ and suitable "
    r"$\lambda_j$, for all $f^*=f_k+f_{sp}$, with high probability perturbed gradient descent on "
    r"$L_\lambda$ reaches $L(f)\le\varepsilon$ when $n\ge d^k\mathrm{poly}(R,1/\varepsilon)$, "
    r"while any kernel method has risk at least $\|f_{sp,k+1}\|^2(1-o(1))$.",
    requires=Requirement(
        paper=r"$m\ge\mathrm{poly}(n,d^k)$ with a very large exponent, $n\ge d^k\log d$"
    ),
)


def _target(trials: Trials, d: int) -> tuple[Float[Tensor, "trials d"], Float[Tensor, "trials d"]]:
    return trials.sphere("v", d), trials.sphere("β", d)


def _values(directions: tuple[Tensor, Tensor], x: Inputs) -> Values:
    v, beta = directions
    return (x @ v.unsqueeze(-1)).squeeze(-1) + harmonic(x.shape[-1], 2, beta, x)


def risks(
    net: Pairs, n: int, trials: Trials, recipes: dict[str, Recipe]
) -> dict[str, Float[Tensor, "trials"]]:
    """Return the mean square error on 500 fresh inputs of the kernel and of trained networks."""
    d = net.dimension
    directions = _target(trials, d)
    x, fresh = inputs(trials, n, d), inputs(trials, 500, d, "fresh")
    y, wanted = _values(directions, x), _values(directions, fresh)
    found = {"kernel": kernel_risks(x, y, fresh, wanted)}
    network = net.initialise(trials)
    matrix = covariance(network)
    needs = any(any(recipe.lambdas[:3]) for recipe in recipes.values())
    U = good_subspace(matrix, 1, trials) if needs else x.new_zeros(1)
    at = network.on(fresh)
    for name, recipe in recipes.items():
        W = train(network, matrix, U, x, y, recipe, trials)
        output = at.quadratic(W) if recipe.quadratic_only else at.value(W)
        found[name] = (output - wanted).square().mean(dim=1)
    return found


@NBL26.part(
    "a",
    kind="scaling",
    says=r"At $d=36$, $m=160$, $n=300$, trained in single precision, the regularised network has a "
    r"smaller risk than the network with $R_4$ alone, than the kernel at its best ridge, and than "
    r"$f_Q$ alone, with probability at least 0.7 over initialisation, sample and target.",
    quantifiers=(r"\forall\, f^*", r"\mathbb P_{W_0,x_i,f^*}"),
    constant=Constant(1.0, measured_on="d = 36, m = 160, n = 300: 80 of 80 seeds", failure=0.3),
    specimens=[{"net": Pairs(dimension=36, pairs=80), "n": 300}],
)
@given(net=st.just(Pairs(dimension=36, pairs=80)), n=st.just(300))
def the_regularised_network_beats_each_of_its_parts(net: Pairs, n: int, trials: Trials) -> Bound:
    recipes = {"joint": JOINT, "unregularised": UNREGULARISED, "quadratic": QUADRATIC}
    found = risks(net, n, trials, recipes)
    others = torch.stack([found[name] for name in ("unregularised", "kernel", "quadratic")], dim=1)
    return at_most(found["joint"].unsqueeze(1), others).reporting(**found)


@the_regularised_network_beats_each_of_its_parts.twin("f_Q alone does as well as the kernel")
def _(net: Pairs, n: int, trials: Trials) -> Bound:
    found = risks(net, n, trials, {"quadratic": QUADRATIC})
    return at_most(found["quadratic"], found["kernel"])
