"""Counting: steps that are alike are counted once, and tensors are measured before memory is
taken, where that was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import astuple

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils._python_dispatch import _get_current_dispatch_mode

from lemmata.harness.counting import (
    Footprint,
    TooLargeError,
    alike,
    counted,
    drawing,
    tensors_of_at_most,
)
from lemmata.harness.modes import EagerMode
from lemmata.harness.stochastic import StochasticArithmetic

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


def _loop(steps: Iterable[int], inner: Callable[[Iterable[int]], Iterable[int]]) -> torch.Tensor:
    x = torch.ones(3)
    for _ in steps:
        x = x.cos() + torch.eye(3) @ x
        for _ in inner(range(4)):
            x = x * 0.5
    return x.sin()


def _footprint(block: Callable[[], object]) -> Footprint:
    with counted(CPU) as footprint:
        block()
    return footprint


@given(st.integers(0, 12))
def test_steps_that_are_alike_are_counted_as_all_steps_are(steps: int) -> None:
    whole = _footprint(lambda: _loop(range(steps), iter))
    for block in (
        lambda: _loop(alike(range(steps)), iter),
        lambda: _loop(range(steps), alike),
        lambda: _loop(alike(range(steps)), alike),
    ):
        assert astuple(_footprint(block)) == pytest.approx(astuple(whole))


@given(steps=st.integers(1, 9), last=st.integers(0, 8), raises=st.booleans())
def test_a_loop_that_ends_early_is_counted_so_far_and_what_follows_is(
    steps: int, last: int, raises: bool
) -> None:
    def block(steps_of: Callable[[Iterable[int]], Iterable[int]]) -> None:
        x = torch.ones(3)
        try:
            for step in steps_of(range(steps)):
                x = x.cos()
                if step == last and raises:
                    raise ArithmeticError
                if step == last:
                    break
        except ArithmeticError:
            pass
        x.sin()

    whole = _footprint(lambda: block(iter))
    assert astuple(_footprint(lambda: block(alike))) == astuple(whole)


def test_a_loop_that_nobody_closed_leaves_no_mode_behind() -> None:
    steps = iter(alike(range(9)))
    with counted(CPU) as outer:
        with counted(CPU) as inner:
            for _ in range(5):
                torch.zeros(next(steps))
        torch.zeros(3)
    assert _get_current_dispatch_mode() is None
    del steps
    assert _get_current_dispatch_mode() is None
    assert outer.overhead > 0
    assert inner.overhead == 5000.0
    assert _footprint(lambda: torch.zeros(3)).overhead == 1000.0


def test_a_count_inside_of_a_count_is_part_of_it() -> None:
    with counted(CPU) as outer:
        inner = _footprint(lambda: _loop(alike(range(9)), alike))
        torch.zeros(3)
    assert outer.overhead == inner.overhead + 1000.0


def test_the_steps_are_those_that_were_given() -> None:
    assert list(alike("abcd")) == list("abcd")
    with counted(CPU):
        assert list(alike("abcd")) == list("abcd")
        assert list(alike("")) == []
        assert list(alike("a")) == ["a"]


def test_under_a_mode_of_somebody_else_every_step_is_counted() -> None:
    class Watching(EagerMode):
        seen = 0

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
            Watching.seen += 1
            return func(*args, **(kwargs or {}))

    with counted(CPU) as footprint, Watching():
        _loop(alike(range(9)), iter)
    assert astuple(footprint) == astuple(_footprint(lambda: _loop(range(9), iter)))
    assert Watching.seen == footprint.overhead / 1000.0


def test_steps_that_are_alike_are_all_a_little_wrong() -> None:
    with StochasticArithmetic(3):
        wrong = _loop(alike(range(9)), iter)
    with StochasticArithmetic(3):
        assert torch.equal(wrong, _loop(range(9), iter))
    assert not torch.equal(wrong, _loop(range(9), iter))


def test_random_numbers_have_a_fixed_price() -> None:
    def block() -> None:
        with drawing(100):
            torch.ones(100).cos().sin()
        torch.zeros(3)

    footprint = _footprint(block)
    assert footprint.overhead == 2000.0
    assert footprint.elements == 10.0 * 100 + 3
    assert footprint.longest == 100
