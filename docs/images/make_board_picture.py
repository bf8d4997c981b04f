"""Makes `board.png`, the picture of the board's page that docs/organizers.md shows, of twelve attachments of a week.

The teams' lists are BM25's on the embedded corpus, with the right moment moved up for a share of the questions; five
attachments are broken, each in another way. They are taken in by `cmivqa leaderboard add`, ranked by `leaderboard
show --html`, and the upper part of the page is taken as a PNG in Debian's Chromium.
Run after a change of the page: python docs/images/make_board_picture.py [FOLDER]
A FOLDER keeps the attachments, the submissions and the page. Needs `apt-get install chromium` and playwright
(`pip install '.[dev]'`; no browser is downloaded).
"""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from cmivqa_kit.data.demo import demo_corpus

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "images" / "board.png"
LISTS = ROOT / "submissions" / "cmivqa-2023" / "demo-bm25-5eacb2ce" / "run-1" / "submission.json"
SPANS = ROOT / "submissions" / "cmivqa-2023" / "demo-bm25-5eacb2ce" / "run-2" / "submission_track1.json"
WIDTH, HEIGHT = 1200, 860
LARGEST = 200 * 1024  # bytes
RECEIVED = ("--received", "2023-05-01T18:30")
COMPETING = {
    "nsddd": 0.9,
    "DSG1": 0.88,
    "医学视频问答队": 0.6,
    "Mote": 0.55,
}  # share of questions with the moment first
Rows = list[dict[str, Any]]


def better(rows: Rows, share: float, seed: int) -> Rows:
    """BM25's lists with the right moment first for a share of the questions, and anywhere for the others."""
    (answers,) = (demo_corpus() / "answers").glob("*task_1*")
    right = {row["id"]: row for row in json.loads(answers.read_text(encoding="utf-8"))}
    chance = random.Random(seed)
    made = []
    for row in rows:
        answer = right[row["id"]]
        others = [entry for entry in row["output"] if entry[0] != answer["video_id"]]
        late = chance.uniform(0, 8)
        moment = [answer["video_id"], answer["start_second"] + late, answer["end_second"] + late]
        others.insert(0 if chance.random() < share else chance.randrange(1, len(others)), moment)
        made.append({**row, "output": others[:50]})
    return made


def zipped(text: str) -> bytes:
    """A text as the one file of a zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("output.json", text)
    return out.getvalue()


def attachments() -> dict[str, bytes]:
    """What came in a week: team and file name, and the bytes."""
    rows: Rows = json.loads(LISTS.read_text(encoding="utf-8"))
    sent = {f"{team}/output.json": better(rows, share, seed) for seed, (team, share) in enumerate(COMPETING.items())}
    sent["nsddd/output_v2.json"] = better(rows, 0.7, 9)
    broken = better(rows, 0.5, 8)
    texts = {name: json.dumps(content, ensure_ascii=False) for name, content in sent.items()}
    texts["Spans/task1.json"] = SPANS.read_text(encoding="utf-8")
    texts["Comma/output.json"] = json.dumps(broken)[:-1] + ",]"
    texts["Other year/output.json"] = json.dumps([{**row, "id": f"NLPCC2024_Task3_{row['id'] + 1}"} for row in broken])
    texts["Half/output.json"] = json.dumps(broken[:60])
    texts["Empty list/output.json"] = json.dumps([{**broken[0], "output": []}, *broken[1:]])
    return {
        **{name: text.encode() for name, text in texts.items()},
        "Cut off/output.zip": zipped(json.dumps(broken))[:3000],
    }


def cmivqa(folder: Path, *words: str, codes: tuple[int, ...] = (0,)) -> None:
    """Call the command in a folder where no workspace is, so that the embedded corpus is used."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(  # noqa: S603  (this project's own program)
        [sys.executable, "-m", "cmivqa_kit", *words], cwd=folder, env=environment, stdout=subprocess.DEVNULL
    )
    if done.returncode not in codes:
        sys.exit(f"cmivqa {' '.join(words)}: exit code {done.returncode}")


def make_board(folder: Path) -> Path:
    """The page of the board in ``folder``."""
    for name, data in attachments().items():
        path = folder / "week" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    cmivqa(folder, "leaderboard", "add", "week", *RECEIVED, codes=(1,))
    cmivqa(folder, "leaderboard", "add", str(LISTS), "--team", "BM25", "--standing", "baseline", *RECEIVED)
    cmivqa(folder, "leaderboard", "show", "--html", "site", "--force")
    return folder / "site" / "index.html"


def take_picture(page: Path, picture: Path) -> None:
    """The upper part of the board of Track 3, light colours, one pixel per pixel."""
    browser_program = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser_program is None:
        sys.exit("No Chromium found: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_program, args=["--no-sandbox"])
        view = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", locale="en-US")
        view.goto(f"{page.resolve().as_uri()}#en&track=3")
        view.locator(".chosen .refused").wait_for()
        view.screenshot(path=picture)
        browser.close()


def main() -> None:
    """Make the picture anew; refuse one that is too large for a page."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else temporary)
        folder.mkdir(parents=True, exist_ok=True)
        take_picture(make_board(folder), PICTURE)
    size = PICTURE.stat().st_size
    if size > LARGEST:
        sys.exit(f"{PICTURE}: {size:,} bytes, more than {LARGEST:,}: make the view smaller")
    print(f"{PICTURE.relative_to(ROOT)}: {size:,} bytes")


if __name__ == "__main__":
    main()
