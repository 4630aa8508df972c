"""Records survive crashes: whatever was written whole is read back."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemmata.harness.histogram import bin_of, histogram, merge, quantile
from lemmata.harness.records import (
    Recorder,
    RecordsError,
    finish_manifest,
    plain,
    read_run,
    runs_in,
    write_json,
)


def test_records_are_read_back(tmp_path: Path) -> None:
    Recorder(tmp_path, run="r", worker="gw0").write(
        "block", worst_ratio=math.inf, ratios=[math.nan, 1.0]
    )
    Recorder(tmp_path, run="r", worker="gw1").write("verdict", part="A-1")
    run = read_run(tmp_path)
    assert [record["kind"] for record in run.records] == ["block", "verdict"]
    assert run.records[0]["worst_ratio"] == "inf"
    assert run.torn == 0


@given(cut=st.integers(1, 40))
def test_a_torn_last_line_is_skipped_and_counted(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("run")
    recorder = Recorder(folder, run="r")
    for trial in range(3):
        recorder.write("block", part="A-1", first=trial)
    path = folder / "main.jsonl"
    path.write_bytes(path.read_bytes()[:-cut])
    run = read_run(folder)
    assert (len(run.records), run.torn) in {(2, 1), (3, 0)}
    Recorder(folder, run="r").write("block", part="A-1", first=9)
    assert read_run(folder).records[-1]["first"] == 9


def test_a_torn_manifest_costs_nothing_else(tmp_path: Path) -> None:
    Recorder(tmp_path, run="r").write("verdict", part="A-1")
    (tmp_path / "manifest.json").write_text('{"schema": 1, "ru')
    run = read_run(tmp_path)
    assert (len(run.records), run.manifest, run.torn) == (1, {}, 1)


def test_the_manifest_says_when_and_why_a_run_ended(tmp_path: Path) -> None:
    write_json(tmp_path / "manifest.json", {"run": "r", "finished": None})
    finish_manifest(tmp_path, finished=2.0, interrupted="Ctrl-C")
    assert json.loads((tmp_path / "manifest.json").read_text()) == {
        "run": "r",
        "finished": 2.0,
        "interrupted": "Ctrl-C",
    }


def test_runs_are_found_oldest_first(tmp_path: Path) -> None:
    for name in ("20260102", "20260101"):
        Recorder(tmp_path / name, run=name).write("verdict", part="A-1")
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
    Recorder(None).write("block", part="A-1")


@given(
    st.recursive(
        st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_what_is_written_is_json_without_nan_literals(value: object) -> None:
    json.dumps(plain(value), allow_nan=False)


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
