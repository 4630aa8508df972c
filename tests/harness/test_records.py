"""Records survive crashes: whatever was written whole is read back."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemmata.harness.codec import to_plain
from lemmata.harness.histogram import bin_of, histogram, merge, quantile
from lemmata.harness.records import (
    Recorder,
    RecordsError,
    finish_manifest,
    new_run,
    read_run,
    read_stretch,
    run_of,
    runs_in,
    stretches,
    write_json,
)
from lemmata.harness.schema import SCHEMA, Lost, Manifest


def lost(what: str) -> dict:
    return to_plain(Lost(part=None, what=what, trials=0))


def whats(folder: Path) -> list[str]:
    return [record.value.what for record in read_run(folder).records]


def test_records_are_read_back(tmp_path: Path) -> None:
    Recorder(tmp_path, run="r", worker="gw0").write(lost("one"))
    Recorder(tmp_path, run="r", worker="gw1").write(lost("two"))
    run = read_run(tmp_path)
    assert (whats(tmp_path), run.torn) == (["one", "two"], 0)
    assert [record.worker for record in run.records] == ["gw0", "gw1"]


@given(cut=st.integers(1, 40))
def test_a_torn_last_line_is_skipped_and_counted(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("run")
    recorder = Recorder(folder, run="r")
    for trial in range(3):
        recorder.write(lost(str(trial)))
    path = folder / "main.jsonl"
    path.write_bytes(path.read_bytes()[:-cut])
    run = read_run(folder)
    assert (len(run.records), run.torn) in {(2, 1), (3, 0)}
    Recorder(folder, run="r").write(lost("9"))
    assert whats(folder)[-1] == "9"


def test_a_torn_manifest_costs_nothing_else(tmp_path: Path) -> None:
    Recorder(tmp_path, run="r").write(lost("x"))
    (tmp_path / "manifest.json").write_text('{"schema": 2, "ru')
    run = read_run(tmp_path)
    assert (len(run.records), run.manifest.run, run.torn) == (1, tmp_path.name, 1)


def test_the_manifest_says_when_and_why_a_run_ended(tmp_path: Path) -> None:
    write_json(tmp_path / "manifest.json", Manifest(schema=SCHEMA, run="r", entropy=7))
    finish_manifest(tmp_path, finished=2.0, interrupted="Ctrl-C")
    found = read_run(tmp_path).manifest
    assert (found.run, found.entropy, found.finished, found.interrupted) == ("r", 7, 2.0, "Ctrl-C")


@pytest.mark.parametrize("schema", [1, 3])
def test_another_schema_is_refused_in_a_sentence(tmp_path: Path, schema: int) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"schema": schema, "run": "r"}))
    with pytest.raises(RecordsError, match="run the statements again"):
        read_run(tmp_path)
    (tmp_path / "manifest.json").unlink()
    (tmp_path / "main.jsonl").write_text(json.dumps({"schema": schema, "kind": "lost"}) + "\n")
    with pytest.raises(RecordsError, match=f"schema {schema}"):
        read_run(tmp_path)


def test_runs_of_the_same_second_have_names_of_their_own() -> None:
    assert len({new_run() for _ in range(1000)}) == 1000


@pytest.mark.parametrize("odd", ["folder", "dangling", "loop", "deep"])
def test_what_is_no_file_of_records_is_counted(tmp_path: Path, odd: str) -> None:
    path = tmp_path / "odd.jsonl"
    if odd == "folder":
        path.mkdir()
    elif odd == "deep":
        path.write_text("[" * 100_000 + "\n")
    else:
        path.symlink_to(path if odd == "loop" else tmp_path / "nowhere")
    Recorder(tmp_path, run="r").write(lost("x"))
    assert (whats(tmp_path), read_run(tmp_path).torn) == (["x"], 1)


def test_runs_are_found_oldest_first(tmp_path: Path) -> None:
    for name in ("20260102", "20260101"):
        Recorder(tmp_path / name, run=name).write(lost("x"))
    assert [path.name for path in runs_in(tmp_path)] == ["20260101", "20260102"]
    assert runs_in(tmp_path / "20260101") == [tmp_path / "20260101"]


def test_a_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    for read in (read_run, runs_in):
        with pytest.raises(RecordsError, match="run `pytest`"):
            read(tmp_path / "nowhere")


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordsError, match="--lemmata-records"):
        Recorder(tmp_path / "file" / "run", run="r")


def test_a_recorder_without_a_folder_records_nothing() -> None:
    Recorder(None).write(lost("x"))


ratios = st.floats(0, allow_nan=False)


@given(st.lists(ratios), st.lists(ratios))
def test_counts_of_ratios_merge(one: list[float], other: list[float]) -> None:
    assert merge(histogram(one), histogram(other)) == histogram(one + other)
    assert sum(histogram(one).values()) == len(one)


@given(st.lists(st.floats(1e-10, 1e10), min_size=1), st.floats(0.01, 1))
def test_a_quantile_of_counts_is_an_upper_bound_within_a_bin(
    values: list[float], level: float
) -> None:
    exact = sorted(values)[max(0, math.ceil(level * len(values) - 1e-9) - 1)]
    assert (
        exact * (1 - 1e-9)
        <= quantile(histogram(values), level)
        <= exact * 10 ** (1 / 20) * (1 + 1e-9)
    )


def test_odd_ratios_have_bins_or_are_refused() -> None:
    assert bin_of(0.0) == -400
    assert bin_of(math.inf) == 400
    assert quantile(histogram([0.0]), 0.5) == 0.0
    assert math.isnan(quantile({}, 0.5))
    for odd in (math.nan, -1.0):
        with pytest.raises(ValueError, match="ratio"):
            bin_of(odd)


@given(st.lists(st.sampled_from(["a", "bb" * 20, "", "{torn"]), max_size=12), st.integers(1, 90))
def test_stretches_hold_every_line_once(tmp_path_factory, texts, length):
    folder = tmp_path_factory.mktemp("run")
    with (folder / "main.jsonl").open("w") as file:
        for text in texts:
            whole = {"schema": SCHEMA, "kind": "lost", "part": None, "what": text, "trials": 0}
            file.write(text if text in ("", "{torn") else json.dumps(whole))
            file.write("\n")
    once = [read_stretch(one, folder) for one in stretches(folder)]
    pieces = [read_stretch(one, folder) for one in stretches(folder, length)]
    together, apart = run_of(folder, once), run_of(folder, pieces)
    assert together == apart
    assert len(apart.records) == sum(text not in ("", "{torn") for text in texts)


@pytest.mark.parametrize("schema", [{}, {"schema": "2"}, {"schema": None}, {"schema": True}])
def test_a_record_without_a_schema_is_counted_as_unreadable(tmp_path: Path, schema: dict) -> None:
    lost = {"kind": "lost", "part": "A-1", "what": "a worker died", "trials": 0}
    lines = [json.dumps({**lost, "schema": SCHEMA}), json.dumps({**lost, **schema})]
    (tmp_path / "main.jsonl").write_text("\n".join(lines) + "\n")
    found = read_run(tmp_path)
    assert len(found.records) == 1
    assert found.torn == 1
