"""Mutations of the settings of ZGJ21 and XD23."""

from __future__ import annotations

from mutants import Mutation

_NETWORK = "theorems/local_convergence/setting/network.py"
_STATES = "theorems/local_convergence/setting/states.py"
_DESCENT = "theorems/local_convergence/setting/descent.py"
_SETTING = "theorems/local_convergence/setting"
_SINGLE = "theorems/single_neuron/setting/network.py"
_FLOW = "theorems/single_neuron/setting/flow.py"
_SMALL = "theorems/single_neuron/setting/small_starts.py"
_GROWN = "theorems/single_neuron/setting/grown_states.py"
_PARTS = "theorems/single_neuron/setting/orthogonal_parts.py"
_PLANE = "theorems/single_neuron/setting/plane.py"

MUTATIONS = [
    Mutation(
        file=_NETWORK,
        before="return 0.005 * min(1.0, self.delta**3) * self.weakest**4",
        after="return 0.005 * min(1.0, self.delta**2) * self.weakest**4",
        statements=["ZGJ-24"],
    ),
    Mutation(
        file=_NETWORK,
        before="return beta.cos() + 2.0 / math.pi * psi(beta)",
        after="return beta.cos() + psi(beta)",
        statements=["ZGJ-01"],
    ),
    Mutation(
        file=_NETWORK,
        before="torch.addcmul(one, square, series, value=-1.0 /",
        after="torch.addcmul(one, square, series, value=1.0 /",
        statements=["ZGJ-01"],
    ),
    Mutation(
        file=_NETWORK,
        before="series = 1.0 / math.factorial(2 * n + 1) - square * series",
        after="series = 1.0 / math.factorial(2 * n + 1) + square * series",
        statements=["ZGJ-01", "ZGJ-02", "ZGJ-03", "ZGJ-04"],
    ),
    Mutation(
        file=_NETWORK,
        before="torch.where(obtuse, 2.0 * v @ v.mT, 0.0)",
        after="torch.where(obtuse, v @ v.mT, 0.0)",
        statements=["ZGJ-01", "ZGJ-02"],
    ),
    Mutation(
        file=_STATES,
        before="return z / z.norm(dim=-1, keepdim=True).clamp(min=1e-150).sqrt()",
        after="return z / z.norm(dim=-1, keepdim=True).clamp(min=1e-150)",
        statements=["ZGJ-17", "ZGJ-10", "ZGJ-08"],
    ),
    Mutation(
        file=_STATES,
        before="blocks = 2.0 / math.pi * ((math.pi / 2 - angle) * identity + mixed / sines)",
        after="blocks = 2.0 / math.pi * ((math.pi / 2 + angle) * identity + mixed / sines)",
        statements=["ZGJ-20", "ZGJ-10", "ZGJ-14"],
    ),
    Mutation(
        file=_DESCENT,
        before="return (min(1.0, world.delta**3) / world.count) ** 0.25",
        after="return (1.0 / world.count) ** 0.25",
        statements=["ZGJ-18"],
    ),
    Mutation(
        file=_DESCENT,
        before="return (min(1.0, world.delta**3) / world.count) ** 0.25",
        after="return min(1.0, world.delta**3) ** 0.25",
        statements=["ZGJ-18"],
        equivalent="up to four teachers the factor r^(1/4) ≤ 1.42 is within the slack of κ = ½",
    ),
    Mutation(
        file=f"{_SETTING}/preconditioned.py",
        before="slope, half = gradient(W, V), 0.5 if preconditioned else 0.0",
        after="slope, half = gradient(W, V), 0.4 if preconditioned else 0.0",
        statements=["ZGJ-30"],
    ),
    Mutation(
        file=f"{_SETTING}/preconditioned.py",
        before="pull = -matched.sign * (slope / size * target).sum(dim=-1)",
        after="pull = -(slope / size * target).sum(dim=-1)",
        statements=["ZGJ-30"],
    ),
    Mutation(
        file=f"{_SETTING}/preconditioned.py",
        before="torch.where(close, pull.unsqueeze(-1), torch.inf)",
        after="torch.where(close, 9.0 * pull.unsqueeze(-1), torch.inf)",
        statements=["ZGJ-30"],
    ),
    Mutation(
        file=f"{_SETTING}/preconditioned.py",
        before="return weight / total.clamp(min=1e-300)",
        after="return weight",
        statements=["ZGJ-30"],
    ),
    Mutation(
        file=f"{_SETTING}/small_masses.py",
        before="return way - 0.5 * (direction * way).sum(dim=-1, keepdim=True) * direction",
        after="return 10.0 * way - 0.5 * (direction * way).sum(dim=-1, keepdim=True) * direction",
        statements=["ZGJ-30"],
    ),
    Mutation(
        file=f"{_SETTING}/hermite_coefficients.py",
        before="return 2.0 / math.pi * ratio / math.sqrt(math.pi) * (k - 1.0) ** -derivative",
        after="return 2.0 / math.pi * ratio / math.sqrt(math.pi) * k**-derivative",
        statements=["ZGJ-34"],
    ),
    Mutation(
        file=f"{_SETTING}/hadamard.py",
        before="torch.cat((rows, -rows), dim=1)",
        after="torch.cat((rows, rows), dim=1)",
        statements=["ZGJ-33"],
    ),
    Mutation(
        file=f"{_SETTING}/hadamard.py",
        before="torch.cat(((1.0 - share).sqrt() * V,",
        after="torch.cat(((1.0 + share).sqrt() * V,",
        statements=["ZGJ-33"],
    ),
    Mutation(
        file=f"{_SETTING}/half_masses.py",
        before="theta, order = matched.theta.sort(dim=-1)",
        after="theta, order = matched.theta.sort(dim=-1, descending=True)",
        statements=["ZGJ-31"],
    ),
    Mutation(
        file=f"{_SETTING}/half_masses.py",
        before="main = math.sqrt(kept) * V[-1:]",
        after="main = kept * V[-1:]",
        statements=["ZGJ-31"],
    ),
    Mutation(
        file=f"{_SETTING}/lattices.py",
        before="[[s * golden, 0, 1] for s in (1, -1)]",
        after="[[s * golden, 0, 20] for s in (1, -1)]",
        statements=["ZGJ-32"],
        equivalent="the bound of ZGJ-32(c) is relative to the separation of whatever lines there "
        "are",
    ),
    Mutation(
        file=f"{_SETTING}/attacks.py",
        before="return max(share * world.threshold, 4.0 * floor(V))",
        after="return max(1e3 * share * world.threshold, 4.0 * floor(V))",
        statements=["ZGJ-18"],
    ),
    Mutation(
        file=_SINGLE,
        before="return 0.25 * (error(W) ** 2).sum(dim=(-2, -1)) + pairs / (4.0 * math.pi)",
        after="return 0.25 * (error(W) ** 2).sum(dim=(-2, -1)) + pairs / (2.0 * math.pi)",
        statements=["XD-01"],
    ),
    Mutation(
        file=_SINGLE,
        before="return 0.5 * error(W) + (along * students - (c * theta) @ atoms) / (2.0 * math.pi)",
        after="return 0.5 * error(W) - (along * students - (c * theta) @ atoms) / (2.0 * math.pi)",
        statements=["XD-01"],
    ),
    Mutation(
        file=_SINGLE,
        before="return W.sum(dim=-2, keepdim=True) - _teacher_of(W)",
        after="return W.sum(dim=-2, keepdim=True) + _teacher_of(W)",
        statements=["XD-01"],
    ),
    Mutation(
        file=_SINGLE,
        before="along = (c * theta.sin()).sum(dim=-1, keepdim=True)",
        after="along = (c * theta).sum(dim=-1, keepdim=True)",
        statements=["XD-01"],
    ),
    Mutation(
        file=_SINGLE,
        before='W = self.scale * trials.normal("start", self.count, self.dimension)',
        after='W = 2.0 * self.scale * trials.normal("start", self.count, self.dimension)',
        statements=["XD-02", "XD-03"],
    ),
    Mutation(
        file=_SINGLE,
        before="(W.shape[-2] * norms(W) / most_norm).log().relu()",
        after="(W.shape[-2] * norms(W) / most_norm).log().relu() * 0.0",
        statements=["XD-14", "XD-10", "XD-21"],
        equivalent="no bound of the window needs its upper end within the range that is searched",
    ),
    Mutation(
        file=_FLOW,
        before="W + h / 6.0 * (first + 2.0 * second + 2.0 * third + fourth)",
        after="W + h / 3.0 * (first + 2.0 * second + 2.0 * third + fourth)",
        statements=["XD-04", "XD-03"],
    ),
    Mutation(
        file=_FLOW,
        before="states[-1] = torch.where(arrived[:, None, None], W, torch.nan)",
        after="states[-1] = torch.where(~arrived[:, None, None], W, torch.nan)",
        statements=["XD-03"],
    ),
    Mutation(
        file=_SMALL,
        before="angle = math.pi / 3.0 * (1.0 + (torch.ones_like(where) if edge else where))",
        after="angle = math.pi / 2.1 * (1.0 + (torch.ones_like(where) if edge else where))",
        statements=["XD-03"],
    ),
    Mutation(
        file=_SMALL,
        before="return (0.5 * theta).sin() ** 2",
        after="return theta.sin() ** 2",
        statements=["XD-03"],
    ),
    Mutation(
        file=_GROWN,
        before="h = self.sum * h / h.sum(dim=1, keepdim=True)",
        after="h = self.sum * h",
        statements=["XD-24", "XD-04"],
    ),
    Mutation(
        file=_GROWN,
        before="return 1.0 - W[..., 0].sum(dim=-1)",
        after="return 1.0 - W.norm(dim=-1).amax(dim=-1)",
        statements=["XD-04"],
    ),
    Mutation(
        file=_GROWN,
        before="until=math.log(1.0 / (36.0 * eps)) / count,",
        after="until=math.log(1.0 / eps) / count,",
        statements=["XD-04"],
    ),
    Mutation(
        file=_PARTS,
        before="aside = 0.5 * self.opening * trials.uniform",
        after="aside = 2.0 * self.opening * trials.uniform",
        statements=["XD-18"],
    ),
    Mutation(
        file=_PARTS,
        before="return -gradient(W)[..., 1:]",
        after="return gradient(W)[..., 1:]",
        statements=["XD-18"],
    ),
    Mutation(
        file=_PARTS,
        before="turning = moving - (moving * u).sum(dim=-1, keepdim=True) * u",
        after="turning = moving + (moving * u).sum(dim=-1, keepdim=True) * u",
        statements=["XD-18"],
    ),
    Mutation(
        file=_PARTS,
        before="return apart * full_angles(z, z)",
        after="return apart * full_angles(W, W)",
        statements=["XD-19", "XD-18"],
    ),
    Mutation(
        file=_PARTS,
        before="direction = units(z.unsqueeze(-2) - z.unsqueeze(-3))",
        after="direction = 4.0 * (z.unsqueeze(-2) - z.unsqueeze(-3))",
        statements=["XD-10"],
    ),
    Mutation(
        file=_PLANE,
        before="return (values.view_as(phi) @ weights * half).sum(dim=1) / math.pi",
        after="return (values.view_as(phi) @ weights * half).sum(dim=1) / (2.0 * math.pi)",
        statements=["XD-01", "XD-12"],
    ),
]
