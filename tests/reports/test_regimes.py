"""Regime maps on the pages: numbers as recorded, a contour only where both sides are resolved."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lemmata.harness.codec import to_plain
from lemmata.harness.regime_cells import Asked, Cell, RegimeMap
from lemmata.harness.schema import PartVerdict
from lemmata.reports import build_report
from lemmata.reports.regimes import contour, drawing

PART = "BND-01"
STATES = {
    (4, 1): {"trials": 128, "passes": 30, "token": "lemma1.s"},
    (16, 1): {"trials": 128, "passes": 128},
    (64, 1): {"trials": 128, "passes": 127},
    (4, 2): {"trials": 128, "passes": 2},
    (16, 2): {"trials": 16, "passes": 16},
    (64, 2): {"trials": 128, "passes": 128},
    (4, 9): {"trials": 16, "passes": 3, "failure": "trial 2 measured <b>NaN</b>"},
    (16, 9): {"trials": 16, "passes": 16, "silent": "p is 1", "level": 0.0},
    (64, 9): {"skipped": "the work of the map is spent"},
}


def a_map(generation: str = "g", **changed: Any) -> RegimeMap:
    cells = [
        Cell(x=x, y=y, hash=f"{x}-{y}", words="", **{"level": 0.95, **fields})
        for (x, y), fields in STATES.items()
    ]
    told = {
        "part": PART, "generation": generation, "x": "m", "y": "n", "fixed": {"delta": "0.5"},
        "hypothesis": "$m\\ge n^{24}$", "constant": 3.0, "cells": cells, "entropy": 0,
        "layers": "dense", "device": "cpu", "dtype": "float64",
        "asked": [
            Asked(y=1, digits=1.5), Asked(y=2, digits=41.0), Asked(y=9, digits=None),
        ], **changed,
    }  # fmt: skip
    return RegimeMap(**told)


def recorded_as(made: RegimeMap, **changed: Any) -> dict[str, Any]:
    return {**to_plain(made), "schema": 2, "run": "r", "worker": "main", "time": 1.0, **changed}


@pytest.fixture
def with_map(
    tmp_path: Path, write: Callable[..., Path], read: Any, records: list, verdicts: Any
) -> Callable[..., dict[str, Any]]:
    generation = verdicts[PART].generation

    def build(*maps: dict[str, Any]) -> dict[str, Any]:
        told = [*records, *({**one, "generation": generation} for one in maps)]
        return read(build_report(write(tmp_path / "run", records=told), tmp_path / "out"))

    return build


def test_the_statements_page_shows_the_map_and_its_numbers(with_map: Any) -> None:
    pages = with_map(recorded_as(a_map()))
    page = pages[f"statements/{PART}.html"]
    assert not page.unbalanced
    for words in (
        "Where the conclusion begins to hold",
        "Begins to hold at m ≈ 16 for n = 1; begins to hold between m = 4 and 64 for n = 2",
        "pass rate ≥ 0.95, 16…128 trials a cell",
        "with its constant 3 and not the paper’s hidden one",
        "at δ = 0.5",
        "starts at m = 31.6 at n = 1 … m = 10⁴¹ at n = 2: partly off the chart",
        "Not tried for want of work or time: 1 cell.",
        "Error at m = 4, n = 9: trial 2 measured <b>NaN</b>",
        "m = 16, n = 1 holds 1 128 of 128 0.972 to 1.000",
        "At m = 4, n = 1 it fails in 98 of 128 trials; one of them again: lemmata replay lemma1.s",
        "m = 16, n = 2 not resolved 1 16 of 16",
    ):
        assert words in page.text, words
    source = page.path.read_text()
    assert "&lt;b&gt;NaN" in source
    assert re.search(r'role="img" aria-label="Where the conclusion begins to hold[^"]*off', source)


def test_the_page_of_maps_lists_them_and_every_page_leads_there(with_map: Any) -> None:
    pages = with_map(recorded_as(a_map()))
    page = pages["regimes.html"]
    assert f"{PART}" in page.text
    assert "begins to hold at m ≈ 16 for n = 1" in page.text
    assert ("href", f"statements/{PART}.html") in page.links
    assert ("href", "regimes.html") in pages["index.html"].links
    assert ("href", "../regimes.html") in pages[f"statements/{PART}.html"].links


def test_without_maps_the_page_says_so(pages: Any, verdicts: dict[str, PartVerdict]) -> None:
    assert "No map was recorded" in pages["regimes.html"].text
    assert "Where the conclusion begins to hold" not in pages[f"statements/{PART}.html"].text


def test_an_adversary_is_named(with_map: Any) -> None:
    text = with_map(recorded_as(a_map(attacked=True)))[f"statements/{PART}.html"].text
    assert "pass rate ≥ 0.95 against the attacks tried, 16…128 trials a cell" in text
    assert "finds no violation: a better one may find more" in text


def test_maps_of_several_runs_add_up(with_map: Any) -> None:
    more = recorded_as(a_map(entropy=1))
    text = with_map(recorded_as(a_map()), more)[f"statements/{PART}.html"].text
    assert "m = 16, n = 1 holds 1 256 of 256" in text


def test_a_damaged_map_costs_the_report_nothing_else(with_map: Any) -> None:
    bad = recorded_as(a_map(cells=[dataclasses.replace(a_map().cells[0], x=0.0)]))
    pages = with_map(bad, {**recorded_as(a_map()), "cells": 3})
    assert "No map was recorded" in pages["regimes.html"].text
    assert "could not be read" in pages["index.html"].text


@pytest.mark.parametrize("digits", [math.inf, -math.inf, math.nan, -400.0, 1e300])
def test_hostile_names_and_numbers_are_shown_as_text(with_map: Any, digits: float) -> None:
    hostile = "<script>alert('${{ 7*7 }}')</script>\" onload=\"x' & $\\frac{1}{"
    made = a_map(
        x=hostile, y=hostile + "y", hypothesis=hostile, fixed={hostile: hostile}, constant=digits,
        asked=[Asked(y=1, digits=digits), Asked(y=2, digits=1.0)],
        cells=[
            dataclasses.replace(one, x=one.x**place, surviving=digits, failure=failure)
            for place, one in enumerate(a_map().cells, 1)
            for failure in (hostile if place > 5 else "",)
        ],
    )  # fmt: skip
    pages = with_map(recorded_as(made))
    for name in ("regimes.html", f"statements/{PART}.html"):
        assert not pages[name].unbalanced, name
        assert "<script>alert" not in pages[name].path.read_text()
        assert "49" not in [word for word in pages[name].text.split() if "{{" in word]


def test_the_contour_runs_only_between_what_holds_and_what_fails() -> None:
    assert list(contour(a_map())) == [[(0.5, -0.5), (0.5, 0.5)]]


def test_a_drawing_is_the_same_again_and_names_no_colour_of_its_own() -> None:
    one, again = drawing("k", a_map()), drawing("k", a_map())
    assert one.svg == again.svg
    assert not re.search(r"#(?!k)[0-9a-fA-F]{6}", one.svg.replace("#ffffff", ""))
    assert "→ 10⁴¹" in one.svg
    assert one.svg.count("✓") == one.svg.count("holds") + 3


def test_many_columns_are_drawn_with_signs_alone() -> None:
    cells = [
        Cell(x=2.0**place, y=y, hash=f"{place}{y}", words="", level=0.95, trials=99, passes=99)
        for place in range(17)
        for y in (1.0, 2.0)
    ]
    svg = drawing("k", a_map(cells=cells)).svg
    assert "✓ 1.00" not in svg
    assert svg.count("✓") >= 34
