"""What we use of Hypothesis beyond its public names, with the version that is installed."""

from __future__ import annotations

import hypothesis
from hypothesis import example, given, note, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers

from lemmata.harness import private

STRATEGIES = {"m": st.integers(1, 50), "t": st.floats(0.0, 1.0), "word": st.sampled_from("abc")}


@settings(deadline=None)
@given(st.fixed_dictionaries(STRATEGIES))
def test_an_instance_is_drawn_again_by_its_choices(instance: dict[str, object]) -> None:
    choices = private.choices_now()
    assert choices is not None
    again = private.draw_with({"one": st.fixed_dictionaries(STRATEGIES)}, choices)
    assert again is not None
    drawn, made = again
    assert drawn == {"one": instance}
    assert [choice.value for choice in made] == list(choices)


def test_the_simplest_choices_give_the_simplest_instance() -> None:
    found = private.draw_with(STRATEGIES, (), simplest=True)
    assert found is not None
    assert found[0] == {"m": 1, "t": 0.0, "word": "a"}
    assert [choice.kind for choice in found[1]] == ["integer", "float", "integer"]


def test_choices_that_a_filter_rejects_give_nothing() -> None:
    never = {"m": st.integers(1, 3).filter(lambda m: m > 5)}
    assert private.draw_with(never, (2,)) is None


def test_notes_are_no_errors_outside_of_a_test() -> None:
    assert private.choices_now() is None
    with private.as_if_in_a_test(lambda: None):
        note("said")
        hypothesis.event("seen")


def test_settings_and_examples_of_an_author_are_seen() -> None:
    @given(m=st.integers())
    def plain(m: int) -> None: ...

    @settings(max_examples=7)
    @example(m=3)
    @given(m=st.integers())
    def settled(m: int) -> None: ...

    assert private.settled_by_author(plain) is None
    found = private.settled_by_author(settled)
    assert found is not None
    assert found.max_examples == 7
    private.copy_examples(settled, plain)
    assert plain.hypothesis_explicit_examples == settled.hypothesis_explicit_examples  # type: ignore[attr-defined]
    private.bind_identity(plain, "an identity")
    assert plain.hypothesis.inner_test._hypothesis_internal_add_digest == b"an identity"


def test_draws_do_not_depend_on_what_is_imported() -> None:
    known = providers._get_local_constants
    with private.without_constants_of_modules():
        found = providers._get_local_constants()
        assert len(found) == 0
    assert providers._get_local_constants is known
