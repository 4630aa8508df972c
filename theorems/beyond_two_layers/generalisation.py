r"""From Rademacher complexity to generalisation (ALL18, Lemma A.10 and Corollary A.11).

The population is finite, so that its mean is exact. On K atoms with all 2^K tables of values 0 and
1, sup_f (E f - mean) = Σ_k (1/K - p̂_k)_+, and given the counts n_k the complexity is (1/N) Σ ½
E|S_{n_k}|, S a random walk.
"""

from __future__ import annotations

import math
from functools import cache

import torch
from hypothesis import strategies as st

from lemmata.harness import Bound, Trials, at_most, given, statement
from lemmata.strategies import sizes

ALLR2 = statement(
    "ALL-R2",
    paper="ALL18",
    source="Lemma A.10 and Corollary A.11",
    provenance="as printed",
    note="printed two-sided with O(·); explicit constants by bounded differences",
    uses=["ALL-R1"],
    title="Generalisation from Rademacher complexity",
    says=r"$|f|\le b$: with probability at least $1-\delta$ over $N$ samples, $\sup_f\big|\mathbb "
    r"Ef-\frac1N\sum_nf(x_n)\big|\le2\,\mathbb E\widehat{\mathfrak "
    r"R}+O(b\sqrt{\log(1/\delta)/N})$.",
    kind="probability",
    quantifiers=(r"\forall\,\mathcal F,N,\delta", r"\mathbb P_{x_1,\dots,x_N}"),
)
_DELTAS = st.sampled_from((0.05, 0.2, 0.01))


@cache
def _walks(longest: int) -> tuple[float, ...]:
    """Return ½ E|S_n| of a random walk of n steps, n ≤ longest."""
    values = [0.0]
    for n in range(1, longest + 1):
        k = (n + 1) // 2
        log_mean = math.log(k) + math.lgamma(n + 1.0) - math.lgamma(k + 1.0)
        log_mean += -math.lgamma(n - k + 1.0) - (n - 1) * math.log(2.0)
        values.append(0.5 * math.exp(log_mean))
    return tuple(values)


@cache
def complexity_of_tables(atoms: int, samples: int) -> float:
    """Return the expected complexity of all 0/1 tables on the atoms."""
    walks = _walks(samples)
    total = 0.0
    for n, half in enumerate(walks):
        log_p = math.lgamma(samples + 1.0) - math.lgamma(n + 1.0) - math.lgamma(samples - n + 1.0)
        log_p += -n * math.log(atoms) + (samples - n) * math.log1p(-1.0 / atoms)
        total += math.exp(log_p) * half
    return atoms * total / samples


@ALLR2.part(
    "a",
    says=r"All tables with values in $[0,1]$ on $K$ atoms: $\sup_f\le2\,\mathbb "
    r"E\widehat{\mathfrak R}+\sqrt{\log(2/\delta)/2N}$, on both sides.",
    specimens=[{"atoms": 40, "samples": 100, "delta": 0.05}],
)
@given(atoms=sizes(smallest=2, largest=64), samples=sizes(smallest=4, largest=256), delta=_DELTAS)
def gaps_are_at_most_twice_the_complexity(
    atoms: int, samples: int, delta: float, trials: Trials, *, twice: float = 2.0
) -> Bound:
    drawn = (atoms * trials.uniform("sample", samples)).long().clamp(max=atoms - 1)
    counts = torch.zeros_like(trials.uniform("sample", atoms))
    counts = counts.scatter_add(1, drawn, torch.ones_like(drawn, dtype=counts.dtype))
    gap = (1.0 / atoms - counts / samples).clamp(min=0.0).sum(dim=1)
    bound = twice * complexity_of_tables(atoms, samples)
    confidence = math.sqrt(math.log(2.0 / delta) / (2.0 * samples))
    return at_most(gap, bound + confidence).except_with_probability(delta)


gaps_are_at_most_twice_the_complexity.twin("no complexity: one function's Hoeffding", twice=0.0)


@ALLR2.part(
    "b",
    source="Corollary A.11",
    says=r"1-Lipschitz losses of linear functions, $\|w\|\le B$, $\|x\|=1$: the gap is at most $2B/"
    r"\sqrt N+b\sqrt{\log(1/\delta)/2N}$, $L\in[0,b]$.",
    specimens=[{"dimension": 10, "samples": 64, "delta": 0.05}],
)
@given(
    dimension=sizes(smallest=2, largest=32), samples=sizes(smallest=8, largest=128), delta=_DELTAS
)
def lipschitz_losses_generalise(
    dimension: int, samples: int, delta: float, trials: Trials, *, rate: float = 1.0
) -> Bound:
    x = trials.sphere("x", 400, dimension)
    w = 4.0 * trials.sphere("w", 60, dimension)
    label = trials.signs("label", 1, 400)
    losses = torch.sigmoid(label * (w @ x.mT))
    chosen = (400 * trials.uniform("sample", samples)).long().clamp(max=399)
    picked = losses.gather(2, chosen.unsqueeze(1).expand(-1, 60, -1))
    gap = (losses.mean(dim=2) - picked.mean(dim=2)).amax(dim=1)
    # The logistic function is ¼-Lipschitz, so B = 4 · ¼ for the classifiers of norm 4.
    confidence = math.sqrt(math.log(1.0 / delta) / (2.0 * samples))
    bound = rate * (2.0 / math.sqrt(samples) + confidence)
    return at_most(gap, bound).except_with_probability(delta)


lipschitz_losses_generalise.twin("a tenth of it", rate=0.1)
