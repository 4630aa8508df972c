"""The concept class of two layers, f*_r(x) = Σ a*_{r,i} φ(⟨w*_{1,i}, x⟩) ⟨w*_{2,i}, x⟩."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Trials
from lemmata.harness.randomness import key_of
from lemmata.theorems.beyond_two_layers.setting.activations import Activation

Rows = list[list[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A target, the same for all sizes of the learner.

    Attributes:
        phi: φ; a random series is not evaluated.
        amplitude: multiplies φ. frequency: multiplies its argument.
        terms: p. outputs: k. dimension: d.
        number: tells targets of one shape apart.
    """

    phi: Activation
    amplitude: float = 1.0
    frequency: float = 1.0
    terms: int = 1
    outputs: int = 1
    dimension: int = 4
    number: int = 0

    def activation(self, z: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Return φ(z)."""
        made: dict[str, Callable[[Tensor], Tensor]] = {
            "power": lambda t: t**self.phi.degree,
            "sine": torch.sin,
            "cosine": torch.cos,
            "exponential": torch.exp,
            "tanh": torch.tanh,
        }
        return self.amplitude * made[self.phi.family](self.frequency * z)

    def weights(self, like: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return W*_1, W*_2 (p, d) and a* (k, p)."""
        one, two, a = _weights(self.terms, self.outputs, self.dimension, self.number)
        return like.new_tensor(one), like.new_tensor(two), like.new_tensor(a)

    def values(self, x: Float[Tensor, "... d"]) -> Float[Tensor, "... k"]:
        """Return f*(x)."""
        one, two, a = self.weights(x)
        return (self.activation(x @ one.mT) * (x @ two.mT)) @ a.mT


@cache
def _weights(terms: int, outputs: int, dimension: int, number: int) -> tuple[Rows, Rows, Rows]:
    drawn = Trials(key=key_of("target", terms, outputs, dimension, number), count=1)
    one, two = (drawn.sphere(name, terms, dimension)[0] for name in ("one", "two"))
    a = drawn.signs("a", outputs, terms)[0]
    return one.tolist(), two.tolist(), a.tolist()
