"""LaTeX as readable text, for terminals."""

from __future__ import annotations

import re

_FORMULA = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$", re.DOTALL)
# What pylatexenc drops or spells out.
_SIGN = {
    r"\|": "‖",
    r"\,": " ",
    r"\;": " ",
    r"\!": "",
    r"\Pr": " ℙ ",
    r"\ge": "≥",
    r"\le": "≤",
    r"\ne": "≠",
    r"\top": "ᵀ",
    r"\mathbb P": "ℙ ",
    r"\mathbb E": "𝔼 ",
}
_SIGNS = re.compile(r"\\(?:mathbb [PE]|(?:Pr|ge|le|ne|top|[bB]igg?[lr]?)(?![a-zA-Z])|[|,;!])")
_SCRIPT = re.compile(r"([\^_])\{((?:[^{}]|\{[^{}]*\})*)\}")
_FRACTION = re.compile(r"\\[td]?frac(?![a-zA-Z])")
_TOKEN = re.compile(r"\s*(\\[a-zA-Z]+|.)")
_ONE_FACTOR = re.compile(
    r"(\\[a-zA-Z]+\s?|\w|\d+)([_^](\{[^{}]*\}|\\[a-zA-Z]+|.))*|\\?[a-zA-Z]+\([^()]*\)"
)
_ENDS_IN_COMMAND = re.compile(r"\\[a-zA-Z]+$")
_TAKES_ARGUMENT = re.compile(r"(\\sqrt|[\^_])\s*$")
_NAMES = r"\\(?:log|ln|exp|min|max|sup|inf|det|sin|cos|tan|arccos)"
_FUNCTION = re.compile(rf"({_NAMES})\s*(?=[a-zA-Z0-9\\])")
_ENDS_IN_FUNCTION = re.compile(rf"{_NAMES}\s*$")
# Control signs but for tabs and ends of lines, line separators, turns of direction, surrogates.
_UNPRINTABLE = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u2028-\\u202e\\u2066-\\u2069\\ud800-\\udfff]"
)
_POWERS = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")


def readable(text: str) -> str:
    """Turn LaTeX between dollar signs into plain text with Unicode signs.

    Where pylatexenc is not installed, leave it as it is.
    """
    try:
        from pylatexenc.latex2text import LatexNodes2Text
    except ImportError:
        return text
    converter = LatexNodes2Text(math_mode="text", keep_comments=True)

    def one(found: re.Match[str]) -> str:
        latex = _fractions(found[1] or found[2])
        latex = _SIGNS.sub(_plain_sign, latex)
        latex = _SCRIPT.sub(_bracketed, _SCRIPT.sub(_bracketed, latex))
        latex = _FUNCTION.sub(r"\1{} ", latex)  # the converter swallows the space behind a name
        plain = " ".join(converter.latex_to_text(latex).split())
        return re.sub(r"\^(-?\d+)(?![\d.])", lambda power: power[1].translate(_POWERS), plain)

    return _FORMULA.sub(one, text)


def printable(text: str) -> str:
    r"""Write signs that steer a terminal or cannot be encoded as their codes.

    >>> print(printable("a" + chr(27) + "b" + chr(0xDC80)))
    a\x1bb\udc80
    """
    return _UNPRINTABLE.sub(_code, text)


def _code(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape", "surrogatepass").decode("ascii")


def readable_formula(latex: str) -> str:
    """Turn a formula without dollar signs into plain text."""
    return readable(f"${latex}$")


def _plain_sign(found: re.Match[str]) -> str:
    """Write a sign plainly; where it vanishes, a command before it still ends there."""
    sign = _SIGN.get(found[0], "")
    return sign or (" " if _ENDS_IN_COMMAND.search(found.string[: found.start()]) else "")


def _fractions(latex: str) -> str:
    r"""Write fractions with a slash, and brackets where they are needed.

    >>> _fractions(r"\tfrac{a+b}r x"), _fractions(r"R\le\frac ab")
    ('(a+b)/r x', 'R\\le a/b')
    """
    found = _FRACTION.search(latex)
    if not found:
        return latex
    upper, rest = _argument(latex[found.end() :])
    lower, rest = _argument(rest)
    upper, lower = _fractions(upper.strip()), _fractions(lower.strip())
    upper = (
        f"({upper})"
        if re.search(r"[-+=/]|\\(pm|le|ge)", re.sub(r"\([^()]*\)|\{[^{}]*\}", "", upper))
        else upper
    )
    lower = lower if _ONE_FACTOR.fullmatch(lower) else f"({lower})"
    before, written = latex[: found.start()], f"{upper}/{lower}"
    if _TAKES_ARGUMENT.search(before):
        written = f"{{{written}}}"
    elif _ENDS_IN_FUNCTION.search(before):
        written = f"({written})"
    elif _ENDS_IN_COMMAND.search(before):
        written = f" {written}"  # "\\le D" and not "\\leD"
    gap = " " if re.match(r"[\w\\({]", rest) else ""
    return f"{before}{written}{gap}{_fractions(rest)}"


def _argument(latex: str) -> tuple[str, str]:
    """Split off what a LaTeX command takes as an argument.

    A group in braces, a command or a character.
    """
    if not latex.lstrip().startswith("{"):
        token = _TOKEN.match(latex)
        return (token[1], latex[token.end() :]) if token else ("", "")
    start, depth = latex.index("{"), 0
    for place in range(start, len(latex)):
        depth += {"{": 1, "}": -1}.get(latex[place], 0)
        if depth == 0:
            return latex[start + 1 : place], latex[place + 1 :]
    return latex[start + 1 :], ""


def _bracketed(script: re.Match[str]) -> str:
    sign, inside = script.groups()
    plain = inside.strip()
    alone = (
        len(plain) == 1
        or re.fullmatch(r"\\[a-zA-Z]+|-?\d+|\w+", plain)
        or (sign == "_" and re.fullmatch(r"[\w\\, ]+", plain))
    )
    return (
        f"{sign}{plain} "
        if alone and plain.startswith("\\")
        else f"{sign}{plain}"
        if alone
        else f"{sign}({plain})"
    )
