"""Given records with anything missing, of another type or hostile, when the report is built,
then it is built and nothing breaks out."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lemmata.reports import figures
from lemmata.reports.assembly import assemble
from lemmata.reports.build import build_report
from lemmata.reports.pages import Context, index_page, paper_page, statement_page
from lemmata.reports.runs import Run, read_runs

HOSTILE = "<script>alert('$\\frac{1}{2}$')</script>\" onload=\"x' & \x00 ${{ 7*7 }}"
WRONG = [
    None,
    [],
    {},
    "nan",
    "inf",
    "-inf",
    "text",
    -1,
    0,
    1e308,
    10**400,
    True,
    [None, "nan"],
    {"x": "inf"},
    HOSTILE,
]


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    entries = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [path, *(below for key, entry in entries for below in paths(entry, (*path, key)))]


def changed(value: Any, path: tuple[Any, ...], how: Any) -> Any:
    made = copy.deepcopy(value)
    inside = made
    for key in path[:-1]:
        inside = inside[key]
    if how == "drop":
        del inside[path[-1]]
    else:
        inside[path[-1]] = how
    return made


def rendered(folder) -> str:
    """Every page, without the drawings of parts that do not matter here."""
    library = assemble(read_runs([folder]))
    context = Context.of(library)
    pages = [index_page(library), *(paper_page(paper, library) for paper in library.papers)]
    return "".join(
        [*pages, *(statement_page(statement, context) for statement in library.statements)]
    )


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_the_report_is_built_whatever_is_missing(
    data, tmp_path_factory, write, manifest, statements, records
):
    part = data.draw(
        st.sampled_from(["ALS-04", "ALS-05", "ALS-07", "ALS-08", "ALS-09", "ALS-02"]), label="part"
    )
    statements = [statement for statement in statements if statement["id"] == part]
    records = [record for record in records if record.get("part", "").startswith(part)]
    for _ in range(data.draw(st.integers(1, 4), label="changes")):
        thing = data.draw(
            st.sampled_from(["manifest", "statements", "records", "records", "records"]),
            label="thing",
        )
        how = data.draw(st.sampled_from(["drop", *WRONG]), label="how")
        value = {"manifest": manifest, "statements": statements, "records": records}[thing]
        choices = paths(value)[1:]
        if choices:
            made = changed(value, data.draw(st.sampled_from(choices), label="path"), how)
            manifest, statements, records = (
                made if thing == name else old
                for name, old in (
                    ("manifest", manifest),
                    ("statements", statements),
                    ("records", records),
                )
            )
    folder = write(
        tmp_path_factory.mktemp("run"), manifest=manifest, statements=statements, records=records
    )
    assert "<script>alert" not in rendered(folder)


def inside(entry: Any, value: Any) -> Any:
    """The same structure with ``value`` in place of everything in it."""
    if isinstance(entry, list):
        return [dict.fromkeys(one, value) for one in entry if isinstance(one, dict)]
    return dict.fromkeys(entry, value) if isinstance(entry, dict) else entry


@pytest.mark.parametrize(
    "value", [None, [], {}, 3, "text", HOSTILE, "nan"], ids=lambda value: type(value).__name__
)
def test_every_field_may_be_anything_at_once(write, records, manifest, tmp_path, value):
    kept = {"kind", "part", "twin", "run"}
    spoilt = [
        {key: entry if key in kept else value for key, entry in record.items()}
        for record in records
    ]
    deeper = [{key: inside(entry, value) for key, entry in record.items()} for record in records]
    for number, made in enumerate((spoilt, deeper)):
        folder = write(
            tmp_path / str(number), manifest=dict.fromkeys(manifest, value), records=made
        )
        assert "<script>alert" not in rendered(folder)


def test_hostile_text_is_escaped_wherever_it_stands(
    write, read, statements, records, manifest, tmp_path
):
    def spoil(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: entry if key in {"kind", "verdict", "basis"} else spoil(entry)
                for key, entry in value.items()
            }
        return (
            [spoil(entry) for entry in value]
            if isinstance(value, list)
            else f"{value}{HOSTILE}"
            if isinstance(value, str)
            else value
        )

    folder = write(
        tmp_path / "run",
        manifest=spoil(manifest),
        statements=spoil(statements),
        records=spoil(records),
    )
    for name, page in read(build_report(folder, tmp_path / "out")).items():
        assert not page.unbalanced, name
        assert page.tags.count("script") == (0 if name.startswith("papers") else 1)
        assert "49" not in [word for word in page.text.split() if "{{" in word]


def test_names_of_pages_do_not_leave_the_folder(write, read, tmp_path):
    names = ["../../etc/passwd", "a/b", "A/B", "", "…", "x" * 300, "con", ".hidden"]
    statements = [{"id": name, "paper": "../up", "uses": names} for name in names]
    pages = read(
        build_report(write(tmp_path / "run", statements=statements, records=[]), tmp_path / "out")
    )
    assert len(pages) == len(names) + 2
    assert not [path for path in tmp_path.rglob("*.html") if tmp_path / "out" not in path.parents]


def test_a_proof_in_a_circle_is_drawn(write, read, tmp_path):
    statements = [
        {"id": name, "paper": "P", "uses": uses}
        for name, uses in {"A": ["B"], "B": ["C"], "C": ["A"], "D": ["D"]}.items()
    ]
    assert "papers/P.html" in read(
        build_report(write(tmp_path / "run", statements=statements, records=[]), tmp_path / "out")
    )


def test_only_lines_that_are_no_records_leave_a_count(tmp_path, write):
    folder = write(tmp_path / "run", records=[], torn="[]\n12\nnull\n")
    assert isinstance(read_runs([folder])[0], Run)
    assert (
        "3 lines of the records could not be read and were skipped."
        in read_runs([folder])[0].warnings
    )


def test_json_of_another_shape_is_no_manifest(tmp_path, write):
    folder = write(tmp_path / "run", manifest=[1], statements={"id": 3}, records=json.loads("[]"))
    assert len(read_runs([folder])[0].warnings) == 2


def test_a_plot_that_lacks_a_frame_still_fits_the_page():
    assert figures._for_the_page("<svg>x</svg>", "key", "label").startswith('<svg class="plot"')
