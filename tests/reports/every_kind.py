"""Small statements of every kind of claim, each with a verdict that is known beforehand."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from hypothesis import strategies as st
from scipy import stats

from lemmata.harness import (
    Along,
    Bound,
    Constant,
    Drawn,
    Finding,
    Part,
    Requirement,
    Trials,
    all_of,
    at_least,
    at_most,
    declare,
    equal,
    given,
    law_of,
    less_than,
    mean_at_most,
    mean_of,
    statement,
    worst_of,
)

__test__ = False  # its statements belong to the tests that judge them

SIZES = st.integers(1, 8)
SPECIMENS = ({"m": 4}, {"m": 2})


FINDING = Finding(
    place="Lemma 7, page 3",
    concerns="constant",
    counterexample=r"$m=1$, $g=\frac12$: $0.5>0.1$.",
    check="print(0.5, 0.1)\nassert 0.5 > 0.1",
    cause="The constant is too small.",
    repairs=("BND-01",),
    survives="Everything else.",
    verified="a second look.",
)


def _gaussian(m: int, trials: Trials) -> torch.Tensor:
    return trials.normal("g", m)


def _norm(m: int, trials: Trials) -> torch.Tensor:
    return _gaussian(m, trials).norm(dim=-1)


def _uniform(trials: Trials) -> torch.Tensor:
    return trials.uniform("u")


def _part(id: str, kind: str, check: Callable[..., object], **options: object) -> Part:
    options = {"specimens": SPECIMENS, "says": r"$\|g\|\le C$", **options}
    made = statement(
        id, paper="TRY", source=f"section {id}", title=f"statement {id}", kind=kind, **options
    )
    return made(given(m=SIZES)(check))


def _along(**claim: object) -> Along:
    options: dict[str, object] = {
        "variable": "m",
        "sizes": (16, 32, 64, 128),
        "instance": lambda m: {"m": m},
        "trials": 64,
        **claim,
    }
    return Along(**options)


def _scaling(exponent: float, trials_bound: Callable[[float], float] | None = None) -> object:
    def check(m: int, trials: Trials) -> Bound:
        return at_most(_norm(m, trials), float(m) ** exponent)

    return check


def _with_curves(m: int, trials: Trials) -> Bound:
    steps = torch.arange(6, dtype=torch.float64)
    loss = _uniform(trials)[:, None] * torch.exp(-steps)
    return (
        at_most(loss[:, -1], 1.0)
        .except_with_probability(0.01)
        .with_curves(loss=loss)
        .reporting(last_loss=loss[:, -1])
    )


def _members(m: int, trials: Trials) -> Bound:
    return all_of(positive=at_least(_norm(m, trials), 0.0), small=less_than(_norm(m, trials), 0.25))


def _raises(m: int, trials: Trials) -> Bound:
    raise ValueError("the gradient is <b>no number</b>")


def _bounds() -> None:
    held = _part(
        "BND-01",
        "probability",
        lambda m, trials: at_most(_norm(m, trials), 3 * math.sqrt(m) + 3).except_with_probability(
            0.01
        ),
        provenance="recalled",
        note="from a talk",
        requires=Requirement(
            paper="$m \\ge 3$", met=lambda m: m >= 3, ours="$m \\ge 1$", tried=lambda m: m >= 1
        ),
        quantifiers=(r"\forall m", r"\mathbb P_g"),
    )
    held.twin("a hundred times smaller")(
        lambda m, trials: at_most(_norm(m, trials), 0.01).except_with_probability(0.01)
    )
    held.twin("nothing changed")(held.check)
    _part(
        "BND-02",
        "probability",
        lambda m, trials: at_most(_norm(m, trials), 0.25).except_with_probability(0.05),
        uses=["BND-01"],
    )
    _part(
        "BND-03",
        "probability",
        lambda m, trials: at_most(_uniform(trials), 0.95).except_with_probability(0.05),
        resolution=0.0501,
        uses=["BND-02"],
    )
    _part(
        "BND-04",
        "probability",
        lambda m, trials: at_most(_uniform(trials), 0.03).except_with_probability(0.97),
        cost=1e7,
    )
    _part(
        "BND-05",
        "probability",
        lambda m, trials: at_most(_norm(m, trials), 0.0).except_with_probability(1.0),
    )
    _part(
        "BND-06",
        "scaling",
        lambda m, trials: at_most(_norm(m, trials), math.sqrt(m)),
        constant=Constant(4.0, "m = 1…8"),
        provenance="as printed",
    )


def _without_chance() -> None:
    def squares(m: int, trials: Trials) -> Bound:
        g = _gaussian(m, trials)
        return equal(g.norm(dim=-1) ** 2, (g**2).sum(-1), roundings=4 * m + 4)

    def cauchy_schwarz(m: int, trials: Trials) -> Bound:
        g = _gaussian(m, trials)
        return at_most(g.abs().sum(-1), math.sqrt(m) * g.norm(dim=-1)).up_to_roundings(4 * m + 4)

    _part("DET-01", "identity", squares)
    _part("DET-02", "inequality", cauchy_schwarz)
    _part("DET-03", "inequality", lambda m, trials: at_most(_norm(m, trials), 99.0), specimens=())
    _part(
        "DET-04",
        "inequality",
        lambda m, trials: worst_of(
            random=at_most(_norm(m, trials), 99.0), greedy_flips=at_most(2 * _norm(m, trials), 99.0)
        ),
    )
    _part("DET-05", "inequality", lambda m, trials: at_most(_norm(m, trials), 0.5))
    _part("DET-06", "inequality", _members)
    _part(
        "DET-07",
        "inequality",
        lambda m, trials: at_most(_norm(m, trials) * 0 + 1 + 1e-15, 1.0).up_to_roundings(10),
    )


def _means() -> None:
    def mean(expected: float, **options: object) -> Callable[..., object]:
        return lambda m, trials: mean_of(
            (trials.normal("g", 64, m) ** 2).mean(dim=(1, 2)), expected, **options
        )

    _part("MEA-01", "mean", mean(1.0)).twin("twice as large")(mean(2.0))
    _part("MEA-02", "mean", mean(1.2))
    _part("MEA-03", "mean", mean(1.0, within=1e-6))
    _part("MEA-04", "mean", lambda m, trials: mean_at_most(_uniform(trials), 0.6))
    _part("MEA-05", "mean", lambda m, trials: mean_at_most(_uniform(trials), 0.3))


def _laws() -> None:
    def normal(scale: float, **options: object) -> Callable[..., object]:
        return lambda m, trials: law_of(trials.normal("g", 32), stats.norm(scale=scale), **options)

    _part("LAW-01", "law", normal(1.0)).twin("variance 4")(normal(2.0))
    _part("LAW-02", "law", normal(1.5))
    _part("LAW-03", "law", normal(1.0, within=1e-5))
    _part(
        "LAW-04",
        "law",
        lambda m, trials: law_of((trials.uniform("u", 32) < 0.25).double(), stats.bernoulli(0.25)),
    )


def _exponents() -> None:
    drawn = [Drawn(together="Norms", measures="‖g‖", label=label) for label in ("one", "two")]
    within = {"at_most": 0.2, "at_least": -0.2}
    options = {"constant": Constant(100.0, "m = 16…128"), "specimens": ()}
    held = _part(
        "EXP-01", "scaling", _scaling(0.5), along=_along(**within, drawn=drawn[0]), **options
    )
    held.twin("growth like m itself")(_scaling(1.0))
    _part("EXP-02", "scaling", _scaling(0.0), along=_along(**within, drawn=drawn[1]), **options)
    _part("EXP-03", "scaling", _scaling(0.5), along=_along(at_most=0.0, resolution=1e-6), **options)
    _part(
        "EXP-04",
        "scaling",
        lambda m, trials: at_most((1 + _uniform(trials)) * math.exp(-m), 1.0),
        along=_along(at_most=-0.9, sizes=(2, 4, 6, 8), growth="exponential"),
        **options,
    )


def _others() -> None:
    _part("TRA-01", "trajectory", _with_curves)
    _part("EXI-01", "existence", lambda m, trials: at_most(_uniform(trials), 2.0))
    _part("ERR-01", "inequality", _raises)
    _part(
        "FLS-01",
        "probability",
        lambda m, trials: at_most(_norm(m, trials), 0.1).except_with_probability(0.05),
        expect="refuted",
        provenance="as printed",
        finding=FINDING,
        withdrawn=["Norms are <below> a tenth: withdrawn."],
    )
    _part(
        "FLS-02",
        "probability",
        lambda m, trials: at_most(_norm(m, trials), 99.0).except_with_probability(0.05),
        expect="refuted",
    )
    declare("UNT-01", paper="OTH", title="a statement to come", source="section 9")


def declare_everything() -> None:
    """Register all of them."""
    for part in (_bounds, _without_chance, _means, _laws, _exponents, _others):
        part()


VERDICTS: dict[str, tuple[str, str | None]] = {
    "BND-01": ("holds", "certified"),
    "BND-02": ("refuted", None),
    "BND-03": ("undecided", None),
    "BND-04": ("underpowered", None),
    "BND-05": ("vacuous", None),
    "BND-06": ("holds", "certified"),
    "DET-01": ("holds", "exact"),
    "DET-02": ("holds", "algebra on random trials"),
    "DET-03": ("holds", "searched"),
    "DET-04": ("holds", "attacked"),
    "DET-05": ("refuted", None),
    "DET-06": ("refuted", None),
    "DET-07": ("undecided", None),
    "MEA-01": ("holds", "tested"),
    "MEA-02": ("refuted", None),
    "MEA-03": ("undecided", None),
    "MEA-04": ("holds", "tested"),
    "MEA-05": ("refuted", None),
    "LAW-01": ("holds", "tested"),
    "LAW-02": ("refuted", None),
    "LAW-03": ("undecided", None),
    "LAW-04": ("holds", "tested"),
    "EXP-01": ("holds", "certified"),
    "EXP-02": ("refuted", None),
    "EXP-03": ("undecided", None),
    "EXP-04": ("holds", "certified"),
    "TRA-01": ("holds", "certified"),
    "EXI-01": ("holds", "searched"),
    "ERR-01": ("error", None),
    "FLS-01": ("refuted", None),
    "FLS-02": ("holds", "certified"),
}
"""The verdict on each part, and what it rests on."""
