"""Data sets on the unit sphere, drawn as geometry.

An assumption such as "pairwise distances are at least δ" is met by construction: Hypothesis draws a
family and its parameters, and the rows are built from them. Small sets are drawn element by
element, so that a counterexample shrinks to numbers that a reader grasps.

Families (unit vectors z₁, ..., z_n in R^p; ``separation`` is the distance that the family is built
from):

* ``explicit``: rows of small integers, normalised;
* ``sphere``: independent and uniform;
* ``pair``: z₁ and z₂ at exactly the separation, the others uniform;
* ``arc``: on a great circle, neighbours at exactly the separation (near-collinear where that is
  small);
* ``cluster``: all pairs at exactly the separation;
* ``orthogonal``: pairwise orthogonal coordinate vectors;
* ``signed one-hot``: ± coordinate vectors, opposite pairs included;
* ``one coordinate``: equal but for their first two coordinates' balance, neighbours at least the
  separation apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness.randomness import key_of, normals
from lemmata.strategies.sizes import log_uniform, sizes

Family = Literal[
    "explicit", "sphere", "pair", "arc", "cluster", "orthogonal", "signed one-hot", "one coordinate"
]

_CPU = torch.device("cpu")


class GeometryError(ValueError):
    """A geometry that does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitVectors:
    """n unit vectors in R^p, as plain data.

    Attributes:
        family: see the module's docstring.
        count: n.
        dimension: p.
        separation: the distance that the family is built from; unused by explicit, sphere,
            orthogonal and one-hot sets.
        number: distinguishes sets of one family that are filled up at random.
        rows: integer rows of an explicit set.
    """

    family: Family
    count: int
    dimension: int
    separation: float = 0.0
    number: int = 0
    rows: tuple[tuple[int, ...], ...] = ()

    def __post_init__(self) -> None:
        """Check that the geometry exists.

        Raises:
            GeometryError: it does not.
        """
        n, p, s = self.count, self.dimension, self.separation
        if n < 1 or p < 1:
            raise GeometryError(
                f"a data set has at least one vector and one dimension; got count={n}, "
                f"dimension={p}"
            )
        if self.family == "explicit" and (
            len(self.rows) != n or any(len(row) != p or not any(row) for row in self.rows)
        ):
            raise GeometryError(
                f"an explicit set of {n} vectors in dimension {p} has as many non-zero rows; "
                f"got {self.rows!r}"
            )
        room = {
            "pair": 2,
            "arc": 2,
            "cluster": n + 1 if n > 1 else 1,
            "orthogonal": n,
            "signed one-hot": (n + 1) // 2,
            "one coordinate": 2,
        }
        if p < room.get(self.family, 1):
            raise GeometryError(
                f"{n} vectors of the family {self.family!r} need dimension {room[self.family]}; "
                f"got {p}"
            )
        longest = {
            "pair": 2.0,
            "arc": 2 * math.sin(math.pi / max(2, n)),
            "cluster": math.sqrt(2.0),
            "one coordinate": math.sqrt(2.0) / max(1, n - 1),
        }
        if self.family in longest and not 0.0 <= s <= longest[self.family] + 1e-12:
            raise GeometryError(
                f"{n} vectors of the family {self.family!r} lie at most {longest[self.family]:.3g} "
                f"apart; got {s}"
            )

    def build(self) -> Float[Tensor, "n p"]:
        """Return the rows in float64 on the CPU, unit length to rounding."""
        made = {
            "explicit": self._explicit,
            "sphere": self._sphere,
            "pair": self._pair,
            "arc": self._arc,
            "cluster": self._cluster,
            "orthogonal": self._orthogonal,
            "signed one-hot": self._signed_one_hot,
            "one coordinate": self._one_coordinate,
        }[self.family]()
        return made / made.norm(dim=-1, keepdim=True)

    @property
    def distance(self) -> float:
        """The smallest pairwise distance of the rows; 2, the largest there is, for a single row."""
        if self.count == 1:
            return 2.0
        if self.family in ("pair", "arc", "cluster") and self.count == 2:
            return self.separation
        return float(torch.nn.functional.pdist(self.build()).min())

    def _explicit(self) -> Tensor:
        return torch.tensor(self.rows, dtype=torch.float64)

    def _sphere(self) -> Tensor:
        key = key_of("unit vectors", self.number, self.count, self.dimension)
        return normals(
            key,
            "rows",
            self.count,
            self.dimension,
            first=0,
            trials=1,
            device=_CPU,
            dtype=torch.float64,
        )[0]

    def _pair(self) -> Tensor:
        rows = self._sphere()
        rows = rows / rows.norm(dim=-1, keepdim=True)
        if self.count > 1:
            angle = 2.0 * math.asin(min(1.0, self.separation / 2.0))
            aside = rows[1] - (rows[1] @ rows[0]) * rows[0]
            rows[1] = math.cos(angle) * rows[0] + math.sin(angle) * aside / aside.norm()
        return rows

    def _arc(self) -> Tensor:
        angles = (
            2.0
            * math.asin(min(1.0, self.separation / 2.0))
            * torch.arange(self.count, dtype=torch.float64)
        )
        rows = torch.zeros(self.count, self.dimension, dtype=torch.float64)
        rows[:, 0], rows[:, 1] = angles.cos(), angles.sin()
        return rows

    def _cluster(self) -> Tensor:
        rows = torch.zeros(self.count, self.dimension, dtype=torch.float64)
        across = self.separation / math.sqrt(2.0)
        rows[:, 0] = math.sqrt(1.0 - across**2)
        if self.count > 1:
            rows[torch.arange(self.count), torch.arange(self.count) + 1] = across
        return rows

    def _orthogonal(self) -> Tensor:
        return torch.eye(self.count, self.dimension, dtype=torch.float64)

    def _signed_one_hot(self) -> Tensor:
        rows = torch.zeros(self.count, self.dimension, dtype=torch.float64)
        index = torch.arange(self.count)
        rows[index, index // 2] = 1.0 - 2.0 * (index % 2).double()
        return rows

    def _one_coordinate(self) -> Tensor:
        rows = torch.zeros(self.count, self.dimension, dtype=torch.float64)
        rows[:, 0] = 1.0 - self.separation * torch.arange(self.count, dtype=torch.float64)
        rows[:, -1] = torch.sqrt((1.0 - rows[:, 0] ** 2).clamp(min=0.0))
        return rows


def unit_vectors(
    *,
    smallest: int = 1,
    largest: int = 8,
    dimensions: tuple[int, int] = (2, 64),
    separations: tuple[float, float] = (0.01, 1.0),
) -> st.SearchStrategy[UnitVectors]:
    """Draw ``smallest`` to ``largest`` distinct unit vectors, of many families.

    Args:
        smallest: fewest vectors.
        largest: most vectors.
        dimensions: least and largest dimension.
        separations: least and largest distance of the families that are built from one.

    Raises:
        ValueError: a range is empty.
    """
    if not 1 <= smallest <= largest:
        raise ValueError(
            f"unit_vectors needs 1 ≤ smallest ≤ largest; got smallest={smallest}, largest={largest}"
        )
    if not 2 <= dimensions[0] <= dimensions[1]:
        raise ValueError(
            f"unit_vectors needs dimensions from 2 on, in order; got dimensions={dimensions}"
        )
    low, high = separations

    @st.composite
    def of_a_family(draw: st.DrawFn) -> UnitVectors:
        family: Family = draw(
            st.sampled_from(
                (
                    "sphere",
                    "pair",
                    "arc",
                    "cluster",
                    "orthogonal",
                    "signed one-hot",
                    "one coordinate",
                )
            )
        )
        count = draw(st.integers(smallest, largest))
        least = {"cluster": count + 1, "orthogonal": count, "signed one-hot": (count + 1) // 2}.get(
            family, 2
        )
        dimension = max(least, draw(sizes(smallest=dimensions[0], largest=dimensions[1])))
        longest = {
            "pair": 2.0,
            "arc": 2 * math.sin(math.pi / max(2, count)),
            "cluster": math.sqrt(2.0),
            "one coordinate": math.sqrt(2.0) / max(1, count - 1),
        }
        separation = (
            min(draw(log_uniform(low, high)), 0.99 * longest[family]) if family in longest else 0.0
        )
        number = draw(st.integers(0, 999)) if family in ("sphere", "pair") else 0
        return UnitVectors(
            family=family, count=count, dimension=dimension, separation=separation, number=number
        )

    @st.composite
    def explicit(draw: st.DrawFn) -> UnitVectors:
        dimension = draw(st.integers(dimensions[0], min(dimensions[1], max(dimensions[0], 3))))
        row = st.tuples(*[st.integers(-3, 3)] * dimension).filter(any)
        rows = draw(
            st.lists(
                row,
                min_size=smallest,
                max_size=max(smallest, min(largest, 4)),
                unique_by=_direction,
            )
        )
        return UnitVectors(
            family="explicit", count=len(rows), dimension=dimension, rows=tuple(rows)
        )

    return explicit() | of_a_family()


def _direction(row: tuple[int, ...]) -> tuple[int, ...]:
    divisor = math.gcd(*row)
    return tuple(entry // divisor for entry in row)
