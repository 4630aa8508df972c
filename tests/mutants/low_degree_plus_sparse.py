"""Mutations of the low-degree-plus-sparse theory and of the Gegenbauer polynomials."""

from __future__ import annotations

from mutants import Mutation

_SETTING = "theorems/low_degree_plus_sparse/setting"
_ACTIVATIONS = f"{_SETTING}/activations.py"
_NETWORK = f"{_SETTING}/network.py"
_COVARIANCE = f"{_SETTING}/covariance.py"
_KERNEL = f"{_SETTING}/kernel.py"
_MOMENTS = f"{_SETTING}/moments.py"
_WITNESSES = f"{_SETTING}/witnesses.py"
_OBJECTIVE = f"{_SETTING}/objective.py"
_GEGENBAUER = "theorems/mathematics/gegenbauer.py"

MUTATIONS = [
    Mutation(
        file=_GEGENBAUER,
        before="(2 * each + d - 2) * tau * found[-1]",
        after="(2 * each + d - 1) * tau * found[-1]",
        statements=["NBL-08"],
    ),
    Mutation(
        file=_GEGENBAUER,
        before="(2 * degree + d - 2) * math.comb(degree + d - 3, degree - 1) // degree",
        after="(2 * degree + d - 2) * math.comb(degree + d - 3, degree - 1) // (degree + 1)",
        statements=["NBL-08"],
    ),
    Mutation(
        file=_GEGENBAUER,
        before="special.roots_gegenbauer(nodes, (d - 2) / 2)",
        after="special.roots_gegenbauer(nodes, (d - 1) / 2)",
        statements=["NBL-08", "NBL-10"],
    ),
    Mutation(
        file=_GEGENBAUER,
        before="* polynomials(d, degree, tau)[degree])",
        after="* polynomials(d, degree + 1, tau)[degree + 1])",
        statements=["NBL-08"],
    ),
    Mutation(
        file=_GEGENBAUER,
        before="roots_sh_jacobi(radii, d / 2 - 1.0, 1.0)",
        after="roots_sh_jacobi(radii, d / 2, 1.0)",
        statements=["NBL-08", "NBL-10"],
    ),
    Mutation(
        file=_ACTIVATIONS,
        before="-2.0 * t * s, s * (6.0 * t**2 - 2.0)",
        after="2.0 * t * s, s * (6.0 * t**2 - 2.0)",
        statements=["NBL-01"],
    ),
    Mutation(
        file=_ACTIVATIONS,
        before='"tanh": (1.0, 4.0 / (3.0 * math.sqrt(3.0)), 2.0)',
        after='"tanh": (1.0, 4.0 / (3.0 * math.sqrt(3.0)), 1.0)',
        statements=["NBL-02"],
    ),
    Mutation(
        file=_ACTIVATIONS,
        before="lambda t: derivative(activation, order, t))",
        after="lambda t: derivative(activation, 3 - order, t))",
        statements=["NBL-08", "NBL-15"],
    ),
    Mutation(
        file=_NETWORK,
        before="half = draw(name, p, d)\n",
        after="half = draw(name, p, d) * 1.1\n",
        statements=["NBL-10"],
    ),
    Mutation(
        file=_NETWORK,
        before="[1.0] * p + [-1.0] * p",
        after="[1.0] * p + [1.0] * p",
        statements=["NBL-01"],
    ),
    Mutation(
        file=_NETWORK,
        before="w0=torch.cat((half, half), dim=1)",
        after="w0=torch.cat((half, half.flip(1)), dim=1)",
        statements=["NBL-10"],
    ),
    Mutation(
        file=_NETWORK,
        before="return (self.a * terms).sum(dim=-1) / math.sqrt(self.net.width)",
        after="return (self.a * terms).sum(dim=-1)",
        statements=["NBL-01", "NBL-02"],
    ),
    Mutation(
        file=_NETWORK,
        before="return 0.5 * self._sum(self.sigma(2) * self.along(W) ** 2)",
        after="return self._sum(self.sigma(2) * self.along(W) ** 2)",
        statements=["NBL-05", "NBL-15"],
    ),
    Mutation(
        file=_NETWORK,
        before="return self._sum(self.sigma(1) * self.along(W))",
        after="return self._sum(self.sigma(2) * self.along(W))",
        statements=["NBL-05"],
    ),
    Mutation(
        file=_NETWORK,
        before="return self._sum(self.sigma(2, self.along(W)) * self.along(V) ** 2)",
        after="return self._sum(self.sigma(1, self.along(W)) * self.along(V) ** 2)",
        statements=["NBL-04", "NBL-28"],
    ),
    Mutation(
        file=_NETWORK,
        before="inner = self.sigma(1, h) - self.sigma(1) - self.sigma(2) * h",
        after="inner = self.sigma(1, h) - self.sigma(1)",
        statements=["NBL-03"],
    ),
    Mutation(
        file=_NETWORK,
        before="return self._sum((self.sigma(2, h) - self.sigma(2)) * self.along(V) ** 2)",
        after="return self._sum(self.sigma(2, h) * self.along(V) ** 2)",
        statements=["NBL-03"],
    ),
    Mutation(
        file=_NETWORK,
        before="(self.sigma(1) ** 2 * self.along(W) ** 2).sum(dim=-1) / self.net.width",
        after="(self.sigma(1) ** 2 * self.along(W) ** 2).sum(dim=-1) / self.net.pairs",
        statements=["NBL-06"],
    ),
    Mutation(
        file="theorems/mathematics/norms.py",
        before="square().sum(dim=-1) ** 0.25",
        after="square().sum(dim=-1) ** 0.5",
        statements=["NBL-02"],
    ),
    Mutation(
        file=_COVARIANCE,
        before="return ((W[:, :p] - W[:, p:]) / math.sqrt(2.0)).flatten(1)",
        after="return ((W[:, :p] + W[:, p:]) / math.sqrt(2.0)).flatten(1)",
        statements=["NBL-10"],
    ),
    Mutation(
        file=_COVARIANCE,
        before="return (at.sigma(1)[..., :p, None]",
        after="return (at.sigma(2)[..., :p, None]",
        statements=["NBL-10"],
    ),
    Mutation(
        file=_COVARIANCE,
        before="system = np.array([[d, 2, 2 * r]",
        after="system = np.array([[d, 2, r]",
        statements=["NBL-10"],
    ),
    Mutation(
        file=_COVARIANCE,
        before="for column, own in enumerate((a, b / 2.0, 0.0))",
        after="for column, own in enumerate((a, b, 0.0))",
        statements=["NBL-10"],
    ),
    Mutation(
        file=_COVARIANCE,
        before="return W - self.good_weights(W)",
        after="return self.good_weights(W)",
        statements=["NBL-11", "NBL-19"],
    ),
    Mutation(
        file=_COVARIANCE,
        before="return self.vectors[..., : self.count]",
        after="return self.vectors[..., -self.count :]",
        statements=["NBL-11"],
    ),
    Mutation(
        file=_COVARIANCE,
        before="count=gegenbauer.up_to(d, k),",
        after="count=gegenbauer.multiplicity(d, k),",
        statements=["NBL-11"],
    ),
    Mutation(
        file=_KERNEL,
        before="below = degree * coefficient(activation, 1, d, degree - 1) ** 2",
        after="below = degree * coefficient(activation, 1, d, degree) ** 2",
        statements=["NBL-09"],
    ),
    Mutation(
        file=_KERNEL,
        before="above = (degree + d - 2) * coefficient(",
        after="above = (degree + d - 1) * coefficient(",
        statements=["NBL-09"],
    ),
    Mutation(
        file=_KERNEL,
        before="for j in range(degree + 1))",
        after="for j in range(degree))",
        statements=["MZ-1"],
    ),
    Mutation(
        file=_MOMENTS,
        before="mean(lambda t, s: 2.0 * t * s),",
        after="mean(lambda t, s: t * s),",
        statements=["NBL-11"],
    ),
    Mutation(
        file=_MOMENTS,
        before="mean(lambda t, s: t**2) - A,",
        after="mean(lambda t, s: t**2),",
        statements=["NBL-11", "NBL-14"],
    ),
    Mutation(
        file=_WITNESSES,
        before="sizes = torch.cat((h.clamp(min=0.0), (-h).clamp(min=0.0)), dim=1)",
        after="sizes = torch.cat((h.clamp(min=0.0), h.clamp(max=0.0).abs() * 0.0), dim=1)",
        statements=["NBL-15"],
    ),
    Mutation(
        file=_WITNESSES,
        before="level = coefficient(activation, 2, d, term.k - 1)",
        after="level = coefficient(activation, 2, d, term.k)",
        statements=["NBL-15"],
    ),
    Mutation(
        file=_WITNESSES,
        before="return rows_of(4.0 * profile(",
        after="return rows_of(2.0 * profile(",
        statements=["NBL-15"],
    ),
    Mutation(
        file=_WITNESSES,
        before="return 0.5 * ((V.unsqueeze(2) @ both)",
        after="return ((V.unsqueeze(2) @ both)",
        statements=["NBL-16"],
    ),
    Mutation(
        file=_OBJECTIVE,
        before="R1 = R1 - (self.found.top * good**2).sum(dim=1)",
        after="R1 = R1 + (self.found.top * good**2).sum(dim=1)",
        statements=["NBL-22"],
    ),
    Mutation(
        file=_OBJECTIVE,
        before="u = 2.0 * (self.quadratic @ fold(W)",
        after="u = -2.0 * (self.quadratic @ fold(W)",
        statements=["NBL-22"],
    ),
    Mutation(
        file=_OBJECTIVE,
        before="return R1, R2, good.square().sum(dim=1), quartic(W) ** 2",
        after="return R1, R2, good.square().sum(dim=1), quartic(W)",
        statements=["NBL-22"],
    ),
    Mutation(
        file=_OBJECTIVE,
        before="return 4.0 * W.square().sum(dim=-1, keepdim=True) * W",
        after="return 2.0 * W.square().sum(dim=-1, keepdim=True) * W",
        statements=["NBL-20"],
    ),
    Mutation(
        file=_OBJECTIVE,
        before="second = self.at.sigma(2, self.at.along(W) if self.network else 0.0)",
        after="second = self.at.sigma(1, self.at.along(W) if self.network else 0.0)",
        statements=["NBL-22"],
    ),
]
