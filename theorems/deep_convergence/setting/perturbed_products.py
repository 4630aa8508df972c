"""Products of masked layers with worst-case sparse changes of the masks and small changes of the
weights.

    (W_b + W'_b) (D_{b-1} + D''_{b-1}) (W_{b-1} + W'_{b-1}) ··· (D_a + D''_a) (W_a + W'_a),      (1)

D'' diagonal with at most s non-zeros of a given size, ‖W'‖₂ ≤ ω. It is linear in each D''_l and
each W'_l. The attack sweeps backward through the layers and sets one after the other to its best
given all others and the current pair of singular vectors, then runs forward: the value never falls.
D''_l gets the s largest products of the backward and the forward vector there, W'_l is ω times
theirs, normalised. Values are attained: lower estimates of the supremum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from lemmata.harness import Trials, alike
from lemmata.harness.adversary.balls import keep_largest
from lemmata.harness.layers import Layer


@dataclass(frozen=True, slots=True, kw_only=True)
class Perturbation:
    """D'' and W'_l = ω left rightᵀ of a product's layers, one column an example."""

    diagonals: tuple[Float[Tensor, "trials m n"], ...]
    lefts: tuple[Float[Tensor, "trials m n"], ...]
    rights: tuple[Float[Tensor, "trials m n"], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """W_b (D_{b-1} + D''_{b-1}) W_{b-1} ··· (D_a + D''_a) W_a, for b = L + 1 with W_b = B.

    Attributes:
        layers: W_a, ..., W_b.
        masks: the diagonals of D_a, ..., D_{b-1}.
        free: how many of the layers, from W_a on, are perturbed.
        sparsity: s.
        size: of the entries of D''.
        radius: ω.
    """

    layers: tuple[Layer, ...]
    masks: tuple[Bool[Tensor, "trials m n"], ...]
    free: int
    sparsity: int
    size: float
    radius: float

    def random(self, trials: Trials) -> Perturbation:
        """Draw a point of the set that is attacked."""
        m, n = self.layers[0].cols, self._examples
        drawn = [trials.normal(f"D''/{k}", m, n) for k in range(len(self.masks))]
        return Perturbation(
            diagonals=tuple(
                self.size * keep_largest(one, self.sparsity, dim=1).sign() for one in drawn
            ),
            lefts=tuple(_unit(trials.normal(f"left/{k}", m, n)) for k in range(self.free)),
            rights=tuple(_unit(trials.normal(f"right/{k}", m, n)) for k in range(self.free)),
        )

    def images(
        self, v: Float[Tensor, "trials m n"], at: Perturbation
    ) -> list[Float[Tensor, "trials rows n"]]:
        """Return v, its images before each of the masks, and the image."""
        found, f = [v], v
        for k, layer in enumerate(self.layers):
            g = layer.apply(f)
            if k < self.free:
                g = g + self.radius * at.lefts[k] * (at.rights[k] * f).sum(dim=1, keepdim=True)
            found.append(g)
            f = g if k == len(self.masks) else (self.masks[k] + at.diagonals[k]) * g
        return found

    def transpose(
        self,
        u: Float[Tensor, "trials rows n"],
        images: Sequence[Tensor],
        at: Perturbation,
        *,
        attack: bool,
    ) -> tuple[Float[Tensor, "trials m n"], Perturbation]:
        """Return the transposed product of u, with each W' and D'' set to its best on the way if
        this is an attack.
        """
        lefts, rights, diagonals = list(at.lefts), list(at.rights), list(at.diagonals)
        for k in reversed(range(len(self.layers))):
            if k < self.free and attack:
                f = images[k] if k == 0 else (self.masks[k - 1] + diagonals[k - 1]) * images[k]
                lefts[k], rights[k] = _unit(u), _unit(f)
            t = self.layers[k].apply_transpose(u)
            if k < self.free:
                t = t + self.radius * rights[k] * (lefts[k] * u).sum(dim=1, keepdim=True)
            if k and attack:
                diagonals[k - 1] = (
                    self.size * keep_largest(t * images[k], self.sparsity, dim=1).sign()
                )
            u = t if k == 0 else (self.masks[k - 1] + diagonals[k - 1]) * t
        return u, Perturbation(diagonals=tuple(diagonals), lefts=tuple(lefts), rights=tuple(rights))

    def largest(
        self, trials: Trials, *, attack: bool, rounds: int = 6
    ) -> Float[Tensor, "trials n"]:
        """Return the norm of (1), as far as an ascent from a random point finds it, or that of
        the random point itself.
        """
        other = trials.stream("adversary")
        at, v = self.random(other), self._start(other)
        best = torch.zeros_like(v[:, 0])
        for _ in alike(range(rounds)):
            images = self.images(v, at)
            best = torch.maximum(best, images[-1].norm(dim=1))
            back, at = self.transpose(_unit(images[-1]), images, at, attack=attack)
            v = _unit(back)
        return best

    def largest_change(
        self, trials: Trials, *, attack: bool, rounds: int = 6
    ) -> Float[Tensor, "trials n"]:
        """Return the norm of what (1) differs by from the product without D'' and W', likewise."""
        other, plain = trials.stream("adversary"), replace(self, size=0.0, radius=0.0)
        at, none, v = self.random(other), plain.random(other), self._start(other)
        best = torch.zeros_like(v[:, 0])
        for _ in alike(range(rounds)):
            images, before = self.images(v, at), plain.images(v, none)
            change = images[-1] - before[-1]
            best = torch.maximum(best, change.norm(dim=1))
            back, at = self.transpose(_unit(change), images, at, attack=attack)
            v = _unit(back - plain.transpose(_unit(change), before, none, attack=False)[0])
        return best

    def _start(self, trials: Trials) -> Float[Tensor, "trials m n"]:
        return _unit(trials.normal("v", self.layers[0].cols, self._examples))

    @property
    def _examples(self) -> int:
        return self.masks[0].shape[2] if self.masks else 1


def _unit(x: Float[Tensor, "trials m n"]) -> Float[Tensor, "trials m n"]:
    size = x.norm(dim=1, keepdim=True)
    return torch.where(size == 0, 0.0, x / size)
