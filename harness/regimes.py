r"""Regime maps, declared: the two sizes over which the conclusion of a part is tried.

A paper's hypothesis on its sizes is mostly out of reach. A regime map asks where the conclusion
begins to hold all the same: over a grid of two sizes, which share of fresh trials satisfies it. It
has no say in the verdict, and `Requirement` none in it.

    the_gradient_is_bounded_below.regime(
        x="m", xs=(8, 32, 128, 512), y="n", ys=(2, 4, 8), fixed={"L": 2, "delta": 0.5},
        instance=lambda m, n, L, delta: {"net": Net(m, L), "data": cluster(n, delta)},
        hypothesis=Hypothesis(
            says=r"$m\ge n^{24}L^{12}\delta^{-8}$, with the constant 1",
            asks=lambda m, n, L, delta: 24 * log10(n) + 12 * log10(L) - 8 * log10(delta),
        ),
    )
"""

from __future__ import annotations

import inspect
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lemmata.harness.instances import Instance

_FEWEST = 2
_MOST = 400
_TOP = 20_000.0
"""Decimal digits: where the search for the start of a hypothesis begins, from above."""

_STEPS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """Where a paper's own hypothesis starts, as a size of the horizontal axis.

    Attributes:
        says: the hypothesis as the paper has it, in words and LaTeX, with what stands for its
            hidden constants.
        asks: the decimal logarithm of the size that it asks for, from the two sizes and those of
            ``fixed`` that it names. The horizontal size, on which a power of a logarithm may
            depend, is a whole number that may have thousands of digits (`math.log` takes it). None
            where the paper names no powers.
    """

    says: str
    asks: Callable[..., float] | None = None

    def starts(self, y: Any, fixed: Mapping[str, Any]) -> float | None:
        """Return the decimal logarithm of the size from which on the hypothesis is met.

        The largest size at which what is asked equals what is given, found from above, as m ≥
        log⁵ m is met at m = 1 too. None where nothing is asked, or no size is enough.

        >>> Hypothesis(says="m ≥ n²", asks=lambda m, n: 2 * math.log10(n)).starts(10, {})
        2.0
        """
        if self.asks is None:
            return None
        here = _TOP
        for _ in range(_STEPS):
            asked = float(self.asks(_size(here), y, **taken(self.asks, fixed)))
            if math.isnan(asked) or asked > _TOP:
                return None
            if abs(asked - here) < 1e-12 * max(1.0, abs(here)):
                return asked
            here = asked
        return here


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """A grid of two sizes over which the conclusion of a part is tried.

    Attributes:
        x: the size along which the conclusion begins to hold, as in the statement: "m" or "1/ω".
        xs: its values, rising.
        y: the other size; ys: its values, rising.
        instance: the instance that belongs to x and y, and to all of ``fixed`` by name.
        fixed: the sizes that stay, by names that ``instance`` takes.
        hypothesis: where the paper's own hypothesis starts.
    """

    x: str
    xs: Sequence[float]
    y: str
    ys: Sequence[float]
    instance: Callable[..., Instance]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    hypothesis: Hypothesis

    def at(self, x: float, y: float) -> Instance:
        """Return the instance of two sizes."""
        return self.instance(x, y, **self.fixed)

    def columns(self, *, finer: bool) -> tuple[float, ...]:
        """Return the values of x, with their geometric means between them where a run is finer.

        Whole numbers stay whole.
        """
        if not finer:
            return tuple(self.xs)
        found = {*self.xs}
        for low, high in itertools.pairwise(self.xs):
            middle = math.sqrt(low * high)
            found.add(round(middle) if isinstance(low, int) and isinstance(high, int) else middle)
        return tuple(sorted(found))

    def complaints(self) -> Iterator[str]:
        """Say what is wrong with the map itself, a clause each."""
        for name, sizes in ((self.x, self.xs), (self.y, self.ys)):
            rising = all(low < high for low, high in itertools.pairwise(sizes))
            if len(sizes) < _FEWEST or not rising or not all(map(_is_size, sizes)):
                yield (
                    f"needs {_FEWEST} rising sizes above 0 at least in {name!r}; got {tuple(sizes)}"
                )
        if len(self.xs) * len(self.ys) > _MOST:
            yield f"has {len(self.xs) * len(self.ys)} cells, and {_MOST} at most can be shown"
        if self.x == self.y or not (self.x and self.y):
            yield f"is over {self.x!r} and {self.y!r}: name two different sizes"
        if not self.hypothesis.says:
            yield "does not say the paper's hypothesis: give says=, also where it names no powers"
        for what, function in (("instance", self.instance), ("hypothesis", self.hypothesis.asks)):
            if function and (text := _misfit(function, self.fixed, every=what == "instance")):
                article = "an" if what == "instance" else "a"
                yield f"has {article} {what}= that {text}"


def taken(function: Callable[..., Any], fixed: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the fixed sizes that a function names."""
    named = inspect.signature(function).parameters
    return {name: value for name, value in fixed.items() if name in named}


def _misfit(function: Callable[..., Any], fixed: Mapping[str, Any], *, every: bool) -> str:
    """Say how a function does not take the two sizes and the fixed ones; empty where it does."""
    given = fixed if every else taken(function, fixed)
    try:
        inspect.signature(function).bind(1, 1, **given)
    except TypeError as problem:
        names = ", ".join(["x", "y", *fixed])
        return f"does not take ({names}): {problem}"
    return ""


def _is_size(size: object) -> bool:
    number = isinstance(size, int | float) and not isinstance(size, bool)
    return number and math.isfinite(size) and size > 0  # type: ignore[arg-type,operator]


def _size(digits: float) -> int:
    """Return the whole number of that decimal logarithm, rounded, and 1 at least."""
    if digits < 15:
        return max(1, round(10.0**digits))
    whole = math.floor(digits)
    return round(10.0 ** (digits - whole + 15)) * 10 ** (whole - 15)
