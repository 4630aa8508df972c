"""Work: tensors are measured before memory is taken, where that was asked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from lemmata.harness.work import TooLargeError, counted, drawing, tensors_of_at_most

CPU = torch.device("cpu")
MADE: dict[str, Callable[[int], object]] = {
    "zeros": lambda m: torch.zeros(m, m),
    "ones": lambda m: torch.ones((m, m)),
    "full": lambda m: torch.full((m, m), 2.0),
    "empty": lambda m: torch.empty(m, m),
    "eye": torch.eye,
    "new": lambda m: torch.ones(1).new_zeros(m, m),
    "repeat": lambda m: torch.ones(1).repeat(m, m),
    "outer": lambda m: torch.ones(m)[:, None] * torch.ones(m)[None, :],
    "difference": lambda m: torch.ones(m, 1) - torch.ones(m),
    "product": lambda m: torch.ones(m, 1) @ torch.ones(1, m),
    "batched product": lambda m: torch.ones(2, m, 1) @ torch.ones(2, 1, m),
    "comparison": lambda m: torch.ones(m)[:, None] < torch.ones(m),
}


def _draw(m: int) -> None:
    with drawing(m * m):
        raise AssertionError("nothing is drawn")


MADE["draw"] = _draw


@pytest.mark.parametrize("name", MADE)
def test_what_is_too_large_is_refused_before_it_is_made(name: str) -> None:
    with tensors_of_at_most(1e9), counted(CPU), pytest.raises(TooLargeError, match="one tensor"):
        MADE[name](10**6)


@pytest.mark.parametrize("name", [name for name in MADE if name != "draw"])
def test_what_is_small_enough_is_made(name: str) -> None:
    with tensors_of_at_most(1e9), counted(CPU):
        MADE[name](10)


def test_outside_of_the_block_nothing_is_refused() -> None:
    with tensors_of_at_most(8.0), counted(CPU), pytest.raises(TooLargeError):
        torch.zeros(3)
    with counted(CPU) as footprint:
        torch.zeros(3)
    assert footprint.longest == 3
