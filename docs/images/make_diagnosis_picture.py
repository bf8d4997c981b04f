"""Makes `diagnosis.png`, the picture of the diagnosis page that the READMEs show.

BM25's entry on the embedded corpus is diagnosed, the page opened in Debian's Chromium, and its upper part taken as a
PNG. Run after a change of the page: python docs/images/make_diagnosis_picture.py
Needs `apt-get install chromium` and playwright (`pip install '.[dev]'`; no browser is downloaded).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "images" / "diagnosis.png"
SUBMISSION = ROOT / "submissions" / "cmivqa-2023" / "demo-bm25-5eacb2ce" / "run-1" / "submission.json"
WIDTH, HEIGHT = 1200, 575
LARGEST = 200 * 1024  # bytes


def write_page(path: Path) -> None:
    """The page of `cmivqa diagnose --html`, made where no workspace is, so that the embedded corpus is used."""
    program = [sys.executable, "-m", "cmivqa_kit", "diagnose", str(SUBMISSION), "--html", str(path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    subprocess.run(  # noqa: S603  (this project's own program)
        program, cwd=path.parent, env=environment, check=True, stdout=subprocess.DEVNULL
    )


def take_picture(page: Path, picture: Path) -> None:
    """The upper part of the page, light colours, one pixel per pixel."""
    browser_program = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser_program is None:
        sys.exit("No Chromium found: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_program, args=["--no-sandbox"])
        view = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        view.goto(page.as_uri())
        view.locator("#question-title").wait_for()
        view.screenshot(path=picture)
        browser.close()


def main() -> None:
    """Make the picture anew; refuse one that is too large for a README."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "diagnosis.html"
        write_page(page)
        take_picture(page, PICTURE)
    size = PICTURE.stat().st_size
    if size > LARGEST:
        sys.exit(f"{PICTURE}: {size:,} bytes, more than {LARGEST:,}: make the view smaller")
    print(f"{PICTURE.relative_to(ROOT)}: {size:,} bytes")


if __name__ == "__main__":
    main()
