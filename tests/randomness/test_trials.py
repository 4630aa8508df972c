"""What trials draw beside normals and uniforms: its range, its dtype, its law."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lemmata.harness import Trials

MANY = 20_000


def trials(count: int = MANY, first: int = 0, dtype: torch.dtype = torch.float64) -> Trials:
    return Trials(key=(3, 5), count=count, first=first, dtype=dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_signs_have_the_dtype_of_the_trials(dtype: torch.dtype) -> None:
    drawn = trials(dtype=dtype).signs("S", 2)
    assert drawn.dtype == dtype
    assert drawn.shape == (MANY, 2)
    assert set(drawn.unique().tolist()) == {-1.0, 1.0}
    up = int((drawn > 0).sum())
    assert stats.binomtest(up, drawn.numel(), 0.5).pvalue > 1e-6


@given(first=st.integers(0, 30), count=st.integers(1, 30))
def test_signs_do_not_depend_on_the_batch(first: int, count: int) -> None:
    whole = trials(64).signs("S", 3)
    assert torch.equal(trials(count, first).signs("S", 3), whole[first : first + count])


@given(low=st.integers(-5, 5), length=st.integers(0, 7))
def test_integers_fill_their_range(low: int, length: int) -> None:
    drawn = trials(2000).integers("n", low, low + length, 2)
    assert drawn.dtype == torch.int64
    assert set(drawn.unique().tolist()) == set(range(low, low + length + 1))


def test_permutations_are_uniform() -> None:
    drawn = trials(6000).permutations("order", 3)
    assert torch.equal(drawn.sort(dim=-1).values, torch.arange(3).expand(6000, 3))
    counts = (drawn @ torch.tensor([9, 3, 1])).unique(return_counts=True)[1]
    assert stats.chisquare(counts.numpy()).pvalue > 1e-6


@pytest.mark.parametrize(
    ("low", "high"), [(-1.0, 2.0), (3.0, math.inf), (-math.inf, -6.0), (5.0, 5.5)]
)
def test_truncated_normals_have_their_law(low: float, high: float) -> None:
    drawn = trials().truncated_normal("g", low=low, high=high)
    assert float(drawn.min()) >= low
    assert float(drawn.max()) <= high
    assert stats.kstest(drawn.numpy(), stats.truncnorm(low, high).cdf).pvalue > 1e-6
