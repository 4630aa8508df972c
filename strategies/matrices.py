"""Small vectors and matrices as instances: for lemmas of linear algebra and of convexity.

Entries are multiples of 1/64 within a range: they shrink to small integers, products and sums of a
few of them are exact, and none is so small that its square is 0. What is drawn are tuples of
floats, which `Trials.tensor` takes as they are:

    @given(pair=of_one_size(symmetric_matrices, symmetric_matrices, largest=3))
    def traces_of_exponentials(pair, trials):
        A, B = (trials.every(trials.tensor(matrix)) for matrix in pair)
        ...
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st

Vector: TypeAlias = tuple[float, ...]
Matrix: TypeAlias = tuple[Vector, ...]

GRAIN: Final = 64
"""Entries are multiples of one over this."""


def entries(low: float = -4.0, high: float = 4.0) -> st.SearchStrategy[float]:
    """Draw a multiple of 1/64 between two ends; it shrinks to a small integer.

    Raises:
        ValueError: no multiple lies between the ends.
    """
    least, most = math.ceil(low * GRAIN) / GRAIN, math.floor(high * GRAIN) / GRAIN
    if not least <= most:
        raise ValueError(
            f"entries need a multiple of 1/{GRAIN} from low to high; got low={low}, high={high}"
        )
    return st.floats(least, most).map(_rounded)


def vectors(size: int, *, low: float = -4.0, high: float = 4.0) -> st.SearchStrategy[Vector]:
    """Draw a vector.

    Raises:
        ValueError: the size is below 1, or the range is empty.
    """
    _refuse_size(size)
    return st.tuples(*[entries(low, high)] * size)


def probability_vectors(size: int) -> st.SearchStrategy[Vector]:
    """Draw numbers from 0 on that add up to 1 up to rounding; some may be 0.

    Raises:
        ValueError: the size is below 1.
    """
    _refuse_size(size)
    weights = st.tuples(*[st.integers(0, GRAIN)] * size)
    return weights.map(lambda w: tuple(entry / sum(w) for entry in w) if any(w) else _even(size))


def matrices(
    rows: int, columns: int | None = None, *, low: float = -4.0, high: float = 4.0
) -> st.SearchStrategy[Matrix]:
    """Draw a matrix, square where only its rows are counted.

    Raises:
        ValueError: a size is below 1, or the range is empty.
    """
    _refuse_size(rows)
    return st.tuples(*[vectors(columns or rows, low=low, high=high)] * rows)


def symmetric_matrices(
    size: int, *, low: float = -4.0, high: float = 4.0
) -> st.SearchStrategy[Matrix]:
    """Draw a symmetric matrix.

    Raises:
        ValueError: the size is below 1, or the range is empty.
    """
    _refuse_size(size)
    upper = st.tuples(*[entries(low, high)] * (size * (size + 1) // 2))
    return upper.map(lambda drawn: _mirrored(size, drawn))


def positive_matrices(
    size: int, *, low: float = -2.0, high: float = 2.0, ridge: float = 0.0
) -> st.SearchStrategy[Matrix]:
    """Draw B Bᵀ + ridge · I, exactly; it may be singular where the ridge is 0.

    Args:
        size: of the matrix.
        low: least entry of B.
        high: largest entry of B.
        ridge: a multiple of 1/64, added to the diagonal.

    Raises:
        ValueError: the size is below 1, or the range is empty.
    """
    return matrices(size, low=low, high=high).map(lambda root: _gram(root, ridge))


def of_one_size(
    *kinds: Callable[[int], st.SearchStrategy[Any]], smallest: int = 1, largest: int = 4
) -> st.SearchStrategy[tuple[Any, ...]]:
    """Draw one of each kind, all of the same size, which is drawn first.

    >>> pairs = of_one_size(symmetric_matrices, vectors, largest=3)

    Raises:
        ValueError: the range of sizes is empty.
    """
    if not 1 <= smallest <= largest:
        raise ValueError(
            f"of_one_size needs 1 ≤ smallest ≤ largest; got smallest={smallest}, largest={largest}"
        )
    return st.integers(smallest, largest).flatmap(
        lambda size: st.tuples(*(kind(size) for kind in kinds))
    )


def _rounded(value: float) -> float:
    return round(value * GRAIN) / GRAIN + 0.0  # without -0.0


def _even(size: int) -> Vector:
    return (1.0 / size,) * size


def _mirrored(size: int, upper: Vector) -> Matrix:
    places = [(i, j) for i in range(size) for j in range(i, size)]
    value = dict(zip(places, upper, strict=True))
    return tuple(tuple(value[min(i, j), max(i, j)] for j in range(size)) for i in range(size))


def _gram(root: Matrix, ridge: float) -> Matrix:
    return tuple(
        tuple(
            sum(a * b for a, b in zip(left, right, strict=True)) + ridge * (i == j)
            for j, right in enumerate(root)
        )
        for i, left in enumerate(root)
    )


def _refuse_size(size: int) -> None:
    if size < 1:
        raise ValueError(f"a vector or matrix has at least one entry; got size {size}")
