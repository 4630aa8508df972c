"""The world of ZGJ21, in units of ours: two-layer networks with |·|, their loss and its gradient.

Inputs x ~ N(0, I_d). Student f(x) = Σ_i ‖w_i‖ |w_iᵀx| with m neurons, teacher f*(x) = Σ_j ‖w*_j‖
|w*_jᵀx| with r ≤ m, residual R = f - f*, loss L = ½ E R². Both are sums over atoms v_k (students
with sign σ = +1, teachers with σ = -1) of c_k |v̂_kᵀx|, c_k = σ_k ‖v_k‖², v̂ = v/‖v‖.

The *line angle* β(u, v) ∈ [0, π/2] is the angle between the lines of u and v. With ψ(β) = sin β - β
cos β,

    E |ûᵀx| |v̂ᵀx| = k(β) = cos β + (2/π) ψ(β),        L = ½ Σ_{k,l} c_k c_l k(β_kl).            (1)

As it stands, (1) loses all digits at small losses. f is even in every atom, so flip the atoms to
one side of the first teacher, put e = Σ_k c_k v̂_k and take the inner products out of the double
sum:

    L = ½ ‖e‖² + ½ Σ_{k,l} c_k c_l h_kl,        h_kl = (2/π) ψ(β_kl) + 2 cos β_kl · [v̂_kᵀv̂_l < 0].
    (2)

With ṽ = ± v̂ on the side of ŵ_i, the gradient is in the same way

    ∇_{w_i} L = ‖w_i‖ { (ŵ_iᵀe) ŵ_i + e - 2 Σ_l c_l [ŵ_iᵀv̂_l < 0] ((ŵ_iᵀv̂_l) ŵ_i + v̂_l)
                        + (2/π) Σ_l c_l (2ψ(β_il) ŵ_i - β_il (ṽ_l - cos β_il ŵ_i)) }.            (3)

Angles come from 2 atan2(‖û - ṽ‖, ‖û + ṽ‖) and ψ from its series, so that the summands of (2) have
relative errors of a few roundings at every angle, and those of (3) errors of a few roundings of
|c|, as e has. Where all atoms share one side
(one teacher, or packed ones) a loss of size L is then off by about eps · (L + Σ|c| √L); in general
by eps · (Σ|c|)²: see `floor`.

*Units.* The paper's teacher is f*(x) = Σ_i |p_iᵀx| (Definition 2, where p_i is called w*_i); ours
treats teachers like students, which makes every formula symmetric in the atoms. Both are the same
functions: p_j = ‖w*_j‖ w*_j, so that directions, angles and Δ, students, cells, R, L, ∇L and η are
those of the paper, ‖p_j‖ = ‖w*_j‖², and its v_i of (2) is `Cells.errors`. With the longest teacher
of norm 1 its w_max is 1, its w_min is w_min² here, Σ‖p_j‖ = ‖W*‖_F² ≤ r, its κ = Θ((r
w_max)^{-1/2}) is Θ(r^{-1/2}), and its δ_max = Θ(r w_max w_min^{-5/3} ε^{1/3}) is Θ(r w_min^{-10/3}
ε^{1/3}).

Scaling all vectors by s scales L by s⁴ and ∇L by s³: the longest teacher has norm 1. Layout:
students W are (..., m, d) with trials in front, teachers V are (r, d); further batch dimensions are
welcome everywhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, TypeAlias

import torch
from hypothesis import strategies as st
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from lemmata.harness import Trials
from lemmata.harness.randomness import key_of, normals
from lemmata.strategies import sizes

Weights: TypeAlias = Float[Tensor, "... m d"]
TeacherRows: TypeAlias = Float[Tensor, "r d"]
TeacherFamily = Literal["orthogonal", "arc", "simplex", "random"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Teachers:
    """Teachers w*_1, ..., w*_r in R^d, as plain data.

    The first has norm 1, which is no restriction by homogeneity.

    Attributes:
        family: "orthogonal"; "arc" (in a plane, neighbours at the angle `separation`); "simplex"
            (all pairs at that angle); "random".
        count: r.
        dimension: d.
        separation: the angle that an arc or a simplex is built from.
        weakest: the norm of the last teacher; norms fall geometrically from 1 to it.
        number: distinguishes random teachers.
    """

    family: TeacherFamily = "orthogonal"
    count: int = 1
    dimension: int = 4
    separation: float = math.pi / 2
    weakest: float = 1.0
    number: int = 0

    def __post_init__(self) -> None:
        """Raise ValueError where there are no such teachers."""
        r, d = self.count, self.dimension
        if r < 1 or d < max(2, r if self.family in ("orthogonal", "simplex") else 2):
            raise ValueError(
                f"{r} teachers of the family {self.family!r} do not fit into dimension {d}"
            )
        if self.family == "arc" and not 0.0 < r * self.separation <= math.pi + 1e-12:
            raise ValueError(
                f"an arc of {r} lines has neighbours at most {math.pi / r:.3g} apart; got "
                f"separation={self.separation}"
            )
        if not 0.0 < self.weakest <= 1.0:
            raise ValueError(f"the weakest teacher's norm is in (0, 1]; got weakest={self.weakest}")

    def directions(self) -> TeacherRows:
        """Return the unit vectors in float64 on the CPU."""
        r, d = self.count, self.dimension
        rows = torch.eye(r, d, dtype=torch.float64)
        if self.family == "arc":
            angles = self.separation * torch.arange(r, dtype=torch.float64)
            rows = torch.nn.functional.pad(
                torch.stack((angles.cos(), angles.sin()), dim=1), (0, d - 2)
            )
        elif self.family == "simplex":
            # Rows e_j + b Σ_k e_k, normalised, have cosines (2b + r b²) / (1 + 2b + r b²) =
            # cos(separation).
            rows = (
                rows
                + (math.sqrt(1.0 + r / (1.0 / math.cos(self.separation) - 1.0)) - 1.0)
                / r
                * (torch.arange(d) < r).double()
            )
        elif self.family == "random":
            key = key_of("teachers", self.number, r, d)
            rows = normals(
                key,
                "rows",
                r,
                d,
                first=0,
                trials=1,
                device=torch.device("cpu"),
                dtype=torch.float64,
            )[0]
        return rows / rows.norm(dim=-1, keepdim=True)

    def build(self, trials: Trials) -> TeacherRows:
        """Return the teachers as rows, the same in every trial."""
        norms = self.weakest ** (
            torch.arange(self.count, dtype=torch.float64) / max(1, self.count - 1)
        )
        return trials.tensor(norms[:, None] * self.directions())

    @property
    def delta(self) -> float:
        """The separation Δ: the smallest line angle of two teachers; π/2 for a single one."""
        if self.count == 1 or self.family == "orthogonal":
            return math.pi / 2
        rows = self.directions()
        beta = line_angles(rows, rows)
        return float(beta[~torch.eye(self.count, dtype=torch.bool)].min())

    @property
    def threshold(self) -> float:
        """The loss ε₀ = 0.005 min(1, Δ³) w_min⁴ of the local statements.

        Below the spurious stationary points, met from 0.026 Δ³ on.
        """
        return 0.005 * min(1.0, self.delta**3) * self.weakest**4


def teachers(
    *,
    count: tuple[int, int] = (1, 3),
    dimensions: tuple[int, int] = (2, 6),
    families: tuple[TeacherFamily, ...] = ("orthogonal",),
    weakest: tuple[float, ...] = (1.0, 0.5, 0.25),
) -> st.SearchStrategy[Teachers]:
    """Draw r teachers in dimension d, of equal or unequal norms.

    Arcs and simplices at angles from 0.3 to 1.2, random ones at least 0.2.
    """

    @st.composite
    def drawn(draw: st.DrawFn) -> Teachers:
        family = draw(st.sampled_from(families))
        r = draw(st.integers(*count))
        separation = (
            draw(st.sampled_from((1.2, 0.8, 0.5, 0.3)))
            if family in ("arc", "simplex")
            else math.pi / 2
        )
        made = Teachers(
            family=family,
            count=r,
            dimension=max(draw(sizes(smallest=dimensions[0], largest=dimensions[1])), r),
            separation=min(separation, math.pi / r) if family == "arc" else separation,
            weakest=draw(st.sampled_from(weakest)) if r > 1 else 1.0,
            number=draw(st.integers(0, 99)) if family == "random" else 0,
        )
        return (
            made
            if made.delta >= 0.2
            else replace(made, family="orthogonal", separation=math.pi / 2, number=0)
        )

    return drawn()


def psi(beta: Float[Tensor, "..."], *, widest: float = math.pi) -> Float[Tensor, "..."]:
    """Return ψ(β) = sin β - β cos β for β in [0, widest], by its series Σ_n (-1)^{n+1} 2n β^{2n+1}
    / (2n+1)! = β³/3 (1 - β²/10 (1 - β²/28 (1 - …))), cut below 1e-17 of ψ.
    """
    square = beta * beta
    one = square.new_ones(())
    series = one
    for n in range(_terms(widest), 0, -1):
        series = torch.addcmul(one, square, series, value=-1.0 / (2 * n * (2 * n + 3)))
    return beta * square * series / 3.0


@cache
def _terms(widest: float) -> int:
    """Return how many terms ψ's series has beyond its first."""
    count, term = 0, 1.0
    while term > 1e-17:
        count += 1
        term *= widest**2 / (2 * count * (2 * count + 3))
    return count


