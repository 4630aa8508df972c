"""Small vectors and matrices: what they promise, and what they shrink to."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from lemmata.strategies import (
    entries,
    log_uniform,
    matrices,
    of_one_size,
    positive_matrices,
    probability_vectors,
    symmetric_matrices,
    vectors,
)
from lemmata.strategies.matrices import GRAIN


def minimal(strategy: st.SearchStrategy, predicate=lambda _: True):
    return find(strategy, predicate, settings=settings(max_examples=5000, database=None))


@given(entries(-3.0, 7.0))
def test_entries_are_multiples_of_the_grain_within_their_range(entry: float) -> None:
    assert -3.0 <= entry <= 7.0
    assert entry * GRAIN == round(entry * GRAIN)
    assert math.copysign(1.0, entry) == 1.0 or entry < 0.0


@given(st.integers(1, 4).flatmap(symmetric_matrices))
def test_symmetric_matrices_are_symmetric(matrix: tuple) -> None:
    assert matrix == tuple(zip(*matrix, strict=True))


@given(st.integers(1, 4).flatmap(lambda n: positive_matrices(n, ridge=0.25)))
def test_positive_matrices_are_symmetric_and_lie_above_their_ridge(matrix: tuple) -> None:
    assert matrix == tuple(zip(*matrix, strict=True))
    assert np.linalg.eigvalsh(np.array(matrix)).min() >= 0.25 - 1e-12


@given(st.integers(1, 5).flatmap(probability_vectors))
def test_probability_vectors_add_up_to_one(weights: tuple) -> None:
    assert min(weights) >= 0.0
    assert math.fsum(weights) == pytest.approx(1.0, abs=1e-15)


@given(of_one_size(matrices, vectors, symmetric_matrices, largest=3))
def test_kinds_of_one_size_have_one_size(drawn: tuple) -> None:
    matrix, vector, symmetric = drawn
    assert len(matrix) == len(matrix[0]) == len(vector) == len(symmetric) <= 3


def test_what_is_found_shrinks_to_small_integers() -> None:
    assert minimal(vectors(3), lambda v: sum(v) > 2.5) == (0.0, 0.0, 3.0)
    assert minimal(matrices(2, 2), lambda A: A[0][0] < -0.3) == ((-1.0, 0.0), (0.0, 0.0))
    pair = of_one_size(symmetric_matrices, vectors)
    assert minimal(pair) == (((0.0,),), (0.0,))


@pytest.mark.parametrize(
    ("low", "high", "simplest"),
    [(1e-3, 1e3, 1.0), (0.3, 40.0, 1.0), (2.0, 9.0, 2.0), (0.01, 0.5, 0.5)],
)
def test_log_uniform_shrinks_to_one_or_towards_it(low: float, high: float, simplest: float) -> None:
    assert minimal(log_uniform(low, high)) == simplest
    assert minimal(log_uniform(low, high), lambda x: x <= low) == low
    assert minimal(log_uniform(low, high), lambda x: x >= high) == high


@pytest.mark.parametrize(
    "make",
    [
        lambda: entries(0.001, 0.002),
        lambda: entries(1.0, 0.0),
        lambda: vectors(0),
        lambda: matrices(0),
        lambda: symmetric_matrices(0),
        lambda: probability_vectors(0),
        lambda: of_one_size(vectors, smallest=3, largest=2),
    ],
)
def test_bad_arguments_raise_at_once(make) -> None:
    with pytest.raises(ValueError, match="got"):
        make()
