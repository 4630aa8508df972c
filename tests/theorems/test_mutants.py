"""The declared mutations still apply: each piece of code stands once in its file.

Whether statements notice them is tried by ``make mutants``, which takes many minutes.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from mutants.run import declared

ROOT = Path(__file__).resolve().parents[2]
MUTATIONS = declared()


def test_there_are_enough_of_them() -> None:
    assert len(MUTATIONS) >= 80
    assert len({(one.file, one.before, one.after) for one in MUTATIONS}) == len(MUTATIONS)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: Path(one.file).stem)
def test_a_mutation_changes_one_piece_of_code_that_stays_code(mutation) -> None:
    text = (ROOT / mutation.file).read_text()
    assert text.count(mutation.before) == 1
    mutated = text.replace(mutation.before, mutation.after)
    assert ast.dump(ast.parse(mutated)) != ast.dump(ast.parse(text))
    assert mutation.statements
