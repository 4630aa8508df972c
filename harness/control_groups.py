"""What a Linux control group leaves of the machine's memory.

Containers and batch systems set limits that the machine's own figures do not show. A process is in
one group of each hierarchy, named in ``/proc/self/cgroup``, and every group above it limits it too.
Version 2 has one hierarchy with ``memory.max`` and ``memory.current``; version 1
has one for memory, with other names. File pages that nobody has used for a while count as current
and are given back when memory is short.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class _Names:
    """The files of a group in one version."""

    limit: str
    current: str
    reclaimable: str


_VERSION_1 = _Names("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
_VERSION_2 = _Names("memory.max", "memory.current", "inactive_file")


def memory_left(
    *, mounted: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")
) -> float:
    """Return the bytes that this process' groups leave it.

    Infinity where there are no groups or no limits.

    Args:
        mounted: where the hierarchies are mounted.
        own: the file that names this process' groups, a line ``number:controllers:path`` each.
    """
    try:
        lines = own.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return float("inf")
    left = float("inf")
    for line in lines:
        _, controllers, path = line.split(":", 2) if line.count(":") >= 2 else ("", "none", "")
        if not controllers:
            left = min(left, *(_left_in(group, _VERSION_2) for group in _groups(mounted, path)))
        elif "memory" in controllers.split(","):
            left = min(
                left, *(_left_in(group, _VERSION_1) for group in _groups(mounted / "memory", path))
            )
    return left


def _groups(hierarchy: Path, path: str) -> Iterator[Path]:
    # In a container the path may be the host's: the root is the container's own group then.
    yield hierarchy
    for part in path.strip("/").split("/"):
        hierarchy /= part
        yield hierarchy


def _left_in(group: Path, names: _Names) -> float:
    limit, current = _number(group / names.limit), _number(group / names.current)
    if limit is None or current is None:
        return float("inf")
    return max(0.0, limit - current + _reclaimable(group / "memory.stat", names.reclaimable))


def _number(file: Path) -> int | None:
    """The file's number; None where there is no file, or no limit ("max")."""
    try:
        return int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _reclaimable(file: Path, name: str) -> int:
    try:
        fields = dict(
            line.split(maxsplit=1) for line in file.read_text(encoding="ascii").splitlines()
        )
        return int(fields.get(name, "0"))
    except (OSError, ValueError):
        return 0
