"""Ratios as counts in fixed, log-spaced bins: quantiles of blocks do not merge, counts do."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping

BINS_PER_DECADE = 20
_LOWEST, _HIGHEST = -400, 400


def bin_of(ratio: float) -> int:
    """Return the bin of a ratio: ⌊20 log₁₀ ratio⌋, cut off at 1e-20 and 1e20.

    Raises:
        ValueError: the ratio is NaN or negative.
    """
    if not ratio >= 0.0:
        raise ValueError(f"a ratio is a number from 0 on; got {ratio!r}")
    if ratio == 0.0:
        return _LOWEST
    if math.isinf(ratio):
        return _HIGHEST
    return max(_LOWEST, min(_HIGHEST, math.floor(BINS_PER_DECADE * math.log10(ratio))))


def histogram(ratios: Iterable[float]) -> dict[str, int]:
    """Count ratios by bin.

    NaN is left out (it is an error, recorded as such). Keys are texts, as JSON has them.
    """
    counts = Counter(bin_of(ratio) for ratio in ratios if not math.isnan(ratio))
    return {str(index): counts[index] for index in sorted(counts)}


def merge(*histograms: Mapping[str, int]) -> dict[str, int]:
    """Add histograms up."""
    total: Counter[str] = Counter()
    for one in histograms:
        total.update(one)
    return {index: total[index] for index in sorted(total, key=int)}


def quantile(counts: Mapping[str, int], level: float) -> float:
    """Return the upper edge of the bin that holds the quantile.

    At most a factor 10^(1/20) above it; NaN for no counts.
    """
    total, seen = sum(counts.values()), 0
    for index in sorted(map(int, counts)):
        seen += counts[str(index)]
        if seen >= level * total:
            return 0.0 if index == _LOWEST else float(10.0 ** ((index + 1) / BINS_PER_DECADE))
    return math.nan
