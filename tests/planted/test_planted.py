"""Planted true statements hold, planted false ones are refuted, in every run.

Runs are six each, and fifty where the slow tests are asked for. What a search refutes is small.
"""

from __future__ import annotations

import pytest
from planted import (
    chi_square_tail,
    johnson_lindenstrauss,
    law_of_a_sum,
    mean_square,
    norm_exponent,
    norm_up_to_a_constant,
)
from support import outcome_of

RUNS = 6
MANY = 50

TRUE = {
    "Johnson–Lindenstrauss": johnson_lindenstrauss,
    "exact tail": chi_square_tail,
    "constant": norm_up_to_a_constant,
    "exponent": norm_exponent,
    "mean": mean_square,
    "law": law_of_a_sum,
}

FALSE = {
    "constant halved": lambda: norm_up_to_a_constant(0.7),
    "failure probability understated tenfold": lambda: chi_square_tail(understated=10.0),
    "exponent off by a half": lambda: norm_exponent(1.0),
    "exponent off by a half, downwards": lambda: norm_exponent(0.0),
    "mean off by five per cent": lambda: mean_square(1.05),
    "wrong law": lambda: law_of_a_sum(normal=False),
}


each_number = pytest.mark.parametrize("runs", [RUNS, pytest.param(MANY, marks=pytest.mark.slow)])


@each_number
@pytest.mark.parametrize("name", TRUE)
def test_true_statements_hold(name: str, runs: int) -> None:
    part = TRUE[name]()
    verdicts = [
        outcome_of(part, entropy=entropy, profile="default").verdict for entropy in range(runs)
    ]
    assert verdicts == ["holds"] * runs


SMALLEST = {
    "constant halved": (norm_up_to_a_constant(0.7, specimens=()), {"m": 32}),
    "failure probability understated tenfold": (
        chi_square_tail(understated=10.0, specimens=()),
        None,
    ),
    "mean off by five per cent": (mean_square(1.05, specimens=()), {"m": 1}),
    "wrong law": (law_of_a_sum(normal=False, specimens=()), {"n": 1}),
}


@pytest.mark.parametrize("name", SMALLEST)
def test_what_the_search_refutes_is_as_small_as_can_be(name: str) -> None:
    part, smallest = SMALLEST[name]
    found = outcome_of(part)
    assert (found.verdict, found.how) == ("refuted", "search")
    assert found.refutation is not None
    assert found.refutation.at.role == "nominee"
    assert found.refutation.at.shrunk
    assert smallest is None or found.refutation.at.place.data == smallest


@each_number
@pytest.mark.parametrize("name", FALSE)
def test_false_statements_are_refuted(name: str, runs: int) -> None:
    part = FALSE[name]()
    verdicts = [
        outcome_of(part, entropy=entropy, profile="default").verdict for entropy in range(runs)
    ]
    assert verdicts == ["refuted"] * runs
