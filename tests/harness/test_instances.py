"""Instances: plain data, there and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemmata.harness.instances import (
    InstanceError,
    decode,
    decode_arguments,
    describe,
    encode,
    hash_of,
    sizes_of,
)
from lemmata.strategies import UnitVectors, unit_vectors


@dataclass(frozen=True)
class Inner:
    width: int
    rows: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class Outer:
    inner: Inner
    kind: Literal["a", "b"]
    flag: bool = False
    extra: float | None = None
    pair: tuple[int, str] = (1, "x")


inners = st.builds(
    Inner,
    width=st.integers(),
    rows=st.lists(st.lists(st.floats(allow_nan=False, allow_infinity=False)).map(tuple)).map(tuple),
)
outers = st.builds(
    Outer,
    inner=inners,
    kind=st.sampled_from("ab"),
    flag=st.booleans(),
    extra=st.none() | st.floats(-9, 9),
    pair=st.tuples(st.integers(), st.text()),
)


@given(outers)
def test_plain_data_survives_the_way_there_and_back(value: Outer) -> None:
    assert decode(encode(value), Outer) == value


@given(unit_vectors())
def test_drawn_geometries_survive_too(value: UnitVectors) -> None:
    assert decode(encode(value), UnitVectors) == value
    assert hash_of({"v": value}) == hash_of({"v": decode(encode(value), UnitVectors)})


@given(outers, outers)
def test_hashes_tell_instances_apart(one: Outer, other: Outer) -> None:
    assert (hash_of({"x": one}) == hash_of({"x": other})) == (encode(one) == encode(other))


def test_a_hash_is_the_same_on_every_machine() -> None:
    assert hash_of({"n": 3, "x": 0.5}) == "dcfcef7e672e2e23"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}, b"bytes"])
def test_what_is_not_plain_data_is_refused(value: object) -> None:
    with pytest.raises(InstanceError):
        encode(value)


@pytest.mark.parametrize(
    ("encoded", "expected"),
    [
        ("x", int),
        (True, int),
        (1, bool),
        ("c", Literal["a", "b"]),
        ([1], tuple[int, int]),
        ({"is": "Other", "width": 1}, Inner),
        ({"is": "Inner", "width": 1, "surplus": 2}, Inner),
        ({"is": "Inner"}, Inner),
        ({"is": "Inner", "width": "wide"}, Inner),
        ("x", float | None),
        ({"family": "arc", "count": 0, "dimension": 2}, UnitVectors),
    ],
)
def test_json_that_does_not_fit_is_refused(encoded: Any, expected: Any) -> None:
    with pytest.raises(InstanceError):
        decode(encoded, expected)


def test_arguments_are_read_by_the_signature() -> None:
    def check(n: int, inner: Inner, free: object, trials: object) -> None: ...

    encoded = {"n": 2, "inner": encode(Inner(3)), "free": [1]}
    assert decode_arguments(encoded, check, ["n", "inner", "free"]) == {
        "n": 2,
        "inner": Inner(3),
        "free": [1],
    }
    with pytest.raises(InstanceError, match="the statement draws"):
        decode_arguments({"n": 2}, check, ["n", "inner", "free"])


def test_people_can_read_it() -> None:
    assert describe(Outer(Inner(4), "a")) == "Outer(inner=Inner(width=4), kind=a)"
    shown = describe({"net": Inner(4, ((0.5, 2.0),)), "epsilon": 0.1})
    assert shown == "net = Inner(width=4, rows=((0.5, 2))), epsilon = 0.1"
    assert sizes_of({"outer": Outer(Inner(4), "a", pair=(1, "x")), "epsilon": 0.1}) == {
        "width": 4,
        "epsilon": 0.1,
    }
