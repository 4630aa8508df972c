"""Numbers as a reader wants them.

Few digits, powers of ten, durations in words. Everything here is plain text without markup.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime

_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
ABSENT = "–"


def figure(value: float | None, digits: int = 3) -> str:
    """Write a number with a few significant digits.

    >>> figure(0.08612), figure(31415926.5), figure(2.0), figure(1e-9), figure(None)
    ('0.0861', '3.14 × 10⁷', '2', '10⁻⁹', '–')
    """
    if value is None:
        return ABSENT
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    if value == int(value) and abs(value) < 1e6:
        return f"{int(value):,}".replace("-", "−").replace(
            ",", "\u202f" if abs(value) >= 10_000 else ""
        )
    exponent = math.floor(math.log10(abs(value)))
    if -4 <= exponent < 5:
        written = f"{value:.{max(0, digits - 1 - exponent)}f}"
        return (written.rstrip("0").rstrip(".") if "." in written else written).replace("-", "−")
    mantissa, power = f"{value:.{digits - 1}e}".split("e")
    if abs(value) == float(f"1e{power}"):
        return f"{'−' if value < 0 else ''}10{str(int(power)).translate(_RAISED)}"
    return f"{mantissa.replace('-', '−')} × 10{str(int(power)).translate(_RAISED)}"


def power_of_ten(log_value: float | None) -> str:
    """Write e^log_value as a power of ten, which is how an e-value is read.

    >>> power_of_ten(48.354), power_of_ten(-1.2), power_of_ten(0.0)
    ('10²¹·⁰', '10⁻⁰·⁵', '1')
    """
    if log_value is None:
        return ABSENT
    if not math.isfinite(log_value):
        return "not a number" if math.isnan(log_value) else "∞" if log_value > 0 else "0"
    if abs(log_value) < 0.05:
        return "1"
    return "10" + f"{log_value / math.log(10):.1f}".replace(".", "·").translate(_RAISED)


def p_value(value: float) -> str:
    """Write a p-value, of which nothing is left below the smallest number.

    >>> p_value(0.031), p_value(0.0)
    ('0.031', 'below 10⁻³⁰⁰')
    """
    return figure(value, 2) if value else "below 10⁻³⁰⁰"


def signed(value: float | None, digits: int = 2) -> str:
    """Write an exponent with its sign and two decimals.

    >>> signed(-0.5), signed(0.0), signed(1.234)
    ('−0.50', '0.00', '+1.23')
    """
    if value is None or math.isnan(value):
        return ABSENT
    if math.isinf(value):
        return "+∞" if value > 0 else "−∞"
    if abs(value) >= 1e4:
        return ("+" if value > 0 else "") + figure(value)
    rounded = round(value, digits)
    return f"{rounded:+.{digits}f}".replace("-", "−") if rounded else f"{0:.{digits}f}"


def interval(low: float, high: float) -> str:
    """Write an interval.

    >>> interval(0.0, 0.031)
    '0 … 0.031'
    """
    return f"{figure(low)} … {figure(high)}"


def share(part: int, whole: int) -> str:
    """Write "3 of 7"."""
    return f"{figure(part)} of {figure(whole)}"


def duration(seconds: float | None) -> str:
    """Write a time span with at most two units.

    >>> duration(0.4), duration(75), duration(7262)
    ('0.4 s', '1 min 15 s', '2 h 1 min')
    """
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return ABSENT
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def moment(timestamp: float | None) -> str:
    """Write a Unix time as a date and a time in UTC, the same on every machine."""
    if timestamp is None or not 0 <= timestamp < 2**40:
        return ABSENT
    try:
        when = datetime.fromtimestamp(timestamp, UTC)
        return f"{when.day} {when:%B %Y, %H:%M} UTC"
    except (OverflowError, ValueError, OSError):
        return ABSENT


def span(values: list[float]) -> str:
    """Write the smallest and the largest value.

    >>> span([64, 512, 128]), span([4])
    ('64 to 512', '4')
    """
    if not values:
        return ABSENT
    low, high = figure(min(values)), figure(max(values))
    return low if low == high else f"{low} to {high}"


def listed(names: list[str] | tuple[str, ...]) -> str:
    """Join names as a sentence does.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def counted(number: int, noun: str, plural: str = "") -> str:
    """Write a number with its noun.

    >>> counted(1, "trial"), counted(20_000, "trial"), counted(0, "finding")
    ('1 trial', '20\u202f000 trials', 'no findings')
    """
    word = noun if number == 1 else plural or noun + "s"
    return f"{'no' if number == 0 else figure(number)} {word}"


def sentence(words: str) -> str:
    """Begin with a capital letter and end with a full stop.

    >>> sentence("two trials failed")
    'Two trials failed.'
    """
    return (
        words[:1].upper()
        + words[1:]
        + ("" if not words or words.endswith((".", "!", "?")) else ".")
    )
