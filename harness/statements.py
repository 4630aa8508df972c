"""Statements: one lemma, claim, corollary or theorem each, with its parts and their twins.

A statement is declared once and its parts are functions, in the order of the mathematics:

    ALS05 = statement("ALS-05", paper="ALS18", source="introduction", title="...",
                      uses=["ALS-04"], says=r"...", layers=("matrix-free", "dense"))

    @ALS05.part("a", kind="scaling", says=r"...", constant=Constant(6.0, measured_on="m = 64…512"))
    @given(net=deep_relu_nets(), data=separated_data())             # for all
    def the_name_says_the_conclusion(net, data, trials, *, variance=2.0):    # with probability
        return at_most(...)

    the_name_says_the_conclusion.twin("weight variance 1/m", variance=1.0)   # has to be refuted

What a statement says once (kind, quantifiers, requires, layers, cost, resolution, provenance) its
parts inherit. A twin that changes constants is one line: the constants are keyword-only arguments
behind ``trials`` whose defaults are the true values. A twin with a body decorates a function. A
statement of one part is its own decorator: ``@statement(...)`` above ``@given(...)``. `declare`
lists a statement that is not tested yet. `lemmata.harness.registry` keeps what was declared.
"""

from __future__ import annotations

import functools
import inspect
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    Literal,
    ParamSpec,
    TypeAlias,
    TypeVar,
    get_args,
    overload,
)

from lemmata.harness.claims import Claim
from lemmata.harness.drawing import HypothesisTest, is_given
from lemmata.harness.findings import Finding
from lemmata.harness.instances import Instance, describe
from lemmata.harness.private import bind_identity
from lemmata.harness.regimes import Hypothesis, Regime

if TYPE_CHECKING:
    from lemmata.harness.slopes import Growth

P = ParamSpec("P")
C = TypeVar("C", bound=Claim)

Kind = Literal[
    "identity",
    "inequality",
    "probability",
    "scaling",
    "mean",
    "law",
    "existence",
    "trajectory",
]
Expect = Literal["holds", "refuted"]
Provenance = Literal["as printed", "quoted", "forced", "unseen", "recalled", "derived", "ours"]
Proof = Literal["in the docstring", "only seen"]
Check: TypeAlias = Callable[..., Claim]

PROVENANCES: Mapping[str, str] = {
    "as printed": "read in the paper's own text, with its number, hypotheses and constants",
    "quoted": "known from quotations of the paper in others, its own text not seen",
    "forced": "forced by numbers of the paper that are known from quotations, not seen itself",
    "unseen": "expected in the paper; no quotation of it was found, so its form is not confirmed",
    "recalled": "rebuilt from memory of the paper; its number and constants may differ",
    "derived": "follows from what the paper says, but does not stand there in this form",
    "ours": "not in the paper: a sharper or simpler form, or a tool of ours",
}
KINDS_OF_LAYERS = ("dense", "matrix-free")

_LETTER = re.compile(r"|[a-z]+|[ivx]+")
_GRID = 3
_LONGEST = 48
_OPTIONS_OF_A_TWIN = ("says", "name", "specimens", "along", "constant")


class StatementError(Exception):
    """A statement that contradicts itself or its neighbours: an error at collection."""


