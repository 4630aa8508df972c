"""The checkout that a manifest names."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemmata.harness.checkout import checkout_of, public_address


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


def test_a_checkout_is_its_commit_and_its_pages(tmp_path):
    git(tmp_path, "init")
    assert checkout_of(tmp_path) is None
    (tmp_path / "a.py").write_text("1\n")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-m", "one")
    git(tmp_path, "remote", "add", "origin", "https://me:secret@github.com/people/project.git")
    found = checkout_of(tmp_path)
    assert found
    assert (Path(found.root), found.modified) == (tmp_path.resolve(), False)
    assert len(found.commit) == 40
    assert found.remote == "https://github.com/people/project"
    (tmp_path / "a.py").write_text("2\n")
    changed = checkout_of(tmp_path)
    assert changed
    assert changed.modified


def test_a_folder_outside_of_any_has_none(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert checkout_of(tmp_path) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert checkout_of(Path(__file__).parent) is None


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("ssh://git@gitlab.com:2222/people/project.git", "https://gitlab.com/people/project"),
        ("git@github.com:people/project", "https://github.com/people/project"),
        ("../project", ""),
        ("file:///home/me/project", ""),
        ("", ""),
    ],
)
def test_remotes_become_addresses_of_pages(remote, address):
    assert public_address(remote) == address


@given(st.from_regex(r"[a-z0-9:_-]{1,20}", fullmatch=True))
def test_no_name_and_no_password_is_kept(secret):
    assert public_address(f"https://{secret}@example.org/p/q") == "https://example.org/p/q"
