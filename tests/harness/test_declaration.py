"""The declaration: parts inherit, twins are a line, and what contradicts itself is one sentence."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from support import fresh_id, outcome_of

import lemmata
from lemmata import (
    Along,
    Bound,
    Constant,
    Mean,
    Requirement,
    Trials,
    at_most,
    given,
    mean_of,
    statement,
)
from lemmata.harness.registry import complaints
from lemmata.harness.statements import StatementError


def of_many(**options):
    """A statement that waits for lettered parts."""
    return statement(fresh_id(), paper="P99", source="Lemma 1", title="t", says="s", **options)


def drawn(check):
    return given(m=st.integers(1, 9))(check)


def bounded(m: int, trials: Trials, *, factor: float = 9.0) -> Bound:
    return at_most(trials.normal("g", m).tanh().abs().amax(dim=-1), factor)


def wrong_with(made) -> str:
    return "; ".join(complaints([made.statement]))


def test_parts_inherit_what_the_statement_says() -> None:
    requires = Requirement(paper="$m$ large")
    made = of_many(
        kind="inequality",
        layers=("matrix-free", "dense"),
        requires=requires,
        quantifiers=(r"\forall m",),
        provenance="recalled",
        note="from memory",
        cost=2.0,
        resolution=0.2,
    )
    a = made.part("a")(drawn(bounded))
    b = made.part("b", kind="probability", layers=("dense",), provenance="ours")(drawn(bounded))
    assert (a.kind, a.layers, a.requires, a.provenance) == (
        "inequality",
        ("matrix-free", "dense"),
        requires,
        "recalled",
    )
    assert (b.kind, b.layers, b.requires, b.provenance) == (
        "probability",
        ("dense",),
        requires,
        "ours",
    )
    assert (a.cost, a.said.resolution, a.said.note, a.quantifiers) == (
        2.0,
        0.2,
        "from memory",
        (r"\forall m",),
    )
    assert (made.statement.paper, made.statement.source) == ("P99", "P99, Lemma 1")


def test_a_twin_that_changes_constants_is_a_line() -> None:
    part = of_many(kind="inequality").part("a")(drawn(bounded))
    twin = part.twin("the bound shrinks to Δ² = ½", factor=0.1)
    assert twin.id == f"{part.id}~the-bound-shrinks-to-delta-2-1-2"
    assert twin.knobs == {"factor": 0.1}
    assert part.knobs == {"factor": 9.0}
    assert outcome_of(part).verdict == "holds"
    assert outcome_of(twin).verdict == "refuted"
    with pytest.raises(StatementError, match="behind trials: factor"):
        part.twin("misspelt", facter=0.1)
    with pytest.raises(StatementError, match="give one of them a name="):
        part.twin("the bound shrinks to Δ² = ½", factor=0.2)


def test_a_part_can_be_evaluated_like_the_function_it_is() -> None:
    from support import draw_of

    part = of_many(kind="inequality").part("a")(drawn(bounded))
    trials = draw_of(part, {"m": 3}).trials(0, 4)
    assert part(3, trials, factor=2.0).bound.tolist() == [2.0] * 4


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"expect": "refutd"}, "expects 'refutd'"),
        ({"layers": ("dnse",)}, "kinds of layers are dense, matrix-free"),
        ({"kind": "theorem"}, "unknown kind 'theorem'"),
        (
            {"provenance": "remembered"},
            "as printed, quoted, forced, unseen, recalled, derived, ours",
        ),
        ({"cost": 0.0}, "not above 0"),
        ({"specimens": [{"n": 1}]}, "names n; the statement draws m"),
        ({"specimens": [3]}, "a specimen of"),
    ],
)
def test_options_that_are_none_are_refused(options, sentence: str) -> None:
    with pytest.raises(StatementError, match=sentence):
        of_many().part("a", **options)(drawn(bounded))


def test_misspelt_options_are_type_errors() -> None:
    with pytest.raises(TypeError, match="colour"):
        of_many(colour="red")
    with pytest.raises(TypeError, match="speciments"):
        of_many().part("a", speciments=[])


def test_what_belongs_to_one_part_is_refused_beside_lettered_ones() -> None:
    made = of_many(specimens=[{"m": 1}], expect="refuted")
    with pytest.raises(StatementError, match="specimens, expect belong to one of them"):
        made.part("a")(drawn(bounded))


@pytest.mark.parametrize(
    ("grid", "sentence"),
    [
        (lambda: Along(variable="m", sizes=(1, 2), instance=dict, at_most=1.0), "3 different"),
        (lambda: Along(variable="m", sizes=(1, 2, 2), instance=dict, at_most=1.0), "3 different"),
        (lambda: Along(variable="m", sizes=(1, 2, 4), instance=dict), "claims nothing"),
        (lambda: Requirement(met=lambda m: True), "said in words"),
    ],
)
def test_grids_and_requirements_that_say_nothing_are_refused(grid, sentence: str) -> None:
    with pytest.raises(StatementError, match=sentence):
        grid()


def test_what_only_shows_together_is_complained_of_at_collection() -> None:
    made = of_many(kind="inequality", uses=["NO-1"])
    part = made.part(
        "a",
        along=Along(variable="m", sizes=(1, 2, 4), instance=lambda m: {"n": m}, at_most=1.0),
        requires=Requirement(paper="n", met=lambda n: n > 1),
    )(drawn(bounded))
    part.twin("promised", specimens=[{"n": 1}])
    text = wrong_with(made)
    for sentence in (
        "uses NO-1, which is no statement",
        "has no twin",
        "the twin 'promised' of",
        "a grid of",
        "asks for n; the statement draws m",
    ):
        assert sentence in text
    raising = made.part(
        "b",
        along=Along(variable="m", sizes=(1, 2, 4), instance=lambda m: 1 // 0, at_most=1.0),
    )(drawn(bounded))
    raising.twin("x", specimens=[{"n": 1}], factor=0.1)
    text = wrong_with(made)
    assert "has no instance at 1: ZeroDivisionError" in text
    assert "a specimen of the twin 'x'" in text


def test_kind_and_quantifiers_are_compared_with_what_is_returned() -> None:
    made = of_many()

    def mean(m: int, trials: Trials) -> Mean:
        return mean_of(trials.normal("g"), 0.0)

    made.part("a", kind="mean", quantifiers=(r"\mathbb E",))(drawn(bounded))
    made.part("b", kind="probability", quantifiers=(r"\mathbb P",))(drawn(mean))
    made.part("c", kind="mean", quantifiers=(r"\forall m",))(drawn(mean))
    text = wrong_with(made)
    assert "is of kind 'mean' and returns a Bound" in text
    assert "is of kind 'probability' and returns a mean" in text
    assert "its quantifiers name no probability" in text


def test_a_ring_of_uses_is_refused() -> None:
    one, two = fresh_id(), fresh_id()
    made = statement(one, paper="P", title="t", says="s", uses=[two])
    statement(two, paper="P", title="t", says="s", uses=[one])
    assert f"rests on itself: {one} uses {two} uses {one}" in wrong_with(made)


def test_constants_go_behind_the_trials() -> None:
    with pytest.raises(TypeError, match=r"put it behind a \*"):
        given(m=st.integers(1, 2))(lambda m, trials, factor=1.0: None)
    with pytest.raises(TypeError, match="draws m and adds trials"):
        given(m=st.integers(1, 2))(lambda m: None)
    with pytest.raises(StatementError, match="options of twin"):
        of_many().part("a")(
            given(m=st.integers(1, 2))(lambda m, trials, *, constant=1.0: bounded(m, trials))
        )


def test_a_source_without_a_paper_is_the_citation() -> None:
    made = statement(
        fresh_id(), source="Allen-Zhu, Li, Song 2019, Lemma 7.1", title="t", says="s"
    ).statement
    assert made.paper == made.source == "Allen-Zhu, Li, Song 2019, Lemma 7.1"
    with pytest.raises(StatementError, match="has no source"):
        statement(fresh_id(), title="t", says="s")


def test_public_names_stand_in_the_package_itself() -> None:
    import lemmata.harness

    for name in lemmata.harness.__all__:
        assert getattr(lemmata, name) is getattr(lemmata.harness, name)
        assert name in dir(lemmata)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = lemmata.nothing


def test_judging_from_a_notebook_shows_itself() -> None:
    made = statement(
        fresh_id(), source="made up", title="t", says="$x < y$", kind="scaling",
        constant=Constant(9.0, "here"),
    )  # fmt: skip
    part = made(drawn(lambda m, trials: at_most(trials.normal("g").abs(), 1.0)))
    outcome = lemmata.judge(part)
    assert repr(outcome).startswith(f"<{part.id} holds (certified): fails at most")
    page = outcome._repr_html_()
    assert "$x &lt; y$" in page
    assert "<svg" in page
    assert lemmata.judge(made, "quick").verdict == "holds"
    false = statement(fresh_id(), source="x", title="t", says="s", kind="inequality")(
        drawn(lambda m, trials: at_most(trials.normal("g").abs(), 0.1))
    )
    assert "fail; the claim admits none" in lemmata.judge(false)._repr_html_()
    with pytest.raises(StatementError, match="no profile"):
        lemmata.judge(part, "daily")
    with pytest.raises(StatementError, match="judged part by part"):
        lemmata.judge(of_many().statement)


def test_a_cell_that_is_run_again_replaces_its_statement() -> None:
    code = "lemmata.statement('CELL-1', source='x', title={title!r}, says='s')"
    for number, title in enumerate(("first", "second")):
        exec(compile(code.format(title=title), f"<ipython-input-{number}>", "exec"))
    from lemmata.harness.registry import find

    assert find("CELL-1").title == "second"
