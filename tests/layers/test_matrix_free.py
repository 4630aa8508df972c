"""A matrix-free layer is one fixed matrix a trial, whatever is asked, in whatever order, with
whatever other trials."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from lemmata.harness.layers import Layer, gaussian_layer
from lemmata.harness.randomness import key_of
from lemmata.harness.trials import Trials

fast = settings(max_examples=20, deadline=None, derandomize=True, database=None)
sizes = st.integers(1, 12)
TOLERANCE = 1e-12


def free(count: int = 3, first: int = 0, **options: object) -> Trials:
    return Trials(
        key=key_of("test", "matrix-free"), count=count, first=first, layers="matrix-free", **options
    )  # type: ignore[arg-type]


def unit_columns(block: Tensor) -> Tensor:
    return block / block.norm(dim=1, keepdim=True)


def ask_around(layer: Layer, trials: Trials, blocks: list[int]) -> list[Tensor]:
    """Query both sides in turn.

    Random blocks, plus the previous answer, so that the queries are adaptive and dependent.
    """
    answers = []
    V = unit_columns(trials.normal("query", layer.cols, 1))
    for index, k in enumerate(blocks):
        right = unit_columns(torch.cat((V, trials.normal(f"right {index}", layer.cols, k)), dim=-1))
        answers.append(layer.apply(right))
        left = unit_columns(
            torch.cat((answers[-1], trials.normal(f"left {index}", layer.rows, k)), dim=-1)
        )
        answers.append(layer.apply_transpose(left))
        V = unit_columns(answers[-1])
    return answers


@fast
@given(rows=sizes, cols=sizes, blocks=st.lists(st.integers(0, 4), max_size=4), k=st.integers(1, 4))
def test_products_agree_with_the_matrix_that_completes_them(
    rows: int, cols: int, blocks: list[int], k: int
) -> None:
    trials = free()
    layer = gaussian_layer(trials, "W", rows, cols, variance=1.0)
    ask_around(layer, trials, blocks)
    V, U = unit_columns(trials.normal("V", cols, k)), unit_columns(trials.normal("U", rows, k))
    right, left = layer.apply(V), layer.apply_transpose(U)
    W = layer.materialise()

    for product, expected in (
        (right, W @ V),
        (left, W.mT @ U),
        (layer.apply(V), right),
        (layer.apply_transpose(U), left),
    ):
        torch.testing.assert_close(product, expected, rtol=0, atol=TOLERANCE * float(W.norm()))
    assert layer.materialise() is W


@fast
@given(rows=sizes, cols=sizes, blocks=st.lists(st.integers(0, 6), max_size=4), k=st.integers(1, 4))
def test_the_two_sides_are_adjoint(rows: int, cols: int, blocks: list[int], k: int) -> None:
    trials = free()
    layer = gaussian_layer(trials, "W", rows, cols, variance=1.0)
    ask_around(layer, trials, blocks)
    V, U = unit_columns(trials.normal("V", cols, k)), unit_columns(trials.normal("U", rows, k))
    torch.testing.assert_close(
        U.mT @ layer.apply(V),
        layer.apply_transpose(U).mT @ V,
        rtol=0,
        atol=TOLERANCE * (rows + cols) ** 0.5,
    )


@fast
@given(
    rows=sizes,
    cols=sizes,
    blocks=st.lists(st.integers(0, 6), min_size=1, max_size=4),
    k=st.integers(1, 4),
)
def test_a_repeated_query_repeats_its_answer(
    rows: int, cols: int, blocks: list[int], k: int
) -> None:
    trials = free()
    layer = gaussian_layer(trials, "W", rows, cols, variance=1.0)
    V = unit_columns(trials.normal("V", cols, k))
    first = layer.apply(V)
    ask_around(layer, trials, blocks)
    torch.testing.assert_close(layer.apply(V), first, rtol=0, atol=TOLERANCE * (rows + cols) ** 0.5)
    torch.testing.assert_close(
        layer.apply(-V[..., :1]), -first[..., :1], rtol=0, atol=TOLERANCE * (rows + cols) ** 0.5
    )


@fast
@given(
    rows=sizes,
    cols=sizes,
    blocks=st.lists(st.integers(0, 3), min_size=1, max_size=3),
    split=st.integers(1, 4),
)
def test_a_trial_does_not_depend_on_what_is_batched_with_it(
    rows: int, cols: int, blocks: list[int], split: int
) -> None:
    together = ask_around(gaussian_layer(free(5), "W", rows, cols, variance=2.0), free(5), blocks)
    parts = [free(split), free(5 - split, first=split)]
    apart = [
        ask_around(gaussian_layer(part, "W", rows, cols, variance=2.0), part, blocks)
        for part in parts
    ]
    for whole, *pieces in zip(together, *apart, strict=True):
        torch.testing.assert_close(torch.cat(pieces), whole, rtol=1e-8, atol=1e-8)


def test_a_trial_repeats_its_answers_alone_to_rounding() -> None:
    batch, alone = (
        ask_around(gaussian_layer(t, "W", 40, 30, variance=1.0), t, [3, 3, 3])
        for t in (free(8), free(1, first=5))
    )
    for whole, single in zip(batch, alone, strict=True):
        torch.testing.assert_close(whole[5:6], single, rtol=0, atol=1e-12 * float(single.norm()))


def test_grouping_queries_into_blocks_does_not_change_their_answers() -> None:
    trials = free()
    V = trials.normal("V", 30, 6)
    blockwise, columnwise = (gaussian_layer(trials, "W", 20, 30, variance=1.0) for _ in range(2))
    singly = torch.cat([columnwise.apply(V[..., j : j + 1]) for j in range(6)], dim=-1)
    torch.testing.assert_close(blockwise.apply(V), singly, rtol=0, atol=1e-12 * float(V.norm()))


def test_a_dropped_query_keeps_its_ordinal_whether_or_not_other_trials_drop_it() -> None:
    V = free(2).normal("V", 30, 3)
    repeated = V[..., :2].clone()
    repeated[1, :, 1] = (
        2 * V[1, :, 0]
    )  # dependent in trial 1 only, so that the batch keeps a column for it
    answers = []
    for trials, queries in ((free(2), repeated), (free(1, first=1), repeated[1:])):
        layer = gaussian_layer(trials, "W", 20, 30, variance=1.0)
        layer.apply(queries)
        answers.append(layer.apply(V[-len(trials) :, :, 2:])[-1])
    torch.testing.assert_close(*answers, rtol=0, atol=1e-12 * float(V.norm()))


def test_the_zero_query_is_answered_by_zero() -> None:
    layer = gaussian_layer(free(), "W", 4, 5, variance=1.0)
    assert torch.equal(
        layer.apply(torch.zeros(3, 5, 2, dtype=torch.float64)),
        torch.zeros(3, 4, 2, dtype=torch.float64),
    )


@pytest.mark.parametrize("size", [1e-290, 1e-160, 1e160, 1e290])
def test_the_size_of_a_query_does_not_matter(size: float) -> None:
    trials = free()
    layer = gaussian_layer(trials, "W", 4, 5, variance=1.0)
    V = trials.normal("V", 5, 2)
    torch.testing.assert_close(layer.apply(size * V) / size, layer.apply(V), rtol=0, atol=1e-11)


def test_nan_stays_in_the_column_and_the_trial_that_brought_it() -> None:
    trials = free()
    layer = gaussian_layer(trials, "W", 4, 5, variance=1.0)
    V = trials.normal("V", 5, 3)
    V[1, 2, 1] = float("nan")
    answer = layer.apply(V)
    assert answer[1, :, 1].isnan().all()
    assert int(answer.isnan().sum()) == 4
    assert layer.apply(trials.normal("later", 5, 3)).isfinite().all()
    assert layer.apply_transpose(answer).isnan().sum() == 5


@pytest.mark.parametrize("distance", [1e-2, 1e-6, 1e-10, 1e-12, 1e-13, 1e-15, 0.0])
def test_a_thousand_nearly_dependent_queries_stay_consistent(distance: float) -> None:
    trials = free(2)
    width = 60
    layer = gaussian_layer(trials, "W", width, width, variance=1.0 / width)
    V, U = trials.normal("V", width, 4), trials.normal("U", width, 4)
    first_V, first_U = unit_columns(V), unit_columns(U)
    first = layer.apply(first_V), layer.apply_transpose(first_U)
    for step in range(125):
        V = unit_columns(V + distance * trials.normal(f"V {step}", width, 4))
        U = unit_columns(U + distance * trials.normal(f"U {step}", width, 4))
        right, left = layer.apply(V), layer.apply_transpose(U)
        torch.testing.assert_close(U.mT @ right, left.mT @ V, rtol=0, atol=TOLERANCE)
    torch.testing.assert_close(layer.apply(first_V), first[0], rtol=0, atol=TOLERANCE)
    torch.testing.assert_close(layer.apply_transpose(first_U), first[1], rtol=0, atol=TOLERANCE)
    torch.testing.assert_close(layer.apply(V), right, rtol=0, atol=TOLERANCE)


def test_float32_layers_repeat_their_answers_to_rounding() -> None:
    trials = free(2, dtype=torch.float32)
    layer = gaussian_layer(trials, "W", 50, 50, variance=1.0)
    V = unit_columns(trials.normal("V", 50, 3))
    first = layer.apply(V)
    ask_around(layer, trials, [4, 4, 4])
    assert first.dtype == torch.float32
    torch.testing.assert_close(layer.apply(V), first, rtol=0, atol=1e-3)


def test_gradients_pass_through_products_as_queries_of_the_other_side() -> None:
    trials = free()
    layers = [gaussian_layer(trials, f"W{index}", 6, 6, variance=1.0) for index in range(2)]
    V = trials.normal("V", 6, 2).requires_grad_()
    loss = layers[1].apply(layers[0].apply(V).relu()).square().sum() / 2
    (gradient,) = torch.autograd.grad(loss, V)
    first, second = (layer.materialise() for layer in layers)
    hidden = first @ V.detach()
    torch.testing.assert_close(
        gradient,
        first.mT @ ((second.mT @ (second @ hidden.relu())) * (hidden > 0)),
        rtol=1e-11,
        atol=1e-11,
    )
