"""What Hypothesis draws for more than one paper.

Sizes, data geometries, targets. All of it is plain data that shrinks.
"""

from lemmata.strategies.geometry import Family, GeometryError, UnitVectors, unit_vectors
from lemmata.strategies.labels import Labels, labels
from lemmata.strategies.sizes import log_uniform, sizes

__all__ = [
    "Family",
    "GeometryError",
    "Labels",
    "UnitVectors",
    "labels",
    "log_uniform",
    "sizes",
    "unit_vectors",
]
