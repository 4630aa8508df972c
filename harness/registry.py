"""The registry: which statements there are, how one is declared, and what is wrong between them."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from lemmata.harness.claims import Claim, Law, Mean
from lemmata.harness.drawing import HypothesisTest
from lemmata.harness.findings import Finding
from lemmata.harness.generation import note_code
from lemmata.harness.ids import ID
from lemmata.harness.instances import Instance
from lemmata.harness.statements import (
    Along,
    Constant,
    Expect,
    Kind,
    Part,
    Proof,
    Provenance,
    Requirement,
    Said,
    Statement,
    StatementError,
    Subject,
    Twin,
    refuse_bad_instance,
)

P = ParamSpec("P")
C = TypeVar("C", bound=Claim)

_REGISTERED: dict[str, Statement] = {}


class OnePart:
    """A statement that waits for its parts: call it on its only part, or use `part` for letters."""

    def __init__(self, made: Statement, **options: Any) -> None:
        self.statement = made
        self.part = made.part
        self._options = options

    @property
    def id(self) -> str:
        """The statement's id."""
        return self.statement.id

    def __call__(self, test: HypothesisTest[P, C]) -> Part[P, C]:
        """Add the function as the statement's only part."""
        return self.statement.part("", **self._options)(test)


def statement(
    id: str,
    *,
    title: str,
    says: str,
    paper: str = "",
    source: str = "",
    uses: Iterable[str] = (),
    provenance: Provenance | None = None,
    note: str | None = None,
    proof: Proof | None = None,
    withdrawn: Iterable[str] = (),
    kind: Kind | None = None,
    quantifiers: Iterable[str] | None = None,
    requires: Requirement | None = None,
    layers: Iterable[str] | None = None,
    cost: float | None = None,
    resolution: float | None = None,
    constant: Constant | None = None,
    along: Along | Iterable[Along] = (),
    specimens: Iterable[Instance] = (),
    expect: Expect = "holds",
    finding: Finding | None = None,
) -> OnePart:
    """Register a statement: a decorator for its only part, or ``.part`` for lettered ones.

    Args:
        id: as in ``ALS-04``.
        title: what the statement says in a few words.
        says: the statement, text with LaTeX between dollar signs.
        paper: the paper's short name, as in "ALS18".
        source: the place in the paper; where no paper is named, the whole citation.
        uses: the ids of statements that its proof uses; each must be registered in the end.
        provenance: where its form comes from.
        note: a free note on that.
        proof: for what is ours: proved in the docstring, or only seen.
        withdrawn: claims of ours that fell, a sentence each.
        kind, quantifiers, requires, layers, cost, resolution: see `Statement.part`; parts inherit.
        constant, along, specimens, expect, finding: of its only part.

    Raises:
        StatementError: the id is malformed or taken, or neither paper nor source is given.
    """
    said = Said(
        kind=kind,
        quantifiers=None if quantifiers is None else tuple(quantifiers),
        requires=requires,
        layers=None if layers is None else tuple(layers),
        cost=cost,
        resolution=resolution,
        provenance=provenance,
        note=note,
        proof=proof,
    )
    options: dict[str, Any] = {}
    if constant is not None:
        options["constant"] = constant
    if along:
        options["along"] = (along,) if isinstance(along, Along) else tuple(along)
    if specimens:
        options["specimens"] = tuple(specimens)
    if expect != "holds":
        options["expect"] = expect
    if finding is not None:
        options["finding"] = finding
    made = _register(
        id,
        paper,
        source,
        title=title,
        says=says,
        uses=uses,
        said=said,
        of_only_part=options,
        withdrawn=withdrawn,
    )
    return OnePart(made, **options)


def declare(
    id: str,
    *,
    title: str,
    paper: str = "",
    source: str = "",
    says: str = "",
    uses: Iterable[str] = (),
    provenance: Provenance | None = None,
    note: str | None = None,
    why_untested: str = "not written yet",
) -> Statement:
    """Register a statement that is not tested yet, so that ``uses`` always names something.

    Raises:
        StatementError: the id is malformed or taken, or neither paper nor source is given.
    """
    said = Said(provenance=provenance, note=note)
    return _register(
        id, paper, source, title=title, says=says, uses=uses, said=said, why=why_untested
    )


def registered() -> list[Statement]:
    """Return every statement that was imported, paper by paper, in the order of declaration."""
    return list(_REGISTERED.values())


def find(id: str) -> Statement | Part[..., Any] | Twin:
    """Look a statement, part or twin up by its id.

    Raises:
        StatementError: nothing of that id was imported.
    """
    for made in _REGISTERED.values():
        if made.id == id:
            return made
        for part in made.parts:
            if part.id == id:
                return part
            for twin in part.twins:
                if twin.id == id:
                    return twin
    raise StatementError(
        f"there is no statement, part or twin {id!r}: `lemmata list` shows what there is"
    )


