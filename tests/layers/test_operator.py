"""Layers compose like the matrices that they stand for, dense and matrix-free alike."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from lemmata.harness.layers import DenseEntries, Layer, gaussian_layer
from lemmata.harness.randomness import key_of
from lemmata.harness.trials import LayerKind, Trials

KINDS: tuple[LayerKind, ...] = ("dense", "matrix-free")
ROWS, COLS = 5, 7


def some(kind: LayerKind, count: int = 3) -> tuple[Trials, Layer]:
    trials = Trials(key=key_of("test", "operator"), count=count, layers=kind)
    return trials, gaussian_layer(trials, "W", ROWS, COLS, variance=1.0)


def transformed(
    trials: Trials, layer: Layer, step: str, index: int
) -> tuple[Layer, Tensor, Tensor, Tensor]:
    """Return the layer after one step, and the r, c and update with which the step acts on a
    dense matrix A: r A c + update."""
    ones, zero = (
        (torch.ones(len(trials), size, dtype=trials.dtype) for size in (ROWS, COLS)),
        torch.zeros(()),
    )
    r, c = ones
    if step == "update":
        left, right = (
            trials.normal(f"left {index}", ROWS, 2),
            trials.normal(f"right {index}", COLS, 2),
        )
        return layer.add_low_rank(left, right), r, c, left @ right.mT
    if step == "rows":
        mask = trials.uniform(f"mask {index}", ROWS) < 0.7
        return layer.restrict(rows=mask), mask.to(trials.dtype), c, zero
    if step == "cols":
        weights = trials.normal(f"weights {index}", COLS)
        return layer.restrict(cols=weights), r, weights, zero
    return layer.scale(-1.5), -1.5 * r, c, zero


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=20, deadline=None, derandomize=True, database=None)
@given(steps=st.lists(st.sampled_from(["update", "rows", "cols", "scale"]), max_size=5))
def test_updates_restrictions_and_scalings_compose(kind: LayerKind, steps: list[str]) -> None:
    trials, layer = some(kind)
    V, U = trials.normal("V", COLS, 2), trials.normal("U", ROWS, 2)
    layer.apply(V)
    stages = [(layer, lambda A: A)]
    for index, step in enumerate(steps):
        layer, r, c, update = transformed(trials, layer, step, index)
        previous = stages[-1][1]
        stages.append(
            (
                layer,
                lambda A, f=previous, r=r, c=c, update=update: (
                    r[:, :, None] * f(A) * c[:, None, :] + update
                ),
            )
        )
    products = [(stage.apply(V), stage.apply_transpose(U)) for stage, _ in stages]
    W = stages[0][0].materialise()
    for (stage, dense), (right, left) in zip(stages, products, strict=True):
        A = dense(W)
        torch.testing.assert_close(stage.materialise(), A, rtol=0, atol=1e-11)
        torch.testing.assert_close(right, A @ V, rtol=0, atol=1e-11)
        torch.testing.assert_close(left, A.mT @ U, rtol=0, atol=1e-11)


@pytest.mark.parametrize("kind", KINDS)
def test_a_derived_layer_leaves_its_origin_alone(kind: LayerKind) -> None:
    trials, layer = some(kind)
    V = trials.normal("V", COLS, 1)
    before = layer.apply(V)
    layer.add_low_rank(trials.normal("left", ROWS, 1), trials.normal("right", COLS, 1)).restrict(
        rows=torch.zeros(3, ROWS)
    ).apply(V)
    torch.testing.assert_close(layer.apply(V), before, rtol=0, atol=1e-12)


def test_a_mask_may_be_shared_by_all_trials() -> None:
    trials, layer = some("dense")
    mask = torch.arange(ROWS)[None] < 2
    answer = layer.restrict(rows=mask).apply(trials.normal("V", COLS, 1))
    assert torch.equal((answer != 0).squeeze(-1), mask.expand(3, -1))


def test_a_dense_layer_is_its_named_draw() -> None:
    trials, layer = some("dense")
    assert torch.equal(layer.materialise(), trials.normal("W", ROWS, COLS, variance=1.0))


@pytest.mark.parametrize("kind", KINDS)
def test_names_tell_layers_apart(kind: LayerKind) -> None:
    trials, layer = some(kind)
    other = gaussian_layer(trials, "V", ROWS, COLS, variance=1.0)
    assert not torch.isclose(layer.materialise(), other.materialise()).any()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            lambda layer: layer.apply(torch.ones(3, ROWS, 1)),
            r"V of a 5 × 7 layer must have the shape \(3, 7, k\); got \(3, 5, 1\)",
        ),
        (lambda layer: layer.apply(torch.ones(3, COLS)), r"got \(3, 7\)"),
        (
            lambda layer: layer.apply_transpose(torch.ones(2, ROWS, 1)),
            r"U .* must have the shape \(3, 5, k\)",
        ),
        (
            lambda layer: layer.add_low_rank(torch.ones(3, ROWS, 1), torch.ones(3, COLS, 2)),
            r"as many columns as each other; got 1 and 2",
        ),
        (
            lambda layer: layer.restrict(rows=torch.ones(3, COLS)),
            r"the mask rows .* must have the shape \(3, 5\); got \(3, 7\)",
        ),
    ],
)
def test_wrong_shapes_are_refused(kind: LayerKind, wrong: object, message: str) -> None:
    _, layer = some(kind)
    with pytest.raises(ValueError, match=message):
        wrong(layer)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("sizes", "variance"), [((0, 3), 1.0), ((3, 3), -1.0), ((3, 3), float("nan"))]
)
def test_a_layer_that_makes_no_sense_is_refused(sizes: tuple[int, int], variance: float) -> None:
    with pytest.raises(ValueError, match=r"at least one row|finite and not negative"):
        gaussian_layer(Trials(key=key_of("test"), count=1), "W", *sizes, variance=variance)


def test_entries_of_any_law_make_a_layer() -> None:
    trials = Trials(key=key_of("test", "any"), count=2)
    signs = torch.where(trials.uniform("signs", 3, 4) < 0.5, -1.0, 1.0).to(trials.dtype)
    assert torch.equal(
        Layer(entries=DenseEntries(trials, signs)).apply(
            torch.eye(4, dtype=trials.dtype).expand(2, 4, 4)
        ),
        signs,
    )
    with pytest.raises(ValueError, match="matrix must have the shape"):
        DenseEntries(trials, signs[0])
