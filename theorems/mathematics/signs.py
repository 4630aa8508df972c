"""Signs: means over all of them are exact, and need no draws."""

from __future__ import annotations

import itertools

from jaxtyping import Float
from torch import Tensor


def sign_vectors(m: int, like: Tensor) -> Float[Tensor, "signs m"]:
    """Return all 2^m vectors of signs, with the device and dtype of ``like``."""
    return like.new_tensor(list(itertools.product((-1.0, 1.0), repeat=m)))
