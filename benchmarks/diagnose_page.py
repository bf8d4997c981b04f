"""How large the page of `cmivqa diagnose --html` is and how soon it can be used in Chromium.

Generated data (data.py) with subtitles on every video; the real diagnosis, its payload, the page, opened from its file.
Usable: the list, the first question and its timeline stand there and the browser has painted; the clock starts with the
navigation, the browser runs already. Then keys: until the next question is painted. Run: python
benchmarks/diagnose_page.py [QUESTIONS ...]
"""

from __future__ import annotations

import gzip
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from data import SEED, blocks
from playwright.sync_api import Browser, sync_playwright

from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.types import Question, Split, Subtitle, Video
from cmivqa_kit.diagnosis import Context, diagnose
from cmivqa_kit.diagnosis.page import write_page
from cmivqa_kit.diagnosis.payload import payload
from cmivqa_kit.editions import load_edition
from cmivqa_kit.scoring.scorer import score_documents

SIZES = (511, 5110)
ROUNDS, KEYS = 7, 40
LENGTH, LINE = 300.0, 4.0  # seconds of a video, and of a line of subtitles
LETTERS = "按压腹部时应该注意保持呼吸道通畅然后用手固定伤口慢慢抬起手臂直到出血停止为止再检查一次"
# Two frames: the first is asked for before the work is painted, the second comes after.
PAINTED = (
    "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"
)
STEP = """async (count) => {
  const list = document.getElementById("list");
  const found = [];
  for (let at = 0; at < count; at += 1) {
    await new Promise((done) => requestAnimationFrame(done));
    const begin = performance.now();
    list.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
    document.getElementById("question").getBoundingClientRect(); // lays the page out
    found.push(performance.now() - begin);
  }
  return found;
}"""


def corpus(targets: list[dict[str, Any]], rows: list[dict[str, Any]]) -> Split:
    """Every video that an answer or a list names, 75 lines of subtitles each."""
    rng = np.random.default_rng(SEED)
    names = {one["video_id"] for one in targets} | {entry[0] for row in rows for entry in row["output"]}
    videos = {}
    for name in sorted(names):
        lines = []
        for at in range(int(LENGTH / LINE)):
            picked = rng.integers(len(LETTERS), size=int(rng.integers(8, 20)))
            lines.append(Subtitle("".join(LETTERS[place] for place in picked), at * LINE, LINE - 0.4))
        videos[name] = Video(name, tuple(lines), LENGTH, "given")
    questions = tuple(Question(one["id"], one["question"], "zh") for one in targets)
    return Split("made", questions, videos, SplitFeatures())


def make(folder: Path, questions: int) -> tuple[Path, float, float, int]:
    """The page, seconds for the payload and for writing it, and the number of videos in it."""
    made = list(blocks(questions))
    targets, rows = [one for block, _ in made for one in block], [one for _, block in made for one in block]
    card = score_documents(rows, targets, 3, load_edition(), "made")
    split = corpus(targets, rows)
    begin = time.perf_counter()
    document = payload(diagnose(card, rows, targets, Context(split)), "submission.json")
    middle = time.perf_counter()
    path = write_page(folder / f"{questions}.html", document)
    return path, middle - begin, time.perf_counter() - middle, len(split.videos)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium.

    Raises:
        SystemExit: it is not installed.
    """
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        raise SystemExit("needs Chromium: apt-get install -y chromium")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])


def visit(browser: Browser, path: Path) -> tuple[float, list[float]]:
    """Seconds until the page is painted, and seconds of each step to the next question."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(path.as_uri(), wait_until="commit")
    page.wait_for_selector("#question .timeline")
    usable = page.evaluate(PAINTED)
    steps = page.evaluate(STEP, KEYS)
    drawn = page.inner_text("#place")
    if not drawn.startswith(f"{KEYS + 1} of "):
        raise SystemExit(f"the page is at {drawn!r} after {KEYS} keys")
    page.close()
    return usable / 1000, [one / 1000 for one in steps]


def main(sizes: list[int]) -> None:
    """Measure and print a table."""
    print("| questions x 50 | videos | MiB | gzip, MiB | diagnosis, s | writing, s | opening, s | next question, ms |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        for questions in sizes:
            path, diagnosing, writing, videos = make(Path(folder), questions)
            visit(browser, path)  # the first page of a browser pays for its start
            visits = [visit(browser, path) for _ in range(ROUNDS)]
            usable = sorted(one for one, _ in visits)
            steps = [step for _, found in visits for step in found]
            data = path.read_bytes()
            print(
                f"| {questions:,} | {videos:,} | {len(data) / 2**20:.1f} | {len(gzip.compress(data)) / 2**20:.1f} | "
                f"{diagnosing:.2f} | {writing:.2f} | {median(usable):.2f} ({usable[0]:.2f} to {usable[-1]:.2f}) | "
                f"{median(steps) * 1000:.0f} |"
            )


if __name__ == "__main__":
    main([int(one) for one in sys.argv[1:]] or list(SIZES))
