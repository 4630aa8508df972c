"""Breaking the setting of a paper on purpose turns its statements red, not only the twins."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from support import fresh_run

import lemmata.theorems.deep_convergence  # noqa: F401 - registers the statements, before the tests' own registry begins
from lemmata.harness.parts import judge_part
from lemmata.harness.registry import registered
from lemmata.harness.statements import Part
from lemmata.theorems.deep_convergence.setting import network as setting
from lemmata.theorems.deep_convergence.setting.network import (
    DeepReluNet,
    Network,
    SeparatedData,
    Signals,
)

PARTS = {part.id: part for made in registered() for part in made.parts}


def verdict(part: Part) -> str:
    outcome = judge_part(fresh_run(profile="quick"), part)
    assert outcome.failure is None, outcome.failure
    return outcome.verdict


def halve_the_variance(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = DeepReluNet.initialise

    def halved(self: DeepReluNet, trials: object, data: SeparatedData) -> Network:
        return whole(dataclasses.replace(self, variance=self.variance / 2), trials, data)

    monkeypatch.setattr(DeepReluNet, "initialise", halved)


def drop_the_mask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        Signals,
        "signs",
        property(lambda self: tuple(torch.ones_like(g, dtype=torch.bool) for g in self.g)),
    )


def transpose_a_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Network.backward

    def transposed(self: Network, signs, v, *, first: int = 1):
        flipped = [
            setting.Layer(
                entries=setting.DenseEntries(layer.entries.trials, layer.materialise().mT)
            )
            for layer in self.W
        ]
        return whole(self.with_layers(flipped), signs, v, first=first)

    monkeypatch.setattr(Network, "backward", transposed)


@pytest.mark.parametrize(
    ("breakage", "ids"),
    [
        (halve_the_variance, ["ALS-04(a)", "ALS-04(c)", "ALS-05(c)"]),
        (drop_the_mask, ["ALS-03(a)", "ALS-03(b)", "ALS-03(c)"]),
        (transpose_a_weight, ["ALS-03(a)", "ALS-03(b)"]),
    ],
)
def test_a_broken_setting_turns_statements_red(
    monkeypatch: pytest.MonkeyPatch, breakage, ids: list[str]
) -> None:
    for name in ids:
        assert verdict(PARTS[name]) in ("holds", "undecided"), name
    breakage(monkeypatch)
    for name in ids:
        assert verdict(PARTS[name]) == "refuted", name


def test_statements_are_registered_once_however_pytest_collects_them(
    pytester: pytest.Pytester,
) -> None:
    import lemmata

    root = Path(lemmata.__file__).resolve().parents[2]
    pytester.makeconftest("")
    result = pytester.runpytest_subprocess(
        "--rootdir",
        str(root),
        "-c",
        str(root / "pyproject.toml"),
        "-n",
        "2",
        "--lemmata-records",
        str(pytester.path / "records"),
        "--lemmata-only",
        "ALS-01",
        str(root / "theorems"),
    )
    result.assert_outcomes(passed=6)
