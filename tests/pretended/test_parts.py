"""Cheap parts on the pretended device; `make pretend` takes all of them, and their twins."""

from __future__ import annotations

import pytest
from accelerator import install
from specimens import Subject, check_on_the_device, cost_of, every_subject, kinds_of_layers, part_of

install()

CHEAP = [
    (subject, kind)
    for subject in every_subject()
    if subject is part_of(subject)
    for kind in kinds_of_layers(subject)
    if cost_of(subject) <= (2 if kind == "dense" else 1)
]


@pytest.mark.parametrize(
    ("subject", "kind"), CHEAP, ids=[f"{subject.id}-{kind}" for subject, kind in CHEAP]
)
def test_a_part_says_the_same_on_a_device(subject: Subject, kind: str) -> None:
    check_on_the_device(subject, kind)
