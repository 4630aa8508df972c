"""Memory that is free.

What the machine has, less what a control group keeps back, shared among workers.
"""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch

from lemmata.harness import memory
from lemmata.harness.control_groups import memory_left

CPU = torch.device("cpu")
UNLIMITED = "9223372036854771712"


def group(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text + "\n")


def left(tmp_path: Path, own: str) -> float:
    (tmp_path / "own").write_text(own)
    return memory_left(mounted=tmp_path / "cgroup", own=tmp_path / "own")


def test_version_2(tmp_path: Path) -> None:
    stat = "anon 300\ninactive_file 50\nactive_file 20"
    group(tmp_path / "cgroup" / "job", memory__max="1000", memory__current="400", memory__stat=stat)
    assert left(tmp_path, "0::/job\n") == 650


def test_the_tightest_of_the_groups_above_counts(tmp_path: Path) -> None:
    group(tmp_path / "cgroup" / "batch", memory__max="500", memory__current="450")
    group(tmp_path / "cgroup" / "batch" / "job", memory__max="1000", memory__current="400")
    assert left(tmp_path, "0::/batch/job\n") == 50


def test_no_limit(tmp_path: Path) -> None:
    group(tmp_path / "cgroup" / "job", memory__max="max", memory__current="400")
    assert left(tmp_path, "0::/job\n") == math.inf


def test_version_1(tmp_path: Path) -> None:
    files = {"memory__limit_in_bytes": "1000", "memory__usage_in_bytes": "400"}
    stat = "inactive_file 7\ntotal_inactive_file 100"
    group(tmp_path / "cgroup" / "memory" / "job", **files, memory__stat=stat)
    free = {"memory__limit_in_bytes": UNLIMITED, "memory__usage_in_bytes": "0"}
    group(tmp_path / "cgroup" / "memory", **free)
    assert left(tmp_path, "5:cpu:/other\n4:cpuset,memory:/job\n0::/\n") == 700


def test_a_container_shows_its_own_group_as_the_root(tmp_path: Path) -> None:
    group(tmp_path / "cgroup", memory__max="1000", memory__current="900")
    assert left(tmp_path, "0::/docker/0123abcd\n") == 100


def test_more_than_the_limit_is_nothing_left(tmp_path: Path) -> None:
    group(tmp_path / "cgroup", memory__max="1000", memory__current="1100")
    assert left(tmp_path, "0::/\n") == 0


@pytest.mark.parametrize("own", ["", "nonsense\n", "0::/gone\n", "4:memory:\n"])
def test_nothing_known_is_no_limit(tmp_path: Path, own: str) -> None:
    assert left(tmp_path, own) == math.inf


def test_no_groups_at_all(tmp_path: Path) -> None:
    assert memory_left(mounted=tmp_path, own=tmp_path / "none") == math.inf


@pytest.mark.parametrize(
    ("kept", "workers", "expected"), [(math.inf, "", 8000), (600.0, "", 600), (600.0, "3", 200)]
)
def test_free_memory_is_the_smaller_and_shared(
    monkeypatch: pytest.MonkeyPatch, kept: float, workers: str, expected: int
) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=8000))
    monkeypatch.setattr(memory, "memory_left", lambda: kept)
    monkeypatch.setenv("PYTEST_XDIST_WORKER_COUNT", workers or "1")
    assert memory.free_memory(CPU) == expected


def test_no_memory_left_is_a_batch_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "memory_left", lambda: 0.0)
    assert memory.batch_for(100, 16, CPU) == 1


@pytest.mark.parametrize("missing", [OSError, AttributeError, TypeError])
def test_without_glibc_nothing_is_kept(
    monkeypatch: pytest.MonkeyPatch, missing: type[Exception]
) -> None:
    def library(_name: object) -> object:
        raise missing

    monkeypatch.setattr(memory.ctypes, "CDLL", library)
    memory.keep_freed_memory()


def test_the_c_library_is_told_once_for_each_option(monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[int, int] = {}

    class Library:
        mallopt = staticmethod(lambda option, size: told.update({option: size}))

    monkeypatch.setattr(memory.ctypes, "CDLL", lambda _name: Library)
    memory.keep_freed_memory()
    assert set(told) == {-1, -2, -3}
    assert all(0 < size < 1 << 31 for size in told.values())
