"""Statements of a user's, and pytest run on them in a process of its own."""

from __future__ import annotations

import pytest

from lemmata.harness.records import RunRecords, read_run, runs_in
from lemmata.harness.schema import PartVerdict

HEADER = """
import math, os, signal
import torch
from hypothesis import strategies as st, settings, example, note, event
from lemmata.harness import at_most, at_least, equal, given, statement, declare, Constant
"""
TRUE = """
@statement("OK-1", paper="Us", source="Lemma 1", title="Norms are positive", says="$x$",
           kind="inequality")
@given(m=st.integers(1, 8))
def norms_are_positive(m, trials):
    return at_least(trials.normal("g", m).norm(dim=-1), 0.0)

@norms_are_positive.twin("norms are below one")
def _(m, trials):
    return at_most(trials.normal("g", m).norm(dim=-1), 1e-3)
"""
FALSE = """
@statement("NO-1", paper="Us", source="Lemma 2", title="Norms are small", kind="probability",
           says="$\\\\|g\\\\| \\\\le 1$")
@given(m=st.integers(1, 64))
def norms_are_small(m, trials):
    return at_most(trials.normal("g", m).norm(dim=-1), 1.0).except_with_probability(0.05)

@norms_are_small.twin("norms are tiny")
def _(m, trials):
    return at_most(trials.normal("g", m).norm(dim=-1), 0.1).except_with_probability(0.05)
"""


def latest(pytester: pytest.Pytester) -> RunRecords:
    return read_run(runs_in(pytester.path / "build" / "records")[-1])


def verdicts(pytester: pytest.Pytester) -> dict[str, str]:
    return {
        record.value.part: record.value.outcome.verdict
        for record in latest(pytester).records
        if isinstance(record.value, PartVerdict)
    }


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments)


MAPPED = """
from lemmata.harness import Hypothesis

@statement("MAP-1", paper="Us", source="Lemma 3", title="Averages are small", says="$x$",
           kind="probability")
@given(m=st.integers(64, 256), n=st.integers(1, 2))
def averages_are_small(m, n, trials):
    x = trials.normal("g", m).mean(dim=-1).abs()
    return at_most(x, 0.25 / n).except_with_probability(0.05)

@averages_are_small.twin("a tenth")
def _(m, n, trials):
    return at_most(trials.normal("g", m).mean(dim=-1).abs(), 0.01).except_with_probability(0.05)

averages_are_small.regime(
    x="m", xs=(4, 16, 64, 256, 1024), y="n", ys=(1, 2), instance=lambda m, n: {"m": m, "n": n},
    hypothesis=Hypothesis(says="$m\\\\ge10^9n^2$", asks=lambda m, n: 9 + 2 * math.log10(n)),
)
"""