def find_subject(id: str) -> Subject:
    """Look a part or twin up by its id; a statement's only part goes by the statement's id.

    Raises:
        StatementError: nothing of that id was imported, or it is a statement of several parts.
    """
    found = find(id)
    if isinstance(found, Statement):
        if [part.id for part in found.parts] != [id]:
            parts = ", ".join(part.id for part in found.parts) or "it has none yet"
            raise StatementError(f"{id} is a statement, and a part of it was meant: {parts}")
        return found.parts[0]
    return found


def complaints(statements: Iterable[Statement] | None = None) -> list[str]:
    """Say what is wrong with statements when all are there, a sentence each."""
    wrong = []
    for made in registered() if statements is None else statements:
        wrong += [
            f"{made.id} uses {used}, which is no statement: correct the id or declare it"
            for used in made.uses
            if used not in _REGISTERED
        ]
        if ring := _ring(made):
            wrong.append(f"{made.id} rests on itself: {' uses '.join(ring)}; break the ring")
        if not (made.parts or made.why_untested):
            wrong.append(f"{made.id} has no part: decorate a function with it, or declare() it")
        for part in made.parts:
            wrong += _complaints_of(part)
    return wrong


def _complaints_of(part: Part[..., Any]) -> list[str]:
    wrong = []
    if not part.twins:
        wrong.append(f"{part.id} has no twin: add a falsified copy with {part.name}.twin(...)")
    wrong += [
        f"the twin {name!r} of {part.id} has no body: decorate a function, or change a knob"
        for name in part.promised
    ]
    if part.expect == "refuted" and part.provenance == "as printed" and part.finding is None:
        wrong.append(
            f"{part.id} is refuted as printed and has no finding=: say where it is printed, with "
            "an instance, the repair and what survives"
        )
    for repair in part.finding.repairs if part.finding else ():
        try:
            found = find_subject(repair)
        except StatementError:
            found = None
        if not isinstance(found, Part) or found.expect != "holds":
            wrong.append(
                f"the finding of {part.id} names {repair} as its repair, which is no part that is "
                "expected to hold"
            )
    wrong += [text for text in (_against_its_kind(part), _against_quantifiers(part)) if text]
    for condition in (part.requires.met, part.requires.tried) if part.requires else ():
        if condition and (text := _unanswerable(part, condition)):
            wrong.append(text)
    grids = [("a grid", along) for along in part.along]
    grids += [(f"a grid of the twin {t.name!r}", a) for t in part.twins for a in t.along]
    for what, along in grids:
        for size in along.sizes:
            try:
                refuse_bad_instance(part, along.instance(size), what)
            except StatementError as problem:
                wrong.append(str(problem))
            except Exception as problem:
                wrong.append(
                    f"{what} of {part.id} in {along.variable} has no instance at {size}: "
                    f"{type(problem).__name__}: {problem}"
                )
    wrong += _complaints_of_map(part)
    for twin in part.twins:
        for specimen in twin.specimens:
            try:
                refuse_bad_instance(part, specimen, f"a specimen of the twin {twin.name!r}")
            except StatementError as problem:
                wrong.append(str(problem))
    return wrong


def _complaints_of_map(part: Part[..., Any]) -> list[str]:
    """Try every cell's instance, and where the hypothesis starts in every row."""
    if part.regime_map is None:
        return []
    made, what = part.regime_map, "the regime map"
    wrong = []
    for y in made.ys:
        try:
            made.hypothesis.starts(y, made.fixed)
        except Exception as problem:
            wrong.append(
                f"{what} of {part.id} cannot tell where the hypothesis starts at {made.y} = {y}: "
                f"{type(problem).__name__}: {problem}"
            )
        for x in made.columns(finer=True):
            try:
                refuse_bad_instance(part, made.at(x, y), what)
            except StatementError as problem:
                wrong.append(str(problem))
            except Exception as problem:
                wrong.append(
                    f"{what} of {part.id} has no instance at {made.x} = {x}, {made.y} = {y}: "
                    f"{type(problem).__name__}: {problem}"
                )
    return list(dict.fromkeys(wrong))[:1]


def _against_its_kind(part: Part[..., Any]) -> str:
    """Compare the kind with the claim that the function is annotated to return."""
    try:
        returns = inspect.get_annotations(part.check, eval_str=True).get("return")
    except Exception:
        return ""  # Unreadable annotations are judged by what is returned.
    wanted = {"mean": Mean, "law": Law}.get(part.kind)
    claims = {Mean: "mean", Law: "law"}
    if wanted is not None and isinstance(returns, type) and returns is not wanted:
        return f"{part.id} is of kind {part.kind!r} and returns a {returns.__name__}: change one"
    if wanted is None and returns in claims:
        return f"{part.id} is of kind {part.kind!r} and returns a {claims[returns]}: change one"
    return ""


