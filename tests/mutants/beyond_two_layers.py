"""Mutations of ALL18's setting and tools."""

from __future__ import annotations

from mutants import Mutation

_SETTING = "theorems/beyond_two_layers/setting/"
_TWO, _THREE = _SETTING + "two_layers.py", _SETTING + "three_layers.py"

MUTATIONS = [
    Mutation(
        file="theorems/mathematics/hermite.py",
        before="H[i - 1] * density(b) / math.sqrt(i)",
        after="H[i - 1] * density(b) / i",
        statements=["ALL-H2", "ALL-H3"],
    ),
    Mutation(
        file="theorems/mathematics/hermite.py",
        before="rows = [b * distribution(b) + density(b), distribution(b)]",
        after="rows = [b * distribution(b) - density(b), distribution(b)]",
        statements=["ALL-E2"],
    ),
    Mutation(
        file="theorems/mathematics/hermite.py",
        before="x * rows[i] - math.sqrt(i) * rows[i - 1]",
        after="x * rows[i] - i * rows[i - 1]",
        statements=["ALL-H1"],
    ),
    Mutation(
        file="theorems/mathematics/gaussian.py",
        before="return spread * density(scaled) + mean * distribution(scaled)",
        after="return spread * density(scaled) + mean * distribution(-scaled)",
        statements=["ALL-E2"],
    ),
    Mutation(
        file=_SETTING + "activations.py",
        before="i * math.log(star * radius) + torch.logaddexp",
        after="i * math.log(star) + torch.logaddexp",
        statements=["ALL-C1", "ALL-C2"],
    ),
    Mutation(
        file=_SETTING + "activations.py",
        before="sizes + growth * (i + 1.0).log() + i * math.log(radius)",
        after="sizes + growth * i.clamp(min=1.0).log() + i * math.log(radius)",
        statements=["ALL-C1"],
    ),
    Mutation(
        file=_SETTING + "witnesses.py",
        before="return -0.5 / i, (0.5 / i if odd else 0.0)",
        after="return -0.5 / i, 0.5 / i",
        statements=["ALL-H3", "ALL-E1"],
    ),
    Mutation(
        file=_SETTING + "witnesses.py",
        before="c[:, i].view(shape) / half_space_power(i) * H[i] * P[i]",
        after="c[:, i].view(shape) * H[i] * P[i]",
        statements=["ALL-E1"],
    ),
    Mutation(
        file=_SETTING + "witnesses.py",
        before="total = 2.0 * c[:, 0].view(shape).expand(alpha.shape)",
        after="total = c[:, 0].view(shape).expand(alpha.shape)",
        statements=["ALL-E1"],
    ),
    Mutation(
        file=_SETTING + "losses.py",
        before="return (f - y) / (1.0 + (f - y).square().sum(dim=-1, keepdim=True)).sqrt()",
        after="return (f - y) / (1.0 + (f - y).square().sum(dim=-1, keepdim=True))",
        statements=["ALL-L1"],
    ),
    Mutation(
        file=_SETTING + "inputs.py",
        before="torch.cat((0.5 * math.sqrt(3.0) * directions, half), dim=-1)",
        after="torch.cat((math.sqrt(3.0) * directions, half), dim=-1)",
        statements=["ALL-Q1"],
    ),
    Mutation(
        file=_TWO,
        before='b=trials.normal("b", m, variance=variance / m)',
        after='b=trials.normal("b", m, variance=variance)',
        statements=["ALL-P4", "ALL-P3"],
    ),
    Mutation(
        file=_TWO,
        before="return (self.preactivations(W, x) * mask) @ self.A.mT",
        after="return (self.preactivations(W, x).relu() * mask) @ self.A.mT",
        statements=["ALL-P1"],
    ),
    Mutation(
        file=_TWO,
        before="return ((x @ W.mT) * mask) @ self.A.mT",
        after="return (x @ W.mT) @ self.A.mT",
        statements=["ALL-P1"],
    ),
    Mutation(
        file=_TWO,
        before="((slope @ self.A) * signs.to(x.dtype)).unsqueeze(-1)",
        after="(slope @ self.A).unsqueeze(-1)",
        statements=["ALL-P1"],
    ),
    Mutation(
        file=_SETTING + "training.py",
        before="alpha=-rate",
        after="alpha=-2.0 * rate",
        statements=["ALL-P2"],
    ),
    Mutation(
        file=_THREE,
        before='W=trials.normal("W", m1, self.dimension, variance=of_w / m1)',
        after='W=trials.normal("W", m1, self.dimension, variance=0.5 * of_w / m1)',
        statements=["ALL-Q1"],
    ),
    Mutation(
        file=_THREE,
        before='V=trials.normal("V", m2, m1, variance=of_v / m2)',
        after='V=trials.normal("V", m2, m1, variance=of_v / m1)',
        statements=["ALL-Q1"],
    ),
    Mutation(
        file=_THREE,
        before='b2=trials.normal("b2", m2, variance=1.0 / m2)',
        after='b2=trials.normal("b2", m2, variance=0.5 / m2)',
        statements=["ALL-Q1"],
    ),
    Mutation(
        file=_THREE,
        before="return (signs.v * ((signs.w * (x @ W.mT)) @ V.mT)) @ self.A.mT",
        after="return (signs.v * ((x @ W.mT) @ V.mT)) @ self.A.mT",
        statements=["ALL-Q2", "ALL-D6"],
    ),
    Mutation(
        file=_THREE,
        before="h = signs.w * self.first(W, x)\n        return (signs.v * (h @ V.mT",
        after="h = self.first(W, x)\n        return (signs.v * (h @ V.mT",
        statements=["ALL-Q10", "ALL-Q2"],
    ),
    Mutation(
        file=_THREE,
        before="return (signs.w * (delta @ V)).mT @ x, delta.mT @ h",
        after="return (delta @ V).mT @ x, delta.mT @ h",
        statements=["ALL-Q10"],
    ),
    Mutation(
        file="theorems/mathematics/norms.py",
        before="return W.square().sum(dim=-1).square().sum(dim=-1) ** 0.25",
        after="return W.square().sum(dim=-1).sum(dim=-1) ** 0.5",
        statements=["ALL-N1", "ALL-Q2"],
    ),
    Mutation(
        file=_SETTING + "regularisers.py",
        before="of_w * scale**2 * norm24(W) ** 4",
        after="of_w * scale * norm24(W) ** 4",
        statements=["ALL-D5"],
    ),
    Mutation(
        file=_SETTING + "rademacher.py",
        before="correlations(values, signs).amax(dim=-2).mean(dim=-1)",
        after="correlations(values, signs).mean(dim=-2).mean(dim=-1)",
        statements=["ALL-R1", "ALL-A12"],
    ),
    Mutation(
        file="theorems/beyond_two_layers/interval_partition.py",
        before="turn = (-2.0 * turn.log()).sqrt()",
        after="turn = (-turn.log()).sqrt()",
        statements=["ALL-Q8"],
    ),
    Mutation(
        file="theorems/beyond_two_layers/generalisation.py",
        before="values.append(0.5 * math.exp(log_mean))",
        after="values.append(0.05 * math.exp(log_mean))",
        statements=["ALL-R2"],
    ),
    Mutation(
        file="theorems/beyond_two_layers/three_layer_coupling.py",
        before="return -r * torch.where(self.z >= 0, 1.0, -1.0) * chosen",
        after="return r * torch.where(self.z >= 0, 1.0, -1.0) * chosen",
        statements=["ALL-Q5"],
        equivalent="a weaker attack: the bounds are one-sided, the test of crossing moves pins it",
    ),
]
