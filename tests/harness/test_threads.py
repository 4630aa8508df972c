"""Threads: parts may be judged side by side in one process, and find what they find alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis.internal.conjecture import providers
from support import outcome_of, planted

from lemmata.harness import at_least, at_most


@pytest.fixture
def restless() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("restless")
def test_parts_find_in_threads_what_they_find_alone() -> None:
    parts = [
        planted(lambda m, trials: at_least(trials.normal("g", m).norm(dim=-1), 0.0), kind=kind)
        for kind in ["inequality"] * 3
    ]
    parts += [
        planted(
            lambda m, trials: at_most(trials.normal("g", m).norm(dim=-1), 1.0)
            .except_with_probability(0.05)
        )
    ]  # fmt: skip
    constants = providers._get_local_constants

    def judged(part) -> tuple:
        found = outcome_of(part, profile="quick")
        return part.id, found.verdict, found.trials, found.work, found.resolution

    alone = [judged(part) for part in parts]
    assert [verdict for _, verdict, *_ in alone] == ["holds"] * 3 + ["refuted"]
    with ThreadPoolExecutor(2 * len(parts)) as pool:
        beside = list(pool.map(judged, parts * 2))
    # Shrinking has its own clock, so of what is refuted only the verdict is compared.
    assert beside[:3] == beside[4:7] == alone[:3]
    assert beside[3][:2] == beside[7][:2] == alone[3][:2]
    assert providers._get_local_constants is constants
