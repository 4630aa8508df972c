"""Many lines at a large least angle: of root systems, of the icosahedron, and 28 in R⁷."""

from __future__ import annotations

import itertools
from functools import cache
from typing import Literal, TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

Lattice: TypeAlias = Literal["D4", "icosahedron", "28 lines", "E8"]


@cache
def lines(lattice: Lattice) -> Float[Tensor, "r d"]:
    """Return a unit vector along each line, in float64 on the CPU.

    D4: 12 lines in R⁴ at 60° and 90°. Icosahedron: the 6 diagonals, all at arctan 2. The 28
    equiangular lines of R⁷ at arccos ⅓, in the 7-space orthogonal to (1, …, 1) of R⁸. E8: 120 lines
    in R⁸ at 60° and 90°.
    """
    if lattice == "icosahedron":
        golden = 0.5 * (1.0 + 5.0**0.5)
        rows = [[0, 1, s * golden] for s in (1, -1)]
        rows += [[1, s * golden, 0] for s in (1, -1)] + [[s * golden, 0, 1] for s in (1, -1)]
    elif lattice == "28 lines":
        rows = [
            [3.0 if k in pair else -1.0 for k in range(8)]
            for pair in itertools.combinations(range(8), 2)
        ]
    else:
        d = 4 if lattice == "D4" else 8
        rows = [
            [1.0 if k == i else s if k == j else 0.0 for k in range(d)]
            for i, j in itertools.combinations(range(d), 2)
            for s in (1.0, -1.0)
        ]
        if lattice == "E8":
            rows += [
                [0.5, *(0.5 * s for s in signs)]
                for signs in itertools.product((1.0, -1.0), repeat=7)
                if torch.tensor(signs).prod() > 0
            ]
    found = torch.tensor(rows, dtype=torch.float64)
    return found / found.norm(dim=-1, keepdim=True)
