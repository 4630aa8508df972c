"""One instance of every part and twin, its claim on a device, and how far two claims are apart."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

import hypothesis
import numpy as np
import torch
from accelerator import CPU, OnDevice, install
from hypothesis import strategies as st

from lemmata.harness import Bound, Law, Mean, Trials, randomness
from lemmata.harness.private import as_if_in_a_test
from lemmata.harness.randomness import Key, key_of
from lemmata.harness.statements import Part, Twin

Subject = Part[Any, Any] | Twin
Claim = Bound | Mean | Law


ROUNDING = 1e-8
"""How far claims may be apart: rounding, amplified by differences of nearly equal sides."""


def every_subject() -> list[Subject]:
    """Every part of our own statements and, after it, its twins."""
    from lemmata.command_line import load_theorems

    parts = [part for made in load_theorems() for part in made.parts]
    return [subject for part in parts for subject in (part, *part.twins)]


def part_of(subject: Subject) -> Part[Any, Any]:
    return subject.part if isinstance(subject, Twin) else subject


def first_instance(subject: Subject) -> Mapping[str, Any]:
    """The first specimen, or the first point of a grid, or the simplest instance that is drawn."""
    for specimen in subject.specimens:
        return specimen
    for grid in subject.along:
        return grid.instance(grid.sizes[0])
    drawn = st.fixed_dictionaries(dict(part_of(subject).test.lemmata_strategies))
    quietly = hypothesis.settings(
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    found = hypothesis.find(drawn, lambda _: True, settings=quietly, random=random.Random(0))
    return dict(found)


def kinds_of_layers(subject: Subject) -> tuple[str, ...]:
    """The kinds of layers to try: every one on a specimen, the usual one on a grid, made for it."""
    kinds = part_of(subject).layers
    return kinds if subject.specimens else kinds[:1]


@contextmanager
def words_from_numpy() -> Iterator[None]:
    """Let numpy make the device's random bits.

    They are the same, and torch's Philox is slow here.
    """

    def made(
        key: Key, counter: tuple[int, int, int, int], blocks: int, device: torch.device
    ) -> Any:
        position = sum(word << (64 * place) for place, word in enumerate(counter)) - 1
        words = [(position >> shift) & ((1 << 64) - 1) for shift in (0, 64, 128, 192)]
        generator = np.random.Philox(
            counter=np.array(words, dtype=np.uint64), key=np.array(key, dtype=np.uint64)
        )
        return OnDevice(torch.from_numpy(generator.random_raw(4 * blocks).view(np.int64)))

    with mock.patch.object(randomness, "philox", made):
        yield


def claim_of(
    subject: Subject,
    instance: Mapping[str, Any],
    *,
    layers: str = "",
    device: torch.device = CPU,
    count: int = 2,
) -> Claim:
    """The claim on the trials of one key, whatever the device."""
    trials = Trials(
        key=key_of("pretended", subject.id),
        first=0,
        count=count,
        device=device,
        dtype=torch.float64,
        layers=layers or part_of(subject).layers[0],
    )
    with as_if_in_a_test(subject.check):
        return subject.check(**instance, trials=trials)


def by_rounding(one: Claim, other: Claim) -> torch.Tensor:
    """Where rounding chose the entry that a bound shows: of identities that hold on both sides."""
    assert isinstance(one, Bound)
    assert isinstance(other, Bound)

    def identical(claim: Bound) -> torch.Tensor:
        equals = torch.tensor([member.direction == "equal" for member in claim.members])
        return equals[claim.member.to(CPU)] & (claim.ratio.detach().to(CPU) <= 1.0)

    return identical(one) & identical(other)


def sides_of(claim: Claim) -> dict[str, torch.Tensor]:
    """The tensors of a claim by name."""
    if isinstance(claim, Bound):
        named = {"measured": claim.measured, "bound": claim.bound, "ratio": claim.ratio}
        reported = {**claim.reports, **claim.curves, **claim.attacks}
        scaling = {} if claim.scaling is None else {"scaling": claim.scaling}
        return {**named, **scaling, **{f"reported {name}": side for name, side in reported.items()}}
    if isinstance(claim, Mean):
        return {"samples": claim.samples, "expected": claim.expected}
    return {"samples": claim.samples}


def largest(side: torch.Tensor) -> torch.Tensor:
    """The largest size of the finite entries; 0 where there is none."""
    here = side.detach().to(CPU).double()
    return torch.where(here.isfinite(), here.abs(), 0.0).max()


def furthest_apart(one: Claim, other: Claim) -> tuple[float, str]:
    """The largest difference of two claims' sides, relative to the side's largest entry.

    What is measured is relative to its bound too: a 0 that is allowed to be 1e-12 has no digits.
    """
    assert type(one) is type(other)
    worst = (0.0, "")
    others = sides_of(other)
    assert sides_of(one).keys() == others.keys()
    for name, left in sides_of(one).items():
        mine, theirs = left.detach().to(CPU), others[name].detach().to(CPU)
        assert mine.shape == theirs.shape, name
        if name in ("measured", "bound", "ratio") and isinstance(one, Bound):
            said = ~by_rounding(one, other)
            mine, theirs = mine[said], theirs[said]
        finite = mine.isfinite()
        assert torch.equal(mine[~finite].nan_to_num(7.0), theirs[~finite].nan_to_num(7.0)), name
        if finite.any():
            scale = mine[finite].abs().max().clamp(min=torch.finfo(mine.dtype).tiny)
            if name == "measured" and isinstance(one, Bound):
                scale = scale.maximum(largest(one.bound))
            if name == "ratio":
                scale = scale.clamp(min=1.0)
            gap = float((mine - theirs)[finite].abs().max() / scale)
            worst = max(worst, (gap, name))
    return worst


def cost_of(subject: Subject) -> float:
    """How much dearer than usual a trial is."""
    return float(getattr(part_of(subject), "cost", 1.0))


def check_on_the_device(subject: Subject, layers: str) -> None:
    """Compare one or two trials on the device with those on the CPU."""
    instance, count = first_instance(subject), 1 if cost_of(subject) > 4 else 2
    here = claim_of(subject, instance, layers=layers, count=count)
    with words_from_numpy():
        there = claim_of(subject, instance, layers=layers, count=count, device=install())
    gap, side = furthest_apart(here, there)
    assert gap <= ROUNDING, f"{side} is {gap:.3g} of its size away from what it is on the CPU"
