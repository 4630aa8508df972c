"""Reading fields of records that may be missing, torn or of another type.

The report never fails on one.

>>> number({"worst_ratio": "inf"}, "worst_ratio")
inf
>>> number({}, "worst_ratio") is None
True
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

Record: TypeAlias = Mapping[str, Any]

_NOT_FINITE = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}


def as_number(value: object) -> float | None:
    """Return a number, one of the texts "nan", "inf" and "-inf" as the number that it names, and
    None for anything else.
    """
    if isinstance(value, str):
        return _NOT_FINITE.get(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def number(record: Record, name: str) -> float | None:
    """Return the field as a number, or None."""
    return as_number(record.get(name))


def count(record: Record, name: str) -> int | None:
    """Return the field as a whole number from 0 on, or None."""
    value = number(record, name)
    return int(value) if value is not None and 0 <= value < 1e18 else None


def moment(record: Record, name: str) -> float | None:
    """Return a time as Unix seconds, whether it was recorded as such or as an ISO date."""
    value = record.get(name)
    if isinstance(value, str):
        try:
            read = datetime.fromisoformat(value)
            return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            return None
    seconds = as_number(value)
    return seconds if seconds is not None and 0 < seconds < 2**36 else None


def flag(record: Record, name: str) -> bool | None:
    """Return the field if it is true or false, or None."""
    value = record.get(name)
    return value if isinstance(value, bool) else None


def text(record: Record, name: str) -> str:
    """Return the field as text; a number as its digits; empty for anything else."""
    value = record.get(name)
    return (
        value
        if isinstance(value, str)
        else str(value)
        if isinstance(value, int | float) and not isinstance(value, bool)
        else ""
    )


def texts(record: Record, name: str) -> tuple[str, ...]:
    """Return the field's texts; one text alone counts as a list of it."""
    value = record.get(name)
    if isinstance(value, str):
        return (value,) if value else ()
    return (
        tuple(entry for entry in value if isinstance(entry, str))
        if isinstance(value, list | tuple)
        else ()
    )


def mapping(record: Record, name: str) -> Record:
    """Return the field if it is a mapping, an empty one otherwise."""
    value = record.get(name)
    return value if isinstance(value, Mapping) else {}


def mappings(record: Record, name: str) -> tuple[Record, ...]:
    """Return the mappings in the field, in order; empty where it is no list."""
    value = record.get(name)
    return (
        tuple(entry for entry in value if isinstance(entry, Mapping))
        if isinstance(value, list | tuple)
        else ()
    )


def numbers(record: Record, name: str) -> tuple[float, ...]:
    """Return the field's numbers in order, with NaN where an entry is none, so that positions
    keep their meaning.
    """
    value = record.get(name)
    if not isinstance(value, list | tuple):
        return ()
    return tuple(float("nan") if entry is None else entry for entry in map(as_number, value))


def interval(record: Record, name: str) -> tuple[float, float] | None:
    """Return the field if it is a pair of numbers, or None."""
    pair = numbers(record, name)
    return (pair[0], pair[1]) if len(pair) == 2 and all(end == end for end in pair) else None


def named_numbers(record: Record, name: str) -> dict[str, float]:
    """Return the numbers of a mapping by name; entries of other types are left out."""
    found = {str(key): as_number(value) for key, value in mapping(record, name).items()}
    return {key: value for key, value in found.items() if value is not None}
