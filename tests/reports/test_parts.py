"""Given plain data, when one small thing is made of it, then it is what a reader expects."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemmata.reports import curves, numerals, plots, sentences, summary
from lemmata.reports.assembly import assemble
from lemmata.reports.blocks import Ratios
from lemmata.reports.evidence import Exponent, Fit, Refutation, Specimen, largest, signed
from lemmata.reports.layout import layered
from lemmata.reports.pages import tightness
from lemmata.reports.proof import foundations_first, reduced
from lemmata.reports.runs import read_runs

graphs = st.dictionaries(
    st.sampled_from("abcdefghij"), st.lists(st.sampled_from("abcdefghij"), max_size=4), max_size=10
)


@given(graphs)
def test_in_a_layout_what_is_used_stands_above_and_boxes_do_not_overlap(uses):
    layout = layered(uses)
    assert set(layout.places) == set(uses)
    for used, user in layout.lines:
        assert layout.places[used][1] < layout.places[user][1]
    rows: dict[int, list[float]] = {}
    for across, row in layout.places.values():
        rows.setdefault(row, []).append(across)
    for row in rows.values():
        assert all(
            right - left > 0.999 for left, right in zip(sorted(row), sorted(row)[1:], strict=False)
        )
        assert min(row) >= 0


@given(graphs)
def test_leaving_out_detours_keeps_what_rests_on_what(uses):
    order = foundations_first(uses)
    acyclic = {
        name: [
            used for used in uses[name] if used in uses and order.index(used) < order.index(name)
        ]
        for name in uses
    }

    def below(graph, name):
        return {name}.union(*(below(graph, used) for used in graph[name]))

    assert all(below(reduced(acyclic), name) == below(acyclic, name) for name in acyclic)


@given(st.floats() | st.none())
def test_figures_are_short(value):
    assert len(numerals.figure(value)) <= 16


def test_times_that_are_none_are_dashes():
    assert [numerals.moment(value) for value in (None, -1.0, 1e300)] == ["–"] * 3
    assert numerals.moment(86400.0 * 8) == "9 January 1970, 00:00 UTC"
    assert [numerals.duration(value) for value in (None, math.nan, 3600.0, 120.0, 42.0)] == [
        "–",
        "–",
        "1 h",
        "2 min",
        "42 s",
    ]
    assert [numerals.power_of_ten(value) for value in (None, math.inf, -math.inf, math.nan)] == [
        "–",
        "∞",
        "0",
        "not a number",
    ]
    assert [signed(value) for value in (None, math.inf, -math.inf)] == ["–", "+∞", "−∞"]
    assert numerals.span([]) == "–"


@pytest.mark.parametrize(("ratio", "parts"), [(0.5, 1), (3.0, 2), (0.0, 1), (math.inf, 2)])
def test_a_ratio_beyond_the_threshold_sticks_out(ratio, parts):
    assert tightness(ratio).count("<rect") == parts


def test_no_number_has_no_bar():
    assert "svg" not in tightness(math.nan) + tightness(None)
    assert math.isnan(largest([1.0, math.nan, 2.0]) or 0.0)


def test_there_is_no_drawing_of_nothing():
    assert plots.failures("k", []) is None
    assert (
        plots.ratios("k", [Ratios(label="specimen 1", counts={}, trials=0, failures=0)], 1.0)
        is None
    )
    assert curves.scaling("k", Exponent.read({"points": [{"size": 3, "median": 1}]})) is None
    assert curves.trajectory("k", "loss", {"median": (1.0,)}) is None
    assert curves.trajectory("k", "loss", {"median": (math.nan, math.nan)}) is None


def test_drawings_cope_with_little():
    sizes = {"points": [{"size": size, "median": 1.0} for size in (1, 2, 4)]}
    plot = curves.scaling("k", Exponent.read(sizes))
    assert plot
    assert "the exponent not fitted; the claim allows not said" in plot.caption
    two_sided = {
        **sizes,
        "at_most": 1e9,
        "at_least": -1e9,
        "median": {"slope": 1e9},
        "upper": {"slope": "nan"},
        "outcome": "odd",
    }
    assert curves.scaling("k", Exponent.read(two_sided))
    assert curves.trajectory("k", "a $name$", {"low": (-1.0, 0.0), "high": (1.0, 2.0)})
    assert curves.trajectory("k", "flat", {"median": (3.0, 3.0), "worst": (3.0,)})
    far = Ratios(label="specimen 1", counts={-400: 1, 400: 1}, trials=2, failures=1)
    assert plots.ratios("k", [far], math.inf)


def test_the_measured_side_has_the_bounds_exponent_and_the_ratios():
    record = {
        "claimed": -2.0,
        "median": {"slope": 0.25, "low": 0.125, "high": 0.5},
        "direction": "at most",
    }
    assert Exponent.read(record).measured == Fit(slope=-1.75, low=-1.875, high=-1.5)
    assert Exponent.read({**record, "direction": "at least"}).measured == Fit(
        slope=-2.25, low=-2.5, high=-2.125
    )
    assert Exponent.read(
        {**record, "direction": "at least", "quantity": "scaling"}
    ).measured == Fit(slope=-1.75, low=-1.875, high=-1.5)
    assert Exponent.read({**record, "claimed": None}).measured is None


def test_an_exponential_law_is_drawn_over_the_size_itself():
    points = [
        {"size": size, "median": math.exp(-size), "worst": math.exp(-size)} for size in (2, 4, 6)
    ]
    plot = curves.scaling(
        "k",
        Exponent.read(
            {"points": points, "growth": "exponential", "at_most": -1.0, "median": {"slope": -1.0}}
        ),
    )
    assert plot
    assert "scales exponentially, at the rate −1" in plot.caption


def test_what_was_declared_false_and_is_false_does_not_decide_a_statement(write, tmp_path):
    library = assemble(read_runs([write(tmp_path / "run")]))
    holding = next(statement for statement in library.statements if statement.id == "ALS-04")
    false = replace(holding.parts[1], expect="refuted", verdict="refuted")
    mixed, all_false = (
        replace(holding, parts=(holding.parts[0], false)),
        replace(holding, parts=(false,)),
    )
    assert (mixed.verdict, mixed.expected_refuted, mixed.declared_false) == (
        "holds",
        False,
        (false,),
    )
    assert (all_false.verdict, all_false.expected_refuted) == ("refuted", True)
    assert "ALS-04(b), declared false, is refuted" in summary.declared_false_sentences(mixed)[0]


def test_a_refutation_says_as_much_as_was_recorded():
    assert Refutation.read({}) is None
    assert sentences.refutation_sentences(Refutation.read({"ratio": 2.0})) == [
        "The ratio of the two sides is 2."
    ]
    said = sentences.refutation_sentences(
        Refutation.read(
            {"measured": 1.0, "bound": "inf", "direction": "at least", "attack": "greedy_flips"}
        )
    )
    assert said == [
        "In the worst trial the measured side is 1 where the claim allows at least ∞.",
        "It was found by the attack greedy flips.",
    ]


def test_constants_and_searches_in_words():
    assert sentences.constant_sentence({"value": 2.0}) == "The hidden constant is declared as 2."
    assert sentences.constant_sentence({"value": 2.0, "failure": 0}).endswith(
        "the ratio may never exceed it."
    )
    assert "Shrinking was cut short" in sentences.search_sentence(
        {"instances": 2, "nominations": 1, "shrink_cut": True}
    )


def test_findings_in_one_sentence(write, records, statements, tmp_path):
    held = [
        {**record, "verdict": "holds", "as_expected": False, "refutation": None}
        if record.get("part") == "ALS-11"
        else record
        for record in records
    ]
    library = assemble(read_runs([write(tmp_path / "run", records=held)]))
    by_id = {statement.id: statement for statement in library.statements}
    assert (
        summary.finding_sentence(by_id["ALS-11"]) == "ALS-11 was declared false and is found holds."
    )
    assert summary.finding_sentence(by_id["ALS-02"]) == ""
    silent = replace(by_id["ALS-08"], parts=(replace(by_id["ALS-08"].parts[0], error={}),))
    assert summary.finding_sentence(silent) == "ALS-08: an error without text"


@pytest.mark.parametrize(("attacks", "words"), [
    ({"flips": 0.5}, "The best attack, flips, reached 0.5 of the threshold."),
    ({"random": 0.5, "flips": 0.2}, "no attack went beyond random search"),
    ({"random": 0.0, "flips": 0.2}, "random search reached 0."),
    ({"random": 0.2, "flips": 0.2001}, "random search alone reached nearly as much, 0.2."),
    ({"flips": math.inf}, ""),
])  # fmt: skip
def test_attacks_are_compared_with_random_search(write, tmp_path, attacks, words):
    library = assemble(read_runs([write(tmp_path / "run")]))
    part = next(statement for statement in library.statements if statement.id == "ALS-05").parts[0]
    assert words in sentences.attack_sentence(replace(part, attacks=attacks))


def test_specimens_attacks_stand_in_for_the_parts(write, tmp_path):
    library = assemble(read_runs([write(tmp_path / "run")]))
    part = next(statement for statement in library.statements if statement.id == "ALS-05").parts[0]
    specimen = Specimen.read({"attacks": {"flips": 3.0}, "threshold": 6.0})
    assert "reached 0.5 of the threshold" in sentences.attack_sentence(
        replace(part, attacks={}, specimens=(specimen,))
    )


def test_the_order_of_the_fullest_listing_wins(write, statements, manifest, tmp_path):
    write(tmp_path / "records" / "a", manifest=manifest, statements=statements)
    write(
        tmp_path / "records" / "b",
        manifest={**manifest, "started": manifest["started"] + 9e4},
        statements=[statements[8], statements[3]],
        records=[],
    )
    library = assemble(read_runs([tmp_path / "records"]))
    assert [statement.id for statement in library.statements] == [
        statement["id"] for statement in statements
    ]


def test_times_may_be_recorded_as_dates(write, manifest, tmp_path):
    run = read_runs(
        [
            write(
                tmp_path / "run",
                manifest={**manifest, "started": "2025-11-22T01:46:40", "finished": "no date"},
            )
        ]
    )[0]
    assert run.when == "22 November 2025, 01:46 UTC"
    assert run.finished is None
