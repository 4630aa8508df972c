"""From typed values to plain JSON and back: one small codec for writer and reader.

`to_plain` writes frozen dataclasses, mappings, sequences, texts and numbers; a float that JSON has
no literal for becomes one of the texts "nan", "inf", "-inf". `from_plain` reads them back as the
type that is asked for and refuses what does not fit; unions of dataclasses are told apart by their
``kind``, a Literal with one value. A field that is missing takes its default; one that the type
does not know is ignored, so that a newer writer can add fields.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import functools
import math
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

_NUMBERS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_DEEPEST = 64
_SAFE = 2**1000

_At: TypeAlias = Any
"""The way to an entry: None at the whole, else a pair of the way above and the last step."""
_Reader: TypeAlias = Callable[[Any, _At, int], Any]


class CodecError(ValueError):
    """Plain data that does not fit the type asked for, with the path to it."""


def to_plain(value: Any) -> Any:
    """Write a value as JSON has them.

    Raises:
        CodecError: it holds what JSON has no form for.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_plain(entry) for key, entry in value.items()}
    if isinstance(value, Sequence | frozenset | set):
        return [to_plain(entry) for entry in value]
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:  # numpy's and torch's scalars
        return to_plain(value.item())
    raise CodecError(f"a {type(value).__name__} cannot be written as JSON")


def from_plain(plain: Any, expected: type[T]) -> T:
    """Read plain data as the type that is asked for.

    Raises:
        CodecError: it does not fit; the message names the place.
    """
    kind: Any = expected
    return typing.cast("T", _reader(kind)(plain, None, 0))


@functools.cache
def _reader(expected: Any) -> _Reader:
    """Make the function that reads one type: a million records are read as few types."""
    if expected is Any or expected is object:
        return _read_anything
    origin, arguments = get_origin(expected), get_args(expected)
    if origin in (Union, types.UnionType):
        return _reader_of_union(arguments)
    if origin is typing.Literal:
        return _reader_of_literal(expected, arguments)
    if dataclasses.is_dataclass(expected) and isinstance(expected, type):
        return _reader_of_dataclass(expected)
    if origin in (collections.abc.Sequence, list, tuple) or expected in (list, tuple):
        return _reader_of_sequence(expected, arguments[0] if arguments else Any)
    if origin in (collections.abc.Mapping, dict) or expected is dict:
        return _reader_of_mapping(expected, arguments[1] if arguments else Any)
    if expected is float:
        return _read_float
    if expected is type(None):
        return _read_none
    return _reader_of_plain(expected)


def _reader_of_plain(expected: Any) -> _Reader:
    """Read a text, a whole number or a truth value, of this type and no other."""

    def read(plain: Any, at: _At, _depth: int) -> Any:
        if type(plain) is not expected:
            raise _misfit(plain, expected, at)
        if expected is int and not -_SAFE < plain < _SAFE:
            _as_float(plain, at)  # whoever computes with it would meet an overflow
        return plain

    return read


def _reader_of_literal(expected: Any, arguments: tuple[Any, ...]) -> _Reader:
    kinds = {type(argument) for argument in arguments}

    def read(plain: Any, at: _At, _depth: int) -> Any:
        if type(plain) in kinds and plain in arguments:
            return plain
        raise _misfit(plain, expected, at)

    return read


def _reader_of_sequence(expected: Any, inner: Any) -> _Reader:
    read_entry = _reader(inner)

    def read(plain: Any, at: _At, depth: int) -> Any:
        _refuse_too_deep(at, depth)
        if not isinstance(plain, list):
            raise _misfit(plain, expected, at)
        return tuple(
            read_entry(entry, (at, f"[{place}]"), depth + 1) for place, entry in enumerate(plain)
        )

    return read


def _reader_of_mapping(expected: Any, inner: Any) -> _Reader:
    read_entry = _reader(inner)

    def read(plain: Any, at: _At, depth: int) -> Any:
        _refuse_too_deep(at, depth)
        if not isinstance(plain, dict):
            raise _misfit(plain, expected, at)
        return {
            str(key): read_entry(entry, (at, f".{key}"), depth + 1) for key, entry in plain.items()
        }

    return read