@dataclass(frozen=True, slots=True)
class Constant:
    """The value of a hidden constant, declared and judged as P[ratio > value] ≤ failure.

    Attributes:
        value: the constant C that stands for an O(·) or Ω(·).
        measured_on: the range of sizes on which the value was measured.
        failure: the claimed probability p₀ that the ratio exceeds C; 0 for a deterministic part,
            where no trial may.
    """

    value: float
    measured_on: str
    failure: float = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """How a grid is drawn; it has no say in the verdict.

    Attributes:
        together: the title of a drawing that shows this grid beside those of other parts with the
            same title. What is drawn is the measured side.
        measures: the name of the measured side.
        label: what the grid is called there; the part's id by default.
    """

    together: str = ""
    measures: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Along:
    """A geometric grid of sizes along which the exponent of the ratio is measured.

    The bound's own exponent is fitted to its values along the grid, never entered.

    Attributes:
        variable: the size's name, as in the statement.
        sizes: the grid; three points at least.
        instance: the instance that belongs to a size.
        at_most: the claimed upper end of the slope of log ratio against log size, or None.
        at_least: the claimed lower end, or None.
        member: which member of an `all_of` is measured, by its name; empty where the claim has one.
        trials: how many trials a size, before the profile's share.
        growth: "power" where exponents are of size^exponent, "exponential" where they are rates, of
            exp(rate · size).
        resolution: how far beyond the claim the exponent may lie and still count as holding; the
            harness' default where None.
        drawn: how the grid is drawn beside others.
    """

    variable: str
    sizes: Sequence[float]
    instance: Callable[[Any], Instance]
    at_most: float | None = None
    at_least: float | None = None
    member: str = ""
    trials: int = 32
    growth: Growth = "power"
    resolution: float | None = None
    drawn: Drawn = field(default_factory=Drawn)

    def __post_init__(self) -> None:
        if len(set(self.sizes)) < _GRID:
            raise StatementError(
                f"a grid in {self.variable} needs {_GRID} different sizes at least to measure an "
                f"exponent; got {tuple(self.sizes)}"
            )
        if self.at_most is None and self.at_least is None:
            raise StatementError(
                f"a grid in {self.variable} claims nothing: give at_most=, at_least= or both"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """Where a statement is said to hold, and where we try it: two things.

    Attributes:
        paper: the statement's own hypothesis on sizes, mostly out of reach, in words and LaTeX.
        met: whether an instance meets it, with the constants that ``paper`` names; None where no
            constant is known. It takes those of the drawn arguments that it names.
        ours: our own gate, where we try the statement although the hypothesis is not met.
        tried: whether an instance passes the gate; what does not is not judged.
    """

    paper: str = ""
    met: Callable[..., bool] | None = None
    ours: str = ""
    tried: Callable[..., bool] | None = None

    def __post_init__(self) -> None:
        for condition, words in ((self.met, self.paper), (self.tried, self.ours)):
            if condition is not None and not words:
                raise StatementError("a requirement that is checked has to be said in words too")

    def inside(self, instance: Instance) -> bool | None:
        """Whether the instance lies inside the paper's hypothesis; None where that is unknown.

        Raises:
            StatementError: the condition raised.
        """
        return None if self.met is None else _asked(self.met, instance)

    def admits(self, instance: Instance) -> bool:
        """Whether the instance passes our gate.

        Raises:
            StatementError: the condition raised.
        """
        return self.tried is None or _asked(self.tried, instance)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Twin:
    """A falsified copy of a part. It must be refuted: that shows that the part's check can fail.

    Attributes:
        name: a short name of its own, from what was falsified unless the author gives one.
        says: what was falsified, in words.
        knobs: the constants that were changed; none where the twin has a body.
    """

    part: Part[..., Any]
    name: str
    says: str
    check: Check
    specimens: tuple[Instance, ...]
    along: tuple[Along, ...]
    constant: Constant | None
    knobs: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The part's id, a tilde and the twin's name: ``ALS-04(a)~variance-1-m``."""
        return f"{self.part.id}~{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a statement says for all its parts, and a part for itself; None where it says nothing.

    Attributes:
        kind: what sort of claim it is; checked against the claim that is returned.
        quantifiers: in the order of the mathematics, as LaTeX.
        requires: the paper's hypothesis on sizes, and our own gate.
        layers: on which kinds of layers it runs, the usual one first.
        cost: how much dearer a trial is than the work that torch counts; 1 as a rule.
        resolution: what a "holds" has to notice, where that is coarser than the harness' default.
        provenance: where the form of the statement comes from.
        note: a free note on the provenance.
        proof: for what is ours, whether the docstring proves it or it is only seen to hold.
    """

    kind: Kind | None = None
    quantifiers: tuple[str, ...] | None = None
    requires: Requirement | None = None
    layers: tuple[str, ...] | None = None
    cost: float | None = None
    resolution: float | None = None
    provenance: Provenance | None = None
    note: str | None = None
    proof: Proof | None = None

    def over(self, other: Said) -> Said:
        """Return what ``other`` says, but for what is said here."""
        mine = {f.name: getattr(self, f.name) for f in fields(self)}
        return replace(other, **{name: said for name, said in mine.items() if said is not None})


@dataclass(slots=True, kw_only=True, eq=False)
class Part(Generic[P, C]):
    """Part (a), (b), ... of a statement: judged and recorded by itself; `Statement.part` makes it.

    It is read, never changed; only pytest sets ``pytestmark`` where a mark stands above it.

    Attributes:
        source: the place in the paper, where it is another than the statement's.
        finding: what does not stand as printed, where that is known.
        regime_map: over which two sizes the conclusion is tried beside the verdict; `regime` sets
            it.
        pytestmark: marks of pytest that stand above the statement.
    """

    statement: Statement
    letter: str
    title: str
    says: str
    source: str
    test: HypothesisTest[P, C]
    check: Callable[P, C]
    constant: Constant | None
    along: tuple[Along, ...]
    specimens: tuple[Instance, ...]
    expect: Expect
    said: Said
    finding: Finding | None = None
    regime_map: Regime | None = None
    twins: list[Twin] = field(default_factory=list)
    promised: list[str] = field(default_factory=list)
    pytestmark: list[Any] = field(default_factory=list, repr=False)

    @property
    def __name__(self) -> str:
        """The function's name: pytest's marks decorate what has one."""
        return self.name

    @property
    def id(self) -> str:
        """The statement's id with the part's letter in brackets: ``ALS-04(a)``."""
        return f"{self.statement.id}({self.letter})" if self.letter else self.statement.id

    @property
    def name(self) -> str:
        """The name of the function, which says the conclusion."""
        return str(getattr(self.check, "__name__", self.id))

    @property
    def kind(self) -> Kind:
        """What sort of claim the part makes."""
        return self.said.kind or "probability"

    @property
    def quantifiers(self) -> tuple[str, ...]:
        """The quantifiers in the order of the mathematics, as LaTeX."""
        return self.said.quantifiers or ()

    @property
    def requires(self) -> Requirement | None:
        """The paper's hypothesis on sizes, and our own gate."""
        return self.said.requires

    @property
    def layers(self) -> tuple[str, ...]:
        """On which kinds of layers the part runs, the usual one first."""
        return self.said.layers or ("dense",)

    @property
    def cost(self) -> float:
        """How much dearer a trial is than the work that torch counts."""
        return self.said.cost or 1.0

    @property
    def provenance(self) -> Provenance:
        """Where the form of the part comes from."""
        return self.said.provenance or "ours"

    @property
    def proof(self) -> str:
        """Of what is no paper's own: proved in the docstring, or only seen; else empty."""
        return (self.said.proof or "") if self.provenance in ("ours", "derived") else ""

    @property
    def draws(self) -> tuple[str, ...]:
        """The names that `given` draws."""
        return tuple(self.test.lemmata_strategies)

    @property
    def knobs(self) -> dict[str, Any]:
        """The constants that a twin may change, with their true values."""
        taken = inspect.signature(self.check).parameters.values()
        return {p.name: p.default for p in taken if p.kind is inspect.Parameter.KEYWORD_ONLY}

    @overload
    def twin(
        self,
        says: str,
        *,
        name: str = ...,
        specimens: Iterable[Instance] | None = ...,
        along: Along | Iterable[Along] | None = ...,
        constant: Constant | None = ...,
    ) -> Callable[[Check], Twin]: ...

    @overload
    def twin(
        self,
        says: str,
        *,
        name: str = ...,
        specimens: Iterable[Instance] | None = ...,
        along: Along | Iterable[Along] | None = ...,
        constant: Constant | None = ...,
        **knobs: Any,
    ) -> Twin: ...

    def twin(
        self,
        says: str,
        *,
        name: str = "",
        specimens: Iterable[Instance] | None = None,
        along: Along | Iterable[Along] | None = None,
        constant: Constant | None = None,
        **knobs: Any,
    ) -> Twin | Callable[[Check], Twin]:
        """Add a falsified copy of this part.

        Args:
            says: what was falsified, in words.
            name: of the twin; the first words of ``says`` by default.
            specimens: where the copy is tried; the part's own specimens by default.
            along: the grids along which its exponent is measured; the part's own by default.
            constant: the copy's hidden constant; the part's own by default.
            knobs: the constants that are changed.

        Returns:
            The twin where knobs are given, else a decorator for the function that is its body.

        Raises:
            StatementError: the name is taken, or the part has no such knob.
        """
        named = name or _slug(says)
        if any(twin.name == named for twin in self.twins) or named in self.promised:
            raise StatementError(
                f"{self.id} has a twin named {named!r} already: give one of them a name="
            )
        made = functools.partial(
            Twin,
            part=self,
            name=named,
            says=says,
            specimens=self.specimens if specimens is None else tuple(specimens),
            along=self.along if along is None else _grids(along),
            constant=constant or self.constant,
            knobs=knobs,
        )
        if knobs:
            if unknown := [knob for knob in knobs if knob not in self.knobs]:
                known = ", ".join(self.knobs) or "none"
                raise StatementError(
                    f"a twin of {self.id} changes {', '.join(unknown)}; what it may change are "
                    f"the keyword-only arguments behind trials: {known}"
                )
            self.twins.append(made(check=_turned(self.check, knobs)))
            return self.twins[-1]
        self.promised.append(named)

        def add(check: Check) -> Twin:
            self.promised.remove(named)
            self.twins.append(made(check=check))
            return self.twins[-1]

        return add

    def regime(
        self,
        *,
        x: str,
        xs: Sequence[float],
        y: str,
        ys: Sequence[float],
        instance: Callable[..., Instance],
        hypothesis: Hypothesis,
        fixed: Mapping[str, Any] | None = None,
    ) -> Regime:
        """Add a map of where the conclusion begins to hold, over two sizes.

        It is tried beside the verdict, on trials of its own, also where the part's own gate or the
        paper's hypothesis is not met, and never turns the verdict.

        Args:
            x: the size along which the conclusion begins to hold, as in the statement.
            xs: its values, rising.
            y: the other size.
            ys: its values, rising.
            instance: the instance that belongs to x and y, and to all of ``fixed`` by name.
            hypothesis: where the paper's own hypothesis starts.
            fixed: the sizes that stay.

        Raises:
            StatementError: the part has a map, claims a mean or law, or the map is none.
        """
        if self.regime_map is not None:
            raise StatementError(f"{self.id} has a regime map already: it has one at most")
        if self.kind in ("mean", "law"):
            raise StatementError(
                f"{self.id} is of kind {self.kind!r}, which no single trial passes: a regime map "
                "takes a bound"
            )
        made = Regime(
            x=x, xs=xs, y=y, ys=ys, instance=instance, fixed=fixed or {}, hypothesis=hypothesis
        )
        for complaint in made.complaints():
            raise StatementError(f"the regime map of {self.id} {complaint}")
        self.regime_map = made
        return made

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> C:
        """Evaluate the part's claim on an instance and its trials."""
        return self.check(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<part {self.id}: {self.title}>"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Statement:
    """A lemma, claim, corollary or theorem. `statement` and `declare` make it.

    Attributes:
        id: as in ``ALS-04``.
        paper: its short name, as in "ALS18".
        place: lemma or section in the paper; empty where the paper's name says it all.
        title: what it says in a few words.
        says: what it says, text with LaTeX between dollar signs.
        uses: the ids of the statements that its proof uses.
        said: what its parts inherit.
        section: the title of the module that it stands in.
        file: the file, line: the line, that it stands on.
        parts: its parts; none where it is declared only.
        why_untested: for a declared statement, the reason.
        of_only_part: names of the options that were given to it for its only part.
        withdrawn: claims of ours that fell, a sentence each.
    """

    id: str
    paper: str
    place: str
    title: str
    says: str
    uses: tuple[str, ...]
    said: Said
    section: str
    file: Path
    line: int
    why_untested: str = ""
    of_only_part: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    parts: list[Part[..., Any]] = field(default_factory=list)

    @property
    def source(self) -> str:
        """Where the statement stands: the paper and the place in it."""
        return f"{self.paper}, {self.place}" if self.place else self.paper

    @property
    def kind(self) -> str:
        """The kinds of the parts, each once, in order."""
        return ", ".join(dict.fromkeys(part.kind for part in self.parts))

    @property
    def provenance(self) -> str:
        """Where the form of the statement comes from."""
        return self.said.provenance or ""

    @property
    def note(self) -> str:
        """A free note on the provenance."""
        return self.said.note or ""

    def part(
        self,
        letter: str,
        *,
        says: str = "",
        title: str = "",
        source: str = "",
        kind: Kind | None = None,
        quantifiers: Iterable[str] | None = None,
        constant: Constant | None = None,
        along: Along | Iterable[Along] = (),
        requires: Requirement | None = None,
        specimens: Iterable[Instance] = (),
        expect: Expect = "holds",
        cost: float | None = None,
        layers: Iterable[str] | None = None,
        resolution: float | None = None,
        provenance: Provenance | None = None,
        note: str | None = None,
        proof: Proof | None = None,
        finding: Finding | None = None,
    ) -> Callable[[HypothesisTest[P, C]], Part[P, C]]:
        """Add a part; what is not given here is as the statement says.

        Args:
            letter: "a", "b", ...; empty where the statement has one part.
            says: the part's mathematics; the statement's where it has one part.
            title: the conclusion in words; the function's name by default, or the statement's title
                where it has one part.
            source: the place in the paper, where it is another than the statement's.
            kind: what sort of claim it is; checked against the claim that is returned.
            quantifiers: in the order of the mathematics, as LaTeX.
            constant: the hidden constant of an O(·) or Ω(·).
            along: the grids along which exponents are measured.
            requires: the paper's hypothesis on sizes, and our own gate.
            specimens: up to three frozen instances where the claim bites.
            expect: "refuted" where the part is known to be false.
            cost: how much dearer a trial is than the work that torch counts.
            layers: on which kinds of layers the part runs, the usual one first.
            resolution: what a "holds" has to notice, where coarser than the harness' default.
            provenance: where the form of the part comes from.
            note: a free note on the provenance.
            proof: for what is ours: proved in the docstring, or only seen.
            finding: what does not stand as printed; for a part that is expected to be refuted.

        Raises:
            StatementError: the letter is taken, an option is none, or a specimen does not name what
                `given` draws.
        """
        mine = Said(
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

        def add(test: HypothesisTest[P, C]) -> Part[P, C]:
            named = f"{self.id}({letter})" if letter else self.id
            if not is_given(test):
                raise StatementError(
                    f"{named} draws nothing: put @given(...) of lemmata directly below it"
                )
            if not _LETTER.fullmatch(letter) or any(part.letter == letter for part in self.parts):
                raise StatementError(
                    f"{self.id} has a part {letter!r} already, or {letter!r} is no letter: letter "
                    "the parts a, b, c, ..."
                )
            if letter and self.of_only_part:
                raise StatementError(
                    f"{self.id} has lettered parts, and {', '.join(self.of_only_part)} belong to "
                    "one of them: give them to the part"
                )
            check = test.lemmata_check
            spoken = title or (check.__name__.replace("_", " ") if letter else self.title)
            part = Part(
                statement=self,
                letter=letter,
                title=spoken,
                says=says or self.says,
                source=source,
                test=test,
                check=check,
                constant=constant,
                along=_grids(along),
                specimens=tuple(specimens),
                expect=expect,
                said=mine.over(self.said),
                finding=finding,
            )
            refuse_bad_options(part)
            bind_identity(test, part.id)
            self.parts.append(part)
            return part

        return add

    def __repr__(self) -> str:
        return f"<statement {self.id}: {self.title}>"


Subject: TypeAlias = Part[..., Any] | Twin
"""What is judged: a part, or a twin of one."""


def part_of(subject: Subject) -> Part[..., Any]:
    """Return the part that a subject is, or is a twin of."""
    return subject.part if isinstance(subject, Twin) else subject


def refuse_bad_options(part: Part[..., Any]) -> None:
    """Check a part's options against their lists, and its specimens against what is drawn.

    Raises:
        StatementError: one of them does not fit.
    """
    if part.kind not in get_args(Kind):
        raise StatementError(
            f"{part.id} is of the unknown kind {part.kind!r}; the kinds are "
            f"{', '.join(get_args(Kind))}"
        )
    if part.expect not in get_args(Expect):
        raise StatementError(
            f"{part.id} expects {part.expect!r}; a part is expected to be 'holds' or 'refuted'"
        )
    if not part.layers or not set(part.layers) <= set(KINDS_OF_LAYERS):
        raise StatementError(
            f"{part.id} runs on layers {part.layers}; the kinds of layers are "
            f"{', '.join(KINDS_OF_LAYERS)}"
        )
    if part.said.provenance is not None and part.said.provenance not in PROVENANCES:
        raise StatementError(
            f"{part.id} has the provenance {part.said.provenance!r}; it is one of "
            f"{', '.join(PROVENANCES)}, and what else there is to say goes into note="
        )
    if part.said.proof is not None and part.said.proof not in get_args(Proof):
        raise StatementError(
            f"{part.id} has proof={part.said.proof!r}; it is one of {', '.join(get_args(Proof))}"
        )
    if part.finding is not None and part.expect != "refuted":
        raise StatementError(
            f'{part.id} carries a finding and is expected to hold: give it expect="refuted", and '
            "the finding's repairs the form that holds"
        )
    for problem in part.finding.complaints() if part.finding else ():
        raise StatementError(f"the finding of {part.id} {problem}")
    numbers = (part.said.cost, part.said.resolution)
    if any(number is not None and not number > 0.0 for number in numbers):
        raise StatementError(f"{part.id} has a cost or resolution that is not above 0")
    if clash := [knob for knob in part.knobs if knob in _OPTIONS_OF_A_TWIN]:
        raise StatementError(
            f"{part.id} has constants named {', '.join(clash)}, which are options of twin(...): "
            "give them other names"
        )
    for specimen in part.specimens:
        refuse_bad_instance(part, specimen, "a specimen")


def refuse_bad_instance(part: Part[..., Any], instance: object, what: str) -> None:
    """Check that an instance names what `given` draws.

    Raises:
        StatementError: it does not.
    """
    if not isinstance(instance, Mapping) or set(instance) != set(part.draws):
        named = ", ".join(sorted(instance)) if isinstance(instance, Mapping) else repr(instance)
        drawn = ", ".join(sorted(part.draws))
        raise StatementError(f"{what} of {part.id} names {named}; the statement draws {drawn}")


def _grids(along: Along | Iterable[Along]) -> tuple[Along, ...]:
    return (along,) if isinstance(along, Along) else tuple(along)


def _turned(check: Check, knobs: Mapping[str, Any]) -> Check:
    """Return the check with other constants; it keeps its name, for messages and hashes."""

    @functools.wraps(check)
    def turned(*args: Any, **kwargs: Any) -> Claim:
        return check(*args, **kwargs, **knobs)

    return turned


def _slug(says: str) -> str:
    """Return the first words of a sentence as a name that a shell takes: Greek is spelt out."""
    spelt = "".join(map(_spelt, unicodedata.normalize("NFKD", re.sub(r"\\[a-zA-Z]+", " ", says))))
    words = re.sub(r"[^a-z0-9]+", "-", spelt.lower()).strip("-")
    if len(words) > _LONGEST:
        words = words[: _LONGEST + 1].rpartition("-")[0]
    return words or "twin"


def _spelt(sign: str) -> str:
    if sign.isascii():
        return sign
    if sign in "−∕⁄":
        return "-"
    name = unicodedata.name(sign, "")
    return f" {name.split()[-1]} " if name.startswith("GREEK") else " "


def _asked(condition: Callable[..., bool], instance: Instance) -> bool:
    """Call a condition with those of an instance's entries that it takes."""
    taken = inspect.signature(condition).parameters
    every = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in taken.values())
    asked = {name: value for name, value in instance.items() if every or name in taken}
    try:
        return bool(condition(**asked))
    except Exception as problem:
        raise StatementError(
            f"what it requires raised {type(problem).__name__}: {problem} on {describe(instance)}"
        ) from problem
