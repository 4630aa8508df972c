"""Given real statements of every kind and verdict, when they are judged and reported, then the
report and the terminal say what was measured, each kind in its own terms, and nothing else."""

from __future__ import annotations

import re

import pytest
from every_kind import VERDICTS

from lemmata.harness.verdicts import (
    MEANS,
    BoundRefutation,
    BoundVerdict,
    LawRefutation,
    LawVerdict,
    MeanRefutation,
    MeanVerdict,
    Silence,
    SlopeRefutation,
)
from lemmata.reports.numerals import figure, p_value, power_of_ten, share, signed

OF_BOUNDS = ("e-value", "e‑value", "trials that fail", "trials of this instance fail", "certified")
OF_SAMPLES = ("p-value", "p‑value", "samples", "Kolmogorov", "Student")
OF_LAWS = ("distribution functions", "Kolmogorov", "chi-square")
OF_EXPONENTS = ("xponent",)
OF_ATTACKS = ("adversary", "attack")
FOREIGN = {
    "BND": (*OF_SAMPLES, *OF_EXPONENTS, *OF_ATTACKS),
    "DET": (*OF_SAMPLES, *OF_EXPONENTS, "e-value", "certified p"),
    "MEA": (*OF_BOUNDS, *OF_LAWS, *OF_EXPONENTS, *OF_ATTACKS),
    "LAW": (*OF_BOUNDS, *OF_EXPONENTS, *OF_ATTACKS, "Student", "the mean of"),
    "EXP": (*OF_SAMPLES, *OF_ATTACKS),
    "TRA": (*OF_SAMPLES, *OF_EXPONENTS, *OF_ATTACKS),
}
NOT_ATTACKED = ("DET-01", "DET-02", "DET-03", "DET-05", "EXI-01")


def own_words(text: str, part: str) -> str:
    """A page without what stands on every page, and without its title."""
    return text.split("statement " + part, 1)[-1].replace("Skip to the content", "")


@pytest.mark.parametrize("part", VERDICTS)
def test_every_verdict_is_reached_and_shown(part, verdicts, pages):
    outcome = verdicts[part].outcome
    assert (outcome.verdict, outcome.basis) == VERDICTS[part]
    text = pages[f"statements/{part}.html"].text
    assert f"statement {part} {outcome.verdict}" in text
    for basis, means in MEANS.items():
        assert (means in text) == (basis == outcome.basis), basis
    if outcome.verdict == "holds":
        assert outcome.resolution
        for page in (text, pages["index.html"].text, pages["papers/TRY.html"].text):
            assert f"{outcome.basis} {outcome.resolution}" in page
    else:
        assert outcome.resolution == ""


@pytest.mark.parametrize("part", VERDICTS)
def test_no_kind_speaks_in_the_terms_of_another(part, verdicts, pages):
    text = own_words(pages[f"statements/{part}.html"].text, part)
    terminal = verdicts[part].explanation + verdicts[part].outcome.resolution
    for words in FOREIGN.get(part[:3], ()):
        if part == "DET-04" and words in OF_ATTACKS:
            continue
        assert words not in text, words
        assert words not in terminal, words
    if part in NOT_ATTACKED:
        assert "adversary searched" not in text


