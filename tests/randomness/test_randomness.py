"""The generator draws the same bits everywhere, and any trial alone as in any batch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lemmata.harness.randomness import key_of, philox, random_words, uniforms
from lemmata.harness.trials import Trials

CPU = torch.device("cpu")
MANY = Trials(key=key_of("test", "many"), count=1000)
fast = settings(max_examples=50, deadline=None, derandomize=True, database=None)
words = st.integers(0, 2**64 - 1)


def trials(count: int, first: int = 0) -> Trials:
    return Trials(key=key_of("test", "randomness"), count=count, first=first)


@fast
@given(
    key=st.tuples(words, words),
    counter=st.tuples(st.integers(0, 2**62), words, words, words),
    blocks=st.integers(1, 9),
)
def test_philox_in_torch_draws_the_bits_of_numpy(
    key: tuple[int, int], counter: tuple[int, int, int, int], blocks: int
) -> None:
    position = (sum(word << 64 * index for index, word in enumerate(counter)) - 1) % 2**256
    start = np.array(
        [position >> shift & (2**64 - 1) for shift in (0, 64, 128, 192)], dtype=np.uint64
    )
    expected = np.random.Philox(counter=start, key=np.array(key, dtype=np.uint64)).random_raw(
        4 * blocks
    )
    assert np.array_equal(philox(key, counter, blocks, CPU).numpy().view(np.uint64), expected)


@fast
@given(first=st.integers(0, 2**40), count=st.integers(1, 5), size=st.integers(1, 11))
def test_the_two_generators_agree_on_what_a_tensor_is_made_of(
    first: int, count: int, size: int
) -> None:
    key, blocks = key_of("test"), -(-size // 4)
    drawn = philox(key, (first * blocks, 0, *key_of("tensor", "x")), count * blocks, CPU).reshape(
        count, -1
    )[:, :size]
    assert torch.equal(
        random_words(key, "x", first=first, trials=count, words=size, device=CPU), drawn
    )


@fast
@given(
    count=st.integers(1, 20),
    index=st.integers(0, 19),
    shape=st.lists(st.integers(1, 5), max_size=3),
)
def test_a_trial_is_drawn_alone_as_in_any_batch(count: int, index: int, shape: list[int]) -> None:
    index %= count
    for draw in ("normal", "uniform"):
        batch, alone = (
            getattr(some, draw)("x", *shape) for some in (trials(count), trials(1, first=index))
        )
        assert torch.equal(batch[index : index + 1], alone)


@fast
@given(count=st.integers(2, 20), split=st.integers(1, 19), size=st.integers(1, 9))
def test_splitting_a_batch_changes_nothing(count: int, split: int, size: int) -> None:
    split = 1 + split % (count - 1) if count > 2 else 1
    pieces = trials(split).sphere("x", size), trials(count - split, first=split).sphere("x", size)
    torch.testing.assert_close(
        torch.cat(pieces), trials(count).sphere("x", size), rtol=0, atol=1e-15
    )


@fast
@given(
    st.lists(
        st.one_of(
            st.text(max_size=4), st.integers(), st.floats(allow_nan=False, allow_infinity=False)
        ),
        max_size=4,
        unique=True,
    )
)
def test_keys_are_reproducible_and_tell_their_words_apart(what: list[str | int | float]) -> None:
    assert key_of(*what) == key_of(*what)
    assert key_of(*what) != key_of(*what, "more")


def test_a_key_is_the_same_on_every_machine() -> None:
    assert key_of("ALS-04", 3, 0.5) == (10199680158943104027, 13404393730610579732)


@pytest.mark.parametrize(
    "other",
    [MANY.stream("s"), Trials(key=key_of("test", "other"), count=1000)],
    ids=["stream", "key"],
)
def test_distinct_streams_and_keys_draw_independently(other: Trials) -> None:
    first, second = MANY.normal("x", 10), other.normal("x", 10)
    assert not (first == second).any()
    assert abs(float((first * second).mean())) < 5 * 10_000**-0.5


def test_distinct_names_draw_independently() -> None:
    first, second = MANY.normal("x", 10), MANY.normal("y", 10)
    assert not (first == second).any()
    assert abs(float((first * second).mean())) < 5 * 10_000**-0.5


def test_neighbouring_trials_and_entries_are_uncorrelated() -> None:
    x = MANY.normal("x", 101)
    for product in (x[1:] * x[:-1], x[:, 1:] * x[:, :-1], x[:, :50] * x[:, 51:], x**2 - 1):
        assert abs(float(product.mean())) < 5 * float(product.std()) * product.numel() ** -0.5


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_uniforms_and_normals_have_their_law(size: int) -> None:
    assert stats.kstest(MANY.uniform("x", size).flatten().numpy(), stats.uniform.cdf).pvalue > 1e-4
    assert stats.kstest(MANY.normal("x", size).flatten().numpy(), stats.norm.cdf).pvalue > 1e-4
    assert (
        stats.kstest(
            MANY.normal("x", size, variance=4.0).flatten().numpy(), stats.norm(scale=2.0).cdf
        ).pvalue
        > 1e-4
    )


def test_points_of_the_sphere_are_unit_and_uniform() -> None:
    points = MANY.sphere("x", 3, 3)
    torch.testing.assert_close(points.norm(dim=-1), torch.ones(1000, 3, dtype=torch.float64))
    assert stats.kstest(points[..., 1].flatten().numpy(), stats.uniform(-1, 2).cdf).pvalue > 1e-4


def test_uniforms_never_leave_the_open_interval() -> None:
    drawn = uniforms(
        key_of("test"), "x", 10_000, first=0, trials=10, device=CPU, dtype=torch.float64
    )
    assert 0 < float(drawn.min()) < float(drawn.max()) < 1


def test_drawing_leaves_the_global_generators_alone() -> None:
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    MANY.normal("x", 10)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002


def test_the_dtype_rounds_the_same_draw() -> None:
    narrow = Trials(key=MANY.key, count=3, dtype=torch.float32).normal("x", 5)
    assert torch.equal(narrow, Trials(key=MANY.key, count=3).normal("x", 5).to(torch.float32))


def test_mistakes_are_refused() -> None:
    with pytest.raises(TypeError, match="made of text and numbers"):
        key_of(["a list"])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="must not be negative; got first=-1"):
        random_words(key_of("test"), "x", first=-1, trials=1, words=1, device=CPU)
    with pytest.raises(ValueError, match="leaves its 64-bit word"):
        philox(key_of("test"), (2**64 - 1, 0, 0, 0), 2, CPU)
