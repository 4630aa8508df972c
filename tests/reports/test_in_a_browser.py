"""The report in a real browser, as a reader opens it: from the disk, by double-click.

Skipped, with what to install, where there is no browser.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from test_regimes import PART, a_map, recorded_as

from lemmata.harness.schema import PartVerdict
from lemmata.reports import build_report

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_OPTIONS = ["--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync"]  # fmt: skip
_MISSING = "{} is not there: `make browser` installs what tests of pages in a browser need"
WIDTHS = (400, 1000, 1600)
PAGES = [
    *(f"{name}.html" for name in (
        "index", "findings", "looseness", "history", "regimes", "papers/TRY")),
    *(f"statements/{name}.html" for name in (
        "BND-01", "BND-02", "BND-03", "MEA-01", "LAW-02", "EXP-01", "TRA-01", "ERR-01", "UNT-01")),
]  # fmt: skip
ROWS = "tr.statement"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    for package in ("playwright", "axe_playwright_python"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(_MISSING.format(f"the package {package}"))
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), "")
    if not program:
        pytest.skip(_MISSING.format("Chromium"))
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        try:
            started = playwright.chromium.launch(
                executable_path=program, args=_OPTIONS, chromium_sandbox=False
            )
        except Error as problem:
            pytest.skip(f"{program} does not start here: {str(problem).splitlines()[0]}")
        yield started
        started.close()


@pytest.fixture(scope="module")
def report(
    recorded: Path, verdicts: dict[str, PartVerdict], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The report of two runs, so that there is a history, and with a regime map."""
    folder = tmp_path_factory.mktemp("runs")
    shutil.copytree(recorded, folder / "second")
    shutil.copytree(recorded, folder / "first")
    manifest = folder / "first" / "manifest.json"
    manifest.write_text(manifest.read_text().replace(recorded.name, "20251121T000000Z-earlier"))
    regime = recorded_as(a_map(generation=verdicts[PART].generation))
    with (folder / "second" / "main.jsonl").open("a") as file:
        file.write(json.dumps(regime) + "\n")
    return build_report(folder, tmp_path_factory.mktemp("report") / "out", folder / "first").parent


@pytest.fixture
def show(browser: Any, report: Path) -> Iterator[Callable[..., Any]]:
    """Open a page at a width; what it says on its console, and what it asks of anything but the
    disk, is a failure.
    """
    complaints: list[str] = []
    with ExitStack() as opened:

        def open_page(name: str, width: int = 1000, **context: Any) -> Any:
            made = browser.new_context(viewport={"width": width, "height": 900}, **context)
            opened.callback(made.close)
            page = made.new_page()
            page.on("console", lambda said: complaints.append(f"{name}: {said.text}"))
            page.on("pageerror", lambda error: complaints.append(f"{name}: {error}"))
            page.on("request", lambda asked: complaints.append(f"{name} asks for {asked.url}")
                    if not asked.url.startswith(("file://", "data:")) else None)  # fmt: skip
            page.goto((report / name).resolve().as_uri())
            return page

        yield open_page
    assert not complaints


