"""Products of masked layers at initialisation, as operators.

What the lemmas on intermediate products are about.

For one trial and example i, with the masks D_{i,l} of the forward pass,

    M_{i,a,b} = W_b D_{i,b-1} W_{b-1} ··· D_{i,a} W_a,    1 ≤ a ≤ b ≤ L.    (1)

Dense layers are multiplied out, which is cheaper than running hundreds of vectors through all of
them and lets an adversary read columns and entries; of matrix-free layers only products with blocks
of vectors are taken. Masks differ from example to example: in a batch of products the examples
count as further trials. Every norm below is attained by vectors that were found, so that it is a
lower estimate of a supremum: it may refute an upper bound, never certify one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from hypothesis import strategies as st
from jaxtyping import Bool, Float
from torch import Tensor

from lemmata.harness import Trials
from lemmata.harness.adversary import top_singular_pair, truncated_power
from lemmata.harness.layers import Layer
from lemmata.strategies import sizes
from lemmata.theorems.deep_convergence.setting.network import DeepReluNet, Network, Signals

ROUNDS = 10
"""Of the Lanczos iteration for a spectral norm: within a per cent at these widths."""

SPARSE_ROUNDS = 4
RANDOM_STARTS = 3
COLUMN_STARTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Explicit:
    """M_{i,a,b}, multiplied out.

    A batch holds the examples of the first trial, then of the second, ...
    """

    matrix: Float[Tensor, "batch rows cols"]

    def apply(self, V: Float[Tensor, "batch cols k"]) -> Float[Tensor, "batch rows k"]:
        """Return M V."""
        return self.matrix @ V

    def apply_transpose(self, U: Float[Tensor, "batch rows k"]) -> Float[Tensor, "batch cols k"]:
        """Return Mᵀ U."""
        return self.matrix.mT @ U

    @property
    def T(self) -> Explicit:
        """The transpose."""
        return Explicit(matrix=self.matrix.mT)

    def starts(
        self, random: Float[Tensor, "batch cols k"], left: int | None
    ) -> Float[Tensor, "batch cols starts"]:
        """Add the unit vectors of the largest columns.

        The worst 1-sparse vector is among them, for ``left`` = 1 and None.
        """
        size = self.matrix.norm(p=math.inf if left == 1 else 2, dim=1)
        columns = size.topk(min(COLUMN_STARTS, size.shape[-1]), dim=-1).indices
        return torch.cat(
            (random, torch.nn.functional.one_hot(columns, size.shape[-1]).mT.to(random.dtype)),
            dim=-1,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Implicit:
    """M_{i,a,b} by its layers, all examples side by side in a block.

    Attributes:
        layers: W_a, ..., W_b.
        masks: the diagonals of D_{i,a}, ..., D_{i,b-1}.
        examples: how many there are.
        transposed: whether this is the product's transpose.
    """

    layers: tuple[Layer, ...]
    masks: tuple[Bool[Tensor, "trials m n"], ...]
    examples: int
    transposed: bool = False

    def apply(self, V: Float[Tensor, "batch m k"]) -> Float[Tensor, "batch m k"]:
        """Return M V."""
        return self._backward(V) if self.transposed else self._forward(V)

    def apply_transpose(self, U: Float[Tensor, "batch m k"]) -> Float[Tensor, "batch m k"]:
        """Return Mᵀ U."""
        return self._forward(U) if self.transposed else self._backward(U)

    @property
    def T(self) -> Implicit:
        """The transpose."""
        return Implicit(
            layers=self.layers,
            masks=self.masks,
            examples=self.examples,
            transposed=not self.transposed,
        )

    def starts(
        self,
        random: Float[Tensor, "batch cols k"],
        left: int | None,  # noqa: ARG002 - of one shape with its siblings
    ) -> Float[Tensor, "batch cols starts"]:
        """Return the random vectors: columns are not to be had."""
        return random

    def _forward(self, V: Float[Tensor, "batch m k"]) -> Float[Tensor, "batch m k"]:
        columns = self._side_by_side(V)
        for layer, mask in zip(self.layers, self.masks, strict=False):
            columns = layer.apply(columns) * mask.repeat_interleave(V.shape[-1], dim=2)
        return self._by_example(self.layers[-1].apply(columns))

    def _backward(self, U: Float[Tensor, "batch m k"]) -> Float[Tensor, "batch m k"]:
        columns = self.layers[-1].apply_transpose(self._side_by_side(U))
        for layer, mask in zip(reversed(self.layers[:-1]), reversed(self.masks), strict=True):
            columns = layer.apply_transpose(columns * mask.repeat_interleave(U.shape[-1], dim=2))
        return self._by_example(columns)

    def _side_by_side(self, block: Float[Tensor, "batch m k"]) -> Float[Tensor, "trials m columns"]:
        return block.unflatten(0, (-1, self.examples)).transpose(1, 2).flatten(2)

    def _by_example(self, columns: Float[Tensor, "trials m columns"]) -> Float[Tensor, "batch m k"]:
        return columns.unflatten(2, (self.examples, -1)).transpose(1, 2).flatten(0, 1)


def spans(depth: int) -> dict[int, list[int]]:
    """Return the pairs that are looked at, as the b of each a.

    (1, b) for b = 1, 2, 4, ..., L, and the upper half of the layers.
    """
    ends = [*(2**k for k in range(depth.bit_length()) if 2**k < depth), depth]
    return {1: ends} if depth == 1 else {1: ends, depth // 2 + 1: [depth]}


def intermediate_products(
    network: Network, signals: Signals, trials: Trials
) -> Iterator[Explicit | Implicit]:
    """Yield (1) for every pair of `spans`."""
    n, signs = signals.y.shape[-1], signals.signs
    for a, ends in spans(network.depth).items():
        if trials.layers == "dense":
            masks = [sign.mT.flatten(0, 1).unsqueeze(-1) for sign in signs]
            weights = [
                _for_each_example(layer.materialise(), n) for layer in network.W[a - 1 : ends[-1]]
            ]
            product = weights[0]
            for b, W in enumerate(weights, start=a):
                product = product if b == a else W @ (masks[b - 1] * product)
                if b in ends:
                    yield Explicit(matrix=product)
        else:
            yield from (
                Implicit(layers=network.W[a - 1 : b], masks=signs[a:b], examples=n) for b in ends
            )


def spectral_norms(
    network: Network, signals: Signals, trials: Trials
) -> Float[Tensor, "trials spans n"]:
    """Estimate ‖M_{i,a,b}‖₂ from below, by Lanczos iteration."""
    start = _random(signals, trials, 1)[..., 0]
    values = [
        top_singular_pair(one.apply, one.apply_transpose, start, rounds=ROUNDS).value
        for one in intermediate_products(network, signals, trials)
    ]
    return torch.stack(values, dim=1).unflatten(0, (len(trials), -1)).mT


def sparse_norms(
    network: Network,
    signals: Signals,
    trials: Trials,
    *,
    left: int | None = None,
    right: int | None = None,
) -> Float[Tensor, "trials spans n"]:
    """Estimate max |uᵀ M_{i,a,b} v| from below, over unit u, v with at most ``left``, ``right``
    non-zeros (None: a free side).
    """
    random = _random(signals, trials, RANDOM_STARTS)
    values = []
    for one in intermediate_products(network, signals, trials):
        # A free side is best found from the other one.
        M, rows, cols = (one, left, right) if right is not None else (one.T, right, left)
        found = truncated_power(
            M.apply,
            M.apply_transpose,
            M.starts(random, rows),
            sparsity_left=rows,
            sparsity_right=cols,
            rounds=SPARSE_ROUNDS,
        )
        values.append(found.value)
    return torch.stack(values, dim=1).unflatten(0, (len(trials), -1)).mT


def admissible_sparsity(net: DeepReluNet, share: float = 1.0) -> int:
    """Return s = share · m/(L log m), at least 1."""
    return max(1, math.floor(share * net.width / (net.depth * math.log(net.width))))


def wide_nets(
    *, widths_a_layer: int, widest: int, deepest: int = 8, outputs: int = 1
) -> st.SearchStrategy[DeepReluNet]:
    """Draw networks with m a power of two times L, from ``widths_a_layer`` · L on."""
    depths = sizes(largest=min(deepest, widest // widths_a_layer))
    return depths.flatmap(
        lambda depth: st.builds(
            DeepReluNet,
            width=sizes(smallest=widths_a_layer * depth, largest=widest),
            depth=st.just(depth),
            outputs=sizes(largest=outputs),
        )
    )


def _random(signals: Signals, trials: Trials, count: int) -> Float[Tensor, "batch m count"]:
    h = signals.h[0]
    return trials.stream("adversary").normal("starts", h.shape[2], h.shape[1], count).flatten(0, 1)


def _for_each_example(matrix: Float[Tensor, "trials m m"], n: int) -> Float[Tensor, "batch m m"]:
    return matrix if n == 1 else matrix.repeat_interleave(n, dim=0)
