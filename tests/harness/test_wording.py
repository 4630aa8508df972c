"""Given LaTeX, when it is shown in a terminal, then it reads unambiguously, and nothing makes it
fail."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemmata.harness.wording import readable, readable_formula

pytest.importorskip("pylatexenc")


@pytest.mark.parametrize(("latex", "plain"), [
    (r"\frac12 x", "1/2 x"),
    (r"\tfrac{\min(1,\Delta^3)}r", "min(1,Δ³)/r"),
    (r"\frac1{20}\min(1,\Delta^3)", "1/20 min(1,Δ³)"),
    (r"\Omega(\frac{\eta\delta m}{dn^2})", "Ω(ηδm/(dn²))"),
    (r"\frac{a+b}{c}", "(a+b)/c"),
    (r"\frac\pi{\frac12+x}", "π/(1/2+x)"),
    (r"\sqrt{\frac{d+2}{\delta N}}", "√((d+2)/(δN))"),
    (r"\frac{w_{\min}}{w_{\max}}", "w_min/w_max"),
    (r"L^{3/4}", "L^(3/4)"),
    (r"R_T\le\frac{D^2}{2\alpha}", "R_T≤ D²/(2α)"),
    (r"\log\frac ab", "log(a/b)"),
    (r"\min\!x", "min x"),
    (r"\log m", "log m"),
    (r"\sqrt\frac12", "√(1/2)"),
    (r"e^\frac12", "e^(1/2)"),
])  # fmt: skip
def test_formulas_read_unambiguously(latex, plain):
    assert readable_formula(latex) == plain


def test_words_around_formulas_stay():
    assert readable(r"For $m\ge r$: $\frac12$.") == "For m≥ r: 1/2."


@given(st.text(alphabet="\\{}$frac12 abc^_()", max_size=30))
def test_nothing_makes_it_fail(words):
    assert isinstance(readable(words), str)


RELATIONS = {
    "≤": r"\\leq?(?![a-zA-Z])|≤",
    "≥": r"\\geq?(?![a-zA-Z])|≥",
    "=": r"=",
    "<": r"<|\\lt(?![a-zA-Z])",
    ">": r">|\\gt(?![a-zA-Z])",
}


SAYS = """
import json
from lemmata.command_line import load_theorems
from lemmata.harness.recording import declared
from lemmata.harness.registry import registered

load_theorems()
texts = [words for made in map(declared, registered())
         for words in (made.says, *(one for part in made.parts for one in (part.says, part.title)))]
print(json.dumps(texts))
"""


def test_no_relation_sign_of_any_statement_vanishes():
    printed = subprocess.run(
        [sys.executable, "-c", SAYS], capture_output=True, text=True, check=True
    ).stdout
    texts = dict.fromkeys(json.loads(printed))
    assert len(texts) > 100
    for text in texts:
        counted, written = Counter(readable(text)), readable(text)
        expected = {sign: len(re.findall(pattern, text)) for sign, pattern in RELATIONS.items()}
        assert {sign: counted[sign] for sign in RELATIONS} == expected, (text, written)
