"""A test function that only far neurons see (ours, after ZGJ21, page 33).

The test function of Lemma C.6 has no tangent correction, and is small at the teachers only; ours
vanishes there. A combination of a constant and Hermite polynomials of one even degree n = 2ℓ around
the teachers,

    p(u) = E[g(x) |uᵀx|] = 1 - Σ_j Σ_k B_jk u_k u_j^{n-1},        u_j = w̄*_jᵀu,                 (1)

can be made to vanish to second order at every teacher: r² linear equations for B. If n is large
enough for the teachers' separation, p is then at least a constant times sin² of the angle to the
nearest teacher, everywhere on the sphere. Since Σ_i a_i p(w̄_i) = ⟨g, R⟩ and that is at most ‖g‖
√(2L), far neurons have mass at most of the order √L (ZGJ-09). The norm of g is that of a symmetric
tensor: with T = Σ_jk B_jk sym(w̄*_k ⊗ w̄*_j^{n-1}),

    ‖g‖² = (π/2) (1 + n!/((n-3)!!)² ‖T‖²).                                                       (2)
"""

from __future__ import annotations

import itertools
import math

import torch
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import (
    Bound,
    Instance,
    Trials,
    all_of,
    at_least,
    equal,
    given,
    statement,
    worst_of,
)
from lemmata.theorems.local_convergence.setting.network import (
    TeacherRows,
    Teachers,
    teachers,
    units,
)
from lemmata.theorems.local_convergence.setting.states import tilted

ZGJ07 = statement(
    "ZGJ-07",
    paper="ZGJ21",
    source="ours, after the test function of page 33",
    provenance="ours",
    proof="only seen",
    uses=["ZGJ-06"],
    title="A dual certificate for separated teachers",
    says=r"For all teachers with separation $\Delta$ there are an even degree $n=2\ell$, "
    r"$O(1/\Delta)$ for $r\le2$ and $O(\log(2r)/\Delta^2)$ in general, and $g\in L^2$ such that "
    r"$p(u)=\mathbb E[g(x)|u^\top x|]$ vanishes at every $\bar w_j^*$ and $p(u)\ge "
    r"c\min_j\sin^2\beta(u,w_j^*)$ for every unit $u$.",
)


def half_degree(world: Teachers) -> int:
    """Return the ℓ of the certificate.

    ⌈4/Δ⌉, and for three teachers or more at least ⌈ln(2r)/Δ²⌉.
    """
    r, delta = world.count, world.delta
    return max(math.ceil(4.0 / delta), math.ceil(math.log(2.0 * r) / delta**2) if r > 2 else 2)


def certificate(V: TeacherRows, half: int, *, tangents: bool = True) -> Float[Tensor, "r r"]:
    """Return the coefficients B of (1).

    P and its derivatives towards the other teachers vanish at every teacher.

    The system is solved by least squares: in the plane it is rank-deficient and consistent.
    """
    v, n, r = units(V), 2 * half, len(V)
    C, eye = v @ v.T, torch.eye(r, device=V.device, dtype=V.dtype)
    if not tangents:
        return torch.diag(torch.linalg.solve(C**n, torch.ones_like(C[0])))
    # Value at w_i of u_k u_j^{n-1}, and its derivative along t = w_q - C_qi w_i.
    value = torch.einsum("ki,ji->ijk", C, C ** (n - 1))
    t = C.unsqueeze(2) - torch.einsum("qi,ki->kqi", C, C)
    slope = torch.einsum("kqi,ji->iqjk", t, C ** (n - 1)) + (n - 1.0) * torch.einsum(
        "ki,ji,jqi->iqjk", C, C ** (n - 2), t
    )
    system = torch.where(eye.bool()[:, :, None, None], value.unsqueeze(1), slope).reshape(
        r * r, r * r
    )
    return torch.linalg.lstsq(system, eye.reshape(-1, 1), driver="gelsd").solution.reshape(r, r)


def potential(
    u: Float[Tensor, "... d"], V: TeacherRows, B: Float[Tensor, "r r"], half: int
) -> Float[Tensor, "..."]:
    """Return p(u) of (1)."""
    along = u @ units(V).T
    return 1.0 - torch.einsum("...j,jk,...k->...", along ** (2 * half - 1), B, along)


def norm_of_certificate(V: TeacherRows, B: Float[Tensor, "r r"], half: int) -> float:
    """Return ‖g‖ by (2)."""
    n = 2 * half
    scale = math.exp(math.lgamma(n + 1.0) - 2.0 * sum(math.log(k) for k in range(n - 3, 1, -2)))
    return math.sqrt(math.pi / 2.0 * (1.0 + scale * float(_square_of_tensor(V, B, n))))


