"""Every part and twin, on every kind of layers, on the pretended device: `make pretend`.

pytest collects this file where it is named; `make test` leaves it to its neighbour test_parts.py.
"""

from __future__ import annotations

import pytest
from accelerator import install
from specimens import Subject, check_on_the_device, cost_of, every_subject, kinds_of_layers

install()

# The dearest first, so that no worker is left alone with one at the end.
EVERY = sorted(
    ((subject, kind) for subject in every_subject() for kind in kinds_of_layers(subject)),
    key=lambda one: -cost_of(one[0]) * (1 if one[1] == "dense" else 8),
)


@pytest.mark.parametrize(
    ("subject", "kind"), EVERY, ids=[f"{subject.id}-{kind}" for subject, kind in EVERY]
)
def test_a_part_or_twin_says_the_same_on_a_device(subject: Subject, kind: str) -> None:
    check_on_the_device(subject, kind)
