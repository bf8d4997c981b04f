"""Payloads for the tests of the board's pages, in the shape that `cmivqa_kit.leaderboard.page.payload` describes."""

from __future__ import annotations

from typing import Any

METRICS = {
    1: ("R@1,IoU=0.3", "R@1,IoU=0.5", "R@1,IoU=0.7", "mIoU"),
    2: ("R@1", "R@10", "R@50", "MRR", "Overall"),
    3: ("R@1|mIoU", "R@10|mIoU", "R@50|mIoU", "Average"),
}
EVIL = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\u202eevil\u202c\u2066",
    "x" * 10_000,
    "'\"&<b>",
    "javascript:alert(1)",
    "\u2028\x00\x1b[31m",
)
Payload = dict[str, Any]


def row(n: int, track: int = 3, **changes: Any) -> Payload:
    """The row with rank n + 1; every third shares the tie group of the one before it."""
    value = round(0.9 - 0.8 * n / (n + 8), 6)
    return {
        "rank": n + 1, "group": n // 3 + 1, "run": f"run-{n % 3 + 1}",
        "team": f"Team {n:03d}" if n % 2 else f"队伍{n:03d}",
        "title": f"A method that is number {n}", "method": "BM25 and a head", "page": f"entries/team-{n:03d}.html",
        "official": [value] * len(METRICS[track]), "repaired": False, "strict": value,
        "low": max(0.0, value - 0.04), "high": value + 0.04, "standing": None, "reasons": [],
        "received": "2023-06-01T12:00:00+08:00", **changes,
    }  # fmt: skip


def board(track: int = 3, rows: int = 12) -> Payload:
    """One track's board with a baseline row, a late one, a crash and two that were refused."""
    made = [row(n, track) for n in range(rows)]
    made += [
        row(rows, track, rank=None, group=None, team="baseline", standing="baseline"),
        row(rows + 1, track, rank=None, group=None, team="Late", standing="late"),
        row(rows + 2, track, rank=None, group=None, team="Crash", standing="crashed", repaired=True),
        row(rows + 3, track, rank=None, group=None, team="Zero", official=None, strict=None, low=None, high=None),
    ]
    return {
        "track": track, "split": "testB", "edition": "cmivqa-2023", "headline": METRICS[track][-1],
        "metrics": list(METRICS[track]), "decimals": 4, "questions": 511, "videos": 200, "smallest": 0.0312,
        "signature": "cmivqa-kit:0.1.0|edition:cmivqa-2023|split:testB", "rows": made,
        "refused": [
            {"team": "Broken", "run": "run-1", "page": None, "reasons": [["E105 not JSON", "E105 不是合法的 JSON"]]},
            {"team": "Other", "run": "run-2", "page": "entries/team-000.html", "reasons": [["changed", "有改动"]]},
        ],
    }  # fmt: skip


def payload(rows: int = 12, tracks: tuple[int, ...] = (1, 2, 3)) -> Payload:
    """The page of a board."""
    return {
        "kit": "0.1.0", "title": "CMIVQA, NLPCC 2023 Shared Task 5", "public": True,
        "boards": [board(track, rows) for track in tracks],
    }  # fmt: skip


def hostile() -> Payload:
    """Names, titles and reasons that mean harm."""
    made = payload(len(EVIL), (3,))
    for text, line in zip(EVIL, made["boards"][0]["rows"], strict=False):
        line |= {"team": text, "title": text, "method": text, "reasons": [[text, text]], "run": "run-1"}
    made["boards"][0]["refused"] = [
        {"team": text, "run": "run-1", "page": None, "reasons": [[text, text]]} for text in EVIL
    ]
    made["title"] = EVIL[0]
    return made


def entry(text: str = "") -> Payload:
    """The page of an entry for two tracks; ``text`` stands wherever a team may write."""
    return {
        "kit": "0.1.0", "board": "../index.html", "team": text or "队伍 A", "title": text or "A title",
        "method": text or "BM25, then a span head", "link": text or "https://example.org/paper",
        "hardware": text or "1 x A100", "external_data": text or "none", "run": "run-1", "standing": None,
        "received": "2023-06-01T12:00:00+08:00",
        "files": [{"original": text or "output_task23.json", "sha256": "0" * 64}],
        "tracks": [entry_track(2), entry_track(3)],
    }  # fmt: skip


def entry_track(track: int) -> Payload:
    names = METRICS[track]
    return {
        "track": track, "split": "testB", "edition": "cmivqa-2023", "rank": 1, "of": 12, "reasons": [],
        "questions": 511, "answered": 500, "headline": names[-1], "decimals": 4, "level": "95%", "repaired": False,
        "metrics": [
            {"name": name, "official": 0.5, "strict": 0.49, "low": 0.45, "high": 0.53} for name in (*names, "nDCG@10")
        ],
        "languages": [{"name": "Chinese", "n": 256, "value": 0.4}, {"name": "English", "n": 255, "value": 0.6}],
        "small": False, "curve": [min(1.0, 0.3 + k / 80) for k in range(50)], "score": 0.4,
        "classes": [
            {"at": at, "title": [title, title], "share": 0.15}
            for at, title in enumerate(("retrieval miss", "ranked low", "wrong span", "boundary error"))
        ],
        "timeline": None, "signature": "cmivqa-kit:0.1.0",
    }  # fmt: skip
