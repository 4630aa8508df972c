"""Statements: one lemma, claim, corollary or theorem each, with its parts and their twins.

A statement is declared once and its parts are functions, in the order of the mathematics:

    ALS05 = statement("ALS-05", source="ALS18, introduction", title="...", uses=["ALS-04"], says=r"...")

    @ALS05.part("a", says=r"...", constant=Constant(6.0, measured_on="m = 64..512"))
    @given(net=deep_relu_nets(), data=separated_data())             # for all
    def the_name_says_the_conclusion(net, data, trials):            # with probability
        return at_most(...)

    @the_name_says_the_conclusion.twin("weight variance 1/m")       # a falsified copy, which must be refuted
    def _(net, data, trials):
        return the_name_says_the_conclusion.check(net.replace(...), data, trials)

A statement of one part is its own decorator: ``@statement(...)`` above ``@given(...)``. `declare` lists a statement that is not tested yet.
Statements register on import; `registered` gives them, `find_part` looks a part or twin up by its id.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar, get_args

from lemmata.harness.claims import Claim
from lemmata.harness.drawing import HypothesisTest, bind_identity, is_given
from lemmata.harness.instances import Instance

if TYPE_CHECKING:
    from lemmata.harness.slopes import Growth

C = TypeVar("C", bound=Claim)

Kind = Literal["identity", "inequality", "probability", "scaling", "mean", "law", "existence", "trajectory"]
Check: TypeAlias = Callable[..., Claim]

_ID = re.compile(r"[A-Za-z][A-Za-z0-9]*(-[A-Za-z]?\w+)+")
_LETTER = re.compile(r"|[a-z]+|[ivx]+")


class StatementError(Exception):
    """A statement that contradicts itself or its neighbours: an error at collection, in one sentence."""


@dataclass(frozen=True, slots=True)
class Constant:
    """The value of a hidden constant, declared and judged as P[ratio > value] ≤ failure.

    Attributes:
        value: the constant C that stands for an O(·) or Ω(·).
        measured_on: the range of sizes on which the value was measured.
        failure: the claimed probability p₀ that the ratio exceeds C; 0 for a deterministic part, where no trial may.
    """

    value: float
    measured_on: str
    failure: float = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Along:
    """A geometric grid of sizes along which the exponent of the ratio is measured.

    Attributes:
        variable: the size's name, as in the statement.
        sizes: the grid; three points at least.
        instance: the instance that belongs to a size.
        at_most: the claimed upper end of the slope of log ratio against log size, or None.
        at_least: the claimed lower end, or None.
        claimed: the exponent of the bound in this variable (the slope of the ratio adds to it), or None where it is not a power.
        trials: how many trials a size, before the profile's share.
        growth: "power" where exponents are of size^exponent, "exponential" where they are rates, of exp(rate · size).
        together: the title of a drawing that shows this grid beside those of other parts with the same title; empty for none. What is drawn
            is ratio · size^claimed, or its inverse for a lower bound: the measured side, where the bound has no other factor.
        measures: the name of the measured side, for that drawing.
        label: what the grid is called there; the part's id by default.
    """

    variable: str
    sizes: Sequence[float]
    instance: Callable[[Any], Instance]
    at_most: float | None = None
    at_least: float | None = None
    claimed: float | None = None
    trials: int = 32
    growth: Growth = "power"
    together: str = ""
    measures: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Requirement:
    """The statement's own hypothesis on sizes, mostly out of reach: it decides whether a result lies inside or below it.

    Attributes:
        says: the hypothesis, in words and LaTeX.
        met: whether an instance meets it (with the constants that it names), or None where no constant is known.
    """

    says: str
    met: Callable[..., bool] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Twin:
    """A falsified copy of a part. It must be refuted: that shows that the part's check can fail."""

    part: Part[Any]
    number: int
    says: str
    check: Check
    specimens: tuple[Instance, ...]
    along: tuple[Along, ...]
    constant: Constant | None

    @property
    def id(self) -> str:
        """The part's id, a tilde and the twin's number: ``ALS-04(a)~1``."""
        return f"{self.part.id}~{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part(Generic[C]):
    """Part (a), (b), ... of a statement: judged and recorded by itself. `Statement.part` makes it."""

    statement: Statement
    letter: str
    title: str
    says: str
    kind: Kind
    quantifiers: tuple[str, ...]
    test: HypothesisTest[C]
    check: Callable[..., C]
    constant: Constant | None
    along: tuple[Along, ...]
    requires: Requirement | None
    specimens: tuple[Instance, ...]
    expect: Literal["holds", "refuted"]
    cost: float
    gpu: bool
    layers: tuple[str, ...]
    twins: list[Twin] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The statement's id with the part's letter in brackets: ``ALS-04(a)``."""
        return f"{self.statement.id}({self.letter})" if self.letter else self.statement.id

    @property
    def name(self) -> str:
        """The name of the function, which says the conclusion."""
        return str(getattr(self.check, "__name__", self.id))

    def twin(
        self,
        says: str,
        *,
        specimens: Iterable[Instance] | None = None,
        along: Iterable[Along] | None = None,
        constant: Constant | None = None,
    ) -> Callable[[Check], Twin]:
        """Add a falsified copy of this part.

        Args:
            says: what was falsified, in words.
            specimens: where the copy is tried; the part's own specimens by default.
            along: the grids along which the copy's exponent is measured; the part's own by default.
            constant: the copy's hidden constant; the part's own by default.
        """

        def add(check: Check) -> Twin:
            twin = Twin(
                part=self,
                number=len(self.twins) + 1,
                says=says,
                check=check,
                specimens=self.specimens if specimens is None else tuple(specimens),
                along=self.along if along is None else tuple(along),
                constant=constant or self.constant,
            )
            self.twins.append(twin)
            return twin

        return add

    def __repr__(self) -> str:
        return f"<part {self.id}: {self.title}>"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Statement:
    """A lemma, claim, corollary or theorem. `statement` and `declare` make it.

    Attributes:
        id: as in ``ALS-04``.
        source: where the statement stands: paper, then lemma or section.
        title: what it says in a few words.
        says: what it says, text with LaTeX between dollar signs.
        uses: the ids of the statements that its proof uses.
        provenance: how sure the source is ("recalled", "recalled-form", "derived"), or empty.
        section: the title of the module that it stands in.
        file: the file, line: the line, that it stands on.
        parts: its parts; none where it is declared only.
        why_untested: for a declared statement, the reason.
    """

    id: str
    source: str
    title: str
    says: str
    uses: tuple[str, ...]
    provenance: str
    section: str
    file: Path
    line: int
    why_untested: str = ""
    parts: list[Part[Any]] = field(default_factory=list)

    @property
    def paper(self) -> str:
        """The paper's short name: what stands before the first comma of the source."""
        return self.source.split(",")[0].strip()

    @property
    def kind(self) -> str:
        """The kinds of the parts, each once, in order."""
        return ", ".join(dict.fromkeys(part.kind for part in self.parts))

    def part(
        self,
        letter: str,
        *,
        says: str = "",
        kind: Kind,
        title: str = "",
        quantifiers: Iterable[str] = (),
        constant: Constant | None = None,
        along: Along | Iterable[Along] = (),
        requires: Requirement | None = None,
        specimens: Iterable[Instance] = (),
        expect: Literal["holds", "refuted"] = "holds",
        cost: float = 1.0,
        gpu: bool = False,
        layers: Iterable[str] = ("dense",),
    ) -> Callable[[HypothesisTest[C]], Part[C]]:
        """Add a part; see the module's docstring.

        Args:
            letter: "a", "b", ...; empty where the statement has one part.
            says: the part's mathematics; the statement's where it has one part.
            kind: which mechanism judges it.
            title: the conclusion in words; the function's name by default, or the statement's title where it has one part.
            quantifiers: the quantifiers in the order of the mathematics, as LaTeX.
            constant: the hidden constant of an O(·) or Ω(·).
            along: the grids along which exponents are measured.
            requires: the statement's own hypothesis on sizes.
            specimens: one to three frozen instances where the claim bites.
            expect: "refuted" where the part is known to be false.
            cost: how much dearer than usual a trial is; lowers the part's share of instances and trials.
            gpu: whether the part needs a GPU to be feasible.
            layers: on which kinds of layers the part runs ("dense", "matrix-free"), the usual one first.

        Raises:
            StatementError: the letter is taken, the kind is unknown, or a specimen does not name what `given` draws.
        """

        def add(test: HypothesisTest[C]) -> Part[C]:
            if not is_given(test):
                raise StatementError(f"{self.id}({letter}) draws nothing: put @given(...) of lemmata.harness directly below the statement")
            if not _LETTER.fullmatch(letter) or any(part.letter == letter for part in self.parts):
                raise StatementError(f"{self.id} has a part {letter!r} already, or {letter!r} is no letter: letter the parts a, b, c, ...")
            if kind not in get_args(Kind):
                raise StatementError(f"{self.id}({letter}) is of the unknown kind {kind!r}; the kinds are {', '.join(get_args(Kind))}")
            check = test.lemmata_check
            part = Part(
                statement=self,
                letter=letter,
                title=title or (check.__name__.replace("_", " ") if letter else self.title),
                says=says or self.says,
                kind=kind,
                quantifiers=tuple(quantifiers),
                test=test,
                check=check,
                constant=constant,
                along=(along,) if isinstance(along, Along) else tuple(along),
                requires=requires,
                specimens=tuple(specimens),
                expect=expect,
                cost=cost,
                gpu=gpu,
                layers=tuple(layers),
            )
            for specimen in part.specimens:
                if set(specimen) != set(test.lemmata_strategies):
                    drawn, named = ", ".join(sorted(test.lemmata_strategies)), ", ".join(sorted(specimen))
                    raise StatementError(f"a specimen of {part.id} names {named}; the statement draws {drawn}")
            bind_identity(test, part.id)
            self.parts.append(part)
            return part

        return add

    def __repr__(self) -> str:
        return f"<statement {self.id}: {self.title}>"