def _square_of_tensor(
    V: TeacherRows, B: Float[Tensor, "... r r"], n: int, mixed: float = 1.0
) -> Float[Tensor, "..."]:
    """Return ‖T‖², from ⟨sym(k, j), sym(k', j')⟩ = (1/n) C_kk' C_jj'^{n-1} + ((n-1)/n) C_kj'
    C_jk' C_jj'^{n-2}.
    """
    v = units(V)
    C = v @ v.T
    aligned = torch.einsum("...jk,...lm,km,jl->...", B, B, C, C ** (n - 1))
    crossed = torch.einsum("...jk,...lm,kl,jm,jl->...", B, B, C, C, C ** (n - 2))
    return ((1.0 + (1.0 - mixed) * (n - 1.0)) * aligned + mixed * (n - 1.0) * crossed) / n


def far_sine(u: Float[Tensor, "... d"], V: TeacherRows) -> Float[Tensor, "..."]:
    """Return min_j sin² β(u, w*_j)."""
    v = units(V)
    return (u.unsqueeze(-2) - (u @ v.T).unsqueeze(-1) * v).square().sum(dim=-1).amin(dim=-1)


def _is_above(
    u: Float[Tensor, "trials points d"], V: TeacherRows, B: Tensor, half: int, share: float
) -> Bound:
    # Next to a teacher p is rounding.
    sine = far_sine(u, V)
    return at_least(
        torch.where(sine > 1e-7, potential(u, V, B, half), 1.0),
        torch.where(sine > 1e-7, share * sine, 0.0),
    )


def _attacked_directions(
    V: TeacherRows, trials: Trials
) -> dict[str, Float[Tensor, "trials points d"]]:
    """Return points everywhere on the sphere, next to the teachers, and in their span."""
    r, d = V.shape
    v, scales = units(V), trials.tensor([0.01, 0.1, 0.3, 0.6]).repeat_interleave(16)
    near = tilted(
        v.repeat(64, 1).expand(len(trials), 64 * r, d),
        trials.normal("near", 64 * r, d),
        scales.repeat_interleave(r),
    )
    return {
        "random": trials.sphere("everywhere", 512, d),
        "near": near,
        "span": units(trials.normal("span", 256, r) @ v),
    }


def _packed(count: int, separation: float) -> Instance:
    return {"world": Teachers(family="arc", count=count, dimension=3, separation=separation)}


def _certified(
    world: Teachers, trials: Trials, half: int, *, tangents: bool = True, share: float = 0.5
) -> Bound:
    V = world.build(trials)
    B = certificate(V, half, tangents=tangents)
    found = _attacked_directions(V, trials)
    worst = torch.cat(list(found.values()), dim=1)
    for scale in (0.1, 0.03, 0.01):
        at = (
            (potential(worst, V, B, half) / far_sine(worst, V))
            .where(far_sine(worst, V) > 1e-7, torch.inf)
            .argmin(dim=1)
        )
        best = worst.gather(1, at[:, None, None].expand(-1, 1, world.dimension))
        worst = torch.cat(
            (best, units(best + scale * trials.normal(f"climb/{scale}", 64, world.dimension))),
            dim=1,
        )
    found["climb"] = worst
    # The linear system's condition is below 1e3 at the separations drawn.
    vanishes = equal(trials.every(1.0 - potential(units(V), V, B, half)), 1.0, roundings=1e4)
    return all_of(
        vanishes, worst_of(**{name: _is_above(u, V, B, half, share) for name, u in found.items()})
    )


@ZGJ07.part(
    "a",
    kind="existence",
    says=r"The solution of the $r^2$ linear equations has "
    r"$p(u)\ge\frac12\min_j\sin^2\beta(u,w_j^*)$ for every unit $u$, with "
    r"$\ell=\lceil4/\Delta\rceil$ for $r\le2$ and "
    r"$\ell=\max(\lceil4/\Delta\rceil,\lceil\ln(2r)/\Delta^2\rceil)$ in general.",
    quantifiers=(r"\forall\, r,\Delta", r"\forall\, W^*", r"\exists\, g", r"\forall\,\|u\|=1"),
    specimens=[
        _packed(8, 0.2),
        _packed(2, 0.5),
        {"world": Teachers(family="simplex", count=6, dimension=6, separation=0.5)},
    ],
)
@given(
    world=teachers(
        count=(1, 6), dimensions=(2, 8), families=("orthogonal", "arc", "simplex", "random")
    )
)
def the_certificate_is_at_least_half_the_squared_sine(world: Teachers, trials: Trials) -> Bound:
    return _certified(world, trials, half_degree(world))


