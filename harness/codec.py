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
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

_NUMBERS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_DEEPEST = 64


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
    return typing.cast("T", _read(plain, expected, "", 0))


def _read(plain: Any, expected: Any, path: str, depth: int) -> Any:
    if depth > _DEEPEST:
        raise CodecError(f"{path} is nested deeper than {_DEEPEST} levels")
    if expected is Any or expected is object:
        _refuse_depth(plain, path, depth)
        return plain
    origin, arguments = get_origin(expected), get_args(expected)
    if origin in (Union, types.UnionType):
        return _read_union(plain, arguments, path, depth)
    if origin is typing.Literal:
        if plain in arguments and type(plain) in {type(a) for a in arguments}:
            return plain
    elif dataclasses.is_dataclass(expected) and isinstance(expected, type):
        if isinstance(plain, dict):
            return _read_dataclass(plain, expected, path, depth)
    elif origin in (collections.abc.Sequence, list, tuple) or expected in (list, tuple):
        if isinstance(plain, list):
            inner = arguments[0] if arguments else Any
            return tuple(
                _read(entry, inner, f"{path}[{place}]", depth + 1)
                for place, entry in enumerate(plain)
            )
    elif origin in (collections.abc.Mapping, dict) or expected is dict:
        if isinstance(plain, dict):
            inner = arguments[1] if arguments else Any
            return {
                str(key): _read(entry, inner, f"{path}.{key}", depth + 1)
                for key, entry in plain.items()
            }
    elif expected is float:
        if isinstance(plain, str) and plain in _NUMBERS:
            return _NUMBERS[plain]
        if isinstance(plain, int | float) and not isinstance(plain, bool):
            return _as_float(plain, path)
    elif expected is type(None):
        if plain is None:
            return None
    elif isinstance(expected, type) and type(plain) is expected:
        if isinstance(plain, int):
            _as_float(plain, path)  # whoever computes with it would meet an overflow
        return plain
    raise CodecError(f"{path.lstrip('.') or 'the record'} is no {_name(expected)}: {_short(plain)}")


def _read_dataclass(plain: dict[str, Any], expected: type, path: str, depth: int) -> Any:
    hints = _hints(expected)
    values = {}
    for f in dataclasses.fields(expected):
        if f.name in plain:
            values[f.name] = _read(plain[f.name], hints[f.name], f"{path}.{f.name}", depth + 1)
        elif f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING:
            raise CodecError(f"{path.lstrip('.') or 'the record'} has no {f.name}")
    return expected(**values)


def _read_union(plain: Any, options: tuple[Any, ...], path: str, depth: int) -> Any:
    tagged = {
        _tag(option): option
        for option in options
        if isinstance(option, type) and dataclasses.is_dataclass(option)
    }
    if isinstance(plain, dict) and tagged:
        kind = plain.get("kind")
        option = tagged.get(kind) if kind is None or isinstance(kind, str) else None
        if option is None and len(tagged) == 1:
            option = tagged.get(None)
        if option is None:
            kinds = ", ".join(str(tag) for tag in tagged)
            raise CodecError(f"{path.lstrip('.')} is of no kind among {kinds}")
        return _read(plain, option, path, depth)
    for option in options:
        try:
            return _read(plain, option, path, depth)
        except CodecError:
            continue
    names = ", ".join(_name(option) for option in options)
    raise CodecError(f"{path.lstrip('.') or 'the record'} is none of {names}: {_short(plain)}")


def _tag(option: type) -> str | None:
    kind = _hints(option).get("kind")
    return get_args(kind)[0] if get_origin(kind) is typing.Literal else None


@functools.cache
def _hints(expected: type) -> dict[str, Any]:
    return get_type_hints(expected)


def _refuse_depth(plain: Any, path: str, depth: int) -> None:
    if depth > _DEEPEST:
        raise CodecError(f"{path.lstrip('.')} is nested deeper than {_DEEPEST} levels")
    if isinstance(plain, dict):
        for entry in plain.values():
            _refuse_depth(entry, path, depth + 1)
    elif isinstance(plain, list):
        for entry in plain:
            _refuse_depth(entry, path, depth + 1)


def _as_float(number: int | float, path: str) -> float:
    try:
        return float(number)
    except OverflowError:
        raise CodecError(f"{path.lstrip('.')} is a number too large for a float") from None


def _name(expected: Any) -> str:
    return getattr(expected, "__name__", str(expected))


def _short(plain: Any) -> str:
    text = ascii(plain)
    return text if len(text) <= 60 else f"{text[:57]}..."
