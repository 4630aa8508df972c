"""The records' schema: what stands in a run's folder, as types that writer and reader share.

A run is a folder: ``manifest.json`` (a `Manifest`), ``statements.json`` (a list of
`DeclaredStatement`) and one ``*.jsonl`` a worker, each line a `Block`, `PartVerdict`, `TwinVerdict`
`RegimeMap`
or `Lost` with ``schema``, ``run``, ``worker`` and ``time`` (Unix seconds) beside its fields.
Numbers that are not finite are the texts "nan", "inf", "-inf". docs/records.md is made from these
types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from lemmata.harness.findings import Finding
from lemmata.harness.regime_cells import RegimeMap
from lemmata.harness.verdicts import Expect, Grid, Outcome, Place, Role

SCHEMA = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """The checkout in which a run was started.

    Attributes:
        root: its folder on the machine that ran; commit: of its files.
        modified: whether files of that commit had changed.
        remote: the address of its pages, without a name or password; empty where it has none.
    """

    root: str
    commit: str
    modified: bool
    remote: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a run was: `finished` stays None while it runs, or if it was killed.

    Attributes:
        schema: of the records.
        run: its id, which no two machines share.
        started, finished: Unix seconds.
        interrupted: why it ended early, a sentence.
        profile: how much work was spent; entropy: decides every trial; seed: varies instances.
        device, dtype: of the tensors; layers: kind of layers asked for.
        levels: α, β, the length of the first block, and the default resolutions.
        versions: of Python and of what a verdict may depend on.
        machine: platform, cores, GPU.
        command: as it was called.
        checkout: the commit that ran; None where it was run outside of any.
    """

    schema: int
    run: str
    started: float | None = None
    finished: float | None = None
    interrupted: str | None = None
    profile: str = ""
    entropy: int = 0
    seed: int = 0
    device: str = ""
    dtype: str = ""
    layers: str | None = None
    levels: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    machine: Mapping[str, Any] = field(default_factory=dict)
    command: str = ""
    checkout: Checkout | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Trials ``first, ..., first + trials - 1`` of one instance.

    Attributes:
        part: id of the part or twin.
        generation: hash of the code and constants behind the evidence.
        place: the instance; role: what it is.
        first: index of the first trial in its stream; trials: how many.
        entropy, stream, layers, device, dtype: of the draw.
        failures: how many fail; doubtful: how many rounding decides; silent: how many claim
            nothing.
        claimed: the claimed failure probability, None for a deterministic claim.
        threshold: 1 or the declared constant.
        histogram: of the ratios: bin b holds those in [10^(b/20), 10^((b+1)/20)).
        worst_ratio, worst_trial: of the block.
        attack: that found it; attacks: the worst ratio of each.
        seconds: that evaluating took.
    """

    kind: Literal["block"] = "block"
    part: str
    generation: str
    place: Place
    role: Role
    entropy: int
    stream: str
    layers: str
    device: str
    dtype: str
    first: int
    trials: int
    failures: int
    doubtful: int
    silent: int
    claimed: float | None
    threshold: float
    histogram: Mapping[str, int]
    worst_ratio: float
    worst_trial: int
    attack: str | None
    attacks: Mapping[str, float]
    seconds: float

    @property
    def key(self) -> tuple[object, ...]:
        """What makes it one piece of evidence."""
        return (
            self.part,
            self.generation,
            self.place.hash,
            self.entropy,
            self.stream,
            self.layers,
            self.dtype,
            self.first,
            self.trials,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PartVerdict:
    """The verdict on a part in this run.

    Attributes:
        part: its id; generation: hash of the code and constants behind the evidence.
        outcome: the verdict with what it rests on.
        worst_ratio: over the threshold, wherever it was met; attacks: of each attack.
        explanation: what the terminal prints.
    """

    kind: Literal["verdict"] = "verdict"
    part: str
    generation: str
    outcome: Outcome
    worst_ratio: float | None
    attacks: Mapping[str, float]
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinVerdict:
    """The verdict on a twin in this run: "refuted" is what should be.

    Attributes:
        part: the part's id; twin: the twin's; says: what was falsified.
        generation: hash of the code and constants behind the evidence.
        outcome: the verdict with what it rests on; explanation: what the terminal prints.
    """

    kind: Literal["twin"] = "twin"
    part: str
    twin: str
    says: str
    generation: str
    outcome: Outcome
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Evidence that did not arrive.

    Attributes:
        part: that was being judged, where that is known; what: a sentence; trials: how many.
    """

    kind: Literal["lost"] = "lost"
    part: str | None
    what: str
    trials: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredConstant:
    """The value of a hidden constant.

    Attributes:
        value: the constant; measured_on: the range of sizes on which it was measured.
        failure: the claimed probability that the ratio exceeds it; 0 where it never may.
    """

    value: float
    measured_on: str
    failure: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredTwin:
    """A falsified copy of a part.

    Attributes:
        id: the part's id, a tilde and the twin's name; name: its own; says: what was falsified.
        knobs: the constants that were changed, with their false values.
    """

    id: str
    name: str
    says: str
    knobs: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredPart:
    """A part, as its author declared it; the texts hold LaTeX between dollar signs.

    Attributes:
        id: the statement's id with the letter in brackets; letter: empty for an only part.
        name: of the function; title: the conclusion in words.
        claim: its kind; says: the conclusion as mathematics.
        source: the place in the paper, where it is another than the statement's.
        quantifiers: in the order of the mathematics; constant: the hidden constant.
        along: the grids of sizes; expect: what should be; layers: kinds that it runs on.
        provenance: where its form comes from; note: on the provenance.
        twins: its falsified copies.
        proof: for what is ours, whether it is proved or only seen; empty where nothing is said.
        finding: what does not stand as printed.
        requires: the paper's hypothesis on sizes; tried: our own gate.
        resolution: what the author declared, or None for the harness' own.
    """

    id: str
    letter: str
    name: str
    title: str
    claim: str
    says: str
    source: str
    quantifiers: Sequence[str]
    constant: DeclaredConstant | None
    requires: str
    tried: str
    along: Sequence[Grid]
    expect: Expect
    layers: Sequence[str]
    provenance: str
    note: str
    resolution: float | None
    twins: Sequence[DeclaredTwin]
    proof: str = ""
    finding: Finding | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredStatement:
    """A statement, as its author declared it.

    Attributes:
        id: as in ``ALS-04``; title: in a few words; says: the mathematics.
        paper: its short name; place: lemma or section; source: both.
        provenance: where its form comes from; note: on the provenance.
        uses: ids of what its proof uses.
        tested: whether it has parts; why_untested: a sentence where it has none.
        section: the title of the module that it stands in.
        file: as imported; line: there.
        claims: the kinds of its parts; parts: in their order.
        withdrawn: claims of ours that fell, a sentence each.
    """

    id: str
    paper: str
    place: str
    source: str
    title: str
    section: str
    provenance: str
    note: str
    says: str
    uses: Sequence[str]
    tested: bool
    why_untested: str
    file: str
    line: int
    claims: str
    parts: Sequence[DeclaredPart]
    withdrawn: Sequence[str] = ()


Recorded: TypeAlias = Block | PartVerdict | TwinVerdict | RegimeMap | Lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record, read back.

    Attributes:
        value: of the type that its kind names.
        time: Unix seconds of its writing; worker: that wrote it.
    """

    value: Recorded
    time: float
    worker: str
