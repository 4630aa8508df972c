"""Loading statements for the command line: our own, a user's file, one by its id."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from rich.console import Console

from lemmata.harness.wording import printable

if TYPE_CHECKING:
    from lemmata.harness.statements import Part, Statement, Subject, Twin


def fail(sentence: str) -> NoReturn:
    """Say what is wrong and how to mend it, and end with status 2."""
    said = printable(f"lemmata: {sentence}")
    Console(stderr=True).print(said, style="red", highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(2)


def load_theorems() -> list[Statement]:
    """Import every module of `lemmata.theorems`, and return its statements in the order of the
    papers.
    """
    import lemmata.theorems
    from lemmata.harness.registry import complaints, registered
    from lemmata.harness.statements import StatementError

    try:
        for module in pkgutil.walk_packages(lemmata.theorems.__path__, "lemmata.theorems."):
            importlib.import_module(module.name)
    except StatementError as problem:
        fail(str(problem))
    ours = [made for made in registered() if is_ours(made.file)]
    if wrong := complaints(ours):
        fail("; ".join(wrong))
    return ours


def load_file(path: Path) -> list[Statement]:
    """Import a user's file and return the statements that it registers."""
    from lemmata.harness.registry import complaints, registered
    from lemmata.harness.statements import StatementError

    # A name of its own: a file may be called like a module that is loaded already.
    name = path.stem if path.stem not in sys.modules else f"_lemmata_file_{path.stem}"
    known = sys.modules.get(name)
    if known is not None and Path(str(getattr(known, "__file__", ""))).resolve() != path.resolve():
        del sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        fail(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.resolve().parent))
    before = {made.id for made in registered()}
    try:
        spec.loader.exec_module(module)
    except StatementError as problem:
        fail(str(problem))
    except SystemExit as problem:
        fail(
            f"{path} ends the program while it is imported (sys.exit({problem.code!r})): nothing "
            "of it can be judged"
        )
    except KeyboardInterrupt:
        raise
    except BaseException as problem:
        fail(f"{path} cannot be imported: {type(problem).__name__}: {problem}")
    here = path.resolve()
    found = [
        made
        for made in registered()
        if made.file == here or (made.id not in before and not is_ours(made.file))
    ]
    if wrong := complaints(found):
        fail("; ".join(wrong))
    if not found:
        fail(
            f"{path} declares no statement: decorate a function with @statement(...) of "
            "lemmata.harness"
        )
    return found


def find(id: str, among: list[Statement] | None = None) -> Statement | Part[..., Any] | Twin:
    """Look a statement, part or twin up, within some statements where they are given."""
    from lemmata.harness import registry
    from lemmata.harness.statements import Part, StatementError, Twin

    try:
        found = registry.find(id)
    except StatementError as problem:
        fail(str(problem))
    part = found.part if isinstance(found, Twin) else found
    made = part.statement if isinstance(part, Part) else part
    if among is not None and made not in among:
        names = ", ".join(one.id for one in among)
        fail(f"there is no statement, part or twin {id!r} in the named files; they have {names}")
    return found


def subjects_of(what: list[str]) -> list[Subject]:
    """Return the parts and twins that words name: ids choose within the files named beside them."""
    from lemmata.harness.registry import registered
    from lemmata.harness.statements import Part, Statement

    files = [Path(name) for name in what if name.endswith(".py")]
    ids = [name for name in what if not name.endswith(".py")]
    for file in files:
        if not file.is_file():
            fail(f"there is no file {file}")
    if not files:
        load_theorems()
    among = [made for file in files for made in load_file(file)] if files else None
    chosen = [find(name, among) for name in ids] if ids else (among or registered())
    subjects: list[Subject] = []
    for thing in chosen:
        for one in thing.parts if isinstance(thing, Statement) else [thing]:
            subjects += [one, *one.twins] if isinstance(one, Part) else [one]
    if not subjects:
        fail(f"{', '.join(what) or 'the package'} holds nothing that is tested yet")
    return list({id(subject): subject for subject in subjects}.values())


def is_ours(path: Path) -> bool:
    """Whether a file belongs to `lemmata.theorems`."""
    import lemmata.theorems

    return any(
        Path(folder).resolve() in path.resolve().parents for folder in lemmata.theorems.__path__
    )
