"""Looseness: what is lost in an exponent or a constant, against what was put into the records."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lemmata.command_line import app
from lemmata.harness.schema import PartVerdict
from lemmata.reports.assembly import assemble
from lemmata.reports.looseness import SMALLEST, Loss, as_csv, constants, exponents
from lemmata.reports.model import Library
from lemmata.reports.runs import read_runs


@pytest.fixture(scope="module")
def library(recorded: Path) -> Library:
    return assemble(read_runs([recorded]))


def test_every_grid_of_a_judged_part_is_a_row(
    library: Library, verdicts: dict[str, PartVerdict]
) -> None:
    judged = {"holds", "undecided", "underpowered"}
    wanted = sum(
        one.quantity == "ratio"
        for verdict in verdicts.values()
        if verdict.outcome.verdict in judged
        for one in verdict.outcome.slopes
    )
    rows = exponents(library)
    assert len(rows) == wanted > 0
    sizes = [loss.size for loss in rows]
    assert sizes == sorted(sizes, reverse=True)


def test_a_loss_is_seen_where_its_interval_leaves_zero(library: Library) -> None:
    for loss in exponents(library):
        fit = loss.ratio
        assert fit is not None
        if loss.seen:
            assert abs(fit.exponent) >= SMALLEST
            assert f"{abs(fit.exponent):.2f}" in loss.words
            assert loss.words.endswith("grows" if fit.exponent < 0 else "falls")
        else:
            assert "none seen" in loss.words
            assert loss.size == 0.0


def test_the_factor_of_a_constant_is_the_worst_ratio_upside_down(library: Library) -> None:
    rows = constants(library)
    assert rows
    for loss in rows:
        assert loss.factor is not None
        assert math.isclose(loss.factor * (loss.part.worst_ratio or 0.0), 1.0)
        assert loss.part.declared.claim not in ("identity", "mean", "law")


def test_csv_and_json_say_the_same(library: Library, recorded: Path) -> None:
    losses: list[Loss] = [*exponents(library), *constants(library)]
    read = list(csv.DictReader(io.StringIO(as_csv(losses))))
    ran = CliRunner().invoke(app, ["tightness", "--json", "--records", str(recorded)])
    told = json.loads(ran.output)
    assert [row["part"] for row in read] == [row["part"] for row in told]
    assert [row["lost"] for row in read] == [row["lost"] for row in told]
    ran = CliRunner().invoke(app, ["tightness", "--csv", "--records", str(recorded)])
    assert ran.output == as_csv(losses)
    assert as_csv([]) == ""


def test_the_table_names_every_row(library: Library, recorded: Path) -> None:
    ran = CliRunner().invoke(app, ["tightness", "--records", str(recorded)])
    assert ran.exit_code == 0
    for loss in (*exponents(library), *constants(library)):
        assert loss.part.id in ran.output


@pytest.mark.parametrize("name", ["ALS99", "nothing", ""])
def test_another_paper_is_refused_in_a_sentence(name: str, recorded: Path) -> None:
    ran = CliRunner().invoke(app, ["tightness", "--paper", name, "--records", str(recorded)])
    assert ran.exit_code == (2 if name else 0)


def test_no_records_is_a_sentence(tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, ["tightness", "--records", str(tmp_path)])
    assert ran.exit_code == 2
    assert "Traceback" not in ran.output
