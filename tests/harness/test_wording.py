"""Given LaTeX, when it is shown in a terminal, then it reads unambiguously, and nothing makes it
fail."""

from __future__ import annotations

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
])  # fmt: skip
def test_formulas_read_unambiguously(latex, plain):
    assert readable_formula(latex) == plain


def test_words_around_formulas_stay():
    assert readable(r"For $m\ge r$: $\frac12$.") == "For m≥ r: 1/2."


@given(st.text(alphabet="\\{}$frac12 abc^_()", max_size=30))
def test_nothing_makes_it_fail(words):
    assert isinstance(readable(words), str)
