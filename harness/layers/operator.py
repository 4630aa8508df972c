"""Layers: one weight matrix a trial, known through its products with vectors.

Summary
-------
A statement uses a weight matrix as an operator and does not know how its entries are represented.
Every operator that statements build from a random matrix W has the normal form

    A = diag(r) W diag(c) + L Rᵀ,                                                                (1)

because restricting and scaling multiply r, c and the rows of L, R, and a low-rank update appends
columns to L and R. A `Layer` is (1) over shared `Entries`: deriving a layer copies none of W, and
two layers derived from the same entries stay consistent with one another.

Notation: trials T, rows × cols the shape of W, k vectors in a block, rank ρ of L and R.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from lemmata.harness.trials import Trials


@runtime_checkable
class Entries(Protocol):
    """A random matrix a trial, by its products."""

    @property
    def trials(self) -> Trials:
        """The trials that the matrices belong to."""

    @property
    def rows(self) -> int:
        """The number of rows."""

    @property
    def cols(self) -> int:
        """The number of columns."""

    def apply(self, V: Float[Tensor, "trials cols k"]) -> Float[Tensor, "trials rows k"]:
        """Return W V."""

    def apply_transpose(self, U: Float[Tensor, "trials rows k"]) -> Float[Tensor, "trials cols k"]:
        """Return Wᵀ U."""

    def materialise(self) -> Float[Tensor, "trials rows cols"]:
        """Return W, in agreement with every product returned before and after."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layer:
    """The operator A = diag(r) W diag(c) + L Rᵀ of a trial.

    Made by `gaussian_layer` and by the methods below.

    Attributes:
        entries: W, shared by all layers derived from it.
        row_weights: r, or None for ones.
        col_weights: c, or None for ones.
        left: Lᵀ, vectors as rows, or None without an update.
        right: Rᵀ, likewise.
    """

    entries: Entries
    row_weights: Float[Tensor, "#trials rows"] | None = None
    col_weights: Float[Tensor, "#trials cols"] | None = None
    left: Float[Tensor, "trials rank rows"] | None = None
    right: Float[Tensor, "trials rank cols"] | None = None

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self.entries.rows

    @property
    def cols(self) -> int:
        """The number of columns."""
        return self.entries.cols

    def apply(self, V: Float[Tensor, "trials cols k"]) -> Float[Tensor, "trials rows k"]:
        """Return A V; on top of the entries' cost O(T k ρ (rows + cols)).

        Raises:
            ValueError: V is not a block of vectors with `cols` entries in each of the batch's
                trials.
        """
        self._check_block("V", V, self.cols)
        answer = _weigh(self.row_weights, self.entries.apply(_weigh(self.col_weights, V)))
        return (
            answer
            if self.left is None or self.right is None
            else answer + self.left.mT @ (self.right @ V)
        )

    def apply_transpose(self, U: Float[Tensor, "trials rows k"]) -> Float[Tensor, "trials cols k"]:
        """Return Aᵀ U, at the cost of `apply`.

        Raises:
            ValueError: U is not a block of vectors with `rows` entries in each of the batch's
                trials.
        """
        self._check_block("U", U, self.rows)
        answer = _weigh(self.col_weights, self.entries.apply_transpose(_weigh(self.row_weights, U)))
        return (
            answer
            if self.left is None or self.right is None
            else answer + self.right.mT @ (self.left @ U)
        )

    def add_low_rank(
        self, left: Float[Tensor, "trials rows rank"], right: Float[Tensor, "trials cols rank"]
    ) -> Layer:
        """Return A + left rightᵀ.

        The factors of successive updates accumulate, and this layer keeps its own.

        Raises:
            ValueError: a factor has the wrong shape, or the two ranks differ.
        """
        self._check_block("left", left, self.rows)
        self._check_block("right", right, self.cols)
        if left.shape[-1] != right.shape[-1]:
            raise ValueError(
                f"left and right must have as many columns as each other; got {left.shape[-1]} and "
                f"{right.shape[-1]}"
            )
        return replace(self, left=_append(self.left, left.mT), right=_append(self.right, right.mT))

    def restrict(
        self,
        *,
        rows: Bool[Tensor, "#trials rows"] | Float[Tensor, "#trials rows"] | None = None,
        cols: Bool[Tensor, "#trials cols"] | Float[Tensor, "#trials cols"] | None = None,
    ) -> Layer:
        """Return diag(rows) A diag(cols).

        Masks, or any weights; copies the factors of A's update, O(T ρ (rows + cols)).

        Raises:
            ValueError: a mask has the wrong shape.
        """
        self._check_mask("rows", rows, self.rows)
        self._check_mask("cols", cols, self.cols)
        row_weights, col_weights = self._real(rows), self._real(cols)
        return replace(
            self,
            row_weights=_product(self.row_weights, row_weights),
            col_weights=_product(self.col_weights, col_weights),
            left=self.left
            if self.left is None or row_weights is None
            else self.left * row_weights.unsqueeze(-2),
            right=self.right
            if self.right is None or col_weights is None
            else self.right * col_weights.unsqueeze(-2),
        )

    def scale(self, factor: float) -> Layer:
        """Return factor · A."""
        return self.restrict(
            rows=torch.full(
                (1, self.rows),
                factor,
                device=self.entries.trials.device,
                dtype=self.entries.trials.dtype,
            )
        )

    def materialise(self) -> Float[Tensor, "trials rows cols"]:
        """Return A as a dense matrix, in agreement with every product returned before and after.

        T · rows · cols numbers.

        The tensor may be the layer's own: do not write into it.
        """
        dense = self.entries.materialise()
        if self.row_weights is not None:
            dense = dense * self.row_weights.unsqueeze(-1)
        if self.col_weights is not None:
            dense = dense * self.col_weights.unsqueeze(-2)
        return (
            dense if self.left is None or self.right is None else dense + self.left.mT @ self.right
        )

    def _real(self, mask: Tensor | None) -> Tensor | None:
        return (
            mask
            if mask is None
            else mask.to(device=self.entries.trials.device, dtype=self.entries.trials.dtype)
        )

    def _check_block(self, name: str, block: Tensor, size: int) -> None:
        if block.ndim != 3 or block.shape[:2] != (len(self.entries.trials), size):
            wanted = f"({len(self.entries.trials)}, {size}, k)"
            raise ValueError(
                f"{name} of a {self.rows} × {self.cols} layer must have the shape {wanted}; got "
                f"{tuple(block.shape)}"
            )

    def _check_mask(self, name: str, mask: Tensor | None, size: int) -> None:
        if mask is not None and (
            mask.ndim != 2
            or mask.shape[1] != size
            or mask.shape[0] not in (1, len(self.entries.trials))
        ):
            wanted = f"({len(self.entries.trials)}, {size})"
            raise ValueError(
                f"the mask {name} of a {self.rows} × {self.cols} layer must have the shape {wanted}"
                f"; got {tuple(mask.shape)}"
            )


def _weigh(weights: Tensor | None, block: Tensor) -> Tensor:
    return block if weights is None else block * weights.unsqueeze(-1)


def _product(first: Tensor | None, second: Tensor | None) -> Tensor | None:
    if first is None or second is None:
        return second if first is None else first
    return first * second


def _append(factors: Tensor | None, new: Tensor) -> Tensor:
    return new if factors is None else torch.cat((factors, new), dim=-2)