@the_certificate_is_at_least_half_the_squared_sine.twin(
    "no correction of the derivatives: B diagonal",
    specimens=[{"world": Teachers(family="arc", count=2, dimension=3, separation=0.5)}],
)
def _(world: Teachers, trials: Trials) -> Bound:
    return _certified(world, trials, 4, tangents=False)


@the_certificate_is_at_least_half_the_squared_sine.twin(
    "a degree of order 1/Δ for any number of teachers", specimens=[_packed(8, 0.2)]
)
def _(world: Teachers, trials: Trials) -> Bound:
    return _certified(world, trials, math.ceil(4.0 / world.delta))


@ZGJ07.part(
    "b",
    kind="inequality",
    says=r"For orthonormal directions $\ell=2$ and "
    r"$p(u)=1-\sum_ju_j^4\ge\min_j\sin^2\beta(u,w_j^*)$, with "
    r"$g=\sqrt{\pi/2}\,\big(1+\sum_j\mathrm{He}_4(\bar w_j^{*\top}x)\big)$; for $r=1$, "
    r"$p=\sin^2\beta$ with $g=\sqrt{\pi/2}\,(2-(\bar w^{*\top}x)^2)$.",
    quantifiers=(r"\forall\, r,d", r"\forall\,\|u\|=1"),
    specimens=[{"world": Teachers(count=3, dimension=4)}, {"world": Teachers(dimension=3)}],
)
@given(world=teachers(count=(1, 6), dimensions=(2, 8)))
def orthonormal_teachers_have_a_certificate_of_degree_four(
    world: Teachers, trials: Trials, *, power: int = 4
) -> Bound:
    V = world.build(trials)
    found = _attacked_directions(V, trials)
    rounding = 16.0 * torch.finfo(V.dtype).eps
    claims = {
        name: at_least(
            1.0 - ((u @ units(V).T) ** power).sum(dim=-1) + rounding, far_sine(u, V) - rounding
        )
        for name, u in found.items()
    }
    return worst_of(**claims)


orthonormal_teachers_have_a_certificate_of_degree_four.twin(
    "degree 2", specimens=[{"world": Teachers(count=3, dimension=4)}], power=2
)


@ZGJ07.part(
    "c",
    kind="identity",
    says=r"$\|g\|^2=\frac\pi2\big(1+\frac{n!}{((n-3)!!)^2}\|\mathcal T\|^2\big)$, $\mathcal "
    r"T=\sum_{jk}B_{jk}\,\mathrm{sym}(\bar w_k^*\otimes\bar w_j^{*\otimes n-1})$, where "
    r"$\langle\mathrm{sym}(k,j),\mathrm{sym}(k',j')\rangle=\frac1nC_{kk'}C_{jj'}^{n-1}+\frac{n-1}"
    r"nC_{kj'}C_{jk'}C_{jj'}^{n-2}$ "
    r"with the Gram matrix $C$: held against the tensor itself for $n=4$.",
    quantifiers=(r"\forall\, r,d", r"\forall\, W^*", r"\forall\, B"),
    specimens=[{"world": Teachers(family="arc", count=3, dimension=3, separation=0.5)}],
)
@given(
    world=teachers(
        count=(1, 3), dimensions=(2, 4), families=("orthogonal", "arc", "simplex", "random")
    )
)
def the_norm_of_the_certificate_is_that_of_a_symmetric_tensor(
    world: Teachers, trials: Trials, *, mixed: float = 1.0
) -> Bound:
    V, B = world.build(trials), trials.normal("coefficients", world.count, world.count)
    v = units(V)
    plain = torch.einsum("tjk,ka,jb,jc,je->tabce", B, v, v, v, v)
    symmetric = torch.stack(
        [plain.permute(0, *order) for order in itertools.permutations((1, 2, 3, 4))]
    ).mean(dim=0)
    return equal(
        _square_of_tensor(V, B, 4, mixed),
        (symmetric**2).sum(dim=(1, 2, 3, 4)),
        roundings=1e3,
        scale=(B.abs().sum(dim=(1, 2)) ** 2),
    )


the_norm_of_the_certificate_is_that_of_a_symmetric_tensor.twin(
    "without the crossed products: as if the tensors were not symmetric", mixed=0.0
)
