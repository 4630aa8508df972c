"""Trials: the draws of what a statement says "with probability" about, in one batch.

A statement never touches a random generator. It is handed `Trials`, asks it for named tensors, and
gets them with the trials in front. Equal names give equal draws, whatever was asked for before, on
whatever device, and however the trials are split into batches.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, Self

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import randomness
from lemmata.harness.randomness import Key

LayerKind = Literal["dense", "matrix-free"]


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
    """

    key: Key
    count: int
    first: int = 0
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    dtype: torch.dtype = torch.float64
    layers: LayerKind = "dense"
    journal: dict[str, Tensor] | None = field(default=None, compare=False, repr=False)

    def __len__(self) -> int:
        """Return how many trials the batch holds."""
        return self.count

    def normal(self, name: str, *shape: int, variance: float = 1.0) -> Float[Tensor, "trials ..."]:
        r"""Draw independent N(0, variance) entries of shape (trials, \\*shape)."""
        drawn = randomness.normals(
            self.key,
            name,
            *shape,
            first=self.first,
            trials=self.count,
            device=self.device,
            dtype=self.dtype,
        )
        return self._noted(name, drawn if variance == 1.0 else drawn.mul_(variance**0.5))

    def uniform(self, name: str, *shape: int) -> Float[Tensor, "trials ..."]:
        r"""Draw independent uniforms on (0, 1) of shape (trials, \\*shape)."""
        drawn = randomness.uniforms(
            self.key,
            name,
            *shape,
            first=self.first,
            trials=self.count,
            device=self.device,
            dtype=self.dtype,
        )
        return self._noted(name, drawn)

    def sphere(self, name: str, *shape: int) -> Float[Tensor, "trials ..."]:
        r"""Draw independent points, uniform on the unit sphere of the last dimension, of shape
        (trials, \\*shape)."""
        drawn = self.normal(name, *shape)
        return drawn / drawn.norm(dim=-1, keepdim=True)

    def stream(self, name: str) -> Self:
        """Return the same trials with draws of their own.

        An adversary's randomness must not be the network's.
        """
        return replace(self, key=randomness.key_of("stream", name, *self.key))

    def tensor(self, values: object) -> Tensor:
        """Turn plain numbers, the same in every trial, into a tensor of this batch's device and
        dtype (no trial dimension)."""
        return torch.as_tensor(values, device=self.device, dtype=self.dtype)

    def every(self, tensor: Float[Tensor, "..."]) -> Float[Tensor, "trials ..."]:
        """Put the trials in front of a tensor that is the same in all of them, without copying
        it."""
        return tensor.expand(self.count, *tensor.shape)

    def _noted(self, name: str, drawn: Tensor) -> Tensor:
        if self.journal is not None:
            self.journal[name] = drawn.clone()
        return drawn
