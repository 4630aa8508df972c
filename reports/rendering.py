"""Writing pages: only those whose content changed, several at a time.

Beside the pages lies `pages.json`: of each page a key, which is a hash of all that it shows and of
the code that draws it, and a hash of what was written. A page whose key is still the same and whose
file is still what was written is let be.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lemmata.harness.codec import to_plain
from lemmata.reports.processes import each

_FEWEST = 24
"""Fewer pages than these are drawn sooner than processes start."""

_KEPT = "pages.json"
_DRAWN_BY = ("jinja2", "latex2mathml", "matplotlib")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page to be written.

    Attributes:
        name: its path in the report; shows: plain data that holds all that it shows.
        make: renders it.
    """

    name: str
    shows: Any
    make: Callable[[], str]

    @property
    def key(self) -> str:
        """A hash of what the page shows and of the code that draws it."""
        plain = json.dumps(to_plain(self.shows), sort_keys=True, ensure_ascii=False)
        return _digest(f"{_code()}\n{plain}")


def write_changed(pages: Sequence[Page], out: Path) -> int:
    """Write the pages that are not there as they should be, and say how many that were.

    Raises:
        OSError: the folder cannot be written.
    """
    known = _known(out / _KEPT)
    keys = {page.name: page.key for page in pages}
    stale = [page for page in pages if not _is_there(out, page.name, keys[page.name], known)]
    written = _drawn(stale, out)
    kept = {name: [key, written.get(name) or known[name][1]] for name, key in keys.items()}
    (out / _KEPT).write_text(json.dumps(kept, indent=0, sort_keys=True) + "\n", encoding="utf-8")
    return len(stale)


def write(path: Path, page: str) -> str:
    """Write a page whole and return a hash of it."""
    content = page.encode("utf-8", errors="replace")
    path.write_bytes(content)
    return _digest(content)


def _drawn(pages: Sequence[Page], out: Path) -> dict[str, str]:
    from lemmata.reports import curves, plots  # noqa: F401  # once, before processes part

    def draw(page: Page) -> tuple[str, str]:
        return page.name, write(out / page.name, page.make())

    return dict(each(draw, pages, fewest=_FEWEST))


def _is_there(out: Path, name: str, key: str, known: dict[str, list[str]]) -> bool:
    if name not in known or known[name][0] != key:
        return False
    try:
        return _digest((out / name).read_bytes()) == known[name][1]
    except OSError:
        return False


def _known(path: Path) -> dict[str, list[str]]:
    """Read what was written before; nothing where the file is missing or is not ours."""
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    fits = isinstance(read, dict) and all(
        isinstance(entry, list) and len(entry) == 2 and all(isinstance(one, str) for one in entry)
        for entry in read.values()
    )
    return read if fits else {}


@cache
def _code() -> str:
    here = Path(__file__).parent
    files: Iterable[Path] = sorted([*here.glob("*.py"), *here.glob("templates/*")])
    versions = [f"{name} {importlib.metadata.version(name)}" for name in _DRAWN_BY]
    return _digest(b"".join(file.read_bytes() for file in files) + " ".join(versions).encode())


def _digest(content: str | bytes) -> str:
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
