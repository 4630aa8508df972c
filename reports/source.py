"""Where a statement's code stands: file and line in its repository, never a folder of a machine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import quote

from lemmata.harness.schema import Checkout, DeclaredStatement, Manifest

_PAGES = {
    "github.": "blob/{commit}",
    "gitlab.": "-/blob/{commit}",
    "codeberg.": "src/commit/{commit}",
}
_HOST = re.compile(r"https://(?:www\.)?([\w.-]+)/[\w./~-]+")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A place in code.

    Attributes:
        words: file and line, and the commit where it is known.
        address: of a page that shows it; empty where none is known to.
    """

    words: str
    address: str = ""


def source_of(declared: DeclaredStatement, manifest: Manifest | None) -> Source | None:
    """Say where a statement's code stands, as a run recorded it; None where it did not."""
    if not declared.file:
        return None
    checkout = manifest.checkout if manifest else None
    path, inside = _relative(declared.file, checkout.root if checkout else "")
    words = f"{path}:{declared.line}"
    if checkout is None or not inside or not _COMMIT.fullmatch(checkout.commit):
        return Source(words=words)
    changed = ", with changes that were not committed" if checkout.modified else ""
    return Source(
        words=f"{words} at {checkout.commit[:12]}{changed}",
        address=_address(checkout, path, declared.line),
    )


def commit_words(checkout: Checkout) -> str:
    """Write a commit with whether files had changed."""
    return checkout.commit[:12] + (", with changes that were not committed" * checkout.modified)


def _relative(file: str, root: str) -> tuple[str, bool]:
    """Write a file relative to its repository, and say whether it lies in it.

    One that was installed is named from its package on, any other by its folder and its name.
    """
    kind = PureWindowsPath if "\\" in file else PurePosixPath
    path = kind(file)
    if root and path.is_relative_to(kind(root)):
        return path.relative_to(kind(root)).as_posix(), True
    parts = [part for part in path.parts if part != path.anchor]
    if "site-packages" in parts:
        return "/".join(parts[parts.index("site-packages") + 1 :]), False
    if "theorems" in parts:
        return "/".join(parts[parts.index("theorems") :]), False
    return "/".join(parts[-2:]), False


def _address(checkout: Checkout, path: str, line: int) -> str:
    found = _HOST.fullmatch(checkout.remote)
    pages = next((form for name, form in _PAGES.items() if found and found[1].startswith(name)), "")
    if not pages:
        return ""
    folder = pages.format(commit=checkout.commit)
    return f"{checkout.remote}/{folder}/{quote(path)}#L{line}"
