"""What ZGJ21's Lemma C.7 prints is computed a second time, from the definition of its set."""

from __future__ import annotations

import math

import mpmath as mp
import numpy as np
import pytest

CASES = [(0.1, 0.1, math.pi / 2), (0.3, 0.2, 0.8), (0.01, 0.01, 0.3)]


def _by_quadrature(first: float, second: float, phi: float) -> mp.mpf:
    """The plane's density over the x₂ that some |y₁| ≤ δ₁ brings into the other slab."""
    mp.mp.dps = 25
    low = (-second - first * mp.cos(phi)) / mp.sin(phi)
    high = (second + first * mp.cos(phi)) / mp.sin(phi)
    return mp.quad(mp.npdf, [-first, first]) * mp.quad(mp.npdf, [low, high])


@pytest.mark.parametrize(("first", "second", "phi"), CASES)
def test_the_set_is_twice_as_likely_as_printed(first: float, second: float, phi: float) -> None:
    s = first * (second + first * mp.cos(phi)) / (mp.pi * mp.sin(phi))
    probability = _by_quadrature(first, second, phi)
    assert probability > 1.8 * s
    assert probability <= 2 * s


@pytest.mark.parametrize(("first", "second", "phi"), CASES[:2])
def test_counting_samples_by_the_definition_agrees(first: float, second: float, phi: float) -> None:
    x = np.random.default_rng(7).standard_normal((1_000_000, 2))
    # Some y₁ in [-δ₁, δ₁] with |y₁ cos φ + x₂ sin φ| ≤ δ₂, tried on a grid.
    y = np.linspace(-first, first, 81)
    reach = np.abs(y[None, :] * math.cos(phi) + x[:, 1:2] * math.sin(phi)).min(axis=1)
    share = np.mean((np.abs(x[:, 0]) <= first) & (reach <= second))
    assert share == pytest.approx(float(_by_quadrature(first, second, phi)), rel=0.05)
