"""Given text with LaTeX, when it is typeset, then formulas are MathML, words are escaped, and
what does not convert is listed."""

from __future__ import annotations

from dataclasses import replace
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemmata.harness.records import read_run
from lemmata.reports import check_formulas
from lemmata.reports.mathematics import FormulaError, formulas, mathml, typeset
from lemmata.reports.pages import quantifier

FORMULAS = [
    r"\Pr[\forall i,\ell:\ \|h_{i,\ell}\| \in [1-\varepsilon, 1]] \ge 1 - e^{-\Omega(m)}",
    r"\begin{aligned} a &\le b\\ c &= d\end{aligned}",
    r"\mathbb E\Big\|\sum_i \xi_i x_i\Big\|_F^2",
    r"\{a : \tfrac12 \le \bm{W}\}",
    r"\lambda_{\min}\bigl(K\bigr) \asymp k^{-2}",
    r"\text{for <all> & every } x",
    r"\mathbb 1[g \ge 0] \odot \operatorname{poly}(n)",
]


@pytest.mark.parametrize("latex", FORMULAS)
def test_formulas_become_well_formed_mathml(latex):
    root = fromstring(mathml(latex))
    assert root.tag == "math"
    assert "\\" not in "".join(root.itertext())


def test_a_block_stands_alone():
    assert str(typeset("so $$a \\le b$$")).startswith('so <math display="block">')


def test_latex_without_dollar_signs_is_one_formula():
    assert formulas(r"\forall x") == [r"\forall x"]
    assert formulas("a plain sentence_with an underscore") == []


def test_punctuation_stays_with_its_formula():
    assert str(typeset("where $a$, and $b$: c")).count('<span class="joined"><math>') == 2
    assert str(typeset("where $a$, and $b$: c")).endswith(":</span> c")
    assert str(typeset("so $$a$$.")).endswith("</math>.")


def test_dollar_signs_can_be_escaped():
    assert str(typeset(r"costs \$5")) == "costs $5"


@pytest.mark.parametrize(
    "latex", [r"\frac{", r"\unknowncommand", r"\left( x", "x_1_2", r"a & b", ""]
)
def test_what_does_not_convert_is_said_and_shown_as_source(latex):
    with pytest.raises(FormulaError, match="does not convert"):
        mathml(latex)
    if latex:
        assert "<code" in typeset(f"${latex}$")


def test_functions_keep_their_distance():
    assert mathml(r"s\log m").count("<mspace") == 2
    assert "mspace" not in mathml(r"\log(m)")


@pytest.mark.parametrize(
    ("latex", "sign"),
    [
        (r"\forall\, \|x\| = 1", "∀"),
        (r"\mathbb P_{A,W}", "ℙ"),
        (r"$\exists V$", "∃"),
        (r"\mathbb{E}_W", "𝔼"),
        ("for every net", ""),
        (r"\forallx", ""),
    ],
)
def test_a_quantifier_shows_its_sign(latex, sign):
    assert quantifier(latex)[0] == sign


def test_a_quantifier_keeps_the_norm_that_it_begins_with():
    assert "‖" in quantifier(r"\forall\, \|x\| = 1")[1].split("x")[0]


def test_broken_formulas_of_statements_are_listed(recorded):
    statements = read_run(recorded).statements
    assert check_formulas(statements) == []
    part = replace(
        statements[0].parts[0],
        quantifiers=[r"\frac"],
        requires="$x",
        tried=r"$\unknowncommand{1}$",
        twins=[replace(statements[0].parts[0].twins[0], says="$}$")],
    )
    complaints = check_formulas([replace(statements[0], title="$x", parts=[part])])
    twin = part.twins[0].id
    assert [complaint.split(":")[0] for complaint in complaints] == [
        "BND-01, title",
        "BND-01, requires",
        "BND-01, tried",
        "BND-01, quantifiers",
        f"{twin}, says",
    ]
    assert complaints[2].endswith(r"does not convert: '\\unknowncommand' is not understood")


@given(st.text(max_size=60) | st.text(alphabet="\\{}$&<>\"'_^abfrcliemtx ", max_size=60))
def test_no_text_breaks_out(words):
    html = str(typeset(words))
    assert "<script" not in html.lower().replace("&lt;", "")
    for tag in ("<b", "<img", "<svg", "<i>"):
        assert tag not in html
