"""The generation of a statement: a hash of the code and constants that its trials depend on.

Evidence adds up within a generation only. It covers the statement's own module and what that module
imports, directly or not, from the same distribution's or user's tree, and the harness modules that
make randomness, layers and attacks; comments, docstrings and layout do not count.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType

from lemmata.harness.statements import Subject

_HARNESS = "lemmata.harness"
_MAKES_TRIALS = (
    f"{_HARNESS}.randomness",
    f"{_HARNESS}.trials",
    f"{_HARNESS}.layers",
    f"{_HARNESS}.adversary",
    f"{_HARNESS}.claims",
)


def generation_of(subject: Subject) -> str:
    """Return twelve hexadecimal digits that change when the code or constants behind the
    subject's trials do."""
    digest = hashlib.blake2b(subject.id.encode(), digest_size=6)
    digest.update(repr(subject.constant).encode())
    digest.update(
        _code_digest(
            Path(inspect.getsourcefile(subject.check) or subject.check.__code__.co_filename),
            subject.check.__module__,
        ).encode()
    )
    return digest.hexdigest()


@functools.cache
def _code_digest(file: Path, module: str) -> str:
    """Hash a module and, recursively, what it imports from its own tree."""
    seen: dict[str, str] = {}
    _visit(module, file, module.partition(".")[0], seen)
    return hashlib.blake2b(
        "".join(seen[name] for name in sorted(seen)).encode(), digest_size=16
    ).hexdigest()


def _visit(name: str, file: Path, tree: str, seen: dict[str, str]) -> None:
    if name in seen or (name.startswith(_HARNESS) and not name.startswith(_MAKES_TRIALS)):
        return
    try:
        parsed = ast.parse(file.read_bytes())
    except (OSError, SyntaxError):
        return
    seen[name] = hashlib.blake2b(_normal_form(parsed).encode(), digest_size=16).hexdigest()
    for imported in _imports(parsed):
        if imported.partition(".")[0] in (tree, "lemmata") and (source := _source_of(imported)):
            _visit(imported, source, tree, seen)


def _normal_form(parsed: ast.Module) -> str:
    for node in ast.walk(parsed):
        if (
            isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
            and ast.get_docstring(node, clean=False) is not None
        ):
            node.body = node.body[1:]
    return ast.dump(parsed, annotate_fields=False)


def _imports(parsed: ast.Module) -> list[str]:
    found = []
    for node in ast.walk(parsed):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found


@functools.cache
def _source_of(name: str) -> Path | None:
    module: ModuleType | None = sys.modules.get(name)
    if module is not None:
        return (
            Path(module.__file__) if module.__file__ and module.__file__.endswith(".py") else None
        )
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return None
    return Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None
