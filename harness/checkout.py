"""The checkout that a run's statements come from: its commit, so that a reader finds the lines."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Final

from lemmata.harness.schema import Checkout

_SECONDS: Final = 10.0
_REMOTE = re.compile(
    r"(?:(?:https?|ssh|git)://(?:[^/@]*@)?(?P<host>[\w.-]+)(?::\d+)?/|[\w.-]+@(?P<scp>[\w.-]+):)"
    r"(?P<path>[\w./~-]+?)(?:\.git)?/?"
)


def checkout_of(folder: Path) -> Checkout | None:
    """Say in which checkout a folder lies; None where it lies in none, or git is not there."""
    root = _git(folder, "rev-parse", "--show-toplevel")
    commit = _git(folder, "rev-parse", "HEAD")
    if not root or not commit:
        return None
    return Checkout(
        root=root,
        commit=commit,
        modified=bool(_git(folder, "status", "--porcelain", "--untracked-files=no")),
        remote=public_address(_git(folder, "remote", "get-url", "origin")),
    )


def public_address(remote: str) -> str:
    """Write a remote as the address of a page, without the names and passwords that it may hold;
    empty for what has none, as a folder of this machine.

    >>> public_address("git@example.org:people/project.git")
    'https://example.org/people/project'
    >>> public_address("https://name:secret@example.org/people/project")
    'https://example.org/people/project'
    >>> public_address("/home/people/project")
    ''
    """
    found = _REMOTE.fullmatch(remote)
    return f"https://{found['host'] or found['scp']}/{found['path']}" if found else ""


def _git(folder: Path, *words: str) -> str:
    """Ask git; empty for whatever it does not answer."""
    try:
        asked = subprocess.run(  # noqa: S603
            ["git", "--no-optional-locks", "-C", str(folder), *words],  # noqa: S607
            capture_output=True, check=True, timeout=_SECONDS, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    return asked.stdout.decode(errors="replace").strip()
