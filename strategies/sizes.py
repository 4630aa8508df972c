"""Sizes: geometric grids that shrink to the smallest network but reach where claims bite.

Hypothesis favours small numbers, and most probability claims say nothing there. A size is therefore
drawn evenly from a geometric grid, which still shrinks towards its smallest entry.
"""

from __future__ import annotations

import math

from hypothesis import strategies as st


def sizes(*, smallest: int = 1, largest: int, factor: float = 2.0) -> st.SearchStrategy[int]:
    """Draw a size from the geometric grid smallest, smallest·factor, ..., up to ``largest``.

    Raises:
        ValueError: the grid is empty, or the factor does not grow.
    """
    if smallest < 1 or largest < smallest:
        raise ValueError(
            f"sizes need 1 ≤ smallest ≤ largest; got smallest={smallest}, largest={largest}"
        )
    if factor <= 1.0:
        raise ValueError(f"a geometric grid grows by a factor above 1; got factor={factor}")
    steps = math.floor(math.log(largest / smallest) / math.log(factor) + 1e-9)
    return st.sampled_from(sorted({round(smallest * factor**step) for step in range(steps + 1)}))


def log_uniform(low: float, high: float, *, per_decade: int = 4) -> st.SearchStrategy[float]:
    """Draw a positive number from a geometric grid with two significant digits.

    It shrinks to 1 where 1 lies in the range, else to the end that is nearer to 1; 1 is on the
    grid where it is in the range.

    Raises:
        ValueError: the ends are not positive and increasing.
    """
    if not 0.0 < low <= high:
        raise ValueError(f"log_uniform needs 0 < low ≤ high; got low={low}, high={high}")
    count = max(1, math.ceil(math.log10(high / low) * per_decade))
    grid = {float(f"{low * (high / low) ** (step / count):.2g}") for step in range(count + 1)}
    kept = {min(max(value, low), high) for value in grid | {1.0}}
    # The nearest to 1 first: that is what a choice shrinks to.
    return st.sampled_from(sorted(kept, key=lambda value: (abs(math.log(value)), value)))
