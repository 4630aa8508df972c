"""What ALL18's statements call refuted is computed a second time, by other means."""

from __future__ import annotations

import itertools
from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest

import lemmata.theorems.beyond_two_layers  # noqa: F401 - registers the statements, before the tests' own registry begins
from lemmata.theorems.beyond_two_layers.parameters import Table


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.75, 0.9])
def test_the_printed_partition_dilutes_the_mean(share: float) -> None:
    mp.mp.dps = 30
    tau = mp.mpf("0.01")
    c = mp.findroot(lambda t: mp.ncdf(t) - mp.mpf("0.5") - tau / 2, 0.0125)
    y = mp.mpf(share) * (mp.npdf(0) - mp.npdf(c)) / (tau / 2)

    def inner_mean(e: mp.mpf) -> mp.mpf:
        return mp.quad(lambda g: g * mp.npdf(g), [0, e]) / mp.quad(mp.npdf, [0, e]) - y

    e = mp.findroot(inner_mean, 2 * y)
    d = mp.findroot(lambda t: 2 * mp.ncdf(t) - mp.ncdf(e) - mp.ncdf(c), (e + c) / 2)

    def s(g: mp.mpf) -> int:
        size = abs(g)
        if size <= e:
            return 1 if g >= 0 else -1
        return 1 if size <= d else -1

    edges = [-c, -d, -e, 0, e, d, c]
    pieces = [
        mp.quad(lambda g: s(g) * g * mp.npdf(g), [low, high])
        for low, high in itertools.pairwise(edges)
    ]
    mean = sum(pieces) / tau
    assert abs(mean / y - share) < 1e-3
    assert mean < 0.95 * y


def test_the_first_error_of_the_smoothing_lemma_does_not_vanish() -> None:
    # Powers of m itself, at m = 10^1000, from the table's own words.
    m = mp.mpf(10) ** 1000
    sigma_w, witness = 1 / m ** mp.mpf("0.99"), 1 / m ** (1 - mp.mpf("0.005"))
    assert abs(m * witness**2 / sigma_w - 1) < 1e-10
    assert witness > 1 / m ** mp.mpf("0.999")
    repaired = 1 / m ** (1 - mp.mpf("0.004"))
    assert m * repaired**2 / sigma_w < mp.mpf(10) ** -1
    assert Table().smoothing()[0] == 0
    assert Table(rebalanced=Fraction(4, 1000)).smoothing() == (
        Fraction(-2, 1000),
        Fraction(-482, 1000),
        Fraction(-498, 1000),
    )


def test_the_number_of_samples_does_not_follow_from_the_printed_lemma() -> None:
    m = mp.mpf(10) ** 1000
    tau_v = m ** (mp.mpf("0.5") - mp.mpf("0.005")) / mp.sqrt(m)
    tau_w = 1 / m ** (mp.mpf("0.75") - mp.mpf("0.005"))
    second = tau_v * m
    assert second / mp.sqrt(m ** mp.mpf("1.5")) > mp.mpf(10) ** 200
    assert abs(second / mp.sqrt(m ** mp.mpf("1.99")) - 1) < 1e-10
    first = tau_w * m * mp.sqrt(m)
    assert abs(first / mp.sqrt(m ** mp.mpf("1.51")) - 1) < 1e-10
    third = tau_v * mp.sqrt(m * m * tau_w * (1 / mp.sqrt(m) + tau_w))
    assert abs(mp.log10(third) / 1000 - mp.mpf("0.3725")) < 1e-3
    assert Table().complexity() == (
        Fraction(755, 1000),
        Fraction(995, 1000),
        Fraction(3725, 10000),
    )


def test_the_initial_outputs_sum_to_their_number() -> None:
    rng = np.random.default_rng(5)
    m, d, k = 512, 4, 64
    x = np.array([np.sqrt(0.75), 0.0, 0.0, 0.5])
    totals = []
    for _ in range(40):
        W, b = rng.normal(size=(m, d)) / np.sqrt(m), rng.normal(size=m) / np.sqrt(m)
        a = 0.1 * rng.normal(size=(k, m))
        totals.append(np.abs(a @ np.maximum(W @ x + b, 0.0)).sum())
    # ε_a = ε/10 with ε = 1: ten times the half that the corollary allows.
    assert abs(np.mean(totals) / (0.1 * k * np.sqrt(2 / np.pi)) - 1) < 0.1
    assert np.min(totals) > 5 * 0.5