def wedge(theta: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Return θ - sin θ cos θ = ½ (2θ - sin 2θ), by its series below ½.

    π times the second moment of ûᵀx on a wedge of opening θ.
    """
    twice = 2.0 * theta
    square, series = twice * twice, torch.full_like(theta, 1.0 / math.factorial(19))
    for n in range(8, 0, -1):
        series = 1.0 / math.factorial(2 * n + 1) - square * series
    return torch.where(
        theta < 0.5, 0.5 * twice * square * series, theta - theta.sin() * theta.cos()
    )


def kernel(beta: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Return k(β) = E |ûᵀx| |v̂ᵀx| of (1)."""
    return beta.cos() + 2.0 / math.pi * psi(beta)


def units(v: Float[Tensor, "... n d"]) -> Float[Tensor, "... n d"]:
    """Return the rows' directions; of a zero row, zero."""
    return v / torch.linalg.vector_norm(v, dim=-1, keepdim=True).clamp(min=1e-150)


def line_angles(
    u: Float[Tensor, "... n d"], v: Float[Tensor, "... k d"]
) -> Float[Tensor, "... n k"]:
    """Return β(u_a, v_b) ∈ [0, π/2] for all pairs of rows, to a few roundings of the angle
    itself.
    """
    return _lines(units(u), units(v))[1]


def full_angles(
    u: Float[Tensor, "... n d"], v: Float[Tensor, "... k d"]
) -> Float[Tensor, "... n k"]:
    """Return the angle of u_a and v_b in [0, π] for all pairs of rows."""
    return angles_of_units(units(u), units(v))


def angles_of_units(
    u: Float[Tensor, "... n d"], v: Float[Tensor, "... k d"]
) -> Float[Tensor, "... n k"]:
    """Return the angle of û_a and v̂_b in [0, π] for all pairs of rows of length 1."""
    return 2.0 * torch.atan2(*_chords(u, v))


def loss(W: Weights, V: TeacherRows) -> Float[Tensor, "..."]:
    """Return L, by (2)."""
    v, c, _ = _on_one_side(W, V)
    obtuse, beta = _lines(v, v)
    h = 2.0 / math.pi * psi(beta, widest=math.pi / 2) - torch.where(obtuse, 2.0 * v @ v.mT, 0.0)
    e = c.mT @ v
    return 0.5 * ((e * e).sum(dim=(-2, -1)) + (c.mT @ (h @ c)).squeeze((-2, -1)))


def gradient(W: Weights, V: TeacherRows) -> Weights:
    """Return ∇L, by (3): one row a student."""
    v, c, signed = _on_one_side(W, V)
    w, cv = v[..., : W.shape[-2], :], c * v
    obtuse, beta = _lines(w, v)
    share = 2.0 / math.pi * beta
    # By what multiplies ŵ_i and what multiplies v̂_l. Both are of the order of β where it is small,
    # so that their roundings are below those of e. Sums and no products of matrices: these would
    # break the symmetry of a state at once, and symmetric states are unstable.
    own = 4.0 / math.pi * psi(beta, widest=math.pi / 2) + torch.where(
        obtuse, -2.0 - share, share
    ) * (w.unsqueeze(-2) * v.unsqueeze(-3)).sum(dim=-1)
    others = torch.where(obtuse, 2.0 - share, share).unsqueeze(-1) * cv.unsqueeze(-3)
    e = cv.sum(dim=-2, keepdim=True)
    along = (w * e).sum(dim=-1, keepdim=True) + (own * c.mT).sum(dim=-1, keepdim=True)
    return signed[..., : W.shape[-2], :] * (along * w + e - others.sum(dim=-2))


def floor(V: TeacherRows) -> float:
    """Return the loss from which on rounding is below 1e-6 of it.

    Search no lower, and divide by no smaller loss.

    The mass of the students exceeds the teachers' by at most √(πL), so that Σ|c| ≤ 2‖W*‖² + √(πL),
    and near zero loss the teachers decide.
    """
    total = 2.0 * float((V**2).sum())
    return (1e-16 if len(V) == 1 else 1e-9) * total**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """The students, matched each with its closest teacher and flipped to its side.

    Attributes:
        teacher: j(i), the index of the closest teacher by line angle.
        member: 1 where j(i) = j, else 0.
        theta: θ_i, the line angle to it.
        mass: a_i = ‖w_i‖².
        flipped: s_i w_i with s_i = ±1 such that its inner product with the teacher is not negative.
        sign: s_i.
        errors: e_j = Σ_{i∈T_j} ‖w_i‖ s_i w_i - ‖w*_j‖ w*_j.
    """

    teacher: Int64[Tensor, "... m"]
    member: Float[Tensor, "... m r"]
    theta: Float[Tensor, "... m"]
    mass: Float[Tensor, "... m"]
    flipped: Float[Tensor, "... m d"]
    sign: Float[Tensor, "... m"]
    errors: Float[Tensor, "... r d"]

    def per_cell(self, values: Float[Tensor, "... m"]) -> Float[Tensor, "... r"]:
        """Sum a quantity of the students over each cell."""
        return (self.member * values.unsqueeze(-1)).sum(dim=-2)


def cells(W: Weights, V: TeacherRows, teacher: Int64[Tensor, "... m"] | None = None) -> Cells:
    """Match the students with their closest teachers, or with the ones given."""
    beta = line_angles(W, V)
    j = beta.argmin(dim=-1) if teacher is None else teacher
    sign = _signs((W * V[j]).sum(dim=-1))
    flipped = sign.unsqueeze(-1) * W
    member = torch.nn.functional.one_hot(j, len(V)).to(W.dtype)
    weighted = W.norm(dim=-1, keepdim=True) * flipped
    return Cells(
        teacher=j,
        member=member,
        theta=beta.gather(-1, j.unsqueeze(-1)).squeeze(-1),
        mass=(W**2).sum(dim=-1),
        flipped=flipped,
        sign=sign,
        errors=member.mT @ weighted - V.norm(dim=-1, keepdim=True) * V,
    )


def witness(
    W: Weights, V: TeacherRows, *, power: float = 1.0, teacher: Int64[Tensor, "... m"] | None = None
) -> Weights:
    """Return W*_i = q_i s_i w*_{j(i)}, q_i ∝ ‖w_i‖ cos^power θ_i with Σ_{T_j} q_i² = 1.

    A state of zero loss if no cell is empty.
    """
    matched = cells(W, V, teacher)
    weight = W.norm(dim=-1) * matched.theta.cos() ** power
    total = matched.per_cell(weight**2).gather(-1, matched.teacher).clamp(min=1e-300).sqrt()
    return (weight / total * matched.sign).unsqueeze(-1) * V[matched.teacher]


def square(W: Weights) -> Float[Tensor, "..."]:
    """Return ‖W‖_F²."""
    return (W**2).sum(dim=(-2, -1))


def atoms(W: Weights, V: TeacherRows) -> tuple[Float[Tensor, "... M d"], Float[Tensor, "... M"]]:
    """Return the directions v̂_k of all atoms, students first, and their c_k."""
    v, c, _ = _atoms(W, V)
    return v, c.squeeze(-1)


def _atoms(
    W: Weights, V: TeacherRows
) -> tuple[Float[Tensor, "... M d"], Float[Tensor, "... M 1"], Float[Tensor, "... M 1"]]:
    """Return the directions v̂_k of all atoms, students first, their c_k and their lengths."""
    v = torch.cat((W, V.expand(*W.shape[:-2], *V.shape)), dim=-2)
    length = torch.linalg.vector_norm(v, dim=-1, keepdim=True)
    mass, m = length * length, W.shape[-2]
    c = torch.cat((mass[..., :m, :], -mass[..., m:, :]), dim=-2)
    return v / length.clamp(min=1e-150), c, length


def _on_one_side(
    W: Weights, V: TeacherRows
) -> tuple[Float[Tensor, "... M d"], Float[Tensor, "... M 1"], Float[Tensor, "... M 1"]]:
    """Return the atoms' directions, flipped to the side of the first teacher, their c_k, and their
    lengths, negative where they were flipped.
    """
    v, c, length = _atoms(W, V)
    first = v[..., W.shape[-2], :].unsqueeze(-2)
    side = _signs((v * first).sum(dim=-1, keepdim=True))
    return side * v, c, side * length


def _signs(values: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    return torch.where(values < 0, -1.0, 1.0).to(values.dtype)


def _lines(
    u: Float[Tensor, "... n d"], v: Float[Tensor, "... k d"]
) -> tuple[Bool[Tensor, "... n k"], Float[Tensor, "... n k"]]:
    """Return for rows of length 1 where their angle is obtuse, and the angle of their lines."""
    near, far = _chords(u, v)
    # Not by minimum and maximum: at a right angle automatic differentiation would share the
    # derivative out between the two sides.
    obtuse = near > far
    return obtuse, 2.0 * torch.atan2(torch.where(obtuse, far, near), torch.where(obtuse, near, far))


def _chords(
    u: Float[Tensor, "... n d"], v: Float[Tensor, "... k d"]
) -> tuple[Float[Tensor, "... n k"], Float[Tensor, "... n k"]]:
    """Return ‖u_a - v_b‖ and ‖u_a + v_b‖.

    What is added under the root makes the derivative at 0 zero in place of NaN.
    """
    first, second = u.unsqueeze(-2), v.unsqueeze(-3)
    apart, along = first - second, first + second
    return (
        (apart * apart).sum(dim=-1).add(1e-60).sqrt(),
        (along * along).sum(dim=-1).add(1e-60).sqrt(),
    )
