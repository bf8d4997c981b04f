"""Small submissions and answers for the tests of exports."""

from __future__ import annotations

import random
from typing import Any

VIDEOS = [f"video_{number:02d}" for number in range(12)]


def answers(count: int = 8, seed: int = 0, prefix: str | None = None) -> list[dict[str, Any]]:
    """Answers of ``count`` questions, with integer ids or with texts that begin with ``prefix``."""
    draw = random.Random(seed)
    rows = []
    for number in range(count):
        start = draw.uniform(0, 100)
        rows.append(
            {
                "id": number if prefix is None else f"{prefix}{number + 1}",
                "video_id": draw.choice(VIDEOS),
                "question": f"how to {number}?",
                "start_second": round(start, 2),
                "end_second": round(start + draw.uniform(1, 30), 2),
            }
        )
    return rows


def lists(targets: list[dict[str, Any]], seed: int = 1, entries: int = 20) -> list[dict[str, Any]]:
    """A submission for Tracks 2 and 3: videos drawn with repetition, spans near the right ones now and then."""
    draw = random.Random(seed)
    items = []
    for row in targets:
        output = []
        for _ in range(entries):
            start = max(0.0, row["start_second"] + draw.uniform(-10, 10))
            output.append([draw.choice(VIDEOS), round(start, 2), round(start + draw.uniform(1, 30), 2)])
        items.append({"id": row["id"], "question": row["question"], "output": output})
    return items


def spans(targets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A submission for Track 1, a second late."""
    return [
        {"id": row["id"], "start_second": row["start_second"] + 1, "end_second": row["end_second"] + 1}
        for row in targets
    ]
