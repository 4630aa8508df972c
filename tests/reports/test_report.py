"""Given a run with every verdict, kind and mishap, when the report is built, then it is whole,
self-contained and says what was found."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from lemmata.reports import ReportError, build_report

STATEMENTS = [f"ALS-{number:02}" for number in range(1, 12)] + ["NBL-01", "NBL-02", "NBL-03"]


def test_every_statement_and_paper_has_a_page(pages):
    assert set(pages) == {
        "index.html",
        "papers/ALS18.html",
        "papers/NBL22.html",
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
    assert "14 statements from 2 papers; 13 of them have checks, in 15 parts." in text
    assert "2 parts ask for your attention: ALS-07(a) and ALS-08." in text
    assert "Of 8 falsified twins tried, 7 were refuted" in text
    assert "1 line of the records could not be read and was skipped." in text
    assert "Lost in ALS-06: a worker ran out of memory (32 trials)." in text
    assert "started on 22 November 2025" in text
    for fact in ("quick", "torch 2.9.1", "float64", "lemmata check --profile quick", "7 min 12 s"):
        assert fact in text


def test_findings_come_before_the_statements(pages):
    text = pages["index.html"].text
    findings = text[text.index("Findings") : text.index("Side by side")]
    assert [name for name in STATEMENTS if name in findings] == [
        "ALS-04",
        "ALS-07",
        "ALS-08",
        "ALS-11",
    ]
    assert "ALS-11, declared false, is refuted" in findings


def test_grids_with_one_title_are_drawn_together(pages):
    for name in (
        "index.html",
        "papers/ALS18.html",
        "statements/ALS-04.html",
        "statements/ALS-05.html",
    ):
        text = pages[name].text
        assert "Side by side" in text
        assert "ALS-04(b), The deviation grows like the root of the depth: exponent" in text
        assert "ALS-05, Hidden layers move little in the ball: exp(" in text
    assert "Side by side" not in pages["statements/ALS-06.html"].text


def test_statements_stand_in_the_order_of_the_paper(pages):
    source = pages["index.html"].path.read_text()
    shown = re.findall(r'<a class="id" href="statements/([^"]+)\.html">', source)
    assert shown == STATEMENTS


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ALS-01", "no check of it is written: not written yet"),
        ("ALS-02", "Tests of means and laws"),
        ("ALS-04", "Certified: on every specimen the failure probability is at most 0.258."),
        ("ALS-04", "1 specimen inside what the part asks for and 2 specimens below it"),
        (
            "ALS-04",
            "It was not refuted (undecided), so the check of this part has not shown that it can "
            "fail.",
        ),
        (
            "ALS-04",
            "Refuted by the exponent in L, measured as +0.93 [+0.89, +0.97] where at most 0.00 is "
            "allowed",
        ),
        (
            "ALS-04",
            "the median ratio scales with the exponent −0.48 (95 % interval −0.52 to −0.44)",
        ),
        ("ALS-05", "random search alone reached 0.31 and would have missed a factor of 2.5"),
        ("ALS-07", "In trial 17 the measured side is 0.655 where the claim allows at most 0.5."),
        ("ALS-07", "lemmata replay eyJwYXJ0IjoiQUxTLTA3KGEpIn0"),
        ("ALS-07", "The run ended before this part was judged"),
        ("ALS-07", "(other code or constants)"),
        ("ALS-08", "ValueError: the gradient is NaN <in layer 3>"),
        ("ALS-08", "The form of the statement was recalled"),
        ("ALS-09", "the median goes from 1 to 0.002"),
        ("ALS-10", r"\unknowncommand{1}"),
        ("ALS-11", "This part was declared false, and it was refuted."),
        ("NBL-03", "No run shown here recorded a trial or a verdict of this part"),
    ],
)
def test_pages_say_what_was_found(pages, name, words):
    assert words in pages[f"statements/{name}.html"].text


def test_a_part_without_verdict_still_shows_its_trials(pages):
    page = pages["statements/ALS-07.html"]
    assert (
        "How the ratio of the two sides is distributed"
        in page.text.split("The gradient is bounded below")[-1]
    )
    assert "Along the trajectory: loss" in page.text


def test_the_proof_is_green_only_above_firm_ground(pages):
    source = pages["papers/ALS18.html"].path.read_text()
    boxes = {
        name: classes
        for classes, name in re.findall(r'<g class="node ([^"]+)"><title>([^:]+):', source)
    }
    assert boxes["ALS-05"] == "holds stands"
    assert boxes["ALS-09"] == "holds"  # it uses ALS-07, which is refuted
    assert boxes["ALS-99"] == "unknown elsewhere"
    assert boxes["ALS-01"] == "untested"


def test_the_latest_run_decides_and_older_verdicts_stay_visible(pages):
    page = pages["statements/ALS-07.html"].text
    assert (
        "Earlier verdicts 19 November 2025, 18:13 UTC, run 2025-11-20-nightly: holds certified"
        in page
    )


def test_drawings_speak_to_those_who_do_not_see_them(pages):
    source = pages["statements/ALS-04.html"].path.read_text()
    labels = re.findall(r'<svg class="plot" role="img" aria-label="([^"]+)"', source)
    assert len(labels) == source.count("<figure>") == 6
    assert all(len(label) > 40 for label in labels)
    assert not re.search(r"#0[1-9]0[1-9]0[1-9]|font-family|<style", source[source.index("<svg") :])


def test_building_again_gives_the_same_pages(report, tmp_path):
    again = build_report(report.parent.parent / "records", tmp_path / "again")
    assert {path.name: path.read_bytes() for path in again.parent.rglob("*.html")} == {
        path.name: path.read_bytes() for path in report.parent.rglob("*.html")
    }


def test_a_killed_run_is_called_one(write, read, manifest, records, tmp_path):
    write(tmp_path / "run", manifest={**manifest, "finished": None}, records=records[:10])
    pages = read(build_report([tmp_path / "run"], tmp_path / "out"))
    assert "The run did not finish" in pages["index.html"].text
    assert "The run ended before this part was judged" in pages["statements/ALS-04.html"].text


def test_an_interrupted_run_says_why(write, read, manifest, tmp_path):
    write(tmp_path / "run", manifest={**manifest, "interrupted": "stopped with Ctrl-C"}, records=[])
    assert (
        "The run was interrupted: stopped with Ctrl-C"
        in read(build_report(tmp_path / "run", tmp_path / "out"))["index.html"].text
    )


def test_records_without_manifest_and_statements_are_shown_by_id(write, read, tmp_path):
    folder = write(tmp_path / "run")
    (folder / "manifest.json").write_text("{ torn")
    (folder / "statements.json").unlink()
    pages = read(build_report(folder, tmp_path / "out"))
    assert "The run's manifest is missing" in pages["index.html"].text
    assert "The list of statements is missing" in pages["index.html"].text
    assert "refuted" in pages["statements/ALS-07.html"].text


def test_blocks_recorded_twice_count_once(write, read, records, tmp_path):
    write(tmp_path / "records" / "a", records=records)
    write(tmp_path / "records" / "b", records=records)
    text = read(build_report(tmp_path / "records", tmp_path / "out"))["statements/ALS-06.html"].text
    assert "128 trials in 8 blocks were recorded" in text


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


def test_a_folder_that_cannot_be_written_is_a_sentence(write, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(ReportError, match="the report cannot be written to"):
        build_report(write(tmp_path / "run"), tmp_path / "out")


def test_a_part_is_built_quickly(write, manifest, statements, records, tmp_path):
    folder = write(tmp_path / "run", manifest=manifest, statements=statements, records=records)
    started = time.process_time()
    index = build_report(folder, tmp_path / "out")
    drawings = sum(
        Path(path).read_text().count("<figure>") for path in index.parent.rglob("*.html")
    )
    assert (time.process_time() - started) / drawings < 0.5
