"""Mutations of the settings of ALS18."""

from __future__ import annotations

from mutants import Mutation

_SETTING = "theorems/deep_convergence/setting"
_NETWORK = f"{_SETTING}/network.py"
_TRAINING = f"{_SETTING}/training.py"
_TRAJECTORY = f"{_SETTING}/trajectory.py"
_LOSSES = f"{_SETTING}/losses.py"
_RESIDUAL = f"{_SETTING}/residual_network.py"

MUTATIONS = [
    Mutation(
        file=_NETWORK,
        before="data.dimension, variance=2.0 / m)",
        after="data.dimension, variance=1.0 / m)",
        statements=["ALS-04"],
    ),
    Mutation(
        file=_NETWORK,
        before="variance=self.variance / m)",
        after="variance=self.variance / (m + 16))",
        statements=["ALS-04", "ALS-05"],
    ),
    Mutation(
        file=_NETWORK,
        before="m, variance=1.0 / self.outputs)",
        after="m, variance=2.0 / self.outputs)",
        statements=["ALS-25"],
    ),
    Mutation(
        file=_NETWORK,
        before="h.append(g[-1].relu())",
        after="h.append(g[-1].abs())",
        statements=["ALS-04", "ALS-03"],
    ),
    Mutation(
        file=_NETWORK,
        before="e[level] = back[level + 1] * signs[level]",
        after="e[level] = back[level + 1] * signs[level - 1]",
        statements=["ALS-03"],
    ),
    Mutation(
        file=_NETWORK,
        before="Gradient(e=e[level], h=signals.h[level - 1])",
        after="Gradient(e=e[level], h=signals.h[level])",
        statements=["ALS-03"],
    ),
    Mutation(
        file=_NETWORK,
        before="return self.e @ self.h.mT",
        after="return -self.e @ self.h.mT",
        statements=["ALS-03"],
    ),
    Mutation(
        file=_NETWORK,
        before="return 0.5 * ((y - targets) ** 2).sum(dim=(-2, -1))",
        after="return ((y - targets) ** 2).sum(dim=(-2, -1))",
        statements=["ALS-25", "ALS-23"],
    ),
    Mutation(
        file=_NETWORK,
        before="factor * one.e, one.h)",
        after="0.5 * factor * one.e, one.h)",
        statements=["ALS-25", "ALS-38"],
    ),
    Mutation(
        file=_TRAINING,
        before="value=lambda y, y_star: 0.5 * (y - y_star).square().sum(dim=1)",
        after="value=lambda y, y_star: (y - y_star).square().sum(dim=1)",
        statements=["ALS-32"],
    ),
    Mutation(
        file=_TRAINING,
        before="slope=lambda y, y_star: y - y_star",
        after="slope=lambda y, y_star: 0.5 * (y - y_star)",
        statements=["ALS-32"],
    ),
    Mutation(
        file=_LOSSES,
        before='"non-convex": (lambda z: z**2 / (1.0 + z**2),',
        after='"non-convex": (lambda z: z**2 / (2.0 + z**2),',
        statements=["ALS-32"],
    ),
    Mutation(
        file=_LOSSES,
        before="2.0 * z / (1.0 + z**2) ** 2",
        after="2.0 * z / (1.0 + z**2)",
        statements=["ALS-32"],
    ),
    Mutation(
        file=_LOSSES,
        before="2.0 * z + 3.0 * (2.0 * z).sin()",
        after="2.0 * z + 6.0 * (2.0 * z).sin()",
        statements=["ALS-32"],
    ),
    Mutation(
        file=_LOSSES,
        before="slope=lambda y, one_hot: y.softmax(dim=1) - one_hot",
        after="slope=lambda y, one_hot: y.softmax(dim=1)",
        statements=["ALS-32", "ALS-33"],
    ),
    Mutation(
        file=_TRAJECTORY,
        before="h=torch.cat([one.h for one in taken], dim=2)",
        after="h=torch.cat([one.h for one in (*taken[:-1], taken[-2])], dim=2)",
        statements=["ALS-38"],
    ),
    Mutation(
        file=_TRAJECTORY,
        before="e=-self.step * torch.cat([one.e for one in taken], dim=2)",
        after="e=-self.step * torch.cat([*[one.e for one in taken[:-1]], 0.0 * taken[-1].e], dim="
        "2)",
        statements=["ALS-38"],
    ),
    Mutation(
        file=_RESIDUAL,
        before="return through if level == self.depth else e + self.tau * through",
        after="return through if level == self.depth else e + through",
        statements=["ALS-34", "ALS-35"],
    ),
    Mutation(
        file=_RESIDUAL,
        before="return layer.apply(h) if level == self.depth else h + self.tau * layer.apply(h)",
        after="return layer.apply(h) if level == self.depth else h - self.tau * layer.apply(h)",
        statements=["ALS-34", "ALS-35"],
    ),
    Mutation(
        file=_RESIDUAL,
        before="return 1.0 if level == self.depth else self.tau",
        after="return 1.0",
        statements=["ALS-34", "ALS-35"],
    ),
]
