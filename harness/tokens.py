"""Replay tokens: one trial of one instance, as a line of text.

A token is plain data (JSON, compressed, base64), never pickle: reading one runs no code, and what
it names is looked up among the statements that were imported.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from dataclasses import asdict, dataclass, fields
from typing import Any

from lemmata.harness.instances import Json

_PREFIX = "lemma1."
_LARGEST = 1 << 20
_LARGEST_RECORDED = 1 << 28
_LONGEST_LINE = 100_000
"""In letters; shells take one word of 128 KiB at most."""


class TokenError(ValueError):
    """A text that is no replay token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What it takes to draw a trial again.

    Attributes:
        subject: id of the part or twin.
        generation: of its code when the trial was drawn.
        instance: as JSON values.
        entropy: of the run.
        stream: of the trial.
        trial: index of the trial.
        layers: kind of layers ("dense", "matrix-free").
        dtype: "float64" or "float32".
        attack: that found the point, or None.
        ascent: how many steps of ascent over the trial's own draws led to the point; 0 for none.
    """

    subject: str
    generation: str
    instance: Json
    entropy: int
    stream: str
    trial: int
    layers: str
    dtype: str
    attack: str | None = None
    ascent: int = 0

    def __str__(self) -> str:
        text = json.dumps(asdict(self), separators=(",", ":"), sort_keys=True, allow_nan=False)
        return _PREFIX + base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip(
            "="
        )


def is_short(text: str) -> bool:
    """Whether a token is one that a shell takes and `read_token` reads back: it can be printed."""
    if len(text) > _LONGEST_LINE:
        return False
    try:
        read_token(text)
    except TokenError:
        return False
    return True


def read_token(text: str, *, recorded: bool = False) -> Token:
    """Read a token back.

    Args:
        text: the token.
        recorded: whether it comes from the records, where longer ones stand than on a line.

    Raises:
        TokenError: the text is cut off, altered or no token at all.
    """
    text = text.strip()
    if not text.startswith(_PREFIX):
        raise TokenError(
            f"a replay token begins with {_PREFIX!r}; copy the whole line that a failure prints "
            "after 'lemmata replay'"
        )
    body = text.removeprefix(_PREFIX)
    try:
        unpacker = zlib.decompressobj()
        packed = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
        largest = _LARGEST_RECORDED if recorded else _LARGEST
        data: Any = json.loads(unpacker.decompress(packed, largest))
        complete = unpacker.eof
    except (binascii.Error, zlib.error, ValueError, RecursionError) as problem:
        raise TokenError(
            "this replay token is cut off or altered: copy the whole line again"
        ) from problem
    names = {field.name for field in fields(Token)}
    kinds = {
        "subject": str,
        "generation": str,
        "entropy": int,
        "stream": str,
        "trial": int,
        "layers": str,
        "dtype": str,
    }
    if (
        not complete
        or not isinstance(data, dict)
        or set(data) != names
        or not all(isinstance(data[name], kind) for name, kind in kinds.items())
    ):
        raise TokenError("this replay token is cut off or altered: copy the whole line again")
    if data["trial"] < 0:
        raise TokenError(
            f"this replay token names trial {data['trial']}: trials are numbered from 0"
        )
    return Token(**data)
