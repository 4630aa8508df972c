"""A journal: the tensors that trials drew, by name, as far as a reader would look at them."""

from __future__ import annotations

import math

from jaxtyping import Shaped
from torch import Tensor


class Journal(dict[str, Tensor]):
    """Drawn tensors by name, with the trials in front.

    Attributes:
        largest: how many numbers a trial may draw; of more, none is kept.
        full: whether it drew more.
    """

    def __init__(self, largest: float = math.inf) -> None:
        super().__init__()
        self.largest = largest
        self.full = False
        self._numbers = 0

    def note(self, name: str, drawn: Shaped[Tensor, "trials ..."]) -> None:
        """Keep a copy of what was drawn."""
        if name not in self:
            self._numbers += math.prod(drawn.shape[1:])
        if self._numbers > self.largest:
            self.full = True
            self.clear()
        if not self.full:
            self[name] = drawn.detach().clone()
