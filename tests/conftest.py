"""Checks of shapes at run time, a registry of their own for statements made in tests, and one
thread."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

sys.path[:0] = [
    str(Path(__file__).parent / folder) for folder in (".", "planted", "plugin", "pretended")
]
install_import_hook(
    [
        "lemmata.theorems.deep_convergence.setting.network",
    ],
    "beartype.beartype",
)

pytest_plugins = ["pytester"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the slow tests to `make power`, or to whoever names them with -m."""
    if not config.option.markexpr:
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if not item.get_closest_marker("slow")]


@pytest.fixture(autouse=True)
def _statements_of_their_own() -> Iterator[None]:
    from support import statements_of_their_own

    with statements_of_their_own():
        yield


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)
