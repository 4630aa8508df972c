"""Given a run of every kind of statement, when the report is built, then it is whole,
self-contained and says what was found."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from every_kind import VERDICTS

from lemmata.reports import ReportError, build_report
from lemmata.reports.assembly import assemble
from lemmata.reports.pages import index_page
from lemmata.reports.runs import read_runs

STATEMENTS = [*VERDICTS, "UNT-01"]


def test_every_statement_and_paper_has_a_page(pages):
    assert set(pages) == {
        "index.html",
        "findings.html",
        "looseness.html",
        "regimes.html",
        "papers/TRY.html",
        "papers/OTH.html",
        *(f"statements/{name}.html" for name in STATEMENTS),
    }


def test_every_link_leads_somewhere_within_the_report(pages):
    for name, page in pages.items():
        for _, target in page.links:
            file, _, anchor = target.partition("#")
            if target == "data:,":
                continue
            there = (page.path.parent / file).resolve() if file else page.path
            assert there.is_file(), f"{name} links to {target}"
            if anchor:
                ids = (
                    page.ids
                    if not file
                    else pages[str(there.relative_to(pages["index.html"].path.parent))].ids
                )
                assert anchor in ids, f"{name} links to {target}"


def test_nothing_is_fetched(pages, report):
    for page in pages.values():
        assert not [target for _, target in page.links if ":" in target and target != "data:,"]
    for file in report.parent.rglob("*"):
        if file.is_file():
            assert not re.search(
                r"@import|url\(\s*['\"]?(?!#)|(src|href)=['\"]?(https?:)?//",
                file.read_text(encoding="utf-8"),
            )


def test_tags_are_balanced_and_ids_are_unique(pages):
    for name, page in pages.items():
        assert not page.unbalanced, name
        assert len(page.ids) == len(set(page.ids)), name


def test_the_first_page_sums_up(pages):
    text = pages["index.html"].text
    assert "32 statements from 2 papers; 31 of them have checks, in 31 parts." in text
    assert "Of 5 falsified twins tried, 4 were refuted" in text
    asking = "BND-02, DET-05, DET-06, MEA-02, MEA-05, LAW-02, EXP-02, ERR-01 and FLS-02"
    assert f"9 parts ask for your attention: {asking}." in text
    for fact in ("quick", "torch", "float64", "lemmata check --profile quick", "7 min 12 s"):
        assert fact in text


def test_findings_come_before_the_statements(pages):
    text = pages["index.html"].text
    findings = text[
        text.index("Findings", text.index("withstood")) : text.index("in the paper’s order")
    ]
    assert "Lemma 7, page 3, a constant" in findings
    assert "The twin BND-01~nothing-changed should be refuted and was not." in findings
    assert "MEA-01" not in findings


def test_grids_with_one_title_are_drawn_together(pages):
    for name in ("papers/TRY.html", "statements/EXP-01.html"):
        text = pages[name].text
        assert "Side by side" in text
        assert "One (EXP-01), statement EXP-01: exponent" in text
        assert "two (EXP-02), statement EXP-02: exponent" in text
    assert "Side by side" not in pages["statements/LAW-01.html"].text


def test_statements_stand_in_the_order_of_the_paper(pages):
    source = pages["index.html"].path.read_text()
    shown = re.findall(r'<a class="id" href="statements/([^"]+)\.html">', source)
    assert shown == STATEMENTS


def test_a_trajectory_is_drawn_over_its_steps(pages, verdicts):
    text = pages["statements/TRA-01.html"].text
    curve = verdicts["TRA-01"].outcome.specimens[0].curves["loss"]
    assert list(curve.steps) == [0, 1, 2, 3, 4, 5]
    assert "Along the trajectory: loss. Up to step 5 the median goes from" in text
    assert "last loss" in text


def test_untested_statements_say_so(pages):
    assert "no check of it is written: not written yet" in pages["statements/UNT-01.html"].text


def test_the_proof_is_green_only_above_firm_ground(pages):
    source = pages["papers/TRY.html"].path.read_text()
    boxes = {
        name: classes
        for classes, name in re.findall(r'<g class="node ([^"]+)"><title>([^:]+):', source)
    }
    assert boxes["BND-01"] == "holds stands"
    assert boxes["BND-02"] == "refuted"
    assert boxes["BND-03"] == "undecided"
    assert "uses BND-02" in pages["papers/TRY.html"].text


def test_drawings_speak_to_those_who_do_not_see_them(pages):
    source = pages["statements/EXP-01.html"].path.read_text()
    labels = re.findall(r'<svg class="plot" role="img" aria-label="([^"]+)"', source)
    assert len(labels) == source.count("<figure>") == 4
    assert all(len(label) > 40 for label in labels)
    assert not re.search(r"#0[1-9]0[1-9]0[1-9]|font-family|<style", source[source.index("<svg") :])


def test_building_again_gives_the_same_pages(report, recorded, tmp_path):
    again = build_report(recorded, tmp_path / "again")
    assert {path.name: path.read_bytes() for path in again.parent.rglob("*.html")} == {
        path.name: path.read_bytes() for path in report.parent.rglob("*.html")
    }


def test_a_report_of_a_run_needs_no_torch(recorded, tmp_path):
    script = (
        "import sys, pathlib; from lemmata.reports import build_report; "
        "build_report(*map(pathlib.Path, sys.argv[1:])); assert 'torch' not in sys.modules"
    )
    command = [sys.executable, "-c", script, str(recorded), str(tmp_path / "out")]
    subprocess.run(command, check=True)


def test_the_latest_run_decides_and_older_verdicts_stay_visible(
    write, read, manifest, records, tmp_path
):
    old = {**manifest, "run": "an-older-run", "started": manifest["started"] - 2e5}
    earlier = [
        {**record, "generation": "g0"} for record in records if record.get("part") == "BND-02"
    ]
    earlier += [record for record in records if record.get("part") == "BND-01"]
    write(tmp_path / "records" / "old", manifest=old, records=earlier)
    write(tmp_path / "records" / "new")
    pages = read(build_report(tmp_path / "records", tmp_path / "out"))
    assert "2 runs; the latest that judged a part decides its verdict." in pages["index.html"].text
    refuted, held = (pages[f"statements/{name}.html"].text for name in ("BND-02", "BND-01"))
    assert "run an-older-run: refuted (other code or constants)" in refuted
    assert "run an-older-run: holds certified: fails at most" in held
    alone = read(build_report(tmp_path / "records" / "new", tmp_path / "alone"))
    counted = re.search(r"[\d ,]+ trials in \d+ blocks", held)
    assert counted
    assert counted[0] in alone["statements/BND-01.html"].text


def test_a_killed_run_is_called_one(write, read, manifest, records, tmp_path):
    blocks = [record for record in records if record["kind"] == "block"][:10]
    write(tmp_path / "run", manifest={**manifest, "finished": None}, records=blocks)
    pages = read(build_report([tmp_path / "run"], tmp_path / "out"))
    assert "The run did not finish" in pages["index.html"].text
    text = pages["statements/BND-01.html"].text
    assert "The run ended before this part was judged" in text
    assert "How the ratio of the two sides is distributed" in text
    assert "No run shown here recorded" in pages["statements/LAW-01.html"].text


def test_an_interrupted_run_says_why(write, read, manifest, tmp_path):
    write(tmp_path / "run", manifest={**manifest, "interrupted": "stopped with Ctrl-C"}, records=[])
    assert (
        "The run was interrupted: stopped with Ctrl-C"
        in read(build_report(tmp_path / "run", tmp_path / "out"))["index.html"].text
    )


def test_what_was_lost_is_a_warning(write, read, records, tmp_path):
    lost = {"kind": "lost", "part": "LAW-01", "what": "a worker ran out of memory", "trials": 32}
    lost["schema"] = records[0]["schema"]
    write(tmp_path / "run", records=[*records, lost], torn='{"kind": "blo')
    text = read(build_report(tmp_path / "run", tmp_path / "out"))["index.html"].text
    assert "Lost in LAW-01: a worker ran out of memory (32 trials)." in text
    assert "1 line of the records could not be read and was skipped." in text


def test_a_run_of_an_older_schema_is_left_out_and_named(write, read, records, tmp_path):
    write(tmp_path / "records" / "a")
    old = write(tmp_path / "records" / "b", records=[{**records[0], "schema": 1}])
    text = read(build_report(tmp_path / "records", tmp_path / "out"))["index.html"].text
    assert f"Left out: {old} was recorded by an older Lemmata (schema 1" in text
    with pytest.raises(ReportError, match="recorded by an older Lemmata") as refused:
        build_report(old, tmp_path / "out")
    assert "\n" not in str(refused.value)


def test_records_without_manifest_and_statements_are_shown_by_id(write, read, tmp_path):
    folder = write(tmp_path / "run")
    (folder / "manifest.json").write_text("{ torn")
    (folder / "statements.json").unlink()
    pages = read(build_report(folder, tmp_path / "out"))
    assert "The run's manifest is missing" in pages["index.html"].text
    assert "The list of statements is missing" in pages["index.html"].text
    assert "an e-value of" in pages["statements/BND-02.html"].text
    assert "refuted, as it must be" in pages["statements/BND-01.html"].text


def test_nothing_to_show_is_a_sentence(tmp_path):
    with pytest.raises(ReportError, match="there are no records in"):
        build_report(tmp_path / "nowhere", tmp_path / "out")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "manifest.json").write_text("{}")
    with pytest.raises(
        ReportError, match="there is nothing to show: the runs run recorded no statement"
    ):
        build_report(tmp_path / "run", tmp_path / "out")
    with pytest.raises(ReportError, match="no folder of records was named"):
        build_report([], tmp_path / "out")


def test_a_folder_that_cannot_be_written_is_a_sentence(recorded, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(ReportError, match="the report cannot be written to"):
        build_report(recorded, tmp_path / "out")


def test_findings_stand_on_a_page_of_their_own(pages):
    text = pages["findings.html"].text
    assert "Lemma 7, page 3" in text
    assert "assert 0.5 > 0.1" in text
    assert "Norms are <below> a tenth: withdrawn." in text
    assert "BND-01" in text
    assert "FLS-02" in text.partition("Ours, declared false")[2]
    first = pages["index.html"].text
    assert "Lemma 7, page 3, a constant" in first


def test_looseness_is_a_page_and_two_files(pages, report):
    import csv
    import json

    rows = json.loads((report.parent / "looseness.json").read_text())
    read = list(csv.DictReader((report.parent / "looseness.csv").read_text().splitlines()))
    assert [row["part"] for row in rows] == [row["part"] for row in read]
    for row in rows:
        assert row["part"].partition("(")[0] in pages["looseness.html"].text
        assert row["lost"] in pages["looseness.html"].text


def test_the_first_page_of_five_hundred_statements_stays_small(
    write, statements, records, manifest, tmp_path
):
    """Every statement of this run many times over, with its verdicts and twins."""
    many, said = [], [one for one in records if one["kind"] in {"verdict", "twin"}]
    by_part: dict[str, list[dict]] = {}
    for one in said:
        by_part.setdefault(one["part"], []).append(one)
    declared, number = [], 0
    while len(declared) < 500:
        made = statements[number % len(statements)]
        suffix = f"-{number // len(statements)}"
        name = made["id"] + suffix
        parts = [{**part, "id": part["id"] + suffix} for part in made["parts"]]
        declared.append({**made, "id": name, "parts": parts})
        for part in made["parts"]:
            many += [{**one, "part": part["id"] + suffix} for one in by_part.get(part["id"], [])]
        number += 1
    folder = write(tmp_path / "run", statements=declared, records=many)
    library = assemble(read_runs([folder]))
    assert len(library.statements) == 500
    assert len(index_page(library).encode()) < 1_000_000


def test_the_first_screen_answers_four_questions(pages):
    text = pages["index.html"].text
    places = [
        text.index(words)
        for words in (
            "Since the run before",
            "Not as declared:",
            "Not settled",
            "What the run can be trusted by",
            "Findings What",
        )
    ]
    assert places == sorted(places)
    refuted = text[places[1] : places[2]]
    assert "BND-02" in refuted
    assert "As declared: 1 part, 1 of them as a paper prints it" in refuted
    open_ones = text[places[2] : places[3]]
    for word in ("error", "undecided", "underpowered", "vacuous", "untested"):
        assert word in open_ones
    assert "UNT-01" in open_ones
    trusted = text[places[3] : places[4]]
    for fact in ("torch ", "hypothesis ", "cpu, float64", "quick, entropy 0", "lost nothing",
                 "unreadable no lines", "twins refuted 4 of 5 tried"):  # fmt: skip
        assert fact in trusted


def test_losses_and_the_commit_are_said_on_the_first_screen(
    write, read, records, manifest, tmp_path
):
    checkout = {"root": "/r", "commit": "0123456789abcdef" * 2, "modified": True, "remote": ""}
    lost = {"kind": "lost", "part": "LAW-01", "what": "a worker died", "trials": 32}
    lost["schema"] = records[0]["schema"]
    said = {**manifest, "checkout": checkout, "finished": None}
    write(tmp_path / "run", manifest=said, records=[*records, lost], torn='{"kind"')
    text = read(build_report(tmp_path / "run", tmp_path / "out"))["index.html"].text
    assert "commit 0123456789ab, with changes that were not committed" in text
    assert "lost 32 trials, 1 loss in all" in text
    assert "unreadable 1 line" in text
    assert "not finished" in text


def test_rows_say_failures_with_their_bound_and_exponents(pages, verdicts):
    text = pages["index.html"].text
    one = verdicts["BND-01"].outcome.specimens[0]
    assert f"{one.failures} of " in text
    assert re.search(r"\d+ of [\d\u202f,]+ fail: p ≤ [\d.]+, claimed [\d.]+", text)
    source = pages["index.html"].path.read_text()
    row = source[source.index('data-id="EXP-01"') :]
    assert "Exponents" in row[: row.index("</tr>")]
    assert re.search(r"m: claimed [−+]?[\d.]+, measured [−+]?[\d.]+ \[", row[: row.index("</tr>")])