@pytest.mark.parametrize("part", VERDICTS)
def test_numbers_are_those_of_the_record(part, verdicts, pages):
    outcome = verdicts[part].outcome
    text = pages[f"statements/{part}.html"].text
    for one in (*outcome.specimens, *outcome.nominees):
        assert one.place.words in text
        if isinstance(one, BoundVerdict):
            assert share(one.failures, one.trials) in text
            assert figure(one.worst.ratio) in text
            assert f"{one.worst.direction} {figure(one.worst.bound)}" in text
            if one.claimed is None:
                assert (one.level, one.log_e_refute) == (None, None)
            else:
                assert figure(one.claimed) in text
                assert one.level is None or figure(one.level) in text
                assert power_of_ten(one.log_e_refute) in text
        elif isinstance(one, MeanVerdict):
            for number in (one.measured, one.expected, one.low, one.high):
                assert figure(number, 5) in text
            for number in (one.resolution, one.limit):
                assert figure(number) in text
            assert p_value(one.p_value) in text
        elif isinstance(one, LawVerdict):
            for number in (one.distance, one.at, one.share_below, one.claimed_below, one.limit):
                assert figure(number) in text
            assert p_value(one.p_value) in text
            assert one.method in text
        else:
            assert isinstance(one, Silence)
            assert one.why in text
    for slope in outcome.slopes:
        for fit in filter(None, (slope.bound, slope.measured, slope.median, slope.upper)):
            interval = f"{signed(fit.exponent)} [{signed(fit.low)}, {signed(fit.high)}]"
            assert interval in text
        assert figure(slope.limit) in text
    if outcome.search:
        assert figure(outcome.search.instances) in text


@pytest.mark.parametrize(
    "part", [part for part, (verdict, _) in VERDICTS.items() if verdict == "refuted"]
)
def test_a_refutation_says_what_was_measured_in_its_own_terms(part, verdicts, pages):
    verdict = verdicts[part]
    found, terminal = verdict.outcome.refutation, verdict.explanation
    text = pages[f"statements/{part}.html"].text
    assert found is not None
    assert found.at.place.words in text
    assert found.at.place.words in terminal
    (command,) = [line for line in terminal.splitlines() if line.startswith("  replay ")]
    assert command.removeprefix("  replay    ") in text
    assert found.at.token in command
    assert found.at.shrunk == ("as small as shrinking could make it" in text)
    for name in found.at.drawn:
        assert f"{name} = " in text
        assert f"{name} = " in terminal
    if isinstance(found, BoundRefutation):
        sides = found.sides
        assert f"the measured side is {figure(sides.measured, 6)}" in text
        assert f"the claim is {sides.direction} {figure(sides.bound, 6)}" in text
        assert f"claimed {sides.direction} {sides.bound:.6g}" in terminal
        assert f"{share(found.failures, found.trials)} trials of this instance fail" in text
        assert f"{found.failures} of {found.trials}" in terminal
        if found.claimed is None:
            assert "where none may" in text
            assert "e-value" not in text + terminal
        else:
            assert f"an e-value of {power_of_ten(found.log_e)}" in text
            assert "e-value 10^" in terminal
    elif isinstance(found, MeanRefutation):
        side = "exactly" if found.side == "equal" else found.side
        assert f"is {figure(found.measured, 6)}, where the claim is {side}" in text
        assert f"p-value of the claim is {p_value(found.p_value)}" in text
        assert f"mean {found.measured:.6g}" in terminal
        assert f"p-value {found.p_value:.1g}" in terminal
    elif isinstance(found, LawRefutation):
        assert f"share of {figure(found.share_below, 4)} of" in text
        assert f"the law claims {figure(found.claimed_below, 4)}" in text
        assert f"differ most, by {figure(found.distance)}" in text
        assert f"the law claims {found.claimed_below:.4g}" in terminal
        assert found.method in text
        assert found.method in terminal
    else:
        assert isinstance(found, SlopeRefutation)
        assert f"exponent {signed(found.exponent, 3)} [{signed(found.low, 3)}" in text
        assert f"with error probability {p_value(found.level)}" in text
        assert f"exponent in {found.variable} is {found.exponent:+.3f}" in terminal


def test_a_member_is_named_and_a_strict_direction_is_strict(pages, verdicts):
    text, terminal = pages["statements/DET-06.html"].text, verdicts["DET-06"].explanation
    assert "where the claim is less than 0.25 (small)" in text
    assert "claimed less than 0.25 (small)" in terminal
    assert "at most 0.25" not in text


def test_a_law_that_is_false_is_not_called_failing_trials(pages):
    for name in ("LAW-01", "LAW-02"):
        text = pages[f"statements/{name}.html"].text
        assert not re.search(r"trials? (that )?fail|failing|e.value", text)


