"""Strategies draw what they promise, reach where claims bite, and shrink to what a reader
grasps."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import find, given, settings
from hypothesis import strategies as st
from support import fresh_run

from lemmata.harness.randomness import key_of
from lemmata.harness.trials import Trials
from lemmata.strategies import (
    GeometryError,
    Labels,
    UnitVectors,
    labels,
    log_uniform,
    sizes,
    unit_vectors,
)


@given(unit_vectors(smallest=1, largest=8))
def test_rows_are_distinct_unit_vectors_in_float64(vectors: UnitVectors) -> None:
    rows = vectors.build()
    assert rows.shape == (vectors.count, vectors.dimension)
    assert rows.dtype == torch.float64
    assert torch.allclose(
        rows.norm(dim=-1), torch.ones(vectors.count, dtype=torch.float64), atol=1e-14
    )
    if vectors.count > 1:
        assert vectors.distance > 1e-3
        assert vectors.distance == pytest.approx(
            float(torch.nn.functional.pdist(rows).min()), abs=1e-12
        )


@given(unit_vectors(smallest=2).filter(lambda v: v.family in ("pair", "arc", "cluster")))
def test_the_separation_is_the_distance_that_the_family_is_built_from(vectors: UnitVectors) -> None:
    rows = vectors.build()
    assert float((rows[0] - rows[1]).norm()) == pytest.approx(vectors.separation, abs=1e-12)


def test_rows_are_equal_on_every_call_and_thread_count() -> None:
    vectors = UnitVectors(family="sphere", count=5, dimension=300, number=3)
    first = vectors.build()
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert torch.equal(first, vectors.build())
    finally:
        torch.set_num_threads(threads)


def minimal(strategy: st.SearchStrategy, predicate=lambda _: True):
    return find(strategy, predicate, settings=settings(max_examples=5000, database=None))


def test_counterexamples_shrink_to_readable_rows() -> None:
    smallest = minimal(unit_vectors(smallest=2), lambda v: v.count >= 2)
    assert smallest.family in ("explicit", "orthogonal")
    assert minimal(unit_vectors(smallest=2), lambda v: v.family == "explicit").count == 2
    assert minimal(unit_vectors()).count == 1
    assert minimal(sizes(smallest=4, largest=512)) == 4
    assert minimal(sizes(smallest=4, largest=512), lambda m: m > 100) == 128


@pytest.mark.parametrize(
    "family",
    [
        "sphere",
        "pair",
        "arc",
        "cluster",
        "orthogonal",
        "signed one-hot",
        "one coordinate",
        "explicit",
    ],
)
def test_every_family_is_reached(family: str) -> None:
    assert minimal(unit_vectors(), lambda v: v.family == family).family == family


@pytest.mark.parametrize(
    "options",
    [
        {"family": "cluster", "count": 4, "dimension": 4, "separation": 0.1},
        {"family": "orthogonal", "count": 4, "dimension": 3},
        {"family": "pair", "count": 2, "dimension": 1},
        {"family": "pair", "count": 2, "dimension": 3, "separation": 2.1},
        {"family": "explicit", "count": 2, "dimension": 2, "rows": ((1, 0), (0, 0))},
        {"family": "sphere", "count": 0, "dimension": 3},
    ],
)
def test_geometries_that_do_not_exist_are_refused_in_a_sentence(options: dict) -> None:
    with pytest.raises(GeometryError, match=r"got|need|lie"):
        UnitVectors(**options)


@pytest.mark.parametrize(
    "make",
    [
        lambda: sizes(largest=0),
        lambda: sizes(largest=4, factor=1.0),
        lambda: log_uniform(0.0, 1.0),
        lambda: log_uniform(2.0, 1.0),
        lambda: unit_vectors(smallest=3, largest=2),
        lambda: unit_vectors(dimensions=(1, 2)),
    ],
)
def test_bad_arguments_raise_at_once(make) -> None:
    with pytest.raises(ValueError, match=r"got|grid"):
        make()


@given(log_uniform(0.01, 3.0), sizes(smallest=3, largest=100, factor=3.0))
def test_grids_stay_within_their_ends(value: float, size: int) -> None:
    assert 0.01 <= value <= 3.0
    assert size in (3, 9, 27, 81)


@given(labels())
def test_labels_have_their_length(family: Labels) -> None:
    trials = Trials(key=key_of("labels"), count=3)
    outputs = trials.normal("y", 2, 4)
    built = family.build(trials, outputs)
    expected = {"random": 1.0, "zero": 0.0, "huge": 100.0, "opposed": 1.0}[family.family]
    assert torch.allclose(built.norm(dim=1), torch.full((3, 4), expected, dtype=torch.float64))
    if family.family == "opposed":
        assert ((built * outputs).sum(dim=1) < 0).all()
        assert (
            Labels(family="opposed")
            .build(trials, 0 * outputs)
            .norm(dim=1)
            .allclose(torch.ones(3, 4, dtype=torch.float64))
        )


def test_profiles_reach_every_size_of_a_stratified_strategy() -> None:
    fresh_run()
    drawn: set[int] = set()

    @settings(max_examples=12, database=None, derandomize=True)
    @given(sizes(smallest=16, largest=256))
    def draw(size: int) -> None:
        drawn.add(size)

    draw()
    assert len(drawn) >= 4
    assert math.log2(max(drawn)) == 8
