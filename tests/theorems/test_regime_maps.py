"""The maps of the papers: what they compare with is the paper's own formula, and can be typeset."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from lemmata.harness.registry import complaints, registered
from lemmata.harness.statements import Part
from lemmata.loading import load_theorems
from lemmata.reports.mathematics import typeset


@pytest.fixture(scope="module", autouse=True)
def maps() -> dict[str, Part]:
    load_theorems()
    return {
        part.id: part for made in registered() for part in made.parts if part.regime_map is not None
    }


def starts(maps: dict[str, Part], part: str, y: float) -> float:
    made = maps[part].regime_map
    assert made is not None
    found = made.hypothesis.starts(y, made.fixed)
    assert found is not None
    return found


def test_each_paper_has_maps_without_complaint(maps) -> None:
    papers = {part.statement.paper for part in maps.values()}
    assert papers >= {"ALS18", "ALL18", "NBL22", "ZGJ21", "XD23"}
    assert len(maps) >= 8
    wrong = complaints([part.statement for part in maps.values()])
    assert not [text for text in wrong if "regime map" in text]


def test_hypotheses_can_be_typeset(maps) -> None:
    for part in maps.values():
        assert part.regime_map is not None
        assert 'class="latex"' not in typeset(part.regime_map.hypothesis.says)


def test_theorem_1_of_als18_asks_for_the_24th_power_of_the_examples(maps) -> None:
    for n in (2, 3, 4):
        digits = starts(maps, "ALS-26(b)", n)
        # Exactly, but for the logarithm: n²⁴ L¹² d δ⁻⁸ at L = 2, d = 1, δ = 4/5.
        power = Fraction(n) ** 24 * 2**12 / Fraction(4, 5) ** 8
        m = 10.0**digits
        assert m == pytest.approx(float(power) * math.log(m) ** 5, rel=1e-9)
        assert digits > math.log10(maps["ALS-26(b)"].regime_map.xs[-1]) + 10


def test_what_xd23_and_zgj21_ask_for_is_thousands_of_decades_away(maps) -> None:
    assert starts(maps, "XD-08(a)", 2) == pytest.approx(4226 * math.log10(2) + 0.5)
    assert starts(maps, "ZGJ-18(printed)", 2) == pytest.approx(162 * math.log10(2))


def test_almost_convexity_is_asked_within_a_radius_that_shrinks_with_the_width(maps) -> None:
    for m in maps["ALS-24"].regime_map.ys:
        wanted = 2**4.5 * math.log(m) ** 3
        assert 10 ** starts(maps, "ALS-24", m) == pytest.approx(wanted)
