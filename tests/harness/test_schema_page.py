"""The page of the records' schema says what the types say."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from lemmata.harness import schema, verdicts
from lemmata.harness.schema_page import meanings, page

DOCS = Path(__file__).resolve().parents[2] / "docs"
TYPES = [
    made
    for module in (schema, verdicts)
    for made in vars(module).values()
    if dataclasses.is_dataclass(made) and made is not schema.Record
]


def test_the_page_is_what_the_types_say() -> None:
    written = (DOCS / "records.md").read_text(encoding="utf-8")
    assert written == page(), (
        "write it again: python -m lemmata.harness.schema_page > docs/records.md"
    )


@pytest.mark.parametrize("made", TYPES, ids=lambda made: made.__name__)
def test_every_field_of_every_type_is_explained(made: type) -> None:
    fields = {field.name for field in dataclasses.fields(made)} - {"kind"}
    assert {name for name, means in meanings(made).items() if means} - {"kind"} == fields
    assert f"### {made.__name__}\n" in page()
