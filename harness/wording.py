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
_POWERS = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")


def readable(text: str) -> str:
    """Turn LaTeX between dollar signs into plain text with Unicode signs; where pylatexenc is not installed, leave it as it is."""
    try:
        from pylatexenc.latex2text import LatexNodes2Text
    except ImportError:
        return text
    converter = LatexNodes2Text(math_mode="text", keep_comments=True)

    def one(found: re.Match[str]) -> str:
        latex = _SIGNS.sub(lambda sign: _SIGN.get(sign[0], ""), found[1] or found[2])
        latex = _SCRIPT.sub(_bracketed, _SCRIPT.sub(_bracketed, latex))
        plain = " ".join(converter.latex_to_text(latex).split())
        return re.sub(r"\^(-?\d+)(?![\d.])", lambda power: power[1].translate(_POWERS), plain)

    return _FORMULA.sub(one, text)


def readable_formula(latex: str) -> str:
    """Turn a formula without dollar signs into plain text."""
    return readable(f"${latex}$")


def _bracketed(script: re.Match[str]) -> str:
    sign, inside = script.groups()
    plain = inside.strip()
    alone = len(plain) == 1 or re.fullmatch(r"\\[a-zA-Z]+|-?\d+|\w+", plain) or (sign == "_" and re.fullmatch(r"[\w\\, ]+", plain))
    return f"{sign}{plain} " if alone and plain.startswith("\\") else f"{sign}{plain}" if alone else f"{sign}({plain})"
