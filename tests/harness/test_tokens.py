"""Tokens: a trial as a line of text; what was altered is refused."""

from __future__ import annotations

import base64
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemmata.harness.tokens import Token, TokenError, is_short, read_token

tokens = st.builds(
    Token,
    subject=st.text(),
    generation=st.text(),
    instance=st.dictionaries(
        st.text(),
        st.integers() | st.text() | st.lists(st.floats(allow_nan=False, allow_infinity=False)),
    ),
    entropy=st.integers(0, 2**62),
    stream=st.text(),
    trial=st.integers(0, 10**9),
    layers=st.sampled_from(["dense", "matrix-free"]),
    dtype=st.just("float64"),
    attack=st.none() | st.text(),
)


@given(tokens)
def test_a_token_is_read_back(token: Token) -> None:
    assert read_token(f"  {token}\n") == token


@given(tokens, st.data())
def test_a_token_that_was_cut_off_is_refused(token: Token, data: st.DataObject) -> None:
    text = str(token)
    with pytest.raises(TokenError):
        read_token(text[: data.draw(st.integers(0, len(text) - 2))])


@given(st.text())
def test_other_texts_are_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(TokenError, match="copy"):
        read_token(text)


@pytest.mark.parametrize(
    "change", [{"trial": -1}, {"trial": "3"}, {"surplus": 1}, {"subject": None}]
)
def test_altered_fields_are_refused(change: dict[str, object]) -> None:
    fields = {
        "subject": "A-1",
        "generation": "g",
        "instance": {},
        "entropy": 0,
        "stream": "s",
        "trial": 0,
        "layers": "dense",
        "dtype": "float64",
        "attack": None,
    }
    text = (
        "lemma1."
        + base64.urlsafe_b64encode(zlib.compress(json.dumps(fields | change).encode())).decode()
    )
    with pytest.raises(TokenError):
        read_token(text)


@pytest.mark.parametrize(
    "entries", [[1 / (3 + k) for k in range(20_000)], [1.0] * 300_000], ids=["long", "wide"]
)
def test_a_token_that_no_line_takes_is_read_from_records_only(entries: list[float]) -> None:
    fields = {"subject": "A-1", "generation": "g", "entropy": 0, "stream": "s", "trial": 0}
    made = Token(**fields, instance={"x": entries}, layers="dense", dtype="float64")
    assert not is_short(str(made))
    assert is_short(str(Token(**fields, instance={"x": 1}, layers="dense", dtype="float64")))
    assert read_token(str(made), recorded=True) == made