_REGISTERED: dict[str, Statement] = {}


class OnePart:
    """A statement that waits for its parts: call it on its only part, or use its `part` for lettered ones."""

    def __init__(self, made: Statement, options: Mapping[str, Any]) -> None:
        self.statement = made
        self.part = made.part
        self._options = options

    @property
    def id(self) -> str:
        """The statement's id."""
        return self.statement.id

    def __call__(self, test: HypothesisTest[C]) -> Part[C]:
        """Add the function as the statement's only part."""
        return self.statement.part("", **self._options)(test)


def statement(
    id: str,
    *,
    source: str,
    title: str,
    says: str,
    uses: Iterable[str] = (),
    provenance: str = "",
    **of_its_only_part: Any,
) -> OnePart:
    """Register a statement. Use the result as the decorator of its only part, or its ``part`` method for lettered parts.

    Args:
        id: as in ``ALS-04``.
        source: the paper's short name, a comma, and the place in it.
        title: what the statement says in a few words.
        says: the statement, text with LaTeX between dollar signs.
        uses: the ids of statements that its proof uses; each must be registered by the end of collection.
        provenance: how sure the source is.
        of_its_only_part: options of `Statement.part`, where there is one part.

    Raises:
        StatementError: the id is malformed or taken.
    """
    options = {"kind": "probability", **of_its_only_part}
    return OnePart(_register(id, source=source, title=title, says=says, uses=uses, provenance=provenance), options)