def test_specimens_that_the_search_chose_are_called_automatic(pages, verdicts):
    assert verdicts["DET-03"].outcome.automatic > 0
    assert "automatic specimen 1" in pages["statements/DET-03.html"].text
    for name in ("DET-01", "BND-01", "MEA-01"):
        assert verdicts[name].outcome.automatic == 0
        assert "automatic specimen" not in pages[f"statements/{name}.html"].text


def test_a_search_says_how_many_instances_it_chose_and_how(pages, verdicts):
    for name in ("DET-01", "BND-03", "LAW-01"):
        search = verdicts[name].outcome.search
        text = pages[f"statements/{name}.html"].text
        assert search is not None
        for how, words in {"drawn": "drawn", "small scope": "from the small scope"}.items():
            if how in search.chosen:
                assert f"{figure(search.chosen[how])} {words}" in text
        assert ("There are no further instances" in text) == search.exhausted
        assert ("could fail unseen" in text) == (not search.exhausted and search.unseen <= 0.5)
    refuted = pages["statements/DET-06.html"].text
    assert "it ended with the refutation" in refuted
    assert "unseen" not in refuted


def test_the_first_page_says_claimed_and_measured_exponents(pages, verdicts):
    text = pages["index.html"].text
    (slope,) = verdicts["EXP-01"].outcome.slopes
    assert slope.bound is not None
    assert slope.measured is not None
    claimed, measured = signed(slope.bound.exponent), signed(slope.measured.exponent)
    assert f"m: claimed {claimed}, measured {measured} [" in text


def test_provenance_hypothesis_and_gate_stand_apart(pages):
    text = pages["statements/BND-01.html"].text
    assert "recalled : The statement was rebuilt from memory" in text
    assert "From a talk." in text
    assert "The paper’s hypothesis m ≥ 3" in text
    assert "Tried where (our gate) m ≥ 1" in text
    assert "1 specimen inside the paper’s hypothesis and 1 specimen outside of it" in text
    assert "In the paper section BND-01" in text
    assert "as printed : The statement was read in the paper’s own text" in pages[
        "statements/BND-06.html"
    ].text.replace("'", "’")


def test_twins_say_how_they_were_refuted_in_their_own_terms(pages, twins):
    held = pages["statements/BND-01.html"].text
    assert "not refuted: holds" in held
    assert "the check of this part has not shown that it can fail" in held
    assert "an e-value of" in held
    assert "p-value of the claim is" in pages["statements/MEA-01.html"].text
    assert "where the law claims" in pages["statements/LAW-01.html"].text
    assert "has the exponent" in pages["statements/EXP-01.html"].text
    assert len(twins) == 5


def test_what_is_declared_false_is_said_to_be(pages):
    assert (
        "This part was declared false, and it was refuted." in pages["statements/FLS-01.html"].text
    )
    assert "The part was declared false, so anything but" in pages["statements/FLS-02.html"].text
    assert "FLS-02 was declared false and is found holds." in pages["index.html"].text


def test_an_error_is_shown_and_escaped(pages):
    text = pages["statements/ERR-01.html"].text
    assert "ValueError: the gradient is <b>no number</b>" in text


def test_levels_are_those_of_the_run(pages, write, manifest, read, tmp_path):
    from lemmata.reports import build_report

    text = pages["index.html"].text
    assert "at most α = 10⁻⁹ by its specimens together" in text
    assert "β = 0.001" in text
    other = {**manifest, "levels": {**manifest["levels"], "alpha": 1e-5, "beta": 0.25}}
    changed = read(build_report(write(tmp_path / "run", manifest=other), tmp_path / "out"))
    assert "judged at a level of at most α = 10⁻⁵" in changed["statements/BND-02.html"].text
    assert "α = 10⁻⁹" not in changed["index.html"].text
    assert "At error β = 0.25: fails at most" in changed["statements/BND-01.html"].text