def _against_quantifiers(part: Part[..., Any]) -> str:
    """Compare the quantifiers, where they are given, with the kind and with what is drawn."""
    if not part.quantifiers:
        return ""
    text = " ".join(part.quantifiers)
    random = r"\mathbb P" in text or r"\Pr" in text or r"\mathbb E" in text
    if part.kind in ("probability", "mean", "law") and not random:
        return (
            f"{part.id} is of kind {part.kind!r} and its quantifiers name no probability: "
            r"say over what, as in \mathbb P_W or \mathbb E_W"
        )
    return ""


def _unanswerable(part: Part[..., Any], condition: Callable[..., bool]) -> str:
    parameters = inspect.signature(condition).parameters.values()
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    needed = [p.name for p in parameters if p.default is p.empty and p.kind not in kinds]
    if unknown := [name for name in needed if name not in part.draws]:
        return (
            f"what {part.id} requires asks for {', '.join(unknown)}; the statement draws "
            f"{', '.join(part.draws)}"
        )
    return ""


def _ring(made: Statement) -> list[str]:
    """Return a chain of ``uses`` that leads from a statement back to itself, or nothing."""
    came_from: dict[str, str] = {}
    waiting = [made.id]
    while waiting:
        here = waiting.pop()
        for used in _REGISTERED[here].uses if here in _REGISTERED else ():
            if used == made.id:
                ring = [here]
                while ring[-1] != made.id:
                    ring.append(came_from[ring[-1]])
                return [*reversed(ring), made.id]
            if used not in came_from:
                came_from[used] = here
                waiting.append(used)
    return []


def _register(
    id: str,
    paper: str,
    source: str,
    *,
    title: str,
    says: str,
    uses: Iterable[str],
    said: Said,
    why: str = "",
    of_only_part: Iterable[str] = (),
    withdrawn: Iterable[str] = (),
) -> Statement:
    caller = sys._getframe(2)  # noqa: SLF001 - inspect.stack reads every source file on the way
    file, line = Path(caller.f_code.co_filename).resolve(), caller.f_lineno
    _refuse_to_go_unjudged(id, file)
    if not ID.fullmatch(id):
        raise StatementError(
            f"{id!r} is no statement id: write letters, a hyphen and a number, as in ALS-04"
        )
    if not (paper or source):
        raise StatementError(f"{id} has no source: name the paper= and the place in it, source=")
    known = _REGISTERED.get(id)
    if known and (known.file, known.line) != (file, line) and not _rewritten(known.file, file):
        raise StatementError(
            f"{id} stands twice, at {known.file}:{known.line} and at {file}:{line}: give one of "
            "them another id"
        )
    note_code(caller.f_globals.get("__name__", ""), file)
    section = (caller.f_globals.get("__doc__") or "").strip().partition("\n")[0]
    made = Statement(
        id=id,
        paper=paper or source,
        place=source if paper else "",
        title=title,
        says=says,
        uses=tuple(uses),
        said=said,
        section=section,
        file=file,
        line=line,
        why_untested=why,
        of_only_part=tuple(of_only_part),
        withdrawn=tuple(withdrawn),
    )
    _REGISTERED[id] = made
    return made


def _refuse_to_go_unjudged(id: str, file: Path) -> None:
    """Refuse a file that pytest imports as one of tests without our plugin: it would be green.

    Raises:
        StatementError: it would.
    """
    if "_pytest.python" not in sys.modules or "lemmata.pytest_plugin" in sys.modules:
        return
    frame = sys._getframe(2)  # noqa: SLF001
    while frame is not None:
        code = frame.f_code
        if code.co_name == "importtestmodule" and Path(code.co_filename).parent.name == "_pytest":
            if Path(str(frame.f_locals.get("path"))).resolve() == file:
                raise StatementError(
                    f"{id} stands in a file that pytest imports without Lemmata's plugin, so that "
                    "nothing would be judged: add -p lemmata.pytest_plugin, or let pytest load its "
                    "plugins (unset PYTEST_DISABLE_PLUGIN_AUTOLOAD, install lemmata)"
                )
            return
        frame = frame.f_back  # type: ignore[assignment]


def _rewritten(before: Path, now: Path) -> bool:
    """Whether both stand in cells of a notebook or lines of a prompt, which are run again."""
    return _is_a_cell(before) and _is_a_cell(now)


def _is_a_cell(file: Path) -> bool:
    return file.name.startswith("<") or "ipykernel" in str(file)
