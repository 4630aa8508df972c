"""The generation of a statement: a hash of the code and constants that its evidence depends on.

Evidence adds up within a generation only. It covers the statement's own module, what that module
imports from anywhere but the standard library and installed packages (helpers beside the file and
relative imports included), and the modules of the harness that make trials or judge them. It is a
hash of the code that ran: a module is hashed when the first of its statements registers, and never
again. Comments, docstrings and layout do not count.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import inspect
import re
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lemmata.harness.statements import Subject

_PACKAGE = "lemmata"
_HARNESS = "lemmata.harness"

JUDGES = (
    "adversary",
    "betting",
    "claims",
    "counting",
    "draw",
    "drawing",
    "evaluation",
    "evidence",
    "instances",
    "judging",
    "judging_grids",
    "judging_regimes",
    "judging_samples",
    "layers",
    "levels",
    "means",
    "mixture",
    "modes",
    "places",
    "profiles",
    "randomness",
    "rounding",
    "slopes",
    "stochastic",
    "thresholds",
    "trials",
    "work",
)
"""Modules of the harness that make trials or judge them; the others only carry results about."""

_DIGESTS: dict[str, str] = {}
"""By module: the digest of its code as it was when it was first seen."""

_BEHIND: dict[str, str] = {}
"""By module: the digest of all the code behind it, as long as its own is in `_DIGESTS`."""

_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
"""Where a statement holds others."""

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
"""Where a constant that is a function happens to lie in memory: its code is hashed by itself."""

_IMPORTS: dict[str, tuple[str, ...]] = {}


def note_code(module: str, file: Path) -> None:
    """Take note of a module's code, and of what it imports, as they are now."""
    _visit(module, file, set())


def generation_of(subject: Subject) -> str:
    """Return twelve hexadecimal digits that change with what the subject's evidence depends on."""
    digest = hashlib.blake2b(subject.id.encode(), digest_size=6)
    constants = repr((subject.constant, getattr(subject, "knobs", None)))
    digest.update(_ADDRESS.sub("", constants).encode())
    check = inspect.unwrap(subject.check)
    file = Path(inspect.getsourcefile(check) or check.__code__.co_filename)
    digest.update(_code_behind(check.__module__, file).encode())
    if check.__module__ not in _DIGESTS:  # a cell of a notebook: there is no file to read
        digest.update(check.__code__.co_code + repr(check.__code__.co_consts).encode())
    return digest.hexdigest()


def _code_behind(module: str, file: Path) -> str:
    if module in _DIGESTS and module in _BEHIND:
        return _BEHIND[module]
    seen: set[str] = set()
    _visit(module, file, seen)
    for name in _judges():
        if source := _source_of(name):
            _visit(name, source, seen)
    together = "".join(f"{name}:{_DIGESTS[name]}\n" for name in sorted(seen))
    _BEHIND[module] = hashlib.blake2b(together.encode(), digest_size=16).hexdigest()
    return _BEHIND[module]


@functools.cache
def _judges() -> tuple[str, ...]:
    """Return the modules of the harness that count, those of its sub-packages one by one."""
    found = []
    for judge in JUDGES:
        name = f"{_HARNESS}.{judge}"
        found.append(name)
        file = _file_of(name)
        if file is not None and file.name == "__init__.py":
            found += [f"{name}.{one.stem}" for one in sorted(file.parent.glob("[a-z]*.py"))]
    return tuple(found)


def _visit(name: str, file: Path, seen: set[str]) -> None:
    if name in seen:
        return
    if name not in _DIGESTS:
        code = _normal_form(name, file)
        if code is None:
            return
        _DIGESTS[name], _IMPORTS[name] = code
    seen.add(name)
    for imported in _IMPORTS[name]:
        if source := _source_of(imported):
            _visit(imported, source, seen)


def _normal_form(name: str, file: Path) -> tuple[str, tuple[str, ...]] | None:
    """Return a module's digest and the modules that it imports; None where there is no source."""
    try:
        parsed = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
    blocks = list(_blocks(parsed))
    imported = tuple(_imports(blocks, name, file))
    for node in blocks:
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            node.body = [entry for entry in node.body if not _is_text(entry)]
    code = ast.dump(parsed, annotate_fields=False)
    return hashlib.blake2b(code.encode(), digest_size=16).hexdigest(), imported


def _blocks(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a module and all statements in it, in whatever they stand; expressions hold none."""
    yield node
    for field in _BLOCKS:
        for inner in getattr(node, field, ()):
            yield from _blocks(inner)


def _is_text(node: ast.stmt) -> bool:
    """Whether a statement is a docstring, of whatever stands above it."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _imports(nodes: list[ast.AST], name: str, file: Path) -> list[str]:
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    found = []
    for node in nodes:
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([base] if base else [])])
            if base:
                found += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return found


def _source_of(name: str) -> Path | None:
    """Return the file of a module whose code counts; None for all others."""
    if name.startswith(_HARNESS):
        inside = name.removeprefix(f"{_HARNESS}.").partition(".")[0]
        if inside not in JUDGES:
            return None
    return _file_of(name)


@functools.cache
def _file_of(name: str) -> Path | None:
    module: ModuleType | None = sys.modules.get(name)
    if module is not None:
        origin = getattr(module, "__file__", None)
    else:
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError, AttributeError):
            return None
        origin = spec.origin if spec else None
    if not origin or not origin.endswith(".py"):
        return None
    file = Path(origin).resolve()
    ours = name == _PACKAGE or name.startswith(f"{_PACKAGE}.")
    return file if ours or not any(folder in file.parents for folder in _installed()) else None


@functools.cache
def _installed() -> tuple[Path, ...]:
    """Return the folders of the standard library and of installed packages."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    found = {Path(sysconfig.get_path(name)).resolve() for name in names}
    for folder in sys.path:
        if Path(folder).name in ("site-packages", "dist-packages"):
            found.add(Path(folder).resolve())
    return tuple(found)
