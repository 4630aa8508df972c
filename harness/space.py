"""The space of instances, as Hypothesis sees it: sequences of choices, each with its limits.

An instance is drawn by a sequence of integers, floats and booleans. Changing one of them within its
limits gives another valid instance, whatever the strategies are. That is what small scopes are
enumerated by, what the numbers of the worst instances are climbed along, and how an instance that
was found so is made simpler.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis.strategies import SearchStrategy

from lemmata.harness.instances import Instance, hash_of
from lemmata.harness.private import Choice, draw_with

_FACTORS = (1.01, 1.1, 1.5, 3.0)
_DECADES = 7


@dataclass(frozen=True, slots=True)
class Chosen:
    """An instance with the choices that draw it."""

    instance: Instance
    choices: tuple[Choice, ...]
    hash: str

    @property
    def shape(self) -> tuple[Any, ...]:
        """What instances of one shape have in common: their whole numbers and texts."""
        return tuple(
            (c.kind, c.value) for c in self.choices if c.kind in ("integer", "boolean", "string")
        )


@dataclass(frozen=True, slots=True)
class Space:
    """What `given` draws, by name."""

    strategies: Mapping[str, SearchStrategy[Any]]

    def simplest(self) -> Chosen | None:
        """Return the instance of the simplest choices, or None where the strategies reject it."""
        return self._chosen(draw_with(self.strategies, (), simplest=True))

    def at(self, choices: Sequence[Any]) -> Chosen | None:
        """Return the instance that the choices draw, or None where the strategies reject it."""
        return self._chosen(draw_with(self.strategies, choices))

    def small(self, limit: int) -> Iterator[Chosen]:
        """Enumerate instances of small scope, the simplest first: its choices are changed.

        Each choice to -1, 0, 1 or the low end of its range and the next, one, two and more at a
        time; then, from the simplest, one at a time to further values and to the high end.
        """
        first = self.simplest()
        waiting, met = [first] if first else [], set[str]()
        while waiting and len(met) < (2 * limit) // 3:
            here = waiting.pop(0)
            if here.hash in met:
                continue
            met.add(here.hash)
            yield here
            if len(waiting) < 2 * limit:
                waiting.extend(self._varied(here, _smallest_values))
        for further in self._varied(first, _small_values) if first else ():
            if len(met) >= limit:
                return
            if further.hash not in met:
                met.add(further.hash)
                yield further

    def near(self, here: Chosen) -> Iterator[Chosen]:
        """Change the numbers of an instance, one at a time: a little, a lot, and to both ends."""
        return self._varied(here, _near_values)

    def simpler(self, here: Chosen) -> Iterator[Chosen]:
        """Change the choices of an instance, one at a time, to simpler ones, the simplest first."""
        return self._varied(here, _simpler_values)

    def _varied(self, here: Chosen, values: Callable[[Choice], Sequence[Any]]) -> Iterator[Chosen]:
        for place, choice in enumerate(here.choices):
            for value in values(choice):
                if value != choice.value and (found := self._changed(here, place, value)):
                    yield found

    def _changed(self, here: Chosen, place: int, value: Any) -> Chosen | None:
        values = [choice.value for choice in here.choices]
        values[place] = value
        return self.at(values)

    def _chosen(self, drawn: tuple[dict[str, Any], list[Choice]] | None) -> Chosen | None:
        if drawn is None:
            return None
        instance, choices = drawn
        return Chosen(instance=instance, choices=tuple(choices), hash=hash_of(instance))


def outside(strategies: Mapping[str, SearchStrategy[Any]], instance: Instance) -> list[str]:
    """Say which numbers of an instance no draw can give; of other strategies nothing is known."""
    said = []
    for name, strategy in strategies.items():
        value = instance.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        first = draw_with({name: strategy}, (), simplest=True)
        if first is None or len(first[1]) != 1 or first[1][0].kind not in ("integer", "float"):
            continue
        low, high = _ends(first[1][0])
        ends = [draw_with({name: strategy}, (end,)) for end in (low, high) if math.isfinite(end)]
        # Only where a number is drawn as it is: an index into a list is a number too.
        plain = all(end is not None and end[0][name] == end[1][0].value for end in (first, *ends))
        if plain and not low <= value <= high:
            said.append(f"{name} = {value} lies outside of what is drawn, {low:g} to {high:g}")
    return said


def _ends(choice: Choice) -> tuple[float, float]:
    low, high = choice.limits.get("min_value"), choice.limits.get("max_value")
    return (-math.inf if low is None else low), (math.inf if high is None else high)


def _within(choice: Choice, values: Sequence[float]) -> list[Any]:
    """Keep, once each and in order, the values that the choice allows, of its own type."""
    low, high = _ends(choice)
    kept: list[Any] = []
    for value in values:
        if not (math.isfinite(value) and low <= value <= high):
            continue
        typed = round(value) if choice.kind == "integer" else float(value)
        if low <= typed <= high and typed not in kept:
            kept.append(typed)
    return kept


def _smallest_values(choice: Choice) -> list[Any]:
    if choice.kind == "boolean":
        return [False, True]
    if choice.kind not in ("integer", "float"):
        return []
    low, _ = _ends(choice)
    near = _within(choice, [0, 1, -1])
    return near or _within(choice, [low, low + 1])


def _small_values(choice: Choice) -> list[Any]:
    if choice.kind not in ("integer", "float"):
        return []
    low, high = _ends(choice)
    if choice.kind == "integer":
        return _within(choice, [2, low, low + 1, low + 2, high])
    return _within(choice, [0.5, low, high])


def _near_values(choice: Choice) -> list[Any]:
    if choice.kind == "boolean":
        return [not choice.value]
    if choice.kind not in ("integer", "float"):
        return []
    low, high = _ends(choice)
    value = choice.value
    steps = [value * factor for factor in _FACTORS] + [value / factor for factor in _FACTORS]
    width = high - low
    if choice.kind == "integer":
        steps += [value - 1, value + 1, value - 2, value + 2, 2 * value, value // 2]
    elif math.isfinite(width):
        steps += [value + sign * width * 10.0**-k for k in range(1, _DECADES) for sign in (-1, 1)]
    return _within(choice, [low, high, *steps, -value])


def _simpler_values(choice: Choice) -> list[Any]:
    if choice.kind == "boolean":
        return [False] if choice.value else []
    if choice.kind not in ("integer", "float"):
        return []
    low, high = _ends(choice)
    toward = choice.limits.get("shrink_towards", 0) if choice.kind == "integer" else 0.0
    origin = min(max(toward, low), high)
    value = choice.value
    if value == origin:
        return []
    middle = [origin, (3 * origin + value) / 4, (origin + value) / 2, (origin + 3 * value) / 4]
    if choice.kind == "float":
        middle += [float(f"{value:.1g}"), float(f"{value:.2g}"), float(round(value))]
        simple = [v for v in middle if len(f"{v:.17g}") < len(f"{value:.17g}") or v == origin]
        return _within(choice, simple)
    return _within(choice, [*middle, value - 1 if value > origin else value + 1])