def declare(
    id: str,
    *,
    source: str,
    title: str,
    says: str = "",
    uses: Iterable[str] = (),
    provenance: str = "",
    why_untested: str = "not written yet",
) -> Statement:
    """Register a statement that is not tested yet, so that ``uses`` always names something and the report shows it as untested.

    Raises:
        StatementError: the id is malformed or taken.
    """
    return _register(id, source=source, title=title, says=says, uses=uses, provenance=provenance, why_untested=why_untested)


def registered() -> list[Statement]:
    """Return every statement that was imported, paper by paper, in the order of declaration."""
    return list(_REGISTERED.values())


Subject: TypeAlias = Part[Any] | Twin
"""What is judged: a part, or a twin of one."""


def part_of(subject: Subject) -> Part[Any]:
    """Return the part that a subject is, or is a twin of."""
    return subject.part if isinstance(subject, Twin) else subject


def find(id: str) -> Statement | Part[Any] | Twin:
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
    raise StatementError(f"there is no statement, part or twin {id!r}: `lemmata list` shows what there is")


def find_subject(id: str) -> Subject:
    """Look a part or twin up by its id; a statement's only part goes by the statement's id.

    Raises:
        StatementError: nothing of that id was imported, or it is a statement of several parts.
    """
    found = find(id)
    if isinstance(found, Statement):
        if [part.id for part in found.parts] != [id]:
            raise StatementError(
                f"{id} is a statement, and a part of it was meant: {', '.join(part.id for part in found.parts) or 'it has none yet'}"
            )
        return found.parts[0]
    return found


def complaints(statements: Iterable[Statement] | None = None) -> list[str]:
    """Say what is wrong with the statements together, a sentence each: a part without a twin, a ``uses`` that names nothing."""
    wrong = []
    for made in registered() if statements is None else statements:
        wrong += [
            f"{made.id} uses {used}, which is no statement: correct the id or declare it" for used in made.uses if used not in _REGISTERED
        ]
        wrong += [
            f"{made.id} has no part: decorate a function with it, or declare() it" for _ in range(not (made.parts or made.why_untested))
        ]
        wrong += [f"{part.id} has no twin: add a falsified copy with @{part.name}.twin(...)" for part in made.parts if not part.twins]
    return wrong


def _register(id: str, *, source: str, title: str, says: str, uses: Iterable[str], provenance: str, why_untested: str = "") -> Statement:
    caller = sys._getframe(2)  # noqa: SLF001 - inspect.stack reads every source file on the way
    file, line = Path(caller.f_code.co_filename).resolve(), caller.f_lineno
    if not _ID.fullmatch(id):
        raise StatementError(f"{id!r} is no statement id: write letters, a hyphen and a number, as in ALS-04")
    if (known := _REGISTERED.get(id)) and (known.file, known.line) != (file, line):
        raise StatementError(f"{id} stands twice, at {known.file}:{known.line} and at {file}:{line}: give one of them another id")
    section = (caller.f_globals.get("__doc__") or "").strip().partition("\n")[0]
    made = Statement(
        id=id,
        source=source,
        title=title,
        says=says,
        uses=tuple(uses),
        provenance=provenance,
        section=section,
        file=file,
        line=line,
        why_untested=why_untested,
    )
    _REGISTERED[id] = made
    return made
