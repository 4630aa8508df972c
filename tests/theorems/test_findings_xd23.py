"""What XD23 prints and does not stand is computed a second time, by other means."""

from __future__ import annotations

import itertools
from fractions import Fraction

import mpmath as mp
import pytest
import torch

import lemmata.theorems.single_neuron  # noqa: F401 - registers the statements, before the tests' own registry begins
from lemmata.harness.registry import registered
from lemmata.theorems.single_neuron.setting.network import gradient
from lemmata.theorems.single_neuron.setting.plane import mean_in_plane

FOUND = {
    part.id: part.finding
    for made in registered()
    if made.paper == "XD23"
    for part in made.parts
    if part.finding is not None
}


@pytest.mark.parametrize("name", sorted(FOUND))
def test_the_lines_of_a_finding_run(name: str) -> None:
    exec(compile(FOUND[name].check, name, "exec"), {})


def test_which_findings_there_are() -> None:
    assert sorted(FOUND) == ["XD-13(a)"]


def on_the_line(heights: list[Fraction]) -> tuple[Fraction, list[Fraction]]:
    """Loss and gradient, along v, of students w_i = h_i v: exact, on two half lines.

    E x² on either half line is ½.
    """
    slopes = {
        side: sum((h for h in heights if h * side > 0), Fraction(0)) - (side > 0)
        for side in (1, -1)
    }
    loss = sum((slope**2 for slope in slopes.values()), Fraction(0)) / 4
    return loss, [slopes[1 if h > 0 else -1] / 2 for h in heights]


def test_the_constant_of_lemma_20_is_too_small() -> None:
    mp.mp.dps = 50
    alone, _ = on_the_line([Fraction(-2)])
    assert alone == Fraction(5, 4)
    assert 4 * mp.pi**3 > mp.mpf("1.05") * 30 * mp.pi * alone.numerator / alone.denominator
    for n, c in ((2, Fraction(1)), (5, Fraction(1, 3))):
        L, _ = on_the_line([-c] + [Fraction(1, n - 1)] * (n - 1))
        assert c**2 / 4 == L
        left = mp.mpf(c.numerator) ** 2 / c.denominator**2 * mp.pi**3
        assert left > mp.mpf("1.31") * 30 * mp.pi * L.numerator / L.denominator
        # The repair, 4π³ L, is attained.
        assert mp.almosteq(left, 4 * mp.pi**3 * mp.mpf(L.numerator) / L.denominator)


def test_the_last_step_of_its_proof_holds_up_to_2_86_only() -> None:
    mp.mp.dps = 50

    def gap(x: mp.mpf) -> mp.mpf:
        return x - mp.sin(x) - x**3 / 30

    root = mp.findroot(gap, 5.7)
    assert abs(root - mp.mpf("5.73")) < 0.01
    assert gap(2 * mp.mpf("2.86")) > 0
    assert gap(2 * mp.pi) < -1.9
    ratios = [t**3 / (2 * t - mp.sin(2 * t)) for t in mp.linspace("0.05", mp.pi, 400)]
    assert all(low < high for low, high in itertools.pairwise(ratios))
    assert 8 * mp.pi * mp.mpf("2.86") ** 3 / (2 * mp.mpf("2.86") - mp.sin(2 * mp.mpf("2.86"))) < (
        30 * mp.pi
    )


def test_the_loss_behind_the_teacher_by_quadrature() -> None:
    W = torch.tensor([[[-2.0, 0.0]]], dtype=torch.float64)
    half = mean_in_plane(
        W, lambda x: 0.5 * ((x @ W[:, 0].unsqueeze(-1)).squeeze(-1).relu() - x[..., 0].relu()) ** 2
    )
    assert abs(float(half[0]) - 1.25) < 1e-14


@pytest.mark.parametrize(("n", "c"), [(3, Fraction(1)), (1, Fraction(1, 2)), (5, Fraction(7, 3))])
def test_the_example_of_remark_26_needs_the_step_2_over_n(n: int, c: Fraction) -> None:
    _, slopes = on_the_line([-c] * n)
    assert slopes == [-n * c / 2] * n
    printed = -c - 2 * c / (1 + n * c) * slopes[0]
    assert printed == -c / (1 + n * c)
    assert -c - Fraction(2, n) * slopes[0] == 0
    W = torch.tensor([[-float(c), 0.0]] * n, dtype=torch.float64)
    assert abs(float(gradient(W)[0, 0]) + n * float(c) / 2) < 1e-13


def test_the_gradient_of_the_symmetric_pair_by_quadrature() -> None:
    # (21) at λ₁ = 1, λ₂ = ½: printed 0.8262, corrected 0.48987.
    W = torch.tensor([[[1.0, 0.5], [1.0, -0.5]]], dtype=torch.float64)

    def ahead(x: torch.Tensor) -> torch.Tensor:
        seen = x @ W.mT
        residual = seen.relu().sum(dim=-1) - x[..., 0].relu()
        return residual * (seen[..., 0] >= 0) * x[..., 0]

    theta = mp.atan(mp.mpf("0.5"))
    corrected = mp.mpf("0.5") * (1 - theta / mp.pi + mp.sin(2 * theta) / (2 * mp.pi))
    printed = mp.mpf("0.5") * (1 - theta / mp.pi + mp.sin(2 * theta))
    found = float(mean_in_plane(W, ahead)[0])
    assert abs(found - float(corrected)) < 1e-13
    assert abs(found - 0.48987) < 1e-5
    assert abs(float(printed) - 0.8262) < 1e-4
