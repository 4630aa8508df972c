"""What Hypothesis draws for more than one paper.

Sizes, data geometries, targets, small vectors and matrices. All of it is plain data that shrinks.
"""

from lemmata.strategies.geometry import Family, GeometryError, UnitVectors, unit_vectors
from lemmata.strategies.labels import Labels, labels
from lemmata.strategies.matrices import (
    Matrix,
    Vector,
    entries,
    matrices,
    of_one_size,
    positive_matrices,
    probability_vectors,
    symmetric_matrices,
    vectors,
)
from lemmata.strategies.sizes import log_uniform, sizes

__all__ = [
    "Family",
    "GeometryError",
    "Labels",
    "Matrix",
    "UnitVectors",
    "Vector",
    "entries",
    "labels",
    "log_uniform",
    "matrices",
    "of_one_size",
    "positive_matrices",
    "probability_vectors",
    "sizes",
    "symmetric_matrices",
    "unit_vectors",
    "vectors",
]
