"""The codec: what is written is read back as it was, and what does not fit is refused."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lemmata.harness.codec import CodecError, from_plain, to_plain
from lemmata.harness.schema import (
    Block,
    DeclaredStatement,
    Lost,
    Manifest,
    PartVerdict,
    Recorded,
    TwinVerdict,
)
from lemmata.harness.verdicts import (
    BoundVerdict,
    Curve,
    LawVerdict,
    MeanVerdict,
    Outcome,
    Place,
    SlopeVerdict,
)

plain_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
tables = st.dictionaries(st.text(), plain_data, max_size=3)
st.register_type_strategy(Place, st.builds(Place, data=plain_data))
st.register_type_strategy(Manifest, st.builds(Manifest, levels=tables, machine=tables))
RECORDS = (Block, Lost, Manifest, BoundVerdict, MeanVerdict, LawVerdict, SlopeVerdict, Curve, Place)


def same(one: Any, other: Any) -> bool:
    return json.dumps(to_plain(one), sort_keys=True) == json.dumps(to_plain(other), sort_keys=True)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=25, deadline=None)
@pytest.mark.parametrize("kind", RECORDS)
@given(data=st.data())
def test_what_is_written_is_read_back(kind: type, data: st.DataObject) -> None:
    value = data.draw(st.from_type(kind))
    text = json.dumps(to_plain(value), allow_nan=False)
    assert same(from_plain(json.loads(text), kind), value)


@given(st.floats())
def test_numbers_that_are_not_finite_survive(number: float) -> None:
    place = Place(data=1, hash="x", words="w", sizes={"m": number})
    read = from_plain(json.loads(json.dumps(to_plain(place))), Place)
    assert read.sizes["m"] == number or math.isnan(number)


@given(plain_data)
def test_arbitrary_data_is_read_or_refused(plain: Any) -> None:
    for kind in (Block, PartVerdict, TwinVerdict, DeclaredStatement, Manifest, Recorded):
        try:
            from_plain(plain, kind)
        except CodecError as problem:
            text = str(problem)
        else:
            continue
        assert "\n" not in text


def test_unions_are_told_apart_by_their_kind() -> None:
    lost = from_plain({"kind": "lost", "part": None, "what": "x", "trials": 1}, Recorded)
    assert isinstance(lost, Lost)
    with pytest.raises(CodecError, match="of no kind among"):
        from_plain({"kind": "odd"}, Recorded)
    with pytest.raises(CodecError, match="of no kind among"):
        from_plain({"kind": ["lost"]}, Recorded)


def test_a_number_that_no_float_holds_is_refused() -> None:
    with pytest.raises(CodecError, match=r"trials is a number too large"):
        from_plain({"kind": "lost", "part": None, "what": "x", "trials": 10**400}, Recorded)


def test_missing_fields_take_their_defaults_and_unknown_ones_are_ignored() -> None:
    read = from_plain({"subject": "A-1", "verdict": "holds", "expect": "holds", "new": 1}, Outcome)
    assert (read.subject, read.words) == ("A-1", ())
    with pytest.raises(CodecError, match="has no expect"):
        from_plain({"subject": "A-1", "verdict": "holds"}, Outcome)
    with pytest.raises(CodecError, match="verdict is no"):
        from_plain({"subject": "A-1", "verdict": "fine", "expect": "holds"}, Outcome)


def test_what_json_has_no_form_for_is_refused() -> None:
    with pytest.raises(CodecError, match=r"set|object"):
        to_plain(object())
    deep: Any = []
    for _ in range(100):
        deep = [deep]
    with pytest.raises(CodecError, match="nested deeper"):
        from_plain({"data": deep, "hash": "x", "words": "w", "sizes": {}}, Place)
