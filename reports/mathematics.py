r"""Typesetting: text with LaTeX between dollar signs becomes HTML with native MathML.

Texts come from records, so nothing in them is trusted: words are escaped, and a formula is rebuilt
element by element from what the converter returns, whose own serialisation does not escape what
stands in ``\text``. A formula that does not convert is shown as its source.

>>> str(typeset("for $m < n$"))
'for <math><mrow><mi>m</mi><mo>&lt;</mo><mi>n</mi></mrow></math>'
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element
from markupsafe import Markup, escape

from lemmata.harness.schema import DeclaredStatement

_PUNCTUATION = re.compile(r"[.,;:)!?]+")
_FORMULA = re.compile(r"\$\$(.+?)\$\$|(?<!\\)\$(.+?)(?<!\\)\$", re.DOTALL)
_LOOKS_LIKE_LATEX = re.compile(r"[\\^_]")
_KEPT = {
    "accent", "columnalign", "columnspacing", "depth", "fence", "form", "height", "linethickness",
    "lspace", "mathvariant", "maxsize", "minsize", "movablelimits", "rowspacing", "rspace",
    "separator", "stretchy", "voffset", "width",
}  # fmt: skip
_ROWS = {"mrow", "mtd", "mstyle", "msqrt", "mpadded"}
_UNCONVERTED = re.compile(r"\\.|[&{}]")
_ENVIRONMENTS = (("{aligned}", "{align*}"), ("{split}", "{align*}"))
_BARE_ALPHABET = re.compile(
    r"\\(mathbb|mathcal|mathfrak|mathbf|mathsf|mathscr|mathds|mathbbm)\s+([A-Za-z0-9])"
)
_DELIMITERS = {r"\|": "‖", r"\Vert": "‖", r"\{": "{", r"\}": "}"}
# Browsers know no mathvariant but "normal", only the characters themselves.
_ALPHABETS = {
    "bold-italic": {
        ord(start) + shift: first + shift
        for start, first in (("A", 0x1D468), ("a", 0x1D482))
        for shift in range(26)
    },
    "double-struck": {ord("0") + shift: 0x1D7D8 + shift for shift in range(10)},
}


class FormulaError(ValueError):
    """A formula that does not convert, in one sentence."""


@lru_cache(maxsize=4096)
def mathml(latex: str, *, block: bool = False) -> Markup:
    """Convert one formula.

    Raises:
        FormulaError: the converter refuses it, or leaves a command as it was.
    """
    source = _BARE_ALPHABET.sub(r"\\\1{\2}", latex.strip())
    for old, new in _ENVIRONMENTS:
        source = source.replace(old, new)
    try:
        root = convert_to_element(source, display="block" if block else "inline")
    except Exception as problem:  # the converter lets IndexError, StopIteration and others through
        reason = (
            re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(problem).__name__)
            .removesuffix(" Error")
            .lower()
        )
        raise FormulaError(f"the formula {latex!r} does not convert ({reason})") from problem
    for element in root.iter():
        symbol = html.unescape(element.text or "")
        understood = (
            element.tag in {"mtext", "mo"} and not symbol.startswith("\\")
        ) or symbol in _DELIMITERS
        if not understood and _UNCONVERTED.search(symbol):
            raise FormulaError(
                f"the formula {latex!r} does not convert: {symbol!r} is not understood"
            )
    inside = _spaced(list(root))
    return Markup(f'<math display="block">{inside}</math>' if block else f"<math>{inside}</math>")  # noqa: S704 - escaped in _serialised


def typeset(words: str) -> Markup:
    """Turn text with formulas between dollar signs into HTML.

    Text without any, but with LaTeX in it, counts as one formula.

    Punctuation after a formula stays on its line.
    """
    found, pieces = [], list(_pieces(words))
    for place, (piece, maths, block) in enumerate(pieces):
        after = pieces[place + 1][0] if place + 1 < len(pieces) else ""
        stop = _PUNCTUATION.match(after) if maths and not block else None
        if stop:
            found.append(
                Markup('<span class="joined">{}{}</span>').format(
                    _formula(piece, block=False), stop[0]
                )
            )
            pieces[place + 1] = (after[stop.end() :], False, False)
        else:
            found.append(_formula(piece, block=block) if maths else escape(piece))
    return Markup("").join(found)


def formulas(words: str) -> list[str]:
    """Return the formulas of a text."""
    return [piece for piece, maths, _ in _pieces(words) if maths]


def check_formulas(statements: Iterable[DeclaredStatement]) -> list[str]:
    """Say which formulas of the statements cannot be typeset, a sentence each."""
    complaints = []
    for statement in statements:
        for where, words in _texts_of(statement):
            if len(re.findall(r"(?<!\\)\$", words)) % 2:
                complaints.append(f"{where}: a dollar sign is not closed in {words!r}")
            for latex in formulas(words):
                try:
                    mathml(latex)
                except FormulaError as problem:
                    complaints.append(f"{where}: {problem}")
    return complaints


def _texts_of(statement: DeclaredStatement) -> Iterator[tuple[str, str]]:
    for field in ("title", "says", "why_untested", "note"):
        yield f"{statement.id}, {field}", getattr(statement, field)
    for part in statement.parts:
        for field in ("title", "says", "requires", "tried", "note"):
            yield f"{part.id}, {field}", getattr(part, field)
        yield from ((f"{part.id}, quantifiers", words) for words in part.quantifiers)
        if part.constant:
            yield f"{part.id}, constant", part.constant.measured_on
        yield from ((f"{twin.id}, says", twin.says) for twin in part.twins)


def _pieces(words: str) -> Iterator[tuple[str, bool, bool]]:
    if "$" not in words and _LOOKS_LIKE_LATEX.search(words) and "\\" in words:
        yield words, True, False
        return
    end = 0
    for found in _FORMULA.finditer(words):
        yield words[end : found.start()].replace(r"\$", "$"), False, False
        yield found[1] or found[2], True, bool(found[1])
        end = found.end()
    yield words[end:].replace(r"\$", "$"), False, False


def _formula(latex: str, *, block: bool) -> Markup:
    try:
        return mathml(latex, block=block)
    except FormulaError:
        return Markup('<code class="latex">{}</code>').format(latex)


def _serialised(element: Element) -> str:
    tag = re.sub(r"[^a-z]", "", element.tag)
    attributes = "".join(
        f' {name}="{escape(value)}"' for name, value in element.attrib.items() if name in _KEPT
    )
    words = html.unescape(element.text or "")
    words = _DELIMITERS.get(words, words)
    if (
        words in {"|", "‖"} and "lspace" not in element.attrib
    ):  # without a form, browsers space it as a relation
        attributes += ' lspace="0" rspace="0"'
    words = words.translate(_ALPHABETS.get(element.get("mathvariant", ""), {}))
    inside = _spaced(list(element)) if tag in _ROWS else "".join(map(_serialised, element))
    tail = escape(html.unescape(element.tail or ""))
    return f"<{tag}{attributes}>{escape(words)}{inside}</{tag}>{tail}"


def _spaced(row: list[Element]) -> str:
    """Serialise a row with the thin spaces around log, max and their like that TeX puts there
    and the converter leaves out.
    """
    written = ""
    for place, element in enumerate(row):
        before = row[place - 1] if place else None
        if (
            before is not None
            and "mo" not in (before.tag, element.tag)
            and (_is_function(before) or _is_function(element))
        ):
            written += '<mspace width="0.17em"></mspace>'
        written += _serialised(element)
    return written


def _is_function(element: Element) -> bool:
    if element.tag in {"msub", "msup", "msubsup", "munder"} and len(element):
        return _is_function(element[0])
    name = html.unescape(element.text or "")
    return element.tag == "mi" and len(name) > 1 and name.isascii() and name.isalpha()