def visible(page: Any) -> list[str]:
    """The ids of the rows that are shown, in their order."""
    return page.eval_on_selector_all(
        ROWS, "rows => rows.filter(row => row.offsetParent).map(row => row.dataset.id)"
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_runs_off_the_window(show, width):
    page = show(PAGES[0], width)
    wider = {}
    for name in PAGES:
        page.goto(page.url.rsplit("/out/", 1)[0] + f"/out/{name}")
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        over = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if over > 0:
            wider[name] = over
    assert not wider


def test_words_and_selections_filter(show):
    page = show("index.html")
    everything = visible(page)
    assert len(everything) == 32
    page.select_option("#by-verdict", "undecided")
    undecided = visible(page)
    assert "BND-03" in undecided
    assert len(undecided) < len(everything)
    said = page.inner_text("output")
    assert said == f"{len(undecided)} of 32"
    page.fill("#filter", "bnd-03")
    assert visible(page) == ["BND-03"]
    page.fill("#filter", "")
    page.select_option("#by-verdict", "")
    page.select_option("#by-kind", "law")
    assert visible(page)
    assert all(name.startswith("LAW") for name in visible(page))
    page.select_option("#by-kind", "")
    page.select_option("#by-paper", "OTH")
    assert 0 < len(visible(page)) < 32
    page.select_option("#by-paper", "")
    assert visible(page) == everything
    page.click("button[data-filter=undecided]")
    assert visible(page) == undecided
    assert page.get_attribute("button[data-filter=undecided]", "aria-pressed") == "true"
    page.click("button[data-filter=undecided]")
    assert visible(page) == everything


def test_rows_are_sorted_and_put_back(show):
    page = show("index.html")
    before = visible(page)
    values = "rows => rows.map(row => row.dataset.{} === '' ? null : +row.dataset.{})"
    for order, name, sign in (("tight", "tight", -1), ("loose", "tight", 1), ("time", "time", -1)):
        page.select_option("#order", order)
        found = page.eval_on_selector_all(f"#sorted {ROWS}", values.format(name, name))
        known = [one for one in found if one is not None]
        assert len(found) == 32
        assert len(set(known)) > 3
        assert known == sorted(known, key=lambda one: sign * one)
        assert found[: len(known)] == known
    page.select_option("#order", "id")
    assert visible(page) == sorted(before)
    page.select_option("#by-verdict", "undecided")
    assert set(visible(page)) < set(before)
    page.select_option("#by-verdict", "")
    page.select_option("#order", "")
    assert visible(page) == before


def test_a_reader_goes_from_page_to_page(show):
    page = show("index.html")
    page.click("a.id >> text=BND-03")
    assert page.url.endswith("statements/BND-03.html")
    page.click("summary >> text=What it rests on")
    node = page.locator("svg.proof a[aria-label^='BND-02:']")
    assert "refuted" in node.get_attribute("aria-label")
    node.click()
    assert page.url.endswith("statements/BND-02.html")
    page.click("nav >> text=TRY")
    assert page.url.endswith("papers/TRY.html")
    page.click("nav >> text=Findings")
    page.click("nav >> text=History")
    page.click("nav >> text=Lemmata")
    assert page.url.endswith("index.html")


def test_a_statement_that_rests_on_a_refuted_one_says_so(show):
    page = show("statements/BND-03.html")
    assert "rests on what is not settled: BND-02 (refuted)" in page.inner_text("dl.ties")


def test_formulas_are_mathml(show):
    page = show("statements/BND-01.html")
    assert page.locator("math").count() > 0
    assert page.evaluate(
        "document.querySelector('math').namespaceURI === 'http://www.w3.org/1998/Math/MathML'"
    )


def test_everything_is_readable_without_scripts(show):
    page = show("index.html", java_script_enabled=False)
    assert page.locator(ROWS).count() == 32
    assert all(page.locator(ROWS).nth(number).is_visible() for number in (0, 15, 31))
    assert not page.locator("form.filter").is_visible()
    assert "Since the run before" in page.inner_text("main")


def test_the_keyboard_reaches_content_filter_and_rows(show):
    page = show("index.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    reached = set()
    for _ in range(400):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert {"filter", "by-paper", "by-verdict", "by-kind", "order", "id"} <= reached


def test_on_paper_there_is_no_navigation_and_nothing_is_cut(show):
    page = show("statements/BND-02.html")
    page.emulate_media(media="print")
    assert not page.locator("header.top").is_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('.wide')).overflowX") == "visible"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_shuts_anyone_out(show, scheme):
    """axe-core's rules of WCAG 2.1, A and AA, contrast of both colour schemes among them."""
    from axe_playwright_python.sync_playwright import Axe

    axe, found = Axe(), []
    rules = {
        "preload": False,
        "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
    }
    page = show(PAGES[0], color_scheme=scheme)
    for name in PAGES:
        page.goto(page.url.rsplit("/out/", 1)[0] + f"/out/{name}")
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        for broken in axe.run(page, options=rules).response["violations"]:
            where = broken["nodes"][0]
            found.append((name, broken["id"], len(broken["nodes"]), where["html"][:160],
                          where.get("failureSummary", "")[:300]))  # fmt: skip
    assert not found, "\n".join(map(str, found))
