"""How large the board's page is with 100 and 500 entries, and how soon it can be used in Chromium.

Made rows of three tracks through the real page. Usable: the table stands there and the browser has painted; the clock
starts with the navigation, the browser runs already. Then a click on a heading (the whole table in another order), a
filter, and the switch of language, each until painted. Run: python benchmarks/board_page.py [ENTRIES ...]
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import numpy as np
from playwright.sync_api import Page, sync_playwright

from cmivqa_kit.data.types import TRACKS, Track
from cmivqa_kit.editions import load_edition
from cmivqa_kit.leaderboard.board import Board, Row, Section
from cmivqa_kit.leaderboard.page import write_pages
from cmivqa_kit.leaderboard.page.payload import board_payload, entry_payloads
from cmivqa_kit.leaderboard.records import FiledEntry, FiledFile
from cmivqa_kit.metrics.scale import FRACTION
from cmivqa_kit.scoring.statistics.bootstrap import Interval

SIZES = (100, 500)
ROUNDS = 5
METRICS: dict[Track, tuple[str, ...]] = {
    1: ("R@1,IoU=0.3", "R@1,IoU=0.5", "R@1,IoU=0.7", "mIoU"),
    2: ("R@1", "R@10", "R@50", "MRR", "Overall"),
    3: ("R@1|mIoU", "R@10|mIoU", "R@50|mIoU", "Average"),
}
# Two frames: the first is asked for before the work is painted, the second comes after.
PAINTED = (
    "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"
)
TIMED = """async (act) => {
  const begin = performance.now();
  eval(act);
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - begin;
}"""
ACTS = {
    "sort": "document.querySelector('.chosen [data-key=strict]').click()",
    "filter": "const s = document.getElementById('search'); s.value = 'team 1'; s.dispatchEvent(new Event('input'))",
    "language": "document.getElementById('language').click()",
}


def board(track: Track, entries: int) -> Board:
    """A board with this many ranked rows, the values falling."""
    rng = np.random.default_rng(track)
    rows = []
    for n, value in enumerate(sorted(rng.random(entries), reverse=True)):
        folder = Path("submissions/cmivqa-2023") / f"team-{n}" / "run-1"
        received = datetime(2023, 6, 1, tzinfo=UTC) + timedelta(minutes=n)
        filed = FiledFile("submission.json", "output.json", f"{n:064x}")
        entry = FiledEntry(
            folder, "cmivqa-2023", f"Team {n} 队伍", "run-1", (filed,), received, title=f"A method, no. {n}"
        )
        numbers = dict.fromkeys(METRICS[track], float(value))
        intervals = {name: Interval(value * 0.95, value * 1.05, 0.01) for name in METRICS[track]}
        rows.append(
            Row(
                entry,
                filed,
                track,
                Section.RANKED,
                n + 1,
                numbers,
                strict=numbers,
                intervals=intervals,
                tie_group=n // 9 + 1,
            )
        )
    metric, scales = METRICS[track][-1], dict.fromkeys(METRICS[track], FRACTION)
    return Board(
        track, "testB", "cmivqa-2023", "answers.json", metric, METRICS[track], scales, 4, 511, 200, tuple(rows),
        detectable=0.03, signature="made for this benchmark",
    )  # fmt: skip


def measure(page: Page, address: str) -> tuple[float, dict[str, float]]:
    """Milliseconds until the board can be used, and until each act is painted."""
    page.goto("about:blank")
    page.goto(address)
    usable = float(page.evaluate(PAINTED))
    return usable, {name: float(page.evaluate(TIMED, act)) for name, act in ACTS.items()}


def main(sizes: tuple[int, ...]) -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        print("entries   page KiB   usable ms   sort ms   filter ms   language ms   (median of", ROUNDS, "rounds)")
        for entries in sizes:
            boards = [board(track, entries) for track in TRACKS]
            title = load_edition("cmivqa-2023").title
            path = write_pages(Path(folder) / str(entries), board_payload(boards, title), entry_payloads(boards, {}))
            # The page's own policy allows no `eval`, which only this measuring needs.
            context = browser.new_context(bypass_csp=True)
            rounds = [measure(context.new_page(), path.as_uri()) for _ in range(ROUNDS)]
            acts = "   ".join(f"{median(acted[name] for _, acted in rounds):8.0f}" for name in ACTS)
            print(f"{entries:7}   {path.stat().st_size / 1024:8.0f}   {median(u for u, _ in rounds):9.0f}   {acts}")
            context.close()
        browser.close()


if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:])) or SIZES)
