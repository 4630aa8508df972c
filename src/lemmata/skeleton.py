"""``lemmata new``: a statement with its twin that passes, to begin from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from lemmata.loading import fail

_SKELETON = r'''"""What this file is about, in one line."""

from hypothesis import strategies as st

from lemmata import Bound, Trials, at_most, given, statement


@statement(
    "THE-ID",
    source="the paper and the place in it",
    title="A projection is no longer",
    kind="inequality",
    provenance="ours",
    says=r"For all $m$ and $g,u\in\mathbb R^m$ with $\|u\|=1$: $|\langle g,u\rangle|\le\|g\|$.",
    quantifiers=(r"\forall\, m", r"\forall\, g,u"),
    specimens=[{"m": 1}, {"m": 8}],
)
@given(m=st.integers(1, 64))
def a_projection_is_no_longer(m: int, trials: Trials, *, factor: float = 1.0) -> Bound:
    g, u = trials.normal("g", m), trials.sphere("u", m)
    return at_most((g * u).sum(dim=-1).abs(), factor * g.norm(dim=-1))


# A falsified copy has to be refuted: it shows that the check can fail.
a_projection_is_no_longer.twin("half as long", factor=0.5)
'''


def new(
    id: Annotated[str, typer.Argument(help="of the statement, as in MINE-1")],
    file: Annotated[Path | None, typer.Option(help="where it goes; test_ID.py by default")] = None,
) -> None:
    """Write the skeleton of a statement with its twin; both pass, and are there to be changed."""
    from lemmata.harness.ids import ID

    if not ID.fullmatch(id):
        fail(f"{id!r} is no statement id: write letters, a hyphen and a number, as in MINE-1")
    path = file or Path(f"test_{id.lower().replace('-', '_')}.py")
    try:
        with path.open("x", encoding="utf-8") as made:
            made.write(_SKELETON.replace("THE-ID", id))
    except FileExistsError:
        fail(f"{path} is there already: name another with --file")
    except OSError as problem:
        fail(f"{path} cannot be written: {problem.strerror}")
    Console(highlight=False).print(
        f"{path}: judge it with `lemmata check {path}` or `pytest {path}`",
        markup=False,
        soft_wrap=True,
    )
