r"""A decrease on average is a direction of negative curvature (ALL18, Fact A.8).

With Hessians that are B-Lipschitz and E x₂ = 0, ‖x₂‖ = 1: E f(x + √η x₂) ≥ f(x) + ½η λ_min - (B/6)
η^{3/2}. A decrease by ηε therefore gives λ_min ≤ -2ε + (B/3)√η, which is at most -ε for η ≤ 9ε²/B².
The function -½a t² - (B/6)|t|³ with x₂ = ±1 attains it.
"""

from __future__ import annotations

import torch
from hypothesis import strategies as st

from lemmata.harness import Bound, Trials, at_least, given, statement
from lemmata.strategies import log_uniform

ALLA8 = statement(
    "ALL-A8",
    paper="ALL18",
    source="Fact A.8",
    provenance="as printed",
    note="printed with a small enough η; 9 is the best constant",
    title="A decrease on average shows negative curvature",
    says=r"$f$ with $B$-Lipschitz Hessian, $\mathbb Ex_2=0$, $\|x_2\|=1$, "
    r"$0<\eta\le9\varepsilon^2/B^2$ and $\mathbb Ef(x+\sqrt\eta\,x_2)\le f(x)-\eta\varepsilon$ "
    r"imply $\lambda_{\min}(\nabla^2f(x))\le-\varepsilon$.",
    kind="inequality",
    quantifiers=(r"\forall\, f", r"\forall\, x,x_2", r"\forall\,\eta\le9\varepsilon^2/B^2"),
    specimens=[
        {"dimension": 1, "share": 1.0, "B": 2.0, "tilt": 0.0, "rest": 0.0},
        {"dimension": 3, "share": 0.5, "B": 0.5, "tilt": 0.3, "rest": 1.0},
    ],
)


@ALLA8
@given(
    dimension=st.integers(1, 6),
    share=st.sampled_from((1.0, 0.9, 0.5, 0.1)),
    B=log_uniform(0.1, 10.0),
    tilt=st.sampled_from((0.0, 0.1, 0.5)),
    rest=st.sampled_from((0.0, 0.1, 1.0)),
)
def a_decrease_on_average_shows_negative_curvature(
    dimension: int,
    share: float,
    B: float,
    tilt: float,
    rest: float,
    trials: Trials,
    *,
    largest: float = 9.0,
    drift: float = 0.0,
) -> Bound:
    u = trials.sphere("u", dimension)
    v = u + tilt * trials.sphere("v", dimension)
    v = v / v.norm(dim=-1, keepdim=True)
    G = rest * trials.normal("rest", dimension, dimension)
    a = 0.1 + trials.uniform("a")
    H = -(a[:, None, None] * u.unsqueeze(2) * u.unsqueeze(1) + G @ G.mT)
    slope = drift * u

    def f(x: torch.Tensor) -> torch.Tensor:
        along = (u * x).sum(dim=-1).abs()
        quadratic = 0.5 * torch.einsum("ti,tij,tj->t", x, H, x)
        return (slope * x).sum(dim=-1) + quadratic - B / 6.0 * along**3

    # ε and η solve ηε = f(0) - E f(√η x₂) and η = share · constant · ε²/B² for x₂ = ±v.
    q = -0.5 * torch.einsum("ti,tij,tj->t", v, H, v)
    root = (share * largest) ** 0.5
    epsilon = q / (1.0 - root / 6.0 * (u * v).sum(dim=-1).abs() ** 3)
    eta = (root * epsilon / B) ** 2
    step = eta.sqrt().unsqueeze(-1) * v
    points = (-step, -step) if drift else (step, -step)
    decrease = -sum(f(x) for x in points) / (2.0 * eta)
    lowest = torch.linalg.eigvalsh(H)[:, 0]
    # Attained, up to the roundings of a difference of values of size ηε.
    return at_least(-lowest, decrease * (1.0 - 1e-12))


a_decrease_on_average_shows_negative_curvature.twin("constant 9.1", largest=9.1)
a_decrease_on_average_shows_negative_curvature.twin("a direction that is not centred", drift=10.0)
