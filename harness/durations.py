"""Times as a user writes them: 30s, 5m, 1h."""

from __future__ import annotations

import re

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def seconds_in(text: str) -> float:
    """Return the seconds of a time such as "30s", "1.5m" or "8h"; a number alone is seconds.

    Raises:
        ValueError: it is no time above zero.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|m|h)?", text.strip())
    if not match or float(match[1]) <= 0:
        raise ValueError(f"{text!r} is no time: write 30s, 5m or 1h")
    return float(match[1]) * _UNITS[match[2] or "s"]
