"""Gaussian weight matrices as linear operators, dense or revealed only along the directions that
are asked for.
"""

from lemmata.harness.layers.dense import DenseEntries
from lemmata.harness.layers.gaussian import gaussian_layer
from lemmata.harness.layers.matrix_free import MatrixFreeEntries
from lemmata.harness.layers.operator import Entries, Layer

__all__ = ["DenseEntries", "Entries", "Layer", "MatrixFreeEntries", "gaussian_layer"]
