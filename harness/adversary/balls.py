"""The sets that an adversary searches: balls of tuples of matrices, and unit vectors.

A point is a tuple of tensors with the trials in front. A ball is given by four maps on points, each
for radius 1:

    norm        ‖X‖, with ‖X‖ ≤ 1 on the ball,
    project     a point of the ball, X itself if it is one,
    maximise    the steepest ascent argmax {⟨G, X⟩ : ‖X‖ ≤ 1} of a gradient G, whose value is the
      dual norm of G,
    stretch     X scaled to the boundary: each matrix, or each row, by itself where the norm is a
      maximum over them.

* ball; norm of (W₁, W₂, …); project; maximise:
  - spectral: max ‖W_ℓ‖₂; clip singular values; UVᵀ of each G_ℓ = UΣVᵀ
  - Frobenius: (Σ ‖W_ℓ‖_F²)^½; scale; scale
  - row: max of all row norms, ‖·‖₂,∞; clip row norms; scale rows
  - quartic row: (Σ of all row norms⁴)^¼, ‖·‖₂,₄; scale (not the nearest point); row norms a ↦ a^⅓,
    scaled (Hölder with 4 and 4/3)
  - unit vectors: ‖v‖; scale; scale
  - sparse unit vectors: ‖v‖, s non-zeros; keep the s largest, scale; the same

The last two are not convex: `project` maps onto the sphere. A zero gradient is mapped to a zero
step. Costs are linear in the size of a point, but for a singular value decomposition of each matrix
in the spectral ball.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from lemmata.harness.trials import Trials

Point: TypeAlias = tuple[Float[Tensor, "trials ..."], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Ball:
    """A ball about the origin, or a sphere; perturbations are its points.

    Attributes:
        name: for messages.
        radius: one number, or one a trial; above 0.
        convex: whether segments between points stay inside.
        unit_norm: the norm of the table above.
        unit_project: the projection for radius 1.
        unit_maximise: the steepest ascent for radius 1.
        unit_stretch: the scaling to the boundary for radius 1.
    """

    name: str
    radius: float | Float[Tensor, "trials"]
    convex: bool
    unit_norm: Callable[[Point], Float[Tensor, "trials"]]
    unit_project: Callable[[Point], Point]
    unit_maximise: Callable[[Point], Point]
    unit_stretch: Callable[[Point], Point]

    def __post_init__(self) -> None:
        """Check the radius.

        Raises:
            ValueError: a radius is not above 0 and finite.
        """
        radius = torch.as_tensor(self.radius)
        if not bool((radius.isfinite() & (radius > 0)).all()):
            raise ValueError(
                f"the radius of a {self.name} must be finite and above 0; got {self.radius}"
            )

    def norm(self, point: Point) -> Float[Tensor, "trials"]:
        """Return the norm of the point; at most `radius` on the ball."""
        return self.unit_norm(point)

    def project(self, point: Point) -> Point:
        """Return a point of the ball, the point itself if it is one."""
        return _times(self.unit_project(_times(point, 1.0 / self.radius)), self.radius)

    def maximise(self, gradient: Point) -> Point:
        """Return the point of the ball with the largest inner product with the gradient."""
        return _times(self.unit_maximise(gradient), self.radius)

    def stretch(self, point: Point) -> Point:
        """Return a point of the boundary in the direction of the given one."""
        return _times(self.unit_stretch(point), self.radius)


def spectral_ball(radius: float | Float[Tensor, "trials"]) -> Ball:
    """Return the tuples whose matrices all have spectral norm at most `radius`."""

    def norm(point: Point) -> Tensor:
        return _largest(point, _spectral_norm)

    def stretch(point: Point) -> Point:
        return tuple(_divide(x, _spectral_norm(x)[:, None, None]) for x in point)

    return Ball("spectral ball", radius, True, norm, _clip_singular_values, _polar_factors, stretch)


def frobenius_ball(radius: float | Float[Tensor, "trials"]) -> Ball:
    """Return the tuples of joint Frobenius norm at most `radius`."""
    scale = _normalise_by(_joint_norm)
    return Ball("Frobenius ball", radius, True, _joint_norm, _shrink_by(_joint_norm), scale, scale)


def row_ball(radius: float | Float[Tensor, "trials"]) -> Ball:
    """Return the tuples whose rows all have norm at most `radius`: ‖·‖₂,∞."""

    def norm(point: Point) -> Tensor:
        return _largest(point, lambda x: x.norm(dim=-1).flatten(1).amax(dim=1))

    def project(point: Point) -> Point:
        return tuple(x / x.norm(dim=-1, keepdim=True).clamp(min=1.0) for x in point)

    def maximise(gradient: Point) -> Point:
        return tuple(_divide(x, x.norm(dim=-1, keepdim=True)) for x in gradient)

    return Ball("row ball", radius, True, norm, project, maximise, maximise)


def quartic_row_ball(radius: float | Float[Tensor, "trials"]) -> Ball:
    """Return the tuples whose row norms have a joint 4-norm of at most `radius`: ‖·‖₂,₄."""

    def norm(point: Point) -> Tensor:
        quartic: Tensor = torch.cat([x.norm(dim=-1).flatten(1) for x in point], dim=1).norm(
            p=4, dim=1
        )
        return quartic

    def maximise(gradient: Point) -> Point:
        unit = _normalise_by(_joint_norm)(gradient)
        return _normalise_by(norm)(
            tuple(_divide(x, x.norm(dim=-1, keepdim=True) ** (2 / 3)) for x in unit)
        )

    return Ball(
        "quartic row ball", radius, True, norm, _shrink_by(norm), maximise, _normalise_by(norm)
    )


def unit_vectors() -> Ball:
    """Return the unit sphere of the tuple's entries taken together.

    For a tuple of one vector, its unit vectors.
    """
    scale = _normalise_by(_joint_norm)
    return Ball("unit sphere", 1.0, False, _joint_norm, scale, scale, scale)


def sparse_unit_vectors(sparsity: int) -> Ball:
    """Return the tuples of unit vectors with at most `sparsity` non-zero entries each.

    Raises:
        ValueError: a sparsity below 1.
    """
    if sparsity < 1:
        raise ValueError(f"sparsity must be at least 1; got {sparsity}")

    def project(point: Point) -> Point:
        kept = tuple(keep_largest(x, sparsity, dim=-1) for x in point)
        return tuple(_divide(x, x.norm(dim=-1, keepdim=True)) for x in kept)

    def norm(point: Point) -> Tensor:
        return _largest(point, lambda x: x.norm(dim=-1))

    return Ball(
        f"set of {sparsity}-sparse unit vectors", 1.0, False, norm, project, project, project
    )


def product_ball(*balls: Ball) -> Ball:
    """Return the tuples whose i-th tensor lies in the i-th ball; its radius is 1."""

    def norm(point: Point) -> Tensor:
        return torch.stack(
            [ball.norm((x,)) / ball.radius for ball, x in zip(balls, point, strict=True)]
        ).amax(dim=0)

    def project(point: Point) -> Point:
        return tuple(ball.project((x,))[0] for ball, x in zip(balls, point, strict=True))

    def maximise(gradient: Point) -> Point:
        return tuple(ball.maximise((x,))[0] for ball, x in zip(balls, gradient, strict=True))

    def stretch(point: Point) -> Point:
        return tuple(ball.stretch((x,))[0] for ball, x in zip(balls, point, strict=True))

    name = "product of " + ", ".join(ball.name for ball in balls)
    return Ball(name, 1.0, all(ball.convex for ball in balls), norm, project, maximise, stretch)


def random_point(ball: Ball, trials: Trials, name: str, shapes: Sequence[tuple[int, ...]]) -> Point:
    """Draw Gaussian tensors of the given shapes, the trials in front, and stretch them to the
    ball's boundary.
    """
    return ball.stretch(
        tuple(trials.normal(f"{name}/{index}", *shape) for index, shape in enumerate(shapes))
    )


def keep_largest(x: Float[Tensor, "..."], count: int, *, dim: int) -> Float[Tensor, "..."]:
    """Return x with all but the `count` entries of largest magnitude along `dim` set to zero."""
    if count >= x.shape[dim]:
        return x
    where = x.abs().topk(count, dim=dim).indices
    return torch.zeros_like(x).scatter(dim, where, x.gather(dim, where))


def above_rounding(S: Float[Tensor, "trials k"]) -> Bool[Tensor, "trials k"]:
    """Say which of the singular values, the largest first, are not rounding of the first."""
    return S.gt(S[:, :1] * S.shape[1] * torch.finfo(S.dtype).eps)


def _times(point: Point, factor: float | Tensor) -> Point:
    if not isinstance(factor, Tensor):
        return tuple(x * factor for x in point)
    return tuple(x * factor.reshape(-1, *[1] * (x.ndim - 1)) for x in point)


def _divide(x: Tensor, size: Tensor) -> Tensor:
    return torch.where(size == 0, 0.0, x / size)


def _joint_norm(point: Point) -> Tensor:
    norm: Tensor = torch.stack([x.flatten(1).norm(dim=1) for x in point]).norm(dim=0)
    return norm


def _largest(point: Point, norm: Callable[[Tensor], Tensor]) -> Tensor:
    return torch.stack([norm(x) for x in point]).amax(dim=0)


def _shrink_by(norm: Callable[[Point], Tensor]) -> Callable[[Point], Point]:
    return lambda point: _times(point, 1.0 / norm(point).clamp(min=1.0))


def _normalise_by(norm: Callable[[Point], Tensor]) -> Callable[[Point], Point]:
    def normalise(point: Point) -> Point:
        size = norm(point)
        return _times(point, torch.where(size == 0, 0.0, 1.0 / size))

    return normalise


def _spectral_norm(x: Tensor) -> Tensor:
    norm: Tensor = torch.linalg.matrix_norm(x, 2)
    return norm


def _clip_singular_values(point: Point) -> Point:
    decomposed = [torch.linalg.svd(x, full_matrices=False) for x in point]
    return tuple((U * S.clamp(max=1.0).unsqueeze(-2)) @ Vh for U, S, Vh in decomposed)


def _polar_factors(point: Point) -> Point:
    # Directions of singular value zero would be arbitrary: they are left out.
    decomposed = [torch.linalg.svd(x, full_matrices=False) for x in point]
    return tuple((U * above_rounding(S).unsqueeze(-2)) @ Vh for U, S, Vh in decomposed)
