"""False statements that are taught are refuted; their corrected forms are not accused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from errata import ERRATA, Erratum
from hypothesis import strategies as st
from support import outcome_of, planted

from lemmata.harness import Bound, Mean, Trials, at_most, mean_of
from lemmata.harness.profiles import PROFILES

SHORT = replace(PROFILES["quick"], explore=3e6, confirm=1e7, shrink=0.2)
"""What is spent on a true form: it is not accused by the first instances either."""

UNSHRUNK = replace(PROFILES["default"], shrink=0.2)

each = pytest.mark.parametrize("erratum", ERRATA, ids=lambda erratum: erratum.name)


def verdicts(part, entropies: int, profile) -> list[str]:
    return [outcome_of(part, entropy=e, profile=profile).verdict for e in range(entropies)]


@each
def test_the_false_form_is_refuted_in_one_of_three_runs(erratum: Erratum) -> None:
    """In the first, as a rule: "contraction" needs luck, 4 runs of 5."""
    found = (outcome_of(erratum.false, entropy=e, profile=UNSHRUNK).verdict for e in range(3))
    assert "refuted" in found


@each
def test_the_corrected_form_is_not_accused(erratum: Erratum) -> None:
    assert set(verdicts(erratum.true, 2, SHORT)) <= {"holds", "undecided", "underpowered"}


@pytest.mark.slow
@each
def test_the_false_form_is_refuted_under_every_entropy(erratum: Erratum) -> None:
    assert verdicts(erratum.false, 5, UNSHRUNK) == ["refuted"] * 5


@pytest.mark.slow
@pytest.mark.parametrize(("profile", "entropies"), [("quick", 20), ("default", 5)])
@each
def test_the_corrected_form_is_accused_under_no_entropy(
    erratum: Erratum, profile: str, entropies: int
) -> None:
    found = verdicts(erratum.true, entropies, profile)
    assert set(found) <= {"holds", "undecided", "underpowered"}


def test_samples_that_are_zero_but_for_rounding_have_the_mean_zero() -> None:
    def check(m: int, trials: Trials) -> Mean:
        x = trials.uniform("x", 3)
        return mean_of(x.sum(-1) - x[:, 2] - x[:, 1] - x[:, 0], 0.0)

    assert verdicts(planted(check, kind="mean"), 3, "quick") == ["holds"] * 3


@pytest.mark.parametrize("u", [(0.0, 2.5e-270), (2.5e-270, 1.0), (1e-200, 1e-200)])
def test_underflow_accuses_nobody(u: tuple[float, float]) -> None:
    """The inequality of Cauchy and Schwarz, with squares that underflow to 0."""

    def check(scale: int, trials: Trials) -> Bound:
        x, y = trials.every(trials.tensor(u)), trials.normal("y", 2)
        norms = x.square().sum(-1).sqrt() * y.square().sum(-1).sqrt()
        return at_most((x * y).sum(-1).abs(), norms)

    part = planted(lambda m, trials: check(m, trials), kind="inequality", strategy=st.just(1))
    assert set(verdicts(part, 3, "quick")) <= {"holds", "undecided"}
