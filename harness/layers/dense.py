"""Entries that are drawn all at once and kept."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from lemmata.harness.trials import Trials


@dataclass(frozen=True, slots=True, eq=False)
class DenseEntries:
    """A dense matrix a trial.

    T · rows · cols numbers, and T · rows · cols · k multiplications for a block of k vectors.

    Any law of the entries will do, and autograd passes through everything, W included.
    """

    trials: Trials
    matrix: Float[Tensor, "trials rows cols"]

    def __post_init__(self) -> None:
        """Check the shape of the matrix.

        Raises:
            ValueError: the matrix is not one matrix for each of the trials.
        """
        if self.matrix.ndim != 3 or self.matrix.shape[0] != len(self.trials):
            raise ValueError(
                f"matrix must have the shape ({len(self.trials)}, rows, cols); got "
                f"{tuple(self.matrix.shape)}"
            )

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self.matrix.shape[1]

    @property
    def cols(self) -> int:
        """The number of columns."""
        return self.matrix.shape[2]

    def apply(self, V: Float[Tensor, "trials cols k"]) -> Float[Tensor, "trials rows k"]:
        """Return W V."""
        return self.matrix @ V

    def apply_transpose(self, U: Float[Tensor, "trials rows k"]) -> Float[Tensor, "trials cols k"]:
        """Return Wᵀ U."""
        return self.matrix.mT @ U

    def materialise(self) -> Float[Tensor, "trials rows cols"]:
        """Return W itself."""
        return self.matrix
