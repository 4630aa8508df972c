"""Means over x ~ N(0, I_2) of what is quadratic between the kinks of the students: by quadrature.

An oracle for closed forms: any pair of neurons lives in a plane.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

Points: TypeAlias = Float[Tensor, "trials nodes 2"]


def mean_in_plane(
    W: Float[Tensor, "trials n 2"], of: Callable[[Points], Float[Tensor, "trials nodes"]]
) -> Float[Tensor, "trials"]:
    """Return E of(x) for a function that is homogeneous of degree 2 and smooth but where x is
    orthogonal to a student or to the teacher.

    E of(x) = (1/π) ∫ of(cos φ, sin φ) dφ, by Gauss's rule with 20 nodes between any two kinks.
    """
    v = torch.eye(1, 2, dtype=W.dtype, device=W.device).expand(len(W), 1, 2)
    atoms = torch.cat((W, v), dim=1)
    kinks = torch.atan2(atoms[..., 1], atoms[..., 0]) + math.pi / 2
    ends = torch.cat((kinks, kinks + math.pi), dim=1).remainder(2.0 * math.pi).sort(dim=1).values
    ends = torch.cat((ends, ends[:, :1] + 2.0 * math.pi), dim=1)
    nodes, weights = (
        torch.as_tensor(x, dtype=W.dtype, device=W.device)
        for x in np.polynomial.legendre.leggauss(20)
    )
    half = 0.5 * (ends[:, 1:] - ends[:, :-1])
    phi = (ends[:, :-1] + half).unsqueeze(-1) + half.unsqueeze(-1) * nodes
    values = of(torch.stack((phi.cos(), phi.sin()), dim=-1).flatten(1, 2))
    return (values.view_as(phi) @ weights * half).sum(dim=1) / math.pi
