"""Counter-based random numbers: any draw of any trial, alone or in a batch, on CPU or CUDA.

Summary ------- Bits come from Philox4x64-10 (Salmon et al., "Parallel random numbers: as easy as 1,
2, 3", SC 2011). The 128-bit key is a hash of what is being drawn for (part, instance, run entropy,
stream); the 256-bit counter holds the position. A tensor that needs ``b`` blocks of four words a
trial occupies the counters ``trial * b ... trial * b + b - 1`` in its low word and a hash of the
tensor's name in its high ones, so that

* a batch of consecutive trials is one contiguous run of counters, drawn in one call;
* any trial can be drawn again alone, and a batch's size cannot change a trial;
* two tensors, streams or instances never share a counter under one key.

Normals are made in pairs by Box-Muller. numpy's generator supplies the bits on CPU; elsewhere the
same integer arithmetic runs in torch. The bits agree exactly; logarithm, sine and cosine may round
differently from device to device.

Notation: ``key = (k0, k1)``, ``counter = (c0, c1, c2, c3)``, all unsigned 64-bit words.
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

Key: TypeAlias = tuple[int, int]

_WORD = (1 << 64) - 1
_MULTIPLIERS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
_WEYL = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)
_ROUNDS = 10
_INTERNAL_DTYPE = torch.float64
_GROUP = 1 << 14
_ONE = 0x3FF << 52
"""The bits of 1.0 in float64."""


def key_of(*what: str | int | float) -> Key:
    """Return the 128-bit key that belongs to ``what``.

    Equal words give equal keys on every machine.

    Raises:
        TypeError: a word is not plain text or a plain number.
    """
    for word in what:
        if not isinstance(word, str | int | float):
            raise TypeError(
                f"a key is made of text and numbers; got {word!r} of type {type(word).__name__}"
            )
    digest = hashlib.blake2b(json.dumps(what, allow_nan=False).encode(), digest_size=16).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


def random_words(
    key: Key, tensor: str, *, first: int, trials: int, words: int, device: torch.device
) -> Int64[Tensor, "trials words"]:
    """Draw ``words`` 64-bit words for each of the trials ``first, ..., first + trials - 1``.

    Args:
        key: from :func:`key_of`.
        tensor: name of the tensor that the words are for.
        first: index of the first trial.
        trials: how many consecutive trials.
        words: how many words a trial.
        device: where the words are made.

    Returns:
        The words as signed integers (torch has no full unsigned 64-bit arithmetic).

    Raises:
        ValueError: a negative index or size.
    """
    if min(first, trials, words) < 0:
        raise ValueError(
            f"sizes and indices of random words must not be negative; got first={first}, "
            f"trials={trials}, words={words}"
        )
    blocks = -(-words // 4)
    name = key_of("tensor", tensor)
    if trials * blocks == 0:
        return torch.empty((trials, words), dtype=torch.int64, device=device)
    if device.type == "cpu":
        drawn = _words_by_numpy(key, name, first * blocks, trials * blocks)
    else:
        drawn = philox(key, (first * blocks, 0, *name), trials * blocks, device)
    return drawn.reshape(trials, 4 * blocks)[:, :words]


def uniforms(
    key: Key,
    tensor: str,
    *shape: int,
    first: int,
    trials: int,
    device: torch.device,
    dtype: torch.dtype,
) -> Float[Tensor, "trials ..."]:
    r"""Draw independent uniforms on the open interval (0, 1), 52 bits each, of shape (trials,
    \\*shape).
    """
    words = random_words(
        key, tensor, first=first, trials=trials, words=math.prod(shape), device=device
    )
    return _open_unit(words).to(dtype).reshape(trials, *shape)


def normals(
    key: Key,
    tensor: str,
    *shape: int,
    first: int,
    trials: int,
    device: torch.device,
    dtype: torch.dtype,
) -> Float[Tensor, "trials ..."]:
    r"""Draw independent standard normals of shape (trials, \\*shape) by Box-Muller, two from
    each pair of words.
    """
    count = math.prod(shape)
    width = 2 * -(-count // 2)
    words = random_words(key, tensor, first=first, trials=trials, words=width, device=device)
    drawn = torch.empty((trials, width), dtype=_INTERNAL_DTYPE, device=device)
    # A trial's words are cut into groups, the first half of a group giving radii and the second
    # angles: on a CPU a group stays in the cache.
    rows = max(1, _GROUP // max(1, width)) if device.type == "cpu" else max(1, trials)
    for left in range(0, width, _GROUP):
        right = min(left + _GROUP, width)
        for top in range(0, trials, rows):
            _box_muller(words[top : top + rows, left:right], drawn[top : top + rows, left:right])
    return drawn[:, :count].to(dtype).reshape(trials, *shape)


def _box_muller(words: Int64[Tensor, "trials group"], drawn: Float[Tensor, "trials group"]) -> None:
    half = words.shape[1] // 2
    radius = _open_unit(words[:, :half]).log_().mul_(-2.0).sqrt_()
    angle = _open_unit(words[:, half:]).mul_(2.0 * math.pi)
    torch.cos(angle, out=drawn[:, :half]).mul_(radius)
    torch.sin(angle, out=drawn[:, half:]).mul_(radius)


def philox(
    key: Key, counter: tuple[int, int, int, int], blocks: int, device: torch.device
) -> Int64[Tensor, "words"]:
    """Run Philox4x64-10 in torch's integer arithmetic on ``blocks`` successive counters.

    Four words a counter, in order.

    The products of the round function need the high half of a 128-bit product, which is put
    together from 32-bit halves.
    """
    if counter[0] + blocks > _WORD:
        raise ValueError(
            f"the counter {counter[0]} + {blocks} leaves its 64-bit word: draw fewer trials or "
            "smaller tensors"
        )
    c0 = torch.arange(blocks, dtype=torch.int64, device=device) + _signed(counter[0])
    c1, c2, c3 = (torch.full_like(c0, _signed(word)) for word in counter[1:])
    k0, k1 = key
    for _ in range(_ROUNDS):
        high0, low0 = _wide_product(_MULTIPLIERS[0], c0)
        high1, low1 = _wide_product(_MULTIPLIERS[1], c2)
        c0, c1, c2, c3 = high1 ^ c1 ^ _signed(k0), low1, high0 ^ c3 ^ _signed(k1), low0
        k0, k1 = (k0 + _WEYL[0]) & _WORD, (k1 + _WEYL[1]) & _WORD
    return torch.stack((c0, c1, c2, c3), dim=-1).reshape(-1)


def _words_by_numpy(key: Key, name: Key, start: int, blocks: int) -> Int64[Tensor, "words"]:
    # numpy steps its counter before it draws, so that the first block comes from `counter + 1`.
    position = (start + (name[0] << 128) + (name[1] << 192) - 1) % (1 << 256)
    counter = np.array(
        [(position >> shift) & _WORD for shift in (0, 64, 128, 192)], dtype=np.uint64
    )
    generator = np.random.Philox(counter=counter, key=np.array(key, dtype=np.uint64))
    return torch.from_numpy(generator.random_raw(4 * blocks).view(np.int64))


def _open_unit(words: Int64[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Return (k + ½) 2⁻⁵², k the upper 52 bits: neither 0 nor 1, so that the logarithm is finite.

    The bits are a number's in [1, 2), from which 1 - 2⁻⁵³ is taken exactly.
    """
    if words.device.type == "cpu":  # numpy shifts unsigned words, and faster than torch does
        upper = words.numpy().view(np.uint64) >> np.uint64(12)
        bits = torch.from_numpy(np.bitwise_or(upper, np.uint64(_ONE), out=upper).view(np.int64))
    else:
        bits = (words >> 12).bitwise_and_((1 << 52) - 1).bitwise_or_(_ONE)
    return bits.view(_INTERNAL_DTYPE).sub_(1.0 - 2.0**-53)


def _wide_product(
    multiplier: int, x: Int64[Tensor, "n"]
) -> tuple[Int64[Tensor, "n"], Int64[Tensor, "n"]]:
    """High and low words of the unsigned product of a constant and each entry."""
    mask = 0xFFFFFFFF
    m_high, m_low = multiplier >> 32, multiplier & mask
    x_high, x_low = (x >> 32) & mask, x & mask
    low_low, low_high, high_low = x_low * m_low, x_low * m_high, x_high * m_low
    middle = ((low_low >> 32) & mask) + (low_high & mask) + (high_low & mask)
    high = (
        x_high * m_high
        + ((low_high >> 32) & mask)
        + ((high_low >> 32) & mask)
        + ((middle >> 32) & mask)
    )
    return high, x * _signed(multiplier)


def _signed(word: int) -> int:
    return word - (1 << 64) if word >= 1 << 63 else word
