"""Take the pictures of the documentation from a report: what answers a reader's questions.

    python docs/make_pictures.py REPORT        # needs `make browser`

Each picture is the part of a page that answers its question, in few colours, so that it is small.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

_WIDTH, _COLOURS = 1000, 128
PICTURES = {
    "report.png": ("index.html", "body", 1100),
    "report-finding.png": ("findings.html", "article.finding", 900),
    "report-looseness.png": ("looseness.html", "main", 800),
    "report-history.png": ("history.html", "main", 720),
    "report-counterexample.png": ("statements/XD-13.html", ".counterexample", 600),
}
"""Page, what of it is shown, from its top, and how many pixels of that at most."""


def main() -> None:
    """Take them all."""
    report, docs = Path(sys.argv[1]).resolve(), Path(__file__).parent
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, chromium_sandbox=False)
        page = browser.new_page(viewport={"width": _WIDTH, "height": 1100})
        for name, (file, part, tallest) in PICTURES.items():
            page.goto((report / file).as_uri())
            shown = page.locator(part).first
            shown.scroll_into_view_if_needed()
            picture = Image.open(io.BytesIO(shown.screenshot()))
            short = picture.crop((0, 0, picture.width, min(picture.height, tallest)))
            few = short.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
            few.save(docs / name, optimize=True)
            sys.stdout.write(f"{name} {(docs / name).stat().st_size / 1e3:.0f} kB\n")
        browser.close()


if __name__ == "__main__":
    main()
