"""More queries than dimensions, as a power iteration asks them.

The matrix is then known, and nothing new is made up.
"""

from __future__ import annotations

import pytest
import torch

from lemmata.harness.adversary import truncated_power
from lemmata.harness.layers import gaussian_layer
from lemmata.harness.randomness import key_of
from lemmata.harness.trials import Trials


@pytest.mark.parametrize("size", [1, 3, 16, 64])
def test_answers_stay_those_of_one_matrix_when_queries_outnumber_dimensions(size: int) -> None:
    trials = Trials(key=key_of("exhausted", size), count=4, layers="matrix-free")
    layer = gaussian_layer(trials, "W", size, size, variance=1.0 / size)
    for attempt in range(4):
        starts = trials.normal(f"starts{attempt}", size, 6)
        truncated_power(
            layer.apply,
            layer.apply_transpose,
            starts,
            sparsity_left=None,
            sparsity_right=max(1, size // 16),
            rounds=10,
        )
    v = trials.normal("v", size, 3)
    answer, W = layer.apply(v), layer.materialise()
    assert float(torch.linalg.matrix_norm(W, 2).max()) < 6.0
    assert torch.allclose(W @ v, answer, rtol=0, atol=1e-10 * float(v.norm()))
