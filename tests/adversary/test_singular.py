"""Top singular pairs and sparse suprema against brute force and planted maxima."""

from __future__ import annotations

from itertools import combinations

import pytest
import torch
from torch import Tensor

from lemmata.harness.adversary import SingularPair, top_singular_pair, truncated_power
from lemmata.harness.layers import gaussian_layer
from lemmata.harness.randomness import key_of
from lemmata.harness.trials import Trials

TRIALS = Trials(key=key_of("test", "singular"), count=8)


def products(M: Tensor) -> tuple[object, object]:
    return (lambda V: M @ V), (lambda U: M.mT @ U)


def assert_attained(pair: SingularPair, M: Tensor) -> None:
    ones = torch.ones(len(M), dtype=M.dtype)
    torch.testing.assert_close(pair.left.norm(dim=1), ones)
    torch.testing.assert_close(pair.right.norm(dim=1), ones)
    torch.testing.assert_close(
        torch.einsum("ti,tij,tj->t", pair.left, M, pair.right).abs(), pair.value
    )


def largest_block(M: Tensor, left: int, right: int) -> Tensor:
    """Return the largest singular value of all left × right blocks, by brute force."""
    blocks = [
        M[:, list(i)][:, :, list(j)]
        for i in combinations(range(M.shape[1]), left)
        for j in combinations(range(M.shape[2]), right)
    ]
    return torch.linalg.matrix_norm(torch.stack(blocks), 2).amax(0)


@pytest.mark.parametrize("rows", [12, 30])
def test_lanczos_finds_the_top_singular_value_in_ten_rounds(rows: int) -> None:
    M = TRIALS.normal("M", rows, 20)
    pair = top_singular_pair(*products(M), TRIALS.normal("start", 20), rounds=10)
    truth = torch.linalg.matrix_norm(M, 2)
    assert_attained(pair, M)
    assert (pair.value <= truth * (1 + 1e-12)).all()
    assert (pair.value >= 0.99 * truth).all()


def test_lanczos_is_exact_once_the_krylov_space_is_exhausted() -> None:
    M = TRIALS.normal("left", 9, 2) @ TRIALS.normal("right", 7, 2).mT
    pair = top_singular_pair(*products(M), TRIALS.normal("start", 7), rounds=7)
    assert_attained(pair, M)
    torch.testing.assert_close(pair.value, torch.linalg.matrix_norm(M, 2))


def test_lanczos_of_zero_is_zero() -> None:
    M = torch.zeros(2, 4, 3, dtype=torch.float64)
    pair = top_singular_pair(*products(M), torch.ones(2, 3, dtype=torch.float64), rounds=3)
    assert pair.value.tolist() == [0.0, 0.0]


@pytest.mark.parametrize(("left", "right"), [(2, 2), (1, 3), (3, 1), (1, 1)])
def test_truncated_power_finds_small_sparse_maxima(left: int, right: int) -> None:
    M = TRIALS.normal("M", 8, 7)
    pair = truncated_power(
        *products(M),
        TRIALS.normal("starts", 7, 40),
        sparsity_left=left,
        sparsity_right=right,
        rounds=8,
    )
    truth = largest_block(M, left, right)
    assert_attained(pair, M)
    assert ((pair.left != 0).sum(1) <= left).all()
    assert ((pair.right != 0).sum(1) <= right).all()
    assert (pair.value <= truth * (1 + 1e-12)).all()
    assert (pair.value >= 0.99 * truth).all()


def test_truncated_power_recovers_a_planted_sparse_pair_in_six_starts() -> None:
    support = torch.zeros(60, dtype=torch.float64)
    support[[3, 14, 15, 59]] = 0.5
    M = 8.0 * torch.outer(support, support) + 0.2 * TRIALS.normal("noise", 60, 60)
    pair = truncated_power(
        *products(M), TRIALS.normal("starts", 60, 6), sparsity_left=4, sparsity_right=4, rounds=10
    )
    assert (pair.value >= 0.99 * torch.einsum("i,tij,j->t", support, M, support)).all()
    assert ((pair.right != 0) == (support != 0)).all()


def test_truncated_power_with_a_free_left_side_bounds_images_of_sparse_vectors() -> None:
    M = TRIALS.normal("M", 8, 7)
    pair = truncated_power(
        *products(M), TRIALS.normal("starts", 7, 40), sparsity_left=None, sparsity_right=2, rounds=8
    )
    truth = largest_block(M, 8, 2)
    assert (pair.value <= truth * (1 + 1e-12)).all()
    assert (pair.value >= 0.99 * truth).all()


def test_both_searches_run_on_products_of_matrix_free_layers() -> None:
    trials = Trials(key=TRIALS.key, count=3, layers="matrix-free")
    first, second = (
        gaussian_layer(trials, name, 30, 30, variance=1 / 30) for name in ("first", "second")
    )
    mask = trials.uniform("mask", 30) < 0.5
    second = second.restrict(cols=mask)

    def apply(V: Tensor) -> Tensor:
        return second.apply(first.apply(V))

    def apply_transpose(U: Tensor) -> Tensor:
        return first.apply_transpose(second.apply_transpose(U))

    top = top_singular_pair(apply, apply_transpose, trials.normal("start", 30), rounds=12)
    sparse = truncated_power(
        apply,
        apply_transpose,
        trials.normal("starts", 30, 6),
        sparsity_left=3,
        sparsity_right=3,
        rounds=6,
    )
    M = second.materialise() @ first.materialise()
    assert_attained(top, M)
    assert_attained(sparse, M)
    assert (top.value >= 0.99 * torch.linalg.matrix_norm(M, 2)).all()


def test_mistakes_are_refused() -> None:
    M = TRIALS.normal("M", 3, 3)
    with pytest.raises(ValueError, match="rounds must be at least 1; got 0"):
        top_singular_pair(*products(M), M[:, 0], rounds=0)
    with pytest.raises(
        ValueError, match="sparsity_right must be at least 1, or None for a free side; got 0"
    ):
        truncated_power(*products(M), M, sparsity_left=None, sparsity_right=0, rounds=1)
    with pytest.raises(ValueError, match="at least one start"):
        truncated_power(*products(M), M[..., :0], sparsity_left=None, sparsity_right=1, rounds=1)
