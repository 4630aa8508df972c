"""Given records with anything missing, of another type or hostile, when the report is built,
then it is built and nothing breaks out."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lemmata.harness.records import RecordsError
from lemmata.reports import figures
from lemmata.reports.assembly import assemble
from lemmata.reports.build import build_report
from lemmata.reports.pages import Context, index_page, paper_page, statement_page
from lemmata.reports.runs import read_runs

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


def shown(run) -> int:
    """How many records could be read."""
    blocks = sum(len(ledger) + ledger.odd for ledger in run.blocks.values())
    return len(run.read.records) + blocks


def rendered(folder) -> str:
    """Every page, with its drawings."""
    library = assemble(read_runs([folder]))
    context = Context.of(library)
    pages = [index_page(library), *(paper_page(paper, library) for paper in library.papers)]
    return "".join(
        [*pages, *(statement_page(statement, context) for statement in library.statements)]
    )


def lines_of(records: list[Any], kinds: set[str], parts: set[str]) -> list[Any]:
    """Few records of the parts named: a report of all takes too long to be built often."""
    chosen = [
        record for record in records if record["kind"] in kinds and record.get("part") in parts
    ]
    blocks = [record for record in chosen if record["kind"] == "block"]
    return [record for record in chosen if record["kind"] != "block"] + blocks[:2]


PARTS = ["BND-01", "DET-04", "DET-05", "MEA-01", "LAW-02", "EXP-02", "TRA-01", "ERR-01"]


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_mutated_record_gives_a_report_or_is_counted(
    data, tmp_path_factory, write, manifest, statements, records
):
    """Several fields at once; `test_every_field_may_be_anything` takes them one by one."""
    part = data.draw(st.sampled_from(PARTS), label="part")
    made = {
        "manifest": manifest,
        "statements": [one for one in statements if one["id"] == part],
        "records": lines_of(records, {"block", "verdict", "twin"}, {part}),
    }
    for _ in range(data.draw(st.integers(1, 4), label="changes")):
        thing = data.draw(
            st.sampled_from(["manifest", "statements", "records", "records"]), label="thing"
        )
        how = data.draw(st.sampled_from(["drop", *WRONG]), label="how")
        if choices := paths(made[thing])[1:]:
            path = data.draw(st.sampled_from(choices), label="path")
            made[thing] = changed(made[thing], path, how)
    folder = write(tmp_path_factory.mktemp("run"), **made)
    built_or_counted(folder, len(made["records"]))


def built_or_counted(folder, lines: int) -> None:
    """The report is built; every line is shown or counted as unreadable; or the run is refused."""
    try:
        (run,) = read_runs([folder]).runs
    except RecordsError:
        return
    assert shown(run) + run.read.torn >= lines
    if assemble(read_runs([folder])).statements:
        assert "<script>alert" not in rendered(folder)


MUTATIONS = 820


def test_every_field_may_be_anything(write, statements, records, tmp_path):
    """One field at a time, the same ones in every run, spread over all fields of all kinds."""
    lines = [
        record
        for part in PARTS
        for record in lines_of(records, {"verdict", "twin", "block"}, {part})
    ]
    # A field is spoilt where it stands first, not in every specimen and point anew.
    chosen: dict[Any, tuple[int, tuple[Any, ...]]] = {}
    for number, record in enumerate(lines):
        for path in paths(record)[1:]:
            names = tuple(key for key in path if isinstance(key, str))
            chosen.setdefault((record["kind"], names), (number, path))
    ways = ["drop", *WRONG]
    every = [(number, path, how) for number, path in chosen.values() for how in ways]
    step = max(1, len(every) // MUTATIONS)
    tried = every[::step]
    assert len(tried) >= MUTATIONS
    unreadable = 0
    folder = tmp_path / "run"
    for number, path, how in tried:
        part = lines[number].get("part")
        declared = [one for one in statements if one["id"] == part]
        made = changed(lines[number], path, how)
        write(folder, statements=declared, records=[made])
        try:
            read = read_runs([folder])
        except RecordsError:
            unreadable += 1
            continue
        torn = read.runs[0].read.torn
        assert shown(read.runs[0]) + torn == 1, (path, how)
        unreadable += torn
        library = assemble(read)
        context = Context.of(library)
        page = "".join(statement_page(one, context) for one in library.statements)
        assert "<script>alert" not in page + index_page(library), (path, how)
    assert 0 < unreadable < len(tried)


@pytest.mark.parametrize("value", [None, [], {}, 3, "text", HOSTILE, "nan"], ids=repr)
def test_a_record_of_nothing_but_one_value_is_counted(write, records, manifest, tmp_path, value):
    kept = {"kind", "part", "twin", "run", "schema"}
    spoilt = [
        {key: entry if key in kept else value for key, entry in record.items()}
        for record in records
    ]
    folder = write(tmp_path / "run", records=spoilt)
    (run,) = read_runs([folder]).runs
    assert run.read.torn == len(records)
    assert "could not be read and were skipped" in " ".join(run.warnings)
    assert "<script>alert" not in rendered(folder)


def test_hostile_text_is_escaped_wherever_it_stands(
    write, read, statements, records, manifest, tmp_path
):
    kept = {
        "kind", "verdict", "basis", "expect", "role", "side", "direction", "how", "histogram",
        "schema", "worst_ratio", "surviving", "ratio", "low", "high",
    }  # fmt: skip

    def spoil(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: one if key in kept else spoil(one) for key, one in value.items()}
        if isinstance(value, list):
            return [spoil(entry) for entry in value]
        return f"{value}{HOSTILE}" if isinstance(value, str) else value

    folder = write(
        tmp_path / "run",
        manifest=spoil(manifest),
        statements=spoil(statements),
        records=spoil(records),
    )
    (run,) = read_runs([folder]).runs
    assert run.read.torn < len(records) / 10
    for name, page in read(build_report(folder, tmp_path / "out")).items():
        assert not page.unbalanced, name
        assert page.tags.count("script") == (
            0 if name.startswith(("papers", "findings", "loose", "regimes")) else 1
        )
        assert "49" not in [word for word in page.text.split() if "{{" in word]


def test_names_of_pages_do_not_leave_the_folder(write, read, statements, tmp_path):
    names = ["../../etc/passwd", "a/b", "A/B", "", "…", "x" * 300, "con", ".hidden"]
    made = [{**statements[-1], "id": name, "paper": "../up", "uses": names} for name in names]
    pages = read(
        build_report(write(tmp_path / "run", statements=made, records=[]), tmp_path / "out")
    )
    assert len(pages) == len(names) + 5
    assert not [path for path in tmp_path.rglob("*.html") if tmp_path / "out" not in path.parents]


def test_a_proof_in_a_circle_is_drawn(write, read, statements, tmp_path):
    made = [
        {**statements[-1], "id": name, "paper": "P", "uses": uses}
        for name, uses in {"A": ["B"], "B": ["C"], "C": ["A"], "D": ["D"]}.items()
    ]
    assert "papers/P.html" in read(
        build_report(write(tmp_path / "run", statements=made, records=[]), tmp_path / "out")
    )


def test_only_lines_that_are_no_records_leave_a_count(tmp_path, write):
    folder = write(tmp_path / "run", records=[], torn="[]\n12\nnull\n")
    assert (
        "3 lines of the records could not be read and were skipped."
        in read_runs([folder]).runs[0].warnings
    )


def test_json_of_another_shape_is_no_manifest(tmp_path, write):
    folder = write(tmp_path / "run", manifest=[1], statements={"id": 3}, records=[])
    assert len(read_runs([folder]).runs[0].warnings) == 3


def test_a_plot_that_lacks_a_frame_still_fits_the_page():
    assert figures._for_the_page("<svg>x</svg>", "key", "label").startswith('<svg class="plot"')