def _reader_of_dataclass(expected: type) -> _Reader:
    fields: list[tuple[str, str, bool, _Reader]] = []

    def read(plain: Any, at: _At, depth: int) -> Any:
        if not fields:  # only now, as a type may hold itself
            hints = _hints(expected)
            fields.extend(
                (
                    f.name,
                    f".{f.name}",
                    f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING,
                    _reader(hints[f.name]),
                )
                for f in dataclasses.fields(expected)
            )
        _refuse_too_deep(at, depth)
        if not isinstance(plain, dict):
            raise _misfit(plain, expected, at)
        values = {}
        for name, below, needed, read_field in fields:
            if name in plain:
                values[name] = read_field(plain[name], (at, below), depth + 1)
            elif needed:
                raise CodecError(f"{_path(at) or 'the record'} has no {name}")
        return expected(**values)

    return read


def _reader_of_union(options: tuple[Any, ...]) -> _Reader:
    tagged = {
        _tag(option): option
        for option in options
        if isinstance(option, type) and dataclasses.is_dataclass(option)
    }
    readers = [_reader(option) for option in options]

    def read(plain: Any, at: _At, depth: int) -> Any:
        if isinstance(plain, dict) and tagged:
            kind = plain.get("kind")
            option = tagged.get(kind) if kind is None or isinstance(kind, str) else None
            if option is None and len(tagged) == 1:
                option = tagged.get(None)
            if option is None:
                kinds = ", ".join(str(tag) for tag in tagged)
                raise CodecError(f"{_path(at)} is of no kind among {kinds}")
            return _reader(option)(plain, at, depth)
        for read_option in readers:
            try:
                return read_option(plain, at, depth)
            except CodecError:
                continue
        names = ", ".join(_name(option) for option in options)
        raise CodecError(f"{_path(at) or 'the record'} is none of {names}: {_short(plain)}")

    return read


def _tag(option: type) -> str | None:
    kind = _hints(option).get("kind")
    return get_args(kind)[0] if get_origin(kind) is typing.Literal else None


@functools.cache
def _hints(expected: type) -> dict[str, Any]:
    return get_type_hints(expected)


def _read_float(plain: Any, at: _At, _depth: int) -> float:
    if type(plain) is float:
        return plain
    if isinstance(plain, str) and plain in _NUMBERS:
        return _NUMBERS[plain]
    if isinstance(plain, int | float) and not isinstance(plain, bool):
        return _as_float(plain, at)
    raise _misfit(plain, float, at)


def _read_none(plain: Any, at: _At, _depth: int) -> None:
    if plain is not None:
        raise _misfit(plain, type(None), at)


def _read_anything(plain: Any, at: _At, depth: int) -> Any:
    _refuse_too_deep(at, depth)
    if isinstance(plain, dict):
        for entry in plain.values():
            _read_anything(entry, at, depth + 1)
    elif isinstance(plain, list):
        for entry in plain:
            _read_anything(entry, at, depth + 1)
    return plain


def _refuse_too_deep(at: _At, depth: int) -> None:
    if depth > _DEEPEST:
        raise CodecError(f"{_path(at)} is nested deeper than {_DEEPEST} levels")


def _as_float(number: int | float, at: _At) -> float:
    try:
        return float(number)
    except OverflowError:
        raise CodecError(f"{_path(at)} is a number too large for a float") from None


def _misfit(plain: Any, expected: Any, at: _At) -> CodecError:
    return CodecError(f"{_path(at) or 'the record'} is no {_name(expected)}: {_short(plain)}")


def _path(at: _At) -> str:
    """Write out the way from the whole to an entry, as in ``specimens[0].place``."""
    steps = []
    while at is not None:
        at, step = at
        steps.append(step)
    return "".join(reversed(steps)).lstrip(".")


def _name(expected: Any) -> str:
    return getattr(expected, "__name__", str(expected))


def _short(plain: Any) -> str:
    text = ascii(plain)
    return text if len(text) <= 60 else f"{text[:57]}..."
