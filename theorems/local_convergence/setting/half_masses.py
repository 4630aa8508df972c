"""Where half of a teacher's mass stands, and states that keep half of it as far as they can."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Trials
from lemmata.theorems.local_convergence.setting.network import TeacherRows, Weights, cells, units
from lemmata.theorems.local_convergence.setting.states import tilted


def half_mass_angle(W: Weights, V: TeacherRows, *, share: float = 0.5) -> Float[Tensor, "... r"]:
    """Return for each teacher the least θ within which its cell has a share of the teacher's mass;
    2π where the whole cell has less.
    """
    matched = cells(W, V)
    theta, order = matched.theta.sort(dim=-1)
    mass = (matched.member * matched.mass.unsqueeze(-1)).gather(
        -2, order.unsqueeze(-1).expand_as(matched.member)
    )
    enough = mass.cumsum(dim=-2) >= share * (V**2).sum(dim=-1)
    return torch.where(enough, theta.unsqueeze(-1), 2.0 * math.pi).amin(dim=-2)


def spread_mass(
    V: TeacherRows, delta: float, trials: Trials, *, share: float = 0.5, azimuths: int = 1
) -> Weights:
    """Draw states whose last teacher has all but a trifle of a share of its mass, and the rest in
    pairs at ±δ in orthogonal azimuths, e = 0; the other teachers have their copies.
    """
    d = V.shape[1]
    teacher, norm = units(V)[-1:], float(V[-1].norm())
    kept = share * (1.0 - 1e-9)
    frame = torch.linalg.qr(
        torch.cat((trials.every(teacher.mT), trials.normal("azimuths", d, d - 1)), dim=-1)
    ).Q[..., 1 : 1 + azimuths]
    across = frame.mT.repeat_interleave(2, dim=1)
    side = delta * (1.0 - 2.0 * (torch.arange(2 * azimuths, device=V.device) % 2).to(V.dtype))
    rows = tilted(trials.every(teacher).expand_as(across), across, side)
    each = norm * math.sqrt((1.0 - kept) / (2 * azimuths) / math.cos(delta))
    main = math.sqrt(kept) * V[-1:]
    return torch.cat((trials.every(torch.cat((V[:-1], main))), each * rows), dim=1)
