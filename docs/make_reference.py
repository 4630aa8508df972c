"""The pages that are written from code: the reference, and the tables of levels and profiles.

    python docs/make_reference.py        # make docs

docs/reference.md is made of signatures and docstrings; in docs/questions.md, what stands between
``<!-- levels -->`` and ``<!-- end -->``, and likewise for profiles, is made of the numbers in
harness/levels.py and harness/profiles.py. tests/docs/test_pages.py compares both with what stands.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lemmata import harness, strategies
from lemmata.harness import adversary, layers, levels
from lemmata.harness.profiles import PROFILES

HERE = Path(__file__).resolve().parent
_WIDTH = 100
_HEADINGS = ("Args", "Attributes", "Returns", "Raises")

_INTRODUCTION = """\
# Reference

This page is written by `python docs/make_reference.py` (`make docs`) from the signatures and
docstrings of the code; change them there.

Names are imported from `lemmata`, but for those of [layers](#layers)
(`lemmata.harness.layers`), of the [adversary](#the-adversary) (`lemmata.harness.adversary`) and of
[strategies](#strategies) (`lemmata.strategies`). In shapes, `trials` is the number of trials, which
comes first, and `...` is any further shape.
"""


def reference() -> str:
    """Write docs/reference.md."""
    pieces = [_INTRODUCTION]
    for title, names in _sections().items():
        pieces.append(f"## {title}\n")
        pieces += [_entry(name, found) for name, found in names.items()]
    return "\n".join(pieces)


def with_tables(text: str) -> str:
    """Return a page with the tables between its marks written anew."""
    for name, table in (("levels", _levels()), ("profiles", _profiles())):
        mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        text = mark.sub(lambda found, table=table: f"{found[1]}{table}\n{found[2]}", text)
    return text


def _sections() -> Mapping[str, Mapping[str, Any]]:
    claims = [
        "at_most", "at_least", "less_than", "more_than", "equal", "all_of", "worst_of",
        "mean_of", "mean_at_most", "mean_at_least", "law_of", "Bound", "Mean", "Law",
    ]  # fmt: skip
    declaring = {name: getattr(harness, name) for name in ("statement", "given", "declare")}
    declaring |= {
        "Statement.part": harness.Statement.part,
        "Part.twin": inspect.unwrap(harness.Part.twin),
        "Part.regime": harness.Part.regime,
    }
    options = ("Constant", "Along", "Drawn", "Requirement", "Hypothesis", "Finding")
    declaring |= {name: getattr(harness, name) for name in options}
    return {
        "Declaring": declaring,
        "Claims": {name: getattr(harness, name) for name in claims},
        "Trials": {"Trials": harness.Trials},
        "Judging": {"judge": harness.judge},
        "Layers": {name: getattr(layers, name) for name in ("gaussian_layer", "Layer")},
        "The adversary": _public(adversary, first=("attack", "Region", "Chart", "Ball")),
        "Strategies": _public(strategies, first=("sizes", "log_uniform")),
    }


def _public(module: Any, *, first: Sequence[str]) -> dict[str, Any]:
    names = [*first, *(name for name in module.__all__ if name not in first)]
    found = {name: getattr(module, name) for name in names}
    kinds = (inspect.isfunction, inspect.isclass)
    return {
        name: made
        for name, made in found.items()
        if any(kind(made) for kind in kinds) and not name.endswith("Error")
    }


def _entry(name: str, found: Any) -> str:
    pieces = [f"### {name}\n"]
    if inspect.isclass(found):
        if name not in ("Bound", "Mean", "Law", "Trials", "Layer"):
            pieces.append(_code(name, _parameters(found)))
        pieces.append(_prose(found.__doc__))
        pieces += [_method(label, made) for label, made in _methods(found)]
    else:
        pieces += [_code(name, _parameters(found), _returned(found)), _prose(found.__doc__)]
    return "\n".join(pieces)


def _methods(found: type) -> Iterable[tuple[str, Any]]:
    for name, made in vars(found).items():
        if name.startswith("_") or name in {f.name for f in _fields(found)}:
            continue
        if inspect.isfunction(made) or isinstance(made, property):
            yield name, made


def _fields(found: type) -> Sequence[dataclasses.Field[Any]]:
    return dataclasses.fields(found) if dataclasses.is_dataclass(found) else ()


def _method(name: str, made: Any) -> str:
    if isinstance(made, property):
        return f"**`.{name}`**\n\n{_prose(made.__doc__)}"
    return f"{_code(f'.{name}', _parameters(made), _returned(made))}\n{_prose(made.__doc__)}"


def _parameters(made: Callable[..., Any]) -> list[str]:
    given, written, keywords = inspect.signature(made).parameters.values(), [], False
    for one in given:
        if one.name == "self":
            continue
        if one.kind is one.KEYWORD_ONLY and not keywords:
            written += [] if any(p.kind is p.VAR_POSITIONAL for p in given) else ["*"]
            keywords = True
        stars = {one.VAR_POSITIONAL: "*", one.VAR_KEYWORD: "**"}.get(one.kind, "")
        hint = "" if one.annotation is one.empty else f": {_hint(one.annotation)}"
        default = "" if one.default is one.empty else f" = {_default(one.default)}"
        written.append(f"{stars}{one.name}{hint}{default}")
    return written


def _hint(annotation: Any) -> str:
    if isinstance(annotation, str):
        return annotation
    return getattr(annotation, "__name__", None) or str(annotation).replace("typing.", "")


def _default(value: Any) -> str:
    if repr(value) == "<factory>":
        return "..."
    return f"{value!r}"


def _returned(made: Callable[..., Any]) -> str:
    returned = inspect.signature(made).return_annotation
    return "" if returned is inspect.Signature.empty else f" -> {_hint(returned)}"


def _code(name: str, parameters: Sequence[str], returned: str = "") -> str:
    line = f"{name}({', '.join(parameters)}){returned}"
    if len(line) > _WIDTH:
        inside = "".join(f"    {one},\n" for one in parameters)
        line = f"{name}(\n{inside}){returned}"
    return f"```python\n{line}\n```\n"


def _prose(docstring: str | None) -> str:
    """Turn a docstring into Markdown: its sections into lists."""
    text = inspect.cleandoc(docstring or "").replace("\\\\*", "*").replace("``", "`")
    lines, section = [], ""
    for line in text.splitlines():
        if line.endswith(":") and line[:-1] in _HEADINGS:
            section = line[:-1]
            lines.append(f"*{section}*\n")
        elif section and line.strip():
            indented = len(line) - len(line.lstrip()) > 4
            item = section in ("Args", "Attributes", "Raises") and not indented
            lines.append(f"* {line.strip()}" if item else f"  {line.strip()}")
        else:
            lines.append(line)
    return "\n".join(_wrapped(lines)) + "\n"


def _wrapped(lines: Iterable[str]) -> list[str]:
    """Join what belongs to one item, and name it as code."""
    joined: list[str] = []
    for line in lines:
        if line.startswith("  ") and joined and joined[-1].startswith(("* ", "  ")):
            joined[-1] += " " + line.strip()
        else:
            joined.append(line)
    done = []
    for line in joined:
        if line.startswith("* "):
            line = re.sub(r"^\* ([\w, ]+):", lambda found: f"* `{found[1]}`:", line)
        indent = "  " if line.startswith("* ") else ""
        item = line.startswith(("* ", "  ")) and not line.startswith("    ")
        wrapped = textwrap.wrap(line.strip(), _WIDTH, subsequent_indent=indent) if item else [line]
        done += wrapped or [""]
    return done


def _levels() -> str:
    bases = [
        ("a failure probability p", "max(1.5 p, p + 0.01)", "max(3 p, p + 0.1)", "probability"),
        *(
            (name, f"{of.target:g}", f"{of.limit:g}", of.unit)
            for name, of in (
                ("a mean", levels.MEAN),
                ("a law", levels.LAW),
                ("an exponent", levels.EXPONENT),
            )
        ),
    ]
    for claimed in (0.001, 0.05, 0.3):  # what is written above is what the functions say
        target, limit = max(1.5 * claimed, claimed + 0.01), max(3 * claimed, claimed + 0.1)
        half = (1 + claimed) / 2
        assert levels.certificate_target(claimed) == min(target, half)
        assert levels.certificate_limit(claimed) == min(limit, half)
    rows = [f"| {' | '.join(row)} |" for row in bases]
    said = (
        f"A true claim is refuted with probability {levels.ALPHA:g} at most (α; "
        f"{levels.ALPHA_OF_A_TWIN:g} for twins of bounds and exponents), and a false one "
        'that lies outside of the printed resolution is called "holds" with probability '
        f"{levels.BETA:g} at most (β). At most {levels.NOMINATIONS} instances that a search found "
        "are put to the test for a part; they share α. A quick run grants more to probabilities "
        "and exponents: see the table of profiles."
    )
    return "\n".join(
        [
            "| claim about | judged until | coarsest that holds | in |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
            *textwrap.wrap(said, _WIDTH),
        ]
    )


def _profiles() -> str:
    head = "| | " + " | ".join(PROFILES) + " |"
    rows = {
        "work for confirming on one instance": lambda p: f"{p.confirm:.2g}",
        "work for the search": lambda p: f"{p.explore:.2g}",
        "instances searched, at most and at least": lambda p: f"{p.instances[0]}, {p.instances[1]}",
        "trials on one instance, at most and at least": lambda p: (
            f"{p.trials[0]:,}, {p.trials[1]:,}"
        ),
        "a failure probability p is judged until": lambda p: (
            "the target"
            if p.certify == "target"
            else f"the target; where it is dear max(3 p, p + {p.beyond:g})"
        ),
        "work of a block from which on it is dear": lambda p: f"{p.dear:.2g}",
        "an exponent holds within": lambda p: f"{p.exponents:g}",
        "trials at each size of a grid, at least": lambda p: f"{p.grid_fewest}",
        "of those that a grid asks for, look by look": lambda p: ", ".join(
            f"{share:g}" for share in p.grid if share
        ),
        "the largest size of a grid of four and more is drawn": lambda p: (
            "where the others leave it undecided" if p.largest_last else "always"
        ),
        "instances of small scope": lambda p: f"{p.small}",
        "instances climbed": lambda p: f"{p.climbs}",
        "instances whose draws are ascended": lambda p: f"{p.ascents}",
        "work for a regime map": lambda p: f"{p.map_work:.2g}",
        "trials on a cell of it, at most": lambda p: f"{p.map_trials:,}",
        "seconds for shrinking": lambda p: f"{p.shrink:g}",
        "random numbers": lambda p: "the same" if p.entropy == "fixed" else "fresh",
    }
    body = [
        f"| {name} | " + " | ".join(said(profile) for profile in PROFILES.values()) + " |"
        for name, said in rows.items()
    ]
    return "\n".join([head, "| --- |" + " --- |" * len(PROFILES), *body])


def main() -> None:
    """Write the pages."""
    (HERE / "reference.md").write_text(reference(), encoding="utf-8")
    questions = HERE / "questions.md"
    questions.write_text(with_tables(questions.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
