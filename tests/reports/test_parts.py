"""Given plain values, when one small thing is made of them, then it is what a reader expects."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemmata.harness.records import read_run
from lemmata.harness.schema import DeclaredConstant, Manifest, TwinVerdict
from lemmata.harness.verdicts import (
    BoundVerdict,
    Counterexample,
    Curve,
    Fit,
    Grid,
    MeanVerdict,
    Outcome,
    Place,
    Point,
    SearchVerdict,
    SlopeVerdict,
)
from lemmata.reports import (
    beside,
    curves,
    exponents,
    instances,
    numerals,
    plots,
    refutations,
    rows,
    searches,
    sentences,
    summary,
)
from lemmata.reports.assembly import assemble
from lemmata.reports.blocks import Ratios
from lemmata.reports.layout import layered
from lemmata.reports.levels import Levels, levels_of, levels_sentences
from lemmata.reports.marks import tightness
from lemmata.reports.model import Library, largest
from lemmata.reports.proof import foundations_first, reduced
from lemmata.reports.runs import read_runs
from lemmata.reports.words import basis_sentence, provenance_sentence, role_phrase

PLACE = Place(data={"m": 4}, hash="0123456789abcdef", words="m = 4", sizes={"m": 4.0})
FIT = Fit(exponent=-0.5, low=-0.52, high=-0.48, prefactor=1.0)
GRID = Grid(
    variable="m", sizes=(1.0, 2.0, 4.0), at_most=0.0, at_least=None, member="", growth="power",
    together="", measures="", label="",
)  # fmt: skip
SEARCH = SearchVerdict(
    verdict="holds", instances=9, vacuous=0, discarded=0, tied=0, chosen={}, ascended=0,
    exhausted=False, unseen=0.3, nominations=0, trials=144, worst_ratio=0.5, worst=PLACE,
    attacks={}, stopped="work", shrink_cut=False,
)  # fmt: skip


def point(size: float, value: float = 1.0) -> Point:
    return Point(
        size=size, place=PLACE, median=value, upper=value, worst=value, measured=value, bound=1.0,
        trials=32,
    )  # fmt: skip


def slope(
    points: list[Point], grid: Grid = GRID, fit: Fit = FIT, **changes: object
) -> SlopeVerdict:
    made = SlopeVerdict(
        grid=grid, verdict="holds", direction="at most", quantity="ratio", median=fit, upper=fit,
        median_above=fit, upper_above=fit, bound=fit, measured=fit, excess=0.0, limit=0.05,
        level=1e-10, points=points, trials=96, seconds=0.1,
    )  # fmt: skip
    return replace(made, **changes)


def curve(steps: list[float], values: list[float]) -> Curve:
    return Curve(steps=steps, median=values, low=values, high=values, worst=values)


@pytest.fixture
def library(recorded) -> Library:
    return assemble(read_runs([recorded]))


@pytest.fixture
def parts(library):
    return {part.id: part for part in library.parts}


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
    assert [numerals.signed(value) for value in (None, math.inf, -math.inf)] == ["–", "+∞", "−∞"]
    assert numerals.span([]) == "–"


@pytest.mark.parametrize(("ratio", "parts"), [(0.5, 1), (3.0, 2), (0.0, 1), (math.inf, 2)])
def test_a_ratio_beyond_the_threshold_sticks_out(ratio, parts):
    assert tightness(ratio).count("<rect") == parts


def test_no_number_has_no_bar():
    assert "svg" not in tightness(math.nan) + tightness(None)
    assert math.isnan(largest([1.0, math.nan, 2.0]) or 0.0)


def test_there_is_no_drawing_of_nothing():
    assert plots.failures("k", []) is None
    empty = Ratios(label="specimen 1", counts={}, trials=0, failures=0)
    assert plots.ratios("k", [empty], 1.0) is None
    assert curves.scaling("k", slope([point(3.0)])) is None
    assert curves.scaling("k", slope([point(3.0, 0.0), point(4.0, math.inf)])) is None
    assert curves.trajectory("k", "loss", curve([0.0], [1.0])) is None
    assert curves.trajectory("k", "loss", curve([0.0, 1.0], [math.nan, math.nan])) is None
    assert curves.trajectory("k", "loss", curve([], [])) is None


def test_drawings_cope_with_extremes():
    points = [point(size) for size in (1.0, 2.0, 4.0)]
    steep = Fit(exponent=1e9, low=-1e9, high=1e9, prefactor=0.0)
    two_sided = replace(GRID, at_most=1e9, at_least=-1e9)
    plot = curves.scaling("k", slope(points, two_sided, steep))
    assert plot
    assert "the claim is from −10⁹ to +10⁹: holds." in plot.caption
    assert curves.trajectory("k", "a $name$", curve([0.0, 1.0], [-1.0, 2.0]))
    assert curves.trajectory("k", "flat", curve([0.0, 1.0], [3.0, 3.0]))
    far = Ratios(label="specimen 1", counts={-400: 1, 400: 1}, trials=2, failures=1)
    assert plots.ratios("k", [far], math.inf)


def test_an_exponential_law_is_drawn_over_the_size_itself():
    grid = replace(GRID, growth="exponential", at_most=-1.0)
    points = [point(size, math.exp(-size)) for size in (2.0, 4.0, 6.0)]
    plot = curves.scaling("k", slope(points, grid))
    assert plot
    assert "scales exponentially, at the rate −0.50" in plot.caption
    made = exponents.exponents_table([slope(points, grid)])
    assert made
    assert made.rows[0][0] == "rate in m"


def test_the_measured_side_is_drawn_beside_others(parts):
    grid = replace(GRID, growth="exponential", label="E", measures="L")
    points = [point(size, math.exp(-size)) for size in (2.0, 4.0, 6.0)]
    members = [(parts["EXP-01"], slope(points, grid)), (parts["EXP-02"], slope(points))]
    plot = beside.drawing("k", "Rates", members)
    assert "E (EXP-01), statement EXP-01: exp(−0.500 [−0.520, −0.480] · m) over" in plot.caption
    assert "EXP-02, statement EXP-02: exponent −0.500" in plot.caption


@pytest.mark.parametrize(
    ("at_most", "at_least", "words"),
    [
        (0.5, None, "at most +0.50"),
        (None, -0.5, "at least −0.50"),
        (0.1, -0.1, "from −0.10 to +0.10"),
        (1.0, 1.0, "exactly +1.00"),
        (None, None, "anything"),
    ],
)
def test_claims_of_exponents_in_words(at_most, at_least, words):
    assert exponents.claim_words(replace(GRID, at_most=at_most, at_least=at_least)) == words


def test_a_side_without_exponent_has_none():
    bare = slope([], quantity="scaling", bound=None, measured=None)
    assert rows._exponent(SimpleNamespace(letter=""), bare) == (
        "m: scaled quantity −0.50 [−0.52, −0.48], claimed at most 0.00"
    )
    assert exponents.fit_words(None) == "–"


def searched(search: SearchVerdict | None, levels: Levels) -> list[str]:
    outcome = Outcome(subject="A-1", verdict="holds", expect="holds", search=search)
    return searches.search_sentences(outcome, levels)


def test_searches_in_words():
    levels = Levels(beta=0.001)
    said = " ".join(
        searched(
            replace(
                SEARCH, chosen={"drawn": 5, "climbed": 4}, vacuous=2, discarded=3, tied=1,
                ascended=2, nominations=1, shrink_cut=True,
            ),
            levels,
        )
    )  # fmt: skip
    assert said == (
        "Searching evaluated 9 instances (5 drawn and 4 by climbing from the worst) in 144 trials; "
        "it ended with its work. On 2 of them the claim says nothing. 3 further ones were assumed "
        "away. On 1 the two sides are equal to rounding. On 2 the draws of the trials were "
        "ascended, too. 1 looked like a violation and was tried again. Up to 30 % of the "
        "instances, as drawn, could fail unseen, at error β = 0.001. The worst ratio was 0.5 of "
        "the threshold, at m = 4. Shrinking was cut short, so a smaller instance may exist."
    )
    assert searches.search_sentences(None, levels) == searched(None, levels) == []
    nothing = replace(SEARCH, instances=0, worst=None, stopped="odd", nominations=2)
    assert "unseen" not in " ".join(searched(nothing, Levels()))


def test_an_exhausted_search_leaves_nothing_unseen():
    said = " ".join(searched(replace(SEARCH, exhausted=True), Levels()))
    assert "There are no further instances." in said
    few = " ".join(searched(replace(SEARCH, unseen=0.97), Levels()))
    assert "Nothing is said of other instances." in few
    assert "unseen" not in said


@pytest.mark.parametrize(("attacks", "words"), [
    ({"flips": 0.5}, "The best attack, flips, reached 0.5 of the threshold."),
    ({"random": 0.5, "flips": 0.2}, "no attack went beyond random search"),
    ({"random": 0.0, "flips": 0.2}, "random search reached 0."),
    ({"random": 0.2, "flips": 0.2001}, "random search alone reached nearly as much, 0.2."),
    ({"random": 0.2, "flips": 0.5}, "would have missed a factor of 2.5."),
    ({"flips": math.inf}, ""),
])  # fmt: skip
def test_attacks_are_compared_with_random_search(attacks, words):
    assert words in searches.attack_sentence(attacks)


def test_levels_come_from_the_manifest_or_stay_unsaid():
    assert levels_of(Manifest(schema=2, run="r", levels={"alpha": "odd"})) == Levels()
    assert levels_sentences(Levels()) == []
    assert Levels().at_alpha == "its level"
    assert Levels().at_beta == "its error"
    read = levels_of(Manifest(schema=2, run="r", levels={"alpha": 1e-6, "law": {"limit": 0.2}}))
    alpha, law = levels_sentences(read)
    assert alpha.startswith("A true claim is refuted with probability at most α = 10⁻⁶ by its")
    assert alpha.endswith("as much by the instances that a search nominates.")
    assert law == "A law holds within 0.2, unless its part declares another resolution."


def test_words_that_are_not_known_are_not_explained():
    assert basis_sentence("a new basis") == ""
    assert provenance_sentence("", "seen in a talk") == "Seen in a talk."
    assert role_phrase("odd") == ""
    assert role_phrase("specimen", automatic=True) == "on an automatic specimen"


def test_constants_in_words():
    said = sentences.constant_sentence
    assert said(None) == ""
    assert said(DeclaredConstant(value=2.0, measured_on="", failure=0.0)) == (
        "The hidden constant is declared as 2; the ratio may never exceed it."
    )
    assert said(DeclaredConstant(value=2.0, measured_on="$m$", failure=0.05)).endswith(
        "measured on $m$; the ratio may exceed it with probability at most 0.05."
    )


def test_what_was_declared_false_and_is_false_does_not_decide_a_statement(library):
    holding = next(statement for statement in library.statements if statement.id == "BND-01")
    part = holding.parts[0]
    declared = replace(part.declared, expect="refuted")
    refuted = next(s for s in library.statements if s.id == "BND-02").parts[0]
    false = replace(refuted, declared=replace(declared, id="BND-01(b)", title="$f$"))
    mixed = replace(holding, parts=(part, false))
    assert (mixed.verdict, mixed.expected_refuted) == ("holds", False)
    assert mixed.declared_false == (false,)
    assert mixed.worst_ratio == part.worst_ratio
    alone = replace(holding, parts=(false,))
    assert (alone.verdict, alone.expected_refuted) == ("refuted", True)
    assert alone.worst_ratio == false.worst_ratio
    assert summary.printed_false_sentences(mixed) == []
    finding = next(s for s in library.statements if s.id == "FLS-01").parts[0].declared.finding
    printed = replace(false, declared=replace(false.declared, finding=finding))
    (said,) = summary.printed_false_sentences(replace(holding, parts=(part, printed)))
    assert said.startswith("Lemma 7, page 3, a constant: ")


def test_findings_in_one_sentence(library):
    said = {one.id: summary.finding_sentence(one) for one in library.statements}
    assert said["BND-02"].startswith("BND-02 on m = ")
    assert said["ERR-01"].startswith("ERR-01: ERR-01 raised ValueError")
    assert said["FLS-02"] == "FLS-02 was declared false and is found holds."
    assert said["MEA-01"] == ""


def test_a_part_is_inside_or_outside_of_the_papers_hypothesis(parts):
    part = parts["BND-01"]
    assert sentences.reach_in_brief(part) == "inside and outside"
    for inside, words in ((True, "inside"), (False, "outside"), (None, "not known")):
        found = [replace(one, inside=inside) for one in part.specimens]
        outcome = replace(part.outcome, specimens=found)
        judged = replace(part.judged, outcome=outcome)
        assert sentences.reach_in_brief(replace(part, judged=judged)) == words
    assert sentences.reach_in_brief(parts["LAW-01"]) == ""


def test_what_was_not_tried_says_so(parts):
    part = parts["BND-01"]
    silent = replace(part, judged=None, run=None, recorded=False)
    assert silent.verdict == "not run"
    assert silent.labels == []
    assert silent.curves == {}
    assert replace(silent, recorded=True).verdict == "no verdict"
    untried = replace(part.twins[0], judged=None)
    assert sentences.twin_sentences(untried, part) == ["It was not tried in the runs shown."]
    assert not untried.survived
    assert untried.verdict == ""


def test_a_twin_that_survives_by_its_exponent_says_what_was_measured(parts):
    part = parts["EXP-01"]
    (twin,) = part.twins
    assert isinstance(twin.judged, TwinVerdict)
    outcome = replace(twin.outcome, verdict="undecided", refutation=None, how=None)
    said = sentences.twin_sentences(
        replace(twin, judged=replace(twin.judged, outcome=outcome)), part
    )
    assert said[1].startswith("The exponent of the ratio in m is −0.5")


def test_a_mean_on_one_side_says_which(recorded):
    found = read_run(recorded)
    means = [
        one
        for record in found.records
        if record.value.kind == "verdict"
        for one in record.value.outcome.specimens
        if isinstance(one, MeanVerdict) and one.side == "at most"
    ]
    (made,) = instances.instance_tables(means, instances.numbered("specimen", means), "Specimens")
    expected = made.heads.index("expected")
    assert {row[expected] for row in made.rows} == {"at most 0.6", "at most 0.3"}
    odd = [replace(means[0], skewness=math.nan, kurtosis=None, p_value=0.0)]
    (made,) = instances.instance_tables(odd, ["specimen 1"], "Specimens")
    assert "skewness" not in made.heads
    assert "below 10⁻³⁰⁰" in made.rows[0]


def test_drawn_tensors_are_short(parts):
    found = parts["BND-02"].outcome.refutation
    at: Counterexample = replace(found.at, drawn={"g": [1.0] * 99, "label": "x" * 99, "n": 3})
    lines = refutations.drawn_lines(replace(found, at=at))
    assert lines[0].endswith("1, …)")
    assert lines[1] == "label = " + "x" * 60
    assert lines[2] == "n = 3"
    assert refutations.where_words(parts["BND-01"].outcome) == ""
    assert refutations.refutation_sentences(parts["BND-01"].outcome, Levels()) == []


def test_a_constant_and_an_attack_stand_in_the_refutation(parts):
    found = parts["BND-02"].outcome
    constant = replace(found.refutation, threshold=2.0, attack="greedy_flips")
    said = " ".join(
        refutations.refutation_sentences(replace(found, refutation=constant), Levels(alpha=1e-9))
    )
    assert ", times the constant 2:" in said
    assert "It was found by the attack greedy flips." in said


def test_rounding_and_silent_trials_have_columns(parts):
    (found,) = [one for one in parts["BND-01"].specimens if isinstance(one, BoundVerdict)][:1]
    odd = replace(found, doubtful=3, silent=5, attack="greedy_flips")
    (made,) = instances.instance_tables([odd], ["specimen 1"], "Specimens")
    row = dict(zip(made.heads, made.rows[0], strict=True))
    assert (row["rounding decides"], row["claim nothing"]) == ("3", "5")
    assert row["found by"] == "greedy flips"


def test_the_order_of_the_fullest_listing_wins(write, statements, manifest, tmp_path):
    write(tmp_path / "records" / "a")
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
