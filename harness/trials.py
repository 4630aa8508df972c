"""Trials: the draws of what a statement says "with probability" about, in one batch.

A statement never touches a random generator. It is handed `Trials`, asks it for named tensors, and
gets them with the trials in front. Equal names give equal draws, whatever was asked for before, on
whatever device, and however the trials are split into batches.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, Self

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from lemmata.harness import randomness
from lemmata.harness.counting import drawing
from lemmata.harness.journal import Journal
from lemmata.harness.randomness import Key

LayerKind = Literal["dense", "matrix-free"]

Moved = Callable[[Key, str, Literal["normal", "uniform"], Tensor], Tensor]
"""What stands in for a draw: given its key, name and law, and the standard draw itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """A run of consecutive trials of one stream of one instance.

    Attributes:
        key: what the draws belong to (part, instance, run entropy, stream).
        first: index of the first trial.
        count: how many trials the batch holds.
        device: where tensors are made.
        dtype: of the tensors; float64 unless a statement says otherwise.
        layers: how Gaussian weight matrices are represented (see `lemmata.harness.layers`).
        journal: where drawn tensors are noted by name, for replaying; None not to.
        asked: where the names of what was asked for are noted; None not to.
        moved: what an ascent over the draws puts in their place; None for the draws themselves.
    """

    key: Key
    count: int
    first: int = 0
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    dtype: torch.dtype = torch.float64
    layers: LayerKind = "dense"
    journal: Journal | None = field(default=None, compare=False, repr=False)
    asked: set[str] | None = field(default=None, compare=False, repr=False)
    moved: Moved | None = field(default=None, compare=False, repr=False)

    def __len__(self) -> int:
        """Return how many trials the batch holds."""
        return self.count

    def normal(self, name: str, *shape: int, variance: float = 1.0) -> Float[Tensor, "trials ..."]:
        r"""Draw independent N(0, variance) entries of shape (trials, \\*shape)."""
        with drawing(self.count * math.prod(shape)):
            drawn = randomness.normals(
                self.key,
                name,
                *shape,
                first=self.first,
                trials=self.count,
                device=self.device,
                dtype=self.dtype,
            )
        if self.moved is not None:
            drawn = self.moved(self.key, name, "normal", drawn)
            return self._noted(name, drawn if variance == 1.0 else drawn * variance**0.5)
        return self._noted(name, drawn if variance == 1.0 else drawn.mul_(variance**0.5))

    def uniform(self, name: str, *shape: int) -> Float[Tensor, "trials ..."]:
        r"""Draw independent uniforms on (0, 1) of shape (trials, \\*shape)."""
        drawn = self._uniform(name, *shape)
        if self.moved is not None:
            drawn = self.moved(self.key, name, "uniform", drawn)
        return self._noted(name, drawn)

    def sphere(self, name: str, *shape: int) -> Float[Tensor, "trials ..."]:
        r"""Draw independent points, uniform on the unit sphere of the last dimension.

        They have the shape (trials, \\*shape).
        """
        drawn = self.normal(name, *shape)
        return drawn / drawn.norm(dim=-1, keepdim=True)

    def signs(self, name: str, *shape: int) -> Float[Tensor, "trials ..."]:
        r"""Draw independent signs, -1 or 1 with equal probability, of shape (trials, \\*shape)."""
        drawn = torch.where(self._uniform(name, *shape) < 0.5, -1.0, 1.0)
        return self._noted(name, drawn.to(self.dtype))

    def integers(self, name: str, low: int, high: int, *shape: int) -> Int64[Tensor, "trials ..."]:
        r"""Draw independent integers, uniform on low, ..., high, of shape (trials, \\*shape).

        Their probabilities are equal to (high - low + 1) · 2⁻⁵².

        Raises:
            ValueError: high is below low, or more than 2³² values lie between.
        """
        if not low <= high < low + (1 << 32):
            raise ValueError(f"integers need low ≤ high, at most 2³² apart; got {low} and {high}")
        unit = self._uniform(name, *shape).double()
        return self._noted(name, (unit * (high - low + 1)).floor().long() + low)

    def permutations(self, name: str, n: int, *shape: int) -> Int64[Tensor, "trials ... n"]:
        r"""Draw independent uniform permutations of 0, ..., n - 1, shape (trials, \\*shape, n)."""
        return self._noted(name, self._uniform(name, *shape, n).double().argsort(dim=-1))

    def truncated_normal(
        self, name: str, *shape: int, low: float = -math.inf, high: float = math.inf
    ) -> Float[Tensor, "trials ..."]:
        r"""Draw independent N(0, 1) entries on the condition that they lie in [low, high].

        They have the shape (trials, \\*shape), and come from the inverse distribution function, on
        the side where its digits are.

        Raises:
            ValueError: low is not below high.
        """
        if not low < high:
            raise ValueError(f"a truncated normal needs low < high; got {low} and {high}")
        if low > 0:
            return -self.truncated_normal(name, *shape, low=-high, high=-low)
        unit = self.uniform(name, *shape).double()
        below, above = (
            0.5 * math.erfc(-end / math.sqrt(2.0)) if math.isfinite(end) else float(end > 0)
            for end in (low, high)
        )
        drawn = torch.special.ndtri(below + (above - below) * unit).clamp(low, high)
        return self._noted(name, drawn.to(self.dtype))

    def stream(self, name: str) -> Self:
        """Return the same trials with draws of their own.

        An adversary's randomness must not be the network's.
        """
        return replace(self, key=randomness.key_of("stream", name, *self.key))

    def tensor(self, values: object) -> Tensor:
        """Turn plain numbers, the same in every trial, into a tensor of this batch's device.

        It has the batch's dtype and no trial dimension.
        """
        return torch.as_tensor(values, device=self.device, dtype=self.dtype)

    def every(self, tensor: Float[Tensor, "..."]) -> Float[Tensor, "trials ..."]:
        """Put the trials in front of a tensor that is the same in all of them, without a copy."""
        return tensor.expand(self.count, *tensor.shape)

    def _uniform(self, name: str, *shape: int) -> Float[Tensor, "trials ..."]:
        with drawing(self.count * math.prod(shape)):
            return randomness.uniforms(
                self.key,
                name,
                *shape,
                first=self.first,
                trials=self.count,
                device=self.device,
                dtype=self.dtype,
            )

    def _noted(self, name: str, drawn: Tensor) -> Tensor:
        if self.asked is not None:
            self.asked.add(name)
        if self.journal is not None:
            self.journal.note(name, drawn)
        return drawn
