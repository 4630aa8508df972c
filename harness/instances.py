"""Instances: what a statement says "for all" about, as plain data.

An instance maps argument names to numbers, texts, tuples and frozen dataclasses of such. It can be
written as JSON, hashed alike on every machine, and read back from a replay token with nothing but
the types in the statement's signature: no pickle, no class looked up by a name that came with the
data. Tensors are built from instances later, by the trials.

Main functions: `encode` (to JSON), `decode` (back, by the annotated types), `hash_of`, `describe`
(one line for people), `sizes_of`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import inspect
import json
import math
import sys
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, Union, get_args, get_origin, get_type_hints

_SHOWN = 100
"""How many entries of a sequence are written for people."""

Json: TypeAlias = Any
Instance: TypeAlias = Mapping[str, Any]


class InstanceError(ValueError):
    """An instance that is not plain data, or JSON that does not fit the statement's signature."""


def encode(value: object) -> Json:
    """Write a piece of plain data as JSON values.

    Raises:
        InstanceError: the value holds something other than numbers, texts, tuples and dataclasses
            of such, or a number that is not finite.
    """
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            if not math.isfinite(value):
                raise InstanceError(f"an instance holds finite numbers only; got {value!r}")
            return value
        case tuple() | list():
            return [encode(entry) for entry in value]
        case Mapping():
            return {str(name): encode(entry) for name, entry in value.items()}
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {
                field.name: encode(getattr(value, field.name))
                for field in dataclasses.fields(value)
                if field.init
            }
            return {"is": type(value).__name__, **fields}
        case _:
            raise InstanceError(
                f"{value!r} of type {type(value).__name__} is not plain data: draw numbers, texts, "
                "tuples or frozen dataclasses of such, "
                "and build tensors from them inside the statement"
            )


def decode(encoded: Json, expected: Any) -> Any:
    """Read a piece of plain data back as the type that an annotation names.

    Raises:
        InstanceError: the JSON does not fit the type.
    """
    origin = get_origin(expected)
    if expected is Any or expected is object:
        return encoded
    if origin in (Union, types.UnionType):
        return _decode_union(encoded, get_args(expected))
    if origin is typing.Literal:
        if encoded in get_args(expected):
            return encoded
    elif origin is tuple or expected is tuple:
        if isinstance(encoded, list):
            return _decode_tuple(encoded, get_args(expected))
    elif dataclasses.is_dataclass(expected) and isinstance(expected, type):
        if isinstance(encoded, dict) and encoded.get("is", expected.__name__) == expected.__name__:
            return _decode_dataclass(encoded, expected)
    elif expected is float and isinstance(encoded, int | float) and not isinstance(encoded, bool):
        return float(encoded)
    elif expected is type(None) and encoded is None:
        return None
    elif (
        isinstance(expected, type)
        and isinstance(encoded, expected)
        and isinstance(encoded, bool) == (expected is bool)
    ):
        return encoded
    raise InstanceError(f"{encoded!r} is not a {getattr(expected, '__name__', expected)}")


def decode_arguments(
    encoded: Json, function: Callable[..., object], names: typing.Iterable[str]
) -> dict[str, Any]:
    """Read an instance back, argument by argument, as the types that the function's signature
    names.
    """
    hints = hints_of(function)
    if not isinstance(encoded, dict) or set(encoded) != set(names):
        raise InstanceError(
            f"the instance names {sorted(encoded) if isinstance(encoded, dict) else encoded!r}; "
            f"the statement draws {sorted(names)}"
        )
    for name in names:
        if name not in hints and isinstance(encoded[name], dict) and "is" in encoded[name]:
            raise InstanceError(
                f"the type of {name} is unknown while the program runs (it is not annotated, or "
                "imported for type checkers alone): annotate it, and import its type"
            )
    return {name: decode(encoded[name], hints.get(name, Any)) for name in names}


def hash_of(instance: Instance) -> str:
    """Return sixteen hexadecimal digits that belong to the instance's plain data."""
    text = json.dumps(encode(instance), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def describe(value: object) -> str:
    """Write an instance for people.

    Names and numbers, nothing quoted twice, fields at their defaults left out.
    """
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {describe(entry)}" for name, entry in value.items())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        shown = [
            field
            for field in dataclasses.fields(value)
            if field.init and getattr(value, field.name) != field.default
        ]
        entries = (f"{field.name}={describe(getattr(value, field.name))}" for field in shown)
        return f"{type(value).__name__}({', '.join(entries)})"
    if isinstance(value, tuple | list):
        more = [f"… {len(value):,} entries"] if len(value) > _SHOWN else []
        return f"({', '.join([*map(describe, value[:_SHOWN]), *more])})"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def sizes_of(instance: Instance) -> dict[str, int | float]:
    """Collect the numbers of an instance by name, dataclasses opened.

    What a report plots against.
    """
    found: dict[str, int | float] = {}

    def visit(name: str, value: object) -> None:
        if isinstance(value, bool):
            return
        if isinstance(value, int | float):
            found[name] = value
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            for field in dataclasses.fields(value):
                if field.init:
                    visit(
                        field.name if field.name not in found else f"{name}.{field.name}",
                        getattr(value, field.name),
                    )

    for name, value in instance.items():
        visit(name, value)
    return found


def _decode_union(encoded: Json, options: tuple[Any, ...]) -> Any:
    for option in options:
        try:
            return decode(encoded, option)
        except InstanceError:
            continue
    raise InstanceError(
        f"{encoded!r} is none of "
        f"{', '.join(getattr(option, '__name__', str(option)) for option in options)}"
    )


def _decode_tuple(encoded: list[Json], arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    if not arguments:
        return tuple(tuple(entry) if isinstance(entry, list) else entry for entry in encoded)
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple(decode(entry, arguments[0]) for entry in encoded)
    if len(arguments) != len(encoded):
        raise InstanceError(
            f"{encoded!r} has {len(encoded)} entries; {len(arguments)} were expected"
        )
    return tuple(
        decode(entry, argument) for entry, argument in zip(encoded, arguments, strict=True)
    )


def hints_of(thing: Callable[..., Any] | type) -> dict[str, Any]:
    """Return the annotations that can be told while the program runs; those of names that only a
    type checker imports are left out.
    """
    try:
        return get_type_hints(thing)
    except NameError:
        pass
    found: dict[str, Any] = {}
    namespace = vars(sys.modules.get(thing.__module__, types))
    for name, annotation in _annotations(thing).items():
        alone = types.SimpleNamespace(__annotations__={name: annotation})
        with contextlib.suppress(Exception):
            found |= get_type_hints(alone, dict(namespace))
    return found


def _annotations(thing: Callable[..., Any] | type) -> dict[str, Any]:
    if sys.version_info >= (3, 14):
        import annotationlib

        return annotationlib.get_annotations(thing, format=annotationlib.Format.STRING)
    return inspect.get_annotations(thing)


def _decode_dataclass(encoded: dict[str, Json], expected: type) -> Any:
    hints = hints_of(expected)
    names = {field.name for field in dataclasses.fields(expected) if field.init}
    given = {name: value for name, value in encoded.items() if name != "is"}
    if unknown := set(given) - names:
        raise InstanceError(f"{expected.__name__} has no {', '.join(sorted(unknown))}")
    try:
        return expected(**{name: decode(value, hints[name]) for name, value in given.items()})
    except (TypeError, ValueError) as problem:
        raise InstanceError(
            f"{expected.__name__} cannot be made of {given!r}: {problem}"
        ) from problem
